#include "story.h"

#include <string.h>

typedef struct Reader {
    Ctx *ctx;
    Str rest;
    int line;
} Reader;

static Rc bad(const Reader *reader, const char *what) {
    return ctx_fail(reader->ctx, RC_INVALID, "bad-story", STR_NONE, "line %d: %s", reader->line,
                    what);
}

/* The next line without taking it. */
static bool peek(const Reader *reader, Str *line) {
    Str rest = reader->rest;
    if (!str_split(&rest, '\n', line)) return false;
    if (str_ends(*line, STR("\r"))) line->len--;
    return true;
}

static bool take(Reader *reader, Str *line) {
    if (!peek(reader, line)) return false;
    Str ignored;
    reader->line++;
    return str_split(&reader->rest, '\n', &ignored);
}

static bool ends_case(Str line) {
    return str_starts(line, STR("###"));
}

/* Lines up to the end of the part, joined by LF, without empty ones at the end. */
static Str take_body(Reader *reader, bool request) {
    Buf body = buf_new(reader->ctx->arena, 16 << 20);
    Str line;
    while (peek(reader, &line) && !ends_case(line) && !(request && str_eq(line, STR("---")))) {
        (void)take(reader, &line);
        buf_add(&body, line);
        buf_add_char(&body, '\n');
    }
    Str text = buf_str(&body);
    while (str_ends(text, STR("\n")))
        text.len--;
    return text;
}

/* Header lines up to an empty line (then a body follows), "---" or the next case. */
static bool take_headers(Reader *reader, StrVec *headers) {
    Str line;
    while (peek(reader, &line) && !ends_case(line) && !str_eq(line, STR("---"))) {
        (void)take(reader, &line);
        if (!line.len) return true;
        vec_push(reader->ctx->arena, headers, line);
    }
    return false;
}

static Rc take_request(Reader *reader, StoryCase *c) {
    Str line = STR_NONE, rest;
    if (!take(reader, &line)) return bad(reader, "a case needs a request: METHOD TARGET");
    rest = line;
    if (!str_split(&rest, ' ', &c->method) || !rest.len)
        return bad(reader, "a request begins with METHOD TARGET");
    c->target = rest;
    if (take_headers(reader, &c->headers)) c->body = take_body(reader, true);
    if (!take(reader, &line) || !str_eq(line, STR("---")))
        return bad(reader, "a request ends with a line ---");
    return RC_OK;
}

static Rc take_answer(Reader *reader, StoryCase *c) {
    Str line = STR_NONE, number = STR_NONE;
    int64_t status = 0;
    if (take(reader, &line)) (void)str_split(&line, ' ', &number);
    if (!str_to_i64(number, &status) || status < 100 || status > 599)
        return bad(reader, "an answer begins with its status");
    c->status = (int)status;
    if (take_headers(reader, &c->expected)) c->expected_body = take_body(reader, false);
    VEC_EACH (Str, header, &c->expected)
        if (header->ptr[0] != '!' && str_find_char(*header, ':') <= 0)
            return bad(reader, "a header is 'Name: value' or '!Name'");
    return RC_OK;
}

static Rc take_directive(Reader *reader, Str line, Story *story) {
    Str word = STR_NONE;
    (void)str_split(&line, ' ', &word);
    if (str_eq(word, STR("seed")) && !story->seed.len) {
        story->seed = str_trim(line);
        return RC_OK;
    }
    StoryCapture capture = {0};
    if (!str_eq(word, STR("capture")) || !str_split(&line, ' ', &capture.name) || !line.len)
        return bad(reader,
                   "before a case stand 'seed NAME' once, 'capture NAME COMMAND' and comments");
    capture.command = line;
    vec_push(reader->ctx->arena, &story->captures, capture);
    return RC_OK;
}

Rc story_read(Ctx *ctx, Str text, Story *out) {
    Reader reader = {.ctx = ctx, .rest = text};
    Str line;
    *out = (Story){0};
    while (take(&reader, &line)) {
        if (ends_case(line)) {
            StoryCase c = {.title = str_trim(str_sub(line, 3, line.len)), .line = reader.line};
            TRY(take_request(&reader, &c));
            TRY(take_answer(&reader, &c));
            vec_push(ctx->arena, &out->cases, c);
        } else if (line.len && line.ptr[0] != '#') {
            TRY(take_directive(&reader, line, out));
        }
    }
    if (!out->seed.len) return bad(&reader, "the file names no seed");
    if (!out->cases.len) return bad(&reader, "the file has no case");
    return RC_OK;
}
