#include "decide.h"

#define IRI(term) STR(LD_DEFAULT term)

static const Json *string_json(Arena *arena, Str s) {
    Json *json = NEW(arena, Json);
    *json = json_of_str(s);
    return json;
}

static Json cases_json(Arena *arena, const DecideCases *cases) {
    JsonItems items = {0};
    VEC_EACH (DecideCase, one, cases) {
        JsonMember *pair = NEW_ARRAY(arena, JsonMember, 2);
        pair[0] = (JsonMember){STR("id"), json_of_str(one->id)};
        pair[1] = (JsonMember){STR("version"), json_of_int((int64_t)one->version)};
        vec_push(arena, &items, json_of_members(pair, 2));
    }
    return json_of_items(items.items, items.len);
}

void decide_cases(Arena *arena, const Entity *decision, DecideCases *out) {
    *out = (DecideCases){0};
    const Attr *attr = entity_attr(decision, IRI("cases"));
    for (size_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        const Json *one = json_at(attr->value, i);
        vec_push(arena, out,
                 (DecideCase){json_get_str(one, "id"), (uint64_t)json_get_int(one, "version", 0)});
    }
}

/* ---- draft ---- */

static Rc draft_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartDraft *part = args;
    if (stage_entity(stage, part->id))
        return ctx_fail(ctx, RC_CONFLICT, "drafted", part->id, "This proposal exists already.");
    if (str_empty(part->decider_post) || str_empty(part->drafter))
        return ctx_fail(ctx, RC_INVALID, "no-route", part->id,
                        "A proposal needs a drafter and the post that decides it.");
    return RC_OK;
}

static Rc draft_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartDraft *part = args;
    Arena *arena = ctx->arena;
    int64_t number = counter_next(ctx, stage, part->counter);
    Str label = str_fmt(arena, "%d-%06lld", part->fiscal_year, (long long)number);
    Entity *after = entity_new(arena, part->id, STR(DECIDE_TYPE));
    const struct {
        Str iri, value;
    } texts[] = {
        {IRI("number"), label},
        {IRI("kind"), part->kind},
        {IRI("subjectLine"), part->title},
        {IRI("contentHash"), decide_hash(arena, part->contents)},
        {IRI("drafter"), part->drafter},
        {IRI("drafterPost"), part->drafter_post},
        {IRI("deciderPost"), part->decider_post},
        {IRI("state"), STR("waiting")},
        {IRI("draftedAt"), time_format(arena, stage_now(stage))},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        entity_set(arena, after, texts[i].iri, json_of_str(texts[i].value));
    entity_set_kind(arena, after, ATTR_JSON, IRI("contents"), *part->contents);
    entity_set_kind(arena, after, ATTR_JSON, IRI("cases"), cases_json(arena, &part->cases));
    Delta delta = {.op = DELTA_PUT, .id = part->id, .after = after};
    stage_put(stage, &delta);
    decide_parts_put(arena, stage, part->id, &part->parts);
    stage_result(stage, string_json(arena, label));
    return RC_OK;
}

/* ---- acts on a waiting proposal ---- */

static Rc waiting(Ctx *ctx, Stage *stage, const PartAct *part, const Entity **out) {
    *out = stage_entity(stage, part->id);
    if (!*out)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-proposal", part->id, "There is no such proposal.");
    if (!str_eq(entity_text(*out, IRI("state")), STR("waiting")))
        return ctx_fail(ctx, RC_CONFLICT, "not-waiting", part->id,
                        "This proposal no longer waits for a decision: look at it again.");
    return RC_OK;
}

static Rc is_decider(Ctx *ctx, const Entity *decision, const PartAct *part) {
    if (!str_eq(entity_text(decision, IRI("deciderPost")), part->post))
        return ctx_fail(ctx, RC_DENIED, "not-decider", part->id,
                        "Another post decides this proposal: change to that post if you hold it.");
    if (str_eq(entity_text(decision, IRI("drafter")), part->actor))
        return ctx_fail(ctx, RC_DENIED, "own-draft", part->id,
                        "You drafted this proposal: somebody else has to decide it.");
    return RC_OK;
}

static Rc same_contents(Ctx *ctx, const Entity *decision, const PartAct *part) {
    if (str_eq(entity_text(decision, IRI("contentHash")), part->hash)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "other-contents", part->id,
                    "The contents have changed since you saw them: read them again, then decide.");
}

