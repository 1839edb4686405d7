/* Tests of machi-verify on ledgers written here, byte by byte after doc/ledger-format.md: what the
   library doesn't write (yet), signed as if it did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HASH = 32, TILE = 256, LEAF_MAX = 512, OUTPUT = 8192 };

static const char origin[] = "machi/00000000000000000000000000000000";
static const char chunk[] = "\1a chunk";

typedef struct Bytes {
    uint8_t at[LEAF_MAX];
    size_t len;
} Bytes;

typedef struct Made {
    char folder[64], output[OUTPUT];
    sqlite3 *db;
    uint8_t public_key[32], secret_key[64];
    uint8_t (*hashes)[HASH];
} Made;

/* ---- bytes ---- */

static void put(Bytes *to, const void *bytes, size_t len) {
    assert_true(to->len + len <= LEAF_MAX);
    memcpy(to->at + to->len, bytes, len);
    to->len += len;
}

static void varint(Bytes *to, uint64_t value) {
    do {
        uint8_t byte = (uint8_t)(value & 0x7f) | (value > 0x7f ? 0x80 : 0);
        put(to, &byte, 1);
        value >>= 7;
    } while (value);
}

static void str(Bytes *to, const void *bytes, size_t len) {
    varint(to, len);
    put(to, bytes, len);
}

static Bytes leaf_head(uint64_t position) {
    Bytes leaf = {.at = {1}, .len = 1};
    uint8_t command[16] = {0};
    memcpy(command, &position, sizeof position);
    varint(&leaf, position);
    varint(&leaf, 1700000000000000 + position);
    put(&leaf, command, sizeof command);
    for (int i = 0; i < 6; i++)
        str(&leaf, "x", 1);
    return leaf;
}

/* One event without sealed parts. */
static Bytes leaf_of(uint64_t position, uint8_t kind, const Bytes *clear) {
    Bytes leaf = leaf_head(position);
    varint(&leaf, 1);
    put(&leaf, &kind, 1);
    for (int i = 0; i < 3; i++)
        str(&leaf, "", 0);
    str(&leaf, clear->at, clear->len);
    varint(&leaf, 0);
    return leaf;
}

static Bytes note_leaf(uint64_t position) {
    return leaf_of(position, 2, &(Bytes){.at = "{}", .len = 2});
}

/* ---- the tree ---- */

static void hash_two(uint8_t prefix, const void *a, size_t a_len, const void *b, uint8_t *out) {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &prefix, 1);
    crypto_hash_sha256_update(&state, a, a_len);
    if (b) crypto_hash_sha256_update(&state, b, HASH);
    crypto_hash_sha256_final(&state, out);
}

/* RFC 6962, 2.1, as it is written there. */
static void root_of(uint8_t (*hashes)[HASH], size_t count, uint8_t *out) {
    uint8_t left[HASH], right[HASH];
    size_t split = 1;
    if (count == 1) {
        memcpy(out, hashes, HASH);
        return;
    }
    while (split * 2 < count)
        split *= 2;
    root_of(hashes, split, left);
    root_of(hashes + split, count - split, right);
    hash_two(1, left, HASH, right, out);
}

/* ---- the file ---- */

static void sql(Made *made, const char *text) {
    char *wrong = NULL;
    if (sqlite3_exec(made->db, text, NULL, NULL, &wrong) != SQLITE_OK) fail_msg("%s", wrong);
}

/* Blobs for ?1 and ?2, numbers for ?3 and ?4. */
static void row(Made *made, const char *text, const Bytes *blobs, const int64_t *numbers) {
    sqlite3_stmt *query;
    assert_int_equal(sqlite3_prepare_v2(made->db, text, -1, &query, NULL), SQLITE_OK);
    for (int i = 0; i < 2; i++) {
        sqlite3_bind_blob(query, 1 + i, blobs[i].at, (int)blobs[i].len, SQLITE_STATIC);
        sqlite3_bind_int64(query, 3 + i, numbers[i]);
    }
    assert_int_equal(sqlite3_step(query), SQLITE_DONE);
    sqlite3_finalize(query);
}

static void item(Made *made, int space, const void *key, size_t key_len, Bytes value) {
    Bytes blobs[2] = {{.len = 0}, value};
    put(&blobs[0], key, key_len);
    row(made, "INSERT INTO item VALUES(?3,?1,?2)", blobs, (int64_t[]){space, 0});
}

static Bytes bytes_of(const void *bytes, size_t len) {
    Bytes out = {.len = 0};
    put(&out, bytes, len);
    return out;
}

