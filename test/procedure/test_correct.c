/* Tests of applications that are corrected at their office's request: which questions, by which
 * rules, what stays with the case, and what follows. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define COPY "resident-record-copy"

static void text_is(House *house, Str id, const char *iri, const char *expected) {
    Str got = cases_text(house, id, str_of(iri));
    if (!str_eq(got, str_of(expected)))
        fail_msg("%s: \"" STR_FMT "\", not \"%s\"", iri, STR_ARG(got), expected);
}
#define TEXT_IS(term, expected) text_is(house, id, LD_DEFAULT term, expected)

static void answer_is(House *house, Str id, const char *field, const char *expected) {
    const Entity *application = house_entity(house, id);
    const Definition *definition = defined_of(&house->ctx, application);
    FormAnswer answer;
    bool there = defined_answer(house->ctx.arena, application,
                                definition_field(definition, str_of(field)), &answer);
    Str got = there ? form_text(house->ctx.arena, &answer, STR("ja")) : STR_NONE;
    if (!str_eq(got, str_of(expected)))
        fail_msg("%s: \"" STR_FMT "\", not \"%s\"", field, STR_ARG(got), expected);
}

/* An official of the post that has the case. */
static void official(House *house, Str id, Actor *out) {
    Str post = cases_text(house, id, IRI("post"));
    const char *name = str_z(house->arena, post);
    house_official(house, name, name, out);
    house_act(house, out);
    house->ctx.purpose = STR("application-check");
}

/* Field and reason by turns, NULL behind them. */
static DefinedAct asking(House *house, Str id, const char *const *marks) {
    DefinedAct act = {.id = id, .move = STR("ask"), .text = STR("確かめてください。")};
    for (; *marks; marks += 2)
        vec_push(house->arena, &act.corrects, (CorrectField){str_of(marks[0]), str_of(marks[1])});
    return act;
}
#define ASKING(...) asking(house, id, (const char *const[]){__VA_ARGS__, NULL})

/* The official asks, and the resident acts from then on. */
static void ask_back(House *house, Actor *clerk, Str id, const char *const *marks) {
    house_act(house, clerk);
    house->ctx.purpose = STR("application-check");
    DefinedAct act = asking(house, id, marks);
    GOOD(house, defined_move(&house->ctx, &act));
    house_act(house, &house->resident);
}
#define ASK_BACK(...) ask_back(house, &clerk, id, (const char *const[]){__VA_ARGS__, NULL})

/* Field and text by turns; a NULL text: nothing is said to it. */
static const Json *said(House *house, const char *const *parts) {
    JsonMembers members = {0};
    Json *out = NEW(house->arena, Json);
    for (; *parts; parts += 2)
        vec_push(house->arena, &members,
                 (JsonMember){str_of(parts[0]),
                              parts[1] ? json_of_str(str_of(parts[1])) : json_of_null()});
    *out = json_of_members(members.items, members.len);
    return out;
}
#define SAID(...) said(house, (const char *const[]){__VA_ARGS__, NULL})

static Rc answer(House *house, Str id, const Json *all, Correcting *out) {
    CorrectAsk ask;
    assert_true(correct_asked(&house->ctx, house_entity(house, id), &ask));
    return correct_send(
        &house->ctx, &(CorrectWish){.id = id, .n = ask.n, .said = all, .channel = STR("web")}, out);
}

static const char *fault_of(const Correcting *correcting, const char *field) {
    const FormAnswer *one = form_answer(&correcting->form, str_of(field));
    return one->due && !one->handed && one->fault ? one->fault : "";
}

