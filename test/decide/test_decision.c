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
    Org org; /* chief-post is held by urn:chief, clerk-post by urn:clerk */
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
                        .plan = {.drafter = drafter,
                                 .drafter_post = STR("clerk-post"),
                                 .decider_post = decider_post},
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

/* One form of what somebody does, on the route or to the contents. */
typedef enum Deed { DECIDE, RETURN, REJECT, WITHDRAW, TAKEOUT, PUTBACK, DEEDS } Deed;
typedef struct Wish {
    Str actor, post, hash, opinion, case_id;
    const Json *contents;
    uint64_t version;
} Wish;

static const struct {
    RouteVerb verb;
    RouteState after;
} routed[] = {
    [DECIDE] = {ROUTE_APPROVE, ROUTE_DECIDED},
    [RETURN] = {ROUTE_RETURN, ROUTE_RETURNED},
    [REJECT] = {ROUTE_REJECT, ROUTE_REJECTED},
    [WITHDRAW] = {ROUTE_WITHDRAW, ROUTE_WITHDRAWN},
};

static void routed_add(Deal *deal, Command *command, Deed deed, const Wish *wish) {
    PartAct *part = NEW(command_arena(command), PartAct);
    *part = (PartAct){.id = deal->id,
                      .org = &deal->org,
                      .after = routed[deed].after,
                      .act = {.verb = routed[deed].verb,
                              .person = wish->actor,
                              .post = wish->post,
                              .to = ROUTE_STAGES_MAX,
                              .hash = wish->hash,
                              .opinion = wish->opinion}};
    command_add(command, &part_decision_act, part);
}

static void change_add(Deal *deal, Command *command, Deed deed, const Wish *wish) {
    PartChange *part = NEW(command_arena(command), PartChange);
    *part = (PartChange){.id = deal->id,
                         .org = &deal->org,
                         .actor = wish->actor,
                         .post = wish->post,
                         .hash = wish->hash,
                         .opinion = wish->opinion,
                         .case_id = wish->case_id,
                         .contents = wish->contents,
                         .version = wish->version};
    command_add(command, deed == TAKEOUT ? &part_decision_takeout : &part_decision_putback, part);
}

static Rc act(Deal *deal, Deed deed, Wish wish) {
    Command *command = begin(deal, "decision.act");
    if (!wish.hash.ptr) wish.hash = deal->hash;
    if (!wish.post.ptr) wish.post = STR("chief-post");
    if (!wish.actor.ptr) wish.actor = STR("urn:chief");
    command_needs(command, deal->id);
    for (size_t i = 0; i < CASES; i++)
        command_needs(command, deal->cases[i]);
    org_load_needs(command, &deal->org);
    if (deed < TAKEOUT)
        routed_add(deal, command, deed, &wish);
    else
        change_add(deal, command, deed, &wish);
    return house_run(&deal->house.ctx, command);
}
#define ACT(deal, deed, ...) act((deal), deed, (Wish){__VA_ARGS__})

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
    static const char *const held[][2] = {{"urn:chief", "chief-post"}, {"urn:clerk", "clerk-post"}};
    for (size_t i = 0; i < 2; i++) {
        vec_push(house->arena, &deal->org.posts, (OrgPost){.id = str_of(held[i][1])});
        vec_push(house->arena, &deal->org.holdings,
                 (OrgHolding){.person = str_of(held[i][0]), .post = str_of(held[i][1])});
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
    FAILS(house, ACT(deal, DECIDE, .hash = STR("00")), RC_CONFLICT, "other-contents");
    is_state(deal, "waiting");
    GOOD(house, ACT(deal, DECIDE, .opinion = STR("よい")));
    is_state(deal, "decided");
    assert_true(str_eq(text_of(deal, "decider"), STR("urn:chief")));
    FAILS(house, ACT(deal, DECIDE, 0), RC_CONFLICT, "not-waiting");
    FAILS(house, ACT(deal, RETURN, .opinion = STR("x")), RC_CONFLICT, "not-waiting");
}

