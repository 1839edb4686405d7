/* page_correct: an application is corrected where its office asks for it (補正): what the office
 * marks, the form of exactly these questions, and what was corrected, old beside new. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

/* Names of the form beside those of questions. */
#define ASKED   "correct-asked"
#define ON      "correct-on"
#define WORDS   "correct-words"
#define CHANNEL "correct-channel"

static const Entity *whole_of(const Entity *application) {
    return application->whole ? application->whole : application;
}

/* ---- what the office marks ---- */

static Str why_name(Arena *arena, Str field) {
    return str_fmt(arena, "why-" STR_FMT, STR_ARG(field));
}

static bool was_marked(const HttpForm *form, Str field) {
    for (size_t i = 0; form && i < form->len; i++)
        if (str_eq(form->items[i].name, STR("correct")) && str_eq(form->items[i].value, field))
            return true;
    return false;
}

static Json mark_value(Arena *arena, const Field *field, const HttpForm *form) {
    View one = view_new(arena);
    Str why = why_name(arena, field->id);
    view_str(&one, "id", str_fmt(arena, "correct-" STR_FMT, STR_ARG(field->id)));
    view_str(&one, "value", field->id);
    view_json(&one, "label", field->label.all);
    view_bool(&one, "checked", was_marked(form, field->id));
    view_str(&one, "why_id", why);
    view_set(&one, "why", json_of_str(form ? http_form_value(form, str_z(arena, why)) : STR("")));
    return view_value(&one);
}

void page_correct_marks(HttpExchange *x, View *view, const PageMarks *marks) {
    Ctx *ctx = http_ctx(x);
    const Entity *application = whole_of(marks->application);
    Str state = entity_text(application, IRI("procedureState"));
    JsonItems items = {0};
    Fields fields;
    if (!correct_answer(defined_of(ctx, application), marks->move, state)) return;
    correct_fields(ctx, application, &fields);
    for (size_t i = 0; i < fields.len; i++)
        vec_push(view->arena, &items, mark_value(view->arena, fields.items[i], marks->form));
    view_items(view, "fields", &items);
}

void page_correct_said(Arena *arena, const HttpForm *form, CorrectFields *out) {
    *out = (CorrectFields){0};
    VEC_EACH (const HttpField, one, form) {
        bool there = false;
        VEC_EACH (const CorrectField, before, out)
            there = there || str_eq(before->field, one->value);
        if (!str_eq(one->name, STR("correct")) || there) continue;
        Str why = http_form_value(form, str_z(arena, why_name(arena, one->value)));
        vec_push(arena, out, (CorrectField){one->value, str_trim(why)});
    }
}

/* ---- what is asked ---- */

static bool may_answer(HttpExchange *x, const Entity *application, const CorrectAsk *ask) {
    DefinedMoves moves;
    defined_moves(http_ctx(x), whole_of(application), &moves);
    for (size_t i = 0; i < moves.len; i++)
        if (moves.items[i] == ask->answer) return true;
    return false;
}

static Json ask_value(Arena *arena, const Field *field, Str why) {
    View row = view_new(arena);
    view_str(&row, "id", field->id);
    view_json(&row, "label", field->label.all);
    view_str(&row, "why", why);
    return view_value(&row);
}

static void asks_set(HttpExchange *x, View *view, const Entity *application,
                     const CorrectAsk *ask) {
    const Definition *definition = defined_of(http_ctx(x), application);
    JsonItems items = {0};
    VEC_EACH (const CorrectField, one, &ask->fields)
        vec_push(view->arena, &items,
                 ask_value(view->arena, definition_field(definition, one->field), one->why));
    view_items(view, "asks", &items);
}

const DefinedMove *page_correct_asked(HttpExchange *x, View *view, const Entity *application,
                                      Str base) {
    CorrectAsk ask;
    bool asked = correct_asked(http_ctx(x), application, &ask);
    bool may = asked ? may_answer(x, application, &ask)
                     : correct_may_here(http_ctx(x), whole_of(application));
    view_str(view, "correct",
             may ? str_fmt(view->arena, STR_FMT "/correct", STR_ARG(base)) : STR_NONE);
    asks_set(x, view, application, &ask);
    return asked ? ask.answer : NULL;
}

