/* page_design_grid: a decision table as a grid: a row a rule, a column an input or output, each
   cell a text. One that is too large for a form keeps its list of rules. */
#include "page_design.h"

enum { GRID_FIELDS = 800, CELL_MAX = 1 << 16 };

/* The two kinds of columns: what heads them, and the cells of a rule. */
typedef struct Columns {
    const char *heads, *cells, *head; /* head: what a column without a label is called by */
} Columns;
static const Columns kinds[] = {{"inputs", "when", "expression"}, {"outputs", "then", "name"}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static size_t length(const Json *list) {
    return list && list->kind == JSON_ARRAY ? list->len : 0;
}

/* As many as the table heads, or a rule has: what is too much is shown, not lost. */
static size_t columns(const Json *table, const Columns *kind) {
    const Json *rules = json_get(table, STR("rules"));
    size_t n = length(json_get(table, str_of(kind->heads)));
    for (size_t i = 0; i < length(rules); i++) {
        size_t cells = length(json_get(json_at(rules, i), str_of(kind->cells)));
        if (cells > n) n = cells;
    }
    return n;
}

bool design_is_table(unsigned shape) {
    MemberRow row;
    return members_row(shape, 0, &row) && str_eq(str_of(row.name), STR("hit"));
}

bool design_grid_fits(const Json *table) {
    size_t across = 1;
    for (size_t k = 0; k < KINDS; k++)
        across += columns(table, &kinds[k]);
    return across > 1 && length(json_get(table, STR("rules"))) * across <= GRID_FIELDS;
}

/* ---- as it is drawn ---- */

static Str head_of(Arena *arena, const Json *table, const Columns *kind, size_t n) {
    const Json *one = json_at(json_get(table, str_of(kind->heads)), n);
    Str label = json_get_str(one, "label"), name = json_get_str(one, kind->head);
    return !str_empty(label)  ? label
           : !str_empty(name) ? name
                              : str_fmt(arena, "%s %zu", kind->cells, n + 1);
}

static Json heads_value(Arena *arena, const Json *table) {
    JsonItems items = {0};
    for (size_t k = 0; k < KINDS; k++)
        for (size_t i = 0; i < columns(table, &kinds[k]); i++) {
            View one = view_new(arena);
            view_str(&one, "label", head_of(arena, table, &kinds[k], i));
            view_bool(&one, "output", k == 1);
            vec_push(arena, &items, view_value(&one));
        }
    return json_of_items(items.items, items.len);
}

static Str cell_text(Arena *arena, const Json *value) {
    Buf text = buf_new(arena, CELL_MAX);
    if (value && value->kind != JSON_NULL) design_value_write(&text, value);
    return buf_str(&text);
}

static Str cell_name(Arena *arena, size_t rule, const char *cells, size_t n) {
    return str_fmt(arena, "rules[%zu].%s[%zu]", rule, cells, n);
}

static Json row_value(Arena *arena, const Json *table, const Json *rule, size_t n) {
    JsonItems cells = {0};
    View row = view_new(arena);
    for (size_t k = 0; k < KINDS; k++)
        for (size_t i = 0; i < columns(table, &kinds[k]); i++) {
            View one = view_new(arena);
            const Json *value = json_at(json_get(rule, str_of(kinds[k].cells)), i);
            view_str(&one, "name", cell_name(arena, n, kinds[k].cells, i));
            view_str(&one, "label", head_of(arena, table, &kinds[k], i));
            view_set(&one, "value", json_of_str(cell_text(arena, value)));
            vec_push(arena, &cells, view_value(&one));
        }
    view_int(&row, "n", (int64_t)n + 1);
    view_int(&row, "at", (int64_t)n);
    view_str(&row, "name", str_fmt(arena, "rules[%zu].name", n));
    view_set(&row, "value", json_of_str(json_get_str(rule, "name")));
    view_items(&row, "cells", &cells);
    return view_value(&row);
}

Json design_grid_value(Arena *arena, const Json *table, Str path) {
    const Json *rules = json_get(table, STR("rules"));
    JsonItems rows = {0};
    View grid = view_new(arena);
    for (size_t i = 0; i < length(rules); i++) {
        Json row = row_value(arena, table, json_at(rules, i), i);
        vec_push(arena, &rows, row);
    }
    view_str(&grid, "path", path);
    view_set(&grid, "heads", heads_value(arena, table));
    view_items(&grid, "rows", &rows);
    return view_value(&grid);
}

/* ---- as it is said ---- */

bool design_grid_sent(const Said *said) {
    return str_eq(http_form_value(said->form, "grid"), STR("yes"));
}

/* An empty condition holds of everything, an empty result is none; a cell without a column is gone
   once it is empty. */
static Json cells_said(const Said *said, const Json *table, size_t rule, const Columns *kind) {
    JsonItems items = {0};
    size_t heads = length(json_get(table, str_of(kind->heads)));
    Json none = kind == &kinds[0] ? json_of_str(STR("-")) : json_of_null();
    for (size_t i = 0; i < columns(table, kind); i++) {
        Str name = cell_name(said->arena, rule, kind->cells, i);
        Str text = str_trim(http_form_value(said->form, name.ptr));
        if (!str_empty(text))
            vec_push(said->arena, &items, design_scalar(said, text, false));
        else if (i < heads)
            vec_push(said->arena, &items, none);
    }
    return json_of_items(items.items, items.len);
}

Json design_grid_said(const Said *said, const Json *table) {
    const Json *rules = json_get(table, STR("rules"));
    JsonItems items = {0};
    for (size_t i = 0; i < length(rules); i++) {
        JsonMembers members = {0};
        Str name =
            str_trim(http_form_value(said->form, str_fmt(said->arena, "rules[%zu].name", i).ptr));
        if (!str_empty(name))
            vec_push(said->arena, &members, (JsonMember){STR("name"), json_of_str(name)});
        for (size_t k = 0; k < KINDS; k++)
            vec_push(said->arena, &members,
                     (JsonMember){str_of(kinds[k].cells), cells_said(said, table, i, &kinds[k])});
        vec_push(said->arena, &items, json_of_members(members.items, members.len));
    }
    return json_of_items(items.items, items.len);
}
