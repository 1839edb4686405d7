#include "row.h"

enum { VALUE_SHOWN = 120, ID_MAX = 2000 };

/* A row at work. */
typedef struct RowWork {
    Ctx *ctx;
    const RowSource *source;
    const CsvRow *row;
    CellWork cells;
    Json *values; /* of layout->attrs, where state is CELL_VALUE */
    CellState *states;
    RowMade *out;
} RowWork;

static Str cell_at(const RowWork *work, int column) {
    return column >= 0 && (size_t)column < work->row->cells.len ? work->row->cells.items[column]
                                                                : STR_NONE;
}

static Str header_at(const RowWork *work, int column) {
    const StrVec *headers = &work->source->layout->headers;
    return column >= 0 && (size_t)column < headers->len ? headers->items[column] : STR_NONE;
}

static RowFault fault_make(const RowWork *work, int column, Str reason) {
    return (RowFault){.line = work->row->line,
                      .column = str_head(header_at(work, column), VALUE_SHOWN),
                      .value = str_head(cell_at(work, column), VALUE_SHOWN),
                      .reason = reason};
}

/* The row is listed; the first fault is the one that is told. */
static bool row_refuse(RowWork *work, int column, Str reason) {
    if (!work->out->fault.reason.len) work->out->fault = fault_make(work, column, reason);
    return false;
}

/* ---- values ---- */

static CellState flags_value(RowWork *work, const LayoutAttr *attr, Json *out) {
    const Json *codes = json_get(attr->attr->source, STR("codes"));
    JsonItems items = {0};
    for (size_t i = 0; i < attr->columns.len; i++) {
        bool marked = false;
        CellState state = cell_mark(&work->cells, cell_at(work, attr->columns.items[i]), &marked);
        if (state == CELL_BAD) return state;
        if (state == CELL_VALUE && marked)
            vec_push(work->ctx->arena, &items, *json_get(json_at(codes, i), STR("code")));
    }
    *out = json_of_items(items.items, items.len);
    return items.len ? CELL_VALUE : CELL_EMPTY;
}

/* An element that is not there would shift the others: it is null, which the schema judges. */
static CellState family_value(RowWork *work, const LayoutAttr *attr, Json *out) {
    JsonItems items = {0};
    bool any = false;
    for (size_t i = 0; i < attr->columns.len; i++) {
        Json one = json_of_null();
        Str raw = cell_at(work, attr->columns.items[i]);
        CellState state = cell_element(&work->cells, attr->attr, raw, &one);
        if (state == CELL_BAD) return state;
        if (state == CELL_EMPTY) one = json_of_null();
        any = any || state == CELL_VALUE;
        vec_push(work->ctx->arena, &items, one);
    }
    *out = json_of_items(items.items, items.len);
    return any ? CELL_VALUE : CELL_EMPTY;
}

static CellState parts_value(RowWork *work, const LayoutAttr *attr, Json *out) {
    int64_t at;
    Str order = json_get_str(json_get(attr->attr->source, STR("csv")), "date");
    CellState state = cell_time_parts(&work->cells, cell_at(work, attr->columns.items[0]),
                                      cell_at(work, attr->columns.items[1]), order, &at);
    if (state == CELL_VALUE) *out = json_of_str(time_format(work->ctx->arena, at));
    return state;
}

static CellState value_by_way(RowWork *work, const LayoutAttr *attr, Json *out) {
    Str first = attr->columns.len ? cell_at(work, attr->columns.items[0]) : STR_NONE;
    switch (attr->way) {
    case WAY_FLAGS:
        return flags_value(work, attr, out);
    case WAY_FAMILY:
        return family_value(work, attr, out);
    case WAY_LATLON:
        return cell_point(&work->cells, first, cell_at(work, attr->columns.items[1]), out);
    case WAY_PAIR:
        return cell_point_pair(&work->cells, first, out);
    case WAY_GEO3X3:
        return cell_point_geo3x3(&work->cells, first, out);
    case WAY_MESH:
        return cell_point_mesh(&work->cells, first, out);
    case WAY_PARTS:
        return parts_value(work, attr, out);
    case WAY_NONE:
        return CELL_EMPTY;
    default:
        return cell_value(&work->cells, attr->attr, first, out);
    }
}

