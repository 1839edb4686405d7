/* correct: what is taken out of an evolution, or said anew in it (clauses 5.6.13 to 5.6.16). The
   ledger keeps what was; the history, a projection, follows a note. What an entity is now stays:
   only its evolution changes. */
#include "broker_int.h"

enum { DROPPED_MAX = 100000 };

/* ---- the part ---- */

typedef struct PartHistory {
    PartWho who;
    GateAction action;
    StrVec types;
    Str attr; /* empty: of all */
    StageNote note;
} PartHistory;

static Rc history_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartHistory *part = args;
    Ctx own = *ctx;
    (void)stage;
    own.actor = (Actor *)part->who.actor;
    own.tenant = part->who.tenant;
    own.purpose = part->who.purpose;
    Entity typed = {.types = part->types};
    Rc rc = part_not_owned(ctx, &part->who, &typed, part->note.about);
    own.error = ctx->error;
    for (size_t i = 0; i < part->types.len && rc == RC_OK; i++) {
        GateAsk ask = {.action = part->action,
                       .type = part->types.items[i],
                       .attr = part->attr,
                       .class = dictionary_class(part->who.tenant->dictionary, &typed, part->attr)};
        rc = gate_check(&own, &ask);
    }
    ctx->error = own.error;
    return rc;
}

static Rc history_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartHistory *part = args;
    (void)ctx;
    stage_note(stage, &part->note);
    return RC_OK;
}

static const PartKind part_history = {"history.note", 1, history_guard, history_apply};

/* ---- reading the request ---- */

/* One correction on its way. */
typedef struct Correction {
    Request *request;
    Str id, attr, instance; /* attr, instance: empty where the address names none */
    History history;        /* what there is of it */
    JsonItems chosen;       /* the instances meant */
    JsonMembers clear;
} Correction;

static Rc bad_name(Correction *c, const char *name, const char *sentence) {
    return ctx_fail(c->request->ctx, RC_INVALID, "bad-name", str_of(name), "%s", sentence);
}

static Rc address_read(Correction *c, bool attr, bool instance) {
    const HttpExchange *x = c->request->x;
    c->id = http_path_param(x, "entityId");
    if (!entity_id_ok(c->id)) return bad_name(c, "entityId", "An entity's id is a URI.");
    if (!attr) return RC_OK;
    Str name = http_path_param(x, "attrId");
    if (!entity_name_valid(name)) return bad_name(c, "attrId", "This is no name of an attribute.");
    c->attr = ld_expand(c->request->context, c->request->ctx->arena, name);
    if (!instance) return RC_OK;
    c->instance = http_path_param(x, "instanceId");
    if (!ld_is_iri(c->instance)) return bad_name(c, "instanceId", "An instance's id is a URI.");
    return RC_OK;
}

static Rc nothing_there(Correction *c) {
    return ctx_fail(c->request->ctx, RC_NOT_FOUND, "no-history", c->id,
                    "There is no such part of a temporal evolution.");
}

static Rc history_find(Correction *c) {
    Ctx *ctx = c->request->ctx;
    HistoryQuery query = {.id = c->id, .limit = DROPPED_MAX};
    query.window = (TemporalQuery){.from = TIME_NONE, .to = TIME_NONE};
    if (c->attr.len) vec_push(ctx->arena, &query.attrs, c->attr);
    TRY(project_history(ctx, c->request->tenant->project, &query, &c->history));
    if (!gate_view(ctx, NULL, c->history.entity)) return nothing_there(c);
    if (!c->history.cut || !c->attr.len) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "answer-too-large", STR("attrId"),
                    "The attribute has more than %d instances: delete it with deleteAll=true.",
                    DROPPED_MAX);
}

/* The time by which the history keeps an instance. */
static void choose(Correction *c, const Attr *attr) {
    Arena *arena = c->request->ctx->arena;
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    int64_t at = attr->observed_at != TIME_NONE ? attr->observed_at : attr->modified_at;
    members[0] = (JsonMember){STR("id"), json_of_str(attr->instance_id)};
    members[1] = (JsonMember){STR("time"), json_of_int(at)};
    vec_push(arena, &c->chosen, json_of_members(members, 2));
}

static void say(Correction *c, const char *name, Json value) {
    vec_push(c->request->ctx->arena, &c->clear, (JsonMember){str_of(name), value});
}

/* ---- submitting ---- */

/* Answered once the history has followed. */
static void submit(Correction *c, const char *kind, GateAction action) {
    Request *request = c->request;
    Command *command = broker_command(request, str_of(kind));
    Arena *arena = command_arena(command);
    PartHistory *part = NEW(arena, PartHistory);
    Actor *actor = NEW(arena, Actor);
    Json *clear = NEW(arena, Json);
    *actor = *request->ctx->actor;
    *clear = json_of_members(c->clear.items, c->clear.len);
    *part = (PartHistory){
        .who = {.actor = actor, .tenant = request->tenant, .purpose = request->ctx->purpose},
        .action = action,
        .types = c->history.entity->types,
        .attr = c->attr,
        .note = {.kind = str_of(kind), .about = c->id, .clear = clear}};
    command_add(command, &part_history, part);
    Outcome outcome = {0};
    Rc rc = ledger_execute(request->ctx, request->tenant->ledger, command, &outcome);
    command_free(command);
    if (rc == RC_OK) rc = project_drain(request->ctx, request->tenant->project, outcome.position);
    if (rc == RC_OK)
        request_answer_empty(request, 204);
    else
        request_fail(request);
}

