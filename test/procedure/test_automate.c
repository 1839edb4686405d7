/* Tests of automatic rules, over the starter's registration of a dog with a microchip: what they
   say, how often a person confirms them, and that a run that dies repeats and loses nothing. */
#include "cases.h"

#include "procedure/procedure_int.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define RULE STR("chip-in-order")

static char quick_id[] = "dog-quick-a"; /* each test has a procedure of its own, in one house */
#define QUICK str_of(quick_id)

/* The same procedure with a rule that earns its sample soon: fourteen in a row, then half of them.
 */
static const Definition *quick(House *house) {
    return catalogue_current(procedures_catalogue(&house->tenant), QUICK, (Date){2026, 11, 20});
}

static Str replaced(Arena *arena, Str text, const char *from, const char *to) {
    ptrdiff_t at = str_find(text, str_of(from));
    if (at < 0) fail_msg("there is no %s", from);
    Str parts[] = {str_head(text, (size_t)at), str_of(to),
                   str_sub(text, (size_t)at + strlen(from), text.len)};
    return str_join(arena, parts, 3, STR_NONE);
}

static const Json *varied(House *house, const char *from, const char *to) {
    Buf text = buf_new(house->arena, 1 << 20);
    const Json *out;
    json_write(&text, house_starter(house, "procedures/dog-registration.json"));
    Str source = replaced(house->arena, buf_str(&text), "\"dog-registration\"",
                          str_fmt(house->arena, "\"%s\"", quick_id).ptr);
    source =
        replaced(house->arena, source, "\"target\":5,\"sample\":10", "\"target\":20,\"sample\":50");
    if (from) source = replaced(house->arena, source, from, to);
    Ctx lasting = house->ctx;
    lasting.arena = house->arena;
    GOOD(house, json_read(&lasting, source, JSON_LIMITS_DEFAULT, &out));
    return out;
}

static void take(House *house, const Json *source) {
    GOOD(house,
         catalogue_take(&house->ctx, (Catalogue *)(uintptr_t)procedures_catalogue(&house->tenant),
                        source));
}

static void begin(House *house) {
    quick_id[sizeof quick_id - 2]++;
    take(house, varied(house, NULL, NULL));
}

static Str apply_as(House *house, Actor *actor, bool chip) {
    static const char *const said[][2] = {
        {"dogName", "モモ"},         {"breed", "poodle"},
        {"sex", "female"},           {"born", "R8.4.1"},
        {"since", "R8.11.1"},        {"vaccinated", "yes"},
        {"vaccinatedOn", "R8.10.1"}, {"name", "町田 花子"},
        {"kana", "まちだ はなこ"},   {"postcode", "9990001"},
        {"address", "まなか1-2"},    {"phone", "090-1234-5678"},
        {"declared", "yes"},         {"chipNumber", "392000000000002"}};
    JsonMembers members = {0};
    DefinedDraft draft;
    Receipt receipt;
    house_act(house, actor);
    house->ctx.actor->browser = STR("a browser");
    GOOD(house, defined_begin(&house->ctx, quick(house), STR("web")));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        vec_push(house->ctx.arena, &members,
                 (JsonMember){str_of(said[i][0]), json_of_str(str_of(said[i][1]))});
    vec_push(house->ctx.arena, &members,
             (JsonMember){STR("chip"), json_of_str(chip ? STR("yes") : STR("no"))});
    GOOD(house, defined_keep(&house->ctx, quick(house), &members));
    GOOD(house, defined_draft(&house->ctx, quick(house), &draft));
    draft.notice = LETTER_ELECTRONIC; /* where a letter may come */
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
    return str_dup(house->arena, receipt.id);
}

static Str apply(House *house, bool chip) {
    return apply_as(house, &house->resident, chip);
}

static BinEntry entry(House *house, Str id) {
    BinEntries entries;
    bin_entries(house->ctx.arena, house_entity(house, id), &entries);
    assert_int_equal(entries.len, 1);
    return entries.items[0];
}

static void entry_is(House *house, Str id, AutomaticBin bin, BinWhy why, BinEnd end) {
    BinEntry is = entry(house, id);
    if (is.bin != bin || is.why != why || is.end != end)
        fail_msg("bin %d, why %d, end %d", (int)is.bin, (int)is.why, (int)is.end);
}

