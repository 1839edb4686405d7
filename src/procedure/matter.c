/* matter: a move of a defined procedure that has to be decided first: its proposal, frozen with
 * what was answered, what the rules found and why; and the move that the decision makes. */
#include "procedure_int.h"

#include <string.h>

/* ---- drafting ---- */

static Json text_json(Arena *arena, Str text) {
    return json_of_str(str_dup(arena, text));
}

/* A value of the case as it is now, in the command's arena; null: it has none. */
static Json kept_json(Arena *arena, const Entity *application, Str iri) {
    const Attr *attr = entity_attr(application, iri);
    return attr && attr->value ? *json_dup(arena, attr->value) : json_of_null();
}

static Json found_json(Ctx *ctx, Arena *arena, const Entity *application, bool checks) {
    Json found = defined_found_anew(ctx, application, checks);
    return *json_dup(arena, &found);
}

/* All of it is about the person of the case. reduced: what remains of its fee, where the move
   reduces it. */
Json matter_value(Ctx *ctx, Arena *arena, const DefinedAct *act, const Entity *application,
                  const FeeReduced *reduced) {
    const Definition *definition = defined_of(ctx, application);
    const DefinedMove *move = definition_move(definition, act->move);
    const JsonMember members[] = {
        {STR("case"), text_json(arena, application->id)},
        {STR("number"), text_json(arena, entity_text(application, IRI("receiptNumber")))},
        {STR("procedure"), text_json(arena, definition->id)},
        {STR("version"), json_of_int(definition->version)},
        {STR("move"), text_json(arena, act->move)},
        {STR("reason"), text_json(arena, str_trim(act->text))},
        {STR("amount"), kept_json(arena, application, IRI("amount"))},
        {STR("fee"), kept_json(arena, application, IRI("fee"))},
        {STR("answers"), kept_json(arena, application, IRI("answers"))},
        {STR("sensitiveAnswers"), kept_json(arena, application, IRI("sensitiveAnswers"))},
        {STR("conditions"), found_json(ctx, arena, application, false)},
        {STR("checks"), found_json(ctx, arena, application, true)},
        {STR("asked"), proposal_asked(arena, application)},
        {STR("transitions"), kept_json(arena, application, IRI("transitions"))},
        {STR("article"), text_json(arena, reduced->article)},
        {STR("reducedFee"), json_of_int(reduced->yen)},
    };
    enum { N = sizeof members / sizeof *members };
    JsonMember *all = NEW_ARRAY(arena, JsonMember, N);
    memcpy(all, members, sizeof members);
    return json_of_members(all, move->reduced ? N : N - 2);
}

/* Whoever may make the move once it is decided may propose it. */
static Rc matter_load(Ctx *ctx, const DefinedAct *act, const Entity **application,
                      const DefinedMove **move) {
    TRY(proposal_may_draft(ctx));
    TRY(defined_moving(ctx, act, application, move));
    if (ranking_moves(defined_of(ctx, *application), act->move))
        return ctx_fail(ctx, RC_CONFLICT, "ranked", act->move,
                        "This is decided by the ranking, for all at once: propose it there.");
    if (str_empty((*move)->decision))
        return ctx_fail(ctx, RC_CONFLICT, "no-decision", act->move,
                        "This move needs no decision: make it.");
    if (text_is_blank(ctx->arena, act->text))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("text"),
                        "Write why it should be decided so: the decider reads it.");
    Str state = entity_text(*application, IRI("procedureState"));
    bool same = act->version == 0 || act->version == (*application)->version;
    if (same && definition_may_move(*move, state)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", act->id,
                    "This case has moved on since you looked at it: load the page again.");
}

/* Whose it is stands in the contents, sealed. */
static Str title_of(Arena *arena, const Definition *definition, const DefinedMove *move) {
    return str_fmt(arena, STR_FMT "（" STR_FMT "）について", STR_ARG(definition->label.ja),
                   STR_ARG(move->label.ja));
}

