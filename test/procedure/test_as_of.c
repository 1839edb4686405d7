/* Tests of reference dates (基準日): by which day a fee and a rule are judged, and by the version
   of the procedure that was in force on it. */
#include "cases.h"
#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define DOG  "dog-registration"
#define COPY "resident-record-copy"
/* Saturday 10 April 2027 and Saturday 5 December 2026, 10:00 in Japan. */
#define APRIL    (HOUSE_NOW + 141 * TIME_DAY)
#define DECEMBER (HOUSE_NOW + 15 * TIME_DAY)

static Json text(const char *said) {
    return json_of_str(str_of(said));
}

/* Another version of a procedure of the starter's: paths and texts by turns, NULL behind them. */
static const Json *version(House *house, const char *id, const char *from,
                           const char *const *changes) {
    Arena *arena = house->arena;
    const Json *source =
        house_starter(house, str_fmt(house->ctx.arena, "procedures/%s.json", id).ptr);
    Json *two = NEW(arena, Json), *day = NEW(arena, Json);
    *two = json_of_int(2);
    *day = text(from);
    source = outline_set(arena, source, STR("version"), two);
    source = outline_set(arena, source, STR("effective.from"), day);
    for (; changes && *changes; changes += 2) {
        Json *value = NEW(arena, Json);
        *value = text(changes[1]);
        source = outline_set(arena, source, str_of(changes[0]), changes[1][0] ? value : NULL);
        assert_non_null(source);
    }
    return source;
}

static void take(House *house, const Json *source) {
    GOOD(house,
         catalogue_take(&house->ctx, (Catalogue *)(uintptr_t)procedures_catalogue(&house->tenant),
                        source));
}

static const Json *kept(House *house, Str id, Str iri) {
    const Attr *attr = entity_attr(house_entity(house, id), iri);
    assert_non_null(attr);
    return attr->value;
}

static void fee_is(House *house, Str id, const char *by, const char *day, int64_t yen) {
    const Json *as_of = kept(house, id, IRI("feeAsOf"));
    int64_t fee = entity_int(house_entity(house, id), IRI("fee"), -1);
    if (fee != yen || !str_eq(json_get_str(as_of, "by"), str_of(by)) ||
        !str_eq(json_get_str(as_of, "day"), str_of(day)))
        fail_msg("%lld yen, by " STR_FMT " " STR_FMT, (long long)fee,
                 STR_ARG(json_get_str(as_of, "by")), STR_ARG(json_get_str(as_of, "day")));
}

static Str dog(House *house, const char *since) {
    const char *const said[] = {"since", since, "chip", "no", "vaccinated", "no", NULL};
    return cases_example(house, DOG, 0, said);
}

/* A fee that changes on 1 April, by the day of the event: whoever applies later pays what it was.
 */
static void a_fee_is_that_of_the_day_of_the_event(void **state) {
    House *house = *state;
    static const char *const dearer[] = {"fee.asOf",           "since",       "fee.amount",
                                         "fees + 500",         "fee.article", "新条例",
                                         "conditions[0].asOf", "since",       NULL};
    Payment due;
    take(house, version(house, DOG, "2027-04-01", dearer));
    house->clock.fixed = APRIL;
    Str before = dog(house, "R9.3.31"), after = dog(house, "R9.4.1");
    fee_is(house, before, "since", "2027-03-31", 3000);
    assert_int_equal(json_get_int(kept(house, before, IRI("feeAsOf")), "version", 0), 1);
    GOOD(house, fee_of(&house->ctx, before, &due));
    assert_int_equal(due.amount, 3000);
    assert_true(str_starts(due.article, STR("まち市手数料条例")));
    fee_is(house, after, "since", "2027-04-01", 3500);
    GOOD(house, fee_of(&house->ctx, after, &due));
    assert_int_equal(due.amount, 3500);
    assert_true(str_eq(due.article, STR("新条例")));
    const Json *rule = json_at(kept(house, before, IRI("conditions")), 0);
    assert_true(str_eq(json_get_str(rule, "on"), STR("2027-03-31")));
    assert_int_equal(json_get_int(rule, "version", 0), 1);
}

