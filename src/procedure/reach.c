#include "procedure_int.h"

#define REACHES SPACE(STORE_LOCAL, "reach")
/* No id of a page has a dot. */
#define BEGUN STR(".begun")
#define SENT  STR(".sent")

static const int64_t kept = 3 * 366 * TIME_DAY;

typedef struct Numbers {
    int64_t seen, on;
} Numbers;

static Rc numbers_read(Ctx *ctx, Str text, Numbers *out) {
    Str seen;
    if (str_split(&text, ' ', &seen) && str_to_i64(seen, &out->seen) && str_to_i64(text, &out->on))
        return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "bad-row", STR_NONE,
                    "A counter of pages in local.db is damaged: its figures cannot be told.");
}

static Str prefix_of(Arena *arena, Str procedure) {
    return str_fmt(arena, STR_FMT "\t", STR_ARG(procedure));
}

/* ---- counting ---- */

static Rc add(Ctx *ctx, Batch *batch, Str key, Numbers more) {
    Str text;
    Numbers numbers = {0};
    Rc rc = batch_item(ctx, batch, REACHES, key, &text);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) TRY(numbers_read(ctx, text, &numbers));
    Item item = {.key = key,
                 .value = str_fmt(ctx->arena, "%lld %lld", (long long)(numbers.seen + more.seen),
                                  (long long)(numbers.on + more.on)),
                 .expires = time_now(ctx->clock) + kept};
    return batch_put(ctx, batch, REACHES, &item);
}

static Rc step_write(Ctx *ctx, Batch *batch, void *arg) {
    const ReachStep *step = arg;
    Date day = time_jst_date(time_now(ctx->clock));
    Str head =
        str_fmt(ctx->arena, STR_FMT "\t%04d-%02d\t", STR_ARG(step->procedure), day.year, day.month);
    Str from = str_empty(step->from) ? BEGUN : step->from;
    Str to = str_empty(step->to) ? SENT : step->to;
    TRY(add(ctx, batch, str_join(ctx->arena, (Str[]){head, from}, 2, STR_NONE),
            (Numbers){.seen = str_empty(step->from), .on = 1}));
    return add(ctx, batch, str_join(ctx->arena, (Str[]){head, to}, 2, STR_NONE),
               (Numbers){.seen = 1});
}

Rc reach_count(Ctx *ctx, const ReachStep *step) {
    return draft_rows(ctx, step_write, (void *)(uintptr_t)step);
}

/* ---- drafts of definitions ---- */

#define CHECK STR("check")

/* Where a page stands among those of its procedure; below all when it is none of them. */
static ptrdiff_t rank_of(const Definition *definition, Str page) {
    if (str_eq(page, CHECK)) return (ptrdiff_t)definition->pages.len;
    const FormPage *found = form_page(definition, page);
    return found ? found - definition->pages.items : -1;
}

/* A page that can't be counted is shown all the same. */
static void count_or_say(Ctx *ctx, const ReachStep *step) {
    if (reach_count(ctx, step) == RC_OK) return;
    log_warn("procedure", "a page of " STR_FMT " was not counted: " STR_FMT,
             STR_ARG(step->procedure), STR_ARG(ctx->error.detail));
}

static bool is_counted(const DefinedDraft *draft) {
    return str_eq(draft->channel, STR("web")) && str_empty(draft->bundle);
}

void reach_page(Ctx *ctx, const DefinedDraft *draft, const FormPage *page) {
    const Definition *definition = draft->definition;
    ReachStep step = {definition->id, draft->reached, page ? page->id : CHECK};
    if (!is_counted(draft) || rank_of(definition, step.to) <= rank_of(definition, step.from))
        return;
    JsonMembers said = {0};
    vec_push(ctx->arena, &said, (JsonMember){STR(".reached"), json_of_str(step.to)});
    if (defined_keep(ctx, definition, &said) == RC_OK) count_or_say(ctx, &step);
}

void reach_sent(Ctx *ctx, const DefinedDraft *draft) {
    ReachStep step = {draft->definition->id, draft->reached, STR_NONE};
    if (is_counted(draft) && !str_empty(draft->reached)) count_or_say(ctx, &step);
}

/* ---- reading ---- */

typedef struct Reading {
    Ctx *ctx;
    Str since;
    Reach *out;
    Rc rc;
} Reading;

static void sum_add(Reading *reading, Str page, const Numbers *numbers) {
    Reach *out = reading->out;
    if (str_eq(page, BEGUN)) out->begun += numbers->seen;
    if (str_eq(page, SENT)) out->sent += numbers->seen;
    if (str_starts(page, STR("."))) return;
    VEC_EACH (ReachPage, one, &out->pages) {
        if (!str_eq(one->page, page)) continue;
        one->seen += numbers->seen;
        one->on += numbers->on;
        return;
    }
    vec_push(reading->ctx->arena, &out->pages,
             (ReachPage){str_dup(reading->ctx->arena, page), numbers->seen, numbers->on});
}

static bool row_read(void *arg, const Item *item) {
    Reading *reading = arg;
    Str rest = item->key, procedure, month;
    Numbers numbers;
    if (!str_split(&rest, '\t', &procedure) || !str_split(&rest, '\t', &month)) return true;
    if (str_cmp(month, reading->since) < 0) return true;
    reading->rc = numbers_read(reading->ctx, item->value, &numbers);
    if (reading->rc == RC_OK) sum_add(reading, rest, &numbers);
    return reading->rc == RC_OK;
}

Rc reach_of(Ctx *ctx, Str procedure, Str since, Reach *out) {
    Reading reading = {.ctx = ctx, .since = since, .out = out};
    ItemRange range = {.space = REACHES, .prefix = prefix_of(ctx->arena, procedure)};
    *out = (Reach){0};
    TRY(reader_items(ctx, ctx->db, &range, row_read, &reading));
    return reading.rc;
}
