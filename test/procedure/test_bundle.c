/* Tests of one-stop procedures: a bundle hands its answers on, leads to what is still open, and
 * sends each part once. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define TEXT(ja, en) "{'ja': '" ja "', 'en': '" en "', 'easy': 'あ'}"
#define FIELD(id, kind, rest)                                                                      \
    "{'id': '" id "', 'kind': '" kind "', 'label': " TEXT("あ", "A") rest "}"
#define FROM(id, kind) FIELD(id, kind, ", 'from': '" id "'")
#define HEAD                                                                                       \
    "'id': 'all-at-once', 'version': 1, 'effective': {'from': '2026-04-01'}, 'label': " TEXT(      \
        "まとめて", "All at once") ", 'summary': " TEXT("あ", "A")
#define PAGES                                                                                                                   \
    "'pages': [{'id': 'you', 'title': " TEXT("あ", "A") ", 'fields': [" FROM("name", "name") "," FROM("kana", "kana") "," FROM( \
        "postcode",                                                                                                             \
        "postcode") "," FROM("address",                                                                                         \
                             "text") "," FROM("phone",                                                                          \
                                              "phone") "," FIELD("shop", "yes-no",                                              \
                                                                 "") "," FIELD("chip", "yes-no",                                \
                                                                               "") "," FIELD("go"                               \
                                                                                             "t",                               \
                                                                                             "dat"                              \
                                                                                             "e",                               \
                                                                                             "") "," FIELD("declared",          \
                                                                                                           "declaration",       \
                                                                                                           ", 'class': 'internal'") "]}]"
#define DOG                                                                                        \
    "{'procedure': 'dog-registration', 'answers': {'declared': 'declared', 'since': 'got', "       \
    "'chip': 'chip'}}"
#define SHOP   "{'procedure': 'small-business-subsidy', 'when': 'shop', 'answers': {}}"
#define COPY   "{'procedure': 'resident-record-copy', 'when': 'shop'}"
#define GONE   "{'procedure': 'no-longer-there'}"
#define BUNDLE "{" HEAD "," PAGES ", 'parts': [" DOG "," SHOP "," COPY "," GONE "]}"

static const Json *read(House *house, const char *text) {
    const Json *json;
    char *copy = NEW_ARRAY(house->arena, char, strlen(text) + 1);
    for (size_t i = 0; i <= strlen(text); i++)
        copy[i] = text[i] == '\'' ? '"' : text[i];
    GOOD(house, json_read(&house->ctx, str_of(copy), JSON_LIMITS_DEFAULT, &json));
    return json;
}

static const Definition *bundle(House *house) {
    const Catalogue *catalogue = procedures_catalogue(&house->tenant);
    if (!catalogue_newest(catalogue, STR("all-at-once")))
        GOOD(house,
             catalogue_take(&house->ctx, (Catalogue *)(uintptr_t)catalogue, read(house, BUNDLE)));
    return catalogue_newest(catalogue, STR("all-at-once"));
}

static void say(House *house, const Definition *definition, const char *field, const char *text) {
    JsonMembers members = {0};
    vec_push(house->ctx.arena, &members, (JsonMember){str_of(field), json_of_str(str_of(text))});
    GOOD(house, defined_keep(&house->ctx, definition, &members));
}

static DefinedDraft draft_of(House *house, const Definition *definition) {
    DefinedDraft draft;
    GOOD(house, defined_draft(&house->ctx, definition, &draft));
    return draft;
}

/* As nobody in particular, in a browser. */
static void answer(House *house, const char *shop) {
    static const char *const said[][2] = {{"name", "町田　花子"},     {"kana", "まちだ はなこ"},
                                          {"postcode", "9990001"},    {"address", "まなか1-2"},
                                          {"phone", "090-1234-5678"}, {"chip", "no"},
                                          {"got", "令和8年11月1日"},  {"declared", "yes"}};
    house->ctx.actor->browser = STR("a browser");
    if (str_empty(draft_of(house, bundle(house)).token))
        GOOD(house, defined_begin(&house->ctx, bundle(house), STR("web")));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        say(house, bundle(house), said[i][0], said[i][1]);
    say(house, bundle(house), "shop", shop);
    DefinedDraft draft = draft_of(house, bundle(house));
    assert_null(form_next(&draft.form));
    GOOD(house, bundle_fill(&house->ctx, &draft));
}

