/* Checks the starter city's files: what starter/README.md says of them holds. */
#include "json/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

typedef struct City {
    Ctx ctx;
    const Json *items, *districts, *rules, *organisation;
} City;

static const Json *load(Ctx *ctx, const char *name) {
    const char *folder = getenv("MACHI_STARTER");
    Str path = str_fmt(ctx->arena, "%s/%s", folder ? folder : "starter", name);
    FILE *file = fopen(path.ptr, "rb");
    if (!file) fail_msg("%s cannot be opened", path.ptr);
    Buf text = buf_new(ctx->arena, 1 << 20);
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_add_bytes(&text, chunk, n);
    fclose(file);
    const Json *json;
    if (json_read(ctx, buf_str(&text), JSON_LIMITS_DEFAULT, &json) != RC_OK)
        fail_msg("%s: " STR_FMT, name, STR_ARG(ctx->error.detail));
    return json;
}

static int setup(void **state) {
    City *city = mem_zero(sizeof *city);
    city->ctx = (Ctx){.arena = arena_new(64 << 20), .scratch = arena_new(1 << 20)};
    city->items = load(&city->ctx, "waste/items.json");
    city->districts = load(&city->ctx, "waste/districts.json");
    city->rules = load(&city->ctx, "waste/rules.json");
    city->organisation = load(&city->ctx, "organisation.json");
    *state = city;
    return 0;
}

static int teardown(void **state) {
    City *city = *state;
    arena_free(city->ctx.arena);
    arena_free(city->ctx.scratch);
    mem_free(city);
    return 0;
}

/* ---- helpers */

