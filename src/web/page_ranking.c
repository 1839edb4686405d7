/* page_ranking: the order of the cases of a round (利用調整): how many places there are, who gets
   which, and proposing that. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { PLACE_NAME_MAX = 200 };
#define PLACE_PREFIX "places/"

typedef struct Ranked {
    HttpExchange *x;
    Str procedure;
    Date round;           /* year 0: none is asked for, and there is none */
    const HttpForm *form; /* NULL: none was sent */
} Ranked;

static Str round_url(Arena *arena, Str procedure, Date round) {
    return str_fmt(arena, "/staff/ranking/" STR_FMT "?round=" STR_FMT, STR_ARG(procedure),
                   STR_ARG(time_format_date(arena, round)));
}

/* The round that is asked for; else the first that lies ahead, or the last one. */
static Rc ranked_load(Ranked *ranked) {
    Ctx *ctx = http_ctx(ranked->x);
    RankingRounds rounds;
    Date today = time_jst_date(time_now(ctx->clock));
    ctx->purpose = STR("application-check");
    ranked->procedure = http_path_param(ranked->x, "procedure");
    if (time_parse_date(http_query_or(ranked->x, "round", STR_NONE), &ranked->round)) return RC_OK;
    TRY(ranking_rounds(ctx, ranked->procedure, &rounds));
    VEC_EACH (const RankingRound, one, &rounds) {
        bool ahead = time_date_days(ranked->round) > time_date_days(today);
        if (!ranked->round.year || !ahead) ranked->round = one->day;
    }
    return RC_OK;
}

/* ---- what is shown ---- */

static void rounds_set(const Ranked *ranked, View *view, const RankingPlan *plan) {
    JsonItems items = {0};
    VEC_EACH (const RankingRound, one, &plan->rounds) {
        View row = view_new(view->arena);
        view_str(&row, "date", time_format_date(view->arena, one->day));
        view_str(&row, "url", round_url(view->arena, ranked->procedure, one->day));
        view_int(&row, "n", one->cases);
        view_bool(&row, "on", time_date_days(one->day) == time_date_days(ranked->round));
        vec_push(view->arena, &items, view_value(&row));
    }
    view_items(view, "days", &items);
}

static Str place_name(Arena *arena, const RankedPlaces *of) {
    return str_fmt(arena, PLACE_PREFIX STR_FMT "/" STR_FMT, STR_ARG(of->option),
                   STR_ARG(of->group));
}

/* What was typed stays, until it is kept. */
static Json cell_value(const Ranked *ranked, View *view, const RankedPlaces *of) {
    View one = view_new(view->arena);
    Str name = place_name(view->arena, of);
    Str sent = ranked->form ? http_form_value(ranked->form, str_z(view->arena, name)) : STR_NONE;
    view_str(&one, "name", name);
    view_str(&one, "group", of->group);
    view_int(&one, "given", of->given);
    view_str(&one, "value",
             str_empty(sent) ? str_fmt(view->arena, "%lld", (long long)of->places) : sent);
    view_int(&one, "taken", of->taken);
    view_int(&one, "first", of->first);
    return view_value(&one);
}

/* `options`: a row of cells for each place, a cell for each group. */
static void places_set(const Ranked *ranked, View *view, const RankingPlan *plan) {
    JsonItems options = {0}, groups = {0};
    VEC_EACH (const Str, group, &plan->groups)
        vec_push(view->arena, &groups, json_of_str(*group));
    for (size_t i = 0; i + plan->groups.len <= plan->places.len && plan->groups.len;
         i += plan->groups.len) {
        View row = view_new(view->arena);
        JsonItems cells = {0};
        const FieldOption *option = ranking_option(plan->definition, plan->places.items[i].option);
        for (size_t k = 0; k < plan->groups.len; k++)
            vec_push(view->arena, &cells, cell_value(ranked, view, &plan->places.items[i + k]));
        view_json(&row, "label", option->label.all);
        view_items(&row, "cells", &cells);
        vec_push(view->arena, &options, view_value(&row));
    }
    view_items(view, "options", &options);
    view_items(view, "groups", &groups);
}

static Json option_label(const Definition *definition, Str id) {
    const FieldOption *option = str_empty(id) ? NULL : ranking_option(definition, id);
    return option ? *option->label.all : json_of_null();
}

