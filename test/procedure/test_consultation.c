/* Tests of what a definition says of messages, over the starter's consultation, and of the invented
   city's. */
#include "cases.h"
#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static int set_up(void **state) {
    House *house = mem_zero(sizeof *house);
    house_make_also(house, HOUSE_WHOLE, "consultation");
    *state = house;
    return 0;
}

/* ---- the invented city ---- */

static void the_invented_city_is_consulted(void **state) {
    House *house = *state;
    Actor clerk; /* whose account answers */
    ThreadMessages all;
    InboxCases cases;
    SlotChoice slot;
    bool more, unread;
    int64_t now = house->clock.fixed;
    house_official(house, "counter", "citizens-counter-clerk", &clerk);
    GOOD(house, procedures_seed(&house->ctx, &house->tenant, &(SeedWish){.seed = 7, .count = 12}));
    GOOD(house,
         inbox_waits(&house->ctx, &(InboxWaits){.post = clerk.post, .most = 20}, &cases, &more));
    assert_int_equal(cases.len, 1);
    Str id = str_dup(house->arena, cases.items[0]->id);
    assert_true(booking_of(&house->ctx, cases.items[0], &slot));
    assert_true(reservation_begins(&slot) > now);
    GOOD(house, thread_of(&house->ctx, house_entity(house, id), &all));
    assert_int_equal(all.len, 3);
    for (size_t i = 0; i < all.len; i++)
        assert_true(all.items[i].message.at <
                    (i + 1 < all.len ? all.items[i + 1].message.at : now));
    assert_true(all.items[1].message.office);
    assert_true(all.items[1].message.read_at == all.items[2].message.at);
    GOOD(house, thread_unread(&house->ctx, house_entity(house, id), &unread));
    assert_false(unread);
    assert_true(str_eq(cases_text(house, id, IRI("applicant")), house->other.person));
}

/* ---- by telephone ---- */

static void at_desk(House *house, Actor *official) {
    house_act(house, official);
    house->ctx.actor->browser = STR("a desk");
    house->ctx.purpose = STR("application-check");
}

static const Definition *consultation(House *house) {
    return catalogue_current(procedures_catalogue(&house->tenant), STR("consultation"),
                             time_jst_date(house->clock.fixed));
}

/* Sent by whoever acts, with nothing booked. */
static Str ask_in(House *house, const char *channel) {
    static const char *const said[][2] = {{"matter", "housing"},
                                          {"detail", "市営住宅の空きを知りたい"},
                                          {"talk", "write"},
                                          {"name", "町田　花子"},
                                          {"phone", "09012345678"}};
    const Definition *definition = consultation(house);
    JsonMembers members = {0};
    DefinedDraft draft;
    Receipt receipt;
    GOOD(house, defined_begin(&house->ctx, definition, str_of(channel)));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        vec_push(house->ctx.arena, &members,
                 (JsonMember){str_of(said[i][0]), json_of_str(str_of(said[i][1]))});
    GOOD(house, defined_keep(&house->ctx, definition, &members));
    GOOD(house, defined_draft(&house->ctx, definition, &draft));
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
    return str_dup(house->arena, receipt.id);
}

static Str call_in(House *house, Actor *clerk) {
    at_desk(house, clerk);
    return ask_in(house, "phone");
}

/* A clerk at the counter enters it for somebody who has its address afterwards. */
static Str called(House *house, Actor *clerk, Actor *holder) {
    house_official(house, "counter", "citizens-counter-clerk", clerk);
    return holder->held = call_in(house, clerk);
}

static ThreadWish said(Str id, bool asked, const char *channel) {
    return (ThreadWish){.id = id,
                        .office = true,
                        .asked = asked,
                        .channel = str_of(channel),
                        .text = STR("3月に空きが出ますか")};
}

