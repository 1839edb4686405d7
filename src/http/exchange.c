/* The request as handlers see it, and who runs it. */
#include "http_int.h"

static const struct {
    Str name;
    HttpMethod method;
} methods[] = {
    {{"GET", 3}, HTTP_GET},         {{"HEAD", 4}, HTTP_HEAD},   {{"POST", 4}, HTTP_POST},
    {{"PUT", 3}, HTTP_PUT},         {{"PATCH", 5}, HTTP_PATCH}, {{"DELETE", 6}, HTTP_DELETE},
    {{"OPTIONS", 7}, HTTP_OPTIONS},
};

HttpMethod exchange_method(Str name) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (str_eq(methods[i].name, name)) return methods[i].method;
    return 0;
}

const char *exchange_method_name(HttpMethod method) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (methods[i].method == method) return methods[i].name.ptr;
    return "-";
}

/* ---- the request ---- */

Ctx *http_ctx(HttpExchange *x) {
    return &x->ctx;
}

const HttpServer *http_server_of(const HttpExchange *x) {
    return x->server;
}

const void *http_lent(const HttpExchange *x) {
    return x->server->lent;
}

const HttpRoute *http_route(const HttpExchange *x) {
    return x->match.route;
}

HttpMethod http_method(const HttpExchange *x) {
    return x->method;
}

Str http_target(const HttpExchange *x) {
    return x->head.target;
}

Str http_path(const HttpExchange *x) {
    return x->path;
}

Str http_path_param(const HttpExchange *x, const char *name) {
    Str wanted = str_of(name);
    for (size_t i = 0; i < x->match.n; i++)
        if (str_eq(x->match.names[i], wanted))
            return url_text(x->ctx.arena, x->match.values[i], false);
    assert(!"a path parameter that the route's pattern does not name");
    return STR_NONE;
}

/* Read at the first question: most requests ask none. The exchange is its runner's alone, so the
 * cast is safe. */
static const UrlPairs *queries(const HttpExchange *x) {
    if (!x->queries_read) {
        HttpExchange *mine = (HttpExchange *)x;
        url_pairs(mine->ctx.arena, mine->head.query, &mine->queries);
        mine->queries_read = true;
    }
    return &x->queries;
}

bool http_query(const HttpExchange *x, const char *name, Str *out) {
    Str wanted = str_of(name);
    VEC_EACH (HeadField, pair, queries(x)) {
        if (!str_eq(pair->name, wanted)) continue;
        *out = pair->value;
        return true;
    }
    *out = STR_NONE;
    return false;
}

Str http_query_or(const HttpExchange *x, const char *name, Str otherwise) {
    Str value;
    return http_query(x, name, &value) ? value : otherwise;
}

size_t http_query_count(const HttpExchange *x) {
    return queries(x)->len;
}

void http_query_at(const HttpExchange *x, size_t index, Str *name, Str *value) {
    const UrlPairs *pairs = queries(x);
    assert(index < pairs->len);
    *name = pairs->items[index].name;
    *value = pairs->items[index].value;
}

Str http_header(const HttpExchange *x, const char *name) {
    Str wanted = str_of(name), found = STR_NONE;
    for (size_t i = 0; i < x->head.n; i++) {
        const HeadField *field = &x->head.fields[i];
        if (field->name.len != wanted.len || !str_eq_nocase(field->name, wanted)) continue;
        if (!found.ptr)
            found = field->value;
        else
            found = str_join(x->ctx.arena, (Str[]){found, field->value}, 2, STR(", "));
    }
    return found;
}

Str http_body(const HttpExchange *x) {
    return x->inline_body.ptr ? x->inline_body : buf_str(&x->body);
}

Str http_unmapped(Str address) {
    Str mapped = STR("::ffff:");
    bool four =
        str_eq_nocase(str_sub(address, 0, mapped.len), mapped) && str_find_char(address, '.') >= 0;
    return four ? str_sub(address, mapped.len, address.len) : address;
}

