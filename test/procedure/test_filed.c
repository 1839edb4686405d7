/* Tests of what lies in retention files: that nothing is written into one that goes or is gone, and
   what beside cases is counted in them. */
#include "files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* ---- writers ---- */

static Rc put_in(House *house, const char *type, Str label) {
    Arena *arena = house->arena;
    Str id = str_fmt(arena, "urn:ngsi-ld:%s:late%zu", type, arena_used(arena));
    Entity *late = entity_new(arena, id, str_fmt(arena, LD_DEFAULT "%s", type));
    const Str whose[] = {IRI("applicant"), IRI("person")};
    for (size_t i = 0; i < 2; i++)
        entity_set_kind(arena, late, ATTR_RELATIONSHIP, whose[i],
                        json_of_str(house->resident.person));
    entity_set(arena, late, IRI("retentionFile"), json_of_str(label));
    entity_set(arena, late, IRI("text"), json_of_str(STR("遅れて来た")));
    return house_put(house, late);
}

static Rc step_of(House *house, Str id) {
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    PartStep *step = NEW(command_arena(command), PartStep);
    *step = (PartStep){.id = id, .from = 1u << CASE_CANCELLED, .to = CASE_SUBMITTED};
    command_needs(command, id);
    command_add(command, &part_case_step, step);
    return house_run(&house->ctx, command);
}

static Rc renamed(House *house, Str id) {
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    Entity *after = entity_new(command_arena(command), id, STR(CASE_TYPE));
    entity_set(command_arena(command), after, IRI("retentionFile"),
               json_of_str(STR("保存5年/粗大ごみ収集/2031")));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = id, .after = after}, PUT_ANY, 0);
    return house_run(&house->ctx, command);
}

static Rc noted(House *house, Str label) {
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    PartNote *part = NEW(command_arena(command), PartNote);
    Json *secret = NEW(command_arena(command), Json);
    *secret = json_of_str(STR("遅れて来た"));
    part->note = (StageNote){.kind = STR("test"),
                             .subject = house->resident.person,
                             .retention = label,
                             .secret = secret};
    command_add(command, &part_note, part);
    return house_run(&house->ctx, command);
}

static bool key_count(void *arg, const KeyRow *row) {
    *(size_t *)arg += row->wrapped.len > 0;
    return true;
}

static size_t living_keys(House *house, Str label) {
    size_t n = 0;
    GOOD(house,
         reader_keys(&house->ctx, house->reader, &(KeyRange){.retention = label}, key_count, &n));
    return n;
}

static void all_refused(House *house, Str id) {
    static const char *const types[] = {"Application", "Message", "Letter", "DecisionPart"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        FAILS(house, put_in(house, types[i], LABEL_2026), RC_CONFLICT, "file-closed");
    FAILS(house, files_reopened(house, id), RC_CONFLICT, "file-closed");
    FAILS(house, step_of(house, id), RC_CONFLICT, "file-closed");
    FAILS(house, renamed(house, id), RC_CONFLICT, "file-closed");
    FAILS(house, noted(house, LABEL_2026), RC_CONFLICT, "file-closed");
    assert_true(str_eq(house->ctx.error.path, LABEL_2026));
}

static void nothing_is_written_into_a_file_that_goes_or_is_gone(void **state) {
    House *house = *state;
    LedgerAttachment kept;
    LedgerKeyOf key = {house->resident.person, LABEL_2026};
    Str id = files_ended(house);
    files_on(house, 2032, 4, 1);
    GOOD(house, put_in(house, "Message", LABEL_2026)); /* open: whoever may, writes */
    files_decided_only(house, 1);
    all_refused(house, id);
    GOOD(house,
         put_in(house, "Application", STR("保存5年/粗大ごみ収集/2032"))); /* and others as ever */
    GOOD(house, filing_carry_out(&house->ctx, NULL));
    assert_int_equal(files_one(house, LABEL_2026).state, SHELF_DISPOSED);
    all_refused(house, id);
    FAILS(house, ledger_attach(&house->ctx, house->tenant.ledger, key, STR("%PDF-1.7"), &kept),
          RC_CONFLICT, "file-closed");
    assert_int_equal(living_keys(house, LABEL_2026), 0); /* nor was a key made in trying */
    assert_int_equal(files_name(house, id).len, 0);
    files_rebuilt(house);
}

/* The dispose and what follows it are one batch: what the first has staged binds the second. */
static void what_comes_in_one_batch_with_the_disposal_is_refused_too(void **state) {
    House *house = *state;
    Json record = json_of_members(NULL, 0);
    Str id = files_ended(house);
    files_on(house, 2032, 4, 1);
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("file")});
    Entity *after = entity_new(command_arena(command), id, STR(CASE_TYPE));
    entity_set(command_arena(command), after, IRI("state"), json_of_str(STR("submitted")));
    file_act_add(command, &(PartFile){.label = LABEL_2026,
                                      .verb = FILE_DISPOSE,
                                      .until = {2032, 3, 31},
                                      .disposal = &record});
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = id, .after = after}, PUT_ANY, 0);
    FAILS(house, house_run(&house->ctx, command), RC_CONFLICT, "file-closed");
    assert_int_equal(files_one(house, LABEL_2026).record.mark, FILE_NONE); /* all or nothing */
    files_reopen(house, id);
}

