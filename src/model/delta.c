/* The fold: what a delta makes of an entity; and the two parts of a delta. */
#include "delta.h"

#include "attr_lookup.h"

#include <string.h>

/* ---- times of instances ---- */

/* createdAt is kept, modifiedAt moves when the content differs (clause 4.8), of sub-attributes too.
 */
static void settle(Arena *arena, Attr *attr, const Attr *old, int64_t now) {
    attr->created_at = old && old->created_at != TIME_NONE ? old->created_at : now;
    attr->modified_at = old && entity_attr_same(attr, old) ? old->modified_at : now;
    if (attr->subs.len == 0) return;
    Attr *subs = NEW_ARRAY(arena, Attr, attr->subs.len);
    memcpy(subs, attr->subs.items, attr->subs.len * sizeof *subs);
    attr->subs.items = subs;
    attr->subs.cap = attr->subs.len;
    Attrs known = old ? old->subs : (Attrs){0};
    AttrLookup index = attr_lookup_new(arena, &known, attr->subs.len);
    for (size_t i = 0; i < attr->subs.len; i++)
        settle(arena, &subs[i], attr_lookup_find(&index, subs[i].name, subs[i].dataset_id), now);
}

/* ---- attributes ---- */

/* A copy with room for `more` that shares nothing that is written to. */
static Attrs attrs_copy(Arena *arena, const Attrs *attrs, size_t more) {
    Attrs copy = {.len = attrs->len, .cap = attrs->len + more};
    copy.items = arena_alloc(arena, (copy.cap + 1) * sizeof(Attr), _Alignof(Attr));
    if (attrs->len) memcpy(copy.items, attrs->items, attrs->len * sizeof(Attr));
    return copy;
}

/* Attributes that are being changed. */
typedef struct Folding {
    Arena *arena;
    Attrs *attrs;
    AttrLookup index;
    bool grown;
    int64_t now;
} Folding;

/* Of each one with its place in the order of names as they first appear: the instances of a name
   stand together, the default one first. */
static void stand_together(Arena *arena, Attrs *attrs) {
    size_t n = attrs->len;
    Map names = map_new(arena);
    size_t *rank = NEW_ARRAY(arena, size_t, n), *next = NEW_ARRAY(arena, size_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        size_t *first = map_get(&names, attrs->items[i].name);
        rank[i] = first ? *first : names.len;
        if (!first) map_put(&names, attrs->items[i].name, &rank[i]);
        next[rank[i] + 1]++;
    }
    for (size_t i = 1; i <= n; i++)
        next[i] += next[i - 1];
    Attr *placed = arena_alloc(arena, (n + 1) * sizeof *placed, _Alignof(Attr));
    for (int others = 0; others <= 1; others++)
        for (size_t i = 0; i < n; i++)
            if ((attrs->items[i].dataset_id.len > 0) == others)
                placed[next[rank[i]]++] = attrs->items[i];
    *attrs = (Attrs){.items = placed, .len = n, .cap = n + 1};
}

static void set_instance(Folding *to, const Attr *attr) {
    Attr *old = attr_lookup_find(&to->index, attr->name, attr->dataset_id), next = *attr;
    settle(to->arena, &next, old, to->now);
    if (old) {
        *old = next;
        return;
    }
    vec_push(to->arena, to->attrs, next);
    attr_lookup_added(&to->index);
    to->grown = true;
}

/* ---- types and scopes ---- */

static bool has_text(const StrVec *texts, Str text) {
    VEC_EACH (Str, known, texts)
        if (str_eq(*known, text)) return true;
    return false;
}

static void join_texts(Arena *arena, StrVec *to, const StrVec *from, bool set) {
    if (from->len == 0) return;
    StrVec joined = {0};
    if (!set) {
        VEC_EACH (Str, text, to)
            vec_push(arena, &joined, *text);
    }
    VEC_EACH (Str, text, from)
        if (!has_text(&joined, *text)) vec_push(arena, &joined, *text);
    *to = joined;
}

