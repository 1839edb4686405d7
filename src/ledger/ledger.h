/* ledger: every change is a command; its events are appended, durable before anyone is told, one
   leaf of a Merkle tree. One Ledger is one tenant's: one writer, one folder. DESIGN §4,
   doc/ledger-format.md. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "base/base.h"
#include "model/model.h"
#include "store/store.h"

#include <pthread.h>

typedef struct Ledger Ledger;
typedef struct Stage Stage;
typedef struct Command Command;

/* A municipality in this process. Rooms above hang their own state on it when the tenant is opened.
 */
typedef struct Tenant {
    Str name; /* "" is the default tenant; else [a-z0-9_]{1,50} as in NGSILD-Tenant */
    Str folder;
    const Dictionary *dictionary;
    Ledger *ledger;
    struct Project *project;
    struct Gate *gate;
    struct Broker *broker;
    struct Books *books;
    struct Procedures *procedures;
    struct Pay *pay;
    struct Mail *mail;
    struct Open *open;
    struct Insight *insight;
    struct LdCache *contexts;
    bool sandbox;
} Tenant;

/* ---- parts: what a command consists of ---- */

/* A registered kind of part. Both functions run on the writer's thread over staged state, without
   I/O, clock or randomness of their own: ids, times and random bytes are in args. */
typedef struct PartKind {
    const char *name; /* "entity.patch"; stable, written into the ledger */
    int version;
    /* What must hold. Anything but RC_OK refuses the whole command and leaves no trace. May be
     * NULL. */
    Rc (*guard)(Ctx *ctx, Stage *stage, const void *args);
    /* What then becomes: calls stage_put and stage_note. RC_OK, or a refusal found while computing.
     */
    Rc (*apply)(Ctx *ctx, Stage *stage, const void *args);
} PartKind;

/* The newest state of an entity as the command sees it (its own earlier parts included), NULL when
   there is none. Only ids declared by command_needs may be asked. Valid until apply returns. */
const Entity *stage_entity(Stage *stage, Str id);
/* Records a change; stage_entity shows it at once. The delta is copied. delta->replaces is set
 * here. */
void stage_put(Stage *stage, const Delta *delta);
/* What a change would make of the entity, NULL when it ends, for whoever judges that first;
   stage_put of the same delta then doesn't fold it again. */
const Entity *stage_preview(Stage *stage, const Delta *delta);
/* Records an event that is no change of an entity: a look, a delivery, an import report. subjects
   are the persons it is about, whose keys seal `secret`; `clear` is stored as it is. */
typedef struct StageNote {
    Str kind;  /* "look", "import" ... */
    Str about; /* id of the entity or thing; may be empty */
    const Json *clear;
    Str subject; /* empty: nothing is sealed */
    Str retention;
    const Json *secret;
} StageNote;
void stage_note(Stage *stage, const StageNote *note);
/* The time of the command, and the position its leaf will have. */
int64_t stage_now(const Stage *stage);
uint64_t stage_position(const Stage *stage);
/* What the submitter gets back beside the outcome (one JSON value, for example the receipt number).
 */
void stage_result(Stage *stage, const Json *result);

/* ---- commands ---- */

typedef struct CommandHead {
    Str kind;        /* "application.submit": shown in audits */
    Str actor, post; /* opaque ids; the post (職) under which the actor acts */
    Str purpose;     /* code, or empty */
    Str case_id;     /* or empty */
    Str channel;     /* web, counter, phone, api, timer, import, cli */
} CommandHead;

typedef struct Outcome {
    Rc rc; /* RC_OK: durable. RC_FAILED with code "unknown-outcome": neither known done nor undone
            */
    Error error;       /* texts live in the command's arena */
    uint64_t position; /* of the leaf; 0: nothing was recorded, for nothing changed */
    const Json *result;
} Outcome;

/* A command with an arena of its own; the caller fills it, submits it and frees it by command_free
 * after the outcome. */
