/* page_handover: what somebody has open and hands over when posts change: who takes it, the note
 * (引継書), and what was handed to whoever looks. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

/* ---- pieces ---- */

Json page_holder_name(HttpExchange *x, const GateHolders *holders, Str account) {
    VEC_EACH (const GateHolder, holder, holders)
        if (str_eq(holder->account, account)) return page_name(x, holder->name);
    return json_of_null();
}

static Str suffix_of(Str id, const char *prefix) {
    return str_sub(id, str_of(prefix).len, id.len);
}

static Str note_url(Arena *arena, Str id) {
    return str_fmt(arena, "/staff/handover/" STR_FMT, STR_ARG(suffix_of(id, HANDOVER_ID_PREFIX)));
}

static Str from_url(Arena *arena, Str account) {
    return str_fmt(arena, "/staff/handover?from=" STR_FMT,
                   STR_ARG(http_url_encode(arena, account)));
}

static bool was_chosen(const HttpForm *form, Str id) {
    if (!form) return false;
    VEC_EACH (const HttpField, one, form)
        if (str_eq(one->name, STR("case")) && str_eq(one->value, id)) return true;
    return false;
}

static Json line_value(HttpExchange *x, const Entity *application, bool chosen) {
    View one = view_new(http_ctx(x)->arena);
    Str number = entity_text(application, IRI("receiptNumber"));
    view_str(&one, "id", suffix_of(application->id, CASE_ID_PREFIX));
    view_str(&one, "number", number);
    view_str(&one, "url", str_empty(number) ? STR_NONE : page_case_url(one.arena, number));
    view_set(&one, "what", page_procedure_label(x, application));
    page_case_state(x, &one, application);
    view_set(&one, "due", page_due(x, application, thread_due(http_ctx(x), application).day));
    view_bool(&one, "chosen", chosen);
    return view_value(&one);
}

/* `cases`, which are looked at with those in `seen`. form: what was chosen in it; NULL: nothing. */
static Rc cases_set(HttpExchange *x, View *view, const InboxCases *cases, const HttpForm *form,
                    PageSeen *seen) {
    Ctx *ctx = http_ctx(x);
    JsonItems items = {0};
    ctx->purpose = STR("application-check");
    for (size_t i = 0; i < cases->len; i++) {
        const Entity *application = gate_view(ctx, NULL, cases->items[i]);
        if (!application) continue;
        Str id = suffix_of(application->id, CASE_ID_PREFIX);
        vec_push(ctx->arena, seen, application);
        vec_push(ctx->arena, &items, line_value(x, application, was_chosen(form, id)));
    }
    view_items(view, "cases", &items);
    return gate_look(ctx, seen->items, seen->len, page_what(WHAT_INBOX));
}

/* `kinds`: how many there are of each procedure. */
static void kinds_set(HttpExchange *x, View *view, const InboxCases *cases) {
    JsonItems items = {0};
    for (size_t i = 0; i < cases->len; i++) {
        Str procedure = entity_text(cases->items[i], IRI("procedure"));
        int64_t n = 0;
        bool first = true;
        for (size_t k = 0; k < cases->len; k++) {
            bool same = str_eq(procedure, entity_text(cases->items[k], IRI("procedure")));
            first = first && !(same && k < i);
            n += same;
        }
        if (!first) continue;
        View one = view_new(view->arena);
        view_set(&one, "label", page_procedure_label(x, cases->items[i]));
        view_int(&one, "n", n);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "kinds", &items);
}

/* ---- what is handed over ---- */

static Rc takers_set(HttpExchange *x, View *view, const InboxCases *cases, Str from, Str chosen) {
    GateHolders takers;
    JsonItems items = {0};
    TRY(handover_takers(http_ctx(x), cases, from, &takers));
    VEC_EACH (const GateHolder, taker, &takers) {
        View one = view_new(view->arena);
        view_str(&one, "account", taker->account);
        view_set(&one, "name", page_name(x, taker->name));
        view_set(&one, "post", page_post(x, taker->posts.items[0]));
        view_bool(&one, "chosen", str_eq(taker->account, chosen));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "takers", &items);
    return RC_OK;
}

