#include "procedure_int.h"

#include "visit.h"

#include <stdlib.h>

enum {
    TOKEN_CHARS = 26,
    ID_CHARS = 26,
    DAY_MAX = 3000,
    NETWORK_MAX = 20,
    TRIES_MAX = 20,
    PACE = 20,
    CASES_MAX = 50
};

static const Str state_words[VISIT_STATES] = {[VISIT_WAITING] = STR("waiting"),
                                              [VISIT_CALLED] = STR("called"),
                                              [VISIT_SERVED] = STR("served"),
                                              [VISIT_DONE] = STR("done"),
                                              [VISIT_ABSENT] = STR("absent")};

Str visit_state_word(VisitState state) {
    assert(state < VISIT_STATES);
    return state_words[state];
}

/* ---- counters ---- */

const Json *visit_counter_at(const Ctx *ctx, size_t n) {
    const Json *all = json_get(gate_organisation(ctx->tenant->gate), STR("counters"));
    return json_at(all, n);
}

const Json *visit_counter(const Ctx *ctx, Str id) {
    const Json *counter;
    for (size_t n = 0; (counter = visit_counter_at(ctx, n)); n++)
        if (str_eq(json_get_str(counter, "id"), id)) return counter;
    return NULL;
}

static bool has_desk(const Json *counter, Str desk) {
    const Json *desks = json_get(counter, STR("desks"));
    for (size_t i = 0; desks && i < desks->len; i++)
        if (str_eq(json_str(json_at(desks, i)), desk)) return true;
    return false;
}

static bool has_business(const Json *counter, Str id) {
    const Json *all = json_get(counter, STR("business"));
    for (size_t i = 0; all && i < all->len; i++)
        if (str_eq(json_get_str(json_at(all, i), "id"), id)) return true;
    return false;
}

static Rc no_counter(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-counter", id, "The city has no such counter.");
}

Rc visit_desk_good(Ctx *ctx, Str counter, Str desk) {
    const Json *found = visit_counter(ctx, counter);
    if (!found) return no_counter(ctx, counter);
    if (has_desk(found, desk)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-desk", STR("desk"), "Say at which desk you are.");
}

/* ---- reading ---- */

int64_t visit_instant(const Entity *entity, Str iri) {
    int64_t at;
    return time_parse(entity_text(entity, iri), &at) ? at : TIME_NONE;
}

static void visit_read(const Entity *entity, Visit *out) {
    Str state = entity_text(entity, IRI("state"));
    *out = (Visit){.id = entity->id,
                   .number = entity_text(entity, IRI("number")),
                   .counter = entity_text(entity, IRI("counter")),
                   .business = entity_text(entity, IRI("business")),
                   .desk = entity_text(entity, IRI("desk")),
                   .taken_at = visit_instant(entity, IRI("takenAt")),
                   .called_at = visit_instant(entity, IRI("calledAt")),
                   .last_call = visit_instant(entity, IRI("lastCall")),
                   .served_at = visit_instant(entity, IRI("servedAt")),
                   .ended_at = visit_instant(entity, IRI("endedAt")),
                   .version = entity->version};
    while (out->state < VISIT_STATES - 1 && !str_eq(state_words[out->state], state))
        out->state++;
}

static Str visit_id(Arena *arena, Str token) {
    const Str parts[] = {STR("machi-visit"), token};
    Digest digest = hash_sha256_parts(parts, 2);
    Str suffix = hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, ID_CHARS);
    return str_fmt(arena, VISIT_ID_PREFIX STR_FMT, STR_ARG(suffix));
}

Str visit_today(const Ctx *ctx) {
    return time_format_date(ctx->arena, time_jst_date(time_now(ctx->clock)));
}

static Rc no_visit(Ctx *ctx) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-visit", STR_NONE,
                    "There is no such number, or no longer.");
}

/* Who serves is told apart within a day, and is nobody's name in it. */
static Str mark_of(const Ctx *ctx, Str account) {
    Str name =
        str_fmt(ctx->arena, STR_FMT " " STR_FMT, STR_ARG(visit_today(ctx)), STR_ARG(account));
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("visit-clerk"), name);
    return hash_base32(ctx->arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, ID_CHARS);
}

static Str clerk_mark(const Ctx *ctx) {
    return mark_of(ctx, ctx->actor->id);
}

/* A number is good on its day. */
Rc visit_find(Ctx *ctx, Str token, Visit *out) {
    const Entity *entity;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, visit_id(ctx->arena, token), &entity);
    if (rc == RC_NOT_FOUND) return no_visit(ctx);
    TRY(rc);
    if (!str_eq(entity_text(entity, IRI("day")), visit_today(ctx))) return no_visit(ctx);
    visit_read(entity, out);
    return RC_OK;
}

