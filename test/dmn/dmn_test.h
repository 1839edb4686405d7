/* What the tests of dmn share: a Ctx, a run at a fixed time, expressions evaluated to text. */
#ifndef TEST_DMN_DMN_TEST_H
#define TEST_DMN_DMN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dmn/dmn.h"

typedef struct World {
    Ctx ctx;
    Clock clock;
    Rand rand;
    FeelRun run;
} World;

static inline int world_set_up(void **state) {
    World *world = mem_zero(sizeof *world);
    world->rand = rand_seeded(7);
    world->ctx = (Ctx){.arena = arena_new(256 << 20),
                       .scratch = arena_new(64 << 20),
                       .clock = &world->clock,
                       .rand = &world->rand};
    *state = world;
    return 0;
}

static inline int world_tear_down(void **state) {
    World *world = *state;
    arena_free(world->ctx.arena);
    arena_free(world->ctx.scratch);
    mem_free(world);
    return 0;
}

/* 2025-04-01T09:30:00+09:00 */
static inline FeelRun *new_run(World *world) {
    world->run =
        (FeelRun){.arena = world->ctx.arena, .now = INT64_C(1743467400000000), .steps = FEEL_STEPS};
    return &world->run;
}

static inline const Json *json_of(World *world, const char *text) {
    Str copy = str_dup(world->ctx.arena, str_of(text));
    for (size_t i = 0; i < copy.len; i++)
        if (copy.ptr[i] == '\'') ((char *)copy.ptr)[i] = '"';
    const Json *json = NULL;
    Rc rc = json_read(&world->ctx, copy, JSON_LIMITS_DEFAULT, &json);
    if (rc != RC_OK) fail_msg("not JSON: %s", text);
    return json;
}

/* A scope of what a JSON object has. */
static inline FeelScope scope_of(World *world, const char *json) {
    FeelValue value = feel_of_json(world->ctx.arena, json_of(world, json));
    return (FeelScope){.entries = value.entries, .len = value.len};
}

static inline StrVec names_of(World *world, const FeelScope *scope) {
    StrVec names = {0};
    for (size_t i = 0; i < scope->len; i++)
        vec_push(world->ctx.arena, &names, scope->entries[i].name);
    return names;
}

static inline const char *value_text(World *world, FeelValue value) {
    return str_z(world->ctx.arena, feel_text(world->ctx.arena, &value));
}

#endif
