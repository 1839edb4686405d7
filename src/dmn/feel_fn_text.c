/* Built-in functions on texts, and conversions to text and truth values (10.3.4.1, 10.3.4.3).
   Places count code points from 1. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "feel_int.h"

enum { MATCH_STEPS = 50000 };

/* The n-th argument as a text; false (and a note) when it is none. */
static bool text_at(const FeelCall *call, size_t n, Str *out) {
    if (n < call->n && call->args[n].kind == FEEL_STRING) {
        *out = call->args[n].string;
        return true;
    }
    CALL_NOTHING(call, "value %zu of " STR_FMT " must be a string", n + 1,
                 STR_ARG(call->expr->name));
    return false;
}

static bool texts_at(const FeelCall *call, Str *a, Str *b) {
    return text_at(call, 0, a) && text_at(call, 1, b);
}

static bool whole_at(const FeelCall *call, size_t n, int64_t *out) {
    if (n < call->n && call->args[n].kind == FEEL_NUMBER &&
        number_to_int(call->args[n].number, out))
        return true;
    CALL_NOTHING(call, "value %zu of " STR_FMT " must be a whole number", n + 1,
                 STR_ARG(call->expr->name));
    return false;
}

/* A text that was made counts by its bytes. */
static FeelValue made(const FeelCall *call, Str text) {
    return feel_spend(call->run, text.len / FEEL_BYTES) ? feel_of_str(text) : feel_null();
}

static FeelValue fn_string(const FeelCall *call) {
    if (call->args[0].kind == FEEL_NULL) return feel_null();
    return made(call, feel_text(call->run->arena, &call->args[0]));
}

static FeelValue fn_not(const FeelCall *call) {
    if (call->args[0].kind != FEEL_BOOL) return feel_null();
    return feel_of_bool(!call->args[0].boolean);
}

static FeelValue fn_length(const FeelCall *call) {
    Str text;
    return text_at(call, 0, &text) ? feel_of_int((int64_t)str_utf8_len(text)) : feel_null();
}

/* The byte at which the n-th code point begins. */
static size_t byte_of(Str text, int64_t n) {
    Str rest = text;
    while (n-- > 0 && str_utf8_next(&rest) >= 0)
        ;
    return text.len - rest.len;
}

static FeelValue fn_substring(const FeelCall *call) {
    Str text;
    int64_t start, length = INT64_MAX;
    if (!text_at(call, 0, &text) || !whole_at(call, 1, &start)) return feel_null();
    if (call->n > 2 && call->args[2].kind != FEEL_NULL && !whole_at(call, 2, &length))
        return feel_null();
    int64_t size = (int64_t)str_utf8_len(text);
    if (start < 0) start += size + 1;
    if (start < 1 || start > size || length < 1)
        return CALL_NOTHING(call, "there is no such part of a text of %lld characters",
                            (long long)size);
    int64_t left = size - start + 1;
    Str rest = str_sub(text, byte_of(text, start - 1), text.len);
    return feel_of_str(str_sub(rest, 0, byte_of(rest, length < left ? length : left)));
}

static FeelValue change_case(const FeelCall *call, char from, char to) {
    Str text;
    if (!text_at(call, 0, &text)) return feel_null();
    Str out = str_dup(call->run->arena, text);
    for (size_t i = 0; i < out.len; i++)
        if (out.ptr[i] >= from && out.ptr[i] < from + 26) ((char *)out.ptr)[i] += (char)(to - from);
    return made(call, out);
}

static FeelValue fn_upper(const FeelCall *call) {
    return change_case(call, 'a', 'A');
}

static FeelValue fn_lower(const FeelCall *call) {
    return change_case(call, 'A', 'a');
}

static FeelValue fn_before(const FeelCall *call) {
    Str text, match;
    if (!texts_at(call, &text, &match)) return feel_null();
    ptrdiff_t at = str_find(text, match);
    return feel_of_str(str_sub(text, 0, at < 0 ? 0 : (size_t)at));
}

