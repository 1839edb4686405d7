#include "procedure_int.h"

#include "transit.h"
#include "versions.h"

#include <stdlib.h>

enum { BATCH_CASES = 50, TRIES = 3, TRANSITS_MAX = 1000, FAILED_MOST = 20 };

/* Whole cases may be large, and each is tried some times. */
static const size_t batch_arena = (size_t)2 << 30;

#define TRANSIT_ID_PREFIX  "urn:ngsi-ld:ProcedureTransition:"
#define DECISION_ID_PREFIX "urn:ngsi-ld:Decision:"

/* ---- the record ---- */

static Str record_id(Arena *arena, Str decision) {
    size_t head = sizeof DECISION_ID_PREFIX - 1;
    return str_fmt(arena, TRANSIT_ID_PREFIX STR_FMT,
                   STR_ARG(str_sub(decision, head, decision.len)));
}

static void stays_read(Arena *arena, const Entity *record, Transit *out) {
    const Attr *counts = entity_attr(record, IRI("stays")),
               *listed = entity_attr(record, IRI("listed"));
    for (uint32_t i = 0; counts && i < counts->value->len; i++) {
        const JsonMember *one = &counts->value->value.members[i];
        FitWhy why = fit_why_of(one->name);
        if (why != FIT_WHYS) out->stays[why] = (int64_t)json_number(&one->value);
    }
    for (uint32_t i = 0; listed && i < listed->value->len; i++) {
        const Json *one = json_at(listed->value, i);
        FitWhy why = fit_why_of(json_get_str(one, "why"));
        if (why != FIT_WHYS)
            vec_push(arena, &out->listed,
                     (TransitStay){json_get_str(one, "case"), why, json_get_str(one, "field")});
    }
}

/* Refers to the record. */
static void record_read(Arena *arena, const Entity *record, Transit *out) {
    *out = (Transit){.decision = entity_text(record, IRI("decision")),
                     .number = entity_text(record, IRI("number")),
                     .procedure = entity_text(record, IRI("procedure")),
                     .post = entity_text(record, IRI("post")),
                     .at = visit_instant(record, IRI("at")),
                     .done_at = visit_instant(record, IRI("doneAt")),
                     .to = entity_int(record, IRI("to"), 0),
                     .cases = entity_int(record, IRI("cases"), 0),
                     .moved = entity_int(record, IRI("moved"), 0),
                     .stayed = entity_int(record, IRI("stayed"), 0)};
    stays_read(arena, record, out);
}

Rc transit_load(Ctx *ctx, Str decision, Transit *out) {
    const Entity *record;
    Error before = ctx->error;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, record_id(ctx->arena, decision), &record);
    if (rc == RC_NOT_FOUND) ctx->error = before;
    TRY(rc);
    record_read(ctx->arena, record, out);
    return RC_OK;
}

static int newest_first(const void *a, const void *b) {
    int64_t x = ((const Transit *)a)->at, y = ((const Transit *)b)->at;
    return x < y ? 1 : x > y ? -1 : 0;
}

static Rc records_find(Ctx *ctx, Str q, Transits *out) {
    ProjectAnswer found;
    ProjectWish wish = {.type = STR("ProcedureTransition"), .q = q, .limit = TRANSITS_MAX};
    *out = (Transits){0};
    TRY(project_find(ctx, &wish, &found));
    for (size_t i = 0; i < found.entities.len; i++) {
        Transit one;
        record_read(ctx->arena, found.entities.items[i], &one);
        vec_push(ctx->arena, out, one);
    }
    if (out->len) qsort(out->items, out->len, sizeof *out->items, newest_first);
    return RC_OK;
}

Rc transits_of(Ctx *ctx, Str procedure, Transits *out) {
    Str q = str_fmt(ctx->arena, "procedure==\"" STR_FMT "\"", STR_ARG(procedure));
    return records_find(ctx, q, out);
}

Rc transits_going(Ctx *ctx, Str procedure, Transits *out) {
    Str q = str_fmt(ctx->arena, "procedure==\"" STR_FMT "\";state==\"going\"", STR_ARG(procedure));
    return records_find(ctx, q, out);
}

