/* tally: cases as they are counted, and months that are counted once and for all. */
#include "open_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- cases ---- */

typedef struct Reading {
    const Json *from; /* the release's source */
    Arena *arena;
    Cases *out;
} Reading;

static Str attr_text(Arena *arena, const Entity *entity, const Json *from, const char *member) {
    Str term = json_get_str(from, member);
    return entity_text(entity, str_fmt(arena, LD_DEFAULT STR_FMT, STR_ARG(term)));
}

/* One class, or "mixed" when there are several or none. */
static Str class_of(Arena *arena, const Entity *entity, const Json *from) {
    Str term = json_get_str(from, "class");
    const Attr *attr = entity_attr(entity, str_fmt(arena, LD_DEFAULT STR_FMT, STR_ARG(term)));
    const Json *value = attr ? attr->value : NULL;
    if (value && value->kind == JSON_STRING) return json_str(value);
    for (size_t i = 1; value && value->kind == JSON_ARRAY && i < value->len; i++)
        if (!json_equal(json_at(value, i), json_at(value, 0))) return STR("mixed");
    Str one = value ? json_str(json_at(value, 0)) : STR_NONE;
    return str_empty(one) ? STR("mixed") : one;
}

static bool left_out(const Json *from, Str state) {
    const Json *list = json_get(from, STR("leaveOut"));
    for (size_t i = 0; list && i < list->len; i++)
        if (str_eq(json_str(json_at(list, i)), state)) return true;
    return false;
}

static Rc case_add(Ctx *ctx, void *arg, const Entity *entity) {
    Reading *reading = arg;
    const Json *from = reading->from;
    Date day;
    Str date = attr_text(ctx->scratch, entity, from, "month");
    Str district = attr_text(ctx->scratch, entity, from, "district");
    if (!str_eq(entity_text(entity, IRI("procedure")), json_get_str(from, "procedure")) ||
        left_out(from, entity_text(entity, IRI("state"))) || !time_parse_date(date, &day) ||
        str_empty(district))
        return RC_OK;
    Str choice = attr_text(ctx->scratch, entity, from, "choice");
    /* A choice that cannot be read (its key is gone) counts as an opt-out. */
    vec_push(reading->arena, reading->out,
             (Case){.id = str_dup(reading->arena, entity->id),
                    .month = str_dup(reading->arena, str_sub(date, 0, 7)),
                    .district = str_dup(reading->arena, district),
                    .class = str_dup(reading->arena, class_of(ctx->scratch, entity, from)),
                    .out = !str_eq(choice, STR("in"))});
    return RC_OK;
}

Rc tally_cases(Ctx *ctx, const Release *release, Cases *out) {
    *out = (Cases){0};
    Reading reading = {
        .from = json_get(release->source, STR("source")), .arena = ctx->arena, .out = out};
    ProjectWish wish = {.type = json_get_str(reading.from, "type")};
    return project_each(ctx, &wish, case_add, &reading);
}

/* ---- months as they are kept ---- */

static Str tally_id(Arena *arena, const Release *release, Str month) {
    Str procedure = json_get_str(json_get(release->source, STR("source")), "procedure");
    return str_fmt(arena, "urn:ngsi-ld:Tally:" STR_FMT ":" STR_FMT, STR_ARG(procedure),
                   STR_ARG(month));
}

static Json strings(Arena *arena, const StrVec *list) {
    Json *items = NEW_ARRAY(arena, Json, list->len + 1);
    for (size_t i = 0; i < list->len; i++)
        items[i] = json_of_str(list->items[i]);
    return json_of_items(items, list->len);
}

