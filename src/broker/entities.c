/* entities: provision and retrieval of single entities and attributes (clauses 5.6.1
 * to 5.6.6, 5.6.17 to 5.6.19, 5.7.1). */
#include "broker_int.h"

/* ---- reading the request ---- */

static Rc id_read(Request *request, Str *id) {
    *id = http_path_param(request->x, "entityId");
    if (entity_id_ok(*id)) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "bad-id", STR("entityId"),
                    "An entity's id is a URI: \"" STR_FMT "\" is none.", STR_ARG(*id));
}

/* What the wait needs when the answer is written. */
typedef struct Writing {
    Str id;
} Writing;

static void answer_no_content(Request *request, const Outcome *outcome, void *arg) {
    (void)outcome;
    (void)arg;
    request_answer_empty(request, 204);
}

/* Opens, or answers, or moves to the pool: false when there is nothing more to do. */
static bool opened(HttpExchange *x, HttpHandler handler, Request **request) {
    Rc rc = request_open(x, request);
    if (rc == RC_OK) return true;
    if (!request_moved(x, rc, handler)) request_fail(*request);
    return false;
}

/* ---- whole entities ---- */

static void answer_created(Request *request, const Outcome *outcome, void *arg) {
    const Writing *writing = arg;
    Str id = http_url_encode(request->ctx->arena, writing->id);
    (void)outcome;
    http_set_header(request->x, "Location",
                    str_fmt(request->ctx->arena, "/ngsi-ld/v1/entities/" STR_FMT, STR_ARG(id)));
    request_answer_empty(request, 201);
}

void entities_create(HttpExchange *x) {
    Request *request;
    Entity *entity;
    if (!opened(x, entities_create, &request)) return;
    if (entity_read(request->ctx, request->context, request->payload, ENTITY_WHOLE, &entity) !=
        RC_OK) {
        request_fail(request);
        return;
    }
    Command *command = broker_command(request, STR("entity.create"));
    PartEntity *part = part_entity(request, command, entity->id);
    Writing *writing = NEW(request->ctx->arena, Writing);
    part->fragment = entity;
    writing->id = entity->id;
    command_add(command, &part_entity_create, part);
    broker_submit(request, command, entities_create, answer_created, writing);
}

/* What the operations on an existing entity differ in. */
typedef struct Operation {
    const char *kind;
    const PartKind *part;
    EntityForm form;
    SubmitThen then;
    HttpHandler handler;
} Operation;

/* What the parameters change about a fragment is settled where it meets the newest state. */
static Rc fragment_read(Request *request, const Operation *operation, Str id, Merging *merging,
                        Entity **out) {
    if (operation->part == &part_entity_merge) {
        TRY(merging_read(request, merging));
        merging->context = request->context;
        merging->payload = request->payload;
        TRY(merging_fragment(request->ctx, merging, NULL, out));
        if (!merging->simplified && merging->observed_at == TIME_NONE) merging->payload = NULL;
    } else {
        TRY(entity_read(request->ctx, request->context, request->payload, operation->form, out));
    }
    if (str_empty((*out)->id) || str_eq((*out)->id, id)) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "other-id", STR("id"),
                    "The id in the body is not the one in the address.");
}

static void operate(HttpExchange *x, const Operation *operation) {
    Request *request;
    Entity *fragment = NULL;
    Str id;
    if (!opened(x, operation->handler, &request)) return;
    const Match *selector = NULL;
    Rc rc = id_read(request, &id);
    if (rc == RC_OK) rc = request_selector(request, &selector);
    Conditions conditions = {0};
    if (rc == RC_OK) rc = condition_read(request, &conditions);
    Merging merging = {0};
    if (rc == RC_OK && request->payload)
        rc = fragment_read(request, operation, id, &merging, &fragment);
    if (rc != RC_OK) {
        request_fail(request);
        return;
    }
    Command *command = broker_command(request, str_of(operation->kind));
    PartEntity *part = part_entity(request, command, id);
    part->fragment = fragment;
    part->selector = selector;
    part->conditions = conditions;
    part->merging = merging;
    part->no_overwrite = request_option(request, "noOverwrite");
    command_add(command, operation->part, part);
    broker_submit(request, command, operation->handler, operation->then, NULL);
}

