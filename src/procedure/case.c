#include "case.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { STEPS_MAX = 500 };

static const Str state_words[CASE_STATES] = {
    [CASE_SUBMITTED] = {"submitted", 9}, [CASE_ASKED] = {"asked", 5},
    [CASE_CONFIRMED] = {"confirmed", 9}, [CASE_PLANNED] = {"planned", 7},
    [CASE_COLLECTED] = {"collected", 9}, [CASE_CANCELLED] = {"cancelled", 9},
    [CASE_REFUSED] = {"refused", 7},     [CASE_MISSED] = {"missed", 6},
    [CASE_ELSEWHERE] = {"elsewhere", 9}, [CASE_DONE] = {"done", 4},
};

Str case_state_word(CaseState state) {
    assert(state < CASE_STATES);
    return state_words[state];
}

CaseState case_state_of(Str word) {
    for (unsigned state = 0; state < CASE_STATES; state++)
        if (str_eq(state_words[state], word)) return (CaseState)state;
    return CASE_STATES;
}

CaseState case_state(const Entity *application) {
    return case_state_of(entity_text(application, IRI("state")));
}

Str case_state_own(const Entity *application) {
    Str own = entity_text(application, IRI("procedureState"));
    return str_empty(own) ? entity_text(application, IRI("state")) : own;
}

bool case_is_erased(const Entity *application) {
    return case_state(application) != CASE_STATES &&
           str_empty(entity_text(application, IRI("receiptNumber")));
}

/* ---- steps ---- */

static const Json *steps_json(const Entity *application) {
    const Attr *attr = entity_attr(application, IRI("steps"));
    return attr && attr->value && attr->value->kind == JSON_ARRAY ? attr->value : NULL;
}

void case_steps(Arena *arena, const Entity *application, CaseSteps *out) {
    const Json *steps = steps_json(application);
    *out = (CaseSteps){0};
    for (size_t i = 0; steps && i < steps->len; i++) {
        const Json *one = json_at(steps, i);
        vec_push(arena, out,
                 (CaseStep){.at = json_get_int(one, "at", 0),
                            .state = case_state_of(json_get_str(one, "state")),
                            .post = json_get_str(one, "post"),
                            .text = json_get_str(one, "text"),
                            .kind = json_get_str(one, "kind"),
                            .rule = json_get_str(one, "rule")});
    }
}

/* A step of the office that leads back to "submitted" is its word on the reduction. */
static const CaseStep *reduction_step(const CaseSteps *steps) {
    const CaseStep *last = NULL;
    for (size_t i = 1; i < steps->len; i++) {
        const CaseStep *step = &steps->items[i];
        bool says = step->state == CASE_SUBMITTED && !str_empty(step->post);
        if (says && str_empty(step->kind)) last = step;
    }
    return last;
}

CaseReduction case_reduction(const Entity *application, const CaseSteps *steps) {
    CaseReduction reduction = {.state = entity_text(application, IRI("reductionState"))};
    CaseState state = case_state(application);
    bool open = str_eq(reduction.state, STR("requested"));
    bool ended = state != CASE_STATES && (CASE_ENDS & 1u << state);
    if (open && ended)
        reduction.state = STR("dropped"); /* one that ended before there was a word */
    if (str_eq(reduction.state, STR("dropped")))
        reduction.end = steps->len ? &steps->items[steps->len - 1] : NULL;
    else if (!open)
        reduction.end = reduction_step(steps);
    return reduction;
}

static Json step_json(Arena *arena, const CaseStep *step) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 6);
    size_t n = 4;
    members[0] = (JsonMember){STR("at"), json_of_int(step->at)};
    members[1] = (JsonMember){STR("state"), json_of_str(case_state_word(step->state))};
    members[2] = (JsonMember){STR("post"), json_of_str(step->post)};
    members[3] = (JsonMember){STR("text"), json_of_str(step->text)};
    if (!str_empty(step->kind)) members[n++] = (JsonMember){STR("kind"), json_of_str(step->kind)};
    if (!str_empty(step->rule)) members[n++] = (JsonMember){STR("rule"), json_of_str(step->rule)};
    return json_of_members(members, n);
}

