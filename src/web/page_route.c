/* page_route: the route of a proposal as stages (who, in which quality, when, what is due and who
 * can act today, or why nobody can), and what whoever looks may do on it: exactly what the route
 * takes. */
#include "pages_int.h"

#include "decide/decide.h"
#include "meet/meet.h"
#include "open/open.h"

#define IRI(term)       STR(LD_DEFAULT term)
#define DECISION_PREFIX "urn:ngsi-ld:Decision:"

/* A proposal's route among the posts around it, today. */
typedef struct Course {
    Route route;
    RouteDones acts;
    Org org;
    Date day;
} Course;

static Rc course_load(Ctx *ctx, const Entity *decision, Course *out) {
    StrVec had;
    TRY(act_route(ctx, ctx->arena, decision, &out->route, &had));
    route_json_acts(ctx->arena, decision, &out->acts);
    out->day = time_jst_date(time_now(ctx->clock));
    return act_org(ctx, ctx->arena, &out->route, &out->org);
}

static OfferAsk course_ask(const Ctx *ctx, const Course *course) {
    return (OfferAsk){&course->org, &course->route, ctx->actor->id, ctx->actor->post, course->day};
}

/* ---- stages ---- */

static const char *const roles[] = {[ROUTE_REVIEW] = "review",
                                    [ROUTE_CONSULT] = "consult",
                                    [ROUTE_DECIDE] = "decide",
                                    [ROUTE_CIRCULATE] = "circulate"};

/* What a stage that has acted did, in a word of the pages. */
static const char *stood_act(const RouteStage *stage) {
    static const char *const approved[] = {[ROUTE_REVIEW] = "approved",
                                           [ROUTE_CONSULT] = "consented",
                                           [ROUTE_DECIDE] = "approved",
                                           [ROUTE_CIRCULATE] = "seen"};
    if (stage->stand == STAND_DISSENT) return "dissented";
    return stage->stand == STAND_PASSED ? "passed" : approved[stage->kind];
}

/* How it ended at a stage that did not approve; NULL: it didn't. */
static const char *ended_act(const Course *course, size_t stage) {
    static const char *const words[ROUTE_STATES] = {[ROUTE_RETURNED] = "returned",
                                                    [ROUTE_WITHDRAWN] = "withdrawn",
                                                    [ROUTE_REJECTED] = "rejected",
                                                    [ROUTE_DROPPED] = "dropped"};
    size_t at = route_decider(&course->route);
    const RouteDones *acts = &course->acts;
    if (acts->len && acts->items[acts->len - 1].stage < course->route.n)
        at = acts->items[acts->len - 1].stage;
    return stage == at ? words[course->route.state] : NULL;
}

/* A word of the pages; NULL: his own post. */
static const char *how_word(OrgHow how) {
    static const char *const words[] = {[HOW_OWN] = NULL,
                                        [HOW_ACTING] = "acting",
                                        [HOW_CHARGE] = "charge",
                                        [HOW_SUPPORT] = "support",
                                        [HOW_DEPUTY] = "deputy"};
    return words[how];
}

void page_how_set(View *view, OrgHow how) {
    const char *word = how_word(how);
    view_str(view, "how", word ? str_of(word) : STR_NONE);
}

/* The post of his own by which somebody is named who acted by a duty; else another one. */
static Json named_by(HttpExchange *x, OrgHow how, Str main, Str other) {
    Str post = how == HOW_DEPUTY || str_empty(main) ? other : main;
    return how_word(how) && !str_empty(post) ? page_post(x, post) : json_of_null();
}

static void stood_set(HttpExchange *x, View *view, const RouteStage *stage) {
    view_str(view, "act", str_of(stood_act(stage)));
    view_str(view, "at", stage->at ? time_format(view->arena, stage->at) : STR_NONE);
    page_how_set(view, stage->how);
    view_set(view, "by", named_by(x, stage->how, stage->actor_main, stage->actor_post));
    view_str(view, "state", STR("done"));
}