static Rc visits_where(Ctx *ctx, Str condition, Visits *out) {
    ProjectAnswer found;
    Str q = str_fmt(ctx->arena, "day==%s;" STR_FMT, str_z(ctx->arena, visit_today(ctx)),
                    STR_ARG(condition));
    ProjectWish wish = {.type = STR("Visit"), .q = q, .order_by = STR("takenAt"), .limit = DAY_MAX};
    *out = (Visits){0};
    TRY(project_find(ctx, &wish, &found));
    for (size_t i = 0; i < found.entities.len; i++) {
        Visit visit;
        visit_read(found.entities.items[i], &visit);
        vec_push(ctx->arena, out, visit);
    }
    return RC_OK;
}

Rc visits_today(Ctx *ctx, Str counter, Visits *out) {
    return visits_where(ctx, str_fmt(ctx->arena, "counter==\"" STR_FMT "\"", STR_ARG(counter)),
                        out);
}

/* ---- a number ---- */

/* visit.take: the entity, but for its number. */
typedef struct PartTake {
    const Entity *visit;
    Str counter;
} PartTake;

static Rc take_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartTake *part = args;
    Entity *after = entity_dup(ctx->arena, part->visit);
    int64_t number = counter_next(ctx, stage, part->counter);
    entity_set(ctx->arena, after, IRI("number"),
               json_of_str(str_fmt(ctx->arena, "%lld", (long long)number)));
    entity_set(ctx->arena, after, IRI("takenAt"),
               json_of_str(time_format(ctx->arena, stage_now(stage))));
    stage_put(stage, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after});
    return RC_OK;
}

static const PartKind part_visit_take = {"visit.take", 1, NULL, take_apply};

/* The machine in the hall is an official's browser, and gives out as many as come. */
static Rc network_allowed(Ctx *ctx, Str counter, Str network) {
    Visits waiting;
    if (ctx->actor->kind == ACTOR_STAFF) return RC_OK;
    TRY(visits_where(ctx,
                     str_fmt(ctx->arena,
                             "counter==\"" STR_FMT "\";state==\"waiting\";network==\"" STR_FMT "\"",
                             STR_ARG(counter), STR_ARG(network)),
                     &waiting));
    if (waiting.len < NETWORK_MAX) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "too-many-numbers", STR_NONE,
                    "%d numbers wait that were taken from this network: take one in the hall.",
                    NETWORK_MAX);
}

