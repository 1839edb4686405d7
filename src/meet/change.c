/* change: what the secretariat and the divisions write. A change is computed from a meeting as it
   was read, and holds only while the meeting, and the item that it is about, are still that
   version: who was first is read again, and the change made anew. */
#include "meet_int.h"

enum {
    KEY_CHARS = 26,
    TRIES = 8,
    LINK_MOST = 500,
    PLACE_MOST = 200,
    TITLE_MOST = 200,
    DAYS_BACK = 366,
    DAYS_AHEAD = 731
};

/* ---- the part ---- */

static Rc moved_on(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", id,
                    "This meeting has changed since you looked at it: load the page again.");
}

static bool same_version(Stage *stage, Str id, uint64_t version) {
    const Entity *entity = stage_entity(stage, id);
    return (entity ? entity->version : 0) == version;
}

static Rc meet_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartMeet *part = args;
    bool same = same_version(stage, part->meeting, part->version) &&
                (str_empty(part->item) || same_version(stage, part->item, part->item_version));
    if (!same) return moved_on(ctx, part->meeting);
    const Entity *proposal = str_empty(part->proposal) ? NULL : stage_entity(stage, part->proposal);
    if (!proposal || !str_eq(entity_text(proposal, IRI("state")), STR("waiting"))) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "minutes-frozen", part->meeting,
                    "The minutes are proposed: withdraw the proposal to change them.");
}

static void after_put(Ctx *ctx, Stage *stage, const Entity *after, uint64_t version, Str drops) {
    if (!after) return;
    Delta delta = {.op = version ? DELTA_CHANGE : DELTA_PUT,
                   .id = after->id,
                   .after = entity_dup(ctx->arena, after)};
    if (!str_empty(drops))
        vec_push(ctx->arena, &delta.removed, (DeltaRemoval){.name = drops, .all = true});
    stage_put(stage, &delta);
}

static Rc meet_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartMeet *part = args;
    after_put(ctx, stage, part->meeting_after, part->version, part->drops);
    after_put(ctx, stage, part->item_after, part->item_version, STR_NONE);
    return RC_OK;
}

static const PartKind part_meet = {"meeting.change", 1, meet_guard, meet_apply};

Change meet_change(Ctx *ctx, const char *kind, const PartMeet *of) {
    Command *command = command_new(ctx->tenant->ledger, (CommandHead){.kind = str_of(kind),
                                                                      .actor = ctx->actor->id,
                                                                      .post = ctx->actor->post,
                                                                      .purpose = ctx->purpose,
                                                                      .channel = STR("web")});
    Arena *arena = command_arena(command);
    PartMeet *part = NEW(arena, PartMeet);
    gate_guard(ctx, command);
    *part = *of;
    part->meeting = str_dup(arena, of->meeting);
    part->item = str_dup(arena, of->item);
    part->proposal = str_dup(arena, of->proposal);
    return (Change){ctx, command, arena, part};
}

Rc meet_send(const Change *change) {
    Outcome outcome;
    PartMeet *part = change->part;
    command_needs(change->command, part->meeting);
    if (!str_empty(part->item)) command_needs(change->command, part->item);
    if (!str_empty(part->proposal)) command_needs(change->command, part->proposal);
    command_add(change->command, &part_meet, part);
    Rc rc = ledger_execute(change->ctx, change->ctx->tenant->ledger, change->command, &outcome);
    command_free(change->command);
    return rc;
}

Entity *meet_after(Change *change) {
    Entity *after = entity_new(change->arena, change->part->meeting, STR(MEETING_TYPE));
    change->part->meeting_after = after;
    return after;
}

static void text_set(Entity *after, Arena *arena, Str iri, Str text) {
    entity_set(arena, after, iri, json_of_str(str_dup(arena, text)));
}

/* ---- planning ---- */

static Rc not_secretariat(Ctx *ctx, Str id) {
    return ctx_fail(
        ctx, RC_DENIED, "not-secretariat", id,
        "The secretariat of this meeting does that: change to that post if you hold it.");
}

static Rc missing(Ctx *ctx, const char *member) {
    return ctx_fail(ctx, RC_INVALID, "missing", str_of(member), "This has to be said.");
}

static Rc text_good(Ctx *ctx, Str text, const char *member, size_t most) {
    if (text_is_blank(ctx->arena, text)) return missing(ctx, member);
    if (str_utf8_len(text) <= most) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "long", str_of(member), "At most %zu characters.", most);
}

