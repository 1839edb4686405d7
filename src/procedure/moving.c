/* moving: the moves of cases that definitions allow: who makes them, and what follows. */
#include "procedure_int.h"

/* ---- moves ---- */

/* Whose own it is may say so by his address or account, and by an official whom he calls. */
static bool may_move(Ctx *ctx, const Definition *definition, const DefinedMove *move,
                     const Entity *application) {
    const DefinedState *to = definition_state(definition, move->to);
    bool grants = to->owner == OWNER_NOBODY && to->outcome == OUTCOME_DONE;
    bool office = !move->by_resident;
    GateAsk ask = {.action = office && grants ? ACT_CONFIRM : ACT_UPDATE,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_INTERNAL,
                   .relation = gate_relation(ctx, application)};
    return (!office || ctx->actor->kind == ACTOR_STAFF) && gate_permits(ctx, &ask);
}

void defined_moves(Ctx *ctx, const Entity *application, DefinedMoves *out) {
    const Definition *definition = defined_of(ctx, application);
    Str state = entity_text(application, IRI("procedureState"));
    *out = (DefinedMoves){0};
    if (!definition || case_is_erased(application)) return;
    VEC_EACH (const DefinedMove, move, &definition->moves)
        if (definition_may_move(move, state) && may_move(ctx, definition, move, application))
            vec_push(ctx->arena, out, move);
}

/* A move under way. */
typedef struct Moving {
    Ctx *ctx;
    const DefinedAct *act;
    const Entity *application;
    const Definition *definition;
    const DefinedMove *move;
    const DefinedState *from, *to;
    bool decided;          /* who acts decides, and takes the case over from nobody */
    const Automatic *rule; /* that makes it; NULL: a person does */
    bool corrects;         /* it is an answer by what it corrects: words aren't demanded */
    Entity *set;           /* what the case keeps of that, */
    const StrVec *gone;    /* and what it loses; NULL: nothing */
} Moving;

static Rc moving_load(Ctx *ctx, const DefinedAct *act, Moving *out) {
    *out = (Moving){.ctx = ctx, .act = act};
    TRY(case_load(ctx, act->id, &out->application));
    out->definition = defined_of(ctx, out->application);
    out->move = out->definition ? definition_move(out->definition, act->move) : NULL;
    if (!out->move)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-move", act->move,
                        "The procedure of this case has no such move.");
    out->from = defined_state(out->definition, out->application);
    out->to = definition_state(out->definition, out->move->to);
    return RC_OK;
}

/* Each question that is to be corrected may have its own reason. */
static bool says_why(const Moving *moving) {
    Ctx *ctx = moving->ctx;
    const CorrectFields *fields = &moving->act->corrects;
    bool all = moving->corrects || fields->len > 0;
    VEC_EACH (const CorrectField, one, fields)
        all = all && !text_is_blank(ctx->arena, one->why);
    return all;
}

static Rc moving_allowed(const Moving *moving) {
    Ctx *ctx = moving->ctx;
    const DefinedAct *act = moving->act;
    if (!may_move(ctx, moving->definition, moving->move, moving->application))
        return ctx_fail(ctx, RC_DENIED, "not-permitted", act->move,
                        "This is for somebody else to do.");
    TRY(correct_check(ctx, moving->application, moving->move, &act->corrects));
    if (moving->move->reason && !says_why(moving) && text_is_blank(ctx->arena, act->text))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("text"),
                        "Write the question, the answer or the reason.");
    if (!letters_reason_fits(moving->definition, moving->move->id, act->text))
        return ctx_fail(ctx, RC_INVALID, "long", STR("text"),
                        "A reason that stands in a letter has at most 4000 characters.");
    return RC_OK;
}

Rc defined_moving(Ctx *ctx, const DefinedAct *act, const Entity **application,
                  const DefinedMove **move) {
    Moving moving;
    TRY(moving_load(ctx, act, &moving));
    *application = moving.application;
    *move = moving.move;
    return moving_allowed(&moving);
}

/* Until when the resident answers: the day that was wished. */
static Rc answer_day(const Moving *moving, Date *out) {
    Ctx *ctx = moving->ctx;
    const Waste *waste = procedures_waste(ctx->tenant);
    Date today = time_jst_date(time_now(ctx->clock)), wish = moving->act->answer_by;
    *out = (Date){0};
    if (moving->to->owner != OWNER_RESIDENT || !wish.year) return RC_OK;
    int64_t days = time_date_days(wish) - time_date_days(today);
    if (days <= 0)
        return ctx_fail(ctx, RC_INVALID, "past", STR("due"),
                        "An answer needs time: take tomorrow or a later day.");
    if (days > waste_limits(waste)->answer_most)
        return ctx_fail(ctx, RC_INVALID, "far", STR("due"),
                        "An answer is asked for within %lld days.",
                        (long long)waste_limits(waste)->answer_most);
    *out = waste_limit_on(waste, wish);
    return RC_OK;
}