static BinCounts counts(House *house) {
    BinCounts out;
    GOOD(house, bins_counts(&house->ctx, QUICK, definition_automatic(quick(house), RULE), &out));
    return out;
}

static Rc confirm(House *house, Str id, const char *reason, AutomateDone *done) {
    AutomateLines lines = {0};
    house_act(house, &house->clerk);
    vec_push(house->ctx.arena, &lines,
             (AutomateLine){.id = id,
                            .version = house_entity(house, id)->version,
                            .out = reason != NULL,
                            .reason = reason ? str_of(reason) : STR_NONE});
    return automate_confirm(&house->ctx, RULE, &lines, done);
}

static void confirmed(House *house, Str id) {
    AutomateDone done;
    GOOD(house, confirm(house, id, NULL, &done));
    assert_int_equal(done.confirmed, 1);
}

static void kept_equals_rebuilt(House *house) {
    ProjectReport report;
    house_drain(house);
    GOOD(house, project_verify(&house->ctx, house->tenant.project, &report));
    if (report.differences) fail_msg("differs: " STR_FMT, STR_ARG(report.first));
}

/* Upper bounds of Clopper and Pearson, one-sided at 95 %, as quantiles of the beta distribution. */
static void bounds_are_exact(void **state) {
    static const struct {
        int64_t errors, n;
        double bound;
    } cases[] = {{0, 10, 0.2588656},  {1, 10, 0.3941633}, {0, 58, 0.0503393},
                 {0, 59, 0.0495076},  {1, 20, 0.2161061}, {2, 20, 0.2826185},
                 {5, 100, 0.1022534}, {3, 3, 1},          {0, 0, 1}};
    static const struct {
        int64_t target, needed;
    } targets[] = {{1, 299}, {5, 59}, {10, 29}, {20, 14}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (fabs(automatic_bound(cases[i].errors, cases[i].n) - cases[i].bound) > 1e-6)
            fail_msg("%d of %d: %.7f", (int)cases[i].errors, (int)cases[i].n,
                     automatic_bound(cases[i].errors, cases[i].n));
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        Automatic rule = {.target = targets[i].target, .sample = 10};
        assert_int_equal(automatic_needed(&rule), targets[i].needed);
        assert_int_equal(automatic_rate(&rule, targets[i].needed - 1), 100);
        assert_int_equal(automatic_rate(&rule, targets[i].needed), 10);
    }
}

