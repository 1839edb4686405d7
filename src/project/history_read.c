/* history_read: reads what history.c has written. What an entity began with is shown among the
   instances of its series, as if it had rows of its own. */
#include "history_row.h"

#include <stdlib.h>

enum {
    SERIES_MANY = 4,       /* whole series that one answer may hold */
    DEADLINE_EVERY = 4096, /* instances */
};

/* ---- an entity ---- */

/* What there is of an entity beside instances: what it began with, and its newest types. */
typedef struct Recorded {
    Ctx *ctx;
    Str id;
    VEC(HistoryBegin) begins;
    const Entity *typed; /* NULL: there is no evolution */
    Rc rc;
} Recorded;

static void typed_by(Recorded *recorded, const Entity *entity) {
    if (!recorded->typed || recorded->typed->version <= entity->version) recorded->typed = entity;
}

static bool begin_row(void *arg, Str key, Str value) {
    Recorded *recorded = arg;
    Arena *arena = recorded->ctx->arena;
    HistoryBegin begin;
    recorded->rc =
        history_row_begun(recorded->ctx, str_dup(arena, key), str_dup(arena, value), &begin);
    if (recorded->rc != RC_OK) return false;
    vec_push(arena, &recorded->begins, begin);
    typed_by(recorded, begin.entity);
    return true;
}

static Rc types_read(Recorded *recorded, Project *project) {
    Ctx *ctx = recorded->ctx;
    Buf key = buf_new(ctx->arena, HISTORY_KEY_MAX);
    Str stored;
    Entity *said;
    history_row_key(&key, recorded->id, 'e');
    Rc rc = project_row(ctx, project, HISTORY_SPACE, buf_str(&key), &stored);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    TRY(entity_decode(ctx, stored, &said));
    typed_by(recorded, said);
    return RC_OK;
}

static Rc recorded_read(Ctx *ctx, Project *project, Str id, Recorded *out) {
    Buf prefix = buf_new(ctx->arena, HISTORY_KEY_MAX);
    *out = (Recorded){.ctx = ctx, .id = id};
    history_row_key(&prefix, id, 'b');
    RowsRange range = {.follower = HISTORY_SPACE, .prefix = buf_str(&prefix)};
    TRY(project_rows(ctx, project, &range, begin_row, out));
    TRY(out->rc);
    return types_read(out, project);
}

/* ---- the instances of a series ---- */

typedef struct Begun {
    Str key, value;
} Begun;

/* Rows in their order, with what lies in beginnings put in between. */
typedef struct Merging {
    RowsRange range;
    VEC(Begun) begun; /* in the order of the range, those that are in it */
    size_t next;
    RowsEach each;
    void *arg;
    bool stopped;
} Merging;

static bool in_range(const RowsRange *range, Str key) {
    bool begins = str_empty(range->from) || str_cmp(key, range->from) >= 0;
    return begins && (str_empty(range->to) || str_cmp(key, range->to) < 0);
}

static void begun_add(Arena *arena, Merging *merging, const HistoryBegin *begin, size_t i) {
    const Attr *attr = &begin->entity->attrs.items[i];
    Buf key = buf_new(arena, HISTORY_KEY_MAX), value = buf_new(arena, VALUE_MAX);
    HistoryTimes times = history_row_times(attr, begin->entity->created_at, TIME_NONE);
    HistoryPlace place = begin->place;
    place.place = history_row_nth(i, false);
    buf_add(&key, merging->range.prefix);
    key_i64(&key, times.at);
    history_row_place(&key, &place);
    if (!in_range(&merging->range, buf_str(&key))) return;
    history_row_write(arena, &value, attr, &times);
    vec_push(arena, &merging->begun, (Begun){buf_str(&key), buf_str(&value)});
}

static int forwards(const void *a, const void *b) {
    return str_cmp(((const Begun *)a)->key, ((const Begun *)b)->key);
}

static int backwards(const void *a, const void *b) {
    return forwards(b, a);
}

