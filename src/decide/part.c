/* part: what of frozen contents is about one person is a record of that person, sealed under his
   key; the contents have its salted hash in its place. Erasing him takes his part away and leaves
   the contents, and the hash over them, checkable. */
#include "decide.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { SALT = 26, ID_CHARS = 26 };

Str decide_part_id(Arena *arena, Str decision, Str case_id, Str aspect) {
    const Str parts[] = {STR("machi-decision-part"), decision, case_id, aspect};
    Digest digest = hash_sha256_parts(parts, str_empty(aspect) ? 3 : 4);
    Str suffix = hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, ID_CHARS);
    return str_fmt(arena, "urn:ngsi-ld:DecisionPart:" STR_FMT, STR_ARG(suffix));
}

static Json reference(Arena *arena, Str case_id, Str hash) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("case"), json_of_str(case_id)};
    members[1] = (JsonMember){STR("part"), json_of_str(hash)};
    return json_of_members(members, 2);
}

static Rc part_load(Ctx *ctx, Str id, const Entity **out) {
    TRY(ledger_entity(ctx, ctx->tenant->ledger, id, out));
    if (entity_attr(*out, IRI("content"))) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "erased", id, "This part of a decision was erased.");
}

/* The salt of a part that says the same already; a new one where none does. */
static Rc salt_of(Ctx *ctx, Arena *arena, Str id, const DecideAbout *about, Str *out) {
    const Entity *part;
    *out = STR_NONE;
    Rc rc = about->again ? part_load(ctx, id, &part) : RC_NOT_FOUND;
    if (rc == RC_OK) {
        const Json *content = entity_attr(part, IRI("content"))->value,
                   *value = json_get(content, STR("value"));
        if (value && str_eq(decide_hash(ctx->arena, value), decide_hash(ctx->arena, &about->value)))
            *out = str_dup(arena, json_get_str(content, "salt"));
    } else if (rc != RC_NOT_FOUND) {
        return rc;
    }
    if (str_empty(*out)) *out = rand_id(ctx->rand, arena, SALT);
    return RC_OK;
}

Rc decide_part(Ctx *ctx, Command *command, DecideParts *parts, const DecideAbout *about,
               Json *out) {
    Arena *arena = command_arena(command);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    DecidePart part = {.id = decide_part_id(arena, about->decision, about->case_id, about->aspect),
                       .case_id = str_dup(arena, about->case_id),
                       .person = str_dup(arena, about->person),
                       .file = str_dup(arena, about->file)};
    Str salt;
    TRY(salt_of(ctx, arena, part.id, about, &salt));
    members[0] = (JsonMember){STR("salt"), json_of_str(salt)};
    members[1] = (JsonMember){STR("value"), about->value};
    part.content = json_of_members(members, 2);
    vec_push(arena, parts, part);
    command_needs(command, part.id);
    *out = reference(arena, part.case_id, decide_hash(arena, &part.content));
    return RC_OK;
}

void decide_parts_put(Arena *arena, Stage *stage, Str decision, const DecideParts *parts) {
    VEC_EACH (const DecidePart, part, parts) {
        Entity *after = entity_new(arena, part->id, STR(DECIDE_PART_TYPE));
        entity_set(arena, after, IRI("decision"), json_of_str(decision));
        entity_set(arena, after, IRI("case"), json_of_str(part->case_id));
        if (!str_empty(part->person))
            entity_set_kind(arena, after, ATTR_RELATIONSHIP, IRI("person"),
                            json_of_str(part->person));
        if (!str_empty(part->file))
            entity_set(arena, after, IRI("retentionFile"), json_of_str(part->file));
        entity_set_kind(arena, after, ATTR_JSON, IRI("content"), part->content);
        stage_put(stage, &(Delta){.op = DELTA_PUT, .id = part->id, .after = after});
    }
}

/* ---- read back ---- */

