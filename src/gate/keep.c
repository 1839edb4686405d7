/* keep: an actor written down with what acts for him later (a subscription), and read back. */
#include "gate_int.h"

static const char *const kinds[] = {
    [ACTOR_NOBODY] = "nobody",   [ACTOR_RESIDENT] = "resident", [ACTOR_STAFF] = "staff",
    [ACTOR_SERVICE] = "service", [ACTOR_SYSTEM] = "system",
};

const Json *gate_actor_write(Arena *arena, const Actor *actor) {
    JsonMembers members = {0};
    JsonItems roles = {0}, types = {0};
    for (unsigned role = 0; role < ROLE_COUNT; role++)
        if (actor->roles & 1u << role)
            vec_push(arena, &roles, json_of_str(str_of(gate_role_name((GateRole)role))));
    const GateToken *token = actor->token;
    for (size_t i = 0; token && i < token->types.len; i++)
        vec_push(arena, &types, json_of_str(str_dup(arena, token->types.items[i])));
    vec_push(arena, &members, (JsonMember){STR("kind"), json_of_str(str_of(kinds[actor->kind]))});
    vec_push(arena, &members, (JsonMember){STR("id"), json_of_str(str_dup(arena, actor->id))});
    vec_push(arena, &members,
             (JsonMember){STR("person"), json_of_str(str_dup(arena, actor->person))});
    vec_push(arena, &members, (JsonMember){STR("post"), json_of_str(str_dup(arena, actor->post))});
    vec_push(arena, &members, (JsonMember){STR("roles"), json_of_items(roles.items, roles.len)});
    if (token) {
        vec_push(arena, &members,
                 (JsonMember){STR("types"), json_of_items(types.items, types.len)});
        vec_push(arena, &members, (JsonMember){STR("actions"), json_of_int(token->actions)});
    }
    Json *json = NEW(arena, Json);
    *json = json_of_members(members.items, members.len);
    return json;
}

static GateToken *token_of(Arena *arena, const Json *stored) {
    const Json *types = json_get(stored, STR("types"));
    if (!types) return NULL;
    GateToken *token = NEW(arena, GateToken);
    *token = (GateToken){.account = str_dup(arena, json_get_str(stored, "id")),
                         .actions = (uint32_t)json_get_int(stored, "actions", 0)};
    for (size_t i = 0; i < types->len; i++)
        vec_push(arena, &token->types, str_dup(arena, json_str(json_at(types, i))));
    return token;
}

const Actor *gate_actor_read(Ctx *ctx, const Json *stored) {
    Arena *arena = ctx->arena;
    Actor *actor = NEW(arena, Actor);
    const Json *roles = json_get(stored, STR("roles"));
    *actor = (Actor){.kind = ACTOR_NOBODY,
                     .id = str_dup(arena, json_get_str(stored, "id")),
                     .person = str_dup(arena, json_get_str(stored, "person")),
                     .token = token_of(arena, stored),
                     .stepped_up_at = TIME_NONE};
    for (unsigned kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        if (str_eq(json_get_str(stored, "kind"), str_of(kinds[kind])))
            actor->kind = (ActorKind)kind;
    for (size_t i = 0; roles && i < roles->len; i++) {
        GateRole role = gate_role_of(json_str(json_at(roles, i)));
        if (role != ROLE_COUNT) actor->roles |= 1u << role;
    }
    const GatePost *post = gate_post(ctx->tenant->gate, json_get_str(stored, "post"));
    if (!post) return actor;
    actor->post = post->id;
    actor->division = post->division;
    return actor;
}
