/* page_defined: a case of a procedure that is a definition: its resident's page, its receipt, the
 * office's review, and the moves that the definition allows to each. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

/* ---- what a case is called ---- */

Json page_bulky_label(Arena *arena) {
    return view_text(arena, STR("粗大ごみ収集"), STR("Bulky-waste pickup"));
}

Json page_procedure_label(HttpExchange *x, const Entity *application) {
    const Definition *definition = defined_of(http_ctx(x), application);
    return definition ? *definition->label.all : page_bulky_label(http_ctx(x)->arena);
}

Str page_check_purpose(const Ctx *ctx, const Entity *application) {
    return defined_of(ctx, application) ? STR("application-check") : STR("bulky-waste-check");
}

void page_case_state(HttpExchange *x, View *view, const Entity *application) {
    const Definition *definition = defined_of(http_ctx(x), application);
    const DefinedState *state = definition ? defined_state(definition, application) : NULL;
    page_state(view, case_state(application));
    view_json(view, "state_label", state ? state->label.all : NULL);
    if (!state && str_eq(entity_text(application, IRI("procedureState")), JOIN_STATE))
        view_set(view, "state_label",
                 view_text(view->arena, STR("ほかの申込みにまとめました"),
                           STR("Joined to another application")));
}

/* ---- pieces ---- */

/* The rows of a section under way, and what all of them need. */
typedef struct Sections {
    HttpExchange *x;
    const Entity *application;
    Definitions versions;
    Str base;
    JsonItems rows, items;
} Sections;

/* An answer stands under the words by which it was asked for. */
static void section_row(Sections *sections, const Field *field) {
    Arena *arena = http_ctx(sections->x)->arena;
    const Field *asked = versions_field(&sections->versions, field->id);
    FormAnswer answer;
    if (defined_answer(arena, sections->application, asked, &answer))
        vec_push(arena, &sections->rows, page_answer_row(sections->x, &answer, sections->base));
}

static void section_end(Sections *sections, Json title) {
    View one = view_new(http_ctx(sections->x)->arena);
    if (sections->rows.len) {
        view_set(&one, "title", title);
        view_null(&one, "change");
        view_items(&one, "rows", &sections->rows);
        vec_push(one.arena, &sections->items, view_value(&one));
    }
    sections->rows = (JsonItems){0};
}

/* In the order of a version: of that by which a case was sent, or of that which governs it. What
   earlier ones asked, and that one doesn't, stands last. */
static void sections_set(HttpExchange *x, View *view, const Entity *application, Str base,
                         const Definition *definition) {
    Sections sections = {.x = x, .application = application, .base = base};
    Fields gone;
    versions_of(http_ctx(x), application, &sections.versions);
    VEC_EACH (const FormPage, page, &definition->pages) {
        VEC_EACH (const Field, field, &page->fields)
            section_row(&sections, field);
        section_end(&sections, *page->title.all);
    }
    versions_gone(http_ctx(x), application, &gone);
    for (size_t i = 0; i < gone.len; i++)
        if (!definition_field(definition, gone.items[i]->id)) section_row(&sections, gone.items[i]);
    section_end(&sections,
                view_text(view->arena, STR("以前の版の項目"), STR("Asked by an earlier version")));
    view_items(view, "sections", &sections.items);
}

