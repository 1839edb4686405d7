/* seed: the cases of an invented city, by the commands that real ones take. Each case is lived
   through by a clock of its own, from its submission to wherever it stands now; the ledger's clock
   stays what it is, so a last command, kind "application.seed", writes the lived instants over
   those of the writing. */
#include "seed_int.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEED_ARENA = 256 << 20,
    STORY_STEPS = 12,
    SPAN_DAYS = 100,  /* how far back the oldest case lies */
    RECENT_DAYS = 25, /* one of RECENT_OF cases lies in these */
    RECENT_OF = 6,
    DATES_AT_ONCE = 50,
    ANSWER_DAYS = 4, /* for an answer, in working days */
    LEAD_DAYS = 8,   /* at least from application to pickup */
    TOKEN_CHARS = 26,
    PERSON_CHARS = 26,
    MISSED_OF = 9,       /* one of so many pickups found nothing to take */
    UNMARKED_MIN = 4,    /* pickups of a day whose marks are left to be made */
    OPEN_REDUCTIONS = 3, /* of the newest cases */
    RESIDENTS = 2
};

/* What becomes of a case, if time allows. */
typedef enum Fate { FATE_DONE, FATE_ASKED, FATE_SILENT, FATE_CANCELLED, FATE_REFUSED } Fate;

typedef struct Story {
    int64_t at; /* when it is submitted */
    Str id;
    Date pickup;
    Fate fate;
    bool reduction;
    Str person; /* of a demo resident, or empty */
    int64_t steps[STORY_STEPS];
    size_t step_count;
} Story;

/* A proposal and when it was drafted and decided; TIME_NONE: it waits. */
typedef struct Proposal {
    Str id;
    int64_t drafted, decided;
} Proposal;

/* A proposal that is drafted last, for the dating of its cases would void it. */
typedef struct Waiting {
    Story *story; /* NULL: the plan of a day */
    Date day;
    int64_t at;
} Waiting;

typedef struct Seed {
    Ctx ctx; /* with the generator's clock, randomness and arena */
    Clock clock;
    Rand rand;
    Arena *lasting; /* what outlives one story */
    const Waste *waste;
    int64_t now;
    const SeedWish *wish;
    Actor clerk, chief, nobody, residents[RESIDENTS];
    Story *stories;
    size_t count, marked;
    Map by_id;
    VEC(Proposal) proposals;
    VEC(Waiting) waiting;
} Seed;

/* ---- who acts, and when ---- */

static void act_as(Seed *seed, Actor *actor, int64_t at) {
    seed->clock.fixed = at;
    actor->stepped_up_at = actor == &seed->chief ? at : TIME_NONE;
    seed->ctx.actor = actor;
    seed->ctx.purpose = actor == &seed->clerk   ? STR("bulky-waste-check")
                        : actor == &seed->chief ? STR("bulky-waste-decide")
                                                : STR_NONE;
}

static Rc official(Seed *seed, Str login, Str post_id, Actor *out) {
    Str id;
    Ctx *ctx = &seed->ctx;
    TRY(gate_account_find(ctx, login, &id));
    const GatePost *post = gate_post(ctx->tenant->gate, post_id);
    if (!post)
        return ctx_fail(ctx, RC_FAILED, "no-post", post_id, "The organisation has no such post.");
    *out = (Actor){.kind = ACTOR_STAFF,
                   .id = str_dup(seed->lasting, id),
                   .post = post->id,
                   .post_title = post->title_ja,
                   .division = post->division,
                   .roles = post->roles};
    return RC_OK;
}

static Rc resident(Seed *seed, Str login, Actor *out) {
    Str id;
    TRY(gate_account_find(&seed->ctx, login, &id));
    Str suffix = str_sub(id, id.len - PERSON_CHARS, id.len);
    *out = (Actor){.kind = ACTOR_RESIDENT,
                   .id = str_dup(seed->lasting, id),
                   .person = str_fmt(seed->lasting, "urn:ngsi-ld:Person:" STR_FMT, STR_ARG(suffix)),
                   .roles = 1u << ROLE_RESIDENT};
    return RC_OK;
}