static BundleTasks tasks_of(House *house) {
    BundleTasks tasks;
    DefinedDraft draft = draft_of(house, bundle(house));
    GOOD(house, bundle_tasks(&house->ctx, &draft, &tasks));
    return tasks;
}

static BundleTask task_at(House *house, size_t n) {
    BundleTasks tasks = tasks_of(house);
    assert_true(n < tasks.len);
    return tasks.items[n];
}

static void fill(House *house) {
    DefinedDraft draft = draft_of(house, bundle(house));
    GOOD(house, bundle_fill(&house->ctx, &draft));
}

static void raw_is(const BundleTask *task, const char *field, const char *expected) {
    Str raw = form_answer(&task->draft.form, str_of(field))->raw;
    if (!str_eq(raw, str_of(expected)))
        fail_msg("%s: \"" STR_FMT "\", not \"%s\"", field, STR_ARG(raw), expected);
}

static void complete_dog(House *house) {
    const Definition *dog = tasks_of(house).items[0].definition;
    say(house, dog, "dogName", "ポチ");
    say(house, dog, "breed", "shiba");
    say(house, dog, "sex", "male");
    say(house, dog, "born", "R7.4.1");
    say(house, dog, "vaccinated", "no");
}

static BundleSending send(House *house) {
    BundleSending sending;
    DefinedDraft draft = draft_of(house, bundle(house));
    GOOD(house, bundle_send(&house->ctx, &draft, &sending));
    return sending;
}

static size_t receipts(House *house, BundleReceipts *out) {
    DefinedDraft draft = draft_of(house, bundle(house));
    GOOD(house, bundle_receipts(&house->ctx, &draft, out));
    return out->len;
}

static void nothing_that_was_answered_is_asked_again(void **state) {
    House *house = *state;
    house_act(house, &house->resident);
    answer(house, "no");
    BundleTasks tasks = tasks_of(house);
    assert_int_equal(tasks.len, 1);
    assert_int_equal(tasks.items[0].state, BUNDLE_OPEN);
    const Form *form = &tasks.items[0].draft.form;
    static const char *const handed[] = {"name",  "kana", "postcode", "address",
                                         "phone", "chip", "declared"};
    for (size_t i = 0; i < sizeof handed / sizeof *handed; i++)
        if (!form_answer(form, str_of(handed[i]))->handed) fail_msg("%s is asked", handed[i]);
    assert_false(form_answer(form, STR("dogName"))->handed);
    assert_false(form_is_due(form, form_answer(form, STR("chip"))->page));
    assert_true(form_answer(form, STR("chip"))->value.kind == FEEL_BOOL);
    assert_true(str_eq(form_next(form)->id, STR("dog")));
}

/* What was mended in the part stays, until the bundle says something else; what it says no longer
   goes. */
static void another_answer_is_handed_on_anew(void **state) {
    House *house = *state;
    house_act(house, &house->resident);
    answer(house, "no");
    complete_dog(house);
    BundleTask task = task_at(house, 0);
    assert_int_equal(task.state, BUNDLE_READY);
    say(house, task.definition, "address", "うみべ9-9");
    task = task_at(house, 0);
    assert_false(form_answer(&task.draft.form, STR("address"))->handed);
    say(house, bundle(house), "phone", "090-0000-0001");
    fill(house);
    task = task_at(house, 0);
    raw_is(&task, "address", "うみべ9-9");
    raw_is(&task, "phone", "090-0000-0001");
    raw_is(&task, "dogName", "ポチ");
    say(house, bundle(house), "address", "うみべ3-4");
    JsonMembers unsaid = {0};
    vec_push(house->ctx.arena, &unsaid, (JsonMember){STR("got"), json_of_null()});
    GOOD(house, defined_keep(&house->ctx, bundle(house), &unsaid));
    fill(house);
    task = task_at(house, 0);
    raw_is(&task, "address", "うみべ3-4");
    raw_is(&task, "since", "");
    answer(house, "yes"); /* parts more */
    assert_int_equal(tasks_of(house).len, 3);
}

