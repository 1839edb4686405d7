/* bins: what rules made of cases: as it stands in them, and counted by rule. A projection: how many
   a rule has done without a person, prepared, left, and how often a person found it wrong. Include
   only procedure.h from outside. */
#ifndef PROCEDURE_BINS_H
#define PROCEDURE_BINS_H

#include "automatic.h"
#include "project/project.h"

/* The follower "bins"; register it before project_start. */
Follower bins_follower(Tenant *tenant);

/* Why a case is in its bin: the rule moves it; it would, and all such cases, or a sample, are
   confirmed; the rule doesn't. */
typedef enum BinWhy { WHY_RULE, WHY_ALL, WHY_SAMPLE, WHY_FALLBACK, BIN_WHYS } BinWhy;
Str bin_why_word(BinWhy why);
/* What a person made of it: the very move; another one, or he took it out; he objected to what was
   done already; nothing, for whose it is withdrew it. */
typedef enum BinEnd {
    END_OPEN,
    END_CONFIRMED,
    END_OTHERWISE,
    END_OBJECTED,
    END_GONE,
    BIN_ENDS
} BinEnd;
Str bin_end_word(BinEnd end);

/* What one rule made of one case. */
typedef struct BinEntry {
    Str rule, mark, state, move;
    AutomaticBin bin;
    BinWhy why;
    int64_t rate; /* of a hundred, how many were confirmed then */
    int64_t at;
    BinEnd end;
} BinEntry;
typedef VEC(BinEntry) BinEntries;
/* In the order in which rules looked at the case; each does once. */
void bin_entries(Arena *arena, const Entity *application, BinEntries *out);
Json bin_entries_json(Arena *arena, const BinEntries *entries);
/* The entry that waits for a person's confirmation now; NULL: none. application: whole or masked.
 */
BinEntry *bin_open(BinEntries *entries, const Entity *application);
/* The last one that the rule did, or that was confirmed: what may be objected to; NULL: none. */
BinEntry *bin_made(BinEntries *entries);

/* What a rule saw of a case, and said; why a person found it wrong. Personal. */
typedef struct BinSaw {
    Str rule;
    const Json *saw;  /* values by name */
    Str said;         /* the value of its test, as text */
    Str reason, post; /* empty: nobody found it wrong */
    int64_t reason_at;
} BinSaw;
typedef VEC(BinSaw) BinSaws;
void bin_saws(Arena *arena, const Entity *application, BinSaws *out);
Json bin_saws_json(Arena *arena, const BinSaws *saws);

/* Cases of one rule of one mark. in = done + confirm + by_hand. */
typedef struct BinCounts {
    int64_t in, done, confirm, by_hand;
    int64_t drawn; /* of those to confirm, what the rule would have moved */
    int64_t confirmed, otherwise, objected; /* of those drawn and done */
    int64_t gone;                           /* of those to confirm, what was withdrawn before */
    int64_t waiting;                        /* of those to confirm, what waits now */
    int64_t run;                            /* confirmed since the last error */
} BinCounts;
/* How many a person has judged, and how many of them he found wrong. */
int64_t bin_checked(const BinCounts *counts);
int64_t bin_errors(const BinCounts *counts);

typedef struct BinRow {
    Str procedure, rule, mark;
    BinCounts counts;
} BinRow;
typedef VEC(BinRow) BinRows;
/* By procedure, rule and mark; empty: all. In ctx->arena. Pool threads, as all below; up to the
   head of the ledger. */
Rc bins_rows(Ctx *ctx, Str procedure, Str rule, BinRows *out);
/* Of one mark; zero where the rule has seen no case. */
Rc bins_counts(Ctx *ctx, Str procedure, const Automatic *rule, BinCounts *out);
/* Ids of the cases that wait for confirmation by a rule of whatever mark, by due date and arrival.
 */
Rc bins_waiting(Ctx *ctx, Str procedure, Str rule, size_t limit, StrVec *out);
/* How many of a post's cases wait so. */
Rc bins_of_post(Ctx *ctx, Str post, int64_t *out);

#endif
