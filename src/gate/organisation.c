#include "gate_int.h"

enum { SUCCESSORS_MAX = 16 };

static Rc post_fault(Ctx *ctx, size_t index, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-organisation", str_fmt(ctx->arena, "posts[%zu]", index),
                    "%s", what);
}

static Rc post_roles(Ctx *ctx, const Json *roles, size_t index, unsigned *mask) {
    for (size_t i = 0; roles && i < roles->len; i++) {
        GateRole role = gate_role_of(json_str(json_at(roles, i)));
        if (role == ROLE_COUNT)
            return post_fault(ctx, index, "A role of this post does not exist.");
        *mask |= 1u << role;
    }
    if (*mask & 1u << ROLE_CONTRACTOR && *mask != 1u << ROLE_CONTRACTOR)
        return post_fault(
            ctx, index,
            "A contractor's post (指定管理者) sees its own work alone: it has no other "
            "role.");
    return RC_OK;
}

static Rc purposes_read(Ctx *ctx, Gate *gate, const Json *purposes) {
    for (size_t i = 0; purposes && i < purposes->len; i++) {
        const Json *one = json_at(purposes, i), *name = json_get(one, STR("name"));
        GatePurpose purpose = {.code = str_dup(gate->arena, json_get_str(one, "id")),
                               .name_ja = str_dup(gate->arena, json_get_str(name, "ja")),
                               .name_en = str_dup(gate->arena, json_get_str(name, "en"))};
        if (str_empty(purpose.code) || str_empty(purpose.name_ja) || str_empty(purpose.name_en))
            return ctx_fail(ctx, RC_INVALID, "bad-organisation",
                            str_fmt(ctx->arena, "purposes[%zu]", i),
                            "A purpose needs an id, and a name in both languages.");
        vec_push(gate->arena, &gate->purposes, purpose);
    }
    return RC_OK;
}

static Rc post_ends(Ctx *ctx, const Json *one, size_t index, GatePost *post) {
    Str abolished = json_get_str(one, "abolished");
    if (str_empty(abolished)) return RC_OK;
    if (!time_parse_date(abolished, &post->abolished))
        return post_fault(ctx, index, "The day on which it is abolished is no date.");
    if (str_empty(post->successor))
        return post_fault(ctx, index,
                          "A post that is abolished names the successor that goes on with what "
                          "is open.");
    return RC_OK;
}

/* A list of orders of posts that stand in for others: `to` of each post. */
typedef struct Orders {
    const char *member;
    size_t to; /* offset of a StrVec in GatePost */
    const char *fault;
} Orders;

static const Orders orders[] = {
    {"deputies", offsetof(GatePost, deputies),
     "A deputy stands in for a post that there is, and has one himself."},
    {"acting", offsetof(GatePost, acting),
     "An acting holder acts for a post that there is, and has one himself."},
};

static Rc order_read(Ctx *ctx, Gate *gate, const Orders *of, size_t index) {
    const Json *one = json_at(json_get(gate->organisation, str_of(of->member)), index),
               *order = json_get(one, STR("order"));
    GatePost *post = (GatePost *)gate_post(gate, json_get_str(one, "post"));
    for (size_t k = 0; post && order && k < order->len; k++) {
        const GatePost *named = gate_post(gate, json_str(json_at(order, k)));
        if (named) vec_push(gate->arena, (StrVec *)((char *)post + of->to), named->id);
        post = named ? post : NULL;
    }
    if (post) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-organisation",
                    str_fmt(ctx->arena, "%s[%zu]", of->member, index), "%s", of->fault);
}

static Rc orders_read(Ctx *ctx, Gate *gate, const Orders *of) {
    const Json *list = gate->organisation ? json_get(gate->organisation, str_of(of->member)) : NULL;
    for (size_t i = 0; list && i < list->len; i++)
        TRY(order_read(ctx, gate, of, i));
    return RC_OK;
}

