/* household: who lives at one address under one family name, as a word of one slot: the same for
   the forms in which people write both. */
#include "procedure_int.h"

enum { HOUSEHOLD_CHARS = 6, NUMERALS_MAX = 9, FAMILY_MOST = 8 };

/* ---- an address in one form ---- */

/* "2丁目3番4号", "二丁目3－4" and "2-3-4" are one: numbers with a dash between them. What stands
   between other words, blanks and marks of length, is left out. A building that is named here and
   left out there makes two. */
typedef struct Plain {
    Buf text;
    bool number; /* the last thing in it is one */
} Plain;

static int kanji_digit(int32_t c) {
    static const int32_t digits[] = {0x3007, 0x4E00, 0x4E8C, 0x4E09, 0x56DB,
                                     0x4E94, 0x516D, 0x4E03, 0x516B, 0x4E5D};
    for (int i = 0; i < 10; i++)
        if (c == digits[i]) return i;
    return -1;
}

/* A number in kanji (二十三, 二三); false: none begins here. */
static bool kanji_number(Str *rest, int64_t *out) {
    int64_t sum = 0, last = 0;
    int n = 0;
    for (Str ahead = *rest; n < NUMERALS_MAX; n++, *rest = ahead) {
        int32_t c = str_utf8_next(&ahead);
        int digit = kanji_digit(c);
        int64_t unit = c == 0x5341 ? 10 : c == 0x767E ? 100 : 0;
        if (digit < 0 && !unit) break;
        if (unit) sum += (last ? last : 1) * unit;
        last = unit ? 0 : last * 10 + digit;
    }
    *out = sum + last;
    return n > 0;
}

static bool number_take(Arena *arena, Str *rest, Str *out) {
    int64_t value;
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] >= '0' && rest->ptr[n] <= '9')
        n++;
    *out = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n, rest->len);
    if (!n && !kanji_number(rest, &value)) return false;
    if (!n) *out = str_fmt(arena, "%lld", (long long)value);
    while (out->len > 1 && out->ptr[0] == '0')
        *out = str_sub(*out, 1, out->len);
    return true;
}

/* Folded, so that の stands for ノ, too. */
static bool between_take(Str *rest) {
    static const char *const words[] = {"丁目", "番地", "番", "号室", "号", "室", "の", "-", " "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_starts(*rest, str_of(words[i]))) {
            *rest = str_sub(*rest, str_of(words[i]).len, rest->len);
            return true;
        }
    return false;
}

static void plain_add(Arena *arena, Plain *plain, Str *rest) {
    Str number, before = *rest;
    if (number_take(arena, rest, &number)) {
        if (plain->number) buf_add_char(&plain->text, '-');
        buf_add(&plain->text, number);
        plain->number = true;
    } else if (!(plain->number || *rest->ptr == ' ' || *rest->ptr == '-') || !between_take(rest)) {
        (void)str_utf8_next(rest);
        buf_add(&plain->text, str_sub(before, 0, before.len - rest->len));
        plain->number = false;
    }
}

Str household_plain(Arena *arena, Str folded) {
    Plain plain = {.text = buf_new(arena, 2 * folded.len + NUMERALS_MAX + 1)};
    while (!str_empty(folded))
        plain_add(arena, &plain, &folded);
    return buf_str(&plain.text);
}

static Str address_plain(Arena *arena, const Answers *answers) {
    Str both[] = {answers->address, answers->building}, town = text_fold(arena, answers->town);
    Str rest = text_fold(arena, str_join(arena, both, 2, STR(" ")));
    return household_plain(arena,
                           str_starts(rest, town) ? str_sub(rest, town.len, rest.len) : rest);
}

/* ---- words ---- */

static Str word_of(const Ctx *ctx, Arena *arena, Str home, Str family) {
    Str parts[] = {home, family};
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("household"),
                                      str_join(arena, parts, 2, STR("\n")));
    return hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, HOUSEHOLD_CHARS);
}

/* Who writes his name without a blank may be of a family whose name his begins with; what he books
   counts for himself alone, as nobody can tell where his family's name ends. */
