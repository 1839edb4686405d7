/* page_case: one's own case behind its unguessable address: receipt, follow-up, change, cancel,
 * answer, choice, who looked. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

/* ---- the application as residents see it ---- */

static const Json *item_name(const Waste *waste, Str id) {
    const WasteItem *item = waste_item(waste, id);
    return item ? item->name.both : NULL;
}

static Json application_value(HttpExchange *x, View *view, const JsonItems *items, int64_t total) {
    view_items(view, "items", items);
    view_int(view, "total", total);
    view_str(view, "by", waste_limits(procedures_waste(http_ctx(x)->tenant))->pickup_clock);
    return view_value(view);
}

Json page_town(HttpExchange *x, Str name) {
    const WasteTown *town = waste_town(procedures_waste(http_ctx(x)->tenant), name);
    return town ? *town->name.both : json_of_str(name);
}

static bool ends_in_digit(const Buf *to) {
    Str so_far = buf_str(to);
    return so_far.len && so_far.ptr[so_far.len - 1] >= '0' && so_far.ptr[so_far.len - 1] <= '9';
}

/* Numbers as addresses have them in English: 13番17号 is 13-17, 304号 is 304. */
static Str lot_english(Arena *arena, Str ja) {
    static const Str signs[] = {{"番地", 6}, {"番", 3}, {"号", 3}};
    Buf to = buf_new(arena, 4096);
    while (ja.len) {
        size_t sign = 0, n = sizeof signs / sizeof *signs;
        while (sign < n && !(ends_in_digit(&to) && str_starts(ja, signs[sign])))
            sign++;
        if (sign == n) { /* a whole character, of however many bytes */
            Str rest = ja;
            (void)str_utf8_next(&rest);
            buf_add(&to, str_sub(ja, 0, ja.len - rest.len));
            ja = rest;
            continue;
        }
        ja = str_sub(ja, signs[sign].len, ja.len);
        if (ja.len && ja.ptr[0] >= '0' && ja.ptr[0] <= '9') buf_add(&to, STR("-"));
    }
    return buf_str(&to);
}

/* English goes from the room to the town, Japanese the other way; parts that the reader may not see
   are empty. */
static Json address_value(HttpExchange *x, Str town, Str address, Str building) {
    Arena *arena = http_ctx(x)->arena;
    const WasteTown *known = waste_town(procedures_waste(http_ctx(x)->tenant), town);
    const Str parts[] = {lot_english(arena, building), lot_english(arena, address),
                         known ? json_get_str(known->name.both, "en") : town};
    Str space = str_empty(building) ? STR("") : STR(" "),
        ja = str_fmt(arena, STR_FMT STR_FMT STR_FMT STR_FMT, STR_ARG(town), STR_ARG(address),
                     STR_ARG(space), (int)building.len, building.len ? building.ptr : "");
    Buf en = buf_new(arena, 4096);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (str_empty(parts[i])) continue;
        if (en.len) buf_add(&en, STR(", "));
        buf_add(&en, parts[i]);
    }
    return view_text(arena, ja, buf_str(&en));
}

Json page_address(HttpExchange *x, const Entity *application) {
    return address_value(x, entity_text(application, IRI("town")),
                         entity_text(application, IRI("address")),
                         entity_text(application, IRI("building")));
}

Json page_place(HttpExchange *x, Str place) {
    const Json *usual = waste_place(procedures_waste(http_ctx(x)->tenant), place);
    if (usual) return *usual;
    return str_empty(place) ? json_of_null() : json_of_str(place);
}

static void item_add(View *list_item, const Json *name, int64_t quantity, int64_t fee) {
    view_json(list_item, "name", name);
    view_int(list_item, "quantity", quantity);
    view_int(list_item, "fee", fee);
}

/* What became of a reduction that was asked for, and who said so; null where none was, or for who
   may not see it. */
static Json outcome_value(HttpExchange *x, const Entity *application) {
    Arena *arena = http_ctx(x)->arena;
    CaseSteps steps;
    case_steps(arena, application, &steps);
    CaseReduction reduction = case_reduction(application, &steps);
    if (str_empty(reduction.state) || str_eq(reduction.state, STR("none"))) return json_of_null();
    View view = view_new(arena);
    view_str(&view, "state", reduction.state);
    view_set(&view, "who", reduction.end ? page_step_post(x, reduction.end) : json_of_null());
    view_set(&view, "at", reduction.end ? json_of_int(reduction.end->at) : json_of_null());
    return view_value(&view);
}

