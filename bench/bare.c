#include "bare.h"

#include <llhttp/llhttp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

typedef struct Conn {
    uv_tcp_t tcp;
    llhttp_t parser;
} Conn;

/* The whole answer, and where bytes are read to: one loop, so one of each. */
static struct {
    char *bytes;
    size_t len;
} answer;
static char input[65536];
static llhttp_settings_t settings;

static void free_conn(uv_handle_t *handle) {
    free(handle->data);
}

static void on_written(uv_write_t *request, int status) {
    (void)status;
    free(request);
}

static int on_complete(llhttp_t *parser) {
    Conn *conn = parser->data;
    uv_buf_t buf = uv_buf_init(answer.bytes, (unsigned)answer.len);
    int n = uv_try_write((uv_stream_t *)&conn->tcp, &buf, 1);
    size_t sent = n > 0 ? (size_t)n : 0;
    if (sent == answer.len) return 0;
    uv_write_t *request = malloc(sizeof *request);
    buf = uv_buf_init(answer.bytes + sent, (unsigned)(answer.len - sent));
    return uv_write(request, (uv_stream_t *)&conn->tcp, &buf, 1, on_written);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
    (void)handle, (void)size;
    *buf = uv_buf_init(input, sizeof input);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    Conn *conn = stream->data;
    if (n > 0 && llhttp_execute(&conn->parser, buf->base, (size_t)n) == HPE_OK) return;
    if (n != 0) uv_close((uv_handle_t *)stream, free_conn);
}

static void on_connection(uv_stream_t *listener, int status) {
    if (status < 0) return;
    Conn *conn = calloc(1, sizeof *conn);
    conn->tcp.data = conn;
    llhttp_init(&conn->parser, HTTP_REQUEST, &settings);
    conn->parser.data = conn;
    uv_tcp_init(listener->loop, &conn->tcp);
    uv_accept(listener, (uv_stream_t *)&conn->tcp);
    uv_tcp_nodelay(&conn->tcp, 1);
    uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
}

static void make_answer(size_t body) {
    answer.bytes = malloc(body + 512);
    int head = snprintf(answer.bytes, 512,
                        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                        body);
    memset(answer.bytes + head, 'a', body);
    answer.len = (size_t)head + body;
}

void bare_serve(size_t body, void (*report)(int port)) {
    make_answer(body);
    llhttp_settings_init(&settings);
    settings.on_message_complete = on_complete;
    uv_loop_t loop;
    uv_tcp_t listener;
    struct sockaddr_in address;
    int len = sizeof address;
    if (uv_loop_init(&loop) < 0 || uv_tcp_init(&loop, &listener) < 0 ||
        uv_ip4_addr("127.0.0.1", 0, &address) < 0 ||
        uv_tcp_bind(&listener, (struct sockaddr *)&address, 0) < 0 ||
        uv_listen((uv_stream_t *)&listener, 1024, on_connection) < 0 ||
        uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &len) < 0)
        return;
    report(ntohs(address.sin_port));
    uv_run(&loop, UV_RUN_DEFAULT);
}