static bool corrected(HttpExchange *x, Correction *c, Rc rc, HttpHandler handler) {
    if (rc == RC_OK) return true;
    if (!request_moved(x, rc, handler)) request_fail(c->request);
    return false;
}

/* ---- the whole evolution (clause 5.6.16) ---- */

void temporal_delete(HttpExchange *x) {
    Correction c = {0};
    Rc rc = request_open(x, &c.request);
    if (rc == RC_OK) rc = address_read(&c, false, false);
    if (rc == RC_OK) rc = history_find(&c);
    if (corrected(x, &c, rc, temporal_delete)) submit(&c, HISTORY_DROP, ACT_DELETE);
}

/* ---- an attribute (clause 5.6.13) ---- */

/* Without deleteAll the default instances, or those of the datasetId. */
static Rc attr_choose(Correction *c) {
    const HttpExchange *x = c->request->x;
    Str dataset = http_query_or(x, "datasetId", STR_NONE);
    const Attrs *attrs = &c->history.entity->attrs;
    if (!attrs->len) return nothing_there(c);
    say(c, "attr", json_of_str(c->attr));
    if (str_eq(http_query_or(x, "deleteAll", STR_NONE), STR("true"))) return RC_OK;
    VEC_EACH (Attr, attr, attrs)
        if (str_eq(attr->dataset_id, dataset)) choose(c, attr);
    if (!c->chosen.len) return nothing_there(c);
    say(c, "instances", json_of_items(c->chosen.items, c->chosen.len));
    return RC_OK;
}

void temporal_attr_delete(HttpExchange *x) {
    Correction c = {0};
    Rc rc = request_open(x, &c.request);
    if (rc == RC_OK) rc = address_read(&c, true, false);
    if (rc == RC_OK) rc = history_find(&c);
    if (rc == RC_OK) rc = attr_choose(&c);
    if (corrected(x, &c, rc, temporal_attr_delete)) submit(&c, HISTORY_DROP, ACT_DELETE);
}

/* ---- an instance (clauses 5.6.14, 5.6.15) ---- */

static Rc instance_choose(Correction *c, const Attr **out) {
    VEC_EACH (Attr, attr, &c->history.entity->attrs) {
        if (!str_eq(attr->instance_id, c->instance)) continue;
        *out = attr;
        choose(c, attr);
        say(c, "attr", json_of_str(c->attr));
        say(c, "instances", json_of_items(c->chosen.items, c->chosen.len));
        return RC_OK;
    }
    return nothing_there(c);
}

static Rc instance_find(HttpExchange *x, Correction *c, const Attr **out) {
    TRY(request_open(x, &c->request));
    TRY(address_read(c, true, true));
    TRY(history_find(c));
    return instance_choose(c, out);
}

void temporal_instance_delete(HttpExchange *x) {
    Correction c = {0};
    const Attr *was;
    Rc rc = instance_find(x, &c, &was);
    if (corrected(x, &c, rc, temporal_instance_delete)) submit(&c, HISTORY_DROP, ACT_DELETE);
}

/* What the fragment makes of the instance: members it has replace, the others stay. The body is the
 * instance, or an entity fragment with this one attribute. */
static Rc instance_changed(Correction *c, const Attr *was) {
    Request *request = c->request;
    Ctx *ctx = request->ctx;
    const Json *payload = request->payload;
    Str name = http_path_param(request->x, "attrId");
    if (json_get(payload, name)) payload = json_get(payload, name);
    if (payload->kind == JSON_ARRAY && payload->len == 1) payload = json_at(payload, 0);
    EntityInput input = {.context = request->context, .form = ENTITY_FRAGMENT, .iri = c->attr};
    Attrs fragment = {0};
    TRY(entity_read_attr(ctx, &input, payload, &fragment));
    Entity *before = entity_new(ctx->arena, c->id, c->history.entity->types.items[0]);
    Attr plain = *was;
    plain.instance_id = STR_NONE;
    vec_push(ctx->arena, &before->attrs, plain);
    VEC_EACH (Attr, attr, &fragment)
        attr->dataset_id = was->dataset_id;
    Delta *delta;
    TRY(delta_partial(ctx, before, &fragment, &delta));
    if (delta->after->attrs.len != 1)
        return ctx_fail(ctx, RC_INVALID, "bad-instance", name,
                        "An instance is changed into one instance: to take it away, DELETE it.");
    Entity *one = entity_new(ctx->arena, STR("urn:x:x"), STR("x"));
    Attr now = delta->after->attrs.items[0];
    now.created_at = was->created_at;
    vec_push(ctx->arena, &one->attrs, now);
    Buf text = buf_new(ctx->arena, BROKER_BODY_MAX);
    const Json *stored;
    entity_encode(&text, one);
    TRY(buf_rc(&text));
    TRY(json_read(ctx, buf_str(&text), (JsonLimits){.bytes = BROKER_BODY_MAX, .depth = 1000},
                  &stored));
    say(c, "entity", *stored);
    return RC_OK;
}

void temporal_instance_update(HttpExchange *x) {
    Correction c = {0};
    const Attr *was;
    Rc rc = instance_find(x, &c, &was);
    if (rc == RC_OK) rc = instance_changed(&c, was);
    if (corrected(x, &c, rc, temporal_instance_update)) submit(&c, HISTORY_CORRECT, ACT_UPDATE);
}
