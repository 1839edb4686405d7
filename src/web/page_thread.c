/* page_thread: what a case's person and the office write to one another, on the pages of the case:
 * shown, written, marked as read and as needing no answer. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { SHOWN = 20, WAITS_SHOWN = 20, LATE_COUNTED = 200, ONCE_CHARS = 26 };

/* ---- shown ---- */

static Json message_value(HttpExchange *x, const Message *message, const PageThread *at) {
    View one = view_new(http_ctx(x)->arena);
    view_bool(&one, "office", message->office);
    view_str(&one, "channel", message->channel);
    view_set(&one, "who", str_empty(message->post) ? json_of_null() : page_post(x, message->post));
    view_int(&one, "at", message->at);
    view_str(&one, "text", json_get_str(message->contents, "text"));
    view_bool(&one, "new", message_is_new(message) && !at->office);
    view_instant(&one, "read", at->office && message->office ? message->read_at : TIME_NONE);
    page_files_of(&one, json_get(message->contents, STR("files")), at->base);
    return view_value(&one);
}

/* How many are not shown: only the newest ones are, unless all are asked for. */
static int64_t left_out(HttpExchange *x, const Entity *application) {
    int64_t all = message_count(application);
    bool whole = str_eq(http_query_or(x, "messages", STR_NONE), STR("all"));
    return !whole && all > SHOWN ? all - SHOWN : 0;
}

static void messages_set(HttpExchange *x, View *view, const ThreadMessages *shown, int64_t before,
                         const PageThread *at) {
    JsonItems items = {0};
    VEC_EACH (const ThreadMessage, one, shown)
        vec_push(view->arena, &items, message_value(x, &one->message, at));
    view_items(view, "messages", &items);
    view_int(view, "before", before);
    view_str(view, "all",
             before ? str_fmt(view->arena, STR_FMT "?messages=all#thread", STR_ARG(at->base))
                    : STR_NONE);
}

/* What an official writes: to the page, or down, since it was said elsewhere. */
typedef struct Said {
    const char *word;
    bool asked;
    Str channel;
} Said;
static const Said said_words[] = {{"answer", false, {NULL, 0}},
                                  {"asked_phone", true, STR("phone")},
                                  {"asked_counter", true, STR("counter")},
                                  {"told_phone", false, STR("phone")},
                                  {"told_counter", false, STR("counter")}};
enum { SAID_WORDS = sizeof said_words / sizeof *said_words };

static void said_set(View *view, const HttpForm *form) {
    JsonItems items = {0};
    for (size_t i = 0; i < SAID_WORDS; i++)
        vec_push(view->arena, &items, json_of_str(str_of(said_words[i].word)));
    view_items(view, "says", &items);
    view_str(view, "said", form ? http_form_value(form, "said") : STR_NONE);
}

static void form_set(HttpExchange *x, View *view, const DefinedThread *thread,
                     const PageThread *at) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form = at->form && page_thread_sent(at->form) ? at->form : NULL;
    Str once = form ? http_form_value(form, "once") : STR_NONE;
    if (str_empty(once)) once = rand_id(ctx->rand, ctx->arena, ONCE_CHARS);
    view_str(view, "url", str_fmt(view->arena, STR_FMT "/message", STR_ARG(at->base)));
    view_str(view, "once", once);
    view_set(view, "text", json_of_str(form ? http_form_value(form, "message") : STR("")));
    said_set(view, form);
    view_json(view, "hint", at->office ? NULL : thread->hint.all);
    view_int(view, "days", at->office ? 0 : thread->days);
    page_accept(view, thread->accept, THREAD_FILES_MOST, procedures_attach(ctx->tenant));
}

/* An official's look at what was written is one of its own: the resident sees it. */
static Rc look(Ctx *ctx, const ThreadMessages *messages) {
    const Entity **shown = NEW_ARRAY(ctx->arena, const Entity *, messages->len + 1);
    for (size_t i = 0; i < messages->len; i++)
        shown[i] = messages->items[i].entity;
    return messages->len ? gate_look(ctx, shown, messages->len, page_what(WHAT_THREAD)) : RC_OK;
}