static void the_office_marks_what_can_be_answered_again(void **state) {
    House *house = *state;
    Actor clerk;
    Str id = cases_example(house, COPY, 0, NULL);
    official(house, id, &clerk);
    DefinedAct act = ASKING("copies", "枚数", "use", "x"); /* nobody was asked what for */
    FAILS(house, defined_move(&house->ctx, &act), RC_INVALID, "no-correction");
    act = ASKING("flight", "x");
    FAILS(house, defined_move(&house->ctx, &act), RC_INVALID, "no-correction");
    act = ASKING("copies", "枚数");
    act.move = STR("refuse"); /* from which no answer leads back */
    FAILS(house, defined_move(&house->ctx, &act), RC_INVALID, "no-correction");
    act = ASKING("copies", "枚数", "name", "");
    act.text = STR(" ");
    FAILS(house, defined_move(&house->ctx, &act), RC_INVALID, "missing");
    act = ASKING("copies", "枚数", "name", "戸籍のとおりに");
    act.text = STR("");
    GOOD(house, defined_move(&house->ctx, &act));
    TEXT_IS("state", "asked");
    CorrectAsk ask;
    assert_true(correct_asked(&house->ctx, house_entity(house, id), &ask));
    assert_int_equal(ask.fields.len, 2);
    assert_true(str_eq(ask.fields.items[1].why, STR("戸籍のとおりに")));
    assert_true(str_eq(ask.answer->id, STR("answer")));
    Json kept = correct_kept(&house->ctx, house_entity(house, id), &ask);
    assert_true(str_eq(json_get_str(&kept, "name"), STR("見本 花子")));
    assert_true(str_eq(json_get_str(&kept, "copies"), STR("1")));
}

static void answers_are_judged_as_when_it_was_sent(void **state) {
    House *house = *state;
    Actor clerk;
    Correcting correcting = {0};
    Str id = cases_example(house, COPY, 0, NULL);
    official(house, id, &clerk);
    ASK_BACK("copies", "", "entries", "");
    FAILS(house, answer(house, id, SAID("copies", "11", "entries", "relation"), &correcting),
          RC_INVALID, "incomplete");
    assert_string_equal(fault_of(&correcting, "copies"), "high");
    assert_true(form_answer(&correcting.form, STR("name"))->handed);
    /* one that an answer brings up is asked, too, and one that was not marked isn't changed */
    FAILS(house,
          answer(house, id, SAID("copies", "２", "entries", "number", "name", "別人"), &correcting),
          RC_INVALID, "incomplete");
    assert_string_equal(fault_of(&correcting, "use"), "required");
    FAILS(house, answer(house, id, SAID("copies", "1"), &correcting), RC_INVALID, "unchanged");
    GOOD(house,
         answer(house, id,
                SAID("copies", "２", "entries", "number", "use", "年金の請求", "name", "別人"),
                &correcting));
    TEXT_IS("procedureState", "submitted");
    answer_is(house, id, "copies", "2");
    answer_is(house, id, "use", "年金の請求");
    answer_is(house, id, "name", "見本 花子");
    TEXT_IS("name", "見本 花子");
    assert_null(entity_attr(house_entity(house, id), IRI("correction")));
}

static bool found_ok(House *house, Str id, const char *check) {
    const Attr *all = entity_attr(house_entity(house, id), IRI("checks"));
    for (size_t i = 0; i < all->value->len; i++)
        if (str_eq(json_get_str(json_at(all->value, i), "check"), str_of(check)))
            return json_get_bool(json_at(all->value, i), "ok", false);
    fail_msg("%s", check);
    return false;
}

static void fee_checks_and_contact_follow(void **state) {
    House *house = *state;
    Actor clerk;
    Correcting correcting = {0};
    Correcteds done;
    static const char *const more[] = {"mail", "hanako@example.jp", NULL};
    Str id = cases_example(house, COPY, 0, more);
    TEXT_IS("email", "hanako@example.jp");
    assert_int_equal(entity_int(house_entity(house, id), IRI("fee"), 0), 410);
    assert_true(found_ok(house, id, "few"));
    official(house, id, &clerk);
    ASK_BACK("copies", "", "mail", "", "phone", "");
    GOOD(house,
         answer(house, id, SAID("copies", "6", "mail", NULL, "phone", "０９０ー１１１１ー２２２２"),
                &correcting));
    assert_int_equal(entity_int(house_entity(house, id), IRI("fee"), 0), 1980);
    assert_false(found_ok(house, id, "few"));
    TEXT_IS("phone", "090-1111-2222");
    assert_null(entity_attr(house_entity(house, id), IRI("email")));
    correct_done(&house->ctx, house_entity(house, id), &done);
    assert_int_equal(done.len, 1);
    const Corrected *one = &done.items[0];
    assert_int_equal(one->answers.len, 3);
    assert_true(one->asked == 1 && one->step == 2 && str_eq(one->channel, STR("web")));
    assert_true(one->fee_before == 410 && one->fee == 1980 && !one->fee_fixed && !one->hidden);
    const CorrectedAnswer *mail = &one->answers.items[2];
    assert_true(str_eq(mail->before.value.string, STR("hanako@example.jp")));
    assert_int_equal(mail->after.value.kind, FEEL_NULL);
}

