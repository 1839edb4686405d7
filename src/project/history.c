/* history: the temporal evolution of attributes, a row per instance, in the order of its time.
   Personal attributes have none here: their values lie sealed in the ledger alone.

   Keys: 's' entity attribute → the attribute's IRI; 'e' entity → id and types; 'i' entity attribute
   time position place → the instance. Entity is 16, attribute 8 bytes of SHA-256. The time is
   observedAt, else when it was written. */
#include "project_int.h"

#include <string.h>

enum {
    ENTITY_BYTES = 16,
    ATTR_BYTES = 8,
    TIME_AT = 1 + ENTITY_BYTES + ATTR_BYTES,
    POSITION_AT = TIME_AT + 8,
    PLACE_AT = POSITION_AT + 8,
    NUMBER_BYTES = 17
};

static void series_key(Buf *to, char kind, Str id, Str attr) {
    buf_add_char(to, kind);
    key_hash(to, id, ENTITY_BYTES);
    if (!str_empty(attr)) key_hash(to, attr, ATTR_BYTES);
}

/* ---- writing ---- */

/* A plain number: 'n', when it was written, its bits, its unit. Anything else: 'j' and an entity of
 * this one instance. */
static bool plain_number(const Attr *attr) {
    return attr->kind == ATTR_PROPERTY && attr->value && attr->value->kind == JSON_NUMBER &&
           !attr->value->raw && str_empty(attr->dataset_id) && str_empty(attr->value_type) &&
           attr->subs.len == 0 && attr->expires_at == TIME_NONE && attr->observed_at != TIME_NONE &&
           attr->deleted_at == TIME_NONE;
}

static void number_write(Buf *to, const Attr *attr, int64_t written) {
    double value = json_number(attr->value);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    buf_add_char(to, attr->value->is_int ? 'i' : 'n');
    key_i64(to, written);
    key_u64(to, attr->value->is_int ? (uint64_t)attr->value->value.integer : bits);
    buf_add(to, attr->unit_code);
}

static void instance_write(Arena *arena, Buf *to, const Attr *attr, int64_t written) {
    if (plain_number(attr)) {
        number_write(to, attr, written);
        return;
    }
    Entity *one = entity_new(arena, STR("urn:x:x"), STR("x"));
    vec_push(arena, &one->attrs, *attr);
    one->attrs.items[0].modified_at = written;
    if (attr->created_at == TIME_NONE) one->attrs.items[0].created_at = written;
    buf_add_char(to, 'j');
    entity_encode(to, one);
}

static Rc instance_put(Ctx *ctx, Rows *rows, const Event *event, const Attr *attr, size_t place) {
    Arena *arena = ctx->arena;
    Buf key = buf_new(arena, 128), series = buf_new(arena, 64), value = buf_new(arena, VALUE_MAX);
    series_key(&series, 's', event->delta->id, attr->name);
    series_key(&key, 'i', event->delta->id, attr->name);
    key_i64(&key, attr->observed_at != TIME_NONE ? attr->observed_at : event->time);
    key_u64(&key, event->position);
    key_u16(&key, (uint16_t)event->ordinal);
    key_u16(&key, (uint16_t)place);
    instance_write(arena, &value, attr, event->time);
    TRY(buf_rc(&value));
    TRY(rows_put(ctx, rows, buf_str(&series), attr->name));
    return rows_put(ctx, rows, buf_str(&key), buf_str(&value));
}

static Rc entity_put(Ctx *ctx, Rows *rows, const Event *event, const StrVec *types) {
    Buf key = buf_new(ctx->arena, 64), value = buf_new(ctx->arena, VALUE_MAX);
    series_key(&key, 'e', event->delta->id, STR_NONE);
    Entity *entity = entity_new(ctx->arena, event->delta->id, types->items[0]);
    entity->types = *types;
    entity_encode(&value, entity);
    return rows_put(ctx, rows, buf_str(&key), buf_str(&value));
}

static bool kept_out(const Ctx *ctx, const Entity *entity, Str attr) {
    return dictionary_class(ctx->tenant->dictionary, entity, attr) >= CLASS_PERSONAL;
}

/* A whole entity that is put again brings only what is new in it. */
static bool unchanged(const Entity *before, const Delta *delta, const Attr *attr) {
    if (!before || delta->op != DELTA_PUT) return false;
    const Attr *old = entity_attr_dataset(before, attr->name, attr->dataset_id);
    return old && entity_attr_same(old, attr);
}

static Rc removals_put(Ctx *ctx, Rows *rows, const Event *event, const Entity *before) {
    for (size_t i = 0; before && i < event->delta->removed.len; i++) {
        const DeltaRemoval *removal = &event->delta->removed.items[i];
        if (!entity_attr(before, removal->name) || kept_out(ctx, before, removal->name)) continue;
        Attr gone = *entity_attr(before, removal->name);
        gone.dataset_id = removal->dataset_id;
        gone.value = NULL;
        gone.subs = (Attrs){0};
        gone.observed_at = TIME_NONE;
        gone.deleted_at = event->time;
        TRY(instance_put(ctx, rows, event, &gone, 0x8000 + i));
    }
    return RC_OK;
}