/* The office's time stands still while the resident is asked (標準処理期間は補正の期間を除く). */
static void due_set(const Moving *moving, Arena *arena, Entity *set, Date wish) {
    const Waste *waste = procedures_waste(moving->ctx->tenant);
    Date due, today = time_jst_date(time_now(moving->ctx->clock));
    bool dated = time_parse_date(entity_text(moving->application, IRI("due")), &due);
    bool asked = moving->from && moving->from->owner == OWNER_RESIDENT;
    bool asks = moving->to->owner == OWNER_RESIDENT;
    defined_days_set(moving->ctx, arena, set, moving->to);
    if (asks && dated && !asked)
        entity_set(arena, set, IRI("dueLeft"),
                   json_of_int(waste_working_days_left(waste, today, due)));
    if (asks && wish.year) {
        Json day = json_of_str(time_format_date(arena, wish));
        entity_set(arena, set, IRI("due"), day);
        entity_set(arena, set, IRI("answerDue"), day);
    }
    int64_t left = entity_int(moving->application, IRI("dueLeft"), -1);
    if (asked && moving->to->owner == OWNER_OFFICE && left >= 0) {
        Date on = waste_limit_on(waste, waste_working_days_after(waste, today, left));
        entity_set(arena, set, IRI("due"), json_of_str(time_format_date(arena, on)));
    }
}

static PartStep *step_of(const Moving *moving, Command *command, Date wish) {
    Ctx *ctx = moving->ctx;
    Arena *arena = command_arena(command);
    PartStep *step = NEW(arena, PartStep);
    bool staff = ctx->actor->kind == ACTOR_STAFF;
    Entity *set = moving->set;
    if (!set) set = entity_new(arena, str_dup(arena, moving->application->id), STR(CASE_TYPE));
    if (staff && !moving->move->by_resident && !moving->decided)
        entity_set(arena, set, IRI("assignee"), json_of_str(str_dup(arena, ctx->actor->id)));
    due_set(moving, arena, set, wish);
    if (moving->act->corrects.len)
        correct_ask(arena, moving->application, &moving->act->corrects, set);
    uint64_t seen = moving->act->version;
    *step = (PartStep){.id = set->id,
                       .defined_from = &moving->move->from,
                       .defined_to = moving->to->id,
                       .to = defined_phase(moving->to),
                       .version = seen ? seen : moving->application->version,
                       .set = set,
                       .gone = moving->gone,
                       .post = str_dup(arena, ctx->actor->post), /* a resident has none */
                       .text = str_dup(arena, str_trim(moving->act->text)),
                       .kind = moving->move->id,
                       .rule = moving->rule ? moving->rule->id : STR_NONE};
    command_needs(command, step->id);
    return step;
}

/* Where the step is the decision (処分), or none comes behind it. */
static void settle(const Moving *moving, Arena *arena, Entity *set) {
    bool due = moving->definition->fee_collect == COLLECT_AFTER_REVIEW &&
               str_eq(moving->to->id, moving->definition->fee_unpaid);
    bool decided = moving->act && moving->act->decided;
    if (decided || due || moving->to->owner == OWNER_NOBODY)
        defined_settle(moving->ctx, arena, moving->application, decided, set);
}

/* A refusal keeps what can be done about it; who ends without it gives his slot back, and who
 * confirms a win has it. */
static Rc step_add(const Moving *moving, Command *command, Date wish) {
    const DefinedState *to = moving->to;
    PartStep *step = step_of(moving, command, wish);
    if (!moving->rule)
        automate_moved(moving->ctx, command, moving->application, moving->move,
                       (Entity *)step->set);
    if (step->to == CASE_REFUSED) office_remedies(moving->ctx, command, step);
    if (to->owner == OWNER_NOBODY && to->outcome != OUTCOME_DONE)
        booking_give_back(moving->ctx, command, moving->application);
    const Reservation *reservation = moving->definition->reservation;
    if (reservation && str_eq(moving->move->id, reservation->lottery.confirms))
        TRY(booking_confirm(moving->ctx, command, moving->application, (Entity *)step->set));
    command_add(command, &part_case_step, step);
    if (moving->act && moving->act->decided) {
        TRY(fee_reduce(moving->ctx, command, moving->application, moving->act->decided,
                       (Entity *)step->set));
        ranking_set(command_arena(command), moving->act->decided, (Entity *)step->set);
    }
    TRY(fee_decided(moving->ctx, command_arena(command), moving->application, to,
                    (Entity *)step->set));
    settle(moving, command_arena(command), (Entity *)step->set);
    TRY(letters_issue(moving->ctx, command,
                      &(Lettering){.application = moving->application,
                                   .definition = moving->definition,
                                   .set = step->set,
                                   .move = moving->move->id,
                                   .reason = moving->move->reason ? moving->act->text : STR_NONE}));
    return fee_move(moving->ctx, command, &(FeeMove){moving->application, to, step->set});
}

