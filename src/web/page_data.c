/* page_data: the open-data portal: catalogue, datasets, their files under permanent addresses,
 * DCAT. */
#include "pages_int.h"

#include "open/open.h"

#include <string.h>

#define T(literal)                                                                                 \
    { literal, sizeof(literal) - 1 }

enum { CATALOGUE_MAX = 8 << 20, MONTH = 7 /* bytes of "2026-10" */, CARD_COLUMNS = 6 };

/* ---- addresses ---- */

/* Addresses in the catalogue are whole ones: those under which the reader came. */
static Str base_of(HttpExchange *x) {
    Str host = http_header(x, "Host");
    return str_fmt(http_ctx(x)->arena, "%s://" STR_FMT, pages_options(x)->secure ? "https" : "http",
                   STR_ARG(host));
}

/* "aed.csv" is "aed" and "csv"; without a known ending the format is empty. */
static Str name_split(Str name, Str *format) {
    *format = STR_NONE;
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '.') {
            *format = str_sub(name, i, name.len);
            return str_sub(name, 0, i - 1);
        }
    return name;
}

/* ---- files ---- */

/* RFC 9110, 5.6.7: "Sat, 21 Nov 2026 09:30:00 GMT". */
static Str http_date(Arena *arena, int64_t t) {
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    Date date = time_days_date(t / TIME_DAY);
    int64_t second = t % TIME_DAY / TIME_SECOND;
    return str_fmt(arena, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * time_weekday(date),
                   date.day, months + 3 * (date.month - 1), date.year, (int)(second / 3600),
                   (int)(second / 60 % 60), (int)(second % 60));
}

/* Answers 304 when the client has these bytes. A date is asked only where there is no tag (RFC
 * 9110, 13.2.2). */
static bool unchanged(HttpExchange *x, Str etag, Str modified) {
    Str tags = http_header(x, "If-None-Match"), since = http_header(x, "If-Modified-Since");
    bool same = tags.len ? str_find(tags, etag) >= 0 || str_eq(tags, STR("*"))
                         : !str_empty(since) && str_eq(since, modified);
    if (same) http_answer_empty(x, 304);
    return same;
}

static void bytes_answer(HttpExchange *x, const OpenFile *file, bool bom) {
    Ctx *ctx = http_ctx(x);
    Str bytes;
    if (open_bytes(ctx, file, &bytes) != RC_OK) {
        page_fail(x);
        return;
    }
    if (bom) bytes = str_fmt(ctx->arena, "\xef\xbb\xbf" STR_FMT, STR_ARG(bytes));
    http_answer(x, 200, open_content_type(file->format), bytes);
}

static void file_answer(HttpExchange *x, const OpenVersion *version, Str dataset, Str format) {
    Ctx *ctx = http_ctx(x);
    const OpenFile *file = open_file(version, format);
    if (!file) {
        (void)ctx_fail(ctx, RC_NOT_FOUND, "no-format", format,
                       "This dataset has no file of this format.");
        page_fail(x);
        return;
    }
    bool bom = str_eq(format, STR("csv")) && str_eq(http_query_or(x, "bom", STR("")), STR("1"));
    Str etag = str_fmt(ctx->arena, "\"" STR_FMT "%s\"", STR_ARG(str_head(file->digest, 32)),
                       bom ? "-bom" : "");
    Str modified = http_date(ctx->arena, version->modified);
    http_set_header(x, "ETag", etag);
    http_set_header(x, "Last-Modified", modified);
    http_set_header(x, "Cache-Control", STR("public, no-cache"));
    http_set_header(x, "Access-Control-Allow-Origin", STR("*"));
    if (unchanged(x, etag, modified)) return;
    http_set_header(x, "Content-Disposition",
                    str_fmt(ctx->arena, "inline; filename=\"" STR_FMT "-" STR_FMT "." STR_FMT "\"",
                            STR_ARG(dataset), STR_ARG(version->stamp), STR_ARG(format)));
    bytes_answer(x, file, bom);
}

/* ---- DCAT ---- */

