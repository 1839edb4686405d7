/* Tests of keys, erasure and disposal: what is sealed, what is gone afterwards, and that no byte of
 * it stays in the folder. */
#include "city.h"
#include "ledger/ledger_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define HANAKO STR("urn:p:hanako")
#define TARO   STR("urn:p:taro")
#define A1     STR("urn:x:a1") /* Hanako's application */
#define A2     STR("urn:x:a2") /* Taro's */
#define C1     STR("urn:x:c1") /* Hanako's consultation, in another file */

static void expect(City *city, Rc rc, Rc expected) {
    if (rc != expected) print_error(STR_FMT "\n", STR_ARG(city->ctx.error.detail));
    assert_int_equal(rc, expected);
}

static void put(City *city, Str id, const char *type, Str subject, Str name) {
    expect(city, city_put(city, city_personal(city, id, type, subject, name), PUT_ANY, 0, NULL),
           RC_OK);
}

static int set_up(void **state) {
    City *city = mem_zero(sizeof *city);
    city_make(city);
    city->options.witness_file = STR_NONE;
    expect(city, city_open(city), RC_OK);
    put(city, A1, APPLICATION, HANAKO, STR("香川花子"));
    put(city, A2, APPLICATION, TARO, STR("高松太郎"));
    put(city, C1, CONSULT, HANAKO, STR("相談の花子"));
    *state = city;
    return 0;
}

static int tear_down(void **state) {
    city_end(*state);
    mem_free(*state);
    return 0;
}

static Rc erase(City *city, Str subject, Str file, StrVec *kept) {
    LedgerErasure erasure = {.head = {.kind = STR("person.erase"), .actor = STR("urn:actor:1")},
                             .subject = subject,
                             .reason = STR("asked")};
    if (file.len) (void)vec_push(city->ctx.arena, &erasure.files, file);
    return ledger_erase(&city->ctx, city->ledger, &erasure, kept);
}

static void reopen(City *city) {
    city_close(city);
    expect(city, city_open(city), RC_OK);
}

/* The key itself, and its wrapped form without the head. */
typedef struct KeyBytes {
    SealKey plain;
    Str wrapped;
} KeyBytes;

static KeyBytes key_bytes(City *city, Str subject, Str file) {
    KeyBytes bytes;
    KeyRow row;
    DataKey key;
    KeyScope scope = file.len ? keys_scope_data(subject, file) : keys_scope_subject(subject);
    expect(city, keys_find(&city->ctx, city->ledger->keys, &scope, &key), RC_OK);
    expect(
        city,
        reader_key_of(&city->ctx, city->reader, keys_subject(&scope), keys_retention(&scope), &row),
        RC_OK);
    bytes.plain = key.key;
    bytes.wrapped = str_sub(row.wrapped, 1 + 16 + SEAL_NONCE, row.wrapped.len);
    return bytes;
}

static bool folder_holds(City *city, Str bytes) {
    return city_holds(city, city->folder.ptr, bytes);
}

/* ---- sealing ---- */

static void personal_values_are_never_in_clear(void **state) {
    City *city = *state;
    static const Str names[] = {STR("香川花子"), STR("高松太郎"), STR("相談の花子")};
    city_project(city, 10);
    for (int round = 0; round < 2; round++) {
        assert_true(str_eq(city_name(city, A1), names[0]));
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            assert_false(city_holds(city, city->root, names[i]));
        assert_true(
            folder_holds(city, HANAKO)); /* what is not personal is found, so the search works */
        reopen(city);
    }
}

static void keys_differ_by_person_and_file(void **state) {
    City *city = *state;
    KeyBytes all[] = {key_bytes(city, HANAKO, STR(RETENTION)),
                      key_bytes(city, HANAKO, STR(OTHER_FILE)),
                      key_bytes(city, TARO, STR(RETENTION)), key_bytes(city, HANAKO, STR_NONE)};
    for (size_t i = 0; i < 4; i++) {
        assert_false(folder_holds(city, (Str){(const char *)all[i].plain.bytes, SEAL_KEY}));
        assert_true(folder_holds(city, all[i].wrapped));
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(all[i].plain.bytes, all[k].plain.bytes, SEAL_KEY);
    }
    put(city, STR("urn:x:a3"), APPLICATION, HANAKO, STR("again"));
    KeyBytes again = key_bytes(city, HANAKO, STR(RETENTION));
    assert_memory_equal(again.plain.bytes, all[0].plain.bytes, SEAL_KEY);
}

