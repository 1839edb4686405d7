/* part: what of frozen contents is about one person is a record of that person, sealed under his
   key; the contents have its salted hash in its place. Erasing him takes his part away and leaves
   the contents, and the hash over them, checkable. */
#include "decide.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { SALT = 26, ID_CHARS = 26 };

Str decide_part_id(Arena *arena, Str decision, Str case_id) {
    const Str parts[] = {STR("machi-decision-part"), decision, case_id};
    Digest digest = hash_sha256_parts(parts, 3);
    Str suffix = hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, ID_CHARS);
    return str_fmt(arena, "urn:ngsi-ld:DecisionPart:" STR_FMT, STR_ARG(suffix));
}

static Json reference(Arena *arena, Str case_id, Str hash) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("case"), json_of_str(case_id)};
    members[1] = (JsonMember){STR("part"), json_of_str(hash)};
    return json_of_members(members, 2);
}

Json decide_part(Ctx *ctx, Command *command, PartDraft *draft, const DecideAbout *about) {
    Arena *arena = command_arena(command);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    DecidePart part = {.id = decide_part_id(arena, draft->id, about->case_id),
                       .case_id = str_dup(arena, about->case_id),
                       .person = str_dup(arena, about->person)};
    members[0] = (JsonMember){STR("salt"), json_of_str(rand_id(ctx->rand, arena, SALT))};
    members[1] = (JsonMember){STR("value"), about->value};
    part.content = json_of_members(members, 2);
    vec_push(arena, &draft->parts, part);
    command_needs(command, part.id);
    return reference(arena, part.case_id, decide_hash(arena, &part.content));
}

void decide_parts_put(Arena *arena, Stage *stage, const PartDraft *draft) {
    VEC_EACH (const DecidePart, part, &draft->parts) {
        Entity *after = entity_new(arena, part->id, STR(DECIDE_PART_TYPE));
        entity_set(arena, after, IRI("decision"), json_of_str(draft->id));
        entity_set(arena, after, IRI("case"), json_of_str(part->case_id));
        if (!str_empty(part->person))
            entity_set_kind(arena, after, ATTR_RELATIONSHIP, IRI("person"),
                            json_of_str(part->person));
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

static Rc whole(Ctx *ctx, Str decision, const Json *row, Json *out) {
    const Entity *part;
    Str hash = json_get_str(row, "part"), case_id = json_get_str(row, "case");
    *out = *row;
    if (str_empty(hash)) return RC_OK;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, decide_part_id(ctx->arena, decision, case_id),
                          &part);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    const Attr *content = rc == RC_OK ? entity_attr(part, IRI("content")) : NULL;
    *out = gone(ctx->arena, row);
    if (!content) return RC_OK;
    if (!str_eq(decide_hash(ctx->arena, content->value), hash))
        return ctx_fail(ctx, RC_FAILED, "contents-altered", decision,
                        "A part of this proposal isn't what was frozen: check the ledger by "
                        "machi-verify.");
    const Json *value = json_get(content->value, STR("value"));
    if (value) *out = *value;
    return RC_OK;
}

static Rc rows_whole(Ctx *ctx, Str decision, const Json *rows, Json *out) {
    JsonItems items = {0};
    for (size_t i = 0; i < rows->len; i++) {
        Json *row = vec_push(ctx->arena, &items, json_of_null());
        TRY(whole(ctx, decision, json_at(rows, i), row));
    }
    *out = json_of_items(items.items, items.len);
    return RC_OK;
}

Rc decide_contents(Ctx *ctx, const Entity *decision, const Json **out) {
    const Attr *attr = entity_attr(decision, IRI("contents"));
    *out = attr ? attr->value : NULL;
    if (!*out || (*out)->kind != JSON_OBJECT) return RC_OK;
    const Json *rows = json_get(*out, STR("cases"));
    Json *joined = NEW(ctx->arena, Json);
    TRY(whole(ctx, decision->id, *out, joined));
    *out = joined;
    if (!rows || rows->kind != JSON_ARRAY) return RC_OK;
    JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, joined->len);
    for (size_t i = 0; i < joined->len; i++) {
        members[i] = joined->value.members[i];
        if (str_eq(members[i].name, STR("cases")))
            TRY(rows_whole(ctx, decision->id, rows, &members[i].value));
    }
    *joined = json_of_members(members, joined->len);
    return RC_OK;
}
