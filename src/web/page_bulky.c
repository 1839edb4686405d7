/* page_bulky: applying for bulky-waste pickup, one question per page. Every answer is kept in the
 * draft, so Back loses nothing. */
#include "pages_int.h"

enum { RESULTS_MAX = 20, QUERY_MAX = 300, TOKEN_CHARS = 26 };

static const int64_t sent_lasts = 10 * TIME_MINUTE;

/* The pages in order; the step of apply.h that each one checks. */
typedef struct StepPage {
    const char *path, *back;
    WebPage page;
    ApplyStep step;
} StepPage;

static const StepPage step_pages[] = {
    {"/bulky/district", "/bulky", WEB_PAGE_BULKY_DISTRICT, STEP_DISTRICT},
    {"/bulky/items", "/bulky/district", WEB_PAGE_BULKY_ITEMS, STEP_ITEMS},
    {"/bulky/slot", "/bulky/items", WEB_PAGE_BULKY_SLOT, STEP_SLOT},
    {"/bulky/contact", "/bulky/slot", WEB_PAGE_BULKY_CONTACT, STEP_CONTACT},
    {"/bulky/reduction", "/bulky/contact", WEB_PAGE_BULKY_REDUCTION, STEP_REDUCTION},
    {"/bulky/optout", "/bulky/reduction", WEB_PAGE_BULKY_OPTOUT, STEP_CHOICE},
    {"/bulky/check", "/bulky/optout", WEB_PAGE_BULKY_CHECK, STEP_CHECK},
};

enum { STEP_PAGES = sizeof step_pages / sizeof *step_pages };

/* What a page of the form works on. */
typedef struct Asking {
    HttpExchange *x;
    Ctx *ctx;
    const Waste *waste;
    const Json *draft;
    Answers answers;
    const StepPage *page;
    View view;
    Faults faults;
} Asking;

static Str browser(const Ctx *ctx) {
    return draft_whose(ctx);
}

/* ---- how far drafts come (reach.h): by the last part of a page's path ---- */

enum { DISTANCE = sizeof "/bulky/" - 1 };

Str page_bulky_step(int64_t step) {
    bool known = step > 0 && step <= STEP_PAGES;
    return known ? str_of(step_pages[step - 1].path + DISTANCE) : STR_NONE;
}

/* to: 1 for the first page; 0: it was sent. A page that can't be counted is shown all the same. */
static void reach_note(const Asking *asking, int64_t to) {
    Ctx *ctx = asking->ctx;
    int64_t from = json_get_int(asking->draft, "reached", 0);
    JsonMember member = {STR("reached"), json_of_int(to)};
    if (!str_empty(page_entering(ctx, asking->draft)) || (to ? to <= from : !from)) return;
    ReachStep step = {EFFECT_BULKY, page_bulky_step(from), page_bulky_step(to)};
    Rc rc = to ? draft_merge(ctx, browser(ctx), &member, 1) : RC_OK;
    if (rc == RC_OK) rc = reach_count(ctx, &step);
    if (rc != RC_OK)
        log_warn("web", "a page of bulky waste was not counted: " STR_FMT,
                 STR_ARG(ctx->error.detail));
}

/* What remains of a draft that was sent, for the second press on its button: which form it was, the
 * address of its receipt, and until when. */
static Rc sent_keep(const Asking *asking, Str token) {
    Ctx *ctx = asking->ctx;
    JsonMember members[] = {
        {STR("sentKey"), json_of_str(asking->answers.hold)},
        {STR("sentToken"), json_of_str(token)},
        {STR("sentUntil"), json_of_int(time_now(ctx->clock) + sent_lasts)},
    };
    reach_note(asking, 0);
    TRY(draft_leave(ctx, browser(ctx), STR_NONE));
    return draft_merge(ctx, browser(ctx), members, sizeof members / sizeof *members);
}

/* What was sent is so, though nobody was left to note it down. */
static Rc reload(Asking *asking) {
    bool sent;
    TRY(draft_load(asking->ctx, browser(asking->ctx), &asking->draft));
    apply_answers(asking->ctx, asking->draft, &asking->answers);
    TRY(apply_sent(asking->ctx, asking->answers.token, &sent));
    if (!sent) return RC_OK;
    TRY(sent_keep(asking, asking->answers.token));
    return reload(asking);
}