static void another_post_does_not_act(void **state) {
    DEAL();
    for (Deed deed = DECIDE; deed <= TAKEOUT; deed++) {
        if (deed == WITHDRAW) continue;
        Wish wish = {.post = STR("other-post"), .opinion = STR("x"), .case_id = deal->cases[0]};
        FAILS(house, act(deal, deed, wish), RC_DENIED,
              deed == TAKEOUT ? "not-decider" : "not-turn");
        wish.post = STR("chief-post"); /* which he doesn't hold */
        wish.actor = STR("urn:clerk");
        if (deed != TAKEOUT) FAILS(house, act(deal, deed, wish), RC_DENIED, "not-holder");
    }
    is_state(deal, "waiting");
}

static void who_drafted_it_does_not_decide_it(void **state) {
    DEAL();
    vec_push(house->arena, &deal->org.holdings,
             (OrgHolding){.person = STR("urn:clerk"), .post = STR("chief-post")});
    FAILS(house, ACT(deal, DECIDE, .actor = STR("urn:clerk")), RC_DENIED, "own-draft");
    FAILS(house, ACT(deal, REJECT, .actor = STR("urn:clerk"), .opinion = STR("x")), RC_DENIED,
          "own-draft");
    GOOD(house, ACT(deal, DECIDE, 0));
}

/* What follows was made for another outcome than the route has by then. */
static void what_was_planned_for_another_outcome_is_refused(void **state) {
    DEAL();
    Command *command = begin(deal, "decision.act");
    PartAct *part = NEW(command_arena(command), PartAct);
    *part = (PartAct){
        .id = deal->id,
        .org = &deal->org,
        .after = ROUTE_WAITING,
        .act = {.person = STR("urn:chief"), .post = STR("chief-post"), .hash = deal->hash}};
    command_needs(command, part->id);
    org_load_needs(command, &deal->org);
    command_add(command, &part_decision_act, part);
    FAILS(house, house_run(&house->ctx, command), RC_CONFLICT, "route-moved");
    is_state(deal, "waiting");
}

/* Absences are those of the commit, not those that the command was made with. */
static void who_is_recorded_absent_by_then_does_not_act(void **state) {
    DEAL();
    Entity *away =
        entity_new(house->arena, away_id(house->arena, STR("urn:chief")), STR(AWAY_TYPE));
    const Json *days;
    GOOD(house, json_read(&house->ctx, STR("[{\"from\":\"2026-11-20\",\"until\":\"2026-11-21\"}]"),
                          JSON_LIMITS_DEFAULT, &days));
    entity_set_kind(house->arena, away, ATTR_JSON, IRI("absences"), *days);
    GOOD(house, house_put(house, away));
    FAILS(house, ACT(deal, DECIDE, 0), RC_DENIED, "not-holder");
    house->clock.fixed += 2 * TIME_DAY;
    GOOD(house, ACT(deal, DECIDE, 0));
}

/* ---- longer routes ---- */

static void acts_are(Deal *deal, size_t n, const char *last, const char *opinion) {
    RouteDones acts;
    route_json_acts(deal->house.ctx.arena, house_entity(&deal->house, deal->id), &acts);
    assert_int_equal(acts.len, n);
    assert_string_equal(route_json_verb(acts.items[n - 1].verb), last);
    assert_true(str_eq(acts.items[n - 1].opinion, str_of(opinion)));
}

static Rc on_route(Deal *deal, RouteAct wish, RouteState after) {
    Command *command = begin(deal, "decision.act");
    PartAct *part = NEW(command_arena(command), PartAct);
    *part = (PartAct){.id = deal->id, .org = &deal->org, .after = after, .act = wish};
    if (wish.verb == ROUTE_AMEND) part->contents = contents(command_arena(command), 1);
    if (!part->act.hash.ptr) part->act.hash = deal->hash;
    command_needs(command, part->id);
    for (size_t i = 0; i < CASES; i++)
        command_needs(command, deal->cases[i]);
    org_load_needs(command, &deal->org);
    command_add(command, &part_decision_act, part);
    return house_run(&deal->house.ctx, command);
}

