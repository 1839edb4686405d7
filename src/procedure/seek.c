#include "procedure_int.h"

#include <string.h>

enum {
    SIGNATURE = 128, /* bytes: a name with its reading and an address set a sixth of the bits */
    BITS_EACH = 3,   /* that a pair of letters sets */
    WORD_LETTERS = 2,
    PHONE_LEAST = 8, /* digits: fewer may as well be of an address */
    PHONE_MOST = 15,
    WORDS_MAX = 8,
    TEXT_MAX = 200,
    ROW_MORE = 1024,
    THROUGH_MAX = 2000, /* cases that are opened for one question */
    BETWEEN = 0x1F      /* the unit separator: in no id or date */
};

typedef struct Signature {
    uint8_t bits[SIGNATURE];
} Signature;

/* Keys: 's' submitted US id → signature, then the post in charge US assignee; 'p' id → the key of
   its row. */

/* ---- texts ---- */

/* Folded, without blanks: a family name and a given one are one word in many forms. */
static Str seek_text(Arena *arena, Str text) {
    Str folded = text_fold(arena, text);
    Buf to = buf_new(arena, folded.len + 1);
    for (size_t i = 0; i < folded.len; i++)
        if (folded.ptr[i] != ' ') buf_add_char(&to, folded.ptr[i]);
    return buf_str(&to);
}

/* In which parts of a name, a home or a telephone number are looked for. */
typedef struct Spots {
    Str texts[3], home, phone;
} Spots;

static void spots_of(Arena *arena, const Entity *application, Spots *out) {
    out->texts[0] = seek_text(arena, entity_text(application, IRI("name")));
    out->texts[1] = seek_text(arena, entity_text(application, IRI("kana")));
    out->texts[2] = seek_text(arena, entity_text(application, IRI("email")));
    Str home[] = {entity_text(application, IRI("town")), entity_text(application, IRI("address")),
                  entity_text(application, IRI("building"))};
    out->home = household_plain(arena, seek_text(arena, str_join(arena, home, 3, STR_NONE)));
    out->phone = find_phone(arena, entity_text(application, IRI("phone")));
}

/* ---- signatures ---- */

static void bits_set(Ctx *ctx, Signature *signature, Str part) {
    Digest hash = ledger_keyed_hash(ctx->tenant->ledger, STR("seek"), part);
    for (size_t i = 0; i < BITS_EACH; i++) {
        size_t bit = (hash.bytes[2 * i] | (size_t)hash.bytes[2 * i + 1] << 8) % (8 * SIGNATURE);
        signature->bits[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
}

static void spot_sign(Ctx *ctx, Signature *signature, Str spot) {
    Str *pairs;
    size_t n = str_empty(spot) ? 0 : text_bigrams(ctx->arena, spot, &pairs);
    for (size_t i = 0; i < n; i++)
        bits_set(ctx, signature, pairs[i]);
}

static Signature signature_of(Ctx *ctx, const Entity *application) {
    Signature signature = {0};
    Spots spots;
    spots_of(ctx->arena, application, &spots);
    for (size_t i = 0; i < sizeof spots.texts / sizeof *spots.texts; i++)
        spot_sign(ctx, &signature, spots.texts[i]);
    spot_sign(ctx, &signature, spots.home);
    spot_sign(ctx, &signature, spots.phone);
    return signature;
}

static bool signature_has(Str row, const Signature *wanted) {
    bool has = row.len >= SIGNATURE;
    for (size_t i = 0; has && i < SIGNATURE; i++)
        has = ((uint8_t)row.ptr[i] & wanted->bits[i]) == wanted->bits[i];
    return has;
}

/* ---- the follower ---- */

static Rc row_gone(Ctx *ctx, Rows *rows, Str pointer) {
    Str key;
    Rc rc = rows_get(ctx, rows, pointer, &key);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    TRY(rows_delete(ctx, rows, key));
    return rows_delete(ctx, rows, pointer);
}

/* Most steps of a case change nothing of this, and write nothing here. */
static Rc row_set(Ctx *ctx, Rows *rows, Str pointer, const Entity *application) {
    Str key = str_fmt(ctx->arena, "s" STR_FMT "%c" STR_FMT,
                      STR_ARG(entity_text(application, IRI("submittedAt"))), BETWEEN,
                      STR_ARG(application->id)),
        before;
    Signature signature = signature_of(ctx, application);
    Buf row = buf_new(ctx->arena, SIGNATURE + ROW_MORE);
    buf_add_bytes(&row, (const char *)signature.bits, SIGNATURE);
    buf_add(&row, entity_text(application, IRI("post")));
    buf_add_char(&row, BETWEEN);
    buf_add(&row, entity_text(application, IRI("assignee")));
    Str value = buf_str(&row);
    Rc rc = rows_get(ctx, rows, key, &before);
    if (rc == RC_OK && str_eq(before, value)) return RC_OK;
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    TRY(rows_put(ctx, rows, key, value));
    return rows_put(ctx, rows, pointer, key);
}

static Rc seek_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)arg;
    Entity *application;
    Str id = case_event_id(event);
    if (str_empty(id)) return RC_OK;
    TRY(project_event_entity(ctx, event, &application));
    Str pointer = str_fmt(ctx->arena, "p" STR_FMT, STR_ARG(id));
    bool there = application && !case_is_erased(application) &&
                 !str_empty(entity_text(application, IRI("receiptNumber")));
    return there ? row_set(ctx, rows, pointer, application) : row_gone(ctx, rows, pointer);
}

