#include "procedure_int.h"

#include <arpa/inet.h>

enum { TOKEN_CHARS = 26, ID_CHARS = 26, NETWORK_CHARS = 12 };

/* ---- days ---- */

Rc apply_days(Ctx *ctx, const WasteDistrict *district, ApplyDays *out) {
    const Waste *waste = procedures_waste(ctx->tenant);
    int64_t now = time_now(ctx->clock);
    Date *days;
    *out = (ApplyDays){0};
    size_t n = waste_days(ctx->arena, waste, district, now, &days);
    for (size_t i = 0; i < n; i++) {
        const Entity *slot = NULL;
        Rc rc =
            ledger_entity(ctx, ctx->tenant->ledger,
                          book_slot_id(ctx->arena, WASTE_RESOURCE, district->id, days[i]), &slot);
        if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
        int64_t left = book_slot_read(rc == RC_OK ? slot : NULL, district->capacity, now).left;
        vec_push(ctx->arena, out, (ApplyDay){days[i], left});
    }
    return RC_OK;
}

Str apply_network(Ctx *ctx, Arena *arena) {
    unsigned char bytes[16] = {0};
    Str address = ctx->actor->client;
    bool six = inet_pton(AF_INET6, str_fmt(arena, STR_FMT, STR_ARG(address)).ptr, bytes) == 1;
    Str network = six ? (Str){(const char *)bytes, sizeof bytes / 2} : address;
    Date today = time_jst_date(time_now(ctx->clock));
    Str key = str_fmt(arena, STR_FMT " " STR_FMT, STR_ARG(time_format_date(arena, today)),
                      STR_ARG(hash_hex(arena, network)));
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("hold-network"), key);
    return hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, NETWORK_CHARS);
}

/* ---- holding a day ---- */

