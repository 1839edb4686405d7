/* page_identity: the counter at which it is made sure who somebody is: finding his account, ending
 * what he has lost, opening one for who has none; and the paper with the code that he takes along.
 */
#include "pages_int.h"

enum { CODE_GROUP = 4, OWNERS_MAX = 10 };

typedef VEC(GateOwner) Owners;

/* What the page shows besides its forms. */
typedef struct Desk {
    int status;
    const GateOwner *owner; /* NULL: none was found yet */
    const Owners *several;  /* of whom one is to be chosen; NULL: none */
    const HttpForm *form;   /* what was written; NULL: nothing */
    const Faults *faults;
} Desk;

static void documents_set(View *view, Str chosen) {
    JsonItems items = {0};
    for (size_t i = 0; !str_empty(gate_document_at(i)); i++) {
        View one = view_new(view->arena);
        view_str(&one, "id", gate_document_at(i));
        view_bool(&one, "chosen", str_eq(gate_document_at(i), chosen));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "documents", &items);
}

static void owner_set(View *view, const GateOwner *owner) {
    view_null(view, "owner");
    if (!owner) return;
    View one = view_new(view->arena);
    view_str(&one, "id", owner->id);
    view_str(&one, "name", owner->name);
    view_str(&one, "proof", gate_proof_word(owner->proof));
    view_bool(&one, "disabled", owner->disabled);
    view_bool(&one, "password", owner->password);
    view_int(&one, "passkeys", (int64_t)owner->passkeys);
    view_int(&one, "links", (int64_t)owner->links);
    view_instant(&one, "code_until", owner->code_until);
    view_set(view, "owner", view_value(&one));
}

/* Those of one telephone number, as of a family. */
static void several_set(View *view, const Owners *several) {
    JsonItems items = {0};
    for (size_t i = 0; several && i < several->len; i++) {
        View one = view_new(view->arena);
        view_str(&one, "id", several->items[i].id);
        view_str(&one, "name", several->items[i].name);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "several", &items);
}

static void written_set(View *view, const HttpForm *form) {
    static const char *const fields[] = {"find", "login", "name"};
    View values = view_new(view->arena);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        view_set(&values, fields[i],
                 json_of_str(form ? http_form_value(form, fields[i]) : STR("")));
    view_bool(&values, "links", form && !str_empty(http_form_value(form, "links")));
    view_set(view, "values", view_value(&values));
    documents_set(view, form ? http_form_value(form, "document") : STR_NONE);
}

static void desk_show(HttpExchange *x, const Desk *desk) {
    View view = page_view(x);
    owner_set(&view, desk->owner);
    several_set(&view, desk->several);
    written_set(&view, desk->form);
    if (desk->faults) page_faults(&view, desk->faults);
    page_show(x, desk->status, WEB_PAGE_IDENTITY, &view);
}

/* Each look says what for. */
static bool desk_form(HttpExchange *x, const HttpForm **form) {
    http_ctx(x)->purpose = STR("identity-check");
    return page_form(x, form);
}

/* What is wrong with what was written; NULL: it is no fault of a form. */
static const Fault *fault_of(const Ctx *ctx) {
    static const struct {
        const char *code;
        Fault fault;
    } rows[] = {{"no-account", {"find", "none"}},          {"too-many-failures", {"find", "wait"}},
                {"too-many-owners", {"find", "many"}},     {"name-long", {"name", "long"}},
                {"no-document", {"document", "required"}}, {"no-name", {"name", "required"}},
                {"bad-login", {"login", "length"}},        {"login-taken", {"login", "taken"}},
                {"not-seen", {"seen", "required"}}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(ctx->error.code, str_of(rows[i].code))) return &rows[i].fault;
    return NULL;
}

static void desk_fault(HttpExchange *x, const HttpForm *form, const GateOwner *owner) {
    const Fault *fault = fault_of(http_ctx(x));
    Faults faults = {0};
    if (!fault) {
        page_fail(x);
        return;
    }
    vec_push(http_ctx(x)->arena, &faults, *fault);
    desk_show(x, &(Desk){.status = http_ctx(x)->error.rc == RC_LIMIT ? 429 : 422,
                         .owner = owner,
                         .form = form,
                         .faults = &faults});
}

static void identity_get(HttpExchange *x) {
    desk_show(x, &(Desk){.status = 200});
}

/* ---- finding ---- */

static Rc too_many_owners(Ctx *ctx) {
    return ctx_fail(ctx, RC_CONFLICT, "too-many-owners", STR("find"),
                    "More than %d persons have this telephone number in their cases: find the "
                    "account by a receipt number.",
                    OWNERS_MAX);
}

/* Accounts by whose cases this is the telephone number; of persons of cases without one none.
   Numbers can't be tried out either. */
static Rc owners_phone(Ctx *ctx, Str said, Owners *out) {
    StrVec persons;
    TRY(gate_try(ctx, STR("owner-phone"), ctx->actor->id));
    TRY(seek_applicants(ctx, said, OWNERS_MAX + 1, &persons));
    if (persons.len > OWNERS_MAX) return too_many_owners(ctx);
    VEC_EACH (const Str, person, &persons) {
        GateOwner owner;
        Rc rc = gate_owner_person(ctx, *person, &owner);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        vec_push(ctx->arena, out, owner);
    }
    if (out->len) gate_try_right(ctx, STR("owner-phone"), ctx->actor->id);
    return RC_OK;
}

static Rc owner_add(Ctx *ctx, Rc rc, const GateOwner *owner, Owners *out) {
    if (rc == RC_OK) vec_push(ctx->arena, out, *owner);
    return rc;
}