Command *command_new(Ledger *ledger, CommandHead head);
void command_free(Command *command);
Arena *command_arena(Command *command);
/* Its leaf is found again by this id (reader_leaf_of). */
CommandId command_id(const Command *command);
/* Gives it the id of an earlier command, of which the caller knows that it has no leaf and that
   nobody submits it any more. */
void command_take_id(Command *command, const CommandId *id);
/* args must live in the command's arena. */
void command_add(Command *command, const PartKind *kind, const void *args);
/* Declares an entity that guards or parts read; its newest state is loaded before the writer sees
 * the command. */
void command_needs(Command *command, Str id);

/* Called once, on the writer's thread: hand over to your own thread and return. */
typedef void (*CommandDone)(void *arg, Command *command, const Outcome *outcome);
/* Queues a command whose needs are in the working set or loaded here when ctx->db is set. RC_BUSY:
   the queue is full, or a need must be read from the store and ctx->db is NULL (submit again from a
   pool thread). On RC_OK the outcome comes by done.
   While the state projection is too far behind, a pool thread (ctx->db set) waits here until
   ctx->deadline, a loop thread gets RC_BUSY "backlog". Followers must not call this. */
Rc ledger_submit(Ctx *ctx, Ledger *ledger, Command *command, CommandDone done, void *arg);
/* Threads that handle many requests in turn hand their commands over together: once a process has
   said so, a command that command_gathered names waits for the next ledger_hand_over, which each
   such thread calls when it has handled what was there. Bigger batches, and one wake for all. */
void ledger_gather(Ledger *ledger);
void command_gathered(Command *command);
void ledger_hand_over(Ledger *ledger);
/* The same, waiting for the outcome; pool threads, tests and the command line only. The outcome's
 * error is copied to ctx. */
Rc ledger_execute(Ctx *ctx, Ledger *ledger, Command *command, Outcome *outcome);

/* ---- parts that every room uses ---- */

extern const PartKind
    part_put; /* PartPut: one delta, If-Match on the version it was computed from */
typedef enum PutExpect { PUT_ANY, PUT_ABSENT, PUT_PRESENT, PUT_VERSION } PutExpect;
typedef struct PartPut {
    const Delta *delta;
    PutExpect expect;
    uint64_t version; /* PUT_VERSION: RC_CONFLICT unless this is the newest */
} PartPut;
/* Adds one, and declares its entity; the delta is copied, what it refers to lives as long as the
   command. version: of PUT_VERSION. */
void command_put(Command *command, const Delta *delta, PutExpect expect, uint64_t version);
extern const PartKind part_look; /* PartLook: who looked at whom, why. Every id in subjects becomes
                                    one line of that person's log */
typedef struct PartLook {
    StrVec subjects; /* ids of the persons */
    StrVec records;  /* ids of what was shown, opaque */
    Str why;         /* sentence for the resident; never personal data */
    int64_t
        glass_at; /* break-glass: it was shown at this time, when no ledger could write; 0: no */
} PartLook;

extern const PartKind part_note; /* PartNote: one event that changes no entity */
typedef struct PartNote {
    StageNote note;
} PartNote;

/* Numbers without gaps (receipts, proposals, documents), drawn inside the command that uses them.
   counter_id gives urn:ngsi-ld:Counter:SERIES:2026: declare it by command_needs. counter_next is
   called from a part's apply and counts from 1. */
#define COUNTER_TYPE LD_DEFAULT "Counter"
Str counter_id(Arena *arena, Str series, int fiscal_year);
int64_t counter_next(Ctx *ctx, Stage *stage, Str counter);

/* ---- life ---- */

/* Retention files (簿冊) that take nothing more, as the room that keeps their records says: what is
   personal or sensitive of a record, a note's secret, bytes outside events are written under no key
   of a closed file, and a record that lies in one isn't changed, whoever tries. */