/* Its superior's superior ... */
static const GatePost *top_of(const Gate *gate, const GatePost *post) {
    while (!str_empty(post->superior)) /* nobody is above himself: posts_joined */
        post = gate_post(gate, post->superior);
    return post;
}

/* An appointing side names the tops of what it appoints, and the post that writes its orders. */
static Rc appointments_read(Ctx *ctx, Gate *gate, const Json *list) {
    for (size_t i = 0; list && i < list->len; i++) {
        const Json *one = json_at(list, i), *tops = json_get(one, STR("tops"));
        const GatePost *writes = gate_post(gate, json_get_str(one, "post"));
        if (!writes || !tops || tops->kind != JSON_ARRAY)
            return ctx_fail(ctx, RC_INVALID, "bad-organisation",
                            str_fmt(ctx->arena, "appointments[%zu]", i),
                            "It names the post that writes the orders, and `tops`, the highest "
                            "posts of those whom they concern.");
        VEC_EACH (GatePost, post, &gate->posts)
            if (json_has(tops, top_of(gate, post)->id)) post->appointed = writes->id;
    }
    return RC_OK;
}

static bool is_team(const Json *divisions, Str id) {
    for (size_t i = 0; divisions && i < divisions->len; i++)
        if (str_eq(json_get_str(json_at(divisions, i), "id"), id))
            return json_get_bool(json_at(divisions, i), "team", false);
    return false;
}

static bool is_own_superior(const Gate *gate, const GatePost *post) {
    const GatePost *above = gate_post(gate, post->superior);
    for (size_t i = 0; above && i < gate->posts.len; i++) {
        if (above == post) return true;
        above = gate_post(gate, above->superior);
    }
    return above != NULL;
}

/* Whom posts name must be there, and nobody is above himself. */
static Rc posts_joined(Ctx *ctx, const Gate *gate) {
    for (size_t i = 0; i < gate->posts.len; i++) {
        const GatePost *post = &gate->posts.items[i];
        const Str named[] = {post->superior, post->successor};
        for (size_t k = 0; k < 2; k++)
            if (!str_empty(named[k]) && !gate_post(gate, named[k]))
                return post_fault(ctx, i, "Its superior or successor is no post.");
        if (is_own_superior(gate, post)) return post_fault(ctx, i, "It is above itself.");
    }
    return RC_OK;
}

/* Whether what a post did is another's, sooner or later. */
static bool leads_to(const Gate *gate, const GatePost *post, const GatePost *other) {
    for (size_t i = 0; post && post->abolished.year && i < gate->posts.len; i++) {
        post = gate_post(gate, post->successor);
        if (post == other) return true;
    }
    return false;
}

/* In whose name a letter is follows from its signer alone: on no day from today on do two posts
   have the name. Its successor has that of a post which is abolished from that day on. */
static Rc signs_once(Ctx *ctx, const Gate *gate) {
    int64_t now = time_now(ctx->clock);
    for (size_t i = 0; i < gate->posts.len; i++)
        for (size_t k = 0; k < i; k++) {
            const GatePost *post = &gate->posts.items[i], *other = &gate->posts.items[k];
            bool same = !str_empty(post->signs) && str_eq(post->signs, other->signs);
            if (!same || gate_post_gone(gate, post->id, now) ||
                gate_post_gone(gate, other->id, now) || leads_to(gate, post, other) ||
                leads_to(gate, other, post))
                continue;
            return ctx_fail(ctx, RC_INVALID, "bad-organisation",
                            str_fmt(ctx->arena, "posts[%zu].signs", i),
                            "The posts \"" STR_FMT "\" and \"" STR_FMT
                            "\" sign in one name: leave it to one of them.",
                            STR_ARG(other->id), STR_ARG(post->id));
        }
    return RC_OK;
}

static Rc body_fault(Ctx *ctx, size_t index, const char *member, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-organisation",
                    str_fmt(ctx->arena, "divisions[%zu].%s", index, member), "%s", what);
}

