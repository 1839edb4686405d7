/* page_files: the retention files (簿冊) as the office keeps them, one of them with its matters,
   what is proposed about them; and the index for whoever asks for records (ファイル管理簿), with
   its table as CSV. */
#include "pages_int.h"

#include "connect/connect.h"
#include "meet/meet.h"
#include "open/open.h"

#define IRI(term) STR(LD_DEFAULT term)

/* FEW: below so many, everybody is told only that there are few. */
enum { LIST_PAGE = 50, FEW = 10, QUERY_MAX = 200, CSV_MAX = 8 << 20, ADDRESS_MAX = 4096 };

static const Str purpose_records = {"records", 7};

/* ---- a file as pages show it ---- */

static void day_set(View *view, const char *name, Date day) {
    view_str(view, name, day.year ? time_format_date(view->arena, day) : STR_NONE);
}

static const char *tag_of(ShelfState state) {
    switch (state) {
    case SHELF_DUE:
    case SHELF_DISPOSING:
        return "warn";
    case SHELF_CURRENT:
        return "ok";
    case SHELF_DISPOSED:
    case SHELF_TRANSFERRED:
    case SHELF_EXTENDED:
    case SHELF_KEPT:
    case SHELF_STATES:
        break;
    }
    return "";
}

static Str file_url(Arena *arena, Str code, const char *rest) {
    return str_fmt(arena, "/staff/files/" STR_FMT "%s", STR_ARG(code), rest);
}

/* The later of its own time and an extension; none while something of it is open. */
static Date kept_until(const ShelfFile *file, bool *longer) {
    Date own = file->until, extended = file->record.extended;
    *longer = own.year && extended.year && time_date_before(own, extended);
    return *longer ? extended : own;
}

static void file_set(HttpExchange *x, View *view, const ShelfFile *file) {
    Arena *arena = view->arena;
    view_set(view, "title", shelf_title(arena, file));
    view_set(view, "classification",
             view_text(arena, shelf_classification(arena, file, "ja"),
                       shelf_classification(arena, file, "en")));
    view_set(view, "division", file->row ? page_division(x, file->row->division) : json_of_null());
    view_int(view, "years", file->row ? file->row->years : 0);
    view_bool(view, "permanent", file->row && !file->row->years);
    view_int(view, "count", file->count);
    view_int(view, "open", file->open);
    day_set(view, "from", file->from);
    day_set(view, "to", file->to);
    bool longer;
    day_set(view, "until", kept_until(file, &longer));
    view_bool(view, "extended", longer);
    view_str(view, "state", shelf_state_word(file->state));
    view_str(view, "level", str_of(tag_of(file->state)));
}

static bool said(const HttpForm *form, Str code) {
    for (size_t i = 0; form && i < form->len; i++)
        if (str_eq(form->items[i].name, STR("file")) && str_eq(form->items[i].value, code))
            return true;
    return false;
}

/* To everybody, the days of single matters and how few there are would tell of persons. */
static void public_set(View *view, const ShelfFile *file) {
    view_bool(view, "few", file->count < FEW);
    if (file->count < FEW) view_int(view, "count", 0);
    view_int(view, "open", 0);
    day_set(view, "from", (Date){0});
    day_set(view, "to", (Date){0});
}

/* Whether anything can be proposed for it. */
static bool picks(const Ctx *ctx, const ShelfFile *file) {
    return filing_mine(ctx, file) &&
           (!filing_refusal(file, FILE_EXTEND) || !filing_refusal(file, FILE_DISPOSE));
}

/* form: what was sent of the list; NULL: nothing was. */
static void office_set(HttpExchange *x, View *view, const ShelfFile *file, const HttpForm *form) {
    const char *why = filing_refusal(file, FILE_DISPOSE);
    view_str(view, "code", file->code);
    view_str(view, "url", file_url(view->arena, file->code, ""));
    view_bool(view, "held", !str_empty(file->record.hold));
    view_str(view, "why", why ? str_of(why) : STR_NONE);
    view_bool(view, "picks", picks(http_ctx(x), file));
    view_bool(view, "picked", said(form, file->code));
}

