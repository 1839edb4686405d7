/* The state projection: rows, counts, and candidates that never leave out a true hit. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTITIES = 400, NAMES = 12 };

static Batch *open_batch(Fixture *f) {
    Batch *batch;
    assert_ok(batch_open(&f->ctx, f->store, STORE_STATE, &batch));
    assert_ok(batch_begin(&f->ctx, batch, BATCH_LAZY));
    return batch;
}

static StrVec strs(Arena *arena, const char *words) {
    StrVec list = {0};
    Str rest = str_of(words), item;
    while (str_split(&rest, ' ', &item))
        vec_push(arena, &list, item);
    return list;
}

static bool join_id(void *arg, const EntityRow *row) {
    Buf *to = arg;
    buf_add(to, row->id);
    buf_add_char(to, ' ');
    return true;
}

static Str scan_ids(Fixture *f, const EntityScan *scan) {
    Reader *reader;
    Buf ids = buf_new(f->ctx.arena, 1 << 20);
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    Rc rc = reader_entities(&f->ctx, reader, scan, join_id, &ids);
    reader_close(reader);
    assert_ok(rc);
    assert_ok(buf_rc(&ids));
    return buf_str(&ids);
}

static void put(Fixture *f, Batch *batch, const char *id, uint64_t position, const char *types) {
    EntityPut row = {.id = str_of(id),
                     .position = position,
                     .types = strs(f->ctx.arena, types),
                     .body = str_fmt(f->ctx.arena, "%s at %d", id, (int)position)};
    assert_ok(batch_entity(&f->ctx, batch, &row));
}

/* ---- rows ---- */

static void the_newest_row_wins_whatever_the_order(void **state) {
    Fixture *f = *state;
    Batch *batch = open_batch(f);
    EntityRow row;
    put(f, batch, "e1", 5, "T");
    put(f, batch, "e1", 3, "U");
    assert_ok(batch_entity_get(&f->ctx, batch, STR("e1"), &row));
    assert_str(row.body, "e1 at 5");
    put(f, batch, "e1", 5, "U V"); /* an equal position replaces */
    assert_ok(batch_commit(&f->ctx, batch));
    assert_str(scan_ids(f, &(EntityScan){.hint = &(MatchHint){.types = strs(f->ctx.arena, "T")}}),
               "");
    assert_str(scan_ids(f, &(EntityScan){.hint = &(MatchHint){.types = strs(f->ctx.arena, "V")}}),
               "e1 ");
    batch_close(batch);
}

static void a_tombstone_outlives_older_puts_until_it_is_purged(void **state) {
    Fixture *f = *state;
    Batch *batch = open_batch(f);
    EntityRow row;
    uint64_t count;
    put(f, batch, "e1", 5, "T");
    put(f, batch, "e1", 7, "");
    put(f, batch, "e2", 8, "");
    put(f, batch, "e1", 6, "T");
    assert_rc(batch_entity_get(&f->ctx, batch, STR("e1"), &row), RC_NOT_FOUND);
    assert_ok(batch_entity_purge(&f->ctx, batch, 7, 100, &count));
    assert_int_equal(count, 1);
    put(f, batch, "e2", 7, "T");
    put(f, batch, "e1", 9, "T");
    assert_ok(batch_commit(&f->ctx, batch));
    assert_str(scan_ids(f, &(EntityScan){0}), "e1 ");
    batch_close(batch);
}

static void counts_follow_types(void **state) {
    Fixture *f = *state;
    Batch *batch = open_batch(f);
    Reader *reader;
    EntityCounts counts;
    uint64_t total;
    put(f, batch, "e1", 1, "A");
    put(f, batch, "e2", 2, "A B");
    put(f, batch, "e3", 3, "C");
    assert_ok(batch_commit(&f->ctx, batch));
    assert_ok(batch_begin(&f->ctx, batch, BATCH_LAZY));
    put(f, batch, "e3", 4, "");
    put(f, batch, "e2", 5, "B");
    assert_ok(batch_commit(&f->ctx, batch));
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    assert_ok(reader_entity_counts(&f->ctx, reader, &counts));
    assert_int_equal(counts.len, 2);
    assert_str(counts.items[0].type, "A");
    assert_int_equal(counts.items[0].count, 1);
    assert_str(counts.items[1].type, "B");
    assert_int_equal(counts.items[1].count, 1);
    assert_ok(reader_entity_total(&f->ctx, reader, &total));
    assert_int_equal(total, 2);
    assert_ok(batch_begin(&f->ctx, batch, BATCH_LAZY));
    assert_ok(batch_entity_clear(&f->ctx, batch));
    put(f, batch, "e9", 1, "A");
    assert_ok(batch_commit(&f->ctx, batch));
    assert_ok(reader_entity_counts(&f->ctx, reader, &counts));
    assert_int_equal(counts.len, 1);
    assert_ok(reader_entity_total(&f->ctx, reader, &total));
    assert_int_equal(total, 1);
    reader_close(reader);
    batch_close(batch);
}

