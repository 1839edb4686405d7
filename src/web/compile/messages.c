/* messages: the translations, their agreement with one another and with their use. */
#include "compile.h"

#include <stdlib.h>

static const char *const FILES[] = {"ja.json", "en.json", "ja-easy.json"};
enum { JA, EN, EASY };

static Rc read_file(Ctx *ctx, Str dir, int lang, const Json **out) {
    Str path = str_fmt(ctx->arena, STR_FMT "/%s", STR_ARG(dir), FILES[lang]), text;
    TRY(compile_slurp(ctx, path, &text));
    Rc rc = json_read(ctx, text, JSON_LIMITS_DEFAULT, out);
    if (rc != RC_OK) {
        Str why = ctx->error.detail;
        return place_fail(ctx, (Place){path, 1}, STR_FMT, STR_ARG(why));
    }
    if ((*out)->kind != JSON_OBJECT)
        return place_fail(ctx, (Place){path, 1}, "an object of key and text is expected");
    return RC_OK;
}

static Place place_of(Ctx *ctx, int lang) {
    return (Place){str_fmt(ctx->arena, "web/i18n/%s", FILES[lang]), 1};
}

static bool has_param(const StrVec *params, Str name) {
    VEC_EACH (const Str, param, params)
        if (str_eq(*param, name)) return true;
    return false;
}

/* The names in braces, each once. */
static StrVec params_of(Ctx *ctx, Str text) {
    StrVec params = {0};
    for (;;) {
        ptrdiff_t open = str_find_char(text, '{');
        if (open < 0) return params;
        text = str_sub(text, (size_t)open + 1, text.len);
        ptrdiff_t close = str_find_char(text, '}');
        if (close < 0) return params;
        Str name = str_sub(text, 0, (size_t)close);
        if (!has_param(&params, name)) vec_push(ctx->arena, &params, name);
    }
}

static Rc params_agree(Ctx *ctx, const Message *message, int lang, Str text) {
    StrVec params = params_of(ctx, text);
    bool one = text.ptr == message->one.ptr;
    VEC_EACH (const Str, name, &params)
        if (!has_param(&message->params, *name))
            return place_fail(ctx, place_of(ctx, lang), "'" STR_FMT "': {" STR_FMT "} is not in ja",
                              STR_ARG(message->key), STR_ARG(*name));
    if (!one && params.len != message->params.len)
        return place_fail(ctx, place_of(ctx, lang), "'" STR_FMT "' lacks a parameter that ja has",
                          STR_ARG(message->key));
    return RC_OK;
}

static int by_key(const void *a, const void *b) {
    return str_cmp(((const Message *)a)->key, ((const Message *)b)->key);
}

static Rc add_ja(Ctx *ctx, const Json *ja, Messages *out) {
    for (size_t i = 0; i < ja->len; i++) {
        const JsonMember *member = &ja->value.members[i];
        Message message = {.key = member->name, .text[JA] = json_str(&member->value)};
        if (str_empty(message.text[JA]))
            return place_fail(ctx, place_of(ctx, JA), "'" STR_FMT "' has no text",
                              STR_ARG(member->name));
        message.params = params_of(ctx, message.text[JA]);
        vec_push(ctx->arena, &out->sorted, message);
    }
    if (out->sorted.len)
        qsort(out->sorted.items, out->sorted.len, sizeof *out->sorted.items, by_key);
    VEC_EACH (Message, message, &out->sorted)
        map_put(&out->by_key, message->key, message);
    return RC_OK;
}

/* "x_one" of English is the singular of "x". */
static Rc add_other(Ctx *ctx, const Json *texts, int lang, Messages *out) {
    for (size_t i = 0; i < texts->len; i++) {
        Str key = texts->value.members[i].name, text = json_str(&texts->value.members[i].value);
        bool one = lang == EN && str_ends(key, STR("_one"));
        Message *message = map_get(&out->by_key, one ? str_sub(key, 0, key.len - 4) : key);
        if (!message)
            return place_fail(ctx, place_of(ctx, lang), "'" STR_FMT "' is not in ja", STR_ARG(key));
        if (str_empty(text))
            return place_fail(ctx, place_of(ctx, lang), "'" STR_FMT "' has no text", STR_ARG(key));
        *(one ? &message->one : &message->text[lang]) = text;
        TRY(params_agree(ctx, message, lang, text));
    }
    return RC_OK;
}