static void a_rule_that_may_not_be_is_told_with_its_place(void **state) {
    House *house = *state;
    static const struct {
        const char *from, *to;
        const char *path, *text; /* text NULL: the definition can't be read */
    } cases[] = {
        {"\"fallback\":\"by-hand\"", "\"fallback\":\"done\"", "automatic[0].fallback", NULL},
        {"\"target\":20", "\"target\":21", "automatic[0].target", NULL},
        {"\"sample\":50", "\"sample\":4", "automatic[0].sample", NULL},
        {"chip and count(unmet) = 0", " ", "automatic[0].test", NULL},
        {"chip and count(unmet) = 0", "chip and", "automatic[0].test", NULL},
        {"\"id\":\"dogName\"", "\"id\":\"unmet\"", "automatic", NULL},
        {"chip and count(unmet) = 0", "chap", "automatic.chip-in-order",
         "\"chap\" is never asked."},
        {"\"move\":\"register\"", "\"move\":\"none\"", "automatic.chip-in-order",
         "The office has no move \"none\" from this state."},
        {"\"move\":\"register\"", "\"move\":\"answer\"", "automatic.chip-in-order",
         "The office has no move \"answer\" from this state."},
        {"\"move\":\"register\"", "\"move\":\"ask\"", "automatic.chip-in-order",
         "A move that states a reason is a person's."},
        {"\"to\":\"registered\",\"by\":\"office\"",
         "\"to\":\"registered\",\"by\":\"office\",\"decision\":\"subsidy\"",
         "automatic.chip-in-order", "What has to be decided first is no rule's to do."},
        {"\"to\":\"registered\",\"by\":\"office\"", "\"to\":\"cancelled\",\"by\":\"office\"",
         "automatic.chip-in-order",
         "A refusal is always a person's: it needs reasons and remedies (行政手続法第8条)."},
        {"\"id\":\"chip\",\"kind\":\"yes-no\"",
         "\"id\":\"chip\",\"kind\":\"yes-no\",\"class\":\"sensitive\"", "automatic.chip-in-order",
         "It looks at \"chip\", which is sensitive: a person does that."},
        {"\"id\":\"vaccinated\",\"kind\":\"yes-no\"", /* by a check */
         "\"id\":\"vaccinated\",\"kind\":\"yes-no\",\"class\":\"sensitive\"",
         "automatic.chip-in-order",
         "It looks at \"vaccinated\", which is sensitive: a person does that."},
        {"\"chip-in-order\":\"done\"", "\"chip-in-order\":\"confirm\"", "examples.chip",
         "The rule \"chip-in-order\" says \"done\", \"confirm\" was expected."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Definition *definition;
        DefinitionFindings findings = {0};
        bool found = false;
        const Json *source = varied(house, cases[i].from, cases[i].to);
        Rc rc = definition_read(&house->ctx, source, &definition);
        if (!cases[i].text) {
            if (rc != RC_INVALID || !str_eq(house->ctx.error.path, str_of(cases[i].path)))
                fail_msg("%s: " STR_FMT, cases[i].to, STR_ARG(house->ctx.error.path));
            continue;
        }
        house_expect(house, rc, RC_OK, NULL, cases[i].to);
        definition_lint(&house->ctx, definition, NULL, &findings);
        VEC_EACH (const DefinitionFinding, finding, &findings)
            found |= str_eq(finding->path, str_of(cases[i].path)) &&
                     str_eq(finding->text, str_of(cases[i].text)) && !str_empty(finding->ja);
        if (!found) fail_msg("%s is not told", cases[i].text);
    }
}

static void a_new_rule_prepares_and_a_person_confirms(void **state) {
    House *house = *state;
    AutomateDone done;
    begin(house);
    Str id = apply(house, true), by_hand = apply(house, false);
    entry_is(house, id, BIN_CONFIRM, WHY_ALL, END_OPEN);
    entry_is(house, by_hand, BIN_BY_HAND, WHY_FALLBACK, END_OPEN);
    assert_true(str_eq(cases_text(house, id, IRI("procedureState")), STR("submitted")));
    BinSaws saws;
    bin_saws(house->ctx.arena, house_entity(house, id), &saws);
    assert_true(json_get_bool(saws.items[0].saw, "chip", false));
    assert_int_equal(json_get(saws.items[0].saw, AUTOMATIC_UNMET)->len, 0);
    assert_true(str_eq(saws.items[0].said, STR("true")));
    FAILS(house, confirm(house, id, " ", &done), RC_INVALID, "missing");
    BinCounts before = counts(house);
    assert_int_equal(before.in, 2);
    assert_int_equal(before.waiting, 1);
    assert_int_equal(before.by_hand, 1);
    confirmed(house, id);
    entry_is(house, id, BIN_CONFIRM, WHY_ALL, END_CONFIRMED);
    assert_true(str_eq(cases_text(house, id, IRI("procedureState")), STR("registered")));
    assert_true(str_eq(cases_text(house, id, IRI("assignee")), house->clerk.id));
    BinCounts after = counts(house);
    assert_int_equal(after.confirmed, 1);
    assert_int_equal(after.run, 1);
    assert_int_equal(after.waiting, 0);
}

static void what_changed_since_it_was_shown_is_left_out(void **state) {
    House *house = *state;
    AutomateLines lines = {0};
    AutomateDone done;
    begin(house);
    Str gone = apply(house, true), stays = apply(house, true);
    Str both[] = {gone, stays};
    StrVec handed = {0};
    HandoverDone moved;
    house_act(house, &house->clerk);
    cases_set(house, stays, LD_DEFAULT "assignee", house->clerk.id);
    house->clock.fixed += TIME_SECOND;
    vec_push(house->ctx.arena, &handed, stays);
    for (size_t i = 0; i < 2; i++)
        vec_push(house->ctx.arena, &lines,
                 (AutomateLine){.id = both[i], .version = house_entity(house, both[i])->version});
    house_act(house, &house->resident);
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = gone, .move = STR("withdraw")}));
    house_act(house, &house->clerk);
    GOOD(house, handover_make(&house->ctx, &(HandoverWish){.from = house->clerk.id, .ids = &handed},
                              &moved));
    assert_int_equal(moved.moved, 1); /* whose it is was not shown */
    GOOD(house, automate_confirm(&house->ctx, RULE, &lines, &done));
    assert_int_equal(done.confirmed, 1);
    assert_int_equal(done.left.len, 1);
    assert_true(str_eq(done.left.items[0], gone));
    entry_is(house, gone, BIN_CONFIRM, WHY_ALL, END_GONE);
    BinCounts now = counts(house);
    assert_int_equal(now.gone, 1);
    assert_int_equal(bin_checked(&now), 1); /* who withdrew says nothing of the rule */
    GOOD(house, automate_confirm(&house->ctx, RULE, &lines, &done)); /* pressed twice */
    assert_int_equal(done.confirmed + done.out, 0);
    house_act(house, &house->other);
    FAILS(house, automate_refute(&house->ctx, &(OfficeAct){.id = stays, .text = STR("no")}),
          RC_NOT_FOUND, "no-case");
}