/* ---- filters ---- */

/* What of the address asks for files. */
typedef struct Asked {
    ShelfWish wish;
    Str state, query;
} Asked;

static void asked_read(const HttpExchange *x, Asked *out) {
    int64_t year = 0;
    *out = (Asked){.query = str_head(str_trim(http_query_or(x, "q", STR_NONE)), QUERY_MAX)};
    if (!str_utf8_valid(out->query)) out->query = STR_NONE; /* cut within a character */
    ShelfState state = shelf_state_of(http_query_or(x, "state", STR_NONE));
    if (state < SHELF_STATES) {
        out->state = shelf_state_word(state);
        out->wish.states = 1u << state;
    }
    if (str_to_i64(http_query_or(x, "year", STR_NONE), &year) && year > 1900 && year < 3000)
        out->wish.fiscal_year = (int)year;
    out->wish.division = http_query_or(x, "division", STR_NONE);
    out->wish.text = out->query;
}

static Str asked_query(Arena *arena, const Asked *asked) {
    Buf text = buf_new(arena, ADDRESS_MAX);
    const struct {
        const char *name;
        Str value;
    } all[] = {{"division", asked->wish.division}, {"state", asked->state}, {"q", asked->query}};
    if (asked->wish.fiscal_year) buf_addf(&text, "year=%d", asked->wish.fiscal_year);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (str_empty(all[i].value)) continue;
        if (text.len) buf_add_char(&text, '&');
        buf_addf(&text, "%s=" STR_FMT, all[i].name, STR_ARG(http_url_encode(arena, all[i].value)));
    }
    return buf_str(&text);
}

static void divisions_set(HttpExchange *x, View *view, const ShelfFiles *all) {
    Ctx *ctx = http_ctx(x);
    const Json *divisions = json_get(page_organisation(x), STR("divisions"));
    JsonItems items = {0};
    for (uint32_t i = 0; divisions && i < divisions->len; i++) {
        const Json *one = json_at(divisions, i);
        bool keeps = false;
        VEC_EACH (const ShelfFile, file, all)
            keeps |= file->row && str_eq(file->row->division, json_get_str(one, "id"));
        if (keeps) vec_push(ctx->arena, &items, *one);
    }
    view_items(view, "divisions", &items);
}

static void years_set(View *view, const ShelfFiles *all) {
    JsonItems items = {0};
    int last = 0; /* they stand by year */
    VEC_EACH (const ShelfFile, file, all) {
        if (!file->fiscal_year || file->fiscal_year == last) continue;
        last = file->fiscal_year;
        View one = view_new(view->arena);
        view_str(&one, "id", str_fmt(view->arena, "%d", last));
        view_set(&one, "label",
                 view_text(view->arena, time_format_fiscal(view->arena, last),
                           str_fmt(view->arena, "%d", last)));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "years", &items);
}

static void filters_set(HttpExchange *x, View *view, const Asked *asked, const ShelfFiles *all) {
    JsonItems states = {0};
    View filters = view_new(view->arena);
    for (unsigned i = 0; i < SHELF_STATES; i++)
        vec_push(view->arena, &states, json_of_str(shelf_state_word((ShelfState)i)));
    divisions_set(x, &filters, all);
    years_set(&filters, all);
    view_items(&filters, "states", &states);
    view_str(&filters, "division", asked->wish.division);
    view_str(&filters, "year",
             asked->wish.fiscal_year ? str_fmt(view->arena, "%d", asked->wish.fiscal_year)
                                     : STR_NONE);
    view_str(&filters, "state", asked->state);
    view_str(&filters, "query", asked->query);
    view_set(view, "filters", view_value(&filters));
}

/* ---- lists ---- */

