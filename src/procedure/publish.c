#include "procedure_int.h"

#include "publish.h"

#include <stdlib.h>

#define PROCEDURE_TYPE LD_DEFAULT "Procedure"
#define VERSION_TYPE   LD_DEFAULT "ProcedureVersion"

enum { DRAFT_MAX = 1 << 19, PROPOSALS_LISTED = 1000 };

Str publish_record(Arena *arena, Str id) {
    return str_fmt(arena, "urn:ngsi-ld:Procedure:" STR_FMT, STR_ARG(id));
}

static Str published_id(Arena *arena, Str id, int64_t version) {
    return str_fmt(arena, "urn:ngsi-ld:ProcedureVersion:" STR_FMT ":%lld", STR_ARG(id),
                   (long long)version);
}

static const Catalogue *catalogue_of(const Ctx *ctx) {
    return procedures_catalogue(ctx->tenant);
}

static Date today(const Ctx *ctx) {
    return time_jst_date(time_now(ctx->clock));
}

/* Whether who acts may write drafts at all. */
static Rc may_write(Ctx *ctx) {
    GateAsk ask = {.action = ACT_RELEASE, .type = STR(PROCEDURE_TYPE), .class = CLASS_INTERNAL};
    return gate_check(ctx, &ask);
}

/* ---- how a procedure stands ---- */

static void record_read(Ctx *ctx, const Entity *record, Publishing *out) {
    const Attr *draft = entity_attr(record, IRI("draft"));
    out->version = record->version;
    out->draft = draft ? json_dup(ctx->arena, draft->value) : NULL;
    out->draft_post = str_dup(ctx->arena, entity_text(record, IRI("draftPost")));
    if (!time_parse(entity_text(record, IRI("draftAt")), &out->draft_at)) out->draft_at = TIME_NONE;
}

static Rc state_read(Ctx *ctx, Publishing *out) {
    out->newest = catalogue_newest(catalogue_of(ctx), out->id);
    out->now = catalogue_current(catalogue_of(ctx), out->id, today(ctx));
    return proposal_waits(ctx, PUBLISH_KIND, publish_record(ctx->arena, out->id), &out->proposal);
}

Rc publish_load(Ctx *ctx, Str id, Publishing *out) {
    const Entity *record;
    *out = (Publishing){.id = str_dup(ctx->arena, id), .draft_at = TIME_NONE};
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, publish_record(ctx->arena, id), &record);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) record_read(ctx, record, out);
    TRY(state_read(ctx, out));
    if (out->newest || out->draft || !str_empty(out->proposal)) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-procedure", id, "The city has no such procedure.");
}

/* A list under way; all of it in memory that outlives a walk over records. */
typedef struct Listing {
    Ctx *ctx;
    Publishings *out;
} Listing;

static Publishing *listed(const Listing *listing, Str id) {
    Arena *arena = listing->ctx->arena;
    VEC_EACH (Publishing, one, listing->out)
        if (str_eq(one->id, id)) return one;
    return vec_push(arena, listing->out,
                    (Publishing){.id = str_dup(arena, id), .draft_at = TIME_NONE});
}

static Rc record_list(Ctx *ctx, void *arg, const Entity *record) {
    (void)ctx;
    const Listing *listing = arg;
    if (entity_attr(record, IRI("draft")))
        record_read(listing->ctx, record, listed(listing, entity_text(record, IRI("procedure"))));
    return RC_OK;
}

static void versions_list(const Listing *listing) {
    StrVec ids = {0};
    const Catalogue *catalogue = catalogue_of(listing->ctx);
    catalogue_ids(listing->ctx->arena, catalogue, &ids);
    VEC_EACH (const Str, id, &ids) {
        Publishing *one = listed(listing, *id);
        one->newest = catalogue_newest(catalogue, *id);
        one->now = catalogue_current(catalogue, *id, today(listing->ctx));
    }
}

static Rc proposals_list(const Listing *listing) {
    ProjectAnswer found;
    ProjectWish wish = {.type = STR("Decision"),
                        .q = STR("kind==\"procedure-definition\";state==\"waiting\""),
                        .limit = PROPOSALS_LISTED};
    TRY(project_find(listing->ctx, &wish, &found));
    for (size_t i = 0; i < found.entities.len; i++) {
        const Attr *contents = entity_attr(found.entities.items[i], IRI("contents"));
        if (contents)
            listed(listing, json_get_str(contents->value, "procedure"))->proposal =
                found.entities.items[i]->id;
    }
    return RC_OK;
}

