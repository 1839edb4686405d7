/* Tests of lotteries: the draw, and that machi-verify finds out whoever changes one. */
#include "book/lottery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

enum { ENTRIES = 200, SLOTS = 5, UNITS = 8 };

#define CASE "urn:ngsi-ld:Application:7"
#define SALT "salt7"

static Lottery made(Arena *arena, Str seed) {
    Lottery lottery = {.name = STR("hall 2027-01"),
                       .closed = STR("2026-12-10T15:00:00.000Z"),
                       .randomness = STR("drand-quicknet round 34721578"),
                       .seed = seed};
    for (int i = SLOTS - 1; i >= 0; i--)
        vec_push(arena, &lottery.slots, (LotterySlot){str_fmt(arena, "hall/%d", i), UNITS});
    for (int i = 0; i < ENTRIES; i++) {
        Str slot = str_fmt(arena, "hall/%d", i % SLOTS);
        LotteryWish wish = {.lottery = lottery.name,
                            .case_id = str_fmt(arena, "urn:ngsi-ld:Application:%d", i),
                            .slot = slot,
                            .salt = str_fmt(arena, "salt%d", i),
                            .units = 1 + i % 3};
        vec_push(arena, &lottery.entries,
                 (LotteryEntry){lottery_commitment(arena, &wish), slot, wish.units});
    }
    lottery_sort(&lottery);
    return lottery;
}

static void a_draw_gives_each_slot_to_the_first_by_rank(void **state) {
    (void)state;
    Arena *arena = arena_new(16 << 20);
    Lottery lottery = made(arena, STR("9e98"));
    LotteryRanks ranks, again;
    int64_t taken[SLOTS] = {0};
    lottery_draw(arena, &lottery, &ranks);
    assert_int_equal(ranks.len, ENTRIES);
    VEC_EACH (const LotteryRank, rank, &ranks) {
        int slot = rank->entry->slot.ptr[5] - '0';
        bool fits = taken[slot] + rank->entry->units <= UNITS;
        assert_int_equal(rank->wins, fits);
        taken[slot] += fits ? rank->entry->units : 0;
    }
    for (int i = 0; i < SLOTS; i++)
        assert_int_equal(taken[i], UNITS); /* there was somebody who wanted the last one */
    lottery = made(arena, STR("9e99"));
    lottery_draw(arena, &lottery, &again);
    size_t same = 0;
    for (size_t i = 0; i < ENTRIES; i++)
        same += str_eq(ranks.items[i].entry->commitment, again.items[i].entry->commitment);
    assert_true(same < ENTRIES / 4); /* another seed, another order */
    arena_free(arena);
}

static void drand_rounds_are_counted_from_its_beginning(void **state) {
    (void)state;
    int64_t genesis = 1692803367 * TIME_SECOND;
    assert_int_equal(lottery_drand_round(genesis), 1);
    assert_int_equal(lottery_drand_round(genesis + 1), 2);
    assert_int_equal(lottery_drand_round(genesis + 3 * TIME_SECOND), 2);
    assert_int_equal(lottery_drand_round(INT64_C(1776643200) * TIME_SECOND), 27946612);
}

/* ---- machi-verify ---- */

typedef struct Verdict {
    int code;
    Str said;
} Verdict;

static Verdict verify(Arena *arena, Str file, const char *more) {
    char path[] = "/tmp/machi-lottery-XXXXXX", said[500] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, file.ptr, file.len) == (ssize_t)file.len);
    close(fd);
    Str command = str_fmt(arena, "'%s' lottery %s %s", getenv("MACHI_VERIFY"), path, more);
    FILE *out = popen(str_z(arena, command), "r");
    assert_non_null(out);
    size_t n = fread(said, 1, sizeof said - 1, out);
    int status = pclose(out);
    unlink(path);
    return (Verdict){WEXITSTATUS(status), str_dup(arena, (Str){said, n})};
}

static Str published(Arena *arena) {
    Lottery lottery = made(arena, STR("9e98"));
    LotteryRanks ranks;
    lottery_draw(arena, &lottery, &ranks);
    return lottery_file(arena, &lottery, &ranks);
}