static void dcat_answer(HttpExchange *x, bool turtle, Str only) {
    Ctx *ctx = http_ctx(x);
    Buf text = buf_new(ctx->arena, CATALOGUE_MAX);
    OpenCatalogue what = {
        .base = base_of(x), .publisher = json_get(page_organisation(x), STR("name")), .only = only};
    Rc rc = turtle ? open_catalogue_turtle(ctx, &what, &text)
                   : open_catalogue_jsonld(ctx, &what, &text);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    Digest digest = hash_sha256(buf_str(&text));
    Str etag = str_fmt(ctx->arena, "\"" STR_FMT "\"",
                       STR_ARG(hash_hex(ctx->arena, (Str){(const char *)digest.bytes, 16})));
    http_set_header(x, "ETag", etag);
    http_set_header(x, "Cache-Control", STR("public, no-cache"));
    http_set_header(x, "Access-Control-Allow-Origin", STR("*"));
    if (unchanged(x, etag, STR_NONE)) return;
    http_answer(x, 200, turtle ? STR("text/turtle; charset=utf-8") : STR("application/ld+json"),
                buf_str(&text));
}

static void turtle_get(HttpExchange *x) {
    dcat_answer(x, true, STR_NONE);
}

static void jsonld_get(HttpExchange *x) {
    dcat_answer(x, false, STR_NONE);
}

/* ---- catalogue ---- */

static Json formats_value(Arena *arena, const OpenVersion *version) {
    static const struct {
        Str format, shown;
    } names[] = {{T("csv"), T("CSV")}, {T("json"), T("JSON")}, {T("geojson"), T("GeoJSON")}};
    JsonItems items = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (open_file(version, names[i].format))
            vec_push(arena, &items, json_of_str(names[i].shown));
    vec_push(arena, &items, json_of_str(STR("DCAT")));
    return json_of_items(items.items, items.len);
}

static Json day_value(Arena *arena, int64_t t) {
    return json_of_str(time_format_date(arena, time_jst_date(t)));
}

static Json set_value(Arena *arena, const OpenDataset *set) {
    View one = view_new(arena);
    view_str(&one, "id", set->id);
    view_json(&one, "title", set->title);
    view_json(&one, "description", set->description);
    view_set(&one, "formats", formats_value(arena, &set->latest));
    view_set(&one, "updated", day_value(arena, set->latest.modified));
    view_int(&one, "records", set->latest.rows);
    return view_value(&one);
}

static bool text_has(Arena *arena, const Json *both, Str folded) {
    return both && (str_find(text_fold(arena, json_get_str(both, "ja")), folded) >= 0 ||
                    str_find(text_fold(arena, json_get_str(both, "en")), folded) >= 0);
}

static bool set_fits(Arena *arena, const OpenDataset *set, Str folded, Str theme) {
    if (!str_eq(theme, STR("all")) && !str_eq(theme, set->theme)) return false;
    return str_empty(folded) || text_has(arena, set->title, folded) ||
           text_has(arena, set->description, folded) || str_find(set->id, folded) >= 0;
}

/* A theme with how many datasets it has. */
typedef struct Theme {
    Str id;
    Json label;
    int64_t n;
} Theme;
typedef VEC(Theme) Themes;

static void theme_count(Arena *arena, Themes *themes, const OpenDataset *set) {
    themes->items[0].n++;
    for (size_t i = 1; i < themes->len; i++)
        if (str_eq(themes->items[i].id, set->theme)) {
            themes->items[i].n++;
            return;
        }
    vec_push(
        arena, themes,
        (Theme){set->theme, set->theme_label ? *set->theme_label : json_of_str(set->theme), 1});
}