#define CHIEF .person = STR("urn:chief"), .post = STR("chief-post")
#define LEGAL .person = STR("urn:legal"), .post = STR("legal-post")
#define HEAD  .person = STR("urn:head"), .post = STR("head-post")

/* The chief reviews, legal is consulted, the head decides. */
static void draft_long(Deal *deal) {
    House *house = &deal->house;
    static const char *const held[][2] = {{"urn:head", "head-post"}, {"urn:legal", "legal-post"}};
    for (size_t i = 0; i < 2; i++) {
        vec_push(house->arena, &deal->org.posts, (OrgPost){.id = str_of(held[i][1])});
        vec_push(house->arena, &deal->org.holdings,
                 (OrgHolding){.person = str_of(held[i][0]), .post = str_of(held[i][1])});
    }
    deal->id = decide_id(house->arena, &house->rand);
    Command *command = begin(deal, "decision.draft");
    PartDraft *part = NEW(command_arena(command), PartDraft);
    *part = (PartDraft){.id = deal->id,
                        .kind = STR("test"),
                        .title = STR("長い経路"),
                        .contents = contents(command_arena(command), CASES),
                        .plan = {.drafter = STR("urn:clerk"),
                                 .drafter_post = STR("clerk-post"),
                                 .decider_post = STR("head-post")},
                        .counter = counter_id(command_arena(command), STR("decision"), 2026),
                        .fiscal_year = 2026};
    for (size_t i = 0; i < CASES; i++) {
        uint64_t version = house_entity(house, deal->cases[i])->version;
        vec_push(command_arena(command), &part->cases, (DecideCase){deal->cases[i], version});
    }
    vec_push(command_arena(command), &part->plan.reviewers, STR("chief-post"));
    vec_push(command_arena(command), &part->plan.consulted, STR("legal-post"));
    command_needs(command, part->id);
    command_needs(command, part->counter);
    command_add(command, &part_decision_draft, part);
    GOOD(house, house_run(&house->ctx, command));
}

static void waits_for(Deal *deal, const char *post) {
    const Attr *attr = entity_attr(house_entity(&deal->house, deal->id), IRI("waitsFor"));
    assert_int_equal(attr->value->len, *post ? 1 : 0);
    if (*post) assert_true(str_eq(json_str(json_at(attr->value, 0)), str_of(post)));
}

static void a_route_is_kept_stage_by_stage(void **state) {
    DEAL();
    draft_long(deal);
    waits_for(deal, "chief-post");
    FAILS(house, on_route(deal, (RouteAct){HEAD, .stage = 2}, ROUTE_DECIDED), RC_CONFLICT,
          "not-due");
    GOOD(house, on_route(deal, (RouteAct){CHIEF, .stage = 0}, ROUTE_WAITING));
    waits_for(deal, "legal-post");
    RouteAct against = {LEGAL, .verb = ROUTE_DISSENT, .stage = 1, .opinion = STR("根拠が弱い")};
    GOOD(house, on_route(deal, against, ROUTE_WAITING));
    waits_for(deal, "head-post");
    acts_are(deal, 2, "dissent", "根拠が弱い");
    Route route;
    route_json_read(house_entity(house, deal->id), &route);
    assert_int_equal(route.stages[0].stand, STAND_APPROVED);
    assert_true(str_eq(route.stages[0].hash, deal->hash)); /* which he has signed */
    assert_true(route.stages[0].at > 0);
    assert_int_equal(route.stages[1].stand, STAND_DISSENT);
    assert_true(str_eq(route.stages[1].opinion, STR("根拠が弱い")));
    FAILS(house, on_route(deal, (RouteAct){HEAD, .stage = 2}, ROUTE_DECIDED), RC_INVALID,
          "opinions");
    GOOD(house, on_route(deal, (RouteAct){HEAD, .stage = 2, .opinions_seen = true}, ROUTE_DECIDED));
    waits_for(deal, "");
    is_state(deal, "decided");
    assert_true(str_eq(text_of(deal, "decider"), STR("urn:head")));
}

