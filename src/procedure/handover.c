#include "procedure_int.h"

enum { BATCH_CASES = 50, ID_CHARS = 26, NOTE_MAX = 4000, OPEN_MAX = 50 };

/* ---- what there is to hand over ---- */

static bool is_of_division(const Ctx *ctx, Str post) {
    const GatePost *now = office_post_now(ctx, post);
    return now && str_eq(now->division, ctx->actor->division);
}

/* Cases of a post: one's own, whatever post one holds now; and a chief those of his division. */
static bool may_hand(const Ctx *ctx, Str from, Str post) {
    bool chief = ctx->actor->roles & 1u << ROLE_CHIEF && is_of_division(ctx, post);
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
        if (!may_hand(ctx, from, post->id)) continue;
        TRY(inbox_held(ctx, &ask, &held, more));
        for (size_t k = 0; k < held.len; k++)
            vec_push(ctx->arena, out, held.items[k]);
    }
    return RC_OK;
}

/* Whether an official works in the division of a case. */
static bool can_take(const Ctx *ctx, const GateHolder *holder, const Entity *application) {
    const GatePost *post = office_post_now(ctx, entity_text(application, IRI("post")));
    return post && office_works_in(ctx->tenant->gate, holder, post);
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

/* handover.note: the record, by the first command that hands cases over; the later ones count
   theirs in it. So what was handed over is told, wherever it is interrupted. */
typedef struct PartHandNote {
    Entity *note;  /* as it begins */
    StrVec posts;  /* of the cases of this command */
    int64_t cases; /* of this command */
} PartHandNote;

static Json posts_with(Arena *arena, const Entity *before, const StrVec *more) {
    StrVec all = {0};
    JsonItems items = {0};
    const Attr *had = before ? entity_attr(before, IRI("posts")) : NULL;
    for (size_t i = 0; had && i < had->value->len; i++)
        vec_push(arena, &all, json_str(json_at(had->value, i)));
    VEC_EACH (const Str, post, more)
        if (!org_lists(&all, *post)) vec_push(arena, &all, *post);
    VEC_EACH (const Str, post, &all)
        vec_push(arena, &items, json_of_str(*post));
    return json_of_items(items.items, items.len);
}

static Rc note_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartHandNote *part = args;
    Arena *arena = ctx->arena;
    const Entity *before = stage_entity(stage, part->note->id);
    Entity *after = before ? entity_new(arena, part->note->id, STR(HANDOVER_TYPE))
                           : entity_dup(arena, part->note);
    int64_t had = before ? entity_int(before, IRI("cases"), 0) : 0;
    entity_set(arena, after, IRI("cases"), json_of_int(had + part->cases));
    entity_set_kind(arena, after, ATTR_JSON, IRI("posts"), posts_with(arena, before, &part->posts));
    stage_put(
        stage,
        &(Delta){.op = before ? DELTA_CHANGE : DELTA_PUT, .id = part->note->id, .after = after});
    return RC_OK;
}

static const PartKind part_handover_note = {"handover.note", 1, NULL, note_apply};

/* A handover under way. */
typedef struct Handing {
    Ctx *ctx;
    const HandoverWish *wish;
    const GateHolder *taker; /* NULL: the post */
    Str note;                /* id of the record */
    HandoverDone *done;
} Handing;

typedef VEC(const Entity *) HandCases;

static void refuse(const Handing *handing, Str id, Str code) {
    vec_push(handing->ctx->arena, &handing->done->refused,
             (HandoverRefused){id, str_dup(handing->ctx->arena, code)});
}

/* Cases that are refused before anything is sent are told. */
static Rc allowed(const Handing *handing, HandCases *out) {
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
        else if (!may_hand(ctx, handing->wish->from, entity_text(application, IRI("post"))))
            refuse(handing, *id, STR("not-permitted"));
        else if (handing->taker && !can_take(ctx, handing->taker, application))
            refuse(handing, *id, STR("not-theirs"));
        else
            vec_push(ctx->arena, out, application);
    }
    return RC_OK;
}

