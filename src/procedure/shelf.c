#include "procedure_int.h"

#include "handover.h"
#include "shelf.h"
#include "visit.h"

#include <stdlib.h>

enum { FOLLOWER_VERSION = 3, BETWEEN = 0x1F, WORDS_MAX = 4096, LAST_DAY = 9999999 };

#define DECISION_ID_PREFIX "urn:ngsi-ld:Decision:"
#define REPORT_ID_PREFIX   "urn:ngsi-ld:ProblemReport:"
#define MEETING_ID_PREFIX  "urn:ngsi-ld:Meeting:"

static const Str state_words[SHELF_STATES] = {[SHELF_DISPOSED] = STR("disposed"),
                                              [SHELF_DISPOSING] = STR("disposing"),
                                              [SHELF_TRANSFERRED] = STR("transferred"),
                                              [SHELF_CURRENT] = STR("current"),
                                              [SHELF_EXTENDED] = STR("extended"),
                                              [SHELF_DUE] = STR("due"),
                                              [SHELF_KEPT] = STR("kept")};

Str shelf_state_word(ShelfState state) {
    assert(state < SHELF_STATES);
    return state_words[state];
}

ShelfState shelf_state_of(Str word) {
    unsigned i = 0;
    while (i < SHELF_STATES && !str_eq(state_words[i], word))
        i++;
    return (ShelfState)i;
}

/* ---- rows ----
   'm' id → where it was counted: label US begin US end US '1' where it lies under the file's own
   key; 't' label → what the list says of a file: count, open, unfiled, first begin, last end;
   'l' label US begin US id → nothing; 'e' label US days from the end to the last one that there is
   US id → the end, so that the latest comes first; 'r' label → nothing, of a file that has a
   record. From what lies in clear, so that a disposal changes none of them. */

/* A matter as it is counted; label empty: it isn't. */
typedef struct Matter {
    Str label, begin, end;
    bool own;
} Matter;

static Str day_of(Arena *arena, Str instant) {
    int64_t at;
    if (!time_parse(instant, &at)) return STR_NONE;
    return time_format_date(arena, time_jst_date(at));
}

/* What is read of an entity that an event has left. */
typedef struct Counting {
    Ctx *ctx;
    const Event *event;
    const Entity *entity;
    const Matter *before;
    Matter *out;
} Counting;

static Str at_day(const Counting *counting, Str iri) {
    return day_of(counting->ctx->arena, entity_text(counting->entity, iri));
}

static bool state_is(const Entity *entity, const char *word) {
    return str_eq(entity_text(entity, IRI("state")), str_of(word));
}

static void case_read(const Counting *counting) {
    const Entity *application = counting->entity;
    Matter *out = counting->out;
    CaseState state = case_state(application);
    bool joined = str_eq(entity_text(application, IRI("procedureState")), STR("joined"));
    bool ended = joined || (state < CASE_STATES && (1u << state & CASE_ENDS));
    out->begin = at_day(counting, IRI("submittedAt"));
    if (ended) out->end = at_day(counting, IRI("completedAt"));
    if (ended && str_empty(out->end)) out->end = at_day(counting, IRI("stateAt"));
}

static void decision_read(const Counting *counting) {
    Matter *out = counting->out;
    out->begin = at_day(counting, IRI("draftedAt"));
    if (state_is(counting->entity, "waiting")) return;
    out->end = at_day(counting, IRI("decidedAt"));
    if (str_empty(out->end)) out->end = out->begin;
}

/* A payment says no day on which nothing of it is due to anybody any more: it is this event's. */
static void payment_read_matter(const Counting *counting) {
    const Entity *payment = counting->entity;
    bool due = state_is(payment, "invoiced") || state_is(payment, "refunding") ||
               !str_eq(entity_text(payment, IRI("waits")), STR("none"));
    counting->out->begin = at_day(counting, IRI("issuedAt"));
    if (due) return;
    counting->out->end = counting->before->end;
    if (str_empty(counting->out->end))
        counting->out->end =
            time_format_date(counting->ctx->arena, time_jst_date(counting->event->time));
}

/* A number is its day's, whether or not anybody noted that its holder left. */
static void visit_read_matter(const Counting *counting) {
    counting->out->begin = at_day(counting, IRI("takenAt"));
    counting->out->end = counting->out->begin;
}