static void other_contents_void_what_was_approved(void **state) {
    DEAL();
    draft_long(deal);
    GOOD(house, on_route(deal, (RouteAct){CHIEF, .stage = 0}, ROUTE_WAITING));
    RouteAct amend = {.person = STR("urn:clerk"),
                      .post = STR("clerk-post"),
                      .verb = ROUTE_AMEND,
                      .hash = STR("x")};
    GOOD(house, on_route(deal, amend, ROUTE_WAITING));
    waits_for(deal, "chief-post");
    FAILS(house, on_route(deal, (RouteAct){CHIEF, .stage = 0}, ROUTE_WAITING), RC_CONFLICT,
          "other-contents");
    assert_true(str_eq(text_of(deal, "contentHash"),
                       decide_hash(house->ctx.arena, contents(house->ctx.arena, 1))));
}

static void what_is_taken_out_voids_what_was_approved(void **state) {
    DEAL();
    draft_long(deal);
    GOOD(house, on_route(deal, (RouteAct){CHIEF, .stage = 0}, ROUTE_WAITING));
    waits_for(deal, "legal-post");
    GOOD(house, ACT(deal, TAKEOUT, .actor = STR("urn:clerk"), .post = STR("clerk-post"),
                    .opinion = STR("重複"), .case_id = deal->cases[0],
                    .contents = contents(house->arena, CASES - 1)));
    waits_for(deal, "chief-post");
}

static void what_was_returned_is_amended_and_waits_again(void **state) {
    DEAL();
    draft_long(deal);
    RouteAct back = {CHIEF, .verb = ROUTE_RETURN, .stage = 0, .to = ROUTE_STAGES_MAX,
                     .opinion = STR("金額を確かめる")};
    GOOD(house, on_route(deal, back, ROUTE_RETURNED));
    is_state(deal, "returned");
    waits_for(deal, "");
    RouteAct amend = {.person = STR("urn:clerk"),
                      .post = STR("clerk-post"),
                      .verb = ROUTE_AMEND,
                      .hash = STR("x")};
    GOOD(house, on_route(deal, amend, ROUTE_WAITING));
    is_state(deal, "waiting");
    waits_for(deal, "chief-post");
    assert_true(str_empty(text_of(deal, "opinion")) && str_empty(text_of(deal, "decider")));
    acts_are(deal, 2, "amend", "");
}

/* A Decision of before routes were kept. */
static void one_without_a_route_is_its_deciders(void **state) {
    DEAL();
    Entity *old = entity_dup(house->arena, house_entity(house, deal->id)), *kept;
    kept = entity_new(house->arena, old->id, STR(DECIDE_TYPE));
    for (size_t i = 0; i < old->attrs.len; i++) {
        Str name = old->attrs.items[i].name;
        if (str_eq(name, IRI("route")) || str_eq(name, IRI("waitsFor"))) continue;
        vec_push(house->arena, &kept->attrs, old->attrs.items[i]);
    }
    GOOD(house, house_put(house, kept));
    Route route;
    route_json_read(house_entity(house, deal->id), &route);
    assert_int_equal(route.n, 1);
    assert_true(route_is_due(&route, 0));
    GOOD(house, ACT(deal, DECIDE, .opinion = STR("よい")));
    route_json_read(house_entity(house, deal->id), &route);
    assert_true(str_eq(route.stages[0].actor, STR("urn:chief")));
}

static void a_case_that_moved_voids_the_decision(void **state) {
    DEAL();
    GOOD(house, touch(deal, deal->cases[1], 2));
    FAILS(house, ACT(deal, DECIDE, 0), RC_CONFLICT, "case-moved");
    is_state(deal, "waiting");
}