/* Points follow from answers that need care: who may not see those sees none of them. */
static Json case_value(const Ranked *ranked, const RankingPlan *plan, size_t i,
                       const Entity *shown) {
    Ctx *ctx = http_ctx(ranked->x);
    const RankedCase *of = &plan->cases.items[i];
    View one = view_new(ctx->arena);
    JsonItems values = {0}, wishes = {0};
    bool whole = entity_attr(of->application, IRI("sensitiveAnswers")) == NULL ||
                 entity_attr(shown, IRI("sensitiveAnswers")) != NULL;
    for (size_t k = 0; k < plan->definition->ranking->order.len; k++) {
        View value = view_new(ctx->arena);
        view_json(&value, "label", plan->definition->ranking->order.items[k].label.all);
        view_str(&value, "value", whole ? feel_text(ctx->arena, &of->values[k]) : STR("—"));
        vec_push(ctx->arena, &values, view_value(&value));
    }
    VEC_EACH (const Str, wish, &of->wishes)
        vec_push(ctx->arena, &wishes, option_label(plan->definition, *wish));
    view_int(&one, "rank", (int64_t)i + 1);
    view_str(&one, "number", of->number);
    view_str(&one, "url", page_case_url(ctx->arena, of->number));
    view_str(&one, "name", entity_text(shown, IRI("name")));
    view_str(&one, "group", of->group);
    view_items(&one, "values", &values);
    view_items(&one, "wishes", &wishes);
    view_set(&one, "placed", option_label(plan->definition, of->placed));
    view_int(&one, "wish", (int64_t)of->wish);
    view_bool(&one, "lot", of->lot);
    view_bool(&one, "proposed", of->proposed);
    return view_value(&one);
}

/* Whose cases are listed is looked at. */
static Rc cases_set(const Ranked *ranked, View *view, const RankingPlan *plan) {
    Ctx *ctx = http_ctx(ranked->x);
    JsonItems items = {0};
    PageSeen seen = {0};
    for (size_t i = 0; i < plan->cases.len; i++) {
        const Entity *shown = gate_view(ctx, NULL, plan->cases.items[i].application);
        if (!shown || str_empty(entity_text(shown, IRI("receiptNumber")))) continue;
        vec_push(ctx->arena, &seen, shown);
        vec_push(ctx->arena, &items, case_value(ranked, plan, i, shown));
    }
    TRY(gate_look(ctx, seen.items, seen.len, page_what(WHAT_INBOX)));
    view_items(view, "cases", &items);
    return RC_OK;
}

static void labels_set(View *view, const Definition *definition) {
    JsonItems order = {0};
    const Ranking *ranking = definition->ranking;
    VEC_EACH (const RankedBy, by, &ranking->order)
        vec_push(view->arena, &order, *by->label.all);
    view_items(view, "order", &order);
    view_json(view, "group", ranking->group.label.all);
    view_json(view, "label", definition->label.all);
    view_json(view, "admit", definition_move(definition, ranking->admit)->label.all);
    view_json(view, "hold", definition_move(definition, ranking->hold)->label.all);
}

static void values_set(const Ranked *ranked, View *view) {
    View values = view_new(view->arena);
    static const char *const names[] = {"reason", "held"};
    for (size_t i = 0; i < 2; i++)
        view_str(&values, names[i],
                 ranked->form ? http_form_value(ranked->form, names[i]) : STR_NONE);
    view_set(view, "values", view_value(&values));
}

static Rc ranked_fill(const Ranked *ranked, View *view) {
    RankingPlan plan;
    Ctx *ctx = http_ctx(ranked->x);
    TRY(ranking_plan(ctx, ranked->procedure, ranked->round, &plan));
    labels_set(view, plan.definition);
    rounds_set(ranked, view, &plan);
    places_set(ranked, view, &plan);
    values_set(ranked, view);
    view_str(view, "round",
             ranked->round.year ? time_format_date(ctx->arena, ranked->round) : STR_NONE);
    view_str(view, "url", round_url(ctx->arena, ranked->procedure, ranked->round));
    view_int(view, "placed", plan.placed);
    view_int(view, "unplaced", (int64_t)plan.cases.len - plan.placed - plan.proposed);
    view_int(view, "proposed", plan.proposed);
    view_str(view, "seen", plan.hash);
    view_int(view, "version", (int64_t)plan.version);
    view_str(view, "seed", plan.seed);
    return cases_set(ranked, view, &plan);
}

/* cell: of the places, whose number is none that there can be; empty: it isn't about one. */
static void faults_set(View *view, const Faults *faults, Str cell) {
    View errors = view_new(view->arena);
    if (str_empty(cell)) {
        page_faults(view, faults);
        return;
    }
    view_set(&errors, str_fmt(view->arena, PLACE_PREFIX STR_FMT, STR_ARG(cell)).ptr,
             json_of_str(STR("places.number")));
    view_set(view, "errors", view_value(&errors));
}

static void ranked_show(const Ranked *ranked, int status, const Faults *faults) {
    View view = page_view(ranked->x);
    const Error refused = http_ctx(ranked->x)->error;
    bool cell = faults && str_eq(refused.code, STR("bad-places"));
    if (ranked_fill(ranked, &view) != RC_OK) {
        page_fail(ranked->x);
        return;
    }
    if (faults) faults_set(&view, faults, cell ? refused.path : STR_NONE);
    page_show(ranked->x, status, WEB_PAGE_RANKING, &view);
}

