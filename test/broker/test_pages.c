/* Queries of a type are answered the same from what is kept and the long way round (STYLE 17), and
   they are answered from what is kept at all. */
#include "rig.h"

enum { STEPS = 120, IDS = 9 };

static const char *const targets[] = {
    "/entities?type=Room",
    "/entities?type=Room,Hall&limit=3",
    "/entities?type=Room&limit=2&offset=1",
    "/entities?type=(Hall)|Room&limit=4&offset=3",
    "/entities?type=Hall&options=keyValues",
    "/entities?type=Room&limit=5&options=sysAttrs",
    "/entities?type=*&limit=6",
};

static Str ask(Rig *rig, const char *target) {
    HttpReply reply;
    HttpCall call = {.method = HTTP_GET,
                     .url = str_fmt(rig->ctx.arena, "http://127.0.0.1:%d/ngsi-ld/v1%s",
                                    city_port(rig->city), target)};
    assert_int_equal(http_client_call(&rig->ctx, rig->client, &call, &reply), RC_OK);
    assert_int_equal(reply.status, 200);
    return str_fmt(rig->ctx.arena, "Link: " STR_FMT "\n" STR_FMT,
                   STR_ARG(http_reply_header(&reply, "link")), STR_ARG(reply.body));
}

static void same_answers(Rig *rig, int step) {
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        broker_short_cut(rig->tenant, true);
        Str drawn = ask(rig, targets[i]), kept = ask(rig, targets[i]);
        broker_short_cut(rig->tenant, false);
        Str whole = ask(rig, targets[i]);
        if (!str_eq(drawn, whole) || !str_eq(kept, whole))
            fail_msg("step %d, %s: kept\n" STR_FMT "\n" STR_FMT "\nbut it is\n" STR_FMT, step,
                     targets[i], STR_ARG(drawn), STR_ARG(kept), STR_ARG(whole));
    }
}

/* One change drawn by lot; what it meets may refuse it. */
static void change(Rig *rig) {
    static const char *const types[] = {"'Room'", "'Hall'", "['Room','Hall']", "'Shed'"};
    Arena *arena = rig->ctx.arena;
    int id = (int)rand_below(&rig->rand, IDS), value = (int)rand_below(&rig->rand, 100);
    const char *type = types[rand_below(&rig->rand, 4)];
    Str at = str_fmt(arena, "/entities/urn:r:%d", id);
    Str whole = str_fmt(arena, "{'id':'urn:r:%d','type':%s,'t':{'type':'Property','value':%d}}", id,
                        type, value);
    switch (rand_below(&rig->rand, 5)) {
    case 0:
        (void)rig_ask(rig, HTTP_DELETE, at.ptr, NULL);
        return;
    case 1:
        (void)rig_ask(rig, HTTP_POST, "/entityOperations/upsert",
                      str_fmt(arena, "[" STR_FMT "]", STR_ARG(whole)).ptr);
        return;
    case 2: /* a type more */
        (void)rig_ask(
            rig, HTTP_PATCH, at.ptr,
            str_fmt(arena, "{'type':%s,'t':{'type':'Property','value':%d}}", type, value).ptr);
        return;
    case 3:
        (void)rig_ask(rig, HTTP_PATCH, str_fmt(arena, STR_FMT "/attrs/t", STR_ARG(at)).ptr,
                      str_fmt(arena, "{'type':'Property','value':%d}", value).ptr);
        return;
    default:
        (void)rig_ask(rig, HTTP_POST, "/entities", whole.ptr);
        return;
    }
}

static void what_is_kept_answers_as_the_long_way(void **state) {
    Rig *rig = *state;
    for (int step = 0; step < STEPS; step++) {
        change(rig);
        same_answers(rig, step);
    }
    size_t pages = STEPS * (sizeof targets / sizeof *targets);
    assert_in_range(broker_short_cuts(rig->tenant), pages / 2, 2 * pages);
}

static void what_was_read_from_the_store_is_kept_too(void **state) {
    Rig *rig = *state;
    for (int i = 0; i < 5; i++) {
        Str body = str_fmt(rig->ctx.arena, "{'id':'urn:q:%d','type':'Quay'}", i);
        assert_int_equal(rig_ask(rig, HTTP_POST, "/entities", body.ptr), 201);
    }
    rig_close_city(rig); /* its working set is empty afterwards */
    rig_open_city(rig);
    Str first = ask(rig, "/entities?type=Quay&limit=3"), again;
    assert_int_equal(broker_short_cuts(rig->tenant), 0);
    again = ask(rig, "/entities?type=Quay&limit=3");
    assert_int_equal(broker_short_cuts(rig->tenant), 1);
    assert_true(str_eq(first, again));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_kept_answers_as_the_long_way, rig_set_up,
                                        rig_tear_down),
        cmocka_unit_test_setup_teardown(what_was_read_from_the_store_is_kept_too, rig_set_up,
                                        rig_tear_down),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