typedef struct LedgerFiles {
    Str prefix;                         /* with which the ids of records of files begin */
    Str (*id)(Arena *arena, Str label); /* of the record of a file */
    /* RC_OK, or why nothing may be written there; record NULL: there is none. Pure; on the writer's
       thread. */
    Rc (*open)(Ctx *ctx, Str label, const Entity *record);
} LedgerFiles;

typedef struct LedgerOptions {
    Str folder;       /* of the tenant; created when absent */
    Str key_file;     /* tenant key, outside the folder; created when absent (32 random bytes, mode
                         0600) */
    Str witness_file; /* where checkpoints are handed to; empty: none */
    const Dictionary *dictionary;
    const LedgerFiles *files; /* NULL: all are open */
    const StoreFault *fault;  /* tests: fails or tears I/O; NULL: none */
    size_t working_set_bytes; /* 0: 256 MiB */
    size_t queue_max;         /* commands; 0: 65 536 */
    bool no_sync;             /* for the test that must fail; never set elsewhere */
    Clock *clock;
    Tenant *tenant;           /* ctx->tenant of guards and parts; may be NULL */
    int64_t checkpoint_every; /* µs between checkpoints; 0: one second */
    size_t lag_events;        /* tests: in place of LEDGER_LAG_EVENTS; 0: that */
    size_t log_reserve;       /* of StoreOptions; tests give little */
    bool no_helper;           /* of StoreOptions */
    bool no_sketch;           /* of StoreOptions */
} LedgerOptions;

/* How far the state projection may fall behind before commands are held back (DESIGN §4, step 4).
 */
enum { LEDGER_LAG_EVENTS = 200000, LEDGER_LAG_BYTES = 256 << 20 };
/* Name of the state projection's cursor in state.db. */
#define LEDGER_STATE "state"
/* Rows of another version are as good as lost: they are built anew before anybody reads them. */
enum { LEDGER_STATE_VERSION = 5 };

/* Opens, recovers (replays leaves above the state cursor into the working set), starts the writer.
   RC_BUSY: another process holds the folder. RC_FAILED names the file and the remedy. Where the
   state is behind by more than twice LEDGER_LAG_EVENTS (state.db was lost), nothing is replayed:
   until ledger_state_reached has named the head, entities and commands are answered by RC_BUSY
   "state-behind" (ledger_behind says so); ledger_read works. */
Rc ledger_open(Ctx *ctx, const LedgerOptions *options, Ledger **out);
/* Finishes what is queued, signs a last checkpoint, closes. Nobody submits or reads any more; NULL
 * allowed. */
void ledger_close(Ledger *ledger);
bool ledger_behind(const Ledger *ledger);

/* ---- reading ---- */

/* The newest version from the working set, decoded into ctx->arena; falls back to the store when
   ctx->db is set. RC_NOT_FOUND: there is none; RC_BUSY: not in the working set and ctx->db is NULL.
   Any thread. */
Rc ledger_entity(Ctx *ctx, Ledger *ledger, Str id, const Entity **out);
/* The stored bytes and a slot for one rendered answer, without decoding: the fast path of GET by
   id. Valid until the calling thread's next ledger_quiesce; the thread must be registered. NULL:
   not in the working set (ask ledger_entity). */
typedef struct Version Version;
const Version *ledger_version(Ledger *ledger, Str id);
uint64_t version_position(const Version *version);
Str version_id(const Version *version);
Str version_stored(const Version *version);
/* It was deleted, or is known not to exist (position 0). */
bool version_gone(const Version *version);
/* What rendered bytes depend on beside their version; all three are the caller's: who may see it
 * so, the context of its terms, and how it is written. */
typedef struct RenderKey {
    uint64_t sight, context, form;
} RenderKey;
/* Rendered bytes kept with the version under this key; NULL when there are none. */
const Str *version_rendered(const Version *version, const RenderKey *key);
/* erasures: ledger_erasures from before the version was opened, as a key may be destroyed while the
 * bytes are drawn. */
