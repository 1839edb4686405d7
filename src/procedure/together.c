/* together: moves of several cases decided as one: which cases, proposing them, and what follows.
 */
#include "procedure_int.h"

#include "together.h"

bool together_is(const Json *contents) {
    const Json *cases = json_get(contents, STR("cases"));
    return cases && cases->kind == JSON_ARRAY && !str_empty(json_get_str(contents, "procedure"));
}

/* ---- in which list a case waits ---- */

/* A case names the last list that it came into; that may have been decided, or have let it go. */
Rc together_waits(Ctx *ctx, const Entity *application, Str *decision) {
    const Entity *list;
    DecideCases cases;
    Str in = entity_text(application, IRI("proposedIn"));
    *decision = STR_NONE;
    if (str_empty(in)) return RC_OK;
    TRY(decide_load(ctx, in, &list));
    if (!str_eq(entity_text(list, IRI("state")), STR("waiting"))) return RC_OK;
    decide_cases(ctx->arena, list, &cases);
    VEC_EACH (const DecideCase, one, &cases)
        if (str_eq(one->id, application->id)) *decision = list->id;
    return RC_OK;
}

static Rc waits_already(Ctx *ctx, const Entity *application) {
    return ctx_fail(ctx, RC_CONFLICT, "proposed", entity_text(application, IRI("receiptNumber")),
                    "This case waits for its decision in another proposal: that is decided, "
                    "returned or withdrawn first.");
}

Rc together_none(Ctx *ctx, const Entity *application) {
    Str waits;
    TRY(together_waits(ctx, application, &waits));
    return str_empty(waits) ? RC_OK : waits_already(ctx, application);
}

/* application.proposed: the case comes into a list. What it says stays as it is, and its version is
   the one that the list has frozen (hands_same). RC_CONFLICT "moved-on". */
typedef struct PartProposed {
    PartStill still;
    Str decision;
} PartProposed;

static Rc proposed_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartProposed *part = args;
    return part_case_still.guard(ctx, stage, &part->still);
}

static Rc proposed_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartProposed *part = args;
    const Entity *before = stage_entity(stage, part->still.id);
    Entity *after = entity_new(ctx->arena, part->still.id, STR(CASE_TYPE));
    entity_set(ctx->arena, after, IRI("proposedIn"), json_of_str(part->decision));
    hands_mark(ctx->arena, before, stage_position(stage), after);
    Delta delta = {.op = DELTA_CHANGE, .id = after->id, .after = after};
    stage_put(stage, &delta);
    return RC_OK;
}

static const PartKind part_case_proposed = {"application.proposed", 1, proposed_guard,
                                            proposed_apply};

/* From now on it waits there, and nowhere else. */
static Rc case_into(Ctx *ctx, Command *command, const Entity *application, Str decision) {
    Arena *arena = command_arena(command);
    PartProposed *part = NEW(arena, PartProposed);
    Str waits;
    TRY(matter_none(ctx, command, application, &waits));
    if (!str_empty(waits) && !str_eq(waits, decision)) return waits_already(ctx, application);
    *part = (PartProposed){{str_dup(arena, application->id), application->version},
                           str_dup(arena, decision)};
    command_needs(command, part->still.id);
    command_add(command, &part_case_proposed, part);
    return RC_OK;
}

/* ---- which cases ---- */

static Rc definition_load(Ctx *ctx, Str procedure, Str move, const Definition **out) {
    *out = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    if (!*out)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-procedure", procedure,
                        "There is no such procedure.");
    const DefinedMove *found = definition_move(*out, move);
    if (found && found->together && !ranking_moves(*out, move)) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-move", move,
                    "The procedure has no such move that is decided together.");
}

/* Whether its own version lets it make the move with others now, and it waits in no proposal. */
static Rc can_come(Ctx *ctx, const Entity *application, Str move, bool *out) {
    const Definition *definition = defined_of(ctx, application);
    const DefinedMove *own = definition ? definition_move(definition, move) : NULL;
    Str waits;
    *out = own && own->together && !case_is_erased(application) &&
           definition_may_move(own, entity_text(application, IRI("procedureState")));
    if (!*out) return RC_OK;
    TRY(defined_proposed(ctx, application, &waits));
    *out = str_empty(waits);
    return RC_OK;
}

