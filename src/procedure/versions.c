#include "procedure_int.h"

#include "versions.h"

static const Json *kept(const Entity *application) {
    const Attr *attr = entity_attr(application, IRI("transitions"));
    return attr && attr->value && attr->value->kind == JSON_ARRAY ? attr->value : NULL;
}

void case_transitions(Arena *arena, const Entity *application, CaseTransitions *out) {
    const Json *list = kept(application);
    *out = (CaseTransitions){0};
    for (size_t i = 0; list && i < list->len; i++) {
        const Json *one = json_at(list, i);
        vec_push(arena, out,
                 (CaseTransition){.from = json_get_int(one, "from", 0),
                                  .to = json_get_int(one, "to", 0),
                                  .at = json_get_int(one, "at", 0),
                                  .number = json_get_str(one, "number")});
    }
}

Json case_transitions_json(Arena *arena, const Entity *application, const CaseTransition *more) {
    const Json *before = kept(application);
    JsonItems items = {0};
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 4);
    for (size_t i = 0; before && i < before->len; i++)
        vec_push(arena, &items, *json_at(before, i));
    members[0] = (JsonMember){STR("from"), json_of_int(more->from)};
    members[1] = (JsonMember){STR("to"), json_of_int(more->to)};
    members[2] = (JsonMember){STR("at"), json_of_int(more->at)};
    members[3] = (JsonMember){STR("number"), json_of_str(str_dup(arena, more->number))};
    vec_push(arena, &items, json_of_members(members, 4));
    return json_of_items(items.items, items.len);
}

void versions_of(const Ctx *ctx, const Entity *application, Definitions *out) {
    const Catalogue *catalogue = procedures_catalogue(ctx->tenant);
    const Definition *now = defined_of(ctx, application);
    CaseTransitions all;
    *out = (Definitions){0};
    if (!now) return;
    case_transitions(ctx->arena, application, &all);
    VEC_EACH (const CaseTransition, one, &all) {
        const Definition *before = catalogue_version(catalogue, now->id, one->from);
        if (before) vec_push(ctx->arena, out, before);
    }
    vec_push(ctx->arena, out, now);
}

const Definition *versions_first(const Ctx *ctx, const Entity *application) {
    Definitions all;
    versions_of(ctx, application, &all);
    return all.len ? all.items[0] : NULL;
}

const Definition *versions_at(const Ctx *ctx, const Entity *application, int64_t at) {
    const Definition *now = defined_of(ctx, application);
    CaseTransitions all;
    case_transitions(ctx->arena, application, &all);
    VEC_EACH (const CaseTransition, one, &all)
        if (now && at < one->at)
            return catalogue_version(procedures_catalogue(ctx->tenant), now->id, one->from);
    return now;
}

const Field *versions_field(const Definitions *versions, Str id) {
    for (size_t i = 0; i < versions->len; i++) {
        const Field *field = definition_field(versions->items[i], id);
        if (field) return field;
    }
    return NULL;
}

static bool is_there(const Fields *fields, Str id) {
    for (size_t i = 0; i < fields->len; i++)
        if (str_eq(fields->items[i]->id, id)) return true;
    return false;
}

void versions_gone(const Ctx *ctx, const Entity *application, Fields *out) {
    Definitions all;
    *out = (Fields){0};
    versions_of(ctx, application, &all);
    for (size_t i = 0; i + 1 < all.len; i++) {
        VEC_EACH (const FormPage, page, &all.items[i]->pages)
            VEC_EACH (const Field, field, &page->fields)
                if (!definition_field(all.items[all.len - 1], field->id) &&
                    !is_there(out, field->id))
                    vec_push(ctx->arena, out, field);
    }
}

static bool says_same(const Wording *a, const Wording *b) {
    return a->all && b->all ? json_equal(a->all, b->all) : a->all == b->all;
}

static bool is_reworded(const Field *before, const Field *after) {
    if (!says_same(&before->label, &after->label) || !says_same(&before->hint, &after->hint))
        return true;
    VEC_EACH (const FieldOption, option, &before->options) {
        const FieldOption *now = field_option(after, option->id);
        if (now &&
            !(says_same(&option->label, &now->label) && says_same(&option->hint, &now->hint)))
            return true;
    }
    return false;
}

void versions_reworded(Arena *arena, const Definition *from, const Definition *to, Fields *out) {
    *out = (Fields){0};
    VEC_EACH (const FormPage, page, &from->pages)
        VEC_EACH (const Field, field, &page->fields) {
            const Field *after = definition_field(to, field->id);
            if (after && is_reworded(field, after)) vec_push(arena, out, field);
        }
}
