/* page_effect: what procedures cost and how they come in, as measured by the work itself, beside
   what they cost before; and the inventory of all procedures, by the hours that there are to win.
   Figures are of procedures and channels, never of persons. */
#include "pages_int.h"

#include <math.h>
#include <stdlib.h>

#define IRI(term) STR(LD_DEFAULT term)

/* A mean of fewer cases than that says little: it is shown with its n, and nothing is reckoned from
 * it. */
enum { MONTHS = 12, ENOUGH = 10, INVENTORY_MAX = 5000 };

/* The first of the months that are counted: twelve with this one. */
static Str first_month(Ctx *ctx) {
    Date day = time_jst_date(time_now(ctx->clock));
    int months = day.year * 12 + day.month - 1 - (MONTHS - 1);
    return str_fmt(ctx->arena, "%04d-%02d", months / 12, months % 12 + 1);
}

/* ---- sums ---- */

/* A procedure over some months and channels. */
typedef struct Sum {
    Str procedure;
    Effect of; /* its month and channel are not said */
    int64_t online;
} Sum;
typedef VEC(Sum) Sums;

static void sum_add(Sum *sum, const Effect *one) {
    Effect *of = &sum->of;
    of->cases += one->cases;
    of->ended += one->ended;
    of->asked += one->asked;
    of->office += one->office;
    of->holder += one->holder;
    of->other += one->other;
    of->touch += one->touch;
    of->touched += one->touched;
    of->automatic += one->automatic;
    of->judged += one->judged;
    of->wrong += one->wrong;
    if (str_eq(one->channel, STR("web"))) sum->online += one->cases;
}

static Sum *sum_of(Arena *arena, Sums *sums, Str procedure) {
    VEC_EACH (Sum, sum, sums)
        if (str_eq(sum->procedure, procedure)) return sum;
    return vec_push(arena, sums, (Sum){.procedure = procedure});
}

static Rc sums_load(Ctx *ctx, Sums *out) {
    Effects effects;
    *out = (Sums){0};
    TRY(insight_effects(ctx, STR_NONE, first_month(ctx), &effects));
    VEC_EACH (const Effect, one, &effects)
        sum_add(sum_of(ctx->arena, out, one->procedure), one);
    return RC_OK;
}

static const Sum *sum_find(const Sums *sums, Str procedure) {
    VEC_EACH (const Sum, sum, sums)
        if (str_eq(sum->procedure, procedure)) return sum;
    return NULL;
}

/* Minutes of work on a case, where enough of them were measured; else negative. */
static double touch_minutes(const Sum *sum) {
    if (!sum || sum->of.touched < ENOUGH) return -1;
    return (double)sum->of.touch / (double)sum->of.touched / 60;
}

/* ---- the inventory ---- */

typedef struct Listed {
    const Entity *entity;
    Str procedure; /* empty: its form isn't written */
    double minutes;
    int64_t volume; /* a year */
    double hours;   /* a year, that there are to win */
} Listed;
typedef VEC(Listed) Listing;

static double number_of(const Entity *entity, Str iri) {
    const Attr *attr = entity_attr(entity, iri);
    return attr && attr->value && attr->value->kind == JSON_NUMBER ? json_number(attr->value) : 0;
}

/* What still comes in otherwise than online, by the minutes that each would save. */
static double hours_of(const Listed *item, const Sum *sum) {
    double after = touch_minutes(sum);
    double saves = after < 0 ? item->minutes : fmax(0, item->minutes - after);
    double online = sum && sum->of.cases ? (double)sum->online / (double)sum->of.cases : 0;
    return (double)item->volume * (1 - online) * saves / 60;
}

static int item_order(const void *a, const void *b) {
    const Listed *x = a, *y = b;
    if (x->hours != y->hours) return x->hours < y->hours ? 1 : -1;
    return str_cmp(x->entity->id, y->entity->id);
}

