/* page_lottery: the lottery of a month's slots: its list, seed and draw for everybody, and the page
 * on which an official enters the seed that was published. */
#include "pages_int.h"

enum { MONTHS_SHOWN = 3 };

static const char *const state_words[] = {[DRAW_NONE] = "open",
                                          [DRAW_CLOSING] = "closing",
                                          [DRAW_CLOSED] = "closed",
                                          [DRAW_DRAWN] = "drawn"};

static Str lottery_url(Arena *arena, const char *before, const Draw *draw) {
    return str_fmt(arena, "%s/lotteries/" STR_FMT "/" STR_FMT, before,
                   STR_ARG(draw->definition->reservation->resource),
                   STR_ARG(reservation_month_text(arena, draw->month)));
}

/* The lottery of the address; false when it has answered. */
static bool lottery_asked(HttpExchange *x, Draw *out) {
    Ctx *ctx = http_ctx(x);
    Str resource = http_path_param(x, "lottery"), month = http_path_param(x, "month");
    Date today = time_jst_date(time_now(ctx->clock)), first;
    const Definition *definition =
        catalogue_resource(procedures_catalogue(ctx->tenant), resource, today);
    bool there = definition && definition->reservation->mode == RESERVE_LOTTERY &&
                 reservation_month_read(month, &first);
    Rc rc = there ? draw_load(ctx, definition, first, out)
                  : ctx_fail(ctx, RC_NOT_FOUND, "no-lottery", month,
                             "There is no lottery of this name for this month.");
    if (rc == RC_OK) return true;
    page_fail(x);
    return false;
}

static size_t wins_of(const Draw *draw) {
    size_t wins = 0;
    VEC_EACH (const LotteryRank, rank, &draw->ranks)
        wins += rank->wins;
    return wins;
}

static void draw_set(View *view, const Draw *draw) {
    const ReservationLottery *lottery = &draw->definition->reservation->lottery;
    view_json(view, "label", draw->definition->label.all);
    view_str(view, "name", draw->lottery.name);
    view_str(view, "month", reservation_month_text(view->arena, draw->month));
    view_str(view, "state", str_of(state_words[draw->state]));
    view_int(view, "opens", lottery_opens(lottery, draw->month));
    view_int(view, "closes", lottery_closes(lottery, draw->month));
    view_int(view, "frees", lottery_frees(lottery, draw->month));
    view_str(view, "randomness", draw->lottery.randomness);
    view_str(view, "seed", draw->lottery.seed);
    view_int(view, "entries", (int64_t)draw->lottery.entries.len);
    view_int(view, "wins", (int64_t)wins_of(draw));
    view_str(view, "list",
             draw->state >= DRAW_CLOSED ? str_fmt(view->arena, STR_FMT "/list",
                                                  STR_ARG(lottery_url(view->arena, "", draw)))
                                        : STR_NONE);
}

static void lottery_get(HttpExchange *x) {
    Draw draw;
    if (!lottery_asked(x, &draw)) return;
    View view = page_view(x);
    draw_set(&view, &draw);
    page_crumb_to(&view, *draw.definition->label.all,
                  str_fmt(view.arena, "/procedures/" STR_FMT, STR_ARG(draw.definition->id)));
    page_crumb(&view, str_fmt(view.arena, "抽選 " STR_FMT, STR_ARG(draw.lottery.name)),
               str_fmt(view.arena, "Lottery " STR_FMT, STR_ARG(draw.lottery.name)), STR_NONE);
    page_show(x, 200, WEB_PAGE_LOTTERY, &view);
}

static void list_get(HttpExchange *x) {
    Draw draw;
    Ctx *ctx = http_ctx(x);
    if (!lottery_asked(x, &draw)) return;
    if (draw.state < DRAW_CLOSED) {
        (void)ctx_fail(ctx, RC_NOT_FOUND, "no-list", draw.lottery.name,
                       "The list of this lottery is published when its entries are closed.");
        page_fail(x);
        return;
    }
    bool drawn = draw.state == DRAW_DRAWN && draw.lottery.entries.len;
    Str file = lottery_file(ctx->arena, &draw.lottery, drawn ? &draw.ranks : NULL);
    http_answer(x, 200, STR("text/plain; charset=utf-8"), file);
}

/* ---- the office ---- */

/* A seed that was not taken: of which lottery. NULL as a fault: none was entered. */
typedef struct SeedSaid {
    Str id; /* of its field */
    const char *fault;
    Str written;
} SeedSaid;

static Str seed_id(Arena *arena, const Draw *draw) {
    return str_fmt(arena, "seed-" STR_FMT "-" STR_FMT,
                   STR_ARG(draw->definition->reservation->resource),
                   STR_ARG(reservation_month_text(arena, draw->month)));
}

static Str seed_fault(Arena *arena, const SeedSaid *said) {
    return str_fmt(arena, "seed.%s", said->fault);
}

