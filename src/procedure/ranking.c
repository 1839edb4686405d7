/* ranking: the cases of a round in their order, the places of each, and proposing that as one. */
#include "procedure_int.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES_MOST = 9999, RANKED_PAGE = 500, SEED_CHARS = 26 };

/* ---- places ---- */

static Str places_id(Arena *arena, Str procedure, Date round) {
    const Str parts[] = {STR("machi-ranking"), procedure, time_format_date(arena, round)};
    Digest digest = hash_sha256_parts(parts, 3);
    return str_fmt(
        arena, "urn:ngsi-ld:Ranking:" STR_FMT,
        STR_ARG(hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, 26)));
}

static Str places_key(Arena *arena, const RankedPlaces *of) {
    return str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(of->option), STR_ARG(of->group));
}

/* What is kept of a day: places and given ones as {"OPTION/GROUP": n}, and the seed of the lot. */
typedef struct RoundKept {
    const Entity *entity; /* NULL: nothing was said */
    const Json *places, *given;
    Str seed;
} RoundKept;

static const Json *numbers_of(const Entity *kept, Str iri) {
    const Attr *attr = entity_attr(kept, iri);
    return attr ? attr->value : NULL;
}

static Rc round_kept(Ctx *ctx, Str procedure, Date round, RoundKept *out) {
    *out = (RoundKept){0};
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, places_id(ctx->arena, procedure, round),
                          &out->entity);
    if (rc == RC_NOT_FOUND) {
        out->entity = NULL;
        return RC_OK;
    }
    TRY(rc);
    out->places = numbers_of(out->entity, IRI("places"));
    out->given = numbers_of(out->entity, IRI("given"));
    out->seed = entity_text(out->entity, IRI("seed"));
    return RC_OK;
}

static int64_t number_at(Arena *arena, const Json *numbers, Str key) {
    return json_get_int(numbers, str_z(arena, key), 0);
}

static Rc definition_of(Ctx *ctx, Str procedure, const Definition **out) {
    *out = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    if (*out && (*out)->ranking) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-ranking", procedure,
                    "This procedure puts no cases in an order.");
}

/* What orders cases is the business of the division in charge. */
static Rc may_look(Ctx *ctx, const Definition *definition) {
    const GatePost *post = gate_post(ctx->tenant->gate, office_post_id_now(ctx, definition->post));
    if (post && str_eq(post->division, ctx->actor->division)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "not-permitted", definition->id,
                    "This is for the division in charge to do.");
}

static Rc may_rank(Ctx *ctx, const Definition *definition) {
    TRY(proposal_may_draft(ctx));
    return may_look(ctx, definition);
}

static bool is_said(const RankingPlaces *said, Arena *arena, Str key) {
    VEC_EACH (const RankedPlaces, one, &said->places)
        if (str_eq(places_key(arena, one), key)) return true;
    return false;
}

static Rc places_good(Ctx *ctx, const Definition *definition, const RankingPlaces *said,
                      const RoundKept *kept) {
    VEC_EACH (const RankedPlaces, one, &said->places) {
        Str key = places_key(ctx->arena, one);
        if (!ranking_option(definition, one->option) ||
            one->places < number_at(ctx->arena, kept->given, key) || one->places > PLACES_MOST)
            return ctx_fail(ctx, RC_INVALID, "bad-places", key,
                            "Places are a whole number up to %d, and no fewer than were given.",
                            PLACES_MOST);
    }
    uint64_t version = kept->entity ? kept->entity->version : 0;
    if (said->version == version) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "version", STR("places"),
                    "Somebody has changed the places since you looked: load the page again.");
}

static Json places_said(Arena *arena, const RankingPlaces *said, const RoundKept *kept) {
    JsonMembers members = {0};
    for (uint32_t i = 0; kept->places && i < kept->places->len; i++)
        if (!is_said(said, arena, kept->places->value.members[i].name))
            vec_push(arena, &members, kept->places->value.members[i]);
    VEC_EACH (const RankedPlaces, one, &said->places)
        vec_push(arena, &members, (JsonMember){places_key(arena, one), json_of_int(one->places)});
    Json all = json_of_members(members.items, members.len);
    return *json_dup(arena, &all);
}

