/* Tests of retention files: how long they are kept, how they are counted, what is refused, and that
   a disposal leaves nothing of one file to be read, and all of the others. */
#include "files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* ---- how long ---- */

static void retention_runs_from_the_first_of_april_after_the_end(void **state) {
    static const struct {
        Date ended;
        int years;
        Date until;
    } rows[] = {{{2026, 3, 31}, 5, {2031, 3, 31}},  {{2026, 4, 1}, 5, {2032, 3, 31}},
                {{2026, 12, 31}, 1, {2028, 3, 31}}, {{2027, 1, 1}, 1, {2028, 3, 31}},
                {{2027, 3, 31}, 3, {2030, 3, 31}},  {{2028, 2, 29}, 10, {2038, 3, 31}},
                {{2026, 4, 1}, 30, {2057, 3, 31}}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Date until = file_until(rows[i].ended, rows[i].years);
        assert_int_equal(time_date_days(until), time_date_days(rows[i].until));
    }
}

static void the_state_of_a_file_follows_the_days(void **state) {
    static const struct {
        Date day;
        ShelfState state;
    } rows[] = {{{2026, 11, 20}, SHELF_CURRENT},
                {{2027, 3, 31}, SHELF_CURRENT},
                {{2027, 4, 1}, SHELF_KEPT},
                {{2032, 3, 31}, SHELF_KEPT},
                {{2032, 4, 1}, SHELF_DUE}};
    House *house = *state;
    Str open = cases_apply(house, NULL, 1);
    (void)files_ended(house);
    ShelfFile one = files_one(house, LABEL_2026);
    assert_int_equal(one.count, 2);
    assert_int_equal(one.open, 1);
    assert_int_equal(one.unfiled, 0);
    assert_int_equal(one.until.year, 0); /* one is open: nobody knows yet */
    house_act(house, &house->resident);
    GOOD(house, apply_cancel(&house->ctx, open));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        files_on(house, rows[i].day.year, rows[i].day.month, rows[i].day.day);
        one = files_one(house, LABEL_2026);
        assert_int_equal(one.state, rows[i].state);
        assert_int_equal(one.open, 0);
    }
    assert_int_equal(time_date_days(one.until), time_date_days((Date){2032, 3, 31}));
    assert_int_equal(time_date_days(one.from), time_date_days((Date){2026, 11, 20}));
    assert_int_equal(time_date_days(one.to), time_date_days((Date){2026, 11, 20}));
}

static void a_file_that_nobody_ended_is_kept_for_ever(void **state) {
    House *house = *state;
    (void)cases_apply(house, NULL, 1);
    files_on(house, 2050, 4, 1);
    ShelfFile one = files_one(house, LABEL_2026);
    assert_int_equal(one.state, SHELF_KEPT);
    assert_string_equal(filing_refusal(&one, FILE_DISPOSE), "file-open");
}

/* ---- the table ---- */

static void a_wrong_table_is_told_by_row_and_member(void **state) {
    House *house = *state;
    static const struct {
        const char *from, *to, *path;
    } rows[] = {
        {"\"keep\": 5", "\"keep\": 7", "files.json: rows[0].keep"},
        {"\"keep\": 5", "\"keep\": 10", "files.json: rows[0].retention"},
        {"\"division\": \"general-affairs\"", "\"division\": \"nobody\"",
         "files.json: rows[0].division"},
        {"\"id\": \"A-01-2\"", "\"id\": \"A-01-1\"", "files.json: rows[1].id"},
        {"保存5年/決裁", "保存5年/公文書公開請求", "files.json: rows[1].retention"},
        {"\"keeper\": \"general-affairs\"", "\"keeper\": \"\"", "files.json"},
        {"\"keeper\": \"general-affairs\"", "\"keeper\": \"nobody\"", "files.json: keeper"},
        {"\"en\": \"General affairs\"", "\"en\": \"\"", "files.json: rows[0].major"},
    };
    const Json *organisation = house_starter(house, "organisation.json"), *table;
    const Json *divisions = json_get(organisation, STR("divisions"));
    Buf text = buf_new(house->arena, 1 << 20);
    FileTable out;
    json_write(&text, house_starter(house, "files.json"));
    GOOD(house, file_table_read(&house->ctx, house_starter(house, "files.json"), divisions, &out));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Buf other = buf_new(house->arena, 1 << 20), from = buf_new(house->arena, 256),
            to = buf_new(house->arena, 256);
        for (const char *c = rows[i].from; *c; c++)
            if (*c != ' ' || c[1] == 'a') buf_add_char(&from, *c); /* as it is written: dense */
        for (const char *c = rows[i].to; *c; c++)
            if (*c != ' ' || c[1] == 'a') buf_add_char(&to, *c);
        Str whole = buf_str(&text);
        ptrdiff_t at = str_find(whole, buf_str(&from));
        assert_true(at >= 0);
        buf_add(&other, str_head(whole, (size_t)at));
        buf_add(&other, buf_str(&to));
        buf_add(&other, str_sub(whole, (size_t)at + buf_str(&from).len, whole.len));
        GOOD(house, json_read(&house->ctx, buf_str(&other), JSON_LIMITS_DEFAULT, &table));
        FAILS(house, file_table_read(&house->ctx, table, divisions, &out), RC_INVALID,
              "bad-classification");
        assert_true(str_eq(house->ctx.error.path, str_of(rows[i].path)));
    }
    FAILS(house,
          file_table_knows(&house->ctx, shelf_table(&house->tenant), STR("保存5年/謎"),
                           STR("procedures/x.json: retention")),
          RC_INVALID, "bad-classification");
}

