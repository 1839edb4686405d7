/* page_export: the cases of one's post as a table for a spreadsheet. Whoever takes them out of the
   house says what for: that is told to each person in it with the look that it is. */
#include "pages_int.h"

#include "connect/connect.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { EXPORT_MAX = 2000, EXPORT_PAGE = 200, REASON_MAX = 200, EXPORT_BYTES = 32 << 20 };

typedef struct Export {
    HttpExchange *x;
    Ctx *ctx;
    const HttpForm *form;
    Str procedure, state, post, reason;
    const Definition *definition; /* NULL: bulky waste */
    VEC(const Entity *) cases;    /* as the official may see them */
} Export;

/* Of all, then of bulky waste; any other procedure has a column for each of its questions, and one
   for what was written, where that is possible. */
static const char *const columns[] = {"number", "state",    "arrived", "due",     "channel",
                                      "items",  "district", "answers", "messages"};
enum { COLUMNS_COMMON = 5, COLUMNS_BULKY = 7, COLUMNS = sizeof columns / sizeof *columns };
enum { MESSAGES_BYTES = 4 << 20 };

/* ---- the form ---- */

static void procedures_set(HttpExchange *x, View *view, Str chosen) {
    Ctx *ctx = http_ctx(x);
    StrVec ids = {0};
    JsonItems items = {0};
    const Catalogue *catalogue = procedures_catalogue(ctx->tenant);
    page_option(view, &items, INBOX_BULKY, page_bulky_label(view->arena), chosen);
    catalogue_ids(ctx->arena, catalogue, &ids);
    VEC_EACH (const Str, id, &ids) {
        const Definition *one = catalogue_newest(catalogue, *id);
        if (!one->parts.len) page_option(view, &items, *id, *one->label.all, chosen);
    }
    view_items(view, "procedures", &items);
}

static void export_show(HttpExchange *x, int status, const HttpForm *form, const Faults *faults) {
    View view = page_view(x);
    JsonItems states = {0}, names = {0};
    for (size_t i = 0; i < COLUMNS; i++)
        vec_push(view.arena, &names, json_of_str(str_of(columns[i])));
    Str state = form ? http_form_value(form, "state") : http_query_or(x, "state", STR_NONE);
    for (size_t i = 0; page_filter_at(i); i++) {
        View one = view_new(view.arena);
        Str word = str_of(page_filter_at(i));
        view_str(&one, "id", word);
        view_bool(&one, "chosen", str_eq(word, state));
        vec_push(view.arena, &states, view_value(&one));
    }
    procedures_set(x, &view, form ? http_form_value(form, "procedure") : STR_NONE);
    Str post = form ? http_form_value(form, "post") : http_query_or(x, "post", STR_NONE);
    view_set(&view, "post", json_of_str(post));
    view_items(&view, "states", &states);
    view_items(&view, "columns", &names);
    view_set(&view, "reason", json_of_str(form ? http_form_value(form, "reason") : STR("")));
    view_int(&view, "most", EXPORT_MAX);
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_EXPORT, &view);
}

static void export_get(HttpExchange *x) {
    export_show(x, 200, NULL, NULL);
}

/* ---- which cases ---- */

static bool is_wanted(const Export *of, const Entity *application) {
    const Definition *own = defined_of(of->ctx, application);
    bool shown = !str_empty(entity_text(application, IRI("receiptNumber")));
    return shown && (of->definition ? own && str_eq(own->id, of->procedure) : !own);
}

static Rc cases_collect(Export *of) {
    Ctx *ctx = of->ctx;
    InboxPage page = {0};
    InboxQuery query = {.states = page_filter_states(of->state), .limit = EXPORT_PAGE};
    TRY(page_inbox_post(ctx, of->post, &query.post));
    query.procedure = of->procedure;
    if (str_eq(of->state, STR("mine"))) query.assignee = ctx->actor->id;
    do {
        query.after = page.next;
        TRY(inbox_page(ctx, &query, &page));
        VEC_EACH (const InboxLine, line, &page.lines) {
            const Entity *application = gate_view(ctx, NULL, line->application);
            if (!application || !is_wanted(of, application)) continue;
            if (of->cases.len == EXPORT_MAX)
                return ctx_fail(ctx, RC_LIMIT, "too-many", STR("state"),
                                "A table has at most %d cases.", EXPORT_MAX);
            vec_push(ctx->arena, &of->cases, application);
        }
    } while (!str_empty(page.next));
    return RC_OK;
}

static Rc looks_write(const Export *of, const PageSeen *seen, const char *what) {
    Str why = str_fmt(of->ctx->arena, "%s（目的：" STR_FMT "）", what, STR_ARG(of->reason));
    for (size_t i = 0; i < seen->len; i += EXPORT_PAGE) {
        size_t n = seen->len - i < EXPORT_PAGE ? seen->len - i : EXPORT_PAGE;
        TRY(gate_look(of->ctx, seen->items + i, n, why));
    }
    return RC_OK;
}

