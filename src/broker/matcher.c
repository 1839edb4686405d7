#include "matcher.h"

#include "notice.h"
#include "progress.h"
#include "watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
    MATCHER_ARENA = 1 << 30,
    STATES_BYTES = 16 << 20, /* of either half */
    WINDOW_LEAVES = 64,
    CURSOR_EVERY = 4096, /* leaves without a notification */
    CHAIN_MAX = 64,
    WAIT_MILLIS = 200,
    VERSION = 1,
};
#define CURSOR     STR("matcher")
#define LOAD_AGAIN TIME_MINUTE
#define PACE       (2 * TIME_SECOND / 1000)

/* Entities as the cursor has seen them, by id. What overflows is kept as the older half until the
   next one does, so that what changes often is always found. */
typedef struct StateHalf {
    Arena *arena;
    Map states; /* id → Entity */
} StateHalf;

typedef struct Told {
    Subscription *subscription;
    uint64_t position;
    NoticeRow row;
} Told;

struct Matcher {
    Tenant *tenant;
    Delivery *delivery;
    Watch *watch;
    Batch *local;
    Reader *db;
    Arena *arena, *scratch, *told_arena;
    StateHalf newer, older;
    Clock clock;
    Rand rand;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    atomic_uint_fast64_t cursor, announced;
    uint64_t saved;     /* cursor in local.db */
    Progress progress;  /* what the ledger knows of it */
    bool begun;         /* a transaction on local.db */
    int64_t load_at;    /* when those that did not compile are tried again; 0: none */
    size_t uncovered;   /* of those that were loaded last: http:// where it isn't allowed */
    const Event *event; /* being matched */
    const Change *change;
    VEC(Told) told; /* in this window */
};

static Ctx matcher_ctx(Matcher *matcher) {
    return (Ctx){.arena = matcher->arena,
                 .scratch = matcher->scratch,
                 .clock = &matcher->clock,
                 .rand = &matcher->rand,
                 .tenant = matcher->tenant,
                 .db = matcher->db};
}

/* ---- subscriptions come and go by the ledger ---- */

/* One that cannot be compiled now (its context is out of reach) is tried again every minute. */
static void subscription_take(Ctx *ctx, Matcher *matcher, const Entity *stored) {
    Subscription *subscription;
    if (subscription_compile(ctx, stored, &subscription) == RC_OK) {
        Str host = http_url_host(ctx->arena, subscription->url);
        matcher->uncovered += !delivery_covered(matcher->delivery, subscription->url, host);
        const Subscription *old = watch_get(matcher->watch, stored->id);
        if (old)
            subscription->matched_at = old->matched_at;
        else
            subscription->matched_at = delivery_state(matcher->delivery, stored->id).last;
        watch_put(matcher->watch, subscription);
        return;
    }
    matcher->load_at = time_monotonic() + LOAD_AGAIN;
    log_error("broker", "subscription " STR_FMT " does not work now: " STR_FMT, STR_ARG(stored->id),
              STR_ARG(ctx->error.detail));
}

static Rc subscription_load(Ctx *ctx, void *arg, const Entity *stored) {
    Matcher *matcher = arg;
    if (!watch_get(matcher->watch, stored->id)) subscription_take(ctx, matcher, stored);
    return RC_OK;
}

static Rc subscriptions_load(Ctx *ctx, Matcher *matcher) {
    matcher->load_at = 0;
    matcher->uncovered = 0;
    TRY(project_each(ctx, &(ProjectWish){.type = STR(SUBSCRIPTION_TYPE)}, subscription_load,
                     matcher));
    if (matcher->uncovered)
        log_warn("broker",
                 "%zu subscriptions name an http:// endpoint beyond this machine, and nothing is "
                 "sent there: give them an address with https://, or set notify.plain",
                 matcher->uncovered);
    return RC_OK;
}

/* ---- the entity as an event left it ---- */

typedef struct Seek {
    Str id;
    VEC(Delta *) deltas; /* of the id in the leaf, in order */
    int64_t time;
} Seek;

