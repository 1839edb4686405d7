/* Tests of break-glass: the store can't write; who may see personal data all the same, only when
   his look is durable elsewhere, and how it comes into the ledger exactly once. */
#include "../procedure/house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { QUICK = 20000 };

/* A disk on which steps of one name fail while `on`. */
typedef struct Trouble {
    const char *_Atomic only;
    _Atomic int64_t left; /* so many fail */
    StoreFault fault;
} Trouble;

static bool step(void *arg, const char *what) {
    Trouble *trouble = arg;
    const char *only = trouble->only;
    if (!only || strcmp(only, what) != 0) return true;
    return trouble->left-- <= 0;
}

typedef struct Fixture {
    House house;
    Trouble disk, spool;
    char folder[80];
    GateOptions options;
} Fixture;

static void stop(Fixture *fix) {
    House *house = &fix->house;
    project_stop(house->tenant.project);
    house->tenant.project = NULL;
    procedures_close(&house->tenant);
    gate_close(&house->tenant);
    house_close(house);
}

/* The texts of a post live as long as the gate. */
static void post_again(const House *house, Actor *actor, Str id) {
    const GatePost *post = gate_post(house->tenant.gate, id);
    assert_non_null(post);
    actor->post = post->id;
    actor->post_title = post->title_ja;
    actor->division = post->division;
}

static void start(Fixture *fix) {
    House *house = &fix->house;
    Project *project;
    house_open(house);
    GOOD(house, project_new(&house->ctx, &house->tenant, &project));
    house_procedures(house);
    GOOD(house, project_start(&house->ctx, project));
    GOOD(house, gate_open(&house->ctx, &house->tenant, &fix->options));
    post_again(house, &house->clerk, STR("environment-waste-clerk"));
    post_again(house, &house->chief, STR("environment-waste-chief"));
}

static int set_up(void **state) {
    Fixture *fix = mem_zero(sizeof *fix);
    House *house = &fix->house;
    house_make(house, HOUSE_WHOLE);
    fix->disk.fault = (StoreFault){.step = step, .arg = &fix->disk, .full = true};
    fix->spool.fault = (StoreFault){.step = step, .arg = &fix->spool};
    house->fault = &fix->disk.fault;
    snprintf(fix->folder, sizeof fix->folder, "%s/spool", house->root);
    assert_int_equal(mkdir(fix->folder, 0700), 0);
    fix->options = (GateOptions){.policies = house_starter(house, "policies.json"),
                                 .organisation = house_starter(house, "organisation.json"),
                                 .glass = str_of(fix->folder),
                                 .glass_every = QUICK,
                                 .glass_fault = &fix->spool.fault};
    stop(fix);
    start(fix);
    house->chief.glass = house->clerk.glass = GLASS_PAGE;
    *state = fix;
    return 0;
}

static int tear_down(void **state) {
    Fixture *fix = *state;
    fix->disk.only = NULL;
    fix->spool.only = NULL;
    house_end(&fix->house);
    mem_free(fix);
    return 0;
}

/* ---- steps ---- */

static void trouble(Trouble *trouble, const char *only, int64_t times) {
    trouble->left = times;
    trouble->only = only;
}

static size_t files(Fixture *fix, const char *suffix) {
    size_t n = 0;
    DIR *dir = opendir(fix->folder);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += str_ends(str_of(entry->d_name), str_of(suffix));
    closedir(dir);
    return n;
}

static Str the_file(Fixture *fix) {
    Str found = STR_NONE;
    DIR *dir = opendir(fix->folder);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (str_ends(str_of(entry->d_name), STR(".glass")))
            found = str_fmt(fix->house.arena, "%s/%s", fix->folder, entry->d_name);
    closedir(dir);
    assert_true(found.len > 0);
    return found;
}

static Str bytes_of(Fixture *fix, Str path) {
    FILE *file = fopen(path.ptr, "rbe");
    assert_non_null(file);
    char *bytes = arena_zero(fix->house.arena, 1 << 20, 1);
    size_t n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return (Str){bytes, n};
}

