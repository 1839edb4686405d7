/* Tests of seal, leaf, statement, witness and appendfile: bytes of doc/ledger-format.md, files
 * outside the folder. */
#include "ledger/appendfile.h"
#include "ledger/keyfile.h"
#include "ledger/leaf.h"
#include "ledger/statement.h"
#include "ledger/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <fcntl.h>

typedef struct Fixture {
    Ctx ctx;
    Clock clock;
    Rand rand;
    NoteKey *note;
    char folder[64];
} Fixture;

static int set_up(void **state) {
    Fixture *fix = mem_zero(sizeof *fix);
    fix->clock.fixed = INT64_C(1795000000000000);
    fix->rand = rand_seeded(7);
    fix->ctx = (Ctx){.arena = arena_new(64 << 20),
                     .scratch = arena_new(64 << 20),
                     .clock = &fix->clock,
                     .rand = &fix->rand};
    snprintf(fix->folder, sizeof fix->folder, "/tmp/machi-seal-XXXXXX");
    assert_non_null(mkdtemp(fix->folder));
    char seed[32] = {1, 2, 3};
    assert_int_equal(note_key_new(&fix->ctx, STR("machi/test"), (Str){seed, 32}, &fix->note),
                     RC_OK);
    *state = fix;
    return 0;
}

static int tear_down(void **state) {
    Fixture *fix = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", fix->folder);
    assert_int_equal(system(command), 0);
    note_key_free(fix->note);
    arena_free(fix->ctx.arena);
    arena_free(fix->ctx.scratch);
    mem_free(fix);
    return 0;
}

static Str path_of(Fixture *fix, const char *name) {
    return str_fmt(fix->ctx.arena, "%s/%s", fix->folder, name);
}

static void write_file(Str path, Str content) {
    FILE *file = fopen(path.ptr, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.ptr, 1, content.len, file), content.len);
    fclose(file);
}

/* ---- sealing ---- */

static void sealed_bytes_open_only_as_they_were(void **state) {
    Fixture *fix = *state;
    SealKey key = {{9}}, other = {{8}};
    Buf box = buf_new(fix->ctx.arena, 256);
    seal_add(&box, &fix->rand, &key, STR("with"), STR("香川花子"));
    Str sealed = buf_str(&box), plain;
    assert_int_equal(sealed.len, SEAL_NONCE + 12 + SEAL_TAG);
    assert_true(seal_open(fix->ctx.arena, &key, STR("with"), sealed, &plain));
    assert_true(str_eq(plain, STR("香川花子")));
    assert_false(seal_open(fix->ctx.arena, &key, STR("without"), sealed, &plain));
    assert_false(seal_open(fix->ctx.arena, &other, STR("with"), sealed, &plain));
    for (size_t i = 0; i < sealed.len; i++) {
        box.ptr[i] ^= 1;
        assert_false(seal_open(fix->ctx.arena, &key, STR("with"), sealed, &plain));
        box.ptr[i] ^= 1;
        assert_false(seal_open(fix->ctx.arena, &key, STR("with"), str_sub(sealed, 0, i), &plain));
    }
}

static void wrapped_keys_come_back(void **state) {
    Fixture *fix = *state;
    SealKey parent = {{1}}, key = {{2}}, out;
    uint8_t wrapped[SEAL_WRAPPED];
    seal_wrap(wrapped, &fix->rand, &parent, STR("ad"), &key);
    Str row = {(const char *)wrapped, sizeof wrapped};
    assert_true(seal_unwrap(&parent, STR("ad"), row, &out));
    assert_memory_equal(out.bytes, key.bytes, SEAL_KEY);
    assert_false(seal_unwrap(&key, STR("ad"), row, &out));
    assert_false(seal_unwrap(&parent, STR("da"), row, &out));
    assert_false(seal_unwrap(&parent, STR("ad"), str_sub(row, 1, row.len), &out));
}

/* ---- the tenant key file ---- */

static Rc tenant_key(Fixture *fix, Str path, bool create, TenantKey *out) {
    KeyFile file;
    TRY(keyfile_read(&fix->ctx, path, create, &file));
    assert_int_equal(file.len, 1);
    *out = file.keys[0];
    return RC_OK;
}