/* Recorded before anything goes out: to each person, that it did, what for, and whether what was
 * written is among it. */
static Rc cases_look(const Export *of) {
    PageSeen plain = {0}, with_messages = {0};
    for (size_t i = 0; i < of->cases.len; i++) {
        const Entity *application = of->cases.items[i];
        bool messages = message_count(application) && thread_visible(of->ctx, application);
        vec_push(of->ctx->arena, messages ? &with_messages : &plain, application);
    }
    TRY(looks_write(of, &plain, "表の書き出し"));
    return looks_write(of, &with_messages, "やりとりも含む表の書き出し");
}

/* ---- the table ---- */

static Str language_of(const Export *of) {
    return web_lang_of(of->x) == WEB_EN ? STR("en") : STR("ja");
}

static Str label_text(const Export *of, const Json *label) {
    Str text = json_get_str(label, str_eq(language_of(of), STR("en")) ? "en" : "ja");
    return str_empty(text) ? json_get_str(label, "ja") : text;
}

static Str word_text(const Export *of, const char *prefix, Str word) {
    Str key = str_fmt(of->ctx->arena, "%s." STR_FMT, prefix, STR_ARG(word));
    return web_message(of->ctx, web_lang_of(of->x), key, NULL, 0);
}

static void cell(const Export *of, StrVec *row, Str text) {
    vec_push(of->ctx->arena, row, text);
}

static const DefinedThread *thread_of_table(const Export *of) {
    return of->definition ? of->definition->thread : procedures_waste_thread(of->ctx->tenant);
}

static void head_fill(const Export *of, StrVec *row) {
    size_t n = of->definition ? COLUMNS_COMMON : COLUMNS_BULKY;
    for (size_t i = 0; i < n; i++)
        cell(of, row, word_text(of, "export_column", str_of(columns[i])));
    if (of->definition)
        VEC_EACH (const FormPage, page, &of->definition->pages)
            VEC_EACH (const Field, field, &page->fields)
                cell(of, row, label_text(of, field->label.all));
    if (thread_of_table(of)) cell(of, row, word_text(of, "export_column", STR("messages")));
}

static Str state_text(const Export *of, const Entity *application) {
    const Definition *own = defined_of(of->ctx, application);
    const DefinedState *state = own ? defined_state(own, application) : NULL;
    if (state) return label_text(of, state->label.all);
    return word_text(of, "state", page_state_word(case_state(application)));
}

/* Each as it was asked for. */
static void answers_fill(const Export *of, const Entity *application, StrVec *row) {
    Definitions versions;
    versions_of(of->ctx, application, &versions);
    VEC_EACH (const FormPage, page, &of->definition->pages)
        VEC_EACH (const Field, field, &page->fields) {
            FormAnswer answer;
            const Field *asked = versions_field(&versions, field->id);
            bool there = asked && defined_answer(of->ctx->arena, application, asked, &answer);
            cell(of, row, there ? form_text(of->ctx->arena, &answer, language_of(of)) : STR_NONE);
        }
}

/* "2026-12-01T01:00:00Z 申込者: ..", one under the other, for who may read them. */
static Rc messages_fill(const Export *of, const Entity *application, StrVec *row) {
    Arena *arena = of->ctx->arena;
    ThreadMessages all = {0};
    if (!thread_of_table(of)) return RC_OK;
    if (thread_visible(of->ctx, application)) TRY(thread_of(of->ctx, application, &all));
    Buf text = buf_new(arena, MESSAGES_BYTES);
    VEC_EACH (const ThreadMessage, one, &all) {
        const Message *message = &one->message;
        Json post = page_post(of->x, message->post);
        Str who =
            message->office ? label_text(of, &post) : word_text(of, "thread", STR("applicant"));
        if (text.len) buf_add_char(&text, '\n');
        if (!str_empty(message->channel)) /* written down by an official */
            who = str_fmt(arena, STR_FMT " (" STR_FMT ": " STR_FMT ")", STR_ARG(who),
                          STR_ARG(word_text(of, "channel", message->channel)),
                          STR_ARG(label_text(of, &post)));
        buf_addf(&text, STR_FMT " " STR_FMT ": " STR_FMT, STR_ARG(time_format(arena, message->at)),
                 STR_ARG(who), STR_ARG(json_get_str(message->contents, "text")));
    }
    TRY(buf_rc(&text));
    cell(of, row, buf_str(&text));
    return RC_OK;
}

static Rc case_fill(const Export *of, const Entity *application, StrVec *row) {
    cell(of, row, entity_text(application, IRI("receiptNumber")));
    cell(of, row, state_text(of, application));
    cell(of, row, entity_text(application, IRI("submittedAt")));
    cell(of, row, entity_text(application, IRI("due")));
    cell(of, row, word_text(of, "channel", entity_text(application, IRI("channel"))));
    if (of->definition) {
        answers_fill(of, application, row);
        return messages_fill(of, application, row);
    }
    Json items = page_items(of->x, application);
    Json district = page_district(of->x, entity_text(application, IRI("district")));
    cell(of, row, items.kind == JSON_STRING ? json_str(&items) : label_text(of, &items));
    cell(of, row, district.kind == JSON_STRING ? json_str(&district) : label_text(of, &district));
    return messages_fill(of, application, row);
}

