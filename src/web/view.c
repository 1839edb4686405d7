#include "pages_int.h"

View view_new(Arena *arena) {
    return (View){.arena = arena};
}

void view_set(View *view, const char *name, Json value) {
    for (size_t i = 0; i < view->members.len; i++)
        if (str_eq(view->members.items[i].name, str_of(name))) {
            view->members.items[i].value = value;
            return;
        }
    vec_push(view->arena, &view->members, (JsonMember){str_of(name), value});
}

void view_null(View *view, const char *name) {
    view_set(view, name, json_of_null());
}

void view_str(View *view, const char *name, Str value) {
    view_set(view, name, str_empty(value) ? json_of_null() : json_of_str(value));
}

void view_int(View *view, const char *name, int64_t value) {
    view_set(view, name, json_of_int(value));
}

void view_instant(View *view, const char *name, int64_t at) {
    if (at == TIME_NONE)
        view_null(view, name);
    else
        view_int(view, name, at);
}

void view_bool(View *view, const char *name, bool value) {
    view_set(view, name, json_of_bool(value));
}

void view_json(View *view, const char *name, const Json *value) {
    view_set(view, name, value ? *value : json_of_null());
}

void view_items(View *view, const char *name, const JsonItems *items) {
    view_set(view, name, json_of_items(items->items, items->len));
}

Json view_value(const View *view) {
    return json_of_members(view->members.items, view->members.len);
}

Json view_text(Arena *arena, Str ja, Str en) {
    View text = view_new(arena);
    view_set(&text, "ja", json_of_str(ja));
    view_set(&text, "en", json_of_str(en));
    return view_value(&text);
}