Rc messages_read(Ctx *ctx, Str dir, Messages *out) {
    const Json *texts = NULL;
    out->by_key = map_new(ctx->arena);
    TRY(read_file(ctx, dir, JA, &texts));
    TRY(add_ja(ctx, texts, out));
    for (int lang = EN; lang <= EASY; lang++) {
        TRY(read_file(ctx, dir, lang, &texts));
        TRY(add_other(ctx, texts, lang, out));
    }
    VEC_EACH (const Message, message, &out->sorted)
        if (str_empty(message->text[EN]))
            return place_fail(ctx, place_of(ctx, EN), "'" STR_FMT "' is missing",
                              STR_ARG(message->key));
    return RC_OK;
}

/* Named arguments against the names in braces, both ways. */
static Rc check_args(Ctx *ctx, const Expr *call, const Message *message) {
    size_t named = 0;
    VEC_EACH (const ExprArg, arg, &call->args) {
        if (str_empty(arg->name)) continue;
        named++;
        if (!has_param(&message->params, arg->name))
            return place_fail(ctx, call->at, "'" STR_FMT "' has no {" STR_FMT "}",
                              STR_ARG(message->key), STR_ARG(arg->name));
    }
    if (named < message->params.len)
        return place_fail(ctx, call->at, "'" STR_FMT "' takes %zu parameters, not %zu",
                          STR_ARG(message->key), message->params.len, named);
    return RC_OK;
}

static Rc check_literal(Ctx *ctx, const Expr *call, size_t positional) {
    size_t n = 0;
    VEC_EACH (const ExprArg, arg, &call->args)
        n += str_empty(arg->name);
    if (n != positional || call->args.items[0].value->kind != EXPR_CONST ||
        call->args.items[0].value->constant.kind != JSON_STRING)
        return place_fail(ctx, call->at,
                          "write {{t \"key\" name=value}} or {{tkey \"prefix.\" value}}");
    return RC_OK;
}

Rc messages_use(Ctx *ctx, Messages *messages, const Expr *call, size_t *index) {
    TRY(check_literal(ctx, call, 1));
    Str key = json_str(&call->args.items[0].value->constant);
    for (size_t i = 0; i < messages->sorted.len; i++) {
        Message *message = &messages->sorted.items[i];
        if (!str_eq(message->key, key)) continue;
        message->used = true;
        *index = i;
        return check_args(ctx, call, message);
    }
    return place_fail(ctx, call->at, "there is no translation '" STR_FMT "' in web/i18n",
                      STR_ARG(key));
}

Rc messages_use_prefix(Ctx *ctx, Messages *messages, const Expr *call) {
    TRY(check_literal(ctx, call, 2));
    Str prefix = json_str(&call->args.items[0].value->constant);
    bool any = false;
    VEC_EACH (Message, message, &messages->sorted) {
        if (!str_starts(message->key, prefix)) continue;
        any = message->used = true;
        TRY(check_args(ctx, call, message));
    }
    if (!any)
        return place_fail(ctx, call->at, "no translation in web/i18n begins with '" STR_FMT "'",
                          STR_ARG(prefix));
    return RC_OK;
}

Rc messages_all_used(Ctx *ctx, const Messages *messages) {
    VEC_EACH (const Message, message, &messages->sorted)
        if (!message->used)
            return place_fail(ctx, place_of(ctx, JA), "no template uses '" STR_FMT "'",
                              STR_ARG(message->key));
    return RC_OK;
}

static void write_text(Buf *to, Str before, Str text) {
    buf_add(to, before);
    buf_add_char(to, '{');
    emit_literal(to, text);
    buf_addf(to, ", %zu}", text.len);
}

void messages_write(const Messages *messages, Buf *to) {
    buf_add(to, STR("const WebMessage web_messages[] = {\n"));
    VEC_EACH (const Message, message, &messages->sorted) {
        write_text(to, STR("    {"), message->key);
        write_text(to, STR(", {"), message->text[JA]);
        write_text(to, STR(", "), message->text[EN]);
        write_text(to, STR(", "), message->text[EASY]);
        write_text(to, STR("}, "), message->one);
        buf_add(to, STR("},\n"));
    }
    buf_addf(to, "};\nconst size_t web_n_messages = %zu;\n\n", messages->sorted.len);
}
