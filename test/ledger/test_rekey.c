/* Tests of another tenant key: everything stays readable, nothing of the old key stays, and a death
   at any step leaves a ledger that opens. */
#include "city.h"
#include "ledger/ledger_int.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { PEOPLE = 12 };

static void expect(City *city, Rc rc, Rc expected) {
    if (rc != expected) print_error(STR_FMT "\n", STR_ARG(city->ctx.error.detail));
    assert_int_equal(rc, expected);
}

static Str person(City *city, int i) {
    return str_fmt(city->ctx.arena, "urn:p:%d", i);
}

static Str record(City *city, int i) {
    return str_fmt(city->ctx.arena, "urn:x:%d", i);
}

static Str name(City *city, int i) {
    return str_fmt(city->ctx.arena, "花子%d号", i);
}

static void put(City *city, int i) {
    expect(
        city,
        city_put(city,
                 city_personal(city, record(city, i), APPLICATION, person(city, i), name(city, i)),
                 PUT_ANY, 0, NULL),
        RC_OK);
}

static void fill(City *city) {
    expect(city, city_open(city), RC_OK);
    for (int i = 0; i < PEOPLE; i++)
        put(city, i);
    expect(city,
           city_put(city, city_entity(city, STR("urn:x:thing"), THING, 7), PUT_ABSENT, 0, NULL),
           RC_OK);
}

static int set_up(void **state) {
    City *city = mem_zero(sizeof *city);
    city_make(city);
    fill(city);
    *state = city;
    return 0;
}

static int tear_down(void **state) {
    city_end(*state);
    mem_free(*state);
    return 0;
}

static void reopen(City *city) {
    city_close(city);
    expect(city, city_open(city), RC_OK);
}

static const CommandHead head = {.kind = STR("tenant.rekey"), .actor = STR("urn:actor:1")};

static uint64_t rekey(City *city) {
    uint64_t keys;
    expect(city, ledger_rekey(&city->ctx, city->ledger, &head, &keys), RC_OK);
    return keys;
}

static void all_is_readable(City *city) {
    for (int i = 0; i < PEOPLE; i++)
        assert_true(str_eq(city_name(city, record(city, i)), name(city, i)));
    assert_int_equal(city_value(city, STR("urn:x:thing")), 7);
}

static TenantKey file_key(City *city) {
    KeyFile file;
    expect(city, keyfile_read(&city->ctx, city->key_file, false, &file), RC_OK);
    assert_int_equal(file.len, 1);
    return file.keys[0];
}

static bool take_wrapped(void *arg, const KeyRow *row) {
    City *city = ((void **)arg)[0];
    StrVec *all = ((void **)arg)[1];
    vec_push(city->arena, all, str_dup(city->arena, str_sub(row->wrapped, 17, row->wrapped.len)));
    return true;
}

static StrVec wrapped_now(City *city) {
    StrVec all = {0};
    expect(
        city,
        reader_keys(&city->ctx, city->reader, &(KeyRange){0}, take_wrapped, (void *[]){city, &all}),
        RC_OK);
    return all;
}

/* ---- what it does ---- */

static void everything_is_readable_under_the_new_key_and_nothing_of_the_old_stays(void **state) {
    City *city = *state;
    Digest index = ledger_keyed_hash(city->ledger, STR("login"), STR("hanako"));
    Str sealed, plain;
    LedgerKeyOf of = {STR("urn:p:1"), STR(RETENTION)};
    expect(city, ledger_seal(&city->ctx, city->ledger, of, STR("a draft"), &sealed), RC_OK);
    sealed = str_dup(city->arena, sealed);
    for (int round = 0; round < 3; round++) {
        TenantKey before = file_key(city);
        StrVec old = wrapped_now(city);
        assert_int_equal(rekey(city), PEOPLE + 1); /* the persons' and the undeclared type's */
        TenantKey after = file_key(city);
        assert_memory_not_equal(before.wrap.bytes, after.wrap.bytes, SEAL_KEY);
        size_t gone = 0;
        VEC_EACH (const Str, bytes, &old)
            gone += !city_holds(city, city->folder.ptr, *bytes);
        assert_int_equal(gone, PEOPLE + 1);
        all_is_readable(city);
        put(city, round); /* and written */
        for (int i = 0; i < 2; i++) {
            all_is_readable(city);
            Digest now = ledger_keyed_hash(city->ledger, STR("login"), STR("hanako"));
            assert_memory_equal(&index, &now, sizeof now);
            expect(city, ledger_unseal(&city->ctx, city->ledger, sealed, &plain), RC_OK);
            reopen(city);
        }
    }
}