/* That it can't be written now keeps nobody from reading: it is written with the next load. */
static void read_mark(Ctx *ctx, const Entity *application, const ThreadMessages *messages) {
    Error before = ctx->error;
    if (thread_seen(ctx, application, messages) != RC_OK)
        log_warn("web", "that a message was read is not written yet: " STR_FMT,
                 STR_ARG(ctx->error.detail));
    ctx->error = before;
}

static void rights_set(HttpExchange *x, View *view, const Entity *application,
                       const PageThread *at) {
    static const char *const words[] = {[THREAD_SHUT_STATE] = "state",
                                        [THREAD_SHUT_FULL] = "full",
                                        [THREAD_SHUT_OFFICE] = "office",
                                        [THREAD_SHUT_OTHERS] = "others",
                                        [THREAD_SHUT_PROPOSED] = "proposed"};
    ThreadStand stand = thread_stands(http_ctx(x), application, at->office);
    if (at->stand) *at->stand = stand;
    bool settles = str_starts(at->base, STR("/staff/")) && stand.settles;
    view_str(view, "shut", stand.shut == THREAD_OPEN ? STR_NONE : str_of(words[stand.shut]));
    view_str(view, "settle",
             settles ? str_fmt(view->arena, STR_FMT "/settle", STR_ARG(at->base)) : STR_NONE);
    view_bool(view, "waits", message_waits(application));
    view_set(view, "due", page_due_value(x, stand.due.day));
    view_int(view, "paused", stand.due.paused);
    view_bool(view, "stopped", stand.due.stopped);
    view_int(view, "left", stand.due.left);
    view_int(view, "n", message_count(application));
}

bool page_thread_withheld(const Ctx *ctx, const Entity *application, bool found) {
    const DefinedThread *thread = thread_rules(ctx, application);
    return found && thread && thread->sensitive;
}

Rc page_thread(HttpExchange *x, View *view, const Entity *application, const PageThread *at) {
    Ctx *ctx = http_ctx(x);
    const DefinedThread *thread = thread_rules(ctx, application);
    ThreadMessages messages = {0};
    View one = view_new(view->arena);
    view_null(view, "thread");
    if (!thread) return RC_OK;
    bool visible = thread_visible(ctx, application),
         counted = page_thread_withheld(ctx, application, at->found);
    int64_t before = visible && !counted ? left_out(x, application) : 0;
    if (visible && !counted) TRY(thread_behind(ctx, application, before, &messages));
    if (at->office) TRY(look(ctx, &messages));
    messages_set(x, &one, &messages, before, at);
    view_bool(&one, "office", at->office);
    view_bool(&one, "hidden", !visible);
    view_bool(&one, "counted", visible && counted);
    rights_set(x, &one, application, at);
    form_set(x, &one, thread, at);
    view_set(view, "thread", view_value(&one));
    if (!at->office && !at->found) read_mark(ctx, application, &messages);
    return RC_OK;
}

/* ---- in lists ---- */

static void seen_add(Arena *arena, PageSeen *seen, const Entity *application) {
    for (size_t i = 0; i < seen->len; i++)
        if (str_eq(seen->items[i]->id, application->id)) return;
    vec_push(arena, seen, application);
}

/* Of those that wait, those that are late: a day that has passed may have been stopped. *more: so
   many have passed that the others aren't looked at. */
static Rc late_count(Ctx *ctx, int64_t *out, bool *more) {
    InboxCases late;
    InboxWaits ask = {ctx->actor->post, time_jst_date(time_now(ctx->clock)), LATE_COUNTED};
    *out = 0;
    TRY(inbox_waits(ctx, &ask, &late, more));
    for (size_t i = 0; i < late.len; i++)
        *out += page_is_late(ctx, thread_due(ctx, late.items[i]).day);
    return RC_OK;
}

