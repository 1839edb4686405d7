/* Tests of the followers: a query gives the same answer whether what it finds lies in the working
   set or in rows, looks tell each person his own, and a rebuild loses nothing. */
#include "park.h"

#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

enum { CHANGES = 80 };

static void stir(House *house) {
    for (int i = 0; i < CHANGES; i++) {
        uint64_t number = rand_below(&house->rand, PARK_ENTITIES + 10);
        const Entity *entity;
        Rc rc = ledger_entity(&house->ctx, house->tenant.ledger, park_id(house, number), &entity);
        DeltaOp op = rc != RC_OK                        ? DELTA_PUT
                     : rand_below(&house->rand, 4) == 0 ? DELTA_DELETE
                                                        : DELTA_CHANGE;
        park_put_one(house, number, op);
    }
}

static void answer_write(Arena *arena, Buf *to, const ProjectAnswer *answer, bool counted) {
    for (size_t i = 0; i < answer->entities.len; i++) {
        const Entity *entity = answer->entities.items[i];
        buf_add(to, str_fmt(arena, STR_FMT " %lld " STR_FMT "\n", STR_ARG(entity->id),
                            (long long)entity_int(entity, STR("urn:a:n"), -1),
                            STR_ARG(entity_text(entity, STR("urn:a:name")))));
    }
    buf_add(to, str_fmt(arena, "more %d count %zu\n", answer->more,
                        counted ? answer->count : (size_t)0));
}

/* Every combination of what is asked, in which order, in which pages. */
static Str answers(House *house) {
    static const struct {
        const char *type, *q, *order;
    } asks[] = {
        {"", "", ""},           {GAUGE, "", ""},
        {"", "urn:a:n>4", ""},  {TREE, "urn:a:n<=3", "urn:a:n;desc"},
        {"", "", "urn:a:name"}, {"", "urn:a:name==\"木3\"", "urn:a:n"},
        {"urn:t:None", "", ""},
    };
    Buf text = buf_new(house->arena, 8 << 20);
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        for (size_t page = 0; page < 12; page++) {
            Ctx *ctx = &house->ctx;
            Match *match;
            OrderBy *order = NULL;
            ProjectAnswer answer;
            MatchSource source = {.type = str_of(asks[i].type), .q = str_of(asks[i].q)};
            GOOD(house, match_compile(ctx, ld_core(), &source, &match));
            OrderSource by = {.order_by = str_of(asks[i].order)};
            if (*asks[i].order) GOOD(house, match_order(ctx, ld_core(), &by, &order));
            ProjectQuery query = {.match = match,
                                  .order = order,
                                  .limit = 7,
                                  .offset = page * 7,
                                  .count = page % 2 == 0};
            GOOD(house, project_query(ctx, house->tenant.project, &query, &answer));
            answer_write(ctx->arena, &text, &answer, query.count);
            match_free(match);
            match_order_free(order);
        }
    return buf_str(&text);
}

static void the_same_answer_from_working_set_rows_and_both(void **state) {
    House *house = *state;
    park_fill(house);
    park_project(house, false);
    Str overlay = answers(house);
    project_stop(house->tenant.project);
    park_project(house, true);
    Str rows = answers(house);
    assert_true(rows.len > 3000);
    assert_true(str_eq(overlay, rows));
    project_stop(house->tenant.project);
    stir(house);
    park_project(house, false);
    Str both = answers(house);
    project_stop(house->tenant.project);
    park_project(house, true);
    Str after = answers(house);
    assert_true(str_eq(both, after));
    assert_false(str_eq(rows, after));
}

static void pages_by_the_last_id_miss_nothing_and_show_nothing_twice(void **state) {
    House *house = *state;
    park_fill(house);
    park_project(house, true);
    size_t seen = 0;
    ProjectAnswer answer;
    ProjectQuery query = {.limit = 9};
    do {
        GOOD(house, project_query(&house->ctx, house->tenant.project, &query, &answer));
        for (size_t i = 0; i < answer.entities.len; i++) {
            assert_true(str_cmp(query.after, answer.entities.items[i]->id) < 0);
            query.after = str_dup(house->arena, answer.entities.items[i]->id);
            seen++;
        }
    } while (answer.more);
    assert_int_equal(seen, PARK_ENTITIES);
}

/* ---- pages of ids ---- */

static const Entity *all_but(Ctx *ctx, void *arg, const Entity *entity) {
    const Str *hidden = arg;
    (void)ctx;
    return str_eq(entity->id, *hidden) ? NULL : entity;
}

