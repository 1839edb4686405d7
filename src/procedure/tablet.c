#include "procedure_int.h"

#include <sodium.h>
#include <stdio.h>

enum {
    CODE_CHARS = 8, /* 40 bits: ten tries in a quarter of an hour find none in ten minutes */
    TOKEN_CHARS = 26,
    ID_CHARS = 26,
    PAIRED_MAX = 500,
    SHOWN_ARENA = 2 << 20,
    SAID_MAX = 1 << 20,
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

/* Marked twice isn't marked; its place stays, so that presses cost nothing. */
typedef struct Mark {
    Str what;
    bool on;
} Mark;

typedef struct Showing {
    Arena *arena; /* of all of it, gone with it */
    Str id, by, about;
    Str said; /* the parts as JSON; wiped once it isn't shown any more */
    StrVec hashes;
    VEC(Mark) marks;
    TabletState state;
    int64_t shown_at, answered_at, until;
    Str language;
} Showing;

typedef struct Desk {
    TabletDesk at;
    Digest code;
    int64_t code_until;          /* 0: none waits */
    char code_by[ACCOUNT_CHARS]; /* account of who asked for it */
    Showing *showing;            /* NULL: nothing */
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
    if (showing->state == TABLET_SHOWN)
        showing_end(showing, TABLET_EXPIRED, now);
    else
        showing_drop(desk);
    return desk->showing;
}

/* ---- pairing ---- */

static Rc desk_good(Ctx *ctx, TabletDesk at) {
    TRY(visit_may_serve(ctx));
    return visit_desk_good(ctx, at.counter, at.desk);
}

static Digest code_hash(Ctx *ctx, Str code) {
    return ledger_keyed_hash(ctx->tenant->ledger, STR("tablet-code"), code);
}

Rc tablet_code(Ctx *ctx, TabletDesk at, Str *code) {
    TRY(desk_good(ctx, at));
    *code = rand_id(ctx->rand, ctx->arena, CODE_CHARS);
    TabletDesks *desks = desks_lock(ctx);
    Desk *desk = desk_of(desks, at);
    desk->code = code_hash(ctx, *code);
    desk->code_until = time_now(ctx->clock) + code_lasts;
    snprintf(desk->code_by, sizeof desk->code_by, STR_FMT, STR_ARG(ctx->actor->id));
    desks_unlock(desks);
    return RC_OK;
}

/* What was typed, in whatever width and case, with or without the dash. */
static Str code_typed(Ctx *ctx, Str typed) {
    Str folded = text_fold(ctx->arena, str_head(typed, 100));
    char *text = arena_alloc(ctx->arena, folded.len + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < folded.len; i++) {
        char c = folded.ptr[i];
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) text[n++] = c;
    }
    return (Str){text, n};
}

/* Takes the code of a desk, once. */
static bool code_take(Ctx *ctx, Str code, TabletDesk *at, Str *by) {
    bool found = false;
    Digest hash = code_hash(ctx, code);
    TabletDesks *desks = desks_lock(ctx);
    for (size_t i = 0; i < desks->all.len && !found; i++) {
        Desk *desk = desks->all.items[i];
        bool waits = time_now(ctx->clock) < desk->code_until;
        found = waits && sodium_memcmp(hash.bytes, desk->code.bytes, sizeof hash.bytes) == 0;
        if (!found) continue;
        desk->code_until = 0;
        *at = desk->at;
        *by = str_dup(ctx->arena, str_of(desk->code_by));
    }
    desks_unlock(desks);
    return found;
}

static Str tablet_id(Arena *arena, Str token) {
    const Str parts[] = {STR("machi-tablet"), token};
    Digest digest = hash_sha256_parts(parts, 2);
    Str suffix = hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, ID_CHARS);
    return str_fmt(arena, "urn:ngsi-ld:CounterTablet:" STR_FMT, STR_ARG(suffix));
}

