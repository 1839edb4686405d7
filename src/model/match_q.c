/* The query language (clause 4.9). Lenient beyond the grammar where nothing is lost by it: '=' for
   '==', !name for "has no such attribute", bare words as texts, blanks between tokens. */
#include "match_int.h"

#include <string.h>

typedef struct QReader {
    StrVec expanded; /* expandValues, as IRIs */
    Patterns *patterns;
} QReader;

/* ---- reading */

static const struct {
    Str text;
    TermOp op;
} operators[] = {
    {STR("!~="), TERM_NO_PATTERN},   {STR("=="), TERM_EQUAL},      {STR("!="), TERM_UNEQUAL},
    {STR(">="), TERM_GREATER_EQUAL}, {STR("<="), TERM_LESS_EQUAL}, {STR("~="), TERM_PATTERN},
    {STR(">"), TERM_GREATER},        {STR("<"), TERM_LESS},        {STR("="), TERM_EQUAL},
};

static TermOp take_operator(Scan *scan) {
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (match_scan_take(scan, operators[i].text)) return operators[i].op;
    return TERM_EXISTS;
}

/* A bare expression ends where the term ends; inside (...) and [...] '|' and ')' belong to it. */
static Str bare_pattern(const Scan *scan) {
    Str rest = str_sub(scan->text, scan->at, scan->text.len);
    size_t len = 0, depth = 0;
    for (; len < rest.len && rest.ptr[len] != ';'; len++) {
        char c = rest.ptr[len];
        if (c == '\\' && len + 1 < rest.len)
            len++;
        else if (c == '(' || c == '[')
            depth++;
        else if (depth == 0 && (c == '|' || c == ')'))
            break;
        else if (c == ')' || c == ']')
            depth -= depth > 0;
    }
    return str_sub(rest, 0, len);
}

static Rc read_pattern(Scan *scan, Patterns *patterns, Term *term) {
    size_t offset = scan->at;
    Str text;
    if (match_scan_peek(scan) == '"') {
        TRY(match_value_quoted(scan, true, &text));
        offset++;
    } else {
        text = bare_pattern(scan);
        scan->at += text.len;
    }
    if (str_empty(text))
        return SCAN_FAIL(scan, offset, "expected a regular expression, found " STR_FMT ".",
                         STR_ARG(match_scan_what(scan, offset)));
    return match_pattern_new(scan, offset, text, patterns, &term->pattern);
}

/* Only values with an order have one: a bare word or a boolean has none (ComparableValue). */
static bool is_comparable(const Operand *operand) {
    return operand->kind != OPERAND_BOOL && (operand->kind != OPERAND_TEXT || operand->quoted);
}

static Rc read_range_end(Scan *scan, size_t offset, Term *term) {
    TRY(match_value_read(scan, &term->values[1]));
    term->n_values = 2;
    term->range = true;
    if (term->values[0].kind != term->values[1].kind || !is_comparable(&term->values[0]) ||
        !is_comparable(&term->values[1]))
        return SCAN_FAIL(scan, offset,
                         "both ends of a range must be numbers, quoted texts or times "
                         "of one kind.");
    return RC_OK;
}

static Rc read_equality(Scan *scan, Term *term) {
    VEC(Operand) values = {0};
    size_t offset = scan->at;
    do {
        match_scan_blanks(scan);
        if (values.len == MATCH_VALUES_MAX)
            return SCAN_LIMIT(scan, "a list of more than %d values.", MATCH_VALUES_MAX);
        Operand value;
        TRY(match_value_read(scan, &value));
        vec_push(scan->ctx->arena, &values, value);
        if (values.len == 1 && match_scan_take(scan, STR(".."))) {
            vec_push(scan->ctx->arena, &values, value);
            term->values = values.items;
            return read_range_end(scan, offset, term);
        }
        match_scan_blanks(scan);
    } while (match_scan_take(scan, STR(",")));
    term->values = values.items;
    term->n_values = values.len;
    return RC_OK;
}

static Rc read_comparison(Scan *scan, Term *term) {
    size_t offset = scan->at;
    term->values = NEW(scan->ctx->arena, Operand);
    term->n_values = 1;
    TRY(match_value_read(scan, term->values));
    if (!is_comparable(term->values))
        return SCAN_FAIL(scan, offset, "<, <=, > and >= need a number, a time or a quoted text.");
    if (match_scan_peek(scan) == '.' || match_scan_peek(scan) == ',')
        return SCAN_FAIL(scan, scan->at, "a range or list goes with == and != only.");
    return RC_OK;
}

static bool is_expanded(const QReader *reader, const Path *path) {
    VEC_EACH (Str, iri, &reader->expanded)
        if (path->n_names &&
            (str_eq(*iri, path->names[0]) || str_eq(*iri, path->names[path->n_names - 1])))
            return true;
    return false;
}

