/* page_audit: who looked, by day, post and purpose; one leaf of the ledger and its proof. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { LOG_PAGE = 100, LOG_READ = 500, LOG_COUNTED = 10000 };

/* ---- what the log is asked ---- */

static const char *const filter_names[] = {"from", "to", "post", "purpose"};
enum { FILTERS = sizeof filter_names / sizeof *filter_names };

/* Days of the filter, both ends included; a look outside is passed over. */
typedef struct LogFilter {
    int64_t from, to;
    Str post, purpose; /* parts of an id, or of what is shown for it */
} LogFilter;

/* True where a day is given; what is none is a fault. */
static bool day_read(HttpExchange *x, const char *name, Date *out, Faults *faults) {
    Str text = str_trim(http_query_or(x, name, STR_NONE));
    if (str_empty(text)) return false;
    if (time_parse_date(text, out)) return true;
    vec_push(http_ctx(x)->arena, faults, (Fault){name, "format"});
    return false;
}

static LogFilter filter_read(HttpExchange *x, Faults *faults) {
    LogFilter filter = {.from = INT64_MIN, .to = INT64_MAX};
    Date from, to;
    bool has_from = day_read(x, "from", &from, faults), has_to = day_read(x, "to", &to, faults);
    if (has_from) filter.from = time_jst_start(from);
    if (has_to) filter.to = time_jst_start(to) + TIME_DAY;
    if (has_from && has_to && filter.from >= filter.to)
        vec_push(http_ctx(x)->arena, faults, (Fault){"to", "order"});
    filter.post = str_trim(http_query_or(x, "post", STR_NONE));
    filter.purpose = str_trim(http_query_or(x, "purpose", STR_NONE));
    return filter;
}

static bool has(Str text, Str part) {
    return str_find(text, part) >= 0;
}

static bool post_passes(const Gate *gate, Str part, Str id) {
    const GatePost *post = gate_post(gate, id);
    return str_empty(part) || has(id, part) ||
           (post && (has(post->title_ja, part) || has(post->title_en, part)));
}

static bool purpose_passes(const Gate *gate, Str part, Str code) {
    const GatePurpose *purpose = gate_purpose(gate, code);
    return str_empty(part) || has(code, part) ||
           (purpose && (has(purpose->name_ja, part) || has(purpose->name_en, part)));
}

static bool passes(const Gate *gate, const LogFilter *filter, const Look *look) {
    return look->at >= filter->from && look->at < filter->to &&
           post_passes(gate, filter->post, look->post) &&
           purpose_passes(gate, filter->purpose, look->purpose);
}

static void filters_value(HttpExchange *x, View *view) {
    View filters = view_new(view->arena);
    for (size_t i = 0; i < FILTERS; i++)
        view_str(&filters, filter_names[i], http_query_or(x, filter_names[i], STR_NONE));
    view_set(view, "filters", view_value(&filters));
}

/* The log from a position on, under the same filter; 0: from the newest. */
static Str log_url(HttpExchange *x, uint64_t before) {
    Arena *arena = http_ctx(x)->arena;
    Buf url = buf_new(arena, 1 << 20);
    buf_add(&url, STR("/audit?"));
    for (size_t i = 0; i < FILTERS; i++) {
        Str value = http_url_encode(arena, http_query_or(x, filter_names[i], STR_NONE));
        if (!str_empty(value)) buf_addf(&url, "%s=" STR_FMT "&", filter_names[i], STR_ARG(value));
    }
    if (before) buf_addf(&url, "before=%llu&", (unsigned long long)before);
    Str whole = buf_str(&url);
    return str_head(whole, whole.len - 1);
}

/* ---- one look ---- */

/* By which people know a record: what it is, and its number. One whose number is personal, as a
   receipt's, or that has gone, by the end of its id: telling it would be a look itself. */
