/* Terms to IRIs and back (clauses 5.5.5 and 5.5.7). Two look-ups at most: the core's terms, which
   nothing overrides, then the user's. */
#include "ld_int.h"

#include <string.h>
#include <unicode/uchar.h>

static bool is_alpha(char c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_scheme_char(char c) {
    return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/* Length of the scheme of an absolute IRI, 0 when there is none. */
static size_t scheme_len(Str s) {
    if (s.len == 0 || !is_alpha(s.ptr[0])) return 0;
    size_t i = 1;
    while (i < s.len && is_scheme_char(s.ptr[i]))
        i++;
    return i < s.len && s.ptr[i] == ':' ? i : 0;
}

/* What a reader can't see, or takes for something else: blanks, controls of direction and joining,
 * fillers, variation selectors, noncharacters. In an id they would make two of what looks like one.
 */
static bool is_unseen(int32_t c) {
    int8_t kind = u_charType(c);
    return u_isUWhiteSpace(c) || kind == U_CONTROL_CHAR || kind == U_FORMAT_CHAR ||
           U_IS_UNICODE_NONCHAR(c) || u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
           c == 0x2800; /* the braille pattern without dots */
}

static bool all_seen(Str s) {
    while (s.len) {
        int32_t c = str_utf8_next(&s);
        if (c < 0 || (c > 0x7F && is_unseen(c))) return false;
    }
    return true;
}

bool ld_is_iri(Str s) {
    bool plain = true;
    size_t scheme = scheme_len(s);
    if (!scheme || scheme + 1 == s.len || s.len > LD_IRI_MAX) return false;
    for (size_t i = scheme + 1; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c == 0x7F || (c < 0x80 && strchr("<>\"{}|\\^`", c))) return false;
        plain = plain && c < 0x80;
    }
    return plain || all_seen(s);
}

bool ld_is_gen_delim(char c) {
    return c && strchr(":/?#[]@", c);
}

static const LdTerm *find_term(const LdContext *context, Str term) {
    const LdTerm *found = map_get(&ld_core_index()->terms, term);
    return found ? found : map_get(&context->user.terms, term);
}

bool ld_term_is_vocab(const LdContext *context, Str term) {
    const LdTerm *found = find_term(context, term);
    return found && found->type == LD_TYPE_VOCAB;
}

static Str join(Arena *arena, Str a, Str b) {
    return str_join(arena, (Str[]){a, b}, 2, STR_NONE);
}

Str ld_expand(const LdContext *context, Arena *arena, Str term) {
    const LdTerm *found = find_term(context, term);
    if (found) return found->iri;
    if (str_starts(term, STR("@"))) return term;
    ptrdiff_t colon = str_find_char(term, ':');
    if (colon < 0) return join(arena, STR(LD_DEFAULT), term);
    Str suffix = str_sub(term, (size_t)colon + 1, term.len);
    const LdTerm *prefix = find_term(context, str_sub(term, 0, (size_t)colon));
    if (prefix && prefix->prefix && !str_starts(suffix, STR("//")))
        return join(arena, prefix->iri, suffix);
    return ld_is_iri(term) ? term : join(arena, STR(LD_DEFAULT), term);
}

/* ---- back ---- */

/* Of two terms for one IRI the shorter one, of equally long ones the first by bytes (JSON-LD 1.1
 * API, 4.3). */
static bool is_better(Str a, Str b) {
    return a.len != b.len ? a.len < b.len : str_cmp(a, b) < 0;
}

static void offer(Map *map, LdTerm *term) {
    const LdTerm *holder = map_get(map, term->iri);
    if (!holder || is_better(term->term, holder->term)) map_put(map, term->iri, term);
}

void ld_index_fill(LdIndex *index, Arena *arena, LdTerm *const *terms, size_t n) {
    *index = (LdIndex){map_new(arena), map_new(arena), map_new(arena), 0};
    for (size_t i = 0; i < n; i++) {
        LdTerm *term = terms[i];
        map_put(&index->terms, term->term, term);
        offer(&index->iris, term);
        if (!term->prefix) continue;
        offer(&index->prefixes, term);
        if (term->iri.len > index->prefix_max) index->prefix_max = term->iri.len;
    }
}

/* What stands behind the default context's IRI, unless it would be read as something else. */
static Str default_name(const LdContext *context, Str iri) {
    if (!str_starts(iri, STR(LD_DEFAULT))) return STR_NONE;
    Str name = str_sub(iri, sizeof LD_DEFAULT - 1, iri.len);
    bool plain = name.len && name.ptr[0] != '@' && str_find_char(name, ':') < 0;
    return plain && !find_term(context, name) ? name : STR_NONE;
}

/* The best compact IRI so far: a prefix and what follows it. */
typedef struct Compact {
    const LdTerm *prefix;
    Str suffix;
} Compact;

static bool compact_is_better(Compact a, Compact b) {
    if (!b.prefix) return true;
    size_t a_len = a.prefix->term.len + a.suffix.len, b_len = b.prefix->term.len + b.suffix.len;
    return a_len != b_len ? a_len < b_len : str_cmp(a.prefix->term, b.prefix->term) < 0;
}

static void try_prefix(const LdIndex *index, Str iri, size_t cut, Compact *best) {
    if (cut > index->prefix_max) return;
    const LdTerm *prefix = map_get(&index->prefixes, str_sub(iri, 0, cut));
    Compact candidate = {prefix, str_sub(iri, cut, iri.len)};
    if (prefix && !str_starts(candidate.suffix, STR("//")) && compact_is_better(candidate, *best))
        *best = candidate;
}

/* Nearly all prefixes end with a gen-delim, so only behind one an IRI is cut; by another kind
   ("@prefix": true) names are expanded, not compacted. A prefix of the user's that has the name of
   a core term is not in his index. */
static Str compact_iri(const LdContext *context, Arena *arena, Str iri) {
    const LdIndex *core = ld_core_index();
    Compact best = {0};
    size_t last =
        core->prefix_max > context->user.prefix_max ? core->prefix_max : context->user.prefix_max;
    for (size_t cut = 1; cut < iri.len && cut <= last; cut++) {
        if (!ld_is_gen_delim(iri.ptr[cut - 1])) continue;
        try_prefix(core, iri, cut, &best);
        try_prefix(&context->user, iri, cut, &best);
    }
    if (!best.prefix) return iri;
    Str name = str_join(arena, (Str[]){best.prefix->term, best.suffix}, 2, STR(":"));
    return find_term(context, name) ? iri : name; /* the name itself is a term for something else */
}

Str ld_compact(const LdContext *context, Arena *arena, Str iri) {
    const LdTerm *found = map_get(&ld_core_index()->iris, iri);
    if (!found) found = map_get(&context->user.iris, iri);
    if (found) return found->term;
    Str name = default_name(context, iri);
    if (name.len) return name;
    return iri.len > LD_IRI_MAX ? iri : compact_iri(context, arena, iri);
}
