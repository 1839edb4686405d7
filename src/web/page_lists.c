/* page_lists: what pages of proposals about several cases share, and taking a case out of one. The
   plan of a day has pages of its own (page_plan.c). */
#include "page_lists.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { STANDING_MAX = 2000 };

/* Who decides confirms who he is before he sees the form, not when he sends it: what he wrote would
 * be lost. */
Rc page_confirm_first(Ctx *ctx, const Entity *decision) {
    GateAsk ask = {.action = ACT_DECIDE, .type = STR(DECIDE_TYPE), .class = CLASS_INTERNAL};
    PageMay may;
    TRY(page_route_may(ctx, decision, &may));
    Rc rc = may.decides ? gate_check(ctx, &ask) : RC_OK;
    bool other = rc == RC_DENIED && !str_eq(ctx->error.code, STR("needs-step-up"));
    return other ? RC_OK : rc; /* who may only read, reads */
}

/* Whether a case no longer says what was proposed: it has to be taken out. */
Rc page_list_moved(Ctx *ctx, const DecideCases *cases, Str id, bool *moved) {
    const Entity *now;
    *moved = true;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &now);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    VEC_EACH (const DecideCase, one, cases)
        if (str_eq(one->id, id) && hands_same(now, one->version)) *moved = false;
    return RC_OK;
}

static bool is_ranked(const Json *contents) {
    return !str_empty(json_get_str(contents, "round"));
}

/* What was taken out since it was proposed, why, when and by whom. */
void page_list_out(HttpExchange *x, View *view, const Json *contents) {
    const Json *out = json_get(contents, STR("out"));
    JsonItems items = {0};
    bool ranked = is_ranked(contents); /* what it left may be another's by then */
    for (size_t i = 0; out && i < out->len; i++) {
        const Json *row = json_at(out, i);
        Str post = json_get_str(row, "post");
        View one = view_new(view->arena);
        view_str(&one, "number", json_get_str(row, "number"));
        view_str(&one, "reason", json_get_str(row, "reason"));
        view_str(&one, "at", json_get_str(row, "at"));
        view_set(&one, "who", str_empty(post) ? json_of_null() : page_post(x, post));
        view_bool(&one, "back",
                  !ranked && !str_empty(json_get_str(row, "case")) &&
                      !json_get_bool(row, "erased", false));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "out", &items);
}

/* A row of a proposal's `list` by its number; NULL in *out when it has none of that number. */
Rc page_list_row(Ctx *ctx, const Entity *decision, const char *list, Str number, const Json **out) {
    const Json *contents;
    *out = NULL;
    TRY(decide_contents(ctx, decision, &contents));
    const Json *rows = json_get(contents, str_of(list));
    for (size_t i = 0; rows && i < rows->len; i++)
        if (str_eq(json_get_str(json_at(rows, i), "number"), number)) *out = json_at(rows, i);
    if (*out) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "other-contents", number,
                    "The proposal has changed since you saw it: look at it again.");
}

Rc page_list_look(Ctx *ctx, const Json *row, Str what) {
    const Entity *application;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, json_get_str(row, "case"), &application);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    return gate_look(ctx, &application, 1, what);
}

bool page_list_fault(Ctx *ctx, Rc rc, Faults *faults) {
    if (rc != RC_INVALID) return page_decide_fault(ctx, rc, faults);
    vec_push(ctx->arena, faults, (Fault){"comment", "out"});
    return true;
}

/* ---- the list of a proposal on its page ---- */

/* A list as it is shown to somebody. */
typedef struct Shown {
    HttpExchange *x;
    const Entity *decision;
    DecideCases cases;
    bool waits, changes; /* it is still to be decided; who looks may change it */
    int64_t moved;
} Shown;

/* By which values it stands where it does: "クラス年齢 1、点数 40、…". */
static Str standing_in(Ctx *ctx, const Definition *definition, const Json *row,
                       const char *language) {
    Buf text = buf_new(ctx->arena, STANDING_MAX);
    const Ranking *ranking = definition->ranking;
    const Json *values = json_get(row, STR("values"));
    const char *between = str_eq(str_of(language), STR("ja")) ? "、" : ", ";
    Str group = json_get_str(row, "group");
    if (!str_empty(group))
        buf_addf(&text, STR_FMT " " STR_FMT,
                 STR_ARG(json_get_str(ranking->group.label.all, language)), STR_ARG(group));
    for (uint32_t i = 0; values && i < values->len && i < ranking->order.len; i++) {
        buf_addf(&text, "%s" STR_FMT " ", text.len ? between : "",
                 STR_ARG(json_get_str(ranking->order.items[i].label.all, language)));
        json_write(&text, json_at(values, i));
    }
    return buf_str(&text);
}

