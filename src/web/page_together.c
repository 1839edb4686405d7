/* page_together: choosing cases of a procedure for which a move is proposed as one (一括起案). */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

/* What the page is of. */
typedef struct Wished {
    Str procedure, move;
    const Definition *definition; /* the newest version */
    StrVec numbers;               /* what is ticked; none: what was sent, if anything, had none */
    Str reason;
    bool all;
} Wished;

static Rc wished_read(HttpExchange *x, const HttpForm *form, Wished *out) {
    Ctx *ctx = http_ctx(x);
    *out = (Wished){.procedure = http_path_param(x, "procedure"),
                    .move = http_path_param(x, "move"),
                    .all = form && str_eq(http_form_value(form, "act"), STR("all"))};
    out->definition = catalogue_newest(procedures_catalogue(ctx->tenant), out->procedure);
    ctx->purpose = STR("application-check");
    if (!out->definition || !definition_move(out->definition, out->move))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-move", out->move,
                        "There is no such procedure, or it has no such move.");
    if (!form) return RC_OK;
    out->reason = http_form_value(form, "reason");
    VEC_EACH (const HttpField, field, form)
        if (str_eq(field->name, STR("case"))) vec_push(ctx->arena, &out->numbers, field->value);
    return RC_OK;
}

static int64_t unmet_of(const Entity *application) {
    const Attr *checks = entity_attr(application, IRI("checks")),
               *conditions = entity_attr(application, IRI("conditions"));
    return page_unmet(checks ? checks->value : NULL) +
           page_unmet(conditions ? conditions->value : NULL);
}

static Json line_value(HttpExchange *x, const Wished *wished, const Entity *application) {
    View one = view_new(http_ctx(x)->arena);
    Str number = entity_text(application, IRI("receiptNumber"));
    view_str(&one, "number", number);
    view_str(&one, "url", page_case_url(one.arena, number));
    view_str(&one, "name", entity_text(application, IRI("name")));
    view_str(&one, "arrived", entity_text(application, IRI("submittedAt")));
    page_case_state(x, &one, application);
    view_int(&one, "unmet", unmet_of(application));
    view_set(&one, "amount",
             wished->definition->amount ? json_of_int(entity_int(application, IRI("amount"), 0))
                                        : json_of_null());
    view_bool(&one, "chosen", wished->all || org_lists(&wished->numbers, number));
    return view_value(&one);
}

/* Whose cases are listed is looked at. */
static Rc together_fill(HttpExchange *x, View *view, const Wished *wished) {
    Ctx *ctx = http_ctx(x);
    InboxCases cases;
    JsonItems items = {0};
    PageSeen seen = {0};
    bool more;
    TRY(together_cases(ctx, wished->procedure, wished->move, &cases, &more));
    for (size_t i = 0; i < cases.len; i++) {
        const Entity *application = gate_view(ctx, NULL, cases.items[i]);
        if (!application || str_empty(entity_text(application, IRI("receiptNumber")))) continue;
        vec_push(ctx->arena, &seen, application);
        vec_push(ctx->arena, &items, line_value(x, wished, application));
    }
    TRY(gate_look(ctx, seen.items, seen.len, page_what(WHAT_INBOX)));
    view_items(view, "cases", &items);
    view_bool(view, "more", more);
    return RC_OK;
}

static void together_show(HttpExchange *x, int status, const Wished *wished, const Faults *faults) {
    View view = page_view(x), values = view_new(view.arena);
    if (together_fill(x, &view, wished) != RC_OK) {
        page_fail(x);
        return;
    }
    view_json(&view, "label", wished->definition->label.all);
    view_json(&view, "move", definition_move(wished->definition, wished->move)->label.all);
    view_int(&view, "most", TOGETHER_MAX);
    view_str(&values, "reason", wished->reason);
    view_set(&view, "values", view_value(&values));
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_TOGETHER, &view);
}

static void together_get(HttpExchange *x) {
    Wished wished;
    if (wished_read(x, NULL, &wished) == RC_OK)
        together_show(x, 200, &wished, NULL);
    else
        page_fail(x);
}

/* What is said at the form: what it lacks, or that others were faster. */
static bool told_at_form(Ctx *ctx, Rc rc, Faults *faults) {
    bool text = str_eq(ctx->error.path, STR("text"));
    bool told = rc == RC_INVALID || rc == RC_CONFLICT || str_eq(ctx->error.code, STR("too-many"));
    const char *fault = rc == RC_LIMIT ? "many" : rc == RC_CONFLICT ? "changed" : "required";
    if (told)
        vec_push(ctx->arena, faults, text ? (Fault){"reason", "missing"} : (Fault){"cases", fault});
    return told;
}

static void together_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Wished wished;
    Str decision;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Rc rc = wished_read(x, form, &wished);
    if (rc == RC_OK && wished.all) {
        together_show(x, 200, &wished, NULL);
        return;
    }
    if (rc == RC_OK)
        rc = together_propose(
            ctx, &(TogetherWish){wished.procedure, wished.move, &wished.numbers, wished.reason},
            &decision);
    if (rc == RC_OK)
        page_see(x, page_decision_url(ctx->arena, decision));
    else if (told_at_form(ctx, rc, &faults))
        together_show(x, rc == RC_CONFLICT ? 409 : 422, &wished, &faults);
    else
        page_fail(x);
}

/* move NULL: its ranking. */
static void link_add(View *view, JsonItems *items, const Definition *definition,
                     const DefinedMove *move) {
    View one = view_new(view->arena);
    view_json(&one, "label", definition->label.all);
    view_json(&one, "move", move ? move->label.all : NULL);
    view_str(&one, "url",
             move ? str_fmt(view->arena, "/staff/together/" STR_FMT "/" STR_FMT,
                            STR_ARG(definition->id), STR_ARG(move->id))
                  : str_fmt(view->arena, "/staff/ranking/" STR_FMT, STR_ARG(definition->id)));
    vec_push(view->arena, items, view_value(&one));
}

/* `together`: what may be proposed as one of the procedures of a post. */
void page_together_links(HttpExchange *x, View *view, Str post) {
    Ctx *ctx = http_ctx(x);
    const Catalogue *catalogue = procedures_catalogue(ctx->tenant);
    StrVec ids = {0}, posts;
    JsonItems items = {0};
    office_posts_now(ctx, post, &posts);
    catalogue_ids(ctx->arena, catalogue, &ids);
    VEC_EACH (const Str, id, &ids) {
        const Definition *definition = catalogue_newest(catalogue, *id);
        if (!org_lists(&posts, definition->post)) continue;
        if (definition->ranking) link_add(view, &items, definition, NULL);
        VEC_EACH (const DefinedMove, move, &definition->moves)
            if (move->together && !ranking_moves(definition, move->id))
                link_add(view, &items, definition, move);
    }
    view_items(view, "together", &items);
}

const HttpRoute page_together_rows[] = {
    PAGE_SHOW("/staff/together/{procedure}/{move}", PAGE_CITY, "Decisions", together_get,
              "Cases that can be proposed as one"),
    PAGE_SEND("/staff/together/{procedure}/{move}", PAGE_CITY, "Decisions", together_post,
              "Propose a move of several cases as one"),
};
ROWS(page_together_count, page_together_rows);
