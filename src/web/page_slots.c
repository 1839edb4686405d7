/* page_slots: places, days and times that a procedure books, for a form and for another time of a
 * case. Place and day are chosen by links, so that a page has one day's times. */
#include "pages_int.h"

enum { DAYS_SHOWN = 10, FEW_LEFT = 1, EVENTS_SHOWN = 500 };

/* What is shown of the slots. */
typedef struct Showing {
    HttpExchange *x;
    const SlotsAsk *ask;
    SlotChoice chosen; /* what the form or case has; place NULL: none */
    const ReservationPlace *place;
    Date day;   /* whose times are shown; year 0: none is free */
    Date first; /* of the days that are shown */
} Showing;

static Str slots_url(const Showing *showing, const ReservationPlace *place, Date from, Date day) {
    Arena *arena = http_ctx(showing->x)->arena;
    Str url =
        str_fmt(arena, STR_FMT "?place=" STR_FMT, STR_ARG(showing->ask->path), STR_ARG(place->id));
    if (from.year)
        url = str_fmt(arena, STR_FMT "&from=" STR_FMT, STR_ARG(url),
                      STR_ARG(time_format_date(arena, from)));
    if (day.year)
        url = str_fmt(arena, STR_FMT "&day=" STR_FMT, STR_ARG(url),
                      STR_ARG(time_format_date(arena, day)));
    return url;
}

static Date query_date(HttpExchange *x, const char *name) {
    Date date;
    bool good = time_parse_date(http_query_or(x, name, STR_NONE), &date);
    return good ? date : (Date){0};
}

static const ReservationPlace *place_of(const Showing *showing) {
    const Reservation *reservation = showing->ask->booking.reservation;
    const ReservationPlace *asked =
        reservation_place(reservation, http_query_or(showing->x, "place", STR_NONE));
    if (asked) return asked;
    return showing->chosen.place ? showing->chosen.place : &reservation->places.items[0];
}

static void places_set(const Showing *showing, View *view) {
    JsonItems items = {0};
    VEC_EACH (const ReservationPlace, place, &showing->ask->booking.reservation->places) {
        View one = view_new(view->arena);
        view_json(&one, "label", place->label.all);
        view_str(&one, "url", slots_url(showing, place, (Date){0}, (Date){0}));
        view_bool(&one, "on", place == showing->place);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "places", &items);
}

static Json time_value(const Showing *showing, const BookingOffer *offer) {
    Arena *arena = http_ctx(showing->x)->arena;
    View one = view_new(arena);
    Str clock = book_clock(arena, offer->slot.time.from),
        until = book_clock(arena, offer->slot.time.until);
    view_str(&one, "id", str_fmt(arena, "slot-%04d", offer->slot.time.from));
    view_str(&one, "value", reservation_choice_text(arena, &offer->slot));
    view_str(&one, "label", str_fmt(arena, STR_FMT "–" STR_FMT, STR_ARG(clock), STR_ARG(until)));
    view_int(&one, "remaining", offer->left);
    view_bool(&one, "open", offer->open);
    view_bool(&one, "entry", offer->entry);
    view_bool(&one, "few", offer->left <= FEW_LEFT);
    view_bool(&one, "checked", reservation_choice_same(&offer->slot, &showing->chosen));
    return view_value(&one);
}

/* A day that has times. */
typedef struct Offered {
    Date day;
    BookingOffers offers;
    int64_t left; /* in those that suffice */
} Offered;
typedef VEC(Offered) OfferedDays;

static Json day_value(const Showing *showing, const Offered *offered) {
    Arena *arena = http_ctx(showing->x)->arena;
    View one = view_new(arena);
    Date day = offered->day;
    view_str(&one, "date", time_format_date(arena, day));
    view_str(&one, "url", slots_url(showing, showing->place, showing->first, day));
    view_int(&one, "remaining", offered->left);
    view_bool(&one, "entry", offered->offers.items[0].entry);
    view_bool(&one, "on", showing->day.year && time_date_days(day) == time_date_days(showing->day));
    return view_value(&one);
}

