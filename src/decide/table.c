#include "table.h"

static const char *const lists[] = {"reviewers", "consulted", "circulated"};

enum { LISTS = sizeof lists / sizeof *lists };

static Rc fault(Ctx *ctx, size_t row, const char *member, const char *text) {
    return ctx_fail(ctx, RC_INVALID, "bad-organisation",
                    str_fmt(ctx->arena, "delegations[%zu].%s", row, member), "%s", text);
}

static bool has_post(const Json *organisation, Str id) {
    const Json *posts = json_get(organisation, STR("posts"));
    for (size_t i = 0; posts && i < posts->len; i++)
        if (str_eq(json_get_str(json_at(posts, i), "id"), id)) return true;
    return false;
}

/* A post acts once before the decision; what is circulated may go to whoever has acted. */
static Rc list_check(Ctx *ctx, const Json *organisation, size_t at, const char *member,
                     StrVec *seen) {
    const Json *row = json_at(json_get(organisation, STR("delegations")), at),
               *list = json_get(row, str_of(member));
    if (list && list->kind != JSON_ARRAY) return fault(ctx, at, member, "This is a list of posts.");
    for (size_t i = 0; list && i < list->len; i++) {
        Str post = json_str(json_at(list, i));
        if (!has_post(organisation, post)) return fault(ctx, at, member, "There is no such post.");
        if (org_lists(seen, post) && !str_eq(str_of(member), STR("circulated")))
            return fault(ctx, at, member, "A post stands twice on this route.");
        vec_push(ctx->arena, seen, post);
    }
    return RC_OK;
}

static int64_t limit_of(const Json *row) {
    return json_get_int(row, "upTo", INT64_MAX);
}

/* The first row that fits is taken: one behind a higher row of its kind never is. */
static bool is_hidden(const Json *rows, size_t at) {
    const Json *own = json_at(rows, at);
    for (size_t i = 0; i < at; i++) {
        const Json *row = json_at(rows, i);
        if (str_eq(json_get_str(row, "kind"), json_get_str(own, "kind")) &&
            limit_of(row) >= limit_of(own))
            return true;
    }
    return false;
}

Rc table_check(Ctx *ctx, const Json *organisation) {
    const Json *rows = organisation ? json_get(organisation, STR("delegations")) : NULL;
    for (size_t i = 0; rows && i < rows->len; i++) {
        const Json *row = json_at(rows, i);
        StrVec seen = {0};
        if (str_empty(json_get_str(row, "kind")))
            return fault(ctx, i, "kind", "A row names the kind of matter.");
        if (!has_post(organisation, json_get_str(row, "post")))
            return fault(ctx, i, "post", "There is no such post.");
        if (is_hidden(rows, i))
            return fault(ctx, i, "upTo", "A row before it takes all of its amounts.");
        vec_push(ctx->arena, &seen, json_get_str(row, "post"));
        for (size_t k = 0; k < LISTS; k++)
            TRY(list_check(ctx, organisation, i, lists[k], &seen));
    }
    return RC_OK;
}

static void posts_take(Arena *arena, const Json *row, const char *member, StrVec *to) {
    const Json *list = json_get(row, str_of(member));
    *to = (StrVec){0};
    for (size_t i = 0; list && i < list->len; i++)
        vec_push(arena, to, json_str(json_at(list, i)));
}

bool table_gives(const Json *organisation, Str kind, Str post) {
    const Json *rows = organisation ? json_get(organisation, STR("delegations")) : NULL;
    for (size_t i = 0; rows && i < rows->len; i++)
        if (str_eq(json_get_str(json_at(rows, i), "kind"), kind) &&
            str_eq(json_get_str(json_at(rows, i), "post"), post))
            return true;
    return false;
}

static const Json *row_of(const TableAsk *ask) {
    const Json *rows = ask->organisation ? json_get(ask->organisation, STR("delegations")) : NULL;
    for (size_t i = 0; rows && i < rows->len; i++) {
        const Json *row = json_at(rows, i);
        if (str_eq(json_get_str(row, "kind"), ask->kind) && ask->amount <= limit_of(row))
            return row;
    }
    return NULL;
}

Str table_row(Arena *arena, const TableAsk *ask) {
    const Json *row = row_of(ask);
    if (!row) return STR_NONE;
    int64_t limit = limit_of(row);
    return limit == INT64_MAX ? STR("any") : str_fmt(arena, "%lld", (long long)limit);
}

Str table_decider(const TableAsk *ask) {
    const Json *row = row_of(ask);
    return row ? json_get_str(row, "post") : STR_NONE;
}

Rc table_plan(Ctx *ctx, Arena *arena, const TableAsk *ask, RoutePlan *plan) {
    const Json *row = row_of(ask);
    if (!row)
        return ctx_fail(ctx, RC_INVALID, "no-decider", ask->kind,
                        "The table of delegations names no post that decides this: add a row for "
                        "the kind and amount to organisation.json.");
    plan->decider_post = json_get_str(row, "post");
    plan->row = table_row(arena, ask);
    posts_take(arena, row, lists[0], &plan->reviewers);
    posts_take(arena, row, lists[1], &plan->consulted);
    posts_take(arena, row, lists[2], &plan->circulated);
    plan->in_series = json_get_bool(row, "inSeries", false);
    plan->rules = (RouteRules){
        .important = json_get_bool(row, "important", false),
        .drafter_decides = json_get_bool(row, "drafterDecides", false),
        .unsettled_goes_up = json_get_bool(row, "unsettledGoesUp", false),
    };
    return RC_OK;
}