Rc page_thread_inbox(HttpExchange *x, View *view, PageSeen *seen) {
    Ctx *ctx = http_ctx(x);
    InboxCases cases;
    JsonItems items = {0};
    bool more, more_late;
    int64_t late;
    InboxWaits ask = {.post = ctx->actor->post, .most = WAITS_SHOWN};
    TRY(inbox_waits(ctx, &ask, &cases, &more));
    TRY(late_count(ctx, &late, &more_late));
    for (size_t i = 0; i < cases.len; i++) {
        const Entity *application = gate_view(ctx, NULL, cases.items[i]);
        Str number = application ? entity_text(application, IRI("receiptNumber")) : STR_NONE;
        if (str_empty(number)) continue; /* another division's */
        View row = view_new(view->arena);
        view_str(&row, "number", number);
        view_str(
            &row, "url",
            str_fmt(view->arena, STR_FMT "#thread", STR_ARG(page_case_url(view->arena, number))));
        view_set(&row, "what", page_procedure_label(x, application));
        view_str(&row, "at", entity_text(application, IRI("messageAt")));
        view_set(&row, "due", page_due_value(x, thread_due(ctx, application).day));
        vec_push(view->arena, &items, view_value(&row));
        seen_add(view->arena, seen, application);
    }
    view_items(view, "messages", &items);
    view_bool(view, "messages_more", more);
    view_int(view, "messages_late", late);
    view_bool(view, "messages_late_more", more_late);
    return RC_OK;
}

/* ---- faults ---- */

bool page_thread_sent(const HttpForm *form) {
    VEC_EACH (const HttpField, field, form)
        if (str_eq(field->name, STR("once"))) return true;
    return false;
}

static bool among(const Error *error, const char *const *codes, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(error->code, str_of(codes[i]))) return true;
    return false;
}

static const char *const of_text[] = {"missing",    "long",          "thread-full",
                                      "thread-day", "thread-closed", "no-channel"},
                         *const of_files[] = {"empty",        "type",    "damaged",
                                              "large",        "many",    "all-many",
                                              "thread-bytes", "malware", "scanner-silent"};
enum { OF_TEXT = sizeof of_text / sizeof *of_text, OF_FILES = sizeof of_files / sizeof *of_files };

bool page_thread_told(const Error *error) {
    return among(error, of_text, OF_TEXT) || among(error, of_files, OF_FILES);
}

static Json label_of(Arena *arena, const char *ja, const char *en) {
    return view_text(arena, str_of(ja), str_of(en));
}

static Str digits(Arena *arena, int64_t bound) {
    return bound ? str_fmt(arena, "%lld", (long long)bound) : STR_NONE;
}

static Json text_fault(Arena *arena, const Error *error, bool office) {
    View one = view_new(arena);
    int64_t bound = str_eq(error->code, STR("long"))          ? THREAD_CHARS_MOST
                    : str_eq(error->code, STR("thread-full")) ? thread_most(office)
                    : str_eq(error->code, STR("thread-day"))  ? THREAD_DAY_MOST
                                                              : 0;
    if (str_eq(error->code, STR("thread-closed"))) return json_of_str(STR("message.closed"));
    if (!bound && !str_eq(error->code, STR("missing"))) return json_of_str(STR("message.changed"));
    view_null(&one, "text");
    view_str(&one, "code", bound ? error->code : STR("enter"));
    view_set(&one, "label", label_of(arena, "メッセージ", "Message"));
    view_str(&one, "bound", digits(arena, bound));
    return view_value(&one);
}

static Json file_fault(HttpExchange *x, const Error *error) {
    const AttachLimits *limits = procedures_attach(http_ctx(x)->tenant);
    View one = view_new(http_ctx(x)->arena);
    int64_t bound = str_eq(error->code, STR("large"))          ? limits->file >> 20
                    : str_eq(error->code, STR("many"))         ? THREAD_FILES_MOST
                    : str_eq(error->code, STR("all-many"))     ? limits->files
                    : str_eq(error->code, STR("thread-bytes")) ? THREAD_BYTES_MOST >> 20
                                                               : 0;
    view_null(&one, "text");
    view_str(&one, "code", error->code);
    view_set(&one, "label", label_of(one.arena, "ファイル", "Files"));
    view_null(&one, "bound");
    view_str(&one, "file", error->path);
    view_str(&one, "n", digits(one.arena, bound));
    return view_value(&one);
}