static Rc act_guard(Ctx *ctx, Stage *stage, const PartAct *part) {
    const Entity *decision;
    TRY(waiting(ctx, stage, part, &decision));
    return is_decider(ctx, decision, part);
}

static Rc decide_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartAct *part = args;
    const Entity *decision;
    TRY(act_guard(ctx, stage, part));
    TRY(waiting(ctx, stage, part, &decision));
    TRY(same_contents(ctx, decision, part));
    DecideCases cases;
    decide_cases(ctx->arena, decision, &cases);
    VEC_EACH (DecideCase, one, &cases) {
        const Entity *entity = stage_entity(stage, one->id);
        if (!entity || entity->version != one->version)
            return ctx_fail(ctx, RC_CONFLICT, "case-moved", one->id,
                            "A case has changed since the proposal was drafted: take it out or "
                            "return the proposal.");
    }
    return RC_OK;
}

static Rc has_reason(Ctx *ctx, const PartAct *part) {
    if (!text_is_blank(ctx->arena, part->opinion)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-reason", STR("opinion"), "State the reason.");
}

static Rc reason_guard(Ctx *ctx, Stage *stage, const void *args) {
    TRY(act_guard(ctx, stage, args));
    return has_reason(ctx, args);
}

/* Who may change the contents: its drafter, or its decider, on what he saw. */
static Rc change_guard(Ctx *ctx, Stage *stage, const PartAct *part, DecideCases *cases) {
    const Entity *decision;
    TRY(waiting(ctx, stage, part, &decision));
    if (!str_eq(entity_text(decision, IRI("drafter")), part->actor))
        TRY(is_decider(ctx, decision, part));
    TRY(same_contents(ctx, decision, part));
    decide_cases(ctx->arena, decision, cases);
    return RC_OK;
}

static bool has_case(const DecideCases *cases, Str id) {
    VEC_EACH (const DecideCase, one, cases)
        if (str_eq(one->id, id)) return true;
    return false;
}

static Rc takeout_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartAct *part = args;
    DecideCases cases;
    TRY(change_guard(ctx, stage, part, &cases));
    if (!has_case(&cases, part->case_id))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-case", part->case_id,
                        "This case is not part of the proposal.");
    TRY(has_reason(ctx, part));
    if (cases.len > 1) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "last-case", part->case_id,
                    "Nothing would be left: return or withdraw the proposal instead.");
}

static Rc putback_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartAct *part = args;
    DecideCases cases;
    TRY(change_guard(ctx, stage, part, &cases));
    if (has_case(&cases, part->case_id))
        return ctx_fail(ctx, RC_CONFLICT, "still-in", part->case_id,
                        "This case is part of the proposal already.");
    const Entity *now = stage_entity(stage, part->case_id);
    if (now && now->version == part->version) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "out-moved", part->case_id,
                    "This case has changed since you looked at it: load the page again.");
}

static Rc withdraw_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartAct *part = args;
    const Entity *decision;
    TRY(waiting(ctx, stage, part, &decision));
    if (str_eq(entity_text(decision, IRI("drafter")), part->actor)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "not-drafter", part->id,
                    "Only its drafter withdraws a proposal.");
}

static Rc drop_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartDrop *part = args;
    const Entity *decision;
    if (!stage_entity(stage, part->id)) return RC_OK;
    return waiting(ctx, stage, &(PartAct){.id = part->id}, &decision);
}

static Rc seen_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartAct *part = args;
    const Entity *decision = stage_entity(stage, part->id);
    bool own = decision && str_eq(entity_text(decision, IRI("drafter")), part->actor);
    if (own && str_eq(entity_text(decision, IRI("state")), STR("dropped"))) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-proposal", part->id,
                    "No proposal of yours was dropped under this address.");
}

static void change(Stage *stage, Str id, Entity *after) {
    Delta delta = {.op = DELTA_CHANGE, .id = id, .after = after};
    stage_put(stage, &delta);
}

/* The acts that end waiting, all alike. */
static Rc act_end(Ctx *ctx, Stage *stage, const PartAct *part, Str state) {
    Entity *after = entity_new(ctx->arena, part->id, STR(DECIDE_TYPE));
    entity_set(ctx->arena, after, IRI("state"), json_of_str(state));
    entity_set(ctx->arena, after, IRI("decider"), json_of_str(part->actor));
    entity_set(ctx->arena, after, IRI("decidedAt"),
               json_of_str(time_format(ctx->arena, stage_now(stage))));
    if (!str_empty(part->opinion))
        entity_set(ctx->arena, after, IRI("opinion"), json_of_str(part->opinion));
    change(stage, part->id, after);
    return RC_OK;
}