/* One proposal of a kind waits about a case: twice is once, but only if it is for the same move. */
static Rc same_move(Ctx *ctx, Str decision, const DefinedMove *move) {
    const Entity *proposal;
    const Json *contents;
    TRY(decide_load(ctx, decision, &proposal));
    TRY(decide_contents(ctx, proposal, &contents));
    if (contents && str_eq(json_get_str(contents, "move"), move->id)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "proposed", decision,
                    "Another move of this case waits for its decision: that is decided, returned "
                    "or withdrawn first.");
}

int64_t matter_amount(Ctx *ctx, const Entity *application, const DefinedMove *move) {
    const Definition *definition = defined_of(ctx, application);
    FeeReduced reduced;
    int64_t fee = entity_int(application, IRI("fee"), 0);
    VEC_EACH (const DefinedMove, like, &definition->moves) {
        Error before = ctx->error;
        if (!like->reduced || !str_eq(like->decision, move->decision)) continue;
        if (fee_reduced(ctx, application, like, &reduced) == RC_OK) return fee - reduced.yen;
        ctx->error = before;
    }
    return entity_int(application, IRI("amount"), 0);
}

static Rc propose(Ctx *ctx, const DefinedAct *act, const OfficeAmend *amend, Str *decision) {
    const Entity *application;
    const DefinedMove *move;
    ProposalDraft drafting = {0};
    FeeReduced reduced = {0};
    TRY(matter_load(ctx, act, &application, &move));
    TRY(together_none(ctx, application));
    if (move->reduced) TRY(fee_reduced(ctx, application, move, &reduced));
    ProposalAsk ask = {move->decision, act->id, amend};
    Command *command = proposal_command(ctx, &ask, act->id);
    Arena *arena = command_arena(command);
    int64_t amount = move->reduced ? entity_int(application, IRI("fee"), 0) - reduced.yen
                                   : matter_amount(ctx, application, move);
    Rc rc = proposal_new(ctx, command, &ask, &drafting);
    PartDraft *draft = drafting.draft;
    if (rc == RC_OK) rc = proposal_route(ctx, command, move->decision, amount, &draft->plan);
    Json *contents = NEW(arena, Json);
    if (rc == RC_OK) {
        DecideAbout about = proposal_about(ctx, draft, application,
                                           matter_value(ctx, arena, act, application, &reduced));
        rc = decide_part(ctx, command, &draft->parts, &about, contents);
    }
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    draft->title = title_of(arena, defined_of(ctx, application), move);
    draft->contents = contents;
    proposal_still(command, application, &draft->cases);
    TRY(proposal_send(ctx, command, &drafting, decision));
    return same_move(ctx, *decision, move);
}

Rc defined_propose(Ctx *ctx, const DefinedAct *act, Str *decision) {
    return propose(ctx, act, NULL, decision);
}

/* The same move of the case, as that is now. */
Rc matter_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend) {
    DefinedAct act = {.id = json_get_str(contents, "case"),
                      .move = json_get_str(contents, "move"),
                      .text = amend->text};
    Str decision;
    return propose(ctx, &act, amend, &decision);
}

/* ---- what follows ---- */

bool matter_is(const Json *contents) {
    return contents && !str_empty(json_get_str(contents, "move"));
}

Rc matter_follow(Ctx *ctx, Command *command, const Json *contents) {
    DefinedAct act = {.id = json_get_str(contents, "case"),
                      .move = json_get_str(contents, "move"),
                      .text = json_get_str(contents, "reason"),
                      .decided = contents};
    const Entity *application;
    TRY(case_load(ctx, act.id, &application));
    if (defined_of(ctx, application)) TRY(defined_found_same(ctx, application, contents));
    return defined_step(ctx, command, &act);
}

/* Whether the case is still one that the decision is about. */
static bool as_proposed(Ctx *ctx, const Entity *decision, const Entity *application) {
    DecideCases cases;
    decide_cases(ctx->arena, decision, &cases);
    VEC_EACH (const DecideCase, one, &cases)
        if (str_eq(one->id, application->id)) return hands_same(application, one->version);
    return false;
}

