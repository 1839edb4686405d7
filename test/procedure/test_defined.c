/* Tests of cases of a procedure that is a definition, over the starter's registration of a dog:
 * found, answered, sent, moved and ended as the definition says. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define DOG STR("dog-registration")

static const Definition *dog(House *house) {
    return catalogue_current(procedures_catalogue(&house->tenant), DOG,
                             time_jst_date(house->clock.fixed));
}

/* Kept page by page, as a browser sends them. */
static const char *const said[][2] = {
    {"dogName", "ポチ"},
    {"breed", "shiba"},
    {"sex", "male"},
    {"born", "R7.4.1"},
    {"since", "令和8年11月1日"},
    {"chip", "no"},
    {"vaccinated", "no"},
    {"name", "町田　花子"},
    {"kana", "まちだ はなこ"},
    {"postcode", "9990001"},
    {"address", "まなか1-2"},
    {"phone", "090-1234-5678"},
    {"mail", "hanako@example.jp"},
    {"declared", "yes"},
};

static void say(House *house, const char *field, const char *text) {
    JsonMembers members = {0};
    vec_push(house->ctx.arena, &members,
             (JsonMember){str_of(field), text ? json_of_str(str_of(text)) : json_of_null()});
    GOOD(house, defined_keep(&house->ctx, dog(house), &members));
}

static void say_all(House *house) {
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        say(house, said[i][0], said[i][1]);
}

static DefinedDraft draft_of(House *house) {
    DefinedDraft draft;
    GOOD(house, defined_draft(&house->ctx, dog(house), &draft));
    return draft;
}

/* What was typed for a question. */
static Str raw_of(House *house, const char *field) {
    DefinedDraft draft = draft_of(house);
    return form_answer(&draft.form, str_of(field))->raw;
}

/* As the person who acts. */
static Str send_dog(House *house, const char *channel) {
    Receipt receipt;
    house->ctx.actor->browser = STR("a browser");
    GOOD(house, defined_begin(&house->ctx, dog(house), str_of(channel)));
    say_all(house);
    DefinedDraft draft = draft_of(house);
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
    return str_dup(house->arena, receipt.id);
}

static Str apply_dog(House *house) {
    house_act(house, &house->resident);
    return send_dog(house, "web");
}

static Rc move(House *house, Str id, const char *name, const char *text) {
    return defined_move(&house->ctx,
                        &(DefinedAct){.id = id, .move = str_of(name), .text = str_of(text)});
}

static void text_is(House *house, Str id, const char *iri, const char *expected) {
    Str got = cases_text(house, id, str_of(iri));
    if (!str_eq(got, str_of(expected)))
        fail_msg("%s: \"" STR_FMT "\", not \"%s\"", iri, STR_ARG(got), expected);
}
#define TEXT_IS(term, expected) text_is(house, id, LD_DEFAULT term, expected)