/* ---- what is counted ---- */

static bool has_contents(House *house, Str decision) {
    const Json *contents;
    GOOD(house, decide_contents(&house->ctx, house_entity(house, decision), &contents));
    return contents != NULL;
}

static void a_year_of_decisions_is_disposed_of_like_any_other(void **state) {
    House *house = *state;
    Str of_2032 = STR("保存5年/決裁/2032"), of_2038 = STR("保存5年/決裁/2038");
    (void)files_ended(house);
    files_on(house, 2032, 4, 1);
    Str old = files_propose(house, FILE_DISPOSE, LABEL_2026);
    assert_true(str_eq(cases_text(house, old, IRI("retentionFile")), of_2032));
    assert_int_equal(files_one(house, of_2032).open, 1);
    GOOD(house, files_decide(house, old));
    assert_int_equal(files_one(house, of_2032).open, 0);
    files_on(house, 2038, 3, 31);
    files_refused(house, FILE_DISPOSE, of_2032, "file-not-due");
    files_on(house, 2038, 4, 1);
    Str young = files_propose(house, FILE_DISPOSE, of_2032);
    assert_true(has_contents(house, old));
    GOOD(house, files_decide(house, young));
    ShelfFile one = files_one(house, of_2032);
    assert_int_equal(one.state, SHELF_DISPOSED);
    assert_true(files_keys(&one) > 0);
    assert_false(has_contents(house, old));
    assert_true(has_contents(house, young)); /* it lies in the file of its own year */
    assert_int_equal(files_one(house, of_2038).count, 1);
    assert_true(str_eq(cases_text(house, old, IRI("state")), STR("decided")));
    FAILS(house, files_decide(house, old), RC_CONFLICT, NULL);
    files_rebuilt(house);
}

static void put_as(House *house, Entity *entity, const char *const *texts) {
    for (size_t i = 0; texts[i]; i += 2) {
        Str iri = str_fmt(house->arena, LD_DEFAULT "%s", texts[i]);
        entity_set(house->arena, entity, iri, json_of_str(str_of(texts[i + 1])));
    }
    GOOD(house, house_put(house, entity));
}

/* Each kind of thing begins and ends by what stands in it, in the file of the year in which it
   began. */
