/* Tests of the inbox: pages, counts, a person's own cases, and its equality with a rebuild. */
#include "cases.h"
#include "insight/insight_int.h"
#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

typedef struct Dump {
    Arena *arena;
    Buf text;
    size_t rows;
} Dump;

static bool dump_row(void *arg, Str key, Str value) {
    Dump *dump = arg;
    buf_add(&dump->text, hash_hex(dump->arena, key));
    buf_add(&dump->text, value);
    buf_add_char(&dump->text, '\n');
    dump->rows++;
    return true;
}

static Dump inbox_dump(House *house) {
    Dump dump = {.arena = house->arena, .text = buf_new(house->arena, 16 << 20)};
    house_drain(house);
    GOOD(house, project_rows(&house->ctx, house->tenant.project, &(RowsRange){.follower = "inbox"},
                             dump_row, &dump));
    return dump;
}

/* Goes through all pages: so many cases, in order of arrival. Gives the number of pages. */
static size_t pages_go_on(House *house, InboxQuery query, size_t cases) {
    InboxPage page;
    size_t seen = 0, pages = 0;
    Str before = STR_NONE;
    do {
        GOOD(house, inbox_page(&house->ctx, &query, &page));
        pages++;
        VEC_EACH (InboxLine, line, &page.lines) {
            Str number = entity_text(line->application, IRI("receiptNumber"));
            assert_true(str_cmp(before, number) < 0);
            before = str_dup(house->arena, number);
            seen++;
        }
        query.after = page.next;
    } while (!str_empty(page.next));
    assert_int_equal(seen, cases);
    return pages;
}

static void the_inbox_shows_at_once_in_pages_by_due_date(void **state) {
    House *house = *state;
    enum { CASES = 7 };
    for (int i = 0; i < CASES; i++) {
        house->clock.fixed += TIME_SECOND;
        (void)cases_apply(house, NULL, 1);
    }
    InboxQuery query = {.post = STR("environment-waste-clerk"), .limit = 3};
    InboxPage page;
    assert_int_equal(pages_go_on(house, query, CASES), 3);
    int64_t counts[CASE_STATES];
    GOOD(house, inbox_counts(&house->ctx, query.post, counts));
    assert_int_equal(counts[CASE_SUBMITTED], CASES);
    query.after = STR("%%%");
    FAILS(house, inbox_page(&house->ctx, &query, &page), RC_INVALID, "bad-page");
    query = (InboxQuery){.post = query.post, .district = STR("toge"), .limit = 3};
    GOOD(house, inbox_page(&house->ctx, &query, &page));
    assert_int_equal(page.lines.len, 0);
}

static void apply_with(House *house, const char *item) {
    Receipt receipt;
    Answers answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    answers.items.items[0] =
        (ApplyItem){waste_item(procedures_waste(&house->tenant), str_of(item)), 1};
    house_act(house, &house->resident);
    GOOD(house, cases_send(house, &answers, &receipt));
}

static size_t found_with(House *house, InboxQuery query, const char *item) {
    StrVec items = {0};
    InboxPage page;
    vec_push(house->arena, &items, STR("desk-study"));
    vec_push(house->arena, &items, str_of(item));
    query.items = &items;
    size_t found = 0;
    do {
        GOOD(house, inbox_page(&house->ctx, &query, &page));
        VEC_EACH (InboxLine, line, &page.lines) {
            const Json *first = json_at(entity_attr(line->application, IRI("items"))->value, 0);
            assert_true(str_eq(json_get_str(first, "id"), str_of(item)));
            found++;
        }
        query.after = page.next;
    } while (!str_empty(page.next));
    return found;
}

