/* Tests of machi-verify on ledgers made by the library: what was tampered with is named, with its
 * position. */
#include "copies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- nothing was done ---- */

static void an_untouched_ledger_is_sound_and_witnessed(void **state) {
    Copies *copies = *state;
    Verdict verdict = copies_verify(copies, copies_outside(copies), copies->folder);
    assert_int_equal(verdict.code, 0);
    static const struct {
        const char *name;
        int64_t value;
    } counts[] = {{"leaves", COPIES_END},        {"tiles", 1},      {"provenUpTo", COPIES_END},
                  {"witnessedUpTo", COPIES_END}, {"statements", 1}, {"sealedParts", 2},
                  {"readableKeys", 1},           {"erasedKeys", 1}, {"pendingErasures", 0},
                  {"timesBackwards", 0}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        assert_int_equal(json_get_int(verdict.json, counts[i].name, -1), counts[i].value);
    assert_true(json_get_bool(verdict.json, "sound", false));
    assert_true(json_get_bool(verdict.json, "keysChecked", false));
    assert_false(json_get_bool(verdict.json, "unwitnessed", true));
}

static void without_a_witness_it_says_unwitnessed(void **state) {
    Copies *copies = *state;
    Verdict verdict = copies_verify(copies, "", copies->folder);
    assert_int_equal(verdict.code, 0);
    assert_true(json_get_bool(verdict.json, "unwitnessed", false));
    assert_int_equal(json_get_int(verdict.json, "erasedKeys", -1), 1); /* the event tells */
}

/* ---- tampering ---- */

#define WHERE_TARO "subject=CAST('urn:p:taro' AS BLOB)"

typedef struct Case {
    const char *title, *sql, *name;
    int position, until;
} Case;

static const Case cases[] = {
    {"a byte of a leaf under a full tile", "UPDATE leaf SET bytes=flip(bytes,60) WHERE position=17",
     "altered", 17, 0},
    {"a byte of a leaf beyond the tiles", "UPDATE leaf SET bytes=flip(bytes,60) WHERE position=275",
     "altered", 275, 0},
    {"two leaves: the first is named",
     "UPDATE leaf SET bytes=flip(bytes,60) WHERE position IN (33, 280)", "altered", 33, 0},
    {"the version of a leaf", "UPDATE leaf SET bytes=flip(bytes,0) WHERE position=1", "altered", 1,
     0},
    {"a leaf that was emptied", "UPDATE leaf SET bytes=x'' WHERE position=200", "altered", 200, 0},
    {"a leaf and its hash",
     "UPDATE leaf SET bytes=flip(bytes,60) WHERE position=17;"
     "UPDATE leaf SET hash=leaf_hash(bytes) WHERE position=17",
     "altered", 17, 0},
    {"a leaf and its hash beyond the tiles",
     "UPDATE leaf SET bytes=flip(bytes,60) WHERE position=275;"
     "UPDATE leaf SET hash=leaf_hash(bytes) WHERE position=275",
     "rewritten", 271, 300},
    {"a leaf, its hash and its tile",
     "UPDATE leaf SET bytes=flip(bytes,60) WHERE position=17;"
     "UPDATE leaf SET hash=leaf_hash(bytes) WHERE position=17;"
     "UPDATE tile SET bytes=tile_with(bytes,16,(SELECT hash FROM leaf WHERE position=17))",
     "rewritten", 1, 270},
    {"only the hash in the row", "UPDATE leaf SET hash=flip(hash,5) WHERE position=275", "altered",
     275, 0},
    {"only the hash in the row of a leaf under a tile",
     "UPDATE leaf SET hash=flip(hash,5) WHERE position=20", "altered", 20, 0},
    {"the command id in the row", "UPDATE leaf SET command=flip(command,5) WHERE position=40",
     "altered", 40, 0},
    {"the time in the row", "UPDATE leaf SET time=time+1 WHERE position=41", "altered", 41, 0},
    {"a leaf deleted", "DELETE FROM leaf WHERE position=17", "removed", 17, 0},
    {"a leaf deleted beyond the tiles", "DELETE FROM leaf WHERE position=275", "removed", 275, 0},
    {"the first leaf deleted", "DELETE FROM leaf WHERE position=1", "removed", 1, 0},
    {"many leaves deleted", "DELETE FROM leaf WHERE position BETWEEN 100 AND 290", "removed", 100,
     0},
    {"a leaf deleted and the rest moved up",
     "DELETE FROM leaf WHERE position=17;"
     "UPDATE leaf SET position=-position WHERE position>17;"
     "UPDATE leaf SET position=-position-1 WHERE position<0",
     "reordered", 17, 0},
    {"two leaves swapped",
     "UPDATE leaf SET position=-1 WHERE position=17; UPDATE leaf SET position=17 WHERE position=30;"
     "UPDATE leaf SET position=30 WHERE position=-1",
     "reordered", 17, 0},
    {"two leaves swapped beyond the tiles",
     "UPDATE leaf SET position=-1 WHERE position=280;"
     "UPDATE leaf SET position=280 WHERE position=281;"
     "UPDATE leaf SET position=281 WHERE position=-1",
     "reordered", 280, 0},
    {"a leaf before the first", "UPDATE leaf SET position=0 WHERE position=300", "malformed", 1, 0},
    {"the tail cut", "DELETE FROM leaf WHERE position>295", "cut off", 296, 300},
    {"the tail cut with its checkpoint",
     "DELETE FROM leaf WHERE position>295; DELETE FROM checkpoint WHERE size>295", "cut off", 296,
     300},
    {"the tail cut into a tile",
     "DELETE FROM leaf WHERE position>200; DELETE FROM checkpoint WHERE size>200", "cut off", 201,
     300},
    {"everything cut", "DELETE FROM leaf; DELETE FROM checkpoint; DELETE FROM tile", "cut off", 1,
     300},
    {"a hash in a tile", "UPDATE tile SET bytes=flip(bytes,32*16+5)", "altered tile", 17, 0},
    {"a tile deleted", "DELETE FROM tile", "altered tile", 1, 0},
    {"a tile cut short", "UPDATE tile SET bytes=substr(bytes,1,8191)", "altered tile", 1, 0},
    {"a tile of leaves to come", "INSERT INTO tile VALUES(1,0,zeroblob(8192))", "cut off", 301, 0},
    {"a checkpoint forged without the key", "UPDATE checkpoint SET note=forge(note) WHERE size=270",
     "forged checkpoint", 270, 0},
    {"the root in a checkpoint", "UPDATE checkpoint SET note=flip(note,50) WHERE size=300",
     "forged checkpoint", 300, 0},
    {"the size of a checkpoint's row", "UPDATE checkpoint SET size=299 WHERE size=300",
     "forged checkpoint", 299, 0},
    {"a checkpoint that is text", "UPDATE checkpoint SET note='no' WHERE size=270",
     "forged checkpoint", 270, 0},
    {"a key deleted without an erasure",
     "DELETE FROM key WHERE " WHERE_TARO " AND retention<>x'2a'", "key removed", COPIES_TARO, 0},
    {"a key destroyed without an erasure",
     "UPDATE key SET erased=1, wrapped=zeroblob(89) WHERE " WHERE_TARO " AND retention<>x'2a'",
     "key removed", COPIES_TARO, 0},
    {"a key that wraps another deleted", "DELETE FROM key WHERE " WHERE_TARO " AND retention=x'2a'",
     "key removed", COPIES_TARO, 0},
    {"an erased key put back",
     "UPDATE key SET erased=0, wrapped=(SELECT wrapped FROM key WHERE " WHERE_TARO
     " AND retention<>x'2a') WHERE erased<>0",
     "erasure not carried out", COPIES_ERASURE, 0},
    {"another public key",
     "UPDATE item SET value=flip(value,3) WHERE key=CAST('public_key' AS BLOB)", "another key", 0,
     0},
    {"another format", "UPDATE item SET value=flip(value,3) WHERE key=CAST('format' AS BLOB)",
     "malformed", 0, 0},
    {"no origin", "DELETE FROM item WHERE key=CAST('origin' AS BLOB)", "malformed", 0, 0},
    {"a version to come", "PRAGMA user_version=2", "malformed", 0, 0},
    {"a row of another type", "UPDATE leaf SET bytes='text' WHERE position=17", "malformed", 17, 0},
    {"no table of tiles", "DROP TABLE tile", "malformed", 0, 0},
    {"a view that never ends",
     "ALTER TABLE leaf RENAME TO other; CREATE VIEW leaf AS WITH RECURSIVE c(position) AS "
     "(SELECT 1 UNION ALL SELECT position+1 FROM c) SELECT position FROM c",
     "malformed", 0, 0},
};

static void what_was_tampered_with_is_named_with_its_position(void **state) {
    Copies *copies = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Case *c = &cases[i];
        copies_drop(state);
        copies_begin(state);
        copies_sql(copies, "ledger.db", c->sql);
        Verdict verdict = copies_verify(copies, copies_outside(copies), copies->folder);
        if (verdict.code != 1 || !str_eq(verdict.name, str_of(c->name)) ||
            verdict.position != c->position || verdict.until != c->until)
            fail_msg("%s: exit code %d, " STR_FMT " at %lld to %lld", c->title, verdict.code,
                     STR_ARG(verdict.name), (long long)verdict.position, (long long)verdict.until);
    }
}

