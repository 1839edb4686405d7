/* Requests on one connection: scanner, then llhttp. However the bytes are cut, the same messages
   are read and the same place is refused; what a head says lies within it. The first byte says how
   the bytes are cut. */
#include "fuzz.h"

#include "http/head.h"
#include "http/parse.h"

enum { INPUT_MAX = 4096, BODY_MAX = 1000 };

/* A connection without a socket. */
typedef struct Conn {
    Arena *arena;
    Parse *parse;
    Buf story; /* what was understood */
    Buf in, body;
    HeadSearch search;
    bool in_body, refused;
} Conn;

static void on_piece(void *arg, Str piece) {
    Conn *conn = arg;
    buf_add(&conn->body, piece);
    assert(buf_rc(&conn->body) == RC_OK);
}

static void refuse(Conn *conn, int status) {
    conn->refused = true;
    buf_addf(&conn->story, "refused %d\n", status);
}

static void complete(Conn *conn) {
    buf_add(&conn->story, buf_str(&conn->body));
    buf_add(&conn->story, STR("\ndone\n"));
    conn->in_body = false;
    conn->search = (HeadSearch){0};
}

static bool within(Str whole, Str part) {
    return !part.ptr || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void check_head(Str text, const Head *head) {
    assert(within(text, head->method) && within(text, head->target) && within(text, head->host));
    assert(within(head->target, head->query) && head->path.len > 0);
    assert(head->minor == 0 || head->has_host);
    assert(!(head->chunked && head->has_length));
    for (size_t i = 0; i < head->n; i++) {
        assert(head->fields[i].name.len > 0);
        assert(within(text, head->fields[i].name) && within(text, head->fields[i].value));
        assert(str_find_char(head->fields[i].value, '\r') < 0);
        assert(str_find_char(head->fields[i].value, '\0') < 0);
    }
}

static void take_head(Conn *conn, Str text, size_t lines) {
    Head head = {.fields = NEW_ARRAY(conn->arena, HeadField, lines), .room = lines};
    const char *why = NULL;
    int status = head_read(text, &head, &why);
    if (status) {
        assert(why && status >= 400);
        refuse(conn, status);
        return;
    }
    check_head(text, &head);
    buf_addf(&conn->story, STR_FMT " " STR_FMT " %zu\n", STR_ARG(head.method), STR_ARG(head.path),
             head.n);
    if (head.length > BODY_MAX) {
        refuse(conn, 413);
        return;
    }
    size_t used;
    bool body = head.chunked || head.length;
    buf_clear(&conn->body);
    parse_start(conn->parse, head.chunked, BODY_MAX);
    ParseResult result = parse_feed(conn->parse, text, &used);
    if (result != (body ? PARSE_MORE : PARSE_DONE) || used != text.len) /* as the server does */
        refuse(conn, 400);
    else if (body)
        conn->in_body = true;
    else
        complete(conn);
}

static size_t take(Conn *conn, Str data) {
    size_t used;
    if (conn->in_body) {
        ParseResult result = parse_feed(conn->parse, data, &used);
        assert(used <= data.len);
        if (result == PARSE_DONE) complete(conn);
        if (result == PARSE_BAD) refuse(conn, 400);
        if (result == PARSE_LARGE) refuse(conn, 413);
        return used;
    }
    HeadFound found = head_find(&conn->search, data);
    if (found == HEAD_MORE) return 0;
    used = conn->search.line;
    if (found == HEAD_WHOLE)
        take_head(conn, str_sub(data, 0, used), conn->search.lines);
    else
        refuse(conn, found == HEAD_TOO_LARGE ? 431 : 400);
    return found == HEAD_WHOLE ? used : data.len;
}

static void feed(Conn *conn, Str piece) {
    buf_add(&conn->in, piece);
    size_t from = 0;
    while (!conn->refused && from < conn->in.len) {
        size_t used = take(conn, (Str){conn->in.ptr + from, conn->in.len - from});
        if (!used) break;
        from += used;
    }
    Str rest = str_dup(conn->arena, str_sub(buf_str(&conn->in), from, conn->in.len));
    buf_clear(&conn->in);
    buf_add(&conn->in, rest);
}

static Str story(Arena *arena, Str data, size_t cut) {
    Conn conn = {.arena = arena, .story = buf_new(arena, 1 << 20), .in = buf_new(arena, 1 << 16)};
    conn.body = buf_new(arena, BODY_MAX);
    conn.parse = parse_new(on_piece, &conn);
    while (data.len && !conn.refused) {
        feed(&conn, str_sub(data, 0, cut));
        data = str_sub(data, cut, data.len);
    }
    parse_free(conn.parse);
    return buf_str(&conn.story);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > INPUT_MAX) return 0;
    Arena *arena = arena_new(256 << 20);
    Str bytes = {(const char *)data + 1, size - 1};
    Str whole = story(arena, bytes, bytes.len);
    Str pieces = story(arena, bytes, 1 + data[0] % 16);
    assert(str_eq(whole, pieces));
    arena_free(arena);
    return 0;
}