typedef struct Listed {
    Asked asked;
    ShelfFiles files;     /* that fit */
    bool office;          /* for officials */
    const HttpForm *form; /* that they have sent */
} Listed;

/* `files` of a page, `filters`, `total` and the links to the pages beside it. */
static Rc list_set(HttpExchange *x, View *view, Listed *list) {
    Ctx *ctx = http_ctx(x);
    ShelfFiles all;
    JsonItems items = {0};
    asked_read(x, &list->asked);
    TRY(shelf_list(ctx, &(ShelfWish){.loose = !list->office}, &all));
    shelf_pick(ctx->arena, &all, &list->asked.wish, &list->files);
    size_t page = page_number(x), from = (page - 1) * LIST_PAGE;
    for (size_t i = from; i < list->files.len && i < from + LIST_PAGE; i++) {
        View one = view_new(ctx->arena);
        file_set(x, &one, &list->files.items[i]);
        if (list->office)
            office_set(x, &one, &list->files.items[i], list->form);
        else
            public_set(&one, &list->files.items[i]);
        vec_push(ctx->arena, &items, view_value(&one));
    }
    filters_set(x, view, &list->asked, &all);
    view_items(view, "files", &items);
    view_int(view, "total", (int64_t)list->files.len);
    view_json(view, "rule", shelf_table(ctx->tenant)->rule);
    Pager pager = {.path = list->office ? STR("/staff/files") : STR("/files"),
                   .query = asked_query(ctx->arena, &list->asked),
                   .page = page,
                   .size = LIST_PAGE,
                   .total = list->files.len};
    page_pager(view, &pager);
    return RC_OK;
}

/* ---- proposing ---- */

/* What else a form says; faults name its fields. */
static void said_set(View *view, const HttpForm *form, const Faults *faults) {
    static const char *const names[] = {"act", "reason", "until", "to"};
    View values = view_new(view->arena);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        view_str(&values, names[i], form ? http_form_value(form, names[i]) : STR_NONE);
    view_set(view, "values", view_value(&values));
    page_faults(view, faults);
}

/* `refused`: the file at which a proposal was stopped, where it was at one. */
static void refused_set(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    ShelfFile file;
    Error before = ctx->error;
    bool one = before.rc == RC_CONFLICT &&
               shelf_find(ctx, file_code(ctx->arena, before.path), &file) == RC_OK;
    view_set(view, "refused", one ? shelf_title(ctx->arena, &file) : json_of_null());
    ctx->error = before;
}

static void list_show(HttpExchange *x, int status, const HttpForm *form, const Faults *faults) {
    Listed list = {.office = true, .form = form};
    View view = page_view(x);
    if (list_set(x, &view, &list) != RC_OK) {
        page_fail(x);
        return;
    }
    bool any = false;
    VEC_EACH (const ShelfFile, file, &list.files)
        any |= picks(http_ctx(x), file);
    view_bool(&view, "picks", any && http_ctx(x)->actor->roles & 1u << ROLE_CLERK);
    refused_set(x, &view);
    said_set(&view, form, faults);
    page_show(x, status, WEB_PAGE_SHELF, &view);
}

static void list_get(HttpExchange *x) {
    list_show(x, 200, NULL, &(Faults){0});
}