static void a_fee_that_was_asked_for_stays_and_the_difference_is_told(void **state) {
    House *house = *state;
    Actor clerk;
    Correcting correcting = {0};
    Correcteds done;
    Str id = cases_example(house, "dog-registration", 0, NULL);
    int64_t fee = entity_int(house_entity(house, id), IRI("fee"), 0);
    official(house, id, &clerk);
    ASK_BACK("vaccinated", "", "dogName", "");
    FormAnswer was;
    const Definition *definition = defined_of(&house->ctx, house_entity(house, id));
    (void)defined_answer(house->ctx.arena, house_entity(house, id),
                         definition_field(definition, STR("vaccinated")), &was);
    const char *other = was.value.boolean ? "no" : "yes";
    GOOD(house, answer(house, id,
                       SAID("vaccinated", other, "vaccinatedOn", "2026-06-01", "dogName", "ハチ"),
                       &correcting));
    assert_int_equal(entity_int(house_entity(house, id), IRI("fee"), 0), fee);
    correct_done(&house->ctx, house_entity(house, id), &done);
    assert_true(done.items[0].fee_fixed && done.items[0].fee_before == fee);
}

static void twice_is_once_and_what_comes_late_is_told(void **state) {
    House *house = *state;
    Actor clerk;
    Correcting correcting = {0};
    CorrectAsk ask;
    Str id = cases_example(house, COPY, 0, NULL);
    official(house, id, &clerk);
    DefinedAct act = ASKING("copies", "");
    act.answer_by = (Date){2026, 11, 24};
    GOOD(house, defined_move(&house->ctx, &act));
    assert_true(correct_asked(&house->ctx, house_entity(house, id), &ask));
    CorrectWish wish = {.id = id, .n = ask.n, .said = SAID("copies", "2"), .channel = STR("web")};
    house_act(house, &house->other);
    assert_int_not_equal(correct_send(&house->ctx, &wish, &correcting), RC_OK);
    house->clock.fixed += 20 * TIME_DAY; /* behind its day, and still taken in */
    house_act(house, &house->resident);
    GOOD(house, correct_send(&house->ctx, &wish, &correcting));
    TEXT_IS("answerDue", ""); /* the office's time goes on from where it stood still */
    TEXT_IS("due", "2026-12-14");
    uint64_t version = house_entity(house, id)->version;
    GOOD(house, correct_send(&house->ctx, &wish, &correcting));
    assert_int_equal(house_entity(house, id)->version, version);
    wish.said = SAID("copies", "3"); /* of another tab */
    FAILS(house, correct_send(&house->ctx, &wish, &correcting), RC_CONFLICT, "not-asked");
    answer_is(house, id, "copies", "2");
    house_act(house, &clerk);
    act = ASKING("copies", "");
    GOOD(house, defined_move(&house->ctx, &act));
    house_act(house, &house->resident); /* the form of the first time answers no second one */
    FAILS(house, correct_send(&house->ctx, &wish, &correcting), RC_CONFLICT, "not-asked");
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = id, .move = STR("withdraw")}));
    wish.n = 3;
    FAILS(house, correct_send(&house->ctx, &wish, &correcting), RC_CONFLICT, "not-asked");
    TEXT_IS("state", "cancelled");
}

static void an_address_alone_corrects_nothing_that_asks_whose_it_is(void **state) {
    House *house = *state;
    Actor clerk, holder;
    Correcting correcting = {0};
    Str id = cases_example(house, COPY, 0, NULL);
    official(house, id, &clerk);
    DefinedAct act = ASKING("address", "");
    GOOD(house, defined_move(&house->ctx, &act));
    const Json *elsewhere = SAID("address", "となり町9-9");
    holder = house->nobody;
    holder.held = id;
    house_act(house, &holder);
    FAILS(house, answer(house, id, elsewhere, &correcting), RC_DENIED, "sign-in");
    holder = house->other;
    holder.held = id;
    house_act(house, &holder);
    FAILS(house, answer(house, id, elsewhere, &correcting), RC_DENIED, "other-account");
    house_act(house, &house->resident);
    GOOD(house, answer(house, id, elsewhere, &correcting));
    Str dog = cases_example(house, "dog-registration", 0, NULL); /* for which nobody signs in */
    id = dog;
    official(house, id, &clerk);
    act = ASKING("dogName", "");
    GOOD(house, defined_move(&house->ctx, &act));
    holder = house->nobody;
    holder.held = id;
    house_act(house, &holder);
    GOOD(house, answer(house, id, SAID("dogName", "ハチ"), &correcting));
}