static void report_read(const Counting *counting) {
    counting->out->begin = at_day(counting, IRI("reportedAt"));
    if (state_is(counting->entity, "answered"))
        counting->out->end = at_day(counting, IRI("handledAt"));
}

/* Open until its minutes are decided, or it is cancelled. */
static void meeting_read_matter(const Counting *counting) {
    counting->out->begin = at_day(counting, IRI("heldAt"));
    counting->out->end = at_day(counting, IRI("decidedAt"));
    if (str_empty(counting->out->end)) counting->out->end = at_day(counting, IRI("cancelledAt"));
}

/* Whole when it is made, whether or not anybody accepts it. */
static void handover_read_matter(const Counting *counting) {
    counting->out->begin = at_day(counting, IRI("at"));
    counting->out->end = counting->out->begin;
}

/* What is counted as a matter. Letters, messages, parts, items and minutes lie in the file of
   theirs. */
static const struct {
    const char *prefix;
    void (*read)(const Counting *counting);
} kinds[] = {{CASE_ID_PREFIX, case_read},
             {DECISION_ID_PREFIX, decision_read},
             {PAYMENT_ID_PREFIX, payment_read_matter},
             {VISIT_ID_PREFIX, visit_read_matter},
             {REPORT_ID_PREFIX, report_read},
             {MEETING_ID_PREFIX, meeting_read_matter},
             {HANDOVER_ID_PREFIX, handover_read_matter}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static size_t kind_of(Str id) {
    size_t i = 0;
    while (i < KINDS && !str_starts(id, str_of(kinds[i].prefix)))
        i++;
    return i;
}

bool shelf_counts(Str id) {
    return kind_of(id) < KINDS;
}

/* What names no file lies under its type's key, with all others of before: a row of their own. */
static void matter_read(const Counting *counting, size_t kind) {
    Matter *out = counting->out;
    Ctx *ctx = counting->ctx;
    Date day;
    Str type = dictionary_file(ctx->tenant->dictionary, counting->entity), text;
    int year;
    kinds[kind].read(counting);
    if (!time_parse_date(out->begin, &day)) return;
    out->own = !str_empty(entity_text(counting->entity, IRI("retentionFile"))) &&
               retention_label_read(type, &text, &year);
    out->label = out->own ? type : retention_label(ctx->arena, type, 0);
}

static Rc damaged(Ctx *ctx, Str key) {
    return ctx_fail(ctx, RC_FAILED, "bad-row", key,
                    "A count of files is damaged: rebuild state.db.");
}

static Rc matter_get(Ctx *ctx, Rows *rows, Str key, Matter *out) {
    Str text;
    *out = (Matter){0};
    Rc rc = rows_get(ctx, rows, key, &text);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    text = str_dup(ctx->arena, text);
    if (!str_split(&text, BETWEEN, &out->label) || !str_split(&text, BETWEEN, &out->begin) ||
        !str_split(&text, BETWEEN, &out->end))
        return damaged(ctx, key);
    out->own = str_eq(text, STR("1"));
    return RC_OK;
}

static Str joined3(Arena *arena, char kind, Str a, Str b, Str c) {
    return str_fmt(arena, "%c" STR_FMT "%c" STR_FMT "%c" STR_FMT, kind, STR_ARG(a), BETWEEN,
                   STR_ARG(b), BETWEEN, STR_ARG(c));
}

/* What is kept of a file, as the list says it. */
typedef struct Tally {
    int64_t counts[3]; /* matters, those without an end, those under another key */
    Str from, to;
} Tally;

static Rc tally_read(Ctx *ctx, Str key, Str text, Tally *out) {
    Str item;
    *out = (Tally){0};
    for (size_t i = 0; i < 3; i++)
        if (!str_split(&text, ' ', &item) || !str_to_i64(item, &out->counts[i]))
            return damaged(ctx, key);
    if (!str_split(&text, ' ', &out->from) || !str_split(&text, ' ', &out->to))
        return damaged(ctx, key);
    return RC_OK;
}

static Str by_begin(Arena *arena, const Matter *matter, Str id) {
    return joined3(arena, 'l', matter->label, matter->begin, id);
}

static Str by_end(Arena *arena, const Matter *matter, Str id) {
    Date day = {0};
    (void)time_parse_date(matter->end, &day); /* as it was written here */
    Str left = str_fmt(arena, "%07lld", (long long)(LAST_DAY - time_date_days(day)));
    return joined3(arena, 'e', matter->label, left, id);
}

/* The first row of a kind and label. */
typedef struct Edge {
    Arena *arena;
    Str key, value;
} Edge;

static bool edge_row(void *arg, Str key, Str value) {
    Edge *edge = arg;
    edge->key = str_dup(edge->arena, key);
    edge->value = str_dup(edge->arena, value);
    return false;
}

/* When the first of a file came, and the last one ended, "-" while none has. */
static Rc edges_read(Ctx *ctx, Rows *rows, Str label, Tally *out) {
    Edge first = {.arena = ctx->arena}, last = first;
    Str begins = str_fmt(ctx->arena, "l" STR_FMT "%c", STR_ARG(label), BETWEEN);
    Str ends = str_fmt(ctx->arena, "e" STR_FMT "%c", STR_ARG(label), BETWEEN), rest;
    TRY(rows_each(ctx, rows, begins, edge_row, &first));
    TRY(rows_each(ctx, rows, ends, edge_row, &last));
    rest = str_sub(first.key, begins.len, first.key.len);
    if (!str_split(&rest, BETWEEN, &out->from)) return damaged(ctx, begins);
    out->to = str_empty(last.value) ? STR("-") : last.value;
    return RC_OK;
}

/* After the rows of a matter have come (by 1) or gone (by -1). */
static Rc tally_move(Ctx *ctx, Rows *rows, const Matter *matter, int64_t by) {
    Tally tally = {0};
    Str key = str_fmt(ctx->arena, "t" STR_FMT, STR_ARG(matter->label)), text;
    Rc rc = rows_get(ctx, rows, key, &text);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) TRY(tally_read(ctx, key, text, &tally));
    tally.counts[0] += by;
    if (str_empty(matter->end)) tally.counts[1] += by;
    if (!matter->own) tally.counts[2] += by;
    if (tally.counts[0] == 0) return rows_delete(ctx, rows, key);
    TRY(edges_read(ctx, rows, matter->label, &tally));
    return rows_put(ctx, rows, key,
                    str_fmt(ctx->arena, "%lld %lld %lld " STR_FMT " " STR_FMT,
                            (long long)tally.counts[0], (long long)tally.counts[1],
                            (long long)tally.counts[2], STR_ARG(tally.from), STR_ARG(tally.to)));
}