/* Runs before the state follower, so that what the state holds is what was before this event. */
Rc history_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    Project *project = arg;
    Entity *before;
    const Delta *delta = event->delta;
    if (!delta) return RC_OK;
    TRY(state_touched(ctx, project->state, delta->id, &before));
    const Entity *typed = delta->after && delta->after->types.len ? delta->after : before;
    if (!typed) return RC_OK;
    if (delta->op == DELTA_PUT) TRY(entity_put(ctx, rows, event, &typed->types));
    TRY(removals_put(ctx, rows, event, before));
    for (size_t i = 0; delta->after && i < delta->after->attrs.len; i++) {
        const Attr *attr = &delta->after->attrs.items[i];
        if (!kept_out(ctx, typed, attr->name) && !unchanged(before, delta, attr))
            TRY(instance_put(ctx, rows, event, attr, i));
    }
    return RC_OK;
}

/* ---- reading ---- */

static Str instance_id(Arena *arena, Str key) {
    uint64_t place = key_read_u64(key, PLACE_AT) >> 32;
    return str_fmt(arena, "urn:ngsi-ld:Instance:%llu.%u.%u",
                   (unsigned long long)key_read_u64(key, POSITION_AT), (unsigned)(place >> 16),
                   (unsigned)(place & 0xFFFF));
}

static Rc number_read(Ctx *ctx, Str iri, Str key, Str value, Attr *out) {
    if (value.len < NUMBER_BYTES)
        return ctx_fail(ctx, RC_FAILED, "bad-row", iri,
                        "A row of history is cut short: rebuild state.db.");
    uint64_t bits = key_read_u64(value, 9);
    double number;
    memcpy(&number, &bits, sizeof number);
    Json *json = NEW(ctx->arena, Json);
    *json = value.ptr[0] == 'i' ? json_of_int((int64_t)bits) : json_of_number(number);
    int64_t written = key_read_i64(value, 1);
    *out = (Attr){.name = iri,
                  .kind = ATTR_PROPERTY,
                  .value = json,
                  .unit_code = str_dup(ctx->arena, str_sub(value, NUMBER_BYTES, value.len)),
                  .observed_at = key_read_i64(key, TIME_AT),
                  .created_at = written,
                  .modified_at = written,
                  .deleted_at = TIME_NONE,
                  .expires_at = TIME_NONE};
    return RC_OK;
}

static Rc instance_read(Ctx *ctx, Str iri, Str key, Str value, Attr *out) {
    Entity *one;
    if (value.len && value.ptr[0] != 'j')
        TRY(number_read(ctx, iri, key, value, out));
    else {
        TRY(entity_decode(ctx, str_sub(value, 1, value.len), &one));
        *out = one->attrs.items[0];
    }
    out->instance_id = instance_id(ctx->arena, key);
    return RC_OK;
}

static int64_t instance_time(const Attr *attr, const TemporalQuery *window) {
    switch (window->property) {
    case TEMPORAL_CREATED:
        return attr->created_at;
    case TEMPORAL_MODIFIED:
        return attr->modified_at;
    case TEMPORAL_DELETED:
        return attr->deleted_at;
    default:
        return attr->observed_at;
    }
}

/* An instance without the time that is asked for is part of a question that sets no bounds. */
static bool in_window(const Attr *attr, const TemporalQuery *window) {
    int64_t t = instance_time(attr, window);
    if (t == TIME_NONE || window->rel == TEMPORAL_ANY)
        return window->rel == TEMPORAL_ANY &&
               (t != TIME_NONE || window->property != TEMPORAL_DELETED);
    return match_temporal_holds(window, t);
}

typedef struct Series {
    Ctx *ctx;
    const HistoryQuery *query;
    Str iri;
    Attrs found;
    size_t limit;
    bool cut;
    Rc rc;
} Series;

static bool series_row(void *arg, Str key, Str value) {
    Series *series = arg;
    Attr attr;
    series->rc = instance_read(series->ctx, series->iri, key, value, &attr);
    if (series->rc != RC_OK) return false;
    if (!in_window(&attr, &series->query->window)) return true;
    series->cut = series->found.len == series->limit;
    if (series->cut) return false;
    vec_push(series->ctx->arena, &series->found, attr);
    return true;
}