/* ---- what was corrected ---- */

static Json answer_value(Arena *arena, const FormAnswer *answer) {
    Json row = page_answer_text(arena, answer);
    return answer->value.kind == FEEL_NULL ? json_of_null() : *json_get(&row, STR("value"));
}

static Json files_value(Arena *arena, const FormAnswer *answer, Str base) {
    View one = view_new(arena);
    if (answer->field->kind != FIELD_FILE) return json_of_items(NULL, 0);
    page_files(&one, answer, base);
    Json value = view_value(&one);
    return *json_get(&value, STR("files"));
}

static Json corrected_value(HttpExchange *x, const Corrected *done, const CaseStep *step,
                            Str base) {
    Arena *arena = http_ctx(x)->arena;
    View one = view_new(arena);
    JsonItems rows = {0}, asks = {0};
    VEC_EACH (const FormAnswer, ask, &done->asks)
        if (!str_empty(ask->raw)) vec_push(arena, &asks, ask_value(arena, ask->field, ask->raw));
    view_items(&one, "asks", &asks);
    VEC_EACH (const CorrectedAnswer, answer, &done->answers) {
        View row = view_new(arena);
        view_json(&row, "label", answer->after.field->label.all);
        view_set(&row, "before", answer_value(arena, &answer->before));
        view_set(&row, "after", answer_value(arena, &answer->after));
        view_set(&row, "before_files", files_value(arena, &answer->before, base));
        view_set(&row, "after_files", files_value(arena, &answer->after, base));
        vec_push(arena, &rows, view_value(&row));
    }
    view_int(&one, "at", step->at);
    view_set(&one, "who", page_step_post(x, step));
    view_str(&one, "channel", done->channel);
    view_items(&one, "rows", &rows);
    view_bool(&one, "hidden", done->hidden);
    view_set(&one, "fee", done->fee < 0 ? json_of_null() : json_of_int(done->fee));
    view_set(&one, "fee_before", done->fee < 0 ? json_of_null() : json_of_int(done->fee_before));
    view_str(&one, "fee_said",
             done->fee < 0                   ? STR_NONE
             : done->fee == done->fee_before ? STR("same")
             : done->fee_fixed               ? STR("fixed")
                                             : STR("anew"));
    view_bool(&one, "dropped", done->dropped);
    return view_value(&one);
}

void page_corrections(HttpExchange *x, View *view, const Entity *application, Str base) {
    Ctx *ctx = http_ctx(x);
    Correcteds done;
    CaseSteps steps;
    JsonItems items = {0};
    correct_done(ctx, application, &done);
    case_steps(ctx->arena, application, &steps);
    VEC_EACH (const Corrected, one, &done)
        if (one->step >= 0 && (size_t)one->step < steps.len)
            vec_push(view->arena, &items, corrected_value(x, one, &steps.items[one->step], base));
    view_items(view, "corrections", &items);
}

/* ---- the form ---- */

/* The page under way. */
typedef struct Showing {
    HttpExchange *x;
    const Entity *application; /* as who asks may see it */
    CasePlace place;
    const HttpForm *form; /* NULL: nothing was sent */
    CorrectFields here;   /* what an official marks for who calls; none: what was asked */
} Showing;

static bool showing_begin(HttpExchange *x, Showing *showing) {
    *showing = (Showing){.x = x};
    if (page_held_case(x, &showing->application, &showing->place) != RC_OK) {
        page_fail(x);
        return false;
    }
    if (defined_of(http_ctx(x), showing->application)) return true;
    page_see(x, showing->place.base); /* nothing is corrected so */
    return false;
}

static View view_begin(const Showing *showing) {
    const Entity *application = showing->application;
    View view = page_view(showing->x);
    const Definition *definition = defined_of(http_ctx(showing->x), application);
    Str number = entity_text(application, IRI("receiptNumber"));
    view_json(&view, "label", definition->label.all);
    view_str(&view, "number", number);
    view_str(&view, "back", showing->place.base);
    view_bool(&view, "office", showing->place.office);
    page_until(&view, &showing->place);
    page_crumb_to(&view, *definition->label.all, STR_NONE);
    page_crumb(&view, str_fmt(view.arena, "受付番号 " STR_FMT, STR_ARG(number)),
               str_fmt(view.arena, "Case " STR_FMT, STR_ARG(number)), showing->place.base);
    return view;
}

