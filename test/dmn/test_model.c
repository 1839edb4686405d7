/* Tests of decision models: requirements, types, boxed expressions, functions, faults by name. */
#include "dmn_test.h"

#define MODEL(body)                                                                                \
    "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' name='m'>" body             \
    "</definitions>"
#define INPUT(id, name, type)                                                                      \
    "<inputData id='" id "' name='" name "'><variable name='" name "' typeRef='" type              \
    "'/></inputData>"
#define NEEDS(kind, id)                                                                            \
    "<informationRequirement><required" kind " href='#" id "'/></informationRequirement>"
#define SAYS(text) "<literalExpression><text>" text "</text></literalExpression>"
#define DECISION(id, name, body)                                                                   \
    "<decision id='" id "' name='" name "'><variable name='" name "'/>" body "</decision>"

static const DmnModel *model_of(World *world, const char *xml) {
    const DmnModel *model = NULL;
    if (dmn_model_read(&world->ctx, str_of(xml), &model) != RC_OK)
        fail_msg(STR_FMT ": " STR_FMT, STR_ARG(world->ctx.error.path),
                 STR_ARG(world->ctx.error.detail));
    return model;
}

static const char *decided(World *world, const char *xml, const char *name, const char *inputs) {
    FeelValue value;
    const DmnModel *model = model_of(world, xml);
    DmnAsk ask = {.decision = str_of(name), .inputs = json_of(world, inputs)};
    Rc rc = dmn_model_decide(&world->ctx, model, &ask, new_run(world), &value);
    assert_int_equal(rc, RC_OK);
    return value_text(world, value);
}

static void decisions_compute_what_they_require(void **state) {
    static const char xml[] =
        MODEL(INPUT("i", "Full Name", "string") INPUT("d", "day", "date")
                  DECISION("a", "first", NEEDS("Input", "i") SAYS("\"Hello \" + Full Name"))
                      DECISION("b", "second",
                               NEEDS("Decision", "a") NEEDS("Input", "d")
                                   SAYS("first + \", \" + string(day.year)")));
    assert_string_equal(
        decided(*state, xml, "second", "{'Full Name': '花子', 'day': '2025-04-01'}"),
        "Hello 花子, 2025");
    assert_string_equal(decided(*state, xml, "second", "{'Full Name': '花子', 'day': 'soon'}"),
                        "null");
    World *world = *state;
    StrVec names = {0};
    dmn_model_decisions(world->ctx.arena, model_of(world, xml), &names);
    dmn_model_inputs(world->ctx.arena, model_of(world, xml), &names);
    assert_string_equal(
        str_z(world->ctx.arena, str_join(world->ctx.arena, names.items, names.len, STR("|"))),
        "first|second|Full Name|day");
}

static void knowledge_is_a_function(void **state) {
    static const char xml[] = MODEL(
        INPUT("i", "n",
              "number") "<businessKnowledgeModel id='k' "
                        "name='twice'><encapsulatedLogic><formalParameter "
                        "name='x'/>" SAYS(
                            "x * 2") "</encapsulatedLogic></"
                                     "businessKnowledgeModel>" DECISION(
                                         "a", "called",
                                         NEEDS("Input", "i") "<knowledgeRequiremen"
                                                             "t><"
                                                             "requiredKnowledge "
                                                             "href='#k'/></"
                                                             "knowledgeRequirement"
                                                             ">" SAYS("twice(n) + "
                                                                      "twice(x: "
                                                                      "1)"))
                                         DECISION("b", "invoked",
                                                  NEEDS("Input",
                                                        "i") "<knowledgeRequ"
                                                             "irement><"
                                                             "requiredKnowle"
                                                             "dge "
                                                             "href='#k'/></"
                                                             "knowledgeRequi"
                                                             "rement>"
                                                             "<invocation"
                                                             ">" SAYS("twic"
                                                                      "e") "<binding><parameter "
                                                                           "name='x'/>" SAYS(
                                                                               "n + 1") "<"
                                                                                        "/"
                                                                                        "b"
                                                                                        "i"
                                                                                        "n"
                                                                                        "d"
                                                                                        "i"
                                                                                        "n"
                                                                                        "g"
                                                                                        ">"
                                                                                        "<"
                                                                                        "/"
                                                                                        "i"
                                                                                        "n"
                                                                                        "v"
                                                                                        "o"
                                                                                        "c"
                                                                                        "a"
                                                                                        "t"
                                                                                        "i"
                                                                                        "o"
                                                                                        "n"
                                                                                        ">"));
    assert_string_equal(decided(*state, xml, "called", "{'n': 5}"), "12");
    assert_string_equal(decided(*state, xml, "invoked", "{'n': 5}"), "12");
}