static void earn(House *house) {
    for (size_t i = 0; i < 14; i++)
        confirmed(house, apply(house, true));
    assert_int_equal(counts(house).run, 14);
}

static void a_rule_that_was_right_for_long_is_sampled_and_any_error_ends_that(void **state) {
    House *house = *state;
    AutomateDone done;
    enum { MORE = 24 };
    Str moved = STR_NONE, sampled = STR_NONE;
    begin(house);
    earn(house);
    for (size_t i = 0; i < MORE; i++) {
        Str id = apply(house, true);
        BinEntry is = entry(house, id);
        assert_int_equal(is.rate, 50);
        *(is.bin == BIN_DONE ? &moved : &sampled) = id;
    }
    BinCounts now = counts(house);
    assert_int_equal(now.in, 14 + MORE);
    assert_int_equal(now.in, now.done + now.confirm + now.by_hand);
    assert_true(now.done > 0 && now.drawn > 14); /* both, but for one in eight million seeds */
    /* under the 専決 of the post, by no account */
    const Entity *application = house_entity(house, moved);
    CaseSteps steps;
    case_steps(house->ctx.arena, application, &steps);
    const CaseStep *last = &steps.items[steps.len - 1];
    assert_true(str_eq(last->rule, RULE) && str_eq(last->kind, STR("register")));
    assert_true(str_eq(last->post, STR("environment-counter-clerk")));
    assert_null(entity_attr(application, IRI("assignee")));
    entry_is(house, moved, BIN_DONE, WHY_RULE, END_OPEN);
    entry_is(house, sampled, BIN_CONFIRM, WHY_SAMPLE, END_OPEN);
    GOOD(house, confirm(house, sampled, "番号が別の犬のものでした", &done));
    assert_int_equal(done.out, 1);
    entry_is(house, sampled, BIN_CONFIRM, WHY_SAMPLE, END_OTHERWISE);
    assert_int_equal(counts(house).run, 0);
    entry_is(house, apply(house, true), BIN_CONFIRM, WHY_ALL, END_OPEN);
}

static void an_objection_later_is_an_error_too(void **state) {
    House *house = *state;
    Str id = STR_NONE;
    begin(house);
    earn(house);
    while (str_empty(id) || entry(house, id).bin != BIN_DONE)
        id = apply(house, true);
    house_act(house, &house->clerk);
    OfficeAct act = {.id = id, .text = STR("登録済みの犬でした")};
    GOOD(house, automate_refute(&house->ctx, &act));
    FAILS(house, automate_refute(&house->ctx, &act), RC_CONFLICT, "nothing-automatic");
    entry_is(house, id, BIN_DONE, WHY_RULE, END_OBJECTED);
    BinSaws saws;
    bin_saws(house->ctx.arena, house_entity(house, id), &saws);
    assert_true(str_eq(saws.items[0].reason, act.text));
    assert_int_equal(counts(house).run, 0);
    entry_is(house, apply(house, true), BIN_CONFIRM, WHY_ALL, END_OPEN);
}

