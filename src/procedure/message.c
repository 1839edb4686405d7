#include "message.h"

#include "case.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { ID_CHARS = 26 };

/* ---- reading ---- */

static int64_t instant_of(const Entity *entity, Str iri) {
    int64_t at;
    return time_parse(entity_text(entity, iri), &at) ? at : TIME_NONE;
}

void message_read(const Entity *entity, Message *out) {
    const Attr *contents = entity_attr(entity, IRI("contents"));
    if (!contents) contents = entity_attr(entity, IRI("sensitiveContents"));
    *out = (Message){.id = entity->id,
                     .office = str_eq(entity_text(entity, IRI("writer")), STR("office")),
                     .post = entity_text(entity, IRI("writerPost")),
                     .channel = entity_text(entity, IRI("channel")),
                     .at = instant_of(entity, IRI("sentAt")),
                     .read_at = instant_of(entity, IRI("readAt")),
                     .once = entity_text(entity, IRI("once")),
                     .contents = contents ? contents->value : NULL};
}

bool message_is_new(const Message *message) {
    return message->office && message->read_at == TIME_NONE && str_empty(message->channel);
}

Str message_id(Arena *arena, Ledger *ledger, Str case_id, int64_t n) {
    Str name = str_fmt(arena, STR_FMT " %lld", STR_ARG(case_id), (long long)n);
    Digest digest = ledger_keyed_hash(ledger, STR("message"), name);
    Str suffix = hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, ID_CHARS);
    return str_fmt(arena, MESSAGE_ID_PREFIX STR_FMT, STR_ARG(suffix));
}

int64_t message_count(const Entity *application) {
    return entity_int(application, IRI("messages"), 0);
}

Str message_turn(const Entity *application) {
    return entity_text(application, IRI("messageState"));
}

bool message_waits(const Entity *application) {
    CaseState state = case_state(application);
    bool ended = state != CASE_STATES && CASE_ENDS & 1u << state;
    return !ended && str_eq(message_turn(application), MESSAGE_WAITS);
}

Date message_due(const Entity *application) {
    Date due;
    bool there = message_waits(application) &&
                 time_parse_date(entity_text(application, IRI("messageDue")), &due);
    return there ? due : (Date){0};
}

bool message_among(const StrVec *states, const Entity *application) {
    Str now = case_state_own(application);
    VEC_EACH (const Str, state, states)
        if (str_eq(*state, now)) return true;
    return false;
}

/* ---- parts ---- */

static Rc moved_on(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", id,
                    "Something was written since you looked at it: load the page again.");
}

static Rc case_there(Ctx *ctx, Stage *stage, Str id, const Entity **out) {
    *out = stage_entity(stage, id);
    if (!*out) return ctx_fail(ctx, RC_NOT_FOUND, "no-case", id, "There is no such case.");
    if (case_is_erased(*out))
        return ctx_fail(ctx, RC_NOT_FOUND, "record-erased", id,
                        "The record of this case was erased.");
    return RC_OK;
}

static Rc write_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartMessage *part = args;
    const Entity *before;
    TRY(case_there(ctx, stage, part->case_id, &before));
    if (!message_among(part->states, before))
        return ctx_fail(ctx, RC_CONFLICT, "thread-closed", part->case_id,
                        "Nobody writes to a case in this state: load the page again.");
    bool same = message_count(before) == part->n - 1 &&
                entity_int(before, IRI("procedureVersion"), 0) == part->version &&
                str_eq(entity_text(before, IRI("post")), part->post) &&
                str_eq(entity_text(before, IRI("applicant")), part->applicant);
    return same && !stage_entity(stage, part->message->id) ? RC_OK : moved_on(ctx, part->case_id);
}

static void change(Stage *stage, Entity *after) {
    stage_put(stage, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after});
}

/* Whose turn it is. The day that is due stays until it isn't the office's any more. */
static void turn(Ctx *ctx, Stage *stage, Entity *after, Str state) {
    Delta delta = {.op = DELTA_CHANGE, .id = after->id, .after = after};
    entity_set(ctx->arena, after, IRI("messageState"), json_of_str(state));
    if (!str_eq(state, MESSAGE_WAITS) &&
        entity_attr(stage_entity(stage, after->id), IRI("messageDue")))
        vec_push(ctx->arena, &delta.removed,
                 (DeltaRemoval){.name = IRI("messageDue"), .all = true});
    stage_put(stage, &delta);
}

static Rc write_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartMessage *part = args;
    Arena *arena = ctx->arena;
    Json now = json_of_str(time_format(arena, stage_now(stage)));
    Entity *after = entity_dup(arena, part->message),
           *counted = entity_new(arena, part->case_id, STR(CASE_TYPE));
    bool office = str_eq(entity_text(after, IRI("writer")), STR("office"));
    entity_set(arena, after, IRI("sentAt"), now);
    stage_put(stage, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after});
    entity_set(arena, counted, IRI("messages"), json_of_int(part->n));
    entity_set(arena, counted, IRI("messageAt"), now);
    bool has = entity_attr(stage_entity(stage, part->case_id), IRI("messageDue")) != NULL;
    if (!office && !has && !str_empty(part->due))
        entity_set(arena, counted, IRI("messageDue"), json_of_str(part->due));
    if (!str_empty(part->assignee))
        entity_set(arena, counted, IRI("assignee"), json_of_str(part->assignee));
    turn(ctx, stage, counted, office ? MESSAGE_ANSWERED : MESSAGE_WAITS);
    return RC_OK;
}

static Rc settle_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartMessageSettle *part = args;
    const Entity *before;
    TRY(case_there(ctx, stage, part->case_id, &before));
    bool same = message_count(before) == part->n && str_eq(message_turn(before), MESSAGE_WAITS);
    return same ? RC_OK : moved_on(ctx, part->case_id);
}

static Rc settle_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartMessageSettle *part = args;
    turn(ctx, stage, entity_new(ctx->arena, part->case_id, STR(CASE_TYPE)), MESSAGE_SETTLED);
    return RC_OK;
}

static Rc seen_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartMessageSeen *part = args;
    const Entity *before = stage_entity(stage, part->id);
    if (before && entity_has_type(before, STR(MESSAGE_TYPE))) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-message", part->id, "There is no such message.");
}

static Rc seen_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartMessageSeen *part = args;
    if (!str_empty(entity_text(stage_entity(stage, part->id), IRI("readAt")))) return RC_OK;
    Entity *after = entity_new(ctx->arena, part->id, STR(MESSAGE_TYPE));
    entity_set(ctx->arena, after, IRI("readAt"),
               json_of_str(time_format(ctx->arena, stage_now(stage))));
    change(stage, after);
    return RC_OK;
}

const PartKind part_message_write = {"message.write", 1, write_guard, write_apply};
const PartKind part_message_settle = {"message.settle", 1, settle_guard, settle_apply};
const PartKind part_message_seen = {"message.seen", 1, seen_guard, seen_apply};
