/* Tests of a definition that is being written: what stands at a path, replaced; and what two
   versions say otherwise. */
#include "house.h"

#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char source[] =
    "{'id':'dog','label':{'ja':'犬'},'pages':[{'id':'pet','fields':[{'id':'name','kind':'text'},"
    "{'id':'breed','options':[{'id':'shiba'},{'id':'other'}]}]},{'id':'you','fields':[]}],"
    "'tables':{'fee':{'hit':'U','rules':[{'when':['-'],'then':[1]}]}},'bring':[{'ja':'はんこ'}]}";

static const Json *json_of(Ctx *ctx, const char *text) {
    const Json *out;
    Buf quoted = buf_new(ctx->arena, 1 << 16);
    for (const char *c = text; *c; c++)
        buf_add_char(&quoted, *c == '\'' ? '"' : *c);
    assert_int_equal(json_read(ctx, buf_str(&quoted), JSON_LIMITS_DEFAULT, &out), RC_OK);
    return out;
}

static Str text_of(Arena *arena, const Json *value) {
    Buf text = buf_new(arena, 1 << 16);
    if (!value) return STR("nothing");
    json_write(&text, value);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '"') text.ptr[i] = '\'';
    return buf_str(&text);
}

static int set_up(void **state) {
    static Ctx ctx;
    ctx = (Ctx){.arena = arena_new(1 << 24)};
    *state = &ctx;
    return 0;
}

static int tear_down(void **state) {
    arena_free(((Ctx *)*state)->arena);
    return 0;
}

static void an_object_is_found_by_place_and_by_id(void **state) {
    Ctx *ctx = *state;
    static const struct {
        const char *path, *node, *value; /* value NULL: only what is on the way is there */
    } cases[] = {
        {"pages[0].fields[1]", "pages[0].fields[1]", "breed"},
        {"pages.pet.fields.breed", "pages[0].fields[1]", "breed"},
        {"pages.pet.breed", "pages[0].fields[1]", "breed"},
        {"pages.pet.breed.other", "pages[0].fields[1].options[1]", "other"},
        {"pages[1]", "pages[1]", "you"},
        {"pages[2]", "", NULL},
        {"pages[x]", "", NULL},
        {"pages.pet.weight", "pages[0]", NULL},
        {"pages[0].fields[1].kind", "pages[0].fields[1]", NULL},
        {"nonsense", "", NULL},
        {"tables.fee.rules[0]", "tables.fee.rules[0]", ""},
        {"tables.none", "", NULL},
        {"label.ja", "", NULL},
        {"bring[0]", "bring[0]", ""},
    };
    const Json *definition = json_of(ctx, source);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OutlineNode node;
        bool exact = outline_exact(ctx->arena, definition, str_of(cases[i].path), &node);
        bool wanted = cases[i].value != NULL;
        outline_find(ctx->arena, definition, str_of(cases[i].path), &node);
        if (exact != wanted || !str_eq(node.path, str_of(cases[i].node)) ||
            (wanted && !str_eq(json_get_str(node.value, "id"), str_of(cases[i].value))))
            fail_msg("%s: %d, " STR_FMT, cases[i].path, exact, STR_ARG(node.path));
    }
}

static void a_copy_has_another_value_and_shares_the_rest(void **state) {
    Ctx *ctx = *state;
    static const struct {
        const char *path, *value, *at, *expected;
    } cases[] = {
        {"id", "'cat'", "id", "'cat'"},
        {"days", "3", "days", "3"},
        {"label", NULL, "label", "nothing"},
        {"pages[0].fields[0]", NULL, "pages[0].fields[0].id", "'breed'"},
        {"pages[2]", "{'id':'new'}", "pages[2]", "{'id':'new'}"},
        {"pages[3]", "{'id':'new'}", "", "nothing"}, /* behind a hole */
        {"pages[0]x", "1", "", "nothing"},
        {"checks[0]", "{'id':'first'}", "checks", "[{'id':'first'}]"}, /* no list was there */
        {"tables.due", "{}", "tables.due", "{}"},
        {"effective.from", "'2026-04-01'", "effective", "{'from':'2026-04-01'}"},
    };
    const Json *definition = json_of(ctx, source);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Json *value = cases[i].value ? json_of(ctx, cases[i].value) : NULL;
        const Json *after = outline_set(ctx->arena, definition, str_of(cases[i].path), value);
        Str got = text_of(ctx->arena, after ? outline_value(after, str_of(cases[i].at)) : NULL);
        if (!str_eq(got, str_of(cases[i].expected)))
            fail_msg("%zu: " STR_FMT ", expected %s", i, STR_ARG(got), cases[i].expected);
        assert_true(json_equal(definition, json_of(ctx, source)));
    }
}

