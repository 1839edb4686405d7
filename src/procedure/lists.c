/* lists: a proposal about several cases (一括起案): what stands in its contents, taking a case out
   with a reason and putting it back while it waits. */
#include "procedure_int.h"

/* ---- contents ---- */

static bool of_list(const ListContents *list, Str name) {
    return str_eq(name, STR("cases")) || str_eq(name, STR("out")) || str_eq(name, STR("count")) ||
           str_eq(name, str_of(list->sum));
}

const Json *lists_contents(Arena *arena, const ListContents *list) {
    JsonMembers members = {0};
    Json *contents = NEW(arena, Json);
    const Json *head = list->head;
    for (uint32_t i = 0; head && i < head->len; i++)
        if (!of_list(list, head->value.members[i].name))
            vec_push(arena, &members,
                     (JsonMember){str_dup(arena, head->value.members[i].name),
                                  *json_dup(arena, &head->value.members[i].value)});
    const JsonMember always[] = {
        {STR("count"), json_of_int((int64_t)list->rows.len)},
        {str_of(list->sum), json_of_int(list->total)},
        {STR("cases"), json_of_items(list->rows.items, list->rows.len)},
    };
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        vec_push(arena, &members, always[i]);
    if (list->out.len)
        vec_push(arena, &members,
                 (JsonMember){STR("out"), json_of_items(list->out.items, list->out.len)});
    *contents = json_of_members(members.items, members.len);
    return contents;
}

void lists_keep(Arena *arena, const Json *frozen, JsonItems *out) {
    for (size_t i = 0; frozen && i < frozen->len; i++)
        vec_push(arena, out, *json_dup(arena, json_at(frozen, i)));
}

void lists_numbers(Arena *arena, const Json *contents, StrVec *out) {
    const Json *rows = json_get(contents, STR("cases"));
    *out = (StrVec){0};
    for (size_t i = 0; rows && i < rows->len; i++)
        if (!json_get_bool(json_at(rows, i), "erased", false))
            vec_push(arena, out, json_get_str(json_at(rows, i), "number"));
}

Rc lists_add(Ctx *ctx, Command *command, PartDraft *draft, ListContents *list,
             const ListCase *one) {
    Arena *arena = command_arena(command);
    DecideAbout about = proposal_about(ctx, draft, one->application, one->row);
    Json *row = vec_push(arena, &list->rows, json_of_null());
    TRY(decide_part(ctx, command, &draft->parts, &about, row));
    vec_push(arena, &draft->cases,
             (DecideCase){str_dup(arena, one->application->id), one->application->version});
    list->total += json_get_int(&one->row, list->sum, 0);
    return RC_OK;
}

/* ---- taking out, putting back ---- */

/* A change of the frozen contents under way. */
typedef struct ListChange {
    const Entity *decision;
    const ListWay *way;
    const Json *frozen, *whole; /* with hashes in the places of parts, and with the parts */
    ListContents list;
    PartChange *act;
} ListChange;

static const Json *list_of(const Json *contents, const char *name) {
    const Json *list = json_get(contents, str_of(name));
    return list && list->kind == JSON_ARRAY ? list : NULL;
}

static size_t list_find(const Json *list, Str case_id) {
    size_t i = 0;
    while (list && i < list->len && !str_eq(json_get_str(json_at(list, i), "case"), case_id))
        i++;
    return i;
}

/* NULL: it is about one thing. */
static const ListWay *way_of(const Entity *decision) {
    const Attr *contents = entity_attr(decision, IRI("contents"));
    if (str_eq(entity_text(decision, IRI("kind")), PLAN_KIND)) return &plan_way;
    return contents && together_is(contents->value) ? &together_way : NULL;
}

/* Who drafts it changes it as a drafter; anybody else as the one who decides. */
static Rc may_change(Ctx *ctx, const Entity *decision) {
    bool drafts;
    TRY(act_drafts(ctx, decision, &drafts));
    return drafts ? proposal_may_draft(ctx) : proposal_may_decide(ctx);
}

static Rc change_load(Ctx *ctx, const OfficeDecision *wish, ListChange *change) {
    TRY(decide_load(ctx, wish->id, &change->decision));
    TRY(may_change(ctx, change->decision));
    change->way = way_of(change->decision);
    if (!change->way)
        return ctx_fail(ctx, RC_INVALID, "one-case", wish->id,
                        "This proposal is about one case: return it instead.");
    if (!str_eq(entity_text(change->decision, IRI("contentHash")), wish->hash))
        return ctx_fail(ctx, RC_CONFLICT, "other-contents", wish->id,
                        "The contents have changed since you saw them: read them again.");
    change->frozen = entity_attr(change->decision, IRI("contents"))->value;
    return decide_contents(ctx, change->decision, &change->whole);
}