static void without_a_witness_a_cut_tail_is_not_seen_and_not_claimed(void **state) {
    Copies *copies = *state;
    copies_sql(copies, "ledger.db",
               "DELETE FROM leaf WHERE position>295; DELETE FROM checkpoint WHERE size>295");
    Verdict verdict = copies_verify(copies, "", copies->folder);
    assert_int_equal(verdict.code, 0);
    assert_int_equal(json_get_int(verdict.json, "provenUpTo", -1), COPIES_MIDDLE);
    assert_true(json_get_bool(verdict.json, "unwitnessed", false));
}

/* Whoever has the tenant's key signs another history: only the witness can tell. */
static void a_rewriting_signed_by_the_right_key_is_told_by_the_witness(void **state) {
    Copies *copies = *state;
    City other = {0};
    copies_drop(state);
    copies_shell("mkdir %s && cp -r %s %s/data && cp %s.key %s/tenant.key", copies->folder.ptr,
                 copies->middle.ptr, copies->folder.ptr, copies->middle.ptr, copies->folder.ptr);
    city_make_at(&other, copies->folder.ptr);
    other.options.witness_file = STR_NONE;
    assert_int_equal(city_open(&other), RC_OK);
    for (int i = COPIES_MIDDLE + 1; i <= COPIES_END; i++)
        assert_int_equal(
            city_put(&other,
                     city_entity(&other, str_fmt(other.ctx.arena, "urn:y:%d", i), SENSOR, i),
                     PUT_ANY, 0, NULL),
            RC_OK);
    city_leave(&other);
    Str data = str_fmt(copies->arena, "%s/data", copies->folder.ptr);
    Verdict verdict = copies_verify(copies, "", data);
    assert_int_equal(verdict.code, 0);
    verdict = copies_verify(copies, copies_outside(copies), data);
    assert_int_equal(verdict.code, 1);
    assert_true(str_eq(verdict.name, STR("rewritten")));
    assert_int_equal(verdict.position, COPIES_MIDDLE + 1);
    assert_int_equal(verdict.until, COPIES_END);
}