Json page_application(HttpExchange *x, const Entity *application) {
    Arena *arena = http_ctx(x)->arena;
    const Waste *waste = procedures_waste(http_ctx(x)->tenant);
    const Attr *items = entity_attr(application, IRI("items")),
               *reduction = entity_attr(application, IRI("feeReduction"));
    JsonItems list = {0};
    for (size_t i = 0; items && i < items->value->len; i++) {
        const Json *row = json_at(items->value, i);
        View one = view_new(arena);
        item_add(&one, item_name(waste, json_get_str(row, "id")), json_get_int(row, "quantity", 1),
                 json_get_int(row, "fee", 0));
        vec_push(arena, &list, view_value(&one));
    }
    View view = view_new(arena);
    view_set(&view, "address", page_address(x, application));
    view_set(&view, "place", page_place(x, entity_text(application, IRI("place"))));
    view_str(&view, "date", entity_text(application, IRI("pickupDate")));
    view_str(&view, "name", entity_text(application, IRI("name")));
    view_str(&view, "kana", entity_text(application, IRI("kana")));
    view_str(&view, "phone", entity_text(application, IRI("phone")));
    view_str(&view, "mail", entity_text(application, IRI("email")));
    const WasteReduction *ground =
        reduction ? waste_reduction(waste, json_get_str(reduction->value, "ground")) : NULL;
    view_json(&view, "reduction", ground ? ground->label.both : NULL);
    view_set(&view, "outcome", outcome_value(x, application));
    view_bool(&view, "optout", str_eq(entity_text(application, IRI("openDataChoice")), STR("out")));
    return application_value(x, &view, &list, entity_int(application, IRI("fee"), 0));
}

Json page_answers(HttpExchange *x, const Answers *answers) {
    Arena *arena = http_ctx(x)->arena;
    JsonItems list = {0};
    VEC_EACH (const ApplyItem, item, &answers->items) {
        View one = view_new(arena);
        item_add(&one, item->item->name.both, item->quantity, item->item->fee * item->quantity);
        vec_push(arena, &list, view_value(&one));
    }
    View view = view_new(arena);
    view_set(&view, "address",
             address_value(x, answers->town, answers->address, answers->building));
    view_set(&view, "place", page_place(x, answers->place));
    view_str(&view, "date", answers->day.year ? time_format_date(arena, answers->day) : STR_NONE);
    view_str(&view, "name", answers->name);
    view_str(&view, "kana", answers->kana);
    view_str(&view, "phone", answers->phone);
    view_str(&view, "mail", answers->email);
    view_json(&view, "reduction", answers->reduction ? answers->reduction->label.both : NULL);
    view_null(&view, "outcome");
    view_bool(&view, "optout", str_eq(answers->choice, STR("out")));
    return application_value(x, &view, &list, apply_fee(answers));
}

/* The state's word on pages: what the office calls submitted the resident knows as received. */
static const struct {
    const char *word, *level;
} shown[CASE_STATES] = {
    [CASE_SUBMITTED] = {"received", "info"},  [CASE_ASKED] = {"asked", "warn"},
    [CASE_CONFIRMED] = {"confirmed", "info"}, [CASE_PLANNED] = {"planned", "info"},
    [CASE_COLLECTED] = {"collected", "ok"},   [CASE_CANCELLED] = {"cancelled", "muted"},
    [CASE_REFUSED] = {"refused", "bad"},      [CASE_MISSED] = {"missed", "warn"},
    [CASE_ELSEWHERE] = {"elsewhere", "info"}, [CASE_DONE] = {"done", "ok"},
};

Str page_state_word(CaseState state) {
    return state < CASE_STATES ? str_of(shown[state].word) : STR("received");
}

void page_state(View *view, CaseState state) {
    bool known = state < CASE_STATES;
    view_str(view, "state", page_state_word(state));
    view_str(view, "level", known ? str_of(shown[state].level) : STR("info"));
}

/* What somebody wrote is shown as it was written; why something was missed is a word of the rules,
 * which know it in every language. */