static Rc seek_event(Ctx *ctx, void *arg, const Event *event) {
    Seek *seek = arg;
    if (!event->delta || !str_eq(event->delta->id, seek->id)) return RC_OK;
    Buf text = buf_new(ctx->arena, BROKER_ANSWER_MAX);
    delta_encode(&text, event->delta);
    Delta *delta;
    TRY(delta_decode(ctx, buf_str(&text), &delta));
    delta->replaces = event->delta->replaces;
    vec_push(ctx->arena, &seek->deltas, delta);
    seek->time = event->time;
    return RC_OK;
}

static const Entity *state_known(const Matcher *matcher, Str id) {
    const Entity *known = map_get(&matcher->newer.states, id);
    return known ? known : map_get(&matcher->older.states, id);
}

/* What the entity was at a position, if something remembers just that or a step on the way to it:
   then only what came between is folded, instead of all since the entity was made. The row is read
   as it is in state.db: behind the ledger, and often behind the matcher too. */
static Rc chain_base(Ctx *ctx, Matcher *matcher, Str id, uint64_t position, const Entity **out) {
    const Entity *known = state_known(matcher, id);
    Entity *opened;
    EntityRow row;
    *out = known && known->version <= position ? known : NULL;
    if (*out && known->version == position) return RC_OK;
    Rc rc = reader_entity(ctx, matcher->db, id, &row);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    ctx->error = (Error){0};
    if (rc != RC_OK || row.position > position || (*out && row.position <= known->version))
        return RC_OK;
    TRY(ledger_record_open(ctx, matcher->tenant->ledger, row.body, &opened));
    *out = opened;
    return RC_OK;
}

/* Back along the versions that replaced one another to one that is remembered or whole, then
   forward again. What is longer than CHAIN_MAX begins with the newest state: attributes that the
   chain did not touch may then be newer than the event. */
static Rc chain_fold(Ctx *ctx, Matcher *matcher, Str id, uint64_t position, const Entity **out) {
    Seek links[CHAIN_MAX];
    uint64_t at[CHAIN_MAX];
    size_t n = 0;
    const Entity *state;
    TRY(chain_base(ctx, matcher, id, position, &state));
    uint64_t base = state ? state->version : 0;
    while (position > base && n < CHAIN_MAX) {
        links[n] = (Seek){.id = id};
        at[n] = position;
        LedgerWindow leaf = {position - 1, 1, seek_event, &links[n]};
        TRY(ledger_read_about(ctx, matcher->tenant->ledger, &leaf, id));
        if (!links[n].deltas.len) break;
        const Delta *delta = links[n++].deltas.items[0];
        bool whole = delta->op == DELTA_PUT || delta->replaces >= position;
        position = whole ? 0 : delta->replaces;
        if (position >= base) continue;
        state = NULL; /* what is remembered is of an entity of this id that has ended */
        base = 0;
    }
    if (position > base) {
        Rc rc = ledger_entity(ctx, matcher->tenant->ledger, id, &state);
        if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    }
    while (n-- > 0)
        for (size_t i = 0; i < links[n].deltas.len; i++)
            state = delta_fold(ctx->arena, state, links[n].deltas.items[i], at[n], links[n].time);
    *out = state;
    return RC_OK;
}

static Rc state_before(Ctx *ctx, Matcher *matcher, const Event *event, const Entity *newest,
                       const Entity **out) {
    uint64_t replaces = event->delta->replaces;
    const Entity *known = state_known(matcher, event->delta->id);
    *out = NULL;
    if (!replaces || replaces > event->position) return RC_OK; /* the leaf may change it twice */
    if (known && known->version == replaces)
        *out = known;
    else if (newest && newest->version == replaces)
        *out = newest;
    else
        return chain_fold(ctx, matcher, event->delta->id, replaces, out);
    return RC_OK;
}

static void state_keep(Matcher *matcher, const Entity *entity) {
    StateHalf *newer = &matcher->newer;
    if (arena_used(newer->arena) > STATES_BYTES) {
        StateHalf full = *newer;
        *newer = matcher->older;
        matcher->older = full;
        arena_reset(newer->arena);
        newer->states = map_new(newer->arena);
    }
    Entity *kept = entity_dup(newer->arena, entity);
    map_put(&newer->states, kept->id, kept);
}