static void by_what_records_are_asked_for_is_looked_up(void **state) {
    House house;
    Buf text;
    (void)state;
    house_make(&house, HOUSE_GATE);
    ProcedureSources sources = house_sources(&house);
    Str asks = STR("\"disclosure-request\"");
    text = buf_new(house.arena, 1 << 20);
    json_write(&text, sources.files);
    Str whole = buf_str(&text);
    ptrdiff_t at = str_find(whole, asks);
    assert_true(at > 0);
    Str other =
        str_fmt(house.arena, STR_FMT "\"nobody\"" STR_FMT, STR_ARG(str_head(whole, (size_t)at)),
                STR_ARG(str_sub(whole, (size_t)at + asks.len, whole.len)));
    GOOD(&house, json_read(&house.ctx, other, JSON_LIMITS_DEFAULT, &sources.files));
    FAILS(&house, procedures_open(&house.ctx, &house.tenant, &sources), RC_INVALID,
          "bad-classification");
    assert_true(str_eq(house.ctx.error.path, STR("files.json: asks")));
    house_end(&house);
}

/* ---- what is done to them ---- */

/* A case of 2026 and one of 2027, both of the same person, and both ended. */
static void two_years(House *house, Str *of_2026, Str *of_2027) {
    Receipt receipt;
    *of_2026 = files_ended(house);
    files_on(house, 2027, 11, 19);
    Answers answers = cases_answers(house, house->arena, "manaka", (Date){2027, 12, 3});
    house_act(house, &house->resident);
    GOOD(house, cases_send(house, &answers, &receipt));
    *of_2027 = str_dup(house->arena, receipt.id);
    GOOD(house, apply_cancel(&house->ctx, *of_2027));
}

static void a_disposed_file_is_read_by_nobody_and_others_are(void **state) {
    House *house = *state;
    Str old, young;
    two_years(house, &old, &young);
    files_on(house, 2032, 4, 1);
    assert_int_equal(files_one(house, STR("保存5年/粗大ごみ収集/2027")).state, SHELF_KEPT);
    Str decision = files_propose(house, FILE_DISPOSE, LABEL_2026);
    assert_true(files_name(house, old).len > 0);
    GOOD(house, files_decide(house, decision));
    ShelfFile one = files_one(house, LABEL_2026);
    assert_int_equal(one.state, SHELF_DISPOSED);
    assert_int_equal(one.count, 1); /* that there was one stays */
    assert_int_equal(json_get_int(one.record.disposal, "count", 0), 1);
    assert_true(str_eq(json_get_str(json_get(one.record.disposal, STR("title")), "en"),
                       STR("Applications for bulky-waste pickup (fiscal year 2026)")));
    const Json *last = json_at(one.record.acts, one.record.acts->len - 1);
    assert_true(json_get_int(last, "keys", 0) > 0);
    assert_true(str_eq(json_get_str(last, "act"), STR("dispose-done")));
    assert_int_equal(files_name(house, old).len, 0);
    assert_true(case_is_erased(house_entity(house, old)));
    assert_true(str_eq(files_name(house, young), STR("星之森 あおね")));
    files_rebuilt(house);
    files_refused(house, FILE_DISPOSE, LABEL_2026, "file-disposed");
    files_refused(house, FILE_TRANSFER, LABEL_2026, "file-disposed");
    house_act(house, &files_records);
    FAILS(house,
          filing_hold(&house->ctx, file_code(house->ctx.arena, LABEL_2026), FILE_HOLD, STR("訴訟")),
          RC_CONFLICT, "file-disposed");
}