static void what_was_corrected_is_there_after_a_restart(void **state) {
    House *house = *state;
    Actor clerk;
    Correcting correcting = {0};
    Correcteds done;
    CorrectAsk ask;
    Str id = cases_example(house, COPY, 0, NULL);
    official(house, id, &clerk);
    for (int round = 0; round < 2; round++) {
        house_act(house, &clerk);
        house->ctx.purpose = STR("application-check");
        DefinedAct act = ASKING("copies", "枚数");
        GOOD(house, defined_move(&house->ctx, &act));
        if (round) break;
        house_act(house, &house->resident);
        GOOD(house, answer(house, id, SAID("copies", "2"), &correcting));
    }
    house_on_disk(house, NULL);
    answer_is(house, id, "copies", "2");
    correct_done(&house->ctx, house_entity(house, id), &done);
    assert_int_equal(done.len, 1);
    assert_int_equal(done.items[0].answers.len, 1);
    assert_true(correct_asked(&house->ctx, house_entity(house, id), &ask));
    assert_true(str_eq(ask.fields.items[0].why, STR("枚数")));
}

static void the_desk_enters_it_for_who_calls(void **state) {
    House *house = *state;
    Actor clerk;
    Correcting correcting = {0};
    Correcteds done;
    CorrectAsk ask;
    CaseSteps steps;
    Str id = cases_example(house, COPY, 0, NULL);
    official(house, id, &clerk);
    DefinedAct act = ASKING("copies", "");
    GOOD(house, defined_move(&house->ctx, &act));
    assert_true(correct_asked(&house->ctx, house_entity(house, id), &ask));
    CorrectWish wish = {.id = id, .n = ask.n, .said = SAID("copies", "2"), .channel = STR("web")};
    FAILS(house, correct_send(&house->ctx, &wish, &correcting), RC_INVALID, "no-channel");
    wish.channel = STR("phone");
    house_act(house, &house->resident);
    FAILS(house, correct_send(&house->ctx, &wish, &correcting), RC_DENIED, "not-permitted");
    house_act(house, &clerk);
    house->ctx.purpose = STR("application-check");
    GOOD(house, correct_send(&house->ctx, &wish, &correcting));
    correct_done(&house->ctx, house_entity(house, id), &done);
    assert_true(str_eq(done.items[0].channel, STR("phone")));
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    assert_true(str_eq(steps.items[2].post, clerk.post));
}

static void what_needs_care_stands_apart(void **state) {
    House *house = *state;
    Actor clerk;
    Correcting correcting = {0};
    Correcteds done;
    Str id = cases_example(house, COPY, 3, NULL);
    assert_non_null(entity_attr(house_entity(house, id), IRI("sensitiveAnswers")));
    official(house, id, &clerk);
    ASK_BACK("waiver", "");
    GOOD(house, answer(house, id, SAID("waiver", "no"), &correcting));
    const Entity *application = house_entity(house, id);
    assert_null(entity_attr(application, IRI("sensitiveAnswers")));
    const Attr *plain = entity_attr(application, IRI("corrections"));
    assert_int_equal(json_get(json_at(plain->value, 0), STR("fields"))->len, 1);
    correct_done(&house->ctx, application, &done);
    assert_int_equal(done.items[0].answers.len, 2);
    assert_true(str_eq(done.items[0].answers.items[1].before.value.string, STR("welfare")));
    Entity *masked = entity_new(house->arena, id, STR(CASE_TYPE)); /* who may not see it */
    entity_set(house->arena, masked, IRI("procedure"), json_of_str(STR(COPY)));
    entity_set(house->arena, masked, IRI("procedureVersion"), json_of_int(1));
    entity_set_kind(house->arena, masked, ATTR_JSON, IRI("corrections"), *plain->value);
    correct_done(&house->ctx, masked, &done);
    assert_true(done.items[0].hidden && done.items[0].answers.len == 1);
}