static uint64_t number(const uint8_t *bytes, size_t n) {
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Above all prefixes of IPv6 that are given to anybody. */
#define IPV4 (UINT64_MAX << 32)

uint64_t http_network(const char *address) {
    Str bare = http_unmapped(str_of(address));
    uint8_t bytes[16];
    if (inet_pton(AF_INET, bare.ptr, bytes) == 1) return IPV4 | number(bytes, 4);
    return inet_pton(AF_INET6, bare.ptr, bytes) == 1 ? number(bytes, 8) : 0;
}

Str http_peer(const HttpExchange *x) {
    return http_unmapped(str_of(x->conn->peer)); /* mapped where the server listens on [::] */
}

bool http_peer_loopback(const HttpExchange *x) {
    return x->conn->loopback;
}

int http_thread(const HttpExchange *x) {
    assert(x->run); /* a deferred exchange runs nowhere */
    return x->run->worker->index;
}

void http_set_data(HttpExchange *x, void *data) {
    x->data = data;
}

void *http_data(const HttpExchange *x) {
    return x->data;
}

/* ---- who runs it ---- */

/* An answer, stream or further function was settled away from the loop: the loop takes over. */
static void post(HttpExchange *x, Task task) {
    x->task = task;
    x->run = NULL;
    loop_post(x->conn->loop, &x->post);
}

static void lend(HttpExchange *x, Worker *worker) {
    x->ctx.scratch = worker->ctx.scratch;
    x->ctx.clock = worker->ctx.clock;
    x->ctx.rand = worker->ctx.rand;
    x->ctx.db = worker->ctx.db;
}

static void call(HttpExchange *x) {
    const HttpOptions *options = &x->server->options;
    if (x->then) {
        HttpThen then = x->then;
        x->then = NULL;
        then(x, x->then_arg);
        return;
    }
    bool first = !x->seen_by_before && !x->refuse;
    x->seen_by_before = true;
    if (first && options->before && options->before(options->arg, x)) return;
    x->handler(x);
}

static void settle(HttpExchange *x, Worker *worker, RunEnd end) {
    if (!worker->loop) {
        post(x, end == RUN_STREAM ? TASK_STREAM : TASK_ANSWER);
    } else if (end == RUN_STREAM) {
        x->run = NULL;
        sse_begin(x);
    } else {
        x->run = NULL;
        conn_end(x->conn);
    }
}

/* A bug of the handler: it neither answered nor deferred. The client gets its answer all the same.
 */
static void answer_for(HttpExchange *x) {
    log_error("http", "the handler of %s gave no answer",
              x->match.route ? x->match.route->pattern : "no route");
    http_problem(x, (HttpProblem){.status = 500});
}

void exchange_run(HttpExchange *x, Worker *worker) {
    for (;;) {
        Run run = {.worker = worker};
        x->run = &run;
        lend(x, worker);
        ArenaMark mark = arena_mark(worker->ctx.scratch);
        call(x);
        if (run.end == RUN_NONE) answer_for(x); /* it is still ours: it was not deferred */
        arena_rewind(worker->ctx.scratch, mark);
        if (run.end == RUN_DEFERRED) return; /* x may be gone already */
        if (run.end != RUN_MOVED) {
            settle(x, worker, run.end);
            return;
        }
        if (run.place != worker->place) {
            exchange_dispatch(x, run.place, worker);
            return;
        }
    }
}

static bool queue(HttpExchange *x, HttpPlace place, bool force) {
    x->run = NULL;
    return pool_push(place == HTTP_SLOW ? x->server->slow : x->server->pool, x, force);
}

void exchange_dispatch(HttpExchange *x, HttpPlace place, Worker *here) {
    if (place == HTTP_LOOP && here->loop)
        exchange_run(x, here);
    else if (place == HTTP_LOOP)
        post(x, TASK_RUN);
    else if (!queue(x, place, false))
        exchange_refuse(x, 503, "Too many requests are waiting. Try again in a moment.", here);
}

static void refuse(HttpExchange *x) {
    const HttpOptions *options = &x->server->options;
    if (x->refuse == 503) http_set_header(x, "Retry-After", STR("1"));
    if (x->path.ptr && options->problem && options->problem(options->arg, x, x->refuse)) return;
    http_problem(x, (HttpProblem){.status = x->refuse, .detail = str_of(x->refuse_why)});
}

void exchange_refuse(HttpExchange *x, int status, const char *why, Worker *here) {
    x->refuse = status;
    x->refuse_why = why;
    x->handler = refuse;
    exchange_dispatch(x, HTTP_LOOP, here);
}

void http_defer(HttpExchange *x) {
    assert(x->run && x->run->end == RUN_NONE);
    x->run->end = RUN_DEFERRED;
    x->run = NULL;
}

void http_resume(HttpExchange *x, HttpPlace place, HttpThen then, void *arg) {
    assert(!x->run && !x->status);
    x->then = then;
    x->then_arg = arg;
    if (place == HTTP_LOOP)
        post(x, TASK_RUN);
    else
        queue(x, place, true);
}

void http_move(HttpExchange *x, HttpPlace place, HttpHandler handler) {
    assert(x->run && x->run->end == RUN_NONE);
    x->handler = handler;
    x->run->place = place;
    x->run->end = RUN_MOVED;
}
