#include "procedure_int.h"

#include "draw.h"

#include <stdlib.h>

#define TICKET_TYPE LD_DEFAULT "LotteryTicket"
#define DRAND       "drand-quicknet"

enum { SALT_CHARS = 26, TICKET_CHARS = 26, STEPS_AT_ONCE = 500, MONTHS_AHEAD = 3 };
enum { SEED_MAX = 200, DRAND_CHARS = 64 };

/* Within it the timer has been to every case of a lottery that was drawn. */
static const int64_t settling_time = TIME_HOUR;

static const Str state_words[] = {
    [DRAW_NONE] = STR("open"),
    [DRAW_CLOSING] = STR("closing"),
    [DRAW_CLOSED] = STR("closed"),
    [DRAW_DRAWN] = STR("drawn"),
};

/* ---- reading ---- */

static Str draw_id(Arena *arena, const Reservation *reservation, Date month) {
    return str_fmt(arena, "urn:ngsi-ld:Lottery:" STR_FMT ":" STR_FMT,
                   STR_ARG(reservation->resource), STR_ARG(reservation_month_text(arena, month)));
}

Str draw_name(Arena *arena, const Reservation *reservation, Date month) {
    return str_fmt(arena, STR_FMT " " STR_FMT, STR_ARG(reservation->resource),
                   STR_ARG(reservation_month_text(arena, month)));
}

/* An hour after the closing: nobody can have known it while he could still enter. */
Str draw_randomness(Arena *arena, const ReservationLottery *lottery, Date month) {
    if (!str_eq(lottery->randomness, STR(DRAND))) return lottery->randomness;
    int64_t at = lottery_closes(lottery, month) + TIME_HOUR;
    return str_fmt(arena, STR_FMT " round %lld", STR_ARG(lottery->randomness),
                   (long long)lottery_drand_round(at));
}

static const Json *list_of(const Entity *entity, Str iri) {
    const Attr *attr = entity_attr(entity, iri);
    return attr && attr->value && attr->value->kind == JSON_ARRAY ? attr->value : NULL;
}

static void entries_read(Arena *arena, const Entity *entity, Lottery *out) {
    const Json *slots = list_of(entity, IRI("slots")), *entries = list_of(entity, IRI("entries"));
    for (size_t i = 0; slots && i < slots->len; i++)
        vec_push(arena, &out->slots,
                 (LotterySlot){json_str(json_at(json_at(slots, i), 0)),
                               (int64_t)json_number(json_at(json_at(slots, i), 1))});
    for (size_t i = 0; entries && i < entries->len; i++)
        vec_push(arena, &out->entries,
                 (LotteryEntry){json_str(json_at(json_at(entries, i), 0)),
                                json_str(json_at(json_at(entries, i), 1)),
                                (int64_t)json_number(json_at(json_at(entries, i), 2))});
}

Rc draw_load(Ctx *ctx, const Definition *definition, Date month, Draw *out) {
    const Reservation *reservation = definition->reservation;
    const Entity *entity;
    Arena *arena = ctx->arena;
    *out = (Draw){.definition = definition,
                  .month = month,
                  .id = draw_id(arena, reservation, month),
                  .lottery = {.name = draw_name(arena, reservation, month),
                              .randomness = draw_randomness(arena, &reservation->lottery, month)}};
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, out->id, &entity);
    if (rc != RC_OK) return rc == RC_NOT_FOUND ? RC_OK : rc;
    out->version = entity->version;
    while (out->state < DRAW_DRAWN &&
           !str_eq(state_words[out->state], entity_text(entity, IRI("state"))))
        out->state++;
    out->lottery.closed = entity_text(entity, IRI("closedAt"));
    out->lottery.randomness = entity_text(entity, IRI("randomness"));
    out->lottery.seed = entity_text(entity, IRI("seed"));
    entries_read(arena, entity, &out->lottery);
    if (out->state == DRAW_DRAWN) lottery_draw(arena, &out->lottery, &out->ranks);
    return RC_OK;
}

/* Who won by a seed that came late holds his slot before what is left is anybody's. */
static bool is_settled(const Ctx *ctx, const Entity *entity) {
    const Json *entries = list_of(entity, IRI("entries"));
    if (!str_eq(entity_text(entity, IRI("state")), state_words[DRAW_DRAWN])) return false;
    return !entries || !entries->len || time_now(ctx->clock) >= entity->modified_at + settling_time;
}

