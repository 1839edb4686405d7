#include "ledger_int.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

enum {
    LEDGER_ARENA = 1 << 20,
    WORKING_SET = 256 << 20,
    QUEUE_MAX = 65536,
    KEYS_MAX = 16384,
    SIGNING_KEY = SEAL_NONCE + 32 + SEAL_TAG,
};

#define META   SPACE(STORE_LEDGER, "ledger")
#define FORMAT STR("machi-ledger/1")

/* ---- waiting ---- */

void ledger_cond_init(pthread_cond_t *cond) {
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

bool ledger_timed_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_monotonic) {
    struct timespec until = {.tv_sec = until_monotonic / TIME_SECOND,
                             .tv_nsec = until_monotonic % TIME_SECOND * 1000};
    return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}

void ledger_moved(Ledger *ledger) {
    if (atomic_load(&ledger->waiting) == 0) return;
    pthread_mutex_lock(&ledger->moved_lock);
    pthread_cond_broadcast(&ledger->moved);
    pthread_mutex_unlock(&ledger->moved_lock);
}

uint64_t ledger_head(const Ledger *ledger) {
    return atomic_load(&ledger->head);
}

void ledger_wait(Ledger *ledger, uint64_t position, int64_t until_monotonic) {
    pthread_mutex_lock(&ledger->moved_lock);
    atomic_fetch_add(&ledger->waiting,
                     1); /* before the look at the head: whoever moves it later sees it */
    while (ledger_head(ledger) <= position && !atomic_load(&ledger->closing)) {
        if (!ledger_timed_wait(&ledger->moved, &ledger->moved_lock, until_monotonic)) break;
    }
    atomic_fetch_sub(&ledger->waiting, 1);
    pthread_mutex_unlock(&ledger->moved_lock);
}

void ledger_state_reached(Ledger *ledger, uint64_t position) {
    uint64_t head = ledger_head(ledger);
    if (position > head) position = head;
    workset_reached(ledger->set, position);
    atomic_store(&ledger->state, position);
    int behind = LEDGER_BEHIND;
    if (position == head && atomic_compare_exchange_strong(&ledger->mode, &behind, LEDGER_RUNS))
        log_info("ledger", "the state has caught up with %llu leaves", (unsigned long long)head);
    ledger_moved(ledger);
}

bool ledger_behind(const Ledger *ledger) {
    return atomic_load(&ledger->mode) == LEDGER_BEHIND;
}

Store *ledger_store(Ledger *ledger) {
    return ledger->store;
}

/* ---- opening ---- */

static void copy_options(Ledger *ledger, const LedgerOptions *options) {
    Arena *arena = ledger->arena;
    LedgerOptions *own = &ledger->options;
    *own = *options;
    own->folder = str_dup(arena, options->folder);
    own->key_file = str_dup(arena, options->key_file);
    own->witness_file = str_dup(arena, options->witness_file);
    if (!own->working_set_bytes) own->working_set_bytes = WORKING_SET;
    if (!own->queue_max) own->queue_max = QUEUE_MAX;
    if (!own->checkpoint_every) own->checkpoint_every = TIME_SECOND;
    if (!own->lag_events) own->lag_events = LEDGER_LAG_EVENTS;
    if (!own->clock) own->clock = &ledger->system_clock;
    ledger->erasures_file = str_fmt(arena, STR_FMT ".erasures", STR_ARG(own->key_file));
}

static Ledger *make(const LedgerOptions *options) {
    Ledger *ledger = mem_zero(sizeof *ledger);
    ledger->arena = arena_new(LEDGER_ARENA);
    ledger->system_clock.fixed = TIME_NONE;
    copy_options(ledger, options);
    ledger->epoch = epoch_new();
    ledger->set = workset_new(ledger->epoch, ledger->options.working_set_bytes);
    command_queue_init(&ledger->queue, ledger->options.queue_max);
    pthread_mutex_init(&ledger->pool.lock, NULL);
    pthread_mutex_init(&ledger->edge_lock, NULL);
    pthread_mutex_init(&ledger->moved_lock, NULL);
    ledger_cond_init(&ledger->moved);
    house_init(ledger);
    return ledger;
}

