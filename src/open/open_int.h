/* open_int: what the files of open/ share. */
#ifndef OPEN_OPEN_INT_H
#define OPEN_OPEN_INT_H

#include "open.h"

#include "disclose/disclose.h"

#include <pthread.h>

#define IRI(term) STR(LD_DEFAULT term)

enum { OPEN_PREVIEW = 10, OPEN_BYTES_MAX = 256 << 20 };

typedef enum ReleaseKind { RELEASE_COUNTS, RELEASE_RECORDS, RELEASE_TYPE } ReleaseKind;

enum { FORMAT_CSV = 1, FORMAT_JSON = 2, FORMAT_GEOJSON = 4 };

/* One dataset that may be published. */
typedef struct Release {
    Str id;
    Str definition; /* id of what declares it */
    ReleaseKind kind;
    unsigned formats;     /* bits: no other files are made */
    Date review;          /* the last day on which it runs */
    const Json *source;   /* the release as it was read */
    const DictType *type; /* RELEASE_TYPE */
    const Json *title, *description, *columns;
    Str theme;
    const Json *theme_label;
    int64_t k;
} Release;

/* A file of starter/releases: what is proposed, decided and changed as one. */
typedef struct Definition {
    Str id, hash;
    const Json *source, *title;
    Date review;
} Definition;

struct Open {
    Arena *arena;
    VEC(Definition) definitions;
    VEC(Release) releases; /* as declared; what runs is what release_decided gives */
    const Json *districts, *classes;
    int64_t every;
    pthread_mutex_t running; /* held by a run */
    pthread_mutex_t lock;    /* of what follows */
    pthread_cond_t wake;
    bool stop, started;
    bool asked; /* a run of everything is due now */
    pthread_t thread;
    Tenant *tenant;
    Clock clock;
};

/* release.c */
Rc release_read_all(Ctx *ctx, Open *open, const OpenOptions *options, const Dictionary *dictionary);
const Release *release_find(const Open *open, Str id);
/* Releases of other procedures, or over the same cases with the same k. */
bool release_agrees(const Release *one, const Release *other);
/* Reads one declaration into open->definitions and open->releases. */
Rc release_read(Ctx *ctx, Open *open, const Json *source, const Dictionary *dictionary);

/* definition.c */
const Definition *definition_find(const Open *open, Str id);
/* The release by the definition that was decided, which need not be the declared one. RC_CONFLICT
   "not-decided". */
Rc release_decided(Ctx *ctx, const Release *declared, Release *out);
/* True once the review date has passed. */
bool review_due(const Ctx *ctx, Date review);
/* What a run would publish, as JSON for the decider; publishes and counts nothing. */
Rc definition_try(Ctx *ctx, const Definition *definition, const Json **found);
Str definition_entity_id(Arena *arena, Str id);
/* Runs everything soon. */
void open_wake(Open *open);
/* RC_DENIED: the actor may not release. */
Rc may_release(Ctx *ctx);

/* What a run made of a release. Bytes lie in the run's arena. */
typedef struct Made {
    int64_t rows, suppressed;
    Str horizon;
    Str csv, json, geojson; /* geojson: empty, when there is none */
    const Json *preview;
} Made;

/* table.c: rows of JSON values under a release's columns. */
typedef struct Table {
    const Release *release;
    VEC(const Json *) rows; /* arrays, one value per column */
} Table;
void table_add(Arena *arena, Table *table, const Json *values);
Rc table_made(Ctx *ctx, const Table *table, Made *out);
/* One cell of CSV (RFC 4180). */
void csv_cell(Buf *to, Str text);

/* type.c: a dataset of the entities of an open type, as everybody may see them. RC_NOT_FOUND: there
 * are none. */
Rc type_make(Ctx *ctx, const Release *release, Made *out);
/* The columns of a type for pages. */
const Json *type_columns(Arena *arena, const DictType *type);

/* tally.c: the cases, and the months that were counted. */
typedef struct Case {
    Str id, month, district, class; /* class: one, or "mixed" */
    bool out;
} Case;
typedef VEC(Case) Cases;
typedef struct Tally {
    Str month;
    StrVec districts, classes;
    int64_t *counts;     /* districts * classes */
    DiscloseMark *marks; /* districts + 1 */
} Tally;
typedef VEC(Tally) Tallies;
Rc tally_cases(Ctx *ctx, const Release *release, Cases *out);
/* Counts the months that are over and were not counted yet, and gives all that are counted, oldest
   first. keep: what is counted is written down, for good. */
Rc tally_months(Ctx *ctx, const Release *release, const Cases *cases, bool keep, Tallies *out);

/* people.c: counts and records, checked together. */
typedef struct People {
    Cases cases;
    Tallies months;
    DiscloseGroups *groups; /* of each month */
    int64_t **drawn;        /* of each month and group: how many records leave */
} People;
Rc people_load(Ctx *ctx, const Release *release, bool keep, People *out);
/* The table of a release over the months up to a horizon (empty: all). */
Rc people_make(Ctx *ctx, const Release *release, const People *people, Str horizon, Made *out);

/* version.c */
Rc version_publish(Ctx *ctx, const Release *release, const Made *made);
/* The same version with other bytes: former ones without those who left. */
Rc version_reissue(Ctx *ctx, const Release *release, const OpenVersion *version, const Made *made);

/* Runs a command of one part_put per entity; ctx->actor is named as who asked. */
typedef struct Put {
    Entity *entity;
    PutExpect expect;
} Put;
Rc open_put(Ctx *ctx, const char *kind, const Put *puts, size_t n);

#endif
