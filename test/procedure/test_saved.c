/* Tests of drafts that are kept with a resident's account: what he began before he signed in, on
 * which device he goes on, how long they last, and throwing one away. */
#include "cases.h"
#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define BROWSER STR("the browser of somebody")
#define OWN     STR("the secret of his account")
#define TOKEN   STR("0123456789abcdefghjkmnpqrs")

static const char photo[] = "\x89PNG\r\n\x1a\n"
                            "\0\0\0\x03IHDRabcCRCC"
                            "\0\0\0\x04IDATdataCRCC"
                            "\0\0\0\0IENDCRCC";

/* Nobody at a browser, and the same one when he has signed in. */
static Actor stranger, owner;

static void signed_in(House *house) {
    owner = house->resident;
    owner.browser = STR("the browser of his session");
    owner.drafts = OWN;
    house_act(house, &owner);
}

static void stranger_acts(House *house) {
    stranger = (Actor){.kind = ACTOR_NOBODY, .browser = BROWSER, .stepped_up_at = TIME_NONE};
    house_act(house, &stranger);
}

static void keep(House *house, const char *name, Json value) {
    JsonMember member = {str_of(name), value};
    GOOD(house, draft_merge(&house->ctx, draft_whose(&house->ctx), &member, 1));
}

static Str kept(House *house, Str browser, const char *name) {
    const Json *draft;
    GOOD(house, draft_load(&house->ctx, browser, &draft));
    return json_str(json_get(draft, str_of(name)));
}

static void text_is(Str text, const char *wanted) {
    if (!str_eq(text, str_of(wanted))) fail_msg("\"" STR_FMT "\", not %s", STR_ARG(text), wanted);
}

static void begin(House *house, const char *procedure, const char *field, const char *said) {
    keep(house, str_fmt(house->arena, "%s/.token", procedure).ptr, json_of_str(TOKEN));
    keep(house, str_fmt(house->arena, "%s/%s", procedure, field).ptr, json_of_str(str_of(said)));
}

/* A photo in the draft of who acts. */
static Attachment photo_add(House *house, const char *name) {
    static const Field photos = {.id = {"photos", 6},
                                 .kind = FIELD_FILE,
                                 .accept = ACCEPT_PHOTO,
                                 .least = INT64_MIN,
                                 .most = 2};
    AttachWish wish = {.field = &photos, .name = STR("a.png"), .bytes = {photo, sizeof photo - 1}};
    Attachment one;
    GOOD(house, attach_add(&house->ctx, draft_whose(&house->ctx), &wish, &one));
    Json *items = NEW(house->arena, Json);
    *items = attachment_json(house->arena, &one);
    keep(house, name, json_of_items(items, 1));
    return one;
}

static void what_was_begun_before_signing_in_is_his(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Str bytes;
    DraftsSaved saved;
    signed_in(house);
    begin(house, "dog-registration", "dogName", "before");
    begin(house, "moving-in", "name", "stays");
    stranger_acts(house);
    begin(house, "dog-registration", "dogName", "now");
    begin(house, "road-damage", "damage", "hole");
    Attachment one = photo_add(house, "road-damage/photos");
    keep(house, "moving-out/.sent", json_of_str(TOKEN)); /* nothing of it is left to be his */
    signed_in(house);
    GOOD(house, draft_adopt(ctx, BROWSER));
    text_is(kept(house, OWN, "dog-registration/dogName"), "now");
    text_is(kept(house, OWN, "moving-in/name"), "stays");
    text_is(kept(house, OWN, "moving-out/.sent"), "");
    GOOD(house, attach_draft(ctx, OWN, one.file, &bytes));
    assert_int_equal(bytes.len, sizeof photo - 1);
    assert_false(attach_there(ctx, BROWSER, one.file));
    text_is(kept(house, BROWSER, "dog-registration/dogName"), "");
    GOOD(house, draft_saved(ctx, &saved));
    assert_int_equal(saved.len, 3);
    GOOD(house, draft_adopt(ctx, BROWSER)); /* again: there is nothing more */
    text_is(kept(house, OWN, "dog-registration/dogName"), "now");
}

/* Signing in may not cost him what he had filled in elsewhere. */
static void the_fuller_of_two_drafts_goes_on(void **state) {
    House *house = *state;
    signed_in(house);
    begin(house, "dog-registration", "dogName", "fuller");
    keep(house, "dog-registration/breed", json_of_str(STR("shiba")));
    begin(house, "moving-in", "name", "emptier");
    stranger_acts(house);
    begin(house, "dog-registration", "dogName", "emptier");
    begin(house, "moving-in", "name", "fuller");
    keep(house, "moving-in/kana", json_of_str(STR("x")));
    signed_in(house);
    GOOD(house, draft_adopt(&house->ctx, BROWSER));
    text_is(kept(house, OWN, "dog-registration/dogName"), "fuller");
    text_is(kept(house, OWN, "dog-registration/breed"), "shiba");
    text_is(kept(house, OWN, "moving-in/name"), "fuller");
    text_is(kept(house, BROWSER, "dog-registration/dogName"), "");
}

