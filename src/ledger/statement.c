#include "statement.h"

#include "appendfile.h"
#include "leaf.h"

#define LIST_HEAD "machi-erasures/1\n"

Rc statement_sign(Ctx *ctx, const NoteKey *key, const Statement *statement, Str *bytes) {
    Buf buf = buf_new(ctx->arena, 512u << 20);
    wire_put_str(&buf, STR("machi/1/erasure"));
    wire_put_str(&buf, note_origin(key));
    buf_add_char(&buf, (char)statement->kind);
    wire_put_str(&buf, statement->subject);
    wire_put_str(&buf, statement->retention);
    wire_put_varint(&buf, (uint64_t)statement->time);
    wire_put_str(&buf, statement->reason);
    wire_put_varint(&buf, statement->keys.len);
    VEC_EACH (const KeyId, id, &statement->keys)
        buf_add(&buf, seal_id_str(id));
    uint8_t signature[64];
    TRY(note_sign_bytes(ctx, key, buf_str(&buf), signature));
    buf_add_bytes(&buf, signature, sizeof signature);
    TRY(buf_rc(&buf));
    *bytes = buf_str(&buf);
    return RC_OK;
}

static Rc malformed(Ctx *ctx) {
    return ctx_fail(ctx, RC_INVALID, "statement", STR_NONE,
                    "A statement of erasure is malformed or its signature doesn't hold.");
}

static Rc read_statement(Ctx *ctx, Str bytes, Statement *out, Str *origin) {
    WireIn in = wire_in(bytes);
    *out = (Statement){0};
    if (!str_eq(wire_str(&in), STR("machi/1/erasure"))) return malformed(ctx);
    *origin = wire_str(&in);
    out->kind = wire_u8(&in);
    out->subject = wire_str(&in);
    out->retention = wire_str(&in);
    out->time = (int64_t)wire_varint(&in);
    out->reason = wire_str(&in);
    size_t n = wire_count(&in, sizeof(KeyId));
    for (size_t i = 0; i < n && !in.bad; i++)
        (void)vec_push(ctx->arena, &out->keys, seal_id_of(wire_bytes(&in, sizeof(KeyId))));
    bool known = out->kind == EVENT_ERASURE || out->kind == EVENT_DISPOSAL;
    return known && !in.bad && in.rest.len == 64 ? RC_OK : malformed(ctx);
}

Rc statement_read(Ctx *ctx, Str bytes, Statement *out) {
    Str origin;
    return read_statement(ctx, bytes, out, &origin);
}

Rc statement_open(Ctx *ctx, const NoteKey *key, Str bytes, Statement *out) {
    Str origin;
    TRY(read_statement(ctx, bytes, out, &origin));
    if (!str_eq(origin, note_origin(key)))
        return ctx_fail(ctx, RC_NOT_FOUND, "statement-origin", STR_NONE,
                        "This statement is of another ledger: " STR_FMT ".", STR_ARG(origin));
    size_t end = bytes.len - 64;
    if (!note_holds_bytes(key, str_sub(bytes, 0, end), str_sub(bytes, end, bytes.len)))
        return malformed(ctx);
    return RC_OK;
}

/* Length up to the last newline. */
static size_t whole_lines(Str content) {
    while (content.len && content.ptr[content.len - 1] != '\n')
        content.len--;
    return content.len;
}

Rc statement_list_add(Ctx *ctx, Str path, Str bytes) {
    Str content;
    TRY(appendfile_read(ctx, path, &content));
    Str base64 = hash_base64(ctx->arena, bytes);
    Str line = str_fmt(ctx->arena, STR_FMT "\n", STR_ARG(base64));
    return appendfile_add(ctx, path, STR(LIST_HEAD), whole_lines(content), line);
}

Rc statement_list_read(Ctx *ctx, Str path, StatementEach each, void *arg) {
    Str content, line, bytes;
    TRY(appendfile_read(ctx, path, &content));
    content.len = whole_lines(content);
    if (content.len == 0) return RC_OK;
    (void)str_split(&content, '\n', &line);
    if (!str_eq(line, STR("machi-erasures/1")))
        return ctx_fail(ctx, RC_FAILED, "erasures", path,
                        STR_FMT " is no list of erasures of version 1: restore it from escrow.",
                        STR_ARG(path));
    while (str_split(&content, '\n', &line)) {
        if (!hash_from_base64(ctx->arena, line, &bytes))
            return ctx_fail(ctx, RC_FAILED, "erasures", path,
                            STR_FMT " holds a damaged line: restore it from escrow.",
                            STR_ARG(path));
        TRY(each(ctx, arg, bytes));
    }
    return RC_OK;
}
