/* bulk: many entities by one request (clauses 5.6.7 to 5.6.10, 5.6.20). One command, one leaf;
 * each entity is judged for itself. */
#include "broker_int.h"

typedef struct BulkKind {
    const char *kind;
    const PartKind *part;
    EntityForm form;
    HttpHandler handler;
    bool creates; /* 201 with the ids that were created, as create and upsert answer */
} BulkKind;

/* What could not even be read is reported beside what the command refuses. */
typedef struct BulkRun {
    const BulkKind *kind;
    JsonItems unread;
    Merging merging; /* of a merge: what is said of all */
} BulkRun;

static Json read_error(Arena *arena, Str id, const Error *error) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("entityId"), json_of_str(id)};
    members[1] = (JsonMember){STR("error"), *problem_json(arena, error)};
    return json_of_members(members, 2);
}

static Rc payload_array(Request *request) {
    const Json *payload = request->payload;
    if (payload->kind == JSON_ARRAY && payload->len)
        return request_bound(request->ctx, "request-too-large", STR_NONE, payload->len,
                             BROKER_BATCH_MAX);
    return ctx_fail(request->ctx, RC_INVALID, "no-batch", STR_NONE,
                    "A batch is a JSON array with at least one element.");
}

/* Of a deletion the elements are ids (clause 5.6.10). */
static Rc item_read(Request *request, const BulkRun *run, const Json *item, PartEntity *part) {
    Ctx *ctx = request->ctx;
    const BulkKind *kind = run->kind;
    bool deletes = kind->part == &part_entity_delete;
    Entity *fragment;
    Str *id = &part->id;
    if (item->kind != JSON_OBJECT && !(deletes && item->kind == JSON_STRING))
        return ctx_fail(ctx, RC_INVALID, "no-element", STR_NONE, "An element of this batch is %s.",
                        deletes ? "the id of an entity" : "an entity, a JSON object");
    *id = item->kind == JSON_STRING ? json_str(item) : json_get_str(item, "id");
    if (deletes) {
        if (entity_id_ok(*id)) return RC_OK;
        return ctx_fail(ctx, RC_INVALID, "bad-id", STR("id"), "An entity's id is a URI.");
    }
    const LdContext *context;
    TRY(request_context_of(request, item, &context));
    if (kind->part == &part_entity_merge) {
        part->merging = run->merging;
        part->merging.context = context;
        part->merging.payload = item;
        TRY(merging_fragment(ctx, &part->merging, NULL, &fragment));
    } else {
        TRY(entity_read(ctx, context, item, kind->form, &fragment));
    }
    part->fragment = fragment;
    if (!str_empty(fragment->id)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-id", STR("id"), "An entity of a batch needs its id.");
}

/* What has no id is told by its place: the error's member is "[2]", or "[2].id". */
static void unread(Request *request, BulkRun *run, size_t i, Str id) {
    Arena *arena = request->ctx->arena;
    Error error = request->ctx->error;
    if (str_empty(id))
        error.path = str_fmt(arena, "[%zu]%s" STR_FMT, i, str_empty(error.path) ? "" : ".",
                             STR_ARG(error.path));
    vec_push(arena, &run->unread, read_error(arena, id, &error));
}

/* RC_LIMIT: all elements together are too large. */
static Rc bulk_read(Request *request, BulkRun *run, Command *command, PartBatch *batch) {
    Arena *arena = command_arena(command);
    const Json *payload = request->payload;
    const BulkKind *kind = run->kind;
    PartEntity *items = NEW_ARRAY(arena, PartEntity, payload->len);
    Actor *actor = NEW(arena, Actor);
    *actor = *request->ctx->actor;
    PartWho who = {.actor = actor, .tenant = request->tenant, .purpose = request->ctx->purpose};
    *batch = (PartBatch){.kind = kind->part, .items = items};
    size_t attrs = 0;
    for (size_t i = 0; i < payload->len; i++) {
        PartEntity *part = &items[batch->n];
        *part = (PartEntity){.who = who,
                             .of_batch = true,
                             .no_overwrite = request_option(request, "noOverwrite"),
                             .upsert_update = request_option(request, "update")};
        if (item_read(request, run, json_at(payload, i), part) != RC_OK) {
            unread(request, run, i, part->id);
            continue;
        }
        command_needs(command, part->id);
        batch->n++;
        if (part->fragment) attrs += entity_attrs_count(part->fragment);
        TRY(request_bound(request->ctx, "request-too-large", str_fmt(arena, "[%zu]", i), attrs,
                          BROKER_ATTRS_MAX));
    }
    return RC_OK;
}

static void items_join(Arena *arena, JsonItems *to, const Json *from) {
    for (size_t i = 0; from && i < from->len; i++)
        vec_push(arena, to, *json_at(from, i));
}

/* 207 when something went wrong, 201 with the created ids, else 204 (clauses 6.14 to 6.17, 6.31).
 */
static void bulk_answer(Request *request, const BulkRun *run, const Json *result) {
    Arena *arena = request->ctx->arena;
    JsonItems errors = run->unread, success = {0};
    const Json *created = result ? json_get(result, STR("created")) : NULL;
    items_join(arena, &errors, result ? json_get(result, STR("errors")) : NULL);
    items_join(arena, &success, created);
    items_join(arena, &success, result ? json_get(result, STR("success")) : NULL);
    if (errors.len) {
        JsonMember members[] = {
            {STR("success"), json_of_items(success.items, success.len)},
            {STR("errors"), json_of_items(errors.items, errors.len)},
        };
        Json answer = json_of_members(members, 2);
        request_answer_json(request, 207, &answer);
        return;
    }
    if (run->kind->creates && created && created->len)
        request_answer_json(request, 201, created);
    else
        request_answer_empty(request, 204);
}

static void bulk_then(Request *request, const Outcome *outcome, void *arg) {
    bulk_answer(request, arg, outcome->result);
}

static void bulk_operate(HttpExchange *x, const BulkKind *kind) {
    Request *request;
    Rc rc = request_open(x, &request);
    if (request_moved(x, rc, kind->handler)) return;
    if (rc == RC_OK) rc = payload_array(request);
    if (rc != RC_OK) {
        request_fail(request);
        return;
    }
    BulkRun *run = NEW(request->ctx->arena, BulkRun);
    run->kind = kind;
    if (kind->part == &part_entity_merge && merging_read(request, &run->merging) != RC_OK) {
        request_fail(request);
        return;
    }
    Command *command = broker_command(request, str_of(kind->kind));
    PartBatch *batch = NEW(command_arena(command), PartBatch);
    rc = bulk_read(request, run, command, batch);
    if (rc != RC_OK || batch->n == 0) {
        if (rc == RC_OK)
            bulk_answer(request, run, NULL);
        else
            request_fail(request);
        command_free(command);
        return;
    }
    command_add(command, &part_entity_batch, batch);
    broker_submit(request, command, kind->handler, bulk_then, run);
}

void bulk_create(HttpExchange *x) {
    static const BulkKind kind = {"batch.create", &part_entity_create, ENTITY_WHOLE, bulk_create,
                                  true};
    bulk_operate(x, &kind);
}

void bulk_upsert(HttpExchange *x) {
    static const BulkKind kind = {"batch.upsert", &part_entity_upsert, ENTITY_WHOLE, bulk_upsert,
                                  true};
    bulk_operate(x, &kind);
}

void bulk_update(HttpExchange *x) {
    static const BulkKind kind = {"batch.update", &part_entity_append, ENTITY_ATTRS, bulk_update,
                                  false};
    bulk_operate(x, &kind);
}

void bulk_merge(HttpExchange *x) {
    static const BulkKind kind = {"batch.merge", &part_entity_merge, ENTITY_FRAGMENT, bulk_merge,
                                  false};
    bulk_operate(x, &kind);
}

void bulk_delete(HttpExchange *x) {
    static const BulkKind kind = {"batch.delete", &part_entity_delete, ENTITY_FRAGMENT, bulk_delete,
                                  false};
    bulk_operate(x, &kind);
}
