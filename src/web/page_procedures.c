/* page_procedures: applying for a procedure that is a definition: its questions page by page, the
 * answers checked, sending. Every answer is kept in the draft. */
#include "pages_int.h"

static Str ask_url(Arena *arena, const Definition *definition, const FormPage *page) {
    return str_fmt(arena, "/procedures/" STR_FMT "/ask/" STR_FMT, STR_ARG(definition->id),
                   STR_ARG(page->id));
}

Str page_draft_url(Arena *arena, const DefinedDraft *draft) {
    const FormPage *open = form_next(&draft->form);
    if (open) return ask_url(arena, draft->definition, open);
    return str_empty(draft->bundle)
               ? page_procedure_url(arena, draft->definition, "/check")
               : str_fmt(arena, "/procedures/" STR_FMT "/check", STR_ARG(draft->bundle));
}

/* ---- beginning ---- */

void page_procedure_begin(HttpExchange *x, const Definition *definition, Str channel, Str ticket) {
    Ctx *ctx = http_ctx(x);
    Rc rc = defined_begin(ctx, definition, channel);
    if (rc == RC_OK && !str_empty(ticket)) rc = defined_admit(ctx, definition, ticket);
    if (rc == RC_OK)
        page_see(x, ask_url(ctx->arena, definition, &definition->pages.items[0]));
    else if (rc == RC_DENIED &&
             (str_eq(ctx->error.code, STR("sign-in")) || page_identity_low(&ctx->error)))
        page_see(x, page_procedure_url(ctx->arena, definition, ""));
    else
        page_fail(x);
}

static void begin_post(HttpExchange *x) {
    const HttpForm *form;
    const Definition *definition = page_procedure_asked(x);
    if (!definition || !page_form(x, &form)) return;
    Ctx *ctx = http_ctx(x);
    bool waits = wait_is_open(ctx, definition);
    Str ticket = http_query_or(x, "ticket", STR_NONE);
    if (wait_check(ctx, definition, ticket) != RC_OK)
        page_see(x, page_wait_url(ctx->arena, definition, STR_NONE));
    else if (waits)
        page_wait_begin(x, definition, ticket);
    else
        page_procedure_begin(x, definition, STR("web"), STR_NONE);
}

/* ---- questions ---- */

/* A page of questions that is shown or answered. */
typedef struct Asking {
    HttpExchange *x;
    Ctx *ctx;
    const Definition *definition;
    const FormPage *page;
    DefinedDraft draft;
} Asking;

static void receipt_see(HttpExchange *x, Str token) {
    page_see(x, str_fmt(http_ctx(x)->arena, "/c/" STR_FMT "/receipt", STR_ARG(token)));
}

static void sent_see(HttpExchange *x, const DefinedDraft *draft) {
    if (draft->definition->parts.len)
        page_see(x, page_procedure_url(http_ctx(x)->arena, draft->definition, "/sent"));
    else
        receipt_see(x, draft->sent);
}

/* Whether pages before this one still have something open: who jumps ahead is led there. */
static bool is_ahead(const DefinedDraft *draft, const FormPage *page) {
    const FormPage *open = form_next(&draft->form);
    return open && page && open < page;
}

/* Loads the draft; false when it has answered: nothing was begun, or it was sent. */
static bool asking_begin(HttpExchange *x, Asking *asking) {
    *asking = (Asking){.x = x, .ctx = http_ctx(x), .definition = page_procedure_asked(x)};
    if (!asking->definition) return false;
    if (defined_draft(asking->ctx, asking->definition, &asking->draft) != RC_OK) {
        page_fail(x);
        return false;
    }
    if (!str_empty(asking->draft.token)) return true;
    if (str_empty(asking->draft.sent))
        page_see(x, page_procedure_url(asking->ctx->arena, asking->definition, ""));
    else
        sent_see(x, &asking->draft);
    return false;
}

/* The same for a page of questions: it is there, its conditions hold, and nothing before it is
 * open. */