/* ---- what a decision begins ---- */

typedef struct PartBegin {
    Str id, decision, number, procedure, post;
    int64_t to, cases;
} PartBegin;

static Rc begin_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartBegin *part = args;
    if (!stage_entity(stage, part->id)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "decided", part->decision, "This was decided already.");
}

static Rc begin_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartBegin *part = args;
    Arena *arena = ctx->arena;
    Entity *after = entity_new(arena, part->id, STR(TRANSIT_TYPE));
    const struct {
        Str iri, value;
    } texts[] = {
        {IRI("state"), STR("going")},  {IRI("decision"), part->decision},
        {IRI("number"), part->number}, {IRI("procedure"), part->procedure},
        {IRI("post"), part->post},     {IRI("at"), time_format(arena, stage_now(stage))},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        entity_set(arena, after, texts[i].iri, json_of_str(texts[i].value));
    entity_set(arena, after, IRI("to"), json_of_int(part->to));
    entity_set(arena, after, IRI("cases"), json_of_int(part->cases));
    entity_set(arena, after, IRI("moved"), json_of_int(0));
    stage_put(stage, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after});
    return RC_OK;
}

static const PartKind part_begin = {"procedure.transition", 1, begin_guard, begin_apply};

Rc transit_follow(Ctx *ctx, Command *command, const Entity *decision, const Json *contents) {
    Arena *arena = command_arena(command);
    TransitionWish wish;
    TransitionRows rows;
    const Definition *to;
    PartBegin *part = NEW(arena, PartBegin);
    transition_read(ctx->arena, contents, &wish);
    Rc rc = transition_target(ctx, &wish, &to);
    if (rc == RC_INVALID)
        return ctx_fail(ctx, RC_CONFLICT, "not-in-force", decision->id,
                        "The version to which cases are to go isn't in force any more: return the "
                        "proposal.");
    TRY(rc);
    TRY(transition_rows(ctx, &wish, &rows));
    *part = (PartBegin){.id = record_id(arena, decision->id),
                        .decision = str_dup(arena, decision->id),
                        .number = str_dup(arena, entity_text(decision, IRI("number"))),
                        .procedure = str_dup(arena, wish.procedure),
                        .post = str_dup(arena, ctx->actor->post),
                        .to = wish.to,
                        .cases = json_get_int(contents, "fit", 0)};
    command_needs(command, part->id);
    command_add(command, &part_begin, part);
    return RC_OK;
}

/* ---- one case ---- */

/* application.transition: the case goes on in a state of another version, which waits for the same
   as the one before. RC_CONFLICT "moved-on": it is another version of its record. */
typedef struct PartTransit {
    Str id;
    uint64_t seen; /* version of the record */
    CaseTransition transition;
    const DefinedState *state;
    Str post;
    Date due; /* year 0: it stays */
} PartTransit;

static Rc transit_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartTransit *part = args;
    const Entity *before = stage_entity(stage, part->id);
    if (before && before->version == part->seen) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", part->id,
                    "This case has moved on since you looked at it: load the page again.");
}

/* Its state is said again, for whoever is told of it by mail. */
static Rc transit_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartTransit *part = args;
    Arena *arena = ctx->arena;
    const Entity *before = stage_entity(stage, part->id);
    Entity *after = entity_new(arena, part->id, STR(CASE_TYPE));
    CaseTransition transition = part->transition;
    CaseState phase = defined_phase(part->state);
    transition.at = stage_now(stage);
    entity_set(arena, after, IRI("procedureVersion"), json_of_int(transition.to));
    entity_set(arena, after, IRI("procedureState"), json_of_str(part->state->id));
    entity_set(arena, after, IRI("state"), json_of_str(case_state_word(phase)));
    entity_set_kind(arena, after, ATTR_JSON, IRI("transitions"),
                    case_transitions_json(arena, before, &transition));
    if (part->due.year) {
        Json day = json_of_str(time_format_date(arena, part->due));
        entity_set(arena, after, IRI("due"), day);
        if (part->state->owner == OWNER_RESIDENT) entity_set(arena, after, IRI("answerDue"), day);
    }
    CaseStep step = {.at = transition.at,
                     .state = phase,
                     .post = part->post,
                     .text = transition.number,
                     .kind = CASE_STEP_VERSION};
    case_step_add(arena, before, &step, after);
    stage_put(stage, &(Delta){.op = DELTA_CHANGE, .id = part->id, .after = after});
    return RC_OK;
}