static Rc change_of(Ctx *ctx, Matcher *matcher, const Event *event, Change *out) {
    const Delta *delta = event->delta;
    const Entity *newest = NULL;
    *out = (Change){.time = event->time, .created = !delta->replaces};
    Rc rc = ledger_entity(ctx, matcher->tenant->ledger, delta->id, &newest);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    bool present = newest && newest->version == event->position;
    bool before = !present || delta->op == DELTA_DELETE || watch_needs_before(matcher->watch);
    if (before) TRY(state_before(ctx, matcher, event, newest, &out->before));
    if (delta->op == DELTA_DELETE) return RC_OK;
    out->after =
        present ? newest : delta_fold(ctx->arena, out->before, delta, event->position, event->time);
    if (out->after) change_attrs(ctx->arena, out, delta);
    return RC_OK;
}

/* ---- matching ---- */

/* The transaction begins with the first thing to write. Notices needn't be synced: the cursor moves
   in the same transaction, so that what a power cut takes is made again from the ledger. */
static Rc local_begin(Ctx *ctx, Matcher *matcher, BatchSync sync) {
    if (matcher->begun) return RC_OK;
    TRY(batch_begin(ctx, matcher->local, sync));
    matcher->begun = true;
    return RC_OK;
}

static bool awake(const Subscription *subscription, const Event *event, int64_t now) {
    if (!subscription->active || now >= subscription->expires_at) return false;
    if (event->time <= subscription->created_at) return false;
    return !subscription->throttling || subscription->matched_at == TIME_NONE ||
           now - subscription->matched_at >= subscription->throttling;
}

typedef struct Telling {
    Ctx *ctx;
    Matcher *matcher;
} Telling;

/* What is personal waits under the key of the person whom it is about. */
static Rc look_seal(Ctx *ctx, const NoticeLook *look, NoticeRights *rights) {
    Str sealed;
    if (!look->later.records.len) return RC_OK;
    TRY(ledger_seal(ctx, ctx->tenant->ledger, (LedgerKeyOf){look->subject, look->retention},
                    rights->body, &sealed));
    rights->sealed = hash_base64(ctx->arena, sealed);
    rights->body = STR_NONE;
    rights->later = look->later;
    return RC_OK;
}

static Rc tell(void *arg, Subscription *subscription) {
    Telling *telling = arg;
    Matcher *matcher = telling->matcher;
    const Event *event = matcher->event;
    int64_t now = time_now(&matcher->clock);
    Ctx ctx = *telling->ctx;
    if (!awake(subscription, event, now)) return RC_OK;
    ArenaMark mark = arena_mark(ctx.arena);
    Rc rc = rights_hold(&ctx, subscription);
    telling->ctx->error = ctx.error;
    if (rc != RC_OK) return rc == RC_DENIED ? RC_OK : rc;
    Notice notice = {.subscription = subscription->id,
                     .position = event->position,
                     .ordinal = event->ordinal,
                     .at = now,
                     .timeout = subscription->timeout,
                     .cooldown = subscription->cooldown,
                     .url = subscription->url,
                     .rights = {.subscription = subscription->id,
                                .epoch = subscription->epoch,
                                .mark = subscription->mark},
                     .headers = subscription->headers};
    NoticeRow row;
    NoticeLook look = {0};
    bool wanted = notice_make(&ctx, subscription, matcher->change, &notice.rights.body, &look) &&
                  delivery_room(matcher->delivery, subscription->id, now);
    if (wanted) rc = look_seal(&ctx, &look, &notice.rights);
    if (rc == RC_OK && wanted) rc = local_begin(&ctx, matcher, BATCH_LAZY);
    if (rc == RC_OK && wanted) rc = delivery_put(&ctx, matcher->local, &notice, &row);
    telling->ctx->error = ctx.error;
    if (rc != RC_OK) return rc;
    if (wanted) {
        Arena *kept = matcher->told_arena;
        row = (NoticeRow){str_dup(kept, row.key), str_dup(kept, row.value)};
        vec_push(kept, &matcher->told, (Told){subscription, event->position, row});
        subscription->matched_at = now;
    }
    arena_rewind(ctx.arena, mark);
    return RC_OK;
}

