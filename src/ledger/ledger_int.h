/* The room's inside: what its files share. */
#ifndef LEDGER_INT_H
#define LEDGER_INT_H

#include "epoch.h"
#include "keys.h"
#include "leaf.h"
#include "note.h"
#include "record.h"
#include "statement.h"
#include "tree.h"
#include "witness.h"
#include "workset.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SEALED_VERSION = 1 }; /* of bytes that are sealed outside events */

/* ---- commands ---- */

typedef struct Part {
    const PartKind *kind;
    const void *args;
} Part;

struct Command {
    Ledger *ledger;
    Arena *arena;
    Command *next; /* in the queue, the pool, a batch */
    CommandId id;
    CommandHead head;
    VEC(Part) parts;
    StrVec needs;
    CommandDone done;
    void *arg;
    bool gathered; /* the writer is woken by ledger_hand_over */
    Outcome outcome;
    /* The ledger's own work on the writer's thread, in a transaction of its own (erasure, making a
       key, storing a checkpoint); NULL for commands made of parts. */
    Rc (*own)(Ctx *ctx, Ledger *ledger, void *arg);
    void *own_arg;
};

/* What waits for the writer: pushed by any thread without a lock, taken as a whole by the writer.
 */
typedef struct CommandQueue {
    _Atomic(Command *) newest;
    atomic_size_t len;
    size_t max;
    atomic_bool sleeping;
    pthread_mutex_t lock;
    pthread_cond_t wake;
} CommandQueue;

/* Arenas of commands that are done, for those to come. */
typedef struct CommandPool {
    pthread_mutex_t lock;
    Command *free;
    size_t len;
    RandAhead ahead; /* of ids */
} CommandPool;

void command_queue_init(CommandQueue *queue, size_t max);
void command_queue_free(CommandQueue *queue);
/* False: full. Wakes the writer, unless the command is gathered. */
bool command_queue_push(CommandQueue *queue, Command *command);
/* Everything that waits, oldest first; NULL when there is nothing. Waits until something is there
   or `closing` is set; closing NULL: doesn't wait. */
Command *command_queue_take(CommandQueue *queue, const atomic_bool *closing);
void command_queue_wake(CommandQueue *queue);
void command_pool_free(CommandPool *pool);
/* Runs own(ctx, ledger, arg) on the writer's thread and waits. */
Rc command_run_own(Ctx *ctx, Ledger *ledger, Rc (*own)(Ctx *, Ledger *, void *), void *arg);

/* ---- stage ---- */

/* An entity as a batch sees it. */
typedef struct Staged {
    Str id;
    const Entity *entity; /* NULL: there is none */
    const Entity *before; /* as the batch found it, once it is changed */
    uint64_t declared;    /* serial of the command that last named it as a need */
    uint64_t position;    /* of the newest change in this batch; 0: unchanged */
    size_t record_at, record_len;
    bool sealed;
} Staged;

typedef struct StagedUndo {
    Staged *staged;
    const Entity *entity;
    uint64_t position;
} StagedUndo;

/* The event that a copy repeats, or where the copy is. */
typedef struct AgainOf {
    uint64_t position;
    uint32_t ordinal;
} AgainOf;

typedef struct StagedEvent {
    const Delta *delta;   /* or a note */
    const Entity *whole;  /* of a change: the entity that says what is sealed: after it, or before
                             its deletion */
    const Entity *before; /* of a change: the entity as it was; NULL: there was none */
    StageNote note;
    Str body;   /* of the ledger's own events */
    AgainOf of; /* of a change that is appended again; position 0: it is none */
    EventKind kind;
} StagedEvent;

/* A fold that may be wanted once more. */
typedef struct StagePreview {
    const Delta *delta;
    const Entity *before, *after;
    uint64_t serial;
} StagePreview;

struct Stage {
    Ledger *ledger;
    Ctx *ctx;   /* the writer's; its arena lives as long as the batch */
    Map staged; /* id → Staged, of the batch */
    Command *command;
    uint64_t serial, position;
    int64_t now;
    VEC(StagedEvent) events;
    StagePreview preview;
    VEC(StagedUndo) undo;
    VEC(Staged *) changed; /* of the batch, each once */
};

void stage_begin_batch(Stage *stage, Ctx *ctx, Ledger *ledger);
/* Loads what the command needs; then its guards and parts may run. */
Rc stage_begin(Stage *stage, Command *command, uint64_t position, int64_t now);
/* The command is refused: as if it had never been. */
void stage_undo(Stage *stage);
/* The command counts. */
void stage_keep(Stage *stage);
/* The ledger's own event. */
void stage_own(Stage *stage, EventKind kind, Str subject, Str body);
/* A change that is appended again; whole: the entity after it, or before its deletion. All of it
 * must live as long as the batch. */