/* Decisions wait for a post, not for him: they are told, and stay where they are. */
static Rc decisions_set(HttpExchange *x, View *view, bool own) {
    Ctx *ctx = http_ctx(x);
    ProjectAnswer found = {0};
    JsonItems items = {0};
    Buf condition = buf_new(ctx->arena, CONDITION_MAX);
    page_waits_for(ctx, &condition);
    if (own) TRY(page_proposals(ctx, buf_str(&condition), &found));
    for (size_t i = 0; i < found.entities.len; i++) {
        const Entity *decision = gate_view(ctx, NULL, found.entities.items[i]);
        if (!decision) continue;
        View one = view_new(view->arena);
        view_str(&one, "number", entity_text(decision, IRI("number")));
        view_set(&one, "title", page_decision_title(view->arena, decision));
        view_str(&one, "url", page_decision_url(view->arena, decision->id));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "decisions", &items);
    return RC_OK;
}

static Rc got_set(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    Handovers open;
    GateHolders holders;
    JsonItems items = {0};
    TRY(handovers_open(ctx, &open));
    TRY(gate_holders(ctx, NULL, &holders));
    VEC_EACH (const Handover, note, &open) {
        View one = view_new(view->arena);
        view_str(&one, "url", note_url(view->arena, note->id));
        view_set(&one, "from", page_holder_name(x, &holders, note->from));
        view_int(&one, "at", note->at);
        view_int(&one, "cases", note->cases);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "got", &items);
    return RC_OK;
}

static Rc left_set(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    HandoverLefts left = {0};
    JsonItems items = {0};
    if (ctx->actor->roles & 1u << ROLE_CHIEF) TRY(handover_left(ctx, &left));
    VEC_EACH (const HandoverLeft, one, &left) {
        View row = view_new(view->arena);
        view_set(&row, "name", str_empty(one->name) ? json_of_null() : page_name(x, one->name));
        view_str(&row, "url", from_url(view->arena, one->account));
        view_int(&row, "cases", one->cases);
        vec_push(view->arena, &items, view_value(&row));
    }
    view_items(view, "left", &items);
    return RC_OK;
}

static Rc told_set(HttpExchange *x, View *view) {
    TRY(got_set(x, view));
    return left_set(x, view);
}

Rc page_handover_inbox(HttpExchange *x, View *view) {
    int64_t elsewhere;
    TRY(handover_elsewhere(http_ctx(x), &elsewhere));
    view_int(view, "elsewhere", elsewhere);
    return told_set(x, view);
}

/* What the page is asked for, and what its form did. */
typedef struct HandPage {
    int status;
    Str from;
    const HttpForm *form; /* that was refused; NULL: none */
    const Faults *faults;
    const HandoverDone *done; /* NULL: nothing was handed over */
} HandPage;

/* As the texts say why a case stayed. */
static Str why_of(Str code) {
    static const char *const told[] = {"moved-on", "no-case", "not-permitted", "not-theirs"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (str_eq(code, str_of(told[i]))) return code;
    return STR("other");
}

static Rc refused_value(HttpExchange *x, const HandoverRefused *refused, PageSeen *seen,
                        Json *out) {
    Ctx *ctx = http_ctx(x);
    ctx->purpose = STR("application-check");
    const Entity *application = NULL;
    View one = view_new(ctx->arena);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, refused->id, &application);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) application = gate_view(ctx, NULL, application);
    if (application) vec_push(ctx->arena, seen, application);
    view_str(&one, "number",
             application ? entity_text(application, IRI("receiptNumber")) : STR_NONE);
    view_str(&one, "why", why_of(refused->code));
    *out = view_value(&one);
    return RC_OK;
}

