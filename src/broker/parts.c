#include "broker_int.h"

/* Attribute by attribute: what an append or update did, for the UpdateResult (clause 5.2.18). */
typedef struct Updates {
    JsonItems updated, refused;
} Updates;

/* ---- rights and rules, on the newest state ---- */

static Ctx ctx_as(const Ctx *ctx, const PartWho *who) {
    Ctx own = *ctx;
    own.actor = (Actor *)who->actor;
    own.tenant = who->tenant;
    own.purpose = who->purpose;
    return own;
}

#define ID_PREFIX "urn:ngsi-ld:"

/* What only procedures, decisions and the gate write, by parts of their own: through this face
   nobody moves a case, a slot, a number or an account, whatever the policies grant him elsewhere,
   and nobody takes an id that these rooms find their records by. */
static bool owned_elsewhere(const Entity *typed, Str id) {
    static const char *const types[] = {"Application",   "Decision",       "Slot",
                                        "Counter",       "TouchTime",      "Account",
                                        "Person",        "Token",          "Post",
                                        "Organisation",  "Release",        "Tally",
                                        "Dataset",       "DatasetVersion", "PersonLink",
                                        "DecisionPart",  "Absence",        "RecordFile",
                                        "Letter",        "Message",        "Visit",
                                        "VisitDesk",     "Payment",        "Lottery",
                                        "LotteryTicket", "Procedure",      "ProcedureVersion",
                                        "AutomaticRule", "Passkey",        "OutsideIdentity",
                                        "Meeting",       "MeetingItem",    "CounterTablet",
                                        "Handover",      "Duty",           "ProcedureTransition"};
    Str rest =
        str_starts(id, STR(ID_PREFIX)) ? str_sub(id, sizeof ID_PREFIX - 1, id.len) : STR_NONE;
    Str named = STR_NONE;
    if (str_find_char(rest, ':') >= 0) (void)str_split(&rest, ':', &named);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (str_eq(named, str_of(types[i]))) return true;
        for (size_t t = 0; t < typed->types.len; t++) {
            Str iri = typed->types.items[t];
            if (str_starts(iri, STR(LD_DEFAULT)) &&
                str_eq(str_sub(iri, sizeof LD_DEFAULT - 1, iri.len), str_of(types[i])))
                return true;
        }
    }
    return false;
}

Rc part_not_owned(Ctx *ctx, const PartWho *who, const Entity *typed, Str id) {
    if (who->actor->roles & 1u << ROLE_SANDBOX || !owned_elsewhere(typed, id)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "owned", id,
                    "Records of this type move by procedures only, not through this interface.");
}

/* With several types every one of them must permit. */
static Rc attr_right(Ctx *own, GateAction action, const Entity *typed, Str attr) {
    GateAsk ask = {.action = action,
                   .attr = attr,
                   .class = dictionary_class(own->tenant->dictionary, typed, attr)};
    for (size_t t = 0; t < typed->types.len; t++) {
        ask.type = typed->types.items[t];
        TRY(gate_check(own, &ask));
    }
    return RC_OK;
}

static Rc attrs_right(Ctx *own, GateAction action, const Entity *typed, const Attrs *attrs) {
    for (size_t i = 0; i < attrs->len; i++)
        TRY(attr_right(own, action, typed, attrs->items[i].name));
    return RC_OK;
}

/* May the actor do this to every attribute that the fragment touches, in an entity of these types?
   goes: whose attributes go with it, too; may be NULL. */
static Rc rights(Ctx *ctx, const PartEntity *part, GateAction action, const Entity *typed,
                 const Entity *goes) {
    TRY(part_not_owned(ctx, &part->who, typed, part->id));
    Ctx own = ctx_as(ctx, &part->who);
    Rc rc = attr_right(&own, action, typed, part->attr);
    if (rc == RC_OK && part->fragment)
        rc = attrs_right(&own, action, typed, &part->fragment->attrs);
    if (rc == RC_OK && goes) rc = attrs_right(&own, action, typed, &goes->attrs);
    ctx->error = own.error;
    return rc;
}

static Rc not_found(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-entity", id, "There is no entity with this id.");
}

/* What an actor may not see does not exist for him. */
static Rc present(Ctx *ctx, Stage *stage, const PartEntity *part, const Entity **out) {
    Ctx own = ctx_as(ctx, &part->who);
    *out = stage_entity(stage, part->id);
    const Entity *seen = *out ? gate_view(&own, NULL, *out) : NULL;
    if (!seen || (part->selector && !match_entity(part->selector, seen, ctx->scratch)))
        return not_found(ctx, part->id);
    return condition_check(ctx, &part->conditions, seen->version);
}