Rc ranking_keep(Ctx *ctx, const RankingPlaces *said) {
    const Definition *definition;
    RoundKept kept;
    Outcome outcome;
    TRY(definition_of(ctx, said->procedure, &definition));
    TRY(may_rank(ctx, definition));
    TRY(round_kept(ctx, said->procedure, said->round, &kept));
    TRY(places_good(ctx, definition, said, &kept));
    Command *command = case_command(ctx, STR("ranking.places"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    Entity *after = kept.entity ? entity_dup(arena, kept.entity)
                                : entity_new(arena, places_id(arena, said->procedure, said->round),
                                             STR(LD_DEFAULT "Ranking"));
    entity_set(arena, after, IRI("procedure"), json_of_str(str_dup(arena, said->procedure)));
    entity_set(arena, after, IRI("round"), json_of_str(time_format_date(arena, said->round)));
    if (str_empty(kept.seed))
        entity_set(arena, after, IRI("seed"), json_of_str(rand_id(ctx->rand, arena, SEED_CHARS)));
    entity_set_kind(arena, after, ATTR_JSON, IRI("places"), places_said(arena, said, &kept));
    command_put(command, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after},
                kept.entity ? PUT_VERSION : PUT_ABSENT, said->version);
    return case_execute(ctx, command, &outcome);
}

/* ---- which cases ---- */

static bool day_wished(Ctx *ctx, const Ranking *ranking, const Entity *application, Date *out) {
    FormAnswer answer;
    const Definition *own = defined_of(ctx, application);
    const Field *field = own ? definition_field(own, ranking->round) : NULL;
    bool said = field && defined_answer(ctx->arena, application, field, &answer);
    if (!said || answer.value.kind != FEEL_DATE) return false;
    *out = answer.value.date;
    return true;
}

typedef Rc Candidate(Ctx *ctx, void *arg, const Entity *application, Date wished);

/* Its own version may not know these moves yet. */
static bool can_be_ranked(Ctx *ctx, const Definition *definition, const Entity *application) {
    const Definition *own = defined_of(ctx, application);
    const DefinedMove *admit = own ? definition_move(own, definition->ranking->admit) : NULL,
                      *hold = own ? definition_move(own, definition->ranking->hold) : NULL;
    return admit && hold && admit->together && hold->together;
}

/* Each open case in a state in which it is ranked, with the day that it wishes for. */
static Rc candidates_each(Ctx *ctx, const Definition *definition, Candidate *each, void *arg) {
    const Ranking *ranking = definition->ranking;
    InboxPage page;
    InboxQuery query = {.post = office_post_id_now(ctx, definition->post),
                        .states = ((1u << CASE_STATES) - 1) & ~CASE_ENDS,
                        .procedure = definition->id,
                        .limit = RANKED_PAGE};
    do {
        TRY(inbox_page(ctx, &query, &page));
        VEC_EACH (const InboxLine, line, &page.lines) {
            const Entity *application = line->application;
            Date wished;
            if (!case_is_erased(application) && can_be_ranked(ctx, definition, application) &&
                org_lists(&ranking->states, entity_text(application, IRI("procedureState"))) &&
                day_wished(ctx, ranking, application, &wished))
                TRY(each(ctx, arg, application, wished));
        }
        query.after = page.next;
    } while (!str_empty(page.next));
    return RC_OK;
}

static int round_order(const void *left, const void *right) {
    const RankingRound *a = left, *b = right;
    return (time_date_days(a->day) > time_date_days(b->day)) -
           (time_date_days(a->day) < time_date_days(b->day));
}

static Rc round_count(Ctx *ctx, void *arg, const Entity *application, Date wished) {
    RankingRounds *out = arg;
    (void)application;
    VEC_EACH (RankingRound, round, out) {
        if (time_date_days(round->day) != time_date_days(wished)) continue;
        round->cases++;
        return RC_OK;
    }
    vec_push(ctx->arena, out, (RankingRound){wished, 1});
    return RC_OK;
}

static void rounds_sort(RankingRounds *rounds) {
    if (rounds->len) qsort(rounds->items, rounds->len, sizeof *rounds->items, round_order);
}

Rc ranking_rounds(Ctx *ctx, Str procedure, RankingRounds *out) {
    const Definition *definition;
    *out = (RankingRounds){0};
    TRY(definition_of(ctx, procedure, &definition));
    TRY(may_look(ctx, definition));
    TRY(candidates_each(ctx, definition, round_count, out));
    rounds_sort(out);
    return RC_OK;
}

/* ---- their order ---- */

static Str wish_of(Ctx *ctx, const Entity *application, Str choice) {
    FormAnswer answer;
    const Definition *own = defined_of(ctx, application);
    const Field *field = own ? definition_field(own, choice) : NULL;
    bool said = field && defined_answer(ctx->arena, application, field, &answer);
    return said && answer.value.kind == FEEL_STRING ? answer.value.string : STR_NONE;
}

/* A version that hasn't these questions and tables gives null for them, which comes last. */
static FeelValue value_of(Ctx *ctx, const Form *form, const RankedBy *by) {
    return by->value ? form_result(ctx, form, by->value) : feel_null();
}

/* What was answered, and the day that is ranked. */
static void form_of(Ctx *ctx, const Entity *application, Date round, Form *out) {
    defined_form(ctx, application, out);
    FeelEntry *entries = NEW_ARRAY(ctx->arena, FeelEntry, out->n_entries + 1);
    for (size_t i = 0; i < out->n_entries; i++)
        entries[i] = out->entries[i];
    entries[out->n_entries++] = (FeelEntry){RANKING_DAY, feel_of_date(round)};
    out->entries = entries;
}

static Rc case_rank(Ctx *ctx, void *arg, const Entity *application, Date wished) {
    RankingPlan *plan = arg;
    const Ranking *ranking = plan->definition->ranking;
    Form form;
    Str waits;
    TRY(round_count(ctx, &plan->rounds, application, wished));
    if (time_date_days(wished) > time_date_days(plan->round)) return RC_OK;
    form_of(ctx, application, plan->round, &form);
    if (!form_holds(ctx, &form, ranking->when)) return RC_OK;
    TRY(defined_proposed(ctx, application, &waits));
    FeelValue *values = NEW_ARRAY(ctx->arena, FeelValue, ranking->order.len),
              group = value_of(ctx, &form, &ranking->group);
    for (size_t i = 0; i < ranking->order.len; i++)
        values[i] = value_of(ctx, &form, &ranking->order.items[i]);
    RankedCase one = {.application = application,
                      .number = entity_text(application, IRI("receiptNumber")),
                      .group = ranking->group.value ? feel_text(ctx->arena, &group) : STR_NONE,
                      .values = values,
                      .proposed = !str_empty(waits)};
    VEC_EACH (const Str, choice, &ranking->choices) {
        Str wish = wish_of(ctx, application, *choice);
        if (!str_empty(wish)) vec_push(ctx->arena, &one.wishes, wish);
    }
    vec_push(ctx->arena, &plan->cases, one);
    plan->proposed += one.proposed;
    return RC_OK;
}

/* One case beside what orders it against others. */
typedef struct Standing {
    RankedCase *of;
    size_t n; /* values */
    Digest lot;
} Standing;

/* More comes first, and what is no number last. */
static int value_order(const FeelValue *a, const FeelValue *b) {
    int order = 0;
    bool first = a->kind == FEEL_NUMBER, second = b->kind == FEEL_NUMBER;
    if (first != second) return first ? -1 : 1;
    return first && feel_order(a, b, &order) ? -order : 0;
}

/* By the values alone; 0: they are equal in all. */
static int by_values(const Standing *a, const Standing *b) {
    for (size_t i = 0; i < a->n; i++) {
        int order = value_order(&a->of->values[i], &b->of->values[i]);
        if (order) return order;
    }
    return 0;
}

static int standing_order(const void *left, const void *right) {
    const Standing *a = left, *b = right;
    int order = by_values(a, b);
    return order ? order : memcmp(a->lot.bytes, b->lot.bytes, sizeof a->lot.bytes);
}

/* Whether another of its group is equal to the one at i; equal ones lie side by side. */
static bool by_lot(const Standing *standings, size_t n, size_t i) {
    size_t from = i, to = i;
    while (from > 0 && !by_values(&standings[from - 1], &standings[i]))
        from--;
    while (to + 1 < n && !by_values(&standings[to + 1], &standings[i]))
        to++;
    for (size_t k = from; k <= to; k++)
        if (k != i && str_eq(standings[k].of->group, standings[i].of->group)) return true;
    return false;
}

static void plan_sort(Ctx *ctx, RankingPlan *plan) {
    size_t n = plan->cases.len;
    if (!n) return;
    Standing *standings = NEW_ARRAY(ctx->arena, Standing, n + 1);
    RankedCase *sorted = NEW_ARRAY(ctx->arena, RankedCase, n + 1);
    for (size_t i = 0; i < n; i++) {
        const Str parts[] = {plan->seed, plan->cases.items[i].number};
        standings[i] = (Standing){&plan->cases.items[i], plan->definition->ranking->order.len,
                                  hash_sha256_parts(parts, 2)};
    }
    qsort(standings, n, sizeof *standings, standing_order);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = *standings[i].of;
        sorted[i].lot = by_lot(standings, n, i);
    }
    memcpy(plan->cases.items, sorted, n * sizeof *sorted);
}