/* A refusal in a word of the pages, at the field that it is about; false: to an error page. */
static bool fault_of(Ctx *ctx, Faults *out) {
    const Error *error = &ctx->error;
    const char *field = "file";
    static const char *const fields[] = {"act", "reason", "until", "to"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (str_eq(error->path, str_of(fields[i]))) field = fields[i];
    bool told = error->rc == RC_INVALID || str_starts(error->code, STR("file-")) ||
                str_eq(error->code, STR("proposed")) || str_eq(error->code, STR("no-hold")) ||
                str_eq(error->code, STR("too-many-files"));
    if (told) vec_push(ctx->arena, out, (Fault){field, str_z(ctx->arena, error->code)});
    return told;
}

static void wish_read(Ctx *ctx, const HttpForm *form, FilingWish *out) {
    *out = (FilingWish){.verb = FILE_VERBS,
                        .reason = http_form_value(form, "reason"),
                        .to = http_form_value(form, "to")};
    (void)file_verb_of(http_form_value(form, "act"), &out->verb);
    if (!time_parse_japanese(str_trim(http_form_value(form, "until")), &out->until))
        out->until = (Date){0};
    VEC_EACH (const HttpField, field, form)
        if (str_eq(field->name, STR("file"))) vec_push(ctx->arena, &out->codes, field->value);
}

static bool verb_good(FileVerb verb) {
    return verb == FILE_EXTEND || verb == FILE_TRANSFER || verb == FILE_DISPOSE;
}

static void propose_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    FilingWish wish;
    Str decision;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    wish_read(ctx, form, &wish);
    Rc rc = verb_good(wish.verb)
                ? filing_propose(ctx, &wish, &decision)
                : ctx_fail(ctx, RC_INVALID, "no-act", STR("act"), "Choose what to propose.");
    if (rc == RC_OK)
        page_see(x, page_decision_url(ctx->arena, decision));
    else if (fault_of(ctx, &faults))
        list_show(x, 422, form, &faults);
    else
        page_fail(x);
}

/* ---- one file ---- */

static void acts_set(HttpExchange *x, View *view, const ShelfFile *file) {
    const Json *acts = file->record.acts;
    JsonItems items = {0};
    for (uint32_t i = 0; acts && i < acts->len; i++) {
        const Json *act = json_at(acts, acts->len - 1 - i);
        static const char *const texts[] = {"act", "reason", "until", "to", "decision"};
        View one = view_new(view->arena);
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            view_str(&one, texts[k], json_get_str(act, texts[k]));
        Str post = json_get_str(act, "post");
        view_int(&one, "at", json_get_int(act, "at", 0));
        view_int(&one, "keys", json_get_int(act, "keys", 0));
        view_set(&one, "post", str_empty(post) ? json_of_null() : page_post(x, post));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "acts", &items);
}

/* Matters of a page, and those of them whose persons are looked at. */
typedef struct Matters {
    HttpExchange *x;
    JsonItems items;
    PageSeen seen;
    int64_t hidden;
} Matters;

static Rc case_add(Matters *matters, const Entity *application) {
    HttpExchange *x = matters->x;
    Arena *arena = http_ctx(x)->arena;
    JsonItems letters = {0};
    View one = view_new(arena);
    Str number = entity_text(application, IRI("receiptNumber"));
    view_str(&one, "number", number);
    view_str(&one, "url", page_case_url(arena, number));
    view_set(&one, "title", page_procedure_label(x, application));
    view_str(&one, "arrived", entity_text(application, IRI("submittedAt")));
    view_str(&one, "ended", entity_text(application, IRI("completedAt")));
    TRY(page_letters_add(x, &letters, application, LETTERS_OFFICE));
    view_items(&one, "letters", &letters);
    vec_push(arena, &matters->seen, application);
    vec_push(arena, &matters->items, view_value(&one));
    return RC_OK;
}

static void decision_add(Matters *matters, const Entity *decision) {
    Arena *arena = http_ctx(matters->x)->arena;
    View one = view_new(arena);
    view_str(&one, "number", entity_text(decision, IRI("number")));
    view_str(&one, "url", page_decision_url(arena, decision->id));
    view_set(&one, "title", page_decision_title(arena, decision));
    view_str(&one, "arrived", entity_text(decision, IRI("draftedAt")));
    view_str(&one, "ended", entity_text(decision, IRI("decidedAt")));
    view_items(&one, "letters", &(JsonItems){0});
    vec_push(arena, &matters->items, view_value(&one));
}

