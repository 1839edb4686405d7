/* Tests of what is too large to be written: it is refused in its own words, and nothing of it is
 * there. */
#include "city_case.h"

#include <string.h>

static Delta *texts_delta(City *city, DeltaOp op, size_t n, size_t bytes) {
    Arena *arena = city->ctx.arena;
    Str id = STR("urn:x:large"), text = {memset(arena_alloc(arena, bytes, 1), 'x', bytes), bytes};
    static unsigned name;
    Delta *delta = NEW(arena, Delta);
    *delta = (Delta){.op = op, .id = id, .after = entity_new(arena, id, STR_NONE)};
    if (op == DELTA_PUT) vec_push(arena, &delta->after->types, STR(SENSOR));
    for (size_t i = 0; i < n; i++) {
        Str iri = op == DELTA_RECORD ? STR(VALUE) : str_fmt(arena, "urn:a:n%u", name++);
        Attr *attr =
            vec_push(arena, &delta->after->attrs,
                     *entity_set(arena, entity_new(arena, id, STR_NONE), iri, json_of_str(text)));
        if (op == DELTA_RECORD) attr->observed_at = (int64_t)i * TIME_SECOND;
    }
    return delta;
}

static void refused(City *city, Rc rc, const char *code) {
    assert_int_equal(rc, RC_LIMIT);
    assert_string_equal(city->ctx.error.code.ptr, code);
}

static void too_large(City *city, const Delta *delta) {
    uint64_t head = ledger_head(city->ledger);
    /* what was refused before is not what is told now */
    assert_int_equal(city_put(city, city_change(city, STR("urn:x:none"), 1), PUT_PRESENT, 0, NULL),
                     RC_NOT_FOUND);
    refused(city, city_put(city, delta, PUT_ANY, 0, NULL), "too-large");
    assert_true(str_eq(city->ctx.error.path, delta->id));
    assert_int_equal(ledger_head(city->ledger), head);
}

static void what_is_too_large_for_an_entity_is_refused(void **state) {
    CITY();
    const Entity *entity;
    too_large(city, texts_delta(city, DELTA_PUT, ENTITY_ATTRS_MAX, 1)); /* and its type */
    assert_int_equal(ledger_entity(&city->ctx, city->ledger, STR("urn:x:large"), &entity),
                     RC_NOT_FOUND);
    Delta *put = texts_delta(city, DELTA_PUT, 100, 1);
    assert_int_equal(city_put(city, put, PUT_ANY, 0, NULL), RC_OK);
    too_large(city, texts_delta(city, DELTA_CHANGE, ENTITY_ATTRS_MAX, 1));
    too_large(city, texts_delta(city, DELTA_RECORD, DELTA_ATTRS_MAX + 1, 1));
    for (int i = 0; i < 3; i++) /* it grows until it is */
        assert_int_equal(
            city_put(city, texts_delta(city, DELTA_CHANGE, 1, 1 << 20), PUT_ANY, 0, NULL), RC_OK);
    too_large(city, texts_delta(city, DELTA_CHANGE, 1, 1 << 20));
    too_large(city, texts_delta(city, DELTA_CHANGE, 1000, 1100));
    city_close(city);
    open_city(city);
    assert_int_equal(ledger_entity(&city->ctx, city->ledger, STR("urn:x:large"), &entity), RC_OK);
    assert_int_equal(entity->attrs.len, 103);
}

static Rc refuse_silently(Ctx *ctx, Stage *stage, const void *args) {
    (void)ctx, (void)stage, (void)args;
    return RC_LIMIT;
}

static void a_refusal_without_words_is_told_in_no_others(void **state) {
    static const PartKind silent = {"test.silent", 1, refuse_silently, NULL};
    CITY();
    Outcome outcome;
    too_large(city, texts_delta(city, DELTA_PUT, ENTITY_ATTRS_MAX, 1));
    Command *command = command_new(city->ledger, (CommandHead){.kind = STR("silent")});
    command_add(command, &silent, NULL);
    Rc rc = ledger_execute(&city->ctx, city->ledger, command, &outcome);
    refused(city, rc, "not-written");
    command_free(command);
}

static void a_command_of_more_than_a_leaf_holds_is_refused(void **state) {
    CITY();
    Outcome outcome;
    const size_t bytes = 65 << 20;
    Command *command = command_new(city->ledger, (CommandHead){.kind = STR("look")});
    Arena *arena = command_arena(command);
    PartLook *look = NEW(arena, PartLook);
    look->why = (Str){memset(arena_alloc(arena, bytes, 1), 'x', bytes), bytes};
    command_add(command, &part_look, look);
    Rc rc = ledger_execute(&city->ctx, city->ledger, command, &outcome);
    refused(city, rc, "command-too-large");
    command_free(command);
    assert_int_equal(ledger_head(city->ledger), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(what_is_too_large_for_an_entity_is_refused),
        CASE(a_refusal_without_words_is_told_in_no_others),
        CASE(a_command_of_more_than_a_leaf_holds_is_refused),
    };
    return cmocka_run_group_tests_name("ledger bounds", tests, NULL, NULL);
}
