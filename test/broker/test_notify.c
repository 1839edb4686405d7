/* What subscribers are told, in a whole city. */
#include "rig.h"

#include <sys/stat.h>
#include <time.h>

#define ROOMS "'entities':[{'type':'Room'}]"
#define ENDS  "'expiresAt':'@'}"

static void post_room(Rig *rig, const char *id, int temperature) {
    Str body =
        str_fmt(rig->ctx.arena,
                "{'id':'urn:r:%s','type':'Room','temperature':{'type':'Property','value':%d}}", id,
                temperature);
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entities", body.ptr), 201);
}

static void set_room(Rig *rig, const char *id, int temperature) {
    Str target = str_fmt(rig->ctx.arena, "/entities/urn:r:%s/attrs", id);
    Str body =
        str_fmt(rig->ctx.arena, "{'temperature':{'type':'Property','value':%d}}", temperature);
    assert_int_equal(rig_ask(rig, HTTP_PATCH, target.ptr, body.ptr), 204);
}

/* Clause 5.2.14: how often it was told, how often in vain, and when. */
static void a_subscription_tells_how_its_notifications_went(void **state) {
    Rig *rig = *state;
    rig_subscribe(rig, "well", ROOMS);
    rig_subscribe(rig, "gone", ROOMS);
    Str told = rig_read(rig, "/subscriptions/urn:ngsi-ld:Subscription:well");
    assert_false(has(told, "timesSent") || has(told, "lastNotification"));
    post_room(rig, "1", 20);
    set_room(rig, "1", 21);
    rig_settle(rig);
    told = rig_read(rig, "/subscriptions/urn:ngsi-ld:Subscription:well");
    assert_true(has(told, "\"timesSent\":2"));
    assert_true(has(told, "\"lastNotification\":\"") && has(told, "\"lastSuccess\":\""));
    assert_true(has(told, "\"status\":\"ok\""));
    assert_false(has(told, "timesFailed") || has(told, "lastFailure"));
    told = rig_read(rig, "/subscriptions/urn:ngsi-ld:Subscription:gone");
    assert_true(has(told, "\"timesSent\":2") && has(told, "\"timesFailed\":2"));
    assert_true(has(told, "\"lastFailure\":\"") && has(told, "\"status\":\"failed\""));
    assert_false(has(told, "lastSuccess"));
}

/* The life of one room, step by step: which steps each trigger tells. */
static void each_trigger_tells_its_own_steps(void **state) {
    static const struct {
        const char *name, *trigger;
        size_t told;
    } cases[] = {
        {"standard", NULL, 4}, /* created, updated, appended, replaced */
        {"created", "entityCreated", 1},
        {"deleted", "entityDeleted", 1},
        {"attr-created", "attributeCreated", 2}, /* with the room, and appended */
        {"attr-updated", "attributeUpdated", 2}, /* updated, and replaced */
        {"attr-deleted", "attributeDeleted", 2}, /* deleted, and left out by the replacement */
        {"updated", "entityUpdated", 4},
    };
    Rig *rig = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str more = cases[i].trigger ? str_fmt(rig->ctx.arena, ROOMS ",'notificationTrigger':['%s']",
                                              cases[i].trigger)
                                    : STR(ROOMS);
        rig_subscribe(rig, cases[i].name, str_z(rig->ctx.arena, more));
    }
    post_room(rig, "1", 20);
    set_room(rig, "1", 21);
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entities/urn:r:1/attrs",
                             "{'humidity':{'type':'Property','value':1},"
                             "'light':{'type':'Property','value':1}}"),
                     204);
    assert_int_equal(rig_ask(rig, HTTP_DELETE, "/entities/urn:r:1/attrs/humidity", NULL), 204);
    assert_int_equal(rig_ask(rig, HTTP_PUT, "/entities/urn:r:1",
                             "{'id':'urn:r:1','type':'Room',"
                             "'temperature':{'type':'Property','value':5}}"),
                     204);
    assert_int_equal(rig_ask(rig, HTTP_DELETE, "/entities/urn:r:1", NULL), 204);
    rig_settle(rig);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Gots got = receiver_got(rig->receiver, rig->ctx.arena, str_of(cases[i].name));
        if (got.len != cases[i].told)
            fail_msg("%s: told %zu, expected %zu", cases[i].name, got.len, cases[i].told);
    }
    Gots deleted = receiver_got(rig->receiver, rig->ctx.arena, STR("deleted"));
    assert_true(has(deleted.items[0].body, "\"deletedAt\":"));
    Gots attrs = receiver_got(rig->receiver, rig->ctx.arena, STR("attr-deleted"));
    assert_true(has(attrs.items[0].body, "\"humidity\":\"urn:ngsi-ld:null\""));
    assert_true(has(attrs.items[1].body, "\"light\":\"urn:ngsi-ld:null\""));
}

