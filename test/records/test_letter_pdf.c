/* Tests of letters on paper, as poppler's programs read them: all that is said is there as text,
   whatever a name is written with, on as many pages as it needs. */
#include "records/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { READ_MAX = 1 << 20 };

typedef struct Desk {
    Ctx ctx;
    Clock clock;
    char path[64];
} Desk;

static int set_up(void **state) {
    Desk *desk = calloc(1, sizeof *desk);
    desk->clock.fixed = INT64_C(1764547200000000); /* 2025-12-01 in Japan */
    desk->ctx = (Ctx){.arena = arena_new((size_t)1 << 28), .clock = &desk->clock};
    snprintf(desk->path, sizeof desk->path, "/tmp/machi-letter-XXXXXX");
    close(mkstemp(desk->path));
    *state = desk;
    return 0;
}

static int tear_down(void **state) {
    Desk *desk = *state;
    unlink(desk->path);
    arena_free(desk->ctx.arena);
    free(desk);
    return 0;
}

static const Json *contents_of(Desk *desk, const char *text) {
    const Json *value;
    Str plain = str_dup(desk->ctx.arena, str_of(text));
    for (size_t i = 0; i < plain.len; i++)
        if (plain.ptr[i] == '\'') ((char *)(uintptr_t)plain.ptr)[i] = '"';
    assert_int_equal(json_read(&desk->ctx, plain, JSON_LIMITS_DEFAULT, &value), RC_OK);
    return value;
}

static Rc paper(Desk *desk, const Json *contents, bool translated, Str *out) {
    Letter letter = {.id = STR("urn:ngsi-ld:Letter:x"),
                     .number = STR("ま産第12号"),
                     .issued_at = desk->clock.fixed,
                     .contents = contents};
    LetterPaper one = {.letter = &letter,
                       .city = STR("まち市"),
                       .check = STR("https://city.example.jp/letters/0123456789abcdefghjkmnpqrs"),
                       .translated = translated};
    return letter_pdf(&desk->ctx, &one, out);
}

/* What a program says of the file, blanks and line ends taken out. */
static Str told(Desk *desk, const char *program, const char *target) {
    char command[160];
    snprintf(command, sizeof command, "%s %s %s 2>&1", program, desk->path, target);
    Buf text = buf_new(desk->ctx.arena, READ_MAX);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    for (int c; (c = fgetc(pipe)) != EOF;)
        if (c != ' ' && c != '\n' && c != '\f') buf_add_char(&text, (char)c);
    assert_int_equal(pclose(pipe), 0);
    return buf_str(&text);
}

