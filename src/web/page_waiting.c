/* page_waiting: what waits for whoever looks: stages of his post that are due, those of absent
 * holders for whom he stands in, decisions to take up, and what was decided for him and he has yet
 * to see. */
#include "pages_int.h"

#include "decide/decide.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { WAITING_SHOWN = 200, WAITING_PAGE = 500 };

/* The posts whose business may be his today: those that are his now, those beneath him, and those
 * for which the table names his post as a deputy. */
static void posts_near(Ctx *ctx, const Org *org, Date day, StrVec *out) {
    VEC_EACH (const OrgPost, post, &org->posts) {
        Str now = org_post_now(org, post->id, day);
        const OrgPost *held = org_post(org, now);
        bool mine = str_eq(now, ctx->actor->post) || org_is_above(org, ctx->actor->post, now) ||
                    (held && org_lists(&held->deputies, ctx->actor->post));
        if (mine) vec_push(ctx->arena, out, post->id);
    }
}

/* All that waits, and what was decided and has still to be seen or read under his post. */
static Str condition_of(Ctx *ctx) {
    Buf text = buf_new(ctx->arena, CONDITION_MAX);
    buf_add(&text, STR("(state==\"waiting\"|"));
    page_waits_for(ctx, &text);
    buf_add(&text, STR(")"));
    return buf_str(&text);
}

/* Before its route is looked at with all who are around it. */
static bool may_be_his(const Entity *decision, const StrVec *posts) {
    const Attr *waits = entity_attr(decision, IRI("waitsFor"));
    if (!waits) return org_lists(posts, entity_text(decision, IRI("deciderPost")));
    for (size_t i = 0; waits->value && i < waits->value->len; i++)
        if (org_lists(posts, json_str(json_at(waits->value, i)))) return true;
    return false;
}

/* What he would do there: the first stage that is his, or what he would take up. */
static const char *task_of(Ctx *ctx, const OfferAsk *ask, RouteOffer *offer) {
    static const char *const tasks[] = {[ROUTE_REVIEW] = "review",
                                        [ROUTE_CONSULT] = "consult",
                                        [ROUTE_DECIDE] = "decide",
                                        [ROUTE_CIRCULATE] = "circulate"};
    for (size_t i = 0; i < ask->route->n; i++) {
        offer_stage(ctx, ask, i, offer);
        if (offer->verbs & 1u << ROUTE_APPROVE) return tasks[ask->route->stages[i].kind];
        if (offer->verbs & 1u << ROUTE_SEE) return "after";
    }
    return "take_up";
}

static Json row_value(HttpExchange *x, const Entity *decision, const char *task,
                      const RouteOffer *offer) {
    View one = view_new(http_ctx(x)->arena);
    view_str(&one, "number", entity_text(decision, IRI("number")));
    view_set(&one, "title", page_decision_title(one.arena, decision));
    view_str(&one, "url", page_decision_url(one.arena, decision->id));
    view_str(&one, "task", str_of(task));
    page_how_set(&one, offer->how);
    view_str(&one, "drafted", entity_text(decision, IRI("draftedAt")));
    view_set(&one, "post", page_post(x, entity_text(decision, IRI("drafterPost"))));
    return view_value(&one);
}

static Rc row_add(HttpExchange *x, const Entity *decision, JsonItems *rows) {
    Ctx *ctx = http_ctx(x);
    Route route;
    Org org;
    RouteOffer offer = {0};
    OfferAsk ask = {&org, &route, ctx->actor->id, ctx->actor->post,
                    time_jst_date(time_now(ctx->clock))};
    StrVec had;
    TRY(act_route(ctx, ctx->arena, decision, &route, &had));
    TRY(act_org(ctx, ctx->arena, &route, &org));
    if (!offer_waits(ctx, &ask)) return RC_OK;
    const char *task = task_of(ctx, &ask, &offer);
    vec_push(ctx->arena, rows, row_value(x, decision, task, &offer));
    return RC_OK;
}

/* The oldest first, until so many are his. */
static Rc rows_find(HttpExchange *x, const StrVec *posts, JsonItems *rows, bool *more) {
    Ctx *ctx = http_ctx(x);
    ProjectAnswer found;
    ProjectWish wish = {.type = STR("Decision"),
                        .q = condition_of(ctx),
                        .order_by = STR("draftedAt"),
                        .limit = WAITING_PAGE,
                        .view = gate_view};
    do {
        TRY(project_find(ctx, &wish, &found));
        *more = found.more;
        for (size_t i = 0; i < found.entities.len; i++) {
            const Entity *decision = found.entities.items[i];
            *more = found.more || i + 1 < found.entities.len;
            if (may_be_his(decision, posts)) TRY(row_add(x, decision, rows));
            if (rows->len == WAITING_SHOWN) return RC_OK;
        }
        wish.offset += WAITING_PAGE;
    } while (found.more);
    *more = false;
    return RC_OK;
}

static Rc waiting_fill(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    Org org;
    StrVec posts = {0};
    JsonItems rows = {0};
    bool more;
    PageSeen seen = {0};
    org_load_posts(ctx->arena, ctx->tenant->gate, &org);
    posts_near(ctx, &org, time_jst_date(time_now(ctx->clock)), &posts);
    TRY(rows_find(x, &posts, &rows, &more));
    view_items(view, "rows", &rows);
    view_bool(view, "more", more);
    TRY(page_news_set(x, view, &seen));
    TRY(gate_look(ctx, seen.items, seen.len, page_what(WHAT_INBOX)));
    return page_vacant(x, view);
}

static void waiting_get(HttpExchange *x) {
    View view = page_view(x);
    http_ctx(x)->purpose = STR("application-decide");
    if (waiting_fill(x, &view) == RC_OK)
        page_show(x, 200, WEB_PAGE_WAITING, &view);
    else
        page_fail(x);
}

const HttpRoute page_waiting_rows[] = {
    {HTTP_GET, "/staff/decisions/waiting", waiting_get, HTTP_POOL, 0,
     GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK) | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF) |
         1u << (GATE_ROLE_SHIFT + ROLE_STEWARD),
     "Decisions", "What waits for me", NULL, NULL, page_shown},
};
ROWS(page_waiting_count, page_waiting_rows);
