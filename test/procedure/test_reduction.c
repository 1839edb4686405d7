/* Tests of refusals and of fee reductions: proposed once, decided, dropped with their case. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* What can be done about a refusal is kept with the case: to whom, and within how long. */
static void remedies_told(House *house, Str id) {
    const Attr *remedies = entity_attr(house_entity(house, id), IRI("remedies"));
    assert_non_null(remedies);
    assert_int_equal(remedies->value->len, 2);
    const Json *review = json_get(json_at(remedies->value, 0), STR("text")),
               *suit = json_get(json_at(remedies->value, 1), STR("text"));
    assert_true(str_find(json_get_str(review, "ja"), STR("3か月以内")) >= 0);
    assert_true(str_find(json_get_str(review, "ja"), STR("市長")) >= 0);
    assert_true(str_find(json_get_str(suit, "ja"), STR("6か月以内")) >= 0);
    assert_false(str_empty(json_get_str(suit, "ja-easy")));
}

static void a_refusal_states_its_reason_and_frees_the_day(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    house_act(house, &house->clerk);
    FAILS(house, office_refuse(&house->ctx, &(OfficeAct){.id = id}), RC_INVALID, "missing");
    GOOD(house, office_refuse(&house->ctx, &(OfficeAct){.id = id, .text = STR("市外です。")}));
    assert_int_equal(cases_state(house, id), CASE_REFUSED);
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).booked, 0);
    assert_false(str_empty(cases_text(house, id, IRI("completedAt"))));
    remedies_told(house, id);
    FAILS(house, cases_confirm(house, id), RC_CONFLICT, "moved-on");
}

static Str draft_reduction(House *house, Str id) {
    Str decision;
    house_act(house, &house->clerk);
    GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, &decision));
    return str_dup(house->arena, decision);
}

/* The case's word on its reduction, and the post that said it. */
static void reduction_is(House *house, Str id, const char *state, Str post) {
    const Entity *application = house_entity(house, id);
    CaseSteps steps;
    case_steps(house->ctx.arena, application, &steps);
    CaseReduction reduction = case_reduction(application, &steps);
    assert_true(str_eq(reduction.state, str_of(state)));
    assert_non_null(reduction.end);
    assert_true(str_eq(reduction.end->post, post));
}

static void an_approved_reduction_lowers_the_fee_and_then_is_confirmed(void **state) {
    House *house = *state;
    Str id = cases_apply(house, "single-parent", 1);
    FAILS(house, cases_confirm(house, id), RC_CONFLICT, "reduction-open");
    OfficeDecision decision = {.id = draft_reduction(house, id)};
    FAILS(house, office_decide(&house->ctx, &decision), RC_DENIED, "not-permitted"); /* the clerk */
    house_act(house, &house->chief);
    FAILS(house, office_decide(&house->ctx, &decision), RC_CONFLICT, "other-contents");
    decision.hash = cases_hash(house, decision.id);
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, office_decide(&house->ctx, &decision));
    assert_int_equal(ledger_head(house->tenant.ledger), head + 1);
    const Entity *application = house_entity(house, id);
    assert_int_equal(entity_int(application, IRI("fee"), 0), 300);
    assert_true(str_eq(entity_text(application, IRI("reductionState")), STR("approved")));
    reduction_is(house, id, "approved", house->chief.post);
    GOOD(house, cases_confirm(house, id));
}

static void hand(House *house, const Actor *from, const Actor *to, Str id) {
    StrVec ids = {0};
    HandoverDone done;
    house->clock.fixed += TIME_SECOND;
    house_act(house, (Actor *)from);
    vec_push(house->ctx.arena, &ids, id);
    GOOD(house,
         handover_make(&house->ctx,
                       &(HandoverWish){.from = from->id, .to = to ? to->id : STR_NONE, .ids = &ids},
                       &done));
    assert_int_equal(done.moved, 1);
}

