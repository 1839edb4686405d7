/* What scans know of attributes without an index: it leaves nothing out, in no snapshot. */
#include "fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { ENTITIES = 300, ATTRS = 3, VALUES = 40, ROUNDS = 40, TELL = ROUNDS * 3 / 4 };

static const char *const attrs[ATTRS] = {"a", "b", "c"};

/* Of each attribute: the value of the default instance (-1: none), and those that stand beside. */
typedef struct Model {
    bool alive;
    int value[ATTRS];
    uint64_t beside[ATTRS]; /* a bit each */
} Model;

typedef struct City {
    Fixture *f;
    Batch *batch;
    Model models[ENTITIES];
    uint64_t position;
    uint64_t told; /* the last place */
    size_t told_count;
    Json json[VALUES]; /* numbers, then texts of the same beginning */
    char texts[VALUES][24];
} City;

static City *city_new(Fixture *f) {
    City *city = NEW(f->ctx.arena, City);
    city->f = f;
    for (int i = 0; i < VALUES; i++) {
        snprintf(city->texts[i], sizeof city->texts[i], "group of %d", i);
        Str text = str_of(city->texts[i]);
        bool number = i < VALUES / 2;
        city->json[i] =
            number
                ? (Json){.kind = JSON_NUMBER, .is_int = 1, .value.integer = i * 3}
                : (Json){.kind = JSON_STRING, .len = (uint32_t)text.len, .value.string = text.ptr};
    }
    assert_ok(batch_open(&f->ctx, f->store, STORE_STATE, &city->batch));
    return city;
}

/* A body tells the values, so that any snapshot can be judged by what it shows: "a7 b3 ". */
static Str body_of(City *city, const Model *model) {
    Buf body = buf_new(city->f->ctx.arena, 4096);
    for (int a = 0; a < ATTRS; a++)
        for (int v = 0; v < VALUES; v++)
            if (model->value[a] == v || model->beside[a] >> v & 1) {
                buf_add(&body, str_of(attrs[a]));
                buf_add_i64(&body, v);
                buf_add_char(&body, ' ');
            }
    assert_ok(buf_rc(&body));
    return buf_str(&body);
}

static EntityPut put_of(City *city, int number) {
    return (EntityPut){.id = str_fmt(city->f->ctx.arena, "e%03d", number),
                       .position = ++city->position,
                       .body = body_of(city, &city->models[number])};
}

static void say(City *city, EntityPut *put, int attr, int value, bool beside) {
    IndexValue one = {str_of(attrs[attr]), &city->json[value], beside};
    vec_push(city->f->ctx.arena, &put->values, one);
}

static EntityPut whole_of(City *city, int number) {
    const Model *model = &city->models[number];
    EntityPut put = put_of(city, number);
    if (model->alive) vec_push(city->f->ctx.arena, &put.types, STR("T"));
    for (int a = 0; a < ATTRS && model->alive; a++) {
        if (model->value[a] >= 0) say(city, &put, a, model->value[a], false);
        for (int v = 0; v < VALUES; v++)
            if (model->beside[a] >> v & 1) say(city, &put, a, v, true);
    }
    return put;
}

static void write_whole(City *city, int number) {
    EntityPut put = whole_of(city, number);
    assert_ok(batch_entity(&city->f->ctx, city->batch, &put));
}

static void replace(City *city, int number) {
    Rand *rand = &city->f->rand;
    Model *model = &city->models[number];
    *model = (Model){.alive = rand_below(rand, 12) > 0};
    for (int a = 0; a < ATTRS; a++) {
        model->value[a] = (int)rand_below(rand, VALUES + 10) - 10;
        if (model->value[a] < 0) model->value[a] = -1;
        if (rand_below(rand, 20) == 0) /* with more than are told apart */
            for (int i = 0; i < 20; i++)
                model->beside[a] |= UINT64_C(1) << rand_below(rand, VALUES);
    }
    write_whole(city, number);
}

/* Of one attribute that has no index, as a PATCH does it. */
static void change(City *city, int number) {
    Rand *rand = &city->f->rand;
    Model *model = &city->models[number];
    if (!model->alive) return replace(city, number);
    int attr = 1 + (int)rand_below(rand, ATTRS - 1), value = (int)rand_below(rand, VALUES);
    bool beside = rand_below(rand, 6) == 0;
    if (beside)
        model->beside[attr] |= UINT64_C(1) << value;
    else
        model->value[attr] = value;
    EntityPut put = put_of(city, number);
    put.same_finds = true;
    say(city, &put, attr, value, beside);
    assert_ok(batch_entity(&city->f->ctx, city->batch, &put));
}

static void some_changes(City *city) {
    Rand *rand = &city->f->rand;
    assert_ok(batch_begin(&city->f->ctx, city->batch, BATCH_LAZY));
    for (int i = 0; i < 30; i++) {
        int number = (int)rand_below(rand, ENTITIES);
        if (rand_below(rand, 3))
            change(city, number);
        else
            replace(city, number);
    }
    assert_ok(batch_commit(&city->f->ctx, city->batch));
}

