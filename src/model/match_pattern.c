#include "match_int.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    PATTERN_TEXT_MAX = 1024,
    PATTERN_STEPS_MAX = 50000,   /* match limit: some milliseconds at worst */
    PATTERN_DEPTH_MAX = 500,     /* of backtracking kept at once */
    PATTERN_HEAP_KIB_MAX = 1024, /* of memory for it */
    PATTERN_NEST_MAX = 32,       /* parentheses */
};

struct Pattern {
    Pattern *next;
    pcre2_code *code;
    pcre2_match_context *limits;
};

static void *pattern_alloc(size_t size, void *unused) {
    (void)unused;
    return mem_alloc(size);
}

static void pattern_release(void *memory, void *unused) {
    (void)unused;
    mem_free(memory);
}

static Rc fail(Scan *scan, size_t offset, int error, size_t at) {
    PCRE2_UCHAR text[160];
    pcre2_get_error_message(error, text, sizeof text);
    return SCAN_FAIL(scan, offset + at, "the regular expression is wrong: %s.", (const char *)text);
}

static pcre2_code *compile(Str pattern, pcre2_general_context *memory, int *error, size_t *at) {
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    pcre2_set_parens_nest_limit(context, PATTERN_NEST_MAX);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(pattern.len ? pattern.ptr : ""), pattern.len,
                                     PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, error, at, context);
    pcre2_compile_context_free(context);
    return code;
}

Rc match_pattern_new(Scan *scan, size_t offset, Str text, Patterns *owner, Pattern **out) {
    int error;
    size_t at;
    if (text.len > PATTERN_TEXT_MAX)
        return SCAN_LIMIT(scan, "a regular expression of more than %d bytes.", PATTERN_TEXT_MAX);
    pcre2_general_context *memory =
        pcre2_general_context_create(pattern_alloc, pattern_release, NULL);
    Pattern *pattern = mem_zero(sizeof *pattern);
    pattern->next = owner->first;
    owner->first = *out = pattern;
    pattern->code = compile(text, memory, &error, &at);
    pattern->limits = pcre2_match_context_create(memory);
    pcre2_general_context_free(memory);
    if (!pattern->code) return fail(scan, offset, error, at);
    pcre2_set_match_limit(pattern->limits, PATTERN_STEPS_MAX);
    pcre2_set_depth_limit(pattern->limits, PATTERN_DEPTH_MAX);
    pcre2_set_heap_limit(pattern->limits, PATTERN_HEAP_KIB_MAX);
    if (pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) != 0)
        log_debug("model", "a regular expression runs without JIT"); /* slower, same answers */
    return RC_OK;
}

void match_pattern_free(Patterns *patterns) {
    while (patterns->first) {
        Pattern *pattern = patterns->first;
        patterns->first = pattern->next;
        pcre2_code_free(pattern->code);
        pcre2_match_context_free(pattern->limits);
        mem_free(pattern);
    }
}

static int run(const Pattern *pattern, Str text, uint32_t options) {
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    int result = pcre2_match(pattern->code, (PCRE2_SPTR)(text.len ? text.ptr : ""), text.len, 0,
                             options, data, pattern->limits);
    pcre2_match_data_free(data);
    return result;
}

bool match_pattern_test(const Pattern *pattern, Str text, bool *found) {
    int result = run(pattern, text, 0);
    /* JIT code has 32 KiB of stack; what needs more is interpreted, within the heap limit. */
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = run(pattern, text, PCRE2_NO_JIT);
    *found = result >= 0;
    return result >= 0 || result == PCRE2_ERROR_NOMATCH;
}