static Rc rows_fill(const Export *of, SheetRows *rows) {
    StrVec head = {0};
    head_fill(of, &head);
    vec_push(of->ctx->arena, rows, head);
    for (size_t i = 0; i < of->cases.len; i++) {
        StrVec row = {0};
        TRY(case_fill(of, of->cases.items[i], &row));
        vec_push(of->ctx->arena, rows, row);
    }
    return RC_OK;
}

static Rc csv_of(Ctx *ctx, const SheetRows *rows, Str *out) {
    Buf text = buf_new(ctx->arena, EXPORT_BYTES);
    buf_add(&text, STR("\xEF\xBB\xBF")); /* Excel takes it for UTF-8 by this */
    VEC_EACH (const StrVec, row, rows)
        csv_write_row(&text, row->items, row->len);
    *out = buf_str(&text);
    return buf_rc(&text);
}

/* As what a table goes out. */
typedef struct Format {
    const char *ending, *type;
} Format;

static const Format csv_format = {"csv", "text/csv; charset=utf-8"},
                    sheet_format = {
                        "xlsx",
                        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"};

static void export_answer(const Export *of) {
    Ctx *ctx = of->ctx;
    bool sheet = str_eq(http_form_value(of->form, "format"), STR("xlsx"));
    const Format *format = sheet ? &sheet_format : &csv_format;
    SheetRows rows = {0};
    Str bytes;
    Rc rc = rows_fill(of, &rows);
    if (rc == RC_OK)
        rc = sheet ? sheet_write(ctx, STR("machi"), &rows, &bytes) : csv_of(ctx, &rows, &bytes);
    if (rc == RC_LIMIT)
        (void)ctx_fail(ctx, RC_LIMIT, "too-large", STR("state"),
                       "This table is too large: choose fewer cases.");
    if (rc != RC_OK) {
        page_fail(of->x);
        return;
    }
    http_set_header(of->x, "Content-Disposition",
                    str_fmt(ctx->arena, "attachment; filename=\"" STR_FMT ".%s\"",
                            STR_ARG(of->procedure), format->ending));
    http_answer(of->x, 200, str_of(format->type), bytes);
}

/* ---- asking for it ---- */

static void faults_of(Export *of, Faults *out) {
    Arena *arena = of->ctx->arena;
    of->definition = catalogue_newest(procedures_catalogue(of->ctx->tenant), of->procedure);
    bool known =
        str_eq(of->procedure, INBOX_BULKY) || (of->definition && !of->definition->parts.len);
    if (!known) vec_push(arena, out, (Fault){"procedure", "required"});
    if (!page_filter_states(of->state)) vec_push(arena, out, (Fault){"state", "required"});
    if (str_empty(of->reason))
        vec_push(arena, out, (Fault){"reason", "export"});
    else if (str_utf8_len(of->reason) > REASON_MAX)
        vec_push(arena, out, (Fault){"reason", "long"});
}

static void export_post(HttpExchange *x) {
    Export of = {.x = x, .ctx = http_ctx(x)};
    Faults faults = {0};
    if (!page_form(x, &of.form)) return;
    of.procedure = http_form_value(of.form, "procedure");
    of.state = http_form_value(of.form, "state");
    of.post = http_form_value(of.form, "post");
    of.reason = str_trim(http_form_value(of.form, "reason"));
    faults_of(&of, &faults);
    of.ctx->purpose = of.definition ? STR("application-check") : STR("bulky-waste-check");
    Rc rc = faults.len ? RC_OK : cases_collect(&of);
    if (rc == RC_LIMIT && str_eq(of.ctx->error.code, STR("too-many")))
        vec_push(of.ctx->arena, &faults, (Fault){"state", "many"});
    else if (rc == RC_OK && !faults.len)
        rc = cases_look(&of);
    if (faults.len)
        export_show(x, 422, of.form, &faults);
    else if (rc == RC_OK)
        export_answer(&of);
    else
        page_fail(x);
}

PAGE_ANSWERS(export_answers, {200, "text/csv", NULL},
             {200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", NULL},
             PAGE_FAULT(400), PAGE_FAULT(413), PAGE_FAULT(415));

const HttpRoute page_export_rows[] = {
    PAGE_SHOW("/staff/export", PAGE_CITY | GATE_STEP_UP, "Office", export_get,
              "Choose cases for a table"),
    {HTTP_POST, "/staff/export", export_post, HTTP_POOL, PAGE_FORM_MAX,
     PAGE_CITY | GATE_STEP_UP | GATE_FORM, "Office",
     "Cases as CSV or workbook, recorded with their purpose", NULL, NULL, export_answers},
};
ROWS(page_export_count, page_export_rows);
