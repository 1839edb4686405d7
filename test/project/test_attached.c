/* Tests of attached files: what commands name stays, what is erased goes, what nothing names goes
 * after a day. */
#include "park.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define FILE_OF STR("保存5年/通報")
#define ANN     STR("urn:p:ann")
#define BOB     STR("urn:p:bob")

static LedgerAttachment keep(House *house, Str subject, bool named) {
    LedgerAttachment attachment;
    Str bytes = str_fmt(house->arena, "photo of " STR_FMT, STR_ARG(subject));
    GOOD(house, ledger_attach(&house->ctx, house->tenant.ledger, (LedgerKeyOf){subject, FILE_OF},
                              bytes, &attachment));
    attachment.key = str_dup(house->arena, attachment.key);
    if (!named) return attachment;
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    ledger_attach_name(command, STR("urn:t:001"), &attachment);
    GOOD(house, house_run(&house->ctx, command));
    return attachment;
}

static void age(House *house, const Digest *id) {
    Str hex = hash_digest_hex(house->arena, id);
    Str path = str_fmt(house->arena, STR_FMT "/files/%.2s/%s", STR_ARG(house->tenant.folder),
                       hex.ptr, hex.ptr + 2);
    struct timespec two_days[2] = {{.tv_sec = time(NULL) - 2 * 86400},
                                   {.tv_sec = time(NULL) - 2 * 86400}};
    assert_int_equal(utimensat(AT_FDCWD, path.ptr, two_days, 0), 0);
}

static bool is_there(House *house, const Digest *id) {
    Str bytes;
    Rc rc = blob_get(&house->ctx, ledger_store(house->tenant.ledger), id, &bytes);
    assert_true(rc == RC_OK || rc == RC_NOT_FOUND);
    return rc == RC_OK;
}

static void what_nothing_names_goes_after_a_day(void **state) {
    House *house = *state;
    ProjectSwept swept;
    Digest published;
    park_project(house, true);
    LedgerAttachment named = keep(house, ANN, true), fresh = keep(house, ANN, false),
                     old = keep(house, ANN, false);
    GOOD(house, blob_put(&house->ctx, ledger_store(house->tenant.ledger), STR("id,name\n1,a\n"),
                         &published));
    age(house, &named.id);
    age(house, &old.id);
    age(house, &published);
    GOOD(house, project_sweep(&house->ctx, house->tenant.project, &swept));
    assert_int_equal(swept.nobodys, 1);
    assert_int_equal(swept.erased, 0);
    assert_true(is_there(house, &named.id));
    assert_true(is_there(house, &fresh.id));
    assert_false(is_there(house, &old.id));
    assert_true(is_there(house, &published)); /* it isn't sealed: not an attachment */
    GOOD(house, project_sweep(&house->ctx, house->tenant.project, &swept));
    assert_int_equal(swept.nobodys, 0);
}

static void what_was_erased_goes_at_once_and_the_others_stay(void **state) {
    House *house = *state;
    ProjectSwept swept;
    StrVec kept = {0};
    park_project(house, true);
    LedgerAttachment ann = keep(house, ANN, true), bob = keep(house, BOB, true);
    LedgerErasure erasure = {
        .head = {.kind = STR("person.erase")}, .subject = ANN, .reason = STR("asked")};
    vec_push(house->arena, &erasure.files, FILE_OF);
    GOOD(house, ledger_erase(&house->ctx, house->tenant.ledger, &erasure, &kept));
    GOOD(house, project_sweep(&house->ctx, house->tenant.project, &swept));
    assert_int_equal(swept.erased, 1);
    assert_false(is_there(house, &ann.id));
    assert_true(is_there(house, &bob.id));
    ProjectReport report = park_verified(house);
    if (report.differences) fail_msg(STR_FMT, STR_ARG(report.first));
}

/* A folder that was restored has the file again, and a rebuild knows as much as before. */
static void an_erased_file_that_comes_back_goes_again(void **state) {
    House *house = *state;
    ProjectSwept swept;
    Str sealed;
    Digest again;
    park_project(house, true);
    LedgerAttachment ann = keep(house, ANN, true);
    GOOD(house, blob_get(&house->ctx, ledger_store(house->tenant.ledger), &ann.id, &sealed));
    LedgerDisposal disposal = {
        .head = {.kind = STR("file.dispose")}, .retention = FILE_OF, .reason = STR("5年")};
    GOOD(house, ledger_dispose(&house->ctx, house->tenant.ledger, &disposal));
    project_stop(house->tenant.project);
    park_project(house, true);
    GOOD(house, blob_put(&house->ctx, ledger_store(house->tenant.ledger), sealed, &again));
    GOOD(house, project_sweep(&house->ctx, house->tenant.project, &swept));
    assert_int_equal(swept.erased, 1);
    assert_false(is_there(house, &again));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, park_set_up, park_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(what_nothing_names_goes_after_a_day),
        CASE(what_was_erased_goes_at_once_and_the_others_stay),
        CASE(an_erased_file_that_comes_back_goes_again),
    };
    return cmocka_run_group_tests_name("project attached", tests, NULL, NULL);
}
