/* route: a definition on its way: the data steward proposes what is declared, with what a run would
   publish; the deciding post approves exactly that. */
#include "open_int.h"

/* ---- the parts of the commands ---- */

typedef struct PartProposed {
    Str id;               /* of the Release */
    Str proposal, before; /* Decisions: the new one, and the one that was known as newest */
} PartProposed;

static void proposal_write(Stage *stage, const Entity *kept, Entity *after) {
    Delta delta = {.op = kept ? DELTA_CHANGE : DELTA_PUT, .id = after->id, .after = after};
    stage_put(stage, &delta);
}

static Rc proposed_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartProposed *part = args;
    const Entity *kept = stage_entity(stage, part->id);
    bool newest = str_eq(kept ? entity_text(kept, IRI("proposal")) : STR_NONE, part->before);
    const Entity *before = str_empty(part->before) ? NULL : stage_entity(stage, part->before);
    bool waits = before && str_eq(entity_text(before, IRI("state")), STR("waiting"));
    if (newest && !waits) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "proposed", part->id,
                    "A proposal about this release waits already for its decision.");
}

static Rc proposed_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartProposed *part = args;
    Entity *after = entity_new(ctx->arena, part->id, IRI("Release"));
    entity_set(ctx->arena, after, IRI("proposal"), json_of_str(part->proposal));
    proposal_write(stage, stage_entity(stage, part->id), after);
    return RC_OK;
}

static const PartKind part_proposed = {"release.propose", 1, proposed_guard, proposed_apply};

static Rc decided_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartProposed *part = args;
    const Entity *kept = stage_entity(stage, part->id);
    if (kept && str_eq(entity_text(kept, IRI("proposal")), part->proposal)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "not-newest", part->id,
                    "Another proposal about this release came later: decide that one.");
}

/* What holds from now on is what was frozen in the proposal. */
static Rc decided_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartProposed *part = args;
    Arena *arena = ctx->arena;
    const Attr *contents = entity_attr(stage_entity(stage, part->proposal), IRI("contents"));
    const Json *definition = json_get(contents->value, STR("definition"));
    Entity *after = entity_new(arena, part->id, IRI("Release"));
    entity_set(arena, after, IRI("decision"), json_of_str(part->proposal));
    entity_set(arena, after, IRI("decidedAt"), json_of_str(time_format(arena, stage_now(stage))));
    entity_set(arena, after, IRI("definitionHash"), json_of_str(decide_hash(arena, definition)));
    entity_set_kind(arena, after, ATTR_JSON, IRI("definition"), *definition);
    proposal_write(stage, stage_entity(stage, part->id), after);
    return RC_OK;
}

static Rc amended_apply(Ctx *ctx, Stage *stage, const void *args) {
    (void)ctx;
    (void)stage;
    (void)args;
    return RC_OK;
}

static const PartKind part_amended = {"release.amend", 1, decided_guard, amended_apply};
static const PartKind part_decided = {"release.decide", 1, decided_guard, decided_apply};

/* ---- commands ---- */

static Command *command_begin(Ctx *ctx, const char *kind) {
    Command *command = command_new(ctx->tenant->ledger, (CommandHead){.kind = str_of(kind),
                                                                      .actor = ctx->actor->id,
                                                                      .post = ctx->actor->post,
                                                                      .purpose = STR("open-data"),
                                                                      .channel = STR("web")});
    gate_guard(ctx, command);
    return command;
}

static void release_part(Command *command, const PartKind *kind, PartProposed of) {
    Arena *arena = command_arena(command);
    PartProposed *part = NEW(arena, PartProposed);
    *part = (PartProposed){definition_entity_id(arena, of.id), str_dup(arena, of.proposal),
                           str_dup(arena, of.before)};
    command_needs(command, part->id);
    command_needs(command, part->proposal);
    if (!str_empty(part->before)) command_needs(command, part->before);
    command_add(command, kind, part);
}

static Rc execute(Ctx *ctx, Command *command) {
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    return rc;
}

/* ---- proposing ---- */

static Rc may_be_reviewed(Ctx *ctx, const OpenDefinition *definition) {
    if (!review_due(ctx, definition->review)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "review-past", definition->id,
                    "Its review date has passed: review it and set the next date.");
}

static Rc may_propose(Ctx *ctx, const OpenDefinition *definition) {
    TRY(may_release(ctx));
    if (definition->state == OPEN_WAITING)
        return ctx_fail(ctx, RC_CONFLICT, "proposed", definition->id,
                        "A proposal about this release waits already for its decision.");
    TRY(may_be_reviewed(ctx, definition));
    if (definition->state == OPEN_DECIDED)
        return ctx_fail(ctx, RC_CONFLICT, "nothing-new", definition->id,
                        "What is declared has been decided already.");
    return RC_OK;
}

static const Json *contents_of(Arena *arena, const OpenDefinition *definition, const Json *found) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    Json *contents = NEW(arena, Json);
    members[0] = (JsonMember){STR("release"), json_of_str(definition->id)};
    members[1] = (JsonMember){STR("definition"), *json_dup(arena, definition->declared)};
    members[2] = (JsonMember){STR("found"), *json_dup(arena, found)};
    *contents = json_of_members(members, 3);
    return contents;
}

