#include "witness.h"

#include "appendfile.h"

enum { TAIL = 64 * 1024 };

static Rc foreign(Ctx *ctx, Str path, const char *what) {
    return ctx_fail(ctx, RC_FAILED, "witness", path,
                    "The witness file " STR_FMT
                    " %s: name another one, or check the ledger by machi-verify.",
                    STR_ARG(path), what);
}

static Str file_head(Arena *arena, const NoteKey *key) {
    return str_fmt(arena, "machi-witness/1\n" STR_FMT "\n", STR_ARG(note_verifier(key, arena)));
}

/* A record that begins at text: its note, or false when it is cut short. */
static bool read_record(Str text, Str *note) {
    Str line, word, length;
    int64_t len;
    if (str_find_char(text, '\n') < 0 || !str_split(&text, '\n', &line)) return false;
    if (!str_split(&line, ' ', &word) || !str_eq(word, STR("checkpoint"))) return false;
    if (!str_split(&line, ' ', &length) || !str_to_i64(length, &len)) return false;
    if (len < 0 || (uint64_t)len > text.len) return false;
    *note = str_sub(text, 0, (size_t)len);
    return true;
}

/* The last whole record of text, which begins behind a newline. */
static bool last_record(Str text, Str *note, size_t *end) {
    for (size_t at = text.len; at-- > 0;) {
        if (at && text.ptr[at - 1] != '\n') continue;
        Str rest = str_sub(text, at, text.len);
        if (!read_record(rest, note)) continue;
        *end = (size_t)(note->ptr + note->len - text.ptr);
        return true;
    }
    return false;
}

Rc witness_read(Ctx *ctx, Str path, const NoteKey *key, WitnessState *out) {
    Str content, note, head = file_head(ctx->arena, key);
    uint64_t from;
    *out = (WitnessState){0};
    TRY(appendfile_tail(ctx, path, TAIL, &content, &from));
    bool whole = from == 0;
    if (whole && content.len < head.len) { /* absent, or its head was cut short */
        return str_starts(head, content) ? RC_OK : foreign(ctx, path, "isn't this ledger's");
    }
    if (whole && !str_starts(content, head)) return foreign(ctx, path, "isn't this ledger's");
    size_t end, skip = whole ? head.len : 0;
    out->good = from + skip;
    if (!last_record(str_sub(content, skip, content.len), &note, &end))
        return whole ? RC_OK : foreign(ctx, path, "holds no record near its end");
    if (note_checkpoint_open(ctx, key, note, &out->newest) != RC_OK)
        return foreign(ctx, path, "ends with a checkpoint that isn't signed by this ledger");
    out->any = true;
    out->good += end;
    return RC_OK;
}

Rc witness_add(Ctx *ctx, Str path, const NoteKey *key, Str note, WitnessState *state) {
    Checkpoint checkpoint;
    TRY(note_checkpoint_open(ctx, key, note, &checkpoint));
    Str head = file_head(ctx->arena, key);
    Str time = time_format(ctx->arena, time_now(ctx->clock));
    Str record = str_fmt(ctx->arena, "checkpoint %zu " STR_FMT "\n" STR_FMT, note.len,
                         STR_ARG(time), STR_ARG(note));
    TRY(appendfile_add(ctx, path, head, state->good, record));
    state->good = (state->good ? state->good : head.len) + record.len;
    state->newest = checkpoint;
    state->any = true;
    return RC_OK;
}
