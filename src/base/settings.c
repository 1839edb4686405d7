#include "settings.h"

#include "near.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SETTINGS_FILE_MAX (1 << 20)
#define SETTINGS_PREFIX   "MACHI_"

typedef struct SettingValue {
    int64_t number;
    Str text;
    SettingSource source;
    unsigned
        file_pass; /* the pass over a file that has set it, so that one file names a key once */
} SettingValue;

struct Settings {
    Arena *arena;
    const SettingRow *rows;
    SettingValue *values;
    size_t count;
    unsigned file_pass;
};

typedef struct SettingUnit {
    const char *name;
    int64_t factor;
} SettingUnit;

static const SettingUnit setting_durations[] = {
    {"us", 1},          {"ms", 1000},     {"s", TIME_SECOND},
    {"m", TIME_MINUTE}, {"h", TIME_HOUR}, {"d", TIME_DAY},
};
static const SettingUnit setting_sizes[] = {
    {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

typedef struct SettingTypeRow {
    const char *name, *example;
    const SettingUnit *units;
    size_t unit_count;
} SettingTypeRow;

static const SettingTypeRow setting_types[] = {
    [SETTING_BOOL] = {"yes|no", "yes or no", NULL, 0},
    [SETTING_INT] = {"NUMBER", "a whole number", NULL, 0},
    [SETTING_TEXT] = {"TEXT", "text in UTF-8", NULL, 0},
    [SETTING_DURATION] = {"DURATION", "a duration such as 30s or 5m", setting_durations,
                          sizeof setting_durations / sizeof *setting_durations},
    [SETTING_BYTES] = {"SIZE", "a size such as 64MiB", setting_sizes,
                       sizeof setting_sizes / sizeof *setting_sizes},
    [SETTING_PATH] = {"PATH", "a path", NULL, 0},
};

static bool setting_is_text(SettingType type) {
    return type == SETTING_TEXT || type == SETTING_PATH;
}

static bool setting_parse_bool(Str text, int64_t *number) {
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *number = (int64_t)(i & 1);
        if (str_eq_nocase(text, str_of(words[i]))) return true;
    }
    return false;
}

/* A whole number and its unit, which only zero may lack. */
static bool setting_parse_unit(const SettingTypeRow *type, Str text, int64_t *number) {
    size_t digits = 0;
    while (digits < text.len && isdigit((unsigned char)text.ptr[digits]))
        digits++;
    Str unit = str_trim(str_sub(text, digits, text.len));
    if (!str_to_i64(str_sub(text, 0, digits), number)) return false;
    if (*number == 0 && unit.len == 0) return true;
    for (size_t i = 0; i < type->unit_count; i++)
        if (str_eq(unit, str_of(type->units[i].name)))
            return !__builtin_mul_overflow(*number, type->units[i].factor, number);
    return false;
}

bool settings_parse(SettingType type, Str text, int64_t *number) {
    *number = 0;
    if (setting_is_text(type))
        return str_utf8_valid(text) && !memchr(text.ptr ? text.ptr : "", 0, text.len);
    if (type == SETTING_BOOL) return setting_parse_bool(text, number);
    if (type == SETTING_INT) return str_to_i64(text, number);
    return setting_parse_unit(&setting_types[type], text, number);
}

static size_t setting_index(const Settings *settings, Str key) {
    for (size_t i = 0; i < settings->count; i++)
        if (str_eq(key, str_of(settings->rows[i].key))) return i;
    return settings->count;
}

const SettingRow *settings_row(const Settings *settings, Str key) {
    size_t index = setting_index(settings, key);
    return index < settings->count ? &settings->rows[index] : NULL;
}

Str settings_nearest(const Settings *settings, Str key) {
    Near near = {.wanted = key};
    for (size_t i = 0; i < settings->count; i++)
        near_offer(&near, str_of(settings->rows[i].key));
    return near.best;
}

/* A number as a row of this type would be written: the largest unit that divides it. */
static void setting_write_number(Buf *to, SettingType type, int64_t number) {
    const SettingTypeRow *row = &setting_types[type];
    size_t unit = 0;
    for (size_t i = 0; i < row->unit_count && number != 0; i++)
        if (number % row->units[i].factor == 0) unit = i;
    int64_t factor = row->unit_count ? row->units[unit].factor : 1;
    buf_add_i64(to, number / factor);
    if (row->unit_count) buf_add(to, str_of(row->units[unit].name));
}

static bool setting_is_bounded(const SettingRow *row) {
    return (row->lower || row->upper) && row->type != SETTING_BOOL;
}

/* "1s to 5m", "1 to 255 bytes". */
static void setting_write_bounds(Buf *to, const SettingRow *row) {
    SettingType type = setting_is_text(row->type) ? SETTING_INT : row->type;
    setting_write_number(to, type, row->lower);
    buf_add(to, STR(" to "));
    setting_write_number(to, type, row->upper);
    if (setting_is_text(row->type)) buf_add(to, STR(" bytes"));
}

static Rc setting_check(Ctx *ctx, const SettingRow *row, Str text, int64_t *number, Str place) {
    if (!settings_parse(row->type, text, number))
        return ctx_fail(ctx, RC_INVALID, "bad-setting", place, "%s takes %s, not '" STR_FMT "'.",
                        row->key, setting_types[row->type].example, STR_ARG(text));
    int64_t measured = setting_is_text(row->type) ? (int64_t)text.len : *number;
    if (!setting_is_bounded(row) || (measured >= row->lower && measured <= row->upper))
        return RC_OK;
    Buf bounds = buf_new(ctx->arena, 128);
    setting_write_bounds(&bounds, row);
    return ctx_fail(ctx, RC_INVALID, "bad-setting", place,
                    "%s takes " STR_FMT ", not '" STR_FMT "'.", row->key, STR_ARG(buf_str(&bounds)),
                    STR_ARG(text));
}

Settings *settings_new(Arena *arena, const SettingRow *rows, size_t n) {
    Settings *settings = NEW(arena, Settings);
    *settings = (Settings){
        .arena = arena, .rows = rows, .count = n, .values = NEW_ARRAY(arena, SettingValue, n)};
    Ctx ctx = {.arena = arena};
    for (size_t i = 0; i < n; i++) {
        SettingValue *value = &settings->values[i];
        value->text = str_of(rows[i].standard ? rows[i].standard : "");
        if (!rows[i].standard) continue;
        Rc rc = setting_check(&ctx, &rows[i], value->text, &value->number, STR("default"));
        assert(rc == RC_OK);
        (void)rc;
    }
    return settings;
}

static Rc setting_unknown(Ctx *ctx, const Settings *settings, Str key, Str place) {
    Str near = settings_nearest(settings, key);
    if (near.len)
        return ctx_fail(ctx, RC_NOT_FOUND, "unknown-setting", place,
                        "There is no setting '" STR_FMT "': did you mean '" STR_FMT "'?",
                        STR_ARG(key), STR_ARG(near));
    return ctx_fail(ctx, RC_NOT_FOUND, "unknown-setting", place,
                    "There is no setting '" STR_FMT "': 'machi help settings' lists them.",
                    STR_ARG(key));
}

Rc settings_set(Ctx *ctx, Settings *settings, SettingInput input) {
    size_t index = setting_index(settings, input.key);
    if (index == settings->count) return setting_unknown(ctx, settings, input.key, input.place);
    int64_t number;
    TRY(setting_check(ctx, &settings->rows[index], input.value, &number, input.place));
    SettingValue *to = &settings->values[index];
    if (input.source < to->source) return RC_OK;
    *to = (SettingValue){.number = number,
                         .text = str_of(str_z(settings->arena, input.value)),
                         .source = input.source,
                         .file_pass = to->file_pass};
    return RC_OK;
}

static Rc setting_read_line(Ctx *ctx, Settings *settings, Str line, Str place) {
    ptrdiff_t equals = str_find_char(line, '=');
    if (equals < 0)
        return ctx_fail(ctx, RC_INVALID, "bad-setting", place,
                        "A line is 'key = value' or begins with '#'.");
    Str key = str_trim(str_sub(line, 0, (size_t)equals));
    size_t index = setting_index(settings, key);
    if (index < settings->count && settings->values[index].file_pass == settings->file_pass)
        return ctx_fail(ctx, RC_INVALID, "bad-setting", place,
                        "'" STR_FMT "' stands twice: remove one.", STR_ARG(key));
    if (index < settings->count) settings->values[index].file_pass = settings->file_pass;
    Str value = str_trim(str_sub(line, (size_t)equals + 1, line.len));
    return settings_set(ctx, settings, (SettingInput){key, value, place, SETTING_FILE});
}

Rc settings_read_text(Ctx *ctx, Settings *settings, Str text, const char *name) {
    Str line;
    settings->file_pass++;
    for (int number = 1; str_split(&text, '\n', &line); number++) {
        line = str_trim(line);
        if (!line.len || line.ptr[0] == '#') continue;
        TRY(setting_read_line(ctx, settings, line,
                              str_fmt(ctx->arena, "%s, line %d", name, number)));
    }
    return RC_OK;
}

static Rc setting_file_failed(Ctx *ctx, const char *path, int error) {
    return ctx_fail(ctx, error == ENOENT ? RC_NOT_FOUND : RC_FAILED, "no-settings", str_of(path),
                    "The settings could not be read: %s.", strerrordesc_np(error));
}

Rc settings_read_file(Ctx *ctx, Settings *settings, const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) return setting_file_failed(ctx, path, errno);
    Buf text = buf_new(ctx->arena, SETTINGS_FILE_MAX);
    char block[4096];
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0 && !text.full;)
        buf_add_bytes(&text, block, got);
    int error = ferror(file) ? errno : 0;
    fclose(file);
    if (error) return setting_file_failed(ctx, path, error);
    if (buf_rc(&text) != RC_OK)
        return ctx_fail(ctx, RC_LIMIT, "no-settings", str_of(path),
                        "A settings file has at most 1 MiB.");
    return settings_read_text(ctx, settings, buf_str(&text), path);
}