static void an_undeclared_type_is_sealed_whole(void **state) {
    City *city = *state;
    Entity *entity = entity_new(city->ctx.arena, STR("urn:x:t"), STR(THING));
    entity_set(city->ctx.arena, entity, STR(NAME), json_of_str(STR("だれかの名前")));
    Delta delta = {.op = DELTA_PUT, .id = entity->id, .after = entity};
    expect(city, city_put(city, &delta, PUT_ABSENT, 0, NULL), RC_OK);
    city_project(city, 10);
    assert_false(city_holds(city, city->root, STR("だれかの名前")));
    reopen(city);
    assert_true(str_eq(city_name(city, STR("urn:x:t")), STR("だれかの名前")));
}

static void long_and_reserved_labels_are_hashed(void **state) {
    (void)state;
    char name[200];
    memset(name, 'x', sizeof name);
    KeyScope plain = keys_scope_data(STR("urn:p:1"), STR("file"));
    assert_true(str_eq(keys_subject(&plain), STR("urn:p:1")) &&
                str_eq(keys_retention(&plain), STR("file")));
    KeyScope none = keys_scope_data(STR("urn:p:1"), STR_NONE);
    assert_true(str_eq(keys_retention(&none), STR("general")));
    static const Str reserved[] = {STR("*"), STR("type:x"), STR("sha256:00")};
    for (size_t i = 0; i < 3; i++) {
        KeyScope scope = keys_scope_data(reserved[i], reserved[i]);
        assert_true(str_starts(keys_subject(&scope), STR("sha256:")) && scope.subject_len == 63);
        assert_true(str_starts(keys_retention(&scope), STR("sha256:")));
    }
    KeyScope fits = keys_scope_subject((Str){name, 64}),
             longer = keys_scope_subject((Str){name, 65});
    assert_int_equal(fits.subject_len, 64);
    assert_int_equal(longer.subject_len, 63);
    KeyScope other = keys_scope_subject((Str){name, 66});
    assert_false(str_eq(keys_subject(&longer), keys_subject(&other)));
}

/* ---- erasing a person ---- */

static void an_erased_file_of_a_person_is_unreadable_at_once(void **state) {
    City *city = *state;
    StrVec kept = {0};
    expect(city, erase(city, HANAKO, STR(RETENTION), &kept), RC_OK);
    assert_int_equal(kept.len, 1);
    assert_true(str_eq(kept.items[0], STR(OTHER_FILE)));
    for (int round = 0; round < 3; round++) {
        assert_int_equal(city_name(city, A1).len, 0);
        assert_true(str_eq(city_name(city, A2), STR("高松太郎")));
        assert_true(str_eq(city_name(city, C1), STR("相談の花子")));
        if (round == 0) city_project(city, 10);
        reopen(city);
    }
}

static void no_byte_of_a_destroyed_key_stays(void **state) {
    City *city = *state;
    city_project(city, 10);
    Str sealed;
    expect(city,
           ledger_seal(&city->ctx, city->ledger, (LedgerKeyOf){HANAKO, STR(RETENTION)},
                       STR("下書き"), &sealed),
           RC_OK);
    KeyBytes data = key_bytes(city, HANAKO, STR(RETENTION)),
             person = key_bytes(city, HANAKO, STR_NONE);
    KeyBytes consult = key_bytes(city, HANAKO, STR(OTHER_FILE)),
             taro = key_bytes(city, TARO, STR(RETENTION));
    assert_true(folder_holds(city, data.wrapped));
    expect(city, erase(city, HANAKO, STR(RETENTION), NULL), RC_OK);
    assert_false(folder_holds(city, data.wrapped));
    assert_true(folder_holds(city, person.wrapped)); /* still wraps the consultation's */
    expect(city, erase(city, HANAKO, STR(OTHER_FILE), NULL), RC_OK);
    for (int round = 0; round < 2; round++) {
        assert_false(folder_holds(city, consult.wrapped));
        assert_false(
            folder_holds(city, person.wrapped)); /* the last file takes the person's key along */
        assert_true(folder_holds(city, taro.wrapped));
        assert_false(city_holds(city, city->root, (Str){(const char *)data.plain.bytes, SEAL_KEY}));
        assert_false(city_holds(city, city->root, STR("香川花子")));
        Str plain;
        expect(city, ledger_unseal(&city->ctx, city->ledger, sealed, &plain), RC_NOT_FOUND);
        city_close(city);
        assert_false(folder_holds(city, data.wrapped));
        assert_false(folder_holds(city, consult.wrapped));
        expect(city, city_open(city), RC_OK);
    }
}