/* "09:30" as minutes of the day. */
static bool time_of_day(Str text, int *minutes) {
    int64_t hour, minute;
    bool good = text.len == 5 && text.ptr[2] == ':' && str_to_i64(str_head(text, 2), &hour) &&
                str_to_i64(str_sub(text, 3, 5), &minute) && hour >= 0 && hour < 24 && minute >= 0 &&
                minute < 60;
    if (good) *minutes = (int)(hour * 60 + minute);
    return good;
}

static Rc plan_good(Ctx *ctx, const MeetPlan *wish, int64_t *at) {
    Date day;
    int minutes;
    if (!time_parse_date(wish->day, &day)) return missing(ctx, "day");
    if (!time_of_day(wish->time, &minutes)) return missing(ctx, "time");
    int64_t ahead = time_date_days(day) - time_date_days(time_jst_date(time_now(ctx->clock)));
    if (ahead < -DAYS_BACK || ahead > DAYS_AHEAD)
        return ctx_fail(ctx, RC_INVALID, "far", STR("day"),
                        "A meeting is planned for a day of the last or the next two years.");
    *at = time_jst_start(day) + minutes * TIME_MINUTE;
    return text_good(ctx, wish->place, "place", PLACE_MOST);
}

static void plan_set(Change *change, Entity *after, const MeetPlan *wish, int64_t at) {
    text_set(after, change->arena, IRI("heldAt"), time_format(change->arena, at));
    text_set(after, change->arena, IRI("place"), str_trim(wish->place));
}

/* Posts as they are on this day: another secretariat tomorrow doesn't change who was to attend. */
static void series_set(Change *change, Entity *after, const Json *series) {
    Arena *arena = change->arena;
    text_set(after, arena, IRI("series"), json_get_str(series, "id"));
    text_set(after, arena, IRI("name"), json_get_str(json_get(series, STR("name")), "ja"));
    text_set(after, arena, IRI("secretariat"), json_get_str(series, "secretariat"));
    text_set(after, arena, IRI("chair"), json_get_str(series, "chair"));
    text_set(after, arena, IRI("state"), STR("open"));
    entity_set(arena, after, IRI("items"), json_of_int(0));
    entity_set_kind(arena, after, ATTR_JSON, IRI("members"),
                    *json_dup(arena, json_get(series, STR("members"))));
    entity_set_kind(arena, after, ATTR_JSON, IRI("agenda"), json_of_items(NULL, 0));
}

Rc meet_plan(Ctx *ctx, const MeetPlan *wish, Str *key) {
    int64_t at;
    const Json *series = meet_series(ctx, wish->series);
    TRY(meet_permitted(ctx));
    if (!series) return missing(ctx, "series");
    if (!str_eq(json_get_str(series, "secretariat"), ctx->actor->post))
        return not_secretariat(ctx, wish->series);
    TRY(plan_good(ctx, wish, &at));
    *key = rand_id(ctx->rand, ctx->arena, KEY_CHARS);
    PartMeet part = {.meeting = meeting_id(ctx->arena, *key)};
    Change change = meet_change(ctx, "meeting.plan", &part);
    Entity *after = meet_after(&change);
    series_set(&change, after, series);
    plan_set(&change, after, wish, at);
    retention_name(change.arena, ctx->tenant->dictionary, after, STR_NONE, at);
    return meet_send(&change);
}

Rc meet_kept(Ctx *ctx, Str key, Meeting *out) {
    TRY(meet_permitted(ctx));
    TRY(meet_load(ctx, key, out));
    return meet_keeps(ctx, out) ? RC_OK : not_secretariat(ctx, out->id);
}

static Rc closed(Ctx *ctx, const Meeting *meeting) {
    if (meeting->stage == MEET_CANCELLED) return meet_frozen(ctx, meeting);
    return ctx_fail(ctx, RC_CONFLICT, "agenda-closed", meeting->id,
                    "The agenda is closed: ask the secretariat to open it again.");
}

static int fiscal_year(int64_t at) {
    return time_fiscal_year(time_jst_date(at));
}