static Str page_of(Arena *arena, const char *page, Str id) {
    Str rest = id, key = STR_NONE;
    while (str_split(&rest, ':', &key))
        ;
    return page ? str_fmt(arena, "%s" STR_FMT, page, STR_ARG(key)) : STR_NONE;
}

/* Others are told by what they are and when they were. */
static bool other_add(Matters *matters, const Entity *entity) {
    static const struct {
        Str type, arrived, ended;
        const char *page; /* its address, but for the end of its id; NULL: it has none */
    } rows[] = {{STR(PAYMENT_TYPE), IRI("issuedAt"), IRI("paidAt"), NULL},
                {STR(VISIT_TYPE), IRI("takenAt"), IRI("endedAt"), NULL},
                {STR(OPEN_REPORT_TYPE), IRI("reportedAt"), IRI("handledAt"), NULL},
                {STR(MEETING_TYPE), IRI("heldAt"), IRI("decidedAt"), "/staff/meetings/"},
                {STR(HANDOVER_TYPE), IRI("at"), IRI("at"), NULL}};
    Ctx *ctx = http_ctx(matters->x);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!entity_has_type(entity, rows[i].type)) continue;
        const DictType *type = dictionary_type(ctx->tenant->dictionary, rows[i].type);
        View one = view_new(ctx->arena);
        view_str(&one, "number", entity_text(entity, IRI("number")));
        view_str(&one, "url", page_of(ctx->arena, rows[i].page, entity->id));
        view_set(&one, "title",
                 type ? view_text(ctx->arena, type->label_ja, type->label_en) : json_of_null());
        view_str(&one, "arrived", entity_text(entity, rows[i].arrived));
        view_str(&one, "ended", entity_text(entity, rows[i].ended));
        view_items(&one, "letters", &(JsonItems){0});
        vec_push(ctx->arena, &matters->items, view_value(&one));
        return true;
    }
    return false;
}

/* That there was a meeting, or a handover, every official knows; what of it he reads, its page
   judges. */
static bool known_inside(const Entity *entity) {
    return entity_has_type(entity, STR(MEETING_TYPE)) ||
           entity_has_type(entity, STR(HANDOVER_TYPE));
}

/* Each as who looks may see it: of others' cases and of what was disposed of it is told only that
   they are there. */
static Rc matter_add(Matters *matters, Str id) {
    Ctx *ctx = http_ctx(matters->x);
    const Entity *entity;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &entity);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    bool inside = rc == RC_OK && known_inside(entity);
    if (rc == RC_OK && !inside) entity = gate_view(ctx, NULL, entity);
    bool there = rc == RC_OK && entity;
    bool is_case = there && entity_has_type(entity, STR(CASE_TYPE));
    if (is_case && !str_empty(entity_text(entity, IRI("receiptNumber"))))
        return case_add(matters, entity);
    if (there && entity_has_type(entity, STR(DECIDE_TYPE)))
        decision_add(matters, entity);
    else if (!there || !other_add(matters, entity))
        matters->hidden++;
    return RC_OK;
}

static Rc matters_set(HttpExchange *x, View *view, const ShelfFile *file) {
    Ctx *ctx = http_ctx(x);
    ShelfPage page;
    Matters matters = {.x = x};
    TRY(shelf_matters(ctx, file, http_query_or(x, "after", STR_NONE), LIST_PAGE, &page));
    VEC_EACH (const Str, id, &page.ids)
        TRY(matter_add(&matters, *id));
    TRY(gate_look(ctx, matters.seen.items, matters.seen.len, page_what(WHAT_SHELF)));
    view_items(view, "matters", &matters.items);
    view_int(view, "hidden", matters.hidden);
    view_str(view, "later",
             str_empty(page.next)
                 ? STR_NONE
                 : str_fmt(view->arena, STR_FMT "?after=" STR_FMT,
                           STR_ARG(file_url(view->arena, file->code, "")), STR_ARG(page.next)));
    return RC_OK;
}

