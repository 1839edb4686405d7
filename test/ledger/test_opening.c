/* Tests of what the ledger proves and what it refuses to open: checkpoints, inclusion, a folder
 * behind its witness, another key file. */
#include "city_case.h"
#include "ledger/ledger_int.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- checkpoints and proofs ---- */

static Rc wait_for_checkpoint(City *city, uint64_t size, Str *note, Checkpoint *checkpoint) {
    int64_t until = time_monotonic() + 5 * TIME_SECOND;
    Rc rc;
    do {
        rc = house_newest(&city->ctx, city->ledger, note, checkpoint);
        usleep(2000);
    } while ((rc != RC_OK || checkpoint->size < size) && time_monotonic() < until);
    return rc;
}

static Digest digest_of(City *city, const Json *text) {
    Str bytes;
    Digest digest;
    assert_true(hash_from_base64(city->ctx.arena, json_str(text), &bytes) && bytes.len == 32);
    memcpy(&digest, bytes.ptr, 32);
    return digest;
}

static void every_leaf_is_proven_under_a_signed_checkpoint(void **state) {
    City *city = *state;
    Str note;
    Checkpoint checkpoint;
    city->options.checkpoint_every = 10000;
    open_city(city);
    for (int i = 0; i < 300; i++) {
        Str id = str_fmt(city->ctx.arena, "urn:x:%d", i % 7);
        assert_int_equal(city_put(city, city_entity(city, id, SENSOR, i), PUT_ANY, 0, NULL), RC_OK);
    }
    assert_int_equal(wait_for_checkpoint(city, 300, &note, &checkpoint), RC_OK);
    assert_int_equal(checkpoint.size, 300);
    TreeHasher *hasher = tree_hasher_new();
    for (uint64_t position = 1; position <= 300; position += 13) {
        const Json *proof;
        assert_int_equal(ledger_proof(&city->ctx, city->ledger, position, &proof), RC_OK);
        TreePath path = {0};
        const Json *steps = json_get(proof, STR("path"));
        for (size_t i = 0; i < steps->len; i++)
            (void)vec_push(city->ctx.arena, &path, digest_of(city, json_at(steps, i)));
        Digest leaf = digest_of(city, json_get(proof, STR("leafHash"))), stored;
        assert_true(tree_inclusion_holds(hasher, (TreeLeaf){position - 1, &leaf},
                                         (TreeHead){300, &checkpoint.root}, &path));
        assert_int_equal(ledger_leaf_hash(&city->ctx, city->ledger, position, &stored), RC_OK);
        assert_memory_equal(&stored, &leaf, sizeof leaf);
    }
    tree_hasher_free(hasher);
    const Json *proof;
    assert_int_equal(ledger_proof(&city->ctx, city->ledger, 301, &proof), RC_NOT_FOUND);
    city_close(city);
    open_city(city); /* the tree is found again, over a full tile */
    assert_int_equal(city_put(city, city_entity(city, STR("urn:x:1"), SENSOR, 1), PUT_ANY, 0, NULL),
                     RC_OK);
    assert_int_equal(wait_for_checkpoint(city, 301, &note, &checkpoint), RC_OK);
    assert_int_equal(checkpoint.size, 301);
}

/* ---- what must not be opened ---- */

static void copy_folder(const char *from, const char *to) {
    char command[300];
    snprintf(command, sizeof command, "rm -rf %s && cp -r %s %s", to, from, to);
    assert_int_equal(system(command), 0);
}

static void a_ledger_behind_its_witness_is_not_opened(void **state) {
    City *city = *state;
    open_city(city);
    assert_int_equal(city_put(city, city_entity(city, STR("urn:x:1"), SENSOR, 1), PUT_ANY, 0, NULL),
                     RC_OK);
    city_close(city);
    Str old = str_fmt(city->arena, "%s/old", city->root);
    copy_folder(city->folder.ptr, old.ptr);
    open_city(city);
    assert_int_equal(city_put(city, city_entity(city, STR("urn:x:1"), SENSOR, 2), PUT_ANY, 0, NULL),
                     RC_OK);
    city_close(city); /* signs and hands to the witness */
    copy_folder(old.ptr, city->folder.ptr);
    assert_int_equal(city_open(city), RC_FAILED);
    assert_true(str_eq(city->ctx.error.code, STR("ledger-cut")));
    city->options.witness_file = STR_NONE; /* forks: another second leaf */
    open_city(city);
    assert_int_equal(city_put(city, city_entity(city, STR("urn:x:1"), SENSOR, 3), PUT_ANY, 0, NULL),
                     RC_OK);
    city_close(city);
    city->options.witness_file = city->witness_file;
    assert_int_equal(city_open(city), RC_FAILED);
    assert_true(str_eq(city->ctx.error.code, STR("ledger-altered")));
}

static void a_new_witness_is_told_at_once(void **state) {
    City *city = *state;
    city->options.witness_file = STR_NONE;
    open_city(city);
    assert_int_equal(city_put(city, city_entity(city, STR("urn:x:1"), SENSOR, 1), PUT_ANY, 0, NULL),
                     RC_OK);
    city_close(city);
    city->options.witness_file = city->witness_file;
    open_city(city);
    city_close(city);
    assert_true(city_holds(city, city->root, STR("machi-witness/1\n")));
    assert_true(city_holds(city, city->root, STR("\ncheckpoint ")));
}

static void another_key_file_opens_nothing(void **state) {
    City *city = *state;
    open_city(city);
    city_close(city);
    city->options.key_file = str_fmt(city->arena, "%s/absent.key", city->root);
    assert_int_equal(city_open(city), RC_NOT_FOUND); /* and isn't made anew */
    assert_int_not_equal(access(city->options.key_file.ptr, F_OK), 0);
    City other;
    city_make(&other);
    assert_int_equal(city_open(&other), RC_OK);
    city_close(&other);
    city->options.key_file = other.key_file;
    assert_int_equal(city_open(city), RC_FAILED);
    city_end(&other);
    city->options.key_file = city->key_file;
    open_city(city);
    City second = *city;
    assert_int_equal(ledger_open(&second.ctx, &second.options, &second.ledger), RC_BUSY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(every_leaf_is_proven_under_a_signed_checkpoint),
        CASE(a_ledger_behind_its_witness_is_not_opened),
        CASE(a_new_witness_is_told_at_once),
        CASE(another_key_file_opens_nothing),
    };
    return cmocka_run_group_tests_name("ledger opening", tests, NULL, NULL);
}
