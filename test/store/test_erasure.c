/* After an erasure no byte of a key, and after a scrub no byte of a deleted row, stands in any file
 * of the folder. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEYS = 300, WRAPPED = 72 };

/* Bytes that stand nowhere else, so that any copy is found. */
static Str key_bytes(Fixture *f, int number) {
    Str seed = str_fmt(f->ctx.arena, "key %d", number);
    Digest one = hash_sha256(seed), two = hash_hmac(seed, seed);
    char *to = arena_alloc(f->ctx.arena, WRAPPED, 1);
    memcpy(to, &one, sizeof one);
    memcpy(to + sizeof one, &two, sizeof two);
    memset(to + sizeof one + sizeof two, 'k', WRAPPED - 2 * sizeof one);
    return (Str){to, WRAPPED};
}

/* A piece of the middle: a copy that has lost its ends is found as well. */
static size_t copies_of(Fixture *f, int number) {
    Str bytes = key_bytes(f, number);
    return fixture_search(f->folder, str_sub(bytes, 20, 44));
}

static void put_keys(Fixture *f, Writer *writer) {
    for (int i = 0; i < KEYS;) {
        assert_ok(writer_begin(&f->ctx, writer));
        for (int k = 0; k < 7 && i < KEYS; k++, i++) {
            Leaf leaf = fixture_leaf(f, writer_head(writer) + 1, "sealed");
            KeyRow row = {.id = str_fmt(f->ctx.arena, "k%d", i),
                          .subject = str_fmt(f->ctx.arena, "person %d", i % 10),
                          .retention = STR("file"),
                          .wrapped = key_bytes(f, i),
                          .position = leaf.position};
            assert_ok(writer_append(&f->ctx, writer, &leaf));
            assert_ok(writer_key(&f->ctx, writer, &row));
        }
        assert_ok(writer_commit(&f->ctx, writer));
    }
}

static void erase_person(Fixture *f, Writer *writer, int person) {
    uint64_t count;
    KeyRange range = {.subject = str_fmt(f->ctx.arena, "person %d", person)};
    assert_ok(writer_begin(&f->ctx, writer));
    assert_ok(writer_erase_keys(&f->ctx, writer, &range, &count));
    assert_int_equal(count, KEYS / 10);
    assert_ok(writer_commit(&f->ctx, writer));
}

static void assert_only_this_person_is_gone(Fixture *f, int person) {
    for (int i = 0; i < KEYS; i += 3)
        assert_int_equal(copies_of(f, i) == 0, i % 10 == person);
}

static void an_erased_key_stands_in_no_file(void **state) {
    Fixture *f = *state;
    Writer *writer;
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    put_keys(f, writer);
    assert_true(copies_of(f, 3) > 0);
    erase_person(f, writer, 3);
    assert_true(copies_of(f, 3) > 0); /* the log still has it: this is why it is overwritten */
    assert_ok(writer_scrub(&f->ctx, writer));
    assert_only_this_person_is_gone(f, 3);
    assert_ok(fixture_append(f, writer, 20)); /* and the log is fit for use */
    assert_only_this_person_is_gone(f, 3);
    writer_close(writer);
    fixture_close(f);
    assert_only_this_person_is_gone(f, 3);
}

static void an_erasure_that_was_cut_off_is_finished_at_the_next_opening(void **state) {
    Fixture *f = *state;
    Writer *writer;
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    put_keys(f, writer);
    erase_person(f, writer, 3);
    writer_close(writer);
    fixture_close(f);
    assert_true(copies_of(f, 3) > 0);
    StoreOptions options = fixture_options(f);
    fixture_open(f, &options);
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    assert_only_this_person_is_gone(f, 3);
    writer_close(writer);
}

static void a_reader_in_the_way_is_told_and_the_erasure_is_finished_later(void **state) {
    Fixture *f = *state;
    Writer *writer;
    Reader *reader;
    KeyRow key;
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    put_keys(f, writer);
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    assert_ok(reader_snapshot(&f->ctx, reader, STORE_LEDGER));
    erase_person(f, writer, 3);
    assert_rc(writer_scrub(&f->ctx, writer), RC_BUSY);
    assert_ok(reader_key(&f->ctx, reader, STR("k3"), &key));
    assert_int_equal(key.wrapped.len, WRAPPED); /* the old state, as promised to the reader */
    reader_release(reader, STORE_LEDGER);
    assert_ok(reader_key(&f->ctx, reader, STR("k3"), &key));
    assert_int_equal(key.wrapped.len, 0);
    assert_ok(writer_scrub(&f->ctx, writer));
    assert_only_this_person_is_gone(f, 3);
    reader_close(reader);
    writer_close(writer);
}