static void the_witness_of_another_ledger_is_refused(void **state) {
    Copies *copies = *state;
    City other = {0};
    copies_drop(state);
    copies_shell("mkdir %s", copies->folder.ptr);
    city_make_at(&other, copies->folder.ptr);
    other.rand = rand_seeded(12); /* another origin */
    assert_int_equal(city_open(&other), RC_OK);
    Str data = str_dup(copies->arena, other.folder);
    city_leave(&other);
    Verdict verdict = copies_verify(copies, copies_outside(copies), data);
    assert_int_equal(verdict.code, 1);
    assert_true(str_eq(verdict.name, STR("another ledger")));
}

/* ---- forms of a copy ---- */

static void an_erasure_after_the_backup_is_pending(void **state) {
    Copies *copies = *state;
    Str options = str_fmt(copies->arena, "--erasures %s", copies->list.ptr);
    Verdict verdict = copies_verify(copies, options.ptr, copies->middle);
    assert_int_equal(verdict.code, 0);
    assert_int_equal(json_get_int(verdict.json, "pendingErasures", -1), 1);
    assert_int_equal(json_get_int(verdict.json, "readableKeys", -1), 2);
}

/* The list begins with the first erasure. Where the ledger holds one, a list that isn't there is
 * no list: see wrong_usage_and_what_cannot_be_read_exit_with_2. */
