#include "procedure_int.h"

enum { BATCH_CASES = 50, ID_CHARS = 26, NOTE_MAX = 4000, OPEN_MAX = 50 };

/* ---- what there is to hand over ---- */

/* One's own, whatever post one holds now; and a chief those of his division. */
static bool may_hand(Ctx *ctx, Str from, const Entity *application) {
    const GatePost *post = gate_post(ctx->tenant->gate, entity_text(application, IRI("post")));
    bool chief = ctx->actor->roles & 1u << ROLE_CHIEF && post &&
                 str_eq(post->division, ctx->actor->division);
    return ctx->actor->kind == ACTOR_STAFF && (chief || str_eq(from, ctx->actor->id));
}

Rc handover_cases(Ctx *ctx, Str from, InboxCases *out, bool *more) {
    const GatePost *post;
    *out = (InboxCases){0};
    *more = false;
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    for (size_t i = 0; !*more && (post = gate_post_at(ctx->tenant->gate, i)); i++) {
        InboxCases held;
        InboxHeld ask = {post->id, from, HANDOVER_MOST - out->len};
        TRY(inbox_held(ctx, &ask, &held, more));
        for (size_t k = 0; k < held.len; k++)
            if (may_hand(ctx, from, held.items[k])) vec_push(ctx->arena, out, held.items[k]);
    }
    return RC_OK;
}

/* Whether an official works in the division of a case. */
static bool can_take(const Ctx *ctx, const GateHolder *holder, const Entity *application) {
    const GatePost *post = gate_post(ctx->tenant->gate, entity_text(application, IRI("post")));
    return post && office_works_in(ctx->tenant->gate, holder, post->division);
}

Rc handover_takers(Ctx *ctx, const InboxCases *cases, Str from, GateHolders *out) {
    GateHolders all;
    *out = (GateHolders){0};
    TRY(gate_holders(ctx, NULL, &all));
    VEC_EACH (const GateHolder, holder, &all) {
        bool takes = false;
        for (size_t i = 0; i < cases->len && !takes; i++)
            takes = can_take(ctx, holder, cases->items[i]);
        if (takes && !str_eq(holder->account, from)) vec_push(ctx->arena, out, *holder);
    }
    return RC_OK;
}

/* ---- handing over ---- */

/* application.handover: another assignee, or none, while it is open and `from` has it. RC_CONFLICT
   "moved-on". */
typedef struct PartHand {
    Str id, from, to, note;
} PartHand;

static Rc hand_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartHand *part = args;
    const Entity *before = stage_entity(stage, part->id);
    CaseState state = before ? case_state(before) : CASE_STATES;
    bool open = state != CASE_STATES && !(CASE_ENDS & 1u << state);
    if (open && str_eq(entity_text(before, IRI("assignee")), part->from)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", part->id,
                    "This case has moved on since you looked at it: load the page again.");
}

/* What waits about the case is still about the same: hands_same. */
static Rc hand_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartHand *part = args;
    Delta delta = {.op = DELTA_CHANGE, .id = part->id};
    Entity *after = entity_new(ctx->arena, part->id, STR(CASE_TYPE));
    entity_set(ctx->arena, after, IRI("handover"), json_of_str(part->note));
    if (str_empty(part->to))
        vec_push(ctx->arena, &delta.removed, (DeltaRemoval){.name = IRI("assignee"), .all = true});
    else
        entity_set(ctx->arena, after, IRI("assignee"), json_of_str(part->to));
    hands_mark(ctx->arena, stage_entity(stage, part->id), stage_position(stage), after);
    delta.after = after;
    stage_put(stage, &delta);
    return RC_OK;
}

static const PartKind part_case_hand = {"application.handover", 1, hand_guard, hand_apply};

/* A handover under way. */
typedef struct Handing {
    Ctx *ctx;
    const HandoverWish *wish;
    const GateHolder *taker; /* NULL: the post */
    Str note;                /* id of the record */
    HandoverDone *done;
} Handing;

