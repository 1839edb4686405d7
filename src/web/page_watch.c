/* page_watch: who looked and the proof of it, how the process is, and which interfaces there are.
 */
#include "pages_int.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { LOG_PAGE = 100 };

/* ---- the access log ---- */

static Json entry_value(HttpExchange *x, const Look *look) {
    Arena *arena = http_ctx(x)->arena;
    View one = view_new(arena);
    view_int(&one, "at", look->at);
    view_set(&one, "post",
             str_empty(look->post) ? json_of_str(look->actor) : page_post(x, look->post));
    view_set(&one, "purpose", page_purpose(x, look->purpose));
    view_set(&one, "act", view_text(arena, STR("閲覧"), STR("Look")));
    view_str(&one, "case", look->case_id);
    view_int(&one, "subjects", (int64_t)look->subjects);
    view_int(&one, "position", (int64_t)look->position);
    view_str(&one, "url", str_fmt(arena, "/audit/%llu", (unsigned long long)look->position));
    view_bool(&one, "glass", look->glass);
    return view_value(&one);
}

/* Days of the filter, both ends included; a look outside is passed over. */
typedef struct LogFilter {
    int64_t from, to;
    Str post, purpose;
} LogFilter;

static LogFilter filter_read(const HttpExchange *x) {
    LogFilter filter = {.from = INT64_MIN, .to = INT64_MAX};
    Date date;
    if (time_parse_date(http_query_or(x, "from", STR_NONE), &date))
        filter.from = time_jst_start(date);
    if (time_parse_date(http_query_or(x, "to", STR_NONE), &date))
        filter.to = time_jst_start(date) + TIME_DAY;
    filter.post = str_trim(http_query_or(x, "post", STR_NONE));
    filter.purpose = str_trim(http_query_or(x, "purpose", STR_NONE));
    return filter;
}

static bool passes(const LogFilter *filter, const Look *look) {
    return look->at >= filter->from && look->at < filter->to &&
           (str_empty(filter->post) || str_find(look->post, filter->post) >= 0) &&
           (str_empty(filter->purpose) || str_find(look->purpose, filter->purpose) >= 0);
}