/* Whose case it is says nothing about what is decided; what is said of it does. */
static void a_case_that_is_handed_over_is_decided_as_it_was_proposed(void **state) {
    House *house = *state;
    Actor second;
    Str ids[] = {cases_apply(house, "single-parent", 1), cases_apply(house, "disaster", 1)};
    OfficeDecision decisions[2];
    house_official(house, "second", "environment-waste-clerk", &second);
    for (size_t i = 0; i < 2; i++) {
        house_act(house, &house->clerk);
        cases_set(house, ids[i], LD_DEFAULT "assignee", house->clerk.id);
        house->clock.fixed += TIME_SECOND;
        decisions[i] = (OfficeDecision){.id = draft_reduction(house, ids[i])};
        decisions[i].hash = cases_hash(house, decisions[i].id);
        hand(house, &house->clerk, &second, ids[i]);
        hand(house, &second, NULL, ids[i]);
    }
    cases_set(house, ids[1], LD_DEFAULT "phone", STR("0999-98-7654"));
    house_act(house, &house->chief);
    GOOD(house, office_decide(&house->ctx, &decisions[0]));
    FAILS(house, office_decide(&house->ctx, &decisions[1]), RC_CONFLICT, "case-moved");
}

static void a_rejected_reduction_leaves_the_fee(void **state) {
    House *house = *state;
    Str id = cases_apply(house, "disaster", 1);
    OfficeDecision decision = {.id = draft_reduction(house, id)};
    decision.hash = cases_hash(house, decision.id);
    house_act(house, &house->chief);
    FAILS(house, office_reject(&house->ctx, &decision), RC_INVALID, "no-reason");
    decision.opinion = STR("り災証明書がない。");
    GOOD(house, office_reject(&house->ctx, &decision));
    const Entity *application = house_entity(house, id);
    assert_int_equal(entity_int(application, IRI("fee"), 0), 600);
    assert_true(str_eq(entity_text(application, IRI("reductionState")), STR("refused")));
    reduction_is(house, id, "refused", house->chief.post);
    remedies_told(house, id);
    GOOD(house, cases_confirm(house, id));
}

/* Dropped in the command that ended the case; who has its draft is told once. */
static void dropped(House *house, Str decision, uint64_t head, const char *reason, Actor *drafter) {
    OfficeTold told;
    assert_int_equal(ledger_head(house->tenant.ledger), head + 1);
    assert_true(str_eq(cases_text(house, decision, IRI("state")), STR("dropped")));
    assert_true(str_eq(cases_text(house, decision, IRI("dropReason")), str_of(reason)));
    FAILS(house, office_seen(&house->ctx, decision), RC_DENIED, NULL);
    Actor other = house->clerk;
    other.id = house->chief.id; /* a clerk who did not draft it */
    house_act(house, &other);
    house_drain(house);
    size_t used = arena_used(house->ctx.arena);
    GOOD(house, office_dropped(&house->ctx, &told));
    if (drafter == &house->clerk) /* a colleague's isn't even looked at */
        assert_true(arena_used(house->ctx.arena) - used < 36 << 10);
    assert_int_equal(told.len, 0);
    FAILS(house, office_seen(&house->ctx, decision), RC_NOT_FOUND, "no-proposal");
    house_act(house, drafter);
    GOOD(house, office_dropped(&house->ctx, &told));
    assert_int_equal(told.len, 1);
    GOOD(house, office_seen(&house->ctx, decision));
    GOOD(house, office_dropped(&house->ctx, &told));
    assert_int_equal(told.len, 0);
}

static void a_cancelled_case_drops_its_reduction(void **state) {
    House *house = *state;
    Str id = cases_apply(house, "disaster", 1), other = cases_apply(house, "disaster", 1), again;
    OfficeDecision decision = {.id = draft_reduction(house, id)};
    decision.hash = cases_hash(house, decision.id);
    house_act(house, &house->resident);
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, apply_cancel(&house->ctx, id));
    dropped(house, decision.id, head, "cancelled", &house->clerk);
    reduction_is(house, id, "dropped", STR_NONE);
    house_act(house, &house->chief);
    FAILS(house, office_decide(&house->ctx, &decision), RC_CONFLICT, "not-waiting");
    house_act(house, &house->clerk);
    FAILS(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, &again), RC_CONFLICT,
          "moved-on");
    house_act(house, &house->resident); /* none was drafted */
    GOOD(house, apply_cancel(&house->ctx, other));
    reduction_is(house, other, "dropped", STR_NONE);
}