typedef struct Seen {
    int changes, erased, erasures, disposals;
} Seen;

static Rc see(Ctx *ctx, void *arg, const Event *event) {
    (void)ctx;
    Seen *seen = arg;
    if (event->delta) {
        seen->changes++;
        seen->erased += event->erased;
        if (event->erased) assert_int_equal(entity_text(event->delta->after, STR(NAME)).len, 0);
    } else if (str_eq(event->note_kind, STR("erasure"))) {
        seen->erasures++;
        assert_true(str_eq(event->subject, HANAKO));
        assert_true(str_eq(json_get_str(event->note_clear, "reason"), STR("asked")));
        assert_int_equal(json_get_int(event->note_clear, "keys", 0), 1);
    } else {
        seen->disposals += str_eq(event->note_kind, STR("disposal"));
        assert_true(str_eq(event->note_about, STR(RETENTION)));
    }
    return RC_OK;
}

static void followers_learn_of_an_erasure(void **state) {
    City *city = *state;
    expect(city, erase(city, HANAKO, STR(RETENTION), NULL), RC_OK);
    Seen seen = {0};
    uint64_t next;
    expect(city, ledger_read(&city->ctx, city->ledger, &(LedgerWindow){0, 100, see, &seen}, &next),
           RC_OK);
    assert_true(seen.changes == 3 && seen.erased == 1 && seen.erasures == 1);
}

static void a_person_may_come_back_after_an_erasure(void **state) {
    City *city = *state;
    KeyBytes before = key_bytes(city, HANAKO, STR(RETENTION));
    expect(city, erase(city, HANAKO, STR(RETENTION), NULL), RC_OK);
    put(city, STR("urn:x:a9"), APPLICATION, HANAKO, STR("あたらしい"));
    KeyBytes after = key_bytes(city, HANAKO, STR(RETENTION));
    assert_memory_not_equal(before.plain.bytes, after.plain.bytes, SEAL_KEY);
    reopen(city);
    assert_true(str_eq(city_name(city, STR("urn:x:a9")), STR("あたらしい")));
    assert_int_equal(city_name(city, A1).len, 0);
    /* a change of the erased record goes on without what is gone */
    expect(city, city_put(city, city_change(city, A1, 5), PUT_PRESENT, 0, NULL), RC_OK);
    assert_int_equal(city_value(city, A1), 5);
    assert_int_equal(city_name(city, A1).len, 0);
}

static void erasing_nothing_says_nothing(void **state) {
    City *city = *state;
    uint64_t head = ledger_head(city->ledger);
    StrVec kept = {0};
    expect(city, erase(city, HANAKO, STR("保存10年/ほか"), &kept), RC_OK);
    assert_int_equal(kept.len, 2);
    expect(city, erase(city, STR("urn:p:nobody"), STR(RETENTION), &kept), RC_OK);
    assert_int_equal(ledger_head(city->ledger), head);
    assert_true(str_eq(city_name(city, A1), STR("香川花子")));
}

static void rendered_answers_go_with_the_key(void **state) {
    City *city = *state;
    expect(city, ledger_reader_register(&city->ctx, city->ledger), RC_OK);
    const Version *version = ledger_version(city->ledger, A1);
    Rendering rendering = {.key = {.form = 1}, .bytes = STR("{\"name\":\"香川花子\"}")};
    version_render_keep(city->ledger, version, &rendering);
    assert_non_null(version_rendered(version, &rendering.key));
    ledger_quiesce(city->ledger);
    expect(city, erase(city, HANAKO, STR(RETENTION), NULL), RC_OK);
    assert_null(version_rendered(ledger_version(city->ledger, A1), &rendering.key));
    ledger_reader_unregister(city->ledger);
}