/* ---- judging ---- */

typedef struct Judging {
    City *city;
    int attr, value;
    MatchOp op;
    bool shown[ENTITIES];
    size_t hits, missed, count;
} Judging;

static int number_of(const EntityRow *row) {
    return (row->id.ptr[1] - '0') * 100 + (row->id.ptr[2] - '0') * 10 + row->id.ptr[3] - '0';
}

static bool note_shown(void *arg, const EntityRow *row) {
    Judging *j = arg;
    j->shown[number_of(row)] = true;
    j->count++;
    return true;
}

/* Numbers are ordered as their indexes, and so are the texts that follow them, but byte by byte. */
static bool value_holds(const Judging *j, int value) {
    const Json *a = &j->city->json[value], *b = &j->city->json[j->value];
    if (j->op == MATCH_EXISTS) return true;
    if (a->kind != b->kind) return false;
    int order =
        a->kind == JSON_NUMBER ? value - j->value : strcmp(a->value.string, b->value.string);
    return j->op == MATCH_EQ   ? order == 0
           : j->op == MATCH_LT ? order < 0
           : j->op == MATCH_LE ? order <= 0
           : j->op == MATCH_GT ? order > 0
                               : order >= 0;
}

static bool judge(void *arg, const EntityRow *row) {
    Judging *j = arg;
    Str rest = row->body, word;
    bool holds = false;
    while (str_split(&rest, ' ', &word)) {
        int value = 0;
        for (size_t i = 1; i < word.len; i++)
            value = value * 10 + word.ptr[i] - '0';
        holds = holds || (word.len > 1 && word.ptr[0] == *attrs[j->attr] && value_holds(j, value));
    }
    j->hits += holds;
    j->missed += holds && !j->shown[number_of(row)];
    return true;
}

/* Both are read in one snapshot. Returns how many candidates there were. */
static size_t ask(City *city, Reader *reader, uint64_t *sifted) {
    Ctx *ctx = &city->f->ctx;
    Rand *rand = &city->f->rand;
    Judging j = {.city = city,
                 .attr = (int)rand_below(rand, ATTRS),
                 .value = (int)rand_below(rand, VALUES),
                 .op = rand_below(rand, 2) ? MATCH_EQ : (MatchOp)rand_below(rand, 6)};
    MatchHint hint = {0};
    MatchBound bound = {str_of(attrs[j.attr]), j.op, &city->json[j.value]};
    vec_push(ctx->arena, &hint.bounds, bound);
    uint64_t passed = 0;
    EntityScan scan = {.hint = &hint, .sifted = &passed}, all = {0};
    assert_ok(reader_entities(ctx, reader, &scan, note_shown, &j));
    assert_ok(reader_entities(ctx, reader, &all, judge, &j));
    assert_int_equal(j.missed, 0);
    if (passed) assert_true(j.count < passed);
    *sifted += passed;
    return j.count;
}

static void reopen(City *city) {
    Fixture *f = city->f;
    StoreOptions options = fixture_options(f);
    batch_close(city->batch);
    fixture_close(f);
    fixture_open(f, &options);
    assert_ok(batch_open(&f->ctx, f->store, STORE_STATE, &city->batch));
}

/* Every living one is put again, and the index is said to be ready: all is known again. */
static void index_all(City *city, const char *attr) {
    Ctx *ctx = &city->f->ctx;
    assert_ok(batch_begin(ctx, city->batch, BATCH_LAZY));
    assert_ok(batch_index(ctx, city->batch, str_of(attr)));
    for (int i = 0; i < ENTITIES; i++)
        if (city->models[i].alive) write_whole(city, i);
    assert_ok(batch_index_ready(ctx, city->batch, str_of(attr)));
    assert_ok(batch_commit(ctx, city->batch));
}

static bool tell(void *arg, const EntityRow *row) {
    City *city = arg;
    EntityPut put = whole_of(city, number_of(row));
    assert_ok(batch_entity_tell(&city->f->ctx, city->batch, row->place, &put));
    city->told = row->place;
    return ++city->told_count % (ENTITIES / 2) != 0;
}

/* Half of them at a time, as changes come between. */
static void tell_some(City *city) {
    Ctx *ctx = &city->f->ctx;
    Reader *reader;
    size_t before = city->told_count;
    assert_ok(reader_open(ctx, city->f->store, &reader));
    assert_ok(batch_begin(ctx, city->batch, BATCH_LAZY));
    assert_ok(reader_entities_stored(ctx, reader, city->told, tell, city));
    if (city->told_count == before) batch_told_all(city->batch);
    assert_ok(batch_commit(ctx, city->batch));
    reader_close(reader);
}

