/* Tests of decisions: who may act on what, and that nobody decides what he has not seen. */
#include "../procedure/house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { CASES = 3 };

typedef struct Deal {
    House house;
    Str id, hash;
    Str cases[CASES];
} Deal;

static Json numbers(Arena *arena, size_t n) {
    JsonItems items = {0};
    for (size_t i = 0; i < n; i++)
        vec_push(arena, &items, json_of_int((int64_t)i));
    return json_of_items(items.items, items.len);
}

static const Json *contents(Arena *arena, size_t n) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    Json *json = NEW(arena, Json);
    members[0] = (JsonMember){STR("title"), json_of_str(STR("三件"))};
    members[1] = (JsonMember){STR("cases"), numbers(arena, n)};
    *json = json_of_members(members, 2);
    return json;
}

static Command *begin(Deal *deal, const char *kind) {
    return command_new(deal->house.tenant.ledger,
                       (CommandHead){.kind = str_of(kind), .channel = STR("web")});
}

static Rc touch(Deal *deal, Str id, int64_t value) {
    Command *command = begin(deal, "test.touch");
    Arena *arena = command_arena(command);
    Entity *entity = entity_new(arena, str_dup(arena, id), STR("urn:t:Case"));
    entity_set(arena, entity, STR("urn:a:value"), json_of_int(value));
    Delta *delta = NEW(arena, Delta);
    *delta = (Delta){.op = DELTA_PUT, .id = entity->id, .after = entity};
    PartPut *put = NEW(arena, PartPut);
    *put = (PartPut){.delta = delta, .expect = PUT_ANY};
    command_needs(command, entity->id);
    command_add(command, &part_put, put);
    return house_run(&deal->house.ctx, command);
}

static Rc draft(Deal *deal, Str id, Str drafter, Str decider_post) {
    Command *command = begin(deal, "decision.draft");
    Arena *arena = command_arena(command);
    PartDraft *part = NEW(arena, PartDraft);
    *part = (PartDraft){.id = id,
                        .kind = STR("test"),
                        .title = STR("三件について"),
                        .contents = contents(arena, CASES),
                        .drafter = drafter,
                        .drafter_post = STR("clerk-post"),
                        .decider_post = decider_post,
                        .counter = counter_id(arena, STR("decision"), 2026),
                        .fiscal_year = 2026};
    for (size_t i = 0; i < CASES; i++) {
        const Entity *one = house_entity(&deal->house, deal->cases[i]);
        vec_push(arena, &part->cases, (DecideCase){deal->cases[i], one->version});
    }
    command_needs(command, part->id);
    command_needs(command, part->counter);
    command_add(command, &part_decision_draft, part);
    return house_run(&deal->house.ctx, command);
}

static Rc act(Deal *deal, const PartKind *kind, PartAct wish) {
    Command *command = begin(deal, kind->name);
    Arena *arena = command_arena(command);
    PartAct *part = NEW(arena, PartAct);
    *part = wish;
    if (!part->id.ptr) part->id = deal->id;
    if (!part->hash.ptr) part->hash = deal->hash;
    if (!part->post.ptr) part->post = STR("chief-post");
    if (!part->actor.ptr) part->actor = STR("urn:chief");
    command_needs(command, part->id);
    for (size_t i = 0; i < CASES; i++)
        command_needs(command, deal->cases[i]);
    command_add(command, kind, part);
    return house_run(&deal->house.ctx, command);
}
#define ACT(deal, kind, ...) act((deal), &part_decision_##kind, (PartAct){__VA_ARGS__})

static Str text_of(Deal *deal, const char *term) {
    Str iri = str_fmt(deal->house.ctx.arena, LD_DEFAULT "%s", term);
    return entity_text(house_entity(&deal->house, deal->id), iri);
}

static int set_up(void **state) {
    Deal *deal = mem_zero(sizeof *deal);
    House *house = &deal->house;
    house_make(house, HOUSE_LEDGER);
    for (size_t i = 0; i < CASES; i++) {
        deal->cases[i] = str_fmt(house->arena, "urn:case:%zu", i);
        GOOD(house, touch(deal, deal->cases[i], 1));
    }
    deal->id = decide_id(house->arena, &house->rand);
    GOOD(house, draft(deal, deal->id, STR("urn:clerk"), STR("chief-post")));
    deal->hash = str_dup(house->arena, text_of(deal, "contentHash"));
    *state = deal;
    return 0;
}

