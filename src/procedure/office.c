#include "procedure_int.h"

#include <stdlib.h>

/* ---- one case ---- */

Rc office_case(Ctx *ctx, const OfficeAct *act, GateAction action, const Entity **out) {
    TRY(case_load(ctx, act->id, out));
    if (ctx->actor->kind != ACTOR_STAFF) /* whose case it is may change it, but is no official */
        return ctx_fail(ctx, RC_DENIED, "not-permitted", act->id, "Only officials do this.");
    GateAsk ask = {.action = action,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_INTERNAL,
                   .relation = gate_relation(ctx, *out)};
    return gate_check(ctx, &ask);
}

PartStep *office_step_new(Ctx *ctx, Command *command, const OfficeAct *act) {
    Arena *arena = command_arena(command);
    PartStep *step = NEW(arena, PartStep);
    Entity *set = entity_new(arena, str_dup(arena, act->id), STR(CASE_TYPE));
    entity_set(arena, set, IRI("assignee"), json_of_str(str_dup(arena, ctx->actor->id)));
    *step = (PartStep){.id = set->id,
                       .version = act->version,
                       .set = set,
                       .post = str_dup(arena, ctx->actor->post),
                       .text = str_dup(arena, str_trim(act->text))};
    command_needs(command, step->id);
    return step;
}

static PartStep *office_step(Ctx *ctx, Command *command, const OfficeAct *act) {
    PartStep *step = office_step_new(ctx, command, act);
    command_add(command, &part_case_step, step);
    return step;
}

void office_set(Command *command, PartStep *step, Str iri, Json value) {
    Entity *set = entity_dup(command_arena(command), step->set);
    entity_set(command_arena(command), set, iri, value);
    step->set = set;
}

void office_remedies(Ctx *ctx, Command *command, PartStep *step) {
    Arena *arena = command_arena(command);
    Entity *set = entity_dup(arena, step->set);
    entity_set_kind(arena, set, ATTR_JSON, IRI("remedies"),
                    *json_dup(arena, waste_remedies(procedures_waste(ctx->tenant))));
    step->set = set;
}

Rc office_text(Ctx *ctx, const OfficeAct *act) {
    if (!text_is_blank(ctx->arena, act->text)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "missing", STR("text"),
                    "Write the question or the reason: the resident reads it.");
}

Str office_confirmer_of(const Ctx *ctx, int64_t fee) {
    return office_post_id_now(
        ctx, waste_decider(procedures_waste(ctx->tenant), STR("application-confirm"), fee));
}

Str office_confirmer(const Ctx *ctx) {
    return office_confirmer_of(ctx, 0);
}

/* 専決: only within what the table gives to the post. */
static Rc within_delegation(Ctx *ctx, const Entity *application) {
    Str post = office_confirmer_of(ctx, entity_int(application, IRI("fee"), 0));
    if (str_eq(post, ctx->actor->post)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "beyond-delegation", STR("fee"),
                    "The delegation table gives this amount to another post: hand the case over.");
}

void office_post(Ctx *ctx, Command *command, PartStep *step, int64_t amount) {
    Str post = office_confirmer_of(ctx, amount);
    office_set(command, step, IRI("post"), json_of_str(str_dup(command_arena(command), post)));
}

Rc office_confirm(Ctx *ctx, const OfficeAct *act) {
    const Entity *application;
    Outcome outcome;
    TRY(office_case(ctx, act, ACT_CONFIRM, &application));
    TRY(within_delegation(ctx, application));
    if (str_eq(entity_text(application, IRI("reductionState")), STR("requested")))
        return ctx_fail(ctx, RC_CONFLICT, "reduction-open", act->id,
                        "A fee reduction has been asked for: draft its decision first.");
    Command *command = case_command(ctx, STR("application.confirm"), act->id, STR("web"));
    PartStep *step = office_step(ctx, command, act);
    office_post(ctx, command, step, 0); /* whoever confirmed, the section collects */
    step->from = 1u << CASE_SUBMITTED;
    step->to = CASE_CONFIRMED;
    return case_execute(ctx, command, &outcome);
}