void entities_replace(HttpExchange *x) {
    static const Operation operation = {"entity.replace", &part_entity_replace, ENTITY_REPLACEMENT,
                                        answer_no_content, entities_replace};
    operate(x, &operation);
}

void entities_merge(HttpExchange *x) {
    static const Operation operation = {"entity.merge", &part_entity_merge, ENTITY_FRAGMENT,
                                        answer_no_content, entities_merge};
    operate(x, &operation);
}

void entities_delete(HttpExchange *x) {
    static const Operation operation = {"entity.delete", &part_entity_delete, ENTITY_FRAGMENT,
                                        answer_no_content, entities_delete};
    operate(x, &operation);
}

/* Names of a result list, compacted. */
static Json terms_json(Request *request, const Json *iris) {
    Arena *arena = request->ctx->arena;
    JsonItems items = {0};
    for (size_t i = 0; iris && i < iris->len; i++)
        vec_push(arena, &items,
                 json_of_str(ld_compact(request->context, arena, json_str(json_at(iris, i)))));
    return json_of_items(items.items, items.len);
}

static Json refused_json(Request *request, const Json *refused) {
    Arena *arena = request->ctx->arena;
    JsonItems items = {0};
    for (size_t i = 0; i < refused->len; i++) {
        const Json *one = json_at(refused, i);
        JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
        Str name = ld_compact(request->context, arena, json_get_str(one, "attributeName"));
        members[0] = (JsonMember){STR("attributeName"), json_of_str(name)};
        members[1] = (JsonMember){STR("reason"), json_of_str(json_get_str(one, "reason"))};
        vec_push(arena, &items, json_of_members(members, 2));
    }
    return json_of_items(items.items, items.len);
}

/* 204 when all was done, 207 with an UpdateResult when something was not
 * (clauses 6.6.3.1, 6.6.3.2). */
static void answer_updates(Request *request, const Outcome *outcome, void *arg) {
    (void)arg;
    const Json *refused = outcome->result ? json_get(outcome->result, STR("notUpdated")) : NULL;
    if (!refused || !refused->len) {
        request_answer_empty(request, 204);
        return;
    }
    JsonMember members[] = {
        {STR("updated"), terms_json(request, json_get(outcome->result, STR("updated")))},
        {STR("notUpdated"), refused_json(request, refused)},
    };
    Json answer = json_of_members(members, 2);
    request_answer_json(request, 207, &answer);
}

void entities_append(HttpExchange *x) {
    static const Operation operation = {"entity.append", &part_entity_append, ENTITY_ATTRS,
                                        answer_updates, entities_append};
    operate(x, &operation);
}

void entities_update(HttpExchange *x) {
    static const Operation operation = {"entity.update", &part_entity_update, ENTITY_ATTRS,
                                        answer_updates, entities_update};
    operate(x, &operation);
}

/* ---- one attribute ---- */

static Rc attr_fragment(Request *request, Str id, Str iri, EntityForm form, Entity **out) {
    Entity *fragment = NEW(request->ctx->arena, Entity);
    *fragment = (Entity){.id = id,
                         .created_at = TIME_NONE,
                         .modified_at = TIME_NONE,
                         .deleted_at = TIME_NONE,
                         .expires_at = TIME_NONE};
    *out = fragment;
    EntityInput input = {.context = request->context, .form = form, .iri = iri};
    return entity_read_attr(request->ctx, &input, request->payload, &fragment->attrs);
}

/* A scope is a member of the entity: it can be deleted like an attribute, not written like one
 * (clauses 5.6.4, 5.6.5, 5.6.19). */