static void seed_set(View *one, const Draw *draw, const SeedSaid *said) {
    Str id = seed_id(one->arena, draw);
    bool own = said->fault && str_eq(said->id, id);
    view_str(one, "id", id);
    view_str(one, "error", own ? seed_fault(one->arena, said) : STR_NONE);
    view_set(one, "written", json_of_str(own ? said->written : STR("")));
}

static Rc rows_set(HttpExchange *x, View *view, const SeedSaid *said) {
    Ctx *ctx = http_ctx(x);
    Date today = time_jst_date(time_now(ctx->clock));
    Definitions found;
    JsonItems rows = {0};
    CatalogueQuery query = {.day = today};
    catalogue_search(ctx->arena, procedures_catalogue(ctx->tenant), &query, &found);
    for (size_t i = 0; i < found.len; i++) {
        const Reservation *reservation = found.items[i]->reservation;
        if (!reservation || reservation->mode != RESERVE_LOTTERY) continue;
        for (int n = 0; n < MONTHS_SHOWN; n++) {
            Draw draw;
            View one = view_new(ctx->arena);
            TRY(draw_load(ctx, found.items[i], reservation_month(today, n), &draw));
            draw_set(&one, &draw);
            view_str(&one, "url", lottery_url(ctx->arena, "", &draw));
            view_str(&one, "send", lottery_url(ctx->arena, "/staff", &draw));
            seed_set(&one, &draw, said);
            vec_push(ctx->arena, &rows, view_value(&one));
        }
    }
    view_items(view, "rows", &rows);
    return RC_OK;
}

static void desk_show(HttpExchange *x, int status, const SeedSaid *said) {
    View view = page_view(x);
    if (said->fault) {
        View errors = view_new(view.arena);
        view_set(&errors, str_z(view.arena, said->id), json_of_str(seed_fault(view.arena, said)));
        view_set(&view, "errors", view_value(&errors));
    }
    if (rows_set(x, &view, said) == RC_OK)
        page_show(x, status, WEB_PAGE_LOTTERIES, &view);
    else
        page_fail(x);
}

static void desk_get(HttpExchange *x) {
    desk_show(x, 200, &(SeedSaid){0});
}

static const char *fault_of(const Ctx *ctx, Rc rc) {
    if (rc == RC_INVALID) return "format";
    return str_eq(ctx->error.code, STR("not-published")) ? "early" : "late";
}

static void seed_post(HttpExchange *x) {
    Draw draw;
    const HttpForm *form;
    Ctx *ctx = http_ctx(x);
    if (!page_form(x, &form) || !lottery_asked(x, &draw)) return;
    Str seed = http_form_value(form, "seed");
    Rc rc = draw_seed(ctx, draw.definition, draw.month, seed);
    if (rc == RC_OK)
        page_see(x, lottery_url(ctx->arena, "", &draw));
    else if (rc == RC_INVALID || rc == RC_CONFLICT)
        desk_show(x, 422, &(SeedSaid){seed_id(ctx->arena, &draw), fault_of(ctx, rc), seed});
    else
        page_fail(x);
}

/* ---- of a case ---- */

void page_draw_entry(HttpExchange *x, View *view, const Entity *application) {
    Ctx *ctx = http_ctx(x);
    DrawEntry entry;
    Draw draw;
    view_null(view, "entry");
    if (!draw_entry(ctx, application, &entry)) return;
    if (draw_load(ctx, defined_of(ctx, application), entry.month, &draw) != RC_OK) return;
    View one = view_new(view->arena);
    int64_t rank = 0;
    for (size_t i = 0; i < draw.ranks.len; i++)
        if (str_eq(draw.ranks.items[i].entry->commitment, entry.commitment)) rank = (int64_t)i + 1;
    view_str(&one, "commitment", entry.commitment);
    view_str(&one, "salt", entry.salt);
    view_str(&one, "case", application->id);
    view_int(&one, "rank", rank);
    view_int(&one, "entries", (int64_t)draw.ranks.len);
    view_str(&one, "url", lottery_url(view->arena, "", &draw));
    view_set(view, "entry", view_value(&one));
}

PAGE_ANSWERS(list_answers, {200, "text/plain", NULL});

const HttpRoute page_lottery_rows[] = {
    PAGE_SHOW("/lotteries/{lottery}/{month}", GATE_PUBLIC, "Procedures", lottery_get,
              "A lottery: its list, seed and draw"),
    {HTTP_GET, "/lotteries/{lottery}/{month}/list", list_get, HTTP_POOL, 0, GATE_PUBLIC,
     "Procedures", "The published file of a lottery", NULL, NULL, list_answers},
    PAGE_SHOW("/staff/lotteries", PAGE_CITY, "Office", desk_get, "Lotteries"),
    PAGE_SEND("/staff/lotteries/{lottery}/{month}", PAGE_CITY, "Office", seed_post,
              "Enter the seed of a lottery"),
};
ROWS(page_lottery_count, page_lottery_rows);
