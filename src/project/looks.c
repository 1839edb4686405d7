/* looks: who looked at whom, found by the person. Rows hold opaque ids only. */
#include "project_int.h"

enum { SUBJECT_BYTES = 16, LOOK_MAX = 8 << 20 };

/* 's' subject position place: one person's looks; 'a' position place: everybody's. Positions count
 * from the newest. */
static Str look_key(Arena *arena, Str subject, uint64_t position, uint32_t ordinal) {
    Buf key = buf_new(arena, 64);
    buf_add_char(&key, str_empty(subject) ? 'a' : 's');
    if (!str_empty(subject)) key_hash(&key, subject, SUBJECT_BYTES);
    key_u64(&key, UINT64_MAX - position);
    key_u32(&key, ordinal);
    return buf_str(&key);
}

/* The i-th record is about the i-th subject. */
static void records_write(JsonWriter *w, const Event *event, Str subject) {
    const Json *records = json_get(event->note_clear, STR("records"));
    const Json *subjects = json_get(event->note_clear, STR("subjects"));
    if (!records) return;
    json_name(w, STR("records"));
    json_open(w, '[');
    for (size_t i = 0; i < records->len; i++)
        if (str_empty(subject) ||
            (subjects && i < subjects->len && str_eq(json_str(json_at(subjects, i)), subject)))
            json_text(w, json_str(json_at(records, i)));
    json_close(w);
}

/* One row that is put. */
typedef struct LookRow {
    const Event *event;
    Str subject; /* empty: the row that is everybody's */
    size_t persons;
} LookRow;

/* persons is how many the look is about. A person's row names the records about him alone: others'
   ids are none of his business, and a look at many would else be as large as their square. */
static void look_write(Buf *to, const LookRow *row) {
    const Event *event = row->event;
    JsonWriter w = json_writer(to);
    const struct {
        Str name, value;
    } texts[] = {
        {STR("actor"), event->head.actor},     {STR("post"), event->head.post},
        {STR("purpose"), event->head.purpose}, {STR("case"), event->head.case_id},
        {STR("channel"), event->head.channel}, {STR("why"), json_get_str(event->note_clear, "why")},
    };
    json_open(&w, '{');
    int64_t glass_at = json_get_int(event->note_clear, "glassAt", 0);
    json_name(&w, STR("at"));
    json_int(&w, glass_at ? glass_at : event->time);
    if (glass_at) {
        json_name(&w, STR("glass"));
        json_bool(&w, true);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_name(&w, texts[i].name);
        json_text(&w, texts[i].value);
    }
    records_write(&w, event, row->subject);
    json_name(&w, STR("subjects"));
    json_int(&w, (int64_t)row->persons);
    json_close(&w);
}

/* Somebody of whom several records were shown is one person. */
static size_t persons_count(Arena *arena, const Event *event) {
    const Json *subjects = json_get(event->note_clear, STR("subjects"));
    Map seen = map_new(arena);
    for (size_t i = 0; subjects && i < subjects->len; i++)
        map_put(&seen, json_str(json_at(subjects, i)), (void *)subjects);
    return seen.len;
}

static Rc look_put(Ctx *ctx, Rows *rows, const LookRow *row) {
    ArenaMark mark = arena_mark(ctx->arena);
    Buf value = buf_new(ctx->arena, LOOK_MAX);
    look_write(&value, row);
    TRY(buf_rc(&value));
    Str key = look_key(ctx->arena, row->subject, row->event->position, row->event->ordinal);
    TRY(rows_put(ctx, rows, key, buf_str(&value)));
    arena_rewind(ctx->arena, mark);
    return RC_OK;
}

/* The note of part_look names its subjects in clear: they are opaque ids. */
Rc looks_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)arg;
    if (!str_eq(event->note_kind, STR("look"))) return RC_OK;
    const Json *subjects = json_get(event->note_clear, STR("subjects"));
    LookRow row = {.event = event, .persons = persons_count(ctx->arena, event)};
    TRY(look_put(ctx, rows, &row));
    for (size_t i = 0; subjects && i < subjects->len; i++) {
        row.subject = json_str(json_at(subjects, i));
        if (!str_empty(row.subject)) TRY(look_put(ctx, rows, &row));
    }
    return RC_OK;
}

/* ---- reading ---- */

typedef struct Reading {
    Ctx *ctx;
    Looks *out;
    size_t limit;
    Rc rc;
} Reading;

static Look look_read(Arena *arena, const Json *json, uint64_t position) {
    Look look = {.position = position,
                 .at = json_get_int(json, "at", 0),
                 .actor = json_get_str(json, "actor"),
                 .post = json_get_str(json, "post"),
                 .purpose = json_get_str(json, "purpose"),
                 .why = json_get_str(json, "why"),
                 .case_id = json_get_str(json, "case"),
                 .channel = json_get_str(json, "channel"),
                 .glass = json_get(json, STR("glass")) != NULL,
                 .subjects = (size_t)json_get_int(json, "subjects", 0)};
    const Json *records = json_get(json, STR("records"));
    for (size_t i = 0; records && i < records->len; i++)
        vec_push(arena, &look.records, json_str(json_at(records, i)));
    return look;
}

static bool look_row(void *arg, Str key, Str value) {
    Reading *reading = arg;
    const Json *json;
    reading->rc = json_read(reading->ctx, value, JSON_LIMITS_DEFAULT, &json);
    if (reading->rc != RC_OK) return false;
    uint64_t position = UINT64_MAX - key_read_u64(key, key.ptr[0] == 'a' ? 1 : 1 + SUBJECT_BYTES);
    vec_push(reading->ctx->arena, reading->out, look_read(reading->ctx->arena, json, position));
    return reading->out->len < reading->limit;
}

/* Looks are few beside readings: waiting for the projection keeps one order instead of merging two.
 */
Rc project_looks(Ctx *ctx, Project *project, const LooksQuery *query, Looks *out) {
    *out = (Looks){0};
    TRY(project_drain(ctx, project, ledger_head(project->tenant->ledger)));
    Reading reading = {.ctx = ctx, .out = out, .limit = query->limit};
    size_t prefix = str_empty(query->subject) ? 1 : 1 + SUBJECT_BYTES;
    RowsRange range = {.follower = "looks",
                       .prefix = str_sub(look_key(ctx->arena, query->subject, 0, 0), 0, prefix)};
    if (query->before) range.from = look_key(ctx->arena, query->subject, query->before - 1, 0);
    if (!query->limit) return RC_OK;
    TRY(project_rows(ctx, project, &range, look_row, &reading));
    return reading.rc;
}
