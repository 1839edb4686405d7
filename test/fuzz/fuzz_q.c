/* The conditions of a query, a line each: q, scopeQ, type, orderBy, idPattern, expandValues.
   Whatever is written is refused with a message or answered, and what a hint says is true of every
   entity that matches. */
#include "fuzz.h"

#include "model/model.h"

static const char *const texts[] = {
    "{\"id\":\"urn:e:1\",\"type\":\"A\",\"scope\":[\"/a/b\",\"/"
    "c\"],\"n\":5,\"s\":\"red\",\"b\":true,\"o\":{\"type\":"
    "\"Property\",\"value\":{\"k\":{\"l\":[1,\"x\"]},\"t\":\"2024-01-01T00:00:00Z\"}}}",
    "{\"id\":\"urn:e:2\",\"type\":[\"A\",\"B\"],\"n\":[{\"type\":\"Property\",\"value\":\"5\","
    "\"unitCode\":\"CEL\"},{\"type\":"
    "\"Property\",\"value\":[1,2],\"datasetId\":\"urn:d:1\"}],\"s\":{\"type\":\"LanguageProperty\","
    "\"languageMap\":{\"en\":"
    "\"red\",\"ja\":[\"赤\"]}},\"r\":{\"type\":\"Relationship\",\"object\":\"urn:e:1\"}}",
    "{\"id\":\"urn:e:3\",\"type\":\"C\",\"s\":{\"type\":\"VocabProperty\",\"vocab\":\"red\"},\"n\":"
    "{\"type\":\"Property\","
    "\"value\":2.5,\"observedAt\":\"2024-01-01T00:00:00Z\",\"q\":{\"type\":\"Property\",\"value\":"
    "\"good\"}},\"l\":{\"type\":"
    "\"ListProperty\",\"valueList\":[1,\"x\"]}}",
};

enum { ENTITIES = sizeof texts / sizeof *texts };

static bool hinted(const MatchHint *hint, const Entity *entity) {
    bool typed = hint->types.len == 0;
    VEC_EACH (Str, type, &hint->types)
        typed |= entity_has_type(entity, *type);
    VEC_EACH (MatchBound, bound, &hint->bounds) {
        bool has = false;
        VEC_EACH (Attr, attr, &entity->attrs)
            has |= str_eq(attr->name, bound->attr);
        if (!has) return false;
    }
    return typed;
}

static void order(Ctx *ctx, Str text, Entity *const *entities) {
    OrderBy *by;
    if (match_order(ctx, ld_core(), &(OrderSource){.order_by = text}, &by) != RC_OK) {
        assert(ctx->error.detail.len > 0);
        return;
    }
    for (size_t i = 0; i < ENTITIES; i++)
        for (size_t k = 0; k < ENTITIES; k++) {
            int there = match_compare(by, entities[i], entities[k]);
            int back = match_compare(by, entities[k], entities[i]);
            assert((there > 0) == (back < 0) && (there == 0) == (i == k));
        }
    match_order_free(by);
}

static void query(Ctx *ctx, const MatchSource *source, Entity *const *entities) {
    Match *match;
    if (match_compile(ctx, ld_core(), source, &match) != RC_OK) {
        assert(ctx->error.detail.len > 0 && ctx->error.path.len > 0);
        return;
    }
    for (size_t i = 0; i < ENTITIES; i++)
        if (match_entity(match, entities[i], ctx->scratch))
            assert(hinted(match_hint(match), entities[i]));
    match_free(match);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Clock clock = {.fixed = 0};
    Rand rand = rand_seeded(1);
    Ctx ctx = {.arena = arena_new(256 << 20),
               .scratch = arena_new(16 << 20),
               .clock = &clock,
               .rand = &rand};
    Entity *entities[ENTITIES];
    for (size_t i = 0; i < ENTITIES; i++) {
        const Json *json = NULL;
        Rc rc = json_read(&ctx, str_of(texts[i]), JSON_LIMITS_DEFAULT, &json);
        assert(rc == RC_OK);
        rc = entity_read(&ctx, ld_core(), json, ENTITY_WHOLE, &entities[i]);
        assert(rc == RC_OK);
    }
    Str rest = {(const char *)data, size}, line[6] = {0};
    for (size_t i = 0; i < 6 && str_split(&rest, '\n', &line[i]); i++) {
    }
    query(&ctx,
          &(MatchSource){.q = line[0],
                         .scope_q = line[1],
                         .type = line[2],
                         .id_pattern = line[4],
                         .expand_values = line[5]},
          entities);
    order(&ctx, line[3], entities);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return 0;
}
