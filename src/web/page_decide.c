/* page_decide: fee reductions, one by one, and what each page of a proposal says and does. The plan
 * of a day stands in page_plan.c, decisions taken in page_decisions.c. */
#include "pages_int.h"

#include "decide/decide.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { DECISIONS_SHOWN = 50 };

static const Str purpose_decide = {"bulky-waste-decide", 18};

/* ---- finding proposals ---- */

Rc page_proposals(Ctx *ctx, Str condition, ProjectAnswer *out) {
    ProjectWish wish = {.type = STR("Decision"), .q = condition, .limit = DECISIONS_SHOWN};
    return project_find(ctx, &wish, out);
}

/* ---- fee reductions ---- */

Rc page_proposal_view(Ctx *ctx, const Entity **decision) {
    GateAsk ask = {.action = ACT_READ,
                   .type = STR(DECIDE_TYPE),
                   .attr = IRI("contents"),
                   .class = CLASS_SENSITIVE,
                   .relation = gate_relation(ctx, *decision)};
    TRY(gate_check(ctx, &ask));
    *decision = gate_view(ctx, NULL, *decision);
    return RC_OK;
}

Rc page_seen_out(Ctx *ctx, const Json *contents, PageSeen *seen) {
    const Json *out = json_get(contents, STR("out"));
    for (size_t i = 0; out && i < out->len; i++) {
        const Entity *application;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, json_get_str(json_at(out, i), "case"),
                              &application);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        vec_push(ctx->arena, seen, application);
    }
    return RC_OK;
}

/* What was asked and answered before it was proposed. */
static void asked_value(HttpExchange *x, View *view, const Json *contents) {
    const Json *asked = json_get(contents, STR("asked"));
    JsonItems items = {0};
    for (size_t i = 0; asked && i < asked->len; i++) {
        const Json *row = json_at(asked, i);
        CaseStep step = {.post = json_get_str(row, "post")};
        View one = view_new(view->arena);
        view_int(&one, "at", json_get_int(row, "at", 0));
        view_set(&one, "who", page_step_post(x, &step));
        view_str(&one, "text", json_get_str(row, "text"));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "asked", &items);
}

/* Before the decision others have a say: they review or are consulted. */
static bool is_decider(const Ctx *ctx, const Entity *decision) {
    Route route;
    Org org;
    route_json_read(decision, &route);
    org_load_posts(ctx->arena, ctx->tenant->gate, &org);
    Str post = route.stages[route_decider(&route)].post;
    return str_eq(org_post_now(&org, post, time_jst_date(time_now(ctx->clock))), ctx->actor->post);
}

/* The decider sees the person behind the case: a look. */
static Rc reduction_value(HttpExchange *x, const Entity *decision, Json *out) {
    Ctx *ctx = http_ctx(x);
    const Entity *application;
    TRY(page_proposal_view(ctx, &decision));
    const Json *contents;
    TRY(decide_contents(ctx, decision, &contents));
    TRY(ledger_entity(ctx, ctx->tenant->ledger, json_get_str(contents, "case"), &application));
    application = gate_view(ctx, NULL, application);
    if (!application)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-case", STR_NONE, "There is no such case.");
    const Entity *const shown[] = {application, decision};
    TRY(gate_look(ctx, shown, 2, page_what(WHAT_REDUCTION)));
    const Attr *reduction = entity_attr(application, IRI("feeReduction"));
    const WasteReduction *ground = reduction
                                       ? waste_reduction(procedures_waste(ctx->tenant),
                                                         json_get_str(reduction->value, "ground"))
                                       : NULL;
    View one = view_new(ctx->arena);
    view_str(&one, "id",
             str_sub(decision->id, sizeof "urn:ngsi-ld:Decision:" - 1, decision->id.len));
    view_str(&one, "number", json_get_str(contents, "number"));
    view_json(&one, "reason", ground ? ground->label.both : NULL);
    Str who = entity_text(application, IRI("name")), town = entity_text(application, IRI("town"));
    const WasteTown *known = waste_town(procedures_waste(ctx->tenant), town);
    view_set(&one, "applicant",
             view_text(ctx->arena,
                       str_fmt(ctx->arena, STR_FMT "（" STR_FMT "）", STR_ARG(who), STR_ARG(town)),
                       str_fmt(ctx->arena, STR_FMT " (" STR_FMT ")", STR_ARG(who),
                               STR_ARG(known ? json_get_str(known->name.both, "en") : town))));
    view_set(&one, "items", page_items(x, application));
    view_int(&one, "fee", json_get_int(contents, "fee", 0));
    view_int(&one, "reduced", json_get_int(contents, "reducedFee", 0));
    view_json(&one, "evidence", ground ? ground->evidence.both : NULL);
    view_str(&one, "seen", json_get_str(contents, "evidence"));
    asked_value(x, &one, contents);
    view_set(&one, "article", page_article(ctx->arena, json_get_str(contents, "article")));
    view_str(&one, "hash", entity_text(decision, IRI("contentHash")));
    view_str(&one, "url", page_decision_url(ctx->arena, decision->id));
    unsigned verbs;
    TRY(page_route_plain(ctx, decision, &verbs));
    view_bool(&one, "approves", verbs & 1u << ROUTE_APPROVE);
    view_bool(&one, "returns", verbs & 1u << ROUTE_RETURN);
    view_bool(&one, "rejects", verbs & 1u << ROUTE_REJECT);
    view_bool(&one, "decides", is_decider(ctx, decision));
    *out = view_value(&one);
    return RC_OK;
}

