/* page_release: releases on their way: the data steward sees and proposes what is declared, the
   deciding post sees exactly what is frozen and decides it. */
#include "pages_int.h"

#include "open/open.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { WHOLE_MAX = 1 << 20 };

static bool is_steward(const Ctx *ctx) {
    return ctx->actor->roles & 1u << ROLE_STEWARD;
}

/* ---- the list ---- */

typedef struct StateRow {
    Str word, level;
} StateRow;

static const StateRow *state_row(OpenState state) {
    static const StateRow rows[] = {[OPEN_NEW] = {{"new", 3}, {"info", 4}},
                                    [OPEN_DECIDED] = {{"decided", 7}, {"ok", 2}},
                                    [OPEN_CHANGED] = {{"changed", 7}, {"warn", 4}},
                                    [OPEN_DUE] = {{"due", 3}, {"bad", 3}},
                                    [OPEN_WAITING] = {{"waiting", 7}, {"info", 4}}};
    return &rows[state];
}

static void state_set(View *view, const OpenDefinition *definition) {
    const StateRow *row = state_row(definition->state);
    view_str(view, "id", definition->id);
    view_json(view, "title", definition->title);
    view_str(view, "state", row->word);
    view_str(view, "level", row->level);
    view_str(view, "decided",
             definition->decided_at == TIME_NONE
                 ? STR_NONE
                 : time_format(view->arena, definition->decided_at));
    view_str(view, "review", time_format_date(view->arena, definition->review));
}

static void releases_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    View view = page_view(x);
    JsonItems items = {0};
    for (size_t i = 0; i < open_definition_count(ctx->tenant); i++) {
        OpenDefinition definition;
        if (open_definition_at(ctx, i, &definition) != RC_OK) {
            page_fail(x);
            return;
        }
        View one = view_new(ctx->arena);
        state_set(&one, &definition);
        view_str(&one, "url",
                 str_fmt(ctx->arena, "/staff/releases/" STR_FMT, STR_ARG(definition.id)));
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(&view, "releases", &items);
    page_show(x, 200, WEB_PAGE_RELEASES, &view);
}

/* ---- one release ---- */

static Str words_join(Arena *arena, const Json *list) {
    Buf text = buf_new(arena, 1 << 16);
    for (size_t i = 0; list && i < list->len; i++) {
        if (i) buf_add(&text, STR(", "));
        buf_add(&text, json_str(json_at(list, i)));
    }
    return buf_str(&text);
}

/* What a definition says of how it is made, in Japanese as well; what it says otherwise, as it is.
 */
