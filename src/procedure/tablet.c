#include "procedure_int.h"

#include <sodium.h>
#include <stdio.h>

enum {
    CODE_CHARS = 8,    /* 40 bits: ten tries in a quarter of an hour find none in ten minutes */
    SECRET_CHARS = 26, /* a tablet's token is its secret and the hash of its desk */
    ID_CHARS = 26,
    UNPAIR_TRIES = 5,
    PAIRED_MAX = 500,
    SHOWN_ARENA = 2 << 20,
    MARKS_MAX = 200,
    MARK_CHARS = 200,
    ACCOUNT_CHARS = 128
};

static const int64_t code_lasts = 10 * TIME_MINUTE, shown_lasts = 5 * TIME_MINUTE,
                     confirmed_lasts = 30 * TIME_MINUTE;

static const Str state_words[TABLET_STATES] = {[TABLET_NONE] = STR("none"),
                                               [TABLET_SHOWN] = STR("shown"),
                                               [TABLET_CONFIRMED] = STR("confirmed"),
                                               [TABLET_REFUSED] = STR("refused"),
                                               [TABLET_EXPIRED] = STR("expired")};

Str tablet_state_word(TabletState state) {
    assert(state < TABLET_STATES);
    return state_words[state];
}

/* ---- what lives in memory: of each desk the code that waits, and what is shown ---- */

/* A draft that is shown. */
typedef struct ShownPart {
    Str token, hash;
    bool sent; /* once that has been seen */
} ShownPart;

/* Marked twice isn't marked; its place stays, so that presses cost nothing. */
typedef struct Mark {
    Str what;
    bool on;
} Mark;

typedef struct Showing {
    Arena *arena; /* of all of it, gone with it */
    Str id, by, about;
    Str said; /* the parts as JSON; wiped once it isn't shown any more */
    VEC(ShownPart) parts;
    VEC(Mark) marks;
    TabletState state;
    bool late; /* expired because its time ran out */
    int64_t shown_at, answered_at, until;
    Str language, tablet, paired_by; /* of the press that ended it */
} Showing;

typedef struct Desk {
    TabletDesk at;
    Digest code;
    int64_t code_until;          /* 0: none waits */
    char code_by[ACCOUNT_CHARS]; /* account of who asked for it, and his post */
    char code_post[ACCOUNT_CHARS];
    Showing *showing; /* NULL: nothing */
} Desk;

struct TabletDesks {
    pthread_mutex_t lock;
    Arena *arena; /* of desks, of which there are as many as the city has */
    VEC(Desk *) all;
};

TabletDesks *tablets_new(Arena *arena) {
    TabletDesks *desks = NEW(arena, TabletDesks);
    pthread_mutex_init(&desks->lock, NULL);
    desks->arena = arena;
    return desks;
}

static void said_wipe(Showing *showing) {
    if (showing->said.len) sodium_memzero((char *)(uintptr_t)showing->said.ptr, showing->said.len);
    showing->said = STR_NONE;
}

static void showing_drop(Desk *desk) {
    if (!desk->showing) return;
    said_wipe(desk->showing);
    arena_free(desk->showing->arena);
    desk->showing = NULL;
}

void tablets_free(TabletDesks *desks) {
    for (size_t i = 0; i < desks->all.len; i++)
        showing_drop(desks->all.items[i]);
    pthread_mutex_destroy(&desks->lock);
}

static TabletDesks *desks_lock(const Ctx *ctx) {
    TabletDesks *desks = ctx->tenant->procedures->tablets;
    pthread_mutex_lock(&desks->lock);
    return desks;
}

static void desks_unlock(TabletDesks *desks) {
    pthread_mutex_unlock(&desks->lock);
}

static bool same_desk(TabletDesk a, TabletDesk b) {
    return str_eq(a.counter, b.counter) && str_eq(a.desk, b.desk);
}

/* Under the lock; the desk is one of the city's. */
static Desk *desk_of(TabletDesks *desks, TabletDesk at) {
    for (size_t i = 0; i < desks->all.len; i++)
        if (same_desk(desks->all.items[i]->at, at)) return desks->all.items[i];
    Desk *desk = NEW(desks->arena, Desk);
    desk->at = (TabletDesk){str_dup(desks->arena, at.counter), str_dup(desks->arena, at.desk)};
    vec_push(desks->arena, &desks->all, desk);
    return desk;
}