static void refuse(const Handing *handing, Str id, Str code) {
    vec_push(handing->ctx->arena, &handing->done->refused,
             (HandoverRefused){id, str_dup(handing->ctx->arena, code)});
}

/* Cases that are refused before anything is sent are told. */
static Rc allowed(const Handing *handing, StrVec *out) {
    Ctx *ctx = handing->ctx;
    VEC_EACH (const Str, id, handing->wish->ids) {
        const Entity *application;
        Rc rc = str_starts(*id, STR(CASE_ID_PREFIX))
                    ? ledger_entity(ctx, ctx->tenant->ledger, *id, &application)
                    : RC_NOT_FOUND;
        if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
        if (rc == RC_NOT_FOUND || case_is_erased(application))
            refuse(handing, *id, STR("no-case"));
        else if (!str_eq(entity_text(application, IRI("assignee")), handing->wish->from))
            refuse(handing, *id, STR("moved-on"));
        else if (!may_hand(ctx, handing->wish->from, application))
            refuse(handing, *id, STR("not-permitted"));
        else if (handing->taker && !can_take(ctx, handing->taker, application))
            refuse(handing, *id, STR("not-theirs"));
        else
            vec_push(ctx->arena, out, *id);
    }
    return RC_OK;
}

static Rc some_send(const Handing *handing, const Str *ids, size_t n) {
    Ctx *ctx = handing->ctx;
    Outcome outcome;
    Command *command =
        case_command(ctx, STR("application.handover"), n == 1 ? ids[0] : STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    for (size_t i = 0; i < n; i++) {
        PartHand *part = NEW(arena, PartHand);
        *part = (PartHand){str_dup(arena, ids[i]), str_dup(arena, handing->wish->from),
                           str_dup(arena, handing->wish->to), str_dup(arena, handing->note)};
        command_needs(command, part->id);
        command_add(command, &part_case_hand, part);
    }
    TRY(case_execute(ctx, command, &outcome));
    handing->done->moved += (int64_t)n;
    return RC_OK;
}

static bool is_refusal(Rc rc) {
    return rc == RC_CONFLICT || rc == RC_DENIED || rc == RC_NOT_FOUND || rc == RC_INVALID;
}

static Rc batch_send(const Handing *handing, const Str *ids, size_t n) {
    Rc rc = some_send(handing, ids, n);
    if (!is_refusal(rc)) return rc;
    for (size_t i = 0; i < n; i++) {
        rc = some_send(handing, &ids[i], 1);
        if (is_refusal(rc))
            refuse(handing, ids[i], handing->ctx->error.code);
        else
            TRY(rc);
    }
    return RC_OK;
}

/* The record stands before the first case names it; what became of it is written at the end. */
static Rc note_put(const Handing *handing, bool ends) {
    Ctx *ctx = handing->ctx;
    const HandoverWish *wish = handing->wish;
    Outcome outcome;
    Command *command =
        case_command(ctx, ends ? STR("handover.end") : STR("handover.begin"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    Entity *note = entity_new(arena, str_dup(arena, handing->note), STR(HANDOVER_TYPE));
    bool opens = handing->done->moved && handing->taker;
    entity_set(arena, note, IRI("state"),
               json_of_str(!ends   ? STR("begun")
                           : opens ? STR("open")
                                   : STR("closed")));
    entity_set(arena, note, IRI("cases"), json_of_int(handing->done->moved));
    if (!ends) {
        retention_name(arena, ctx->tenant->dictionary, note, STR_NONE, time_now(ctx->clock));
        entity_set(arena, note, IRI("from"), json_of_str(str_dup(arena, wish->from)));
        entity_set(arena, note, IRI("to"), json_of_str(str_dup(arena, wish->to)));
        entity_set(arena, note, IRI("by"), json_of_str(str_dup(arena, ctx->actor->id)));
        entity_set(arena, note, IRI("byPost"), json_of_str(str_dup(arena, ctx->actor->post)));
        entity_set(arena, note, IRI("note"), json_of_str(str_dup(arena, str_trim(wish->note))));
        entity_set(arena, note, IRI("at"), json_of_str(time_format(arena, time_now(ctx->clock))));
    }
    command_put(command,
                &(Delta){.op = ends ? DELTA_CHANGE : DELTA_PUT, .id = note->id, .after = note},
                ends ? PUT_PRESENT : PUT_ABSENT, 0);
    return case_execute(ctx, command, &outcome);
}

static Rc taker_find(Handing *handing) {
    Ctx *ctx = handing->ctx;
    GateHolders all;
    if (str_empty(handing->wish->to)) return RC_OK;
    TRY(gate_holders(ctx, NULL, &all));
    for (size_t i = 0; i < all.len; i++)
        if (str_eq(all.items[i].account, handing->wish->to)) handing->taker = &all.items[i];
    if (handing->taker && !str_eq(handing->wish->to, handing->wish->from)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-taker", STR("to"), "Choose who takes the cases.");
}

static Rc wish_check(Handing *handing) {
    Ctx *ctx = handing->ctx;
    if (!handing->wish->ids->len || handing->wish->ids->len > HANDOVER_MOST)
        return ctx_fail(ctx, RC_INVALID, "no-cases", STR("case"),
                        "Choose the cases that are handed over, at most %d.", HANDOVER_MOST);
    if (str_utf8_len(str_trim(handing->wish->note)) > NOTE_MAX)
        return ctx_fail(ctx, RC_INVALID, "long", STR("note"), "A note has at most %d characters.",
                        NOTE_MAX);
    return taker_find(handing);
}

Rc handover_make(Ctx *ctx, const HandoverWish *wish, HandoverDone *out) {
    StrVec ids = {0};
    *out = (HandoverDone){0};
    Handing handing = {.ctx = ctx, .wish = wish, .done = out};
    TRY(wish_check(&handing));
    TRY(allowed(&handing, &ids));
    if (!ids.len) return RC_OK;
    handing.note = str_fmt(ctx->arena, HANDOVER_ID_PREFIX STR_FMT,
                           STR_ARG(rand_id(ctx->rand, ctx->arena, ID_CHARS)));
    TRY(note_put(&handing, false));
    for (size_t i = 0; i < ids.len; i += BATCH_CASES) {
        size_t left = ids.len - i;
        TRY(batch_send(&handing, &ids.items[i], left < BATCH_CASES ? left : BATCH_CASES));
    }
    if (out->moved) out->id = handing.note;
    return note_put(&handing, true);
}

/* ---- the record ---- */

static void note_read(const Entity *entity, Handover *out) {
    *out = (Handover){.id = entity->id,
                      .from = entity_text(entity, IRI("from")),
                      .to = entity_text(entity, IRI("to")),
                      .by = entity_text(entity, IRI("by")),
                      .by_post = entity_text(entity, IRI("byPost")),
                      .note = entity_text(entity, IRI("note")),
                      .at = visit_instant(entity, IRI("at")),
                      .accepted_at = visit_instant(entity, IRI("acceptedAt")),
                      .cases = entity_int(entity, IRI("cases"), 0),
                      .version = entity->version};
}

static bool may_read(const Ctx *ctx, const Handover *note) {
    const Actor *actor = ctx->actor;
    const GatePost *made = gate_post(ctx->tenant->gate, note->by_post);
    bool own =
        str_eq(note->by, actor->id) || str_eq(note->to, actor->id) || str_eq(note->from, actor->id);
    /* who works on the cases of the division afterwards reads how they came to it */
    bool division = made && str_eq(made->division, actor->division) &&
                    actor->roles & (1u << ROLE_CHIEF | 1u << ROLE_CLERK);
    return actor->kind == ACTOR_STAFF && (own || division);
}

Rc handover_load(Ctx *ctx, Str id, Handover *out) {
    const Entity *entity;
    Rc rc = str_starts(id, STR(HANDOVER_ID_PREFIX))
                ? ledger_entity(ctx, ctx->tenant->ledger, id, &entity)
                : RC_NOT_FOUND;
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) note_read(entity, out);
    if (rc == RC_OK && may_read(ctx, out)) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-handover", id, "There is no such handover.");
}

Rc handover_of(Ctx *ctx, Str id, InboxCases *out, bool *more) {
    ProjectAnswer found;
    Str q = str_fmt(ctx->arena, "handover==\"" STR_FMT "\"", STR_ARG(id));
    ProjectWish wish = {.type = STR("Application"), .q = q, .limit = HANDOVER_MOST};
    *out = (InboxCases){0};
    TRY(project_find(ctx, &wish, &found));
    *more = found.more;
    for (size_t i = 0; i < found.entities.len; i++)
        vec_push(ctx->arena, out, found.entities.items[i]);
    return RC_OK;
}

Rc handovers_open(Ctx *ctx, Handovers *out) {
    ProjectAnswer found;
    Str q = str_fmt(ctx->arena, "to==\"" STR_FMT "\";state==\"open\"", STR_ARG(ctx->actor->id));
    ProjectWish wish = {.type = STR("Handover"), .q = q, .order_by = STR("at"), .limit = OPEN_MAX};
    *out = (Handovers){0};
    TRY(project_find(ctx, &wish, &found));
    for (size_t i = 0; i < found.entities.len; i++) {
        Handover note;
        note_read(found.entities.items[i], &note);
        vec_push(ctx->arena, out, note);
    }
    return RC_OK;
}

Rc handover_accept(Ctx *ctx, Str id) {
    Handover note;
    Outcome outcome;
    TRY(handover_load(ctx, id, &note));
    if (!str_eq(note.to, ctx->actor->id))
        return ctx_fail(ctx, RC_DENIED, "not-permitted", id, "Who takes the cases accepts them.");
    if (note.accepted_at != TIME_NONE) return RC_OK;
    Command *command = case_command(ctx, STR("handover.accept"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    Entity *after = entity_new(arena, str_dup(arena, id), STR(HANDOVER_TYPE));
    entity_set(arena, after, IRI("state"), json_of_str(STR("accepted")));
    entity_set(arena, after, IRI("acceptedAt"),
               json_of_str(time_format(arena, time_now(ctx->clock))));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after}, PUT_PRESENT,
                0);
    return case_execute(ctx, command, &outcome);
}

/* ---- who has left ---- */

static void left_add(Ctx *ctx, const GateHolder *holder, const InboxAssigned *one,
                     HandoverLefts *out) {
    VEC_EACH (HandoverLeft, left, out)
        if (str_eq(left->account, one->assignee)) {
            left->cases += one->cases;
            return;
        }
    vec_push(ctx->arena, out,
             (HandoverLeft){one->assignee, holder ? holder->name : STR_NONE, one->cases});
}

static Rc post_left(Ctx *ctx, const GatePost *post, const GateHolders *holders,
                    HandoverLefts *out) {
    InboxAssignments all;
    TRY(inbox_assigned(ctx, post->id, &all));
    VEC_EACH (const InboxAssigned, one, &all) {
        const GateHolder *holder = NULL;
        for (size_t i = 0; i < holders->len; i++)
            if (str_eq(holders->items[i].account, one->assignee)) holder = &holders->items[i];
        bool works = holder && office_works_in(ctx->tenant->gate, holder, post->division);
        if (!works) left_add(ctx, holder, one, out);
    }
    return RC_OK;
}

Rc handover_left(Ctx *ctx, HandoverLefts *out) {
    const GatePost *post;
    GateHolders holders;
    *out = (HandoverLefts){0};
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    TRY(gate_holders(ctx, NULL, &holders));
    for (size_t i = 0; (post = gate_post_at(ctx->tenant->gate, i)); i++)
        if (str_eq(post->division, ctx->actor->division)) TRY(post_left(ctx, post, &holders, out));
    return RC_OK;
}
