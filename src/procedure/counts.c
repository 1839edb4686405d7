/* counts: what was answered, counted over all cases of a procedure and a fiscal year. */
#include "procedure_int.h"

#include "counts.h"

/* A count under way. */
typedef struct Counting {
    AnswerCounts *out;
    Arena *arena; /* outlives the cases */
    int year;
} Counting;

static void field_add(Arena *arena, const Field *field, AnswerCounts *out) {
    FieldCount *count = vec_push(arena, &out->fields, (FieldCount){.field = field});
    VEC_EACH (const FieldOption, option, &field->options)
        vec_push(arena, &count->answers, (AnswerCount){.value = feel_of_str(option->id)});
    for (int yes = 1; yes >= 0 && field->kind == FIELD_YES_NO; yes--)
        vec_push(arena, &count->answers, (AnswerCount){.value = feel_of_bool(yes)});
}

static bool is_value(const FeelValue *said, const FeelValue *value) {
    bool known;
    return feel_equal(said, value, &known) && known;
}

/* Of several choices each that was chosen. */
static void answer_count(FieldCount *count, const FeelValue *said) {
    VEC_EACH (AnswerCount, one, &count->answers) {
        bool chosen = is_value(said, &one->value);
        for (uint32_t i = 0; said->kind == FEEL_LIST && i < said->len; i++)
            chosen |= is_value(&said->items[i], &one->value);
        one->n += chosen;
    }
    count->n++;
}

static Rc case_count(Ctx *ctx, void *arg, const Entity *application) {
    Counting *counting = arg;
    int64_t at = case_arrived(application);
    if (!at || case_is_erased(application)) return RC_OK;
    Date day = time_jst_date(at);
    if (time_fiscal_year(day) != counting->year ||
        time_date_days(day) >= time_date_days(counting->out->before))
        return RC_OK;
    counting->out->cases++;
    VEC_EACH (FieldCount, count, &counting->out->fields) {
        FormAnswer answer;
        if (!defined_answer(ctx->arena, application, count->field, &answer)) continue;
        answer_count(count, &answer.value);
        double n;
        if (answer.value.kind == FEEL_NUMBER &&
            str_to_f64(feel_text(ctx->arena, &answer.value), &n))
            count->mean += (n - count->mean) / (double)count->n;
    }
    return RC_OK;
}

static int64_t held(int64_t n) {
    return n / COUNTS_STEP * COUNTS_STEP;
}

/* A mean of few says what each of them has answered. */
static void hold(AnswerCounts *out) {
    out->cases = held(out->cases);
    VEC_EACH (FieldCount, count, &out->fields) {
        count->n = held(count->n);
        if (!count->n) count->mean = 0;
        VEC_EACH (AnswerCount, one, &count->answers)
            one->n = held(one->n);
    }
}

/* The month that goes on would show each new case by a figure that changes. */
static Date counted_before(Ctx *ctx, int year) {
    Date today = time_jst_date(time_now(ctx->clock)), end = {year + 1, 4, 1};
    Date month = {today.year, today.month, 1};
    return time_date_days(month) < time_date_days(end) ? month : end;
}

Rc counts_answers(Ctx *ctx, Str procedure, int fiscal_year, AnswerCounts *out) {
    const Definition *definition = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    Counting counting = {out, ctx->arena, fiscal_year};
    *out = (AnswerCounts){.before = counted_before(ctx, fiscal_year)};
    if (!definition)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-procedure", procedure,
                        "There is no such procedure.");
    VEC_EACH (const Str, id, &definition->statistics)
        field_add(ctx->arena, definition_field(definition, *id), out);
    ProjectWish wish = {
        .type = STR("Application"),
        .q = str_fmt(ctx->arena, "procedure==\"" STR_FMT "\"", STR_ARG(definition->id))};
    TRY(project_each(ctx, &wish, case_count, &counting));
    hold(out);
    return RC_OK;
}
