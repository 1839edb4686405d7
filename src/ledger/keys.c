#include "keys.h"

#include "wire.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

enum { NONE = -1, ROW = 1 + 16 + SEAL_WRAPPED, FRESH_BUCKETS = 1024 };

/* One unwrapped key. Slots are chained by id and by scope; -1 ends a chain. */
typedef struct Slot {
    KeyId id;
    SealKey key;
    KeyScope scope;
    uint64_t id_hash, scope_hash;
    int32_t next_id, next_scope;
    bool used, recent;
} Slot;

struct Keys {
    TenantKey tenants[2]; /* one of them wraps new keys; the other was before, or will be */
    atomic_uint current;
    bool rewrapping; /* the writer's batch goes over to the other one */
    pthread_mutex_t lock;
    size_t max, hand;
    Slot *slots;
    int32_t *by_id, *by_scope; /* max buckets each */
    uint64_t generation;       /* raised when keys are forgotten: what was read before isn't kept */
    Slot *fresh;               /* made in the writer's batch; the writer's thread only */
    size_t fresh_len, fresh_cap;
    int32_t fresh_by_scope[FRESH_BUCKETS];
};

/* ---- scopes ---- */

static uint8_t set_label(char to[KEYS_LABEL], Str prefix, Str label) {
    bool reserved = prefix.len == 0 && label.len &&
                    (label.ptr[0] == '*' || str_starts(label, STR("sha256:")) ||
                     str_starts(label, STR("type:")));
    if (prefix.len + label.len <= KEYS_LABEL && !reserved) {
        if (prefix.len) memcpy(to, prefix.ptr, prefix.len);
        if (label.len) memcpy(to + prefix.len, label.ptr, label.len);
        return (uint8_t)(prefix.len + label.len);
    }
    Digest digest = hash_sha256_parts((Str[]){prefix, label}, 2);
    memcpy(to, "sha256:", 7);
    sodium_bin2hex(to + 7, KEYS_LABEL - 7, digest.bytes, 28); /* 56 digits and the NUL just fit */
    return KEYS_LABEL - 1;
}

static Str file_or_general(Str retention) {
    return retention.len ? retention : STR("general");
}

KeyScope keys_scope_data(Str subject, Str retention) {
    KeyScope scope = {.kind = KEY_DATA};
    scope.subject_len = set_label(scope.subject, STR_NONE, subject);
    scope.retention_len = set_label(scope.retention, STR_NONE, file_or_general(retention));
    return scope;
}

KeyScope keys_scope_subject(Str subject) {
    KeyScope scope = {.kind = KEY_SUBJECT, .retention = "*", .retention_len = 1};
    scope.subject_len = set_label(scope.subject, STR_NONE, subject);
    return scope;
}

KeyScope keys_scope_type(Str type_iri) {
    KeyScope scope = {.kind = KEY_GENERAL, .subject = "*", .subject_len = 1};
    scope.retention_len = set_label(scope.retention, STR("type:"), type_iri);
    return scope;
}

KeyScope keys_scope_file(Str retention) {
    KeyScope scope = {.kind = KEY_GENERAL, .subject = "*", .subject_len = 1};
    scope.retention_len = set_label(scope.retention, STR_NONE, file_or_general(retention));
    return scope;
}

Str keys_subject(const KeyScope *scope) {
    return (Str){scope->subject, scope->subject_len};
}

Str keys_retention(const KeyScope *scope) {
    return (Str){scope->retention, scope->retention_len};
}

static bool scope_same(const KeyScope *a, const KeyScope *b) {
    return a->kind == b->kind && str_eq(keys_subject(a), keys_subject(b)) &&
           str_eq(keys_retention(a), keys_retention(b));
}

static uint64_t scope_hash(const KeyScope *scope) {
    return hash_fast(keys_subject(scope)) * 31 + hash_fast(keys_retention(scope)) + scope->kind;
}

/* ---- the cache; every function here runs under the lock ---- */