/* A day that is held for the draft: until when, else null. */
static Json held_until(const Asking *asking) {
    int64_t until = json_get_int(asking->draft, "heldUntil", 0);
    return until > time_now(asking->ctx->clock) ? json_of_int(until) : json_of_null();
}

/* The receipt's token while the application that was sent last is fresh, else empty. */
static Str sent_token(const Asking *asking) {
    bool fresh = json_get_int(asking->draft, "sentUntil", 0) > time_now(asking->ctx->clock);
    return fresh ? json_get_str(asking->draft, "sentToken") : STR_NONE;
}

static void receipt_see(HttpExchange *x, Str token) {
    const Str parts[] = {STR("/c/"), token, STR("/receipt")};
    page_see(x, str_join(http_ctx(x)->arena, parts, 3, STR_NONE));
}

/* Somebody who jumps ahead is led to what is still open; who goes back after sending, to what he
 * has sent. */
static void open_see(const Asking *asking, ApplyStep open) {
    Str sent = open == STEP_DISTRICT ? sent_token(asking) : STR_NONE;
    if (str_empty(sent))
        page_see(asking->x, str_of(step_pages[open].path));
    else
        receipt_see(asking->x, sent);
}

/* Loads the draft and begins the view; false when it has answered. */
static bool asking_begin(HttpExchange *x, ApplyStep step, Asking *asking) {
    *asking = (Asking){.x = x, .ctx = http_ctx(x), .page = &step_pages[step]};
    asking->waste = procedures_waste(asking->ctx->tenant);
    if (reload(asking) != RC_OK) {
        page_fail(x);
        return false;
    }
    ApplyStep open = apply_next(asking->ctx, &asking->answers);
    if (open < step) {
        open_see(asking, open);
        return false;
    }
    if (http_method(x) == HTTP_GET) reach_note(asking, (int64_t)step + 1);
    asking->view = page_view_saying(x, page_entry_notice(asking->ctx, asking->draft));
    Json *steps = NEW_ARRAY(asking->ctx->arena, Json, STEP_PAGES);
    for (unsigned i = 0; i < STEP_PAGES; i++)
        steps[i] = json_of_bool(i <= (unsigned)step);
    view_int(&asking->view, "step", (int64_t)step + 1);
    view_set(&asking->view, "steps", json_of_items(steps, STEP_PAGES));
    view_str(&asking->view, "back", str_of(asking->page->back));
    view_set(&asking->view, "held", held_until(asking));
    return true;
}

static void asking_show(Asking *asking, int status) {
    if (asking->faults.len) page_faults(&asking->view, &asking->faults);
    page_show(asking->x, status, asking->page->page, &asking->view);
}

/* Keeps what the form said, then judges it. RC_OK: no fault in this step. */
static Rc keep(Asking *asking, const JsonMember *members, size_t n) {
    TRY(draft_merge(asking->ctx, browser(asking->ctx), members, n));
    TRY(reload(asking));
    apply_check(asking->ctx, &asking->answers, asking->page->step, &asking->faults);
    return RC_OK;
}

static void go_on(Asking *asking) {
    page_see(asking->x, str_of(step_pages[asking->page->step + 1].path));
}

/* ---- start ---- */

Str page_bulky_open(Ctx *ctx, const Answers *answers) {
    return str_of(step_pages[apply_next(ctx, answers)].path);
}

/* Who begins anew gives back the day that he held. */
static Rc start_leave(HttpExchange *x) {
    Asking asking = {.x = x, .ctx = http_ctx(x)};
    TRY(reload(&asking));
    const Answers *before = &asking.answers;
    if (!before->district || !before->day.year || held_until(&asking).kind == JSON_NULL)
        return RC_OK;
    return apply_unhold(asking.ctx, before->district, before->day, before->hold);
}