static void filters_value(HttpExchange *x, View *view) {
    static const char *const names[] = {"from", "to", "post", "purpose"};
    View filters = view_new(view->arena);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        view_str(&filters, names[i], http_query_or(x, names[i], STR_NONE));
    view_set(view, "filters", view_value(&filters));
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

static void audit_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    int64_t before = 0;
    Looks looks;
    JsonItems entries = {0};
    LogFilter filter = filter_read(x);
    View view = page_view(x);
    (void)str_to_i64(http_query_or(x, "before", STR_NONE), &before);
    LooksQuery query = {.before = before > 0 ? (uint64_t)before : 0, .limit = LOG_PAGE};
    Rc rc = project_looks(ctx, ctx->tenant->project, &query, &looks);
    if (rc == RC_OK) rc = checkpoint_value(ctx, &view);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    VEC_EACH (Look, look, &looks)
        if (passes(&filter, look)) vec_push(ctx->arena, &entries, entry_value(x, look));
    bool more = looks.len == LOG_PAGE;
    view_str(&view, "command",
             STR("machi-verify DATA/tenants/default --witness DATA/witness/default.witness"));
    filters_value(x, &view);
    view_int(&view, "total", (int64_t)entries.len);
    view_items(&view, "entries", &entries);
    view_str(&view, "newer", before > 0 ? STR("/audit") : STR_NONE);
    view_str(&view, "older",
             more ? str_fmt(ctx->arena, "/audit?before=%llu",
                            (unsigned long long)looks.items[looks.len - 1].position)
                  : STR_NONE);
    page_show(x, 200, WEB_PAGE_ACCESS_LOG, &view);
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
    view_set(view, "look", found ? entry_value(x, &looks.items[0]) : json_of_null());
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

/* ---- the operator ---- */

static Json figure(Arena *arena, Str ja, Str en, Json value, const char *unit) {
    View one = view_new(arena);
    view_set(&one, "label", view_text(arena, ja, en));
    view_set(&one, "value", value);
    view_int(&one, "decimals", value.is_int ? 0 : 1);
    view_bool(&one, "few", false);
    view_bool(&one, "about", false);
    view_str(&one, "unit", str_of(unit));
    view_set(&one, "source", view_text(arena, STR("このプロセス"), STR("This process")));
    view_null(&one, "n");
    view_null(&one, "level");
    view_null(&one, "url");
    view_null(&one, "id");
    return view_value(&one);
}

static void tile_add(Ctx *ctx, JsonItems *tiles, Json tile) {
    View one = {.arena = ctx->arena};
    for (size_t i = 0; i < tile.len; i++)
        vec_push(ctx->arena, &one.members, tile.value.members[i]);
    view_int(&one, "time", time_now(ctx->clock));
    vec_push(ctx->arena, tiles, view_value(&one));
}

static double disk_free_gb(Ctx *ctx) {
    struct statvfs disk;
    if (statvfs(str_z(ctx->arena, ctx->tenant->folder), &disk) != 0) return 0;
    double gb = (double)disk.f_bavail * (double)disk.f_frsize / 1e9;
    return (double)(int64_t)(gb * 10) / 10;
}

static Json table_value(Arena *arena, const char *id, const Json *columns, size_t n,
                        const JsonItems *rows) {
    View table = view_new(arena);
    view_str(&table, "id", str_of(id));
    view_set(&table, "columns", json_of_items(columns, n));
    view_items(&table, "rows", rows);
    return view_value(&table);
}

static int name_order(const void *a, const void *b) {
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

/* What lies in the tenant's folder, in order. */
static Rc file_names(Ctx *ctx, StrVec *out) {
    DIR *folder = opendir(str_z(ctx->arena, ctx->tenant->folder));
    if (!folder)
        return ctx_fail(ctx, RC_FAILED, "disk", ctx->tenant->folder,
                        "This folder cannot be read: %s.", strerrordesc_np(errno));
    for (const struct dirent *entry; (entry = readdir(folder));)
        vec_push(ctx->arena, out, str_dup(ctx->arena, str_of(entry->d_name)));
    closedir(folder);
    if (out->len) qsort(out->items, out->len, sizeof *out->items, name_order);
    return RC_OK;
}

/* Databases, and their logs beside them. One that has gone meanwhile is left out. */
static Rc files_table(Ctx *ctx, Json *out) {
    Arena *arena = ctx->arena;
    Json *columns = NEW_ARRAY(arena, Json, 2);
    JsonItems rows = {0};
    StrVec names = {0};
    TRY(file_names(ctx, &names));
    VEC_EACH (const Str, name, &names) {
        struct stat stat;
        Str path =
            str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(ctx->tenant->folder), STR_ARG(*name));
        if (lstat(path.ptr, &stat) != 0 || !S_ISREG(stat.st_mode)) continue;
        Json *row = NEW_ARRAY(arena, Json, 2);
        row[0] = json_of_str(*name);
        row[1] = json_of_int((int64_t)stat.st_size);
        vec_push(arena, &rows, json_of_items(row, 2));
    }
    columns[0] = json_of_str(STR("name"));
    columns[1] = json_of_str(STR("bytes"));
    *out = table_value(arena, "files", columns, 2, &rows);
    return RC_OK;
}

static Json followers_table(Ctx *ctx, uint64_t head, uint64_t reached) {
    static const char *const columns_of[] = {"name", "position", "lag"};
    Json *columns = NEW_ARRAY(ctx->arena, Json, 3), *row = NEW_ARRAY(ctx->arena, Json, 3);
    JsonItems rows = {0};
    for (size_t i = 0; i < 3; i++)
        columns[i] = json_of_str(str_of(columns_of[i]));
    row[0] = json_of_str(STR("projections"));
    row[1] = json_of_int((int64_t)reached);
    row[2] = json_of_int((int64_t)(head - reached));
    vec_push(ctx->arena, &rows, json_of_items(row, 3));
    return table_value(ctx->arena, "followers", columns, 3, &rows);
}

/* Events that a follower couldn't apply; the city goes on without what they changed. */
static Json aside_table(Ctx *ctx, const AsideEvents *aside) {
    static const char *const columns_of[] = {"position", "name", "why"};
    Json *columns = NEW_ARRAY(ctx->arena, Json, 3);
    JsonItems rows = {0};
    for (size_t i = 0; i < 3; i++)
        columns[i] = json_of_str(str_of(columns_of[i]));
    VEC_EACH (const AsideEvent, one, aside) {
        Json *row = NEW_ARRAY(ctx->arena, Json, 3);
        row[0] = json_of_int((int64_t)one->position);
        row[1] = str_eq(one->follower, STR("*")) ? view_text(ctx->arena, STR("すべて"), STR("All"))
                                                 : json_of_str(one->follower);
        row[2] = json_of_str(one->why);
        vec_push(ctx->arena, &rows, json_of_items(row, 3));
    }
    return table_value(ctx->arena, "aside", columns, 3, &rows);
}

static void operate_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Arena *arena = ctx->arena;
    HttpCounters counters = http_counters(pages_options(x)->server);
    uint64_t head = ledger_head(ctx->tenant->ledger),
             reached = project_reached(ctx->tenant->project);
    StoreCounts store = store_counts(ledger_store(ctx->tenant->ledger));
    JsonItems tiles = {0}, tables = {0};
    AsideEvents aside;
    Json files;
    if (project_aside(ctx, ctx->tenant->project, &aside) != RC_OK ||
        files_table(ctx, &files) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    tile_add(ctx, &tiles,
             figure(arena, STR("台帳の記録"), STR("Leaves in the ledger"),
                    json_of_int((int64_t)head), ""));
    tile_add(ctx, &tiles,
             figure(arena, STR("投影の遅れ"), STR("Projections behind"),
                    json_of_int((int64_t)(head - reached)), ""));
    tile_add(
        ctx, &tiles,
        figure(arena, STR("応答"), STR("Answers"), json_of_int((int64_t)counters.requests), ""));
    tile_add(ctx, &tiles,
             figure(arena, STR("エラー応答"), STR("Answers 5xx"),
                    json_of_int((int64_t)counters.by_class[5]), ""));
    tile_add(ctx, &tiles,
             figure(arena, STR("確定"), STR("Commits"), json_of_int((int64_t)store.commits), ""));
    tile_add(
        ctx, &tiles,
        figure(arena, STR("空き容量"), STR("Free disk"), json_of_number(disk_free_gb(ctx)), "GB"));
    vec_push(arena, &tables, followers_table(ctx, head, reached));
    vec_push(arena, &tables, files);
    if (aside.len) vec_push(arena, &tables, aside_table(ctx, &aside));
    view_bool(&view, "aside", aside.len > 0);
    view_str(&view, "level", aside.len ? STR("warn") : STR("ok"));
    view_str(&view, "version", STR(MACHI_VERSION));
    view_int(&view, "since", pages_options(x)->since);
    view_items(&view, "tiles", &tiles);
    view_items(&view, "tables", &tables);
    page_show(x, 200, WEB_PAGE_OPERATOR, &view);
}

#define AUDITOR  (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_AUDITOR))
#define OPERATOR (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_OPERATOR))

PAGE_ANSWERS(proof_answers, {200, "application/json", "Proof"});

const HttpRoute page_watch_rows[] = {
    {HTTP_GET, "/audit", audit_get, HTTP_POOL, 0, AUDITOR, "Audit", "Who looked", NULL, NULL,
     page_shown},
    {HTTP_GET, "/audit/{position}", leaf_get, HTTP_POOL, 0, AUDITOR, "Audit",
     "One leaf and its proof", NULL, NULL, page_shown},
    {HTTP_GET, "/audit/{position}/json", proof_get, HTTP_POOL, 0, AUDITOR, "Audit",
     "The proof of one leaf, to check it elsewhere", NULL, NULL, proof_answers},
    {HTTP_GET, "/operate", operate_get, HTTP_POOL, 0, OPERATOR, "Operation", "How the process is",
     NULL, NULL, page_shown},
};
ROWS(page_watch_count, page_watch_rows);
