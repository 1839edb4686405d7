#include "procedure_int.h"

#include "fit.h"
#include "message.h"
#include "versions.h"

static const Str whys[FIT_WHYS] = {
    [FIT_GOOD] = STR("good"),         [FIT_STATE] = STR("state"),
    [FIT_DECISION] = STR("decision"), [FIT_AUTOMATIC] = STR("automatic"),
    [FIT_PAYMENT] = STR("payment"),   [FIT_FEE] = STR("fee"),
    [FIT_BOOKING] = STR("booking"),   [FIT_ANSWER] = STR("answer"),
    [FIT_MESSAGES] = STR("messages"), [FIT_STEPS] = STR("steps"),
    [FIT_MOVED] = STR("moved"),       [FIT_SUM] = STR("sum"),
    [FIT_FAILED] = STR("failed"),
};

Str fit_why_word(FitWhy why) {
    assert(why < FIT_WHYS);
    return whys[why];
}

FitWhy fit_why_of(Str word) {
    for (unsigned why = 0; why < FIT_WHYS; why++)
        if (str_eq(whys[why], word)) return (FitWhy)why;
    return FIT_WHYS;
}

Json fit_stays_json(Arena *arena, const int64_t *stays) {
    JsonMembers counts = {0};
    for (unsigned why = 0; why < FIT_WHYS; why++)
        if (stays[why]) vec_push(arena, &counts, (JsonMember){whys[why], json_of_int(stays[why])});
    return json_of_members(counts.items, counts.len);
}

/* ---- what it has, and the other version hasn't ---- */

static bool slot_fits(Arena *arena, const FitAsk *ask, Str booking) {
    const Reservation *old = ask->from->reservation, *new = ask->to->reservation;
    SlotChoice before, after;
    return old && new &&reservation_choice(old, booking, &before) &&
           reservation_choice(new, booking, &after) &&
           str_eq(reservation_slot_id(arena, old, &before),
                  reservation_slot_id(arena, new, &after));
}

/* Where only the draw leads. */
static bool is_drawn(const Reservation *reservation, Str state) {
    const ReservationLottery *lottery = reservation ? &reservation->lottery : NULL;
    return lottery && !str_empty(state) &&
           (str_eq(state, lottery->entered) || str_eq(state, lottery->won) ||
            str_eq(state, lottery->waiting));
}

/* A lottery goes on by one rule for all who have entered it, in the state that they have. */
static bool draw_fits(const FitAsk *ask, bool entered) {
    bool stays = str_eq(entity_text(ask->application, IRI("procedureState")), ask->state->id);
    return entered ? stays : !is_drawn(ask->to->reservation, ask->state->id);
}

static bool booking_fits(Arena *arena, const FitAsk *ask) {
    Str booking = entity_text(ask->application, IRI("booking"));
    bool entered = entity_attr(ask->application, IRI("lottery")) != NULL;
    const Json *old = json_get(ask->from->source, STR("reservation")),
               *new = json_get(ask->to->source, STR("reservation"));
    if (entered && !(old && new &&json_equal(old, new))) return false;
    if (!draw_fits(ask, entered)) return false;
    return str_empty(booking) || slot_fits(arena, ask, booking);
}

static bool messages_fit(const FitAsk *ask) {
    const DefinedThread *old = ask->from->thread, *new = ask->to->thread;
    if (message_count(ask->application) == 0 && !message_waits(ask->application)) return true;
    bool open = old && message_among(&old->states, ask->application);
    if (open && new && !org_lists(&new->states, ask->state->id)) return false;
    return old && new && old->sensitive == new->sensitive && old->office_only == new->office_only;
}

/* Whether the other version collects a fee that isn't due yet, on the way from where it goes. */
static bool collects(Arena *arena, const FitAsk *ask) {
    StrVec reached = {0};
    if (ask->from->fee_collect != ask->to->fee_collect) return false;
    if (ask->to->fee_collect != COLLECT_AFTER_REVIEW) return true;
    definition_reach(arena, ask->to, ask->state->id, &reached);
    return org_lists(&reached, ask->to->fee_unpaid);
}

static Rc payment_fits(Ctx *ctx, const FitAsk *ask, FitWhy *why) {
    Payment payment;
    bool waits = str_eq(ask->state->id, ask->to->fee_unpaid);
    Rc rc = fee_of(ctx, ask->application->id, &payment);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    bool open = rc == RC_OK && (payment.state == PAY_INVOICED || payment.state == PAY_REFUNDING);
    bool owed = rc == RC_NOT_FOUND && entity_int(ask->application, IRI("fee"), 0) > 0;
    bool kept = rc == RC_OK && ask->to->fee_collect == COLLECT_OPEN; /* nobody would return it */
    if (waits || open)
        *why = FIT_PAYMENT;
    else if (kept || (owed && !collects(ctx->arena, ask)))
        *why = FIT_FEE;
    return RC_OK;
}

/* ---- answers ---- */

static bool option_fits(const Field *field, const FeelValue *value) {
    if (value->kind == FEEL_STRING) return field_option(field, value->string) != NULL;
    for (uint32_t i = 0; value->kind == FEEL_LIST && i < value->len; i++)
        if (!option_fits(field, &value->items[i])) return false;
    return true;
}

/* Whether the other version reads an answer as it was given. */
static bool answer_fits(const Field *old, const FormAnswer *answer) {
    const Field *new = answer->field;
    return old->kind == new->kind &&str_eq(old->class, new->class) &&
           (!new->options.len || option_fits(new, &answer->value));
}