static int id_order(const void *a, const void *b) {
    return str_cmp(((const Publishing *)a)->id, ((const Publishing *)b)->id);
}

Rc publish_list(Ctx *ctx, Publishings *out) {
    Listing listing = {ctx, out};
    *out = (Publishings){0};
    versions_list(&listing);
    TRY(project_each(ctx, &(ProjectWish){.type = STR("Procedure")}, record_list, &listing));
    TRY(proposals_list(&listing));
    if (out->len) qsort(out->items, out->len, sizeof *out->items, id_order);
    return RC_OK;
}

const Json *publish_text(Ctx *ctx, Str id, int64_t version) {
    const Definition *definition = catalogue_version(catalogue_of(ctx), id, version);
    return definition ? definition->source : NULL;
}

Str publish_decision(Ctx *ctx, Str id, int64_t version) {
    const Entity *kept;
    Error before = ctx->error;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, published_id(ctx->arena, id, version), &kept);
    ctx->error = before;
    return rc == RC_OK ? str_dup(ctx->arena, entity_text(kept, IRI("decision"))) : STR_NONE;
}

/* ---- the draft ---- */

typedef struct PartKeep {
    Str id, procedure;
    uint64_t version;  /* of the record; 0: it isn't there */
    const Json *draft; /* NULL: there is none any more */
    Str post;
} PartKeep;

static Rc keep_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartKeep *part = args;
    const Entity *record = stage_entity(stage, part->id);
    if ((record ? record->version : 0) == part->version) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "edited", part->procedure,
                    "Somebody else saved this draft meanwhile: look at it, and save again.");
}

static Rc keep_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartKeep *part = args;
    Arena *arena = ctx->arena;
    Delta delta = {.op = part->version ? DELTA_CHANGE : DELTA_PUT, .id = part->id};
    delta.after = entity_new(arena, part->id, STR(PROCEDURE_TYPE));
    entity_set(arena, delta.after, IRI("procedure"), json_of_str(part->procedure));
    entity_set(arena, delta.after, IRI("draftPost"), json_of_str(part->post));
    entity_set(arena, delta.after, IRI("draftAt"),
               json_of_str(time_format(arena, stage_now(stage))));
    if (part->draft)
        entity_set_kind(arena, delta.after, ATTR_JSON, IRI("draft"), *part->draft);
    else
        vec_push(arena, &delta.removed, (DeltaRemoval){.name = IRI("draft"), .all = true});
    stage_put(stage, &delta);
    return RC_OK;
}

static const PartKind part_keep = {"procedure.draft", 1, keep_guard, keep_apply};