static Rc attr_name(Request *request, const Operation *operation, Str *iri) {
    Str name = http_path_param(request->x, "attrId");
    bool scope = str_eq(name, STR("scope"));
    *iri = scope ? name : ld_expand(request->context, request->ctx->arena, name);
    if (entity_name_valid(name) && (!scope || operation->part == &part_attr_delete)) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "bad-name", STR("attrId"),
                    "\"" STR_FMT "\" is no name of an attribute that can be written.",
                    STR_ARG(str_head(name, 200)));
}

static void attr_operate(HttpExchange *x, const Operation *operation) {
    Request *request;
    Entity *fragment = NULL;
    Str id;
    if (!opened(x, operation->handler, &request)) return;
    Str iri = STR_NONE;
    const Match *selector = NULL;
    Rc rc = id_read(request, &id);
    if (rc == RC_OK) rc = attr_name(request, operation, &iri);
    Conditions conditions = {0};
    if (rc == RC_OK) rc = request_selector(request, &selector);
    if (rc == RC_OK) rc = condition_read(request, &conditions);
    if (rc == RC_OK && request->payload)
        rc = attr_fragment(request, id, iri, operation->form, &fragment);
    if (rc != RC_OK) {
        request_fail(request);
        return;
    }
    Command *command = broker_command(request, str_of(operation->kind));
    PartEntity *part = part_entity(request, command, id);
    part->fragment = fragment;
    part->selector = selector;
    part->conditions = conditions;
    part->attr = iri;
    part->dataset_id = http_query_or(x, "datasetId", STR_NONE);
    part->all_datasets = str_eq(http_query_or(x, "deleteAll", STR_NONE), STR("true"));
    command_add(command, operation->part, part);
    broker_submit(request, command, operation->handler, operation->then, NULL);
}

void attrs_partial(HttpExchange *x) {
    static const Operation operation = {"attr.partial", &part_attr_partial, ENTITY_FRAGMENT,
                                        answer_no_content, attrs_partial};
    attr_operate(x, &operation);
}

void attrs_replace(HttpExchange *x) {
    static const Operation operation = {"attr.replace", &part_attr_replace, ENTITY_WHOLE,
                                        answer_no_content, attrs_replace};
    attr_operate(x, &operation);
}

void attrs_delete(HttpExchange *x) {
    static const Operation operation = {"attr.delete", &part_attr_delete, ENTITY_WHOLE,
                                        answer_no_content, attrs_delete};
    attr_operate(x, &operation);
}

/* ---- retrieval ---- */

static Rc retrieve(Request *request, const Entity **out) {
    Ctx *ctx = request->ctx;
    Str id, type = http_query_or(request->x, "type", STR_NONE);
    TRY(id_read(request, &id));
    Rc rc = ledger_entity(ctx, request->tenant->ledger, id, out);
    if (rc == RC_NOT_FOUND)
        return ctx_fail(ctx, rc, "no-entity", id, "There is no entity with this id.");
    TRY(rc);
    *out = gate_view(ctx, NULL, *out);
    bool typed = *out && (str_empty(type) ||
                          entity_has_type(*out, ld_expand(request->context, ctx->arena, type)));
    if (typed) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-entity", id, "There is no entity with this id.");
}

static Rc asked_attrs_present(Request *request, const Entity *entity,
                              const RenderOptions *options) {
    Str attrs;
    if (!http_query(request->x, "attrs", &attrs)) return RC_OK;
    for (size_t i = 0; i < options->pick.len; i++)
        if (entity_attr(entity, options->pick.items[i])) return RC_OK;
    return ctx_fail(request->ctx, RC_NOT_FOUND, "no-attribute", STR("attrs"),
                    "The entity has none of these attributes.");
}

/* One retrieval, from the question to the bytes. */
typedef struct Retrieval {
    RenderOptions options;
    const Entity *entity;
    Linked linked;
    RenderKey key;
    bool keeps; /* the answer is looked for among those kept, and kept */
    uint64_t version;
    Str body;
} Retrieval;

