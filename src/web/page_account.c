/* page_account: signing in and out, confirming one's identity again, and changing the post. */
#include "pages_int.h"

/* Only paths of our own are gone back to. */
Str page_own_path(Str next, const char *otherwise) {
    bool own = page_path_ok(next) && str_starts(next, STR("/")) && !str_starts(next, STR("//")) &&
               str_find_char(next, '\\') < 0;
    return own ? next : str_of(otherwise);
}

/* ---- sign in ---- */

static Json demo_values(HttpExchange *x) {
    Arena *arena = http_ctx(x)->arena;
    const PagesOptions *options = pages_options(x);
    const Json *accounts = json_get(page_organisation(x), STR("accounts"));
    JsonItems items = {0};
    for (size_t i = 0; i < options->demo_count; i++) {
        View one = view_new(arena);
        view_null(&one, "role");
        for (size_t k = 0; accounts && k < accounts->len; k++)
            if (str_eq(json_get_str(json_at(accounts, k), "login"), options->demos[i].login))
                view_json(&one, "role", json_get(json_at(accounts, k), STR("name")));
        view_str(&one, "account", options->demos[i].login);
        view_str(&one, "password", options->demos[i].password);
        vec_push(arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

/* By name as well as by peer: a page of another site whose name was bent to the loopback must not
 * read the passwords. */
static bool asked_on_loopback(const HttpExchange *x) {
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    Str host = http_header(x, "host");
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        Str known = str_of(hosts[i]);
        bool ends = host.len == known.len || (host.len > known.len && host.ptr[known.len] == ':');
        if (str_starts(host, known) && ends) return http_peer_loopback(x);
    }
    return false;
}

/* Where the page was asked to lead, by its address, its form or before one went to a provider. */
static Str next_of(HttpExchange *x) {
    const HttpForm *form;
    if (http_method(x) == HTTP_POST && http_form(x, &form) == RC_OK)
        return http_form_value(form, "next");
    return http_query_or(x, "next", page_outside_next(x));
}

void page_sign_in(HttpExchange *x, int status, Str account, const Faults *faults) {
    View view = page_view(x), values = view_new(http_ctx(x)->arena);
    Str next = next_of(x);
    view_str(&values, "account", account);
    view_set(&view, "values", view_value(&values));
    view_set(&view, "next", json_of_str(page_own_path(next, "/")));
    page_providers(x, &view);
    view_set(&view, "demo", asked_on_loopback(x) ? demo_values(x) : json_of_items(NULL, 0));
    if (faults) page_faults(&view, faults);
    if (page_passkey_offer(x, PASSKEY_SIGN_IN, &view) == RC_OK)
        page_show(x, status, WEB_PAGE_SIGN_IN, &view);
    else
        page_fail(x);
}

static void sign_in_get(HttpExchange *x) {
    page_sign_in(x, 200, STR_NONE, NULL);
}

void page_retry_after(HttpExchange *x, Str login) {
    Ctx *ctx = http_ctx(x);
    http_set_header(x, "Retry-After", str_fmt(ctx->arena, "%d", gate_retry_after(ctx, login)));
}

static void sign_in_fault(HttpExchange *x, Rc rc, Str account) {
    Faults faults = {0};
    bool ended = str_eq(http_ctx(x)->error.code, STR("password-ended"));
    const char *code = rc == RC_LIMIT ? "wait" : ended ? "ended" : "wrong";
    vec_push(http_ctx(x)->arena, &faults, (Fault){"password", code});
    if (rc == RC_LIMIT) page_retry_after(x, account);
    page_sign_in(x, rc == RC_LIMIT ? 429 : 422, account, &faults);
}

void page_go_on(HttpExchange *x, Str next, Str token) {
    if (!str_empty(token)) gate_set_cookie(x, token, pages_options(x)->secure);
    page_see(x, next);
}

/* What nobody had begun in this browser goes on as his who has signed in. */
static void drafts_take(Ctx *ctx, const Actor *signed_in) {
    Ctx asking = *ctx; /* whose error stays */
    if (ctx->actor->kind != ACTOR_NOBODY) return;
    asking.actor = (Actor *)(uintptr_t)signed_in;
    if (draft_adopt(&asking, ctx->actor->browser) != RC_OK)
        log_warn("web", "a draft was not taken into the account: " STR_FMT,
                 STR_ARG(asking.error.detail));
}

void page_signed_in(HttpExchange *x, Str wanted, Str token) {
    Ctx *ctx = http_ctx(x);
    Actor actor;
    Str next = page_own_path(wanted, "/");
    if (gate_session_actor(ctx, token, &actor))
        drafts_take(ctx, &actor);
    else
        actor = *ctx->actor;
    page_go_on(x, next.len > 1 ? next : str_of(page_home_of(x, &actor)), token);
}

static void sign_in_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Str token;
    if (!page_form(x, &form)) return;
    Str account = str_trim(http_form_value(form, "account"));
    Rc rc = gate_sign_in(ctx, account, http_form_value(form, "password"), &token);
    if (rc == RC_DENIED || rc == RC_LIMIT) {
        sign_in_fault(x, rc, account);
        return;
    }
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    page_signed_in(x, http_form_value(form, "next"), token);
}

static void sign_out_post(HttpExchange *x) {
    if (gate_sign_out(http_ctx(x)) != RC_OK) {
        page_fail(x);
        return;
    }
    gate_set_cookie(x, STR_NONE, pages_options(x)->secure);
    page_see(x, STR("/"));
}

/* ---- step-up ---- */

static const char *home_of(HttpExchange *x) {
    return page_home_of(x, http_ctx(x)->actor);
}

/* What is wrong with the password that was sent; an account that has a passkey takes none. */
static Fault step_up_fault(Ctx *ctx, Rc rc) {
    if (str_eq(ctx->error.code, STR("needs-passkey"))) return (Fault){"passkey", "needed"};
    return (Fault){"password", rc == RC_LIMIT ? "wait" : "alone"};
}

void page_step_up(HttpExchange *x, int status, const Faults *faults) {
    View view = page_view(x);
    view_set(&view, "next", json_of_str(page_own_path(next_of(x), home_of(x))));
    if (faults) page_faults(&view, faults);
    if (page_providers_linked(x, &view) == RC_OK && page_passkey_held(x, &view) == RC_OK &&
        page_passkey_offer(x, PASSKEY_STEP_UP, &view) == RC_OK)
        page_show(x, status, WEB_PAGE_STEP_UP, &view);
    else
        page_fail(x);
}

static void step_up_get(HttpExchange *x) {
    page_step_up(x, 200, NULL);
}

static void step_up_post(HttpExchange *x) {
    const HttpForm *form;
    Str token;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Rc rc = gate_step_up(http_ctx(x), http_form_value(form, "password"), &token);
    if (rc == RC_OK) {
        page_go_on(x, page_own_path(http_form_value(form, "next"), home_of(x)), token);
        return;
    }
    if (rc != RC_DENIED && rc != RC_LIMIT) {
        page_fail(x);
        return;
    }
    vec_push(http_ctx(x)->arena, &faults, step_up_fault(http_ctx(x), rc));
    if (rc == RC_LIMIT) page_retry_after(x, STR_NONE);
    page_step_up(x, rc == RC_LIMIT ? 429 : 422, &faults);
}

/* ---- the post under which one acts (兼務) ---- */

static Json roles_value(Arena *arena, unsigned roles) {
    JsonItems items = {0};
    for (unsigned role = 0; role < ROLE_COUNT; role++)
        if (roles & 1u << role)
            vec_push(arena, &items, json_of_str(str_of(gate_role_name((GateRole)role))));
    return json_of_items(items.items, items.len);
}

/* By what he has the post for some days; null: it is his own. */
static Json own_duty_value(Ctx *ctx, Str post) {
    GateDuty duty;
    View one = view_new(ctx->arena);
    if (!gate_duty_own(ctx, post, &duty)) return json_of_null();
    view_str(&one, "kind", str_of(gate_duty_word(duty.kind)));
    view_str(&one, "until", time_format_date(one.arena, duty.until));
    return view_value(&one);
}

static Json own_post_value(HttpExchange *x, Str id) {
    Ctx *ctx = http_ctx(x);
    const GatePost *post = gate_post(ctx->tenant->gate, id);
    View one = view_new(ctx->arena);
    view_str(&one, "id", id);
    view_set(&one, "title", page_post(x, id));
    view_set(&one, "roles", roles_value(ctx->arena, post ? post->roles : 0));
    view_bool(&one, "on", str_eq(id, ctx->actor->post));
    view_set(&one, "duty", own_duty_value(ctx, id));
    return view_value(&one);
}

static void post_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const StrVec *own = gate_own_posts(ctx);
    View view = page_view(x);
    JsonItems items = {0};
    for (size_t i = 0; own && i < own->len; i++)
        vec_push(ctx->arena, &items, own_post_value(x, own->items[i]));
    view_items(&view, "posts", &items);
    page_show(x, 200, WEB_PAGE_POST_SWITCH, &view);
}