static void destroy(Ledger *ledger) {
    commit_close(ledger);
    store_close(ledger->store);
    house_free(ledger);
    command_pool_free(&ledger->pool);
    command_queue_free(&ledger->queue);
    epoch_free(ledger->epoch);
    workset_free(ledger->set);
    keys_free(ledger->keys);
    note_key_free(ledger->note);
    pthread_cond_destroy(&ledger->moved);
    pthread_mutex_destroy(&ledger->moved_lock);
    pthread_mutex_destroy(&ledger->edge_lock);
    arena_free(ledger->arena);
    seal_forget(&ledger->index, sizeof ledger->index);
    mem_free(ledger);
}

static Str signing_associated(Ledger *ledger, Arena *arena) {
    Buf buf = buf_new(arena, 256);
    wire_put_str(&buf, STR("machi/1/signing-key"));
    wire_put_str(&buf, ledger->origin);
    return buf_str(&buf);
}

/* A new ledger: draws the signing key and writes what the verifier needs. */
static Rc create_meta(Ctx *ctx, Ledger *ledger, const TenantKey *tenant) {
    Digest id = store_id(ledger->store);
    Str hex = hash_hex(ctx->arena, (Str){(const char *)id.bytes, 16});
    ledger->origin = str_fmt(ledger->arena, "machi/" STR_FMT, STR_ARG(hex));
    Rand rand = rand_system();
    SealKey seed;
    rand_bytes(&rand, seed.bytes, sizeof seed.bytes);
    Str seed_bytes = {(const char *)seed.bytes, sizeof seed.bytes};
    Buf sealed = buf_new(ctx->arena, SIGNING_KEY);
    seal_add(&sealed, &rand, &tenant->wrap, signing_associated(ledger, ctx->arena), seed_bytes);
    Rc rc = note_key_new(ctx, ledger->origin, seed_bytes, &ledger->note);
    seal_forget(&seed, sizeof seed);
    TRY(rc);
    const struct {
        Str name, value;
    } items[] = {
        {STR("format"), FORMAT},
        {STR("origin"), ledger->origin},
        {STR("public_key"), note_public_key(ledger->note)},
        {STR("signing_key"), buf_str(&sealed)},
        {STR("tenant_key"), seal_id_str(&tenant->id)},
    };
    Writer *writer = ledger->commit.writer;
    TRY(writer_begin(ctx, writer));
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        TRY(writer_item(ctx, writer, META, items[i].name, items[i].value));
    return writer_commit(ctx, writer);
}

static Rc wrong_key(Ctx *ctx, Ledger *ledger) {
    return ctx_fail(ctx, RC_FAILED, "tenant-key", ledger->options.key_file,
                    "The tenant key file " STR_FMT " isn't the one of the ledger in " STR_FMT
                    ": name the right one.",
                    STR_ARG(ledger->options.key_file), STR_ARG(ledger->options.folder));
}

static Rc read_meta(Ctx *ctx, Ledger *ledger, const TenantKey *tenant) {
    Reader *reader = ledger->commit.reader;
    Str format, origin, public_key, sealed, tenant_id, seed;
    TRY(reader_item(ctx, reader, META, STR("format"), &format));
    if (!str_eq(format, FORMAT))
        return ctx_fail(ctx, RC_FAILED, "ledger-format", ledger->options.folder,
                        "The ledger is of format " STR_FMT ": start the machi that wrote it.",
                        STR_ARG(format));
    TRY(reader_item(ctx, reader, META, STR("origin"), &origin));
    TRY(reader_item(ctx, reader, META, STR("public_key"), &public_key));
    TRY(reader_item(ctx, reader, META, STR("signing_key"), &sealed));
    TRY(reader_item(ctx, reader, META, STR("tenant_key"), &tenant_id));
    ledger->origin = str_dup(ledger->arena, origin);
    if (!hash_same(tenant_id, seal_id_str(&tenant->id))) return wrong_key(ctx, ledger);
    if (!seal_open(ctx->arena, &tenant->wrap, signing_associated(ledger, ctx->arena), sealed,
                   &seed))
        return wrong_key(ctx, ledger);
    Rc rc = note_key_new(ctx, ledger->origin, seed, &ledger->note);
    sodium_memzero((void *)(uintptr_t)seed.ptr, seed.len);
    return rc;
}

