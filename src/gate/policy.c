#include "gate_int.h"

static const char *const role_names[ROLE_COUNT] = {
    [ROLE_RESIDENT] = "resident", [ROLE_CLERK] = "clerk",           [ROLE_CHIEF] = "chief",
    [ROLE_STEWARD] = "steward",   [ROLE_AUDITOR] = "auditor",       [ROLE_OPERATOR] = "operator",
    [ROLE_DEVICE] = "device",     [ROLE_EDITOR] = "editor",         [ROLE_READER] = "reader",
    [ROLE_SANDBOX] = "sandbox",   [ROLE_CONTRACTOR] = "contractor", [ROLE_REGISTRAR] = "registrar",
};

const char *gate_role_name(GateRole role) {
    assert(role < ROLE_COUNT);
    return role_names[role];
}

GateRole gate_role_of(Str name) {
    for (unsigned role = 0; role < ROLE_COUNT; role++)
        if (str_eq(name, str_of(role_names[role]))) return (GateRole)role;
    return ROLE_COUNT;
}

/* The words of each member that is a set of words: word number i is bit i. */
static const char *const kind_words[] = {"nobody", "resident", "staff", "service", "system", NULL};
static const char *const action_words[] = {"read",   "create", "update",  "delete", "subscribe",
                                           "import", "export", "confirm", "decide", "release",
                                           "audit",  "erase",  "operate", "glass",  NULL};
static const char *const class_words[] = {"open", "internal", "personal", "sensitive", NULL};
static const char *const relation_words[] = {"subject", "applicant", "proxy",  "assignee",
                                             "post",    "division",  "holder", NULL};

static_assert(sizeof action_words / sizeof *action_words == ACT_COUNT + 1, "one word per action");

const char *gate_action_name(GateAction action) {
    assert(action < ACT_COUNT);
    return action_words[action];
}

GateAction gate_action_of(Str name) {
    for (unsigned action = 0; action < ACT_COUNT; action++)
        if (str_eq(name, str_of(action_words[action]))) return (GateAction)action;
    return ACT_COUNT;
}

static int word_index(const char *const *words, size_t max, Str word) {
    for (size_t i = 0; i < max && words[i]; i++)
        if (str_eq(word, str_of(words[i]))) return (int)i;
    return -1;
}

static Rc rule_fault(Ctx *ctx, size_t rule, Str member, const char *what, Str word) {
    Str path = str_fmt(ctx->arena, "rule %zu, " STR_FMT, rule + 1, STR_ARG(member));
    return ctx_fail(ctx, RC_INVALID, "bad-policy", path, "%s: \"" STR_FMT "\".", what,
                    STR_ARG(word));
}

static Rc words_read(Ctx *ctx, size_t rule, const JsonMember *member, const char *const *words,
                     unsigned *mask) {
    size_t max = words == role_names ? ROLE_COUNT : 32;
    for (size_t i = 0; i < member->value.len; i++) {
        Str word = json_str(json_at(&member->value, i));
        int at = word_index(words, max, word);
        if (at < 0) return rule_fault(ctx, rule, member->name, "There is no such word here", word);
        *mask |= 1u << at;
    }
    return RC_OK;
}

static void iris_read(Ctx *ctx, const Json *terms, StrVec *out) {
    for (size_t i = 0; i < terms->len; i++)
        vec_push(ctx->arena, out, ld_expand(ld_core(), ctx->arena, json_str(json_at(terms, i))));
}

static Rc effect_read(Ctx *ctx, size_t rule, const JsonMember *member, Rule *out) {
    Str effect = json_str(&member->value);
    out->permit = str_eq(effect, STR("permit"));
    if (out->permit || str_eq(effect, STR("forbid"))) return RC_OK;
    return rule_fault(ctx, rule, member->name, "An effect is permit or forbid, not", effect);
}

static Rc member_read(Ctx *ctx, size_t rule, const JsonMember *member, Rule *out) {
    const struct {
        Str name;
        const char *const *words;
        unsigned *mask;
    } sets[] = {
        {STR("kinds"), kind_words, &out->kinds},
        {STR("roles"), role_names, &out->roles},
        {STR("actions"), action_words, &out->actions},
        {STR("classes"), class_words, &out->classes},
        {STR("relations"), relation_words, &out->relations},
    };
    bool array = member->value.kind == JSON_ARRAY;
    bool on = member->value.kind == JSON_BOOL && member->value.value.boolean;
    for (size_t i = 0; array && i < sizeof sets / sizeof *sets; i++)
        if (str_eq(member->name, sets[i].name))
            return words_read(ctx, rule, member, sets[i].words, sets[i].mask);
    if (str_eq(member->name, STR("effect"))) return effect_read(ctx, rule, member, out);
    if (str_eq(member->name, STR("why"))) return RC_OK; /* for people */
    if (array && str_eq(member->name, STR("types")))
        return iris_read(ctx, &member->value, &out->types), RC_OK;
    if (array && str_eq(member->name, STR("attrs")))
        return iris_read(ctx, &member->value, &out->attrs), RC_OK;
    bool boolean = member->value.kind == JSON_BOOL;
    if (boolean && str_eq(member->name, STR("purpose"))) return out->needs_purpose = on, RC_OK;
    if (boolean && str_eq(member->name, STR("stepUp"))) return out->needs_step_up = on, RC_OK;
    return rule_fault(ctx, rule, member->name, "A rule has no such member of that form",
                      member->name);
}

Rc policy_compile(Ctx *ctx, const Json *source, Rules *out) {
    *out = (Rules){0};
    if (!source || source->kind != JSON_ARRAY)
        return ctx_fail(ctx, RC_INVALID, "bad-policy", STR_NONE, "Policies are an array of rules.");
    for (size_t i = 0; i < source->len; i++) {
        const Json *one = json_at(source, i);
        Rule rule = {0};
        if (str_empty(json_get_str(one, "effect")))
            return rule_fault(ctx, i, STR("effect"), "A rule needs an effect", STR(""));
        for (size_t m = 0; m < one->len; m++)
            TRY(member_read(ctx, i, &one->value.members[m], &rule));
        vec_push(ctx->arena, &out->items, rule);
    }
    return RC_OK;
}

static bool covers(unsigned mask, unsigned bits) {
    return mask == 0 || (mask & bits) != 0;
}

static bool names(const StrVec *list, Str iri) {
    if (list->len == 0) return true;
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->items[i], iri)) return true;
    return false;
}

/* A condition that is not met withholds a permission, but never lifts a prohibition. */
static bool applies(const Rule *rule, const PolicyAsk *ask) {
    if (!covers(rule->kinds, 1u << ask->kind) || !covers(rule->roles, ask->roles)) return false;
    if (!covers(rule->actions, 1u << ask->ask.action)) return false;
    if (!covers(rule->classes, 1u << ask->ask.class)) return false;
    if (!covers(rule->relations, ask->ask.relation)) return false;
    if (!names(&rule->types, ask->ask.type) || !names(&rule->attrs, ask->ask.attr)) return false;
    if (!rule->permit) return true;
    return (!rule->needs_purpose || ask->has_purpose) && (!rule->needs_step_up || ask->stepped_up);
}

bool policy_permits(const Rules *rules, const PolicyAsk *ask) {
    bool permitted = false;
    VEC_EACH (Rule, rule, &rules->items) {
        if (!applies(rule, ask)) continue;
        if (!rule->permit) return false;
        permitted = true;
    }
    return permitted;
}
