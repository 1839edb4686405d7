/* Aggregated evolutions by the time of writing: it goes another way than that of observation. */
#include "rig.h"

#include <unistd.h>

enum { BEHIND_A_PERIOD = 1200000 };

static Str ask(Rig *rig, const char *target) {
    HttpReply reply;
    HttpCall call = {.method = HTTP_GET,
                     .url = str_fmt(rig->ctx.arena, "http://127.0.0.1:%d/ngsi-ld/v1%s",
                                    city_port(rig->city), target)};
    assert_int_equal(http_client_call(&rig->ctx, rig->client, &call, &reply), RC_OK);
    assert_int_equal(reply.status, 200);
    return reply.body;
}

static void what_was_observed_late_is_counted_when_it_was_written(void **state) {
    Rig *rig = *state;
    static const char *const readings[] = {
        "{'t':{'type':'Property','value':8,'observedAt':'2024-07-07T01:00:09Z'}}",
        "{'t':{'type':'Property','value':3,'observedAt':'2024-07-07T01:00:01Z'}}",
        "{'t':{'type':'Property','value':5,'observedAt':'2024-07-07T01:00:05Z'}}",
    };
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entities", "{'id':'urn:s:1','type':'Sluice'}"), 201);
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        if (i) usleep(BEHIND_A_PERIOD);
        assert_int_equal(rig_ask(rig, HTTP_POST, "/entities/urn:s:1/attrs", readings[i]), 204);
    }
    Str body = ask(rig, "/temporal/entities/urn:s:1?timeproperty=modifiedAt"
                        "&options=aggregatedValues&aggrMethods=sum&aggrPeriodDuration=PT1S");
    if (!has(body, "\"sum\":[[8,") || !has(body, ",[3,") || !has(body, ",[5,"))
        fail_msg(STR_FMT, STR_ARG(body));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_observed_late_is_counted_when_it_was_written,
                                        rig_set_up, rig_tear_down),
    };
    return cmocka_run_group_tests_name("periods", tests, NULL, NULL);
}