static Rc items_load(Ctx *ctx, const Sums *sums, Listing *out) {
    ProjectAnswer found;
    ProjectWish wish = {.type = STR("InventoryItem"), .limit = INVENTORY_MAX, .view = gate_view};
    *out = (Listing){0};
    TRY(project_find(ctx, &wish, &found));
    for (size_t i = 0; i < found.entities.len; i++) {
        const Entity *entity = found.entities.items[i];
        Listed item = {.entity = entity,
                       .procedure = entity_text(entity, IRI("procedure")),
                       .minutes = number_of(entity, IRI("minutes")),
                       .volume = entity_int(entity, IRI("volume"), 0)};
        item.hours = hours_of(&item, sum_find(sums, item.procedure));
        vec_push(ctx->arena, out, item);
    }
    if (out->len) qsort(out->items, out->len, sizeof *out->items, item_order);
    return RC_OK;
}

static const Listed *item_of(const Listing *items, Str procedure) {
    VEC_EACH (const Listed, item, items)
        if (!str_empty(procedure) && str_eq(item->procedure, procedure)) return item;
    return NULL;
}

static void entity_set_text(View *view, const char *name, const Entity *entity, Str iri) {
    view_str(view, name, entity_text(entity, iri));
}

static Json item_name(Arena *arena, const Entity *entity) {
    Str ja = entity_text(entity, IRI("name")), en = entity_text(entity, IRI("nameEn"));
    return view_text(arena, ja, str_empty(en) ? ja : en);
}

static Json texts_of(const Entity *entity, Str iri) {
    const Attr *attr = entity_attr(entity, iri);
    bool list = attr && attr->value && attr->value->kind == JSON_ARRAY;
    return list ? *attr->value : json_of_items(NULL, 0);
}

static void inventory_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Sums sums;
    Listing items;
    JsonItems rows = {0};
    double hours = 0;
    if (sums_load(ctx, &sums) != RC_OK || items_load(ctx, &sums, &items) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    VEC_EACH (const Listed, item, &items) {
        View one = view_new(ctx->arena);
        view_set(&one, "name", item_name(ctx->arena, item->entity));
        view_str(&one, "effect",
                 str_empty(item->procedure)
                     ? STR_NONE
                     : str_fmt(ctx->arena, "/staff/effect/" STR_FMT, STR_ARG(item->procedure)));
        entity_set_text(&one, "basis", item->entity, IRI("basis"));
        entity_set_text(&one, "authority", item->entity, IRI("authority"));
        entity_set_text(&one, "channel", item->entity, IRI("channel"));
        entity_set_text(&one, "rule", item->entity, IRI("rule"));
        entity_set_text(&one, "owner", item->entity, IRI("post"));
        entity_set_text(&one, "next", item->entity, IRI("nextStep"));
        view_set(&one, "obstacles", texts_of(item->entity, IRI("obstacles")));
        view_int(&one, "volume", item->volume);
        view_set(&one, "minutes", json_of_number(item->minutes));
        view_int(&one, "hours", llround(item->hours));
        vec_push(ctx->arena, &rows, view_value(&one));
        hours += item->hours;
    }
    view_items(&view, "items", &rows);
    view_int(&view, "hours", llround(hours));
    page_show(x, 200, WEB_PAGE_INVENTORY, &view);
}

/* ---- the effect ---- */

static Json procedure_name(HttpExchange *x, Str procedure) {
    Ctx *ctx = http_ctx(x);
    if (str_eq(procedure, EFFECT_BULKY)) return page_bulky_label(ctx->arena);
    const Definition *one = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    return one ? *one->label.all : json_of_str(procedure);
}

/* Null of none. */
static Json share_of(int64_t part, int64_t whole) {
    return whole ? json_of_number(round((double)part / (double)whole * 100) / 100) : json_of_null();
}

static Json tenths(double value) {
    return json_of_number(round(value * 10) / 10);
}

/* Days that the ended ones waited, in the mean; null of none. */
static Json days_of(int64_t seconds, int64_t cases) {
    return cases ? tenths((double)seconds / (double)cases / 86400) : json_of_null();
}