/* ---- the operations ---- */

static void fold_put(Arena *arena, const Entity *before, const Delta *delta, int64_t now,
                     Entity *to) {
    int64_t created = before ? before->created_at : now;
    Entity none = {0};
    *to = *delta->after;
    to->id = delta->id;
    to->created_at = created;
    to->modified_at = now;
    to->deleted_at = TIME_NONE;
    to->attrs = attrs_copy(arena, &delta->after->attrs, 0);
    AttrLookup index = attr_lookup_new(arena, &(before ? before : &none)->attrs, to->attrs.len);
    VEC_EACH (Attr, attr, &to->attrs)
        settle(arena, attr, attr_lookup_find(&index, attr->name, attr->dataset_id), now);
}

/* ones: by name and datasetId; wholes: attributes with all instances. */
static void remove_instances(Arena *arena, Attrs *attrs, const Attrs *ones, const Attrs *wholes) {
    AttrLookup one = attr_lookup_new(arena, ones, attrs->len),
               whole = attr_lookup_new(arena, wholes, attrs->len);
    size_t kept = 0;
    for (size_t i = 0; i < attrs->len; i++) {
        const Attr *attr = &attrs->items[i];
        if (attr_lookup_find(&one, attr->name, attr->dataset_id)) continue;
        if (attr_lookup_find(&whole, attr->name, STR_NONE)) continue;
        attrs->items[kept++] = *attr;
    }
    attrs->len = kept;
}

static void fold_removals(Arena *arena, const Delta *delta, Entity *to) {
    Attrs ones = {0}, wholes = {0};
    VEC_EACH (DeltaRemoval, removal, &delta->removed) {
        if (str_eq(removal->name, STR("scope")))
            to->scopes = (StrVec){0};
        else if (str_eq(removal->name, STR("expiresAt")))
            to->expires_at = TIME_NONE;
        else if (removal->all)
            vec_push(arena, &wholes, (Attr){.name = removal->name});
        else
            vec_push(arena, &ones,
                     (Attr){.name = removal->name, .dataset_id = removal->dataset_id});
    }
    if (ones.len || wholes.len) remove_instances(arena, &to->attrs, &ones, &wholes);
}

static Folding folding(Arena *arena, Attrs *attrs, size_t changes, int64_t now) {
    return (Folding){.arena = arena,
                     .attrs = attrs,
                     .index = attr_lookup_new(arena, attrs, changes),
                     .now = now};
}

static void fold_change(Arena *arena, const Delta *delta, int64_t now, Entity *to) {
    const Entity *after = delta->after;
    to->modified_at = now;
    to->attrs = attrs_copy(arena, &to->attrs, after ? after->attrs.len : 0);
    fold_removals(arena, delta, to);
    if (!after) return;
    Folding fold = folding(arena, &to->attrs, after->attrs.len, now);
    VEC_EACH (Attr, attr, &after->attrs)
        set_instance(&fold, attr);
    if (fold.grown) stand_together(arena, &to->attrs);
    join_texts(arena, &to->types, &after->types, delta->set_types);
    join_texts(arena, &to->scopes, &after->scopes, delta->set_scopes);
    if (after->expires_at != TIME_NONE) to->expires_at = after->expires_at;
}

/* The newest observation is current; one of the same instant corrects it. Without observedAt the
 * newest said is. */
static bool is_newer(const Folding *to, const Attr *attr) {
    const Attr *old = attr_lookup_find(&to->index, attr->name, attr->dataset_id);
    if (!old || attr->observed_at == TIME_NONE) return true;
    return old->observed_at == TIME_NONE || attr->observed_at >= old->observed_at;
}

