/* Tests of base/: tables of case, input, expected. */
#include "base/base.h"

#include <setjmp.h>
#include <string.h>
#include <stdarg.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

static void *wake(void *arg) {
    pthread_cond_t *cond = arg;
    pthread_cond_broadcast(cond);
    return NULL;
}

static void waiting_ends_at_its_instant_or_before(void **state) {
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond;
    pthread_t thread;
    bool late = false;
    (void)state;
    thread_cond_init(&cond);
    pthread_mutex_lock(&lock);
    int64_t until = time_monotonic() + 20 * 1000;
    while (!late)
        late = !thread_cond_wait(&cond, &lock, until);
    assert_true(time_monotonic() >= until);
    until = time_monotonic() + TIME_MINUTE;
    for (bool woken = false; !woken;) {
        assert_true(thread_start(&thread, "wake", wake, &cond));
        woken = thread_cond_wait(&cond, &lock, time_monotonic() + TIME_SECOND);
        pthread_join(thread, NULL);
        assert_true(time_monotonic() < until);
    }
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&cond);
}

static void numbers_are_read_whole(void **state) {
    (void)state;
    int64_t i;
    double d;
    assert_true(str_to_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(str_to_i64(STR("42"), &i) && i == 42);
    assert_false(str_to_i64(STR("9223372036854775808"), &i));
    assert_false(str_to_i64(STR("4 2"), &i));
    assert_false(str_to_i64(STR("-"), &i));
    assert_true(str_to_f64(STR("-1.5e3"), &d) && d == -1500.0);
    assert_false(str_to_f64(STR("nan"), &d));
    assert_false(str_to_f64(STR("0x10"), &d));
}

static void digits_stand_in_threes(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    static const struct {
        int64_t n;
        const char *text;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {-999, "-999"},
                 {1000, "1,000"},
                 {-123456, "-123,456"},
                 {INT64_MAX, "9,223,372,036,854,775,807"},
                 {INT64_MIN, "-9,223,372,036,854,775,808"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(str_eq(str_grouped(arena, cases[i].n), str_of(cases[i].text)));
    arena_free(arena);
}

static void utf8_is_strict(void **state) {
    (void)state;
    assert_true(str_utf8_valid(STR("まち𠮷")));
    assert_int_equal(str_utf8_len(STR("まち𠮷")), 3);
    assert_false(str_utf8_valid(STR("\xC0\xAF")));
    assert_false(str_utf8_valid(STR("\xED\xA0\x80")));
    assert_false(str_utf8_valid(STR("\xF4\x90\x80\x80")));
    assert_false(str_utf8_valid(STR("\xE3\x81")));
}

static void heads_cut_no_character(void **state) {
    (void)state;
    assert_true(str_eq(str_head(STR("まち"), 6), STR("まち")));
    assert_true(str_eq(str_head(STR("まち"), 5), STR("ま")));
    assert_true(str_eq(str_head(STR("まち"), 2), STR("")));
    assert_true(str_eq(str_head(STR("abc"), 2), STR("ab")));
}

static void splitting_keeps_empty_items(void **state) {
    (void)state;
    Str rest = STR("a,,b"), item;
    assert_true(str_split(&rest, ',', &item) && str_eq(item, STR("a")));
    assert_true(str_split(&rest, ',', &item) && str_empty(item));
    assert_true(str_split(&rest, ',', &item) && str_eq(item, STR("b")));
    assert_false(str_split(&rest, ',', &item));
}

static void a_full_buffer_says_so(void **state) {
    (void)state;
    Buf buf = buf_new(NULL, 8);
    buf_add(&buf, STR("12345678"));
    assert_int_equal(buf_rc(&buf), RC_OK);
    buf_add_char(&buf, '9');
    assert_int_equal(buf_rc(&buf), RC_LIMIT);
    assert_true(str_eq(buf_str(&buf), STR("12345678")));
    buf_free(&buf);
}

/* What falls together under a hash whose constants are known: a block equal to one of them makes
   the product 0, whatever stands beside it; and families that differ in few bits. */
static Str family_key(Arena *arena, int family, uint64_t i) {
    static const uint64_t constants[] = {0xE7037ED1A0B428DBu, 0xA0761D6478BD642Fu, 0};
    uint64_t words[4] = {constants[family % 3], i, i << 32, constants[family % 3]};
    if (family >= 3) words[0] = i, words[1] = constants[family % 3];
    char *bytes = arena_alloc(arena, sizeof words, 8);
    memcpy(bytes, words, sizeof words);
    return (Str){bytes, family % 2 ? sizeof words : 16};
}

static int hash_order(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void chosen_keys_do_not_fall_together(void **state) {
    (void)state;
    enum { KEYS = 20000, FAMILIES = 6 };
    Arena *arena = arena_new(64 << 20);
    uint64_t *hashes = NEW_ARRAY(arena, uint64_t, KEYS);
    for (int family = 0; family < FAMILIES; family++) {
        ArenaMark mark = arena_mark(arena);
        Map map = map_new(arena);
        for (uint64_t i = 0; i < KEYS; i++) {
            Str key = family_key(arena, family, i);
            hashes[i] = hash_fast(key);
            map_put(&map, key, arena);
        }
        assert_int_equal(map.len, KEYS);
        qsort(hashes, KEYS, sizeof *hashes, hash_order);
        size_t distinct = 1;
        for (size_t i = 1; i < KEYS; i++)
            distinct += hashes[i] != hashes[i - 1];
        assert_true(distinct > KEYS - 3);
        arena_rewind(arena, mark);
    }
    arena_free(arena);
}

static void maps_grow_and_replace(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    Map map = map_new(arena);
    for (int i = 0; i < 1000; i++)
        map_put(&map, str_fmt(arena, "key %d", i), (void *)(intptr_t)(i + 1));
    map_put(&map, STR("key 7"), (void *)70);
    assert_int_equal(map.len, 1000);
    assert_ptr_equal(map_get(&map, STR("key 7")), (void *)70);
    assert_ptr_equal(map_get(&map, STR("key 999")), (void *)1000);
    assert_null(map_get(&map, STR("key 1000")));
    arena_free(arena);
}

static void arenas_rewind(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    char *kept = arena_alloc(arena, 10, 1);
    kept[9] = 'x';
    ArenaMark mark = arena_mark(arena);
    for (int i = 0; i < 100; i++)
        arena_alloc(arena, 5000, 8);
    arena_rewind(arena, mark);
    assert_int_equal(kept[9], 'x');
    assert_ptr_equal(arena_alloc(arena, 1, 1), kept + 10);
    arena_free(arena);
}

static void digests_match_their_standards(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 16);
    Digest d = hash_sha256(STR("abc")); /* FIPS 180-4, example */
    assert_true(hash_lasting(STR("abc")) == 0xba7816bf8f01cfea);
    Str hex = hash_hex(arena, (Str){(char *)d.bytes, 32});
    assert_true(
        str_eq(hex, STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")));
    Str parts[] = {STR("a"), STR_NONE, STR("bc")};
    Digest joined = hash_sha256_parts(parts, 3);
    assert_memory_equal(joined.bytes, d.bytes, 32);
    Str back;
    assert_true(hash_from_base64url(arena, STR("-_8"), &back));
    assert_true(str_eq(hash_base64url(arena, back), STR("-_8")));
    assert_false(hash_from_base64url(arena, STR("+/8"), &back));
    assert_false(hash_from_base64url(arena, STR("-_9"), &back)); /* left-over bits */
    assert_true(str_eq(hash_base64(arena, STR("ab")), STR("YWI=")));
    assert_true(str_eq(hash_base32(arena, STR("\x00\x44\x32\x14\xC7"), 8), STR("01234567")));
    assert_true(str_eq(hash_base32(arena, STR("\xFF\xFF"), 3), STR("zzz")));
    arena_free(arena);
}

/* RFC 4231, case 2; and the library's own HMAC about the length of a block. */
static void keyed_digests_match_their_standard(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 16);
    Digest known = hash_hmac(STR("Jefe"), STR("what do ya want for nothing?"));
    assert_true(str_eq(hash_digest_hex(arena, &known),
                       STR("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")));
    char key[130];
    memset(key, 0xa5, sizeof key);
    for (size_t len = 0; len <= sizeof key; len++) {
        Digest mine = hash_hmac((Str){key, len}, STR("text")), other;
        unsigned size = sizeof other.bytes;
        assert_non_null(HMAC(EVP_sha256(), key, (int)len, (const unsigned char *)"text", 4,
                             other.bytes, &size));
        assert_memory_equal(mine.bytes, other.bytes, sizeof mine.bytes);
    }
    arena_free(arena);
}

static void texts_of_any_length_are_formatted_whole(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    for (int len = 0; len < 600; len++) {
        Str text = str_fmt(arena, "%0*d", len + 1, 7);
        assert_int_equal(text.len, len + 1);
        assert_int_equal(strlen(text.ptr), text.len);
        assert_int_equal(text.ptr[len], '7');
    }
    arena_free(arena);
}

static void doubles_are_written_at_any_size(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},
                 {-7, "-7"},
                 {0.1, "0.1"},
                 {1e15, "1e+15"},
                 {-1e300, "-1e+300"},
                 {5e-324, "4.94065645841247e-324"},
                 {999999999999999, "999999999999999"}};
    Arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Buf text = buf_new(arena, 64);
        buf_add_f64(&text, cases[i].value);
        if (!str_eq(buf_str(&text), str_of(cases[i].text)))
            fail_msg("%s is written " STR_FMT, cases[i].text, STR_ARG(buf_str(&text)));
    }
    arena_free(arena);
}

static void instants_are_read_and_written(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *back; /* NULL: refused */
    } cases[] = {
        {"2025-04-01T09:00:00+09:00", "2025-04-01T00:00:00.000Z"},
        {"2025-04-01T00:00:00.25Z", "2025-04-01T00:00:00.250Z"},
        {"2025-04-01T00:00:00,123456Z", "2025-04-01T00:00:00.123456Z"},
        {"2025-04-01T00:00:00.123456789Z", "2025-04-01T00:00:00.123456Z"},
        {"2025-04-01T00:00:00.0000009999999999999999+09:00", "2025-03-31T15:00:00.000Z"},
        {"2025-04-01T00:00:00.123456789x", NULL},
        {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000Z"},
        {"2024-02-29T00:00Z", "2024-02-29T00:00:00.000Z"},
        {"2023-02-29T00:00:00Z", NULL},
        {"2025-04-01T24:00:00Z", NULL},
        {"2025-04-01T00:00:00", NULL},
        {"2025-04-01", NULL},
        {"2025-04-01T00:00:00.Z", NULL},
        {"2025-04-01T00:00:00Zx", NULL},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
        {"0001-01-01T00:00:00+09:00", NULL}, /* years beyond four digits are not written */
        {"9999-12-31T23:59:59-09:00", NULL},
        {"9999-12-31T23:59:60Z", NULL},
    };
    Arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t t;
        bool ok = time_parse(str_of(cases[i].text), &t);
        assert_int_equal(ok, cases[i].back != NULL);
        if (ok) assert_true(str_eq(time_format(arena, t), str_of(cases[i].back)));
    }
    arena_free(arena);
}

