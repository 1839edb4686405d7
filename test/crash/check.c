/* What must hold after a crash. */
#include "crash.h"
#include "heard.h"
#include "ledger/ledger_int.h"
#include "rooms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* State as the events alone make it. */
typedef struct Replay {
    Arena *arena;
    Map entities; /* id → Entity; &gone: deleted */
    Entity gone;
    uint64_t last;
    uint32_t events; /* of the leaf at hand */
    Str kind;
    Map commands;
    CrashKnown seen; /* newest count and position of each slot */
    const CrashKnown *known;
    uint64_t readable[CRASH_PEOPLE]; /* the first leaf since the last erasure that says his name */
    uint64_t keyless[CRASH_PEOPLE];  /* the last one that says it no more */
    Str wrong;
} Replay;

#define WRONG(replay, ...)                                                                         \
    do {                                                                                           \
        if (!(replay)->wrong.len) (replay)->wrong = str_fmt((replay)->arena, __VA_ARGS__);         \
    } while (0)

/* A move of money takes two events, an end of several things as many as there are, everything else
   one. */
static void leaf_ends(Replay *replay) {
    uint32_t expected = str_eq(replay->kind, STR("move")) ? 2 : 1;
    bool any = str_eq(replay->kind, STR("entity.expire"));
    if (replay->last && !any && replay->events != expected)
        WRONG(replay, "leaf %llu has %u events of a %.*s", (unsigned long long)replay->last,
              replay->events, STR_ARG(replay->kind));
}

static void leaf_begins(Replay *replay, const Event *event) {
    leaf_ends(replay);
    if (event->position != replay->last + 1)
        WRONG(replay, "leaf %llu follows leaf %llu", (unsigned long long)event->position,
              (unsigned long long)replay->last);
    Str command = str_dup(replay->arena, event->command_id);
    if (map_has(&replay->commands, command))
        WRONG(replay, "command %.*s is there twice", STR_ARG(command));
    map_put(&replay->commands, command, replay);
    replay->last = event->position;
    replay->events = 0;
    replay->kind = str_dup(replay->arena, event->head.kind);
}

static void count_slot(Replay *replay, const Entity *entity, uint64_t position) {
    unsigned thread, slot;
    char text[64];
    if (entity->id.len >= sizeof text) return;
    memcpy(text, entity->id.ptr, entity->id.len);
    text[entity->id.len] = 0;
    if (sscanf(text, "urn:x:slot:%u:%u", &thread, &slot) != 2) return;
    uint64_t count = (uint64_t)entity_int(entity, STR(VALUE), 0);
    uint64_t *newest = &replay->seen.counts[thread][slot];
    if (count != *newest + 1)
        WRONG(replay, "%s: event %llu follows %llu", text, (unsigned long long)count,
              (unsigned long long)*newest);
    *newest = count;
    replay->seen.positions[thread][slot] = position;
}

/* CRASH_PEOPLE when the id is nobody's. */
static unsigned person_of(Replay *replay, Str id, Str (*id_of)(Arena *arena, unsigned person)) {
    unsigned person = 0;
    while (person < CRASH_PEOPLE && !str_eq(id, id_of(replay->arena, person)))
        person++;
    return person;
}

/* What was written of a person before his erasure isn't readable, all else is. */
static void follow_erasures(Replay *replay, const Event *event) {
    unsigned long long at = event->position;
    if (str_eq(event->note_kind, STR("erasure"))) {
        unsigned person = person_of(replay, event->subject, crash_person_id);
        if (person == CRASH_PEOPLE) {
            WRONG(replay, "leaf %llu erases nobody", at);
            return;
        }
        if (replay->readable[person])
            WRONG(replay, "person %u was erased by leaf %llu, leaf %llu is readable", person, at,
                  (unsigned long long)replay->readable[person]);
        replay->keyless[person] = 0;
    }
    unsigned person =
        event->delta ? person_of(replay, event->delta->id, crash_advice_id) : CRASH_PEOPLE;
    if (person == CRASH_PEOPLE) {
        if (event->erased) WRONG(replay, "leaf %llu lost a key", at);
    } else if (event->erased) {
        replay->keyless[person] = at;
    } else {
        if (!replay->readable[person]) replay->readable[person] = at;
        if (at <= replay->known->erased[person])
            WRONG(replay, "person %u was acknowledged as erased, leaf %llu is readable", person,
                  at);
    }
}

static void check_erasures(Replay *replay) {
    for (unsigned person = 0; person < CRASH_PEOPLE; person++)
        if (replay->keyless[person])
            WRONG(replay, "leaf %llu lost its key, which nobody destroyed",
                  (unsigned long long)replay->keyless[person]);
}