static int make(void **state) {
    Made *made = calloc(1, sizeof *made);
    char path[128];
    assert_non_null(made);
    snprintf(made->folder, sizeof made->folder, "/tmp/machi-forms-XXXXXX");
    if (sodium_init() < 0 || !mkdtemp(made->folder)) return -1;
    snprintf(path, sizeof path, "%s/ledger.db", made->folder);
    assert_int_equal(sqlite3_open(path, &made->db), SQLITE_OK);
    crypto_sign_keypair(made->public_key, made->secret_key);
    sql(made, "PRAGMA application_id=1835098984; PRAGMA user_version=1; PRAGMA synchronous=off;"
              "CREATE TABLE leaf(position INTEGER PRIMARY KEY, command, time, hash, bytes);"
              "CREATE TABLE tile(level, number, bytes, PRIMARY KEY(level, number));"
              "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note);"
              "CREATE TABLE item(space, key, value); CREATE TABLE space(number, name);"
              "INSERT INTO space VALUES(1, CAST('ledger' AS BLOB)), (2, CAST('chunk' AS BLOB));"
              "BEGIN");
    item(made, 1, "format", 6, bytes_of("machi-ledger/1", 14));
    item(made, 1, "origin", 6, bytes_of(origin, strlen(origin)));
    item(made, 1, "public_key", 10, bytes_of(made->public_key, 32));
    item(made, 1, "tenant_key", 10, bytes_of(made->public_key, 16));
    *state = made;
    return 0;
}

static int drop(void **state) {
    Made *made = *state;
    char command[128];
    sqlite3_close(made->db);
    snprintf(command, sizeof command, "rm -rf %s", made->folder);
    free(made->hashes);
    free(made);
    return system(command);
}

