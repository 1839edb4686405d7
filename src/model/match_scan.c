#include "match_int.h"

Rc match_scan_start(Ctx *ctx, const LdContext *context, const char *param, Str text, Scan *out) {
    *out = (Scan){.ctx = ctx, .context = context, .param = str_of(param), .text = text};
    if (text.len > MATCH_TEXT_MAX)
        return SCAN_LIMIT(out, "longer than %d bytes: ask in several queries.", MATCH_TEXT_MAX);
    if (!str_utf8_valid(text)) return SCAN_FAIL(out, 0, "the text is not UTF-8.");
    return RC_OK;
}

char match_scan_peek(const Scan *scan) {
    return scan->at < scan->text.len ? scan->text.ptr[scan->at] : 0;
}

void match_scan_blanks(Scan *scan) {
    while (match_scan_peek(scan) == ' ' || match_scan_peek(scan) == '\t')
        scan->at++;
}

bool match_scan_take(Scan *scan, Str token) {
    if (!str_starts(str_sub(scan->text, scan->at, scan->text.len), token)) return false;
    scan->at += token.len;
    return true;
}

Str match_scan_what(Scan *scan, size_t offset) {
    Str rest = str_sub(scan->text, offset, scan->text.len);
    if (str_empty(rest)) return STR("the end");
    Str after = rest;
    int32_t point = str_utf8_next(&after);
    if (point < 0x20 || point == 0x7F)
        return str_fmt(scan->ctx->arena, "byte 0x%02X", (unsigned)point);
    return str_fmt(scan->ctx->arena, "'%.*s'", (int)(rest.len - after.len), rest.ptr);
}