Rc apply_hold(Ctx *ctx, const ApplyHold *hold, int64_t *until) {
    Outcome outcome;
    const WasteLimits *limits = waste_limits(procedures_waste(ctx->tenant));
    Command *command = case_command(ctx, STR("slot.hold"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    bool moved = hold->before.year && time_date_days(hold->before) != time_date_days(hold->day);
    PartSlot *old = moved ? case_slot(ctx, command, hold->district, hold->before) : NULL,
             *part = case_slot(ctx, command, hold->district, hold->day);
    part->name = str_dup(arena, hold->name);
    part->until = *until = time_now(ctx->clock) + limits->hold;
    if (ctx->actor->kind == ACTOR_NOBODY) part->network = apply_network(ctx, arena);
    part->share = limits->hold_share;
    part->network_max = limits->hold_network;
    if (old) {
        old->name = part->name;
        command_add(command, &part_slot_release, old);
    }
    command_add(command, &part_slot_hold, part);
    return case_execute(ctx, command, &outcome);
}

Rc apply_unhold(Ctx *ctx, const WasteDistrict *district, Date day, Str hold) {
    Outcome outcome;
    Command *command = case_command(ctx, STR("slot.release"), STR_NONE, STR("web"));
    PartSlot *part = case_slot(ctx, command, district, day);
    part->name = str_dup(command_arena(command), hold);
    command_add(command, &part_slot_release, part);
    return case_execute(ctx, command, &outcome);
}

/* ---- the application as an entity ---- */

Str apply_case_id(Arena *arena, Str token) {
    const Str parts[] = {STR("machi-receipt"), token};
    Digest digest = hash_sha256_parts(parts, 2);
    Str suffix = hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, ID_CHARS);
    return str_fmt(arena, "urn:ngsi-ld:Application:" STR_FMT, STR_ARG(suffix));
}

Rc apply_sent(Ctx *ctx, Str token, bool *out) {
    const Entity *application;
    *out = false;
    if (token.len != TOKEN_CHARS) return RC_OK;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, apply_case_id(ctx->arena, token), &application);
    *out = rc == RC_OK;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static Json items_json(Arena *arena, const Answers *answers) {
    JsonItems items = {0};
    VEC_EACH (const ApplyItem, one, &answers->items) {
        JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
        members[0] = (JsonMember){STR("id"), json_of_str(one->item->id)};
        members[1] = (JsonMember){STR("quantity"), json_of_int(one->quantity)};
        members[2] = (JsonMember){STR("fee"), json_of_int(one->item->fee * one->quantity)};
        vec_push(arena, &items, json_of_members(members, 3));
    }
    return json_of_items(items.items, items.len);
}

static Json classes_json(Arena *arena, const Answers *answers) {
    JsonItems items = {0};
    VEC_EACH (const ApplyItem, one, &answers->items) {
        bool seen = false;
        for (size_t i = 0; i < items.len; i++)
            seen = seen || str_eq(json_str(&items.items[i]), one->item->class);
        if (!seen) vec_push(arena, &items, json_of_str(one->item->class));
    }
    return json_of_items(items.items, items.len);
}

/* What the rules found, in the order of rules.json. All of these hold by construction when a form
 * is sent; the clerk sees that they were looked at. */
static Json checks_json(Ctx *ctx, const Answers *answers) {
    const Json *rules = json_get(waste_rules(procedures_waste(ctx->tenant)), STR("checks"));
    Faults faults = {0};
    JsonItems items = {0};
    apply_check(ctx, answers, STEP_CHECK, &faults);
    for (size_t i = 0; rules && i < rules->len; i++) {
        const Json *rule = json_at(rules, i);
        Str id = json_get_str(rule, "id");
        const char *field = str_starts(id, STR("items")) || str_eq(id, STR("fee-sum")) ? "items"
                            : str_eq(id, STR("address-district"))                      ? "town"
                                                                                       : "slot";
        bool ok = true;
        VEC_EACH (Fault, fault, &faults)
            ok = ok && !str_eq(str_of(fault->field), str_of(field));
        JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, 2);
        members[0] = (JsonMember){STR("check"), json_of_str(id)};
        members[1] = (JsonMember){STR("ok"), json_of_bool(ok)};
        vec_push(ctx->arena, &items, json_of_members(members, 2));
    }
    return json_of_items(items.items, items.len);
}

static Json reduction_json(Arena *arena, const Answers *answers) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("ground"), json_of_str(answers->reduction->id)};
    members[1] = (JsonMember){STR("article"), json_of_str(answers->reduction->article)};
    members[2] = (JsonMember){STR("fee"), json_of_int(apply_fee_reduced(answers))};
    return json_of_members(members, 3);
}

static void set_texts(Arena *arena, Entity *entity, const Answers *answers) {
    const struct {
        Str iri, value;
    } texts[] = {
        {IRI("district"), answers->district->id},
        {IRI("town"), answers->town},
        {IRI("postcode"), answers->postcode},
        {IRI("address"), answers->address},
        {IRI("building"), answers->building},
        {IRI("name"), answers->name},
        {IRI("kana"), answers->kana},
        {IRI("phone"), answers->phone},
        {IRI("email"), answers->email},
        {IRI("place"), answers->place},
        {IRI("openDataChoice"), answers->choice},
        {IRI("pickupDate"), time_format_date(arena, answers->day)},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!str_empty(texts[i].value))
            entity_set(arena, entity, texts[i].iri, json_of_str(texts[i].value));
}