OfficeAnswer office_answer(const Ctx *ctx, const Entity *application) {
    const Waste *waste = procedures_waste(ctx->tenant);
    Date pickup, today = time_jst_date(time_now(ctx->clock));
    OfficeAnswer answer = {
        .usual = waste_working_days_after(waste, today, waste_limits(waste)->answer_days)};
    if (!time_parse_date(entity_text(application, IRI("pickupDate")), &pickup)) return answer;
    answer.last = waste_last_before_cut_off(waste, pickup);
    if (time_date_days(answer.last) <= time_date_days(today)) return (OfficeAnswer){.none = true};
    if (time_date_days(answer.usual) > time_date_days(answer.last)) answer.usual = answer.last;
    return answer;
}

static Rc answer_in_time(Ctx *ctx, const OfficeAnswer *answer, Date wish) {
    if (!answer->last.year || time_date_days(wish) <= time_date_days(answer->last)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "late", STR("due"),
                    "An answer is needed before the cut-off of the pickup day: " STR_FMT
                    " is the last day to ask for.",
                    STR_ARG(time_format_date(ctx->arena, answer->last)));
}

/* Until when an answer is asked for. */
static Rc answer_by(Ctx *ctx, const Entity *application, Date wish, Date *out) {
    const Waste *waste = procedures_waste(ctx->tenant);
    const WasteLimits *limits = waste_limits(waste);
    Date today = time_jst_date(time_now(ctx->clock));
    OfficeAnswer answer = office_answer(ctx, application);
    if (answer.none)
        return ctx_fail(ctx, RC_INVALID, "none", STR("due"),
                        "No answer can come before the cut-off of the pickup day: ask by "
                        "telephone, or refuse.");
    if (!wish.year) wish = answer.usual;
    int64_t days = time_date_days(wish) - time_date_days(today);
    if (days <= 0)
        return ctx_fail(ctx, RC_INVALID, "past", STR("due"),
                        "An answer needs time: take tomorrow or a later day.");
    if (days > limits->answer_most)
        return ctx_fail(ctx, RC_INVALID, "far", STR("due"),
                        "An answer is asked for within %lld days.", (long long)limits->answer_most);
    TRY(answer_in_time(ctx, &answer, wish));
    *out = waste_limit_on(waste, wish);
    return RC_OK;
}

Rc office_ask(Ctx *ctx, const OfficeAct *act) {
    const Entity *application;
    Outcome outcome;
    Date by, due;
    TRY(office_text(ctx, act));
    TRY(office_case(ctx, act, ACT_UPDATE, &application));
    TRY(answer_by(ctx, application, act->answer_by, &by));
    Date today = time_jst_date(time_now(ctx->clock));
    int64_t left = time_parse_date(entity_text(application, IRI("due")), &due)
                       ? waste_working_days_left(procedures_waste(ctx->tenant), today, due)
                       : 0;
    Command *command = case_command(ctx, STR("application.ask"), act->id, STR("web"));
    PartStep *step = office_step(ctx, command, act);
    Json day = json_of_str(time_format_date(command_arena(command), by));
    office_set(command, step, IRI("answerDue"), day);
    office_set(command, step, IRI("due"), day); /* what the inbox goes by */
    office_set(command, step, IRI("dueLeft"), json_of_int(left));
    step->from = 1u << CASE_SUBMITTED;
    step->to = CASE_ASKED;
    return case_execute(ctx, command, &outcome);
}

static PartSlot *slot_of(Ctx *ctx, Command *command, const Entity *application) {
    Date day;
    const WasteDistrict *district =
        waste_district(procedures_waste(ctx->tenant), entity_text(application, IRI("district")));
    if (!district || !time_parse_date(entity_text(application, IRI("pickupDate")), &day))
        return NULL;
    PartSlot *slot = case_slot(ctx, command, district, day);
    slot->name = str_dup(command_arena(command), application->id);
    return slot;
}

