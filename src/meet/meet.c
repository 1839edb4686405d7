/* meet: reading meetings and their items, and who may. */
#include "meet_int.h"

static const Str shown_words[MEET_SHOWNS] = {
    [MEET_PUBLIC] = STR("public"), [MEET_TITLE] = STR("title"), [MEET_HIDDEN] = STR("hidden")};

Str meet_shown_word(MeetShown shown) {
    assert(shown < MEET_SHOWNS);
    return shown_words[shown];
}

MeetShown meet_shown_of(Str word) {
    unsigned at = 0;
    while (at < MEET_SHOWNS && !str_eq(shown_words[at], word))
        at++;
    return (MeetShown)at;
}

static const Str stage_words[MEET_STAGES] = {[MEET_OPEN] = STR("open"),
                                             [MEET_CLOSED] = STR("closed"),
                                             [MEET_PROPOSED] = STR("proposed"),
                                             [MEET_FIXED] = STR("fixed"),
                                             [MEET_CANCELLED] = STR("cancelled")};

Str meet_stage_word(MeetStage stage) {
    assert(stage < MEET_STAGES);
    return stage_words[stage];
}

Str meeting_id(Arena *arena, Str key) {
    return str_fmt(arena, MEETING_PREFIX STR_FMT, STR_ARG(key));
}

Str item_id(Arena *arena, Str key, int64_t n) {
    return str_fmt(arena, "urn:ngsi-ld:MeetingItem:" STR_FMT ":%lld", STR_ARG(key), (long long)n);
}

static const Json *json_of(const Entity *entity, Str iri) {
    const Attr *attr = entity_attr(entity, iri);
    return attr ? attr->value : NULL;
}

/* Whether its minutes are proposed, it doesn't know. */
static MeetStage stage_of(const Entity *entity) {
    Str state = entity_text(entity, IRI("state"));
    if (!str_empty(entity_text(entity, IRI("decision")))) return MEET_FIXED;
    if (entity_attr(entity, IRI("cancelledAt"))) return MEET_CANCELLED;
    return str_eq(state, STR("open")) ? MEET_OPEN : MEET_CLOSED;
}

void meeting_read(const Entity *entity, Meeting *out) {
    *out = (Meeting){.id = entity->id,
                     .key = str_sub(entity->id, sizeof MEETING_PREFIX - 1, entity->id.len),
                     .version = entity->version,
                     .file = entity_text(entity, IRI("retentionFile")),
                     .series = entity_text(entity, IRI("series")),
                     .name = entity_text(entity, IRI("name")),
                     .place = entity_text(entity, IRI("place")),
                     .secretariat = entity_text(entity, IRI("secretariat")),
                     .chair = entity_text(entity, IRI("chair")),
                     .members = json_of(entity, IRI("members")),
                     .proposal = entity_text(entity, IRI("proposal")),
                     .items = entity_int(entity, IRI("items"), 0),
                     .agenda = json_of(entity, IRI("agenda")),
                     .attended = json_of(entity, IRI("attended")),
                     .minutes = entity_text(entity, IRI("minutes")),
                     .decision = entity_text(entity, IRI("decision")),
                     .hash = entity_text(entity, IRI("minutesHash")),
                     .notes = entity_int(entity, IRI("notes"), 0)};
    if (!time_parse(entity_text(entity, IRI("decidedAt")), &out->decided_at))
        out->decided_at = TIME_NONE;
    out->stage = stage_of(entity);
    out->open = out->stage == MEET_OPEN;
    if (!time_parse(entity_text(entity, IRI("heldAt")), &out->at)) out->at = TIME_NONE;
}

static void item_read(const Entity *entity, MeetItem *out) {
    *out = (MeetItem){.n = entity_int(entity, IRI("number"), 0),
                      .version = entity->version,
                      .id = entity->id,
                      .title = entity_text(entity, IRI("subjectLine")),
                      .summary = entity_text(entity, IRI("summary")),
                      .post = entity_text(entity, IRI("post")),
                      .division = entity_text(entity, IRI("division")),
                      .shown = meet_shown_of(entity_text(entity, IRI("shownTo"))),
                      .result = meet_result_of(entity_text(entity, IRI("result"))),
                      .said = entity_text(entity, IRI("said")),
                      .papers = json_of(entity, IRI("papers")),
                      .links = json_of(entity, IRI("links"))};
}

/* ---- who ---- */

Str meet_division(const Ctx *ctx) {
    const GatePost *post = gate_post(ctx->tenant->gate, ctx->actor->post);
    return post ? post->division : STR_NONE;
}

static const GateAsk to_bring = {
    .action = ACT_CONFIRM, .type = STR(MEETING_TYPE), .class = CLASS_INTERNAL};

Rc meet_permitted(Ctx *ctx) {
    return gate_check(ctx, &to_bring);
}

static bool is_official(const Ctx *ctx) {
    return ctx->actor->kind == ACTOR_STAFF && !str_empty(ctx->actor->post);
}

bool meet_keeps(const Ctx *ctx, const Meeting *meeting) {
    return is_official(ctx) && str_eq(ctx->actor->post, meeting->secretariat);
}

bool meet_attends(const Ctx *ctx, const Meeting *meeting) {
    if (!is_official(ctx)) return false;
    return json_has(meeting->members, ctx->actor->post) ||
           str_eq(ctx->actor->post, meeting->chair) || meet_keeps(ctx, meeting);
}

bool meet_brings(Ctx *ctx, const Meeting *meeting) {
    return meeting->open && is_official(ctx) && !str_empty(meet_division(ctx)) &&
           gate_permits(ctx, &to_bring);
}

