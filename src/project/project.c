#include "project_int.h"

#include <time.h>

/* A window is as large as one transaction should be: it bounds what a crash repeats and how long
 * readers see old rows. */
enum { WINDOW_EVENTS = 16384, CHUNK_LEAVES = 32, WAIT_MILLIS = 200 };

/* While much is written and nobody waits, a window stays open until many changes have come, or a
 * while: pages that are changed often are then written once for many changes. */
enum { BUSY_EVENTS = 32, MANY_CHANGES = 8192, PACE_MILLIS = 500, PACES_MAX = 4 };

/* ---- registering ---- */

void project_add(Project *project, Follower follower) {
    assert(!project->started && project->count < FOLLOWERS_MAX);
    project->followers[project->count++] =
        (Running){.follower = follower,
                  .rows = {.batch = project->batch, .space = project_space(follower.name)}};
}

static void add_builtin(Project *project) {
    project->state = state_new(project);
    project->indexes = index_new(project);
    project_add(project, (Follower){.name = LEDGER_STATE,
                                    .version = LEDGER_STATE_VERSION,
                                    .event = state_event,
                                    .arg = project->state});
    project_add(project,
                (Follower){.name = "looks", .version = 5, .event = looks_event, .arg = project});
    project_add(
        project,
        (Follower){.name = ERASED_SPACE, .version = 1, .event = erased_event, .arg = project});
    project_add(project, (Follower){.name = ATTACHED_SPACE, .version = 1, .event = attached_event});
    project_add(project, (Follower){.name = EXPIRY_SPACE, .version = 1, .event = expiry_event});
}

static Rc project_make(Ctx *ctx, Tenant *tenant, Store *store, Project **out) {
    Project *project = mem_zero(sizeof *project);
    project->tenant = tenant;
    project->store = store;
    project->arena = arena_new(PROJECT_ARENA);
    project->window = arena_new(PROJECT_ARENA);
    project->scratch = arena_new(PROJECT_ARENA);
    project->rand = rand_system();
    project->clock = *ctx->clock;
    pthread_mutex_init(&project->lock, NULL);
    thread_cond_init(&project->moved);
    thread_cond_init(&project->hurry);
    Rc rc = batch_open(ctx, project->store, STORE_STATE, &project->batch);
    if (rc != RC_OK) {
        project_stop(project);
        return rc;
    }
    project->asides = asides_new();
    add_builtin(project);
    tenant->project = project;
    *out = project;
    return RC_OK;
}

Rc project_new(Ctx *ctx, Tenant *tenant, Project **out) {
    verify_tidy(ctx, tenant);
    return project_make(ctx, tenant, ledger_store(tenant->ledger), out);
}

Rc project_copy(Ctx *ctx, const Project *of, Tenant *tenant, Store *store, Project **out) {
    TRY(project_make(ctx, tenant, store, out));
    (*out)->apart = true;
    for (size_t i = (*out)->count; i < of->count; i++) {
        Follower follower = of->followers[i].follower;
        follower.committed = NULL;
        project_add(*out, follower);
    }
    return RC_OK;
}

/* ---- cursors ---- */

static bool cursor_known(Ctx *ctx, Project *project, const Cursor *cursor, int version) {
    Digest leaf;
    if (cursor->version != (uint32_t)version) return false;
    if (cursor->position == 0) return true;
    if (cursor->position > ledger_head(project->tenant->ledger)) return false;
    return ledger_leaf_hash(ctx, project->tenant->ledger, cursor->position, &leaf) == RC_OK &&
           hash_same((Str){(char *)leaf.bytes, sizeof leaf.bytes},
                     (Str){(const char *)cursor->leaf.bytes, sizeof cursor->leaf.bytes});
}

static Rc running_clear(Ctx *ctx, Project *project, Running *running) {
    running->reached = 0;
    if (running->follower.arg == project->state) TRY(state_clear(ctx, project->state));
    return batch_delete_range(ctx, project->batch, &(ItemRange){.space = running->rows.space});
}