static Json note_value(HttpExchange *x, const CaseStep *step) {
    const Waste *waste = procedures_waste(http_ctx(x)->tenant);
    const WasteMissed *missed;
    for (size_t i = 0; step->state == CASE_MISSED && (missed = waste_missed_at(waste, i)); i++)
        if (str_eq(missed->label.ja, step->text)) return *missed->label.both;
    return str_empty(step->text) ? json_of_null() : json_of_str(step->text);
}

static Json step_value(HttpExchange *x, const char *key, const char *state, const CaseStep *step) {
    View one = view_new(http_ctx(x)->arena);
    view_str(&one, "key", str_of(key));
    view_str(&one, "state", str_of(state));
    if (step)
        view_int(&one, "at", step->at);
    else
        view_null(&one, "at");
    view_set(&one, "note", step ? note_value(x, step) : json_of_null());
    return view_value(&one);
}

/* The last step that led to a state; another day leaves it as it is. */
static const CaseStep *step_of(const CaseSteps *steps, CaseState state) {
    const CaseStep *last = NULL;
    VEC_EACH (const CaseStep, step, steps)
        if (step->state == state && str_empty(step->kind)) last = step;
    return last;
}

/* A step keeps the state that it led to. Coming back to "submitted" is the office's answer on a
 * reduction or the resident's on a question; a step of the resident without words moved the day. */
const char *page_event(const CaseSteps *steps, size_t i) {
    static const char *const keys[CASE_STATES] = {
        [CASE_SUBMITTED] = "reduction", [CASE_ASKED] = "asked",
        [CASE_CONFIRMED] = "confirmed", [CASE_PLANNED] = "planned",
        [CASE_COLLECTED] = "collected", [CASE_CANCELLED] = "cancelled",
        [CASE_REFUSED] = "refused",     [CASE_MISSED] = "missed",
        [CASE_ELSEWHERE] = "confirmed", [CASE_DONE] = "confirmed",
    };
    const CaseStep *step = &steps->items[i];
    if (i == 0 || step->state == CASE_STATES) return "received";
    if (str_eq(step->kind, CASE_STEP_DAY)) return "changed";
    if (str_eq(step->kind, CASE_STEP_CANCEL)) return "cancelled";
    if (str_eq(step->kind, CASE_STEP_OUT)) return "out";
    bool resident = str_empty(step->post) && step->state <= CASE_CONFIRMED;
    if (resident) return str_empty(step->text) ? "changed" : "answered";
    if (step->state == CASE_CANCELLED && !str_empty(step->post)) return "ended";
    return keys[step->state];
}

/* What has happened to a case, with what the office wrote, and what is still to come. */
void page_steps(HttpExchange *x, View *view, const Entity *application) {
    static const struct {
        const char *key;
        CaseState state;
    } way[] = {
        {"confirmed", CASE_CONFIRMED},
        {"planned", CASE_PLANNED},
        {"collected", CASE_COLLECTED},
    };
    Arena *arena = view->arena;
    CaseSteps steps;
    JsonItems items = {0};
    CaseState state = case_state(application);
    bool open = !(CASE_ENDS & 1u << state);
    bool now = state == CASE_ASKED || state == CASE_MISSED; /* waits for the resident */
    int64_t again = TIME_NONE; /* what was planned before is to be planned once more */
    case_steps(arena, application, &steps);
    for (size_t i = 0; i < steps.len; i++) {
        const CaseStep *step = &steps.items[i];
        bool here = now && i + 1 == steps.len;
        if (step->state == CASE_MISSED || str_eq(step->kind, CASE_STEP_DAY)) again = step->at;
        vec_push(arena, &items, step_value(x, page_event(&steps, i), here ? "now" : "done", step));
        CaseStep checked = {.at = step->at};
        if (i == 0) vec_push(arena, &items, step_value(x, "checked", "done", &checked));
    }
    for (size_t i = 0; open && i < sizeof way / sizeof *way; i++) {
        const CaseStep *done = step_of(&steps, way[i].state);
        bool once = way[i].state == CASE_CONFIRMED; /* another day is not checked again */
        if (done && (once || done->at >= again)) continue;
        vec_push(arena, &items, step_value(x, way[i].key, now ? "todo" : "now", NULL));
        now = true;
    }
    view_items(view, "steps", &items);
}

