/* minutes: what a meeting said of each item, the minutes (要旨) that are drafted of it, and their
   way to the chair's post. What was decided holds as it was frozen; nothing of the meeting changes
   after. */
#include "meet_int.h"

static const Str result_words[MEET_RESULTS] = {[MEET_AGREED] = STR("agreed"),
                                               [MEET_AMENDED] = STR("amended"),
                                               [MEET_CONTINUED] = STR("continued"),
                                               [MEET_WITHDRAWN] = STR("withdrawn")};

Str meet_result_word(MeetResult result) {
    return result < MEET_RESULTS ? result_words[result] : STR_NONE;
}

MeetResult meet_result_of(Str word) {
    unsigned at = 0;
    while (at < MEET_RESULTS && !str_eq(result_words[at], word))
        at++;
    return (MeetResult)at;
}

/* ---- noting ---- */

Rc meet_frozen(Ctx *ctx, const Meeting *meeting) {
    if (meeting->stage == MEET_CANCELLED)
        return ctx_fail(ctx, RC_CONFLICT, "meeting-cancelled", meeting->id,
                        "This meeting is cancelled: open it again if it is held.");
    return ctx_fail(ctx, RC_CONFLICT, "minutes-frozen", meeting->id,
                    "The minutes are proposed or decided: withdraw the proposal to change them.");
}

/* The secretariat's, between the closing of the agenda and the proposal. */
static Rc writable(Ctx *ctx, Str key, Meeting *out) {
    TRY(meet_kept(ctx, key, out));
    if (out->stage == MEET_CLOSED) return RC_OK;
    if (out->stage == MEET_OPEN)
        return ctx_fail(ctx, RC_CONFLICT, "agenda-open", out->id,
                        "Close the agenda first: results are of what was on it.");
    return meet_frozen(ctx, out);
}

static Rc long_text(Ctx *ctx, Str text, const char *member) {
    if (str_utf8_len(text) <= MEET_CHARS_MOST) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "long", str_of(member), "At most %d characters.",
                    MEET_CHARS_MOST);
}

/* The meeting counts the notes, so that its version holds for what they say, too: minutes are
   frozen of what their sender saw. */
Rc meet_note(Ctx *ctx, Str key, int64_t n, const MeetNote *note) {
    Meeting meeting;
    MeetItem item;
    TRY(writable(ctx, key, &meeting));
    TRY(meet_item(ctx, &meeting, n, &item));
    if (note->result >= MEET_RESULTS)
        return ctx_fail(ctx, RC_INVALID, "missing", STR("result"), "Say what the meeting decided.");
    TRY(long_text(ctx, note->text, "said"));
    if (item.version != note->version)
        return ctx_fail(ctx, RC_CONFLICT, "edited", item.id,
                        "Somebody else changed this item meanwhile: look at it, and save again.");
    PartMeet part = {.meeting = meeting.id,
                     .version = meeting.version,
                     .proposal = meeting.proposal,
                     .item = item.id,
                     .item_version = item.version};
    Change change = meet_change(ctx, "meeting.note", &part);
    Entity *after = entity_new(change.arena, change.part->item, STR(MEETING_ITEM_TYPE));
    change.part->item_after = after;
    entity_set(change.arena, after, IRI("result"), json_of_str(meet_result_word(note->result)));
    entity_set(change.arena, after, IRI("said"),
               json_of_str(str_dup(change.arena, str_trim(note->text))));
    entity_set(change.arena, meet_after(&change), IRI("notes"), json_of_int(meeting.notes + 1));
    return meet_send(&change);
}

Rc meet_minute(Ctx *ctx, Str key, const MeetMinutes *wish) {
    Meeting meeting;
    JsonItems attended = {0};
    TRY(writable(ctx, key, &meeting));
    if (text_is_blank(ctx->arena, wish->text))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("minutes"), "Write the minutes.");
    TRY(long_text(ctx, wish->text, "minutes"));
    PartMeet part = {
        .meeting = meeting.id, .version = meeting.version, .proposal = meeting.proposal};
    Change change = meet_change(ctx, "meeting.minutes", &part);
    Entity *after = meet_after(&change);
    VEC_EACH (const Str, post, &wish->attended)
        if (json_has(meeting.members, *post) || str_eq(*post, meeting.chair))
            vec_push(change.arena, &attended, json_of_str(str_dup(change.arena, *post)));
    entity_set(change.arena, after, IRI("minutes"),
               json_of_str(str_dup(change.arena, str_trim(wish->text))));
    entity_set_kind(change.arena, after, ATTR_JSON, IRI("attended"),
                    json_of_items(attended.items, attended.len));
    return meet_send(&change);
}

