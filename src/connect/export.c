/* export: entities of a type as CSV with the headers of the present standard. */
#include "connect_int.h"

enum { PAGE = 500, CELL_MAX = 1 << 20, PIECE = 64 << 10, PIECE_MAX = 64 << 20 };

/* One column: an attribute, or a part of it. */
typedef enum ColumnPart {
    PART_WHOLE,
    PART_LAT,
    PART_LON,
    PART_PAIR,
    PART_CODE,    /* a flag: whether the list holds the code */
    PART_ELEMENT, /* of a family */
    PART_DATE,
    PART_CLOCK,
} ColumnPart;

typedef struct Column {
    const DictAttr *attr;
    ColumnPart part;
    const Json *code;
    size_t element;
    Str header;
} Column;

typedef VEC(Column) Columns;

typedef struct Export {
    Ctx *ctx;
    Ctx work;
    const ConnectExport *wish;
    const DictType *type;
    Columns columns;
    size_t rows;
} Export;

/* ---- columns ---- */

static void column_add(Export *export, Column column) {
    vec_push(export->ctx->arena, &export->columns, column);
}

static Str first_header(const Json *headers) {
    return json_str(json_at(headers, 0));
}

static bool point_columns(Export *export, const DictAttr *attr) {
    const Json *ways = json_get(json_get(attr->source, STR("csv")), STR("point"));
    if (attr->value != VALUE_POINT) return false;
    for (size_t i = 0; ways && i < ways->len; i++) {
        const Json *lat = json_get(json_at(ways, i), STR("lat"));
        if (!lat) continue;
        const Json *lon = json_get(json_at(ways, i), STR("lon"));
        column_add(export, (Column){.attr = attr, .part = PART_LAT, .header = first_header(lat)});
        column_add(export, (Column){.attr = attr, .part = PART_LON, .header = first_header(lon)});
        return true;
    }
    column_add(export, (Column){.attr = attr, .part = PART_LAT, .header = STR("緯度")});
    column_add(export, (Column){.attr = attr, .part = PART_LON, .header = STR("経度")});
    return true;
}

static bool flag_columns(Export *export, const DictAttr *attr) {
    const Json *codes = json_get(attr->source, STR("codes"));
    bool any = false;
    for (size_t i = 0; attr->value == VALUE_LIST && codes && i < codes->len; i++) {
        const Json *code = json_at(codes, i);
        Str header = first_header(json_get(code, STR("headers")));
        if (!header.len) continue;
        column_add(export,
                   (Column){.attr = attr, .part = PART_CODE, .code = code, .header = header});
        any = true;
    }
    return any;
}

static bool family_columns(Export *export, const DictAttr *attr) {
    const Json *family = json_get(json_get(attr->source, STR("csv")), STR("family"));
    int64_t from = json_get_int(family, "from", 1), to = json_get_int(family, "to", 0);
    Str pattern = json_get_str(family, "header");
    for (int64_t n = from; family && n <= to; n++) {
        size_t at = (size_t)str_find(pattern, STR("{n}"));
        Str header =
            str_fmt(export->ctx->arena, STR_FMT "%lld" STR_FMT, STR_ARG(str_sub(pattern, 0, at)),
                    (long long)n, STR_ARG(str_sub(pattern, at + 3, pattern.len)));
        column_add(export, (Column){.attr = attr,
                                    .part = PART_ELEMENT,
                                    .element = (size_t)(n - from),
                                    .header = header});
    }
    return family != NULL;
}

static bool parts_columns(Export *export, const DictAttr *attr) {
    const Json *parts = json_get(json_get(attr->source, STR("csv")), STR("parts"));
    if (!parts) return false;
    column_add(export, (Column){.attr = attr,
                                .part = PART_DATE,
                                .header = first_header(json_get(parts, STR("date")))});
    column_add(export, (Column){.attr = attr,
                                .part = PART_CLOCK,
                                .header = first_header(json_get(parts, STR("clock")))});
    return true;
}

static void attr_columns(Export *export, const DictAttr *attr) {
    GateAsk ask = {
        .action = ACT_EXPORT, .type = export->type->iri, .attr = attr->iri, .class = attr->class};
    if (attr->class >= CLASS_PERSONAL || !gate_permits(export->ctx, &ask)) return;
    if (point_columns(export, attr) || flag_columns(export, attr) || family_columns(export, attr) ||
        parts_columns(export, attr))
        return;
    Str header = attr->headers.len ? attr->headers.items[0] : attr->label_ja;
    column_add(export, (Column){.attr = attr, .part = PART_WHOLE, .header = header});
}

/* ---- cells ---- */

static void text_of(Buf *to, const Json *value) {
    if (value->kind == JSON_STRING)
        buf_add(to, json_str(value));
    else
        json_write(to, value);
}

static void code_of(Buf *to, const DictAttr *attr, const Json *value) {
    const Json *codes = json_get(attr->source, STR("codes"));
    for (size_t i = 0; codes && i < codes->len; i++) {
        const Json *code = json_at(codes, i);
        if (!json_equal(json_get(code, STR("code")), value)) continue;
        buf_add(to, json_get_str(json_get(code, STR("label")), "ja"));
        return;
    }
    text_of(to, value);
}

/* The separator that splits it again when it is imported. */
static void list_of(Buf *to, const DictAttr *attr, const Json *value) {
    Str split = json_get_str(json_get(attr->source, STR("csv")), "split"), rest = split;
    if (split.len) (void)str_utf8_next(&rest);
    Str between = split.len ? str_sub(split, 0, split.len - rest.len) : STR("、");
    for (size_t i = 0; i < value->len; i++) {
        if (i) buf_add(to, between);
        code_of(to, attr, json_at(value, i));
    }
}

