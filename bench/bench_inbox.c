/* bench_inbox: an inbox in which 100 000 cases wait: its first page and counts, a case by its
   number, by whose it is, those with a kind of thing, the 100 files in which they lie, and moves of
   cases, each a command of its own, durable before it is answered. The cases are copies of one. The
   folder is made in BENCH_FOLDER (.). */
#include "cli/city.h"
#include "load.h"
#include "procedure/procedure.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CASES = 100000,
    BATCH = 500,
    ROUNDS = 21,
    LIMIT = 50,
    RARE = 1000,
    FILES = 100,
    CLERKS = 64,
    MOVES = 500
};

#define POST      "environment-waste-clerk"
#define IRI(term) STR(LD_DEFAULT term)

static void must(const Ctx *ctx, Rc rc) {
    if (rc == RC_OK) return;
    fprintf(stderr, "bench_inbox: " STR_FMT "\n", STR_ARG(ctx->error.detail));
    exit(1);
}

/* Whose it is: one of 1 600 invented names, at one of 25 000 addresses. */
static void one_person(Arena *arena, Entity *entity, int number) {
    static const char *const parts[] = {"星", "之", "森", "月", "見", "里", "雲", "野"};
    static const char *const reads[] = {"ホシ", "ノ", "モリ", "ツキ", "ミ", "サト", "クモ", "ヤ"};
    int a = number % 8, b = number / 8 % 8, c = number / 64 % 5, d = number / 320 % 5;
    Str name = str_fmt(arena, "%s%s %s%s", parts[a], parts[b], parts[c], parts[d + 3]),
        kana = str_fmt(arena, "%s%s %s%s", reads[a], reads[b], reads[c], reads[d + 3]);
    entity_set(arena, entity, IRI("name"), json_of_str(name));
    entity_set(arena, entity, IRI("kana"), json_of_str(kana));
    entity_set(arena, entity, IRI("town"), json_of_str(STR("中央一丁目")));
    entity_set(arena, entity, IRI("address"),
               json_of_str(str_fmt(arena, "%d番%d号", number % 500, number / 500 % 50)));
    entity_set(arena, entity, IRI("phone"), json_of_str(str_fmt(arena, "0999-%06d", number)));
}

