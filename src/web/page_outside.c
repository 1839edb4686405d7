/* page_outside: coming in by an outside provider: the way to it, what comes back, and what an
 * account has linked. Whatever goes wrong is told on the page where one pressed the button.
 */
#include "pages_int.h"

/* Where the browser goes on when it is back: for as long as it may be away. */
#define NEXT_COOKIE "machi_outside"
#define RETURN_PATH "/sign-in/outside/"
enum { NEXT_SECONDS = 900 };

/* ---- providers as pages show them ---- */

static Json provider_value(Arena *arena, const GateProvider *provider) {
    View one = view_new(arena);
    view_str(&one, "id", provider->id);
    view_set(&one, "label", view_text(arena, provider->label_ja, provider->label_en));
    return view_value(&one);
}

Json page_provider_label(HttpExchange *x, Str id) {
    Ctx *ctx = http_ctx(x);
    const GateProvider *provider = gate_provider(ctx->tenant->gate, id);
    if (!provider) return json_of_null();
    return view_text(ctx->arena, provider->label_ja, provider->label_en);
}

static bool is_linked(const GateOutsidesSeen *seen, Str provider) {
    VEC_EACH (const GateOutsideSeen, one, seen)
        if (str_eq(one->provider, provider)) return true;
    return false;
}

/* Whoever has a passkey confirms by nothing that is worth less. */
static bool confirms(const Ctx *ctx, const GateProvider *provider) {
    return !gate_has_passkey(ctx) || provider->authn >= AUTHN_PASSKEY;
}

/* linked: of those in `seen` only those that are, and confirm, or are not; seen NULL: all. */
static void providers_set(HttpExchange *x, View *view, const GateOutsidesSeen *seen, bool linked) {
    Ctx *ctx = http_ctx(x);
    const GateProvider *provider;
    JsonItems items = {0};
    for (size_t i = 0; (provider = gate_provider_at(ctx->tenant->gate, i)); i++)
        if (!seen ||
            (is_linked(seen, provider->id) == linked && (!linked || confirms(ctx, provider))))
            vec_push(ctx->arena, &items, provider_value(ctx->arena, provider));
    view_items(view, "providers", &items);
}

void page_providers(HttpExchange *x, View *view) {
    providers_set(x, view, NULL, false);
}

Rc page_providers_linked(HttpExchange *x, View *view) {
    GateOutsidesSeen seen;
    TRY(gate_outsides(http_ctx(x), &seen));
    providers_set(x, view, &seen, true);
    return RC_OK;
}

/* Officials come in by password and passkey alone. */
Rc page_outsides(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    GateOutsidesSeen seen;
    JsonItems items = {0};
    TRY(gate_outsides(ctx, &seen));
    VEC_EACH (const GateOutsideSeen, one, &seen) {
        View row = view_new(ctx->arena);
        Json label = page_provider_label(x, one->provider);
        view_str(&row, "id", one->id);
        view_set(&row, "label", label.kind == JSON_NULL ? json_of_str(one->provider) : label);
        view_instant(&row, "added", one->added_at);
        vec_push(ctx->arena, &items, view_value(&row));
    }
    view_items(view, "outsides", &items);
    providers_set(x, view, &seen, false);
    if (ctx->actor->kind != ACTOR_RESIDENT) view_items(view, "providers", &(JsonItems){0});
    return RC_OK;
}

/* ---- what went wrong ---- */

