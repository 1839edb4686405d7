/* page_account: signing in and out, confirming one's identity again, changing the post, and the
 * resident's own page. */
#include "pages_int.h"

#include <stdlib.h>

#define IRI(term) STR(LD_DEFAULT term)

enum { CASES_SHOWN = 50, LOOKS_SHOWN = 50, LOOKS_FEW = 5 };

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

void page_signed_in(HttpExchange *x, Str wanted, Str token) {
    Ctx *ctx = http_ctx(x);
    Actor actor;
    Str next = page_own_path(wanted, "/");
    if (!gate_session_actor(ctx, token, &actor)) actor = *ctx->actor;
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

/* ---- my page ---- */

/* Of all subjects of the person, as the gate shows them to him. */
static int newest_first(const void *a, const void *b) {
    const Entity *x = *(const Entity *const *)a, *y = *(const Entity *const *)b;
    return str_cmp(entity_text(y, IRI("submittedAt")), entity_text(x, IRI("submittedAt")));
}

/* As the gate shows them to the person, the newest first. */
static Rc own_cases(Ctx *ctx, InboxCases *out) {
    StrVec subjects;
    *out = (InboxCases){0};
    TRY(gate_subjects(ctx, ctx->actor->person, &subjects));
    VEC_EACH (const Str, subject, &subjects) {
        InboxCases all;
        TRY(inbox_of(ctx, *subject, CASES_SHOWN, &all));
        for (size_t i = 0; i < all.len; i++) {
            const Entity *shown = gate_view(ctx, NULL, all.items[i]);
            if (shown) vec_push(ctx->arena, out, shown);
        }
    }
    if (out->len) qsort(out->items, out->len, sizeof *out->items, newest_first);
    return RC_OK;
}

static int newest_look(const void *a, const void *b) {
    uint64_t x = ((const Look *)a)->position, y = ((const Look *)b)->position;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* One look at several subjects of a person is one. */
static void looks_join(Arena *arena, Looks *looks) {
    size_t n = 0;
    for (size_t i = 0; i < looks->len; i++) {
        Look *last = n ? &looks->items[n - 1] : NULL;
        if (last && last->position == looks->items[i].position)
            VEC_EACH (const Str, record, &looks->items[i].records)
                vec_push(arena, &last->records, *record);
        else
            looks->items[n++] = looks->items[i];
    }
    looks->len = n;
}

/* The newest looks at any subject of the person, below a position (0: from the newest on). */
static Rc own_looks(Ctx *ctx, uint64_t before, size_t limit, Looks *out) {
    StrVec subjects;
    *out = (Looks){0};
    TRY(gate_subjects(ctx, ctx->actor->person, &subjects));
    VEC_EACH (const Str, subject, &subjects) {
        LooksQuery query = {.subject = *subject, .before = before, .limit = limit};
        Looks looks;
        TRY(project_looks(ctx, ctx->tenant->project, &query, &looks));
        for (size_t i = 0; i < looks.len; i++)
            vec_push(ctx->arena, out, looks.items[i]);
    }
    if (out->len) qsort(out->items, out->len, sizeof *out->items, newest_look);
    looks_join(ctx->arena, out);
    if (out->len > limit) out->len = (uint32_t)limit;
    return RC_OK;
}

static Rc case_add(HttpExchange *x, View *view, JsonItems *items, const Entity *application) {
    bool unread;
    TRY(thread_unread(http_ctx(x), application, &unread));
    View one = view_new(view->arena);
    view_str(&one, "url",
             str_fmt(view->arena, "/my/cases/" STR_FMT,
                     STR_ARG(http_url_encode(view->arena, application->id))));
    view_set(&one, "procedure", page_procedure_label(x, application));
    page_case_state(x, &one, application);
    view_str(&one, "number", entity_text(application, IRI("receiptNumber")));
    view_set(&one, "summary", page_town(x, entity_text(application, IRI("town"))));
    view_str(&one, "date", entity_text(application, IRI("pickupDate")));
    view_bool(&one, "unread", unread);
    vec_push(view->arena, items, view_value(&one));
    return RC_OK;
}

/* One choice for all of one's cases: given when none of them is opted out. */
static Json consent_value(Arena *arena, const InboxCases *cases) {
    bool given = true;
    for (size_t i = 0; i < cases->len; i++)
        given = given && !str_eq(entity_text(cases->items[i], IRI("openDataChoice")), STR("out"));
    View one = view_new(arena);
    view_str(&one, "id", STR("open"));
    view_set(&one, "label",
             view_text(arena, STR("申込みを公開データに含める"),
                       STR("Include my applications in open data")));
    view_set(&one, "text",
             view_text(arena, STR("月、地区、品目の種類だけ"),
                       STR("Month, district and kind of item only")));
    view_bool(&one, "given", given);
    Json *items = NEW(arena, Json);
    *items = view_value(&one);
    return json_of_items(items, 1);
}

static void my_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    InboxCases cases;
    Looks looks = {0};
    Rc rc = own_cases(ctx, &cases);
    if (rc == RC_OK) rc = own_looks(ctx, 0, LOOKS_FEW, &looks);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    JsonItems items = {0}, letters = {0};
    page_crumb(&view, STR("マイページ"), STR("My page"), STR_NONE);
    for (size_t i = 0; i < cases.len && rc == RC_OK; i++) {
        rc = case_add(x, &view, &items, cases.items[i]);
        if (rc == RC_OK) rc = page_letters_add(x, &letters, cases.items[i], LETTERS_OWN);
    }
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    view_items(&view, "cases", &items);
    view_items(&view, "letters", &letters);
    view_set(&view, "consents", consent_value(ctx->arena, &cases));
    page_looks(x, &view, &looks);
    page_show(x, 200, WEB_PAGE_MY_PAGE, &view);
}

static void consents_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    InboxCases cases;
    if (!page_form(x, &form)) return;
    Str choice = str_eq(http_form_value(form, "open"), STR("yes")) ? STR("in") : STR("out");
    Rc rc = own_cases(ctx, &cases);
    for (size_t i = 0; i < cases.len && rc == RC_OK; i++)
        rc = apply_choose(ctx, cases.items[i]->id, choice);
    if (rc == RC_OK)
        page_see(x, STR("/my"));
    else
        page_fail(x);
}

