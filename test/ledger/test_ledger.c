/* Tests of the ledger as a whole: commands against a simple model over closings and evictions,
 * guards, events, timers, lag. */
#include "city_case.h"
#include "ledger/ledger_int.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- one command ---- */

static void what_was_answered_is_there_after_reopening(void **state) {
    CITY();
    Outcome outcome;
    assert_int_equal(
        city_put(city, city_entity(city, STR("urn:x:1"), SENSOR, 7), PUT_ABSENT, 0, &outcome),
        RC_OK);
    assert_int_equal(outcome.position, 1);
    assert_int_equal(city_value(city, STR("urn:x:1")), 7);
    assert_int_equal(city_put(city, city_change(city, STR("urn:x:1"), 8), PUT_PRESENT, 0, &outcome),
                     RC_OK);
    assert_int_equal(outcome.position, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(city_value(city, STR("urn:x:1")), 8);
        assert_int_equal(ledger_head(city->ledger), 2);
        city_close(city);
        open_city(city);
    }
}

static void put_add(Command *command, const Delta *delta) {
    PartPut *put = NEW(command_arena(command), PartPut);
    *put = (PartPut){.delta = delta, .expect = PUT_ANY};
    command_needs(command, delta->id);
    command_add(command, &part_put, put);
}

static Command *command_of_test(City *city) {
    return command_new(city->ledger, (CommandHead){.kind = STR("test.put"), .channel = STR("cli")});
}

/* Nothing but the leaves tells what it was: each event of the leaf is replayed. */
static void what_one_command_changed_twice_is_replayed_whole(void **state) {
    CITY();
    const Str made = STR("urn:x:made"), again = STR("urn:x:again"), gone = STR("urn:x:gone");
    Command *command = command_of_test(city);
    put_add(command, city_entity(city, made, SENSOR, 1));
    put_add(command, city_change(city, made, 2));
    put_add(command, city_entity(city, again, SENSOR, 3));
    put_add(command, city_delete(city, again));
    put_add(command, city_entity(city, again, SENSOR, 4));
    put_add(command, city_entity(city, gone, SENSOR, 5));
    put_add(command, city_delete(city, gone));
    assert_int_equal(ledger_execute(&city->ctx, city->ledger, command, &(Outcome){0}), RC_OK);
    command_free(command);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(city_value(city, made), 2);
        assert_int_equal(city_value(city, again), 4);
        assert_int_equal(city_value(city, gone), -1);
        city_close(city);
        open_city(city);
    }
}

static void guards_refuse_and_leave_no_trace(void **state) {
    CITY();
    Str id = STR("urn:x:1");
    assert_int_equal(city_put(city, city_change(city, id, 1), PUT_PRESENT, 0, NULL), RC_NOT_FOUND);
    assert_int_equal(city_put(city, city_change(city, id, 1), PUT_VERSION, 1, NULL), RC_NOT_FOUND);
    assert_int_equal(city_put(city, city_entity(city, id, SENSOR, 1), PUT_ABSENT, 0, NULL), RC_OK);
    assert_int_equal(city_put(city, city_entity(city, id, SENSOR, 2), PUT_ABSENT, 0, NULL),
                     RC_CONFLICT);
    assert_string_equal(city->ctx.error.code.ptr, "exists");
    assert_int_equal(city_put(city, city_change(city, id, 3), PUT_VERSION, 9, NULL), RC_CONFLICT);
    assert_int_equal(city_put(city, city_change(city, id, 4), PUT_VERSION, 1, NULL), RC_OK);
    assert_int_equal(city_value(city, id), 4);
    assert_int_equal(ledger_head(city->ledger), 2);
    Outcome outcome;
    assert_int_equal(city_put(city, city_delete(city, id), PUT_PRESENT, 0, NULL), RC_OK);
    assert_int_equal(city_put(city, city_delete(city, id), PUT_ANY, 0, &outcome), RC_OK);
    assert_int_equal(outcome.position, 0); /* nothing was there, so nothing is recorded */
    assert_int_equal(ledger_head(city->ledger), 3);
    assert_int_equal(city_value(city, id), -1);
}

