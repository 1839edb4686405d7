/* Tests of types that are declared personal after entities of them were stored: all is appended
   again, reads as before, nothing of the old key stays, and a death at any step changes nothing. */
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

#define HANAKO STR("urn:p:hanako")
#define TARO   STR("urn:p:taro")
#define T1     STR("urn:x:t1")
#define T2     STR("urn:x:t2")
#define GONE   STR("urn:x:gone")
#define PLAIN  STR("だれかの名前") /* as an index of the state would name it */

static void expect(City *city, Rc rc, Rc expected) {
    if (rc != expected) print_error(STR_FMT "\n", STR_ARG(city->ctx.error.detail));
    assert_int_equal(rc, expected);
}

static void put(City *city, const Delta *delta) {
    expect(city, city_put(city, delta, PUT_ANY, 0, NULL), RC_OK);
}

static void put_thing(City *city, Str id, Str subject, Str name) {
    put(city, city_personal(city, id, THING, subject, name));
}

static void rename_thing(City *city, Str id, Str name) {
    Arena *arena = city->ctx.arena;
    Entity *entity = entity_new(arena, id, STR(THING));
    entity->types.len = 0; /* adds none */
    entity_set(arena, entity, STR(NAME), json_of_str(name));
    Delta *delta = NEW(arena, Delta);
    *delta = (Delta){.op = DELTA_CHANGE, .id = id, .after = entity};
    put(city, delta);
}

static void index_plain(City *city) {
    Batch *batch;
    expect(city, batch_open(&city->ctx, ledger_store(city->ledger), STORE_STATE, &batch), RC_OK);
    expect(city, batch_begin(&city->ctx, batch, BATCH_DURABLE), RC_OK);
    Item item = {.key = PLAIN, .value = PLAIN};
    expect(city, batch_put(&city->ctx, batch, SPACE(STORE_STATE, "index"), &item), RC_OK);
    expect(city, batch_commit(&city->ctx, batch), RC_OK);
    batch_close(batch);
}

static void fill(City *city) {
    expect(city, city_open(city), RC_OK);
    put_thing(city, T1, HANAKO, STR("香川花子"));
    put_thing(city, T2, TARO, STR("高松太郎"));
    rename_thing(city, T1, STR("丸亀花子"));
    put_thing(city, GONE, HANAKO, STR("消えた花子"));
    put(city, city_delete(city, GONE));
    put_thing(city, T2, HANAKO, STR("香川太郎")); /* another one's from here on */
    put(city, city_entity(city, STR("urn:x:sensor"), SENSOR, 7));
    city_project(city, 3);
    index_plain(city);
    city_close(city);
}

static int set_up(void **state) {
    City *city = mem_zero(sizeof *city);
    city_make(city);
    city->options.witness_file = STR_NONE;
    fill(city);
    *state = city;
    return 0;
}

static int tear_down(void **state) {
    city_end(*state);
    mem_free(*state);
    return 0;
}

static void declare(City *city) {
    city_declare_thing(city);
}

static const CommandHead head = {.kind = STR("tenant.reclassify"), .actor = STR("urn:actor:1")};

static size_t due(City *city) {
    StrVec types = {0};
    expect(city, ledger_reclassify_due(&city->ctx, city->ledger, &types), RC_OK);
    if (types.len) assert_true(str_eq(types.items[0], STR(THING)));
    return types.len;
}

static size_t ask(City *city) {
    StrVec types = {0};
    expect(city, ledger_reclassify(&city->ctx, city->ledger, &head, &types), RC_OK);
    return types.len;
}

/* What all changes say, where they stand, and when they were. */
typedef struct Said {
    City *city;
    Buf text;
    int erased, subjects;
} Said;