void stage_again(Stage *stage, AgainOf of, const Delta *delta, const Entity *whole);
/* The newest state of an id, from the batch, the working set or the store. */
Rc stage_load(Stage *stage, Str id, Staged **out);
/* Folds a change that was read back from a leaf (recovery). */
void stage_replay(Stage *stage, Staged *staged, const Delta *delta, uint64_t position,
                  int64_t time);

/* ---- the writer ---- */

typedef struct Written {
    uint64_t position;
    CommandId command;
} Written;

/* Used on the writer's thread only, and before it runs or after it ended. */
typedef struct Commit {
    Ctx ctx;     /* its arena lives as long as the batch */
    Arena *temp; /* while one leaf or record is encoded */
    Rand rand;   /* the system's */
    RandAhead ahead;
    Writer *writer; /* NULL: must be opened again */
    Reader *reader;
    TreeHasher *hasher;
    TreeEdge edge; /* leaves of the batch included */
    Buf leaf, records;
    Stage stage;
    VEC(Written) written; /* leaves of the batch */
    int64_t last_time;
    int place;             /* in the epoch */
    bool begun;            /* a transaction */
    bool unknown;          /* its COMMIT failed */
    atomic_bool scrub_due; /* keys were destroyed and the log still has bytes of them */
    size_t bytes;          /* of leaves in it */
} Commit;

Rc commit_open(Ctx *ctx, Ledger *ledger);
void commit_close(Ledger *ledger);
/* Closes the handles of the store; opens them again, on the Ledger's present one. */
void commit_leave_store(Ledger *ledger);
Rc commit_enter_store(Ctx *ctx, Ledger *ledger);
/* The writer's thread. */
void *commit_thread(void *ledger);

/* One transaction; on the writer's thread, by the ledger's own work too. After an error that is not
   the command's the caller gives up and commit_thread resolves it. */
Rc commit_begin(Ledger *ledger);
/* The same, and the stage of a command of the ledger's own. */
Rc commit_begin_own(Ledger *ledger);
/* Encodes the stage's events as the next leaf and appends it. RC_LIMIT: too large, the transaction
 * goes on; else it is broken. */
Rc commit_leaf(Ledger *ledger, const CommandId *id, const CommandHead *head);
/* Encodes records, commits, publishes. RC_FAILED with Commit.unknown set: the outcome is unknown.
 */
Rc commit_end(Ledger *ledger);
/* Rolls back. */
void commit_abort(Ledger *ledger);
/* Makes records of what the stage has changed (making keys if writer is set), and puts them into
 * the working set. */
Rc commit_encode_records(Ledger *ledger, Writer *writer);
void commit_publish_records(Ledger *ledger);

/* ---- files that take nothing more (closed.c); the writer's thread only ---- */

/* Labels that are open, as long as no record of a file is written. */
typedef struct Closed {
    Arena *arena;
    Map known;
    bool moving; /* this batch writes such a record: the map is neither asked nor added to */
} Closed;
void closed_init(Closed *closed);
void closed_free(Closed *closed);
/* Before each batch: what the one before it has moved counts now, or never did. */
void closed_begin(Ledger *ledger);
/* Whether what the stage's command would write lies in files that are open: the error of
   LedgerFiles.open. */
Rc closed_check(Ctx *ctx, Ledger *ledger);
/* The same of one label. */
Rc closed_label(Ctx *ctx, Ledger *ledger, Str label);

/* ---- the house thread: checkpoints and timers ---- */

typedef struct Timer {
    Str key; /* owned */
    int64_t at;
    LedgerDue due;
    void *arg;
} Timer;

typedef struct House {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, ran;
    Timer *timers; /* a heap by time */
    size_t len, cap;
    Str runs; /* key of the timer whose function runs now, or empty */
    bool stop, running;
    uint64_t signed_size; /* of the newest checkpoint; the house's thread only */
    WitnessState witness;
    TreeHasher *hasher;
    TreeEdge edge;
    Buf note; /* newest checkpoint; under lock */
    Checkpoint checkpoint;
} House;

void house_init(Ledger *ledger);
void house_start(Ledger *ledger);
void house_stop(Ledger *ledger);
void house_free(Ledger *ledger);
/* Signs a checkpoint if something is new, hands it to the witness, and stores it through `store`
   (the writer's thread, or at closing whoever closes). */
Rc house_checkpoint(Ctx *ctx, Ledger *ledger);
/* The newest checkpoint; RC_NOT_FOUND: none yet. */
Rc house_newest(Ctx *ctx, Ledger *ledger, Str *note, Checkpoint *out);
/* Takes over what recovery found. */
void house_set(Ledger *ledger, Str note, const Checkpoint *checkpoint);