static Rc counted_drop(Ctx *ctx, Rows *rows, Str id, const Matter *matter) {
    Arena *arena = ctx->arena;
    if (str_empty(matter->label)) return RC_OK;
    TRY(rows_delete(ctx, rows, by_begin(arena, matter, id)));
    if (!str_empty(matter->end)) TRY(rows_delete(ctx, rows, by_end(arena, matter, id)));
    TRY(rows_delete(ctx, rows, str_fmt(arena, "m" STR_FMT, STR_ARG(id))));
    return tally_move(ctx, rows, matter, -1);
}

static Rc counted_take(Ctx *ctx, Rows *rows, Str id, const Matter *matter) {
    Arena *arena = ctx->arena;
    if (str_empty(matter->label)) return RC_OK;
    TRY(rows_put(ctx, rows, by_begin(arena, matter, id), STR_NONE));
    if (!str_empty(matter->end)) TRY(rows_put(ctx, rows, by_end(arena, matter, id), matter->end));
    Str value = str_fmt(arena, STR_FMT "%c" STR_FMT "%c" STR_FMT "%c%s", STR_ARG(matter->label),
                        BETWEEN, STR_ARG(matter->begin), BETWEEN, STR_ARG(matter->end), BETWEEN,
                        matter->own ? "1" : "0");
    TRY(rows_put(ctx, rows, str_fmt(arena, "m" STR_FMT, STR_ARG(id)), value));
    return tally_move(ctx, rows, matter, 1);
}

static bool matter_same(const Matter *a, const Matter *b) {
    return str_eq(a->label, b->label) && str_eq(a->begin, b->begin) && str_eq(a->end, b->end) &&
           a->own == b->own;
}

