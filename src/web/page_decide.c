/* page_decide: the decider's pages: fee reductions one by one, the day's collection plan as one
 * list, decisions taken. */
#include "pages_int.h"

#include "decide/decide.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { DECISIONS_SHOWN = 50, DAYS_SHOWN = 21 };

static const Str purpose_decide = {"bulky-waste-decide", 18};
static const Str purpose_plan = {"bulky-waste-plan", 16};

/* ---- finding proposals ---- */

/* Whole: who shows one masks it before. */
static Rc proposals(Ctx *ctx, Str condition, ProjectAnswer *out) {
    Match *match;
    MatchSource source = {.type = STR("Decision"), .q = condition};
    TRY(match_compile(ctx, ld_core(), &source, &match));
    ProjectQuery query = {.match = match, .limit = DECISIONS_SHOWN};
    Rc rc = project_query(ctx, ctx->tenant->project, &query, out);
    match_free(match);
    return rc;
}

static const Json *contents_of(const Entity *decision) {
    const Attr *contents = entity_attr(decision, IRI("contents"));
    return contents ? contents->value : NULL;
}

/* ---- fee reductions ---- */

/* What of a proposal this official may see, its contents among it; RC_DENIED says what is missing.
 */
static Rc proposal_view(Ctx *ctx, const Entity **decision) {
    GateAsk ask = {.action = ACT_READ,
                   .type = STR(DECIDE_TYPE),
                   .attr = IRI("contents"),
                   .class = CLASS_SENSITIVE,
                   .relation = gate_relation(ctx, *decision)};
    TRY(gate_check(ctx, &ask));
    *decision = gate_view(ctx, NULL, *decision);
    return RC_OK;
}

/* The decider sees the person behind the case: a look. */
static Rc reduction_value(HttpExchange *x, const Entity *decision, Json *out) {
    Ctx *ctx = http_ctx(x);
    const Entity *application;
    TRY(proposal_view(ctx, &decision));
    const Json *contents;
    TRY(decide_contents(ctx, decision, &contents));
    TRY(ledger_entity(ctx, ctx->tenant->ledger, json_get_str(contents, "case"), &application));
    application = gate_view(ctx, NULL, application);
    if (!application)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-case", STR_NONE, "There is no such case.");
    const Entity *const shown[] = {application, decision};
    TRY(gate_look(ctx, shown, 2, STR("減免の理由、氏名、町名")));
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
    view_str(&one, "article", json_get_str(contents, "article"));
    view_str(&one, "opinion", entity_text(decision, IRI("subjectLine")));
    view_str(&one, "hash", entity_text(decision, IRI("contentHash")));
    *out = view_value(&one);
    return RC_OK;
}

