/* report: what was found, as text and as JSON. */
#ifndef VERIFY_REPORT_H
#define VERIFY_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The first thing that isn't as it should be. The names of findings are those of
   doc/ledger-format.md §10. */
typedef struct Finding {
    const char *name;         /* NULL: there is none */
    uint64_t position, until; /* of the first record; `until` > position: somewhere in this range */
    char expected[160], found[160], detail[240];
} Finding;

typedef struct Report {
    const char *path;
    char origin[64];
    uint64_t leaves, folded, events, sealed;
    uint64_t tiles, checkpoints, witnessed; /* checkpoints checked, those of the witness apart */
    uint64_t keys_readable, keys_erased, statements, pending;
    uint64_t files, files_erased,
        files_named;                 /* named: of which some may not have been looked at */
    uint64_t clock_back;             /* leaves whose time is before the one's before them */
    uint64_t proven, witness_proven; /* largest size whose checkpoint holds */
    uint64_t proof_position;         /* of the leaf whose proof holds; 0: none was given */
    bool keys_there, files_there, witness_there, list_there;
    bool copy_there; /* otherwise only a proof was checked */
    char witness_time[32];
    Finding finding;
} Report;

/* Keeps the finding when it is the first; %s and the like in the detail. */
__attribute__((format(printf, 4, 5))) void report_find(Report *report, const char *name,
                                                       uint64_t position, const char *detail, ...);
void report_text(const Report *report, FILE *to);
void report_json(const Report *report, FILE *to);
/* A JSON string; bytes that are no UTF-8 become U+FFFD. */
void report_json_string(const char *text, FILE *to);

#endif
