/* Server-sent events: any thread adds to a bounded buffer, the connection's loop writes it out. */
#include "http_int.h"

enum { BEAT_MILLIS = 15000 };

struct HttpSse {
    Post post;
    Conn *conn;
    void (*closed)(void *arg);
    void *arg;
    size_t max;
    uint64_t beat_at; /* loop milliseconds */
    bool begun, gone; /* loop thread only */
    pthread_mutex_t lock;
    Buf pending;       /* lock, as all below */
    bool queued;       /* in the inbox */
    bool full, ending; /* the reader is too slow; the owner closes */
};

HttpSse *http_sse_start(HttpExchange *x, size_t max_pending, void (*closed)(void *arg), void *arg) {
    assert(x->run && x->run->end == RUN_NONE && !x->status);
    HttpSse *sse = mem_zero(sizeof *sse);
    *sse = (HttpSse){.post.sse = true, .conn = x->conn, .closed = closed, .arg = arg};
    sse->max = max_pending;
    sse->ending = x->method == HTTP_HEAD;
    sse->pending = buf_new(NULL, max_pending);
    pthread_mutex_init(&sse->lock, NULL);
    http_set_header(x, "Cache-Control", STR("no-store"));
    x->sse = sse;
    x->status = 200;
    x->run->end = RUN_STREAM;
    return sse;
}

/* Under the lock. */
static void call_loop(HttpSse *sse) {
    if (sse->queued) return;
    sse->queued = true;
    loop_post(sse->conn->loop, &sse->post);
}

static void field(Buf *to, Str name, Str value) {
    if (!value.len) return;
    assert(str_find_char(value, '\n') < 0 && str_find_char(value, '\r') < 0);
    buf_add(to, name);
    buf_add(to, value);
    buf_add_char(to, '\n');
}

/* Lines end with LF, CR or both: each would end the field. */
static bool next_line(Str *rest, Str *line) {
    if (!rest->len) return false;
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != '\n' && rest->ptr[end] != '\r')
        end++;
    *line = str_sub(*rest, 0, end);
    bool both = str_starts(str_sub(*rest, end, rest->len), STR("\r\n"));
    *rest = str_sub(*rest, end + (both ? 2 : 1), rest->len);
    return true;
}

void http_sse_send(HttpSse *sse, Str event, Str id, Str data) {
    pthread_mutex_lock(&sse->lock);
    Buf *to = &sse->pending;
    field(to, STR("event: "), event);
    field(to, STR("id: "), id);
    Str line;
    while (next_line(&data, &line)) {
        buf_add(to, STR("data: "));
        buf_add(to, line);
        buf_add_char(to, '\n');
    }
    buf_add_char(to, '\n');
    sse->full |= to->full;
    call_loop(sse);
    pthread_mutex_unlock(&sse->lock);
}

void http_sse_close(HttpSse *sse) {
    pthread_mutex_lock(&sse->lock);
    sse->ending = true;
    call_loop(sse);
    pthread_mutex_unlock(&sse->lock);
}

static void give_back(HttpSse *sse) {
    buf_free(&sse->pending);
    pthread_mutex_destroy(&sse->lock);
    mem_free(sse);
}

/* Writes what gathered, unless the socket still has enough to do. */
static void flush(HttpSse *sse) {
    Conn *conn = sse->conn;
    if (!sse->begun || conn->closing || conn->writes) return;
    pthread_mutex_lock(&sse->lock);
    Buf text = sse->pending;
    sse->pending = buf_new(NULL, sse->max);
    bool end = sse->ending, full = sse->full;
    pthread_mutex_unlock(&sse->lock);
    if (!full) conn_write(conn, buf_str(&text)); /* a full buffer ends within an event */
    conn_flush(conn);
    if (text.len) sse->beat_at = uv_now(&conn->loop->uv) + BEAT_MILLIS;
    buf_free(&text);
    if (full || (end && !conn->writes)) conn_close(conn);
}

void sse_begin(HttpExchange *x) {
    HttpSse *sse = x->sse;
    Conn *conn = x->conn;
    conn->last = true;
    conn->state = CONN_STREAM;
    conn_answer(conn, STR("text/event-stream; charset=utf-8"), STR_NONE);
    conn_report(conn);
    sse->begun = true;
    sse->beat_at = uv_now(&conn->loop->uv) + BEAT_MILLIS;
    if (conn->closed) {
        sse_gone(sse);
        conn_forget(conn);
    } else if (conn->eof || conn->loop->stop_at) {
        conn_close(conn);
    } else {
        flush(sse);
    }
}

void sse_take(Post *post) {
    HttpSse *sse = (HttpSse *)((char *)post - offsetof(HttpSse, post));
    pthread_mutex_lock(&sse->lock);
    sse->queued = false;
    pthread_mutex_unlock(&sse->lock);
    if (sse->gone)
        give_back(sse);
    else
        flush(sse);
}

void sse_written(HttpSse *sse) {
    flush(sse);
}

void sse_gone(HttpSse *sse) {
    if (sse->closed) sse->closed(sse->arg);
    pthread_mutex_lock(&sse->lock);
    sse->gone = true; /* nobody sends any more; a post may still be on its way */
    bool queued = sse->queued;
    pthread_mutex_unlock(&sse->lock);
    if (!queued) give_back(sse);
}

void sse_beat(HttpSse *sse, uint64_t now) {
    if (now < sse->beat_at || sse->conn->writes) return;
    sse->beat_at = now + BEAT_MILLIS;
    conn_write(sse->conn, STR(": \n\n"));
    conn_flush(sse->conn);
}