static const Entity *one_case(Arena *arena, int number) {
    Str id = str_fmt(arena, "urn:ngsi-ld:Application:bench%06d", number);
    Entity *entity = entity_new(arena, id, IRI("Application"));
    int day = 1 + number % 28;
    one_person(arena, entity, number);
    entity_set(arena, entity, IRI("state"), json_of_str(STR("submitted")));
    entity_set(arena, entity, IRI("post"), json_of_str(STR(POST)));
    entity_set(arena, entity, IRI("district"), json_of_str(STR("north")));
    entity_set(arena, entity, IRI("due"), json_of_str(str_fmt(arena, "2026-12-%02d", day)));
    entity_set(arena, entity, IRI("submittedAt"),
               json_of_str(str_fmt(arena, "2026-11-%02dT00:00:00Z", day)));
    entity_set(arena, entity, IRI("receiptNumber"),
               json_of_str(str_fmt(arena, "2026-%06d", number)));
    entity_set(arena, entity, IRI("retentionFile"),
               json_of_str(retention_label(arena, STR("保存5年/申請書"), 1926 + number % FILES)));
    JsonMember *thing = NEW(arena, JsonMember);
    *thing = (JsonMember){STR("id"), json_of_str(number % RARE ? STR("kotatsu") : STR("piano"))};
    Json *item = NEW(arena, Json);
    *item = json_of_members(thing, 1);
    entity_set_kind(arena, entity, ATTR_JSON, IRI("items"), json_of_items(item, 1));
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
            Delta delta = {.op = DELTA_PUT, .id = entity->id, .after = (Entity *)entity};
            command_put(command, &delta, PUT_ABSENT, 0);
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

/* By its number, as somebody reads it from a receipt. */
static double find_millis(Ctx *ctx, int number) {
    Str id, wanted = str_fmt(ctx->arena, "2026-%06d", number);
    int64_t began = time_monotonic();
    must(ctx, inbox_find(ctx, wanted, &id));
    double took = (double)(time_monotonic() - began) / 1000;
    if (!str_eq(id, str_fmt(ctx->arena, "urn:ngsi-ld:Application:bench%06d", number))) exit(1);
    arena_reset(ctx->arena);
    return took;
}

/* By its telephone number (one), or a part of a name and an address that some have (at most 50). */
static double seek_millis(Ctx *ctx, Str text, size_t least) {
    static Actor clerk = {.kind = ACTOR_STAFF,
                          .id = {"urn:ngsi-ld:Account:bench", 25},
                          .post = {POST, sizeof POST - 1},
                          .division = {"environment", 11},
                          .roles = 1u << ROLE_CLERK};
    InboxCases found;
    bool more;
    Ctx asking = *ctx;
    asking.actor = &clerk;
    asking.purpose = STR("application-check");
    int64_t began = time_monotonic();
    must(&asking, seek_cases(&asking, &(SeekAsk){text, LIMIT}, &found, &more));
    double took = (double)(time_monotonic() - began) / 1000;
    if (found.len < least) {
        fprintf(stderr, "bench_inbox: " STR_FMT " found %zu cases\n", STR_ARG(text), found.len);
        exit(1);
    }
    arena_reset(ctx->arena);
    return took;
}

/* The hundred among all that have a piano. */
static double thing_millis(Ctx *ctx) {
    InboxPage page;
    StrVec items = {0};
    vec_push(ctx->arena, &items, STR("piano"));
    InboxQuery query = {.post = STR(POST), .items = &items, .limit = LIMIT};
    int64_t began = time_monotonic();
    must(ctx, inbox_page(ctx, &query, &page));
    double took = (double)(time_monotonic() - began) / 1000;
    if (page.lines.len != LIMIT) exit(1);
    arena_reset(ctx->arena);
    return took;
}

/* As the index for everybody (loose) and the office list read them. */
static double files_millis(Ctx *ctx, bool loose) {
    ShelfFiles files;
    int64_t began = time_monotonic();
    ctx->deadline = began + TIME_MINUTE;
    must(ctx, shelf_list(ctx, &(ShelfWish){.loose = loose}, &files));
    double took = (double)(time_monotonic() - began) / 1000;
    if (files.len != FILES || files.items[0].count != CASES / FILES) exit(1);
    ctx->deadline = 0;
    arena_reset(ctx->arena);
    return took;
}

/* One of many who move their cases at once, one after the other. */
typedef struct Clerk {
    pthread_t thread;
    Ctx ctx;
    int first;
} Clerk;

static void move_one(Ctx *ctx, int number) {
    Outcome outcome;
    Command *command = command_new(ctx->tenant->ledger,
                                   (CommandHead){.kind = STR("bench"), .channel = STR("cli")});
    Arena *arena = command_arena(command);
    PartStep *step = NEW(arena, PartStep);
    *step = (PartStep){.id = str_fmt(arena, "urn:ngsi-ld:Application:bench%06d", number),
                       .from = 1u << CASE_SUBMITTED,
                       .to = CASE_CONFIRMED,
                       .post = STR(POST)};
    command_needs(command, step->id);
    command_add(command, &part_case_step, step);
    must(ctx, ledger_execute(ctx, ctx->tenant->ledger, command, &outcome));
    command_free(command);
    arena_reset(ctx->arena);
}

static void *moves(void *arg) {
    Clerk *clerk = arg;
    for (int i = 0; i < MOVES; i++)
        move_one(&clerk->ctx, clerk->first + i);
    return NULL;
}

static double moves_per_second(const Ctx *ctx) {
    Clerk *clerks = NEW_ARRAY(ctx->scratch, Clerk, CLERKS);
    for (int i = 0; i < CLERKS; i++) {
        clerks[i] = (Clerk){.ctx = *ctx, .first = i * MOVES};
        clerks[i].ctx.arena = arena_new(64 << 20);
        clerks[i].ctx.scratch = arena_new(64 << 20);
        must(ctx,
             reader_open(&clerks[i].ctx, ledger_store(ctx->tenant->ledger), &clerks[i].ctx.db));
    }
    int64_t began = time_monotonic();
    for (int i = 0; i < CLERKS; i++)
        if (pthread_create(&clerks[i].thread, NULL, moves, &clerks[i])) exit(1);
    for (int i = 0; i < CLERKS; i++)
        pthread_join(clerks[i].thread, NULL);
    double took = (double)(time_monotonic() - began) / (double)TIME_SECOND;
    for (int i = 0; i < CLERKS; i++) {
        reader_close(clerks[i].ctx.db);
        arena_free(clerks[i].ctx.arena);
        arena_free(clerks[i].ctx.scratch);
    }
    return CLERKS * MOVES / took;
}

static void rows(Ctx *ctx) {
    double pages[ROUNDS], finds[ROUNDS], things[ROUNDS], files[ROUNDS], office[ROUNDS];
    double phones[ROUNDS], names[ROUNDS], families[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        pages[i] = page_millis(ctx);
        finds[i] = find_millis(ctx, (i * 7919) % CASES);
        phones[i] = seek_millis(ctx, STR("0999-054321"), 1);
        names[i] = seek_millis(ctx, STR("森見 6番3号"), 1);
        families[i] = seek_millis(ctx, STR("雲野"), LIMIT);
        things[i] = thing_millis(ctx);
        files[i] = files_millis(ctx, true);
        office[i] = files_millis(ctx, false);
    }
    load_row("inbox over 100 000 open cases, first page and counts", "<50",
             load_median(pages, ROUNDS), "ms");
    load_row("a case among 100 000 by its number", "<50", load_median(finds, ROUNDS), "ms");
    load_row("one among 100 000 by its telephone number", "<50", load_median(phones, ROUNDS), "ms");
    load_row("those of a name and an address among 100 000", "<50", load_median(names, ROUNDS),
             "ms");
    load_row("50 of those of a family name among 100 000", "<50", load_median(families, ROUNDS),
             "ms");
    load_row("50 of 100 cases with a piano among 100 000", "<50", load_median(things, ROUNDS),
             "ms");
    load_row("the index of 100 files with 100 000 cases", "<10", load_median(files, ROUNDS), "ms");
    load_row("the same for officials, up to the newest leaf", "<10", load_median(office, ROUNDS),
             "ms");
    load_row("moves of 32 000 of 100 000 open cases, 64 at once, durable", ">=2000",
             moves_per_second(ctx), "/s");
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
    snprintf(folder, sizeof folder, "%s/bench-inbox-XXXXXX", in ? in : ".");
    if (!mkdtemp(folder)) return 1;
    opening.arena = lasting;
    CityOptions options = {.data = str_of(folder), .host = STR("127.0.0.1"), .loops = 1, .pool = 1};
    must(&opening, city_open(&opening, &options, &city));
    ctx.tenant = city_tenant(city, STR_NONE);
    must(&ctx, reader_open(&ctx, ledger_store(ctx.tenant->ledger), &ctx.db));
    fill(&ctx);
    rows(&ctx);
    reader_close(ctx.db);
    city_close(city);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0;
}