/* ---- proposing ---- */

/* Those of an item that says the same in the contents of before; else new ones. */
static Json item_salts(Ctx *ctx, const JsonMember *said, size_t n, const Json *before) {
    const Json *items = json_get(before, STR("items"));
    for (size_t i = 0; items && i < items->len; i++) {
        const Json *one = json_at(items, i), *salts = json_get(one, STR("salts"));
        bool same = salts != NULL;
        for (size_t k = 0; same && k < n; k++) {
            const Json *value = json_get(one, said[k].name);
            same = value && json_equal(value, &said[k].value);
        }
        if (same) return *salts;
    }
    return meet_salts(ctx, ctx->arena);
}

/* before: contents that it is made of anew; NULL: none. */
static Json item_contents(Ctx *ctx, const MeetItem *item, const Json *before) {
    Arena *arena = ctx->arena;
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 8);
    JsonItems papers = {0};
    for (size_t i = 0; item->papers && i < item->papers->len; i++) {
        const Json *one = json_at(item->papers, i);
        JsonMember *paper = NEW_ARRAY(arena, JsonMember, 2);
        paper[0] = (JsonMember){STR("name"), json_of_str(json_get_str(one, "name"))};
        paper[1] = (JsonMember){STR("sha256"), json_of_str(json_get_str(one, "sha256"))};
        vec_push(arena, &papers, json_of_members(paper, 2));
    }
    members[0] = (JsonMember){STR("number"), json_of_int(item->n)};
    members[1] = (JsonMember){STR("title"), json_of_str(item->title)};
    members[2] = (JsonMember){STR("division"), json_of_str(item->division)};
    members[3] = (JsonMember){STR("shown"), json_of_str(meet_shown_word(item->shown))};
    members[4] = (JsonMember){STR("result"), json_of_str(meet_result_word(item->result))};
    members[5] = (JsonMember){STR("text"), json_of_str(item->said)};
    members[6] = (JsonMember){STR("papers"), json_of_items(papers.items, papers.len)};
    members[7] = (JsonMember){STR("salts"), item_salts(ctx, members, 7, before)};
    return json_of_members(members, 8);
}

static Json empty_or(const Json *list) {
    return list ? *list : json_of_items(NULL, 0);
}

/* What goes into the minutes. */
typedef struct Minutes {
    Meeting meeting;
    MeetItems items;
    const Json *before; /* contents of the proposal that is amended; NULL: a new one */
} Minutes;

static const Json *minutes_contents(Ctx *ctx, Arena *arena, const Minutes *of) {
    JsonMember members[9];
    JsonItems list = {0};
    const Meeting *meeting = &of->meeting;
    VEC_EACH (const MeetItem, item, &of->items)
        vec_push(ctx->arena, &list, item_contents(ctx, item, of->before));
    members[0] = (JsonMember){STR("meeting"), json_of_str(meeting->key)};
    members[1] = (JsonMember){STR("name"), json_of_str(meeting->name)};
    members[2] = (JsonMember){STR("at"), json_of_str(time_format(ctx->arena, meeting->at))};
    members[3] = (JsonMember){STR("place"), json_of_str(meeting->place)};
    members[4] = (JsonMember){STR("chair"), json_of_str(meeting->chair)};
    members[5] = (JsonMember){STR("attended"), empty_or(meeting->attended)};
    members[6] = (JsonMember){STR("minutes"), json_of_str(meeting->minutes)};
    members[7] = (JsonMember){STR("items"), json_of_items(list.items, list.len)};
    Json contents = json_of_members(members, 8);
    members[8] = (JsonMember){STR("root"), json_of_str(meet_root(ctx->arena, &contents))};
    contents = json_of_members(members, 9);
    return json_dup(arena, &contents);
}