static void showing_end(Showing *showing, TabletState state, int64_t now) {
    said_wipe(showing);
    showing->state = state;
    showing->answered_at = now;
    showing->until = now + confirmed_lasts;
}

/* What is shown there as of now. */
static Showing *showing_of(Desk *desk, int64_t now) {
    Showing *showing = desk->showing;
    if (!showing || now < showing->until) return showing;
    if (showing->state == TABLET_SHOWN) {
        showing_end(showing, TABLET_EXPIRED, now);
        showing->late = true;
    } else {
        showing_drop(desk);
    }
    return desk->showing;
}

static bool unsent(const Showing *showing) {
    if (showing->state != TABLET_CONFIRMED) return false;
    VEC_EACH (const ShownPart, part, &showing->parts)
        if (!part->sent) return true;
    return false;
}

/* Somebody reads it, or what he has confirmed is still to go in. */
static bool pending(const Showing *showing) {
    return showing && (showing->state == TABLET_SHOWN || unsent(showing));
}

static void unsent_tokens(const Ctx *ctx, StrVec *out) {
    TabletDesks *desks = desks_lock(ctx);
    for (size_t d = 0; d < desks->all.len; d++) {
        const Showing *showing = showing_of(desks->all.items[d], time_now(ctx->clock));
        if (!showing || showing->state != TABLET_CONFIRMED) continue;
        VEC_EACH (const ShownPart, part, &showing->parts)
            if (!part->sent) vec_push(ctx->arena, out, str_dup(ctx->arena, part->token));
    }
    desks_unlock(desks);
}

static void token_sent(const Ctx *ctx, Str token) {
    TabletDesks *desks = desks_lock(ctx);
    for (size_t d = 0; d < desks->all.len; d++) {
        Showing *showing = desks->all.items[d]->showing;
        for (size_t i = 0; showing && i < showing->parts.len; i++)
            if (str_eq(showing->parts.items[i].token, token)) showing->parts.items[i].sent = true;
    }
    desks_unlock(desks);
}

/* Notes which of what was confirmed are cases by now; the ledger isn't asked under the lock. */
static Rc sent_note(Ctx *ctx) {
    StrVec tokens = {0};
    unsent_tokens(ctx, &tokens);
    VEC_EACH (const Str, token, &tokens) {
        bool sent;
        TRY(apply_sent(ctx, *token, &sent));
        if (sent) token_sent(ctx, *token);
    }
    return RC_OK;
}

/* ---- pairing ---- */

static Rc desk_good(Ctx *ctx, TabletDesk at) {
    TRY(visit_may_serve(ctx));
    return visit_desk_good(ctx, at.counter, at.desk);
}

static Digest code_hash(Ctx *ctx, Str code) {
    return ledger_keyed_hash(ctx->tenant->ledger, STR("tablet-code"), code);
}

/* Whether another than this account serves somebody there, or waits for what was shown there. */
static Rc desk_taken(Ctx *ctx, TabletDesk at, Str by, bool *out) {
    TRY(visit_desk_taken(ctx, &at, by, out));
    TRY(sent_note(ctx));
    TabletDesks *desks = desks_lock(ctx);
    const Showing *showing = showing_of(desk_of(desks, at), time_now(ctx->clock));
    *out = *out || (pending(showing) && !str_eq(showing->by, by));
    desks_unlock(desks);
    return RC_OK;
}

static Rc desk_own(Ctx *ctx, TabletDesk at) {
    bool taken;
    TRY(desk_good(ctx, at));
    TRY(desk_taken(ctx, at, ctx->actor->id, &taken));
    return taken ? ctx_fail(ctx, RC_CONFLICT, "desk-taken", STR("desk"),
                            "Another official serves somebody at this desk now.")
                 : RC_OK;
}

Rc tablet_code(Ctx *ctx, TabletDesk at, Str *code) {
    TRY(desk_own(ctx, at));
    *code = rand_id(ctx->rand, ctx->arena, CODE_CHARS);
    TabletDesks *desks = desks_lock(ctx);
    Desk *desk = desk_of(desks, at);
    desk->code = code_hash(ctx, *code);
    desk->code_until = time_now(ctx->clock) + code_lasts;
    snprintf(desk->code_by, sizeof desk->code_by, STR_FMT, STR_ARG(ctx->actor->id));
    snprintf(desk->code_post, sizeof desk->code_post, STR_FMT, STR_ARG(ctx->actor->post));
    desks_unlock(desks);
    return RC_OK;
}

