#include "lottery.h"

#include "memory.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { HEX = 64, KEY = crypto_hash_sha256_BYTES, HEX_SPACE = HEX + 1 };

typedef struct Slot {
    Slice name;
    uint64_t left;
} Slot;

typedef struct Entry {
    Slice commitment, slot;
    uint64_t units;
    uint8_t key[KEY];
} Entry;

typedef struct Check {
    Slice rest;    /* of the file */
    uint64_t line; /* of the one read last */
    FILE *to;
    Slice name, seed;
    Slot *slots;
    Entry *entries;
    size_t n_slots, n_entries;
} Check;

/* ---- lines ---- */

[[gnu::format(printf, 2, 3)]] static bool wrong(const Check *check, const char *format, ...) {
    va_list args;
    fprintf(check->to, "not sound: line %" PRIu64 ": ", check->line);
    va_start(args, format);
    vfprintf(check->to, format, args);
    va_end(args);
    fputs(".\n", check->to);
    return false;
}

/* The rest of the next line if it begins with this word. */
static bool line_of(Check *check, const char *word, Slice *out) {
    Slice rest = check->rest, line, first;
    if (!slice_cut(&rest, '\n', &line)) return false;
    if (!slice_cut(&line, ' ', &first) || !slice_eq(first, slice_of(word))) return false;
    check->rest = rest;
    check->line++;
    *out = line;
    return true;
}

static bool need_line(Check *check, const char *word, Slice *out) {
    if (line_of(check, word, out)) return true;
    check->line++;
    return wrong(check, "a line \"%s ...\" is expected here", word);
}

/* The last word of a line, which has no further one. */
static bool last_number(Slice text, uint64_t *out) {
    return slice_number(text, out) && *out > 0;
}

static int order_of(Slice a, Slice b) {
    size_t least = a.len < b.len ? a.len : b.len;
    int order = least ? memcmp(a.at, b.at, least) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* ---- the list ---- */

static bool head_read(Check *check) {
    Slice line;
    if (!need_line(check, "machi-lottery", &line)) return false;
    if (!slice_eq(line, slice_of("1"))) return wrong(check, "only version 1 is known");
    return need_line(check, "lottery", &check->name) && need_line(check, "closed", &line) &&
           need_line(check, "randomness", &line);
}

static bool slots_read(Check *check) {
    for (Slice line; line_of(check, "slot", &line);) {
        Slot *slot = &check->slots[check->n_slots];
        if (!slice_cut(&line, ' ', &slot->name) || !last_number(line, &slot->left))
            return wrong(check, "a slot has a name and a number of units");
        if (check->n_slots && order_of(slot[-1].name, slot->name) >= 0)
            return wrong(check, "slots stand in ascending order, each once");
        check->n_slots++;
    }
    return true;
}

static bool is_hex(Slice text) {
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("0123456789abcdef", text.at[i]) || !text.at[i]) return false;
    return text.len == HEX;
}

static int slot_order(const void *a, const void *b) {
    return order_of(((const Slot *)a)->name, ((const Slot *)b)->name);
}

static Slot *slot_of(const Check *check, Slice name) {
    Slot wanted = {.name = name};
    if (!check->n_slots) return NULL;
    return bsearch(&wanted, check->slots, check->n_slots, sizeof wanted, slot_order);
}

static bool entries_read(Check *check) {
    for (Slice line; line_of(check, "entry", &line);) {
        Entry *entry = &check->entries[check->n_entries];
        if (!slice_cut(&line, ' ', &entry->commitment) || !slice_cut(&line, ' ', &entry->slot) ||
            !last_number(line, &entry->units))
            return wrong(check, "an entry has a commitment, a slot and a number of units");
        if (!is_hex(entry->commitment))
            return wrong(check, "a commitment is 64 digits of lower-case hex");
        if (!slot_of(check, entry->slot)) return wrong(check, "the list has no such slot");
        if (check->n_entries && order_of(entry[-1].commitment, entry->commitment) >= 0)
            return wrong(check, "entries stand in ascending order, each once");
        check->n_entries++;
    }
    return true;
}

/* ---- the draw ---- */

static void hash_parts(const Slice *parts, size_t n, uint8_t *out) {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < n; i++)
        crypto_hash_sha256_update(&state, parts[i].at, parts[i].len);
    crypto_hash_sha256_final(&state, out);
}