static Rc actors_find(Seed *seed) {
    Str clerk = waste_decider(seed->waste, STR("application-confirm"), 0),
        chief = waste_decider(seed->waste, PLAN_KIND, 0);
    seed->nobody = (Actor){.kind = ACTOR_NOBODY};
    TRY(official(seed, STR("clerk"), clerk, &seed->clerk));
    TRY(official(seed, STR("chief"), chief, &seed->chief));
    TRY(resident(seed, STR("resident-1"), &seed->residents[0]));
    return resident(seed, STR("resident-2"), &seed->residents[1]);
}

/* In office hours, so many working days later. */
static int64_t office_time(Seed *seed, int64_t from, int64_t days) {
    Date date = waste_working_days_after(seed->waste, time_jst_date(from), days);
    return time_jst_start(date) + 9 * TIME_HOUR +
           (int64_t)rand_below(&seed->rand, 7 * 60) * TIME_MINUTE;
}

static void step_mark(Story *story, int64_t at) {
    assert(story->step_count < STORY_STEPS);
    story->steps[story->step_count++] = at;
}

/* ---- one story ---- */

/* A day that is left, with time for all that comes between; false when there is none. */
static Rc day_choose(Seed *seed, const Story *story, Answers *answers, bool *found) {
    ApplyDays days;
    VEC(Date) fit = {0};
    Ctx *ctx = &seed->ctx;
    TRY(apply_days(ctx, answers->district, &days));
    int64_t between = 2 + (story->fate != FATE_DONE ? 3 : 0) + (story->reduction ? 3 : 0);
    Date ready = waste_working_days_after(seed->waste, time_jst_date(seed->clock.fixed), between);
    VEC_EACH (ApplyDay, day, &days)
        if (day->left > 0 && waste_cut_off(seed->waste, day->date) > time_jst_start(ready))
            vec_push(ctx->arena, &fit, day->date);
    *found = fit.len > 0;
    if (*found) answers->day = fit.items[rand_below(&seed->rand, fit.len < 3 ? fit.len : 3)];
    return RC_OK;
}

static const WasteReduction *reduction_draw(Seed *seed) {
    size_t n = 0;
    while (waste_reduction_at(seed->waste, n))
        n++;
    return n ? waste_reduction_at(seed->waste, rand_below(&seed->rand, n)) : NULL;
}

static Actor *applicant(Seed *seed, const Story *story) {
    for (size_t i = 0; i < RESIDENTS; i++)
        if (str_eq(seed->residents[i].person, story->person)) return &seed->residents[i];
    return &seed->nobody;
}

static Rc story_submit(Seed *seed, Story *story, bool *sent) {
    Answers answers;
    Receipt receipt;
    Ctx *ctx = &seed->ctx;
    uint64_t way = rand_below(&seed->rand, 100);
    bool web = way < 70 || !str_empty(story->person);
    seed_answers(ctx->arena, &seed->rand, seed->waste, &answers);
    answers.token = rand_id(&seed->rand, ctx->arena, TOKEN_CHARS);
    if (story->reduction) answers.reduction = reduction_draw(seed);
    act_as(seed, web ? applicant(seed, story) : &seed->clerk, story->at);
    TRY(day_choose(seed, story, &answers, sent));
    if (!*sent) return RC_OK;
    ApplySend send = {.answers = &answers,
                      .channel = web        ? STR("web")
                                 : way < 85 ? STR("counter")
                                            : STR("phone"),
                      .applicant = story->person};
    TRY(apply_send(ctx, &send, &receipt));
    story->id = str_dup(seed->lasting, receipt.id);
    story->pickup = answers.day;
    step_mark(story, story->at);
    map_put(&seed->by_id, story->id, story);
    return RC_OK;
}