static void bytes_put(Str path, const char *mode, Str bytes) {
    FILE *file = fopen(path.ptr, mode);
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

static const Entity *application(House *house) {
    Entity *entity = entity_new(house->arena, STR("urn:ngsi-ld:Application:1"), STR(CASE_TYPE));
    entity_set(house->arena, entity, IRI("post"), json_of_str(STR("environment-waste-clerk")));
    entity_set(house->arena, entity, IRI("name"), json_of_str(STR("星之森 あおね")));
    entity_set_kind(house->arena, entity, ATTR_RELATIONSHIP, IRI("applicant"),
                    json_of_str(house->resident.person));
    return entity;
}

static Rc look(Fixture *fix, Actor *actor) {
    House *house = &fix->house;
    const Entity *one = application(house);
    house_act(house, actor);
    return gate_look(&house->ctx, &one, 1, STR("受付の確認"));
}

static Looks looks_at(Fixture *fix) {
    House *house = &fix->house;
    Looks looks;
    LooksQuery query = {.subject = house->resident.person, .limit = 10};
    GOOD(house, project_looks(&house->ctx, house->tenant.project, &query, &looks));
    return looks;
}

/* Until the spool is empty again. */
static void wait_drained(Fixture *fix) {
    int64_t until = time_monotonic() + 20 * TIME_SECOND;
    while (files(fix, ".glass") && time_monotonic() < until)
        usleep(5000);
    assert_int_equal(files(fix, ".glass"), 0);
}

/* The chief looks while the disk is full, and nothing is brought in before the next start. */
static void break_and_stop(Fixture *fix) {
    fix->options.glass_every = TIME_HOUR;
    stop(fix);
    start(fix);
    trouble(&fix->disk, "write", INT64_MAX);
    GOOD(&fix->house, look(fix, &fix->house.chief));
    assert_int_equal(files(fix, ".glass"), 1);
    stop(fix);
    trouble(&fix->disk, NULL, 0);
}

/* ---- tests ---- */

static void a_look_by_break_glass_is_sealed_and_comes_into_the_ledger(void **state) {
    Fixture *fix = *state;
    House *house = &fix->house;
    trouble(&fix->disk, "write", INT64_MAX);
    int64_t at = house->clock.fixed;
    GOOD(house, look(fix, &house->chief));
    assert_int_equal(house->chief.glass, GLASS_BROKEN);
    assert_int_equal(files(fix, ".glass"), 1);
    Str bytes = bytes_of(fix, the_file(fix));
    assert_true(bytes.len > 100);
    assert_true(str_find(bytes, house->resident.person) < 0);
    assert_true(str_find(bytes, STR("urn:")) < 0);
    house->clock.fixed += TIME_HOUR;
    trouble(&fix->disk, NULL, 0);
    wait_drained(fix);
    Looks looks = looks_at(fix);
    assert_int_equal(looks.len, 1);
    assert_true(looks.items[0].glass);
    assert_int_equal(looks.items[0].at, at);
    assert_true(str_eq(looks.items[0].actor, house->chief.id));
    assert_true(str_eq(looks.items[0].post, STR("environment-waste-chief")));
    assert_true(str_eq(looks.items[0].purpose, STR("bulky-waste-decide")));
    assert_true(str_eq(looks.items[0].why, STR("受付の確認")));
    assert_int_equal(looks.items[0].records.len, 1);
    GOOD(house, look(fix, &house->clerk)); /* and an ordinary one is none */
    looks = looks_at(fix);
    assert_int_equal(looks.len, 2);
    assert_false(looks.items[0].glass);
}

static void only_whom_the_policies_name_may_break_it_and_only_on_a_page(void **state) {
    Fixture *fix = *state;
    House *house = &fix->house;
    trouble(&fix->disk, "write", INT64_MAX);
    assert_int_not_equal(look(fix, &house->clerk), RC_OK);
    assert_int_equal(house->clerk.glass, GLASS_PAGE);
    house->chief.glass = GLASS_NO;
    Rc rc = look(fix, &house->chief);
    assert_true(rc == RC_FAILED || rc == RC_BUSY);
    assert_int_equal(house->chief.glass, GLASS_NO);
    house->chief.glass = GLASS_PAGE;
    const Entity *one = application(house);
    house->ctx.purpose = STR_NONE;
    FAILS(house, gate_look(&house->ctx, &one, 1, STR("x")), RC_DENIED, "needs-purpose");
    assert_int_equal(files(fix, ".glass"), 0);
}

static void whose_rights_have_gone_breaks_nothing(void **state) {
    Fixture *fix = *state;
    House *house = &fix->house;
    GateSession gone = {.account = house->chief.id, .started_at = house->clock.fixed};
    house->chief.session = &gone; /* signed out meanwhile: no session has this key */
    house->chief.epoch = atomic_load(&house->tenant.gate->epoch);
    authority_changed(house->tenant.gate);
    FAILS(house, look(fix, &house->chief), RC_DENIED, "rights-changed");
    trouble(&fix->disk, "write", INT64_MAX);
    assert_int_not_equal(look(fix, &house->chief), RC_OK);
    assert_int_equal(files(fix, ".glass"), 0);
    house->chief.session = NULL;
}

static void without_the_setting_nothing_is_shown(void **state) {
    Fixture *fix = *state;
    stop(fix);
    fix->options.glass = STR_NONE;
    start(fix);
    trouble(&fix->disk, "write", INT64_MAX);
    assert_int_not_equal(look(fix, &fix->house.chief), RC_OK);
    assert_int_equal(fix->house.chief.glass, GLASS_PAGE);
}

static void nothing_is_shown_when_the_spool_is_not_durable(void **state) {
    Fixture *fix = *state;
    House *house = &fix->house;
    static const char *const steps[] = {"open", "write", "sync"};
    trouble(&fix->disk, "write", INT64_MAX);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        trouble(&fix->spool, steps[i], INT64_MAX);
        Rc rc = look(fix, &house->chief);
        assert_true(rc == RC_FAILED || rc == RC_BUSY);
        assert_int_equal(house->chief.glass, GLASS_PAGE);
    }
    trouble(&fix->spool, NULL, 0);
    GOOD(house, look(fix, &house->chief)); /* the next one begins a file of its own */
    trouble(&fix->disk, NULL, 0);
    wait_drained(fix);
    Looks looks = looks_at(fix);
    assert_true(looks.len >= 1); /* one that was written and not synced may be there, too */
    assert_true(looks.items[0].glass);
}

