#include "ledger_int.h"

#include <string.h>

enum { READ_ARENA = 1 << 30 };

/* ---- visiting the working set ---- */

typedef struct Visit {
    Epoch *epoch;
    int place;
    bool taken, entered;
} Visit;

static Rc visit_begin(Ctx *ctx, Ledger *ledger, Visit *visit) {
    *visit = (Visit){.epoch = ledger->epoch, .place = epoch_mine(ledger->epoch)};
    if (visit->place < 0) {
        visit->place = epoch_take(ledger->epoch);
        visit->taken = true;
    }
    if (visit->place < 0)
        return ctx_fail(ctx, RC_BUSY, "readers", STR_NONE,
                        "Too many threads read at once: try again.");
    visit->entered = !epoch_inside(ledger->epoch, visit->place);
    epoch_enter(ledger->epoch, visit->place);
    return RC_OK;
}

static void visit_end(const Visit *visit) {
    if (visit->taken)
        epoch_give(visit->epoch, visit->place);
    else if (visit->entered)
        epoch_leave(visit->epoch, visit->place);
}

static Rc not_found(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_NOT_FOUND, "not-found", STR_NONE, STR_FMT " doesn't exist.",
                    STR_ARG(id));
}

static Rc decode(Ctx *ctx, Ledger *ledger, Str stored, const Entity **out) {
    Entity *entity;
    TRY(record_decode(ctx, ledger->keys, stored, &entity, NULL));
    *out = entity;
    return RC_OK;
}