static Rc done_set(HttpExchange *x, View *view, const HandoverDone *done, PageSeen *seen) {
    JsonItems refused = {0};
    view_null(view, "done");
    if (!done) return RC_OK;
    View one = view_new(view->arena);
    VEC_EACH (const HandoverRefused, row, &done->refused) {
        Json value;
        TRY(refused_value(x, row, seen, &value));
        vec_push(view->arena, &refused, value);
    }
    view_str(&one, "kind", done->refused.len || !done->moved ? STR("warn") : STR_NONE);
    view_int(&one, "moved", done->moved);
    view_str(&one, "url", str_empty(done->id) ? STR_NONE : note_url(view->arena, done->id));
    view_items(&one, "refused", &refused);
    view_set(view, "done", view_value(&one));
    return RC_OK;
}

static Rc hand_fill(HttpExchange *x, View *view, const HandPage *page) {
    Ctx *ctx = http_ctx(x);
    InboxCases cases;
    PageSeen seen = {0};
    GateHolders holders;
    bool more, own = str_eq(page->from, ctx->actor->id);
    const HttpForm *form = page->form;
    TRY(handover_cases(ctx, page->from, &cases, &more));
    TRY(gate_holders(ctx, NULL, &holders));
    view_str(view, "from", page->from);
    view_bool(view, "own", own);
    view_set(view, "name", page_holder_name(x, &holders, page->from));
    view_int(view, "total", (int64_t)cases.len);
    view_bool(view, "more", more);
    view_str(view, "which", form ? http_form_value(form, "which") : STR_NONE);
    view_str(view, "note", form ? http_form_value(form, "note") : STR_NONE);
    view_bool(view, "to_post", form && str_eq(http_form_value(form, "to"), STR("post")));
    kinds_set(x, view, &cases);
    TRY(done_set(x, view, page->done, &seen));
    TRY(takers_set(x, view, &cases, page->from, form ? http_form_value(form, "to") : STR_NONE));
    TRY(told_set(x, view));
    TRY(decisions_set(x, view, own));
    return cases_set(x, view, &cases, form, &seen);
}

static void hand_show(HttpExchange *x, const HandPage *page) {
    View view = page_view(x);
    if (hand_fill(x, &view, page) != RC_OK) {
        page_fail(x);
        return;
    }
    if (page->faults) page_faults(&view, page->faults);
    page_show(x, page->status, WEB_PAGE_HANDOVER, &view);
}

static void hand_get(HttpExchange *x) {
    Str from = http_query_or(x, "from", STR_NONE);
    hand_show(x,
              &(HandPage){.status = 200, .from = str_empty(from) ? http_ctx(x)->actor->id : from});
}

/* Those that were ticked, or all that the page shows. */
static Rc ids_of(Ctx *ctx, const HttpForm *form, Str from, StrVec *out) {
    InboxCases cases;
    bool more;
    *out = (StrVec){0};
    if (!str_eq(http_form_value(form, "which"), STR("all"))) {
        VEC_EACH (const HttpField, one, form)
            if (str_eq(one->name, STR("case")))
                vec_push(ctx->arena, out,
                         str_fmt(ctx->arena, CASE_ID_PREFIX STR_FMT, STR_ARG(one->value)));
        return RC_OK;
    }
    TRY(handover_cases(ctx, from, &cases, &more));
    for (size_t i = 0; i < cases.len; i++)
        vec_push(ctx->arena, out, cases.items[i]->id);
    return RC_OK;
}