Keys *keys_new(const TenantKey *tenant, size_t max) {
    Keys *keys = mem_zero(sizeof *keys);
    keys->tenants[0] = *tenant;
    keys->max = max < 16 ? 16 : max;
    keys->slots = mem_zero(keys->max * sizeof *keys->slots);
    keys->by_id = mem_alloc(keys->max * sizeof *keys->by_id);
    keys->by_scope = mem_alloc(keys->max * sizeof *keys->by_scope);
    memset(keys->by_id, 0xFF, keys->max * sizeof *keys->by_id);
    memset(keys->by_scope, 0xFF, keys->max * sizeof *keys->by_scope);
    memset(keys->fresh_by_scope, 0xFF, sizeof keys->fresh_by_scope);
    pthread_mutex_init(&keys->lock, NULL);
    return keys;
}

void keys_free(Keys *keys) {
    if (!keys) return;
    keys_rolled_back(keys);
    seal_forget(keys->slots, keys->max * sizeof *keys->slots);
    mem_free(keys->slots);
    mem_free(keys->by_id);
    mem_free(keys->by_scope);
    mem_free(keys->fresh);
    pthread_mutex_destroy(&keys->lock);
    seal_forget(keys->tenants, sizeof keys->tenants);
    mem_free(keys);
}

static Slot *find_id(Keys *keys, const KeyId *id) {
    for (int32_t i = keys->by_id[hash_fast(seal_id_str(id)) % keys->max]; i != NONE;
         i = keys->slots[i].next_id) {
        if (seal_id_same(&keys->slots[i].id, id)) return &keys->slots[i];
    }
    return NULL;
}

static Slot *find_scope(Keys *keys, const KeyScope *scope) {
    for (int32_t i = keys->by_scope[scope_hash(scope) % keys->max]; i != NONE;
         i = keys->slots[i].next_scope) {
        if (scope_same(&keys->slots[i].scope, scope)) return &keys->slots[i];
    }
    return NULL;
}

static void drop(Keys *keys, Slot *slot) {
    int32_t index = (int32_t)(slot - keys->slots);
    int32_t *link = &keys->by_id[slot->id_hash % keys->max];
    while (*link != index)
        link = &keys->slots[*link].next_id;
    *link = slot->next_id;
    link = &keys->by_scope[slot->scope_hash % keys->max];
    while (*link != index)
        link = &keys->slots[*link].next_scope;
    *link = slot->next_scope;
    seal_forget(slot, sizeof *slot);
}

/* A free slot, by the clock: what was used since the hand passed stays once more. */
static Slot *take_slot(Keys *keys) {
    for (;;) {
        Slot *slot = &keys->slots[keys->hand];
        keys->hand = (keys->hand + 1) % keys->max;
        if (!slot->used) return slot;
        if (!slot->recent) {
            drop(keys, slot);
            return slot;
        }
        slot->recent = false;
    }
}

static void keep(Keys *keys, const DataKey *key, const KeyScope *scope) {
    if (find_id(keys, &key->id)) return;
    Slot *slot = take_slot(keys);
    int32_t index = (int32_t)(slot - keys->slots);
    *slot = (Slot){.id = key->id, .key = key->key, .scope = *scope, .used = true, .recent = true};
    slot->id_hash = hash_fast(seal_id_str(&key->id));
    slot->scope_hash = scope_hash(scope);
    slot->next_id = keys->by_id[slot->id_hash % keys->max];
    keys->by_id[slot->id_hash % keys->max] = index;
    slot->next_scope = keys->by_scope[slot->scope_hash % keys->max];
    keys->by_scope[slot->scope_hash % keys->max] = index;
}

/* ---- rows ---- */

static Str associated(Arena *arena, const KeyId *id, const KeyId *parent, const KeyScope *scope) {
    Buf buf = buf_new(arena, 512);
    wire_put_str(&buf, STR("machi/1/key"));
    buf_add(&buf, seal_id_str(id));
    buf_add(&buf, seal_id_str(parent));
    buf_add_char(&buf, (char)scope->kind);
    wire_put_str(&buf, keys_subject(scope));
    wire_put_str(&buf, keys_retention(scope));
    return buf_str(&buf);
}