static void ask_value(HttpExchange *x, View *view, const Entity *application, Str base) {
    CaseSteps steps;
    case_steps(view->arena, application, &steps);
    const CaseStep *step = step_of(&steps, CASE_ASKED);
    if (case_state(application) != CASE_ASKED || !step) {
        view_null(view, "ask");
        return;
    }
    View ask = view_new(view->arena);
    view_str(&ask, "text", step->text);
    Date due;
    Str until = entity_text(application, IRI("answerDue"));
    Date today = time_jst_date(time_now(http_ctx(x)->clock));
    view_str(&ask, "due", until);
    view_bool(&ask, "late",
              time_parse_date(until, &due) && time_date_days(due) < time_date_days(today));
    view_str(&ask, "url", str_fmt(view->arena, STR_FMT "/answer", STR_ARG(base)));
    view_null(&ask, "value");
    view_set(view, "ask", view_value(&ask));
}

/* Why it was not collected, what to do next, and by when. */
static void missed_value(HttpExchange *x, View *view, const Entity *application) {
    const WasteMissed *missed = waste_missed(procedures_waste(http_ctx(x)->tenant),
                                             entity_text(application, IRI("missedReason")));
    if (case_state(application) != CASE_MISSED || !missed) {
        view_null(view, "missed");
        return;
    }
    View one = view_new(view->arena);
    view_json(&one, "reason", missed->label.both);
    view_json(&one, "advice", missed->advice.both);
    view_str(&one, "day", entity_text(application, IRI("pickupDate")));
    view_str(&one, "due", entity_text(application, IRI("due")));
    view_set(view, "missed", view_value(&one));
}

static int64_t cut_off_of(HttpExchange *x, const Entity *application) {
    Date pickup;
    if (!time_parse_date(entity_text(application, IRI("pickupDate")), &pickup)) return 0;
    return waste_cut_off(procedures_waste(http_ctx(x)->tenant), pickup);
}

/* form: of a message that was refused (ctx->error); NULL: none was. */
static void case_show(HttpExchange *x, const Entity *application, const CasePlace *place,
                      const Faults *faults, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    Arena *arena = ctx->arena;
    const Error refused = ctx->error;
    bool moved = form && refused.rc == RC_CONFLICT;
    View view = page_view(x);
    Str number = entity_text(application, IRI("receiptNumber"));
    bool may = apply_may_change(ctx, application);
    page_crumb_to(&view, page_bulky_label(arena), STR("/bulky"));
    page_crumb(&view, str_fmt(arena, "受付番号 " STR_FMT, STR_ARG(number)),
               str_fmt(arena, "Case " STR_FMT, STR_ARG(number)), STR_NONE);
    view_set(&view, "procedure", page_bulky_label(arena));
    view_str(&view, "receipt_url", str_fmt(arena, STR_FMT "/receipt", STR_ARG(place->base)));
    page_until(&view, place);
    view_str(&view, "number", number);
    page_state(&view, case_state(application));
    view_str(&view, "due",
             case_state(application) == CASE_SUBMITTED ? entity_text(application, IRI("due"))
                                                       : STR_NONE);
    ask_value(x, &view, application, place->base);
    page_remedies(&view, application);
    view_set(&view, "application", page_application(x, application));
    view_str(&view, "change_url",
             may ? str_fmt(arena, STR_FMT "/slot", STR_ARG(place->base)) : STR_NONE);
    view_str(&view, "cancel_url",
             may ? str_fmt(arena, STR_FMT "/cancel", STR_ARG(place->base)) : STR_NONE);
    missed_value(x, &view, application);
    bool cut_off = !((CASE_ENDS | 1u << CASE_MISSED) & 1u << case_state(application));
    view_set(&view, "cutoff", cut_off ? json_of_int(cut_off_of(x, application)) : json_of_null());
    view_str(&view, "completed", entity_text(application, IRI("completedAt")));
    page_steps(x, &view, application);
    if (faults) page_faults(&view, faults);
    ctx->error = refused;
    if (form) page_thread_faults(x, &view, place->office);
    if (page_thread(x, &view, application,
                    &(PageThread){place->base, place->office, place->until != 0, form, NULL}) ==
            RC_OK &&
        page_case_looks(x, &view, application) == RC_OK &&
        page_keep(x, &view, application, place) == RC_OK)
        page_show(x, moved ? 409 : faults || form ? 422 : 200, WEB_PAGE_CASE, &view);
    else
        page_fail(x);
}