/* The desk whose code this is; take: it is good no more. */
static bool code_find(Ctx *ctx, Str code, bool take, Tablet *out) {
    bool found = false;
    Digest hash = code_hash(ctx, code);
    TabletDesks *desks = desks_lock(ctx);
    for (size_t i = 0; i < desks->all.len && !found; i++) {
        Desk *desk = desks->all.items[i];
        bool waits = time_now(ctx->clock) < desk->code_until;
        found = waits && sodium_memcmp(hash.bytes, desk->code.bytes, sizeof hash.bytes) == 0;
        if (!found) continue;
        if (take) desk->code_until = 0;
        out->at = desk->at;
        out->by = str_dup(ctx->arena, str_of(desk->code_by));
        out->post = str_dup(ctx->arena, str_of(desk->code_post));
    }
    desks_unlock(desks);
    return found;
}

static Str tablet_hash(Arena *arena, const Str parts[static 3]) {
    Digest digest = hash_sha256_parts(parts, 3);
    return hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, ID_CHARS);
}

/* One record a desk, so that it has one tablet. */
static Str desk_hash(Arena *arena, TabletDesk at) {
    return tablet_hash(arena, (const Str[]){STR("machi-tablet-desk"), at.counter, at.desk});
}

static Str desk_id(Arena *arena, Str hash) {
    return str_fmt(arena, "urn:ngsi-ld:CounterTablet:" STR_FMT, STR_ARG(hash));
}

static Str secret_hash(Arena *arena, Str secret) {
    return tablet_hash(arena, (const Str[]){STR("machi-tablet"), secret, STR_NONE});
}

static void tablet_read(const Entity *entity, Tablet *out) {
    *out = (Tablet){.id = entity_text(entity, IRI("tablet")),
                    .at = {entity_text(entity, IRI("counter")), entity_text(entity, IRI("desk"))},
                    .by = entity_text(entity, IRI("pairedBy")),
                    .post = entity_text(entity, IRI("pairedPost")),
                    .paired_at = visit_instant(entity, IRI("pairedAt")),
                    .version = entity->version};
}

static Rc no_tablet(Ctx *ctx) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-tablet", STR_NONE, "No tablet is paired with the desk.");
}

Rc tablets_today(Ctx *ctx, Str counter, Tablets *out) {
    ProjectAnswer found;
    Str q = str_fmt(ctx->arena, "day==" STR_FMT ";state==\"paired\"", STR_ARG(visit_today(ctx)));
    ProjectWish wish = {
        .type = STR("CounterTablet"), .q = q, .order_by = STR("pairedAt"), .limit = PAIRED_MAX};
    *out = (Tablets){0};
    TRY(project_find(ctx, &wish, &found));
    for (size_t i = 0; i < found.entities.len; i++) {
        Tablet tablet;
        tablet_read(found.entities.items[i], &tablet);
        if (str_empty(counter) || str_eq(tablet.at.counter, counter))
            vec_push(ctx->arena, out, tablet);
    }
    return RC_OK;
}

static void desk_clear(Ctx *ctx, TabletDesk at, bool ends) {
    TabletDesks *desks = desks_lock(ctx);
    Desk *desk = desk_of(desks, at);
    Showing *showing = desk->showing;
    bool shown = showing && showing->state == TABLET_SHOWN;
    if (shown || (ends && showing && showing->state == TABLET_CONFIRMED))
        showing_end(showing, TABLET_EXPIRED, time_now(ctx->clock));
    if (ends) desk->code_until = 0;
    desks_unlock(desks);
}

