/* page_counts: what was answered to the questions that a procedure has counted, by fiscal year. */
#include "pages_int.h"

enum { YEARS_SHOWN = 5 };

static Str counts_url(Arena *arena, Str procedure, int year) {
    return str_fmt(arena, "/staff/effect/" STR_FMT "/answers?year=%d", STR_ARG(procedure), year);
}

/* This fiscal year and those before it; the one that is shown is marked. */
static void years_set(View *view, Str procedure, int now, int shown) {
    JsonItems items = {0};
    for (int year = now; year > now - YEARS_SHOWN; year--) {
        View one = view_new(view->arena);
        view_str(&one, "year", str_fmt(view->arena, "%d", year));
        view_str(&one, "url", counts_url(view->arena, procedure, year));
        view_bool(&one, "on", year == shown);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "years", &items);
}

static Json answer_value(View *view, const FieldCount *count, const AnswerCount *of) {
    FormAnswer answer = {.field = count->field, .due = true, .value = of->value};
    View one = view_new(view->arena);
    view_set(&one, "label",
             view_text(view->arena, form_text(view->arena, &answer, STR("ja")),
                       form_text(view->arena, &answer, STR("en"))));
    view_int(&one, "n", of->n);
    return view_value(&one);
}

static Json field_value(View *view, const FieldCount *count) {
    View one = view_new(view->arena);
    JsonItems answers = {0};
    VEC_EACH (const AnswerCount, answer, &count->answers)
        vec_push(view->arena, &answers, answer_value(view, count, answer));
    view_json(&one, "label", count->field->label.all);
    view_int(&one, "n", count->n);
    view_items(&one, "answers", &answers);
    view_str(&one, "mean",
             count->n && !count->answers.len ? str_fmt(view->arena, "%.1f", count->mean)
                                             : STR_NONE);
    return view_value(&one);
}

static Rc counts_fill(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    AnswerCounts counts;
    JsonItems fields = {0};
    Str procedure = http_path_param(x, "procedure");
    int now = time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    int64_t year = now;
    if (!str_to_i64(http_query_or(x, "year", STR_NONE), &year) || year > now ||
        year <= now - YEARS_SHOWN)
        year = now;
    TRY(counts_answers(ctx, procedure, (int)year, &counts));
    const Definition *definition = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    VEC_EACH (const FieldCount, count, &counts.fields)
        vec_push(view->arena, &fields, field_value(view, count));
    view_json(view, "name", definition->label.all);
    years_set(view, procedure, now, (int)year);
    view_int(view, "cases", counts.cases);
    view_int(view, "step", COUNTS_STEP);
    view_str(view, "before", time_format_date(view->arena, counts.before));
    view_items(view, "fields", &fields);
    page_crumb(view, STR("手続きの効果"), STR("Effect"), STR("/staff/effect"));
    page_crumb_to(view, *definition->label.all,
                  str_fmt(view->arena, "/staff/effect/" STR_FMT, STR_ARG(procedure)));
    return RC_OK;
}

static void counts_get(HttpExchange *x) {
    View view = page_view(x);
    if (counts_fill(x, &view) == RC_OK)
        page_show(x, 200, WEB_PAGE_EFFECT_ANSWERS, &view);
    else
        page_fail(x);
}

#define READERS                                                                                    \
    (PAGE_CITY | 1u << (GATE_ROLE_SHIFT + ROLE_STEWARD) | 1u << (GATE_ROLE_SHIFT + ROLE_AUDITOR))

/* All cases of the procedure are read. */
const HttpRoute page_counts_rows[] = {
    {HTTP_GET, "/staff/effect/{procedure}/answers", counts_get, HTTP_SLOW, 0, READERS, "Effect",
     "What was answered, counted by fiscal year", NULL, NULL, page_shown},
};
ROWS(page_counts_count, page_counts_rows);
