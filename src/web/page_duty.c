/* page_duty: who has which duty (職務代理, 事務取扱, 応援, a project team) today and when; ordering
 * one, agreeing to it, ending it; and the vacant posts for which something waits. */
#include "pages_int.h"

#include "decide/decide.h"

enum { LIST_PAGE = 50 };

static Date today(const Ctx *ctx) {
    return time_jst_date(time_now(ctx->clock));
}

/* ---- vacant posts ---- */

/* Today's, where he stands above the post or may order who acts for it. */
static bool is_his_vacancy(const Ctx *ctx, const AppointOffice *office, const GatePost *post) {
    bool near = org_is_above(&office->posts, ctx->actor->post, post->id) ||
                appoint_orders(ctx, office, DUTY_ACTING, post);
    bool gone =
        post->abolished.year && time_date_days(today(ctx)) >= time_date_days(post->abolished);
    if (!near || gone) return false;
    VEC_EACH (const GateHolder, holder, &office->officials)
        if (org_lists(&holder->posts, post->id)) return false;
    return true;
}

static Rc cases_waiting(Ctx *ctx, Str post, int64_t *out) {
    int64_t counts[CASE_STATES];
    *out = 0;
    TRY(inbox_counts(ctx, post, counts));
    for (unsigned state = 0; state < CASE_STATES; state++)
        *out += CASE_ENDS & 1u << state ? 0 : counts[state];
    return RC_OK;
}

/* Vacant posts, and how many proposals wait for each. */
typedef struct Vacancies {
    StrVec posts;
    int64_t *proposals;
} Vacancies;

static Rc proposal_count(Ctx *ctx, void *arg, const Entity *decision) {
    const Vacancies *vacant = arg;
    const Attr *waits = entity_attr(decision, STR(LD_DEFAULT "waitsFor"));
    (void)ctx;
    for (size_t i = 0; waits && waits->value && i < vacant->posts.len; i++)
        vacant->proposals[i] += json_has(waits->value, vacant->posts.items[i]);
    return RC_OK;
}

/* Of those that he may see. */
static Rc proposals_waiting(Ctx *ctx, Vacancies *vacant) {
    Str any = str_join(ctx->arena, vacant->posts.items, vacant->posts.len, STR("\",\""));
    Str condition =
        str_fmt(ctx->arena, "state==\"waiting\";waitsFor==\"" STR_FMT "\"", STR_ARG(any));
    ProjectWish wish = {.type = STR("Decision"), .q = condition, .view = gate_view};
    vacant->proposals = NEW_ARRAY(ctx->arena, int64_t, vacant->posts.len);
    for (size_t i = 0; i < vacant->posts.len; i++)
        vacant->proposals[i] = 0;
    return project_each(ctx, &wish, proposal_count, vacant);
}

/* Whether he may order or ask for any duty of the post. */
static unsigned orders_any(const Ctx *ctx, const AppointOffice *office, Str id) {
    unsigned some = 0;
    for (unsigned kind = 0; kind < DUTY_KINDS; kind++)
        if (appoint_orders(ctx, office, (GateDutyKind)kind, gate_post(ctx->tenant->gate, id)))
            some |= 1u << kind;
    return some;
}

static Str order_url(Arena *arena, Str post) {
    return str_fmt(arena, "/staff/duties?post=" STR_FMT "#order",
                   STR_ARG(http_url_encode(arena, post)));
}

static Rc vacant_set(HttpExchange *x, const AppointOffice *office, View *view) {
    Ctx *ctx = http_ctx(x);
    JsonItems items = {0};
    Vacancies vacant = {0};
    const GatePost *post;
    for (size_t i = 0; (post = gate_post_at(ctx->tenant->gate, i)); i++)
        if (is_his_vacancy(ctx, office, post)) vec_push(ctx->arena, &vacant.posts, post->id);
    if (vacant.posts.len) TRY(proposals_waiting(ctx, &vacant));
    for (size_t i = 0; i < vacant.posts.len; i++) {
        int64_t cases;
        Str id = vacant.posts.items[i];
        TRY(cases_waiting(ctx, id, &cases));
        if (!cases && !vacant.proposals[i]) continue;
        View one = view_new(ctx->arena);
        view_set(&one, "post", page_post(x, id));
        view_str(&one, "url", orders_any(ctx, office, id) ? order_url(one.arena, id) : STR_NONE);
        view_int(&one, "cases", cases);
        view_int(&one, "proposals", vacant.proposals[i]);
        vec_push(one.arena, &items, view_value(&one));
    }
    view_items(view, "vacant", &items);
    return RC_OK;
}