static bool asking_page(HttpExchange *x, Asking *asking) {
    if (!asking_begin(x, asking)) return false;
    asking->page = form_page(asking->definition, http_path_param(x, "page"));
    if (!asking->page) {
        (void)ctx_fail(asking->ctx, RC_NOT_FOUND, "no-page", http_path_param(x, "page"),
                       "This procedure has no such page.");
        page_fail(x);
        return false;
    }
    if (form_is_due(&asking->draft.form, asking->page) && !is_ahead(&asking->draft, asking->page))
        return true;
    page_see(x, page_draft_url(asking->ctx->arena, &asking->draft));
    return false;
}

/* From the check, the last page. */
static Str back_url(const Asking *asking) {
    const Form *form = &asking->draft.form;
    const FormPage *last = NULL;
    VEC_EACH (const FormPage, page, &asking->definition->pages)
        if (form_is_due(form, page)) last = page;
    const FormPage *before = asking->page ? form_before(form, asking->page) : last;
    return before ? ask_url(asking->ctx->arena, asking->definition, before)
                  : page_procedure_url(asking->ctx->arena, asking->definition, "");
}

void page_form_steps(View *view, const Form *form, const FormPage *here) {
    JsonItems steps = {0};
    int64_t step = 1;
    bool done = true;
    VEC_EACH (const FormPage, page, &form->definition->pages) {
        if (!form_is_due(form, page)) continue;
        vec_push(view->arena, &steps, json_of_bool(done));
        if (page == here) done = false;
        step += done;
    }
    vec_push(view->arena, &steps, json_of_bool(done));
    view_int(view, "step", step);
    view_items(view, "steps", &steps);
}

/* What the draft holds until when. */
static void held_set(const Asking *asking, View *view) {
    view_set(view, "held",
             str_empty(asking->draft.held) ? json_of_null()
                                           : json_of_int(asking->draft.held_until));
}

/* The question for a day and time, where that is what the page asks. */
static const Field *slot_asked(const Asking *asking) {
    const Field *slot = definition_slot(asking->definition);
    const FormAnswer *answer = slot ? form_answer(&asking->draft.form, slot->id) : NULL;
    return answer && answer->page == asking->page ? slot : NULL;
}

static void slot_show(Asking *asking, int status, const char *fault) {
    Ctx *ctx = asking->ctx;
    const Field *field = slot_asked(asking);
    const DefinedDraft *draft = &asking->draft;
    View view = page_view_saying(asking->x, page_channel_notice(ctx, draft->channel));
    int64_t opens = booking_opens(ctx, &draft->form);
    SlotsAsk ask = {.booking = {.reservation = field->books,
                                .office = !str_eq(draft->channel, STR("web")),
                                .own = apply_case_id(ctx->arena, draft->token)},
                    .value = form_answer(&draft->form, field->id)->raw,
                    .path = ask_url(ctx->arena, asking->definition, asking->page)};
    if (form_units(ctx, &draft->form, &ask.booking.units) != RC_OK ||
        page_slots(asking->x, &view, &ask) != RC_OK) {
        page_fail(asking->x);
        return;
    }
    view_json(&view, "title", asking->page->title.all);
    view_json(&view, "lead", asking->page->lead.all);
    view_str(&view, "field", field->id);
    page_form_steps(&view, &asking->draft.form, asking->page);
    held_set(asking, &view);
    view_str(&view, "back", back_url(asking));
    view_bool(&view, "closed", opens > time_now(ctx->clock));
    view_set(&view, "opens", opens == INT64_MAX ? json_of_null() : json_of_int(opens));
    if (fault) page_slot_errors(&view, field->id, fault);
    page_show(asking->x, status, WEB_PAGE_PROCEDURE_SLOT, &view);
}

