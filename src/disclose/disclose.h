/* disclose: what may leave of data about people, and what may not: suppression of small counts with
   their complements, records in groups of at least k that are a random part of everybody, and one
   check of both together. Pure: no store, no clock, no randomness but the seed it is given.
   Why it holds is argued in README.md. Any thread. */
#ifndef DISCLOSE_DISCLOSE_H
#define DISCLOSE_DISCLOSE_H

#include "base/base.h"

/* The least size of a count that is shown and of a group of records. */
enum { DISCLOSE_K = 10 };

/* ---- counts ---- */

typedef enum DiscloseMark {
    DISCLOSE_SHOWN,
    DISCLOSE_PRIMARY,    /* suppressed: under k */
    DISCLOSE_COMPLEMENT, /* suppressed, so that no primary one can be computed from the others */
    DISCLOSE_UNASKED,    /* not published, and not to be protected: a total that is not part of the
                            release. Nothing may be published from which it follows */
} DiscloseMark;

/* A two-way table with its margins. */
typedef struct DiscloseTable {
    size_t rows, columns; /* without the totals */
    int64_t *cells; /* (rows + 1) * (columns + 1) counts from 0 on; the last row and column hold the
                       totals */
    DiscloseMark *marks; /* of the same shape */
    bool *kept;          /* of the same shape: an earlier release shows it, so it stays shown */
} DiscloseTable;

/* A table of zeros, all shown, none kept, in the arena. */
DiscloseTable disclose_table(Arena *arena, size_t rows, size_t columns);
size_t disclose_cell(const DiscloseTable *table, size_t row, size_t column);
size_t disclose_cells(const DiscloseTable *table);
/* Computes the totals from the cells. */
void disclose_total(DiscloseTable *table);

/* Marks every shown cell under k as primary, then adds complements (cheapest first: small cells
   before large ones, cells before totals) until disclose_unsafe finds none. Cells that are
   suppressed already stay so. The same table gives the same marks. RC_CONFLICT "kept": what is kept
   shown betrays a suppressed cell. RC_LIMIT at the deadline. Totals must be right. */
Rc disclose_suppress(Ctx *ctx, DiscloseTable *table, int64_t k);

/* What can be concluded on a cell from all that is shown, from the totals being sums and counts not
   being negative: exact, every value between is possible. high is DISCLOSE_ENDLESS where nothing
   bounds it. */
#define DISCLOSE_ENDLESS (INT64_C(1) << 40)
typedef struct DiscloseBounds {
    int64_t low, high;
} DiscloseBounds;
DiscloseBounds disclose_bounds(Ctx *ctx, const DiscloseTable *table, size_t cell);

/* The first suppressed cell that is not protected, or disclose_cells: a primary cell may be
   anything from 0 to at least k, a complement has k + 1 possible values at least. A shown cell
   under k is not protected either. */
size_t disclose_unsafe(Ctx *ctx, const DiscloseTable *table, int64_t k);

/* ---- records ---- */

/* The place of a district or class that is generalised to その他. */
#define DISCLOSE_OTHER SIZE_MAX

/* Everybody's records of one closed month, opt-outs included, with the marks of its counts. */
typedef struct DiscloseMonth {
    Str name;                  /* "2026-10"; keys the seed */
    size_t districts, classes; /* at most 1000 each */
    const int64_t *counts;     /* districts * classes */
    const DiscloseMark *marks; /* districts + 1: the last is the month's total */
} DiscloseMonth;

/* Records that look the same: month, district, class. */
typedef struct DiscloseGroup {
    size_t district, class;
    int64_t everybody; /* records that fall into it, opt-outs included */
    int64_t rows;      /* how many of them are published: at least k, at most half */
} DiscloseGroup;

typedef struct DiscloseGroups {
    VEC(DiscloseGroup) groups;
    size_t *of; /* districts * classes: index into groups, DISCLOSE_OTHER: left out */
} DiscloseGroups;

/* Forms the groups of a month and draws by the seed how many records of each are published. First
   the class becomes その他, then the district, then the record is left out. Opt-outs have no
   influence. seed: a secret of the tenant, the same at every run. */
void disclose_group(Arena *arena, const DiscloseMonth *month, Str seed, int64_t k,
                    DiscloseGroups *out);

/* Draws group->rows of the ids (those who did not opt out) by the seed into *drawn; the same ids
   give the same draw. Nothing is drawn when there are fewer than rows, which takes more than half
   of everybody to have left: the group is withheld whole. */
void disclose_draw(Arena *arena, const DiscloseGroup *group, Str seed, const StrVec *ids,
                   StrVec *drawn);

/* k of a release: the size of its smallest set of equal rows; 0 for no rows. */
size_t disclose_anonymity(Arena *arena, const StrVec *rows);

/* ---- both ---- */

/* Refuses a month's records beside its counts: RC_CONFLICT names the first rule that is broken.
   1 groups: at least k rows, at most half of everybody.
   2 a named district: its count is shown, and exceeds twice its rows by at least k.
   3 an unnamed district: the month's total is shown, and exceeds twice all rows by at least k. */
Rc disclose_joint(Ctx *ctx, const DiscloseMonth *month, const DiscloseGroups *groups, int64_t k);

#endif
