/* purge: deletes what a query finds, or some attributes of it (clause 5.6.21). */
#include "broker_int.h"

#include <string.h>

enum { PURGE_PAGE = 1000 };

/* What is dropped or kept of each entity; neither: the entity goes. */
typedef struct Purge {
    Request *request;
    StrVec named;
    bool drops, keeps;
    JsonItems success, errors;
} Purge;

static Rc bad(Purge *purge, const char *param, const char *sentence) {
    return ctx_fail(purge->request->ctx, RC_INVALID, "bad-query", str_of(param), "%s", sentence);
}

static Rc purge_read(Purge *purge) {
    const HttpExchange *x = purge->request->x;
    Str drop = http_query_or(x, "drop", STR_NONE), keep = http_query_or(x, "keep", STR_NONE);
    purge->drops = !str_empty(drop);
    purge->keeps = !str_empty(keep);
    if (purge->drops && purge->keeps) return bad(purge, "keep", "Either drop or keep, not both.");
    if (!str_empty(http_query_or(x, "join", STR_NONE)))
        return bad(purge, "join", "Linked entities are not purged.");
    Str names = purge->drops ? drop : keep;
    if (memchr(names.ptr ? names.ptr : "", '{', names.len) ||
        str_find_char(http_query_or(x, "q", STR_NONE), '{') >= 0)
        return bad(purge, "q", "Linked entities are not purged.");
    request_terms(purge->request, names, &purge->named);
    return RC_OK;
}

static bool named(const Purge *purge, Str iri) {
    for (size_t i = 0; i < purge->named.len; i++)
        if (str_eq(purge->named.items[i], iri)) return true;
    return false;
}

/* ---- what becomes of one entity ---- */

static void fragment_fill(Purge *purge, const Entity *entity, Entity *fragment) {
    Arena *arena = purge->request->ctx->arena;
    for (size_t i = 0; i < entity->attrs.len; i++) {
        const Attr *attr = &entity->attrs.items[i];
        if (named(purge, attr->name) == purge->keeps) continue;
        Json *null = NEW(arena, Json);
        *null = json_of_str(ENTITY_NULL);
        Attr gone = {.name = attr->name,
                     .kind = ATTR_UNSAID,
                     .dataset_id = attr->dataset_id,
                     .value = null,
                     .observed_at = TIME_NONE,
                     .created_at = TIME_NONE,
                     .modified_at = TIME_NONE,
                     .deleted_at = TIME_NONE,
                     .expires_at = TIME_NONE};
        vec_push(arena, &fragment->attrs, gone);
    }
}

static bool part_fill(Purge *purge, const Entity *entity, PartEntity *part) {
    Arena *arena = purge->request->ctx->arena;
    part->id = str_dup(arena, entity->id);
    if (!purge->drops && !purge->keeps) return true;
    Entity *fragment = entity_new(arena, part->id, STR_NONE);
    fragment->types = (StrVec){0};
    fragment_fill(purge, entity, fragment);
    part->fragment = fragment;
    return fragment->attrs.len > 0;
}

/* One command for a page of entities; each is judged for itself. */
static Rc page_purge(Purge *purge, const ProjectAnswer *answer, size_t *changed) {
    Request *request = purge->request;
    Command *command = broker_command(request, STR("entity.purge"));
    Arena *arena = command_arena(command);
    PartEntity *items = NEW_ARRAY(arena, PartEntity, answer->entities.len + 1);
    PartBatch *batch = NEW(arena, PartBatch);
    bool whole = !purge->drops && !purge->keeps;
    *batch = (PartBatch){.kind = whole ? &part_entity_delete : &part_entity_append, .items = items};
    for (size_t i = 0; i < answer->entities.len; i++) {
        items[batch->n] = (PartEntity){.who = {.actor = request->ctx->actor,
                                               .tenant = request->tenant,
                                               .purpose = request->ctx->purpose}};
        if (!part_fill(purge, answer->entities.items[i], &items[batch->n])) continue;
        command_needs(command, items[batch->n].id);
        batch->n++;
    }
    *changed = batch->n;
    Outcome outcome = {0};
    command_add(command, &part_entity_batch, batch);
    Rc rc =
        batch->n ? ledger_execute(request->ctx, request->tenant->ledger, command, &outcome) : RC_OK;
    const Json *result = rc == RC_OK ? outcome.result : NULL;
    const Json *errors = result ? json_get(result, STR("errors")) : NULL;
    const Json *success = result ? json_get(result, STR("success")) : NULL;
    for (size_t i = 0; errors && i < errors->len; i++)
        vec_push(request->ctx->arena, &purge->errors,
                 *json_dup(request->ctx->arena, json_at(errors, i)));
    for (size_t i = 0; success && i < success->len; i++)
        vec_push(request->ctx->arena, &purge->success,
                 *json_dup(request->ctx->arena, json_at(success, i)));
    command_free(command);
    return rc;
}

/* Pages by id: what is deleted makes no page shorter behind it. */
static Rc purge_all(Purge *purge) {
    Str after = STR_NONE;
    bool more = true;
    while (more) {
        ProjectAnswer answer;
        size_t changed;
        TRY(query_page_after(purge->request, NULL, &(Page){.limit = PURGE_PAGE, .after = after},
                             &answer));
        if (!answer.entities.len) break;
        after =
            str_dup(purge->request->ctx->arena, answer.entities.items[answer.entities.len - 1]->id);
        more = answer.more;
        TRY(page_purge(purge, &answer, &changed));
    }
    return RC_OK;
}

static void purge_answer(Purge *purge) {
    Request *request = purge->request;
    if (!purge->errors.len) {
        request_answer_empty(request, 204);
        return;
    }
    Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
    JsonMember members[] = {
        {STR("success"), json_of_items(purge->success.items, purge->success.len)},
        {STR("errors"), json_of_items(purge->errors.items, purge->errors.len)},
    };
    Json answer = json_of_members(members, 2);
    json_write(&body, &answer);
    request->accept = ACCEPT_JSON;
    request_answer(request, 207, buf_str(&body));
}

void purge_get(HttpExchange *x) {
    Purge purge = {0};
    Rc rc = request_open(x, &purge.request);
    if (rc == RC_OK) rc = purge_read(&purge);
    if (rc == RC_OK) rc = purge_all(&purge);
    if (rc == RC_OK)
        purge_answer(&purge);
    else
        request_fail(purge.request);
}
