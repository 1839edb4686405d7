#include "procedure_int.h"

#include "automatic.h"

#include <math.h>

enum { MARK_CHARS = 16, TARGET_MOST = 20, SAMPLE_LEAST = 5, MARKED_MAX = 4 << 20, HALVINGS = 60 };

/* One in twenty: what a bound at 95 % may miss. */
static const double doubt = 0.05;

static const Str bins[AUTOMATIC_BINS] = {
    [BIN_DONE] = STR("done"), [BIN_CONFIRM] = STR("confirm"), [BIN_BY_HAND] = STR("by-hand")};
static const Str fallbacks[] = {STR("by-hand"), STR("confirm")};

Str automatic_bin_word(AutomaticBin bin) {
    return bins[bin];
}

bool automatic_bin_of(Str word, AutomaticBin *out) {
    for (unsigned i = 0; i < AUTOMATIC_BINS; i++) {
        *out = (AutomaticBin)i;
        if (str_eq(bins[i], word)) return true;
    }
    return false;
}

size_t automatic_words(const Str **out) {
    *out = fallbacks;
    return sizeof fallbacks / sizeof *fallbacks;
}

/* ---- reading ---- */

typedef struct Reading {
    Ctx *ctx;
    const Json *from;
    Str path;
} Reading;

static Rc refuse(const Reading *reading, const char *member, const char *what) {
    Str path = str_fmt(reading->ctx->arena, STR_FMT ".%s", STR_ARG(reading->path), member);
    return ctx_fail(reading->ctx, RC_INVALID, "bad-definition", path, "%s", what);
}

static Rc read_wording(const Reading *reading, const char *member, Wording *out) {
    const Json *all = json_get(reading->from, str_of(member));
    *out = (Wording){.all = all, .ja = json_get_str(all, "ja")};
    if (!str_empty(out->ja) && !str_empty(json_get_str(all, "en"))) return RC_OK;
    return refuse(reading, member, "A text in Japanese (ja) and English (en) is needed here.");
}

static Rc read_test(const Reading *reading, const StrVec *names, const FeelExpr **out) {
    Str text = json_get_str(reading->from, "test");
    if (str_empty(str_trim(text))) return refuse(reading, "test", "An expression is needed here.");
    Rc rc = feel_read(reading->ctx, text, names, out);
    if (rc != RC_OK)
        reading->ctx->error.path =
            str_fmt(reading->ctx->arena, STR_FMT ".test", STR_ARG(reading->path));
    return rc;
}

static Rc read_bounds(const Reading *reading, Automatic *out) {
    out->target = json_get_int(reading->from, "target", 0);
    out->sample = json_get_int(reading->from, "sample", 0);
    if (out->target < 1 || out->target > TARGET_MOST)
        return refuse(reading, "target",
                      "The error rate that a rule has to stay below is 1 to 20 in a hundred.");
    if (out->sample < SAMPLE_LEAST || out->sample > 100)
        return refuse(reading, "sample",
                      "Of the cases that a rule moves, 5 to 100 in a hundred are confirmed.");
    return RC_OK;
}

static Rc read_fallback(const Reading *reading, AutomaticBin *out) {
    Str word = json_get_str(reading->from, "fallback");
    *out = BIN_BY_HAND;
    if (str_empty(word) || (automatic_bin_of(word, out) && *out != BIN_DONE)) return RC_OK;
    return refuse(reading, "fallback",
                  "What a rule doesn't move goes to \"by-hand\" or \"confirm\".");
}

static Rc read_one(const Reading *reading, const StrVec *names, Automatics *into) {
    Automatic rule = {.id = json_get_str(reading->from, "id"),
                      .state = json_get_str(reading->from, "state"),
                      .move = json_get_str(reading->from, "move")};
    if (!definition_id_good(rule.id))
        return refuse(reading, "id",
                      "An id is of letters, digits and '-', and begins with a letter.");
    VEC_EACH (const Automatic, other, into) {
        if (str_eq(other->id, rule.id)) return refuse(reading, "id", "This id is another rule's.");
        if (str_eq(other->state, rule.state))
            return refuse(reading, "state",
                          "Another rule is about this state: let a table tell them apart.");
    }
    TRY(read_wording(reading, "label", &rule.label));
    TRY(read_wording(reading, "text", &rule.text));
    TRY(read_test(reading, names, &rule.test));
    TRY(read_fallback(reading, &rule.fallback));
    TRY(read_bounds(reading, &rule));
    vec_push(reading->ctx->arena, into, rule);
    return RC_OK;
}

/* ---- the mark ---- */

static void mark_text(JsonWriter *w, const Json *from, const char *member) {
    json_text(w, json_get_str(from, member));
}

static void mark_value(JsonWriter *w, const Json *value) {
    static const Json none = {.kind = JSON_NULL};
    json_value(w, value ? value : &none);
}

/* Of a rule of any kind what it tests, not what it says. */
static void mark_tests(JsonWriter *w, const Json *rules) {
    json_open(w, '[');
    for (uint32_t i = 0; rules && i < rules->len; i++) {
        mark_text(w, json_at(rules, i), "id");
        mark_text(w, json_at(rules, i), "test");
    }
    json_close(w);
}

