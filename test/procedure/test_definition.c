/* Tests of definitions as data: the starter city's are whole, faults name their place, lint finds
   what can't be published, forms are read leniently and judged strictly. */
#include "house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <cmocka.h>

static House shared;

static int set_up(void **state) {
    house_make(&shared, HOUSE_LEDGER);
    *state = &shared;
    return 0;
}

static int tear_down(void **state) {
    house_end(*state);
    return 0;
}

static const Json *json_of(House *house, const char *text) {
    Str copy = str_dup(house->ctx.arena, str_of(text));
    for (size_t i = 0; i < copy.len; i++)
        if (copy.ptr[i] == '\'') ((char *)copy.ptr)[i] = '"';
    const Json *json;
    GOOD(house, json_read(&house->ctx, copy, JSON_LIMITS_DEFAULT, &json));
    return json;
}

static const Definition *defined(House *house, const Json *source) {
    const Definition *definition = NULL;
    GOOD(house, definition_read(&house->ctx, source, &definition));
    return definition;
}

/* ---- what the starter city ships */

static void collect_posts(House *house, StrVec *posts, StrVec *kinds) {
    const Json *organisation = house_starter(house, "organisation.json");
    const Json *people = json_get(organisation, STR("people")),
               *rows = json_get(organisation, STR("delegations"));
    for (size_t i = 0; i < people->len; i++) {
        const Json *held = json_get(json_at(people, i), STR("posts"));
        for (size_t k = 0; k < held->len; k++)
            vec_push(house->ctx.arena, posts, json_str(json_at(held, k)));
    }
    for (size_t i = 0; i < rows->len; i++)
        vec_push(house->ctx.arena, kinds, json_get_str(json_at(rows, i), "kind"));
}

/* One that goes through, one that fails a condition, one with a fault in an answer; each names its
 * day, for the city starts with what holds on any. */
static void has_telling_examples(const Definition *definition) {
    bool good = false, fails = false, faulty = false;
    VEC_EACH (DefinedExample, example, &definition->examples) {
        const Json *failing = json_get(example->expect, STR("fails")),
                   *faults = json_get(example->expect, STR("faults"));
        if (!example->on.year)
            fail_msg(STR_FMT ": " STR_FMT " names no day", STR_ARG(definition->id),
                     STR_ARG(example->id));
        good |= failing && !failing->len && faults && !faults->len;
        fails |= failing && failing->len;
        faulty |= faults && faults->len;
    }
    fails |= definition->parts.len && !definition->conditions.len; /* its parts have their own */
    if (!good || !fails || !faulty)
        fail_msg(STR_FMT ": examples that go through, fail a condition, have a fault: %d %d %d",
                 STR_ARG(definition->id), good, fails, faulty);
}

static void the_starters_definitions_can_be_published(void **state) {
    House *house = *state;
    DefinitionKnown known = {0};
    collect_posts(house, &known.posts, &known.kinds);
    const char *folder = getenv("MACHI_STARTER");
    DIR *dir = opendir(str_fmt(house->ctx.arena, "%s/procedures", folder ? folder : "starter").ptr);
    assert_non_null(dir);
    size_t n = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (!str_ends(str_of(entry->d_name), STR(".json"))) continue;
        DefinitionFindings findings = {0};
        const Definition *definition = defined(
            house,
            house_starter(house, str_fmt(house->ctx.arena, "procedures/%s", entry->d_name).ptr));
        definition_lint(&house->ctx, definition, &known, &findings);
        definition_lint_new(&house->ctx, definition, &findings);
        VEC_EACH (DefinitionFinding, finding, &findings)
            fail_msg("%s: " STR_FMT ": " STR_FMT, entry->d_name, STR_ARG(finding->path),
                     STR_ARG(finding->text));
        assert_true(str_eq(str_fmt(house->ctx.arena, STR_FMT ".json", STR_ARG(definition->id)),
                           str_of(entry->d_name)));
        has_telling_examples(definition);
        n++;
    }
    closedir(dir);
    assert_true(n >= 11);
}

/* ---- faults */

#define BOTH(word)      "{'ja': '" word "', 'en': '" word "', 'easy': 'やさしい'}"
#define HEAD            "'id': 'p', 'version': 1, 'effective': {'from': '2026-04-01'}, 'label': " BOTH("手続")
#define FIELD(id, more) "{'id': '" id "', 'kind': 'text', 'label': " BOTH("答え") more "}"
#define PAGE(id, more, fields)                                                                     \
    "{'id': '" id "', 'title': " BOTH("頁") more ", 'fields': [" fields "]}"
#define STATE(id, owner, more)                                                                     \
    "{'id': '" id "', 'label': " BOTH("状態") ", 'owner': '" owner "'" more "}"
#define END(id, outcome) STATE(id, "end", ", 'outcome': '" outcome "'")
#define MOVE(id, from, to, more)                                                                   \
    "{'id': '" id "', 'label': " BOTH("移る") ", 'from': ['" from "'], 'to': '" to "'" more "}"
#define STATES         "'states': [" STATE("new", "office", ", 'days': 3") "," STATE("done", "end", "") "]"
#define MOVES          "'moves': [" MOVE("finish", "new", "done", "") "]"
#define RULE(id, test) "{'id': '" id "', 'test': '" test "', 'text': " BOTH("決まり") "}"
#define EXAMPLE(more, expect)                                                                      \
    "'examples': [{'id': 'e', 'label': " BOTH("例") "," more ", 'expect': {" expect "}}]"