static int tear_down(void **state) {
    Deal *deal = *state;
    house_end(&deal->house);
    mem_free(deal);
    return 0;
}

#define DEAL()                                                                                     \
    Deal *deal = *state;                                                                           \
    House *house = &deal->house

static void is_state(Deal *deal, const char *word) {
    Str stored = text_of(deal, "state");
    if (!str_eq(stored, str_of(word))) fail_msg("state is " STR_FMT, STR_ARG(stored));
}

static void a_draft_waits_with_its_number_and_hash(void **state) {
    DEAL();
    is_state(deal, "waiting");
    assert_true(str_eq(text_of(deal, "number"), STR("2026-000001")));
    assert_true(str_eq(deal->hash, decide_hash(house->ctx.arena, contents(house->ctx.arena, 3))));
    DecideCases cases;
    decide_cases(house->ctx.arena, house_entity(house, deal->id), &cases);
    assert_int_equal(cases.len, CASES);
    FAILS(house, draft(deal, deal->id, STR("urn:clerk"), STR("p")), RC_CONFLICT, "drafted");
}

static void a_draft_needs_a_drafter_and_a_decider(void **state) {
    DEAL();
    Str id = decide_id(house->arena, &house->rand);
    FAILS(house, draft(deal, id, STR(""), STR("chief-post")), RC_INVALID, "no-route");
    FAILS(house, draft(deal, id, STR("urn:clerk"), STR("")), RC_INVALID, "no-route");
}

static void the_canonical_text_knows_no_order_of_members_and_every_order_of_items(void **state) {
    DEAL();
    static const struct {
        const char *one, *other;
        bool same;
    } rows[] = {
        {"{\"a\":1,\"b\":[1,2]}", "{ \"b\" : [1, 2], \"a\" : 1 }", true},
        {"{\"a\":{\"y\":1,\"x\":2}}", "{\"a\":{\"x\":2,\"y\":1}}", true},
        {"{\"a\":[1,2]}", "{\"a\":[2,1]}", false},
        {"{\"a\":1}", "{\"a\":\"1\"}", false},
        {"{\"a\":null}", "{}", false},
        {"{\"a\":\"\\u3042\"}", "{\"a\":\"あ\"}", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const Json *one, *other;
        GOOD(house, json_read(&house->ctx, str_of(rows[i].one), JSON_LIMITS_DEFAULT, &one));
        GOOD(house, json_read(&house->ctx, str_of(rows[i].other), JSON_LIMITS_DEFAULT, &other));
        assert_int_equal(
            str_eq(decide_hash(house->ctx.arena, one), decide_hash(house->ctx.arena, other)),
            rows[i].same);
    }
}

static void the_decider_decides_once_on_what_he_saw(void **state) {
    DEAL();
    FAILS(house, ACT(deal, decide, .hash = STR("00")), RC_CONFLICT, "other-contents");
    is_state(deal, "waiting");
    GOOD(house, ACT(deal, decide, .opinion = STR("よい")));
    is_state(deal, "decided");
    assert_true(str_eq(text_of(deal, "decider"), STR("urn:chief")));
    FAILS(house, ACT(deal, decide, 0), RC_CONFLICT, "not-waiting");
    FAILS(house, ACT(deal, return, .opinion = STR("x")), RC_CONFLICT, "not-waiting");
}

static void another_post_does_not_act(void **state) {
    DEAL();
    const PartKind *const kinds[] = {&part_decision_decide, &part_decision_return,
                                     &part_decision_reject, &part_decision_takeout};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        PartAct wish = {.post = STR("other-post"), .opinion = STR("x"), .case_id = deal->cases[0]};
        FAILS(house, act(deal, kinds[i], wish), RC_DENIED, "not-decider");
        if (kinds[i] == &part_decision_takeout) continue; /* its drafter may, too */
        wish = (PartAct){.actor = STR("urn:clerk"), .opinion = STR("x"), .case_id = deal->cases[0]};
        FAILS(house, act(deal, kinds[i], wish), RC_DENIED, "own-draft");
    }
    is_state(deal, "waiting");
}