/* The clerk goes to another post, and another one comes to his: two events. */
static void moved_away(House *house, Actor *heir) {
    StrVec posts = {0};
    vec_push(house->arena, &posts, STR("industry-clerk"));
    house_official(house, "heir", "environment-waste-clerk", heir);
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_posts(&house->ctx, house->clerk.id, &posts));
}

static void a_refused_case_drops_its_reduction(void **state) {
    House *house = *state;
    Actor heir;
    Str id = cases_apply(house, "disaster", 1), first = draft_reduction(house, id);
    house_act(house, &house->clerk);
    GOOD(house, office_withdraw(&house->ctx, &(OfficeDecision){.id = first}));
    Str second = draft_reduction(house, id);
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, office_refuse(&house->ctx, &(OfficeAct){.id = id, .text = STR("市外の品物")}));
    moved_away(house, &heir);
    house_act(house, &house->resident);
    dropped(house, second, head + 2, "refused", &heir);
    house_act(house, &house->clerk);
    FAILS(house, office_seen(&house->ctx, second), RC_NOT_FOUND, "no-proposal");
    assert_true(str_eq(cases_text(house, first, IRI("state")), STR("dropped")));
    reduction_is(house, id, "dropped", house->clerk.post);
}

/* The draft that comes while the case ends, and the end that comes while it is drafted. */
typedef struct Ending {
    House *house;
    Str id;
    bool draft;
    Rc rc;
    pthread_t thread;
} Ending;

static void *ending(void *arg) {
    Ending *ending = arg;
    Rand rand = rand_seeded((uint64_t)(uintptr_t)ending);
    Ctx ctx = house_thread(ending->house, &rand);
    Actor actor = ending->draft ? ending->house->clerk : ending->house->resident;
    ctx.actor = &actor;
    ctx.purpose = ending->draft ? STR("bulky-waste-check") : STR_NONE;
    Str decision;
    ending->rc = ending->draft
                     ? office_draft_reduction(&ctx, &(OfficeAct){.id = ending->id}, &decision)
                     : apply_cancel(&ctx, ending->id);
    house_thread_end(&ctx);
    return NULL;
}

static void no_reduction_waits_for_a_case_that_ended_meanwhile(void **state) {
    House *house = *state;
    for (int round = 0; round < 10; round++) {
        Str id = cases_apply(house, "disaster", 1), waits;
        Ending both[] = {{.house = house, .id = id, .draft = true}, {.house = house, .id = id}};
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&both[i].thread, NULL, ending, &both[i]), 0);
        for (int i = 0; i < 2; i++)
            pthread_join(both[i].thread, NULL);
        assert_int_equal(both[1].rc, RC_OK);
        assert_true(both[0].rc == RC_OK || both[0].rc == RC_CONFLICT);
        house_act(house, &house->clerk);
        GOOD(house, office_reduction_waits(&house->ctx, id, &waits));
        assert_true(str_empty(waits));
    }
}

/* ---- proposing twice ---- */

static Rc draft(House *house, Str id, Str *decision) {
    Rc rc = office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, decision);
    *decision = str_dup(house->arena, *decision);
    return rc;
}

static void a_reduction_is_proposed_once(void **state) {
    House *house = *state;
    Str id = cases_apply(house, "disaster", 1), first, second, waits;
    house_act(house, &house->clerk);
    GOOD(house, office_reduction_waits(&house->ctx, id, &waits));
    assert_true(str_empty(waits));
    GOOD(house, draft(house, id, &first));
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, draft(house, id, &second));
    assert_true(str_eq(first, second));
    assert_int_equal(ledger_head(house->tenant.ledger), head);
    GOOD(house, office_reduction_waits(&house->ctx, id, &waits));
    assert_true(str_eq(waits, first));
    house_act(house, &house->resident); /* it is another version of the case now */
    GOOD(house, apply_choose(&house->ctx, id, STR("out")));
    house_act(house, &house->clerk);
    FAILS(house, draft(house, id, &second), RC_CONFLICT, "proposed");
    GOOD(house, office_withdraw(&house->ctx, &(OfficeDecision){.id = first}));
    GOOD(house, draft(house, id, &second));
    assert_false(str_eq(first, second));
}