static void due_set(const Showing *showing, View *view) {
    Date due, today = time_jst_date(time_now(http_ctx(showing->x)->clock));
    Str until = entity_text(showing->application, IRI("answerDue"));
    view_str(view, "due", until);
    view_bool(view, "late",
              time_parse_date(until, &due) && time_date_days(due) < time_date_days(today));
}

/* Which questions the form has: an answer that brings up another one is seen by that. */
static void on_set(View *view, const Form *form) {
    JsonItems on = {0};
    for (size_t i = 0; i < form->n; i++)
        if (form->answers[i].due && !form->answers[i].handed)
            vec_push(view->arena, &on, json_of_str(form->answers[i].field->id));
    view_items(view, "on", &on);
}

static bool was_on(const HttpForm *form, Str field) {
    VEC_EACH (const HttpField, one, form)
        if (str_eq(one->name, STR(ON)) && str_eq(one->value, field)) return true;
    return false;
}

static bool has_files(const Form *form) {
    for (size_t i = 0; i < form->n; i++) {
        const FormAnswer *answer = &form->answers[i];
        if (answer->due && !answer->handed && answer->field->kind == FIELD_FILE) return true;
    }
    return false;
}

/* A question that an answer has brought up was not there to be answered. */
static bool is_new(const HttpForm *sent, const FormAnswer *answer) {
    return answer->due && !answer->handed && !was_on(sent, answer->field->id);
}

static bool has_new(const HttpForm *sent, const Form *form) {
    for (size_t i = 0; i < form->n; i++)
        if (is_new(sent, &form->answers[i])) return true;
    return false;
}

/* Files come and go on the page itself, and what else it asks stays open. */
static bool stays(const HttpForm *form) {
    return form && (!str_empty(http_form_value(form, "add")) ||
                    !str_empty(http_form_value(form, "remove")));
}

static Str sent_value(const Showing *showing, const char *name) {
    return showing->form ? http_form_value(showing->form, name) : STR("");
}

static void here_set(const Showing *showing, View *view) {
    JsonItems items = {0};
    VEC_EACH (const CorrectField, one, &showing->here)
        vec_push(view->arena, &items, json_of_str(one->field));
    view_items(view, "here", &items);
}

/* NULL: it is what was asked. */
static const CorrectFields *here_of(const Showing *showing) {
    return showing->here.len ? &showing->here : NULL;
}

static void form_show(const Showing *showing, Correcting *correcting, int status, View *errors) {
    View view = view_begin(showing);
    Form *form = &correcting->form;
    view_bool(&view, "hidden", correcting->hidden);
    asks_set(showing->x, &view, showing->application, &correcting->ask);
    view_str(&view, "text", correcting->ask.text);
    due_set(showing, &view);
    view_int(&view, "asked", correcting->ask.n);
    on_set(&view, form);
    view_set(&view, "words", json_of_str(sent_value(showing, WORDS)));
    view_set(&view, "channel", json_of_str(sent_value(showing, CHANNEL)));
    view_null(&view, "unsent");
    view_null(&view, "marks");
    here_set(showing, &view);
    page_fields(showing->x, &view, form, NULL, STR_NONE);
    view_bool(&view, "files", has_files(form));
    view_bool(&view, "brought",
              !str_empty(sent_value(showing, ASKED)) && has_new(showing->form, form));
    if (errors) view_set(&view, "errors", view_value(errors));
    page_show(showing->x, status, WEB_PAGE_CORRECT, &view);
}