static void reductions_show(HttpExchange *x, int status, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    ProjectAnswer found;
    JsonItems items = {0};
    ctx->purpose = purpose_decide;
    Buf condition = buf_new(ctx->arena, CONDITION_MAX);
    buf_add(&condition, STR("kind==\"fee-reduction\";state==\"waiting\";deciderPost=="));
    json_write_str(&condition, ctx->actor->post);
    Rc rc = proposals(ctx, buf_str(&condition), &found);
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

/* Reads and does what the form says. taken_out: the case whose button was pressed, empty for none.
 */
static Rc decide_form(HttpExchange *x, const HttpForm *form, Str id, Str taken_out) {
    Ctx *ctx = http_ctx(x);
    OfficeDecision wish = {.id = id,
                           .hash = http_form_value(form, "hash"),
                           .opinion = http_form_value(form, "comment"),
                           .case_id = taken_out};
    DecisionAct act = str_empty(taken_out) ? act_of(http_form_value(form, "act")) : office_takeout;
    ctx->purpose = ctx->actor->roles & 1u << ROLE_CHIEF ? purpose_decide : purpose_plan;
    return act ? act(ctx, &wish)
               : ctx_fail(ctx, RC_INVALID, "no-act", STR("act"), "Choose what to do.");
}

/* A fault that belongs to the form; false: to an error page. */
static bool decide_fault(Ctx *ctx, Rc rc, Faults *faults) {
    static const struct {
        const char *code, *fault;
    } conflicts[] = {{"case-moved", "moved"}, {"last-case", "last"}};
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
    Rc rc = decide_form(x, form, id, STR_NONE);
    if (rc == RC_OK)
        page_see(x, STR("/staff/reductions"));
    else if (decide_fault(ctx, rc, &faults))
        reductions_show(x, 422, &faults);
    else
        page_fail(x);
}

/* ---- the plan of a day ---- */

/* Stops of one district, in the order of the list. */
typedef struct PlanDistrict {
    Str id;
    JsonItems stops;
} PlanDistrict;
typedef VEC(PlanDistrict) PlanDistricts;

static PlanDistrict *plan_district(Arena *arena, PlanDistricts *districts, Str id) {
    VEC_EACH (PlanDistrict, one, districts)
        if (str_eq(one->id, id)) return one;
    return vec_push(arena, districts, (PlanDistrict){.id = id});
}

static void plan_districts_set(HttpExchange *x, View *view, const PlanDistricts *districts) {
    Arena *arena = view->arena;
    JsonItems items = {0};
    VEC_EACH (const PlanDistrict, district, districts) {
        const WasteDistrict *known =
            waste_district(procedures_waste(http_ctx(x)->tenant), district->id);
        View one = view_new(arena);
        int64_t capacity = known ? known->capacity : 0;
        view_set(&one, "name", page_district(x, district->id));
        view_int(&one, "load", (int64_t)district->stops.len);
        view_int(&one, "capacity", capacity);
        view_bool(&one, "over", (int64_t)district->stops.len > capacity);
        view_items(&one, "stops", &district->stops);
        vec_push(arena, &items, view_value(&one));
    }
    view_items(view, "districts", &items);
}

typedef struct Stop {
    Str number, town;
    Json items;
    int64_t fee;
    bool moved; /* since it was proposed */
} Stop;

static Json stop_value(HttpExchange *x, const Stop *stop) {
    Arena *arena = http_ctx(x)->arena;
    View one = view_new(arena);
    view_str(&one, "number", stop->number);
    view_str(&one, "url", page_case_url(arena, stop->number));
    view_set(&one, "town", page_town(x, stop->town));
    view_set(&one, "items", stop->items);
    view_int(&one, "fee", stop->fee);
    view_bool(&one, "included", true);
    view_bool(&one, "moved", stop->moved);
    return view_value(&one);
}

Json page_items_all(HttpExchange *x, const Json *items) {
    Ctx *ctx = http_ctx(x);
    static const char *const languages[] = {"ja", "en"};
    Str texts[2];
    for (int k = 0; k < 2; k++) {
        Buf text = buf_new(ctx->arena, 4096);
        for (size_t i = 0; items && items->kind == JSON_ARRAY && i < items->len; i++) {
            const Json *row = json_at(items, i);
            const WasteItem *item =
                waste_item(procedures_waste(ctx->tenant), json_get_str(row, "id"));
            if (i) buf_add(&text, k == 0 ? STR("、") : STR(", "));
            buf_add(&text,
                    item ? json_get_str(item->name.both, languages[k]) : json_get_str(row, "id"));
            if (json_get_int(row, "quantity", 1) > 1)
                buf_addf(&text, " ×%lld", (long long)json_get_int(row, "quantity", 1));
        }
        texts[k] = buf_str(&text);
    }
    return view_text(ctx->arena, texts[0], texts[1]);
}

static Rc confirmed_of(Ctx *ctx, Date day, InboxPage *page) {
    Str post = waste_decider(procedures_waste(ctx->tenant), STR("application-confirm"), 0);
    return inbox_page(
        ctx,
        &(InboxQuery){.post = post, .states = 1u << CASE_CONFIRMED, .pickup = day, .limit = 2000},
        page);
}

static Date pickup_of(const InboxLine *line) {
    Date date;
    return time_parse_date(entity_text(line->application, IRI("pickupDate")), &date) ? date
                                                                                     : (Date){0};
}

/* Days that have confirmed cases, from tomorrow on. */
static Rc plan_days(HttpExchange *x, View *view, Date on) {
    Ctx *ctx = http_ctx(x);
    JsonItems items = {0};
    int64_t first = time_date_days(time_jst_date(time_now(ctx->clock)));
    InboxPage page;
    int64_t counts[DAYS_SHOWN] = {0};
    TRY(confirmed_of(ctx, (Date){0}, &page));
    VEC_EACH (InboxLine, line, &page.lines) {
        Date pickup = pickup_of(line);
        int64_t at = pickup.year ? time_date_days(pickup) - first : -1;
        if (at >= 0 && at < DAYS_SHOWN) counts[at]++;
    }
    for (int64_t i = 0; i < DAYS_SHOWN; i++) {
        Date date = time_days_date(first + i);
        bool here = on.year && time_date_days(on) == first + i;
        if (!counts[i] && !here) continue;
        View one = view_new(ctx->arena);
        Str text = time_format_date(ctx->arena, date);
        view_str(&one, "date", text);
        view_str(&one, "url", str_fmt(ctx->arena, "/staff/plan/" STR_FMT, STR_ARG(text)));
        view_int(&one, "n", counts[i]);
        view_bool(&one, "on", here);
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(view, "days", &items);
    return RC_OK;
}

static const Str plan_seen = {"収集予定表（受付番号、町名、品目）", 51};

static Rc draft_fill(HttpExchange *x, View *view, Date day) {
    Ctx *ctx = http_ctx(x);
    InboxPage page;
    PlanDistricts districts = {0};
    TRY(confirmed_of(ctx, day, &page));
    const Entity **shown = NEW_ARRAY(ctx->arena, const Entity *, page.lines.len + 1);
    size_t n = 0;
    VEC_EACH (InboxLine, line, &page.lines) {
        const Entity *application = gate_view(ctx, NULL, line->application);
        bool seen = application && entity_attr(application, IRI("receiptNumber"));
        if (!seen || case_state(application) != CASE_CONFIRMED) continue;
        shown[n++] = application;
        PlanDistrict *district = plan_district(ctx->arena, &districts, line->district);
        Stop stop = {.number = entity_text(application, IRI("receiptNumber")),
                     .town = entity_text(application, IRI("town")),
                     .items = page_items(x, application),
                     .fee = entity_int(application, IRI("fee"), 0)};
        vec_push(ctx->arena, &district->stops, stop_value(x, &stop));
    }
    TRY(gate_look(ctx, shown, n, plan_seen));
    plan_districts_set(x, view, &districts);
    View values = view_new(ctx->arena);
    view_null(&values, "note");
    view_set(view, "values", view_value(&values));
    view_str(view, "date", time_format_date(ctx->arena, day));
    return plan_days(x, view, day);
}

static bool day_of(HttpExchange *x, Date *day) {
    return time_parse_date(http_path_param(x, "day"), day);
}

/* The waiting proposal for a day's plan, NULL when there is none. */
static Rc waiting_plan(Ctx *ctx, Date day, const Entity **out) {
    ProjectAnswer found;
    TRY(office_plans(ctx, day, "waiting", &found));
    *out = found.entities.len ? found.entities.items[0] : NULL;
    return RC_OK;
}

static Json stage_value(HttpExchange *x, const char *role, Str post, const char *act, Str at) {
    View one = view_new(http_ctx(x)->arena);
    view_str(&one, "role", str_of(role));
    view_set(&one, "post", page_post(x, post));
    view_str(&one, "act", str_of(act));
    view_str(&one, "at", at);
    view_str(&one, "state", str_empty(at) ? STR("now") : STR("done"));
    return view_value(&one);
}

static const char *decided_act(const Entity *decision) {
    Str state = entity_text(decision, IRI("state"));
    if (str_eq(state, STR("decided"))) return "approved";
    return str_eq(state, STR("rejected"))  ? "rejected"
           : str_eq(state, STR("waiting")) ? NULL
                                           : "returned";
}

Json page_stages(HttpExchange *x, const Entity *decision) {
    Json *stages = NEW_ARRAY(http_ctx(x)->arena, Json, 2);
    stages[0] = stage_value(x, "draft", entity_text(decision, IRI("drafterPost")), "proposed",
                            entity_text(decision, IRI("draftedAt")));
    stages[1] = stage_value(x, "decide", entity_text(decision, IRI("deciderPost")),
                            decided_act(decision), entity_text(decision, IRI("decidedAt")));
    return json_of_items(stages, 2);
}

/* Whether a case is no longer the version that was proposed: it has to be taken out. */
static Rc has_moved(Ctx *ctx, const DecideCases *cases, Str id, bool *moved) {
    const Entity *now;
    *moved = true;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &now);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    VEC_EACH (const DecideCase, one, cases)
        if (str_eq(one->id, id) && one->version == now->version) *moved = false;
    return RC_OK;
}

/* The frozen stops, by district. */
static Rc stops_set(HttpExchange *x, View *view, const Entity *decision, const Json *contents) {
    Ctx *ctx = http_ctx(x);
    const Json *cases = json_get(contents, STR("cases"));
    PlanDistricts districts = {0};
    DecideCases versions;
    int64_t moved = 0;
    decide_cases(ctx->arena, decision, &versions);
    for (size_t i = 0; cases && i < cases->len; i++) {
        const Json *row = json_at(cases, i);
        bool other;
        TRY(has_moved(ctx, &versions, json_get_str(row, "case"), &other));
        moved += other;
        Stop stop = {.number = json_get_str(row, "number"),
                     .town = json_get_str(row, "town"),
                     .items = page_items_all(x, json_get(row, STR("items"))),
                     .fee = json_get_int(row, "fee", 0),
                     .moved = other};
        PlanDistrict *district =
            plan_district(ctx->arena, &districts, json_get_str(row, "district"));
        vec_push(ctx->arena, &district->stops, stop_value(x, &stop));
    }
    view_int(view, "moved", moved);
    plan_districts_set(x, view, &districts);
    return RC_OK;
}

static Json out_value(Arena *arena, const Json *contents) {
    const Json *out = json_get(contents, STR("out"));
    JsonItems items = {0};
    for (size_t i = 0; out && i < out->len; i++)
        vec_push(arena, &items, *json_at(out, i));
    return json_of_items(items.items, items.len);
}

static Rc decide_fill(HttpExchange *x, View *view, const Entity *decision) {
    Ctx *ctx = http_ctx(x);
    View values = view_new(ctx->arena);
    TRY(proposal_view(ctx, &decision));
    TRY(gate_look(ctx, &decision, 1, plan_seen));
    const Json *contents = NULL;
    TRY(decide_contents(ctx, decision, &contents));
    view_str(view, "date", json_get_str(contents, "day"));
    view_str(view, "number", entity_text(decision, IRI("number")));
    view_set(view, "stages", page_stages(x, decision));
    view_str(view, "frozen", entity_text(decision, IRI("draftedAt")));
    view_int(view, "total", json_get_int(contents, "count", 0));
    view_int(view, "fees", json_get_int(contents, "fee", 0));
    view_str(view, "hash", entity_text(decision, IRI("contentHash")));
    view_str(view, "note", json_get_str(contents, "note"));
    view_set(view, "out", out_value(ctx->arena, contents));
    bool own = str_eq(entity_text(decision, IRI("drafter")), ctx->actor->id);
    view_bool(view, "own", own);
    view_bool(view, "acts",
              !own && str_eq(entity_text(decision, IRI("deciderPost")), ctx->actor->post));
    view_null(&values, "comment");
    view_set(view, "values", view_value(&values));
    return stops_set(x, view, decision, contents);
}

static void decide_show(HttpExchange *x, const Entity *decision, int status, const Faults *faults) {
    View view = page_view(x);
    if (decide_fill(x, &view, decision) != RC_OK) {
        page_fail(x);
        return;
    }
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_PLAN_DECIDE, &view);
}