/* Cases are found by what is fetched, page by page; the rows tell nobody what that is. */
static void cases_are_found_by_their_items(void **state) {
    House *house = *state;
    InboxQuery query = {.post = STR("environment-waste-clerk"), .limit = 2};
    for (int i = 0; i < 6; i++) {
        house->clock.fixed += TIME_SECOND;
        if (i % 2)
            (void)cases_apply(house, NULL, 1);
        else
            apply_with(house, "futon");
    }
    assert_int_equal(found_with(house, query, "futon"), 3);
    assert_int_equal(found_with(house, query, "sofa-1"), 3);
    assert_int_equal(found_with(house, query, "bicycle"), 0);
    Dump rows = inbox_dump(house);
    assert_int_equal(str_find(buf_str(&rows.text), STR("futon")), -1);
}

static void project_again(House *house, bool from_nothing) {
    Project *project;
    project_stop(house->tenant.project);
    procedures_close(&house->tenant);
    if (from_nothing) {
        Batch *batch;
        GOOD(house,
             batch_open(&house->ctx, ledger_store(house->tenant.ledger), STORE_STATE, &batch));
        GOOD(house, batch_begin(&house->ctx, batch, BATCH_LAZY));
        GOOD(house, batch_delete_range(&house->ctx, batch,
                                       &(ItemRange){.space = {STORE_STATE, STR("inbox")}}));
        GOOD(house, batch_cursor(&house->ctx, batch, STR("inbox"), &(Cursor){0}));
        GOOD(house, batch_commit(&house->ctx, batch));
        batch_close(batch);
    }
    GOOD(house, project_new(&house->ctx, &house->tenant, &project));
    house_procedures(house);
    GOOD(house, project_start(&house->ctx, project));
}

static void a_person_finds_his_own_cases(void **state) {
    House *house = *state;
    InboxCases cases;
    Str first = cases_apply(house, NULL, 1), second = cases_apply(house, NULL, 1);
    GOOD(house, inbox_of(&house->ctx, house->resident.person, 10, &cases));
    assert_int_equal(cases.len, 2);
    GOOD(house, inbox_of(&house->ctx, house->other.person, 10, &cases));
    assert_int_equal(cases.len, 0);
    size_t rows = inbox_dump(house).rows;
    Delta gone = {.op = DELTA_DELETE, .id = first};
    PartPut part = {.delta = &gone, .expect = PUT_ANY};
    Command *command = command_new(house->tenant.ledger,
                                   (CommandHead){.kind = STR("test"), .channel = STR("cli")});
    command_needs(command, first);
    command_add(command, &part_put, &part);
    GOOD(house, house_run(&house->ctx, command));
    GOOD(house, inbox_of(&house->ctx, house->resident.person, 10, &cases));
    assert_int_equal(cases.len, 1);
    assert_true(str_eq(cases.items[0]->id, second));
    assert_int_equal(
        inbox_dump(house).rows,
        rows - 12); /* line, day, owner, alike by either and number, with what leads to them */
}

static void days_are(House *house, CaseState in, Date from, const InboxDay *want, size_t n) {
    InboxDays days;
    GOOD(house, inbox_days(&house->ctx, STR("environment-waste-clerk"), in, from, &days));
    assert_int_equal(days.len, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(time_date_days(days.items[i].day), time_date_days(want[i].day));
        assert_int_equal(days.items[i].cases, want[i].cases);
    }
}

static void cases_are_counted_by_the_day_of_their_pickup(void **state) {
    House *house = *state;
    const Date saturday = time_days_date(time_date_days(FRIDAY) + 1);
    Str first = cases_apply(house, NULL, 1);
    for (int i = 0; i < 3; i++)
        (void)cases_apply(house, NULL, 1);
    days_are(house, CASE_SUBMITTED, (Date){0}, &(InboxDay){FRIDAY, 4}, 1);
    days_are(house, CASE_SUBMITTED, FRIDAY, &(InboxDay){FRIDAY, 4}, 1);
    days_are(house, CASE_SUBMITTED, saturday, NULL, 0);
    GOOD(house, cases_confirm(house, first));
    days_are(house, CASE_SUBMITTED, (Date){0}, &(InboxDay){FRIDAY, 3}, 1);
    days_are(house, CASE_CONFIRMED, (Date){0}, &(InboxDay){FRIDAY, 1}, 1);
}