Rc draw_phase(Ctx *ctx, const Reservation *reservation, Date day, LotteryPhase *out) {
    const Entity *entity;
    *out = PHASE_FREE;
    if (reservation->mode != RESERVE_LOTTERY) return RC_OK;
    Date month = reservation_month(day, 0);
    *out = lottery_phase(&reservation->lottery, month, time_now(ctx->clock));
    if (*out != PHASE_FREE) return RC_OK;
    Rc rc =
        ledger_entity(ctx, ctx->tenant->ledger, draw_id(ctx->arena, reservation, month), &entity);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_NOT_FOUND || !is_settled(ctx, entity))
        *out = PHASE_DRAWING; /* nobody books before those who entered have their answer */
    return RC_OK;
}

bool draw_entry(const Ctx *ctx, const Entity *application, DrawEntry *out) {
    const Definition *definition = defined_of(ctx, application);
    const Attr *attr = entity_attr(application, IRI("entry"));
    const Json *entry = attr ? attr->value : NULL;
    *out = (DrawEntry){.lottery = entity_text(application, IRI("lottery")),
                       .commitment = json_get_str(entry, "commitment"),
                       .salt = json_get_str(entry, "salt"),
                       .units = json_get_int(entry, "units", 1),
                       .until = entity_int(application, IRI("wonUntil"), 0)};
    if (!definition || !definition->reservation || !entry ||
        !reservation_choice(definition->reservation, json_get_str(entry, "slot"), &out->choice))
        return false;
    out->month = reservation_month(out->choice.time.day, 0);
    return true;
}

/* ---- entering ---- */

/* lottery.enter: changes nothing, but entries must still be taken. */
typedef struct PartEnter {
    Str lottery;
    int64_t closes;
} PartEnter;

static Rc enter_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartEnter *part = args;
    if (!stage_entity(stage, part->lottery) && stage_now(stage) < part->closes) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "entries-closed", part->lottery,
                    "Entries to this lottery are closed.");
}

static const PartKind part_enter = {"lottery.enter", 1, enter_guard, NULL};

static Str phone_of(const Form *form) {
    for (size_t i = 0; i < form->n; i++)
        if (str_eq(form->answers[i].field->from, STR("phone")) &&
            form->answers[i].value.kind == FEEL_STRING)
            return form->answers[i].value.string;
    return STR_NONE;
}

/* Who enters under an account and again without it, or by another channel, under the same telephone
   number enters once: a ticket's id is a keyed hash of either, and an entry takes both. Accounts
   may share a number, as a family does; who has none has the number for himself. */
static Str ticket_id(Ctx *ctx, Arena *arena, Str lottery, Str who) {
    Str text = str_fmt(arena, STR_FMT " " STR_FMT, STR_ARG(lottery), STR_ARG(who));
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("lottery-ticket"), text);
    return str_fmt(arena, "urn:ngsi-ld:LotteryTicket:" STR_FMT,
                   STR_ARG(hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes},
                                       TICKET_CHARS)));
}

/* lottery.ticket: taken, or (lottery empty) given back. */
typedef struct PartTicket {
    Str id, lottery;
    bool shared; /* of a number: with other accounts */
} PartTicket;

static int64_t sharers(const Entity *ticket) {
    return ticket ? entity_int(ticket, IRI("accounts"), 0) : 0;
}

static Rc ticket_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartTicket *part = args;
    const Entity *taken = stage_entity(stage, part->id);
    if (str_empty(part->lottery) || !taken || (part->shared && sharers(taken))) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "exists", part->id, "There is an entry already.");
}

static Rc ticket_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartTicket *part = args;
    const Entity *taken = stage_entity(stage, part->id);
    bool leaves = str_empty(part->lottery);
    int64_t n = sharers(taken) + (!part->shared ? 0 : leaves ? -1 : 1);
    if (leaves && !taken) return RC_OK;
    Delta delta = {.op = leaves && n <= 0 ? DELTA_DELETE : DELTA_PUT, .id = part->id};
    if (delta.op == DELTA_PUT) {
        Str lottery = leaves ? entity_text(taken, IRI("lottery")) : part->lottery;
        Entity *after = entity_new(ctx->arena, part->id, STR(TICKET_TYPE));
        entity_set(ctx->arena, after, IRI("lottery"), json_of_str(lottery));
        if (n) entity_set(ctx->arena, after, IRI("accounts"), json_of_int(n));
        delta.after = after;
    }
    stage_put(stage, &delta);
    return RC_OK;
}