static void tablet_read(const Entity *entity, Tablet *out) {
    *out = (Tablet){.id = entity->id,
                    .at = {entity_text(entity, IRI("counter")), entity_text(entity, IRI("desk"))},
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

/* Adds that those of a desk are none any more. */
static Rc desk_ends(Ctx *ctx, Command *command, TabletDesk at, size_t *n) {
    Tablets paired;
    Arena *arena = command_arena(command);
    *n = 0;
    TRY(tablets_today(ctx, at.counter, &paired));
    VEC_EACH (const Tablet, tablet, &paired) {
        if (!same_desk(tablet->at, at)) continue;
        Entity *after = entity_new(arena, str_dup(arena, tablet->id), STR(TABLET_TYPE));
        entity_set(arena, after, IRI("state"), json_of_str(STR("ended")));
        entity_set(arena, after, IRI("endedAt"),
                   json_of_str(time_format(arena, time_now(ctx->clock))));
        command_put(command, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after},
                    PUT_PRESENT, 0);
        (*n)++;
    }
    return RC_OK;
}

static void desk_clear(Ctx *ctx, TabletDesk at, bool code) {
    TabletDesks *desks = desks_lock(ctx);
    Desk *desk = desk_of(desks, at);
    if (desk->showing && desk->showing->state == TABLET_SHOWN)
        showing_end(desk->showing, TABLET_EXPIRED, time_now(ctx->clock));
    if (code) desk->code_until = 0;
    desks_unlock(desks);
}

/* by: who asked for the code, and answers for the pairing. */
static Rc pairing_put(Ctx *ctx, TabletDesk at, Str by, Str token) {
    Outcome outcome;
    size_t ended;
    Command *command = case_command(ctx, STR("tablet.pair"), STR_NONE, STR("counter"));
    Arena *arena = command_arena(command);
    Entity *tablet = entity_new(arena, tablet_id(arena, token), STR(TABLET_TYPE));
    entity_set(arena, tablet, IRI("counter"), json_of_str(str_dup(arena, at.counter)));
    entity_set(arena, tablet, IRI("desk"), json_of_str(str_dup(arena, at.desk)));
    entity_set(arena, tablet, IRI("day"), json_of_str(visit_today(ctx)));
    entity_set(arena, tablet, IRI("state"), json_of_str(STR("paired")));
    entity_set(arena, tablet, IRI("pairedBy"), json_of_str(str_dup(arena, by)));
    entity_set(arena, tablet, IRI("pairedAt"),
               json_of_str(time_format(arena, time_now(ctx->clock))));
    command_put(command, &(Delta){.op = DELTA_PUT, .id = tablet->id, .after = tablet}, PUT_ABSENT,
                0);
    Rc rc = desk_ends(ctx, command, at, &ended);
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

Rc tablet_pair(Ctx *ctx, Str code, Str *token) {
    TabletDesk at;
    Str by, network = apply_network(ctx, ctx->arena);
    if (ctx->actor->kind != ACTOR_NOBODY)
        return ctx_fail(ctx, RC_DENIED, "tablet-signed-in", STR("code"),
                        "Somebody has signed in with this browser: sign out first.");
    TRY(gate_try(ctx, STR("tablet-code"), network));
    if (!code_take(ctx, code_typed(ctx, code), &at, &by))
        return ctx_fail(ctx, RC_DENIED, "wrong-code", STR("code"),
                        "This is no code that waits: have a new one made at the desk.");
    gate_try_right(ctx, STR("tablet-code"), network);
    *token = rand_id(ctx->rand, ctx->arena, TOKEN_CHARS);
    TRY(pairing_put(ctx, at, by, *token));
    desk_clear(ctx, at, false); /* the one that was there shows nothing more */
    return RC_OK;
}

Rc tablet_unpair(Ctx *ctx, TabletDesk at) {
    Outcome outcome;
    size_t ended;
    TRY(desk_good(ctx, at));
    desk_clear(ctx, at, true);
    Command *command = case_command(ctx, STR("tablet.unpair"), STR_NONE, STR("counter"));
    Rc rc = desk_ends(ctx, command, at, &ended);
    if (rc == RC_OK && ended) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

Rc tablet_find(Ctx *ctx, Str token, Tablet *out) {
    const Entity *entity;
    if (ctx->actor->kind != ACTOR_NOBODY || token.len != TOKEN_CHARS) return no_tablet(ctx);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, tablet_id(ctx->arena, token), &entity);
    if (rc == RC_NOT_FOUND) return no_tablet(ctx);
    TRY(rc);
    bool today = str_eq(entity_text(entity, IRI("day")), visit_today(ctx));
    if (!today || !str_eq(entity_text(entity, IRI("state")), STR("paired"))) return no_tablet(ctx);
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
        if (str_empty(own.desk) || same_desk(own, tablet->at)) vec_push(ctx->arena, out, *tablet);
    return RC_OK;
}

/* ---- showing ---- */

static void member_add(Arena *arena, JsonMembers *members, const char *name, Json value) {
    vec_push(arena, members, (JsonMember){str_of(name), value});
}

static Str json_text_of(Ctx *ctx, const Json *json, Rc *rc) {
    Buf text = buf_new(ctx->arena, SAID_MAX);
    json_write(&text, json);
    *rc = buf_rc(&text) == RC_OK ? RC_OK
                                 : ctx_fail(ctx, RC_LIMIT, "too-long", STR_NONE,
                                            "These answers are too long for a tablet.");
    return buf_str(&text);
}

Rc tablet_part(Ctx *ctx, const DefinedDraft *draft, TabletPart *out) {
    Arena *arena = ctx->arena;
    int64_t fee;
    Rc rc;
    JsonMembers said = {0}, shown = {0};
    Json *kept = NEW(arena, Json);
    for (size_t i = 0; i < draft->form.n; i++)
        if (draft->form.answers[i].said)
            vec_push(arena, &said,
                     (JsonMember){draft->form.answers[i].field->id, *draft->form.answers[i].said});
    *kept = json_of_members(said.items, said.len);
    *out = (TabletPart){.definition = draft->definition, .said = kept};
    if (letters_asked(draft->definition)) out->notice = draft->notice;
    TRY(form_fee(ctx, &draft->form, &fee));
    member_add(arena, &shown, "procedure", json_of_str(draft->definition->id));
    member_add(arena, &shown, "version", json_of_int(draft->definition->version));
    member_add(arena, &shown, "answers", form_json(arena, &draft->form, false));
    member_add(arena, &shown, "sensitive", form_json(arena, &draft->form, true));
    member_add(arena, &shown, "notice", json_of_str(out->notice));
    member_add(arena, &shown, "fee", json_of_int(fee));
    Json all = json_of_members(shown.items, shown.len);
    Digest digest = hash_sha256(json_text_of(ctx, &all, &rc));
    out->hash = hash_hex(arena, (Str){(char *)digest.bytes, sizeof digest.bytes});
    return rc;
}

static Json part_json(Arena *arena, const TabletPart *part) {
    JsonMembers members = {0};
    member_add(arena, &members, "procedure", json_of_str(part->definition->id));
    member_add(arena, &members, "version", json_of_int(part->definition->version));
    member_add(arena, &members, "said", *part->said);
    member_add(arena, &members, "notice", json_of_str(part->notice));
    return json_of_members(members.items, members.len);
}

static Rc showing_new(Ctx *ctx, Str about, const TabletParts *parts, Showing **out) {
    JsonItems items = {0};
    Rc rc;
    VEC_EACH (const TabletPart, part, parts)
        vec_push(ctx->arena, &items, part_json(ctx->arena, part));
    Json all = json_of_items(items.items, items.len);
    Str said = json_text_of(ctx, &all, &rc);
    TRY(rc);
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
        vec_push(arena, &showing->hashes, str_dup(arena, part->hash));
    *out = showing;
    return RC_OK;
}

/* Puts it where nobody else shows something. */
static bool showing_put(Ctx *ctx, TabletDesk at, Showing *showing) {
    TabletDesks *desks = desks_lock(ctx);
    Desk *desk = desk_of(desks, at);
    const Showing *there = showing_of(desk, time_now(ctx->clock));
    bool busy = there && there->state == TABLET_SHOWN && !str_eq(there->by, showing->by);
    if (!busy) {
        showing_drop(desk);
        desk->showing = showing;
    }
    desks_unlock(desks);
    return !busy;
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
    tablet_cancel(ctx);
    TRY(showing_new(ctx, about, parts, &showing));
    if (showing_put(ctx, at, showing)) return RC_OK;
    said_wipe(showing);
    arena_free(showing->arena);
    return ctx_fail(ctx, RC_CONFLICT, "tablet-busy", STR("desk"),
                    "Somebody else shows something on this tablet now.");
}

void tablet_cancel(Ctx *ctx) {
    TabletDesks *desks = desks_lock(ctx);
    for (size_t i = 0; i < desks->all.len; i++) {
        Showing *showing = desks->all.items[i]->showing;
        if (showing && showing->state == TABLET_SHOWN && str_eq(showing->by, ctx->actor->id))
            showing_end(showing, TABLET_EXPIRED, time_now(ctx->clock));
    }
    desks_unlock(desks);
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
                            .language = str_dup(arena, showing->language)};
    marks_copy(arena, showing, &out->marks);
    VEC_EACH (const Str, hash, &showing->hashes)
        vec_push(arena, &out->hashes, str_dup(arena, *hash));
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

static Rc parts_read(Ctx *ctx, Str said, TabletParts *out) {
    const Json *all;
    TRY(json_read(ctx, said, JSON_LIMITS_DEFAULT, &all));
    for (size_t i = 0; i < all->len; i++) {
        const Json *one = json_at(all, i);
        TabletPart part = {
            .definition =
                catalogue_version(procedures_catalogue(ctx->tenant), json_get_str(one, "procedure"),
                                  json_get_int(one, "version", 0)),
            .said = json_get(one, STR("said")),
            .notice = json_get_str(one, "notice"),
        };
        vec_push(ctx->arena, out, part);
    }
    return RC_OK;
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
    return str_empty(out->id) ? RC_OK : parts_read(ctx, said, &out->parts);
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

static Rc press_do(Ctx *ctx, Showing *showing, const TabletSaid *said) {
    if (said->press == PRESS_MARK) return mark_turn(ctx, showing, said->mark);
    if (said->press == PRESS_WRONG && !any_mark(showing))
        return ctx_fail(ctx, RC_INVALID, "no-mark", STR("wrong"),
                        "Press the button beside each answer that is wrong.");
    showing->language = str_dup(showing->arena, str_head(said->language, 16));
    showing_end(showing, said->press == PRESS_RIGHT ? TABLET_CONFIRMED : TABLET_REFUSED,
                time_now(ctx->clock));
    return RC_OK;
}

Rc tablet_press(Ctx *ctx, const Tablet *tablet, const TabletSaid *said) {
    TabletDesks *desks = desks_lock(ctx);
    Showing *showing = showing_of(desk_of(desks, tablet->at), time_now(ctx->clock));
    bool there = showing && showing->state == TABLET_SHOWN && hash_same(showing->id, said->showing);
    Rc rc = there ? press_do(ctx, showing, said)
                  : ctx_fail(ctx, RC_CONFLICT, "gone", STR_NONE, "This isn't shown any more.");
    desks_unlock(desks);
    return rc;
}

/* ---- sending ---- */

static const char *const reasons[] = {"paper", "read-aloud", "no-tablet", "declined"};

const char *tablet_reason_at(size_t n) {
    return n < sizeof reasons / sizeof *reasons ? reasons[n] : NULL;
}

bool tablet_asks(const Ctx *ctx, const DefinedDraft *draft) {
    return str_eq(draft->channel, STR("counter")) && visit_counter_at(ctx, 0);
}

static bool is_reason(Str word) {
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (str_eq(word, str_of(reasons[i]))) return true;
    return false;
}

/* The confirmation of just this, which who acts has shown. */
static bool confirmed(Ctx *ctx, Str hash, TabletStanding *out) {
    bool found = false;
    TabletDesks *desks = desks_lock(ctx);
    for (size_t i = 0; i < desks->all.len && !found; i++) {
        const Showing *showing = showing_of(desks->all.items[i], time_now(ctx->clock));
        bool own =
            showing && showing->state == TABLET_CONFIRMED && str_eq(showing->by, ctx->actor->id);
        for (size_t k = 0; own && k < showing->hashes.len; k++)
            found = found || str_eq(showing->hashes.items[k], hash);
        if (found) standing_copy(ctx->arena, desks->all.items[i], out);
    }
    desks_unlock(desks);
    return found;
}

/* It was shown before there was a record of him: that it was is in his log from its first event on.
 */
static void look_add(Command *command, const Entity *application) {
    Arena *arena = command_arena(command);
    PartLook *look = NEW(arena, PartLook);
    look->why = STR(TABLET_WHY);
    vec_push(arena, &look->subjects, entity_text(application, IRI("applicant")));
    vec_push(arena, &look->records, application->id);
    command_add(command, &part_look, look);
}

static Json confirmation_json(Arena *arena, const TabletStanding *by) {
    JsonMembers members = {0};
    member_add(arena, &members, "by", json_of_str(STR("tablet")));
    member_add(arena, &members, "at", json_of_str(time_format(arena, by->answered_at)));
    member_add(arena, &members, "shownAt", json_of_str(time_format(arena, by->shown_at)));
    member_add(arena, &members, "language", json_of_str(str_dup(arena, by->language)));
    member_add(arena, &members, "counter", json_of_str(str_dup(arena, by->at.counter)));
    member_add(arena, &members, "desk", json_of_str(str_dup(arena, by->at.desk)));
    return json_of_members(members.items, members.len);
}

Rc tablet_write(Ctx *ctx, Command *command, const DefinedDraft *draft, Entity *application) {
    Arena *arena = command_arena(command);
    TabletPart part;
    TabletStanding by;
    if (!tablet_asks(ctx, draft)) return RC_OK;
    TRY(tablet_part(ctx, draft, &part));
    if (confirmed(ctx, part.hash, &by)) {
        entity_set_kind(arena, application, ATTR_JSON, IRI("confirmation"),
                        confirmation_json(arena, &by));
        entity_set(arena, application, IRI("confirmedHash"),
                   json_of_str(str_dup(arena, part.hash)));
        look_add(command, application);
        return RC_OK;
    }
    if (!is_reason(draft->unconfirmed))
        return ctx_fail(ctx, RC_INVALID, "no-confirmation", STR("unconfirmed"),
                        "Have it confirmed on the tablet, or say why it goes in without that.");
    JsonMembers members = {0};
    member_add(arena, &members, "by", json_of_str(STR("none")));
    member_add(arena, &members, "reason", json_of_str(str_dup(arena, draft->unconfirmed)));
    entity_set_kind(arena, application, ATTR_JSON, IRI("confirmation"),
                    json_of_members(members.items, members.len));
    return RC_OK;
}
