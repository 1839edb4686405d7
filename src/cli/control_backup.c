/* control_backup: what the running server does for backup and verify. */
#include "city_int.h"
#include "place.h"

#include <time.h>

static PlaceRoots roots_of(const City *city) {
    return (PlaceRoots){city->options.data, city->options.keys, city->options.witness};
}

static const Json *object(Arena *arena, JsonMembers members) {
    Json *json = NEW(arena, Json);
    *json = json_of_members(members.items, members.len);
    return json;
}

static void text(Arena *arena, JsonMembers *members, const char *name, Str value) {
    vec_push(arena, members, (JsonMember){str_of(name), json_of_str(value)});
}

static void number(Arena *arena, JsonMembers *members, const char *name, uint64_t value) {
    vec_push(arena, members, (JsonMember){str_of(name), json_of_int((int64_t)value)});
}

/* ---- checkpoint: everything that is durable now is signed, and where it lies ---- */

/* The second line of a checkpoint. */
static uint64_t size_of_note(Str note) {
    Str line = STR_NONE;
    int64_t size = 0;
    for (int i = 0; i < 2; i++)
        if (!str_split(&note, '\n', &line)) return 0;
    return str_to_i64(line, &size) && size > 0 ? (uint64_t)size : 0;
}

/* Checkpoints are signed by themselves; waits for one that covers the leaf. */
static Rc checkpoint_wait(Ctx *ctx, Ledger *ledger, uint64_t leaf) {
    static const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    while (leaf) {
        Str note;
        ArenaMark mark = arena_mark(ctx->arena);
        bool covered = ledger_checkpoint(ctx, ledger, &note) == RC_OK && size_of_note(note) >= leaf;
        arena_rewind(ctx->arena, mark);
        if (covered) break;
        if (time_monotonic() > ctx->deadline)
            return ctx_fail(ctx, RC_LIMIT, "no-checkpoint", STR_NONE,
                            "No checkpoint was signed in time: look at the server's log.");
        nanosleep(&pause, NULL);
    }
    ctx->error = (Error){0};
    return RC_OK;
}

Rc control_checkpoint(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                      const Json **result) {
    City *city = arg;
    JsonItems items = {0};
    PlaceRoots roots = roots_of(city);
    (void)request;
    (void)reply;
    for (size_t i = 0; i < city->tenant_count; i++) {
        const Tenant *tenant = city->tenants[i];
        PlacePaths place = place_of(ctx->arena, &roots, tenant->name);
        JsonMembers members = {0};
        TRY(checkpoint_wait(ctx, tenant->ledger, ledger_head(tenant->ledger)));
        TRY(place_whole(ctx, place.folder, &place.folder));
        TRY(place_whole(ctx, place.witness, &place.witness));
        TRY(place_whole(ctx, place.erasures, &place.erasures));
        text(ctx->arena, &members, "name", place.name);
        text(ctx->arena, &members, "folder", place.folder);
        text(ctx->arena, &members, "witness", place.witness);
        text(ctx->arena, &members, "erasures", place.erasures);
        vec_push(ctx->arena, &items, *object(ctx->arena, members));
    }
    JsonMembers all = {0};
    vec_push(ctx->arena, &all, (JsonMember){STR("tenants"), json_of_items(items.items, items.len)});
    *result = object(ctx->arena, all);
    return RC_OK;
}

/* ---- backup ---- */

/* The witness first: what it says is then in the ledger's copy. */
static Rc tenant_backup(Ctx *ctx, const City *city, const Tenant *tenant, Str to) {
    Arena *arena = ctx->arena;
    PlaceRoots roots = roots_of(city);
    PlaceRoots backup = {.data = to, .witness = str_fmt(arena, STR_FMT "/witness", STR_ARG(to))};
    PlacePaths from = place_of(arena, &roots, tenant->name),
               copy = place_of(arena, &backup, tenant->name);
    if (place_there(ctx, from.witness)) TRY(place_copy(ctx, from.witness, copy.witness));
    return store_backup(ctx, ledger_store(tenant->ledger), copy.folder);
}

static Rc folders_make(Ctx *ctx, Str to) {
    static const char *const names[] = {"tenants", "witness"};
    TRY(place_make(ctx, to));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        TRY(place_make(ctx, str_fmt(ctx->arena, STR_FMT "/%s", STR_ARG(to), names[i])));
    return RC_OK;
}

Rc control_backup(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                  const Json **result) {
    City *city = arg;
    Str to = json_get_str(request, "to");
    (void)result;
    if (!str_starts(to, STR("/")))
        return ctx_fail(ctx, RC_INVALID, "bad-folder", STR("to"),
                        "The folder of a backup is named from the root of the disk on.");
    TRY(folders_make(ctx, to));
    for (size_t i = 0; i < city->tenant_count; i++) {
        const Tenant *tenant = city->tenants[i];
        JsonMembers members = {0};
        uint64_t head = ledger_head(tenant->ledger);
        TRY(tenant_backup(ctx, city, tenant, to));
        text(ctx->arena, &members, "tenant",
             str_empty(tenant->name) ? STR("default") : tenant->name);
        number(ctx->arena, &members, "leaves", head);
        TRY(control_say(reply, ctx, object(ctx->arena, members)));
    }
    return RC_OK;
}