static Rc damaged(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_FAILED, "key-damaged", STR_NONE,
                    "Key " STR_FMT
                    " doesn't open under its parent: ledger.db was altered or is damaged. "
                    "Check it by machi-verify, restore a backup.",
                    STR_ARG(hash_hex(ctx->arena, id)));
}

static bool scope_of_row(const KeyRow *row, uint8_t kind, KeyScope *out) {
    if (row->subject.len > KEYS_LABEL || row->retention.len > KEYS_LABEL) return false;
    *out = (KeyScope){.kind = kind,
                      .subject_len = (uint8_t)row->subject.len,
                      .retention_len = (uint8_t)row->retention.len};
    if (row->subject.len) memcpy(out->subject, row->subject.ptr, row->subject.len);
    if (row->retention.len) memcpy(out->retention, row->retention.ptr, row->retention.len);
    return true;
}

/* The wrapping key of the tenant key of this id; false: the id is no tenant key's. */
static bool tenant_wrap(Keys *keys, const KeyId *id, SealKey *out) {
    bool found = false;
    pthread_mutex_lock(&keys->lock);
    for (size_t i = 0; i < 2 && !found; i++) {
        found = seal_id_same(id, &keys->tenants[i].id);
        if (found) *out = keys->tenants[i].wrap;
    }
    pthread_mutex_unlock(&keys->lock);
    return found;
}

static Rc unwrap_row(Ctx *ctx, Keys *keys, const KeyRow *row, DataKey *out, KeyScope *scope) {
    if (row->wrapped.len != ROW || row->id.len != sizeof(KeyId)) return damaged(ctx, row->id);
    WireIn in = wire_in(row->wrapped);
    uint8_t kind = wire_u8(&in);
    KeyId parent = seal_id_of(wire_bytes(&in, sizeof(KeyId)));
    if (!scope_of_row(row, kind, scope)) return damaged(ctx, row->id);
    SealKey parent_key;
    if (!tenant_wrap(keys, &parent, &parent_key)) TRY(keys_open(ctx, keys, &parent, &parent_key));
    out->id = seal_id_of(row->id);
    Str with = associated(ctx->arena, &out->id, &parent, scope);
    bool ok = seal_unwrap(&parent_key, with, in.rest, &out->key);
    seal_forget(&parent_key, sizeof parent_key);
    return ok ? RC_OK : damaged(ctx, row->id);
}

static Rc unwrap_and_keep(Ctx *ctx, Keys *keys, const KeyRow *row, uint64_t generation,
                          DataKey *out) {
    KeyScope scope;
    if (row->wrapped.len == 0)
        return ctx_fail(ctx, RC_NOT_FOUND, "key-destroyed", STR_NONE, "The key was destroyed.");
    TRY(unwrap_row(ctx, keys, row, out, &scope));
    pthread_mutex_lock(&keys->lock);
    if (keys->generation == generation) keep(keys, out, &scope);
    pthread_mutex_unlock(&keys->lock);
    return RC_OK;
}

static Rc need_store(Ctx *ctx) {
    if (ctx->db) return RC_OK;
    return ctx_fail(ctx, RC_BUSY, "key-not-here", STR_NONE,
                    "A key must be read from the store: ask again from a pool thread.");
}

/* ---- opening and finding ---- */

static bool cached_id(Keys *keys, const KeyId *id, SealKey *out, uint64_t *generation) {
    pthread_mutex_lock(&keys->lock);
    Slot *slot = find_id(keys, id);
    if (slot) {
        slot->recent = true;
        *out = slot->key;
    }
    *generation = keys->generation;
    pthread_mutex_unlock(&keys->lock);
    return slot != NULL;
}

Rc keys_open(Ctx *ctx, Keys *keys, const KeyId *id, SealKey *out) {
    uint64_t generation;
    if (cached_id(keys, id, out, &generation)) return RC_OK;
    TRY(need_store(ctx));
    KeyRow row;
    DataKey key;
    TRY(reader_key(ctx, ctx->db, seal_id_str(id), &row));
    TRY(unwrap_and_keep(ctx, keys, &row, generation, &key));
    *out = key.key;
    seal_forget(&key, sizeof key);
    return RC_OK;
}