/* A step that is no move; null: the arrival. */
static Json kind_label(Arena *arena, Str kind) {
    const struct {
        Str kind, ja, en;
    } rows[] = {
        {CASE_STEP_DAY, STR("日時の変更"), STR("Another day and time")},
        {CASE_STEP_BOOKED, STR("日時の予約"), STR("Day and time booked")},
        {CASE_STEP_PAID, STR("手数料の納付"), STR("Fee paid")},
        {CASE_STEP_FREE, STR("手数料なし"), STR("No fee is due")},
        {CASE_STEP_CORRECTED, STR("申込者の求めによる補正"),
         STR("Corrected at the applicant's wish")},
        {CASE_STEP_JOIN, STR("次の申込みにまとめた"), STR("Joined to the application")},
        {CASE_STEP_PART, STR("まとめるのをやめた"), STR("No longer joined")},
        {CASE_STEP_VERSION, STR("手続きの別の版に移った（経過措置）"),
         STR("On to another version of the procedure (transition)")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(kind, rows[i].kind)) return view_text(arena, rows[i].ja, rows[i].en);
    return json_of_null();
}

static Json version_text(Arena *arena, const CaseTransition *transition) {
    return view_text(arena,
                     str_fmt(arena, "第%lld版（決裁 " STR_FMT "）", (long long)transition->to,
                             STR_ARG(transition->number)),
                     str_fmt(arena, "Version %lld (decision " STR_FMT ")",
                             (long long)transition->to, STR_ARG(transition->number)));
}

/* A step is told as its move is called in the version of then. */
static View step_view(HttpExchange *x, const Definition *definition, const CaseStep *step) {
    View one = view_new(http_ctx(x)->arena);
    const DefinedMove *move = definition ? definition_move(definition, step->kind) : NULL;
    view_set(&one, "label", move ? *move->label.all : kind_label(one.arena, step->kind));
    view_bool(&one, "automatic", !str_empty(step->rule));
    view_set(&one, "who", page_step_post(x, step));
    view_int(&one, "at", step->at);
    return one;
}

/* `steps`, and `turned`: the last of those by which the case went to another version; null: it
   went to none. */
static void steps_set(HttpExchange *x, View *view, const Entity *application) {
    Definitions versions;
    CaseTransitions transitions;
    CaseSteps steps;
    JsonItems items = {0};
    size_t nth = 0;
    versions_of(http_ctx(x), application, &versions);
    case_transitions(view->arena, application, &transitions);
    case_steps(view->arena, application, &steps);
    view_null(view, "turned");
    VEC_EACH (const CaseStep, step, &steps) {
        View one = step_view(x, versions.items[nth < versions.len ? nth : versions.len - 1], step);
        bool turns = str_eq(step->kind, CASE_STEP_VERSION) && nth < transitions.len;
        const CaseTransition *turn = turns ? &transitions.items[nth++] : NULL;
        view_set(&one, "text", turn ? version_text(one.arena, turn) : json_of_str(step->text));
        if (turn) view_set(view, "turned", view_value(&one));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "steps", &items);
}

/* The office's question while it waits for the resident. */
static void asked_set(HttpExchange *x, View *view, const Entity *application, Str base) {
    CaseSteps steps;
    case_steps(view->arena, application, &steps);
    while (steps.len && str_eq(steps.items[steps.len - 1].kind, CASE_STEP_VERSION))
        steps.len--; /* it waits for the same as before */
    const CaseStep *last = steps.len ? &steps.items[steps.len - 1] : NULL;
    if (case_state(application) != CASE_ASKED || !last || str_empty(last->post)) {
        view_null(view, "asked");
        return;
    }
    View one = view_new(view->arena);
    Date due, today = time_jst_date(time_now(http_ctx(x)->clock));
    Str until = entity_text(application, IRI("answerDue"));
    view_str(&one, "text", last->text);
    (void)page_correct_asked(x, &one, application, base);
    view_str(&one, "due", until);
    view_bool(&one, "late",
              time_parse_date(until, &due) && time_date_days(due) < time_date_days(today));
    view_set(view, "asked", view_value(&one));
}

static Json move_value(HttpExchange *x, const PageMarks *marks) {
    Arena *arena = http_ctx(x)->arena;
    const DefinedMove *move = marks->move;
    const HttpForm *form = marks->form;
    const DefinedState *to =
        definition_state(defined_of(http_ctx(x), marks->application), move->to);
    View one = view_new(arena);
    bool sent = form && str_eq(http_form_value(form, "move"), move->id);
    view_str(&one, "id", move->id);
    view_str(&one, "text_id", str_fmt(arena, "text-" STR_FMT, STR_ARG(move->id)));
    view_str(&one, "due_id", str_fmt(arena, "due-" STR_FMT, STR_ARG(move->id)));
    view_json(&one, "label", move->label.all);
    view_bool(&one, "reason", move->reason || !str_empty(move->decision));
    view_bool(&one, "due", to->owner == OWNER_RESIDENT && !move->by_resident);
    view_bool(&one, "ends", to->owner == OWNER_NOBODY && to->outcome != OUTCOME_DONE);
    view_bool(&one, "open", sent);
    view_set(&one, "text", json_of_str(sent ? http_form_value(form, "text") : STR("")));
    view_set(&one, "until", json_of_str(sent ? http_form_value(form, "due") : STR("")));
    page_correct_marks(x, &one, &(PageMarks){marks->application, move, sent ? form : NULL});
    return view_value(&one);
}

/* `moves` of who acts, `wishes`: what he does for a resident who asked him to, and `matters`: what
 * is proposed for decision. */
static void moves_set(HttpExchange *x, View *view, const Entity *application,
                      const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    CorrectAsk ask;
    bool corrects = correct_asked(ctx, application, &ask); /* by a form of its own */
    bool office = ctx->actor->kind == ACTOR_STAFF;
    DefinedMoves moves;
    JsonItems items = {0}, wishes = {0}, matters = {0};
    defined_moves(ctx, application->whole ? application->whole : application, &moves);
    for (size_t i = 0; i < moves.len; i++) {
        const DefinedMove *move = moves.items[i];
        if (corrects && move == ask.answer) continue;
        JsonItems *to = !str_empty(move->decision)    ? &matters
                        : office && move->by_resident ? &wishes
                                                      : &items;
        vec_push(view->arena, to, move_value(x, &(PageMarks){application, move, form}));
    }
    view_items(view, "matters", &matters);
    view_items(view, "moves", &items);
    view_items(view, "wishes", &wishes);
}

/* The place that a ranking gave. */
static void placed_set(View *view, const Entity *application, const Definition *definition) {
    Str placed = entity_text(application, IRI("placed"));
    const FieldOption *option =
        definition->ranking && !str_empty(placed) ? ranking_option(definition, placed) : NULL;
    view_json(view, "placed", option ? option->label.all : NULL);
}

/* What all pages of such a case have, in the words of a version. */
static void case_set(HttpExchange *x, View *view, const Entity *application, Str base,
                     const Definition *definition) {
    bool ended = CASE_ENDS & 1u << case_state(application);
    view_json(view, "label", definition->label.all);
    view_str(view, "number", entity_text(application, IRI("receiptNumber")));
    page_case_state(x, view, application);
    view_str(view, "due", ended ? STR_NONE : entity_text(application, IRI("due")));
    view_str(view, "completed", entity_text(application, IRI("completedAt")));
    view_set(view, "fee",
             entity_attr(application, IRI("fee"))
                 ? json_of_int(entity_int(application, IRI("fee"), 0))
                 : json_of_null());
    const Attr *reduction = entity_attr(application, IRI("feeReduction"));
    view_set(view, "fee_before",
             reduction ? json_of_int(json_get_int(reduction->value, "before", 0)) : json_of_null());
    view_set(view, "fee_day", page_case_fee_day(x, application));
    placed_set(view, application, definition);
    page_confirmed(x, view, application);
    sections_set(x, view, application, base, definition);
    page_corrections(x, view, application, base);
    steps_set(x, view, application);
}

/* What a form on the page was refused for, where that is told. */
static void faults_set(HttpExchange *x, View *view, const HttpForm *form, bool office) {
    if (page_thread_sent(form))
        page_thread_faults(x, view, office);
    else
        page_move_faults(x, view, form, office);
}

/* ---- the resident's page ---- */

void page_defined_case(HttpExchange *x, const Entity *application, const CasePlace *place,
                       const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    const Error refused = ctx->error; /* of the form, whatever else is found to be missing here */
    int status = !form ? 200 : refused.rc == RC_CONFLICT ? 409 : 422;
    View view = page_view(x);
    Str number = entity_text(application, IRI("receiptNumber"));
    const Definition *definition = defined_of(ctx, application);
    page_crumb_to(&view, *definition->label.all,
                  str_fmt(view.arena, "/procedures/" STR_FMT, STR_ARG(definition->id)));
    page_crumb(&view, str_fmt(view.arena, "受付番号 " STR_FMT, STR_ARG(number)),
               str_fmt(view.arena, "Case " STR_FMT, STR_ARG(number)), STR_NONE);
    case_set(x, &view, application, place->base, definition);
    asked_set(x, &view, application, place->base);
    moves_set(x, &view, application, form);
    page_fee(x, &view, application, place);
    page_remedies(&view, application);
    page_joined_to(&view, application);
    page_booking(x, &view, application, place->base);
    page_draw_entry(x, &view, application);
    view_str(&view, "move_url", str_fmt(view.arena, STR_FMT "/move", STR_ARG(place->base)));
    view_str(&view, "receipt_url", str_fmt(view.arena, STR_FMT "/receipt", STR_ARG(place->base)));
    page_until(&view, place);
    ctx->error = refused;
    if (form) faults_set(x, &view, form, place->office);
    if (page_thread(x, &view, application,
                    &(PageThread){place->base, place->office, place->until != 0, form, NULL}) ==
            RC_OK &&
        page_case_looks(x, &view, application) == RC_OK &&
        page_letters(x, &view, application,
                     place->office  ? LETTERS_OFFICE
                     : place->until ? LETTERS_NAMED
                                    : LETTERS_OWN) == RC_OK &&
        page_keep(x, &view, application, place) == RC_OK)
        page_show(x, status, WEB_PAGE_DEFINED_CASE, &view);
    else
        page_fail(x);
}

void page_defined_receipt(HttpExchange *x, const Entity *application, const CasePlace *place) {
    View view = page_view(x);
    Str address = page_whole_address(x, place->base);
    const Definition *then = versions_first(http_ctx(x), application);
    case_set(x, &view, application, STR_NONE, then);
    page_fee_paid(x, &view, application);
    view_json(&view, "after", then->after.all); /* what he was told, whatever came of it */
    view_str(&view, "url", address);
    page_until(&view, place);
    view_set(&view, "qr", place->until ? json_of_null() : page_qr(http_ctx(x), address));
    view_str(&view, "case_url",
             place->office
                 ? page_case_url(view.arena, entity_text(application, IRI("receiptNumber")))
                 : STR_NONE);
    page_show(x, 200, WEB_PAGE_DEFINED_RECEIPT, &view);
}

/* ---- the office's review ---- */

const DefinedRule *page_found_rule(const Ctx *ctx, const Definition *first, const Json *found,
                                   bool checks) {
    int64_t version = json_get_int(found, "version", first->version);
    const Definition *by = catalogue_version(procedures_catalogue(ctx->tenant), first->id, version);
    if (!by) by = first;
    return defined_rule(checks ? &by->checks : &by->conditions,
                        json_get_str(found, checks ? "check" : "condition"));
}

static Json rule_value(Arena *arena, const DefinedRule *rule, const Json *found, Str id) {
    View one = view_new(arena);
    Str on = json_get_str(found, "on");
    view_str(&one, "level", json_get_bool(found, "ok", false) ? STR("ok") : STR("bad"));
    if (rule)
        view_json(&one, "title", rule->text.all);
    else
        view_str(&one, "title", id);
    view_str(&one, "day", on);
    return view_value(&one);
}

/* What the rules found, in the words of the version by which they did. */
static void rules_set(HttpExchange *x, View *view, const Entity *application, bool checks) {
    Ctx *ctx = http_ctx(x);
    Json *found = NEW(view->arena, Json);
    JsonItems items = {0};
    const Definition *first = versions_first(ctx, application);
    *found = defined_found(ctx, application, checks);
    for (size_t i = 0; i < found->len; i++) {
        const Json *one = json_at(found, i);
        vec_push(view->arena, &items,
                 rule_value(view->arena, page_found_rule(ctx, first, one, checks), one,
                            json_get_str(one, checks ? "check" : "condition")));
    }
    view_items(view, checks ? "checks" : "conditions", &items);
}

void page_defined_review(HttpExchange *x, int status, const Entity *application,
                         const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    const Error refused = ctx->error; /* of the form, whatever else is found to be missing here */
    View view = page_view(x);
    int64_t touched;
    Str base = page_case_url(view.arena, entity_text(application, IRI("receiptNumber")));
    case_set(x, &view, application, base, defined_of(ctx, application));
    moves_set(x, &view, application, form);
    (void)page_correct_asked(x, &view, application, base);
    page_fee_desk(x, &view, application, form);
    page_booking(x, &view, application, base);
    rules_set(x, &view, application, true);
    rules_set(x, &view, application, false);
    Str proposed = STR_NONE;
    ThreadStand stand = {0};
    if (defined_proposed(ctx, application, &proposed) != RC_OK ||
        page_thread(x, &view, application, &(PageThread){base, true, false, form, &stand}) !=
            RC_OK ||
        page_letters(x, &view, application, LETTERS_OFFICE) != RC_OK) {
        page_fail(x);
        return;
    }
    view_str(&view, "proposed",
             str_empty(proposed) ? STR_NONE : page_decision_url(view.arena, proposed));
    view_int(&view, "version", (int64_t)application->version);
    view_str(&view, "step", case_state_own(application));
    view_set(&view, "due", page_due(x, application, stand.due.day));
    Str assignee = entity_text(application, IRI("assignee"));
    view_set(&view, "assignee",
             str_empty(assignee) ? json_of_null()
                                 : page_post(x, entity_text(application, IRI("post"))));
    view_set(&view, "purpose", page_purpose(x, ctx->purpose));
    view_str(&view, "channel", entity_text(application, IRI("channel")));
    view_str(&view, "arrived", entity_text(application, IRI("submittedAt")));
    Str entered = entity_text(application, IRI("enteredPost"));
    view_set(&view, "entered", str_empty(entered) ? json_of_null() : page_post(x, entered));
    if (office_touched(ctx, application->id, &touched) == RC_OK)
        view_int(&view, "touch", touched);
    else
        view_null(&view, "touch");
    page_handover_case(&view, application);
    page_automatic(x, &view, application, form);
    if (page_join(x, &view, application, form) != RC_OK) {
        page_fail(x);
        return;
    }
    ctx->error = refused;
    if (form) faults_set(x, &view, form, true);
    page_show(x, status, WEB_PAGE_DEFINED_REVIEW, &view);
}

/* ---- moves ---- */

/* What a refused move says, by its error's code. */
static Str move_word(const Error *error, bool office) {
    static const struct {
        const char *code, *word;
    } words[] = {{"past", "due.past"},
                 {"far", "due.far"},
                 {"format", "due.required"},
                 {"long", "move.long"},
                 {"corrections-full", "correct.full"},
                 {"no-correction", "case.changed"}};
    if (str_eq(error->code, STR("nobody-signs")))
        return office ? STR("case.nobody_signs") : STR("case.not_now");
    if (error->rc == RC_CONFLICT) return STR("case.changed");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(error->code, str_of(words[i].code))) return str_of(words[i].word);
    return STR("move.required");
}