static void a_proposal_about_it_falls(void **state) {
    House *house = *state;
    Actor clerk;
    Correcting correcting = {0};
    Correcteds done;
    Str id = cases_example(house, "disclosure-request", 0, NULL), decision;
    official(house, id, &clerk);
    DefinedAct propose = {.id = id, .move = STR("disclose"), .text = STR("出せます。")};
    GOOD(house, defined_propose(&house->ctx, &propose, &decision));
    decision = str_dup(house->arena, decision);
    DefinedAct act = ASKING("subject", "");
    GOOD(house, defined_move(&house->ctx, &act));
    text_is(house, decision, LD_DEFAULT "state", "waiting");
    house_act(house, &house->resident);
    GOOD(house, answer(house, id, SAID("subject", "令和6年度の駅前広場の工事の図面"), &correcting));
    text_is(house, decision, LD_DEFAULT "state", "dropped");
    text_is(house, decision, LD_DEFAULT "dropReason", "corrected");
    correct_done(&house->ctx, house_entity(house, id), &done);
    assert_true(done.items[0].dropped);
    house_act(house, &clerk);
    house->ctx.purpose = STR("application-check");
    GOOD(house, defined_propose(&house->ctx, &propose, &decision)); /* and is drafted anew */
}

static void words_alone_are_still_an_answer(void **state) {
    House *house = *state;
    Actor clerk;
    Correcteds done;
    Str id = cases_example(house, COPY, 0, NULL);
    official(house, id, &clerk);
    DefinedAct act = {.id = id, .move = STR("ask"), .text = STR("何に使いますか?")};
    GOOD(house, defined_move(&house->ctx, &act));
    CorrectAsk ask;
    assert_false(correct_asked(&house->ctx, house_entity(house, id), &ask));
    house_act(house, &house->resident);
    act = (DefinedAct){.id = id, .move = STR("answer"), .text = STR("年金です。")};
    GOOD(house, defined_move(&house->ctx, &act));
    correct_done(&house->ctx, house_entity(house, id), &done);
    assert_int_equal(done.len, 0);
}

static void the_desk_corrects_it_where_it_is(void **state) {
    House *house = *state;
    Actor clerk;
    Correcting correcting = {0};
    Correcteds done;
    CaseSteps steps;
    Str id = cases_example(house, COPY, 0, NULL);
    CorrectWish wish = {.id = id, .n = 1, .said = SAID("copies", "2"), .channel = STR("counter")};
    vec_push(house->arena, &wish.here, (CorrectField){STR("copies"), STR_NONE});
    assert_int_not_equal(correct_send(&house->ctx, &wish, &correcting), RC_OK); /* nor himself */
    Str due = cases_text(house, id, IRI("due"));
    official(house, id, &clerk);
    house->clock.fixed += TIME_DAY;
    GOOD(house, correct_send(&house->ctx, &wish, &correcting));
    GOOD(house, correct_send(&house->ctx, &wish, &correcting)); /* twice is once */
    TEXT_IS("procedureState", "submitted");
    assert_true(str_eq(cases_text(house, id, IRI("due")), due));
    TEXT_IS("assignee", "");
    answer_is(house, id, "copies", "2");
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    assert_int_equal(steps.len, 2);
    assert_true(str_eq(steps.items[1].kind, CASE_STEP_CORRECTED));
    correct_done(&house->ctx, house_entity(house, id), &done);
    assert_true(done.len == 1 && str_eq(done.items[0].channel, STR("counter")));
    wish.said = SAID("copies", "3"); /* of a form that is older than the last correction */
    FAILS(house, correct_send(&house->ctx, &wish, &correcting), RC_CONFLICT, "not-asked");
    wish.n = 2;
    wish.here.items[0].field = STR("wings");
    FAILS(house, correct_send(&house->ctx, &wish, &correcting), RC_INVALID, "no-correction");
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = id, .move = STR("accept")}));
    assert_false(correct_may_here(&house->ctx, house_entity(house, id)));
}

#define PNG(text)                                                                                  \
    "\x89PNG\r\n\x1a\n"                                                                            \
    "\0\0\0\x03IHDRabcCRCC"                                                                        \
    "\0\0\0\x04IDAT" text "CRCC"                                                                   \
    "\0\0\0\0IENDCRCC"
#define BYTES(literal) ((Str){literal, sizeof(literal) - 1})

