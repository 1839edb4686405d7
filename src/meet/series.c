/* series: what organisation.json says of meetings. */
#include "meet_int.h"

static Rc bad(Ctx *ctx, size_t at, const char *member, const char *remedy) {
    return ctx_fail(ctx, RC_INVALID, "bad-organisation",
                    str_fmt(ctx->arena, "meetings[%zu].%s", at, member), "%s", remedy);
}

static bool is_post(const Json *organisation, Str id) {
    const Json *posts = json_get(organisation, STR("posts"));
    for (size_t i = 0; posts && i < posts->len; i++)
        if (!str_empty(id) && str_eq(json_get_str(json_at(posts, i), "id"), id)) return true;
    return false;
}

static Rc posts_check(Ctx *ctx, const Json *organisation, const Json *series, size_t at) {
    static const char *const single[] = {"secretariat", "chair"};
    const Json *members = json_get(series, STR("members"));
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (!is_post(organisation, json_get_str(series, single[i])))
            return bad(ctx, at, single[i], "Name a post of `posts`.");
    if (!members || members->kind != JSON_ARRAY || !members->len)
        return bad(ctx, at, "members", "List the posts that attend.");
    for (size_t i = 0; i < members->len; i++)
        if (!is_post(organisation, json_str(json_at(members, i))))
            return bad(ctx, at, str_z(ctx->arena, str_fmt(ctx->arena, "members[%zu]", i)),
                       "Name a post of `posts`.");
    return RC_OK;
}

static Rc series_check(Ctx *ctx, const Json *organisation, const Json *all, size_t at) {
    const Json *series = json_at(all, at), *name = json_get(series, STR("name"));
    Str id = json_get_str(series, "id");
    if (str_empty(id)) return bad(ctx, at, "id", "A series of meetings needs an id.");
    for (size_t i = 0; i < at; i++)
        if (str_eq(json_get_str(json_at(all, i), "id"), id))
            return bad(ctx, at, "id", "Two series have this id: give each its own.");
    if (str_empty(json_get_str(name, "ja")) || str_empty(json_get_str(name, "en")))
        return bad(ctx, at, "name", "It needs a name in both languages, ja and en.");
    return posts_check(ctx, organisation, series, at);
}

Rc meet_check(Ctx *ctx, const Json *organisation) {
    const Json *all = organisation ? json_get(organisation, STR("meetings")) : NULL;
    for (size_t i = 0; all && i < all->len; i++)
        TRY(series_check(ctx, organisation, all, i));
    return RC_OK;
}

const Json *meet_series_at(const Ctx *ctx, size_t n) {
    const Json *all = json_get(gate_organisation(ctx->tenant->gate), STR("meetings"));
    return all ? json_at(all, n) : NULL;
}

const Json *meet_series(const Ctx *ctx, Str id) {
    const Json *series;
    for (size_t n = 0; (series = meet_series_at(ctx, n)); n++)
        if (str_eq(json_get_str(series, "id"), id)) return series;
    return NULL;
}
