/* Delivery and the watch by themselves. */
#include "rig.h"
#include "broker/lanes.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void nap(void) {
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

/* A Delivery of its own beside the city's, on the same files. */
typedef struct Own {
    Reader *db;
    Batch *local;
    Delivery *delivery;
    Ctx ctx;
    bool reads;      /* rows are not handed over */
    int64_t timeout; /* of what is put; 0: the usual one */
} Own;

static Own own_open(Rig *rig, bool loopback) {
    Own own = {.ctx = rig->ctx};
    Store *files = ledger_store(rig->tenant->ledger);
    assert_int_equal(reader_open(&own.ctx, files, &own.db), RC_OK);
    assert_int_equal(batch_open(&own.ctx, files, STORE_LOCAL, &own.local), RC_OK);
    own.ctx.db = own.db;
    own.ctx.tenant = rig->tenant;
    DeliveryOptions options = {
        .tenant = rig->tenant, .loopback = loopback, .retry = 20 * TIME_SECOND / 1000};
    assert_int_equal(delivery_open(&own.ctx, &options, &own.delivery), RC_OK);
    return own;
}

static void own_close(Own *own) {
    delivery_close(own->delivery);
    batch_close(own->local);
    reader_close(own->db);
}

static void own_put(Own *own, Str subscription, Str url, uint64_t position) {
    Notice notice = {
        .subscription = subscription,
        .position = position,
        .at = time_now(own->ctx.clock),
        .timeout = own->timeout,
        .url = url,
        .rights = {.subscription = subscription,
                   .epoch = gate_epoch(own->ctx.tenant),
                   .body = str_fmt(own->ctx.arena, "{\"n\":%llu}", (unsigned long long)position)}};
    vec_push(own->ctx.arena, &notice.headers, STR("Content-Type: application/json"));
    assert_int_equal(batch_begin(&own->ctx, own->local, BATCH_DURABLE), RC_OK);
    NoticeRow row;
    assert_int_equal(delivery_put(&own->ctx, own->local, &notice, &row), RC_OK);
    assert_int_equal(batch_commit(&own->ctx, own->local), RC_OK);
    delivery_added(own->delivery, subscription, position, own->reads ? NULL : &row);
}

static DeliveryState own_wait(Own *own, Str subscription, int64_t sent) {
    int64_t until = time_monotonic() + 10 * TIME_SECOND;
    DeliveryState told = delivery_state(own->delivery, subscription);
    while (told.sent < sent && time_monotonic() < until) {
        nap();
        told = delivery_state(own->delivery, subscription);
    }
    return told;
}

static void addresses_of_this_machine_are_refused(void **state) {
    Rig *rig = *state;
    static const char *const hosts[] = {"127.0.0.1", "localhost",          "0.0.0.0",
                                        "[::1]",     "[::ffff:127.0.0.1]", "169.254.169.254"};
    Own own = own_open(rig, false);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        Str id = str_fmt(rig->ctx.arena, "urn:s:%zu", i);
        own_put(&own, id, str_fmt(rig->ctx.arena, "http://%s:%d/refused", hosts[i], rig->port), 1);
        DeliveryState told = own_wait(&own, id, 1);
        assert_true(told.sent >= 1);
        assert_int_equal(told.sent, told.failed);
        assert_int_equal(told.waiting, 1); /* it may be allowed one day */
    }
    assert_int_equal(receiver_got(rig->receiver, rig->ctx.arena, STR("refused")).len, 0);
    own_close(&own);
}

/* Judged without a socket: what this machine can't reach anyway would be refused by nobody. */
static void endpoints_by_address_are_judged_at_once(void **state) {
    static const struct {
        const char *host;
        bool reached;
    } rows[] = {
        {"127.0.0.1", false},
        {"127.255.0.9", false},
        {"0.0.0.0", false},
        {"169.254.1.1", false},
        {"169.254.169.254", false}, /* metadata */
        {"224.0.0.251", false},
        {"255.255.255.255", false},
        {"[::1]", false},
        {"::1", false},
        {"[::]", false},
        {"[fe80::1]", false}, /* link-local: fe80::/10 */
        {"[febf::1]", false},
        {"[ff02::1]", false},
        {"[fd00:ec2::254]", false}, /* metadata */
        {"[::ffff:127.0.0.1]", false},
        {"[::ffff:169.254.169.254]", false},
        {"[::ffff:224.0.0.1]", false},
        {"[fec0::1]", true},
        {"[fd00:ec3::254]", true},
        {"[2001:db8::1]", true},
        {"[::ffff:192.0.2.1]", true},
        {"[::2]", true},
        {"192.0.2.1", true},
        {"10.0.0.1", true}, /* a city's own network */
        {"169.253.0.1", true},
        {"localhost", false}, /* this machine, whatever resolves it */
        {"LocalHost.", false},
        {"a.b.localhost", false},
        {"notlocalhost", true}, /* names: by what they resolve to, at the socket */
        {"example.com", true},
    };
    Rig *rig = *state;
    Own own = own_open(rig, false), open = own_open(rig, true);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (delivery_reaches(own.delivery, str_of(rows[i].host)) != rows[i].reached)
            fail_msg("%s: %s", rows[i].host, rows[i].reached ? "refused" : "taken");
        assert_true(delivery_reaches(open.delivery, str_of(rows[i].host)));
    }
    own_close(&open);
    own_close(&own);
}

