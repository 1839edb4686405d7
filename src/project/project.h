/* project: follows the ledger and keeps what can be computed from it: current state, indexes,
   history, who looked, and whatever the rooms above register. Everything here can be thrown away
   and rebuilt. DESIGN §4 step 4, §5. */
#ifndef PROJECT_PROJECT_H
#define PROJECT_PROJECT_H

#include "ledger/ledger.h"

typedef struct Project Project;

/* ---- followers ---- */

/* Rows of one space of one follower, ordered by bytes of the key. */
typedef struct Rows Rows;

/* A follower gets each durable event once, in order, and writes rows of its own space; rows and
   cursor move in one transaction. On a version other than the stored one, or an unknown cursor, its
   rows, and those of all others (which read the state as of the event), are dropped and all start
   from the first leaf. An event that it refuses (ledger_refuses) is set aside, and left out.
   `event` changes nothing but rows: the same function rebuilds them elsewhere for a comparison. */
typedef struct Follower {
    const char *name; /* also the prefix of its space */
    int version;
    /* Writes rows through `rows`; may read back what it wrote. Never blocks on anything else. */
    Rc (*event)(Ctx *ctx, void *arg, Rows *rows, const Event *event);
    /* Called after the window's transaction was committed: wake deliveries, push tiles. May be
     * NULL. */
    void (*committed)(void *arg, uint64_t position);
    void *arg;
} Follower;

Rc rows_put(Ctx *ctx, Rows *rows, Str key, Str value);
Rc rows_delete(Ctx *ctx, Rows *rows, Str key);
Rc rows_get(Ctx *ctx, Rows *rows, Str key, Str *value); /* RC_NOT_FOUND */

/* Drops all rows whose key begins with a prefix. */
Rc rows_delete_prefix(Ctx *ctx, Rows *rows, Str prefix);

/* Shows the rows whose key begins with a prefix, in order; each may not write. */
typedef bool (*RowsEach)(void *arg, Str key, Str value);
Rc rows_each(Ctx *ctx, Rows *rows, Str prefix, RowsEach each, void *arg);

/* A note to the followers, none of the ledger's: keys of the record note_about were destroyed. What
   they keep of it must be from then on what they would make of the record as it is left, for a
   rebuild has never seen another one. */
#define PROJECT_ERASED "record.erased"

/* The entity as this event leaves it (followers that were added by project_add run behind the
   state), NULL when it ended. In ctx->arena or the window's; unchanged. */
Rc project_event_entity(Ctx *ctx, const Event *event, Entity **out);

/* Reading a follower's rows from a pool thread (ctx->db). Keys from `from` (inclusive) to `to`
   (exclusive; empty: no end). each returns false to stop. */
typedef struct RowsRange {
    const char *follower;
    Str from, to, prefix;
    bool backwards;
    size_t limit; /* 0: all */
} RowsRange;
Rc project_rows(Ctx *ctx, Project *project, const RowsRange *range, RowsEach each, void *arg);
Rc project_row(Ctx *ctx, Project *project, const char *follower, Str key, Str *value);

/* ---- life ---- */

/* Registers the built-in followers (state, history, looks, what ends when); rooms above add theirs
 * before project_start. */
Rc project_new(Ctx *ctx, Tenant *tenant, Project **out);
void project_add(Project *project, Follower follower);
/* Catches up with what must be there before serving, then follows on a thread of its own. */
Rc project_start(Ctx *ctx, Project *project);
/* From now until project_stop each entity and attribute whose expiresAt is over is ended within
   some seconds, by commands of the timer, and files are swept every hour. After
   project_start. */
Rc project_expire(Ctx *ctx, Project *project);
void project_stop(Project *project);
/* Waits until every follower has reached position (tests, imports, `drained` figures). RC_LIMIT
 * when the deadline passes first. */
Rc project_drain(Ctx *ctx, Project *project, uint64_t position);
/* The leaf up to which all followers' rows are written. */
uint64_t project_reached(const Project *project);
/* Events that couldn't be applied, oldest first: by one follower, or ("*") by none as they can't be
   read. They are left out until another version of the program builds everything anew. ctx->db. */
