/* definition: which definition of a release holds. What is declared in a file is proposed, frozen
   and hashed, and decided by the post that the rule on decisions names; only then it runs. The
   decided text is kept, so that it goes on while a changed file waits for its own decision. */
#include "open_int.h"

enum { TRY_ARENA = 1 << 30 };

/* ---- the entity that keeps it ---- */

Str definition_entity_id(Arena *arena, Str id) {
    return str_fmt(arena, "urn:ngsi-ld:Release:" STR_FMT, STR_ARG(id));
}

const Definition *definition_find(const Open *open, Str id) {
    VEC_EACH (const Definition, definition, &open->definitions)
        if (str_eq(definition->id, id)) return definition;
    return NULL;
}

/* NULL when nothing was ever proposed. What is of another type decides nothing, whoever brought it
   under this id. */
static Rc kept_load(Ctx *ctx, Str id, const Entity **out) {
    *out = NULL;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, definition_entity_id(ctx->arena, id), out);
    if (rc == RC_OK && !entity_has_type(*out, IRI("Release"))) *out = NULL;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

bool review_due(const Ctx *ctx, Date review) {
    return time_date_days(time_jst_date(time_now(ctx->clock))) > time_date_days(review);
}

static Rc not_decided(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_CONFLICT, "not-decided", id,
                    "This release has not been decided: propose it, and let the post decide.");
}

/* A definition that was decided before and is no longer the declared one. */
static Rc former_read(Ctx *ctx, const Release *declared, const Json *text, Release *out) {
    Open former = {.arena = ctx->arena};
    if (!text) return not_decided(ctx, declared->id);
    TRY(release_read(ctx, &former, text, ctx->tenant->dictionary));
    const Release *found = release_find(&former, declared->id);
    if (!found) return not_decided(ctx, declared->id);
    *out = *found;
    out->theme_label = declared->theme_label;
    return RC_OK;
}

Rc release_decided(Ctx *ctx, const Release *declared, Release *out) {
    const Definition *definition = definition_find(ctx->tenant->open, declared->definition);
    const Entity *kept;
    TRY(kept_load(ctx, declared->definition, &kept));
    Str hash = kept ? entity_text(kept, IRI("definitionHash")) : STR_NONE;
    if (str_empty(hash)) return not_decided(ctx, declared->id);
    if (str_eq(hash, definition->hash)) {
        *out = *declared;
        return RC_OK;
    }
    const Attr *text = entity_attr(kept, IRI("definition"));
    return former_read(ctx, declared, text ? json_dup(ctx->arena, text->value) : NULL, out);
}

/* ---- for those who propose and decide ---- */

static Rc waits(Ctx *ctx, Str proposal, bool *out) {
    const Entity *decision;
    *out = false;
    if (str_empty(proposal)) return RC_OK;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, proposal, &decision));
    *out = str_eq(entity_text(decision, IRI("state")), STR("waiting"));
    return RC_OK;
}

static OpenState state_of(const Ctx *ctx, const OpenDefinition *of) {
    if (str_empty(of->decision)) return OPEN_NEW;
    if (!str_eq(of->hash, of->decided_hash)) return OPEN_CHANGED;
    return review_due(ctx, of->review) ? OPEN_DUE : OPEN_DECIDED;
}

static Rc definition_fill(Ctx *ctx, const Definition *definition, OpenDefinition *out) {
    const Entity *kept;
    bool waiting;
    *out = (OpenDefinition){.id = definition->id,
                            .title = definition->title,
                            .declared = definition->source,
                            .hash = definition->hash,
                            .review = definition->review,
                            .decided_at = TIME_NONE};
    TRY(kept_load(ctx, definition->id, &kept));
    if (!kept) return RC_OK;
    out->proposal = str_dup(ctx->arena, entity_text(kept, IRI("proposal")));
    out->decision = str_dup(ctx->arena, entity_text(kept, IRI("decision")));
    out->decided_hash = str_dup(ctx->arena, entity_text(kept, IRI("definitionHash")));
    if (!time_parse(entity_text(kept, IRI("decidedAt")), &out->decided_at))
        out->decided_at = TIME_NONE;
    out->state = state_of(ctx, out);
    TRY(waits(ctx, out->proposal, &waiting));
    if (waiting) out->state = OPEN_WAITING;
    return RC_OK;
}

