/* A settings file: any text is read or refused; what is read lies within its bounds. */
#include "fuzz.h"

#include "base/base.h"

static const SettingRow rows[] = {
    {"listen", SETTING_TEXT, "x", 1, 20, "Text."},
    {"data", SETTING_PATH, NULL, 0, 0, "A path."},
    {"http.loops", SETTING_INT, "2", 1, 64, "A number."},
    {"http.idle-timeout", SETTING_DURATION, "30s", 1, TIME_HOUR, "A duration."},
    {"cache", SETTING_BYTES, "64MiB", 0, 1 << 30, "A size."},
    {"strict", SETTING_BOOL, "no", 0, 0, "A switch."},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 16) return 0;
    Arena *arena = arena_new(64 << 20);
    Ctx ctx = {.arena = arena};
    Settings *settings = settings_new(arena, rows, sizeof rows / sizeof *rows);
    Rc rc = settings_read_text(&ctx, settings, (Str){(const char *)data, size}, "input");
    assert(rc == RC_OK || ctx.error.detail.len > 0);
    int64_t loops = settings_int(settings, "http.loops");
    assert(loops >= 1 && loops <= 64);
    assert(settings_text(settings, "listen").len <= 20);
    assert(settings_bytes(settings, "cache") <= 1 << 30);
    arena_free(arena);
    return 0;
}