/* Of the types that it has, and of those that it gets: nobody makes of what he may write what he
 * may not. */
static Entity types_of_both(Arena *arena, const Entity *before, const Entity *fragment) {
    Entity both = {.types = before->types};
    if (!fragment || !fragment->types.len) return both;
    both.types = (StrVec){0};
    VEC_EACH (const Str, type, &before->types)
        vec_push(arena, &both.types, *type);
    VEC_EACH (const Str, type, &fragment->types)
        if (!entity_has_type(&both, *type)) vec_push(arena, &both.types, *type);
    return both;
}

static Rc present_guard(Ctx *ctx, Stage *stage, const PartEntity *part, GateAction action) {
    const Entity *before;
    TRY(present(ctx, stage, part, &before));
    Entity typed = types_of_both(ctx->arena, before, part->fragment);
    return rights(ctx, part, action, &typed, NULL);
}

/* Nobody takes away with the whole what he could not take away alone. */
static Rc whole_guard(Ctx *ctx, Stage *stage, const PartEntity *part, GateAction action) {
    const Entity *before;
    TRY(present(ctx, stage, part, &before));
    Entity typed = types_of_both(ctx->arena, before, part->fragment);
    return rights(ctx, part, action, &typed, before);
}

/* Writes what the delta makes of the entity, unless that is too large or the dictionary refuses it:
 * of a batch this one alone. */
static Rc put_checked(Ctx *ctx, Stage *stage, const PartEntity *part, const Delta *delta) {
    const Entity *after = stage_preview(stage, delta);
    size_t most = part->of_batch && delta->after ? entity_bytes_most(delta->after) : 0;
    if (after && part->of_batch) TRY(entity_fits(ctx, after, most));
    if (after) TRY(dictionary_check(ctx, part->who.tenant->dictionary, after));
    stage_put(stage, delta);
    return RC_OK;
}

/* ---- whole entities ---- */

/* What has ended is as good as deleted (clause 4.22). */
static const Entity *alive(Stage *stage, Str id) {
    const Entity *entity = stage_entity(stage, id);
    bool ended =
        entity && entity->expires_at != TIME_NONE && entity->expires_at <= stage_now(stage);
    return ended ? NULL : entity;
}

static Rc create_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    TRY(rights(ctx, part, ACT_CREATE, part->fragment, NULL));
    if (!alive(stage, part->id)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "exists", part->id, "An entity with this id exists already.");
}

static Rc create_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    Delta ended = {.op = DELTA_DELETE, .id = part->id};
    Delta delta = {.op = DELTA_PUT, .id = part->id, .after = (Entity *)part->fragment};
    if (stage_entity(stage, part->id)) stage_put(stage, &ended);
    return put_checked(ctx, stage, part, &delta);
}

static Rc replace_guard(Ctx *ctx, Stage *stage, const void *args) {
    return whole_guard(ctx, stage, args, ACT_UPDATE);
}

/* A replacement without type keeps the types (clause 5.6.18). */
static Rc replace_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    const Entity *before = stage_entity(stage, part->id);
    Entity *after = NEW(ctx->arena, Entity);
    *after = *part->fragment;
    after->id = part->id;
    if (!after->types.len) after->types = before->types;
    after->created_at = before->created_at;
    Delta delta = {.op = DELTA_PUT, .id = part->id, .after = after};
    return put_checked(ctx, stage, part, &delta);
}

static Rc delete_guard(Ctx *ctx, Stage *stage, const void *args) {
    return whole_guard(ctx, stage, args, ACT_DELETE);
}

static Rc delete_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    (void)ctx;
    Delta delta = {.op = DELTA_DELETE, .id = part->id};
    stage_put(stage, &delta);
    return RC_OK;
}

static Rc merge_guard(Ctx *ctx, Stage *stage, const void *args) {
    return present_guard(ctx, stage, args, ACT_UPDATE);
}

static Rc merge_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    const Entity *before = stage_entity(stage, part->id), *fragment = part->fragment;
    Entity *met;
    Delta *delta;
    if (part->merging.payload) {
        TRY(merging_fragment(ctx, &part->merging, before, &met));
        fragment = met;
    }
    TRY(delta_merge(ctx, before, fragment, &delta));
    return put_checked(ctx, stage, part, delta);
}

/* ---- append and update (clauses 5.6.2, 5.6.3) ---- */