static void a_list_that_was_never_begun_is_empty(void **state) {
    Copies *copies = *state;
    Verdict verdict = copies_verify(copies, "--erasures /nowhere/at/all", copies->middle);
    assert_int_equal(verdict.code, 0);
    assert_int_equal(json_get_int(verdict.json, "pendingErasures", -1), 0);
    assert_false(json_get_bool(verdict.json, "erasuresChecked", true));
    verdict = copies_verify(copies, "--erasures /nowhere/at/all", copies->folder);
    assert_int_equal(verdict.code, 2);
}

static void the_list_alone_tells_erased_from_removed(void **state) {
    Copies *copies = *state;
    copies_drop(state);
    copies_shell("cp -r %s %s", copies->middle.ptr, copies->folder.ptr);
    copies_sql(copies, "ledger.db",
               "UPDATE key SET erased=1, wrapped=zeroblob(89) WHERE subject=CAST('urn:p:hanako' AS "
               "BLOB)");
    Verdict verdict = copies_verify(copies, "", copies->folder);
    assert_true(str_eq(verdict.name, STR("key removed")));
    assert_int_equal(verdict.position, COPIES_HANAKO);
    Str options = str_fmt(copies->arena, "--erasures %s", copies->list.ptr);
    verdict = copies_verify(copies, options.ptr, copies->folder);
    assert_int_equal(verdict.code, 0);
    assert_int_equal(json_get_int(verdict.json, "erasedKeys", -1), 1);
}

static void a_folder_in_use_and_its_backup_are_both_read(void **state) {
    Copies *copies = *state;
    City *city = &copies->city;
    Str backup = str_fmt(copies->arena, "%s/backup", copies->folder.ptr);
    assert_int_equal(city_open(city), RC_OK);
    Verdict verdict = copies_verify(copies, copies_outside(copies), city->folder);
    Rc rc = store_backup(&city->ctx, ledger_store(city->ledger), backup);
    city_close(city);
    assert_int_equal(rc, RC_OK);
    assert_int_equal(verdict.code, 0);
    verdict = copies_verify(copies, copies_outside(copies), backup);
    assert_int_equal(verdict.code, 0);
    assert_int_equal(json_get_int(verdict.json, "readableKeys", -1), 1);
    assert_int_equal(json_get_int(verdict.json, "erasedKeys", -1), 1);
    copies_shell("rm %s/keys.db", backup.ptr);
    verdict = copies_verify(copies, copies_outside(copies), backup);
    assert_int_equal(verdict.code, 0);
    assert_false(json_get_bool(verdict.json, "keysChecked", true));
}

static void verifying_changes_nothing(void **state) {
    Copies *copies = *state;
    copies_shell("cd %s && sha256sum ledger.db > %s", copies->folder.ptr, copies->text.ptr);
    copies_verify(copies, copies_outside(copies), copies->folder);
    copies_shell("cd %s && sha256sum --quiet -c %s", copies->folder.ptr, copies->text.ptr);
}

/* ---- proofs ---- */