/* What the new post may open first. */
static void post_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    if (!page_form(x, &form)) return;
    Str wanted = http_form_value(form, "post");
    if (gate_take_post(ctx, wanted) != RC_OK) {
        page_fail(x);
        return;
    }
    const GatePost *post = gate_post(ctx->tenant->gate, wanted);
    Actor actor = *ctx->actor;
    actor.post = wanted;
    if (post) actor.roles = post->roles;
    if (post) actor.division = post->division;
    page_see(x, str_of(page_home_of(x, &actor)));
}

#define STEP_UP_ACCESS (GATE_STAFF | GATE_RESIDENT | GATE_WAY)

const HttpRoute page_account_rows[] = {
    {HTTP_GET, "/sign-in", sign_in_get, HTTP_POOL, 0, GATE_PUBLIC, "Accounts", "Sign in", NULL,
     NULL, page_shown},
    {HTTP_POST, "/sign-in", sign_in_post, HTTP_POOL, PAGE_FORM_MAX, GATE_PUBLIC | GATE_FORM,
     "Accounts", "Sign in", NULL, NULL, page_posted},
    {HTTP_POST, "/sign-out", sign_out_post, HTTP_POOL, PAGE_FORM_MAX,
     GATE_PUBLIC | GATE_FORM | GATE_FIRST, "Accounts", "Sign out", NULL, NULL, page_posted},
    {HTTP_GET, "/step-up", step_up_get, HTTP_POOL, 0, STEP_UP_ACCESS, "Accounts",
     "Confirm one's identity", NULL, NULL, page_shown},
    {HTTP_POST, "/step-up", step_up_post, HTTP_POOL, PAGE_FORM_MAX, STEP_UP_ACCESS | GATE_FORM,
     "Accounts", "Confirm one's identity", NULL, NULL, page_posted},
    {HTTP_GET, "/post", post_get, HTTP_POOL, 0, GATE_STAFF | GATE_SELF, "Accounts",
     "The posts one holds", NULL, NULL, page_shown},
    {HTTP_POST, "/post", post_post, HTTP_POOL, PAGE_FORM_MAX, GATE_STAFF | GATE_SELF | GATE_FORM,
     "Accounts", "Change the post", NULL, NULL, page_posted},
};
ROWS(page_account_count, page_account_rows);
