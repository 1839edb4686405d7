#include "gate_int.h"

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

Rc organisation_read(Ctx *ctx, Gate *gate, const Json *source) {
    gate->organisation = source ? json_dup(gate->arena, source) : NULL;
    const Json *posts = source ? json_get(source, STR("posts")) : NULL;
    for (size_t i = 0; posts && i < posts->len; i++) {
        const Json *one = json_at(posts, i), *title = json_get(one, STR("title"));
        GatePost post = {.id = str_dup(gate->arena, json_get_str(one, "id")),
                         .division = str_dup(gate->arena, json_get_str(one, "division"))};
        if (str_empty(post.id) || !title) return post_fault(ctx, i, "A post needs id and title.");
        post.title_ja = str_dup(gate->arena, json_get_str(title, "ja"));
        post.title_en = str_dup(gate->arena, json_get_str(title, "en"));
        TRY(post_roles(ctx, json_get(one, STR("roles")), i, &post.roles));
        if (gate_post(gate, post.id)) return post_fault(ctx, i, "Two posts have this id.");
        vec_push(gate->arena, &gate->posts, post);
    }
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

const GatePurpose *gate_purpose(const Gate *gate, Str code) {
    VEC_EACH (GatePurpose, purpose, &gate->purposes)
        if (str_eq(purpose->code, code)) return purpose;
    return NULL;
}
