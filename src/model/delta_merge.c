/* What a fragment makes of an entity: merge (clause 5.5.12) and partial update (clause 5.5.8). */
#include "delta.h"
#include "attr_lookup.h"
#include "model_int.h"

#include <string.h>

typedef struct Merge {
    Ctx *ctx;
    bool deep; /* merge goes into values and sub-attributes; a partial update replaces them whole */
} Merge;

/* ---- values ---- */

static bool removes(const Json *value) {
    return value->kind == JSON_STRING && str_eq(json_str(value), ENTITY_NULL);
}

/* The members of an object, found by name. */
typedef struct Members {
    const Json *object;
    Map names; /* empty: few */
} Members;

static Members members_of(Arena *arena, const Json *object) {
    enum { FEW = 32 };
    Members members = {.object = object, .names = map_new(arena)};
    for (uint32_t i = 0; object->len > FEW && i < object->len; i++)
        map_put(&members.names, object->value.members[i].name,
                (void *)&object->value.members[i].value);
    return members;
}

static const Json *member_of(const Members *members, Str name) {
    return members->names.len ? map_get(&members->names, name) : json_get(members->object, name);
}

/* RFC 7396 on objects, the NGSI-LD Null in the place of null. literal: of a JsonProperty, where
 * nothing means 'remove'. */
static Json merge_json(Arena *arena, const Json *old, const Json *patch, bool literal) {
    if (patch->kind != JSON_OBJECT) return *patch;
    Json none = json_of_members(NULL, 0);
    if (!old || old->kind != JSON_OBJECT) old = &none;
    Members changes = members_of(arena, patch), known = members_of(arena, old);
    JsonMembers merged = {0};
    for (uint32_t i = 0; i < old->len; i++) {
        const JsonMember *member = &old->value.members[i];
        const Json *change = member_of(&changes, member->name);
        if (!change)
            vec_push(arena, &merged, *member);
        else if (literal || !removes(change))
            vec_push(
                arena, &merged,
                (JsonMember){member->name, merge_json(arena, &member->value, change, literal)});
    }
    for (uint32_t i = 0; i < patch->len; i++) {
        const JsonMember *member = &patch->value.members[i];
        if (member_of(&known, member->name) || (!literal && removes(&member->value))) continue;
        vec_push(arena, &merged,
                 (JsonMember){member->name, merge_json(arena, NULL, &member->value, literal)});
    }
    return json_of_members(merged.items, merged.len);
}

static Rc fail_at(const Merge *merge, const Attr *attr, const char *code, const char *sentence) {
    return ctx_fail(merge->ctx, RC_INVALID, code, attr->name, "%s", sentence);
}

static Rc merge_value(const Merge *merge, const Attr *patch, Attr *to) {
    if (!patch->value) return RC_OK;
    static const bool goes_in[ATTR_UNSAID + 1] = {
        [ATTR_PROPERTY] = true, [ATTR_LANGUAGE] = true, [ATTR_JSON] = true};
    bool literal = to->kind == ATTR_JSON;
    if (!goes_in[to->kind] || patch->value->kind != JSON_OBJECT) {
        to->value = patch->value;
    } else {
        Json *merged = NEW(merge->ctx->arena, Json);
        *merged =
            merge_json(merge->ctx->arena, merge->deep ? to->value : NULL, patch->value, literal);
        to->value = merged;
    }
    bool nested = entity_attr_null_inside(merge->deep ? to : patch);
    if (!literal && nested)
        return fail_at(merge, patch, "null-not-allowed",
                       "\"urn:ngsi-ld:null\" removes members of objects, in a merge only.");
    return RC_OK;
}

/* ---- members ---- */

static int64_t merge_time(int64_t old, int64_t patch) {
    if (patch == TIME_NONE) return old;
    return patch == ENTITY_TIME_NULL ? TIME_NONE : patch;
}

static void merge_members(const Attr *patch, Attr *to) {
    to->observed_at = merge_time(to->observed_at, patch->observed_at);
    to->expires_at = merge_time(to->expires_at, patch->expires_at);
    if (patch->unit_code.len)
        to->unit_code = str_eq(patch->unit_code, ENTITY_NULL) ? STR_NONE : patch->unit_code;
    if (patch->value_type.len) to->value_type = patch->value_type;
    if (patch->object_types.len) to->object_types = patch->object_types;
}

static Rc merge_attr(const Merge *merge, const Attr *patch, const Attr *old, Attr *to);

static void drop_nameless(Attrs *attrs) {
    size_t kept = 0;
    for (size_t i = 0; i < attrs->len; i++)
        if (attrs->items[i].name.len) attrs->items[kept++] = attrs->items[i];
    attrs->len = kept;
}

