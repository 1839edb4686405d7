#include "offer.h"

typedef struct Trial {
    Ctx ctx; /* errors of trials are nobody's */
    const OfferAsk *ask;
    RouteAct act; /* with all that could be demanded */
} Trial;

static Trial trial_new(const Ctx *ctx, const OfferAsk *ask) {
    return (Trial){.ctx = *ctx,
                   .ask = ask,
                   .act = {.person = ask->person,
                           .post = ask->post,
                           .day = ask->day,
                           .to = ROUTE_STAGES_MAX,
                           .hash = ask->route->hash,
                           .opinion = STR("x"),
                           .urgent = true,
                           .two_roles = true,
                           .opinions_seen = true}};
}

static bool tried(Trial *trial, const RouteAct *act, Route *after) {
    *after = *trial->ask->route;
    ArenaMark mark = arena_mark(trial->ctx.arena); /* for the words of a refusal */
    bool taken = route_act(&trial->ctx, trial->ask->org, act, after) == RC_OK;
    arena_rewind(trial->ctx.arena, mark);
    return taken;
}

static bool offered(Trial *trial, RouteVerb verb, size_t stage) {
    Route after;
    RouteAct act = trial->act;
    act.verb = verb;
    act.stage = stage;
    if (verb == ROUTE_AMEND) act.hash = STR("x"); /* other contents */
    return tried(trial, &act, &after);
}

/* Whether what stands for `flag` in the act is demanded: without it nothing is taken. */
static bool demanded(Trial *trial, size_t stage, size_t flag) {
    Route after;
    RouteAct act = trial->act;
    act.stage = stage;
    *(bool *)((char *)&act + flag) = false;
    return !tried(trial, &act, &after);
}

void offer_stage(Ctx *ctx, const OfferAsk *ask, size_t stage, RouteOffer *out) {
    Trial trial = trial_new(ctx, ask);
    Route after;
    *out = (RouteOffer){0};
    for (unsigned verb = 0; verb < ROUTE_VERBS; verb++)
        if (route_is_on_stage((RouteVerb)verb) && offered(&trial, (RouteVerb)verb, stage))
            out->verbs |= 1u << verb;
    if (!(out->verbs & 1u << ROUTE_APPROVE)) return;
    out->two_roles = demanded(&trial, stage, offsetof(RouteAct, two_roles));
    out->urgent = demanded(&trial, stage, offsetof(RouteAct, urgent));
    out->opinions = demanded(&trial, stage, offsetof(RouteAct, opinions_seen));
    RouteAct act = trial.act;
    act.stage = stage;
    if (tried(&trial, &act, &after)) out->how = after.stages[stage].how;
}

/* Any post that isn't on the route shows whether one may be added. */
static bool may_add(Trial *trial) {
    Route after;
    RouteAct act = trial->act;
    act.verb = ROUTE_CONSULT_ADD;
    VEC_EACH (const OrgPost, post, &trial->ask->org->posts) {
        act.added = post->id;
        if (tried(trial, &act, &after)) return true;
    }
    return false;
}

unsigned offer_whole(Ctx *ctx, const OfferAsk *ask) {
    Trial trial = trial_new(ctx, ask);
    unsigned verbs = 0;
    for (unsigned verb = 0; verb < ROUTE_VERBS; verb++)
        if (!route_is_on_stage((RouteVerb)verb) && offered(&trial, (RouteVerb)verb, 0))
            verbs |= 1u << verb;
    return may_add(&trial) ? verbs | 1u << ROUTE_CONSULT_ADD : verbs;
}

bool offer_waits(Ctx *ctx, const OfferAsk *ask) {
    Trial trial = trial_new(ctx, ask);
    for (size_t i = 0; i < ask->route->n; i++) {
        RouteTurn turn;
        if (offered(&trial, ROUTE_APPROVE, i) || offered(&trial, ROUTE_SEE, i)) return true;
        route_turn(ask->org, ask->route, i, ask->day, &turn);
        if (turn.wait == WAIT_SUPERIOR && str_eq(turn.post, ask->post) &&
            offered(&trial, ROUTE_PULL_UP, i))
            return true;
    }
    return false;
}
