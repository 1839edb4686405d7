/* The crash test: a child lives (life.c), the parent kills it, reopens the folder and checks it
 * (check.c) against what was acknowledged. */
#ifndef TEST_CRASH_H
#define TEST_CRASH_H

#include "../ledger/city.h"

enum {
    CRASH_THREADS = 4,
    CRASH_SLOTS = 8,    /* entities of each thread, of three types */
    CRASH_ACCOUNTS = 6, /* shared by all: money moves between them */
    CRASH_MONEY = 1000, /* in each account at first */
    CRASH_CASES = 40,
    CRASH_BRIEF = 4,  /* entities that end by themselves */
    CRASH_PEOPLE = 6, /* who ask for advice, and are erased */
};

/* What a thread was told is durable. Smaller than PIPE_BUF, so that it goes through the pipe whole.
   slot CRASH_SLOTS: something else than a count; beyond: a person was erased, with all up to the
   position. */
typedef struct CrashAck {
    uint32_t thread, slot;
    uint64_t count; /* the slot's new count */
    uint64_t position;
} CrashAck;

typedef struct CrashPlan {
    const char *root;
    uint64_t seed;
    bool torn, no_sync;
    int pipe;
    int port; /* where notifications go; 0: nowhere */
} CrashPlan;

/* Lives until it is killed. */
_Noreturn void crash_live(const CrashPlan *plan);

/* What the parent knows: the newest count that was acknowledged of each slot. */
typedef struct CrashKnown {
    uint64_t counts[CRASH_THREADS][CRASH_SLOTS];
    uint64_t positions[CRASH_THREADS][CRASH_SLOTS + 1];
    uint64_t erased[CRASH_PEOPLE]; /* the last position up to which it was acknowledged */
    uint64_t acks, highest;        /* position */
} CrashKnown;

/* Opens the folder, compares everything, says in words what is wrong, or gives an empty Str. known
   is brought up to what is there, so that the next life goes on from it. The words lie in `arena`.
 */
Str crash_check(const char *root, CrashKnown *known, Arena *arena);
/* Opens it with its broker and timers, waits until nothing is left to be sent or to end, and says
   which change of an open slot its subscriber was never told, what has not ended, or gives an empty
   Str. */
struct Heard;
Str crash_check_heard(const char *root, const CrashKnown *known, struct Heard *heard, Arena *arena);

Str crash_slot_id(Arena *arena, unsigned thread, unsigned slot);
Str crash_account_id(Arena *arena, unsigned account);
Str crash_brief_id(Arena *arena, unsigned brief);
Str crash_advice_id(Arena *arena, unsigned person);
Str crash_person_id(Arena *arena, unsigned person);
/* Type by slot: open, personal, undeclared. */
const char *crash_slot_type(unsigned slot);

#endif
