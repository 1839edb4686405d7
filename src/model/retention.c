#include "retention.h"

Str retention_label(Arena *arena, Str retention, int fiscal_year) {
    return str_fmt(arena, STR_FMT "/%d", STR_ARG(retention), fiscal_year);
}

bool retention_label_read(Str label, Str *retention, int *fiscal_year) {
    size_t at = label.len;
    int64_t year;
    while (at && label.ptr[at - 1] != '/')
        at--;
    if (at < 2 || !str_to_i64(str_sub(label, at, label.len), &year)) return false;
    *retention = str_head(label, at - 1);
    *fiscal_year = (int)year;
    return true;
}

static const DictType *filed_type(const Dictionary *dictionary, const Entity *entity) {
    for (size_t i = 0; dictionary && i < entity->types.len; i++) {
        const DictType *type = dictionary_type(dictionary, entity->types.items[i]);
        if (type && type->filed.len) return type;
    }
    return NULL;
}

void retention_name(Arena *arena, const Dictionary *dictionary, Entity *entity, Str retention,
                    int64_t at) {
    const DictType *type = filed_type(dictionary, entity);
    if (!type || !str_empty(entity_text(entity, type->filed))) return;
    Str text = str_empty(retention) ? type->retention : retention;
    int year = time_fiscal_year(time_jst_date(at));
    entity_set(arena, entity, type->filed, json_of_str(retention_label(arena, text, year)));
}