static void a_proof_holds_with_and_without_a_copy(void **state) {
    Copies *copies = *state;
    const char *witness = copies->city.witness_file.ptr;
    Str options =
        str_fmt(copies->arena, "--witness %s --proof %s/proof.json", witness, copies->city.root);
    Verdict verdict = copies_verify(copies, options.ptr, copies->folder);
    assert_int_equal(verdict.code, 0);
    assert_int_equal(json_get_int(verdict.json, "proof", -1), COPIES_TARO);
    /* the last argument is an option's */
    options = str_fmt(copies->arena, "--witness %s --proof", witness);
    verdict = copies_verify(copies, options.ptr,
                            str_fmt(copies->arena, "%s/proof.json", copies->city.root));
    assert_int_equal(verdict.code, 0);
    assert_int_equal(json_get_int(verdict.json, "proof", -1), COPIES_TARO);
}

static void a_false_proof_is_refused(void **state) {
    Copies *copies = *state;
    static const char *const edits[] = {"s/\"position\": *4/\"position\":5/",
                                        "s/\"leafHash\": *\"...../\"leafHash\":\"AAAAA/",
                                        "s/\"path\": *\\[\"...../\"path\":[\"AAAAA/",
                                        "s/\"path\": *\\[[^,]*,/\"path\":[/",
                                        "s/\"checkpoint\"/\"other\"/",
                                        "s/^./[/",
                                        "s/\"position\": *4/\"position\":0/"};
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        copies_shell("sed '%s' %s/proof.json > %s && ! cmp -s %s %s/proof.json", edits[i],
                     copies->city.root, copies->text.ptr, copies->text.ptr, copies->city.root);
        Str options = str_fmt(copies->arena, "--proof %s", copies->text.ptr);
        Verdict verdict = copies_verify(copies, options.ptr, copies->folder);
        assert_int_equal(verdict.code, 1);
        assert_true(str_eq(verdict.name, STR("false proof")));
    }
}

/* ---- another tenant key ---- */

static void a_rewrapped_ledger_is_sound_until_a_row_of_the_old_key_is_in_it(void **state) {
    Copies *copies = *state;
    City city;
    uint64_t keys;
    const CommandHead head = {.kind = STR("tenant.rekey")};
    static const struct {
        const char *sql, *name;
    } tamperings[] = {
        {"UPDATE key SET wrapped=(SELECT wrapped FROM old WHERE old.id=key.id) WHERE number=1",
         "key removed"},
        {"UPDATE item SET value=(SELECT substr(wrapped,2,16) FROM old LIMIT 1) "
         "WHERE key=x'74656e616e745f6b6579'",
         "key removed"},
        {"UPDATE key SET wrapped=(SELECT wrapped FROM old WHERE old.id=key.id);"
         "UPDATE item SET value=(SELECT substr(wrapped,2,16) FROM old LIMIT 1) "
         "WHERE key=x'74656e616e745f6b6579'",
         "rewrapping undone"},
    };
    city_make(&city);
    assert_int_equal(city_open(&city), RC_OK);
    Delta *delta = city_personal(&city, STR("urn:x:1"), APPLICATION, STR("urn:p:1"), STR("花子"));
    assert_int_equal(city_put(&city, delta, PUT_ANY, 0, NULL), RC_OK);
    city_close(&city);
    Str folder = copies->folder;
    copies->folder = city.folder;
    copies_sql(copies, "ledger.db", "CREATE TABLE old AS SELECT id, wrapped FROM key");
    assert_int_equal(city_open(&city), RC_OK);
    assert_int_equal(ledger_rekey(&city.ctx, city.ledger, &head, &keys), RC_OK);
    assert_int_equal(keys, 1);
    city_close(&city);
    const char *witness = str_fmt(copies->arena, "--witness %s", city.witness_file.ptr).ptr;
    Verdict verdict = copies_verify(copies, witness, city.folder);
    assert_int_equal(verdict.code, 0);
    for (size_t i = 0; i < sizeof tamperings / sizeof *tamperings; i++) {
        copies_shell("cp -r %s %s.kept", city.folder.ptr, city.folder.ptr);
        copies_sql(copies, "ledger.db", tamperings[i].sql);
        verdict = copies_verify(copies, witness, city.folder);
        assert_int_equal(verdict.code, 1);
        assert_true(str_eq(verdict.name, str_of(tamperings[i].name)));
        copies_shell("rm -r %s && mv %s.kept %s", city.folder.ptr, city.folder.ptr,
                     city.folder.ptr);
    }
    copies->folder = folder;
    city_end(&city);
}