static Rc state_cursor(Ctx *ctx, uint64_t *position) {
    Cursor cursor = {0};
    Rc rc = reader_cursor(ctx, ctx->db, STORE_STATE, STR(LEDGER_STATE), &cursor);
    *position = cursor.position;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* From state.db, and into the working set. The cursor was read before the row: the row is at least
 * as new as it. */
static Rc load_row(Ctx *ctx, Ledger *ledger, Str id, uint64_t cursor, EntityRow *row) {
    Rc rc = reader_entity(ctx, ctx->db, id, row);
    if (rc == RC_NOT_FOUND)
        workset_load(ledger->set, &(VersionSource){.id = id, .gone = true}, cursor);
    if (rc == RC_OK) ledger_remember(ledger, row, cursor);
    return rc;
}

static Rc load_entity(Ctx *ctx, Ledger *ledger, Str id, const Entity **out) {
    uint64_t cursor;
    EntityRow row;
    TRY(state_cursor(ctx, &cursor));
    Rc rc = load_row(ctx, ledger, id, cursor, &row);
    if (rc == RC_NOT_FOUND) return not_found(ctx, id);
    TRY(rc);
    return decode(ctx, ledger, row.body, out);
}

/* ---- what commands need ---- */

static Rc missing(Ctx *ctx, Ledger *ledger, const StrVec *ids, StrVec *out) {
    Visit visit;
    TRY(visit_begin(ctx, ledger, &visit));
    VEC_EACH (const Str, id, ids)
        if (!workset_find(ledger->set, *id)) vec_push(ctx->arena, out, *id);
    visit_end(&visit);
    return RC_OK;
}

static Rc load_rows(Ctx *ctx, Ledger *ledger, const StrVec *ids) {
    uint64_t cursor;
    TRY(state_cursor(ctx, &cursor));
    VEC_EACH (const Str, id, ids) {
        EntityRow row;
        ArenaMark mark = arena_mark(ctx->arena);
        Rc rc = load_row(ctx, ledger, *id, cursor, &row);
        if (rc != RC_OK && rc != RC_NOT_FOUND) return rc; /* the error lies in the arena */
        arena_rewind(ctx->arena, mark);
    }
    return RC_OK;
}

/* One snapshot for all: beginning and ending one costs as much as to find a row. */
Rc read_needs(Ctx *ctx, Ledger *ledger, const StrVec *ids) {
    StrVec absent = {0};
    TRY(missing(ctx, ledger, ids, &absent));
    if (absent.len == 0) return RC_OK;
    if (!ctx->db)
        return ctx_fail(ctx, RC_BUSY, "not-in-memory", STR_NONE,
                        "An entity must be read first: submit from a pool thread.");
    TRY(reader_snapshot(ctx, ctx->db, STORE_STATE));
    Rc rc = load_rows(ctx, ledger, &absent);
    reader_release(ctx->db, STORE_STATE);
    return rc;
}

static Rc behind(Ctx *ctx) {
    return ctx_fail(ctx, RC_BUSY, "state-behind", STR_NONE,
                    "The current state is being rebuilt: try again in some minutes.");
}

Rc ledger_entity(Ctx *ctx, Ledger *ledger, Str id, const Entity **out) {
    if (atomic_load(&ledger->mode) == LEDGER_BEHIND) return behind(ctx);
    Visit visit;
    TRY(visit_begin(ctx, ledger, &visit));
    const Version *version = workset_find(ledger->set, id);
    bool found = version != NULL, gone = found && version_gone(version);
    Str stored = found && !gone ? str_dup(ctx->arena, version_stored(version)) : STR_NONE;
    visit_end(&visit);
    if (gone) return not_found(ctx, id);
    if (found) return decode(ctx, ledger, stored, out);
    if (ctx->db) return load_entity(ctx, ledger, id, out);
    return ctx_fail(ctx, RC_BUSY, "not-in-memory", STR_NONE,
                    "The entity must be read from the store: ask again from a pool thread.");
}

const Version *ledger_version(Ledger *ledger, Str id) {
    int place = epoch_mine(ledger->epoch);
    assert(place >= 0 && "ledger_reader_register comes first");
    if (atomic_load(&ledger->mode) == LEDGER_BEHIND) return NULL;
    epoch_enter(ledger->epoch, place);
    return workset_find(ledger->set, id);
}

void version_render_keep(Ledger *ledger, const Version *version, const Rendering *rendering) {
    workset_render_keep(ledger->set, version, rendering);
}

void ledger_remember(Ledger *ledger, const EntityRow *row, uint64_t cursor) {
    workset_load(ledger->set,
                 &(VersionSource){.id = row->id,
                                  .stored = row->body,
                                  .position = row->position,
                                  .sealed = record_has_sealed(row->body)},
                 cursor);
    workset_trim(ledger->set);
}

uint64_t ledger_erasures(const Ledger *ledger) {
    return workset_erasures(ledger->set);
}

Rc ledger_reader_register(Ctx *ctx, Ledger *ledger) {
    assert(epoch_mine(ledger->epoch) < 0);
    return ledger_reader_register_for(ctx, ledger, pthread_self());
}

Rc ledger_reader_register_for(Ctx *ctx, Ledger *ledger, pthread_t thread) {
    if (epoch_register_for(ledger->epoch, thread) >= 0) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "readers", STR_NONE,
                    "More than %d threads read: start fewer of them.", EPOCH_READERS);
}

void ledger_quiesce(Ledger *ledger) {
    int place = epoch_mine(ledger->epoch);
    if (place >= 0) epoch_leave(ledger->epoch, place);
}

void ledger_reader_unregister(Ledger *ledger) {
    int place = epoch_mine(ledger->epoch);
    if (place >= 0) epoch_give(ledger->epoch, place);
}

/* ---- stored forms ---- */

Rc ledger_record_seal(Ctx *ctx, Ledger *ledger, const Entity *entity, Buf *to) {
    bool sealed;
    return record_encode(
        ctx, &(RecordKeys){.keys = ledger->keys, .dictionary = ledger->options.dictionary}, entity,
        to, &sealed);
}

Rc ledger_record_types(Ctx *ctx, Str stored, StrVec *out) {
    return record_types(ctx, stored, out);
}

Rc ledger_record_open(Ctx *ctx, Ledger *ledger, Str stored, Entity **out) {
    return record_decode(ctx, ledger->keys, stored, out, NULL);
}