static void the_cases_of_a_day_come_in_pages_in_order_of_arrival(void **state) {
    House *house = *state;
    enum { CASES = 5 };
    for (int i = 0; i < CASES; i++) {
        house->clock.fixed += TIME_SECOND;
        GOOD(house, cases_confirm(house, cases_apply(house, NULL, 1)));
    }
    InboxQuery query = {.post = STR("environment-waste-clerk"),
                        .states = 1u << CASE_CONFIRMED,
                        .pickup = FRIDAY,
                        .limit = 2};
    InboxPage page;
    assert_int_equal(pages_go_on(house, query, CASES), 3);
    query = (InboxQuery){.post = query.post, .states = query.states, .limit = 9};
    query.pickup = time_days_date(time_date_days(FRIDAY) + 1);
    GOOD(house, inbox_page(&house->ctx, &query, &page));
    assert_int_equal(page.scanned, 0); /* other days' cases are not read */
}

static void the_inbox_equals_its_rebuild(void **state) {
    House *house = *state;
    GOOD(house, procedures_seed(&house->ctx, &house->tenant, &(SeedWish){.seed = 5, .count = 60}));
    Dump before = inbox_dump(house);
    assert_true(before.rows > 150);
    project_again(house, false);
    Dump reopened = inbox_dump(house);
    assert_true(str_eq(buf_str(&before.text), buf_str(&reopened.text)));
    project_again(house, true);
    Dump rebuilt = inbox_dump(house);
    assert_true(str_eq(buf_str(&before.text), buf_str(&rebuilt.text)));
}

static void kept_equals_rebuilt(House *house) {
    ProjectReport report;
    GOOD(house, project_verify(&house->ctx, house->tenant.project, &report));
    if (report.differences) fail_msg(STR_FMT, STR_ARG(report.first));
    assert_true(report.rows > 0 && report.entities > 0);
}

static int64_t submitted(House *house) {
    int64_t counts[CASE_STATES];
    house_drain(house);
    GOOD(house, inbox_counts(&house->ctx, STR("environment-waste-clerk"), counts));
    return counts[CASE_SUBMITTED];
}

static void apply_as(House *house, Actor *actor) {
    Receipt receipt;
    Answers answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    answers.items.items[0].quantity = 1;
    house_act(house, actor);
    GOOD(house, cases_send(house, &answers, &receipt));
}

/* Whether it was seen whole before or is rebuilt from what is left, it is in no list. */
static void an_erased_case_is_in_no_list(void **state) {
    House *house = *state;
    InboxCases cases;
    int64_t at;
    Str id = cases_apply(house, NULL, 1), found,
        number = entity_text(house_entity(house, id), IRI("receiptNumber"));
    GOOD(house, cases_confirm(house, cases_apply(house, NULL, 1)));
    apply_as(house, &house->other);
    kept_equals_rebuilt(house);
    assert_int_equal(submitted(house), 2);
    FAILS(house, project_erased_at(&house->ctx, house->tenant.project, id, &at), RC_NOT_FOUND,
          "no-item");
    house->clock.fixed += TIME_HOUR;
    cases_erase(house, house->resident.person);
    kept_equals_rebuilt(house);
    GOOD(house, project_erased_at(&house->ctx, house->tenant.project, id, &at));
    assert_int_equal(at, house->clock.fixed);
    days_are(house, CASE_CONFIRMED, (Date){0}, NULL, 0);
    GOOD(house, inbox_of(&house->ctx, house->resident.person, 10, &cases));
    assert_int_equal(cases.len, 0);
    FAILS(house, inbox_find(&house->ctx, number, &found), RC_NOT_FOUND, "no-receipt");
    FAILS(house, cases_confirm(house, id), RC_NOT_FOUND, "record-erased");
    assert_int_equal(submitted(house), 1);
    (void)cases_apply(house, NULL, 1); /* under another key, which nobody destroys */
    assert_int_equal(submitted(house), 2);
    kept_equals_rebuilt(house);
    Dump live = inbox_dump(house);
    project_again(house, true);
    Dump rebuilt = inbox_dump(house);
    assert_true(str_eq(buf_str(&live.text), buf_str(&rebuilt.text)));
    kept_equals_rebuilt(house);
}