static void conditions_decide_who_is_told(void **state) {
    static const struct {
        const char *name, *more;
        size_t told;
    } cases[] = {
        {"all", ROOMS, 3},
        {"warm", ROOMS ",'q':'temperature>20'", 1},
        {"one", "'entities':[{'type':'Room','id':'urn:r:b'}]", 2},
        {"pattern", "'entities':[{'type':'Room','idPattern':'a$'}]", 1},
        {"other-type", "'entities':[{'type':'Hall'}]", 0},
        {"any-type", "'entities':[{'type':'*'}]", 3},
        {"two-types", "'entities':[{'type':'Hall'},{'type':'(Room)|Shed'}]", 3},
        {"watched", ROOMS ",'watchedAttributes':['humidity']", 0},
        {"watched-alone", "'watchedAttributes':['temperature']", 3},
        {"paused", ROOMS ",'isActive':false", 0},
        {"throttled", ROOMS ",'throttling':3600", 1},
        {"far",
         ROOMS ",'geoQ':{'georel':'near;maxDistance==10','geometry':'Point',"
               "'coordinates':[1,2]}",
         0},
        {"elsewhere", ROOMS ",'scopeQ':'/x'", 0},
    };
    Rig *rig = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        rig_subscribe(rig, cases[i].name, cases[i].more);
    post_room(rig, "a", 10);
    post_room(rig, "b", 15);
    set_room(rig, "b", 30);
    rig_settle(rig);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Gots got = receiver_got(rig->receiver, rig->ctx.arena, str_of(cases[i].name));
        if (got.len != cases[i].told)
            fail_msg("%s: told %zu, expected %zu", cases[i].name, got.len, cases[i].told);
    }
    Gots warm = receiver_got(rig->receiver, rig->ctx.arena, STR("warm"));
    assert_true(has(warm.items[0].body, "\"data\":[{\"id\":\"urn:r:b\",\"type\":\"Room\","
                                        "\"temperature\":30}]"));
    assert_true(str_eq(warm.items[0].secret, STR("s")));
    assert_true(str_eq(warm.items[0].type, STR("application/json")));
}