Rc visit_take(Ctx *ctx, Str counter, Str business, Str *token) {
    Outcome outcome;
    const Json *found = visit_counter(ctx, counter);
    Str network = apply_network(ctx, ctx->arena), day = visit_today(ctx);
    if (!found) return no_counter(ctx, counter);
    if (!has_business(found, business))
        return ctx_fail(ctx, RC_INVALID, "no-business", STR("business"), "Say what you come for.");
    TRY(network_allowed(ctx, counter, network));
    *token = rand_id(ctx->rand, ctx->arena, TOKEN_CHARS);
    Command *command = case_command(ctx, STR("visit.take"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    PartTake *part = NEW(arena, PartTake);
    Entity *visit = entity_new(arena, visit_id(arena, *token), STR(VISIT_TYPE));
    retention_name(arena, ctx->tenant->dictionary, visit, STR_NONE, time_now(ctx->clock));
    entity_set(arena, visit, IRI("counter"), json_of_str(counter));
    entity_set(arena, visit, IRI("business"), json_of_str(business));
    entity_set(arena, visit, IRI("day"), json_of_str(day));
    entity_set(arena, visit, IRI("state"), json_of_str(state_words[VISIT_WAITING]));
    entity_set(arena, visit, IRI("network"), json_of_str(network));
    int year = time_jst_date(time_now(ctx->clock)).year;
    Str series = str_fmt(arena, "visit-" STR_FMT "-" STR_FMT, STR_ARG(counter), STR_ARG(day));
    *part = (PartTake){visit, counter_id(arena, series, year)};
    command_needs(command, visit->id);
    command_needs(command, part->counter);
    command_add(command, &part_visit_take, part);
    return case_execute(ctx, command, &outcome);
}

/* ---- a day ---- */

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* How long the last ones took from call to end, over the desks at which somebody is. */
static int64_t pace_of(const Visits *visits) {
    int64_t sum = 0, n = 0, desks = 0;
    for (size_t i = visits->len; i-- > 0 && n < PACE;) {
        const Visit *visit = &visits->items[i];
        if (visit->state != VISIT_DONE) continue;
        sum += visit->ended_at - visit->called_at;
        n++;
    }
    VEC_EACH (const Visit, visit, visits)
        desks += visit->state == VISIT_CALLED || visit->state == VISIT_SERVED;
    return n ? sum / n / (desks ? desks : 1) : -1;
}

void visits_day(Arena *arena, const Visits *visits, VisitDay *out) {
    int64_t *waits = NEW_ARRAY(arena, int64_t, visits->len + 1);
    size_t n = 0;
    *out = (VisitDay){.wait_middle = -1, .wait_most = -1, .ahead_each = pace_of(visits)};
    VEC_EACH (const Visit, visit, visits) {
        out->waiting += visit->state == VISIT_WAITING;
        out->served += visit->state == VISIT_DONE;
        out->absent += visit->state == VISIT_ABSENT;
        if (visit->called_at != TIME_NONE) waits[n++] = visit->called_at - visit->taken_at;
    }
    if (!n) return;
    qsort(waits, n, sizeof *waits, by_size);
    out->wait_middle = waits[n / 2];
    out->wait_most = waits[n - 1];
}

/* ---- the office ---- */

Rc visit_may_serve(Ctx *ctx) {
    GateAsk ask = {.action = ACT_CONFIRM, .type = STR(VISIT_TYPE), .class = CLASS_INTERNAL};
    return gate_check(ctx, &ask);
}

Rc visit_own(Ctx *ctx, Visit *out) {
    Visits found;
    Str condition = str_fmt(ctx->arena, "clerk==\"" STR_FMT "\";state==\"called\",\"served\"",
                            STR_ARG(clerk_mark(ctx)));
    TRY(visits_where(ctx, condition, &found));
    if (!found.len) return no_visit(ctx);
    *out = found.items[0];
    return RC_OK;
}

Rc visit_desk_taken(Ctx *ctx, const TabletDesk *at, Str by, bool *out) {
    Visits found;
    Str condition = str_fmt(ctx->arena,
                            "counter==\"" STR_FMT "\";desk==\"" STR_FMT
                            "\";state==\"called\",\"served\";clerk!=\"" STR_FMT "\"",
                            STR_ARG(at->counter), STR_ARG(at->desk), STR_ARG(mark_of(ctx, by)));
    *out = false;
    TRY(visits_where(ctx, condition, &found));
    *out = found.len > 0;
    return RC_OK;
}

Rc visit_served(Ctx *ctx, Str *id) {
    Visit visit;
    *id = STR_NONE;
    Rc rc = visit_own(ctx, &visit);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    if (visit.state == VISIT_SERVED) *id = visit.id;
    return RC_OK;
}

/* How a state is reached, and what is dated by it. */
static const struct {
    unsigned from;
    Str dated;
} moves[VISIT_STATES] = {
    [VISIT_CALLED] = {1u << VISIT_WAITING | 1u << VISIT_CALLED, STR(LD_DEFAULT "calledAt")},
    [VISIT_SERVED] = {1u << VISIT_CALLED, STR(LD_DEFAULT "servedAt")},
    [VISIT_DONE] = {1u << VISIT_SERVED, STR(LD_DEFAULT "endedAt")},
    [VISIT_ABSENT] = {1u << VISIT_CALLED, STR(LD_DEFAULT "endedAt")},
};

static Rc moved_on(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", id,
                    "This number has moved on since you looked at it: load the page again.");
}

static Str calls_id(const Ctx *ctx, Arena *arena) {
    return str_fmt(arena, "urn:ngsi-ld:VisitDesk:" STR_FMT, STR_ARG(clerk_mark(ctx)));
}

/* Of the record of whom who acts has called last; 0: there is none. */
static Rc calls_version(Ctx *ctx, uint64_t *out) {
    const Entity *record;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, calls_id(ctx, ctx->arena), &record);
    *out = rc == RC_OK ? record->version : 0;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Whom an official has called last is one record, so that two presses at once don't call two. */
static void desk_take(const Ctx *ctx, Command *command, const Visit *visit, uint64_t version) {
    Arena *arena = command_arena(command);
    Entity *after = entity_new(arena, calls_id(ctx, arena), STR(LD_DEFAULT "VisitDesk"));
    entity_set(arena, after, IRI("visit"), json_of_str(visit->id));
    command_put(command, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after},
                version ? PUT_VERSION : PUT_ABSENT, version);
}

/* desk: to which it is called; else empty. version: as calls_version, of who calls the first time.
 */