Rc together_cases(Ctx *ctx, Str procedure, Str move, InboxCases *out, bool *more) {
    const Definition *definition;
    InboxPage page;
    *out = (InboxCases){0};
    *more = false;
    TRY(definition_load(ctx, procedure, move, &definition));
    InboxQuery query = {.post = office_post_id_now(ctx, definition->post),
                        .states = ((1u << CASE_STATES) - 1) & ~CASE_ENDS,
                        .procedure = procedure,
                        .limit = TOGETHER_MAX};
    do {
        TRY(inbox_page(ctx, &query, &page));
        VEC_EACH (const InboxLine, line, &page.lines) {
            bool comes;
            TRY(can_come(ctx, line->application, move, &comes));
            *more |= comes && out->len == TOGETHER_MAX;
            if (comes && out->len < TOGETHER_MAX) vec_push(ctx->arena, out, line->application);
        }
        query.after = page.next;
    } while (!str_empty(page.next) && !*more);
    return RC_OK;
}

/* ---- proposing ---- */

/* A list that is being drafted. */
typedef struct Together {
    Ctx *ctx;
    const TogetherDraft *of;
    Command *command;
    PartDraft *draft;
    ListContents list;
    int64_t highest; /* amount among its cases */
} Together;

static Rc moved_on(Ctx *ctx, Str number) {
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", number,
                    "This case has moved on since you looked at it: load the page again.");
}

/* What is frozen of a case that comes into a list, which it waits in from then on. */
typedef struct Coming {
    const Entity *application;
    const DefinedAct *act;
    Str decision;
} Coming;

static Rc row_of(Ctx *ctx, Command *command, const Coming *coming, Json *row) {
    const Entity *application = coming->application;
    const Definition *definition = defined_of(ctx, application);
    const DefinedMove *move = definition ? definition_move(definition, coming->act->move) : NULL;
    Str state = entity_text(application, IRI("procedureState"));
    if (!move || !move->together || !definition_may_move(move, state))
        return moved_on(ctx, entity_text(application, IRI("receiptNumber")));
    TRY(case_into(ctx, command, application, coming->decision));
    *row = matter_value(ctx, command_arena(command), coming->act, application, &(FeeReduced){0});
    return RC_OK;
}

/* Members of both. */
static Json joined(Arena *arena, Json row, const Json *more) {
    JsonMembers members = {0};
    const Json *const both[] = {&row, more};
    for (size_t k = 0; k < 2; k++)
        for (uint32_t i = 0; both[k] && i < both[k]->len; i++)
            vec_push(arena, &members,
                     (JsonMember){str_dup(arena, both[k]->value.members[i].name),
                                  *json_dup(arena, &both[k]->value.members[i].value)});
    return json_of_members(members.items, members.len);
}

static Rc case_add(Together *together, const TogetherRow *wish) {
    Ctx *ctx = together->ctx;
    const Entity *application;
    const DefinedMove *move;
    DefinedAct act = {.move = wish->move, .text = wish->reason};
    Json row;
    TRY(inbox_find(ctx, wish->number, &act.id));
    TRY(case_load(ctx, act.id, &application));
    if (!str_eq(entity_text(application, IRI("procedure")), together->of->definition->id))
        return moved_on(ctx, wish->number);
    TRY(defined_moving(ctx, &act, &application, &move));
    TRY(row_of(ctx, together->command, &(Coming){application, &act, together->draft->id}, &row));
    if (wish->more) row = joined(command_arena(together->command), row, wish->more);
    TRY(lists_add(ctx, together->command, together->draft, &together->list,
                  &(ListCase){application, row}));
    int64_t amount = matter_amount(ctx, application, move);
    if (amount > together->highest) together->highest = amount;
    return RC_OK;
}

static Rc cases_add(Together *together) {
    Arena *arena = command_arena(together->command);
    together->list.head = together->of->head;
    together->list.sum = together_way.sum;
    VEC_EACH (const TogetherRow, row, &together->of->rows)
        TRY(case_add(together, row));
    together->draft->title = str_dup(arena, together->of->title);
    together->draft->contents = lists_contents(arena, &together->list);
    return proposal_route(together->ctx, together->command, together->of->kind, together->highest,
                          &together->draft->plan);
}