static void what_is_open_or_not_due_is_refused(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    files_refused(house, FILE_DISPOSE, LABEL_2026, "file-open");
    house_act(house, &house->resident);
    GOOD(house, apply_cancel(&house->ctx, id));
    files_refused(house, FILE_DISPOSE, LABEL_2026, "file-not-due");
    files_on(house, 2032, 3, 31);
    files_refused(house, FILE_DISPOSE, LABEL_2026, "file-not-due");
    files_refused(house, FILE_TRANSFER, LABEL_2026, "file-not-due");
    files_refused(house, FILE_EXTEND, LABEL_2026, "file-not-due");
}

static void a_hold_keeps_a_file_also_from_what_was_proposed_before(void **state) {
    House *house = *state;
    Str id = files_ended(house), code = file_code(house->arena, LABEL_2026);
    files_on(house, 2032, 4, 1);
    Str decision = files_propose(house, FILE_DISPOSE, LABEL_2026);
    FAILS(house, filing_hold(&house->ctx, code, FILE_HOLD, STR("　")), RC_INVALID, "missing");
    FAILS(house, filing_hold(&house->ctx, code, FILE_RELEASE, STR("x")), RC_CONFLICT, "no-hold");
    GOOD(house, filing_hold(&house->ctx, code, FILE_HOLD, STR("公開請求 2032-000012 の対象")));
    FAILS(house, files_decide(house, decision), RC_CONFLICT, "file-held");
    assert_true(files_name(house, id).len > 0);
    files_refused(house, FILE_DISPOSE, LABEL_2026, "file-held");
    GOOD(house, filing_hold(&house->ctx, code, FILE_RELEASE, STR("決定した")));
    GOOD(house, files_decide(house, decision));
    assert_int_equal(files_name(house, id).len, 0);
}

static void a_hold_is_lifted_by_who_placed_it_or_by_the_keeper_of_all(void **state) {
    House *house = *state;
    (void)files_ended(house);
    Str code = file_code(house->arena, LABEL_2026);
    house_act(house, &files_records);
    GOOD(house, filing_hold(&house->ctx, code, FILE_HOLD, STR("訴訟")));
    house_act(house, &house->clerk); /* of the division that keeps it */
    FAILS(house, filing_hold(&house->ctx, code, FILE_HOLD, STR("x")), RC_CONFLICT, "file-held");
    FAILS(house, filing_hold(&house->ctx, code, FILE_RELEASE, STR("x")), RC_DENIED,
          "not-your-hold");
    assert_true(str_eq(files_one(house, LABEL_2026).record.hold, STR("訴訟")));
    files_on(house, 2032, 4, 1);
    files_refused(house, FILE_TRANSFER, LABEL_2026, "file-held");
    GOOD(house, filing_hold(&house->ctx, code, FILE_RELEASE, STR("終わった")));
    house_act(house, &house->clerk);
    GOOD(house, filing_hold(&house->ctx, code, FILE_HOLD, STR("調査")));
    GOOD(house, filing_hold(&house->ctx, code, FILE_RELEASE, STR("済んだ")));
    GOOD(house, filing_hold(&house->ctx, code, FILE_HOLD, STR("調査")));
    house_act(house, &files_records);
    GOOD(house, filing_hold(&house->ctx, code, FILE_RELEASE, STR("済んだ")));
}

static void what_lies_under_a_file_s_id_and_is_none_is_told(void **state) {
    House *house = *state;
    ShelfFile out;
    (void)files_ended(house);
    Entity *false_one =
        entity_new(house->arena, file_id(house->arena, LABEL_2026), STR(LD_DEFAULT "Park"));
    entity_set(house->arena, false_one, IRI("label"), json_of_str(LABEL_2026));
    entity_set(house->arena, false_one, IRI("mark"), json_of_str(STR("disposed")));
    GOOD(house, house_put(house, false_one));
    FAILS(house, shelf_find(&house->ctx, file_code(house->arena, LABEL_2026), &out), RC_FAILED,
          "bad-file");
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("file")});
    file_act_add(command, &(PartFile){.label = LABEL_2026, .verb = FILE_HOLD, .reason = STR("x")});
    FAILS(house, house_run(&house->ctx, command), RC_FAILED, "bad-file");
}

