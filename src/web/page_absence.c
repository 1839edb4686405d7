/* page_absence: when officials are away: one says it of himself, a superior of those beneath him,
 * the operator of everybody. Only on these days does a deputy decide. */
#include "pages_int.h"

#include "decide/decide.h"

#define ACCOUNT_PREFIX "urn:ngsi-ld:Account:"

static Date today(const Ctx *ctx) {
    return time_jst_date(time_now(ctx->clock));
}

static Str suffix_of(Str account) {
    return str_sub(account, sizeof ACCOUNT_PREFIX - 1, account.len);
}

static Str account_of(Arena *arena, Str suffix) {
    return str_fmt(arena, ACCOUNT_PREFIX STR_FMT, STR_ARG(suffix));
}

/* ---- shown ---- */

static Json span_value(HttpExchange *x, const AwaySpan *span) {
    Ctx *ctx = http_ctx(x);
    View one = view_new(ctx->arena);
    view_str(&one, "from", time_format_date(ctx->arena, span->days.from));
    view_str(&one, "until", time_format_date(ctx->arena, span->days.until));
    view_bool(&one, "now", time_date_days(span->days.from) <= time_date_days(today(ctx)));
    view_set(&one, "by", str_empty(span->by) ? json_of_null() : page_post(x, span->by));
    return view_value(&one);
}

static Rc official_value(HttpExchange *x, const GateHolder *holder, Str chosen, Json *out) {
    Ctx *ctx = http_ctx(x);
    AwaySpans spans;
    JsonItems items = {0};
    View one = view_new(ctx->arena);
    bool own = str_eq(holder->account, ctx->actor->id);
    TRY(away_of(ctx, holder->account, today(ctx), &spans));
    VEC_EACH (const AwaySpan, span, &spans)
        vec_push(ctx->arena, &items, span_value(x, span));
    view_str(&one, "id", suffix_of(holder->account));
    view_set(&one, "name", page_name(x, holder->name));
    view_set(&one, "post", page_post(x, holder->posts.items[0]));
    view_bool(&one, "own", own);
    view_bool(&one, "chosen", str_empty(chosen) ? own : str_eq(chosen, suffix_of(holder->account)));
    view_items(&one, "spans", &items);
    *out = view_value(&one);
    return RC_OK;
}

/* What a form brought, to be shown again. */
typedef struct Wish {
    Str official, from, until;
} Wish;

static Rc officials_set(HttpExchange *x, View *view, const Wish *wish) {
    Ctx *ctx = http_ctx(x);
    GateHolders ruled;
    JsonItems items = {0};
    TRY(away_ruled(ctx, &ruled));
    VEC_EACH (const GateHolder, holder, &ruled) {
        Json *one = vec_push(ctx->arena, &items, json_of_null());
        TRY(official_value(x, holder, wish->official, one));
    }
    view_items(view, "officials", &items);
    return RC_OK;
}

static void absence_show(HttpExchange *x, int status, const Wish *wish, const Faults *faults) {
    View view = page_view(x), values = view_new(view.arena);
    if (officials_set(x, &view, wish) != RC_OK) {
        page_fail(x);
        return;
    }
    view_str(&values, "from", wish->from);
    view_str(&values, "until", wish->until);
    view_set(&view, "values", view_value(&values));
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_ABSENCE, &view);
}

static void absence_get(HttpExchange *x) {
    absence_show(x, 200, &(Wish){0}, NULL);
}

/* ---- said ---- */

static bool day_read(Ctx *ctx, Str text, const char *field, Date *out, Faults *faults) {
    if (time_parse_date(str_trim(text), out)) return true;
    vec_push(ctx->arena, faults, (Fault){field, "required"});
    return false;
}

static const char *fault_code(const Error *error) {
    static const char *const codes[] = {"order", "past", "far", "overlap"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_eq(error->code, str_of(codes[i]))) return codes[i];
    return NULL;
}

static Rc absence_add(Ctx *ctx, const Wish *wish, Faults *faults) {
    OrgDays days;
    bool from = day_read(ctx, wish->from, "from", &days.from, faults),
         until = day_read(ctx, wish->until, "until", &days.until, faults);
    if (!from || !until) return RC_INVALID;
    Str account =
        str_empty(wish->official) ? ctx->actor->id : account_of(ctx->arena, wish->official);
    Rc rc = away_add(ctx, account, days);
    const char *code = fault_code(&ctx->error);
    if (rc == RC_INVALID && code)
        vec_push(ctx->arena, faults,
                 (Fault){str_eq(ctx->error.path, STR("until")) ? "until" : "from", code});
    if (rc == RC_LIMIT && str_eq(ctx->error.code, STR("too-many")))
        vec_push(ctx->arena, faults, (Fault){"from", "many"});
    return rc;
}

/* The button's value names whose absence ends: ID/2026-12-01. */
static Rc absence_end(Ctx *ctx, Str which) {
    Str id;
    Date from;
    if (!str_split(&which, '/', &id) || !time_parse_date(which, &from))
        return ctx_fail(ctx, RC_INVALID, "no-absence", STR("end"), "Choose which absence ends.");
    Rc rc = away_end(ctx, account_of(ctx->arena, id), from);
    bool gone = rc == RC_NOT_FOUND && str_eq(ctx->error.code, STR("no-absence"));
    return gone ? RC_OK : rc; /* pressed twice: it is as he wishes */
}

static void absence_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Wish wish = {http_form_value(form, "official"), http_form_value(form, "from"),
                 http_form_value(form, "until")};
    Str end = http_form_value(form, "end");
    Rc rc = str_empty(end) ? absence_add(ctx, &wish, &faults) : absence_end(ctx, end);
    if (rc == RC_OK)
        page_see(x, STR("/staff/absence"));
    else if (faults.len)
        absence_show(x, 422, &wish, &faults);
    else
        page_fail(x);
}

const HttpRoute page_absence_rows[] = {
    {HTTP_GET, "/staff/absence", absence_get, HTTP_POOL, 0, GATE_STAFF, "Decisions",
     "Who is away, and until when", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/absence", absence_post, HTTP_POOL, PAGE_FORM_MAX, GATE_STAFF | GATE_FORM,
     "Decisions", "Say when somebody is away", NULL, NULL, page_posted},
};
ROWS(page_absence_count, page_absence_rows);