/* As long as the meeting is kept: who reads its page reads them there. */
static Str minutes_retention(const Ctx *ctx) {
    const DictType *type = dictionary_type(ctx->tenant->dictionary, STR(MEETING_TYPE));
    return type ? type->retention : STR_NONE;
}

static Str minutes_title(Arena *arena, const Meeting *meeting) {
    return str_fmt(arena, STR_FMT "（" STR_FMT "）の要旨について", STR_ARG(meeting->name),
                   STR_ARG(time_format_japanese(arena, time_jst_date(meeting->at))));
}

static PartDraft *draft_of(Ctx *ctx, Arena *arena, const Minutes *of) {
    const Meeting *meeting = &of->meeting;
    PartDraft *draft = NEW(arena, PartDraft);
    Date day = time_jst_date(time_now(ctx->clock));
    int year = time_fiscal_year(day);
    *draft = (PartDraft){
        .id = decide_id(arena, ctx->rand),
        .kind = MEET_KIND,
        .retention = minutes_retention(ctx),
        .file = str_dup(arena, meeting->file),
        .title = minutes_title(arena, meeting),
        .contents = minutes_contents(ctx, arena, of),
        .plan = {.drafter = str_dup(arena, ctx->actor->id),
                 .drafter_post = str_dup(arena, ctx->actor->post),
                 .decider_post = str_dup(arena, meeting->chair)},
        .counter = counter_id(arena, STR("decision"), year),
        .fiscal_year = year,
    };
    return draft;
}

/* All that it says is said. */
static Rc minutes_whole(Ctx *ctx, const Minutes *of) {
    GateAsk ask = {.action = ACT_CREATE, .type = STR(DECIDE_TYPE), .class = CLASS_INTERNAL};
    TRY(gate_check(ctx, &ask));
    if (str_empty(of->meeting.minutes))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("minutes"), "Write the minutes.");
    VEC_EACH (const MeetItem, item, &of->items)
        if (item->result == MEET_RESULTS)
            return ctx_fail(ctx, RC_CONFLICT, "no-result", item->id,
                            "An item has no result yet: note it first.");
    return RC_OK;
}

static Rc minutes_load(Ctx *ctx, Str key, Minutes *out) {
    *out = (Minutes){0};
    TRY(writable(ctx, key, &out->meeting));
    TRY(meet_items(ctx, &out->meeting, &out->items));
    return minutes_whole(ctx, out);
}

static Change change_begin(Ctx *ctx, const char *kind, const Meeting *meeting) {
    return meet_change(ctx, kind,
                       &(PartMeet){.meeting = meeting->id,
                                   .version = meeting->version,
                                   .proposal = meeting->proposal});
}

Rc meet_propose(Ctx *ctx, Str key, Str *decision) {
    Minutes of;
    TRY(minutes_load(ctx, key, &of));
    Change change = change_begin(ctx, "meeting.propose", &of.meeting);
    PartDraft *draft = draft_of(ctx, change.arena, &of);
    Entity *after = meet_after(&change);
    entity_set(change.arena, after, IRI("proposal"), json_of_str(draft->id));
    *decision = str_dup(ctx->arena, draft->id);
    command_needs(change.command, draft->id);
    command_needs(change.command, draft->counter);
    command_add(change.command, &part_decision_draft, draft);
    Rc rc = decide_drop_before(ctx, change.command, of.meeting.proposal);
    if (rc == RC_OK) return meet_send(&change);
    command_free(change.command);
    return rc;
}

static const Json *frozen(const Entity *decision) {
    const Attr *contents = entity_attr(decision, IRI("contents"));
    return contents ? contents->value : NULL;
}

static Rc amend_load(Ctx *ctx, Str id, Minutes *out) {
    const Entity *decision;
    TRY(decide_load(ctx, id, &decision));
    const Json *before = frozen(decision);
    TRY(minutes_load(ctx, json_get_str(before, "meeting"), out));
    out->before = before;
    if (str_eq(out->meeting.proposal, id)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "not-newest", id,
                    "Other minutes of this meeting were proposed later: go on with those.");
}