static void the_guard_of_the_commit_judges_by_itself(void **state) {
    House *house = *state;
    (void)files_ended(house);
    PartFile part = {.label = LABEL_2026, .verb = FILE_HOLD, .reason = STR("x")};
    static const struct {
        PartFile part;
        Rc rc;
        const char *code;
    } rows[] = {
        {{.verb = FILE_HOLD}, RC_CONFLICT, "file-held"},
        {{.verb = FILE_DISPOSE, .until = {2026, 11, 19}}, RC_CONFLICT, "file-held"},
        {{.verb = FILE_TRANSFER, .to = {"x", 1}}, RC_CONFLICT, "file-held"},
        {{.verb = FILE_RELEASE, .holder = {"others", 6}}, RC_CONFLICT, "other-hold"},
        {{.verb = FILE_RELEASE}, RC_OK, NULL},
        {{.verb = FILE_RELEASE}, RC_CONFLICT, "no-hold"},
        {{.verb = FILE_DISPOSE, .until = {2026, 11, 20}}, RC_CONFLICT, "file-not-due"},
        {{.verb = FILE_DISPOSE}, RC_CONFLICT, "file-not-due"},
        {{.verb = FILE_EXTEND, .until = {2026, 11, 20}}, RC_INVALID, "past"},
        {{.verb = FILE_EXTEND, .until = {2026, 12, 1}}, RC_OK, NULL},
        {{.verb = FILE_EXTEND, .until = {2026, 12, 1}}, RC_INVALID, "past"},
        {{.verb = FILE_DISPOSE, .until = {2026, 11, 19}}, RC_CONFLICT, "file-extended"},
        {{.verb = FILE_DISPOSE_DONE}, RC_CONFLICT, "file-not-disposing"},
        {{.verb = FILE_TRANSFER, .to = {"x", 1}}, RC_OK, NULL},
        {{.verb = FILE_DISPOSE, .until = {2026, 11, 19}}, RC_CONFLICT, "file-extended"},
        {{.verb = FILE_HOLD}, RC_CONFLICT, "file-transferred"},
    };
    for (size_t i = 0; i <= sizeof rows / sizeof *rows; i++) {
        Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("file")});
        if (i) part = rows[i - 1].part;
        part.label = LABEL_2026;
        part.reason = STR("x");
        file_act_add(command, &part);
        Rc rc = house_run(&house->ctx, command);
        house_expect(house, rc, i ? rows[i - 1].rc : RC_OK, i ? rows[i - 1].code : NULL, "act");
    }
}

static void an_extension_and_a_transfer_take_effect_by_their_decisions(void **state) {
    House *house = *state;
    Str id = files_ended(house);
    files_on(house, 2032, 4, 1);
    GOOD(house, files_decide(house, files_propose(house, FILE_EXTEND, LABEL_2026)));
    assert_int_equal(files_one(house, LABEL_2026).state, SHELF_EXTENDED);
    files_refused(house, FILE_DISPOSE, LABEL_2026, "file-extended");
    files_on(house, 2040, 4, 1);
    assert_int_equal(files_one(house, LABEL_2026).state, SHELF_DUE);
    GOOD(house, files_decide(house, files_propose(house, FILE_TRANSFER, LABEL_2026)));
    ShelfFile one = files_one(house, LABEL_2026);
    assert_int_equal(one.state, SHELF_TRANSFERRED);
    assert_true(str_eq(one.record.to, STR("市史編さん室")));
    files_refused(house, FILE_TRANSFER, LABEL_2026, "file-transferred");
    assert_true(files_name(house, id).len > 0);
    GOOD(house, files_decide(house, files_propose(house, FILE_DISPOSE, LABEL_2026)));
    one = files_one(house, LABEL_2026);
    assert_int_equal(one.state, SHELF_DISPOSED);
    assert_true(str_eq(one.record.to, STR("市史編さん室")));
    assert_int_equal(files_name(house, id).len, 0);
}

