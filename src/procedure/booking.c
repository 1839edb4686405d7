#include "procedure_int.h"

/* ---- what is offered ---- */

void booking_days(const Ctx *ctx, const Reservation *reservation, Date *first, Date *last) {
    int64_t today = time_date_days(time_jst_date(time_now(ctx->clock)));
    *first = time_days_date(today + reservation->soonest);
    *last = time_days_date(today + reservation->furthest);
}

/* A day on which the city is closed has no slots. */
static bool day_offered(const Ctx *ctx, const Reservation *reservation, Date day) {
    Date first, last;
    booking_days(ctx, reservation, &first, &last);
    return time_date_days(day) >= time_date_days(first) &&
           time_date_days(day) <= time_date_days(last) &&
           waste_is_open_day(procedures_waste(ctx->tenant), day);
}

/* What the own hold or booking has of a slot. */
static int64_t own_units(const Entity *slot, Str own, int64_t now) {
    return slot && !str_empty(own) ? book_claim_units(slot, own, now) : 0;
}

/* Everybody may enter for what is drawn by lot, but for more than there is. */
static BookingOffer entry_offer(const BookingAsk *ask, const SlotChoice *choice) {
    int64_t left = choice->place->units - reservation_reserved(ask->reservation, choice->place);
    return (BookingOffer){.slot = *choice, .left = left, .open = left >= ask->units, .entry = true};
}

static Rc offer_read(Ctx *ctx, const BookingAsk *ask, const SlotChoice *choice, BookingOffer *out) {
    const Entity *entity = NULL;
    int64_t now = time_now(ctx->clock);
    Str id = reservation_slot_id(ctx->arena, ask->reservation, choice);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &entity);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc != RC_OK) entity = NULL;
    BookSlot slot = book_slot_read(entity, choice->place->units, now);
    int64_t reserved = ask->office ? 0 : reservation_reserved(ask->reservation, choice->place);
    int64_t left = book_slot_open(&slot, reserved) + own_units(entity, ask->own, now);
    *out = (BookingOffer){.slot = *choice, .left = left, .open = left >= ask->units};
    return RC_OK;
}

Rc booking_offers(Ctx *ctx, const BookingAsk *ask, const ReservationPlace *place, Date day,
                  BookingOffers *out) {
    SlotChoices choices;
    LotteryPhase phase;
    if (!day_offered(ctx, ask->reservation, day)) return RC_OK;
    TRY(draw_phase(ctx, ask->reservation, day, &phase));
    if (phase != PHASE_FREE && (phase != PHASE_ENTRIES || ask->change)) return RC_OK;
    reservation_times(ctx->arena, ask->reservation, place, day, &choices);
    VEC_EACH (const SlotChoice, choice, &choices) {
        BookingOffer offer;
        if (reservation_begins(choice) <= time_now(ctx->clock)) continue;
        if (phase == PHASE_ENTRIES)
            offer = entry_offer(ask, choice);
        else
            TRY(offer_read(ctx, ask, choice, &offer));
        vec_push(ctx->arena, out, offer);
    }
    return RC_OK;
}

int64_t booking_opens(Ctx *ctx, const Form *form) {
    const Reservation *reservation = form->definition->reservation;
    VEC_EACH (const ReservationCohort, cohort, &reservation->cohorts)
        if (form_holds(ctx, form, cohort->test)) return cohort->opens;
    return reservation->cohorts.len ? INT64_MAX : TIME_NONE;
}

/* phase: how it is to be had. */
static Rc choice_offered(Ctx *ctx, const Reservation *reservation, const SlotChoice *choice,
                         LotteryPhase *phase) {
    TRY(draw_phase(ctx, reservation, choice->time.day, phase));
    if (day_offered(ctx, reservation, choice->time.day) &&
        reservation_begins(choice) > time_now(ctx->clock) &&
        (*phase == PHASE_FREE || *phase == PHASE_ENTRIES))
        return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "not-offered", STR("slot"),
                    "This time cannot be chosen: take one from the list.");
}

/* The slot of a draft, if who answered so may have it now. */
static Rc draft_choice(Ctx *ctx, const DefinedDraft *draft, SlotChoice *out, LotteryPhase *phase) {
    const Definition *definition = draft->definition;
    const FormAnswer *answer = form_answer(&draft->form, definition_slot(definition)->id);
    if (!reservation_choice(definition->reservation, answer->raw, out))
        return ctx_fail(ctx, RC_INVALID, "not-offered", STR("slot"), "No time was chosen.");
    TRY(choice_offered(ctx, definition->reservation, out, phase));
    if (booking_opens(ctx, &draft->form) <= time_now(ctx->clock)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "not-open", STR("slot"),
                    "Booking is not open to you yet: the page says from when.");
}

