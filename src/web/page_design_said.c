/* page_design_said: what the form of one object of a draft says, as the object that it makes of it.
 */
#include "page_design.h"

#include <string.h>

const char *const design_languages[DESIGN_LANGUAGES] = {"ja", "en", "easy"};

bool design_among(const char *words, Str name) {
    Str rest = str_of(words), one;
    while (str_split(&rest, ' ', &one))
        if (str_eq(one, name)) return true;
    return false;
}

bool design_is_wording(unsigned shape) {
    MemberRow row;
    return members_row(shape, 0, &row) && row.name[0] == '*';
}

static Str said_of(const Said *said, Str prefix, const char *name) {
    return http_form_value(said->form,
                           str_fmt(said->arena, STR_FMT "%s", STR_ARG(prefix), name).ptr);
}

Json design_scalar(const Said *said, Str text, bool structured) {
    const Json *value;
    Error before = said->ctx->error;
    bool may = structured || (text.len && !strchr("\"[{", text.ptr[0]));
    Rc rc = may ? json_read(said->ctx, text, JSON_LIMITS_DEFAULT, &value) : RC_INVALID;
    said->ctx->error = before;
    return rc == RC_OK ? *value : json_of_str(text);
}

static Json texts_of(const Said *said, Str text, bool typed) {
    JsonItems items = {0};
    Str line;
    while (str_split(&text, '\n', &line)) {
        line = str_trim(line);
        if (!str_empty(line))
            vec_push(said->arena, &items,
                     typed ? design_scalar(said, line, false) : json_of_str(line));
    }
    bool none = !typed && items.len == 1 && str_eq(json_str(&items.items[0]), STR("-"));
    return json_of_items(items.items, none ? 0 : items.len);
}

static void named_add(const Said *said, JsonMembers *members, Str name, Json value) {
    VEC_EACH (JsonMember, member, members) {
        JsonItems both = {0};
        if (!str_eq(member->name, name)) continue;
        for (uint32_t i = 0; member->value.kind == JSON_ARRAY && i < member->value.len; i++)
            vec_push(said->arena, &both, *json_at(&member->value, i));
        if (member->value.kind != JSON_ARRAY) vec_push(said->arena, &both, member->value);
        vec_push(said->arena, &both, value);
        member->value = json_of_items(both.items, both.len);
        return;
    }
    vec_push(said->arena, members, (JsonMember){name, value});
}

static Json named_of(const Said *said, Str text, bool typed) {
    JsonMembers members = {0};
    Str line;
    while (str_split(&text, '\n', &line)) {
        ptrdiff_t at = str_find(line, STR("="));
        if (at <= 0) continue;
        Str name = str_trim(str_head(line, (size_t)at)),
            value = str_trim(str_sub(line, (size_t)at + 1, line.len));
        named_add(said, &members, name,
                  typed ? design_scalar(said, value, true) : json_of_str(value));
    }
    return json_of_members(members.items, members.len);
}

/* Other languages than those of the form stay. */
static Json wording_of(const Said *said, Str prefix, const char *name, const Json *old) {
    JsonMembers members = {0};
    Str inner = str_fmt(said->arena, STR_FMT "%s.", STR_ARG(prefix), name);
    for (size_t i = 0; i < DESIGN_LANGUAGES; i++) {
        Str text = str_trim(said_of(said, inner, design_languages[i]));
        if (!str_empty(text))
            vec_push(said->arena, &members,
                     (JsonMember){str_of(design_languages[i]), json_of_str(text)});
    }
    for (uint32_t i = 0; old && old->kind == JSON_OBJECT && i < old->len; i++)
        if (!design_among("ja en easy", old->value.members[i].name))
            vec_push(said->arena, &members, old->value.members[i]);
    return json_of_members(members.items, members.len);
}

static Json whole_of(const Said *said, Str prefix, const char *name, Str text) {
    int64_t value;
    if (str_empty(text)) return json_of_null();
    if (str_to_i64(text_fold(said->arena, text), &value)) return json_of_int(value);
    vec_push(said->arena, said->faults,
             ((Fault){str_fmt(said->arena, STR_FMT "%s", STR_ARG(prefix), name).ptr, "number"}));
    return json_of_str(text);
}

static Json object_of(const Said *said, Str prefix, unsigned shape, const Json *old);

/* Null: the member isn't there. */
static Json member_of(const Said *said, Str prefix, const MemberRow *row, const Json *old) {
    Str text = str_trim(said_of(said, prefix, row->name));
    bool dash = str_eq(text, STR("-"));
    switch (row->form) {
    case MEMBER_TEXT:
        return str_empty(text) ? json_of_null() : json_of_str(text);
    case MEMBER_WHOLE:
        return whole_of(said, prefix, row->name, text);
    case MEMBER_TRUTH:
        return str_eq(text, STR("yes")) ? json_of_bool(true) : json_of_null();
    case MEMBER_TEXTS:
        return str_empty(text) ? json_of_null() : texts_of(said, text, row->typed);
    case MEMBER_NAMED:
        return str_empty(text) && !dash ? json_of_null() : named_of(said, text, row->typed);
    case MEMBER_WORDING:
        return wording_of(said, prefix, row->name, old);
    case MEMBER_OBJECT:
        return object_of(said, str_fmt(said->arena, STR_FMT "%s.", STR_ARG(prefix), row->name),
                         row->inner, old);
    case MEMBER_LIST:
    case MEMBER_MAP:
        return old ? *old : json_of_null();
    }
    return json_of_null();
}

/* An object that says nothing isn't there. */
static bool says_nothing(const MemberRow *row, const Json *value) {
    return value->kind == JSON_NULL ||
           ((row->form == MEMBER_WORDING || row->form == MEMBER_OBJECT) && !value->len);
}

static Json object_of(const Said *said, Str prefix, unsigned shape, const Json *old) {
    JsonMembers members = {0};
    MemberRow row;
    for (size_t i = 0; members_row(shape, i, &row); i++) {
        const Json *before = json_get(old, str_of(row.name));
        bool stays = shape == MEMBERS_ROOT && design_among("id version", str_of(row.name));
        bool grid = design_is_table(shape) && str_eq(str_of(row.name), STR("rules"));
        Json value = stays && before                  ? *before
                     : grid && design_grid_sent(said) ? design_grid_said(said, old)
                                                      : member_of(said, prefix, &row, before);
        if (!says_nothing(&row, &value))
            vec_push(said->arena, &members, (JsonMember){str_of(row.name), value});
    }
    return json_of_members(members.items, members.len);
}

const Json *design_said(const Said *said, const OutlineNode *node) {
    Json *out = NEW(said->arena, Json);
    *out = design_is_wording(node->shape) ? wording_of(said, STR_NONE, "text", node->value)
                                          : object_of(said, STR_NONE, node->shape, node->value);
    return out;
}
