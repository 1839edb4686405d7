/* page_round: the pickup day on a phone in the truck: the stops of the decided plans, and what was
 * found at each; all that were collected with one press. */
#include "pages_int.h"

#define IRI(term)   STR(LD_DEFAULT term)
#define MARK_PREFIX "mark-"

static const Str purpose_collect = {"bulky-waste-collect", 19};

/* ---- what is shown ---- */

/* Stops of one district; left: those without a mark. */
typedef struct RoundDistrict {
    Str id;
    JsonItems open, done;
} RoundDistrict;
typedef VEC(RoundDistrict) RoundDistricts;

static RoundDistrict *district_of(Arena *arena, RoundDistricts *districts, Str id) {
    VEC_EACH (RoundDistrict, one, districts)
        if (str_eq(one->id, id)) return one;
    return vec_push(arena, districts, (RoundDistrict){.id = id});
}

/* Everything on the truck matters: items are named all, not only the first ones. */
static Json stop_value(HttpExchange *x, const Entity *application, size_t order) {
    Arena *arena = http_ctx(x)->arena;
    const WasteMissed *missed = waste_missed(procedures_waste(http_ctx(x)->tenant),
                                             entity_text(application, IRI("missedReason")));
    const Attr *items = entity_attr(application, IRI("items"));
    Str number = entity_text(application, IRI("receiptNumber"));
    View one = view_new(arena);
    view_int(&one, "order", (int64_t)order);
    view_str(&one, "number", number);
    view_str(&one, "url", page_case_url(arena, number));
    view_set(&one, "address", page_address(x, application));
    view_set(&one, "items", page_items_all(x, items ? items->value : NULL));
    view_set(&one, "place", page_place(x, entity_text(application, IRI("place"))));
    view_int(&one, "fee", entity_int(application, IRI("fee"), 0));
    view_bool(&one, "open", case_state(application) == CASE_PLANNED);
    view_json(&one, "reason", missed ? missed->label.both : NULL);
    page_state(&one, case_state(application));
    return view_value(&one);
}

static void districts_set(HttpExchange *x, View *view, const RoundDistricts *districts) {
    JsonItems items = {0};
    VEC_EACH (const RoundDistrict, district, districts) {
        View one = view_new(view->arena);
        view_str(&one, "id", district->id);
        view_set(&one, "name", page_district(x, district->id));
        view_int(&one, "left", (int64_t)district->open.len);
        view_int(&one, "all", (int64_t)(district->open.len + district->done.len));
        view_items(&one, "open", &district->open);
        view_items(&one, "done", &district->done);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "districts", &items);
}

static void reasons_set(HttpExchange *x, View *view) {
    const Waste *waste = procedures_waste(http_ctx(x)->tenant);
    const WasteMissed *missed;
    JsonItems items = {0};
    for (size_t i = 0; (missed = waste_missed_at(waste, i)); i++) {
        View one = view_new(view->arena);
        view_str(&one, "id", missed->id);
        view_json(&one, "label", missed->label.both);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "reasons", &items);
}

static Str day_url(Arena *arena, Date day) {
    return str_fmt(arena, "/staff/round/" STR_FMT, STR_ARG(time_format_date(arena, day)));
}