static void whole_of(Buf *to, const DictAttr *attr, const Json *value) {
    if (attr->value == VALUE_CODE)
        code_of(to, attr, value);
    else if (value->kind == JSON_ARRAY)
        list_of(to, attr, value);
    else if (value->kind == JSON_BOOL)
        buf_add(to, value->value.boolean ? STR("有") : STR("無"));
    else
        text_of(to, value);
}

static bool list_has(const Json *list, const Json *code) {
    for (size_t i = 0; i < list->len; i++)
        if (json_equal(json_at(list, i), code)) return true;
    return false;
}

/* Japan's date or time of day of an instant. */
static void instant_of(Buf *to, const Json *value, ColumnPart part) {
    int64_t at;
    if (!time_parse(json_str(value), &at)) return;
    Date date = time_jst_date(at);
    int64_t minutes = (at - time_jst_start(date)) / TIME_MINUTE;
    if (part == PART_DATE)
        buf_addf(to, "%04d-%02d-%02d", date.year, date.month, date.day);
    else
        buf_addf(to, "%02d:%02d", (int)(minutes / 60), (int)(minutes % 60));
}

static void cell_of(Buf *to, const Column *column, const Json *value) {
    const Json *coordinates = json_get(value, STR("coordinates"));
    bool array = value->kind == JSON_ARRAY;
    switch (column->part) {
    case PART_LAT:
    case PART_LON:
        if (coordinates && coordinates->len >= 2)
            text_of(to, json_at(coordinates, column->part == PART_LAT ? 1 : 0));
        return;
    case PART_CODE:
        if (array && list_has(value, json_get(column->code, STR("code")))) buf_add_char(to, '1');
        return;
    case PART_ELEMENT:
        if (array && column->element < value->len &&
            json_at(value, column->element)->kind != JSON_NULL)
            text_of(to, json_at(value, column->element));
        return;
    case PART_DATE:
    case PART_CLOCK:
        instant_of(to, value, column->part);
        return;
    default:
        whole_of(to, column->attr, value);
    }
}

/* ---- rows ---- */

static void row_write(Export *export, const Entity *entity, Buf *to) {
    for (size_t i = 0; i < export->columns.len; i++) {
        const Column *column = &export->columns.items[i];
        const Attr *attr = entity_attr(entity, column->attr->iri);
        Buf cell = buf_new(export->work.arena, CELL_MAX);
        if (attr && attr->value) cell_of(&cell, column, attr->value);
        if (i) buf_add_char(to, ',');
        csv_write(to, buf_str(&cell));
    }
    buf_add(to, STR("\r\n"));
    export->rows++;
}

static Rc send(Export *export, Buf *text, size_t least) {
    if (text->len < least || text->len == 0) return RC_OK;
    if (text->full)
        return ctx_fail(export->ctx, RC_LIMIT, "export-too-wide", STR_NONE,
                        "A page of entities is larger than can be written at once.");
    Rc rc = export->wish->piece(export->wish->arg, export->ctx, buf_str(text));
    buf_clear(text);
    return rc;
}

static void header_write(const Export *export, Buf *to) {
    buf_add(to, STR("\xEF\xBB\xBF"));
    for (size_t i = 0; i < export->columns.len; i++) {
        if (i) buf_add_char(to, ',');
        csv_write(to, export->columns.items[i].header);
    }
    buf_add(to, STR("\r\n"));
}

static Rc pages(Export *export, const Match *match, Buf *text) {
    char last[4096];
    Str after = STR_NONE;
    for (bool more = true; more;) {
        ProjectAnswer answer = {0};
        ProjectQuery query = {.match = match, .limit = PAGE, .after = after, .view = gate_view};
        TRY(ctx_check_deadline(&export->work));
        TRY(project_query(&export->work, export->work.tenant->project, &query, &answer));
        for (size_t i = 0; i < answer.entities.len; i++) {
            row_write(export, answer.entities.items[i], text);
            TRY(send(export, text, PIECE));
        }
        more = answer.more && answer.entities.len;
        if (more) {
            Str id = answer.entities.items[answer.entities.len - 1]->id;
            after = (Str){last, 0};
            while (after.len < id.len && after.len < sizeof last) {
                last[after.len] = id.ptr[after.len];
                after.len++;
            }
        }
        arena_reset(export->work.arena);
    }
    return send(export, text, 0);
}

static Rc work(Export *export) {
    Ctx *ctx = export->ctx;
    GateAsk ask = {.action = ACT_EXPORT, .type = export->type->iri, .class = export->type->class};
    TRY(gate_check(ctx, &ask));
    VEC_EACH (const DictAttr, attr, &export->type->attrs)
        attr_columns(export, attr);
    MatchSource source = {.type = export->type->iri};
    Match *match;
    TRY(match_compile(ctx, ld_core(), &source, &match));
    Buf text = buf_new(NULL, PIECE_MAX);
    header_write(export, &text);
    Rc rc = pages(export, match, &text);
    if (rc != RC_OK && ctx->error.rc != rc) ctx_keep_error(ctx, &export->work.error);
    buf_free(&text);
    match_free(match);
    return rc;
}

Rc connect_export(Ctx *ctx, const ConnectExport *wish, size_t *rows) {
    Export export = {.ctx = ctx,
                     .wish = wish,
                     .type = dictionary_type_term(ctx->tenant->dictionary, wish->type)};
    if (!export.type)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-type", STR("type"),
                        "The dictionary has no type \"" STR_FMT "\".", STR_ARG(wish->type));
    export.work = *ctx;
    export.work.arena = arena_new((size_t)1 << 30);
    Rc rc = work(&export);
    arena_free(export.work.arena);
    *rows = export.rows;
    return rc;
}