static const PartKind part_ticket = {"lottery.ticket", 1, ticket_guard, ticket_apply};

static void ticket_put(Command *command, Str id, Str lottery, bool shared) {
    if (str_empty(id)) return; /* an entry has one or two */
    PartTicket *part = NEW(command_arena(command), PartTicket);
    *part = (PartTicket){id, lottery, shared};
    command_needs(command, part->id);
    command_add(command, &part_ticket, part);
}

void draw_enter(Ctx *ctx, Command *command, const DefinedDraft *draft, const DrawWish *wish,
                Entity *application) {
    Arena *arena = command_arena(command);
    const Reservation *reservation = draft->definition->reservation;
    Date month = reservation_month(wish->choice->time.day, 0);
    PartEnter *enter = NEW(arena, PartEnter);
    *enter = (PartEnter){draw_id(arena, reservation, month),
                         lottery_closes(&reservation->lottery, month)};
    command_needs(command, enter->lottery);
    command_add(command, &part_enter, enter);
    Str phone = find_phone(arena, phone_of(&draft->form)), person = ctx->actor->person;
    bool own = str_eq(draft->channel, STR("web")) && !str_empty(person);
    Str who = own ? person : str_empty(phone) ? application->id : phone, also = STR_NONE;
    Str ticket = ticket_id(ctx, arena, enter->lottery, who);
    if (own && !str_empty(phone)) also = ticket_id(ctx, arena, enter->lottery, phone);
    ticket_put(command, ticket, enter->lottery, false);
    ticket_put(command, also, enter->lottery, true);
    LotteryWish entry = {.lottery = draw_name(arena, reservation, month),
                         .case_id = application->id,
                         .slot = reservation_choice_text(arena, wish->choice),
                         .salt = rand_id(ctx->rand, arena, SALT_CHARS),
                         .units = wish->units};
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 6);
    members[0] = (JsonMember){STR("slot"), json_of_str(entry.slot)};
    members[1] = (JsonMember){STR("units"), json_of_int(entry.units)};
    members[2] = (JsonMember){STR("salt"), json_of_str(entry.salt)};
    members[3] = (JsonMember){STR("commitment"), json_of_str(lottery_commitment(arena, &entry))};
    members[4] = (JsonMember){STR("ticket"), json_of_str(ticket)};
    members[5] = (JsonMember){STR("alsoTicket"), json_of_str(also)};
    entity_set(arena, application, IRI("lottery"), json_of_str(enter->lottery));
    entity_set_kind(arena, application, ATTR_JSON, IRI("entry"),
                    json_of_members(members, str_empty(also) ? 5 : 6));
}

void draw_leave(Ctx *ctx, Command *command, const Entity *application) {
    DrawEntry entry;
    const Reservation *reservation = defined_of(ctx, application)->reservation;
    Arena *arena = command_arena(command);
    if (!draw_entry(ctx, application, &entry)) return;
    int64_t closes = lottery_closes(&reservation->lottery, entry.month);
    const Json *kept = entity_attr(application, IRI("entry"))->value;
    if (time_now(ctx->clock) < closes) { /* he may enter again */
        ticket_put(command, str_dup(arena, json_get_str(kept, "ticket")), STR_NONE, false);
        ticket_put(command, str_dup(arena, json_get_str(kept, "alsoTicket")), STR_NONE, true);
        return;
    }
    PartSlot *part = booking_part(command, reservation, &entry.choice);
    part->name = str_dup(arena, application->id);
    command_add(command, &part_slot_release, part);
}

/* ---- closing and drawing ---- */

/* What is done to a lottery, and by which way. */
typedef struct DrawAct {
    const char *kind;
    Str channel;
} DrawAct;

static Command *draw_command(Ctx *ctx, const Draw *draw, DrawAct act, Entity **after) {
    Command *command = case_command(ctx, str_of(act.kind), STR_NONE, act.channel);
    Arena *arena = command_arena(command);
    *after = entity_new(arena, str_dup(arena, draw->id), STR(DRAW_TYPE));
    Delta delta = {
        .op = draw->version ? DELTA_CHANGE : DELTA_PUT, .id = (*after)->id, .after = *after};
    command_put(command, &delta, draw->version ? PUT_VERSION : PUT_ABSENT, draw->version);
    return command;
}