static bool wall_row(void *arg, Str key, Str value) {
    Dump *dump = arg;
    if (key.ptr[0] == 'c') return true; /* a case's own */
    buf_add(&dump->text, key);
    buf_add_char(&dump->text, '=');
    buf_add(&dump->text, str_head(value, (size_t)str_find_char(value, ' ')));
    buf_add_char(&dump->text, ' ');
    return true;
}

/* Of the wall's counters, without what they hold and since when. */
static Str wall_counts(House *house) {
    Dump dump = {.arena = house->arena, .text = buf_new(house->arena, 1 << 16)};
    house_drain(house);
    GOOD(house, project_rows(&house->ctx, house->tenant.project, &(RowsRange){.follower = "wall"},
                             wall_row, &dump));
    return buf_str(&dump.text);
}

/* So many that the figures held were moved by those that are erased. */
static void an_erased_case_counts_as_received_alone(void **state) {
    House *house = *state;
    Project *project;
    Follower wall = tally_follower(NULL);
    wall.committed = NULL; /* there is no wall to wake */
    project_stop(house->tenant.project);
    procedures_close(&house->tenant);
    GOOD(house, project_new(&house->ctx, &house->tenant, &project));
    house_procedures(house);
    project_add(project, wall);
    project_add(project, effect_follower());
    GOOD(house, project_start(&house->ctx, project));
    for (int i = 0; i < 8; i++) {
        Str id = cases_apply(house, NULL, 1);
        house->clock.fixed += TIME_SECOND;
        GOOD(house, cases_confirm(house, id));
        (void)cases_apply(house, NULL, 1);
        house->clock.fixed += TIME_SECOND;
        apply_as(house, &house->other);
    }
    assert_true(str_ends(wall_counts(house), STR("=24 w=16 ")));
    assert_true(str_starts(wall_counts(house), STR("d2026-12-04=8 m2026-1")));
    kept_equals_rebuilt(house);
    house->clock.fixed += TIME_SECOND;
    cases_erase(house, house->resident.person);
    Str counts = wall_counts(house);
    assert_true(str_starts(counts, STR("m2026-1")) && str_ends(counts, STR("=24 w=8 ")));
    kept_equals_rebuilt(house);
    apply_as(house, &house->other);
    kept_equals_rebuilt(house);
}

/* ---- handover ---- */

/* The last thing that happens to a note. */
static void note_goes_with_its_file(House *house, Str id) {
    Str label = str_dup(house->arena, cases_text(house, id, IRI("retentionFile")));
    LedgerDisposal disposal = {.retention = label, .reason = STR("test")};
    ShelfFile file;
    GOOD(house, shelf_find(&house->ctx, file_code(house->arena, label), &file));
    assert_int_equal(file.count, 1);
    assert_int_equal(file.open + file.unfiled, 0);
    assert_true(str_eq(cases_text(house, id, IRI("note")), STR("月末に締める。")));
    GOOD(house, ledger_dispose(&house->ctx, house->tenant.ledger, &disposal));
    assert_true(str_empty(cases_text(house, id, IRI("note"))));
}

enum { HELD = 320 };

static Str held_id(House *house, int i) {
    return str_fmt(house->arena, CASE_ID_PREFIX "held%04d", i);
}