static void what_was_said_on_the_telephone_is_written_down(void **state) {
    House *house = *state;
    Actor clerk, holder = house->nobody;
    ThreadMessages all;
    bool unread;
    Str id = called(house, &clerk, &holder);
    assert_true(str_eq(cases_text(house, id, IRI("channel")), STR("phone")));
    assert_true(str_empty(cases_text(house, id, IRI("booking"))));
    ThreadWish asked = said(id, true, "phone"), told = said(id, false, "counter");
    GOOD(house, thread_write(&house->ctx, &asked));
    assert_true(message_waits(house_entity(house, id)));
    assert_true(str_empty(cases_text(house, id, IRI("assignee"))));
    GOOD(house, thread_write(&house->ctx, &told));
    assert_true(str_eq(message_turn(house_entity(house, id)), MESSAGE_ANSWERED));
    assert_true(str_eq(cases_text(house, id, IRI("assignee")), clerk.id));
    GOOD(house, thread_of(&house->ctx, house_entity(house, id), &all));
    assert_int_equal(all.len, 2);
    assert_false(all.items[0].message.office);
    assert_true(str_eq(all.items[0].message.channel, STR("phone")));
    assert_true(str_eq(all.items[0].message.post, clerk.post));
    assert_true(all.items[1].message.office);
    assert_true(str_eq(all.items[1].message.channel, STR("counter")));
    /* he was told; what is written to him alone he has to read */
    house_act(house, &holder);
    GOOD(house, thread_unread(&house->ctx, house_entity(house, id), &unread));
    assert_false(unread);
    at_desk(house, &clerk);
    GOOD(house, thread_write(&house->ctx,
                             &(ThreadWish){.id = id, .office = true, .text = STR("追伸です")}));
    GOOD(house, thread_unread(&house->ctx, house_entity(house, id), &unread));
    assert_true(unread);
}

static void nobody_writes_down_what_was_not_said_to_him(void **state) {
    House *house = *state;
    Actor clerk, holder = house->nobody;
    Str id = called(house, &clerk, &holder);
    const ThreadWish wrong[] = {said(id, true, ""), said(id, true, "web"), said(id, true, "paper"),
                                said(id, false, "web")};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        FAILS(house, thread_write(&house->ctx, &wrong[i]), RC_INVALID, "no-channel");
    house_act(house, &holder);
    ThreadWish own = said(id, true, "phone");
    FAILS(house, thread_write(&house->ctx, &own), RC_DENIED, "not-permitted");
    own.office = false;
    FAILS(house, thread_write(&house->ctx, &own), RC_INVALID, "no-channel");
    assert_int_equal(message_count(house_entity(house, id)), 0);
    /* what was written down for him is none of those that he may write in a day */
    at_desk(house, &clerk);
    for (int i = 0; i < THREAD_DAY_MOST; i++) {
        ThreadWish asked = said(id, true, "counter");
        GOOD(house, thread_write(&house->ctx, &asked));
    }
    house_act(house, &holder);
    GOOD(house, thread_write(&house->ctx, &(ThreadWish){.id = id, .text = STR("自分で書く")}));
}

/* ---- the day of an answer ---- */

static bool is_due(House *house, Str id, Date from) {
    Date due = message_due(house_entity(house, id)),
         day = waste_working_days_after(procedures_waste(&house->tenant), from, 5);
    return due.year && time_date_days(due) == time_date_days(day);
}

static void an_application_that_asks_is_a_question(void **state) {
    House *house = *state;
    Actor clerk;
    InboxCases waits;
    bool more;
    Date today = time_jst_date(house->clock.fixed);
    house_act(house, &house->resident);
    house->ctx.actor->browser = STR("a browser");
    Str own = ask_in(house, "web");
    house_official(house, "counter", "citizens-counter-clerk", &clerk);
    Str called_in = call_in(house, &clerk);
    GOOD(house,
         inbox_waits(&house->ctx, &(InboxWaits){.post = clerk.post, .most = 20}, &waits, &more));
    assert_int_equal(waits.len, 2);
    assert_true(is_due(house, own, today));
    assert_true(is_due(house, called_in, today));
    /* whoever goes on asking is answered by the same day */
    house->clock.fixed += TIME_DAY;
    house_act(house, &house->resident);
    GOOD(house, thread_write(&house->ctx, &(ThreadWish){.id = own, .text = STR("もう一つ")}));
    assert_true(is_due(house, own, today));
    at_desk(house, &clerk);
    ThreadWish answer = {.id = called_in, .office = true, .text = STR("どうぞ")};
    GOOD(house, thread_write(&house->ctx, &answer));
    assert_true(str_eq(message_turn(house_entity(house, called_in)), MESSAGE_ANSWERED));
    assert_null(entity_attr(house_entity(house, called_in), IRI("messageDue")));
    assert_true(thread_stands(&house->ctx, house_entity(house, own), true).settles);
}