enum { PRESSES = 6 };

typedef struct Press {
    House *house;
    Str id;
    char decision[80];
    pthread_t thread;
} Press;

static void *press(void *arg) {
    Press *press = arg;
    Rand rand = rand_seeded((uint64_t)(uintptr_t)press);
    Ctx ctx = house_thread(press->house, &rand);
    Actor clerk = press->house->clerk;
    ctx.actor = &clerk;
    ctx.purpose = STR("bulky-waste-check");
    Str decision;
    if (office_draft_reduction(&ctx, &(OfficeAct){.id = press->id}, &decision) != RC_OK) abort();
    snprintf(press->decision, sizeof press->decision, STR_FMT, STR_ARG(decision));
    house_thread_end(&ctx);
    return NULL;
}

static void presses_at_once_are_one_proposal(void **state) {
    House *house = *state;
    Press presses[PRESSES];
    Str id = cases_apply(house, "disaster", 1), number;
    house_act(house, &house->clerk);
    for (int i = 0; i < PRESSES; i++) {
        presses[i] = (Press){.house = house, .id = id};
        assert_int_equal(pthread_create(&presses[i].thread, NULL, press, &presses[i]), 0);
    }
    for (int i = 0; i < PRESSES; i++)
        pthread_join(presses[i].thread, NULL);
    for (int i = 1; i < PRESSES; i++)
        assert_string_equal(presses[0].decision, presses[i].decision);
    number = cases_text(house, str_of(presses[0].decision), IRI("number"));
    assert_true(str_eq(number, STR("2026-000001")));
}

/* ---- of a procedure that is a definition ---- */

/* Who sees to copies of the resident record, and who decides on their fee. */
typedef struct Desk {
    Actor counter, head;
} Desk;

static Desk desk_of(House *house) {
    Desk desk;
    house_official(house, "counter", "citizens-counter-clerk", &desk.counter);
    house_official(house, "head", "citizens-head", &desk.head);
    desk.head.stepped_up_at = house->clock.fixed;
    return desk;
}

static Str copy_sent(House *house, const char *receive, const char *ground) {
    const char *const more[] = {"receive", receive, "waiver", "yes", "ground", ground, NULL};
    return cases_example(house, "resident-record-copy", 0, more);
}

static DefinedAct act_of(House *house, Str id, const char *move) {
    house->ctx.purpose = STR("application-check");
    return (DefinedAct){.id = id, .move = str_of(move), .text = STR("書類で確認した。")};
}

static OfficeDecision proposed(House *house, Desk *desk, Str id, const char *move) {
    Str decision;
    house_act(house, &desk->counter);
    DefinedAct act = act_of(house, id, move);
    FAILS(house, defined_move(&house->ctx, &act), RC_CONFLICT, "needs-decision");
    GOOD(house, defined_propose(&house->ctx, &act, &decision));
    OfficeDecision wish = {.id = str_dup(house->arena, decision)};
    wish.hash = cases_hash(house, wish.id);
    house_act(house, &desk->head);
    return wish;
}

static LetterDrafts letters_to_be(House *house, Str decision) {
    const Json *contents;
    LetterDrafts drafts;
    const Entity *proposal = house_entity(house, decision);
    GOOD(house, decide_contents(&house->ctx, proposal, &contents));
    GOOD(house, defined_letters(&house->ctx, proposal, contents, &drafts));
    assert_false(drafts.moved);
    return drafts;
}

static void decided(House *house, Desk *desk, Str id, const char *move) {
    CaseLetters letters;
    OfficeDecision wish = proposed(house, desk, id, move);
    LetterDrafts drafts = letters_to_be(house, wish.id);
    assert_false(drafts.nobody_signs);
    GOOD(house, office_decide(&house->ctx, &wish));
    GOOD(house, letters_of(&house->ctx, id, &letters));
    assert_int_equal(letters.len, drafts.contents.len); /* as the decider read them */
    for (size_t i = 0; i < drafts.contents.len; i++)
        assert_true(json_equal(letters.items[i].letter.contents, &drafts.contents.items[i]));
}