Rc page_vacant(HttpExchange *x, View *view) {
    static const JsonItems none = {0};
    Ctx *ctx = http_ctx(x);
    AppointOffice office;
    view_items(view, "vacant", &none);
    if (!(ctx->actor->roles & 1u << ROLE_CHIEF)) return RC_OK;
    TRY(appoint_office(ctx, &office));
    return vacant_set(x, &office, view);
}

/* ---- the list ---- */

/* In the order of the list. */
static const char *const states[] = {"now", "asked", "later", "over"};

static size_t state_of(const Ctx *ctx, const GateDuty *duty) {
    int64_t now = time_now(ctx->clock);
    if (gate_duty_over(ctx->tenant->gate, duty, now)) return 3;
    if (!str_empty(duty->waits)) return 1;
    return gate_duty_runs(ctx->tenant->gate, duty, now) ? 0 : 2;
}

static Json post_or_null(HttpExchange *x, Str post) {
    return str_empty(post) ? json_of_null() : page_post(x, post);
}

static void official_set(HttpExchange *x, View *view, const AppointOffice *office, Str account) {
    view_null(view, "name");
    view_null(view, "own_post");
    VEC_EACH (const GateHolder, holder, &office->officials)
        if (str_eq(holder->account, account)) {
            view_set(view, "name", page_name(x, holder->name));
            view_set(view, "own_post",
                     holder->own ? page_post(x, holder->posts.items[0]) : json_of_null());
        }
}

static Json duty_value(HttpExchange *x, const AppointOffice *office, const GateDuty *duty) {
    Ctx *ctx = http_ctx(x);
    View one = view_new(ctx->arena);
    AppointMay may = appoint_may(ctx, office, duty);
    view_str(&one, "key",
             str_fmt(one.arena, STR_FMT "/" STR_FMT, STR_ARG(duty->post), STR_ARG(duty->id)));
    view_str(&one, "kind", str_of(gate_duty_word(duty->kind)));
    view_str(&one, "state", str_of(states[state_of(ctx, duty)]));
    official_set(x, &one, office, duty->official);
    view_set(&one, "post", page_post(x, duty->post));
    view_str(&one, "from", time_format_date(one.arena, duty->from));
    view_str(&one, "until", time_format_date(one.arena, duty->until));
    view_str(&one, "ground", duty->ground);
    view_set(&one, "by", post_or_null(x, duty->by));
    view_set(&one, "agreed_by", post_or_null(x, duty->agreed_by));
    view_set(&one, "ended_by", post_or_null(x, duty->ended_by));
    view_instant(&one, "ended", duty->ended_at);
    view_bool(&one, "by_law", duty->by_law);
    view_str(&one, "waits", duty->waits);
    view_bool(&one, "agrees", may.agree);
    view_bool(&one, "ends", may.end);
    return view_value(&one);
}

static void duties_sort(Ctx *ctx, const GateDuties *all, GateDuties *out) {
    *out = (GateDuties){0};
    for (size_t state = 0; state < sizeof states / sizeof *states; state++)
        VEC_EACH (const GateDuty, duty, all)
            if (state_of(ctx, duty) == state) vec_push(ctx->arena, out, *duty);
}

/* A page of them. `changes`: he may agree to one of them or end it, once he has confirmed who he
 * is. */
static void duties_set(HttpExchange *x, const AppointOffice *office, View *view) {
    Ctx *ctx = http_ctx(x);
    GateDuties found, all;
    bool changes = false;
    JsonItems items = {0};
    gate_duties(ctx, &found);
    duties_sort(ctx, &found, &all);
    Pager pager = {
        .path = STR("/staff/duties"), .page = page_number(x), .size = LIST_PAGE, .total = all.len};
    for (size_t i = (pager.page - 1) * LIST_PAGE; i < all.len && i < pager.page * LIST_PAGE; i++)
        vec_push(ctx->arena, &items, duty_value(x, office, &all.items[i]));
    page_pager(view, &pager);
    for (size_t i = 0; i < all.len && !changes; i++) {
        AppointMay may = appoint_may(ctx, office, &all.items[i]);
        changes = may.agree || may.end;
    }
    view_items(view, "duties", &items);
    view_bool(view, "changes", changes);
}