/* Hours of the months that are counted; negative: not known. */
static double saved_hours(const Sum *sum, const Listed *item) {
    double after = touch_minutes(sum);
    if (!item || !item->minutes || after < 0) return -1;
    return (double)sum->of.cases * (item->minutes - after) / 60;
}

static void figures_set(View *view, const Sum *sum) {
    const Effect *of = &sum->of;
    view_int(view, "cases", of->cases);
    view_int(view, "ended", of->ended);
    view_set(view, "online", share_of(sum->online, of->cases));
    view_set(view, "asked", share_of(of->asked, of->cases));
    view_set(view, "automatic", share_of(of->automatic, of->cases));
    view_int(view, "moved", of->automatic);
    view_int(view, "judged", of->judged);
    view_int(view, "wrong", of->wrong);
    view_set(view, "wrong_share",
             of->judged
                 ? json_of_number(round((double)of->wrong / (double)of->judged * 1000) / 1000)
                 : json_of_null());
    view_set(view, "touch",
             of->touched ? tenths((double)of->touch / (double)of->touched / 60) : json_of_null());
    view_int(view, "touched", of->touched);
    view_set(view, "office", days_of(of->office, of->ended));
    view_set(view, "holder", days_of(of->holder, of->ended));
    view_set(view, "other", days_of(of->other, of->ended));
}

static void saved_set(View *view, const Sum *sum, const Listed *item) {
    double hours = saved_hours(sum, item);
    view_set(view, "before",
             item && item->minutes ? json_of_number(item->minutes) : json_of_null());
    view_str(view, "source", item ? entity_text(item->entity, IRI("minutesSource")) : STR_NONE);
    view_bool(view, "reckoned", hours >= 0);
    view_int(view, "saved", hours < 0 ? 0 : llround(hours));
}

/* The city: all procedures together. */
static void city_set(View *view, const Sums *sums, const Listing *items) {
    Sum all = {0};
    double hours = 0;
    int64_t reckoned = 0;
    View city = view_new(view->arena);
    VEC_EACH (const Sum, sum, sums) {
        double saved = saved_hours(sum, item_of(items, sum->procedure));
        Effect web = sum->of;
        web.channel = STR_NONE;
        sum_add(&all, &web);
        all.online += sum->online;
        if (saved < 0) continue;
        hours += saved;
        reckoned++;
    }
    figures_set(&city, &all);
    view_int(&city, "saved", llround(hours));
    view_int(&city, "reckoned", reckoned);
    view_set(view, "city", view_value(&city));
}

typedef struct Standing {
    const Sum *sum;
    double hours;
} Standing;

static int standing_order(const void *a, const void *b) {
    const Standing *x = a, *y = b;
    if (x->hours != y->hours) return x->hours < y->hours ? 1 : -1;
    return str_cmp(x->sum->procedure, y->sum->procedure);
}

static void procedures_set(HttpExchange *x, View *view, const Sums *sums, const Listing *items) {
    Arena *arena = view->arena;
    JsonItems rows = {0};
    Standing *order = NEW_ARRAY(arena, Standing, sums->len + 1);
    for (size_t i = 0; i < sums->len; i++) {
        const Sum *sum = &sums->items[i];
        order[i] = (Standing){sum, saved_hours(sum, item_of(items, sum->procedure))};
    }
    qsort(order, sums->len, sizeof *order, standing_order);
    for (size_t i = 0; i < sums->len; i++) {
        const Sum *sum = order[i].sum;
        View one = view_new(arena);
        view_set(&one, "name", procedure_name(x, sum->procedure));
        view_str(&one, "url", str_fmt(arena, "/staff/effect/" STR_FMT, STR_ARG(sum->procedure)));
        figures_set(&one, sum);
        saved_set(&one, sum, item_of(items, sum->procedure));
        vec_push(arena, &rows, view_value(&one));
    }
    view_items(view, "procedures", &rows);
}

/* ---- how far those get who begin on the web ---- */