/* ---- parts ---- */

typedef struct Move {
    Str from, to;
    int64_t amount;
    int64_t give_result;
} Move;

/* Moves an amount; refused when there isn't enough. Refuses only after it has changed something, to
 * show that this is undone. */
static Rc move_apply(Ctx *ctx, Stage *stage, const void *args) {
    const Move *move = args;
    const Str ids[2] = {move->to, move->from};
    const int64_t signs[2] = {1, -1};
    for (int i = 0; i < 2; i++) {
        const Entity *before = stage_entity(stage, ids[i]);
        if (!before)
            return ctx_fail(ctx, RC_NOT_FOUND, "no-account", STR_NONE, "There is no account.");
        int64_t value = entity_int(before, STR(VALUE), 0) + signs[i] * move->amount;
        if (value < 0)
            return ctx_fail(ctx, RC_CONFLICT, "too-little", STR_NONE, "There isn't enough.");
        Entity *after = entity_dup(ctx->arena, before);
        entity_set(ctx->arena, after, STR(VALUE), json_of_int(value));
        stage_put(stage, &(Delta){.op = DELTA_PUT, .id = ids[i], .after = after});
        assert_int_equal(entity_int(stage_entity(stage, ids[i]), STR(VALUE), -1), value);
    }
    Json result = json_of_int(move->give_result);
    stage_result(stage, &result);
    return RC_OK;
}

static const PartKind part_move = {"test.move", 1, NULL, move_apply};

static Command *move_command(City *city, Str from, Str to, int64_t amount) {
    Command *command = command_new(city->ledger, (CommandHead){.kind = STR("test.move")});
    Move *move = NEW(command_arena(command), Move);
    *move = (Move){str_dup(command_arena(command), from), str_dup(command_arena(command), to),
                   amount, amount};
    command_needs(command, from);
    command_needs(command, to);
    command_add(command, &part_move, move);
    return command;
}

static void a_command_is_all_or_nothing(void **state) {
    CITY();
    Outcome outcome;
    assert_int_equal(
        city_put(city, city_entity(city, STR("urn:x:a"), SENSOR, 10), PUT_ABSENT, 0, NULL), RC_OK);
    assert_int_equal(
        city_put(city, city_entity(city, STR("urn:x:b"), THING, 0), PUT_ABSENT, 0, NULL), RC_OK);
    Command *command = move_command(city, STR("urn:x:a"), STR("urn:x:b"), 4);
    assert_int_equal(ledger_execute(&city->ctx, city->ledger, command, &outcome), RC_OK);
    assert_int_equal(outcome.result->value.integer, 4);
    command_free(command);
    command = move_command(city, STR("urn:x:a"), STR("urn:x:b"), 7);
    assert_int_equal(ledger_execute(&city->ctx, city->ledger, command, &outcome), RC_CONFLICT);
    assert_true(str_eq(city->ctx.error.code, STR("too-little")));
    assert_null(outcome.result);
    command_free(command);
    assert_int_equal(city_value(city, STR("urn:x:a")), 6);
    assert_int_equal(city_value(city, STR("urn:x:b")), 4);
    assert_int_equal(ledger_head(city->ledger), 3);
}

enum { MOVERS = 4, ACCOUNTS = 5, MOVES = 300 };