/* Many changes of one entity in one go: each is judged as it was, not as the entity is later. */
static void each_change_is_judged_as_it_was(void **state) {
    Rig *rig = *state;
    enum { CHANGES = 200 };
    rig_subscribe(rig, "odd", ROOMS ",'q':'temperature>=1000'");
    post_room(rig, "1", 0);
    Command *commands[CHANGES];
    Outcome outcome;
    for (int i = 0; i < CHANGES; i++) {
        commands[i] = command_new(rig->tenant->ledger, (CommandHead){.kind = STR("test")});
        Arena *arena = command_arena(commands[i]);
        PartPut *put = NEW(arena, PartPut);
        Delta *delta = NEW(arena, Delta);
        Entity *after = entity_new(arena, STR("urn:r:1"), STR(LD_DEFAULT "Room"));
        entity_set(arena, after, STR(LD_DEFAULT "temperature"), json_of_int(i % 2 ? 1000 + i : i));
        *delta = (Delta){.op = DELTA_CHANGE, .id = after->id, .after = after};
        put->delta = delta;
        command_needs(commands[i], after->id);
        command_add(commands[i], &part_put, put);
        assert_int_equal(ledger_execute(&rig->ctx, rig->tenant->ledger, commands[i], &outcome),
                         RC_OK);
        command_free(commands[i]);
    }
    rig_settle(rig);
    Gots got = receiver_got(rig->receiver, rig->ctx.arena, STR("odd"));
    assert_int_equal(got.len, CHANGES / 2);
    for (size_t i = 0; i < got.len; i++) {
        Str wanted = str_fmt(rig->ctx.arena, "\"temperature\":%zu}", 1001 + 2 * i);
        if (str_find(got.items[i].body, wanted) < 0)
            fail_msg("notification %zu: " STR_FMT, i, STR_ARG(got.items[i].body));
    }
}

/* The matcher stands still while local.db is written by somebody else. */
static Batch *hold_matcher(Rig *rig) {
    Batch *local;
    Store *store = ledger_store(rig->tenant->ledger);
    assert_int_equal(batch_open(&rig->ctx, store, STORE_LOCAL, &local), RC_OK);
    assert_int_equal(batch_begin(&rig->ctx, local, BATCH_LAZY), RC_OK);
    return local;
}

static void drain(Rig *rig) {
    uint64_t head = ledger_head(rig->tenant->ledger);
    assert_int_equal(project_drain(&rig->ctx, rig->tenant->project, head), RC_OK);
}

/* What a late matcher judges by is the entity of the event, whether it is found as a row of before
   (rows: old), in the ledger alone as the row is newer, or as what an entity of the same id that
   has ended left behind. */
static void a_late_matcher_tells_what_was(void **state) {
    Rig *rig = *state;
    enum { ROWS_OLD, ROWS_NEW, ENDED, CASES };
    static const char *const told[] = {"'temperature':1,'humidity':1}",
                                       "'temperature':1,'humidity':2}",
                                       "'temperature':2,'humidity':2}"};
    static const char *const changes[] = {
        "{'temperature':{'type':'Property','value':1},'humidity':{'type':'Property','value':1}}",
        "{'humidity':{'type':'Property','value':2}}",
        "{'temperature':{'type':'Property','value':2}}"};
    for (int i = 0; i < CASES; i++) {
        const char *target =
            str_z(rig->ctx.arena, str_fmt(rig->ctx.arena, "/entities/urn:r:%d/attrs", i));
        const char *at = str_z(rig->ctx.arena, str_fmt(rig->ctx.arena, "late%d", i));
        if (i == ENDED) {
            post_room(rig, "2", 50);
            drain(rig);
            assert_int_equal(rig_ask(rig, HTTP_DELETE, "/entities/urn:r:2", NULL), 204);
        }
        const char *room = str_z(rig->ctx.arena, str_fmt(rig->ctx.arena, "%d", i));
        post_room(rig, room, 0);
        if (i != ENDED) drain(rig);
        rig_subscribe(rig, at, ROOMS ",'q':'temperature>=1'");
        rig_settle(rig);
        if (i != ENDED) { /* what the matcher remembers is gone */
            rig_close_city(rig);
            rig_open_city(rig);
        }
        Batch *held = hold_matcher(rig);
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(rig_ask(rig, HTTP_POST, target, changes[k]), 204);
        if (i == ROWS_NEW) drain(rig);
        batch_rollback(held);
        batch_close(held);
        Gots got = receiver_wait(rig->receiver, rig->ctx.arena, str_of(at), 3);
        assert_int_equal(got.len, 3);
        for (size_t k = 0; k < 3; k++)
            if (!has(got.items[k].body, rig_json(rig->ctx.arena, told[k]).ptr))
                fail_msg("case %d, %zu: " STR_FMT, i, k, STR_ARG(got.items[k].body));
        rig_settle(rig);
    }
}

