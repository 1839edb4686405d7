#include "procedure_int.h"

#include "outline.h"

/* ---- paths ---- */

typedef struct Segment {
    Str name; /* of a member, or the id of an element; empty: an index */
    size_t index;
} Segment;

/* The first segment of *path, which begins behind it then; false: there is none, or it is none. */
static bool segment_next(Str *path, Segment *out) {
    size_t n = 0;
    if (str_empty(*path)) return false;
    if (path->ptr[0] == '[') {
        ptrdiff_t end = str_find(*path, STR("]"));
        int64_t index;
        if (end < 2 || !str_to_i64(str_sub(*path, 1, (size_t)end), &index) || index < 0)
            return false;
        *out = (Segment){.index = (size_t)index};
        n = (size_t)end + 1;
    } else {
        while (n < path->len && path->ptr[n] != '.' && path->ptr[n] != '[')
            n++;
        if (!n) return false;
        *out = (Segment){.name = str_head(*path, n)};
    }
    *path = str_sub(*path, n, path->len);
    if (str_empty(*path) || path->ptr[0] == '[') return true;
    bool named = path->ptr[0] == '.' && path->len > 1;
    *path = str_sub(*path, 1, path->len);
    return named;
}

static const Json *value_at(const Json *from, const Segment *segment) {
    return str_empty(segment->name) ? json_at(from, segment->index) : json_get(from, segment->name);
}

const Json *outline_value(const Json *source, Str path) {
    Segment segment;
    while (source && !str_empty(path)) {
        if (!segment_next(&path, &segment)) return NULL;
        source = value_at(source, &segment);
    }
    return source;
}

/* ---- finding ---- */

static bool row_named(unsigned shape, Str name, MemberRow *out) {
    for (size_t i = 0; members_row(shape, i, out); i++)
        if (str_eq(str_of(out->name), name)) return true;
    return false;
}

Str outline_under(Arena *arena, Str path, Str name) {
    Str parts[] = {path, name};
    return str_empty(path) ? name : str_join(arena, parts, 2, STR("."));
}

/* The place of the element with an id; its length: there is none. */
static size_t place_of(const Json *list, Str id) {
    size_t i = 0;
    for (; list && list->kind == JSON_ARRAY && i < list->len; i++)
        if (str_eq(json_get_str(json_at(list, i), "id"), id)) return i;
    return i;
}

static bool element_step(Arena *arena, const MemberRow *row, const Json *list, size_t n,
                         OutlineNode *node) {
    const Json *value = list && list->kind == JSON_ARRAY ? json_at(list, n) : NULL;
    if (!value) return false;
    node->path = str_fmt(arena, STR_FMT "[%zu]",
                         STR_ARG(outline_under(arena, node->path, str_of(row->name))), n);
    node->shape = row->inner;
    node->value = value;
    return true;
}

/* An element that is named by its id alone: of the first list of the object that has it. */
static bool id_step(Arena *arena, Str id, OutlineNode *node) {
    MemberRow row;
    for (size_t i = 0; members_row(node->shape, i, &row); i++) {
        const Json *list = row.form == MEMBER_LIST ? json_get(node->value, str_of(row.name)) : NULL;
        if (list && element_step(arena, &row, list, place_of(list, id), node)) return true;
    }
    return false;
}

/* Through objects that have no form of their own, to what a list or map has. */
static bool through_objects(Arena *arena, Str *path, OutlineNode *node, MemberRow *row) {
    Segment segment;
    while (segment_next(path, &segment) && row_named(node->shape, segment.name, row)) {
        if (row->form != MEMBER_OBJECT) return true;
        node->path = outline_under(arena, node->path, segment.name);
        node->shape = row->inner;
        node->value = json_get(node->value, segment.name);
    }
    return false;
}