static void *mover(void *arg) {
    City own = *(City *)arg; /* its own Ctx; the ledger is shared */
    Rand rand = rand_seeded((uint64_t)(uintptr_t)&own);
    own.ctx.arena = arena_new(64 << 20);
    own.ctx.scratch = arena_new(64 << 20);
    own.ctx.db = NULL;
    for (int i = 0; i < MOVES; i++) {
        arena_reset(own.ctx.arena);
        Str from = str_fmt(own.ctx.arena, "urn:x:%d", (int)rand_below(&rand, ACCOUNTS));
        Str to = str_fmt(own.ctx.arena, "urn:x:%d", (int)rand_below(&rand, ACCOUNTS));
        if (str_eq(from, to)) continue;
        Command *command = move_command(&own, from, to, (int64_t)rand_below(&rand, 30));
        Outcome outcome;
        Rc rc = ledger_execute(&own.ctx, own.ledger, command, &outcome);
        if (rc != RC_OK && rc != RC_CONFLICT) abort();
        command_free(command);
    }
    arena_free(own.ctx.arena);
    arena_free(own.ctx.scratch);
    return NULL;
}

static void nothing_is_lost_between_many_movers(void **state) {
    CITY();
    pthread_t threads[MOVERS];
    for (int i = 0; i < ACCOUNTS; i++) {
        Str id = str_fmt(city->ctx.arena, "urn:x:%d", i);
        assert_int_equal(city_put(city, city_entity(city, id, SENSOR, 100), PUT_ABSENT, 0, NULL),
                         RC_OK);
    }
    for (int i = 0; i < MOVERS; i++)
        pthread_create(&threads[i], NULL, mover, city);
    for (int i = 0; i < MOVERS; i++)
        pthread_join(threads[i], NULL);
    for (int round = 0; round < 2; round++) {
        int64_t sum = 0;
        for (int i = 0; i < ACCOUNTS; i++)
            sum += city_value(city, str_fmt(city->ctx.arena, "urn:x:%d", i));
        assert_int_equal(sum, 100 * ACCOUNTS);
        city_close(city);
        open_city(city);
    }
}

/* ---- sequences against a model ---- */

enum { IDS = 40, STEPS = 1500 };

typedef struct Truth {
    int64_t value; /* -1: there is none */
    uint64_t version;
} Truth;

static Str id_of(City *city, size_t i) {
    return str_fmt(city->ctx.arena, "urn:x:%zu", i);
}

static void check_all(City *city, const Truth *truth) {
    for (size_t i = 0; i < IDS; i++) {
        ArenaMark mark = arena_mark(city->ctx.arena);
        assert_int_equal(city_value(city, id_of(city, i)), truth[i].value);
        arena_rewind(city->ctx.arena, mark);
    }
}

static void step(City *city, Truth *truth) {
    size_t i = rand_below(&city->rand, IDS);
    Truth *one = &truth[i];
    int64_t value = (int64_t)rand_below(&city->rand, 1000);
    bool exists = one->value >= 0;
    const char *type = i % 3 ? SENSOR : THING;
    Outcome outcome;
    Rc expected = RC_OK, rc;
    switch (rand_below(&city->rand, 5)) {
    case 0:
        expected = exists ? RC_CONFLICT : RC_OK;
        rc =
            city_put(city, city_entity(city, id_of(city, i), type, value), PUT_ABSENT, 0, &outcome);
        break;
    case 1:
        expected = exists ? RC_OK : RC_NOT_FOUND;
        rc = city_put(city, city_change(city, id_of(city, i), value), PUT_PRESENT, 0, &outcome);
        break;
    case 2:
        expected = exists ? RC_OK : RC_NOT_FOUND;
        rc = city_put(city, city_change(city, id_of(city, i), value), PUT_VERSION, one->version,
                      &outcome);
        break;
    case 3:
        rc = city_put(city, city_entity(city, id_of(city, i), type, value), PUT_ANY, 0, &outcome);
        break;
    default:
        expected = exists ? RC_OK : RC_NOT_FOUND;
        value = -1;
        rc = city_put(city, city_delete(city, id_of(city, i)), PUT_PRESENT, 0, &outcome);
        break;
    }
    assert_int_equal(rc, expected);
    if (rc == RC_OK) *one = (Truth){value, outcome.position};
}