static void a_case_that_moved_voids_the_decision(void **state) {
    DEAL();
    GOOD(house, touch(deal, deal->cases[1], 2));
    FAILS(house, ACT(deal, decide, 0), RC_CONFLICT, "case-moved");
    is_state(deal, "waiting");
}

static void taking_out_changes_the_hash_and_leaves_the_rest(void **state) {
    DEAL();
    Str before = deal->hash;
    GOOD(house, touch(deal, deal->cases[1], 2));
    FAILS(house,
          ACT(deal, takeout, .case_id = deal->cases[1], .contents = contents(house->arena, 2)),
          RC_INVALID, "no-reason");
    GOOD(house, ACT(deal, takeout, .case_id = deal->cases[1], .opinion = STR("重複"),
                    .contents = contents(house->arena, 2)));
    assert_false(str_empty(text_of(deal, "changedAt")));
    FAILS(house, ACT(deal, decide, 0), RC_CONFLICT, "other-contents");
    deal->hash = str_dup(house->arena, text_of(deal, "contentHash"));
    assert_false(str_eq(before, deal->hash));
    DecideCases cases;
    decide_cases(house->ctx.arena, house_entity(house, deal->id), &cases);
    assert_int_equal(cases.len, CASES - 1);
    FAILS(house, ACT(deal, takeout, .case_id = deal->cases[1]), RC_NOT_FOUND, "no-case");
    GOOD(house, ACT(deal, decide, 0));
}

static void the_drafter_takes_out_too_but_never_the_last(void **state) {
    DEAL();
    for (size_t i = 1; i < CASES; i++) {
        GOOD(house, ACT(deal, takeout, .actor = STR("urn:clerk"), .post = STR("clerk-post"),
                        .opinion = STR("重複"), .case_id = deal->cases[i],
                        .contents = contents(house->arena, CASES - i)));
        FAILS(house, ACT(deal, decide, 0), RC_CONFLICT, "other-contents");
        deal->hash = str_dup(house->arena, text_of(deal, "contentHash"));
    }
    FAILS(house, ACT(deal, takeout, .case_id = deal->cases[0], .opinion = STR("重複")), RC_CONFLICT,
          "last-case");
    GOOD(house, ACT(deal, decide, 0));
}

static void what_was_taken_out_is_put_back_while_it_is_the_same(void **state) {
    DEAL();
    Str one = deal->cases[1];
    const Json *two = contents(house->arena, 2), *three = contents(house->arena, 3);
    uint64_t version = house_entity(house, one)->version;
    FAILS(house, ACT(deal, putback, .case_id = one, .contents = three, .version = version),
          RC_CONFLICT, "still-in");
    GOOD(house, ACT(deal, takeout, .case_id = one, .opinion = STR("重複"), .contents = two));
    FAILS(house, ACT(deal, putback, .case_id = one, .contents = three, .version = version),
          RC_CONFLICT, "other-contents");
    deal->hash = str_dup(house->arena, text_of(deal, "contentHash"));
    FAILS(house, ACT(deal, putback, .case_id = one, .contents = three, .version = version + 1),
          RC_CONFLICT, "out-moved");
    FAILS(house,
          ACT(deal, putback, .post = STR("other-post"), .case_id = one, .contents = three,
              .version = version),
          RC_DENIED, "not-decider");
    GOOD(house, ACT(deal, putback, .case_id = one, .contents = three, .version = version));
    FAILS(house, ACT(deal, decide, 0), RC_CONFLICT, "other-contents");
    deal->hash = str_dup(house->arena, text_of(deal, "contentHash"));
    DecideCases cases;
    decide_cases(house->ctx.arena, house_entity(house, deal->id), &cases);
    assert_int_equal(cases.len, CASES);
    GOOD(house, ACT(deal, decide, 0));
    FAILS(house, ACT(deal, putback, .case_id = one, .contents = three, .version = version),
          RC_CONFLICT, "not-waiting");
}

static void return_and_rejection_state_a_reason(void **state) {
    DEAL();
    FAILS(house, ACT(deal, return, 0), RC_INVALID, "no-reason");
    FAILS(house, ACT(deal, reject, .opinion = STR("　 ")), RC_INVALID, "no-reason");
    GOOD(house, ACT(deal, return, .opinion = STR("金額を確かめる")));
    is_state(deal, "returned");
    assert_true(str_eq(text_of(deal, "opinion"), STR("金額を確かめる")));
}

