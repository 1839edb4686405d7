/* Tests of epoch and workset: pinning, eviction, stale loads, the overlay's list, rendered answers.
 * One thread; the stress is apart. */
#include "ledger/workset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void count_free(void *object) {
    ++*(int *)object;
}

static void nothing_is_freed_while_a_reader_may_hold_it(void **state) {
    (void)state;
    Epoch *epoch = epoch_new();
    int place = epoch_take(epoch), freed = 0;
    epoch_enter(epoch, place);
    epoch_retire(epoch, &freed, count_free);
    epoch_collect(epoch);
    assert_int_equal(freed, 0);
    assert_int_equal(epoch_waiting(epoch), 1);
    epoch_leave(epoch, place);
    epoch_collect(epoch);
    assert_int_equal(freed, 1);
    epoch_enter(epoch, place); /* who enters later holds nothing older back */
    epoch_leave(epoch, place);
    epoch_retire(epoch, &freed, count_free);
    epoch_enter(epoch, place);
    epoch_collect(epoch);
    assert_int_equal(freed, 2);
    epoch_give(epoch, place);
    epoch_free(epoch);
}

static void places_run_out_and_come_back(void **state) {
    (void)state;
    Epoch *epoch = epoch_new();
    assert_int_equal(epoch_mine(epoch), -1);
    int first = epoch_register(epoch);
    assert_int_equal(epoch_mine(epoch), first);
    for (int i = 1; i < EPOCH_READERS; i++)
        assert_true(epoch_take(epoch) >= 0);
    assert_int_equal(epoch_take(epoch), -1);
    epoch_give(epoch, first);
    assert_int_equal(epoch_mine(epoch), -1);
    assert_int_equal(epoch_take(epoch), first);
    epoch_free(epoch);
}

typedef struct Fixture {
    Epoch *epoch;
    Workset *set;
    Arena *arena;
    int place;
} Fixture;

static Fixture open_set(size_t limit) {
    Epoch *epoch = epoch_new();
    Fixture fix = {epoch, workset_new(epoch, limit), arena_new(256 << 20), epoch_take(epoch)};
    return fix;
}

static void close_set(Fixture *fix) {
    epoch_give(fix->epoch, fix->place);
    epoch_free(fix->epoch);
    workset_free(fix->set);
    arena_free(fix->arena);
}

static Str id_of(Fixture *fix, int i) {
    return str_fmt(fix->arena, "urn:x:%d", i);
}

static void publish(Fixture *fix, int i, uint64_t position, const char *stored) {
    workset_publish(
        fix->set,
        &(VersionSource){.id = id_of(fix, i), .stored = str_of(stored), .position = position});
}

static void the_newest_version_is_found(void **state) {
    (void)state;
    Fixture fix = open_set(1 << 20);
    for (int i = 0; i < 5000; i++)
        publish(&fix, i, (uint64_t)i + 1, "one");
    for (int i = 0; i < 5000; i += 7)
        publish(&fix, i, (uint64_t)i + 6000, "two");
    epoch_enter(fix.epoch, fix.place);
    for (int i = 0; i < 5000; i++) {
        const Version *version = workset_find(fix.set, id_of(&fix, i));
        assert_non_null(version);
        assert_true(str_eq(version_stored(version), i % 7 ? STR("one") : STR("two")));
        assert_true(str_eq(version_id(version), id_of(&fix, i)));
    }
    assert_null(workset_find(fix.set, STR("urn:x:5000")));
    epoch_leave(fix.epoch, fix.place);
    close_set(&fix);
}

static void pinned_versions_outlive_every_bound(void **state) {
    (void)state;
    Fixture fix = open_set(64 << 10);
    for (int i = 0; i < 10000; i++) {
        publish(&fix, i, (uint64_t)i + 1,
                "a stored record of some length, so that the bound is passed");
        workset_trim(fix.set);
    }
    for (int i = 0; i < 10000; i++)
        assert_non_null(workset_find(fix.set, id_of(&fix, i)));
    assert_int_equal(workset_counts(fix.set).pinned, 10000);
    workset_reached(fix.set, 9000);
    for (int i = 0; i < 4000; i++)
        workset_trim(fix.set);
    assert_int_equal(workset_counts(fix.set).pinned, 1000);
    for (int i = 9000; i < 10000; i++)
        assert_non_null(workset_find(fix.set, id_of(&fix, i)));
    int left = 0;
    for (int i = 0; i < 9000; i++)
        left += workset_find(fix.set, id_of(&fix, i)) != NULL;
    assert_true(left < 9000 / 10);
    workset_reached(fix.set, 10000);
    for (int i = 0; i < 4000; i++)
        workset_trim(fix.set);
    assert_true(workset_counts(fix.set).bytes <= 64 << 10);
    assert_int_equal(workset_counts(fix.set).pinned_bytes, 0);
    close_set(&fix);
}

static void a_stale_row_is_never_put_in(void **state) {
    (void)state;
    Fixture fix = open_set(1);
    VersionSource row = {.id = STR("urn:x:1"), .stored = STR("old"), .position = 5};
    workset_load(fix.set, &row, 5);
    assert_int_equal(version_position(workset_find(fix.set, row.id)), 5);
    publish(&fix, 1, 8, "new");
    workset_load(fix.set, &row, 5); /* a newer one is there */
    assert_int_equal(version_position(workset_find(fix.set, row.id)), 8);
    workset_reached(fix.set, 8);
    for (int i = 0; i < 4000; i++)
        workset_trim(fix.set);
    assert_null(workset_find(fix.set, row.id));
    workset_load(fix.set, &row,
                 7); /* read from a snapshot before the newer one, which has been evicted since */
    assert_null(workset_find(fix.set, row.id));
    row = (VersionSource){.id = STR("urn:x:1"), .stored = STR("new"), .position = 8};
    workset_load(fix.set, &row, 8);
    assert_int_equal(version_position(workset_find(fix.set, row.id)), 8);
    close_set(&fix);
}

