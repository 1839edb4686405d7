/* What one request may hold: up to the bound it is done, beyond it nothing is, and its place and
 * remedy are named. */
#include "rig.h"

#include <stdio.h>

/* `first`, `each` n times with commas between, its number for '#', and `last`. */
static const char *many(Rig *rig, const char *first, const char *each, const char *last, size_t n) {
    Buf out = buf_new(rig->ctx.arena, 16 << 20);
    buf_add(&out, str_of(first));
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(&out, ',');
        for (const char *c = each; *c; c++)
            if (*c == '#')
                buf_addf(&out, "%zu", i);
            else
                buf_add_char(&out, *c);
    }
    buf_add(&out, str_of(last));
    assert_false(out.full);
    return str_z(rig->ctx.arena, buf_str(&out));
}

static void assert_answered(HttpReply reply, int status, const char *what) {
    assert_int_equal(reply.status, status);
    assert_true(has(reply.body, what));
}

static void a_batch_has_a_bound(void **state) {
    Rig *rig = *state;
    static const char *const operations[] = {"create", "upsert", "update", "merge", "delete"};
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        char target[64];
        snprintf(target, sizeof target, "/entityOperations/%s", operations[i]);
        assert_answered(rig_answer(rig, HTTP_POST, target, many(rig, "[", "1", "]", 10001)), 413,
                        "10001 are too many: at most 10000");
    }
    HttpReply whole = rig_answer(rig, HTTP_POST, "/entityOperations/create",
                                 many(rig, "[", "{'id':'urn:n:#','type':'N'}", "]", 10000));
    assert_answered(whole, 201, "[\"urn:n:0\",");
    assert_true(str_ends(whole.body, STR(",\"urn:n:9999\"]")));
}

static void any_number_is_purged(void **state) {
    Rig *rig = *state;
    const char *batch = many(rig, "[", "{'id':'urn:x:#','type':'Purged','a':1,'b':2}", "]", 2500);
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entityOperations/create", batch), 201);
    assert_int_equal(rig_ask(rig, HTTP_DELETE, "/entities?type=Purged&drop=a", NULL), 204);
    assert_true(has(rig_read(rig, "/entities?type=Purged&attrs=a&count=true"), "[]"));
    assert_int_equal(rig_ask(rig, HTTP_DELETE, "/entities?type=Purged", NULL), 204);
    assert_true(has(rig_read(rig, "/entities?type=Purged"), "[]"));
    /* more work than one batch may make */
    for (int i = 0; i < 3; i++) {
        Str wide = str_fmt(rig->ctx.arena, "{'id':'urn:x:%d:#','type':'Purged'", i);
        for (int n = 0; n < 600; n++)
            wide = str_fmt(rig->ctx.arena, STR_FMT ",'a%d':1", STR_ARG(wide), n);
        wide = str_fmt(rig->ctx.arena, STR_FMT "}", STR_ARG(wide));
        batch = many(rig, "[", str_z(rig->ctx.arena, wide), "]", 300);
        assert_int_equal(rig_ask(rig, HTTP_POST, "/entityOperations/create", batch), 201);
    }
    assert_int_equal(rig_ask(rig, HTTP_DELETE, "/entities?type=Purged", NULL), 204);
    assert_true(has(rig_read(rig, "/entities?type=Purged"), "[]"));
}

