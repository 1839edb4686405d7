#include "decide.h"

#define IRI(term) STR(LD_DEFAULT term)

/* `handed`: {"from", "at", "others"}: between these two versions only who has it changed, or in
   which list it was proposed, and so many attributes say something else. Other commands of the leaf
   `at` have the same version: what they set bears its time, and what they took away is missing. */

static bool is_own(Str name) {
    static const char *const own[] = {LD_DEFAULT "assignee", LD_DEFAULT "handover",
                                      LD_DEFAULT "handed", LD_DEFAULT "proposedIn"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (str_eq(name, str_of(own[i]))) return true;
    return false;
}

static int64_t others(const Entity *entity) {
    int64_t n = 0;
    VEC_EACH (const Attr, attr, &entity->attrs)
        n += !is_own(attr->name);
    return n;
}

/* The oldest version that says what this one says. */
static uint64_t same_since(const Entity *now) {
    const Attr *attr = entity_attr(now, IRI("handed"));
    const Json *handed = attr ? attr->value : NULL;
    if (!handed || (uint64_t)json_get_int(handed, "at", 0) != now->version ||
        json_get_int(handed, "others", 0) != others(now))
        return now->version;
    VEC_EACH (const Attr, one, &now->attrs)
        if (!is_own(one->name) && one->modified_at >= now->modified_at) return now->version;
    return (uint64_t)json_get_int(handed, "from", 0);
}

void hands_mark(Arena *arena, const Entity *before, uint64_t position, Entity *after) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("from"), json_of_int((int64_t)same_since(before))};
    members[1] = (JsonMember){STR("at"), json_of_int((int64_t)position)};
    members[2] = (JsonMember){STR("others"), json_of_int(others(before))};
    entity_set_kind(arena, after, ATTR_JSON, IRI("handed"), json_of_members(members, 3));
}

bool hands_same(const Entity *now, uint64_t version) {
    return version <= now->version && version >= same_since(now);
}