Rc meet_move(Ctx *ctx, Str key, const MeetPlan *wish) {
    Meeting meeting;
    int64_t at;
    TRY(meet_kept(ctx, key, &meeting));
    if (!meeting.open) return closed(ctx, &meeting);
    TRY(plan_good(ctx, wish, &at));
    if (fiscal_year(at) != fiscal_year(meeting.at))
        return ctx_fail(
            ctx, RC_INVALID, "other-year", STR("day"),
            "A meeting lies in the file of its fiscal year: cancel it, and plan another "
            "one.");
    PartMeet part = {.meeting = meeting.id, .version = meeting.version};
    Change change = meet_change(ctx, "meeting.move", &part);
    plan_set(&change, meet_after(&change), wish, at);
    return meet_send(&change);
}

/* ---- items ---- */

static bool link_good(Str link) {
    bool good = str_starts(link, STR("/")) && !str_starts(link, STR("//")) && link.len <= LINK_MOST;
    for (size_t i = 0; good && i < link.len; i++)
        good = link.ptr[i] > ' ' && link.ptr[i] < 0x7F && link.ptr[i] != '\\';
    return good;
}

static Rc wish_good(Ctx *ctx, const MeetWish *wish) {
    TRY(text_good(ctx, wish->title, "title", TITLE_MOST));
    TRY(text_good(ctx, wish->summary, "summary", MEET_CHARS_MOST));
    if (wish->shown >= MEET_SHOWNS) return missing(ctx, "shown");
    if (str_empty(wish->link) || link_good(wish->link)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "link", STR("link"),
                    "The address of a page of this city, from its first \"/\" on.");
}

/* Of who brings it, or who keeps the agenda, while that is open. */
static Rc changeable(Ctx *ctx, const Meeting *meeting, const MeetItem *item) {
    if (!meeting->open) return closed(ctx, meeting);
    if (item ? meet_changes(ctx, meeting, item) : meet_brings(ctx, meeting)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "not-division", meeting->id,
                    "Another division brings this item.");
}

/* Papers lie beside the ledger already, whatever becomes of the tries. */
static Rc papers_keep(Ctx *ctx, const Meeting *meeting, const MeetWish *wish,
                      LedgerAttachments *out) {
    const DictType *type = dictionary_type(ctx->tenant->dictionary, STR(MEETING_ITEM_TYPE));
    LedgerKeyOf key = {STR_NONE, meeting->file};
    if (str_empty(meeting->file) && type) key.retention = type->retention;
    for (size_t i = 0; i < wish->papers.len; i++) {
        LedgerAttachment kept;
        TRY(ledger_attach(ctx, ctx->tenant->ledger, key, wish->papers.items[i].bytes, &kept));
        vec_push(ctx->arena, out, kept);
    }
    return RC_OK;
}

static Json paper_json(Arena *arena, const MeetPaper *paper, const LedgerAttachment *kept) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 5);
    members[0] = (JsonMember){STR("file"), json_of_str(hash_digest_hex(arena, &kept->id))};
    members[1] = (JsonMember){STR("name"), json_of_str(str_dup(arena, paper->name))};
    members[2] = (JsonMember){STR("type"), json_of_str(str_dup(arena, paper->type))};
    members[3] = (JsonMember){STR("bytes"), json_of_int(kept->bytes)};
    members[4] = (JsonMember){STR("sha256"), json_of_str(str_dup(arena, paper->digest))};
    return json_of_members(members, 5);
}

/* Those that stay, then those that come. */
static Rc papers_set(Change *change, Entity *after, const MeetItem *before, const MeetWish *wish,
                     const LedgerAttachments *papers) {
    Arena *arena = change->arena;
    JsonItems items = {0};
    for (size_t i = 0; before && before->papers && i < before->papers->len; i++) {
        const Json *one = json_at(before->papers, i);
        bool goes = !str_empty(wish->remove) && str_eq(json_get_str(one, "file"), wish->remove);
        if (!goes) vec_push(arena, &items, *json_dup(arena, one));
    }
    for (size_t i = 0; i < wish->papers.len; i++)
        vec_push(arena, &items, paper_json(arena, &wish->papers.items[i], &papers->items[i]));
    entity_set_kind(arena, after, ATTR_JSON, IRI("papers"), json_of_items(items.items, items.len));
    if (items.len <= MEET_PAPERS_MOST) return RC_OK;
    return ctx_fail(change->ctx, RC_LIMIT, "many", STR("papers"), "At most %d papers an item.",
                    MEET_PAPERS_MOST);
}

