#include "procedure_int.h"

#include "join.h"

enum { ALIKE_MAX = 50 };

/* ---- what looks the same ---- */

static bool same_text(const Entity *a, const Entity *b, Str iri) {
    Str text = entity_text(a, iri);
    return !str_empty(text) && str_eq(text, entity_text(b, iri));
}

static bool within(const Entity *a, const Entity *b, int64_t days) {
    int64_t x, y;
    if (!time_parse(entity_text(a, IRI("submittedAt")), &x) ||
        !time_parse(entity_text(b, IRI("submittedAt")), &y))
        return false;
    return (x > y ? x - y : y - x) <= days * TIME_DAY;
}

/* What was refused or withdrawn leads nobody on. */
static bool may_lead(const Entity *application) {
    CaseState state = case_state(application);
    return state != CASE_STATES && state != CASE_CANCELLED && state != CASE_REFUSED;
}

static bool alike_of(Ctx *ctx, const Entity *application, const Entity *other, Alike *out) {
    const Definition *definition = defined_of(ctx, application);
    *out = (Alike){.application = other,
                   .account = same_text(application, other, IRI("applicant")),
                   .phone = same_text(application, other, IRI("phone"))};
    return definition && definition->duplicates > 0 && !str_eq(application->id, other->id) &&
           !case_is_erased(other) && same_text(application, other, IRI("procedure")) &&
           (out->account || out->phone) && may_lead(other) &&
           within(application, other, definition->duplicates);
}

Rc join_alike(Ctx *ctx, const Entity *application, Alikes *out) {
    const Definition *definition = defined_of(ctx, application);
    StrVec ids;
    int64_t at, days = definition ? definition->duplicates : 0;
    *out = (Alikes){0};
    if (days <= 0 || !time_parse(entity_text(application, IRI("submittedAt")), &at)) return RC_OK;
    InboxAlike ask = {at - days * TIME_DAY, at + days * TIME_DAY, ALIKE_MAX};
    TRY(inbox_alike(ctx, application, &ask, &ids));
    VEC_EACH (const Str, id, &ids) {
        const Entity *other;
        Alike one;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, *id, &other);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        if (alike_of(ctx, application, other, &one)) vec_push(ctx->arena, out, one);
    }
    return RC_OK;
}

/* ---- joining ---- */

static Rc moved_on(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", id,
                    "This case has moved on since you looked at it: load the page again.");
}

static bool ended(const Entity *application) {
    return CASE_ENDS & 1u << case_state(application);
}

static Rc join_check(Ctx *ctx, const JoinWish *wish, const Entity *application,
                     const Entity *into) {
    Alike alike;
    if (wish->version && wish->version != application->version) return moved_on(ctx, wish->id);
    if (wish->into_version && wish->into_version != into->version) return moved_on(ctx, wish->into);
    if (ended(application) || !alike_of(ctx, application, into, &alike))
        return ctx_fail(ctx, RC_CONFLICT, "not-alike", wish->into,
                        "Only cases that are alike are joined: of one procedure, by one account or "
                        "telephone number, received about the same time.");
    if (!str_empty(entity_text(application, IRI("booking"))) ||
        entity_attr(application, IRI("lottery")))
        return ctx_fail(ctx, RC_CONFLICT, "has-booking", wish->id,
                        "This case holds a time: have it given back first.");
    if (message_waits(application))
        return ctx_fail(ctx, RC_CONFLICT, "waits-for-answer", wish->id,
                        "A message of this case waits for an answer: give it, or say that none is "
                        "needed, before the case ends in another one.");
    return RC_OK;
}

/* The cases that end in one, with another or without one of them. */
static Json joined_json(Arena *arena, const Entity *into, const Entity *application, bool with) {
    const Attr *attr = entity_attr(into, IRI("joined"));
    JsonItems items = {0};
    for (size_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        const Json *one = json_at(attr->value, i);
        if (!str_eq(json_get_str(one, "case"), application->id))
            vec_push(arena, &items, *json_dup(arena, one));
    }
    if (with) {
        JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
        members[0] = (JsonMember){STR("case"), json_of_str(str_dup(arena, application->id))};
        members[1] = (JsonMember){
            STR("number"),
            json_of_str(str_dup(arena, entity_text(application, IRI("receiptNumber"))))};
        vec_push(arena, &items, json_of_members(members, 2));
    }
    return json_of_items(items.items, items.len);
}

static void leading_put(Command *command, const Entity *into, const Entity *application,
                        bool with) {
    Arena *arena = command_arena(command);
    Entity *after = entity_new(arena, into->id, STR(CASE_TYPE));
    entity_set_kind(arena, after, ATTR_JSON, IRI("joined"),
                    joined_json(arena, into, application, with));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after}, PUT_VERSION,
                into->version);
}