/* Only a query by observedAt knows from the keys where to begin and end. */
static void series_range(Arena *arena, const Series *series, RowsRange *range) {
    const TemporalQuery *window = &series->query->window;
    Buf prefix = buf_new(arena, 64), from = buf_new(arena, 64), to = buf_new(arena, 64);
    series_key(&prefix, 'i', series->query->id, series->iri);
    *range = (RowsRange){
        .follower = "history", .prefix = buf_str(&prefix), .backwards = window->last_n > 0};
    if (window->property != TEMPORAL_OBSERVED || window->rel == TEMPORAL_ANY) return;
    buf_add(&from, buf_str(&prefix));
    buf_add(&to, buf_str(&prefix));
    key_i64(&from, window->from);
    key_i64(&to, window->to);
    if (window->rel != TEMPORAL_BEFORE) range->from = buf_str(&from);
    if (window->rel != TEMPORAL_AFTER) range->to = buf_str(&to);
}

static void series_take(Arena *arena, const Series *series, bool backwards, History *out) {
    size_t n = series->found.len;
    for (size_t i = 0; i < n; i++) {
        const Attr *attr = &series->found.items[backwards ? n - 1 - i : i];
        int64_t t = instance_time(attr, &series->query->window);
        vec_push(arena, &out->entity->attrs, *attr);
        if (t == TIME_NONE) continue;
        if (out->first == TIME_NONE || t < out->first) out->first = t;
        if (out->last == TIME_NONE || t > out->last) out->last = t;
    }
    out->cut = out->cut || series->cut;
}

static Rc series_read(Ctx *ctx, Project *project, const HistoryQuery *query, Str iri,
                      History *out) {
    Series series = {
        .ctx = ctx, .query = query, .iri = iri, .limit = query->limit ? query->limit : SIZE_MAX};
    size_t last_n = query->window.last_n;
    if (last_n && last_n < series.limit) series.limit = last_n;
    RowsRange range;
    series_range(ctx->arena, &series, &range);
    TRY(project_rows(ctx, project, &range, series_row, &series));
    TRY(series.rc);
    if (last_n && series.found.len == last_n) series.cut = false; /* as many as were asked for */
    series_take(ctx->arena, &series, range.backwards, out);
    return RC_OK;
}

static bool series_name(void *arg, Str key, Str value) {
    (void)key;
    Series *series = arg;
    vec_push(series->ctx->arena, &series->found,
             (Attr){.name = str_dup(series->ctx->arena, value)});
    return true;
}

static bool wanted(const StrVec *attrs, Str iri) {
    for (size_t i = 0; i < attrs->len; i++)
        if (str_eq(attrs->items[i], iri)) return true;
    return attrs->len == 0;
}

Rc project_history(Ctx *ctx, Project *project, const HistoryQuery *query, History *out) {
    Str stored;
    Buf key = buf_new(ctx->arena, 64), names = buf_new(ctx->arena, 64);
    TRY(project_drain(ctx, project, ledger_head(project->tenant->ledger)));
    series_key(&key, 'e', query->id, STR_NONE);
    Rc rc = project_row(ctx, project, "history", buf_str(&key), &stored);
    if (rc == RC_NOT_FOUND)
        return ctx_fail(ctx, rc, "no-history", query->id,
                        "There is no temporal evolution of this entity.");
    TRY(rc);
    *out = (History){.first = TIME_NONE, .last = TIME_NONE};
    TRY(entity_decode(ctx, stored, &out->entity));
    Series listing = {.ctx = ctx};
    series_key(&names, 's', query->id, STR_NONE);
    TRY(project_rows(ctx, project, &(RowsRange){.follower = "history", .prefix = buf_str(&names)},
                     series_name, &listing));
    for (size_t i = 0; i < listing.found.len; i++)
        if (wanted(&query->attrs, listing.found.items[i].name))
            TRY(series_read(ctx, project, query, listing.found.items[i].name, out));
    return RC_OK;
}

/* ---- readings ---- */

typedef struct Readings {
    ReadingEach each;
    void *arg;
} Readings;

static bool reading_row(void *arg, Str key, Str value) {
    const Readings *readings = arg;
    if (value.len < NUMBER_BYTES || value.ptr[0] == 'j') return true;
    uint64_t bits = key_read_u64(value, 9);
    double number;
    memcpy(&number, &bits, sizeof number);
    if (value.ptr[0] == 'i') number = (double)(int64_t)bits;
    return readings->each(readings->arg, key_read_i64(key, TIME_AT), number);
}

Rc project_readings(Ctx *ctx, Project *project, const ReadingsQuery *query, ReadingEach each,
                    void *arg) {
    Readings readings = {each, arg};
    Buf from = buf_new(ctx->arena, 64), to = buf_new(ctx->arena, 64),
        prefix = buf_new(ctx->arena, 64);
    series_key(&prefix, 'i', query->id, query->attr);
    buf_add(&from, buf_str(&prefix));
    buf_add(&to, buf_str(&prefix));
    key_i64(&from, query->from);
    key_i64(&to, query->to);
    RowsRange range = {.follower = "history",
                       .prefix = buf_str(&prefix),
                       .from = buf_str(&from),
                       .to = buf_str(&to)};
    return project_rows(ctx, project, &range, reading_row, &readings);
}