static void ranking_get(HttpExchange *x) {
    Ranked ranked = {.x = x};
    if (ranked_load(&ranked) == RC_OK)
        ranked_show(&ranked, 200, NULL);
    else
        page_fail(x);
}

/* ---- what is done ---- */

/* "places/OPTION/GROUP" and a number; nothing is 0, and what is none -1, which nobody has. */
static void place_read(Ctx *ctx, const HttpField *field, RankingPlaces *out) {
    Str rest = str_sub(field->name, sizeof PLACE_PREFIX - 1, field->name.len);
    ptrdiff_t slash = str_find(rest, STR("/"));
    RankedPlaces one = {.places = -1};
    if (slash < 0) return;
    one.option = str_sub(rest, 0, (size_t)slash);
    one.group = str_sub(rest, (size_t)slash + 1, rest.len);
    Str said = text_fold(ctx->arena, str_trim(field->value));
    if (str_empty(said))
        one.places = 0;
    else if (!str_to_i64(said, &one.places))
        one.places = -1;
    vec_push(ctx->arena, &out->places, one);
}

static RankingPlaces places_read(const Ranked *ranked) {
    RankingPlaces said = {.procedure = ranked->procedure, .round = ranked->round};
    int64_t version = 0;
    VEC_EACH (const HttpField, field, ranked->form)
        if (str_starts(field->name, STR(PLACE_PREFIX)) && field->name.len < PLACE_NAME_MAX)
            place_read(http_ctx(ranked->x), field, &said);
    if (str_to_i64(http_form_value(ranked->form, "version"), &version))
        said.version = (uint64_t)version;
    return said;
}

static Rc places_keep(const Ranked *ranked) {
    RankingPlaces said = places_read(ranked);
    return ranking_keep(http_ctx(ranked->x), &said);
}

static Rc ranked_propose(const Ranked *ranked, Str *decision) {
    RankingPlaces typed = places_read(ranked);
    RankingWish wish = {.procedure = ranked->procedure,
                        .round = ranked->round,
                        .seen = http_form_value(ranked->form, "seen"),
                        .reason = http_form_value(ranked->form, "reason"),
                        .held = http_form_value(ranked->form, "held"),
                        .typed = &typed};
    return ranking_propose(http_ctx(ranked->x), &wish, decision);
}

/* What is said at the form: the field, and the word for what is wrong. */
static bool told_at_form(Ctx *ctx, Faults *faults) {
    static const struct {
        const char *code, *field, *fault;
    } rows[] = {{"bad-places", "places", "number"}, {"other-plan", "plan", "changed"},
                {"version", "plan", "changed"},     {"unsaved", "plan", "unsaved"},
                {"moved-on", "plan", "changed"},    {"proposed", "plan", "proposed"},
                {"nothing", "plan", "nothing"},     {"too-many", "plan", "many"}};
    Str code = ctx->error.code, path = ctx->error.path;
    if (str_eq(code, STR("missing")))
        vec_push(ctx->arena, faults,
                 str_eq(path, STR("held")) ? (Fault){"held", "required"}
                                           : (Fault){"reason", "missing"});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(code, str_of(rows[i].code)))
            vec_push(ctx->arena, faults, (Fault){rows[i].field, rows[i].fault});
    return faults->len > 0;
}

static void ranking_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Ranked ranked = {.x = x};
    Faults faults = {0};
    Str decision = STR_NONE;
    if (!page_form(x, &ranked.form)) return;
    Rc rc = ranked_load(&ranked);
    bool proposes = str_eq(http_form_value(ranked.form, "act"), STR("propose"));
    if (rc == RC_OK) rc = proposes ? ranked_propose(&ranked, &decision) : places_keep(&ranked);
    if (rc == RC_OK && proposes)
        page_see(x, page_decision_url(ctx->arena, decision));
    else if (rc == RC_OK)
        ranked_show(&ranked, 200, NULL); /* with the reasons that were written already */
    else if (told_at_form(ctx, &faults))
        ranked_show(&ranked, rc == RC_CONFLICT ? 409 : 422, &faults);
    else
        page_fail(x);
}

/* All open cases of the procedure are looked at. */
const HttpRoute page_ranking_rows[] = {
    {HTTP_GET, "/staff/ranking/{procedure}", ranking_get, HTTP_SLOW, 0, PAGE_CITY, "Decisions",
     "The order of cases and who gets which place", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/ranking/{procedure}", ranking_post, HTTP_SLOW, PAGE_FORM_MAX,
     PAGE_CITY | GATE_FORM, "Decisions", "Say how many places there are, or propose who gets them",
     NULL, NULL, page_posted},
};
ROWS(page_ranking_count, page_ranking_rows);