static void a_backup_made_after_an_erasure_has_no_such_key(void **state) {
    Fixture *f = *state;
    Writer *writer;
    Str to = str_fmt(f->ctx.arena, "%s-backup", f->folder);
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    put_keys(f, writer);
    erase_person(f, writer, 3);
    assert_ok(store_backup(&f->ctx, f->store, to));
    const char *backup = str_z(f->ctx.arena, to);
    assert_int_equal(fixture_search(backup, str_sub(key_bytes(f, 3), 20, 44)), 0);
    assert_int_equal(fixture_search(backup, str_sub(key_bytes(f, 4), 20, 44)), 1);
    writer_close(writer);
}

/* Rows of many sizes that move about while their pages are balanced, some naming a person. */
static void put_rows(Fixture *f, Batch *batch, int round) {
    assert_ok(batch_begin(&f->ctx, batch, BATCH_LAZY));
    for (int i = 0; i < 300; i++) {
        const char *name = i % 10 == 3 ? "Yamanashi Hanako" : "nobody in particular";
        Str pad = str_fmt(f->ctx.arena, "%0*d", 10 + (i * 7 + round * 13) % 90, i);
        EntityPut put = {.id = str_fmt(f->ctx.arena, "e%03d", i),
                         .position = (uint64_t)round + 1,
                         .body = str_fmt(f->ctx.arena, "%s " STR_FMT, name, STR_ARG(pad))};
        vec_push(f->ctx.arena, &put.types, STR("T"));
        assert_ok(batch_entity(&f->ctx, batch, &put));
        Item item = {.key = str_fmt(f->ctx.arena, "%03d " STR_FMT, i, STR_ARG(pad)),
                     .value = put.body};
        assert_ok(batch_put(&f->ctx, batch, SPACE(STORE_STATE, "rows"), &item));
    }
    assert_ok(batch_commit(&f->ctx, batch));
}

static void deleted_rows_stand_in_no_file_after_a_scrub(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Batch *batch;
    assert_ok(batch_open(ctx, f->store, STORE_STATE, &batch));
    for (int round = 0; round < 5; round++)
        put_rows(f, batch, round);
    assert_ok(batch_begin(ctx, batch, BATCH_LAZY));
    assert_ok(batch_delete_range(ctx, batch, &(ItemRange){.space = SPACE(STORE_STATE, "rows")}));
    for (int i = 3; i < 300; i += 10) {
        EntityPut put = {.id = str_fmt(ctx->arena, "e%03d", i), .position = 100};
        assert_ok(batch_entity(ctx, batch, &put));
    }
    assert_ok(batch_commit(ctx, batch));
    assert_true(fixture_search(f->folder, STR("Yamanashi")) > 0);
    assert_ok(store_scrub(ctx, f->store, STORE_STATE));
    assert_int_equal(fixture_search(f->folder, STR("Yamanashi")), 0);
    EntityRow row;
    assert_ok(batch_entity_get(ctx, batch, STR("e004"), &row));
    assert_true(str_starts(row.body, STR("nobody in particular")));
    put_rows(f, batch, 200);
    batch_close(batch);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

static Rc word_of(Fixture *f, StoreFile file, Str *value) {
    Reader *reader;
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    Rc rc = reader_item(&f->ctx, reader, (Space){file, STR("words")}, STR("word"), value);
    if (rc == RC_OK) *value = str_dup(f->ctx.arena, *value);
    reader_close(reader);
    return rc;
}

static void a_forgotten_state_stands_in_no_file_and_the_rest_stays(void **state) {
    Fixture *f = *state;
    static const StoreFile files[] = {STORE_STATE, STORE_LOCAL};
    static const Str words[] = {STR("forgotten word"), STR("a kept word")};
    Str value;
    for (size_t i = 0; i < 2; i++) {
        Batch *batch;
        Item item = {.key = STR("word"), .value = words[i]};
        assert_ok(batch_open(&f->ctx, f->store, files[i], &batch));
        assert_ok(batch_begin(&f->ctx, batch, BATCH_DURABLE));
        assert_ok(batch_put(&f->ctx, batch, (Space){files[i], STR("words")}, &item));
        assert_ok(batch_commit(&f->ctx, batch));
        batch_close(batch);
    }
    assert_true(fixture_search(f->folder, words[0]) > 0);
    fixture_close(f);
    StoreOptions options = fixture_options(f);
    options.forget_state = true;
    fixture_open(f, &options);
    assert_int_equal(fixture_search(f->folder, words[0]), 0);
    assert_rc(word_of(f, STORE_STATE, &value), RC_NOT_FOUND);
    assert_ok(word_of(f, STORE_LOCAL, &value));
    assert_true(str_eq(value, words[1]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_erased_key_stands_in_no_file),
        STORE_TEST(an_erasure_that_was_cut_off_is_finished_at_the_next_opening),
        STORE_TEST(a_reader_in_the_way_is_told_and_the_erasure_is_finished_later),
        STORE_TEST(a_backup_made_after_an_erasure_has_no_such_key),
        STORE_TEST(deleted_rows_stand_in_no_file_after_a_scrub),
        STORE_TEST(a_forgotten_state_stands_in_no_file_and_the_rest_stays),
    };
    return cmocka_run_group_tests_name("store erasure", tests, NULL, NULL);
}