/* What was answered, with the files that were chosen instead of those. */
static Rc kept_said(const Showing *showing, const CorrectAsk *ask, Json *out) {
    Ctx *ctx = http_ctx(showing->x);
    const Definition *definition = defined_of(ctx, showing->application);
    JsonMembers members = {0};
    *out = correct_kept(ctx, showing->application, ask);
    for (uint32_t i = 0; i < out->len; i++) {
        JsonMember member = out->value.members[i];
        CorrectFiles files = {showing->application, ask->n,
                              definition_field(definition, member.name)};
        if (files.field->kind == FIELD_FILE) TRY(correct_files(ctx, &files, &member.value));
        vec_push(ctx->arena, &members, member);
    }
    *out = json_of_members(members.items, members.len);
    return RC_OK;
}

static void kept_show(const Showing *showing, const CorrectAsk *ask) {
    HttpExchange *x = showing->x;
    Ctx *ctx = http_ctx(x);
    Correcting correcting;
    Json *said = NEW(ctx->arena, Json);
    Rc rc = kept_said(showing, ask, said);
    if (rc == RC_OK)
        rc = correct_form(ctx, whole_of(showing->application), here_of(showing), said, &correcting);
    if (rc == RC_OK)
        form_show(showing, &correcting, 200, NULL);
    else
        page_fail(x);
}

/* Which questions an official corrects for who calls. */
static void choose_show(const Showing *showing, int status, const char *fault) {
    HttpExchange *x = showing->x;
    View view = view_begin(showing), errors = view_new(view.arena);
    JsonItems marks = {0};
    Fields fields;
    correct_fields(http_ctx(x), whole_of(showing->application), &fields);
    for (size_t i = 0; i < fields.len; i++)
        if (!correct_hides(http_ctx(x), whole_of(showing->application), fields.items[i]))
            vec_push(view.arena, &marks, mark_value(view.arena, fields.items[i], showing->form));
    view_items(&view, "marks", &marks);
    view_null(&view, "unsent");
    if (fault) {
        view_set(&errors, "correct", json_of_str(str_of(fault)));
        view_set(&view, "errors", view_value(&errors));
    }
    page_show(x, status, WEB_PAGE_CORRECT, &view);
}

/* What is to be corrected, by who asks; false: nothing is. */
static bool ask_now(const Showing *showing, CorrectAsk *out) {
    Ctx *ctx = http_ctx(showing->x);
    Error before = ctx->error;
    const Entity *application = showing->application;
    if (!here_of(showing))
        return correct_asked(ctx, application, out) && may_answer(showing->x, application, out);
    bool may = correct_here(ctx, whole_of(application), &showing->here, out) == RC_OK;
    ctx->error = before;
    return may;
}

/* Who has yet to show who he is is led to where he does, and back; false: he may go on. */
static bool led_away(const Showing *showing) {
    HttpExchange *x = showing->x;
    Ctx *ctx = http_ctx(x);
    static const char *const ways[][2] = {{"sign-in", "/sign-in"}, {"authn-low", "/step-up"}};
    if (correct_identity(ctx, whole_of(showing->application)) == RC_OK) return false;
    Str next = http_url_encode(
        ctx->arena, str_fmt(ctx->arena, STR_FMT "/correct", STR_ARG(showing->place.base)));
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (str_eq(ctx->error.code, str_of(ways[i][0]))) {
            page_see(x, str_fmt(ctx->arena, "%s?next=" STR_FMT, ways[i][1], STR_ARG(next)));
            return true;
        }
    if (str_eq(ctx->error.code, STR("proof-low")))
        page_see(x, STR("/account"));
    else
        page_fail(x);
    return true;
}

static void correct_get(HttpExchange *x) {
    Showing showing;
    CorrectAsk ask;
    if (!showing_begin(x, &showing)) return;
    bool asked = ask_now(&showing, &ask);
    if (asked && led_away(&showing)) return;
    if (asked)
        kept_show(&showing, &ask);
    else if (showing.place.office && correct_may_here(http_ctx(x), whole_of(showing.application)))
        choose_show(&showing, 200, NULL);
    else
        page_see(x, showing.place.base); /* which says how it stands */
}

/* ---- sent ---- */

/* A form that was sent. */
typedef struct Sent {
    const Showing *showing;
    bool late;      /* nothing waits for it any more */
    CorrectAsk ask; /* that it answers, */
    Form kept;      /* and the case as it is, where it isn't late */
    FileFaults refused;
} Sent;