/* Whether one was withheld that the query is about; the ids found are those shown and the one
 * behind. */
static void page_withholds(House *house, Str hidden, bool withheld) {
    Ctx *ctx = &house->ctx;
    Match *match;
    ProjectAnswer answer;
    MatchSource source = {.type = STR(GAUGE)};
    RenderKey key = {1, 2, 3};
    GOOD(house, match_compile(ctx, ld_core(), &source, &match));
    ProjectQuery query = {.match = match,
                          .limit = 3,
                          .offset = 2,
                          .view = all_but,
                          .view_arg = &hidden,
                          .kept = &key};
    GOOD(house, project_query(ctx, house->tenant.project, &query, &answer));
    assert_int_equal(answer.found.len, 6);
    for (size_t i = 0; i < answer.entities.len; i++)
        assert_true(str_eq(answer.entities.items[i]->id, answer.found.items[i + 2].id));
    assert_true(answer.more);
    assert_true(answer.withheld == withheld);
    match_free(match);
}

static void what_was_withheld_from_a_page_is_said(void **state) {
    House *house = *state;
    park_fill(house);
    GOOD(house, ledger_reader_register(&house->ctx, house->tenant.ledger));
    for (int rows = 0; rows < 2; rows++) {
        park_project(house, rows);
        page_withholds(house, STR("urn:t:none"), false);
        page_withholds(house, park_id(house, 3), true);
        page_withholds(house, park_id(house, 4), false); /* of the other type */
        if (!rows) project_stop(house->tenant.project);
    }
    ledger_reader_unregister(house->tenant.ledger);
}

/* What lies before a page takes no memory, however far behind it is. */
static void what_is_skipped_is_not_held(void **state) {
    enum { MANY = 500, LONG = 16 << 10 };
    House *house = *state;
    Ctx *ctx = &house->ctx;
    char *text = arena_alloc(house->arena, LONG, 1);
    memset(text, 'x', LONG);
    for (int i = 0; i < MANY; i++) {
        Delta *delta = NEW(house->arena, Delta);
        *delta = (Delta){.op = DELTA_PUT, .id = str_fmt(house->arena, "urn:t:far%04d", i)};
        delta->after = entity_new(house->arena, delta->id, STR(GAUGE));
        entity_set(house->arena, delta->after, STR("urn:a:text"), json_of_str((Str){text, LONG}));
        park_put(house, delta);
    }
    park_project(house, true);
    GOOD(house, ledger_reader_register(ctx, house->tenant.ledger));
    RenderKey key = {1, 2, 3};
    for (int kept = 0; kept < 2; kept++) {
        Match *match;
        ProjectAnswer answer;
        MatchSource source = {.type = STR(GAUGE)};
        GOOD(house, match_compile(ctx, ld_core(), &source, &match));
        ProjectQuery query = {
            .match = match, .limit = 5, .offset = MANY - 5, .kept = kept ? &key : NULL};
        size_t before = arena_held(ctx->arena);
        GOOD(house, project_query(ctx, house->tenant.project, &query, &answer));
        assert_int_equal(answer.entities.len, 5);
        assert_in_range(arena_held(ctx->arena) - before, 0, MANY * LONG / 2);
        match_free(match);
    }
    ledger_reader_unregister(house->tenant.ledger);
}

/* One more change of an entity, of every kind there is. */
static void stir_any(House *house) {
    Arena *arena = house->arena;
    uint64_t number = rand_below(&house->rand, 12);
    const Entity *entity;
    Delta *delta = NEW(arena, Delta);
    Rc rc = ledger_entity(&house->ctx, house->tenant.ledger, park_id(house, number), &entity);
    uint64_t what = rc == RC_OK ? rand_below(&house->rand, 9) : 8;
    *delta = (Delta){.op = DELTA_CHANGE, .id = park_id(house, number)};
    if (what == 0) delta->op = DELTA_DELETE;
    if (what == 1) delta->op = DELTA_RECORD;
    if (what == 8) delta->op = DELTA_PUT;
    if (what == 2)
        vec_push(arena, &delta->removed, (DeltaRemoval){.name = STR("urn:a:name"), .all = true});
    if (what > 0 && what != 2) {
        delta->after = entity_new(arena, delta->id, number % 3 ? STR(TREE) : STR("urn:x:Other"));
        if (what != 3 && what != 8) delta->after->types.len = 0; /* 3 adds a type */
        if (what == 3) delta->after->types.items[0] = STR(GAUGE);
        entity_set(arena, delta->after, what == 4 ? STR("urn:a:name") : STR("urn:a:n"),
                   json_of_int((int64_t)rand_below(&house->rand, 10)));
        if (what == 1 || what == 5)
            delta->after->attrs.items[0].observed_at =
                HOUSE_NOW + (int64_t)rand_below(&house->rand, 1000) * TIME_SECOND;
    }
    park_put(house, delta);
}