/* The version of a desk's record; 0: it has none. */
static Rc desk_version(Ctx *ctx, TabletDesk at, uint64_t *out) {
    const Entity *entity;
    Str id = desk_id(ctx->arena, desk_hash(ctx->arena, at));
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &entity);
    *out = rc == RC_OK ? entity->version : 0;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static Entity *desk_record(Ctx *ctx, Arena *arena, TabletDesk at, Str state) {
    Entity *entity = entity_new(arena, desk_id(arena, desk_hash(arena, at)), STR(TABLET_TYPE));
    entity_set(arena, entity, IRI("counter"), json_of_str(str_dup(arena, at.counter)));
    entity_set(arena, entity, IRI("desk"), json_of_str(str_dup(arena, at.desk)));
    entity_set(arena, entity, IRI("day"), json_of_str(visit_today(ctx)));
    entity_set(arena, entity, IRI("state"), json_of_str(state));
    return entity;
}

/* version: of the record that it replaces. */
static Rc desk_put(Ctx *ctx, Command *command, Entity *record, uint64_t version) {
    Outcome outcome;
    command_put(command, &(Delta){.op = DELTA_PUT, .id = record->id, .after = record},
                version ? PUT_VERSION : PUT_ABSENT, version);
    return case_execute(ctx, command, &outcome);
}

/* tablet->by: who asked for the code, and answers for the pairing. */
static Rc pairing_put(Ctx *ctx, const Tablet *tablet, Str secret) {
    Command *command = case_command(ctx, STR("tablet.pair"), STR_NONE, STR("counter"));
    Arena *arena = command_arena(command);
    Entity *record = desk_record(ctx, arena, tablet->at, STR("paired"));
    entity_set(arena, record, IRI("tablet"), json_of_str(secret_hash(arena, secret)));
    entity_set(arena, record, IRI("pairedBy"), json_of_str(str_dup(arena, tablet->by)));
    entity_set(arena, record, IRI("pairedPost"), json_of_str(str_dup(arena, tablet->post)));
    entity_set(arena, record, IRI("pairedAt"),
               json_of_str(time_format(arena, time_now(ctx->clock))));
    return desk_put(ctx, command, record, tablet->version);
}

static Rc wrong_code(Ctx *ctx) {
    return ctx_fail(ctx, RC_DENIED, "wrong-code", STR("code"),
                    "This is no code that waits: have a new one made at the desk.");
}

/* The desk's record is read before its code is taken: whatever ends the pairing in between takes
   the code away, and whatever ends it after that makes the record another one. */
static Rc code_use(Ctx *ctx, Str code, Tablet *out) {
    bool taken;
    if (!code_find(ctx, code, false, out)) return wrong_code(ctx);
    TRY(desk_version(ctx, out->at, &out->version));
    TRY(desk_taken(ctx, out->at, out->by, &taken));
    return taken || !code_find(ctx, code, true, out) ? wrong_code(ctx) : RC_OK;
}

Rc tablet_pair(Ctx *ctx, Str code, Str *token) {
    Tablet tablet = {0};
    Str network = apply_network(ctx, ctx->arena);
    if (ctx->actor->kind != ACTOR_NOBODY)
        return ctx_fail(ctx, RC_DENIED, "tablet-signed-in", STR("code"),
                        "Somebody has signed in with this browser: sign out first.");
    TRY(gate_try(ctx, STR("tablet-code"), network));
    TRY(code_use(ctx, text_code(ctx->arena, code), &tablet));
    gate_try_right(ctx, STR("tablet-code"), network);
    Str secret = rand_id(ctx->rand, ctx->arena, SECRET_CHARS),
        desk = desk_hash(ctx->arena, tablet.at);
    *token = str_fmt(ctx->arena, STR_FMT STR_FMT, STR_ARG(secret), STR_ARG(desk));
    desk_clear(ctx, tablet.at, false); /* nothing of what was there is for the new one */
    Rc rc = pairing_put(ctx, &tablet, secret);
    return rc == RC_CONFLICT ? wrong_code(ctx) : rc;
}

static Rc unpair_once(Ctx *ctx, TabletDesk at) {
    uint64_t version;
    TRY(desk_version(ctx, at, &version));
    Command *command = case_command(ctx, STR("tablet.unpair"), STR_NONE, STR("counter"));
    Arena *arena = command_arena(command);
    Entity *record = desk_record(ctx, arena, at, STR("ended"));
    entity_set(arena, record, IRI("endedAt"),
               json_of_str(time_format(arena, time_now(ctx->clock))));
    return desk_put(ctx, command, record, version);
}