static void expand_values(Scan *scan, Term *term) {
    for (size_t i = 0; i < term->n_values; i++) {
        Operand *value = &term->values[i];
        if (value->kind != OPERAND_TEXT || str_empty(value->text)) continue;
        Arena *arena = scan->ctx->arena;
        value->iri = str_dup(arena, ld_expand(scan->context, arena, value->text));
    }
}

static Rc read_values(Scan *scan, const QReader *reader, Term *term) {
    match_scan_blanks(scan);
    switch (term->op) {
    case TERM_EXISTS:
    case TERM_ABSENT:
        return RC_OK;
    case TERM_PATTERN:
    case TERM_NO_PATTERN:
        return read_pattern(scan, reader->patterns, term);
    case TERM_EQUAL:
    case TERM_UNEQUAL:
        return read_equality(scan, term);
    default:
        return read_comparison(scan, term);
    }
}

static Rc read_leaf(Scan *scan, void *arg, const void **leaf) {
    const QReader *reader = arg;
    Term *term = NEW(scan->ctx->arena, Term);
    *leaf = term;
    bool absent = match_scan_take(scan, STR("!"));
    TRY(match_path_read(scan, &term->path));
    match_scan_blanks(scan);
    size_t offset = scan->at;
    term->op = take_operator(scan);
    if (absent && term->op != TERM_EXISTS)
        return SCAN_FAIL(scan, offset,
                         "!name asks that there is no such attribute: no comparison "
                         "can follow it.");
    if (absent) term->op = TERM_ABSENT;
    TRY(read_values(scan, reader, term));
    if (is_expanded(reader, &term->path)) expand_values(scan, term);
    return RC_OK;
}

static void read_expanded(Ctx *ctx, const LdContext *context, Str names, StrVec *out) {
    Str name;
    while (str_split(&names, ',', &name)) {
        name = str_trim(name);
        if (str_empty(name)) continue;
        vec_push(ctx->arena, out, str_dup(ctx->arena, ld_expand(context, ctx->arena, name)));
    }
}

Rc match_q_read(Ctx *ctx, const LdContext *context, const MatchSource *source, Patterns *patterns,
                Expr **out) {
    *out = NULL;
    if (str_empty(source->q)) return RC_OK;
    Scan scan;
    TRY(match_scan_start(ctx, context, "q", source->q, &scan));
    QReader reader = {.patterns = patterns};
    read_expanded(ctx, context, source->expand_values, &reader.expanded);
    return match_expr_parse(&scan, &(ExprRules){.leaf = read_leaf, .arg = &reader}, out);
}

/* ---- testing */

/* A term and the kind of what it is tested on. */
typedef struct Probe {
    const Term *term;
    AttrKind kind;
} Probe;

static bool in_range(const Term *term, const Json *scalar) {
    int low, high;
    return match_value_order(&term->values[0], scalar, &low) &&
           match_value_order(&term->values[1], scalar, &high) && low >= 0 && high <= 0;
}

static bool scalar_equal(const Json *scalar, const void *arg) {
    const Probe *probe = arg;
    const Term *term = probe->term;
    if (term->range) return in_range(term, scalar);
    for (size_t i = 0; i < term->n_values; i++)
        if (match_value_equal(&term->values[i], probe->kind, scalar)) return true;
    return false;
}

static bool order_holds(TermOp op, int order) {
    switch (op) {
    case TERM_GREATER:
        return order > 0;
    case TERM_GREATER_EQUAL:
        return order >= 0;
    case TERM_LESS:
        return order < 0;
    default:
        return order <= 0;
    }
}

static bool scalar_ordered(const Json *scalar, const void *arg) {
    const Probe *probe = arg;
    int order;
    return match_value_order(probe->term->values, scalar, &order) &&
           order_holds(probe->term->op, order);
}

static bool scalar_is_text(const Json *scalar, const void *arg) {
    (void)arg;
    return scalar->kind == JSON_STRING;
}

static bool scalar_found(const Json *scalar, const void *arg) {
    const Probe *probe = arg;
    bool found;
    return scalar->kind == JSON_STRING &&
           match_pattern_test(probe->term->pattern, json_str(scalar), &found) && found;
}

/* The text matches, or was too hard to decide: then 'does not match' isn't known either. */
static bool scalar_perhaps_found(const Json *scalar, const void *arg) {
    const Probe *probe = arg;
    bool found;
    return scalar->kind == JSON_STRING &&
           (!match_pattern_test(probe->term->pattern, json_str(scalar), &found) || found);
}

static bool is_array(const Target *target) {
    return target->kind != ATTR_LANGUAGE && match_value_plain(target->value)->kind == JSON_ARRAY;
}