static void an_entity_has_a_bound(void **state) {
    Rig *rig = *state;
    const char *whole = many(rig, "{", "'a#':1", ",'id':'urn:w:1','type':'W'}", 1999);
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entities", whole), 201);
    const char *wide = many(rig, "{", "'a#':2", "}", 2001),
               *deep = many(rig, "{'p':{'value':1,", "'a#':2", "}}", 2000),
               *instances = many(rig, "{'a1':[", "{'value':#}", "]}", 10001);
    assert_answered(rig_answer(rig, HTTP_PATCH, "/entities/urn:w:1/attrs", wide), 413,
                    "At most 2000 attributes are taken at once");
    assert_answered(rig_answer(rig, HTTP_PATCH, "/entities/urn:w:1", deep), 413,
                    "At most 2000 attributes are taken at once");
    assert_answered(rig_answer(rig, HTTP_PATCH, "/entities/urn:w:1?format=simplified", wide), 413,
                    "At most 2000 attributes are taken at once");
    assert_answered(rig_answer(rig, HTTP_POST, "/temporal/entities/urn:w:1/attrs", instances), 413,
                    "At most 10000 attributes are taken at once");
    assert_answered(rig_answer(rig, HTTP_POST, "/entities/urn:w:1/attrs", "{'b1':1,'b2':2}"), 413,
                    "An entity has at most 2000 attributes");
    assert_true(has(rig_read(rig, "/entities/urn:w:1?pick=a1&format=simplified"), "{\"a1\":1}"));
}

/* One that is too large fails alone; and what comes behind too much work is not gone into. */
static void a_batch_is_judged_one_by_one(void **state) {
    Rig *rig = *state;
    Str batch = str_fmt(rig->ctx.arena, "[%s,{'id':'urn:j:1','type':'J','a':1}]",
                        many(rig, "{'id':'urn:j:2','type':'J',", "'a#':1", "}", 2000));
    HttpReply reply =
        rig_answer(rig, HTTP_POST, "/entityOperations/create", str_z(rig->ctx.arena, batch));
    assert_answered(reply, 207, "{\"success\":[\"urn:j:1\"],\"errors\":[{\"entityId\":\"urn:j:2\"");
    const char *element = many(rig, "{", "'a#':1", ",'id':'urn:j:4','type':'J'}", 1900);
    assert_answered(
        rig_answer(rig, HTTP_POST, "/entityOperations/create", many(rig, "[", element, "]", 132)),
        413, "at most 250000");
    const char *whole = many(rig, "{", "'a#':1", ",'id':'urn:j:3','type':'J'}", 1990);
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entities", whole), 201);
    const char *again = many(rig, "[", "{'id':'urn:j:3','a1':#}", "]", 1000);
    reply = rig_answer(rig, HTTP_POST, "/entityOperations/update", again);
    assert_answered(reply, 207, "it was not gone into");
    assert_answered(reply, 207, "{\"success\":[\"urn:j:3\",");
}

/* Also where neither the batch nor what it adds to the entity is large. */
static void what_grows_too_large_in_a_small_batch_fails_alone(void **state) {
    Rig *rig = *state;
    const char *large = many(rig, "{'a':'", "0123456789ABCDEF", "'}", 60000); /* commas among it */
    assert_int_equal(rig_ask(rig, HTTP_POST, "/entities", "{'id':'urn:g:1','type':'G','a0':1}"),
                     201);
    for (int i = 0; i < 4; i++) {
        Str body = str_fmt(rig->ctx.arena, "{'a%d'%s", i, large + 4);
        assert_int_equal(
            rig_ask(rig, HTTP_POST, "/entities/urn:g:1/attrs", str_z(rig->ctx.arena, body)), 204);
    }
    Str batch =
        str_fmt(rig->ctx.arena, "[%s,{'id':'urn:g:2','type':'G','a':1}]",
                many(rig, "{'id':'urn:g:1','type':'G','z':'", "0123456789ABCDEF", "'}", 8000));
    HttpReply reply = rig_answer(rig, HTTP_POST, "/entityOperations/upsert?options=update",
                                 str_z(rig->ctx.arena, batch));
    assert_answered(reply, 207, "{\"success\":[\"urn:g:2\"],\"errors\":[{\"entityId\":\"urn:g:1\"");
    assert_answered(reply, 207, "takes at most 4 MiB");
}