static Rc record_label(Ctx *ctx, Str id, Json *out) {
    enum { ID_END = 6 };
    const Entity *whole = NULL;
    *out = json_of_null();
    if (str_empty(id)) return RC_OK;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &whole);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    const Entity *seen = whole ? gate_view(ctx, NULL, whole) : NULL;
    Str number = seen ? entity_text(seen, IRI("number")) : STR_NONE;
    if (str_empty(number))
        number = str_fmt(ctx->arena, "…" STR_FMT,
                         STR_ARG(str_sub(id, id.len > ID_END ? id.len - ID_END : 0, id.len)));
    const DictType *type = whole && whole->types.len
                               ? dictionary_type(ctx->tenant->dictionary, whole->types.items[0])
                               : NULL;
    *out = type ? view_text(ctx->arena,
                            str_fmt(ctx->arena, STR_FMT " " STR_FMT, STR_ARG(type->label_ja),
                                    STR_ARG(number)),
                            str_fmt(ctx->arena, STR_FMT " " STR_FMT, STR_ARG(type->label_en),
                                    STR_ARG(number)))
                : json_of_str(number);
    return RC_OK;
}

static Rc entry_value(HttpExchange *x, const Look *look, Json *out) {
    Arena *arena = http_ctx(x)->arena;
    View one = view_new(arena);
    Json record;
    TRY(record_label(http_ctx(x), look->case_id, &record));
    view_int(&one, "at", look->at);
    view_set(&one, "post",
             str_empty(look->post) ? json_of_str(look->actor) : page_post(x, look->post));
    view_set(&one, "purpose", page_purpose(x, look->purpose));
    view_set(&one, "act", view_text(arena, STR("閲覧"), STR("Look")));
    view_set(&one, "case", record);
    view_str(&one, "record", look->case_id);
    view_int(&one, "subjects", (int64_t)look->subjects);
    view_int(&one, "position", (int64_t)look->position);
    view_str(&one, "url", str_fmt(arena, "/audit/%llu", (unsigned long long)look->position));
    view_bool(&one, "glass", look->glass);
    *out = view_value(&one);
    return RC_OK;
}

/* ---- the access log ---- */

/* A walk through the log from the newest look before a position to older ones, until as many were
   found as are wanted or LOG_COUNTED were read. */
typedef struct LogWalk {
    const LogFilter *filter;
    size_t wanted;
    uint64_t before; /* and then: where it has stopped; 0: from the newest */
    Looks *keep;     /* NULL: they are counted only */
    size_t found, read;
    bool end; /* there are no older ones */
} LogWalk;

static void log_sift(Ctx *ctx, LogWalk *walk, const Looks *looks) {
    for (size_t i = 0; i < looks->len && walk->found < walk->wanted; i++) {
        const Look *look = &looks->items[i];
        walk->read++;
        walk->before = look->position;
        if (!passes(ctx->tenant->gate, walk->filter, look)) continue;
        walk->found++;
        if (walk->keep) vec_push(ctx->arena, walk->keep, *look);
    }
}

static Rc log_walk(Ctx *ctx, LogWalk *walk) {
    while (walk->found < walk->wanted && walk->read < LOG_COUNTED && !walk->end) {
        ArenaMark mark = arena_mark(ctx->arena);
        size_t found = walk->found;
        Looks looks;
        LooksQuery query = {.before = walk->before, .limit = LOG_READ};
        TRY(project_looks(ctx, ctx->tenant->project, &query, &looks));
        log_sift(ctx, walk, &looks);
        walk->end = looks.len < LOG_READ && walk->found < walk->wanted;
        if (!walk->keep || walk->found == found) arena_rewind(ctx->arena, mark);
    }
    return RC_OK;
}

/* How many the log holds under this filter: all, or those among the newest LOG_COUNTED (`least`).
 */
static Rc count_value(Ctx *ctx, const LogFilter *filter, View *view) {
    LogWalk walk = {.filter = filter, .wanted = SIZE_MAX};
    TRY(log_walk(ctx, &walk));
    view_int(view, "total", (int64_t)walk.found);
    view_bool(view, "least", !walk.end);
    return RC_OK;
}