/* One command may change an entity twice: its second event stands on the first. */
static void a_late_matcher_tells_both_changes_of_one_command(void **state) {
    Rig *rig = *state;
    post_room(rig, "1", 7);
    drain(rig);
    rig_subscribe(rig, "twice", ROOMS);
    rig_settle(rig);
    rig_close_city(rig); /* what the matcher remembers is gone */
    rig_open_city(rig);
    Batch *held = hold_matcher(rig);
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entityOperations/upsert?options=update",
                             "[{'id':'urn:r:1','type':'Room','a':1},"
                             "{'id':'urn:r:1','type':'Room','b':2}]"),
                     204);
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entities/urn:r:1/attrs", "{'c':3}"), 204);
    batch_rollback(held);
    batch_close(held);
    Gots got = receiver_wait(rig->receiver, rig->ctx.arena, STR("twice"), 3);
    assert_int_equal(got.len, 3);
    static const char *const told[] = {"'a':1", "'b':2", "'c':3"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(has(got.items[i].body, "\"temperature\":7"));
        for (size_t k = 0; k <= i; k++)
            if (!has(got.items[i].body, rig_json(rig->ctx.arena, told[k]).ptr))
                fail_msg("%zu: " STR_FMT, i, STR_ARG(got.items[i].body));
    }
}

static void readings_tell_when_they_are_current(void **state) {
    Rig *rig = *state;
    rig_subscribe(rig, "readings", "'entities':[{'type':'Gauge'}]");
    static const char *const hours[] = {"05", "06", "01"}; /* the last one is history only */
    for (size_t i = 0; i < 3; i++) {
        Str body = str_fmt(rig->ctx.arena,
                           "{'id':'urn:g:1','type':'Gauge','level':[{'type':'Property','value':%s,"
                           "'observedAt':'2026-01-01T%s:00:00Z'}]}",
                           hours[i] + 1, hours[i]);
        assert_int_equal(rig_ask(rig, HTTP_POST, "/temporal/entities", body.ptr), i ? 204 : 201);
    }
    rig_settle(rig);
    Gots got = receiver_got(rig->receiver, rig->ctx.arena, STR("readings"));
    assert_int_equal(got.len, 2);
    assert_true(has(got.items[1].body, "\"level\":6"));
}

static void personal_attributes_are_left_out(void **state) {
    Rig *rig = *state;
    rig_subscribe(rig, "cases", "'entities':[{'type':'Application'}]");
    rig_subscribe(rig, "names", "'entities':[{'type':'Application'}],'q':'phone'");
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entities",
                             "{'id':'urn:ngsi-ld:Application:1','type':'Application',"
                             "'procedure':{'type':'Property','value':'bulky-waste'},"
                             "'applicant':{'type':'Relationship','object':'urn:ngsi-ld:Person:1'},"
                             "'phone':{'type':'Property','value':'0540000000'}}"),
                     201);
    rig_settle(rig);
    Gots got = receiver_got(rig->receiver, rig->ctx.arena, STR("cases"));
    assert_int_equal(got.len, 1);
    assert_true(has(got.items[0].body, "bulky-waste"));
    assert_false(has(got.items[0].body, "0540000000"));
    assert_int_equal(receiver_got(rig->receiver, rig->ctx.arena, STR("names")).len, 0);
}

