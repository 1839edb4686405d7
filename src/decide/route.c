/* Each verb is a row: what must hold, what it changes. Whoever acts is first placed (as holder,
   acting holder or deputy of the stage's post); the rules of the verbs build on that place. */
#include "route.h"

/* ---- beginning */

static Rc stage_add(Ctx *ctx, Route *route, RouteKind kind, int rank, Str post) {
    for (size_t i = 0; i < route->n; i++)
        if (str_eq(route->stages[i].post, post) && kind != ROUTE_CIRCULATE)
            return RC_OK; /* a post acts once */
    if (route->n == ROUTE_STAGES_MAX)
        return ctx_fail(ctx, RC_INVALID, "too-long", STR("stages"),
                        "A route has at most %d stages.", ROUTE_STAGES_MAX);
    route->stages[route->n++] = (RouteStage){.kind = kind, .rank = rank, .post = post};
    return RC_OK;
}

Rc route_begin(Ctx *ctx, const RoutePlan *plan, Route *out) {
    int rank = 0;
    *out = (Route){.rules = plan->rules,
                   .drafter = plan->drafter,
                   .drafter_post = plan->drafter_post,
                   .hash = plan->hash};
    (void)route_drafter_add(out, plan->drafter);
    if (str_empty(plan->decider_post))
        return ctx_fail(ctx, RC_INVALID, "no-decider", STR("decider"),
                        "The table names no post that decides this.");
    VEC_EACH (Str, post, &plan->reviewers)
        if (!str_eq(*post, plan->decider_post))
            TRY(stage_add(ctx, out, ROUTE_REVIEW, rank++, *post));
    VEC_EACH (Str, post, &plan->consulted) {
        if (str_eq(*post, plan->decider_post)) continue;
        TRY(stage_add(ctx, out, ROUTE_CONSULT, rank, *post));
        rank += plan->in_series;
    }
    TRY(stage_add(ctx, out, ROUTE_DECIDE, ++rank, plan->decider_post));
    VEC_EACH (Str, post, &plan->circulated)
        TRY(stage_add(ctx, out, ROUTE_CIRCULATE, rank + 1, *post));
    return RC_OK;
}

/* ---- reading */

static bool blocks(const RouteStage *stage) {
    return stage->stand == STAND_WAITING && stage->kind != ROUTE_CIRCULATE;
}

bool route_is_due(const Route *route, size_t stage) {
    const RouteStage *own = &route->stages[stage];
    bool open = own->kind == ROUTE_CIRCULATE ? route->state == ROUTE_DECIDED
                                             : route->state == ROUTE_WAITING;
    if (!open || own->stand != STAND_WAITING) return false;
    for (size_t i = 0; i < route->n; i++)
        if (route->stages[i].rank < own->rank && blocks(&route->stages[i])) return false;
    return true;
}

bool route_is_unsettled(const Route *route) {
    for (size_t i = 0; i < route->n; i++)
        if (route->stages[i].kind == ROUTE_CONSULT && route->stages[i].stand == STAND_DISSENT)
            return true;
    return false;
}

size_t route_decider(const Route *route) {
    size_t i = 0;
    while (i < route->n && route->stages[i].kind != ROUTE_DECIDE)
        i++;
    return i;
}

/* A deputy may stand in for the decider only where nothing forbids it. */
static bool deputy_allowed(const Route *route, const RouteStage *stage) {
    if (stage->kind != ROUTE_DECIDE) return true;
    return !route_is_unsettled(route) && (!route->rules.important || route->rules.instructed);
}

static StrVec drafters(const Route *route) {
    return (StrVec){.items = (Str *)route->drafters, .len = route->n_drafters};
}

/* Who may not act on a stage although he holds its post. */
static StrVec excluded(const Route *route, const RouteStage *stage) {
    bool out = stage->kind == ROUTE_DECIDE && !route->rules.drafter_decides;
    return out ? drafters(route) : (StrVec){0};
}

static void turn_of(const Org *org, Date day, Str post, OrgHow how, RouteTurn *out) {
    out->wait = WAIT_PERSON;
    out->post = post;
    out->how = how;
    if (how == HOW_OWN) (void)org_can_act(org, out->person, post, day, &out->how);
}

