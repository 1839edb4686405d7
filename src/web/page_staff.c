/* page_staff: the review of a case. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { SUMMARY_ITEMS = 2 };

/* ---- pieces ---- */

static Json item_summary(HttpExchange *x, const Entity *application, const char *language) {
    Ctx *ctx = http_ctx(x);
    const Waste *waste = procedures_waste(ctx->tenant);
    const Attr *items = entity_attr(application, IRI("items"));
    Buf text = buf_new(ctx->arena, 4096);
    size_t n = items ? items->value->len : 0;
    for (size_t i = 0; i < n && i < SUMMARY_ITEMS; i++) {
        const Json *row = json_at(items->value, i);
        const WasteItem *item = waste_item(waste, json_get_str(row, "id"));
        if (i) buf_add(&text, str_eq(str_of(language), STR("ja")) ? STR("、") : STR(", "));
        if (item) buf_add(&text, json_get_str(item->name.both, language));
        if (json_get_int(row, "quantity", 1) > 1)
            buf_addf(&text, " ×%lld", (long long)json_get_int(row, "quantity", 1));
    }
    if (n > SUMMARY_ITEMS)
        buf_addf(&text, str_eq(str_of(language), STR("ja")) ? " ほか%zu点" : " and %zu more",
                 n - SUMMARY_ITEMS);
    return json_of_str(buf_str(&text));
}

Json page_items(HttpExchange *x, const Entity *application) {
    return view_text(http_ctx(x)->arena, json_str(&(Json[]){item_summary(x, application, "ja")}[0]),
                     json_str(&(Json[]){item_summary(x, application, "en")}[0]));
}

Json page_district(HttpExchange *x, Str id) {
    const WasteDistrict *district = waste_district(procedures_waste(http_ctx(x)->tenant), id);
    return district ? *district->name.both : json_of_str(id);
}

Str page_case_url(Arena *arena, Str number) {
    return str_fmt(arena, "/staff/cases/" STR_FMT, STR_ARG(number));
}

/* ---- review ---- */

static const Str purpose_inbox = {"application-check", 17};

/* The case of the page, opened as a look: recorded before anything is shown. */
static Rc review_case(HttpExchange *x, const Entity **out) {
    Ctx *ctx = http_ctx(x);
    Str id;
    ctx->purpose = purpose_inbox;
    TRY(inbox_find(ctx, http_path_param(x, "number"), &id));
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, out);
    if (rc == RC_OK) ctx->purpose = page_check_purpose(ctx, *out);
    if (rc == RC_OK) *out = gate_view(ctx, NULL, *out);
    if (rc == RC_OK && !*out)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-case", id, "There is no such case.");
    TRY(rc);
    GateAsk ask = {.action = ACT_READ,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_PERSONAL,
                   .relation = gate_relation(ctx, *out)};
    return gate_check(ctx, &ask);
}

static Json check_value(HttpExchange *x, const Json *check) {
    Arena *arena = http_ctx(x)->arena;
    const Json *rules = json_get(waste_rules(procedures_waste(http_ctx(x)->tenant)), STR("checks"));
    Str id = json_get_str(check, "check");
    View one = view_new(arena);
    bool ok = json_get_bool(check, "ok", false);
    view_str(&one, "level", ok ? STR("ok") : STR("bad"));
    view_str(&one, "title", id);
    view_null(&one, "rule");
    view_set(&one, "detail",
             ok ? view_text(arena, STR("規則に合っています。"), STR("In order."))
                : view_text(arena, STR("規則に合いません。確かめてください。"),
                            STR("Not in order: look at it.")));
    for (size_t i = 0; rules && i < rules->len; i++) {
        const Json *rule = json_at(rules, i);
        if (!str_eq(json_get_str(rule, "id"), id)) continue;
        view_json(&one, "title", json_get(rule, STR("label")));
        view_set(&one, "rule", page_article(arena, json_get_str(rule, "article")));
    }
    return view_value(&one);
}