/* Whose file was named otherwise once has changes under other keys: no file is whole with it. */
static void own_keep(const Matter *before, Matter *after) {
    if (str_empty(before->label)) return;
    after->own = after->own && before->own && str_eq(before->label, after->label);
}

static Rc matter_event(Ctx *ctx, Rows *rows, const Event *event, size_t kind) {
    Entity *entity;
    Matter before, after = {0};
    Str id = event->delta->id;
    TRY(matter_get(ctx, rows, str_fmt(ctx->arena, "m" STR_FMT, STR_ARG(id)), &before));
    TRY(project_event_entity(ctx, event, &entity));
    if (entity) matter_read(&(Counting){ctx, event, entity, &before, &after}, kind);
    own_keep(&before, &after);
    if (matter_same(&before, &after)) return RC_OK;
    TRY(counted_drop(ctx, rows, id, &before));
    return counted_take(ctx, rows, id, &after);
}

/* A label is never named otherwise. */
static Rc record_event(Ctx *ctx, Rows *rows, const Event *event) {
    const Entity *after = event->delta->after;
    Str label = after ? entity_text(after, IRI("label")) : STR_NONE;
    if (str_empty(label)) return RC_OK;
    return rows_put(ctx, rows, str_fmt(ctx->arena, "r" STR_FMT, STR_ARG(label)), STR_NONE);
}

static Rc shelf_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    Str id = event->delta ? event->delta->id : STR_NONE;
    size_t kind = kind_of(id);
    (void)arg;
    if (str_starts(id, STR(FILE_ID_PREFIX))) return record_event(ctx, rows, event);
    return kind < KINDS ? matter_event(ctx, rows, event, kind) : RC_OK;
}

Follower shelf_follower(Tenant *tenant) {
    return (Follower){
        .name = "shelf", .version = FOLLOWER_VERSION, .event = shelf_event, .arg = tenant};
}

/* ---- reading ---- */

const FileTable *shelf_table(const Tenant *tenant) {
    return &tenant->procedures->files;
}

void shelf_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out) {
    const FileTable *table = shelf_table(ctx->tenant);
    Str text = definition->retention;
    if (str_empty(text) || !table->rows.len || file_table_row(table, text)) return;
    definition_tell(ctx, out, STR("retention"),
                    "\"" STR_FMT "\" stands in no row of the classification table: take a text of "
                    "one, or add it to files.json.",
                    "「" STR_FMT "」は文書分類表にありません。表にある保存期間を選ぶか、files.json "
                    "に加えてください。",
                    STR_ARG(text));
}

static ShelfState state_on(const ShelfFile *file, Date today) {
    const FileRecord *record = &file->record;
    if (record->mark == FILE_DISPOSED) return SHELF_DISPOSED;
    if (record->mark == FILE_DISPOSING) return SHELF_DISPOSING;
    if (record->mark == FILE_TRANSFERRED) return SHELF_TRANSFERRED;
    if (file->fiscal_year >= time_fiscal_year(today)) return SHELF_CURRENT;
    if (file->until.year == 0 || !time_date_before(file->until, today)) return SHELF_KEPT;
    if (record->extended.year && !time_date_before(record->extended, today)) return SHELF_EXTENDED;
    return SHELF_DUE;
}

Rc shelf_record(Ctx *ctx, ShelfFile *file) {
    const Entity *entity = NULL;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, file_id(ctx->arena, file->label), &entity);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_NOT_FOUND) entity = NULL;
    if (!file_record_good(entity)) return file_record_damaged(ctx, file->label);
    file_record_read(entity, file->label, &file->record);
    return RC_OK;
}

static Rc file_fill(Ctx *ctx, const Map *recorded, ShelfFile *file) {
    if (!retention_label_read(file->label, &file->retention, &file->fiscal_year))
        return damaged(ctx, file->label);
    file->row = file_table_row(shelf_table(ctx->tenant), file->retention);
    file->code = file_code(ctx->arena, file->label);
    file_record_read(NULL, file->label, &file->record);
    if (map_has(recorded, file->label)) TRY(shelf_record(ctx, file));
    bool ends = file->open == 0 && file->to.year && file->row && file->row->years;
    if (ends && file->fiscal_year) file->until = file_until(file->to, file->row->years);
    file->state = state_on(file, time_jst_date(time_now(ctx->clock)));
    return RC_OK;
}