typedef struct Overlay {
    Ctx inner; /* its arena is reset after each version */
    Ledger *ledger;
    const OverlayAsk *ask;
    OverlayEach each;
    void *arg;
    Rc rc;
} Overlay;

/* Types lie in clear; an IRI that stands nowhere in it is none of them. */
static bool may_be_of(Str stored, const StrVec *types) {
    Str clear = record_clear(stored);
    for (size_t i = 0; types && i < types->len; i++) {
        Str iri = types->items[i];
        bool escaped = memchr(iri.ptr, '"', iri.len) || memchr(iri.ptr, '\\', iri.len);
        if (escaped || memmem(clear.ptr, clear.len, iri.ptr, iri.len)) return true;
    }
    return !types || types->len == 0;
}

static bool show_version(void *arg, const Version *version) {
    Overlay *overlay = arg;
    Ctx *inner = &overlay->inner;
    Str id = version_id(version);
    if (version_position(version) <= overlay->ask->above) return true;
    if (workset_find(overlay->ledger->set, id) != version) return true; /* a newer one follows */
    const Entity *entity = NULL;
    arena_reset(inner->arena);
    if (!version_gone(version) && may_be_of(version_stored(version), overlay->ask->types))
        overlay->rc = decode(inner, overlay->ledger, version_stored(version), &entity);
    return overlay->rc == RC_OK && overlay->each(overlay->arg, id, entity);
}

Rc ledger_overlay(Ctx *ctx, Ledger *ledger, const OverlayAsk *ask, OverlayEach each, void *arg) {
    Overlay overlay = {*ctx, ledger, ask, each, arg, RC_OK};
    Visit visit;
    TRY(visit_begin(ctx, ledger, &visit));
    overlay.inner.arena = arena_new(READ_ARENA);
    workset_recent(ledger->set, show_version, &overlay);
    visit_end(&visit);
    if (overlay.rc != RC_OK) ctx_keep_error(ctx, &overlay.inner.error);
    arena_free(overlay.inner.arena);
    return overlay.rc;
}

/* ---- leaves ---- */

typedef struct Collect {
    Arena *arena;
    LeafBytes *to;
} Collect;

static bool collect_leaf(void *arg, const Leaf *leaf) {
    Collect *collect = arg;
    (void)vec_push(collect->arena, collect->to, str_dup(collect->arena, leaf->bytes));
    return true;
}

Rc read_leaves(Ctx *ctx, Reader *reader, Arena *arena, LeafSlice slice, LeafBytes *out) {
    *out = (LeafBytes){0};
    return reader_leaves(ctx, reader, slice, collect_leaf, &(Collect){arena, out});
}

/* The plain text of an event's sealed part; there is at most one in this version's own leaves. */
static Rc open_sealed(Ctx *ctx, Ledger *ledger, StoredEvent place, Opened *opened) {
    *opened = (Opened){0};
    if (place.event->sealed.len == 0) return RC_OK;
    const SealedPart *part = &place.event->sealed.items[0];
    Str with = leaf_associated(ctx->arena, &place.head->command, place.ordinal, 0, &part->key);
    return record_open_part(ctx, ledger->keys, part, with, opened);
}

/* Of the event itself, or of its copy when its own key is gone. */
static Rc open_either(Ctx *ctx, Ledger *ledger, StoredEvent *place, Str *clear, Opened *opened) {
    *clear = place->event->clear;
    TRY(open_sealed(ctx, ledger, *place, opened));
    if (!opened->erased) return RC_OK;
    AgainOf of = {place->head->position, place->ordinal};
    Rc rc = again_find(ctx, of, place);
    if (rc == RC_NOT_FOUND) {
        ctx->error = (Error){0};
        return RC_OK;
    }
    TRY(rc);
    TRY(again_clear(ctx, place->event, clear));
    return open_sealed(ctx, ledger, *place, opened);
}