static void asking_show(Asking *asking, int status, bool faults) {
    if (slot_asked(asking)) {
        slot_show(asking, status, faults ? "required" : NULL);
        return;
    }
    View view =
        page_view_saying(asking->x, page_channel_notice(asking->ctx, asking->draft.channel));
    view_json(&view, "title", asking->page->title.all);
    view_json(&view, "lead", asking->page->lead.all);
    page_form_steps(&view, &asking->draft.form, asking->page);
    view_str(&view, "back", back_url(asking));
    held_set(asking, &view);
    page_fields(asking->x, &view, &asking->draft.form, asking->page,
                page_procedure_url(asking->ctx->arena, asking->definition, ""));
    if (faults) page_field_faults(asking->x, &view, &asking->draft.form, asking->page);
    page_show(asking->x, status, WEB_PAGE_PROCEDURE_PAGE, &view);
}

static void ask_get(HttpExchange *x) {
    Asking asking;
    if (!asking_page(x, &asking)) return;
    reach_page(asking.ctx, &asking.draft, asking.page);
    asking_show(&asking, 200, false);
}

/* What the form said to the page's questions: a tick that isn't there was taken away. */
static Rc said_of(const Asking *asking, const HttpForm *form, JsonMembers *out,
                  FileFaults *refused) {
    Arena *arena = asking->ctx->arena;
    VEC_EACH (const Field, field, &asking->page->fields) {
        const FormAnswer *answer = form_answer(&asking->draft.form, field->id);
        FileTaken taken = {.faults = *refused};
        if (!answer->due || answer->handed) continue; /* it wasn't on the page */
        if (field->kind == FIELD_FILE) {
            TRY(page_files_take(asking->ctx, &asking->draft.form, answer, form, &taken));
            *refused = taken.faults;
        } else {
            taken.said = page_field_said(arena, form, field);
        }
        vec_push(arena, out, (JsonMember){field->id, taken.said});
    }
    return RC_OK;
}

/* A question that an answer of this page has brought up was not there to be answered. */
static bool is_new(const Form *before, const FormAnswer *answer) {
    const FormAnswer *old = form_answer(before, answer->field->id);
    return answer->due && !old->due && str_empty(answer->raw);
}

typedef struct PageFaults {
    size_t wrong, new;
} PageFaults;

static PageFaults faults_count(const Form *before, const Form *after, const FormPage *page) {
    PageFaults faults = {0};
    for (size_t i = 0; i < after->n; i++) {
        const FormAnswer *answer = &after->answers[i];
        if (answer->page != page || !answer->due || !answer->fault) continue;
        if (is_new(before, answer))
            faults.new ++;
        else
            faults.wrong++;
    }
    return faults;
}

/* Whether an error is of the slot that was chosen: told on its page. */
static bool is_slot_error(const Error *error) {
    static const char *const codes[] = {"slot-full",     "holds-share", "holds-network",
                                        "not-offered",   "not-open",    "entered-already",
                                        "entries-closed"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_eq(error->code, str_of(codes[i]))) return true;
    return false;
}

/* The waiting room is open, and the draft was not let in: there it asks for its turn. */
static bool has_to_wait(const Error *error) {
    return str_eq(error->code, STR("wait"));
}

/* The slot can't be had: the draft goes back to the one that it holds, and asks again. */
static void slot_refused(Asking *asking) {
    Ctx *ctx = asking->ctx;
    const char *fault = page_slot_fault(&ctx->error);
    const Field *slot = definition_slot(asking->definition);
    JsonMembers said = {0};
    Str held = asking->draft.held;
    vec_push(ctx->arena, &said,
             (JsonMember){slot->id, str_empty(held) ? json_of_null() : json_of_str(held)});
    asking->page = form_answer(&asking->draft.form, slot->id)->page;
    if (defined_keep(ctx, asking->definition, &said) == RC_OK &&
        defined_draft(ctx, asking->definition, &asking->draft) == RC_OK)
        slot_show(asking, 422, fault);
    else
        page_fail(asking->x);
}

/* Where an answered page leads: within a bundle to what is still open, past what it handed on. */
static Str onward_url(const Asking *asking) {
    const FormPage *after = form_after(&asking->draft.form, asking->page);
    bool open = after && form_next(&asking->draft.form) && str_empty(asking->draft.bundle);
    return open ? ask_url(asking->ctx->arena, asking->definition, after)
                : page_draft_url(asking->ctx->arena, &asking->draft);
}