static Rc rows_good(Ctx *ctx, size_t n) {
    if (n <= TOGETHER_MAX) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "too-many", STR("cases"),
                    "At most %d cases are decided as one: propose the others for themselves.",
                    TOGETHER_MAX);
}

Rc together_draft(Ctx *ctx, const TogetherDraft *of, Str *decision) {
    Together together = {.ctx = ctx, .of = of};
    Outcome outcome;
    TRY(rows_good(ctx, of->rows.len));
    together.command = case_command(ctx, STR("decision.draft"), STR_NONE, STR("web"));
    Rc rc = proposal_beside(ctx, together.command, of->kind, of->about, &together.draft);
    if (rc == RC_OK) rc = cases_add(&together);
    if (rc != RC_OK) {
        command_free(together.command);
        return rc;
    }
    *decision = str_dup(ctx->arena, together.draft->id);
    return case_execute(ctx, together.command, &outcome);
}

/* ---- one move for all ---- */

static Rc wish_good(Ctx *ctx, const TogetherWish *wish) {
    if (!wish->numbers->len)
        return ctx_fail(ctx, RC_INVALID, "missing", STR("cases"),
                        "Choose the cases that are to be decided.");
    TRY(rows_good(ctx, wish->numbers->len));
    if (text_is_blank(ctx->arena, wish->reason))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("text"),
                        "Write why it should be decided so: the decider reads it.");
    return RC_OK;
}

static const Json *head_json(Arena *arena, const TogetherWish *wish) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    Json *head = NEW(arena, Json);
    members[0] = (JsonMember){STR("procedure"), json_of_str(wish->procedure)};
    members[1] = (JsonMember){STR("move"), json_of_str(wish->move)};
    members[2] = (JsonMember){STR("reason"), json_of_str(str_trim(wish->reason))};
    *head = json_of_members(members, 3);
    return head;
}

/* 「子どもの手当（支給する）3件について」 */
static Str title_of(Arena *arena, const Definition *definition, const TogetherWish *wish) {
    const DefinedMove *move = definition_move(definition, wish->move);
    return str_fmt(arena, STR_FMT "（" STR_FMT "）%zu件について", STR_ARG(definition->label.ja),
                   STR_ARG(move->label.ja), wish->numbers->len);
}

/* What lists of a procedure, a move and a year are about: several wait beside one another. */
static Str about_of(Ctx *ctx, const TogetherWish *wish) {
    return str_fmt(ctx->arena, STR_FMT "/" STR_FMT "/%d", STR_ARG(wish->procedure),
                   STR_ARG(wish->move), time_fiscal_year(time_jst_date(time_now(ctx->clock))));
}

/* The list that waits about just these cases, for the same reason; empty: none does. */
static Rc same_waits(Ctx *ctx, const TogetherWish *wish, Str *decision) {
    const Entity *application, *list;
    DecideCases cases;
    Str id;
    *decision = STR_NONE;
    TRY(inbox_find(ctx, wish->numbers->items[0], &id));
    TRY(case_load(ctx, id, &application));
    TRY(together_waits(ctx, application, &id));
    if (str_empty(id)) return RC_OK;
    TRY(decide_load(ctx, id, &list));
    const Json *contents = entity_attr(list, IRI("contents"))->value;
    decide_cases(ctx->arena, list, &cases);
    bool same = str_eq(json_get_str(contents, "move"), wish->move) &&
                str_eq(json_get_str(contents, "reason"), str_trim(wish->reason)) &&
                cases.len == wish->numbers->len;
    for (size_t i = 0; same && i < cases.len; i++) {
        TRY(inbox_find(ctx, wish->numbers->items[i], &id));
        same = str_eq(id, cases.items[i].id);
    }
    if (same) *decision = list->id;
    return RC_OK;
}

static TogetherDraft draft_of(Ctx *ctx, const Definition *definition, const TogetherWish *wish) {
    TogetherDraft draft = {.kind = definition_move(definition, wish->move)->decision,
                           .about = about_of(ctx, wish),
                           .title = title_of(ctx->arena, definition, wish),
                           .head = head_json(ctx->arena, wish),
                           .definition = definition};
    VEC_EACH (const Str, number, wish->numbers)
        vec_push(ctx->arena, &draft.rows,
                 (TogetherRow){.number = *number, .move = wish->move, .reason = wish->reason});
    return draft;
}

