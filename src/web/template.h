/* template: the pages as compiled templates, their words, and the files they need, all inside the
   binary. Knows no procedure: it binds a page to a view, a Json tree whose form is shown by
   web/examples/PAGE.json. */
#ifndef WEB_TEMPLATE_H
#define WEB_TEMPLATE_H

#include "base/base.h"
#include "json/json.h"
#include "http/http.h"
#include "web_pages.h" /* made by the build: WEB_PAGE_HOME ... one per file of web/templates */

typedef enum WebLang {
    WEB_JA,
    WEB_EN,
    WEB_JA_EASY
} WebLang; /* easy: やさしい日本語, ja where it has no text */

/* Appends the page. A value that is an object of texts by language ({"ja": .., "en": ..}) is
   printed in the page's language. RC_FAILED when a template prints an object or list, or names a
   translation that does not exist (both are bugs of the view); RC_LIMIT when `to` is full. Any
   thread. */
Rc web_render(Ctx *ctx, Buf *to, WebPage page, WebLang lang, const Json *view);
/* The same, and collects into *missing (in ctx->arena) each "page: member" that the template asks
   of an object which has no such member. An optional member is given as null. For tests. */
typedef struct WebView {
    WebPage page;
    WebLang lang;
    const Json *view;
} WebView;
Rc web_render_traced(Ctx *ctx, Buf *to, WebView what, StrVec *missing);
/* "bulky-items" and back; false when there is no such page. */
Str web_page_name(WebPage page);
bool web_page_find(Str name, WebPage *out);

/* A translation with each {name} replaced, for mails and messages outside a page; STR_NONE when
 * there is no such key. */
typedef struct WebParam {
    Str name;
    const Json *value;
} WebParam;
Str web_message(Ctx *ctx, WebLang lang, Str key, const WebParam *params, size_t n);

/* "ja", "en" or "ja-easy"; false on anything else. */
bool web_lang_parse(Str s, WebLang *out);
/* The BCP 47 tag of the lang attribute: "ja" or "en". */
Str web_lang_tag(WebLang lang);
/* The best of an Accept-Language field (RFC 9110, 12.5.4); Japanese when nothing fits. */
WebLang web_lang_accept(Str field);

/* A file of the bundle. The hash in its address changes with its content: it may be cached for
 * ever. */
typedef struct WebAsset {
    Str name;        /* "css/app.css" */
    Str path;        /* "/assets/5f0c2a91/css/app.css" */
    Str type;        /* content type */
    Str bytes, gzip; /* gzip: RFC 1952, empty where it saves nothing */
} WebAsset;
/* By path or by name; NULL when there is none. */
const WebAsset *web_asset(Str path);
const WebAsset *web_asset_named(Str name);
/* The nth, for listings and tests; NULL past the end. */
const WebAsset *web_asset_at(size_t index);

/* ---- over HTTP ---- */

/* Content-Security-Policy and the other headers of every page. */
extern const char WEB_CSP[];
/* The language of the page: ?lang=, else the cookie "lang", else Accept-Language. */
WebLang web_lang_of(const HttpExchange *x);
/* Renders and answers, with the headers of a page; personal pages are never stored by a cache. A
   failed rendering is logged and answered with 500. */
void web_answer(HttpExchange *x, int status, WebPage page, const Json *view);
/* Handler of GET and HEAD /assets/{path...}: gzip where it is accepted, 304 on If-None-Match. */
void web_asset_handle(HttpExchange *x);

#endif