static void links_set(Change *change, Entity *after, Str link) {
    Json *item = NEW(change->arena, Json);
    *item = json_of_str(str_dup(change->arena, link));
    entity_set_kind(change->arena, after, ATTR_JSON, IRI("links"),
                    json_of_items(item, str_empty(link) ? 0 : 1));
}

static void agenda_add(Change *change, const Meeting *meeting, int64_t n) {
    Arena *arena = change->arena;
    Entity *after = meet_after(change);
    JsonItems agenda = {0};
    for (size_t i = 0; meeting->agenda && i < meeting->agenda->len; i++)
        vec_push(arena, &agenda, *json_at(meeting->agenda, i));
    vec_push(arena, &agenda, json_of_int(n));
    entity_set(arena, after, IRI("items"), json_of_int(n));
    Json list = json_of_items(agenda.items, agenda.len);
    entity_set_kind(arena, after, ATTR_JSON, IRI("agenda"), *json_dup(arena, &list));
}

static Rc bring_send(Ctx *ctx, const Meeting *meeting, const MeetItem *before, const MeetWish *wish,
                     const LedgerAttachments *papers) {
    int64_t n = before ? before->n : meeting->items + 1;
    PartMeet part = {.meeting = meeting->id,
                     .version = meeting->version,
                     .item = item_id(ctx->arena, meeting->key, n),
                     .item_version = before ? before->version : 0};
    Change change = meet_change(ctx, before ? "meeting.revise" : "meeting.bring", &part);
    Arena *arena = change.arena;
    Entity *after = entity_new(arena, change.part->item, STR(MEETING_ITEM_TYPE));
    change.part->item_after = after;
    text_set(after, arena, IRI("subjectLine"), str_trim(wish->title));
    text_set(after, arena, IRI("summary"), str_trim(wish->summary));
    text_set(after, arena, IRI("shownTo"), meet_shown_word(wish->shown));
    links_set(&change, after, wish->link);
    if (!before) {
        entity_set_kind(arena, after, ATTR_RELATIONSHIP, IRI("meeting"),
                        json_of_str(change.part->meeting));
        entity_set(arena, after, IRI("number"), json_of_int(n));
        if (!str_empty(meeting->file)) text_set(after, arena, IRI("retentionFile"), meeting->file);
        text_set(after, arena, IRI("post"), ctx->actor->post);
        text_set(after, arena, IRI("division"), meet_division(ctx));
        agenda_add(&change, meeting, n);
    }
    Rc rc = papers_set(&change, after, before, wish, papers);
    if (rc != RC_OK) {
        command_free(change.command);
        return rc;
    }
    VEC_EACH (const LedgerAttachment, kept, papers)
        ledger_attach_name(change.command, change.part->item, kept);
    return meet_send(&change);
}

static Rc bring_once(Ctx *ctx, Str key, int64_t n, const MeetWish *wish,
                     LedgerAttachments *papers) {
    Meeting meeting;
    MeetItem item;
    TRY(meet_permitted(ctx));
    TRY(meet_load(ctx, key, &meeting));
    if (n) TRY(meet_item(ctx, &meeting, n, &item));
    TRY(changeable(ctx, &meeting, n ? &item : NULL));
    TRY(wish_good(ctx, wish));
    if (n && item.version != wish->version)
        return ctx_fail(ctx, RC_CONFLICT, "edited", item.id,
                        "Somebody else changed this item meanwhile: look at it, and save again.");
    if (!n && meeting.agenda && meeting.agenda->len >= MEET_ITEMS_MOST)
        return ctx_fail(ctx, RC_LIMIT, "items-full", meeting.id,
                        "At most %d items: plan another meeting.", MEET_ITEMS_MOST);
    if (papers->len < wish->papers.len) TRY(papers_keep(ctx, &meeting, wish, papers));
    return bring_send(ctx, &meeting, n ? &item : NULL, wish, papers);
}

static bool again(const Ctx *ctx, Rc rc) {
    return rc == RC_CONFLICT && str_eq(ctx->error.code, STR("moved-on"));
}

Rc meet_bring(Ctx *ctx, Str key, int64_t n, const MeetWish *wish) {
    LedgerAttachments papers = {0};
    Rc rc = bring_once(ctx, key, n, wish, &papers);
    for (int i = 1; i < TRIES && again(ctx, rc); i++)
        rc = bring_once(ctx, key, n, wish, &papers);
    return ledger_attach_end(ctx, ctx->tenant->ledger, &papers, rc);
}