static void what_somebody_else_has_answered_is_not_sent(void **state) {
    House *house = *state;
    house_act(house, &house->resident);
    answer(house, "no");
    complete_dog(house);
    GOOD(house, defined_begin(&house->ctx, bundle(house), STR("web"))); /* the next one */
    assert_true(str_empty(draft_of(house, task_at(house, 0).definition).bundle));
    answer(house, "no");
    BundleTask task = task_at(house, 0);
    assert_int_equal(task.state, BUNDLE_OPEN);
    raw_is(&task, "dogName", "");
    raw_is(&task, "name", "町田　花子");
}

static void what_is_ready_is_sent_and_the_rest_stays(void **state) {
    House *house = *state;
    BundleReceipts got;
    house_act(house, &house->resident);
    answer(house, "yes");
    assert_int_equal(send(house).sent, 0);
    complete_dog(house);
    BundleSending sending = send(house);
    assert_int_equal(sending.sent, 1);
    assert_int_equal(sending.open, 2);
    assert_int_equal(task_at(house, 0).state, BUNDLE_SENT);
    assert_int_equal(task_at(house, 1).state, BUNDLE_OPEN);
    assert_int_equal(receipts(house, &got), 1);
    assert_true(str_eq(cases_text(house, got.items[0].receipt.id, STR(LD_DEFAULT "procedure")),
                       STR("dog-registration")));
    answer(house, "no"); /* the rest isn't wanted any more */
    sending = send(house);
    assert_int_equal(sending.sent, 1);
    assert_int_equal(sending.open, 0);
    assert_int_equal(receipts(house, &got), 1);
    assert_true(got.items[0].receipt.number.len > 0);
    DefinedDraft after = draft_of(house, bundle(house));
    assert_true(str_empty(after.token) && !str_empty(after.sent));
    house->clock.fixed += 11 * TIME_MINUTE;
    assert_true(str_empty(draft_of(house, bundle(house)).sent));
}

static void intend(House *house, const char *procedure, Str token) {
    JsonMembers intent = {0}, parts = {0};
    vec_push(house->ctx.arena, &parts, (JsonMember){str_of(procedure), json_of_str(token)});
    vec_push(house->ctx.arena, &intent,
             (JsonMember){STR(".parts"), json_of_members(parts.items, parts.len)});
    GOOD(house, defined_keep(&house->ctx, bundle(house), &intent));
}

static void what_was_sent_before_a_crash_is_not_sent_again(void **state) {
    House *house = *state;
    Receipt first;
    BundleReceipts got;
    house_act(house, &house->resident);
    answer(house, "no");
    complete_dog(house);
    BundleTask task = task_at(house, 0);
    intend(house, "dog-registration", task.draft.token);
    assert_int_equal(task_at(house, 0).state, BUNDLE_READY); /* nothing came of it */
    assert_int_equal(receipts(house, &got), 0);
    GOOD(house, defined_send(&house->ctx, &task.draft, &first));
    assert_int_equal(task_at(house, 0).state, BUNDLE_SENT);
    answer(house, "no");
    assert_int_equal(send(house).sent, 1);
    assert_int_equal(receipts(house, &got), 1);
    assert_true(str_eq(got.items[0].receipt.number, first.number));
}

static void a_part_that_wants_an_account_waits_for_it(void **state) {
    House *house = *state;
    house_act(house, &house->nobody);
    answer(house, "yes");
    BundleTask copy = tasks_of(house).items[2];
    assert_int_equal(copy.state, BUNDLE_SIGN_IN);
    assert_true(str_empty(copy.draft.token));
    complete_dog(house);
    assert_int_equal(send(house).sent, 1); /* it keeps nothing back */
    house_act(house, &house->resident);
    answer(house, "yes");
    copy = tasks_of(house).items[2];
    assert_int_equal(copy.state, BUNDLE_OPEN);
    assert_true(form_answer(&copy.draft.form, STR("name"))->handed);
}

