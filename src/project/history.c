/* history: the temporal evolution of attributes, a row per instance in the order of its time, and
   one for all that an entity begins with. Personal attributes have none here: their values lie
   sealed in the ledger alone.

   An instance that names one of before (instanceId) modifies it: its row takes the place of the
   former one and keeps when that was made; what it said before stays in the ledger. Whatever
   changes or takes away an instance finds it in a row of its own: begin_settle sees to it. */
#include "history_row.h"

enum { NAMES_MAX = 100000, NAMES_ARENA = 256 << 20 };

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

/* ---- an instance ---- */

/* The 8 bytes of an attribute; they have a row from then on that tells its name. */
static Rc name_hash(Ctx *ctx, struct HistoryRows *history, Str iri, const char **out) {
    *out = map_get(&history->names, iri);
    if (*out) return RC_OK;
    Buf hash = buf_new(ctx->arena, HISTORY_ATTR);
    key_hash(&hash, iri, HISTORY_ATTR);
    *out = hash.ptr;
    TRY(rows_put(ctx, &history->rows, history_row_name(ctx->arena, buf_str(&hash)), iri));
    if (history->names.len >= NAMES_MAX) return RC_OK;
    Str kept = str_dup(history->arena, buf_str(&hash));
    map_put(&history->names, str_dup(history->arena, iri), (char *)(uintptr_t)kept.ptr);
    return RC_OK;
}

/* What the rows of one change are written from. */
typedef struct Writing {
    struct HistoryRows *history;
    Str id;
    const Fold *fold;
} Writing;

static Rc made_of(Ctx *ctx, Str key, Str value, int64_t *made) {
    Attr attr;
    TRY(history_row_read(ctx, STR("x"), key, value, &attr));
    *made = attr.created_at;
    return RC_OK;
}

static Rc begin_settle(Ctx *ctx, struct HistoryRows *history, Str id);

/* The row of an instance, where it may still lie with what the entity began with. */
static Rc former_find(Ctx *ctx, const Writing *w, Str key, Str *former) {
    Rc rc = rows_get(ctx, &w->history->rows, key, former);
    if (rc != RC_NOT_FOUND) return rc;
    TRY(begin_settle(ctx, w->history, w->id));
    return rows_get(ctx, &w->history->rows, key, former);
}

/* Where an instance stands behind its time, and when it was made; TIME_NONE: now. */
typedef struct InstancePlace {
    HistoryPlace place;
    int64_t made;
} InstancePlace;

/* Sets the place of the instance that this one modifies, if it modifies one that is there. head:
   the key up to the position. */
static Rc modified_find(Ctx *ctx, const Writing *w, const Attr *attr, Str head,
                        InstancePlace *out) {
    HistoryPlace named;
    Str former;
    if (str_empty(attr->instance_id) || !history_row_parse(attr->instance_id, &named)) return RC_OK;
    Buf key = buf_new(ctx->arena, HISTORY_KEY_MAX);
    buf_add(&key, head);
    history_row_place(&key, &named);
    Rc rc = former_find(ctx, w, buf_str(&key), &former);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    out->place = named;
    return made_of(ctx, buf_str(&key), former, &out->made);
}

static Rc instance_put(Ctx *ctx, const Writing *w, const Attr *attr, uint32_t place) {
    Arena *arena = ctx->arena;
    const Fold *fold = w->fold;
    const char *hash;
    Buf key = buf_new(arena, HISTORY_KEY_MAX), value = buf_new(arena, VALUE_MAX);
    TRY(name_hash(ctx, w->history, attr->name, &hash));
    InstancePlace at = {{fold->position, fold->ordinal, place}, TIME_NONE};
    HistoryTimes times = history_row_times(attr, fold->time, TIME_NONE);
    history_row_key(&key, w->id, 'i');
    buf_add_bytes(&key, hash, HISTORY_ATTR);
    key_i64(&key, times.at);
    TRY(modified_find(ctx, w, attr, buf_str(&key), &at));
    times.made = at.made;
    history_row_place(&key, &at.place);
    history_row_write(arena, &value, attr, &times);
    TRY(buf_rc(&value));
    return rows_put(ctx, &w->history->rows, buf_str(&key), buf_str(&value));
}

