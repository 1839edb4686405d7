/* people: the two datasets about people, made of the same counted months and checked together. */
#include "open_int.h"

#include <string.h>

/* ---- the seed ---- */

/* Secret, and the same at every run: it hangs on the tenant's key. */
static Str seed_of(Ctx *ctx) {
    Digest *seed = NEW(ctx->arena, Digest);
    *seed = ledger_keyed_hash(ctx->tenant->ledger, STR("open-sample"), STR("bulky-waste"));
    return (Str){(const char *)seed->bytes, sizeof seed->bytes};
}

static DiscloseMonth month_of(const Tally *tally) {
    return (DiscloseMonth){.name = tally->month,
                           .districts = tally->districts.len,
                           .classes = tally->classes.len,
                           .counts = tally->counts,
                           .marks = tally->marks};
}

/* ---- loading and the check ---- */

static int64_t district_count(const Tally *tally, size_t d) {
    int64_t count = 0;
    for (size_t c = 0; c < tally->classes.len; c++)
        count += tally->counts[d * tally->classes.len + c];
    return count;
}

/* Puts a counted month into a row of a table with its marks. */
static void row_fill(DiscloseTable *table, size_t row, const Tally *tally) {
    for (size_t d = 0; d <= tally->districts.len; d++) {
        size_t cell = disclose_cell(table, row, d);
        if (d < tally->districts.len) table->cells[cell] = district_count(tally, d);
        table->marks[cell] = tally->marks[d];
        table->kept[cell] = tally->marks[d] == DISCLOSE_SHOWN;
    }
}

/* A month's counts are proved anew at each run, for themselves and with its records. */
static Rc month_check(Ctx *ctx, const Release *release, const Tally *tally,
                      const DiscloseGroups *groups) {
    size_t n = tally->districts.len;
    DiscloseMonth month = month_of(tally);
    DiscloseTable table = disclose_table(ctx->arena, 1, n);
    row_fill(&table, 0, tally);
    disclose_total(&table);
    for (size_t d = 0; d <= n; d++)
        table.marks[disclose_cell(&table, 1, d)] = DISCLOSE_UNASKED;
    if (disclose_unsafe(ctx, &table, release->k) != disclose_cells(&table))
        return ctx_fail(ctx, RC_CONFLICT, "joint-check", tally->month,
                        "A suppressed count of this month could be computed.");
    return disclose_joint(ctx, &month, groups, release->k);
}

/* Where a word stands in the order of a counted month; DISCLOSE_OTHER: it came later. */
static size_t index_in(const StrVec *list, Str word) {
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->items[i], word)) return i;
    return DISCLOSE_OTHER;
}

/* The group of a month into which a case falls, or DISCLOSE_OTHER. */
static size_t group_at(const Tally *tally, const DiscloseGroups *groups, const Case *one) {
    size_t d = index_in(&tally->districts, one->district);
    size_t c = index_in(&tally->classes, one->class);
    if (d == DISCLOSE_OTHER || c == DISCLOSE_OTHER) return DISCLOSE_OTHER;
    return groups->of[d * tally->classes.len + c];
}

/* Draws the records of a month among those who did not opt out. */
static void month_draw(Ctx *ctx, People *people, size_t at) {
    const Tally *tally = &people->months.items[at];
    const DiscloseGroups *groups = &people->groups[at];
    size_t n = groups->groups.len;
    StrVec *ids = NEW_ARRAY(ctx->arena, StrVec, n + 1);
    VEC_EACH (const Case, one, &people->cases) {
        if (one->out || !str_eq(one->month, tally->month)) continue;
        size_t g = group_at(tally, groups, one);
        if (g != DISCLOSE_OTHER) vec_push(ctx->arena, &ids[g], one->id);
    }
    people->drawn[at] = NEW_ARRAY(ctx->arena, int64_t, n + 1);
    for (size_t g = 0; g < n; g++) {
        StrVec drawn;
        disclose_draw(ctx->arena, &groups->groups.items[g], seed_of(ctx), &ids[g], &drawn);
        people->drawn[at][g] = (int64_t)drawn.len;
    }
}