static void any_sequence_gives_what_a_simple_model_gives(void **state) {
    City *city = *state;
    Truth truth[IDS];
    for (size_t i = 0; i < IDS; i++)
        truth[i] = (Truth){-1, 0};
    city->options.working_set_bytes = 8
                                      << 10; /* so that most are evicted once the state has them */
    open_city(city);
    for (int i = 0; i < STEPS; i++) {
        arena_reset(city->ctx.arena);
        step(city, truth);
        uint64_t chance = rand_below(&city->rand, 100);
        if (chance < 4) city_project(city, 1 + rand_below(&city->rand, 20));
        if (chance < 10) check_all(city, truth);
        if (chance == 99) {
            city_close(city);
            open_city(city);
        }
    }
    check_all(city, truth);
    city_project(city, 100);
    city_close(city);
    open_city(city);
    check_all(city, truth);
}

/* ---- events ---- */

typedef struct Seen {
    size_t n;
    uint64_t last;
    int64_t sum;
} Seen;

static Rc see_event(Ctx *ctx, void *arg, const Event *event) {
    (void)ctx;
    Seen *seen = arg;
    assert_true(event->position > seen->last ||
                (event->position == seen->last && event->ordinal > 0));
    seen->last = event->position;
    seen->n++;
    assert_int_equal(event->command_id.len, 32);
    if (event->delta && event->delta->after)
        seen->sum += entity_int(event->delta->after, STR(VALUE), 0);
    return RC_OK;
}

static void followers_see_each_event_once_in_order(void **state) {
    CITY();
    for (int i = 0; i < 50; i++) {
        const char *type = i % 2 ? SENSOR : THING; /* THING is sealed whole */
        Str id = str_fmt(city->ctx.arena, "urn:x:%d", i);
        assert_int_equal(city_put(city, city_entity(city, id, type, i), PUT_ABSENT, 0, NULL),
                         RC_OK);
    }
    Seen seen = {0};
    uint64_t next = 0;
    while (next < ledger_head(city->ledger))
        assert_int_equal(ledger_read(&city->ctx, city->ledger,
                                     &(LedgerWindow){next, 7, see_event, &seen}, &next),
                         RC_OK);
    assert_int_equal(seen.n, 50);
    assert_int_equal(seen.sum, 49 * 50 / 2);
    assert_int_equal(
        ledger_read(&city->ctx, city->ledger, &(LedgerWindow){next, 7, see_event, &seen}, &next),
        RC_OK);
    assert_int_equal(next, 50);
}

static Rc see_look(Ctx *ctx, void *arg, const Event *event) {
    (void)ctx;
    assert_true(str_eq(event->note_kind, STR("look")));
    assert_true(str_eq(json_get_str(event->note_clear, "why"), STR("窓口での確認")));
    assert_true(
        str_eq(json_str(json_at(json_get(event->note_clear, STR("subjects")), 1)), STR("urn:p:2")));
    assert_true(str_eq(event->head.purpose, STR("counter")));
    ++*(int *)arg;
    return RC_OK;
}

static void a_look_names_subjects_and_purpose(void **state) {
    CITY();
    Command *command =
        command_new(city->ledger, (CommandHead){.kind = STR("look"), .purpose = STR("counter")});
    PartLook *look = NEW(command_arena(command), PartLook);
    (void)vec_push(command_arena(command), &look->subjects, STR("urn:p:1"));
    (void)vec_push(command_arena(command), &look->subjects, STR("urn:p:2"));
    look->why = STR("窓口での確認");
    command_add(command, &part_look, look);
    Outcome outcome;
    assert_int_equal(ledger_execute(&city->ctx, city->ledger, command, &outcome), RC_OK);
    command_free(command);
    int seen = 0;
    uint64_t next;
    assert_int_equal(
        ledger_read(&city->ctx, city->ledger, &(LedgerWindow){0, 10, see_look, &seen}, &next),
        RC_OK);
    assert_int_equal(seen, 1);
}