static void taking_out_changes_the_hash_and_leaves_the_rest(void **state) {
    DEAL();
    Str before = deal->hash;
    GOOD(house, touch(deal, deal->cases[1], 2));
    FAILS(house,
          ACT(deal, TAKEOUT, .case_id = deal->cases[1], .contents = contents(house->arena, 2)),
          RC_INVALID, "no-reason");
    GOOD(house, ACT(deal, TAKEOUT, .case_id = deal->cases[1], .opinion = STR("重複"),
                    .contents = contents(house->arena, 2)));
    assert_false(str_empty(text_of(deal, "changedAt")));
    FAILS(house, ACT(deal, DECIDE, 0), RC_CONFLICT, "other-contents");
    deal->hash = str_dup(house->arena, text_of(deal, "contentHash"));
    assert_false(str_eq(before, deal->hash));
    DecideCases cases;
    decide_cases(house->ctx.arena, house_entity(house, deal->id), &cases);
    assert_int_equal(cases.len, CASES - 1);
    FAILS(house, ACT(deal, TAKEOUT, .case_id = deal->cases[1]), RC_NOT_FOUND, "no-case");
    GOOD(house, ACT(deal, DECIDE, 0));
}

static void the_drafter_takes_out_too_but_never_the_last(void **state) {
    DEAL();
    for (size_t i = 1; i < CASES; i++) {
        GOOD(house, ACT(deal, TAKEOUT, .actor = STR("urn:clerk"), .post = STR("clerk-post"),
                        .opinion = STR("重複"), .case_id = deal->cases[i],
                        .contents = contents(house->arena, CASES - i)));
        FAILS(house, ACT(deal, DECIDE, 0), RC_CONFLICT, "other-contents");
        deal->hash = str_dup(house->arena, text_of(deal, "contentHash"));
    }
    FAILS(house, ACT(deal, TAKEOUT, .case_id = deal->cases[0], .opinion = STR("重複")), RC_CONFLICT,
          "last-case");
    GOOD(house, ACT(deal, DECIDE, 0));
}

static void what_was_taken_out_is_put_back_while_it_is_the_same(void **state) {
    DEAL();
    Str one = deal->cases[1];
    const Json *two = contents(house->arena, 2), *three = contents(house->arena, 3);
    uint64_t version = house_entity(house, one)->version;
    FAILS(house, ACT(deal, PUTBACK, .case_id = one, .contents = three, .version = version),
          RC_CONFLICT, "still-in");
    GOOD(house, ACT(deal, TAKEOUT, .case_id = one, .opinion = STR("重複"), .contents = two));
    FAILS(house, ACT(deal, PUTBACK, .case_id = one, .contents = three, .version = version),
          RC_CONFLICT, "other-contents");
    deal->hash = str_dup(house->arena, text_of(deal, "contentHash"));
    FAILS(house, ACT(deal, PUTBACK, .case_id = one, .contents = three, .version = version + 1),
          RC_CONFLICT, "out-moved");
    FAILS(house,
          ACT(deal, PUTBACK, .post = STR("other-post"), .case_id = one, .contents = three,
              .version = version),
          RC_DENIED, "not-decider");
    GOOD(house, ACT(deal, PUTBACK, .case_id = one, .contents = three, .version = version));
    FAILS(house, ACT(deal, DECIDE, 0), RC_CONFLICT, "other-contents");
    deal->hash = str_dup(house->arena, text_of(deal, "contentHash"));
    DecideCases cases;
    decide_cases(house->ctx.arena, house_entity(house, deal->id), &cases);
    assert_int_equal(cases.len, CASES);
    GOOD(house, ACT(deal, DECIDE, 0));
    FAILS(house, ACT(deal, PUTBACK, .case_id = one, .contents = three, .version = version),
          RC_CONFLICT, "not-waiting");
}

static void return_and_rejection_state_a_reason(void **state) {
    DEAL();
    FAILS(house, ACT(deal, RETURN, 0), RC_INVALID, "no-reason");
    FAILS(house, ACT(deal, REJECT, .opinion = STR("　 ")), RC_INVALID, "no-reason");
    GOOD(house, ACT(deal, RETURN, .opinion = STR("金額を確かめる")));
    is_state(deal, "returned");
    assert_true(str_eq(text_of(deal, "opinion"), STR("金額を確かめる")));
}

