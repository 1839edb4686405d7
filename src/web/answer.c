/* answer: pages and files over HTTP. */
#include "web_int.h"

enum { PAGE_MAX = 4 << 20 };

#define CSP                                                                                        \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "worker-src 'self'; connect-src 'self'; font-src 'self'; base-uri 'none'; "                    \
    "frame-ancestors 'none'; form-action 'self'"

const char WEB_CSP[] = CSP;

/* A form of ours may lead on to the place that the view names as `form_to`: browsers hold what it
 * redirects to against form-action as well. */
static Str csp_of(Arena *arena, const Json *view) {
    Str origin = json_get_str(view, "form_to");
    return str_empty(origin) ? STR(CSP) : str_fmt(arena, CSP " " STR_FMT, STR_ARG(origin));
}

WebLang web_lang_of(const HttpExchange *x) {
    WebLang lang;
    Str asked;
    if (http_query(x, "lang", &asked) && web_lang_parse(asked, &lang)) return lang;
    if (web_lang_parse(http_cookie(x, "lang"), &lang)) return lang;
    return web_lang_accept(http_header(x, "Accept-Language"));
}

void web_answer(HttpExchange *x, int status, WebPage page, const Json *view) {
    static const char *const headers[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(), microphone=(), geolocation=(self)"},
        {"Cache-Control", "no-store"},
        {"Vary", "Cookie, Accept-Language"},
    };
    Ctx *ctx = http_ctx(x);
    WebLang lang = web_lang_of(x);
    Buf body = buf_new(ctx->arena, PAGE_MAX);
    if (web_render(ctx, &body, page, lang, view) != RC_OK) {
        log_error("web", "page " STR_FMT ": " STR_FMT, STR_ARG(web_page_name(page)),
                  STR_ARG(ctx->error.detail));
        http_problem(x, (HttpProblem){
                            .status = 500,
                            .title = STR("The page cannot be shown"),
                            .detail = STR("The fault has been logged. Please try again later."),
                        });
        return;
    }
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        http_set_header(x, headers[i][0], str_of(headers[i][1]));
    http_set_header(x, "Content-Security-Policy", csp_of(ctx->arena, view));
    http_set_header(x, "Content-Language", web_lang_tag(lang));
    http_answer(x, status, STR("text/html; charset=utf-8"), buf_str(&body));
}

/* True when "gzip" is in the list and not refused by q=0 (RFC 9110, 12.5.3). */
static bool accepts_gzip(Str field) {
    Str item;
    while (str_split(&field, ',', &item)) {
        item = str_trim(item);
        if (!str_eq_nocase(str_sub(item, 0, 4), STR("gzip"))) continue;
        return str_find(item, STR("q=0")) < 0 || str_find(item, STR("q=0.")) >= 0;
    }
    return false;
}

void web_asset_handle(HttpExchange *x) {
    const WebAsset *asset = web_asset(http_path(x));
    if (!asset) {
        http_problem(
            x, (HttpProblem){
                   .status = 404,
                   .title = STR("No such file"),
                   .detail = STR("Its address changes with its content: load the page again."),
               });
        return;
    }
    Ctx *ctx = http_ctx(x);
    Str etag = str_fmt(ctx->arena, "\"" STR_FMT "\"", STR_ARG(asset->path));
    bool zipped = asset->gzip.len && accepts_gzip(http_header(x, "Accept-Encoding"));
    http_set_header(x, "ETag", etag);
    http_set_header(x, "Cache-Control", STR("public, max-age=31536000, immutable"));
    http_set_header(x, "Vary", STR("Accept-Encoding"));
    http_set_header(x, "X-Content-Type-Options", STR("nosniff"));
    if (str_find(http_header(x, "If-None-Match"), etag) >= 0) {
        http_answer_empty(x, 304);
        return;
    }
    if (zipped) http_set_header(x, "Content-Encoding", STR("gzip"));
    http_answer(x, 200, asset->type, zipped ? asset->gzip : asset->bytes);
}