static void refused_add(Arena *arena, Updates *updates, Str attr, Str reason) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("attributeName"), json_of_str(attr)};
    members[1] = (JsonMember){STR("reason"), json_of_str(reason)};
    vec_push(arena, &updates->refused, json_of_members(members, 2));
}

/* The instances of a name come together. */
static void updated_add(Arena *arena, Updates *updates, Str attr) {
    const JsonItems *names = &updates->updated;
    if (names->len && str_eq(json_str(&names->items[names->len - 1]), attr)) return;
    vec_push(arena, &updates->updated, json_of_str(attr));
}

static void updates_result(Arena *arena, Stage *stage, const Updates *updates) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] =
        (JsonMember){STR("updated"), json_of_items(updates->updated.items, updates->updated.len)};
    members[1] = (JsonMember){STR("notUpdated"),
                              json_of_items(updates->refused.items, updates->refused.len)};
    Json *result = NEW(arena, Json);
    *result = json_of_members(members, 2);
    stage_result(stage, result);
}

/* What append and update share while they go through a fragment. */
typedef struct Taking {
    Arena *arena;
    const PartEntity *part;
    const Entity *before;
    AttrLookup attrs; /* of it */
    Delta change;
    Updates updates;
} Taking;

/* Puts one instance of the fragment into the change, or among what was refused. */
static void fragment_take(Taking *to, const Attr *attr) {
    bool exists = attr_lookup_find(&to->attrs, attr->name, attr->dataset_id) != NULL;
    bool null = entity_attr_null(attr);
    if (null && !exists) {
        refused_add(to->arena, &to->updates, attr->name, STR("The entity has no such attribute."));
        return;
    }
    if (to->part->no_overwrite && exists) {
        refused_add(to->arena, &to->updates, attr->name,
                    STR("It exists, and options=noOverwrite."));
        return;
    }
    updated_add(to->arena, &to->updates, attr->name);
    if (null)
        vec_push(to->arena, &to->change.removed,
                 (DeltaRemoval){.name = attr->name, .dataset_id = attr->dataset_id});
    else
        vec_push(to->arena, &to->change.after->attrs, *attr);
}

/* Scopes: an append sets them, or adds to them where nothing is overwritten; an update sets those
 * of an entity that has some (clause 4.18). The NGSI-LD Null removes them. */
static void scopes_take(Taking *to, bool update) {
    Entity *after = to->change.after;
    if (!after->scopes.len) return;
    bool null = str_eq(after->scopes.items[0], ENTITY_NULL);
    if ((update || null) && !to->before->scopes.len) {
        refused_add(to->arena, &to->updates, STR("scope"), STR("The entity has no scope."));
        after->scopes = (StrVec){0};
        return;
    }
    updated_add(to->arena, &to->updates, STR("scope"));
    to->change.set_scopes = !to->part->no_overwrite;
    if (!null) return;
    after->scopes = (StrVec){0};
    vec_push(to->arena, &to->change.removed, (DeltaRemoval){.name = STR("scope")});
}

static void expiry_take(Taking *to) {
    Entity *after = to->change.after;
    if (after->expires_at != ENTITY_TIME_NULL) return;
    after->expires_at = TIME_NONE;
    vec_push(to->arena, &to->change.removed, (DeltaRemoval){.name = STR("expiresAt")});
}

static Rc fragment_apply(Ctx *ctx, Stage *stage, const PartEntity *part, bool update) {
    const Entity *fragment = part->fragment;
    Entity *after = NEW(ctx->arena, Entity);
    *after = *fragment;
    after->id = part->id;
    after->attrs = (Attrs){0};
    Taking taking = {
        .arena = ctx->arena,
        .part = part,
        .before = stage_entity(stage, part->id),
        .change = {.op = DELTA_CHANGE, .id = part->id, .after = after},
    };
    taking.attrs = attr_lookup_new(ctx->arena, &taking.before->attrs, fragment->attrs.len);
    scopes_take(&taking, update);
    expiry_take(&taking);
    for (size_t i = 0; i < fragment->attrs.len; i++)
        fragment_take(&taking, &fragment->attrs.items[i]);
    updates_result(ctx->arena, stage, &taking.updates);
    bool nothing = !after->attrs.len && !taking.change.removed.len && !after->types.len &&
                   !after->scopes.len && after->expires_at == TIME_NONE;
    return nothing ? RC_OK : put_checked(ctx, stage, part, &taking.change);
}

