/* page_counter: the one-stop counter: numbers that people take, the screen on which they are
 * called, and the desk of who calls and serves them. */
#include "pages_int.h"

#include <stdlib.h>

enum { AGAIN_SCREEN = 5, AGAIN_TICKET = 20, SHOWN_MAX = 100, CALLED_SHOWN = 12 };

/* ---- pieces ---- */

static Json name_of(const Json *counter) {
    const Json *name = json_get(counter, STR("name"));
    return name ? *name : json_of_str(STR(""));
}

static Json business_name(const Json *counter, Str id) {
    const Json *all = json_get(counter, STR("business"));
    for (size_t i = 0; all && i < all->len; i++)
        if (str_eq(json_get_str(json_at(all, i), "id"), id)) return name_of(json_at(all, i));
    return json_of_str(id);
}

void page_again(HttpExchange *x, int seconds) {
    http_set_header(x, "Refresh", str_fmt(http_ctx(x)->arena, "%d", seconds));
}

static void minutes_set(View *view, const char *name, int64_t micros) {
    if (micros < 0)
        view_null(view, name);
    else
        view_int(view, name, (micros + TIME_MINUTE - 1) / TIME_MINUTE);
}

/* A counter as it is now, and of it `name`, `waiting` and `minutes`. */
static Rc hall_set(HttpExchange *x, View *view, const Json **counter, Visits *visits) {
    Ctx *ctx = http_ctx(x);
    VisitDay day;
    Str id = http_path_param(x, "counter");
    *counter = visit_counter(ctx, id);
    if (!*counter)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-counter", id, "The city has no such counter.");
    TRY(visits_today(ctx, id, visits));
    visits_day(view->arena, visits, &day);
    view_set(view, "name", name_of(*counter));
    view_int(view, "waiting", day.waiting);
    minutes_set(view, "minutes", day.ahead_each < 0 ? -1 : day.ahead_each * day.waiting);
    return RC_OK;
}

static Str counter_url(Arena *arena, Str id, const char *rest) {
    return str_fmt(arena, "/counters/" STR_FMT "%s", STR_ARG(id), rest);
}

/* ---- who comes ---- */

static void business_set(View *view, const Json *counter) {
    const Json *all = json_get(counter, STR("business"));
    JsonItems items = {0};
    for (size_t i = 0; all && i < all->len; i++) {
        View one = view_new(view->arena);
        view_str(&one, "id", json_get_str(json_at(all, i), "id"));
        view_set(&one, "name", name_of(json_at(all, i)));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "business", &items);
}

static void counter_show(HttpExchange *x, int status, const Faults *faults) {
    const Json *counter;
    Visits visits;
    View view = page_view(x);
    if (hall_set(x, &view, &counter, &visits) != RC_OK) {
        page_fail(x);
        return;
    }
    page_crumb_to(&view, name_of(counter), STR_NONE);
    view_str(&view, "screen", counter_url(view.arena, http_path_param(x, "counter"), "/screen"));
    business_set(&view, counter);
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_COUNTER, &view);
}

static void counter_get(HttpExchange *x) {
    counter_show(x, 200, NULL);
}

static void take_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Str token;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Rc rc =
        visit_take(ctx, http_path_param(x, "counter"), http_form_value(form, "business"), &token);
    if (rc == RC_OK) {
        page_see(x, str_fmt(ctx->arena, "/visits/" STR_FMT, STR_ARG(token)));
    } else if (rc == RC_INVALID) {
        vec_push(ctx->arena, &faults, (Fault){"business", "required"});
        counter_show(x, 422, &faults);
    } else {
        page_fail(x);
    }
}

/* How many of those who wait came before. */
static int64_t ahead_of(const Visits *visits, const Visit *visit) {
    int64_t n = 0;
    VEC_EACH (const Visit, other, visits)
        n += other->state == VISIT_WAITING && other->taken_at < visit->taken_at;
    return n;
}