static Rc story_cancel(Seed *seed, Story *story) {
    int64_t at = story->at + (int64_t)rand_below(&seed->rand, 48 * 60) * TIME_MINUTE;
    if (at > seed->now) return RC_OK;
    act_as(seed, applicant(seed, story), at);
    seed->nobody.held = story->id; /* by the address of the receipt */
    TRY(apply_cancel(&seed->ctx, story->id));
    step_mark(story, at);
    return RC_OK;
}

static Rc story_refuse(Seed *seed, Story *story, int64_t at, Str reason) {
    OfficeAct act = {.id = story->id, .text = reason};
    if (at > seed->now) return RC_OK;
    act_as(seed, &seed->clerk, at);
    TRY(office_refuse(&seed->ctx, &act));
    step_mark(story, at);
    return RC_OK;
}

/* Asks back; an answer comes the next day, or none at all. *at moves on; past now when the case
 * waits. */
static Rc story_ask(Seed *seed, Story *story, int64_t *at) {
    SeedTalk talk = seed_talk(&seed->rand);
    OfficeAct act = {.id = story->id, .text = talk.question};
    if (*at > seed->now) return RC_OK;
    act_as(seed, &seed->clerk, *at);
    TRY(office_ask(&seed->ctx, &act));
    step_mark(story, *at);
    if (story->fate == FATE_SILENT) {
        *at = office_time(seed, *at, ANSWER_DAYS + 1);
        return story_refuse(seed, story, *at,
                            STR("期限までにお返事がなかったため、受け付けできませんでした。"));
    }
    *at += TIME_DAY / 2 + (int64_t)rand_below(&seed->rand, 600) * TIME_MINUTE;
    if (*at > seed->now) return RC_OK;
    act_as(seed, applicant(seed, story), *at);
    seed->nobody.held = story->id;
    TRY(apply_reply(&seed->ctx, story->id, talk.answer));
    step_mark(story, *at);
    *at = office_time(seed, *at, 1);
    return RC_OK;
}

static Rc stored_text(Seed *seed, Str id, Str iri, Str *out) {
    const Entity *entity;
    TRY(ledger_entity(&seed->ctx, seed->ctx.tenant->ledger, id, &entity));
    *out = entity_text(entity, iri);
    return RC_OK;
}

/* The post that decides it, when that is one of the demo chief's. */
static Rc chiefs_own(Seed *seed, const Story *story, bool *own) {
    const Entity *application;
    TRY(ledger_entity(&seed->ctx, seed->ctx.tenant->ledger, story->id, &application));
    const Attr *reduction = entity_attr(application, IRI("feeReduction"));
    int64_t reduced = reduction ? json_get_int(reduction->value, "fee", 0) : 0;
    Str post = waste_decider(seed->waste, STR("fee-reduction"),
                             entity_int(application, IRI("fee"), 0) - reduced);
    *own = str_eq(post, seed->chief.post);
    return RC_OK;
}

static Rc decide(Seed *seed, const Proposal *proposal, bool approve) {
    OfficeDecision decision = {.id = proposal->id};
    act_as(seed, &seed->chief, proposal->decided);
    TRY(stored_text(seed, proposal->id, IRI("contentHash"), &decision.hash));
    if (approve) return office_decide(&seed->ctx, &decision);
    decision.opinion = STR("減免の要件に当たることを示す書類がありませんでした。");
    return office_reject(&seed->ctx, &decision);
}

static Rc proposal_keep(Seed *seed, Str id, int64_t drafted, int64_t decided) {
    vec_push(seed->lasting, &seed->proposals,
             (Proposal){str_dup(seed->lasting, id), drafted, decided});
    return RC_OK;
}