static Entity *application_entity(Ctx *ctx, Arena *arena, const ApplySend *send, Str id) {
    const Answers *answers = send->answers;
    const Waste *waste = procedures_waste(ctx->tenant);
    Entity *entity = entity_new(arena, id, STR(CASE_TYPE));
    Date today = time_jst_date(time_now(ctx->clock)),
         due = waste_working_days_after(waste, today, waste_limits(waste)->standard_days);
    due = waste_answer_by(waste, today, due, answers->day);
    set_texts(arena, entity, answers);
    entity_set(arena, entity, IRI("procedure"), json_of_str(WASTE_RESOURCE));
    entity_set(arena, entity, IRI("procedureVersion"), json_of_int(1));
    send_origin(ctx, arena, entity,
                &(SendFrom){send->channel, send->applicant, waste_retention(waste)});
    entity_set_kind(
        arena, entity, ATTR_RELATIONSHIP, IRI("slot"),
        json_of_str(book_slot_id(arena, WASTE_RESOURCE, answers->district->id, answers->day)));
    entity_set_kind(arena, entity, ATTR_JSON, IRI("items"), items_json(arena, answers));
    entity_set(arena, entity, IRI("itemClasses"), classes_json(arena, answers));
    entity_set(arena, entity, IRI("fee"), json_of_int(apply_fee(answers)));
    entity_set(arena, entity, IRI("reductionState"),
               json_of_str(answers->reduction ? STR("requested") : STR("none")));
    if (answers->reduction)
        entity_set_kind(arena, entity, ATTR_JSON, IRI("feeReduction"),
                        reduction_json(arena, answers));
    entity_set_kind(arena, entity, ATTR_JSON, IRI("checks"), checks_json(ctx, answers));
    /* a reduction is examined first: what then remains names the post */
    Str post = office_confirmer_of(ctx, answers->reduction ? 0 : apply_fee(answers));
    entity_set(arena, entity, IRI("post"), json_of_str(str_dup(arena, post)));
    entity_set(arena, entity, IRI("due"), json_of_str(time_format_date(arena, due)));
    return entity;
}

/* ---- sending ---- */

static Rc complete(Ctx *ctx, const Answers *answers) {
    Faults faults = {0};
    apply_check(ctx, answers, STEP_CHECK, &faults);
    if (!faults.len && answers->token.len == TOKEN_CHARS) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "incomplete",
                    faults.len ? str_of(faults.items[0].field) : STR("token"),
                    "An answer is missing or wrong: go through the questions again.");
}

Rc apply_send(Ctx *ctx, const ApplySend *send, Receipt *out) {
    const Answers *answers = send->answers;
    *out = (Receipt){.id = apply_case_id(ctx->arena, answers->token), .token = answers->token};
    bool sent;
    TRY(apply_sent(ctx, answers->token, &sent));
    if (sent) return send_again(ctx, out);
    TRY(complete(ctx, answers));
    TRY(send_allowed(ctx, send->channel));
    TRY(household_try(ctx));
    Command *command = case_command(ctx, STR("application.submit"), out->id, send->channel);
    Arena *arena = command_arena(command);
    PartSlot *slot = case_slot(ctx, command, answers->district, answers->day);
    slot->name = str_dup(arena, out->id);
    slot->hold = str_dup(arena, answers->hold);
    household_set(ctx, command, answers, slot);
    command_add(command, &part_slot_book, slot);
    Entity *application = application_entity(ctx, arena, send, str_dup(arena, out->id));
    Rc rc = visit_join(ctx, arena, application, send->visit);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    (void)send_submit(ctx, command, application);
    return household_tried(ctx, send_execute(ctx, command, out));
}

/* ---- afterwards ---- */

/* A decided plan takes nothing from who was promised to change until the cut-off. */
static const unsigned may_change_states = 1u << CASE_SUBMITTED | 1u << CASE_ASKED |
                                          1u << CASE_CONFIRMED | 1u << CASE_PLANNED |
                                          1u << CASE_MISSED;

static Date pickup_of(const Entity *application) {
    Date date = {0};
    (void)time_parse_date(entity_text(application, IRI("pickupDate")), &date);
    return date;
}

static bool is_office(const Ctx *ctx) {
    return ctx->actor->kind == ACTOR_STAFF;
}

/* Until when; the office, who is called, until the truck goes. */
static int64_t change_end(const Ctx *ctx, CaseState state, Date pickup) {
    if (!is_office(ctx)) return waste_cut_off(procedures_waste(ctx->tenant), pickup);
    return state == CASE_PLANNED ? time_jst_start(pickup) : INT64_MAX;
}

