/* amend: what its drafter changes of a proposal that waits or came back, of whichever kind, and
   hands in again. Each kind makes its contents anew, as for a new draft; what is the same keeps its
   hash, so nothing that was approved is void. */
#include "procedure_int.h"

#include "filing.h"
#include "publish.h"
#include "together.h"
#include "transition.h"
/* ---- one of its kind about a thing ---- */

/* No proposal of this id was drafted. */
static Rc none_guard(Ctx *ctx, Stage *stage, const void *args) {
    const Str *id = args;
    if (!stage_entity(stage, *id)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "proposed", *id,
                    "Another proposal about this was drafted since: go on with that one.");
}

static Rc none_apply(Ctx *ctx, Stage *stage, const void *args) {
    (void)ctx;
    (void)stage;
    (void)args;
    return RC_OK;
}

static const PartKind part_proposal_none = {"decision.none", 1, none_guard, none_apply};

static void none_add(Command *command, Str id) {
    Str *next = NEW(command_arena(command), Str);
    *next = str_dup(command_arena(command), id);
    command_needs(command, *next);
    command_add(command, &part_proposal_none, next);
}

Rc proposal_none(Ctx *ctx, Command *command, Str kind, Str about, Str *waits) {
    ProposalNext next;
    Rc rc = proposal_next(ctx, &(ProposalAsk){.kind = kind, .about = about}, &next);
    *waits = rc == RC_OK && next.waiting ? next.id : STR_NONE;
    if (rc == RC_LIMIT) return RC_OK; /* none waits, and none can be drafted */
    TRY(rc);
    if (!next.waiting) none_add(command, next.id);
    return RC_OK;
}

/* The one behind it, of the same kind about the same thing, must not be there. */
static Rc amend_newest(Ctx *ctx, Command *command, const ProposalAsk *ask) {
    const Entity *one;
    size_t n = 0;
    do
        TRY(proposal_nth(ctx, ask->kind, ask->about, n++, &one));
    while (!str_eq(one->id, ask->amend->id));
    none_add(command, decide_nth_id(ctx->arena, ask->kind, ask->about, n));
    return RC_OK;
}

Rc amend_new(Ctx *ctx, Command *command, const ProposalAsk *ask, ProposalDraft *out) {
    const Entity *decision;
    TRY(decide_load(ctx, ask->amend->id, &decision));
    *out->draft = (PartDraft){
        .id = str_dup(command_arena(command), decision->id), .kind = ask->kind, .amends = true};
    return amend_newest(ctx, command, ask);
}

/* ---- handing in ---- */

/* The route was made for an amount: another one may belong to other posts. */
static Rc same_route(Ctx *ctx, const Entity *decision, const PartDraft *draft) {
    Route now, planned;
    Str row = entity_text(decision, IRI("tableRow"));
    if (!str_empty(row) && str_eq(row, draft->plan.row)) return RC_OK;
    route_json_read(decision, &now);
    TRY(route_begin(ctx, &draft->plan, &planned));
    for (size_t i = 0; i < planned.n; i++) {
        bool on = false;
        for (size_t k = 0; k < now.n && !on; k++)
            on = now.stages[k].kind == planned.stages[i].kind &&
                 str_eq(now.stages[k].post, planned.stages[i].post);
        if (!on)
            return ctx_fail(ctx, RC_CONFLICT, "other-route", decision->id,
                            "The amount has changed, and takes another route: withdraw this "
                            "proposal and draft a new one.");
    }
    return RC_OK;
}

Rc amend_add(Ctx *ctx, Command *command, PartDraft *draft, const OfficeAmend *amend) {
    const Entity *decision;
    ActAmend wish = {amend->subject, amend->minor};
    TRY(decide_load(ctx, draft->id, &decision));
    TRY(same_route(ctx, decision, draft));
    return act_amend(ctx, command, draft, &wish);
}

Rc amend_send(Ctx *ctx, Command *command, const ProposalDraft *drafting) {
    Outcome outcome;
    Rc rc = amend_add(ctx, command, drafting->draft, drafting->amend);
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

typedef Rc (*KindAmend)(Ctx *ctx, const Json *contents, const OfficeAmend *amend);

static KindAmend amend_of(Str kind, const Json *contents) {
    const struct {
        Str kind;
        KindAmend amend;
    } rows[] = {{REDUCTION_KIND, proposal_amend_reduction},
                {PLAN_KIND, plan_amend},
                {PUBLISH_KIND, publish_amend},
                {TRANSITION_KIND, transition_amend},
                {FILING_DISPOSAL, filing_amend},
                {FILING_EXTENSION, filing_amend},
                {FILING_TRANSFER, filing_amend}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(kind, rows[i].kind)) return rows[i].amend;
    return together_is(contents) ? together_amend : matter_amend;
}

/* Numbers alone tell nothing of a case. */
Rc office_amend_seen(Ctx *ctx, const Entity *decision, Str *out) {
    DecideCases cases;
    StrVec texts = {0};
    *out = STR_NONE;
    decide_cases(ctx->arena, decision, &cases);
    VEC_EACH (const DecideCase, one, &cases) {
        const Entity *now;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, one->id, &now);
        if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
        uint64_t version = rc == RC_OK ? now->version : 0;
        vec_push(ctx->arena, &texts, str_fmt(ctx->arena, "%llu", (unsigned long long)version));
    }
    if (!texts.len) return RC_OK;
    Digest digest = hash_sha256_parts(texts.items, texts.len);
    *out = hash_digest_hex(ctx->arena, &digest);
    return RC_OK;
}

static Rc seen_check(Ctx *ctx, const Entity *decision, Str seen) {
    Str now;
    TRY(office_amend_seen(ctx, decision, &now));
    if (str_empty(seen) || str_eq(seen, now)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "case-changed", decision->id,
                    "A case of this proposal has changed since you looked at it: read it, then "
                    "hand it in.");
}

Rc office_amend(Ctx *ctx, const OfficeAmend *amend) {
    const Entity *decision;
    const Json *contents;
    TRY(act_permitted(ctx, ROUTE_AMEND));
    TRY(decide_load(ctx, amend->id, &decision));
    TRY(decide_contents(ctx, decision, &contents));
    if (!contents || json_get_bool(contents, "erased", false))
        return ctx_fail(ctx, RC_CONFLICT, "erased", amend->id,
                        "What this proposal was about has been erased: drop it.");
    TRY(seen_check(ctx, decision, amend->seen));
    return amend_of(entity_text(decision, IRI("kind")), contents)(ctx, contents, amend);
}