static void begun_find(const Recorded *recorded, Str iri, Merging *merging) {
    VEC_EACH (const HistoryBegin, begin, &recorded->begins)
        for (size_t i = 0; i < begin->entity->attrs.len; i++)
            if (str_eq(begin->entity->attrs.items[i].name, iri))
                begun_add(recorded->ctx->arena, merging, begin, i);
    if (merging->begun.len)
        qsort(merging->begun.items, merging->begun.len, sizeof *merging->begun.items,
              merging->range.backwards ? backwards : forwards);
}

/* Shows those that stand before a key; an empty one: all that are left. */
static bool begun_show(Merging *merging, Str key) {
    while (!merging->stopped && merging->next < merging->begun.len) {
        const Begun *begun = &merging->begun.items[merging->next];
        int order = key.len ? str_cmp(begun->key, key) : 0;
        if (merging->range.backwards ? order < 0 : order > 0) break;
        merging->next++;
        merging->stopped = !merging->each(merging->arg, begun->key, begun->value);
    }
    return !merging->stopped;
}

static bool merging_row(void *arg, Str key, Str value) {
    Merging *merging = arg;
    if (begun_show(merging, key)) merging->stopped = !merging->each(merging->arg, key, value);
    return !merging->stopped;
}

/* The instances of an attribute; range.prefix is the series'. */
typedef struct SeriesRows {
    const Recorded *recorded;
    Str iri;
    RowsRange range;
} SeriesRows;

static Rc instances_each(Ctx *ctx, Project *project, const SeriesRows *rows, RowsEach each,
                         void *arg) {
    Merging merging = {.range = rows->range, .each = each, .arg = arg};
    begun_find(rows->recorded, rows->iri, &merging);
    TRY(project_rows(ctx, project, &rows->range, merging_row, &merging));
    (void)begun_show(&merging, STR_NONE);
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
    const Recorded *recorded;
    Str iri;
    Attrs found;
    size_t limit, read;
    bool cut;
    Rc rc;
} Series;

static bool series_row(void *arg, Str key, Str value) {
    Series *series = arg;
    Attr attr;
    if (++series->read % DEADLINE_EVERY == 0) series->rc = ctx_check_deadline(series->ctx);
    if (series->rc != RC_OK) return false;
    series->rc = history_row_read(series->ctx, series->iri, key, value, &attr);
    if (series->rc != RC_OK) return false;
    if (attr.expires_at != TIME_NONE && attr.expires_at <= time_now(series->ctx->clock))
        return true; /* a transient attribute has no history behind its end (clause 4.22) */
    if (!in_window(&attr, &series->query->window)) return true;
    series->cut = series->found.len == series->limit;
    if (series->cut) return false;
    vec_push(series->ctx->arena, &series->found, attr);
    return true;
}