static void state_set(Arena *arena, Entity *after, DrawState state) {
    entity_set(arena, after, IRI("state"), json_of_str(state_words[state]));
}

/* From now on nobody enters: what entered is whole when it is gathered. */
static Rc draw_close(Ctx *ctx, const Draw *draw) {
    const Reservation *reservation = draw->definition->reservation;
    Entity *after;
    Outcome outcome;
    Command *command = draw_command(ctx, draw, (DrawAct){"lottery.close", STR("timer")}, &after);
    Arena *arena = command_arena(command);
    entity_set(arena, after, IRI("resource"), json_of_str(reservation->resource));
    entity_set(arena, after, IRI("month"), json_of_str(reservation_month_text(arena, draw->month)));
    entity_set(arena, after, IRI("closedAt"),
               json_of_str(time_format(arena, lottery_closes(&reservation->lottery, draw->month))));
    entity_set(arena, after, IRI("randomness"),
               json_of_str(str_dup(arena, draw->lottery.randomness)));
    state_set(arena, after, DRAW_CLOSING);
    return case_execute(ctx, command, &outcome);
}

/* A case of the lottery, as long as the round goes on. */
typedef struct DrawCase {
    Str id, state, commitment;
    SlotChoice choice;
    int64_t units, until;
    size_t rank;
    bool wins;
} DrawCase;
typedef VEC(DrawCase) DrawCases;

typedef struct Gathering {
    Ctx *ctx; /* whose arena lasts */
    DrawCases *out;
} Gathering;

static Rc case_gather(Ctx *ctx, void *arg, const Entity *application) {
    Gathering *gathering = arg;
    Arena *arena = gathering->ctx->arena;
    CaseState state = case_state(application);
    DrawEntry entry;
    if (state == CASE_STATES || CASE_ENDS & 1u << state) return RC_OK;
    if (!draw_entry(ctx, application, &entry)) return RC_OK;
    vec_push(arena, gathering->out,
             (DrawCase){.id = str_dup(arena, application->id),
                        .state = str_dup(arena, entity_text(application, IRI("procedureState"))),
                        .commitment = str_dup(arena, entry.commitment),
                        .choice = entry.choice,
                        .units = entry.units,
                        .until = entry.until});
    return RC_OK;
}

/* All that are still open, at whatever state. */
static Rc cases_gather(Ctx *ctx, const Draw *draw, DrawCases *out) {
    Gathering gathering = {ctx, out};
    ProjectWish wish = {.type = STR("Application"),
                        .q = str_fmt(ctx->arena, "lottery==\"" STR_FMT "\"", STR_ARG(draw->id))};
    *out = (DrawCases){0};
    return project_each(ctx, &wish, case_gather, &gathering);
}

static bool has_slot(const Lottery *lottery, Str name) {
    VEC_EACH (const LotterySlot, slot, &lottery->slots)
        if (str_eq(slot->name, name)) return true;
    return false;
}

static void lottery_of(Ctx *ctx, const Reservation *reservation, const DrawCases *cases,
                       Lottery *out) {
    Arena *arena = ctx->arena;
    VEC_EACH (const DrawCase, one, cases) {
        const ReservationPlace *place = one->choice.place;
        Str slot = reservation_choice_text(arena, &one->choice);
        int64_t units = place->units - reservation_reserved(reservation, place);
        if (units > 0 && !has_slot(out, slot))
            vec_push(arena, &out->slots, (LotterySlot){slot, units});
        if (units > 0)
            vec_push(arena, &out->entries, (LotteryEntry){one->commitment, slot, one->units});
    }
    lottery_sort(out);
}

static Json row_json(Arena *arena, Json first, Json second, const Json *third) {
    Json *items = NEW_ARRAY(arena, Json, 3);
    items[0] = first;
    items[1] = second;
    if (third) items[2] = *third;
    return json_of_items(items, third ? 3 : 2);
}

