/* page_find: one's case by its receipt number and telephone number, for who has lost the address.
 * What is found stays reachable for an hour under an address that the server signs and keeps
 * nowhere. */
#include "pages_int.h"

enum { ID_CHARS = 26, MAC_CHARS = 26, TICKET_MAX = 100, SHOWN_MAX = 64 };

static const int64_t ticket_lasts = TIME_HOUR;

/* ---- tickets: ID-EXPIRY-MAC ---- */

static Str ticket_mac(Ctx *ctx, Str part) {
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("case-ticket"), part);
    return hash_base32(ctx->arena, (Str){(const char *)digest.bytes, sizeof digest.bytes},
                       MAC_CHARS);
}

static Str ticket_new(Ctx *ctx, Str case_id) {
    Str id = str_sub(case_id, sizeof CASE_ID_PREFIX - 1, case_id.len);
    Str part = str_fmt(ctx->arena, STR_FMT "-%lld", STR_ARG(id),
                       (long long)((time_now(ctx->clock) + ticket_lasts) / TIME_SECOND));
    return str_fmt(ctx->arena, STR_FMT "-" STR_FMT, STR_ARG(part), STR_ARG(ticket_mac(ctx, part)));
}

bool page_ticket(Ctx *ctx, Str token, Ticket *out) {
    Str rest = token, id, until;
    *out = (Ticket){0};
    if (token.len > TICKET_MAX || !str_split(&rest, '-', &id) || !str_split(&rest, '-', &until))
        return false;
    Str part = str_sub(token, 0, id.len + 1 + until.len);
    if (id.len != ID_CHARS || !hash_same(rest, ticket_mac(ctx, part)) ||
        !str_to_i64(until, &out->until))
        return false;
    out->until *= TIME_SECOND;
    out->case_id = str_fmt(ctx->arena, CASE_ID_PREFIX STR_FMT, STR_ARG(id));
    return out->until > time_now(ctx->clock);
}

/* ---- the page ---- */

static void find_show(HttpExchange *x, int status, const HttpForm *form, const Faults *faults) {
    static const char *const fields[] = {"number", "phone"};
    View view = page_view(x), values = view_new(view.arena);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        view_str(&values, fields[i],
                 form ? str_head(http_form_value(form, fields[i]), SHOWN_MAX) : STR_NONE);
    view_set(&view, "values", view_value(&values));
    page_contact(x, &view, "phone");
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_CASE_FIND, &view);
}

static void find_get(HttpExchange *x) {
    find_show(x, 200, NULL, NULL);
}

static void find_required(Ctx *ctx, const HttpForm *form, Faults *faults) {
    static const char *const fields[] = {"number", "phone"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (text_is_blank(ctx->arena, http_form_value(form, fields[i])))
            vec_push(ctx->arena, faults, (Fault){fields[i], "required"});
}

static void find_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    Str id;
    if (!page_form(x, &form)) return;
    find_required(ctx, form, &faults);
    if (faults.len) {
        find_show(x, 422, form, &faults);
        return;
    }
    Rc rc = apply_find(ctx, http_form_value(form, "number"), http_form_value(form, "phone"), &id);
    if (rc == RC_OK) {
        page_see(x, str_fmt(ctx->arena, "/c/" STR_FMT, STR_ARG(ticket_new(ctx, id))));
        return;
    }
    if (rc != RC_NOT_FOUND && rc != RC_LIMIT) {
        page_fail(x);
        return;
    }
    vec_push(ctx->arena, &faults, (Fault){"number", rc == RC_LIMIT ? "wait" : "unknown"});
    find_show(x, rc == RC_LIMIT ? 429 : 422, form, &faults);
}

const HttpRoute page_find_rows[] = {
    {HTTP_GET, "/cases/find", find_get, HTTP_POOL, 0, GATE_PUBLIC, "Cases",
     "Find a case by its receipt number", NULL, NULL, page_shown},
    {HTTP_POST, "/cases/find", find_post, HTTP_POOL, PAGE_FORM_MAX, GATE_PUBLIC | GATE_FORM,
     "Cases", "Find a case by its receipt number", NULL, NULL, page_posted},
};
ROWS(page_find_count, page_find_rows);