/* Where one goes on; false: it has to start again. */
static Rc running_find(Ctx *ctx, Project *project, Running *running, bool *known) {
    Cursor cursor = {0};
    Str name = str_of(running->follower.name);
    Rc rc = batch_cursor_get(ctx, project->batch, name, &cursor);
    *known = rc == RC_OK && cursor_known(ctx, project, &cursor, running->follower.version);
    if (*known) running->reached = cursor.position;
    if (!*known && ledger_head(project->tenant->ledger))
        log_info("project", "%s is built anew from the ledger", running->follower.name);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Followers read the state as of their event, so one that starts again takes all others with it. */
static Rc cursors_find(Ctx *ctx, Project *project, bool *anew) {
    TRY(aside_retry(ctx, project, anew));
    if (*anew) log_info("project", "events were set aside: all is built anew from the ledger");
    for (size_t i = 0; i < project->count; i++) {
        bool known;
        TRY(running_find(ctx, project, &project->followers[i], &known));
        *anew = *anew || !known;
    }
    if (!*anew) return RC_OK;
    TRY(aside_clear(ctx, project));
    for (size_t i = 0; i < project->count; i++)
        TRY(running_clear(ctx, project, &project->followers[i]));
    return RC_OK;
}

static Rc cursors_read(Ctx *ctx, Project *project, bool *anew) {
    TRY(batch_begin(ctx, project->batch, BATCH_LAZY));
    Rc rc = cursors_find(ctx, project, anew);
    if (rc == RC_OK) return batch_commit(ctx, project->batch);
    batch_rollback(project->batch);
    return rc;
}

static uint64_t slowest(const Project *project) {
    uint64_t reached = UINT64_MAX;
    for (size_t i = 0; i < project->count; i++)
        if (project->followers[i].reached < reached) reached = project->followers[i].reached;
    return reached;
}

/* ---- windows ---- */

static Rc follow_one(Ctx *ctx, Project *project, Running *running, const Event *event) {
    bool aside;
    const Follower *follower = &running->follower;
    TRY(aside_known(ctx, project, event, follower->name, &aside));
    Rc rc = aside ? RC_OK : follower->event(ctx, follower->arg, &running->rows, event);
    if (rc != RC_OK)
        aside_meet(project, &(Poison){.follower = follower->name,
                                      .position = event->position,
                                      .ordinal = event->ordinal});
    return rc;
}

Rc project_tell(Ctx *ctx, Project *project, const Event *event) {
    for (size_t i = 0; i < project->count; i++)
        if (event->position > project->followers[i].reached)
            TRY(follow_one(ctx, project, &project->followers[i], event));
    return RC_OK;
}

static Rc follow_event(Ctx *ctx, void *arg, const Event *event) {
    Project *project = arg;
    project->window_events++;
    return event->refused.len ? aside_refused(ctx, project, event)
                              : project_tell(ctx, project, event);
}

static Rc cursors_write(Ctx *ctx, Project *project, uint64_t position) {
    Cursor cursor = {.position = position};
    TRY(ledger_leaf_hash(ctx, project->tenant->ledger, position, &cursor.leaf));
    for (size_t i = 0; i < project->count; i++) {
        const Running *running = &project->followers[i];
        if (running->reached >= position) continue;
        cursor.version = (uint32_t)running->follower.version;
        TRY(batch_cursor(ctx, project->batch, str_of(running->follower.name), &cursor));
    }
    return RC_OK;
}

/* Few leaves at a time: what they decode to is forgotten before the next ones, as a leaf may hold a
 * thousand entities. */
static Rc window_fill(Ctx *ctx, Project *project, uint64_t *next, uint64_t until) {
    project->window_events = 0;
    while (*next < until && project->window_events < WINDOW_EVENTS) {
        uint64_t left = until - *next;
        size_t leaves = left < CHUNK_LEAVES ? (size_t)left : CHUNK_LEAVES;
        ArenaMark mark = arena_mark(ctx->arena);
        TRY(ledger_read(ctx, project->tenant->ledger,
                        &(LedgerWindow){*next, leaves, follow_event, project}, next));
        arena_rewind(ctx->arena, mark);
    }
    TRY(state_flush(ctx, project->state));
    return cursors_write(ctx, project, *next);
}

static void announce(Project *project) {
    uint64_t position = slowest(project);
    ledger_state_reached(project->tenant->ledger, position);
    pthread_mutex_lock(&project->lock);
    atomic_store(&project->reached, position);
    pthread_cond_broadcast(&project->moved);
    pthread_mutex_unlock(&project->lock);
    for (size_t i = 0; i < project->count; i++)
        if (project->followers[i].follower.committed)
            project->followers[i].follower.committed(project->followers[i].follower.arg, position);
}

Rc project_window(Ctx *ctx, Project *project, uint64_t until) {
    uint64_t next = slowest(project);
    TRY(batch_begin(ctx, project->batch, BATCH_LAZY));
    Rc rc = window_fill(ctx, project, &next, until);
    if (rc == RC_OK)
        rc = batch_commit(ctx, project->batch);
    else
        batch_rollback(project->batch);
    for (size_t i = 0; i < project->count && rc == RC_OK; i++)
        if (project->followers[i].reached < next) project->followers[i].reached = next;
    if (rc != RC_OK) state_forget(project->state);
    return rc;
}

static Ctx window_ctx(Project *project, Reader *db) {
    arena_reset(project->window);
    return (Ctx){.arena = project->window,
                 .scratch = project->scratch,
                 .clock = &project->clock,
                 .rand = &project->rand,
                 .tenant = project->tenant,
                 .db = db};
}

/* Catches up to what is there now; *events is how many there were. False when a window failed and
 * was left for later. */
static bool catch_up(Project *project, Reader *db, size_t *events) {
    uint64_t head = ledger_head(project->tenant->ledger);
    *events = 0;
    while (slowest(project) < head && !atomic_load(&project->stop)) {
        Ctx ctx = window_ctx(project, db);
        Rc rc = project_window(&ctx, project, head);
        *events += project->window_events;
        if (rc == RC_OK)
            announce(project);
        else if (!aside_take(&ctx, project, rc)) {
            log_error("project", "a window after leaf %llu failed (%s): " STR_FMT,
                      (unsigned long long)slowest(project), rc_name(rc), STR_ARG(ctx.error.detail));
            return false;
        }
    }
    return true;
}

/* Until the instant; true: somebody waits. */
static bool pause_until(Project *project, int64_t until) {
    bool late = false;
    pthread_mutex_lock(&project->lock);
    while (!late && !project->waiting && !project->hurried && !atomic_load(&project->stop))
        late = !thread_cond_wait(&project->hurry, &project->lock, until);
    project->hurried = false;
    pthread_mutex_unlock(&project->lock);
    return !late;
}

static void pace(Project *project, int64_t began) {
    for (int i = 1; i <= PACES_MAX; i++) {
        if (pause_until(project, began + i * PACE_MILLIS * INT64_C(1000))) return;
        if (ledger_pending(project->tenant->ledger) >= MANY_CHANGES) return;
    }
}

static bool index_more(Project *project, Reader *db) {
    Ctx ctx = window_ctx(project, db);
    if (index_step(&ctx, project->indexes) == RC_OK) return true;
    log_error("project", "indexes are not filled: " STR_FMT, STR_ARG(ctx.error.detail));
    return false;
}

static void follow(Project *project, Reader *db) {
    while (!atomic_load(&project->stop)) {
        size_t events;
        int64_t wait = index_pause(project->indexes, WAIT_MILLIS * INT64_C(1000));
        ledger_wait(project->tenant->ledger, slowest(project), time_monotonic() + wait);
        int64_t began = time_monotonic();
        if (!catch_up(project, db, &events) || !index_more(project, db)) {
            struct timespec pause = {.tv_nsec = WAIT_MILLIS * 1000000L};
            nanosleep(&pause, NULL); /* a full disk is not helped by haste */
        } else if (events >= BUSY_EVENTS) {
            pace(project, began);
        }
    }
}

static void *project_run(void *arg) {
    Project *project = arg;
    Ledger *ledger = project->tenant->ledger;
    Reader *db = NULL;
    Ctx ctx = window_ctx(project, NULL);
    Rc rc = reader_open(&ctx, project->store, &db);
    if (rc == RC_OK) rc = ledger_reader_register(&ctx, ledger);
    if (rc == RC_OK) {
        follow(project, db);
        ledger_reader_unregister(ledger);
    } else {
        log_error("project", "no reader: " STR_FMT, STR_ARG(ctx.error.detail));
    }
    reader_close(db);
    return NULL;
}

/* Before serving there must be a state that the ledger can rely on: what is not in its working set
   is looked for in rows. Where all is built anew these are not there yet. */
Rc project_start(Ctx *ctx, Project *project) {
    bool anew;
    TRY(cursors_read(ctx, project, &anew));
    TRY(index_open(ctx, project->indexes));
    atomic_store(&project->reached, slowest(project));
    if (!thread_start(&project->thread, "project", project_run, project))
        return ctx_fail(ctx, RC_FAILED, "no-thread", STR_NONE,
                        "The projections' thread cannot start.");
    project->started = true;
    uint64_t head = ledger_head(project->tenant->ledger);
    bool behind = ledger_behind(project->tenant->ledger);
    if (!behind && !anew) return RC_OK;
    if (behind)
        log_info("project", "the state is rebuilt from %llu leaves before serving",
                 (unsigned long long)head);
    Ctx patient = *ctx;
    patient.deadline = time_monotonic() + TIME_DAY;
    return project_drain(&patient, project, head);
}

void project_stop(Project *project) {
    if (!project) return;
    expiry_stop(project);
    pthread_mutex_lock(&project->lock);
    atomic_store(&project->stop, true);
    pthread_cond_signal(&project->hurry);
    pthread_mutex_unlock(&project->lock);
    if (project->started) pthread_join(project->thread, NULL);
    batch_close(project->batch);
    state_free(project->state);
    asides_free(project->asides);
    pthread_cond_destroy(&project->hurry);
    index_free(project->indexes);
    pthread_cond_destroy(&project->moved);
    pthread_mutex_destroy(&project->lock);
    arena_free(project->window);
    arena_free(project->scratch);
    arena_free(project->arena);
    if (project->tenant->project == project) project->tenant->project = NULL;
    mem_free(project);
}

void project_hurry(Project *project) {
    pthread_mutex_lock(&project->lock);
    project->hurried = true;
    pthread_cond_signal(&project->hurry);
    pthread_mutex_unlock(&project->lock);
}

Rc project_drain(Ctx *ctx, Project *project, uint64_t position) {
    int64_t deadline = ctx->deadline ? ctx->deadline : time_monotonic() + TIME_MINUTE;
    if (atomic_load(&project->reached) >= position) return RC_OK;
    pthread_mutex_lock(&project->lock);
    bool late = false;
    project->waiting++;
    pthread_cond_signal(&project->hurry);
    while (!late && atomic_load(&project->reached) < position)
        late = !thread_cond_wait(&project->moved, &project->lock, deadline);
    project->waiting--;
    pthread_mutex_unlock(&project->lock);
    if (atomic_load(&project->reached) >= position) return RC_OK;
    return ctx_fail(
        ctx, RC_LIMIT, "projections-late", STR_NONE,
        "The projections have not caught up in time: see /operate for how far they are.");
}

uint64_t project_reached(const Project *project) {
    return atomic_load(&((Project *)project)->reached);
}

const Json *project_progress(Arena *arena, Project *project) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] =
        (JsonMember){STR("head"), json_of_int((int64_t)ledger_head(project->tenant->ledger))};
    members[1] = (JsonMember){STR("projected"), json_of_int((int64_t)project_reached(project))};
    Json *json = NEW(arena, Json);
    *json = json_of_members(members, 2);
    return json;
}