static Json themes_value(Arena *arena, const Themes *themes) {
    JsonItems items = {0};
    VEC_EACH (const Theme, theme, themes) {
        View one = view_new(arena);
        view_str(&one, "id", theme->id);
        view_set(&one, "label", theme->label);
        view_int(&one, "n", theme->n);
        vec_push(arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

static Json feeds_value(Arena *arena) {
    static const struct {
        Str label, url;
    } feeds[] = {
        {T("DCAT-AP 3 (Turtle)"), T("/catalog.ttl")},
        {T("DCAT-AP 3 (JSON-LD)"), T("/catalog.jsonld")},
        {T("NGSI-LD"), T("/ngsi-ld/v1/types")},
    };
    JsonItems items = {0};
    for (size_t i = 0; i < sizeof feeds / sizeof *feeds; i++) {
        View one = view_new(arena);
        view_str(&one, "label", feeds[i].label);
        view_str(&one, "url", feeds[i].url);
        vec_push(arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

static void catalogue_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str query = str_trim(http_query_or(x, "q", STR_NONE)),
        theme = http_query_or(x, "theme", STR("all"));
    Str folded = text_fold(ctx->arena, str_head(query, 200));
    View view = page_view(x);
    JsonItems sets = {0};
    Themes themes = {0};
    vec_push(ctx->arena, &themes,
             (Theme){STR("all"), view_text(ctx->arena, STR("すべて"), STR("All")), 0});
    for (size_t i = 0; i < open_count(ctx->tenant); i++) {
        OpenDataset set;
        if (open_at(ctx, i, &set) != RC_OK) {
            page_fail(x);
            return;
        }
        if (!set.published) continue;
        theme_count(ctx->arena, &themes, &set);
        if (set_fits(ctx->arena, &set, folded, theme))
            vec_push(ctx->arena, &sets, set_value(ctx->arena, &set));
    }
    page_crumb(&view, STR("オープンデータ"), STR("Open data"), STR_NONE);
    view_str(&view, "query", query);
    view_str(&view, "at", theme);
    view_set(&view, "themes", themes_value(ctx->arena, &themes));
    view_int(&view, "total", (int64_t)sets.len);
    view_items(&view, "datasets", &sets);
    view_null(&view, "earlier");
    view_null(&view, "later");
    view_set(&view, "feeds", feeds_value(ctx->arena));
    page_show(x, 200, WEB_PAGE_CATALOGUE, &view);
}

/* ---- one dataset ---- */

static View distribution_of(Arena *arena, const char *format, Json note, Str url) {
    View one = view_new(arena);
    view_str(&one, "format", str_of(format));
    view_set(&one, "note", note);
    view_str(&one, "url", url);
    view_null(&one, "bytes");
    return one;
}

static Json distributions_value(Arena *arena, const OpenDataset *set) {
    static const struct {
        Str format;
        const char *shown, *suffix;
        Str ja, en;
    } rows[] = {
        {T("csv"), "CSV", ".csv?bom=1", T("表計算ソフトで開けます"), T("Opens in spreadsheets")},
        {T("csv"), "CSV (UTF-8)", ".csv", T("BOMなし、プログラム用"),
         T("Without BOM, for programs")},
        {T("json"), "JSON", ".json", T("プログラム用"), T("For programs")},
        {T("geojson"), "GeoJSON", ".geojson", T("地図ソフト用"), T("For maps")},
    };
    JsonItems items = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const OpenFile *file = open_file(&set->latest, rows[i].format);
        if (!file) continue;
        View one = distribution_of(
            arena, rows[i].shown, view_text(arena, rows[i].ja, rows[i].en),
            str_fmt(arena, "/data/" STR_FMT "%s", STR_ARG(set->id), rows[i].suffix));
        view_int(&one, "bytes", file->bytes);
        vec_push(arena, &items, view_value(&one));
    }
    View dcat =
        distribution_of(arena, "DCAT", view_text(arena, STR("目録の情報"), STR("Catalogue entry")),
                        str_fmt(arena, "/data/" STR_FMT ".jsonld", STR_ARG(set->id)));
    vec_push(arena, &items, view_value(&dcat));
    return json_of_items(items.items, items.len);
}

static Json versions_value(Arena *arena, const OpenDataset *set, const OpenVersions *versions) {
    JsonItems items = {0};
    VEC_EACH (const OpenVersion, version, versions) {
        if (str_eq(version->stamp, set->latest.stamp)) continue;
        View one = view_new(arena);
        view_set(&one, "at", json_of_str(time_format(arena, version->issued)));
        view_str(&one, "url",
                 str_fmt(arena, "/data/" STR_FMT "/" STR_FMT ".csv", STR_ARG(set->id),
                         STR_ARG(version->stamp)));
        vec_push(arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

/* What was done to the data, told where it stands. */
static void privacy_set(View *view, const OpenDataset *set) {
    view_null(view, "suppressed");
    view_null(view, "optouts");
    if (set->k == 0) return;
    View one = view_new(view->arena);
    view_int(&one, "k", set->k);
    if (set->optout) {
        view_set(view, "optouts", view_value(&one));
    } else if (set->latest.suppressed > 0) {
        view_int(&one, "cells", set->latest.suppressed);
        view_set(view, "suppressed", view_value(&one));
    }
}

static Json licence_value(Arena *arena, const OpenDataset *set) {
    bool pdl = str_eq(set->licence, STR("PDL-1.0"));
    View one = view_new(arena);
    if (pdl)
        view_set(
            &one, "label",
            view_text(arena, STR("公共データ利用規約（第1.0版）"), STR("Public Data License 1.0")));
    else
        view_str(&one, "label", set->licence);
    view_str(&one, "url", set->licence_url);
    return view_value(&one);
}

static bool is_steward(const Ctx *ctx) {
    return ctx->actor && ctx->actor->kind == ACTOR_STAFF && ctx->actor->roles & 1u << ROLE_STEWARD;
}

static Json fields_value(Arena *arena, const OpenDataset *set) {
    JsonItems items = {0};
    for (size_t i = 0; i < set->columns->len; i++) {
        const Json *column = json_at(set->columns, i);
        View one = view_new(arena);
        view_str(&one, "name", json_get_str(column, "name"));
        view_json(&one, "label", json_get(column, STR("label")));
        view_str(&one, "type", json_get_str(column, "type"));
        view_json(&one, "unit", json_get(column, STR("unit")));
        vec_push(arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

/* Which months are in it, and when the one that runs now follows: once it is over. */
static Json months_value(Ctx *ctx, const OpenVersion *version) {
    if (str_empty(version->horizon)) return json_of_null();
    View one = view_new(ctx->arena);
    Date today = time_jst_date(time_now(ctx->clock));
    Date over =
        today.month == 12 ? (Date){today.year + 1, 1, 1} : (Date){today.year, today.month + 1, 1};
    view_str(&one, "through", version->horizon);
    view_str(&one, "running", str_head(time_format_date(ctx->arena, today), MONTH));
    view_str(&one, "next", time_format_date(ctx->arena, over));
    return view_value(&one);
}

/* Each cell with the name of its column, since on a phone a row is a card. */
static Json preview_value(Arena *arena, const Json *preview) {
    const Json *columns = json_get(preview, STR("columns")), *rows = json_get(preview, STR("rows"));
    View view = view_new(arena);
    JsonItems lines = {0};
    for (size_t i = 0; rows && i < rows->len; i++) {
        JsonItems cells = {0};
        for (size_t k = 0; k < json_at(rows, i)->len && k < columns->len; k++) {
            View one = view_new(arena);
            view_json(&one, "label", json_at(columns, k));
            view_json(&one, "value", json_at(json_at(rows, i), k));
            vec_push(arena, &cells, view_value(&one));
        }
        vec_push(arena, &lines, json_of_items(cells.items, cells.len));
    }
    view_json(&view, "columns", columns);
    view_str(&view, "look", columns && columns->len <= CARD_COLUMNS ? STR("cards") : STR("wide"));
    view_items(&view, "rows", &lines);
    return view_value(&view);
}

static void dataset_show(HttpExchange *x, const OpenDataset *set, const OpenVersions *versions) {
    View view = page_view(x);
    Arena *arena = view.arena;
    page_crumb(&view, STR("オープンデータ"), STR("Open data"), STR("/data"));
    page_crumb(&view, json_get_str(set->title, "ja"), json_get_str(set->title, "en"), STR_NONE);
    view_str(&view, "id", set->id);
    view_json(&view, "title", set->title);
    view_json(&view, "description", set->description);
    privacy_set(&view, set);
    view_int(&view, "records", set->latest.rows);
    view_set(&view, "distributions", distributions_value(arena, set));
    view_set(&view, "months", months_value(http_ctx(x), &set->latest));
    view_set(&view, "preview", preview_value(arena, set->latest.preview));
    view_set(&view, "fields", fields_value(arena, set));
    view_json(&view, "publisher", set->contact);
    view_set(&view, "licence", licence_value(arena, set));
    view_set(&view, "updated", json_of_str(time_format(arena, set->latest.modified)));
    view_json(&view, "frequency", set->schedule);
    view_str(&view, "api",
             str_empty(set->type)
                 ? str_fmt(arena, "/data/" STR_FMT ".json", STR_ARG(set->id))
                 : str_fmt(arena, "/ngsi-ld/v1/entities?type=" STR_FMT, STR_ARG(set->type)));
    view_set(&view, "versions", versions_value(arena, set, versions));
    view_bool(&view, "may_run", is_steward(http_ctx(x)));
    page_show(x, 200, WEB_PAGE_DATASET, &view);
}

static void dataset_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    OpenDataset set;
    OpenVersions versions;
    Str format, id = name_split(http_path_param(x, "dataset"), &format);
    if (open_dataset(ctx, id, &set) != RC_OK) {
        page_fail(x);
        return;
    }
    if (str_eq(format, STR("ttl")) || str_eq(format, STR("jsonld"))) {
        dcat_answer(x, str_eq(format, STR("ttl")), id);
        return;
    }
    if (!str_empty(format)) {
        file_answer(x, &set.latest, id, format);
        return;
    }
    if (open_versions(ctx, id, &versions) == RC_OK)
        dataset_show(x, &set, &versions);
    else
        page_fail(x);
}

static void version_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    OpenVersion version;
    Str format, id = http_path_param(x, "dataset");
    Str stamp = name_split(http_path_param(x, "version"), &format);
    if (open_version(ctx, id, stamp, &version) == RC_OK)
        file_answer(x, &version, id, str_empty(format) ? STR("csv") : format);
    else
        page_fail(x);
}

static void run_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str id = http_path_param(x, "dataset");
    if (gate_lend_reader(x) == RC_OK && open_run(ctx, id) == RC_OK)
        page_see(x,
                 str_fmt(ctx->arena, "/data/" STR_FMT, STR_ARG(http_url_encode(ctx->arena, id))));
    else
        page_fail(x);
}

#define OPEN_ACCESS (GATE_PUBLIC | GATE_QUIET)
#define RUN_ACCESS  (GATE_STAFF | GATE_FORM | 1u << (GATE_ROLE_SHIFT + ROLE_STEWARD))

#define FILES                                                                                      \
    {200, "text/csv", NULL}, {200, "application/json", "Dataset"},                                 \
        {200, "application/geo+json", "DatasetFeatures"}, {                                        \
        304, NULL, NULL                                                                            \
    }
#define TURTLE                                                                                     \
    { 200, "text/turtle", NULL }
#define JSONLD                                                                                     \
    { 200, "application/ld+json", "Catalogue" }
PAGE_ANSWERS(dataset_answers, PAGE_HTML(200), FILES, TURTLE, JSONLD);
PAGE_ANSWERS(file_answers, FILES);
PAGE_ANSWERS(turtle_answers, TURTLE, {304, NULL, NULL});
PAGE_ANSWERS(jsonld_answers, JSONLD, {304, NULL, NULL});

const HttpRoute page_data_rows[] = {
    {HTTP_GET, "/data", catalogue_get, HTTP_POOL, 0, OPEN_ACCESS, "Open data", "The catalogue",
     NULL, NULL, page_shown},
    {HTTP_GET, "/data/{dataset}", dataset_get, HTTP_POOL, 0, OPEN_ACCESS, "Open data",
     "A dataset: its page, or with .csv, .json, .geojson, .ttl, .jsonld the thing itself", NULL,
     NULL, dataset_answers},
    {HTTP_GET, "/data/{dataset}/{version}", version_get, HTTP_POOL, 0, OPEN_ACCESS, "Open data",
     "A file of a former version", NULL, NULL, file_answers},
    {HTTP_POST, "/data/{dataset}/run", run_post, HTTP_SLOW, PAGE_FORM_MAX, RUN_ACCESS, "Open data",
     "Publish a new version now", NULL, NULL, page_posted},
    {HTTP_GET, "/catalog.ttl", turtle_get, HTTP_POOL, 0, OPEN_ACCESS, "Open data",
     "DCAT-AP 3 in Turtle", NULL, NULL, turtle_answers},
    {HTTP_GET, "/catalog.jsonld", jsonld_get, HTTP_POOL, 0, OPEN_ACCESS, "Open data",
     "DCAT-AP 3 in JSON-LD", NULL, NULL, jsonld_answers},
};
ROWS(page_data_count, page_data_rows);