static bool is_subscription(const Matcher *matcher, const Delta *delta) {
    if (watch_get(matcher->watch, delta->id)) return true;
    return delta->after && entity_has_type(delta->after, STR(SUBSCRIPTION_TYPE));
}

/* What waits for a subscription that has ended is not sent any more. */
static Rc subscription_event(Ctx *ctx, Matcher *matcher, const Event *event) {
    const Entity *stored;
    if (event->delta->op != DELTA_DELETE) {
        Rc rc = ledger_entity(ctx, matcher->tenant->ledger, event->delta->id, &stored);
        if (rc == RC_OK) subscription_take(ctx, matcher, stored);
        return rc == RC_NOT_FOUND ? RC_OK : rc; /* its end follows */
    }
    if (!watch_get(matcher->watch, event->delta->id)) return RC_OK;
    TRY(local_begin(ctx, matcher, BATCH_LAZY));
    TRY(delivery_drop(ctx, matcher->local, event->delta->id));
    delivery_dropped(matcher->delivery, event->delta->id);
    (void)watch_remove(matcher->watch, event->delta->id);
    return RC_OK;
}

static Rc match_one(Ctx *ctx, Matcher *matcher, const Event *event) {
    Change change;
    if (!event->delta) return RC_OK;
    if (is_subscription(matcher, event->delta)) return subscription_event(ctx, matcher, event);
    if (!watch_count(matcher->watch)) return RC_OK;
    ArenaMark mark = arena_mark(ctx->arena);
    TRY(change_of(ctx, matcher, event, &change));
    const Entity *entity = change.after ? change.after : change.before;
    if (entity) {
        matcher->event = event;
        matcher->change = &change;
        TRY(watch_each(matcher->watch, entity, tell, &(Telling){ctx, matcher}));
        if (change.after) state_keep(matcher, change.after);
    }
    arena_rewind(ctx->arena, mark);
    return RC_OK;
}

/* One that can't be read holds nobody's notifications back. */
static Rc match_event(Ctx *ctx, void *arg, const Event *event) {
    Rc rc = match_one(ctx, arg, event);
    if (rc == RC_OK || !ledger_refuses(rc, &ctx->error)) return rc;
    log_error("broker", "nobody is told of the event at leaf %llu: " STR_FMT,
              (unsigned long long)event->position, STR_ARG(ctx->error.detail));
    ctx->error = (Error){0};
    return RC_OK;
}

/* ---- windows ---- */

static Rc cursor_write(Ctx *ctx, Matcher *matcher, uint64_t position) {
    Cursor cursor = {.position = position, .version = VERSION};
    if (position) TRY(ledger_leaf_hash(ctx, matcher->tenant->ledger, position, &cursor.leaf));
    return batch_cursor(ctx, matcher->local, CURSOR, &cursor);
}

static Rc cursor_save(Ctx *ctx, Matcher *matcher, uint64_t position) {
    Rc rc = matcher->begun ? RC_OK : batch_begin(ctx, matcher->local, BATCH_LAZY);
    matcher->begun = false;
    if (rc == RC_OK) rc = cursor_write(ctx, matcher, position);
    if (rc == RC_OK)
        rc = batch_commit(ctx, matcher->local);
    else
        batch_rollback(matcher->local);
    if (rc == RC_OK) matcher->saved = position;
    return rc;
}

/* Nothing of the window has happened: what was throttled by it may be told again. */
static void window_undo(Matcher *matcher) {
    batch_rollback(matcher->local);
    matcher->begun = false;
    for (size_t i = 0; i < matcher->told.len; i++)
        matcher->told.items[i].subscription->matched_at = TIME_NONE;
}

static Rc window_take(Ctx *ctx, Matcher *matcher) {
    uint64_t from = atomic_load(&matcher->cursor), next = from;
    Ledger *ledger = matcher->tenant->ledger;
    arena_reset(matcher->told_arena);
    matcher->told.items = NULL;
    matcher->told.len = matcher->told.cap = 0;
    watch_tidy(matcher->watch);
    Rc rc =
        ledger_read(ctx, ledger, &(LedgerWindow){from, WINDOW_LEAVES, match_event, matcher}, &next);
    bool due =
        matcher->begun || next - matcher->saved >= CURSOR_EVERY || next == ledger_head(ledger);
    if (rc == RC_OK && due) rc = cursor_save(ctx, matcher, next);
    if (rc != RC_OK) {
        window_undo(matcher);
        return rc;
    }
    for (size_t i = 0; i < matcher->told.len; i++)
        delivery_added(matcher->delivery, matcher->told.items[i].subscription->id,
                       matcher->told.items[i].position, &matcher->told.items[i].row);
    atomic_store(&matcher->cursor, next);
    return RC_OK;
}

