/* type: a dataset of the entities of an open type: CSV under the standard's column names, JSON with
   the model's names, GeoJSON where there is a place. */
#include "open_int.h"

/* ---- columns ---- */

/* One column of CSV, and where its cells come from. */
typedef enum ColumnKind { COLUMN_VALUE, COLUMN_FLAG, COLUMN_LAT, COLUMN_LON } ColumnKind;
typedef struct Column {
    ColumnKind kind;
    const DictAttr *attr;
    Str header, code; /* code: of a flag */
} Column;
typedef VEC(Column) Columns;

static Str first(const Json *list, Str otherwise) {
    Str text = json_str(json_at(list, 0));
    return str_empty(text) ? otherwise : text;
}

static void point_columns(Arena *arena, const DictAttr *attr, Columns *out) {
    const Json *csv = json_get(attr->source, STR("csv"));
    const Json *way = csv ? json_at(json_get(csv, STR("point")), 0) : NULL;
    const Json *lat = way ? json_get(way, STR("lat")) : NULL;
    const Json *lon = way ? json_get(way, STR("lon")) : NULL;
    vec_push(arena, out,
             (Column){COLUMN_LAT, attr, lat ? first(lat, STR("緯度")) : STR("緯度"), STR_NONE});
    vec_push(arena, out,
             (Column){COLUMN_LON, attr, lon ? first(lon, STR("経度")) : STR("経度"), STR_NONE});
}

/* True when the attribute's codes have columns of their own. */
static bool flag_columns(Arena *arena, const DictAttr *attr, Columns *out) {
    const Json *codes = json_get(attr->source, STR("codes"));
    bool any = false;
    for (size_t i = 0; codes && i < codes->len; i++) {
        const Json *headers = json_get(json_at(codes, i), STR("headers"));
        if (!headers) continue;
        any = true;
        vec_push(arena, out,
                 (Column){COLUMN_FLAG, attr, first(headers, attr->label_ja),
                          json_get_str(json_at(codes, i), "code")});
    }
    return any;
}

/* Readings are left out: they are asked of the temporal API, and would make a version each. So is
   what is not open. */
static void columns_of(Arena *arena, const DictType *type, Columns *out) {
    *out = (Columns){0};
    VEC_EACH (const DictAttr, attr, &type->attrs) {
        if (attr->series || attr->class != CLASS_OPEN) continue;
        if (attr->value == VALUE_POINT)
            point_columns(arena, attr, out);
        else if (!flag_columns(arena, attr, out))
            vec_push(arena, out,
                     (Column){COLUMN_VALUE, attr,
                              attr->headers.len ? attr->headers.items[0] : attr->label_ja,
                              STR_NONE});
    }
}

static const char *type_word(ValueKind kind) {
    switch (kind) {
    case VALUE_INTEGER:
        return "integer";
    case VALUE_NUMBER:
        return "number";
    case VALUE_BOOL:
        return "boolean";
    case VALUE_POINT:
        return "geometry";
    case VALUE_LIST:
        return "array";
    case VALUE_DATE:
    case VALUE_TIME:
        return "date";
    case VALUE_OBJECT:
        return "object";
    default:
        return "string";
    }
}

const Json *type_columns(Arena *arena, const DictType *type) {
    JsonItems items = {0};
    VEC_EACH (const DictAttr, attr, &type->attrs) {
        if (attr->series || attr->class != CLASS_OPEN) continue;
        JsonMember *label = NEW_ARRAY(arena, JsonMember, 2);
        label[0] = (JsonMember){STR("ja"), json_of_str(attr->label_ja)};
        label[1] = (JsonMember){STR("en"), json_of_str(attr->label_en)};
        JsonMember *members = NEW_ARRAY(arena, JsonMember, 4);
        members[0] = (JsonMember){STR("name"), json_of_str(attr->term)};
        members[1] = (JsonMember){STR("label"), json_of_members(label, 2)};
        members[2] = (JsonMember){STR("type"), json_of_str(str_of(type_word(attr->value)))};
        members[3] = (JsonMember){STR("unit"),
                                  str_empty(attr->unit) ? json_of_null() : json_of_str(attr->unit)};
        vec_push(arena, &items, json_of_members(members, 4));
    }
    Json *columns = NEW(arena, Json);
    *columns = json_of_items(items.items, items.len);
    return columns;
}

