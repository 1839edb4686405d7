#include "procedure_int.h"

#include "shelf.h"

#include <stdlib.h>

enum { FOLLOWER_VERSION = 1, BETWEEN = 0x1F, DATE = 10, WORDS_MAX = 4096 };

#define DECISION_ID_PREFIX "urn:ngsi-ld:Decision:"

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
   key; 't' label → count, open, unfiled; 'l' label US begin US id → nothing; 'e' label US end US id
   → nothing. From what lies in clear, so that a disposal changes none of them. */

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

static Str label_by_type(Ctx *ctx, const Entity *entity, Str begin) {
    Date day;
    if (!time_parse_date(begin, &day)) return STR_NONE;
    return file_label(ctx->arena, dictionary_file(ctx->tenant->dictionary, entity),
                      time_fiscal_year(day));
}

static void case_matter(Ctx *ctx, const Entity *application, Matter *out) {
    Str own = entity_text(application, IRI("retentionFile"));
    CaseState state = case_state(application);
    bool joined = str_eq(entity_text(application, IRI("procedureState")), STR("joined"));
    bool ended = joined || (state < CASE_STATES && (1u << state & CASE_ENDS));
    out->begin = day_of(ctx->arena, entity_text(application, IRI("submittedAt")));
    if (ended) out->end = day_of(ctx->arena, entity_text(application, IRI("completedAt")));
    if (ended && str_empty(out->end))
        out->end = day_of(ctx->arena, entity_text(application, IRI("stateAt")));
    out->own = !str_empty(own);
    out->label = out->own ? own : label_by_type(ctx, application, out->begin);
}

static void decision_matter(Ctx *ctx, const Entity *decision, Matter *out) {
    bool waits = str_eq(entity_text(decision, IRI("state")), STR("waiting"));
    Str decided = entity_text(decision, IRI("decidedAt"));
    out->begin = day_of(ctx->arena, entity_text(decision, IRI("draftedAt")));
    if (!waits) out->end = str_empty(decided) ? out->begin : day_of(ctx->arena, decided);
    out->label = label_by_type(ctx, decision, out->begin);
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

static Rc tally_read(Ctx *ctx, Str key, Str text, int64_t counts[3]) {
    Str item;
    for (size_t i = 0; i < 3; i++)
        if (!str_split(&text, ' ', &item) || !str_to_i64(item, &counts[i]))
            return damaged(ctx, key);
    return RC_OK;
}

/* by: 1 or -1. */
static Rc tally_move(Ctx *ctx, Rows *rows, const Matter *matter, int64_t by) {
    int64_t counts[3] = {0};
    Str key = str_fmt(ctx->arena, "t" STR_FMT, STR_ARG(matter->label)), text;
    Rc rc = rows_get(ctx, rows, key, &text);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) TRY(tally_read(ctx, key, text, counts));
    counts[0] += by;
    if (str_empty(matter->end)) counts[1] += by;
    if (!matter->own) counts[2] += by;
    if (counts[0] == 0) return rows_delete(ctx, rows, key);
    return rows_put(ctx, rows, key,
                    str_fmt(ctx->arena, "%lld %lld %lld", (long long)counts[0],
                            (long long)counts[1], (long long)counts[2]));
}

static Rc counted_drop(Ctx *ctx, Rows *rows, Str id, const Matter *matter) {
    Arena *arena = ctx->arena;
    if (str_empty(matter->label)) return RC_OK;
    TRY(tally_move(ctx, rows, matter, -1));
    TRY(rows_delete(ctx, rows, joined3(arena, 'l', matter->label, matter->begin, id)));
    if (!str_empty(matter->end))
        TRY(rows_delete(ctx, rows, joined3(arena, 'e', matter->label, matter->end, id)));
    return rows_delete(ctx, rows, str_fmt(arena, "m" STR_FMT, STR_ARG(id)));
}

