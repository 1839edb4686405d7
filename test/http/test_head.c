/* The scanner before llhttp: tables of head and what becomes of it. */
#include "rig.h"

#include "http/head.h"

static int read_text(Str text, Head *head, HeadField *fields, const char **why) {
    HeadSearch search = {0};
    HeadFound found = head_find(&search, text);
    if (found != HEAD_WHOLE) return -(int)found;
    *head = (Head){.fields = fields, .room = search.lines};
    return head_read(str_sub(text, 0, search.line), head, why);
}

static const struct {
    const char *name;
    Str text;
    int expected; /* 0, a status, or minus a HeadFound */
} heads[] = {
    {"plain", STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
    {"1.0 needs no host", STR("GET / HTTP/1.0\r\n\r\n"), 0},
    {"absolute form", STR("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
    {"asterisk", STR("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
    {"empty value", STR("GET / HTTP/1.1\r\nHost: a\r\nA:\r\n\r\n"), 0},
    {"text beyond ASCII in a value", STR("GET / HTTP/1.1\r\nHost: a\r\nA: \xe3\x81\x82\r\n\r\n"),
     0},
    {"unfinished", STR("GET / HTTP/1.1\r\nHost: a\r\n"), -HEAD_MORE},
    {"bare LF", STR("GET / HTTP/1.1\nHost: a\n\n"), -HEAD_BAD_LINE},
    {"bare LF later", STR("GET / HTTP/1.1\r\nHost: a\nB: c\r\n\r\n"), -HEAD_BAD_LINE},
    {"bare CR", STR("GET / HTTP/1.1\r\nHost: a\rB: c\r\n\r\n"), 400},
    {"bare CR in the line", STR("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"NUL in a value", STR("GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n"), 400},
    {"NUL in a name", STR("GET / HTTP/1.1\r\nHost: a\r\nA\0: b\r\n\r\n"), 400},
    {"NUL in the target", STR("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"form feed around a value", STR("GET / HTTP/1.1\r\nHost: a\r\nA: \fb\r\n\r\n"), 400},
    {"two spaces before the target", STR("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"two spaces before the version", STR("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"space behind the version", STR("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400},
    {"tab for space", STR("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"space before the method", STR(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"no version", STR("GET /\r\nHost: a\r\n\r\n"), 400},
    {"HTTP/2.0", STR("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505},
    {"HTTP/1.2", STR("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505},
    {"the preface of HTTP/2", STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
    {"lower case http", STR("GET / http/1.1\r\nHost: a\r\n\r\n"), 400},
    {"fragment in the target", STR("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"angle bracket in the path", STR("GET /a>b?c HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"quote in the path", STR("GET /a\" HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"backslash in the query", STR("GET /?a\\ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"a byte above ASCII in the query", STR("GET /?\xe3 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"bare conditions in the query", STR("GET /?a<>\"{}|^`? HTTP/1.1\r\nHost: a\r\n\r\n"), 0},
    {"target without slash", STR("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"no host", STR("GET / HTTP/1.1\r\nA: b\r\n\r\n"), 400},
    {"two hosts", STR("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400},
    {"host with a space", STR("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400},
    {"host with an at sign", STR("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400},
    {"folded line", STR("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n"), 400},
    {"folded first line", STR("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400},
    {"space before the colon", STR("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400},
    {"empty name", STR("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"), 400},
    {"no colon", STR("GET / HTTP/1.1\r\nHost: a\r\nabc\r\n\r\n"), 400},
    {"length with a sign", STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n"), 400},
    {"length minus", STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n"), 400},
    {"length as a list", STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n"), 400},
    {"length with letters", STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5abc\r\n\r\n"), 400},
    {"empty length", STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n"), 400},
    {"length beyond 64 bits",
     STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"), 400},
    {"two equal lengths",
     STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400},
    {"two lengths",
     STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"), 400},
    {"length and coding",
     STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
     400},
    {"unknown coding", STR("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"), 501},
    {"coding twice in one line",
     STR("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"), 501},
    {"coding twice",
     STR("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
         "chunked\r\n\r\n"),
     400},
    {"empty coding", STR("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"), 400},
    {"coding on 1.0", STR("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
    {"upgrade with a body",
     STR("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\nContent-Length: "
         "5\r\n\r\n"),
     400},
};

static void heads_are_read_or_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        Head head;
        HeadField fields[8];
        const char *why = "-";
        int status = read_text(heads[i].text, &head, fields, &why);
        if (status != heads[i].expected) print_error("%s: %d, %s\n", heads[i].name, status, why);
        assert_int_equal(status, heads[i].expected);
    }
}

static void what_a_head_says_is_found(void **state) {
    (void)state;
    Head head;
    HeadField fields[8];
    const char *why;
    Str text =
        STR("PATCH /a/b?c=d HTTP/1.1\r\nhOST: x:1\r\nA:\t b c \t\r\nConnection: foo, Close\r\n"
            "Expect: 100-Continue\r\nContent-Length: 0042\r\n\r\nrest");
    assert_int_equal(read_text(text, &head, fields, &why), 0);
    assert_true(str_eq(head.method, STR("PATCH")) && str_eq(head.path, STR("/a/b")));
    assert_true(str_eq(head.query, STR("c=d")) && str_eq(head.host, STR("x:1")));
    assert_int_equal(head.n, 5);
    assert_true(str_eq(head.fields[1].name, STR("A")) && str_eq(head.fields[1].value, STR("b c")));
    assert_true(head.close && !head.keep_alive && head.has_length && head.length == 42);
    assert_int_equal(head.expect, HEAD_EXPECT_CONTINUE);
    assert_int_equal(head.minor, 1);
}

static void a_head_in_pieces_is_found_at_the_same_place(void **state) {
    (void)state;
    Str text = STR("GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\nGET /");
    HeadSearch search = {0};
    size_t found_at = 0;
    for (size_t len = 1; len <= text.len && !found_at; len++)
        if (head_find(&search, str_sub(text, 0, len)) == HEAD_WHOLE) found_at = len;
    assert_int_equal(found_at, text.len - 5);
    assert_int_equal(search.line, text.len - 5);
    assert_int_equal(search.lines, 3);
}

static void a_head_without_end_is_refused_at_its_limit(void **state) {
    (void)state;
    Rig rig = rig_ctx();
    char *endless = NEW_ARRAY(rig.arena, char, HEAD_MAX + 10);
    memset(endless, 'a', HEAD_MAX + 10);
    assert_int_equal(head_find(&(HeadSearch){0}, (Str){endless, HEAD_MAX}), HEAD_MORE);
    assert_int_equal(head_find(&(HeadSearch){0}, (Str){endless, HEAD_MAX + 1}), HEAD_TOO_LARGE);
    Buf lines = buf_new(rig.arena, 4096);
    buf_add(&lines, STR("GET / HTTP/1.1\r\n"));
    for (int i = 0; i < HEAD_FIELDS_MAX + 1; i++)
        buf_add(&lines, STR("a: b\r\n"));
    assert_int_equal(head_find(&(HeadSearch){0}, buf_str(&lines)), HEAD_TOO_LARGE);
    rig_stop(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_read_or_refused),
        cmocka_unit_test(what_a_head_says_is_found),
        cmocka_unit_test(a_head_in_pieces_is_found_at_the_same_place),
        cmocka_unit_test(a_head_without_end_is_refused_at_its_limit),
    };
    return cmocka_run_group_tests_name("http head", tests, NULL, NULL);
}
