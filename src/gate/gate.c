#include "gate_int.h"
#include "provider.h"

#include <sodium.h>

enum { RULES_MAX = 16 << 20 };
enum {
    GATE_ARENA = 16 << 20,
    SESSIONS_MAX = 100000,
    TOKENS_MAX = 100000,
    FAILURES_KEPT = 40000,
    PACES_KEPT = 40000
};
/* More than can be tried while one lasts: none goes before it ends. */
enum { SPENT_KEPT = 10000, HEARD_KEPT = 10000, CHALLENGE_KEY = 32 };

static void session_drop(void *value) {
    arena_free(((GateSession *)value)->arena);
}

static uint64_t text_mark(Ctx *ctx, const Json *source) {
    ArenaMark mark = arena_mark(ctx->arena);
    Buf text = buf_new(ctx->arena, RULES_MAX);
    if (source) json_write(&text, source);
    uint64_t hash = hash_lasting(buf_str(&text));
    arena_rewind(ctx->arena, mark);
    return hash;
}

static Rc gate_fill(Ctx *ctx, Gate *gate, const GateOptions *options) {
    Ctx own = *ctx;
    own.arena = gate->arena;
    gate->rules_mark =
        text_mark(ctx, options->policies) ^ (text_mark(ctx, options->organisation) << 1);
    Rc rc = policy_compile(&own, options->policies, &gate->rules);
    if (rc == RC_OK) rc = organisation_read(&own, gate, options->organisation);
    gate->idle = options->idle ? options->idle : GATE_IDLE_LASTS;
    gate->staff_passkey = options->staff_passkey;
    gate->resident_passkey = options->resident_passkey;
    if (rc == RC_OK) rc = password_open(&own, gate, options->leaked);
    if (rc == RC_OK) rc = providers_open(&own, options->providers, &gate->providers);
    if (rc == RC_OK)
        rc = batch_open(&own, ledger_store(gate->tenant->ledger), STORE_LOCAL, &gate->local);
    if (rc != RC_OK) {
        ctx->error = own.error; /* the gate's arena goes with the gate */
        ctx->error.detail = str_dup(ctx->arena, own.error.detail);
        ctx->error.path = str_dup(ctx->arena, own.error.path);
    }
    if (rc == RC_OK) rc = duties_open(ctx, gate);
    if (rc == RC_OK) rc = session_load_all(ctx, gate);
    if (rc == RC_OK) rc = token_load_all(ctx, gate);
    if (rc == RC_OK) rc = link_open(ctx, gate);
    if (rc == RC_OK) rc = glass_open(ctx, gate, options);
    return rc;
}

Rc gate_open(Ctx *ctx, Tenant *tenant, const GateOptions *options) {
    if (sodium_init() < 0)
        return ctx_fail(ctx, RC_FAILED, "no-sodium", STR_NONE,
                        "libsodium cannot start on this machine.");
    Arena *arena = arena_new(GATE_ARENA);
    Gate *gate = NEW(arena, Gate);
    *gate = (Gate){.arena = arena, .tenant = tenant};
    uint64_t epoch; /* what was decided in an earlier life is of none of this one's */
    rand_bytes(ctx->rand, &epoch, sizeof epoch);
    atomic_store(&gate->epoch, epoch);
    gate->sessions = roster_new(SESSIONS_MAX, session_drop);
    gate->tokens = roster_new(TOKENS_MAX, token_drop);
    gate->failures = roster_new(FAILURES_KEPT, mem_free);
    gate->paces = roster_new(PACES_KEPT, mem_free);
    gate->spent = roster_new(SPENT_KEPT, mem_free);
    gate->heard = roster_new(HEARD_KEPT, mem_free);
    char *key = arena_zero(arena, CHALLENGE_KEY, 1);
    rand_bytes(ctx->rand, key, CHALLENGE_KEY);
    gate->challenge_key = (Str){key, CHALLENGE_KEY};
    pthread_mutex_init(&gate->local_lock, NULL);
    tenant->gate = gate;
    holders_open(gate);
    Rc rc = gate_fill(ctx, gate, options);
    if (rc != RC_OK) gate_close(tenant);
    return rc;
}

void gate_close(Tenant *tenant) {
    Gate *gate = tenant->gate;
    if (!gate) return;
    glass_close(gate); /* its thread uses the tenant */
    if (gate->local) token_keep_used(gate);
    tenant->gate = NULL;
    for (size_t i = 0; i < GATE_THREADS; i++)
        reader_close(gate->readers[i]);
    batch_close(gate->local);
    link_close(gate);
    holders_close(gate);
    duties_close(gate);
    roster_free(gate->sessions);
    roster_free(gate->tokens);
    roster_free(gate->failures);
    roster_free(gate->paces);
    roster_free(gate->spent);
    roster_free(gate->heard);
    providers_close(gate->providers);
    pthread_mutex_destroy(&gate->local_lock);
    arena_free(gate->arena);
}