static void list_set(Arena *arena, Entity *after, const Lottery *lottery) {
    JsonItems slots = {0}, entries = {0};
    VEC_EACH (const LotterySlot, slot, &lottery->slots)
        vec_push(arena, &slots,
                 row_json(arena, json_of_str(slot->name), json_of_int(slot->units), NULL));
    VEC_EACH (const LotteryEntry, entry, &lottery->entries) {
        Json units = json_of_int(entry->units);
        vec_push(arena, &entries,
                 row_json(arena, json_of_str(entry->commitment), json_of_str(entry->slot), &units));
    }
    entity_set_kind(arena, after, ATTR_JSON, IRI("slots"), json_of_items(slots.items, slots.len));
    entity_set_kind(arena, after, ATTR_JSON, IRI("entries"),
                    json_of_items(entries.items, entries.len));
}

/* Publishes the list. Where nobody entered there is nothing to draw. */
static Rc draw_publish(Ctx *ctx, const Draw *draw) {
    DrawCases cases;
    Outcome outcome;
    Entity *after;
    Lottery list = {0};
    TRY(cases_gather(ctx, draw, &cases));
    if (cases.len > LOTTERY_ENTRIES_MAX)
        return ctx_fail(ctx, RC_LIMIT, "lottery-too-large", draw->id,
                        "A lottery has at most %d entries: divide the resource into several.",
                        LOTTERY_ENTRIES_MAX);
    lottery_of(ctx, draw->definition->reservation, &cases, &list);
    Command *command = draw_command(ctx, draw, (DrawAct){"lottery.publish", STR("timer")}, &after);
    list_set(command_arena(command), after, &list);
    state_set(command_arena(command), after, list.entries.len ? DRAW_CLOSED : DRAW_DRAWN);
    return case_execute(ctx, command, &outcome);
}

/* Of drand what its round is: 64 hex digits, which it publishes in small letters. */
static Rc seed_check(Ctx *ctx, const Draw *draw, Str seed) {
    bool drand = str_starts(draw->lottery.randomness, STR(DRAND)), good = true;
    for (size_t i = 0; i < seed.len; i++) {
        char c = seed.ptr[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        good = good && (drand ? hex : c > ' ' && c <= '~');
    }
    if (!good || (drand ? seed.len != DRAND_CHARS : seed.len < 4 || seed.len > SEED_MAX))
        return ctx_fail(
            ctx, RC_INVALID, "bad-seed", STR("seed"),
            "The seed is what was published: of drand 64 digits 0 to 9 and a to f, else "
            "from 4 to %d letters and digits without blanks.",
            SEED_MAX);
    const ReservationLottery *lottery = &draw->definition->reservation->lottery;
    int64_t round = lottery_drand_round(lottery_closes(lottery, draw->month) + TIME_HOUR);
    if (!drand || lottery_drand_round(time_now(ctx->clock)) > round) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "not-published", draw->id,
                    "The round of drand that gives the seed is still to come: wait for it.");
}

/* As it was published, however it was typed. */
static Str seed_of(Arena *arena, const Draw *draw, Str typed) {
    bool drand = str_starts(draw->lottery.randomness, STR(DRAND));
    return drand ? text_fold(arena, typed) : str_trim(text_nfkc(arena, typed));
}

Rc draw_seed(Ctx *ctx, const Definition *definition, Date month, Str seed) {
    Draw draw;
    Outcome outcome;
    Entity *after;
    GateAsk ask = {.action = ACT_CONFIRM, .type = STR(DRAW_TYPE), .class = CLASS_OPEN};
    TRY(gate_check(ctx, &ask));
    TRY(draw_load(ctx, definition, month, &draw));
    seed = seed_of(ctx->arena, &draw, seed);
    if (draw.state == DRAW_DRAWN)
        return ctx_fail(ctx, RC_CONFLICT, "drawn", draw.id, "This lottery has been drawn.");
    if (draw.state != DRAW_CLOSED)
        return ctx_fail(ctx, RC_CONFLICT, "not-closed", draw.id,
                        "A seed is entered once the list of entries is out.");
    TRY(seed_check(ctx, &draw, seed));
    Command *command = draw_command(ctx, &draw, (DrawAct){"lottery.draw", STR("web")}, &after);
    Arena *arena = command_arena(command);
    entity_set(arena, after, IRI("seed"), json_of_str(str_dup(arena, seed)));
    JsonItems ranks = {0};
    draw.lottery.seed = seed;
    lottery_draw(ctx->arena, &draw.lottery, &draw.ranks);
    VEC_EACH (const LotteryRank, rank, &draw.ranks)
        vec_push(arena, &ranks,
                 row_json(arena, json_of_str(str_dup(arena, rank->entry->commitment)),
                          json_of_bool(rank->wins), NULL));
    entity_set_kind(arena, after, ATTR_JSON, IRI("ranks"), json_of_items(ranks.items, ranks.len));
    state_set(arena, after, DRAW_DRAWN);
    return case_execute(ctx, command, &outcome);
}

