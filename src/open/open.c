/* open: the room's life, its thread, and one run. */
#include "open_int.h"

#include <string.h>

enum {
    OPEN_ARENA = 16 << 20,
    RUN_ARENA = 1 << 30,
};
#define POLL        (5 * TIME_SECOND)
#define RUN_AT_MOST (10 * TIME_MINUTE)

/* ---- shared ---- */

Rc open_put(Ctx *ctx, const char *kind, const Put *puts, size_t n) {
    const Actor *actor = ctx->actor;
    Outcome outcome;
    Command *command =
        command_new(ctx->tenant->ledger, (CommandHead){.kind = str_of(kind),
                                                       .actor = actor ? actor->id : STR_NONE,
                                                       .post = actor ? actor->post : STR_NONE,
                                                       .purpose = STR("open-data"),
                                                       .channel = STR("timer")});
    gate_guard(ctx, command);
    Arena *arena = command_arena(command);
    for (size_t i = 0; i < n; i++) {
        Delta *delta = NEW(arena, Delta);
        Entity *after = entity_dup(arena, puts[i].entity);
        *delta = (Delta){.op = DELTA_PUT, .id = after->id, .after = after};
        PartPut *part = NEW(arena, PartPut);
        part->delta = delta;
        part->expect = puts[i].expect;
        command_add(command, &part_put, part);
        command_needs(command, after->id);
    }
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    return rc;
}

/* ---- one run ---- */

/* Former versions, without those who left since. */
static Rc people_reissue(Ctx *ctx, const Release *release, const People *people) {
    OpenVersions versions;
    TRY(open_versions(ctx, release->id, &versions));
    VEC_EACH (const OpenVersion, version, &versions) {
        Made made;
        if (str_empty(version->horizon)) continue;
        TRY(people_make(ctx, release, people, version->horizon, &made));
        TRY(version_reissue(ctx, release, version, &made));
    }
    return RC_OK;
}

static Rc in_review(Ctx *ctx, const Release *release) {
    if (!review_due(ctx, release->review)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "review-due", release->id,
                    "The review date of this release has passed: review it and propose it again.");
}

/* Releases about one procedure are checked together, so they mean the same cases by the same k. */
static Rc people_agree(Ctx *ctx, const Release *release) {
    VEC_EACH (const Release, declared, &ctx->tenant->open->releases) {
        Release other;
        if (declared->kind == RELEASE_TYPE || str_eq(declared->id, release->id)) continue;
        Rc rc = release_decided(ctx, declared, &other);
        if (rc == RC_CONFLICT) continue;
        TRY(rc);
        if (!release_agrees(release, &other))
            return ctx_fail(ctx, RC_CONFLICT, "joint-check", other.id,
                            "Another release that was decided counts other cases of this "
                            "procedure, or has another k: have both decided anew.");
    }
    return RC_OK;
}

/* Whoever left is taken out of former versions, whatever the review date says. */
static Rc people_run(Ctx *ctx, const Release *release) {
    People people;
    Made made;
    TRY(people_agree(ctx, release));
    TRY(people_load(ctx, release, true, &people));
    TRY(people_reissue(ctx, release, &people));
    TRY(in_review(ctx, release));
    TRY(people_make(ctx, release, &people, STR_NONE, &made));
    return version_publish(ctx, release, &made);
}

static Rc type_run(Ctx *ctx, const Release *release) {
    Made made;
    TRY(in_review(ctx, release));
    TRY(type_make(ctx, release, &made));
    return version_publish(ctx, release, &made);
}

/* The city itself reads the cases; who asked for the run stands in the command. */
static Rc release_run(Ctx *ctx, const Release *declared) {
    Open *open = ctx->tenant->open;
    Arena *arena = arena_new(RUN_ARENA);
    Ctx inside = *ctx;
    inside.arena = arena;
    inside.deadline = time_monotonic() + RUN_AT_MOST;
    pthread_mutex_lock(&open->running);
    Release release;
    Rc rc = release_decided(&inside, declared, &release);
    if (rc == RC_OK)
        rc = release.kind == RELEASE_TYPE ? type_run(&inside, &release)
                                          : people_run(&inside, &release);
    pthread_mutex_unlock(&open->running);
    if (rc != RC_OK) ctx_keep_error(ctx, &inside.error);
    arena_free(arena);
    return rc;
}

Rc may_release(Ctx *ctx) {
    GateAsk ask = {.action = ACT_RELEASE, .type = IRI("Dataset"), .class = CLASS_OPEN};
    return gate_check(ctx, &ask);
}

Rc open_run(Ctx *ctx, Str dataset) {
    const Release *release = release_find(ctx->tenant->open, dataset);
    TRY(may_release(ctx));
    if (release) return release_run(ctx, release);
    return ctx_fail(ctx, RC_NOT_FOUND, "no-dataset", dataset, "There is no such dataset.");
}

/* What waits for its decision, or for the next one. */
static bool waits(const Error *error) {
    return error->rc == RC_CONFLICT &&
           (str_eq(error->code, STR("not-decided")) || str_eq(error->code, STR("review-due")));
}

