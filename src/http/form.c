#include "http_int.h"

#include <string.h>

enum { FORM_FIELDS_MAX = 1000, FORM_PARTS_MAX = 200, FORM_PART_HEAD_MAX = 4096, BOUNDARY_MAX = 70 };

static Rc bad(Ctx *ctx, const char *why) {
    return ctx_fail(ctx, RC_INVALID, "bad-form", STR_NONE, "The form could not be read: %s.", why);
}

static Rc too_many(Ctx *ctx) {
    return ctx_fail(ctx, RC_LIMIT, "form-too-large", STR_NONE,
                    "The form has more than %d fields or %d parts: send it in pieces.",
                    FORM_FIELDS_MAX, FORM_PARTS_MAX);
}

static bool is_text(Str s) {
    return str_utf8_valid(s) && str_find_char(s, '\0') < 0;
}

/* ---- parameters of a header: ; name=token ; name="quoted" ---- */

static bool token_end(char c) {
    return c == ';' || c == ' ' || c == '\t' || c == '"';
}

/* A quoted value up to its closing quote. Only \" is an escape: browsers send paths with lone
 * backslashes. */
static bool quoted(Arena *arena, Str *rest, Str *value) {
    char *to = arena_alloc(arena, rest->len, 1);
    size_t n = 0, i = 1;
    for (; i < rest->len && rest->ptr[i] != '"'; i++) {
        if (rest->ptr[i] == '\\' && i + 1 < rest->len && rest->ptr[i + 1] == '"') i++;
        to[n++] = rest->ptr[i];
    }
    if (i >= rest->len) return false;
    *rest = str_sub(*rest, i + 1, rest->len);
    *value = (Str){to, n};
    return true;
}

/* Takes "; name=value" off *rest: 1 taken, 0 nothing left, -1 malformed. */
static int next_parameter(Arena *arena, Str *rest, Str *name, Str *value) {
    *rest = str_trim(*rest);
    if (!rest->len) return 0;
    if (rest->ptr[0] != ';') return -1;
    *rest = str_trim(str_sub(*rest, 1, rest->len));
    ptrdiff_t sign = str_find_char(*rest, '=');
    if (sign <= 0) return -1;
    *name = str_sub(*rest, 0, (size_t)sign);
    *rest = str_sub(*rest, (size_t)sign + 1, rest->len);
    if (rest->len && rest->ptr[0] == '"') return quoted(arena, rest, value) ? 1 : -1;
    size_t end = 0;
    while (end < rest->len && !token_end(rest->ptr[end]))
        end++;
    *value = str_sub(*rest, 0, end);
    *rest = str_sub(*rest, end, rest->len);
    return end ? 1 : -1;
}

/* "text/plain; charset=x" gives "text/plain", and the parameters in *rest. */
static Str media_type(Str header, Str *rest) {
    ptrdiff_t end = str_find_char(header, ';');
    size_t len = end < 0 ? header.len : (size_t)end;
    *rest = str_sub(header, len, header.len);
    return str_trim(str_sub(header, 0, len));
}

/* ---- multipart/form-data (RFC 7578, RFC 2046 5.1.1) ---- */

static bool boundary_char(char c) {
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           (c && strchr("'()+_,-./:=? ", c));
}

static Rc boundary(Ctx *ctx, Str parameters, Str *out) {
    Str name, value;
    int taken;
    *out = STR_NONE;
    while ((taken = next_parameter(ctx->arena, &parameters, &name, &value)) > 0) {
        if (!str_eq_nocase(name, STR("boundary"))) continue;
        if (out->len) return bad(ctx, "the boundary is given twice");
        *out = value;
    }
    if (taken < 0 || !out->len || out->len > BOUNDARY_MAX || out->ptr[out->len - 1] == ' ')
        return bad(ctx, "the boundary is missing or malformed");
    for (size_t i = 0; i < out->len; i++)
        if (!boundary_char(out->ptr[i]))
            return bad(ctx, "the boundary holds a forbidden character");
    return RC_OK;
}

/* Browsers write a quote and line ends in names as %22, %0D and %0A, and nothing else (WHATWG HTML,
 * multipart). */
static Str unescape_name(Arena *arena, Str s) {
    char *to = arena_alloc(arena, s.len, 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        Str code = str_sub(s, i, i + 3);
        char plain = str_eq(code, STR("%22"))          ? '"'
                     : str_eq_nocase(code, STR("%0D")) ? '\r'
                     : str_eq_nocase(code, STR("%0A")) ? '\n'
                                                       : 0;
        to[n++] = plain ? plain : s.ptr[i];
        if (plain) i += 2;
    }
    return (Str){to, n};
}

static Rc disposition(Ctx *ctx, Str header, HttpField *field) {
    Str rest, name, value;
    if (!str_eq_nocase(media_type(header, &rest), STR("form-data")) || field->name.ptr)
        return bad(ctx, "a part must have one Content-Disposition, form-data");
    int taken;
    while ((taken = next_parameter(ctx->arena, &rest, &name, &value)) > 0) {
        bool file = str_eq_nocase(name, STR("filename"));
        if (!file && !str_eq_nocase(name, STR("name")))
            return bad(ctx, "Content-Disposition may have name and filename only");
        Str *to = file ? &field->file_name : &field->name;
        if (to->ptr) return bad(ctx, "a parameter of Content-Disposition is given twice");
        *to = unescape_name(ctx->arena, value);
        if (!is_text(*to)) return bad(ctx, "a name is not UTF-8");
    }
    return taken < 0 ? bad(ctx, "Content-Disposition is malformed") : RC_OK;
}