typedef struct Rendering {
    RenderKey key;
    uint64_t erasures;
    Str bytes; /* copied */
} Rendering;
uint64_t ledger_erasures(const Ledger *ledger);
void version_render_keep(Ledger *ledger, const Version *version, const Rendering *rendering);
/* Puts a row that was read from the state into the working set, unless it has the entity or may
 * have a newer one; cursor: how far the state was before the row was read. Any thread. */
void ledger_remember(Ledger *ledger, const EntityRow *row, uint64_t cursor);
/* A number that is another one once any of these types (none: any at all) has gained or lost an
   entity. It moves behind the change's publication and before its answer: read it, then the
   entities; as long as it stays, so do the ids that were found. Any thread. */
uint64_t ledger_membership(const Ledger *ledger, const StrVec *types);

/* The stored form of an entity: what the working set and state.db keep; personal values are sealed
 * under keys that exist already. */
Rc ledger_record_seal(Ctx *ctx, Ledger *ledger, const Entity *entity, Buf *to);
/* The types of a stored form's entity, which are never sealed. */
Rc ledger_record_types(Ctx *ctx, Str stored, StrVec *out);
/* Opens a stored form into ctx->arena; values whose key was destroyed are left out. */
Rc ledger_record_open(Ctx *ctx, Ledger *ledger, Str stored, Entity **out);
/* Shows the newest versions above a position, in no order: what a query must look at before the
   state projection's rows. entity is NULL for one that was deleted, and is valid during the call
   only; what each keeps in ctx->arena stays. each returns false to stop. */
typedef bool (*OverlayEach)(void *arg, Str id, const Entity *entity);
typedef struct OverlayAsk {
    uint64_t above;
    const StrVec *types; /* others may be shown as NULL, without being opened; NULL, empty: any */
} OverlayAsk;
Rc ledger_overlay(Ctx *ctx, Ledger *ledger, const OverlayAsk *ask, OverlayEach each, void *arg);

/* The tenant's store: for the Readers of pool threads, and for rows of local.db. Borrowed. */
Store *ledger_store(Ledger *ledger);

/* Position of the newest durable leaf. */
uint64_t ledger_head(const Ledger *ledger);
/* For threads that use ledger_version: register once (RC_LIMIT: 256 threads are); ledger_quiesce
   between requests says that this thread holds no Version any more. A thread that waits for
   requests holds nothing back. */
Rc ledger_reader_register(Ctx *ctx, Ledger *ledger);
/* The same for another thread that doesn't know this ledger yet: one opened while the server runs.
 */
Rc ledger_reader_register_for(Ctx *ctx, Ledger *ledger, pthread_t thread);
void ledger_quiesce(Ledger *ledger);
void ledger_reader_unregister(Ledger *ledger);

/* One durable event as a follower sees it. Personal parts are opened where the key still exists;
 * erased says that one is gone. */
typedef struct Event {
    uint64_t position; /* of its leaf */
    uint32_t ordinal;  /* within the leaf */
    int64_t time;
    CommandHead head;
    Str command_id;
    const Delta *delta; /* a change of an entity, or NULL */
    Str note_kind, note_about;
    const Json *note_clear, *note_secret;
    Str subject;
    StrVec keys; /* ids: of a change, what its sealed part is under; of an erasure or a disposal,
                    those that were destroyed */
    bool erased;
    Str refused; /* why it can't be read; it has neither delta nor note then. Empty: it can */
} Event;
/* Does the error lie in what was read, and would come again? Otherwise in the store, in time or
   load. */
bool ledger_refuses(Rc rc, const Error *error);
typedef Rc (*EventEach)(Ctx *ctx, void *arg, const Event *event);
typedef struct LedgerWindow {
    uint64_t from; /* position; events of leaves after it */
    size_t max_leaves;
    EventEach each;
    void *arg;
} LedgerWindow;
/* Calls each for the events of a window's leaves, oldest first; *next is the position to go on
   from. */
Rc ledger_read(Ctx *ctx, Ledger *ledger, const LedgerWindow *window, uint64_t *next);
/* The same of events about one entity or case; the others of these leaves, which may be thousands,
   stay unopened. */