static void procedures_are_found_by_what_people_call_them(void **state) {
    House *house = *state;
    static const struct {
        const char *query;
        size_t n;
    } cases[] = {{"", 7},    {"いぬ", 1},     {"ｲﾇ", 1},          {"犬の登録", 1}, {"ペット", 1},
                 {"DOG", 1}, {"dog 鑑札", 1}, {"犬 宇宙旅行", 0}, {"宇宙旅行", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Definitions found;
        CatalogueQuery query = {.text = str_of(cases[i].query), .day = {2026, 11, 20}};
        catalogue_search(house->ctx.arena, procedures_catalogue(&house->tenant), &query, &found);
        if (found.len != cases[i].n) fail_msg("%s: %u", cases[i].query, found.len);
    }
    assert_null(catalogue_current(procedures_catalogue(&house->tenant), DOG, (Date){2026, 3, 31}));
    assert_non_null(
        catalogue_current(procedures_catalogue(&house->tenant), DOG, (Date){2026, 4, 1}));
    assert_null(catalogue_version(procedures_catalogue(&house->tenant), DOG, 2));
}

static void what_opens_later_is_told(void **state) {
    House *house = *state;
    const Catalogue *all = procedures_catalogue(&house->tenant);
    Date before = {2026, 3, 31}, after = {2026, 4, 1};
    CatalogueQuery open = {.text = STR("犬の登録"), .day = before}, both = open;
    Definitions found;
    both.closed = true;
    catalogue_search(house->ctx.arena, all, &open, &found);
    assert_int_equal(found.len, 0);
    catalogue_search(house->ctx.arena, all, &both, &found);
    assert_int_equal(found.len, 1);
    assert_ptr_equal(found.items[0], catalogue_closed(all, DOG, before));
    assert_null(catalogue_closed(all, DOG, after)); /* it is open */
    assert_null(catalogue_closed(all, STR("none"), before));
    Definition *dog = (Definition *)(uintptr_t)catalogue_current(all, DOG, after);
    dog->until = (Date){2026, 12, 31};
    both.day = (Date){2027, 12, 31}; /* between the turns of what is taken once a year */
    catalogue_search(house->ctx.arena, all, &both, &found);
    assert_int_equal(found.len, 1);
    assert_ptr_equal(found.items[0], dog);
    assert_null(catalogue_closed(all, DOG, (Date){2026, 12, 31}));
    assert_null(catalogue_closed(all, DOG, (Date){2028, 1, 2})); /* and then no more */
}

static void what_could_not_be_published_is_not_taken_in(void **state) {
    House *house = *state;
    const Json *both[] = {house_starter(house, "procedures/dog-registration.json"),
                          house_starter(house, "procedures/dog-registration.json")};
    CatalogueSources sources = {both, 2, house_starter(house, "organisation.json")};
    Catalogue *catalogue;
    FAILS(house, catalogue_load(&house->ctx, &sources, &catalogue), RC_INVALID, "bad-definition");
    assert_true(str_find(house->ctx.error.path, STR("dog-registration.json, version")) >= 0);
    sources = (CatalogueSources){both, 1, NULL}; /* nobody holds its post */
    FAILS(house, catalogue_load(&house->ctx, &sources, &catalogue), RC_INVALID, "bad-definition");
    assert_true(str_find(house->ctx.error.path, STR("dog-registration.json, post")) >= 0);
}

static void a_case_has_what_was_answered_and_what_the_rules_found(void **state) {
    House *house = *state;
    Str id = apply_dog(house);
    const Entity *application = house_entity(house, id);
    FormAnswer answer;
    TEXT_IS("procedure", "dog-registration");
    TEXT_IS("state", "submitted");
    TEXT_IS("procedureState", "submitted");
    TEXT_IS("post", "environment-counter-clerk");
    TEXT_IS("name", "町田 花子");
    TEXT_IS("phone", "090-1234-5678");
    TEXT_IS("email", "hanako@example.jp");
    TEXT_IS("due", "2026-11-30"); /* five working days: the 23rd is a holiday */
    assert_int_equal(entity_int(application, IRI("fee"), -1), 3000);
    const Definition *definition = defined_of(&house->ctx, application);
    assert_ptr_equal(definition, dog(house));
    assert_true(defined_answer(house->ctx.arena, application,
                               definition_field(definition, STR("born")), &answer));
    assert_true(str_eq(form_text(house->ctx.arena, &answer, STR("ja")), STR("令和7年4月1日")));
    assert_false(defined_answer(house->ctx.arena, application,
                                definition_field(definition, STR("chipNumber")), &answer));
    const Json *checks = entity_attr(application, IRI("checks"))->value;
    assert_true(json_get_bool(json_at(checks, 0), "ok", false));
    assert_false(json_get_bool(json_at(checks, 1), "ok", true)); /* it wasn't vaccinated */
    assert_true(
        json_get_bool(json_at(entity_attr(application, IRI("conditions"))->value, 0), "ok", false));
}

static void a_draft_sent_twice_is_one_case(void **state) {
    House *house = *state;
    Receipt first, second;
    house_act(house, &house->resident);
    house->resident.browser = STR("a browser");
    GOOD(house, defined_begin(&house->ctx, dog(house), STR("web")));
    DefinedDraft draft = draft_of(house);
    FAILS(house, defined_send(&house->ctx, &draft, &first), RC_INVALID, "incomplete");
    assert_true(str_eq(house->ctx.error.path, STR("dog")));
    say_all(house);
    draft = draft_of(house);
    GOOD(house, defined_send(&house->ctx, &draft, &first));
    GOOD(house, defined_send(&house->ctx, &draft, &second));
    assert_true(str_eq(first.id, second.id) && str_eq(first.number, second.number));
    DefinedDraft after = draft_of(house);
    assert_true(str_empty(after.token));
    assert_true(str_eq(after.sent, first.token));
    assert_true(str_empty(form_answer(&after.form, STR("dogName"))->raw));
    house->clock.fixed += 11 * TIME_MINUTE;
    assert_true(str_empty(draft_of(house).sent));
}

static void drafts_of_two_procedures_do_not_meet(void **state) {
    House *house = *state;
    house_act(house, &house->resident);
    house->resident.browser = STR("a browser");
    JsonMember bulky = {STR("name"), json_of_str(STR("粗大"))};
    const Json *draft;
    GOOD(house, draft_merge(&house->ctx, STR("a browser"), &bulky, 1));
    GOOD(house, defined_begin(&house->ctx, dog(house), STR("web")));
    say(house, "name", "犬の人");
    assert_true(str_eq(raw_of(house, "name"), STR("犬の人")));
    say(house, "name", NULL);
    assert_true(str_empty(raw_of(house, "name")));
    GOOD(house, draft_load(&house->ctx, STR("a browser"), &draft));
    assert_true(str_eq(json_get_str(draft, "name"), STR("粗大")));
}

static void the_office_asks_and_its_time_stands_still(void **state) {
    House *house = *state;
    Str id = apply_dog(house);
    house->clock.fixed += 4 * TIME_DAY; /* Tuesday: four working days are left */
    FAILS(house, move(house, id, "ask", "番号は?"), RC_DENIED, "not-permitted");
    house_act(house, &house->clerk);
    FAILS(house, move(house, id, "ask", " 　"), RC_INVALID, "missing");
    FAILS(house, move(house, id, "answer", "はい"), RC_CONFLICT, "moved-on");
    FAILS(house, move(house, id, "fly", ""), RC_NOT_FOUND, "no-move");
    DefinedAct act = {
        .id = id, .move = STR("ask"), .text = STR("番号は?"), .answer_by = {2026, 11, 24}};
    FAILS(house, defined_move(&house->ctx, &act), RC_INVALID, "past");
    act.answer_by = (Date){2027, 11, 24};
    FAILS(house, defined_move(&house->ctx, &act), RC_INVALID, "far");
    act.answer_by = (Date){2026, 11, 28}; /* Saturday: Monday */
    act.version = 1;
    FAILS(house, defined_move(&house->ctx, &act), RC_CONFLICT, "moved-on");
    act.version = house_entity(house, id)->version;
    GOOD(house, defined_move(&house->ctx, &act));
    TEXT_IS("state", "asked");
    TEXT_IS("answerDue", "2026-11-30");
    house->clock.fixed += 7 * TIME_DAY;
    house_act(house, &house->resident);
    GOOD(house, move(house, id, "answer", "ありません"));
    TEXT_IS("state", "submitted");
    TEXT_IS("answerDue", "");
    TEXT_IS("due", "2026-12-07"); /* four working days from Tuesday the 1st */
    CaseSteps steps;
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    assert_int_equal(steps.len, 3);
    assert_true(str_eq(steps.items[1].kind, STR("ask")));
    assert_true(str_eq(steps.items[1].post, STR("environment-waste-clerk")));
    assert_true(str_eq(steps.items[2].text, STR("ありません")) && str_empty(steps.items[2].post));
}

static void a_case_ends_as_its_definition_says(void **state) {
    House *house = *state;
    static const struct {
        const char *move, *text, *state, *defined;
    } ends[] = {{"register", "", "done", "registered"},
                {"refuse", "他の市の犬です", "refused", "refused"},
                {"withdraw", "", "cancelled", "cancelled"}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        Str id = apply_dog(house);
        DefinedMoves moves;
        house_act(house, i == 2 ? &house->resident : &house->clerk);
        GOOD(house, move(house, id, ends[i].move, ends[i].text));
        TEXT_IS("state", ends[i].state);
        TEXT_IS("procedureState", ends[i].defined);
        assert_false(str_empty(cases_text(house, id, IRI("completedAt"))));
        assert_int_equal(entity_attr(house_entity(house, id), IRI("remedies")) != NULL, i == 1);
        defined_moves(&house->ctx, house_entity(house, id), &moves);
        assert_int_equal(moves.len, 0);
        FAILS(house, move(house, id, ends[i].move, "x"), RC_CONFLICT, "moved-on");
    }
}

static void whose_case_it_is_not_moves_nothing(void **state) {
    House *house = *state;
    Str id = apply_dog(house);
    DefinedMoves moves;
    house_act(house, &house->other);
    FAILS(house, move(house, id, "withdraw", ""), RC_NOT_FOUND, "no-case");
    house_act(house, &house->resident);
    defined_moves(&house->ctx, house_entity(house, id), &moves);
    assert_int_equal(moves.len, 1); /* to withdraw; the office alone registers */
    FAILS(house, move(house, id, "register", ""), RC_DENIED, "not-permitted");
    house_act(house, &house->clerk); /* for a resident who calls */
    GOOD(house, move(house, id, "withdraw", ""));
    CaseSteps steps;
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    assert_true(str_eq(steps.items[1].post, STR("environment-waste-clerk")));
}

static void an_official_enters_for_somebody(void **state) {
    House *house = *state;
    house_act(house, &house->clerk);
    Str id = send_dog(house, "phone");
    TEXT_IS("channel", "phone");
    TEXT_IS("enteredPost", "environment-waste-clerk");
    assert_false(str_eq(cases_text(house, id, IRI("applicant")), house->resident.person));
    house_act(house, &house->resident);
    GOOD(house, defined_begin(&house->ctx, dog(house), STR("phone")));
    assert_true(str_eq(draft_of(house).channel, STR("web"))); /* he is no official */
}

static void the_inbox_lists_cases_of_all_procedures(void **state) {
    House *house = *state;
    Str id = apply_dog(house);
    InboxPage page;
    InboxQuery query = {.post = STR("environment-counter-clerk"), .limit = 10};
    GOOD(house, inbox_page(&house->ctx, &query, &page));
    assert_int_equal(page.lines.len, 1);
    assert_true(str_eq(page.lines.items[0].id, id));
    house_act(house, &house->clerk);
    GOOD(house, move(house, id, "register", ""));
    GOOD(house, inbox_page(&house->ctx, &query, &page));
    assert_int_equal(page.lines.len, 0);
    query.states = 1u << CASE_DONE;
    GOOD(house, inbox_page(&house->ctx, &query, &page));
    assert_int_equal(page.lines.len, 1);
    Str found, number = cases_text(house, id, IRI("receiptNumber"));
    GOOD(house, inbox_find(&house->ctx, number, &found));
    assert_true(str_eq(found, id));
    GOOD(house, apply_find(&house->ctx, number, STR("090-1234-5678"), &found));
    assert_true(str_eq(found, id));
}

static void what_was_told_before_is_not_asked_again(void **state) {
    House *house = *state;
    house_act(house, &house->resident);
    house->resident.browser = STR("a browser");
    GOOD(house, defined_begin(&house->ctx, dog(house), STR("web")));
    assert_true(str_empty(raw_of(house, "name")));
    (void)apply_dog(house);
    house_act(house, &house->resident);
    GOOD(house, defined_begin(&house->ctx, dog(house), STR("web")));
    DefinedDraft draft = draft_of(house);
    assert_true(str_eq(form_answer(&draft.form, STR("name"))->raw, STR("町田 花子")));
    assert_true(str_eq(form_answer(&draft.form, STR("address"))->raw, STR("まなか1-2")));
    assert_true(str_empty(form_answer(&draft.form, STR("dogName"))->raw));
    house_act(house, &house->other);
    house->other.browser = STR("another browser");
    GOOD(house, defined_begin(&house->ctx, dog(house), STR("web")));
    assert_true(str_empty(raw_of(house, "name")));
}

/* ---- what is decided first ---- */

typedef struct Matter {
    Actor clerk, head;
    Str id;
} Matter;

static const Definition *subsidy(House *house) {
    return catalogue_current(procedures_catalogue(&house->tenant), STR("small-business-subsidy"),
                             time_jst_date(house->clock.fixed));
}

#define PAPER STR("%PDF-1.4 an estimate")

/* An example names a file; here it is. */
static Json estimate(House *house) {
    Attachment paper;
    Json *one = NEW(house->ctx.arena, Json);
    AttachWish wish = {.field = definition_field(subsidy(house), STR("estimate")),
                       .name = STR("mitsumori.pdf"),
                       .bytes = PAPER};
    GOOD(house, attach_add(&house->ctx, STR("a browser"), &wish, &paper));
    *one = attachment_json(house->ctx.arena, &paper);
    return json_of_items(one, 1);
}

/* A shop's application as the definition's first example has it, and two officials: who examines it
   and who decides up to its amount. */
static Matter matter(House *house) {
    Matter matter = {0};
    Receipt receipt;
    DefinedDraft draft;
    JsonMembers answered = {0};
    const Definition *definition = subsidy(house);
    const Json *answers = definition->examples.items[0].answers;
    house_official(house, "industry", "industry-clerk", &matter.clerk);
    house_official(house, "economy-director", "economy-director", &matter.head);
    house_act(house, &house->resident);
    house->resident.browser = STR("a browser");
    for (size_t i = 0; i < answers->len; i++)
        vec_push(house->ctx.arena, &answered, answers->value.members[i]);
    vec_push(house->ctx.arena, &answered, (JsonMember){STR("estimate"), estimate(house)});
    vec_push(house->ctx.arena, &answered,
             (JsonMember){STR("startOn"), json_of_str(STR("2027-01-10"))});
    vec_push(house->ctx.arena, &answered,
             (JsonMember){STR("endOn"), json_of_str(STR("2027-03-10"))});
    GOOD(house, defined_begin(&house->ctx, definition, STR("web")));
    GOOD(house, defined_keep(&house->ctx, definition, &answered));
    GOOD(house, defined_draft(&house->ctx, definition, &draft));
    FAILS(house, defined_send(&house->ctx, &draft, &receipt), RC_INVALID, "no-notice");
    draft.notice = LETTER_ON_PAPER;
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
    matter.id = str_dup(house->arena, receipt.id);
    return matter;
}

static void act_as(House *house, Actor *actor) {
    house->ctx.actor = actor;
    house->ctx.purpose = STR("application-check");
    actor->stepped_up_at = house->clock.fixed;
}

static Str propose(House *house, Str id, const char *name) {
    Str decision;
    DefinedAct act = {.id = id, .move = str_of(name), .text = STR("要件に合います。")};
    GOOD(house, defined_propose(&house->ctx, &act, &decision));
    return str_dup(house->arena, decision);
}

static Rc decide(House *house, Str decision) {
    OfficeDecision wish = {.id = decision, .hash = cases_hash(house, decision)};
    return office_decide(&house->ctx, &wish);
}

static void a_matter_is_decided_before_its_case_moves(void **state) {
    House *house = *state;
    Matter shop = matter(house);
    Str id = shop.id, again, waits;
    assert_int_equal(entity_int(house_entity(house, id), IRI("amount"), 0), 300000);
    act_as(house, &shop.clerk);
    FAILS(house, move(house, id, "grant", "よい"), RC_CONFLICT, "needs-decision");
    DefinedAct act = {.id = id, .move = STR("grant"), .text = STR(" ")};
    FAILS(house, defined_propose(&house->ctx, &act, &again), RC_INVALID, "missing");
    act = (DefinedAct){.id = id, .move = STR("ask"), .text = STR("x")};
    FAILS(house, defined_propose(&house->ctx, &act, &again), RC_CONFLICT, "no-decision");
    act = (DefinedAct){.id = id, .move = STR("settle"), .text = STR("x")};
    FAILS(house, defined_propose(&house->ctx, &act, &again), RC_CONFLICT, "moved-on");
    Str decision = propose(house, id, "grant");
    assert_true(str_eq(propose(house, id, "grant"), decision)); /* twice is once */
    act = (DefinedAct){.id = id, .move = STR("refuse"), .text = STR("x")};
    FAILS(house, defined_propose(&house->ctx, &act, &again), RC_CONFLICT, "proposed");
    text_is(house, decision, LD_DEFAULT "deciderPost", "economy-director");
    const Definition *own = defined_of(&house->ctx, house_entity(house, id));
    assert_int_equal(cases_fit(house, id, own), FIT_DECISION);
    GOOD(house, defined_proposed(&house->ctx, house_entity(house, id), &waits));
    assert_true(str_eq(waits, decision));
    TEXT_IS("procedureState", "submitted");
    FAILS(house, decide(house, decision), RC_DENIED, "not-permitted");
    act_as(house, &shop.head);
    GOOD(house, decide(house, decision));
    TEXT_IS("procedureState", "granted");
    CaseSteps steps;
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    const CaseStep *last = &steps.items[steps.len - 1];
    assert_true(str_eq(last->kind, STR("grant")) && str_eq(last->post, STR("economy-director")));
    assert_true(str_eq(last->text, STR("要件に合います。")));
    GOOD(house, defined_proposed(&house->ctx, house_entity(house, id), &waits));
    assert_true(str_empty(waits));
    assert_int_equal(cases_fit(house, id, own), FIT_GOOD);
}

static void what_is_decided_is_what_was_frozen(void **state) {
    House *house = *state;
    Matter shop = matter(house);
    const Json *contents;
    act_as(house, &shop.clerk);
    Str decision = propose(house, shop.id, "grant");
    GOOD(house, decide_contents(&house->ctx, house_entity(house, decision), &contents));
    assert_int_equal(json_get_int(contents, "amount", 0), 300000);
    assert_true(json_get(contents, STR("answers"))->len > 5);
    const Json *file = json_at(json_get(json_get(contents, STR("answers")), STR("estimate")), 0);
    Digest digest = hash_sha256(PAPER), stored;
    Str bytes, hex = hash_digest_hex(house->ctx.arena, &digest);
    assert_true(str_eq(json_get_str(file, "sha256"), hex));
    assert_true(hash_digest_of(house->ctx.arena, json_get_str(file, "file"), &stored));
    GOOD(house, ledger_attached(&house->ctx, house->tenant.ledger, &stored, &bytes));
    assert_true(str_eq(bytes, PAPER));
    GOOD(house, move(house, shop.id, "ask", "見積書を見せてください。"));
    act_as(house, &shop.head);
    FAILS(house, decide(house, decision), RC_CONFLICT, "case-moved");
    OfficeDecision back = {
        .id = decision, .hash = cases_hash(house, decision), .opinion = STR("動いています")};
    GOOD(house, office_return(&house->ctx, &back));
    text_is(house, shop.id, LD_DEFAULT "procedureState", "asked");
}

static void a_proposal_falls_with_its_case(void **state) {
    House *house = *state;
    Matter shop = matter(house);
    act_as(house, &shop.clerk);
    Str decision = propose(house, shop.id, "grant");
    house_act(house, &house->resident);
    GOOD(house, move(house, shop.id, "withdraw", ""));
    text_is(house, decision, LD_DEFAULT "state", "dropped");
    act_as(house, &shop.head);
    FAILS(house, decide(house, decision), RC_CONFLICT, "not-waiting");
}

static void a_rejected_matter_leaves_its_case(void **state) {
    House *house = *state;
    Matter shop = matter(house);
    act_as(house, &shop.clerk);
    Str decision = propose(house, shop.id, "grant");
    act_as(house, &shop.head);
    OfficeDecision no = {
        .id = decision, .hash = cases_hash(house, decision), .opinion = STR("予算がありません")};
    GOOD(house, office_reject(&house->ctx, &no));
    text_is(house, shop.id, LD_DEFAULT "procedureState", "submitted");
    act_as(house, &shop.clerk);
    Str next = propose(house, shop.id, "refuse");
    act_as(house, &shop.head);
    GOOD(house, decide(house, next));
    text_is(house, shop.id, LD_DEFAULT "state", "refused");
    assert_non_null(entity_attr(house_entity(house, shop.id), IRI("remedies")));
}

/* ---- letters ---- */

static CaseLetters letters(House *house, Str id) {
    CaseLetters found;
    GOOD(house, letters_of(&house->ctx, id, &found));
    return found;
}

static Str japanese(const Json *contents, const char *member) {
    return json_get_str(json_get(contents, str_of(member)), "ja");
}

/* The value of a fact, by its label. */
static Str fact(const Json *contents, const char *label) {
    const Json *facts = json_get(contents, STR("facts"));
    for (uint32_t i = 0; i < facts->len; i++)
        if (str_eq(japanese(json_at(facts, i), "label"), str_of(label)))
            return japanese(json_at(facts, i), "value");
    return STR_NONE;
}

static size_t waiting(House *house, const char *post) {
    LettersWaiting found;
    StrVec posts = {0};
    vec_push(house->ctx.arena, &posts, str_of(post));
    GOOD(house, letters_waiting(&house->ctx, &posts, 10, &found));
    assert_false(found.more);
    return found.letters.len;
}

static void grant(House *house, const Matter *shop, const char *move) {
    act_as(house, (Actor *)(uintptr_t)&shop->clerk);
    Str decision = propose(house, shop->id, move);
    act_as(house, (Actor *)(uintptr_t)&shop->head);
    GOOD(house, decide(house, decision));
}

static void a_decision_issues_its_letter(void **state) {
    House *house = *state;
    Matter shop = matter(house);
    act_as(house, &shop.clerk);
    Str decision = propose(house, shop.id, "grant");
    assert_int_equal(letters(house, shop.id).len, 0); /* nothing is issued before it is decided */
    act_as(house, &shop.head);
    GOOD(house, decide(house, decision));
    CaseLetters found = letters(house, shop.id);
    assert_int_equal(found.len, 1);
    const Letter *letter = &found.items[0].letter;
    assert_true(str_eq(letter->number, STR("ま産第1号")) && letter->on_paper);
    assert_int_equal(letter->state, LETTER_ISSUED);
    assert_int_equal(letter->leaf, found.items[0].entity->version);
    assert_true(str_eq(japanese(letter->contents, "signer"), STR("まち市長")));
    assert_true(str_eq(fact(letter->contents, "交付決定額"), STR("300,000円")));
    assert_true(str_eq(fact(letter->contents, "補助対象経費"), STR("400,000円")));
    assert_true(str_find(fact(letter->contents, "使いみち"), STR("デジタル化")) == 0);
    Str body = json_get_str(json_at(json_get(letter->contents, STR("body")), 0), "ja");
    Str day = time_format_japanese(house->ctx.arena, time_jst_date(house->clock.fixed));
    assert_true(str_starts(body, day) && str_find_char(body, '{') < 0);
    assert_true(str_empty(json_get_str(letter->contents, "reason"))); /* the decider's alone */
    assert_true(json_get(letter->contents, STR("remedies"))->len > 0); /* 行政不服審査法82条 */
}

static void a_letter_is_found_by_its_code_alone(void **state) {
    House *house = *state;
    Matter shop = matter(house);
    const Entity *entity;
    grant(house, &shop, "grant");
    CaseLetter letter = letters(house, shop.id).items[0];
    GOOD(house, letters_find(&house->ctx, letter.code, &entity));
    assert_true(str_eq(entity->id, letter.letter.id));
    assert_true(str_find(letter.letter.id, letter.code) < 0);
    char other[32];
    snprintf(other, sizeof other, STR_FMT, STR_ARG(letter.code));
    other[3] = other[3] == 'a' ? 'b' : 'a';
    FAILS(house, letters_find(&house->ctx, str_of(other), &entity), RC_NOT_FOUND, "no-letter");
    FAILS(house, letters_find(&house->ctx, STR("short"), &entity), RC_NOT_FOUND, "no-letter");
}

static void a_letter_on_paper_waits_until_it_is_sent(void **state) {
    House *house = *state;
    Matter shop = matter(house);
    StrVec ids = {0};
    grant(house, &shop, "grant");
    act_as(house, &shop.clerk);
    assert_int_equal(waiting(house, "industry-clerk"), 1);
    assert_int_equal(waiting(house, "environment-waste-clerk"), 0);
    vec_push(house->arena, &ids, str_dup(house->arena, letters(house, shop.id).items[0].letter.id));
    house_act(house, &house->resident);
    FAILS(house, letters_sent(&house->ctx, &ids), RC_DENIED, "not-permitted");
    act_as(house, &shop.clerk);
    GOOD(house, letters_sent(&house->ctx, &ids));
    assert_int_equal(waiting(house, "industry-clerk"), 0);
    int64_t at = letters(house, shop.id).items[0].letter.sent_at;
    assert_true(at != TIME_NONE);
    house->clock.fixed += TIME_HOUR;
    GOOD(house, letters_sent(&house->ctx, &ids)); /* twice is once */
    assert_true(letters(house, shop.id).items[0].letter.sent_at == at);
    ids.items[0] = shop.id;
    FAILS(house, letters_sent(&house->ctx, &ids), RC_NOT_FOUND, "no-letter");
}

static void a_letter_takes_the_place_of_another(void **state) {
    House *house = *state;
    Matter shop = matter(house);
    StrVec ids = {0};
    grant(house, &shop, "grant");
    grant(house, &shop, "revoke");
    CaseLetters found = letters(house, shop.id);
    assert_int_equal(found.len, 2);
    const Letter *before = &found.items[0].letter, *after = &found.items[1].letter;
    assert_int_equal(before->state, LETTER_REPLACED);
    assert_true(str_eq(before->replaced_by, after->number));
    assert_true(str_eq(after->number, STR("ま産第2号")) && after->state == LETTER_ISSUED);
    assert_true(str_eq(json_get_str(after->contents, "reason"), STR("要件に合います。")));
    assert_true(json_get(after->contents, STR("remedies"))->len > 0);
    act_as(house, &shop.clerk);
    assert_int_equal(waiting(house, "industry-clerk"), 1); /* the newer one */
    vec_push(house->arena, &ids, str_dup(house->arena, before->id));
    GOOD(house, letters_sent(&house->ctx, &ids)); /* no more than it was */
    assert_true(letters(house, shop.id).items[0].letter.sent_at == TIME_NONE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, cases_set_up, cases_tear_down)

/* ---- who applies ---- */

/* As from a browser that came in so. */
static void comes_by(House *house, GateMeans means, Actor *out) {
    const Entity *account;
    Str token;
    GOOD(house, account_load(&house->ctx, house->resident.id, &account));
    GOOD(house, session_begin(&house->ctx, account, (SessionBy){.means = means}, &token));
    assert_true(gate_session_actor(&house->ctx, token, out));
    out->browser = str_dup(house->arena, token);
    house_act(house, out);
}

static void a_definition_says_what_has_to_be_shown(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Definition asks = *dog(house);
    Actor by_password, by_passkey;
    const Entity *account;
    Str token;
    asks.authn = AUTHN_PASSKEY;
    house_act(house, &house->nobody);
    FAILS(house, defined_begin(ctx, &asks, STR("web")), RC_DENIED, "sign-in");
    GOOD(house, defined_begin(ctx, &asks, STR("phone"))); /* an official saw to it */
    comes_by(house, MEANS_PASSWORD, &by_password);
    FAILS(house, defined_begin(ctx, &asks, STR("web")), RC_DENIED, "authn-low");
    GOOD(house, account_load(ctx, by_password.id, &account));
    GOOD(house, session_stepped_up(ctx, account, (SessionBy){.means = MEANS_PASSKEY}, &token));
    assert_true(gate_session_actor(ctx, token, &by_passkey));
    by_passkey.browser = by_password.browser;
    house_act(house, &by_passkey);
    GOOD(house, defined_begin(ctx, &asks, STR("web")));
    comes_by(house, MEANS_PASSKEY, &by_passkey);
    GOOD(house, defined_begin(ctx, &asks, STR("web")));
    asks.proof = PROOF_CHECKED;
    FAILS(house, defined_begin(ctx, &asks, STR("web")), RC_DENIED, "proof-low");
    asks.proof = PROOF_DECLARED;
    GOOD(house, defined_begin(ctx, &asks, STR("web")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(procedures_are_found_by_what_people_call_them),
        CASE(what_opens_later_is_told),
        CASE(what_could_not_be_published_is_not_taken_in),
        CASE(a_case_has_what_was_answered_and_what_the_rules_found),
        CASE(a_draft_sent_twice_is_one_case),
        CASE(drafts_of_two_procedures_do_not_meet),
        CASE(the_office_asks_and_its_time_stands_still),
        CASE(a_case_ends_as_its_definition_says),
        CASE(whose_case_it_is_not_moves_nothing),
        CASE(an_official_enters_for_somebody),
        CASE(the_inbox_lists_cases_of_all_procedures),
        CASE(what_was_told_before_is_not_asked_again),
        CASE(a_matter_is_decided_before_its_case_moves),
        CASE(what_is_decided_is_what_was_frozen),
        CASE(a_proposal_falls_with_its_case),
        CASE(a_rejected_matter_leaves_its_case),
        CASE(a_definition_says_what_has_to_be_shown),
        CASE(a_decision_issues_its_letter),
        CASE(a_letter_is_found_by_its_code_alone),
        CASE(a_letter_on_paper_waits_until_it_is_sent),
        CASE(a_letter_takes_the_place_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