static Rc counted_take(Ctx *ctx, Rows *rows, Str id, const Matter *matter) {
    Arena *arena = ctx->arena;
    if (str_empty(matter->label)) return RC_OK;
    TRY(tally_move(ctx, rows, matter, 1));
    TRY(rows_put(ctx, rows, joined3(arena, 'l', matter->label, matter->begin, id), STR_NONE));
    if (!str_empty(matter->end))
        TRY(rows_put(ctx, rows, joined3(arena, 'e', matter->label, matter->end, id), STR_NONE));
    Str value = str_fmt(arena, STR_FMT "%c" STR_FMT "%c" STR_FMT "%c%s", STR_ARG(matter->label),
                        BETWEEN, STR_ARG(matter->begin), BETWEEN, STR_ARG(matter->end), BETWEEN,
                        matter->own ? "1" : "0");
    return rows_put(ctx, rows, str_fmt(arena, "m" STR_FMT, STR_ARG(id)), value);
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

static Rc shelf_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    Entity *entity;
    Matter before, after = {0};
    Str id = event->delta ? event->delta->id : STR_NONE;
    bool case_of = str_starts(id, STR(CASE_ID_PREFIX));
    (void)arg;
    if (!case_of && !str_starts(id, STR(DECISION_ID_PREFIX))) return RC_OK;
    TRY(matter_get(ctx, rows, str_fmt(ctx->arena, "m" STR_FMT, STR_ARG(id)), &before));
    TRY(project_event_entity(ctx, event, &entity));
    if (entity && case_of) case_matter(ctx, entity, &after);
    if (entity && !case_of) decision_matter(ctx, entity, &after);
    own_keep(&before, &after);
    if (matter_same(&before, &after)) return RC_OK;
    TRY(counted_drop(ctx, rows, id, &before));
    return counted_take(ctx, rows, id, &after);
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

/* The days in its rows: when the first came, and the last ended. */
typedef struct Edge {
    size_t before; /* bytes of a key before its date */
    Date day;
} Edge;

static bool edge_row(void *arg, Str key, Str value) {
    Edge *edge = arg;
    (void)value;
    if (!time_parse_date(str_sub(key, edge->before, edge->before + DATE), &edge->day))
        edge->day = (Date){0};
    return false;
}

static Rc edge_read(Ctx *ctx, char kind, Str label, bool last, Date *out) {
    Str prefix = str_fmt(ctx->arena, "%c" STR_FMT "%c", kind, STR_ARG(label), BETWEEN);
    Edge edge = {.before = prefix.len};
    RowsRange range = {.follower = "shelf", .prefix = prefix, .backwards = last, .limit = 1};
    TRY(project_rows(ctx, ctx->tenant->project, &range, edge_row, &edge));
    *out = edge.day;
    return RC_OK;
}

static Rc record_load(Ctx *ctx, ShelfFile *file) {
    const Entity *entity = NULL;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, file_id(ctx->arena, file->label), &entity);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_NOT_FOUND) entity = NULL;
    if (!file_record_good(entity)) return file_record_damaged(ctx, file->label);
    file_record_read(entity, file->label, &file->record);
    return RC_OK;
}

static Rc file_fill(Ctx *ctx, ShelfFile *file) {
    if (!file_label_read(file->label, &file->retention, &file->fiscal_year))
        return damaged(ctx, file->label);
    file->row = file_table_row(shelf_table(ctx->tenant), file->retention);
    file->code = file_code(ctx->arena, file->label);
    TRY(record_load(ctx, file));
    TRY(edge_read(ctx, 'l', file->label, false, &file->from));
    TRY(edge_read(ctx, 'e', file->label, true, &file->to));
    bool ends = file->open == 0 && file->to.year && file->row && file->row->years;
    if (ends) file->until = file_until(file->to, file->row->years);
    file->state = state_on(file, time_jst_date(time_now(ctx->clock)));
    return RC_OK;
}

typedef struct Listing {
    Ctx *ctx;
    ShelfFiles *files;
    Rc rc;
} Listing;

static bool tally_row(void *arg, Str key, Str value) {
    Listing *listing = arg;
    int64_t counts[3] = {0};
    listing->rc = tally_read(listing->ctx, key, value, counts);
    if (listing->rc != RC_OK) return false;
    vec_push(listing->ctx->arena, listing->files,
             (ShelfFile){.label = str_dup(listing->ctx->arena, str_sub(key, 1, key.len)),
                         .count = counts[0],
                         .open = counts[1],
                         .unfiled = counts[2]});
    return true;
}

static Rc tallies_load(Ctx *ctx, bool loose, ShelfFiles *out) {
    Listing listing = {ctx, out, RC_OK};
    RowsRange range = {.follower = "shelf", .prefix = STR("t")};
    *out = (ShelfFiles){0};
    if (!loose) TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    TRY(project_rows(ctx, ctx->tenant->project, &range, tally_row, &listing));
    return listing.rc;
}

/* ---- titles, and what is found by them ---- */

static Str text_of(const Json *text, const char *language, Str otherwise) {
    Str said = json_get_str(text, language);
    return str_empty(said) ? otherwise : said;
}

Json shelf_title(Arena *arena, const ShelfFile *file) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    const Json *name = file->row ? file->row->name : NULL;
    Str year = time_format_fiscal(arena, file->fiscal_year);
    Str ja = str_fmt(arena, STR_FMT "（" STR_FMT "）",
                     STR_ARG(text_of(name, "ja", file->retention)), STR_ARG(year));
    Str en = str_fmt(arena, STR_FMT " (fiscal year %d)",
                     STR_ARG(text_of(name, "en", file->retention)), file->fiscal_year);
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

Rc shelf_list(Ctx *ctx, const ShelfWish *wish, ShelfFiles *out) {
    ShelfFiles all;
    TRY(tallies_load(ctx, wish->loose, &all));
    VEC_EACH (ShelfFile, file, &all)
        TRY(file_fill(ctx, file));
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
    TRY(tallies_load(ctx, false, &all));
    VEC_EACH (ShelfFile, file, &all) {
        if (!str_eq(file_code(ctx->arena, file->label), code)) continue;
        *out = *file;
        return file_fill(ctx, out);
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