static void turn_upwards(const Org *org, const Route *route, Str post, Date day, RouteTurn *out) {
    StrVec except = drafters(route);
    out->post = org_superior(org, post, day, &except);
    out->person = str_empty(out->post) ? STR_NONE : org_present(org, out->post, day, &except);
    out->wait = str_empty(out->person) ? WAIT_ABSENT : WAIT_SUPERIOR;
}

static void turn_on(const Org *org, const Route *route, size_t stage, Date day, RouteTurn *out) {
    const RouteStage *own = &route->stages[stage];
    *out = (RouteTurn){0};
    if (!route_is_due(route, stage)) return;
    Str post = org_post_now(org, own->post, day);
    StrVec except = excluded(route, own);
    out->person = org_present(org, post, day, &except);
    if (!str_empty(out->person)) {
        turn_of(org, day, post, HOW_OWN, out);
        return;
    }
    if (!str_empty(org_present(org, post, day, NULL))) {
        turn_upwards(org, route, post, day, out);
        return;
    }
    bool held = org_is_held(org, post, day);
    Str deputy =
        held && deputy_allowed(route, own) ? org_deputy(org, post, day, &except) : STR_NONE;
    if (!str_empty(deputy)) {
        out->person = org_present(org, deputy, day, &except);
        turn_of(org, day, deputy, HOW_DEPUTY, out);
        return;
    }
    out->wait = held ? WAIT_ABSENT : WAIT_VACANT;
}

static bool waits(const RouteTurn *turn) {
    return turn->wait == WAIT_ABSENT || turn->wait == WAIT_VACANT;
}

void route_turn(const Org *org, const Route *route, size_t stage, Date day, RouteTurn *out) {
    RouteTurn later;
    turn_on(org, route, stage, day, out);
    if (!waits(out)) return;
    out->law = org_by_law(org, org_post_now(org, route->stages[stage].post, day), day);
    while (!out->until.year && (day = org_changes(org, day)).year) {
        turn_on(org, route, stage, day, &later);
        if (!waits(&later)) out->until = day;
    }
}

size_t route_stage_of(const Org *org, const Route *route, Str post, Date day) {
    size_t deputy = ROUTE_STAGES_MAX, seen = ROUTE_STAGES_MAX;
    for (size_t i = route->n; i-- > 0;) {
        const RouteStage *stage = &route->stages[i];
        Str now = org_post_now(org, stage->post, day);
        StrVec except = excluded(route, stage);
        bool own = str_eq(now, post), due = route_is_due(route, i);
        if (own && (stage->after || stage->changed)) seen = i;
        bool absent = due && str_empty(org_present(org, now, day, NULL));
        if (absent && str_eq(org_deputy(org, now, day, &except), post)) deputy = i;
    }
    for (size_t i = 0; i < route->n; i++)
        if (route_is_due(route, i) && str_eq(org_post_now(org, route->stages[i].post, day), post))
            return i;
    if (deputy < route->n) return deputy;
    return seen < route->n ? seen : route_decider(route);
}

/* ---- acting */

typedef struct Acting {
    Ctx *ctx;
    const Org *org;
    const RouteAct *act;
    Route *route;
    RouteStage *stage; /* of the acts on one */
    OrgHow how;
    Str main;
} Acting;

static Rc deny(const Acting *acting, const char *code, const char *text) {
    return ctx_fail(acting->ctx, RC_DENIED, code, STR("post"), "%s", text);
}

static Rc moved(const Acting *acting, const char *code, const char *text) {
    return ctx_fail(acting->ctx, RC_CONFLICT, code, STR_NONE, "%s", text);
}

static Rc need_opinion(const Acting *acting) {
    if (!text_is_blank(acting->ctx->arena, acting->act->opinion)) return RC_OK;
    return ctx_fail(acting->ctx, RC_INVALID, "no-reason", STR("opinion"), "State the reason.");
}

static Rc need_waiting(const Acting *acting) {
    if (acting->route->state == ROUTE_WAITING) return RC_OK;
    return moved(acting, "not-waiting",
                 "This proposal no longer waits for a decision: look at it again.");
}

static void as_holder(Acting *acting, const OrgHolding *holding) {
    acting->how = holding->how;
    acting->main = holding->main;
}