static void record_set(HttpExchange *x, View *view, const ShelfFile *file) {
    const FileRecord *record = &file->record;
    bool writes = http_ctx(x)->actor->roles & 1u << ROLE_CLERK && filing_mine(http_ctx(x), file);
    bool kept = record->mark == FILE_NONE;
    view_str(view, "hold", record->hold);
    view_instant(view, "hold_at", record->hold_at);
    view_set(view, "hold_post",
             str_empty(record->hold_post) ? json_of_null() : page_post(x, record->hold_post));
    view_str(view, "to_whom", record->to);
    view_bool(view, "disposed", record->mark == FILE_DISPOSED);
    view_bool(view, "unfiled", file->unfiled > 0);
    view_bool(view, "holds", writes && kept && str_empty(record->hold));
    view_bool(view, "releases",
              writes && kept && !str_empty(record->hold) && filing_lifts(http_ctx(x), file));
}

static void file_show(HttpExchange *x, int status, Str reason, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    ShelfFile file;
    View view = page_view(x);
    ctx->purpose = purpose_records;
    Rc rc = shelf_find(ctx, http_path_param(x, "file"), &file);
    if (rc == RC_OK) rc = matters_set(x, &view, &file);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    page_crumb(&view, STR("簿冊"), STR("Retention files"), STR("/staff/files"));
    page_crumb_to(&view, shelf_title(ctx->arena, &file), STR_NONE);
    file_set(x, &view, &file);
    office_set(x, &view, &file, NULL);
    record_set(x, &view, &file);
    acts_set(x, &view, &file);
    view_set(&view, "reason", json_of_str(reason));
    page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_FILE, &view);
}

static void file_get(HttpExchange *x) {
    file_show(x, 200, STR(""), &(Faults){0});
}

static void hold_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    Str code = http_path_param(x, "file");
    if (!page_form(x, &form)) return;
    bool lifts = str_eq(http_form_value(form, "act"), STR("release"));
    Str reason = http_form_value(form, "reason");
    Rc rc = filing_hold(ctx, code, lifts ? FILE_RELEASE : FILE_HOLD, reason);
    if (rc == RC_OK)
        page_see(x, file_url(ctx->arena, code, ""));
    else if (fault_of(ctx, &faults))
        file_show(x, 422, reason, &faults);
    else
        page_fail(x);
}

/* ---- the index for everybody ---- */

static void index_get(HttpExchange *x) {
    Listed list = {0};
    View view = page_view(x);
    if (list_set(x, &view, &list) != RC_OK) {
        page_fail(x);
        return;
    }
    Ctx *ctx = http_ctx(x);
    Str asks = shelf_table(ctx->tenant)->asks, query = asked_query(ctx->arena, &list.asked);
    page_crumb(&view, STR("ファイル管理簿"), STR("Index of records"), STR_NONE);
    view_str(&view, "asks",
             str_empty(asks) ? STR_NONE
                             : str_fmt(ctx->arena, "/procedures/" STR_FMT, STR_ARG(asks)));
    view_str(&view, "csv",
             str_empty(query) ? STR("/files/index.csv")
                              : str_fmt(ctx->arena, "/files/index.csv?" STR_FMT, STR_ARG(query)));
    page_show(x, 200, WEB_PAGE_FILE_INDEX, &view);
}

void page_files_index(HttpExchange *x, View *view, const Definition *definition) {
    bool asks = str_eq(shelf_table(http_ctx(x)->tenant)->asks, definition->id);
    view_str(view, "index", asks ? STR("/files") : STR_NONE);
}

static Str in_language(HttpExchange *x, const Json *text) {
    Str said = json_get_str(text, web_lang_of(x) == WEB_EN ? "en" : "ja");
    return str_empty(said) ? json_get_str(text, "ja") : said;
}

static Str word(HttpExchange *x, const char *key) {
    return web_message(http_ctx(x), web_lang_of(x), str_of(key), NULL, 0);
}

