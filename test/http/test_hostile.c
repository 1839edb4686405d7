/* STYLE 15: malformed HTTP through real sockets is refused, and what hides behind it is never
 * answered as a request. */
#include "rig.h"

#include <unistd.h>

#define HOST   "Host: a\r\n"
#define POST   "POST /echo HTTP/1.1\r\n" HOST
#define HIDDEN "GET /hello HTTP/1.1\r\n" HOST "\r\n"
#define CHUNKS POST "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
    const char *name;
    Str request;
    int status;
} cases[] = {
    {"obs-fold", STR("GET /hello HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n" HIDDEN), 400},
    {"space before the colon", STR("GET /hello HTTP/1.1\r\nHost : a\r\n\r\n" HIDDEN), 400},
    {"CL and TE",
     STR(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN), 400},
    {"TE and CL",
     STR(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" HIDDEN), 400},
    {"differing CL", STR(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde" HIDDEN), 400},
    {"CL +5", STR(POST "Content-Length: +5\r\n\r\nabcde" HIDDEN), 400},
    {"CL 5, 5", STR(POST "Content-Length: 5, 5\r\n\r\nabcde" HIDDEN), 400},
    {"CL 5abc", STR(POST "Content-Length: 5abc\r\n\r\nabcde" HIDDEN), 400},
    {"unknown TE", STR(POST "Transfer-Encoding: gzip\r\n\r\nabcde" HIDDEN), 501},
    {"TE twice",
     STR(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: "
              "chunked\r\n\r\n0\r\n\r\n" HIDDEN),
     400},
    {"TE: chunked, identity",
     STR(POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" HIDDEN), 501},
    {"empty TE", STR(POST "Transfer-Encoding:\r\n\r\n" HIDDEN), 400},
    {"TE on 1.0", STR("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN),
     400},
    {"chunk 0x1", STR(CHUNKS "0x1\r\na\r\n0\r\n\r\n" HIDDEN), 400},
    {"chunk overflow", STR(CHUNKS "10000000000000000\r\na\r\n0\r\n\r\n" HIDDEN), 400},
    {"chunk beyond the limit", STR(CHUNKS "ffffffff\r\na\r\n0\r\n\r\n" HIDDEN), 413},
    {"chunk size missing", STR(CHUNKS "\r\na\r\n0\r\n\r\n" HIDDEN), 400},
    {"chunk longer than its size", STR(CHUNKS "1\r\nab\r\n0\r\n\r\n" HIDDEN), 400},
    {"chunk ends with bare LF", STR(CHUNKS "1\r\na\n0\r\n\r\n" HIDDEN), 400},
    {"chunk size ends with bare LF", STR(CHUNKS "1\na\r\n0\r\n\r\n" HIDDEN), 400},
    {"space before the chunk size", STR(CHUNKS " 1\r\na\r\n0\r\n\r\n" HIDDEN), 400},
    {"space after the chunk size", STR(CHUNKS "1 \r\na\r\n0\r\n\r\n" HIDDEN), 400},
    {"NUL in a value", STR("GET /hello HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n" HIDDEN), 400},
    {"NUL in a name", STR("GET /hello HTTP/1.1\r\n" HOST "A\0: b\r\n\r\n" HIDDEN), 400},
    {"NUL in the target", STR("GET /hello\0 HTTP/1.1\r\n" HOST "\r\n" HIDDEN), 400},
    {"escaped NUL in the path",
     STR("GET /items/a%00 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), 400},
    {"path that is not UTF-8", STR("GET /items/%FF HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"),
     400},
    {"bare CR", STR("GET /hello HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n" HIDDEN), 400},
    {"bare CR as line end", STR("GET /hello HTTP/1.1\r" HOST "\r\n" HIDDEN), 400},
    {"bare LF", STR("GET /hello HTTP/1.1\nHost: a\n\n" HIDDEN), 400},
    {"bare LF ends the head", STR("GET /hello HTTP/1.1\r\n" HOST "\n" HIDDEN), 400},
    {"no Host", STR("GET /hello HTTP/1.1\r\n\r\n" HIDDEN), 400},
    {"two Hosts", STR("GET /hello HTTP/1.1\r\n" HOST HOST "\r\n" HIDDEN), 400},
    {"a target of another host", STR("GET http://b/hello HTTP/1.1\r\n" HOST "\r\n" HIDDEN), 400},
    {"empty header name", STR("GET /hello HTTP/1.1\r\n" HOST ": b\r\n\r\n" HIDDEN), 400},
    {"two spaces in the line", STR("GET  /hello HTTP/1.1\r\n" HOST "\r\n" HIDDEN), 400},
    {"two spaces before the version", STR("GET /hello  HTTP/1.1\r\n" HOST "\r\n" HIDDEN), 400},
    {"HTTP/2.0", STR("GET /hello HTTP/2.0\r\n" HOST "\r\n" HIDDEN), 505},
    {"HTTP/0.9", STR("GET /hello\r\n\r\n" HIDDEN), 400},
    {"Upgrade with a body",
     STR(POST "Connection: upgrade\r\nUpgrade: "
              "websocket\r\nContent-Length: 5\r\n\r\nabcde" HIDDEN),
     400},
    {"trailers", STR(CHUNKS "1\r\na\r\n0\r\nA: b\r\n\r\n" HIDDEN), 400},
    {"two empty lines first", STR("\r\n\r\n" HIDDEN), 400},
    {"unknown method", STR("BREW /hello HTTP/1.1\r\n" HOST "\r\n" HIDDEN), 501},
    {"CONNECT", STR("CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n" HIDDEN), 400},
    {"TLS", STR("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), 400},
    {"unknown expectation", STR(POST "Expect: x\r\nContent-Length: 5\r\n\r\nabcde" HIDDEN), 417},
};

static void hostile_requests_are_refused_whole(void **state) {
    Rig *rig = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = rig_connect(rig);
        rig_send(fd, cases[i].request);
        Str all = rig_read_all(rig, fd, 3000);
        close(fd);
        int status = 0;
        if (all.len > 12) sscanf(str_z(rig->arena, all), "HTTP/1.1 %d", &status);
        if (status != cases[i].status)
            print_error("%s: %d\n" STR_FMT "\n", cases[i].name, status, STR_ARG(all));
        assert_int_equal(status, cases[i].status);
        assert_true(str_find(all, STR("Connection: close")) > 0);
        assert_true(str_find(all, STR("\r\n\r\nhello")) < 0); /* what was hidden behind */
    }
}

/* The same bytes, one at a time: the answer does not depend on how they arrive. */
static void hostile_requests_in_single_bytes_are_refused_too(void **state) {
    Rig *rig = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = rig_connect(rig);
        for (size_t at = 0; at < cases[i].request.len; at++)
            rig_send(fd, str_sub(cases[i].request, at, at + 1));
        Reply reply = rig_read(rig, fd, false);
        close(fd);
        if (reply.status != cases[i].status) print_error("%s: %d\n", cases[i].name, reply.status);
        assert_int_equal(reply.status, cases[i].status);
    }
}

static Str repeated(Rig *rig, Str before, Str unit, size_t times) {
    Buf text = buf_new(rig->arena, 8 << 20);
    buf_add(&text, before);
    for (size_t i = 0; i < times; i++)
        buf_add(&text, unit);
    return buf_str(&text);
}

static void endless_things_end(void **state) {
    Rig *rig = *state;
    const struct {
        const char *name;
        Str before, unit;
        size_t times;
        int status;
    } endless[] = {
        {"64 KB of one header", STR("GET /hello HTTP/1.1\r\n" HOST "A: "), STR("aaaaaaaaaaaaaaaa"),
         4096, 431},
        {"64 KB of headers", STR("GET /hello HTTP/1.1\r\n" HOST), STR("A: aaaaaaaaaaa\r\n"), 4096,
         431},
        {"64 KB of target", STR("GET /"), STR("aaaaaaaaaaaaaaaa"), 4096, 431},
        {"a chunk extension", STR(CHUNKS "1;a="), STR("bbbbbbbbbbbbbbbb"), 4096, 400},
        {"many chunk extensions", STR(CHUNKS), STR("1;a=b\r\nc\r\n"), 4096, 400},
        {"zeros of a chunk size", STR(CHUNKS), STR("0000000000000000"), 4096, 400},
        {"chunks past the limit", STR(CHUNKS), STR("10\r\naaaaaaaaaaaaaaaa\r\n"), 70000, 413},
    };
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        Reply reply =
            rig_ask(rig, repeated(rig, endless[i].before, endless[i].unit, endless[i].times));
        if (reply.status != endless[i].status)
            print_error("%s: %d\n", endless[i].name, reply.status);
        assert_int_equal(reply.status, endless[i].status);
    }
}

static int start(void **state) {
    static Rig rig;
    rig = rig_start((HttpOptions){.loops = 2}, NULL, 0);
    *state = &rig;
    return 0;
}

static int stop(void **state) {
    rig_stop(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_requests_are_refused_whole),
        cmocka_unit_test(hostile_requests_in_single_bytes_are_refused_too),
        cmocka_unit_test(endless_things_end),
    };
    return cmocka_run_group_tests_name("http hostile", tests, start, stop);
}