/* "http.idle-timeout" is HTTP_IDLE_TIMEOUT. */
static bool setting_is_variable(const char *key, Str variable) {
    size_t i = 0;
    for (; i < variable.len && key[i]; i++) {
        char c = key[i];
        char expected = c == '.' || c == '-' ? '_' : (char)toupper((unsigned char)c);
        if (variable.ptr[i] != expected) return false;
    }
    return key[i] == 0 && i == variable.len;
}

static bool setting_is_other(Str variable, const char *const *others) {
    for (; others && *others; others++)
        if (str_eq(variable, str_of(*others))) return true;
    return false;
}

static Rc setting_read_variable(Ctx *ctx, Settings *settings, Str variable, Str value) {
    Str name = str_sub(variable, sizeof SETTINGS_PREFIX - 1, variable.len);
    for (size_t i = 0; i < settings->count; i++)
        if (setting_is_variable(settings->rows[i].key, name))
            return settings_set(ctx, settings,
                                (SettingInput){str_of(settings->rows[i].key), value, variable,
                                               SETTING_ENVIRONMENT});
    Buf key = buf_new(ctx->arena, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        buf_add_char(&key, name.ptr[i] == '_' ? '.' : (char)tolower((unsigned char)name.ptr[i]));
    return setting_unknown(ctx, settings, buf_str(&key), variable);
}

Rc settings_read_environment(Ctx *ctx, Settings *settings, char *const *environment,
                             const char *const *others) {
    for (; *environment; environment++) {
        Str row = str_of(*environment);
        ptrdiff_t equals = str_find_char(row, '=');
        if (!str_starts(row, STR(SETTINGS_PREFIX)) || equals < 0) continue;
        Str variable = str_sub(row, 0, (size_t)equals);
        if (setting_is_other(variable, others)) continue;
        TRY(setting_read_variable(ctx, settings, variable,
                                  str_sub(row, (size_t)equals + 1, row.len)));
    }
    return RC_OK;
}

/* The value of a key that the program itself names. */
static const SettingValue *setting_value(const Settings *settings, const char *key,
                                         unsigned types) {
    size_t index = setting_index(settings, str_of(key));
    assert(index < settings->count && (types & 1U << settings->rows[index].type));
    (void)types;
    return &settings->values[index];
}

bool settings_bool(const Settings *settings, const char *key) {
    return setting_value(settings, key, 1U << SETTING_BOOL)->number != 0;
}

int64_t settings_int(const Settings *settings, const char *key) {
    return setting_value(settings, key, 1U << SETTING_INT)->number;
}

int64_t settings_duration(const Settings *settings, const char *key) {
    return setting_value(settings, key, 1U << SETTING_DURATION)->number;
}

int64_t settings_bytes(const Settings *settings, const char *key) {
    return setting_value(settings, key, 1U << SETTING_BYTES)->number;
}

Str settings_text(const Settings *settings, const char *key) {
    return setting_value(settings, key, 1U << SETTING_TEXT | 1U << SETTING_PATH)->text;
}

SettingSource settings_source(const Settings *settings, const char *key) {
    return setting_value(settings, key, ~0U)->source;
}

/* Default and bounds of a row: "default 30s, 1s to 5m". */
static void setting_write_facts(Buf *to, const SettingRow *row) {
    bool has_default = row->standard && row->standard[0];
    if (has_default) buf_addf(to, "default %s", row->standard);
    if (!setting_is_bounded(row)) return;
    if (has_default) buf_add(to, STR(", "));
    setting_write_bounds(to, row);
}

void settings_help(Buf *to, const SettingRow *row) {
    bool flag = row->type == SETTING_BOOL;
    const char *value = row->placeholder ? row->placeholder : setting_types[row->type].name;
    buf_addf(to, "  --%s%s%s\n      %s", row->key, flag ? "" : " ", flag ? "" : value,
             row->description);
    if (!flag && ((row->standard && row->standard[0]) || setting_is_bounded(row))) {
        buf_add(to, STR(" ("));
        setting_write_facts(to, row);
        buf_add_char(to, ')');
    }
    buf_add_char(to, '\n');
}

void settings_sample(Buf *to, const SettingRow *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        buf_addf(to, "# %s\n# %s", rows[i].description, setting_types[rows[i].type].example);
        if (setting_is_bounded(&rows[i])) {
            buf_add(to, STR(", "));
            setting_write_bounds(to, &rows[i]);
        }
        buf_addf(to, "\n#%s = %s\n\n", rows[i].key, rows[i].standard ? rows[i].standard : "");
    }
}
