/* The fold: what a delta makes of an entity; and the two parts of a delta. */
#include "delta.h"

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
    for (size_t i = 0; i < attr->subs.len; i++) {
        Entity holder = {.attrs = old ? old->subs : (Attrs){0}};
        settle(arena, &subs[i], entity_attr_dataset(&holder, subs[i].name, subs[i].dataset_id),
               now);
    }
}

/* ---- attributes ---- */

/* A copy with room for `more` that shares nothing that is written to. */
static Attrs attrs_copy(Arena *arena, const Attrs *attrs, size_t more) {
    Attrs copy = {.len = attrs->len, .cap = attrs->len + more};
    copy.items = arena_alloc(arena, (copy.cap + 1) * sizeof(Attr), _Alignof(Attr));
    if (attrs->len) memcpy(copy.items, attrs->items, attrs->len * sizeof(Attr));
    return copy;
}

/* Where an instance stands, or where it belongs: beside those of its name, the default one first.
 */
static size_t place_of(const Attrs *attrs, const Attr *attr, bool *found) {
    size_t i = 0;
    *found = false;
    while (i < attrs->len && !str_eq(attrs->items[i].name, attr->name))
        i++;
    size_t first = i;
    for (; i < attrs->len && str_eq(attrs->items[i].name, attr->name); i++) {
        *found = str_eq(attrs->items[i].dataset_id, attr->dataset_id);
        if (*found) return i;
    }
    return attr->dataset_id.len ? i : first;
}

static void set_instance(Arena *arena, Attrs *attrs, const Attr *attr, int64_t now) {
    bool found;
    size_t at = place_of(attrs, attr, &found);
    Attr next = *attr;
    settle(arena, &next, found ? &attrs->items[at] : NULL, now);
    if (!found) {
        assert(attrs->len < attrs->cap);
        memmove(attrs->items + at + 1, attrs->items + at, (attrs->len - at) * sizeof next);
        attrs->len++;
    }
    attrs->items[at] = next;
}

static void remove_instances(Attrs *attrs, const DeltaRemoval *removal) {
    size_t kept = 0;
    for (size_t i = 0; i < attrs->len; i++) {
        const Attr *attr = &attrs->items[i];
        bool named = str_eq(attr->name, removal->name);
        if (named && (removal->all || str_eq(attr->dataset_id, removal->dataset_id))) continue;
        attrs->items[kept++] = *attr;
    }
    attrs->len = kept;
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
    VEC_EACH (Attr, attr, &to->attrs) {
        const Entity *old = before ? before : &none;
        settle(arena, attr, entity_attr_dataset(old, attr->name, attr->dataset_id), now);
    }
}

static void fold_removals(const Delta *delta, Entity *to) {
    VEC_EACH (DeltaRemoval, removal, &delta->removed) {
        if (str_eq(removal->name, STR("scope")))
            to->scopes = (StrVec){0};
        else if (str_eq(removal->name, STR("expiresAt")))
            to->expires_at = TIME_NONE;
        else
            remove_instances(&to->attrs, removal);
    }
}

static void fold_change(Arena *arena, const Delta *delta, int64_t now, Entity *to) {
    const Entity *after = delta->after;
    to->modified_at = now;
    to->attrs = attrs_copy(arena, &to->attrs, after ? after->attrs.len : 0);
    fold_removals(delta, to);
    if (!after) return;
    VEC_EACH (Attr, attr, &after->attrs)
        set_instance(arena, &to->attrs, attr, now);
    join_texts(arena, &to->types, &after->types, delta->set_types);
    join_texts(arena, &to->scopes, &after->scopes, delta->set_scopes);
    if (after->expires_at != TIME_NONE) to->expires_at = after->expires_at;
}

/* The newest observation is current; one of the same instant corrects it. Without observedAt the
 * newest said is. */
static bool is_newer(const Attrs *attrs, const Attr *attr) {
    bool found;
    size_t at = place_of(attrs, attr, &found);
    if (!found || attr->observed_at == TIME_NONE) return true;
    return attrs->items[at].observed_at == TIME_NONE ||
           attr->observed_at >= attrs->items[at].observed_at;
}

/* How many instances may be added: at most one for each name and datasetId that is new. */
static size_t count_new(const Attrs *attrs, const Attrs *after) {
    size_t n = 0;
    for (size_t i = 0; i < after->len; i++) {
        bool found;
        place_of(attrs, &after->items[i], &found);
        const Attr *last = i ? &after->items[i - 1] : NULL;
        bool again = last && str_eq(last->name, after->items[i].name) &&
                     str_eq(last->dataset_id, after->items[i].dataset_id);
        n += !found && !again;
    }
    return n;
}

static void fold_record(Arena *arena, const Delta *delta, int64_t now, Entity *to) {
    const Entity *after = delta->after;
    if (!after) return;
    to->attrs = attrs_copy(arena, &to->attrs, count_new(&to->attrs, &after->attrs));
    VEC_EACH (Attr, attr, &after->attrs) {
        if (!is_newer(&to->attrs, attr)) continue;
        Attr current = *attr;
        current.instance_id = STR_NONE; /* names one of the evolution */
        set_instance(arena, &to->attrs, &current, now);
        to->modified_at = now;
    }
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