Json page_step_post(HttpExchange *x, const CaseStep *step) {
    return str_empty(step->post) ? view_text(http_ctx(x)->arena, STR("申込者"), STR("Applicant"))
                                 : page_post(x, step->post);
}

static void history_value(HttpExchange *x, View *view, const Entity *application) {
    Arena *arena = view->arena;
    CaseSteps steps;
    JsonItems items = {0};
    case_steps(arena, application, &steps);
    for (size_t i = 0; i < steps.len; i++) {
        const CaseStep *step = &steps.items[i];
        View one = view_new(arena);
        Str kind = str_of(page_event(&steps, i));
        view_str(&one, "kind", str_eq(kind, STR("reduction")) ? STR("decided") : kind);
        view_set(&one, "who", page_step_post(x, step));
        view_int(&one, "at", step->at);
        view_str(&one, "text", step->text);
        vec_push(arena, &items, view_value(&one));
    }
    view_items(view, "history", &items);
}

static bool may_confirm(const Ctx *ctx, const Entity *application) {
    GateAsk ask = {.action = ACT_CONFIRM,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_INTERNAL,
                   .relation = gate_relation(ctx, application)};
    return gate_permits(ctx, &ask);
}

static void review_fill(HttpExchange *x, View *view, const Entity *application,
                        const ThreadStand *stand) {
    Arena *arena = view->arena;
    const Attr *checks = entity_attr(application, IRI("checks"));
    JsonItems items = {0};
    for (size_t i = 0; checks && i < checks->value->len; i++)
        vec_push(arena, &items, check_value(x, json_at(checks->value, i)));
    view_str(view, "number", entity_text(application, IRI("receiptNumber")));
    view_str(view, "step", case_state_own(application));
    view_int(view, "version", (int64_t)application->version);
    page_state(view, case_state(application));
    view_set(view, "due", page_due(x, application, stand->due.day));
    view_set(view, "assignee",
             str_empty(entity_text(application, IRI("assignee")))
                 ? json_of_null()
                 : page_post(x, entity_text(application, IRI("post"))));
    view_set(view, "purpose",
             view_text(arena, STR("粗大ごみ収集の受付の確認"),
                       STR("Checking a bulky-waste application")));
    view_set(view, "application", page_application(x, application));
    view_str(view, "channel", entity_text(application, IRI("channel")));
    view_str(view, "arrived", entity_text(application, IRI("submittedAt")));
    view_items(view, "checks", &items);
    view_bool(view, "acts",
              case_state(application) == CASE_SUBMITTED && may_confirm(http_ctx(x), application));
    view_bool(view, "refuses",
              case_state(application) == CASE_ASKED && may_confirm(http_ctx(x), application));
    view_bool(view, "ends",
              case_state(application) == CASE_MISSED && may_confirm(http_ctx(x), application));
    view_str(view, "wish",
             apply_may_change(http_ctx(x), application)
                 ? page_case_url(arena, entity_text(application, IRI("receiptNumber")))
                 : STR_NONE);
    view_str(view, "completed", entity_text(application, IRI("completedAt")));
    page_handover_case(view, application);
    Str decider = office_confirmer_of(http_ctx(x), entity_int(application, IRI("fee"), 0));
    view_set(view, "confirmer",
             str_eq(decider, http_ctx(x)->actor->post) ? json_of_null() : page_post(x, decider));
    view_set(view, "entered",
             str_empty(entity_text(application, IRI("enteredPost")))
                 ? json_of_null()
                 : page_post(x, entity_text(application, IRI("enteredPost"))));
    Str waits = STR_NONE;
    bool asked = str_eq(entity_text(application, IRI("reductionState")), STR("requested"));
    if (asked && office_reduction_waits(http_ctx(x), application->id, &waits) != RC_OK)
        waits = STR_NONE; /* a proposal that cannot be read now is refused when it is made again */
    view_bool(view, "reduction", asked);
    view_str(view, "proposed", str_empty(waits) ? STR_NONE : page_decision_url(arena, waits));
    int64_t touched;
    if (office_touched(http_ctx(x), application->id, &touched) == RC_OK)
        view_int(view, "touch", touched);
    else
        view_null(view, "touch");
    history_value(x, view, application);
}