/* Files come and go on the page itself, and what else it asks stays open. */
static bool stays(const HttpForm *form) {
    return !str_empty(http_form_value(form, "add")) || !str_empty(http_form_value(form, "remove"));
}

/* Keeps what the form said; once all is said, a bundle hands it on. */
static Rc answers_keep(Asking *asking, const HttpForm *form, FileFaults *refused) {
    Ctx *ctx = asking->ctx;
    JsonMembers said = {0};
    TRY(said_of(asking, form, &said, refused));
    TRY(defined_keep(ctx, asking->definition, &said));
    TRY(defined_draft(ctx, asking->definition, &asking->draft));
    TRY(booking_let_go(ctx, &asking->draft));
    bool hands = asking->definition->parts.len && !form_next(&asking->draft.form);
    return hands ? bundle_fill(ctx, &asking->draft) : RC_OK;
}

static void ask_post(HttpExchange *x) {
    Asking asking;
    const HttpForm *form;
    FileFaults refused = {0};
    if (!asking_page(x, &asking) || !page_form(x, &form)) return;
    Ctx *ctx = asking.ctx;
    Form before = asking.draft.form;
    Rc rc = answers_keep(&asking, form, &refused);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    page_files_faults(ctx->arena, &asking.draft.form, &refused);
    if (!refused.len && stays(form)) {
        page_see(x, ask_url(ctx->arena, asking.definition, asking.page));
        return;
    }
    PageFaults faults = faults_count(&before, &asking.draft.form, asking.page);
    bool holds = !faults.wrong && slot_asked(&asking);
    if (holds) rc = booking_hold(ctx, &asking.draft);
    if (faults.wrong)
        asking_show(&asking, 422, true);
    else if (rc != RC_OK && has_to_wait(&ctx->error))
        page_see(x, page_wait_url(ctx->arena, asking.definition, STR_NONE));
    else if (rc != RC_OK && is_slot_error(&ctx->error))
        slot_refused(&asking);
    else if (rc != RC_OK)
        page_fail(x);
    else if (faults.new)
        page_see(x, ask_url(ctx->arena, asking.definition, asking.page));
    else
        page_see(x, onward_url(&asking));
}

/* ---- check and send ---- */

/* In the words of the version by which it was judged. */
static const DefinedRule *rule_said(const RuleResult *result) {
    const DefinedRule *then = defined_rule(&result->by->conditions, result->rule->id);
    return then ? then : result->rule;
}

/* The conditions that what was answered does not meet (行政手続法7条: it may be sent all the same).
 */
static void unmet_set(HttpExchange *x, View *view, const Form *form) {
    Ctx *ctx = http_ctx(x);
    RuleResults results = {0};
    JsonItems items = {0};
    form_judge(ctx, form, &form->definition->conditions, &results);
    VEC_EACH (const RuleResult, result, &results)
        if (!result->holds) vec_push(view->arena, &items, *rule_said(result)->text.all);
    page_spots_outside(x, &items, form);
    view_items(view, "warnings", &items);
}

static void sections_set(HttpExchange *x, View *view, const Form *form, Str base, Str files) {
    JsonItems sections = {0};
    VEC_EACH (const FormPage, page, &form->definition->pages) {
        JsonItems rows = {0};
        bool asked = false; /* what a bundle has handed on is changed there */
        for (size_t i = 0; i < form->n; i++) {
            const FormAnswer *answer = &form->answers[i];
            if (answer->page != page || !answer->due || answer->value.kind == FEEL_NULL) continue;
            vec_push(view->arena, &rows, page_answer_row(x, answer, files));
            asked |= !answer->handed;
        }
        if (!rows.len) continue;
        View one = view_new(view->arena);
        view_json(&one, "title", page->title.all);
        view_str(&one, "change",
                 asked ? str_fmt(view->arena, STR_FMT STR_FMT, STR_ARG(base), STR_ARG(page->id))
                       : STR_NONE);
        view_items(&one, "rows", &rows);
        vec_push(view->arena, &sections, view_value(&one));
    }
    view_items(view, "sections", &sections);
}

