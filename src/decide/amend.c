/* amend: its drafter hands in a proposal that waits or came back: with contents made anew, and a
   subject in his words if he likes. */
#include "decide.h"

enum { SUBJECT_MOST = 200 };

/* A subject in the drafter's words is of the contents: who decides reads it first. */
static Rc subject_set(Ctx *ctx, Arena *arena, Str subject, PartDraft *draft) {
    JsonMembers members = {0};
    Json *contents = NEW(arena, Json);
    if (str_utf8_len(subject) > SUBJECT_MOST)
        return ctx_fail(ctx, RC_INVALID, "too-long", STR("subject"),
                        "A subject has at most %d characters.", SUBJECT_MOST);
    if (str_empty(subject) || str_eq(subject, draft->title)) return RC_OK;
    for (size_t i = 0; i < draft->contents->len; i++)
        vec_push(arena, &members, draft->contents->value.members[i]);
    draft->title = str_dup(arena, subject);
    vec_push(arena, &members, (JsonMember){STR("subject"), json_of_str(draft->title)});
    *contents = json_of_members(members.items, members.len);
    draft->contents = contents;
    return RC_OK;
}

Rc act_amend(Ctx *ctx, Command *command, PartDraft *draft, const ActAmend *wish) {
    PartAct *act;
    TRY(subject_set(ctx, command_arena(command), str_trim(wish->subject), draft));
    RouteAct amend = {.verb = ROUTE_AMEND,
                      .hash = decide_hash(ctx->arena, draft->contents),
                      .minor = wish->minor};
    TRY(act_new(ctx, command, draft->id, &amend, &act));
    act->title = draft->title;
    act->contents = draft->contents;
    act->parts = draft->parts;
    act->cases = draft->cases;
    command_add(command, &part_decision_act, act);
    return RC_OK;
}

void decide_drop(Command *command, Str id, Str reason) {
    Arena *arena = command_arena(command);
    PartDrop *drop = NEW(arena, PartDrop);
    *drop = (PartDrop){str_dup(arena, id), str_dup(arena, reason)};
    command_needs(command, drop->id);
    command_add(command, &part_decision_drop, drop);
}

void decide_drop_back(Command *command, const Entity *decision, Str reason) {
    Route route;
    route_json_read(decision, &route);
    if (route_is_back(&route)) decide_drop(command, decision->id, reason);
}

Rc decide_drop_before(Ctx *ctx, Command *command, Str before) {
    const Entity *decision;
    if (str_empty(before)) return RC_OK;
    TRY(decide_load(ctx, before, &decision));
    decide_drop_back(command, decision, DECIDE_REDRAFTED);
    return RC_OK;
}