static Str title_of(Arena *arena, const OpenDefinition *definition) {
    return str_fmt(arena, "オープンデータの公開について（" STR_FMT "）",
                   STR_ARG(json_get_str(definition->title, "ja")));
}

static Rc draft_of(Ctx *ctx, Arena *arena, const OpenDefinition *definition, PartDraft **out) {
    PartDraft *draft = NEW(arena, PartDraft);
    int year = time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    *draft = (PartDraft){
        .id = decide_id(arena, ctx->rand),
        .kind = STR("release"),
        .title = title_of(arena, definition),
        .plan = {.drafter = str_dup(arena, ctx->actor->id),
                 .drafter_post = str_dup(arena, ctx->actor->post)},
        .counter = counter_id(arena, STR("decision"), year),
        .fiscal_year = year,
    };
    TableAsk ask = {gate_organisation(ctx->tenant->gate), draft->kind, 0};
    *out = draft;
    return table_plan(ctx, arena, &ask, &draft->plan);
}

Rc open_propose(Ctx *ctx, Str id, Str *decision) {
    OpenDefinition definition;
    const Json *found;
    TRY(open_definition(ctx, id, &definition));
    TRY(may_propose(ctx, &definition));
    TRY(definition_try(ctx, definition_find(ctx->tenant->open, id), &found));
    Command *command = command_begin(ctx, "release.propose");
    PartDraft *draft;
    Rc rc = draft_of(ctx, command_arena(command), &definition, &draft);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    draft->contents = contents_of(command_arena(command), &definition, found);
    *decision = str_dup(ctx->arena, draft->id);
    command_needs(command, draft->counter);
    command_add(command, &part_decision_draft, draft);
    rc = decide_drop_before(ctx, command, definition.proposal);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    release_part(command, &part_proposed, (PartProposed){id, draft->id, definition.proposal});
    return execute(ctx, command);
}

/* ---- deciding ---- */

static Rc may_act(Ctx *ctx, RouteVerb verb) {
    bool drafts = verb == ROUTE_WITHDRAW || verb == ROUTE_DROP;
    return drafts ? may_release(ctx) : act_permitted(ctx, verb);
}

Rc open_may_draft(Ctx *ctx) {
    return may_release(ctx);
}

/* Of its newest proposal, once decided, follows that the definition holds. */
static Rc act_send(Ctx *ctx, const OpenDefinition *definition, Str proposal, const RouteAct *wish) {
    PartAct *act;
    bool waits = definition->state == OPEN_WAITING && str_eq(definition->proposal, proposal);
    Str kind = str_fmt(ctx->arena, "release.%s", route_json_verb(wish->verb));
    Command *command = command_begin(ctx, str_z(ctx->arena, kind));
    Rc rc = act_new(ctx, command, proposal, wish, &act);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    bool decided = waits && act->after == ROUTE_DECIDED;
    command_add(command, &part_decision_act, act);
    if (decided)
        release_part(command, &part_decided, (PartProposed){definition->id, act->id, STR_NONE});
    TRY(execute(ctx, command));
    if (decided) open_wake(ctx->tenant->open);
    return RC_OK;
}

Rc open_act(Ctx *ctx, Str id, const RouteAct *wish) {
    OpenDefinition definition;
    TRY(may_act(ctx, wish->verb));
    TRY(open_definition(ctx, id, &definition));
    if (str_empty(definition.proposal))
        return ctx_fail(ctx, RC_CONFLICT, "not-waiting", id, "Nothing waits for a decision.");
    return act_send(ctx, &definition, definition.proposal, wish);
}

static Rc definition_of(Ctx *ctx, Str proposal, OpenDefinition *out) {
    const Entity *decision;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, proposal, &decision));
    const Attr *contents = entity_attr(decision, IRI("contents"));
    if (!contents)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-proposal", proposal,
                        "This proposal is of no release.");
    return open_definition(ctx, json_get_str(contents->value, "release"), out);
}

Rc open_act_on(Ctx *ctx, Str proposal, const RouteAct *wish) {
    OpenDefinition definition;
    TRY(may_act(ctx, wish->verb));
    TRY(definition_of(ctx, proposal, &definition));
    return act_send(ctx, &definition, proposal, wish);
}

Rc open_amend(Ctx *ctx, Str proposal, const ActAmend *wish) {
    OpenDefinition definition;
    const Json *found;
    TRY(may_release(ctx));
    TRY(definition_of(ctx, proposal, &definition));
    TRY(may_be_reviewed(ctx, &definition));
    TRY(definition_try(ctx, definition_find(ctx->tenant->open, definition.id), &found));
    Command *command = command_begin(ctx, "release.amend");
    Arena *arena = command_arena(command);
    PartDraft draft = {.id = str_dup(arena, proposal),
                       .title = title_of(arena, &definition),
                       .contents = contents_of(arena, &definition, found)};
    release_part(command, &part_amended, (PartProposed){definition.id, proposal, STR_NONE});
    Rc rc = act_amend(ctx, command, &draft, wish);
    if (rc == RC_OK) return execute(ctx, command);
    command_free(command);
    return rc;
}