static void elements_move_within_their_list(void **state) {
    Ctx *ctx = *state;
    static const struct {
        size_t n;
        int by;
        const char *first;
    } cases[] = {{1, -1, "you"}, {0, 1, "you"}, {0, -1, "pet"}, {1, 1, "pet"}, {7, -1, "pet"}};
    const Json *definition = json_of(ctx, source);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Json *after =
            outline_move(ctx->arena, definition, STR("pages"), cases[i].n, cases[i].by);
        assert_non_null(after);
        Str first = json_str(outline_value(after, STR("pages[0].id")));
        if (!str_eq(first, str_of(cases[i].first))) fail_msg("%zu: " STR_FMT, i, STR_ARG(first));
    }
    assert_null(outline_move(ctx->arena, definition, STR("label"), 0, 1));
}

static void versions_are_compared_by_ids(void **state) {
    Ctx *ctx = *state;
    static const struct {
        const char *path, *value, *expected;
    } cases[] = {
        {"id", "'dog'", ""},
        {"label.ja", "'いぬ'", "label.ja 犬 いぬ;"},
        {"label.en", "'Dog'", "label.en - Dog;"},
        {"pages[0].fields[0].kind", "'name'", "pages.pet.fields.name.kind text name;"},
        {"pages[0].fields[0]", NULL, "pages.pet.fields.name {} -;"},
        {"pages[2]", "{'id':'new'}", "pages.new - {};"},
        {"pages", "[{'id':'you','fields':[]}]", "pages.pet {} -;"},
        {"tables.fee.rules[0].then[0]", "2", "tables.fee.rules[0].then[0] # #;"},
        {"bring[1]", "{'ja':'印鑑'}", "bring[1] - {};"},
    };
    const Json *before = json_of(ctx, source);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        DefinitionChanges changes;
        Buf told = buf_new(ctx->arena, 1 << 12);
        const Json *value = cases[i].value ? json_of(ctx, cases[i].value) : NULL;
        definition_compare(ctx->arena, before,
                           outline_set(ctx->arena, before, str_of(cases[i].path), value), &changes);
        VEC_EACH (const DefinitionChange, change, &changes) {
            const Json *sides[] = {change->before, change->after};
            buf_add(&told, change->path);
            for (size_t k = 0; k < 2; k++) {
                buf_add_char(&told, ' ');
                buf_add(&told, !sides[k]                       ? STR("-")
                               : sides[k]->kind == JSON_STRING ? json_str(sides[k])
                               : sides[k]->kind == JSON_NUMBER ? STR("#")
                                                               : STR("{}"));
            }
            buf_add_char(&told, ';');
        }
        if (!str_eq(buf_str(&told), str_of(cases[i].expected)))
            fail_msg("%zu: " STR_FMT ", expected %s", i, STR_ARG(buf_str(&told)),
                     cases[i].expected);
    }
    const Json *other = outline_move(ctx->arena, before, STR("pages"), 0, 1);
    DefinitionChanges changes;
    definition_compare(ctx->arena, before, other, &changes);
    assert_int_equal(changes.len, 1);
    assert_true(str_eq(changes.items[0].path, STR("pages"))); /* only their order */
}

/* Whatever stands in a definition has a form, so that the designer loses none of it. */
static void each_member_has_a_form(void **state) {
    (void)state;
    MemberRow row;
    size_t n = 0;
    for (; members_row(MEMBERS_ROOT, n, &row); n++)
        if (row.form == MEMBER_LIST || row.form == MEMBER_OBJECT || row.form == MEMBER_MAP) {
            MemberRow inner;
            assert_true(members_row(row.inner, 0, &inner));
        }
    assert_int_equal(n, 34);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_found_by_place_and_by_id),
        cmocka_unit_test(a_copy_has_another_value_and_shares_the_rest),
        cmocka_unit_test(elements_move_within_their_list),
        cmocka_unit_test(versions_are_compared_by_ids),
        cmocka_unit_test(each_member_has_a_form),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