/* Drafts and decides; *at moves on, past now when the decision waits. */
static Rc story_reduce(Seed *seed, Story *story, int64_t *at) {
    OfficeAct act = {.id = story->id};
    int64_t drafted = *at;
    bool own;
    Str id;
    if (drafted > seed->now) return RC_OK;
    TRY(chiefs_own(seed, story, &own));
    *at = own ? office_time(seed, drafted, 1) : INT64_MAX;
    if (*at > seed->now) {
        vec_push(seed->lasting, &seed->waiting, (Waiting){.story = story, .at = drafted});
        return RC_OK;
    }
    act_as(seed, &seed->clerk, drafted);
    TRY(office_draft_reduction(&seed->ctx, &act, &id));
    TRY(proposal_keep(seed, id, drafted, *at));
    TRY(decide(seed, &seed->proposals.items[seed->proposals.len - 1],
               rand_below(&seed->rand, 5) > 0));
    step_mark(story, *at);
    *at = *at + TIME_HOUR;
    return RC_OK;
}

static Rc story_confirm(Seed *seed, Story *story, int64_t at) {
    OfficeAct act = {.id = story->id, .touch = 30 + (int64_t)rand_below(&seed->rand, 90)};
    if (at > seed->now) return RC_OK;
    act_as(seed, &seed->clerk, at);
    TRY(office_touch(&seed->ctx, &act));
    TRY(office_confirm(&seed->ctx, &act));
    step_mark(story, at);
    return RC_OK;
}

static Rc story_live(Seed *seed, Story *story) {
    bool sent;
    TRY(story_submit(seed, story, &sent));
    if (!sent) return RC_OK; /* every day of the district was full */
    int64_t at = office_time(seed, story->at, 1);
    if (story->fate == FATE_CANCELLED) return story_cancel(seed, story);
    if (story->fate == FATE_REFUSED) return story_refuse(seed, story, at, seed_reason(&seed->rand));
    if (story->fate == FATE_SILENT) return story_ask(seed, story, &at);
    if (story->fate == FATE_ASKED) TRY(story_ask(seed, story, &at));
    if (story->reduction) TRY(story_reduce(seed, story, &at));
    return story_confirm(seed, story, at);
}

static Fate fate_draw(Rand *rand) {
    uint64_t percent = rand_below(rand, 100);
    return percent < 72   ? FATE_DONE
           : percent < 82 ? FATE_ASKED
           : percent < 86 ? FATE_SILENT
           : percent < 95 ? FATE_CANCELLED
                          : FATE_REFUSED;
}