/* What comes too late is taken in nowhere; the same once more is what the case has. */
static Rc files_late(const Sent *sent, const Field *field, Json *out) {
    Ctx *ctx = http_ctx(sent->showing->x);
    Attachments has = {0};
    FormAnswer answer;
    JsonItems items = {0};
    bool same = true;
    if (defined_answer(ctx->arena, sent->showing->application, field, &answer))
        form_attachments(ctx->arena, &answer, &has);
    VEC_EACH (const HttpField, one, sent->showing->form) {
        Attachment file;
        Str clean;
        AttachWish wish = {.field = field, .name = one->file_name, .bytes = one->value};
        if (!str_eq(one->name, field->id) || !one->value.len) continue;
        if (attach_take(ctx, &wish, &file, &clean) != RC_OK) /* it would have been refused, too */
            file = (Attachment){.name = attach_name(ctx->arena, one->file_name)};
        bool there = false;
        VEC_EACH (const Attachment, before, &has)
            there = there || str_eq(before->digest, file.digest);
        same = same && there;
        vec_push(ctx->arena, &items, attachment_json(ctx->arena, &file));
    }
    if (same) items = (JsonItems){0};
    VEC_EACH (const Attachment, before, &has)
        if (same) vec_push(ctx->arena, &items, attachment_json(ctx->arena, before));
    *out = json_of_items(items.items, items.len);
    ctx->error = (Error){0};
    return RC_OK;
}

static Rc files_said(Sent *sent, const Field *field, Json *out) {
    Ctx *ctx = http_ctx(sent->showing->x);
    CorrectFiles files = {sent->showing->application, sent->ask.n, field};
    Json *chosen = NEW(ctx->arena, Json);
    FileTaken taken = {.faults = sent->refused};
    if (sent->late) return files_late(sent, field, out);
    TRY(correct_files(ctx, &files, chosen));
    FormAnswer answer = {.field = field, .said = chosen};
    TRY(page_files_take(ctx, &sent->kept, &answer, sent->showing->form, &taken));
    sent->refused = taken.faults;
    *out = taken.said;
    return correct_files_keep(ctx, &files, taken.said);
}

/* What the form said to the questions that it had. */
static Rc said_of(Sent *sent, Json *out) {
    Ctx *ctx = http_ctx(sent->showing->x);
    const HttpForm *form = sent->showing->form;
    const Definition *definition = defined_of(ctx, sent->showing->application);
    JsonMembers members = {0};
    VEC_EACH (const HttpField, one, form) {
        const Field *field = definition_field(definition, one->value);
        if (!str_eq(one->name, STR(ON)) || !field) continue;
        JsonMember member = {field->id, json_of_null()};
        if (field->kind == FIELD_FILE)
            TRY(files_said(sent, field, &member.value));
        else
            member.value = page_field_said(ctx->arena, form, field);
        vec_push(ctx->arena, &members, member);
    }
    *out = json_of_members(members.items, members.len);
    return RC_OK;
}

static Json unsent_row(HttpExchange *x, const FormAnswer *answer) {
    if (answer->value.kind != FEEL_NULL) return page_answer_row(x, answer, STR_NONE);
    View row = view_new(http_ctx(x)->arena);
    view_json(&row, "label", answer->field->label.all);
    view_set(&row, "value", json_of_str(answer->raw));
    view_items(&row, "files", &(JsonItems){0});
    view_null(&row, "at");
    return view_value(&row);
}

/* How the case stands instead of waiting for this. */
static Str unsent_why(const Showing *showing, const Error *error, int64_t asked) {
    Ctx *ctx = http_ctx(showing->x);
    Correcteds done;
    if (str_eq(error->code, STR("units-change"))) return STR("units");
    if (error->rc == RC_DENIED) return STR("identity");
    if (CASE_ENDS & 1u << case_state(showing->application)) return STR("ended");
    correct_done(ctx, showing->application, &done);
    VEC_EACH (const Corrected, one, &done)
        if (one->asked == asked) return STR("answered");
    return STR("moved");
}