static Json tally_json(Arena *arena, const Tally *tally) {
    size_t cells = tally->districts.len * tally->classes.len;
    Json *counts = NEW_ARRAY(arena, Json, cells + 1);
    Json *marks = NEW_ARRAY(arena, Json, tally->districts.len + 1);
    for (size_t i = 0; i < cells; i++)
        counts[i] = json_of_int(tally->counts[i]);
    for (size_t i = 0; i <= tally->districts.len; i++)
        marks[i] = json_of_int((int64_t)tally->marks[i]);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 4);
    members[0] = (JsonMember){STR("districts"), strings(arena, &tally->districts)};
    members[1] = (JsonMember){STR("classes"), strings(arena, &tally->classes)};
    members[2] = (JsonMember){STR("counts"), json_of_items(counts, cells)};
    members[3] = (JsonMember){STR("marks"), json_of_items(marks, tally->districts.len + 1)};
    return json_of_members(members, 4);
}

static void strings_read(Arena *arena, const Json *list, StrVec *out) {
    for (size_t i = 0; list && i < list->len; i++)
        vec_push(arena, out, str_dup(arena, json_str(json_at(list, i))));
}

/* False when what is kept has lost its form. */
static bool tally_read(Arena *arena, const Entity *entity, Tally *out) {
    const Attr *attr = entity_attr(entity, IRI("counts"));
    const Json *kept = attr ? attr->value : NULL;
    const Json *counts = kept ? json_get(kept, STR("counts")) : NULL;
    const Json *marks = kept ? json_get(kept, STR("marks")) : NULL;
    *out = (Tally){.month = str_dup(arena, entity_text(entity, IRI("month")))};
    if (!counts || !marks) return false;
    strings_read(arena, json_get(kept, STR("districts")), &out->districts);
    strings_read(arena, json_get(kept, STR("classes")), &out->classes);
    if (counts->len != out->districts.len * out->classes.len ||
        marks->len != out->districts.len + 1)
        return false;
    out->counts = NEW_ARRAY(arena, int64_t, counts->len + 1);
    out->marks = NEW_ARRAY(arena, DiscloseMark, marks->len);
    for (size_t i = 0; i < counts->len; i++)
        out->counts[i] = json_at(counts, i)->value.integer;
    for (size_t i = 0; i < marks->len; i++)
        out->marks[i] = (DiscloseMark)json_at(marks, i)->value.integer;
    return true;
}

/* ---- counting a month ---- */

static size_t place_of(Arena *arena, StrVec *list, Str word) {
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->items[i], word)) return i;
    vec_push(arena, list, word);
    return list->len - 1;
}

static void known_ids(Arena *arena, const Json *list, StrVec *out) {
    for (size_t i = 0; list && i < list->len; i++)
        (void)place_of(arena, out, json_get_str(json_at(list, i), "id"));
}

/* The month's row is suppressed for itself alone, so that nothing later changes it. */
static Rc tally_mark(Ctx *ctx, Tally *tally, int64_t k) {
    size_t n = tally->districts.len;
    DiscloseTable table = disclose_table(ctx->arena, 1, n);
    for (size_t d = 0; d < n; d++)
        for (size_t c = 0; c < tally->classes.len; c++)
            table.cells[d] += tally->counts[d * tally->classes.len + c];
    disclose_total(&table);
    for (size_t d = 0; d <= n; d++)
        table.marks[disclose_cell(&table, 1, d)] = DISCLOSE_UNASKED;
    TRY(disclose_suppress(ctx, &table, k));
    tally->marks = table.marks;
    return RC_OK;
}

static Rc tally_count(Ctx *ctx, const Release *release, const Cases *cases, Str month, Tally *out) {
    const Open *open = ctx->tenant->open;
    *out = (Tally){.month = month};
    known_ids(ctx->arena, open->districts, &out->districts);
    known_ids(ctx->arena, open->classes, &out->classes);
    (void)place_of(ctx->arena, &out->classes, STR("mixed"));
    VEC_EACH (const Case, one, cases) {
        if (!str_eq(one->month, month)) continue;
        (void)place_of(ctx->arena, &out->districts, one->district);
        (void)place_of(ctx->arena, &out->classes, one->class);
    }
    out->counts = NEW_ARRAY(ctx->arena, int64_t, out->districts.len * out->classes.len);
    VEC_EACH (const Case, one, cases) {
        if (!str_eq(one->month, month)) continue;
        size_t d = place_of(ctx->arena, &out->districts, one->district);
        size_t c = place_of(ctx->arena, &out->classes, one->class);
        out->counts[d * out->classes.len + c]++;
    }
    return tally_mark(ctx, out, release->k);
}