/* Who can act today, or the lawful reason and the date for which it waits. */
static void wait_set(HttpExchange *x, View *view, const Course *course, size_t stage) {
    static const char *const words[] = {[WAIT_NOT_DUE] = NULL,
                                        [WAIT_PERSON] = "person",
                                        [WAIT_SUPERIOR] = "superior",
                                        [WAIT_ABSENT] = "absent",
                                        [WAIT_VACANT] = "vacant"};
    RouteTurn turn;
    route_turn(&course->org, &course->route, stage, course->day, &turn);
    const char *word = words[turn.wait];
    if (turn.wait == WAIT_PERSON && turn.how == HOW_DEPUTY) word = "deputy";
    view_str(view, "wait", word ? str_of(word) : STR_NONE);
    view_set(view, "turn", str_empty(turn.post) ? json_of_null() : page_post(x, turn.post));
    view_set(view, "law", str_empty(turn.law) ? json_of_null() : page_post(x, turn.law));
    view_str(view, "until", turn.until.year ? time_format_date(view->arena, turn.until) : STR_NONE);
    view_str(view, "state", word ? STR("now") : STR("later"));
}

static void stage_empty(View *view, const char *role, Json post) {
    static const char *const none[] = {"act",  "at",    "how", "by",     "wait",
                                       "turn", "until", "law", "opinion"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        view_null(view, none[i]);
    view_str(view, "role", str_of(role));
    view_set(view, "post", post);
    view_bool(view, "after", false);
    view_bool(view, "changed", false);
}

static Json stage_value(HttpExchange *x, const Entity *decision, const Course *course, size_t i) {
    const RouteStage *stage = &course->route.stages[i];
    View one = view_new(http_ctx(x)->arena);
    const char *ended = ended_act(course, i);
    stage_empty(&one, roles[stage->kind],
                page_post(x, org_post_now(&course->org, stage->post, course->day)));
    if (stage->stand != STAND_WAITING) {
        stood_set(x, &one, stage);
    } else if (ended) {
        view_str(&one, "act", str_of(ended));
        view_str(&one, "at", entity_text(decision, IRI("decidedAt")));
        view_str(&one, "state", STR("done"));
    } else {
        wait_set(x, &one, course, i);
    }
    view_bool(&one, "after", stage->after);
    view_bool(&one, "changed", stage->changed);
    view_str(&one, "opinion", stage->opinion);
    return view_value(&one);
}

static Json draft_value(HttpExchange *x, const Entity *decision) {
    View one = view_new(http_ctx(x)->arena);
    stage_empty(&one, "draft", page_post(x, entity_text(decision, IRI("drafterPost"))));
    view_str(&one, "act", STR("proposed"));
    view_str(&one, "at", entity_text(decision, IRI("draftedAt")));
    view_str(&one, "state", STR("done"));
    return view_value(&one);
}

/* In the order in which they are due: one that was added at run time stands last in the route. */
static void stages_order(const Route *route, size_t order[ROUTE_STAGES_MAX]) {
    for (size_t i = 0; i < route->n; i++) {
        size_t at = i;
        for (; at && route->stages[order[at - 1]].rank > route->stages[i].rank; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

static Json stages_value(HttpExchange *x, const Entity *decision, const Course *course) {
    JsonItems items = {0};
    size_t order[ROUTE_STAGES_MAX];
    stages_order(&course->route, order);
    vec_push(http_ctx(x)->arena, &items, draft_value(x, decision));
    for (size_t i = 0; i < course->route.n; i++)
        vec_push(http_ctx(x)->arena, &items, stage_value(x, decision, course, order[i]));
    return json_of_items(items.items, items.len);
}

Rc page_stages(HttpExchange *x, const Entity *decision, View *view) {
    Course course;
    TRY(course_load(http_ctx(x), decision, &course));
    view_set(view, "stages", stages_value(x, decision, &course));
    return RC_OK;
}

/* ---- what was done, in its order ---- */

static void acts_set(HttpExchange *x, const Course *course, View *view) {
    JsonItems items = {0};
    VEC_EACH (const RouteDone, done, &course->acts) {
        View one = view_new(view->arena);
        view_str(&one, "verb", str_of(route_json_verb(done->verb)));
        view_set(&one, "post", page_post(x, done->post));
        view_str(&one, "at", time_format(view->arena, done->at));
        page_how_set(&one, done->how);
        view_set(&one, "by", named_by(x, done->how, done->main, STR_NONE));
        view_str(&one, "text", done->opinion);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "acts", &items);
}

/* ---- what those were told who agreed ---- */

Rc page_told_set(HttpExchange *x, View *view, const Entity *decision) {
    Ctx *ctx = http_ctx(x);
    RouteNotices notices;
    RouteNotice own = {0};
    Str url = page_decision_url(ctx->arena, decision->id);
    notices_read(ctx->arena, decision, &notices);
    VEC_EACH (const RouteNotice, notice, &notices)
        if (str_eq(office_post_id_now(ctx, notice->post), ctx->actor->post)) own = *notice;
    view_str(view, "what", own.what);
    view_set(view, "by", str_empty(own.by) ? json_of_null() : page_post(x, own.by));
    view_str(view, "reason", entity_text(decision, IRI("dropReason")));
    view_str(view, "at", own.at ? time_format(ctx->arena, own.at) : STR_NONE);
    view_str(view, "url", url);
    view_str(view, "seen", str_fmt(ctx->arena, STR_FMT "/seen", STR_ARG(url)));
    return RC_OK;
}

/* ---- what may be done ---- */

static Json returns_value(HttpExchange *x, const Route *route, size_t stage) {
    JsonItems items = {0};
    for (size_t i = 0; i < route->n; i++) {
        if (route->stages[i].rank >= route->stages[stage].rank) continue;
        View one = view_new(http_ctx(x)->arena);
        view_int(&one, "to", (int64_t)i);
        view_str(&one, "role", str_of(roles[route->stages[i].kind]));
        view_set(&one, "post", page_post(x, route->stages[i].post));
        vec_push(one.arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

/* first: what is wrong is told at its fields. */
static Json turn_value(HttpExchange *x, const Course *course, size_t stage, const RouteOffer *offer,
                       bool first) {
    static const RouteVerb shown[] = {ROUTE_APPROVE, ROUTE_DISSENT, ROUTE_PASS,
                                      ROUTE_SEE,     ROUTE_RETURN,  ROUTE_REJECT};
    const RouteStage *own = &course->route.stages[stage];
    View one = view_new(http_ctx(x)->arena);
    view_int(&one, "stage", (int64_t)stage);
    view_bool(&one, "first", first);
    view_str(&one, "field", first ? STR("comment") : str_fmt(one.arena, "comment-%zu", stage));
    view_str(&one, "role", str_of(roles[own->kind]));
    view_set(&one, "post", page_post(x, own->post));
    view_bool(&one, "deputy", offer->how == HOW_DEPUTY);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        view_bool(&one, route_json_verb(shown[i]), offer->verbs & 1u << shown[i]);
    view_bool(&one, "two_roles", offer->two_roles);
    view_bool(&one, "urgent", offer->urgent);
    view_bool(&one, "opinions", offer->opinions);
    view_set(&one, "returns", returns_value(x, &course->route, stage));
    return view_value(&one);
}

/* Posts that may be consulted besides: those that may consent, and are not on the route. */
static Json added_value(HttpExchange *x, const Route *route) {
    const Gate *gate = http_ctx(x)->tenant->gate;
    const GatePost *post;
    JsonItems items = {0};
    for (size_t i = 0; (post = gate_post_at(gate, i)); i++) {
        bool on = post->abolished.year != 0 || !act_may_consent(http_ctx(x), post);
        for (size_t k = 0; k < route->n; k++)
            on |= str_eq(route->stages[k].post, post->id);
        if (on) continue;
        View one = view_new(http_ctx(x)->arena);
        view_str(&one, "id", post->id);
        view_set(&one, "title", page_post(x, post->id));
        vec_push(one.arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

/* A verb is offered where the route takes it and the policies do, once he has confirmed who he is.
 */
static unsigned permitted(Ctx *ctx, const Entity *decision, unsigned verbs, bool *confirm) {
    static const unsigned drafter = 1u << ROUTE_WITHDRAW | 1u << ROUTE_AMEND | 1u << ROUTE_DROP;
    bool release = str_eq(entity_text(decision, IRI("kind")), STR("release"));
    unsigned out = 0;
    for (unsigned verb = 0; verb < ROUTE_VERBS; verb++) {
        if (!(verbs & 1u << verb)) continue;
        Rc rc = release && drafter & 1u << verb ? open_may_draft(ctx)
                                                : act_permitted(ctx, (RouteVerb)verb);
        if (rc == RC_OK)
            out |= 1u << verb;
        else if (str_eq(ctx->error.code, STR("needs-step-up")))
            *confirm = true;
    }
    return out;
}

static void turns_set(HttpExchange *x, const Entity *decision, const Course *course, View *view,
                      bool *confirm) {
    Ctx *ctx = http_ctx(x);
    OfferAsk ask = course_ask(ctx, course);
    JsonItems turns = {0};
    for (size_t i = 0; i < course->route.n; i++) {
        RouteOffer offer;
        offer_stage(ctx, &ask, i, &offer);
        offer.verbs = permitted(ctx, decision, offer.verbs, confirm);
        if (!offer.verbs) continue;
        Json one = turn_value(x, course, i, &offer, !turns.len);
        vec_push(ctx->arena, &turns, one);
    }
    view_items(view, "turns", &turns);
}

Rc page_route_acts(HttpExchange *x, const Entity *decision, const HttpForm *form, View *view) {
    Ctx *ctx = http_ctx(x);
    Course course;
    bool confirm = false;
    Json amends = json_of_null();
    View told = view_new(ctx->arena);
    TRY(course_load(ctx, decision, &course));
    OfferAsk ask = course_ask(ctx, &course);
    unsigned whole =
        permitted(ctx, decision, offer_whole(ctx, &ask) & ~(1u << ROUTE_ISSUE), &confirm);
    if (whole & 1u << ROUTE_AMEND) TRY(page_amend_value(ctx, decision, form, &amends));
    view_set(view, "stages", stages_value(x, decision, &course));
    acts_set(x, &course, view);
    turns_set(x, decision, &course, view, &confirm);
    view_bool(view, "withdraws", whole & 1u << ROUTE_WITHDRAW);
    view_bool(view, "drops", whole & 1u << ROUTE_DROP);
    view_set(view, "amends", amends);
    TRY(page_told_set(x, &told, decision));
    view_set(view, "told", view_value(&told));
    view_bool(view, "pulls_up", whole & 1u << ROUTE_PULL_UP);
    view_set(view, "adds",
             whole & 1u << ROUTE_CONSULT_ADD ? added_value(x, &course.route) : json_of_null());
    view_str(view, "confirm",
             confirm ? str_fmt(ctx->arena, "/step-up?next=" STR_FMT, STR_ARG(http_path(x)))
                     : STR_NONE);
    return RC_OK;
}

/* On the stage that is his, and only what takes no more than the opinion and the contents. */
Rc page_route_plain(Ctx *ctx, const Entity *decision, unsigned *verbs) {
    Course course;
    RouteOffer offer;
    bool confirm = false;
    TRY(course_load(ctx, decision, &course));
    OfferAsk ask = course_ask(ctx, &course);
    offer_stage(ctx, &ask, route_stage_of(&course.org, &course.route, ask.post, ask.day), &offer);
    *verbs = offer.verbs & (1u << ROUTE_APPROVE | 1u << ROUTE_RETURN | 1u << ROUTE_REJECT);
    if (offer.two_roles) *verbs &= 1u << ROUTE_RETURN;
    if (offer.urgent || offer.opinions) *verbs &= ~(1u << ROUTE_APPROVE);
    *verbs = permitted(ctx, decision, *verbs, &confirm);
    return RC_OK;
}

Rc page_route_may(Ctx *ctx, const Entity *decision, PageMay *out) {
    Course course;
    RouteOffer offer;
    TRY(course_load(ctx, decision, &course));
    OfferAsk ask = course_ask(ctx, &course);
    offer_stage(ctx, &ask, route_decider(&course.route), &offer);
    out->drafts = offer_whole(ctx, &ask) & 1u << ROUTE_WITHDRAW;
    out->decides = offer.verbs & 1u << ROUTE_APPROVE && offer.how != HOW_DEPUTY;
    return RC_OK;
}

/* ---- doing it ---- */

static bool form_ticked(const HttpForm *form, const char *name) {
    return str_eq(http_form_value(form, name), STR("yes"));
}

static size_t form_stage(const HttpForm *form, const char *name) {
    int64_t at;
    bool one = str_to_i64(http_form_value(form, name), &at) && at >= 0 && at < ROUTE_STAGES_MAX;
    return one ? (size_t)at : ROUTE_STAGES_MAX;
}

static RouteAct form_act(const HttpForm *form) {
    return (RouteAct){.verb = route_json_verb_of(http_form_value(form, "act")),
                      .stage = form_stage(form, "stage"),
                      .to = form_stage(form, "to"),
                      .hash = http_form_value(form, "hash"),
                      .opinion = http_form_value(form, "comment"),
                      .added = http_form_value(form, "added"),
                      .urgent = form_ticked(form, "urgent"),
                      .minor = form_ticked(form, "minor"),
                      .two_roles = form_ticked(form, "two_roles"),
                      .opinions_seen = form_ticked(form, "opinions")};
}

Rc page_route_do(HttpExchange *x, const Entity *decision, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    RouteAct act = form_act(form);
    if (act.verb == ROUTE_VERBS || act.verb == ROUTE_ISSUE)
        return ctx_fail(ctx, RC_INVALID, "no-act", STR("act"), "Choose what to do.");
    if (act.verb == ROUTE_AMEND) return page_amend_do(ctx, decision, form);
    if (str_eq(entity_text(decision, IRI("kind")), STR("release")))
        return open_act_on(ctx, decision->id, &act);
    if (str_eq(entity_text(decision, IRI("kind")), MEET_KIND))
        return meet_act_on(ctx, decision->id, &act);
    return office_act(ctx, decision->id, &act);
}

bool page_route_fault(Ctx *ctx, Rc rc, Faults *faults) {
    static const struct {
        const char *code;
        Fault fault;
    } rows[] = {
        {"no-reason", {"comment", "required"}},   {"opinions", {"opinions", "unread"}},
        {"two-roles", {"two_roles", "unsaid"}},   {"important", {"urgent", "important"}},
        {"no-post", {"added", "required"}},       {"on-route", {"added", "there"}},
        {"post-cannot-act", {"added", "cannot"}}, {"other-contents", {"hash", "changed"}},
        {"case-moved", {"hash", "moved"}},        {"not-due", {"hash", "route"}},
        {"not-waiting", {"hash", "route"}},       {"route-moved", {"hash", "route"}},
        {"nothing-to-see", {"hash", "route"}},    {"not-back", {"hash", "route"}},
        {"no-room", {"hash", "no_room"}},         {"found-changed", {"hash", "found"}},
    };
    for (size_t i = 0; rc != RC_OK && i < sizeof rows / sizeof *rows; i++)
        if (str_eq(ctx->error.code, str_of(rows[i].code)))
            vec_push(ctx->arena, faults, rows[i].fault);
    return faults->len > 0;
}

/* ---- what waits for a post ---- */

void page_waits_for(Ctx *ctx, Buf *condition) {
    Org org;
    bool first = true;
    Date day = time_jst_date(time_now(ctx->clock));
    buf_add(condition, STR("("));
    org_load_posts(ctx->arena, ctx->tenant->gate, &org);
    VEC_EACH (const OrgPost, post, &org.posts) {
        if (!str_eq(org_post_now(&org, post->id, day), ctx->actor->post)) continue;
        buf_add(condition, first ? STR("waitsFor==") : STR("|waitsFor=="));
        json_write_str(condition, post->id);
        first = false;
    }
    buf_add(condition, first ? STR("(!waitsFor;deciderPost==") : STR("|(!waitsFor;deciderPost=="));
    json_write_str(condition, ctx->actor->post);
    buf_add(condition, STR("))"));
}
