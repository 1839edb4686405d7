#include "copies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#define HANAKO STR("urn:p:hanako")
#define TARO   STR("urn:p:taro")

void copies_shell(const char *form, ...) {
    char command[2048];
    va_list args;
    va_start(args, form);
    vsnprintf(command, sizeof command, form, args);
    va_end(args);
    if (system(command) != 0) fail_msg("%s", command);
}

/* ---- the ledger ---- */

static void good(Copies *copies, Rc rc) {
    if (rc != RC_OK) print_error(STR_FMT "\n", STR_ARG(copies->city.ctx.error.detail));
    assert_int_equal(rc, RC_OK);
}

static void put(Copies *copies, const Delta *delta) {
    good(copies, city_put(&copies->city, delta, PUT_ANY, 0, NULL));
    arena_reset(copies->city.ctx.arena);
}

static void fill(Copies *copies, uint64_t to) {
    City *city = &copies->city;
    for (uint64_t at = ledger_head(city->ledger); at < to; at = ledger_head(city->ledger)) {
        bool hanako = at + 1 == COPIES_HANAKO, taro = at + 1 == COPIES_TARO;
        Str id = str_fmt(city->ctx.arena, "urn:x:%d", (int)at + 1);
        put(copies, hanako ? city_personal(city, id, APPLICATION, HANAKO, STR("香川花子"))
                    : taro ? city_personal(city, id, APPLICATION, TARO, STR("高松太郎"))
                           : city_entity(city, id, SENSOR, (int64_t)at));
    }
}

static void erase_hanako(Copies *copies) {
    City *city = &copies->city;
    LedgerErasure erasure = {.head = {.kind = STR("person.erase"), .actor = STR("urn:actor:1")},
                             .subject = HANAKO,
                             .reason = STR("asked")};
    (void)vec_push(city->ctx.arena, &erasure.files, STR(RETENTION));
    good(copies, ledger_erase(&city->ctx, city->ledger, &erasure, NULL));
    assert_int_equal(ledger_head(city->ledger), COPIES_ERASURE);
}

static void proof_keep(Copies *copies) {
    City *city = &copies->city;
    const Json *proof;
    Buf text = buf_new(city->ctx.arena, 1 << 20);
    good(copies, ledger_proof(&city->ctx, city->ledger, COPIES_TARO, &proof));
    json_write(&text, proof);
    FILE *file = fopen(str_fmt(city->arena, "%s/proof.json", city->root).ptr, "w");
    assert_non_null(file);
    fwrite(buf_str(&text).ptr, 1, buf_str(&text).len, file);
    fclose(file);
}

int copies_make(void **state) {
    Copies *copies = mem_zero(sizeof *copies);
    City *city = &copies->city;
    if (sodium_init() < 0) return -1;
    city_make(city);
    city->options.checkpoint_every = TIME_HOUR; /* so that only closing makes one */
    city->options.no_helper = true;
    good(copies, city_open(city));
    fill(copies, COPIES_MIDDLE);
    city_close(city);
    copies->middle = str_fmt(city->arena, "%s/middle", city->root);
    copies_shell("cp -r %s/data %s/middle && cp %s/tenant.key %s/middle.key", city->root,
                 city->root, city->root, city->root);
    good(copies, city_open(city));
    fill(copies, COPIES_ERASURE - 1);
    erase_hanako(copies);
    fill(copies, COPIES_END);
    proof_keep(copies);
    city_close(city);
    copies->list = str_fmt(city->arena, "%s/tenant.key.erasures", city->root);
    copies->folder = str_fmt(city->arena, "%s/copy", city->root);
    copies->text = str_fmt(city->arena, "%s/text", city->root);
    copies->arena = arena_new(64 << 20);
    *state = copies;
    return 0;
}

int copies_end(void **state) {
    Copies *copies = *state;
    arena_free(copies->arena);
    city_end(&copies->city);
    mem_free(copies);
    return 0;
}

int copies_begin(void **state) {
    Copies *copies = *state;
    copies_shell("cp -r %s/data %s", copies->city.root, copies->folder.ptr);
    return 0;
}

int copies_drop(void **state) {
    Copies *copies = *state;
    arena_reset(copies->arena);
    copies_shell("rm -rf %s", copies->folder.ptr);
    return 0;
}

/* ---- tampering ---- */

static void sql_flip(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    int len = sqlite3_value_bytes(values[0]), index = sqlite3_value_int(values[1]);
    uint8_t *bytes = mem_alloc((size_t)len + 1);
    memcpy(bytes, sqlite3_value_blob(values[0]), (size_t)len);
    assert(index < len);
    bytes[index] ^= 0x01;
    sqlite3_result_blob(context, bytes, len, SQLITE_TRANSIENT);
    mem_free(bytes);
}