static void leaf_add(Made *made, uint64_t position, const Bytes *leaf) {
    Bytes head = leaf_head(position), command = bytes_of(head.at + head.len - 12 - 16, 16);
    uint8_t *hash = made->hashes[position - 1];
    hash_two(0, leaf->at, leaf->len, NULL, hash);
    sqlite3_stmt *query;
    assert_int_equal(
        sqlite3_prepare_v2(made->db, "INSERT INTO leaf VALUES(?1,?2,?3,?4,?5)", -1, &query, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(query, 1, (int64_t)position);
    sqlite3_bind_blob(query, 2, command.at, 16, SQLITE_STATIC);
    sqlite3_bind_int64(query, 3, 1700000000000000 + (int64_t)position);
    sqlite3_bind_blob(query, 4, hash, HASH, SQLITE_STATIC);
    sqlite3_bind_blob(query, 5, leaf->at, (int)leaf->len, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(query), SQLITE_DONE);
    sqlite3_finalize(query);
}

static void tile_add(Made *made, int level, size_t number, const void *hashes) {
    sqlite3_stmt *query;
    assert_int_equal(
        sqlite3_prepare_v2(made->db, "INSERT INTO tile VALUES(?1,?2,?3)", -1, &query, NULL),
        SQLITE_OK);
    sqlite3_bind_int(query, 1, level);
    sqlite3_bind_int64(query, 2, (int64_t)number);
    sqlite3_bind_blob(query, 3, hashes, TILE * HASH, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(query), SQLITE_DONE);
    sqlite3_finalize(query);
}

/* Tiles and one signed checkpoint over `count` leaves. */
static void finish(Made *made, size_t count) {
    uint8_t root[HASH], signature[68], key[sizeof origin + 33], digest[HASH], above[TILE][HASH];
    char text[512], encoded[128];
    for (size_t i = 0; i < count / TILE; i++) {
        tile_add(made, 0, i, made->hashes[i * TILE]);
        root_of(made->hashes + i * TILE, TILE, above[i % TILE]);
        if (i % TILE == TILE - 1) tile_add(made, 1, i / TILE, above);
    }
    root_of(made->hashes, count, root);
    sodium_bin2base64(encoded, sizeof encoded, root, HASH, sodium_base64_VARIANT_ORIGINAL);
    int len = snprintf(text, sizeof text, "%s\n%zu\n%s\n", origin, count, encoded);
    memcpy(key, origin, sizeof origin - 1);
    memcpy(key + sizeof origin - 1, "\n\1", 2);
    memcpy(key + sizeof origin + 1, made->public_key, 32);
    crypto_hash_sha256(digest, key, sizeof origin + 33);
    memcpy(signature, digest, 4);
    crypto_sign_detached(signature + 4, NULL, (uint8_t *)text, (unsigned long long)len,
                         made->secret_key);
    sodium_bin2base64(encoded, sizeof encoded, signature, 68, sodium_base64_VARIANT_ORIGINAL);
    len +=
        snprintf(text + len, sizeof text - (size_t)len, "\n\xe2\x80\x94 %s %s\n", origin, encoded);
    Bytes blobs[2] = {bytes_of(text, (size_t)len)};
    row(made, "INSERT INTO checkpoint VALUES(?3,?1)", blobs, (int64_t[]){(int64_t)count, 0});
}

static void fill(Made *made, size_t count) {
    made->hashes = calloc(count, HASH);
    assert_non_null(made->hashes);
    for (size_t i = 1; i <= count; i++) {
        Bytes leaf = note_leaf(i);
        leaf_add(made, i, &leaf);
    }
}

/* Puts the file down, runs the verifier; expected stands in its JSON. */
static void expect(Made *made, const char *title, int code, const char *expected) {
    char command[512];
    sql(made, "COMMIT");
    snprintf(command, sizeof command,
             "ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99 '%s' --json %s 2>&1",
             getenv("MACHI_VERIFY"), made->folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    made->output[fread(made->output, 1, OUTPUT - 1, pipe)] = 0;
    int status = pclose(pipe);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != code || !strstr(made->output, expected))
        fail_msg("%s: %s", title, made->output);
    sql(made, "BEGIN");
}

/* ---- tests ---- */

static void two_levels_of_tiles_are_checked(void **state) {
    enum { COUNT = TILE * TILE + 3 };
    Made *made = *state;
    fill(made, COUNT);
    finish(made, COUNT);
    expect(made, "as written", 0, "\"tiles\":257");
    sql(made, "UPDATE tile SET bytes=CAST(substr(bytes,1,32*7)||zeroblob(32)||substr(bytes,32*8+1) "
              "AS BLOB) WHERE level=1");
    expect(made, "a hash of level 1", 1, "\"name\":\"altered tile\",\"position\":1793");
    sql(made, "DELETE FROM tile WHERE level=1");
    expect(made, "no tile of level 1", 1, "\"name\":\"altered tile\",\"position\":1,");
}

static void folded_leaves_are_not_removed_ones(void **state) {
    enum { COUNT = TILE + 4 };
    Made *made = *state;
    Bytes clear = {.at = {1}, .len = 1};
    uint8_t name[HASH];
    fill(made, COUNT);
    crypto_hash_sha256(name, (const uint8_t *)chunk, sizeof chunk);
    varint(&clear, 1);
    varint(&clear, 10);
    varint(&clear, 20);
    varint(&clear, 1);
    put(&clear, name, HASH);
    Bytes folding = leaf_of(COUNT, 5, &clear);
    sql(made, "DELETE FROM leaf WHERE position=260");
    leaf_add(made, COUNT, &folding);
    finish(made, COUNT);
    item(made, 2, name, HASH, bytes_of(chunk, sizeof chunk));
    expect(made, "nothing is missing", 0, "\"folded\":0");
    sql(made, "DELETE FROM leaf WHERE position BETWEEN 10 AND 29");
    expect(made, "folded", 0, "\"folded\":20");
    sql(made, "DELETE FROM leaf WHERE position=30");
    expect(made, "one more", 1, "\"name\":\"removed\",\"position\":30");
    sql(made, "UPDATE item SET value=x'01' WHERE space=2");
    expect(made, "another chunk", 1, "\"name\":\"removed\",\"position\":10");
}

/* Signed, but of no form that the page names. */
static void what_the_format_does_not_name_is_refused(void **state) {
    Made *made = *state;
    static const struct {
        const char *title;
        uint8_t tail[12]; /* behind the header: number of events, events */
        size_t len;
    } cases[] = {
        {"a note", {1, 2, 0, 0, 0, 0, 0}, 7},
        {"no events", {0}, 1},
        {"fewer events than it says", {2, 2, 0, 0, 0, 0, 0}, 7},
        {"bytes left over", {1, 2, 0, 0, 0, 0, 0, 0}, 8},
        {"an event of kind 6", {1, 6, 0, 0, 0, 0, 0}, 7},
        {"an event of kind 0", {1, 0, 0, 0, 0, 0, 0}, 7},
        {"a change with a name", {1, 1, 1, 'x', 0, 0, 0, 0}, 8},
        {"a name that is no UTF-8", {1, 2, 1, 0xff, 0, 0, 0, 0}, 8},
        {"a number in a longer form", {0x81, 0, 2, 0, 0, 0, 0, 0}, 8},
        {"a number without an end", {1, 2, 0, 0, 0, 0xff}, 6},
        {"a length beyond the end", {1, 2, 0, 0, 0, 0x7f, 0}, 7},
        {"a sealed part without a key", {1, 2, 0, 0, 0, 0, 1, 0, 0}, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Bytes leaf = leaf_head(3);
        put(&leaf, cases[i].tail, cases[i].len);
        sql(made, "DELETE FROM leaf; DELETE FROM checkpoint");
        free(made->hashes);
        fill(made, 3);
        sql(made, "DELETE FROM leaf WHERE position=3");
        leaf_add(made, 3, &leaf);
        finish(made, 3);
        expect(made, cases[i].title, i ? 1 : 0,
               i ? "\"name\":\"malformed\",\"position\":3" : "\"sound\":true");
    }
}

static void a_command_id_stands_once(void **state) {
    Made *made = *state;
    fill(made, 3);
    Bytes again = note_leaf(3), first = leaf_head(1);
    memcpy(again.at + first.len - 12 - 16, first.at + first.len - 12 - 16, 16);
    sql(made, "DELETE FROM leaf WHERE position=3");
    leaf_add(made, 3, &again);
    sql(made,
        "UPDATE leaf SET command=(SELECT command FROM leaf WHERE position=1) WHERE position=3");
    finish(made, 3);
    expect(made, "twice", 1, "\"name\":\"malformed\",\"position\":3");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(two_levels_of_tiles_are_checked),
        TEST(folded_leaves_are_not_removed_ones),
        TEST(what_the_format_does_not_name_is_refused),
        TEST(a_command_id_stands_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