static int story_order(const void *a, const void *b) {
    const Story *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* In the order of submission, which is that of the numbers. The demo residents have an old case and
 * a new one each; the newest cases of all ask for a reduction, so that one is open in every city.
 */
static void stories_draw(Seed *seed) {
    seed->stories = NEW_ARRAY(seed->lasting, Story, seed->count);
    for (size_t i = 0; i < seed->count; i++) {
        uint64_t minutes = (i % RECENT_OF ? SPAN_DAYS : RECENT_DAYS) * 24 * 60;
        seed->stories[i].at =
            seed->now - (int64_t)(1 + rand_below(&seed->rand, minutes)) * TIME_MINUTE;
        seed->stories[i].fate = fate_draw(&seed->rand);
        seed->stories[i].reduction = rand_below(&seed->rand, 8) == 0;
    }
    qsort(seed->stories, seed->count, sizeof *seed->stories, story_order);
    for (size_t i = 0; i < 2 * RESIDENTS && i * 4 < seed->count; i++) {
        Story *story = &seed->stories[i < RESIDENTS ? i : seed->count - seed->count / 8 - i];
        story->person = seed->residents[i % RESIDENTS].person;
        story->fate = FATE_DONE;
        story->reduction = false;
    }
    for (size_t i = 0; i < OPEN_REDUCTIONS && i * 4 < seed->count; i++) {
        Story *story = &seed->stories[seed->count - 1 - i];
        story->fate = FATE_DONE;
        story->reduction = true;
    }
}

static Rc stories_live(Seed *seed) {
    for (size_t i = 0; i < seed->count; i++) {
        ArenaMark mark = arena_mark(seed->ctx.arena);
        TRY(story_live(seed, &seed->stories[i]));
        arena_rewind(seed->ctx.arena, mark);
        if (seed->wish->tell) seed->wish->tell(seed->wish->tell_arg, i + 1, seed->count);
    }
    return RC_OK;
}

/* ---- plans and collections ---- */

static Rc plan_mark(Seed *seed, const Proposal *plan) {
    const Entity *decision;
    DecideCases cases;
    TRY(ledger_entity(&seed->ctx, seed->ctx.tenant->ledger, plan->id, &decision));
    decide_cases(seed->ctx.arena, decision, &cases);
    VEC_EACH (DecideCase, one, &cases) {
        Story *story = map_get(&seed->by_id, one->id);
        if (story) step_mark(story, plan->decided);
    }
    return RC_OK;
}

static Rc plan_day(Seed *seed, Date day, int64_t drafted) {
    Str id;
    act_as(seed, &seed->clerk, drafted);
    Rc rc = office_draft_plan(&seed->ctx, &(OfficePlan){.day = day}, &id);
    if (rc == RC_CONFLICT) return RC_OK; /* nobody is confirmed for that day */
    TRY(rc);
    TRY(proposal_keep(seed, id, drafted, drafted + TIME_HOUR));
    const Proposal *plan = &seed->proposals.items[seed->proposals.len - 1];
    TRY(decide(seed, plan, true));
    return plan_mark(seed, plan);
}

/* What was missed is ended when no other day was taken in time. */
static Rc story_end(Seed *seed, Story *story, int64_t missed) {
    OfficeAct act = {.id = story->id,
                     .text = STR("期限までに新しい収集日のお申し出がなかったため、終了しました。")};
    int64_t at = office_time(seed, missed, waste_limits(seed->waste)->missed_days + 1);
    if (at > seed->now) return RC_OK;
    act_as(seed, &seed->clerk, at);
    TRY(office_end(&seed->ctx, &act));
    step_mark(story, at);
    return RC_OK;
}

/* Of the pickups of the demo residents all went well; of the others one in some was missed, the
 * first of all among them, so that every city has one. */
static Rc story_mark(Seed *seed, Story *story, int64_t at) {
    size_t reasons = 0;
    while (waste_missed_at(seed->waste, reasons))
        reasons++;
    bool missed = str_empty(story->person) && seed->marked++ % MISSED_OF == 0;
    OfficeMark mark = {.id = story->id};
    OfficeMarks marks = {0};
    if (missed) mark.reason = waste_missed_at(seed->waste, seed->marked % reasons)->id;
    act_as(seed, &seed->clerk, at);
    vec_push(seed->ctx.arena, &marks, mark);
    uint64_t position;
    TRY(office_mark(&seed->ctx, story->pickup, &marks, &position));
    step_mark(story, at);
    return missed ? story_end(seed, story, at) : RC_OK;
}

static Rc day_collected(Seed *seed, Date day) {
    for (size_t i = 0; i < seed->count; i++) {
        Story *story = &seed->stories[i];
        const Entity *application;
        int64_t at = time_jst_start(day) + 9 * TIME_HOUR + (int64_t)(i % 300) * TIME_MINUTE;
        if (str_empty(story->id) || time_date_days(story->pickup) != time_date_days(day) ||
            at > seed->now)
            continue;
        TRY(ledger_entity(&seed->ctx, seed->ctx.tenant->ledger, story->id, &application));
        if (case_state(application) != CASE_PLANNED) continue;
        TRY(story_mark(seed, story, at));
    }
    return RC_OK;
}

static size_t day_pickups(const Seed *seed, Date day) {
    size_t n = 0;
    for (size_t i = 0; i < seed->count; i++)
        n += !str_empty(seed->stories[i].id) &&
             time_date_days(seed->stories[i].pickup) == time_date_days(day);
    return n;
}

/* The last day on which the truck had something to do: its marks are still to be made. */
static int64_t unmarked_day(const Seed *seed) {
    int64_t today = time_date_days(time_jst_date(seed->now));
    for (int64_t n = today; n > today - SPAN_DAYS; n--)
        if (day_pickups(seed, time_days_date(n)) >= UNMARKED_MIN) return n;
    return 0;
}

/* Plans are drafted an hour after the cut-off. The last one that can be still waits for the chief,
 * if its day is to come. */
static Rc plans_live(Seed *seed) {
    int64_t today = time_date_days(time_jst_date(seed->now)), unmarked = unmarked_day(seed);
    Waiting last = {0};
    for (int64_t n = today - SPAN_DAYS; n <= today + SPAN_DAYS; n++) {
        ArenaMark mark = arena_mark(seed->ctx.arena);
        Date day = time_days_date(n);
        int64_t drafted = waste_cut_off(seed->waste, day) + TIME_HOUR;
        if (!day_pickups(seed, day) || drafted + TIME_HOUR > seed->now) continue;
        if (last.at) TRY(plan_day(seed, last.day, last.at));
        if (last.at && time_date_days(last.day) != unmarked) TRY(day_collected(seed, last.day));
        last = (Waiting){.day = day, .at = drafted};
        arena_rewind(seed->ctx.arena, mark);
    }
    if (last.at) vec_push(seed->lasting, &seed->waiting, last);
    return RC_OK;
}

static Rc waiting_draft(Seed *seed) {
    VEC_EACH (Waiting, waiting, &seed->waiting) {
        Str id;
        act_as(seed, &seed->clerk, waiting->at);
        Rc rc =
            waiting->story
                ? office_draft_reduction(&seed->ctx, &(OfficeAct){.id = waiting->story->id}, &id)
                : office_draft_plan(&seed->ctx, &(OfficePlan){.day = waiting->day}, &id);
        if (rc == RC_CONFLICT && !waiting->story) continue; /* nobody is confirmed for that day */
        TRY(rc);
        TRY(proposal_keep(seed, id, waiting->at, TIME_NONE));
    }
    return RC_OK;
}

/* ---- dates ---- */

Json seed_dated_steps(Arena *arena, const Entity *application, const int64_t *at, size_t n) {
    const Attr *attr = entity_attr(application, IRI("steps"));
    const Json *steps = json_dup(arena, attr->value);
    Json *items = NEW_ARRAY(arena, Json, steps->len);
    assert(steps->len == n);
    for (size_t i = 0; i < steps->len; i++) {
        items[i] = *json_at(steps, i);
        JsonMember *members = NEW_ARRAY(arena, JsonMember, items[i].len);
        for (size_t m = 0; m < items[i].len; m++) {
            members[m] = items[i].value.members[m];
            if (str_eq(members[m].name, STR("at"))) members[m].value = json_of_int(at[i]);
        }
        items[i] = json_of_members(members, items[i].len);
    }
    return json_of_items(items, steps->len);
}

void seed_time(Arena *arena, Entity *entity, Str iri, int64_t at) {
    if (at != TIME_NONE) entity_set(arena, entity, iri, json_of_str(time_format(arena, at)));
}

void seed_date_add(Command *command, Entity *set) {
    set->types.len = 0; /* adds none */
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = set->id, .after = set}, PUT_PRESENT, 0);
}