/* One page. Where nothing more was found in what a walk reads, "older" goes on behind it. */
static Rc entries_value(HttpExchange *x, const LogFilter *filter, View *view) {
    Ctx *ctx = http_ctx(x);
    int64_t before = 0;
    Looks looks = {0};
    JsonItems entries = {0};
    (void)str_to_i64(http_query_or(x, "before", STR_NONE), &before);
    LogWalk walk = {.filter = filter,
                    .wanted = LOG_PAGE + 1, /* one more tells whether there is a next page */
                    .before = before > 0 ? (uint64_t)before : 0,
                    .keep = &looks};
    TRY(log_walk(ctx, &walk));
    if (looks.len > LOG_PAGE) walk.before = looks.items[--looks.len - 1].position;
    VEC_EACH (const Look, look, &looks) {
        Json entry;
        TRY(entry_value(x, look, &entry));
        vec_push(ctx->arena, &entries, entry);
    }
    view_items(view, "entries", &entries);
    view_str(view, "newer", before > 0 ? log_url(x, 0) : STR_NONE);
    view_str(view, "older", walk.end ? STR_NONE : log_url(x, walk.before));
    return RC_OK;
}

/* The tree is checked against the witness file as the page is drawn. */
static Rc checkpoint_value(Ctx *ctx, View *view) {
    LedgerWitness witness;
    View one = view_new(ctx->arena);
    TRY(ledger_witnessed(ctx, ctx->tenant->ledger, &witness));
    view_int(&one, "size", (int64_t)witness.size);
    view_str(&one, "root", witness.root);
    view_bool(&one, "consistent", witness.size == 0 || witness.consistent);
    view_set(&one, "witness",
             witness.size ? view_text(ctx->arena, STR("証人ファイル"), STR("witness file"))
                          : json_of_null());
    view_set(view, "checkpoint", view_value(&one));
    return RC_OK;
}

static void faulty_show(HttpExchange *x, View *view, const Faults *faults) {
    page_faults(view, faults);
    view_null(view, "total");
    view_bool(view, "least", false);
    view_items(view, "entries", &(JsonItems){0});
    view_null(view, "newer");
    view_null(view, "older");
    page_show(x, 422, WEB_PAGE_ACCESS_LOG, view);
}

static void audit_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Faults faults = {0};
    LogFilter filter = filter_read(x, &faults);
    View view = page_view(x);
    view_str(&view, "command",
             STR("machi-verify DATA/tenants/default --witness DATA/witness/default.witness"));
    filters_value(x, &view);
    Rc rc = checkpoint_value(ctx, &view);
    if (rc == RC_OK && faults.len) {
        faulty_show(x, &view, &faults);
        return;
    }
    if (rc == RC_OK) rc = count_value(ctx, &filter, &view);
    if (rc == RC_OK) rc = entries_value(x, &filter, &view);
    if (rc == RC_OK)
        page_show(x, 200, WEB_PAGE_ACCESS_LOG, &view);
    else
        page_fail(x);
}

/* ---- one leaf ---- */

/* What the newest checkpoint of the witness file says of a leaf: it covers it or it doesn't, and
 * the tree is still as it was then. */
static Rc witness_value(Ctx *ctx, uint64_t position, View *one) {
    LedgerWitness witness;
    Arena *arena = ctx->arena;
    view_null(one, "witness");
    TRY(ledger_witnessed(ctx, ctx->tenant->ledger, &witness));
    bool covers = witness.size >= position;
    view_bool(one, "differs", witness.size && !witness.consistent);
    if (!covers) return RC_OK;
    unsigned long long size = witness.size;
    view_set(one, "witness",
             view_text(arena, str_fmt(arena, "証人ファイルの、%llu件までのチェックポイント", size),
                       str_fmt(arena, "the witness file's checkpoint over %llu records", size)));
    return RC_OK;
}

/* The checkpoint over a new leaf is signed within a second; until then the page says that it waits.
 */
