#include "procedure_int.h"

#include <string.h>

enum {
    SIGNATURE = 64, /* bytes: a name with its reading and an address set a sixth of the bits */
    BITS_EACH = 3,  /* that a pair of letters sets */
    WORD_LETTERS = 2,
    PHONE_DIGITS = 8, /* fewer may as well be of an address */
    WORDS_MAX = 8,
    TEXT_MAX = 200,
    THROUGH_MAX = 2000, /* cases that are opened for one question */
    BETWEEN = 0x1F      /* the unit separator: in no id or date */
};

typedef struct Signature {
    uint8_t bits[SIGNATURE];
} Signature;

/* Keys: 's' submitted US id → signature; 'p' id → the key of its row. */

/* ---- texts ---- */

/* Folded, without blanks: a family name and a given one are one word in many forms. */
static Str seek_text(Arena *arena, Str text) {
    Str folded = text_fold(arena, text);
    Buf to = buf_new(arena, folded.len + 1);
    for (size_t i = 0; i < folded.len; i++)
        if (folded.ptr[i] != ' ') buf_add_char(&to, folded.ptr[i]);
    return buf_str(&to);
}

/* In which parts of a name or home are looked for; the telephone number stands last. */
typedef struct Spots {
    Str items[5];
    size_t n;
} Spots;

static void spots_of(Arena *arena, const Entity *application, Spots *out) {
    static const char *const texts[] = {"name", "kana", "email"};
    *out = (Spots){0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        out->items[out->n++] =
            seek_text(arena, entity_text(application, str_fmt(arena, LD_DEFAULT "%s", texts[i])));
    Str home[] = {entity_text(application, IRI("town")), entity_text(application, IRI("address")),
                  entity_text(application, IRI("building"))};
    out->items[out->n++] = seek_text(arena, str_join(arena, home, 3, STR_NONE));
    out->items[out->n++] = find_phone(arena, entity_text(application, IRI("phone")));
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
    for (size_t i = 0; i < spots.n; i++)
        spot_sign(ctx, &signature, spots.items[i]);
    return signature;
}

static bool signature_has(Str row, const Signature *wanted) {
    bool has = row.len == SIGNATURE;
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

/* Most steps of a case change none of its texts, and write nothing here. */
static Rc row_set(Ctx *ctx, Rows *rows, Str pointer, const Entity *application) {
    Str key = str_fmt(ctx->arena, "s" STR_FMT "%c" STR_FMT,
                      STR_ARG(entity_text(application, IRI("submittedAt"))), BETWEEN,
                      STR_ARG(application->id)),
        before;
    Signature signature = signature_of(ctx, application);
    Str value = {(const char *)signature.bits, SIGNATURE};
    Rc rc = rows_get(ctx, rows, key, &before);
    if (rc == RC_OK && str_eq(before, value)) return RC_OK;
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    TRY(rows_put(ctx, rows, key, value));
    return rows_put(ctx, rows, pointer, key);
}

static Rc seek_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)arg;
    Entity *application;
    Str id = event->delta ? event->delta->id : STR_NONE;
    if (str_eq(event->note_kind, STR(PROJECT_ERASED))) id = event->note_about;
    if (!str_starts(id, STR(CASE_ID_PREFIX))) return RC_OK;
    TRY(project_event_entity(ctx, event, &application));
    Str pointer = str_fmt(ctx->arena, "p" STR_FMT, STR_ARG(id));
    bool there = application && !case_is_erased(application) &&
                 !str_empty(entity_text(application, IRI("receiptNumber")));
    return there ? row_set(ctx, rows, pointer, application) : row_gone(ctx, rows, pointer);
}

Follower seek_follower(Tenant *tenant) {
    return (Follower){.name = "seek", .version = 1, .event = seek_event, .arg = tenant};
}

/* ---- asking ---- */

typedef struct Word {
    Str text, digits; /* digits: of what may be a telephone number; else empty */
} Word;

typedef struct Seeking {
    Ctx *ctx;
    Word words[WORDS_MAX];
    size_t n;
    Signature wanted;
    StrVec ids; /* of rows that may have them, newest first */
} Seeking;

static bool is_number(Str word) {
    for (size_t i = 0; i < word.len; i++)
        if (!strchr("0123456789-+()", word.ptr[i])) return false;
    return word.len > 0;
}

static Rc words_read(Seeking *seeking, Str text) {
    Ctx *ctx = seeking->ctx;
    Str rest = text_fold(ctx->arena, str_head(str_trim(text), TEXT_MAX)), part;
    bool enough = false;
    while (seeking->n < WORDS_MAX && str_split(&rest, ' ', &part)) {
        if (str_empty(part)) continue;
        Word word = {.text = part};
        if (is_number(part)) word.digits = find_phone(ctx->arena, part);
        bool phone = word.digits.len >= PHONE_DIGITS;
        if (phone || (!is_number(part) && str_utf8_len(part) >= WORD_LETTERS)) {
            spot_sign(ctx, &seeking->wanted, phone ? word.digits : part);
            enough = true;
        }
        seeking->words[seeking->n++] = word;
    }
    if (enough) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "short", STR("q"),
                    "Give two letters of a name or an address, or a whole telephone number.");
}

static bool spots_have(const Spots *spots, const Word *word) {
    Str phone = spots->items[spots->n - 1];
    if (!str_empty(word->digits) && str_find(phone, word->digits) >= 0) return true;
    for (size_t i = 0; i + 1 < spots->n; i++)
        if (str_find(spots->items[i], word->text) >= 0) return true;
    return false;
}

static bool has_all(const Seeking *seeking, const Entity *application) {
    Spots spots;
    spots_of(seeking->ctx->arena, application, &spots);
    for (size_t i = 0; i < seeking->n; i++)
        if (!spots_have(&spots, &seeking->words[i])) return false;
    return true;
}

static bool seek_row(void *arg, Str key, Str value) {
    Seeking *seeking = arg;
    size_t at = (size_t)str_find_char(key, BETWEEN) + 1;
    if (signature_has(value, &seeking->wanted))
        vec_push(seeking->ctx->arena, &seeking->ids,
                 str_dup(seeking->ctx->arena, str_sub(key, at, key.len)));
    return seeking->ids.len <= THROUGH_MAX;
}

Rc seek_cases(Ctx *ctx, const SeekAsk *ask, InboxCases *out, bool *more) {
    Seeking seeking = {.ctx = ctx};
    RowsRange range = {.follower = "seek", .prefix = STR("s"), .backwards = true};
    *out = (InboxCases){0};
    TRY(words_read(&seeking, ask->text));
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