void page_move_faults(HttpExchange *x, View *view, const HttpForm *form, bool office) {
    const Error *error = &http_ctx(x)->error;
    View errors = view_new(view->arena);
    bool due = str_eq(error->path, STR("due"));
    bool marks = str_eq(error->code, STR("no-correction")) || error->rc == RC_LIMIT;
    bool why = str_eq(error->code, STR("long")) && !str_eq(error->path, STR("text"));
    Str of = why ? error->path : http_form_value(form, "move");
    Str field = error->rc == RC_CONFLICT || marks ? STR("case")
                                                  : str_fmt(view->arena, "%s-" STR_FMT,
                                                            due   ? "due"
                                                            : why ? "why"
                                                                  : "text",
                                                            STR_ARG(of));
    Str word = why ? STR("correct.why_long") : move_word(error, office);
    view_set(&errors, str_z(view->arena, field), json_of_str(word));
    view_set(view, "errors", view_value(&errors));
}

static Rc act_read(HttpExchange *x, const HttpForm *form, Str id, DefinedAct *act) {
    int64_t version = 0;
    Str due = str_trim(http_form_value(form, "due"));
    *act = (DefinedAct){
        .id = id, .move = http_form_value(form, "move"), .text = http_form_value(form, "text")};
    page_correct_said(http_ctx(x)->arena, form, &act->corrects);
    if (str_to_i64(http_form_value(form, "version"), &version)) act->version = (uint64_t)version;
    if (!str_empty(due) && !time_parse_japanese(due, &act->answer_by))
        return ctx_fail(http_ctx(x), RC_INVALID, "format", STR("due"), "This is not a date.");
    return RC_OK;
}

