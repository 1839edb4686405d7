#include "history_row.h"

enum {
    ID_BYTES = 200,  /* of longer ids a part and their hash */
    HASH_BYTES = 32, /* of this length */
    NUMBER_BYTES = 17,
    MODIFIED_BYTES = NUMBER_BYTES + 8,
    BEGUN_BACK = 12, /* from the end of a beginning's key: position, ordinal */
    /* of a place: numbers below, between them whether it is a removal's, numbers above */
    NTH_LOW = 15,
    NTH_MAX = 1 << 30,
};

/* ---- keys ---- */

void history_row_key(Buf *to, Str id, char kind) {
    bool plain = id.len <= ID_BYTES && !memchr(id.ptr, 0, id.len);
    buf_add_char(to, 'h');
    buf_add(to, plain ? id : str_sub(id, 0, ID_BYTES - HASH_BYTES));
    if (!plain) {
        buf_add_char(to, 1);
        key_hash(to, id, HASH_BYTES);
    }
    buf_add_char(to, 0);
    if (kind) buf_add_char(to, kind);
}

void history_row_series(Buf *to, Str id, Str attr) {
    history_row_key(to, id, 'i');
    key_hash(to, attr, HISTORY_ATTR);
}

Str history_row_name(Arena *arena, Str hash) {
    Buf key = buf_new(arena, 16);
    buf_add_char(&key, 'a');
    buf_add(&key, hash);
    return buf_str(&key);
}

void history_row_place(Buf *key, const HistoryPlace *place) {
    key_u64(key, place->position);
    key_u32(key, place->ordinal);
    key_u32(key, place->place);
}

uint32_t history_row_nth(size_t n, bool removed) {
    const uint32_t low = (1u << NTH_LOW) - 1;
    assert(n < NTH_MAX); /* a leaf has room for less */
    return ((uint32_t)n & ~low) << 1 | (uint32_t)removed << NTH_LOW | ((uint32_t)n & low);
}

Str history_row_instance(Arena *arena, Str key) {
    return str_fmt(arena, HISTORY_INSTANCE "%llu.%u.%u",
                   (unsigned long long)key_read_u64(key, key.len - HISTORY_PLACE_BACK - 8),
                   key_read_u32(key, key.len - HISTORY_PLACE_BACK), key_read_u32(key, key.len - 4));
}

bool history_row_parse(Str instance, HistoryPlace *out) {
    Str rest = str_sub(instance, sizeof HISTORY_INSTANCE - 1, instance.len), part;
    int64_t parts[3];
    if (!str_starts(instance, STR(HISTORY_INSTANCE))) return false;
    for (size_t i = 0; i < 3; i++)
        if (!str_split(&rest, '.', &part) || !str_to_i64(part, &parts[i]) || parts[i] < 0)
            return false;
    if (parts[1] > UINT32_MAX || parts[2] > UINT32_MAX) return false;
    *out = (HistoryPlace){(uint64_t)parts[0], (uint32_t)parts[1], (uint32_t)parts[2]};
    return str_empty(rest);
}

/* ---- an instance ---- */

HistoryTimes history_row_times(const Attr *attr, int64_t written, int64_t made) {
    int64_t at = attr->observed_at != TIME_NONE ? attr->observed_at : written;
    return (HistoryTimes){at, written, made};
}

/* A plain number: 'n' or, an integer, 'i', when it was written, its bits, its unit. 'N' and 'I':
   when it was modified, its bits, when it was written first, its unit. 'r', 'w', 'R', 'W': the same
   without observedAt. Anything else: 'j' and an entity of this one instance, whose name and times
   are left out where the key tells them. */
static bool plain_number(const Attr *attr) {
    return attr->kind == ATTR_PROPERTY && attr->value && attr->value->kind == JSON_NUMBER &&
           !attr->value->raw && str_empty(attr->dataset_id) && str_empty(attr->value_type) &&
           attr->subs.len == 0 && attr->expires_at == TIME_NONE && attr->deleted_at == TIME_NONE;
}

static const char letters[2][2][3] = {{"rR", "wW"}, {"nN", "iI"}}; /* observed, whole, again */

static void number_write(Buf *to, const Attr *attr, const HistoryTimes *times) {
    double value = json_number(attr->value);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool whole = attr->value->is_int, observed = attr->observed_at != TIME_NONE;
    int64_t made = times->made == TIME_NONE && !observed ? attr->created_at : times->made;
    bool again = made != TIME_NONE && made != times->written;
    buf_add_char(to, letters[observed][whole][again]);
    key_i64(to, times->written);
    key_u64(to, whole ? (uint64_t)attr->value->value.integer : bits);
    if (again) key_i64(to, made);
    buf_add(to, attr->unit_code);
}

#define NAMELESS STR("x")

void history_row_write(Arena *arena, Buf *to, const Attr *attr, const HistoryTimes *times) {
    if (plain_number(attr)) {
        number_write(to, attr, times);
        return;
    }
    Entity *one = entity_new(arena, STR_NONE, STR_NONE);
    Attr *own = vec_push(arena, &one->attrs, *attr);
    int64_t made = times->made != TIME_NONE ? times->made : attr->created_at;
    own->name = NAMELESS;
    own->instance_id = STR_NONE;
    own->modified_at = times->written == times->at ? TIME_NONE : times->written;
    own->created_at = made == times->written ? TIME_NONE : made;
    buf_add_char(to, 'j');
    entity_encode(to, one);
}