/* ---- what follows for the cases ---- */

typedef struct Settling {
    Ctx *ctx;
    const Draw *draw;
    const ReservationLottery *lottery;
    int64_t frees;
    size_t steps;
} Settling;

static bool in_state(const DrawCase *one, Str state) {
    return str_eq(one->state, state);
}

static PartSlot *win_hold(const Settling *settling, Command *command, const DrawCase *one,
                          int64_t until) {
    PartSlot *part = booking_part(command, settling->draw->definition->reservation, &one->choice);
    part->name = str_dup(command_arena(command), one->id);
    part->units = one->units;
    part->until = until;
    return part;
}

/* What was drawn has its days however late the seed came; who moves up, until the rest is free. */
static int64_t win_until(const Settling *settling, const DrawCase *one) {
    Date today = time_jst_date(time_now(settling->ctx->clock));
    int64_t until = time_jst_start(today) + (settling->lottery->confirm + 1) * TIME_DAY;
    bool drawn = one->wins && in_state(one, settling->lottery->entered);
    return drawn || until < settling->frees ? until : settling->frees;
}

static void due_set(Arena *arena, Entity *set, int64_t until) {
    Date last = time_jst_date(until - 1);
    Json day = json_of_str(time_format_date(arena, last));
    entity_set(arena, set, IRI("wonUntil"), json_of_int(until));
    entity_set(arena, set, IRI("due"), day);
    entity_set(arena, set, IRI("answerDue"), day);
}

/* One case from one state to another; a win holds its slot in the same command. A case that has
   moved meanwhile stays as it is. */
static Rc case_settle(Settling *settling, const DrawCase *one, Str to) {
    Ctx *ctx = settling->ctx;
    Outcome outcome;
    const DefinedState *state = definition_state(settling->draw->definition, to);
    Command *command = case_command(ctx, STR("lottery.settle"), one->id, STR("timer"));
    Arena *arena = command_arena(command);
    PartStep *step = NEW(arena, PartStep);
    StrVec *from = NEW(arena, StrVec);
    vec_push(arena, from, str_dup(arena, one->state));
    Entity *set = entity_new(arena, str_dup(arena, one->id), STR(CASE_TYPE));
    if (str_eq(to, settling->lottery->won)) {
        int64_t until = win_until(settling, one);
        due_set(arena, set, until);
        command_add(command, &part_slot_hold, win_hold(settling, command, one, until));
    }
    *step = (PartStep){.id = set->id,
                       .defined_from = from,
                       .defined_to = to,
                       .to = defined_phase(state),
                       .set = set,
                       .kind = to};
    command_needs(command, step->id);
    command_add(command, &part_case_step, step);
    Rc rc = case_execute(ctx, command, &outcome);
    if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("moved-on"))) return RC_OK;
    settling->steps += rc == RC_OK;
    return rc;
}

static bool is_full(const Ctx *ctx, Rc rc) {
    return rc == RC_CONFLICT && str_eq(ctx->error.code, STR("slot-full"));
}

/* What keeps one case, or one lottery, keeps no other. What is to be tried later is for all. */
static Rc failed_alone(Ctx *ctx, Str id, Rc rc) {
    if (rc == RC_OK || rc == RC_BUSY || ctx_check_deadline(ctx) != RC_OK) return rc;
    log_error("procedure", STR_FMT " does not go on in its lottery: " STR_FMT, STR_ARG(id),
              STR_ARG(ctx->error.detail));
    ctx->error = (Error){0};
    return RC_OK;
}