/* Without another version: today() of the fee and of its table are of that day. */
static void an_expression_has_the_day_as_today(void **state) {
    House *house = *state;
    static const char *const dated[] = {
        "fee.asOf",
        "since",
        "fee.amount",
        "fees + (if today() < date(\"2027-04-01\") then 0 else 500)",
        "tables.fees.inputs[0].expression",
        "chip or today() < date(\"2027-02-01\")",
        NULL};
    take(house, version(house, DOG, "2026-04-02", dated));
    house->clock.fixed = APRIL;
    fee_is(house, dog(house, "R9.1.31"), "since", "2027-01-31", 0);
    fee_is(house, dog(house, "R9.3.31"), "since", "2027-03-31", 3000);
    fee_is(house, dog(house, "R9.4.2"), "since", "2027-04-02", 3500);
}

/* What the version of then looks at and this form never asked can't be known. */
static void a_version_that_asks_more_is_not_taken(void **state) {
    House *house = *state;
    static const char *const other[] = {"fee.asOf",
                                        "since",
                                        "fee.amount",
                                        "1000",
                                        "pages[1].fields[0].id",
                                        "microchip",
                                        "pages[1].fields[1].when",
                                        "",
                                        "tables.fees.inputs[0].expression",
                                        "microchip",
                                        "automatic",
                                        "",
                                        "examples",
                                        "",
                                        NULL};
    take(house, version(house, DOG, "2027-04-01", other));
    house->clock.fixed = APRIL;
    const Definition *two = catalogue_version(procedures_catalogue(&house->tenant), STR(DOG), 2);
    Json *said = NEW(house->ctx.arena, Json);
    JsonMember member = {STR("since"), text("2027-03-20")};
    FormFee fee;
    Form form;
    *said = json_of_members(&member, 1);
    form_read(&house->ctx, two, said, &form);
    GOOD(house, form_fee_by(&house->ctx, &form, &fee));
    assert_int_equal(fee.yen, 1000);
    assert_ptr_equal(fee.by, two);
    assert_int_equal(time_date_days(fee.day), time_date_days((Date){2027, 3, 20}));
}

static void remains(House *house, const char *born, int64_t yen, const char *article) {
    const char *const said[] = {"waiver", "yes", "ground", "welfare", "born", born, NULL};
    Str id = cases_example(house, COPY, 0, said);
    const Entity *application = house_entity(house, id);
    FeeReduced left;
    house_act(house, &house->clerk);
    const Definition *own = defined_of(&house->ctx, application);
    GOOD(house, fee_reduced(&house->ctx, application, definition_move(own, STR("reduce")), &left));
    assert_int_equal(left.yen, yen);
    assert_true(str_starts(left.article, str_of(article)));
}

/* Whoever applies later is waived what he would have been then, by the tables of then. */
static void a_reduction_is_of_the_day_and_version_of_its_fee(void **state) {
    House *house = *state;
    static const char *const other[] = {"fee.asOf",
                                        "born",
                                        "moves[1].reduction.amount",
                                        "postage + 50",
                                        "moves[1].reduction.article",
                                        "新条例第6条",
                                        "tables.postage.inputs[1].expression",
                                        "if today() < date(\"2027-04-05\") then copies else 6",
                                        NULL};
    take(house, version(house, COPY, "2027-04-01", other));
    house->clock.fixed = APRIL;
    remains(house, "R9.3.31", 110, "まち市手数料条例");
    remains(house, "R9.4.2", 160, "新条例");
    remains(house, "R9.4.6", 230, "新条例");
}

static Rc move(House *house, Actor *actor, Str id, const char *name) {
    house_act(house, actor);
    house->ctx.purpose = STR("application-check");
    actor->stepped_up_at = house->clock.fixed;
    return defined_move(&house->ctx,
                        &(DefinedAct){.id = id, .move = str_of(name), .text = STR("期限まで")});
}

static bool few_holds(const Json *found) {
    for (size_t i = 0; i < found->len; i++)
        if (str_eq(json_get_str(json_at(found, i), "check"), STR("few")))
            return json_get_bool(json_at(found, i), "ok", false);
    fail_msg("the check isn't there");
    return false;
}