/* Days with stops without a mark; one that is past was forgotten. */
static Rc days_set(HttpExchange *x, View *view, Date on) {
    Ctx *ctx = http_ctx(x);
    InboxDays days;
    JsonItems items = {0};
    int64_t today = time_date_days(time_jst_date(time_now(ctx->clock)));
    TRY(office_round_days(ctx, &days));
    VEC_EACH (InboxDay, day, &days) {
        View one = view_new(ctx->arena);
        view_str(&one, "date", time_format_date(ctx->arena, day->day));
        view_str(&one, "url", day_url(ctx->arena, day->day));
        view_int(&one, "n", day->cases);
        view_bool(&one, "late", time_date_days(day->day) < today);
        view_bool(&one, "on", time_date_days(day->day) == time_date_days(on));
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(view, "days", &items);
    return RC_OK;
}

/* What a press changed, as the ledger has it: the marks of the leaf that the address names. Whoever
 * writes an address of his own is told no more than is so. */
static void marked_set(HttpExchange *x, View *view, const OfficeRound *round) {
    const unsigned marks = 1u << CASE_COLLECTED | 1u << CASE_MISSED;
    int64_t position, n = 0;
    Str at;
    if (!http_query(x, "at", &at) || !str_to_i64(at, &position)) {
        view_null(view, "marked");
        return;
    }
    for (size_t i = 0; i < round->len; i++)
        n += round->items[i]->version == (uint64_t)position &&
             (marks & 1u << case_state(round->items[i]));
    View marked = view_new(view->arena);
    view_int(&marked, "n", n);
    view_set(view, "marked", view_value(&marked));
}

/* The truck sees addresses and places: one look at all who are on the list. */
static Rc round_fill(HttpExchange *x, View *view, Date day) {
    Ctx *ctx = http_ctx(x);
    OfficeRound round;
    RoundDistricts districts = {0};
    TRY(office_round(ctx, day, &round));
    const Entity **shown = NEW_ARRAY(ctx->arena, const Entity *, round.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < round.len; i++) {
        const Entity *application = gate_view(ctx, NULL, round.items[i]);
        if (!application || !entity_attr(application, IRI("receiptNumber"))) continue;
        shown[n++] = application;
        RoundDistrict *district =
            district_of(ctx->arena, &districts, entity_text(application, IRI("district")));
        bool open = case_state(application) == CASE_PLANNED;
        size_t order = district->open.len + district->done.len + 1;
        vec_push(ctx->arena, open ? &district->open : &district->done,
                 stop_value(x, application, order));
    }
    TRY(gate_look(ctx, shown, n, page_what(WHAT_ROUND)));
    districts_set(x, view, &districts);
    marked_set(x, view, &round);
    reasons_set(x, view);
    view_str(view, "date", time_format_date(ctx->arena, day));
    view_bool(view, "early",
              time_date_days(day) > time_date_days(time_jst_date(time_now(ctx->clock))));
    return days_set(x, view, day);
}

static void round_show(HttpExchange *x, Date day, const Faults *faults) {
    View view = page_view(x);
    http_ctx(x)->purpose = purpose_collect;
    if (round_fill(x, &view, day) != RC_OK) {
        page_fail(x);
        return;
    }
    if (faults) page_faults(&view, faults);
    page_show(x, faults ? 422 : 200, WEB_PAGE_ROUND, &view);
}

static bool day_of(HttpExchange *x, Date *day) {
    if (time_parse_date(http_path_param(x, "day"), day)) return true;
    (void)ctx_fail(http_ctx(x), RC_NOT_FOUND, "no-day", http_path_param(x, "day"),
                   "This is no day.");
    page_fail(x);
    return false;
}

static void round_get(HttpExchange *x) {
    Date day;
    if (day_of(x, &day)) round_show(x, day, NULL);
}

/* Today, if there is something to mark; else the oldest day that waits, else the next one. */
static void round_index(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    InboxDays days;
    Date today = time_jst_date(time_now(ctx->clock));
    if (office_round_days(ctx, &days) != RC_OK) {
        page_fail(x);
        return;
    }
    Date day = days.len ? days.items[0].day : today;
    VEC_EACH (InboxDay, one, &days)
        if (time_date_days(one->day) == time_date_days(today)) day = today;
    page_see(x, day_url(ctx->arena, day));
}

/* ---- marks ---- */

static const Entity *stop_of(const OfficeRound *round, Str number) {
    for (size_t i = 0; i < round->len; i++)
        if (str_eq(entity_text(round->items[i], IRI("receiptNumber")), number))
            return round->items[i];
    return NULL;
}

static Rc mark_add(Ctx *ctx, const OfficeRound *round, OfficeMarks *marks, Str number,
                   OfficeMark mark) {
    const Entity *application = stop_of(round, number);
    if (!application)
        return ctx_fail(ctx, RC_CONFLICT, "moved-on", number,
                        "A case is no longer on this list: load the page again.");
    VEC_EACH (const OfficeMark, one, marks)
        if (str_eq(one->id, application->id)) return RC_OK;
    mark.id = application->id;
    vec_push(ctx->arena, marks, mark);
    return RC_OK;
}

/* What was chosen at the stops; with act "rest" all others that the page showed without a mark were
 * collected. */
static Rc marks_of(Ctx *ctx, const HttpForm *form, const OfficeRound *round, OfficeMarks *marks) {
    bool rest = str_eq(http_form_value(form, "act"), STR("rest"));
    VEC_EACH (const HttpField, field, form) {
        if (!str_starts(field->name, STR(MARK_PREFIX)) || str_empty(field->value)) continue;
        Str number = str_sub(field->name, sizeof MARK_PREFIX - 1, field->name.len);
        bool collected = str_eq(field->value, STR("collected"));
        OfficeMark mark = {.reason = collected ? STR_NONE : field->value};
        TRY(mark_add(ctx, round, marks, number, mark));
    }
    VEC_EACH (const HttpField, field, form)
        if (rest && str_eq(field->name, STR("left")))
            TRY(mark_add(ctx, round, marks, field->value, (OfficeMark){.rest = true}));
    return RC_OK;
}

static void round_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    OfficeRound round;
    OfficeMarks marks = {0};
    Faults faults = {0};
    Date day;
    uint64_t position;
    if (!day_of(x, &day) || !page_form(x, &form)) return;
    ctx->purpose = purpose_collect;
    Rc rc = office_round(ctx, day, &round);
    if (rc == RC_OK) rc = marks_of(ctx, form, &round, &marks);
    if (rc == RC_OK) rc = office_mark(ctx, day, &marks, &position);
    if (rc == RC_OK) {
        page_see(x, str_fmt(ctx->arena, STR_FMT "?at=%llu", STR_ARG(day_url(ctx->arena, day)),
                            (unsigned long long)position));
        return;
    }
    if (rc == RC_INVALID && str_eq(ctx->error.code, STR("no-mark")))
        vec_push(ctx->arena, &faults, (Fault){"mark", "required"});
    if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("moved-on")))
        vec_push(ctx->arena, &faults, (Fault){"mark", "changed"});
    if (faults.len)
        round_show(x, day, &faults);
    else
        page_fail(x);
}

#define CLERK (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK))

const HttpRoute page_round_rows[] = {
    {HTTP_GET, "/staff/round", round_index, HTTP_POOL, 0, CLERK, "Office",
     "The pickup day to be marked", NULL, NULL, page_shown},
    {HTTP_GET, "/staff/round/{day}", round_get, HTTP_POOL, 0, CLERK, "Office",
     "The stops of a pickup day", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/round/{day}", round_post, HTTP_POOL, PAGE_FORM_MAX, CLERK | GATE_FORM,
     "Office", "Mark what was collected", NULL, NULL, page_posted},
};
ROWS(page_round_count, page_round_rows);