static void a_rollback_takes_new_types_along(void **state) {
    Fixture *f = *state;
    Batch *batch = open_batch(f);
    put(f, batch, "e1", 1, "New");
    batch_rollback(batch);
    assert_ok(batch_begin(&f->ctx, batch, BATCH_LAZY));
    put(f, batch, "e2", 2, "Other");
    put(f, batch, "e3", 3, "New");
    assert_ok(batch_commit(&f->ctx, batch));
    assert_str(scan_ids(f, &(EntityScan){.hint = &(MatchHint){.types = strs(f->ctx.arena, "New")}}),
               "e3 ");
    batch_close(batch);
}

static void bad_puts_are_refused(void **state) {
    Fixture *f = *state;
    Batch *batch = open_batch(f);
    static const char big[2049];
    EntityPut row = {.id = {big, sizeof big}, .types = strs(f->ctx.arena, "T")};
    assert_rc(batch_entity(&f->ctx, batch, &row), RC_INVALID);
    row.id = STR_NONE;
    assert_rc(batch_entity(&f->ctx, batch, &row), RC_INVALID);
    row.id = STR("e");
    vec_push(f->ctx.arena, &row.boxes, (IndexBox){STR("location"), 10, 0, 9, 1});
    assert_rc(batch_entity(&f->ctx, batch, &row), RC_INVALID);
    assert_rc(batch_index_ready(&f->ctx, batch, STR("none")), RC_NOT_FOUND);
    batch_close(batch);
}

/* ---- scans by type and id ---- */

static void types_are_merged_in_the_order_of_ids(void **state) {
    Fixture *f = *state;
    static const struct {
        const char *types, *ids, *after, *expected;
    } cases[] = {
        {"", "", "", "a b c d e "},  {"A", "", "", "a c "},  {"A B", "", "", "a b c e "},
        {"A B", "", "b", "c e "},    {"None", "", "", ""},   {"None A", "", "", "a c "},
        {"", "d a x a", "", "a d "}, {"A", "d a", "", "a "}, {"", "d a", "a", "d "},
        {"", "", "e", ""},
    };
    Batch *batch = open_batch(f);
    put(f, batch, "c", 1, "A B");
    put(f, batch, "a", 2, "A");
    put(f, batch, "e", 3, "B");
    put(f, batch, "b", 4, "B");
    put(f, batch, "d", 5, "C");
    assert_ok(batch_commit(&f->ctx, batch));
    batch_close(batch);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MatchHint hint = {.types = strs(f->ctx.arena, cases[i].types),
                          .ids = strs(f->ctx.arena, cases[i].ids)};
        EntityScan scan = {.hint = &hint, .after = str_of(cases[i].after)};
        assert_str(scan_ids(f, &scan), cases[i].expected);
    }
}

/* ---- text ---- */

static void words_of_any_length_are_found(void **state) {
    Fixture *f = *state;
    static const char *const texts[] = {"粗大ごみ 収集 申込", "市役所 本庁舎", "橋", "ごみ",
                                        "park a-b 公園",      "東京都 京東"};
    static const struct {
        const char *words, *expected;
    } cases[] = {
        {"ごみ", "e0 e3 "},
        {"粗大", "e0 "},
        {"橋", "e2 "},
        {"ご", "e0 e3 "},
        {"み", "e0 e3 "},
        {"ごみ 収集", "e0 "},
        {"収集　ごみ", "e0 "},
        {"役所", "e1 "},
        {"園", "e4 "},
        {"a-b", "e4 "},
        {"-", "e4 "},
        {"京都", "e5 "},
        {"都京", ""},
        {"無い", ""},
        {"\"", ""},
        {"", "e0 e1 e2 e3 e4 e5 "},
        {" ", "e0 e1 e2 e3 e4 e5 "},
        {"東京都京", ""},
    };
    Batch *batch = open_batch(f);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        EntityPut row = {.id = str_fmt(f->ctx.arena, "e%zu", i),
                         .position = i + 1,
                         .types = strs(f->ctx.arena, "T"),
                         .text = str_of(texts[i])};
        assert_ok(batch_entity(&f->ctx, batch, &row));
    }
    assert_ok(batch_commit(&f->ctx, batch));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_str(scan_ids(f, &(EntityScan){.text = str_of(cases[i].words)}), cases[i].expected);
    assert_ok(batch_begin(&f->ctx, batch, BATCH_LAZY));
    EntityPut changed = {
        .id = STR("e0"), .position = 100, .types = strs(f->ctx.arena, "T"), .text = STR("剪定枝")};
    assert_ok(batch_entity(&f->ctx, batch, &changed));
    put(f, batch, "e3", 101, "");
    assert_ok(batch_commit(&f->ctx, batch));
    assert_str(scan_ids(f, &(EntityScan){.text = STR("ごみ")}), "");
    assert_str(scan_ids(f, &(EntityScan){.text = STR("剪定")}), "e0 ");
    batch_close(batch);
}