static Json checkpoint_value(Ctx *ctx) {
    Str note, line;
    View view = view_new(ctx->arena);
    if (ledger_checkpoint(ctx, ctx->tenant->ledger, &note) != RC_OK) return json_of_null();
    int64_t size = 0;
    for (int i = 0; str_split(&note, '\n', &line) && i < 3; i++) {
        if (i == 1) (void)str_to_i64(line, &size);
        if (i == 2) view_str(&view, "root", line);
    }
    view_int(&view, "size", size);
    return view_value(&view);
}

static void looks_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Looks looks;
    int64_t before = 0;
    (void)str_to_i64(http_query_or(x, "before", STR_NONE), &before);
    if (own_looks(ctx, before > 0 ? (uint64_t)before : 0, LOOKS_SHOWN, &looks) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    page_crumb(&view, STR("マイページ"), STR("My page"), STR("/my"));
    page_crumb(&view, STR("誰が見たか"), STR("Who looked"), STR_NONE);
    page_looks(x, &view, &looks);
    bool more = looks.len == LOOKS_SHOWN;
    view_str(&view, "newer", before > 0 ? STR("/my/looks") : STR_NONE);
    view_str(&view, "older",
             more ? str_fmt(ctx->arena, "/my/looks?before=%llu",
                            (unsigned long long)looks.items[looks.len - 1].position)
                  : STR_NONE);
    view_set(&view, "checkpoint", checkpoint_value(ctx));
    page_show(x, 200, WEB_PAGE_MY_LOOKS, &view);
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
    {HTTP_GET, "/my", my_get, HTTP_POOL, 0, GATE_RESIDENT, "Accounts", "My page", NULL, NULL,
     page_shown},
    {HTTP_POST, "/my/consents", consents_post, HTTP_POOL, PAGE_FORM_MAX, GATE_RESIDENT | GATE_FORM,
     "Accounts", "My choices", NULL, NULL, page_posted},
    {HTTP_GET, "/my/looks", looks_get, HTTP_POOL, 0, GATE_RESIDENT, "Accounts",
     "Who looked at my data", NULL, NULL, page_shown},
};
ROWS(page_account_count, page_account_rows);