/* A refusal states its reason and gives the day back. */
Rc office_refuse(Ctx *ctx, const OfficeAct *act) {
    const Entity *application;
    TRY(office_text(ctx, act));
    TRY(office_case(ctx, act, ACT_UPDATE, &application));
    Command *command = case_command(ctx, STR("application.refuse"), act->id, STR("web"));
    PartSlot *slot = slot_of(ctx, command, application);
    if (slot) command_add(command, &part_slot_release, slot);
    PartStep *step = office_step(ctx, command, act);
    office_remedies(ctx, command, step);
    step->from = 1u << CASE_SUBMITTED | 1u << CASE_ASKED;
    step->to = CASE_REFUSED;
    return case_end(ctx, command, application, step);
}

/* ---- who has it ---- */

const GatePost *office_post_now(const Ctx *ctx, Str post) {
    return gate_post_now(ctx->tenant->gate, post, time_now(ctx->clock));
}

Str office_post_id_now(const Ctx *ctx, Str post) {
    const GatePost *now = office_post_now(ctx, post);
    return now ? now->id : post;
}

static int post_order(const void *left, const void *right) {
    return str_cmp(*(const Str *)left, *(const Str *)right);
}

void office_posts_now(const Ctx *ctx, Str post, StrVec *out) {
    const Gate *gate = ctx->tenant->gate;
    const GatePost *one;
    *out = (StrVec){0};
    for (size_t i = 0; (one = gate_post_at(gate, i)); i++) {
        const GatePost *now = one->abolished.year ? office_post_now(ctx, one->id) : one;
        if (now && str_eq(now->id, post)) vec_push(ctx->arena, out, one->id);
    }
    if (!gate_post(gate, post)) vec_push(ctx->arena, out, post); /* what lists of it there are */
    if (out->len) qsort(out->items, out->len, sizeof *out->items, post_order);
}

bool office_works_in(const Gate *gate, const GateHolder *holder, const GatePost *of) {
    VEC_EACH (const Str, id, &holder->posts) {
        const GatePost *post = gate_post(gate, *id);
        bool works = post && post->roles & (1u << ROLE_CLERK | 1u << ROLE_CHIEF);
        if (str_eq(*id, of->id) || (works && str_eq(post->division, of->division))) return true;
    }
    return false;
}

bool office_is_left(const Ctx *ctx, const Entity *application, const GateHolders *holders) {
    const Gate *gate = ctx->tenant->gate;
    Str assignee = entity_text(application, IRI("assignee"));
    const GatePost *post = office_post_now(ctx, entity_text(application, IRI("post")));
    CaseState state = case_state(application);
    if (str_empty(assignee) || !post || state == CASE_STATES || CASE_ENDS & 1u << state)
        return false;
    VEC_EACH (const GateHolder, holder, holders)
        if (str_eq(holder->account, assignee)) return !office_works_in(gate, holder, post);
    return true;
}

/* ---- events ---- */

Str case_event_id(const Event *event) {
    Str id = event->delta ? event->delta->id : STR_NONE;
    if (str_eq(event->note_kind, STR(PROJECT_ERASED))) id = event->note_about;
    return str_starts(id, STR(CASE_ID_PREFIX)) ? id : STR_NONE;
}

/* ---- touch time ---- */

#define TOUCH_TYPE LD_DEFAULT "TouchTime"

enum { CASE_PREFIX = sizeof CASE_ID_PREFIX - 1 };

/* Kept beside the case, not in it: counting time must not make a case another version, which pages
   and proposals would take for a change. */
static Str touch_id(Arena *arena, Str case_id) {
    Str suffix = str_sub(case_id, CASE_PREFIX, case_id.len);
    return str_fmt(arena, "urn:ngsi-ld:TouchTime:" STR_FMT, STR_ARG(suffix));
}

/* The total is computed on the newest state: two pages that count at once lose nothing. */
typedef struct PartTouch {
    Str id, case_id, step;
    int64_t seconds;
} PartTouch;