/* ---- an entity ---- */

static Rc types_put(Ctx *ctx, const Writing *w, const StrVec *types) {
    Buf key = buf_new(ctx->arena, HISTORY_KEY_MAX), value = buf_new(ctx->arena, VALUE_MAX);
    history_row_key(&key, w->id, 'e');
    Entity *entity = entity_new(ctx->arena, w->id, types->items[0]);
    entity->types = *types;
    entity->version = w->fold->position;
    entity_encode(&value, entity);
    return rows_put(ctx, &w->history->rows, buf_str(&key), buf_str(&value));
}

static bool kept_out(const Ctx *ctx, const StrVec *types, Str attr) {
    Entity typed = {.types = *types};
    return dictionary_class(ctx->tenant->dictionary, &typed, attr) >= CLASS_PERSONAL;
}

static Str begin_key(Arena *arena, const Writing *w) {
    Buf key = buf_new(arena, HISTORY_KEY_MAX);
    history_row_key(&key, w->id, 'b');
    key_u64(&key, w->fold->position);
    key_u32(&key, w->fold->ordinal);
    return buf_str(&key);
}

/* One row for the types and all instances. */
static Rc begin_put(Ctx *ctx, const Writing *w, const StrVec *types) {
    Buf value = buf_new(ctx->arena, VALUE_MAX);
    const Attrs *attrs = &w->fold->delta->after->attrs;
    Entity *begun = entity_new(ctx->arena, STR_NONE, STR_NONE);
    begun->types = *types;
    VEC_EACH (const Attr, attr, attrs)
        if (!kept_out(ctx, types, attr->name)) vec_push(ctx->arena, &begun->attrs, *attr);
    history_row_begin(ctx->arena, &value, begun, w->fold);
    TRY(buf_rc(&value));
    return rows_put(ctx, &w->history->rows, begin_key(ctx->arena, w), buf_str(&value));
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
        TRY(instance_put(ctx, w, &gone, history_row_nth(i, true)));
    }
    return RC_OK;
}