static void payments_visits_and_reports_lie_in_files_too(void **state) {
    static const struct {
        const char *type, *label, *begun[9], *over[9];
    } rows[] = {
        {"Payment",
         "保存5年/歳入/2026",
         {"issuedAt", "2026-11-19T01:00:00Z", "state", "invoiced", "waits", "none"},
         {"issuedAt", "2026-11-19T01:00:00Z", "state", "paid", "waits", "none"}},
        {"ProblemReport",
         "保存3年/問題の報告/2026",
         {"reportedAt", "2026-11-19T01:00:00Z", "state", "open"},
         {"reportedAt", "2026-11-19T01:00:00Z", "state", "answered", "handledAt",
          "2026-11-20T01:00:00Z"}},
        {"Visit", "保存1年/窓口/2026", {0}, {"takenAt", "2026-11-20T00:00:00Z", "state", "called"}},
    };
    House *house = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Arena *arena = house->arena;
        Str id = str_fmt(arena, "urn:ngsi-ld:%s:one", rows[i].type);
        for (int over = rows[i].begun[0] == NULL; over < 2; over++) {
            Entity *entity = entity_new(arena, id, str_fmt(arena, LD_DEFAULT "%s", rows[i].type));
            retention_name(arena, house->dictionary, entity, STR_NONE, HOUSE_NOW);
            put_as(house, entity, over ? rows[i].over : rows[i].begun);
            ShelfFile one = files_one(house, str_of(rows[i].label));
            assert_int_equal(one.count, 1);
            assert_int_equal(one.unfiled, 0);
            assert_int_equal(one.open, !over);
            assert_int_equal(time_date_days(one.to), over ? time_date_days((Date){2026, 11, 20})
                                                          : time_date_days((Date){0}));
        }
    }
    files_rebuilt(house);
}

/* The days at its edges follow what comes and goes. */
static void a_file_says_when_its_first_came_and_its_last_ended(void **state) {
    House *house = *state;
    Str first = files_ended(house);
    files_on(house, 2026, 11, 25);
    Str last = files_ended(house);
    assert_int_equal(time_date_days(files_one(house, LABEL_2026).from),
                     time_date_days((Date){2026, 11, 20}));
    assert_int_equal(time_date_days(files_one(house, LABEL_2026).to),
                     time_date_days((Date){2026, 11, 25}));
    files_reopen(house, last);
    assert_int_equal(time_date_days(files_one(house, LABEL_2026).to),
                     time_date_days((Date){2026, 11, 20}));
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    command_put(command, &(Delta){.op = DELTA_DELETE, .id = first}, PUT_ANY, 0);
    GOOD(house, house_run(&house->ctx, command));
    assert_int_equal(time_date_days(files_one(house, LABEL_2026).from),
                     time_date_days((Date){2026, 11, 25}));
    assert_int_equal(files_one(house, LABEL_2026).to.year, 0);
    files_rebuilt(house);
}

/* What was kept before there were files is in nobody's way, and nobody's file. */
static void what_names_no_file_stands_in_a_row_of_its_own(void **state) {
    House *house = *state;
    Str before = STR("保存5年/申請/0");
    Entity *old = entity_new(house->arena, STR("urn:ngsi-ld:Application:old"), STR(CASE_TYPE));
    (void)files_ended(house);
    entity_set(house->arena, old, IRI("procedure"), json_of_str(STR("bulky-waste")));
    entity_set(house->arena, old, IRI("state"), json_of_str(STR("cancelled")));
    entity_set(house->arena, old, IRI("submittedAt"), json_of_str(STR("2026-05-01T00:00:00Z")));
    entity_set(house->arena, old, IRI("completedAt"), json_of_str(STR("2026-05-02T00:00:00Z")));
    GOOD(house, house_put(house, old));
    files_on(house, 2032, 4, 1);
    ShelfFile one = files_one(house, before);
    assert_int_equal(one.count, 1);
    assert_int_equal(one.unfiled, 1);
    assert_int_equal(one.state, SHELF_KEPT);
    assert_int_equal(one.fiscal_year, 0);
    Json title = shelf_title(house->ctx.arena, &one);
    assert_true(
        str_eq(json_get_str(&title, "en"), STR("Applications (made before files were kept)")));
    files_refused(house, FILE_DISPOSE, before, "file-unfiled");
    files_refused(house, FILE_TRANSFER, before, "file-unfiled");
    one = files_one(house, LABEL_2026);
    assert_int_equal(one.count, 1);
    assert_int_equal(one.unfiled, 0);
    (void)files_propose(house, FILE_DISPOSE, LABEL_2026);
    files_rebuilt(house);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, files_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_written_into_a_file_that_goes_or_is_gone),
        TEST(what_comes_in_one_batch_with_the_disposal_is_refused_too),
        TEST(what_names_no_file_stands_in_a_row_of_its_own),
        TEST(a_year_of_decisions_is_disposed_of_like_any_other),
        TEST(payments_visits_and_reports_lie_in_files_too),
        TEST(a_file_says_when_its_first_came_and_its_last_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