static void another_move_than_the_prepared_one_is_an_error(void **state) {
    House *house = *state;
    begin(house);
    Str id = apply(house, true);
    house_act(house, &house->clerk);
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = id,
                                                        .move = STR("ask"),
                                                        .text = STR("番号を確かめてください")}));
    entry_is(house, id, BIN_CONFIRM, WHY_ALL, END_OTHERWISE);
    house_act(house, &house->resident);
    GOOD(house,
         defined_move(&house->ctx,
                      &(DefinedAct){.id = id, .move = STR("answer"), .text = STR("合っています")}));
    entry_is(house, id, BIN_CONFIRM, WHY_ALL, END_OTHERWISE); /* it looks once */
    BinCounts now = counts(house);
    assert_int_equal(bin_errors(&now), 1);
    assert_int_equal(bin_checked(&now), 1);
}

static void a_changed_rule_begins_anew(void **state) {
    House *house = *state;
    begin(house);
    Str same = definition_automatic(quick(house), RULE)->mark;
    earn(house);
    take(house, varied(house, "\"version\":1", "\"version\":2"));
    assert_true(str_eq(definition_automatic(quick(house), RULE)->mark, same));
    assert_int_equal(counts(house).run, 14); /* a version that decides the same is the same rule */
    take(house, varied(house, "\"version\":1", "\"version\":3"));
    Buf text = buf_new(house->arena, 1 << 20);
    json_write(&text, varied(house, "\"version\":1", "\"version\":4"));
    const Json *stricter;
    Ctx lasting = house->ctx;
    lasting.arena = house->arena;
    GOOD(house, json_read(&lasting,
                          replaced(house->arena, buf_str(&text), "@\\\"P30D\\\"", "@\\\"P20D\\\""),
                          JSON_LIMITS_DEFAULT, &stricter));
    take(house, stricter);
    assert_false(str_eq(definition_automatic(quick(house), RULE)->mark, same));
    assert_int_equal(counts(house).run, 0);
    entry_is(house, apply(house, true), BIN_CONFIRM, WHY_ALL, END_OPEN);
    const Definition *elsewhere; /* its move does something else */
    GOOD(house,
         definition_read(&lasting, varied(house, "\"to\":\"registered\"", "\"to\":\"cancelled\""),
                         &elsewhere));
    assert_false(str_eq(definition_automatic(elsewhere, RULE)->mark, same));
}

static size_t alike_to(House *house, Str id, Alike *first) {
    Alikes alikes;
    GOOD(house, join_alike(&house->ctx, house_entity(house, id), &alikes));
    if (alikes.len) *first = alikes.items[0];
    return alikes.len;
}

static size_t joined_in(House *house, Str id) {
    const Attr *attr = entity_attr(house_entity(house, id), IRI("joined"));
    return attr ? attr->value->len : 0;
}

static void state_is(House *house, Str id, const char *expected) {
    Str got = cases_text(house, id, IRI("procedureState"));
    if (!str_eq(got, str_of(expected))) fail_msg(STR_FMT ", not %s", STR_ARG(got), expected);
}

static void turn_set(House *house, Str id, Str turn) {
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    Entity *after = entity_new(command_arena(command), id, STR(CASE_TYPE));
    entity_set(command_arena(command), after, IRI("messageState"), json_of_str(turn));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = id, .after = after}, PUT_ANY, 0);
    GOOD(house, house_run(&house->ctx, command));
}

