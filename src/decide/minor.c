#include "minor.h"

#include "decide.h"

#define IRI(term) STR(LD_DEFAULT term)

/* ---- what differs ---- */

/* Computed of the rest, or drawn for it. */
static bool is_technical(Str name) {
    return str_eq(name, STR("salts")) || str_eq(name, STR("root")) || str_eq(name, STR("subject"));
}

static void change_add(Arena *arena, MinorChanges *out, Str path, const Json *before,
                       const Json *after) {
    if (out->len <= MINOR_MOST) vec_push(arena, out, (MinorChange){path, before, after});
}

static Str path_member(Arena *arena, Str path, Str name) {
    return str_empty(path) ? str_dup(arena, name)
                           : str_fmt(arena, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(name));
}

static void value_changes(Arena *arena, MinorChanges *out, const MinorChange *at);

static void object_changes(Arena *arena, MinorChanges *out, const MinorChange *at) {
    for (size_t i = 0; i < at->before->len; i++) {
        const JsonMember *member = &at->before->value.members[i];
        if (is_technical(member->name)) continue;
        value_changes(arena, out,
                      &(MinorChange){path_member(arena, at->path, member->name), &member->value,
                                     json_get(at->after, member->name)});
    }
    for (size_t i = 0; i < at->after->len; i++) {
        const JsonMember *member = &at->after->value.members[i];
        if (is_technical(member->name) || json_get(at->before, member->name)) continue;
        change_add(arena, out, path_member(arena, at->path, member->name), NULL, &member->value);
    }
}

static void value_changes(Arena *arena, MinorChanges *out, const MinorChange *at) {
    const Json *before = at->before, *after = at->after;
    if (before && after && json_equal(before, after)) return;
    bool alike = before && after && before->kind == after->kind;
    if (alike && before->kind == JSON_OBJECT) {
        object_changes(arena, out, at);
    } else if (alike && before->kind == JSON_ARRAY && before->len == after->len) {
        for (size_t i = 0; i < before->len; i++)
            value_changes(arena, out,
                          &(MinorChange){str_fmt(arena, STR_FMT "[%zu]", STR_ARG(at->path), i),
                                         json_at(before, i), json_at(after, i)});
    } else {
        change_add(arena, out, at->path, before, after);
    }
}

void minor_changes(Arena *arena, const Json *before, const Json *after, MinorChanges *out) {
    *out = (MinorChanges){0};
    value_changes(arena, out, &(MinorChange){STR_NONE, before, after});
}

/* ---- what may not ---- */

static const Json *rows_of(const Json *organisation) {
    return organisation ? json_get(organisation, STR("corrections")) : NULL;
}

static bool row_fits(const Json *row, Str kind) {
    Str own = json_get_str(row, "kind");
    return str_eq(own, STR("*")) || str_eq(own, kind);
}

Str minor_article(const Json *organisation, Str kind) {
    const Json *rows = rows_of(organisation);
    for (size_t i = 0; rows && i < rows->len; i++)
        if (row_fits(json_at(rows, i), kind)) return json_get_str(json_at(rows, i), "article");
    return STR_NONE;
}

static Rc fault(Ctx *ctx, size_t row, const char *member, const char *text) {
    return ctx_fail(ctx, RC_INVALID, "bad-organisation",
                    str_fmt(ctx->arena, "corrections[%zu].%s", row, member), "%s", text);
}

static bool is_texts(const Json *list) {
    bool good = list && list->kind == JSON_ARRAY;
    for (size_t i = 0; good && i < list->len; i++)
        good = !str_empty(json_str(json_at(list, i)));
    return good;
}

Rc minor_check(Ctx *ctx, const Json *organisation) {
    const Json *rows = rows_of(organisation);
    for (size_t i = 0; rows && i < rows->len; i++) {
        const Json *row = json_at(rows, i), *but = json_get(row, STR("but"));
        if (str_empty(json_get_str(row, "kind")))
            return fault(ctx, i, "kind", "A row names the kind of matter; \"*\" is any.");
        if (str_empty(json_get_str(row, "article")))
            return fault(ctx, i, "article", "A row names the article that says so.");
        if (!is_texts(json_get(row, STR("never"))))
            return fault(ctx, i, "never", "This is a list of paths.");
        if (but && !is_texts(but)) return fault(ctx, i, "but", "This is a list of members.");
    }
    return RC_OK;
}

