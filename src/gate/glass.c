/* glass: break-glass. Where the ledger can't write, personal data isn't shown; whom the policies
   permit "glass" may see it on a page once his look is durable on another volume. */
#include "gate_int.h"
#include "spool.h"

enum { GLASS_ARENA = 64 << 20, RECORD_MAX = 16 << 20 };
static const int64_t glass_every = 5 * TIME_SECOND;

struct Glass {
    Gate *gate;
    Spool *spool;
    Clock *clock;
    int64_t every;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
};

/* ---- the record ---- */

static Json ids_json(Arena *arena, const StrVec *ids) {
    Json *items = NEW_ARRAY(arena, Json, ids->len + 1);
    for (size_t i = 0; i < ids->len; i++)
        items[i] = json_of_str(ids->items[i]);
    return json_of_items(items, ids->len);
}

static void ids_read(Arena *arena, const Json *items, StrVec *out) {
    for (size_t i = 0; items && i < items->len; i++)
        vec_push(arena, out, str_dup(arena, json_str(json_at(items, i))));
}

static Rc record_write(Ctx *ctx, const GlassLook *look, Str *out) {
    const CommandHead *head = look->head;
    const JsonMember members[] = {
        {STR("id"), json_of_str(hash_hex(
                        ctx->arena, (Str){(const char *)look->id.bytes, sizeof look->id.bytes}))},
        {STR("at"), json_of_int(time_now(ctx->clock))},
        {STR("actor"), json_of_str(head->actor)},
        {STR("post"), json_of_str(head->post)},
        {STR("purpose"), json_of_str(head->purpose)},
        {STR("case"), json_of_str(head->case_id)},
        {STR("why"), json_of_str(look->look->why)},
        {STR("subjects"), ids_json(ctx->arena, &look->look->subjects)},
        {STR("records"), ids_json(ctx->arena, &look->look->records)},
    };
    enum { MEMBERS = sizeof members / sizeof *members };
    JsonMember *kept = NEW_ARRAY(ctx->arena, JsonMember, MEMBERS);
    for (size_t i = 0; i < MEMBERS; i++)
        kept[i] = members[i];
    Json json = json_of_members(kept, MEMBERS);
    Buf text = buf_new(ctx->arena, RECORD_MAX);
    json_write(&text, &json);
    *out = buf_str(&text);
    return buf_rc(&text);
}

/* ---- breaking ---- */

/* The store itself: neither a refusal nor a rush. */
static bool store_away(const Error *error) {
    return error->rc == RC_FAILED ||
           (error->rc == RC_BUSY && str_eq(error->code, STR("store-stopped")));
}

static DataClass worst_class(const Ctx *ctx, const Entity *entity) {
    DataClass worst = CLASS_OPEN;
    for (size_t i = 0; i < entity->attrs.len; i++) {
        DataClass class =
            dictionary_class(ctx->tenant->dictionary, entity, entity->attrs.items[i].name);
        if (class > worst) worst = class;
    }
    return worst;
}

static bool permitted_for(const Ctx *ctx, const Entity *entity) {
    GateAsk ask = {.action = ACT_GLASS,
                   .class = worst_class(ctx, entity),
                   .relation = gate_relation(ctx, entity)};
    for (size_t i = 0; i < entity->types.len; i++) {
        ask.type = entity->types.items[i];
        if (!gate_permits(ctx, &ask)) return false;
    }
    return entity->types.len > 0;
}

static bool permitted(Ctx *ctx, const GlassLook *look) {
    if (gate_actor(ctx)->glass == GLASS_NO || !authority_holds(ctx)) return false;
    for (size_t i = 0; i < look->n; i++)
        if (gate_is_look(ctx, look->shown[i]) && !permitted_for(ctx, look->shown[i])) return false;
    return true;
}

Rc glass_break(Ctx *ctx, const GlassLook *look) {
    const struct Glass *glass = ctx->tenant->gate->glass;
    Error why = ctx->error;
    Str record;
    if (!glass || !store_away(&why) || !permitted(ctx, look)) {
        ctx->error = why;
        return why.rc;
    }
    Rc rc = record_write(ctx, look, &record);
    if (rc == RC_OK) rc = spool_add(ctx, glass->spool, record);
    if (rc != RC_OK) {
        log_error("gate", "break-glass failed, nothing is shown: " STR_FMT,
                  STR_ARG(ctx->error.detail));
        ctx->error = why;
        return why.rc;
    }
    log_warn("gate", "break-glass: a look of post " STR_FMT " is in the spool, for " STR_FMT,
             STR_ARG(look->head->post), STR_ARG(why.code));
    ctx->actor->glass = GLASS_BROKEN;
    return RC_OK;
}

/* ---- into the ledger ---- */

static bool id_read(Ctx *ctx, Str hex, CommandId *id) {
    Str bytes;
    if (!hash_from_hex(ctx->arena, hex, &bytes) || bytes.len != sizeof id->bytes) return false;
    __builtin_memcpy(id->bytes, bytes.ptr, sizeof id->bytes);
    return true;
}