static bool choice_is_on(const Showing *showing, Date day) {
    return showing->chosen.place == showing->place &&
           time_date_days(showing->chosen.time.day) == time_date_days(day);
}

/* The days to show, and the first one behind them; year 0: there is none. */
static Rc days_read(Showing *showing, OfferedDays *out, Date *later) {
    Ctx *ctx = http_ctx(showing->x);
    const BookingAsk *ask = &showing->ask->booking;
    Date first, last, from = query_date(showing->x, "from");
    booking_days(ctx, ask->reservation, &first, &last);
    int64_t day = time_date_days(first), end = time_date_days(last);
    if (from.year && time_date_days(from) > day) day = time_date_days(from);
    *later = (Date){0};
    for (; day <= end; day++) {
        Offered one = {.day = time_days_date(day)};
        TRY(booking_offers(ctx, ask, showing->place, one.day, &one.offers));
        if (!one.offers.len) continue;
        if (out->len == DAYS_SHOWN) {
            *later = one.day;
            return RC_OK;
        }
        VEC_EACH (const BookingOffer, offer, &one.offers)
            one.left += offer->open ? offer->left : 0;
        vec_push(ctx->arena, out, one);
    }
    return RC_OK;
}

/* Whose times are shown: the day that is asked for, that was chosen, or the first with room. */
static const Offered *day_shown(const Showing *showing, const OfferedDays *days) {
    Date asked = query_date(showing->x, "day");
    const Offered *free = NULL, *chosen = NULL;
    VEC_EACH (const Offered, one, days) {
        if (asked.year && time_date_days(asked) == time_date_days(one->day)) return one;
        if (!chosen && choice_is_on(showing, one->day)) chosen = one;
        if (!free && one->left) free = one;
    }
    return chosen ? chosen : free;
}

static void pages_set(const Showing *showing, View *view, Date later) {
    Date first, last;
    booking_days(http_ctx(showing->x), showing->ask->booking.reservation, &first, &last);
    bool moved = query_date(showing->x, "from").year != 0;
    view_str(view, "earlier",
             moved ? slots_url(showing, showing->place, (Date){0}, (Date){0}) : STR_NONE);
    view_str(view, "later",
             later.year ? slots_url(showing, showing->place, later, (Date){0}) : STR_NONE);
}

Rc page_slots(HttpExchange *x, View *view, const SlotsAsk *ask) {
    Showing showing = {.x = x, .ask = ask, .first = query_date(x, "from")};
    OfferedDays days = {0};
    JsonItems items = {0}, times = {0};
    Date later;
    const Reservation *reservation = ask->booking.reservation;
    (void)reservation_choice(reservation, ask->value, &showing.chosen);
    showing.place = place_of(&showing);
    TRY(days_read(&showing, &days, &later));
    const Offered *shown = day_shown(&showing, &days);
    if (shown) showing.day = shown->day;
    VEC_EACH (const Offered, one, &days)
        vec_push(view->arena, &items, day_value(&showing, one));
    for (size_t i = 0; shown && i < shown->offers.len; i++)
        vec_push(view->arena, &times, time_value(&showing, &shown->offers.items[i]));
    places_set(&showing, view);
    pages_set(&showing, view, later);
    view_str(view, "action", ask->path);
    view_items(view, "days", &items);
    view_items(view, "times", &times);
    view_str(view, "day", shown ? time_format_date(view->arena, shown->day) : STR_NONE);
    view_json(view, "place", showing.place->label.all);
    view_int(view, "hold_minutes", reservation->hold / TIME_MINUTE);
    view_int(view, "units", ask->booking.units);
    return RC_OK;
}

/* ---- what keeps a slot from being taken ---- */

const char *page_slot_fault(const Error *error) {
    if (str_eq(error->code, STR("entered-already"))) return "entered";
    if (str_eq(error->code, STR("entries-closed"))) return "gone";
    if (error->rc == RC_CONFLICT) return page_hold_fault(error);
    return str_eq(error->code, STR("not-open")) ? "closed" : "gone";
}

