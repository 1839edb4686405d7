/* page_mail: where a resident says to which mail address he is told that there is news, and where
 * he stops it, signed in or by the link of a mail.
 */
#include "pages_int.h"

#include "mail/mail.h"

/* ---- on the page of the account ---- */

/* `mail`: null where nobody is told by mail; `asked`: the address to which a code was sent. */
static Rc part_set(HttpExchange *x, View *view, Str asked) {
    Ctx *ctx = http_ctx(x);
    GateMail own;
    view_null(view, "mail");
    if (!ctx->tenant->mail || ctx->actor->kind != ACTOR_RESIDENT) return RC_OK;
    TRY(gate_mail_own(ctx, &own));
    View one = view_new(ctx->arena);
    view_str(&one, "address", own.address);
    view_instant(&one, "agreed", own.agreed_at);
    view_bool(&one, "refused", own.refused);
    view_str(&one, "asked", asked);
    view_set(view, "mail", view_value(&one));
    return RC_OK;
}

/* The address of the form that was sent, while its code is waited for. */
static Str asked_of(HttpExchange *x) {
    const HttpForm *form;
    bool sent = http_method(x) == HTTP_POST && str_starts(http_path(x), STR("/account/mail"));
    if (!sent || http_form(x, &form) != RC_OK) return STR_NONE;
    Str address = str_trim(http_form_value(form, "mail"));
    return gate_mail_good(address) ? address : STR_NONE;
}

Rc page_mail(HttpExchange *x, View *view) {
    return part_set(x, view, asked_of(x));
}

/* False: the error is none that a form tells. */
static bool faults_of(HttpExchange *x, Rc rc, Faults *faults) {
    static const struct {
        const char *code;
        Fault fault;
    } rows[] = {
        {"bad-mail", {"mail", "format"}},
        {"bad-code", {"mail_code", "wrong"}},
        {"mail-busy", {"mail", "busy"}},
        {"too-many-failures", {"mail", "wait"}},
    };
    Ctx *ctx = http_ctx(x);
    for (size_t i = 0; rc != RC_OK && i < sizeof rows / sizeof *rows; i++)
        if (str_eq(ctx->error.code, str_of(rows[i].code))) {
            vec_push(ctx->arena, faults, rows[i].fault);
            return true;
        }
    return false;
}

static void fault_show(HttpExchange *x, Rc rc) {
    Faults faults = {0};
    if (str_eq(http_ctx(x)->error.code, STR("needs-step-up")))
        page_see(x, STR("/step-up?next=%2Faccount"));
    else if (faults_of(x, rc, &faults))
        page_account(x, rc == RC_LIMIT ? 429 : rc == RC_BUSY ? 503 : 422, &faults);
    else
        page_fail(x);
}

static Rc mail_there(Ctx *ctx) {
    if (ctx->tenant->mail) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-mail", STR_NONE, "Nobody is told by mail here.");
}

/* The page asks for the code at once: it says nothing of whether the address is anybody's. */
static void ask_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Str code;
    if (!page_form(x, &form)) return;
    Str address = str_trim(http_form_value(form, "mail"));
    Rc rc = mail_there(ctx);
    if (rc == RC_OK) rc = gate_mail_code(ctx, address, &code);
    if (rc == RC_OK) rc = mail_code(ctx, ctx->tenant->mail, address, code);
    if (rc == RC_OK)
        page_account(x, 200, NULL);
    else
        fault_show(x, rc);
}

static void confirm_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    if (!page_form(x, &form)) return;
    Rc rc = mail_there(ctx);
    if (rc == RC_OK)
        rc = gate_mail_confirm(ctx, str_trim(http_form_value(form, "mail")),
                               str_trim(http_form_value(form, "mail_code")));
    if (rc == RC_OK)
        page_see(x, STR("/account"));
    else
        fault_show(x, rc);
}

static void end_post(HttpExchange *x) {
    Rc rc = gate_mail_end(http_ctx(x));
    if (rc == RC_OK)
        page_see(x, STR("/account"));
    else
        fault_show(x, rc);
}

/* ---- by the link of a mail ---- */

static void stop_show(HttpExchange *x, Str token, bool done) {
    View view = page_view(x);
    view_str(&view, "token", token);
    view_bool(&view, "done", done);
    page_show(x, 200, WEB_PAGE_MAIL_STOP, &view);
}

/* What fetches each address of a mail beforehand ends nothing: this page has a button. */
static void stop_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str token = http_path_param(x, "token");
    Rc rc = gate_mail_stop_check(ctx, token);
    if (rc == RC_OK) {
        stop_show(x, token, false);
        return;
    }
    if (rc == RC_DENIED) ctx->error.rc = RC_NOT_FOUND; /* no such page */
    page_fail(x);
}

/* By that button, or by a mail program's own (RFC 8058), which knows no form of ours: the token
   alone says that he may. */
static void stop_post(HttpExchange *x) {
    Str token = http_path_param(x, "token");
    if (gate_mail_stop(http_ctx(x), token) == RC_OK)
        stop_show(x, token, true);
    else
        page_fail(x);
}

const HttpRoute page_mail_rows[] = {
    PAGE_SEND("/account/mail", GATE_RESIDENT, "Accounts", ask_post,
              "Have a code sent to a mail address"),
    PAGE_SEND("/account/mail/confirm", GATE_RESIDENT, "Accounts", confirm_post,
              "Agree to be told there"),
    PAGE_SEND("/account/mail/end", GATE_RESIDENT, "Accounts", end_post, "Be told no more by mail"),
    PAGE_SHOW("/mail/stop/{token}", GATE_PUBLIC, "Accounts", stop_get, "Stop mails by their link"),
    {HTTP_POST, "/mail/stop/{token}", stop_post, HTTP_POOL, PAGE_FORM_MAX, GATE_PUBLIC, "Accounts",
     "Stop mails by their link", NULL, NULL, page_posted},
};
ROWS(page_mail_count, page_mail_rows);