/* Whatever he does: a drafter has his though he be away. */
const OrgHolding *route_himself(const Org *org, const RouteAct *act) {
    const OrgHolding *holding = org_acts_by(org, act->person, act->post, act->day);
    return holding ? holding : org_has(org, act->person, act->post, act->day);
}

static void as_himself(Acting *acting) {
    const OrgHolding *holding = route_himself(acting->org, acting->act);
    if (holding) as_holder(acting, holding);
}

/* Whoever acts must hold the post he names, today. */
static Rc need_post(Acting *acting, Str post) {
    const OrgHolding *holding =
        org_acts_by(acting->org, acting->act->person, post, acting->act->day);
    if (!holding)
        return deny(acting, "not-holder",
                    "You do not hold this post today, or are recorded as absent.");
    as_holder(acting, holding);
    return RC_OK;
}

static Rc urgent_enough(Acting *acting) {
    const RouteRules *rules = &acting->route->rules;
    if (!rules->important || rules->instructed) return RC_OK;
    if (acting->act->urgent) return need_opinion(acting);
    return deny(acting, "important",
                "An important matter is decided by a deputy only when instructed beforehand, or "
                "when unavoidably urgent with the reason.");
}

/* As deputy: only for a holder who is recorded absent, and only who is named for it. */
static Rc place_deputy(Acting *acting, Str post) {
    Date day = acting->act->day;
    StrVec except = excluded(acting->route, acting->stage);
    if (!str_empty(org_present(acting->org, post, day, NULL)))
        return deny(acting, "not-turn", "The holder of the post is there: he acts himself.");
    if (!org_is_held(acting->org, post, day))
        return deny(acting, "vacant",
                    "The post is vacant: an acting holder has to be named, with a date.");
    if (!str_eq(org_deputy(acting->org, post, day, &except), acting->act->post))
        return deny(acting, "not-deputy", "Another post stands in for the absent holder.");
    TRY(need_post(acting, acting->act->post));
    acting->how = HOW_DEPUTY;
    if (acting->stage->kind != ROUTE_DECIDE) return RC_OK;
    if (route_is_unsettled(acting->route))
        return deny(acting, "unsettled", "While a consultation is unsettled no deputy decides.");
    return urgent_enough(acting);
}

static Rc place(Acting *acting) {
    Str post = org_post_now(acting->org, acting->stage->post, acting->act->day);
    if (str_eq(post, acting->act->post)) return need_post(acting, post);
    return place_deputy(acting, post);
}

static bool has_acted(const Route *route, const RouteStage *except, Str person) {
    for (size_t i = 0; i < route->n; i++)
        if (&route->stages[i] != except && str_eq(route->stages[i].actor, person)) return true;
    return false;
}

/* Nobody decides what he drafted, amended or took over. */
static Rc need_other(const Acting *acting, bool had) {
    if (!had || acting->route->rules.drafter_decides) return RC_OK;
    return deny(acting, "own-draft",
                "You drafted or amended this proposal: somebody else has to decide it.");
}

/* Nobody acts silently in two roles. */
static Rc one_role(const Acting *acting) {
    Str person = acting->act->person;
    StrVec all = drafters(acting->route);
    bool had = org_lists(&all, person);
    if (acting->stage->kind == ROUTE_DECIDE) TRY(need_other(acting, had));
    bool second = had || has_acted(acting->route, acting->stage, person);
    if (!second || acting->act->two_roles) return RC_OK;
    return deny(acting, "two-roles",
                "You have acted on this proposal in another role: say that you act in both.");
}

static Rc same_contents(const Acting *acting) {
    if (str_eq(acting->route->hash, acting->act->hash)) return RC_OK;
    return moved(acting, "other-contents",
                 "The contents have changed since you saw them: read them again, then act.");
}

static Rc need_due(const Acting *acting) {
    if (route_is_due(acting->route, acting->act->stage)) return RC_OK;
    return moved(acting, "not-due", "It is not this stage's turn.");
}

static void stand(Acting *acting, RouteStand how) {
    RouteStage *stage = acting->stage;
    stage->stand = how;
    stage->how = acting->how;
    stage->actor = acting->act->person;
    stage->actor_post = acting->act->post;
    stage->actor_main = acting->main;
    stage->at = acting->act->at;
    stage->hash = acting->act->hash;
    stage->opinion = acting->act->opinion;
    stage->after = acting->how == HOW_DEPUTY;
    stage->changed = false;
}