/* ---- who gets which place ---- */

static int text_order(const void *left, const void *right) {
    return str_cmp(*(const Str *)left, *(const Str *)right);
}

static void groups_set(Ctx *ctx, RankingPlan *plan) {
    VEC_EACH (const RankedCase, one, &plan->cases)
        if (!org_lists(&plan->groups, one->group)) vec_push(ctx->arena, &plan->groups, one->group);
    if (plan->groups.len)
        qsort(plan->groups.items, plan->groups.len, sizeof *plan->groups.items, text_order);
}

static void places_set(Ctx *ctx, RankingPlan *plan, const RoundKept *kept) {
    const Definition *definition = plan->definition;
    const Field *first = definition_field(definition, definition->ranking->choices.items[0]);
    VEC_EACH (const FieldOption, option, &first->options)
        VEC_EACH (const Str, group, &plan->groups) {
            RankedPlaces one = {.option = option->id, .group = *group};
            Str key = places_key(ctx->arena, &one);
            one.places = number_at(ctx->arena, kept->places, key);
            one.given = number_at(ctx->arena, kept->given, key);
            plan->said |= one.places > 0;
            vec_push(ctx->arena, &plan->places, one);
        }
}

static RankedPlaces *places_find(const RankingPlan *plan, Str option, Str group) {
    VEC_EACH (RankedPlaces, one, &plan->places)
        if (str_eq(one->option, option) && str_eq(one->group, group)) return one;
    return NULL;
}

