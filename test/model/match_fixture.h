/* What the tests of match share: a context to work in and entities from text. */
#ifndef TEST_MATCH_FIXTURE_H
#define TEST_MATCH_FIXTURE_H

#include "model/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

typedef struct Fixture {
    Clock clock;
    Rand rand;
    Ctx ctx;
    Arena *scratch;
} Fixture;

static inline int fixture_setup(void **state) {
    Fixture *f = mem_zero(sizeof *f);
    f->clock = (Clock){.fixed = 0};
    f->rand = rand_seeded(7);
    f->scratch = arena_new(64 << 20);
    f->ctx = (Ctx){
        .arena = arena_new(256 << 20), .scratch = f->scratch, .clock = &f->clock, .rand = &f->rand};
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state) {
    Fixture *f = *state;
    arena_free(f->ctx.arena);
    arena_free(f->scratch);
    mem_free(f);
    return 0;
}

static inline Entity *fixture_entity(Fixture *f, Str text) {
    const Json *json;
    Entity *entity = NULL;
    Rc rc = json_read(&f->ctx, text, JSON_LIMITS_DEFAULT, &json);
    if (rc == RC_OK) rc = entity_read(&f->ctx, ld_core(), json, ENTITY_WHOLE, &entity);
    if (rc != RC_OK)
        fail_msg("%.*s: " STR_FMT, (int)text.len, text.ptr, STR_ARG(f->ctx.error.detail));
    return entity;
}

/* The letters of the entities ('a' for the first) that match, or "!" and the error's detail. */
static inline Str fixture_matching(Fixture *f, const MatchSource *source, Entity **entities,
                                   size_t n) {
    Match *match;
    if (match_compile(&f->ctx, ld_core(), source, &match) != RC_OK)
        return str_fmt(f->ctx.arena, "!" STR_FMT, STR_ARG(f->ctx.error.detail));
    Buf letters = buf_new(f->ctx.arena, 256);
    for (size_t i = 0; i < n; i++)
        if (match_entity(match, entities[i], f->scratch)) buf_add_char(&letters, (char)('a' + i));
    match_free(match);
    return buf_str(&letters);
}

#define assert_str(actual, expected, about)                                                        \
    do {                                                                                           \
        Str actual_ = (actual);                                                                    \
        if (!str_eq(actual_, str_of(expected)))                                                    \
            fail_msg("%s: expected \"%s\", got \"" STR_FMT "\"", (about), (expected),              \
                     STR_ARG(actual_));                                                            \
    } while (0)

#endif
