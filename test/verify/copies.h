/* copies: a ledger made by the real library, copies of it that are tampered with, and machi-verify
   run on them. */
#ifndef TEST_VERIFY_COPIES_H
#define TEST_VERIFY_COPIES_H

#include "../ledger/city.h"

#include <stdio.h>

/* Leaves of the ledger: one full tile and a bit; checkpoints at two sizes. */
enum { COPIES_MIDDLE = 270, COPIES_END = 300, COPIES_HANAKO = 3, COPIES_TARO = 4 };
enum { COPIES_ERASURE = COPIES_MIDDLE + 20 };

typedef struct Copies {
    City city;      /* its ledger is closed; 300 leaves */
    Arena *arena;   /* of one test */
    Str folder;     /* of one test: a copy */
    Str middle;     /* a copy at 270 leaves, with `middle.key` beside it */
    Str list, text; /* list of erasures; where files of one test go */
} Copies;

int copies_make(void **state);
int copies_end(void **state);
/* A fresh copy in copies->folder. */
int copies_begin(void **state);
int copies_drop(void **state);
void copies_shell(const char *form, ...) __attribute__((format(printf, 1, 2)));

/* Runs SQL on the copy's file. There are functions: flip(blob, index) changes one byte,
   leaf_hash(blob), tile_with(tile, index, hash), forge(note): signed by a key of its own. */
void copies_sql(Copies *copies, const char *file, const char *sql);

typedef struct Verdict {
    int code; /* of exit; 99 and more: it crashed */
    const Json *json;
    Str name; /* of the finding; empty: none */
    int64_t position, until;
} Verdict;
/* Options are words of the shell, folder the last argument. */
Verdict copies_verify(Copies *copies, const char *options, Str folder);
/* "--witness FILE --erasures FILE" */
const char *copies_outside(Copies *copies);

#endif
