/* control_people: what the running server does for `machi user` and `machi token`. */
#include "city_int.h"

static void words(Arena *arena, const Json *list, StrVec *out) {
    for (size_t i = 0; list && i < list->len; i++)
        vec_push(arena, out, json_str(json_at(list, i)));
}

static Json words_json(Arena *arena, const StrVec *list) {
    JsonItems items = {0};
    VEC_EACH (const Str, word, list)
        vec_push(arena, &items, json_of_str(*word));
    return json_of_items(items.items, items.len);
}

static void member(Arena *arena, JsonMembers *to, const char *name, Json value) {
    vec_push(arena, to, (JsonMember){str_of(name), value});
}

/* null before the first. */
static Json instant(Arena *arena, int64_t at) {
    return at == TIME_NONE ? json_of_null() : json_of_str(time_format(arena, at));
}

static Str kind_word(ActorKind kind) {
    return kind == ACTOR_SERVICE ? STR("service")
           : kind == ACTOR_STAFF ? STR("staff")
                                 : STR("resident");
}

/* ---- token ---- */

/* Types as the policies name them: a short one of ours, or a whole IRI. */
static Rc scope_read(Ctx *ctx, const Json *request, GateTokenWish *wish) {
    StrVec types = {0}, actions = {0};
    words(ctx->arena, json_get(request, STR("types")), &types);
    words(ctx->arena, json_get(request, STR("actions")), &actions);
    VEC_EACH (const Str, type, &types)
        vec_push(ctx->arena, &wish->types, ld_expand(ld_core(), ctx->arena, *type));
    VEC_EACH (const Str, word, &actions) {
        GateAction action = gate_action_of(*word);
        if (action == ACT_COUNT)
            return ctx_fail(ctx, RC_INVALID, "bad-action", STR("actions"),
                            "There is no action \"" STR_FMT
                            "\": read, create, update, delete, subscribe, import or export.",
                            STR_ARG(*word));
        wish->actions |= 1u << action;
    }
    return RC_OK;
}

CONTROL_DOES(control_token_create) {
    Inside inside;
    Str token;
    (void)reply;
    GateTokenWish wish = {.account = json_get_str(request, "account"),
                          .ttl = json_get_int(request, "ttl", 3600) * TIME_SECOND};
    TRY(scope_read(ctx, request, &wish));
    TRY(inside_begin(ctx, arg, request, &inside));
    Rc rc = gate_token_create(&inside.ctx, &wish, &token);
    inside_end(ctx, &inside);
    if (rc == RC_OK) *result = control_member(ctx->arena, "token", token);
    return rc;
}

static Json token_json(Arena *arena, const GateTokenSeen *token) {
    JsonMembers members = {0};
    StrVec actions = {0};
    for (unsigned action = 0; action < ACT_COUNT; action++)
        if (token->actions & 1u << action)
            vec_push(arena, &actions, str_of(gate_action_name((GateAction)action)));
    member(arena, &members, "id", json_of_str(token->id));
    member(arena, &members, "name", json_of_str(token->name));
    member(arena, &members, "by", json_of_str(token->by));
    member(arena, &members, "made", instant(arena, token->made_at));
    member(arena, &members, "used", instant(arena, token->used_at));
    member(arena, &members, "expires", instant(arena, token->expires_at));
    member(arena, &members, "actions", words_json(arena, &actions));
    member(arena, &members, "types", words_json(arena, &token->types));
    return json_of_members(members.items, members.len);
}

CONTROL_DOES(control_token_list) {
    Inside inside;
    GateTokensSeen tokens;
    JsonItems items = {0};
    (void)reply;
    TRY(inside_begin(ctx, arg, request, &inside));
    Rc rc = gate_token_list(&inside.ctx, true, &tokens);
    inside_end(ctx, &inside);
    TRY(rc);
    VEC_EACH (const GateTokenSeen, token, &tokens)
        vec_push(ctx->arena, &items, token_json(ctx->arena, token));
    *result = control_list(ctx->arena, "tokens", &items);
    return RC_OK;
}

CONTROL_DOES(control_token_revoke) {
    Inside inside;
    (void)reply;
    TRY(inside_begin(ctx, arg, request, &inside));
    Rc rc = gate_token_revoke(&inside.ctx, json_get_str(request, "id"));
    inside_end(ctx, &inside);
    if (rc == RC_OK) *result = control_member(ctx->arena, "id", json_get_str(request, "id"));
    return rc;
}

/* ---- user ---- */