Rc tablet_unpair(Ctx *ctx, TabletDesk at) {
    TRY(desk_own(ctx, at));
    desk_clear(ctx, at, true);
    Rc rc = RC_CONFLICT;
    for (int i = 0; i < UNPAIR_TRIES && rc == RC_CONFLICT; i++)
        rc = unpair_once(ctx, at);
    return rc;
}

Rc tablet_find(Ctx *ctx, Str token, Tablet *out) {
    const Entity *entity;
    if (ctx->actor->kind != ACTOR_NOBODY || token.len != SECRET_CHARS + ID_CHARS)
        return no_tablet(ctx);
    Str desk = str_sub(token, SECRET_CHARS, token.len);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, desk_id(ctx->arena, desk), &entity);
    if (rc == RC_NOT_FOUND) return no_tablet(ctx);
    TRY(rc);
    bool today = str_eq(entity_text(entity, IRI("day")), visit_today(ctx));
    bool paired = str_eq(entity_text(entity, IRI("state")), STR("paired"));
    Str secret = secret_hash(ctx->arena, str_head(token, SECRET_CHARS));
    if (!today || !paired || !hash_same(secret, entity_text(entity, IRI("tablet"))))
        return no_tablet(ctx);
    tablet_read(entity, out);
    return RC_OK;
}

/* The desk at which who acts serves somebody; desk empty: none. */
static Rc own_desk(Ctx *ctx, TabletDesk *out) {
    Visit visit;
    *out = (TabletDesk){0};
    Rc rc = visit_own(ctx, &visit);
    if (rc == RC_NOT_FOUND) return RC_OK;
    if (rc == RC_OK && visit.state == VISIT_SERVED) *out = (TabletDesk){visit.counter, visit.desk};
    return rc;
}

Rc tablets_own(Ctx *ctx, Tablets *out) {
    Tablets paired;
    TabletDesk own;
    *out = (Tablets){0};
    TRY(own_desk(ctx, &own));
    TRY(tablets_today(ctx, STR_NONE, &paired));
    VEC_EACH (const Tablet, tablet, &paired)
        if (str_empty(own.desk) ? str_eq(tablet->by, ctx->actor->id) : same_desk(own, tablet->at))
            vec_push(ctx->arena, out, *tablet);
    return RC_OK;
}

/* ---- showing ---- */

static Rc showing_new(Ctx *ctx, Str about, const TabletParts *parts, Showing **out) {
    Str said;
    TRY(tablet_parts_text(ctx, parts, &said));
    Arena *arena = arena_new(SHOWN_ARENA);
    Showing *showing = NEW(arena, Showing);
    int64_t now = time_now(ctx->clock);
    *showing = (Showing){.arena = arena,
                         .id = rand_id(ctx->rand, arena, ID_CHARS),
                         .by = str_dup(arena, ctx->actor->id),
                         .about = str_dup(arena, about),
                         .said = str_dup(arena, said),
                         .state = TABLET_SHOWN,
                         .shown_at = now,
                         .answered_at = TIME_NONE,
                         .until = now + shown_lasts};
    VEC_EACH (const TabletPart, part, parts)
        vec_push(
            arena, &showing->parts,
            (ShownPart){.token = str_dup(arena, part->token), .hash = str_dup(arena, part->hash)});
    *out = showing;
    return RC_OK;
}

/* Puts it where nothing else waits: NULL, or what does, as it is called. */
static const char *showing_put(Ctx *ctx, TabletDesk at, Showing *showing) {
    const char *waits = NULL;
    TabletDesks *desks = desks_lock(ctx);
    Desk *desk = desk_of(desks, at);
    const Showing *there = showing_of(desk, time_now(ctx->clock));
    if (pending(there) && !str_eq(there->by, showing->by))
        waits = "tablet-busy";
    else if (there && unsent(there) && !str_eq(there->about, showing->about))
        waits = "tablet-unsent";
    if (!waits) {
        showing_drop(desk);
        desk->showing = showing;
    }
    desks_unlock(desks);
    return waits;
}

static Rc desk_shows(Ctx *ctx, TabletDesk at) {
    Tablets own;
    TabletDesk serves;
    TRY(desk_good(ctx, at));
    TRY(own_desk(ctx, &serves));
    if (!str_empty(serves.desk) && !same_desk(serves, at))
        return ctx_fail(ctx, RC_INVALID, "other-desk", STR("desk"),
                        "You are serving somebody at another desk: show it there.");
    TRY(tablets_own(ctx, &own));
    VEC_EACH (const Tablet, tablet, &own)
        if (same_desk(tablet->at, at)) return RC_OK;
    return no_tablet(ctx);
}