/* draft NULL: what was being written is thrown away. */
static Rc draft_keep(Ctx *ctx, Str id, uint64_t version, const Json *draft) {
    Outcome outcome;
    Command *command = case_command(ctx, STR("procedure.draft"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    PartKeep *part = NEW(arena, PartKeep);
    *part = (PartKeep){.id = publish_record(arena, id),
                       .procedure = str_dup(arena, id),
                       .version = version,
                       .draft = draft ? json_dup(arena, draft) : NULL,
                       .post = str_dup(arena, ctx->actor->post)};
    command_needs(command, part->id);
    command_add(command, &part_keep, part);
    return case_execute(ctx, command, &outcome);
}

/* Only what its form can show: members and kinds of values, within their bounds. */
static Rc draft_good(Ctx *ctx, Str id, const Json *draft) {
    Buf text = buf_new(ctx->arena, DRAFT_MAX + 1);
    if (draft->kind != JSON_OBJECT)
        return ctx_fail(ctx, RC_INVALID, "bad-definition", STR_NONE, "A definition is an object.");
    TRY(members_check(ctx, draft));
    json_write(&text, draft);
    if (text.full)
        return ctx_fail(ctx, RC_LIMIT, "too-large", id, "A definition has at most %d bytes.",
                        DRAFT_MAX);
    if (str_eq(json_get_str(draft, "id"), id)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-id", STR("id"), "The id of a procedure stays.");
}

Rc publish_keep(Ctx *ctx, Str id, uint64_t version, const Json *draft) {
    TRY(may_write(ctx));
    TRY(draft_good(ctx, id, draft));
    return draft_keep(ctx, id, version, draft);
}

Rc publish_discard(Ctx *ctx, Str id, uint64_t version) {
    TRY(may_write(ctx));
    return draft_keep(ctx, id, version, NULL);
}

/* ---- beginning one ---- */

/* From tomorrow on: a decision may come today, and nobody is bound by yesterday's. */
static const Json *with_head(Ctx *ctx, const Json *source, Str id, int64_t version) {
    Arena *arena = ctx->arena;
    Json *values = NEW_ARRAY(arena, Json, 3);
    JsonMember *from = NEW(arena, JsonMember);
    Date day = time_days_date(time_date_days(today(ctx)) + 1);
    *from = (JsonMember){STR("from"), json_of_str(time_format_date(arena, day))};
    values[0] = json_of_str(id);
    values[1] = json_of_int(version);
    values[2] = json_of_members(from, 1);
    source = outline_set(arena, source, STR("id"), &values[0]);
    source = outline_set(arena, source, STR("version"), &values[1]);
    return outline_set(arena, source, STR("effective"), &values[2]);
}

static int64_t next_version(const Publishing *of) {
    return of->newest ? of->newest->version + 1 : 1;
}

static Rc begin_with(Ctx *ctx, Str id, const Json *source) {
    Publishing of;
    TRY(may_write(ctx));
    if (!definition_id_good(id))
        return ctx_fail(ctx, RC_INVALID, "bad-id", STR("id"),
                        "An id is of letters, digits and '-', and begins with a letter.");
    Rc rc = publish_load(ctx, id, &of);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (of.draft)
        return ctx_fail(ctx, RC_CONFLICT, "drafted", id,
                        "A draft of this procedure is there: go on with it, or throw it away.");
    const Json *draft = with_head(ctx, source, id, next_version(&of));
    TRY(draft_good(ctx, id, draft));
    return draft_keep(ctx, id, of.version, draft);
}

Rc publish_begin(Ctx *ctx, Str id, Str from) {
    const Definition *base = catalogue_newest(catalogue_of(ctx), from);
    bool other = catalogue_newest(catalogue_of(ctx), id) && !str_eq(id, from);
    if (other)
        return ctx_fail(ctx, RC_CONFLICT, "taken", STR("id"), "Another procedure has this id.");
    if (base) return begin_with(ctx, id, base->source);
    if (str_empty(from)) return begin_with(ctx, id, ctx->tenant->procedures->blank);
    return ctx_fail(ctx, RC_NOT_FOUND, "no-procedure", from, "The city has no such procedure.");
}

Rc publish_import(Ctx *ctx, Str text, Str *id) {
    const Json *source;
    TRY(json_read(ctx, text, (JsonLimits){.bytes = DRAFT_MAX, .depth = 32}, &source));
    *id = json_get_str(source, "id");
    return begin_with(ctx, *id, source);
}

/* ---- proposing ---- */

/* What keeps a definition from being read, by the member at which it was found. */
static Str unread_text(Arena *arena, Str path) {
    static const struct {
        const char *members, *text;
    } rows[] = {
        {" label title text summary lead hint after bring ",
         "日本語と英語の文が必要です（やさしい日本語も入れてください）。"},
        {" id ", "IDは英字で始まる英数字で、ほかと重ならないようにしてください。項目では「_"
                 "」、ほかでは「-」も使えます。"},
        {" test when amount expression values otherwise ", "式（FEEL）として読めません。"},
        {" fields pages states ", "1つ以上必要です。"},
        {" options ", "選択肢は、選択式の項目だけに入れてください。"},
        {" from to ", "この名前の状態や情報がありません。"},
        {" article ", "手数料には、根拠の条文と歳入科目が必要です。"},
        {" expect ", "期待する結果（手数料、条件など）を入れてください。"},
    };
    Str name = path;
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '.') name = str_sub(path, i + 1, path.len);
    ptrdiff_t bracket = str_find(name, STR("["));
    if (bracket >= 0) name = str_head(name, (size_t)bracket);
    Str wanted = str_fmt(arena, " " STR_FMT " ", STR_ARG(name));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_find(str_of(rows[i].members), wanted) >= 0) return str_of(rows[i].text);
    return STR("この値は使えません。入れ直してください。");
}

static void check_as_ever(Ctx *ctx, const Publishing *of, const Definition **definition,
                          DefinitionFindings *out) {
    Error before = ctx->error;
    *out = (DefinitionFindings){0};
    *definition = NULL;
    if (definition_read(ctx, of->draft, definition) == RC_OK) {
        definition_lint(ctx, *definition, catalogue_knows(catalogue_of(ctx)), out);
        bundle_lint(ctx, *definition, catalogue_of(ctx), out);
        shelf_lint(ctx, *definition, out);
        return;
    }
    vec_push(ctx->arena, out,
             (DefinitionFinding){.path = ctx->error.path,
                                 .text = ctx->error.detail,
                                 .ja = unread_text(ctx->arena, ctx->error.path)});
    *definition = NULL;
    ctx->error = before;
}

void publish_check(Ctx *ctx, const Publishing *of, const Definition **definition,
                   DefinitionFindings *out) {
    check_as_ever(ctx, of, definition, out);
    if (*definition) definition_lint_new(ctx, *definition, out);
}

static Rc in_order(Ctx *ctx, const Publishing *of, const Definition **definition) {
    DefinitionFindings findings;
    if (!of->draft)
        return ctx_fail(ctx, RC_CONFLICT, "no-draft", of->id, "There is nothing to propose.");
    publish_check(ctx, of, definition, &findings);
    if (findings.len)
        return ctx_fail(ctx, RC_INVALID, "findings", findings.items[0].path, STR_FMT,
                        STR_ARG(findings.items[0].text));
    if (time_date_days((*definition)->from) < time_date_days(today(ctx)))
        return ctx_fail(ctx, RC_INVALID, "past", STR("effective.from"),
                        "It would be in force before today.");
    if ((*definition)->version == next_version(of)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "other-version", STR("version"),
                    "Another version was published meanwhile: this is to be version %lld.",
                    (long long)next_version(of));
}

static const Json *contents_of(Arena *arena, const Publishing *of, const Definition *definition) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 4);
    Json *contents = NEW(arena, Json);
    members[0] = (JsonMember){STR("procedure"), json_of_str(str_dup(arena, of->id))};
    members[1] = (JsonMember){STR("version"), json_of_int(definition->version)};
    members[2] = (JsonMember){STR("against"), json_of_int(of->newest ? of->newest->version : 0)};
    members[3] = (JsonMember){STR("definition"), *json_dup(arena, of->draft)};
    *contents = json_of_members(members, 4);
    return contents;
}

