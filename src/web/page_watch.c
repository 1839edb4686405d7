/* page_watch: how the process is. */
#include "pages_int.h"

#include "mail/mail.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

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

/* Of notices; nothing where nobody is told by mail. */
static void mail_tiles(Ctx *ctx, JsonItems *tiles) {
    if (!ctx->tenant->mail) return;
    MailFigures mail = mail_figures(ctx->tenant->mail);
    const struct {
        Str ja, en;
        size_t value;
    } rows[] = {
        {STR("送信を待つメール"), STR("Mails waiting"), mail.waiting},
        {STR("送ったメール"), STR("Mails sent"), mail.sent},
        {STR("断られた宛先"), STR("Addresses refused"), mail.refused},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        tile_add(
            ctx, tiles,
            figure(ctx->arena, rows[i].ja, rows[i].en, json_of_int((int64_t)rows[i].value), ""));
}

/* Something waits for the operator. */
static bool is_troubled(const Ctx *ctx) {
    return ctx->tenant->mail && mail_figures(ctx->tenant->mail).troubled;
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
    mail_tiles(ctx, &tiles);
    vec_push(arena, &tables, followers_table(ctx, head, reached));
    vec_push(arena, &tables, files);
    if (aside.len) vec_push(arena, &tables, aside_table(ctx, &aside));
    view_bool(&view, "aside", aside.len > 0);
    view_str(&view, "level", aside.len || is_troubled(ctx) ? STR("warn") : STR("ok"));
    view_str(&view, "version", STR(MACHI_VERSION));
    view_int(&view, "since", pages_options(x)->since);
    view_items(&view, "tiles", &tiles);
    view_items(&view, "tables", &tables);
    page_show(x, 200, WEB_PAGE_OPERATOR, &view);
}

#define OPERATOR (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_OPERATOR))

const HttpRoute page_watch_rows[] = {
    {HTTP_GET, "/operate", operate_get, HTTP_POOL, 0, OPERATOR, "Operation", "How the process is",
     NULL, NULL, page_shown},
};
ROWS(page_watch_count, page_watch_rows);
