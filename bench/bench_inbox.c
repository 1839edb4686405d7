/* bench_inbox: the first page of an inbox in which 100 000 cases wait, and their count. The cases
   are copies of one: what is measured is how they are found. The folder is made in BENCH_FOLDER
   (.). */
#include "cli/city.h"
#include "load.h"
#include "procedure/procedure.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CASES = 100000, BATCH = 500, ROUNDS = 21, LIMIT = 50 };

#define POST      "environment-waste-clerk"
#define IRI(term) STR(LD_DEFAULT term)

static void must(const Ctx *ctx, Rc rc) {
    if (rc == RC_OK) return;
    fprintf(stderr, "bench_inbox: " STR_FMT "\n", STR_ARG(ctx->error.detail));
    exit(1);
}

static const Entity *one_case(Arena *arena, int number) {
    Str id = str_fmt(arena, "urn:ngsi-ld:Application:bench%06d", number);
    Entity *entity = entity_new(arena, id, IRI("Application"));
    int day = 1 + number % 28;
    entity_set(arena, entity, IRI("state"), json_of_str(STR("submitted")));
    entity_set(arena, entity, IRI("post"), json_of_str(STR(POST)));
    entity_set(arena, entity, IRI("district"), json_of_str(STR("north")));
    entity_set(arena, entity, IRI("due"), json_of_str(str_fmt(arena, "2026-12-%02d", day)));
    entity_set(arena, entity, IRI("submittedAt"),
               json_of_str(str_fmt(arena, "2026-11-%02dT00:00:00Z", day)));
    entity_set(arena, entity, IRI("receiptNumber"),
               json_of_str(str_fmt(arena, "2026-%06d", number)));
    return entity;
}

static void fill(Ctx *ctx) {
    for (int first = 0; first < CASES; first += BATCH) {
        Outcome outcome;
        Command *command = command_new(ctx->tenant->ledger,
                                       (CommandHead){.kind = STR("bench"), .channel = STR("cli")});
        Arena *arena = command_arena(command);
        for (int i = first; i < first + BATCH; i++) {
            const Entity *entity = one_case(arena, i);
            Delta *delta = NEW(arena, Delta);
            PartPut *part = NEW(arena, PartPut);
            *delta = (Delta){.op = DELTA_PUT, .id = entity->id, .after = (Entity *)entity};
            *part = (PartPut){.delta = delta, .expect = PUT_ABSENT};
            command_needs(command, entity->id);
            command_add(command, &part_put, part);
        }
        must(ctx, ledger_execute(ctx, ctx->tenant->ledger, command, &outcome));
        command_free(command);
        arena_reset(ctx->arena);
    }
    ctx->deadline = time_monotonic() + 10 * TIME_MINUTE;
    must(ctx, project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    ctx->deadline = 0;
}

static double page_millis(Ctx *ctx) {
    InboxPage page;
    int64_t counts[CASE_STATES], began = time_monotonic();
    InboxQuery query = {.post = STR(POST), .limit = LIMIT};
    must(ctx, inbox_page(ctx, &query, &page));
    must(ctx, inbox_counts(ctx, STR(POST), counts));
    double took = (double)(time_monotonic() - began) / 1000;
    if (page.lines.len != LIMIT || counts[CASE_SUBMITTED] != CASES) {
        fprintf(stderr, "bench_inbox: %zu lines of %lld cases\n", page.lines.len,
                (long long)counts[CASE_SUBMITTED]);
        exit(1);
    }
    arena_reset(ctx->arena);
    return took;
}

int main(void) {
    char folder[512], command[600];
    const char *in = getenv("BENCH_FOLDER");
    Clock clock = {.fixed = TIME_NONE};
    Rand rand = rand_system();
    Ctx ctx = {
        .arena = arena_new(1 << 30), .scratch = arena_new(1 << 30), .clock = &clock, .rand = &rand};
    Arena *lasting = arena_new(64 << 20);
    Ctx opening = ctx;
    City *city;
    double took[ROUNDS];
    snprintf(folder, sizeof folder, "%s/bench-inbox-XXXXXX", in ? in : ".");
    if (!mkdtemp(folder)) return 1;
    opening.arena = lasting;
    CityOptions options = {.data = str_of(folder), .host = STR("127.0.0.1"), .loops = 1, .pool = 1};
    must(&opening, city_open(&opening, &options, &city));
    ctx.tenant = city_tenant(city, STR_NONE);
    must(&ctx, reader_open(&ctx, ledger_store(ctx.tenant->ledger), &ctx.db));
    fill(&ctx);
    for (size_t i = 0; i < ROUNDS; i++)
        took[i] = page_millis(&ctx);
    load_row("inbox over 100 000 open cases, first page and counts", "<50",
             load_median(took, ROUNDS), "ms");
    reader_close(ctx.db);
    city_close(city);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0;
}