static const PartKind part_transit = {"application.transition", 1, transit_guard, transit_apply};

/* ---- how far it is ---- */

typedef struct PartCount {
    Str id;
    int64_t moved;     /* of this command */
    const Transit *of; /* the end, and what stayed; NULL: it goes on */
} PartCount;

static Rc count_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartCount *part = args;
    const Entity *record = stage_entity(stage, part->id);
    if (record && str_eq(entity_text(record, IRI("state")), STR("going"))) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "done", part->id, "This transition is over.");
}

static void end_set(Arena *arena, Entity *after, const Transit *of, int64_t now) {
    JsonItems listed = {0};
    VEC_EACH (const TransitStay, stay, &of->listed) {
        JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
        members[0] = (JsonMember){STR("case"), json_of_str(stay->id)};
        members[1] = (JsonMember){STR("why"), json_of_str(fit_why_word(stay->why))};
        members[2] = (JsonMember){STR("field"), json_of_str(stay->field)};
        vec_push(arena, &listed, json_of_members(members, str_empty(stay->field) ? 2 : 3));
    }
    entity_set(arena, after, IRI("state"), json_of_str(STR("done")));
    entity_set(arena, after, IRI("doneAt"), json_of_str(time_format(arena, now)));
    entity_set(arena, after, IRI("stayed"), json_of_int(of->stayed));
    entity_set_kind(arena, after, ATTR_JSON, IRI("stays"), fit_stays_json(arena, of->stays));
    entity_set_kind(arena, after, ATTR_JSON, IRI("listed"),
                    json_of_items(listed.items, listed.len));
}

static Rc count_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartCount *part = args;
    Arena *arena = ctx->arena;
    int64_t had = entity_int(stage_entity(stage, part->id), IRI("moved"), 0);
    Entity *after = entity_new(arena, part->id, STR(TRANSIT_TYPE));
    entity_set(arena, after, IRI("moved"), json_of_int(had + part->moved));
    if (part->of) end_set(arena, after, part->of, stage_now(stage));
    stage_put(stage, &(Delta){.op = DELTA_CHANGE, .id = part->id, .after = after});
    return RC_OK;
}

static const PartKind part_count = {"procedure.transit", 1, count_guard, count_apply};

static void count_add(Command *command, Str id, int64_t moved, const Transit *of) {
    Arena *arena = command_arena(command);
    PartCount *part = NEW(arena, PartCount);
    *part = (PartCount){.id = str_dup(arena, id), .moved = moved, .of = of};
    command_needs(command, part->id);
    command_add(command, &part_count, part);
}

/* ---- carrying out ---- */

/* A transition under way; all of it in memory that outlives a batch. */
typedef struct Carrying {
    Arena *arena;
    Transit *transit;
    Str record;
    TransitionWish wish;
    TransitionRows rows;
    const Definition *to;
    StrVec ids;
    size_t failed;
} Carrying;

/* A case of a batch, as it was judged. */
typedef struct Going {
    const Entity *application;
    const TransitionRow *row;
    Fit fit;
} Going;
typedef VEC(Going) Goings;

static void stays(Carrying *carrying, Str id, FitWhy why, const Field *field) {
    Transit *transit = carrying->transit;
    transit->stayed++;
    transit->stays[why]++;
    if (transit->listed.len < TRANSIT_LISTED)
        vec_push(carrying->arena, &transit->listed,
                 (TransitStay){str_dup(carrying->arena, id), why, field ? field->id : STR_NONE});
}