static void every_day_has_one_number(void **state) {
    (void)state;
    for (int64_t day = -141428; day < 200000; day++) { /* 1582 to 2517 */
        Date date = time_days_date(day);
        assert_true(time_date_valid(date));
        assert_int_equal(time_date_days(date), day);
    }
    assert_int_equal(time_weekday((Date){2026, 11, 21}), 6);
    assert_int_equal(time_fiscal_year((Date){2026, 3, 31}), 2025);
}

static void japanese_dates_are_read(void **state) {
    (void)state;
    static const struct {
        const char *text;
        Date date; /* year 0: refused */
    } cases[] = {
        {"R7.4.1", {2025, 4, 1}},
        {"令和7年4月1日", {2025, 4, 1}},
        {"令和元年5月1日", {2019, 5, 1}},
        {"2025-04-01", {2025, 4, 1}},
        {"2025/4/1", {2025, 4, 1}},
        {"20250401", {2025, 4, 1}},
        {"２０２５年４月１日", {2025, 4, 1}},
        {"Ｒ７．４．１", {2025, 4, 1}},
        {"昭和64.1.7", {1989, 1, 7}},
        {"平成1.1.8", {1989, 1, 8}},
        {"平成31.4.30", {2019, 4, 30}},
        {"令和1.5.1", {2019, 5, 1}},
        {"昭和 64年 1月 7日", {1989, 1, 7}},
        {"大正15.12.25", {1926, 12, 25}},
        {"昭和元年12月25日", {1926, 12, 25}},
        {"明治45.7.30", {1912, 7, 30}},
        {"平成31.5.1", {0}},
        {"昭和64.1.8", {0}},
        {"令和1.4.30", {0}},
        {"2025-02-30", {0}},
        {"4月頃", {0}},
        {"R0.4.1", {0}},
        {"2025", {0}},
        {"", {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Date date;
        bool ok = time_parse_japanese(str_of(cases[i].text), &date);
        if (ok != (cases[i].date.year != 0)) fail_msg("%s", cases[i].text);
        if (ok) assert_int_equal(time_date_days(date), time_date_days(cases[i].date));
    }
}

static void japanese_dates_are_written(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 16);
    assert_true(str_eq(time_format_japanese(arena, (Date){2019, 5, 1}), STR("令和元年5月1日")));
    assert_true(str_eq(time_format_japanese(arena, (Date){2019, 4, 30}), STR("平成31年4月30日")));
    assert_true(str_eq(time_format_japanese(arena, (Date){1873, 1, 1}), STR("明治6年1月1日")));
    assert_true(str_eq(time_format_fiscal(arena, 2026), STR("令和8年度")));
    assert_true(str_eq(time_format_fiscal(arena, 2019), STR("令和元年度")));
    assert_true(str_eq(time_format_fiscal(arena, 2018), STR("平成30年度")));
    arena_free(arena);
}

static void text_is_folded(void **state) {
    (void)state;
    static const struct {
        const char *text, *folded;
    } cases[] = {
        {"ソファー", "そふぁ-"},
        {"ｿﾌｧｰ", "そふぁ-"},
        {"ベッド　（シングル）", "べっど (しんぐる)"},
        {"ＴＶ", "tv"},
        {"ガス―レンジ", "がす-れんじ"},
        {"  a \t b ", "a b"},
        {"𠮷野", "𠮷野"},
        {"ヴァイオリン", "ゔぁいおりん"},
        {"", ""},
    };
    Arena *arena = arena_new(1 << 18);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!str_eq(text_fold(arena, str_of(cases[i].text)), str_of(cases[i].folded)))
            fail_msg("%s", cases[i].text);
    assert_true(str_eq(text_katakana(arena, STR("やまだ・ﾊﾅｺー")), STR("ヤマダ・ハナコー")));
    assert_true(
        str_eq(text_katakana(arena, STR("サト- ジャン−ポ‐ル")), STR("サトー ジャンーポール")));
    assert_true(text_is_kana(STR("ヤマダ ハナコ・マリア゠ルイサ")));
    const Str kept[] = {STR("\uFA19田"), STR("\uFA11\U000E0100"), STR("\U0002F80A"),
                        STR("𠮷\uFA1B島")};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        assert_true(str_eq(text_nfkc(arena, kept[i]), kept[i])); /* as they write their names */
    assert_true(str_eq(text_nfkc(arena, STR("\uFA19ﾀ\uFF21\uFA1B")), STR("\uFA19タA\uFA1B")));
    assert_true(str_eq(text_fold(arena, STR("\uFA19田")), STR("\u795E田"))); /* and are found */
    assert_true(str_eq(text_nfkc(arena, STR("\uFEFF山\u200B田\u00AD\u2060")), STR("山田")));
    assert_false(text_is_kana(STR("山田")));
    assert_false(text_is_kana(STR("ABC")));
    static const char *const hidden[] = {"a\u202Eb", "\u202A", "山\u2066田", "\u2069",
                                         "a\nb",     "\x7F",   "\xC2\x85"};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (!text_has_control(str_of(hidden[i]))) fail_msg("hidden[%zu]", i);
    assert_false(text_has_control(STR("𠮷野 Ｔａｒō 葛\U000E0100")));
    arena_free(arena);
}