static Entity *note_new(const Handing *handing, Arena *arena) {
    Ctx *ctx = handing->ctx;
    const HandoverWish *wish = handing->wish;
    int64_t now = time_now(ctx->clock);
    Entity *note = entity_new(arena, str_dup(arena, handing->note), STR(HANDOVER_TYPE));
    const struct {
        Str iri, value;
    } texts[] = {
        {IRI("state"), handing->taker ? STR("open") : STR("closed")},
        {IRI("from"), wish->from},
        {IRI("to"), wish->to},
        {IRI("by"), ctx->actor->id},
        {IRI("byPost"), ctx->actor->post},
        {IRI("note"), str_trim(wish->note)},
        {IRI("at"), time_format(arena, now)},
    };
    retention_name(arena, ctx->tenant->dictionary, note, STR_NONE, now);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        entity_set(arena, note, texts[i].iri, json_of_str(str_dup(arena, texts[i].value)));
    return note;
}

static Rc some_send(const Handing *handing, const Entity *const *cases, size_t n) {
    Ctx *ctx = handing->ctx;
    Outcome outcome;
    Command *command = case_command(ctx, STR("application.handover"),
                                    n == 1 ? cases[0]->id : STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    PartHandNote *note = NEW(arena, PartHandNote);
    *note = (PartHandNote){.note = note_new(handing, arena), .cases = (int64_t)n};
    for (size_t i = 0; i < n; i++) {
        PartHand *part = NEW(arena, PartHand);
        Str post = entity_text(cases[i], IRI("post"));
        *part = (PartHand){str_dup(arena, cases[i]->id), str_dup(arena, handing->wish->from),
                           str_dup(arena, handing->wish->to), str_dup(arena, handing->note)};
        if (!org_lists(&note->posts, post)) vec_push(arena, &note->posts, str_dup(arena, post));
        command_needs(command, part->id);
        command_add(command, &part_case_hand, part);
    }
    command_needs(command, note->note->id);
    command_add(command, &part_handover_note, note);
    TRY(case_execute(ctx, command, &outcome));
    handing->done->moved += (int64_t)n;
    handing->done->id = handing->note;
    return RC_OK;
}

static bool is_refusal(Rc rc) {
    return rc == RC_CONFLICT || rc == RC_DENIED || rc == RC_NOT_FOUND || rc == RC_INVALID;
}

static Rc batch_send(const Handing *handing, const Entity *const *cases, size_t n) {
    Rc rc = some_send(handing, cases, n);
    if (!is_refusal(rc)) return rc;
    for (size_t i = 0; i < n; i++) {
        rc = some_send(handing, &cases[i], 1);
        if (is_refusal(rc))
            refuse(handing, cases[i]->id, handing->ctx->error.code);
        else
            TRY(rc);
    }
    return RC_OK;
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
    if (str_empty(handing->wish->from))
        return ctx_fail(ctx, RC_INVALID, "no-giver", STR("from"),
                        "Say whose cases are handed over: what nobody has is taken at its post.");
    if (!handing->wish->ids->len || handing->wish->ids->len > HANDOVER_MOST)
        return ctx_fail(ctx, RC_INVALID, "no-cases", STR("case"),
                        "Choose the cases that are handed over, at most %d.", HANDOVER_MOST);
    if (str_utf8_len(str_trim(handing->wish->note)) > NOTE_MAX)
        return ctx_fail(ctx, RC_INVALID, "long", STR("note"), "A note has at most %d characters.",
                        NOTE_MAX);
    return taker_find(handing);
}

Rc handover_make(Ctx *ctx, const HandoverWish *wish, HandoverDone *out) {
    HandCases cases = {0};
    *out = (HandoverDone){0};
    Handing handing = {.ctx = ctx, .wish = wish, .done = out};
    TRY(wish_check(&handing));
    TRY(allowed(&handing, &cases));
    handing.note = str_fmt(ctx->arena, HANDOVER_ID_PREFIX STR_FMT,
                           STR_ARG(rand_id(ctx->rand, ctx->arena, ID_CHARS)));
    for (size_t i = 0; i < cases.len; i += BATCH_CASES) {
        size_t left = cases.len - i;
        TRY(batch_send(&handing, &cases.items[i], left < BATCH_CASES ? left : BATCH_CASES));
    }
    return RC_OK;
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
                      .cases = entity_int(entity, IRI("cases"), 0)};
}