static Rc story_date(Seed *seed, Command *command, const Story *story) {
    const Entity *application;
    Arena *arena = command_arena(command);
    TRY(ledger_entity(&seed->ctx, seed->ctx.tenant->ledger, story->id, &application));
    Entity *set = entity_new(arena, str_dup(arena, story->id), STR(CASE_TYPE));
    seed_time(arena, set, IRI("submittedAt"), story->at);
    seed_time(arena, set, IRI("stateAt"), story->steps[story->step_count - 1]);
    if (entity_attr(application, IRI("completedAt"))) /* by the last step */
        seed_time(arena, set, IRI("completedAt"), story->steps[story->step_count - 1]);
    entity_set_kind(arena, set, ATTR_JSON, IRI("steps"),
                    seed_dated_steps(arena, application, story->steps, story->step_count));
    seed_date_add(command, set);
    return RC_OK;
}

static Rc proposal_date(Seed *seed, Command *command, const Proposal *proposal) {
    const Entity *decision;
    Arena *arena = command_arena(command);
    Entity *set = entity_new(arena, str_dup(arena, proposal->id), STR(DECIDE_TYPE));
    TRY(ledger_entity(&seed->ctx, seed->ctx.tenant->ledger, proposal->id, &decision));
    if (proposal->decided != TIME_NONE)
        route_json_redate(arena, entity_dup(arena, decision), proposal->decided, set);
    seed_time(arena, set, IRI("draftedAt"), proposal->drafted);
    seed_time(arena, set, IRI("decidedAt"), proposal->decided);
    seed_date_add(command, set);
    return RC_OK;
}

