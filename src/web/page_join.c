/* page_join: applications that came in twice: on the page of a case those that look the same, and
   what was joined to what. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

/* Number and address of a case that may be seen; nulls: of none. */
static void case_ref(View *view, Str number) {
    view_str(view, "number", number);
    view_str(view, "url", str_empty(number) ? STR_NONE : page_case_url(view->arena, number));
}

static void alike_add(HttpExchange *x, const Alike *alike, JsonItems *out, PageSeen *seen) {
    Ctx *ctx = http_ctx(x);
    const Entity *shown = gate_view(ctx, NULL, alike->application);
    Str number = shown ? entity_text(shown, IRI("receiptNumber")) : STR_NONE;
    if (str_empty(number)) return; /* not his to see, and not told either */
    View one = view_new(ctx->arena);
    case_ref(&one, number);
    view_str(&one, "id", shown->id);
    view_int(&one, "version", (int64_t)shown->version);
    view_str(&one, "arrived", entity_text(shown, IRI("submittedAt")));
    view_bool(&one, "account", alike->account);
    view_bool(&one, "phone", alike->phone);
    page_case_state(x, &one, shown);
    vec_push(ctx->arena, out, view_value(&one));
    vec_push(ctx->arena, seen, shown);
}

static bool is_open(const Entity *application) {
    CaseState state = case_state(application);
    return state != CASE_STATES && !(CASE_ENDS & 1u << state);
}

/* Those that it could end in, recorded as one look. */
static Rc alike_set(HttpExchange *x, View *view, const Entity *application) {
    Ctx *ctx = http_ctx(x);
    const Entity *whole = application->whole ? application->whole : application;
    Alikes alikes = {0};
    JsonItems items = {0};
    PageSeen seen = {0};
    if (is_open(application)) TRY(join_alike(ctx, whole, &alikes));
    VEC_EACH (const Alike, alike, &alikes)
        alike_add(x, alike, &items, &seen);
    view_items(view, "alike", &items);
    return gate_look(ctx, seen.items, seen.len, page_what(WHAT_INBOX));
}

static void joined_set(View *view, const Entity *application) {
    const Attr *attr = entity_attr(application, IRI("joined"));
    JsonItems items = {0};
    for (size_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        View one = view_new(view->arena);
        case_ref(&one, json_get_str(json_at(attr->value, i), "number"));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "joined", &items);
}

/* The number stands in the step that joined it. */
void page_joined_to(View *view, const Entity *application) {
    CaseSteps steps;
    Str number = STR_NONE;
    case_steps(view->arena, application, &steps);
    VEC_EACH (const CaseStep, step, &steps)
        if (str_eq(step->kind, CASE_STEP_JOIN)) number = step->text;
    View one = view_new(view->arena);
    case_ref(&one, number);
    bool joined = !str_empty(entity_text(application, IRI("joinedTo"))) && !str_empty(number);
    view_set(view, "joined_to", joined ? view_value(&one) : json_of_null());
}

Rc page_join(HttpExchange *x, View *view, const Entity *application, const HttpForm *form) {
    bool parting = form && str_eq(http_form_value(form, "move"), STR("part"));
    page_joined_to(view, application);
    joined_set(view, application);
    view_bool(view, "parting", parting);
    view_set(view, "parted", json_of_str(parting ? http_form_value(form, "text") : STR("")));
    return alike_set(x, view, application);
}

static uint64_t version_of(const HttpForm *form, const char *name) {
    int64_t version = 0;
    (void)str_to_i64(http_form_value(form, name), &version);
    return (uint64_t)version;
}

static Rc join(HttpExchange *x, const HttpForm *form, Str id) {
    return join_cases(http_ctx(x), &(JoinWish){.id = id,
                                               .version = version_of(form, "version"),
                                               .into = http_form_value(form, "into"),
                                               .into_version = version_of(form, "into_version")});
}

static Rc part(HttpExchange *x, const HttpForm *form, Str id) {
    return join_undo(http_ctx(x), &(OfficeAct){.id = id,
                                               .version = version_of(form, "version"),
                                               .text = http_form_value(form, "text")});
}

static void join_post(HttpExchange *x) {
    page_office_does(x, join);
}

static void part_post(HttpExchange *x) {
    page_office_does(x, part);
}

PAGE_ANSWERS(join_answers, PAGE_HTML(200), PAGE_FAULT(400), PAGE_FAULT(409), PAGE_FAULT(413),
             PAGE_FAULT(415));
#define SEND(act, post, what)                                                                      \
    {                                                                                              \
        HTTP_POST, "/staff/cases/{number}/" act, post, HTTP_POOL, PAGE_FORM_MAX,                   \
            PAGE_CITY | GATE_FORM, "Office", what, NULL, NULL, join_answers                        \
    }

const HttpRoute page_join_rows[] = {
    SEND("join", join_post, "End a case in another one that is the same"),
    SEND("part", part_post, "Take a case that was joined back to where it was"),
};
ROWS(page_join_count, page_join_rows);