/* The next member of a path, without the place in a list. */
static bool member_next(Str *path, Str *out) {
    if (!str_split(path, '.', out)) return false;
    ptrdiff_t bracket = str_find(*out, STR("["));
    if (bracket >= 0) *out = str_head(*out, (size_t)bracket);
    return true;
}

/* Whether one stands under the other. */
static bool paths_meet(Str left, Str right) {
    Str a, b;
    while (member_next(&left, &a) && member_next(&right, &b))
        if (!str_eq(a, b)) return false;
    return true;
}

static bool is_but(const Json *row, Str path) {
    const Json *but = json_get(row, STR("but"));
    for (Str member; member_next(&path, &member);)
        if (but && json_has(but, member)) return true;
    return false;
}

static bool is_never(const Json *row, Str path) {
    const Json *never = json_get(row, STR("never"));
    for (size_t i = 0; never && i < never->len; i++)
        if (paths_meet(path, json_str(json_at(never, i)))) return !is_but(row, path);
    return false;
}

static Rc row_allows(Ctx *ctx, const Json *row, const MinorChanges *changes) {
    VEC_EACH (const MinorChange, change, changes)
        if (is_never(row, change->path))
            return ctx_fail(ctx, RC_INVALID, "not-minor", change->path,
                            "This is never a minor correction (" STR_FMT
                            ", as organisation.json has it): hand it in as a change.",
                            STR_ARG(json_get_str(row, "article")));
    return RC_OK;
}

Rc minor_allowed(Ctx *ctx, const Json *organisation, Str kind, const MinorChanges *changes) {
    const Json *rows = rows_of(organisation);
    bool any = false;
    if (changes->len > MINOR_MOST)
        return ctx_fail(ctx, RC_INVALID, "much", STR("minor"),
                        "More than %d values differ: hand it in as a change.", MINOR_MOST);
    for (size_t i = 0; rows && i < rows->len; i++) {
        if (!row_fits(json_at(rows, i), kind)) continue;
        any = true;
        TRY(row_allows(ctx, json_at(rows, i), changes));
    }
    if (any) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-minor", STR("minor"),
                    "The city's rules name no minor corrections (corrections of "
                    "organisation.json): hand it in as a change.");
}

/* ---- kept ---- */

Json minor_json(Arena *arena, const MinorChanges *changes) {
    JsonItems items = {0};
    VEC_EACH (const MinorChange, change, changes) {
        JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
        members[0] = (JsonMember){STR("path"), json_of_str(str_dup(arena, change->path))};
        members[1] = (JsonMember){STR("before"), change->before ? *json_dup(arena, change->before)
                                                                : json_of_null()};
        members[2] = (JsonMember){STR("after"),
                                  change->after ? *json_dup(arena, change->after) : json_of_null()};
        vec_push(arena, &items, json_of_members(members, 3));
    }
    return json_of_items(items.items, items.len);
}

void minor_read(Arena *arena, const Json *list, MinorChanges *out) {
    *out = (MinorChanges){0};
    for (size_t i = 0; list && i < list->len; i++) {
        const Json *one = json_at(list, i), *before = json_get(one, STR("before")),
                   *after = json_get(one, STR("after"));
        vec_push(arena, out,
                 (MinorChange){json_get_str(one, "path"),
                               before && before->kind != JSON_NULL ? before : NULL,
                               after && after->kind != JSON_NULL ? after : NULL});
    }
}

/* Whether its changes are a record of their person (decide_part), and that of it. */
static Rc changes_read(Ctx *ctx, Str decision, const Json *row, Correction *out) {
    const Json *changes = json_get(row, STR("changes"));
    Str hash = json_get_str(row, "part");
    if (!str_empty(hash)) {
        Str id = decide_part_id(ctx->arena, decision, json_get_str(row, "case"),
                                json_get_str(row, "aspect"));
        TRY(decide_part_value(ctx, id, hash, &changes));
        out->erased = changes == NULL;
    }
    minor_read(ctx->arena, changes, &out->changes);
    return RC_OK;
}

Rc minor_corrections(Ctx *ctx, const Entity *decision, Corrections *out) {
    const Attr *attr = entity_attr(decision, IRI("corrections"));
    *out = (Corrections){0};
    for (size_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        const Json *row = json_at(attr->value, i);
        Correction *one = vec_push(ctx->arena, out,
                                   (Correction){.at = json_get_int(row, "at", 0),
                                                .actor = json_get_str(row, "actor"),
                                                .post = json_get_str(row, "post")});
        TRY(changes_read(ctx, decision->id, row, one));
    }
    return RC_OK;
}