Rc people_load(Ctx *ctx, const Release *release, bool keep, People *out) {
    *out = (People){0};
    Str seed = seed_of(ctx);
    TRY(tally_cases(ctx, release, &out->cases));
    TRY(tally_months(ctx, release, &out->cases, keep, &out->months));
    out->groups = NEW_ARRAY(ctx->arena, DiscloseGroups, out->months.len + 1);
    out->drawn = NEW_ARRAY(ctx->arena, int64_t *, out->months.len + 1);
    for (size_t i = 0; i < out->months.len; i++) {
        DiscloseMonth month = month_of(&out->months.items[i]);
        disclose_group(ctx->arena, &month, seed, release->k, &out->groups[i]);
        TRY(month_check(ctx, release, &out->months.items[i], &out->groups[i]));
        month_draw(ctx, out, i);
    }
    if (out->months.len == 0)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-months", release->id,
                        "There is no month with cases that is over.");
    return RC_OK;
}

/* ---- names ---- */

static Str name_of(const Json *list, Str id, const char *member) {
    for (size_t i = 0; list && i < list->len; i++)
        if (str_eq(json_get_str(json_at(list, i), "id"), id))
            return json_get_str(json_get(json_at(list, i), str_of(member)), "ja");
    return id;
}

static Str district_name(const Open *open, Str id) {
    return name_of(open->districts, id, "name");
}

static Str class_name(const Open *open, Str id) {
    return str_eq(id, STR("mixed")) ? STR("複数") : name_of(open->classes, id, "label");
}

/* ---- counts ---- */

/* What of the release's columns a row of counts holds. */
typedef struct CountRow {
    Str month, district_id, district;
    int64_t count;
    DiscloseMark mark;
} CountRow;

static void count_add(Ctx *ctx, Table *table, Made *made, CountRow row) {
    bool shown = row.mark == DISCLOSE_SHOWN;
    Json *values = NEW_ARRAY(ctx->arena, Json, 6);
    values[1] = json_of_str(row.month);
    values[2] = json_of_str(row.district_id);
    values[3] = json_of_str(row.district);
    values[4] = shown ? json_of_int(row.count) : json_of_null();
    values[5] = shown ? json_of_null() : json_of_str(STR("X"));
    values[0] = json_of_items(values + 1, 5);
    made->suppressed += !shown;
    table_add(ctx->arena, table, &values[0]);
}

/* The table that is being made. */
typedef struct Making {
    const Release *release;
    const People *people;
    Table table;
    Made *made;
} Making;

/* A row of counts as lines; `name` is what stands for the month. */
typedef struct RowOf {
    const DiscloseTable *table;
    size_t row;
    const Tally *tally;
    Str name;
} RowOf;

static void row_add(Ctx *ctx, Making *making, RowOf of) {
    const Open *open = ctx->tenant->open;
    const DiscloseTable *table = of.table;
    const Tally *tally = of.tally;
    for (size_t d = 0; d <= tally->districts.len; d++) {
        size_t cell = disclose_cell(table, of.row, d);
        bool total = d == tally->districts.len;
        if (table->marks[cell] == DISCLOSE_UNASKED) continue;
        Str id = total ? STR("total") : tally->districts.items[d];
        count_add(ctx, &making->table, making->made,
                  (CountRow){of.name, id, total ? STR("合計") : district_name(open, id),
                             table->cells[cell], table->marks[cell]});
    }
}

static int fiscal_of(Str month) {
    Date date;
    char text[] = "0000-00-01";
    memcpy(text, month.ptr, 7);
    return time_parse_date(str_of(text), &date) ? time_fiscal_year(date) : 0;
}

static bool same_districts(const Tally *a, const Tally *b) {
    bool same = a->districts.len == b->districts.len;
    for (size_t i = 0; same && i < a->districts.len; i++)
        same = str_eq(a->districts.items[i], b->districts.items[i]);
    return same;
}

enum { MONTHS = 12 };

/* Twelve months from here on are one whole fiscal year over the same districts. */
static bool year_whole(const Tallies *months, size_t first, size_t end) {
    if (end - first < MONTHS) return false;
    const Tally *all = &months->items[first];
    for (size_t i = 1; i < MONTHS; i++)
        if (fiscal_of(all[i].month) != fiscal_of(all[0].month) || !same_districts(&all[0], &all[i]))
            return false;
    return true;
}