size_t open_definition_count(const Tenant *tenant) {
    return tenant->open->definitions.len;
}

Rc open_definition_at(Ctx *ctx, size_t index, OpenDefinition *out) {
    assert(index < open_definition_count(ctx->tenant));
    return definition_fill(ctx, &ctx->tenant->open->definitions.items[index], out);
}

Rc open_definition(Ctx *ctx, Str id, OpenDefinition *out) {
    const Definition *definition = definition_find(ctx->tenant->open, id);
    if (definition) return definition_fill(ctx, definition, out);
    return ctx_fail(ctx, RC_NOT_FOUND, "no-release", id, "There is no such release.");
}

Str open_decider(const Tenant *tenant) {
    const Json *organisation = tenant->gate ? gate_organisation(tenant->gate) : NULL;
    return table_decider(&(TableAsk){organisation, STR("release"), 0});
}

/* ---- what a run would publish ---- */

static Rc people_try(Ctx *ctx, const Release *release, JsonItems *months, Made *made) {
    People people;
    TRY(people_load(ctx, release, false, &people));
    VEC_EACH (const Tally, tally, &people.months)
        vec_push(ctx->arena, months, json_of_str(tally->month));
    return people_make(ctx, release, &people, STR_NONE, made);
}

static Json dataset_found(Arena *arena, const Release *release, const Made *made) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("id"), json_of_str(release->id)};
    members[1] = (JsonMember){STR("rows"), json_of_int(made->rows)};
    members[2] = (JsonMember){STR("suppressed"), json_of_int(made->suppressed)};
    return json_of_members(members, 3);
}

/* Nothing to publish yet is no fault of a definition. */
static Rc release_try(Ctx *ctx, const Release *release, JsonItems *datasets, JsonItems *months) {
    Made made = {0};
    Rc rc = release->kind == RELEASE_TYPE ? type_make(ctx, release, &made)
                                          : people_try(ctx, release, months, &made);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    vec_push(ctx->arena, datasets, dataset_found(ctx->arena, release, &made));
    return RC_OK;
}

static Rc all_try(Ctx *ctx, const Definition *definition, Json *found) {
    JsonItems datasets = {0}, months = {0};
    bool people = false;
    VEC_EACH (const Release, release, &ctx->tenant->open->releases) {
        if (!str_eq(release->definition, definition->id)) continue;
        TRY(release_try(ctx, release, &datasets, &months));
        people = people || release->kind != RELEASE_TYPE;
    }
    JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, 3);
    members[0] = (JsonMember){STR("datasets"), json_of_items(datasets.items, datasets.len)};
    members[1] = (JsonMember){STR("months"), json_of_items(months.items, months.len)};
    members[2] = (JsonMember){STR("jointCheck"), json_of_str(people ? STR("passed") : STR("none"))};
    *found = json_of_members(members, 3);
    return RC_OK;
}

Rc definition_try(Ctx *ctx, const Definition *definition, const Json **found) {
    Arena *arena = arena_new(TRY_ARENA);
    Ctx inside = *ctx;
    Json made;
    inside.arena = arena;
    Rc rc = all_try(&inside, definition, &made);
    if (rc == RC_OK)
        *found = json_dup(ctx->arena, &made);
    else
        (void)ctx_fail(ctx, rc, str_z(ctx->arena, inside.error.code),
                       str_dup(ctx->arena, inside.error.path), STR_FMT,
                       STR_ARG(inside.error.detail));
    arena_free(arena);
    return rc;
}