/* NULL: the error is none that a form tells. */
static const char *fault_word(const Error *error) {
    static const struct {
        const char *code, *word;
    } rows[] = {
        {"outside-silent", "silent"},   {"outside-document", "silent"},
        {"outside-stopped", "stopped"}, {"outside-refused", "refused"},
        {"outside-token", "untrusted"}, {"stale-challenge", "stale"},
        {"outside-shut", "shut"},       {"account-changed", "shut"},
        {"outside-other", "other"},     {"outside-known", "known"},
        {"too-many-outside", "many"},   {"last-way", "last"},
        {"too-many-failures", "wait"},  {"too-many-sign-ins", "wait"},
        {"needs-passkey", "weak"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(error->code, str_of(rows[i].code))) return rows[i].word;
    return NULL;
}

static int status_of(const Error *error) {
    bool silent = str_eq(error->code, STR("outside-document")) || error->rc == RC_BUSY;
    if (error->rc == RC_LIMIT) return 429;
    return silent ? 503 : 422;
}

/* On the page that the button stands on; of one that only who is signed in sees, on that of the
   sign-in. */
static void fault_show(HttpExchange *x, GateOutsideUse use, const Error *error) {
    Ctx *ctx = http_ctx(x);
    Faults faults = {0};
    const char *word = fault_word(error);
    if (str_eq(error->code, STR("needs-step-up"))) {
        page_see(x, STR("/step-up?next=%2Faccount"));
        return;
    }
    ctx->error = *error;
    if (!word) {
        page_fail(x);
        return;
    }
    int status = status_of(error);
    vec_push(ctx->arena, &faults, (Fault){"outside", word});
    if (status == 429)
        http_set_header(x, "Retry-After",
                        str_fmt(ctx->arena, "%d", gate_retry_after(ctx, STR_NONE)));
    if (!ctx->actor->session || use == OUTSIDE_SIGN_IN)
        page_sign_in(x, status, STR_NONE, &faults);
    else if (use == OUTSIDE_STEP_UP)
        page_step_up(x, status, &faults);
    else
        page_account(x, status, &faults);
}

/* ---- there ---- */

/* A browser that goes to a provider or comes back. */
typedef struct Going {
    HttpExchange *x;
    GateOutside *outside;
    GateOutsideUse use;
    HttpThen then;
    Str provider, next;
    Rc rc;
    Error error;
} Going;

/* On whatever thread; the exchange is nobody else's until it is resumed. */
static void ended(void *arg, GateOutside *outside, Rc rc) {
    Going *going = arg;
    going->outside = outside;
    going->rc = rc;
    going->error = http_ctx(going->x)->error;
    http_resume(going->x, HTTP_POOL, going->then, going);
}

/* False: it has answered. */
static bool went_well(HttpExchange *x, const Going *going) {
    if (gate_lend_reader(x) != RC_OK) {
        page_fail(x);
        return false;
    }
    if (going->rc == RC_OK) return true;
    fault_show(x, going->use, &going->error);
    return false;
}

/* A page between, and no redirect: browsers hold where a form leads in the end against form-action,
   and which hosts a provider leads over is known to it alone. */
static void gone(HttpExchange *x, void *arg) {
    const Going *going = arg;
    if (!went_well(x, going)) return;
    View view = page_view(x);
    Str url = gate_outside_url(going->outside);
    http_set_cookie(x, (HttpSetCookie){.name = NEXT_COOKIE,
                                       .value = http_url_encode(view.arena, going->next),
                                       .max_age = NEXT_SECONDS,
                                       .secure = pages_options(x)->secure});
    view_set(&view, "label", page_provider_label(x, going->provider));
    view_str(&view, "url", url);
    http_set_header(x, "Refresh", str_fmt(view.arena, "0; url=" STR_FMT, STR_ARG(url)));
    page_show(x, 200, WEB_PAGE_OUTSIDE, &view);
}

static Str return_address(HttpExchange *x, Str provider) {
    Str path = str_fmt(http_ctx(x)->arena, RETURN_PATH STR_FMT, STR_ARG(provider));
    return page_whole_address(x, path);
}

static void go(HttpExchange *x, GateOutsideUse use, const char *otherwise) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Going *going = NEW(ctx->arena, Going);
    if (!page_form(x, &form)) return;
    *going = (Going){.x = x,
                     .use = use,
                     .then = gone,
                     .provider = http_form_value(form, "provider"),
                     .next = page_own_path(http_form_value(form, "next"), otherwise)};
    GateOutsideAsk ask = {.provider = going->provider,
                          .use = use,
                          .back = return_address(x, going->provider),
                          .done = ended,
                          .arg = going};
    http_defer(x);
    gate_outside_begin(ctx, &ask);
}

static void sign_in_post(HttpExchange *x) {
    go(x, OUTSIDE_SIGN_IN, "/");
}

static void step_up_post(HttpExchange *x) {
    go(x, OUTSIDE_STEP_UP, "/account");
}

static void link_post(HttpExchange *x) {
    go(x, OUTSIDE_LINK, "/account");
}

/* ---- and back ---- */

Str page_outside_next(HttpExchange *x) {
    if (!str_starts(http_path(x), STR(RETURN_PATH))) return STR_NONE;
    return http_url_decode(http_ctx(x)->arena, http_cookie(x, NEXT_COOKIE), false);
}