/* A new draft with a token of its own: sending it twice is one application. */
void page_bulky_begin(HttpExchange *x, Json channel) {
    Ctx *ctx = http_ctx(x);
    Str visit = STR_NONE;
    JsonMember members[] = {
        {STR("token"), json_of_str(rand_id(ctx->rand, ctx->arena, TOKEN_CHARS))},
        {STR("hold"), json_of_str(rand_id(ctx->rand, ctx->arena, TOKEN_CHARS))},
        {STR("channel"), channel},
        {STR("visit"), json_of_null()},
    };
    Rc rc = str_eq(json_str(&channel), STR("counter")) ? visit_served(ctx, &visit) : RC_OK;
    members[3].value = json_of_str(visit);
    if (rc == RC_OK) rc = start_leave(x);
    if (rc == RC_OK) rc = draft_leave(ctx, browser(ctx), STR_NONE);
    if (rc == RC_OK) rc = draft_merge(ctx, browser(ctx), members, 4);
    if (rc == RC_OK)
        page_see(x, str_of(step_pages[0].path));
    else
        page_fail(x);
}

static void start_post(HttpExchange *x) {
    page_bulky_begin(x, json_of_null());
}

/* ---- district ---- */

static void places_values(Asking *asking) {
    const Json *place;
    JsonItems items = {0};
    for (size_t i = 0; (place = waste_place_at(asking->waste, i)); i++) {
        View one = view_new(asking->ctx->arena);
        view_str(&one, "id", json_get_str(place, "ja"));
        view_json(&one, "name", place);
        vec_push(asking->ctx->arena, &items, view_value(&one));
    }
    view_items(&asking->view, "places", &items);
}

static void district_values(Asking *asking) {
    static const struct {
        const char *view, *draft;
    } fields[] = {{"postcode", "postcode"},
                  {"town", "town"},
                  {"street", "address"},
                  {"building", "building"},
                  {"place", "place"}};
    View values = view_new(asking->ctx->arena);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        view_str(&values, fields[i].view, json_get_str(asking->draft, fields[i].draft));
    view_set(&asking->view, "values", view_value(&values));
    const WasteDistrict *district;
    const WasteTown **towns;
    JsonItems items = {0};
    size_t n = waste_towns(asking->ctx->arena, asking->waste,
                           json_get_str(asking->draft, "postcode"), &district, &towns);
    for (size_t i = 0; i < n; i++) {
        View one = view_new(asking->ctx->arena);
        view_str(&one, "id", towns[i]->name.ja);
        view_json(&one, "name", towns[i]->name.both);
        view_json(&one, "district", district->name.both);
        vec_push(asking->ctx->arena, &items, view_value(&one));
    }
    view_items(&asking->view, "towns", &items);
    places_values(asking);
}

static void district_get(HttpExchange *x) {
    Asking asking;
    if (!asking_begin(x, STEP_DISTRICT, &asking)) return;
    district_values(&asking);
    asking_show(&asking, 200);
}

static Json form_value(const HttpForm *form, const char *name) {
    return json_of_str(http_form_value(form, name));
}

static void postcode_fault(Asking *asking) {
    Str code, text = json_get_str(asking->draft, "postcode");
    const char *what = str_empty(str_trim(text))                         ? "required"
                       : waste_postcode(asking->ctx->arena, text, &code) ? "unknown"
                                                                         : "format";
    asking->faults.len = 0;
    vec_push(asking->ctx->arena, &asking->faults, (Fault){"postcode", what});
}

/* A day is held in one district: with another one, the day is given back and asked for again. Says
 * in *moved whether it was another one. */
static Rc district_leave(Asking *asking, const WasteDistrict *next, bool *moved) {
    const Answers *before = &asking->answers;
    *moved = before->district && before->district != next;
    if (!*moved || !before->day.year || held_until(asking).kind == JSON_NULL) return RC_OK;
    return apply_unhold(asking->ctx, before->district, before->day, before->hold);
}