/* ---- the superset law, on random cities ---- */

typedef struct Model {
    bool alive;
    char id[16];
    int type;
    Json value; /* of attribute v */
    double x, y;
} Model;

static const char *const texts[NAMES] = {
    "",
    "abc",
    "abd",
    "市",
    "市役所",
    "2025-04-01T00:00:00Z",
    "2025-04-01T09:00:00+09:00",
    "2024-12-31T00:00:00Z",
    "2025",
    "~",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
    "Z"};

static Json random_value(Rand *rand) {
    switch (rand_below(rand, 6)) {
    case 0:
        return (Json){.kind = JSON_BOOL, .value.boolean = rand_below(rand, 2)};
    case 1:
        return (Json){
            .kind = JSON_NUMBER, .is_int = 1, .value.integer = (int64_t)rand_below(rand, 40) - 20};
    case 2:
        return (Json){.kind = JSON_NUMBER, .value.number = (double)rand_below(rand, 400) / 10 - 20};
    case 3:
        return (Json){.kind = JSON_OBJECT};
    default: {
        Str text = str_of(texts[rand_below(rand, NAMES)]);
        return (Json){.kind = JSON_STRING, .len = (uint32_t)text.len, .value.string = text.ptr};
    }
    }
}

static double number_of(const Json *value) {
    return value->is_int ? (double)value->value.integer : value->value.number;
}

static bool holds(int order, MatchOp op) {
    switch (op) {
    case MATCH_EQ:
        return order == 0;
    case MATCH_LT:
        return order < 0;
    case MATCH_LE:
        return order <= 0;
    case MATCH_GT:
        return order > 0;
    case MATCH_GE:
        return order >= 0;
    default:
        return true;
    }
}

/* Both ways in which an evaluator may compare texts: as such, and as instants. */
static bool may_hold(const Json *value, MatchOp op, const Json *bound) {
    if (op == MATCH_EXISTS) return true;
    if (value->kind != bound->kind) return false;
    if (value->kind == JSON_BOOL)
        return holds((int)value->value.boolean - (int)bound->value.boolean, op);
    if (value->kind == JSON_NUMBER) {
        double a = number_of(value), b = number_of(bound);
        return holds(a < b ? -1 : a > b, op);
    }
    if (value->kind != JSON_STRING) return false;
    Str a = {value->value.string, value->len}, b = {bound->value.string, bound->len};
    int64_t s, t;
    bool times = time_parse(a, &s) && time_parse(b, &t);
    if (times && holds(s < t ? -1 : s > t, op)) return true;
    return (!times || op == MATCH_EQ) && holds(str_cmp(a, b), op);
}

static void put_model(Fixture *f, Batch *batch, Model *m, uint64_t position) {
    Rand *rand = &f->rand;
    static const char *const types[] = {"A", "B", "C"};
    m->alive = rand_below(rand, 10) > 0;
    m->type = (int)rand_below(rand, 3);
    m->value = random_value(rand);
    m->x = (double)rand_below(rand, 1000) / 100 + 130;
    m->y = (double)rand_below(rand, 1000) / 100 + 30;
    EntityPut row = {.id = str_of(m->id), .position = position, .body = STR("body")};
    if (m->alive) row.types = strs(f->ctx.arena, types[m->type]);
    vec_push(f->ctx.arena, &row.values, (IndexValue){STR("v"), &m->value, false});
    vec_push(f->ctx.arena, &row.values, (IndexValue){STR("undeclared"), &m->value, false});
    vec_push(f->ctx.arena, &row.boxes, (IndexBox){STR("location"), m->x, m->y, m->x, m->y});
    assert_ok(batch_entity(&f->ctx, batch, &row));
}

typedef struct Question {
    MatchHint hint;
    MatchBound bound;
    Json value;
    int type; /* -1: any */
} Question;