static void only_the_drafter_withdraws(void **state) {
    DEAL();
    FAILS(house, ACT(deal, WITHDRAW, 0), RC_DENIED, "not-drafter");
    GOOD(house, ACT(deal, WITHDRAW, .actor = STR("urn:clerk")));
    is_state(deal, "withdrawn");
    FAILS(house, ACT(deal, DECIDE, 0), RC_CONFLICT, "not-waiting");
}

/* He has the draft from then on; neither decides it, whatever posts they have by now. */
static void what_a_drafter_left_is_his_who_changes_it(void **state) {
    DEAL();
    Str heir = STR("urn:heir"), post = STR("clerk-post");
    RouteDones dones;
    deal->org.holdings.items[1].post = STR("chief-post");
    vec_push(
        house->arena, &deal->org.holdings,
        (OrgHolding){.person = heir, .post = post, .how = HOW_SUPPORT, .main = STR("other-post")});
    vec_push(house->arena, &deal->org.holdings,
             (OrgHolding){.person = heir, .post = STR("chief-post")});
    GOOD(house, ACT(deal, TAKEOUT, .actor = heir, .post = post, .opinion = STR("重複"),
                    .case_id = deal->cases[0], .contents = contents(house->arena, CASES - 1)));
    deal->hash = str_dup(house->arena, text_of(deal, "contentHash"));
    assert_true(str_eq(text_of(deal, "drafter"), heir));
    route_json_acts(house->ctx.arena, house_entity(house, deal->id), &dones);
    assert_int_equal(dones.len, 1); /* that he took it over stands with all that was done */
    assert_true(dones.items[0].verb == ROUTE_AMEND && dones.items[0].how == HOW_SUPPORT);
    assert_true(str_eq(dones.items[0].actor, heir) && str_empty(dones.items[0].opinion));
    FAILS(house, ACT(deal, DECIDE, .actor = heir), RC_DENIED, "own-draft");
    FAILS(house, ACT(deal, DECIDE, .actor = STR("urn:clerk")), RC_DENIED, "own-draft");
    FAILS(house, ACT(deal, WITHDRAW, .actor = STR("urn:clerk")), RC_DENIED, "not-drafter");
    GOOD(house, ACT(deal, WITHDRAW, .actor = heir, .post = post));
    route_json_acts(house->ctx.arena, house_entity(house, deal->id), &dones);
    assert_int_equal(dones.items[dones.len - 1].how, HOW_SUPPORT);
    assert_true(str_eq(dones.items[dones.len - 1].main, STR("other-post")));
}

/* ---- generated sequences ---- */

enum { ROUNDS = 150, STEPS = 12 };