/* Told as an estimate, and settled where it falls due; a rule so with the end of the case. */
static void what_is_of_the_day_of_the_decision_is_judged_then(void **state) {
    House *house = *state;
    static const char *const changing[] = {"fee.asOf",
                                           "decided",
                                           "fee.amount",
                                           "if today() < date(\"2026-12-01\") then 300 else 500",
                                           "checks[2].asOf",
                                           "decided",
                                           "checks[2].test",
                                           "today() != date(\"2026-12-05\")",
                                           NULL};
    Actor counter;
    Payment due;
    Json found;
    take(house, version(house, COPY, "2026-11-01", changing));
    house_official(house, "counter", "citizens-counter-clerk", &counter);
    Str id = cases_example(house, COPY, 0, NULL);
    fee_is(house, id, "estimate", "2026-11-20", 300);
    house->clock.fixed = DECEMBER;
    house_act(house, &counter);
    found = defined_found(&house->ctx, house_entity(house, id), true);
    assert_false(few_holds(&found));
    assert_true(few_holds(kept(house, id, IRI("checks"))));
    GOOD(house, move(house, &counter, id, "accept"));
    fee_is(house, id, "decided", "2026-12-05", 500);
    GOOD(house, fee_of(&house->ctx, id, &due));
    assert_int_equal(due.amount, 500);
    assert_false(few_holds(kept(house, id, IRI("checks")))); /* settled by the decision */
    house->clock.fixed += TIME_DAY;
    found = defined_found(&house->ctx, house_entity(house, id), true);
    assert_false(few_holds(&found));
    GOOD(house, move(house, &counter, id, "unpaid"));
    assert_false(few_holds(kept(house, id, IRI("checks"))));
    found = defined_found(&house->ctx, house_entity(house, id), true);
    assert_false(few_holds(&found)); /* as it was kept: it has ended */
}

/* Whoever decides later than was drafted decides on what is found then. */
static void what_was_proposed_is_what_is_found_on_the_day_of_the_decision(void **state) {
    House *house = *state;
    static const char *const changing[] = {"checks[2].asOf", "decided", "checks[2].test",
                                           "today() < date(\"2026-12-01\")", NULL};
    Actor counter, head;
    take(house, version(house, COPY, "2026-11-01", changing));
    house_official(house, "counter", "citizens-counter-clerk", &counter);
    house_official(house, "head", "citizens-head", &head);
    for (int late = 0; late < 2; late++) {
        OfficeDecision wish = {0};
        Str id = cases_example(house, COPY, 3, NULL);
        DefinedAct act = {.id = id, .move = STR("reduce"), .text = STR("証明書を見た")};
        house_act(house, &counter);
        house->ctx.purpose = STR("application-check");
        GOOD(house, defined_propose(&house->ctx, &act, &wish.id));
        wish.id = str_dup(house->arena, wish.id);
        wish.hash = cases_hash(house, wish.id);
        if (late) house->clock.fixed = DECEMBER;
        head.stepped_up_at = house->clock.fixed;
        house_act(house, &head);
        if (late)
            FAILS(house, office_decide(&house->ctx, &wish), RC_CONFLICT, "found-changed");
        else
            GOOD(house, office_decide(&house->ctx, &wish));
        assert_int_equal(
            json_get_bool(json_at(kept(house, id, IRI("checks")), 2), "settled", false), !late);
    }
}

#define HALL  "facility-booking"
#define MARCH (HOUSE_NOW + 125 * TIME_DAY) /* Thursday 25 March 2027 */

static Str books(House *house) {
    static const char *const said[] = {"slot", "meeting-1/2027-03-31/09:00", NULL};
    return cases_example(house, HALL, 0, said);
}

/* Whoever moves his time over 1 April pays what is in force then; where the sum was asked for, he
   has to apply anew. */