static void ask(Fixture *f, Question *q) {
    static const char *const types[] = {"A", "B", "C"};
    Rand *rand = &f->rand;
    *q = (Question){.type = (int)rand_below(rand, 4) - 1, .value = random_value(rand)};
    if (q->type >= 0) q->hint.types = strs(f->ctx.arena, types[q->type]);
    if (rand_below(rand, 4)) {
        q->bound = (MatchBound){STR("v"), (MatchOp)rand_below(rand, 6), &q->value};
        vec_push(f->ctx.arena, &q->hint.bounds, q->bound);
    }
    if (rand_below(rand, 2)) {
        q->hint.has_box = true;
        q->hint.box_attr = STR("location");
        q->hint.west = (double)rand_below(rand, 1000) / 100 + 130;
        q->hint.south = (double)rand_below(rand, 1000) / 100 + 30;
        q->hint.east = q->hint.west + (double)rand_below(rand, 400) / 100;
        q->hint.north = q->hint.south + (double)rand_below(rand, 400) / 100;
    }
}

static bool is_hit(const Model *m, const Question *q) {
    if (!m->alive || (q->type >= 0 && m->type != q->type)) return false;
    if (q->bound.value && !may_hold(&m->value, q->bound.op, &q->value)) return false;
    return !q->hint.has_box || (m->x >= q->hint.west && m->x <= q->hint.east &&
                                m->y >= q->hint.south && m->y <= q->hint.north);
}

typedef struct Answer {
    Model *models;
    bool shown[ENTITIES];
    Str last;
    char last_bytes[16];
    size_t count, stop_after;
} Answer;

static bool take(void *arg, const EntityRow *row) {
    Answer *answer = arg;
    assert_true(str_cmp(answer->last, row->id) < 0); /* in order, each once */
    memcpy(answer->last_bytes, row->id.ptr, row->id.len);
    answer->last = (Str){answer->last_bytes, row->id.len};
    int number = atoi(answer->last_bytes + 1);
    assert_true(answer->models[number].alive);
    answer->shown[number] = true;
    return ++answer->count != answer->stop_after;
}

static void check_question(Fixture *f, Reader *reader, Model *models) {
    Question q;
    ask(f, &q);
    Answer answer = {.models = models};
    EntityScan scan = {.hint = &q.hint, .wanted = rand_below(&f->rand, 3) * 10};
    if (rand_below(&f->rand, 2)) { /* in pages */
        for (size_t before = 1; before != answer.count;) {
            before = answer.count;
            answer.stop_after = answer.count + 1 + rand_below(&f->rand, 30);
            char after[16];
            memcpy(after, answer.last_bytes, sizeof after);
            scan.after = (Str){after, answer.last.len};
            assert_ok(reader_entities(&f->ctx, reader, &scan, take, &answer));
        }
    } else {
        assert_ok(reader_entities(&f->ctx, reader, &scan, take, &answer));
    }
    for (int i = 0; i < ENTITIES; i++)
        if (is_hit(&models[i], &q)) assert_true(answer.shown[i]);
}

static void candidates_hold_every_hit(void **state) {
    Fixture *f = *state;
    Model *models = NEW_ARRAY(f->ctx.arena, Model, ENTITIES);
    Reader *reader;
    uint64_t position = 0;
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    for (int i = 0; i < ENTITIES; i++)
        snprintf(models[i].id, sizeof models[i].id, "e%03d", i);
    for (int round = 0; round < 6; round++) {
        Batch *batch = open_batch(f);
        if (round == 2) assert_ok(batch_index(&f->ctx, batch, STR("v")));
        bool all = round == 0 || round == 2;
        for (int i = 0; i < ENTITIES; i++)
            if (all || rand_below(&f->rand, 3) == 0) put_model(f, batch, &models[i], ++position);
        if (round == 2) assert_ok(batch_index_ready(&f->ctx, batch, STR("v")));
        if (round == 4) {
            assert_ok(batch_index_drop(&f->ctx, batch, STR("v")));
            assert_ok(batch_index(&f->ctx, batch, STR("v"))); /* declared, not ready */
        }
        assert_ok(batch_commit(&f->ctx, batch));
        batch_close(batch);
        for (int i = 0; i < 150; i++)
            check_question(f, reader, models);
    }
    reader_close(reader);
}

