#include "ledger.h"

#define LAST STR(LD_DEFAULT "last")

Str counter_id(Arena *arena, Str series, int fiscal_year) {
    return str_fmt(arena, "urn:ngsi-ld:Counter:" STR_FMT ":%d", STR_ARG(series), fiscal_year);
}

int64_t counter_next(Ctx *ctx, Stage *stage, Str counter) {
    const Entity *before = stage_entity(stage, counter);
    int64_t next = before ? entity_int(before, LAST, 0) + 1 : 1;
    Entity *after = entity_new(ctx->arena, counter, STR(COUNTER_TYPE));
    entity_set(ctx->arena, after, LAST, json_of_int(next));
    Delta delta = {.op = DELTA_PUT, .id = counter, .after = after};
    stage_put(stage, &delta);
    return next;
}