static FeelValue fn_after(const FeelCall *call) {
    Str text, match;
    if (!texts_at(call, &text, &match)) return feel_null();
    ptrdiff_t at = str_find(text, match);
    return feel_of_str(at < 0 ? STR("") : str_sub(text, (size_t)at + match.len, text.len));
}

static FeelValue fn_contains(const FeelCall *call) {
    Str text, match;
    return texts_at(call, &text, &match) ? feel_of_bool(str_find(text, match) >= 0) : feel_null();
}

static FeelValue fn_starts(const FeelCall *call) {
    Str text, match;
    return texts_at(call, &text, &match) ? feel_of_bool(str_starts(text, match)) : feel_null();
}

static FeelValue fn_ends(const FeelCall *call) {
    Str text, match;
    return texts_at(call, &text, &match) ? feel_of_bool(str_ends(text, match)) : feel_null();
}

/* ---- patterns */

static void code_free(pcre2_code **code) {
    pcre2_code_free(*code);
}

static void match_free(pcre2_match_data **data) {
    pcre2_match_data_free(*data);
}

static void limits_free(pcre2_match_context **context) {
    pcre2_match_context_free(*context);
}

static bool pattern_options(Str flags, uint32_t *out) {
    static const struct {
        char flag;
        uint32_t option;
    } known[] = {
        {'i', PCRE2_CASELESS}, {'s', PCRE2_DOTALL}, {'m', PCRE2_MULTILINE}, {'x', PCRE2_EXTENDED}};
    *out = PCRE2_UTF;
    for (size_t i = 0; i < flags.len; i++) {
        size_t k = 0;
        while (k < 4 && known[k].flag != flags.ptr[i])
            k++;
        if (k == 4) return false;
        *out |= known[k].option;
    }
    return true;
}

/* The pattern in the second argument, with the flags in the one named; NULL and a note when bad. */
static pcre2_code *pattern_of(const FeelCall *call, size_t flags_at) {
    Str pattern, flags = STR_NONE;
    uint32_t options;
    if (!text_at(call, 1, &pattern)) return NULL;
    bool flagged = call->n > flags_at && call->args[flags_at].kind != FEEL_NULL;
    if (flagged && !text_at(call, flags_at, &flags)) return NULL;
    int error;
    size_t offset = 0;
    pcre2_code *code =
        pattern_options(flags, &options)
            ? pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, options, &error, &offset, NULL)
            : NULL;
    if (!code)
        CALL_NOTHING(call, "\"" STR_FMT "\" is no pattern (place %zu)",
                     STR_ARG(str_head(pattern, 80)), offset);
    return code;
}

static pcre2_match_context *new_limits(void) {
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (limits) pcre2_set_match_limit(limits, MATCH_STEPS);
    return limits;
}

static FeelValue fn_matches(const FeelCall *call) {
    Str text;
    if (!text_at(call, 0, &text)) return feel_null();
    [[gnu::cleanup(code_free)]] pcre2_code *code = pattern_of(call, 2);
    if (!code) return feel_null();
    [[gnu::cleanup(limits_free)]] pcre2_match_context *limits = new_limits();
    [[gnu::cleanup(match_free)]] pcre2_match_data *data =
        pcre2_match_data_create_from_pattern(code, NULL);
    int found = pcre2_match(code, (PCRE2_SPTR)text.ptr, text.len, 0, 0, data, limits);
    if (found >= 0) return feel_of_bool(true);
    return found == PCRE2_ERROR_NOMATCH ? feel_of_bool(false)
                                        : CALL_NOTHING(call, "the pattern takes too long");
}

static FeelValue fn_replace(const FeelCall *call) {
    Str text, by;
    if (!text_at(call, 0, &text) || !text_at(call, 2, &by)) return feel_null();
    [[gnu::cleanup(code_free)]] pcre2_code *code = pattern_of(call, 3);
    if (!code) return feel_null();
    [[gnu::cleanup(limits_free)]] pcre2_match_context *limits = new_limits();
    [[gnu::cleanup(buf_free)]] Buf to = buf_new(NULL, FEEL_TEXT_MAX);
    size_t size = FEEL_TEXT_MAX;
    char *out = buf_reserve(&to, size);
    int done = pcre2_substitute(code, (PCRE2_SPTR)text.ptr, text.len, 0,
                                PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_EXTENDED, NULL, limits,
                                (PCRE2_SPTR)by.ptr, by.len, (PCRE2_UCHAR *)out, &size);
    if (done < 0) return CALL_NOTHING(call, "the text can't be replaced so");
    return made(call, str_dup(call->run->arena, (Str){out, size}));
}