static void an_answer_is_due_until_it_is_given(void **state) {
    House *house = *state;
    Actor clerk, holder = house->nobody;
    InboxCases waits;
    bool more;
    Str later = called(house, &clerk, &holder);
    house_act(house, &holder);
    GOOD(house, thread_write(&house->ctx, &(ThreadWish){.id = later, .text = STR("先の質問")}));
    Str id = call_in(house, &clerk);
    Date first = time_jst_date(house->clock.fixed);
    ThreadWish asked = said(id, true, "phone"), told = said(id, false, "phone");
    assert_true(is_due(house, id, first)); /* what was applied for is a question */
    GOOD(house, thread_settle(&house->ctx, id, 0));
    assert_int_equal(message_due(house_entity(house, id)).year, 0);
    GOOD(house, thread_write(&house->ctx, &asked));
    assert_true(is_due(house, id, first));
    GOOD(house, thread_settle(&house->ctx, id, 1));
    assert_null(entity_attr(house_entity(house, id), IRI("messageDue")));
    /* the day of what was asked first stays, and what is due first stands first */
    GOOD(house, thread_write(&house->ctx, &asked));
    house->clock.fixed += 7 * TIME_DAY;
    GOOD(house, thread_write(&house->ctx, &asked));
    assert_true(is_due(house, id, first));
    GOOD(house, thread_write(&house->ctx, &told));
    assert_int_equal(message_due(house_entity(house, id)).year, 0);
    assert_null(entity_attr(house_entity(house, id), IRI("messageDue")));
    GOOD(house, thread_write(&house->ctx, &asked));
    assert_true(is_due(house, id, time_jst_date(house->clock.fixed)));
    GOOD(house,
         inbox_waits(&house->ctx, &(InboxWaits){.post = clerk.post, .most = 20}, &waits, &more));
    assert_int_equal(waits.len, 2);
    assert_true(str_eq(waits.items[0]->id, later));
    /* nobody is late with a case that has ended */
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = id,
                                                        .move = STR("finish"),
                                                        .text = STR("電話で案内した。")}));
    assert_int_equal(message_due(house_entity(house, id)).year, 0);
}

/* ---- a time after all, and none after all ---- */

#define SLOT "counter/2026-12-01/09:30"

static void who_asked_in_writing_may_take_a_time_later(void **state) {
    House *house = *state;
    Actor clerk, holder = house->nobody;
    CaseSteps steps;
    SlotChoice slot;
    Str id = called(house, &clerk, &holder), other = call_in(house, &clerk);
    house_act(house, &house->other);
    assert_int_equal(booking_change(&house->ctx, id, STR(SLOT)), RC_NOT_FOUND);
    house_act(house, &holder);
    assert_true(booking_may_change(&house->ctx, house_entity(house, id)));
    GOOD(house, booking_change(&house->ctx, id, STR(SLOT)));
    assert_true(booking_of(&house->ctx, house_entity(house, id), &slot));
    /* that is the answer */
    assert_true(str_eq(message_turn(house_entity(house, id)), MESSAGE_SETTLED));
    assert_null(entity_attr(house_entity(house, id), IRI("messageDue")));
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    assert_true(str_eq(steps.items[steps.len - 1].kind, CASE_STEP_BOOKED));
    GOOD(house, booking_change(&house->ctx, id, STR("phone/2026-12-02/13:30")));
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    assert_true(str_eq(steps.items[steps.len - 1].kind, CASE_STEP_DAY));
    /* by telephone; what was written meanwhile waits for its own answer */
    ThreadWish asked = said(other, true, "phone");
    at_desk(house, &clerk);
    GOOD(house, thread_write(&house->ctx, &asked));
    GOOD(house, booking_change(&house->ctx, other, STR(SLOT)));
    assert_true(booking_of(&house->ctx, house_entity(house, other), &slot));
    assert_true(is_due(house, other, time_jst_date(house->clock.fixed)));
}