static void another_slot_is_judged_by_its_own_day(void **state) {
    House *house = *state;
    Str after = STR("meeting-1/2027-04-02/09:00");
    static const char *const dearer[] = {
        "reservation.mode",
        "first-come",
        "reservation.lottery",
        "",
        "fee.amount",
        "if today() < date(\"2027-04-01\") then fees else fees + 500",
        "checks[0].asOf",
        "slot",
        "checks[0].test",
        "today() < date(\"2027-04-01\")",
        NULL};
    take(house, version(house, HALL, "2026-11-02", dearer));
    house->clock.fixed = MARCH;
    Str id = books(house);
    fee_is(house, id, "slot", "2027-03-31", 600);
    assert_true(json_get_bool(json_at(kept(house, id, IRI("checks")), 0), "ok", false));
    house_act(house, &house->resident);
    GOOD(house, booking_change(&house->ctx, id, after));
    fee_is(house, id, "slot", "2027-04-02", 1100);
    assert_false(json_get_bool(json_at(kept(house, id, IRI("checks")), 0), "ok", true));
    GOOD(house, booking_change(&house->ctx, id, STR("meeting-1/2027-03-31/13:00")));
    fee_is(house, id, "slot", "2027-03-31", 600);
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test.due")});
    Definition asking = *defined_of(&house->ctx, house_entity(house, id));
    asking.fee_collect = COLLECT_ON_SENDING;
    fee_send(&house->ctx, command, &asking, house_entity(house, id));
    GOOD(house, house_run(&house->ctx, command));
    FAILS(house, booking_change(&house->ctx, id, after), RC_CONFLICT, "fee-changes");
    GOOD(house, booking_change(&house->ctx, id, STR("meeting-1/2027-03-31/18:00")));
}

/* An older definition, without a word of it: of the day of application, whatever comes later. */
static void an_older_definition_is_of_the_day_of_application(void **state) {
    House *house = *state;
    static const char *const unsaid[] = {"fee.asOf", "", "checks[2].asOf", "", NULL};
    DefinitionFindings findings = {0};
    const Json *old = version(house, COPY, "2026-11-01", unsaid);
    take(house, old);
    Str id = cases_example(house, COPY, 0, NULL);
    fee_is(house, id, "applied", "2026-11-20", 410);
    const Definition *two = defined_of(&house->ctx, house_entity(house, id));
    assert_int_equal(two->version, 2);
    definition_lint(&house->ctx, two, NULL, &findings);
    assert_int_equal(findings.len, 0); /* it stays in force */
    definition_lint_new(&house->ctx, two, &findings);
    assert_int_equal(findings.len, 2);
    assert_true(str_eq(findings.items[0].path, STR("checks[2].asOf")));
    assert_true(str_eq(findings.items[1].path, STR("fee.asOf")));
}

static void lint_finds_a_day_that_is_none(void **state) {
    House *house = *state;
    static const struct {
        const char *procedure, *changes[3], *text;
    } cases[] = {
        {DOG, {"fee.asOf", "nothing", NULL}, "\"nothing\" is never asked"},
        {DOG, {"conditions[0].asOf", "dogName", NULL}, "\"dogName\" is no day"},
        {DOG, {"checks[0].asOf", "vaccinatedOn", NULL}, "\"vaccinatedOn\" isn't asked of every"},
        {DOG, {"fee.asOf", "decided", NULL}, "Only a fee that is due after the review"},
        {COPY, {"fee.asOf", "decided", NULL}, NULL},
        {"facility-booking", {"fee.asOf", "slot", NULL}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        DefinitionFindings findings = {0};
        const Definition *definition;
        GOOD(house,
             definition_read(&house->ctx,
                             version(house, cases[i].procedure, "2026-11-01", cases[i].changes),
                             &definition));
        definition_lint(&house->ctx, definition, NULL, &findings);
        Str first = findings.len ? findings.items[0].text : STR_NONE;
        if (!cases[i].text ? findings.len != 0 : !str_starts(first, str_of(cases[i].text)))
            fail_msg("%zu: " STR_FMT, i, STR_ARG(first));
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
#define CASES(test) cmocka_unit_test_setup_teardown(test, cases_set_up, cases_tear_down)
        CASES(a_fee_is_that_of_the_day_of_the_event),
        CASES(an_expression_has_the_day_as_today),
        CASES(a_version_that_asks_more_is_not_taken),
        CASES(a_reduction_is_of_the_day_and_version_of_its_fee),
        CASES(what_is_of_the_day_of_the_decision_is_judged_then),
        CASES(what_was_proposed_is_what_is_found_on_the_day_of_the_decision),
        CASES(another_slot_is_judged_by_its_own_day),
        CASES(an_older_definition_is_of_the_day_of_application),
        CASES(lint_finds_a_day_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