/* ---- what was appended again ---- */

static void what_was_appended_again_is_told_from_what_was_removed(void **state) {
    Copies *copies = *state;
    City city;
    StrVec types = {0};
    const CommandHead head = {.kind = STR("tenant.reclassify")};
    city_make(&city);
    assert_int_equal(city_open(&city), RC_OK);
    Delta *delta = city_personal(&city, STR("urn:x:1"), THING, STR("urn:p:1"), STR("花子"));
    assert_int_equal(city_put(&city, delta, PUT_ANY, 0, NULL), RC_OK);
    city_close(&city);
    city_declare_thing(&city);
    assert_int_equal(city_open(&city), RC_OK);
    assert_int_equal(ledger_reclassify(&city.ctx, city.ledger, &head, &types), RC_OK);
    assert_int_equal(types.len, 1);
    city_close(&city);
    assert_int_equal(city_open(&city), RC_OK);
    city_close(&city);
    Str folder = copies->folder;
    copies->folder = city.folder;
    const char *witness = str_fmt(copies->arena, "--witness %s", city.witness_file.ptr).ptr;
    Verdict verdict = copies_verify(copies, witness, city.folder);
    assert_int_equal(verdict.code, 0);
    assert_int_equal(json_get_int(verdict.json, "erasedKeys", -1), 1);
    copies_sql(copies, "ledger.db",
               "UPDATE key SET erased=1, wrapped=x'' WHERE subject=CAST('urn:p:1' AS BLOB)");
    verdict = copies_verify(copies, witness, city.folder);
    assert_true(str_eq(verdict.name, STR("key removed")));
    copies->folder = folder;
    city_end(&city);
}

/* ---- attachments ---- */

static Str attach(City *city, Str subject) {
    LedgerAttachment attachment;
    Outcome outcome;
    Command *command = command_new(city->ledger, (CommandHead){.kind = STR("test")});
    LedgerKeyOf key_of = {subject, STR(RETENTION)};
    assert_int_equal(ledger_attach(&city->ctx, city->ledger, key_of, STR("a photo"), &attachment),
                     RC_OK);
    ledger_attach_name(command, STR("urn:x:1"), &attachment);
    assert_int_equal(ledger_execute(&city->ctx, city->ledger, command, &outcome), RC_OK);
    command_free(command);
    Str hex = hash_digest_hex(city->arena, &attachment.id);
    return str_fmt(city->arena, "files/%.2s/%s", hex.ptr, hex.ptr + 2);
}

static void expect_files(const Verdict *verdict, const char *name, int64_t position) {
    if (!str_eq(verdict->name, str_of(name)) || verdict->position != position)
        fail_msg("%s expected, " STR_FMT " at %lld", name, STR_ARG(verdict->name),
                 (long long)verdict->position);
}

