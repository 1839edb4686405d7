/* page_code: a code from a counter: entering it, and choosing how one signs in from then on; and on
 * one's own page, what a counter has made sure of. */
#include "page_my.h"

/* ---- entering it ---- */

static void code_show(HttpExchange *x, int status, Str written, const Faults *faults) {
    View view = page_view(x), values = view_new(http_ctx(x)->arena);
    view_set(&values, "paper_code", json_of_str(written));
    view_set(&view, "values", view_value(&values));
    page_contact(x, &view, "phone");
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_CODE, &view);
}

static void code_get(HttpExchange *x) {
    code_show(x, 200, STR(""), NULL);
}

/* What is only looked at isn't used: the page takes the code of the paper's address, which is its
   fragment, into its field, and whoever opens it presses the button. */
static void code_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    Str token;
    if (!page_form(x, &form)) return;
    Rc rc = gate_code_use(ctx, http_form_value(form, "paper_code"), &token);
    if (rc == RC_OK) {
        page_signed_in(x, STR("/sign-in/new"), token);
    } else if (rc == RC_DENIED || rc == RC_LIMIT) {
        vec_push(ctx->arena, &faults, (Fault){"paper_code", rc == RC_LIMIT ? "wait" : "wrong"});
        code_show(x, rc == RC_LIMIT ? 429 : 422, http_form_value(form, "paper_code"), &faults);
    } else {
        page_fail(x);
    }
}

/* ---- choosing ---- */

void page_new_way(HttpExchange *x, int status, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form = NULL;
    if (!gate_by_code(ctx)) {
        page_see(x, STR("/account"));
        return;
    }
    View view = page_view(x), values = view_new(ctx->arena);
    if (http_method(x) != HTTP_POST || http_form(x, &form) != RC_OK) form = NULL;
    view_set(&values, "passkey_name",
             json_of_str(form ? http_form_value(form, "passkey_name") : STR("")));
    view_set(&view, "values", view_value(&values));
    view_str(&view, "login", gate_login(ctx));
    if (faults) page_faults(&view, faults);
    if (page_passkey_offer(x, PASSKEY_ADD, &view) == RC_OK)
        page_show(x, status, WEB_PAGE_NEW_WAY, &view);
    else
        page_fail(x);
}

static void new_get(HttpExchange *x) {
    page_new_way(x, 200, NULL);
}

static void password_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    Str token;
    if (!page_form(x, &form)) return;
    Rc rc = gate_renew_password(ctx, http_form_value(form, "wanted"), &token);
    const Fault *fault = rc == RC_OK ? NULL : page_password_fault(x, rc);
    if (rc == RC_OK) {
        page_go_on(x, STR("/my"), token);
    } else if (fault) {
        vec_push(ctx->arena, &faults, *fault);
        page_new_way(x, 422, &faults);
    } else {
        page_fail(x);
    }
}

/* ---- on one's own page ---- */

static void end_post(HttpExchange *x) {
    if (gate_code_end(http_ctx(x)) == RC_OK)
        page_see(x, STR("/account"));
    else
        page_fail(x);
}

Rc page_code_waits(HttpExchange *x, View *view) {
    int64_t until;
    TRY(gate_code_waits(http_ctx(x), &until));
    view_instant(view, "code_until", until);
    return RC_OK;
}

Rc page_checks(HttpExchange *x, View *view) {
    GateChecks checks;
    JsonItems items = {0};
    TRY(gate_checks(http_ctx(x), &checks));
    VEC_EACH (const GateCheck, check, &checks) {
        View one = view_new(view->arena);
        view_int(&one, "at", check->at);
        view_set(&one, "post", page_post(x, check->post));
        view_str(&one, "document", check->document);
        view_bool(&one, "opened", check->opened);
        view_bool(&one, "links", check->links);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "checks", &items);
    return RC_OK;
}

const HttpRoute page_code_rows[] = {
    PAGE_SHOW("/sign-in/code", GATE_PUBLIC | GATE_FIRST, "Accounts", code_get,
              "A code from a counter"),
    PAGE_SEND("/sign-in/code", GATE_PUBLIC | GATE_FIRST, "Accounts", code_post,
              "Sign in with a code from a counter"),
    PAGE_SEND("/account/code/end", GATE_RESIDENT, "Accounts", end_post,
              "End a code from a counter that waits"),
    PAGE_SHOW("/sign-in/new", GATE_RESIDENT | GATE_FIRST, "Accounts", new_get,
              "Choose how one signs in"),
    PAGE_SEND("/sign-in/new/password", GATE_RESIDENT | GATE_FIRST, "Accounts", password_post,
              "Choose a password"),
};
ROWS(page_code_count, page_code_rows);