/* ---- the form ---- */

/* What it brought, to be shown again. */
typedef struct Wish {
    Str kind, post, official, from, until, ground;
    Str division; /* whose officials are offered; empty: one's own */
    Date changes; /* from which day on another is the first of the order; year 0: from none */
    Str first;    /* his post, where this official never is; empty: he is at first */
} Wish;

static Json chosen_value(Arena *arena, Str id, Json label, bool chosen) {
    View one = view_new(arena);
    view_str(&one, "id", id);
    view_set(&one, "label", label);
    view_bool(&one, "chosen", chosen);
    return view_value(&one);
}

/* `kinds` that he may order or ask for at all, and `posts` for which he may any. */
static void orders_set(HttpExchange *x, View *view, const AppointOffice *office, const Wish *wish) {
    Ctx *ctx = http_ctx(x);
    JsonItems kinds = {0}, posts = {0};
    const GatePost *post;
    unsigned any = 0;
    for (size_t i = 0; (post = gate_post_at(ctx->tenant->gate, i)); i++) {
        unsigned some = orders_any(ctx, office, post->id);
        if (some)
            vec_push(ctx->arena, &posts,
                     chosen_value(ctx->arena, post->id, page_post(x, post->id),
                                  str_eq(post->id, wish->post)));
        any |= some;
    }
    for (unsigned kind = 0; kind < DUTY_KINDS; kind++)
        if (any & 1u << kind)
            vec_push(ctx->arena, &kinds, json_of_str(str_of(gate_duty_word((GateDutyKind)kind))));
    view_items(view, "kinds", &kinds);
    view_items(view, "posts", &posts);
}

/* `divisions`, and `officials` of the chosen one, by their main posts. */
static void officials_set(HttpExchange *x, View *view, const AppointOffice *office,
                          const Wish *wish) {
    Ctx *ctx = http_ctx(x);
    const Json *all = json_get(page_organisation(x), STR("divisions"));
    JsonItems divisions = {0}, officials = {0};
    Str division = str_empty(wish->division) ? ctx->actor->division : wish->division;
    for (size_t i = 0; all && i < all->len; i++) {
        Str id = json_get_str(json_at(all, i), "id");
        const Json *name = json_get(json_at(all, i), STR("name"));
        vec_push(
            ctx->arena, &divisions,
            chosen_value(ctx->arena, id, name ? *name : json_of_str(id), str_eq(id, division)));
    }
    VEC_EACH (const GateHolder, one, &office->officials) {
        const GatePost *main = one->own ? gate_post(ctx->tenant->gate, one->posts.items[0]) : NULL;
        if (!main || !str_eq(main->division, division) || str_eq(one->account, ctx->actor->id))
            continue;
        View shown = view_new(ctx->arena);
        view_str(&shown, "id", one->account);
        view_set(&shown, "name", page_name(x, one->name));
        view_set(&shown, "post", page_post(x, main->id));
        view_bool(&shown, "chosen", str_eq(one->account, wish->official));
        vec_push(ctx->arena, &officials, view_value(&shown));
    }
    view_items(view, "divisions", &divisions);

    view_items(view, "officials", &officials);
}

static void values_set(View *view, const Wish *wish) {
    View values = view_new(view->arena);
    view_str(&values, "kind", wish->kind);
    view_str(&values, "from", wish->from);
    view_str(&values, "until", wish->until);
    view_str(&values, "ground", wish->ground);
    view_set(view, "values", view_value(&values));
}

/* Who acts by law instead. */
static Json first_text(Ctx *ctx, const Wish *wish) {
    Arena *arena = ctx->arena;
    const GatePost *post = gate_post(ctx->tenant->gate, wish->first);
    Date day = wish->changes;
    return view_text(
        arena,
        str_fmt(arena, "定められた順では、" STR_FMT "からこの職を担うのは「" STR_FMT "」の人です",
                STR_ARG(time_format_japanese(arena, day)), STR_ARG(post->title_ja)),
        str_fmt(arena,
                "By the order that law and rule set, from " STR_FMT
                " on who acts for this post is: " STR_FMT,
                STR_ARG(time_format_date(arena, day)), STR_ARG(post->title_en)));
}

