/* page_procedures: the procedures of the city, and applying for one that is a definition: its
 * questions page by page, the answers checked, sending. Every answer is kept in the draft. */
#include "pages_int.h"

enum { QUERY_MAX = 300 };

static Date today(const Ctx *ctx) {
    return time_jst_date(time_now(ctx->clock));
}

static Str procedure_url(Arena *arena, const Definition *definition, const char *rest) {
    return str_fmt(arena, "/procedures/" STR_FMT "%s", STR_ARG(definition->id), rest);
}

static Str ask_url(Arena *arena, const Definition *definition, const FormPage *page) {
    return str_fmt(arena, "/procedures/" STR_FMT "/ask/" STR_FMT, STR_ARG(definition->id),
                   STR_ARG(page->id));
}

/* ---- the list ---- */

/* What has pages of its own is found by its name, and behind the others by everything that it
 * takes.
 */
typedef enum BulkyFit { BULKY_NOT, BULKY_TAKES, BULKY_NAMED } BulkyFit;

static BulkyFit bulky_fit(HttpExchange *x, Str query) {
    Arena *arena = http_ctx(x)->arena;
    const WasteItem **found;
    Str folded = text_fold(arena, query), name = text_fold(arena, STR("粗大ごみ収集 Bulky waste"));
    if (str_find(name, folded) >= 0) return BULKY_NAMED;
    size_t n = waste_search(arena, procedures_waste(http_ctx(x)->tenant), query, 1, &found);
    return n ? BULKY_TAKES : BULKY_NOT;
}

static void bulky_add(Arena *arena, JsonItems *items) {
    View one = view_new(arena);
    view_set(&one, "label", page_bulky_label(arena));
    view_set(&one, "summary",
             view_text(arena, STR("家具や布団などを、家の前まで取りに伺います。"),
                       STR("We collect furniture and bedding at your door.")));
    view_str(&one, "url", STR("/bulky"));
    view_null(&one, "opens");
    vec_push(arena, items, view_value(&one));
}

/* From which day on it is taken, where that is still to come. */
static void opens_set(View *view, const Definition *definition, Date day) {
    bool later = time_date_days(definition->from) > time_date_days(day);
    view_str(view, "opens", later ? time_format_date(view->arena, definition->from) : STR_NONE);
}

static void list_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    View view = page_view(x);
    JsonItems items = {0};
    Definitions found;
    Str query = str_head(str_trim(http_query_or(x, "q", STR_NONE)), QUERY_MAX);
    if (!str_utf8_valid(query)) query = STR_NONE; /* cut within a character */
    CatalogueQuery wish = {.text = query, .day = today(ctx), .closed = true};
    catalogue_search(ctx->arena, procedures_catalogue(ctx->tenant), &wish, &found);
    BulkyFit bulky = bulky_fit(x, query);
    if (bulky == BULKY_NAMED) bulky_add(ctx->arena, &items);
    for (size_t i = 0; i < found.len; i++) {
        View one = view_new(ctx->arena);
        view_json(&one, "label", found.items[i]->label.all);
        view_json(&one, "summary", found.items[i]->summary.all);
        view_str(&one, "url", procedure_url(ctx->arena, found.items[i], ""));
        opens_set(&one, found.items[i], wish.day);
        vec_push(ctx->arena, &items, view_value(&one));
    }
    if (bulky == BULKY_TAKES) bulky_add(ctx->arena, &items);
    page_crumb(&view, STR("手続き"), STR("Procedures"), STR_NONE);
    view_str(&view, "query", query);
    view_items(&view, "procedures", &items);
    page_contact(x, &view, "phone");
    page_show(x, 200, WEB_PAGE_PROCEDURES, &view);
}

/* ---- one procedure ---- */

/* The procedure of the address as it is in force; NULL: it has answered. */
static const Definition *asked_for(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str id = http_path_param(x, "procedure");
    const Definition *definition =
        catalogue_current(procedures_catalogue(ctx->tenant), id, today(ctx));
    bool open = definition && (!definition->inside || ctx->actor->kind == ACTOR_STAFF);
    if (open) return definition;
    (void)ctx_fail(ctx, RC_NOT_FOUND, "no-procedure", id,
                   "The city has no such procedure, or not now.");
    page_fail(x);
    return NULL;
}

