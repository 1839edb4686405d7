/* erased: which records are sealed under which key, so that an erasure reaches all that is kept of
   them. Rows: 'k' key id → nothing; 'e' id → when keys of it were destroyed.

   A rebuild reads the changes of before with their sealed parts shut. What followers have kept of
   them must become the same at the event, so each is told of each record (PROJECT_ERASED) and makes
   its rows anew from what is left. */
#include "project_int.h"

enum { KEY_BYTES = 16 };

/* id empty: what all rows of the key begin with. */
static Str key_row(Arena *arena, Str key, Str id) {
    assert(key.len == KEY_BYTES);
    return str_join(arena, (Str[]){STR("k"), key, id}, 3, STR_NONE);
}

static Str at_row(Arena *arena, Str id) {
    return str_fmt(arena, "e" STR_FMT, STR_ARG(id));
}

/* Keys of types and files are nobody's: after their disposal everything is built anew. */
static Rc change_note(Ctx *ctx, Rows *rows, const Event *event) {
    Str id = event->delta->id, none;
    if (str_empty(event->subject)) return RC_OK;
    VEC_EACH (const Str, key, &event->keys) {
        Str row = key_row(ctx->arena, *key, id);
        Rc rc = rows_get(ctx, rows, row, &none);
        if (rc == RC_NOT_FOUND) rc = rows_put(ctx, rows, row, STR_NONE);
        TRY(rc);
    }
    return RC_OK;
}

typedef struct Records {
    Arena *arena;
    StrVec ids;
} Records;

static bool record_row(void *arg, Str key, Str value) {
    Records *records = arg;
    (void)value;
    Str id = str_sub(key, 1 + KEY_BYTES, key.len);
    (void)vec_push(records->arena, &records->ids, str_dup(records->arena, id));
    return true;
}

static Rc record_erased(Ctx *ctx, Project *project, Rows *rows, const Event *event, Str id) {
    Buf at = buf_new(ctx->arena, 16);
    key_i64(&at, event->time);
    TRY(rows_put(ctx, rows, at_row(ctx->arena, id), buf_str(&at)));
    Event note = {.position = event->position,
                  .ordinal = event->ordinal,
                  .time = event->time,
                  .head = event->head,
                  .command_id = event->command_id,
                  .note_kind = STR(PROJECT_ERASED),
                  .note_about = id};
    return project_tell(ctx, project, &note);
}

/* What the window has changed is written first: the records are read as they are left. */
static Rc keys_gone(Ctx *ctx, Project *project, Rows *rows, const Event *event) {
    Records records = {.arena = ctx->arena};
    TRY(state_flush(ctx, project->state));
    VEC_EACH (const Str, key, &event->keys) {
        Str prefix = key_row(ctx->arena, *key, STR_NONE);
        TRY(rows_each(ctx, rows, prefix, record_row, &records));
        TRY(rows_delete_prefix(ctx, rows, prefix));
    }
    VEC_EACH (const Str, id, &records.ids)
        TRY(record_erased(ctx, project, rows, event, *id));
    return RC_OK;
}

Rc erased_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    if (event->delta) return change_note(ctx, rows, event);
    bool gone =
        str_eq(event->note_kind, STR("erasure")) || str_eq(event->note_kind, STR("disposal"));
    return gone ? keys_gone(ctx, arg, rows, event) : RC_OK;
}

Rc project_erased_at(Ctx *ctx, Project *project, Str id, int64_t *at) {
    Str value;
    TRY(project_row(ctx, project, ERASED_SPACE, at_row(ctx->arena, id), &value));
    *at = key_read_i64(value, 0);
    return RC_OK;
}