/* Only a query by observedAt knows from the keys where to begin and end. */
static void series_range(Arena *arena, const Series *series, RowsRange *range) {
    const TemporalQuery *window = &series->query->window;
    enum { MOST = HISTORY_KEY_MAX };
    Buf prefix = buf_new(arena, MOST), from = buf_new(arena, MOST), to = buf_new(arena, MOST);
    history_row_series(&prefix, series->query->id, series->iri);
    *range = (RowsRange){
        .follower = HISTORY_SPACE, .prefix = buf_str(&prefix), .backwards = window->last_n > 0};
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

/* Of one attribute. */
static Rc series_read(Project *project, Series *series, History *out) {
    Ctx *ctx = series->ctx;
    size_t last_n = series->query->window.last_n;
    series->limit = series->query->limit ? series->query->limit : SIZE_MAX;
    if (last_n && last_n < series->limit) series->limit = last_n;
    SeriesRows rows = {series->recorded, series->iri, {0}};
    series_range(ctx->arena, series, &rows.range);
    TRY(instances_each(ctx, project, &rows, series_row, series));
    TRY(series->rc);
    if (last_n && series->found.len == last_n) series->cut = false; /* as many as were asked for */
    series_take(ctx->arena, series, rows.range.backwards, out);
    return RC_OK;
}

static bool series_hash(void *arg, Str key, Str value) {
    (void)value;
    char *hash = arg;
    memcpy(hash, key.ptr + key.len - HISTORY_TIME_BACK - HISTORY_ATTR, HISTORY_ATTR);
    return false;
}

/* The attributes that have instances in rows of their own: behind the first of one begins the next.
 */
static Rc row_names(Ctx *ctx, Project *project, Str id, StrVec *out) {
    static const char none[HISTORY_ATTR] = {0};
    Buf prefix = buf_new(ctx->arena, HISTORY_KEY_MAX);
    history_row_key(&prefix, id, 'i');
    RowsRange range = {.follower = HISTORY_SPACE, .prefix = buf_str(&prefix)};
    for (;;) {
        char hash[HISTORY_ATTR] = {0};
        Str name, bytes = {hash, HISTORY_ATTR};
        TRY(project_rows(ctx, project, &range, series_hash, hash));
        if (memcmp(hash, none, HISTORY_ATTR) == 0) return RC_OK;
        TRY(project_row(ctx, project, HISTORY_SPACE, history_row_name(ctx->arena, bytes), &name));
        vec_push(ctx->arena, out, name);
        Buf next = buf_new(ctx->arena, HISTORY_KEY_MAX);
        buf_add(&next, buf_str(&prefix));
        buf_add(&next, bytes);
        for (size_t i = 0; i <= HISTORY_TIME_BACK; i++)
            buf_add_char(&next, (char)0xFF);
        range.from = buf_str(&next);
    }
}

static bool has_name(const StrVec *names, Str iri) {
    VEC_EACH (const Str, name, names)
        if (str_eq(*name, iri)) return true;
    return false;
}

typedef struct HashedName {
    char hash[HISTORY_ATTR];
    Str iri;
} HashedName;

static int hash_order(const void *a, const void *b) {
    return memcmp(((const HashedName *)a)->hash, ((const HashedName *)b)->hash, HISTORY_ATTR);
}

/* In the order of their hashes, in which their rows lie. */
static void names_order(Arena *arena, StrVec *names) {
    HashedName *hashed = NEW_ARRAY(arena, HashedName, names->len + 1);
    for (size_t i = 0; i < names->len; i++) {
        Buf hash = buf_new(arena, HISTORY_ATTR);
        key_hash(&hash, names->items[i], HISTORY_ATTR);
        memcpy(hashed[i].hash, hash.ptr, HISTORY_ATTR);
        hashed[i].iri = names->items[i];
    }
    qsort(hashed, names->len, sizeof *hashed, hash_order);
    for (size_t i = 0; i < names->len; i++)
        names->items[i] = hashed[i].iri;
}

/* The attributes of which there are instances. */
static Rc series_names(const Recorded *recorded, Project *project, StrVec *out) {
    Ctx *ctx = recorded->ctx;
    TRY(row_names(ctx, project, recorded->id, out));
    VEC_EACH (const HistoryBegin, begin, &recorded->begins)
        VEC_EACH (const Attr, attr, &begin->entity->attrs)
            if (!has_name(out, attr->name)) vec_push(ctx->arena, out, attr->name);
    names_order(ctx->arena, out);
    return RC_OK;
}

Rc project_has_history(Ctx *ctx, Project *project, Str id, bool *out) {
    Recorded recorded;
    *out = true;
    if (!ctx->db)
        return ctx_fail(ctx, RC_BUSY, "needs-store", id, "The store must be asked on the pool.");
    const Version *version = ledger_version(project->tenant->ledger, id);
    if (version && version_position(version) > project_reached(project)) return RC_OK;
    TRY(recorded_read(ctx, project, id, &recorded));
    *out = recorded.typed != NULL;
    return RC_OK;
}

/* Of an entity its id and types. */
static Entity *history_entity(Arena *arena, const Recorded *recorded) {
    Entity *entity = entity_new(arena, recorded->id, STR_NONE);
    entity->types = recorded->typed->types;
    return entity;
}

Rc project_history(Ctx *ctx, Project *project, const HistoryQuery *query, History *out) {
    Recorded recorded;
    StrVec names = {0};
    TRY(project_drain(ctx, project, ledger_head(project->tenant->ledger)));
    TRY(recorded_read(ctx, project, query->id, &recorded));
    if (!recorded.typed)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-history", query->id,
                        "There is no temporal evolution of this entity.");
    *out = (History){.first = TIME_NONE, .last = TIME_NONE};
    out->entity = history_entity(ctx->arena, &recorded);
    TRY(series_names(&recorded, project, &names));
    VEC_EACH (const Str, name, &names) {
        if (query->attrs.len && !has_name(&query->attrs, *name)) continue;
        Series series = {.ctx = ctx, .query = query, .recorded = &recorded, .iri = *name};
        TRY(series_read(project, &series, out));
        if (query->limit && out->entity->attrs.len > SERIES_MANY * query->limit)
            return ctx_fail(ctx, RC_LIMIT, "answer-too-large", STR("attrs"),
                            "The evolution has more than %zu instances: ask for fewer attributes, "
                            "or for a shorter time.",
                            SERIES_MANY * query->limit);
    }
    return RC_OK;
}