/* Stories or proposals from first on, so many at once in one command. */
static Rc dates_write(Seed *seed, size_t first, bool stories) {
    Outcome outcome;
    size_t total = stories ? seed->count : seed->proposals.len;
    seed->ctx.actor = (Actor *)gate_system_actor();
    seed->ctx.purpose = STR_NONE;
    Command *command = case_command(&seed->ctx, STR("application.seed"), STR_NONE, STR("seed"));
    Rc rc = RC_OK;
    for (size_t i = first; i < total && i < first + DATES_AT_ONCE && rc == RC_OK; i++)
        if (!stories)
            rc = proposal_date(seed, command, &seed->proposals.items[i]);
        else if (!str_empty(seed->stories[i].id))
            rc = story_date(seed, command, &seed->stories[i]);
    if (rc == RC_OK) return case_execute(&seed->ctx, command, &outcome);
    command_free(command);
    return rc;
}

static Rc dates_all(Seed *seed, bool stories) {
    size_t total = stories ? seed->count : seed->proposals.len;
    for (size_t first = 0; first < total; first += DATES_AT_ONCE)
        TRY(dates_write(seed, first, stories));
    return RC_OK;
}

/* ---- all of it ---- */

static Rc talks_live(Seed *seed) {
    Actor counter;
    SeedTalks talks = {&seed->ctx,          &seed->clock,  seed->now,
                       &seed->residents[1], &seed->nobody, &counter};
    if (!catalogue_newest(procedures_catalogue(seed->ctx.tenant), STR("consultation")))
        return RC_OK; /* a city without it */
    TRY(official(seed, STR("counter"), STR("citizens-counter-clerk"), &counter));
    return seed_consultations(&talks);
}

static Rc seed_live(Seed *seed) {
    TRY(actors_find(seed));
    stories_draw(seed);
    TRY(stories_live(seed));
    TRY(plans_live(seed));
    TRY(dates_all(seed, true));
    TRY(waiting_draft(seed));
    TRY(dates_all(seed, false));
    return talks_live(seed);
}

Rc procedures_seed(Ctx *ctx, Tenant *tenant, const SeedWish *wish) {
    Arena *lasting = arena_new(SEED_ARENA), *work = arena_new(SEED_ARENA);
    Seed *all = NEW(lasting, Seed);
    *all = (Seed){.ctx = *ctx,
                  .rand = rand_seeded(wish->seed),
                  .lasting = lasting,
                  .waste = procedures_waste(tenant),
                  .now = time_now(ctx->clock),
                  .count = wish->count,
                  .wish = wish,
                  .by_id = map_new(lasting)};
    all->ctx.arena = work;
    all->ctx.clock = &all->clock;
    all->ctx.rand = &all->rand;
    all->ctx.tenant = tenant;
    Rc rc = seed_live(all);
    if (rc != RC_OK) {
        ctx->error = all->ctx.error;
        ctx->error.detail = str_dup(ctx->arena, all->ctx.error.detail);
        ctx->error.path = str_dup(ctx->arena, all->ctx.error.path);
    }
    arena_free(work);
    arena_free(lasting);
    return rc;
}