/* ---- disposing of a file ---- */

static void disposing_of_a_file_takes_everybodys_records_in_it(void **state) {
    City *city = *state;
    KeyBytes hanako = key_bytes(city, HANAKO, STR(RETENTION)),
             taro = key_bytes(city, TARO, STR(RETENTION));
    LedgerDisposal disposal = {
        .head = {.kind = STR("file.dispose")}, .retention = STR(RETENTION), .reason = STR("5年")};
    expect(city, ledger_dispose(&city->ctx, city->ledger, &disposal), RC_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(city_name(city, A1).len, 0);
        assert_int_equal(city_name(city, A2).len, 0);
        assert_true(str_eq(city_name(city, C1), STR("相談の花子")));
        assert_false(folder_holds(city, hanako.wrapped));
        assert_false(folder_holds(city, taro.wrapped));
        reopen(city);
    }
    Seen seen = {0};
    uint64_t next;
    expect(city, ledger_read(&city->ctx, city->ledger, &(LedgerWindow){0, 100, see, &seen}, &next),
           RC_OK);
    assert_true(seen.erased == 2 && seen.disposals == 1);
}

typedef struct Looked {
    Ledger *ledger;
    uint64_t head;
} Looked;

static Rc judge(Ctx *ctx, void *arg) {
    const Looked *looked = arg;
    uint64_t next;
    Seen seen = {0};
    assert_non_null(ctx->db);
    TRY(ledger_read(ctx, looked->ledger, &(LedgerWindow){0, 100, see, &seen}, &next));
    if (next <= looked->head) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "moved", STR_NONE, "Something came in meanwhile.");
}

static void what_was_written_since_it_was_looked_at_keeps_a_file(void **state) {
    City *city = *state;
    Looked looked = {city->ledger, ledger_head(city->ledger) - 1};
    size_t keys = 0;
    LedgerDisposal disposal = {.head = {.kind = STR("file.dispose")},
                               .retention = STR(RETENTION),
                               .reason = STR("5年"),
                               .judge = judge,
                               .judge_arg = &looked};
    expect(city, ledger_dispose(&city->ctx, city->ledger, &disposal), RC_CONFLICT);
    assert_true(str_eq(city_name(city, A1), STR("香川花子")));
    expect(city, ledger_disposed(&city->ctx, city->ledger, STR(RETENTION), &keys), RC_OK);
    assert_int_equal(keys, 0);
    looked.head++;
    expect(city, ledger_dispose(&city->ctx, city->ledger, &disposal), RC_OK);
    assert_int_equal(city_name(city, A1).len, 0);
    expect(city, ledger_disposed(&city->ctx, city->ledger, STR(RETENTION), &keys), RC_OK);
    assert_int_equal(keys, 2); /* of two persons */
    looked.head = ledger_head(city->ledger);
    expect(city, ledger_dispose(&city->ctx, city->ledger, &disposal), RC_OK);
    expect(city, ledger_disposed(&city->ctx, city->ledger, STR(RETENTION), &keys), RC_OK);
    assert_int_equal(keys, 2); /* nothing was left to destroy, and nothing is said of it */
}

/* ---- the list of erasures ---- */

static void a_restored_folder_repeats_its_erasures(void **state) {
    City *city = *state;
    KeyBytes key = key_bytes(city, HANAKO, STR(RETENTION));
    char command[300];
    city_close(city);
    snprintf(command, sizeof command, "cp -r %s %s/backup", city->folder.ptr, city->root);
    assert_int_equal(system(command), 0);
    expect(city, city_open(city), RC_OK);
    expect(city, erase(city, HANAKO, STR(RETENTION), NULL), RC_OK);
    city_close(city);
    snprintf(command, sizeof command, "rm -r %s && mv %s/backup %s", city->folder.ptr, city->root,
             city->folder.ptr);
    assert_int_equal(system(command), 0);
    assert_true(folder_holds(city, key.wrapped)); /* the backup has it again */
    expect(city, city_open(city), RC_OK);
    assert_int_equal(city_name(city, A1).len, 0);
    assert_true(str_eq(city_name(city, A2), STR("高松太郎")));
    assert_false(folder_holds(city, key.wrapped));
    uint64_t head = ledger_head(city->ledger);
    assert_int_equal(head, 4); /* three changes and the repeated erasure */
    reopen(city);
    assert_int_equal(ledger_head(city->ledger), head);
}