void defined_advance(Ctx *ctx, Command *command, const DefinedAdvance *advance) {
    Arena *arena = command_arena(command);
    const Entity *application = advance->application;
    const Definition *definition = defined_of(ctx, application);
    Moving moving = {.ctx = ctx,
                     .application = application,
                     .definition = definition,
                     .from = definition_state(definition, advance->from),
                     .to = definition_state(definition, advance->to)};
    bool staff = ctx->actor->kind == ACTOR_STAFF;
    Entity *set = entity_new(arena, str_dup(arena, application->id), STR(CASE_TYPE));
    StrVec *from = NEW(arena, StrVec);
    PartStep *step = NEW(arena, PartStep);
    due_set(&moving, arena, set, (Date){0});
    settle(&moving, arena, set);
    vec_push(arena, from, advance->from);
    *step = (PartStep){.id = set->id,
                       .defined_from = from,
                       .defined_to = advance->to,
                       .to = defined_phase(moving.to),
                       .version = advance->again ? 0 : application->version,
                       .set = set,
                       .post = staff ? str_dup(arena, ctx->actor->post) : STR_NONE,
                       .kind = advance->kind};
    command_needs(command, step->id);
    command_add(command, &part_case_step, step);
}

/* Whatever falls with a case that ends falls in the command that ends it. */
static Rc moving_add(const Moving *moving, Command *command, Date wish) {
    TRY(step_add(moving, command, wish));
    if (moving->to->owner != OWNER_NOBODY) return RC_OK;
    return matter_drop(moving->ctx, command, moving->application,
                       case_state_word(defined_phase(moving->to)));
}

Rc defined_rule_moves(Ctx *ctx, Command *command, const RuleMove *made) {
    DefinedAct act = {.id = made->application->id, .move = made->rule->move};
    const Definition *definition = defined_of(ctx, made->application);
    Moving moving = {.ctx = ctx,
                     .act = &act,
                     .application = made->application,
                     .definition = definition,
                     .move = definition_move(definition, made->rule->move),
                     .from = definition_state(definition, made->rule->state),
                     .rule = made->rule,
                     .set = made->set};
    moving.to = definition_state(definition, moving.move->to);
    return moving_add(&moving, command, (Date){0});
}

Rc defined_correct(Ctx *ctx, Command *command, const CorrectMove *made) {
    Moving moving;
    TRY(moving_load(ctx, &made->act, &moving));
    moving.corrects = true;
    moving.set = made->set;
    moving.gone = made->gone;
    TRY(moving_allowed(&moving));
    return moving_add(&moving, command, (Date){0});
}

/* Who decides needs not be who works on the case. */
Rc defined_step(Ctx *ctx, Command *command, const DefinedAct *act) {
    Moving moving;
    TRY(moving_load(ctx, act, &moving));
    moving.decided = true;
    return step_add(&moving, command, (Date){0});
}

Rc defined_move(Ctx *ctx, const DefinedAct *act) {
    Moving moving;
    Date wish;
    Outcome outcome;
    TRY(moving_load(ctx, act, &moving));
    TRY(moving_allowed(&moving));
    if (!str_empty(moving.move->decision))
        return ctx_fail(ctx, RC_CONFLICT, "needs-decision", act->move,
                        "This has to be decided first: draft its decision.");
    TRY(answer_day(&moving, &wish));
    bool called = moving.move->by_resident && ctx->actor->kind == ACTOR_STAFF;
    Command *command =
        case_command(ctx, STR("application.move"), act->id, called ? STR("phone") : STR("web"));
    Rc rc = moving_add(&moving, command, wish);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    TRY(case_execute(ctx, command, &outcome));
    defined_rules_look(ctx, moving.definition, act->id);
    return RC_OK;
}
