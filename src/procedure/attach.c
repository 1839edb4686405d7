/* attach: two rows for each file of a draft: its sealed bytes, and its size with whose network it
   came from, so that what all of them take is known without reading them. */
#include "procedure_int.h"

#include "scan.h"

#include <string.h>

#define BYTES SPACE(STORE_LOCAL, "draft-file")
#define SIZES SPACE(STORE_LOCAL, "draft-size")

enum { ID_CHARS = 26, NAME_CHARS = 100, NETWORK_SHARES = 4, SIZE_BYTES = 8 };

/* ---- as JSON ---- */

Json attachment_json(Arena *arena, const Attachment *attachment) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 5);
    members[0] = (JsonMember){STR("file"), json_of_str(attachment->file)};
    members[1] = (JsonMember){STR("name"), json_of_str(attachment->name)};
    members[2] = (JsonMember){STR("type"), json_of_str(attachment->type)};
    members[3] = (JsonMember){STR("bytes"), json_of_int(attachment->bytes)};
    members[4] = (JsonMember){STR("sha256"), json_of_str(attachment->digest)};
    return json_of_members(members, 5);
}

/* An example of a definition has names alone. */
bool attachment_read(const Json *json, Attachment *out) {
    bool named = json && json->kind == JSON_STRING;
    *out = named ? (Attachment){.file = json_str(json), .name = json_str(json)}
                 : (Attachment){.file = json_get_str(json, "file"),
                                .name = json_get_str(json, "name"),
                                .type = json_get_str(json, "type"),
                                .bytes = json_get_int(json, "bytes", 0),
                                .digest = json_get_str(json, "sha256")};
    return !str_empty(out->name);
}

void attachments_of(Arena *arena, const Json *said, Attachments *out) {
    Attachment one;
    *out = (Attachments){0};
    if (said && said->kind != JSON_ARRAY && attachment_read(said, &one)) vec_push(arena, out, one);
    for (size_t i = 0; said && said->kind == JSON_ARRAY && i < said->len; i++)
        if (attachment_read(json_at(said, i), &one)) vec_push(arena, out, one);
}

const Attachment *attachment_of(const Attachments *files, Str file) {
    VEC_EACH (const Attachment, one, files)
        if (str_eq(one->file, file)) return one;
    return NULL;
}

void form_attachments(Arena *arena, const FormAnswer *answer, Attachments *out) {
    Json *said = NEW(arena, Json);
    *said = feel_to_json(arena, &answer->value);
    attachments_of(arena, answer->said ? answer->said : said, out);
}

/* ---- names ---- */

