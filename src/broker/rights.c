#include "rights.h"

/* What residents read as the reason of such a look. */
#define WHY STR("外部のシステムへの通知（購読）")

/* To subscribe is asked for each type; what of it is then shown the gate decides each time. */
Rc rights_subscribe(Ctx *ctx, const Subscription *subscription) {
    GateAsk ask = {.action = ACT_SUBSCRIBE, .class = CLASS_OPEN};
    for (size_t i = 0; i < subscription->n; i++) {
        const MatchHint *hint = match_hint(subscription->selectors[i]);
        for (size_t k = 0; k < hint->types.len; k++) {
            ask.type = hint->types.items[k];
            TRY(gate_check(ctx, &ask));
        }
        if (hint->types.len) continue;
        ask.type = STR_NONE;
        TRY(gate_check(ctx, &ask));
    }
    ask.type = STR_NONE;
    return subscription->n ? RC_OK : gate_check(ctx, &ask);
}

/* ---- pausing ---- */

typedef struct PartPause {
    Str id;
    uint64_t version;
    const Json *why;
} PartPause;

/* One that was changed meanwhile is judged anew when the matcher meets the change. */
static Rc pause_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartPause *part = args;
    const Entity *before = stage_entity(stage, part->id);
    if (!before || before->version != part->version) return RC_OK;
    Entity *after = entity_new(ctx->arena, part->id, STR(SUBSCRIPTION_TYPE));
    entity_set_kind(ctx->arena, after, ATTR_JSON, STR(SUBSCRIPTION_WITHHELD), *part->why);
    Delta delta = {.op = DELTA_CHANGE, .id = part->id, .after = after};
    stage_put(stage, &delta);
    return RC_OK;
}

static const PartKind part_pause = {"subscription.pause", 1, NULL, pause_apply};

/* ctx->error says why. */
static Rc pause_store(Ctx *ctx, Str id, uint64_t version) {
    Ledger *ledger = ctx->tenant->ledger;
    CommandHead head = {.kind = STR("subscription.pause"),
                        .actor = gate_system_actor()->id,
                        .channel = STR("timer")};
    Command *command = command_new(ledger, head);
    Arena *arena = command_arena(command);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("reason"), json_of_str(str_dup(arena, ctx->error.code))};
    members[1] = (JsonMember){STR("detail"), json_of_str(str_dup(arena, ctx->error.detail))};
    members[2] = (JsonMember){STR("since"), json_of_str(time_format(arena, time_now(ctx->clock)))};
    Json *why = NEW(arena, Json);
    *why = json_of_members(members, 3);
    PartPause *part = NEW(arena, PartPause);
    *part = (PartPause){str_dup(arena, id), version, why};
    command_needs(command, part->id);
    command_add(command, &part_pause, part);
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ledger, command, &outcome);
    command_free(command);
    if (rc != RC_OK)
        log_error("broker",
                  "subscription " STR_FMT " is held back, but that was not written: " STR_FMT,
                  STR_ARG(id), STR_ARG(ctx->error.detail));
    return rc;
}

/* ---- the matcher ---- */

/* What is kept with the subscription is drawn anew only when it is another. */
static Rc actor_keep(Ctx *ctx, Subscription *to) {
    uint64_t mark = gate_rights_mark(ctx);
    if (!to->actor || to->mark != mark) {
        Ctx lasting = *ctx;
        lasting.arena = to->arena;
        TRY(gate_actor_now(&lasting, to->owner));
        to->actor = lasting.actor;
        to->purpose = lasting.purpose;
        to->mark = mark;
    }
    return RC_OK;
}

static Rc decide(Ctx *ctx, Subscription *to) {
    Ctx own = *ctx;
    Rc rc = gate_actor_now(&own, to->owner);
    if (rc == RC_OK) rc = rights_subscribe(&own, to);
    if (rc == RC_OK) rc = actor_keep(&own, to);
    ctx->error = own.error;
    return rc;
}

Rc rights_hold(Ctx *ctx, Subscription *subscription) {
    uint64_t epoch = gate_epoch(ctx->tenant);
    if (!subscription->decided || subscription->epoch != epoch) {
        Rc rc = decide(ctx, subscription);
        if (rc != RC_OK && rc != RC_DENIED) return rc;
        bool kept =
            rc == RC_OK || pause_store(ctx, subscription->id, subscription->version) == RC_OK;
        subscription->withheld = rc != RC_OK;
        subscription->epoch = epoch;
        subscription->decided = kept; /* else it is tried again with the next event */
    }
    if (subscription->withheld) return RC_DENIED;
    ctx->actor = (Actor *)subscription->actor;
    ctx->purpose = subscription->purpose;
    return RC_OK;
}