static Json standing_text(Ctx *ctx, const Definition *definition, const Json *row) {
    return view_text(ctx->arena, standing_in(ctx, definition, row, "ja"),
                     standing_in(ctx, definition, row, "en"));
}

/* What is decided of the case, and in a ranking its place. */
static void place_set(Ctx *ctx, View *view, const Json *row) {
    const Definition *definition =
        catalogue_version(procedures_catalogue(ctx->tenant), json_get_str(row, "procedure"),
                          json_get_int(row, "version", 0));
    const DefinedMove *move =
        definition ? definition_move(definition, json_get_str(row, "move")) : NULL;
    Str placed = json_get_str(row, "placed");
    const FieldOption *option = definition && definition->ranking && !str_empty(placed)
                                    ? ranking_option(definition, placed)
                                    : NULL;
    view_set(view, "standing",
             definition && definition->ranking ? standing_text(ctx, definition, row)
                                               : json_of_null());
    view_json(view, "what", move ? move->label.all : NULL);
    view_json(view, "placed", option ? option->label.all : NULL);
    view_int(view, "wish", json_get_int(row, "wish", 0));
    view_int(view, "rank", json_get_int(row, "rank", 0));
    view_bool(view, "lot", json_get_bool(row, "lot", false));
}

static Rc row_value(Shown *shown, const Json *row, Json *out) {
    Ctx *ctx = http_ctx(shown->x);
    Str number = json_get_str(row, "number"),
        base = page_decision_url(ctx->arena, shown->decision->id);
    bool erased = json_get_bool(row, "erased", false), moved = false;
    View one = view_new(ctx->arena);
    if (shown->waits) TRY(page_list_moved(ctx, &shown->cases, json_get_str(row, "case"), &moved));
    shown->moved += moved;
    view_str(&one, "number", number);
    view_str(&one, "url", erased ? STR_NONE : page_case_url(ctx->arena, number));
    view_set(&one, "amount",
             json_get_int(row, "amount", 0) ? *json_get(row, STR("amount")) : json_of_null());
    view_int(&one, "unmet",
             page_unmet(json_get(row, STR("conditions"))) +
                 page_unmet(json_get(row, STR("checks"))));
    place_set(ctx, &one, row);
    view_bool(&one, "moved", moved);
    view_set(&one, "lines", erased ? json_of_items(NULL, 0) : page_matter_lines(ctx, base, row));
    view_str(&one, "out",
             shown->changes && !erased
                 ? str_fmt(ctx->arena, STR_FMT "/out/" STR_FMT, STR_ARG(base), STR_ARG(number))
                 : STR_NONE);
    *out = view_value(&one);
    return RC_OK;
}

Rc page_list_set(HttpExchange *x, View *view, const Entity *decision, const Json *contents) {
    Ctx *ctx = http_ctx(x);
    Shown shown = {.x = x, .decision = decision};
    View list = view_new(view->arena);
    JsonItems rows = {0};
    PageMay may;
    view_null(view, "list");
    if (!contents || !together_is(contents)) return RC_OK;
    TRY(page_route_may(ctx, decision, &may));
    decide_cases(ctx->arena, decision, &shown.cases);
    shown.waits = str_eq(entity_text(decision, IRI("state")), STR("waiting"));
    shown.changes = shown.waits && (may.drafts || may.decides);
    const Json *cases = json_get(contents, STR("cases"));
    for (size_t i = 0; i < cases->len; i++) {
        Json *row = vec_push(ctx->arena, &rows, json_of_null());
        TRY(row_value(&shown, json_at(cases, i), row));
    }
    view_items(&list, "rows", &rows);
    view_int(&list, "moved", shown.moved);
    view_bool(&list, "changes", shown.changes);
    view_str(
        &list, "back",
        str_fmt(ctx->arena, STR_FMT "/back", STR_ARG(page_decision_url(ctx->arena, decision->id))));
    page_list_out(x, &list, contents);
    view_set(view, "list", view_value(&list));
    return RC_OK;
}