/* ---- what the ledger says of itself, and its keys ---- */

/* Opens the tenant key and what it opens: signing key, key of blind indexes, Keys. A new ledger's
   are made. */
Rc meta_open(Ctx *ctx, Ledger *ledger);
/* Says in the writer's transaction that this tenant key counts from now on. */
Rc meta_rewrap(Ctx *ctx, Ledger *ledger, const TenantKey *fresh);

/* ---- recovery ---- */

/* Tree, newest checkpoint and witness agree with the leaves. */
Rc recover_tree(Ctx *ctx, Ledger *ledger);
/* Replays leaves above the state cursor into the working set. */
Rc recover_state(Ctx *ctx, Ledger *ledger);
/* Destroys keys that the list of erasures names and that are still there. */
Rc recover_erasures(Ctx *ctx, Ledger *ledger);

/* Brings what a command needs into the working set, so that the writer need not read; the truth
   stays with the writer's own look. RC_BUSY: the store must be read, and ctx->db is NULL. */
Rc read_needs(Ctx *ctx, Ledger *ledger, const StrVec *ids);
/* Appends again what has been asked for, or what an erasure that must be repeated needs, and
   destroys the types' keys. Before recover_state. */
Rc again_recover(Ctx *ctx, Ledger *ledger);
/* Throws state.db away: opens the store anew. Before anybody but the opening thread uses it. */
Rc ledger_forget_state(Ctx *ctx, Ledger *ledger);
/* Destroys the key of a type by its label; what was sealed by it has been appended again. On the
   opening thread. */
Rc erase_type(Ctx *ctx, Ledger *ledger, Str label);

/* A run of leaves in `arena`, from position `from` on. */
typedef VEC(Str) LeafBytes;
Rc read_leaves(Ctx *ctx, Reader *reader, Arena *arena, LeafSlice slice, LeafBytes *out);
/* An event of a leaf, and where it stands. */
typedef struct StoredEvent {
    const LeafHead *head;
    uint32_t ordinal;
    const LeafEvent *event;
} StoredEvent;
/* Joins an event's delta, personal parts included where their key lives; else *erased is set. Where
   the event was appended again and its own key is gone, place becomes the copy's. */
Rc read_delta(Ctx *ctx, Ledger *ledger, StoredEvent *place, Delta **out, bool *erased);

/* The name of notes that repeat changes. */
#define AGAIN STR("again")
/* The copy of an event, in ctx->arena. RC_NOT_FOUND: it wasn't appended again. */
Rc again_find(Ctx *ctx, AgainOf of, StoredEvent *out);
/* The clear text of a copy, and the clear delta in it. */
Str again_wrap(Arena *arena, AgainOf of, Str delta);
Rc again_clear(Ctx *ctx, const LeafEvent *copy, Str *delta);

/* Hashes of the tree as of an edge: full tiles from the store, the rest from the edge. */
typedef struct TreeView {
    const TreeEdge *edge;
    Str tiles[TREE_LEVELS]; /* the last one read of each level */
    uint64_t indexes[TREE_LEVELS];
} TreeView;
TreeSource proof_source(TreeView *view, TreeHasher *hasher, const TreeEdge *edge);

/* ---- who belongs to a type (member.c) ---- */

enum { MEMBER_STRIPES = 256 };
/* How often any type, and types of a hash, have gained or lost an entity. */
typedef struct Members {
    _Atomic uint64_t all, stripes[MEMBER_STRIPES];
} Members;
/* Counts what a change did to types; after it has been published. before or after may be NULL. */
void member_count(Members *members, const Entity *before, const Entity *after);

/* ---- the ledger ---- */

typedef enum LedgerMode { LEDGER_RUNS, LEDGER_BEHIND, LEDGER_STOPPED } LedgerMode;

struct Ledger {
    LedgerOptions options; /* texts copied into arena */
    Arena *arena;
    Clock system_clock;
    Str origin, erasures_file;
    Store *store;
    NoteKey *note;
    SealKey index;
    Keys *keys;
    Epoch *epoch;
    Workset *set;
    CommandQueue queue;
    CommandPool pool;
    Commit commit;
    House house;
    pthread_t writer_thread;
    bool writer_runs;
    atomic_bool closing, gathers;
    bool again_due; /* the list of erasures names a type's key that lives; while opening */
    _Atomic int mode;
    _Atomic uint64_t head, state;
    Members members;
    Closed closed;
    pthread_mutex_t edge_lock;
    TreeEdge edge;              /* what is durable */
    pthread_mutex_t moved_lock; /* head, state or mode moved */
    pthread_cond_t moved;
    atomic_int waiting;
};

/* Says that head, state or mode moved. */
void ledger_moved(Ledger *ledger);

#endif
