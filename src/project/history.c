/* history: the temporal evolution of attributes, a row per instance, in the order of its time.
   Personal attributes have none here: their values lie sealed in the ledger alone.

   An instance that names one of before (instanceId) modifies it: its row takes the place of the
   former one and keeps when that was made; what it said before stays in the ledger.

   Keys: 'h' id NUL 'e' → id and types; 'h' id NUL 'i' attribute time position place → the instance;
   'a' attribute → its IRI. The attribute is 8 bytes of its SHA-256. The time is observedAt, else
   when it was written. What one entity has lies together, in the order in which windows are
   written. */
#include "project_int.h"

enum {
    ID_BYTES = 200,  /* of longer ids a part and their hash */
    HASH_BYTES = 32, /* of this length */
    ATTR_BYTES = 8,
    TIME_BACK = 20, /* from the end of the key: time, position, ordinal, place */
    POSITION_BACK = 12,
    PLACE_BACK = 4,
    NUMBER_BYTES = 17,
    MODIFIED_BYTES = NUMBER_BYTES + 8,
    NAMES_MAX = 100000,
    NAMES_ARENA = 256 << 20,
    SERIES_MANY = 4,       /* whole series that one answer may hold */
    DEADLINE_EVERY = 4096, /* instances */
};

/* Attributes that have a row already, with the hashes of their names. */
struct HistoryRows {
    Project *project;
    Rows rows;
    Arena *arena;
    Map names; /* IRI → 8 bytes */
};

struct HistoryRows *history_new(Project *project) {
    struct HistoryRows *history = mem_zero(sizeof *history);
    history->project = project;
    history->rows = (Rows){project->batch, project_space(HISTORY_SPACE)};
    history->arena = arena_new(NAMES_ARENA);
    history->names = map_new(history->arena);
    return history;
}

void history_free(struct HistoryRows *history) {
    if (!history) return;
    arena_free(history->arena);
    mem_free(history);
}

void history_forget(struct HistoryRows *history) {
    arena_reset(history->arena);
    history->names = map_new(history->arena);
}

Rc history_clear(Ctx *ctx, struct HistoryRows *history) {
    return rows_delete_prefix(ctx, &history->rows, STR_NONE);
}

/* ---- keys ---- */

static void entity_key(Buf *to, Str id, char kind) {
    bool plain = id.len <= ID_BYTES && !memchr(id.ptr, 0, id.len);
    buf_add_char(to, 'h');
    buf_add(to, plain ? id : str_sub(id, 0, ID_BYTES - HASH_BYTES));
    if (!plain) {
        buf_add_char(to, 1);
        key_hash(to, id, HASH_BYTES);
    }
    buf_add_char(to, 0);
    buf_add_char(to, kind);
}

static void series_key(Buf *to, Str id, Str attr) {
    entity_key(to, id, 'i');
    key_hash(to, attr, ATTR_BYTES);
}

static Str name_key(Arena *arena, Str hash) {
    Buf key = buf_new(arena, 16);
    buf_add_char(&key, 'a');
    buf_add(&key, hash);
    return buf_str(&key);
}

/* ---- writing ---- */

/* The 8 bytes of an attribute; they have a row from then on that tells its name. */
static Rc name_hash(Ctx *ctx, struct HistoryRows *history, Str iri, const char **out) {
    *out = map_get(&history->names, iri);
    if (*out) return RC_OK;
    Buf hash = buf_new(ctx->arena, ATTR_BYTES);
    key_hash(&hash, iri, ATTR_BYTES);
    *out = hash.ptr;
    TRY(rows_put(ctx, &history->rows, name_key(ctx->arena, buf_str(&hash)), iri));
    if (history->names.len >= NAMES_MAX) return RC_OK;
    Str kept = str_dup(history->arena, buf_str(&hash));
    map_put(&history->names, str_dup(history->arena, iri), (char *)(uintptr_t)kept.ptr);
    return RC_OK;
}

/* A plain number: 'n' or, an integer, 'i', when it was written, its bits, its unit. 'N' and 'I':
   when it was modified, its bits, when it was written first, its unit. Anything else: 'j' and an
   entity of this one instance. */