#define PAGES            "'pages': [" PAGE("a", "", FIELD("x", "")) "]"
#define WHOLE_BUT_PAGES  HEAD "," ABOUT "," STATES
#define COLLECTED(more)  "'amount': '100', 'article': 'a', 'account': 'b', " more
#define WHOLE_BUT_STATES HEAD "," ABOUT "," PAGES
#define WHOLE            HEAD "," ABOUT "," PAGES "," STATES
#define ABOUT                                                                                      \
    "'basis': '条例', 'retention': '5年', 'post': 'held', 'days': 5, 'summary': " BOTH("要約")

static void faults_name_their_place(void **state) {
    House *house = *state;
    static const struct {
        const char *source, *path;
    } cases[] = {
        {"[]", ""},
        {"{'id': 'P!'}", "id"},
        {"{'id': 'p', 'version': 1}", "label"},
        {"{'id': 'p', 'version': 1, 'label': {'ja': '手続'}}", "label"},
        {"{'id': 'p', 'label': " BOTH("手続") "}", "version"},
        {"{'id': 'p', 'version': 1, 'label': " BOTH("手続") "}", "effective.from"},
        {"{'id': 'p', 'version': 1, 'effective': {'from': '4月'}, 'label': " BOTH("手続") "}",
         "effective.from"},
        {"{" HEAD "}", "pages"},
        {"{" HEAD ", 'pages': {}}", "pages"},
        {"{" HEAD ", 'pages': [" PAGE("a", "", "") "]}", "pages[0].fields"},
        {"{" HEAD
         ", 'pages': [" PAGE("a", "", FIELD("x", "")) "," PAGE("a", "", FIELD("y", "")) "]}",
         "pages[1]"},
        {"{" HEAD ", 'pages': [" PAGE("a", "", FIELD("x", "") "," FIELD("x", "")) "]}",
         "pages[0].fields[1]"},
        {"{" HEAD ", 'pages': [" PAGE("a", "", FIELD("if", "")) "]}", "pages[0].fields[0].id"},
        {"{" HEAD ", 'pages': [" PAGE("a", "", FIELD("x", ", 'when': '1 +'")) "]}",
         "pages[0].fields[0].when"},
        {"{" HEAD ", 'pages': [" PAGE(
             "a", "", FIELD("x", ", 'options': [{'id': 'o', 'label': " BOTH("選択") "}]")) "]}",
         "pages[0].fields[0].options"},
        {"{" HEAD ", 'pages': [" PAGE("a", "", FIELD("x", ", 'checks': [{'test': 'x'}]")) "]}",
         "pages[0].fields[0].checks[0].text"},
        {"{" HEAD ", 'pages': [{'id': 'a', 'title': " BOTH(
             "頁") ", 'fields': [{'id': 'x', 'label': " BOTH("答え") ", 'kind': 'slider'}]}]}",
         "pages[0].fields[0].kind"},
        {"{" HEAD ", 'pages': [" PAGE("a", "", FIELD("x", "")) "]}", "states"},
        {"{" HEAD ", 'pages': [" PAGE("a", "", FIELD("x", "")) "], 'tables': {'t': {'hit': 'Z'}}}",
         "tables.t.hit"},
        {"{" HEAD ", 'pages': [" PAGE("a", "", FIELD("x", "")) "], 'fee': {'amount': '100'}}",
         "fee.article"},
        {"{" HEAD ", 'pages': [" PAGE("a", "", FIELD("x", "")) "], 'states': [" STATE(
             "new", "mayor", "") "]}",
         "states[0].owner"},
        {"{" HEAD ", 'pages': [" PAGE("a", "", FIELD("x", "")) "], " STATES ", 'moves': [" MOVE(
             "m", "new", "nowhere", "") "]}",
         "moves[0].to"},
        {"{" WHOLE ", 'moovs': []}", "moovs"},
        {"{" WHOLE ", 'effective ': {}}", "effective "},
        {"{" WHOLE_BUT_PAGES ", 'pages': [" PAGE("a", ", 'field': []", FIELD("x", "")) "]}",
         "pages[0].field"},
        {"{" WHOLE_BUT_PAGES ", 'pages': [" PAGE("a", "", FIELD("x", ", 'option': []")) "]}",
         "pages[0].fields[0].option"},
        {"{" WHOLE_BUT_PAGES ", 'pages': [" PAGE("a", "", FIELD("x", ", 'optional': 'yes'")) "]}",
         "pages[0].fields[0].optional"},
        {"{" WHOLE_BUT_PAGES ", 'pages': [" PAGE("a", "", FIELD("x", ", 'most': 1.5")) "]}",
         "pages[0].fields[0].most"},
        {"{" WHOLE_BUT_PAGES ", 'pages': [" PAGE("a", "", FIELD("x", ", 'class': 'secret'")) "]}",
         "pages[0].fields[0].class"},
        {"{" WHOLE_BUT_PAGES
         ", 'pages': [" PAGE("a", "", FIELD("x", ", 'least': 2, 'most': 1")) "]}",
         "pages[0].fields[0].least"},
        {"{" WHOLE_BUT_PAGES ", 'pages': [" PAGE("a", "", FIELD("x", ", 'from': 'mail'")) "]}",
         "pages[0].fields[0].from"},
        {"{" WHOLE_BUT_PAGES ", 'pages': [" PAGE(
             "a", "", FIELD("x", ", 'checks': [{'tset': 'x', 'text': " BOTH("正す") "}]")) "]}",
         "pages[0].fields[0].checks[0].tset"},
        {"{" WHOLE_BUT_PAGES
         ", 'pages': [" PAGE("a", "",
                             "{'id': 'x', 'kind': 'choice', 'label': " BOTH(
                                 "答え") ", 'options': [{'id': 'o', 'lable': 1}]}") "]}",
         "pages[0].fields[0].options[0].lable"},
        {"{" WHOLE_BUT_STATES ", 'states': [" STATE("new", "office", ", 'day': 3") "]}",
         "states[0].day"},
        {"{" WHOLE_BUT_STATES ", 'states': [" STATE("end", "end", ", 'outcome': 'lost'") "]}",
         "states[0].outcome"},
        {"{" WHOLE_BUT_STATES ", 'states': [" STATE("new", "office", ", 'outcome': 'done'") "]}",
         "states[0].outcome"},
        {"{" WHOLE ", 'moves': [" MOVE("m", "new", "done", ", 'reasons': true") "]}",
         "moves[0].reasons"},
        {"{" WHOLE ", 'moves': [" MOVE("m", "new", "done", ", 'by': 'mayor'") "]}", "moves[0].by"},
        {"{" WHOLE ", 'conditions': [{'id': 'c', 'test': 'true', 'txt': 1}]}", "conditions[0].txt"},
        {"{" WHOLE ", 'conditions': [{'test': 'true', 'text': " BOTH("条件") "}]}",
         "conditions[0].id"},
        {"{" WHOLE ", 'checks': [" RULE("c", "true") "," RULE("c", "true") "]}", "checks[1]"},
        {"{" WHOLE ", 'tables': {'t': {'hits': 'U'}}}", "tables.t.hits"},
        {"{" WHOLE ", 'tables': {'t': {'inputs': [{'expresion': 'x'}]}}}",
         "tables.t.inputs[0].expresion"},
        {"{" WHOLE ", 'tables': {'t': {'outputs': [{'default': '1'}]}}}",
         "tables.t.outputs[0].default"},
        {"{" WHOLE ", 'tables': {'t': {'rules': [{'if': []}]}}}", "tables.t.rules[0].if"},
        {"{" WHOLE ", 'fee': {'amont': '1'}}", "fee.amont"},
        {"{" WHOLE ", 'fee': {" COLLECTED("'collect': 'later'") "}}", "fee.collect"},
        {"{" WHOLE ", 'fee': {" COLLECTED("'collect': 'on-sending'") "}}", "fee.days"},
        {"{" WHOLE ", 'amount': '1 +'}", "amount"},
        {"{" WHOLE ", 'audience': 'everybody'}", "audience"},
        {"{" WHOLE ", 'identity': {'authentication': 'seal'}}", "identity.authentication"},
        {"{" WHOLE ", 'identity': {'proof': 'signed'}}", "identity.proof"},
        {"{" WHOLE ", 'identity': {'sign': 'mail'}}", "identity.sign"},
        {"{" WHOLE ", 'audience': 'staff', 'identity': {'proof': 'checked'}}", "identity"},
        {"{" WHOLE ", 'bring': [{'ja': '印鑑'}]}", "bring[0]"},
        {"{" WHOLE ", 'bring': ['印鑑']}", "bring[0]"},
        {"{" WHOLE ", 'after': {'en': 'Wait'}}", "after"},
        {"{" WHOLE ", 'words': 'いぬ'}", "words"},
        {"{" WHOLE ", 'words': [1]}", "words[0]"},
        {"{" WHOLE ", 'examples': [{'id': 'e', 'answer': {}}]}", "examples[0].answer"},
        {"{" WHOLE "," EXAMPLE("'on': '6月'", "'fee': 0") "}", "examples[0].on"},
        {"{" WHOLE "," EXAMPLE("'answers': {'y': '1'}", "'fee': 0") "}", "examples[0].answers"},
        {"{" WHOLE "," EXAMPLE("'answers': {'x': 1}", "'fee': 0") "}", "examples[0].answers.x"},
        {"{" WHOLE "," EXAMPLE("'answers': {}", "") "}", "examples[0].expect"},
        {"{" WHOLE "," EXAMPLE("'answers': {}", "'fees': 0") "}", "examples[0].expect.fees"},
        {"{" WHOLE "," EXAMPLE("'answers': {}", "'fails': ['c']") "}", "examples[0].expect.fails"},
        {"{" WHOLE "," EXAMPLE("'answers': {}", "'checks': ['c']") "}",
         "examples[0].expect.checks"},
        {"{" WHOLE "," EXAMPLE("'answers': {}", "'faults': {'y': 'rule'}") "}",
         "examples[0].expect.faults"},
        {"{" WHOLE "," EXAMPLE("'answers': {}", "'tables': {'t': 1}") "}",
         "examples[0].expect.tables"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Definition *definition;
        Rc rc = definition_read(&house->ctx, json_of(house, cases[i].source), &definition);
        if (rc != RC_INVALID || !str_eq(house->ctx.error.path, str_of(cases[i].path)))
            fail_msg("%s\n  %s at \"" STR_FMT "\", expected \"%s\": " STR_FMT, cases[i].source,
                     rc_name(rc), STR_ARG(house->ctx.error.path), cases[i].path,
                     STR_ARG(house->ctx.error.detail));
        assert_true(house->ctx.error.detail.len > 0);
    }
}

#define NOT_EASY         "There is no text in plain Japanese (easy)."
#define NO_READING(word) "Its plain Japanese doesn't say how to read \"" word "\": 犬（いぬ）."
#define LINTED(more)                                                                               \
    HEAD "," ABOUT "," STATES "," MOVES ", 'pages': [" PAGE("a", "", FIELD("x", ", " more)) "]"
#define CHOICE                                                                                     \
    "{'id': 'x', 'kind': 'choice', 'label': " BOTH("答え") ", 'options': [{'id': 'o', 'label': "   \
                                                           "{'ja': '選択', 'en': 'Choice'}}]}"
#define BEGINS   STATE("new", "office", ", 'days': 3")
#define TWO_ENDS BEGINS "," STATE("done", "end", "") "," END("no", "refused")
#define GO       MOVE("go", "new", "done", "")
#define REFUSING(more)                                                                             \
    WHOLE_BUT_STATES ", 'states': [" TWO_ENDS "], 'moves': [" GO                                   \
                     "," MOVE("finish", "new", "no", more) "]"
#define BACK(by)                                                                                   \
    "{'id': 'finish', 'label': {'ja': '移る', 'en': 'Move'}, 'from': ['new'], 'to': 'done', "    \
    "'by': '" by "'}"

#define OWED(more)                                                                                 \
    WHOLE_BUT_STATES ", 'fee': {" COLLECTED(                                                       \
        more) "}, 'states': [" BEGINS                                                              \
              "," STATE("due", "resident", "") "," STATE("done", "end", "") "], 'moves': [" MOVE(  \
                  "ask", "new", "due", "") "," MOVE("end", "due", "done", "") "]"
#define REVIEWED(unpaid, paid)                                                                     \
    "'collect': 'after-review', 'days': 10, 'unpaid': '" unpaid "', 'paid': '" paid "'"

static void lint_finds_what_cannot_be_published(void **state) {
    House *house = *state;
    static const struct {
        const char *source, *finding; /* the first one; "" for none */
    } cases[] = {
        {"{" HEAD "," ABOUT ", 'pages': [" PAGE("a", "", FIELD("x", "")) "]," STATES "," MOVES "}",
         ""},
        {"{" HEAD ", 'basis': '条例', 'post': 'held', 'days': 5, 'summary': " BOTH(
             "要約") ", 'pages': [" PAGE("a", "", FIELD("x", "")) "]," STATES "," MOVES "}",
         "retention: How long its cases are kept is not said."},
        {"{" WHOLE "," MOVES "," EXAMPLE("'answers': {}", "'faults': {}") "}",
         "examples.e: \"x\" has the fault \"required\", \"none\" was expected."},
        {"{" LINTED("'hint': {'ja': '例', 'en': 'E.g.'}") "}", "pages.a.x: " NOT_EASY},
        {"{" LINTED("'hint': {'ja': '例', 'en': 'E.g.', 'easy': '例（れい） 犬の 名（な）'}") "}",
         "pages.a.x: " NO_READING("犬")},
        {"{" LINTED("'hint': {'ja': '例', 'en': 'E.g.', 'easy': 'どうぶつの 名前'}") "}",
         "pages.a.x: " NO_READING("名前")},
        {"{" LINTED("'hint': {'ja': '例', 'en': 'E.g.', 'easy': "
                    "'佐々木（ささき）、飼（か）い始（はじ）める'}") "}",
         ""},
        {"{" LINTED(
             "'checks': [{'test': 'true', 'text': {'ja': '答えを直す', 'en': 'Mend', 'easy': "
             "'なおす'}}]") "}",
         "pages.a.x.checks[0]: The text of a check doesn't name the field as its label does."},
        {"{" LINTED("'checks': [{'test': 'true', 'text': {'ja': '答えを直す', 'en': '答え'}}]") "}",
         "pages.a.x.checks[0]: " NOT_EASY},
        {"{" LINTED("'checks': [{'test': 'true', 'text': " BOTH("日を直す") "}]") "}",
         "pages.a.x.checks[0]: The text of a check doesn't name the field as its label does."},
        {"{" LINTED("'checks': [{'test': 'true', 'text': " BOTH("答えを直す") "}]") "}", ""},
        {"{" HEAD "," ABOUT "," STATES "," MOVES
         ", 'pages': [" PAGE("a", ", 'lead': {'ja': '前書き', 'en': 'Lead'}", FIELD("x", "")) "]}",
         "pages.a: " NOT_EASY},
        {"{" HEAD "," ABOUT "," STATES "," MOVES ", 'pages': [" PAGE("a", "", CHOICE) "]}",
         "pages.a.x.o: " NOT_EASY},
        {"{" WHOLE ", 'moves': [" BACK("resident") "," MOVE("end", "new", "done", "") "]}",
         "moves.finish: " NOT_EASY},
        {"{" WHOLE ", 'moves': [" BACK("office") "]}", ""},
        {"{" REFUSING("") "}",
         "moves.finish: Who is refused is told why (行政手続法第8条): \"reason\": true."},
        {"{" REFUSING(", 'reason': true") "}", ""},
        {"{" WHOLE ", 'moves': [" MOVE("finish", "new", "done", ", 'by': 'resident'") "]}",
         "states.new: The office has no move from here: who is silent would keep it for ever."},
        {"{" WHOLE "," MOVES ", 'statistics': ['y']}", "statistics: \"y\" is never asked."},
        {"{" WHOLE "," MOVES ", 'statistics': ['x']}",
         "statistics: \"x\" is no choice and no number to count."},
        {"{" HEAD "," ABOUT "," STATES "," MOVES ", 'statistics': ['x'], 'pages': [" PAGE(
             "a", "",
             "{'id': 'x', 'kind': 'yes-no', 'class': 'sensitive', 'label': " BOTH("答え") "}") "]}",
         "statistics: \"x\" is sensitive: it may not be counted."},
        {"{" WHOLE "," MOVES ", 'amount': 'cost'}", "amount: \"cost\" is never asked."},
        {"{" OWED("'collect': 'on-sending', 'days': 10") "}", ""},
        {"{" OWED("'collect': 'on-sending', 'days': 10, 'paid': 'due'") "}",
         "fee.unpaid: Only a fee that is due after the review has states."},
        {"{" OWED(REVIEWED("due", "done")) "}", ""},
        {"{" OWED(REVIEWED("owing", "done")) "}", "fee.unpaid: There is no state \"owing\"."},
        {"{" OWED(REVIEWED("due", "gone")) "}", "fee.paid: There is no state \"gone\"."},
        {"{" OWED(REVIEWED("done", "done")) "}",
         "fee.unpaid: It waits for whoever pays: its owner is \"resident\"."},
        {"{" WHOLE "," MOVES ", 'bring': [{'ja': '印鑑', 'en': 'Seal'}]}",
         "bring[0]: There is no text in plain Japanese (easy)."},
        {"{" WHOLE "," MOVES ", 'after': {'ja': '来庁', 'en': 'Come'}}",
         "after: There is no text in plain Japanese (easy)."},
        {"{" HEAD "," ABOUT ", 'pages': [" PAGE("a", "", FIELD("x", ", 'when': 'y'")) "]," STATES
                                                                                      "," MOVES "}",
         "pages.a.x: \"y\" is never asked."},
        {"{" HEAD "," ABOUT ", 'pages': [" PAGE(
             "a", "", FIELD("x", ", 'when': 'y = 1'") "," FIELD("y", "")) "]," STATES "," MOVES "}",
         "pages.a.x: \"y\" is used before it is asked."},
        {"{" HEAD "," ABOUT
         ", 'pages': [" PAGE("a", ", 'when': 'false'", FIELD("x", "")) "]," STATES "," MOVES "}",
         "pages.a: This page is never reached: its condition cannot hold."},
        {"{" HEAD "," ABOUT ", 'pages': [" PAGE("a", "", FIELD("x", "")) "]," STATES "}",
         "states.new: No move leads on: a case would stay here for ever."},
        {"{" HEAD "," ABOUT ", 'pages': [" PAGE("a", "", FIELD("x", "")) "], 'states': [" STATE(
             "new", "office", "") "," STATE("done", "end", "") "]," MOVES "}",
         "states.new: The office's state needs days within which it ends."},
        {"{" HEAD "," ABOUT
         ", 'pages': [" PAGE("a", "", FIELD("x", "")) "]," STATES ", 'moves': [" MOVE(
             "finish", "new", "done", ", 'decision': 'magic'") "]}",
         "moves.finish: The delegations know no matter \"magic\"."},
        {"{" HEAD "," ABOUT ", 'pages': [" PAGE(
             "a", "",
             FIELD("x", "")) "], 'tables': {'t': {'inputs': [{'expression': 'x'}], 'outputs': "
                             "[{'name': 'o'}], 'rules': [{'when': ['<5'], 'then': [1]}]}}," STATES
                             "," MOVES "}",
         "tables.t: No rule matches x = 5."},
        {"{" HEAD "," ABOUT ", 'pages': [" PAGE(
             "a", "",
             FIELD("x", "")) "], 'tables': {'t': {'inputs': [{'expression': 'u'}], 'outputs': "
                             "[{'name': 'o', 'otherwise': '1'}]}, 'u': {'inputs': [], 'outputs': "
                             "[{'name': 'o', 'otherwise': 't'}]}}," STATES "," MOVES "}",
         "tables.t: \"u\" is never asked."},
    };
    DefinitionKnown known = {0};
    vec_push(house->ctx.arena, &known.posts, STR("held"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        DefinitionFindings findings = {0};
        definition_lint(&house->ctx, defined(house, json_of(house, cases[i].source)), &known,
                        &findings);
        Str first = findings.len
                        ? str_fmt(house->ctx.arena, STR_FMT ": " STR_FMT,
                                  STR_ARG(findings.items[0].path), STR_ARG(findings.items[0].text))
                        : STR("");
        if (!str_eq(first, str_of(cases[i].finding)))
            fail_msg("%zu: got " STR_FMT ", expected %s", i, STR_ARG(first), cases[i].finding);
    }
}

/* A draw moves cases, and knows no fee. */
static void a_lottery_collects_no_fee(void **state) {
    House *house = *state;
    DefinitionKnown known = {0};
    DefinitionFindings findings = {0};
    bool found = false;
    Definition drawn = *defined(house, house_starter(house, "procedures/facility-booking.json"));
    drawn.fee_collect = COLLECT_ON_SENDING;
    definition_lint(&house->ctx, &drawn, &known, &findings);
    VEC_EACH (const DefinitionFinding, finding, &findings)
        found |= str_eq(finding->path, STR("fee.collect"));
    assert_true(found);
}

#define THREE STATE("a", "end", "") "," END("b", "refused") "," END("c", "withdrawn")
#define ENDS  "'states': [" THREE "]"
#define TOLD                                                                                       \
    "'audience': 'staff', 'bring': [" BOTH("証明書") "," BOTH("写真") "], 'after': " BOTH("来庁")

/* What pages are told besides questions. */
static void members_of_the_whole_are_read(void **state) {
    House *house = *state;
    const Definition *plain = defined(house, json_of(house, "{" WHOLE "}"));
    assert_true(!plain->inside && !plain->bring.len && !plain->after.all && !plain->amount);
    const Definition *told =
        defined(house, json_of(house, "{" WHOLE_BUT_STATES "," ENDS "," TOLD ", 'amount': 'x'}"));
    assert_true(told->inside && told->amount);
    assert_int_equal(told->bring.len, 2);
    assert_true(str_eq(told->bring.items[1].ja, STR("写真")));
    assert_true(str_eq(told->after.ja, STR("来庁")));
    assert_int_equal(definition_state(told, STR("a"))->outcome, OUTCOME_DONE);
    assert_int_equal(definition_state(told, STR("b"))->outcome, OUTCOME_REFUSED);
    assert_int_equal(definition_state(told, STR("c"))->outcome, OUTCOME_WITHDRAWN);
}

static void an_unknown_member_is_told_with_what_may_be_meant(void **state) {
    House *house = *state;
    const Definition *definition;
    FAILS(house,
          definition_read(&house->ctx, json_of(house, "{" WHOLE ", 'moovs': []}"), &definition),
          RC_INVALID, "bad-definition");
    assert_true(str_find(house->ctx.error.detail, STR("\"moves\"")) > 0);
}

/* {HEAD, 'member': [or {'m0': to 'm<n-1>': text, ... */
static Str large(House *house, const char *open, const char *one, size_t n) {
    Buf text = buf_new(house->ctx.arena, 1 << 20);
    buf_addf(&text, "{" HEAD ", %s", open);
    for (size_t i = 0; i < n; i++)
        buf_addf(&text, one, i ? ", " : "", i);
    buf_add(&text, str_ends(str_of(open), STR("[")) ? STR("]}") : STR("}}"));
    buf_add_char(&text, '\0');
    assert_false(text.full);
    return buf_str(&text);
}

static void a_definition_has_bounds(void **state) {
    House *house = *state;
    static const struct {
        const char *open, *one, *path;
        size_t most;
    } cases[] = {
        {"'pages': [", "%s{'id': 'p%zu'}", "pages", 100},
        {"'words': [", "%s'w%zu'", "words", 200},
        {"'states': [", "%s{'id': 's%zu'}", "states", 200},
        {"'examples': [", "%s{'id': 'e%zu'}", "examples", 100},
        {"'tables': {", "%s't%zu': {}", "tables", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t more = 0; more < 2; more++) {
            const Definition *definition;
            Str source = large(house, cases[i].open, cases[i].one, cases[i].most + more);
            Rc rc = definition_read(&house->ctx, json_of(house, source.ptr), &definition);
            assert_int_equal(rc, more ? RC_LIMIT : RC_INVALID); /* else it has no page */
            if (more) assert_true(str_eq(house->ctx.error.path, str_of(cases[i].path)));
        }
    Str text = str_fmt(house->ctx.arena, "{" HEAD ", 'basis': '%*d'}", 10001, 1);
    const Definition *definition;
    FAILS(house, definition_read(&house->ctx, json_of(house, text.ptr), &definition), RC_LIMIT,
          "too-many");
    assert_true(str_eq(house->ctx.error.path, STR("basis")));
}

/* ---- examples */

#define NUMBER   "{'id': 'n', 'kind': 'number', 'label': " BOTH("数") ", 'least': 1}"
#define OPTIONAL FIELD("x", ", 'optional': true")
#define TABLE    "{'hit': 'F', 'outputs': [{'name': 'o', 'otherwise': 'n * 3'}]}"
#define JUNE     RULE("june", "month of year(today()) = \\\"June\\\"")
#define FEW      RULE("few", "n < 5")
#define EVEN     RULE("even", "even(n)")
#define FEE      "{'amount': 't', 'article': '条', 'account': '款'}"
#define ASKED    PAGE("a", "", NUMBER "," OPTIONAL)
#define RULES    "'tables': {'t': " TABLE "}, 'conditions': [" FEW "], 'checks': [" EVEN "," JUNE "]"
#define TRIED    WHOLE_BUT_PAGES ", 'pages': [" ASKED "]," RULES ", 'amount': 'n * 100', 'fee': " FEE

static void an_example_tells_each_difference(void **state) {
    House *house = *state;
    static const struct {
        const char *more, *expect, *findings;
    } cases[] = {
        {"'answers': {'n': '2'}",
         "'fee': 6, 'amount': 200, 'fails': [], 'faults': {}, 'tables': {'t': 6}", ""},
        {"'on': '2026-06-30', 'answers': {'n': '２'}", "'checks': []", ""},
        {"'answers': {'n': '2'}", "'checks': ['june']", ""},
        {"'answers': {'n': '7'}", "'fails': ['few'], 'checks': ['even', 'june']", ""},
        {"'answers': {'n': 'x'}", "'faults': {'n': 'format'}", ""},
        {"'answers': {'x': ['a', 'b']}", "'faults': {'n': 'required'}", ""},
        {"'answers': {'n': '2'}", "'fee': 5", "The fee is 6, 5 was expected."},
        {"'answers': {'n': '2'}", "'amount': 100", "The amount is 200, 100 was expected."},
        {"'answers': {'n': 'x'}", "'fee': 5", "The fee cannot be computed, 5 was expected."},
        {"'answers': {'n': '2'}", "'fails': ['few']", "\"few\" holds, and was expected not to."},
        {"'answers': {'n': '7'}", "'fails': []", "\"few\" doesn't hold, and was expected to."},
        {"'on': '2026-07-01', 'answers': {'n': '3'}", "'checks': []",
         "\"even\" doesn't hold, and was expected to. \"june\" doesn't hold, and was expected to."},
        {"'answers': {'n': '0'}", "'faults': {}",
         "\"n\" has the fault \"low\", \"none\" was expected."},
        {"'answers': {'n': '1'}", "'faults': {'n': 'low'}",
         "\"n\" has the fault \"none\", \"low\" was expected."},
        {"'answers': {'n': '0'}", "'faults': {'n': 'high'}",
         "\"n\" has the fault \"low\", \"high\" was expected."},
        {"'answers': {'n': '2'}", "'tables': {'t': 7}", "The table \"t\" gives 6, 7 was expected."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena *arena = house->ctx.arena;
        Str source = str_fmt(
            arena,
            "{" TRIED ", 'examples': [{'id': 'e', 'label': " BOTH("例") ", %s, 'expect': {%s}}]}",
            cases[i].more, cases[i].expect);
        const Definition *definition = defined(house, json_of(house, source.ptr));
        DefinitionFindings findings = {0};
        StrVec told = {0};
        definition_dry_run(&house->ctx, definition, &definition->examples.items[0], &findings);
        VEC_EACH (DefinitionFinding, finding, &findings) {
            assert_true(str_eq(finding->path, STR("examples.e")));
            vec_push(arena, &told, finding->text);
        }
        Str all = str_join(arena, told.items, told.len, STR(" "));
        if (!str_eq(all, str_of(cases[i].findings)))
            fail_msg("%zu: got " STR_FMT ", expected %s", i, STR_ARG(all), cases[i].findings);
    }
}

/* ---- forms */

static const Definition *dogs(House *house) {
    return defined(house, house_starter(house, "procedures/dog-registration.json"));
}

#define DOG                                                                                        \
    "'dogName': 'ポチ', 'breed': 'shiba', 'sex': 'male', 'born': 'R7.4.1', 'since': "            \
    "'令和8年11月1日'"
#define OWNER                                                                                                       \
    "'name': '山田　花子', 'kana': 'ﾔﾏﾀﾞ はなこ', 'postcode': '９９９０００１', 'address': " \
    "'まなか一丁目１－２', 'phone': '０９０（１２３４）５６７８', 'declared': 'yes'"

static Form filled(House *house, const char *draft) {
    Form form;
    form_read(&house->ctx, dogs(house), json_of(house, draft), &form);
    return form;
}

static void answers_are_taken_leniently(void **state) {
    House *house = *state;
    Form form = filled(
        house, "{" DOG ", 'chip': 'no', 'vaccinated': 'yes', 'vaccinatedOn': '2026/4/10'," OWNER
               ", 'stray': 'x'}");
    const FormPage *open = form_next(&form);
    if (open) fail_msg("open: " STR_FMT, STR_ARG(open->id));
    Json kept = form_json(house->ctx.arena, &form, false);
    Buf to = buf_new(house->ctx.arena, 4096);
    json_write(&to, &kept);
    assert_string_equal(
        str_z(house->ctx.arena, buf_str(&to)),
        "{\"dogName\":\"ポチ\",\"breed\":\"shiba\",\"sex\":\"male\",\"born\":"
        "\"2025-04-01\",\"since\":\"2026-11-01\","
        "\"chip\":false,\"vaccinated\":true,\"vaccinatedOn\":\"2026-04-10\","
        "\"name\":\"山田 花子\",\"kana\":\"ヤマダ ハナコ\","
        "\"postcode\":\"999-0001\",\"address\":\"まなか一丁目1-2\",\"phone\":\"0901234"
        "5678\",\"declared\":true}");
    int64_t fee;
    GOOD(house, form_fee(&house->ctx, &form, &fee));
    assert_int_equal(fee, 3000);
    RuleResults conditions = {0}, checks = {0};
    form_judge(&house->ctx, &form, &form.definition->conditions, &conditions);
    form_judge(&house->ctx, &form, &form.definition->checks, &checks);
    assert_true(conditions.items[0].holds && checks.items[0].holds && checks.items[1].holds);
    assert_true(str_eq(form_text(house->ctx.arena, form_answer(&form, STR("breed")), STR("en")),
                       STR("Shiba")));
    assert_true(str_eq(form_text(house->ctx.arena, form_answer(&form, STR("born")), STR("ja")),
                       STR("令和7年4月1日")));
}

static void faults_of_answers_say_what(void **state) {
    House *house = *state;
    static const struct {
        const char *draft, *field, *fault;
    } cases[] = {
        {"{}", "dogName", "required"},
        {"{'dogName': ' 　 '}", "dogName", "required"},
        {"{'dogName': '12345678901234567890123456789012345678901'}", "dogName", "long"},
        {"{'breed': 'cat'}", "breed", "required"},
        {"{'born': 'きのう'}", "born", "format"},
        {"{'born': '2026-11-21'}", "born", "rule"},
        {"{'born': '2026-11-01', 'since': '2026-10-01'}", "since", "rule"},
        {"{'chip': 'yes'}", "chipNumber", "required"},
        {"{'chip': 'yes', 'chipNumber': '１２３'}", "chipNumber", "rule"},
        {"{'kana': '山田'}", "kana", "format"},
        {"{'postcode': '12'}", "postcode", "format"},
        {"{'phone': '12'}", "phone", "format"},
        {"{'mail': 'a@b'}", "mail", "format"},
        {"{'declared': 'no'}", "declared", "required"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Form form = filled(house, cases[i].draft);
        const FormAnswer *answer = form_answer(&form, str_of(cases[i].field));
        if (!answer->due || !answer->fault || strcmp(answer->fault, cases[i].fault) != 0)
            fail_msg("%s: %s", cases[i].draft, answer->fault ? answer->fault : "no fault");
        assert_true((answer->broken != NULL) == (strcmp(cases[i].fault, "rule") == 0));
        assert_int_equal(answer->value.kind == FEEL_NULL, strcmp(cases[i].fault, "rule") != 0);
    }
}

#define BOUNDED "{'id': 'n', 'kind': 'number', 'label': " BOTH("数") ", 'least': 0, 'most': 10}"

static void a_number_keeps_its_bounds_to_the_last_digit(void **state) {
    House *house = *state;
    static const struct {
        const char *said, *fault; /* NULL: none */
    } cases[] = {{"0", NULL},      {"10", NULL},     {"９．５", NULL},
                 {"10.5", "high"}, {"11", "high"},   {"99999999999999999999999999999999", "high"},
                 {"-0.5", "low"},  {"-1", "low"},    {"-99999999999999999999999999999999", "low"},
                 {"十", "format"}, {"1つ", "format"}};
    const Definition *definition = defined(
        house, json_of(house, "{" WHOLE_BUT_PAGES ", 'pages': [" PAGE("a", "", BOUNDED) "]}"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Form form;
        Str draft = str_fmt(house->ctx.arena, "{'n': '%s'}", cases[i].said);
        form_read(&house->ctx, definition, json_of(house, draft.ptr), &form);
        if (!str_eq(str_of(form.answers[0].fault), str_of(cases[i].fault)))
            fail_msg("%s: %s", cases[i].said,
                     form.answers[0].fault ? form.answers[0].fault : "no fault");
    }
}

static void money_reads_as_yen(void **state) {
    House *house = *state;
    Form form;
    form_read(&house->ctx, defined(house, house_starter(house, "procedures/expense-approval.json")),
              json_of(house, "{'total': '1,480,000円', 'left': '950', 'year': '2026'}"), &form);
    static const struct {
        const char *field, *language, *text;
    } cases[] = {{"total", "ja", "1,480,000円"},
                 {"total", "en", "¥1,480,000"},
                 {"left", "ja", "950円"},
                 {"year", "ja", "2026"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(str_eq(form_text(house->ctx.arena, form_answer(&form, str_of(cases[i].field)),
                                     str_of(cases[i].language)),
                           str_of(cases[i].text)));
}

static void only_due_questions_are_asked(void **state) {
    House *house = *state;
    Form form = filled(
        house,
        "{" DOG
        ", 'chip': 'no', 'chipNumber': 'leftover', 'otherBreed': 'x', 'vaccinated': 'no'," OWNER
        "}");
    assert_false(form_answer(&form, STR("chipNumber"))->due);
    assert_false(form_answer(&form, STR("otherBreed"))->due);
    assert_null(form_next(&form));
    Json kept = form_json(house->ctx.arena, &form, false);
    assert_null(json_get(&kept, STR("chipNumber")));
    const FormPage *first = &form.definition->pages.items[0];
    assert_true(str_eq(form_after(&form, first)->id, STR("chip")));
    assert_null(form_before(&form, first));
    assert_ptr_equal(form_page(form.definition, STR("dog")), first);
    Form fee = filled(house, "{'chip': 'yes'}");
    int64_t yen;
    GOOD(house, form_fee(&house->ctx, &fee, &yen));
    assert_int_equal(yen, 0);
}

static void a_condition_that_fails_is_named(void **state) {
    House *house = *state;
    Form form = filled(house, "{'born': '2026-11-01', 'since': '2026-11-05'}");
    RuleResults conditions = {0};
    form_judge(&house->ctx, &form, &form.definition->conditions, &conditions);
    assert_int_equal(conditions.len, 1);
    assert_false(conditions.items[0].holds);
    assert_true(str_starts(conditions.items[0].rule->text.ja, STR("生後90日まで")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_starters_definitions_can_be_published),
        cmocka_unit_test(faults_name_their_place),
        cmocka_unit_test(members_of_the_whole_are_read),
        cmocka_unit_test(an_unknown_member_is_told_with_what_may_be_meant),
        cmocka_unit_test(lint_finds_what_cannot_be_published),
        cmocka_unit_test(a_lottery_collects_no_fee),
        cmocka_unit_test(a_definition_has_bounds),
        cmocka_unit_test(an_example_tells_each_difference),
        cmocka_unit_test(answers_are_taken_leniently),
        cmocka_unit_test(faults_of_answers_say_what),
        cmocka_unit_test(a_number_keeps_its_bounds_to_the_last_digit),
        cmocka_unit_test(money_reads_as_yen),
        cmocka_unit_test(only_due_questions_are_asked),
        cmocka_unit_test(a_condition_that_fails_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