/* The dash is shown where a number would be. */
static Json gone(Arena *arena, const Json *reference) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 4);
    members[0] = (JsonMember){STR("case"), json_of_str(json_get_str(reference, "case"))};
    members[1] = (JsonMember){STR("part"), json_of_str(json_get_str(reference, "part"))};
    members[2] = (JsonMember){STR("number"), json_of_str(STR("—"))};
    members[3] = (JsonMember){STR("erased"), json_of_bool(true)};
    return json_of_members(members, 4);
}

Rc decide_part_whose(Ctx *ctx, Str part, DecideAbout *about) {
    const Entity *entity;
    TRY(part_load(ctx, part, &entity));
    const Attr *attr = entity_attr(entity, IRI("person"));
    about->person = attr ? json_str(attr->value) : STR_NONE;
    about->file = entity_text(entity, IRI("retentionFile"));
    return RC_OK;
}

/* What a hash of the contents stands for; NULL: it was erased. */
Rc decide_part_value(Ctx *ctx, Str id, Str hash, const Json **out) {
    const Entity *part;
    *out = NULL;
    Rc rc = part_load(ctx, id, &part);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    const Json *content = entity_attr(part, IRI("content"))->value;
    if (!str_eq(decide_hash(ctx->arena, content), hash))
        return ctx_fail(ctx, RC_FAILED, "contents-altered", id,
                        "A part of this proposal isn't what was frozen: check the ledger by "
                        "machi-verify.");
    *out = json_get(content, STR("value"));
    return RC_OK;
}

static Rc whole(Ctx *ctx, Str decision, const Json *row, Json *out) {
    Str hash = json_get_str(row, "part"), case_id = json_get_str(row, "case");
    const Json *value;
    *out = *row;
    if (str_empty(hash)) return RC_OK;
    TRY(decide_part_value(ctx, decide_part_id(ctx->arena, decision, case_id, STR_NONE), hash,
                          &value));
    *out = value ? *value : gone(ctx->arena, row);
    return RC_OK;
}

/* A row of what was taken out: what it was, and why it is out. */
static Rc out_whole(Ctx *ctx, Str decision, const Json *row, Json *out) {
    Str why = json_get_str(row, "why"), case_id = json_get_str(row, "case");
    const Json *value;
    JsonMembers members = {0};
    TRY(whole(ctx, decision, row, out));
    if (str_empty(why)) return RC_OK;
    TRY(decide_part_value(ctx, decide_part_id(ctx->arena, decision, case_id, STR("out")), why,
                          &value));
    const Json *const both[] = {value, out}; /* both have a reason: that of taking out goes first */
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; both[k] && i < both[k]->len; i++)
            vec_push(ctx->arena, &members, both[k]->value.members[i]);
    *out = json_of_members(members.items, members.len);
    return RC_OK;
}

typedef Rc (*RowWhole)(Ctx *ctx, Str decision, const Json *row, Json *out);

static Rc rows_whole(Ctx *ctx, Str decision, RowWhole row_whole, Json *rows) {
    JsonItems items = {0};
    for (size_t i = 0; i < rows->len; i++) {
        Json *row = vec_push(ctx->arena, &items, json_of_null());
        TRY(row_whole(ctx, decision, json_at(rows, i), row));
    }
    *rows = json_of_items(items.items, items.len);
    return RC_OK;
}

Rc decide_contents(Ctx *ctx, const Entity *decision, const Json **out) {
    const Attr *attr = entity_attr(decision, IRI("contents"));
    *out = attr ? attr->value : NULL;
    if (!*out || (*out)->kind != JSON_OBJECT) return RC_OK;
    Json *joined = NEW(ctx->arena, Json);
    TRY(whole(ctx, decision->id, *out, joined));
    JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, joined->len);
    for (size_t i = 0; i < joined->len; i++) {
        members[i] = joined->value.members[i];
        if (members[i].value.kind != JSON_ARRAY) continue;
        if (str_eq(members[i].name, STR("cases")))
            TRY(rows_whole(ctx, decision->id, whole, &members[i].value));
        if (str_eq(members[i].name, STR("out")))
            TRY(rows_whole(ctx, decision->id, out_whole, &members[i].value));
    }
    *joined = json_of_members(members, joined->len);
    *out = joined;
    return RC_OK;
}