static Json word_value(Arena *arena, Str word) {
    static const struct {
        const char *en, *ja;
    } words[] = {
        {"suppression", "小さい数の秘匿"},
        {"k-anonymity, random sample of at most half", "k-匿名化と、半分以下の無作為抽出"},
        {"open data, nothing about people", "人についての情報を含まないオープンデータ"},
        {"everybody", "全員分"},
        {"opt-out", "利用しないことを選んだ人を除く"},
        {"none needed", "不要"},
        {"date to month", "日付を月にまるめる"},
        {"keep", "そのまま"},
        {"count only, suppressed under k with complements",
         "件数だけ。k件未満と、そこから計算できる数は秘匿"},
        {"X: suppressed (秘匿)", "X: 秘匿"},
        {"keep, else other", "そのまま。少ないものは other"},
        {"keep, else その他", "そのまま。少ないものは「その他」"},
        {"keep, several become mixed, else other", "そのまま。複数は mixed、少ないものは other"},
        {"keep, several become 複数, else その他",
         "そのまま。複数は「複数」、少ないものは「その他」"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(word, str_of(words[i].en))) return view_text(arena, str_of(words[i].ja), word);
    return str_empty(word) ? json_of_null() : json_of_str(word);
}

static Json columns_value(Arena *arena, const Json *columns) {
    JsonItems items = {0};
    for (size_t i = 0; columns && i < columns->len; i++) {
        const Json *column = json_at(columns, i);
        View one = view_new(arena);
        view_str(&one, "name", json_get_str(column, "name"));
        view_json(&one, "label", json_get(column, STR("label")));
        view_set(&one, "treatment", word_value(arena, json_get_str(column, "treatment")));
        vec_push(arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

static void definition_set(View *view, const Json *text) {
    const Json *privacy = json_get(text, STR("privacy"));
    int64_t k = json_get_int(privacy, "k", 0);
    Buf whole = buf_new(view->arena, WHOLE_MAX);
    json_write(&whole, text);
    view_set(view, "model", word_value(view->arena, json_get_str(privacy, "model")));
    view_set(view, "k", k ? json_of_int(k) : json_of_null());
    view_set(view, "consent", word_value(view->arena, json_get_str(text, "consent")));
    view_str(view, "formats", words_join(view->arena, json_get(text, STR("formats"))));
    view_str(view, "licence", json_get_str(text, "licence"));
    view_json(view, "schedule", json_get(text, STR("schedule")));
    view_json(view, "contact", json_get(text, STR("contact")));
    view_set(view, "columns", columns_value(view->arena, json_get(text, STR("columns"))));
    view_str(view, "whole", buf_str(&whole));
}

static void found_set(View *view, const Json *found) {
    View one = view_new(view->arena);
    view_str(&one, "check", json_get_str(found, "jointCheck"));
    view_str(&one, "months", words_join(view->arena, json_get(found, STR("months"))));
    view_json(&one, "datasets", json_get(found, STR("datasets")));
    view_set(view, "found", view_value(&one));
}

/* What whoever looks may do with it now. */
static Rc acts_set(Ctx *ctx, View *view, const OpenDefinition *definition, const Entity *decision) {
    bool fresh = definition->state == OPEN_NEW || definition->state == OPEN_CHANGED;
    PageMay may = {0};
    if (decision && definition->state == OPEN_WAITING) TRY(page_route_may(ctx, decision, &may));
    view_bool(view, "proposes", is_steward(ctx) && fresh);
    view_bool(view, "withdraws", may.drafts);
    view_bool(view, "acts", may.decides);
    return RC_OK;
}

/* What was frozen, while it waits; else what is declared. */
static Rc release_fill(HttpExchange *x, const OpenDefinition *definition, View *view) {
    Ctx *ctx = http_ctx(x);
    bool waits = definition->state == OPEN_WAITING;
    const Entity *decision = NULL;
    if (!str_empty(definition->proposal))
        TRY(ledger_entity(ctx, ctx->tenant->ledger, definition->proposal, &decision));
    const Attr *attr = decision ? entity_attr(decision, IRI("contents")) : NULL;
    const Json *contents = attr ? attr->value : NULL;
    state_set(view, definition);
    definition_set(view, waits && contents ? json_get(contents, STR("definition"))
                                           : definition->declared);
    view_null(view, "found");
    if (contents && definition->state != OPEN_CHANGED)
        found_set(view, json_get(contents, STR("found")));
    view_null(view, "stages");
    if (decision) TRY(page_stages(x, decision, view));
    view_str(view, "frozen", waits ? entity_text(decision, IRI("draftedAt")) : STR_NONE);
    view_str(view, "hash", decision ? entity_text(decision, IRI("contentHash")) : STR_NONE);
    return acts_set(ctx, view, definition, decision);
}

static void release_show(HttpExchange *x, int status, Str comment, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    OpenDefinition definition;
    View view = page_view(x), values = view_new(ctx->arena);
    if (open_definition(ctx, http_path_param(x, "release"), &definition) != RC_OK ||
        release_fill(x, &definition, &view) != RC_OK) {
        page_fail(x);
        return;
    }
    view_str(&values, "comment", comment);
    view_set(&view, "values", view_value(&values));
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_RELEASE, &view);
}

static void release_get(HttpExchange *x) {
    release_show(x, 200, STR_NONE, NULL);
}

/* ---- acts ---- */

static Rc verdict_do(Ctx *ctx, Str release, const HttpForm *form) {
    static const unsigned verbs =
        1u << ROUTE_APPROVE | 1u << ROUTE_RETURN | 1u << ROUTE_REJECT | 1u << ROUTE_WITHDRAW;
    Str word = http_form_value(form, "act"), proposal;
    RouteAct act = {.verb = route_json_verb_of(word),
                    .stage = ROUTE_STAGES_MAX,
                    .to = ROUTE_STAGES_MAX,
                    .hash = http_form_value(form, "hash"),
                    .opinion = http_form_value(form, "comment")};
    if (str_eq(word, STR("propose"))) return open_propose(ctx, release, &proposal);
    if (act.verb != ROUTE_VERBS && verbs & 1u << act.verb) return open_act(ctx, release, &act);
    return ctx_fail(ctx, RC_CONFLICT, "no-act", STR("act"), "Choose what to do.");
}

static void release_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    if (gate_lend_reader(x) != RC_OK) {
        page_fail(x);
        return;
    }
    if (!page_form(x, &form)) return;
    Rc rc = verdict_do(ctx, http_path_param(x, "release"), form);
    if (rc == RC_OK) {
        page_see(x, http_path(x));
        return;
    }
    if (rc == RC_INVALID && str_eq(ctx->error.code, STR("no-reason")))
        vec_push(ctx->arena, &faults, (Fault){"comment", "required"});
    else if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("other-contents")))
        vec_push(ctx->arena, &faults, (Fault){"hash", "changed"});
    if (faults.len)
        release_show(x, 422, http_form_value(form, "comment"), &faults);
    else
        page_fail(x);
}

#define RELEASERS                                                                                  \
    (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_STEWARD) | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF))

const HttpRoute page_release_rows[] = {
    {HTTP_GET, "/staff/releases", releases_get, HTTP_POOL, 0, RELEASERS, "Open data",
     "Releases and how far their decisions are", NULL, NULL, page_shown},
    {HTTP_GET, "/staff/releases/{release}", release_get, HTTP_POOL, 0, RELEASERS, "Open data",
     "A release: its definition, what a run would publish, its decision", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/releases/{release}", release_post, HTTP_SLOW, PAGE_FORM_MAX,
     RELEASERS | GATE_FORM, "Open data", "Propose or decide a release", NULL, NULL, page_posted},
};
ROWS(page_release_count, page_release_rows);