static void draft_show(HttpExchange *x, Date day, const Faults *faults) {
    View view = page_view(x);
    if (draft_fill(x, &view, day) != RC_OK) {
        page_fail(x);
        return;
    }
    if (faults) page_faults(&view, faults);
    page_show(x, faults ? 422 : 200, WEB_PAGE_PLAN_DRAFT, &view);
}

/* A day whose plan waits shows the frozen proposal; else what could be proposed. */
static void plan_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Entity *waiting = NULL;
    Date day;
    if (!day_of(x, &day)) {
        (void)ctx_fail(ctx, RC_NOT_FOUND, "no-day", http_path_param(x, "day"), "This is no day.");
        page_fail(x);
        return;
    }
    ctx->purpose = ctx->actor->roles & 1u << ROLE_CHIEF ? purpose_decide : purpose_plan;
    if (waiting_plan(ctx, day, &waiting) != RC_OK)
        page_fail(x);
    else if (waiting)
        decide_show(x, waiting, 200, NULL);
    else
        draft_show(x, day, NULL);
}

/* The next day with something to plan or to decide. */
static void plan_index(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    ProjectAnswer waiting;
    InboxPage page;
    Date first = time_jst_date(time_now(ctx->clock));
    Rc rc = proposals(ctx, STR("kind==\"collection-plan\";state==\"waiting\""), &waiting);
    if (rc == RC_OK && waiting.entities.len && (ctx->actor->roles & 1u << ROLE_CHIEF)) {
        page_see(x, str_fmt(ctx->arena, "/staff/plan/" STR_FMT,
                            STR_ARG(json_get_str(contents_of(waiting.entities.items[0]), "day"))));
        return;
    }
    if (rc == RC_OK) rc = confirmed_of(ctx, (Date){0}, &page);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    int64_t best = INT64_MAX;
    VEC_EACH (InboxLine, line, &page.lines) {
        Date pickup = pickup_of(line);
        int64_t at = pickup.year ? time_date_days(pickup) : 0;
        if (at >= time_date_days(first) && at < best) best = at;
    }
    Date day = best == INT64_MAX ? first : time_days_date(best);
    page_see(
        x, str_fmt(ctx->arena, "/staff/plan/" STR_FMT, STR_ARG(time_format_date(ctx->arena, day))));
}

