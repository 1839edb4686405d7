/* file: retention files (簿冊): what a city keeps of one kind of matter of one fiscal year, under
   keys of its own. Which kinds there are, and how long each is kept, is the classification table
   (文書分類表); what was done to a file is an entity of type RecordFile, which begins with the
   first act on it. Include only records.h from outside. */
#ifndef RECORDS_FILE_H
#define RECORDS_FILE_H

#include "ledger/ledger.h"

/* How a file is named in addresses: a hash of its label. */
Str file_code(Arena *arena, Str label);

/* ---- the classification table ---- */

/* A row (小分類) with its standard file. Texts are {"ja", "en"}. */
typedef struct FileRow {
    Str id;
    const Json *major, *middle, *minor, *name;
    int years;        /* 1, 3, 5, 10 or 30; 0: as long as it is used (常用) */
    Str division;     /* that keeps it */
    Str words;        /* readings and other words by which it is looked for */
    StrVec retention; /* texts of the dictionary and of definitions that are kept so */
} FileRow;
typedef struct FileTable {
    VEC(FileRow) rows;
    const Json *rule; /* its legal ground, {"ja", "en"} */
    Str asks;         /* id of the procedure by which records are asked for; may be empty */
    Str keeper;       /* the division that looks after all files (文書主管課) */
} FileTable;

/* Reads it; texts refer to source. divisions: of the organisation, [{"id"}]. RC_INVALID
   "bad-classification" names row and member, and what to write there. */
Rc file_table_read(Ctx *ctx, const Json *source, const Json *divisions, FileTable *out);
/* NULL: no row has this text. */
const FileRow *file_table_row(const FileTable *table, Str retention);
/* RC_INVALID "bad-classification" unless this text stands in a row. where: what names it. */
Rc file_table_knows(Ctx *ctx, const FileTable *table, Str retention, Str where);

/* The last day of a retention that runs from 1 April after the end (完結) for so many years:
   31 March. */
Date file_until(Date ended, int years);

/* ---- what was done to a file ---- */

#define FILE_TYPE      LD_DEFAULT "RecordFile"
#define FILE_ID_PREFIX "urn:ngsi-ld:RecordFile:"
Str file_id(Arena *arena, Str label);

typedef enum FileMark {
    FILE_NONE,        /* nothing that ends its keeping */
    FILE_TRANSFERRED, /* handed over (移管); what the city has of it stays until it's disposed of */
    FILE_DISPOSING,   /* decided; its keys are about to be destroyed */
    FILE_DISPOSED,    /* they are destroyed (廃棄済み) */
    FILE_MARKS,
} FileMark;

/* Texts refer to the entity. All of it is readable inside the city: no personal data. */
typedef struct FileRecord {
    Str id, label;
    FileMark mark;
    Date extended; /* the last day of an extension; year 0: none */
    Str hold;      /* why it may not be disposed of; empty: it may */
    int64_t hold_at;
    Str hold_post;
    Str to;               /* where it was transferred */
    const Json *disposal; /* what a disposal leaves: {label, title, classification, years,
                             fiscalYear, count, from, to, until}; NULL: there was none */
    const Json *acts;     /* [{act, at, post, reason, until, to, decision, keys}], the oldest
                             first */
    uint64_t version;     /* 0: nothing was done to it yet */
} FileRecord;
/* Whether what lies under a file's id is a record of one; NULL: nothing was done to it yet. */
bool file_record_good(const Entity *entity);
/* RC_FAILED "bad-file": it isn't. */
Rc file_record_damaged(Ctx *ctx, Str label);
/* entity NULL: nothing was done to the file yet. */
void file_record_read(const Entity *entity, Str label, FileRecord *out);

/* For LedgerOptions: RC_CONFLICT "file-closed" of a file that is being disposed of, or was. What
   lies under the id of a file and is no record of one closes nothing. */
extern const LedgerFiles file_ledger;

typedef enum FileVerb {
    FILE_HOLD,         /* reason */
    FILE_RELEASE,      /* reason, holder: the post whose hold it is */
    FILE_EXTEND,       /* reason, until */
    FILE_TRANSFER,     /* reason, to */
    FILE_DISPOSE,      /* what a disposal leaves; destroys nothing yet */
    FILE_DISPOSE_DONE, /* the keys were destroyed: how many */
    FILE_DISPOSE_STOP, /* they weren't, for it isn't what was decided on any more */
    FILE_VERBS,
} FileVerb;
Str file_verb_word(FileVerb verb);
bool file_verb_of(Str word, FileVerb *out);

/* file.act: needs the file's id. Judged at the commit, RC_CONFLICT: "file-disposed",
   "file-transferred", "file-held" (hold, transfer, dispose), "file-extended", "file-not-due"
   (dispose: `until` isn't past), "no-hold", "other-hold", "file-not-disposing"; RC_INVALID "past"
   (extend: not beyond `until`); RC_FAILED "bad-file". */
typedef struct PartFile {
    Str label;
    FileVerb verb;
    Str reason, to, post, decision, holder;
    Date until;           /* extend: its last day; dispose: the last day of the file's retention */
    const Json *disposal; /* dispose */
    int64_t keys;         /* done */
} PartFile;
extern const PartKind part_file_act;
void file_act_add(Command *command, const PartFile *part);

#endif