static void unspaced_words(const Ctx *ctx, Arena *arena, Str home, Str kana, StrVec *out) {
    Str rest = kana;
    for (int n = 0; n < FAMILY_MOST && str_utf8_next(&rest) >= 0 && !str_empty(rest); n++)
        vec_push(arena, out, word_of(ctx, arena, home, str_sub(kana, 0, kana.len - rest.len)));
}

/* Of a slot, so that they mean nothing on another day. They are short: two of a day are the same by
   chance once in 2^30, and none tells whose it is. The first one is kept. */
static void words_of(const Ctx *ctx, Arena *arena, const Answers *answers, Str slot, StrVec *out) {
    Str kana = text_fold(arena, answers->kana), plain = address_plain(arena, answers);
    Str parts[] = {slot, answers->town, plain};
    Str home = str_join(arena, parts, 3, STR("\n"));
    ptrdiff_t blank = str_find_char(kana, ' ');
    *out = (StrVec){0};
    if (str_empty(plain) || str_empty(kana)) return;
    if (blank <= 0) {
        vec_push(arena, out, word_of(ctx, arena, home, kana));
        unspaced_words(ctx, arena, home, kana, out);
        return;
    }
    Str both[] = {str_sub(kana, 0, (size_t)blank), str_sub(kana, (size_t)blank + 1, kana.len)};
    vec_push(arena, out, word_of(ctx, arena, home, both[0]));
    vec_push(arena, out, word_of(ctx, arena, home, str_join(arena, both, 2, STR_NONE)));
}

void household_set(const Ctx *ctx, Command *command, const Answers *answers, PartSlot *part) {
    words_of(ctx, command_arena(command), answers, part->slot, &part->households);
    part->household_max = waste_limits(procedures_waste(ctx->tenant))->max_per_day;
}

/* ---- who is told ---- */

/* He has one of these applications himself. */
static bool has_one(Ctx *ctx, const StrVec *cases) {
    VEC_EACH (const Str, id, cases) {
        const Entity *application;
        if (ledger_entity(ctx, ctx->tenant->ledger, *id, &application) == RC_OK &&
            !str_empty(ctx->actor->person) &&
            str_eq(entity_text(application, IRI("applicant")), ctx->actor->person))
            return true;
    }
    return false;
}

bool apply_household_told(Ctx *ctx, const Answers *answers) {
    const Entity *slot;
    StrVec words, cases;
    int64_t most = waste_limits(procedures_waste(ctx->tenant))->max_per_day;
    if (!answers->district || !answers->day.year) return false;
    Str id = book_slot_id(ctx->arena, WASTE_RESOURCE, answers->district->id, answers->day);
    words_of(ctx, ctx->arena, answers, id, &words);
    if (!words.len || ledger_entity(ctx, ctx->tenant->ledger, id, &slot) != RC_OK) return false;
    book_household(ctx->arena, slot, &words, apply_case_id(ctx->arena, answers->token), &cases);
    return (int64_t)cases.len >= most && (ctx->actor->kind == ACTOR_STAFF || has_one(ctx, &cases));
}

/* Whoever sends learns whether it was too much, so that is a try like one at a number. Empty: it is
   no matter of counting, or a proxy tells nobody's address. */
static Str tries_of(Ctx *ctx) {
    const Actor *actor = ctx->actor;
    if (actor->kind == ACTOR_STAFF) return STR_NONE;
    if (actor->kind != ACTOR_NOBODY) return actor->id;
    return str_empty(actor->client) ? STR_NONE : apply_network(ctx, ctx->arena);
}

Rc household_try(Ctx *ctx) {
    Str tries = tries_of(ctx);
    return str_empty(tries) ? RC_OK : gate_try_open(ctx, STR("household"), tries);
}

Rc household_tried(Ctx *ctx, Rc rc) {
    Error told = ctx->error;
    Str tries = tries_of(ctx);
    bool full = rc == RC_CONFLICT && str_eq(told.code, STR("household-full"));
    if (full && !str_empty(tries))
        (void)gate_try(ctx, STR("household"), tries); /* the next one is told of the limit */
    ctx->error = told;
    return rc;
}