static void district_post(HttpExchange *x) {
    Asking asking;
    const HttpForm *form;
    const WasteDistrict *district;
    const WasteTown **towns;
    if (!asking_begin(x, STEP_DISTRICT, &asking) || !page_form(x, &form)) return;
    size_t n = waste_towns(asking.ctx->arena, asking.waste, http_form_value(form, "postcode"),
                           &district, &towns);
    Str town = n == 1 ? towns[0]->name.ja : http_form_value(form, "town");
    JsonMember members[] = {
        {STR("postcode"), form_value(form, "postcode")},
        {STR("town"), json_of_str(town)},
        {STR("address"), form_value(form, "street")},
        {STR("building"), form_value(form, "building")},
        {STR("place"), form_value(form, "place")},
        {STR("district"), district ? json_of_str(district->id) : json_of_null()},
        {STR("day"), json_of_null()},
        {STR("heldUntil"), json_of_null()},
    };
    bool moved;
    Rc rc = district_leave(&asking, district, &moved);
    size_t kept = sizeof members / sizeof *members - (moved ? 0 : 2);
    if (rc == RC_OK) rc = keep(&asking, members, kept);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    bool lookup = !str_eq(http_form_value(form, "action"), STR("next"));
    if (!n)
        postcode_fault(&asking);
    else if (lookup)
        asking.faults.len = 0;
    if (n && !lookup && !asking.faults.len) {
        go_on(&asking);
        return;
    }
    district_values(&asking);
    asking_show(&asking, asking.faults.len ? 422 : 200);
}

/* ---- items ---- */

static Json item_value(Asking *asking, const WasteItem *item, int64_t quantity) {
    Arena *arena = asking->ctx->arena;
    View one = view_new(arena);
    view_str(&one, "id", item->id);
    view_json(&one, "name", item->name.both);
    if (item->refused)
        view_null(&one, "fee");
    else
        view_int(&one, "fee", item->fee * (quantity ? quantity : 1));
    view_json(&one, "also", item->size.both);
    view_bool(&one, "refused", item->refused);
    view_str(&one, "url",
             item->refused ? str_fmt(arena, "/bulky/refused/" STR_FMT, STR_ARG(item->id))
                           : STR_NONE);
    if (quantity) view_int(&one, "quantity", quantity);
    return view_value(&one);
}

static void often_values(Asking *asking) {
    static const Str words[][2] = {
        {{"ソファ", 9}, {"sofa", 4}}, {{"布団", 6}, {"futon", 5}}, {{"自転車", 9}, {"bicycle", 7}},
        {{"机", 3}, {"desk", 4}},     {{"ベッド", 9}, {"bed", 3}},
    };
    JsonItems often = {0};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        vec_push(asking->ctx->arena, &often,
                 view_text(asking->ctx->arena, words[i][0], words[i][1]));
    view_items(&asking->view, "often", &often);
}

static void items_values(Asking *asking, Str query) {
    Arena *arena = asking->ctx->arena;
    const WasteItem **found;
    JsonItems results = {0}, chosen = {0};
    size_t n = waste_search(arena, asking->waste, query, RESULTS_MAX, &found);
    size_t shown = n < RESULTS_MAX ? n : RESULTS_MAX;
    for (size_t i = 0; i < shown; i++)
        vec_push(arena, &results, item_value(asking, found[i], 0));
    VEC_EACH (ApplyItem, one, &asking->answers.items)
        vec_push(arena, &chosen, item_value(asking, one->item, one->quantity));
    view_str(&asking->view, "query", query);
    view_items(&asking->view, "results", &results);
    view_int(&asking->view, "more", (int64_t)(n - shown));
    view_items(&asking->view, "chosen", &chosen);
    view_int(&asking->view, "total", apply_fee(&asking->answers));
    often_values(asking);
}

static void items_get(HttpExchange *x) {
    Asking asking;
    if (!asking_begin(x, STEP_ITEMS, &asking)) return;
    items_values(&asking, http_query_or(x, "q", STR_NONE));
    asking_show(&asking, 200);
}