static Rc approve(Acting *acting) {
    bool decides = acting->stage->kind == ROUTE_DECIDE;
    TRY(need_due(acting));
    TRY(place(acting));
    TRY(one_role(acting));
    TRY(same_contents(acting));
    if (decides && route_is_unsettled(acting->route) && !acting->act->opinions_seen)
        return ctx_fail(acting->ctx, RC_INVALID, "opinions", STR("opinions"),
                        "A consultation dissents: read its opinion before you decide.");
    stand(acting, STAND_APPROVED);
    if (decides) acting->route->state = ROUTE_DECIDED;
    return RC_OK;
}

/* The decision goes to the first superior whom the decider and the dissenting post have in common.
 */
static void go_up(Acting *acting) {
    RouteStage *decider = &acting->route->stages[route_decider(acting->route)];
    Str common = org_common_superior(acting->org, decider->post, acting->stage->post);
    if (acting->route->rules.unsettled_goes_up && !str_empty(common)) decider->post = common;
}

static Rc dissent(Acting *acting) {
    if (acting->stage->kind != ROUTE_CONSULT)
        return deny(acting, "no-consultation",
                    "Only a consulted division dissents: return it instead.");
    TRY(need_due(acting));
    TRY(place(acting));
    TRY(one_role(acting));
    TRY(same_contents(acting));
    TRY(need_opinion(acting));
    stand(acting, STAND_DISSENT);
    go_up(acting);
    return RC_OK;
}

bool route_drafts(const Org *org, const Route *route, const RouteAct *act) {
    OrgHow how;
    Str post = org_post_now(org, route->drafter_post, act->day);
    if (org_has(org, route->drafter, post, act->day)) return str_eq(route->drafter, act->person);
    return str_eq(act->post, post) && org_can_act(org, act->person, post, act->day, &how);
}

bool route_drafter_add(Route *route, Str person) {
    StrVec all = drafters(route);
    if (org_lists(&all, person)) return true;
    if (route->n_drafters == ROUTE_DRAFTERS_MAX) return false;
    route->drafters[route->n_drafters++] = person;
    return true;
}

void route_drafters_add(Route *route, const StrVec *persons) {
    VEC_EACH (const Str, one, persons)
        (void)route_drafter_add(route, *one);
}

Rc route_take(Ctx *ctx, const Org *org, const RouteAct *act, Route *route) {
    if (!route_drafts(org, route, act))
        return ctx_fail(ctx, RC_DENIED, "not-drafter", STR("post"),
                        "Only its drafter does this, or who has his post when he has it no more.");
    if (str_eq(route->drafter, act->person)) return RC_OK;
    if (has_acted(route, NULL, act->person))
        return ctx_fail(
            ctx, RC_DENIED, "has-acted", STR("post"),
            "You have approved this proposal, or stated an opinion on it: somebody else "
            "who has its drafter's post takes it over; where nobody else has, order "
            "somebody for that post.");
    bool ends = act->verb == ROUTE_WITHDRAW || act->verb == ROUTE_DROP;
    if (!route_drafter_add(route, act->person) && !ends)
        return ctx_fail(ctx, RC_LIMIT, "too-many-drafters", STR("post"),
                        "A proposal has at most %d drafters: withdraw it and draft it anew.",
                        ROUTE_DRAFTERS_MAX);
    route->drafter = act->person;
    return RC_OK;
}

static bool drafts(const Acting *acting) {
    return route_drafts(acting->org, acting->route, acting->act);
}

/* Only a reviewer is passed over, while he is absent; the decision and consultations wait or have
 * deputies. */