/* The cut-off is that of a day to come: a day that was missed has none. */
bool apply_may_change(Ctx *ctx, const Entity *application) {
    CaseState state = case_state(application);
    Date pickup = pickup_of(application);
    if (state == CASE_MISSED) return true;
    return state != CASE_STATES && (may_change_states & 1u << state) && pickup.year &&
           time_now(ctx->clock) < change_end(ctx, state, pickup);
}

/* The case of who asks, while the day may still be changed or given back. */
static Rc changeable(Ctx *ctx, Str id, const Entity **out) {
    TRY(case_own(ctx, id, out));
    if (apply_may_change(ctx, *out)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "too-late", id,
                    "This can no longer be changed here: call the number on the page.");
}

/* Gives the case's day back; one on which the truck came in vain was used. */
static void own_slot_release(Ctx *ctx, Command *command, const Entity *application) {
    const WasteDistrict *district =
        waste_district(procedures_waste(ctx->tenant), entity_text(application, IRI("district")));
    if (!district || case_state(application) == CASE_MISSED) return;
    PartSlot *part = case_slot(ctx, command, district, pickup_of(application));
    part->name = str_dup(command_arena(command), application->id);
    command_add(command, &part_slot_release, part);
}

/* A move at the resident's wish: through the office, it is written down whose. */
static Command *wish_command(Ctx *ctx, Str kind, Str id) {
    return case_command(ctx, kind, id, is_office(ctx) ? STR("phone") : STR("web"));
}

static void wish_step(const Ctx *ctx, Command *command, PartStep *step, Str kind) {
    step->kind = kind;
    if (is_office(ctx)) step->post = str_dup(command_arena(command), ctx->actor->post);
}

static PartStep *step_new(Command *command, const Entity *application, unsigned from,
                          CaseState to) {
    Arena *arena = command_arena(command);
    PartStep *step = NEW(arena, PartStep);
    *step = (PartStep){.id = str_dup(arena, application->id),
                       .from = from,
                       .to = to,
                       .version = application->version};
    command_needs(command, step->id);
    return step;
}

Rc apply_cancel(Ctx *ctx, Str id) {
    const Entity *application;
    TRY(changeable(ctx, id, &application));
    Command *command = wish_command(ctx, STR("application.cancel"), id);
    own_slot_release(ctx, command, application);
    PartStep *step = step_new(command, application, may_change_states, CASE_CANCELLED);
    wish_step(ctx, command, step, CASE_STEP_CANCEL);
    command_add(command, &part_case_step, step);
    return case_end(ctx, command, application, step);
}

/* An earlier pickup brings the answer forward: the office's, or while a question waits the
   resident's. */
static void answer_forward(const Ctx *ctx, Arena *arena, const Entity *application, Date pickup,
                           Entity *set) {
    const Waste *waste = procedures_waste(ctx->tenant);
    Date due, today = time_jst_date(time_now(ctx->clock));
    bool asked = case_state(application) == CASE_ASKED;
    if (!time_parse_date(entity_text(application, IRI("due")), &due)) return;
    due = asked ? waste_reply_by(waste, today, due, pickup)
                : waste_answer_by(waste, today, due, pickup);
    Json day = json_of_str(time_format_date(arena, due));
    entity_set(arena, set, IRI("due"), day);
    if (asked) entity_set(arena, set, IRI("answerDue"), day);
}