/* ---- parts ---- */

static bool is_office(Str channel) {
    return !str_eq(channel, STR("web"));
}

PartSlot *booking_part(Command *command, const Reservation *reservation, const SlotChoice *choice) {
    Arena *arena = command_arena(command);
    PartSlot *part = NEW(arena, PartSlot);
    *part = (PartSlot){.slot = reservation_slot_id(arena, reservation, choice),
                       .resource = str_dup(arena, reservation->resource),
                       .place = str_dup(arena, choice->place->id),
                       .day = choice->time.day,
                       .from = choice->time.from,
                       .until_minute = choice->time.until,
                       .capacity = choice->place->units,
                       .units = 1,
                       .reserved = reservation_reserved(reservation, choice->place)};
    command_needs(command, part->slot);
    return part;
}

/* When what is given back now can be booked again; 0: at once. Nobody is to gain by being told of
   it beforehand. */
static int64_t back_instant(Ctx *ctx, const Reservation *reservation, const SlotChoice *choice) {
    int64_t now = time_now(ctx->clock), back = 0;
    Date tomorrow = time_days_date(time_date_days(time_jst_date(now)) + 1);
    if (reservation->back_at >= 0)
        back = time_jst_start(tomorrow) + reservation->back_at * TIME_MINUTE;
    else if (reservation->back_within > 0)
        back = now + 1 + (int64_t)rand_below(ctx->rand, (uint64_t)reservation->back_within);
    return back < reservation_begins(choice) ? back : 0;
}

static void slot_give_back(Ctx *ctx, Command *command, const Reservation *reservation,
                           const SlotChoice *choice, Str name) {
    PartSlot *part = booking_part(command, reservation, choice);
    part->name = str_dup(command_arena(command), name);
    part->until = back_instant(ctx, reservation, choice);
    command_add(command, &part_slot_release, part);
}

/* What a case keeps of its slot. */
static void booking_set(Arena *arena, Entity *entity, const PartSlot *part,
                        const SlotChoice *choice) {
    entity_set(arena, entity, IRI("booking"), json_of_str(reservation_choice_text(arena, choice)));
    entity_set(arena, entity, IRI("bookedUnits"), json_of_int(part->units));
    entity_set_kind(arena, entity, ATTR_RELATIONSHIP, IRI("slot"), json_of_str(part->slot));
}

/* ---- a draft ---- */

static Rc hold_command(Ctx *ctx, const DefinedDraft *draft, const SlotChoice *choice,
                       int64_t *until) {
    const Reservation *reservation = draft->definition->reservation;
    const WasteLimits *limits = waste_limits(procedures_waste(ctx->tenant));
    Outcome outcome;
    SlotChoice before;
    int64_t units;
    TRY(form_units(ctx, &draft->form, &units));
    Command *command = case_command(ctx, STR("slot.hold"), STR_NONE, draft->channel);
    Arena *arena = command_arena(command);
    PartSlot *part = booking_part(command, reservation, choice);
    part->name = apply_case_id(arena, draft->token);
    part->units = units;
    part->until = *until = time_now(ctx->clock) + reservation->hold;
    part->office = is_office(draft->channel);
    if (ctx->actor->kind == ACTOR_NOBODY) part->network = apply_network(ctx, arena);
    part->share = limits->hold_share;
    part->network_max = limits->hold_network;
    if (reservation_choice(reservation, draft->held, &before) &&
        !reservation_choice_same(&before, choice)) {
        PartSlot *old = booking_part(command, reservation, &before);
        old->name = part->name;
        command_add(command, &part_slot_release, old);
    }
    command_add(command, &part_slot_hold, part);
    return case_execute(ctx, command, &outcome);
}

/* Another tab of the draft was later: what was held here goes back. */
static Rc unhold(Ctx *ctx, const DefinedDraft *draft, const SlotChoice *choice) {
    Outcome outcome;
    Command *command = case_command(ctx, STR("slot.release"), STR_NONE, draft->channel);
    PartSlot *part = booking_part(command, draft->definition->reservation, choice);
    part->name = apply_case_id(command_arena(command), draft->token);
    command_add(command, &part_slot_release, part);
    return case_execute(ctx, command, &outcome);
}

