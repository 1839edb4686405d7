/* What a case keeps of reference dates: which day and version its fee is of, and what each rule
   found as of which day. */
#include "procedure_int.h"

static Json day_json(Arena *arena, Date day) {
    return json_of_str(time_format_date(arena, day));
}

/* ---- rules ---- */

static Json result_json(Arena *arena, const RuleResult *result, const char *member) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 4);
    members[0] = (JsonMember){str_of(member), json_of_str(result->rule->id)};
    members[1] = (JsonMember){STR("ok"), json_of_bool(result->holds)};
    members[2] = (JsonMember){STR("on"), day_json(arena, result->day)};
    members[3] = (JsonMember){STR("version"), json_of_int(result->by->version)};
    return json_of_members(members, 4);
}

Json rules_json(Ctx *ctx, const Form *form, const DefinedRules *rules, const char *member) {
    RuleResults results = {0};
    JsonItems items = {0};
    form_judge(ctx, form, rules, &results);
    VEC_EACH (const RuleResult, result, &results)
        vec_push(ctx->arena, &items, result_json(ctx->arena, result, member));
    return json_of_items(items.items, items.len);
}

static bool has_decided(const DefinedRules *rules) {
    VEC_EACH (const DefinedRule, rule, rules)
        if (rule->as_of.kind == AS_OF_DECIDED) return true;
    return false;
}

static const Json *found_of(const Json *all, const char *member, Str id) {
    for (size_t i = 0; all && i < all->len; i++)
        if (str_eq(json_get_str(json_at(all, i), member), id)) return json_at(all, i);
    return NULL;
}

/* What was found on arrival, and of the rules that are of the day of the decision what is found
   today: they have no other day until there is one. */
static Json found_today(Ctx *ctx, const Form *form, const Json *kept, bool checks) {
    const char *member = checks ? "check" : "condition";
    const Definition *definition = form->definition;
    const DefinedRules *rules = checks ? &definition->checks : &definition->conditions;
    Json all = rules_json(ctx, form, rules, member);
    JsonItems items = {0};
    for (size_t i = 0; i < kept->len; i++) {
        Str id = json_get_str(json_at(kept, i), member);
        const DefinedRule *rule = defined_rule(rules, id);
        bool now = rule && rule->as_of.kind == AS_OF_DECIDED;
        vec_push(ctx->arena, &items, now ? *found_of(&all, member, id) : *json_at(kept, i));
    }
    return json_of_items(items.items, items.len);
}

Json defined_found(Ctx *ctx, const Entity *application, bool checks) {
    const Attr *attr = entity_attr(application, checks ? IRI("checks") : IRI("conditions"));
    const Entity *whole = application->whole ? application->whole : application;
    const Definition *definition = defined_of(ctx, application);
    Form form;
    if (!attr || !attr->value) return json_of_null();
    bool ended = CASE_ENDS & 1u << case_state(application);
    bool waits = definition && !ended && !case_is_erased(application) &&
                 has_decided(checks ? &definition->checks : &definition->conditions);
    if (!waits) return *attr->value;
    defined_form(ctx, whole, &form);
    return found_today(ctx, &form, attr->value, checks);
}

static void found_set(Ctx *ctx, Arena *arena, const Entity *application, bool checks, Entity *set) {
    Json found = defined_found(ctx, application, checks);
    if (found.kind == JSON_NULL) return;
    entity_set_kind(arena, set, ATTR_JSON, checks ? IRI("checks") : IRI("conditions"),
                    *json_dup(arena, &found));
}

void defined_found_end(Ctx *ctx, Arena *arena, const Entity *application, Entity *set) {
    const Definition *definition = defined_of(ctx, application);
    if (has_decided(&definition->conditions)) found_set(ctx, arena, application, false, set);
    if (has_decided(&definition->checks)) found_set(ctx, arena, application, true, set);
}

void fee_keep(Arena *arena, Entity *set, const Definition *definition, const FormFee *fee,
              bool decided) {
    entity_set(arena, set, IRI("fee"), json_of_int(fee->yen));
    entity_set_kind(arena, set, ATTR_JSON, IRI("feeAsOf"),
                    form_fee_json(arena, definition, fee, decided));
}