static void without_its_list_nothing_is_erased(void **state) {
    City *city = *state;
    Str list = str_fmt(city->ctx.arena, STR_FMT ".erasures", STR_ARG(city->key_file));
    assert_int_equal(mkdir(list.ptr, 0700), 0); /* in the way */
    uint64_t head = ledger_head(city->ledger);
    expect(city, erase(city, HANAKO, STR(RETENTION), NULL), RC_FAILED);
    assert_true(str_eq(city_name(city, A1), STR("香川花子")));
    assert_int_equal(ledger_head(city->ledger), head);
    assert_int_equal(rmdir(list.ptr), 0);
    expect(city, erase(city, HANAKO, STR(RETENTION), NULL), RC_OK);
    assert_int_equal(city_name(city, A1).len, 0);
}

static void a_long_reading_delays_only_the_overwriting(void **state) {
    City *city = *state;
    KeyBytes key = key_bytes(city, HANAKO, STR(RETENTION));
    uint64_t head;
    expect(city, reader_snapshot(&city->ctx, city->reader, STORE_LEDGER), RC_OK);
    expect(city, reader_head(&city->ctx, city->reader, &head), RC_OK);
    Rc rc = erase(city, HANAKO, STR(RETENTION), NULL);
    assert_int_equal(rc, RC_FAILED);
    assert_true(str_eq(city->ctx.error.code, STR("erased-not-scrubbed")));
    reader_release(city->reader, STORE_LEDGER);
    assert_int_equal(city_name(city, A1).len, 0);
    int64_t until = time_monotonic() + 10 * TIME_SECOND;
    while (atomic_load(&city->ledger->commit.scrub_due) && time_monotonic() < until)
        usleep(10000);
    assert_false(folder_holds(city, key.wrapped));
}

/* ---- outside events ---- */

static void blobs_open_only_whole(void **state) {
    City *city = *state;
    Str sealed, plain;
    expect(city,
           ledger_seal(&city->ctx, city->ledger, (LedgerKeyOf){STR("urn:p:new"), STR_NONE},
                       STR("下書き"), &sealed),
           RC_OK);
    reopen(city);
    expect(city, ledger_unseal(&city->ctx, city->ledger, sealed, &plain), RC_OK);
    assert_true(str_eq(plain, STR("下書き")));
    char *bytes = (char *)(uintptr_t)sealed.ptr;
    for (size_t i = 0; i < sealed.len; i++) {
        bytes[i] ^= 1;
        Rc rc = ledger_unseal(&city->ctx, city->ledger, sealed, &plain);
        assert_true(rc == RC_INVALID || rc == RC_NOT_FOUND); /* another key id is no key */
        bytes[i] ^= 1;
        expect(city, ledger_unseal(&city->ctx, city->ledger, str_sub(sealed, 0, i), &plain),
               RC_INVALID);
    }
}

/* ---- attachments ---- */

#define PHOTO STR("the bytes of a photograph")

static void attach(City *city, Str subject, LedgerAttachment *out) {
    Command *command = command_new(city->ledger, (CommandHead){.kind = STR("test")});
    Outcome outcome;
    expect(
        city,
        ledger_attach(&city->ctx, city->ledger, (LedgerKeyOf){subject, STR(RETENTION)}, PHOTO, out),
        RC_OK);
    ledger_attach_name(command, A1, out);
    expect(city, ledger_execute(&city->ctx, city->ledger, command, &outcome), RC_OK);
    command_free(command);
}

static Str attached_path(City *city, const LedgerAttachment *attachment) {
    Str hex = hash_digest_hex(city->ctx.arena, &attachment->id);
    return str_fmt(city->ctx.arena, STR_FMT "/files/%.2s/%s", STR_ARG(city->folder), hex.ptr,
                   hex.ptr + 2);
}

static Rc see_attachment(Ctx *ctx, void *arg, const Event *event) {
    Str *file = arg;
    if (!str_eq(event->note_kind, LEDGER_ATTACHMENT)) return RC_OK;
    assert_true(str_eq(event->note_about, A1));
    *file = str_dup(ctx->arena, json_get_str(event->note_clear, "file"));
    return RC_OK;
}

