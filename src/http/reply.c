/* Answering: what a handler says, on whatever thread it runs. */
#include "http_int.h"

static bool one_line(Str s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\r' || s.ptr[i] == '\n' || s.ptr[i] == '\0') return false;
    return true;
}

void http_add_header(HttpExchange *x, const char *name, Str value) {
    assert(one_line(value) && value.len < LOOP_OUT / 4);
    vec_push(x->ctx.arena, &x->headers, (HeadField){str_of(name), str_dup(x->ctx.arena, value)});
}

void http_set_header(HttpExchange *x, const char *name, Str value) {
    assert(one_line(value) && value.len < LOOP_OUT / 4);
    VEC_EACH (HeadField, header, &x->headers) {
        if (!str_eq_nocase(header->name, str_of(name))) continue;
        header->value = str_dup(x->ctx.arena, value);
        return;
    }
    http_add_header(x, name, value);
}

void http_answer(HttpExchange *x, int status, Str content_type, Str body) {
    Run *run = x->run;
    assert(!x->status && status >= 200 && status < 600 && one_line(content_type));
    assert(!run || run->end == RUN_NONE);
    x->status = status;
    if (run && run->worker->loop) {
        conn_answer(x->conn, content_type, body);
        run->end = RUN_ANSWERED;
        return;
    }
    x->answer_type = str_dup(x->ctx.arena, content_type);
    x->answer_body = str_dup(x->ctx.arena, body);
    if (run) {
        run->end =
            RUN_ANSWERED; /* the handler may still look at the exchange: its thread hands it over */
    } else {
        x->task = TASK_ANSWER;
        loop_post(x->conn->loop, &x->post);
    }
}

void http_answer_empty(HttpExchange *x, int status) {
    http_answer(x, status, STR_NONE, STR_NONE);
}

void http_redirect(HttpExchange *x, int status, Str location) {
    http_set_header(x, "Location", location);
    http_answer_empty(x, status);
}

static void member(JsonWriter *w, const char *name, Str value) {
    if (!value.len) return;
    json_name(w, str_of(name));
    json_text(w, value);
}

void http_problem(HttpExchange *x, HttpProblem problem) {
    Buf text = buf_new(x->ctx.arena, 1 << 20);
    JsonWriter w = json_writer(&text);
    json_open(&w, '{');
    member(&w, "type", problem.type.len ? problem.type : STR("about:blank"));
    member(&w, "title", problem.title.len ? problem.title : str_of(http_reason(problem.status)));
    json_name(&w, STR("status"));
    json_int(&w, problem.status);
    member(&w, "detail", problem.detail);
    for (size_t i = 0; i < problem.n_more; i++) {
        json_name(&w, problem.more[i].name);
        json_value(&w, &problem.more[i].value);
    }
    json_close(&w);
    assert(buf_rc(&text) == RC_OK); /* whoever writes a megabyte of problem has one */
    http_answer(x, problem.status, STR("application/problem+json"), buf_str(&text));
}