/* Characters that aren't seen, turn the direction of writing, or have a meaning in markup. */
static bool is_plain(int32_t c) {
    static const struct {
        int32_t from, to;
    } bad[] = {{0, 0x1F},        {'"', '"'},       {'<', '<'},       {'>', '>'},      {0x7F, 0x9F},
               {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (c >= bad[i].from && c <= bad[i].to) return false;
    return true;
}

static Str last_part(Str path) {
    size_t from = path.len;
    while (from && path.ptr[from - 1] != '/' && path.ptr[from - 1] != '\\')
        from--;
    return str_sub(path, from, path.len);
}

Str attach_name(Arena *arena, Str said) {
    Str rest = str_trim(text_nfkc(arena, last_part(said)));
    Buf name = buf_new(arena, rest.len + 1);
    for (size_t chars = 0; rest.len && chars < NAME_CHARS;) {
        Str before = rest;
        if (!is_plain(str_utf8_next(&rest))) continue;
        buf_add(&name, str_sub(before, 0, before.len - rest.len));
        chars++;
    }
    Str out = str_trim(buf_str(&name));
    bool none = str_empty(out) || str_eq(out, STR(".")) || str_eq(out, STR(".."));
    return none ? STR("file") : out;
}

/* ---- rows ---- */

static Str row_key(Ctx *ctx, Str browser, Str file) {
    Str both = str_join(ctx->arena, (Str[]){browser, file}, 2, STR(" "));
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("draft-file"), both);
    return str_dup(ctx->arena, (Str){(const char *)digest.bytes, sizeof digest.bytes});
}

typedef struct Held {
    Str network; /* empty: anybody's */
    int64_t all, networks;
} Held;

static bool held_add(void *arg, const Item *item) {
    Held *held = arg;
    int64_t bytes = 0;
    memcpy(&bytes, item->value.ptr, item->value.len < SIZE_BYTES ? 0 : SIZE_BYTES);
    held->all += bytes;
    if (held->network.len &&
        str_eq(str_sub(item->value, SIZE_BYTES, item->value.len), held->network))
        held->networks += bytes;
    return true;
}

/* A file on its way into the rows. */
typedef struct Keeping {
    Str key, sealed, network;
    int64_t bytes, lasts;
} Keeping;

/* In the transaction that keeps it: two that come at once don't both get the last room. */
static Rc room_check(Ctx *ctx, Batch *batch, const Keeping *keeping) {
    int64_t most = ctx->tenant->procedures->attach.drafts;
    Held held = {.network = keeping->network};
    TRY(batch_items(ctx, batch, &(ItemRange){.space = SIZES}, held_add, &held));
    if (held.all + keeping->bytes > most)
        return ctx_fail(ctx, RC_LIMIT, "drafts-full", STR_NONE,
                        "Too many files wait to be sent: try again later, or bring this one.");
    if (keeping->network.len && held.networks + keeping->bytes > most / NETWORK_SHARES)
        return ctx_fail(ctx, RC_LIMIT, "network-full", STR_NONE,
                        "Too many files from this network wait to be sent: try again later.");
    return RC_OK;
}

static Rc keep_rows(Ctx *ctx, Batch *batch, void *arg) {
    const Keeping *keeping = arg;
    int64_t until = time_now(ctx->clock) + keeping->lasts;
    uint64_t purged;
    TRY(batch_purge(ctx, batch, 100, &purged));
    TRY(room_check(ctx, batch, keeping));
    Buf size = buf_new(ctx->arena, 64);
    buf_add_bytes(&size, &keeping->bytes, sizeof keeping->bytes);
    buf_add(&size, keeping->network);
    Item sized = {.key = keeping->key, .value = buf_str(&size), .expires = until};
    Item whole = {.key = keeping->key, .value = keeping->sealed, .expires = until};
    TRY(batch_put(ctx, batch, SIZES, &sized));
    return batch_put(ctx, batch, BYTES, &whole);
}

typedef struct Forgetting {
    Str browser;
    const Attachments *attachments;
} Forgetting;

static Rc forget_rows(Ctx *ctx, Batch *batch, void *arg) {
    const Forgetting *forgetting = arg;
    VEC_EACH (const Attachment, attachment, forgetting->attachments) {
        Str key = row_key(ctx, forgetting->browser, attachment->file);
        TRY(batch_delete(ctx, batch, SIZES, key));
        TRY(batch_delete(ctx, batch, BYTES, key));
    }
    return RC_OK;
}

Rc attach_forget(Ctx *ctx, Str browser, const Attachments *attachments) {
    Forgetting forgetting = {browser, attachments};
    return attachments->len ? draft_rows(ctx, forget_rows, &forgetting) : RC_OK;
}

/* Sealed anew: the bytes are the same, and so is what they take of everybody's room. */
static Rc row_move(Ctx *ctx, Batch *batch, const AttachMove *move, Str file) {
    Str before = row_key(ctx, move->from, file), after = row_key(ctx, move->to, file);
    Str sized, sealed, bytes;
    int64_t until = time_now(ctx->clock) + draft_lasts(ctx, move->to);
    Rc rc = batch_item(ctx, batch, SIZES, before, &sized);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    TRY(batch_item(ctx, batch, BYTES, before, &sealed));
    TRY(draft_unseal(ctx, move->from, sealed, &bytes));
    Item size = {.key = after, .value = str_dup(ctx->arena, sized), .expires = until};
    Item whole = {.key = after, .value = draft_seal(ctx, move->to, bytes), .expires = until};
    TRY(batch_put(ctx, batch, SIZES, &size));
    TRY(batch_put(ctx, batch, BYTES, &whole));
    TRY(batch_delete(ctx, batch, SIZES, before));
    return batch_delete(ctx, batch, BYTES, before);
}

Rc attach_move(Ctx *ctx, Batch *batch, const AttachMove *move) {
    VEC_EACH (const Attachment, attachment, move->files)
        if (!str_empty(attachment->digest)) TRY(row_move(ctx, batch, move, attachment->file));
    return RC_OK;
}

bool attach_there(Ctx *ctx, Str browser, Str file) {
    Str none;
    return !str_empty(file) &&
           reader_item(ctx, ctx->db, SIZES, row_key(ctx, browser, file), &none) == RC_OK;
}

Rc attach_draft(Ctx *ctx, Str browser, Str file, Str *bytes) {
    Str sealed;
    Rc rc = reader_item(ctx, ctx->db, BYTES, row_key(ctx, browser, file), &sealed);
    if (rc == RC_NOT_FOUND)
        return ctx_fail(ctx, rc, "no-file", file,
                        "There is no such file here any more: choose it again.");
    TRY(rc);
    return draft_unseal(ctx, browser, sealed, bytes);
}

/* ---- taking one in ---- */

static Rc refuse(Ctx *ctx, Rc rc, const char *code, const char *why) {
    return ctx_fail(ctx, rc, code, STR_NONE, "%s", why);
}

static Rc wish_check(Ctx *ctx, const AttachWish *wish, MediaKind kind) {
    const AttachLimits *limits = &ctx->tenant->procedures->attach;
    unsigned wanted = media_is_photo(kind) ? ACCEPT_PHOTO : ACCEPT_DOCUMENT;
    if (!wish->bytes.len) return refuse(ctx, RC_INVALID, "empty", "This file is empty.");
    if ((int64_t)wish->bytes.len > limits->file)
        return refuse(ctx, RC_LIMIT, "large", "This file is too large.");
    if (kind == MEDIA_KINDS || !(wish->field->accept & wanted))
        return refuse(ctx, RC_INVALID, "type", "A file of this type isn't taken here.");
    if ((int64_t)wish->have >= field_most(wish->field))
        return refuse(ctx, RC_LIMIT, "many", "No more files are taken here.");
    if ((int64_t)wish->all >= limits->files)
        return refuse(ctx, RC_LIMIT, "all-many", "An application has no more files.");
    return RC_OK;
}

bool attach_refused(const Ctx *ctx, Rc rc) {
    bool silent = rc == RC_BUSY && str_eq(ctx->error.code, STR("scanner-silent"));
    return silent || ((rc == RC_INVALID || rc == RC_LIMIT) && !str_empty(ctx->error.code));
}

Rc attach_take(Ctx *ctx, const AttachWish *wish, Attachment *out, Str *clean) {
    MediaKind kind = media_kind(wish->bytes);
    Str scanner = ctx->tenant->procedures->attach.scanner;
    TRY(wish_check(ctx, wish, kind));
    if (!str_empty(scanner)) TRY(scan_bytes(ctx, scanner, wish->bytes));
    TRY(media_clean(ctx, kind, wish->bytes, clean));
    Digest digest = hash_sha256(*clean);
    *out = (Attachment){.name = media_name(ctx->arena, kind, attach_name(ctx->arena, wish->name)),
                        .type = media_type(kind),
                        .bytes = (int64_t)clean->len,
                        .digest = hash_digest_hex(ctx->arena, &digest)};
    return RC_OK;
}

Rc attach_add(Ctx *ctx, Str browser, const AttachWish *wish, Attachment *out) {
    Str clean;
    TRY(attach_take(ctx, wish, out, &clean));
    out->file = rand_id(ctx->rand, ctx->arena, ID_CHARS);
    Keeping keeping = {.key = row_key(ctx, browser, out->file),
                       .sealed = draft_seal(ctx, browser, clean),
                       .bytes = out->bytes,
                       .lasts = draft_lasts(ctx, browser)};
    if (ctx->actor->kind == ACTOR_NOBODY) keeping.network = apply_network(ctx, ctx->arena);
    return draft_rows(ctx, keep_rows, &keeping);
}

/* ---- sending ---- */

/* Keeps those of one answer, and lets it name them as they lie beside the ledger. */
static Rc answer_keep(const Attaching *attaching, FormAnswer *answer) {
    Ctx *ctx = attaching->ctx;
    Ledger *ledger = ctx->tenant->ledger;
    Attachments attachments, before = {0};
    JsonItems items = {0};
    const FormAnswer *named =
        attaching->before ? form_answer(attaching->before, answer->field->id) : NULL;
    if (named) form_attachments(ctx->arena, named, &before);
    form_attachments(ctx->arena, answer, &attachments);
    VEC_EACH (Attachment, attachment, &attachments) {
        if (attachment_of(&before, attachment->file)) {
            vec_push(ctx->arena, &items, attachment_json(ctx->arena, attachment));
            continue;
        }
        LedgerAttachment kept;
        Str bytes;
        TRY(attach_draft(ctx, draft_whose(ctx), attachment->file, &bytes));
        TRY(ledger_attach(ctx, ledger, attaching->key_of, bytes, &kept));
        vec_push(ctx->arena, attaching->kept, kept);
        ledger_attach_name(attaching->command, attaching->about, &kept);
        attachment->file = hash_digest_hex(ctx->arena, &kept.id);
        vec_push(ctx->arena, &items, attachment_json(ctx->arena, attachment));
    }
    Json list = json_of_items(items.items, items.len);
    answer->value = feel_of_json(ctx->arena, json_dup(ctx->arena, &list));
    return RC_OK;
}

Rc attach_send(const Attaching *attaching, Form *form) {
    for (size_t i = 0; i < form->n; i++) {
        FormAnswer *answer = &form->answers[i];
        if (answer->field->kind == FIELD_FILE && answer->due && answer->value.kind == FEEL_LIST)
            TRY(answer_keep(attaching, answer));
    }
    return RC_OK;
}

LedgerKeyOf attach_key_of(const Ctx *ctx, const Entity *application) {
    const Dictionary *dictionary = ctx->tenant->dictionary;
    return (LedgerKeyOf){dictionary_subject(dictionary, application),
                         dictionary_file(dictionary, application)};
}