static Rc see_secret(Ctx *ctx, void *arg, const Event *event) {
    (void)ctx;
    assert_true(str_eq(event->subject, STR("urn:p:1")));
    assert_true(str_eq(json_str(event->note_secret), STR("でんわ")));
    ++*(int *)arg;
    return RC_OK;
}

static void notes_seal_what_is_secret(void **state) {
    CITY();
    Command *command = command_new(city->ledger, (CommandHead){.kind = STR("note")});
    PartNote *part = NEW(command_arena(command), PartNote);
    Json *secret = NEW(command_arena(command), Json);
    *secret = json_of_str(STR("でんわ"));
    part->note = (StageNote){.kind = STR("call"),
                             .subject = STR("urn:p:1"),
                             .retention = STR(RETENTION),
                             .secret = secret};
    command_add(command, &part_note, part);
    Outcome outcome;
    assert_int_equal(ledger_execute(&city->ctx, city->ledger, command, &outcome), RC_OK);
    command_free(command);
    int seen = 0;
    uint64_t next;
    assert_int_equal(
        ledger_read(&city->ctx, city->ledger, &(LedgerWindow){0, 10, see_secret, &seen}, &next),
        RC_OK);
    assert_int_equal(seen, 1);
    assert_false(city_holds(city, city->root, STR("でんわ")));
}

/* ---- the overlay ---- */

static bool see_overlay(void *arg, Str id, const Entity *entity) {
    int64_t *sum = arg;
    sum[0]++;
    sum[1] += entity ? entity_int(entity, STR(VALUE), 0) : -1000 * (int64_t)id.len;
    return true;
}

static void the_overlay_shows_what_the_state_lacks(void **state) {
    CITY();
    for (int i = 0; i < 10; i++) {
        Str id = str_fmt(city->ctx.arena, "urn:x:%d", i);
        assert_int_equal(city_put(city, city_entity(city, id, SENSOR, 1), PUT_ANY, 0, NULL), RC_OK);
    }
    city_project(city, 100);
    int64_t sum[2] = {0};
    assert_int_equal(
        ledger_overlay(&city->ctx, city->ledger, &(OverlayAsk){.above = 10}, see_overlay, sum),
        RC_OK);
    assert_int_equal(sum[0], 0);
    for (int i = 3; i < 6; i++) {
        Str id = str_fmt(city->ctx.arena, "urn:x:%d", i);
        assert_int_equal(city_put(city, city_change(city, id, 5), PUT_PRESENT, 0, NULL), RC_OK);
        assert_int_equal(city_put(city, city_change(city, id, 6), PUT_PRESENT, 0, NULL), RC_OK);
    }
    assert_int_equal(city_put(city, city_delete(city, STR("urn:x:9")), PUT_PRESENT, 0, NULL),
                     RC_OK);
    assert_int_equal(
        ledger_overlay(&city->ctx, city->ledger, &(OverlayAsk){.above = 10}, see_overlay, sum),
        RC_OK);
    assert_int_equal(sum[0], 4);
    assert_int_equal(sum[1], 3 * 6 - 7000);
}

/* ---- the working set ---- */