/* Orders and patterns: an array has none of either, nor has a relationship (clause 4.9). */
static bool test_single(const Term *term, const Target *target) {
    Probe probe = {term, target->kind};
    if (target->kind == ATTR_RELATIONSHIP || target->kind == ATTR_LIST_RELATIONSHIP ||
        is_array(target))
        return false;
    if (term->op == TERM_PATTERN)
        return match_value_any(target->kind, target->value, scalar_found, &probe);
    if (term->op == TERM_NO_PATTERN)
        return match_value_any(target->kind, target->value, scalar_is_text, NULL) &&
               !match_value_any(target->kind, target->value, scalar_perhaps_found, &probe);
    return match_value_any(target->kind, target->value, scalar_ordered, &probe);
}

static int time_order(int64_t time, const Operand *operand) {
    return (time > operand->time) - (time < operand->time);
}

static bool time_equal(const Term *term, int64_t time) {
    if (term->range)
        return term->values[0].kind == OPERAND_DATETIME &&
               time_order(time, &term->values[0]) >= 0 && time_order(time, &term->values[1]) <= 0;
    for (size_t i = 0; i < term->n_values; i++)
        if (term->values[i].kind == OPERAND_DATETIME && time == term->values[i].time) return true;
    return false;
}

static bool test_time(const Term *term, int64_t time) {
    switch (term->op) {
    case TERM_EXISTS:
        return true;
    case TERM_EQUAL:
        return time_equal(term, time);
    case TERM_UNEQUAL:
        return !time_equal(term, time);
    case TERM_PATTERN:
    case TERM_NO_PATTERN:
        return false;
    default:
        return term->values[0].kind == OPERAND_DATETIME &&
               order_holds(term->op, time_order(time, term->values));
    }
}

static bool test_target(const Target *target, void *arg) {
    const Term *term = arg;
    if (!target->value) return test_time(term, target->time);
    Probe probe = {term, target->kind};
    switch (term->op) {
    case TERM_EXISTS:
        return true;
    case TERM_EQUAL:
        return match_value_any(target->kind, target->value, scalar_equal, &probe);
    case TERM_UNEQUAL:
        return !match_value_any(target->kind, target->value, scalar_equal, &probe);
    default:
        return test_single(term, target);
    }
}

static bool target_exists(const Target *target, void *arg) {
    (void)target;
    (void)arg;
    return true;
}

static bool test_leaf(const void *leaf, const void *arg) {
    const Term *term = leaf;
    if (term->op == TERM_ABSENT) return !match_path_any(&term->path, arg, target_exists, NULL);
    return match_path_any(&term->path, arg, test_target, (void *)(uintptr_t)term);
}

bool match_q_test(const Expr *q, const Entity *entity) {
    return match_expr_test(q, test_leaf, entity);
}

/* ---- what q implies */

static void add_bound(Arena *arena, MatchHint *hint, const Term *term, MatchOp op,
                      const Operand *value) {
    vec_push(
        arena, &hint->bounds,
        (MatchBound){.attr = term->path.names[0], .op = op, .value = value ? &value->json : NULL});
}

/* Values that an index compares as match does: numbers, booleans, texts that are no times and were
 * not expanded. */
static bool is_plain(const Operand *operand) {
    return operand->kind <= OPERAND_TEXT && str_empty(operand->iri);
}

static void term_hint(Arena *arena, const Term *term, MatchHint *hint) {
    static const MatchOp ops[] = {
        [TERM_EQUAL] = MATCH_EQ, [TERM_GREATER] = MATCH_GT,    [TERM_GREATER_EQUAL] = MATCH_GE,
        [TERM_LESS] = MATCH_LT,  [TERM_LESS_EQUAL] = MATCH_LE,
    };
    const Path *path = &term->path;
    if (path->n_names == 0 || term->op == TERM_ABSENT) return;
    bool whole = path->n_names == 1 && path->n_keys == 0 && !path->member;
    bool compares =
        term->op == TERM_EQUAL || (term->op >= TERM_GREATER && term->op <= TERM_LESS_EQUAL);
    if (!whole || !compares || !is_plain(&term->values[0])) {
        add_bound(arena, hint, term, MATCH_EXISTS, NULL);
    } else if (term->range) {
        add_bound(arena, hint, term, MATCH_GE, &term->values[0]);
        add_bound(arena, hint, term, MATCH_LE, &term->values[1]);
    } else if (term->n_values == 1) {
        add_bound(arena, hint, term, ops[term->op], &term->values[0]);
    } else {
        add_bound(arena, hint, term, MATCH_EXISTS, NULL);
    }
}

void match_q_hint(Arena *arena, const Expr *q, MatchHint *hint) {
    if (q->kind == EXPR_LEAF) term_hint(arena, q->leaf, hint);
    if (q->kind != EXPR_AND) return;
    for (const Expr *item = q->first; item; item = item->next)
        match_q_hint(arena, item, hint);
}

void match_q_attrs(Arena *arena, const Expr *q, StrVec *attrs) {
    if (q->kind == EXPR_LEAF) {
        const Term *term = q->leaf;
        if (term->path.n_names) vec_push(arena, attrs, term->path.names[0]);
        return;
    }
    for (const Expr *item = q->first; item; item = item->next)
        match_q_attrs(arena, item, attrs);
}