void page_case(HttpExchange *x, const Entity *application, const CasePlace *place,
               const HttpForm *form) {
    if (defined_of(http_ctx(x), application))
        page_defined_case(x, application, place, form);
    else
        case_show(x, application, place, NULL, form);
}

static void case_get(HttpExchange *x) {
    const Entity *application;
    CasePlace place;
    if (page_held_case(x, &application, &place) != RC_OK)
        page_fail(x);
    else
        page_case(x, application, &place, NULL);
}

Str page_whole_address(HttpExchange *x, Str path) {
    Str host = http_header(x, "host");
    return str_fmt(http_ctx(x)->arena, "%s://" STR_FMT STR_FMT,
                   pages_options(x)->secure ? "https" : "http", STR_ARG(host), STR_ARG(path));
}

static void receipt_get(HttpExchange *x) {
    const Entity *application;
    CasePlace place;
    if (page_held_case(x, &application, &place) != RC_OK) {
        page_fail(x);
        return;
    }
    if (defined_of(http_ctx(x), application)) {
        page_defined_receipt(x, application, &place);
        return;
    }
    View view = page_view(x);
    view_str(&view, "number", entity_text(application, IRI("receiptNumber")));
    bool ended = !str_empty(entity_text(application, IRI("completedAt")));
    view_str(&view, "ended", ended ? case_state_word(case_state(application)) : STR_NONE);
    view_bool(&view, "waits",
              !ended && str_eq(entity_text(application, IRI("reductionState")), STR("requested")));
    view_set(&view, "application", page_application(x, application));
    Str address = page_whole_address(x, place.base);
    page_until(&view, &place);
    view_str(&view, "case_url",
             place.office
                 ? page_case_url(view.arena, entity_text(application, IRI("receiptNumber")))
                 : STR_NONE);
    view_str(&view, "url", address);
    view_set(&view, "qr", place.until ? json_of_null() : page_qr(http_ctx(x), address));
    page_show(x, 200, WEB_PAGE_BULKY_RECEIPT, &view);
}

/* ---- what the resident does ---- */

static void answer_post(HttpExchange *x) {
    const Entity *application;
    const HttpForm *form;
    CasePlace place;
    if (page_held_case(x, &application, &place) != RC_OK) {
        page_fail(x);
        return;
    }
    if (!page_form(x, &form)) return;
    Rc rc = apply_reply(http_ctx(x), application->id, http_form_value(form, "answer"));
    if (rc == RC_OK) {
        page_see(x, place.base);
        return;
    }
    Faults faults = {0};
    vec_push(http_ctx(x)->arena, &faults, (Fault){"answer", "required"});
    if (rc == RC_INVALID)
        case_show(x, application, &place, &faults, NULL);
    else
        page_fail(x);
}

static void cancel_get(HttpExchange *x) {
    const Entity *application;
    CasePlace place;
    if (page_held_case(x, &application, &place) != RC_OK) {
        page_fail(x);
        return;
    }
    if (!apply_may_change(http_ctx(x), application)) {
        page_see(x, place.base); /* which says why, and what can still be done */
        return;
    }
    View view = page_view(x);
    view_str(&view, "back", place.base);
    view_str(&view, "number", entity_text(application, IRI("receiptNumber")));
    view_str(&view, "date", entity_text(application, IRI("pickupDate")));
    view_bool(&view, "fee", entity_int(application, IRI("fee"), 0) > 0);
    page_show(x, 200, WEB_PAGE_CASE_CANCEL, &view);
}

static void cancel_post(HttpExchange *x) {
    const Entity *application;
    CasePlace place;
    Rc rc = page_held_case(x, &application, &place);
    if (rc == RC_OK) rc = apply_cancel(http_ctx(x), application->id);
    if (rc == RC_OK)
        page_see(x, place.base);
    else
        page_fail(x);
}

/* From now on it is one of his own. */
static void keep_post(HttpExchange *x) {
    const Entity *application;
    CasePlace place;
    Rc rc = page_held_case(x, &application, &place);
    if (rc == RC_OK) rc = gate_link(http_ctx(x), application);
    if (rc == RC_OK)
        page_see(x, STR("/my"));
    else
        page_fail(x);
}