/* A step that no definition has: to the state of joined cases, or back to where it was. */
typedef struct Turning {
    const Entity *application;
    Str from, to, kind, text;
    CaseState state;
} Turning;

static PartStep *turning_step(Ctx *ctx, Command *command, const Turning *turning) {
    Arena *arena = command_arena(command);
    StrVec *from = NEW(arena, StrVec);
    OfficeAct act = {.id = turning->application->id,
                     .version = turning->application->version,
                     .text = turning->text};
    PartStep *step = office_step_new(ctx, command, &act);
    vec_push(arena, from, str_dup(arena, turning->from));
    step->defined_from = from;
    step->defined_to = str_dup(arena, turning->to);
    step->to = turning->state;
    step->kind = turning->kind;
    return step;
}

/* Nothing is issued, and what it owes or waits for falls. */
static Rc join_add(Ctx *ctx, Command *command, const Entity *application, const Entity *into) {
    static const DefinedState end = {
        .id = {"joined", 6}, .owner = OWNER_NOBODY, .outcome = OUTCOME_WITHDRAWN};
    Arena *arena = command_arena(command);
    Turning turning = {.application = application,
                       .from = entity_text(application, IRI("procedureState")),
                       .to = end.id,
                       .kind = CASE_STEP_JOIN,
                       .text = entity_text(into, IRI("receiptNumber")),
                       .state = CASE_CANCELLED};
    PartStep *step = turning_step(ctx, command, &turning);
    office_set(command, step, IRI("joinedTo"), json_of_str(str_dup(arena, into->id)));
    office_set(command, step, IRI("joinedFrom"), json_of_str(str_dup(arena, turning.from)));
    automate_gone(ctx, command, application, (Entity *)step->set);
    command_add(command, &part_case_step, step);
    leading_put(command, into, application, true);
    TRY(fee_move(ctx, command, &(FeeMove){application, &end, NULL}));
    return matter_drop(ctx, command, application, case_state_word(CASE_CANCELLED));
}

static Rc join_execute(Ctx *ctx, Command *command, Rc rc) {
    Outcome outcome;
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    rc = case_execute(ctx, command, &outcome);
    if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("version")))
        return moved_on(ctx, STR_NONE);
    return rc;
}

Rc join_cases(Ctx *ctx, const JoinWish *wish) {
    const Entity *application, *into;
    TRY(office_case(ctx, &(OfficeAct){.id = wish->id}, ACT_UPDATE, &application));
    TRY(office_case(ctx, &(OfficeAct){.id = wish->into}, ACT_UPDATE, &into));
    TRY(join_check(ctx, wish, application, into));
    Command *command = case_command(ctx, STR("application.join"), wish->id, STR("web"));
    return join_execute(ctx, command, join_add(ctx, command, application, into));
}

static Rc undo_check(Ctx *ctx, const OfficeAct *act, const Entity *application) {
    Payment payment;
    TRY(office_text(ctx, act));
    if (str_empty(entity_text(application, IRI("joinedTo"))))
        return ctx_fail(ctx, RC_CONFLICT, "not-joined", act->id, "This case was joined to none.");
    if (act->version && act->version != application->version) return moved_on(ctx, act->id);
    Rc rc = fee_of(ctx, act->id, &payment);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    return ctx_fail(ctx, RC_CONFLICT, "fee-ended", act->id,
                    "What it owed fell when it was joined: it has to be sent anew.");
}

Rc join_undo(Ctx *ctx, const OfficeAct *act) {
    const Entity *application, *into;
    TRY(office_case(ctx, act, ACT_UPDATE, &application));
    TRY(undo_check(ctx, act, application));
    Str back = entity_text(application, IRI("joinedFrom"));
    const DefinedState *state = definition_state(defined_of(ctx, application), back);
    Turning turning = {.application = application,
                       .from = JOIN_STATE,
                       .to = back,
                       .kind = CASE_STEP_PART,
                       .text = str_trim(act->text),
                       .state = defined_phase(state)};
    Rc rc =
        ledger_entity(ctx, ctx->tenant->ledger, entity_text(application, IRI("joinedTo")), &into);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    bool erased = rc == RC_NOT_FOUND || case_is_erased(into);
    Command *command = case_command(ctx, STR("application.part"), act->id, STR("web"));
    command_add(command, &part_case_step, turning_step(ctx, command, &turning));
    if (!erased) leading_put(command, into, application, false); /* its keys are gone */
    return join_execute(ctx, command, RC_OK);
}