/* *out.row NULL: the case isn't one of them any more. */
static Rc judge(Ctx *ctx, const Carrying *carrying, Str id, Going *out) {
    *out = (Going){0};
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &out->application);
    if (rc == RC_NOT_FOUND) return RC_OK; /* erased meanwhile */
    TRY(rc);
    out->row = transition_row(&carrying->wish, &carrying->rows, out->application);
    if (!out->row) return RC_OK;
    return fit_case(ctx, &(FitAsk){out->application, out->row->from, carrying->to, out->row->to},
                    &out->fit);
}

static Rc going_add(Ctx *ctx, Command *command, const Carrying *carrying, const Going *going) {
    Arena *arena = command_arena(command);
    PartTransit *part = NEW(arena, PartTransit);
    Str proposed;
    *part = (PartTransit){.id = str_dup(arena, going->application->id),
                          .seen = going->application->version,
                          .transition = {.from = going->row->from->version,
                                         .to = carrying->to->version,
                                         .number = str_dup(arena, carrying->transit->number)},
                          .state = going->row->to,
                          .post = str_dup(arena, carrying->transit->post),
                          .due = going->fit.due};
    command_needs(command, part->id);
    command_add(command, &part_transit, part);
    TRY(matter_none(ctx, command, going->application, &proposed));
    if (str_empty(proposed)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "proposed", proposed, "A proposal about this case waits.");
}

static Rc goings_send(Ctx *ctx, const Carrying *carrying, const Going *goings, size_t n) {
    Outcome outcome;
    Rc rc = RC_OK;
    Command *command = case_command(ctx, STR("application.transition"),
                                    n == 1 ? goings[0].application->id : STR_NONE, STR("timer"));
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        rc = going_add(ctx, command, carrying, &goings[i]);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    count_add(command, carrying->record, (int64_t)n, NULL);
    return case_execute(ctx, command, &outcome);
}

/* By itself, judged anew whenever it has changed. */
static Rc case_send(Ctx *ctx, Carrying *carrying, Str id) {
    for (int i = 0; i < TRIES; i++) {
        Going going;
        TRY(judge(ctx, carrying, id, &going));
        if (!going.row) return RC_OK;
        if (going.fit.why != FIT_GOOD) {
            stays(carrying, id, going.fit.why, going.fit.field);
            return RC_OK;
        }
        Rc rc = goings_send(ctx, carrying, &going, 1);
        if (rc != RC_CONFLICT) return rc;
    }
    stays(carrying, id, FIT_MOVED, NULL);
    return RC_OK;
}

/* One that can't be read or written keeps the others from nothing: it stays, and is told. Where so
   many fail, it isn't the cases. */
static Rc case_alone(Ctx *ctx, Carrying *carrying, Str id) {
    Rc rc = case_send(ctx, carrying, id);
    if (rc == RC_OK || rc == RC_BUSY || ++carrying->failed > FAILED_MOST) return rc;
    log_error("procedure", STR_FMT " can't go to another version: " STR_FMT, STR_ARG(id),
              STR_ARG(ctx->error.detail));
    stays(carrying, id, FIT_FAILED, NULL);
    return RC_OK;
}

static Rc each_alone(Ctx *ctx, Carrying *carrying, const Str *ids, size_t n) {
    for (size_t i = 0; i < n; i++)
        TRY(case_alone(ctx, carrying, ids[i]));
    return RC_OK;
}

static Rc batch_send(Ctx *ctx, Carrying *carrying, const Str *ids, size_t n) {
    Goings goings = {0};
    StrVec alone = {0};
    for (size_t i = 0; i < n; i++) {
        Going going;
        Rc rc = judge(ctx, carrying, ids[i], &going);
        if (rc == RC_BUSY) return rc;
        if (rc != RC_OK)
            vec_push(ctx->arena, &alone, ids[i]);
        else if (going.row && going.fit.why == FIT_GOOD)
            vec_push(ctx->arena, &goings, going);
        else if (going.row)
            stays(carrying, ids[i], going.fit.why, going.fit.field);
    }
    Rc rc = goings.len ? goings_send(ctx, carrying, goings.items, goings.len) : RC_OK;
    if (rc == RC_BUSY) return rc;
    for (size_t i = 0; rc != RC_OK && i < goings.len; i++)
        vec_push(ctx->arena, &alone, goings.items[i].application->id);
    return each_alone(ctx, carrying, alone.items, alone.len);
}

