/* How much of requests' bodies the server holds: a total, and a share of it for a network. */
#include "rig.h"
#include "http/bodies.h"

#include <unistd.h>

#define HOST "Host: a\r\n"

static void a_total_and_a_share_of_it_bound_what_is_held(void **state) {
    (void)state;
    Bodies *bodies = bodies_new(400);
    assert_null(bodies_hold(bodies, 1, 60));
    assert_null(bodies_hold(bodies, 1, 40));
    const char *share = bodies_hold(bodies, 1, 1); /* the quarter is taken */
    assert_non_null(share);
    assert_non_null(bodies_hold(bodies, 2, 101));
    assert_null(bodies_hold(bodies, 0, 200)); /* nobody's: no share */
    assert_null(bodies_hold(bodies, 2, 100));
    const char *total = bodies_hold(bodies, 3, 1);
    assert_non_null(total);
    assert_string_not_equal(share, total);
    assert_non_null(bodies_hold(bodies, 0, 1));
    bodies_give(bodies, 1, 100);
    assert_null(bodies_hold(bodies, 3, 100)); /* what was given back is another's */
    assert_non_null(bodies_hold(bodies, 0, SIZE_MAX));
    BodiesCounters counters = bodies_counters(bodies);
    assert_int_equal(counters.held, 400);
    assert_int_equal(counters.refused, 5);
    bodies_give(bodies, 0, 200);
    bodies_give(bodies, 2, 100);
    bodies_give(bodies, 3, 60);
    bodies_give(bodies, 3, 40);
    assert_int_equal(bodies_counters(bodies).held, 0);
    bodies_free(bodies);
}

static void a_network_is_an_address_or_the_64_bits_of_a_customer(void **state) {
    (void)state;
    static const struct {
        const char *one, *other;
        bool same;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true},
        {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
        {"192.0.2.1", "2001:db8::1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t one = http_network(rows[i].one), other = http_network(rows[i].other);
        if (!one || !other || (one == other) != rows[i].same) fail_msg("row %zu", i);
    }
    assert_int_equal(http_network(""), 0);
}

static int begin_body(const Rig *rig, Str piece) {
    int fd = rig_connect(rig);
    rig_say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 300000\r\n\r\n");
    rig_send(fd, piece);
    return fd;
}

static Str bytes(Arena *arena, size_t n) {
    char *text = arena_alloc(arena, n, 1);
    memset(text, 'x', n);
    return (Str){text, n};
}

static void assert_no_room(const Reply *reply) {
    char text[32];
    assert_int_equal(reply->status, 503);
    assert_string_equal(rig_header(reply, "Retry-After", text, sizeof text), "1");
    assert_non_null(strstr(reply->body, "Too many large requests are coming in."));
}

static void bodies_that_come_slowly_take_no_more_than_the_total(void **state) {
    (void)state;
    enum { TOTAL = 400000, PART = 250000, WHOLE = 300000 };
    Rig rig = rig_start((HttpOptions){.body_memory = TOTAL}, NULL, 0);
    int slow = begin_body(&rig, bytes(rig.arena, PART));
    rig_until(http_counters(rig.server).body_bytes >= PART);
    int other = begin_body(&rig, bytes(rig.arena, PART));
    Reply reply = rig_read(&rig, other, false);
    assert_no_room(&reply);
    close(other);
    assert_true(http_counters(rig.server).body_bytes <= TOTAL);
    assert_true(http_counters(rig.server).bodies_refused >= 1);
    int fd = rig_connect(&rig); /* what is small comes through */
    rig_say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nsmall");
    assert_int_equal(rig_read(&rig, fd, false).status, 200);
    close(fd);
    rig_send(slow, bytes(rig.arena, WHOLE - PART)); /* and who was first ends as ever */
    reply = rig_read(&rig, slow, false);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.len, WHOLE);
    rig_until(http_counters(rig.server).body_bytes == 0);
    close(slow);
    slow = begin_body(&rig, bytes(rig.arena, PART));
    rig_until(http_counters(rig.server).body_bytes >= PART);
    close(slow); /* who goes away gives back what he held */
    rig_until(http_counters(rig.server).body_bytes == 0);
    rig_stop(&rig);
}

/* However small, while something of them is still to come. */
static void small_bodies_count_too_while_they_are_not_whole(void **state) {
    (void)state;
    enum { CLIENTS = 20 };
    Rig rig = rig_start((HttpOptions){.body_memory = CLIENTS / 2 * 4096}, NULL, 0);
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = rig_connect(&rig);
        rig_say(fds[i], "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nabc");
    }
    rig_until(http_counters(rig.server).bodies_refused == CLIENTS / 2);
    assert_int_equal(http_counters(rig.server).body_bytes, CLIENTS / 2 * 4096);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    rig_until(http_counters(rig.server).body_bytes == 0);
    rig_stop(&rig);
}

static void a_whole_body_for_which_there_is_no_room_is_refused(void **state) {
    (void)state;
    Rig rig = rig_start((HttpOptions){.body_memory = 32 << 10}, NULL, 0);
    Buf text = buf_new(rig.arena, 1 << 20);
    buf_addf(&text, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", 40000);
    buf_add(&text, bytes(rig.arena, 40000));
    Reply reply = rig_ask(&rig, buf_str(&text));
    assert_no_room(&reply);
    rig_until(http_counters(rig.server).body_bytes == 0);
    rig_stop(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_total_and_a_share_of_it_bound_what_is_held),
        cmocka_unit_test(a_network_is_an_address_or_the_64_bits_of_a_customer),
        cmocka_unit_test(bodies_that_come_slowly_take_no_more_than_the_total),
        cmocka_unit_test(small_bodies_count_too_while_they_are_not_whole),
        cmocka_unit_test(a_whole_body_for_which_there_is_no_room_is_refused),
    };
    return cmocka_run_group_tests_name("bodies", tests, NULL, NULL);
}