Rc ledger_read_about(Ctx *ctx, Ledger *ledger, const LedgerWindow *window, Str about);
/* Hash of the leaf at a position, which cursors carry. */
Rc ledger_leaf_hash(Ctx *ctx, Ledger *ledger, uint64_t position, Digest *out);
/* Blocks until the head is beyond position or until_monotonic; for follower threads. */
void ledger_wait(Ledger *ledger, uint64_t position, int64_t until_monotonic);
/* The state projection tells how far state.db reaches; versions up to there may be dropped from the
 * working set. */
void ledger_state_reached(Ledger *ledger, uint64_t position);
/* How much the state projection has before it: leaves, or entities changed in them where those are
 * more. */
size_t ledger_pending(const Ledger *ledger);

/* ---- timers ---- */

/* Runs due(arg, ledger, key, at) once, at or soon after the instant, on the ledger's own thread:
   build a command, submit it, return. Setting a key again moves it, at = TIME_NONE cancels it, and
   waits until it doesn't run.
   Nothing is stored: after an opening, whoever set them finds the due times in the state again (a
   projection lists them). The key is copied. Any thread. */
typedef void (*LedgerDue)(void *arg, Ledger *ledger, Str key, int64_t at);
void ledger_timer(Ledger *ledger, Str key, int64_t at, LedgerDue due, void *arg);

/* ---- keys, erasure, proofs ---- */

/* Erasures and disposals are followed as notes: note_kind "erasure" (subject says whose) or
   "disposal" (note_about is the retention file), note_clear {"reason", "keys"}; the event's keys
   are their ids. Whoever has been given one opens nothing by these keys any more. */

typedef struct LedgerErasure {
    CommandHead head; /* who, when asked by whom */
    Str subject;
    StrVec files; /* retention files past their time, which may go */
    Str reason;   /* never personal data */
} LedgerErasure;
/* Destroys the keys of one person's records in these files; the other files that hold something are
   named in *kept. Pool threads. RC_FAILED "erased-not-scrubbed": destroyed, but old bytes are in
   the log until a long reading ends. */
Rc ledger_erase(Ctx *ctx, Ledger *ledger, const LedgerErasure *erasure, StrVec *kept);
/* Adds the retention files in which something of a person still lies, each once, to *files. ctx->db
   is set. */
Rc ledger_files(Ctx *ctx, Str subject, StrVec *files);
/* Draws another tenant key, wraps all that the old one wrapped under it, and destroys the old one
   (doc/ledger-format.md §6). *keys: rows that were rewrapped. The key file changes: backups made
   before open only with a copy of the old one. Pool threads. RC_FAILED "old-key-left": done, but
   the old key is still in the file until the next opening. */
Rc ledger_rekey(Ctx *ctx, Ledger *ledger, const CommandHead *head, uint64_t *keys);
/* The types whose entities were stored while they were undeclared, under a key of the type, and are
   declared personal now (DESIGN §6, Keys). */
Rc ledger_reclassify_due(Ctx *ctx, Ledger *ledger, StrVec *types);
/* Asks that all changes of these types be appended again, under their persons' keys, and the types'
   keys destroyed: the next opening does it, before anybody reads, and rebuilds the state. *types:
   those it will be; none: nothing is due and nothing is recorded. Pool threads. */
Rc ledger_reclassify(Ctx *ctx, Ledger *ledger, const CommandHead *head, StrVec *types);
typedef struct LedgerDisposal {
    CommandHead head;
    Str retention;
    Str reason;
    /* What must still hold; NULL: nothing. Asked on the writer's thread, where nothing else is
       written meanwhile, with ctx->db; what it refuses is refused, and nothing is destroyed. */
    Rc (*judge)(Ctx *ctx, void *arg);
    void *judge_arg;
} LedgerDisposal;
/* Disposes of a whole retention file (廃棄): destroys all keys of it. Pool threads. RC_FAILED
   "erased-not-scrubbed", as ledger_erase. */
