#include "town.h"

const char *const town_posts[TOWN_POSTS][3] = {
    {"mayor", "", ""},           {"director", "mayor", ""}, {"head", "director", "chief"},
    {"chief", "head", "head"},   {"clerk", "chief", ""},    {"finance", "mayor", "finance2"},
    {"finance2", "finance", ""}, {"legal", "director", ""},
};

Date town_day(int after) {
    return time_days_date(time_date_days(TOWN_TODAY) + after);
}

int town_set_up(void **state) {
    Town *town = mem_zero(sizeof *town);
    town->rand = rand_seeded(11);
    town->ctx = (Ctx){.arena = arena_new(256 << 20),
                      .scratch = arena_new(1 << 20),
                      .clock = &town->clock,
                      .rand = &town->rand};
    for (size_t i = 0; i < TOWN_POSTS; i++) {
        OrgPost post = {.id = str_of(town_posts[i][0]), .superior = str_of(town_posts[i][1])};
        if (*town_posts[i][2]) vec_push(town->ctx.arena, &post.deputies, str_of(town_posts[i][2]));
        vec_push(town->ctx.arena, &town->org.posts, post);
        vec_push(town->ctx.arena, &town->org.holdings,
                 (OrgHolding){.person = str_fmt(town->ctx.arena, "p-%s", town_posts[i][0]),
                              .post = post.id,
                              .days = {.from = {2020, 1, 1}}});
    }
    *state = town;
    return 0;
}

int town_tear_down(void **state) {
    Town *town = *state;
    arena_free(town->ctx.arena);
    arena_free(town->ctx.scratch);
    mem_free(town);
    return 0;
}

void town_absent(Town *town, const char *post, int from, int until) {
    OrgAbsence absence = {.person = str_fmt(town->ctx.arena, "p-%s", post),
                          .days = {town_day(from), town_day(until)}};
    vec_push(town->ctx.arena, &town->org.absences, absence);
}