/* The page of the days serves the change as well: it is the same question. */
static void change_show(HttpExchange *x, const Entity *application, const CasePlace *place,
                        const Faults *faults) {
    const WasteDistrict *district = waste_district(procedures_waste(http_ctx(x)->tenant),
                                                   entity_text(application, IRI("district")));
    if (!district || !apply_may_change(http_ctx(x), application)) {
        page_see(x, place->base);
        return;
    }
    Date own = {0}; /* the case's own day counts as free for it */
    (void)time_parse_date(entity_text(application, IRI("pickupDate")), &own);
    View view = page_view(x);
    if (page_days(x, &view, district, own) != RC_OK) {
        page_fail(x);
        return;
    }
    view_null(&view, "step");
    view_set(&view, "steps", json_of_items(NULL, 0));
    view_null(&view, "held");
    view_bool(&view, "mends", false);
    view_str(&view, "back", place->base);
    view_str(&view, "value", entity_text(application, IRI("pickupDate")));
    if (faults) page_faults(&view, faults);
    page_show(x, faults ? 422 : 200, WEB_PAGE_BULKY_SLOT, &view);
}

static void change_get(HttpExchange *x) {
    const Entity *application;
    CasePlace place;
    if (page_held_case(x, &application, &place) != RC_OK)
        page_fail(x);
    else if (defined_of(http_ctx(x), application))
        page_booking_get(x, application, &place);
    else
        change_show(x, application, &place, NULL);
}

static void change_post(HttpExchange *x) {
    const Entity *application;
    const HttpForm *form;
    CasePlace place;
    Ctx *ctx = http_ctx(x);
    Date day = {0};
    if (page_held_case(x, &application, &place) != RC_OK) {
        page_fail(x);
        return;
    }
    if (!page_form(x, &form)) return;
    if (defined_of(ctx, application)) {
        page_booking_post(x, application, &place, form);
        return;
    }
    Str wanted = http_form_value(form, "slot");
    (void)time_parse_date(wanted, &day);
    Rc rc = apply_change_day(ctx, application->id, day);
    Faults faults = {0};
    if (rc == RC_INVALID)
        vec_push(ctx->arena, &faults, (Fault){"slot", str_empty(wanted) ? "required" : "late"});
    else if (rc == RC_CONFLICT && page_day_fault(&ctx->error))
        vec_push(ctx->arena, &faults, (Fault){"slot", page_day_fault(&ctx->error)});
    if (rc == RC_OK)
        page_see(x, place.base);
    else if (faults.len)
        change_show(x, application, &place, &faults);
    else
        page_fail(x);
}

#define BOTH(path, get, what)                                                                      \
    PAGE_SHOW("/c/{token}" path, GATE_PUBLIC, "Cases", get, what),                                 \
        PAGE_SHOW("/my/cases/{case}" path, GATE_RESIDENT, "Cases", get, what)
#define FORM(path, post, what)                                                                     \
    PAGE_SEND("/c/{token}" path, GATE_PUBLIC, "Cases", post, what),                                \
        PAGE_SEND("/my/cases/{case}" path, GATE_RESIDENT, "Cases", post, what)
/* What somebody asks for by telephone or at the counter, an official does for him. */
#define WISH(path, get, post, what)                                                                \
    PAGE_SHOW("/staff/cases/{number}" path, PAGE_OFFICE, "Office", get, what),                     \
        PAGE_SEND("/staff/cases/{number}" path, PAGE_OFFICE, "Office", post, what)

const HttpRoute page_case_rows[] = {
    WISH("/cancel", cancel_get, cancel_post, "Cancel a pickup for its applicant"),
    WISH("/slot", change_get, change_post, "Change the day for an applicant"),
    BOTH("", case_get, "Follow a case"),
    BOTH("/receipt", receipt_get, "Receipt"),
    FORM("/answer", answer_post, "Answer the office's question"),
    BOTH("/cancel", cancel_get, "Cancel a pickup"),
    FORM("/cancel", cancel_post, "Cancel a pickup"),
    BOTH("/slot", change_get, "Change the day"),
    FORM("/slot", change_post, "Change the day"),
    PAGE_SEND("/c/{token}/keep", GATE_RESIDENT, "Cases", keep_post, "Add a case to one's own page"),
};
ROWS(page_case_count, page_case_rows);
