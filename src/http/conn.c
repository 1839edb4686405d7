/* One connection: bytes in, requests taken apart in order, answers out. Loop thread only. */
#include "http_int.h"

#include <string.h>

enum { LINGER_MILLIS = 2000, INPUT_FIRST = 4096, INPUT_KEPT = 16 * 1024 };

/* Bytes that the socket did not take at once. */
typedef struct Out {
    uv_write_t request;
    char bytes[];
} Out;

static const HttpOptions *options_of(const Conn *conn) {
    return &conn->loop->worker.server->options;
}

static uint64_t after_micros(const Conn *conn, int64_t micros) {
    return uv_now(&conn->loop->uv) + (uint64_t)(micros / 1000);
}

/* ---- out ---- */

static void on_written(uv_write_t *request, int status) {
    Conn *conn = request->handle->data;
    conn->writes--;
    mem_free(request->data);
    if (conn->closing) return;
    if (status < 0) {
        conn_close(conn);
        return;
    }
    if (conn->state == CONN_STREAM) sse_written(conn->x.sse);
    conn_pump(conn);
}

/* Hands the rest to libuv in memory of its own. */
static void write_later(Conn *conn, Str first, Str second) {
    Out *out = mem_alloc(sizeof *out + first.len + second.len);
    if (first.len) memcpy(out->bytes, first.ptr, first.len);
    if (second.len) memcpy(out->bytes + first.len, second.ptr, second.len);
    out->request.data = out;
    uv_buf_t buf = uv_buf_init(out->bytes, (unsigned)(first.len + second.len));
    if (!conn->writes) conn->write_until = after_micros(conn, options_of(conn)->idle_timeout);
    conn->writes++;
    int rc = uv_write(&out->request, (uv_stream_t *)&conn->tcp, &buf, 1, on_written);
    assert(rc == 0); /* fails only on a handle that is closing or no stream */
}

static void transmit(Conn *conn, Str first, Str second) {
    if (conn->closing || first.len + second.len == 0) return;
    loop_count(&conn->loop->counters.bytes_out, first.len + second.len);
    uv_buf_t bufs[] = {uv_buf_init((char *)first.ptr, (unsigned)first.len),
                       uv_buf_init((char *)second.ptr, (unsigned)second.len)};
    int sent = conn->writes ? 0 : uv_try_write((uv_stream_t *)&conn->tcp, bufs, second.len ? 2 : 1);
    if (sent == UV_EAGAIN) sent = 0;
    if (sent < 0) {
        conn_close(conn);
        return;
    }
    size_t n = (size_t)sent, from_second = n > first.len ? n - first.len : 0;
    if (n < first.len + second.len)
        write_later(conn, str_sub(first, n, first.len), str_sub(second, from_second, second.len));
}

static void transmit_with(Conn *conn, Str body) {
    Loop *loop = conn->loop;
    Str gathered = {loop->out, loop->out_len};
    loop->out_len = 0;
    transmit(conn, gathered, body);
}

void conn_flush(Conn *conn) {
    transmit_with(conn, STR_NONE);
}

void conn_write(Conn *conn, Str bytes) {
    Loop *loop = conn->loop;
    if (bytes.len >= ANSWER_DIRECT || bytes.len > LOOP_OUT - loop->out_len) {
        transmit_with(conn, bytes);
        return;
    }
    if (bytes.len) memcpy(loop->out + loop->out_len, bytes.ptr, bytes.len);
    loop->out_len += bytes.len;
}

void conn_answer(Conn *conn, Str type, Str body) {
    Loop *loop = conn->loop;
    HttpExchange *x = &conn->x;
    if (conn->closing) return;
    if (loop->stop_at) conn->last = true;
    size_t room = answer_room(x, type);
    assert(room <= LOOP_OUT); /* a handler that sets that many headers has a bug */
    if (room > LOOP_OUT - loop->out_len) conn_flush(conn);
    loop->out_len += answer_head(x, type, body.len, loop->out + loop->out_len);
    if (answer_has_body(x)) conn_write(conn, body);
}

/* ---- life of an exchange ---- */

static void begin(Conn *conn) {
    Loop *loop = conn->loop;
    conn->heading = conn->blank = false;
    conn->deadline = 0;
    conn->search = (HeadSearch){0};
    conn->state = CONN_BUSY;
    conn->x = (HttpExchange){.conn = conn,
                             .server = loop->worker.server,
                             .head.minor = 1,
                             .ctx.arena = loop_arena(loop)};
}