static void came(HttpExchange *x, void *arg) {
    Going *going = arg;
    Ctx *ctx = http_ctx(x);
    Str token;
    if (!went_well(x, going)) return;
    if (gate_outside_finish(ctx, going->outside, &token) != RC_OK) {
        Error error = ctx->error;
        fault_show(x, going->use, &error);
        return;
    }
    http_set_cookie(
        x,
        (HttpSetCookie){.name = NEXT_COOKIE, .value = STR(""), .secure = pages_options(x)->secure});
    if (going->use == OUTSIDE_SIGN_IN)
        page_signed_in(x, going->next, token);
    else
        page_go_on(x, page_own_path(going->next, "/account"), token);
}

static void return_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str state = http_query_or(x, "state", STR_NONE);
    Going *going = NEW(ctx->arena, Going);
    *going = (Going){.x = x,
                     .use = gate_outside_use(state),
                     .then = came,
                     .provider = http_path_param(x, "provider"),
                     .next = page_outside_next(x)};
    GateOutsideSaid said = {.provider = going->provider,
                            .back = return_address(x, going->provider),
                            .state = state,
                            .code = http_query_or(x, "code", STR_NONE),
                            .error = http_query_or(x, "error", STR_NONE),
                            .issuer = http_query_or(x, "iss", STR_NONE),
                            .done = ended,
                            .arg = going};
    http_defer(x);
    gate_outside_return(ctx, &said);
}

static void end_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    if (!page_form(x, &form)) return;
    if (gate_outside_end(ctx, http_form_value(form, "id")) == RC_OK) {
        page_see(x, STR("/account"));
        return;
    }
    Error error = ctx->error;
    fault_show(x, OUTSIDE_LINK, &error);
}

/* ---- what a provider says by itself ---- */

/* Back-Channel Logout 1.0, §2.8: 200, or 400 whatever was wrong; nobody keeps either. */
static void logged_out(HttpExchange *x, void *arg) {
    const Going *going = arg;
    Ctx *ctx = http_ctx(x);
    Str token;
    Rc rc = gate_lend_reader(x);
    http_set_header(x, "Cache-Control", STR("no-store"));
    if (rc == RC_OK) rc = going->rc;
    if (rc == RC_OK) rc = gate_outside_finish(ctx, going->outside, &token);
    if (rc == RC_OK)
        http_answer_empty(x, 200);
    else
        http_problem(x, (HttpProblem){.status = 400, .detail = ctx->error.detail});
}

static void logout_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    if (!page_form(x, &form)) return;
    Going *going = NEW(ctx->arena, Going);
    *going = (Going){.x = x, .use = OUTSIDE_LOGOUT, .then = logged_out};
    GateOutsideLogout said = {.provider = http_path_param(x, "provider"),
                              .token = http_form_value(form, "logout_token"),
                              .done = ended,
                              .arg = going};
    http_defer(x);
    gate_outside_logout(ctx, &said);
}

static const HttpAnswer logout_answers[] = {{200, NULL, NULL}, HTTP_PROBLEM(400), HTTP_PROBLEM(413),
                                            HTTP_PROBLEM(415), HTTP_PROBLEM(421), HTTP_PROBLEM(429),
                                            HTTP_PROBLEM(503), {0, NULL, NULL}};

const HttpRoute page_outside_rows[] = {
    PAGE_SEND("/sign-in/outside", GATE_PUBLIC, "Accounts", sign_in_post,
              "Sign in by an outside provider"),
    PAGE_SHOW(RETURN_PATH "{provider}", GATE_PUBLIC | GATE_WAY, "Accounts", return_get,
              "Come back from an outside provider"),
    {HTTP_POST, RETURN_PATH "{provider}/logout", logout_post, HTTP_POOL, PAGE_FORM_MAX,
     GATE_PUBLIC | GATE_API | GATE_QUIET, "Accounts",
     "What an outside provider says of a sign-out there", NULL, NULL, logout_answers},
    PAGE_SEND("/step-up/outside", GATE_RESIDENT | GATE_WAY, "Accounts", step_up_post,
              "Confirm one's identity by an outside provider"),
    PAGE_SEND("/account/outside", GATE_RESIDENT, "Accounts", link_post, "Link an outside provider"),
    PAGE_SEND("/account/outside/end", GATE_RESIDENT, "Accounts", end_post,
              "Unlink an outside provider"),
};
ROWS(page_outside_count, page_outside_rows);