void page_slot_errors(View *view, Str field, const char *code) {
    View errors = view_new(view->arena);
    view_set(&errors, str_z(view->arena, field),
             json_of_str(str_fmt(view->arena, "time.%s", code)));
    view_set(view, "errors", view_value(&errors));
}

/* ---- another time of a case ---- */

static void change_show(HttpExchange *x, const Entity *application, const CasePlace *place,
                        const char *fault) {
    Ctx *ctx = http_ctx(x);
    const Definition *definition = defined_of(ctx, application);
    if (!booking_may_change(ctx, application)) {
        (void)ctx_fail(ctx, RC_CONFLICT, "too-late", STR_NONE,
                       "This can no longer be changed here: call the number on the page.");
        page_fail(x);
        return;
    }
    View view = page_view(x);
    SlotsAsk ask = {.booking = {.reservation = definition->reservation,
                                .units = entity_int(application, STR(LD_DEFAULT "bookedUnits"), 1),
                                .office = ctx->actor->kind == ACTOR_STAFF,
                                .change = true,
                                .own = application->id},
                    .value = entity_text(application, STR(LD_DEFAULT "booking")),
                    .path = str_fmt(ctx->arena, STR_FMT "/slot", STR_ARG(place->base))};
    static const char *const none[] = {"step", "steps", "lead", "opens", "held"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        view_null(&view, none[i]);
    bool has = booking_of(ctx, application, &(SlotChoice){0});
    view_set(&view, "title",
             has ? view_text(ctx->arena, STR("日時を変える"), STR("Change the time"))
                 : view_text(ctx->arena, STR("日時を予約する"), STR("Book a time")));
    view_str(&view, "field", STR("slot"));
    view_str(&view, "back", place->base);
    view_bool(&view, "closed", false);
    if (fault) page_slot_errors(&view, STR("slot"), fault);
    if (page_slots(x, &view, &ask) == RC_OK)
        page_show(x, fault ? 422 : 200, WEB_PAGE_PROCEDURE_SLOT, &view);
    else
        page_fail(x);
}

void page_booking_get(HttpExchange *x, const Entity *application, const CasePlace *place) {
    change_show(x, application, place, NULL);
}

void page_booking_post(HttpExchange *x, const Entity *application, const CasePlace *place,
                       const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    Str wanted = http_form_value(form, "slot");
    Rc rc = booking_change(ctx, application->id, wanted);
    bool told = str_eq(ctx->error.code, STR("slot-full")) ||
                str_eq(ctx->error.code, STR("not-offered")) ||
                str_eq(ctx->error.code, STR("not-open"));
    if (rc == RC_OK)
        page_see(x, place->base);
    else if (told)
        change_show(x, application, place,
                    str_empty(wanted) ? "required" : page_slot_fault(&ctx->error));
    else
        page_fail(x);
}

void page_booking(HttpExchange *x, View *view, const Entity *application, Str base) {
    Ctx *ctx = http_ctx(x);
    const Entity *whole = application->whole ? application->whole : application;
    SlotChoice choice;
    bool has = booking_of(ctx, application, &choice);
    view_str(view, "slot_change",
             booking_may_change(ctx, whole) ? str_fmt(view->arena, STR_FMT "/slot", STR_ARG(base))
                                            : STR_NONE);
    view_str(view, "slot_story",
             has ? str_fmt(view->arena, "/slots/" STR_FMT "/" STR_FMT,
                           STR_ARG(defined_of(ctx, application)->reservation->resource),
                           STR_ARG(reservation_choice_text(view->arena, &choice)))
                 : STR_NONE);
}

/* ---- the story of a slot, which is everybody's to read ---- */

/* The slot of the address; false when it has answered. */
static bool story_of(HttpExchange *x, const Definition **definition, SlotChoice *choice) {
    Ctx *ctx = http_ctx(x);
    Date today = time_jst_date(time_now(ctx->clock));
    Str resource = http_path_param(x, "resource");
    Str text =
        str_fmt(ctx->arena, STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(http_path_param(x, "place")),
                STR_ARG(http_path_param(x, "day")), STR_ARG(http_path_param(x, "time")));
    *definition = catalogue_resource(procedures_catalogue(ctx->tenant), resource, today);
    if (*definition && reservation_choice((*definition)->reservation, text, choice)) return true;
    (void)ctx_fail(ctx, RC_NOT_FOUND, "no-slot", text, "There is no such slot to be booked.");
    page_fail(x);
    return false;
}

static Json event_value(Arena *arena, const Attr *attr) {
    View one = view_new(arena);
    Str free = json_get_str(attr->value, "free");
    int64_t at = TIME_NONE;
    bool later = time_parse(free, &at);
    view_str(&one, "what", json_get_str(attr->value, "what"));
    view_int(&one, "units", json_get_int(attr->value, "units", 0));
    view_bool(&one, "office", json_get_bool(attr->value, "office", false));
    view_int(&one, "at", attr->modified_at);
    view_set(&one, "free", later ? json_of_int(at) : json_of_null());
    return view_value(&one);
}

static Rc events_set(Ctx *ctx, View *view, Str slot) {
    HistoryQuery query = {.id = slot, .limit = EVENTS_SHOWN};
    History history;
    JsonItems items = {0};
    query.window.property = TEMPORAL_MODIFIED;
    query.window.last_n = EVENTS_SHOWN;
    vec_push(ctx->arena, &query.attrs, STR(LD_DEFAULT "event"));
    Rc rc = project_history(ctx, ctx->tenant->project, &query, &history);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    for (size_t i = 0; rc == RC_OK && i < history.entity->attrs.len; i++)
        vec_push(ctx->arena, &items, event_value(ctx->arena, &history.entity->attrs.items[i]));
    view_items(view, "events", &items);
    view_bool(view, "cut", rc == RC_OK && history.cut);
    return RC_OK;
}

static void story_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Definition *definition;
    const Entity *entity = NULL;
    SlotChoice choice;
    if (!story_of(x, &definition, &choice)) return;
    const Reservation *reservation = definition->reservation;
    Str id = reservation_slot_id(ctx->arena, reservation, &choice);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &entity);
    View view = page_view(x), when = view_new(ctx->arena);
    if (rc == RC_NOT_FOUND) rc = RC_OK;
    if (rc == RC_OK) rc = events_set(ctx, &view, id);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    static const char *const languages[] = {"ja", "en", "easy"};
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
        view_set(&when, languages[i],
                 json_of_str(reservation_choice_words(ctx->arena, &choice, str_of(languages[i]))));
    BookSlot slot = book_slot_read(entity, choice.place->units, time_now(ctx->clock));
    page_crumb_to(&view, *definition->label.all,
                  str_fmt(ctx->arena, "/procedures/" STR_FMT, STR_ARG(definition->id)));
    page_crumb_to(&view, view_value(&when), STR_NONE);
    view_set(&view, "when", view_value(&when));
    view_json(&view, "label", definition->label.all);
    view_int(&view, "capacity", slot.capacity);
    view_int(&view, "booked", slot.booked);
    view_int(&view, "held", slot.held);
    view_int(&view, "left", slot.left);
    view_int(&view, "reserved", reservation_reserved(reservation, choice.place));
    view_str(&view, "json",
             entity ? str_fmt(ctx->arena,
                              "/ngsi-ld/v1/temporal/entities/" STR_FMT "?attrs=event,taken",
                              STR_ARG(id))
                    : STR_NONE);
    page_show(x, 200, WEB_PAGE_SLOT, &view);
}

const HttpRoute page_slots_rows[] = {
    PAGE_SHOW("/slots/{resource}/{place}/{day}/{time}", GATE_PUBLIC, "Procedures", story_get,
              "What happened to a slot"),
};
ROWS(page_slots_count, page_slots_rows);
