/* words: languages and translations. */
#include "web_int.h"

#include <string.h>

static const struct {
    const char *name, *tag;
} LANGS[] = {[WEB_JA] = {"ja", "ja"}, [WEB_EN] = {"en", "en"}, [WEB_JA_EASY] = {"ja-easy", "ja"}};
enum { N_LANGS = sizeof LANGS / sizeof *LANGS, MESSAGE_MAX = 64 << 10 };

bool web_lang_parse(Str s, WebLang *out) {
    for (int lang = 0; lang < N_LANGS; lang++) {
        if (!str_eq(s, str_of(LANGS[lang].name))) continue;
        *out = (WebLang)lang;
        return true;
    }
    return false;
}

Str web_lang_tag(WebLang lang) {
    return str_of(LANGS[lang].tag);
}

/* "en;q=0.8" in thousandths; 0 on nonsense. */
static int64_t quality_of(Str item) {
    ptrdiff_t at = str_find(item, STR(";"));
    if (at < 0) return 1000;
    Str q = str_trim(str_sub(item, (size_t)at + 1, item.len));
    double value = 0;
    if (!str_starts(q, STR("q=")) || !str_to_f64(str_sub(q, 2, q.len), &value)) return 0;
    return value >= 0 && value <= 1 ? (int64_t)(value * 1000) : 0;
}

WebLang web_lang_accept(Str field) {
    WebLang best = WEB_JA;
    int64_t best_quality = 0;
    Str item;
    while (str_split(&field, ',', &item)) {
        item = str_trim(item);
        Str tag = str_sub(item, 0, 2);
        if (tag.len < 2 || (item.len > 2 && !strchr("-; ", item.ptr[2]))) continue;
        WebLang lang = str_eq_nocase(tag, STR("en")) ? WEB_EN : WEB_JA;
        if (lang == WEB_JA && !str_eq_nocase(tag, STR("ja"))) continue;
        if (quality_of(item) > best_quality) {
            best = lang;
            best_quality = quality_of(item);
        }
    }
    return best;
}

static Str text_str(WebText text) {
    return (Str){text.ptr, text.len};
}

static const Json *param_find(const WebParam *params, size_t n, Str name) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(params[i].name, name)) return params[i].value;
    return NULL;
}

/* Arguments that are whole numbers get their groups of three digits, so that counts read alike
 * everywhere. */
static Str param_text(WebOut *o, const Json *value) {
    if (value && value->kind == JSON_NUMBER)
        return web_plain(o, web_help_num(o, (const Json *const[]){value}, 1));
    return web_plain(o, value);
}

static Str fill(WebOut *o, Str text, const WebParam *params, size_t n) {
    if (n == 0) return text;
    Buf out = buf_new(o->ctx->arena, MESSAGE_MAX);
    while (text.len) {
        ptrdiff_t open = str_find_char(text, '{');
        ptrdiff_t close = open < 0 ? -1 : str_find_char(text, '}');
        if (close < open) break;
        if (open < 0) break;
        buf_add(&out, str_sub(text, 0, (size_t)open));
        Str name = str_sub(text, (size_t)open + 1, (size_t)close);
        buf_add(&out, param_text(o, param_find(params, n, name)));
        text = str_sub(text, (size_t)close + 1, text.len);
    }
    buf_add(&out, text);
    if (out.full) web_bug(o, "a translation grew too long", STR_NONE);
    return buf_str(&out);
}

static Str message_text(WebOut *o, const WebMessage *message, const WebParam *params, size_t n) {
    Str text = text_str(message->text[o->lang]);
    if (str_empty(text)) text = text_str(message->text[WEB_JA]);
    const Json *count = param_find(params, n, STR("n"));
    if (o->lang == WEB_EN && message->one.len && count && json_number(count) == 1)
        text = text_str(message->one);
    return fill(o, text, params, n);
}

static const WebMessage *message_find(Str key) {
    size_t low = 0, high = web_n_messages;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(key, text_str(web_messages[middle].key));
        if (order == 0) return &web_messages[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const Json *web_message_at(WebOut *o, size_t index, const WebParam *params, size_t n) {
    return web_string(o, message_text(o, &web_messages[index], params, n));
}

const Json *web_message_of(WebOut *o, Str prefix, const Json *rest, const WebParam *params,
                           size_t n) {
    Str key = str_fmt(o->ctx->arena, STR_FMT STR_FMT, STR_ARG(prefix), STR_ARG(web_plain(o, rest)));
    const WebMessage *message = message_find(key);
    if (message) return web_string(o, message_text(o, message, params, n));
    web_bug(o, "there is no translation", key);
    return web_string(o, key);
}

Str web_message(Ctx *ctx, WebLang lang, Str key, const WebParam *params, size_t n) {
    Buf nowhere = buf_new(ctx->arena, 0);
    WebOut o = {.ctx = ctx, .to = &nowhere, .lang = lang};
    const WebMessage *message = message_find(key);
    return message ? message_text(&o, message, params, n) : STR_NONE;
}