static bool cached_scope(Keys *keys, const KeyScope *scope, DataKey *out, uint64_t *generation) {
    pthread_mutex_lock(&keys->lock);
    Slot *slot = find_scope(keys, scope);
    if (slot) {
        slot->recent = true;
        *out = (DataKey){slot->id, slot->key};
    }
    *generation = keys->generation;
    pthread_mutex_unlock(&keys->lock);
    return slot != NULL;
}

Rc keys_find(Ctx *ctx, Keys *keys, const KeyScope *scope, DataKey *out) {
    uint64_t generation;
    if (cached_scope(keys, scope, out, &generation)) return RC_OK;
    TRY(need_store(ctx));
    KeyRow row;
    TRY(reader_key_of(ctx, ctx->db, keys_subject(scope), keys_retention(scope), &row));
    return unwrap_and_keep(ctx, keys, &row, generation, out);
}

/* ---- making ---- */

static void grow_fresh(Keys *keys) {
    size_t cap = keys->fresh_cap ? keys->fresh_cap * 2 : 64;
    Slot *moved = mem_alloc(cap * sizeof *moved); /* not mem_grow: it may leave keys behind */
    if (keys->fresh_len) {
        memcpy(moved, keys->fresh, keys->fresh_len * sizeof *moved);
        seal_forget(keys->fresh, keys->fresh_len * sizeof *moved);
    }
    mem_free(keys->fresh);
    keys->fresh = moved;
    keys->fresh_cap = cap;
}

static void keep_fresh(Keys *keys, const DataKey *key, const KeyScope *scope) {
    if (keys->fresh_len == keys->fresh_cap) grow_fresh(keys);
    uint64_t hash = scope_hash(scope);
    int32_t *bucket = &keys->fresh_by_scope[hash % FRESH_BUCKETS];
    keys->fresh[keys->fresh_len] = (Slot){
        .id = key->id, .key = key->key, .scope = *scope, .scope_hash = hash, .next_scope = *bucket};
    *bucket = (int32_t)keys->fresh_len++;
}

/* A key of this scope is to be made. */
typedef struct Making {
    Keys *keys;
    Writer *writer;
    const KeyScope *scope;
} Making;

/* Fills a row's `wrapped`. */
static void wrap(Ctx *ctx, const KeyScope *scope, const DataKey *parent, const DataKey *key,
                 char row[ROW]) {
    Rand rand = rand_system();
    row[0] = (char)scope->kind;
    memcpy(row + 1, parent->id.bytes, sizeof parent->id.bytes);
    seal_wrap((uint8_t *)row + 17, &rand, &parent->key,
              associated(ctx->arena, &key->id, &parent->id, scope), &key->key);
}

static Rc insert(Ctx *ctx, const Making *making, const DataKey *parent, DataKey *out) {
    const KeyScope *scope = making->scope;
    Rand rand = rand_system();
    char row[ROW];
    rand_bytes(&rand, out->id.bytes, sizeof out->id.bytes);
    rand_bytes(&rand, out->key.bytes, sizeof out->key.bytes);
    wrap(ctx, scope, parent, out, row);
    TRY(writer_key(ctx, making->writer,
                   &(KeyRow){.id = seal_id_str(&out->id),
                             .subject = keys_subject(scope),
                             .retention = keys_retention(scope),
                             .wrapped = {row, sizeof row},
                             .position = writer_head(making->writer) + 1}));
    keep_fresh(making->keys, out, scope);
    return RC_OK;
}

static bool fresh_scope(const Keys *keys, const KeyScope *scope, DataKey *out) {
    uint64_t hash = scope_hash(scope);
    for (int32_t i = keys->fresh_by_scope[hash % FRESH_BUCKETS]; i != NONE;
         i = keys->fresh[i].next_scope) {
        const Slot *slot = &keys->fresh[i];
        if (!scope_same(&slot->scope, scope)) continue;
        *out = (DataKey){slot->id, slot->key};
        return true;
    }
    return false;
}