static void hand_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    StrVec ids;
    HandoverDone done = {0};
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Str to = http_form_value(form, "to");
    HandoverWish wish = {.from = http_form_value(form, "from"),
                         .to = str_eq(to, STR("post")) ? STR_NONE : to,
                         .note = http_form_value(form, "note"),
                         .ids = &ids};
    HandPage page = {.status = 200, .from = wish.from, .done = &done};
    Rc rc = ids_of(ctx, form, wish.from, &ids);
    if (rc == RC_OK && str_empty(to)) vec_push(ctx->arena, &faults, (Fault){"to", "required"});
    if (rc == RC_OK && !ids.len) vec_push(ctx->arena, &faults, (Fault){"which", "required"});
    if (rc == RC_OK && !faults.len) rc = handover_make(ctx, &wish, &done);
    if (rc == RC_INVALID)
        vec_push(ctx->arena, &faults,
                 str_eq(ctx->error.path, STR("note")) ? (Fault){"note", "over"}
                 : str_eq(ctx->error.path, STR("to")) ? (Fault){"to", "required"}
                                                      : (Fault){"which", "required"});
    if (faults.len)
        page = (HandPage){.status = 422, .from = wish.from, .form = form, .faults = &faults};
    if (rc == RC_OK || faults.len)
        hand_show(x, &page);
    else
        page_fail(x);
}

/* ---- the note ---- */

static Rc note_load(HttpExchange *x, Handover *out) {
    Ctx *ctx = http_ctx(x);
    return handover_load(
        ctx,
        str_fmt(ctx->arena, HANDOVER_ID_PREFIX STR_FMT, STR_ARG(http_path_param(x, "handover"))),
        out);
}

static Rc note_fill(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    Handover note;
    InboxCases cases;
    PageSeen seen = {0};
    GateHolders holders;
    bool more;
    TRY(note_load(x, &note));
    TRY(handover_of(ctx, note.id, &cases, &more));
    TRY(gate_holders(ctx, NULL, &holders));
    view_str(view, "url", note_url(view->arena, note.id));
    view_set(view, "from", page_holder_name(x, &holders, note.from));
    view_set(view, "to", page_holder_name(x, &holders, note.to));
    view_bool(view, "to_post", str_empty(note.to));
    view_set(view, "by", page_holder_name(x, &holders, note.by));
    view_set(view, "post", page_post(x, note.by_post));
    view_str(view, "note", note.note);
    view_int(view, "at", note.at);
    view_instant(view, "accepted", note.accepted_at);
    view_bool(view, "accepts", str_eq(note.to, ctx->actor->id) && note.accepted_at == TIME_NONE);
    view_int(view, "total", note.cases);
    view_bool(view, "more", more);
    kinds_set(x, view, &cases);
    return cases_set(x, view, &cases, NULL, &seen);
}

static void note_get(HttpExchange *x) {
    View view = page_view(x);
    if (note_fill(x, &view) == RC_OK)
        page_show(x, 200, WEB_PAGE_HANDOVER_NOTE, &view);
    else
        page_fail(x);
}

static void note_post(HttpExchange *x) {
    const HttpForm *form;
    Handover note;
    if (!page_form(x, &form)) return;
    Rc rc = note_load(x, &note);
    if (rc == RC_OK) rc = handover_accept(http_ctx(x), note.id);
    if (rc == RC_OK)
        page_see(x, note_url(http_ctx(x)->arena, note.id));
    else
        page_fail(x);
}

void page_handover_case(View *view, const Entity *application) {
    Str id = entity_text(application, IRI("handover"));
    view_str(view, "handover", str_empty(id) ? STR_NONE : note_url(view->arena, id));
}

const HttpRoute page_handover_rows[] = {
    PAGE_SHOW("/staff/handover", PAGE_CITY, "Office", hand_get, "What somebody has to hand over"),
    PAGE_SEND("/staff/handover", PAGE_CITY, "Office", hand_post, "Hand cases over"),
    PAGE_SHOW("/staff/handover/{handover}", PAGE_CITY, "Office", note_get,
              "A note of handover with its cases"),
    PAGE_SEND("/staff/handover/{handover}", PAGE_CITY, "Office", note_post,
              "Accept what was handed over"),
};
ROWS(page_handover_count, page_handover_rows);