static void contexts_lists_and_tables_nest(void **state) {
    static const char xml[] = MODEL(INPUT("i", "n", "number") DECISION(
        "a", "boxed",
        NEEDS("Input", "i") "<context><contextEntry><variable name='half'/>" SAYS(
            "n / 2") "</contextEntry>"
                     "<contextEntry><variable name='list'/><list>" SAYS("half")
                         SAYS("n") "</list></contextEntry>"
                                   "<contextEntry><decisionTable hitPolicy='COLLECT' "
                                   "aggregation='COUNT'><input><inputExpression><text>half</text></"
                                   "inputExpression></input><output/>"
                                   "<rule><inputEntry><text>&gt; "
                                   "1</text></inputEntry><outputEntry><text>1</text></"
                                   "outputEntry></rule>"
                                   "<rule><inputEntry><text>-</text></"
                                   "inputEntry><outputEntry><text>2</text></outputEntry></rule>"
                                   "</decisionTable></contextEntry></context>"));
    assert_string_equal(decided(*state, xml, "boxed", "{'n': 10}"), "2");
    assert_string_equal(decided(*state, xml, "boxed", "{'n': 1}"), "1");
}

static void types_hold_inputs(void **state) {
    World *world = *state;
    static const char xml[] = MODEL(
        "<itemDefinition "
        "name='tKind'><typeRef>string</typeRef><allowedValues><text>\"a\",\"b\"</text></"
        "allowedValues></itemDefinition>"
        "<itemDefinition name='tPerson'><itemComponent "
        "name='born'><typeRef>date</typeRef></itemComponent></itemDefinition>" INPUT(
            "i", "kind", "tKind") INPUT("p", "person", "tPerson")
            DECISION("a", "out",
                     NEEDS("Input", "i") NEEDS("Input", "p") SAYS("[kind, person.born.year]")));
    assert_string_equal(
        decided(world, xml, "out", "{'kind': 'a', 'person': {'born': '2000-01-02'}}"),
        "[\"a\", 2000]");
    assert_string_equal(
        decided(world, xml, "out", "{'kind': 'c', 'person': {'born': '2000-01-02'}}"),
        "[null, 2000]");
    assert_true(str_eq(world->run.notes[0].text, STR("a value is none that \"tKind\" allows")));
}

static void faults_name_the_element(void **state) {
    World *world = *state;
    static const struct {
        const char *xml, *path, *words;
    } cases[] = {
        {"<html/>", "", "no DMN"},
        {"<definitions", "", "no DMN"},
        {MODEL(DECISION("a", "A", NEEDS("Decision", "b") SAYS("B"))
                   DECISION("b", "B", NEEDS("Decision", "a") SAYS("A"))),
         "A", "requires itself"},
        {MODEL(DECISION("a", "A", NEEDS("Decision", "z") SAYS("1"))), "A", "not in the model"},
        {MODEL(DECISION("a", "A", SAYS("1 +"))), "A", "Column 4"},
        {MODEL(DECISION("a", "A", "")), "A", "no expression"},
        {MODEL(DECISION("a", "A", "<relation/>")), "A", "<relation> is not read"},
        {MODEL(DECISION("a", "A", "<decisionTable hitPolicy='LAST'/>")), "A", "hit policy"},
        {MODEL(DECISION("a", "A", "<decisionTable><output/><rule/></decisionTable>")), "A",
         "Rule 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const DmnModel *model;
        assert_int_equal(dmn_model_read(&world->ctx, str_of(cases[i].xml), &model), RC_INVALID);
        assert_string_equal(str_z(world->ctx.arena, world->ctx.error.path), cases[i].path);
        if (str_find(world->ctx.error.detail, str_of(cases[i].words)) < 0)
            fail_msg("%zu: " STR_FMT, i, STR_ARG(world->ctx.error.detail));
    }
    FeelValue value;
    const DmnModel *model = model_of(world, MODEL(DECISION("a", "A", SAYS("1"))));
    assert_int_equal(dmn_model_decide(&world->ctx, model, &(DmnAsk){.decision = STR("B")},
                                      new_run(world), &value),
                     RC_NOT_FOUND);
}

/* Entities are neither fetched nor expanded without end. */
static void entities_do_no_harm(void **state) {
    World *world = *state;
    static const char bomb[] =
        "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY "
        "c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
        "<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" MODEL(DECISION("a", "A", SAYS("\"&c;&x;\"")));
    const DmnModel *model;
    Rc rc = dmn_model_read(&world->ctx, STR(""), &model);
    assert_int_equal(rc, RC_INVALID);
    rc = dmn_model_read(&world->ctx, str_of(bomb), &model);
    if (rc != RC_OK) return;
    FeelValue value;
    assert_int_equal(dmn_model_decide(&world->ctx, model, &(DmnAsk){.decision = STR("A")},
                                      new_run(world), &value),
                     RC_OK);
    assert_true(value.string.len <= 1000);
    assert_true(str_find(value.string, STR("root")) < 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(decisions_compute_what_they_require, world_set_up,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(knowledge_is_a_function, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(contexts_lists_and_tables_nest, world_set_up,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(types_hold_inputs, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(faults_name_the_element, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(entities_do_no_harm, world_set_up, world_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