/* Nothing to publish is no fault, nor is a release that nobody has decided. */
static Rc run_kinds(Ctx *ctx, bool people_too) {
    Rc first = RC_OK;
    Error error = {0};
    VEC_EACH (const Release, release, &ctx->tenant->open->releases) {
        if (release->kind != RELEASE_TYPE && !people_too) continue;
        Rc rc = release_run(ctx, release);
        if (rc == RC_OK || rc == RC_NOT_FOUND || waits(&ctx->error)) continue;
        log_error("open", "release " STR_FMT " is not published: " STR_FMT, STR_ARG(release->id),
                  STR_ARG(ctx->error.detail));
        if (first == RC_OK) error = ctx->error;
        if (first == RC_OK) first = rc;
    }
    ctx->error = error;
    return first;
}

Rc open_run_all(Ctx *ctx) {
    TRY(may_release(ctx));
    return run_kinds(ctx, true);
}

/* ---- the thread ---- */

typedef struct Watch {
    uint64_t seen, done; /* positions: at the last look, and after the last run */
    int64_t people_at;   /* when people's releases ran */
} Watch;

static bool was_asked(Open *open) {
    pthread_mutex_lock(&open->lock);
    bool asked = open->asked;
    open->asked = false;
    pthread_mutex_unlock(&open->lock);
    return asked;
}

void open_wake(Open *open) {
    pthread_mutex_lock(&open->lock);
    open->asked = true;
    pthread_cond_broadcast(&open->wake);
    pthread_mutex_unlock(&open->lock);
}

/* Runs what is due: people's releases at their pace; the others when the ledger has moved and is
   quiet again, or at the same pace while it never is. */
static void watch_look(Ctx *ctx, Watch *watch) {
    Open *open = ctx->tenant->open;
    uint64_t head = ledger_head(ctx->tenant->ledger);
    int64_t now = time_monotonic();
    bool people = was_asked(open) || watch->people_at == 0 || now - watch->people_at >= open->every;
    bool quiet = head == watch->seen && head != watch->done;
    watch->seen = head;
    if (!people && !quiet) return;
    Rc rc = run_kinds(ctx, people);
    if (rc != RC_OK) log_warn("open", "a run left out what could not be published");
    if (people) watch->people_at = now;
    watch->seen = watch->done = ledger_head(ctx->tenant->ledger);
}

static bool wait_for(Open *open, int64_t micros) {
    int64_t until = time_monotonic() + micros;
    bool late = false;
    pthread_mutex_lock(&open->lock);
    while (!open->stop && !open->asked && !late)
        late = !thread_cond_wait(&open->wake, &open->lock, until);
    bool go_on = !open->stop;
    pthread_mutex_unlock(&open->lock);
    return go_on;
}

static void *thread_main(void *arg) {
    Open *open = arg;
    Rand rand = rand_system();
    Actor actor = *gate_system_actor();
    Watch watch = {0};
    Ctx ctx = {.arena = arena_new(RUN_ARENA),
               .scratch = arena_new(RUN_ARENA),
               .clock = &open->clock,
               .rand = &rand,
               .tenant = open->tenant,
               .actor = &actor,
               .deadline = INT64_MAX};
    Rc rc = reader_open(&ctx, ledger_store(open->tenant->ledger), &ctx.db);
    if (rc != RC_OK)
        log_error("open", "no release runs by itself: " STR_FMT, STR_ARG(ctx.error.detail));
    while (rc == RC_OK) {
        watch_look(&ctx, &watch);
        arena_reset(ctx.arena);
        arena_reset(ctx.scratch);
        if (!wait_for(open, POLL)) break;
    }
    reader_close(ctx.db);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return NULL;
}

/* ---- life ---- */

Rc open_open(Ctx *ctx, Tenant *tenant, const OpenOptions *options) {
    Arena *arena = arena_new(OPEN_ARENA);
    Open *open = NEW(arena, Open);
    *open = (Open){.arena = arena,
                   .districts = options->districts,
                   .classes = options->classes,
                   .every = options->every ? options->every : TIME_HOUR,
                   .tenant = tenant,
                   .clock = *ctx->clock};
    pthread_mutex_init(&open->running, NULL);
    pthread_mutex_init(&open->lock, NULL);
    thread_cond_init(&open->wake);
    tenant->open = open;
    Rc rc = release_read_all(ctx, open, options, tenant->dictionary);
    if (rc != RC_OK) open_close(tenant);
    return rc;
}

Rc open_start(Ctx *ctx, Tenant *tenant) {
    Open *open = tenant->open;
    if (!thread_start(&open->thread, "open", thread_main, open))
        return ctx_fail(ctx, RC_FAILED, "no-thread", STR_NONE,
                        "The thread that runs releases cannot be started.");
    open->started = true;
    return RC_OK;
}

void open_close(Tenant *tenant) {
    Open *open = tenant->open;
    if (!open) return;
    pthread_mutex_lock(&open->lock);
    open->stop = true;
    pthread_cond_broadcast(&open->wake);
    pthread_mutex_unlock(&open->lock);
    if (open->started) pthread_join(open->thread, NULL);
    tenant->open = NULL;
    pthread_cond_destroy(&open->wake);
    pthread_mutex_destroy(&open->lock);
    pthread_mutex_destroy(&open->running);
    arena_free(open->arena);
}