static void items_post(HttpExchange *x) {
    Asking asking;
    const HttpForm *form;
    if (!asking_begin(x, STEP_ITEMS, &asking) || !page_form(x, &form)) return;
    bool over;
    JsonMember members[] = {
        {STR("items"), page_items_after(asking.ctx, &asking.answers, form, &over)}};
    if (keep(&asking, members, 1) != RC_OK) {
        page_fail(x);
        return;
    }
    bool next = str_eq(http_form_value(form, "action"), STR("next"));
    if (over) vec_push(asking.ctx->arena, &asking.faults, (Fault){"items", "quantity"});
    if (next && !asking.faults.len) {
        go_on(&asking);
        return;
    }
    Str query = str_sub(http_form_value(form, "q"), 0, QUERY_MAX);
    if (!str_utf8_valid(query))
        query = STR_NONE; /* cut within a character: longer than any item's name */
    bool empty = asking.faults.len && str_eq(str_of(asking.faults.items[0].code), STR("required"));
    if (!next && (!asking.faults.len || empty)) {
        Str to = str_empty(query) ? STR("/bulky/items#items")
                                  : str_fmt(asking.ctx->arena, "/bulky/items?q=" STR_FMT "#items",
                                            STR_ARG(http_url_encode(asking.ctx->arena, query)));
        page_see(x, to);
        return;
    }
    items_values(&asking, query);
    asking_show(&asking, 422);
}

/* ---- slot ---- */

/* That his household has enough of the day, to who may know it: he takes another day, or mends his
 * address or name. */
static bool household_told(Asking *asking) {
    bool told = asking->answers.day.year && apply_household_told(asking->ctx, &asking->answers);
    if (told && !asking->faults.len)
        vec_push(asking->ctx->arena, &asking->faults, (Fault){"slot", "household"});
    return told;
}

/* The draft's own hold counts as free for the draft. */
static Rc slot_values(Asking *asking) {
    Date own = held_until(asking).kind != JSON_NULL ? asking->answers.day : (Date){0};
    view_str(&asking->view, "value", json_get_str(asking->draft, "day"));
    view_bool(&asking->view, "mends", household_told(asking));
    return page_days(asking->x, &asking->view, asking->answers.district, own);
}

/* The day that was chosen, if it can't be had: it is no longer held and nothing of it is left. Who
 * comes back from sending is told why. */
static Rc slot_gone(Asking *asking) {
    ApplyDays days;
    Date chosen = asking->answers.day;
    bool held = held_until(asking).kind != JSON_NULL;
    if (!chosen.year) return RC_OK;
    TRY(apply_days(asking->ctx, asking->answers.district, &days));

    VEC_EACH (const ApplyDay, day, &days)
        if (!held && time_date_days(day->date) == time_date_days(chosen) && day->left <= 0)
            vec_push(asking->ctx->arena, &asking->faults, (Fault){"slot", "full"});
    return RC_OK;
}

static void slot_get(HttpExchange *x) {
    Asking asking;
    if (!asking_begin(x, STEP_SLOT, &asking)) return;
    if (slot_gone(&asking) != RC_OK) {
        page_fail(x);
        return;
    }
    if (slot_values(&asking) == RC_OK)
        asking_show(&asking, 200);
    else
        page_fail(x);
}

static Rc slot_keep(Asking *asking, Json day, const Json **before) {
    JsonMembers members = {0};
    vec_push(asking->ctx->arena, &members, (JsonMember){STR("day"), day});
    TRY(draft_swap(asking->ctx, browser(asking->ctx), &members, before));
    TRY(reload(asking));
    apply_check(asking->ctx, &asking->answers, STEP_SLOT, &asking->faults);
    return RC_OK;
}

static Rc slot_back(Asking *asking, const Json *before) {
    TRY(draft_hold_back(asking->ctx, asking->draft, before));
    return reload(asking);
}

static void slot_post(HttpExchange *x) {
    Asking asking;
    const HttpForm *form;
    const Json *before = NULL;
    if (!asking_begin(x, STEP_SLOT, &asking) || !page_form(x, &form)) return;
    Rc rc = slot_keep(&asking, form_value(form, "slot"), &before);
    if (rc == RC_OK && !asking.faults.len) {
        rc = draft_hold(asking.ctx, &asking.answers, before);
        if (rc == RC_OK && household_told(&asking)) {
            open_see(&asking, STEP_SLOT);
            return;
        }
        if (rc == RC_OK) {
            go_on(&asking);
            return;
        }
        if (rc == RC_CONFLICT)
            vec_push(asking.ctx->arena, &asking.faults,
                     (Fault){"slot", page_hold_fault(&asking.ctx->error)});
    }
    bool refused = rc == RC_OK || rc == RC_CONFLICT;
    if (refused && slot_back(&asking, before) == RC_OK && slot_values(&asking) == RC_OK)
        asking_show(&asking, 422);
    else
        page_fail(x);
}