static void visit_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Visit visit;
    Visits visits;
    VisitDay day;
    Rc rc = visit_find(ctx, http_path_param(x, "token"), &visit);
    if (rc == RC_OK) rc = visits_today(ctx, visit.counter, &visits);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    const Json *counter = visit_counter(ctx, visit.counter);
    bool over = visit.state == VISIT_DONE || visit.state == VISIT_ABSENT;
    int64_t ahead = ahead_of(&visits, &visit);
    visits_day(view.arena, &visits, &day);
    page_crumb_to(&view, name_of(counter), counter_url(view.arena, visit.counter, ""));
    view_str(&view, "number", visit.number);
    view_str(&view, "state", visit_state_word(visit.state));
    view_str(&view, "desk", visit.desk);
    view_set(&view, "name", name_of(counter));
    view_set(&view, "business", business_name(counter, visit.business));
    view_int(&view, "ahead", ahead);
    minutes_set(&view, "minutes", day.ahead_each < 0 ? -1 : day.ahead_each * (ahead + 1));
    view_int(&view, "at", time_now(ctx->clock));
    if (!over) page_again(x, AGAIN_TICKET);
    page_show(x, 200, WEB_PAGE_VISIT, &view);
}

/* ---- the screen in the hall ---- */

static int newest_call(const void *a, const void *b) {
    int64_t x = ((const Visit *)a)->last_call, y = ((const Visit *)b)->last_call;
    return x < y ? 1 : x > y ? -1 : 0;
}

static void called_set(View *view, Visits *visits) {
    JsonItems items = {0};
    if (visits->len) qsort(visits->items, visits->len, sizeof *visits->items, newest_call);
    VEC_EACH (const Visit, visit, visits) {
        if (visit->state != VISIT_CALLED && visit->state != VISIT_SERVED) continue;
        View one = view_new(view->arena);
        view_str(&one, "number", visit->number);
        view_str(&one, "desk", visit->desk);
        view_bool(&one, "new", visit->state == VISIT_CALLED);
        if (items.len < CALLED_SHOWN) vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "called", &items);
}

static void screen_get(HttpExchange *x) {
    const Json *counter;
    Visits visits;
    View view = page_view(x);
    if (hall_set(x, &view, &counter, &visits) != RC_OK) {
        page_fail(x);
        return;
    }
    called_set(&view, &visits);
    view_int(&view, "at", time_now(http_ctx(x)->clock));
    page_again(x, AGAIN_SCREEN);
    page_show(x, 200, WEB_PAGE_COUNTER_SCREEN, &view);
}

/* ---- the desk ---- */

/* Of what was entered for him, what who asks may see of each: at least what it is and how it
 * stands. */
static Rc cases_set(HttpExchange *x, View *view, Str id) {
    Ctx *ctx = http_ctx(x);
    VisitCases cases;
    JsonItems items = {0};
    TRY(visit_cases(ctx, id, &cases));
    for (size_t i = 0; i < cases.len; i++) {
        View one = view_new(view->arena);
        view_set(&one, "label", page_procedure_label(x, cases.items[i]));
        page_case_state(x, &one, cases.items[i]);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "cases", &items);
    return RC_OK;
}

static Rc own_set(HttpExchange *x, View *view, const Json *counter) {
    Ctx *ctx = http_ctx(x);
    Visit visit;
    Rc rc = visit_own(ctx, &visit);
    view_null(view, "own");
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    View one = view_new(view->arena);
    view_str(&one, "id", visit.id);
    view_str(&one, "number", visit.number);
    view_str(&one, "desk", visit.desk);
    view_str(&one, "state", visit_state_word(visit.state));
    view_set(&one, "business", business_name(counter, visit.business));
    minutes_set(&one, "waited", visit.called_at - visit.taken_at);
    TRY(cases_set(x, &one, visit.id));
    view_set(view, "own", view_value(&one));
    return RC_OK;
}