static void what_is_opened_again_before_the_keys_go_stops_it(void **state) {
    House *house = *state;
    Str id = files_ended(house);
    files_on(house, 2032, 4, 1);
    Str decision = files_propose(house, FILE_DISPOSE, LABEL_2026);
    files_reopen(house, id);
    FAILS(house, files_decide(house, decision), RC_CONFLICT, "file-open");
    /* and once more when it was being decided, and the program died before the keys went */
    files_decided_only(house, 1);
    assert_int_equal(files_one(house, LABEL_2026).state, SHELF_DISPOSING);
    FAILS(house, files_reopened(house, id), RC_CONFLICT, "file-closed");
    GOOD(house, filing_carry_out(&house->ctx, NULL));
    ShelfFile one = files_one(house, LABEL_2026);
    assert_int_equal(one.record.mark, FILE_NONE);
    assert_null(one.record.disposal);
    assert_true(files_name(house, id).len > 0);
    files_reopen(house, id); /* it is a file as before */
}

static void what_isn_t_as_it_was_decided_on_goes_back_to_the_shelf(void **state) {
    House *house = *state;
    Str id = files_ended(house);
    files_on(house, 2032, 4, 1);
    files_decided_only(house, 2); /* one of two that isn't there any more */
    GOOD(house, filing_carry_out(&house->ctx, NULL));
    assert_int_equal(files_one(house, LABEL_2026).record.mark, FILE_NONE);
    assert_true(files_name(house, id).len > 0);
}

static void what_is_written_after_the_count_is_seen(void **state) {
    House *house = *state;
    Str id = files_ended(house);
    Ledger *ledger = house->tenant.ledger;
    (void)files_one(house, LABEL_2026); /* counts it */
    uint64_t before = ledger_head(ledger);
    GOOD(house, filing_unmoved(&house->ctx, LABEL_2026, before));
    files_reopen(house, id);
    FAILS(house, filing_unmoved(&house->ctx, LABEL_2026, before), RC_CONFLICT, "file-moved");
    GOOD(house, filing_unmoved(&house->ctx, STR("保存5年/粗大ごみ収集/2025"), before));
    before = ledger_head(ledger);
    (void)files_ended(house); /* one that nobody counted yet */
    FAILS(house, filing_unmoved(&house->ctx, LABEL_2026, before), RC_CONFLICT, "file-moved");
}

/* Between the keys and the word of it: who goes on says how many they were. */
static void a_disposal_that_had_begun_is_ended_and_says_its_keys(void **state) {
    House *house = *state;
    Str id = files_ended(house);
    size_t keys = 0, listed = 9;
    files_on(house, 2032, 4, 1);
    GOOD(house, ledger_disposed(&house->ctx, house->tenant.ledger, LABEL_2026, &listed));
    assert_int_equal(listed, 0);
    files_decided_only(house, 1);
    LedgerDisposal disposal = {.head = {.kind = STR("file.destroy")},
                               .retention = LABEL_2026,
                               .reason = STR("file-disposal")};
    GOOD(house, ledger_dispose(&house->ctx, house->tenant.ledger, &disposal));
    GOOD(house, ledger_disposed(&house->ctx, house->tenant.ledger, LABEL_2026, &keys));
    assert_true(keys > 0);
    FAILS(house, files_reopened(house, id), RC_CONFLICT, "file-closed"); /* too late */
    house_act(house, (Actor *)(uintptr_t)gate_system_actor());
    GOOD(house, filing_carry_out(&house->ctx, NULL));
    ShelfFile one = files_one(house, LABEL_2026);
    assert_int_equal(one.record.mark, FILE_DISPOSED);
    assert_int_equal(files_keys(&one), keys);
    assert_int_equal(files_name(house, id).len, 0);
}

static void others_see_to_their_own_files(void **state) {
    House *house = *state;
    Str decision;
    (void)files_ended(house);
    files_on(house, 2032, 4, 1);
    FilingWish wish = files_wish(house, FILE_DISPOSE, LABEL_2026);
    house_act(house, &files_children);
    FAILS(house, filing_propose(&house->ctx, &wish, &decision), RC_DENIED, "not-your-files");
    house_act(house, &house->resident);
    FAILS(house, filing_propose(&house->ctx, &wish, &decision), RC_DENIED, NULL);
    house_act(house, &house->clerk); /* of the division that keeps it */
    GOOD(house, filing_propose(&house->ctx, &wish, &decision));
}