/* ---- contact, reduction, choice ---- */

static void contact_values(Asking *asking) {
    static const char *const fields[] = {"name", "kana", "phone"};
    View values = view_new(asking->ctx->arena);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        view_str(&values, fields[i], json_get_str(asking->draft, fields[i]));
    view_str(&values, "mail", json_get_str(asking->draft, "email"));
    view_set(&asking->view, "values", view_value(&values));
}

static void reduction_values(Asking *asking) {
    Arena *arena = asking->ctx->arena;
    JsonItems reasons = {0};
    const WasteReduction *reduction;
    for (size_t i = 0; (reduction = waste_reduction_at(asking->waste, i)); i++) {
        View one = view_new(arena);
        view_str(&one, "id", reduction->id);
        view_json(&one, "label", reduction->label.both);
        view_json(&one, "evidence", reduction->evidence.both);
        vec_push(arena, &reasons, view_value(&one));
    }
    view_items(&asking->view, "reasons", &reasons);
    view_int(&asking->view, "fee", apply_fee(&asking->answers));
    view_str(&asking->view, "value",
             asking->answers.reduction ? asking->answers.reduction->id : STR("none"));
}

static void optout_values(Asking *asking) {
    Str choice = asking->answers.choice, own;
    bool said = !str_empty(choice) || !str_empty(page_entering(asking->ctx, asking->draft));
    if (!said && gate_choice_own(asking->ctx, &own) == RC_OK)
        choice = own; /* preset, asked still */
    view_int(&asking->view, "k", 10);
    view_str(&asking->view, "value",
             str_eq(choice, STR("out"))  ? STR("yes")
             : str_eq(choice, STR("in")) ? STR("no")
                                         : STR_NONE);
}

/* These three differ in what they show and which members they keep. */
static void simple_show(HttpExchange *x, ApplyStep step, void (*values)(Asking *)) {
    Asking asking;
    if (!asking_begin(x, step, &asking)) return;
    values(&asking);
    asking_show(&asking, 200);
}

static void simple_keep(Asking *asking, const JsonMember *members, size_t n,
                        void (*values)(Asking *)) {
    if (keep(asking, members, n) != RC_OK) {
        page_fail(asking->x);
        return;
    }
    if (!asking->faults.len) {
        go_on(asking);
        return;
    }
    values(asking);
    asking_show(asking, 422);
}

static void contact_get(HttpExchange *x) {
    simple_show(x, STEP_CONTACT, contact_values);
}

static void contact_post(HttpExchange *x) {
    Asking asking;
    const HttpForm *form;
    if (!asking_begin(x, STEP_CONTACT, &asking) || !page_form(x, &form)) return;
    JsonMember members[] = {
        {STR("name"), form_value(form, "name")},
        {STR("kana"), form_value(form, "kana")},
        {STR("phone"), form_value(form, "phone")},
        {STR("email"), form_value(form, "mail")},
    };
    simple_keep(&asking, members, 4, contact_values);
}

static void reduction_get(HttpExchange *x) {
    simple_show(x, STEP_REDUCTION, reduction_values);
}

static void reduction_post(HttpExchange *x) {
    Asking asking;
    const HttpForm *form;
    if (!asking_begin(x, STEP_REDUCTION, &asking) || !page_form(x, &form)) return;
    JsonMember members[] = {{STR("reduction"), form_value(form, "reduction")}};
    simple_keep(&asking, members, 1, reduction_values);
}

static void optout_get(HttpExchange *x) {
    simple_show(x, STEP_CHOICE, optout_values);
}

static void optout_post(HttpExchange *x) {
    Asking asking;
    const HttpForm *form;
    if (!asking_begin(x, STEP_CHOICE, &asking) || !page_form(x, &form)) return;
    Str optout = http_form_value(form, "optout");
    Str choice = str_eq(optout, STR("yes"))  ? STR("out")
                 : str_eq(optout, STR("no")) ? STR("in")
                                             : STR_NONE;
    JsonMember members[] = {{STR("choice"), json_of_str(choice)}};
    simple_keep(&asking, members, 1, optout_values);
}

