/* aside: events that a follower can't apply. One of them must not stop all that come after it: it
   is set aside in a list that lies in state.db with the rows, and a later version of the program,
   which may know better, begins anew where the list isn't empty.

   Keys: position, ordinal, follower; "*" stands for all of them, where the event itself can't be
   read. */
#include "project_int.h"

#include <string.h>

#define ASIDE project_space("aside")

enum { ASIDE_TEXT = 16 << 10 };

/* More than these are no bad events: something is wrong with the program or its machine. */
enum { ASIDE_MAX = 1000 };

struct Asides {
    Arena *arena;
    VEC(Poison) known; /* refused in this life; the window that met them is taken again */
    Poison met;        /* by the window at hand; its follower is NULL: none */
};

struct Asides *asides_new(void) {
    struct Asides *asides = mem_zero(sizeof *asides);
    asides->arena = arena_new(PROJECT_ARENA);
    return asides;
}

void asides_free(struct Asides *asides) {
    if (!asides) return;
    arena_free(asides->arena);
    mem_free(asides);
}

/* ---- the list ---- */

static Str aside_key(Arena *arena, const Poison *poison) {
    Buf key = buf_new(arena, 256);
    key_u64(&key, poison->position);
    key_u64(&key, poison->ordinal);
    buf_add(&key, str_of(poison->follower));
    return buf_str(&key);
}

static Rc aside_write(Ctx *ctx, Project *project, const Poison *poison) {
    Buf text = buf_new(ctx->arena, ASIDE_TEXT);
    JsonWriter w = json_writer(&text);
    json_open(&w, '{');
    json_name(&w, STR("position"));
    json_int(&w, (int64_t)poison->position);
    json_name(&w, STR("follower"));
    json_text(&w, str_of(poison->follower));
    json_name(&w, STR("version"));
    json_text(&w, STR(MACHI_VERSION));
    json_name(&w, STR("why"));
    json_text(&w, poison->why);
    json_close(&w);
    TRY(buf_rc(&text));
    return batch_put(ctx, project->batch, ASIDE,
                     &(Item){.key = aside_key(ctx->arena, poison), .value = buf_str(&text)});
}

static void aside_say(const Poison *poison) {
    bool all = strcmp(poison->follower, ASIDE_ALL) == 0;
    log_error("project",
              "the event at leaf %llu is set aside%s%s: " STR_FMT
              " What it changed is missing there; the ledger has it. Report it; a later version of "
              "machi tries it again.",
              (unsigned long long)poison->position, all ? "" : " by ", all ? "" : poison->follower,
              STR_ARG(poison->why));
}

/* ---- one event ---- */

Rc aside_refused(Ctx *ctx, Project *project, const Event *event) {
    Poison poison = {.follower = ASIDE_ALL,
                     .position = event->position,
                     .ordinal = event->ordinal,
                     .why = event->refused};
    aside_say(&poison);
    return aside_write(ctx, project, &poison);
}

static bool is_of(const Poison *poison, const Event *event, const char *follower) {
    bool ordinal = poison->ordinal == event->ordinal || poison->ordinal == ASIDE_LEAF;
    bool about = !poison->about.len || (event->delta && str_eq(event->delta->id, poison->about));
    return poison->position == event->position && ordinal && about &&
           strcmp(poison->follower, follower) == 0;
}

Rc aside_known(Ctx *ctx, Project *project, const Event *event, const char *follower, bool *known) {
    *known = false;
    VEC_EACH (const Poison, poison, &project->asides->known) {
        if (!is_of(poison, event, follower)) continue;
        *known = true;
        return aside_write(ctx, project, poison);
    }
    return RC_OK;
}

void aside_meet(Project *project, const Poison *poison) {
    Arena *arena = project->asides->arena;
    if (project->asides->met.follower) return; /* a flush within an event has named another one */
    project->asides->met = *poison;
    project->asides->met.about = str_dup(arena, poison->about);
}

bool aside_take(Ctx *ctx, Project *project, Rc rc) {
    struct Asides *asides = project->asides;
    Poison met = asides->met;
    asides->met = (Poison){0};
    bool full = asides->known.len >= ASIDE_MAX;
    if (!met.follower || full || !ledger_refuses(rc, &ctx->error)) return false;
    met.why = str_dup(asides->arena, ctx->error.detail);
    (void)vec_push(asides->arena, &asides->known, met);
    aside_say(&met);
    return true;
}

/* ---- at the start, and for the operator ---- */

typedef struct Listing {
    Ctx *ctx;
    AsideEvents *out;
    bool other_version;
    Rc rc;
} Listing;

static bool aside_row(void *arg, const Item *item) {
    Listing *listing = arg;
    const Json *json;
    Arena *arena = listing->ctx->arena;
    listing->rc = json_read(listing->ctx, item->value, JSON_LIMITS_DEFAULT, &json);
    if (listing->rc != RC_OK) return false;
    if (!str_eq(json_get_str(json, "version"), STR(MACHI_VERSION))) listing->other_version = true;
    AsideEvent one = {.position = (uint64_t)json_get_int(json, "position", 0),
                      .follower = str_dup(arena, json_get_str(json, "follower")),
                      .why = str_dup(arena, json_get_str(json, "why"))};
    if (listing->out) vec_push(arena, listing->out, one);
    return true;
}

Rc aside_retry(Ctx *ctx, Project *project, bool *retry) {
    Listing listing = {.ctx = ctx};
    TRY(batch_items(ctx, project->batch, &(ItemRange){.space = ASIDE}, aside_row, &listing));
    *retry = listing.other_version;
    return listing.rc;
}

Rc aside_clear(Ctx *ctx, Project *project) {
    return batch_delete_range(ctx, project->batch, &(ItemRange){.space = ASIDE});
}

Rc project_aside(Ctx *ctx, Project *project, AsideEvents *out) {
    (void)project; /* rows are read through the thread's own reader */
    Listing listing = {.ctx = ctx, .out = out};
    *out = (AsideEvents){0};
    TRY(reader_items(ctx, ctx->db, &(ItemRange){.space = ASIDE}, aside_row, &listing));
    return listing.rc;
}
