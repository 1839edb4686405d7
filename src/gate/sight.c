/* sight: what of an actor decides what he is shown, as one number for rendered answers to be kept
   under. The rules and the dictionary are not in it: they stay while the tenant is open. */
#include "gate_int.h"

/* hash_fast, or hash_lasting where the number outlives the process. */
typedef uint64_t (*SightHash)(Str s);

/* Order counts: each text is mixed into what came before it. */
static uint64_t mixed(SightHash hash, uint64_t before, Str text) {
    uint64_t both[] = {before, hash(text)};
    return hash((Str){(const char *)both, sizeof both});
}

static uint64_t token_mixed(SightHash hash, uint64_t before, const GateToken *token) {
    uint64_t sight =
        mixed(hash, before, (Str){(const char *)&token->actions, sizeof token->actions});
    for (size_t i = 0; i < token->types.len; i++)
        sight = mixed(hash, sight, token->types.items[i]);
    return sight;
}

/* Everything in it is given by the city (ids are random), so nobody can choose a sight; the address
 * of a held record is the request's, and such answers are not kept. */
static uint64_t sight_by(SightHash hash, const Ctx *ctx) {
    const Actor *actor = gate_actor(ctx);
    if (!str_empty(actor->held)) return 0;
    uint64_t links = str_empty(actor->person) ? 0 : link_generation(ctx);
    uint64_t first[] = {actor->kind, actor->roles, gate_stepped_up(ctx, actor),
                        !str_empty(ctx->purpose), links};
    uint64_t sight = hash((Str){(const char *)first, sizeof first});
    const Str who[] = {actor->id, actor->person, actor->post, actor->division};
    for (size_t i = 0; i < sizeof who / sizeof *who; i++)
        sight = mixed(hash, sight, who[i]);
    if (actor->token) sight = token_mixed(hash, sight, actor->token);
    return sight ? sight : 1;
}

uint64_t gate_sight(const Ctx *ctx) {
    return sight_by(hash_fast, ctx);
}

uint64_t gate_rights_mark(const Ctx *ctx) {
    const uint64_t both[] = {sight_by(hash_lasting, ctx), ctx->tenant->gate->rules_mark};
    return hash_lasting((Str){(const char *)both, sizeof both});
}