Follower seek_follower(Tenant *tenant) {
    return (Follower){.name = "seek", .version = 2, .event = seek_event, .arg = tenant};
}

/* ---- asking ---- */

typedef struct Word {
    Str text, plain; /* plain: as of an address */
    Str phone;       /* digits, where it can be a telephone number and nothing else */
    Signature wanted[2];
    size_t ways; /* a name and an address may be written in two forms, either of which is wanted */
} Word;

typedef struct Seeking {
    Ctx *ctx;
    Word words[WORDS_MAX];
    size_t n;
    bool enough;  /* some word is long enough to be looked for */
    bool all;     /* cases of all posts are opened */
    StrVec posts; /* whose cases may be his to see */
    StrVec ids;   /* of rows that may have the words, newest first */
} Seeking;

static bool is_number(Str word) {
    for (size_t i = 0; i < word.len; i++)
        if (!strchr("0123456789-+()", word.ptr[i])) return false;
    return word.len > 0;
}

/* A number that follows on another one may be the rest of one telephone number. */
static void word_add(Seeking *seeking, Str part) {
    Arena *arena = seeking->ctx->arena;
    Word *last = seeking->n ? &seeking->words[seeking->n - 1] : NULL;
    if (last && is_number(part) && is_number(last->text)) {
        Str joined = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(last->text), STR_ARG(part));
        if (find_phone(arena, joined).len <= PHONE_MOST) {
            last->text = joined;
            return;
        }
    }
    seeking->words[seeking->n++] = (Word){.text = part};
}

static void word_sign(Seeking *seeking, Word *word) {
    Ctx *ctx = seeking->ctx;
    Str digits = is_number(word->text) ? find_phone(ctx->arena, word->text) : STR_NONE;
    if (digits.len >= PHONE_LEAST) word->phone = digits;
    word->plain = household_plain(ctx->arena, word->text);
    bool sure = !str_empty(word->phone) ||
                (!is_number(word->text) && str_utf8_len(word->text) >= WORD_LETTERS);
    if (!sure) return;
    seeking->enough = true;
    spot_sign(ctx, &word->wanted[word->ways++], str_empty(word->phone) ? word->text : word->phone);
    if (str_empty(word->phone) && str_utf8_len(word->plain) >= WORD_LETTERS)
        spot_sign(ctx, &word->wanted[word->ways++], word->plain);
}

static Rc words_read(Seeking *seeking, Str text) {
    Ctx *ctx = seeking->ctx;
    Str rest = text_fold(ctx->arena, text), part;
    while (str_split(&rest, ' ', &part)) {
        if (str_empty(part)) continue;
        if (seeking->n == WORDS_MAX || text.len > TEXT_MAX)
            return ctx_fail(ctx, RC_INVALID, "long", STR("q"),
                            "At most %d words are looked for: leave some out.", WORDS_MAX);
        word_add(seeking, part);
    }
    for (size_t i = 0; i < seeking->n; i++)
        word_sign(seeking, &seeking->words[i]);
    if (seeking->enough) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "short", STR("q"),
                    "Give two letters of a name or an address, or a whole telephone number.");
}

/* Posts to whose cases he stands near enough: those of others aren't opened, so that what they have
   in common with the question takes nothing of what is gone through. */
static void posts_read(Seeking *seeking) {
    Ctx *ctx = seeking->ctx;
    const GatePost *post;
    for (size_t i = 0; (post = gate_post_at(ctx->tenant->gate, i)); i++) {
        Entity *any = entity_new(ctx->arena, STR(CASE_ID_PREFIX), STR(CASE_TYPE));
        entity_set(ctx->arena, any, IRI("post"), json_of_str(post->id));
        if (gate_relation(ctx, any) & (REL_POST | REL_DIVISION))
            vec_push(ctx->arena, &seeking->posts, post->id);
    }
}