Rc booking_hold(Ctx *ctx, const DefinedDraft *draft) {
    SlotChoice choice, latest;
    DefinedDraft now;
    int64_t until;
    LotteryPhase phase;
    TRY(wait_admitted(ctx, draft));
    TRY(draft_choice(ctx, draft, &choice, &phase));
    if (phase == PHASE_ENTRIES) return RC_OK;
    TRY(hold_command(ctx, draft, &choice, &until));
    TRY(defined_draft(ctx, draft->definition, &now));
    const FormAnswer *answer = form_answer(&now.form, definition_slot(draft->definition)->id);
    bool same = str_eq(now.token, draft->token) &&
                reservation_choice(draft->definition->reservation, answer->raw, &latest) &&
                reservation_choice_same(&latest, &choice);
    if (!same) return unhold(ctx, draft, &choice);
    return defined_held(ctx, &now, reservation_choice_text(ctx->arena, &choice), until);
}

/* A form may ask for a slot by its condition. */
static bool slot_is_asked(const DefinedDraft *draft) {
    const Field *slot = definition_slot(draft->definition);
    return slot && form_answer(&draft->form, slot->id)->due;
}

Rc booking_let_go(Ctx *ctx, DefinedDraft *draft) {
    const Reservation *reservation = draft->definition->reservation;
    SlotChoice held;
    if (!reservation || slot_is_asked(draft) ||
        !reservation_choice(reservation, draft->held, &held))
        return RC_OK;
    TRY(unhold(ctx, draft, &held));
    draft->held = STR_NONE;
    return defined_held(ctx, draft, STR_NONE, 0);
}

Rc booking_drop(Ctx *ctx, const DefinedDraft *draft) {
    const Reservation *reservation = draft->definition->reservation;
    SlotChoice held;
    if (!reservation || !reservation_choice(reservation, draft->held, &held)) return RC_OK;
    return unhold(ctx, draft, &held);
}

Rc booking_take(Ctx *ctx, Command *command, const DefinedDraft *draft, Entity *application) {
    SlotChoice choice;
    int64_t units;
    if (!slot_is_asked(draft)) return RC_OK;
    LotteryPhase phase;
    TRY(wait_admitted(ctx, draft));
    TRY(draft_choice(ctx, draft, &choice, &phase));
    TRY(form_units(ctx, &draft->form, &units));
    if (phase == PHASE_ENTRIES) {
        draw_enter(ctx, command, draft, &(DrawWish){&choice, units}, application);
        return RC_OK;
    }
    PartSlot *part = booking_part(command, draft->definition->reservation, &choice);
    part->name = part->hold = application->id;
    part->units = units;
    part->office = is_office(draft->channel);
    booking_set(command_arena(command), application, part, &choice);
    command_add(command, &part_slot_book, part);
    return RC_OK;
}

/* ---- a case ---- */

static const Reservation *reservation_of(const Ctx *ctx, const Entity *application) {
    const Definition *definition = defined_of(ctx, application);
    return definition ? definition->reservation : NULL;
}

bool booking_of(const Ctx *ctx, const Entity *application, SlotChoice *out) {
    static const unsigned gave_back = 1u << CASE_CANCELLED | 1u << CASE_REFUSED;
    const Reservation *reservation = reservation_of(ctx, application);
    CaseState state = case_state(application);
    return reservation && state != CASE_STATES && !(gave_back & 1u << state) &&
           reservation_choice(reservation, entity_text(application, IRI("booking")), out);
}

void booking_give_back(Ctx *ctx, Command *command, const Entity *application) {
    SlotChoice choice;
    if (!booking_of(ctx, application, &choice)) {
        draw_leave(ctx, command, application);
        return;
    }
    slot_give_back(ctx, command, reservation_of(ctx, application), &choice, application->id);
}

Rc booking_confirm(Ctx *ctx, Command *command, const Entity *application, Entity *set) {
    DrawEntry entry;
    if (!draw_entry(ctx, application, &entry))
        return ctx_fail(ctx, RC_CONFLICT, "moved-on", application->id,
                        "This case has won nothing that could be confirmed.");
    PartSlot *part = booking_part(command, reservation_of(ctx, application), &entry.choice);
    part->name = part->hold = set->id;
    part->units = entry.units;
    booking_set(command_arena(command), set, part, &entry.choice);
    command_add(command, &part_slot_book, part);
    return RC_OK;
}

/* Who has asked in writing may still want to talk. */
static bool may_book(const Ctx *ctx, const Definition *definition) {
    if (definition->reservation->mode == RESERVE_STAFF) return ctx->actor->kind == ACTOR_STAFF;
    return definition->reservation->mode == RESERVE_FIRST_COME && definition->thread &&
           definition->thread->asks;
}

