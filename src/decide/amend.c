/* amend: its drafter hands in a proposal that waits or came back: with contents made anew, and a
   subject in his words if he likes. */
#include "decide.h"

#define IRI(term) STR(LD_DEFAULT term)

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

/* ---- a minor correction ---- */

/* What it says itself: of a case its part, of a list with the hashes that stand for its cases. */
static const Json *said(const Json *contents, const DecideParts *parts) {
    bool part = !str_empty(json_get_str(contents, "part")) && parts->len;
    return part ? json_get(&parts->items[0].content, STR("value")) : contents;
}

static Rc said_before(Ctx *ctx, const Entity *decision, const Json **out) {
    const Attr *attr = entity_attr(decision, IRI("contents"));
    *out = attr ? attr->value : NULL;
    if (*out && !str_empty(json_get_str(*out, "part"))) return decide_contents(ctx, decision, out);
    return RC_OK;
}

static void subject_change(Arena *arena, const Entity *decision, Str title, MinorChanges *out) {
    Json *both = NEW_ARRAY(arena, Json, 2);
    Str before = entity_text(decision, IRI("subjectLine"));
    both[0] = json_of_str(before);
    both[1] = json_of_str(title);
    if (!str_eq(before, title))
        vec_push(arena, out, (MinorChange){STR("subject"), &both[0], &both[1]});
}

/* What differs of a person's case is his record, as the case itself. */
static Rc changes_keep(Ctx *ctx, Command *command, PartDraft *draft, const MinorChanges *changes,
                       Json *out) {
    Arena *arena = command_arena(command);
    JsonMembers members = {0};
    if (str_empty(json_get_str(draft->contents, "part")) || !draft->parts.len) {
        vec_push(arena, &members, (JsonMember){STR("changes"), minor_json(arena, changes)});
    } else {
        const DecidePart *own = &draft->parts.items[0];
        DecideAbout about = {
            .decision = draft->id,
            .case_id = own->case_id,
            .person = own->person,
            .file = own->file,
            .aspect = str_fmt(arena, "minor:" STR_FMT, STR_ARG(rand_id(ctx->rand, arena, 26))),
            .value = minor_json(arena, changes)};
        Json part;
        TRY(decide_part(ctx, command, &draft->parts, &about, &part));
        for (size_t i = 0; i < part.len; i++)
            vec_push(arena, &members, part.value.members[i]);
        vec_push(arena, &members, (JsonMember){STR("aspect"), json_of_str(about.aspect)});
    }
    *out = json_of_members(members.items, members.len);
    return RC_OK;
}

static Rc correction_set(Ctx *ctx, Command *command, PartDraft *draft, PartAct *act) {
    const Entity *decision;
    const Json *before;
    MinorChanges changes;
    Json *correction = NEW(command_arena(command), Json);
    TRY(decide_load(ctx, draft->id, &decision));
    TRY(said_before(ctx, decision, &before));
    minor_changes(ctx->arena, before, said(draft->contents, &draft->parts), &changes);
    subject_change(ctx->arena, decision, draft->title, &changes);
    TRY(minor_allowed(ctx, gate_organisation(ctx->tenant->gate), entity_text(decision, IRI("kind")),
                      &changes));
    act->from = str_dup(command_arena(command), entity_text(decision, IRI("contentHash")));
    act->correction = correction;
    return changes_keep(ctx, command, draft, &changes, correction);
}

Rc act_amend(Ctx *ctx, Command *command, PartDraft *draft, const ActAmend *wish) {
    PartAct *act;
    TRY(subject_set(ctx, command_arena(command), str_trim(wish->subject), draft));
    RouteAct amend = {.verb = ROUTE_AMEND,
                      .hash = decide_hash(ctx->arena, draft->contents),
                      .minor = wish->minor};
    TRY(act_new(ctx, command, draft->id, &amend, &act));
    if (wish->minor) TRY(correction_set(ctx, command, draft, act));
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
