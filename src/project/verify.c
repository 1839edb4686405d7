/* verify: what the followers have kept, compared row by row with a rebuild from the ledger. The
   rebuild lies in a folder of its own beside the tenant's files, and goes when it has been
   compared.

   It is made up to the head first; then, within one snapshot of what is kept, brought to the very
   leaf that the snapshot stands at. So the snapshot is short, and a city may go on writing. */
#include "project_int.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { VERIFY_LOG = 1 << 20, KEY_SHOWN = 48 };
#define VERIFY_FOLDER "rebuilt.tmp"

typedef struct Verify {
    Ctx ctx; /* of the comparison: its arena is rewound after each row */
    Project *live, *copy;
    Tenant tenant; /* the copy's */
    Store *store;
    Reader *kept, *rebuilt;
    ProjectReport *report;
    Arena *arena; /* of the report */
    const char *follower;
    uint64_t seen; /* rows of the space at hand */
    Rc rc;
} Verify;

/* ---- the folder ---- */

static Str verify_folder(Arena *arena, const Tenant *tenant) {
    return str_fmt(arena, STR_FMT "/" VERIFY_FOLDER, STR_ARG(tenant->folder));
}

static void folder_drop(Ctx *ctx, Str path) {
    const char *name = str_z(ctx->arena, path);
    DIR *folder = opendir(name);
    if (!folder) return;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        bool self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        const char *child = str_fmt(ctx->arena, "%s/%s", name, entry->d_name).ptr;
        if (!self && unlink(child) != 0 && rmdir(child) != 0)
            log_warn("project", "%s is left over: %s", child, strerrordesc_np(errno));
    }
    closedir(folder);
    if (rmdir(name) != 0) log_warn("project", "%s is left over: %s", name, strerrordesc_np(errno));
}

void verify_tidy(Ctx *ctx, const Tenant *tenant) {
    if (tenant->folder.len) folder_drop(ctx, verify_folder(ctx->scratch, tenant));
}

/* ---- differences ---- */

static Str key_text(Arena *arena, Str key) {
    Buf text = buf_new(arena, 4 * KEY_SHOWN + 8);
    for (size_t i = 0; i < key.len && i < KEY_SHOWN; i++) {
        unsigned char c = (unsigned char)key.ptr[i];
        if (c >= ' ' && c < 0x7f)
            buf_add_char(&text, (char)c);
        else
            buf_addf(&text, "\\%02x", c);
    }
    if (key.len > KEY_SHOWN) buf_add(&text, STR("..."));
    return buf_str(&text);
}

static void differs(Verify *v, Str key, const char *how) {
    ProjectReport *report = v->report;
    report->differences++;
    if (report->first.len) return;
    report->first = str_fmt(v->arena, "%s: the row \"" STR_FMT "\" %s", v->follower,
                            STR_ARG(key_text(v->arena, key)), how);
}

/* False when an error of the other side ends the comparison. */
static bool judge(Verify *v, Rc rc, Str key, bool same) {
    v->seen++;
    if (rc == RC_NOT_FOUND)
        differs(v, key, "is kept, but isn't rebuilt");
    else if (rc != RC_OK)
        v->rc = rc;
    else if (!same)
        differs(v, key, "is kept with another value than is rebuilt");
    return v->rc == RC_OK;
}

/* ---- rows ---- */

static bool row_compare(void *arg, const Item *item) {
    Verify *v = arg;
    Str other = STR_NONE;
    ArenaMark mark = arena_mark(v->ctx.arena);
    Rc rc = reader_item(&v->ctx, v->rebuilt, project_space(v->follower), item->key, &other);
    bool more = judge(v, rc, item->key, rc == RC_OK && str_eq(other, item->value));
    if (more) arena_rewind(v->ctx.arena, mark);
    return more;
}

static bool row_missing(void *arg, const Item *item) {
    Verify *v = arg;
    Str other;
    ArenaMark mark = arena_mark(v->ctx.arena);
    Rc rc = reader_item(&v->ctx, v->kept, project_space(v->follower), item->key, &other);
    if (rc == RC_NOT_FOUND)
        differs(v, item->key, "is rebuilt, but isn't kept");
    else if (rc != RC_OK)
        v->rc = rc;
    arena_rewind(v->ctx.arena, mark);
    return v->rc == RC_OK;
}

