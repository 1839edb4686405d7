/* look: a record of who saw whose personal data, durable before the data leave. */
#include "gate_int.h"

bool gate_is_look(const Ctx *ctx, const Entity *entity) {
    const Actor *actor = gate_actor(ctx);
    if (actor->kind == ACTOR_SYSTEM) return false;
    if (gate_relation(ctx, entity) & (REL_SUBJECT | REL_APPLICANT | REL_HOLDER)) return false;
    for (size_t i = 0; i < entity->attrs.len; i++)
        if (dictionary_class(ctx->tenant->dictionary, entity, entity->attrs.items[i].name) >=
            CLASS_PERSONAL)
            return true;
    return false;
}

/* A look while it is gathered. */
typedef struct Gathering {
    Ctx *ctx;
    Arena *arena; /* of the command */
    PartLook *look;
} Gathering;

static void subject_add(Gathering *g, Str subject, Str record) {
    vec_push(g->arena, &g->look->subjects, str_dup(g->arena, subject));
    vec_push(g->arena, &g->look->records, str_dup(g->arena, record));
}

/* Whom a stored record is about; it may have gone meanwhile. */
static Rc subject_of(Ctx *ctx, Str id, Str *out) {
    const Entity *whole;
    *out = STR_NONE;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &whole);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    *out = dictionary_subject(ctx->tenant->dictionary, whole);
    return RC_OK;
}

/* The persons of the records that a record lists. */
static Rc about_collect(Gathering *g, const Entity *whole, bool *any) {
    StrVec about;
    dictionary_about(g->ctx->arena, g->ctx->tenant->dictionary, whole, &about);
    *any = about.len > 0;
    VEC_EACH (const Str, id, &about) {
        Str subject;
        TRY(subject_of(g->ctx, *id, &subject));
        subject_add(g, subject, *id);
    }
    return RC_OK;
}

/* The record itself, which names whom it is about; what is shown of it may be masked. */
static Rc whole_of(Gathering *g, const Entity *shown, const Entity **out) {
    *out = shown->whole ? shown->whole : shown;
    if (!str_empty(dictionary_subject(g->ctx->tenant->dictionary, *out))) return RC_OK;
    const Entity *stored;
    Rc rc = ledger_entity(g->ctx, g->ctx->tenant->ledger, shown->id, &stored);
    if (rc == RC_OK) *out = stored;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* One that names nobody is recorded without a person. */
static Rc look_collect(Gathering *g, const Entity *shown) {
    const Entity *whole;
    bool several = false;
    TRY(whole_of(g, shown, &whole));
    Str subject = dictionary_subject(g->ctx->tenant->dictionary, whole);
    if (str_empty(subject)) TRY(about_collect(g, whole, &several));
    if (!several) subject_add(g, subject, shown->id);
    return RC_OK;
}

static Rc look_record(Ctx *ctx, Command *command, const GlassLook *look) {
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    return rc == RC_OK ? rc : glass_break(ctx, look);
}

Rc gate_look_prepare(Ctx *ctx, const Entity *shown, GateLater *out) {
    Gathering gathering = {ctx, ctx->arena, NEW(ctx->arena, PartLook)};
    *out = (GateLater){0};
    if (!gate_is_look(ctx, shown)) return RC_OK;
    TRY(look_collect(&gathering, shown));
    *out = (GateLater){gathering.look->subjects, gathering.look->records};
    return RC_OK;
}

Rc gate_look_later(Ctx *ctx, const Json *stored, const GateLater *later, Str why) {
    const Actor *actor = gate_actor(ctx);
    Outcome outcome;
    if (!later->records.len) return RC_OK;
    CommandHead head = {.kind = STR("look"),
                        .actor = actor->id,
                        .post = actor->post,
                        .purpose = ctx->purpose,
                        .case_id = later->records.len == 1 ? later->records.items[0] : STR_NONE,
                        .channel = STR("notification")};
    Command *command = command_new(ctx->tenant->ledger, head);
    Gathering gathering = {ctx, command_arena(command), NEW(command_arena(command), PartLook)};
    gathering.look->why = str_dup(gathering.arena, why);
    for (size_t i = 0; i < later->records.len; i++)
        subject_add(&gathering, later->subjects.items[i], later->records.items[i]);
    kept_guard_add(ctx, command, stored);
    command_add(command, &part_look, gathering.look);
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    return rc;
}

Rc gate_look(Ctx *ctx, const Entity *const *entities, size_t n, Str why) {
    const Actor *actor = gate_actor(ctx);
    size_t looks = 0, last = 0;
    for (size_t i = 0; i < n; i++)
        if (gate_is_look(ctx, entities[i])) {
            looks++;
            last = i;
        }
    if (!looks) return RC_OK;
    if (str_empty(ctx->purpose))
        return ctx_fail(ctx, RC_DENIED, "needs-purpose", STR_NONE,
                        "Say for which purpose you need this personal data.");
    Ledger *ledger = ctx->tenant->ledger;
    CommandHead head = {.kind = STR("look"),
                        .actor = actor->id,
                        .post = actor->post,
                        .purpose = ctx->purpose,
                        .case_id = looks == 1 ? entities[last]->id : STR_NONE,
                        .channel = actor->token ? STR("api") : STR("web")};
    Command *command = command_new(ledger, head);
    Arena *arena = command_arena(command);
    gate_guard(ctx, command);
    Gathering gathering = {ctx, arena, NEW(arena, PartLook)};
    gathering.look->why = str_dup(arena, why);
    Rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        if (gate_is_look(ctx, entities[i])) rc = look_collect(&gathering, entities[i]);
    command_add(command, &part_look, gathering.look);
    if (rc == RC_OK)
        rc = look_record(ctx, command,
                         &(GlassLook){&head, command_id(command), gathering.look, entities, n});
    command_free(command);
    return rc;
}