/* Places are counted without what is kept out: a rebuild after an erasure doesn't see that. */
static Rc fold_write(Ctx *ctx, const Writing *w, const Entity *before, const StrVec *types) {
    const Delta *delta = w->fold->delta;
    TRY(removals_put(ctx, w, before));
    if (!types) return RC_OK;
    bool told = delta->op == DELTA_RECORD && delta->after->types.len;
    if (delta->op == DELTA_PUT && !before) return begin_put(ctx, w, types);
    if (delta->op == DELTA_PUT || told) TRY(types_put(ctx, w, types));
    size_t nth = 0;
    for (size_t i = 0; delta->after && i < delta->after->attrs.len; i++) {
        const Attr *attr = &delta->after->attrs.items[i];
        if (kept_out(ctx, types, attr->name)) continue;
        if (!unchanged(before, delta, attr))
            TRY(instance_put(ctx, w, attr, history_row_nth(nth, false)));
        nth++;
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

/* ---- rows of their own for what an entity began with ---- */

typedef struct Beginnings {
    Ctx *ctx;
    VEC(HistoryBegin) list;
    Rc rc;
} Beginnings;

static bool begin_row(void *arg, const Item *item) {
    Beginnings *beginnings = arg;
    Ctx *ctx = beginnings->ctx;
    HistoryBegin begin;
    Str key = str_dup(ctx->arena, item->key), value = str_dup(ctx->arena, item->value);
    beginnings->rc = history_row_begun(ctx, key, value, &begin);
    if (beginnings->rc == RC_OK) vec_push(ctx->arena, &beginnings->list, begin);
    return beginnings->rc == RC_OK;
}

/* What was said of the types later stays. */
static Rc begin_types(Ctx *ctx, const Writing *w, const StrVec *types) {
    Buf key = buf_new(ctx->arena, HISTORY_KEY_MAX);
    Str value;
    Entity *said;
    history_row_key(&key, w->id, 'e');
    Rc rc = rows_get(ctx, &w->history->rows, buf_str(&key), &value);
    if (rc == RC_NOT_FOUND) return types_put(ctx, w, types);
    TRY(rc);
    TRY(entity_decode(ctx, value, &said));
    return said->version < w->fold->position ? types_put(ctx, w, types) : RC_OK;
}

static Rc begin_unfold(Ctx *ctx, struct HistoryRows *history, Str id, const HistoryBegin *begin) {
    Fold fold = {.position = begin->place.position,
                 .ordinal = begin->place.ordinal,
                 .time = begin->entity->created_at};
    Writing w = {history, id, &fold};
    TRY(begin_types(ctx, &w, &begin->entity->types));
    for (size_t i = 0; i < begin->entity->attrs.len; i++)
        TRY(instance_put(ctx, &w, &begin->entity->attrs.items[i], history_row_nth(i, false)));
    return rows_delete(ctx, &history->rows, begin_key(ctx->arena, &w));
}

static Rc begin_settle(Ctx *ctx, struct HistoryRows *history, Str id) {
    Beginnings beginnings = {.ctx = ctx};
    Buf prefix = buf_new(ctx->arena, HISTORY_KEY_MAX);
    history_row_key(&prefix, id, 'b');
    ItemRange range = {.space = history->rows.space, .prefix = buf_str(&prefix)};
    TRY(batch_items(ctx, history->rows.batch, &range, begin_row, &beginnings));
    TRY(beginnings.rc);
    VEC_EACH (const HistoryBegin, begin, &beginnings.list)
        TRY(begin_unfold(ctx, history, id, begin));
    return RC_OK;
}

/* ---- corrections (clauses 5.6.13 to 5.6.16): notes about an entity's history ---- */

/* An instance whose time is known gives its key. */
static bool instance_key(Buf *to, Str id, Str attr, const Json *instance) {
    HistoryPlace place;
    if (!history_row_parse(json_get_str(instance, "id"), &place)) return false;
    history_row_series(to, id, attr);
    key_i64(to, json_get_int(instance, "time", 0));
    history_row_place(to, &place);
    return true;
}

static Rc drop_instances(Ctx *ctx, Rows *rows, const Event *event, const Json *list) {
    Str attr = json_get_str(event->note_clear, "attr");
    for (size_t i = 0; i < list->len; i++) {
        Buf key = buf_new(ctx->arena, HISTORY_KEY_MAX);
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
    Buf whole = buf_new(ctx->arena, HISTORY_KEY_MAX);
    if (!str_empty(attr)) {
        history_row_series(&whole, event->note_about, attr);
        return rows_delete_prefix(ctx, rows, buf_str(&whole));
    }
    history_row_key(&whole, event->note_about, 0);
    return rows_delete_prefix(ctx, rows, buf_str(&whole));
}

/* {"attr", "instances": [the one as it was], "entity": holding it as it is now}: the instance keeps
 * its id, its place in time may change. */
static Rc history_correct(Ctx *ctx, Rows *rows, const Event *event) {
    const Json *was = json_get(event->note_clear, STR("instances"));
    const Json *stored = json_get(event->note_clear, STR("entity"));
    Entity *one;
    TRY(drop_instances(ctx, rows, event, was));
    Buf text = buf_new(ctx->arena, VALUE_MAX), key = buf_new(ctx->arena, HISTORY_KEY_MAX),
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
    TRY(begin_settle(ctx, history, event->note_about));
    return (drops ? history_drop : history_correct)(ctx, &history->rows, event);
}