Rc read_delta(Ctx *ctx, Ledger *ledger, StoredEvent *place, Delta **out, bool *erased) {
    Delta *clear, *secret = NULL;
    Opened opened;
    Str text;
    TRY(open_either(ctx, ledger, place, &text, &opened));
    TRY(delta_decode(ctx, text, &clear));
    if (opened.plain.len) TRY(delta_decode(ctx, opened.plain, &secret));
    *out = secret ? delta_join(ctx->arena, clear, secret) : clear;
    *erased = *erased || opened.erased;
    return RC_OK;
}

static Rc read_json(Ctx *ctx, Str text, const Json **out) {
    *out = NULL;
    if (text.len == 0) return RC_OK;
    return json_read(ctx, text, (JsonLimits){.bytes = 128 << 20, .depth = 1000}, out);
}

static Rc note_of(Ctx *ctx, Ledger *ledger, StoredEvent place, Event *out) {
    const LeafEvent *event = place.event;
    Opened opened;
    out->note_kind = event->name;
    out->note_about = event->about;
    TRY(read_json(ctx, event->clear, &out->note_clear));
    TRY(open_sealed(ctx, ledger, place, &opened));
    out->erased = opened.erased;
    return read_json(ctx, opened.plain, &out->note_secret);
}

/* A leaf is seen before its erasure has come to an end: the keys are forgotten here as well. */
static Rc statement_of(Ctx *ctx, Ledger *ledger, const LeafEvent *event, Event *out) {
    Statement statement;
    TRY(statement_read(ctx, event->clear, &statement));
    keys_forget(ledger->keys, statement.keys.items, statement.keys.len);
    VEC_EACH (const KeyId, id, &statement.keys)
        (void)vec_push(ctx->arena, &out->keys, seal_id_str(id));
    JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, 2);
    members[0] = (JsonMember){STR("reason"), json_of_str(statement.reason)};
    members[1] = (JsonMember){STR("keys"), json_of_int((int64_t)statement.keys.len)};
    Json *clear = NEW(ctx->arena, Json);
    *clear = json_of_members(members, 2);
    out->note_kind = event->kind == EVENT_ERASURE ? STR("erasure") : STR("disposal");
    out->note_about = statement.retention;
    out->note_clear = clear;
    return RC_OK;
}

static Rc event_of(Ctx *ctx, Ledger *ledger, StoredEvent place, Event *out) {
    const LeafEvent *event = place.event;
    out->subject = event->subject;
    switch (event->kind) {
    case EVENT_CHANGE: {
        Delta *delta;
        TRY(read_delta(ctx, ledger, &place, &delta, &out->erased));
        out->delta = delta;
        out->subject = place.event->subject;
        VEC_EACH (const SealedPart, part, &place.event->sealed)
            (void)vec_push(ctx->arena, &out->keys, seal_id_str(&part->key));
        return RC_OK;
    }
    case EVENT_NOTE:
        return note_of(ctx, ledger, place, out);
    case EVENT_ERASURE:
    case EVENT_DISPOSAL:
        return statement_of(ctx, ledger, event, out);
    case EVENT_FOLD:
        out->note_kind = STR("fold");
        return RC_OK;
    }
    return RC_OK;
}

bool ledger_refuses(Rc rc, const Error *error) {
    static const Str codes[] = {STR("sealed-damaged"), STR("record-damaged"), STR("key-damaged"),
                                STR("bad-row")};
    if (rc == RC_INVALID) return true;
    if (rc == RC_LIMIT) return !str_eq(error->code, STR("deadline"));
    for (size_t i = 0; rc == RC_FAILED && i < sizeof codes / sizeof *codes; i++)
        if (str_eq(error->code, codes[i])) return true;
    return false;
}