/* Each in the order of all takes the first of his wishes that has room. As the order is the same
   for every place, nobody with a later place in it has one that he wished for more. */
static void plan_place(RankingPlan *plan) {
    VEC_EACH (RankedCase, one, &plan->cases) {
        if (one->proposed) continue;
        for (size_t i = 0; i < one->wishes.len; i++) {
            RankedPlaces *at = places_find(plan, one->wishes.items[i], one->group);
            if (at && i == 0) at->first++;
            if (!at || at->given + at->taken >= at->places || one->wish) continue;
            at->taken++;
            one->placed = at->option;
            one->wish = i + 1;
            plan->placed++;
        }
    }
}

static Json row_json(Arena *arena, const RankedCase *one) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("case"), json_of_str(one->application->id)};
    members[1] = (JsonMember){STR("version"), json_of_int((int64_t)one->application->version)};
    members[2] = (JsonMember){STR("placed"), json_of_str(one->placed)};
    return json_of_members(members, 3);
}

static void hash_set(Ctx *ctx, RankingPlan *plan) {
    JsonItems rows = {0};
    VEC_EACH (const RankedCase, one, &plan->cases)
        if (!one->proposed) vec_push(ctx->arena, &rows, row_json(ctx->arena, one));
    Json all = json_of_items(rows.items, rows.len);
    plan->hash = decide_hash(ctx->arena, &all);
}

Rc ranking_plan(Ctx *ctx, Str procedure, Date round, RankingPlan *out) {
    RoundKept kept;
    *out = (RankingPlan){.round = round};
    TRY(definition_of(ctx, procedure, &out->definition));
    TRY(may_look(ctx, out->definition));
    TRY(round_kept(ctx, procedure, round, &kept));
    out->seed = kept.seed;
    out->version = kept.entity ? kept.entity->version : 0;
    TRY(candidates_each(ctx, out->definition, case_rank, out));
    rounds_sort(&out->rounds);
    plan_sort(ctx, out);
    groups_set(ctx, out);
    places_set(ctx, out, &kept);
    plan_place(out);
    hash_set(ctx, out);
    return RC_OK;
}

/* ---- proposing ---- */