static void an_attachment_is_sealed_and_named_by_its_command(void **state) {
    City *city = *state;
    LedgerAttachment attachment;
    Str plain, named = STR_NONE;
    uint64_t next;
    attach(city, HANAKO, &attachment);
    assert_int_equal(attachment.bytes, PHOTO.len);
    Digest digest = hash_sha256(PHOTO);
    assert_true(str_eq(attachment.digest, hash_digest_hex(city->ctx.arena, &digest)));
    assert_false(city_holds(city, city->root, PHOTO));
    reopen(city);
    expect(city, ledger_attached(&city->ctx, city->ledger, &attachment.id, &plain), RC_OK);
    assert_true(str_eq(plain, PHOTO));
    expect(city,
           ledger_read(&city->ctx, city->ledger, &(LedgerWindow){0, 100, see_attachment, &named},
                       &next),
           RC_OK);
    assert_true(str_eq(named, hash_digest_hex(city->ctx.arena, &attachment.id)));
    expect(city, ledger_attach_drop(&city->ctx, city->ledger, &attachment), RC_OK);
    expect(city, ledger_attached(&city->ctx, city->ledger, &attachment.id, &plain), RC_NOT_FOUND);
}

static void a_torn_a_missing_and_an_erased_attachment_are_told_apart(void **state) {
    City *city = *state;
    LedgerAttachment torn, missing, erased;
    Str plain;
    attach(city, TARO, &torn);
    attach(city, TARO, &missing);
    attach(city, HANAKO, &erased);
    assert_int_equal(truncate(attached_path(city, &torn).ptr, 20), 0);
    assert_int_equal(unlink(attached_path(city, &missing).ptr), 0);
    expect(city, erase(city, HANAKO, STR(RETENTION), NULL), RC_OK);
    const struct {
        const LedgerAttachment *attachment;
        Rc rc;
        const char *code;
    } cases[] = {{&torn, RC_FAILED, "damaged"},
                 {&missing, RC_NOT_FOUND, "attachment-missing"},
                 {&erased, RC_NOT_FOUND, "key-destroyed"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect(city, ledger_attached(&city->ctx, city->ledger, &cases[i].attachment->id, &plain),
               cases[i].rc);
        assert_true(str_eq(city->ctx.error.code, str_of(cases[i].code)));
    }
}

static void keyed_hashes_depend_on_key_and_domain(void **state) {
    City *city = *state;
    Digest a = ledger_keyed_hash(city->ledger, STR("names"), STR("花子"));
    Digest b = ledger_keyed_hash(city->ledger, STR("phones"), STR("花子"));
    assert_memory_not_equal(&a, &b, sizeof a);
    reopen(city);
    b = ledger_keyed_hash(city->ledger, STR("names"), STR("花子"));
    assert_memory_equal(&a, &b, sizeof a);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(personal_values_are_never_in_clear),
        CASE(keys_differ_by_person_and_file),
        CASE(an_undeclared_type_is_sealed_whole),
        CASE(long_and_reserved_labels_are_hashed),
        CASE(an_erased_file_of_a_person_is_unreadable_at_once),
        CASE(no_byte_of_a_destroyed_key_stays),
        CASE(followers_learn_of_an_erasure),
        CASE(a_person_may_come_back_after_an_erasure),
        CASE(erasing_nothing_says_nothing),
        CASE(rendered_answers_go_with_the_key),
        CASE(disposing_of_a_file_takes_everybodys_records_in_it),
        CASE(what_was_written_since_it_was_looked_at_keeps_a_file),
        CASE(a_restored_folder_repeats_its_erasures),
        CASE(without_its_list_nothing_is_erased),
        CASE(a_long_reading_delays_only_the_overwriting),
        CASE(blobs_open_only_whole),
        CASE(an_attachment_is_sealed_and_named_by_its_command),
        CASE(a_torn_a_missing_and_an_erased_attachment_are_told_apart),
        CASE(keyed_hashes_depend_on_key_and_domain),
    };
    return cmocka_run_group_tests_name("ledger erase", tests, NULL, NULL);
}
