#include "leaf.h"

#include <string.h>

void leaf_put_head(Buf *to, const LeafHead *head) {
    const CommandHead *who = &head->head;
    buf_add_char(to, LEAF_VERSION);
    wire_put_varint(to, head->position);
    wire_put_varint(to, (uint64_t)head->time);
    buf_add_bytes(to, head->command.bytes, sizeof head->command.bytes);
    const Str texts[] = {who->kind,    who->actor,   who->post,
                         who->purpose, who->case_id, who->channel};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        wire_put_str(to, texts[i]);
    wire_put_varint(to, head->events);
}

void leaf_put_sealed(Buf *to, const SealedParts *parts) {
    wire_put_varint(to, parts->len);
    VEC_EACH (const SealedPart, part, parts) {
        buf_add(to, seal_id_str(&part->key));
        wire_put_str(to, part->box);
    }
}

void leaf_put_event(Buf *to, const LeafEvent *event) {
    buf_add_char(to, (char)event->kind);
    wire_put_str(to, event->name);
    wire_put_str(to, event->about);
    wire_put_str(to, event->subject);
    wire_put_str(to, event->clear);
    leaf_put_sealed(to, &event->sealed);
}

Str leaf_associated(Arena *arena, const CommandId *command, uint32_t ordinal, uint32_t index,
                    const KeyId *key) {
    Buf buf = buf_new(arena, 96);
    wire_put_str(&buf, STR("machi/1/event"));
    buf_add_bytes(&buf, command->bytes, sizeof command->bytes);
    wire_put_varint(&buf, ordinal);
    wire_put_varint(&buf, index);
    buf_add(&buf, seal_id_str(key));
    return buf_str(&buf);
}

static Rc damaged(Ctx *ctx) {
    return ctx_fail(
        ctx, RC_FAILED, "leaf-damaged", STR_NONE,
        "A leaf of the ledger can't be read: check ledger.db by machi-verify, restore a backup.");
}

void leaf_read_sealed(Arena *arena, WireIn *in, SealedParts *out) {
    size_t n = wire_count(in, sizeof(KeyId) + 1);
    *out = (SealedParts){0};
    for (size_t i = 0; i < n; i++) {
        Str id = wire_bytes(in, sizeof(KeyId)), box = wire_str(in);
        if (in->bad) return;
        (void)vec_push(arena, out, (SealedPart){.key = seal_id_of(id), .box = box});
    }
}

Rc leaf_open(Ctx *ctx, Str leaf, LeafHead *head, WireIn *in) {
    *in = wire_in(leaf);
    if (wire_u8(in) != LEAF_VERSION) return damaged(ctx);
    head->position = wire_varint(in);
    head->time = (int64_t)wire_varint(in);
    Str command = wire_bytes(in, sizeof head->command.bytes);
    if (in->bad) return damaged(ctx);
    memcpy(head->command.bytes, command.ptr, command.len);
    CommandHead *who = &head->head;
    Str *const texts[] = {&who->kind,    &who->actor,   &who->post,
                          &who->purpose, &who->case_id, &who->channel};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = wire_str(in);
    head->events = wire_count(in, 6);
    return in->bad || head->events == 0 ? damaged(ctx) : RC_OK;
}

Rc leaf_next(Ctx *ctx, WireIn *in, LeafEvent *event) {
    uint8_t kind = wire_u8(in);
    if (kind < EVENT_CHANGE || kind > EVENT_FOLD) return damaged(ctx);
    event->kind = (EventKind)kind;
    event->name = wire_str(in);
    event->about = wire_str(in);
    event->subject = wire_str(in);
    event->clear = wire_str(in);
    leaf_read_sealed(ctx->arena, in, &event->sealed);
    return in->bad ? damaged(ctx) : RC_OK;
}

Rc leaf_end(Ctx *ctx, const WireIn *in) {
    return wire_done(in) ? RC_OK : damaged(ctx);
}

Str leaf_command_hex(Arena *arena, const CommandId *command) {
    return hash_hex(arena, (Str){(const char *)command->bytes, sizeof command->bytes});
}