/* Rows and those taken out, but for the case that moves between them. */
static void change_keep(Arena *arena, ListChange *change, Str moves) {
    const Json *rows = list_of(change->frozen, "cases"), *out = list_of(change->frozen, "out"),
               *whole = list_of(change->whole, "cases");
    change->list = (ListContents){.head = change->frozen, .sum = change->way->sum};
    for (size_t i = 0; out && i < out->len; i++)
        if (!str_eq(json_get_str(json_at(out, i), "case"), moves))
            vec_push(arena, &change->list.out, *json_dup(arena, json_at(out, i)));
    for (size_t i = 0; rows && i < rows->len; i++) {
        if (str_eq(json_get_str(json_at(rows, i), "case"), moves)) continue;
        vec_push(arena, &change->list.rows, *json_dup(arena, json_at(rows, i)));
        change->list.total += json_get_int(json_at(whole, i), change->way->sum, 0);
    }
}

static Json why_value(Ctx *ctx, Arena *arena, Str reason) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("reason"), json_of_str(str_dup(arena, reason))};
    members[1] = (JsonMember){STR("at"), json_of_str(time_format(arena, time_now(ctx->clock)))};
    members[2] = (JsonMember){STR("post"), json_of_str(str_dup(arena, ctx->actor->post))};
    return json_of_members(members, 3);
}

/* What is said of the case, and why it is out, are records of its person; of somebody who was
 * erased nothing more is said. */
static Rc out_add(Ctx *ctx, Command *command, ListChange *change, Str reason) {
    Arena *arena = command_arena(command);
    const Json *rows = list_of(change->frozen, "cases");
    size_t at = list_find(rows, change->act->case_id);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    if (!rows || at == rows->len) return RC_OK; /* the guard says so */
    const Json *row = json_at(rows, at);
    Json *out = vec_push(arena, &change->list.out, *json_dup(arena, row));
    DecideAbout about = {.decision = change->act->id,
                         .case_id = change->act->case_id,
                         .aspect = STR("out"),
                         .value = why_value(ctx, arena, reason)};
    Str part = decide_part_id(arena, about.decision, about.case_id, STR_NONE);
    Rc rc = decide_part_whose(ctx, part, &about);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    Json why;
    TRY(decide_part(ctx, command, &change->act->parts, &about, &why));
    members[0] = (JsonMember){STR("case"), json_of_str(change->act->case_id)};
    members[1] = (JsonMember){STR("part"), *json_dup(arena, json_get(row, STR("part")))};
    members[2] = (JsonMember){STR("why"), json_of_str(json_get_str(&why, "part"))};
    *out = json_of_members(members, 3);
    return RC_OK;
}

static Rc change_send(Ctx *ctx, Command *command, ListChange *change, Rc rc) {
    Outcome outcome;
    if (rc == RC_OK) {
        change->act->contents = lists_contents(command_arena(command), &change->list);
        return case_execute(ctx, command, &outcome);
    }
    command_free(command);
    return rc;
}

Rc office_takeout(Ctx *ctx, const OfficeDecision *wish) {
    ListChange change = {0};
    TRY(change_load(ctx, wish, &change));
    Command *command = case_command(ctx, STR("decision.takeout"), wish->id, STR("web"));
    Rc rc = proposal_change(ctx, command, wish, &change.act);
    if (rc != RC_OK) return change_send(ctx, command, &change, rc);
    command_add(command, &part_decision_takeout, change.act);
    change_keep(command_arena(command), &change, change.act->case_id);
    return change_send(ctx, command, &change,
                       out_add(ctx, command, &change, str_trim(wish->opinion)));
}

/* As it is now, if it can still be decided so. */
static Rc row_add(Ctx *ctx, Command *command, ListChange *change) {
    Arena *arena = command_arena(command);
    const Entity *application;
    PartChange *act = change->act;
    Json row;
    TRY(case_load(ctx, act->case_id, &application));
    TRY(change->way->again(ctx, command, &(ListAgain){act->id, change->frozen, application}, &row));
    DecideAbout about = proposal_about(ctx, &(PartDraft){.id = act->id}, application, row);
    Json *kept = vec_push(arena, &change->list.rows, json_of_null());
    TRY(decide_part(ctx, command, &act->parts, &about, kept));
    change->list.total += json_get_int(&row, change->way->sum, 0);
    act->version = application->version;
    act->gone = decide_part_id(arena, act->id, act->case_id, STR("out"));
    command_needs(command, act->gone);
    command_needs(command, act->case_id);
    return RC_OK;
}

Rc office_putback(Ctx *ctx, const OfficeDecision *wish) {
    ListChange change = {0};
    TRY(change_load(ctx, wish, &change));
    const Json *out = list_of(change.frozen, "out");
    if (!out || list_find(out, wish->case_id) == out->len)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-case", wish->case_id,
                        "This case was not taken out of the proposal.");
    Command *command = case_command(ctx, STR("decision.putback"), wish->id, STR("web"));
    Rc rc = proposal_change(ctx, command, wish, &change.act);
    if (rc != RC_OK) return change_send(ctx, command, &change, rc);
    command_add(command, &part_decision_putback, change.act);
    change_keep(command_arena(command), &change, change.act->case_id);
    return change_send(ctx, command, &change, row_add(ctx, command, &change));
}
