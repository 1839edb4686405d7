/* What the tests of model share: a Ctx, JSON written with single quotes, contexts, comparison. */
#ifndef TEST_MODEL_TEST_H
#define TEST_MODEL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"

typedef struct World {
    Ctx ctx;
    Clock clock;
    Rand rand;
} World;

static inline World *world_new(void) {
    World *world = mem_zero(sizeof *world);
    world->clock.fixed = INT64_C(1700000000000000);
    world->rand = rand_seeded(7);
    world->ctx = (Ctx){.arena = arena_new(256 << 20),
                       .scratch = arena_new(256 << 20),
                       .clock = &world->clock,
                       .rand = &world->rand};
    return world;
}

static inline void world_free(World *world) {
    arena_free(world->ctx.arena);
    arena_free(world->ctx.scratch);
    mem_free(world);
}

/* The text with ' for ". */
static inline Str quoted(Ctx *ctx, const char *text) {
    Str copy = str_dup(ctx->arena, str_of(text));
    for (size_t i = 0; i < copy.len; i++)
        if (copy.ptr[i] == '\'') ((char *)copy.ptr)[i] = '"';
    return copy;
}

static inline const Json *json_from(Ctx *ctx, Str text) {
    const Json *json = NULL;
    Rc rc = json_read(ctx, text, JSON_LIMITS_DEFAULT, &json);
    if (rc != RC_OK)
        fail_msg("not JSON: " STR_FMT ": " STR_FMT, STR_ARG(ctx->error.detail), STR_ARG(text));
    return json;
}

static inline const Json *json_of(Ctx *ctx, const char *text) {
    return json_from(ctx, quoted(ctx, text));
}

static inline Str text_of(Ctx *ctx, const Json *json) {
    Buf to = buf_new(ctx->arena, 64 << 20);
    json_write(&to, json);
    return buf_str(&to);
}

static inline void assert_json(Ctx *ctx, const char *name, const Json *got, const Json *expected) {
    if (json_equal(got, expected)) return;
    fail_msg("%s:\n  got      " STR_FMT "\n  expected " STR_FMT, name, STR_ARG(text_of(ctx, got)),
             STR_ARG(text_of(ctx, expected)));
}

static inline void assert_text(const char *name, Str got, Str expected) {
    if (str_eq(got, expected)) return;
    fail_msg("%s:\n  got      " STR_FMT "\n  expected " STR_FMT, name, STR_ARG(got),
             STR_ARG(expected));
}

static inline Str encoded(Ctx *ctx, const Entity *entity) {
    Buf to = buf_new(ctx->arena, 64 << 20);
    entity_encode(&to, entity);
    assert_int_equal(buf_rc(&to), RC_OK);
    return buf_str(&to);
}

static inline Entity *entity_of(Ctx *ctx, const char *text, EntityForm form) {
    Entity *entity = NULL;
    Rc rc = entity_read(ctx, ld_core(), json_of(ctx, text), form, &entity);
    if (rc != RC_OK)
        fail_msg("refused at " STR_FMT ": " STR_FMT " in %s", STR_ARG(ctx->error.path),
                 STR_ARG(ctx->error.detail), text);
    return entity;
}

static inline const Json *rendered(Ctx *ctx, const LdContext *context, const Entity *entity,
                                   RenderOptions options) {
    Buf to = buf_new(ctx->arena, 64 << 20);
    render_entity(&to, context, entity, &options, ctx->scratch);
    assert_int_equal(buf_rc(&to), RC_OK);
    return json_from(ctx, buf_str(&to));
}

#endif
