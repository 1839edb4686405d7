/* Tests of what a subscriber is told when his rights have changed, and of personal data in
   notifications. */
#include "rig.h"

#include "broker/rights.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAIL "secret.address@example.jp"

/* The operator's Ctx on this thread. */
static Ctx inside(Rig *rig) {
    Ctx ctx = rig->ctx;
    ctx.tenant = rig->tenant;
    ctx.actor = (Actor *)gate_operator_actor();
    assert_int_equal(reader_open(&ctx, ledger_store(rig->tenant->ledger), &ctx.db), RC_OK);
    return ctx;
}

static void good(Ctx *ctx, Rc rc) {
    if (rc != RC_OK) print_error(STR_FMT "\n", STR_ARG(ctx->error.detail));
    assert_int_equal(rc, RC_OK);
}

/* A service account; later requests are its own, by a token. */
static Str robot(Rig *rig, Ctx *ctx) {
    Str id, token;
    GateAccount account = {.login = STR("robot"), .name = STR("Robot"), .kind = ACTOR_SERVICE};
    vec_push(ctx->arena, &account.roles, STR("editor"));
    good(ctx, gate_account_create(ctx, &account, &id));
    GateTokenWish wish = {.account = account.login, .ttl = TIME_HOUR};
    good(ctx, gate_token_create(ctx, &wish, &token));
    rig->header = str_fmt(ctx->arena, "Authorization: Bearer " STR_FMT, STR_ARG(token)).ptr;
    return id;
}

static void revoke_all(Ctx *ctx) {
    GateTokensSeen tokens;
    good(ctx, gate_token_list(ctx, true, &tokens));
    assert_true(tokens.len > 0);
    VEC_EACH (const GateTokenSeen, token, &tokens)
        good(ctx, gate_token_revoke(ctx, token->id));
}

static Str reason(Ctx *ctx, const char *at) {
    const Entity *stored;
    Str id = str_fmt(ctx->arena, "urn:ngsi-ld:Subscription:%s", at);
    good(ctx, ledger_entity(ctx, ctx->tenant->ledger, id, &stored));
    return json_get_str(subscription_part(stored, STR(SUBSCRIPTION_WITHHELD)), "reason");
}

static Str shown(Rig *rig, const char *at) {
    HttpReply reply;
    Str header = str_of(rig->header);
    HttpCall call = {
        .method = HTTP_GET,
        .url = str_fmt(rig->ctx.arena,
                       "http://127.0.0.1:%d/ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:%s",
                       city_port(rig->city), at),
        .headers = &header,
        .n_headers = rig->header != NULL};
    assert_int_equal(http_client_call(&rig->ctx, rig->client, &call, &reply), RC_OK);
    assert_int_equal(reply.status, 200);
    return reply.body;
}

static void write_level(Rig *rig, HttpMethod method, int level) {
    const char *target = method == HTTP_POST ? "/entities" : "/entities/urn:a:1";
    char body[120];
    snprintf(body, sizeof body,
             "{'id':'urn:a:1','type':'T','level':{'type':'Property','value':%d}}", level);
    assert_true(rig_ask(rig, method, target, body) < 300);
}

static void what_a_revoked_token_subscribed_to_is_told_no_more(void **state) {
    Rig *rig = *state;
    Ctx ctx = inside(rig);
    (void)robot(rig, &ctx);
    rig_subscribe(rig, "one", "'entities':[{'type':'T'}]");
    write_level(rig, HTTP_POST, 1);
    assert_int_equal(receiver_wait(rig->receiver, ctx.arena, STR("one"), 1).len, 1);
    revoke_all(&ctx);
    rig->header = NULL;
    write_level(rig, HTTP_PATCH, 2);
    rig_settle(rig);
    assert_int_equal(receiver_got(rig->receiver, ctx.arena, STR("one")).len, 1);
    assert_true(str_eq(reason(&ctx, "one"), STR("token-revoked")));
    Str told = shown(rig, "one");
    assert_true(has(told, "\"status\":\"paused\"") && has(told, "\"status\":\"failed\""));
    assert_true(has(told, "token-revoked"));
    reader_close(ctx.db);
}

static void what_waits_for_a_disabled_owner_is_not_sent(void **state) {
    Rig *rig = *state;
    Ctx ctx = inside(rig);
    Str id = robot(rig, &ctx);
    rig_subscribe(rig, "fail2", "'entities':[{'type':'T'}]");
    write_level(rig, HTTP_POST, 1);
    assert_int_equal(receiver_wait(rig->receiver, ctx.arena, STR("fail2"), 1).len, 1);
    good(&ctx, gate_account_disable(&ctx, id, true));
    rig_settle(rig);
    assert_int_equal(receiver_got(rig->receiver, ctx.arena, STR("fail2")).len, 1);
    assert_int_equal(broker_waiting(rig->tenant), 0);
    assert_true(str_eq(reason(&ctx, "fail2"), STR("owner-disabled")));
    rig->header = NULL;
    assert_true(has(shown(rig, "fail2"), "\"timesFailed\":2"));
    reader_close(ctx.db);
}

