/* render: writes values into HTML, escaped by where they stand. */
#include "web_int.h"

#include <string.h>

Rc web_render_traced(Ctx *ctx, Buf *to, WebView what, StrVec *missing) {
    WebOut o = {.ctx = ctx, .to = to, .page = what.page, .lang = what.lang, .missing = missing};
    web_templates[what.page].write(&o, what.view);
    if (o.rc != RC_OK) return o.rc;
    return buf_rc(to);
}

Rc web_render(Ctx *ctx, Buf *to, WebPage page, WebLang lang, const Json *view) {
    return web_render_traced(ctx, to, (WebView){page, lang, view}, NULL);
}

Str web_page_name(WebPage page) {
    return str_of(web_templates[page].name);
}

bool web_page_find(Str name, WebPage *out) {
    for (int page = 0; page < WEB_PAGES; page++) {
        if (!str_eq(name, str_of(web_templates[page].name))) continue;
        *out = (WebPage)page;
        return true;
    }
    return false;
}

void web_bug(WebOut *o, const char *what, Str detail) {
    if (o->rc != RC_OK) return;
    o->rc = ctx_fail(o->ctx, RC_FAILED, "template", web_page_name(o->page), "%s: " STR_FMT, what,
                     STR_ARG(detail));
}

/* ---- writers ---- */

void web_raw(WebOut *o, const char *html, size_t len) {
    buf_add_bytes(o->to, html, len);
}

static void write_escaped(Buf *to, Str s) {
    static const char *const entities[256] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        const char *entity = entities[(unsigned char)s.ptr[i]];
        if (!entity) continue;
        buf_add_bytes(to, s.ptr + from, i - from);
        buf_add(to, str_of(entity));
        from = i + 1;
    }
    if (s.len) buf_add_bytes(to, s.ptr + from, s.len - from);
}

void web_text(WebOut *o, const Json *value) {
    write_escaped(o->to, web_plain(o, value));
}

/* A browser drops control characters and blanks at the front before it looks at the scheme; an
   address that holds any is not one of ours. */
static bool url_safe(Str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] <= 0x20 || s.ptr[i] == 0x7F || s.ptr[i] == '\\') return false;
    if (str_starts(s, STR("//"))) return false;
    static const char *const starts[] = {"/", "#", "?", "https://", "http://", "mailto:", "tel:"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (str_starts(s, str_of(starts[i]))) return true;
    return false;
}

void web_url(WebOut *o, const Json *value) {
    Str url = web_plain(o, value);
    write_escaped(o->to, url_safe(url) ? url : STR("#"));
}

void web_url_part(WebOut *o, const Json *value) {
    static const char hex[] = "0123456789ABCDEF";
    Str s = web_plain(o, value);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("-._~", c));
        if (plain) {
            buf_add_char(o->to, (char)c);
        } else {
            buf_add_char(o->to, '%');
            buf_add_char(o->to, hex[c >> 4]);
            buf_add_char(o->to, hex[c & 15]);
        }
    }
}

void web_body(WebOut *o, const WebBody *body) {
    if (body) body->write(o, body);
}

/* ---- values ---- */

const Json *web_int(WebOut *o, int64_t value) {
    Json *json = NEW(o->ctx->arena, Json);
    *json = json_of_int(value);
    return json;
}

const Json *web_bool(WebOut *o, bool value) {
    (void)o;
    static const Json yes = {.kind = JSON_BOOL, .value.boolean = true};
    static const Json no = {.kind = JSON_BOOL};
    return value ? &yes : &no;
}

const Json *web_string(WebOut *o, Str value) {
    Json *json = NEW(o->ctx->arena, Json);
    *json = json_of_str(value);
    return json;
}

const Json *web_get(WebOut *o, const Json *object, Str name) {
    const Json *value = json_get(object, name);
    if (!value && o->missing && object && object->kind == JSON_OBJECT)
        vec_push(o->ctx->arena, o->missing,
                 str_fmt(o->ctx->arena, STR_FMT ": " STR_FMT, STR_ARG(web_page_name(o->page)),
                         STR_ARG(name)));
    return value;
}

const Json *web_may(WebOut *o, const Json *object, Str name) {
    (void)o;
    return json_get(object, name);
}

size_t web_count(WebOut *o, const Json *list) {
    (void)o;
    return list && (list->kind == JSON_ARRAY || list->kind == JSON_OBJECT) ? list->len : 0;
}

const Json *web_at(WebOut *o, const Json *list, size_t index) {
    if (list->kind == JSON_ARRAY) return json_at(list, index);
    const JsonMember *member = &list->value.members[index];
    JsonMember *pair = NEW_ARRAY(o->ctx->arena, JsonMember, 2);
    pair[0] = (JsonMember){STR("key"), json_of_str(member->name)};
    pair[1] = (JsonMember){STR("value"), member->value};
    Json *json = NEW(o->ctx->arena, Json);
    *json = json_of_members(pair, 2);
    return json;
}

bool web_true(WebOut *o, const Json *value) {
    (void)o;
    if (!value) return false;
    switch ((JsonKind)value->kind) {
    case JSON_NULL:
        return false;
    case JSON_BOOL:
        return value->value.boolean;
    case JSON_NUMBER:
        return json_number(value) != 0;
    case JSON_STRING:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return value->len > 0;
    }
    return false;
}

static const Json *by_language(WebOut *o, const Json *texts) {
    const Json *text = o->lang == WEB_JA_EASY ? json_get(texts, STR("easy")) : NULL;
    if (!text) text = json_get(texts, web_lang_tag(o->lang));
    if (!text) text = json_get(texts, STR("ja"));
    return text && text->kind == JSON_STRING ? text : NULL;
}

Str web_plain(WebOut *o, const Json *value) {
    if (value && value->kind == JSON_OBJECT && by_language(o, value)) value = by_language(o, value);
    if (!value) return STR_NONE;
    switch ((JsonKind)value->kind) {
    case JSON_NULL:
        return STR_NONE;
    case JSON_STRING:
        return json_str(value);
    case JSON_BOOL:
        return value->value.boolean ? STR("true") : STR("false");
    case JSON_NUMBER: {
        Buf text = buf_new(o->ctx->arena, 64);
        json_write(&text, value);
        return buf_str(&text);
    }
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    web_bug(o, "a list or object cannot be printed",
            STR("give a text, or an object of texts by language"));
    return STR_NONE;
}