Rc defined_letters(Ctx *ctx, const Entity *decision, const Json *contents, LetterDrafts *out) {
    const Entity *application;
    Str id = json_get_str(contents, "case");
    int64_t reduced = json_get_int(contents, "reducedFee", -1);
    *out = (LetterDrafts){0};
    if (json_get_bool(contents, "erased", false)) return RC_OK;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &application);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    const Definition *definition = defined_of(ctx, application);
    const DefinedMove *move =
        definition ? definition_move(definition, json_get_str(contents, "move")) : NULL;
    out->moved = !as_proposed(ctx, decision, application);
    if (!move || out->moved || case_is_erased(application)) return RC_OK;
    Entity *set = entity_new(ctx->arena, application->id, STR(CASE_TYPE));
    if (reduced >= 0) entity_set(ctx->arena, set, IRI("fee"), json_of_int(reduced));
    ranking_set(ctx->arena, contents, set);
    TRY(fee_decided(ctx, ctx->arena, application, definition_state(definition, move->to), set));
    Lettering about = {.application = application,
                       .definition = definition,
                       .set = set,
                       .move = move->id,
                       .reason = move->reason ? json_get_str(contents, "reason") : STR_NONE};
    TRY(letters_drafts(ctx, &about, &out->contents, &out->nobody_signs));
    if (out->contents.len) out->application = application;
    return RC_OK;
}

/* ---- what waits, and what falls with its case ---- */

/* Calls back for each kind of matter of a definition, once. */
static bool is_first(const Definition *definition, const DefinedMove *move) {
    VEC_EACH (const DefinedMove, before, &definition->moves) {
        if (before == move) return true;
        if (str_eq(before->decision, move->decision)) return false;
    }
    return true;
}

/* The proposal about it alone. */
static Rc own_proposed(Ctx *ctx, const Entity *application, Str *decision) {
    const Definition *definition = defined_of(ctx, application);
    *decision = STR_NONE;
    VEC_EACH (const DefinedMove, move, &definition->moves) {
        if (str_empty(move->decision) || !is_first(definition, move)) continue;
        TRY(proposal_waits(ctx, move->decision, application->id, decision));
        if (!str_empty(*decision)) return RC_OK;
    }
    return RC_OK;
}

Rc defined_proposed(Ctx *ctx, const Entity *application, Str *decision) {
    TRY(together_waits(ctx, application, decision));
    return str_empty(*decision) ? own_proposed(ctx, application, decision) : RC_OK;
}

Rc matter_none(Ctx *ctx, Command *command, const Entity *application, Str *waits) {
    const Definition *definition = defined_of(ctx, application);
    TRY(together_waits(ctx, application, waits));
    if (!str_empty(*waits)) return RC_OK;
    VEC_EACH (const DefinedMove, move, &definition->moves) {
        if (str_empty(move->decision) || !is_first(definition, move)) continue;
        TRY(proposal_none(ctx, command, move->decision, application->id, waits));
        if (!str_empty(*waits)) return RC_OK;
    }
    return RC_OK;
}

/* A list goes on without it. What came back to its drafter before a correction stays with him: he
   hands it in with the new answers. */
Rc matter_drop(Ctx *ctx, Command *command, const Entity *application, Str reason) {
    const Definition *definition = defined_of(ctx, application);
    bool ends = !str_eq(reason, STR("corrected"));
    VEC_EACH (const DefinedMove, move, &definition->moves) {
        ProposalNext next;
        ProposalAsk ask = {.kind = move->decision, .about = application->id};
        if (str_empty(move->decision) || !is_first(definition, move)) continue;
        TRY(proposal_next(ctx, &ask, &next));
        if (next.waiting) decide_drop(command, next.id, reason);
        if (next.last && ends) decide_drop_back(command, next.last, reason);
    }
    return RC_OK;
}