static void formats_follow_the_subscription(void **state) {
    Rig *rig = *state;
    Str body = str_fmt(rig->ctx.arena,
                       "{'type':'Subscription'," ROOMS ",'notification':{'format':'concise',"
                       "'attributes':['temperature'],'sysAttrs':false,'endpoint':{"
                       "'uri':'http://127.0.0.1:%d/concise','accept':'application/ld+json'}}}",
                       rig->port);
    assert_int_equal(rig_ask(rig, HTTP_POST, "/subscriptions", body.ptr), 201);
    body = str_fmt(rig->ctx.arena,
                   "{'type':'Subscription'," ROOMS ",'notification':{'endpoint':{"
                   "'uri':'http://127.0.0.1:%d/geo','accept':'application/geo+json'}}}",
                   rig->port);
    assert_int_equal(rig_ask(rig, HTTP_POST, "/subscriptions", body.ptr), 201);
    post_room(rig, "1", 20);
    rig_settle(rig);
    Gots concise = receiver_got(rig->receiver, rig->ctx.arena, STR("concise"));
    assert_int_equal(concise.len, 1);
    assert_true(has(concise.items[0].body, "\"temperature\":20}],\"@context\":"));
    assert_true(str_eq(concise.items[0].type, STR("application/ld+json")));
    Gots geo = receiver_got(rig->receiver, rig->ctx.arena, STR("geo"));
    assert_int_equal(geo.len, 1);
    assert_true(has(geo.items[0].body, "\"data\":{\"type\":\"FeatureCollection\",\"features\":["));
}

/* ---- delivery in the city ---- */

static void a_hanging_endpoint_delays_nobody(void **state) {
    Rig *rig = *state;
    rig_subscribe(rig, "hang1", ROOMS);
    rig_subscribe(rig, "hang2", ROOMS);
    rig_subscribe(rig, "well", ROOMS);
    int64_t began = time_monotonic();
    post_room(rig, "1", 0);
    for (int i = 1; i < 20; i++)
        set_room(rig, "1", i);
    Gots got = receiver_wait(rig->receiver, rig->ctx.arena, STR("well"), 20);
    assert_int_equal(got.len, 20);
    assert_true(got.items[19].when - began < 4 * TIME_SECOND); /* the hanging ones take 5 */
    assert_int_equal(receiver_got(rig->receiver, rig->ctx.arena, STR("hang1")).len, 1);
    int64_t until = time_monotonic() + 10 * TIME_SECOND;
    while (broker_waiting(rig->tenant) != 40) /* the last good answer is being counted */
        assert_true(time_monotonic() < until);
}

static void a_failing_endpoint_gets_everything_in_order(void **state) {
    Rig *rig = *state;
    rig_subscribe(rig, "fail2", ROOMS);
    post_room(rig, "1", 0);
    for (int i = 1; i < 5; i++)
        set_room(rig, "1", i);
    Gots got = receiver_wait(rig->receiver, rig->ctx.arena, STR("fail2"), 7);
    assert_int_equal(got.len, 7); /* the first one three times */
    for (size_t i = 0; i < 7; i++) {
        Str wanted = str_fmt(rig->ctx.arena, "\"temperature\":%zu}", i < 3 ? 0 : i - 2);
        assert_true(str_find(got.items[i].body, wanted) >= 0);
    }
    rig_settle(rig);
    DeliveryState told =
        delivery_state(rig->tenant->broker->delivery, STR("urn:ngsi-ld:Subscription:fail2"));
    assert_int_equal(told.sent, 7);
    assert_int_equal(told.failed, 2);
    assert_true(told.last_success > told.last_failure);
}

static void what_cannot_help_is_not_tried_again(void **state) {
    Rig *rig = *state;
    rig_subscribe(rig, "gone", ROOMS);
    post_room(rig, "1", 0);
    set_room(rig, "1", 1);
    rig_settle(rig);
    assert_int_equal(receiver_got(rig->receiver, rig->ctx.arena, STR("gone")).len, 2);
}

/* Waits for a try to fail: then nothing of it is under way for a while. */
static void rest_once(Rig *rig, Str id) {
    int64_t until = time_monotonic() + 10 * TIME_SECOND;
    int64_t before = delivery_state(rig->tenant->broker->delivery, id).failed;
    while (delivery_state(rig->tenant->broker->delivery, id).failed == before)
        assert_true(time_monotonic() < until);
}