static void bring_set(View *view, const Definition *definition) {
    JsonItems items = {0};
    VEC_EACH (const Wording, one, &definition->bring)
        vec_push(view->arena, &items, *one->all);
    view_items(view, "bring", &items);
}

/* What has to hold of who applies; applying stays possible. */
static void conditions_set(View *view, const Definition *definition) {
    JsonItems items = {0};
    VEC_EACH (const DefinedRule, rule, &definition->conditions)
        vec_push(view->arena, &items, *rule->text.all);
    view_items(view, "conditions", &items);
}

Str page_draft_url(Arena *arena, const DefinedDraft *draft) {
    const FormPage *open = form_next(&draft->form);
    if (open) return ask_url(arena, draft->definition, open);
    return str_empty(draft->bundle)
               ? procedure_url(arena, draft->definition, "/check")
               : str_fmt(arena, "/procedures/" STR_FMT "/check", STR_ARG(draft->bundle));
}

/* Who was let in shows his ticket again with the form. */
static Str begin_url(Arena *arena, const Definition *definition, Str ticket) {
    Str begin = procedure_url(arena, definition, "/begin");
    if (str_empty(ticket)) return begin;
    return str_fmt(arena, STR_FMT "?ticket=" STR_FMT, STR_ARG(begin),
                   STR_ARG(http_url_encode(arena, ticket)));
}

/* What is asked of who applies, in words of the pages. */
static void needs_set(View *view, const Definition *definition) {
    JsonItems items = {0};
    Str authn = gate_authn_word(definition->authn), proof = gate_proof_word(definition->proof);
    if (definition->authn != AUTHN_NONE)
        vec_push(view->arena, &items,
                 json_of_str(str_fmt(view->arena, "authn-" STR_FMT, STR_ARG(authn))));
    if (definition->proof != PROOF_NONE)
        vec_push(view->arena, &items,
                 json_of_str(str_fmt(view->arena, "proof-" STR_FMT, STR_ARG(proof))));
    view_items(view, "needs", &items);
}

static bool is_low(const Error *error) {
    return str_eq(error->code, STR("authn-low")) || str_eq(error->code, STR("proof-low"));
}

/* `sign_in`: where nobody signs in; `lacks`: what somebody has yet to show, `show`: where. */
static void identity_set(HttpExchange *x, View *view, const Definition *definition) {
    Ctx *ctx = http_ctx(x);
    Error before = ctx->error;
    Rc rc = defined_may_begin(ctx, definition, STR("web"));
    bool nobody = rc != RC_OK && str_eq(ctx->error.code, STR("sign-in"));
    bool low = rc != RC_OK && is_low(&ctx->error);
    bool authn = low && str_eq(ctx->error.code, STR("authn-low"));
    ctx->error = before;
    Str here = http_url_encode(ctx->arena, procedure_url(ctx->arena, definition, ""));
    Str sign_in = str_fmt(ctx->arena, "/sign-in?next=" STR_FMT, STR_ARG(here));
    Str step_up = str_fmt(ctx->arena, "/step-up?next=" STR_FMT, STR_ARG(here));
    view_str(view, "sign_in", nobody ? sign_in : STR_NONE);
    view_str(view, "lacks", !low ? STR_NONE : authn ? STR("authn") : STR("proof"));
    view_str(view, "show", !low ? STR_NONE : authn ? step_up : STR("/account"));
    needs_set(view, definition);
}