static Rc see_note(Ctx *ctx, void *arg, const Event *event) {
    (void)ctx;
    if (!str_eq(event->note_kind, STR("rekey"))) return RC_OK;
    assert_true(str_eq(event->head.kind, STR("tenant.rekey")));
    assert_int_equal(json_get_int(event->note_clear, "keys", 0), PEOPLE + 1);
    assert_false(
        str_eq(json_get_str(event->note_clear, "from"), json_get_str(event->note_clear, "to")));
    ++*(int *)arg;
    return RC_OK;
}

static void it_is_recorded(void **state) {
    City *city = *state;
    uint64_t next;
    int seen = 0;
    (void)rekey(city);
    expect(city,
           ledger_read(&city->ctx, city->ledger, &(LedgerWindow){0, 1000, see_note, &seen}, &next),
           RC_OK);
    assert_int_equal(seen, 1);
}

static void the_old_key_file_opens_nothing(void **state) {
    City *city = *state;
    char command[200];
    snprintf(command, sizeof command, "cp -p %s %s.old", city->key_file.ptr, city->key_file.ptr);
    assert_int_equal(system(command), 0);
    (void)rekey(city);
    city_close(city);
    snprintf(command, sizeof command, "cp -p %s %s.good && cp -p %s.old %s", city->key_file.ptr,
             city->key_file.ptr, city->key_file.ptr, city->key_file.ptr);
    assert_int_equal(system(command), 0);
    expect(city, city_open(city), RC_FAILED);
    assert_true(str_eq(city->ctx.error.code, STR("tenant-key")));
    snprintf(command, sizeof command, "cp -p %s.good %s", city->key_file.ptr, city->key_file.ptr);
    assert_int_equal(system(command), 0);
    expect(city, city_open(city), RC_OK);
    all_is_readable(city);
}

static void an_erasure_holds_afterwards(void **state) {
    City *city = *state;
    (void)rekey(city);
    LedgerErasure erasure = {.head = head, .subject = STR("urn:p:3"), .reason = STR("asked")};
    vec_push(city->ctx.arena, &erasure.files, STR(RETENTION));
    expect(city, ledger_erase(&city->ctx, city->ledger, &erasure, NULL), RC_OK);
    assert_int_equal(rekey(city), PEOPLE); /* without the erased one's */
    reopen(city);
    assert_int_equal(city_name(city, record(city, 3)).len, 0);
    assert_true(str_eq(city_name(city, record(city, 4)), name(city, 4)));
}

/* ---- a death at each step ---- */

typedef struct Dying {
    long left;
} Dying;

static bool die_at(void *arg, const char *what) {
    (void)what;
    Dying *dying = arg;
    if (--dying->left == 0) _exit(9);
    return true;
}

/* Dies at the nth I/O step of the store, all of which come after both keys are in the file and
   before the old one leaves it. */
_Noreturn static void rekey_and_die(City *city, long n) {
    Dying dying = {.left = LONG_MAX};
    StoreFault fault = {.step = die_at, .arg = &dying};
    uint64_t keys;
    city->options.fault = &fault;
    city->options.no_helper = true;
    if (city_open(city) != RC_OK) _exit(1);
    dying.left = n;
    if (ledger_rekey(&city->ctx, city->ledger, &head, &keys) != RC_OK) _exit(2);
    _exit(0);
}

static void a_death_at_any_step_leaves_a_ledger_that_opens(void **state) {
    City *city = *state;
    Digest index = ledger_keyed_hash(city->ledger, STR("login"), STR("hanako"));
    int old = 0, fresh = 0, status = 9 << 8;
    city->options.checkpoint_every = TIME_HOUR;
    city_close(city);
    for (long n = 1; WEXITSTATUS(status) == 9; n++) {
        TenantKey before = file_key(city);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) rekey_and_die(city, n);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_in_range(WEXITSTATUS(status) % 9, 0, 0);
        expect(city, city_open(city), RC_OK);
        all_is_readable(city);
        Digest now = ledger_keyed_hash(city->ledger, STR("login"), STR("hanako"));
        assert_memory_equal(&index, &now, sizeof now);
        TenantKey after = file_key(city); /* one, whichever counts */
        bool same = memcmp(&before, &after, sizeof after) == 0;
        old += same;
        fresh += !same;
        put(city, 0);
        city_close(city);
        arena_reset(city->ctx.arena);
        assert_true(n < 2000);
    }
    assert_true(old > 3 && fresh > 3); /* it died on both sides of the commit */
    expect(city, city_open(city), RC_OK);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(everything_is_readable_under_the_new_key_and_nothing_of_the_old_stays),
        CASE(it_is_recorded),
        CASE(the_old_key_file_opens_nothing),
        CASE(an_erasure_holds_afterwards),
        CASE(a_death_at_any_step_leaves_a_ledger_that_opens),
    };
    return cmocka_run_group_tests_name("ledger rekey", tests, NULL, NULL);
}