static void what_came_in_twice_is_joined_and_taken_apart(void **state) {
    House *house = *state;
    Alike alike;
    begin(house);
    Str first = apply(house, true), second = apply(house, true);
    assert_int_equal(alike_to(house, second, &alike), 1);
    assert_true(str_eq(alike.application->id, first) && alike.account && alike.phone);
    JoinWish wish = {.id = second, .into = first, .into_version = 1};
    FAILS(house, join_cases(&house->ctx, &wish), RC_DENIED, "not-permitted"); /* its resident */
    house_act(house, &house->clerk);
    FAILS(house, join_cases(&house->ctx, &wish), RC_CONFLICT, "moved-on");
    turn_set(house, second, MESSAGE_WAITS); /* whoever wrote is answered before it ends */
    FAILS(house, join_cases(&house->ctx, &(JoinWish){.id = second, .into = first}), RC_CONFLICT,
          "waits-for-answer");
    turn_set(house, second, MESSAGE_ANSWERED);
    wish.version = house_entity(house, second)->version;
    wish.into_version = house_entity(house, first)->version;
    GOOD(house, join_cases(&house->ctx, &wish));
    FAILS(house, join_cases(&house->ctx, &wish), RC_CONFLICT, "moved-on"); /* pressed twice */
    state_is(house, second, "joined");
    assert_true(str_eq(cases_text(house, second, IRI("state")), STR("cancelled")));
    entry_is(house, second, BIN_CONFIRM, WHY_ALL, END_GONE); /* nothing is said of the rule */
    CaseSteps steps;
    case_steps(house->ctx.arena, house_entity(house, second), &steps);
    const CaseStep *last = &steps.items[steps.len - 1];
    assert_true(str_eq(last->kind, CASE_STEP_JOIN));
    assert_true(str_eq(last->text, cases_text(house, first, IRI("receiptNumber"))));
    assert_int_equal(joined_in(house, first), 1);
    assert_int_equal(alike_to(house, first, &alike), 0); /* it leads nobody on */
    FAILS(house, join_undo(&house->ctx, &(OfficeAct){.id = second}), RC_INVALID, "missing");
    OfficeAct apart = {.id = second, .text = STR("別の犬でした")};
    GOOD(house, join_undo(&house->ctx, &apart));
    FAILS(house, join_undo(&house->ctx, &apart), RC_CONFLICT, "not-joined");
    state_is(house, second, "submitted");
    assert_null(entity_attr(house_entity(house, second), IRI("completedAt")));
    assert_int_equal(joined_in(house, first), 0);
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = second,
                                                        .move = STR("refuse"),
                                                        .text = STR("登録済みの犬です")}));
    FAILS(house, join_cases(&house->ctx, &(JoinWish){.id = first, .into = second}), RC_CONFLICT,
          "not-alike"); /* a refusal leads nobody on */
}

static void posts_are(House *house, Str account, const char *post) {
    StrVec posts = {0};
    if (post) vec_push(house->ctx.arena, &posts, str_of(post));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_posts(&house->ctx, account, &posts));
}

static bool left(House *house, Str id) {
    GateHolders holders;
    GOOD(house, gate_holders(&house->ctx, NULL, &holders));
    return office_is_left(&house->ctx, house_entity(house, id), &holders);
}

/* The same with another rule, and a check under this name in place of the one that there was. */
static const Json *renamed(House *house, const char *version, const char *check) {
    Buf text = buf_new(house->arena, 1 << 20);
    const Json *out;
    Ctx lasting = house->ctx;
    lasting.arena = house->arena;
    json_write(&text, varied(house, "\"version\":1", version));
    Str source = buf_str(&text);
    while (str_find(source, STR("\"chip-in-order\"")) >= 0)
        source = replaced(house->arena, source, "\"chip-in-order\"", "\"chip-again\"");
    source = replaced(house->arena, source, "\"in-time\"", check);
    GOOD(house, json_read(&lasting, source, JSON_LIMITS_DEFAULT, &out));
    return out;
}

/* The case goes on under a version, as a transition leaves it; which bin that comes to. */
static AutomaticBin gone_on(House *house, Str id, int64_t version) {
    Outcome outcome;
    BinEntries entries;
    Command *command = case_command(&house->ctx, STR("test"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    Entity *after = entity_new(arena, str_dup(arena, id), STR(CASE_TYPE));
    entity_set(arena, after, IRI("procedureVersion"), json_of_int(version));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after}, PUT_PRESENT,
                0);
    GOOD(house, case_execute(&house->ctx, command, &outcome));
    GOOD(house, automate_case(&house->ctx, id));
    bin_entries(house->ctx.arena, house_entity(house, id), &entries);
    assert_int_equal(entries.len, 2);
    return entries.items[1].bin;
}

static void what_was_never_checked_goes_by_hand(void **state) {
    House *house = *state;
    begin(house);
    Str checked = apply(house, true), unchecked = apply(house, true);
    take(house, renamed(house, "\"version\":2", "\"in-time\""));
    take(house, renamed(house, "\"version\":3", "\"in-a-month\""));
    assert_int_equal(gone_on(house, checked, 2), BIN_CONFIRM);
    assert_int_equal(gone_on(house, unchecked, 3), BIN_BY_HAND);
}

