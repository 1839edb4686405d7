/* page_my: the resident's own page: his cases, what he has booked, what he owes and has paid, his
 * letters, his choices, and who looked. */
#include "page_my.h"

#include <stdlib.h>

#define IRI(term) STR(LD_DEFAULT term)

enum { CASES_FIRST = 50, LOOKS_SHOWN = 50, LOOKS_FEW = 5 };

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
        TRY(inbox_of(ctx, *subject, 0, &all));
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
    vec_push(ctx->arena, &subjects, ctx->actor->id); /* an account is a subject of its own */
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

static Rc case_add(HttpExchange *x, JsonItems *items, const PageOwn *own) {
    bool unread;
    const Entity *application = own->application;
    TRY(thread_unread(http_ctx(x), application, &unread));
    View one = view_new(http_ctx(x)->arena);
    view_str(&one, "url", own->base);
    view_set(&one, "procedure", page_procedure_label(x, application));
    page_case_state(x, &one, application);
    view_str(&one, "number", entity_text(application, IRI("receiptNumber")));
    view_set(&one, "summary", page_town(x, entity_text(application, IRI("town"))));
    view_str(&one, "date", entity_text(application, IRI("pickupDate")));
    view_bool(&one, "unread", unread);
    vec_push(one.arena, items, view_value(&one));
    return RC_OK;
}

/* One choice for all that one asks for: given unless it, or that of a case, is to stay out. */
static Rc consents_set(Ctx *ctx, View *view, const InboxCases *cases) {
    Str own;
    View one = view_new(ctx->arena);
    JsonItems items = {0};
    TRY(gate_choice_own(ctx, &own));
    bool given = !str_eq(own, GATE_CHOICE_OUT);
    for (size_t i = 0; i < cases->len; i++)
        given =
            given && !str_eq(entity_text(cases->items[i], IRI("openDataChoice")), GATE_CHOICE_OUT);
    view_str(&one, "id", STR("open"));
    view_bool(&one, "given", given);
    vec_push(ctx->arena, &items, view_value(&one));
    view_items(view, "consents", &items);
    return RC_OK;
}

/* Whether he has agreed to be told by mail, which is changed where the address is. */
static Rc mail_set(Ctx *ctx, View *view) {
    GateMail mail;
    TRY(gate_mail_own(ctx, &mail));
    bool told = !str_empty(mail.address) && !mail.refused;
    view_instant(view, "mail", told ? mail.agreed_at : TIME_NONE);
    return RC_OK;
}

/* All that is listed case by case. */
typedef struct Listed {
    JsonItems cases, older, letters, bookings, past, fees, settled;
} Listed;

static Rc listed_add(HttpExchange *x, Listed *listed, const Entity *application) {
    Arena *arena = http_ctx(x)->arena;
    PageOwn own = {.application = application,
                   .base = str_fmt(arena, "/my/cases/" STR_FMT,
                                   STR_ARG(http_url_encode(arena, application->id)))};
    TRY(case_add(x, listed->cases.len < CASES_FIRST ? &listed->cases : &listed->older, &own));
    page_booked_add(x, &own, &listed->bookings, &listed->past);
    TRY(page_fee_add(x, &own, &listed->fees, &listed->settled));
    return page_letters_add(x, &listed->letters, application, LETTERS_OWN);
}

static int by_day(const void *a, const void *b) {
    return str_cmp(json_get_str(a, "date"), json_get_str(b, "date"));
}

static void listed_set(HttpExchange *x, View *view, Listed *listed) {
    JsonItems *coming = &listed->bookings;
    if (coming->len) qsort(coming->items, coming->len, sizeof *coming->items, by_day);
    view_items(view, "cases", &listed->cases);
    view_items(view, "cases_older", &listed->older);
    view_items(view, "letters", &listed->letters);
    view_items(view, "bookings", coming);
    view_items(view, "bookings_past", &listed->past);
    view_items(view, "payments", &listed->fees);
    view_items(view, "payments_done", &listed->settled);
    const Pay *pay = http_ctx(x)->tenant->pay;
    if (pay && listed->fees.len) view_str(view, "form_to", pay_origin(pay));
}

static Rc my_set(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    InboxCases cases;
    Looks looks = {0};
    Listed listed = {0};
    TRY(own_cases(ctx, &cases));
    TRY(own_looks(ctx, 0, LOOKS_FEW, &looks));
    for (size_t i = 0; i < cases.len; i++)
        TRY(listed_add(x, &listed, cases.items[i]));
    listed_set(x, view, &listed);
    TRY(page_drafts(x, view));
    TRY(page_checks(x, view));
    TRY(consents_set(ctx, view, &cases));
    TRY(mail_set(ctx, view));
    page_looks(x, view, &looks);
    return RC_OK;
}

static void my_get(HttpExchange *x) {
    View view = page_view(x);
    page_crumb(&view, STR("マイページ"), STR("My page"), STR_NONE);
    if (my_set(x, &view) == RC_OK)
        page_show(x, 200, WEB_PAGE_MY_PAGE, &view);
    else
        page_fail(x);
}

/* For what he asks for later, and for each case that he has. */
static void consents_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    InboxCases cases = {0};
    if (!page_form(x, &form)) return;
    Str choice =
        str_eq(http_form_value(form, "open"), STR("yes")) ? GATE_CHOICE_IN : GATE_CHOICE_OUT;
    Rc rc = gate_choice_set(ctx, choice);
    if (rc == RC_OK) rc = own_cases(ctx, &cases);
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

const HttpRoute page_my_rows[] = {
    {HTTP_GET, "/my", my_get, HTTP_POOL, 0, GATE_RESIDENT, "Accounts", "My page", NULL, NULL,
     page_shown},
    {HTTP_POST, "/my/consents", consents_post, HTTP_POOL, PAGE_FORM_MAX, GATE_RESIDENT | GATE_FORM,
     "Accounts", "My choices", NULL, NULL, page_posted},
    {HTTP_GET, "/my/looks", looks_get, HTTP_POOL, 0, GATE_RESIDENT, "Accounts",
     "Who looked at my data", NULL, NULL, page_shown},
};
ROWS(page_my_count, page_my_rows);
