/* effect_steps: the work on cases by the step at which it was done, beside the sums of effect.c and
   in the rows of the same follower: 'y' case → its group, and each step with its seconds; 'x'
   group|step → seconds and cases. */
#include "insight_int.h"

enum { ROW_MAX = 8192 };

typedef struct StepWork {
    Str step;
    int64_t seconds;
} StepWork;

typedef struct CaseWork {
    Str group; /* empty: it has none */
    VEC(StepWork) steps;
} CaseWork;

static Rc damaged(Ctx *ctx, Str key) {
    return ctx_fail(ctx, RC_FAILED, "bad-row", key,
                    "A counter of the work on cases is damaged: rebuild state.db.");
}

static Str work_key(Arena *arena, Str case_id) {
    return str_fmt(arena, "y" STR_FMT, STR_ARG(case_id));
}

/* "group\tstep\tseconds\tstep\tseconds .." */
static Rc work_get(Ctx *ctx, Rows *rows, Str case_id, CaseWork *out) {
    Str text, rest, key = work_key(ctx->arena, case_id);
    StepWork one;
    *out = (CaseWork){0};
    Rc found = rows_get(ctx, rows, key, &text);
    if (found == RC_NOT_FOUND) return RC_OK;
    TRY(found);
    rest = str_dup(ctx->arena, text);
    if (!str_split(&rest, '\t', &out->group)) return damaged(ctx, key);
    while (str_split(&rest, '\t', &one.step)) {
        Str seconds;
        if (!str_split(&rest, '\t', &seconds) || !str_to_i64(seconds, &one.seconds))
            return damaged(ctx, key);
        vec_push(ctx->arena, &out->steps, one);
    }
    return RC_OK;
}

static Rc work_put(Ctx *ctx, Rows *rows, Str case_id, const CaseWork *work) {
    Str key = work_key(ctx->arena, case_id);
    Buf text = buf_new(ctx->arena, ROW_MAX);
    if (str_empty(work->group)) return rows_delete(ctx, rows, key);
    buf_add(&text, work->group);
    VEC_EACH (const StepWork, one, &work->steps)
        buf_addf(&text, "\t" STR_FMT "\t%lld", STR_ARG(one->step), (long long)one->seconds);
    return rows_put(ctx, rows, key, buf_str(&text));
}

static Rc sum_read(Ctx *ctx, Str key, Str text, int64_t sums[2]) {
    Str seconds;
    bool whole = str_split(&text, ' ', &seconds) && str_to_i64(seconds, &sums[0]) &&
                 str_to_i64(text, &sums[1]);
    return whole ? RC_OK : damaged(ctx, key);
}

/* sign: 1 adds it to the sums of its group, -1 takes it out again. */
static Rc work_count(Ctx *ctx, Rows *rows, const CaseWork *work, int sign) {
    if (str_empty(work->group)) return RC_OK;
    VEC_EACH (const StepWork, one, &work->steps) {
        Str key = str_fmt(ctx->arena, "x" STR_FMT "|" STR_FMT, STR_ARG(work->group),
                          STR_ARG(one->step)),
            text;
        int64_t sums[2] = {0};
        Rc found = rows_get(ctx, rows, key, &text);
        if (found == RC_OK) TRY(sum_read(ctx, key, text, sums));
        if (found != RC_OK && found != RC_NOT_FOUND) return found;
        sums[0] += sign * one->seconds;
        sums[1] += sign;
        text = str_fmt(ctx->arena, "%lld %lld", (long long)sums[0], (long long)sums[1]);
        TRY(sums[1] ? rows_put(ctx, rows, key, text) : rows_delete(ctx, rows, key));
    }
    return RC_OK;
}

Rc effect_steps_group(Ctx *ctx, Rows *rows, Str case_id, Str group) {
    CaseWork work;
    TRY(work_get(ctx, rows, case_id, &work));
    if (str_empty(work.group) || str_eq(work.group, group)) return RC_OK;
    TRY(work_count(ctx, rows, &work, -1));
    work.group = group;
    TRY(work_count(ctx, rows, &work, 1));
    return work_put(ctx, rows, case_id, &work);
}

Rc effect_steps_set(Ctx *ctx, Rows *rows, Str case_id, Str group, const Entity *touch) {
    CaseWork before, after = {.group = group};
    const Attr *steps = entity_attr(touch, IRI("steps"));
    TRY(work_get(ctx, rows, case_id, &before));
    for (uint32_t i = 0; steps && steps->value && i < steps->value->len; i++) {
        const JsonMember *member = &steps->value->value.members[i];
        vec_push(ctx->arena, &after.steps,
                 (StepWork){member->name, member->value.is_int ? member->value.value.integer : 0});
    }
    TRY(work_count(ctx, rows, &before, -1));
    TRY(work_count(ctx, rows, &after, 1));
    return work_put(ctx, rows, case_id, &after);
}

/* ---- reading ---- */

typedef struct Reading {
    Ctx *ctx;
    Str from;
    EffectSteps *out;
    Rc rc;
} Reading;

static bool sum_show(void *arg, Str key, Str value) {
    Reading *reading = arg;
    int64_t sums[2];
    Str rest = str_dup(reading->ctx->arena, str_sub(key, 1, key.len)), procedure;
    EffectStep one = {0};
    bool whole = str_split(&rest, '|', &procedure) && str_split(&rest, '|', &one.month) &&
                 str_split(&rest, '|', &one.channel);
    one.step = rest;
    reading->rc = whole ? sum_read(reading->ctx, key, value, sums) : damaged(reading->ctx, key);
    if (reading->rc != RC_OK) return false;
    one.seconds = sums[0];
    one.cases = sums[1];
    if (str_cmp(one.month, reading->from) >= 0) vec_push(reading->ctx->arena, reading->out, one);
    return true;
}

Rc insight_effect_steps(Ctx *ctx, Str procedure, Str from, EffectSteps *out) {
    Reading reading = {.ctx = ctx, .from = from, .out = out};
    RowsRange range = {.follower = "effect",
                       .prefix = str_fmt(ctx->arena, "x" STR_FMT "|", STR_ARG(procedure))};
    *out = (EffectSteps){0};
    TRY(project_rows(ctx, ctx->tenant->project, &range, sum_show, &reading));
    return reading.rc;
}