static Json changes_text(Ctx *ctx, const Wish *wish) {
    Arena *arena = ctx->arena;
    Date day = wish->changes;
    if (!day.year) return json_of_null();
    if (!str_empty(wish->first)) return first_text(ctx, wish);
    return view_text(
        arena,
        str_fmt(arena,
                STR_FMT "からは、定められた順でこの職員より先の人がいるか、この職員が不在です。"
                        "最後の日をその前の日までにして、そこからは別に命じてください",
                STR_ARG(time_format_japanese(arena, day))),
        str_fmt(arena,
                "From " STR_FMT
                " on somebody before this official in the order is there, or this one is away: end "
                "it on the day before, and order anew from then on",
                STR_ARG(time_format_date(arena, day))));
}

/* What a form brought, and the address by which it is shown again: the ground isn't part of that,
   since addresses stand in histories and logs. */
static const struct {
    const char *field, *query; /* NULL: in no address */
    size_t to;                 /* offset of a Str in Wish */
} asked[] = {
    {"duty_kind", "kind", offsetof(Wish, kind)},
    {"duty_post", "post", offsetof(Wish, post)},
    {"duty_official", "official", offsetof(Wish, official)},
    {"duty_from", "from", offsetof(Wish, from)},
    {"duty_until", "until", offsetof(Wish, until)},
    {"duty_ground", NULL, offsetof(Wish, ground)},
    {"division", "division", offsetof(Wish, division)},
};

#define ASKED(wish, i) ((Str *)((char *)(wish) + asked[i].to))

/* Whoever confirms who he is finds the form as he left it, but for the ground. */
static Str confirm_url(Arena *arena, const Wish *wish) {
    Buf next = buf_new(arena, PAGE_FORM_MAX);
    buf_add(&next, STR("/staff/duties"));
    for (size_t i = 0, n = 0; i < sizeof asked / sizeof *asked; i++) {
        Str value = *ASKED(wish, i);
        if (!asked[i].query || str_empty(value)) continue;
        buf_addf(&next, "%c%s=" STR_FMT, n++ ? '&' : '?', asked[i].query,
                 STR_ARG(http_url_encode(arena, value)));
    }
    return str_fmt(arena, "/step-up?next=" STR_FMT,
                   STR_ARG(http_url_encode(arena, buf_str(&next))));
}

static void duties_show(HttpExchange *x, int status, const Wish *wish, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    AppointOffice office;
    View view = page_view(x);
    if (appoint_office(ctx, &office) != RC_OK || vacant_set(x, &office, &view) != RC_OK) {
        page_fail(x);
        return;
    }
    duties_set(x, &office, &view);
    orders_set(x, &view, &office, wish);
    officials_set(x, &view, &office, wish);
    values_set(&view, wish);
    view_str(&view, "confirm",
             gate_stepped_up(ctx, ctx->actor) ? STR_NONE : confirm_url(ctx->arena, wish));
    if (faults)
        page_faults_saying(&view, faults,
                           !wish->changes.year      ? NULL
                           : str_empty(wish->first) ? "duty_until.changes"
                                                    : "duty_official.order",
                           changes_text(ctx, wish));
    page_show(x, status, WEB_PAGE_DUTIES, &view);
}

static void duties_get(HttpExchange *x) {
    Wish wish = {0};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        if (asked[i].query) *ASKED(&wish, i) = http_query_or(x, asked[i].query, STR_NONE);
    duties_show(x, 200, &wish, NULL);
}

/* ---- said ---- */

/* Which field of the form an error is told at, and by which word. */
static const struct {
    const char *code, *field, *word;
} told[] = {
    {"no-kind", "duty_kind", "required"},
    {"no-official", "duty_official", "required"},
    {"own-duty", "duty_official", "own"},
    {"holds-it", "duty_official", "holds"},
    {"not-in-order", "duty_official", "order"},
    {"nobody-in-order", "duty_official", "nobody"},
    {"not-above", "duty_official", "above"},
    {"superior", "duty_official", "superior"},
    {"no-post", "duty_post", "required"},
    {"not-appointing", "duty_post", "appointing"},
    {"not-head", "duty_post", "head"},
    {"no-chief", "duty_post", "chief"},
    {"lends-authority", "duty_post", "lends"},
    {"no-team", "duty_post", "team"},
    {"team-post", "duty_post", "team_only"},
    {"holder-there", "duty_post", "there"},
    {"not-vacant", "duty_post", "held"},
    {"too-many", "duty_post", "many"},
    {"past", "duty_from", "past"},
    {"overlap", "duty_from", "overlap"},
    {"taken", "duty_from", "taken"},
    {"order", "duty_until", "order"},
    {"order-changes", "duty_until", "changes"},
    {"far", "duty_until", "far"},
    {"abolished", "duty_until", "abolished"},
    {"no-ground", "duty_ground", "required"},
    {"long", "duty_ground", "long"},
};