static void a_bundle_that_could_not_work_is_told(void **state) {
    House *house = *state;
    static const struct {
        const char *text, *path, *code;
    } unread[] = {
        {"{" HEAD "," PAGES ", 'parts': [" DOG "," DOG "]}", "parts[1]"},
        {"{" HEAD "," PAGES ", 'parts': [{'procedure': 'no such'}]}", "parts[0].procedure"},
        {"{" HEAD "," PAGES ", 'parts': [{'procedure': 'a', 'when': '('}]}", "parts[0].when",
         "bad-expression"},
        {"{" HEAD "," PAGES ", 'parts': [{'procedure': 'a', 'answers': {'x': ' '}}]}",
         "parts[0].answers.x"},
        {"{" HEAD "," PAGES ", 'parts': [" DOG "], 'states': []}", "states"},
        {"{" HEAD ", 'pages': [{'id': 'p', 'title': " TEXT("あ", "A") ", 'fields': [" FIELD(
             "where", "place", "") "]}], 'parts': [" DOG "]}",
         "pages.p.where"},
    };
    static const struct {
        const char *parts, *path;
    } found[] = {
        {"{'procedure': 'nothing'}", "parts.nothing"},
        {"{'procedure': 'all-at-once'}", "parts.all-at-once"},
        {"{'procedure': 'vaccine-slot'}", "parts.vaccine-slot"},
        {"{'procedure': 'dog-registration', 'answers': {'cat': 'name'}}", "parts.dog-registration"},
    };
    const Definition *definition;
    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++) {
        FAILS(house, definition_read(&house->ctx, read(house, unread[i].text), &definition),
              RC_INVALID, unread[i].code ? unread[i].code : "bad-definition");
        if (!str_eq(house->ctx.error.path, str_of(unread[i].path)))
            fail_msg(STR_FMT ", not %s", STR_ARG(house->ctx.error.path), unread[i].path);
    }
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        DefinitionFindings findings = {0};
        Str text = str_fmt(house->arena, "{" HEAD "," PAGES ", 'parts': [%s]}", found[i].parts);
        GOOD(house, definition_read(&house->ctx, read(house, text.ptr), &definition));
        bundle_lint(&house->ctx, definition, procedures_catalogue(&house->tenant), &findings);
        assert_int_equal(findings.len, 1);
        assert_true(str_eq(findings.items[0].path, str_of(found[i].path)));
    }
}

static void a_part_stays_fit_for_its_bundle(void **state) {
    House *house = *state;
    DefinitionFindings findings = {0};
    DefinedDraft draft;
    Receipt receipt;
    house_act(house, &house->resident);
    answer(house, "no");
    complete_dog(house);
    Definition dog = *task_at(house, 0).definition;
    bundle_lint(&house->ctx, &dog, procedures_catalogue(&house->tenant), &findings);
    assert_int_equal(findings.len, 0);
    dog.inside = true;
    bundle_lint(&house->ctx, &dog, procedures_catalogue(&house->tenant), &findings);
    assert_int_equal(findings.len, 1);
    assert_true(str_eq(findings.items[0].path, STR("parts")));
    GOOD(house, defined_draft(&house->ctx, bundle(house), &draft));
    FAILS(house, defined_send(&house->ctx, &draft, &receipt), RC_INVALID, "no-cases");
}

static void an_answer_that_is_never_asked_is_found(void **state) {
    House *house = *state;
    DefinitionFindings findings = {0};
    const Definition *definition;
    GOOD(
        house,
        definition_read(
            &house->ctx,
            read(house, "{" HEAD "," PAGES
                        ", 'parts': [{'procedure': 'a', 'when': 'cat', 'answers': {'x': 'sea'}}]}"),
            &definition));
    definition_lint(&house->ctx, definition, NULL, &findings);
    assert_int_equal(findings.len, 2);
    assert_true(str_eq(findings.items[0].path, STR("parts.a")));
    assert_true(str_eq(findings.items[1].path, STR("parts.a.x")));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(nothing_that_was_answered_is_asked_again),
        CASE(another_answer_is_handed_on_anew),
        CASE(what_somebody_else_has_answered_is_not_sent),
        CASE(what_is_ready_is_sent_and_the_rest_stays),
        CASE(what_was_sent_before_a_crash_is_not_sent_again),
        CASE(a_part_that_wants_an_account_waits_for_it),
        CASE(a_bundle_that_could_not_work_is_told),
        CASE(a_part_stays_fit_for_its_bundle),
        CASE(an_answer_that_is_never_asked_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