static Rc pass(Acting *acting) {
    Str post = org_post_now(acting->org, acting->stage->post, acting->act->day);
    if (acting->stage->kind != ROUTE_REVIEW)
        return deny(acting, "not-passed", "Only a review can be passed over.");
    TRY(need_due(acting));
    TRY(need_post(acting, acting->act->post));
    if (!str_empty(org_present(acting->org, post, acting->act->day, NULL)))
        return deny(acting, "present", "The reviewer is there: it is his turn.");
    bool drafter = drafts(acting), later = false;
    for (size_t i = 0; i < acting->route->n; i++)
        later |= acting->route->stages[i].rank > acting->stage->rank &&
                 str_eq(org_post_now(acting->org, acting->route->stages[i].post, acting->act->day),
                        acting->act->post);
    if (!drafter && !later)
        return deny(acting, "not-on-route",
                    "The drafter or a later stage passes over an absent reviewer.");
    *acting->stage = (RouteStage){.kind = acting->stage->kind,
                                  .rank = acting->stage->rank,
                                  .post = acting->stage->post,
                                  .stand = STAND_PASSED,
                                  .at = acting->act->at,
                                  .after = true};
    return RC_OK;
}

/* 後閲 and the seeing of a minor correction: by whoever holds the post, but for who stood in for
 * him and acts for the post now. It changes nothing else: an objection begins a new proposal. */
static Rc see(Acting *acting) {
    Str post = org_post_now(acting->org, acting->stage->post, acting->act->day);
    if (!acting->stage->after && !acting->stage->changed)
        return moved(acting, "nothing-to-see", "Nothing waits to be seen here.");
    if (!str_eq(post, acting->act->post))
        return deny(acting, "not-holder", "Another post has to see this.");
    TRY(need_post(acting, post));
    if (acting->stage->after && str_eq(acting->stage->actor, acting->act->person))
        return deny(acting, "own-act",
                    "You acted here for the absent holder: he sees it himself, or a successor.");
    acting->stage->after = acting->stage->changed = false;
    return RC_OK;
}

static void reset(RouteStage *stage) {
    *stage = (RouteStage){.kind = stage->kind, .rank = stage->rank, .post = stage->post};
}

static Rc give_back(Acting *acting) {
    Route *route = acting->route;
    TRY(need_waiting(acting)); /* circulation comes after the decision and gives nothing back */
    TRY(need_due(acting));
    TRY(place(acting));
    TRY(need_opinion(acting));
    if (acting->act->to >= ROUTE_STAGES_MAX) {
        route->state = ROUTE_RETURNED;
        return RC_OK;
    }
    if (acting->act->to >= route->n || route->stages[acting->act->to].rank >= acting->stage->rank)
        return ctx_fail(acting->ctx, RC_INVALID, "not-before", STR("to"),
                        "It can be returned to an earlier stage only.");
    int rank = route->stages[acting->act->to].rank;
    for (size_t i = 0; i < route->n; i++)
        if (route->stages[i].rank >= rank) reset(&route->stages[i]);
    return RC_OK;
}

static Rc reject(Acting *acting) {
    if (acting->stage->kind != ROUTE_DECIDE)
        return deny(acting, "not-decider", "Only the decider rejects: return it instead.");
    TRY(need_due(acting));
    TRY(place(acting));
    TRY(one_role(acting));
    TRY(need_opinion(acting));
    acting->route->state = ROUTE_REJECTED;
    return RC_OK;
}

static Rc take(Acting *acting) {
    return route_take(acting->ctx, acting->org, acting->act, acting->route);
}

static Rc withdraw(Acting *acting) {
    TRY(take(acting));
    TRY(need_waiting(acting));
    acting->route->state = ROUTE_WITHDRAWN;
    return RC_OK;
}

/* The superior's post decides, the former decider's reviews, if it has not been passed already:
 * nothing is void. */
static Rc pull_up(Acting *acting) {
    Route *route = acting->route;
    RouteStage *decider = &route->stages[route_decider(route)];
    StrVec all = drafters(route);
    TRY(need_waiting(acting));
    TRY(need_post(acting, acting->act->post));
    TRY(need_other(acting, org_lists(&all, acting->act->person)));
    if (!org_is_above(acting->org, acting->act->post,
                      org_post_now(acting->org, decider->post, acting->act->day)))
        return deny(acting, "not-superior",
                    "Only a superior of the decider takes the decision up.");
    decider->post = acting->act->post;
    return RC_OK;
}

