/* expr: the little language inside {{ }}. */
#include "compile.h"

#include <stdarg.h>
#include <stdio.h>

enum { EXPR_DEPTH = 16 };

typedef struct Reader {
    Ctx *ctx;
    Place at;
    Str rest;
    int depth;
} Reader;

Rc place_fail(Ctx *ctx, Place at, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    Str path = str_fmt(ctx->arena, STR_FMT ":%d", STR_ARG(at.file), at.line);
    return ctx_fail(ctx, RC_INVALID, "template", path, "%s", text);
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool expr_is_name(Str s) {
    if (!s.len || !(is_letter(s.ptr[0]) || s.ptr[0] == '@')) return false;
    for (size_t i = 1; i < s.len; i++)
        if (!is_name_char(s.ptr[i])) return false;
    return s.len > 1 || s.ptr[0] != '@';
}

static void skip_space(Reader *r) {
    while (r->rest.len && (r->rest.ptr[0] == ' ' || r->rest.ptr[0] == '\n'))
        r->rest = str_sub(r->rest, 1, r->rest.len);
}

static char peek(Reader *r) {
    skip_space(r);
    return r->rest.len ? r->rest.ptr[0] : 0;
}

static Rc take_name(Reader *r, Str *out) {
    skip_space(r);
    size_t n = 0;
    while (n < r->rest.len && (is_name_char(r->rest.ptr[n]) || (n == 0 && r->rest.ptr[0] == '@')))
        n++;
    *out = str_sub(r->rest, 0, n);
    if (!expr_is_name(*out))
        return place_fail(r->ctx, r->at, "a name is expected before '" STR_FMT "'",
                          STR_ARG(r->rest));
    r->rest = str_sub(r->rest, n, r->rest.len);
    return RC_OK;
}

static Rc take_string(Reader *r, Json *out) {
    ptrdiff_t end = str_find_char(str_sub(r->rest, 1, r->rest.len), '"');
    if (end < 0) return place_fail(r->ctx, r->at, "a string has no closing quote");
    Str text = str_sub(r->rest, 1, 1 + (size_t)end);
    r->rest = str_sub(r->rest, text.len + 2, r->rest.len);
    *out = json_of_str(text);
    return RC_OK;
}

static Rc take_number(Reader *r, Json *out) {
    size_t n = 0;
    while (n < r->rest.len && (is_name_char(r->rest.ptr[n]) || r->rest.ptr[n] == '.'))
        n++;
    Str text = str_sub(r->rest, 0, n);
    int64_t integer = 0;
    double number = 0;
    if (str_to_i64(text, &integer))
        *out = json_of_int(integer);
    else if (str_to_f64(text, &number))
        *out = json_of_number(number);
    else
        return place_fail(r->ctx, r->at, "'" STR_FMT "' is no number", STR_ARG(text));
    r->rest = str_sub(r->rest, n, r->rest.len);
    return RC_OK;
}

static Rc take_path(Reader *r, Str head, Expr *out) {
    out->kind = EXPR_PATH;
    out->name = head;
    while (r->rest.len && r->rest.ptr[0] == '.') {
        Str member;
        r->rest = str_sub(r->rest, 1, r->rest.len);
        TRY(take_name(r, &member));
        if (r->rest.len && r->rest.ptr[0] == '?') {
            r->rest = str_sub(r->rest, 1, r->rest.len);
            member.len++;
        }
        vec_push(r->ctx->arena, &out->rest, member);
    }
    return RC_OK;
}

static Rc take_args(Reader *r, ExprArgs *args, bool only_named);

/* name followed by arguments is a call; on its own it is a path, save lang. */
static Rc take_call_or_path(Reader *r, Expr *out) {
    Str name;
    TRY(take_name(r, &name));
    bool alone = r->rest.len == 0 || r->rest.ptr[0] == '.' || r->rest.ptr[0] == ')';
    char next = alone ? ')' : peek(r);
    if (alone || next == ')' || next == 0) {
        if (!str_eq(name, STR("lang"))) return take_path(r, name, out);
    }
    out->kind = EXPR_CALL;
    out->name = name;
    return take_args(r, &out->args, false);
}

static Rc take_operand(Reader *r, const Expr **out) {
    Expr *expr = NEW(r->ctx->arena, Expr);
    expr->at = r->at;
    *out = expr;
    char c = peek(r);
    if (c == '(') {
        if (++r->depth > EXPR_DEPTH) return place_fail(r->ctx, r->at, "too many parentheses");
        r->rest = str_sub(r->rest, 1, r->rest.len);
        TRY(take_call_or_path(r, expr));
        if (peek(r) != ')') return place_fail(r->ctx, r->at, "')' is missing");
        r->rest = str_sub(r->rest, 1, r->rest.len);
        r->depth--;
        return RC_OK;
    }
    expr->kind = EXPR_CONST;
    if (c == '"') return take_string(r, &expr->constant);
    if ((c >= '0' && c <= '9') || c == '-') return take_number(r, &expr->constant);
    Str name;
    TRY(take_name(r, &name));
    if (str_eq(name, STR("true")) || str_eq(name, STR("false"))) {
        expr->constant = json_of_bool(str_eq(name, STR("true")));
        return RC_OK;
    }
    return take_path(r, name, expr);
}

static Rc take_args(Reader *r, ExprArgs *args, bool only_named) {
    for (char c = peek(r); c && c != ')'; c = peek(r)) {
        ExprArg arg = {0};
        Reader before = *r;
        Str name;
        if (is_letter(c) && take_name(r, &name) == RC_OK && r->rest.len && r->rest.ptr[0] == '=') {
            arg.name = name;
            r->rest = str_sub(r->rest, 1, r->rest.len);
        } else {
            if (only_named)
                return place_fail(r->ctx, r->at, "components take arguments by name: name=value");
            *r = before;
        }
        TRY(take_operand(r, &arg.value));
        vec_push(r->ctx->arena, args, arg);
    }
    return RC_OK;
}

Rc expr_read(Ctx *ctx, Place at, Str text, const Expr **out) {
    Reader r = {.ctx = ctx, .at = at, .rest = str_trim(text)};
    char c = peek(&r);
    if (c == '(' || c == '"' || c == '-' || (c >= '0' && c <= '9')) {
        TRY(take_operand(&r, out));
    } else {
        Expr *expr = NEW(ctx->arena, Expr);
        expr->at = at;
        *out = expr;
        TRY(take_call_or_path(&r, expr));
    }
    if (peek(&r)) return place_fail(ctx, at, "unexpected '" STR_FMT "'", STR_ARG(r.rest));
    return RC_OK;
}

Rc expr_read_part(Ctx *ctx, Place at, Str text, Str *name, ExprArgs *args) {
    Reader r = {.ctx = ctx, .at = at, .rest = str_trim(text)};
    TRY(take_name(&r, name));
    TRY(take_args(&r, args, true));
    if (peek(&r)) return place_fail(ctx, at, "unexpected '" STR_FMT "'", STR_ARG(r.rest));
    return RC_OK;
}