static void reach_share(View *view, const Reach *reach) {
    view_int(view, "begun", reach->begun);
    view_int(view, "sent", reach->sent);
    view_set(view, "completed", share_of(reach->sent, reach->begun));
}

static void reach_row(View *view, JsonItems *rows, const Reach *reach, Str id, Json title) {
    View row = view_new(view->arena);
    VEC_EACH (const ReachPage, page, &reach->pages) {
        if (!str_eq(page->page, id)) continue;
        view_str(&row, "key", id);
        view_set(&row, "title", title);
        view_int(&row, "seen", page->seen);
        view_int(&row, "left", page->seen - page->on);
        view_set(&row, "on", share_of(page->on, page->seen));
        vec_push(view->arena, rows, view_value(&row));
    }
}

/* Pages in their order; those of earlier versions that the newest hasn't are counted in the whole
 * alone. */
static Rc reach_set(HttpExchange *x, View *view, Str procedure) {
    Ctx *ctx = http_ctx(x);
    Reach reach;
    JsonItems rows = {0};
    TRY(reach_of(ctx, procedure, first_month(ctx), &reach));
    reach_share(view, &reach);
    const Definition *one = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    for (int64_t i = 1; !one && !str_empty(page_bulky_step(i)); i++)
        reach_row(view, &rows, &reach, page_bulky_step(i), json_of_null());
    for (size_t i = 0; one && i < one->pages.len; i++)
        reach_row(view, &rows, &reach, one->pages.items[i].id, *one->pages.items[i].title.all);
    if (one) reach_row(view, &rows, &reach, STR("check"), json_of_null());
    view_items(view, "pages", &rows);
    return RC_OK;
}

static Rc reach_sum(Ctx *ctx, Str procedure, Reach *sum) {
    Reach one;
    TRY(reach_of(ctx, procedure, first_month(ctx), &one));
    sum->begun += one.begun;
    sum->sent += one.sent;
    return RC_OK;
}

static Rc reach_city(Ctx *ctx, View *view) {
    Reach sum = {0};
    StrVec ids = {0};
    TRY(reach_sum(ctx, EFFECT_BULKY, &sum));
    catalogue_ids(ctx->arena, procedures_catalogue(ctx->tenant), &ids);
    VEC_EACH (const Str, id, &ids)
        TRY(reach_sum(ctx, *id, &sum));
    reach_share(view, &sum);
    return RC_OK;
}

/* ---- the city ---- */

static void effect_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Sums sums;
    Listing items;
    if (sums_load(ctx, &sums) != RC_OK || items_load(ctx, &sums, &items) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    view_str(&view, "since", first_month(ctx));
    city_set(&view, &sums, &items);
    procedures_set(x, &view, &sums, &items);
    if (reach_city(ctx, &view) == RC_OK)
        page_show(x, 200, WEB_PAGE_EFFECT, &view);
    else
        page_fail(x);
}

/* ---- one procedure ---- */

/* Sums by month or by channel, in the order in which they come. */
static void parts_set(View *view, const char *name, const Effects *effects, bool by_month) {
    Sums sums = {0};
    JsonItems rows = {0};
    VEC_EACH (const Effect, one, effects)
        sum_add(sum_of(view->arena, &sums, by_month ? one->month : one->channel), one);
    VEC_EACH (const Sum, sum, &sums) {
        View row = view_new(view->arena);
        view_str(&row, "key", sum->procedure);
        figures_set(&row, sum);
        vec_push(view->arena, &rows, view_value(&row));
    }
    view_items(view, name, &rows);
}

/* Months together: a step by one channel. */
typedef struct StepSum {
    Str step, channel;
    int64_t seconds, cases;
} StepSum;
typedef VEC(StepSum) StepSums;

static void step_add(Arena *arena, StepSums *sums, const EffectStep *step) {
    VEC_EACH (StepSum, sum, sums) {
        if (!str_eq(sum->step, step->step) || !str_eq(sum->channel, step->channel)) continue;
        sum->seconds += step->seconds;
        sum->cases += step->cases;
        return;
    }
    vec_push(arena, sums, (StepSum){step->step, step->channel, step->seconds, step->cases});
}