static Rc say_event(Ctx *ctx, void *arg, const Event *event) {
    (void)ctx;
    Said *said = arg;
    if (!event->delta) return RC_OK;
    said->erased += event->erased;
    said->subjects += event->subject.len > 0;
    const int64_t place[] = {(int64_t)event->position, event->ordinal, event->time,
                             (int64_t)event->delta->replaces};
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        buf_add_i64(&said->text, place[i]);
        buf_add_char(&said->text, ' ');
    }
    delta_encode(&said->text, event->delta);
    return RC_OK;
}

static Said said(City *city) {
    Said said = {.city = city, .text = buf_new(city->arena, 1 << 20)};
    uint64_t next;
    expect(city,
           ledger_read(&city->ctx, city->ledger, &(LedgerWindow){0, 1000, say_event, &said}, &next),
           RC_OK);
    return said;
}

static void all_is_as_before(City *city) {
    const Entity *entity;
    assert_true(str_eq(city_name(city, T1), STR("丸亀花子")));
    assert_true(str_eq(city_name(city, T2), STR("香川太郎")));
    assert_int_equal(city_value(city, STR("urn:x:sensor")), 7);
    expect(city, ledger_entity(&city->ctx, city->ledger, GONE, &entity), RC_NOT_FOUND);
}

static Str wrapped_type_key(City *city) {
    KeyScope scope = keys_scope_type(STR(THING));
    KeyRow row;
    expect(
        city,
        reader_key_of(&city->ctx, city->reader, keys_subject(&scope), keys_retention(&scope), &row),
        RC_OK);
    return str_dup(city->arena, str_sub(row.wrapped, 17, row.wrapped.len));
}

static void reopen(City *city) {
    city_close(city);
    expect(city, city_open(city), RC_OK);
}

/* ---- what it does ---- */

static void undeclared_or_open_types_are_not_due(void **state) {
    City *city = *state;
    expect(city, city_open(city), RC_OK);
    uint64_t leaves = ledger_head(city->ledger);
    assert_int_equal(due(city), 0);
    assert_int_equal(ask(city), 0);
    assert_int_equal(ledger_head(city->ledger), leaves);
}

static void a_type_declared_later_reads_as_before_and_its_key_is_gone(void **state) {
    City *city = *state;
    expect(city, city_open(city), RC_OK);
    Said before = said(city);
    assert_int_equal(before.subjects, 0);
    Str wrapped = wrapped_type_key(city);
    declare(city);
    reopen(city);
    assert_int_equal(due(city), 1);
    assert_true(city_holds(city, city->folder.ptr, PLAIN));
    assert_int_equal(ask(city), 1);
    all_is_as_before(city);
    for (int round = 0; round < 3; round++) {
        reopen(city);
        assert_int_equal(due(city), 0);
        all_is_as_before(city);
        Said after = said(city);
        assert_true(str_eq(buf_str(&after.text), buf_str(&before.text)));
        assert_int_equal(after.erased, 0);
        assert_int_equal(after.subjects, 5);
        assert_false(city_holds(city, city->folder.ptr, wrapped));
        assert_false(city_holds(city, city->root, PLAIN));
        assert_false(city_holds(city, city->root, STR("花子")));
        city_project(city, 3);
    }
}

static void erasing_the_person_reaches_what_was_stored_before(void **state) {
    City *city = *state;
    declare(city);
    expect(city, city_open(city), RC_OK);
    assert_int_equal(ask(city), 1);
    reopen(city);
    LedgerErasure erasure = {.head = head, .subject = TARO, .reason = STR("asked")};
    vec_push(city->ctx.arena, &erasure.files, STR(RETENTION));
    expect(city, ledger_erase(&city->ctx, city->ledger, &erasure, NULL), RC_OK);
    assert_int_equal(said(city).erased, 1); /* T2 while it was Taro's */
    all_is_as_before(city);
    erasure.subject = HANAKO;
    expect(city, ledger_erase(&city->ctx, city->ledger, &erasure, NULL), RC_OK);
    reopen(city);
    assert_int_equal(city_name(city, T1).len, 0);
    assert_int_equal(city_name(city, T2).len, 0);
    assert_int_equal(said(city).erased, 5);
}