static Rc visit_set(Ctx *ctx, const Visit *visit, VisitState to, Str desk, uint64_t version) {
    Outcome outcome;
    if (!(moves[to].from & 1u << visit->state)) return moved_on(ctx, visit->id);
    Command *command = case_command(ctx, STR("visit.move"), STR_NONE, STR("counter"));
    Arena *arena = command_arena(command);
    Entity *after = entity_new(arena, visit->id, STR(VISIT_TYPE));
    bool first =
        to != VISIT_CALLED || visit->state == VISIT_WAITING; /* called again waits no longer */
    entity_set(arena, after, IRI("state"), json_of_str(state_words[to]));
    if (first)
        entity_set(arena, after, moves[to].dated,
                   json_of_str(time_format(arena, time_now(ctx->clock))));
    if (to == VISIT_CALLED) {
        entity_set(arena, after, IRI("desk"), json_of_str(desk));
        entity_set(arena, after, IRI("clerk"), json_of_str(clerk_mark(ctx)));
        entity_set(arena, after, IRI("lastCall"),
                   json_of_str(time_format(arena, time_now(ctx->clock))));
    }
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after}, PUT_VERSION,
                visit->version);
    if (first && to == VISIT_CALLED) desk_take(ctx, command, visit, version);
    Rc rc = case_execute(ctx, command, &outcome);
    return rc == RC_CONFLICT ? moved_on(ctx, visit->id) : rc;
}

static Rc call_once(Ctx *ctx, Str counter, Str desk, uint64_t version, Visit *out) {
    Visits waiting;
    TRY(visits_where(
        ctx, str_fmt(ctx->arena, "counter==\"" STR_FMT "\";state==\"waiting\"", STR_ARG(counter)),
        &waiting));
    if (!waiting.len) return ctx_fail(ctx, RC_NOT_FOUND, "nobody-waits", STR_NONE, "Nobody waits.");
    *out = waiting.items[0];
    return visit_set(ctx, out, VISIT_CALLED, desk, version);
}

Rc visit_call(Ctx *ctx, Str counter, Str desk, Visit *out) {
    TRY(visit_may_serve(ctx));
    TRY(visit_desk_good(ctx, counter, desk));
    Rc rc = RC_CONFLICT;
    for (int i = 0; i < TRIES_MAX && rc == RC_CONFLICT; i++) { /* two desks at once call two */
        uint64_t version; /* read before it is asked whom he has called */
        TRY(calls_version(ctx, &version));
        rc = visit_own(ctx, out);
        if (rc == RC_NOT_FOUND) rc = call_once(ctx, counter, desk, version, out);
    }
    return rc;
}

/* Who has confirmed takes it that he has applied. */
static Rc nothing_unsent(Ctx *ctx) {
    bool unsent;
    TRY(tablet_unsent(ctx, &unsent));
    return unsent ? ctx_fail(ctx, RC_CONFLICT, "unsent", STR_NONE,
                             "Something was confirmed on the tablet and isn't sent: send it, or "
                             "take it back.")
                  : RC_OK;
}

Rc visit_move(Ctx *ctx, Str id, VisitState to) {
    Visit visit;
    TRY(visit_may_serve(ctx));
    TRY(visit_own(ctx, &visit));
    if (!str_eq(visit.id, id)) return moved_on(ctx, id);
    if (to == VISIT_DONE) TRY(nothing_unsent(ctx));
    TRY(visit_set(ctx, &visit, to, visit.desk, 0));
    if (to == VISIT_DONE)
        tablet_cancel(ctx, STR_NONE); /* what is shown is none of the next one's business */
    return RC_OK;
}

/* ---- what is entered meanwhile ---- */

Rc visit_join(Ctx *ctx, Arena *arena, Entity *application, Str visit) {
    Str served;
    if (str_empty(visit)) return RC_OK; /* who came without a number */
    TRY(visit_served(ctx, &served));
    if (str_eq(visit, served))
        entity_set(arena, application, IRI("visit"), json_of_str(str_dup(arena, visit)));
    return RC_OK;
}

Rc visit_cases(Ctx *ctx, Str id, VisitCases *out) {
    ProjectAnswer found;
    Str q = str_fmt(ctx->arena, "visit==\"" STR_FMT "\"", STR_ARG(id));
    ProjectWish wish = {.type = STR("Application"), .q = q, .limit = CASES_MAX};
    *out = (VisitCases){0};
    TRY(project_find(ctx, &wish, &found));
    for (size_t i = 0; i < found.entities.len; i++)
        vec_push(ctx->arena, out, found.entities.items[i]);
    return RC_OK;
}