/* `n` open cases of the waste section that the clerk has, and nothing else of a case. */
static void put_cases(House *house, int n) {
    Outcome outcome;
    house_act(house, &house->clerk);
    Command *command = case_command(&house->ctx, STR("test"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    for (int i = 0; i < n; i++) {
        Entity *one = entity_new(arena, str_dup(arena, held_id(house, i)), STR(CASE_TYPE));
        entity_set(arena, one, IRI("state"), json_of_str(STR("submitted")));
        entity_set(arena, one, IRI("post"), json_of_str(STR("environment-waste-clerk")));
        entity_set(arena, one, IRI("assignee"), json_of_str(str_dup(arena, house->clerk.id)));
        entity_set(arena, one, IRI("procedure"), json_of_str(WASTE_RESOURCE));
        entity_set(arena, one, IRI("receiptNumber"), json_of_str(str_fmt(arena, "2026-9%05d", i)));
        entity_set_kind(arena, one, ATTR_RELATIONSHIP, IRI("applicant"),
                        json_of_str(STR("urn:ngsi-ld:Person:held")));
        command_put(command, &(Delta){.op = DELTA_PUT, .id = one->id, .after = one}, PUT_ABSENT, 0);
    }
    GOOD(house, case_execute(&house->ctx, command, &outcome));
}

static void put_held(House *house) {
    put_cases(house, HELD);
}

static void set_held(House *house, int i, const char *iri, Str value) {
    cases_set(house, held_id(house, i), iri, value);
}

static size_t held_by(House *house, Str account) {
    InboxCases cases;
    bool more;
    GOOD(house, handover_cases(&house->ctx, account, &cases, &more));
    assert_false(more);
    return cases.len;
}

static HandoverDone hand(House *house, Str from, Str to, const StrVec *ids) {
    HandoverDone done;
    HandoverWish wish = {.from = from, .to = to, .note = STR("  月末に締める。 "), .ids = ids};
    GOOD(house, handover_make(&house->ctx, &wish, &done));
    return done;
}

static int64_t elsewhere(House *house) {
    int64_t cases;
    GOOD(house, handover_elsewhere(&house->ctx, &cases));
    return cases;
}

static void hundreds_of_cases_are_handed_over_and_those_that_stay_are_named(void **state) {
    House *house = *state;
    Actor second, stranger;
    StrVec ids = {0};
    Handovers open;
    Handover note;
    InboxCases cases;
    bool more;
    house_official(house, "second", "environment-waste-clerk", &second);
    house_official(house, "stranger", "citizens-counter-clerk", &stranger);
    put_held(house);
    assert_int_equal(held_by(house, house->clerk.id), HELD);
    for (int i = 0; i < HELD; i++)
        vec_push(house->arena, &ids, held_id(house, i));
    set_held(house, 7, LD_DEFAULT "assignee", second.id); /* taken over meanwhile */
    set_held(house, 100, LD_DEFAULT "state", STR("done"));
    house_act(house, &stranger); /* whose cases these are not */
    assert_int_equal(held_by(house, house->clerk.id), 0);
    HandoverDone done = hand(house, house->clerk.id, second.id, &ids);
    assert_int_equal(done.moved, 0);
    assert_int_equal(done.refused.len, HELD);
    house_act(house, &house->clerk);
    FAILS(
        house,
        handover_make(&house->ctx, &(HandoverWish){house->clerk.id, STR("x"), .ids = &ids}, &done),
        RC_INVALID, "no-taker");
    done = hand(house, house->clerk.id, stranger.id, &ids);
    assert_int_equal(done.moved, 0); /* another division's official takes none */
    done = hand(house, house->clerk.id, second.id, &ids);
    assert_int_equal(done.moved, HELD - 2);
    assert_int_equal(done.refused.len, 2);
    assert_true(str_eq(done.refused.items[0].code, STR("moved-on")));
    assert_int_equal(held_by(house, house->clerk.id), 0);
    assert_int_equal(elsewhere(house), 0);
    FAILS(house, handover_accept(&house->ctx, done.id), RC_DENIED, "not-permitted");
    house_act(house, &second);
    assert_int_equal(held_by(house, second.id), HELD - 1);
    GOOD(house, handovers_open(&house->ctx, &open));
    assert_int_equal(open.len, 1);
    assert_int_equal(open.items[0].cases, HELD - 2);
    assert_true(str_eq(open.items[0].note, STR("月末に締める。")));
    GOOD(house, handover_of(&house->ctx, done.id, &cases, &more));
    assert_int_equal(cases.len, HELD - 2);
    GOOD(house, handover_accept(&house->ctx, done.id));
    uint64_t version = house_entity(house, done.id)->version;
    GOOD(house, handover_accept(&house->ctx, done.id));
    assert_int_equal(house_entity(house, done.id)->version, version); /* twice is once */
    GOOD(house, handovers_open(&house->ctx, &open));
    assert_int_equal(open.len, 0);
    house_act(house, &stranger);
    FAILS(house, handover_load(&house->ctx, done.id, &note), RC_NOT_FOUND, "no-handover");
    kept_equals_rebuilt(house);
    note_goes_with_its_file(house, done.id);
}

static void a_chief_hands_over_what_somebody_left_behind(void **state) {
    House *house = *state;
    HandoverLefts left;
    StrVec posts = {0}, ids = {0};
    HandoverDone done;
    put_held(house);
    house_act(house, &house->chief);
    GOOD(house, handover_left(&house->ctx, &left));
    assert_int_equal(left.len, 0);
    vec_push(house->arena, &posts, STR("citizens-counter-clerk"));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_posts(&house->ctx, house->clerk.id, &posts));
    house_act(house, &house->chief);
    GOOD(house, handover_left(&house->ctx, &left));
    assert_int_equal(left.len, 1);
    assert_int_equal(left.items[0].cases, HELD);
    assert_true(str_eq(left.items[0].account, house->clerk.id));
    assert_int_equal(held_by(house, house->clerk.id), HELD);
    vec_push(house->arena, &ids, held_id(house, 1));
    done = hand(house, house->clerk.id, STR_NONE, &ids); /* back to the post */
    assert_int_equal(done.moved, 1);
    assert_true(str_empty(cases_text(house, held_id(house, 1), IRI("assignee"))));
    assert_true(str_eq(cases_text(house, held_id(house, 1), IRI("handover")), done.id));
    GOOD(house, handover_left(&house->ctx, &left));
    assert_int_equal(left.items[0].cases, HELD - 1);
    ids.items[0] = held_id(house, 2);
    done = hand(house, house->clerk.id, house->chief.id, &ids);
    assert_int_equal(done.moved, 1);
    assert_int_equal(held_by(house, house->chief.id), 1);
    assert_int_equal(elsewhere(house), 1); /* in no inbox of his own post */
}

static void another_division_is_not_told_that_there_are_more(void **state) {
    House *house = *state;
    Actor head;
    InboxCases cases;
    bool more;
    house_official(house, "head", "citizens-head", &head);
    put_cases(house, HANDOVER_MOST + 1);
    house_act(house, &house->chief);
    GOOD(house, handover_cases(&house->ctx, house->clerk.id, &cases, &more));
    assert_int_equal(cases.len, HANDOVER_MOST);
    assert_true(more);
    house_act(house, &head);
    GOOD(house, handover_cases(&house->ctx, house->clerk.id, &cases, &more));
    assert_int_equal(cases.len, 0);
    assert_false(more);
}

static void join_division(House *house, Actor *actor, const char *post) {
    const GatePost *now = gate_post(house->tenant.gate, str_of(post));
    actor->post = now->id;
    actor->division = now->division;
    house_act(house, actor);
}

/* He hands over from his new post; where the cases are, the note is read. */
static void those_who_work_on_the_cases_read_their_note(void **state) {
    House *house = *state;
    Actor second, stranger;
    StrVec ids = {0};
    Handover note;
    HandoverDone done;
    house_official(house, "second", "environment-counter-clerk", &second);
    house_official(house, "stranger", "citizens-counter-clerk", &stranger);
    put_held(house);
    join_division(house, &house->clerk, "citizens-counter-clerk");
    vec_push(house->arena, &ids, held_id(house, 1));
    uint64_t head = ledger_head(house->tenant.ledger);
    done = hand(house, house->clerk.id, STR_NONE, &ids);
    assert_int_equal(done.moved, 1);
    /* the record with its cases, at once: wherever it is broken off, what went is told */
    assert_int_equal(ledger_head(house->tenant.ledger), head + 1);
    assert_int_equal(house_entity(house, done.id)->version,
                     house_entity(house, held_id(house, 1))->version);
    house_act(house, &second);
    GOOD(house, handover_load(&house->ctx, done.id, &note));
    house_act(house, &stranger);
    FAILS(house, handover_load(&house->ctx, done.id, &note), RC_NOT_FOUND, "no-handover");
    /* what nobody has is handed over by nobody */
    FAILS(house, handover_make(&house->ctx, &(HandoverWish){.to = stranger.id, .ids = &ids}, &done),
          RC_INVALID, "no-giver");
}

static void who_works_on_no_cases_takes_none(void **state) {
    House *house = *state;
    Actor steward, head;
    InboxCases cases;
    GateHolders takers;
    StrVec ids = {0};
    bool more;
    house_official(house, "steward", "information-data-steward", &steward);
    house_official(house, "head", "information-head", &head);
    put_held(house);
    for (int i = 0; i < HELD; i++)
        set_held(house, i, LD_DEFAULT "post", STR("information-head"));
    GOOD(house, handover_cases(&house->ctx, house->clerk.id, &cases, &more));
    GOOD(house, handover_takers(&house->ctx, &cases, house->clerk.id, &takers));
    assert_int_equal(takers.len, 1);
    assert_true(str_eq(takers.items[0].account, head.id));
    vec_push(house->arena, &ids, held_id(house, 1));
    HandoverDone done = hand(house, house->clerk.id, steward.id, &ids);
    assert_int_equal(done.moved, 0);
    assert_true(str_eq(done.refused.items[0].code, STR("not-theirs")));
}

/* The post of the cases is no more, and its successor is of another division. */
static void after_a_reorganisation_the_successor_s_division_has_the_cases(void **state) {
    House *house = *state;
    Actor head, counter;
    HandoverLefts left;
    StrVec ids = {0};
    put_held(house);
    cases_reorganise(house, "{\"id\":\"environment-waste-clerk\"",
                     "{\"abolished\":\"2026-04-01\",\"successor\":\"citizens-counter-clerk\","
                     "\"id\":\"environment-waste-clerk\"");
    house_official(house, "head", "citizens-head", &head);
    house_official(house, "counter", "citizens-counter-clerk", &counter);
    house_act(house, &house->chief);
    GOOD(house, handover_left(&house->ctx, &left));
    assert_int_equal(left.len, 0);
    assert_int_equal(held_by(house, house->clerk.id), 0);
    house_act(house, &head);
    GOOD(house, handover_left(&house->ctx, &left));
    assert_int_equal(left.len, 1);
    assert_int_equal(left.items[0].cases, HELD);
    assert_int_equal(held_by(house, house->clerk.id), HELD);
    vec_push(house->arena, &ids, held_id(house, 1));
    HandoverDone done = hand(house, house->clerk.id, counter.id, &ids);
    assert_int_equal(done.moved, 1);
}

static size_t shown(House *house, InboxQuery query) {
    InboxPage page;
    query.limit = HELD + 1;
    query.states = (1u << CASE_STATES) - 1;
    GOOD(house, inbox_page(&house->ctx, &query, &page));
    return page.lines.len;
}

static void an_official_s_own_cases_and_those_of_a_kind_are_told_from_others(void **state) {
    House *house = *state;
    const Str post = STR("environment-waste-clerk");
    (void)cases_apply(house, NULL, 1);
    put_held(house);
    assert_int_equal(shown(house, (InboxQuery){.post = post}), HELD + 1);
    assert_int_equal(shown(house, (InboxQuery){.post = post, .assignee = house->clerk.id}), HELD);
    assert_int_equal(shown(house, (InboxQuery){.post = post, .assignee = house->chief.id}), 0);
    assert_int_equal(shown(house, (InboxQuery){.post = post, .procedure = INBOX_BULKY}), HELD + 1);
    set_held(house, 1, LD_DEFAULT "procedure", STR("dog-registration"));
    const Str dogs = STR("dog-registration");
    assert_int_equal(shown(house, (InboxQuery){.post = post, .procedure = INBOX_BULKY}), HELD);
    assert_int_equal(shown(house, (InboxQuery){.post = post, .procedure = dogs}), 1);
    set_held(house, 1, LD_DEFAULT "state", STR("done")); /* an end is on nobody's desk */
    assert_int_equal(shown(house, (InboxQuery){.post = post, .assignee = house->clerk.id}),
                     HELD - 1);
}

static void the_cases_of_a_post_that_is_no_more_wait_for_its_successor(void **state) {
    House *house = *state;
    const Str before = STR("environment-waste-clerk"), after = STR("citizens-counter-clerk");
    int64_t counts[CASE_STATES];
    Actor counter;
    put_held(house);
    assert_int_equal(shown(house, (InboxQuery){.post = after}), 0);
    cases_reorganise(house, "{\"id\":\"environment-waste-clerk\"",
                     "{\"abolished\":\"2026-04-01\",\"successor\":\"citizens-counter-clerk\","
                     "\"id\":\"environment-waste-clerk\"");
    (void)cases_apply(house, NULL, 1); /* and what comes in from then on */
    assert_int_equal(shown(house, (InboxQuery){.post = after}), HELD + 1);
    assert_int_equal(shown(house, (InboxQuery){.post = before}), 0);
    GOOD(house, inbox_counts(&house->ctx, after, counts));
    assert_int_equal(counts[CASE_SUBMITTED], HELD + 1);
    assert_true(str_eq(office_confirmer(&house->ctx), after));
    house_official(house, "counter", "citizens-counter-clerk", &counter);
    house_act(house, &counter);
    const Entity *held = house_entity(house, held_id(house, 1));
    set_held(house, 2, LD_DEFAULT "assignee", counter.id);
    assert_int_equal(elsewhere(house), 0); /* his inbox shows it */
    assert_true(gate_relation(&house->ctx, held) & REL_POST);
    assert_true(gate_relation(&house->ctx, held) & REL_DIVISION);
    assert_true(gate_post_gone(house->tenant.gate, before, time_now(house->ctx.clock)));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_inbox_shows_at_once_in_pages_by_due_date),
        TEST(cases_are_found_by_their_items),
        TEST(a_person_finds_his_own_cases),
        TEST(cases_are_counted_by_the_day_of_their_pickup),
        TEST(the_cases_of_a_day_come_in_pages_in_order_of_arrival),
        TEST(the_inbox_equals_its_rebuild),
        TEST(an_erased_case_is_in_no_list),
        TEST(an_erased_case_counts_as_received_alone),
        TEST(hundreds_of_cases_are_handed_over_and_those_that_stay_are_named),
        TEST(a_chief_hands_over_what_somebody_left_behind),
        TEST(another_division_is_not_told_that_there_are_more),
        TEST(those_who_work_on_the_cases_read_their_note),
        TEST(who_works_on_no_cases_takes_none),
        TEST(after_a_reorganisation_the_successor_s_division_has_the_cases),
        TEST(an_official_s_own_cases_and_those_of_a_kind_are_told_from_others),
        TEST(the_cases_of_a_post_that_is_no_more_wait_for_its_successor),
    };
    return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