static void a_slot_that_is_not_asked_for_any_more_goes_back_at_once(void **state) {
    House *house = *state;
    static const char *const said[][2] = {{"talk", "book"}, {"slot", SLOT}, {"talk", "write"}};
    const Definition *definition = consultation(house);
    DefinedDraft draft;
    SlotChoice choice;
    const Entity *slot;
    assert_true(reservation_choice(definition->reservation, STR(SLOT), &choice));
    Str id = reservation_slot_id(house->arena, definition->reservation, &choice);
    house_act(house, &house->resident);
    house->ctx.actor->browser = STR("a browser");
    GOOD(house, defined_begin(&house->ctx, definition, STR("web")));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        JsonMembers members = {0};
        vec_push(house->ctx.arena, &members,
                 (JsonMember){str_of(said[i][0]), json_of_str(str_of(said[i][1]))});
        GOOD(house, defined_keep(&house->ctx, definition, &members));
        GOOD(house, defined_draft(&house->ctx, definition, &draft));
        GOOD(house, booking_let_go(&house->ctx, &draft));
        if (i == 1) GOOD(house, booking_hold(&house->ctx, &draft));
        slot = i ? house_entity(house, id) : NULL;
        assert_int_equal(book_slot_read(slot, 2, house->clock.fixed).held, i == 1);
    }
    assert_true(str_empty(draft.held));
    GOOD(house, defined_draft(&house->ctx, definition, &draft));
    assert_true(str_empty(draft.held));
}

/* ---- bulky waste ---- */

static Rc ask_as(House *house, Actor *actor, Str id) {
    house_act(house, actor);
    return thread_write(&house->ctx, &(ThreadWish){.id = id, .text = STR("門の前でよいですか")});
}

static ThreadShut shut_to(House *house, Actor *actor, Str id) {
    house_act(house, actor);
    return thread_stands(&house->ctx, house_entity(house, id), false).shut;
}

static void bulky_waste_has_the_messages_that_others_have(void **state) {
    House *house = *state;
    ThreadMessages all;
    Attachment file;
    Str id = cases_apply(house, NULL, 1);
    Date due = waste_working_days_after(procedures_waste(&house->tenant),
                                        time_jst_date(house->clock.fixed), 2);
    ThreadWish photo = {.id = id};
    vec_push(house->arena, &photo.files, (ThreadFile){STR("a.png"), STR("no picture")});
    FAILS(house, thread_write(&house->ctx, &photo), RC_INVALID, "type");
    FAILS(house, ask_as(house, &house->other, id), RC_NOT_FOUND, "no-case");
    GOOD(house, ask_as(house, &house->resident, id));
    assert_true(message_waits(house_entity(house, id)));
    assert_int_equal(time_date_days(message_due(house_entity(house, id))), time_date_days(due));
    at_desk(house, &house->clerk);
    GOOD(house,
         thread_write(&house->ctx, &(ThreadWish){.id = id, .office = true, .text = STR("どうぞ")}));
    assert_true(str_eq(message_turn(house_entity(house, id)), MESSAGE_ANSWERED));
    assert_true(str_eq(cases_text(house, id, IRI("assignee")), house->clerk.id));
    GOOD(house, thread_of(&house->ctx, house_entity(house, id), &all));
    assert_int_equal(all.len, 2);
    assert_true(str_eq(dictionary_subject(house->dictionary, all.items[0].entity),
                       dictionary_subject(house->dictionary, house_entity(house, id))));
    FAILS(house, thread_file(&house->ctx, house_entity(house, id), STR("none"), &file),
          RC_NOT_FOUND, "no-file");
    house_act(house, &house->resident);
    GOOD(house, apply_cancel(&house->ctx, id));
    FAILS(house, ask_as(house, &house->resident, id), RC_CONFLICT, "thread-closed");
}

/* What is decided would fall by a message. */
static void nobody_writes_to_what_is_being_decided(void **state) {
    House *house = *state;
    Str decision, id = cases_apply(house, NULL, 1), reduced = cases_apply(house, "disaster", 1);
    GOOD(house, ask_as(house, &house->resident, reduced));
    at_desk(house, &house->clerk);
    GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = reduced}, &decision));
    assert_int_equal(shut_to(house, &house->resident, reduced), THREAD_SHUT_PROPOSED);
    FAILS(house, ask_as(house, &house->resident, reduced), RC_CONFLICT, "thread-closed");
    GOOD(house, cases_confirm(house, id));
    GOOD(house, ask_as(house, &house->resident, id));
    at_desk(house, &house->clerk);
    GOOD(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &decision));
    assert_int_equal(shut_to(house, &house->resident, id), THREAD_SHUT_PROPOSED);
    FAILS(house, ask_as(house, &house->resident, id), RC_CONFLICT, "thread-closed");
    at_desk(house, &house->clerk); /* that no answer is needed is a change of the case, too */
    assert_false(thread_stands(&house->ctx, house_entity(house, id), true).settles);
    FAILS(house, thread_settle(&house->ctx, id, 1), RC_CONFLICT, "thread-closed");
    FAILS(house, thread_settle(&house->ctx, reduced, 1), RC_CONFLICT, "thread-closed");
}