static void fold_record(Arena *arena, const Delta *delta, int64_t now, Entity *to) {
    const Entity *after = delta->after;
    if (!after) return;
    to->attrs = attrs_copy(arena, &to->attrs, 0);
    Folding fold = folding(arena, &to->attrs, after->attrs.len, now);
    VEC_EACH (Attr, attr, &after->attrs) {
        if (!is_newer(&fold, attr)) continue;
        Attr current = *attr;
        current.instance_id = STR_NONE; /* names one of the evolution */
        set_instance(&fold, &current);
        to->modified_at = now;
    }
    if (fold.grown) stand_together(arena, &to->attrs);
    join_texts(arena, &to->types, &after->types, false);
    join_texts(arena, &to->scopes, &after->scopes, false);
}

Entity *delta_fold(Arena *arena, const Entity *before, const Delta *delta, uint64_t version,
                   int64_t now) {
    if (delta->op == DELTA_DELETE) return NULL;
    Entity *to = NEW(arena, Entity);
    if (before) {
        *to = *before;
    } else {
        *to = *entity_new(arena, STR_NONE, STR_NONE);
        to->id = delta->id;
        to->created_at = to->modified_at = now;
    }
    if (delta->op == DELTA_PUT)
        fold_put(arena, before, delta, now, to);
    else if (delta->op == DELTA_CHANGE)
        fold_change(arena, delta, now, to);
    else
        fold_record(arena, delta, now, to);
    to->version = version;
    memset(&to->places, 0, sizeof to->places);
    return to;
}

/* ---- the two parts ---- */

void delta_split(Arena *arena, const Delta *delta, const EntitySealing *sealing, Delta **clear,
                 Delta **secret) {
    Delta *open = NEW(arena, Delta), *shut = NEW(arena, Delta);
    *open = *delta;
    *shut = (Delta){.op = delta->op, .id = delta->id};
    memset(&open->removed, 0, sizeof open->removed);
    VEC_EACH (DeltaRemoval, removal, &delta->removed) {
        if (sealing->sealed(sealing->arg, removal->name))
            vec_push(arena, &shut->removed, *removal);
        else
            vec_push(arena, &open->removed, *removal);
    }
    if (delta->after) entity_split(arena, delta->after, sealing, &open->after, &shut->after);
    *clear = open;
    *secret = shut->after || shut->removed.len ? shut : NULL;
}

Delta *delta_join(Arena *arena, const Delta *clear, const Delta *secret) {
    Delta *whole = NEW(arena, Delta);
    *whole = *clear;
    if (!secret) return whole;
    if (clear->after && secret->after)
        whole->after = entity_join(arena, clear->after, secret->after);
    memset(&whole->removed, 0, sizeof whole->removed);
    VEC_EACH (DeltaRemoval, removal, &clear->removed)
        vec_push(arena, &whole->removed, *removal);
    VEC_EACH (DeltaRemoval, removal, &secret->removed)
        vec_push(arena, &whole->removed, *removal);
    return whole;
}

Delta *delta_change(Arena *arena, Str id, const Entity *fragment) {
    Delta *delta = NEW(arena, Delta);
    Entity *after = NEW(arena, Entity);
    *after = *fragment;
    *delta = (Delta){.op = DELTA_CHANGE, .id = id, .after = after, .set_scopes = true};
    memset(&after->attrs, 0, sizeof after->attrs);
    VEC_EACH (Attr, attr, &fragment->attrs) {
        if (entity_attr_null(attr))
            vec_push(arena, &delta->removed, (DeltaRemoval){attr->name, attr->dataset_id, false});
        else
            vec_push(arena, &after->attrs, *attr);
    }
    if (fragment->scopes.len && str_eq(fragment->scopes.items[0], ENTITY_NULL)) {
        after->scopes = (StrVec){0};
        vec_push(arena, &delta->removed, (DeltaRemoval){.name = STR("scope")});
    }
    if (fragment->expires_at == ENTITY_TIME_NULL) {
        after->expires_at = TIME_NONE;
        vec_push(arena, &delta->removed, (DeltaRemoval){.name = STR("expiresAt")});
    }
    return delta;
}