static Rc entered_settle(Settling *settling, const DrawCase *one) {
    const ReservationLottery *lottery = settling->lottery;
    int64_t now = time_now(settling->ctx->clock);
    if (in_state(one, lottery->won) && one->until <= now)
        return case_settle(settling, one, lottery->lost);
    if (!in_state(one, lottery->entered)) return RC_OK;
    if (one->wins) {
        Rc rc = case_settle(settling, one, lottery->won);
        if (!is_full(settling->ctx, rc)) return rc;
        log_warn("procedure", STR_FMT " has won a slot that is taken, and waits for it",
                 STR_ARG(one->id));
        return case_settle(settling, one, lottery->waiting);
    }
    return case_settle(settling, one, now < settling->frees ? lottery->waiting : lottery->lost);
}

/* 繰上げ: by rank, while something of the slot is free. */
static Rc waiting_settle(Settling *settling, const DrawCase *one) {
    const ReservationLottery *lottery = settling->lottery;
    if (!in_state(one, lottery->waiting)) return RC_OK;
    if (time_now(settling->ctx->clock) >= settling->frees)
        return case_settle(settling, one, lottery->lost);
    Rc rc = case_settle(settling, one, lottery->won);
    return is_full(settling->ctx, rc) ? RC_OK : rc;
}

static int rank_order(const void *a, const void *b) {
    const DrawCase *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void cases_rank(Arena *arena, const Draw *draw, DrawCases *cases) {
    Map ranks = map_new(arena);
    for (size_t i = 0; i < draw->ranks.len; i++)
        map_put(&ranks, draw->ranks.items[i].entry->commitment, (void *)(uintptr_t)(i + 1));
    VEC_EACH (DrawCase, one, cases) {
        one->rank = (uintptr_t)map_get(&ranks, one->commitment);
        one->wins = one->rank && draw->ranks.items[one->rank - 1].wins;
    }
    if (cases->len) qsort(cases->items, cases->len, sizeof *cases->items, rank_order);
}

static Rc draw_settle(Ctx *ctx, const Draw *draw, bool *more) {
    const ReservationLottery *lottery = &draw->definition->reservation->lottery;
    DrawCases cases;
    Settling settling = {
        .ctx = ctx, .draw = draw, .lottery = lottery, .frees = lottery_frees(lottery, draw->month)};
    if (!draw->lottery.entries.len) return RC_OK;
    TRY(cases_gather(ctx, draw, &cases));
    cases_rank(ctx->arena, draw, &cases);
    VEC_EACH (const DrawCase, one, &cases) {
        if (settling.steps >= STEPS_AT_ONCE) break;
        TRY(failed_alone(ctx, one->id, entered_settle(&settling, one)));
    }
    *more = *more || settling.steps > 0; /* who waits moves up once all have their result */
    if (settling.steps) return RC_OK;
    VEC_EACH (const DrawCase, one, &cases)
        TRY(failed_alone(ctx, one->id, waiting_settle(&settling, one)));
    return RC_OK;
}

static Rc draw_round(Ctx *ctx, const Definition *definition, Date month, bool *more) {
    Draw draw;
    const ReservationLottery *lottery = &definition->reservation->lottery;
    if (time_now(ctx->clock) < lottery_closes(lottery, month)) return RC_OK;
    TRY(draw_load(ctx, definition, month, &draw));
    if (draw.state == DRAW_NONE) {
        TRY(draw_close(ctx, &draw));
        TRY(draw_load(ctx, definition, month, &draw));
    }
    if (draw.state == DRAW_CLOSING) return draw_publish(ctx, &draw);
    return draw.state == DRAW_DRAWN ? draw_settle(ctx, &draw, more) : RC_OK;
}

static Rc month_round(Ctx *ctx, const Definition *definition, Date month, bool *more) {
    Rc rc = draw_round(ctx, definition, month, more);
    return failed_alone(ctx, draw_id(ctx->arena, definition->reservation, month), rc);
}

Rc draws_round(Ctx *ctx, bool *more) {
    Date today = time_jst_date(time_now(ctx->clock));
    Definitions found;
    CatalogueQuery query = {.day = today};
    *more = false;
    catalogue_search(ctx->arena, procedures_catalogue(ctx->tenant), &query, &found);
    for (size_t i = 0; i < found.len; i++) {
        const Reservation *reservation = found.items[i]->reservation;
        if (!reservation || reservation->mode != RESERVE_LOTTERY) continue;
        for (int n = 0; n < MONTHS_AHEAD; n++)
            TRY(month_round(ctx, found.items[i], reservation_month(today, n), more));
    }
    return RC_OK;
}