static void waiting_set(HttpExchange *x, View *view, const Json *counter, const Visits *visits) {
    JsonItems items = {0};
    int64_t now = time_now(http_ctx(x)->clock);
    VEC_EACH (const Visit, visit, visits) {
        if (visit->state != VISIT_WAITING || items.len >= SHOWN_MAX) continue;
        View one = view_new(view->arena);
        view_str(&one, "number", visit->number);
        view_set(&one, "business", business_name(counter, visit->business));
        minutes_set(&one, "since", now - visit->taken_at);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "waiting", &items);
}

static void desks_set(View *view, const Json *counter, Str chosen) {
    const Json *desks = json_get(counter, STR("desks"));
    JsonItems items = {0};
    for (size_t i = 0; desks && i < desks->len; i++) {
        View one = view_new(view->arena);
        Str desk = json_str(json_at(desks, i));
        view_str(&one, "desk", desk);
        view_bool(&one, "chosen", str_eq(desk, chosen));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "desks", &items);
}

static void day_set(View *view, const VisitDay *day) {
    view_int(view, "served", day->served);
    view_int(view, "absent", day->absent);
    minutes_set(view, "middle", day->wait_middle);
    minutes_set(view, "most", day->wait_most);
}

/* Which counter: that of the form or the address, else the first. */
static const Json *desk_counter(HttpExchange *x, Str id) {
    const Json *counter = str_empty(id) ? NULL : visit_counter(http_ctx(x), id);
    return counter ? counter : visit_counter_at(http_ctx(x), 0);
}

/* What a desk's page is asked for. */
typedef struct DeskPage {
    int status;
    Str counter, desk; /* those of the form or the address */
    Str code;          /* that was made for a tablet; empty: none */
    const Faults *faults;
} DeskPage;

static void desk_show(HttpExchange *x, const DeskPage *page) {
    Ctx *ctx = http_ctx(x);
    Visits visits;
    VisitDay day;
    Str desk = page->desk;
    const Json *counter = desk_counter(x, page->counter);
    View view = page_view(x);
    Rc rc = counter ? visits_today(ctx, json_get_str(counter, "id"), &visits)
                    : ctx_fail(ctx, RC_NOT_FOUND, "no-counter", page->counter,
                               "The city has no counter.");
    if (rc == RC_OK) rc = own_set(x, &view, counter);
    if (rc == RC_OK) rc = page_tablets(x, &view, json_get_str(counter, "id"), page->code);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    visits_day(view.arena, &visits, &day);
    day_set(&view, &day);
    waiting_set(x, &view, counter, &visits);
    desks_set(&view, counter, desk);
    view_set(&view, "name", name_of(counter));
    view_str(&view, "counter", json_get_str(counter, "id"));
    view_str(&view, "desk", desk);
    if (page->faults) page_faults(&view, page->faults);
    page_show(x, page->status, WEB_PAGE_COUNTER_DESK, &view);
}

static void desk_get(HttpExchange *x) {
    desk_show(x, &(DeskPage){.status = 200,
                             .counter = http_query_or(x, "counter", STR_NONE),
                             .desk = http_query_or(x, "desk", STR_NONE)});
}

static void desk_see(HttpExchange *x, const HttpForm *form) {
    Arena *arena = http_ctx(x)->arena;
    page_see(x, str_fmt(arena, "/staff/counter?counter=" STR_FMT "&desk=" STR_FMT,
                        STR_ARG(http_url_encode(arena, http_form_value(form, "counter"))),
                        STR_ARG(http_url_encode(arena, http_form_value(form, "desk")))));
}

static void call_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Visit visit;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Str counter = http_form_value(form, "counter"), desk = http_form_value(form, "desk");
    Rc rc = visit_call(ctx, counter, desk, &visit);
    bool nobody = rc == RC_NOT_FOUND && str_eq(ctx->error.code, STR("nobody-waits"));
    if (rc == RC_OK || nobody) {
        desk_see(x, form);
    } else if (rc == RC_INVALID) {
        vec_push(ctx->arena, &faults, (Fault){"desk", "required"});
        desk_show(x,
                  &(DeskPage){.status = 422, .counter = counter, .desk = desk, .faults = &faults});
    } else {
        page_fail(x);
    }
}