static bool plain_number(const Attr *attr) {
    return attr->kind == ATTR_PROPERTY && attr->value && attr->value->kind == JSON_NUMBER &&
           !attr->value->raw && str_empty(attr->dataset_id) && str_empty(attr->value_type) &&
           attr->subs.len == 0 && attr->expires_at == TIME_NONE && attr->observed_at != TIME_NONE &&
           attr->deleted_at == TIME_NONE;
}

/* made: when the instance was written first; TIME_NONE: now. */
static void number_write(Buf *to, const Attr *attr, int64_t written, int64_t made) {
    double value = json_number(attr->value);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool again = made != TIME_NONE;
    buf_add_char(to, attr->value->is_int ? (again ? 'I' : 'i') : again ? 'N' : 'n');
    key_i64(to, written);
    key_u64(to, attr->value->is_int ? (uint64_t)attr->value->value.integer : bits);
    if (again) key_i64(to, made);
    buf_add(to, attr->unit_code);
}

static void instance_write(Arena *arena, Buf *to, const Attr *given, int64_t written,
                           int64_t made) {
    Attr own = *given, *attr = &own;
    own.instance_id = STR_NONE; /* the key tells it */
    if (made != TIME_NONE) own.created_at = made;
    if (plain_number(attr)) {
        number_write(to, attr, written, made);
        return;
    }
    Entity *one = entity_new(arena, STR("urn:x:x"), STR("x"));
    vec_push(arena, &one->attrs, *attr);
    one->attrs.items[0].modified_at = written;
    if (attr->created_at == TIME_NONE) one->attrs.items[0].created_at = written;
    buf_add_char(to, 'j');
    entity_encode(to, one);
}

/* What the rows of one change are written from. */
typedef struct Writing {
    struct HistoryRows *history;
    Str id;
    const Fold *fold;
} Writing;

typedef struct Number {
    bool whole;
    uint64_t bits;
    int64_t modified, made;
    Str unit;
} Number;

/* False: the row is no plain number, or is cut short. */
static bool number_parse(Str value, Number *out) {
    bool again = value.len && (value.ptr[0] == 'I' || value.ptr[0] == 'N');
    bool once = value.len && (value.ptr[0] == 'i' || value.ptr[0] == 'n');
    size_t head = again ? MODIFIED_BYTES : NUMBER_BYTES;
    if ((!again && !once) || value.len < head) return false;
    *out = (Number){.whole = value.ptr[0] == 'i' || value.ptr[0] == 'I',
                    .modified = key_read_i64(value, 1),
                    .bits = key_read_u64(value, 9),
                    .unit = str_sub(value, head, value.len)};
    out->made = again ? key_read_i64(value, NUMBER_BYTES) : out->modified;
    return true;
}

static double number_value(const Number *number) {
    double value;
    memcpy(&value, &number->bits, sizeof value);
    return number->whole ? (double)(int64_t)number->bits : value;
}

/* The position, ordinal and place that an instanceId names; false: it is none of ours. */
static bool instance_parse(Str id, uint64_t parts[3]) {
    static const Str head = {"urn:ngsi-ld:Instance:", 21};
    Str rest = str_sub(id, head.len, id.len), part;
    if (!str_starts(id, head)) return false;
    for (size_t i = 0; i < 3; i++) {
        int64_t number;
        if (!str_split(&rest, '.', &part) || !str_to_i64(part, &number) || number < 0) return false;
        parts[i] = (uint64_t)number;
    }
    return str_empty(rest);
}

static Rc made_of(Ctx *ctx, Str value, int64_t *made) {
    Number number;
    Entity *one;
    if (number_parse(value, &number)) {
        *made = number.made;
        return RC_OK;
    }
    TRY(entity_decode(ctx, str_sub(value, 1, value.len), &one));
    *made = one->attrs.items[0].created_at;
    return RC_OK;
}

/* Where an instance stands behind its time, and when it was made; TIME_NONE: now. */
typedef struct InstancePlace {
    uint64_t parts[3]; /* position, ordinal, place */
    int64_t made;
} InstancePlace;