static Rc retrieval_begin(Request *request, Retrieval *retrieval) {
    Str type;
    TRY(request_linked_options(request, NULL, &retrieval->options, &retrieval->linked));
    retrieval->keeps = !retrieval->linked.levels &&
                       kept_key(request, &retrieval->options, &retrieval->key) &&
                       !http_query(request->x, "type", &type);
    return RC_OK;
}

static bool retrieval_kept(Request *request, Retrieval *retrieval) {
    if (!retrieval->keeps) return false;
    Str id = http_path_param(request->x, "entityId");
    const Version *newest = ledger_version(request->tenant->ledger, id);
    const Str *kept = kept_find(newest, &retrieval->key);
    if (!kept) return false;
    retrieval->version = version_position(newest);
    retrieval->body = *kept;
    return true;
}

static Rc retrieval_draw(Request *request, Retrieval *retrieval) {
    Ctx *ctx = request->ctx;
    Buf body = buf_new(ctx->arena, BROKER_ANSWER_MAX);
    RenderOptions *options = &retrieval->options;
    Linked *linked = &retrieval->linked;
    TRY(linked_find(request, &retrieval->entity, 1, options, linked));
    if (linked->levels && !linked->flat) options->links = &linked->links;
    if (linked->flat) buf_add_char(&body, '[');
    render_entity(&body, request->context, retrieval->entity, options, ctx->scratch);
    linked_write(request, linked, &(LinkedAnswer){&retrieval->entity, 1, options}, &body);
    if (linked->flat) buf_add_char(&body, ']');
    retrieval->body = buf_str(&body);
    return buf_rc(&body);
}

/* A look at personal data is durable before the data leave, so it waits on the pool; and it is one
 * each time, so its answer is not kept. */
static Rc retrieve_and_look(Request *request, Retrieval *retrieval) {
    Rendering rendering = {.key = retrieval->key,
                           .erasures = ledger_erasures(request->tenant->ledger)};
    TRY(retrieve(request, &retrieval->entity));
    retrieval->version = retrieval->entity->version;
    TRY(asked_attrs_present(request, retrieval->entity, &retrieval->options));
    if (!shape_leaves(&retrieval->options, retrieval->entity))
        return ctx_fail(request->ctx, RC_NOT_FOUND, "no-attribute", STR("pick"),
                        "The entity has none of these members.");
    bool look = gate_is_look(request->ctx, retrieval->entity);
    if ((look || retrieval->linked.levels) && !request->ctx->db) return RC_BUSY;
    if (look) TRY(gate_look(request->ctx, &retrieval->entity, 1, STR("NGSI-LD API")));
    TRY(retrieval_draw(request, retrieval));
    rendering.bytes = retrieval->body;
    if (!look && retrieval->keeps) kept_put(request, retrieval->entity, &rendering);
    return RC_OK;
}

/* With the tag that a write may ask back by If-Match. */
static void answer_shown(Request *request, const Retrieval *retrieval) {
    Str tag = condition_tag(request->ctx->arena, retrieval->version, retrieval->body);
    Str had = http_header(request->x, "If-None-Match");
    http_set_header(request->x, "ETag", tag);
    if (str_eq(str_trim(had), STR("*")) || str_find(had, tag) >= 0)
        request_answer_empty(request, 304);
    else
        request_answer(request, 200, retrieval->body);
}

void entities_get(HttpExchange *x) {
    Request *request;
    Retrieval retrieval = {0};
    if (!opened(x, entities_get, &request)) return;
    Rc rc = retrieval_begin(request, &retrieval);
    if (rc == RC_OK && !retrieval_kept(request, &retrieval))
        rc = retrieve_and_look(request, &retrieval);
    if (rc == RC_OK) {
        answer_shown(request, &retrieval);
        return;
    }
    if (rc == RC_BUSY && !request->ctx->db) {
        request_close(request);
        (void)request_moved(x, rc, entities_get);
        return;
    }
    request_fail(request);
}
