/* page_reports: the office's side of problem reports: the list, one report, taking it up and
 * answering it. */
#include "pages_int.h"

#include "open/open.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { LIST_PAGE = 50, FIRST_BYTES = 160 };

static const Str purpose_report = {"problem-report", 14};
static const char *const states[] = {"open", "doing", "answered", "all"};
static const char *const kinds[] = {"all", "data", "page", "look", "city"};

enum { STATES = sizeof states / sizeof *states, KINDS = sizeof kinds / sizeof *kinds };

/* ---- the list ---- */

static Str one_of(const char *const *words, size_t n, Str asked) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(asked, str_of(words[i]))) return asked;
    return str_of(words[0]);
}

static Json words_value(Arena *arena, const char *const *words, size_t n) {
    JsonItems items = {0};
    for (size_t i = 0; i < n; i++)
        vec_push(arena, &items, json_of_str(str_of(words[i])));
    return json_of_items(items.items, items.len);
}

static Str equals_or_any(Arena *arena, const char *name, Str value) {
    if (str_eq(value, STR("all"))) return str_of(name);
    return str_fmt(arena, "%s==\"" STR_FMT "\"", name, STR_ARG(value));
}

static Rc reports_find(Ctx *ctx, Str condition, size_t page, ProjectAnswer *out) {
    ProjectWish wish = {.type = STR("ProblemReport"),
                        .q = condition,
                        .order_by = STR("number;desc"),
                        .limit = LIST_PAGE,
                        .offset = (page - 1) * LIST_PAGE,
                        .count = true,
                        .view = gate_view};
    return project_find(ctx, &wish, out);
}

static Str report_url(Arena *arena, const Entity *report) {
    return str_fmt(arena, "/staff/reports/" STR_FMT,
                   STR_ARG(str_sub(report->id, sizeof OPEN_REPORT_PREFIX - 1, report->id.len)));
}

static void stand_set(View *view, const Entity *report) {
    Str state = entity_text(report, IRI("state"));
    view_str(view, "number", entity_text(report, IRI("number")));
    view_str(view, "kind", entity_text(report, IRI("kind")));
    view_str(view, "reported", entity_text(report, IRI("reportedAt")));
    view_str(view, "state", str_empty(state) ? STR("open") : state);
    view_str(view, "level", page_report_level(state));
}

static Json line_value(Arena *arena, const Entity *report) {
    View one = view_new(arena);
    Str text = entity_text(report, IRI("text")), first = str_head(text, FIRST_BYTES);
    stand_set(&one, report);
    view_str(&one, "url", report_url(arena, report));
    view_str(&one, "text",
             first.len < text.len ? str_fmt(arena, STR_FMT "…", STR_ARG(first)) : text);
    return view_value(&one);
}

static void reports_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str state = one_of(states, STATES, http_query_or(x, "state", STR_NONE)),
        kind = one_of(kinds, KINDS, http_query_or(x, "kind", STR_NONE));
    Str condition =
        str_fmt(ctx->arena, STR_FMT ";" STR_FMT, STR_ARG(equals_or_any(ctx->arena, "state", state)),
                STR_ARG(equals_or_any(ctx->arena, "kind", kind)));
    ProjectAnswer found;
    size_t page = page_number(x);
    if (reports_find(ctx, condition, page, &found) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x), filters = view_new(ctx->arena);
    JsonItems lines = {0};
    view_set(&filters, "states", words_value(ctx->arena, states, STATES));
    view_str(&filters, "state", state);
    view_set(&filters, "kinds", words_value(ctx->arena, kinds, KINDS));
    view_str(&filters, "kind", kind);
    view_set(&view, "filters", view_value(&filters));
    for (size_t i = 0; i < found.entities.len; i++)
        vec_push(ctx->arena, &lines, line_value(ctx->arena, found.entities.items[i]));
    view_items(&view, "reports", &lines);
    view_int(&view, "total", (int64_t)found.count);
    Pager pager = {.path = STR("/staff/reports"),
                   .query = str_fmt(ctx->arena, "state=" STR_FMT "&kind=" STR_FMT, STR_ARG(state),
                                    STR_ARG(kind)),
                   .page = page,
                   .size = LIST_PAGE,
                   .total = found.count};
    page_pager(&view, &pager);
    page_show(x, 200, WEB_PAGE_REPORTS, &view);
}