static void an_index_is_used_once_it_is_ready(void **state) {
    Fixture *f = *state;
    StoreOptions options = fixture_options(f);
    options.no_sketch = true;
    fixture_close(f);
    fixture_open(f, &options);
    Batch *batch = open_batch(f);
    Reader *reader;
    AttrIndexes indexes;
    assert_ok(batch_index(&f->ctx, batch, STR("v")));
    assert_ok(batch_index(&f->ctx, batch, STR("v")));
    for (int i = 0; i < 100; i++) {
        Json value = {.kind = JSON_NUMBER, .is_int = 1, .value.integer = i};
        EntityPut row = {.id = str_fmt(f->ctx.arena, "e%03d", i),
                         .position = (uint64_t)i + 1,
                         .types = strs(f->ctx.arena, "T")};
        vec_push(f->ctx.arena, &row.values, (IndexValue){STR("v"), &value, false});
        assert_ok(batch_entity(&f->ctx, batch, &row));
    }
    assert_ok(batch_commit(&f->ctx, batch));
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    Json bound = {.kind = JSON_NUMBER, .value.number = 96.5};
    MatchHint hint = {0};
    vec_push(f->ctx.arena, &hint.bounds, (MatchBound){STR("v"), MATCH_GT, &bound});
    EntityScan scan = {.hint = &hint};
    assert_int_equal(scan_ids(f, &scan).len, 500); /* all of them: a superset */
    assert_ok(batch_begin(&f->ctx, batch, BATCH_LAZY));
    assert_ok(batch_index_ready(&f->ctx, batch, STR("v")));
    assert_ok(batch_commit(&f->ctx, batch));
    assert_str(scan_ids(f, &scan), "e097 e098 e099 ");
    assert_ok(reader_indexes(&f->ctx, reader, &indexes));
    assert_int_equal(indexes.len, 1);
    assert_true(indexes.items[0].ready);
    reader_close(reader);
    batch_close(batch);
}

/* Only position and body move; what finds the row stays, and a newer or missing row is not touched.
 */
static void a_body_alone_leaves_what_finds_the_row(void **state) {
    Fixture *f = *state;
    Batch *batch = open_batch(f);
    EntityRow row;
    bool declared;
    Json value = {.kind = JSON_NUMBER, .is_int = 1, .value.integer = 7};
    EntityPut put = {.id = STR("e"), .position = 5, .types = strs(f->ctx.arena, "T")};
    assert_ok(batch_index(&f->ctx, batch, STR("v")));
    assert_ok(batch_index_declared(&f->ctx, batch, STR("v"), &declared));
    assert_true(declared);
    assert_ok(batch_index_declared(&f->ctx, batch, STR("w"), &declared));
    assert_false(declared);
    vec_push(f->ctx.arena, &put.values, (IndexValue){STR("v"), &value, false});
    assert_ok(batch_entity(&f->ctx, batch, &put));
    EntityPut body = {.id = STR("e"), .position = 6, .body = STR("six"), .same_finds = true};
    assert_ok(batch_entity(&f->ctx, batch, &body));
    body.position = 4;
    body.body = STR("four");
    assert_ok(batch_entity(&f->ctx, batch, &body));
    assert_ok(batch_entity_get(&f->ctx, batch, STR("e"), &row));
    assert_true(str_eq(row.body, STR("six")) && row.position == 6);
    body.id = STR("none");
    assert_rc(batch_entity(&f->ctx, batch, &body), RC_NOT_FOUND);
    EntityPut gone = {.id = STR("e"), .position = 7};
    assert_ok(batch_entity(&f->ctx, batch, &gone));
    body.id = STR("e");
    body.position = 8;
    assert_rc(batch_entity(&f->ctx, batch, &body), RC_NOT_FOUND);
    put.position = 9;
    assert_ok(batch_entity(&f->ctx, batch, &put));
    body.position = 10;
    assert_ok(batch_entity(&f->ctx, batch, &body));
    assert_ok(batch_index_ready(&f->ctx, batch, STR("v")));
    assert_ok(batch_commit(&f->ctx, batch));
    batch_close(batch);
    MatchHint hint = {0};
    vec_push(f->ctx.arena, &hint.bounds, (MatchBound){STR("v"), MATCH_EQ, &value});
    assert_str(scan_ids(f, &(EntityScan){.hint = &hint}), "e ");
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_newest_row_wins_whatever_the_order),
        STORE_TEST(a_tombstone_outlives_older_puts_until_it_is_purged),
        STORE_TEST(counts_follow_types),
        STORE_TEST(a_rollback_takes_new_types_along),
        STORE_TEST(bad_puts_are_refused),
        STORE_TEST(types_are_merged_in_the_order_of_ids),
        STORE_TEST(words_of_any_length_are_found),
        STORE_TEST(candidates_hold_every_hit),
        STORE_TEST(a_body_alone_leaves_what_finds_the_row),
        STORE_TEST(an_index_is_used_once_it_is_ready),
    };
    return cmocka_run_group_tests_name("store entities", tests, NULL, NULL);
}
