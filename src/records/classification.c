/* classification: the table of what is kept how long (文書分類表). */
#include "records.h"

static const int periods[] = {1, 3, 5, 10, 30};

typedef struct Reading {
    Ctx *ctx;
    const Json *from, *divisions;
    uint32_t row;
} Reading;

static Rc refuse(const Reading *reading, const char *member, const char *what) {
    return ctx_fail(reading->ctx, RC_INVALID, "bad-classification",
                    str_fmt(reading->ctx->arena, "files.json: rows[%u].%s", reading->row, member),
                    "%s", what);
}

static Rc text_read(const Reading *reading, const char *member, const Json **out) {
    *out = json_get(reading->from, str_of(member));
    if (!str_empty(json_get_str(*out, "ja")) && !str_empty(json_get_str(*out, "en"))) return RC_OK;
    return refuse(reading, member, "A text in Japanese (ja) and English (en) is needed here.");
}

/* "permanent", or one of the periods. */
static Rc keep_read(const Reading *reading, int *years) {
    const Json *keep = json_get(reading->from, STR("keep"));
    *years = 0;
    if (keep && str_eq(json_str(keep), STR("permanent"))) return RC_OK;
    int64_t n = json_get_int(reading->from, "keep", 0);
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++)
        if (n == periods[i]) *years = periods[i];
    return *years ? RC_OK
                  : refuse(reading, "keep",
                           "How long it is kept is 1, 3, 5, 10 or 30 years, or \"permanent\".");
}

static bool is_division(const Json *divisions, Str id) {
    for (uint32_t i = 0; divisions && i < divisions->len; i++)
        if (str_eq(json_get_str(json_at(divisions, i), "id"), id)) return true;
    return false;
}

static Rc division_read(const Reading *reading, Str *out) {
    *out = json_get_str(reading->from, "division");
    if (is_division(reading->divisions, *out)) return RC_OK;
    return refuse(reading, "division", "This is no division of organisation.json: write its id.");
}

/* "保存5年/..." and "常用/...": what a text says of itself. False: it doesn't say. */
static bool years_said(Str retention, int *years) {
    int64_t n;
    ptrdiff_t slash = str_find_char(retention, '/');
    Str said = slash < 0 ? STR_NONE : str_head(retention, (size_t)slash);
    *years = 0;
    if (str_eq(said, STR("常用"))) return true;
    if (!str_starts(said, STR("保存")) || !str_ends(said, STR("年"))) return false;
    said = str_sub(said, STR("保存").len, said.len - STR("年").len);
    if (!str_to_i64(said, &n) || n < 1 || n > periods[4]) return false;
    *years = (int)n;
    return true;
}

static Rc retention_add(const Reading *reading, const FileTable *table, FileRow *row, Str text) {
    int years;
    if (!years_said(text, &years) || years != row->years)
        return refuse(reading, "retention",
                      "Each text begins with \"保存N年/\" or \"常用/\", as `keep` says.");
    if (file_table_row(table, text))
        return refuse(reading, "retention", "This text stands in another row already.");
    vec_push(reading->ctx->arena, &row->retention, text);
    return RC_OK;
}

static Rc row_read(const Reading *reading, FileTable *table) {
    FileRow row = {.id = json_get_str(reading->from, "id")};
    const Json *retention = json_get(reading->from, STR("retention"));
    if (str_empty(row.id)) return refuse(reading, "id", "A row has an id, such as \"C-02-1\".");
    VEC_EACH (const FileRow, other, &table->rows)
        if (str_eq(other->id, row.id)) return refuse(reading, "id", "This id is another row's.");
    TRY(text_read(reading, "major", &row.major));
    TRY(text_read(reading, "middle", &row.middle));
    TRY(text_read(reading, "minor", &row.minor));
    TRY(text_read(reading, "name", &row.name));
    row.words = json_get_str(reading->from, "words");
    TRY(keep_read(reading, &row.years));
    TRY(division_read(reading, &row.division));
    for (uint32_t i = 0; retention && i < retention->len; i++)
        TRY(retention_add(reading, table, &row, json_str(json_at(retention, i))));
    if (!row.retention.len)
        return refuse(reading, "retention", "Name the texts of retention that are kept so.");
    vec_push(reading->ctx->arena, &table->rows, row);
    return RC_OK;
}

Rc file_table_read(Ctx *ctx, const Json *source, const Json *divisions, FileTable *out) {
    const Json *rows = json_get(source, STR("rows"));
    *out = (FileTable){.rule = json_get(source, STR("rule")),
                       .asks = json_get_str(source, "asks"),
                       .keeper = json_get_str(source, "keeper")};
    if (!out->rule || str_empty(out->keeper))
        return ctx_fail(ctx, RC_INVALID, "bad-classification", STR("files.json"),
                        "The table names its rule (`rule`, in ja and en) and the division that "
                        "looks after all files (`keeper`).");
    if (!is_division(divisions, out->keeper))
        return ctx_fail(ctx, RC_INVALID, "bad-classification", STR("files.json: keeper"),
                        "\"" STR_FMT "\" is no division of organisation.json: write the id of the "
                        "one that looks after all files.",
                        STR_ARG(out->keeper));
    for (uint32_t i = 0; rows && i < rows->len; i++)
        TRY(row_read(&(Reading){ctx, json_at(rows, i), divisions, i}, out));
    return RC_OK;
}

const FileRow *file_table_row(const FileTable *table, Str retention) {
    VEC_EACH (const FileRow, row, &table->rows)
        VEC_EACH (const Str, text, &row->retention)
            if (str_eq(*text, retention)) return row;
    return NULL;
}

Rc file_table_knows(Ctx *ctx, const FileTable *table, Str retention, Str where) {
    if (file_table_row(table, retention)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-classification", where,
                    "The retention \"" STR_FMT "\" stands in no row of files.json: add it to the "
                    "row of its classification.",
                    STR_ARG(retention));
}

Date file_until(Date ended, int years) {
    return (Date){time_fiscal_year(ended) + 1 + years, 3, 31};
}
