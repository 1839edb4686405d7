#include "lottery.h"

#include <stdlib.h>

enum { LINE_MAX_BYTES = 400 };

/* drand quicknet: a round every 3 seconds since 2023-08-23T15:09:27Z. */
static const int64_t drand_genesis = 1692803367 * TIME_SECOND, drand_period = 3 * TIME_SECOND;

static Str digest_hex(Arena *arena, const Digest *digest) {
    return hash_hex(arena, (Str){(const char *)digest->bytes, sizeof digest->bytes});
}

Str lottery_commitment(Arena *arena, const LotteryWish *wish) {
    const Str parts[] = {STR("machi-lottery-entry 1\n"),
                         wish->lottery,
                         STR("\n"),
                         wish->case_id,
                         STR("\n"),
                         wish->slot,
                         str_fmt(arena, "\n%lld\n", (long long)wish->units),
                         wish->salt};
    Digest digest = hash_sha256_parts(parts, sizeof parts / sizeof *parts);
    return digest_hex(arena, &digest);
}

int64_t lottery_drand_round(int64_t at) {
    return (at - drand_genesis + drand_period - 1) / drand_period + 1;
}

/* ---- order ---- */

static int slot_order(const void *a, const void *b) {
    return str_cmp(((const LotterySlot *)a)->name, ((const LotterySlot *)b)->name);
}

static int entry_order(const void *a, const void *b) {
    return str_cmp(((const LotteryEntry *)a)->commitment, ((const LotteryEntry *)b)->commitment);
}

void lottery_sort(Lottery *lottery) {
    if (lottery->slots.len)
        qsort(lottery->slots.items, lottery->slots.len, sizeof *lottery->slots.items, slot_order);
    if (lottery->entries.len)
        qsort(lottery->entries.items, lottery->entries.len, sizeof *lottery->entries.items,
              entry_order);
}

typedef struct Drawn {
    Digest key;
    const LotteryEntry *entry;
} Drawn;

static int drawn_order(const void *a, const void *b) {
    const Drawn *x = a, *y = b;
    int order = str_cmp((Str){(const char *)x->key.bytes, sizeof x->key.bytes},
                        (Str){(const char *)y->key.bytes, sizeof y->key.bytes});
    return order ? order : str_cmp(x->entry->commitment, y->entry->commitment);
}

/* ---- draw ---- */

/* Slots are sorted; NULL: the list has no such slot. */
static int64_t *left_of(const Lottery *lottery, int64_t *left, Str slot) {
    LotterySlot wanted = {.name = slot};
    const LotterySlot *found =
        lottery->slots.len
            ? bsearch(&wanted, lottery->slots.items, lottery->slots.len, sizeof wanted, slot_order)
            : NULL;
    return found ? &left[found - lottery->slots.items] : NULL;
}

void lottery_draw(Arena *arena, const Lottery *lottery, LotteryRanks *out) {
    Drawn *drawn = NEW_ARRAY(arena, Drawn, lottery->entries.len + 1);
    int64_t *left = NEW_ARRAY(arena, int64_t, lottery->slots.len + 1);
    *out = (LotteryRanks){0};
    for (size_t i = 0; i < lottery->slots.len; i++)
        left[i] = lottery->slots.items[i].units;
    for (size_t i = 0; i < lottery->entries.len; i++) {
        const LotteryEntry *entry = &lottery->entries.items[i];
        const Str parts[] = {STR("machi-lottery-draw 1\n"),
                             lottery->name,
                             STR("\n"),
                             lottery->seed,
                             STR("\n"),
                             entry->commitment};
        drawn[i] = (Drawn){hash_sha256_parts(parts, sizeof parts / sizeof *parts), entry};
    }
    if (lottery->entries.len) qsort(drawn, lottery->entries.len, sizeof *drawn, drawn_order);
    for (size_t i = 0; i < lottery->entries.len; i++) {
        int64_t *rest = left_of(lottery, left, drawn[i].entry->slot);
        bool wins = rest && *rest >= drawn[i].entry->units;
        if (wins) *rest -= drawn[i].entry->units;
        vec_push(arena, out, (LotteryRank){drawn[i].entry, wins});
    }
}

/* ---- file ---- */

Str lottery_file(Arena *arena, const Lottery *lottery, const LotteryRanks *ranks) {
    size_t lines = 8 + lottery->slots.len + 2 * lottery->entries.len;
    Buf text = buf_new(arena, lines * LINE_MAX_BYTES);
    buf_addf(&text,
             "machi-lottery 1\nlottery " STR_FMT "\nclosed " STR_FMT "\nrandomness " STR_FMT "\n",
             STR_ARG(lottery->name), STR_ARG(lottery->closed), STR_ARG(lottery->randomness));
    VEC_EACH (const LotterySlot, slot, &lottery->slots)
        buf_addf(&text, "slot " STR_FMT " %lld\n", STR_ARG(slot->name), (long long)slot->units);
    VEC_EACH (const LotteryEntry, entry, &lottery->entries)
        buf_addf(&text, "entry " STR_FMT " " STR_FMT " %lld\n", STR_ARG(entry->commitment),
                 STR_ARG(entry->slot), (long long)entry->units);
    if (ranks) buf_addf(&text, "seed " STR_FMT "\n", STR_ARG(lottery->seed));
    for (size_t i = 0; ranks && i < ranks->len; i++)
        buf_addf(&text, "rank %zu " STR_FMT " %s\n", i + 1,
                 STR_ARG(ranks->items[i].entry->commitment), ranks->items[i].wins ? "win" : "wait");
    assert(!text.full);
    return buf_str(&text);
}