/* Without subscriptions nothing needs to be read; whoever makes the first one says where it is. */
static void skip_unwatched(Matcher *matcher) {
    uint64_t announced = atomic_exchange(&matcher->announced, 0);
    uint64_t cursor = atomic_load(&matcher->cursor);
    if (watch_count(matcher->watch) || matcher->load_at) return;
    if (!announced)
        atomic_store(&matcher->cursor, ledger_head(matcher->tenant->ledger));
    else if (announced <= cursor)
        atomic_store(&matcher->cursor, announced - 1);
}

void matcher_announce(Matcher *matcher, uint64_t position) {
    uint64_t old = atomic_load(&matcher->announced);
    while ((!old || position < old) &&
           !atomic_compare_exchange_weak(&matcher->announced, &old, position)) {
    }
}

/* Nobody is to be told of anything where there are no subscriptions. */
static void progress_tell(Matcher *matcher) {
    if (!watch_count(matcher->watch)) return;
    arena_reset(matcher->arena);
    Ctx ctx = matcher_ctx(matcher);
    uint64_t through = delivery_through(matcher->delivery, atomic_load(&matcher->cursor));
    progress_note(&ctx, matcher->tenant->ledger, &matcher->progress, through);
}

/* Windows that tell somebody are PACE apart, so that under load one transaction takes many; the
   first after a rest waits for nothing. */
static bool catch_up(Matcher *matcher) {
    int64_t began = time_monotonic();
    bool told = false;
    while (!atomic_load(&matcher->stop) &&
           atomic_load(&matcher->cursor) < ledger_head(matcher->tenant->ledger)) {
        arena_reset(matcher->arena);
        Ctx ctx = matcher_ctx(matcher);
        bool good = window_take(&ctx, matcher) == RC_OK;
        told = told || matcher->told.len;
        if (good && progress_due(&matcher->progress)) progress_tell(matcher);
        if (good) continue;
        log_error("broker", "matching after leaf %llu failed: " STR_FMT,
                  (unsigned long long)atomic_load(&matcher->cursor), STR_ARG(ctx.error.detail));
        return false;
    }
    if (told) time_sleep_until(began + PACE);
    return true;
}

/* False: what there is cannot be read now. */
static bool load_due(Matcher *matcher) {
    if (!matcher->load_at || time_monotonic() < matcher->load_at) return true;
    arena_reset(matcher->arena);
    Ctx ctx = matcher_ctx(matcher);
    if (subscriptions_load(&ctx, matcher) == RC_OK) return true;
    log_error("broker", "the subscriptions cannot be read: " STR_FMT, STR_ARG(ctx.error.detail));
    matcher->load_at = time_monotonic();
    return false;
}

static void *matcher_run(void *arg) {
    Matcher *matcher = arg;
    while (!atomic_load(&matcher->stop)) {
        bool good = load_due(matcher);
        if (good) skip_unwatched(matcher);
        good = good && catch_up(matcher);
        int64_t until = time_monotonic() + WAIT_MILLIS * INT64_C(1000);
        if (good && !atomic_load(&matcher->announced))
            ledger_wait(matcher->tenant->ledger, atomic_load(&matcher->cursor), until);
        if (good && progress_due(&matcher->progress)) progress_tell(matcher);
        struct timespec pause = {.tv_nsec = WAIT_MILLIS * 1000000L};
        if (!good) nanosleep(&pause, NULL);
    }
    return NULL;
}

/* ---- life ---- */

/* local.db was lost, or there was none yet: goes on where the ledger says that all was delivered,
   or from its first leaf where it says nothing. */