bool booking_may_change(Ctx *ctx, const Entity *application) {
    SlotChoice choice;
    const Reservation *reservation = reservation_of(ctx, application);
    CaseState state = case_state(application);
    bool office = ctx->actor->kind == ACTOR_STAFF;
    if (!reservation || state == CASE_STATES || CASE_ENDS & 1u << state) return false;
    if (!booking_of(ctx, application, &choice)) return may_book(ctx, defined_of(ctx, application));
    if (reservation->mode == RESERVE_STAFF && !office) return false;
    int64_t until = office ? reservation_begins(&choice)
                           : time_jst_start(choice.time.day) - reservation->change * TIME_DAY;
    return time_now(ctx->clock) < until;
}

/* The case in the same state with another slot. */
static Rc change_step(Ctx *ctx, Command *command, const Entity *application, const PartSlot *part,
                      const SlotChoice *choice) {
    Arena *arena = command_arena(command);
    PartStep *step = NEW(arena, PartStep);
    StrVec *from = NEW(arena, StrVec);
    Str state = str_dup(arena, entity_text(application, IRI("procedureState")));
    Entity *set = entity_new(arena, part->name, STR(CASE_TYPE));
    bool office = ctx->actor->kind == ACTOR_STAFF;
    booking_set(arena, set, part, choice);
    TRY(as_of_slot(ctx, arena, application, reservation_choice_text(arena, choice), set));
    vec_push(arena, from, state);
    *step =
        (PartStep){.id = set->id,
                   .defined_from = from,
                   .defined_to = state,
                   .to = case_state(application),
                   .version = application->version,
                   .set = set,
                   .post = office ? str_dup(arena, ctx->actor->post) : STR_NONE,
                   .kind = str_empty(entity_text(application, IRI("booking"))) ? CASE_STEP_BOOKED
                                                                               : CASE_STEP_DAY};
    command_needs(command, step->id);
    command_add(command, &part_case_step, step);
    return RC_OK;
}

/* A first slot: who may have it now, and how much of it. */
static Rc first_units(Ctx *ctx, const Entity *application, int64_t *units) {
    Form form;
    defined_form(ctx, application, &form);
    TRY(form_units(ctx, &form, units));
    if (ctx->actor->kind == ACTOR_STAFF || booking_opens(ctx, &form) <= time_now(ctx->clock))
        return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "not-open", STR("slot"),
                    "Booking is not open to you yet: the page says from when.");
}

/* What the application asked is answered by talking about it; what was written since isn't. */
static void question_settle(Command *command, const Entity *application) {
    PartMessageSettle *part = NEW(command_arena(command), PartMessageSettle);
    if (!message_waits(application) || message_count(application)) return;
    *part = (PartMessageSettle){.case_id = str_dup(command_arena(command), application->id)};
    command_add(command, &part_message_settle, part);
}

Rc booking_change(Ctx *ctx, Str id, Str text) {
    const Entity *application;
    SlotChoice choice, before;
    Outcome outcome;
    TRY(case_own(ctx, id, &application));
    if (!booking_may_change(ctx, application))
        return ctx_fail(ctx, RC_CONFLICT, "too-late", id,
                        "This can no longer be changed here: call the number on the page.");
    const Reservation *reservation = reservation_of(ctx, application);
    if (!reservation_choice(reservation, text, &choice))
        return ctx_fail(ctx, RC_INVALID, "not-offered", STR("slot"), "No time was chosen.");
    LotteryPhase phase;
    TRY(choice_offered(ctx, reservation, &choice, &phase));
    if (phase != PHASE_FREE)
        return ctx_fail(ctx, RC_INVALID, "not-offered", STR("slot"),
                        "This time is drawn by lot: it cannot be changed to.");
    bool has = booking_of(ctx, application, &before), office = ctx->actor->kind == ACTOR_STAFF;
    int64_t units = entity_int(application, IRI("bookedUnits"), 1);
    if (has && reservation_choice_same(&before, &choice)) return RC_OK;
    if (!has) TRY(first_units(ctx, application, &units));
    Command *command =
        case_command(ctx, STR("application.change"), id, office ? STR("phone") : STR("web"));
    if (has) slot_give_back(ctx, command, reservation, &before, id);
    PartSlot *part = booking_part(command, reservation, &choice);
    part->name = part->hold = str_dup(command_arena(command), id);
    part->units = units;
    part->office = office;
    command_add(command, &part_slot_book, part);
    Rc rc = change_step(ctx, command, application, part, &choice);
    if (rc == RC_OK && !has) question_settle(command, application);
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}