static void what_is_written_before_the_restart_stays(void **state) {
    City *city = *state;
    declare(city);
    expect(city, city_open(city), RC_OK);
    rename_thing(city, T1, STR("多度津花子"));
    assert_int_equal(ask(city), 1);
    rename_thing(city, T2, STR("多度津太郎"));
    for (int round = 0; round < 2; round++) {
        reopen(city);
        assert_true(str_eq(city_name(city, T1), STR("多度津花子")));
        assert_true(str_eq(city_name(city, T2), STR("多度津太郎")));
    }
}

/* ---- an older backup ---- */

static void a_restored_folder_is_appended_again_before_its_key_goes(void **state) {
    City *city = *state;
    char command[300];
    snprintf(command, sizeof command, "cp -r %s %s/backup", city->folder.ptr, city->root);
    assert_int_equal(system(command), 0);
    declare(city);
    expect(city, city_open(city), RC_OK);
    Str wrapped = wrapped_type_key(city);
    assert_int_equal(ask(city), 1);
    reopen(city);
    city_close(city);
    snprintf(command, sizeof command, "rm -r %s && mv %s/backup %s", city->folder.ptr, city->root,
             city->folder.ptr);
    assert_int_equal(system(command), 0);
    expect(city, city_open(city), RC_OK);
    all_is_as_before(city);
    assert_int_equal(due(city), 0);
    assert_false(city_holds(city, city->folder.ptr, wrapped));
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

_Noreturn static void open_and_die(City *city, long n) {
    Dying dying = {.left = n};
    StoreFault fault = {.step = die_at, .arg = &dying};
    city->options.fault = &fault;
    city->options.no_helper = true;
    _exit(city_open(city) == RC_OK ? 0 : 1);
}

static void a_death_at_any_step_is_completed_by_the_next_opening(void **state) {
    City *city = *state;
    char command[400];
    int status = 9 << 8, unfinished = 0;
    city->options.checkpoint_every = TIME_HOUR;
    declare(city);
    expect(city, city_open(city), RC_OK);
    Said before = said(city);
    Str wrapped = wrapped_type_key(city);
    assert_int_equal(ask(city), 1);
    city_close(city);
    snprintf(command, sizeof command, "cp -r %s %s/asked", city->folder.ptr, city->root);
    assert_int_equal(system(command), 0);
    for (long n = 1; WEXITSTATUS(status) == 9; n += n < 20 ? 1 : 4) {
        snprintf(command, sizeof command, "rm -rf %s %s.erasures && cp -r %s/asked %s",
                 city->folder.ptr, city->key_file.ptr, city->root, city->folder.ptr);
        assert_int_equal(system(command), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) open_and_die(city, n);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_in_range(WEXITSTATUS(status) % 9, 0, 0);
        unfinished += city_holds(city, city->folder.ptr, wrapped);
        expect(city, city_open(city), RC_OK);
        all_is_as_before(city);
        Said after = said(city);
        assert_true(str_eq(buf_str(&after.text), buf_str(&before.text)));
        assert_false(city_holds(city, city->folder.ptr, wrapped));
        assert_int_equal(due(city), 0);
        city_close(city);
        arena_reset(city->ctx.arena);
        assert_true(n < 2000);
    }
    assert_true(unfinished > 10); /* it died on both sides of the key's end */
    expect(city, city_open(city), RC_OK);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(undeclared_or_open_types_are_not_due),
        CASE(a_type_declared_later_reads_as_before_and_its_key_is_gone),
        CASE(erasing_the_person_reaches_what_was_stored_before),
        CASE(what_is_written_before_the_restart_stays),
        CASE(a_restored_folder_is_appended_again_before_its_key_goes),
        CASE(a_death_at_any_step_is_completed_by_the_next_opening),
    };
    return cmocka_run_group_tests_name("ledger again", tests, NULL, NULL);
}
