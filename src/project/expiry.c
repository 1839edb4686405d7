/* expiry: what has an expiresAt ends by a command of the timer (clause 4.8; DESIGN §4), so that
   history, counts and subscribers know. Rows say when what should be looked at: by time, then id. A
   row is a hint, taken away by the note of the command that has looked: what was prolonged
   meanwhile has another one. */
#include "project_int.h"

enum {
    AT_ONCE = 256, /* rows of one command */
    ID_BYTES = 16,
    EXPIRY_ARENA = 64 << 20,
};
static const int64_t every_sweep = TIME_HOUR, sweep_patience = TIME_MINUTE,
                     drain_patience = TIME_SECOND / 5;
static const int64_t every = TIME_SECOND, when_more = TIME_SECOND / 50, patience = TIME_SECOND;

#define NOTE  STR("expired")
#define TIMER STR("expiry")

typedef struct Expiry {
    Project *project;
    Reader *db;
    Arena *arena, *scratch;
    int64_t swept;   /* when files were swept last, monotonic; 0: not yet */
    uint64_t looked; /* position of the newest command: rows before it may be old */
    atomic_bool stop;
} Expiry;

/* ---- the follower ---- */

static Str row_key(Arena *arena, int64_t at, Str id) {
    Buf key = buf_new(arena, 64);
    key_i64(&key, at);
    key_hash(&key, id, ID_BYTES);
    return buf_str(&key);
}

static Rc row_put(Ctx *ctx, Rows *rows, int64_t at, Str id) {
    return rows_put(ctx, rows, row_key(ctx->arena, at, id), id);
}

static bool is_time(int64_t at) {
    return at != TIME_NONE && at != ENTITY_TIME_NULL;
}

/* A personal attribute's own time lies sealed beside it and must not outlive its key in a row: it
   isn't shown any more, and goes with the next look at its entity. */
static Rc attrs_put(Ctx *ctx, Rows *rows, const Event *event) {
    Entity *whole = NULL;
    VEC_EACH (const Attr, attr, &event->delta->after->attrs) {
        if (!is_time(attr->expires_at)) continue;
        if (!whole) TRY(project_event_entity(ctx, event, &whole));
        if (!whole) return RC_OK;
        if (dictionary_class(ctx->tenant->dictionary, whole, attr->name) >= CLASS_PERSONAL)
            continue;
        TRY(row_put(ctx, rows, attr->expires_at, event->delta->id));
    }
    return RC_OK;
}

static Rc rows_drop(Ctx *ctx, Rows *rows, const Json *due) {
    for (size_t i = 0; due && i < due->len; i++) {
        const Json *one = json_at(due, i);
        const Json *at = json_at(one, 0), *id = json_at(one, 1);
        if (!at || !id || at->kind != JSON_NUMBER || !at->is_int) continue;
        TRY(rows_delete(ctx, rows, row_key(ctx->arena, at->value.integer, json_str(id))));
    }
    return RC_OK;
}

Rc expiry_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)arg;
    if (str_eq(event->note_kind, NOTE)) {
        const Json *due = event->note_clear ? json_get(event->note_clear, STR("due")) : NULL;
        return rows_drop(ctx, rows, due);
    }
    if (!event->delta || !event->delta->after) return RC_OK;
    if (is_time(event->delta->after->expires_at))
        TRY(row_put(ctx, rows, event->delta->after->expires_at, event->delta->id));
    return attrs_put(ctx, rows, event);
}

/* ---- the part ---- */

static void attrs_end(Ctx *ctx, Stage *stage, const Entity *entity) {
    Delta delta = {.op = DELTA_CHANGE, .id = entity->id};
    delta.after = entity_new(ctx->arena, entity->id, STR_NONE);
    delta.after->types = (StrVec){0};
    VEC_EACH (const Attr, attr, &entity->attrs) {
        if (attr->expires_at == TIME_NONE || attr->expires_at > stage_now(stage)) continue;
        vec_push(ctx->arena, &delta.removed,
                 (DeltaRemoval){.name = attr->name, .dataset_id = attr->dataset_id});
    }
    if (delta.removed.len) stage_put(stage, &delta);
}

/* Ends what has ended by the command's time, of an entity as it is now. */
static Rc expire_apply(Ctx *ctx, Stage *stage, const void *args) {
    const Entity *entity = stage_entity(stage, *(const Str *)args);
    if (!entity) return RC_OK;
    if (entity_alive(ctx->arena, entity, stage_now(stage)))
        attrs_end(ctx, stage, entity);
    else
        stage_put(stage, &(Delta){.op = DELTA_DELETE, .id = entity->id});
    return RC_OK;
}

static const PartKind part_expire = {"entity.expire", 1, NULL, expire_apply};

/* ---- the timer, on the house's thread ---- */

typedef struct Due {
    Arena *arena; /* the command's */
    Command *command;
    JsonItems rows;
} Due;

static bool due_row(void *arg, Str key, Str value) {
    Due *due = arg;
    Str *id = NEW(due->arena, Str);
    JsonItems pair = {0};
    *id = str_dup(due->arena, value);
    (void)vec_push(due->arena, &pair, json_of_int(key_read_i64(key, 0)));
    (void)vec_push(due->arena, &pair, json_of_str(*id));
    (void)vec_push(due->arena, &due->rows, json_of_items(pair.items, pair.len));
    command_needs(due->command, *id);
    command_add(due->command, &part_expire, id);
    return true;
}