/* A consultation that is added comes before the decision and voids nothing. */
static Rc consult_add(Acting *acting) {
    Route *route = acting->route;
    const RouteStage *decider = &route->stages[route_decider(route)];
    TRY(need_waiting(acting));
    bool on_turn = drafts(acting);
    for (size_t i = 0; i < route->n && !on_turn; i++) {
        acting->stage = &route->stages[i];
        on_turn = route_is_due(route, i) && place(acting) == RC_OK;
    }
    acting->stage = NULL;
    if (!on_turn)
        return deny(acting, "not-turn",
                    "The drafter, or whoever's turn it is, adds a consultation.");
    if (!org_post(acting->org, acting->act->added))
        return ctx_fail(acting->ctx, RC_INVALID, "no-post", STR("added"), "There is no such post.");
    size_t before = route->n;
    TRY(stage_add(acting->ctx, route, ROUTE_CONSULT, decider->rank - 1, acting->act->added));
    return route->n > before ? RC_OK
                             : moved(acting, "on-route", "This post is on the route already.");
}

void route_renew(Route *route, Str hash, bool minor) {
    route->hash = hash;
    for (size_t i = 0; i < route->n; i++) {
        RouteStage *stage = &route->stages[i];
        if (!minor || stage->stand == STAND_WAITING)
            reset(stage);
        else if (stage->stand != STAND_PASSED)
            stage->changed = true;
    }
}

bool route_is_back(const Route *route) {
    return route->state == ROUTE_RETURNED || route->state == ROUTE_WITHDRAWN;
}

/* What came back is handed in again: with other contents it waits from its first stage, else at the
   one at which it was. */
static Rc amend(Acting *acting) {
    Route *route = acting->route;
    TRY(take(acting));
    if (!route_is_back(route)) TRY(need_waiting(acting));
    if (str_empty(acting->act->hash))
        return ctx_fail(acting->ctx, RC_INVALID, "no-contents", STR("hash"),
                        "The new contents are missing.");
    bool same = str_eq(route->hash, acting->act->hash);
    if (same && !route_is_back(route))
        return moved(acting, "unchanged", "Nothing of this proposal has changed.");
    route->state = ROUTE_WAITING;
    if (!same) route_renew(route, acting->act->hash, acting->act->minor);
    return RC_OK;
}

static Rc drop(Acting *acting) {
    TRY(take(acting));
    if (!route_is_back(acting->route))
        return moved(acting, "not-back",
                     "Only what was returned or withdrawn is dropped: withdraw it first.");
    acting->route->state = ROUTE_DROPPED;
    return RC_OK;
}

static Rc issue(Acting *acting) {
    TRY(need_post(acting, acting->act->post));
    if (acting->route->state != ROUTE_DECIDED)
        return moved(acting, "not-decided", "Nothing is issued before it is decided.");
    if (acting->route->issued) return moved(acting, "issued", "It has been issued.");
    acting->route->issued = true;
    return RC_OK;
}

static const struct {
    Rc (*act)(Acting *acting);
    bool on_stage;
} verbs[ROUTE_VERBS] = {
    [ROUTE_APPROVE] = {approve, true},
    [ROUTE_DISSENT] = {dissent, true},
    [ROUTE_PASS] = {pass, true},
    [ROUTE_SEE] = {see, true},
    [ROUTE_RETURN] = {give_back, true},
    [ROUTE_REJECT] = {reject, true},
    [ROUTE_WITHDRAW] = {withdraw, false},
    [ROUTE_PULL_UP] = {pull_up, false},
    [ROUTE_CONSULT_ADD] = {consult_add, false},
    [ROUTE_AMEND] = {amend, false},
    [ROUTE_ISSUE] = {issue, false},
    [ROUTE_DROP] = {drop, false},
};

bool route_is_on_stage(RouteVerb verb) {
    return verbs[verb].on_stage;
}

Rc route_act(Ctx *ctx, const Org *org, const RouteAct *act, Route *route) {
    Route next = *route;
    Acting acting = {.ctx = ctx, .org = org, .act = act, .route = &next};
    if (route_is_on_stage(act->verb)) {
        if (act->stage >= next.n)
            return ctx_fail(ctx, RC_INVALID, "no-stage", STR("stage"),
                            "The route has no such stage.");
        acting.stage = &next.stages[act->stage];
    }
    as_himself(&acting);
    TRY(verbs[act->verb].act(&acting));
    next.how = acting.how;
    next.main = acting.main;
    *route = next;
    return RC_OK;
}