static void what_waits_outlives_a_restart(void **state) {
    Rig *rig = *state;
    enum { ROUNDS = 30 };
    rig_subscribe(rig, "later", ROOMS);
    rig_subscribe(rig, "ended", ROOMS);
    receiver_stop(rig->receiver);
    rig->receiver = NULL;
    post_room(rig, "1", 0);
    for (int i = 1; i < ROUNDS; i++)
        set_room(rig, "1", i);
    rig_close_city(rig);
    rig_open_city(rig);
    rest_once(rig, STR("urn:ngsi-ld:Subscription:ended"));
    assert_int_equal(
        rig_ask(rig, HTTP_DELETE, "/subscriptions/urn:ngsi-ld:Subscription:ended", NULL), 204);
    int64_t until = time_monotonic() + 10 * TIME_SECOND;
    while (broker_matched(rig->tenant) < ledger_head(rig->tenant->ledger))
        assert_true(time_monotonic() < until);
    rig->receiver = receiver_start(rig->port);
    Gots got = receiver_wait(rig->receiver, rig->ctx.arena, STR("later"), ROUNDS);
    assert_int_equal(got.len, ROUNDS);
    for (size_t i = 0; i < got.len; i++) {
        Str wanted = str_fmt(rig->ctx.arena, "\"temperature\":%zu}", i);
        assert_true(str_find(got.items[i].body, wanted) >= 0);
    }
    assert_int_equal(receiver_got(rig->receiver, rig->ctx.arena, STR("ended")).len, 0);
    set_room(rig, "1", 1000); /* the subscription itself is there, too */
    assert_int_equal(receiver_wait(rig->receiver, rig->ctx.arena, STR("later"), ROUNDS + 1).len,
                     ROUNDS + 1);
}

/* Of a closed and opened city without its local.db. */
static void lose_local(Rig *rig) {
    rig_close_city(rig);
    rig_lose_local(rig);
    rig_open_city(rig);
}

static uint64_t ledger_length(const Rig *rig) {
    return ledger_head(rig->tenant->ledger);
}

static void deliveries_resume_without_local_db(void **state) {
    Rig *rig = *state;
    enum { ROUNDS = 5 };
    rig_subscribe(rig, "down", ROOMS);
    rig_subscribe(rig, "up", ROOMS);
    post_room(rig, "1", 0);
    for (int i = 1; i < ROUNDS; i++)
        set_room(rig, "1", i);
    assert_int_equal(receiver_wait(rig->receiver, rig->ctx.arena, STR("up"), ROUNDS).len, ROUNDS);
    lose_local(rig);
    receiver_mend(rig->receiver);
    rig_settle(rig);
    Gots got = receiver_got(rig->receiver, rig->ctx.arena, STR("down"));
    for (size_t i = 0; i < ROUNDS; i++) {
        Str wanted = str_fmt(rig->ctx.arena, "\"temperature\":%zu}", i);
        if (str_find(got.items[got.len - ROUNDS + i].body, wanted) < 0)
            fail_msg("%zu: " STR_FMT, i, STR_ARG(got.items[got.len - ROUNDS + i].body));
    }
    lose_local(rig); /* its note says that nothing is left */
    uint64_t length = ledger_length(rig);
    rig_settle(rig);
    const char *const paths[] = {"up", "down"};
    for (size_t i = 0; i < 2; i++) {
        Str id = str_fmt(rig->ctx.arena, "urn:ngsi-ld:Subscription:%s", paths[i]);
        assert_int_equal(delivery_state(rig->tenant->broker->delivery, id).sent, 0);
    }
    lose_local(rig); /* nor is there anything new to say */
    rig_settle(rig);
    assert_int_equal(ledger_length(rig), length);
}

#define PAST "'expiresAt':'2020-01-01T00:00:00Z'"