static void only_the_drafter_withdraws(void **state) {
    DEAL();
    FAILS(house, ACT(deal, withdraw, 0), RC_DENIED, "not-drafter");
    GOOD(house, ACT(deal, withdraw, .actor = STR("urn:clerk")));
    is_state(deal, "withdrawn");
    FAILS(house, ACT(deal, decide, 0), RC_CONFLICT, "not-waiting");
}

/* ---- generated sequences ---- */

enum { ROUNDS = 150, STEPS = 12 };

static PartAct act_draw(Deal *deal, Rand *rand) {
    PartAct wish = {.actor = rand_below(rand, 4) ? STR("urn:chief") : STR("urn:clerk"),
                    .post = rand_below(rand, 4) ? STR("chief-post") : STR("other-post"),
                    .hash = rand_below(rand, 4)
                                ? str_dup(deal->house.arena, text_of(deal, "contentHash"))
                                : STR("stale"),
                    .opinion = rand_below(rand, 2) ? STR("理由") : STR(""),
                    .case_id = deal->cases[rand_below(rand, CASES)]};
    wish.contents = contents(deal->house.arena, rand_below(rand, CASES));
    wish.version = house_entity(&deal->house, wish.case_id)->version;
    return wish;
}

/* However the acts fall: what ended stays ended; who ended it was entitled; a decided hash is the
 * hash of the contents. */
static void check_ended(Deal *deal, const PartKind *kind, const PartAct *wish) {
    House *house = &deal->house;
    if (kind == &part_decision_withdraw) {
        assert_true(str_eq(wish->actor, STR("urn:clerk")));
        return;
    }
    bool changes = kind == &part_decision_takeout || kind == &part_decision_putback;
    bool drafter = str_eq(wish->actor, STR("urn:clerk")); /* changes the contents, no more */
    assert_true(!drafter || changes);
    assert_true(drafter || str_eq(wish->post, STR("chief-post")));
    const Entity *decision = house_entity(house, deal->id);
    Str hash = decide_hash(house->ctx.arena, entity_attr(decision, IRI("contents"))->value);
    assert_true(str_eq(hash, text_of(deal, "contentHash")));
    if (kind == &part_decision_decide || changes) assert_false(str_eq(wish->hash, STR("stale")));
    if (kind != &part_decision_decide && kind != &part_decision_putback)
        assert_false(str_empty(wish->opinion));
}

static void generated_acts_never_break_the_rules(void **state) {
    DEAL();
    static const PartKind *const kinds[] = {&part_decision_decide,  &part_decision_return,
                                            &part_decision_reject,  &part_decision_takeout,
                                            &part_decision_putback, &part_decision_withdraw};
    int ended = 0;
    for (int round = 0; round < ROUNDS; round++) {
        deal->id = decide_id(house->arena, &house->rand);
        GOOD(house, draft(deal, deal->id, STR("urn:clerk"), STR("chief-post")));
        bool waits = true;
        for (int i = 0; i < STEPS; i++) {
            const PartKind *kind = kinds[rand_below(&house->rand, 6)];
            PartAct wish = act_draw(deal, &house->rand);
            Rc rc = act(deal, kind, wish);
            if (rc == RC_OK) assert_true(waits);
            if (rc == RC_OK) check_ended(deal, kind, &wish);
            bool changes = kind == &part_decision_takeout || kind == &part_decision_putback;
            if (rc == RC_OK && !changes) waits = false;
            assert_int_equal(str_eq(text_of(deal, "state"), STR("waiting")), waits);
        }
        ended += !waits;
    }
    assert_true(ended > ROUNDS / 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_draft_waits_with_its_number_and_hash),
        TEST(what_was_taken_out_is_put_back_while_it_is_the_same),
        TEST(a_draft_needs_a_drafter_and_a_decider),
        TEST(the_canonical_text_knows_no_order_of_members_and_every_order_of_items),
        TEST(the_decider_decides_once_on_what_he_saw),
        TEST(another_post_does_not_act),
        TEST(a_case_that_moved_voids_the_decision),
        TEST(taking_out_changes_the_hash_and_leaves_the_rest),
        TEST(the_drafter_takes_out_too_but_never_the_last),
        TEST(return_and_rejection_state_a_reason),
        TEST(only_the_drafter_withdraws),
        TEST(generated_acts_never_break_the_rules),
    };
    return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