static void reductions_show(HttpExchange *x, int status, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    ProjectAnswer found;
    JsonItems items = {0};
    ctx->purpose = purpose_decide;
    Buf condition = buf_new(ctx->arena, CONDITION_MAX);
    buf_add(&condition, STR("kind==\"fee-reduction\";state==\"waiting\";"));
    page_waits_for(ctx, &condition);
    Rc rc = page_proposals(ctx, buf_str(&condition), &found);
    for (size_t i = 0; rc == RC_OK && i < found.entities.len; i++) {
        Json *one = vec_push(ctx->arena, &items, json_of_null());
        rc = reduction_value(x, found.entities.items[i], one);
    }
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    view_items(&view, "proposals", &items);
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_REDUCTIONS, &view);
}

static void reductions_get(HttpExchange *x) {
    reductions_show(x, 200, NULL);
}

/* ---- one act on a proposal ---- */

typedef Rc (*DecisionAct)(Ctx *ctx, const OfficeDecision *decision);

static DecisionAct act_of(Str word) {
    static const struct {
        const char *word;
        DecisionAct act;
    } acts[] = {{"approve", office_decide},
                {"return", office_return},
                {"reject", office_reject},
                {"withdraw", office_withdraw}};
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        if (str_eq(word, str_of(acts[i].word))) return acts[i].act;
    return NULL;
}

Str page_decide_purpose(const Ctx *ctx) {
    return ctx->actor->roles & 1u << ROLE_CHIEF ? purpose_decide : STR("bulky-waste-plan");
}

Rc page_decide_form(HttpExchange *x, const HttpForm *form, Str id) {
    Ctx *ctx = http_ctx(x);
    OfficeDecision wish = {.id = id,
                           .hash = http_form_value(form, "hash"),
                           .opinion = http_form_value(form, "comment")};
    DecisionAct act = act_of(http_form_value(form, "act"));
    ctx->purpose = page_decide_purpose(ctx);
    return act ? act(ctx, &wish)
               : ctx_fail(ctx, RC_INVALID, "no-act", STR("act"), "Choose what to do.");
}

bool page_decide_further(const Ctx *ctx, Rc rc) {
    static const char *const codes[] = {"opinions", "two-roles", "important"};
    for (size_t i = 0; rc != RC_OK && i < sizeof codes / sizeof *codes; i++)
        if (str_eq(ctx->error.code, str_of(codes[i]))) return true;
    return false;
}

bool page_decide_fault(Ctx *ctx, Rc rc, Faults *faults) {
    static const struct {
        const char *code, *fault;
    } conflicts[] = {{"case-moved", "moved"},
                     {"last-case", "last"},
                     {"out-moved", "out"},
                     {"not-due", "route"},
                     {"route-moved", "route"}};
    const char *fault = "changed";
    for (size_t i = 0; i < sizeof conflicts / sizeof *conflicts; i++)
        if (str_eq(ctx->error.code, str_of(conflicts[i].code))) fault = conflicts[i].fault;
    if (rc == RC_INVALID)
        vec_push(ctx->arena, faults, (Fault){"comment", "required"});
    else if (rc == RC_CONFLICT)
        vec_push(ctx->arena, faults, (Fault){"hash", fault});
    return faults->len > 0;
}

static void reduction_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Str id = str_fmt(ctx->arena, "urn:ngsi-ld:Decision:" STR_FMT,
                     STR_ARG(http_path_param(x, "decision")));
    Rc rc = page_decide_form(x, form, id);
    if (rc == RC_OK)
        page_see(x, STR("/staff/reductions"));
    else if (page_decide_further(ctx, rc))
        page_see(x, page_decision_url(ctx->arena, id));
    else if (page_decide_fault(ctx, rc, &faults))
        reductions_show(x, 422, &faults);
    else
        page_fail(x);
}

#define CHIEF (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF))

const HttpRoute page_decide_rows[] = {
    {HTTP_GET, "/staff/reductions", reductions_get, HTTP_POOL, 0, CHIEF | GATE_STEP_UP, "Decisions",
     "Fee reductions that wait", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/reductions/{decision}", reduction_post, HTTP_POOL, PAGE_FORM_MAX,
     CHIEF | GATE_FORM | GATE_STEP_UP, "Decisions", "Decide a fee reduction", NULL, NULL,
     page_posted},
};
ROWS(page_decide_count, page_decide_rows);