/* An end is asked for ahead of time; once it has come nothing is told, until another is given. */
static void a_subscription_tells_nothing_after_its_end(void **state) {
    Rig *rig = *state;
    const char *own = "/subscriptions/urn:ngsi-ld:Subscription:brief";
    Str until = time_format(rig->ctx.arena, time_now(&rig->clock) + 3 * TIME_SECOND);
    Str more = str_fmt(rig->ctx.arena, ROOMS ",'expiresAt':'" STR_FMT "'", STR_ARG(until));
    assert_int_equal(rig_ask(rig, HTTP_POST, "/subscriptions",
                             "{'type':'Subscription'," ROOMS "," PAST ",'notification':"
                             "{'endpoint':{'uri':'http://127.0.0.1:9/'}}}"),
                     400);
    rig_subscribe(rig, "brief", more.ptr);
    assert_int_equal(rig_ask(rig, HTTP_PATCH, own, "{" PAST "}"), 400);
    nanosleep(&(struct timespec){.tv_sec = 4}, NULL);
    post_room(rig, "a", 10);
    rig_settle(rig);
    assert_int_equal(receiver_got(rig->receiver, rig->ctx.arena, STR("brief")).len, 0);
    assert_true(has(rig_read(rig, own), "\"status\":\"expired\""));
    assert_int_equal(rig_ask(rig, HTTP_PATCH, own, "{'throttling':1}"), 204);
    assert_int_equal(rig_ask(rig, HTTP_PATCH, own, "{'expiresAt':'2999-01-01T00:00:00Z'}"), 204);
    assert_true(has(rig_read(rig, own), "\"status\":\"active\""));
    set_room(rig, "a", 11);
    assert_int_equal(receiver_wait(rig->receiver, rig->ctx.arena, STR("brief"), 1).len, 1);
}

/* A room with further members; @ in them stands for the end, which comes after so many µs. */
static void post_ending(Rig *rig, const char *id, const char *more, int64_t after) {
    Str until = time_format(rig->ctx.arena, time_now(&rig->clock) + after);
    Buf body = buf_new(rig->ctx.arena, 1000);
    buf_add(&body, str_fmt(rig->ctx.arena, "{'id':'urn:r:%s','type':'Room',", id));
    for (const char *c = more; *c; c++)
        if (*c == '@')
            buf_add(&body, until);
        else
            buf_add_char(&body, *c);
    const char *text = str_z(rig->ctx.arena, buf_str(&body));
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entities", text), 201);
}

static const Entity *stored(Rig *rig, const char *id) {
    const Entity *entity;
    Str whole = str_fmt(rig->ctx.arena, "urn:r:%s", id);
    Rc rc = ledger_entity(&rig->ctx, rig->tenant->ledger, whole, &entity);
    assert_true(rc == RC_OK || rc == RC_NOT_FOUND);
    return rc == RC_OK ? entity : NULL;
}

/* Not only hidden: taken out by a command of the timer, of which subscribers are told. */
static void what_has_ended_is_taken_out(void **state) {
    Rig *rig = *state;
    rig_subscribe(rig, "ended", ROOMS ",'notificationTrigger':['entityDeleted']");
    rig_subscribe(rig, "partly",
                  ROOMS ",'notificationTrigger':['attributeDeleted'],"
                        "'watchedAttributes':['light']");
    post_ending(rig, "brief", ENDS, TIME_SECOND / 5);
    post_ending(rig, "long", ENDS, 2 * TIME_SECOND);
    Str later = time_format(rig->ctx.arena, time_now(&rig->clock) + TIME_HOUR);
    Str body =
        str_fmt(rig->ctx.arena, "{'id':'urn:r:long','type':'Room','expiresAt':'" STR_FMT "'}",
                STR_ARG(later));
    assert_int_equal(rig_ask(rig, HTTP_PUT, "/entities/urn:r:long", body.ptr), 204);
    post_ending(rig, "half", "'kept':1,'light':{'type':'Property','value':1," ENDS "}",
                TIME_SECOND / 5);
    assert_int_equal(receiver_wait(rig->receiver, rig->ctx.arena, STR("partly"), 1).len, 1);
    Gots ended = receiver_wait(rig->receiver, rig->ctx.arena, STR("ended"), 1);
    assert_int_equal(ended.len, 1);
    assert_true(has(ended.items[0].body, "urn:r:brief"));
    assert_null(stored(rig, "brief"));
    nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
    assert_non_null(stored(rig, "long"));
    const Entity *half = stored(rig, "half");
    assert_null(entity_attr(half, STR(LD_DEFAULT "light")));
    assert_non_null(entity_attr(half, STR(LD_DEFAULT "kept")));
}

