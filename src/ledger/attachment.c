/* attachment: sealed files that commands name. The bytes are on the disk before the command is
 * made; what dies between them is an unnamed file. */
#include "ledger_int.h"

static_assert(LEDGER_SEALED_HEAD == 1 + sizeof(KeyId), "version and id of the key");

Rc ledger_attach(Ctx *ctx, Ledger *ledger, LedgerKeyOf key_of, Str plain, LedgerAttachment *out) {
    Str sealed;
    Digest plain_digest = hash_sha256(plain);
    *out = (LedgerAttachment){.digest = hash_digest_hex(ctx->arena, &plain_digest),
                              .bytes = (int64_t)plain.len};
    TRY(ledger_seal(ctx, ledger, key_of, plain, &sealed));
    (void)ledger_is_sealed(sealed, &out->key);
    return blob_put(ctx, ledger->store, sealed, &out->id);
}

void ledger_attach_name(Command *command, Str about, const LedgerAttachment *attachment) {
    Arena *arena = command_arena(command);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    Json *clear = NEW(arena, Json);
    PartNote *note = NEW(arena, PartNote);
    members[0] = (JsonMember){STR("file"), json_of_str(hash_digest_hex(arena, &attachment->id))};
    members[1] = (JsonMember){STR("bytes"), json_of_int(attachment->bytes)};
    members[2] = (JsonMember){STR("key"), json_of_str(hash_hex(arena, attachment->key))};
    *clear = json_of_members(members, 3);
    *note = (PartNote){{.kind = LEDGER_ATTACHMENT, .about = str_dup(arena, about), .clear = clear}};
    command_add(command, &part_note, note);
}

Rc ledger_attached(Ctx *ctx, Ledger *ledger, const Digest *id, Str *plain) {
    Str sealed;
    Rc rc = blob_get(ctx, ledger->store, id, &sealed);
    if (rc == RC_NOT_FOUND)
        return ctx_fail(ctx, rc, "attachment-missing", STR_NONE,
                        "The file " STR_FMT " isn't in files/: restore it from a backup.",
                        STR_ARG(hash_digest_hex(ctx->arena, id)));
    TRY(rc);
    return ledger_unseal(ctx, ledger, sealed, plain);
}

Rc ledger_attach_drop(Ctx *ctx, Ledger *ledger, const LedgerAttachment *attachment) {
    return blob_delete(ctx, ledger->store, &attachment->id);
}

Rc ledger_attach_end(Ctx *ctx, Ledger *ledger, const LedgerAttachments *kept, Rc rc) {
    Error first = ctx->error;
    if (rc == RC_OK || str_eq(first.code, STR("unknown-outcome"))) return rc;
    VEC_EACH (const LedgerAttachment, one, kept)
        if (ledger_attach_drop(ctx, ledger, one) != RC_OK)
            log_warn("ledger", "a file was left over: " STR_FMT, STR_ARG(ctx->error.detail));
    ctx->error = first;
    return rc;
}

bool ledger_is_sealed(Str head, Str *key) {
    WireIn in = wire_in(head);
    bool known = wire_u8(&in) == SEALED_VERSION;
    *key = wire_bytes(&in, sizeof(KeyId));
    return known && !in.bad;
}