static Rc open_keys(Ctx *ctx, Ledger *ledger) {
    Str tenant_id;
    TenantKey tenant;
    Rc rc = reader_item(ctx, ledger->commit.reader, META, STR("tenant_key"), &tenant_id);
    bool fresh = rc == RC_NOT_FOUND;
    if (rc != RC_OK && !fresh) return rc;
    TRY(seal_tenant_key(ctx, ledger->options.key_file, fresh, &tenant));
    rc = fresh ? create_meta(ctx, ledger, &tenant) : read_meta(ctx, ledger, &tenant);
    ledger->index = tenant.index;
    ledger->keys = keys_new(&tenant, KEYS_MAX);
    seal_forget(&tenant, sizeof tenant);
    return rc;
}

static Rc open_all(Ctx *ctx, Ledger *ledger) {
    const LedgerOptions *options = &ledger->options;
    TRY(store_open(ctx,
                   &(StoreOptions){.folder = options->folder,
                                   .fault = options->fault,
                                   .clock = options->clock,
                                   .log_reserve = options->log_reserve,
                                   .no_helper = options->no_helper,
                                   .no_sync = options->no_sync},
                   &ledger->store));
    TRY(commit_open(ctx, ledger));
    TRY(open_keys(ctx, ledger));
    TRY(recover_tree(ctx, ledger));
    TRY(recover_erasures(ctx, ledger));
    return recover_state(ctx, ledger);
}

Rc ledger_open(Ctx *ctx, const LedgerOptions *options, Ledger **out) {
    if (sodium_init() < 0)
        return ctx_fail(ctx, RC_FAILED, "sodium", STR_NONE,
                        "libsodium can't start: is /dev/urandom there?");
    Ledger *ledger = make(options);
    Rc rc = open_all(ctx, ledger);
    if (rc != RC_OK) {
        destroy(ledger);
        return rc;
    }
    int failed = pthread_create(&ledger->writer_thread, NULL, commit_thread, ledger);
    assert(failed == 0); /* fails only without memory */
    ledger->writer_runs = failed == 0;
    house_start(ledger);
    *out = ledger;
    return RC_OK;
}

static void last_checkpoint(Ledger *ledger) {
    Ctx ctx = {.arena = arena_new(1 << 20),
               .scratch = arena_new(1 << 20),
               .clock = ledger->options.clock,
               .rand = &ledger->commit.rand};
    bool usable = ledger->commit.writer && !ledger->commit.unknown;
    Rc rc = usable ? house_checkpoint(&ctx, ledger) : RC_OK;
    if (rc != RC_OK)
        log_error("ledger", "the last checkpoint failed: " STR_FMT, STR_ARG(ctx.error.detail));
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
}

void ledger_close(Ledger *ledger) {
    if (!ledger) return;
    house_stop(ledger);
    atomic_store(&ledger->closing, true);
    command_queue_wake(&ledger->queue);
    pthread_join(ledger->writer_thread, NULL);
    ledger->writer_runs = false;
    pthread_mutex_lock(&ledger->moved_lock);
    pthread_cond_broadcast(&ledger->moved);
    pthread_mutex_unlock(&ledger->moved_lock);
    last_checkpoint(ledger);
    destroy(ledger);
}