/* Lists that hold 1000: in a body, or in the address of what has none. */
static const struct {
    HttpMethod method;
    const char *target, *before, *each, *after;
    int whole, beyond; /* status at the bound, and one beyond it */
} lists[] = {
    {HTTP_POST, "/entityOperations/query", "{'type':'Query','entities':[{'type':'N'}],'pick':[",
     "'p#'", "],'omit':['o']}", 200, 403},
    {HTTP_POST, "/entityOperations/query", "{'type':'Query','entities':[{'type':'N'}],'omit':[",
     "'p#'", "],'pick':['o']}", 200, 403},
    {HTTP_POST, "/entityOperations/query", "{'type':'Query','entities':[{'type':'N'}],'attrs':[",
     "'p#'", "]}", 200, 403},
    {HTTP_POST, "/entityOperations/query",
     "{'type':'Query','entities':[{'type':'N'}],'datasetId':[", "'urn:d:#'", "]}", 200, 403},
    {HTTP_POST, "/entityOperations/query", "{'type':'Query','entities':[{'type':'N','id':[",
     "'urn:n:#'", "]}]}", 200, 403},
    {HTTP_POST, "/entityOperations/query", "{'type':'Query','entities':[", "{'type':'T#'}", "]}",
     200, 403},
    {HTTP_POST, "/entityOperations/query", "{'type':'Query','entities':[", "{'idPattern':'.'}",
     "]}", 200, 403},
    {HTTP_POST, "/temporal/entityOperations/query",
     "{'type':'Query','temporalQ':{'timerel':'before','timeAt':'2025-01-01T00:00:00Z'},'entities':"
     "[",
     "{'type':'T#'}", "]}", 200, 403},
    {HTTP_GET, "/entities?type=N&id=", "", "u:#", "", 200, 403},
    {HTTP_GET, "/entities?type=N&attrs=", "", "p#", "", 200, 403},
    {HTTP_GET, "/entities?type=N&pick=", "", "p#", "", 200, 403},
    {HTTP_GET, "/entities?type=N&pick=", "id,a%7B", "p#", "%7D&join=inline", 403, 403},
    {HTTP_GET, "/temporal/entities/urn:n:1?attrs=", "", "p#", "", 200, 403},
    {HTTP_DELETE, "/entities?type=None&keep=", "", "p#", "", 204, 403},
    {HTTP_POST, "/subscriptions",
     "{'type':'Subscription','notification':{'endpoint':{'uri':'http://127.0.0.1:9/x'}},"
     "'watchedAttributes':[",
     "'p#'", "]}", 201, 413},
    {HTTP_POST, "/subscriptions",
     "{'type':'Subscription','notification':{'endpoint':{'uri':'http://127.0.0.1:9/"
     "x'}},'entities':[",
     "{'type':'T#'}", "]}", 201, 413},
};

static void a_list_has_a_bound(void **state) {
    Rig *rig = *state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t more = 0; more <= 1; more++) {
            const char *text =
                many(rig, lists[i].before, lists[i].each, lists[i].after, 1000 + more);
            bool posts = lists[i].method == HTTP_POST;
            Str target = str_fmt(rig->ctx.arena, "%s%s", lists[i].target, posts ? "" : text);
            HttpReply reply = rig_answer(rig, lists[i].method, target.ptr, posts ? text : NULL);
            if (reply.status != (more ? lists[i].beyond : lists[i].whole))
                fail_msg("list %zu, %zu: %d " STR_FMT, i, 1000 + more, reply.status,
                         STR_ARG(reply.body));
            if (more && !has(reply.body, "1000"))
                fail_msg("list %zu: no bound in " STR_FMT, i, STR_ARG(reply.body));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_has_a_bound),
        cmocka_unit_test(any_number_is_purged),
        cmocka_unit_test(an_entity_has_a_bound),
        cmocka_unit_test(a_batch_is_judged_one_by_one),
        cmocka_unit_test(a_list_has_a_bound),
        cmocka_unit_test(what_grows_too_large_in_a_small_batch_fails_alone),
    };
    return cmocka_run_group_tests_name("broker bounds", tests, rig_set_up, rig_tear_down);
}