static void loop_threads_are_told_to_go_to_the_pool(void **state) {
    CITY();
    assert_int_equal(city_put(city, city_entity(city, STR("urn:x:1"), SENSOR, 1), PUT_ANY, 0, NULL),
                     RC_OK);
    city_project(city, 10);
    city_close(city);
    open_city(city); /* nothing is in memory now */
    const Entity *entity;
    city->ctx.db = NULL;
    assert_int_equal(ledger_entity(&city->ctx, city->ledger, STR("urn:x:1"), &entity), RC_BUSY);
    assert_int_equal(city_put(city, city_change(city, STR("urn:x:1"), 2), PUT_PRESENT, 0, NULL),
                     RC_BUSY);
    city->ctx.db = city->reader;
    assert_int_equal(ledger_entity(&city->ctx, city->ledger, STR("urn:x:1"), &entity), RC_OK);
    assert_int_equal(ledger_entity(&city->ctx, city->ledger, STR("urn:x:2"), &entity),
                     RC_NOT_FOUND);
    city->ctx.db = NULL; /* both are known now, the absent one too */
    assert_int_equal(ledger_entity(&city->ctx, city->ledger, STR("urn:x:1"), &entity), RC_OK);
    assert_int_equal(ledger_entity(&city->ctx, city->ledger, STR("urn:x:2"), &entity),
                     RC_NOT_FOUND);
    assert_int_equal(city_put(city, city_change(city, STR("urn:x:1"), 2), PUT_PRESENT, 0, NULL),
                     RC_OK);
    assert_int_equal(ledger_reader_register(&city->ctx, city->ledger), RC_OK);
    const Version *version = ledger_version(city->ledger, STR("urn:x:1"));
    assert_int_equal(version_position(version), 2);
    Rendering rendering = {.key = {.form = 5}, .bytes = STR("answer")};
    version_render_keep(city->ledger, version, &rendering);
    assert_true(str_eq(*version_rendered(version, &rendering.key), STR("answer")));
    ledger_quiesce(city->ledger);
    assert_int_equal(city_value(city, STR("urn:x:1")), 2);
    ledger_reader_unregister(city->ledger);
}

/* ---- timers ---- */

typedef struct Alarm {
    _Atomic int fired;
    _Atomic int64_t at;
} Alarm;

static void ring(void *arg, Ledger *ledger, Str key, int64_t at) {
    (void)ledger;
    Alarm *alarm = arg;
    if (key.len != 4) abort();
    alarm->at = at;
    alarm->fired++;
}

static void timers_fire_once_when_their_time_has_come(void **state) {
    City *city = *state;
    Alarm first = {0}, second = {0}, never = {0};
    open_city(city);
    int64_t now = time_now(&city->clock);
    ledger_timer(city->ledger, STR("soon"), now + 50000, ring, &first);
    ledger_timer(city->ledger, STR("past"), now - TIME_DAY, ring, &second);
    ledger_timer(city->ledger, STR("drop"), now + 20000, ring, &never);
    ledger_timer(city->ledger, STR("drop"), TIME_NONE, ring, &never);
    ledger_timer(city->ledger, STR("late"), now + 30000, ring, &never);
    ledger_timer(city->ledger, STR("late"), now + TIME_DAY, ring, &never);
    int64_t until = time_monotonic() + 5 * TIME_SECOND;
    while ((!first.fired || !second.fired) && time_monotonic() < until)
        usleep(1000);
    usleep(20000);
    assert_int_equal(first.fired, 1);
    assert_int_equal(second.fired, 1);
    assert_int_equal(never.fired, 0);
    assert_true(first.at == now + 50000 && time_now(&city->clock) >= first.at);
}

static void a_lost_state_is_waited_for(void **state) {
    City *city = *state;
    open_city(city);
    for (int i = 0; i < 20; i++) {
        Str id = str_fmt(city->ctx.arena, "urn:x:%d", i);
        assert_int_equal(city_put(city, city_entity(city, id, SENSOR, i), PUT_ANY, 0, NULL), RC_OK);
    }
    /* as if far behind: the mode is the same, only the number is smaller */
    atomic_store(&city->ledger->mode, LEDGER_BEHIND);
    const Entity *entity;
    assert_int_equal(ledger_entity(&city->ctx, city->ledger, STR("urn:x:1"), &entity), RC_BUSY);
    assert_int_equal(city_put(city, city_change(city, STR("urn:x:1"), 2), PUT_PRESENT, 0, NULL),
                     RC_BUSY);
    city_project(city, 6);
    assert_int_equal(city_put(city, city_change(city, STR("urn:x:1"), 2), PUT_PRESENT, 0, NULL),
                     RC_OK);
    assert_int_equal(city_value(city, STR("urn:x:1")), 2);
}