/* In memory of its own, for there may be many. */
static Rc batch_alone(Ctx *ctx, Carrying *carrying, const Str *ids, size_t n) {
    Ctx own = *ctx;
    own.arena = arena_new(batch_arena);
    Rc rc = batch_send(&own, carrying, ids, n);
    if (rc != RC_OK) ctx_keep_error(ctx, &own.error);
    arena_free(own.arena);
    return rc;
}

static Rc gather(Ctx *ctx, void *arg, const Entity *application) {
    Carrying *carrying = arg;
    (void)ctx;
    if (transition_row(&carrying->wish, &carrying->rows, application))
        vec_push(carrying->arena, &carrying->ids, str_dup(carrying->arena, application->id));
    return RC_OK;
}

static Rc transit_begin(Ctx *ctx, Carrying *carrying) {
    const Entity *decision;
    const Json *contents;
    TRY(decide_load(ctx, carrying->transit->decision, &decision));
    TRY(decide_contents(ctx, decision, &contents));
    transition_read(ctx->arena, contents, &carrying->wish);
    TRY(transition_rows(ctx, &carrying->wish, &carrying->rows));
    carrying->to = catalogue_version(procedures_catalogue(ctx->tenant), carrying->wish.procedure,
                                     carrying->wish.to);
    return transition_each(ctx, carrying->wish.procedure, gather, carrying);
}

static Rc transit_end(Ctx *ctx, const Carrying *carrying) {
    Outcome outcome;
    Command *command = case_command(ctx, STR("procedure.transition-done"), STR_NONE, STR("timer"));
    count_add(command, carrying->record, 0, carrying->transit);
    return case_execute(ctx, command, &outcome);
}

static Rc transit_go(Ctx *ctx, Transit *transit, const atomic_bool *stop) {
    Carrying carrying = {.arena = ctx->arena,
                         .transit = transit,
                         .record = record_id(ctx->arena, transit->decision)};
    TRY(transit_begin(ctx, &carrying));
    for (size_t i = 0; i < carrying.ids.len; i += BATCH_CASES) {
        size_t left = carrying.ids.len - i;
        if (stop && atomic_load(stop)) return RC_OK;
        TRY(batch_alone(ctx, &carrying, &carrying.ids.items[i],
                        left < BATCH_CASES ? left : BATCH_CASES));
    }
    return transit_end(ctx, &carrying);
}

/* One that fails keeps no other waiting; the first error. */
static Rc all_go(Ctx *ctx, const atomic_bool *stop) {
    ProjectAnswer found;
    ProjectWish wish = {
        .type = STR("ProcedureTransition"), .q = STR("state==\"going\""), .limit = TRANSITS_MAX};
    Rc first = RC_OK;
    TRY(project_find(ctx, &wish, &found));
    Error error = ctx->error;
    for (size_t i = 0; i < found.entities.len && !(stop && atomic_load(stop)); i++) {
        Transit transit;
        record_read(ctx->arena, found.entities.items[i], &transit);
        Rc rc = transit_go(ctx, &transit, stop);
        if (rc == RC_OK || first != RC_OK) continue;
        first = rc;
        error = ctx->error;
    }
    ctx->error = error;
    return first;
}

Rc transit_carry_out(Ctx *ctx, const atomic_bool *stop) {
    pthread_mutex_t *lock = &ctx->tenant->procedures->transit_lock;
    if (pthread_mutex_trylock(lock) != 0)
        return ctx_fail(ctx, RC_BUSY, "cases-busy", STR_NONE,
                        "Cases go to another version already: what is left goes on by itself.");
    Rc rc = all_go(ctx, stop);
    pthread_mutex_unlock(lock);
    return rc;
}