/* Beside what any row of a list has: the place, and where it stands among how many. */
static const Json *more_json(Arena *arena, const RankingPlan *plan, size_t i) {
    const RankedCase *one = &plan->cases.items[i];
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 7);
    Json *more = NEW(arena, Json);
    JsonItems values = {0};
    for (size_t k = 0; k < plan->definition->ranking->order.len; k++)
        vec_push(arena, &values, feel_to_json(arena, &one->values[k]));
    members[0] = (JsonMember){STR("placed"), json_of_str(one->placed)};
    members[1] = (JsonMember){STR("wish"), json_of_int((int64_t)one->wish)};
    members[2] = (JsonMember){STR("rank"), json_of_int((int64_t)i + 1)};
    members[3] = (JsonMember){STR("group"), json_of_str(one->group)};
    members[4] = (JsonMember){STR("values"), json_of_items(values.items, values.len)};
    members[5] = (JsonMember){STR("lot"), json_of_bool(one->lot)};
    members[6] = (JsonMember){RANKING_DAY, json_of_str(time_format_date(arena, plan->round))};
    *more = json_of_members(members, 7);
    return more;
}

static Json places_json(Arena *arena, const RankingPlan *plan) {
    JsonMembers members = {0};
    VEC_EACH (const RankedPlaces, one, &plan->places)
        vec_push(arena, &members, (JsonMember){places_key(arena, one), json_of_int(one->places)});
    return json_of_members(members.items, members.len);
}

static const Json *head_json(Arena *arena, const RankingPlan *plan, Str reason) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 5);
    Json *head = NEW(arena, Json);
    members[4] = (JsonMember){STR("plan"), json_of_str(plan->hash)};
    members[0] = (JsonMember){STR("procedure"), json_of_str(plan->definition->id)};
    members[1] = (JsonMember){STR("round"), json_of_str(time_format_date(arena, plan->round))};
    members[2] = (JsonMember){STR("places"), places_json(arena, plan)};
    members[3] = (JsonMember){STR("reason"), json_of_str(reason)};
    *head = json_of_members(members, 5);
    return head;
}

/* Who gets no place and waits already goes on waiting: nothing is decided about him. */
static void rows_set(Ctx *ctx, const RankingPlan *plan, const RankingWish *wish,
                     TogetherRows *out) {
    const Ranking *ranking = plan->definition->ranking;
    const DefinedMove *hold = definition_move(plan->definition, ranking->hold);
    for (size_t i = 0; i < plan->cases.len; i++) {
        const RankedCase *one = &plan->cases.items[i];
        bool placed = one->wish > 0;
        Str state = entity_text(one->application, IRI("procedureState"));
        if (one->proposed || (!placed && !definition_may_move(hold, state))) continue;
        vec_push(ctx->arena, out,
                 (TogetherRow){.number = one->number,
                               .move = placed ? ranking->admit : ranking->hold,
                               .reason = str_trim(placed ? wish->reason : wish->held),
                               .more = more_json(ctx->arena, plan, i)});
    }
}

static Rc wish_good(Ctx *ctx, const RankingWish *wish) {
    if (text_is_blank(ctx->arena, wish->reason))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("reason"),
                        "Write why it should be decided so: the decider reads it.");
    if (text_is_blank(ctx->arena, wish->held))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("held"),
                        "Write what those read who get no place (行政手続法8条).");
    return RC_OK;
}

static Str title_of(Arena *arena, const RankingPlan *plan) {
    return str_fmt(arena, STR_FMT "の利用調整（" STR_FMT "）について",
                   STR_ARG(plan->definition->label.ja),
                   STR_ARG(time_format_japanese(arena, plan->round)));
}

/* What was typed and not kept isn't in the plan that would be proposed. */
static Rc all_kept(Ctx *ctx, const RankingPlan *plan, const RankingPlaces *typed) {
    for (size_t i = 0; typed && i < typed->places.len; i++) {
        const RankedPlaces *one = &typed->places.items[i];
        const RankedPlaces *kept = places_find(plan, one->option, one->group);
        if (kept && kept->places != one->places)
            return ctx_fail(ctx, RC_CONFLICT, "unsaved", STR("places"),
                            "Keep the places first, and read the order that they give.");
    }
    return RC_OK;
}

/* One ranking of a round waits: the same twice is once, another comes behind it. */
static Rc none_waits(Ctx *ctx, const TogetherDraft *draft, Str seen, Str *decision) {
    const Entity *waiting;
    TRY(proposal_waits(ctx, draft->kind, draft->about, decision));
    if (str_empty(*decision)) return RC_OK;
    TRY(decide_load(ctx, *decision, &waiting));
    const Json *contents = entity_attr(waiting, IRI("contents"))->value;
    if (str_eq(json_get_str(contents, "plan"), seen)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "proposed", *decision,
                    "The ranking of this round waits for its decision: that is decided, returned "
                    "or withdrawn first.");
}