static Rc propose(Ctx *ctx, Str id, const OfficeAmend *amend, Str *decision) {
    Publishing of;
    const Definition *definition;
    ProposalDraft drafting = {0};
    ProposalAsk ask = {PUBLISH_KIND, publish_record(ctx->arena, id), amend};
    TRY(may_write(ctx));
    TRY(proposal_may_draft(ctx));
    TRY(publish_load(ctx, id, &of));
    TRY(in_order(ctx, &of, &definition));
    Command *command = proposal_command(ctx, &ask, STR_NONE);
    Arena *arena = command_arena(command);
    Rc rc = proposal_new(ctx, command, &ask, &drafting);
    if (rc == RC_OK) rc = proposal_route(ctx, command, PUBLISH_KIND, 0, &drafting.draft->plan);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    drafting.draft->title = str_fmt(arena, "手続きの様式（" STR_FMT " 第%lld版）について",
                                    STR_ARG(definition->label.ja), (long long)definition->version);
    drafting.draft->contents = contents_of(arena, &of, definition);
    return proposal_send(ctx, command, &drafting, decision);
}

Rc publish_propose(Ctx *ctx, Str id, Str *decision) {
    return propose(ctx, id, NULL, decision);
}

/* What is decided is the draft as it is written by now. */
Rc publish_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend) {
    Str decision;
    return propose(ctx, json_get_str(contents, "procedure"), amend, &decision);
}

/* ---- what follows ---- */

typedef struct PartPublish {
    Str record, version; /* ids */
    Str decision;
} PartPublish;