/* ---- one report ---- */

static Str report_id(HttpExchange *x) {
    return str_fmt(http_ctx(x)->arena, OPEN_REPORT_PREFIX STR_FMT,
                   STR_ARG(http_path_param(x, "report")));
}

/* The address of whoever reported is personal: seeing it is a look. */
static Rc report_load(HttpExchange *x, const Entity **out) {
    Ctx *ctx = http_ctx(x);
    ctx->purpose = purpose_report;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, report_id(x), out);
    if (rc == RC_OK) *out = gate_view(ctx, NULL, *out);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !*out))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-report", STR_NONE, "There is no such report.");
    TRY(rc);
    return gate_look(ctx, out, 1, page_what(WHAT_REPORTER));
}

static void report_show(HttpExchange *x, int status, Str answer, const Faults *faults) {
    const Entity *report;
    if (report_load(x, &report) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x), values = view_new(view.arena);
    stand_set(&view, report);
    view_int(&view, "version", (int64_t)report->version);
    view_str(&view, "url", report_url(view.arena, report));
    view_str(&view, "text", entity_text(report, IRI("text")));
    view_set(&view, "about", page_about(x, entity_text(report, IRI("about"))));
    view_str(&view, "mail", entity_text(report, IRI("email")));
    view_str(&view, "answer", entity_text(report, IRI("answer")));
    view_str(&view, "handled", entity_text(report, IRI("handledAt")));
    Str post = entity_text(report, IRI("handledBy"));
    view_set(&view, "post", str_empty(post) ? json_of_null() : page_post(x, post));
    view_str(&values, "answer", answer);
    view_set(&view, "values", view_value(&values));
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_REPORT_DESK, &view);
}

static void report_desk_get(HttpExchange *x) {
    report_show(x, 200, STR_NONE, NULL);
}

static void report_desk_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    int64_t version = 0;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    (void)str_to_i64(http_form_value(form, "version"), &version); /* 0 is no version: moved on */
    OpenReportAct act = {.id = report_id(x),
                         .state = http_form_value(form, "act"),
                         .answer = http_form_value(form, "answer"),
                         .version = (uint64_t)version};
    ctx->purpose = purpose_report;
    Rc rc = open_report_act(ctx, &act);
    if (rc == RC_OK) {
        page_see(x, http_path(x));
        return;
    }
    if (rc == RC_INVALID)
        vec_push(ctx->arena, &faults, (Fault){"answer", "required"});
    else if (rc == RC_CONFLICT)
        vec_push(ctx->arena, &faults, (Fault){"case", "changed"});
    if (faults.len)
        report_show(x, rc == RC_INVALID ? 422 : 409, act.answer, &faults);
    else
        page_fail(x);
}

#define HANDLERS                                                                                   \
    (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK) | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF) |    \
     1u << (GATE_ROLE_SHIFT + ROLE_STEWARD))

const HttpRoute page_reports_rows[] = {
    {HTTP_GET, "/staff/reports", reports_get, HTTP_POOL, 0, HANDLERS, "Reports", "Problem reports",
     NULL, NULL, page_shown},
    {HTTP_GET, "/staff/reports/{report}", report_desk_get, HTTP_POOL, 0, HANDLERS, "Reports",
     "A problem report", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/reports/{report}", report_desk_post, HTTP_POOL, PAGE_FORM_MAX,
     HANDLERS | GATE_FORM, "Reports", "Take up or answer a report", NULL, NULL, page_posted},
};
ROWS(page_reports_count, page_reports_rows);