static Rc decide_apply(Ctx *ctx, Stage *stage, const void *args) {
    return act_end(ctx, stage, args, STR("decided"));
}

static Rc return_apply(Ctx *ctx, Stage *stage, const void *args) {
    return act_end(ctx, stage, args, STR("returned"));
}

static Rc reject_apply(Ctx *ctx, Stage *stage, const void *args) {
    return act_end(ctx, stage, args, STR("rejected"));
}

static Rc withdraw_apply(Ctx *ctx, Stage *stage, const void *args) {
    return act_end(ctx, stage, args, STR("withdrawn"));
}

static Rc drop_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartDrop *part = args;
    if (!stage_entity(stage, part->id)) return RC_OK;
    Entity *after = entity_new(ctx->arena, part->id, STR(DECIDE_TYPE));
    entity_set(ctx->arena, after, IRI("state"), json_of_str(STR("dropped")));
    entity_set(ctx->arena, after, IRI("dropReason"), json_of_str(part->reason));
    entity_set(ctx->arena, after, IRI("dropNotice"), json_of_str(STR("unread")));
    entity_set(ctx->arena, after, IRI("decidedAt"),
               json_of_str(time_format(ctx->arena, stage_now(stage))));
    change(stage, part->id, after);
    return RC_OK;
}

static Rc seen_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartAct *part = args;
    if (str_eq(entity_text(stage_entity(stage, part->id), IRI("dropNotice")), STR("read")))
        return RC_OK;
    Entity *after = entity_new(ctx->arena, part->id, STR(DECIDE_TYPE));
    entity_set(ctx->arena, after, IRI("dropNotice"), json_of_str(STR("read")));
    change(stage, part->id, after);
    return RC_OK;
}

static void contents_change(Ctx *ctx, Stage *stage, const PartAct *part, const DecideCases *cases) {
    Arena *arena = ctx->arena;
    Entity *after = entity_new(arena, part->id, STR(DECIDE_TYPE));
    Str hash = decide_hash(arena, part->contents);
    entity_set_kind(arena, after, ATTR_JSON, IRI("contents"), *part->contents);
    entity_set_kind(arena, after, ATTR_JSON, IRI("cases"), cases_json(arena, cases));
    entity_set(arena, after, IRI("contentHash"), json_of_str(hash));
    entity_set(arena, after, IRI("changedAt"), json_of_str(time_format(arena, stage_now(stage))));
    change(stage, part->id, after);
    decide_parts_put(arena, stage, part->id, &part->parts);
    if (!str_empty(part->gone) && stage_entity(stage, part->gone))
        stage_put(stage, &(Delta){.op = DELTA_DELETE, .id = part->gone});
    stage_result(stage, string_json(arena, hash));
}

static Rc takeout_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartAct *part = args;
    DecideCases cases, kept = {0};
    decide_cases(ctx->arena, stage_entity(stage, part->id), &cases);
    VEC_EACH (DecideCase, one, &cases)
        if (!str_eq(one->id, part->case_id)) vec_push(ctx->arena, &kept, *one);
    contents_change(ctx, stage, part, &kept);
    return RC_OK;
}

static Rc putback_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartAct *part = args;
    DecideCases cases;
    decide_cases(ctx->arena, stage_entity(stage, part->id), &cases);
    vec_push(ctx->arena, &cases, (DecideCase){part->case_id, part->version});
    contents_change(ctx, stage, part, &cases);
    return RC_OK;
}

const PartKind part_decision_draft = {"decision.draft", 1, draft_guard, draft_apply};
const PartKind part_decision_decide = {"decision.decide", 1, decide_guard, decide_apply};
const PartKind part_decision_return = {"decision.return", 1, reason_guard, return_apply};
const PartKind part_decision_reject = {"decision.reject", 1, reason_guard, reject_apply};
const PartKind part_decision_takeout = {"decision.takeout", 1, takeout_guard, takeout_apply};
const PartKind part_decision_putback = {"decision.putback", 1, putback_guard, putback_apply};
const PartKind part_decision_drop = {"decision.drop", 1, drop_guard, drop_apply};
const PartKind part_decision_seen = {"decision.seen", 1, seen_guard, seen_apply};
const PartKind part_decision_withdraw = {"decision.withdraw", 1, withdraw_guard, withdraw_apply};