Rc apply_change_day(Ctx *ctx, Str id, Date day) {
    const Entity *application;
    Outcome outcome;
    TRY(changeable(ctx, id, &application));
    const WasteDistrict *district =
        waste_district(procedures_waste(ctx->tenant), entity_text(application, IRI("district")));
    Answers wanted = {.district = district, .day = day};
    if (!apply_day_offered(ctx, &wanted))
        return ctx_fail(ctx, RC_INVALID, "not-offered", STR("day"),
                        "This day cannot be chosen: take one from the list.");
    Command *command = wish_command(ctx, STR("application.change"), id);
    Arena *arena = command_arena(command);
    CaseState state = case_state(application);
    own_slot_release(ctx, command, application);
    PartSlot *new = case_slot(ctx, command, district, day);
    new->name = str_dup(arena, application->id);
    wanted.town = entity_text(application, IRI("town"));
    wanted.address = entity_text(application, IRI("address"));
    wanted.building = entity_text(application, IRI("building"));
    wanted.kana = entity_text(application, IRI("kana"));
    household_set(ctx, command, &wanted, new);
    /* what was missed or planned has been checked already, and goes into another plan */
    bool checked = state == CASE_MISSED || state == CASE_PLANNED;
    PartStep *step =
        step_new(command, application, may_change_states, checked ? CASE_CONFIRMED : state);
    wish_step(ctx, command, step, CASE_STEP_DAY);
    Entity *set = entity_new(arena, step->id, STR(CASE_TYPE));
    entity_set(arena, set, IRI("pickupDate"), json_of_str(time_format_date(arena, day)));
    entity_set_kind(arena, set, ATTR_RELATIONSHIP, IRI("slot"), json_of_str(new->slot));
    if (state == CASE_SUBMITTED || state == CASE_ASKED)
        answer_forward(ctx, arena, application, day, set);
    step->set = set;
    command_add(command, &part_slot_book, new);
    command_add(command, &part_case_step, step);
    return case_execute(ctx, command, &outcome);
}

Rc apply_reply(Ctx *ctx, Str id, Str text) {
    const Entity *application;
    Outcome outcome;
    if (text_is_blank(ctx->arena, text))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("answer"), "Write your answer.");
    TRY(case_own(ctx, id, &application)); /* also past the cut-off: the office waits for it */
    Command *command = case_command(ctx, STR("application.reply"), id, STR("web"));
    PartStep *step = step_new(command, application, 1u << CASE_ASKED, CASE_SUBMITTED);
    Arena *arena = command_arena(command);
    const Waste *waste = procedures_waste(ctx->tenant);
    /* the office's time goes on where it stood still */
    Date today = time_jst_date(time_now(ctx->clock)), pickup,
         due = waste_limit_on(waste, waste_working_days_after(
                                         waste, today, entity_int(application, IRI("dueLeft"), 0)));
    if (time_parse_date(entity_text(application, IRI("pickupDate")), &pickup))
        due = waste_answer_by(waste, today, due, pickup);
    Entity *set = entity_new(arena, step->id, STR(CASE_TYPE));
    entity_set(arena, set, IRI("due"), json_of_str(time_format_date(arena, due)));
    step->set = set;
    step->text = str_dup(arena, str_trim(text));
    command_add(command, &part_case_step, step);
    return case_execute(ctx, command, &outcome);
}

Rc apply_choose(Ctx *ctx, Str id, Str choice) {
    const Entity *application;
    Outcome outcome;
    if (!str_eq(choice, STR("in")) && !str_eq(choice, STR("out")))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("choice"), "Choose one of the two.");
    TRY(case_load(ctx, id, &application));
    GateAsk ask = {.action = ACT_UPDATE,
                   .type = STR(CASE_TYPE),
                   .attr = IRI("openDataChoice"),
                   .class = CLASS_PERSONAL,
                   .relation = gate_relation(ctx, application)};
    TRY(gate_check(ctx, &ask));
    Command *command = case_command(ctx, STR("application.choose"), id, STR("web"));
    Arena *arena = command_arena(command);
    Entity *after = entity_new(arena, str_dup(arena, id), STR(CASE_TYPE));
    entity_set(arena, after, IRI("openDataChoice"), json_of_str(choice));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after}, PUT_PRESENT,
                0);
    return case_execute(ctx, command, &outcome);
}
