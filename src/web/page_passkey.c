/* page_passkey: what pages give a browser to ask for a passkey by, and the forms that it sends: to
 * add and remove one, to come in, to confirm who one is. What goes wrong is told on the page where
 * one pressed the button.
 */
#include "page_my.h"

#include "ld/ld.h"

/* ---- what is asked for ---- */

static Json ids_value(Arena *arena, const StrVec *ids) {
    return ids->len ? json_of_str(str_join(arena, ids->items, ids->len, STR(" "))) : json_of_null();
}

Rc page_passkey_offer(HttpExchange *x, GatePasskeyUse use, View *view) {
    Ctx *ctx = http_ctx(x);
    GatePasskeyOffer offer;
    view_null(view, "offer");
    TRY(gate_passkey_offer(ctx, use, http_header(x, "host"), &offer));
    /* to confirm by one, one must have one */
    if (str_empty(offer.host) || (use == PASSKEY_STEP_UP && !offer.ids.len)) return RC_OK;
    View one = view_new(ctx->arena);
    view_str(&one, "host", offer.host);
    view_str(&one, "challenge", offer.challenge);
    view_set(&one, "ids", ids_value(ctx->arena, &offer.ids));
    view_str(&one, "user", offer.user);
    view_str(&one, "login", offer.login);
    view_str(&one, "name", offer.name);
    view_set(view, "offer", view_value(&one));
    return RC_OK;
}

static Rc list_value(Ctx *ctx, View *view) {
    GatePasskeysSeen seen;
    JsonItems items = {0};
    TRY(gate_passkeys(ctx, &seen));
    VEC_EACH (const GatePasskeySeen, passkey, &seen) {
        View one = view_new(ctx->arena);
        view_str(&one, "id", passkey->id);
        view_str(&one, "name", passkey->name);
        view_str(&one, "host", passkey->host);
        view_instant(&one, "added", passkey->added_at);
        view_instant(&one, "used", passkey->used_at);
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(view, "passkeys", &items);
    return RC_OK;
}

static bool host_before(const GatePasskeysSeen *seen, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (str_eq(seen->items[k].host, seen->items[i].host)) return true;
    return false;
}

Rc page_passkey_held(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    GatePasskeysSeen seen;
    JsonItems hosts = {0};
    view_null(view, "held");
    if (!gate_has_passkey(ctx)) return RC_OK;
    TRY(gate_passkeys(ctx, &seen));
    for (size_t i = 0; i < seen.len; i++)
        if (!host_before(&seen, i)) vec_push(ctx->arena, &hosts, json_of_str(seen.items[i].host));
    View one = view_new(ctx->arena);
    view_items(&one, "hosts", &hosts);
    view_str(&one, "login", gate_login(ctx));
    view_set(view, "held", view_value(&one));
    return RC_OK;
}

/* One is added only by whoever has confirmed who he is: until then the page leads there. */
Rc page_passkeys(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    View values = view_new(ctx->arena);
    const HttpForm *form = NULL;
    GatePasskeyOffer any;
    TRY(gate_passkey_offer(ctx, PASSKEY_SIGN_IN, http_header(x, "host"), &any));
    bool fresh = gate_passkey_permitted(ctx) == RC_OK;
    view_bool(view, "passkeys_here", !str_empty(any.host));
    view_str(view, "confirm", fresh ? STR_NONE : STR("/step-up?next=%2Faccount"));
    view_null(view, "offer");
    if (http_method(x) != HTTP_POST || http_form(x, &form) != RC_OK) form = NULL;
    view_str(&values, "passkey_name", form ? http_form_value(form, "passkey_name") : STR_NONE);
    view_set(view, "values", view_value(&values));
    TRY(list_value(ctx, view));
    return fresh ? page_passkey_offer(x, PASSKEY_ADD, view) : RC_OK;
}

/* ---- what comes back ---- */

static GatePasskeySaid said_of(HttpExchange *x, const HttpForm *form) {
    return (GatePasskeySaid){.host = http_header(x, "host"),
                             .secure = pages_options(x)->secure,
                             .credential = http_form_value(form, "credential"),
                             .client = http_form_value(form, "client"),
                             .data = http_form_value(form, "data"),
                             .signature = http_form_value(form, "signature"),
                             .user = http_form_value(form, "user")};
}

/* False: the error is none that a form tells. */
static bool faults_of(HttpExchange *x, Faults *faults) {
    static const struct {
        const char *code;
        Fault fault;
    } rows[] = {
        {"wrong-passkey", {"passkey", "wrong"}},        {"account-changed", {"passkey", "wrong"}},
        {"passkey-copied", {"passkey", "copied"}},      {"stale-challenge", {"passkey", "stale"}},
        {"wrong-origin", {"passkey", "origin"}},        {"bad-passkey", {"passkey", "broken"}},
        {"unverified-user", {"passkey", "unverified"}}, {"passkey-known", {"passkey", "known"}},
        {"too-many-passkeys", {"passkey", "many"}},     {"last-way", {"passkey", "last"}},
        {"too-many-failures", {"passkey", "wait"}},     {"too-many-sign-ins", {"passkey", "wait"}},
        {"passkey-name", {"passkey_name", "length"}},
    };
    Ctx *ctx = http_ctx(x);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(ctx->error.code, str_of(rows[i].code))) {
            vec_push(ctx->arena, faults, rows[i].fault);
            return true;
        }
    return false;
}