static void start_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    DefinedDraft draft;
    const Definition *next = catalogue_next(procedures_catalogue(ctx->tenant),
                                            http_path_param(x, "procedure"), today(ctx));
    bool closed = next && !next->inside;
    const Definition *definition = closed ? next : asked_for(x);
    if (!definition) return;
    if (defined_draft(ctx, definition, &draft) != RC_OK) {
        page_fail(x);
        return;
    }
    Str ticket = http_query_or(x, "ticket", STR_NONE);
    if (wait_check(ctx, definition, ticket) != RC_OK) ticket = STR_NONE;
    bool waits = wait_is_open(ctx, definition) && str_empty(ticket);
    View view = page_view(x);
    page_crumb(&view, STR("手続き"), STR("Procedures"), STR("/procedures"));
    page_crumb_to(&view, *definition->label.all, STR_NONE);
    view_json(&view, "label", definition->label.all);
    view_json(&view, "summary", definition->summary.all);
    bring_set(&view, definition);
    conditions_set(&view, definition);
    view_json(&view, "after", definition->after.all);
    view_int(&view, "days", definition->days);
    page_bundle_parts(x, &view, definition);
    view_bool(&view, "fee", definition->fee != NULL);
    view_set(&view, "fee_article", page_article(ctx->arena, definition->fee_article));
    view_set(&view, "basis", page_article(ctx->arena, definition->basis));
    view_str(&view, "begin", begin_url(ctx->arena, definition, ticket));
    view_str(&view, "wait", waits ? page_wait_url(ctx->arena, definition, STR_NONE) : STR_NONE);
    opens_set(&view, definition, today(ctx));
    view_str(&view, "draft",
             str_empty(draft.token) || page_wait_keeps(ctx, &draft)
                 ? STR_NONE
                 : page_draft_url(ctx->arena, &draft));
    identity_set(x, &view, definition);
    page_files_index(x, &view, definition);
    page_contact(x, &view, "phone");
    page_contact(x, &view, "hours");
    page_show(x, 200, WEB_PAGE_PROCEDURE, &view);
}

void page_procedure_begin(HttpExchange *x, const Definition *definition, Str channel, Str ticket) {
    Ctx *ctx = http_ctx(x);
    Rc rc = defined_begin(ctx, definition, channel);
    if (rc == RC_OK && !str_empty(ticket)) rc = defined_admit(ctx, definition, ticket);
    if (rc == RC_OK)
        page_see(x, ask_url(ctx->arena, definition, &definition->pages.items[0]));
    else if (rc == RC_DENIED && (str_eq(ctx->error.code, STR("sign-in")) || is_low(&ctx->error)))
        page_see(x, procedure_url(ctx->arena, definition, ""));
    else
        page_fail(x);
}

static void begin_post(HttpExchange *x) {
    const HttpForm *form;
    const Definition *definition = asked_for(x);
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
        page_see(x, procedure_url(http_ctx(x)->arena, draft->definition, "/sent"));
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
    *asking = (Asking){.x = x, .ctx = http_ctx(x), .definition = asked_for(x)};
    if (!asking->definition) return false;
    if (defined_draft(asking->ctx, asking->definition, &asking->draft) != RC_OK) {
        page_fail(x);
        return false;
    }
    if (!str_empty(asking->draft.token)) return true;
    if (str_empty(asking->draft.sent))
        page_see(x, procedure_url(asking->ctx->arena, asking->definition, ""));
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
                  : procedure_url(asking->ctx->arena, asking->definition, "");
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
                procedure_url(asking->ctx->arena, asking->definition, ""));
    if (faults) page_field_faults(asking->x, &view, &asking->draft.form, asking->page);
    page_show(asking->x, status, WEB_PAGE_PROCEDURE_PAGE, &view);
}

static void ask_get(HttpExchange *x) {
    Asking asking;
    if (asking_page(x, &asking)) asking_show(&asking, 200, false);
}