static void a_published_lottery_is_computed_again(void **state) {
    (void)state;
    Arena *arena = arena_new(64 << 20);
    Verdict verdict = verify(arena, published(arena), "");
    assert_int_equal(verdict.code, 0);
    assert_true(str_starts(verdict.said, STR("sound: 200 entries, ")));
    Lottery lottery = made(arena, STR_NONE);
    verdict = verify(arena, lottery_file(arena, &lottery, NULL), "");
    assert_int_equal(verdict.code, 0);
    assert_true(str_eq(verdict.said, STR("sound: 200 entries, not drawn yet.\n")));
    verdict = verify(arena, published(arena), CASE " " SALT);
    assert_int_equal(verdict.code, 0);
    assert_true(str_find(verdict.said, STR("for hall/2, with rank ")) > 0);
    verdict = verify(arena, published(arena), CASE " other");
    assert_int_equal(verdict.code, 1);
    arena_free(arena);
}

/* The n-th line that begins with a word; *at: its beginning. */
static Str line_of(Str file, const char *word, int n, size_t *at) {
    Str rest = file, line;
    while (str_split(&rest, '\n', &line))
        if (str_starts(line, str_of(word)) && n-- == 0) {
            *at = (size_t)(line.ptr - file.ptr);
            return line;
        }
    fail_msg("there is no line %s", word);
    return STR_NONE;
}

static Str with_line(Arena *arena, Str file, const char *word, int n, Str by) {
    size_t at;
    Str line = line_of(file, word, n, &at);
    Str parts[] = {str_sub(file, 0, at), by, str_sub(file, at + line.len, file.len)};
    return str_join(arena, parts, 3, STR_NONE);
}

static void whoever_changes_a_lottery_is_found_out(void **state) {
    (void)state;
    Arena *arena = arena_new(64 << 20);
    Str file = published(arena);
    size_t at;
    Str first = line_of(file, "rank", 0, &at), second = line_of(file, "rank", 1, &at);
    const struct {
        const char *word;
        int n;
        Str by;
        const char *said;
    } cases[] = {
        {"rank", 0, second, "line 211: \"rank 1 "},
        {"rank", 1, str_fmt(arena, "%.*swait", (int)(second.len - 3), second.ptr), "line 212: "},
        {"seed", 0, STR("seed 9e97"), "line 211: \"rank 1 "},
        {"lottery", 0, STR("lottery hall 2027-02"), "line 211: \"rank 1 "},
        {"entry", 3, line_of(file, "entry", 4, &at), "line 14: entries stand in ascending order"},
        {"slot", 0, STR("slot hall/0 9"), "line "},
        {"slot", 4, STR("slot hall/9 8"), "the list has no such slot"},
        {"machi-lottery", 0, STR("machi-lottery 2"), "line 1: only version 1"},
        {"closed", 0, STR("opened 2026"), "line 3: a line \"closed ...\" is expected here"},
    };
    LotteryWish seventh = {.lottery = STR("hall 2027-01"),
                           .case_id = STR(CASE),
                           .slot = STR("hall/2"),
                           .salt = STR(SALT),
                           .units = 2};
    Str mine = lottery_commitment(arena, &seventh);
    assert_true(str_find(file, mine) > 0);
    assert_true(str_ends(second, STR("win")) && str_ends(first, STR("win")));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Verdict verdict =
            verify(arena, with_line(arena, file, cases[i].word, cases[i].n, cases[i].by), "");
        assert_int_equal(verdict.code, 1);
        if (str_find(verdict.said, str_of(cases[i].said)) < 0)
            fail_msg("%zu: " STR_FMT, i, STR_ARG(verdict.said));
    }
    for (int n = 0; n < ENTRIES; n++) { /* nobody's wish can be changed without his seeing it */
        Str entry = line_of(file, "entry", n, &at);
        if (str_find(entry, mine) < 0) continue;
        Str changed =
            with_line(arena, file, "entry", n, str_fmt(arena, STR_FMT "0", STR_ARG(entry)));
        assert_int_equal(verify(arena, changed, CASE " " SALT).code, 1);
    }
    Str longer[] = {file, STR("rank 201 x win\n")};
    assert_int_equal(verify(arena, str_join(arena, longer, 2, STR_NONE), "").code, 1);
    assert_int_equal(verify(arena, str_sub(file, 0, file.len - 1), "").code, 1);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draw_gives_each_slot_to_the_first_by_rank),
        cmocka_unit_test(drand_rounds_are_counted_from_its_beginning),
        cmocka_unit_test(a_published_lottery_is_computed_again),
        cmocka_unit_test(whoever_changes_a_lottery_is_found_out),
    };
    return cmocka_run_group_tests_name("lottery", tests, NULL, NULL);
}