static void what_somebody_leaves_behind_is_told(void **state) {
    House *house = *state;
    begin(house);
    Str id = apply(house, true), ends = apply(house, true);
    assert_false(left(house, id)); /* nobody has it yet */
    confirmed(house, ends);
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = id,
                                                        .move = STR("ask"),
                                                        .text = STR("番号を確かめてください")}));
    assert_false(left(house, id)); /* another post of the same division */
    posts_are(house, house->clerk.id, "river-road-upkeep-clerk");
    assert_true(left(house, id));
    assert_false(left(house, ends)); /* nothing is to be done any more */
    posts_are(house, house->clerk.id, "environment-waste-clerk");
    assert_false(left(house, id));
}

static void what_a_joined_case_owed_falls(void **state) {
    House *house = *state;
    Payment payment;
    Alike alike;
    begin(house);
    Str first = apply(house, false), second = apply(house, false);
    Str other = apply_as(house, &house->other, false);
    assert_int_equal(alike_to(house, other, &alike), 2);
    assert_true(alike.phone && !alike.account);
    house_act(house, &house->clerk);
    GOOD(house, join_cases(&house->ctx, &(JoinWish){.id = second, .into = first}));
    GOOD(house, fee_of(&house->ctx, second, &payment));
    assert_int_equal(payment.state, PAY_CANCELLED);
    GOOD(house, fee_of(&house->ctx, first, &payment));
    assert_int_equal(payment.state, PAY_INVOICED);
    FAILS(house, join_undo(&house->ctx, &(OfficeAct){.id = second, .text = STR("x")}), RC_CONFLICT,
          "fee-ended");
    house->clock.fixed += 31 * TIME_DAY;
    Str late = apply(house, false);
    assert_int_equal(alike_to(house, late, &alike), 0);
}

enum { WAITING = 12 };

/* Another case like it that no rule has looked at: as if the program had died behind its
 * submission. */
static Str unseen(House *house, Str like, size_t n) {
    const Entity *from = house_entity(house, like);
    Str id = str_fmt(house->arena, CASE_ID_PREFIX "unseen-%zu", n);
    Entity *application = entity_new(house->ctx.arena, id, STR(CASE_TYPE));
    VEC_EACH (const Attr, attr, &from->attrs)
        if (!str_starts(attr->name, IRI("automatic")))
            vec_push(house->ctx.arena, &application->attrs, *attr);
    GOOD(house, house_put(house, application));
    return id;
}

static size_t binned(House *house, Str id) {
    BinEntries entries;
    bin_entries(house->ctx.arena, house_entity(house, id), &entries);
    return entries.len;
}

static size_t looked_at(House *house, size_t most) {
    size_t n;
    house_drain(house);
    GOOD(house, automate_round(&house->ctx, most, &n));
    return n;
}

static void what_nobody_signs_waits_and_others_go_on(void **state) {
    static const char letter[] =
        "\"letters\":[{\"id\":\"tag\",\"move\":\"register\",\"title\":{\"ja\":\"登録通知書\","
        "\"en\":"
        "\"Notice\"},\"signer\":{\"ja\":\"まち市長\",\"en\":\"Mayor of Machi City\"},\"body\":[{"
        "\"ja\":\"登録しました。\",\"en\":\"It is registered.\"}]}],\"moves\":[";
    House *house = *state;
    size_t stuck = 0;
    quick_id[sizeof quick_id - 2]++;
    take(house, varied(house, "\"moves\":[", letter));
    earn(house);
    Str other = apply(house, false), waits;
    (void)looked_at(house, 100);
    posts_are(house, house->mayor.id, NULL);
    do /* some in front of the other; one that is drawn is moved by nobody yet */
        stuck += !binned(house, waits = apply(house, true));
    while (binned(house, waits) || str_cmp(waits, other) > 0);
    (void)unseen(house, other, WAITING);
    FAILS(house, automate_case(&house->ctx, waits), RC_CONFLICT, "nobody-signs");
    assert_int_equal(looked_at(house, 1), 1);   /* those that wait take no place */
    assert_int_equal(looked_at(house, 100), 0); /* so that the timer takes its time */
    posts_are(house, house->mayor.id, "mayor");
    assert_int_equal(looked_at(house, 100), stuck);
    entry_is(house, waits, BIN_DONE, WHY_RULE, END_OPEN);
}