static int entry_order(const void *a, const void *b) {
    const Entry *x = a, *y = b;
    int order = memcmp(x->key, y->key, KEY);
    return order ? order : order_of(x->commitment, y->commitment);
}

static void entries_rank(Check *check) {
    for (size_t i = 0; i < check->n_entries; i++) {
        Entry *entry = &check->entries[i];
        const Slice parts[] = {slice_of("machi-lottery-draw 1\n"),
                               check->name,
                               slice_of("\n"),
                               check->seed,
                               slice_of("\n"),
                               entry->commitment};
        hash_parts(parts, sizeof parts / sizeof *parts, entry->key);
    }
    if (check->n_entries)
        qsort(check->entries, check->n_entries, sizeof *check->entries, entry_order);
}

static bool ranks_check(Check *check, uint64_t *wins) {
    for (size_t i = 0; i < check->n_entries; i++) {
        Entry *entry = &check->entries[i];
        Slot *slot = slot_of(check, entry->slot);
        bool win = slot->left >= entry->units;
        char expected[HEX_SPACE + 40];
        Slice line;
        if (win) slot->left -= entry->units;
        *wins += win;
        snprintf(expected, sizeof expected, "%zu %.64s %s", i + 1,
                 (const char *)entry->commitment.at, win ? "win" : "wait");
        if (!need_line(check, "rank", &line)) return false;
        if (!slice_eq(line, slice_of(expected)))
            return wrong(check, "\"rank %s\" is expected, \"rank %.*s\" is there", expected,
                         (int)line.len, (const char *)line.at);
    }
    return true;
}

/* ---- whose ---- */

static bool whose_tell(const Check *check, const LotteryWhose *whose, bool drawn) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < check->n_entries; i++) {
        const Entry *entry = &check->entries[i];
        char units[32];
        snprintf(units, sizeof units, "\n%" PRIu64 "\n", entry->units);
        const Slice parts[] = {slice_of("machi-lottery-entry 1\n"),
                               check->name,
                               slice_of("\n"),
                               slice_of(whose->case_id),
                               slice_of("\n"),
                               entry->slot,
                               slice_of(units),
                               slice_of(whose->salt)};
        uint8_t digest[KEY];
        char hex[HEX];
        hash_parts(parts, sizeof parts / sizeof *parts, digest);
        for (size_t k = 0; k < KEY; k++) {
            hex[2 * k] = digits[digest[k] >> 4];
            hex[2 * k + 1] = digits[digest[k] & 15];
        }
        if (!slice_eq((Slice){(const uint8_t *)hex, HEX}, entry->commitment)) continue;
        fprintf(check->to, "this case is in the list, for %.*s", (int)entry->slot.len,
                (const char *)entry->slot.at);
        if (drawn) fprintf(check->to, ", with rank %zu", i + 1);
        fputs(".\n", check->to);
        return true;
    }
    fputs("not sound: this case with this salt is not in the list.\n", check->to);
    return false;
}

/* ---- the whole ---- */

static bool check_all(Check *check, const LotteryWhose *whose) {
    uint64_t wins = 0;
    if (!head_read(check) || !slots_read(check) || !entries_read(check)) return false;
    bool drawn = line_of(check, "seed", &check->seed);
    if (drawn) entries_rank(check);
    if (drawn && !ranks_check(check, &wins)) return false;
    if (check->rest.len) {
        check->line++;
        return wrong(check, "nothing is expected here any more");
    }
    if (drawn)
        fprintf(check->to, "sound: %zu entries, %" PRIu64 " win.\n", check->n_entries, wins);
    else
        fprintf(check->to, "sound: %zu entries, not drawn yet.\n", check->n_entries);
    return !whose->case_id || whose_tell(check, whose, drawn);
}

bool lottery_check(Slice file, const LotteryWhose *whose, FILE *to) {
    size_t lines = 1;
    for (size_t i = 0; i < file.len; i++)
        lines += file.at[i] == '\n';
    Check check = {.rest = file, .to = to};
    check.slots = memory_grow(NULL, lines, sizeof *check.slots);
    check.entries = memory_grow(NULL, lines, sizeof *check.entries);
    bool sound = check_all(&check, whose);
    memory_drop(check.slots);
    memory_drop(check.entries);
    return sound;
}
