/* A test case with a city of its own: CITY() opens it, tearing down removes it. */
#ifndef TEST_LEDGER_CITY_CASE_H
#define TEST_LEDGER_CITY_CASE_H

#include "city.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static int set_up(void **state) {
    City *city = mem_zero(sizeof *city);
    city_make(city);
    *state = city;
    return 0;
}

static int tear_down(void **state) {
    city_end(*state);
    mem_free(*state);
    return 0;
}

static void open_city(City *city) {
    Rc rc = city_open(city);
    if (rc != RC_OK) print_error(STR_FMT "\n", STR_ARG(city->ctx.error.detail));
    assert_int_equal(rc, RC_OK);
}

#define CITY()                                                                                     \
    City *city = *state;                                                                           \
    open_city(city)

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