static void a_notice_outlives_its_delivery(void **state) {
    Rig *rig = *state;
    Own own = own_open(rig, false);
    Str id = STR("urn:s:1"), url = str_fmt(rig->ctx.arena, "http://127.0.0.1:%d/kept", rig->port);
    own_put(&own, id, url, 1);
    own_put(&own, id, url, 2);
    (void)own_wait(&own, id, 2);
    own_close(&own);
    own = own_open(rig, true);
    assert_int_equal(receiver_wait(rig->receiver, rig->ctx.arena, STR("kept"), 2).len, 2);
    DeliveryState told = own_wait(&own, id, 4);
    assert_true(told.failed >= 2 && told.sent == told.failed + 2);
    own_close(&own);
}

static void a_full_lane_says_so_and_counts(void **state) {
    Rig *rig = *state;
    Own own = own_open(rig, true);
    Str id = STR("urn:s:1");
    own_put(&own, id, str_fmt(rig->ctx.arena, "http://127.0.0.1:%d/hang", rig->port), 1);
    assert_int_equal(receiver_wait(rig->receiver, rig->ctx.arena, STR("hang"), 1).len, 1);
    for (int i = 1; i < DELIVERY_QUEUE_MAX; i++) {
        assert_true(delivery_room(own.delivery, id, 7));
        delivery_added(own.delivery, id, (uint64_t)i + 1, NULL);
    }
    assert_false(delivery_room(own.delivery, id, 7));
    assert_int_equal(delivery_state(own.delivery, id).failed, 1);
    assert_int_equal(delivery_waiting(own.delivery), DELIVERY_QUEUE_MAX);
    delivery_dropped(own.delivery, id);
    assert_int_equal(delivery_waiting(own.delivery), 0);
    own_close(&own);
}

/* What is handed over beside its row is sent as the row would be, and in the same order; a lane
   that was dropped sends nothing of it, not even when the same subscription comes again. */
static void handed_over_is_as_read(void **state) {
    Rig *rig = *state;
    enum { NOTICES = 20 };
    for (int reads = 0; reads < 2; reads++) {
        Own own = own_open(rig, true);
        const char *at = reads ? "fail2read" : "fail2hand";
        Str id = str_fmt(rig->ctx.arena, "urn:s:%s", at),
            old = str_fmt(rig->ctx.arena, "%s.", id.ptr);
        Str url = str_fmt(rig->ctx.arena, "http://127.0.0.1:%d/%s", rig->port, at);
        own.reads = reads;
        for (uint64_t n = 1; n <= NOTICES; n++)
            own_put(&own, id, url, n);
        Gots got = receiver_wait(rig->receiver, rig->ctx.arena, str_of(at), NOTICES + 2);
        assert_int_equal(got.len, NOTICES + 2);
        for (size_t i = 0; i < got.len; i++) {
            Str wanted = str_fmt(rig->ctx.arena, "{\"n\":%zu}", i < 2 ? 1 : i - 1);
            assert_true(str_eq(got.items[i].body, wanted));
        }
        (void)own_wait(&own, id, NOTICES + 2);
        own_put(&own, old, str_fmt(rig->ctx.arena, "http://127.0.0.1:%d/hang%d", rig->port, reads),
                1);
        own_put(&own, old, url, 2);
        assert_int_equal(batch_begin(&own.ctx, own.local, BATCH_LAZY), RC_OK);
        assert_int_equal(delivery_drop(&own.ctx, own.local, old), RC_OK);
        assert_int_equal(batch_commit(&own.ctx, own.local), RC_OK);
        delivery_dropped(own.delivery, old);
        own_put(&own, id, url, NOTICES + 1);
        got = receiver_wait(rig->receiver, rig->ctx.arena, str_of(at), NOTICES + 3);
        assert_int_equal(got.len, NOTICES + 3);
        assert_true(has(got.items[NOTICES + 2].body, "21"));
        own_close(&own);
    }
}

/* ---- those who don't answer ---- */