void conn_report(Conn *conn) {
    HttpExchange *x = &conn->x;
    LoopCounters *counters = &conn->loop->counters;
    const HttpOptions *options = options_of(conn);
    loop_count(&counters->requests, 1);
    loop_count(&counters->by_class[x->status / 100], 1);
    if (x->server->log) routelog_answer(x->server->log, x, x->status);
    if (options->after)
        options->after(options->arg, x, x->status, x->began ? time_monotonic() - x->began : 0);
}

void conn_forget(Conn *conn) {
    HttpExchange *x = &conn->x;
    buf_free(&x->body);
    if (conn->held) bodies_give(conn->loop->worker.server->bodies, conn->network, conn->held);
    conn->held = 0;
    loop_arena_back(conn->loop, x->ctx.arena);
    x->ctx.arena = NULL;
    conn->state = conn->last ? CONN_LINGER : CONN_HEAD;
    conn->deadline = after_micros(conn, options_of(conn)->idle_timeout);
}

void conn_end(Conn *conn) {
    conn_report(conn);
    conn_forget(conn);
}

static void refuse(Conn *conn, int status, const char *why) {
    conn->last = true;
    conn->state = CONN_BUSY;
    conn->deadline = 0;
    exchange_refuse(&conn->x, status, why, &conn->loop->worker);
}

static void refuse_malformed(Conn *conn, int status, const char *why) {
    loop_count(&conn->loop->counters.malformed, 1);
    refuse(conn, status, why);
}

/* ---- from head to handler ---- */

static void set_allow(HttpExchange *x) {
    Buf allow = buf_new(x->ctx.arena, 128);
    for (unsigned bit = 1; bit <= HTTP_OPTIONS; bit <<= 1) {
        if (!(x->match.methods & bit)) continue;
        if (allow.len) buf_add(&allow, STR(", "));
        buf_add(&allow, str_of(exchange_method_name((HttpMethod)bit)));
    }
    http_set_header(x, "Allow", buf_str(&allow));
}

static void answer_options(HttpExchange *x) {
    set_allow(x);
    http_answer_empty(x, 204);
}

/* Finds the row; without one, notes what to refuse with. */
static void find_route(HttpExchange *x, Arena *scratch) {
    x->handler = answer_options;
    if (str_eq(x->head.path, STR("*")) && x->method == HTTP_OPTIONS) {
        x->match.methods = 2 * HTTP_OPTIONS - 1;
        x->seen_by_before = true;
        return;
    }
    if (x->head.path.ptr[0] != '/' || !url_is_text(scratch, x->head.target)) {
        x->refuse = 400;
        x->refuse_why = url_is_text(scratch, x->head.path)
                            ? "The query is not UTF-8 text, or holds a NUL."
                            : "The path is not UTF-8 text, or holds a NUL.";
        return;
    }
    x->path = url_text(x->ctx.arena, x->head.path, false);
    if (!x->method) return;
    router_find(x->server->router, x->method, x->head.path, &x->match);
    if (x->match.route) {
        x->handler = x->match.route->handler;
    } else if (!x->match.found) {
        x->refuse = 404;
        x->refuse_why = "There is nothing at this address.";
    } else if (x->method == HTTP_OPTIONS) {
        x->seen_by_before = true;
    } else {
        set_allow(x);
        x->refuse = 405;
        x->refuse_why =
            "This address does not know the method: the Allow header lists those it does.";
    }
}

/* Looks at what the head promises of a body. */
static void check_body(HttpExchange *x, size_t max) {
    if (x->refuse) return;
    if (x->head.expect == HEAD_EXPECT_OTHER) {
        x->refuse = 417;
        x->refuse_why = "The only expectation understood is 100-continue.";
    } else if (x->head.length > max || (x->head.chunked && !max)) {
        x->refuse = 413;
        x->refuse_why = "The body is larger than this address accepts.";
    }
}

static void dispatch(Conn *conn) {
    HttpExchange *x = &conn->x;
    const HttpOptions *options = options_of(conn);
    conn->state = CONN_BUSY;
    conn->deadline = 0;
    x->began = time_monotonic();
    x->ctx.deadline = x->began + options->handler_timeout;
    Worker *here = &conn->loop->worker;
    if (x->refuse)
        exchange_refuse(x, x->refuse, x->refuse_why, here);
    else
        exchange_dispatch(x, x->match.route ? x->match.route->place : HTTP_LOOP, here);
}

/* A refused body is read and forgotten when it is short, so that the connection can go on; else the
 * answer is the last. */