static bool is_near(const Seeking *seeking, Str row) {
    Str assignee = str_sub(row, SIGNATURE, row.len), post;
    (void)str_split(&assignee, BETWEEN, &post);
    bool his = !str_empty(assignee) && str_eq(assignee, seeking->ctx->actor->id);
    return his || org_lists(&seeking->posts, post);
}

static bool spots_have(const Spots *spots, const Word *word) {
    if (!str_empty(word->phone)) return str_find(spots->phone, word->phone) >= 0;
    for (size_t i = 0; i < sizeof spots->texts / sizeof *spots->texts; i++)
        if (str_find(spots->texts[i], word->text) >= 0) return true;
    return !str_empty(word->plain) && str_find(spots->home, word->plain) >= 0;
}

static bool has_all(const Seeking *seeking, const Entity *application) {
    Spots spots;
    spots_of(seeking->ctx->arena, application, &spots);
    for (size_t i = 0; i < seeking->n; i++)
        if (!spots_have(&spots, &seeking->words[i])) return false;
    return true;
}

static bool row_may_have(const Seeking *seeking, Str row) {
    for (size_t i = 0; i < seeking->n; i++) {
        const Word *word = &seeking->words[i];
        bool has = !word->ways;
        for (size_t way = 0; way < word->ways; way++)
            has = has || signature_has(row, &word->wanted[way]);
        if (!has) return false;
    }
    return true;
}

static bool seek_row(void *arg, Str key, Str value) {
    Seeking *seeking = arg;
    size_t at = (size_t)str_find_char(key, BETWEEN) + 1;
    if (row_may_have(seeking, value) && (seeking->all || is_near(seeking, value)))
        vec_push(seeking->ctx->arena, &seeking->ids,
                 str_dup(seeking->ctx->arena, str_sub(key, at, key.len)));
    return seeking->ids.len <= THROUGH_MAX;
}

Rc seek_cases(Ctx *ctx, const SeekAsk *ask, InboxCases *out, bool *more) {
    Seeking seeking = {.ctx = ctx};
    RowsRange range = {.follower = "seek", .prefix = STR("s"), .backwards = true};
    *out = (InboxCases){0};
    TRY(words_read(&seeking, str_trim(ask->text)));
    posts_read(&seeking);
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    TRY(project_rows(ctx, ctx->tenant->project, &range, seek_row, &seeking));
    *more = seeking.ids.len > THROUGH_MAX;
    for (size_t i = 0; i < seeking.ids.len && i < THROUGH_MAX; i++) {
        const Entity *whole;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, seeking.ids.items[i], &whole);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        const Entity *seen = gate_view(ctx, NULL, whole);
        if (!seen || !has_all(&seeking, seen)) continue;
        *more |= out->len == ask->most;
        if (out->len == ask->most) break;
        vec_push(ctx->arena, out, seen);
    }
    return RC_OK;
}

static bool is_whose(Ctx *ctx, const Entity *application, Str phone, Str *person) {
    *person = entity_text(application, IRI("applicant"));
    Str own = find_phone(ctx->arena, entity_text(application, IRI("phone")));
    return !str_empty(*person) && str_eq(own, phone);
}

static bool is_listed(const StrVec *persons, Str person) {
    VEC_EACH (const Str, one, persons)
        if (str_eq(*one, person)) return true;
    return false;
}

Rc seek_applicants(Ctx *ctx, Str phone, size_t most, StrVec *out) {
    Seeking seeking = {.ctx = ctx, .all = true, .n = 1};
    RowsRange range = {.follower = "seek", .prefix = STR("s"), .backwards = true};
    *out = (StrVec){0};
    seeking.words[0].text = seek_text(ctx->arena, str_head(phone, TEXT_MAX));
    word_sign(&seeking, &seeking.words[0]);
    Str digits = seeking.words[0].phone;
    if (str_empty(digits)) return RC_OK;
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    TRY(project_rows(ctx, ctx->tenant->project, &range, seek_row, &seeking));
    for (size_t i = 0; i < seeking.ids.len && out->len < most; i++) {
        const Entity *whole;
        Str person;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, seeking.ids.items[i], &whole);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        if (is_whose(ctx, whole, digits, &person) && !is_listed(out, person))
            vec_push(ctx->arena, out, person);
    }
    return RC_OK;
}