static void place_write(Buf *key, const uint64_t parts[3]) {
    key_u64(key, parts[0]);
    key_u16(key, (uint16_t)parts[1]);
    key_u16(key, (uint16_t)parts[2]);
}

/* Sets the place of the instance that this one modifies, if it modifies one that is there. head:
   the key up to the position. */
static Rc modified_find(Ctx *ctx, const Writing *w, const Attr *attr, Str head,
                        InstancePlace *place) {
    uint64_t named[3];
    Str former;
    if (str_empty(attr->instance_id) || !instance_parse(attr->instance_id, named)) return RC_OK;
    Buf key = buf_new(ctx->arena, ID_BYTES + 64);
    buf_add(&key, head);
    place_write(&key, named);
    Rc rc = rows_get(ctx, &w->history->rows, buf_str(&key), &former);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    memcpy(place->parts, named, sizeof named);
    return made_of(ctx, former, &place->made);
}

static Rc instance_put(Ctx *ctx, const Writing *w, const Attr *attr, size_t place) {
    Arena *arena = ctx->arena;
    const Fold *fold = w->fold;
    const char *hash;
    Buf key = buf_new(arena, ID_BYTES + 64), value = buf_new(arena, VALUE_MAX);
    TRY(name_hash(ctx, w->history, attr->name, &hash));
    entity_key(&key, w->id, 'i');
    buf_add_bytes(&key, hash, ATTR_BYTES);
    key_i64(&key, attr->observed_at != TIME_NONE ? attr->observed_at : fold->time);
    InstancePlace at = {{fold->position, fold->ordinal, place}, TIME_NONE};
    TRY(modified_find(ctx, w, attr, buf_str(&key), &at));
    place_write(&key, at.parts);
    instance_write(arena, &value, attr, fold->time, at.made);
    TRY(buf_rc(&value));
    return rows_put(ctx, &w->history->rows, buf_str(&key), buf_str(&value));
}

static Rc entity_put(Ctx *ctx, const Writing *w, const StrVec *types) {
    Buf key = buf_new(ctx->arena, ID_BYTES + 64), value = buf_new(ctx->arena, VALUE_MAX);
    entity_key(&key, w->id, 'e');
    Entity *entity = entity_new(ctx->arena, w->id, types->items[0]);
    entity->types = *types;
    entity_encode(&value, entity);
    return rows_put(ctx, &w->history->rows, buf_str(&key), buf_str(&value));
}

static bool kept_out(const Ctx *ctx, const StrVec *types, Str attr) {
    Entity typed = {.types = *types};
    return dictionary_class(ctx->tenant->dictionary, &typed, attr) >= CLASS_PERSONAL;
}

/* A whole entity that is put again brings only what is new in it. */
static bool unchanged(const Entity *before, const Delta *delta, const Attr *attr) {
    if (!before || delta->op != DELTA_PUT) return false;
    const Attr *old = entity_attr_dataset(before, attr->name, attr->dataset_id);
    return old && entity_attr_same(old, attr);
}

static Rc removals_put(Ctx *ctx, const Writing *w, const Entity *before) {
    const Delta *delta = w->fold->delta;
    for (size_t i = 0; before && i < delta->removed.len; i++) {
        const DeltaRemoval *removal = &delta->removed.items[i];
        const Attr *attr = entity_attr(before, removal->name);
        if (!attr || kept_out(ctx, &before->types, removal->name)) continue;
        Attr gone = *attr;
        gone.dataset_id = removal->dataset_id;
        gone.value = NULL;
        gone.subs = (Attrs){0};
        gone.observed_at = TIME_NONE;
        gone.deleted_at = w->fold->time;
        TRY(instance_put(ctx, w, &gone, 0x8000 + i));
    }
    return RC_OK;
}

static Rc fold_write(Ctx *ctx, const Writing *w, const Entity *before, const StrVec *types) {
    const Delta *delta = w->fold->delta;
    TRY(removals_put(ctx, w, before));
    if (!types) return RC_OK;
    bool told = delta->op == DELTA_RECORD && delta->after->types.len;
    if (delta->op == DELTA_PUT || told) TRY(entity_put(ctx, w, types));
    for (size_t i = 0; delta->after && i < delta->after->attrs.len; i++) {
        const Attr *attr = &delta->after->attrs.items[i];
        if (!kept_out(ctx, types, attr->name) && !unchanged(before, delta, attr))
            TRY(instance_put(ctx, w, attr, i));
    }
    return RC_OK;
}