/* ---- cells ---- */

static void value_text(Buf *to, const Json *value) {
    if (value->kind == JSON_STRING)
        buf_add(to, json_str(value));
    else if (value->kind == JSON_BOOL)
        buf_add_char(to, value->value.boolean ? '1' : '0');
    else if (value->kind == JSON_OBJECT && !str_empty(json_get_str(value, "ja")))
        buf_add(to, json_get_str(value, "ja"));
    else if (value->kind != JSON_NULL)
        json_write(to, value);
}

static void list_text(Buf *to, const Json *list) {
    for (size_t i = 0; i < list->len; i++) {
        if (i) buf_add_char(to, ';');
        value_text(to, json_at(list, i));
    }
}

static bool list_has(const Json *list, Str code) {
    return json_has(list, code) || (list && str_eq(json_str(list), code));
}

/* Latitude (1) or longitude (0) of a GeoJSON point; other geometries have none in CSV. */
static void coordinate_text(Buf *to, const Json *geometry, size_t index) {
    const Json *at = json_get(geometry, STR("coordinates"));
    const Json *number =
        str_eq(json_get_str(geometry, "type"), STR("Point")) && at ? json_at(at, index) : NULL;
    if (number) json_write(to, number);
}

enum { CELL_MAX = 1 << 20 };

/* The text of a cell in the arena; false when it is larger than a cell may be. */
static bool cell_text(Arena *arena, const Column *column, const Entity *entity, Str *out) {
    const Attr *attr = entity_attr(entity, column->attr->iri);
    const Json *value = attr ? attr->value : NULL;
    *out = STR_NONE;
    if (!value) return true;
    Buf text = buf_new(arena, CELL_MAX);
    if (column->kind == COLUMN_FLAG)
        buf_add(&text, list_has(value, column->code) ? STR("1") : STR_NONE);
    else if (column->kind == COLUMN_LAT || column->kind == COLUMN_LON)
        coordinate_text(&text, value, column->kind == COLUMN_LAT);
    else if (value->kind == JSON_ARRAY)
        list_text(&text, value);
    else
        value_text(&text, value);
    *out = buf_str(&text);
    return !text.full;
}

/* ---- files ---- */

typedef struct Making {
    const Release *release;
    Columns columns;
    const LdContext *context;
    StrVec omit; /* readings, and what nobody may see */
    Buf csv, json, geojson;
    Arena *lasting;
    JsonItems preview;
    int64_t rows, places;
} Making;

static void csv_row(Ctx *ctx, Making *making, const Entity *entity) {
    for (size_t i = 0; i < making->columns.len; i++) {
        ArenaMark mark = arena_mark(ctx->scratch);
        Str text;
        if (i) buf_add_char(&making->csv, ',');
        /* Never half a cell: the run says so instead. */
        if (!cell_text(ctx->scratch, &making->columns.items[i], entity, &text))
            making->csv.full = true;
        csv_cell(&making->csv, text);
        arena_rewind(ctx->scratch, mark);
    }
    buf_add(&making->csv, STR("\r\n"));
}

static void preview_row(Making *making, const Entity *entity) {
    JsonItems cells = {0};
    Arena *arena = making->lasting;
    if (making->preview.len >= OPEN_PREVIEW) return;
    for (size_t i = 0; i < making->columns.len; i++) {
        Str text;
        if (!cell_text(arena, &making->columns.items[i], entity, &text)) making->csv.full = true;
        vec_push(arena, &cells, text.len ? json_of_str(text) : json_of_null());
    }
    vec_push(arena, &making->preview, json_of_items(cells.items, cells.len));
}