static void due_note(Due *due) {
    JsonMember *member = NEW(due->arena, JsonMember);
    Json *clear = NEW(due->arena, Json);
    PartNote *note = NEW(due->arena, PartNote);
    *member = (JsonMember){STR("due"), json_of_items(due->rows.items, due->rows.len)};
    *clear = json_of_members(member, 1);
    *note = (PartNote){{.kind = NOTE, .clear = clear}};
    command_add(due->command, &part_note, note);
}

static Rc due_execute(Ctx *ctx, Expiry *expiry, Command *command, size_t *rows) {
    Due due = {.arena = command_arena(command), .command = command};
    Buf to = buf_new(ctx->arena, 16);
    key_i64(&to, time_now(ctx->clock) + 1);
    RowsRange range = {.follower = EXPIRY_SPACE, .to = buf_str(&to), .limit = AT_ONCE};
    Outcome outcome;
    TRY(project_rows(ctx, expiry->project, &range, due_row, &due));
    *rows = due.rows.len;
    if (!due.rows.len) return RC_OK;
    due_note(&due);
    TRY(ledger_execute(ctx, expiry->project->tenant->ledger, command, &outcome));
    expiry->looked = outcome.position;
    return RC_OK;
}

static Ctx timer_ctx(Expiry *expiry, Rand *rand, int64_t lasts) {
    arena_reset(expiry->arena);
    return (Ctx){.arena = expiry->arena,
                 .scratch = expiry->scratch,
                 .clock = &expiry->project->clock,
                 .rand = rand,
                 .tenant = expiry->project->tenant,
                 .db = expiry->db,
                 .deadline = time_monotonic() + lasts};
}

/* Files of nobody's; what isn't done in time is done the next time. */
static void files_step(Expiry *expiry) {
    Rand rand = rand_system();
    ProjectSwept swept;
    int64_t now = time_monotonic();
    if (expiry->swept && now - expiry->swept < every_sweep) return;
    Ctx ctx = timer_ctx(expiry, &rand, drain_patience);
    Ledger *ledger = expiry->project->tenant->ledger;
    if (project_drain(&ctx, expiry->project, ledger_head(ledger)) != RC_OK) return; /* too busy */
    expiry->swept = now;
    ctx.deadline = now + sweep_patience;
    Rc rc = project_sweep(&ctx, expiry->project, &swept);
    if (rc != RC_OK)
        log_error("project", "files were not swept: " STR_FMT, STR_ARG(ctx.error.detail));
    else if (swept.erased || swept.nobodys)
        log_info("project", "files taken away: %llu erased, %llu that nothing named",
                 (unsigned long long)swept.erased, (unsigned long long)swept.nobodys);
}

/* True: there is more to be done at once. */
static bool expiry_step(Expiry *expiry) {
    Project *project = expiry->project;
    Ledger *ledger = project->tenant->ledger;
    Rand rand = rand_system();
    size_t rows = 0;
    if (project_reached(project) < expiry->looked || ledger_behind(ledger)) return false;
    files_step(expiry);
    Ctx ctx = timer_ctx(expiry, &rand, patience);
    Command *command =
        command_new(ledger, (CommandHead){.kind = STR("entity.expire"), .channel = STR("timer")});
    Rc rc = due_execute(&ctx, expiry, command, &rows);
    command_free(command);
    if (rc != RC_OK && rc != RC_BUSY)
        log_error("project", "what has ended was not taken out: " STR_FMT,
                  STR_ARG(ctx.error.detail));
    return rc == RC_OK && rows == AT_ONCE;
}

static void expiry_due(void *arg, Ledger *ledger, Str key, int64_t at) {
    Expiry *expiry = arg;
    (void)at;
    bool more = expiry_step(expiry);
    int64_t next = time_now(&expiry->project->clock) + (more ? when_more : every);
    if (!atomic_load(&expiry->stop)) ledger_timer(ledger, key, next, expiry_due, expiry);
}

/* ---- life ---- */

Rc project_expire(Ctx *ctx, Project *project) {
    Expiry *expiry = mem_zero(sizeof *expiry);
    expiry->project = project;
    expiry->arena = arena_new(EXPIRY_ARENA);
    expiry->scratch = arena_new(EXPIRY_ARENA);
    project->expiry = expiry;
    TRY(reader_open(ctx, project->store, &expiry->db));
    ledger_timer(project->tenant->ledger, TIMER, time_now(&project->clock), expiry_due, expiry);
    return RC_OK;
}

void expiry_stop(Project *project) {
    Expiry *expiry = project->expiry;
    if (!expiry) return;
    atomic_store(&expiry->stop, true);
    ledger_timer(project->tenant->ledger, TIMER, TIME_NONE, expiry_due, expiry);
    reader_close(expiry->db);
    arena_free(expiry->arena);
    arena_free(expiry->scratch);
    mem_free(expiry);
    project->expiry = NULL;
}
