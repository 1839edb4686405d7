/* shelf: the files (簿冊) that the city keeps: a projection counts the matters of each, so that no
   page reads them all; how a file stands follows from that, the classification table and what was
   done to it. Include only procedure.h from outside. */
#ifndef PROCEDURE_SHELF_H
#define PROCEDURE_SHELF_H

#include "project/project.h"
#include "records/records.h"

/* The follower "shelf"; register it before project_start. */
Follower shelf_follower(Tenant *tenant);

/* How a file stands on a day, the first that fits. */
typedef enum ShelfState {
    SHELF_DISPOSED,    /* 廃棄済み */
    SHELF_DISPOSING,   /* decided, its keys are about to be destroyed */
    SHELF_TRANSFERRED, /* 移管 */
    SHELF_CURRENT,     /* of this fiscal year (現年度): more may come */
    SHELF_EXTENDED,    /* its own time is over, the extension isn't (延長) */
    SHELF_DUE,         /* its time is over (廃棄待ち) */
    SHELF_KEPT,        /* 保存 */
    SHELF_STATES,
} ShelfState;
Str shelf_state_word(ShelfState state);
/* SHELF_STATES: no such word. */
ShelfState shelf_state_of(Str word);

typedef struct ShelfFile {
    Str code; /* in addresses */
    Str label, retention;
    int fiscal_year;     /* 0: made before files were kept; a row of their own, never due */
    const FileRow *row;  /* NULL: the table has no row for it */
    int64_t count, open; /* matters: cases, decisions, payments, visits, reports, meetings,
                            handovers; those without an end */
    int64_t unfiled;     /* of them, those that lie under no key of this file alone */
    Date from, to;       /* when the first one came, and the last ended; year 0: none did */
    Date until; /* the last day on which it is kept; year 0: while something is open, or for
                   good. An extension isn't in it */
    FileRecord record;
    ShelfState state;
} ShelfFile;
typedef VEC(ShelfFile) ShelfFiles;

/* Zero members ask for nothing. */
typedef struct ShelfWish {
    Str division;
    int fiscal_year;
    unsigned states; /* bits 1 << ShelfState; 0: any */
    bool loose;      /* as far as the projection is: who only looks doesn't wait for it */
    Str text;        /* words, of which all stand in titles or classification, by parts of words,
                        whatever kana they are written in */
} ShelfWish;
/* In the order of the table, the newest year first. Lives in ctx->arena. Pool threads, as all
   below; up to the head of the ledger. */
Rc shelf_list(Ctx *ctx, const ShelfWish *wish, ShelfFiles *out);
/* Of a list, those that fit a wish. */
void shelf_pick(Arena *arena, const ShelfFiles *all, const ShelfWish *wish, ShelfFiles *out);
/* RC_NOT_FOUND "no-file". */
Rc shelf_find(Ctx *ctx, Str code, ShelfFile *out);
/* What was done to the file of this label, newest of all, into its `record`. */
Rc shelf_record(Ctx *ctx, ShelfFile *file);
/* Its title in both languages, {"ja", "en"}. */
Json shelf_title(Arena *arena, const ShelfFile *file);
/* "総務 › 文書・情報公開 › 公文書公開", in the language ("ja", "en"). */
Str shelf_classification(Arena *arena, const ShelfFile *file, const char *language);
const FileTable *shelf_table(const Tenant *tenant);

/* Ids of a file's matters by the day on which they came, after a key; *next empty: no more. */
typedef struct ShelfPage {
    StrVec ids;
    Str next;
} ShelfPage;
Rc shelf_matters(Ctx *ctx, const ShelfFile *file, Str after, size_t limit, ShelfPage *out);
/* Whether records of this id are counted as matters. */
bool shelf_counts(Str id);
/* Whether this matter, or one that is new, lies in the file, as the follower has it. */
Rc shelf_holds(Ctx *ctx, Str label, Str id, bool *out);

#endif