/* Somebody answers for what goes out in the name of a body. */
static Rc bodies_read(Ctx *ctx, Gate *gate, const Json *divisions) {
    for (size_t i = 0; divisions && i < divisions->len; i++) {
        const Json *one = json_at(divisions, i);
        const GatePost *post = gate_post(gate, json_get_str(one, "representative"));
        GateBody body = {.signs = str_dup(gate->arena, json_get_str(one, "signs"))};
        if (str_empty(body.signs)) continue;
        if (!post)
            return body_fault(ctx, i, "representative",
                              "A division that signs letters names the post that represents it.");
        VEC_EACH (const GatePost, other, &gate->posts)
            if (str_eq(other->signs, body.signs))
                return body_fault(ctx, i, "signs", "A post signs in this name.");
        VEC_EACH (const GateBody, other, &gate->bodies)
            if (str_eq(other->signs, body.signs))
                return body_fault(ctx, i, "signs", "Another division signs in this name.");
        body.post = post->id;
        vec_push(gate->arena, &gate->bodies, body);
    }
    return RC_OK;
}

Rc organisation_read(Ctx *ctx, Gate *gate, const Json *source) {
    gate->organisation = source ? json_dup(gate->arena, source) : NULL;
    const Json *posts = source ? json_get(source, STR("posts")) : NULL;
    for (size_t i = 0; posts && i < posts->len; i++) {
        const Json *one = json_at(posts, i), *title = json_get(one, STR("title"));
        GatePost post = {
            .id = str_dup(gate->arena, json_get_str(one, "id")),
            .division = str_dup(gate->arena, json_get_str(one, "division")),
            .team = is_team(json_get(source, STR("divisions")), json_get_str(one, "division")),
            .superior = str_dup(gate->arena, json_get_str(one, "superior")),
            .successor = str_dup(gate->arena, json_get_str(one, "successor")),
            .signs = str_dup(gate->arena, json_get_str(one, "signs"))};
        if (str_empty(post.id) || !title) return post_fault(ctx, i, "A post needs id and title.");
        post.title_ja = str_dup(gate->arena, json_get_str(title, "ja"));
        post.title_en = str_dup(gate->arena, json_get_str(title, "en"));
        TRY(post_roles(ctx, json_get(one, STR("roles")), i, &post.roles));
        TRY(post_ends(ctx, one, i, &post));
        if (gate_post(gate, post.id)) return post_fault(ctx, i, "Two posts have this id.");
        vec_push(gate->arena, &gate->posts, post);
    }
    TRY(posts_joined(ctx, gate));
    TRY(signs_once(ctx, gate));
    TRY(bodies_read(ctx, gate, source ? json_get(source, STR("divisions")) : NULL));
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        TRY(orders_read(ctx, gate, &orders[i]));
    TRY(appointments_read(ctx, gate, source ? json_get(source, STR("appointments")) : NULL));
    return purposes_read(ctx, gate, source ? json_get(source, STR("purposes")) : NULL);
}

const Json *gate_organisation(const Gate *gate) {
    return gate->organisation;
}

const GatePost *gate_post(const Gate *gate, Str id) {
    VEC_EACH (GatePost, post, &gate->posts)
        if (str_eq(post->id, id)) return post;
    return NULL;
}

const GatePost *gate_post_at(const Gate *gate, size_t i) {
    return i < gate->posts.len ? &gate->posts.items[i] : NULL;
}

const GatePost *gate_post_now(const Gate *gate, Str id, int64_t now) {
    const GatePost *post = gate_post(gate, id);
    for (int i = 0; i < SUCCESSORS_MAX && post && gate_post_gone(gate, post->id, now); i++) {
        if (str_empty(post->successor)) break;
        post = gate_post(gate, post->successor);
    }
    return post;
}

const GateBody *gate_body_at(const Gate *gate, size_t i) {
    return i < gate->bodies.len ? &gate->bodies.items[i] : NULL;
}

const GatePurpose *gate_purpose(const Gate *gate, Str code) {
    VEC_EACH (GatePurpose, purpose, &gate->purposes)
        if (str_eq(purpose->code, code)) return purpose;
    return NULL;
}
