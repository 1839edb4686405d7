/* attached: which files commands have named, and those whose key is gone. Rows: 'f' file → id of
   its key; 'k' key file → nothing; 'g' file → nothing, of one that was erased.

   The sweep goes through the files themselves: what is erased is taken away, and what nothing names
   after a day was kept for a command that never came. Files that aren't sealed are others' (what
   was published). */
#include "project_int.h"

enum { KEY_BYTES = 16 };
static const int64_t patience_of_files = TIME_DAY;

static Str file_row(Arena *arena, char kind, const Digest *file) {
    return str_fmt(arena, "%c" STR_FMT, kind,
                   STR_ARG(((Str){(const char *)file->bytes, sizeof file->bytes})));
}

static Str key_row(Arena *arena, Str key, Str file) {
    return str_join(arena, (Str[]){STR("k"), key, file}, 3, STR_NONE);
}

/* ---- the follower ---- */

static Rc named_note(Ctx *ctx, Rows *rows, const Event *event) {
    Digest file;
    Str key;
    bool good = hash_digest_of(ctx->arena, json_get_str(event->note_clear, "file"), &file) &&
                hash_from_hex(ctx->arena, json_get_str(event->note_clear, "key"), &key) &&
                key.len == KEY_BYTES;
    if (!good)
        return ctx_fail(ctx, RC_INVALID, "bad-attachment", event->note_about,
                        "This leaf names a file otherwise than a ledger does.");
    Str row = file_row(ctx->arena, 'f', &file);
    TRY(rows_put(ctx, rows, row, key));
    return rows_put(ctx, rows, key_row(ctx->arena, key, str_sub(row, 1, row.len)), STR_NONE);
}

typedef struct Gone {
    Arena *arena;
    StrVec files;
} Gone;

static bool gone_row(void *arg, Str key, Str value) {
    Gone *gone = arg;
    (void)value;
    (void)vec_push(gone->arena, &gone->files,
                   str_dup(gone->arena, str_sub(key, 1 + KEY_BYTES, key.len)));
    return true;
}

static Rc keys_gone(Ctx *ctx, Rows *rows, const Event *event) {
    Gone gone = {.arena = ctx->arena};
    VEC_EACH (const Str, key, &event->keys) {
        Str prefix = key_row(ctx->arena, *key, STR_NONE);
        TRY(rows_each(ctx, rows, prefix, gone_row, &gone));
        TRY(rows_delete_prefix(ctx, rows, prefix));
    }
    VEC_EACH (const Str, file, &gone.files) {
        TRY(rows_delete(ctx, rows, str_join(ctx->arena, (Str[]){STR("f"), *file}, 2, STR_NONE)));
        TRY(rows_put(ctx, rows, str_join(ctx->arena, (Str[]){STR("g"), *file}, 2, STR_NONE),
                     STR_NONE));
    }
    return RC_OK;
}

Rc attached_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)arg;
    if (str_eq(event->note_kind, LEDGER_ATTACHMENT)) return named_note(ctx, rows, event);
    bool gone =
        str_eq(event->note_kind, STR("erasure")) || str_eq(event->note_kind, STR("disposal"));
    return gone ? keys_gone(ctx, rows, event) : RC_OK;
}

/* ---- the sweep ---- */

typedef struct Sweeping {
    Project *project;
    Store *store;
    int64_t before; /* what nobody has named since may go */
    ProjectSwept *out;
} Sweeping;

static Rc is_there(Ctx *ctx, Project *project, Str row, bool *there) {
    Str none;
    Rc rc = project_row(ctx, project, ATTACHED_SPACE, row, &none);
    *there = rc == RC_OK;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static Rc orphan(Ctx *ctx, const Sweeping *sweeping, const Digest *file, bool *is) {
    Str head, key;
    Rc rc = blob_head(ctx, sweeping->store, file, LEDGER_SEALED_HEAD, &head);
    *is = rc == RC_OK && ledger_is_sealed(head, &key);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static Rc file_sweep(Ctx *ctx, void *arg, const Digest *file, int64_t put) {
    Sweeping *sweeping = arg;
    bool named, gone, nobodys = false;
    TRY(ctx_check_deadline(ctx));
    TRY(is_there(ctx, sweeping->project, file_row(ctx->arena, 'f', file), &named));
    if (named) return RC_OK;
    TRY(is_there(ctx, sweeping->project, file_row(ctx->arena, 'g', file), &gone));
    if (!gone && put < sweeping->before) TRY(orphan(ctx, sweeping, file, &nobodys));
    sweeping->out->erased += gone;
    sweeping->out->nobodys += nobodys;
    return gone || nobodys ? blob_delete(ctx, sweeping->store, file) : RC_OK;
}

/* Ages of files are by the machine's clock, whatever the city's says. */
Rc project_sweep(Ctx *ctx, Project *project, ProjectSwept *out) {
    Sweeping sweeping = {.project = project, .store = project->store, .out = out};
    sweeping.before = time_now(&(Clock){.fixed = TIME_NONE}) - patience_of_files;
    *out = (ProjectSwept){0};
    TRY(project_drain(ctx, project, ledger_head(project->tenant->ledger)));
    TRY(blob_tidy(ctx, project->store, sweeping.before));
    return blob_each(ctx, project->store, file_sweep, &sweeping);
}