static Json steps_with(Arena *arena, const Json *before, Json step) {
    size_t n = before ? before->len : 0;
    Json *items = NEW_ARRAY(arena, Json, n + 1);
    for (size_t i = 0; i < n; i++)
        items[i] = *json_at(before, i);
    items[n] = step;
    return json_of_items(items, n + 1);
}

static void state_set(Arena *arena, Entity *entity, CaseState state, Str defined, int64_t now) {
    Json at = json_of_str(time_format(arena, now));
    entity_set(arena, entity, IRI("state"), json_of_str(case_state_word(state)));
    if (!str_empty(defined)) entity_set(arena, entity, IRI("procedureState"), json_of_str(defined));
    entity_set(arena, entity, IRI("stateAt"), at);
    if (CASE_ENDS & 1u << state) entity_set(arena, entity, IRI("completedAt"), at);
}

static void attr_drop(Arena *arena, Delta *delta, const Entity *before, Str iri) {
    if (entity_attr(before, iri) && !entity_attr(delta->after, iri))
        vec_push(arena, &delta->removed, (DeltaRemoval){.name = iri, .all = true});
}

/* What is true of some states only. */
static void state_drop(Arena *arena, Delta *delta, const Entity *before, CaseState state) {
    static const struct {
        const char *iri;
        unsigned states;
    } rows[] = {
        {LD_DEFAULT "completedAt", CASE_ENDS},
        {LD_DEFAULT "missedReason", 1u << CASE_MISSED},
        {LD_DEFAULT "answerDue", 1u << CASE_ASKED},
        {LD_DEFAULT "dueLeft", 1u << CASE_ASKED},
        {LD_DEFAULT "joinedTo", 1u << CASE_CANCELLED},
        {LD_DEFAULT "joinedFrom", 1u << CASE_CANCELLED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (entity_attr(before, str_of(rows[i].iri)) && !(rows[i].states & 1u << state))
            vec_push(arena, &delta->removed,
                     (DeltaRemoval){.name = str_of(rows[i].iri), .all = true});
}

int64_t case_arrived(const Entity *application) {
    int64_t at;
    return time_parse(entity_text(application, IRI("submittedAt")), &at) ? at : 0;
}

bool case_is_full(const Entity *application) {
    const Json *steps = steps_json(application);
    return steps && steps->len >= STEPS_MAX;
}

void case_step_add(Arena *arena, const Entity *before, const CaseStep *step, Entity *after) {
    entity_set_kind(arena, after, ATTR_JSON, IRI("steps"),
                    steps_with(arena, before ? steps_json(before) : NULL, step_json(arena, step)));
}

/* ---- submit ---- */

static Rc submit_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartSubmit *part = args;
    if (!stage_entity(stage, part->application->id)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "submitted", part->application->id,
                    "This application has been received already.");
}

static Rc submit_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartSubmit *part = args;
    Arena *arena = ctx->arena;
    int64_t now = stage_now(stage);
    int64_t number = counter_next(ctx, stage, part->counter);
    Entity *after = entity_dup(arena, part->application);
    Json *receipt = NEW(arena, Json);
    *receipt = json_of_str(str_fmt(arena, "%d-%06lld", part->fiscal_year, (long long)number));
    entity_set(arena, after, IRI("receiptNumber"), *receipt);
    entity_set(arena, after, IRI("submittedAt"), json_of_str(time_format(arena, now)));
    state_set(arena, after, part->state, part->to, now);
    /* the post of the official who entered it for somebody; none when the resident sent it */
    CaseStep first = {
        .at = now, .state = part->state, .post = entity_text(after, IRI("enteredPost"))};
    case_step_add(arena, NULL, &first, after);
    Delta delta = {.op = DELTA_PUT, .id = after->id, .after = after};
    stage_put(stage, &delta);
    stage_result(stage, receipt);
    return RC_OK;
}