/* The parent of a new data key is the subject's, made first when there is none; of others the
 * tenant's. */
static Rc parent_of(Ctx *ctx, Keys *keys, Writer *writer, const KeyScope *scope, DataKey *parent) {
    if (scope->kind != KEY_DATA) {
        *parent = (DataKey){keys_tenant(keys)->id, keys_tenant(keys)->wrap};
        return RC_OK;
    }
    KeyScope subject = *scope;
    subject.kind = KEY_SUBJECT;
    subject.retention[0] = '*';
    subject.retention_len = 1;
    return keys_make(ctx, keys, writer, &subject, parent);
}

Rc keys_make(Ctx *ctx, Keys *keys, Writer *writer, const KeyScope *scope, DataKey *out) {
    if (fresh_scope(keys, scope, out)) return RC_OK;
    Rc rc = keys_find(ctx, keys, scope, out);
    if (rc != RC_NOT_FOUND) return rc;
    DataKey parent;
    TRY(parent_of(ctx, keys, writer, scope, &parent));
    rc = insert(ctx, &(Making){keys, writer, scope}, &parent, out);
    seal_forget(&parent, sizeof parent);
    return rc;
}

/* ---- rewrapping ---- */

const TenantKey *keys_tenant(const Keys *keys) {
    return &keys->tenants[atomic_load(&((Keys *)(uintptr_t)keys)->current)];
}

void keys_rewrap(Keys *keys, const TenantKey *fresh) {
    pthread_mutex_lock(&keys->lock);
    keys->tenants[1 - atomic_load(&keys->current)] = *fresh;
    pthread_mutex_unlock(&keys->lock);
    keys->rewrapping = true;
}

Rc keys_wrap_again(Ctx *ctx, Keys *keys, const KeyRow *row, Str *wrapped) {
    const TenantKey *old = keys_tenant(keys),
                    *fresh = &keys->tenants[1 - atomic_load(&keys->current)];
    DataKey key, parent = {fresh->id, fresh->wrap};
    KeyScope scope;
    *wrapped = STR_NONE;
    if (row->wrapped.len != ROW) return damaged(ctx, row->id);
    KeyId was = seal_id_of(str_sub(row->wrapped, 1, 1 + sizeof(KeyId)));
    if (!seal_id_same(&was, &old->id)) return RC_OK;
    TRY(unwrap_row(ctx, keys, row, &key, &scope));
    char *to = arena_alloc(ctx->arena, ROW, 1);
    wrap(ctx, &scope, &parent, &key, to);
    *wrapped = (Str){to, ROW};
    seal_forget(&key, sizeof key);
    seal_forget(&parent, sizeof parent);
    return RC_OK;
}

/* ---- how a batch ends ---- */

void keys_committed(Keys *keys) {
    if (keys->rewrapping) atomic_store(&keys->current, 1 - atomic_load(&keys->current));
    pthread_mutex_lock(&keys->lock);
    for (size_t i = 0; i < keys->fresh_len; i++)
        keep(keys, &(DataKey){keys->fresh[i].id, keys->fresh[i].key}, &keys->fresh[i].scope);
    pthread_mutex_unlock(&keys->lock);
    keys_rolled_back(keys);
}

void keys_rolled_back(Keys *keys) {
    keys->rewrapping = false;
    if (keys->fresh_len == 0) return;
    seal_forget(keys->fresh, keys->fresh_len * sizeof *keys->fresh);
    memset(keys->fresh_by_scope, 0xFF, sizeof keys->fresh_by_scope);
    keys->fresh_len = 0;
}

void keys_forget(Keys *keys, const KeyId *ids, size_t n) {
    pthread_mutex_lock(&keys->lock);
    keys->generation++;
    for (size_t i = 0; i < n; i++) {
        Slot *slot = find_id(keys, &ids[i]);
        if (slot) drop(keys, slot);
    }
    pthread_mutex_unlock(&keys->lock);
}
