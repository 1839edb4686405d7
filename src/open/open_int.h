/* open_int: what the files of open/ share. */
#ifndef OPEN_OPEN_INT_H
#define OPEN_OPEN_INT_H

#include "open.h"

#include "disclose/disclose.h"

#include <pthread.h>

#define IRI(term) STR(LD_DEFAULT term)

enum { OPEN_PREVIEW = 10, OPEN_BYTES_MAX = 256 << 20 };

typedef enum ReleaseKind { RELEASE_COUNTS, RELEASE_RECORDS, RELEASE_TYPE } ReleaseKind;

/* One dataset that may be published. */
typedef struct Release {
    Str id;
    ReleaseKind kind;
    const Json *source;   /* the release as it was read */
    const DictType *type; /* RELEASE_TYPE */
    const Json *title, *description, *columns;
    Str theme;
    const Json *theme_label;
    int64_t k;
} Release;

struct Open {
    Arena *arena;
    VEC(Release) releases;
    const Json *districts, *classes;
    int64_t every;
    pthread_mutex_t running; /* held by a run */
    pthread_mutex_t lock;    /* of what follows */
    pthread_cond_t wake;
    bool stop, started;
    pthread_t thread;
    Tenant *tenant;
    Clock clock;
};

/* release.c */
Rc release_read_all(Ctx *ctx, Open *open, const OpenOptions *options, const Dictionary *dictionary);
const Release *release_find(const Open *open, Str id);

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
 * first. */
Rc tally_months(Ctx *ctx, const Release *release, const Cases *cases, Tallies *out);

/* people.c: counts and records, checked together. */
typedef struct People {
    Cases cases;
    Tallies months;
    DiscloseGroups *groups; /* of each month */
    int64_t **drawn;        /* of each month and group: how many records leave */
} People;
Rc people_load(Ctx *ctx, const Release *release, People *out);
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
/* Shows all entities of a type, in pages, as a view leaves them; the page's memory goes afterwards.
 */
typedef struct Sweep {
    Str type; /* term */
    ProjectView view;
    Rc (*each)(Ctx *ctx, void *arg, const Entity *entity);
    void *arg;
    Arena *lasting; /* of what `each` keeps, for it to use */
} Sweep;
Rc open_sweep(Ctx *ctx, const Sweep *sweep);

#endif