/* ---- steps of a case ---- */

static bool step_starts(const PartStep *part, const Entity *before) {
    CaseState state = case_state(before);
    if (!part->defined_from) return state != CASE_STATES && part->from & 1u << state;
    VEC_EACH (const Str, from, part->defined_from)
        if (str_eq(*from, entity_text(before, IRI("procedureState")))) return true;
    return false;
}

static Rc step_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartStep *part = args;
    const Entity *before = stage_entity(stage, part->id);
    if (!before) return ctx_fail(ctx, RC_NOT_FOUND, "no-case", part->id, "There is no such case.");
    bool same = part->version == 0 || part->version == before->version;
    if (!step_starts(part, before) || !same)
        return ctx_fail(ctx, RC_CONFLICT, "moved-on", part->id,
                        "This case has moved on since you looked at it: load the page again.");
    if (case_is_full(before))
        return ctx_fail(ctx, RC_LIMIT, "too-many-steps", part->id, "A case has at most %d steps.",
                        STEPS_MAX);
    return RC_OK;
}

/* Whether what was asked to be corrected is answered, or over: another day changes nothing of it.
 */
static bool is_over(const PartStep *part, const Entity *before) {
    bool same = str_eq(part->defined_to, entity_text(before, IRI("procedureState")));
    return !same || !(str_eq(part->kind, CASE_STEP_DAY) || str_eq(part->kind, CASE_STEP_BOOKED));
}

static Rc step_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartStep *part = args;
    Arena *arena = ctx->arena;
    int64_t now = stage_now(stage);
    const Entity *before = stage_entity(stage, part->id);
    Entity *after =
        part->set ? entity_dup(arena, part->set) : entity_new(arena, part->id, STR(CASE_TYPE));
    state_set(arena, after, part->to, part->defined_to, now);
    CaseStep new = {now, part->to, part->post, part->text, part->kind, part->rule};
    case_step_add(arena, before, &new, after);
    Delta delta = {.op = DELTA_CHANGE, .id = part->id, .after = after};
    state_drop(arena, &delta, before, part->to);
    if (is_over(part, before)) attr_drop(arena, &delta, before, IRI("correction"));
    for (size_t i = 0; part->gone && i < part->gone->len; i++)
        attr_drop(arena, &delta, before, part->gone->items[i]);
    stage_put(stage, &delta);
    return RC_OK;
}

static Rc still_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartStill *part = args;
    const Entity *now = stage_entity(stage, part->id);
    if (now && now->version == part->version) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", part->id,
                    "This case has moved on since you looked at it: load the page again.");
}

/* ---- marks ---- */

static const unsigned may_mark = 1u << CASE_PLANNED | 1u << CASE_COLLECTED | 1u << CASE_MISSED;

static Rc mark_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartMark *part = args;
    PartStep step = part->step;
    const Entity *before = stage_entity(stage, step.id);
    step.from = may_mark;
    TRY(step_guard(ctx, stage, &step));
    if (str_eq(entity_text(before, IRI("pickupDate")), part->day)) return RC_OK;
    return ctx_fail(
        ctx, RC_CONFLICT, "moved-on", step.id,
        "This case has another pickup day since you looked at it: load the page again.");
}

static Rc mark_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartMark *part = args;
    const Entity *before = stage_entity(stage, part->step.id);
    CaseState state = case_state(before);
    bool same =
        state == part->step.to && str_eq(entity_text(before, IRI("missedReason")), part->reason);
    if (same || (part->rest && state != CASE_PLANNED)) return RC_OK;
    return step_apply(ctx, stage, &part->step);
}

const PartKind part_case_submit = {"application.submit", 1, submit_guard, submit_apply};
const PartKind part_case_step = {"application.step", 1, step_guard, step_apply};
const PartKind part_case_still = {"application.still", 1, still_guard, NULL};
const PartKind part_case_mark = {"application.mark", 1, mark_guard, mark_apply};
