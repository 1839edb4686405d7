/* Tests of the waiting room: who came before the opening is shuffled, nobody overtakes, and no more
 * are let in than the rate allows, also after a start. */
#include "book/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define OPENS (1000 * TIME_HOUR)

enum { CROWD = 6000, RATE = 600 };

static const RoomRule rule = {.from = OPENS - TIME_HOUR,
                              .opens = OPENS,
                              .until = OPENS + 4 * TIME_HOUR,
                              .stay = 30 * TIME_MINUTE,
                              .rate = RATE};

typedef struct Crowd {
    Arena *arena;
    Room *room;
    RoomTicket tickets[CROWD];
} Crowd;

static int set_up(void **state) {
    Crowd *crowd = mem_zero(sizeof *crowd);
    Rand rand = rand_seeded(11);
    crowd->arena = arena_new(1 << 20);
    crowd->room = room_new(crowd->arena, rule.from);
    for (int i = 0; i < CROWD; i++)
        crowd->tickets[i] = room_enter(crowd->room, &rule, rule.from + i * TIME_SECOND / 2,
                                       (uint32_t)(rand_u64(&rand) >> 32));
    *state = crowd;
    return 0;
}

static int tear_down(void **state) {
    Crowd *crowd = *state;
    arena_free(crowd->arena);
    mem_free(crowd);
    return 0;
}

static size_t admitted(Crowd *crowd, int64_t now) {
    size_t n = 0;
    for (int i = 0; i < CROWD; i++)
        n += room_place(crowd->room, &rule, &crowd->tickets[i], now).admitted;
    return n;
}

static void who_came_before_the_opening_is_shuffled(void **state) {
    Crowd *crowd = *state;
    size_t early = 0;
    for (int i = 0; i < CROWD; i++) {
        RoomPlace place = room_place(crowd->room, &rule, &crowd->tickets[i], OPENS);
        assert_true(place.shuffled && place.ahead >= 0 && place.ahead < CROWD);
        early += i < CROWD / 2 && place.ahead < CROWD / 2;
    }
    /* of the first half to come half are in the first half to go in: 1500, and 5 deviations */
    assert_in_range(early, 1500 - 140, 1500 + 140);
    assert_int_equal(admitted(crowd, OPENS - 1), 0);
}

static void people_go_in_at_the_rate(void **state) {
    Crowd *crowd = *state;
    for (int minute = 1; minute <= 9; minute++) {
        size_t in = admitted(crowd, OPENS + minute * TIME_MINUTE);
        /* ranks are random: as many as their share, give or take 5 deviations */
        assert_in_range(in, (unsigned)(minute * RATE - 200), (unsigned)(minute * RATE + 200));
    }
    assert_int_equal(admitted(crowd, OPENS + 10 * TIME_MINUTE), CROWD);
}

static void who_comes_later_is_behind_all_who_were_there(void **state) {
    Crowd *crowd = *state;
    RoomTicket late = room_enter(crowd->room, &rule, OPENS + TIME_SECOND, 0);
    RoomTicket later = room_enter(crowd->room, &rule, OPENS + 2 * TIME_MINUTE, 0);
    int64_t now = OPENS + 3 * TIME_MINUTE;
    assert_int_equal(room_place(crowd->room, &rule, &late, now).ahead, CROWD);
    assert_int_equal(room_place(crowd->room, &rule, &later, now).ahead, CROWD + 1);
    assert_int_equal(room_place(crowd->room, &rule, &later, now).at,
                     OPENS + (CROWD + 1) * TIME_MINUTE / RATE);
}

static void who_does_not_begin_in_time_has_to_come_again(void **state) {
    Crowd *crowd = *state;
    RoomPlace place = room_place(crowd->room, &rule, &crowd->tickets[0], OPENS);
    int64_t end = place.at + rule.stay;
    if (end < OPENS + rule.stay) end = OPENS + rule.stay;
    assert_true(room_place(crowd->room, &rule, &crowd->tickets[0], end - 1).admitted);
    place = room_place(crowd->room, &rule, &crowd->tickets[0], end);
    assert_true(place.late && !place.admitted);
}

static void who_comes_when_the_crowd_is_through_goes_in_at_once(void **state) {
    Crowd *crowd = *state;
    static const int64_t after[] = {2 * TIME_HOUR + 59 * TIME_SECOND, 40 * TIME_HOUR};
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        int64_t now = OPENS + after[i];
        RoomTicket ticket = room_enter(crowd->room, &rule, now, 0);
        RoomPlace place = room_place(crowd->room, &rule, &ticket, now);
        assert_true(place.admitted && !place.late && place.at <= now);
        assert_true(room_place(crowd->room, &rule, &ticket, now + rule.stay - 1).admitted);
    }
    RoomTicket ticket = room_enter(crowd->room, &rule, OPENS + after[0], 0);
    int64_t end = OPENS + after[0] + rule.stay + TIME_MINUTE;
    assert_true(room_place(crowd->room, &rule, &ticket, end).late);
}

static void a_start_lets_nobody_in_before_all_were_seen_again(void **state) {
    Crowd *crowd = *state;
    int64_t now = OPENS + 2 * TIME_MINUTE;
    crowd->room = room_new(crowd->arena, now);
    assert_int_equal(admitted(crowd, now), 0); /* each shows his ticket */
    now += 20 * TIME_SECOND;
    size_t in = admitted(crowd, now);
    assert_in_range(in, 1400 - 200, 1400 + 200); /* 140 seconds of the rate */
}

static void tickets_are_written_and_read(void **state) {
    Crowd *crowd = *state;
    static const char *const wrong[] = {"",
                                        "0",
                                        "0-0-0",
                                        "0-00000000",
                                        "0-0000000g-0",
                                        "1440-00000000-0",
                                        "-1-00000000-0",
                                        "0-00000000-4294967295",
                                        "0-00000000-0-x"};
    RoomTicket read, ticket = {3, 0x0abc1234, 77};
    Str text = room_ticket_text(crowd->arena, &ticket);
    assert_true(str_eq(text, STR("3-0abc1234-77")));
    assert_true(room_ticket_read(text, &read));
    assert_int_equal(read.bucket, 3);
    assert_int_equal(read.rank, 0x0abc1234);
    assert_int_equal(read.number, 77);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(room_ticket_read(str_of(wrong[i]), &read));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(who_came_before_the_opening_is_shuffled),
        TEST(people_go_in_at_the_rate),
        TEST(who_comes_later_is_behind_all_who_were_there),
        TEST(who_does_not_begin_in_time_has_to_come_again),
        TEST(who_comes_when_the_crowd_is_through_goes_in_at_once),
        TEST(a_start_lets_nobody_in_before_all_were_seen_again),
        TEST(tickets_are_written_and_read),
    };
    return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