typedef struct AsideEvent {
    uint64_t position;
    Str follower, why;
} AsideEvent;
typedef VEC(AsideEvent) AsideEvents;
Rc project_aside(Ctx *ctx, Project *project, AsideEvents *out);
/* What is kept, compared with a rebuild from the ledger. */
typedef struct ProjectReport {
    uint64_t position; /* the leaf at which both were compared */
    size_t followers;  /* history and types among them */
    uint64_t rows, entities;
    uint64_t differences;
    Str first; /* what is different, in words; empty: nothing */
    AsideEvents aside;
} ProjectReport;
/* Rebuilds every follower from the ledger in a folder beside the tenant's files, compares it with
   what is kept, and removes it; needs as much room as state.db, and time in proportion to the
   ledger. The city may go on meanwhile. Differences are no error. ctx->db; pool and control
   threads, one at a time. */
Rc project_verify(Ctx *ctx, Project *project, ProjectReport *out);
/* How far the followers are, as a JSON object, for the operator. */
const Json *project_progress(Arena *arena, Project *project);
/* Takes away files of which the key was destroyed, and sealed ones that no command has named for a
   day. ctx->db is set; pool and timer threads. */
typedef struct ProjectSwept {
    uint64_t erased, nobodys;
} ProjectSwept;
Rc project_sweep(Ctx *ctx, Project *project, ProjectSwept *out);
/* When keys of a record were destroyed last. RC_NOT_FOUND: none were, as far as the followers are.
   ctx->db. */
Rc project_erased_at(Ctx *ctx, Project *project, Str id, int64_t *at);

/* ---- reading entities ---- */

/* What the actor may see of an entity: the same, a smaller one, or NULL. The gate gives it. Called
 * before matching. */
typedef const Entity *(*ProjectView)(Ctx *ctx, void *arg, const Entity *entity);

typedef struct ProjectQuery {
    const Match *match;   /* NULL: everything */
    const OrderBy *order; /* NULL: by id */
    size_t limit, offset; /* limit 0: none wanted, only the count */
    Str after;            /* by id only: go on behind this id (keyset paging) */
    bool count;
    ProjectView view;
    void *view_arg;
    const RenderKey
        *kept; /* rendered bytes kept with a newest version under this key may stand for
                  its entity; the thread must be registered with the ledger. NULL: none */
} ProjectQuery;

/* Which version of an entity an answer has. */
typedef struct ProjectFound {
    Str id;
    uint64_t position;
} ProjectFound;

typedef struct ProjectAnswer {
    VEC(const Entity *) entities; /* as the view left them, in ctx->arena */
    VEC(const Str *)
    kept; /* when asked for: beside each of entities the bytes that stand for it (it
             is NULL then), or NULL. Valid until the thread's next ledger_quiesce */
    VEC(ProjectFound)
    found; /* when kept was asked for and would do: all hits from the first on, those before the
              page too, and the one behind it */
    bool more;
    bool withheld;  /* when found is: the view withheld one that satisfies the query */
    size_t count;   /* when asked for */
    size_t scanned; /* candidates decided, for tests and the operator */
} ProjectAnswer;

/* The newest state: versions above the state cursor first, then a snapshot of the store; the
   overlay wins (DESIGN §5). Pool threads. RC_LIMIT when ctx->deadline passes. */
Rc project_query(Ctx *ctx, Project *project, const ProjectQuery *query, ProjectAnswer *out);

/* The house's own questions, in the core context's terms. Empty texts: any type, all, by id. */
typedef struct ProjectWish {
    Str type, q, order_by;
    Str after; /* by id only: go on behind this id; project_each goes on by itself */
    size_t limit, offset;
    bool count;
    ProjectView view;
    void *view_arg;
} ProjectWish;
/* One page of ctx->tenant's entities. Errors as project_query. */
Rc project_find(Ctx *ctx, const ProjectWish *wish, ProjectAnswer *out);
/* Shows each entity that the wish names by type and q, by id, until one call fails. The entity and
   the arena of the Ctx that `each` is given are gone soon after: what it keeps it copies elsewhere.
 */