/* One leaf with as many events as ids. */
static Rc put_many(City *city, int n, int64_t value) {
    Command *command =
        command_new(city->ledger, (CommandHead){.kind = STR("test"), .channel = STR("cli")});
    Outcome outcome;
    for (int i = 0; i < n; i++) {
        PartPut *part = NEW(command_arena(command), PartPut);
        Str id = str_fmt(city->ctx.arena, "urn:x:%d", i);
        *part = (PartPut){.delta = city_entity(city, id, SENSOR, value + i), .expect = PUT_ANY};
        command_needs(command, id);
        command_add(command, &part_put, part);
    }
    Rc rc = ledger_execute(&city->ctx, city->ledger, command, &outcome);
    command_free(command);
    return rc;
}

static void events_count_not_leaves_where_writers_run_ahead(void **state) {
    City *city = *state;
    const Entity *entity;
    city->options.lag_events = 10;
    open_city(city);
    assert_int_equal(put_many(city, 30, 100), RC_OK);
    city->ctx.deadline = time_monotonic() + TIME_SECOND / 10;
    assert_int_equal(put_many(city, 1, 200), RC_BUSY);
    assert_true(str_eq(city->ctx.error.code, STR("backlog")));
    city->ctx.deadline = 0;
    city_close(city);
    open_city(city); /* too many to replay: what was begun of it must be forgotten */
    assert_true(ledger_behind(city->ledger));
    assert_int_equal(ledger_entity(&city->ctx, city->ledger, STR("urn:x:1"), &entity), RC_BUSY);
    city_project(city, 6);
    assert_false(ledger_behind(city->ledger));
    assert_int_equal(city_value(city, STR("urn:x:29")), 129);
    assert_int_equal(put_many(city, 1, 200), RC_OK);
}

static void an_id_that_no_projection_takes_becomes_no_leaf(void **state) {
    CITY();
    char *text = memset(arena_alloc(city->ctx.arena, LD_IRI_MAX + 1, 1), 'a', LD_IRI_MAX + 1);
    Str longest = {memcpy(text, "urn:x:", 6), LD_IRI_MAX};
    Outcome outcome;
    assert_int_equal(city_put(city, city_entity(city, longest, SENSOR, 7), PUT_ABSENT, 0, &outcome),
                     RC_OK);
    uint64_t head = ledger_head(city->ledger);
    longest.len++;
    assert_int_equal(city_put(city, city_entity(city, longest, SENSOR, 7), PUT_ABSENT, 0, &outcome),
                     RC_INVALID);
    assert_true(str_eq(city->ctx.error.code, STR("bad-id")));
    assert_int_equal(ledger_head(city->ledger), head);
    city_project(city, head);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(what_was_answered_is_there_after_reopening),
        CASE(what_one_command_changed_twice_is_replayed_whole),
        CASE(guards_refuse_and_leave_no_trace),
        CASE(an_id_that_no_projection_takes_becomes_no_leaf),
        CASE(a_command_is_all_or_nothing),
        CASE(nothing_is_lost_between_many_movers),
        CASE(any_sequence_gives_what_a_simple_model_gives),
        CASE(followers_see_each_event_once_in_order),
        CASE(a_look_names_subjects_and_purpose),
        CASE(notes_seal_what_is_secret),
        CASE(the_overlay_shows_what_the_state_lacks),
        CASE(loop_threads_are_told_to_go_to_the_pool),
        CASE(timers_fire_once_when_their_time_has_come),
        CASE(a_lost_state_is_waited_for),
        CASE(events_count_not_leaves_where_writers_run_ahead),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