Rc page_form_check(HttpExchange *x, View *view, const Form *form, Str base, Str files) {
    const Definition *definition = form->definition;
    FormFee fee;
    TRY(form_fee_by(http_ctx(x), form, &fee));
    Json day = form_fee_json(view->arena, definition, &fee, false);
    sections_set(x, view, form, base, files);
    unmet_set(x, view, form);
    view_bool(view, "priced", definition->fee != NULL);
    view_int(view, "fee", fee.yen);
    view_set(view, "fee_day", page_fee_day(x, definition, &day));
    return RC_OK;
}

void page_notice(View *view, bool asked, Str way) {
    view_bool(view, "notice", asked);
    view_str(view, "way", way);
}

static int check_status(const Error *refused) {
    return refused->rc == RC_CONFLICT ? 409 : 422;
}

/* form: when it was sent without what is asked here (ctx->error). */
static void check_show(Asking *asking, const HttpForm *form) {
    Ctx *ctx = asking->ctx;
    HttpExchange *x = asking->x;
    const Error refused = ctx->error;
    TabletCheck check = {.about = &asking->draft};
    View view = page_view_saying(x, page_channel_notice(ctx, asking->draft.channel));
    page_form_steps(&view, &asking->draft.form, NULL);
    held_set(asking, &view);
    view_str(&view, "back", back_url(asking));
    Str base = page_procedure_url(ctx->arena, asking->definition, "/ask/");
    Str files = page_procedure_url(ctx->arena, asking->definition, "");
    Rc rc = page_form_check(x, &view, &asking->draft.form, base, files);
    if (form) page_check_faults(&view, &refused);
    if (rc == RC_OK && asking->definition->parts.len) {
        page_bundle_check(x, &view, &asking->draft, form ? check_status(&refused) : 200);
        return;
    }
    vec_push(ctx->arena, &check.drafts, &asking->draft);
    if (rc == RC_OK) rc = page_tablet_set(x, &view, &check);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    page_notice(&view, letters_asked(http_ctx(x), &asking->draft.form), asking->draft.notice);
    page_show(x, form ? check_status(&refused) : 200, WEB_PAGE_PROCEDURE_CHECK, &view);
}

static void check_get(HttpExchange *x) {
    Asking asking;
    if (!asking_begin(x, &asking)) return;
    Ctx *ctx = asking.ctx;
    const FormPage *open = form_next(&asking.draft.form);
    if (open)
        page_see(x, ask_url(ctx->arena, asking.definition, open));
    else if (bundle_has(ctx, &asking.draft)) /* it is shown and sent there */
        page_see(x, page_draft_url(ctx->arena, &asking.draft));
    else {
        reach_page(ctx, &asking.draft, NULL);
        check_show(&asking, NULL);
    }
}

/* What is ready of a bundle; where a part is refused, its pages say why. */
static void bundle_post(Asking *asking, const HttpForm *form) {
    HttpExchange *x = asking->x;
    Ctx *ctx = asking->ctx;
    BundleSending sending;
    Rc rc = bundle_send(ctx, &asking->draft, &sending);
    const BundleTask *failed = sending.failed;
    if (rc == RC_OK) {
        bool all = sending.sent && !sending.open;
        page_see(x, page_procedure_url(ctx->arena, asking->definition, all ? "/sent" : "/check"));
    } else if (page_check_told(&ctx->error)) {
        check_show(asking, form);
    } else if (!failed && rc == RC_INVALID && str_eq(ctx->error.code, STR("incomplete"))) {
        page_see(x, page_draft_url(ctx->arena, &asking->draft));
    } else if (failed && definition_slot(failed->definition) && is_slot_error(&ctx->error)) {
        asking->definition = failed->definition;
        asking->draft = failed->draft;
        slot_refused(asking);
    } else {
        page_fail(x);
    }
}

