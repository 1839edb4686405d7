/* settings: what an operator can set, as rows of one table. From a row come the reader of a file,
   of the environment and of flags, the help text and the sample configuration. Rising precedence:
   default, file, environment, flag; the order in which they are read does not matter. An unknown
   key, a value of the wrong type or out of bounds is refused with the place where it stands. Not
   thread-safe while reading; afterwards constant, and any thread may ask. */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include "buf.h"
#include "ctx.h"

typedef enum SettingType {
    SETTING_BOOL, /* true, yes, on, 1 or false, no, off, 0 */
    SETTING_INT,
    SETTING_TEXT,
    SETTING_DURATION, /* whole number and us, ms, s, m, h or d; kept as microseconds */
    SETTING_BYTES,    /* whole number and B, KiB, MiB or GiB; kept as bytes */
    SETTING_PATH,
} SettingType;

typedef struct SettingRow {
    const char
        *key; /* "http.idle-timeout": lower-case words, '-' within, '.' between room and name */
    SettingType type;
    const char *standard; /* the default, written as in a file; NULL: none, the text is empty, the
                             number 0 */
    int64_t lower,
        upper; /* of the number; of a text's or path's length in bytes. Both 0: not bounded */
    const char *description; /* one sentence */
    const char *placeholder; /* the value's name in help: "SECONDS"; NULL: the type's */
} SettingRow;

typedef enum SettingSource {
    SETTING_DEFAULT,
    SETTING_FILE,
    SETTING_ENVIRONMENT,
    SETTING_FLAG
} SettingSource;

typedef struct Settings Settings;

/* All rows at their defaults. Rows live as long as the settings, which live in the arena. A default
   that its own row refuses is a bug. */
Settings *settings_new(Arena *arena, const SettingRow *rows, size_t n);

/* A file of lines `key = value`; blank lines and lines that begin with '#' are skipped. At most 1
   MiB. RC_NOT_FOUND when there is no such file, RC_INVALID when a key is unknown, stands twice or
   has a wrong value. */
Rc settings_read_file(Ctx *ctx, Settings *settings, const char *path);
/* The same from memory; name stands for the file in messages. */
Rc settings_read_text(Ctx *ctx, Settings *settings, Str text, const char *name);
/* Variables MACHI_KEY, dots and dashes as underscores, from a NULL-terminated environ. Another
   MACHI_ variable is refused, save those that `others` (NULL-terminated, may be NULL) names. */
Rc settings_read_environment(Ctx *ctx, Settings *settings, char *const *environment,
                             const char *const *others);
/* A value as it was found. place says where: "machi.conf, line 3", "--listen". */
typedef struct SettingInput {
    Str key, value, place;
    SettingSource source;
} SettingInput;

/* One value. A weaker source than the one that has set the key before is checked, and then ignored.
   RC_NOT_FOUND for an unknown key. */
Rc settings_set(Ctx *ctx, Settings *settings, SettingInput input);

/* The row of a key, or NULL. */
const SettingRow *settings_row(const Settings *settings, Str key);
/* Offers every key's nearness to the name that was meant. */
Str settings_nearest(const Settings *settings, Str key);

/* Asking for a key that no row has, or with another type, is a bug. */
bool settings_bool(const Settings *settings, const char *key);
int64_t settings_int(const Settings *settings, const char *key);
int64_t settings_duration(const Settings *settings, const char *key); /* microseconds */
int64_t settings_bytes(const Settings *settings, const char *key);
Str settings_text(const Settings *settings,
                  const char *key); /* text and path; NUL stands behind it */
SettingSource settings_source(const Settings *settings, const char *key);

/* Reads a value of a type; false when it is not one. Numbers go to *number. */
bool settings_parse(SettingType type, Str text, int64_t *number);
/* One row as a paragraph of help: "  --key TYPE", description, default and bounds. */
void settings_help(Buf *to, const SettingRow *row);
/* All rows as a configuration file, every line of it a comment. */
void settings_sample(Buf *to, const SettingRow *rows, size_t n);

#endif
