/* Tests of events that can't be applied: they are set aside, and stop nothing. */
#include "park.h"
#include "ledger/leaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static bool take_key(void *arg, const Item *item) {
    Buf *key = arg;
    buf_add(key, item->key);
    return false;
}

/* A follower that counts events by entity, and refuses what it is told to. */
typedef struct Picky {
    Str refuses; /* id of an entity */
    bool half;   /* writes a row before it refuses */
    size_t asked;
} Picky;

static Rc picky_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    Picky *picky = arg;
    if (!event->delta) return RC_OK;
    bool refused = str_eq(event->delta->id, picky->refuses);
    picky->asked += refused;
    if (refused && picky->half) TRY(rows_put(ctx, rows, STR("half"), STR_NONE));
    if (refused) return ctx_fail(ctx, RC_INVALID, "picky", event->delta->id, "I don't like it.");
    return rows_put(ctx, rows, str_fmt(ctx->arena, "%llu", (unsigned long long)event->position),
                    event->delta->id);
}

static void picky_make(House *house, Picky *picky, int version) {
    Project *project;
    GOOD(house, project_new(&house->ctx, &house->tenant, &project));
    project_add(project, (Follower){"picky", version, picky_event, NULL, picky});
    GOOD(house, project_start(&house->ctx, project));
    house_drain(house);
}

static AsideEvents asides(House *house) {
    AsideEvents aside;
    GOOD(house, project_aside(&house->ctx, house->tenant.project, &aside));
    return aside;
}

static void an_event_that_one_follower_refuses_stops_neither_it_nor_the_others(void **state) {
    House *house = *state;
    Picky picky = {.refuses = STR("urn:t:007"), .half = true};
    Str value;
    Ctx *ctx = &house->ctx;
    park_fill(house);
    picky_make(house, &picky, 1);
    AsideEvents aside = asides(house);
    assert_int_equal(aside.len, 1);
    assert_int_equal(aside.items[0].position, 8);
    assert_true(str_eq(aside.items[0].follower, STR("picky")));
    assert_true(str_eq(aside.items[0].why, STR("I don't like it.")));
    Project *project = house->tenant.project;
    assert_int_equal(project_row(ctx, project, "picky", STR("half"), &value), RC_NOT_FOUND);
    assert_int_equal(project_row(ctx, project, "picky", STR("8"), &value), RC_NOT_FOUND);
    GOOD(house, project_row(ctx, project, "picky", STR("7"), &value));
    GOOD(house, project_row(ctx, project, "picky", STR("60"), &value));
    assert_int_equal(entity_int(house_entity(house, STR("urn:t:007")), STR("urn:a:n"), -1) < 0, 0);
    park_put_one(house, 7, DELTA_CHANGE); /* once more, by the live thread */
    park_put_one(house, 8, DELTA_CHANGE);
    ProjectReport report = park_verified(house);
    if (report.differences) fail_msg(STR_FMT, STR_ARG(report.first));
    assert_int_equal(report.aside.len, 2);
    project_stop(project);
    picky.asked = 0;
    picky_make(house, &picky, 1); /* the same program: not tried again */
    assert_int_equal(picky.asked, 0);
    assert_int_equal(asides(house).len, 2);
    project_stop(house->tenant.project);
    picky.refuses = STR_NONE;
    picky_make(house, &picky, 2); /* it has learnt */
    assert_int_equal(asides(house).len, 0);
    GOOD(house, project_row(ctx, house->tenant.project, "picky", STR("8"), &value));
    report = park_verified(house);
    if (report.differences) fail_msg(STR_FMT, STR_ARG(report.first));
}

static void another_version_of_the_program_tries_again(void **state) {
    House *house = *state;
    Picky picky = {.refuses = STR("urn:t:007")};
    Ctx *ctx = &house->ctx;
    Batch *batch;
    Space space = {STORE_STATE, STR("aside")};
    park_fill(house);
    picky_make(house, &picky, 1);
    project_stop(house->tenant.project);
    Buf key = buf_new(ctx->arena, 2048);
    GOOD(house, batch_open(ctx, ledger_store(house->tenant.ledger), STORE_STATE, &batch));
    GOOD(house, batch_begin(ctx, batch, BATCH_LAZY));
    GOOD(house, batch_items(ctx, batch, &(ItemRange){.space = space}, take_key, &key));
    Item old = {
        .key = buf_str(&key),
        .value = STR("{\"position\":8,\"follower\":\"picky\",\"version\":\"0.0\",\"why\":\"x\"}")};
    GOOD(house, batch_put(ctx, batch, space, &old));
    GOOD(house, batch_commit(ctx, batch));
    batch_close(batch);
    picky.refuses = STR_NONE;
    picky_make(house, &picky, 1);
    assert_int_equal(asides(house).len, 0);
    assert_int_equal(park_verified(house).differences, 0);
}

/* A leaf of a stranger's making: bytes that are proven, and no change that this program knows. */
static void strange_leaf(House *house, Str clear) {
    Ctx *ctx = &house->ctx;
    Store *store;
    Writer *writer;
    Buf bytes = buf_new(house->arena, 1 << 20);
    StoreOptions options = {.folder = house->tenant.folder, .log_reserve = 1 << 20};
    GOOD(house, store_open(ctx, &options, &store));
    GOOD(house, writer_open(ctx, store, &writer));
    LeafHead head = {.position = writer_head(writer) + 1, .time = HOUSE_NOW, .events = 1};
    rand_bytes(&house->rand, head.command.bytes, sizeof head.command.bytes);
    leaf_put_head(&bytes, &head);
    leaf_put_event(&bytes,
                   &(LeafEvent){.kind = EVENT_CHANGE, .about = STR("urn:t:003"), .clear = clear});
    Str parts[] = {{"\0", 1}, buf_str(&bytes)};
    Leaf leaf = {.position = head.position,
                 .command = head.command,
                 .time = head.time,
                 .hash = hash_sha256_parts(parts, 2),
                 .bytes = buf_str(&bytes)};
    GOOD(house, writer_begin(ctx, writer));
    GOOD(house, writer_append(ctx, writer, &leaf));
    GOOD(house, writer_commit(ctx, writer));
    writer_close(writer);
    store_close(store);
}

static void a_leaf_that_cannot_be_read_keeps_no_city_from_starting(void **state) {
    House *house = *state;
    static const Str strange[] = {STR("{"), STR("{\"op\":\"fly\"}"), STR("[1,2]"), STR("")};
    park_fill(house);
    park_project(house, true);
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        project_stop(house->tenant.project);
        house_close(house);
        strange_leaf(house, strange[i]);
        house_open(house); /* replays it */
        park_put_one(house, 3, DELTA_CHANGE);
        park_project(house, true);
        park_put_one(house, 4, DELTA_CHANGE);
        ProjectReport report = park_verified(house);
        if (report.differences) fail_msg(STR_FMT, STR_ARG(report.first));
        assert_int_equal(report.aside.len, i + 1);
        assert_true(str_eq(report.aside.items[i].follower, STR("*")));
        assert_int_equal(report.aside.items[i].position, ledger_head(house->tenant.ledger) - 2);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, park_set_up, park_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_event_that_one_follower_refuses_stops_neither_it_nor_the_others),
        TEST(another_version_of_the_program_tries_again),
        TEST(a_leaf_that_cannot_be_read_keeps_no_city_from_starting),
    };
    return cmocka_run_group_tests_name("project aside", tests, NULL, NULL);
}