static void an_owner_starts_his_subscription_again(void **state) {
    Rig *rig = *state;
    Ctx ctx = inside(rig);
    (void)robot(rig, &ctx);
    Str token;
    rig_subscribe(rig, "one", "'entities':[{'type':'T'}]");
    revoke_all(&ctx);
    rig->header = NULL;
    write_level(rig, HTTP_POST, 1);
    rig_settle(rig);
    assert_true(str_eq(reason(&ctx, "one"), STR("token-revoked")));
    GateTokenWish wish = {.account = STR("robot"), .ttl = TIME_HOUR};
    good(&ctx, gate_token_create(&ctx, &wish, &token));
    rig->header = str_fmt(ctx.arena, "Authorization: Bearer " STR_FMT, STR_ARG(token)).ptr;
    const char *one = "/subscriptions/urn:ngsi-ld:Subscription:one";
    assert_int_equal(rig_ask(rig, HTTP_PATCH, one, "{'isActive':true}"), 204);
    write_level(rig, HTTP_PATCH, 2);
    assert_int_equal(receiver_wait(rig->receiver, ctx.arena, STR("one"), 1).len, 1);
    reader_close(ctx.db);
}

static void nobody_leads_anothers_notifications_elsewhere(void **state) {
    Rig *rig = *state;
    Ctx ctx = inside(rig);
    (void)robot(rig, &ctx);
    rig_subscribe(rig, "one", "'entities':[{'type':'T'}]");
    rig->header = NULL; /* in a sandbox everybody operates */
    const char *one = "/subscriptions/urn:ngsi-ld:Subscription:one";
    Str elsewhere = str_fmt(
        ctx.arena, "{'notification':{'endpoint':{'uri':'http://127.0.0.1:%d/other'}}}", rig->port);
    assert_int_equal(rig_ask(rig, HTTP_PATCH, one, elsewhere.ptr), 403);
    assert_int_equal(rig_ask(rig, HTTP_PATCH, one, "{'isActive':false}"), 204);
    reader_close(ctx.db);
}

/* ---- personal data ---- */

static void report(Rig *rig, const char *id) {
    char body[400];
    snprintf(body, sizeof body,
             "{'id':'urn:ngsi-ld:ProblemReport:%s','type':'ProblemReport','email':{'type':"
             "'Property','value':'" MAIL
             "'},'kind':{'type':'Property','value':'data'},'text':{'type':"
             "'Property','value':'A gap'}}",
             id);
    const char *header = rig->header;
    rig->header = NULL;
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entities", body), 201);
    rig->header = header;
}

static Looks looks_at(Ctx *ctx, const char *id) {
    Looks looks;
    good(ctx, project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    LooksQuery query = {.subject = str_fmt(ctx->arena, "urn:ngsi-ld:ProblemReport:%s", id),
                        .limit = 10};
    good(ctx, project_looks(ctx, ctx->tenant->project, &query, &looks));
    return looks;
}

static void personal_data_go_out_for_a_purpose_as_a_look(void **state) {
    Rig *rig = *state;
    Ctx ctx = inside(rig);
    rig_subscribe(rig, "without", "'entities':[{'type':'ProblemReport'}]");
    rig->header = "Machi-Purpose: problem-report";
    rig_subscribe(rig, "with", "'entities':[{'type':'ProblemReport'}]");
    report(rig, "1");
    Gots with = receiver_wait(rig->receiver, ctx.arena, STR("with"), 1),
         without = receiver_wait(rig->receiver, ctx.arena, STR("without"), 1);
    assert_int_equal(with.len, 1);
    assert_int_equal(without.len, 1);
    assert_true(has(with.items[0].body, MAIL));
    assert_false(has(without.items[0].body, MAIL));
    Looks looks = looks_at(&ctx, "1");
    assert_int_equal(looks.len, 1);
    assert_true(str_eq(looks.items[0].purpose, STR("problem-report")));
    reader_close(ctx.db);
}

static bool lies_in_clear(Rig *rig) {
    char command[200];
    snprintf(command, sizeof command, "grep -rqaF '%s' %s", MAIL, rig->folder);
    return system(command) == 0;
}

static void personal_data_wait_sealed(void **state) {
    Rig *rig = *state;
    Ctx ctx = inside(rig);
    rig->header = "Machi-Purpose: problem-report";
    rig_subscribe(rig, "hang", "'entities':[{'type':'ProblemReport'}]");
    report(rig, "1");
    report(rig, "2");
    assert_int_equal(receiver_wait(rig->receiver, ctx.arena, STR("hang"), 1).len, 1);
    while (broker_waiting(rig->tenant) < 2)
        usleep(10000);
    assert_false(lies_in_clear(rig));
    assert_true(looks_at(&ctx, "1").len >= 1);    /* one for each try that was sent */
    assert_int_equal(looks_at(&ctx, "2").len, 0); /* it has not left yet */
    reader_close(ctx.db);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_a_revoked_token_subscribed_to_is_told_no_more),
        TEST(what_waits_for_a_disabled_owner_is_not_sent),
        TEST(an_owner_starts_his_subscription_again),
        TEST(nobody_leads_anothers_notifications_elsewhere),
        TEST(personal_data_go_out_for_a_purpose_as_a_look),
        TEST(personal_data_wait_sealed),
    };
    return cmocka_run_group_tests_name("broker rights", tests, NULL, NULL);
}