static void each_file_that_is_named_must_be_there_as_it_was_or_erased(void **state) {
    Copies *copies = *state;
    City city;
    city_make(&city);
    assert_int_equal(city_open(&city), RC_OK);
    Str first = attach(&city, STR("urn:p:1")), second = attach(&city, STR("urn:p:2"));
    city_close(&city);
    const char *witness = str_fmt(copies->arena, "--witness %s", city.witness_file.ptr).ptr;
    Verdict verdict = copies_verify(copies, witness, city.folder);
    assert_int_equal(verdict.code, 0);
    assert_int_equal(json_get_int(verdict.json, "files", -1), 2);
    copies_shell("cp -r %s %s.kept && printf x >> %s/%s", city.folder.ptr, city.folder.ptr,
                 city.folder.ptr, second.ptr);
    verdict = copies_verify(copies, witness, city.folder);
    expect_files(&verdict, "altered file", 2);
    copies_shell("rm %s/%s", city.folder.ptr, first.ptr);
    verdict = copies_verify(copies, witness, city.folder);
    expect_files(&verdict, "missing file", 1);
    /* the ledger alone says that it looked at none */
    verdict =
        copies_verify(copies, witness, str_fmt(copies->arena, "%s/ledger.db", city.folder.ptr));
    assert_int_equal(verdict.code, 0);
    assert_false(json_get_bool(verdict.json, "filesChecked", true));
    copies_shell("rm -r %s && mv %s.kept %s", city.folder.ptr, city.folder.ptr, city.folder.ptr);
    assert_int_equal(city_open(&city), RC_OK);
    LedgerErasure erasure = {.subject = STR("urn:p:1"), .reason = STR("asked")};
    (void)vec_push(city.ctx.arena, &erasure.files, STR(RETENTION));
    assert_int_equal(ledger_erase(&city.ctx, city.ledger, &erasure, NULL), RC_OK);
    city_close(&city);
    verdict = copies_verify(copies, witness, city.folder);
    assert_int_equal(verdict.code, 0); /* it lies there still, and nobody opens it */
    copies_shell("rm %s/%s", city.folder.ptr, first.ptr);
    verdict = copies_verify(copies, witness, city.folder);
    assert_int_equal(verdict.code, 0);
    assert_int_equal(json_get_int(verdict.json, "files", -1), 1);
    assert_int_equal(json_get_int(verdict.json, "filesErased", -1), 1);
    city_end(&city);
}

/* ---- usage ---- */