static const Json *decided(Stage *stage, const PartPublish *part) {
    const Attr *contents = entity_attr(stage_entity(stage, part->decision), IRI("contents"));
    return json_get(contents->value, STR("definition"));
}

static Rc version_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartPublish *part = args;
    if (!stage_entity(stage, part->version)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "other-version", part->version,
                    "This version was published meanwhile: return the proposal.");
}

/* The draft is done with, unless somebody has gone on with it. */
static void draft_end(Ctx *ctx, Stage *stage, const PartPublish *part, const Json *definition) {
    const Entity *record = stage_entity(stage, part->record);
    const Attr *draft = record ? entity_attr(record, IRI("draft")) : NULL;
    Delta delta = {.op = DELTA_CHANGE, .id = part->record};
    if (!draft || !json_equal(draft->value, definition)) return;
    delta.after = entity_new(ctx->arena, part->record, STR(PROCEDURE_TYPE));
    vec_push(ctx->arena, &delta.removed, (DeltaRemoval){.name = IRI("draft"), .all = true});
    stage_put(stage, &delta);
}

static Rc version_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartPublish *part = args;
    Arena *arena = ctx->arena;
    const Json *definition = decided(stage, part);
    Entity *after = entity_new(arena, part->version, STR(VERSION_TYPE));
    entity_set(arena, after, IRI("procedure"), json_of_str(json_get_str(definition, "id")));
    entity_set(arena, after, IRI("version"), json_of_int(json_get_int(definition, "version", 0)));
    entity_set(arena, after, IRI("decision"), json_of_str(part->decision));
    entity_set(arena, after, IRI("decidedAt"), json_of_str(time_format(arena, stage_now(stage))));
    entity_set(arena, after, IRI("definitionHash"), json_of_str(decide_hash(arena, definition)));
    entity_set_kind(arena, after, ATTR_JSON, IRI("definition"), *definition);
    stage_put(stage, &(Delta){.op = DELTA_PUT, .id = part->version, .after = after});
    draft_end(ctx, stage, part, definition);
    return RC_OK;
}

static const PartKind part_publish = {"procedure.publish", 1, version_guard, version_apply};

Rc publish_follow(Ctx *ctx, Command *command, const Entity *decision, const Json *contents) {
    Arena *arena = command_arena(command);
    PartPublish *part = NEW(arena, PartPublish);
    Publishing frozen = {.draft = json_get(contents, STR("definition"))};
    const Definition *definition;
    DefinitionFindings findings;
    check_as_ever(ctx, &frozen, &definition, &findings); /* a post may have gone since */
    if (findings.len)
        return ctx_fail(ctx, RC_CONFLICT, "findings", findings.items[0].path,
                        "It can no longer be published (" STR_FMT "): return the proposal.",
                        STR_ARG(findings.items[0].text));
    *part = (PartPublish){.record = publish_record(arena, definition->id),
                          .version = published_id(arena, definition->id, definition->version),
                          .decision = str_dup(arena, decision->id)};
    command_needs(command, part->record);
    command_needs(command, part->version);
    command_needs(command, part->decision);
    command_add(command, &part_publish, part);
    return RC_OK;
}

Rc publish_take(Ctx *ctx, const Json *contents) {
    return catalogue_take(ctx, ctx->tenant->procedures->catalogue,
                          json_get(contents, STR("definition")));
}

/* ---- at the start ---- */

static Rc version_take(Ctx *ctx, void *arg, const Entity *version) {
    const Attr *definition = entity_attr(version, IRI("definition"));
    if (!definition) return RC_OK;
    Rc rc = catalogue_take(ctx, arg, definition->value);
    if (rc == RC_OK) return RC_OK;
    return ctx_fail(
        ctx, RC_FAILED, "bad-definition", version->id,
        "This version of a procedure was decided and can't be read by this program (" STR_FMT
        ": " STR_FMT "): start the program by which it was published.",
        STR_ARG(ctx->error.path), STR_ARG(ctx->error.detail));
}

Rc publish_start(Ctx *ctx, Tenant *tenant) {
    return project_each(ctx, &(ProjectWish){.type = STR("ProcedureVersion")}, version_take,
                        tenant->procedures->catalogue);
}
