/* A geoquery, a line each: georel, geometry, coordinates; then the geometry of an entity as
   GeoJSON. Whatever is written is refused with a message or answered, and a match lies in the
   hint's box. */
#include "fuzz.h"

#include "model/model.h"

static Entity *place(Ctx *ctx, Str text) {
    const Json nothing = {.kind = JSON_NULL}, *value = &nothing;
    Entity *entity = entity_new(ctx->arena, STR("urn:e:1"), STR(LD_DEFAULT "T"));
    if (json_read(ctx, text, (JsonLimits){.bytes = 1 << 16, .depth = 16}, &value) != RC_OK)
        value = &nothing;
    entity_set_kind(ctx->arena, entity, ATTR_GEO, STR(LD_NGSI "location"), *value);
    return entity;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Clock clock = {.fixed = 0};
    Rand rand = rand_seeded(1);
    Ctx ctx = {.arena = arena_new(256 << 20),
               .scratch = arena_new(64 << 20),
               .clock = &clock,
               .rand = &rand};
    Str rest = {(const char *)data, size}, line[4] = {0};
    for (size_t i = 0; i < 4 && str_split(&rest, '\n', &line[i]); i++) {
    }
    MatchSource source = {.georel = line[0], .geometry = line[1], .coordinates = line[2]};
    Match *match;
    if (match_compile(&ctx, ld_core(), &source, &match) == RC_OK) {
        Entity *entity = place(&ctx, line[3]);
        bool matched = match_entity(match, entity, ctx.scratch);
        double metres = match_distance(match, entity, ctx.scratch);
        assert(metres == -1 || (metres >= 0 && metres < 2.1e7));
        const MatchHint *hint = match_hint(match);
        assert(!matched || !hint->has_box ||
               (hint->west <= hint->east && hint->south <= hint->north));
        match_free(match);
    } else {
        assert(ctx.error.detail.len > 0 && ctx.error.path.len > 0);
    }
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return 0;
}