/* ---- readings ---- */

typedef struct Readings {
    ReadingEach each;
    void *arg;
} Readings;

static bool reading_row(void *arg, Str key, Str value) {
    const Readings *readings = arg;
    HistoryNumber number;
    if (!history_row_number(value, &number) || !number.observed) return true;
    return readings->each(readings->arg, key_read_i64(key, key.len - HISTORY_TIME_BACK),
                          history_row_double(&number));
}

static void readings_range(Arena *arena, const ReadingsQuery *query, RowsRange *range) {
    enum { MOST = HISTORY_KEY_MAX };
    Buf from = buf_new(arena, MOST), to = buf_new(arena, MOST), prefix = buf_new(arena, MOST);
    history_row_series(&prefix, query->id, query->attr);
    buf_add(&from, buf_str(&prefix));
    buf_add(&to, buf_str(&prefix));
    key_i64(&from, query->from);
    key_i64(&to, query->to);
    *range = (RowsRange){.follower = HISTORY_SPACE,
                         .prefix = buf_str(&prefix),
                         .from = buf_str(&from),
                         .to = buf_str(&to)};
}

static Rc readings_each(Ctx *ctx, Project *project, const ReadingsQuery *query, RowsEach each,
                        void *arg) {
    Recorded recorded;
    SeriesRows rows = {&recorded, query->attr, {0}};
    TRY(recorded_read(ctx, project, query->id, &recorded));
    readings_range(ctx->arena, query, &rows.range);
    return instances_each(ctx, project, &rows, each, arg);
}

Rc project_readings(Ctx *ctx, Project *project, const ReadingsQuery *query, ReadingEach each,
                    void *arg) {
    Readings readings = {each, arg};
    return readings_each(ctx, project, query, reading_row, &readings);
}

typedef struct Newest {
    Arena *arena;
    Str instance;
} Newest;

static bool newest_row(void *arg, Str key, Str value) {
    Newest *newest = arg;
    HistoryNumber number;
    if (history_row_number(value, &number) && number.observed)
        newest->instance = history_row_instance(newest->arena, key);
    return true;
}

Rc project_instance(Ctx *ctx, Project *project, const ReadingsQuery *query, Str *instance) {
    Newest newest = {.arena = ctx->arena};
    TRY(readings_each(ctx, project, query, newest_row, &newest));
    *instance = newest.instance;
    return str_empty(newest.instance)
               ? ctx_fail(ctx, RC_NOT_FOUND, "no-reading", query->id, "There is no such reading.")
               : RC_OK;
}