static Json late_text(Arena *arena, Date last) {
    return view_text(
        arena,
        str_fmt(arena, "期限は、収集日の締切りに間に合うように、" STR_FMT "までの日にしてください",
                STR_ARG(time_format_japanese(arena, last))),
        str_fmt(arena, "Take a day up to " STR_FMT ", in time for the cut-off of the pickup day",
                STR_ARG(time_format_date(arena, last))));
}

static Str date_text(Arena *arena, Date date) {
    return date.year ? time_format_date(arena, date) : STR_NONE;
}

static void review_show(HttpExchange *x, int status, const Faults *faults, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    const Entity *application;
    Rc rc = review_case(x, &application);
    if (rc == RC_OK) rc = gate_look(ctx, &application, 1, page_what(WHAT_CASE));
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    if (defined_of(ctx, application)) {
        page_defined_review(x, status, application, form);
        return;
    }
    View view = page_view(x), values = view_new(ctx->arena);
    ThreadStand stand = {0};
    const HttpForm *message = form && page_thread_sent(form) ? form : NULL;
    if (message) page_thread_faults(x, &view, true);
    if (page_thread(x, &view, application,
                    &(PageThread){page_case_url(ctx->arena, http_path_param(x, "number")), true,
                                  false, message, &stand}) != RC_OK) {
        page_fail(x);
        return;
    }
    if (message) form = NULL;
    Str text = form ? http_form_value(form, "text") : STR_NONE;
    view_str(&values, "ask", text);
    OfficeAnswer answer = office_answer(ctx, application);
    view_str(&view, "ask_last", date_text(ctx->arena, answer.last));
    view_bool(&view, "ask_none", answer.none);
    view_str(&values, "due",
             form ? http_form_value(form, "due") : date_text(ctx->arena, answer.usual));
    view_str(&values, "reject", text);
    view_str(&values, "unlink", text);
    view_str(&values, "end", text);
    view_set(&view, "values", view_value(&values));
    GateLinkState state = LINK_ACCOUNT;
    (void)gate_link_state(ctx, dictionary_subject(ctx->tenant->dictionary, application), &state);
    view_bool(&view, "linked", state == LINK_TAKEN);
    review_fill(x, &view, application, &stand);
    if (faults) page_faults_saying(&view, faults, "due.late", late_text(ctx->arena, answer.last));
    page_show(x, status, WEB_PAGE_REVIEW, &view);
}

void page_review(HttpExchange *x, int status, const HttpForm *form) {
    review_show(x, status, NULL, form);
}

static void review_get(HttpExchange *x) {
    page_review(x, 200, NULL);
}

/* Taking the case's person out of the account that took him in. */
static void unlink_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    const Entity *application;
    if (!page_form(x, &form)) return;
    Rc rc = review_case(x, &application);
    if (rc == RC_OK) rc = gate_unlink(ctx, application, http_form_value(form, "text"));
    if (rc == RC_OK) {
        page_see(x, page_case_url(ctx->arena, http_path_param(x, "number")));
        return;
    }
    Faults faults = {0};
    vec_push(ctx->arena, &faults, (Fault){"unlink", "required"});
    if (rc == RC_INVALID)
        review_show(x, 422, &faults, form);
    else
        page_fail(x);
}

/* One act on a case: what to call and how its faults are told. */
typedef struct ReviewAct {
    Rc (*act)(Ctx *ctx, const OfficeAct *act);
    const char *field;
    bool dated; /* the form has a date, "due" */
} ReviewAct;

static const char *due_fault(const Error *error) {
    static const char *const codes[] = {"past", "far", "late", "none"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_eq(error->code, str_of(codes[i]))) return codes[i];
    return "required";
}

