/* What one request may hold: up to the bound it is done, beyond it nothing is, and its place and
 * remedy are named. */
#include "rig.h"

#include <stdio.h>

/* "first" + "each" of 0 to n - 1, with commas between, + "last". */
static const char *many(Rig *rig, const char *first, const char *each, const char *last, size_t n) {
    Buf out = buf_new(rig->ctx.arena, 16 << 20);
    buf_add(&out, str_of(first));
    for (size_t i = 0; i < n; i++) {
        Str rest = str_of(each), piece;
        if (i) buf_add_char(&out, ',');
        for (bool again = false; str_split(&rest, '#', &piece); again = true) {
            if (again) buf_addf(&out, "%zu", i);
            buf_add(&out, piece);
        }
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
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_has_a_bound),
        cmocka_unit_test(any_number_is_purged),
    };
    return cmocka_run_group_tests_name("broker bounds", tests, rig_set_up, rig_tear_down);
}