/* In a copy of our own of the list. */
static Rc merge_subs(const Merge *merge, const Attr *patch, const Attr *old, Attr *to) {
    Arena *arena = merge->ctx->arena;
    Attrs subs = {0};
    if (old) {
        VEC_EACH (Attr, sub, &old->subs)
            vec_push(arena, &subs, *sub);
    }
    AttrLookup index = attr_lookup_new(arena, &subs, patch->subs.len);
    VEC_EACH (Attr, sub, &patch->subs) {
        Attr *known = attr_lookup_find(&index, sub->name, sub->dataset_id);
        if (entity_attr_null(sub)) {
            if (known) known->name = STR_NONE;
            continue;
        }
        Attr merged;
        TRY(merge_attr(merge, sub, merge->deep ? known : NULL, &merged));
        if (known) {
            *known = merged;
        } else {
            vec_push(arena, &subs, merged);
            attr_lookup_added(&index);
        }
    }
    drop_nameless(&subs);
    to->subs = subs;
    return RC_OK;
}

/* The instance that results; old is NULL where there is none. */
static Rc merge_attr(const Merge *merge, const Attr *patch, const Attr *old, Attr *to) {
    if (old && patch->kind != ATTR_UNSAID && patch->kind != old->kind)
        return ctx_fail(
            merge->ctx, RC_INVALID, "kind-change", patch->name,
            "This attribute is a " STR_FMT ": a merge or partial update can't make it a " STR_FMT
            ", replace it instead.",
            STR_ARG(entity_kind(old->kind)->name), STR_ARG(entity_kind(patch->kind)->name));
    if (!old && (!patch->value || patch->kind == ATTR_UNSAID))
        return fail_at(merge, patch, "value-missing",
                       "There is no such attribute yet: a new one has a value.");
    if (old)
        *to = *old;
    else
        *to = entity_attr_blank(patch->name, patch->kind);
    to->dataset_id = patch->dataset_id;
    TRY(merge_value(merge, patch, to));
    merge_members(patch, to);
    return merge_subs(merge, patch, old, to);
}

/* ---- the two operations ---- */

static Delta *change_new(Ctx *ctx, Str id) {
    Delta *delta = NEW(ctx->arena, Delta);
    *delta = (Delta){.op = DELTA_CHANGE, .id = id, .after = entity_new(ctx->arena, id, STR_NONE)};
    return delta;
}

static Rc merge_one(const Merge *merge, const AttrLookup *before, const Attr *patch, Delta *delta) {
    const Attr *old = attr_lookup_find(before, patch->name, patch->dataset_id);
    DeltaRemoval removal = {patch->name, patch->dataset_id, false};
    if (!old && !merge->deep)
        return ctx_fail(merge->ctx, RC_NOT_FOUND, "no-attribute", patch->name,
                        "The entity has no such attribute, or no instance of this datasetId.");
    if (entity_attr_null(patch)) {
        if (old) vec_push(merge->ctx->arena, &delta->removed, removal);
        return RC_OK;
    }
    Attr merged = {0};
    TRY(merge_attr(merge, patch, old, &merged));
    if (merged.kind == ATTR_LANGUAGE && merged.value && merged.value->len == 0)
        vec_push(merge->ctx->arena, &delta->removed, removal); /* its last language has gone */
    else
        vec_push(merge->ctx->arena, &delta->after->attrs, merged);
    return RC_OK;
}

Rc delta_merge(Ctx *ctx, const Entity *before, const Entity *fragment, Delta **out) {
    Merge merge = {.ctx = ctx, .deep = true};
    /* Scopes and expiresAt are whole by nature: as in an update. */
    Entity head = *fragment;
    memset(&head.attrs, 0, sizeof head.attrs);
    Delta *delta = delta_change(ctx->arena, before->id, &head);
    AttrLookup index = attr_lookup_new(ctx->arena, &before->attrs, fragment->attrs.len);
    VEC_EACH (Attr, patch, &fragment->attrs)
        TRY(merge_one(&merge, &index, patch, delta));
    *out = delta;
    return RC_OK;
}

Rc delta_partial(Ctx *ctx, const Entity *before, const Attrs *fragment, Delta **out) {
    Merge merge = {.ctx = ctx};
    Delta *delta = change_new(ctx, before->id);
    AttrLookup index = attr_lookup_new(ctx->arena, &before->attrs, fragment->len);
    VEC_EACH (Attr, patch, fragment)
        TRY(merge_one(&merge, &index, patch, delta));
    *out = delta;
    return RC_OK;
}