static void push(const FeelCall *call, FeelValue **items, size_t *n, FeelValue value) {
    if ((*n & (*n - 1)) == 0) /* at each power of two */
        *items = arena_grow(call->run->arena, *items, *n * sizeof value,
                            (*n ? *n * 2 : 1) * sizeof value, _Alignof(FeelValue));
    (*items)[(*n)++] = value;
}

static FeelValue fn_split(const FeelCall *call) {
    Str text;
    if (!text_at(call, 0, &text)) return feel_null();
    [[gnu::cleanup(code_free)]] pcre2_code *code = pattern_of(call, 2);
    if (!code) return feel_null();
    [[gnu::cleanup(limits_free)]] pcre2_match_context *limits = new_limits();
    [[gnu::cleanup(match_free)]] pcre2_match_data *data =
        pcre2_match_data_create_from_pattern(code, NULL);
    FeelValue *items = NULL;
    size_t n = 0, start = 0, at = 0;
    while (at <= text.len && pcre2_match(code, (PCRE2_SPTR)text.ptr, text.len, at, PCRE2_NOTEMPTY,
                                         data, limits) > 0) {
        const size_t *ends = pcre2_get_ovector_pointer(data);
        push(call, &items, &n, feel_of_str(str_sub(text, start, ends[0])));
        start = at = ends[1];
    }
    push(call, &items, &n, feel_of_str(str_sub(text, start, text.len)));
    return feel_of_items(items, n);
}

static FeelValue fn_join(const FeelCall *call) {
    Str between = STR("");
    if (call->args[0].kind != FEEL_LIST) return CALL_NOTHING(call, "string join takes a list");
    if (call->n > 1 && call->args[1].kind != FEEL_NULL && !text_at(call, 1, &between))
        return feel_null();
    const FeelValue *list = &call->args[0];
    StrVec parts = {0};
    if (!feel_spend(call->run, list->len)) return feel_null();
    for (uint32_t i = 0; i < list->len; i++) {
        if (list->items[i].kind == FEEL_NULL) continue;
        if (list->items[i].kind != FEEL_STRING)
            return CALL_NOTHING(call, "item %u of the list is no string", i + 1);
        vec_push(call->run->arena, &parts, list->items[i].string);
    }
    size_t total = parts.len * between.len;
    VEC_EACH (Str, part, &parts)
        total += part->len;
    if (total > FEEL_TEXT_MAX) return CALL_NOTHING(call, "the text is too long");
    return made(call, str_join(call->run->arena, parts.items, parts.len, between));
}

const FeelBuiltin feel_functions_text[] = {
    {STR("string"), "from", 1, fn_string},
    {STR("not"), "negand", 1, fn_not},
    {STR("string length"), "string", 1, fn_length},
    {STR("substring"), "string,start position,length", 2, fn_substring},
    {STR("upper case"), "string", 1, fn_upper},
    {STR("lower case"), "string", 1, fn_lower},
    {STR("substring before"), "string,match", 2, fn_before},
    {STR("substring after"), "string,match", 2, fn_after},
    {STR("contains"), "string,match", 2, fn_contains},
    {STR("starts with"), "string,match", 2, fn_starts},
    {STR("ends with"), "string,match", 2, fn_ends},
    {STR("matches"), "input,pattern,flags", 2, fn_matches},
    {STR("replace"), "input,pattern,replacement,flags", 3, fn_replace},
    {STR("split"), "string,delimiter", 2, fn_split},
    {STR("string join"), "list,delimiter", 1, fn_join},
    {.call = NULL},
};