static ThreadDue due_now(House *house, Str id) {
    return thread_due(&house->ctx, house_entity(house, id));
}

/* It was asked on a Friday, for an answer within two working days. */
static void no_day_is_counted_on_which_nobody_may_answer(void **state) {
    House *house = *state;
    Str decision, reduced, id = cases_apply(house, "disaster", 1),
                           other = cases_apply(house, NULL, 1);
    GOOD(house, ask_as(house, &house->resident, id));
    Date due = message_due(house_entity(house, id));
    assert_int_equal(time_date_days(due_now(house, id).day), time_date_days(due));
    assert_false(due_now(house, id).stopped);
    at_desk(house, &house->clerk);
    GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, &reduced));
    house->clock.fixed += 7 * TIME_DAY; /* over a holiday on Monday: four working days */
    ThreadStand stand = thread_stands(&house->ctx, house_entity(house, id), true);
    assert_true(stand.due.stopped);
    assert_int_equal(stand.due.left, 2);
    house_act(house, &house->chief);
    OfficeDecision act = {.id = reduced, .hash = cases_hash(house, reduced)};
    GOOD(house, office_decide(&house->ctx, &act));
    ThreadDue after = due_now(house, id);
    assert_false(after.stopped);
    assert_int_equal(after.paused, 4);
    assert_int_equal(time_date_days(after.day), time_date_days(waste_working_days_after(
                                                    procedures_waste(&house->tenant), due, 4)));
    house->clock.fixed += 7 * TIME_DAY; /* goes on, and what it took stays */
    assert_int_equal(time_date_days(due_now(house, id).day), time_date_days(after.day));
    /* what was late before is not on time by a proposal */
    GOOD(house, ask_as(house, &house->resident, other));
    due = message_due(house_entity(house, other));
    GOOD(house, cases_confirm(house, other));
    house->clock.fixed += 7 * TIME_DAY;
    GOOD(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &decision));
    house->clock.fixed += 4 * TIME_DAY; /* over a weekend: two working days */
    after = due_now(house, other);
    assert_false(after.stopped);
    assert_int_equal(after.paused, 2);
    assert_int_equal(time_date_days(after.day), time_date_days(due) + 2);
}

/* ---- definitions ---- */

static const Json *with_thread(House *house, const char *thread) {
    const Json *whole = house_starter(house, "procedures/consultation.json"), *own;
    Str copy = str_dup(house->ctx.arena, str_of(thread));
    JsonMembers members = {0};
    for (size_t i = 0; i < copy.len; i++)
        if (copy.ptr[i] == '\'') ((char *)(uintptr_t)copy.ptr)[i] = '"';
    GOOD(house, json_read(&house->ctx, copy, JSON_LIMITS_DEFAULT, &own));
    for (size_t i = 0; i < whole->len; i++)
        if (!str_eq(whole->value.members[i].name, STR("thread")))
            vec_push(house->ctx.arena, &members, whole->value.members[i]);
    vec_push(house->ctx.arena, &members, (JsonMember){STR("thread"), *own});
    Json *out = NEW(house->ctx.arena, Json);
    *out = json_of_members(members.items, members.len);
    return out;
}