static void no_snapshot_misses_what_holds(void **state) {
    City *city = city_new(*state);
    Fixture *f = city->f;
    uint64_t sifted = 0, before = 0;
    assert_ok(batch_begin(&f->ctx, city->batch, BATCH_LAZY));
    for (int i = 0; i < ENTITIES; i++)
        replace(city, i);
    assert_ok(batch_commit(&f->ctx, city->batch));
    for (int round = 0; round < ROUNDS; round++) {
        Reader *old, *new;
        if (round == ROUNDS / 2 || round == TELL) reopen(city);
        if (round >= TELL + 2 && batch_forgot(city->batch)) tell_some(city);
        if (round == TELL + 2) assert_int_equal(sifted, before);
        if (round == TELL) before = sifted;
        if (round == ROUNDS / 2 + 2) {
            assert_int_equal(sifted, before); /* rows that nobody has told of are walked */
            index_all(city, "a");
        }
        if (round == ROUNDS / 2) before = sifted;
        assert_ok(reader_open(&f->ctx, f->store, &old));
        assert_ok(reader_snapshot(&f->ctx, old, STORE_STATE));
        ask(city, old, &sifted); /* it is of now */
        some_changes(city);
        some_changes(city);
        assert_ok(reader_open(&f->ctx, f->store, &new));
        for (int i = 0; i < 20; i++) {
            ask(city, old, &sifted);
            ask(city, new, &sifted);
        }
        reader_close(old);
        reader_close(new);
    }
    assert_true(before > 0 && sifted > before && !batch_forgot(city->batch));
    batch_close(city->batch);
}

static void what_is_cleared_is_known_to_be_empty(void **state) {
    City *city = city_new(*state);
    Fixture *f = city->f;
    Reader *reader;
    uint64_t sifted = 0;
    assert_ok(batch_begin(&f->ctx, city->batch, BATCH_LAZY));
    for (int i = 0; i < ENTITIES; i++)
        replace(city, i);
    assert_ok(batch_commit(&f->ctx, city->batch));
    reopen(city);
    assert_ok(batch_begin(&f->ctx, city->batch, BATCH_LAZY));
    assert_ok(batch_entity_clear(&f->ctx, city->batch));
    for (int i = 0; i < ENTITIES; i++)
        replace(city, i);
    assert_ok(batch_commit(&f->ctx, city->batch));
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    for (int i = 0; i < 50; i++)
        ask(city, reader, &sifted);
    assert_true(sifted > 0);
    reader_close(reader);
    batch_close(city->batch);
}

/* ---- a batch that is not there ---- */

typedef struct Faults {
    _Atomic long left; /* steps that succeed; below 0: all do */
} Faults;

static bool next_step(void *arg, const char *what) {
    (void)what;
    Faults *faults = arg;
    long left = atomic_load(&faults->left);
    if (left < 0) return true;
    if (left == 0) return false;
    atomic_fetch_sub(&faults->left, 1);
    return true;
}

/* What a batch would have changed is believed of none that failed, at whatever step. */
static void a_batch_that_fails_changes_nothing(void **state) {
    Fixture *f = *state;
    Faults faults = {.left = -1};
    StoreFault fault = {.step = next_step, .arg = &faults};
    StoreOptions options = fixture_options(f);
    options.fault = &fault;
    fixture_open(f, &options);
    City *city = city_new(f);
    assert_ok(batch_begin(&f->ctx, city->batch, BATCH_LAZY));
    for (int i = 0; i < ENTITIES; i++)
        replace(city, i);
    assert_ok(batch_commit(&f->ctx, city->batch));
    long failed = 0;
    for (long n = 0; n < 40; n++) {
        City kept = *city;
        uint64_t sifted = 0;
        Reader *reader;
        assert_ok(batch_begin(&f->ctx, city->batch, BATCH_LAZY));
        for (int i = 0; i < 20; i++)
            replace(city, (int)rand_below(&f->rand, ENTITIES));
        atomic_store(&faults.left, n);
        Rc rc = batch_commit(&f->ctx, city->batch);
        atomic_store(&faults.left, -1);
        if (rc != RC_OK) memcpy(city->models, kept.models, sizeof kept.models);
        failed += rc != RC_OK;
        assert_ok(reader_open(&f->ctx, f->store, &reader));
        for (int i = 0; i < 10; i++)
            ask(city, reader, &sifted);
        assert_true(rc == RC_OK || sifted == 0); /* it goes by the rows from then on */
        reader_close(reader);
        index_all(city, "a");
    }
    assert_true(failed > 0);
    batch_close(city->batch);
    fixture_close(f); /* before the faults go */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_snapshot_misses_what_holds, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_is_cleared_is_known_to_be_empty, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_fails_changes_nothing, fixture_set_up_bare,
                                        fixture_tear_down),
    };
    return cmocka_run_group_tests_name("store sketch", tests, NULL, NULL);
}