Rc meet_amend(Ctx *ctx, Str id, const ActAmend *wish) {
    Minutes of;
    TRY(amend_load(ctx, id, &of));
    of.meeting.proposal = STR_NONE; /* it waits again by this command itself */
    Change change = change_begin(ctx, "meeting.amend", &of.meeting);
    PartDraft draft = {.id = str_dup(change.arena, id),
                       .title = minutes_title(change.arena, &of.meeting),
                       .contents = minutes_contents(ctx, change.arena, &of)};
    Rc rc = act_amend(ctx, change.command, &draft, wish);
    if (rc == RC_OK) return meet_send(&change);
    command_free(change.command);
    return rc;
}

/* ---- deciding ---- */

/* meeting.fix: what was decided holds from now on. */
typedef struct PartFix {
    Str meeting, decision;
} PartFix;

static Rc fix_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartFix *part = args;
    const Entity *meeting = stage_entity(stage, part->meeting);
    if (meeting && str_eq(entity_text(meeting, IRI("proposal")), part->decision)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "not-newest", part->meeting,
                    "Other minutes of this meeting were proposed later: decide those.");
}

static Rc fix_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartFix *part = args;
    Arena *arena = ctx->arena;
    const Entity *decision = stage_entity(stage, part->decision);
    Entity *after = entity_new(arena, part->meeting, STR(MEETING_TYPE));
    entity_set(arena, after, IRI("decision"), json_of_str(part->decision));
    entity_set(arena, after, IRI("decidedAt"), json_of_str(time_format(arena, stage_now(stage))));
    entity_set(arena, after, IRI("minutesHash"),
               json_of_str(str_dup(arena, entity_text(decision, IRI("contentHash")))));
    Str root = json_get_str(frozen(decision), "root");
    if (!str_empty(root))
        entity_set(arena, after, IRI("minutesRoot"), json_of_str(str_dup(arena, root)));
    stage_put(stage, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after});
    return RC_OK;
}

static const PartKind part_fix = {"meeting.fix", 1, fix_guard, fix_apply};

Rc meet_act_on(Ctx *ctx, Str id, const RouteAct *wish) {
    const Entity *decision;
    Outcome outcome;
    PartAct *act;
    TRY(act_permitted(ctx, wish->verb));
    TRY(decide_load(ctx, id, &decision));
    bool waits = str_eq(entity_text(decision, IRI("state")), STR("waiting"));
    Str kind = str_fmt(ctx->arena, "meeting.%s", route_json_verb(wish->verb));
    Command *command = command_new(ctx->tenant->ledger, (CommandHead){.kind = kind,
                                                                      .actor = ctx->actor->id,
                                                                      .post = ctx->actor->post,
                                                                      .purpose = ctx->purpose,
                                                                      .channel = STR("web")});
    gate_guard(ctx, command);
    Rc rc = act_new(ctx, command, id, wish, &act);
    if (rc == RC_OK) {
        command_add(command, &part_decision_act, act);
        if (waits && act->after == ROUTE_DECIDED) {
            Arena *arena = command_arena(command);
            PartFix *fix = NEW(arena, PartFix);
            *fix = (PartFix){meeting_id(arena, json_get_str(frozen(decision), "meeting")), act->id};
            command_needs(command, fix->meeting);
            command_add(command, &part_fix, fix);
        }
        rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    }
    command_free(command);
    return rc;
}

/* Who attends it; and once it is decided, who reads the page of the meeting sees what is his. */
bool meet_reads(Ctx *ctx, const Entity *decision) {
    const Entity *whole;
    Meeting meeting;
    Error before = ctx->error;
    bool reads = str_eq(entity_text(decision, IRI("kind")), MEET_KIND) &&
                 decide_load(ctx, decision->id, &whole) == RC_OK && frozen(whole) &&
                 meet_load(ctx, json_get_str(frozen(whole), "meeting"), &meeting) == RC_OK &&
                 meet_attends(ctx, &meeting);
    ctx->error = before;
    return reads;
}

Rc meet_decided(Ctx *ctx, const Meeting *meeting, const Json **contents) {
    const Entity *decision;
    *contents = NULL;
    if (str_empty(meeting->decision)) return RC_OK;
    TRY(decide_load(ctx, meeting->decision, &decision));
    *contents = frozen(decision);
    return RC_OK;
}
