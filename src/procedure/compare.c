#include "procedure_int.h"

#include "compare.h"
#include "outline.h"

typedef struct Compare {
    Arena *arena;
    DefinitionChanges *out;
} Compare;

static void compare_values(const Compare *compare, Str path, const Json *before, const Json *after);

static void change_add(const Compare *compare, Str path, const Json *before, const Json *after) {
    vec_push(compare->arena, compare->out, (DefinitionChange){path, before, after});
}

static void compare_objects(const Compare *compare, Str path, const Json *before,
                            const Json *after) {
    for (uint32_t i = 0; i < after->len; i++) {
        const JsonMember *member = &after->value.members[i];
        compare_values(compare, outline_under(compare->arena, path, member->name),
                       json_get(before, member->name), &member->value);
    }
    for (uint32_t i = 0; i < before->len; i++) {
        const JsonMember *member = &before->value.members[i];
        if (!json_get(after, member->name))
            compare_values(compare, outline_under(compare->arena, path, member->name),
                           &member->value, NULL);
    }
}

/* ---- lists ---- */

static Str id_at(const Json *list, size_t n) {
    return json_get_str(json_at(list, n), "id");
}

static const Json *of_id(const Json *list, Str id) {
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(id_at(list, i), id)) return json_at(list, i);
    return NULL;
}

static bool all_named(const Json *list) {
    for (size_t i = 0; i < list->len; i++)
        if (str_empty(id_at(list, i))) return false;
    return true;
}

/* Whether those that stay stand in another order. */
static bool is_reordered(const Json *before, const Json *after) {
    size_t at = 0;
    for (size_t i = 0; i < after->len; i++) {
        if (!of_id(before, id_at(after, i))) continue;
        while (at < before->len && !of_id(after, id_at(before, at)))
            at++;
        if (!str_eq(id_at(before, at++), id_at(after, i))) return true;
    }
    return false;
}

static void compare_named(const Compare *compare, Str path, const Json *before, const Json *after) {
    if (is_reordered(before, after)) change_add(compare, path, before, after);
    for (size_t i = 0; i < after->len; i++)
        compare_values(compare, outline_under(compare->arena, path, id_at(after, i)),
                       of_id(before, id_at(after, i)), json_at(after, i));
    for (size_t i = 0; i < before->len; i++)
        if (!of_id(after, id_at(before, i)))
            change_add(compare, outline_under(compare->arena, path, id_at(before, i)),
                       json_at(before, i), NULL);
}

static void compare_places(const Compare *compare, Str path, const Json *before,
                           const Json *after) {
    size_t n = before->len > after->len ? before->len : after->len;
    for (size_t i = 0; i < n; i++)
        compare_values(compare, str_fmt(compare->arena, STR_FMT "[%zu]", STR_ARG(path), i),
                       json_at(before, i), json_at(after, i));
}

static void compare_values(const Compare *compare, Str path, const Json *before,
                           const Json *after) {
    bool both = before && after;
    if (both && json_equal(before, after)) return; /* the order of elements counts */
    if (both && before->kind == JSON_OBJECT && after->kind == JSON_OBJECT)
        compare_objects(compare, path, before, after);
    else if (both && before->kind == JSON_ARRAY && after->kind == JSON_ARRAY)
        (all_named(before) && all_named(after) ? compare_named : compare_places)(compare, path,
                                                                                 before, after);
    else
        change_add(compare, path, before, after);
}

void definition_compare(Arena *arena, const Json *before, const Json *after,
                        DefinitionChanges *out) {
    Compare compare = {arena, out};
    *out = (DefinitionChanges){0};
    compare_values(&compare, STR_NONE, before, after);
}