static Rc rows_compare(Verify *v, const char *follower) {
    ItemRange range = {.space = project_space(follower)};
    uint64_t rebuilt;
    v->follower = follower;
    v->seen = 0;
    TRY(reader_items(&v->ctx, v->kept, &range, row_compare, v));
    TRY(v->rc);
    TRY(reader_items_count(&v->ctx, v->rebuilt, &range, &rebuilt));
    v->report->rows += v->seen;
    if (rebuilt == v->seen && !v->report->differences) return RC_OK;
    TRY(reader_items(&v->ctx, v->rebuilt, &range, row_missing, v));
    return v->rc;
}

/* ---- entities: sealed anew each time, so what they say is compared ---- */

static Rc record_text(Verify *v, Str body, Str *out) {
    Entity *entity;
    Buf text = buf_new(v->ctx.arena, VALUE_MAX);
    TRY(ledger_record_open(&v->ctx, v->live->tenant->ledger, body, &entity));
    entity_encode(&text, entity);
    *out = buf_str(&text);
    return buf_rc(&text);
}

static Rc entity_same(Verify *v, const EntityRow *kept, bool *same) {
    EntityRow other;
    Str a, b;
    *same = false;
    TRY(reader_entity(&v->ctx, v->rebuilt, kept->id, &other));
    Rc rc = record_text(v, kept->body, &a);
    if (rc != RC_OK && ledger_refuses(rc, &v->ctx.error)) return RC_OK; /* it can't be read */
    TRY(rc);
    TRY(record_text(v, other.body, &b));
    *same = kept->position == other.position && str_eq(a, b);
    return RC_OK;
}

static bool entity_compare(void *arg, const EntityRow *row) {
    Verify *v = arg;
    bool same = false;
    ArenaMark mark = arena_mark(v->ctx.arena);
    Rc rc = entity_same(v, row, &same);
    bool more = judge(v, rc, row->id, same);
    if (more) arena_rewind(v->ctx.arena, mark);
    return more;
}

static bool entity_missing(void *arg, const EntityRow *row) {
    Verify *v = arg;
    EntityRow other;
    ArenaMark mark = arena_mark(v->ctx.arena);
    Rc rc = reader_entity(&v->ctx, v->kept, row->id, &other);
    if (rc == RC_NOT_FOUND)
        differs(v, row->id, "is rebuilt, but isn't kept");
    else if (rc != RC_OK)
        v->rc = rc;
    arena_rewind(v->ctx.arena, mark);
    return v->rc == RC_OK;
}

static const EntityCount *count_of(const EntityCounts *counts, Str type) {
    VEC_EACH (const EntityCount, count, counts) {
        if (str_eq(count->type, type)) return count;
    }
    return NULL;
}

static Rc counts_compare(Verify *v) {
    EntityCounts kept = {0}, rebuilt = {0};
    TRY(reader_entity_counts(&v->ctx, v->kept, &kept));
    TRY(reader_entity_counts(&v->ctx, v->rebuilt, &rebuilt));
    VEC_EACH (const EntityCount, count, &kept) {
        const EntityCount *other = count_of(&rebuilt, count->type);
        if (!other || other->count != count->count) differs(v, count->type, "is counted otherwise");
    }
    VEC_EACH (const EntityCount, count, &rebuilt) {
        if (!count_of(&kept, count->type)) differs(v, count->type, "isn't counted");
    }
    return RC_OK;
}

static Rc entities_compare(Verify *v) {
    uint64_t rebuilt;
    EntityScan all = {0};
    v->follower = LEDGER_STATE;
    v->seen = 0;
    TRY(reader_entities(&v->ctx, v->kept, &all, entity_compare, v));
    TRY(v->rc);
    TRY(reader_entity_total(&v->ctx, v->rebuilt, &rebuilt));
    v->report->entities = v->seen;
    TRY(counts_compare(v));
    if (rebuilt == v->seen && !v->report->differences) return RC_OK;
    TRY(reader_entities(&v->ctx, v->rebuilt, &all, entity_missing, v));
    return v->rc;
}

/* ---- rebuilding ---- */