/* ---- indexes ---- */

#define LIST "urn:a:list"

static const char *const sought[] = {"urn:a:n==3", "urn:a:n>7;urn:a:name==\"木1\"", LIST "==299",
                                     LIST "==5",   "urn:a:name!=\"木1\"",           LIST};

static Str found_by(House *house, size_t *scanned) {
    Buf text = buf_new(house->arena, 1 << 20);
    *scanned = 0;
    for (size_t i = 0; i < sizeof sought / sizeof *sought; i++) {
        Match *match;
        ProjectAnswer answer;
        MatchSource source = {.q = str_of(sought[i])};
        GOOD(house, match_compile(&house->ctx, ld_core(), &source, &match));
        ProjectQuery query = {.match = match, .limit = 100};
        GOOD(house, project_query(&house->ctx, house->tenant.project, &query, &answer));
        answer_write(house->arena, &text, &answer, false);
        *scanned += answer.scanned;
        match_free(match);
    }
    return buf_str(&text);
}

/* With what scans know of attributes, or without; from an empty state that is made anew. */
static void open_again(House *house, bool no_sketch, bool anew) {
    char command[160];
    if (house->tenant.project) project_stop(house->tenant.project);
    house_close(house);
    snprintf(command, sizeof command, "rm %s/data/state.db*", house->root);
    if (anew) assert_int_equal(system(command), 0);
    house->no_sketch = no_sketch;
    house_open(house);
}

/* An attribute that is open with one, personal with another, a list too long for an index with a
 * third.
 */
static void put_odd(House *house) {
    Arena *arena = house->arena;
    Json *items = NEW_ARRAY(arena, Json, 300);
    for (int i = 0; i < 300; i++)
        items[i] = json_of_int(i);
    const struct {
        const char *id, *type;
        Json value;
    } odd[] = {
        {"urn:t:long", TREE, json_of_items(items, 300)},
        {"urn:t:short", TREE, json_of_items(items, 10)},
        {"urn:t:case", LD_DEFAULT "Application", json_of_int(299)},
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        Delta *delta = NEW(arena, Delta);
        *delta = (Delta){.op = DELTA_PUT, .id = str_of(odd[i].id)};
        delta->after = entity_new(arena, delta->id, str_of(odd[i].type));
        entity_set(arena, delta->after, STR(LIST), odd[i].value);
        park_put(house, delta);
    }
}

static void wait_for_index(House *house, Str attr) {
    bool ready = false;
    int64_t until = time_monotonic() + 20 * TIME_SECOND;
    project_index(house->tenant.project, attr);
    while (!ready && time_monotonic() < until) {
        GOOD(house, project_indexed(&house->ctx, attr, &ready));
        usleep(2000);
    }
    assert_true(ready);
}

static void with_indexes_the_answer_is_the_same(void **state) {
    House *house = *state;
    size_t walked, looked;
    open_again(house, true, false);
    park_fill(house);
    put_odd(house);
    park_project(house, true);
    Str before = found_by(house, &walked);
    assert_true(str_find(before, STR("urn:t:long")) >= 0);
    assert_true(str_find(before, STR("urn:t:case")) >= 0);
    wait_for_index(house, STR("urn:a:n"));
    wait_for_index(house, STR("urn:a:name"));
    wait_for_index(house, STR(LIST));
    assert_true(str_eq(found_by(house, &looked), before));
    assert_true(looked < walked / 2);
    stir(house);
    project_stop(house->tenant.project);
    park_project(house, false);
    before = found_by(house, &walked); /* what changed lies in the working set */
    project_stop(house->tenant.project);
    park_project(house, true);
    assert_true(str_eq(found_by(house, &looked), before));
}