static void a_folder_that_is_not_there_refuses_to_start(void **state) {
    Fixture *fix = *state;
    House *house = &fix->house;
    gate_close(&house->tenant);
    GateOptions options = fix->options;
    options.glass = str_fmt(house->arena, "%s/none", house->root);
    FAILS(house, gate_open(&house->ctx, &house->tenant, &options), RC_FAILED, "no-spool");
}

static void what_a_kill_left_in_the_spool_comes_in_at_the_next_start(void **state) {
    Fixture *fix = *state;
    break_and_stop(fix);
    start(fix);
    wait_drained(fix);
    Looks looks = looks_at(fix);
    assert_int_equal(looks.len, 1);
    assert_true(looks.items[0].glass);
}

static void what_was_brought_in_and_not_removed_comes_in_once(void **state) {
    Fixture *fix = *state;
    break_and_stop(fix);
    Str path = the_file(fix), bytes = bytes_of(fix, path);
    for (int i = 0; i < 3; i++) { /* killed between ledger and removal, each time */
        trouble(&fix->spool, "delete", INT64_MAX);
        start(fix);
        int64_t until = time_monotonic() + 20 * TIME_SECOND;
        while (looks_at(fix).len == 0 && time_monotonic() < until)
            usleep(5000);
        assert_int_equal(looks_at(fix).len, 1);
        assert_int_equal(files(fix, ".glass"), 1);
        stop(fix);
    }
    trouble(&fix->spool, NULL, 0);
    start(fix);
    wait_drained(fix);
    stop(fix);
    bytes_put(path, "wbe", bytes); /* and somebody who puts the file back adds nothing */
    start(fix);
    wait_drained(fix);
    assert_int_equal(looks_at(fix).len, 1);
}

static void a_look_of_unknown_outcome_is_there_once_whatever_became_of_it(void **state) {
    Fixture *fix = *state;
    House *house = &fix->house;
    for (size_t i = 0; i < 5; i++) {
        trouble(&fix->disk, "sync", 1);
        GOOD(house, look(fix, &house->chief));
        trouble(&fix->disk, NULL, 0);
        wait_drained(fix);
        assert_int_equal(looks_at(fix).len, i + 1);
    }
}

static void torn_and_altered_bytes_are_kept_and_the_rest_is_recorded(void **state) {
    Fixture *fix = *state;
    break_and_stop(fix);
    Str path = the_file(fix), bytes = bytes_of(fix, path);
    bytes_put(path, "abe", str_sub(bytes, 0, bytes.len / 2));
    Str copy = str_fmt(fix->house.arena, "%s/default-altered.glass", fix->folder);
    char *altered = arena_zero(fix->house.arena, bytes.len, 1);
    memcpy(altered, bytes.ptr, bytes.len);
    altered[bytes.len - 20] ^= 1;
    bytes_put(copy, "wbe", (Str){altered, bytes.len});
    Str other = str_fmt(fix->house.arena, "%s/elsewhere-1.glass.kept", fix->folder);
    bytes_put(other, "wbe", STR("not ours"));
    start(fix);
    wait_drained(fix);
    assert_int_equal(looks_at(fix).len, 1);
    assert_int_equal(files(fix, ".damaged"), 2);
    assert_int_equal(files(fix, ".kept"), 1);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_look_by_break_glass_is_sealed_and_comes_into_the_ledger),
        CASE(only_whom_the_policies_name_may_break_it_and_only_on_a_page),
        CASE(whose_rights_have_gone_breaks_nothing),
        CASE(without_the_setting_nothing_is_shown),
        CASE(nothing_is_shown_when_the_spool_is_not_durable),
        CASE(a_folder_that_is_not_there_refuses_to_start),
        CASE(what_a_kill_left_in_the_spool_comes_in_at_the_next_start),
        CASE(what_was_brought_in_and_not_removed_comes_in_once),
        CASE(a_look_of_unknown_outcome_is_there_once_whatever_became_of_it),
        CASE(torn_and_altered_bytes_are_kept_and_the_rest_is_recorded),
    };
    return cmocka_run_group_tests_name("break-glass", tests, NULL, NULL);
}