typedef Rc (*ProjectEach)(Ctx *ctx, void *arg, const Entity *entity);
Rc project_each(Ctx *ctx, const ProjectWish *wish, ProjectEach each, void *arg);

/* Wants an index on an attribute (expanded IRI): it is filled behind the writers' backs, which
   takes a walk over all rows. Queries that walk far want one by themselves. Any thread. */
void project_index(Project *project, Str attr);
/* Whether scans use one. ctx->db set. */
Rc project_indexed(Ctx *ctx, Str attr, bool *out);

/* ---- types, attributes, counts (clauses 5.7.5 to 5.7.10) ---- */
typedef struct TypeAttr {
    Str iri;
    unsigned kinds; /* bits 1 << AttrKind that were seen */
} TypeAttr;
typedef VEC(TypeAttr) TypeAttrs;
typedef struct TypeCount {
    Str iri;
    int64_t entities;
    TypeAttrs attrs; /* seen on entities of the type; declared, where they are personal */
} TypeCount;
typedef VEC(TypeCount) TypeCounts;
Rc project_types(Ctx *ctx, Project *project, TypeCounts *out);

/* ---- history ---- */
/* The temporal evolution of one entity: an Entity whose attrs are all its instances in the window
   (each name's instances by time, oldest first), at most limit of each attribute. attrs empty: all.
   RC_NOT_FOUND: never existed. */
typedef struct HistoryQuery {
    Str id;
    StrVec attrs;
    TemporalQuery window;
    size_t limit;
} HistoryQuery;
typedef struct History {
    Entity *entity;
    bool cut;            /* more instances than limit */
    int64_t first, last; /* of what was given */
} History;
/* Whether anything is recorded of an entity, as far as the followers are; what they have not
   reached counts as recorded. RC_BUSY without ctx->db. */
Rc project_has_history(Ctx *ctx, Project *project, Str id, bool *out);
Rc project_history(Ctx *ctx, Project *project, const HistoryQuery *query, History *out);
/* Notes by which an evolution is corrected, about the entity: their members are told in history.c.
 */
#define HISTORY_DROP     "history.drop"
#define HISTORY_CORRECT  "history.correct"
#define HISTORY_INSTANCE "urn:ngsi-ld:Instance:" /* POSITION.ORDINAL.PLACE */
/* Visits the plain numeric readings of one attribute with observedAt in [from, to), oldest first,
   for charts and aggregates. each returns false to stop. */
typedef struct ReadingsQuery {
    Str id, attr;
    int64_t from, to;
} ReadingsQuery;
typedef bool (*ReadingEach)(void *arg, int64_t observed_at, double value);
Rc project_readings(Ctx *ctx, Project *project, const ReadingsQuery *query, ReadingEach each,
                    void *arg);

/* instanceId of the newest of them, for who modifies it. RC_NOT_FOUND: there is none. */
Rc project_instance(Ctx *ctx, Project *project, const ReadingsQuery *query, Str *instance);

/* ---- who looked ---- */
typedef struct Look {
    uint64_t position;
    int64_t at;
    Str actor, post, purpose, why, case_id, channel;
    StrVec records;  /* of the person asked about; all when everybody's looks are read */
    size_t subjects; /* persons the look was about */
    bool glass;      /* break-glass: shown at `at`, recorded when the ledger could write again */
} Look;
typedef VEC(Look) Looks;
typedef struct LooksQuery {
    Str subject;     /* empty: everybody's looks, for the auditor */
    uint64_t before; /* position; 0: from the newest */
    size_t limit;
} LooksQuery;
/* The newest looks at one person's data (or all), newest first. Includes what is durable but not
   projected yet. */
Rc project_looks(Ctx *ctx, Project *project, const LooksQuery *query, Looks *out);

#endif
