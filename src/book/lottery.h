/* lottery: who gets a slot when more want it than it holds, so that anybody can compute it again.
   Applicants are known by commitments alone; the seed is named before the list is closed and drawn
   after it, outside the city. Pure; doc/lottery-format.md fixes the bytes, and machi-verify is
   written from that page. */
#ifndef BOOK_LOTTERY_H
#define BOOK_LOTTERY_H

#include "base/base.h"

enum { LOTTERY_COMMITMENT = 64, LOTTERY_ENTRIES_MAX = 20000 };

typedef struct LotterySlot {
    Str name; /* no blank, no line end */
    int64_t units;
} LotterySlot;

typedef struct LotteryEntry {
    Str commitment; /* 64 lower-case hex digits */
    Str slot;
    int64_t units;
} LotteryEntry;

typedef struct Lottery {
    Str name;       /* "facilities 2027-01" */
    Str closed;     /* when the list was closed, as time_format writes it */
    Str randomness; /* where the seed comes from, named beforehand */
    VEC(LotterySlot) slots;
    VEC(LotteryEntry) entries;
    Str seed; /* empty: not known yet */
} Lottery;

typedef struct LotteryRank {
    const LotteryEntry *entry;
    bool wins;
} LotteryRank;
typedef VEC(LotteryRank) LotteryRanks;

/* Whose an entry is, known to the applicant alone. */
typedef struct LotteryWish {
    Str lottery; /* its name */
    Str case_id, slot, salt;
    int64_t units;
} LotteryWish;
/* What an entry is published as: nobody without the salt can tell whose it is, and nobody can give
   it to another case or slot, or change how much it wants, afterwards. */
Str lottery_commitment(Arena *arena, const LotteryWish *wish);
/* Brings slots and entries into the order of the list, which tells nothing of their arrival. */
void lottery_sort(Lottery *lottery);
/* All entries by rank; each takes its slot while as much is left as it needs. */
void lottery_draw(Arena *arena, const Lottery *lottery, LotteryRanks *out);
/* The published file; ranks NULL: nothing was drawn yet. */
Str lottery_file(Arena *arena, const Lottery *lottery, const LotteryRanks *ranks);
/* The round of drand's quicknet that is drawn at or after an instant. */
int64_t lottery_drand_round(int64_t at);

#endif