static void after_a_start_scans_soon_know_again(void **state) {
    House *house = *state;
    size_t walked, looked = SIZE_MAX;
    int64_t until = time_monotonic() + 20 * TIME_SECOND;
    open_again(house, true, false);
    park_fill(house);
    put_odd(house);
    park_project(house, true);
    Str before = found_by(house, &walked);
    open_again(house, false, false);
    park_project(house, true);
    while (looked > walked / 2 && time_monotonic() < until) {
        assert_true(str_eq(found_by(house, &looked), before));
        usleep(2000);
    }
    assert_true(looked <= walked / 2);
    stir(house);
    house_drain(house);
    before = found_by(house, &looked);
    open_again(house, true, false);
    park_project(house, true);
    assert_true(str_eq(found_by(house, &walked), before));
}

/* Changes reach what scans know in three ways: read from rows, told with whole entities, and told
 * with the attributes that the writer's bytes have changed. */
static void without_an_index_the_answer_is_the_same(void **state) {
    House *house = *state;
    size_t walked = 0, looked = 0, of_one;
    park_fill(house);
    put_odd(house);
    for (int round = 0; round < 4; round++) {
        open_again(house, false, true);
        park_project(house, true);
        for (int i = 0; i < 60; i++) {
            stir_any(house);
            if (i % 7 == 0) house_drain(house);
        }
        house_drain(house);
        Str sketched = found_by(house, &of_one);
        looked += of_one;
        open_again(house, true, false);
        park_project(house, true);
        assert_true(str_eq(found_by(house, &of_one), sketched));
        walked += of_one;
    }
    assert_true(looked < walked / 2);
}

static void a_rebuild_from_the_ledger_answers_the_same(void **state) {
    House *house = *state;
    char command[160];
    park_fill(house);
    stir(house);
    park_project(house, true);
    Str before = answers(house);
    project_stop(house->tenant.project);
    house_close(house);
    snprintf(command, sizeof command, "rm %s/data/state.db*", house->root);
    assert_int_equal(system(command), 0);
    house_open(house);
    park_project(house, true);
    assert_true(str_eq(before, answers(house)));
}

/* ---- short cuts of a window ---- */

static void history_write(House *house, Buf *to, Str id) {
    History history;
    Rc rc =
        project_history(&house->ctx, house->tenant.project, &(HistoryQuery){.id = id}, &history);
    buf_add(to, str_fmt(house->arena, STR_FMT " %d\n", STR_ARG(id), (int)rc));
    for (size_t i = 0; rc == RC_OK && i < history.entity->attrs.len; i++) {
        const Attr *attr = &history.entity->attrs.items[i];
        buf_add(to, str_fmt(house->arena, STR_FMT " " STR_FMT " %lld %lld ", STR_ARG(attr->name),
                            STR_ARG(attr->instance_id), (long long)attr->observed_at,
                            (long long)attr->modified_at));
        if (attr->value) json_write(to, attr->value);
        buf_add_char(to, '\n');
    }
}

/* Everything that the projections keep of entities, as text. */
static Str kept(House *house) {
    TypeCounts counts;
    Buf text = buf_new(house->arena, 8 << 20);
    buf_add(&text, answers(house));
    for (uint64_t i = 0; i < 12; i++)
        history_write(house, &text, park_id(house, i));
    GOOD(house, project_types(&house->ctx, house->tenant.project, &counts));
    VEC_EACH (const TypeCount, count, &counts)
        VEC_EACH (const TypeAttr, attr, &count->attrs)
            buf_add(&text,
                    str_fmt(house->arena, STR_FMT " %lld " STR_FMT " %u\n", STR_ARG(count->iri),
                            (long long)count->entities, STR_ARG(attr->iri), attr->kinds));
    return buf_str(&text);
}

/* A window of one change finds the writer's bytes, one of many finds some that are newer. */
static void windows_of_any_size_keep_what_a_rebuild_keeps(void **state) {
    House *house = *state;
    char command[160];
    park_project(house, true);
    for (int i = 0; i < 600; i++) {
        stir_any(house);
        if (i < 200 || rand_below(&house->rand, 20) == 0) house_drain(house);
    }
    house_drain(house);
    ProjectReport report;
    GOOD(house, project_verify(&house->ctx, house->tenant.project, &report));
    if (report.differences) fail_msg(STR_FMT, STR_ARG(report.first));
    Str before = kept(house);
    project_stop(house->tenant.project);
    house_close(house);
    snprintf(command, sizeof command, "rm %s/data/state.db*", house->root);
    assert_int_equal(system(command), 0);
    house_open(house);
    park_project(house, true);
    Str after = kept(house);
    if (!str_eq(before, after))
        fail_msg("as they came:\n%.*s\nrebuilt:\n%.*s", STR_ARG(before), STR_ARG(after));
}