/* Which of the letters stands first. */
static bool letter_find(char letter, bool *observed, bool *whole, bool *again) {
    for (int i = 0; i < 8; i++) {
        *observed = i & 4;
        *whole = i & 2;
        *again = i & 1;
        if (letters[*observed][*whole][*again] == letter) return true;
    }
    return false;
}

bool history_row_number(Str value, HistoryNumber *out) {
    bool observed, whole, again;
    if (!value.len || !letter_find(value.ptr[0], &observed, &whole, &again)) return false;
    size_t head = again ? MODIFIED_BYTES : NUMBER_BYTES;
    if (value.len < head) return false;
    *out = (HistoryNumber){.whole = whole,
                           .observed = observed,
                           .modified = key_read_i64(value, 1),
                           .bits = key_read_u64(value, 9),
                           .unit = str_sub(value, head, value.len)};
    out->made = again ? key_read_i64(value, NUMBER_BYTES) : out->modified;
    return true;
}

double history_row_double(const HistoryNumber *number) {
    double value;
    memcpy(&value, &number->bits, sizeof value);
    return number->whole ? (double)(int64_t)number->bits : value;
}

static Rc number_read(Ctx *ctx, Str iri, Str key, Str value, Attr *out) {
    HistoryNumber number;
    if (!history_row_number(value, &number))
        return ctx_fail(ctx, RC_FAILED, "bad-row", iri,
                        "A row of history is cut short: rebuild state.db.");
    Json *json = NEW(ctx->arena, Json);
    *json = number.whole ? json_of_int((int64_t)number.bits)
                         : json_of_number(history_row_double(&number));
    *out = (Attr){.name = iri,
                  .kind = ATTR_PROPERTY,
                  .value = json,
                  .unit_code = str_dup(ctx->arena, number.unit),
                  .observed_at =
                      number.observed ? key_read_i64(key, key.len - HISTORY_TIME_BACK) : TIME_NONE,
                  .created_at = number.made,
                  .modified_at = number.modified,
                  .deleted_at = TIME_NONE,
                  .expires_at = TIME_NONE};
    return RC_OK;
}

static Rc other_read(Ctx *ctx, Str iri, Str key, Str value, Attr *out) {
    Entity *one;
    TRY(entity_decode(ctx, str_sub(value, 1, value.len), &one));
    *out = one->attrs.items[0];
    out->name = iri;
    if (out->modified_at == TIME_NONE)
        out->modified_at = key_read_i64(key, key.len - HISTORY_TIME_BACK);
    if (out->created_at == TIME_NONE) out->created_at = out->modified_at;
    return RC_OK;
}

Rc history_row_read(Ctx *ctx, Str iri, Str key, Str value, Attr *out) {
    bool other = value.len && value.ptr[0] == 'j';
    TRY((other ? other_read : number_read)(ctx, iri, key, value, out));
    out->instance_id = history_row_instance(ctx->arena, key);
    return RC_OK;
}

/* ---- what an entity begins with ---- */

/* Names are IRIs and never begin with '/': most are of the default vocabulary. */
static Str name_shorten(Arena *arena, Str iri) {
    if (!str_starts(iri, STR(LD_DEFAULT))) return iri;
    Buf name = buf_new(arena, iri.len + 1);
    buf_add_char(&name, '/');
    buf_add(&name, str_sub(iri, sizeof LD_DEFAULT - 1, iri.len));
    return buf_str(&name);
}

static Str name_lengthen(Arena *arena, Str name) {
    if (!str_starts(name, STR("/"))) return name;
    Buf iri = buf_new(arena, name.len + sizeof LD_DEFAULT);
    buf_add(&iri, STR(LD_DEFAULT));
    buf_add(&iri, str_sub(name, 1, name.len));
    return buf_str(&iri);
}

void history_row_begin(Arena *arena, Buf *to, const Entity *begun, const Fold *fold) {
    Entity short_names = *begun;
    short_names.types = (StrVec){0};
    short_names.attrs = (Attrs){0};
    VEC_EACH (const Str, type, &begun->types)
        vec_push(arena, &short_names.types, name_shorten(arena, *type));
    VEC_EACH (const Attr, attr, &begun->attrs) {
        Attr *own = vec_push(arena, &short_names.attrs, *attr);
        own->name = name_shorten(arena, attr->name);
        own->instance_id = STR_NONE; /* the key tells it */
    }
    short_names.version = fold->position;
    short_names.created_at = fold->time;
    entity_encode(to, &short_names);
}

Rc history_row_begun(Ctx *ctx, Str key, Str value, HistoryBegin *out) {
    Entity *entity;
    TRY(entity_decode(ctx, value, &entity));
    VEC_EACH (Str, type, &entity->types)
        *type = name_lengthen(ctx->arena, *type);
    VEC_EACH (Attr, attr, &entity->attrs)
        attr->name = name_lengthen(ctx->arena, attr->name);
    *out = (HistoryBegin){.place = {.position = key_read_u64(key, key.len - BEGUN_BACK),
                                    .ordinal = key_read_u32(key, key.len - 4)},
                          .entity = entity};
    return RC_OK;
}