static Rc move_make(HttpExchange *x, const HttpForm *form, Str id) {
    DefinedAct act;
    TRY(act_read(x, form, id, &act));
    return defined_move(http_ctx(x), &act);
}

static Rc propose(HttpExchange *x, const HttpForm *form, Str id) {
    DefinedAct act;
    Str decision;
    TRY(act_read(x, form, id, &act));
    return defined_propose(http_ctx(x), &act, &decision);
}

/* Whether a failure is told on the form itself: it was filled in wrongly, or another was faster. */
static bool on_form(const Error *error) {
    static const char *const faster[] = {
        "moved-on",     "proposed",     "decided",           "twice",
        "paid-already", "not-due",      "nothing-automatic", "not-alike",
        "not-joined",   "nobody-signs", "corrections-full"};
    bool told = error->rc == RC_INVALID || page_thread_told(error);
    for (size_t i = 0; i < sizeof faster / sizeof *faster; i++)
        told |= str_eq(error->code, str_of(faster[i]));
    return told;
}

static void move_post(HttpExchange *x) {
    const Entity *application;
    const HttpForm *form;
    CasePlace place;
    if (!page_form(x, &form)) return;
    Rc rc = page_held_case(x, &application, &place);
    if (rc == RC_OK) rc = move_make(x, form, application->id);
    if (rc == RC_OK)
        page_see(x, place.base);
    else if (on_form(&http_ctx(x)->error))
        page_defined_case(x, application, &place, form);
    else
        page_fail(x);
}

