/* page_report: somebody reports a problem, and follows it under an unguessable address. */
#include "pages_int.h"

#include "open/open.h"

#define IRI(term) STR(LD_DEFAULT term)

static Json kinds_value(Arena *arena) {
    static const char *const kinds[] = {"data", "page", "look", "city"};
    JsonItems items = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        vec_push(arena, &items, json_of_str(str_of(kinds[i])));
    return json_of_items(items.items, items.len);
}

static Json about_view(Arena *arena, Str id, Json label, Str url) {
    View one = view_new(arena);
    view_str(&one, "id", id);
    view_set(&one, "label", label);
    view_str(&one, "url", url);
    return view_value(&one);
}

Json page_about(HttpExchange *x, Str about) {
    Ctx *ctx = http_ctx(x);
    OpenDataset set;
    Str start = STR("look-");
    int64_t position;
    if (str_starts(about, start) && str_to_i64(str_sub(about, start.len, about.len), &position) &&
        position > 0)
        return about_view(ctx->arena, about,
                          view_text(ctx->arena,
                                    str_fmt(ctx->arena, "閲覧の記録 %lld", (long long)position),
                                    str_fmt(ctx->arena, "Look %lld", (long long)position)),
                          STR_NONE);
    if (str_empty(about) || open_dataset(ctx, about, &set) != RC_OK) return json_of_null();
    return about_view(ctx->arena, set.id, *set.title,
                      str_fmt(ctx->arena, "/data/" STR_FMT, STR_ARG(set.id)));
}

Str page_report_level(Str state) {
    return str_eq(state, STR("answered")) ? STR("ok")
           : str_eq(state, STR("doing"))  ? STR("info")
                                          : STR("warn");
}

/* ---- the form ---- */

/* Asking about a look is already a kind. */
static Str kind_first(const OpenReport *report) {
    bool look = str_empty(report->kind) && str_starts(report->about, STR("look-"));
    return look ? STR("look") : report->kind;
}

static View report_view(HttpExchange *x, const OpenReport *report) {
    View view = page_view(x), values = view_new(view.arena);
    Json about = page_about(x, report->about);
    view_json(&view, "back", about.kind == JSON_OBJECT ? json_get(&about, STR("url")) : NULL);
    view_null(&view, "done");
    view_set(&view, "about", about);
    view_set(&view, "kinds", kinds_value(view.arena));
    view_str(&values, "kind", kind_first(report));
    view_str(&values, "text", report->text);
    view_str(&values, "mail", report->email);
    view_set(&view, "values", view_value(&values));
    return view;
}

static void report_get(HttpExchange *x) {
    OpenReport report = {.about = http_query_or(x, "about", STR_NONE)};
    View view = report_view(x, &report);
    page_show(x, 200, WEB_PAGE_REPORT, &view);
}

static void report_fault(HttpExchange *x, const OpenReport *report) {
    Ctx *ctx = http_ctx(x);
    static const struct {
        const char *path, *field, *code;
    } rows[] = {
        {"kind", "kind", "required"},
        {"text", "text", "required"},
        {"email", "mail", "format"},
    };
    Faults faults = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(str_of(rows[i].path), ctx->error.path))
            vec_push(ctx->arena, &faults, (Fault){rows[i].field, rows[i].code});
    if (faults.len && report->text.len > OPEN_REPORT_MAX) faults.items[0].code = "long";
    if (ctx->error.rc != RC_INVALID || faults.len == 0) {
        page_fail(x);
        return;
    }
    View view = report_view(x, report);
    page_faults(&view, &faults);
    page_show(x, 422, WEB_PAGE_REPORT, &view);
}

static void report_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    OpenReported made;
    if (!page_form(x, &form)) return;
    OpenReport report = {.kind = http_form_value(form, "kind"),
                         .about = http_form_value(form, "about"),
                         .text = http_form_value(form, "text"),
                         .email = str_trim(http_form_value(form, "mail"))};
    if (open_report(ctx, &report, &made) == RC_OK)
        page_see(x, str_fmt(ctx->arena, "/report/" STR_FMT,
                            STR_ARG(str_sub(made.id, sizeof OPEN_REPORT_PREFIX - 1, made.id.len))));
    else
        report_fault(x, &report);
}

/* ---- what became of it ---- */

/* Whoever carries the address holds the report. */
static Rc report_held(HttpExchange *x, const Entity **out) {
    Ctx *ctx = http_ctx(x);
    Actor *holder = NEW(ctx->arena, Actor);
    *holder = *ctx->actor;
    holder->held =
        str_fmt(ctx->arena, OPEN_REPORT_PREFIX STR_FMT, STR_ARG(http_path_param(x, "report")));
    ctx->actor = holder;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, holder->held, out);
    if (rc == RC_OK) *out = gate_view(ctx, NULL, *out);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !*out))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-report", STR_NONE,
                        "There is no report at this address.");
    return rc;
}

static void report_follow_get(HttpExchange *x) {
    const Entity *report;
    if (report_held(x, &report) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = report_view(x, &(OpenReport){0}), done = view_new(view.arena);
    Str state = entity_text(report, IRI("state")), answer = entity_text(report, IRI("answer"));
    view_str(&done, "number", entity_text(report, IRI("number")));
    view_str(&done, "url", page_whole_address(x, http_path(x)));
    view_str(&done, "state", str_empty(state) ? STR("open") : state);
    view_str(&done, "level", page_report_level(state));
    view_str(&done, "text", entity_text(report, IRI("text")));
    view_str(&done, "answer", answer);
    view_str(&done, "at", entity_text(report, IRI("handledAt")));
    view_set(&done, "post",
             str_empty(answer) ? json_of_null()
                               : page_post(x, entity_text(report, IRI("handledBy"))));
    view_set(&view, "done", view_value(&done));
    page_show(x, 200, WEB_PAGE_REPORT, &view);
}

const HttpRoute page_report_rows[] = {
    {HTTP_GET, "/report", report_get, HTTP_POOL, 0, GATE_PUBLIC, "Reports", "Report a problem",
     NULL, NULL, page_shown},
    {HTTP_POST, "/report", report_post, HTTP_POOL, PAGE_FORM_MAX, GATE_PUBLIC | GATE_FORM,
     "Reports", "Report a problem", NULL, NULL, page_posted},
    {HTTP_GET, "/report/{report}", report_follow_get, HTTP_POOL, 0, GATE_PUBLIC, "Reports",
     "What became of a report", NULL, NULL, page_shown},
};
ROWS(page_report_count, page_report_rows);