/* The value as the schema has it. */
static CellState value_checked(RowWork *work, const LayoutAttr *attr, Json *out) {
    CellState state = value_by_way(work, attr, out);
    if (state == CELL_EMPTY && attr->otherwise) {
        *out = *attr->otherwise;
        return CELL_VALUE;
    }
    if (state != CELL_VALUE || !attr->attr->schema) return state;
    Ctx own = *work->ctx;
    if (json_schema_check(&own, attr->attr->schema, out) == RC_OK) return CELL_VALUE;
    work->cells.why = own.error.detail;
    return CELL_BAD;
}

static bool is_needed(const LayoutAttr *attr) {
    return attr->attr->required || attr->attr->key || attr->series;
}

static bool attr_make(RowWork *work, size_t i) {
    const LayoutAttr *attr = &work->source->layout->attrs.items[i];
    int column = attr->columns.len ? attr->columns.items[0] : -1;
    uint32_t rules = work->cells.rules;
    work->states[i] = value_checked(work, attr, &work->values[i]);
    if (work->states[i] == CELL_VALUE) return true;
    if (work->states[i] == CELL_BAD) {
        work->cells.rules = rules; /* what was tried in vain is no repair */
        if (is_needed(attr)) return row_refuse(work, column, work->cells.why);
        vec_push(work->ctx->arena, &work->out->left_out, fault_make(work, column, work->cells.why));
        cell_rule(&work->cells, RULE_LEFT_OUT);
        return true;
    }
    if (attr->series) return true;
    if (!attr->attr->required && !attr->attr->key) return true;
    return row_refuse(work, column, STR("This is needed, and the cell is empty."));
}

/* ---- ids ---- */

static void value_text(Arena *arena, const Json *value, Buf *to) {
    if (value->kind == JSON_STRING)
        cell_uri(to, json_str(value));
    else {
        Buf text = buf_new(arena, ID_MAX);
        json_write(&text, value);
        cell_uri(to, buf_str(&text));
    }
}

static void hash_text(const RowWork *work, Buf *to) {
    Buf all = buf_new(work->ctx->arena, CSV_LINE_MAX * 2);
    VEC_EACH (Str, cell, &work->row->cells) {
        buf_add(&all, cell_trim(*cell));
        buf_add_char(&all, '\x1F');
    }
    Digest digest = hash_sha256(buf_str(&all));
    buf_add(to, hash_hex(work->ctx->arena, (Str){(const char *)digest.bytes, 8}));
}

/* What a {} of the pattern stands for; false: the row doesn't say it. */
static bool id_part(RowWork *work, Str name, Buf *to) {
    const Layout *layout = work->source->layout;
    if (str_eq(name, STR("@hash"))) {
        if (work->out->fault.reason.len) return false; /* mended, a listed row has another one */
        hash_text(work, to);
        return true;
    }
    if (str_eq(name, STR("@municipality"))) {
        buf_add(to, work->source->municipality);
        return work->source->municipality.len > 0;
    }
    for (size_t i = 0; i < layout->attrs.len; i++) {
        if (!str_eq(layout->attrs.items[i].attr->term, name)) continue;
        if (work->states[i] != CELL_VALUE) return false;
        value_text(work->ctx->arena, &work->values[i], to);
        return true;
    }
    return false;
}

static bool id_make(RowWork *work) {
    Buf to = buf_new(work->ctx->arena, ID_MAX);
    Str rest = work->source->layout->id;
    for (ptrdiff_t open; (open = str_find_char(rest, '{')) >= 0;) {
        buf_add(&to, str_sub(rest, 0, (size_t)open));
        work->out->prefix = str_dup(work->ctx->arena, buf_str(&to));
        rest = str_sub(rest, (size_t)open + 1, rest.len);
        size_t close = (size_t)str_find_char(rest, '}');
        if (!id_part(work, str_sub(rest, 0, close), &to))
            return row_refuse(work, -1,
                              str_fmt(work->ctx->arena,
                                      "\"" STR_FMT "\" is part of the id, and "
                                      "the row doesn't say it.",
                                      STR_ARG(str_sub(rest, 0, close))));
        rest = str_sub(rest, close + 1, rest.len);
    }
    buf_add(&to, rest);
    if (buf_rc(&to) != RC_OK) return row_refuse(work, -1, STR("The id gets too long."));
    work->out->id = buf_str(&to);
    return true;
}