static void sql_leaf_hash(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    Str parts[] = {{"\0", 1},
                   {sqlite3_value_blob(values[0]), (size_t)sqlite3_value_bytes(values[0])}};
    Digest digest = hash_sha256_parts(parts, 2);
    sqlite3_result_blob(context, digest.bytes, sizeof digest.bytes, SQLITE_TRANSIENT);
}

static void sql_tile_with(sqlite3_context *context, int count, sqlite3_value **values) {
    uint8_t tile[8192];
    (void)count;
    assert(sqlite3_value_bytes(values[0]) == sizeof tile && sqlite3_value_bytes(values[2]) == 32);
    memcpy(tile, sqlite3_value_blob(values[0]), sizeof tile);
    memcpy(tile + 32 * sqlite3_value_int(values[1]), sqlite3_value_blob(values[2]), 32);
    sqlite3_result_blob(context, tile, sizeof tile, SQLITE_TRANSIENT);
}

/* The same text and the same key's name, but the signature of somebody else. */
static void sql_forge(sqlite3_context *context, int count, sqlite3_value **values) {
    uint8_t public_key[32], secret_key[64], signature[68];
    char text[1024], encoded[128];
    size_t len = (size_t)sqlite3_value_bytes(values[0]);
    (void)count;
    assert(len < sizeof text);
    memcpy(text, sqlite3_value_blob(values[0]), len);
    text[len] = 0;
    char *end = strstr(text, "\n\n") + 1, *last = strrchr(text, ' ') + 1;
    sodium_base642bin(signature, sizeof signature, last, strlen(last) - 1, NULL, &len, NULL,
                      sodium_base64_VARIANT_ORIGINAL);
    assert(len == sizeof signature);
    crypto_sign_keypair(public_key, secret_key);
    crypto_sign_detached(signature + 4, NULL, (const uint8_t *)text, (size_t)(end - text),
                         secret_key);
    sodium_bin2base64(encoded, sizeof encoded, signature, sizeof signature,
                      sodium_base64_VARIANT_ORIGINAL);
    memcpy(last, encoded, strlen(encoded));
    sqlite3_result_blob(context, text, (int)strlen(text), SQLITE_TRANSIENT);
}

void copies_sql(Copies *copies, const char *file, const char *sql) {
    static const struct {
        const char *name;
        int args;
        void (*call)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {{"flip", 2, sql_flip},
                     {"leaf_hash", 1, sql_leaf_hash},
                     {"tile_with", 3, sql_tile_with},
                     {"forge", 1, sql_forge}};
    sqlite3 *db;
    char *wrong = NULL, path[512];
    snprintf(path, sizeof path, "%s/%s", copies->folder.ptr, file);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        sqlite3_create_function(db, functions[i].name, functions[i].args, SQLITE_UTF8, NULL,
                                functions[i].call, NULL, NULL);
    if (sqlite3_exec(db, sql, NULL, NULL, &wrong) != SQLITE_OK) fail_msg("%s: %s", sql, wrong);
    sqlite3_close(db);
}

/* ---- verifying ---- */

const char *copies_outside(Copies *copies) {
    return str_fmt(copies->arena, "--witness %s --erasures %s", copies->city.witness_file.ptr,
                   copies->list.ptr)
        .ptr;
}

Verdict copies_verify(Copies *copies, const char *options, Str folder) {
    enum { OUTPUT = 1 << 16 };
    Ctx ctx = {.arena = copies->arena, .scratch = copies->arena};
    Verdict verdict = {.code = -1};
    /* Sanitizers end with a code that is none of its own. */
    Str command = str_fmt(copies->arena,
                          "ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99 timeout 60 '%s' "
                          "--json %s '" STR_FMT "' 2>>%s.err",
                          getenv("MACHI_VERIFY"), options, STR_ARG(folder), copies->text.ptr);
    FILE *pipe = popen(command.ptr, "r");
    assert_non_null(pipe);
    char *output = arena_zero(copies->arena, OUTPUT, 1);
    size_t len = fread(output, 1, OUTPUT - 1, pipe);
    int status = pclose(pipe);
    if (WIFEXITED(status)) verdict.code = WEXITSTATUS(status);
    if (len && json_read(&ctx, (Str){output, len}, JSON_LIMITS_DEFAULT, &verdict.json) != RC_OK)
        fail_msg("no JSON: %s", output);
    if (!verdict.json) return verdict;
    const Json *finding = json_get(verdict.json, STR("finding"));
    if (!finding) return verdict;
    verdict.name = json_get_str(finding, "name");
    verdict.position = json_get_int(finding, "position", 0);
    verdict.until = json_get_int(finding, "until", 0);
    return verdict;
}