static void a_thread_that_is_wrong_is_refused_with_its_place(void **state) {
    House *house = *state;
    static const struct {
        const char *thread, *path;
    } cases[] = {
        {"{}", "thread.states"},
        {"{'states': []}", "thread.states"},
        {"{'states': ['gone']}", "thread.states"},
        {"{'states': ['booked'], 'writers': 'mayor'}", "thread.writers"},
        {"{'states': ['booked'], 'class': 'open'}", "thread.class"},
        {"{'states': ['booked'], 'accept': ['film']}", "thread.accept"},
        {"{'states': ['booked'], 'hint': {'ja': 'どうぞ'}}", "thread.hint"},
        {"{'states': ['booked'], 'days': 0}", "thread.days"},
        {"{'states': ['booked'], 'days': 61}", "thread.days"},
        {"{'states': ['booked'], 'hints': {}}", "thread.hints"},
        {"{'states': ['booked'], 'asks': 1}", "thread.asks"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Definition *definition;
        FAILS(house, definition_read(&house->ctx, with_thread(house, cases[i].thread), &definition),
              RC_INVALID, "bad-definition");
        if (!str_eq(house->ctx.error.path, str_of(cases[i].path)))
            fail_msg("%s: " STR_FMT, cases[i].thread, STR_ARG(house->ctx.error.path));
    }
}

static void a_thread_has_to_do_with_open_cases_and_is_said_plainly(void **state) {
    House *house = *state;
    const Definition *definition;
    DefinitionFindings findings = {0};
    GOOD(house, definition_read(&house->ctx,
                                with_thread(house, "{'states': ['booked', 'done'], 'writers': "
                                                   "'office', 'hint': {'ja': '連絡', 'en': 'x'}}"),
                                &definition));
    assert_true(definition->thread->office_only && !definition->thread->sensitive);
    assert_int_equal(definition->thread->accept, 0);
    definition_lint(&house->ctx, definition, NULL, &findings);
    assert_int_equal(findings.len, 2);
    assert_true(str_eq(findings.items[0].path, STR("thread.states")));
    assert_true(str_eq(findings.items[1].path, STR("thread.hint")));
    /* a question that nobody could answer */
    findings = (DefinitionFindings){0};
    GOOD(house,
         definition_read(&house->ctx, with_thread(house, "{'states': ['going'], 'asks': true}"),
                         &definition));
    definition_lint(&house->ctx, definition, NULL, &findings);
    assert_int_equal(findings.len, 1);
    assert_true(str_eq(findings.items[0].path, STR("thread.asks")));
}

/* The rules of bulky waste are read and looked through as a definition is. */
static void a_thread_of_bulky_waste_is_refused_with_its_place(void **state) {
    House *house = *state;
    static const struct {
        const char *thread, *path;
    } cases[] = {
        {"{'states': ['collected']}", "rules.json: thread.states"},
        {"{'states': ['submitted'], 'days': 0}", "rules.json: thread.days"},
        {"{'states': ['submitted'], 'day': 2}", "rules.json: thread.day"},
        {"{'states': ['submitted'], 'asks': true}", "rules.json: thread.asks"},
        {"{'states': ['submitted'], 'hint': {'ja': '連絡', 'en': 'x'}}", "rules.json: thread.hint"},
    };
    const DefinedThread *thread;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FAILS(house, thread_read_waste(&house->ctx, with_thread(house, cases[i].thread), &thread),
              RC_INVALID, "bad-rules");
        if (!str_eq(house->ctx.error.path, str_of(cases[i].path)))
            fail_msg("%s: " STR_FMT, cases[i].thread, STR_ARG(house->ctx.error.path));
    }
}

static void a_proposal_that_a_message_would_fell_is_told(void **state) {
    House *house = *state;
    Definition decided;
    const Definition *definition;
    DefinitionFindings none = {0}, findings = {0};
    GOOD(house,
         definition_read(&house->ctx, with_thread(house, "{'states': ['booked']}"), &definition));
    thread_lint(&house->ctx, definition, &none);
    assert_int_equal(none.len, 0);
    decided = *definition;
    decided.moves.items = NEW_ARRAY(house->ctx.arena, DefinedMove, decided.moves.len);
    memcpy(decided.moves.items, definition->moves.items,
           decided.moves.len * sizeof *decided.moves.items);
    decided.moves.items[0].decision = STR("grant");
    thread_lint(&house->ctx, &decided, &findings);
    assert_int_equal(findings.len, 1);
    assert_true(str_eq(findings.items[0].path, STR("thread.states")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_invented_city_is_consulted),
        TEST(what_was_said_on_the_telephone_is_written_down),
        TEST(nobody_writes_down_what_was_not_said_to_him),
        TEST(an_application_that_asks_is_a_question),
        TEST(an_answer_is_due_until_it_is_given),
        TEST(who_asked_in_writing_may_take_a_time_later),
        TEST(a_slot_that_is_not_asked_for_any_more_goes_back_at_once),
        TEST(bulky_waste_has_the_messages_that_others_have),
        TEST(nobody_writes_to_what_is_being_decided),
        TEST(no_day_is_counted_on_which_nobody_may_answer),
        TEST(a_thread_that_is_wrong_is_refused_with_its_place),
        TEST(a_thread_has_to_do_with_open_cases_and_is_said_plainly),
        TEST(a_thread_of_bulky_waste_is_refused_with_its_place),
        TEST(a_proposal_that_a_message_would_fell_is_told),
    };
    return cmocka_run_group_tests_name("consultation", tests, NULL, NULL);
}