/* ---- the whole ---- */

static void attr_put(RowWork *work, const LayoutAttr *attr, const Json *value) {
    Attr *made = entity_set_kind(work->ctx->arena, work->out->entity, attr->attr->kind,
                                 attr->attr->iri, *value);
    if (value->kind == JSON_NUMBER) made->unit_code = attr->attr->unit;
}

static void reading_put(RowWork *work, const LayoutAttr *attr, const Json *value, int64_t time) {
    Json *kept = NEW(work->ctx->arena, Json);
    *kept = *value;
    vec_push(work->ctx->arena, &work->out->readings,
             (Attr){.name = attr->attr->iri,
                    .kind = attr->attr->kind,
                    .value = kept,
                    .unit_code = attr->attr->unit,
                    .observed_at = time,
                    .created_at = TIME_NONE,
                    .modified_at = TIME_NONE,
                    .deleted_at = TIME_NONE,
                    .expires_at = TIME_NONE});
}

static bool time_of(RowWork *work, int64_t *time) {
    const Layout *layout = work->source->layout;
    *time = TIME_NONE;
    if (!layout->series) return true;
    CellState state =
        cell_time(&work->cells, cell_at(work, layout->time_column), layout->time_order, time);
    if (state == CELL_VALUE) return true;
    return row_refuse(work, layout->time_column,
                      state == CELL_BAD ? work->cells.why : STR("A reading has a time."));
}

static bool readings_there(RowWork *work) {
    const Layout *layout = work->source->layout;
    if (!layout->series || work->out->readings.len) return true;
    for (size_t i = 0; i < layout->attrs.len; i++)
        if (layout->attrs.items[i].series)
            return row_refuse(work, layout->attrs.items[i].columns.items[0],
                              STR("There is no reading in the row."));
    return true;
}

/* Where cells may stand in each other's columns, nothing that they say tells whose row it is. */
static void id_out_of_place(RowWork *work) {
    Str pattern = work->source->layout->id;
    work->out->id = STR_NONE;
    work->out->prefix = str_sub(pattern, 0, (size_t)str_find_char(pattern, '{'));
}

/* Cells that no header stands above, or that are missing. */
static bool width_check(RowWork *work) {
    size_t headers = work->source->layout->headers.len;
    for (size_t i = headers; i < work->row->cells.len; i++)
        if (cell_trim(work->row->cells.items[i]).len)
            return row_refuse(work, (int)i,
                              STR("The row has more cells than there are headers: a "
                                  "separator in a cell without quotes?"));
    if (work->row->cells.len < headers) cell_rule(&work->cells, RULE_SHORT_ROW);
    return true;
}

static bool row_work(RowWork *work) {
    const Layout *layout = work->source->layout;
    int64_t time;
    bool in_place =
        !work->row->unclosed || row_refuse(work, -1, STR("A quote is opened and never closed."));
    in_place = in_place && width_check(work);
    bool good = in_place && time_of(work, &time);
    for (size_t i = 0; i < layout->attrs.len; i++)
        good = attr_make(work, i) && good; /* all, so that the id of a listed row can be told */
    good = id_make(work) && good;
    if (!in_place) id_out_of_place(work);
    if (!good) return false;
    work->out->entity = entity_new(work->ctx->arena, work->out->id, layout->type->iri);
    for (size_t i = 0; i < layout->attrs.len; i++) {
        const LayoutAttr *attr = &layout->attrs.items[i];
        if (work->states[i] != CELL_VALUE) continue;
        if (attr->series)
            reading_put(work, attr, &work->values[i], time);
        else
            attr_put(work, attr, &work->values[i]);
    }
    return readings_there(work);
}

void row_make(Ctx *ctx, const RowSource *source, const CsvRow *row, RowMade *out) {
    size_t n = source->layout->attrs.len;
    *out = (RowMade){0};
    RowWork work = {.ctx = ctx,
                    .source = source,
                    .row = row,
                    .cells = {.ctx = ctx},
                    .values = NEW_ARRAY(ctx->arena, Json, n + 1),
                    .states = NEW_ARRAY(ctx->arena, CellState, n + 1),
                    .out = out};
    if (!row_work(&work)) out->entity = NULL;
    out->rules = work.cells.rules;
}