/* ---- the delivery ---- */

static Rc withheld(Ctx *ctx, const char *code, const char *why) {
    return ctx_fail(ctx, RC_DENIED, code, STR_NONE, "%s", why);
}

/* The owner's rights are those under which it was made, or it is not for him any more: one under
   other rights might have been told otherwise. */
static Rc owner_same(Ctx *ctx, const Entity *stored, uint64_t mark) {
    Rc rc = gate_actor_now(ctx, subscription_part(stored, STR(SUBSCRIPTION_OWNER)));
    if (rc == RC_DENIED) (void)pause_store(ctx, stored->id, stored->version);
    TRY(rc);
    if (gate_rights_mark(ctx) == mark) return RC_OK;
    return withheld(ctx, "rights-changed", "The rights of its owner have changed since.");
}

static Rc personal_send(Ctx *ctx, const NoticeRights *notice, const Entity *stored, Str *body) {
    Str sealed;
    if (!hash_from_base64(ctx->arena, notice->sealed, &sealed))
        return withheld(ctx, "damaged", "A notification that waited is damaged.");
    Rc rc = ledger_unseal(ctx, ctx->tenant->ledger, sealed, body);
    if (rc == RC_NOT_FOUND)
        return withheld(ctx, "erased", "The person whom it is about was erased meanwhile.");
    TRY(rc);
    return gate_look_later(ctx, subscription_part(stored, STR(SUBSCRIPTION_OWNER)), &notice->later,
                           WHY);
}

Rc rights_send(Ctx *ctx, const NoticeRights *notice, Str *body) {
    const Entity *stored;
    bool personal = !str_empty(notice->sealed);
    *body = notice->body;
    if (!personal && notice->epoch == gate_epoch(ctx->tenant)) return RC_OK;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, notice->subscription, &stored);
    if (rc == RC_NOT_FOUND ||
        (rc == RC_OK && subscription_part(stored, STR(SUBSCRIPTION_WITHHELD))))
        return withheld(ctx, "paused", "The subscription has ended, or is held back.");
    TRY(rc);
    Ctx own = *ctx;
    rc = owner_same(&own, stored, notice->mark);
    if (rc == RC_OK && personal) rc = personal_send(&own, notice, stored, body);
    ctx->error = own.error;
    return rc;
}

/* ---- as a notification waits ---- */

static void texts_put(JsonWriter *w, const char *name, const StrVec *texts) {
    json_name(w, str_of(name));
    json_open(w, '[');
    VEC_EACH (const Str, text, texts)
        json_text(w, *text);
    json_close(w);
}

void rights_put(JsonWriter *w, const NoticeRights *rights) {
    json_name(w, STR("subscription"));
    json_text(w, rights->subscription);
    json_name(w, STR("epoch"));
    json_int(w, (int64_t)rights->epoch);
    json_name(w, STR("mark"));
    json_int(w, (int64_t)rights->mark);
    bool personal = !str_empty(rights->sealed);
    if (personal) {
        texts_put(w, "subjects", &rights->later.subjects);
        texts_put(w, "records", &rights->later.records);
    }
    json_name(w, personal ? STR("sealed") : STR("body"));
    json_text(w, personal ? rights->sealed : rights->body);
}

static void texts_get(Arena *arena, const Json *row, const char *name, StrVec *out) {
    const Json *list = json_get(row, str_of(name));
    for (size_t i = 0; list && i < list->len; i++)
        vec_push(arena, out, json_str(json_at(list, i)));
}

NoticeRights rights_get(Arena *arena, const Json *row) {
    NoticeRights rights = {.subscription = json_get_str(row, "subscription"),
                           .body = json_get_str(row, "body"),
                           .sealed = json_get_str(row, "sealed"),
                           .epoch = (uint64_t)json_get_int(row, "epoch", 0),
                           .mark = (uint64_t)json_get_int(row, "mark", 0)};
    texts_get(arena, row, "subjects", &rights.later.subjects);
    texts_get(arena, row, "records", &rights.later.records);
    return rights;
}