static void what_was_chosen_for_a_correction_comes_with_him(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    const Json *draft;
    signed_in(house);
    Attachment before = photo_add(house, "correct-abc-1/proof");
    stranger_acts(house);
    Attachment one = photo_add(house, "correct-abc-1/proof");
    signed_in(house);
    GOOD(house, draft_adopt(ctx, BROWSER));
    assert_true(attach_there(ctx, OWN, one.file));
    assert_false(attach_there(ctx, BROWSER, one.file));
    assert_false(attach_there(ctx, OWN, before.file));
    GOOD(house, draft_load(ctx, OWN, &draft));
    assert_int_equal(json_get(draft, STR("correct-abc-1/proof"))->len, 1);
    DraftsSaved saved;
    GOOD(house, draft_saved(ctx, &saved));
    assert_int_equal(saved.len, 0);
}

static void nobody_else_takes_a_draft(void **state) {
    House *house = *state;
    stranger_acts(house);
    begin(house, "moving-in", "name", "mine");
    house_act(house, &house->clerk); /* who has no drafts of an account */
    GOOD(house, draft_adopt(&house->ctx, BROWSER));
    text_is(kept(house, BROWSER, "moving-in/name"), "mine");
}

static void the_newest_stands_first_and_all_last_a_month(void **state) {
    House *house = *state;
    DraftsSaved saved;
    signed_in(house);
    keep(house, "token", json_of_str(TOKEN));
    house->clock.fixed += TIME_HOUR;
    begin(house, "moving-in", "name", "x");
    stranger_acts(house);
    begin(house, "moving-in", "name", "x");
    signed_in(house);
    GOOD(house, draft_saved(&house->ctx, &saved));
    assert_int_equal(saved.len, 2);
    text_is(saved.items[0].procedure, "moving-in");
    assert_int_equal(saved.items[0].saved_at, HOUSE_NOW + TIME_HOUR);
    text_is(saved.items[1].procedure, "");
    house->clock.fixed += 29 * TIME_DAY;
    text_is(kept(house, OWN, "moving-in/name"), "x");
    text_is(kept(house, BROWSER, "moving-in/name"), "");
    house->clock.fixed += 2 * TIME_DAY;
    text_is(kept(house, OWN, "moving-in/name"), "");
}

static void what_is_thrown_away_is_gone_with_its_files_and_nothing_else(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    signed_in(house);
    begin(house, "moving-in", "name", "stays");
    begin(house, "road-damage", "damage", "hole");
    Attachment one = photo_add(house, "road-damage/photos");
    keep(house, "token", json_of_str(TOKEN));
    GOOD(house, draft_throw(ctx, STR("road-damage")));
    assert_false(attach_there(ctx, OWN, one.file));
    FAILS(house, draft_throw(ctx, STR("road-damage")), RC_NOT_FOUND, "no-draft");
    GOOD(house, draft_throw(ctx, STR_NONE));
    text_is(kept(house, OWN, "token"), "");
    text_is(kept(house, OWN, "moving-in/name"), "stays");
    text_is(kept(house, OWN, "moving-in/.token"), "0123456789abcdefghjkmnpqrs");
}

/* The account alone says under which secret, on each device the same; an official has none. */
static void the_secret_comes_with_the_account(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Actor here, there;
    Str token;
    static Actor nobody = {.kind = ACTOR_NOBODY, .stepped_up_at = TIME_NONE};
    house_act(house, &nobody);
    const Entity *account;
    for (int i = 0; i < 2; i++) {
        GOOD(house, account_load(ctx, house->resident.id, &account));
        GOOD(house, session_begin(ctx, account, (SessionBy){.means = MEANS_PASSWORD}, &token));
        assert_true(gate_session_actor(ctx, token, i ? &there : &here));
    }
    assert_int_equal(here.drafts.len, 32);
    assert_true(str_eq(here.drafts, there.drafts));
    token = str_dup(house->arena, token);
    Str before = str_dup(house->arena, here.drafts);
    house_gate_again(house);
    assert_true(gate_session_actor(ctx, token, &there));
    assert_true(str_eq(before, there.drafts));
    house_act(house, &nobody);
    GOOD(house, account_load(ctx, house->clerk.id, &account));
    GOOD(house, session_begin(ctx, account, (SessionBy){.means = MEANS_PASSWORD}, &token));
    assert_true(gate_session_actor(ctx, token, &here));
    assert_int_equal(here.drafts.len, 0);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(what_was_begun_before_signing_in_is_his),
        CASE(the_fuller_of_two_drafts_goes_on),
        CASE(what_was_chosen_for_a_correction_comes_with_him),
        CASE(nobody_else_takes_a_draft),
        CASE(the_newest_stands_first_and_all_last_a_month),
        CASE(what_is_thrown_away_is_gone_with_its_files_and_nothing_else),
        CASE(the_secret_comes_with_the_account),
    };
    return cmocka_run_group_tests_name("procedure saved", tests, NULL, NULL);
}
