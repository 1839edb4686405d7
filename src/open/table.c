/* table: rows under a release's columns as CSV and JSON. */
#include "open_int.h"

void table_add(Arena *arena, Table *table, const Json *values) {
    vec_push(arena, &table->rows, values);
}

void csv_cell(Buf *to, Str text) {
    bool quote = false;
    for (size_t i = 0; i < text.len && !quote; i++)
        quote =
            text.ptr[i] == '"' || text.ptr[i] == ',' || text.ptr[i] == '\n' || text.ptr[i] == '\r';
    if (!quote) {
        buf_add(to, text);
        return;
    }
    buf_add_char(to, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"') buf_add_char(to, '"');
        buf_add_char(to, text.ptr[i]);
    }
    buf_add_char(to, '"');
}

static void csv_value(Buf *to, const Json *value) {
    if (value->kind == JSON_STRING)
        csv_cell(to, json_str(value));
    else if (value->kind != JSON_NULL)
        json_write(to, value);
}

static void csv_make(const Table *table, Buf *to) {
    const Json *columns = table->release->columns;
    for (size_t i = 0; i < columns->len; i++) {
        if (i) buf_add_char(to, ',');
        csv_cell(to, json_get_str(json_get(json_at(columns, i), STR("label")), "ja"));
    }
    buf_add(to, STR("\r\n"));
    for (size_t r = 0; r < table->rows.len; r++) {
        for (size_t i = 0; i < columns->len; i++) {
            if (i) buf_add_char(to, ',');
            csv_value(to, json_at(table->rows.items[r], i));
        }
        buf_add(to, STR("\r\n"));
    }
}

static void json_make(const Table *table, Buf *to) {
    const Release *release = table->release;
    JsonWriter w = json_writer(to);
    json_open(&w, '{');
    json_name(&w, STR("dataset"));
    json_text(&w, release->id);
    json_name(&w, STR("title"));
    json_value(&w, release->title);
    json_name(&w, STR("licence"));
    json_text(&w, json_get_str(release->source, "licence"));
    json_name(&w, STR("columns"));
    json_value(&w, release->columns);
    json_name(&w, STR("records"));
    json_open(&w, '[');
    for (size_t r = 0; r < table->rows.len; r++) {
        json_open(&w, '{');
        for (size_t i = 0; i < release->columns->len; i++) {
            json_name(&w, json_get_str(json_at(release->columns, i), "name"));
            json_value(&w, json_at(table->rows.items[r], i));
        }
        json_close(&w);
    }
    json_close(&w);
    json_close(&w);
}

/* Tables go from the oldest month to the newest: the newest rows say what the table is like now. */
static const Json *preview_make(Arena *arena, const Table *table) {
    const Json *columns = table->release->columns;
    JsonItems names = {0}, rows = {0};
    for (size_t i = 0; i < columns->len; i++)
        vec_push(arena, &names, *json_get(json_at(columns, i), STR("label")));
    size_t from = table->rows.len > OPEN_PREVIEW ? table->rows.len - OPEN_PREVIEW : 0;
    for (size_t i = from; i < table->rows.len; i++)
        vec_push(arena, &rows, *table->rows.items[i]);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("columns"), json_of_items(names.items, names.len)};
    members[1] = (JsonMember){STR("rows"), json_of_items(rows.items, rows.len)};
    Json *preview = NEW(arena, Json);
    *preview = json_of_members(members, 2);
    return preview;
}

Rc table_made(Ctx *ctx, const Table *table, Made *out) {
    Buf csv = buf_new(ctx->arena, OPEN_BYTES_MAX), json = buf_new(ctx->arena, OPEN_BYTES_MAX);
    csv_make(table, &csv);
    json_make(table, &json);
    if (buf_rc(&csv) != RC_OK || buf_rc(&json) != RC_OK)
        return ctx_fail(ctx, RC_LIMIT, "dataset-too-large", table->release->id,
                        "A file of a dataset has at most 256 MiB.");
    out->rows = (int64_t)table->rows.len;
    out->csv = buf_str(&csv);
    out->json = buf_str(&json);
    out->preview = preview_make(ctx->arena, table);
    return RC_OK;
}