/* The receipt number of one of his cases leads to him, and his telephone number there, as well as
   the name by which he signs in. */
static Rc owners_find(Ctx *ctx, Str said, Owners *out) {
    const Entity *application;
    GateOwner owner;
    Str id;
    Rc rc = inbox_find(ctx, text_nfkc(ctx->arena, said), &id);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) {
        TRY(ledger_entity(ctx, ctx->tenant->ledger, id, &application));
        Str person = dictionary_subject(ctx->tenant->dictionary, application);
        return owner_add(ctx, gate_owner_person(ctx, person, &owner), &owner, out);
    }
    TRY(owners_phone(ctx, said, out));
    if (out->len) return RC_OK;
    TRY(owner_add(ctx, gate_owner_login(ctx, text_nfkc(ctx->arena, said), &owner), &owner, out));
    gate_try_right(ctx, STR("owner-phone"), ctx->actor->id);
    return RC_OK;
}

/* `account`: one of several was chosen. */
static void find_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    GateOwner chosen;
    Owners found = {0};
    if (!desk_form(x, &form)) return;
    Str account = http_form_value(form, "account");
    Rc rc = str_empty(account)
                ? owners_find(ctx, str_trim(http_form_value(form, "find")), &found)
                : owner_add(ctx, gate_owner_account(ctx, account, &chosen), &chosen, &found);
    if (rc == RC_OK)
        desk_show(x, &(Desk){.status = 200,
                             .owner = found.len == 1 ? &found.items[0] : NULL,
                             .several = found.len > 1 ? &found : NULL,
                             .form = form});
    else
        desk_fault(x, form, NULL);
}

/* ---- the paper ---- */

static Str code_groups(Arena *arena, Str code) {
    StrVec groups = {0};
    for (size_t at = 0; at < code.len; at += CODE_GROUP)
        vec_push(arena, &groups, str_sub(code, at, at + CODE_GROUP));
    return str_join(arena, groups.items, groups.len, STR("-"));
}

/* What is on the paper besides the code. */
typedef struct Paper {
    Str name, login; /* login: of an account that was opened; else empty */
    bool links;
} Paper;

/* Shown once: nobody can call it up again. In the address of the paper it is the fragment, which no
   browser sends and no log has. */
static void paper_show(HttpExchange *x, Str code, const Paper *paper) {
    Ctx *ctx = http_ctx(x);
    View view = page_view(x);
    Str address =
        page_whole_address(x, str_fmt(ctx->arena, "/sign-in/code#" STR_FMT, STR_ARG(code)));
    view_set(&view, "city", page_city(x));
    view_str(&view, "name", paper->name);
    view_str(&view, "login", paper->login);
    view_bool(&view, "links", paper->links);
    view_str(&view, "code", code_groups(ctx->arena, code));
    view_str(&view, "url", address);
    view_str(&view, "short", page_whole_address(x, STR("/sign-in/code")));
    view_set(&view, "qr", page_qr(ctx, address));
    view_int(&view, "until", time_now(ctx->clock) + GATE_CODE_LASTS);
    view_set(&view, "post", page_post(x, ctx->actor->post));
    page_contact(x, &view, "phone");
    page_show(x, 200, WEB_PAGE_IDENTITY_CODE, &view);
}

static Rc seen_check(Ctx *ctx, const HttpForm *form) {
    if (!str_empty(http_form_value(form, "seen"))) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "not-seen", STR("seen"),
                    "Compare document and person first, and say that you have.");
}

/* ---- acting ---- */

static void recover_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    GateOwner owner;
    Str code;
    if (!desk_form(x, &form)) return;
    GateRecovery recovery = {.account = http_form_value(form, "account"),
                             .document = http_form_value(form, "document"),
                             .links = !str_empty(http_form_value(form, "links"))};
    Rc rc = seen_check(ctx, form);
    if (rc == RC_OK) rc = gate_recover(ctx, &recovery, &owner, &code);
    Error refused = ctx->error;
    if (rc == RC_OK) {
        paper_show(x, code, &(Paper){.name = owner.name, .links = recovery.links});
    } else if (fault_of(ctx) && gate_owner_account(ctx, recovery.account, &owner) == RC_OK) {
        ctx->error = refused;
        desk_fault(x, form, &owner);
    } else {
        ctx->error = refused;
        page_fail(x);
    }
}

static void open_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Str code;
    if (!desk_form(x, &form)) return;
    GateOpening opening = {.login = text_nfkc(ctx->arena, str_trim(http_form_value(form, "login"))),
                           .name = str_trim(http_form_value(form, "name")),
                           .document = http_form_value(form, "document")};
    Rc rc = seen_check(ctx, form);
    if (rc == RC_OK) rc = gate_open_account(ctx, &opening, &code);
    if (rc == RC_OK)
        paper_show(x, code, &(Paper){.name = opening.name, .login = opening.login});
    else
        desk_fault(x, form, NULL);
}

#define COUNTER (GATE_STAFF | GATE_STEP_UP | 1u << (GATE_ROLE_SHIFT + ROLE_REGISTRAR))

const HttpRoute page_identity_rows[] = {
    PAGE_SHOW("/staff/identity", COUNTER, "Accounts", identity_get, "Who somebody is"),
    PAGE_SEND("/staff/identity/find", COUNTER, "Accounts", find_post, "Find somebody's account"),
    PAGE_SEND("/staff/identity/recover", COUNTER, "Accounts", recover_post,
              "Let somebody into his account again"),
    PAGE_SEND("/staff/identity/open", COUNTER, "Accounts", open_post,
              "Open an account for somebody"),
};
ROWS(page_identity_count, page_identity_rows);