static bool member_step(Arena *arena, Str *path, const MemberRow *row, OutlineNode *node) {
    Segment segment;
    Str name = str_of(row->name);
    const Json *value = json_get(node->value, name);
    if (!segment_next(path, &segment)) return false;
    if (row->form == MEMBER_LIST)
        return element_step(arena, row, value,
                            str_empty(segment.name) ? segment.index : place_of(value, segment.name),
                            node);
    value = row->form == MEMBER_MAP ? json_get(value, segment.name) : NULL;
    if (!value) return false;
    node->path = outline_under(arena, outline_under(arena, node->path, name), segment.name);
    node->shape = row->inner;
    node->value = value;
    return true;
}

/* One element further. */
static bool node_step(Arena *arena, Str *path, OutlineNode *node) {
    Segment segment;
    MemberRow row;
    Str rest = *path;
    OutlineNode at = *node;
    bool id = segment_next(&rest, &segment) && !str_empty(segment.name) &&
              !row_named(node->shape, segment.name, &row);
    if (id) {
        *path = rest;
        return id_step(arena, segment.name, node);
    }
    if (!through_objects(arena, path, &at, &row) || !member_step(arena, path, &row, &at))
        return false;
    *node = at;
    return true;
}

bool outline_exact(Arena *arena, const Json *source, Str path, OutlineNode *out) {
    *out = (OutlineNode){.shape = MEMBERS_ROOT, .value = source};
    while (!str_empty(path))
        if (!node_step(arena, &path, out)) return false;
    return true;
}

void outline_find(Arena *arena, const Json *source, Str path, OutlineNode *out) {
    *out = (OutlineNode){.shape = MEMBERS_ROOT, .value = source};
    while (!str_empty(path) && node_step(arena, &path, out))
        ;
}

/* ---- replacing ---- */

static const Json *member_set(Arena *arena, const Json *object, Str name, const Json *value) {
    uint32_t n = object && object->kind == JSON_OBJECT ? object->len : 0;
    JsonMembers members = {0};
    Json *out = NEW(arena, Json);
    bool there = false;
    for (uint32_t i = 0; i < n; i++) {
        JsonMember member = object->value.members[i];
        bool same = str_eq(member.name, name);
        there |= same;
        if (same && value) member.value = *value;
        if (!same || value) vec_push(arena, &members, member);
    }
    if (!there && value) vec_push(arena, &members, (JsonMember){name, *value});
    *out = json_of_members(members.items, members.len);
    return out;
}

static const Json *element_set(Arena *arena, const Json *list, size_t at, const Json *value) {
    size_t n = list && list->kind == JSON_ARRAY ? list->len : 0;
    JsonItems items = {0};
    Json *out = NEW(arena, Json);
    if (at > n || (at == n && !value)) return NULL;
    for (size_t i = 0; i < n; i++)
        if (i != at)
            vec_push(arena, &items, *json_at(list, i));
        else if (value)
            vec_push(arena, &items, *value);
    if (at == n) vec_push(arena, &items, *value);
    *out = json_of_items(items.items, items.len);
    return out;
}

const Json *outline_set(Arena *arena, const Json *source, Str path, const Json *value) {
    Segment segment;
    if (str_empty(path)) return value;
    if (!segment_next(&path, &segment)) return NULL;
    if (!str_empty(path)) {
        value = outline_set(arena, source ? value_at(source, &segment) : NULL, path, value);
        if (!value) return NULL;
    }
    return str_empty(segment.name) ? element_set(arena, source, segment.index, value)
                                   : member_set(arena, source, segment.name, value);
}

const Json *outline_move(Arena *arena, const Json *source, Str list, size_t n, int by) {
    const Json *before = outline_value(source, list);
    Json *after = NEW(arena, Json);
    if (!before || before->kind != JSON_ARRAY) return NULL;
    size_t to = by < 0 ? n - 1 : n + 1;
    if (n >= before->len || to >= before->len) return source;
    Json *items = NEW_ARRAY(arena, Json, before->len);
    for (size_t i = 0; i < before->len; i++)
        items[i] = *json_at(before, i == n ? to : i == to ? n : i);
    *after = json_of_items(items, before->len);
    return outline_set(arena, source, list, after);
}