static Str signer_of(House *house, Str id, const char *language) {
    CaseLetters letters;
    GOOD(house, letters_of(&house->ctx, id, &letters));
    assert_int_equal(letters.len, 1);
    return json_get_str(json_get(letters.items[0].letter.contents, STR("signer")), language);
}

/* 総務部長 acts for the mayor, by an order of the appointing side. */
static void general_acts(House *house, OrgDays days) {
    Actor general, appoints;
    bool waits;
    house_official(house, "general", "general-director", &general);
    house_official(house, "appoints", "general-affairs-head", &appoints);
    appoints.stepped_up_at = house->clock.fixed;
    house_act(house, &appoints);
    GOOD(house, appoint_order(&house->ctx,
                              &(AppointWish){.kind = DUTY_ACTING,
                                             .official = general.id,
                                             .post = STR("mayor"),
                                             .days = days,
                                             .ground = STR("出張")},
                              &waits));
}

/* 職務代理者 sign in the mayor's name and their own post, while he is away and as the decider read
   it; the letter stays so. */
static void who_acts_for_the_mayor_signs_as_such(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Actor mayor = house->mayor;
    Date today = time_jst_date(house->clock.fixed);
    OrgDays days = {today, time_days_date(time_date_days(today) + 3)};
    Str first = copy_sent(house, "counter", "welfare"), later = copy_sent(house, "post", "welfare");
    house_act(house, &mayor);
    GOOD(house, away_add(&house->ctx, mayor.id, days));
    general_acts(house, days);
    decided(house, &desk, first, "reduce");
    house_act(house, &mayor);
    GOOD(house, away_end(&house->ctx, mayor.id, today));
    decided(house, &desk, later, "reduce");
    assert_true(str_eq(signer_of(house, first, "ja"), STR("まち市長職務代理者 総務部長")));
    assert_true(
        str_eq(signer_of(house, first, "en"),
               STR("Director, General Affairs Department, acting for Mayor of Machi City")));
    assert_true(str_eq(signer_of(house, later, "ja"), STR("まち市長")));
}

/* 欠けたとき: nothing goes out in the name of a mayor whom there isn't. */
static void nothing_is_signed_for_a_vacant_post(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Date today = time_jst_date(house->clock.fixed);
    StrVec none = {0};
    Str id = copy_sent(house, "counter", "welfare");
    OfficeDecision wish = proposed(house, &desk, id, "reduce");
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_posts(&house->ctx, house->mayor.id, &none));
    house_act(house, &desk.head);
    assert_true(letters_to_be(house, wish.id).nobody_signs);
    FAILS(house, office_decide(&house->ctx, &wish), RC_CONFLICT, "nobody-signs");
    general_acts(house, (OrgDays){today, today});
    house_act(house, &desk.head);
    assert_false(letters_to_be(house, wish.id).nobody_signs);
    GOOD(house, office_decide(&house->ctx, &wish));
    assert_true(str_eq(signer_of(house, id, "ja"), STR("まち市長職務代理者 総務部長")));
}

/* 委員会 sign in their own name, whoever represents them; somebody has to. */
static void a_body_signs_as_itself(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Date today = time_jst_date(house->clock.fixed);
    StrVec none = {0};
    Gate *gate = house->tenant.gate;
    GatePost *post = (GatePost *)gate_post(gate, STR("mayor"));
    vec_push(gate->arena, &gate->bodies, (GateBody){post->signs, post->id});
    post->signs = STR_NONE;
    Str id = copy_sent(house, "counter", "welfare");
    OfficeDecision wish = proposed(house, &desk, id, "reduce");
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_posts(&house->ctx, house->mayor.id, &none));
    house_act(house, &desk.head);
    FAILS(house, office_decide(&house->ctx, &wish), RC_CONFLICT, "nobody-signs");
    general_acts(house, (OrgDays){today, today});
    house_act(house, &desk.head);
    GOOD(house, office_decide(&house->ctx, &wish));
    assert_true(str_eq(signer_of(house, id, "ja"), STR("まち市長")));
}