static Rc append_apply(Ctx *ctx, Stage *stage, const void *args) {
    return fragment_apply(ctx, stage, args, false);
}

static Rc update_apply(Ctx *ctx, Stage *stage, const void *args) {
    return fragment_apply(ctx, stage, args, true);
}

/* ---- upsert (clause 5.6.8) ---- */

static Rc upsert_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    if (!alive(stage, part->id)) return rights(ctx, part, ACT_CREATE, part->fragment, NULL);
    return part->upsert_update ? present_guard(ctx, stage, part, ACT_UPDATE)
                               : whole_guard(ctx, stage, part, ACT_UPDATE);
}

static Rc upsert_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    if (!alive(stage, part->id)) return create_apply(ctx, stage, part);
    return part->upsert_update ? append_apply(ctx, stage, part) : replace_apply(ctx, stage, part);
}

/* ---- one attribute (clauses 5.6.4, 5.6.5, 5.6.19) ---- */

static Rc no_attr(Ctx *ctx, const PartEntity *part) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-attribute", part->attr,
                    "The entity has no such attribute.");
}

static Rc attr_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    const Entity *before;
    size_t n;
    TRY(present(ctx, stage, part, &before));
    TRY(rights(ctx, part, ACT_UPDATE, before, NULL));
    if (str_eq(part->attr, STR("scope"))) return before->scopes.len ? RC_OK : no_attr(ctx, part);
    if (part->fragment || part->all_datasets)
        return entity_attr_all(before, part->attr, &n) ? RC_OK : no_attr(ctx, part);
    return entity_attr_dataset(before, part->attr, part->dataset_id) ? RC_OK : no_attr(ctx, part);
}

/* Each instance that is replaced is there (clause 5.6.19). */
static Rc attr_replace_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    TRY(attr_guard(ctx, stage, args));
    const Entity *before = stage_entity(stage, part->id);
    const Attrs *attrs = &part->fragment->attrs;
    AttrLookup index = attr_lookup_new(ctx->arena, &before->attrs, attrs->len);
    VEC_EACH (const Attr, attr, attrs)
        if (!attr_lookup_find(&index, part->attr, attr->dataset_id)) return no_attr(ctx, part);
    return RC_OK;
}

static Rc attr_partial_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    Delta *delta;
    TRY(delta_partial(ctx, stage_entity(stage, part->id), &part->fragment->attrs, &delta));
    return put_checked(ctx, stage, part, delta);
}

static Rc attr_replace_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    Entity *after = NEW(ctx->arena, Entity);
    *after = (Entity){.id = part->id,
                      .attrs = part->fragment->attrs,
                      .created_at = TIME_NONE,
                      .modified_at = TIME_NONE,
                      .deleted_at = TIME_NONE,
                      .expires_at = TIME_NONE};
    Delta delta = {.op = DELTA_CHANGE, .id = part->id, .after = after};
    return put_checked(ctx, stage, part, &delta);
}

static Rc attr_delete_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    Delta delta = {.op = DELTA_CHANGE, .id = part->id};
    vec_push(ctx->arena, &delta.removed,
             (DeltaRemoval){
                 .name = part->attr, .dataset_id = part->dataset_id, .all = part->all_datasets});
    return put_checked(ctx, stage, part, &delta);
}

/* ---- temporal (clauses 5.6.11, 5.6.12) ---- */

static Rc record_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartEntity *part = args;
    if (stage_entity(stage, part->id)) return present_guard(ctx, stage, part, ACT_UPDATE);
    if (!part->fragment->types.len) return not_found(ctx, part->id);
    return rights(ctx, part, ACT_CREATE, part->fragment, NULL);
}

/* An entity that does not exist yet begins with what its evolution says of it. */
static Rc record_apply(Ctx *ctx, Stage *stage, const void *args) {
    static const JsonMember existed = {{"existed", 7},
                                       {.kind = JSON_BOOL, .value = {.boolean = true}}};
    static const Json result = {.kind = JSON_OBJECT, .len = 1, .value = {.members = &existed}};
    const PartEntity *part = args;
    if (stage_entity(stage, part->id)) {
        if (!part->unrecorded) stage_result(stage, &result);
    } else {
        Entity *bare = NEW(ctx->arena, Entity);
        *bare = *part->fragment;
        bare->attrs = (Attrs){0};
        Delta create = {.op = DELTA_PUT, .id = part->id, .after = bare};
        stage_put(stage, &create);
    }
    Delta delta = {.op = DELTA_RECORD, .id = part->id, .after = (Entity *)part->fragment};
    return put_checked(ctx, stage, part, &delta);
}

