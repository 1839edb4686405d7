#include "match_int.h"

#include <string.h>

/* Terms of the core context that name no attribute: they cannot be overridden (clause 4.4). */
static const struct {
    const char *term;
    Member member;
    bool of_entity, of_attr;
} members[] = {
    {"id", MEMBER_ID, true, false},
    {"type", MEMBER_TYPE, true, false},
    {"scope", MEMBER_SCOPE, true, false},
    {"createdAt", MEMBER_CREATED_AT, true, true},
    {"modifiedAt", MEMBER_MODIFIED_AT, true, true},
    {"deletedAt", MEMBER_DELETED_AT, true, true},
    {"expiresAt", MEMBER_EXPIRES_AT, true, true},
    {"observedAt", MEMBER_OBSERVED_AT, false, true},
    {"unitCode", MEMBER_UNIT_CODE, false, true},
    {"datasetId", MEMBER_DATASET_ID, false, true},
    {"instanceId", MEMBER_INSTANCE_ID, false, true},
    {"objectType", MEMBER_OBJECT_TYPE, false, true},
};

static Member member_named(Str term, bool first) {
    Str prefix = STR(LD_NGSI);
    if (str_starts(term, prefix)) term = str_sub(term, prefix.len, term.len);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (str_eq(term, str_of(members[i].term)) &&
            (first ? members[i].of_entity : members[i].of_attr))
            return members[i].member;
    return MEMBER_NONE;
}

/* The standard's names are letters, digits and '_'; compact and whole IRIs and names with '-' are
 * read as well. */
static bool is_name_byte(char c) {
    return (unsigned char)c > ' ' && c != 0x7F && !strchr("\"'()*,;<=>[\\]^`{|}~!&?.", c);
}

/* The length of the name at the front. In an IRI ("http://a.example/b") a dot separates names only
   behind its last
   '/' or '#'. */
static size_t name_length(Str rest) {
    size_t end = 0, run = 0, slash = 0;
    while (run < rest.len && (is_name_byte(rest.ptr[run]) || rest.ptr[run] == '.')) {
        if (rest.ptr[run] == '/' || rest.ptr[run] == '#') slash = run;
        run++;
    }
    ptrdiff_t scheme = str_find(str_sub(rest, 0, run), STR("://"));
    if (scheme > 0) end = slash;
    while (end < run && rest.ptr[end] != '.')
        end++;
    return end;
}

static Rc read_name(Scan *scan, Str *out) {
    Str rest = str_sub(scan->text, scan->at, scan->text.len);
    size_t len = name_length(rest);
    if (len == 0)
        return SCAN_FAIL(scan, scan->at, "expected the name of an attribute, found " STR_FMT ".",
                         STR_ARG(match_scan_what(scan, scan->at)));
    *out = str_sub(rest, 0, len);
    scan->at += len;
    return RC_OK;
}

static Rc add_name(Scan *scan, Path *path, size_t offset, Str term) {
    if (path->member)
        return SCAN_FAIL(scan, offset, "a system member has no parts: nothing can follow it.");
    bool first = path->n_names == 0;
    path->member = member_named(term, first);
    if (path->member) return RC_OK;
    if (path->n_names == PATH_NAMES_MAX)
        return SCAN_LIMIT(scan, "a path of more than %d names.", PATH_NAMES_MAX);
    Arena *arena = scan->ctx->arena;
    path->names[path->n_names++] = str_dup(arena, ld_expand(scan->context, arena, term));
    return RC_OK;
}

static Rc read_key(Scan *scan, Path *path) {
    Str rest = str_sub(scan->text, scan->at, scan->text.len);
    size_t len = 0;
    while (len < rest.len && (unsigned char)rest.ptr[len] >= ' ' && !strchr(".[]\"", rest.ptr[len]))
        len++;
    if (len == 0)
        return SCAN_FAIL(scan, scan->at, "expected the name of a member, found " STR_FMT ".",
                         STR_ARG(match_scan_what(scan, scan->at)));
    if (path->n_keys == PATH_KEYS_MAX)
        return SCAN_LIMIT(scan, "more than %d members in brackets.", PATH_KEYS_MAX);
    path->keys[path->n_keys++] = str_dup(scan->ctx->arena, str_sub(rest, 0, len));
    scan->at += len;
    return RC_OK;
}

static Rc read_keys(Scan *scan, Path *path) {
    if (path->member) return SCAN_FAIL(scan, scan->at, "a system member has no parts in brackets.");
    do {
        scan->at++;
        TRY(read_key(scan, path));
    } while (match_scan_peek(scan) == '.');
    if (!match_scan_take(scan, STR("]")))
        return SCAN_FAIL(scan, scan->at, "expected '.' or ']', found " STR_FMT ".",
                         STR_ARG(match_scan_what(scan, scan->at)));
    return RC_OK;
}

Rc match_path_read(Scan *scan, Path *out) {
    *out = (Path){0};
    size_t offset;
    do {
        offset = scan->at;
        Str term = STR_NONE;
        TRY(read_name(scan, &term));
        TRY(add_name(scan, out, offset, term));
    } while (match_scan_take(scan, STR(".")));
    if (match_scan_peek(scan) == '[') TRY(read_keys(scan, out));
    if (match_scan_peek(scan) == '{')
        return SCAN_FAIL(scan, scan->at,
                         "conditions on linked entities, name{...}, are not answered here: query "
                         "the linked entities first, then ask for their ids with ==.");
    return RC_OK;
}