/* `steps`: the mean of those cases on which there was work at the step. */
static Rc steps_set(HttpExchange *x, View *view, Str procedure) {
    Ctx *ctx = http_ctx(x);
    EffectSteps steps;
    StepSums sums = {0};
    JsonItems rows = {0};
    const Definition *one = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    TRY(insight_effect_steps(ctx, procedure, first_month(ctx), &steps));
    VEC_EACH (const EffectStep, step, &steps)
        step_add(ctx->arena, &sums, step);
    VEC_EACH (const StepSum, sum, &sums) {
        const DefinedState *state = one ? definition_state(one, sum->step) : NULL;
        View row = view_new(view->arena);
        view_json(&row, "label", state ? state->label.all : NULL);
        view_str(&row, "state", page_state_word(case_state_of(sum->step)));
        view_str(&row, "channel", sum->channel);
        view_set(&row, "touch", tenths((double)sum->seconds / (double)sum->cases / 60));
        view_int(&row, "touched", sum->cases);
        vec_push(view->arena, &rows, view_value(&row));
    }
    view_items(view, "steps", &rows);
    return RC_OK;
}

static Rc procedure_known(HttpExchange *x, Str procedure) {
    Ctx *ctx = http_ctx(x);
    if (str_eq(procedure, EFFECT_BULKY) ||
        catalogue_newest(procedures_catalogue(ctx->tenant), procedure))
        return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-procedure", procedure,
                    "The city has no such procedure.");
}

/* `answers`: where what was answered is counted, if anything is. */
static void answers_link(Ctx *ctx, View *view, Str procedure) {
    const Definition *definition = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    bool counts = definition && definition->statistics.len;
    view_str(view, "answers",
             counts ? str_fmt(view->arena, "/staff/effect/" STR_FMT "/answers", STR_ARG(procedure))
                    : STR_NONE);
}

static void procedure_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str procedure = http_path_param(x, "procedure");
    Sum sum = {.procedure = procedure};
    Effects effects;
    Listing items;
    Rc rc = procedure_known(x, procedure);
    if (rc == RC_OK) rc = insight_effects(ctx, procedure, first_month(ctx), &effects);
    if (rc == RC_OK) rc = items_load(ctx, &(Sums){0}, &items);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    VEC_EACH (const Effect, one, &effects)
        sum_add(&sum, one);
    View view = page_view(x);
    page_crumb(&view, STR("手続きの効果"), STR("Effect"), STR("/staff/effect"));
    view_set(&view, "name", procedure_name(x, procedure));
    answers_link(ctx, &view, procedure);
    view_str(&view, "since", first_month(ctx));
    figures_set(&view, &sum);
    saved_set(&view, &sum, item_of(&items, procedure));
    parts_set(&view, "months", &effects, true);
    parts_set(&view, "channels", &effects, false);
    if (steps_set(x, &view, procedure) != RC_OK || reach_set(x, &view, procedure) != RC_OK) {
        page_fail(x);
        return;
    }
    page_show(x, 200, WEB_PAGE_EFFECT_PROCEDURE, &view);
}

#define READERS                                                                                    \
    (PAGE_CITY | 1u << (GATE_ROLE_SHIFT + ROLE_STEWARD) | 1u << (GATE_ROLE_SHIFT + ROLE_AUDITOR))
#define TAG "Effect"

const HttpRoute page_effect_rows[] = {
    PAGE_SHOW("/staff/effect", READERS, TAG, effect_get,
              "What procedures cost, and the hours that they save"),
    PAGE_SHOW("/staff/effect/{procedure}", READERS, TAG, procedure_get,
              "The same of one procedure"),
    PAGE_SHOW("/staff/inventory", READERS, TAG, inventory_get,
              "All procedures by the hours that there are to win"),
};
ROWS(page_effect_count, page_effect_rows);
