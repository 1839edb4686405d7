/* sweep: what goes on by itself: holds that ran out are taken out of their slots (nobody counts
   them any more, but they would stay in the slot until somebody writes it next), lotteries go on,
   rules look at the cases that they haven't seen. Disposals have a thread of their own: they may
   take long. */
#include "procedure_int.h"

#include "carrier.h"

#include <stdatomic.h>

#define TIMER STR("procedure.sweep")

enum { SWEEP_ARENA = 64 << 20, SLOTS_AT_ONCE = 200, CASES_AT_ONCE = 200 };

static const int64_t every = 5 * TIME_MINUTE, soon = TIME_SECOND, patience = 10 * TIME_SECOND;

struct Sweep {
    Tenant *tenant;
    Arena *arena, *scratch;
    Reader *db;
    atomic_bool stop;
};

/* ---- one pass ---- */

static Rc slot_sweep(Ctx *ctx, Command *command, const WasteDistrict *district, Date day,
                     size_t *slots) {
    const Entity *slot;
    Str id = book_slot_id(ctx->arena, WASTE_RESOURCE, district->id, day);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &slot);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    if (*slots == SLOTS_AT_ONCE || !book_has_expired(slot, time_now(ctx->clock))) return RC_OK;
    command_add(command, &part_slot_expire, case_slot(ctx, command, district, day));
    (*slots)++;
    return RC_OK;
}

static Rc slots_sweep(Ctx *ctx, Command *command, size_t *slots) {
    const Waste *waste = procedures_waste(ctx->tenant);
    const WasteDistrict *district;
    int64_t today = time_date_days(time_jst_date(time_now(ctx->clock)));
    for (size_t i = 0; (district = waste_district_at(waste, i)); i++)
        for (int64_t n = 0; n <= waste_limits(waste)->horizon_days; n++)
            TRY(slot_sweep(ctx, command, district, time_days_date(today + n), slots));
    return RC_OK;
}

Rc procedures_expire(Ctx *ctx, size_t *slots) {
    Outcome outcome;
    *slots = 0;
    Command *command = case_command(ctx, STR("slot.expire"), STR_NONE, STR("timer"));
    Rc rc = slots_sweep(ctx, command, slots);
    if (rc == RC_OK && *slots) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

/* ---- the timer, on the ledger's thread ---- */

static void sweep_due(void *arg, Ledger *ledger, Str key, int64_t at) {
    Sweep *sweep = arg;
    Clock clock = {.fixed = TIME_NONE};
    Rand rand = rand_system();
    size_t slots, cases = 0;
    arena_reset(sweep->arena);
    Ctx ctx = {.arena = sweep->arena,
               .scratch = sweep->scratch,
               .clock = &clock,
               .rand = &rand,
               .tenant = sweep->tenant,
               .actor = (Actor *)(uintptr_t)gate_system_actor(),
               .db = sweep->db,
               .deadline = time_monotonic() + patience};
    (void)at;
    bool more = false;
    Rc rc = procedures_expire(&ctx, &slots);
    if (rc != RC_OK && rc != RC_BUSY)
        log_error("procedure", "expired holds were not taken out: " STR_FMT,
                  STR_ARG(ctx.error.detail));
    rc = draws_round(&ctx, &more);
    if (rc != RC_OK && rc != RC_BUSY)
        log_error("procedure", "a lottery does not go on: " STR_FMT, STR_ARG(ctx.error.detail));
    rc = automate_round(&ctx, CASES_AT_ONCE, &cases);
    if (rc != RC_OK && rc != RC_BUSY)
        log_error("procedure", "automatic rules do not go on: " STR_FMT, STR_ARG(ctx.error.detail));
    more = more || cases;
    if (!atomic_load(&sweep->stop))
        ledger_timer(ledger, key, time_now(&clock) + (more ? soon : every), sweep_due, sweep);
}

Rc procedures_sweep(Ctx *ctx, Tenant *tenant) {
    Sweep *sweep = mem_zero(sizeof *sweep);
    sweep->tenant = tenant;
    sweep->arena = arena_new(SWEEP_ARENA);
    sweep->scratch = arena_new(SWEEP_ARENA);
    tenant->procedures->sweep = sweep;
    TRY(reader_open(ctx, ledger_store(tenant->ledger), &sweep->db));
    ledger_timer(tenant->ledger, TIMER, time_now(ctx->clock), sweep_due, sweep);
    return carrier_start(ctx, tenant, &tenant->procedures->carrier);
}

void procedures_stop(Tenant *tenant) {
    Sweep *sweep = tenant->procedures ? tenant->procedures->sweep : NULL;
    if (!sweep) return;
    carrier_stop(tenant->procedures->carrier);
    tenant->procedures->carrier = NULL;
    atomic_store(&sweep->stop, true);
    ledger_timer(tenant->ledger, TIMER, TIME_NONE, sweep_due, sweep);
    reader_close(sweep->db);
    arena_free(sweep->arena);
    arena_free(sweep->scratch);
    mem_free(sweep);
    tenant->procedures->sweep = NULL;
}