static Str read_back(Desk *desk, Str bytes) {
    FILE *file = fopen(desk->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    fclose(file);
    return told(desk, "pdftotext -x 0 -y 0 -W 600 -H 736", "-"); /* without what pages end with */
}

static void says(Str text, const char *expected) {
    if (str_find(text, str_of(expected)) < 0)
        fail_msg("\"%s\" is not said in " STR_FMT, expected, STR_ARG(text));
}

static int pages(Desk *desk) {
    Str info = told(desk, "pdfinfo", "");
    ptrdiff_t at = str_find(info, STR("Pages:"));
    assert_true(at >= 0);
    return atoi(str_z(desk->ctx.arena, str_sub(info, (size_t)at + 6, info.len)));
}

#define WHOLE                                                                                                \
    "{'title': {'ja': '補助金交付決定通知書', 'en': 'Notice of a subsidy'}, "                      \
    "'signer': {'ja': 'まち市長', 'en': 'Mayor'}, "                                                      \
    "'to': {'name': '𠮷田 髙子', 'postcode': '999-0001', 'address': 'まなか1-2'}, "                  \
    "'body': [{'ja': '下記のとおり決定しました。', 'en': 'It is decided as follows.'}], "       \
    "'facts': [{'label': {'ja': '交付決定額', 'en': 'Amount'}, "                                        \
    "'value': {'ja': '300,000円', 'en': '¥300,000'}}], "                                                   \
    "'reason': '要綱の<条件>に合うため', "                                                         \
    "'remedies': [{'title': '審査請求', 'text': '三か月以内にできます。', 'article': 'x'}], " \
    "'contact': {'name': {'ja': '産業振興課', 'en': 'Industry'}, 'phone': '0999-00-0000'}}"

static void everything_is_there_as_text(void **state) {
    Desk *desk = *state;
    Str bytes;
    static const char *const said[] = {"ま産第12号",
                                       "令和7年12月1日",
                                       "〒999-0001",
                                       "まなか1-2",
                                       "𠮷田髙子様",
                                       "まち市長",
                                       "補助金交付決定通知書",
                                       "下記のとおり決定しました。",
                                       "記",
                                       "交付決定額300,000円",
                                       "以上",
                                       "要綱の<条件>に合うため",
                                       "審査請求",
                                       "三か月以内にできます。"};
    static const char *const foot[] = {"まち市産業振興課", "0999-00-0000",
                                       "https://city.example.jp/letters/0123456789abcdefghjkmnpqrs",
                                       "1/1"};
    assert_int_equal(paper(desk, contents_of(desk, WHOLE), false, &bytes), RC_OK);
    Str text = read_back(desk, bytes);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        says(text, said[i]);
    assert_true(str_find(text, STR("decided")) < 0);
    text = told(desk, "pdftotext", "-");
    for (size_t i = 0; i < sizeof foot / sizeof *foot; i++)
        says(text, foot[i]);
    assert_int_equal(pages(desk), 1);
    says(told(desk, "pdfinfo", ""), "Title:ま産第12号補助金交付決定通知書");
    says(told(desk, "pdfinfo", ""), "Tagged:yes");
}

static void a_translation_follows_the_letter(void **state) {
    Desk *desk = *state;
    Str bytes;
    assert_int_equal(paper(desk, contents_of(desk, WHOLE), true, &bytes), RC_OK);
    Str text = read_back(desk, bytes);
    says(text, "下記のとおり決定しました。");
    says(text, "Translationforreference");
    says(text, "Itisdecidedasfollows.");
    assert_int_equal(pages(desk), 2);
}

/* Paragraphs of ten sentences each, counted so that a lost one shows. */
static const Json *long_contents(Desk *desk, int sentences) {
    Buf text = buf_new(desk->ctx.arena, READ_MAX);
    buf_add(&text, STR("{'title': '長い通知', 'signer': 'x', 'to': {'name': 'x'}, 'body': ['"));
    for (int i = 0; i < sentences; i++) {
        if (i && i % 10 == 0) buf_add(&text, STR("', '"));
        buf_addf(&text, "理由の第%d段は、次のとおりです。この文は行を満たすために続きます。", i);
    }
    buf_add(&text, STR("']}"));
    return contents_of(desk, str_z(desk->ctx.arena, buf_str(&text)));
}

static void what_is_long_goes_on_over_pages(void **state) {
    Desk *desk = *state;
    Str bytes;
    assert_int_equal(paper(desk, long_contents(desk, 150), false, &bytes), RC_OK);
    Str text = read_back(desk, bytes);
    for (int i = 0; i < 150; i++) {
        char sentence[64];
        snprintf(sentence, sizeof sentence, "理由の第%d段は", i);
        says(text, sentence);
    }
    int n = pages(desk);
    char last[16];
    snprintf(last, sizeof last, "%d/%d", n, n);
    assert_true(n >= 3 && n <= 12);
    says(told(desk, "pdftotext", "-"), last);
}

static void no_letter_is_longer_than_its_pages(void **state) {
    Desk *desk = *state;
    Str bytes;
    assert_int_equal(paper(desk, long_contents(desk, 1500), false, &bytes), RC_LIMIT);
    assert_true(str_eq(desk->ctx.error.code, STR("letter-too-long")));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(everything_is_there_as_text),
        CASE(a_translation_follows_the_letter),
        CASE(what_is_long_goes_on_over_pages),
        CASE(no_letter_is_longer_than_its_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