static bool identity_encoding(Str value) {
    return str_eq_nocase(value, STR("7bit")) || str_eq_nocase(value, STR("8bit")) ||
           str_eq_nocase(value, STR("binary"));
}

static Rc part_header(Ctx *ctx, Str line, HttpField *field) {
    ptrdiff_t colon = str_find_char(line, ':');
    if (colon <= 0 || line.ptr[0] == ' ' || line.ptr[0] == '\t')
        return bad(ctx, "a part's header line is malformed");
    Str name = str_sub(line, 0, (size_t)colon);
    Str value = str_trim(str_sub(line, (size_t)colon + 1, line.len));
    if (str_eq_nocase(name, STR("content-disposition"))) return disposition(ctx, value, field);
    if (str_eq_nocase(name, STR("content-type"))) field->type = value;
    if (str_eq_nocase(name, STR("content-transfer-encoding")) && !identity_encoding(value))
        return bad(ctx, "a part has a Content-Transfer-Encoding");
    return RC_OK; /* other headers are ignored: RFC 7578, 4.8 */
}

/* Reads the part's head off *rest. */
static Rc part_head(Ctx *ctx, Str *rest, HttpField *field) {
    Str head = str_sub(*rest, 0, FORM_PART_HEAD_MAX);
    for (;;) {
        ptrdiff_t end = str_find(head, STR("\r\n"));
        if (end < 0) return bad(ctx, "a part's head has no end or is too long");
        Str line = str_sub(head, 0, (size_t)end);
        head = str_sub(head, (size_t)end + 2, head.len);
        if (!line.len) break;
        TRY(part_header(ctx, line, field));
    }
    *rest = str_sub(*rest, (size_t)(head.ptr - rest->ptr), rest->len);
    if (!field->name.len) return bad(ctx, "a part has no name");
    return RC_OK;
}

static Rc part_body(Ctx *ctx, Str *rest, Str delimiter, HttpField *field) {
    const char *end = memmem(rest->ptr, rest->len, delimiter.ptr, delimiter.len);
    if (!end) return bad(ctx, "the closing boundary is missing");
    field->value = str_sub(*rest, 0, (size_t)(end - rest->ptr));
    *rest = str_sub(*rest, field->value.len + delimiter.len, rest->len);
    if (!field->file_name.ptr && !is_text(field->value)) return bad(ctx, "a text is not UTF-8");
    return RC_OK;
}

static Rc multipart(Ctx *ctx, Str parameters, Str body, HttpForm *form) {
    Str mark;
    TRY(boundary(ctx, parameters, &mark));
    Str delimiter = str_fmt(ctx->arena, "\r\n--" STR_FMT, STR_ARG(mark));
    Str first = str_sub(delimiter, 2, delimiter.len);
    if (!str_starts(body, first)) return bad(ctx, "it does not begin with the boundary");
    body = str_sub(body, first.len, body.len);
    while (!str_starts(body, STR("--"))) {
        if (!str_starts(body, STR("\r\n")))
            return bad(ctx, "a boundary is followed by something else");
        if (form->len == FORM_PARTS_MAX) return too_many(ctx);
        body = str_sub(body, 2, body.len);
        HttpField field = {0};
        TRY(part_head(ctx, &body, &field));
        TRY(part_body(ctx, &body, delimiter, &field));
        vec_push(ctx->arena, form, field);
    }
    if (body.len != 2 && !str_eq(body, STR("--\r\n")))
        return bad(ctx, "something follows the closing boundary");
    return RC_OK;
}

/* ---- application/x-www-form-urlencoded (WHATWG URL, 5.1) ---- */

static Rc urlencoded(Ctx *ctx, Str body, HttpForm *form) {
    size_t separators = 0;
    for (size_t i = 0; i < body.len; i++)
        separators += body.ptr[i] == '&';
    if (separators >= FORM_FIELDS_MAX) return too_many(ctx);
    UrlPairs pairs = {0};
    url_pairs(ctx->arena, body, &pairs);
    VEC_EACH (HeadField, pair, &pairs) {
        if (!is_text(pair->name) || !is_text(pair->value)) return bad(ctx, "a text is not UTF-8");
        vec_push(ctx->arena, form, (HttpField){.name = pair->name, .value = pair->value});
    }
    return RC_OK;
}

Rc form_parse(Ctx *ctx, Str type, Str body, HttpForm *form) {
    Str parameters, media = media_type(type, &parameters);
    *form = (HttpForm){0};
    if (str_eq_nocase(media, STR("application/x-www-form-urlencoded")))
        return urlencoded(ctx, body, form);
    if (str_eq_nocase(media, STR("multipart/form-data")))
        return multipart(ctx, parameters, body, form);
    return bad(ctx, "its Content-Type is neither form-urlencoded nor multipart/form-data");
}

Rc http_form(HttpExchange *x, const HttpForm **out) {
    *out = NULL;
    if (!x->form) {
        HttpForm *form = NEW(x->ctx.arena, HttpForm);
        TRY(form_parse(&x->ctx, http_header(x, "Content-Type"), http_body(x), form));
        x->form = form;
    }
    *out = x->form;
    return RC_OK;
}

Str http_form_value(const HttpForm *form, const char *name) {
    Str wanted = str_of(name);
    VEC_EACH (HttpField, field, form)
        if (str_eq(field->name, wanted)) return field->value;
    return STR_NONE;
}