static Rc kind_of(Ctx *ctx, Str word, ActorKind *kind) {
    static const ActorKind kinds[] = {ACTOR_RESIDENT, ACTOR_STAFF, ACTOR_SERVICE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        *kind = kinds[i];
        if (str_eq(word, kind_word(kinds[i]))) return RC_OK;
    }
    return ctx_fail(ctx, RC_INVALID, "bad-kind", STR("kind"),
                    "An account is resident, staff or service.");
}

CONTROL_DOES(control_user_create) {
    Inside inside;
    Str id;
    (void)reply;
    GateAccount account = {.login = json_get_str(request, "login"),
                           .password = json_get_str(request, "password"),
                           .name = json_get_str(request, "name")};
    TRY(kind_of(ctx, json_get_str(request, "kind"), &account.kind));
    words(ctx->arena, json_get(request, STR("posts")), &account.posts);
    words(ctx->arena, json_get(request, STR("roles")), &account.roles);
    account.first = account.kind != ACTOR_SERVICE;
    TRY(inside_begin(ctx, arg, request, &inside));
    Rc rc = gate_account_create(&inside.ctx, &account, &id);
    inside_end(ctx, &inside);
    if (rc == RC_OK) *result = control_member(ctx->arena, "id", id);
    return rc;
}

/* One change of the account whose login the request names. */
typedef Rc (*UserChange)(Ctx *ctx, Str id, const Json *request);

static Rc user_change(City *city, Ctx *ctx, const Json *request, UserChange change,
                      const Json **result) {
    Inside inside;
    Str id;
    TRY(inside_begin(ctx, city, request, &inside));
    Rc rc = gate_account_find(&inside.ctx, json_get_str(request, "login"), &id);
    if (rc == RC_NOT_FOUND)
        rc = ctx_fail(&inside.ctx, rc, "no-account", STR("login"),
                      "There is no account with this login.");
    if (rc == RC_OK) rc = change(&inside.ctx, id, request);
    inside_end(ctx, &inside);
    if (rc == RC_OK) *result = control_member(ctx->arena, "id", id);
    return rc;
}

static Rc posts_change(Ctx *ctx, Str id, const Json *request) {
    StrVec posts = {0};
    words(ctx->arena, json_get(request, STR("posts")), &posts);
    return gate_account_posts(ctx, id, &posts);
}

static Rc disable_change(Ctx *ctx, Str id, const Json *request) {
    (void)request;
    return gate_account_disable(ctx, id, true);
}

static Rc enable_change(Ctx *ctx, Str id, const Json *request) {
    (void)request;
    return gate_account_disable(ctx, id, false);
}

static Rc password_change(Ctx *ctx, Str id, const Json *request) {
    return gate_account_password(ctx, id, json_get_str(request, "password"));
}

CONTROL_DOES(control_user_posts) {
    (void)reply;
    return user_change(arg, ctx, request, posts_change, result);
}

CONTROL_DOES(control_user_disable) {
    (void)reply;
    return user_change(arg, ctx, request, disable_change, result);
}

CONTROL_DOES(control_user_enable) {
    (void)reply;
    return user_change(arg, ctx, request, enable_change, result);
}

CONTROL_DOES(control_user_password) {
    (void)reply;
    return user_change(arg, ctx, request, password_change, result);
}

static Json account_json(Arena *arena, const GateAccountSeen *account) {
    JsonMembers members = {0};
    member(arena, &members, "login", json_of_str(account->login));
    member(arena, &members, "name", json_of_str(account->name));
    member(arena, &members, "kind", json_of_str(kind_word(account->kind)));
    member(arena, &members, "posts", words_json(arena, &account->posts));
    member(arena, &members, "roles", words_json(arena, &account->roles));
    member(arena, &members, "demo", json_of_bool(account->demo));
    member(arena, &members, "disabled", json_of_bool(account->disabled));
    member(arena, &members, "sessions", json_of_int((int64_t)account->sessions));
    member(arena, &members, "tokens", json_of_int((int64_t)account->tokens));
    return json_of_members(members.items, members.len);
}

CONTROL_DOES(control_user_list) {
    Inside inside;
    GateAccountsSeen accounts;
    JsonItems items = {0};
    (void)reply;
    TRY(inside_begin(ctx, arg, request, &inside));
    Rc rc = gate_account_list(&inside.ctx, &accounts);
    inside_end(ctx, &inside);
    TRY(rc);
    VEC_EACH (const GateAccountSeen, account, &accounts)
        vec_push(ctx->arena, &items, account_json(ctx->arena, account));
    *result = control_list(ctx->arena, "accounts", &items);
    return RC_OK;
}