/* The name of a post that is no more is its successor's to sign in, from its day on. */
static void a_successor_signs_what_an_abolished_post_signed(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Actor general;
    GatePost *post = (GatePost *)gate_post(house->tenant.gate, STR("mayor"));
    Str id = copy_sent(house, "post", "welfare");
    house_official(house, "general", "general-director", &general);
    post->abolished = time_jst_date(house->clock.fixed + TIME_DAY);
    post->successor = STR("general-director");
    house->clock.fixed += TIME_DAY;
    desk.head.stepped_up_at = house->clock.fixed;
    decided(house, &desk, id, "reduce");
    assert_true(str_eq(signer_of(house, id, "ja"), STR("総務部長")));
}

/* A message that waits needs no answer, unless a proposal would fall by that. */
static void a_proposal_keeps_messages_as_they_are(void **state) {
    static const DefinedThread thread = {0};
    House *house = *state;
    Desk desk = desk_of(house);
    Str id = copy_sent(house, "counter", "welfare");
    house_act(house, &desk.counter);
    cases_set(house, id, LD_DEFAULT "messageState", MESSAGE_WAITS);
    Definition *own = (Definition *)(uintptr_t)defined_of(&house->ctx, house_entity(house, id));
    own->thread = &thread;
    house->ctx.purpose = STR("application-check");
    assert_true(thread_stands(&house->ctx, house_entity(house, id), true).settles);
    (void)proposed(house, &desk, id, "reduce");
    house_act(house, &desk.counter);
    house->ctx.purpose = STR("application-check");
    assert_false(thread_stands(&house->ctx, house_entity(house, id), true).settles);
    FAILS(house, thread_settle(&house->ctx, id, 0), RC_CONFLICT, "thread-closed");
    own->thread = NULL;
}

/* Where the case is, what is due of it, and which letter was issued. */
static void is_now(House *house, Str id, const char *state, int64_t fee, const char *letter) {
    CaseLetters letters;
    const Entity *application = house_entity(house, id);
    assert_true(str_eq(entity_text(application, IRI("procedureState")), str_of(state)));
    assert_int_equal(entity_int(application, IRI("fee"), -1), fee);
    GOOD(house, letters_of(&house->ctx, id, &letters));
    assert_int_equal(letters.len, 1);
    assert_true(str_eq(letters.items[0].letter.kind, str_of(letter)));
}

static void a_reduction_is_decided_before_the_fee_is_due(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Str id = copy_sent(house, "post", "welfare");
    Payment payment;
    decided(house, &desk, id, "reduce");
    is_now(house, id, "payment", 110, "reduced");
    GOOD(house, fee_of(&house->ctx, id, &payment));
    assert_int_equal(payment.amount, 110);
    assert_int_equal(payment.state, PAY_INVOICED);
    const Attr *kept = entity_attr(house_entity(house, id), IRI("feeReduction"));
    assert_int_equal(json_get_int(kept->value, "before", 0), 410);
    assert_false(str_empty(json_get_str(kept->value, "article")));
    house_act(house, &desk.counter);
    DefinedAct again = act_of(house, id, "reduce");
    Str decision; /* of the same there is nothing left to waive */
    FAILS(house, defined_propose(&house->ctx, &again, &decision), RC_CONFLICT, "no-reduction");
}

static void a_fee_that_is_waived_is_waited_for_by_nobody(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Str id = copy_sent(house, "counter", "disaster");
    Payment payment;
    decided(house, &desk, id, "reduce");
    is_now(house, id, "paid", 0, "reduced");
    assert_int_equal(fee_of(&house->ctx, id, &payment), RC_NOT_FOUND);
}