/* The answers of the case as those of the other version; *out: the first that doesn't fit. */
static void answers_of(Ctx *ctx, const FitAsk *ask, Form *form, const Field **out) {
    Definitions versions;
    VEC(FormAnswer) answers = {0};
    versions_of(ctx, ask->application, &versions);
    VEC_EACH (const FormPage, page, &ask->to->pages)
        VEC_EACH (const Field, field, &page->fields) {
            const Field *old = versions_field(&versions, field->id);
            Field as_asked = old ? *old : *field;
            FormAnswer answer;
            bool there = defined_answer(ctx->arena, ask->application, &as_asked, &answer);
            answer.field = field;
            answer.due = there;
            if (!there) answer.value = (FeelValue){.kind = FEEL_NULL};
            if (there && !*out && !answer_fits(&as_asked, &answer)) *out = field;
            vec_push(ctx->arena, &answers, answer);
        }
    form_kept(ctx, ask->to, answers.items, form);
    form->arrived = case_arrived(ask->application);
}

/* Whether the other version comes to the amount that the case has. */
static bool is_amount(Ctx *ctx, const FitAsk *ask, const Form *form) {
    int64_t yen = 0;
    const Attr *kept = entity_attr(ask->application, IRI("amount"));
    return kept && form_whole(ctx, form, ask->to->amount, &yen) &&
           yen == entity_int(ask->application, IRI("amount"), -1);
}

/* And to its fee, on the day that this is of; where another version said it, that one goes on. */
static bool is_fee(Ctx *ctx, const FitAsk *ask, const Form *form) {
    if (!entity_attr(ask->application, IRI("fee"))) return false;
    FormFee fee = fee_kept(ctx, ask->application, form);
    int64_t kept = fee.yen;
    if (fee.by->version == ask->from->version) fee.by = ask->to;
    return form_sum(ctx, form, fee.by->fee, &fee) && fee.yen == kept;
}

static bool reduces(const Definition *definition) {
    VEC_EACH (const DefinedMove, move, &definition->moves)
        if (move->reduced) return true;
    return false;
}

/* Who decides follows from the sum; and what remains of a fee, from the tables that made it. */
static bool sums_fit(Ctx *ctx, const FitAsk *ask, const Form *form) {
    const Definition *to = ask->to;
    bool reduced = entity_attr(ask->application, IRI("feeReduction")) != NULL;
    if (to->amount && !is_amount(ctx, ask, form)) return false;
    return !to->fee || !reduces(to) || reduced || is_fee(ctx, ask, form);
}

static void answers_judge(Ctx *ctx, const FitAsk *ask, Fit *out) {
    Form form;
    answers_of(ctx, ask, &form, &out->field);
    if (!out->field) out->field = form_lacks(ctx, &form);
    if (out->field)
        out->why = FIT_ANSWER;
    else if (!sums_fit(ctx, ask, &form))
        out->why = FIT_SUM;
}

/* ---- its day ---- */

/* The applicant keeps the later day, and the office the earlier one, but none that is over: what
   was told stays, and what is better for him is taken. */
static void day_set(const Ctx *ctx, const FitAsk *ask, Fit *out) {
    const Waste *waste = procedures_waste(ctx->tenant);
    Date due, today = time_jst_date(time_now(ctx->clock));
    int64_t since;
    bool dated = time_parse_date(entity_text(ask->application, IRI("due")), &due);
    if (!dated || ask->state->days <= 0 ||
        !time_parse(entity_text(ask->application, IRI("stateAt")), &since))
        return;
    Date day = waste_working_days_after(waste, time_jst_date(since), ask->state->days);
    bool resident = ask->state->owner == OWNER_RESIDENT;
    if (!resident && time_date_before(day, today)) day = today;
    bool better = resident ? time_date_before(due, day) : time_date_before(day, due);
    if (!better) return;
    out->due = day;
    out->later = resident;
}

/* ---- all of it ---- */

static Rc waits(Ctx *ctx, const FitAsk *ask, FitWhy *why) {
    BinEntries entries;
    Str proposed;
    TRY(defined_proposed(ctx, ask->application, &proposed));
    bin_entries(ctx->arena, ask->application, &entries);
    if (!str_empty(proposed))
        *why = FIT_DECISION;
    else if (bin_open(&entries, ask->application))
        *why = FIT_AUTOMATIC;
    return RC_OK;
}

Rc fit_case(Ctx *ctx, const FitAsk *ask, Fit *out) {
    *out = (Fit){.why = ask->state ? FIT_GOOD : FIT_STATE};
    if (out->why == FIT_GOOD) TRY(waits(ctx, ask, &out->why));
    if (out->why == FIT_GOOD) TRY(payment_fits(ctx, ask, &out->why));
    if (out->why == FIT_GOOD && !booking_fits(ctx->arena, ask)) out->why = FIT_BOOKING;
    if (out->why == FIT_GOOD && !messages_fit(ask)) out->why = FIT_MESSAGES;
    if (out->why == FIT_GOOD && case_is_full(ask->application)) out->why = FIT_STEPS;
    if (out->why != FIT_GOOD) return RC_OK;
    answers_judge(ctx, ask, out);
    if (out->why == FIT_GOOD) day_set(ctx, ask, out);
    return RC_OK;
}
