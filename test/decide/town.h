/* A town for the tests of routes: its posts, each held by the person of its name, and nobody away.
 */
#ifndef TEST_DECIDE_TOWN_H
#define TEST_DECIDE_TOWN_H

#include "decide/decide.h"

/* Posts are {id, superior, deputy}: mayor > director > head > chief > clerk; finance > mayor. */
enum { TOWN_POSTS = 8 };
extern const char *const town_posts[TOWN_POSTS][3];
/* The first day. */
#define TOWN_TODAY ((Date){2026, 11, 20})

typedef struct Town {
    Ctx ctx;
    Clock clock;
    Rand rand;
    Org org;
} Town;

int town_set_up(void **state);
int town_tear_down(void **state);
Date town_day(int after); /* so many days after the first */
/* The holder of a post is away on these days. */
void town_absent(Town *town, const char *post, int from, int until);

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_set_up, town_tear_down)

#endif