Rc tablet_show(Ctx *ctx, TabletDesk at, Str about, const TabletParts *parts) {
    Showing *showing;
    TRY(desk_shows(ctx, at));
    TRY(sent_note(ctx));
    tablet_outdate(ctx, STR_NONE); /* one thing at a time */
    TRY(showing_new(ctx, about, parts, &showing));
    const char *waits = showing_put(ctx, at, showing);
    if (!waits) return RC_OK;
    said_wipe(showing);
    arena_free(showing->arena);
    return ctx_fail(ctx, RC_CONFLICT, waits, STR("desk"),
                    "Something else is shown on this tablet, or was confirmed and isn't sent.");
}

/* Those that who acts has shown; about empty: whatever it is about. */
static void own_end(Ctx *ctx, Str about, bool confirmed) {
    TabletDesks *desks = desks_lock(ctx);
    for (size_t i = 0; i < desks->all.len; i++) {
        Showing *showing = desks->all.items[i]->showing;
        if (!showing || !str_eq(showing->by, ctx->actor->id)) continue;
        bool meant = str_empty(about) || str_eq(showing->about, about);
        bool stands =
            showing->state == TABLET_SHOWN || (confirmed && showing->state == TABLET_CONFIRMED);
        if (meant && stands) showing_end(showing, TABLET_EXPIRED, time_now(ctx->clock));
    }
    desks_unlock(desks);
}

void tablet_cancel(Ctx *ctx, Str about) {
    own_end(ctx, about, true);
}

void tablet_outdate(Ctx *ctx, Str about) {
    own_end(ctx, about, false);
}

Rc tablet_unsent(Ctx *ctx, bool *out) {
    *out = false;
    TRY(sent_note(ctx));
    TabletDesks *desks = desks_lock(ctx);
    for (size_t i = 0; i < desks->all.len; i++) {
        const Showing *showing = showing_of(desks->all.items[i], time_now(ctx->clock));
        *out = *out || (showing && unsent(showing) && str_eq(showing->by, ctx->actor->id));
    }
    desks_unlock(desks);
    return RC_OK;
}

static void marks_copy(Arena *arena, const Showing *showing, StrVec *to) {
    VEC_EACH (const Mark, mark, &showing->marks)
        if (mark->on) vec_push(arena, to, str_dup(arena, mark->what));
}

static void standing_copy(Arena *arena, const Desk *desk, TabletStanding *out) {
    const Showing *showing = desk->showing;
    *out = (TabletStanding){.state = showing->state,
                            .at = desk->at,
                            .shown_at = showing->shown_at,
                            .answered_at = showing->answered_at,
                            .language = str_dup(arena, showing->language),
                            .tablet = str_dup(arena, showing->tablet),
                            .paired_by = str_dup(arena, showing->paired_by)};
    marks_copy(arena, showing, &out->marks);
    VEC_EACH (const ShownPart, part, &showing->parts)
        vec_push(arena, &out->hashes, str_dup(arena, part->hash));
}

void tablet_standing(Ctx *ctx, Str about, TabletStanding *out) {
    TabletDesks *desks = desks_lock(ctx);
    *out = (TabletStanding){.shown_at = TIME_NONE, .answered_at = TIME_NONE};
    for (size_t i = 0; i < desks->all.len; i++) {
        const Showing *showing = showing_of(desks->all.items[i], time_now(ctx->clock));
        bool own = showing && str_eq(showing->by, ctx->actor->id) && str_eq(showing->about, about);
        if (own && showing->shown_at > out->shown_at)
            standing_copy(ctx->arena, desks->all.items[i], out);
    }
    desks_unlock(desks);
}