/* Who works on the cases of a division afterwards reads how they came to it. */
static bool may_read(const Ctx *ctx, const Handover *note, const Entity *entity) {
    const Actor *actor = ctx->actor;
    const Attr *posts = entity_attr(entity, IRI("posts"));
    bool works = actor->roles & (1u << ROLE_CHIEF | 1u << ROLE_CLERK), division = false;
    for (size_t i = 0; works && posts && !division && i < posts->value->len; i++)
        division = is_of_division(ctx, json_str(json_at(posts->value, i)));
    bool own =
        str_eq(note->by, actor->id) || str_eq(note->to, actor->id) || str_eq(note->from, actor->id);
    return actor->kind == ACTOR_STAFF && (own || division);
}

Rc handover_load(Ctx *ctx, Str id, Handover *out) {
    const Entity *entity;
    Rc rc = str_starts(id, STR(HANDOVER_ID_PREFIX))
                ? ledger_entity(ctx, ctx->tenant->ledger, id, &entity)
                : RC_NOT_FOUND;
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) note_read(entity, out);
    if (rc == RC_OK && may_read(ctx, out, entity)) return RC_OK;
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

/* handover.accept: once, and only what waits for it. RC_CONFLICT "not-open". */
static Rc accept_guard(Ctx *ctx, Stage *stage, const void *args) {
    const Str *id = args;
    const Entity *note = stage_entity(stage, *id);
    Str state = note ? entity_text(note, IRI("state")) : STR_NONE;
    if (str_eq(state, STR("open")) || str_eq(state, STR("accepted"))) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "not-open", *id, "This handover doesn't wait for anybody.");
}

static Rc accept_apply(Ctx *ctx, Stage *stage, const void *args) {
    const Str *id = args;
    Arena *arena = ctx->arena;
    if (!str_eq(entity_text(stage_entity(stage, *id), IRI("state")), STR("open"))) return RC_OK;
    Entity *after = entity_new(arena, *id, STR(HANDOVER_TYPE));
    entity_set(arena, after, IRI("state"), json_of_str(STR("accepted")));
    entity_set(arena, after, IRI("acceptedAt"), json_of_str(time_format(arena, stage_now(stage))));
    stage_put(stage, &(Delta){.op = DELTA_CHANGE, .id = *id, .after = after});
    return RC_OK;
}

static const PartKind part_handover_accept = {"handover.accept", 1, accept_guard, accept_apply};

Rc handover_accept(Ctx *ctx, Str id) {
    Handover note;
    Outcome outcome;
    TRY(handover_load(ctx, id, &note));
    if (!str_eq(note.to, ctx->actor->id))
        return ctx_fail(ctx, RC_DENIED, "not-permitted", id, "Who takes the cases accepts them.");
    Command *command = case_command(ctx, STR("handover.accept"), STR_NONE, STR("web"));
    Str *part = NEW(command_arena(command), Str);
    *part = str_dup(command_arena(command), id);
    command_needs(command, *part);
    command_add(command, &part_handover_accept, part);
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
    const GatePost *now = office_post_now(ctx, post->id);
    TRY(inbox_assigned(ctx, post->id, &all));
    VEC_EACH (const InboxAssigned, one, &all) {
        const GateHolder *holder = NULL;
        for (size_t i = 0; i < holders->len; i++)
            if (str_eq(holders->items[i].account, one->assignee)) holder = &holders->items[i];
        bool works = holder && office_works_in(ctx->tenant->gate, holder, now);
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
        if (is_of_division(ctx, post->id)) TRY(post_left(ctx, post, &holders, out));
    return RC_OK;
}

Rc handover_elsewhere(Ctx *ctx, int64_t *cases) {
    const GatePost *post;
    StrVec own_posts;
    *cases = 0;
    office_posts_now(ctx, ctx->actor->post, &own_posts);
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    for (size_t i = 0; (post = gate_post_at(ctx->tenant->gate, i)); i++) {
        int64_t own;
        if (org_lists(&own_posts, post->id)) continue;
        TRY(inbox_assigned_to(ctx, post->id, ctx->actor->id, &own));
        *cases += own;
    }
    return RC_OK;
}
