/* series: many readings drawn together, the lowest and highest of each span of time kept. */
#include "insight_int.h"

/* Each divides the next (from a day on they double), so that no span crosses a border of the next
 * width; they begin where a day of Japan does. */
static const int64_t widths[] = {
    10 * TIME_MINUTE, 30 * TIME_MINUTE, TIME_HOUR, 3 * TIME_HOUR,
    6 * TIME_HOUR,    12 * TIME_HOUR,   TIME_DAY,
};

static int64_t wider(int64_t width) {
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (widths[i] > width) return widths[i];
    return width * 2;
}

static int64_t slot_of(int64_t at, int64_t width) {
    int64_t local = at + TIME_JST;
    return local / width - (local % width < 0);
}

static void span_join(Span *to, const Span *from) {
    if (from->low < to->low) to->low = from->low;
    if (from->high > to->high) to->high = from->high;
    to->to = from->to;
    to->sum += from->sum;
    to->n += from->n;
}

/* Neighbours that fall into one span of the next width become one, until there is room again. */
static void spans_shrink(Spans *spans) {
    while (spans->items.len > spans->max) {
        spans->width = wider(spans->width);
        size_t kept = 0;
        for (size_t i = 0; i < spans->items.len; i++) {
            const Span *span = &spans->items.items[i];
            Span *last = kept ? &spans->items.items[kept - 1] : NULL;
            if (last && slot_of(last->from, spans->width) == slot_of(span->from, spans->width))
                span_join(last, span);
            else
                spans->items.items[kept++] = *span;
        }
        spans->items.len = kept;
    }
}

void spans_add(Arena *arena, Spans *spans, int64_t at, double value) {
    Span one = {.from = at, .to = at, .low = value, .high = value, .sum = value, .n = 1};
    Span *last = spans->items.len ? &spans->items.items[spans->items.len - 1] : NULL;
    spans->low = spans->n == 0 || value < spans->low ? value : spans->low;
    spans->high = spans->n == 0 || value > spans->high ? value : spans->high;
    spans->n++;
    if (last && spans->width && slot_of(last->from, spans->width) == slot_of(at, spans->width)) {
        span_join(last, &one);
        return;
    }
    vec_push(arena, &spans->items, one);
    spans_shrink(spans);
}