static Rc tally_keep(Ctx *ctx, const Release *release, const Tally *tally) {
    Entity *entity =
        entity_new(ctx->arena, tally_id(ctx->arena, release, tally->month), IRI("Tally"));
    Str procedure = json_get_str(json_get(release->source, STR("source")), "procedure");
    entity_set(ctx->arena, entity, IRI("procedure"), json_of_str(procedure));
    entity_set(ctx->arena, entity, IRI("month"), json_of_str(tally->month));
    entity_set_kind(ctx->arena, entity, ATTR_JSON, IRI("counts"), tally_json(ctx->arena, tally));
    return open_put(ctx, "dataset.count", &(Put){entity, PUT_ABSENT}, 1);
}

/* The month that is running now: it and later ones are not counted. */
static Str month_now(Ctx *ctx) {
    Date today = time_jst_date(time_now(ctx->clock));
    return str_fmt(ctx->arena, "%04d-%02d", today.year, today.month);
}

static int by_text(const void *a, const void *b) {
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

static int by_month(const void *a, const void *b) {
    return str_cmp(((const Tally *)a)->month, ((const Tally *)b)->month);
}

static Rc tally_load(Ctx *ctx, const Release *release, Str month, Tallies *out) {
    const Entity *entity;
    Tally tally;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, tally_id(ctx->arena, release, month), &entity));
    if (!tally_read(ctx->arena, entity, &tally))
        return ctx_fail(ctx, RC_FAILED, "bad-tally", entity->id,
                        "The counts of this month have lost their form.");
    vec_push(ctx->arena, out, tally);
    return RC_OK;
}

typedef struct Known {
    Str procedure;
    StrVec months;
    Arena *arena;
} Known;

static Rc known_add(Ctx *ctx, void *arg, const Entity *entity) {
    Known *known = arg;
    (void)ctx;
    if (str_eq(entity_text(entity, IRI("procedure")), known->procedure))
        (void)place_of(known->arena, &known->months,
                       str_dup(known->arena, entity_text(entity, IRI("month"))));
    return RC_OK;
}

Rc tally_months(Ctx *ctx, const Release *release, const Cases *cases, bool keep, Tallies *out) {
    Known known = {.procedure = json_get_str(json_get(release->source, STR("source")), "procedure"),
                   .arena = ctx->arena};
    *out = (Tallies){0};
    TRY(project_each(ctx, &(ProjectWish){.type = STR("Tally")}, known_add, &known));
    for (size_t i = 0; i < known.months.len; i++)
        TRY(tally_load(ctx, release, known.months.items[i], out));
    StrVec open_months = {0};
    Str now = month_now(ctx);
    VEC_EACH (const Case, one, cases)
        if (str_cmp(one->month, now) < 0) (void)place_of(ctx->arena, &open_months, one->month);
    if (open_months.len)
        qsort(open_months.items, open_months.len, sizeof *open_months.items, by_text);
    for (size_t i = 0; i < open_months.len; i++) {
        Tally tally;
        size_t before = known.months.len;
        if (place_of(ctx->arena, &known.months, open_months.items[i]) < before) continue;
        TRY(tally_count(ctx, release, cases, open_months.items[i], &tally));
        if (keep) TRY(tally_keep(ctx, release, &tally));
        vec_push(ctx->arena, out, tally);
    }
    if (out->len) qsort(out->items, out->len, sizeof *out->items, by_month);
    return RC_OK;
}