Rc history_write(Ctx *ctx, struct HistoryRows *history, const Touched *touched) {
    for (size_t i = 0; i < touched->folds.len; i++) {
        const Entity *before = touched->opened ? touched_before(touched, i) : NULL;
        Writing w = {history, touched->id, &touched->folds.items[i]};
        TRY(fold_write(ctx, &w, before, touched_types(touched, i)));
    }
    return RC_OK;
}

/* ---- corrections (clauses 5.6.13 to 5.6.16): notes about an entity's history ---- */

/* "urn:ngsi-ld:Instance:POSITION.ORDINAL.PLACE" of an instance whose time is known gives its key.
 */
static bool instance_key(Buf *to, Str id, Str attr, const Json *instance) {
    Str text = json_get_str(instance, "id"), part;
    int64_t numbers[3];
    if (!str_starts(text, STR(HISTORY_INSTANCE))) return false;
    text = str_sub(text, sizeof HISTORY_INSTANCE - 1, text.len);
    for (int i = 0; i < 3; i++)
        if (!str_split(&text, '.', &part) || !str_to_i64(part, &numbers[i])) return false;
    series_key(to, id, attr);
    key_i64(to, json_get_int(instance, "time", 0));
    key_u64(to, (uint64_t)numbers[0]);
    key_u16(to, (uint16_t)numbers[1]);
    key_u16(to, (uint16_t)numbers[2]);
    return true;
}

static Rc drop_instances(Ctx *ctx, Rows *rows, const Event *event, const Json *list) {
    Str attr = json_get_str(event->note_clear, "attr");
    for (size_t i = 0; i < list->len; i++) {
        Buf key = buf_new(ctx->arena, ID_BYTES + 64);
        if (instance_key(&key, event->note_about, attr, json_at(list, i)))
            TRY(rows_delete(ctx, rows, buf_str(&key)));
    }
    return RC_OK;
}

/* {"attr": the attribute, else everything; "instances": those alone}. */
static Rc history_drop(Ctx *ctx, Rows *rows, const Event *event) {
    Str attr = json_get_str(event->note_clear, "attr");
    const Json *instances = json_get(event->note_clear, STR("instances"));
    if (instances) return drop_instances(ctx, rows, event, instances);
    Buf whole = buf_new(ctx->arena, ID_BYTES + 64), key = buf_new(ctx->arena, ID_BYTES + 64);
    if (!str_empty(attr)) {
        series_key(&whole, event->note_about, attr);
        return rows_delete_prefix(ctx, rows, buf_str(&whole));
    }
    entity_key(&whole, event->note_about, 'i');
    entity_key(&key, event->note_about, 'e');
    TRY(rows_delete(ctx, rows, buf_str(&key)));
    return rows_delete_prefix(ctx, rows, buf_str(&whole));
}

/* {"attr", "instances": [the one as it was], "entity": holding it as it is now}: the instance keeps
 * its id, its place in time may change. */
static Rc history_correct(Ctx *ctx, Rows *rows, const Event *event) {
    const Json *was = json_get(event->note_clear, STR("instances"));
    const Json *stored = json_get(event->note_clear, STR("entity"));
    Entity *one;
    TRY(drop_instances(ctx, rows, event, was));
    Buf text = buf_new(ctx->arena, VALUE_MAX), key = buf_new(ctx->arena, ID_BYTES + 64),
        value = buf_new(ctx->arena, VALUE_MAX);
    json_write(&text, stored);
    TRY(entity_decode(ctx, buf_str(&text), &one));
    Attr *now = &one->attrs.items[0];
    int64_t time = json_get_int(json_at(was, 0), "time", 0);
    now->modified_at = event->time;
    JsonMember members[] = {
        {STR("id"), json_of_str(json_get_str(json_at(was, 0), "id"))},
        {STR("time"), json_of_int(now->observed_at != TIME_NONE ? now->observed_at : time)},
    };
    Json place = json_of_members(members, 2);
    if (!instance_key(&key, event->note_about, now->name, &place)) return RC_OK;
    buf_add_char(&value, 'j');
    entity_encode(&value, one);
    return rows_put(ctx, rows, buf_str(&key), buf_str(&value));
}