/* What was counted of each step, and more of one. */
static Json steps_with(Arena *arena, const Entity *before, const PartTouch *part) {
    const Attr *attr = before ? entity_attr(before, IRI("steps")) : NULL;
    JsonMembers members = {0};
    bool there = false;
    for (uint32_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        JsonMember member = attr->value->value.members[i];
        bool same = str_eq(member.name, part->step);
        if (same) member.value = json_of_int(member.value.value.integer + part->seconds);
        there |= same;
        vec_push(arena, &members, member);
    }
    if (!there) vec_push(arena, &members, (JsonMember){part->step, json_of_int(part->seconds)});
    return json_of_members(members.items, members.len);
}

static Rc touch_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartTouch *part = args;
    const Entity *before = stage_entity(stage, part->id);
    int64_t total = (before ? entity_int(before, IRI("seconds"), 0) : 0) + part->seconds;
    Entity *after = entity_new(ctx->arena, part->id, STR(TOUCH_TYPE));
    entity_set_kind(ctx->arena, after, ATTR_RELATIONSHIP, IRI("case"), json_of_str(part->case_id));
    entity_set(ctx->arena, after, IRI("seconds"), json_of_int(total));
    entity_set_kind(ctx->arena, after, ATTR_JSON, IRI("steps"),
                    steps_with(ctx->arena, before, part));
    Delta delta = {.op = DELTA_PUT, .id = part->id, .after = after};
    stage_put(stage, &delta);
    return RC_OK;
}

static const PartKind part_case_touch = {"application.touch", 1, NULL, touch_apply};

static Rc touch_good(Ctx *ctx, int64_t seconds) {
    if (seconds > 0 && seconds <= 3600) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-seconds", STR("seconds"),
                    "Active time is 1 to 3600 seconds.");
}

static Rc step_of(Ctx *ctx, const Entity *application, Str said, Str *out) {
    const Definition *definition = defined_of(ctx, application);
    bool known = definition ? definition_state(definition, said) != NULL
                            : case_state_of(said) != CASE_STATES;
    *out = known ? said : case_state_own(application);
    if (known || str_empty(said)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-step", STR("step"),
                    "The procedure has no such state: load the page again.");
}

static void touch_add(Command *command, Str case_id, Str step, int64_t seconds) {
    Arena *arena = command_arena(command);
    PartTouch *part = NEW(arena, PartTouch);
    *part = (PartTouch){touch_id(arena, case_id), str_dup(arena, case_id), str_dup(arena, step),
                        seconds};
    command_needs(command, part->id);
    command_add(command, &part_case_touch, part);
}

Rc office_touch(Ctx *ctx, const OfficeAct *act) {
    const Entity *application;
    Outcome outcome;
    TRY(touch_good(ctx, act->touch));
    TRY(office_case(ctx, act, ACT_UPDATE, &application));
    Str step;
    TRY(step_of(ctx, application, act->step, &step));
    Command *command = case_command(ctx, STR("application.touch"), act->id, STR("web"));
    touch_add(command, act->id, step, act->touch);
    return case_execute(ctx, command, &outcome);
}

Rc office_touch_all(Ctx *ctx, const StrVec *ids, int64_t seconds) {
    const Entity *application;
    Outcome outcome;
    StrVec steps = {0};
    int64_t n = (int64_t)ids->len;
    TRY(touch_good(ctx, seconds));
    VEC_EACH (const Str, id, ids) {
        TRY(office_case(ctx, &(OfficeAct){.id = *id}, ACT_UPDATE, &application));
        vec_push(ctx->arena, &steps, str_dup(ctx->arena, case_state_own(application)));
    }
    if (!n) return RC_OK;
    Command *command = case_command(ctx, STR("application.touch"), STR_NONE, STR("web"));
    for (int64_t i = 0; i < n; i++) {
        int64_t part = seconds / n + (i < seconds % n);
        if (part) touch_add(command, ids->items[i], steps.items[i], part);
    }
    return case_execute(ctx, command, &outcome);
}

Rc office_touched(Ctx *ctx, Str case_id, int64_t *seconds) {
    const Entity *touch;
    *seconds = 0;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, touch_id(ctx->arena, case_id), &touch);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    *seconds = entity_int(touch, IRI("seconds"), 0);
    return RC_OK;
}