static Rc copy_make(Ctx *ctx, Verify *v) {
    Str folder = verify_folder(v->arena, v->live->tenant);
    folder_drop(ctx, folder);
    TRY(store_open(ctx,
                   &(StoreOptions){.folder = folder,
                                   .clock = &v->live->clock,
                                   .log_reserve = VERIFY_LOG,
                                   .no_sketch = true,
                                   .no_helper = true},
                   &v->store));
    v->tenant = *v->live->tenant;
    TRY(project_copy(ctx, v->live, &v->tenant, v->store, &v->copy));
    TRY(reader_open(ctx, v->store, &v->rebuilt));
    return reader_open(ctx, v->live->store, &v->kept);
}

static Rc copy_follow(Verify *v, uint64_t until) {
    Ctx ctx = v->ctx;
    ctx.tenant = &v->tenant;
    ctx.arena = v->copy->window;
    ctx.scratch = v->copy->scratch;
    Rc rc = RC_OK;
    while (rc == RC_OK && v->copy->followers[0].reached < until) {
        arena_reset(ctx.arena);
        rc = ctx_check_deadline(&ctx);
        if (rc == RC_OK) rc = project_window(&ctx, v->copy, until);
        if (rc != RC_OK && aside_take(&ctx, v->copy, rc)) rc = RC_OK;
    }
    if (rc != RC_OK) {
        v->ctx.error = ctx.error;
        v->ctx.error.detail = str_dup(v->arena, ctx.error.detail);
    }
    return rc;
}

/* Where the snapshot stands; RC_BUSY: one follower is elsewhere than the others. */
static Rc kept_position(Verify *v, uint64_t *position) {
    for (size_t i = 0; i < v->live->count; i++) {
        Cursor cursor = {0};
        Rc rc = reader_cursor(&v->ctx, v->kept, STORE_STATE,
                              str_of(v->live->followers[i].follower.name), &cursor);
        if (rc != RC_NOT_FOUND) TRY(rc);
        if (i && cursor.position != *position)
            return ctx_fail(&v->ctx, RC_BUSY, "projections-late", STR_NONE,
                            "A projection is being rebuilt: ask again in some minutes.");
        *position = cursor.position;
    }
    return RC_OK;
}

static Rc compare_here(Verify *v) {
    TRY(kept_position(v, &v->report->position));
    TRY(copy_follow(v, v->report->position));
    for (size_t i = 0; i < v->live->count; i++)
        TRY(rows_compare(v, v->live->followers[i].follower.name));
    static const char *const beside[] = {HISTORY_SPACE, TYPES_SPACE}; /* the state's follower's */
    enum { BESIDE = sizeof beside / sizeof *beside };
    for (size_t i = 0; i < BESIDE; i++)
        TRY(rows_compare(v, beside[i]));
    v->report->followers = v->live->count + BESIDE;
    return entities_compare(v);
}

static Rc compare_all(Verify *v) {
    Ctx *ctx = &v->ctx;
    uint64_t head = ledger_head(v->live->tenant->ledger);
    TRY(copy_follow(v, head));
    TRY(project_drain(ctx, v->live, head));
    TRY(reader_snapshot(ctx, v->kept, STORE_STATE));
    Rc rc = compare_here(v);
    reader_release(v->kept, STORE_STATE);
    return rc;
}

static Rc verify_alone(Ctx *ctx, Project *project, ProjectReport *out) {
    Verify v = {.ctx = *ctx, .live = project, .report = out, .arena = ctx->arena};
    v.ctx.arena = arena_new(PROJECT_ARENA);
    Rc rc = copy_make(&v.ctx, &v);
    if (rc == RC_OK) rc = compare_all(&v);
    if (rc != RC_OK) ctx_keep_error(ctx, &v.ctx.error);
    reader_close(v.kept);
    reader_close(v.rebuilt);
    project_stop(v.copy);
    store_close(v.store);
    folder_drop(&v.ctx, verify_folder(v.ctx.arena, project->tenant));
    arena_free(v.ctx.arena);
    return rc;
}

Rc project_verify(Ctx *ctx, Project *project, ProjectReport *out) {
    *out = (ProjectReport){0};
    TRY(project_aside(ctx, project, &out->aside));
    if (atomic_flag_test_and_set(&project->verifying))
        return ctx_fail(ctx, RC_BUSY, "verifying", STR_NONE,
                        "The projections are being compared already: wait for that to end.");
    Rc rc = verify_alone(ctx, project, out);
    atomic_flag_clear(&project->verifying);
    return rc;
}
