/* Tests of backup, restore and verify: the program as a whole, from the outside. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_SECONDS = 60, OUTPUT = 1 << 16 };

typedef struct House {
    char folder[64];
    pid_t server; /* 0: none runs */
    char output[OUTPUT];
} House;

static const char *machi(void) {
    const char *path = getenv("MACHI_BIN");
    if (!path) fail_msg("MACHI_BIN names no program");
    return path;
}

/* Runs words of the shell in the house's folder, "M" first being machi; what it says is in
 * house->output. */
static int run(House *house, const char *form, ...) {
    char words[1024], command[4096];
    va_list args;
    va_start(args, form);
    vsnprintf(words, sizeof words, form, args);
    va_end(args);
    snprintf(command, sizeof command,
             "cd %s && ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99 %s%s 2>&1", house->folder,
             *words == 'M' ? machi() : "", *words == 'M' ? words + 1 : words);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t len = fread(house->output, 1, OUTPUT - 1, pipe);
    house->output[len] = 0;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(House *house, int code, int expected, const char *said) {
    if (code != expected || !strstr(house->output, said))
        fail_msg("exit code %d, not %d, or not \"%s\": %s", code, expected, said, house->output);
}

static bool listens(House *house) {
    return run(house, "grep -q 'listens on' log") == 0;
}

static void serve(House *house, const char *data) {
    char mark[1024];
    snprintf(mark, sizeof mark, "mkdir -p '%s' && touch '%s/sandbox'", data, data);
    assert_int_equal(run(house, mark), 0); /* a restored folder is no sandbox by itself */
    assert_int_equal(run(house, "rm -f log"),
                     0); /* what an earlier server said there counts no more */
    house->server = fork();
    assert_true(house->server >= 0);
    if (house->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int log = chdir(house->folder) == 0
                      ? open("log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
                      : -1;
        if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) _exit(126);
        execl(machi(), "machi", "serve", "--sandbox", "--listen", "127.0.0.1:0", "--data", data,
              NULL);
        _exit(127);
    }
    for (int i = 0; i < START_SECONDS * 10 && !listens(house); i++)
        usleep(100000);
    assert_true(listens(house));
}

static void stop(House *house) {
    int status;
    if (!house->server) return;
    kill(house->server, SIGTERM);
    while (waitpid(house->server, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    house->server = 0;
    assert_int_equal(status, 0);
}

/* One account more in the ledger. */
static int write_one(House *house, const char *data, int number) {
    return run(house, "M user --data %s --kind service --name robot robot-%d", data, number);
}

static int make(void **state) {
    House *house = mem_zero(sizeof *house);
    snprintf(house->folder, sizeof house->folder, "/tmp/machi-backup-XXXXXX");
    *state = house;
    return mkdtemp(house->folder) ? 0 : -1;
}

static int drop(void **state) {
    House *house = *state;
    if (house->server) stop(house);
    int code = run(house, "rm -rf %s", house->folder);
    mem_free(house);
    return code;
}

static void sql(House *house, const char *path, const char *text) {
    char whole[256];
    sqlite3 *db;
    snprintf(whole, sizeof whole, "%s/%s", house->folder, path);
    assert_int_equal(sqlite3_open(whole, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* ---- tests ---- */

static void a_city_is_verified_while_it_serves_and_afterwards(void **state) {
    House *house = *state;
    serve(house, "data");
    expect(house, write_one(house, "data", 1), 0, "urn:");
    expect(house, run(house, "M verify --data data"), 0, "SOUND: ");
    stop(house);
    expect(house, run(house, "M verify --data data --json"), 0, "\"sound\":true");
    sql(house, "data/tenants/default/ledger.db",
        "UPDATE leaf SET bytes=substr(bytes,1,length(bytes)-1) WHERE position=1");
    expect(house, run(house, "M verify --data data"), 1, "altered, position 1");
}

static void a_backup_is_restored_and_goes_on(void **state) {
    House *house = *state;
    serve(house, "data");
    expect(house, write_one(house, "data", 1), 0, "urn:");
    expect(house, run(house, "M backup --data data --to copy"), 0, "keep them elsewhere");
    stop(house);
    expect(house, run(house, "M restore --from copy --data new"), 4, "put the tenant's key");
    assert_int_equal(run(house, "mkdir -p new/keys && cp -p data/keys/default.key new/keys"), 0);
    expect(house, run(house, "M restore --from copy --data new"), 0, "leaves");
    expect(house, run(house, "M verify --data new"), 0, "witnessed up to");
    serve(house, "new");
    expect(house, write_one(house, "new", 1), 5, "taken");
    expect(house, write_one(house, "new", 2), 0, "urn:");
}

/* Logins are still known under another tenant key; an older backup wants the older one. */
static void a_city_goes_on_with_another_tenant_key(void **state) {
    House *house = *state;
    serve(house, "data");
    expect(house, write_one(house, "data", 1), 0, "urn:");
    expect(house, run(house, "M backup --data data --to before"), 0, "leaves");
    assert_int_equal(run(house, "mkdir keys && cp -p data/keys/default.key keys"), 0);
    expect(house, run(house, "M tenant --data data rekey nobody"), 4, "no tenant");
    expect(house, run(house, "M tenant --data data rekey default"), 0, "data/keys/default.key");
    expect(house, run(house, "M tenant --data data reclassify nobody"), 4, "no tenant");
    expect(house, run(house, "M tenant --data data reclassify default"), 0, "No type");
    assert_int_not_equal(run(house, "cmp keys/default.key data/keys/default.key"), 0);
    expect(house, write_one(house, "data", 1), 5, "taken");
    expect(house, write_one(house, "data", 2), 0, "urn:");
    expect(house, run(house, "M verify --data data --projections"), 0, " 0 differences");
    expect(house, run(house, "M backup --data data --to after"), 0, "leaves");
    stop(house);
    serve(house, "data");
    expect(house, write_one(house, "data", 2), 5, "taken");
    stop(house);
    assert_int_equal(run(house, "mkdir -p new/keys old && cp -p data/keys/default.key new/keys"),
                     0);
    expect(house, run(house, "M restore --from before --data new"), 1, "name the right one");
    expect(house, run(house, "M restore --from before --data old --keys keys"), 0, "leaves");
    assert_int_equal(run(house, "rm -r new/tenants"), 0);
    expect(house, run(house, "M restore --from after --data new"), 0, "leaves");
}

static void projections_are_compared_by_a_running_server(void **state) {
    House *house = *state;
    serve(house, "data");
    expect(house, write_one(house, "data", 1), 0, "urn:");
    expect(house, run(house, "M verify --data data --projections"), 0, " 0 differences");
    expect(house, run(house, "M verify --data data --projections --json"), 0, "\"differences\":0");
    assert_int_not_equal(run(house, "ls data/tenants/default/rebuilt.tmp"), 0);
    stop(house);
    expect(house, run(house, "M verify --data data --projections"), 4, "machi serve");
}

static void nothing_is_restored_over_a_city(void **state) {
    House *house = *state;
    serve(house, "data");
    expect(house, write_one(house, "data", 1), 0, "urn:");
    expect(house, run(house, "M backup --data data --to copy"), 0, "leaves");
    stop(house);
    expect(house, run(house, "M restore --from copy --data data"), 5, "name an empty folder");
    expect(house, run(house, "M restore --from nowhere --data new"), 4, "There is no backup");
    expect(house, run(house, "M restore --from copy --data no/such/folder --keys keys"), 4,
           "make \"no/such\" first");
}

/* What was answered after the backup would be lost in silence. */
static void a_backup_older_than_its_witness_is_refused(void **state) {
    House *house = *state;
    serve(house, "data");
    expect(house, write_one(house, "data", 1), 0, "urn:");
    expect(house, run(house, "M backup --data data --to copy"), 0, "leaves");
    expect(house, write_one(house, "data", 2), 0, "urn:");
    stop(house);
    assert_int_equal(run(house, "mv data/tenants lost"), 0);
    expect(house, run(house, "M restore --from copy --data data"), 1, "witness");
}

static void a_backup_needs_the_server(void **state) {
    House *house = *state;
    expect(house, run(house, "M verify --data data"), 4, "There are no tenants");
    assert_int_equal(run(house, "mkdir data"), 0);
    expect(house, run(house, "M backup --data data --to copy"), 4, "machi serve");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_city_is_verified_while_it_serves_and_afterwards),
        TEST(a_backup_is_restored_and_goes_on),
        TEST(a_city_goes_on_with_another_tenant_key),
        TEST(projections_are_compared_by_a_running_server),
        TEST(nothing_is_restored_over_a_city),
        TEST(a_backup_older_than_its_witness_is_refused),
        TEST(a_backup_needs_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