typedef struct Listing {
    Ctx *ctx;
    ShelfFiles *files;
    Map recorded; /* labels of files that have a record */
    Rc rc;
} Listing;

static bool tally_row(void *arg, Str key, Str value) {
    Listing *listing = arg;
    Tally tally;
    listing->rc = tally_read(listing->ctx, key, value, &tally);
    if (listing->rc != RC_OK) return false;
    ShelfFile file = {.label = str_dup(listing->ctx->arena, str_sub(key, 1, key.len)),
                      .count = tally.counts[0],
                      .open = tally.counts[1],
                      .unfiled = tally.counts[2]};
    if (!time_parse_date(tally.from, &file.from)) listing->rc = damaged(listing->ctx, key);
    if (!time_parse_date(tally.to, &file.to)) file.to = (Date){0}; /* "-" */
    vec_push(listing->ctx->arena, listing->files, file);
    return listing->rc == RC_OK;
}

static bool recorded_row(void *arg, Str key, Str value) {
    Listing *listing = arg;
    (void)value;
    map_put(&listing->recorded, str_dup(listing->ctx->arena, str_sub(key, 1, key.len)), listing);
    return true;
}

/* Two readings, however many files there are; each record of one that has any is mostly at hand. */
static Rc tallies_load(Ctx *ctx, bool loose, Listing *listing) {
    Project *project = ctx->tenant->project;
    if (!loose) TRY(project_drain(ctx, project, ledger_head(ctx->tenant->ledger)));
    TRY(project_rows(ctx, project, &(RowsRange){.follower = "shelf", .prefix = STR("t")}, tally_row,
                     listing));
    TRY(listing->rc);
    return project_rows(ctx, project, &(RowsRange){.follower = "shelf", .prefix = STR("r")},
                        recorded_row, listing);
}

/* ---- titles, and what is found by them ---- */

static Str text_of(const Json *text, const char *language, Str otherwise) {
    Str said = json_get_str(text, language);
    return str_empty(said) ? otherwise : said;
}

Json shelf_title(Arena *arena, const ShelfFile *file) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    const Json *name = file->row ? file->row->name : NULL;
    int fiscal_year = file->fiscal_year;
    Str year = fiscal_year ? time_format_fiscal(arena, fiscal_year) : STR("簿冊ができる前");
    Str english = fiscal_year ? str_fmt(arena, "fiscal year %d", fiscal_year)
                              : STR("made before files were kept");
    Str ja = str_fmt(arena, STR_FMT "（" STR_FMT "）",
                     STR_ARG(text_of(name, "ja", file->retention)), STR_ARG(year));
    Str en = str_fmt(arena, STR_FMT " (" STR_FMT ")", STR_ARG(text_of(name, "en", file->retention)),
                     STR_ARG(english));
    members[0] = (JsonMember){STR("ja"), json_of_str(ja)};
    members[1] = (JsonMember){STR("en"), json_of_str(en)};
    return json_of_members(members, 2);
}

Str shelf_classification(Arena *arena, const ShelfFile *file, const char *language) {
    if (!file->row) return STR_NONE;
    const Str levels[] = {json_get_str(file->row->major, language),
                          json_get_str(file->row->middle, language),
                          json_get_str(file->row->minor, language)};
    return str_join(arena, levels, 3, STR(" › "));
}

static Str words_of(Arena *arena, const ShelfFile *file) {
    Buf text = buf_new(arena, WORDS_MAX);
    Json title = shelf_title(arena, file);
    const Str all[] = {json_get_str(&title, "ja"),
                       json_get_str(&title, "en"),
                       shelf_classification(arena, file, "ja"),
                       shelf_classification(arena, file, "en"),
                       file->row ? file->row->words : STR_NONE,
                       file->retention};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        buf_add(&text, all[i]);
        buf_add_char(&text, ' ');
    }
    return text_fold(arena, buf_str(&text));
}

static bool text_fits(Arena *arena, const ShelfFile *file, Str query) {
    Str word, words = words_of(arena, file);
    while (str_split(&query, ' ', &word))
        if (str_find(words, word) < 0) return false;
    return true;
}