static void cp932_is_read_or_refused(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 16);
    Str out;
    assert_true(text_from_cp932(arena, STR("\x82\xDC\x82\xBF\x87\x82\x81\x60"), &out));
    assert_true(str_eq(out, STR("まち№～")));
    assert_false(text_from_cp932(arena, STR("\x82"), &out));
    arena_free(arena);
}

static void bigrams_cover_short_words(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 16);
    Str *grams;
    assert_int_equal(text_bigrams(arena, STR("粗大ごみ"), &grams), 3);
    assert_true(str_eq(grams[0], STR("粗大")) && str_eq(grams[2], STR("ごみ")));
    assert_int_equal(text_bigrams(arena, STR("机"), &grams), 1);
    assert_true(str_eq(grams[0], STR("机")));
    assert_int_equal(text_bigrams(arena, STR_NONE, &grams), 0);
    arena_free(arena);
}

/* No byte is given twice, none stays behind, and requests of any size are served. */
static void bytes_drawn_ahead_are_given_once(void **state) {
    (void)state;
    static RandAhead ahead;
    static char given[8192];
    Rand rand = rand_system_ahead(&ahead);
    const size_t sizes[] = {24, 1, 2047, 2048, 10, 4000, 24};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memset(given, 0, sizeof given);
        rand_bytes(&rand, given, sizes[i]);
        for (size_t k = ahead.left; k < sizeof ahead.bytes; k++)
            assert_int_equal(ahead.bytes[k], 0);
        assert_int_equal(given[sizes[i]], 0);
    }
    uint64_t seen[64];
    for (size_t i = 0; i < 64; i++) {
        seen[i] = rand_u64(&rand);
        for (size_t k = 0; k < i; k++)
            assert_true(seen[i] != seen[k]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_ends_at_its_instant_or_before),
        cmocka_unit_test(numbers_are_read_whole),
        cmocka_unit_test(digits_stand_in_threes),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(heads_cut_no_character),
        cmocka_unit_test(splitting_keeps_empty_items),
        cmocka_unit_test(a_full_buffer_says_so),
        cmocka_unit_test(chosen_keys_do_not_fall_together),
        cmocka_unit_test(maps_grow_and_replace),
        cmocka_unit_test(arenas_rewind),
        cmocka_unit_test(bytes_drawn_ahead_are_given_once),
        cmocka_unit_test(digests_match_their_standards),
        cmocka_unit_test(keyed_digests_match_their_standard),
        cmocka_unit_test(texts_of_any_length_are_formatted_whole),
        cmocka_unit_test(doubles_are_written_at_any_size),
        cmocka_unit_test(instants_are_read_and_written),
        cmocka_unit_test(every_day_has_one_number),
        cmocka_unit_test(japanese_dates_are_read),
        cmocka_unit_test(japanese_dates_are_written),
        cmocka_unit_test(text_is_folded),
        cmocka_unit_test(cp932_is_read_or_refused),
        cmocka_unit_test(bigrams_cover_short_words),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
