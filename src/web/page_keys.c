/* page_keys: with what an account comes in: its sign-ins and tokens, for whoever it belongs to, and
 * all tokens for the operator; each can be ended. */
#include "page_my.h"

#include "ld/ld.h"

/* ---- sign-ins ---- */

static Json sessions_value(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    GateSessionsSeen sessions;
    JsonItems items = {0};
    gate_sessions(ctx, &sessions);
    VEC_EACH (const GateSessionSeen, session, &sessions) {
        View one = view_new(ctx->arena);
        view_str(&one, "id", session->id);
        view_set(&one, "post",
                 str_empty(session->post) ? json_of_null() : page_post(x, session->post));
        view_str(&one, "client", session->client);
        view_bool(&one, "passkey", session->means == MEANS_PASSKEY);
        view_set(&one, "provider", page_provider_label(x, session->provider));
        view_int(&one, "started", session->started_at);
        view_int(&one, "seen", session->seen_at);
        view_int(&one, "ends", session->ends_at);
        view_bool(&one, "own", session->own);
        vec_push(ctx->arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

/* ---- tokens ---- */

/* A service by its name, an official by his post, never by a name of his. */
static Json token_who(HttpExchange *x, const GateTokenSeen *token) {
    if (token->kind == ACTOR_SERVICE) return json_of_str(token->name);
    if (token->kind == ACTOR_STAFF) return page_post(x, token->post);
    return view_text(http_ctx(x)->arena, STR("住民"), STR("A resident"));
}

static Json token_by(HttpExchange *x, Str by) {
    if (str_empty(by)) return json_of_null();
    if (str_eq(by, gate_operator_actor()->id))
        return view_text(http_ctx(x)->arena, STR("サーバーの運用者"),
                         STR("The operator at the server"));
    return json_of_str(by);
}

static Json actions_value(Arena *arena, uint32_t actions) {
    JsonItems items = {0};
    for (unsigned action = 0; action < ACT_COUNT; action++)
        if (actions & 1u << action)
            vec_push(arena, &items, json_of_str(str_of(gate_action_name((GateAction)action))));
    return json_of_items(items.items, items.len);
}

static Json types_value(Arena *arena, const StrVec *types) {
    JsonItems items = {0};
    VEC_EACH (const Str, type, types)
        vec_push(arena, &items, json_of_str(ld_compact(ld_core(), arena, *type)));
    return json_of_items(items.items, items.len);
}

static Rc tokens_value(HttpExchange *x, bool all, View *view) {
    Ctx *ctx = http_ctx(x);
    GateTokensSeen tokens;
    JsonItems items = {0};
    TRY(gate_token_list(ctx, all, &tokens));
    VEC_EACH (const GateTokenSeen, token, &tokens) {
        View one = view_new(ctx->arena);
        view_str(&one, "id", token->id);
        view_set(&one, "who", token_who(x, token));
        view_set(&one, "by", token_by(x, token->by));
        view_instant(&one, "made", token->made_at);
        view_instant(&one, "used", token->used_at);
        view_int(&one, "expires", token->expires_at);
        view_set(&one, "actions", actions_value(ctx->arena, token->actions));
        view_set(&one, "types", types_value(ctx->arena, &token->types));
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(view, "tokens", &items);
    return RC_OK;
}

/* ---- one's password ---- */

static void password_show(HttpExchange *x, int status, const Faults *faults) {
    View view = page_view(x);
    page_crumb(&view, STR("サインインの状況"), STR("Where you are signed in"), STR("/account"));
    page_crumb(&view, STR("パスワードの変更"), STR("Change your password"), STR_NONE);
    view_bool(&view, "first", gate_first(http_ctx(x)));
    view_str(&view, "login", gate_own_login(http_ctx(x)));
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_PASSWORD, &view);
}

static void password_get(HttpExchange *x) {
    if (gate_by_code(http_ctx(x))) /* he has no present one to show */
        page_see(x, STR("/sign-in/new"));
    else
        password_show(x, 200, NULL);
}

const Fault *page_password_fault(HttpExchange *x, Rc rc) {
    static const struct {
        const char *code;
        Fault fault;
    } rows[] = {
        {"wrong-password", {"present", "wrong"}},       {"too-many-failures", {"present", "wait"}},
        {"too-many-sign-ins", {"present", "wait"}},     {"bad-password", {"wanted", "length"}},
        {"hidden-password", {"wanted", "control"}},     {"place-password", {"wanted", "place"}},
        {"guessable-password", {"wanted", "guessable"}}};
    for (size_t i = 0; rc != RC_FAILED && i < sizeof rows / sizeof *rows; i++)
        if (str_eq(http_ctx(x)->error.code, str_of(rows[i].code))) return &rows[i].fault;
    return NULL;
}

static void password_post(HttpExchange *x) {
    const HttpForm *form;
    Str token;
    if (!page_form(x, &form)) return;
    Rc rc = gate_password_change(http_ctx(x), http_form_value(form, "present"),
                                 http_form_value(form, "wanted"), &token);
    if (rc == RC_OK) {
        page_go_on(x, STR("/account?changed=password"), token);
        return;
    }
    const Fault *fault = page_password_fault(x, rc);
    if (!fault) {
        page_fail(x);
        return;
    }
    Faults faults = {0};
    vec_push(http_ctx(x)->arena, &faults, *fault);
    if (rc == RC_LIMIT) page_retry_after(x, STR_NONE);
    password_show(x, rc == RC_LIMIT ? 429 : 422, &faults);
}

/* ---- pages ---- */

/* Who has shown a password alone sees nothing of an account that has a passkey. */
void page_account(HttpExchange *x, int status, const Faults *faults) {
    if (gate_needs_passkey(http_ctx(x)) && gate_has_passkey(http_ctx(x))) {
        page_see(x, STR("/step-up?next=%2Faccount"));
        return;
    }
    View view = page_view(x);
    page_crumb(&view, STR("マイページ"), STR("My page"), STR("/my"));
    page_crumb(&view, STR("サインインの状況"), STR("Where you are signed in"), STR_NONE);
    Json sessions = sessions_value(x);
    view_set(&view, "sessions", sessions);
    view_bool(&view, "several", sessions.len > 1);
    view_bool(&view, "password", !str_empty(gate_own_login(http_ctx(x))));
    view_bool(&view, "needed", gate_needs_passkey(http_ctx(x)));
    view_bool(&view, "changed", str_eq(http_query_or(x, "changed", STR_NONE), STR("password")));
    if (faults) page_faults(&view, faults);
    if (tokens_value(x, false, &view) == RC_OK && page_passkeys(x, &view) == RC_OK &&
        page_outsides(x, &view) == RC_OK && page_mail(x, &view) == RC_OK &&
        page_code_waits(x, &view) == RC_OK)
        page_show(x, status, WEB_PAGE_ACCOUNT, &view);
    else
        page_fail(x);
}

static void account_get(HttpExchange *x) {
    page_account(x, 200, NULL);
}

static void operator_get(HttpExchange *x) {
    View view = page_view(x);
    if (tokens_value(x, true, &view) == RC_OK)
        page_show(x, 200, WEB_PAGE_OPERATOR_TOKENS, &view);
    else
        page_fail(x);
}

/* Whoever ends the session of this page is led to the front door. */
static void session_end_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    if (!page_form(x, &form)) return;
    Str id = http_form_value(form, "id");
    bool others = str_eq(id, STR("others"));
    if (!others && str_empty(id))
        (void)ctx_fail(ctx, RC_INVALID, "no-session", STR("id"), "Say which session ends.");
    else if (gate_session_end(ctx, others ? STR_NONE : id) == RC_OK) {
        page_see(x, STR("/account"));
        return;
    }
    page_fail(x);
}

static void token_end(HttpExchange *x, Str back) {
    const HttpForm *form;
    if (!page_form(x, &form)) return;
    if (gate_token_revoke(http_ctx(x), http_form_value(form, "id")) == RC_OK)
        page_see(x, back);
    else
        page_fail(x);
}

static void own_token_post(HttpExchange *x) {
    token_end(x, STR("/account"));
}

static void operator_token_post(HttpExchange *x) {
    token_end(x, STR("/operate/tokens"));
}

#define SIGNED_IN (GATE_STAFF | GATE_RESIDENT)
#define OPERATOR  (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_OPERATOR))

const HttpRoute page_keys_rows[] = {
    {HTTP_GET, "/account", account_get, HTTP_POOL, 0, SIGNED_IN | GATE_WAY, "Accounts",
     "One's sign-ins and tokens", NULL, NULL, page_shown},
    {HTTP_POST, "/account/sessions", session_end_post, HTTP_POOL, PAGE_FORM_MAX,
     SIGNED_IN | GATE_FORM, "Accounts", "End a sign-in of one's own", NULL, NULL, page_posted},
    {HTTP_POST, "/account/tokens", own_token_post, HTTP_POOL, PAGE_FORM_MAX, SIGNED_IN | GATE_FORM,
     "Accounts", "Revoke a token of one's own", NULL, NULL, page_posted},
    {HTTP_GET, "/account/password", password_get, HTTP_POOL, 0, SIGNED_IN | GATE_FIRST, "Accounts",
     "Change one's password", NULL, NULL, page_shown},
    {HTTP_POST, "/account/password", password_post, HTTP_POOL, PAGE_FORM_MAX,
     SIGNED_IN | GATE_FORM | GATE_FIRST, "Accounts", "Change one's password", NULL, NULL,
     page_posted},
    {HTTP_GET, "/operate/tokens", operator_get, HTTP_POOL, 0, OPERATOR, "Operation", "All tokens",
     NULL, NULL, page_shown},
    {HTTP_POST, "/operate/tokens", operator_token_post, HTTP_POOL, PAGE_FORM_MAX,
     OPERATOR | GATE_FORM, "Operation", "Revoke a token", NULL, NULL, page_posted},
};
ROWS(page_keys_count, page_keys_rows);