static Rc replay_event(Ctx *ctx, void *arg, const Event *event) {
    (void)ctx;
    Replay *replay = arg;
    if (event->ordinal == 0) leaf_begins(replay, event);
    replay->events++;
    follow_erasures(replay, event);
    if (!event->delta) return RC_OK;
    Str id = str_dup(replay->arena, event->delta->id);
    /* the event's memory ends with the call */
    Delta delta = *event->delta;
    delta.id = id;
    if (delta.after) delta.after = entity_dup(replay->arena, delta.after);
    Entity *before = map_get(&replay->entities, id);
    if (before == &replay->gone) before = NULL;
    Entity *after = delta_fold(replay->arena, before, &delta, event->position, event->time);
    map_put(&replay->entities, id, after ? after : &replay->gone);
    if (after) count_slot(replay, after, event->position);
    return RC_OK;
}

static void check_acknowledged(Replay *replay, const CrashKnown *known) {
    for (unsigned t = 0; t < CRASH_THREADS; t++) {
        for (unsigned s = 0; s < CRASH_SLOTS; s++) {
            if (replay->seen.counts[t][s] < known->counts[t][s])
                WRONG(replay, "slot %u:%u was acknowledged as %llu and is %llu", t, s,
                      (unsigned long long)known->counts[t][s],
                      (unsigned long long)replay->seen.counts[t][s]);
        }
    }
    if (known->highest > replay->last)
        WRONG(replay, "leaf %llu was acknowledged, the last is %llu",
              (unsigned long long)known->highest, (unsigned long long)replay->last);
}

static void check_entity(City *city, Replay *replay, const Entity *expected) {
    const Entity *entity;
    Rc rc = ledger_entity(&city->ctx, city->ledger, expected->id, &entity);
    if (rc != RC_OK) {
        WRONG(replay, "%.*s: %s", STR_ARG(expected->id), rc_name(rc));
        return;
    }
    Buf a = buf_new(city->ctx.arena, 1 << 20), b = buf_new(city->ctx.arena, 1 << 20);
    entity_encode(&a, entity);
    entity_encode(&b, expected);
    if (!str_eq(buf_str(&a), buf_str(&b)))
        WRONG(replay, "%.*s is %.*s, by its events %.*s", STR_ARG(expected->id),
              STR_ARG(buf_str(&a)), STR_ARG(buf_str(&b)));
}

static void check_money(Replay *replay) {
    int64_t sum = 0;
    for (unsigned i = 0; i < CRASH_ACCOUNTS; i++) {
        const Entity *account = map_get(&replay->entities, crash_account_id(replay->arena, i));
        sum += account ? entity_int(account, STR(VALUE), 0) : CRASH_MONEY;
    }
    if (sum != CRASH_MONEY * CRASH_ACCOUNTS)
        WRONG(replay, "the accounts sum up to %lld", (long long)sum);
}

static Rc same_tile(Ctx *ctx, void *arg, unsigned level, uint64_t tile, const Digest *hashes) {
    City *city = arg;
    Str stored;
    TRY(reader_tile(ctx, city->reader, level, tile, &stored));
    if (memcmp(stored.ptr, hashes, stored.len) == 0) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "tile", STR_NONE, "A tile differs from its leaves.");
}

/* The tree anew from the leaves' bytes. */
static void check_tree(City *city, Replay *replay) {
    LeafBytes leaves;
    TreeHasher *hasher = tree_hasher_new();
    TreeEdge *edge = NEW(replay->arena, TreeEdge);
    Rc rc = read_leaves(&city->ctx, city->reader, replay->arena, (LeafSlice){1, SIZE_MAX}, &leaves);
    for (size_t i = 0; rc == RC_OK && i < leaves.len; i++) {
        Digest hash = tree_hash_leaf(hasher, leaves.items[i]), stored;
        rc = ledger_leaf_hash(&city->ctx, city->ledger, i + 1, &stored);
        if (rc == RC_OK && memcmp(&hash, &stored, sizeof hash) != 0)
            WRONG(replay, "leaf %zu has another hash", i + 1);
        if (rc == RC_OK)
            rc = tree_add(&city->ctx, hasher, edge, &hash, (TreeSink){same_tile, city});
    }
    if (rc != RC_OK) WRONG(replay, "the tree: %.*s", STR_ARG(city->ctx.error.detail));
    Digest root = tree_root(hasher, edge), own = tree_root(hasher, &city->ledger->edge);
    if (edge->size != ledger_head(city->ledger) || memcmp(&root, &own, sizeof root) != 0)
        WRONG(replay, "the tree's root isn't that of its leaves");
    tree_hasher_free(hasher);
}

static void check_gone(City *city, Replay *replay, Str id) {
    const Entity *entity;
    if (ledger_entity(&city->ctx, city->ledger, id, &entity) != RC_NOT_FOUND)
        WRONG(replay, STR_FMT " was deleted and is there", STR_ARG(id));
}