static Str day_text(Arena *arena, Date day) {
    return day.year ? time_format_date(arena, day) : STR_NONE;
}

static void csv_row(HttpExchange *x, Buf *to, const ShelfFile *file) {
    Arena *arena = http_ctx(x)->arena;
    Json title = shelf_title(arena, file),
         division = file->row ? page_division(x, file->row->division) : json_of_null();
    const char *language = web_lang_of(x) == WEB_EN ? "en" : "ja";
    bool longer;
    Str state = str_fmt(arena, "file_state." STR_FMT, STR_ARG(shelf_state_word(file->state)));
    Str years = !file->row         ? STR_NONE
                : file->row->years ? str_fmt(arena, "%d", file->row->years)
                                   : word(x, "files.permanent");
    const Str cells[] = {shelf_classification(arena, file, language),
                         in_language(x, &title),
                         file->fiscal_year ? str_fmt(arena, "%d", file->fiscal_year) : STR_NONE,
                         in_language(x, &division),
                         years,
                         file->count < FEW ? word(x, "files.few")
                                           : str_fmt(arena, "%lld", (long long)file->count),
                         day_text(arena, kept_until(file, &longer)),
                         web_message(http_ctx(x), web_lang_of(x), state, NULL, 0)};
    csv_write_row(to, cells, sizeof cells / sizeof *cells);
}

static void csv_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Asked asked;
    ShelfFiles files;
    asked_read(x, &asked);
    asked.wish.loose = true;
    if (shelf_list(ctx, &asked.wish, &files) != RC_OK) {
        page_fail(x);
        return;
    }
    const Str heads[] = {word(x, "files.classification"), word(x, "files.name"),
                         word(x, "files.year"),           word(x, "files.division"),
                         word(x, "files.years"),          word(x, "files.count"),
                         word(x, "files.until"),          word(x, "inbox.state")};
    Buf text = buf_new(ctx->arena, CSV_MAX);
    buf_add(&text, STR("\xEF\xBB\xBF")); /* Excel takes it for UTF-8 by this */
    csv_write_row(&text, heads, sizeof heads / sizeof *heads);
    VEC_EACH (const ShelfFile, file, &files)
        csv_row(x, &text, file);
    if (buf_rc(&text) != RC_OK) {
        (void)ctx_fail(ctx, RC_LIMIT, "too-large", STR("year"),
                       "This table is too large: ask for one fiscal year.");
        page_fail(x);
        return;
    }
    http_set_header(x, "Content-Disposition", STR("attachment; filename=\"files.csv\""));
    http_answer(x, 200, STR("text/csv; charset=utf-8"), buf_str(&text));
}

PAGE_ANSWERS(csv_answers, {200, "text/csv", NULL});

#define READERS                                                                                    \
    (PAGE_CITY | 1u << (GATE_ROLE_SHIFT + ROLE_STEWARD) | 1u << (GATE_ROLE_SHIFT + ROLE_AUDITOR))
#define CLERK (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK))

const HttpRoute page_files_rows[] = {
    PAGE_SHOW("/files", GATE_PUBLIC, "Records", index_get, "The index of retention files"),
    {HTTP_GET, "/files/index.csv", csv_get, HTTP_POOL, 0, GATE_PUBLIC, "Records",
     "The index of retention files as CSV", NULL, NULL, csv_answers},
    PAGE_SHOW("/staff/files", READERS, "Records", list_get, "Retention files"),
    PAGE_SHOW("/staff/files/{file}", READERS, "Records", file_get, "One of them, with its matters"),
    PAGE_SEND("/staff/files/propose", CLERK, "Records", propose_post,
              "Propose to extend, hand over or dispose of files"),
    PAGE_SEND("/staff/files/{file}/hold", CLERK, "Records", hold_post, "Hold a file, or lift that"),
};
ROWS(page_files_count, page_files_rows);