/* One event that can't be read doesn't keep the others from being read. */
static Rc event_or_refusal(Ctx *ctx, Ledger *ledger, StoredEvent place, Event *event) {
    const Event bare = *event;
    Rc rc = event_of(ctx, ledger, place, event);
    if (rc == RC_OK || !ledger_refuses(rc, &ctx->error)) return rc;
    *event = bare;
    event->refused = ctx->error.detail;
    event->subject = place.event->subject;
    ctx->error = (Error){0};
    return RC_OK;
}

typedef struct Reading {
    Ctx *ctx;  /* the caller's */
    Ctx inner; /* its arena is rewound after each leaf */
    Ledger *ledger;
    const LedgerWindow *window;
    Str about; /* empty: everything */
} Reading;

static Rc read_leaf(Reading *reading, Str bytes) {
    Ctx *inner = &reading->inner;
    LeafHead head;
    WireIn in;
    TRY(leaf_open(inner, bytes, &head, &in));
    Str command = leaf_command_hex(inner->arena, &head.command);
    for (uint32_t i = 0; i < head.events; i++) {
        LeafEvent stored;
        Event event = {.position = head.position,
                       .ordinal = i,
                       .time = head.time,
                       .head = head.head,
                       .command_id = command};
        TRY(leaf_next(inner, &in, &stored));
        if (reading->about.len && !str_eq(stored.about, reading->about)) continue;
        TRY(event_or_refusal(inner, reading->ledger, (StoredEvent){&head, i, &stored}, &event));
        Rc rc = reading->window->each(reading->ctx, reading->window->arg, &event);
        if (rc == RC_OK) continue;
        inner->error.rc = RC_OK; /* the caller's Ctx has the error already */
        return rc;
    }
    return leaf_end(inner, &in);
}

static Rc read_window(Reading *reading, const LeafBytes *leaves, uint64_t *next) {
    VEC_EACH (const Str, bytes, leaves) {
        ArenaMark mark = arena_mark(reading->inner.arena);
        TRY(read_leaf(reading, *bytes));
        arena_rewind(reading->inner.arena, mark);
        ++*next;
    }
    return RC_OK;
}

static Rc read_events(Reading *reading, uint64_t *next) {
    Ctx *ctx = reading->ctx;
    Ledger *ledger = reading->ledger;
    const LedgerWindow *window = reading->window;
    uint64_t from = window->from;
    uint64_t head = ledger_head(ledger); /* published: the working set has it */
    *next = from;
    if (from >= head || window->max_leaves == 0) return RC_OK;
    assert(ctx->db && "ledger_read needs a Reader");
    size_t max = head - from < window->max_leaves ? (size_t)(head - from) : window->max_leaves;
    reading->inner = *ctx;
    reading->inner.arena = arena_new(READ_ARENA);
    reading->inner.error = (Error){0};
    Arena *bytes = arena_new(READ_ARENA);
    LeafBytes leaves;
    Rc rc = read_leaves(ctx, ctx->db, bytes, (LeafSlice){from + 1, max}, &leaves);
    if (rc == RC_OK) rc = read_window(reading, &leaves, next);
    const Error *error = &reading->inner.error;
    if (rc != RC_OK && error->rc != RC_OK) ctx_keep_error(ctx, error);
    arena_free(reading->inner.arena);
    arena_free(bytes);
    return rc;
}

Rc ledger_read(Ctx *ctx, Ledger *ledger, const LedgerWindow *window, uint64_t *next) {
    return read_events(&(Reading){.ctx = ctx, .ledger = ledger, .window = window}, next);
}

Rc ledger_read_about(Ctx *ctx, Ledger *ledger, const LedgerWindow *window, Str about) {
    uint64_t next;
    assert(about.len);
    return read_events(&(Reading){.ctx = ctx, .ledger = ledger, .window = window, .about = about},
                       &next);
}

Rc ledger_leaf_hash(Ctx *ctx, Ledger *ledger, uint64_t position, Digest *out) {
    (void)ledger;
    assert(ctx->db && "ledger_leaf_hash needs a Reader");
    return reader_hashes(ctx, ctx->db, position, 1, out);
}