static void check_entities(City *city, Replay *replay) {
    for (size_t i = 0; i < replay->entities.len; i++) {
        const MapItem *item = &replay->entities.items[i];
        if (item->value != &replay->gone)
            check_entity(city, replay, item->value);
        else
            check_gone(city, replay, item->key);
    }
}

static void check_open_city(City *city, Replay *replay, const CrashKnown *known) {
    uint64_t next = 0;
    Rc rc = ledger_read(&city->ctx, city->ledger,
                        &(LedgerWindow){0, SIZE_MAX, replay_event, replay}, &next);
    if (rc != RC_OK) WRONG(replay, "reading: %.*s", STR_ARG(city->ctx.error.detail));
    leaf_ends(replay);
    check_acknowledged(replay, known);
    check_erasures(replay);
    check_money(replay);
    check_entities(city, replay); /* the working set over state.db as the crash left it */
    check_tree(city, replay);
}

/* Followers catch up; what they keep is what a rebuild from the ledger gives, row by row. */
static void project_all(City *city, Replay *replay) {
    Rooms rooms;
    ProjectReport report = {0};
    Rc rc = rooms_open(city, &rooms, 0);
    if (rc == RC_OK) rc = project_drain(&city->ctx, rooms.project, ledger_head(city->ledger));
    if (rc == RC_OK) rc = project_verify(&city->ctx, rooms.project, &report);
    if (rc != RC_OK) WRONG(replay, "projecting: %.*s", STR_ARG(city->ctx.error.detail));
    if (report.differences) WRONG(replay, "%.*s", STR_ARG(report.first));
    rooms_close(city, &rooms);
}

Str crash_check(const char *root, CrashKnown *known, Arena *arena) {
    City city;
    Replay replay = {
        .arena = arena, .entities = map_new(arena), .commands = map_new(arena), .known = known};
    city_make_at(&city, root);
    if (city_open(&city) != RC_OK) {
        WRONG(&replay, "opening: %.*s", STR_ARG(city.ctx.error.detail));
        city_leave(&city);
        return replay.wrong;
    }
    check_open_city(&city, &replay, known);
    if (!replay.wrong
             .len) { /* and once more from state.db alone, when the projection has caught up */
        project_all(&city, &replay);
        city_close(&city);
        if (city_open(&city) != RC_OK) abort();
        check_entities(&city, &replay);
    }
    replay.seen.acks = known->acks;
    memcpy(replay.seen.erased, known->erased, sizeof known->erased);
    *known = replay.seen;
    known->highest = replay.last;
    city_leave(&city);
    return replay.wrong;
}

/* ---- what the subscriber was told ---- */

static void wait_until_sent(City *city, const Tenant *tenant) {
    int64_t until = time_monotonic() + TIME_MINUTE;
    while (time_monotonic() < until &&
           (broker_matched(tenant) < ledger_head(city->ledger) || broker_waiting(tenant)))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static Str never_told(const CrashKnown *known, Heard *heard, Arena *arena) {
    for (unsigned t = 0; t < CRASH_THREADS; t++) {
        for (unsigned s = 0; s < CRASH_SLOTS; s++) {
            if (strcmp(crash_slot_type(s), SENSOR) != 0) continue;
            for (uint64_t count = 1; count <= known->counts[t][s]; count++)
                if (!heard_count(heard, t, s, count))
                    return str_fmt(arena, "the subscriber was never told count %llu of slot %u:%u",
                                   (unsigned long long)count, t, s);
        }
    }
    return STR_NONE;
}

static Str never_ended(City *city, Arena *arena) {
    int64_t until = time_monotonic() + TIME_MINUTE;
    for (unsigned i = 0; i < CRASH_BRIEF; i++) {
        const Entity *entity;
        Str id = crash_brief_id(arena, i);
        while (ledger_entity(&city->ctx, city->ledger, id, &entity) == RC_OK) {
            if (time_monotonic() >= until)
                return str_fmt(arena, STR_FMT " has never ended", STR_ARG(id));
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        }
    }
    return STR_NONE;
}

Str crash_check_heard(const char *root, const CrashKnown *known, Heard *heard, Arena *arena) {
    City city;
    Rooms rooms = {0};
    Str wrong = STR_NONE;
    city_make_at(&city, root);
    Rc rc = city_open(&city);
    if (rc == RC_OK) rc = rooms_open(&city, &rooms, heard_port(heard));
    if (rc == RC_OK) wait_until_sent(&city, &rooms.tenant);
    if (rc != RC_OK) wrong = str_fmt(arena, "rooms: %.*s", STR_ARG(city.ctx.error.detail));
    if (!wrong.len) wrong = never_told(known, heard, arena);
    if (!wrong.len) wrong = never_ended(&city, arena);
    rooms_close(&city, &rooms);
    city_leave(&city);
    return wrong;
}
