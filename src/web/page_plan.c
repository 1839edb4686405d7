/* page_plan: the collection plan of a day: what could be proposed, the frozen proposal, and taking
 * a case out of it. */
#include "page_lists.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { CONFIRMED_PAGE = 100 };

static const Str purpose_plan = {"bulky-waste-plan", 16};

static Str plan_url(Arena *arena, Date day) {
    return str_fmt(arena, "/staff/plan/" STR_FMT, STR_ARG(time_format_date(arena, day)));
}

/* ---- stops ---- */

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

static Stop stop_of(HttpExchange *x, const Entity *application) {
    return (Stop){.number = entity_text(application, IRI("receiptNumber")),
                  .town = entity_text(application, IRI("town")),
                  .items = page_items(x, application),
                  .fee = entity_int(application, IRI("fee"), 0)};
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

/* All confirmed cases of a day. */
static Rc confirmed_of(Ctx *ctx, Date day, InboxLines *out) {
    InboxPage page;
    InboxQuery query = {.post = office_confirmer(ctx),
                        .states = 1u << CASE_CONFIRMED,
                        .pickup = day,
                        .limit = CONFIRMED_PAGE};
    *out = (InboxLines){0};
    do {
        TRY(inbox_page(ctx, &query, &page));
        VEC_EACH (const InboxLine, line, &page.lines)
            vec_push(ctx->arena, out, *line);
        query.after = page.next;
    } while (!str_empty(page.next));
    return RC_OK;
}

static Json day_value(HttpExchange *x, const InboxDay *day, Date on) {
    Arena *arena = http_ctx(x)->arena;
    View one = view_new(arena);
    view_str(&one, "date", time_format_date(arena, day->day));
    view_str(&one, "url", plan_url(arena, day->day));
    view_int(&one, "n", day->cases);
    view_bool(&one, "on", time_date_days(day->day) == time_date_days(on));
    return view_value(&one);
}

/* Days that have confirmed cases, from today on, and the one that the page is of. */
static Rc plan_days(HttpExchange *x, View *view, Date on) {
    Ctx *ctx = http_ctx(x);
    JsonItems items = {0};
    InboxDays days;
    bool here = !on.year;
    TRY(office_plan_days(ctx, &days));
    VEC_EACH (const InboxDay, day, &days) {
        if (!here && time_date_days(day->day) > time_date_days(on))
            vec_push(ctx->arena, &items, day_value(x, &(InboxDay){.day = on}, on));
        here = here || time_date_days(day->day) >= time_date_days(on);
        vec_push(ctx->arena, &items, day_value(x, day, on));
    }
    if (!here) vec_push(ctx->arena, &items, day_value(x, &(InboxDay){.day = on}, on));
    view_items(view, "days", &items);
    return RC_OK;
}

/* Plans of the day that were decided already: what is proposed now is one more. */
static Rc decided_set(Ctx *ctx, View *view, Date day) {
    OfficePlans plans;
    JsonItems items = {0};
    TRY(office_plans(ctx, day, STR("decided"), &plans));
    for (size_t i = 0; i < plans.len; i++) {
        View one = view_new(ctx->arena);
        view_str(&one, "number", entity_text(plans.items[i], IRI("number")));
        view_str(&one, "url", page_decision_url(ctx->arena, plans.items[i]->id));
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(view, "decided", &items);
    return RC_OK;
}

static Rc draft_fill(HttpExchange *x, View *view, Date day) {
    Ctx *ctx = http_ctx(x);
    InboxLines lines;
    PlanDistricts districts = {0};
    TRY(confirmed_of(ctx, day, &lines));
    const Entity **shown = NEW_ARRAY(ctx->arena, const Entity *, lines.len + 1);
    size_t n = 0;
    VEC_EACH (InboxLine, line, &lines) {
        const Entity *application = gate_view(ctx, NULL, line->application);
        bool seen = application && entity_attr(application, IRI("receiptNumber"));
        if (!seen || case_state(application) != CASE_CONFIRMED) continue;
        shown[n++] = application;
        PlanDistrict *district = plan_district(ctx->arena, &districts, line->district);
        Stop stop = stop_of(x, application);
        vec_push(ctx->arena, &district->stops, stop_value(x, &stop));
    }
    TRY(gate_look(ctx, shown, n, page_what(WHAT_PLAN)));
    plan_districts_set(x, view, &districts);
    View values = view_new(ctx->arena);
    view_null(&values, "note");
    view_set(view, "values", view_value(&values));
    view_str(view, "date", time_format_date(ctx->arena, day));
    TRY(decided_set(ctx, view, day));
    return plan_days(x, view, day);
}

static bool day_of(HttpExchange *x, Date *day) {
    return time_parse_date(http_path_param(x, "day"), day);
}

/* The waiting proposal for a day's plan, NULL when there is none. */
static Rc waiting_plan(Ctx *ctx, Date day, const Entity **out) {
    OfficePlans found;
    TRY(office_plans(ctx, day, STR("waiting"), &found));
    *out = found.len ? found.items[0] : NULL;
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
        TRY(page_list_moved(ctx, &versions, json_get_str(row, "case"), &other));
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

static bool in_list(const Json *contents, const char *name, Str case_id) {
    const Json *list = json_get(contents, str_of(name));
    for (size_t i = 0; list && i < list->len; i++)
        if (str_eq(json_get_str(json_at(list, i), "case"), case_id)) return true;
    return false;
}

/* Whether a confirmed case came to it after an instant: the drafter cannot have left it out. */
static bool came_after(const Entity *application, int64_t drafted) {
    int64_t at;
    return time_parse(entity_text(application, IRI("stateAt")), &at) && at > drafted;
}

/* What was confirmed for the day since it was proposed: it isn't in the proposal and would be
   missed. What is shown of it joins the look. */
static Rc since_set(HttpExchange *x, View *view, const Entity *decision, PageSeen *seen) {
    Ctx *ctx = http_ctx(x);
    InboxLines lines;
    JsonItems items = {0};
    const Json *contents = entity_attr(decision, IRI("contents"))->value;
    Date day;
    int64_t drafted;
    bool known = time_parse_date(json_get_str(contents, "day"), &day) &&
                 time_parse(entity_text(decision, IRI("draftedAt")), &drafted);
    view_items(view, "since", &items);
    if (!known) return RC_OK;
    TRY(confirmed_of(ctx, day, &lines));
    VEC_EACH (InboxLine, line, &lines) {
        const Entity *application = gate_view(ctx, NULL, line->application);
        bool shown = application && entity_attr(application, IRI("receiptNumber"));
        if (!shown || !came_after(line->application, drafted) ||
            in_list(contents, "cases", line->id) || in_list(contents, "out", line->id))
            continue;
        vec_push(ctx->arena, seen, application);
        Stop stop = stop_of(x, application);
        vec_push(ctx->arena, &items, stop_value(x, &stop));
    }
    view_items(view, "since", &items);
    return RC_OK;
}

static void frozen_set(View *view, const Entity *decision) {
    view_str(view, "number", entity_text(decision, IRI("number")));
    view_str(view, "frozen", entity_text(decision, IRI("draftedAt")));
    view_str(view, "changed", entity_text(decision, IRI("changedAt")));
    view_str(view, "hash", entity_text(decision, IRI("contentHash")));
}

static Rc decide_fill(HttpExchange *x, View *view, const Entity *decision) {
    Ctx *ctx = http_ctx(x);
    Date day = {0};
    View values = view_new(ctx->arena);
    PageSeen seen = {0};
    PageMay may;
    TRY(page_confirm_first(ctx, decision));
    TRY(page_route_may(ctx, decision, &may));
    TRY(page_proposal_view(ctx, &decision));
    const Json *contents = NULL;
    TRY(decide_contents(ctx, decision, &contents));
    frozen_set(view, decision);
    TRY(page_stages(x, decision, view));
    view_str(view, "date", json_get_str(contents, "day"));
    view_int(view, "total", json_get_int(contents, "count", 0));
    view_int(view, "fees", json_get_int(contents, "fee", 0));
    view_str(view, "note", json_get_str(contents, "note"));
    page_list_out(x, view, contents);
    view_bool(view, "own", may.drafts);
    view_bool(view, "acts", may.decides);
    view_null(&values, "comment");
    view_set(view, "values", view_value(&values));
    vec_push(ctx->arena, &seen, decision);
    TRY(page_seen_out(ctx, contents, &seen));
    TRY(since_set(x, view, decision, &seen));
    TRY(gate_look(ctx, seen.items, seen.len, page_what(WHAT_PLAN)));
    (void)time_parse_date(json_get_str(contents, "day"), &day);
    TRY(plan_days(x, view, day));
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
    ctx->purpose = page_decide_purpose(ctx);
    if (waiting_plan(ctx, day, &waiting) != RC_OK)
        page_fail(x);
    else if (waiting)
        decide_show(x, waiting, 200, NULL);
    else
        draft_show(x, day, NULL);
}

/* The day of a waiting plan; empty when it names none. */
static Str day_named(const Entity *decision) {
    const Attr *contents = entity_attr(decision, IRI("contents"));
    return contents ? json_get_str(contents->value, "day") : STR_NONE;
}

static bool day_waits(Arena *arena, const ProjectAnswer *waiting, Date day) {
    Str text = time_format_date(arena, day);
    for (size_t i = 0; i < waiting->entities.len; i++)
        if (str_eq(day_named(waiting->entities.items[i]), text)) return true;
    return false;
}

/* The first day from today on that has confirmed cases and no plan that waits; if there is none,
   the first with confirmed cases, else today. */
static Rc day_to_draft(Ctx *ctx, const ProjectAnswer *waiting, Date *out) {
    InboxDays days;
    TRY(office_plan_days(ctx, &days));
    *out = days.len ? days.items[0].day : time_jst_date(time_now(ctx->clock));
    VEC_EACH (const InboxDay, day, &days) {
        if (day_waits(ctx->arena, waiting, day->day)) continue;
        *out = day->day;
        break;
    }
    return RC_OK;
}

/* The next day with something to plan or to decide. */
static void plan_index(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    ProjectAnswer waiting;
    Date day;
    Rc rc = page_proposals(ctx, STR("kind==\"collection-plan\";state==\"waiting\""), &waiting);
    if (rc == RC_OK && waiting.entities.len && (ctx->actor->roles & 1u << ROLE_CHIEF)) {
        page_see(x, str_fmt(ctx->arena, "/staff/plan/" STR_FMT,
                            STR_ARG(day_named(waiting.entities.items[0]))));
        return;
    }
    if (rc == RC_OK) rc = day_to_draft(ctx, &waiting, &day);
    if (rc == RC_OK)
        page_see(x, plan_url(ctx->arena, day));
    else
        page_fail(x);
}

/* ---- acts on a proposal ---- */

static Rc plan_putback(Ctx *ctx, const Entity *waiting, const HttpForm *form) {
    const Json *row;
    const Entity *decision = waiting;
    ctx->purpose = page_decide_purpose(ctx);
    TRY(page_proposal_view(ctx, &decision));
    TRY(page_list_row(ctx, decision, "out", http_form_value(form, "back"), &row));
    OfficeDecision wish = {.id = waiting->id,
                           .hash = http_form_value(form, "hash"),
                           .case_id = json_get_str(row, "case")};
    return office_putback(ctx, &wish);
}

/* What was decided is shown as such; what is changed or withdrawn, on the page of the day. */
static void plan_act(HttpExchange *x, const Entity *waiting, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    Faults faults = {0};
    bool back = !str_empty(http_form_value(form, "back"));
    bool stays = back || str_eq(http_form_value(form, "act"), STR("withdraw"));
    Rc rc = back ? plan_putback(ctx, waiting, form) : page_decide_form(x, form, waiting->id);
    if (rc == RC_OK)
        page_see(x, stays ? http_path(x) : page_decision_url(ctx->arena, waiting->id));
    else if (page_decide_fault(ctx, rc, &faults))
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
    Rc rc = office_draft_plan(ctx, &plan, &decision);
    if (rc != RC_CONFLICT) return rc;
    if (str_eq(ctx->error.code, STR("proposed"))) return RC_OK; /* meanwhile: it is shown */
    if (str_eq(ctx->error.code, STR("nothing-to-plan")))
        vec_push(ctx->arena, faults, (Fault){"stop", "required"});
    return rc;
}

/* Pressed again, or in another tab, when nothing waits any more: what became of it is shown. */
static Rc plan_over(HttpExchange *x, const HttpForm *form, Date day) {
    Ctx *ctx = http_ctx(x);
    OfficePlans plans;
    TRY(office_plans(ctx, day, STR("decided"), &plans));
    for (size_t i = 0; i < plans.len; i++) {
        const Entity *plan = plans.items[i];
        if (!str_eq(entity_text(plan, IRI("contentHash")), http_form_value(form, "hash"))) continue;
        page_see(x, page_decision_url(ctx->arena, plan->id));
        return RC_OK;
    }
    return ctx_fail(ctx, RC_CONFLICT, "not-waiting", STR("act"),
                    "No proposal of this day waits for a decision: it was decided or returned.");
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
    bool proposes = str_eq(http_form_value(form, "act"), STR("propose"));
    if (rc == RC_OK && waiting && proposes) { /* pressed twice, or in two tabs: it waits already */
        page_see(x, http_path(x));
        return;
    }
    if (rc == RC_OK && waiting) {
        plan_act(x, waiting, form);
        return;
    }
    if (rc == RC_OK && !proposes) {
        if (plan_over(x, form, day) != RC_OK) page_fail(x);
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

/* ---- taking a case out ---- */

typedef struct TakeOut {
    Date day;
    const Entity *waiting;
    const Json *row; /* of the case, as it was frozen */
} TakeOut;

/* The case behind the address. */
static Rc takeout_load(HttpExchange *x, TakeOut *out) {
    Ctx *ctx = http_ctx(x);
    const Entity *decision;
    ctx->purpose = page_decide_purpose(ctx);
    if (!day_of(x, &out->day))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-day", STR_NONE, "This is no day.");
    TRY(waiting_plan(ctx, out->day, &out->waiting));
    if (!out->waiting)
        return ctx_fail(ctx, RC_NOT_FOUND, "not-waiting", STR_NONE,
                        "No proposal of this day waits for a decision.");
    decision = out->waiting;
    TRY(page_confirm_first(ctx, decision));
    TRY(page_proposal_view(ctx, &decision));
    return page_list_row(ctx, decision, "cases", http_path_param(x, "number"), &out->row);
}

static void takeout_show(HttpExchange *x, const TakeOut *out, Str comment, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    View view = page_view(x);
    if (page_list_look(ctx, out->row, page_what(WHAT_PLAN)) != RC_OK) {
        page_fail(x);
        return;
    }
    view_str(&view, "date", time_format_date(ctx->arena, out->day));
    view_str(&view, "number", json_get_str(out->row, "number"));
    view_set(&view, "town", page_town(x, json_get_str(out->row, "town")));
    view_set(&view, "items", page_items_all(x, json_get(out->row, STR("items"))));
    view_int(&view, "fee", json_get_int(out->row, "fee", 0));
    view_str(&view, "hash", entity_text(out->waiting, IRI("contentHash")));
    view_str(&view, "back", plan_url(ctx->arena, out->day));
    view_str(&view, "comment", comment);
    if (faults) page_faults(&view, faults);
    page_show(x, faults ? 422 : 200, WEB_PAGE_PLAN_OUT, &view);
}

static void takeout_get(HttpExchange *x) {
    TakeOut out = {0};
    if (takeout_load(x, &out) == RC_OK)
        takeout_show(x, &out, STR_NONE, NULL);
    else
        page_fail(x);
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
    OfficeDecision wish = {.id = out.waiting->id,
                           .hash = http_form_value(form, "hash"),
                           .opinion = http_form_value(form, "comment"),
                           .case_id = json_get_str(out.row, "case")};
    rc = office_takeout(ctx, &wish);
    if (rc == RC_OK)
        page_see(x, plan_url(ctx->arena, out.day));
    else if (page_list_fault(ctx, rc, &faults))
        takeout_show(x, &out, wish.opinion, &faults);
    else
        page_fail(x);
}

const HttpRoute page_plan_rows[] = {
    {HTTP_GET, "/staff/plan", plan_index, HTTP_POOL, 0, PAGE_CITY, "Decisions",
     "The next day to plan", NULL, NULL, page_shown},
    {HTTP_GET, "/staff/plan/{day}", plan_get, HTTP_POOL, 0, PAGE_CITY, "Decisions",
     "The collection plan of a day", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/plan/{day}", plan_post, HTTP_POOL, PAGE_FORM_MAX, PAGE_CITY | GATE_FORM,
     "Decisions", "Propose or decide the plan", NULL, NULL, page_posted},
    {HTTP_GET, "/staff/plan/{day}/out/{number}", takeout_get, HTTP_POOL, 0, PAGE_CITY, "Decisions",
     "Take a case out of the plan", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/plan/{day}/out/{number}", takeout_post, HTTP_POOL, PAGE_FORM_MAX,
     PAGE_CITY | GATE_FORM, "Decisions", "Take a case out of the plan", NULL, NULL, page_posted},
};
ROWS(page_plan_count, page_plan_rows);
