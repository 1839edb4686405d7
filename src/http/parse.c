#include "parse.h"

#include <llhttp/llhttp.h>

/* Chunk extensions are ignored, and so are zeros before a size: more of them than this only keeps
 * us busy. */
enum { EXTENSIONS_MAX = 1024, FRAMING_MAX = 4096 };

struct Parse {
    llhttp_t http;
    ParseBody body;
    void *arg;
    uint64_t left; /* bytes that the body may still have */
    size_t extensions;
    size_t framing; /* bytes since the last piece of the body */
    bool chunked, large, head, moved;
};

static int on_complete(llhttp_t *http) {
    (void)http;
    return HPE_PAUSED; /* so that parse_feed learns where the message ended */
}

static int on_headers(llhttp_t *http) {
    http->upgrade = 0; /* an upgrade is never accepted: go on with HTTP/1.1 (RFC 9110, 7.8) */
    return 0;
}

static int on_body(llhttp_t *http, const char *at, size_t len) {
    Parse *parse = http->data;
    if (len > parse->left) {
        parse->large = true;
        return -1;
    }
    parse->left -= len;
    parse->moved = true;
    parse->body(parse->arg, (Str){at, len});
    return 0;
}

static int on_field(llhttp_t *http, const char *at, size_t len) {
    (void)at, (void)len;
    if (!(http->flags & F_TRAILING)) return 0;
    llhttp_set_error_reason(http, "trailers are not accepted");
    return HPE_USER;
}

static int on_extension(llhttp_t *http, const char *at, size_t len) {
    (void)at;
    Parse *parse = http->data;
    parse->extensions += len;
    if (parse->extensions <= EXTENSIONS_MAX) return 0;
    llhttp_set_error_reason(http, "chunk extensions are too long");
    return HPE_USER;
}

static int on_chunk(llhttp_t *http) {
    Parse *parse = http->data;
    if (http->content_length <= parse->left) return 0;
    parse->large = true;
    return -1;
}

static const llhttp_settings_t plain = {
    .on_headers_complete = on_headers,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

static const llhttp_settings_t chunks = {
    .on_headers_complete = on_headers,
    .on_body = on_body,
    .on_message_complete = on_complete,
    .on_header_field = on_field,
    .on_chunk_header = on_chunk,
    .on_chunk_extension_name = on_extension,
    .on_chunk_extension_value = on_extension,
};

Parse *parse_new(ParseBody body, void *arg) {
    Parse *parse = mem_zero(sizeof *parse);
    parse->body = body;
    parse->arg = arg;
    return parse;
}

void parse_free(Parse *parse) {
    mem_free(parse);
}

void parse_start(Parse *parse, bool chunked, uint64_t max) {
    llhttp_init(&parse->http, HTTP_REQUEST, chunked ? &chunks : &plain);
    parse->http.data = parse;
    parse->left = max;
    parse->extensions = parse->framing = 0;
    parse->chunked = chunked;
    parse->head = true;
    parse->large = false;
}

static bool endless(Parse *parse, size_t len) {
    parse->framing = parse->moved ? 0 : parse->framing + len;
    if (!parse->chunked || parse->framing <= FRAMING_MAX) return false;
    llhttp_set_error_reason(&parse->http, "there is no end to the framing of a chunk");
    return true;
}

ParseResult parse_feed(Parse *parse, Str data, size_t *used) {
    parse->moved = parse->head; /* the head is bounded before */
    parse->head = false;
    llhttp_errno_t error = llhttp_execute(&parse->http, data.ptr, data.len);
    *used = data.len;
    if (error == HPE_OK) return endless(parse, data.len) ? PARSE_BAD : PARSE_MORE;
    if (error != HPE_PAUSED) return parse->large ? PARSE_LARGE : PARSE_BAD;
    *used = (size_t)(llhttp_get_error_pos(&parse->http) - data.ptr);
    return PARSE_DONE;
}

const char *parse_why(const Parse *parse) {
    const char *reason = llhttp_get_error_reason(&parse->http);
    return reason ? reason : "malformed";
}