/* It couldn't be taken in: why, and what was written, so that nothing is lost. */
static void unsent_show(const Showing *showing, const Json *said, int64_t asked) {
    HttpExchange *x = showing->x;
    Ctx *ctx = http_ctx(x);
    const Error error = ctx->error;
    View view = view_begin(showing), unsent = view_new(ctx->arena), section = view_new(ctx->arena);
    Form form;
    JsonItems rows = {0}, sections = {0};
    form_read(ctx, defined_of(ctx, showing->application), said, &form);
    for (size_t i = 0; i < form.n; i++)
        if (form.answers[i].said) vec_push(ctx->arena, &rows, unsent_row(x, &form.answers[i]));
    view_json(&section, "title", form.definition->label.all);
    view_null(&section, "change");
    view_items(&section, "rows", &rows);
    vec_push(ctx->arena, &sections, view_value(&section));
    view_str(&unsent, "why", unsent_why(showing, &error, asked));
    view_items(&unsent, "sections", rows.len ? &sections : &(JsonItems){0});
    view_str(&unsent, "words", sent_value(showing, WORDS));
    view_set(&view, "unsent", view_value(&unsent));
    page_show(x, 409, WEB_PAGE_CORRECT, &view);
}

/* Nothing is wrong with what nobody was asked yet; whether anything is with the rest. */
static bool any_wrong(const HttpForm *sent, Form *form) {
    bool wrong = false;
    for (size_t i = 0; i < form->n; i++) {
        FormAnswer *answer = &form->answers[i];
        if (is_new(sent, answer)) {
            answer->fault = NULL;
            answer->broken = NULL;
        }
        wrong = wrong || (answer->due && answer->fault);
    }
    return wrong;
}

static void refused_show(const Showing *showing, Correcting *correcting) {
    HttpExchange *x = showing->x;
    const Error error = http_ctx(x)->error;
    View errors = view_new(http_ctx(x)->arena);
    bool open = str_eq(error.code, STR("incomplete"));
    if (open && !any_wrong(showing->form, &correcting->form)) {
        form_show(showing, correcting, 200, NULL);
        return;
    }
    if (open)
        page_faults_of(x, &errors, &correcting->form);
    else if (str_eq(error.code, STR("no-channel")))
        view_set(&errors, CHANNEL, json_of_str(STR("correct.channel")));
    else
        view_set(&errors, WORDS,
                 json_of_str(str_eq(error.code, STR("long")) ? STR("correct.long")
                                                             : STR("correct.unchanged")));
    form_show(showing, correcting, 422, &errors);
}

static bool is_refused(const Error *error) {
    static const char *const codes[] = {"incomplete", "no-channel", "long", "unchanged"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_eq(error->code, str_of(codes[i]))) return true;
    return false;
}

/* His session has ended meanwhile, or the application is another's. */
static bool is_stranger(const Error *error) {
    return str_eq(error->code, STR("sign-in")) || str_eq(error->code, STR("other-account")) ||
           page_identity_low(error);
}

static bool is_late(const Error *error) {
    return str_eq(error->code, STR("not-asked")) || str_eq(error->code, STR("units-change")) ||
           str_eq(error->code, STR("moved-on")) || is_stranger(error);
}

/* It stays on the page: files came or went, or some weren't taken. */
static void stay_show(const Sent *sent, const Json *said) {
    const Showing *showing = sent->showing;
    HttpExchange *x = showing->x;
    Ctx *ctx = http_ctx(x);
    Correcting correcting;
    View errors = view_new(ctx->arena);
    if (correct_form(ctx, whole_of(showing->application), here_of(showing), said, &correcting) !=
        RC_OK) {
        page_fail(x);
        return;
    }
    page_files_faults(ctx->arena, &correcting.form, &sent->refused);
    (void)any_wrong(showing->form, &correcting.form);
    page_faults_of(x, &errors, &correcting.form);
    bool refused = sent->refused.len > 0;
    form_show(showing, &correcting, refused ? 422 : 200, refused ? &errors : NULL);
}