/* Moving is no look: what is shown next is. */
void page_office_does_at(HttpExchange *x, PageAct *act, const char *place) {
    Ctx *ctx = http_ctx(x);
    Str id, number = http_path_param(x, "number");
    const HttpForm *form;
    if (!page_form(x, &form)) return;
    ctx->purpose = STR("application-check");
    Rc rc = inbox_find(ctx, number, &id);
    if (rc == RC_OK) rc = act(x, form, id);
    if (rc == RC_OK)
        page_see(x, str_fmt(ctx->arena, STR_FMT "%s", STR_ARG(page_case_url(ctx->arena, number)),
                            place));
    else if (on_form(&ctx->error))
        page_review(x, rc == RC_CONFLICT ? 409 : 422, form);
    else
        page_fail(x);
}

void page_office_does(HttpExchange *x, PageAct *act) {
    page_office_does_at(x, act, "");
}

static void office_move_post(HttpExchange *x) {
    page_office_does(x, move_make);
}

static void propose_post(HttpExchange *x) {
    page_office_does(x, propose);
}

#define MOVE(path, post, access, tag)                                                              \
    {                                                                                              \
        HTTP_POST, path "/move", post, HTTP_POOL, PAGE_FORM_MAX, (access) | GATE_FORM, tag,        \
            "Make a move that the procedure allows", NULL, NULL, move_answers                      \
    }

PAGE_ANSWERS(move_answers, PAGE_HTML(200), PAGE_FAULT(400), PAGE_FAULT(409), PAGE_FAULT(413),
             PAGE_FAULT(415));

const HttpRoute page_defined_rows[] = {
    MOVE("/c/{token}", move_post, GATE_PUBLIC, "Cases"),
    MOVE("/my/cases/{case}", move_post, GATE_RESIDENT, "Cases"),
    MOVE("/staff/cases/{number}", office_move_post, PAGE_OFFICE, "Office"),
    {HTTP_POST, "/staff/cases/{number}/propose", propose_post, HTTP_POOL, PAGE_FORM_MAX,
     PAGE_CITY | GATE_FORM, "Office", "Propose a move that has to be decided", NULL, NULL,
     move_answers},
};
ROWS(page_defined_count, page_defined_rows);