static TogetherDraft draft_of(Ctx *ctx, const RankingPlan *plan, const RankingWish *wish) {
    const DefinedMove *admit = definition_move(plan->definition, plan->definition->ranking->admit);
    TogetherDraft draft = {.kind = admit->decision,
                           .about = str_fmt(ctx->arena, STR_FMT "/ranking/" STR_FMT,
                                            STR_ARG(wish->procedure),
                                            STR_ARG(time_format_date(ctx->arena, wish->round))),
                           .title = title_of(ctx->arena, plan),
                           .head = head_json(ctx->arena, plan, str_trim(wish->reason)),
                           .definition = plan->definition};
    rows_set(ctx, plan, wish, &draft.rows);
    return draft;
}

Rc ranking_propose(Ctx *ctx, const RankingWish *wish, Str *decision) {
    RankingPlan plan;
    TRY(ranking_plan(ctx, wish->procedure, wish->round, &plan));
    TRY(may_rank(ctx, plan.definition));
    TRY(all_kept(ctx, &plan, wish->typed));
    TRY(wish_good(ctx, wish));
    TogetherDraft draft = draft_of(ctx, &plan, wish);
    TRY(none_waits(ctx, &draft, wish->seen, decision));
    if (!str_empty(*decision)) return RC_OK;
    if (!str_eq(plan.hash, wish->seen))
        return ctx_fail(ctx, RC_CONFLICT, "other-plan", STR("seen"),
                        "Cases or places have changed since you looked: read the order again.");
    if (!plan.said || !draft.rows.len)
        return ctx_fail(ctx, RC_CONFLICT, "nothing", STR("seen"),
                        "Nobody would get a place, or be put on the list: nothing is decided.");
    return together_draft(ctx, &draft, decision);
}

/* ---- what follows ---- */

bool ranking_is(const Json *contents) {
    return !str_empty(json_get_str(contents, "round")) && json_get(contents, STR("places"));
}

static int64_t given(const Json *contents, Arena *arena, Str key) {
    const Json *cases = json_get(contents, STR("cases"));
    int64_t n = 0;
    for (uint32_t i = 0; i < cases->len; i++) {
        const Json *row = json_at(cases, i);
        RankedPlaces at = {.option = json_get_str(row, "placed"),
                           .group = json_get_str(row, "group")};
        n += !str_empty(at.option) && str_eq(places_key(arena, &at), key);
    }
    return n;
}

/* What is given of each, with what this decision gives. */
static Rc given_now(Ctx *ctx, Arena *arena, const RoundKept *kept, const Json *contents,
                    Json *out) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, kept->places->len + 1);
    for (uint32_t i = 0; i < kept->places->len; i++) {
        Str key = kept->places->value.members[i].name;
        int64_t all = number_at(ctx->arena, kept->given, key) + given(contents, ctx->arena, key);
        if (all > number_at(ctx->arena, kept->places, key))
            return ctx_fail(ctx, RC_CONFLICT, "no-room", key,
                            "There are fewer places by now than this gives: return it.");
        members[i] = (JsonMember){str_dup(arena, key), json_of_int(all)};
    }
    *out = json_of_members(members, kept->places->len);
    return RC_OK;
}

/* A day that is ranked again has the places that remain. */
Rc ranking_follow(Ctx *ctx, Command *command, const Json *contents) {
    RoundKept kept;
    Date round;
    Json now;
    Arena *arena = command_arena(command);
    Str procedure = json_get_str(contents, "procedure");
    if (!time_parse_date(json_get_str(contents, "round"), &round)) return RC_OK;
    TRY(round_kept(ctx, procedure, round, &kept));
    if (!kept.places) return RC_OK;
    TRY(given_now(ctx, arena, &kept, contents, &now));
    Entity *after = entity_dup(arena, kept.entity);
    entity_set_kind(arena, after, ATTR_JSON, IRI("given"), now);
    command_put(command, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after}, PUT_VERSION,
                kept.entity->version);
    return RC_OK;
}

void ranking_set(Arena *arena, const Json *decided, Entity *set) {
    Str placed = json_get_str(decided, "placed");
    if (str_empty(placed)) return;
    entity_set(arena, set, IRI("placed"), json_of_str(str_dup(arena, placed)));
    entity_set(arena, set, IRI("placedOn"),
               json_of_str(str_dup(arena, json_get_str(decided, RANKING_DAY.ptr))));
}