#define EACH(item, array)                                                                          \
    for (const Json *item##_list = (array), *item = item##_list ? item##_list->value.items : NULL; \
         item##_list && item < item##_list->value.items + item##_list->len; item++)

static Str member(const Json *object, const char *name) {
    return json_get_str(object, name);
}

static const Json *rows(const Json *object, const char *name) {
    const Json *list = json_get(object, str_of(name));
    if (!list || list->kind != JSON_ARRAY || list->len == 0)
        fail_msg("%s is missing or empty", name);
    return list;
}

static void unique(Map *seen, Str key) {
    if (str_empty(key)) fail_msg("an id is empty");
    if (map_has(seen, key)) fail_msg("'" STR_FMT "' stands twice", STR_ARG(key));
    map_put(seen, key, seen);
}

/* {"ja": ..., "en": ...}, the English one in ASCII. */
static void bilingual(const Json *object, const char *name) {
    const Json *text = json_get(object, str_of(name));
    Str id = member(object, "id"), ja = member(text, "ja"), en = member(text, "en");
    if (str_empty(ja) || str_empty(en)) fail_msg(STR_FMT " lacks a text: %s", STR_ARG(id), name);
    for (size_t i = 0; i < en.len; i++)
        if ((unsigned char)en.ptr[i] >= 0x80)
            fail_msg(STR_FMT ": %s.en is not English: " STR_FMT, STR_ARG(id), name, STR_ARG(en));
}

static void is_kana(const Json *object) {
    Str rest = member(object, "kana");
    if (str_empty(rest)) fail_msg(STR_FMT " has no kana", STR_ARG(member(object, "id")));
    for (int32_t c; (c = str_utf8_next(&rest)) >= 0;)
        if (!(c >= 0x3041 && c <= 0x3096) && c != 0x30FC)
            fail_msg(STR_FMT " is no hiragana", STR_ARG(member(object, "kana")));
}

static Map ids_of(City *city, const Json *list, const char *name) {
    Map ids = map_new(city->ctx.arena);
    EACH(row, list) unique(&ids, member(row, name));
    return ids;
}

static void known(const Map *ids, Str id, const char *what) {
    if (!map_has(ids, id)) fail_msg("there is no %s '" STR_FMT "'", what, STR_ARG(id));
}

/* ---- items */

static void described(Map *ids, const Json *item) {
    unique(ids, member(item, "id"));
    bilingual(item, "name");
    is_kana(item);
    Map synonyms = map_new(ids->arena);
    unique(&synonyms, member(json_get(item, STR("name")), "ja"));
    EACH(synonym, rows(item, "synonyms")) unique(&synonyms, json_str(synonym));
}

static void items_have_names_readings_and_fees(void **state) {
    City *city = *state;
    Map classes = ids_of(city, rows(city->items, "classes"), "id"), used = map_new(city->ctx.arena);
    Map ids = map_new(city->ctx.arena), names = map_new(city->ctx.arena);
    const Json *items = rows(city->items, "items");
    assert_true(items->len >= 220);
    EACH(class, rows(city->items, "classes")) bilingual(class, "label");
    EACH(item, items) {
        described(&ids, item);
        unique(&names, member(json_get(item, STR("name")), "ja"));
        known(&classes, member(item, "class"), "class");
        map_put(&used, member(item, "class"), city);
        int64_t fee = json_get_int(item, "fee", -1);
        if (fee < 200 || fee > 5000 || fee % 100)
            fail_msg(STR_FMT ": fee", STR_ARG(member(item, "id")));
        if (json_get(item, STR("size"))) bilingual(item, "size");
    }
    assert_int_equal(used.len, classes.len);
    EACH(item, rows(city->items, "refused")) described(&ids, item);
}

static void what_is_refused_says_why_and_where_to(void **state) {
    static const char *const demanded[] = {
        "air-conditioner", "television", "refrigerator",      "washing-machine",
        "computer",        "tyre",       "fire-extinguisher", "motorcycle",
        "piano",           "safe",       "construction-waste"};
    City *city = *state;
    const Json *refused = rows(city->items, "refused");
    Map ids = ids_of(city, refused, "id");
    for (size_t i = 0; i < sizeof demanded / sizeof *demanded; i++)
        known(&ids, str_of(demanded[i]), "refused kind");
    EACH(item, refused) {
        bilingual(item, "why");
        bilingual(item, "where");
        assert_null(json_get(item, STR("fee")));
    }
}

/* ---- districts */

static bool is_weekday(Str day) {
    static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    for (size_t i = 0; i < 7; i++)
        if (str_eq(day, str_of(days[i]))) return true;
    return false;
}

/* Remembers of each postcode its district; counts the towns that share one. */
static size_t check_postcodes(Map *owners, const Json *town, const Json *district) {
    size_t shared = 0;
    EACH(code, rows(town, "postcodes")) {
        Str text = json_str(code);
        int64_t number;
        if (text.len != 8 || !str_starts(text, STR("999-00")) ||
            !str_to_i64(str_sub(text, 6, 8), &number))
            fail_msg(STR_FMT " is no postcode of the invented city", STR_ARG(text));
        if (map_has(owners, text)) {
            shared++;
            assert_ptr_equal(map_get(owners, text), district);
        }
        map_put(owners, text, (void *)(uintptr_t)district);
    }
    return shared;
}

static void districts_have_days_capacity_and_towns(void **state) {
    City *city = *state;
    const Json *districts = rows(city->districts, "districts");
    Map ids = ids_of(city, districts, "id"), towns = map_new(city->ctx.arena),
        owners = map_new(city->ctx.arena);
    assert_true(ids.len >= 10 && ids.len <= 15);
    size_t shared = 0;
    EACH(district, districts) {
        bilingual(district, "name");
        is_kana(district);
        EACH(day, rows(district, "weekdays")) assert_true(is_weekday(json_str(day)));
        assert_true(json_get_int(district, "capacity", 0) > 0);
        assert_true(json_get_int(district, "population", 0) > 0);
        EACH(town, rows(district, "towns")) {
            bilingual(town, "name");
            is_kana(town);
            unique(&towns, member(json_get(town, STR("name")), "ja"));
            shared += check_postcodes(&owners, town, district);
        }
    }
    assert_true(shared > 0); /* one code for several towns happens, and must be met */
    assert_true(
        str_eq(member(city->districts, "municipality"), member(city->organisation, "code")));
}

/* ---- rules */

typedef struct Year {
    int year;
    bool off[366]; /* by day of the year from 0 */
} Year;

static int64_t new_year(int year) {
    return time_date_days((Date){year, 1, 1});
}

static void mark(Year *y, int month, int day) {
    y->off[time_date_days((Date){y->year, month, day}) - new_year(y->year)] = true;
}

static void mark_monday(Year *y, int month, int nth) {
    int first = time_weekday((Date){y->year, month, 1});
    mark(y, month, 1 + (8 - first) % 7 + 7 * (nth - 1));
}

/* The usual approximation of the equinoxes for 1980 to 2099. */
static int equinox(int year, double base) {
    return (int)floor(base + 0.242194 * (year - 1980)) - (year - 1980) / 4;
}

/* The act on national holidays, articles 2 and 3, as in force since 2022. */
static Year holidays_of(int year) {
    static const struct {
        int month, day;
    } fixed[] = {{1, 1}, {2, 11}, {2, 23}, {4, 29}, {5, 3},
                 {5, 4}, {5, 5},  {8, 11}, {11, 3}, {11, 23}};
    Year y = {.year = year};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        mark(&y, fixed[i].month, fixed[i].day);
    mark_monday(&y, 1, 2);
    mark_monday(&y, 7, 3);
    mark_monday(&y, 9, 3);
    mark_monday(&y, 10, 2);
    mark(&y, 3, equinox(year, 20.8431));
    mark(&y, 9, equinox(year, 23.2488));
    Year own = y;
    for (int i = 0; i < 365; i++) {
        bool sunday = time_weekday(time_days_date(new_year(year) + i)) == 0;
        if (own.off[i] && sunday) {
            int next = i + 1;
            while (y.off[next])
                next++;
            y.off[next] = true;
        }
        if (i > 0 && !own.off[i] && own.off[i - 1] && own.off[i + 1] && !sunday) y.off[i] = true;
    }
    return y;
}

static void holidays_are_those_of_the_act(void **state) {
    City *city = *state;
    Map dates = map_new(city->ctx.arena);
    EACH(holiday, rows(city->rules, "holidays")) {
        Date date;
        unique(&dates, member(holiday, "date"));
        bilingual(holiday, "name");
        assert_true(time_parse_date(member(holiday, "date"), &date));
        assert_true(date.year >= 2025 && date.year <= 2028);
    }
    size_t expected = 0;
    for (int year = 2025; year <= 2028; year++) {
        Year y = holidays_of(year);
        for (int i = 0; i < 366; i++) {
            if (!y.off[i]) continue;
            expected++;
            known(&dates, time_format_date(city->ctx.arena, time_days_date(new_year(year) + i)),
                  "holiday");
        }
    }
    assert_int_equal(dates.len, expected);
}

static void rules_are_whole(void **state) {
    City *city = *state;
    const Json *rules = city->rules, *cut_off = json_get(rules, STR("cutOff"));
    assert_int_equal(json_get_int(cut_off, "workingDays", 0), 3);
    assert_int_equal(member(cut_off, "clock").len, 5);
    static const char *const limits[] = {"horizonDays", "maxItems",
                                         "maxQuantity", "maxApplicationsPerDay",
                                         "holdMinutes", "standardPeriodDays"};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        assert_true(json_get_int(rules, limits[i], 0) > 0);
    EACH(day, rows(rules, "workingDays")) assert_true(is_weekday(json_str(day)));
    Map reductions = ids_of(city, rows(rules, "feeReductions"), "id"),
        checks = ids_of(city, rows(rules, "checks"), "id");
    assert_true(reductions.len >= 4 && checks.len >= 4);
    EACH(ground, rows(rules, "feeReductions")) {
        int64_t share = json_get_int(ground, "share", 0);
        assert_true(share > 0 && share <= 100);
        assert_true(str_starts(member(ground, "article"), STR("条例第14条")));
        assert_true(str_eq(member(ground, "class"), STR("sensitive")));
        bilingual(ground, "label");
        bilingual(ground, "evidence");
    }
    const Json *year_end = json_at(rows(rules, "closed"), 0);
    assert_true(str_eq(member(year_end, "from"), STR("12-29")) &&
                str_eq(member(year_end, "to"), STR("01-03")));
    assert_true(str_find(member(json_get(json_get(rules, STR("ordinance")), STR("name")), "ja"),
                         STR("架空")) > 0);
}

/* ---- organisation */

static void the_code_has_its_check_digit(void **state) {
    City *city = *state;
    Str code = member(city->organisation, "code");
    assert_true(str_eq(code, STR("999997")));
    int sum = 0;
    for (int i = 0; i < 5; i++)
        sum += (code.ptr[i] - '0') * (6 - i);
    assert_int_equal((11 - sum % 11) % 10, code.ptr[5] - '0');
}

static void check_posts(const Map *posts, const Json *list) {
    EACH(post, list) known(posts, json_str(post), "post");
}

static void posts_divisions_and_delegations_fit_together(void **state) {
    static const char *const roles[] = {"clerk",    "chief",      "steward",  "auditor",
                                        "operator", "contractor", "registrar"};
    City *city = *state;
    const Json *o = city->organisation;
    Map divisions = ids_of(city, rows(o, "divisions"), "id"),
        posts = ids_of(city, rows(o, "posts"), "id");
    Map role_names = map_new(city->ctx.arena);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        map_put(&role_names, str_of(roles[i]), city);
    EACH(division, rows(o, "divisions")) {
        bilingual(division, "name");
        if (!str_empty(member(division, "parent")))
            known(&divisions, member(division, "parent"), "division");
    }
    EACH(post, rows(o, "posts")) {
        bilingual(post, "title");
        known(&divisions, member(post, "division"), "division");
        if (!str_empty(member(post, "superior"))) known(&posts, member(post, "superior"), "post");
        EACH(role, rows(post, "roles")) known(&role_names, json_str(role), "role");
    }
    Map delegations = ids_of(city, rows(o, "delegations"), "id");
    assert_true(delegations.len >= 8);
    EACH(row, rows(o, "delegations")) {
        bilingual(row, "subject");
        known(&posts, member(row, "post"), "post");
        assert_false(str_empty(member(row, "kind")) || str_empty(member(row, "article")));
    }
    EACH(row, rows(o, "deputies")) {
        known(&posts, member(row, "post"), "post");
        check_posts(&posts, rows(row, "order"));
    }
}

/* Per kind of matter amounts rise and the last row has no limit: every amount has one decider. */
static void every_amount_has_a_decider(void **state) {
    City *city = *state;
    Map last = map_new(city->ctx.arena);
    EACH(row, rows(city->organisation, "delegations")) {
        const Json *before = map_get(&last, member(row, "kind"));
        int64_t limit = json_get_int(row, "upTo", INT64_MAX);
        if (before) assert_true(json_get_int(before, "upTo", INT64_MAX) < limit);
        map_put(&last, member(row, "kind"), (void *)(uintptr_t)row);
    }
    static const char *const whole[] = {
        "application-confirm", "fee-reduction", "collection-plan", "spending", "subsidy",
        "disclosure",          "day-care"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        const Json *row = map_get(&last, str_of(whole[i]));
        assert_non_null(row);
        assert_int_equal(json_get(row, STR("upTo"))->kind, JSON_NULL);
    }
}

static void people_are_invented_and_some_hold_two_posts(void **state) {
    City *city = *state;
    Map posts = ids_of(city, rows(city->organisation, "posts"), "id");
    Map people = ids_of(city, rows(city->organisation, "people"), "id");
    size_t twofold = 0;
    EACH(person, rows(city->organisation, "people")) {
        Str name = member(json_get(person, STR("name")), "ja");
        assert_true(str_starts(name, STR("職員")) || str_starts(name, STR("受託者")));
        check_posts(&posts, rows(person, "posts"));
        twofold += rows(person, "posts")->len > 1;
    }
    assert_true(people.len >= 15 && twofold >= 2);
}

static bool holds_password(const Json *value) {
    if (value->kind == JSON_ARRAY) {
        EACH(item, value) if (holds_password(item)) return true;
    }
    if (value->kind != JSON_OBJECT) return false;
    for (uint32_t i = 0; i < value->len; i++)
        if (str_find(value->value.members[i].name, STR("assword")) >= 0 ||
            holds_password(&value->value.members[i].value))
            return true;
    return false;
}

static void demo_accounts_cover_the_roles_without_passwords(void **state) {
    static const char *const logins[] = {"resident-1", "resident-2", "clerk",   "chief",
                                         "steward",    "head",       "counter", "director",
                                         "auditor",    "operator",   "mayor",   "contractor"};
    City *city = *state;
    const Json *accounts = rows(city->organisation, "accounts");
    Map ids = ids_of(city, accounts, "login"),
        people = ids_of(city, rows(city->organisation, "people"), "id");
    Map posts = ids_of(city, rows(city->organisation, "posts"), "id");
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++)
        known(&ids, str_of(logins[i]), "account");
    assert_int_equal(accounts->len, sizeof logins / sizeof *logins);
    EACH(account, accounts) {
        bool staff = str_eq(member(account, "kind"), STR("staff"));
        assert_true(json_get_bool(account, "demo", false));
        if (staff) known(&people, member(account, "person"), "person");
        check_posts(&posts, json_get(account, STR("posts")));
        assert_int_equal(json_get(account, STR("posts"))->len > 0, staff);
    }
    assert_false(holds_password(city->organisation));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_have_names_readings_and_fees),
        cmocka_unit_test(what_is_refused_says_why_and_where_to),
        cmocka_unit_test(districts_have_days_capacity_and_towns),
        cmocka_unit_test(holidays_are_those_of_the_act),
        cmocka_unit_test(rules_are_whole),
        cmocka_unit_test(the_code_has_its_check_digit),
        cmocka_unit_test(posts_divisions_and_delegations_fit_together),
        cmocka_unit_test(every_amount_has_a_decider),
        cmocka_unit_test(people_are_invented_and_some_hold_two_posts),
        cmocka_unit_test(demo_accounts_cover_the_roles_without_passwords),
    };
    return cmocka_run_group_tests_name("starter", tests, setup, teardown);
}
