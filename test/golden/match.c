#include "match.h"

#include <ctype.h>
#include <string.h>

enum { STEPS_MAX = 10 * 1000 * 1000 }; /* a pattern that needs more is too vague to be a test */

bool captures_get(const Captures *captures, Str name, Str *value) {
    VEC_EACH (Capture, capture, &captures->all) {
        if (!str_eq(capture->name, name)) continue;
        *value = capture->value;
        return true;
    }
    return false;
}

void captures_set(Captures *captures, Str name, Str value) {
    vec_push(captures->arena, &captures->all,
             (Capture){str_dup(captures->arena, name), str_dup(captures->arena, value)});
}

/* The name of a hole at the front of the pattern ("*" or a word); STR_NONE: text. */
static Str hole(Str pattern) {
    if (!str_starts(pattern, STR("{{"))) return STR_NONE;
    ptrdiff_t end = str_find(pattern, STR("}}"));
    Str name = end < 0 ? STR_NONE : str_sub(pattern, 2, (size_t)end);
    if (str_eq(name, STR("*"))) return name;
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && name.ptr[i] != '_') return STR_NONE;
    return name.len ? name : STR_NONE;
}

typedef struct Search {
    Captures *captures;
    size_t steps;
} Search;

static bool match(Search *search, Str pattern, Str text);

/* Tries the hole with ever more of the text. */
static bool match_hole(Search *search, Str name, Str pattern, Str text) {
    bool any = str_eq(name, STR("*"));
    size_t known = search->captures->all.len;
    for (size_t len = 0; len <= text.len; len++) {
        if (++search->steps > STEPS_MAX) return false;
        if (!any && len && strchr("\"\r\n", text.ptr[len - 1])) return false;
        if (!any && !len) continue;
        if (!any) captures_set(search->captures, name, str_sub(text, 0, len));
        if (match(search, pattern, str_sub(text, len, text.len))) return true;
        search->captures->all.len = known;
    }
    return false;
}

static bool match(Search *search, Str pattern, Str text) {
    while (pattern.len) {
        Str name = hole(pattern), value;
        if (!name.len) {
            if (!text.len || text.ptr[0] != pattern.ptr[0]) return false;
            pattern = str_sub(pattern, 1, pattern.len);
            text = str_sub(text, 1, text.len);
            continue;
        }
        pattern = str_sub(pattern, name.len + 4, pattern.len);
        if (!captures_get(search->captures, name, &value))
            return match_hole(search, name, pattern, text);
        if (!str_starts(text, value)) return false;
        text = str_sub(text, value.len, text.len);
    }
    return !text.len;
}

bool match_text(Captures *captures, Str pattern, Str text) {
    size_t known = captures->all.len;
    Search search = {.captures = captures};
    bool same = match(&search, pattern, text.ptr ? text : STR(""));
    if (!same) captures->all.len = known;
    return same;
}

Rc match_fill(Ctx *ctx, const Captures *captures, Str text, Str *out) {
    Buf filled = buf_new(ctx->arena, 64 << 20);
    while (text.len) {
        Str name = hole(text), value = str_sub(text, 0, 1);
        if (name.len && !captures_get(captures, name, &value))
            return ctx_fail(ctx, RC_INVALID, "unknown", STR_NONE,
                            "{{" STR_FMT "}} was not captured before", STR_ARG(name));
        buf_add(&filled, value);
        text = str_sub(text, name.len ? name.len + 4 : 1, text.len);
    }
    *out = buf_str(&filled);
    return RC_OK;
}

Str match_compact(Arena *arena, Str text) {
    bool json = str_starts(text, STR("{")) || str_starts(text, STR("["));
    if (!json || str_starts(text, STR("{{*}}"))) return text;
    Buf compact = buf_new(arena, text.len);
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"') quoted = !quoted;
        if (quoted || !strchr(" \t\r\n", c)) buf_add_char(&compact, c);
        if (quoted && c == '\\' && i + 1 < text.len) buf_add_char(&compact, text.ptr[++i]);
    }
    return buf_str(&compact);
}