static bool is_own(const Ctx *ctx, const MeetItem *item) {
    return is_official(ctx) && !str_empty(item->division) &&
           str_eq(item->division, meet_division(ctx));
}

bool meet_changes(Ctx *ctx, const Meeting *meeting, const MeetItem *item) {
    return meet_brings(ctx, meeting) && (is_own(ctx, item) || meet_keeps(ctx, meeting));
}

/* ---- reading ---- */

/* Whether its newest proposal waits, the Decision alone says. */
static Rc stage_read(Ctx *ctx, Meeting *meeting) {
    const Entity *decision;
    if (meeting->stage != MEET_CLOSED || str_empty(meeting->proposal)) return RC_OK;
    TRY(decide_load(ctx, meeting->proposal, &decision));
    if (str_eq(entity_text(decision, IRI("state")), STR("waiting"))) meeting->stage = MEET_PROPOSED;
    return RC_OK;
}

/* The fiscal year of the first meeting in this order; 0: there is none. */
static Rc year_find(Ctx *ctx, const char *order, int *year) {
    ProjectAnswer found;
    Meeting meeting;
    ProjectWish wish = {.type = STR("Meeting"), .order_by = str_of(order), .limit = 1};
    *year = 0;
    TRY(project_find(ctx, &wish, &found));
    if (!found.entities.len) return RC_OK;
    meeting_read(found.entities.items[0], &meeting);
    *year = time_fiscal_year(time_jst_date(meeting.at));
    return RC_OK;
}

static Str year_condition(Arena *arena, int year) {
    Str from = time_format(arena, time_jst_start((Date){year, 4, 1}));
    Str to = time_format(arena, time_jst_start((Date){year + 1, 4, 1}));
    return str_fmt(arena, "heldAt>=\"" STR_FMT "\";heldAt<\"" STR_FMT "\"", STR_ARG(from),
                   STR_ARG(to));
}

static Rc year_load(Ctx *ctx, MeetYear *out) {
    ProjectAnswer found;
    ProjectWish wish = {.type = STR("Meeting"),
                        .q = year_condition(ctx->arena, out->year),
                        .order_by = STR("heldAt;desc"),
                        .limit = MEET_LIST + 1};
    TRY(project_find(ctx, &wish, &found));
    out->more = found.entities.len > MEET_LIST;
    for (size_t i = 0; i < found.entities.len && i < MEET_LIST; i++) {
        Meeting meeting;
        meeting_read(found.entities.items[i], &meeting);
        TRY(stage_read(ctx, &meeting));
        vec_push(ctx->arena, &out->meetings, meeting);
    }
    return RC_OK;
}

Rc meet_list(Ctx *ctx, int year, MeetYear *out) {
    *out = (MeetYear){0};
    TRY(year_find(ctx, "heldAt", &out->first));
    TRY(year_find(ctx, "heldAt;desc", &out->last));
    if (!out->last) return RC_OK;
    out->year = year ? year : time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    if (out->year > out->last) out->year = out->last;
    if (out->year < out->first) out->year = out->first;
    return year_load(ctx, out);
}

Rc meet_load(Ctx *ctx, Str key, Meeting *out) {
    const Entity *entity;
    Str id = meeting_id(ctx->arena, key);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &entity);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !entity_has_type(entity, STR(MEETING_TYPE))))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-meeting", id, "There is no such meeting.");
    TRY(rc);
    meeting_read(entity, out);
    return stage_read(ctx, out);
}

static bool on_agenda(const Meeting *meeting, int64_t n) {
    for (size_t i = 0; meeting->agenda && i < meeting->agenda->len; i++)
        if ((int64_t)json_number(json_at(meeting->agenda, i)) == n) return true;
    return false;
}

static Rc no_item(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-item", id, "There is no such item on this agenda.");
}

Rc meet_item_load(Ctx *ctx, const Meeting *meeting, int64_t n, MeetItem *out) {
    const Entity *entity;
    Str id = item_id(ctx->arena, meeting->key, n);
    if (!on_agenda(meeting, n)) return no_item(ctx, id);
    TRY(ledger_entity(ctx, ctx->tenant->ledger, id, &entity));
    item_read(entity, out);
    return RC_OK;
}

Rc meet_item(Ctx *ctx, const Meeting *meeting, int64_t n, MeetItem *out) {
    TRY(meet_item_load(ctx, meeting, n, out));
    out->whole = is_own(ctx, out) || meet_attends(ctx, meeting);
    if (out->whole) return RC_OK;
    if (out->shown == MEET_HIDDEN) return no_item(ctx, out->id);
    out->summary = out->said = STR_NONE;
    out->papers = out->links = NULL;
    return RC_OK;
}

Rc meet_items(Ctx *ctx, const Meeting *meeting, MeetItems *out) {
    *out = (MeetItems){0};
    for (size_t i = 0; meeting->agenda && i < meeting->agenda->len; i++) {
        MeetItem item;
        Error before = ctx->error;
        Rc rc = meet_item(ctx, meeting, (int64_t)json_number(json_at(meeting->agenda, i)), &item);
        if (rc == RC_OK) vec_push(ctx->arena, out, item);
        if (rc == RC_NOT_FOUND) ctx->error = before;
        if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    }
    return RC_OK;
}

Rc meet_paper(Ctx *ctx, const MeetItem *item, Str file, const Json **paper) {
    *paper = NULL;
    for (size_t i = 0; item->papers && i < item->papers->len; i++)
        if (str_eq(json_get_str(json_at(item->papers, i), "file"), file) && !str_empty(file))
            *paper = json_at(item->papers, i);
    if (*paper) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-file", file, "There is no such paper.");
}