static Json texts_said(Arena *arena, const HttpForm *form, Str field) {
    JsonItems texts = {0};
    VEC_EACH (const HttpField, one, form)
        if (str_eq(one->name, field)) vec_push(arena, &texts, json_of_str(one->value));
    return texts.len > 1    ? json_of_items(texts.items, texts.len)
           : texts.len == 1 ? texts.items[0]
                            : json_of_null();
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
            TRY(page_files_take(asking->ctx, &asking->draft, answer, form, &taken));
            *refused = taken.faults;
        } else if (field->kind == FIELD_PLACE) {
            taken.said = page_spot_said(arena, form, field->id);
        } else {
            taken.said = texts_said(arena, form, field->id);
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

/* The conditions that what was answered does not meet (行政手続法7条: it may be sent all the same).
 */
static void unmet_set(HttpExchange *x, View *view, const Form *form) {
    Ctx *ctx = http_ctx(x);
    RuleResults results = {0};
    JsonItems items = {0};
    form_judge(ctx, form, &form->definition->conditions, &results);
    VEC_EACH (const RuleResult, result, &results)
        if (!result->holds) vec_push(view->arena, &items, *result->rule->text.all);
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
    int64_t fee;
    TRY(form_fee(http_ctx(x), form, &fee));
    sections_set(x, view, form, base, files);
    unmet_set(x, view, form);
    view_bool(view, "priced", form->definition->fee != NULL);
    view_int(view, "fee", fee);
    return RC_OK;
}

void page_notice(View *view, bool asked, const HttpForm *form) {
    View errors = view_new(view->arena);
    view_bool(view, "notice", asked);
    if (!form) return;
    view_set(&errors, "notice", json_of_str(STR("notice.required")));
    view_set(view, "errors", view_value(&errors));
}

/* form: when it was sent without what is asked here. */
static void check_show(Asking *asking, const HttpForm *form) {
    Ctx *ctx = asking->ctx;
    HttpExchange *x = asking->x;
    View view = page_view_saying(x, page_channel_notice(ctx, asking->draft.channel));
    page_form_steps(&view, &asking->draft.form, NULL);
    held_set(asking, &view);
    view_str(&view, "back", back_url(asking));
    Str base = procedure_url(ctx->arena, asking->definition, "/ask/");
    Str files = procedure_url(ctx->arena, asking->definition, "");
    if (page_form_check(x, &view, &asking->draft.form, base, files) != RC_OK) {
        page_fail(x);
        return;
    }
    if (asking->definition->parts.len) {
        page_bundle_check(x, &view, &asking->draft, form);
        return;
    }
    page_notice(&view, letters_asked(asking->definition), form);
    page_show(x, form ? 422 : 200, WEB_PAGE_PROCEDURE_CHECK, &view);
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
    else
        check_show(&asking, NULL);
}

static bool is_notice_error(const Error *error) {
    return error->rc == RC_INVALID && str_eq(error->code, STR("no-notice"));
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
        page_see(x, procedure_url(ctx->arena, asking->definition, all ? "/sent" : "/check"));
    } else if (is_notice_error(&ctx->error)) {
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
    const Definition *definition = asked_for(x);
    if (!definition) return;
    if (defined_draft(http_ctx(x), definition, &draft) != RC_OK)
        page_fail(x);
    else if (definition->parts.len && !str_empty(draft.sent))
        page_bundle_sent(x, &draft);
    else
        page_see(x, procedure_url(http_ctx(x)->arena, definition, ""));
}

static void check_post(HttpExchange *x) {
    Asking asking;
    Receipt receipt;
    const HttpForm *form;
    if (!page_form(x, &form) || !asking_begin(x, &asking)) return;
    asking.draft.notice = http_form_value(form, "notice");
    if (asking.definition->parts.len) {
        bundle_post(&asking, form);
        return;
    }
    Rc rc = defined_send(asking.ctx, &asking.draft, &receipt);
    if (rc == RC_OK)
        receipt_see(x, receipt.token);
    else if (rc == RC_INVALID && str_eq(asking.ctx->error.code, STR("incomplete")))
        page_see(x, page_draft_url(asking.ctx->arena, &asking.draft));
    else if (is_notice_error(&asking.ctx->error))
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
    PAGE("/procedures", list_get, "All procedures, and search"),
    PAGE("/procedures/{procedure}", start_get, "What a procedure is"),
    FORM("/procedures/{procedure}/begin", begin_post, "Begin an application"),
    PAGE("/procedures/{procedure}/ask/{page}", ask_get, "Questions"),
    {HTTP_POST, "/procedures/{procedure}/ask/{page}", ask_post, HTTP_POOL, PAGE_UPLOAD_MAX,
     GATE_PUBLIC | GATE_FORM, "Procedures", "Questions", NULL, NULL, page_posted},
    PAGE("/procedures/{procedure}/check", check_get, "Check the answers"),
    FORM("/procedures/{procedure}/check", check_post, "Send"),
    PAGE("/procedures/{procedure}/sent", sent_get, "What a bundle of procedures became"),
};
ROWS(page_procedures_count, page_procedures_rows);