/* The totals of a year that is over, beside its months, which stay as they are. */
static Rc year_add(Ctx *ctx, Making *making, const Tally *months) {
    size_t n = months->districts.len;
    DiscloseTable table = disclose_table(ctx->arena, MONTHS, n);
    for (size_t i = 0; i < MONTHS; i++)
        row_fill(&table, i, &months[i]);
    disclose_total(&table);
    TRY(disclose_suppress(ctx, &table, making->release->k));
    Str name = str_fmt(ctx->arena, "%d年度", fiscal_of(months->month));
    row_add(ctx, making, (RowOf){&table, MONTHS, months, name});
    return RC_OK;
}

/* How many months there are up to a horizon. */
static size_t months_until(const People *people, Str horizon) {
    size_t n = 0;
    while (n < people->months.len &&
           (str_empty(horizon) || str_cmp(people->months.items[n].month, horizon) <= 0))
        n++;
    return n;
}

static Rc counts_make(Ctx *ctx, Making *making, size_t n) {
    const Tallies *months = &making->people->months;
    for (size_t i = 0; i < n; i++) {
        const Tally *tally = &months->items[i];
        DiscloseTable month = disclose_table(ctx->arena, 1, tally->districts.len);
        row_fill(&month, 0, tally);
        disclose_total(&month);
        row_add(ctx, making, (RowOf){&month, 0, tally, tally->month});
        if (i + 1 >= MONTHS && year_whole(months, i + 1 - MONTHS, i + 1))
            TRY(year_add(ctx, making, tally + 1 - MONTHS));
    }
    return RC_OK;
}

/* ---- records ---- */

static void record_add(Ctx *ctx, Table *table, const Tally *tally, const DiscloseGroup *group) {
    const Open *open = ctx->tenant->open;
    bool somewhere = group->district == DISCLOSE_OTHER, something = group->class == DISCLOSE_OTHER;
    Str district = somewhere ? STR("other") : tally->districts.items[group->district];
    Str class = something ? STR("other") : tally->classes.items[group->class];
    Json *values = NEW_ARRAY(ctx->arena, Json, 6);
    values[1] = json_of_str(tally->month);
    values[2] = json_of_str(district);
    values[3] = json_of_str(somewhere ? STR("その他") : district_name(open, district));
    values[4] = json_of_str(class);
    values[5] = json_of_str(something ? STR("その他") : class_name(open, class));
    values[0] = json_of_items(values + 1, 5);
    table_add(ctx->arena, table, &values[0]);
}

static Rc records_make(Ctx *ctx, Making *making, size_t n) {
    const People *people = making->people;
    const Release *release = making->release;
    StrVec looks = {0};
    for (size_t i = 0; i < n; i++)
        for (size_t g = 0; g < people->groups[i].groups.len; g++) {
            Str look = str_fmt(ctx->arena, "%zu/%zu", i, g);
            for (int64_t r = 0; r < people->drawn[i][g]; r++) {
                record_add(ctx, &making->table, &people->months.items[i],
                           &people->groups[i].groups.items[g]);
                vec_push(ctx->arena, &looks, look);
            }
        }
    if (looks.len == 0 || (int64_t)disclose_anonymity(ctx->arena, &looks) >= release->k)
        return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "joint-check", release->id,
                    "A group of equal records would be smaller than %lld.", (long long)release->k);
}

Rc people_make(Ctx *ctx, const Release *release, const People *people, Str horizon, Made *out) {
    Making making = {
        .release = release, .people = people, .table = {.release = release}, .made = out};
    size_t n = months_until(people, horizon);
    *out = (Made){0};
    if (release->kind == RELEASE_COUNTS)
        TRY(counts_make(ctx, &making, n));
    else
        TRY(records_make(ctx, &making, n));
    TRY(table_made(ctx, &making.table, out));
    out->horizon = n ? people->months.items[n - 1].month : STR_NONE;
    return RC_OK;
}