/* The case of a number in a proposal, empty when it has none of that number. */
static Rc case_numbered(Ctx *ctx, const Entity *decision, Str number, Str *id) {
    const Json *contents;
    *id = STR_NONE;
    TRY(decide_contents(ctx, decision, &contents));
    const Json *cases = json_get(contents, STR("cases"));
    for (size_t i = 0; cases && i < cases->len; i++)
        if (str_eq(json_get_str(json_at(cases, i), "number"), number))
            *id = json_get_str(json_at(cases, i), "case");
    return RC_OK;
}

static Str decision_url(Arena *arena, Str id) {
    return str_fmt(arena, "/staff/decisions/" STR_FMT,
                   STR_ARG(str_sub(id, sizeof "urn:ngsi-ld:Decision:" - 1, id.len)));
}

/* What was decided is shown as such; what is changed or withdrawn, on the page of the day. */
static void plan_act(HttpExchange *x, const Entity *waiting, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    Faults faults = {0};
    Str out = http_form_value(form, "out"), act = http_form_value(form, "act");
    bool stays = !str_empty(out) || str_eq(act, STR("withdraw"));
    Str id = STR_NONE;
    Rc rc = str_empty(out) ? RC_OK : case_numbered(ctx, waiting, out, &id);
    if (rc == RC_OK && !str_empty(out) && str_empty(id))
        rc = ctx_fail(ctx, RC_CONFLICT, "other-contents", out,
                      "This case is no longer in the proposal: look at it again.");
    if (rc == RC_OK) rc = decide_form(x, form, waiting->id, id);
    if (rc == RC_OK)
        page_see(x, stays ? http_path(x) : decision_url(ctx->arena, waiting->id));
    else if (decide_fault(ctx, rc, &faults))
        decide_show(x, waiting, 422, &faults);
    else
        page_fail(x);
}