static Wish act_draw(Deal *deal, Rand *rand) {
    Wish wish = {.actor = rand_below(rand, 4) ? STR("urn:chief") : STR("urn:clerk"),
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
static void check_ended(Deal *deal, Deed deed, const Wish *wish) {
    House *house = &deal->house;
    if (deed == WITHDRAW) {
        assert_true(str_eq(wish->actor, STR("urn:clerk")));
        return;
    }
    bool changes = deed == TAKEOUT || deed == PUTBACK;
    bool drafter = str_eq(wish->actor, STR("urn:clerk")); /* changes the contents, no more */
    assert_true(!drafter || changes);
    assert_true(drafter || str_eq(wish->post, STR("chief-post")));
    const Entity *decision = house_entity(house, deal->id);
    Str hash = decide_hash(house->ctx.arena, entity_attr(decision, IRI("contents"))->value);
    assert_true(str_eq(hash, text_of(deal, "contentHash")));
    if (deed == DECIDE || changes) assert_false(str_eq(wish->hash, STR("stale")));
    if (deed != DECIDE && deed != PUTBACK) assert_false(str_empty(wish->opinion));
}

static void generated_acts_never_break_the_rules(void **state) {
    DEAL();
    int ended = 0;
    for (int round = 0; round < ROUNDS; round++) {
        deal->id = decide_id(house->arena, &house->rand);
        GOOD(house, draft(deal, deal->id, STR("urn:clerk"), STR("chief-post")));
        bool waits = true;
        for (int i = 0; i < STEPS; i++) {
            Deed deed = (Deed)rand_below(&house->rand, DEEDS);
            Wish wish = act_draw(deal, &house->rand);
            Rc rc = act(deal, deed, wish);
            if (rc == RC_OK) assert_true(waits);
            if (rc == RC_OK) check_ended(deal, deed, &wish);
            bool changes = deed == TAKEOUT || deed == PUTBACK;
            if (rc == RC_OK && !changes) waits = false;
            assert_int_equal(str_eq(text_of(deal, "state"), STR("waiting")), waits);
        }
        ended += !waits;
    }
    assert_true(ended > ROUNDS / 2);
}

/* A change of `term` (value empty: it goes) at a position and a second. */
static Entity *folded(Arena *arena, const Entity *before, const char *iri, Str value, int at) {
    Delta delta = {.op = DELTA_CHANGE, .id = before->id};
    Entity *after = entity_new(arena, before->id, STR(LD_DEFAULT "Application"));
    if (str_empty(value))
        vec_push(arena, &delta.removed, (DeltaRemoval){.name = str_of(iri), .all = true});
    else
        entity_set(arena, after, str_of(iri), json_of_str(value));
    if (str_eq(str_of(iri), IRI("assignee"))) hands_mark(arena, before, (uint64_t)at, after);
    delta.after = after;
    return delta_fold(arena, before, &delta, (uint64_t)at, at * TIME_SECOND);
}

/* Commands of one leaf share its position and its time. */
static void who_has_a_case_is_no_part_of_what_is_decided(void **state) {
    Arena *arena = arena_new(1 << 16);
    Entity *first = entity_new(arena, STR("urn:case"), STR(LD_DEFAULT "Application"));
    (void)state;
    entity_set(arena, first, IRI("fee"), json_of_str(STR("600")));
    Delta put = {.op = DELTA_PUT, .id = first->id, .after = first};
    const Entity *case5 = delta_fold(arena, NULL, &put, 5, 5 * TIME_SECOND),
                 *case6 = folded(arena, case5, LD_DEFAULT "assignee", STR("urn:a"), 6),
                 *case7 = folded(arena, case6, LD_DEFAULT "assignee", STR_NONE, 7);
    assert_true(hands_same(case5, 5));
    assert_true(hands_same(case6, 5) && hands_same(case6, 6));
    assert_true(hands_same(case7, 5) && hands_same(case7, 6) && hands_same(case7, 7));
    assert_false(hands_same(case7, 4) || hands_same(case7, 8));
    for (int at = 7; at < 9; at++) {
        const Entity *other = folded(arena, case7, LD_DEFAULT "fee", STR("300"), at),
                     *less = folded(arena, case7, LD_DEFAULT "fee", STR_NONE, at);
        assert_false(hands_same(other, 6) || hands_same(less, 6));
        assert_true(hands_same(other, (uint64_t)at) && hands_same(less, (uint64_t)at));
        const Entity *again = folded(arena, other, LD_DEFAULT "assignee", STR("urn:b"), at + 1);
        assert_false(hands_same(again, 6));
        assert_true(hands_same(again, (uint64_t)at));
    }
    arena_free(arena);
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
        TEST(who_drafted_it_does_not_decide_it),
        TEST(what_was_planned_for_another_outcome_is_refused),
        TEST(who_is_recorded_absent_by_then_does_not_act),
        TEST(a_route_is_kept_stage_by_stage),
        TEST(other_contents_void_what_was_approved),
        TEST(what_is_taken_out_voids_what_was_approved),
        TEST(what_was_returned_is_amended_and_waits_again),
        TEST(one_without_a_route_is_its_deciders),
        TEST(a_case_that_moved_voids_the_decision),
        TEST(taking_out_changes_the_hash_and_leaves_the_rest),
        TEST(the_drafter_takes_out_too_but_never_the_last),
        TEST(return_and_rejection_state_a_reason),
        TEST(only_the_drafter_withdraws),
        TEST(what_a_drafter_left_is_his_who_changes_it),
        TEST(who_has_a_case_is_no_part_of_what_is_decided),
        TEST(generated_acts_never_break_the_rules),
    };
    return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