Rc page_proof(Ctx *ctx, uint64_t position, View *view, const Json **out) {
    static const char *const names[] = {"leaf", "checkpoint", "size"};
    const Json *proof = NULL;
    View one = view_new(ctx->arena);
    Rc rc = ledger_proof(ctx, ctx->tenant->ledger, position, &proof);
    if (rc != RC_OK && rc != RC_BUSY) return rc;
    view_int(&one, "position", (int64_t)position);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        view_null(&one, names[i]);
    Str note = proof ? json_get_str(proof, "checkpoint") : STR_NONE, line;
    if (proof) view_str(&one, "leaf", json_get_str(proof, "leafHash"));
    for (int i = 0; i < 3 && str_split(&note, '\n', &line); i++) {
        int64_t size;
        if (i == 1 && str_to_i64(line, &size)) view_int(&one, "size", size);
        if (i == 2) view_str(&one, "checkpoint", line);
    }
    TRY(witness_value(ctx, position, &one));
    view_set(view, "proof", view_value(&one));
    if (out) *out = proof;
    return RC_OK;
}

static Rc position_read(HttpExchange *x, uint64_t *out) {
    Ctx *ctx = http_ctx(x);
    int64_t position = 0;
    (void)str_to_i64(http_path_param(x, "position"), &position);
    *out = (uint64_t)position;
    return position > 0 ? RC_OK
                        : ctx_fail(ctx, RC_NOT_FOUND, "no-leaf", http_path_param(x, "position"),
                                   "There is no such leaf.");
}

/* `look`: what the leaf records, where that is a look. */
static Rc leaf_look(HttpExchange *x, uint64_t position, View *view) {
    Ctx *ctx = http_ctx(x);
    Looks looks;
    LooksQuery query = {.before = position + 1, .limit = 1};
    TRY(project_looks(ctx, ctx->tenant->project, &query, &looks));
    bool found = looks.len && looks.items[0].position == position;
    Json entry = json_of_null();
    if (found) TRY(entry_value(x, &looks.items[0], &entry));
    view_set(view, "look", entry);
    return RC_OK;
}

static void leaf_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Json *proof = NULL;
    uint64_t position;
    View view = page_view(x);
    Rc rc = position_read(x, &position);
    if (rc == RC_OK) rc = page_proof(ctx, position, &view, &proof);
    if (rc == RC_OK) rc = leaf_look(x, position, &view);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    unsigned long long number = position;
    page_crumb(&view, STR("閲覧記録"), STR("Access log"), STR("/audit"));
    view_int(&view, "position", (int64_t)position);
    view_json(&view, "hashes", json_get(proof, STR("path")));
    view_str(&view, "download", proof ? str_fmt(ctx->arena, "/audit/%llu/json", number) : STR_NONE);
    page_show(x, 200, WEB_PAGE_LEAF, &view);
}

/* The proof of one leaf, for whoever wants to check it elsewhere. */
static void proof_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Json *proof;
    uint64_t position;
    Buf body = buf_new(ctx->arena, 1 << 20);
    Rc rc = position_read(x, &position);
    if (rc == RC_OK) rc = ledger_proof(ctx, ctx->tenant->ledger, position, &proof);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    json_write(&body, proof);
    http_set_header(x, "Content-Disposition",
                    str_fmt(ctx->arena, "attachment; filename=\"proof-%llu.json\"",
                            (unsigned long long)position));
    http_answer(x, 200, STR("application/json"), buf_str(&body));
}

#define AUDITOR (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_AUDITOR))

PAGE_ANSWERS(proof_answers, {200, "application/json", "Proof"});

const HttpRoute page_audit_rows[] = {
    {HTTP_GET, "/audit", audit_get, HTTP_POOL, 0, AUDITOR, "Audit", "Who looked", NULL, NULL,
     page_shown},
    {HTTP_GET, "/audit/{position}", leaf_get, HTTP_POOL, 0, AUDITOR, "Audit",
     "One leaf and its proof", NULL, NULL, page_shown},
    {HTTP_GET, "/audit/{position}/json", proof_get, HTTP_POOL, 0, AUDITOR, "Audit",
     "The proof of one leaf, to check it elsewhere", NULL, NULL, proof_answers},
};
ROWS(page_audit_count, page_audit_rows);