/* Drafts what is ticked on the page, and says on it when that is nothing. */
static Rc plan_propose(HttpExchange *x, const HttpForm *form, Date day, Faults *faults) {
    Ctx *ctx = http_ctx(x);
    StrVec numbers = {0};
    Str decision;
    VEC_EACH (const HttpField, field, form)
        if (str_eq(field->name, STR("stop"))) vec_push(ctx->arena, &numbers, field->value);
    OfficePlan plan = {
        .day = day, .numbers = &numbers, .note = str_trim(http_form_value(form, "note"))};
    if (!str_eq(http_form_value(form, "act"), STR("propose")))
        return ctx_fail(ctx, RC_INVALID, "no-act", STR("act"), "Choose what to do.");
    Rc rc = office_draft_plan(ctx, &plan, &decision);
    if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("nothing-to-plan")))
        vec_push(ctx->arena, faults, (Fault){"stop", "required"});
    return rc;
}

static void plan_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    const Entity *waiting = NULL;
    Faults faults = {0};
    Date day = {0};
    if (!page_form(x, &form)) return;
    Rc rc = day_of(x, &day) ? waiting_plan(ctx, day, &waiting)
                            : ctx_fail(ctx, RC_NOT_FOUND, "no-day", STR_NONE, "This is no day.");
    if (rc == RC_OK && waiting) {
        plan_act(x, waiting, form);
        return;
    }
    ctx->purpose = purpose_plan;
    if (rc == RC_OK) rc = plan_propose(x, form, day, &faults);
    if (rc == RC_OK)
        page_see(x, http_path(x));
    else if (faults.len)
        draft_show(x, day, &faults);
    else
        page_fail(x);
}

#define OFFICE                                                                                     \
    (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK) | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF))
#define CHIEF (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF))

const HttpRoute page_decide_rows[] = {
    {HTTP_GET, "/staff/reductions", reductions_get, HTTP_POOL, 0, CHIEF | GATE_STEP_UP, "Decisions",
     "Fee reductions that wait", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/reductions/{decision}", reduction_post, HTTP_POOL, PAGE_FORM_MAX,
     CHIEF | GATE_FORM | GATE_STEP_UP, "Decisions", "Decide a fee reduction", NULL, NULL,
     page_posted},
    {HTTP_GET, "/staff/plan", plan_index, HTTP_POOL, 0, OFFICE, "Decisions", "The next day to plan",
     NULL, NULL, page_shown},
    {HTTP_GET, "/staff/plan/{day}", plan_get, HTTP_POOL, 0, OFFICE, "Decisions",
     "The collection plan of a day", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/plan/{day}", plan_post, HTTP_POOL, PAGE_FORM_MAX, OFFICE | GATE_FORM,
     "Decisions", "Propose or decide the plan", NULL, NULL, page_posted},
};
ROWS(page_decide_count, page_decide_rows);