static void a_fee_that_was_due_already_is_lowered(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Str posted = copy_sent(house, "post", "welfare"), session;
    Str fetched = copy_sent(house, "counter", "welfare");
    Payment payment;
    const Str ids[] = {posted, fetched};
    for (size_t i = 0; i < 2; i++) {
        house_act(house, &desk.counter);
        DefinedAct accept = act_of(house, ids[i], "accept");
        GOOD(house, defined_move(&house->ctx, &accept));
    }
    house_act(house, &house->resident);
    GOOD(house, fee_try(&house->ctx, posted, &payment, &session));
    decided(house, &desk, posted, "reduce");
    is_now(house, posted, "payment", 110, "reduced");
    GOOD(house, fee_of(&house->ctx, posted, &payment));
    assert_int_equal(payment.amount, 110);
    assert_null(payment_open(&payment));     /* which asked for another amount, */
    assert_true(payment_may_come(&payment)); /* and may be paid still */
    const Attr *asks = entity_attr(house_entity(house, payment.id), IRI("asks"));
    assert_true(asks->value->value.boolean);
    decided(house, &desk, fetched, "reduce");
    is_now(house, fetched, "paid", 0, "reduced");
    GOOD(house, fee_of(&house->ctx, fetched, &payment));
    assert_int_equal(payment.state, PAY_WAIVED);
}

static void post(House *house, Str id, PayEventKind kind, const char *receipt, int64_t yen) {
    PayEvent event = {.kind = kind,
                      .receipt = str_of(receipt),
                      .channel = STR("bank"),
                      .amount = yen,
                      .at = house->clock.fixed};
    GOOD(house, fee_post(&house->ctx, payment_id(house->ctx.arena, id), &event, STR("api")));
}

static Payment owed(House *house, Str id) {
    Payment payment;
    GOOD(house, fee_of(&house->ctx, id, &payment));
    return payment;
}

static void what_was_paid_before_the_reduction_goes_back(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Str posted = copy_sent(house, "post", "welfare"),
        fetched = copy_sent(house, "counter", "welfare");
    const Str ids[] = {posted, fetched};
    CaseSteps steps;
    for (size_t i = 0; i < 2; i++) {
        house_act(house, &desk.counter);
        DefinedAct accept = act_of(house, ids[i], "accept");
        GOOD(house, defined_move(&house->ctx, &accept));
        post(house, ids[i], PAY_EVENT_PAID, "p1", owed(house, ids[i]).amount);
        assert_int_equal(owed(house, ids[i]).state, PAY_PAID);
        decided(house, &desk, ids[i], "reduce");
        assert_int_equal(owed(house, ids[i]).state, PAY_REFUNDING);
    }
    is_now(house, posted, "payment", 110, "reduced");
    is_now(house, fetched, "paid", 0, "reduced");
    case_steps(house->ctx.arena, house_entity(house, fetched), &steps);
    assert_true(str_eq(steps.items[steps.len - 1].kind, CASE_STEP_FREE));
    house_act(house, &desk.head);
    house->ctx.purpose = STR("application-check");
    FeeDecision back = {posted, STR("p1"), PAY_KEEP, STR("減免のため")};
    FAILS(house, fee_decide(&house->ctx, &back), RC_CONFLICT, "too-much");
    back.decision = PAY_RETURN;
    GOOD(house, fee_decide(&house->ctx, &back));
    post(house, posted, PAY_EVENT_RETURNED, "p1", 410);
    assert_int_equal(owed(house, posted).state, PAY_INVOICED);
    post(house, posted, PAY_EVENT_PAID, "p2", 110);
    is_now(house, posted, "paid", 110, "reduced");
}

static void no_letter_is_shown_of_a_case_that_has_moved(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Str id = copy_sent(house, "post", "welfare"), decision;
    LetterDrafts drafts;
    const Json *contents;
    house_act(house, &desk.counter);
    DefinedAct act = act_of(house, id, "reduce");
    GOOD(house, defined_propose(&house->ctx, &act, &decision));
    decision = str_dup(house->arena, decision);
    cases_set(house, id, LD_DEFAULT "address", STR("別の町1-1"));
    house_act(house, &desk.head);
    const Entity *proposal = house_entity(house, decision);
    GOOD(house, decide_contents(&house->ctx, proposal, &contents));
    GOOD(house, defined_letters(&house->ctx, proposal, contents, &drafts));
    assert_true(drafts.moved);
    assert_int_equal(drafts.contents.len, 0);
}