static Rc look_enter(Ctx *ctx, const Json *json, const CommandId *id) {
    Ledger *ledger = ctx->tenant->ledger;
    Command *command = command_new(ledger, (CommandHead){.kind = STR("look"),
                                                         .actor = json_get_str(json, "actor"),
                                                         .post = json_get_str(json, "post"),
                                                         .purpose = json_get_str(json, "purpose"),
                                                         .case_id = json_get_str(json, "case"),
                                                         .channel = STR("timer")});
    Arena *arena = command_arena(command);
    PartLook *look = NEW(arena, PartLook);
    look->why = str_dup(arena, json_get_str(json, "why"));
    look->glass_at = json_get_int(json, "at", 1);
    ids_read(arena, json_get(json, STR("subjects")), &look->subjects);
    ids_read(arena, json_get(json, STR("records")), &look->records);
    command_take_id(command, id);
    command_add(command, &part_look, look);
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ledger, command, &outcome);
    command_free(command);
    return rc;
}

/* Its leaf is there when the COMMIT whose outcome was unknown came through, or when a drain was
   broken off. */
static Rc record_enter(Ctx *ctx, void *arg, Str record) {
    size_t *entered = arg;
    const Json *json;
    CommandId id;
    Leaf leaf;
    TRY(json_read(ctx, record, JSON_LIMITS_DEFAULT, &json));
    if (!id_read(ctx, json_get_str(json, "id"), &id))
        return ctx_fail(ctx, RC_INVALID, "no-id", STR_NONE, "It has no id.");
    Rc rc = reader_leaf_of(ctx, ctx->db, &id, &leaf);
    if (rc != RC_NOT_FOUND) return rc;
    TRY(look_enter(ctx, json, &id));
    ++*entered;
    return RC_OK;
}

/* An empty command passes only when the writer has read back what was unknown. */
static Rc writer_settled(Ctx *ctx) {
    Ledger *ledger = ctx->tenant->ledger;
    Command *command =
        command_new(ledger, (CommandHead){.kind = STR("look"), .channel = STR("timer")});
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ledger, command, &outcome);
    command_free(command);
    return rc;
}

static Rc glass_drain(Ctx *ctx, const struct Glass *glass) {
    size_t entered = 0;
    TRY(writer_settled(ctx));
    TRY(reader_open(ctx, ledger_store(ctx->tenant->ledger), &ctx->db));
    Rc rc = spool_drain(ctx, glass->spool, record_enter, &entered);
    reader_close(ctx->db);
    ctx->db = NULL;
    if (entered) log_info("gate", "%zu break-glass looks are in the ledger now", entered);
    return rc;
}

static void *glass_thread(void *arg) {
    struct Glass *glass = arg;
    Rand rand = rand_system();
    Ctx ctx = {.arena = arena_new(GLASS_ARENA),
               .scratch = arena_new(GLASS_ARENA),
               .clock = glass->clock,
               .rand = &rand,
               .tenant = glass->gate->tenant,
               .actor = (Actor *)gate_system_actor()};
    pthread_mutex_lock(&glass->lock);
    while (!glass->stop) {
        pthread_mutex_unlock(&glass->lock);
        if (spool_any(glass->spool) && glass_drain(&ctx, glass) != RC_OK)
            log_warn("gate", "break-glass looks wait to be recorded: " STR_FMT,
                     STR_ARG(ctx.error.detail));
        arena_reset(ctx.arena);
        pthread_mutex_lock(&glass->lock);
        if (!glass->stop)
            (void)thread_cond_wait(&glass->wake, &glass->lock, time_monotonic() + glass->every);
    }
    pthread_mutex_unlock(&glass->lock);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return NULL;
}

/* ---- life ---- */

Rc glass_open(Ctx *ctx, Gate *gate, const GateOptions *options) {
    if (str_empty(options->glass)) return RC_OK;
    Tenant *tenant = gate->tenant;
    SpoolOptions spool = {.folder = options->glass,
                          .name = str_empty(tenant->name) ? STR("default") : tenant->name,
                          .key = ledger_keyed_hash(tenant->ledger, STR("glass"), STR("spool")),
                          .fault = options->glass_fault};
    struct Glass *glass = NEW(gate->arena, struct Glass);
    *glass = (struct Glass){.gate = gate,
                            .clock = options->clock ? options->clock : ctx->clock,
                            .every = options->glass_every ? options->glass_every : glass_every};
    TRY(spool_open(ctx, &spool, &glass->spool));
    thread_cond_init(&glass->wake);
    pthread_mutex_init(&glass->lock, NULL);
    bool started = thread_start(&glass->thread, "break-glass", glass_thread, glass);
    assert(started); /* fails only without memory */
    gate->glass = started ? glass : NULL;
    return RC_OK;
}

void glass_close(Gate *gate) {
    struct Glass *glass = gate->glass;
    if (!glass) return;
    pthread_mutex_lock(&glass->lock);
    glass->stop = true;
    pthread_cond_signal(&glass->wake);
    pthread_mutex_unlock(&glass->lock);
    pthread_join(glass->thread, NULL);
    pthread_cond_destroy(&glass->wake);
    pthread_mutex_destroy(&glass->lock);
    spool_close(glass->spool);
    gate->glass = NULL;
}