/* Chooses one instead of those that were chosen before, as the page does. */
static Json choose(House *house, const CorrectFiles *files, Str name, Str bytes) {
    Attachment added;
    Json said;
    AttachWish wish = {.field = files->field, .name = name, .bytes = bytes};
    GOOD(house, attach_add(&house->ctx, house->resident.browser, &wish, &added));
    Json *item = NEW(house->arena, Json);
    *item = attachment_json(house->arena, &added);
    GOOD(house, correct_files_keep(&house->ctx, files, json_of_items(item, 1)));
    GOOD(house, correct_files(&house->ctx, files, &said));
    return said;
}

static Str digest_of(const FormAnswer *answer, Arena *arena) {
    Attachments files;
    form_attachments(arena, answer, &files);
    return files.len == 1 ? files.items[0].file : STR_NONE;
}

static Str bytes_of(House *house, Str file) {
    Digest id;
    Str bytes;
    assert_true(hash_digest_of(house->arena, file, &id));
    GOOD(house, ledger_attached(&house->ctx, house->tenant.ledger, &id, &bytes));
    return bytes;
}

static void files_are_chosen_anew_and_the_old_ones_stay(void **state) {
    House *house = *state;
    Actor clerk;
    Correcting correcting = {0};
    Correcteds done;
    CorrectAsk ask;
    FormAnswer now;
    Json said;
    Str id = cases_example(house, COPY, 3, NULL);
    const Definition *definition = defined_of(&house->ctx, house_entity(house, id));
    const Field *proof = definition_field(definition, STR("proof"));
    official(house, id, &clerk);
    for (int round = 0; round < 2; round++) {
        ASK_BACK("proof", "", "copies", "");
        assert_true(correct_asked(&house->ctx, house_entity(house, id), &ask));
        CorrectFiles files = {house_entity(house, id), ask.n, proof};
        GOOD(house, correct_files(&house->ctx, &files, &said));
        assert_int_equal(said.len, round); /* what the case has */
        said = round ? choose(house, &files, STR("b.png"), BYTES(PNG("new!")))
                     : choose(house, &files, STR("a.png"), BYTES(PNG("old!")));
        JsonMember member = {STR("proof"), said};
        Json all = json_of_members(&member, 1);
        GOOD(house, answer(house, id, &all, &correcting));
        GOOD(house, correct_files(&house->ctx, &files, &said));
        assert_int_equal(said.len, round); /* the draft is forgotten: files is as the case was */
    }
    assert_true(defined_answer(house->ctx.arena, house_entity(house, id), proof, &now));
    Str file = digest_of(&now, house->ctx.arena);
    assert_true(str_eq(bytes_of(house, file), BYTES(PNG("new!"))));
    correct_done(&house->ctx, house_entity(house, id), &done);
    assert_int_equal(done.len, 2);
    const CorrectedAnswer *last = &done.items[1].answers.items[0];
    assert_true(str_eq(digest_of(&last->after, house->ctx.arena), file));
    Str before = digest_of(&last->before, house->ctx.arena);
    assert_true(str_eq(bytes_of(house, before), BYTES(PNG("old!"))));
    /* what isn't chosen anew stays the same file */
    ASK_BACK("proof", "", "copies", "");
    assert_true(correct_asked(&house->ctx, house_entity(house, id), &ask));
    CorrectFiles files = {house_entity(house, id), ask.n, proof};
    GOOD(house, correct_files(&house->ctx, &files, &said));
    JsonMember members[] = {{STR("proof"), said}, {STR("copies"), json_of_str(STR("5"))}};
    Json all = json_of_members(members, 2);
    GOOD(house, answer(house, id, &all, &correcting));
    assert_true(defined_answer(house->ctx.arena, house_entity(house, id), proof, &now));
    assert_true(str_eq(digest_of(&now, house->ctx.arena), file));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_office_marks_what_can_be_answered_again),
        TEST(answers_are_judged_as_when_it_was_sent),
        TEST(fee_checks_and_contact_follow),
        TEST(a_fee_that_was_asked_for_stays_and_the_difference_is_told),
        TEST(twice_is_once_and_what_comes_late_is_told),
        TEST(the_desk_enters_it_for_who_calls),
        TEST(what_needs_care_stands_apart),
        TEST(a_proposal_about_it_falls),
        TEST(an_address_alone_corrects_nothing_that_asks_whose_it_is),
        TEST(what_was_corrected_is_there_after_a_restart),
        TEST(the_desk_corrects_it_where_it_is),
        TEST(words_alone_are_still_an_answer),
        TEST(files_are_chosen_anew_and_the_old_ones_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