/* ---- check and send ---- */

static void check_values(Asking *asking) {
    static const char *const pages[] = {"items",   "district",  "slot",
                                        "contact", "reduction", "optout"};
    View links = view_new(asking->ctx->arena);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        view_str(&links, pages[i], str_fmt(asking->ctx->arena, "/bulky/%s", pages[i]));
    view_set(&asking->view, "links", view_value(&links));
    view_set(&asking->view, "application", page_answers(asking->x, &asking->answers));
    view_set(&asking->view, "warnings", json_of_items(NULL, 0));
    view_str(&asking->view, "key", asking->answers.hold);
    (void)household_told(asking);
}

/* What was sent is too much for a household: the page on which each answer can be mended says so.
 */
static void check_refused(HttpExchange *x) {
    Asking asking;
    if (!asking_begin(x, STEP_CHECK, &asking)) return;
    check_values(&asking);
    if (!asking.faults.len)
        vec_push(asking.ctx->arena, &asking.faults, (Fault){"slot", "household"});
    asking_show(&asking, 409);
}

static void check_get(HttpExchange *x) {
    simple_show(x, STEP_CHECK, check_values);
}

/* The receipt's token when this form was sent a moment ago, else empty. */
static Str sent_before(const Asking *asking, const HttpForm *form) {
    Str key = json_get_str(asking->draft, "sentKey");
    bool same = !str_empty(key) && hash_same(key, http_form_value(form, "key"));
    return same ? sent_token(asking) : STR_NONE;
}

static void check_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Asking asking = {.x = x, .ctx = ctx};
    Receipt receipt;
    const HttpForm *form;
    if (!page_form(x, &form)) return;
    if (reload(&asking) != RC_OK) {
        page_fail(x);
        return;
    }
    Str sent = sent_before(&asking, form);
    if (!str_empty(sent)) {
        receipt_see(x, sent);
        return;
    }
    Str entering = page_entering(ctx, asking.draft);
    ApplySend send = {.answers = &asking.answers,
                      .channel = str_empty(entering) ? STR("web") : entering,
                      .applicant = ctx->actor->person,
                      .visit = json_get_str(asking.draft, "visit")};
    Rc rc = apply_send(ctx, &send, &receipt);
    if (rc == RC_OK) rc = sent_keep(&asking, receipt.token);
    if (rc == RC_OK) {
        receipt_see(x, receipt.token);
        return;
    }
    if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("household-full")))
        check_refused(x);
    else if (rc == RC_CONFLICT && page_day_fault(&ctx->error))
        page_see(x, STR("/bulky/slot"));
    else if (rc == RC_INVALID)
        page_see(x, str_of(step_pages[apply_next(ctx, &asking.answers)].path));
    else
        page_fail(x);
}

#define PAGE(path, get, what)  PAGE_SHOW(path, GATE_PUBLIC, "Bulky waste", get, what)
#define FORM(path, post, what) PAGE_SEND(path, GATE_PUBLIC, "Bulky waste", post, what)

const HttpRoute page_bulky_rows[] = {
    FORM("/bulky/start", start_post, "Begin an application"),
    PAGE("/bulky/district", district_get, "Where"),
    FORM("/bulky/district", district_post, "Where"),
    PAGE("/bulky/items", items_get, "What"),
    FORM("/bulky/items", items_post, "What"),
    PAGE("/bulky/slot", slot_get, "When"),
    FORM("/bulky/slot", slot_post, "When"),
    PAGE("/bulky/contact", contact_get, "Who"),
    FORM("/bulky/contact", contact_post, "Who"),
    PAGE("/bulky/reduction", reduction_get, "Fee reduction"),
    FORM("/bulky/reduction", reduction_post, "Fee reduction"),
    PAGE("/bulky/optout", optout_get, "Use in open data"),
    FORM("/bulky/optout", optout_post, "Use in open data"),
    PAGE("/bulky/check", check_get, "Check the answers"),
    FORM("/bulky/check", check_post, "Send"),
};
ROWS(page_bulky_count, page_bulky_rows);