static void move_post(HttpExchange *x) {
    static const VisitState may[] = {VISIT_CALLED, VISIT_SERVED, VISIT_DONE, VISIT_ABSENT};
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    VisitState to = VISIT_STATES;
    if (!page_form(x, &form)) return;
    for (size_t i = 0; i < sizeof may / sizeof *may; i++)
        if (str_eq(http_form_value(form, "to"), visit_state_word(may[i]))) to = may[i];
    Rc rc = to == VISIT_STATES ? ctx_fail(ctx, RC_INVALID, "no-move", STR("to"),
                                          "He came, isn't there, is called again or is served.")
                               : visit_move(ctx, http_form_value(form, "visit"), to);
    if (rc == RC_OK || rc == RC_CONFLICT) /* the page shows how it stands */
        desk_see(x, form);
    else
        page_fail(x);
}

static Rc tablet_act(Ctx *ctx, Str act, TabletDesk at, Str *code) {
    if (str_eq(act, STR("unpair"))) return tablet_unpair(ctx, at);
    if (!str_eq(act, STR("forget"))) return tablet_code(ctx, at, code);
    tablet_cancel(ctx, STR_NONE);
    return RC_OK;
}

/* A code is shown once, and stands in no address. */
static void tablet_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    DeskPage page = {.status = 200,
                     .counter = http_form_value(form, "counter"),
                     .desk = http_form_value(form, "desk"),
                     .faults = &faults};
    TabletDesk at = {page.counter, page.desk};
    Str act = http_form_value(form, "act");
    bool shows = !str_eq(act, STR("unpair")) && !str_eq(act, STR("forget"));
    Rc rc = tablet_act(ctx, act, at, &page.code);
    if (rc == RC_INVALID || rc == RC_CONFLICT) {
        page.status = rc == RC_CONFLICT ? 409 : 422;
        vec_push(ctx->arena, &faults, (Fault){"tablet", rc == RC_CONFLICT ? "taken" : "required"});
    }
    if (rc == RC_OK && !shows)
        desk_see(x, form);
    else if (rc == RC_OK || rc == RC_INVALID || rc == RC_CONFLICT)
        desk_show(x, &page);
    else
        page_fail(x);
}

#define CLERK (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK))

const HttpRoute page_counter_rows[] = {
    PAGE_SHOW("/counters/{counter}", GATE_PUBLIC, "Counter", counter_get, "How many wait"),
    PAGE_SEND("/counters/{counter}", GATE_PUBLIC, "Counter", take_post, "Take a number"),
    PAGE_SHOW("/counters/{counter}/screen", GATE_PUBLIC, "Counter", screen_get,
              "The screen on which numbers are called"),
    PAGE_SHOW("/visits/{token}", GATE_PUBLIC, "Counter", visit_get, "One's number"),
    PAGE_SHOW("/staff/counter", CLERK, "Counter", desk_get, "The desk at the counter"),
    PAGE_SEND("/staff/counter/call", CLERK, "Counter", call_post, "Call the next one"),
    PAGE_SHOW("/tablet", GATE_PUBLIC, "Counter", page_tablet_get,
              "What is shown to who stands at a desk"),
    PAGE_SEND("/tablet", GATE_PUBLIC, "Counter", page_tablet_post,
              "Pair a tablet; confirm what it shows, or have it put right"),
    PAGE_SEND("/staff/counter/tablet", CLERK, "Counter", tablet_post,
              "Pair a tablet with a desk, or end that"),
    PAGE_SEND("/staff/counter/move", CLERK, "Counter", move_post, "What becomes of who was called"),
};
ROWS(page_counter_count, page_counter_rows);