static void mark_field(JsonWriter *w, const Json *field) {
    static const char *const members[] = {"optional", "least", "most"};
    const Json *options = json_get(field, STR("options"));
    mark_text(w, field, "id");
    mark_text(w, field, "kind");
    mark_text(w, field, "when");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        mark_value(w, json_get(field, str_of(members[i])));
    for (uint32_t i = 0; options && i < options->len; i++)
        mark_text(w, json_at(options, i), "id");
    mark_tests(w, json_get(field, STR("checks")));
}

static void mark_pages(JsonWriter *w, const Json *pages) {
    json_open(w, '[');
    for (uint32_t i = 0; pages && i < pages->len; i++) {
        const Json *fields = json_get(json_at(pages, i), STR("fields"));
        mark_text(w, json_at(pages, i), "when");
        for (uint32_t k = 0; fields && k < fields->len; k++)
            mark_field(w, json_at(fields, k));
    }
    json_close(w);
}

/* The element of a list with an id; NULL: none. */
static const Json *named_one(const Json *list, Str id) {
    for (uint32_t i = 0; list && i < list->len; i++)
        if (str_eq(json_get_str(json_at(list, i), "id"), id)) return json_at(list, i);
    return NULL;
}

/* What its move does: where it leads, and which letters tell of it. */
static void mark_move(JsonWriter *w, const Json *source, Str id) {
    const Json *move = named_one(json_get(source, STR("moves")), id),
               *letters = json_get(source, STR("letters"));
    const Json *to = named_one(json_get(source, STR("states")), json_get_str(move, "to"));
    mark_text(w, move, "to");
    mark_value(w, json_get(move, STR("from")));
    mark_text(w, to, "owner");
    mark_text(w, to, "outcome");
    for (uint32_t i = 0; letters && i < letters->len; i++)
        if (str_eq(json_get_str(json_at(letters, i), "move"), id))
            mark_value(w, json_at(letters, i));
}

/* Whatever a case is decided by, and what becomes of it; a text that is mended is no other rule. */
static Str mark_of(Ctx *ctx, const Json *source, const Json *rule) {
    static const char *const members[] = {"state", "test", "move", "fallback"};
    Buf text = buf_new(ctx->arena, MARKED_MAX);
    JsonWriter w = json_writer(&text);
    json_open(&w, '[');
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        mark_text(&w, rule, members[i]);
    mark_value(&w, json_get(rule, STR("target")));
    mark_value(&w, json_get(rule, STR("sample")));
    mark_value(&w, json_get(source, STR("tables")));
    mark_tests(&w, json_get(source, STR("conditions")));
    mark_tests(&w, json_get(source, STR("checks")));
    mark_pages(&w, json_get(source, STR("pages")));
    mark_move(&w, source, json_get_str(rule, "move"));
    json_close(&w);
    Digest digest = hash_sha256(buf_str(&text));
    return hash_base32(ctx->arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, MARK_CHARS);
}

Rc automatic_read(Ctx *ctx, const Json *source, const StrVec *names, Automatics *out) {
    const Json *list = json_get(source, STR("automatic"));
    for (uint32_t i = 0; list && i < list->len; i++) {
        Reading reading = {ctx, json_at(list, i), str_fmt(ctx->arena, "automatic[%u]", i)};
        TRY(read_one(&reading, names, out));
        out->items[i].mark = mark_of(ctx, source, reading.from);
    }
    VEC_EACH (const Str, name, names)
        if (out->len && str_eq(*name, AUTOMATIC_UNMET))
            return ctx_fail(ctx, RC_INVALID, "bad-definition", STR("automatic"),
                            "\"unmet\" is what rules call the checks that don't hold: give the "
                            "field or table another id.");
    return RC_OK;
}

/* ---- what it says ---- */

AutomaticBin automatic_bin(const Automatic *rule, const FeelValue *value) {
    AutomaticBin bin;
    if (value->kind == FEEL_BOOL && value->boolean) return BIN_DONE;
    if (value->kind == FEEL_STRING && automatic_bin_of(value->string, &bin)) return bin;
    return rule->fallback;
}

/* The chance of at most so many errors in n cases of an error rate. */
static double chance(int64_t errors, int64_t n, double rate) {
    double term = (double)n * log1p(-rate), sum = exp(term), odds = log(rate) - log1p(-rate);
    for (int64_t i = 1; i <= errors; i++) {
        term += log((double)(n - i + 1) / (double)i) + odds;
        sum += exp(term);
    }
    return sum;
}

double automatic_bound(int64_t errors, int64_t n) {
    double low = 0, high = 1;
    if (n <= 0 || errors >= n) return 1;
    if (errors == 0) return -expm1(log(doubt) / (double)n);
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (chance(errors, n, middle) > doubt)
            low = middle;
        else
            high = middle;
    }
    return high;
}

int64_t automatic_needed(const Automatic *rule) {
    return (int64_t)ceil(log(doubt) / log1p(-(double)rule->target / 100));
}

int64_t automatic_rate(const Automatic *rule, int64_t run) {
    return run >= automatic_needed(rule) ? rule->sample : 100;
}