static void name_file(House *house, Str id, Str label) {
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    Entity *after = entity_new(command_arena(command), id, STR(CASE_TYPE));
    entity_set(command_arena(command), after, IRI("retentionFile"), json_of_str(label));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = id, .after = after}, PUT_ANY, 0);
    GOOD(house, house_run(&house->ctx, command));
}

static void a_matter_that_was_moved_to_another_file_keeps_it(void **state) {
    House *house = *state;
    Str id = files_ended(house), other = STR("保存5年/決裁/2026");
    name_file(house, id, other);
    assert_int_equal(files_one(house, other).unfiled,
                     1); /* its first changes lie under another key */
    name_file(house, id, LABEL_2026);
    assert_int_equal(files_one(house, LABEL_2026).unfiled, 1);
    files_on(house, 2032, 4, 1);
    files_refused(house, FILE_DISPOSE, LABEL_2026, "file-unfiled");
    files_rebuilt(house);
}

/* ---- finding them ---- */

static size_t found(House *house, ShelfWish wish) {
    ShelfFiles files;
    GOOD(house, shelf_list(&house->ctx, &wish, &files));
    return files.len;
}

static void files_are_found_by_parts_of_words_in_any_kana(void **state) {
    House *house = *state;
    (void)files_ended(house);
    assert_int_equal(found(house, (ShelfWish){0}), 1);
    static const char *const good[] = {"粗大",       "そだいごみ", "ソダイゴミ", "ｿﾀﾞｲ",
                                       "収集　申請", "bulky",      "清掃"},
                             *const bad[] = {"犬", "粗大 犬", "no such"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (found(house, (ShelfWish){.text = str_of(good[i])}) != 1) fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (found(house, (ShelfWish){.text = str_of(bad[i])}) != 0) fail_msg("%s", bad[i]);
    assert_int_equal(found(house, (ShelfWish){.division = STR("environment")}), 1);
    assert_int_equal(found(house, (ShelfWish){.division = STR("children")}), 0);
    assert_int_equal(found(house, (ShelfWish){.fiscal_year = 2025}), 0);
    assert_int_equal(found(house, (ShelfWish){.states = 1u << SHELF_CURRENT}), 1);
    assert_int_equal(found(house, (ShelfWish){.states = 1u << SHELF_DUE}), 0);
}

static void the_matters_of_a_file_are_shown_page_by_page(void **state) {
    House *house = *state;
    ShelfPage page;
    for (int i = 0; i < 3; i++)
        (void)files_ended(house);
    ShelfFile one = files_one(house, LABEL_2026);
    GOOD(house, shelf_matters(&house->ctx, &one, STR_NONE, 2, &page));
    assert_int_equal(page.ids.len, 2);
    assert_true(page.next.len > 0);
    GOOD(house, shelf_matters(&house->ctx, &one, page.next, 2, &page));
    assert_int_equal(page.ids.len, 1);
    assert_int_equal(page.next.len, 0);
    FAILS(house, shelf_matters(&house->ctx, &one, STR("bm8"), 2, &page), RC_INVALID, "bad-page");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, files_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retention_runs_from_the_first_of_april_after_the_end),
        TEST(the_state_of_a_file_follows_the_days),
        TEST(a_file_that_nobody_ended_is_kept_for_ever),
        TEST(a_wrong_table_is_told_by_row_and_member),
        cmocka_unit_test(by_what_records_are_asked_for_is_looked_up),
        TEST(a_disposed_file_is_read_by_nobody_and_others_are),
        TEST(what_is_open_or_not_due_is_refused),
        TEST(a_hold_keeps_a_file_also_from_what_was_proposed_before),
        TEST(a_hold_is_lifted_by_who_placed_it_or_by_the_keeper_of_all),
        TEST(what_lies_under_a_file_s_id_and_is_none_is_told),
        TEST(the_guard_of_the_commit_judges_by_itself),
        TEST(an_extension_and_a_transfer_take_effect_by_their_decisions),
        TEST(what_is_opened_again_before_the_keys_go_stops_it),
        TEST(what_isn_t_as_it_was_decided_on_goes_back_to_the_shelf),
        TEST(what_is_written_after_the_count_is_seen),
        TEST(a_disposal_that_had_begun_is_ended_and_says_its_keys),
        TEST(others_see_to_their_own_files),
        TEST(a_matter_that_was_moved_to_another_file_keeps_it),
        TEST(files_are_found_by_parts_of_words_in_any_kana),
        TEST(the_matters_of_a_file_are_shown_page_by_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
