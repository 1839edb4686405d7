/* The head of an answer as bytes. */
#include "http_int.h"

#include <string.h>

/* IANA's registry of status codes, RFC 9110 15 and RFC 6585; one row a code that someone here sends
 * or may receive. */
static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {508, "Loop Detected"},
};

const char *http_reason(int status) {
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status) return reasons[i].reason;
    return "Unknown";
}

bool answer_has_body(const HttpExchange *x) {
    return x->method != HTTP_HEAD && x->status != 204 && x->status != 304;
}

size_t answer_room(const HttpExchange *x, Str type) {
    size_t room = 256 + type.len;
    VEC_EACH (HeadField, header, &x->headers)
        room += header->name.len + header->value.len + 4;
    return room;
}

static char *put(char *to, Str s) {
    if (s.len) memcpy(to, s.ptr, s.len);
    return to + s.len;
}

static char *put_number(char *to, size_t number) {
    char digits[24], *at = digits + sizeof digits;
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return put(to, (Str){at, (size_t)(digits + sizeof digits - at)});
}

static char *put_status(char *to, int status) {
    if (status == 200) return put(to, STR("HTTP/1.1 200 OK\r\nDate: "));
    to = put_number(put(to, STR("HTTP/1.1 ")), (size_t)status);
    *to++ = ' ';
    return put(put(to, str_of(http_reason(status))), STR("\r\nDate: "));
}

size_t answer_head(HttpExchange *x, Str type, size_t length, char *to) {
    char *at = put(put_status(to, x->status), loop_date(x->conn->loop));
    if (type.len) at = put(put(at, STR("\r\nContent-Type: ")), type);
    if (x->status != 204 && x->status != 304 && !x->sse)
        at = put_number(put(at, STR("\r\nContent-Length: ")), length);
    VEC_EACH (HeadField, header, &x->headers) {
        at = put(put(at, STR("\r\n")), header->name);
        at = put(put(at, STR(": ")), header->value);
    }
    if (x->conn->last)
        at = put(at, STR("\r\nConnection: close"));
    else if (x->head.minor == 0)
        at = put(at, STR("\r\nConnection: keep-alive"));
    at = put(at, STR("\r\n\r\n"));
    return (size_t)(at - to);
}