static void absence_is_remembered_until_it_ends(void **state) {
    (void)state;
    Fixture fix = open_set(1 << 20);
    workset_load(fix.set, &(VersionSource){.id = STR("urn:x:1"), .gone = true}, 0);
    assert_true(version_gone(workset_find(fix.set, STR("urn:x:1"))));
    publish(&fix, 1, 3, "here");
    assert_false(version_gone(workset_find(fix.set, STR("urn:x:1"))));
    workset_publish(fix.set, &(VersionSource){.id = STR("urn:x:1"), .position = 4, .gone = true});
    assert_true(version_gone(workset_find(fix.set, STR("urn:x:1"))));
    close_set(&fix);
}

static bool add_position(void *arg, const Version *version) {
    uint64_t *sum = arg;
    sum[0]++;
    assert_true(version_position(version) > sum[1]); /* oldest first */
    sum[1] = version_position(version);
    return true;
}

static void the_overlay_shows_each_pinned_version_once(void **state) {
    (void)state;
    Fixture fix = open_set(1 << 20);
    uint64_t position = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            publish(&fix, i, ++position, "x");
    }
    uint64_t sum[2] = {0};
    workset_recent(fix.set, add_position, sum);
    assert_int_equal(sum[0], 100);
    assert_int_equal(sum[1], 300);
    workset_reached(fix.set, 250);
    sum[0] = sum[1] = 0;
    workset_recent(fix.set, add_position, sum);
    assert_int_equal(sum[0], 50);
    close_set(&fix);
}

static void keep(Fixture *fix, const Version *version, Str bytes) {
    Rendering rendering = {
        .key = {.form = 7}, .erasures = workset_erasures(fix->set), .bytes = bytes};
    workset_render_keep(fix->set, version, &rendering);
}

/* A key destroyed between opening and keeping: what was drawn with it must not come back. */
static void an_answer_drawn_before_an_erasure_is_not_kept(void **state) {
    (void)state;
    Fixture fix = open_set(1 << 20);
    workset_publish(fix.set, &(VersionSource){.id = STR("urn:x:1"), .position = 1, .sealed = true});
    const Version *sealed = workset_find(fix.set, STR("urn:x:1"));
    Rendering rendering = {.erasures = workset_erasures(fix.set), .bytes = STR("secret")};
    workset_erased(fix.set);
    workset_render_keep(fix.set, sealed, &rendering);
    assert_null(version_rendered(sealed, &rendering.key));
    close_set(&fix);
}

static void an_answer_is_found_by_all_of_its_key_only(void **state) {
    (void)state;
    Fixture fix = open_set(1 << 20);
    workset_publish(fix.set, &(VersionSource){.id = STR("urn:x:1"), .position = 1});
    const Version *version = workset_find(fix.set, STR("urn:x:1"));
    Rendering rendering = {.key = {.sight = 1, .context = 2, .form = 3}, .bytes = STR("answer")};
    workset_render_keep(fix.set, version, &rendering);
    assert_non_null(version_rendered(version, &(RenderKey){1, 2, 3}));
    assert_null(version_rendered(version, &(RenderKey){9, 2, 3}));
    assert_null(version_rendered(version, &(RenderKey){1, 9, 3}));
    assert_null(version_rendered(version, &(RenderKey){1, 2, 9}));
    close_set(&fix);
}

static void rendered_answers_end_with_the_keys(void **state) {
    (void)state;
    Fixture fix = open_set(1 << 20);
    workset_publish(fix.set, &(VersionSource){.id = STR("urn:x:1"), .position = 1, .sealed = true});
    workset_publish(fix.set, &(VersionSource){.id = STR("urn:x:2"), .position = 2});
    const Version *sealed = workset_find(fix.set, STR("urn:x:1")),
                  *open = workset_find(fix.set, STR("urn:x:2"));
    assert_null(version_rendered(sealed, &(RenderKey){.form = 7}));
    size_t before = workset_counts(fix.set).bytes;
    keep(&fix, sealed, STR("secret"));
    keep(&fix, open, STR("first"));
    keep(&fix, open, STR("known"));
    assert_true(workset_counts(fix.set).bytes > before);
    assert_true(str_eq(*version_rendered(sealed, &(RenderKey){.form = 7}), STR("secret")));
    assert_true(str_eq(*version_rendered(open, &(RenderKey){.form = 7}), STR("known")));
    assert_null(version_rendered(open, &(RenderKey){.form = 8}));
    workset_erased(fix.set);
    assert_null(version_rendered(sealed, &(RenderKey){.form = 7}));
    assert_true(str_eq(*version_rendered(open, &(RenderKey){.form = 7}), STR("known")));
    close_set(&fix);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_freed_while_a_reader_may_hold_it),
        cmocka_unit_test(places_run_out_and_come_back),
        cmocka_unit_test(the_newest_version_is_found),
        cmocka_unit_test(pinned_versions_outlive_every_bound),
        cmocka_unit_test(a_stale_row_is_never_put_in),
        cmocka_unit_test(absence_is_remembered_until_it_ends),
        cmocka_unit_test(the_overlay_shows_each_pinned_version_once),
        cmocka_unit_test(rendered_answers_end_with_the_keys),
        cmocka_unit_test(an_answer_drawn_before_an_erasure_is_not_kept),
        cmocka_unit_test(an_answer_is_found_by_all_of_its_key_only),
    };
    return cmocka_run_group_tests_name("ledger workset", tests, NULL, NULL);
}