/* ---- the agenda ---- */

/* Without one, or with one put before what stands before it. */
static Json agenda_changed(Arena *arena, const Json *agenda, int64_t n, bool drops) {
    JsonItems items = {0};
    for (size_t i = 0; agenda && i < agenda->len; i++) {
        bool is = (int64_t)json_number(json_at(agenda, i)) == n;
        if (is && drops) continue;
        vec_push(arena, &items, json_of_int((int64_t)json_number(json_at(agenda, i))));
        if (!is || items.len < 2) continue;
        Json before = items.items[items.len - 2];
        items.items[items.len - 2] = items.items[items.len - 1];
        items.items[items.len - 1] = before;
    }
    return json_of_items(items.items, items.len);
}

static Rc item_act(Ctx *ctx, Str key, int64_t n, bool drops) {
    Meeting meeting;
    MeetItem item;
    TRY(meet_permitted(ctx));
    TRY(meet_load(ctx, key, &meeting));
    TRY(meet_item(ctx, &meeting, n, &item));
    TRY(changeable(ctx, &meeting, &item));
    if (!drops && !meet_keeps(ctx, &meeting)) return not_secretariat(ctx, meeting.id);
    PartMeet part = {.meeting = meeting.id, .version = meeting.version};
    Change change = meet_change(ctx, drops ? "meeting.drop" : "meeting.order", &part);
    entity_set_kind(change.arena, meet_after(&change), ATTR_JSON, IRI("agenda"),
                    agenda_changed(change.arena, meeting.agenda, n, drops));
    return meet_send(&change);
}

static const char *const state_acts[MEET_ACTS] = {[MEET_CLOSE] = "meeting.close",
                                                  [MEET_REOPEN] = "meeting.reopen",
                                                  [MEET_CANCEL] = "meeting.cancel",
                                                  [MEET_HOLD] = "meeting.hold"};

/* What is so already is a second press. */
static bool is_so(const Meeting *meeting, MeetAct act) {
    bool cancelled = meeting->stage == MEET_CANCELLED;
    if (act == MEET_CANCEL || act == MEET_HOLD) return cancelled == (act == MEET_CANCEL);
    return meeting->stage == (act == MEET_CLOSE ? MEET_CLOSED : MEET_OPEN);
}

static Rc state_check(Ctx *ctx, const Meeting *meeting, MeetAct act) {
    if (meeting->stage > MEET_CLOSED && act != MEET_HOLD) return meet_frozen(ctx, meeting);
    if (act == MEET_CLOSE && (!meeting->agenda || !meeting->agenda->len))
        return ctx_fail(ctx, RC_CONFLICT, "agenda-empty", meeting->id,
                        "Nothing is on the agenda yet.");
    return RC_OK;
}

/* Held after all, it is as it was. */
static Rc state_act(Ctx *ctx, Str key, MeetAct act) {
    Meeting meeting;
    TRY(meet_kept(ctx, key, &meeting));
    if (is_so(&meeting, act)) return RC_OK;
    TRY(state_check(ctx, &meeting, act));
    PartMeet part = {.meeting = meeting.id,
                     .version = meeting.version,
                     .proposal = meeting.proposal,
                     .drops = act == MEET_HOLD ? IRI("cancelledAt") : STR_NONE};
    Change change = meet_change(ctx, state_acts[act], &part);
    Entity *after = meet_after(&change);
    if (act == MEET_CANCEL)
        text_set(after, change.arena, IRI("cancelledAt"),
                 time_format(change.arena, time_now(ctx->clock)));
    else if (act != MEET_HOLD)
        text_set(after, change.arena, IRI("state"),
                 meet_stage_word(act == MEET_CLOSE ? MEET_CLOSED : MEET_OPEN));
    return meet_send(&change);
}

Rc meet_act(Ctx *ctx, Str key, int64_t n, MeetAct act) {
    Rc rc = RC_CONFLICT;
    for (int i = 0; i < TRIES && (!i || again(ctx, rc)); i++)
        rc = state_acts[act] ? state_act(ctx, key, act) : item_act(ctx, key, n, act == MEET_DROP);
    return rc;
}