/* ---- batches (clauses 5.6.7 to 5.6.10, 5.6.20) ---- */

static Json batch_error(Arena *arena, Str id, const Error *error) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("entityId"), json_of_str(id)};
    members[1] = (JsonMember){STR("error"), *problem_json(arena, error)};
    return json_of_members(members, 2);
}

/* Attributes that an append left as they were, because options=noOverwrite. */
static Str kept_back(Ctx *ctx, const PartEntity *part, const Entity *before) {
    StrVec names = {0};
    if (!part->no_overwrite || !before) return STR_NONE;
    const Attrs *attrs = &part->fragment->attrs;
    AttrLookup index = attr_lookup_new(ctx->arena, &before->attrs, attrs->len);
    VEC_EACH (const Attr, attr, attrs)
        if (attr_lookup_find(&index, attr->name, attr->dataset_id))
            vec_push(ctx->arena, &names, attr->name);
    return str_join(ctx->arena, names.items, names.len, STR(", "));
}

size_t part_work(const Entity *before, const PartEntity *part) {
    const Entity *fragment = part->fragment;
    size_t types = before ? before->types.len : 1;
    if (fragment && fragment->types.len > types) types = fragment->types.len;
    return types * (1 + (before ? entity_attrs_count(before) : 0) +
                    (fragment ? entity_attrs_count(fragment) : 0));
}

/* The writer does nothing else meanwhile, and keeps each version of an entity until the end. */
static Rc work_fits(Ctx *ctx, size_t work) {
    if (work <= BROKER_WORK_MAX) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "request-too-large", STR_NONE,
                    "The entities before this one in the batch had so many attributes and types "
                    "that it was not gone into: send it in another request.");
}

static Rc batch_one(Ctx *ctx, Stage *stage, const PartKind *kind, const PartEntity *part) {
    Str kept = kept_back(ctx, part, stage_entity(stage, part->id));
    TRY(kind->guard(ctx, stage, part));
    TRY(kind->apply(ctx, stage, part));
    if (str_empty(kept)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "not-overwritten", kept,
                    "Attributes of these names exist, and options=noOverwrite; the others were "
                    "written.");
}

/* One command for the whole batch; an entity that is refused leaves no trace, the others are
 * written. */
static Rc batch_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartBatch *batch = args;
    Arena *arena = ctx->arena;
    JsonItems success = {0}, errors = {0}, created = {0};
    size_t work = 0;
    for (size_t i = 0; i < batch->n; i++) {
        const PartEntity *part = &batch->items[i];
        const Entity *before = stage_entity(stage, part->id);
        work += part_work(before, part);
        Rc rc = work_fits(ctx, work);
        if (rc == RC_OK) rc = batch_one(ctx, stage, batch->kind, part);
        if (rc == RC_OK)
            vec_push(arena, before ? &success : &created, json_of_str(part->id));
        else
            vec_push(arena, &errors, batch_error(arena, part->id, &ctx->error));
    }
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("created"), json_of_items(created.items, created.len)};
    members[1] = (JsonMember){STR("success"), json_of_items(success.items, success.len)};
    members[2] = (JsonMember){STR("errors"), json_of_items(errors.items, errors.len)};
    Json *result = NEW(arena, Json);
    *result = json_of_members(members, 3);
    stage_result(stage, result);
    return RC_OK;
}

const PartKind part_entity_create = {"entity.create", 1, create_guard, create_apply};
const PartKind part_entity_replace = {"entity.replace", 1, replace_guard, replace_apply};
const PartKind part_entity_append = {"entity.append", 1, merge_guard, append_apply};
const PartKind part_entity_update = {"entity.update", 1, merge_guard, update_apply};
const PartKind part_entity_merge = {"entity.merge", 1, merge_guard, merge_apply};
const PartKind part_entity_upsert = {"entity.upsert", 1, upsert_guard, upsert_apply};
const PartKind part_entity_delete = {"entity.delete", 1, delete_guard, delete_apply};
const PartKind part_attr_partial = {"attr.partial", 1, attr_guard, attr_partial_apply};
const PartKind part_attr_replace = {"attr.replace", 1, attr_replace_guard, attr_replace_apply};
const PartKind part_attr_delete = {"attr.delete", 1, attr_guard, attr_delete_apply};
const PartKind part_temporal_record = {"temporal.record", 1, record_guard, record_apply};
const PartKind part_entity_batch = {"entity.batch", 1, NULL, batch_apply};