/* ---- taking a case out ---- */

typedef struct TakeOut {
    const Entity *decision; /* as who looks may see it */
    const Json *row;
} TakeOut;

static Rc decision_load(HttpExchange *x, const Entity **out) {
    Ctx *ctx = http_ctx(x);
    Str id = str_fmt(ctx->arena, "urn:ngsi-ld:Decision:" STR_FMT,
                     STR_ARG(http_path_param(x, "decision")));
    ctx->purpose = STR("application-decide");
    TRY(decide_load(ctx, id, out));
    TRY(page_confirm_first(ctx, *out));
    return page_proposal_view(ctx, out);
}

static Rc takeout_load(HttpExchange *x, TakeOut *out) {
    TRY(decision_load(x, &out->decision));
    return page_list_row(http_ctx(x), out->decision, "cases", http_path_param(x, "number"),
                         &out->row);
}

static void takeout_show(HttpExchange *x, const TakeOut *out, Str comment, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    View view = page_view(x);
    Str back = page_decision_url(ctx->arena, out->decision->id);
    if (page_list_look(ctx, out->row, page_what(WHAT_DECISION)) != RC_OK) {
        page_fail(x);
        return;
    }
    view_set(&view, "title", page_decision_title(ctx->arena, out->decision));
    view_str(&view, "number", json_get_str(out->row, "number"));
    view_set(&view, "lines", page_matter_lines(ctx, back, out->row));
    view_str(&view, "hash", entity_text(out->decision, IRI("contentHash")));
    view_str(&view, "back", back);
    view_bool(&view, "ranked", is_ranked(entity_attr(out->decision, IRI("contents"))->value));
    view_str(&view, "comment", comment);
    if (faults) page_faults(&view, faults);
    page_show(x, faults ? 422 : 200, WEB_PAGE_LIST_OUT, &view);
}

static void takeout_get(HttpExchange *x) {
    TakeOut out = {0};
    if (takeout_load(x, &out) == RC_OK)
        takeout_show(x, &out, STR_NONE, NULL);
    else
        page_fail(x);
}

static OfficeDecision change_wish(const HttpForm *form, const Entity *decision, const Json *row) {
    return (OfficeDecision){.id = decision->id,
                            .hash = http_form_value(form, "hash"),
                            .opinion = http_form_value(form, "comment"),
                            .case_id = json_get_str(row, "case")};
}

static void takeout_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    TakeOut out = {0};
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Rc rc = takeout_load(x, &out);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    OfficeDecision wish = change_wish(form, out.decision, out.row);
    rc = office_takeout(ctx, &wish);
    if (rc == RC_OK)
        page_see(x, page_decision_url(ctx->arena, out.decision->id));
    else if (page_list_fault(ctx, rc, &faults))
        takeout_show(x, &out, wish.opinion, &faults);
    else
        page_fail(x);
}

static Rc put_back(HttpExchange *x, const HttpForm *form, Str *to) {
    const Entity *decision;
    const Json *row;
    Ctx *ctx = http_ctx(x);
    TRY(decision_load(x, &decision));
    TRY(page_list_row(ctx, decision, "out", http_form_value(form, "back"), &row));
    *to = page_decision_url(ctx->arena, decision->id);
    OfficeDecision wish = change_wish(form, decision, row);
    return office_putback(ctx, &wish);
}

static void back_post(HttpExchange *x) {
    const HttpForm *form;
    Str to = STR_NONE;
    if (!page_form(x, &form)) return;
    if (put_back(x, form, &to) == RC_OK)
        page_see(x, to);
    else
        page_fail(x);
}

const HttpRoute page_lists_rows[] = {
    PAGE_SHOW("/staff/decisions/{decision}/out/{number}", PAGE_CITY, "Decisions", takeout_get,
              "Take a case out of a proposal about several"),
    PAGE_SEND("/staff/decisions/{decision}/out/{number}", PAGE_CITY, "Decisions", takeout_post,
              "Take a case out of a proposal about several"),
    PAGE_SEND("/staff/decisions/{decision}/back", PAGE_CITY, "Decisions", back_post,
              "Put a case back that was taken out"),
};
ROWS(page_lists_count, page_lists_rows);
