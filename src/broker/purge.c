/* purge: deletes what a query finds, or some attributes of it (clause 5.6.21). */
#include "broker_int.h"

#include <string.h>

enum { PURGE_PAGE = 1000 };

/* What is dropped or kept of each entity; neither: the entity goes. */
typedef struct Purge {
    Request *request;
    StrVec named;
    bool drops, keeps;
    Buf success, errors; /* elements of the answer's arrays, each behind a comma */
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
    return request_terms(purge->request, purge->drops ? "drop" : "keep", names, &purge->named);
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

static void told(Buf *to, const Json *items) {
    for (size_t i = 0; items && i < items->len; i++) {
        if (to->len) buf_add_char(to, ',');
        json_write(to, json_at(items, i));
    }
}

/* One command for those of a page from *from on that are gone into at once, *from then behind them;
 * each is judged for itself. */
static Rc page_purge(Purge *purge, const ProjectAnswer *answer, size_t *from) {
    Request *request = purge->request;
    Command *command = broker_command(request, STR("entity.purge"));
    Arena *arena = command_arena(command);
    PartEntity *items = NEW_ARRAY(arena, PartEntity, answer->entities.len + 1);
    PartBatch *batch = NEW(arena, PartBatch);
    bool whole = !purge->drops && !purge->keeps;
    *batch = (PartBatch){.kind = whole ? &part_entity_delete : &part_entity_append, .items = items};
    for (size_t work = 0; *from < answer->entities.len; ++*from) {
        const Entity *entity = answer->entities.items[*from];
        PartEntity *part = &items[batch->n];
        *part = (PartEntity){.who = {.actor = request->ctx->actor,
                                     .tenant = request->tenant,
                                     .purpose = request->ctx->purpose},
                             .of_batch = true};
        if (!part_fill(purge, entity, part)) continue;
        work += part_work(entity, part);
        if (batch->n && work > BROKER_WORK_MAX / 2) break; /* it may have grown meanwhile */
        command_needs(command, part->id);
        batch->n++;
    }
    Outcome outcome = {0};
    command_add(command, &part_entity_batch, batch);
    Rc rc =
        batch->n ? ledger_execute(request->ctx, request->tenant->ledger, command, &outcome) : RC_OK;
    const Json *result = rc == RC_OK ? outcome.result : NULL;
    told(&purge->errors, result ? json_get(result, STR("errors")) : NULL);
    told(&purge->success, result ? json_get(result, STR("success")) : NULL);
    command_free(command);
    return rc;
}

/* Pages by id: what is deleted makes no page shorter behind it. A page leaves nothing behind but
 * what is told of it, so that any number can be purged. */
static Rc purge_all(Purge *purge, Buf *after) {
    Ctx *ctx = purge->request->ctx;
    bool more = true;
    while (more) {
        ArenaMark mark = arena_mark(ctx->arena);
        ProjectAnswer answer;
        TRY(query_page_after(purge->request, NULL,
                             &(Page){.limit = PURGE_PAGE, .after = buf_str(after)}, &answer));
        if (!answer.entities.len) break;
        for (size_t from = 0; from < answer.entities.len;)
            TRY(page_purge(purge, &answer, &from));
        more = answer.more;
        buf_clear(after);
        buf_add(after, answer.entities.items[answer.entities.len - 1]->id);
        arena_rewind(ctx->arena, mark);
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
    buf_add(&body, STR("{\"success\":["));
    buf_add(&body, buf_str(&purge->success));
    buf_add(&body, STR("],\"errors\":["));
    buf_add(&body, buf_str(&purge->errors));
    buf_add(&body, STR("]}"));
    body.full = body.full || purge->success.full || purge->errors.full;
    request_answer_done(request, 207, &body);
}

void purge_get(HttpExchange *x) {
    Purge purge = {.success = buf_new(NULL, BROKER_ANSWER_MAX),
                   .errors = buf_new(NULL, BROKER_ANSWER_MAX)};
    Buf after = buf_new(NULL, BROKER_ANSWER_MAX);
    Rc rc = request_open(x, &purge.request);
    if (rc == RC_OK) rc = purge_read(&purge);
    if (rc == RC_OK) rc = purge_all(&purge, &after);
    if (rc == RC_OK)
        purge_answer(&purge);
    else
        request_fail(purge.request);
    buf_free(&after);
    buf_free(&purge.errors);
    buf_free(&purge.success);
}