static bool wish_fits(Arena *arena, const ShelfFile *file, const ShelfWish *wish, Str text) {
    if (!str_empty(wish->division) && !(file->row && str_eq(file->row->division, wish->division)))
        return false;
    if (wish->fiscal_year && file->fiscal_year != wish->fiscal_year) return false;
    if (wish->states && !(wish->states & 1u << file->state)) return false;
    return str_empty(text) || text_fits(arena, file, text);
}

static int file_order(const void *a, const void *b) {
    const ShelfFile *x = a, *y = b;
    if (x->fiscal_year != y->fiscal_year) return y->fiscal_year - x->fiscal_year;
    if (x->row && y->row && x->row != y->row) return str_cmp(x->row->id, y->row->id);
    if (!x->row != !y->row) return x->row ? -1 : 1;
    return str_cmp(x->label, y->label);
}

static Rc shelf_all(Ctx *ctx, bool loose, ShelfFiles *out) {
    Listing listing = {.ctx = ctx, .files = out, .recorded = map_new(ctx->arena)};
    *out = (ShelfFiles){0};
    TRY(tallies_load(ctx, loose, &listing));
    VEC_EACH (ShelfFile, file, out)
        TRY(file_fill(ctx, &listing.recorded, file));
    return RC_OK;
}

Rc shelf_list(Ctx *ctx, const ShelfWish *wish, ShelfFiles *out) {
    ShelfFiles all;
    TRY(shelf_all(ctx, wish->loose, &all));
    if (all.len) qsort(all.items, all.len, sizeof *all.items, file_order);
    shelf_pick(ctx->arena, &all, wish, out);
    return RC_OK;
}

void shelf_pick(Arena *arena, const ShelfFiles *all, const ShelfWish *wish, ShelfFiles *out) {
    Str text = str_trim(text_fold(arena, wish->text));
    *out = (ShelfFiles){0};
    VEC_EACH (const ShelfFile, file, all)
        if (wish_fits(arena, file, wish, text)) vec_push(arena, out, *file);
}

Rc shelf_find(Ctx *ctx, Str code, ShelfFile *out) {
    ShelfFiles all;
    TRY(shelf_all(ctx, false, &all));
    VEC_EACH (const ShelfFile, file, &all) {
        *out = *file;
        if (str_eq(file->code, code)) return RC_OK;
    }
    return ctx_fail(ctx, RC_NOT_FOUND, "no-file", code, "The city keeps no such file.");
}

/* ---- the matters of a file ---- */

typedef struct Paging {
    Ctx *ctx;
    ShelfPage *page;
    size_t limit;
} Paging;

static bool matter_row(void *arg, Str key, Str value) {
    Paging *paging = arg;
    Arena *arena = paging->ctx->arena;
    Str rest = key, part;
    (void)value;
    if (paging->page->ids.len == paging->limit) {
        paging->page->next = hash_base64url(arena, key);
        return false;
    }
    while (str_split(&rest, BETWEEN, &part))
        ;
    vec_push(arena, &paging->page->ids, str_dup(arena, part));
    return true;
}

Rc shelf_matters(Ctx *ctx, const ShelfFile *file, Str after, size_t limit, ShelfPage *out) {
    Paging paging = {ctx, out, limit};
    RowsRange range = {.follower = "shelf",
                       .prefix =
                           str_fmt(ctx->arena, "l" STR_FMT "%c", STR_ARG(file->label), BETWEEN)};
    *out = (ShelfPage){0};
    if (!str_empty(after) && (!hash_from_base64url(ctx->arena, after, &range.from) ||
                              !str_starts(range.from, range.prefix)))
        return ctx_fail(ctx, RC_INVALID, "bad-page", STR("after"),
                        "There is no such page: begin with the first.");
    return project_rows(ctx, ctx->tenant->project, &range, matter_row, &paging);
}

Rc shelf_holds(Ctx *ctx, Str label, Str id, bool *out) {
    Str row, of;
    *out = false;
    Rc rc = project_row(ctx, ctx->tenant->project, "shelf",
                        str_fmt(ctx->arena, "m" STR_FMT, STR_ARG(id)), &row);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    *out = str_split(&row, BETWEEN, &of) && str_eq(of, label);
    return RC_OK;
}