Rc tablet_shown(Ctx *ctx, const Tablet *tablet, TabletShown *out) {
    *out = (TabletShown){0};
    Str said = STR_NONE;
    TabletDesks *desks = desks_lock(ctx);
    const Showing *showing = showing_of(desk_of(desks, tablet->at), time_now(ctx->clock));
    if (showing && showing->state == TABLET_SHOWN) {
        out->id = str_dup(ctx->arena, showing->id);
        out->until = showing->until;
        said = str_dup(ctx->arena, showing->said);
        marks_copy(ctx->arena, showing, &out->marks);
    }
    desks_unlock(desks);
    return str_empty(out->id) ? RC_OK : tablet_parts_read(ctx, said, &out->parts);
}

static Rc no_mark(Ctx *ctx) {
    return ctx_fail(ctx, RC_INVALID, "no-mark", STR("wrong"),
                    "Press the button beside each answer that is wrong.");
}

static Rc mark_turn(Ctx *ctx, Showing *showing, Str what) {
    VEC_EACH (Mark, mark, &showing->marks)
        if (str_eq(mark->what, what)) {
            mark->on = !mark->on;
            return RC_OK;
        }
    if (showing->marks.len >= MARKS_MAX || what.len > MARK_CHARS)
        return ctx_fail(ctx, RC_LIMIT, "too-many-marks", STR("wrong"),
                        "Not more than %d answers are marked.", MARKS_MAX);
    vec_push(showing->arena, &showing->marks,
             (Mark){.what = str_dup(showing->arena, what), .on = true});
    return RC_OK;
}

static bool any_mark(const Showing *showing) {
    VEC_EACH (const Mark, mark, &showing->marks)
        if (mark->on) return true;
    return false;
}

static Rc press_do(Ctx *ctx, Showing *showing, const Tablet *tablet, const TabletSaid *said) {
    int64_t now = time_now(ctx->clock);
    if (said->press == PRESS_MARK) return mark_turn(ctx, showing, said->mark);
    if (said->press == PRESS_MORE) {
        showing->until = now + shown_lasts;
        return RC_OK;
    }
    if (said->press == PRESS_WRONG && !any_mark(showing)) return no_mark(ctx);
    showing->language = str_dup(showing->arena, str_head(said->language, 16));
    showing->tablet = str_dup(showing->arena, tablet->id);
    showing->paired_by = str_dup(showing->arena, tablet->by);
    showing_end(showing, said->press == PRESS_RIGHT ? TABLET_CONFIRMED : TABLET_REFUSED, now);
    return RC_OK;
}

static Rc press_late(Ctx *ctx, const Showing *showing, Str seen) {
    if (showing && showing->late && hash_same(showing->id, seen))
        return ctx_fail(ctx, RC_CONFLICT, "late", STR_NONE,
                        "The time for this has run out: tell the official.");
    return ctx_fail(ctx, RC_CONFLICT, "gone", STR_NONE, "This isn't shown any more.");
}

Rc tablet_press(Ctx *ctx, const Tablet *tablet, const TabletSaid *said) {
    TabletShown shown;
    TRY(tablet_shown(ctx, tablet, &shown));
    if (said->press == PRESS_MARK && hash_same(shown.id, said->showing) &&
        !tablet_can_mark(ctx, &shown.parts, said->mark))
        return no_mark(ctx);
    TabletDesks *desks = desks_lock(ctx);
    Showing *showing = showing_of(desk_of(desks, tablet->at), time_now(ctx->clock));
    bool there = showing && showing->state == TABLET_SHOWN && hash_same(showing->id, said->showing);
    Rc rc = there ? press_do(ctx, showing, tablet, said) : press_late(ctx, showing, said->showing);
    desks_unlock(desks);
    return rc;
}

/* Used up by the case that its draft becomes: no other draft is meant by it. */
bool tablet_confirmed(Ctx *ctx, const TabletPart *part, TabletStanding *out) {
    bool found = false;
    TabletDesks *desks = desks_lock(ctx);
    for (size_t i = 0; i < desks->all.len && !found; i++) {
        const Showing *showing = showing_of(desks->all.items[i], time_now(ctx->clock));
        bool own =
            showing && showing->state == TABLET_CONFIRMED && str_eq(showing->by, ctx->actor->id);
        for (size_t k = 0; own && k < showing->parts.len; k++)
            found = found || (str_eq(showing->parts.items[k].token, part->token) &&
                              str_eq(showing->parts.items[k].hash, part->hash));
        if (found) standing_copy(ctx->arena, desks->all.items[i], out);
    }
    desks_unlock(desks);
    return found;
}
