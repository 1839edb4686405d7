/* page_booked: what a resident has booked, as his own page lists it: a day or a slot, an entry to a
 * lottery and what came of it, and where it is moved or given back. */
#include "page_my.h"

#define IRI(term) STR(LD_DEFAULT term)

/* One booking of a case, in whatever mode. */
typedef struct Booked {
    HttpExchange *x;
    const Entity *application; /* as it is shown */
    Str base;                  /* address of its case */
    View view;
    bool past;
} Booked;

static const Entity *whole_of(const Entity *application) {
    return application->whole ? application->whole : application;
}

static void link_set(Booked *booked, const char *name, bool may, const char *rest) {
    Arena *arena = booked->view.arena;
    view_str(&booked->view, name,
             may ? str_fmt(arena, STR_FMT "%s", STR_ARG(booked->base), rest) : STR_NONE);
}

static void when_set(Booked *booked, const BookTime *time) {
    View *view = &booked->view;
    view_str(view, "date", time_format_date(view->arena, time->day));
    view_str(view, "from", time->until ? book_clock(view->arena, time->from) : STR_NONE);
    view_str(view, "until", time->until ? book_clock(view->arena, time->until) : STR_NONE);
}

static void common_set(Booked *booked) {
    View *view = &booked->view;
    view_set(view, "label", page_procedure_label(booked->x, booked->application));
    page_case_state(booked->x, view, booked->application);
    view_str(view, "number", entity_text(booked->application, IRI("receiptNumber")));
    view_str(view, "url", booked->base);
    booked->past |= (CASE_ENDS & 1u << case_state(booked->application)) != 0;
}

/* A day of the truck. */
static bool pickup_booked(Booked *booked) {
    Ctx *ctx = http_ctx(booked->x);
    BookTime time = {0};
    if (!time_parse_date(entity_text(booked->application, IRI("pickupDate")), &time.day))
        return false;
    bool may = apply_may_change(ctx, whole_of(booked->application));
    common_set(booked);
    when_set(booked, &time);
    view_set(&booked->view, "place", page_address(booked->x, booked->application));
    link_set(booked, "change", may, "/slot");
    link_set(booked, "cancel", may, "/cancel");
    view_null(&booked->view, "confirm");
    view_null(&booked->view, "entry");
    return true;
}

/* The resident's own move out of the case, as its page offers it. */
static bool may_withdraw(Ctx *ctx, const Entity *application) {
    const Definition *definition = defined_of(ctx, application);
    DefinedMoves moves;
    defined_moves(ctx, whole_of(application), &moves);
    for (size_t i = 0; i < moves.len; i++) {
        const DefinedState *to = definition_state(definition, moves.items[i]->to);
        if (moves.items[i]->by_resident && to && to->owner == OWNER_NOBODY &&
            to->outcome == OUTCOME_WITHDRAWN)
            return true;
    }
    return false;
}

/* `entry`: what it drew; `confirm`: until when a win has to be taken. */
static void draw_set(Booked *booked, const DrawEntry *entry) {
    View *view = &booked->view;
    const ReservationLottery *lottery =
        &defined_of(http_ctx(booked->x), booked->application)->reservation->lottery;
    bool won = str_eq(entity_text(booked->application, IRI("procedureState")), lottery->won);
    page_draw_entry(booked->x, view, booked->application);
    view_str(view, "confirm",
             won && entry->until ? time_format_date(view->arena, time_jst_date(entry->until - 1))
                                 : STR_NONE);
}

/* A slot, or an entry for one; what was given back still tells which it was. */
static bool slot_booked(Booked *booked, const Reservation *reservation) {
    Ctx *ctx = http_ctx(booked->x);
    const Entity *application = booked->application;
    SlotChoice choice;
    DrawEntry entry;
    bool entered = draw_entry(ctx, application, &entry);
    if (!reservation_choice(reservation, entity_text(application, IRI("booking")), &choice)) {
        if (!entered) return false;
        choice = entry.choice;
    }
    common_set(booked);
    booked->past |= reservation_ends(&choice) <= time_now(ctx->clock);
    when_set(booked, &choice.time);
    view_json(&booked->view, "place", choice.place->label.all);
    link_set(booked, "change", !booked->past && booking_may_change(ctx, whole_of(application)),
             "/slot");
    link_set(booked, "cancel", !booked->past && may_withdraw(ctx, application), "#moves");
    view_null(&booked->view, "confirm");
    view_null(&booked->view, "entry");
    if (entered) draw_set(booked, &entry);
    return true;
}

void page_booked_add(HttpExchange *x, const PageOwn *own, JsonItems *coming, JsonItems *past) {
    const Definition *definition = defined_of(http_ctx(x), own->application);
    Booked booked = {.x = x,
                     .application = own->application,
                     .base = own->base,
                     .view = view_new(http_ctx(x)->arena)};
    bool any = !definition               ? pickup_booked(&booked)
               : definition->reservation ? slot_booked(&booked, definition->reservation)
                                         : false;
    if (any) vec_push(booked.view.arena, booked.past ? past : coming, view_value(&booked.view));
}