/* ---- looks ---- */

static void each_person_reads_of_a_look_only_what_is_his(void **state) {
    House *house = *state;
    enum { PEOPLE = 1500 };
    park_project(house, true);
    Command *command =
        command_new(house->tenant.ledger, (CommandHead){.kind = STR("look"), .post = STR("p")});
    Arena *arena = command_arena(command);
    PartLook *look = NEW(arena, PartLook);
    look->why = STR("一覧");
    for (int i = 0; i < PEOPLE; i++) {
        vec_push(arena, &look->subjects, str_fmt(arena, "urn:ngsi-ld:Person:%d", i));
        vec_push(arena, &look->records, str_fmt(arena, "urn:ngsi-ld:Application:%050d", i));
    }
    command_add(command, &part_look, look);
    GOOD(house, house_run(&house->ctx, command));
    Looks looks;
    LooksQuery query = {.subject = STR("urn:ngsi-ld:Person:7"), .limit = 10};
    GOOD(house, project_looks(&house->ctx, house->tenant.project, &query, &looks));
    assert_int_equal(looks.len, 1);
    assert_int_equal(looks.items[0].subjects, PEOPLE);
    assert_int_equal(looks.items[0].records.len, 1);
    assert_true(str_ends(looks.items[0].records.items[0], STR("0007")));
    query.subject = STR_NONE; /* the auditor's list */
    GOOD(house, project_looks(&house->ctx, house->tenant.project, &query, &looks));
    assert_int_equal(looks.len, 1);
    assert_int_equal(looks.items[0].subjects, PEOPLE);
}

/* ---- what is kept against a rebuild ---- */

static void look_once(House *house) {
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("look")});
    PartLook *look = NEW(command_arena(command), PartLook);
    *look = (PartLook){.why = STR("x")};
    vec_push(command_arena(command), &look->subjects, STR("urn:ngsi-ld:Person:1"));
    command_add(command, &part_look, look);
    GOOD(house, house_run(&house->ctx, command));
}

static Rc count_trees(Ctx *ctx, void *arg, const Entity *entity) {
    size_t *seen = arg;
    assert_true(str_eq(entity->types.items[0], STR(TREE)));
    if (++*seen == 30) return ctx_fail(ctx, RC_CONFLICT, "enough", STR_NONE, "That is enough.");
    return RC_OK;
}

static void the_house_asks_in_few_words(void **state) {
    House *house = *state;
    ProjectAnswer answer = {0};
    size_t seen = 0;
    park_fill(house);
    park_project(house, true);
    ProjectWish wish = {.type = STR(TREE), .order_by = STR("id;desc"), .limit = 3, .count = true};
    GOOD(house, project_find(&house->ctx, &wish, &answer));
    assert_int_equal(answer.count, PARK_ENTITIES * 2 / 3);
    assert_int_equal(answer.entities.len, 3);
    assert_true(str_eq(answer.entities.items[0]->id, STR("urn:t:059")));
    FAILS(house, project_find(&house->ctx, &(ProjectWish){.q = STR("n=="), .limit = 1}, &answer),
          RC_INVALID, NULL);
    FAILS(house, project_each(&house->ctx, &(ProjectWish){.type = STR(TREE)}, count_trees, &seen),
          RC_CONFLICT, "enough");
    assert_int_equal(seen, 30);
    GOOD(house, project_each(&house->ctx, &(ProjectWish){.type = STR(TREE)}, count_trees, &seen));
    assert_int_equal(seen, 30 + PARK_ENTITIES * 2 / 3);
}

static Rc count_each(Ctx *ctx, void *arg, const Entity *entity) {
    size_t *seen = arg;
    (void)ctx;
    (void)entity;
    ++*seen;
    return RC_OK;
}

/* A page ends with the longest id that a ledger takes, and the next begins behind it. */
static void a_walk_goes_on_behind_the_longest_id(void **state) {
    House *house = *state;
    enum { LONG_IDS = 501, PAD = LD_IRI_MAX - 1 - 9 };
    size_t seen = 0;
    char *pad = NEW_ARRAY(house->arena, char, PAD);
    memset(pad, 'x', PAD);
    for (int i = 0; i < LONG_IDS; i++) {
        Str id = str_fmt(house->arena, "urn:l:%03d" STR_FMT, i, PAD, pad);
        GOOD(house, house_put(house, entity_new(house->arena, id, STR(LD_DEFAULT "Long"))));
    }
    park_project(house, true);
    ProjectWish wish = {.type = STR(LD_DEFAULT "Long")};
    GOOD(house, project_each(&house->ctx, &wish, count_each, &seen));
    assert_int_equal(seen, LONG_IDS);
}

