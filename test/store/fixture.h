/* fixture: what every test of the store starts from. The factory says how a store of the kind under
   test is opened: the same tests run on each kind. */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

typedef struct Fixture {
    Ctx ctx;
    Clock clock; /* moved on by the tests that need it */
    Rand rand;
    char folder[64]; /* does not exist at first */
    Store *store;
} Fixture;

/* The factory: options of a fresh store in the fixture's folder, small and without helper thread.
 */
StoreOptions fixture_options(Fixture *fixture);

int fixture_set_up(void **state);      /* opens a store */
int fixture_set_up_bare(void **state); /* opens none */
int fixture_tear_down(void **state);
void fixture_open(Fixture *fixture, const StoreOptions *options);
void fixture_close(Fixture *fixture);
/* Removes a folder and all in it. */
void fixture_remove(const char *folder);
/* How many files of the folder hold the bytes. */
size_t fixture_search(const char *folder, Str bytes);

/* A leaf with bytes and id that follow from its position and a word. */
Leaf fixture_leaf(Fixture *fixture, uint64_t position, const char *word);
/* Appends n leaves after the head in one batch. */
Rc fixture_append(Fixture *fixture, Writer *writer, size_t n);

#define assert_rc(call, expected) assert_string_equal(rc_name(call), rc_name(expected))
#define assert_ok(call)           assert_rc(call, RC_OK)
#define assert_str(actual, text)                                                                   \
    do {                                                                                           \
        Str actual_ = (actual), text_ = str_of(text);                                              \
        assert_int_equal(actual_.len, text_.len);                                                  \
        assert_memory_equal(actual_.ptr, text_.ptr, text_.len);                                    \
    } while (0)

#endif