static void expect_body(Conn *conn, size_t max) {
    HttpExchange *x = &conn->x;
    if (x->refuse && (x->head.chunked || x->head.length > BODY_INLINE || x->head.expect)) {
        conn->last = true;
        dispatch(conn);
        return;
    }
    conn->state = CONN_BODY;
    conn->deadline = after_micros(conn, options_of(conn)->body_timeout);
    if (x->head.length && x->head.length <= BODY_INLINE)
        x->inline_body.ptr = arena_alloc(x->ctx.arena, (size_t)x->head.length, 1);
    else
        x->body = buf_new(NULL, max);
    if (x->head.expect == HEAD_EXPECT_CONTINUE && x->head.minor == 1)
        conn_write(conn, STR("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void on_piece(void *arg, Str piece) {
    HttpExchange *x = &((Conn *)arg)->x;
    if (x->inline_body.ptr) { /* llhttp gives no more than Content-Length says */
        memcpy((char *)x->inline_body.ptr + x->inline_body.len, piece.ptr, piece.len);
        x->inline_body.len += piece.len;
    } else {
        buf_add(&x->body, piece);
    }
}

/* A whole head: reads it in a copy, which lives as long as the exchange. */
static void request(Conn *conn, Str text, size_t lines) {
    HttpExchange *x = &conn->x;
    const char *why;
    text = str_dup(x->ctx.arena, text);
    x->head.room = lines;
    x->head.fields = arena_alloc(x->ctx.arena, lines * sizeof(HeadField), _Alignof(HeadField));
    int status = head_read(text, &x->head, &why);
    if (status) {
        refuse_malformed(conn, status, why);
        return;
    }
    x->method = exchange_method(x->head.method);
    if (x->head.close || (x->head.minor == 0 && !x->head.keep_alive)) conn->last = true;
    find_route(x, conn->loop->worker.ctx.scratch);
    if (!x->method) {
        refuse(conn, 501, "This method is not known here.");
        return;
    }
    size_t max = x->match.route ? x->match.route->max_body : 0, used;
    check_body(x, max);
    bool body = x->head.chunked || x->head.length;
    parse_start(conn->parse, x->head.chunked, x->refuse ? BODY_INLINE : max);
    ParseResult result = parse_feed(conn->parse, text, &used);
    if (result != (body ? PARSE_MORE : PARSE_DONE) || used != text.len)
        refuse_malformed(conn, 400, parse_why(conn->parse));
    else if (body)
        expect_body(conn, max);
    else
        dispatch(conn);
}

/* ---- in ---- */

/* True: go on with what follows *used bytes. */
static bool take_head(Conn *conn, Str data, size_t *used) {
    if (!conn->heading) {
        conn->heading = true;
        conn->deadline = after_micros(conn, options_of(conn)->head_timeout);
    }
    if (!conn->blank && !conn->search.line && data.ptr[0] == '\r') {
        if (data.len < 2) return false;
        if (data.ptr[1] == '\n') { /* RFC 9112, 2.2 */
            conn->blank = true;
            *used = 2;
            return true;
        }
    }
    HeadFound found = head_find(&conn->search, data);
    if (found == HEAD_MORE) return false;
    HeadSearch search = conn->search;
    begin(conn);
    *used = data.len;
    if (found == HEAD_BAD_LINE) {
        refuse_malformed(conn, 400, "A line of the head ends without CR LF.");
    } else if (found == HEAD_TOO_LARGE) {
        refuse_malformed(conn, 431, "The head is larger than 16 KB or has more than 100 lines.");
    } else {
        *used = search.line;
        request(conn, (Str){data.ptr, search.line}, search.lines);
    }
    return true;
}

/* Counts what has come of the body so far; false: there is no room for it, and it is refused. */
static bool hold(Conn *conn) {
    size_t len = http_body(&conn->x).len, steps = (len + BODY_STEP - 1) / BODY_STEP;
    size_t more = steps * BODY_STEP - conn->held;
    if (!more) return true;
    const char *why = bodies_hold(conn->loop->worker.server->bodies, conn->network, more);
    if (why)
        refuse(conn, 503, why);
    else
        conn->held += more;
    return !why;
}

static bool take_body(Conn *conn, Str data, size_t *used) {
    switch (parse_feed(conn->parse, data, used)) {
    case PARSE_MORE:
        (void)hold(conn);
        break;
    case PARSE_DONE:
        if (http_body(&conn->x).len <= BODY_SMALL || hold(conn)) dispatch(conn);
        break;
    case PARSE_LARGE:
        refuse(conn, 413, "The body is larger than this address accepts.");
        break;
    case PARSE_BAD:
        refuse_malformed(conn, 400, parse_why(conn->parse));
        break;
    }
    return true;
}

/* Takes requests off the front as long as each is answered at once; returns how many bytes were
 * used. */
static size_t consume(Conn *conn, Str data) {
    size_t used = 0;
    bool more = true;
    while (more && used < data.len && !conn->closing) {
        Str rest = str_sub(data, used, data.len);
        size_t step = 0;
        if (conn->state == CONN_HEAD && !conn->writes)
            more = take_head(conn, rest, &step);
        else if (conn->state == CONN_BODY)
            more = take_body(conn, rest, &step);
        else
            break;
        used += step;
    }
    return conn->state == CONN_LINGER ? data.len
                                      : used; /* what follows the last answer is forgotten */
}

static void keep(Conn *conn, Str rest) {
    if (!rest.len) return;
    size_t need = conn->in_len + rest.len;
    if (need > conn->in_cap) {
        size_t cap = conn->in_cap ? conn->in_cap : INPUT_FIRST;
        while (cap < need)
            cap *= 2;
        conn->in = mem_grow(conn->in, cap);
        conn->in_cap = cap;
    }
    memcpy(conn->in + conn->in_len, rest.ptr, rest.len);
    conn->in_len += rest.len;
}

static void drop(Conn *conn, size_t used) {
    conn->in_len -= used;
    if (conn->in_len) {
        memmove(conn->in, conn->in + used, conn->in_len);
    } else if (conn->in_cap > INPUT_KEPT) {
        mem_free(conn->in);
        conn->in = NULL;
        conn->in_cap = 0;
    }
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
    (void)size;
    Conn *conn = handle->data;
    *buf = uv_buf_init(conn->loop->read, LOOP_READ);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void set_reading(Conn *conn, bool wanted) {
    if (conn->reading == wanted || conn->closing) return;
    conn->reading = wanted;
    if (!wanted)
        uv_read_stop((uv_stream_t *)&conn->tcp);
    else if (uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) < 0)
        conn_close(conn);
}

static void on_shut(uv_shutdown_t *request, int status) {
    Conn *conn = request->handle->data;
    if (!conn->closing && (status < 0 || conn->eof)) conn_close(conn);
}

/* Says goodbye without a reset, which could overtake the answer: closes our side, waits a little
 * for theirs. */
static void linger(Conn *conn) {
    conn->shut = true;
    conn->in_len = 0;
    conn->deadline = uv_now(&conn->loop->uv) + LINGER_MILLIS;
    if (uv_shutdown(&conn->shutdown, (uv_stream_t *)&conn->tcp, on_shut) < 0) conn_close(conn);
}

static void retire(Conn *conn);

/* What has to be seen to after anything happened. */
static void tidy(Conn *conn) {
    conn_flush(conn);
    if (conn->closing) {
        if (conn->closed && conn->state != CONN_BUSY) retire(conn);
        return;
    }
    if (conn->state == CONN_LINGER && !conn->shut) linger(conn);
    if (conn->eof && conn->state == CONN_HEAD && !conn->writes)
        conn_close(conn);
    else
        set_reading(conn, !conn->eof && conn->in_len <= INPUT_MAX);
}

void conn_pump(Conn *conn) {
    if (conn->in_len && !conn->closing) drop(conn, consume(conn, (Str){conn->in, conn->in_len}));
    tidy(conn);
}

static void input(Conn *conn, Str data) {
    loop_count(&conn->loop->counters.bytes_in, data.len);
    if (conn->state == CONN_LINGER) {
        conn->lingered += data.len;
        if (conn->lingered > LINGER_MAX) conn_close(conn);
    } else if (conn->state == CONN_STREAM) {
        return; /* nothing is expected from the reader of a stream */
    } else if (conn->in_len) {
        keep(conn, data);
        conn_pump(conn);
    } else {
        size_t used = consume(conn, data);
        keep(conn, str_sub(data, used, data.len));
        tidy(conn);
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    Conn *conn = stream->data;
    if (n > 0) {
        input(conn, (Str){buf->base, (size_t)n});
    } else if (n == UV_EOF) {
        conn->eof = true;
        bool waits = conn->state == CONN_BUSY || (conn->state == CONN_HEAD && conn->writes);
        if (!waits && !(conn->state == CONN_LINGER && conn->writes))
            conn_close(conn);
        else
            set_reading(conn, false);
    } else if (n < 0) {
        conn_close(conn);
    }
}

/* ---- life ---- */

static void on_closed(uv_handle_t *handle) {
    Conn *conn = handle->data;
    conn->closed = true;
    if (conn->state == CONN_STREAM) sse_gone(conn->x.sse);
    if (conn->state == CONN_STREAM || conn->state == CONN_BODY) conn_forget(conn);
    if (conn->state != CONN_BUSY) retire(conn);
}

void conn_close(Conn *conn) {
    if (conn->closing) return;
    conn->closing = true;
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

static void unlink_live(Conn *conn) {
    Loop *loop = conn->loop;
    if (conn->before)
        conn->before->after = conn->after;
    else
        loop->live = conn->after;
    if (conn->after) conn->after->before = conn->before;
    loop->n_live--;
    atomic_fetch_sub(&loop->worker.server->connections, 1);
}

static void retire(Conn *conn) {
    Loop *loop = conn->loop;
    unlink_live(conn);
    conn->in_len = 0;
    mem_free(conn->in);
    conn->in = NULL;
    conn->in_cap = 0;
    conn->after = loop->free;
    loop->free = conn;
}

void conn_abandon(Conn *conn) {
    conn_forget(conn);
    retire(conn);
}

void conn_free(Conn *conn) {
    parse_free(conn->parse);
    mem_free(conn);
}

static Conn *make(Loop *loop) {
    Conn *conn = loop->free;
    Parse *parse = conn ? conn->parse : NULL;
    if (conn)
        loop->free = conn->after;
    else
        conn = mem_alloc(sizeof *conn);
    *conn = (Conn){.loop = loop, .parse = parse ? parse : parse_new(on_piece, conn)};
    conn->after = loop->live;
    if (loop->live) loop->live->before = conn;
    loop->live = conn;
    loop->n_live++;
    atomic_fetch_add(&loop->worker.server->connections, 1);
    loop_count(&loop->counters.connections, 1);
    return conn;
}

static bool is_shared(const Conn *conn) {
    const StrVec *shared = options_of(conn)->shared;
    for (size_t i = 0; shared && i < shared->len; i++)
        if (str_eq(http_unmapped(shared->items[i]), http_unmapped(str_of(conn->peer)))) return true;
    return conn->loopback;
}

static void note_peer(Conn *conn) {
    struct sockaddr_storage address;
    int len = sizeof address;
    if (uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&address, &len) < 0 ||
        uv_ip_name((struct sockaddr *)&address, conn->peer, sizeof conn->peer) < 0)
        return; /* gone already: the first read will say so */
    conn->loopback = http_is_loopback(conn->peer);
    conn->network = is_shared(conn) ? 0 : http_network(conn->peer);
}

void conn_accept(Loop *loop, uv_stream_t *listener) {
    Conn *conn = make(loop);
    int rc = uv_tcp_init(&loop->uv, &conn->tcp);
    assert(rc == 0);
    conn->tcp.data = conn;
    conn->deadline = after_micros(conn, options_of(conn)->idle_timeout);
    if (uv_accept(listener, (uv_stream_t *)&conn->tcp) < 0) {
        conn_close(conn);
        return;
    }
    uv_tcp_nodelay(&conn->tcp, 1);
    note_peer(conn);
    if (atomic_load(&loop->worker.server->connections) > options_of(conn)->max_connections) {
        loop_count(&loop->counters.refused, 1);
        conn_write(conn, STR("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                             "Content-Length: 0\r\nConnection: close\r\n\r\n"));
        conn->last = true;
        conn->state = CONN_LINGER;
    }
    tidy(conn);
}

/* ---- time ---- */

static void check_writes(Conn *conn, uint64_t now) {
    size_t waiting = uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp);
    if (waiting != conn->write_queue) {
        conn->write_queue = waiting;
        conn->write_until = after_micros(conn, options_of(conn)->idle_timeout);
    } else if (now >= conn->write_until) {
        loop_count(&conn->loop->counters.timeouts, 1);
        conn_close(conn);
    }
}

void conn_check(Conn *conn, uint64_t now) {
    if (conn->closing) return;
    if (conn->writes) check_writes(conn, now);
    if (conn->state == CONN_STREAM && !conn->closing) sse_beat(conn->x.sse, now);
    if (!conn->deadline || now < conn->deadline || conn->writes || conn->closing) return;
    if (conn->heading || conn->state == CONN_BODY) {
        loop_count(&conn->loop->counters.timeouts, 1);
        if (conn->heading) begin(conn);
        refuse(conn, 408, "The request took too long to arrive.");
        tidy(conn);
    } else {
        conn_close(conn);
    }
}

void conn_stop(Conn *conn) {
    bool idle = conn->state == CONN_HEAD && !conn->heading && !conn->writes;
    if (idle || conn->state == CONN_STREAM) conn_close(conn);
}