static void what_is_kept_is_what_a_rebuild_gives(void **state) {
    House *house = *state;
    park_fill(house);
    park_project(house, true);
    stir(house);
    look_once(house);
    ProjectReport report = park_verified(house);
    if (report.differences) fail_msg(STR_FMT, STR_ARG(report.first));
    assert_int_equal(report.followers, 7);
    assert_true(report.entities > PARK_ENTITIES / 2);
    assert_true(report.rows > PARK_ENTITIES * 3);
    stir(house);
    assert_int_equal(park_verified(house).differences, 0); /* and once more, over what was left */
}

static bool take_key(void *arg, const Item *item) {
    Buf *key = arg;
    buf_add(key, item->key);
    return false;
}

/* The first row of a follower is changed, taken away; one is added, an entity is deleted. */
static void damage(House *house, const char *follower, int how) {
    Ctx *ctx = &house->ctx;
    Batch *batch;
    Buf key = buf_new(ctx->arena, 2048);
    Space space = {STORE_STATE, str_of(follower)};
    GOOD(house, batch_open(ctx, ledger_store(house->tenant.ledger), STORE_STATE, &batch));
    GOOD(house, batch_begin(ctx, batch, BATCH_LAZY));
    GOOD(house, batch_items(ctx, batch, &(ItemRange){.space = space}, take_key, &key));
    if (how == 0)
        GOOD(house, batch_put(ctx, batch, space, &(Item){.key = buf_str(&key), .value = STR("x")}));
    if (how == 1) GOOD(house, batch_delete(ctx, batch, space, buf_str(&key)));
    if (how == 2)
        GOOD(house, batch_put(ctx, batch, space, &(Item){.key = STR("~"), .value = STR("x")}));
    if (how == 3)
        GOOD(house, batch_entity(ctx, batch,
                                 &(EntityPut){.id = park_id(house, 1), .position = UINT32_MAX}));
    GOOD(house, batch_commit(ctx, batch));
    batch_close(batch);
}

static void each_row_that_differs_is_named(void **state) {
    House *house = *state;
    static const struct {
        const char *follower;
        int how;
        const char *says;
    } rows[] = {
        {"history", 0, "another value"}, {"history", 1, "isn't kept"},
        {"history", 2, "isn't rebuilt"}, {"looks", 0, "another value"},
        {"looks", 1, "isn't kept"},      {"types", 1, "isn't kept"},
        {"types", 2, "isn't rebuilt"},   {"state", 3, "counted"},
    };
    char command[160];
    snprintf(command, sizeof command, "rm %s/data/state.db*", house->root);
    park_fill(house);
    look_once(house);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        park_project(house, true);
        damage(house, rows[i].follower, rows[i].how);
        ProjectReport report = park_verified(house);
        assert_true(report.differences > 0);
        if (!str_starts(report.first, str_of(rows[i].follower)) ||
            str_find(report.first, str_of(rows[i].says)) < 0)
            fail_msg("row %zu: " STR_FMT, i, STR_ARG(report.first));
        project_stop(house->tenant.project);
        house_close(house);
        assert_int_equal(system(command), 0);
        house_open(house);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, park_set_up, park_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_same_answer_from_working_set_rows_and_both),
        TEST(pages_by_the_last_id_miss_nothing_and_show_nothing_twice),
        TEST(what_was_withheld_from_a_page_is_said),
        TEST(what_is_skipped_is_not_held),
        TEST(with_indexes_the_answer_is_the_same),
        TEST(without_an_index_the_answer_is_the_same),
        TEST(after_a_start_scans_soon_know_again),
        TEST(a_rebuild_from_the_ledger_answers_the_same),
        TEST(windows_of_any_size_keep_what_a_rebuild_keeps),
        TEST(each_person_reads_of_a_look_only_what_is_his),
        TEST(the_house_asks_in_few_words),
        TEST(a_walk_goes_on_behind_the_longest_id),
        TEST(what_is_kept_is_what_a_rebuild_gives),
        TEST(each_row_that_differs_is_named),
    };
    return cmocka_run_group_tests_name("project", tests, NULL, NULL);
}