static void sent_get(HttpExchange *x) {
    DefinedDraft draft;
    const Definition *definition = page_procedure_asked(x);
    if (!definition) return;
    if (defined_draft(http_ctx(x), definition, &draft) != RC_OK)
        page_fail(x);
    else if (definition->parts.len && !str_empty(draft.sent))
        page_bundle_sent(x, &draft);
    else
        page_see(x, page_procedure_url(http_ctx(x)->arena, definition, ""));
}

/* Something is shown on the tablet first, or taken back from it. */
static void tablet_post(Asking *asking, const HttpForm *form) {
    Ctx *ctx = asking->ctx;
    TabletCheck check = {.about = &asking->draft};
    Rc rc = RC_OK;
    if (asking->definition->parts.len)
        rc = page_bundle_drafts(ctx, &asking->draft, &check);
    else
        vec_push(ctx->arena, &check.drafts, &asking->draft);
    if (rc == RC_OK) rc = page_tablet_do(asking->x, &check, form);
    if (rc == RC_OK)
        page_see(asking->x, page_procedure_url(ctx->arena, asking->definition, "/check"));
    else if (page_check_told(&ctx->error))
        check_show(asking, form);
    else
        page_fail(asking->x);
}

/* What else the form of a check says, and for whom an official looks at what he sends. */
static void check_read(Asking *asking, const HttpForm *form) {
    Str notice = http_form_value(form, "notice");
    if (!str_empty(notice)) asking->draft.notice = notice;
    asking->draft.unconfirmed = http_form_value(form, "unconfirmed");
    if (tablet_asks(asking->ctx, &asking->draft)) asking->ctx->purpose = STR("application-check");
}

static void check_post(HttpExchange *x) {
    Asking asking;
    Receipt receipt;
    const HttpForm *form;
    if (!page_form(x, &form) || !asking_begin(x, &asking)) return;
    check_read(&asking, form);
    if (page_tablet_meant(form)) {
        tablet_post(&asking, form);
        return;
    }
    if (asking.definition->parts.len) {
        bundle_post(&asking, form);
        return;
    }
    Rc rc = defined_send(asking.ctx, &asking.draft, &receipt);
    if (rc == RC_OK)
        receipt_see(x, receipt.token);
    else if (rc == RC_INVALID && str_eq(asking.ctx->error.code, STR("incomplete")))
        page_see(x, page_draft_url(asking.ctx->arena, &asking.draft));
    else if (page_check_told(&asking.ctx->error))
        check_show(&asking, form);
    else if (has_to_wait(&asking.ctx->error))
        page_see(x, page_wait_url(asking.ctx->arena, asking.definition, STR_NONE));
    else if (definition_slot(asking.definition) && is_slot_error(&asking.ctx->error))
        slot_refused(&asking);
    else
        page_fail(x);
}

#define PAGE(path, get, what)  PAGE_SHOW(path, GATE_PUBLIC, "Procedures", get, what)
#define FORM(path, post, what) PAGE_SEND(path, GATE_PUBLIC, "Procedures", post, what)

const HttpRoute page_procedures_rows[] = {
    PAGE("/procedures", page_procedures_get, "All procedures, and search"),
    PAGE("/procedures/{procedure}", page_procedure_get, "What a procedure is"),
    FORM("/procedures/{procedure}/begin", begin_post, "Begin an application"),
    PAGE("/procedures/{procedure}/ask/{page}", ask_get, "Questions"),
    {HTTP_POST, "/procedures/{procedure}/ask/{page}", ask_post, HTTP_POOL, PAGE_UPLOAD_MAX,
     GATE_PUBLIC | GATE_FORM, "Procedures", "Questions", NULL, NULL, page_posted},
    PAGE("/procedures/{procedure}/check", check_get, "Check the answers"),
    FORM("/procedures/{procedure}/check", check_post, "Send"),
    PAGE("/procedures/{procedure}/sent", sent_get, "What a bundle of procedures became"),
};
ROWS(page_procedures_count, page_procedures_rows);
