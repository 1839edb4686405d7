/* level: what a figure says about now, and what of a count everybody may see. */
#include "insight_int.h"

const char *level_word(TileLevel level) {
    static const char *const words[] = {NULL, "ok", "warn", "bad", "old"};
    return words[level];
}

TileLevel level_of(const Thresholds *thresholds, double value) {
    TileLevel level = thresholds->len ? LEVEL_OK : LEVEL_NONE;
    VEC_EACH (const Threshold, line, thresholds)
        if (value >= line->value && line->level > level) level = line->level;
    return level;
}

int64_t hold_next(int64_t held, int64_t count) {
    int64_t apart = count - held;
    return held + apart / HOLD_STEP * HOLD_STEP;
}