static void fault_told(Ctx *ctx, Faults *faults) {
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (str_eq(ctx->error.code, str_of(told[i].code)))
            vec_push(ctx->arena, faults, (Fault){told[i].field, told[i].word});
}

static void required(Ctx *ctx, bool there, const char *field, Faults *faults) {
    if (!there) vec_push(ctx->arena, faults, (Fault){field, "required"});
}

/* The day, and the post, that an error names behind its field. */
static void order_told(const Error *error, Wish *out) {
    Str rest = error->path, field, day;
    (void)str_split(&rest, '.', &field);
    if (str_split(&rest, '.', &day) && time_parse_date(day, &out->changes)) out->first = rest;
}

static Rc duty_order(Ctx *ctx, Wish *said, Faults *faults) {
    AppointWish wish = {.kind = gate_duty_kind(said->kind),
                        .official = said->official,
                        .post = said->post,
                        .ground = said->ground};
    bool waits;
    if (!gate_stepped_up(ctx, ctx->actor)) /* without that the form isn't shown, nor its faults */
        return ctx_fail(ctx, RC_DENIED, "needs-step-up", STR_NONE,
                        "Confirm your identity once more: the last confirmation is too old.");
    required(ctx, wish.kind != DUTY_KINDS, "duty_kind", faults);
    required(ctx, !str_empty(wish.post), "duty_post", faults);
    required(ctx, !str_empty(wish.official), "duty_official", faults);
    required(ctx, time_parse_date(str_trim(said->from), &wish.days.from), "duty_from", faults);
    required(ctx, time_parse_date(str_trim(said->until), &wish.days.until), "duty_until", faults);
    required(ctx, !text_is_blank(ctx->arena, wish.ground), "duty_ground", faults);
    if (faults->len) return RC_INVALID;
    Rc rc = appoint_order(ctx, &wish, &waits);
    if (rc != RC_OK) fault_told(ctx, faults);
    if (rc != RC_OK) order_told(&ctx->error, said);
    return rc;
}

/* A button's value names the duty: POST/ID. Pressed twice, it is as he wishes. */
static Rc duty_change(Ctx *ctx, Str which, Rc (*change)(Ctx *ctx, Str post, Str id)) {
    Str post;
    Rc rc = str_split(&which, '/', &post) ? change(ctx, post, which) : RC_OK;
    return rc == RC_NOT_FOUND && str_eq(ctx->error.code, STR("no-duty")) ? RC_OK : rc;
}

static void duties_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Str agree = http_form_value(form, "agree"), end = http_form_value(form, "end");
    Wish wish = {0};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        *ASKED(&wish, i) = http_form_value(form, asked[i].field);
    if (!str_empty(http_form_value(form, "choose"))) { /* the division: nothing is ordered yet */
        duties_show(x, 200, &wish, NULL);
        return;
    }
    Rc rc = !str_empty(agree) ? duty_change(ctx, agree, appoint_agree)
            : !str_empty(end) ? duty_change(ctx, end, appoint_end)
                              : duty_order(ctx, &wish, &faults);
    if (rc == RC_OK)
        page_see(x, STR("/staff/duties"));
    else if (faults.len)
        duties_show(x, 422, &wish, &faults);
    else if (str_eq(ctx->error.code, STR("needs-step-up")))
        page_see(x, confirm_url(ctx->arena, &wish));
    else
        page_fail(x);
}

const HttpRoute page_duty_rows[] = {
    {HTTP_GET, "/staff/duties", duties_get, HTTP_POOL, 0, GATE_STAFF, "Decisions",
     "Who acts for which post, helps another division or is of a project team, and when", NULL,
     NULL, page_shown},
    {HTTP_POST, "/staff/duties", duties_post, HTTP_POOL, PAGE_FORM_MAX,
     GATE_STAFF | GATE_FORM | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF), "Decisions",
     "Order such a duty, agree to it, or end it", NULL, NULL, page_posted},
};
ROWS(page_duty_count, page_duty_rows);