/* By the yen that would have been waived. */
static void refusing_a_reduction_is_as_high_a_matter_as_granting_it(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    const char *const more[] = {"receive", "counter", "copies",  "10", "waiver",
                                "yes",     "ground",  "welfare", NULL};
    Str id = cases_example(house, "resident-record-copy", 0, more), decisions[2];
    static const char *const moves[] = {"reduce", "no-reduction"};
    for (size_t i = 0; i < 2; i++) {
        house_act(house, &desk.counter);
        DefinedAct act = act_of(house, id, moves[i]);
        GOOD(house, defined_propose(&house->ctx, &act, &decisions[i]));
        Str post = entity_text(house_entity(house, decisions[i]), IRI("deciderPost"));
        assert_true(str_eq(post, STR("citizens-director"))); /* 3 000 yen */
        GOOD(house, office_withdraw(&house->ctx, &(OfficeDecision){.id = decisions[i]}));
    }
}

static void a_reduction_that_is_refused_says_why_and_what_can_be_done(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Str id = copy_sent(house, "post", "welfare");
    CaseLetters letters;
    decided(house, &desk, id, "no-reduction");
    is_now(house, id, "payment", 410, "not-reduced");
    GOOD(house, letters_of(&house->ctx, id, &letters));
    const Json *contents = letters.items[0].letter.contents;
    assert_true(str_eq(json_get_str(contents, "reason"), STR("書類で確認した。")));
    assert_int_equal(json_get(contents, STR("remedies"))->len, 2);
}

/* Whoever asks for none is told of none, and isn't asked how it is to come. */
static void who_asks_for_no_reduction_is_asked_for_no_notice(void **state) {
    House *house = *state;
    Desk desk = desk_of(house);
    Str plain = cases_example(house, "resident-record-copy", 0, NULL);
    Str asked = copy_sent(house, "post", "welfare");
    assert_true(str_empty(cases_text(house, plain, IRI("noticeBy"))));
    assert_true(str_eq(cases_text(house, asked, IRI("noticeBy")), LETTER_ELECTRONIC));
    house_act(house, &desk.counter);
    DefinedAct act = act_of(house, plain, "reduce");
    Str decision;
    FAILS(house, defined_propose(&house->ctx, &act, &decision), RC_CONFLICT, "no-reduction");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_refusal_states_its_reason_and_frees_the_day),
        TEST(an_approved_reduction_lowers_the_fee_and_then_is_confirmed),
        TEST(a_case_that_is_handed_over_is_decided_as_it_was_proposed),
        TEST(a_rejected_reduction_leaves_the_fee),
        TEST(a_cancelled_case_drops_its_reduction),
        TEST(a_refused_case_drops_its_reduction),
        TEST(no_reduction_waits_for_a_case_that_ended_meanwhile),
        TEST(a_reduction_is_proposed_once),
        TEST(presses_at_once_are_one_proposal),
        TEST(a_reduction_is_decided_before_the_fee_is_due),
        TEST(who_acts_for_the_mayor_signs_as_such),
        TEST(a_body_signs_as_itself),
        TEST(a_successor_signs_what_an_abolished_post_signed),
        TEST(nothing_is_signed_for_a_vacant_post),
        TEST(a_proposal_keeps_messages_as_they_are),
        TEST(a_fee_that_is_waived_is_waited_for_by_nobody),
        TEST(a_fee_that_was_due_already_is_lowered),
        TEST(a_reduction_that_is_refused_says_why_and_what_can_be_done),
        TEST(who_asks_for_no_reduction_is_asked_for_no_notice),
        TEST(what_was_paid_before_the_reduction_goes_back),
        TEST(no_letter_is_shown_of_a_case_that_has_moved),
        TEST(refusing_a_reduction_is_as_high_a_matter_as_granting_it),
    };
    return cmocka_run_group_tests_name("reduction", tests, NULL, NULL);
}