static void begin_again(House *house) {
    Project *project;
    GOOD(house, project_new(&house->ctx, &house->tenant, &project));
    house_procedures(house);
    GOOD(house, project_start(&house->ctx, project));
    take(house, varied(house, NULL, NULL));
}

static void stop(House *house) {
    project_stop(house->tenant.project);
    procedures_close(&house->tenant);
    house_close(house);
}

/* A life that looks at cases until it is killed; where is up to the machine. */
static _Noreturn void live(House *house, int tell) {
    size_t n;
    alarm(60);
    house_open(house);
    begin_again(house);
    for (;;) {
        if (automate_round(&house->ctx, 1, &n) != RC_OK) _exit(1);
        if (n && write(tell, "1", 1) != 1) _exit(1);
        if (!n) _exit(0);
    }
}

/* Kills it once it has told of so many cases; true: it was killed. */
static bool killed_behind(House *house, size_t cases) {
    int tell[2], status;
    char one;
    assert_int_equal(pipe(tell), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) live(house, tell[1]);
    close(tell[1]);
    for (size_t i = 0; i < cases && read(tell[0], &one, 1) == 1; i++)
        continue;
    kill(child, SIGKILL);
    close(tell[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void a_run_that_is_killed_repeats_nothing_and_loses_nothing(void **state) {
    House *house = *state;
    Str ids[WAITING];
    size_t n, kills = 0, moved = 0;
    begin(house);
    earn(house);
    Str like = STR_NONE;
    while (str_empty(like) || entry(house, like).bin == BIN_DONE)
        like = apply(house, true); /* drawn: it is where it began */
    for (size_t i = 0; i < WAITING; i++)
        ids[i] = unseen(house, like, i);
    BinCounts before = counts(house);
    stop(house);
    for (size_t i = 0; i < 3; i++)
        kills += killed_behind(house, 2);
    assert_true(kills >= 2);
    house_open(house);
    begin_again(house);
    GOOD(house, automate_round(&house->ctx, 100, &n));
    assert_true(n > 0 && n < WAITING); /* some were left, and not all */
    GOOD(house, automate_round(&house->ctx, 100, &n));
    assert_int_equal(n, 0);
    for (size_t i = 0; i < WAITING; i++) {
        CaseSteps steps;
        BinEntry is = entry(house, ids[i]);
        case_steps(house->ctx.arena, house_entity(house, ids[i]), &steps);
        assert_int_equal(steps.len, is.bin == BIN_DONE ? 2 : 1);
        moved += is.bin == BIN_DONE;
    }
    BinCounts after = counts(house);
    assert_int_equal(after.done - before.done, moved);
    assert_int_equal(after.in, after.done + after.confirm + after.by_hand);
    kept_equals_rebuilt(house);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_exact),
        cmocka_unit_test(a_rule_that_may_not_be_is_told_with_its_place),
        cmocka_unit_test(a_new_rule_prepares_and_a_person_confirms),
        cmocka_unit_test(what_changed_since_it_was_shown_is_left_out),
        cmocka_unit_test(a_rule_that_was_right_for_long_is_sampled_and_any_error_ends_that),
        cmocka_unit_test(an_objection_later_is_an_error_too),
        cmocka_unit_test(another_move_than_the_prepared_one_is_an_error),
        cmocka_unit_test(a_changed_rule_begins_anew),
        cmocka_unit_test(what_was_never_checked_goes_by_hand),
        cmocka_unit_test(what_somebody_leaves_behind_is_told),
        cmocka_unit_test(what_came_in_twice_is_joined_and_taken_apart),
        cmocka_unit_test(what_nobody_signs_waits_and_others_go_on),
        cmocka_unit_test(a_run_that_is_killed_repeats_nothing_and_loses_nothing),
        cmocka_unit_test(what_a_joined_case_owed_falls),
    };
    return cmocka_run_group_tests(tests, cases_set_up, cases_tear_down);
}