bool history_has_note(const Event *event) {
    return str_eq(event->note_kind, STR(HISTORY_DROP)) ||
           str_eq(event->note_kind, STR(HISTORY_CORRECT));
}

Rc history_note(Ctx *ctx, struct HistoryRows *history, const Event *event) {
    bool drops = str_eq(event->note_kind, STR(HISTORY_DROP));
    return (drops ? history_drop : history_correct)(ctx, &history->rows, event);
}

/* ---- reading ---- */

static unsigned read_u16(Str key, size_t at) {
    return (unsigned)(unsigned char)key.ptr[at] << 8 | (unsigned char)key.ptr[at + 1];
}

static Str instance_id(Arena *arena, Str key) {
    return str_fmt(arena, HISTORY_INSTANCE "%llu.%u.%u",
                   (unsigned long long)key_read_u64(key, key.len - POSITION_BACK),
                   read_u16(key, key.len - PLACE_BACK), read_u16(key, key.len - 2));
}

static Rc number_read(Ctx *ctx, Str iri, Str key, Str value, Attr *out) {
    Number number;
    if (!number_parse(value, &number))
        return ctx_fail(ctx, RC_FAILED, "bad-row", iri,
                        "A row of history is cut short: rebuild state.db.");
    Json *json = NEW(ctx->arena, Json);
    *json =
        number.whole ? json_of_int((int64_t)number.bits) : json_of_number(number_value(&number));
    *out = (Attr){.name = iri,
                  .kind = ATTR_PROPERTY,
                  .value = json,
                  .unit_code = str_dup(ctx->arena, number.unit),
                  .observed_at = key_read_i64(key, key.len - TIME_BACK),
                  .created_at = number.made,
                  .modified_at = number.modified,
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
    size_t limit, read;
    bool cut;
    Rc rc;
} Series;

static bool series_row(void *arg, Str key, Str value) {
    Series *series = arg;
    Attr attr;
    if (++series->read % DEADLINE_EVERY == 0) series->rc = ctx_check_deadline(series->ctx);
    if (series->rc != RC_OK) return false;
    series->rc = instance_read(series->ctx, series->iri, key, value, &attr);
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
    enum { MOST = ID_BYTES + 64 };
    Buf prefix = buf_new(arena, MOST), from = buf_new(arena, MOST), to = buf_new(arena, MOST);
    series_key(&prefix, series->query->id, series->iri);
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

static bool series_hash(void *arg, Str key, Str value) {
    (void)value;
    char *hash = arg;
    memcpy(hash, key.ptr + key.len - TIME_BACK - ATTR_BYTES, ATTR_BYTES);
    return false;
}

/* The attributes of which there are instances: behind the first of one begins the next. */
static Rc series_names(Ctx *ctx, Project *project, Str id, StrVec *out) {
    static const char none[ATTR_BYTES] = {0};
    Buf prefix = buf_new(ctx->arena, ID_BYTES + 64);
    entity_key(&prefix, id, 'i');
    RowsRange range = {.follower = HISTORY_SPACE, .prefix = buf_str(&prefix)};
    for (;;) {
        char hash[ATTR_BYTES] = {0};
        Str name, bytes = {hash, ATTR_BYTES};
        TRY(project_rows(ctx, project, &range, series_hash, hash));
        if (memcmp(hash, none, ATTR_BYTES) == 0) return RC_OK;
        TRY(project_row(ctx, project, HISTORY_SPACE, name_key(ctx->arena, bytes), &name));
        vec_push(ctx->arena, out, name);
        Buf next = buf_new(ctx->arena, ID_BYTES + 64);
        buf_add(&next, buf_str(&prefix));
        buf_add(&next, bytes);
        for (size_t i = 0; i <= TIME_BACK; i++)
            buf_add_char(&next, (char)0xFF);
        range.from = buf_str(&next);
    }
}

static bool wanted(const StrVec *attrs, Str iri) {
    for (size_t i = 0; i < attrs->len; i++)
        if (str_eq(attrs->items[i], iri)) return true;
    return attrs->len == 0;
}

Rc project_has_history(Ctx *ctx, Project *project, Str id, bool *out) {
    Str stored;
    *out = true;
    if (!ctx->db)
        return ctx_fail(ctx, RC_BUSY, "needs-store", id, "The store must be asked on the pool.");
    const Version *version = ledger_version(project->tenant->ledger, id);
    if (version && version_position(version) > project_reached(project)) return RC_OK;
    Buf key = buf_new(ctx->arena, ID_BYTES + 64);
    entity_key(&key, id, 'e');
    Rc rc = project_row(ctx, project, HISTORY_SPACE, buf_str(&key), &stored);
    *out = rc == RC_OK;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

Rc project_history(Ctx *ctx, Project *project, const HistoryQuery *query, History *out) {
    Str stored;
    StrVec names = {0};
    Buf key = buf_new(ctx->arena, ID_BYTES + 64);
    TRY(project_drain(ctx, project, ledger_head(project->tenant->ledger)));
    entity_key(&key, query->id, 'e');
    Rc rc = project_row(ctx, project, HISTORY_SPACE, buf_str(&key), &stored);
    if (rc == RC_NOT_FOUND)
        return ctx_fail(ctx, rc, "no-history", query->id,
                        "There is no temporal evolution of this entity.");
    TRY(rc);
    *out = (History){.first = TIME_NONE, .last = TIME_NONE};
    TRY(entity_decode(ctx, stored, &out->entity));
    TRY(series_names(ctx, project, query->id, &names));
    VEC_EACH (const Str, name, &names) {
        if (!wanted(&query->attrs, *name)) continue;
        TRY(series_read(ctx, project, query, *name, out));
        if (query->limit && out->entity->attrs.len > SERIES_MANY * query->limit)
            return ctx_fail(ctx, RC_LIMIT, "too-large", STR("attrs"),
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
    Number number;
    if (!number_parse(value, &number)) return true;
    return readings->each(readings->arg, key_read_i64(key, key.len - TIME_BACK),
                          number_value(&number));
}

static void readings_range(Arena *arena, const ReadingsQuery *query, RowsRange *range) {
    enum { MOST = ID_BYTES + 64 };
    Buf from = buf_new(arena, MOST), to = buf_new(arena, MOST), prefix = buf_new(arena, MOST);
    series_key(&prefix, query->id, query->attr);
    buf_add(&from, buf_str(&prefix));
    buf_add(&to, buf_str(&prefix));
    key_i64(&from, query->from);
    key_i64(&to, query->to);
    *range = (RowsRange){.follower = HISTORY_SPACE,
                         .prefix = buf_str(&prefix),
                         .from = buf_str(&from),
                         .to = buf_str(&to)};
}

Rc project_readings(Ctx *ctx, Project *project, const ReadingsQuery *query, ReadingEach each,
                    void *arg) {
    Readings readings = {each, arg};
    RowsRange range;
    readings_range(ctx->arena, query, &range);
    return project_rows(ctx, project, &range, reading_row, &readings);
}

typedef struct Newest {
    Arena *arena;
    Str instance;
} Newest;

static bool newest_row(void *arg, Str key, Str value) {
    Newest *newest = arg;
    Number number;
    if (number_parse(value, &number)) newest->instance = instance_id(newest->arena, key);
    return true;
}

Rc project_instance(Ctx *ctx, Project *project, const ReadingsQuery *query, Str *instance) {
    Newest newest = {.arena = ctx->arena};
    RowsRange range;
    readings_range(ctx->arena, query, &range);
    TRY(project_rows(ctx, project, &range, newest_row, &newest));
    *instance = newest.instance;
    return str_empty(newest.instance)
               ? ctx_fail(ctx, RC_NOT_FOUND, "no-reading", query->id, "There is no such reading.")
               : RC_OK;
}