static bool visit_text(Str text, PathVisit visit, void *arg) {
    if (str_empty(text)) return false;
    Json json = json_of_str(text);
    Target target = {.kind = ATTR_PROPERTY, .value = &json, .time = TIME_NONE};
    return visit(&target, arg);
}

static bool visit_texts(const StrVec *texts, PathVisit visit, void *arg) {
    VEC_EACH (Str, text, texts)
        if (visit_text(*text, visit, arg)) return true;
    return false;
}

static bool visit_time(int64_t time, PathVisit visit, void *arg) {
    if (time == TIME_NONE) return false;
    Target target = {.kind = ATTR_PROPERTY, .time = time};
    return visit(&target, arg);
}

static bool visit_entity_member(Member member, const Entity *entity, PathVisit visit, void *arg) {
    switch (member) {
    case MEMBER_ID:
        return visit_text(entity->id, visit, arg);
    case MEMBER_TYPE:
        return visit_texts(&entity->types, visit, arg);
    case MEMBER_SCOPE:
        return visit_texts(&entity->scopes, visit, arg);
    case MEMBER_CREATED_AT:
        return visit_time(entity->created_at, visit, arg);
    case MEMBER_MODIFIED_AT:
        return visit_time(entity->modified_at, visit, arg);
    case MEMBER_DELETED_AT:
        return visit_time(entity->deleted_at, visit, arg);
    case MEMBER_EXPIRES_AT:
        return visit_time(entity->expires_at, visit, arg);
    default:
        return false;
    }
}

static bool visit_attr_member(Member member, const Attr *attr, PathVisit visit, void *arg) {
    switch (member) {
    case MEMBER_OBSERVED_AT:
        return visit_time(attr->observed_at, visit, arg);
    case MEMBER_CREATED_AT:
        return visit_time(attr->created_at, visit, arg);
    case MEMBER_MODIFIED_AT:
        return visit_time(attr->modified_at, visit, arg);
    case MEMBER_DELETED_AT:
        return visit_time(attr->deleted_at, visit, arg);
    case MEMBER_EXPIRES_AT:
        return visit_time(attr->expires_at, visit, arg);
    case MEMBER_UNIT_CODE:
        return visit_text(attr->unit_code, visit, arg);
    case MEMBER_DATASET_ID:
        return visit_text(attr->dataset_id, visit, arg);
    case MEMBER_INSTANCE_ID:
        return visit_text(attr->instance_id, visit, arg);
    case MEMBER_OBJECT_TYPE:
        return visit_texts(&attr->object_types, visit, arg);
    default:
        return false;
    }
}

/* name[en] is that language's text; name[*] and name alone are the whole map. */
static bool visit_language(const Path *path, const Attr *attr, PathVisit visit, void *arg) {
    Target target = {.kind = ATTR_LANGUAGE, .value = attr->value, .time = TIME_NONE};
    if (path->n_keys == 0 || (path->n_keys == 1 && str_eq(path->keys[0], STR("*"))))
        return visit(&target, arg);
    if (path->n_keys > 1 || attr->value->kind != JSON_OBJECT) return false;
    target.kind = ATTR_PROPERTY;
    for (uint32_t i = 0; i < attr->value->len; i++) {
        const JsonMember *member = &attr->value->value.members[i];
        if (!str_eq_nocase(member->name, path->keys[0])) continue; /* BCP 47 tags know no case */
        target.value = &member->value;
        return visit(&target, arg);
    }
    return false;
}

static bool visit_value(const Path *path, const Attr *attr, PathVisit visit, void *arg) {
    if (!attr->value) return false;
    if (attr->kind == ATTR_LANGUAGE) return visit_language(path, attr, visit, arg);
    Target target = {.kind = attr->kind,
                     .value = attr->value,
                     .time = TIME_NONE,
                     .typed = !str_empty(attr->value_type)};
    for (size_t i = 0; i < path->n_keys; i++) {
        target.kind = ATTR_PROPERTY;
        target.typed = false;
        target.value = json_get(target.value, path->keys[i]);
        if (!target.value)
            return false; /* an undefined member: the target does not exist (clause 4.9) */
    }
    return visit(&target, arg);
}

static bool visit_attrs(const Path *path, size_t level, const Attrs *attrs, PathVisit visit,
                        void *arg) {
    bool last = level + 1 == path->n_names;
    VEC_EACH (Attr, attr, attrs) {
        if (!str_eq(attr->name, path->names[level])) continue;
        bool found = !last          ? visit_attrs(path, level + 1, &attr->subs, visit, arg)
                     : path->member ? visit_attr_member(path->member, attr, visit, arg)
                                    : visit_value(path, attr, visit, arg);
        if (found) return true;
    }
    return false;
}

bool match_path_any(const Path *path, const Entity *entity, PathVisit visit, void *arg) {
    if (path->n_names == 0) return visit_entity_member(path->member, entity, visit, arg);
    return visit_attrs(path, 0, &entity->attrs, visit, arg);
}