Rc together_propose(Ctx *ctx, const TogetherWish *wish, Str *decision) {
    const Definition *definition;
    TRY(proposal_may_draft(ctx));
    TRY(definition_load(ctx, wish->procedure, wish->move, &definition));
    TRY(wish_good(ctx, wish));
    TRY(same_waits(ctx, wish, decision));
    if (!str_empty(*decision)) return RC_OK;
    TogetherDraft draft = draft_of(ctx, definition, wish);
    return together_draft(ctx, &draft, decision);
}

/* The list that is written anew, without the cases that were taken out. */
static Rc amend_wish(Ctx *ctx, const Json *contents, TogetherWish *wish,
                     const Definition **definition) {
    if (ranking_is(contents))
        return ctx_fail(ctx, RC_CONFLICT, "ranked", json_get_str(contents, "procedure"),
                        "A ranking is proposed anew on its page, as cases and places are now: "
                        "withdraw this proposal.");
    TRY(definition_load(ctx, wish->procedure, wish->move, definition));
    return wish_good(ctx, wish);
}

/* Its cases as they are now, but for those that were taken out. */
Rc together_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend) {
    const Entity *decision;
    const Definition *definition = NULL;
    Outcome outcome;
    StrVec numbers;
    TogetherWish wish = {json_get_str(contents, "procedure"), json_get_str(contents, "move"),
                         &numbers, amend->text};
    lists_numbers(ctx->arena, contents, &numbers);
    TRY(amend_wish(ctx, contents, &wish, &definition));
    TRY(decide_load(ctx, amend->id, &decision));
    TogetherDraft of = draft_of(ctx, definition, &wish);
    Together together = {.ctx = ctx, .of = &of};
    together.command = case_command(ctx, STR("decision.amend"), STR_NONE, STR("web"));
    Arena *arena = command_arena(together.command);
    together.draft = NEW(arena, PartDraft);
    *together.draft = (PartDraft){.id = str_dup(arena, decision->id), .amends = true};
    lists_keep(arena, json_get(entity_attr(decision, IRI("contents"))->value, STR("out")),
               &together.list.out);
    Rc rc = cases_add(&together);
    if (rc == RC_OK) rc = amend_add(ctx, together.command, together.draft, amend);
    if (rc == RC_OK) return case_execute(ctx, together.command, &outcome);
    command_free(together.command);
    return rc;
}

/* ---- what follows ---- */

/* The case must still be where the move starts from, and wait for nothing else. In a ranking its
   place may be another's by now. */
static Rc row_again(Ctx *ctx, Command *command, const ListAgain *about, Json *row) {
    if (ranking_is(about->contents))
        return ctx_fail(ctx, RC_CONFLICT, "out-moved", about->application->id,
                        "Of a ranking a case is not put back: withdraw it and propose it anew.");
    DefinedAct act = {.id = about->application->id,
                      .move = json_get_str(about->contents, "move"),
                      .text = json_get_str(about->contents, "reason")};
    Rc rc = row_of(ctx, command, &(Coming){about->application, &act, about->decision}, row);
    if (rc != RC_CONFLICT) return rc;
    return ctx_fail(ctx, RC_CONFLICT, "out-moved", act.id,
                    "This case has moved on since it was taken out: it stays out.");
}

const ListWay together_way = {"amount", row_again};

static Rc case_follow(Ctx *ctx, Command *command, const Json *row) {
    const Entity *application;
    DefinedAct act = {.id = json_get_str(row, "case"),
                      .move = json_get_str(row, "move"),
                      .text = json_get_str(row, "reason"),
                      .decided = row};
    TRY(case_load(ctx, act.id, &application));
    TRY(defined_found_same(ctx, application, row));
    return defined_step(ctx, command, &act);
}

/* Whose row was erased has no part that says what to do: the guard of the decision names the case,
   which is taken out. */
Rc together_follow(Ctx *ctx, Command *command, const Json *contents) {
    const Json *cases = json_get(contents, STR("cases"));
    for (uint32_t i = 0; i < cases->len; i++) {
        const Json *row = json_at(cases, i);
        if (json_get_bool(row, "erased", false)) continue;
        TRY(case_follow(ctx, command, row));
    }
    return ranking_is(contents) ? ranking_follow(ctx, command, contents) : RC_OK;
}