Rc ledger_dispose(Ctx *ctx, Ledger *ledger, const LedgerDisposal *disposal);
/* How many keys disposals of this file have destroyed, or have listed to be destroyed at the next
   start; 0: there was none. Pool threads. */
Rc ledger_disposed(Ctx *ctx, Ledger *ledger, Str retention, size_t *keys);
/* Seals bytes outside events (drafts, queues, attachments) under the subject's key of a retention
   file, and opens them; RC_NOT_FOUND when the key was destroyed; RC_BUSY: the key isn't in memory
   and ctx->db is NULL. A closed file gets no new key: the error of LedgerFiles.open. */
typedef struct LedgerKeyOf {
    Str subject, retention;
} LedgerKeyOf;
Rc ledger_seal(Ctx *ctx, Ledger *ledger, LedgerKeyOf key_of, Str plain, Str *sealed);
Rc ledger_unseal(Ctx *ctx, Ledger *ledger, Str sealed, Str *plain);

/* ---- attachments: files about a person, sealed like what is personal in a record, in files/ by
   the hash of the sealed bytes (doc/ledger-format.md §6) ---- */

typedef struct LedgerAttachment {
    Digest id;  /* of the sealed bytes: its name */
    Str key;    /* id of the key that seals it */
    Str digest; /* SHA-256 of the bytes as they are, in hex */
    int64_t bytes;
} LedgerAttachment;
/* Note of a command that names one: about a record, clear {"file", "bytes", "key"}. */
#define LEDGER_ATTACHMENT STR("attachment")
/* Keeps a file, durable on RC_OK. It is nobody's until a command names it: one that no command has
   named within a day may be taken away (project_sweep). Pool threads. */
Rc ledger_attach(Ctx *ctx, Ledger *ledger, LedgerKeyOf key_of, Str plain, LedgerAttachment *out);
/* Has the command name it as being about a record. */
void ledger_attach_name(Command *command, Str about, const LedgerAttachment *attachment);
/* Opens one. RC_NOT_FOUND "key-destroyed": it was erased; "attachment-missing": its file isn't
   there. RC_FAILED "damaged": it isn't what was kept. ctx->db is set. */
Rc ledger_attached(Ctx *ctx, Ledger *ledger, const Digest *id, Str *plain);
typedef VEC(LedgerAttachment) LedgerAttachments;
/* rc, with which a command ended that was to name these, ctx->error as it was: refused or broken
   off, they are nobody's and go; whether one of unknown outcome names them shows later, to the
   sweep. */
Rc ledger_attach_end(Ctx *ctx, Ledger *ledger, const LedgerAttachments *kept, Rc rc);
/* Takes away one that no command names. */
Rc ledger_attach_drop(Ctx *ctx, Ledger *ledger, const LedgerAttachment *attachment);
/* Whether a file begins as sealed bytes do, and the id of their key. */
bool ledger_is_sealed(Str head, Str *key);
enum { LEDGER_SEALED_HEAD = 17 };

/* HMAC under a key derived from the tenant's, for keyed n-grams and blind indexes. */
Digest ledger_keyed_hash(Ledger *ledger, Str domain, Str text);
/* C2SP signed note of the newest checkpoint. */
Rc ledger_checkpoint(Ctx *ctx, Ledger *ledger, Str *note);
/* What the witness file holds, checked now against the tree: root is of its newest checkpoint,
   consistent says that the first `size` leaves still have that root. size 0: nothing was witnessed
   yet. Pool threads. */
typedef struct LedgerWitness {
    uint64_t size;
    Str root; /* base64 */
    bool consistent;
} LedgerWitness;
Rc ledger_witnessed(Ctx *ctx, Ledger *ledger, LedgerWitness *out);
/* Inclusion proof of a leaf, as JSON {position, leafHash, path[], checkpoint}. */
Rc ledger_proof(Ctx *ctx, Ledger *ledger, uint64_t position, const Json **out);

#endif