static void the_key_file_holds_two_keys_until_one_of_them_counts(void **state) {
    Fixture *fix = *state;
    Str path = path_of(fix, "key"), both;
    TenantKey old, added, left;
    KeyFile file;
    struct stat info;
    for (int keep = 0; keep < 2; keep++) {
        assert_int_equal(tenant_key(fix, path, true, &old), RC_OK);
        assert_int_equal(keyfile_add(&fix->ctx, path, &old.id, &added), RC_OK);
        assert_int_equal(keyfile_read(&fix->ctx, path, false, &file), RC_OK);
        assert_int_equal(file.len, 2);
        assert_memory_equal(keyfile_find(&file, &old.id), &old, sizeof old);
        assert_memory_equal(keyfile_find(&file, &added.id), &added, sizeof added);
        assert_int_equal(stat(path.ptr, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
        assert_int_equal(appendfile_read(&fix->ctx, path, &both), RC_OK);
        write_file(path_of(fix, "key.new"), both); /* a death before the renaming */
        const TenantKey *kept = keep ? &added : &old;
        assert_int_equal(keyfile_settle(&fix->ctx, path, &kept->id), RC_OK);
        assert_int_not_equal(access(path_of(fix, "key.new").ptr, F_OK), 0);
        assert_int_equal(tenant_key(fix, path, false, &left), RC_OK);
        assert_memory_equal(&left, kept, sizeof left);
        assert_int_equal(keyfile_settle(&fix->ctx, path, &kept->id), RC_OK); /* again is nothing */
        const TenantKey *gone = keep ? &old : &added;
        assert_int_equal(keyfile_settle(&fix->ctx, path, &gone->id), RC_FAILED);
        assert_int_equal(keyfile_add(&fix->ctx, path, &gone->id, &left), RC_FAILED);
    }
}

/* The replaced file stays open, as a thief's copy of the directory entry might. */
static void the_bytes_of_a_replaced_key_file_are_overwritten(void **state) {
    Fixture *fix = *state;
    Str path = path_of(fix, "key");
    TenantKey old, added;
    char bytes[512];
    assert_int_equal(tenant_key(fix, path, true, &old), RC_OK);
    int before = open(path.ptr, O_RDONLY);
    assert_int_equal(keyfile_add(&fix->ctx, path, &old.id, &added), RC_OK);
    int between = open(path.ptr, O_RDONLY);
    assert_int_equal(keyfile_settle(&fix->ctx, path, &added.id), RC_OK);
    const int files[] = {before, between};
    for (size_t i = 0; i < 2; i++) {
        ssize_t len = read(files[i], bytes, sizeof bytes);
        assert_true(len > 100);
        for (ssize_t k = 0; k < len; k++)
            assert_int_equal(bytes[k], 0);
        close(files[i]);
    }
}

static void the_key_file_is_made_once_and_private(void **state) {
    Fixture *fix = *state;
    Str path = path_of(fix, "key");
    TenantKey first, second;
    struct stat info;
    assert_int_equal(tenant_key(fix, path, false, &first), RC_NOT_FOUND);
    assert_int_equal(tenant_key(fix, path, true, &first), RC_OK);
    assert_int_equal(stat(path.ptr, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(tenant_key(fix, path, true, &second), RC_OK);
    assert_memory_equal(&first, &second, sizeof first);
    assert_memory_not_equal(first.wrap.bytes, first.index.bytes, SEAL_KEY);
    /* what a death amid writing leaves is in nobody's way */
    assert_int_equal(unlink(path.ptr), 0);
    write_file(path_of(fix, "key.new"), STR("machi-tenant-"));
    assert_int_equal(tenant_key(fix, path, true, &second), RC_OK);
    assert_memory_not_equal(first.wrap.bytes, second.wrap.bytes, SEAL_KEY);
    assert_int_not_equal(access(path_of(fix, "key.new").ptr, F_OK), 0);
}

static void open_or_damaged_key_files_are_refused(void **state) {
    Fixture *fix = *state;
    Str path = path_of(fix, "key"), content;
    TenantKey key;
    assert_int_equal(tenant_key(fix, path, true, &key), RC_OK);
    static const mode_t modes[] = {0640, 0604, 0660, 0610};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(path.ptr, modes[i]), 0);
        assert_int_equal(tenant_key(fix, path, true, &key), RC_FAILED);
        assert_non_null(strstr(fix->ctx.error.detail.ptr, "chmod 0600"));
    }
    assert_int_equal(chmod(path.ptr, 0600), 0);
    assert_int_equal(appendfile_read(&fix->ctx, path, &content), RC_OK);
    char *bytes = (char *)(uintptr_t)content.ptr;
    for (size_t i = 0; i < content.len; i++) {
        char before = bytes[i];
        bytes[i] = before == '0' ? '1' : '0';
        write_file(path, content);
        assert_int_equal(tenant_key(fix, path, true, &key), RC_FAILED);
        bytes[i] = before;
    }
    write_file(path, str_fmt(fix->ctx.arena, STR_FMT "x", STR_ARG(content)));
    assert_int_equal(tenant_key(fix, path, true, &key), RC_FAILED);
    write_file(path, STR(""));
    assert_int_equal(tenant_key(fix, path, true, &key), RC_FAILED);
    write_file(path, content);
    assert_int_equal(tenant_key(fix, path, true, &key), RC_OK);
    assert_int_equal(tenant_key(fix, path_of(fix, "no/such/folder"), true, &key), RC_FAILED);
}

/* ---- leaves ---- */

static const CommandHead someone = {
    STR("application.submit"), STR("urn:a"), STR("urn:p"), STR("fee"), STR("urn:c"), STR("web")};

static Str sample_leaf(Fixture *fix) {
    Buf buf = buf_new(fix->ctx.arena, 4096);
    LeafHead head = {.position = 300, .time = 1795000000000000, .head = someone, .events = 2};
    memcpy(head.command.bytes, "0123456789abcdef", 16);
    LeafEvent change = {
        .kind = EVENT_CHANGE, .about = STR("urn:x"), .subject = STR("urn:s"), .clear = STR("{}")};
    (void)vec_push(fix->ctx.arena, &change.sealed,
                   (SealedPart){.key = {{5}}, .box = STR("boxbox")});
    LeafEvent note = {.kind = EVENT_NOTE, .name = STR("look")};
    leaf_put_head(&buf, &head);
    leaf_put_event(&buf, &change);
    leaf_put_event(&buf, &note);
    return buf_str(&buf);
}

static Rc walk_leaf(Ctx *ctx, Str bytes) {
    LeafHead head;
    WireIn in;
    TRY(leaf_open(ctx, bytes, &head, &in));
    for (size_t i = 0; i < head.events; i++) {
        LeafEvent event;
        TRY(leaf_next(ctx, &in, &event));
    }
    return leaf_end(ctx, &in);
}

static void leaves_read_back_what_was_written(void **state) {
    Fixture *fix = *state;
    LeafHead head;
    WireIn in;
    LeafEvent event;
    Str bytes = sample_leaf(fix);
    /* the first bytes by the page: version, position 300 as a varint */
    assert_memory_equal(bytes.ptr, "\x01\xAC\x02", 3);
    assert_int_equal(leaf_open(&fix->ctx, bytes, &head, &in), RC_OK);
    assert_true(head.position == 300 && head.time == 1795000000000000 && head.events == 2);
    assert_true(str_eq(head.head.case_id, STR("urn:c")) && str_eq(head.head.channel, STR("web")));
    assert_memory_equal(head.command.bytes, "0123456789abcdef", 16);
    assert_int_equal(leaf_next(&fix->ctx, &in, &event), RC_OK);
    assert_true(event.kind == EVENT_CHANGE && str_eq(event.subject, STR("urn:s")));
    assert_int_equal(event.sealed.len, 1);
    assert_true(str_eq(event.sealed.items[0].box, STR("boxbox")) &&
                event.sealed.items[0].key.bytes[0] == 5);
    assert_int_equal(leaf_next(&fix->ctx, &in, &event), RC_OK);
    assert_true(event.kind == EVENT_NOTE && str_eq(event.name, STR("look")) &&
                event.sealed.len == 0);
    assert_int_equal(leaf_end(&fix->ctx, &in), RC_OK);
}

static void damaged_leaves_never_read_beyond_their_end(void **state) {
    Fixture *fix = *state;
    Str bytes = sample_leaf(fix);
    for (size_t len = 0; len < bytes.len; len++) {
        /* memory of exactly this size, so that ASan sees a byte too far */
        char *exact = mem_alloc(len);
        if (len) memcpy(exact, bytes.ptr, len);
        assert_int_equal(walk_leaf(&fix->ctx, (Str){exact, len}), RC_FAILED);
        mem_free(exact);
    }
    assert_int_equal(walk_leaf(&fix->ctx, str_fmt(fix->ctx.arena, STR_FMT "x", STR_ARG(bytes))),
                     RC_FAILED);
    Rand rand = rand_seeded(3);
    for (int i = 0; i < 20000; i++) {
        char *copy = mem_alloc(bytes.len);
        memcpy(copy, bytes.ptr, bytes.len);
        for (int k = 0; k < 3; k++)
            copy[rand_below(&rand, bytes.len)] = (char)rand_u64(&rand);
        ArenaMark mark = arena_mark(fix->ctx.arena);
        Rc rc = walk_leaf(&fix->ctx, (Str){copy, bytes.len});
        assert_true(rc == RC_OK || rc == RC_FAILED);
        arena_rewind(fix->ctx.arena, mark);
        mem_free(copy);
    }
}

/* ---- statements ---- */

static Str sample_statement(Fixture *fix, const NoteKey *key) {
    Statement statement = {.kind = EVENT_ERASURE,
                           .subject = STR("urn:s"),
                           .time = 1795000000000000,
                           .reason = STR("asked by the person")};
    for (uint8_t i = 0; i < 3; i++)
        (void)vec_push(fix->ctx.arena, &statement.keys, (KeyId){{i}});
    Str bytes;
    assert_int_equal(statement_sign(&fix->ctx, key, &statement, &bytes), RC_OK);
    return bytes;
}

static void statements_are_signed_whole(void **state) {
    Fixture *fix = *state;
    Str bytes = sample_statement(fix, fix->note);
    Statement out;
    assert_int_equal(statement_open(&fix->ctx, fix->note, bytes, &out), RC_OK);
    assert_true(out.keys.len == 3 && out.keys.items[2].bytes[0] == 2 &&
                str_eq(out.subject, STR("urn:s")));
    char *mutable = (char *)(uintptr_t)bytes.ptr;
    for (size_t i = 0; i < bytes.len; i++) {
        mutable[i] ^= 1;
        Rc rc = statement_open(&fix->ctx, fix->note, bytes, &out);
        assert_true(rc == RC_INVALID ||
                    rc == RC_NOT_FOUND); /* a changed origin is another ledger's */
        mutable[i] ^= 1;
        assert_int_equal(statement_open(&fix->ctx, fix->note, str_sub(bytes, 0, i), &out),
                         RC_INVALID);
    }
}

static Rc count_statement(Ctx *ctx, void *arg, Str bytes) {
    (void)ctx, (void)bytes;
    ++*(size_t *)arg;
    return RC_OK;
}

static void a_torn_line_of_the_list_doesnt_count_and_is_replaced(void **state) {
    Fixture *fix = *state;
    Str path = path_of(fix, "key.erasures"), content;
    size_t n = 0;
    assert_int_equal(statement_list_read(&fix->ctx, path, count_statement, &n), RC_OK);
    assert_int_equal(n, 0);
    Str bytes = sample_statement(fix, fix->note);
    assert_int_equal(statement_list_add(&fix->ctx, path, bytes), RC_OK);
    assert_int_equal(appendfile_read(&fix->ctx, path, &content), RC_OK);
    for (size_t cut = 0; cut < content.len; cut++) {
        write_file(path, str_sub(content, 0, cut));
        n = 0;
        assert_int_equal(statement_list_read(&fix->ctx, path, count_statement, &n), RC_OK);
        assert_int_equal(n, 0);
        assert_int_equal(statement_list_add(&fix->ctx, path, bytes), RC_OK);
        assert_int_equal(statement_list_add(&fix->ctx, path, bytes), RC_OK);
        assert_int_equal(statement_list_read(&fix->ctx, path, count_statement, &n), RC_OK);
        assert_int_equal(n, 2);
    }
    write_file(path, STR("something else\n"));
    assert_int_equal(statement_list_read(&fix->ctx, path, count_statement, &n), RC_FAILED);
}

/* ---- the witness ---- */

static Str note_of_size(Fixture *fix, uint64_t size) {
    Str note;
    Checkpoint checkpoint = {.size = size, .root = hash_sha256(STR("r"))};
    assert_int_equal(note_checkpoint_sign(&fix->ctx, fix->note, &checkpoint, &note), RC_OK);
    return note;
}

static void the_witness_keeps_whole_records(void **state) {
    Fixture *fix = *state;
    Str path = path_of(fix, "witness"), content;
    WitnessState witness;
    assert_int_equal(witness_read(&fix->ctx, path, fix->note, &witness), RC_OK);
    assert_false(witness.any);
    for (uint64_t size = 1; size <= 3; size++)
        assert_int_equal(witness_add(&fix->ctx, path, fix->note, note_of_size(fix, size), &witness),
                         RC_OK);
    assert_int_equal(appendfile_read(&fix->ctx, path, &content), RC_OK);
    size_t two = 0; /* where the second record ends */
    for (size_t cut = 0; cut <= content.len; cut++) {
        write_file(path, str_sub(content, 0, cut));
        assert_int_equal(witness_read(&fix->ctx, path, fix->note, &witness), RC_OK);
        if (witness.any && witness.newest.size == 2 && !two) two = cut;
        assert_int_equal(witness_add(&fix->ctx, path, fix->note, note_of_size(fix, 9), &witness),
                         RC_OK);
        assert_int_equal(witness_read(&fix->ctx, path, fix->note, &witness), RC_OK);
        assert_true(witness.any && witness.newest.size == 9);
    }
    assert_true(two > 0 && two < content.len);
}

static void a_long_witness_is_read_from_its_end(void **state) {
    Fixture *fix = *state;
    Str path = path_of(fix, "witness");
    WitnessState witness;
    assert_int_equal(witness_read(&fix->ctx, path, fix->note, &witness), RC_OK);
    for (uint64_t size = 1; size <= 500; size++)
        assert_int_equal(witness_add(&fix->ctx, path, fix->note, note_of_size(fix, size), &witness),
                         RC_OK);
    size_t good = witness.good;
    assert_true(good > 64 * 1024);
    assert_int_equal(witness_read(&fix->ctx, path, fix->note, &witness), RC_OK);
    assert_true(witness.newest.size == 500 && witness.good == good);
}

static void another_ledgers_witness_is_refused(void **state) {
    Fixture *fix = *state;
    Str path = path_of(fix, "witness");
    WitnessState witness;
    NoteKey *other;
    char seed[32] = {42};
    assert_int_equal(note_key_new(&fix->ctx, STR("machi/other"), (Str){seed, 32}, &other), RC_OK);
    assert_int_equal(witness_read(&fix->ctx, path, fix->note, &witness), RC_OK);
    assert_int_equal(witness_add(&fix->ctx, path, fix->note, note_of_size(fix, 1), &witness),
                     RC_OK);
    assert_int_equal(witness_read(&fix->ctx, path, other, &witness), RC_FAILED);
    note_key_free(other);
    write_file(path, STR("a shopping list"));
    assert_int_equal(witness_read(&fix->ctx, path, fix->note, &witness), RC_FAILED);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    if (sodium_init() < 0) return 1;
    const struct CMUnitTest tests[] = {
        CASE(sealed_bytes_open_only_as_they_were),
        CASE(wrapped_keys_come_back),
        CASE(the_key_file_is_made_once_and_private),
        CASE(the_key_file_holds_two_keys_until_one_of_them_counts),
        CASE(the_bytes_of_a_replaced_key_file_are_overwritten),
        CASE(open_or_damaged_key_files_are_refused),
        CASE(leaves_read_back_what_was_written),
        CASE(damaged_leaves_never_read_beyond_their_end),
        CASE(statements_are_signed_whole),
        CASE(a_torn_line_of_the_list_doesnt_count_and_is_replaced),
        CASE(the_witness_keeps_whole_records),
        CASE(a_long_witness_is_read_from_its_end),
        CASE(another_ledgers_witness_is_refused),
    };
    return cmocka_run_group_tests_name("ledger seal", tests, NULL, NULL);
}