static Rc cursor_find(Ctx *ctx, Matcher *matcher, uint64_t *position) {
    Progress *progress = &matcher->progress;
    Rc rc = progress_find(ctx, matcher->tenant->ledger, progress);
    if (rc == RC_OK)
        log_warn("broker",
                 "local.db doesn't say how far deliveries are: they go on behind leaf %llu",
                 (unsigned long long)progress->through);
    *position = progress->through;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Goes on behind the leaf that local.db names; where that is not of this ledger, by what the ledger
   says: and durably so, or a power cut would let the next life begin behind a later one. */
static Rc cursor_read(Ctx *ctx, Matcher *matcher) {
    Ledger *ledger = matcher->tenant->ledger;
    Cursor cursor = {0};
    Digest leaf;
    uint64_t head = ledger_head(ledger);
    Rc rc = batch_cursor_get(ctx, matcher->local, CURSOR, &cursor);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    bool known = rc == RC_OK && cursor.version == VERSION && cursor.position <= head;
    if (known && cursor.position) {
        TRY(ledger_leaf_hash(ctx, ledger, cursor.position, &leaf));
        known = hash_same((Str){(const char *)leaf.bytes, sizeof leaf.bytes},
                          (Str){(const char *)cursor.leaf.bytes, sizeof cursor.leaf.bytes});
    }
    if (!known) TRY(cursor_find(ctx, matcher, &cursor.position));
    atomic_store(&matcher->cursor, cursor.position);
    if (known) return RC_OK;
    TRY(local_begin(ctx, matcher, BATCH_DURABLE));
    return cursor_save(ctx, matcher, cursor.position);
}

static Rc matcher_start(Ctx *ctx, Matcher *matcher) {
    Store *store = ledger_store(matcher->tenant->ledger);
    TRY(reader_open(ctx, store, &matcher->db));
    TRY(batch_open(ctx, store, STORE_LOCAL, &matcher->local));
    Ctx own = matcher_ctx(matcher);
    Rc rc = cursor_read(&own, matcher);
    matcher->load_at = 1; /* on the thread: contexts may have to be fetched */
    if (rc != RC_OK) {
        ctx->error = (Error){rc, own.error.code, str_dup(ctx->arena, own.error.detail), STR_NONE};
        return rc;
    }
    if (!thread_start(&matcher->thread, "matcher", matcher_run, matcher))
        return ctx_fail(ctx, RC_FAILED, "no-thread", STR_NONE,
                        "The thread that matches subscriptions cannot start.");
    matcher->started = true;
    return RC_OK;
}

static StateHalf half_new(void) {
    Arena *arena = arena_new(MATCHER_ARENA);
    return (StateHalf){arena, map_new(arena)};
}

Rc matcher_open(Ctx *ctx, Tenant *tenant, Delivery *delivery, Matcher **out) {
    Matcher *matcher = mem_zero(sizeof *matcher);
    matcher->tenant = tenant;
    matcher->delivery = delivery;
    matcher->progress.every = tenant->broker->progress;
    matcher->watch = watch_new();
    matcher->arena = arena_new(MATCHER_ARENA);
    matcher->scratch = arena_new(MATCHER_ARENA);
    matcher->newer = half_new();
    matcher->older = half_new();
    matcher->told_arena = arena_new(MATCHER_ARENA);
    matcher->clock = *ctx->clock;
    matcher->rand = rand_system();
    Rc rc = matcher_start(ctx, matcher);
    if (rc == RC_OK)
        *out = matcher;
    else
        matcher_close(matcher);
    return rc;
}

void matcher_close(Matcher *matcher) {
    if (!matcher) return;
    atomic_store(&matcher->stop, true);
    if (matcher->started) {
        pthread_join(matcher->thread, NULL);
        progress_tell(matcher);
    }
    batch_close(matcher->local);
    reader_close(matcher->db);
    watch_free(matcher->watch);
    arena_free(matcher->arena);
    arena_free(matcher->scratch);
    arena_free(matcher->newer.arena);
    arena_free(matcher->older.arena);
    arena_free(matcher->told_arena);
    mem_free(matcher);
}

uint64_t matcher_reached(const Matcher *matcher) {
    return atomic_load(&((Matcher *)matcher)->cursor);
}