static void answer_send(const Showing *showing, const CorrectWish *wish) {
    HttpExchange *x = showing->x;
    Ctx *ctx = http_ctx(x);
    Correcting correcting = {0};
    if (correct_send(ctx, wish, &correcting) == RC_OK)
        page_see(x, showing->place.base);
    else if (is_late(&ctx->error))
        unsent_show(showing, wish->said, wish->n);
    else if (correcting.form.definition && is_refused(&ctx->error))
        refused_show(showing, &correcting);
    else
        page_fail(x);
}

/* Who may not answer is told so before anything of his is kept. */
static Rc sent_begin(Sent *sent, int64_t n) {
    const Showing *showing = sent->showing;
    Ctx *ctx = http_ctx(showing->x);
    Correcting correcting;
    static const Json none = {.kind = JSON_OBJECT};
    Error before = ctx->error;
    sent->late = !ask_now(showing, &sent->ask) || sent->ask.n != n ||
                 correct_identity(ctx, whole_of(showing->application)) != RC_OK;
    ctx->error = before;
    if (sent->late) return RC_OK;
    TRY(correct_form(ctx, whole_of(showing->application), here_of(showing), &none, &correcting));
    sent->kept = correcting.form;
    return RC_OK;
}

/* Questions were marked, and nothing was answered yet. */
static void chosen_show(const Showing *showing) {
    CorrectAsk ask;
    Ctx *ctx = http_ctx(showing->x);
    const Entity *application = whole_of(showing->application);
    bool any = showing->here.len > 0;
    Rc rc = any ? correct_here(ctx, application, &showing->here, &ask) : RC_INVALID;
    if (rc == RC_OK)
        kept_show(showing, &ask);
    else if (correct_may_here(ctx, application))
        choose_show(showing, 422, rc == RC_LIMIT ? "correct.full" : "correct.choose");
    else
        page_see(showing->x, showing->place.base);
}

static void correct_post(HttpExchange *x) {
    Showing showing;
    Ctx *ctx = http_ctx(x);
    if (!showing_begin(x, &showing) || !page_form(x, &showing.form)) return;
    if (showing.place.office) page_correct_said(ctx->arena, showing.form, &showing.here);
    if (showing.place.office && str_empty(sent_value(&showing, ASKED))) {
        chosen_show(&showing);
        return;
    }
    Json *said = NEW(ctx->arena, Json);
    Sent sent = {.showing = &showing};
    CorrectWish wish = {.id = showing.application->id,
                        .here = showing.here,
                        .n = -1,
                        .said = said,
                        .text = str_trim(sent_value(&showing, WORDS)),
                        .channel = STR("web")};
    (void)str_to_i64(sent_value(&showing, ASKED), &wish.n);
    Str channel = sent_value(&showing, CHANNEL);
    if (showing.place.office && !str_empty(channel)) wish.channel = channel;
    Rc rc = sent_begin(&sent, wish.n);
    if (rc == RC_OK) rc = said_of(&sent, said);
    if (rc != RC_OK)
        page_fail(x);
    else if (!sent.late && (sent.refused.len || stays(showing.form)))
        stay_show(&sent, said);
    else
        answer_send(&showing, &wish);
}

PAGE_ANSWERS(correct_answers, PAGE_HTML(200), PAGE_FAULT(400), PAGE_FAULT(409), PAGE_FAULT(413),
             PAGE_FAULT(415));

#define CORRECT(path, access, tag)                                                                 \
    PAGE_SHOW(path "/correct", access, tag, correct_get, "Correct an application"), {              \
        HTTP_POST, path "/correct", correct_post, HTTP_POOL, PAGE_UPLOAD_MAX,                      \
            (access) | GATE_FORM, tag, "Correct an application", NULL, NULL, correct_answers       \
    }

const HttpRoute page_correct_rows[] = {
    CORRECT("/c/{token}", GATE_PUBLIC, "Cases"),
    CORRECT("/my/cases/{case}", GATE_RESIDENT, "Cases"),
    CORRECT("/staff/cases/{number}", PAGE_OFFICE, "Office"),
};
ROWS(page_correct_count, page_correct_rows);