static void review_act(HttpExchange *x, const ReviewAct *row) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    OfficeAct act = {0};
    int64_t version = 0;
    if (!page_form(x, &form)) return;
    ctx->purpose = purpose_inbox;
    if (inbox_find(ctx, http_path_param(x, "number"), &act.id) != RC_OK) {
        page_fail(x);
        return;
    }
    (void)str_to_i64(http_form_value(form, "version"), &version);
    act.version = (uint64_t)version;
    act.text = http_form_value(form, "text");
    bool undated = row->dated && !time_parse_date(http_form_value(form, "due"), &act.answer_by);
    Rc rc = undated ? ctx_fail(ctx, RC_INVALID, "required", STR("due"), "Enter a date.")
                    : row->act(ctx, &act);
    if (rc == RC_OK) {
        page_see(x, page_case_url(ctx->arena, http_path_param(x, "number")));
        return;
    }
    Faults faults = {0};
    if (rc == RC_INVALID && str_eq(ctx->error.path, STR("due")))
        vec_push(ctx->arena, &faults, (Fault){"due", due_fault(&ctx->error)});
    else if (rc == RC_INVALID)
        vec_push(ctx->arena, &faults, (Fault){row->field, "required"});
    else if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("moved-on")))
        vec_push(ctx->arena, &faults, (Fault){"case", "changed"});
    if (faults.len)
        review_show(x, rc == RC_INVALID ? 422 : 409, &faults, form);
    else
        page_fail(x);
}

static void confirm_post(HttpExchange *x) {
    static const ReviewAct row = {office_confirm, "case"};
    review_act(x, &row);
}

static void ask_post(HttpExchange *x) {
    static const ReviewAct row = {office_ask, "ask", true};
    review_act(x, &row);
}

static void reject_post(HttpExchange *x) {
    static const ReviewAct row = {office_refuse, "reject"};
    review_act(x, &row);
}

static void end_post(HttpExchange *x) {
    static const ReviewAct row = {office_end, "end"};
    review_act(x, &row);
}

static Rc draft_reduction(Ctx *ctx, const OfficeAct *act) {
    Str decision;
    return office_draft_reduction(ctx, act, &decision);
}

static void reduction_post(HttpExchange *x) {
    static const ReviewAct row = {draft_reduction, "case"};
    review_act(x, &row);
}

/* Active seconds on the page, told by the page itself; at most an hour at a time. */
static void touch_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    OfficeAct act = {0};
    if (!page_form(x, &form)) return;
    ctx->purpose = purpose_inbox;
    Rc rc = inbox_find(ctx, http_path_param(x, "number"), &act.id);
    (void)str_to_i64(http_form_value(form, "seconds"), &act.touch);
    act.step = http_form_value(form, "step");
    if (rc == RC_OK) rc = office_touch(ctx, &act);
    if (rc == RC_OK)
        http_answer_empty(x, 204);
    else
        page_fail(x);
}

PAGE_ANSWERS(act_answers, PAGE_HTML(200), {204, NULL, NULL}, PAGE_FAULT(400), PAGE_FAULT(409),
             PAGE_FAULT(413), PAGE_FAULT(415));
#define ACT(act, f, w)                                                                             \
    {                                                                                              \
        HTTP_POST, "/staff/cases/{number}/" act, f, HTTP_POOL, PAGE_FORM_MAX,                      \
            PAGE_OFFICE | GATE_FORM, "Office", w, NULL, NULL, act_answers                          \
    }

const HttpRoute page_staff_rows[] = {
    {HTTP_GET, "/staff/cases/{number}", review_get, HTTP_POOL, 0, PAGE_OFFICE, "Office",
     "Review a case", NULL, NULL, page_shown},
    ACT("confirm", confirm_post, "Confirm under delegation"),
    ACT("ask", ask_post, "Ask the applicant"),
    ACT("reject", reject_post, "Refuse with a reason"),
    ACT("end", end_post, "End a case that was missed"),
    ACT("reduction", reduction_post, "Draft the decision on a fee reduction"),
    ACT("unlink", unlink_post, "Take a case out of a resident's page"),
    ACT("touch", touch_post, "Count active time"),
};
ROWS(page_staff_count, page_staff_rows);
