/* Writer, follower, readers and the checkpoint thread at once. Meant for TSan too:
 * meson setup build-tsan -Dtests=true -Db_sanitize=thread. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { COMMITS = 400, PER_COMMIT = 20, READERS = 2, LOG_BYTES = 1 << 20 };

typedef struct Crowd {
    Fixture *f;
    _Atomic uint64_t head; /* of what was committed */
    _Atomic bool over;
    _Atomic int failed;
} Crowd;

static Ctx thread_ctx(Rand *rand) {
    *rand = rand_seeded(7);
    return (Ctx){.arena = arena_new((size_t)1 << 30), .scratch = arena_new(1 << 20), .rand = rand};
}

static void thread_ctx_free(Ctx *ctx) {
    arena_free(ctx->arena);
    arena_free(ctx->scratch);
}

typedef struct Order {
    uint64_t next;
    bool ok;
} Order;

static bool in_order(void *arg, const Leaf *leaf) {
    Order *order = arg;
    order->ok = order->ok && leaf->position == order->next++;
    return order->ok;
}

/* What was committed before a read began is seen by it, dense and in order. */
static Rc read_round(Ctx *ctx, Crowd *crowd, Reader *reader) {
    uint64_t known = atomic_load(&crowd->head), head;
    TRY(reader_head(ctx, reader, &head));
    if (head < known) return RC_FAILED;
    uint64_t from = head > 200 ? head - 200 : 1;
    Order order = {from, true};
    TRY(reader_leaves(ctx, reader, (LeafSlice){from, 1000}, in_order, &order));
    return order.ok && order.next > head ? RC_OK : RC_FAILED;
}

static void *read_all_the_time(void *arg) {
    Crowd *crowd = arg;
    Rand rand;
    Ctx ctx = thread_ctx(&rand);
    Reader *reader;
    Rc rc = reader_open(&ctx, crowd->f->store, &reader);
    while (rc == RC_OK && !atomic_load(&crowd->over)) {
        rc = read_round(&ctx, crowd, reader);
        arena_reset(ctx.arena);
    }
    if (rc != RC_OK) atomic_fetch_add(&crowd->failed, 1);
    reader_close(reader);
    thread_ctx_free(&ctx);
    return NULL;
}

static Rc follow_once(Ctx *ctx, Crowd *crowd, Batch *batch) {
    uint64_t head = atomic_load(&crowd->head);
    TRY(batch_begin(ctx, batch, BATCH_LAZY));
    for (uint64_t i = 0; i < 40; i++) {
        EntityPut put = {.id = str_fmt(ctx->arena, "entity %03d", (int)i),
                         .position = head,
                         .body = str_fmt(ctx->arena, "%0300d", (int)i)};
        vec_push(ctx->arena, &put.types, STR("T"));
        TRY(batch_entity(ctx, batch, &put));
    }
    TRY(batch_cursor(ctx, batch, STR("state"), &(Cursor){.position = head}));
    return batch_commit(ctx, batch);
}

static void *follow_all_the_time(void *arg) {
    Crowd *crowd = arg;
    Rand rand;
    Ctx ctx = thread_ctx(&rand);
    Batch *batch = NULL;
    Rc rc = batch_open(&ctx, crowd->f->store, STORE_STATE, &batch);
    while (rc == RC_OK && !atomic_load(&crowd->over)) {
        rc = follow_once(&ctx, crowd, batch);
        arena_reset(ctx.arena);
    }
    if (rc != RC_OK) atomic_fetch_add(&crowd->failed, 1);
    batch_close(batch);
    thread_ctx_free(&ctx);
    return NULL;
}

static void everyone_works_at_once_and_the_log_stays_short(void **state) {
    Crowd crowd = {.f = *state};
    StoreOptions options = fixture_options(crowd.f);
    options.no_helper = false;
    options.log_reserve = LOG_BYTES;
    fixture_open(crowd.f, &options);
    pthread_t threads[READERS + 1];
    for (int i = 0; i <= READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL,
                                        i < READERS ? read_all_the_time : follow_all_the_time,
                                        &crowd),
                         0);
    Writer *writer;
    assert_ok(writer_open(&crowd.f->ctx, crowd.f->store, &writer));
    for (int i = 0; i < COMMITS; i++) {
        assert_ok(fixture_append(crowd.f, writer, PER_COMMIT));
        atomic_store(&crowd.head, writer_head(writer));
        arena_reset(crowd.f->ctx.arena);
    }
    atomic_store(&crowd.over, true);
    for (int i = 0; i <= READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&crowd.failed), 0);
    writer_close(writer);
    StoreCounts counts = store_counts(crowd.f->store);
    assert_true(counts.checkpoints > 0);
    assert_true(counts.log_restarts > 0);
    assert_true(counts.log_bytes[STORE_LEDGER] < 16 * LOG_BYTES);
    assert_true(counts.syncs >= COMMITS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everyone_works_at_once_and_the_log_stays_short,
                                        fixture_set_up_bare, fixture_tear_down),
    };
    return cmocka_run_group_tests_name("store threads", tests, NULL, NULL);
}