static bool has_place(const Entity *entity) {
    const Attr *location = entity_attr(entity, STR(LD_NGSI "location"));
    return location && location->kind == ATTR_GEO;
}

static Rc entity_add(Ctx *ctx, void *arg, const Entity *entity) {
    Making *making = arg;
    csv_row(ctx, making, entity);
    preview_row(making, entity);
    RenderOptions options = {.format = RENDER_SIMPLIFIED, .omit = making->omit};
    if (making->rows++) buf_add(&making->json, STR(",\n"));
    render_entity(&making->json, making->context, entity, &options, ctx->scratch);
    if (!has_place(entity)) return RC_OK;
    options.geojson = true;
    if (making->places++) buf_add(&making->geojson, STR(",\n"));
    render_entity(&making->geojson, making->context, entity, &options, ctx->scratch);
    return RC_OK;
}

static void making_begin(Ctx *ctx, Making *making, const Release *release) {
    *making = (Making){.release = release, .context = ld_core(), .lasting = ctx->arena};
    columns_of(ctx->arena, release->type, &making->columns);
    VEC_EACH (const DictAttr, attr, &release->type->attrs)
        if (attr->series || attr->class != CLASS_OPEN)
            vec_push(ctx->arena, &making->omit, attr->iri);
    making->csv = buf_new(NULL, OPEN_BYTES_MAX);
    making->json = buf_new(NULL, OPEN_BYTES_MAX);
    making->geojson = buf_new(NULL, OPEN_BYTES_MAX);
    for (size_t i = 0; i < making->columns.len; i++) {
        if (i) buf_add_char(&making->csv, ',');
        csv_cell(&making->csv, making->columns.items[i].header);
    }
    buf_add(&making->csv, STR("\r\n"));
    buf_add_char(&making->json, '[');
    buf_add(&making->geojson, STR("{\"type\":\"FeatureCollection\",\"features\":["));
}

static const Json *making_preview(Making *making) {
    Arena *arena = making->lasting;
    JsonItems names = {0};
    VEC_EACH (const Column, column, &making->columns)
        vec_push(arena, &names, json_of_str(column->header));
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("columns"), json_of_items(names.items, names.len)};
    members[1] =
        (JsonMember){STR("rows"), json_of_items(making->preview.items, making->preview.len)};
    Json *preview = NEW(arena, Json);
    *preview = json_of_members(members, 2);
    return preview;
}

static Rc making_end(Ctx *ctx, Making *making, Made *out) {
    buf_add_char(&making->json, ']');
    buf_add(&making->geojson, STR("]}"));
    if (making->rows == 0)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-entities", making->release->id,
                        "There is nothing of this type to publish.");
    if (making->csv.full || making->json.full || making->geojson.full)
        return ctx_fail(ctx, RC_LIMIT, "dataset-too-large", making->release->id,
                        "A file of a dataset has at most 256 MiB, a cell 1 MiB.");
    *out = (Made){.rows = making->rows,
                  .csv = str_dup(ctx->arena, buf_str(&making->csv)),
                  .json = str_dup(ctx->arena, buf_str(&making->json)),
                  .preview = making_preview(making)};
    if (making->places) out->geojson = str_dup(ctx->arena, buf_str(&making->geojson));
    return RC_OK;
}

Rc type_make(Ctx *ctx, const Release *release, Made *out) {
    Making making;
    Actor everybody = {.kind = ACTOR_NOBODY, .stepped_up_at = TIME_NONE};
    Ctx inside = *ctx;
    inside.actor = &everybody;
    inside.purpose = STR_NONE;
    making_begin(ctx, &making, release);
    ProjectWish wish = {.type = release->type->term, .view = gate_view};
    Rc rc = project_each(&inside, &wish, entity_add, &making);
    ctx->error = inside.error;
    if (rc == RC_OK) rc = making_end(ctx, &making, out);
    buf_free(&making.csv);
    buf_free(&making.json);
    buf_free(&making.geojson);
    return rc;
}