static void what_ends_while_nobody_serves_is_taken_out_later(void **state) {
    Rig *rig = *state;
    enum { ROUNDS = 300 }; /* more than one command takes */
    rig_subscribe(rig, "ended", ROOMS ",'notificationTrigger':['entityDeleted']");
    for (int i = 0; i < ROUNDS; i++)
        post_ending(rig, str_fmt(rig->ctx.arena, "%d", i).ptr, ENDS, 3 * TIME_SECOND);
    uint64_t before = ledger_length(rig);
    rig_close_city(rig);
    nanosleep(&(struct timespec){.tv_sec = 4}, NULL);
    rig_open_city(rig);
    assert_int_equal(receiver_wait(rig->receiver, rig->ctx.arena, STR("ended"), ROUNDS).len,
                     ROUNDS);
    rig_settle(rig);
    uint64_t after = ledger_length(rig);
    assert_true(after - before < 10); /* by some commands, each of many */
    nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
    assert_true(ledger_length(rig) - after <= 1); /* and once: no more than a note of deliveries */
}

static void tenants_know_nothing_of_each_other(void **state) {
    Rig *rig = *state;
    rig_close_city(rig);
    assert_int_equal(
        mkdir(str_z(rig->ctx.arena, str_fmt(rig->ctx.arena, "%s/tenants/yaizu", rig->folder)),
              0700),
        0);
    rig_open_city(rig);
    rig_subscribe(rig, "here", ROOMS);
    rig->header = "NGSILD-Tenant: yaizu";
    rig_subscribe(rig, "there", ROOMS);
    post_room(rig, "1", 1);
    assert_int_equal(receiver_wait(rig->receiver, rig->ctx.arena, STR("there"), 1).len, 1);
    rig->header = NULL;
    assert_int_equal(rig_ask(rig, HTTP_GET, "/entities/urn:r:1", NULL), 404);
    rig_settle(rig);
    assert_int_equal(receiver_got(rig->receiver, rig->ctx.arena, STR("here")).len, 0);
    rig->header = "NGSILD-Tenant: nowhere";
    assert_int_equal(rig_ask(rig, HTTP_GET, "/entities/urn:r:1", NULL), 404);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_subscription_tells_how_its_notifications_went),
        CASE(each_trigger_tells_its_own_steps),
        CASE(conditions_decide_who_is_told),
        CASE(each_change_is_judged_as_it_was),
        CASE(a_late_matcher_tells_what_was),
        CASE(a_late_matcher_tells_both_changes_of_one_command),
        CASE(readings_tell_when_they_are_current),
        CASE(personal_attributes_are_left_out),
        CASE(formats_follow_the_subscription),
        CASE(a_hanging_endpoint_delays_nobody),
        CASE(a_failing_endpoint_gets_everything_in_order),
        CASE(what_cannot_help_is_not_tried_again),
        CASE(what_waits_outlives_a_restart),
        CASE(deliveries_resume_without_local_db),
        CASE(a_subscription_tells_nothing_after_its_end),
        CASE(what_has_ended_is_taken_out),
        CASE(what_ends_while_nobody_serves_is_taken_out_later),
        CASE(tenants_know_nothing_of_each_other),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