static int status_of(Rc rc) {
    return rc == RC_LIMIT ? 429 : 422;
}

static void retry_set(HttpExchange *x, Rc rc, int seconds) {
    if (rc == RC_LIMIT)
        http_set_header(x, "Retry-After", str_fmt(http_ctx(x)->arena, "%d", seconds));
}

static void sign_in_post(HttpExchange *x) {
    const HttpForm *form;
    Faults faults = {0};
    Str token;
    if (!page_form(x, &form)) return;
    GatePasskeySaid said = said_of(x, form);
    Rc rc = gate_passkey_sign_in(http_ctx(x), &said, &token);
    if (rc == RC_OK) {
        page_signed_in(x, http_form_value(form, "next"), token);
    } else if (faults_of(x, &faults)) {
        retry_set(x, rc, gate_passkey_retry_after(http_ctx(x), &said));
        page_sign_in(x, status_of(rc), STR_NONE, &faults);
    } else {
        page_fail(x);
    }
}

static void step_up_post(HttpExchange *x) {
    const HttpForm *form;
    Str token;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    GatePasskeySaid said = said_of(x, form);
    Rc rc = gate_passkey_step_up(http_ctx(x), &said, &token);
    if (rc == RC_OK) {
        page_go_on(x, page_own_path(http_form_value(form, "next"), "/staff"), token);
    } else if (faults_of(x, &faults)) {
        retry_set(x, rc, gate_retry_after(http_ctx(x), STR_NONE));
        page_step_up(x, status_of(rc), &faults);
    } else {
        page_fail(x);
    }
}

/* Where whoever adds one goes on, and the page that says what was wrong. */
typedef struct Adding {
    const char *next;
    void (*show)(HttpExchange *x, int status, const Faults *faults);
} Adding;

static void add_one(HttpExchange *x, const Adding *adding) {
    const HttpForm *form;
    Str token;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    GatePasskeySaid said = said_of(x, form);
    Rc rc = gate_passkey_add(http_ctx(x), &said, http_form_value(form, "passkey_name"), &token);
    if (rc == RC_OK)
        page_go_on(x, str_of(adding->next), token);
    else if (faults_of(x, &faults))
        adding->show(x, status_of(rc), &faults);
    else
        page_fail(x);
}

static void add_post(HttpExchange *x) {
    add_one(x, &(Adding){"/account", page_account});
}

/* The same for who came by a code, to whom nothing else is open yet. */
static void new_post(HttpExchange *x) {
    add_one(x, &(Adding){"/my", page_new_way});
}

static void end_post(HttpExchange *x) {
    const HttpForm *form;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Rc rc = gate_passkey_end(http_ctx(x), http_form_value(form, "id"));
    if (rc == RC_OK)
        page_see(x, STR("/account"));
    else if (faults_of(x, &faults))
        page_account(x, status_of(rc), &faults);
    else
        page_fail(x);
}

#define SIGNED_IN (GATE_STAFF | GATE_RESIDENT)

const HttpRoute page_passkey_rows[] = {
    PAGE_SEND("/sign-in/passkey", GATE_PUBLIC, "Accounts", sign_in_post, "Sign in with a passkey"),
    PAGE_SEND("/step-up/passkey", SIGNED_IN | GATE_WAY, "Accounts", step_up_post,
              "Confirm one's identity with a passkey"),
    PAGE_SEND("/account/passkeys", SIGNED_IN | GATE_WAY, "Accounts", add_post,
              "Register a passkey"),
    PAGE_SEND("/sign-in/new/passkey", GATE_RESIDENT | GATE_FIRST, "Accounts", new_post,
              "Choose a passkey"),
    PAGE_SEND("/account/passkeys/end", SIGNED_IN, "Accounts", end_post, "Remove a passkey"),
};
ROWS(page_passkey_count, page_passkey_rows);