static void wrong_usage_and_what_cannot_be_read_exit_with_2(void **state) {
    Copies *copies = *state;
    static const char *const options[] = {"--witness /nowhere", "--erasures /nowhere",
                                          "--proof /nowhere", "--nothing", "/one-more"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        assert_int_equal(copies_verify(copies, options[i], copies->folder).code, 2);
    assert_int_equal(copies_verify(copies, "", STR("/nowhere/at/all")).code, 2);
    assert_int_equal(copies_verify(copies, "", STR("/")).code, 2);
}

/* ---- hostile files ---- */

static void expect_refused(const Verdict *verdict, const char *what, size_t at) {
    if (verdict->code != 1) fail_msg("%s %zu: exit code %d", what, at, verdict->code);
}

static void a_truncated_database_is_refused(void **state) {
    Copies *copies = *state;
    struct stat info;
    Str path = str_fmt(copies->arena, "%s/ledger.db", copies->folder.ptr);
    copies_sql(copies, "ledger.db", "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=delete");
    assert_int_equal(stat(path.ptr, &info), 0);
    for (off_t len = info.st_size - 4096; len > 0; len -= info.st_size / 12) {
        assert_int_equal(truncate(path.ptr, len), 0);
        Verdict verdict = copies_verify(copies, copies_outside(copies), copies->folder);
        expect_refused(&verdict, "truncated to", (size_t)len);
    }
    assert_int_equal(truncate(path.ptr, 0), 0);
    Verdict verdict = copies_verify(copies, "", copies->folder);
    expect_refused(&verdict, "truncated to", 0);
}

/* Bytes of pages that nobody reads may be anything; what is asked is that it ends, and ends well.
 */
static void random_bytes_in_a_database_crash_nothing(void **state) {
    Copies *copies = *state;
    Rand rand = rand_seeded(7);
    struct stat info;
    Str path = str_fmt(copies->arena, "%s/ledger.db", copies->folder.ptr);
    int refused = 0;
    copies_sql(copies, "ledger.db", "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=delete");
    assert_int_equal(stat(path.ptr, &info), 0);
    for (int round = 0; round < 40; round++) {
        FILE *file = fopen(path.ptr, "r+b");
        for (int i = 0; i < 4; i++) {
            /* every other round only the pages of the schema and the roots of the tables */
            off_t within = round % 2 ? info.st_size : 12 * 4096;
            fseek(file, (long)rand_below(&rand, (uint64_t)within), SEEK_SET);
            fputc((int)rand_below(&rand, 256), file);
        }
        fclose(file);
        int code = copies_verify(copies, copies_outside(copies), copies->folder).code;
        assert_in_range(code, 0, 2);
        refused += code != 0;
        if (round % 8 == 7) {
            copies_drop(state);
            copies_begin(state);
            path = str_fmt(copies->arena, "%s/ledger.db", copies->folder.ptr);
            copies_sql(copies, "ledger.db",
                       "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=delete");
        }
    }
    assert_true(refused > 0);
}

static void noise_is_no_database(void **state) {
    Copies *copies = *state;
    copies_shell("head -c 100000 /dev/urandom > %s/ledger.db; rm -f %s/ledger.db-*",
                 copies->folder.ptr, copies->folder.ptr);
    Verdict verdict = copies_verify(copies, "", copies->folder);
    expect_refused(&verdict, "noise", 0);
    assert_true(str_eq(verdict.name, STR("damaged")));
}

/* The files outside: one byte changed, or the end missing. A record of the witness that is cut
 * short doesn't count, and its time is no part of the proof. */
static void witness_and_list_that_were_changed_are_refused(void **state) {
    Copies *copies = *state;
    const Str sources[] = {copies->city.witness_file, copies->list};
    static const char *const options[] = {"--witness", "--erasures"};
    for (int i = 0; i < 2; i++) {
        struct stat info;
        Str option = str_fmt(copies->arena, "%s %s", options[i], copies->text.ptr);
        assert_int_equal(stat(sources[i].ptr, &info), 0);
        for (off_t at = 0; at < info.st_size; at += 7) {
            copies_shell("head -c %ld %s > %s", (long)at, sources[i].ptr, copies->text.ptr);
            assert_in_range(copies_verify(copies, option.ptr, copies->folder).code, 0, 1);
        }
        copies_shell("tr 'A-Ma-m' 'B-Nb-n' < %s > %s", sources[i].ptr, copies->text.ptr);
        Verdict verdict = copies_verify(copies, option.ptr, copies->folder);
        expect_refused(&verdict, options[i], 0);
        assert_true(str_eq(verdict.name, STR("malformed")));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, copies_begin, copies_drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_untouched_ledger_is_sound_and_witnessed),
        TEST(without_a_witness_it_says_unwitnessed),
        TEST(what_was_tampered_with_is_named_with_its_position),
        TEST(without_a_witness_a_cut_tail_is_not_seen_and_not_claimed),
        TEST(a_rewriting_signed_by_the_right_key_is_told_by_the_witness),
        TEST(the_witness_of_another_ledger_is_refused),
        TEST(an_erasure_after_the_backup_is_pending),
        TEST(a_list_that_was_never_begun_is_empty),
        TEST(the_list_alone_tells_erased_from_removed),
        TEST(a_folder_in_use_and_its_backup_are_both_read),
        TEST(verifying_changes_nothing),
        TEST(a_proof_holds_with_and_without_a_copy),
        TEST(a_false_proof_is_refused),
        TEST(a_rewrapped_ledger_is_sound_until_a_row_of_the_old_key_is_in_it),
        TEST(each_file_that_is_named_must_be_there_as_it_was_or_erased),
        TEST(what_was_appended_again_is_told_from_what_was_removed),
        TEST(wrong_usage_and_what_cannot_be_read_exit_with_2),
        TEST(a_truncated_database_is_refused),
        TEST(random_bytes_in_a_database_crash_nothing),
        TEST(noise_is_no_database),
        TEST(witness_and_list_that_were_changed_are_refused),
    };
    return cmocka_run_group_tests(tests, copies_make, copies_end);
}