void page_thread_faults(HttpExchange *x, View *view, bool office) {
    const Error *error = &http_ctx(x)->error;
    View errors = view_new(view->arena);
    if (among(error, of_files, OF_FILES))
        view_set(&errors, "files", file_fault(x, error));
    else if (str_eq(error->code, STR("no-channel")))
        view_set(&errors, "said", json_of_str(STR("message.said")));
    else
        view_set(&errors, "message", text_fault(view->arena, error, office));
    view_set(view, "errors", view_value(&errors));
}

/* ---- written ---- */

/* A form that says nothing of it writes to the page; NULL: it says what there isn't. */
static const Said *said_of(const HttpForm *form) {
    Str said = http_form_value(form, "said");
    for (size_t i = 0; i < SAID_WORDS; i++)
        if (str_eq(said, str_of(said_words[i].word))) return &said_words[i];
    return str_empty(said) ? &said_words[0] : NULL;
}

static Rc message_write(HttpExchange *x, const HttpForm *form, Str id, bool office) {
    Ctx *ctx = http_ctx(x);
    const Said *said = said_of(form);
    if (!said)
        return ctx_fail(ctx, RC_INVALID, "no-channel", STR("said"),
                        "Say whether this answers, or what was said where.");
    ThreadWish wish = {.id = id,
                       .office = office,
                       .asked = said->asked,
                       .channel = said->channel,
                       .text = http_form_value(form, "message"),
                       .once = http_form_value(form, "once")};
    VEC_EACH (const HttpField, sent, form)
        if (str_eq(sent->name, STR("files")) && (sent->file_name.len || sent->value.len))
            vec_push(ctx->arena, &wish.files, (ThreadFile){sent->file_name, sent->value});
    return thread_write(ctx, &wish);
}

static void message_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Entity *application;
    const HttpForm *form;
    CasePlace place;
    if (!page_form(x, &form)) return;
    Rc rc = page_held_case(x, &application, &place);
    if (rc == RC_OK) rc = message_write(x, form, application->id, place.office);
    if (rc == RC_OK)
        page_see(x, str_fmt(ctx->arena, STR_FMT "#thread", STR_ARG(place.base)));
    else if (page_thread_told(&ctx->error) || str_eq(ctx->error.code, STR("moved-on")))
        page_case(x, application, &place, form);
    else
        page_fail(x);
}

static Rc office_write(HttpExchange *x, const HttpForm *form, Str id) {
    return message_write(x, form, id, true);
}

static Rc office_settle(HttpExchange *x, const HttpForm *form, Str id) {
    int64_t n = 0;
    (void)str_to_i64(http_form_value(form, "n"), &n);
    return thread_settle(http_ctx(x), id, n);
}

static void office_message_post(HttpExchange *x) {
    page_office_does_at(x, office_write, "#thread");
}

static void settle_post(HttpExchange *x) {
    page_office_does_at(x, office_settle, "#thread");
}

PAGE_ANSWERS(message_answers, PAGE_HTML(200), PAGE_FAULT(400), PAGE_FAULT(409), PAGE_FAULT(413),
             PAGE_FAULT(415));

#define MESSAGE(path, post, access, tag)                                                           \
    {                                                                                              \
        HTTP_POST, path "/message", post, HTTP_POOL, PAGE_UPLOAD_MAX, (access) | GATE_FORM, tag,   \
            "Write a message", NULL, NULL, message_answers                                         \
    }

const HttpRoute page_thread_rows[] = {
    MESSAGE("/c/{token}", message_post, GATE_PUBLIC, "Cases"),
    MESSAGE("/my/cases/{case}", message_post, GATE_RESIDENT, "Cases"),
    MESSAGE("/staff/cases/{number}", office_message_post, PAGE_OFFICE, "Office"),
    {HTTP_POST, "/staff/cases/{number}/settle", settle_post, HTTP_POOL, PAGE_FORM_MAX,
     PAGE_OFFICE | GATE_FORM, "Office", "What was written needs no answer", NULL, NULL,
     message_answers},
};
ROWS(page_thread_count, page_thread_rows);