/* A port that takes connections and says nothing. */
static int mute_listen(int *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int mute = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(mute, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(mute, 1000), 0);
    assert_int_equal(getsockname(mute, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return mute;
}

static void who_does_not_answer_keeps_nobody_else_waiting(void **state) {
    Rig *rig = *state;
    Own own = own_open(rig, true);
    int port, mute = mute_listen(&port);
    own.timeout = TIME_MINUTE;
    Str url = str_fmt(rig->ctx.arena, "http://127.0.0.1:%d/", port);
    for (size_t i = 0; i < LANES_FLYING_MAX + 100; i++)
        own_put(&own, str_fmt(rig->ctx.arena, "urn:s:mute:%zu", i), url, i + 1);
    Str id = STR("urn:s:good");
    int64_t began = time_monotonic();
    own_put(&own, id, str_fmt(rig->ctx.arena, "http://127.0.0.1:%d/good", rig->port), 1);
    DeliveryState told = own_wait(&own, id, 1);
    int64_t took = time_monotonic() - began;
    own_close(&own);
    close(mute);
    assert_int_equal(told.sent, 1);
    assert_int_equal(told.failed, 0);
    assert_true(took < 5 * TIME_SECOND);
}

/* Lanes that are asked one after the other to go to a place: how many of them may. */
static size_t enter(Lanes *lanes, Lane **all, size_t n, const char *place) {
    size_t entered = 0;
    for (size_t i = 0; i < n; i++) {
        LaneKey key = lanes_key((Str){(const char *)&i, sizeof i});
        all[i] = lanes_get(lanes, &key);
        lanes_ready(lanes, all[i]);
    }
    for (Lane *lane = lanes_take(lanes), *next; lane; lane = next) {
        next = lane->next_one;
        entered += lanes_enter(lanes, lane, str_of(place), hash_fast(str_of(place)));
    }
    return entered;
}

/* An answer, or none, for each that flies; those fly again for which there is room then. */
static size_t answer(Lanes *lanes, Lane **all, size_t n, Rc rc, int64_t took) {
    size_t flying = 0;
    for (size_t i = 0; i < n; i++) {
        if (all[i]->mode != LANE_FLYING) continue;
        all[i]->rc = rc;
        all[i]->took = took;
        lanes_judge(all[i]);
        lanes_leave(lanes, all[i]);
        lanes_ready(lanes, all[i]);
    }
    for (Lane *lane = lanes_take(lanes); lane; lane = lane->next_one)
        flying++;
    return flying;
}

static void who_answers_gets_more_room(void **state) {
    (void)state;
    enum { MANY = 200 };
    Lane *all[MANY];
    Lanes *lanes = lanes_new(NULL);
    assert_int_equal(enter(lanes, all, MANY, "a:80"), LANES_PLACE_FIRST);
    assert_false(lanes_any(lanes)); /* the others wait unread */
    assert_int_equal(answer(lanes, all, MANY, RC_OK, 5 * TIME_SECOND), LANES_PLACE_FIRST);
    assert_int_equal(answer(lanes, all, MANY, RC_OK, 1000), 2 * LANES_PLACE_FIRST);
    for (int i = 0; i < 4; i++)
        (void)answer(lanes, all, MANY, RC_OK, 1000);
    assert_int_equal(answer(lanes, all, MANY, RC_OK, 1000), LANES_PLACE_MAX);
    for (int i = 0; i < 8; i++)
        (void)answer(lanes, all, MANY, RC_LIMIT, 5 * TIME_SECOND);
    assert_int_equal(answer(lanes, all, MANY, RC_OK, 1000), 2 * LANES_PLACE_FIRST);
    lanes_free(lanes);
}

/* Each of three hundred places is tried by ten that have failed before. */
static void those_that_failed_leave_room(void **state) {
    (void)state;
    enum { MANY = 3000, PLACES = 300 };
    static Lane *all[MANY];
    char place[16];
    Lanes *lanes = lanes_new(NULL);
    for (size_t i = 0; i < PLACES; i++) {
        snprintf(place, sizeof place, "p%zu:80", i);
        for (size_t k = 0; k < 10; k++) {
            LaneKey key = lanes_key((Str){(char *)&(size_t){10 * i + k}, sizeof i});
            Lane *lane = all[10 * i + k] = lanes_get(lanes, &key);
            lanes_ready(lanes, lane);
            assert_ptr_equal(lanes_take(lanes), lane);
            (void)lanes_enter(lanes, lane, str_of(place), 1);
            if (lane->mode == LANE_FLYING) lanes_leave(lanes, lane);
            lane->tries = 1;
            lanes_rest(lanes, lane, 10);
        }
    }
    assert_int_equal(lanes_wake(lanes, 5), 10);
    assert_false(lanes_any(lanes));
    int64_t next = lanes_wake(lanes, 10);
    assert_true(next > 10 &&
                next <= 10 + TIME_SECOND); /* those without room are asked again soon */
    size_t of[PLACES] = {0}, tried = 0;
    for (Lane *lane = lanes_take(lanes), *after; lane; lane = after) {
        after = lane->next_one;
        for (size_t i = 0; i < MANY; i++)
            of[i / 10] += all[i] == lane;
        tried++;
    }
    for (size_t i = 0; i < PLACES; i++)
        assert_true(of[i] <= LANES_PLACE_FIRST / LANES_AGAIN);
    assert_int_equal(tried, LANES_AGAIN_MAX);
    lanes_free(lanes);
}

/* ---- the watch ---- */

static Subscription *compiled(Rig *rig, size_t number, const char *selector) {
    const Json *document, *owner, *context;
    Ctx ctx = rig->ctx;
    Reader *db;
    ctx.tenant = rig->tenant;
    assert_int_equal(reader_open(&ctx, ledger_store(rig->tenant->ledger), &db), RC_OK);
    ctx.db = db;
    Str text = str_fmt(ctx.arena,
                       "{'type':'Subscription','entities':[%s],"
                       "'notification':{'endpoint':{'uri':'http://a.example/'}}}",
                       selector);
    Rc rc = json_read(&ctx, rig_json(ctx.arena, text.ptr), JSON_LIMITS_DEFAULT, &document);
    if (rc == RC_OK) rc = subscription_read(&ctx, ld_core(), document, false, &document);
    owner = gate_actor_write(ctx.arena, gate_system_actor(), STR_NONE);
    context = ld_context_source(ld_core());
    SubscriptionParts parts = {.id = str_fmt(ctx.arena, "urn:s:%zu", number),
                               .document = document,
                               .context = context,
                               .owner = owner};
    Subscription *subscription = NULL;
    if (rc == RC_OK)
        rc = subscription_compile(&ctx, subscription_entity(ctx.arena, &parts), &subscription);
    if (rc != RC_OK) fail_msg(STR_FMT, STR_ARG(ctx.error.detail));
    reader_close(db);
    return subscription;
}

static Rc count_one(void *arg, Subscription *subscription) {
    (void)subscription;
    ++*(size_t *)arg;
    return RC_OK;
}

static size_t proposed(Watch *watch, Arena *arena, const char *id, const char *type) {
    size_t n = 0;
    Entity *entity = entity_new(arena, str_of(id), str_fmt(arena, LD_DEFAULT "%s", type));
    assert_int_equal(watch_each(watch, entity, count_one, &n), RC_OK);
    return n;
}

static void only_what_could_match_is_proposed(void **state) {
    Rig *rig = *state;
    enum { MANY = 2000 };
    Watch *watch = watch_new();
    for (size_t i = 0; i < MANY; i++) {
        Str selector = str_fmt(
            rig->ctx.arena, i % 2 ? "{'type':'Type%zu'}" : "{'type':'Room','id':'urn:r:%zu'}", i);
        watch_put(watch, compiled(rig, i, str_z(rig->ctx.arena, selector)));
    }
    watch_put(watch, compiled(rig, MANY, "{'type':'*'}"));
    watch_put(watch, compiled(rig, MANY + 1, "{'type':'Type1'},{'type':'Type1'},{'type':'Type3'}"));
    assert_int_equal(watch_count(watch), MANY + 2);
    assert_int_equal(proposed(watch, rig->ctx.arena, "urn:x", "Type1"), 3);
    assert_int_equal(proposed(watch, rig->ctx.arena, "urn:x", "Type3"), 3);
    assert_int_equal(proposed(watch, rig->ctx.arena, "urn:x", "Type5"), 2);
    assert_int_equal(proposed(watch, rig->ctx.arena, "urn:r:4", "Room"), 2);
    assert_int_equal(proposed(watch, rig->ctx.arena, "urn:r:5", "Room"), 1);
    for (size_t i = 0; i < MANY; i++)
        assert_true(watch_remove(watch, str_fmt(rig->ctx.arena, "urn:s:%zu", i)));
    assert_false(watch_remove(watch, STR("urn:s:0")));
    watch_tidy(watch);
    assert_int_equal(watch_count(watch), 2);
    assert_int_equal(proposed(watch, rig->ctx.arena, "urn:x", "Type1"), 2);
    watch_put(watch, compiled(rig, MANY, "{'type':'Room'}")); /* replaced */
    assert_int_equal(proposed(watch, rig->ctx.arena, "urn:x", "Type1"), 1);
    watch_free(watch);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(addresses_of_this_machine_are_refused),
        CASE(endpoints_by_address_are_judged_at_once),
        CASE(a_notice_outlives_its_delivery),
        CASE(a_full_lane_says_so_and_counts),
        CASE(handed_over_is_as_read),
        CASE(who_does_not_answer_keeps_nobody_else_waiting),
        cmocka_unit_test(who_answers_gets_more_room),
        cmocka_unit_test(those_that_failed_leave_room),
        CASE(only_what_could_match_is_proposed),
    };
    return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
