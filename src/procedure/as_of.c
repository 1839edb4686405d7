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

static const AsOf of_decision = {.kind = AS_OF_DECIDED};

static bool is_of(const AsOf *as_of, const AsOf *other) {
    return as_of->kind == other->kind && str_eq(as_of->field, other->field);
}

static bool has_of(const DefinedRules *rules, const AsOf *as_of) {
    VEC_EACH (const DefinedRule, rule, rules)
        if (is_of(&rule->as_of, as_of)) return true;
    return false;
}

static const Json *found_of(const Json *all, const char *member, Str id) {
    for (size_t i = 0; all && i < all->len; i++)
        if (str_eq(json_get_str(json_at(all, i), member), id)) return json_at(all, i);
    return NULL;
}

/* By the decision: it is judged no more. */
static bool is_settled(const Json *found) {
    return json_get_bool(found, "settled", false);
}

/* Which results are found anew: of one list those of a reference date; all of them, or those that
   aren't settled. */
typedef struct Finding {
    bool checks, all;
    bool any; /* of any reference date */
    AsOf as_of;
} Finding;

/* What was found, and what is found by the form as it is now. */
static Json found_anew(Ctx *ctx, const Form *form, const Json *kept, const Finding *finding) {
    const char *member = finding->checks ? "check" : "condition";
    const Definition *definition = form->definition;
    const DefinedRules *rules = finding->checks ? &definition->checks : &definition->conditions;
    Json all = rules_json(ctx, form, rules, member);
    JsonItems items = {0};
    for (size_t i = 0; i < kept->len; i++) {
        Str id = json_get_str(json_at(kept, i), member);
        const DefinedRule *rule = defined_rule(rules, id);
        bool now = rule && (finding->any || is_of(&rule->as_of, &finding->as_of)) &&
                   (finding->all || !is_settled(json_at(kept, i)));
        vec_push(ctx->arena, &items, now ? *found_of(&all, member, id) : *json_at(kept, i));
    }
    return json_of_items(items.items, items.len);
}

static Json found_today(Ctx *ctx, const Entity *application, const Finding *finding) {
    bool checks = finding->checks;
    const Attr *attr = entity_attr(application, checks ? IRI("checks") : IRI("conditions"));
    const Entity *whole = application->whole ? application->whole : application;
    const Definition *definition = defined_of(ctx, application);
    Form form;
    if (!attr || !attr->value) return json_of_null();
    bool ended = CASE_ENDS & 1u << case_state(application);
    bool waits = definition && !ended && !case_is_erased(application) &&
                 has_of(checks ? &definition->checks : &definition->conditions, &of_decision);
    if (!waits) return *attr->value;
    defined_form(ctx, whole, &form);
    return found_anew(ctx, &form, attr->value, finding);
}

Json defined_found(Ctx *ctx, const Entity *application, bool checks) {
    return found_today(ctx, application, &(Finding){.checks = checks, .as_of = of_decision});
}

Json defined_found_anew(Ctx *ctx, const Entity *application, bool checks) {
    return found_today(ctx, application,
                       &(Finding){.checks = checks, .all = true, .as_of = of_decision});
}

static void found_set(Arena *arena, const Json *found, bool checks, Entity *set) {
    if (found->kind != JSON_NULL)
        entity_set_kind(arena, set, ATTR_JSON, checks ? IRI("checks") : IRI("conditions"),
                        *json_dup(arena, found));
}

/* The results, of which those of the day of the decision are judged no more. */
static Json settled_json(Arena *arena, const DefinedRules *rules, const Json *found, bool checks) {
    JsonItems items = {0};
    for (size_t i = 0; i < found->len; i++) {
        const Json *one = json_at(found, i);
        const DefinedRule *rule =
            defined_rule(rules, json_get_str(one, checks ? "check" : "condition"));
        JsonMembers members = {0};
        bool settles = rule && is_of(&rule->as_of, &of_decision) && !is_settled(one);
        for (size_t k = 0; settles && k < one->len; k++)
            vec_push(arena, &members, one->value.members[k]);
        if (settles) vec_push(arena, &members, (JsonMember){STR("settled"), json_of_bool(true)});
        vec_push(arena, &items, settles ? json_of_members(members.items, members.len) : *one);
    }
    return json_of_items(items.items, items.len);
}

void defined_settle(Ctx *ctx, Arena *arena, const Entity *application, bool anew, Entity *set) {
    const Definition *definition = defined_of(ctx, application);
    for (int checks = 0; checks < 2; checks++) {
        const DefinedRules *rules = checks ? &definition->checks : &definition->conditions;
        if (!has_of(rules, &of_decision)) continue;
        Json found = anew ? defined_found_anew(ctx, application, checks)
                          : defined_found(ctx, application, checks);
        Json settled = settled_json(ctx->arena, rules, &found, checks);
        if (found.kind == JSON_ARRAY) found_set(arena, &settled, checks, set);
    }
}

/* Whether the same rules hold and don't, whatever day they are of. */
static bool found_same(const Json *now, const Json *then, bool checks) {
    const char *member = checks ? "check" : "condition";
    for (size_t i = 0; i < now->len; i++) {
        const Json *one = json_at(now, i), *was = found_of(then, member, json_get_str(one, member));
        if (!was || json_get_bool(one, "ok", false) != json_get_bool(was, "ok", false))
            return false;
    }
    return true;
}

Rc defined_found_same(Ctx *ctx, const Entity *application, const Json *contents) {
    bool same = true;
    for (int checks = 0; checks < 2; checks++) {
        const Json *then = json_get(contents, checks ? STR("checks") : STR("conditions"));
        Json now = defined_found_anew(ctx, application, checks);
        same &= now.kind != JSON_ARRAY || !then || found_same(&now, then, checks);
    }
    if (same) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "found-changed", application->id,
                    "What was found of this case has changed since it was proposed: return it, and "
                    "let it be withdrawn and drafted anew.");
}

void fee_keep(Arena *arena, Entity *set, const Definition *definition, const FormFee *fee,
              bool decided) {
    entity_set(arena, set, IRI("fee"), json_of_int(fee->yen));
    entity_set_kind(arena, set, ATTR_JSON, IRI("feeAsOf"),
                    form_fee_json(arena, definition, fee, decided));
}

void defined_found_corrected(Ctx *ctx, Arena *arena, const Entity *application, const Form *form,
                             Entity *set) {
    for (int checks = 0; checks < 2; checks++) {
        const Attr *kept = entity_attr(application, checks ? IRI("checks") : IRI("conditions"));
        if (!kept || !kept->value) continue;
        Finding finding = {.checks = checks, .any = true};
        Json found = found_anew(ctx, form, kept->value, &finding);
        found_set(arena, &found, checks, set);
    }
}

/* ---- another slot ---- */

/* The answers of a case, with another slot. */
static void form_moved(Ctx *ctx, const Entity *application, const Field *slot, Str choice,
                       Form *out) {
    defined_form(ctx, application, out);
    for (size_t i = 0; i < out->n; i++)
        if (out->answers[i].field == slot) out->answers[i].value = feel_of_str(choice);
    form_kept(ctx, out->definition, out->answers, out);
    out->arrived = case_arrived(application);
}

typedef struct Moved {
    Arena *arena;
    const Entity *application;
    Form form; /* with the other slot */
    AsOf as_of;
    Entity *set;
} Moved;

static void found_moved(Ctx *ctx, const Moved *moved) {
    const Definition *definition = moved->form.definition;
    for (int checks = 0; checks < 2; checks++) {
        const Attr *kept =
            entity_attr(moved->application, checks ? IRI("checks") : IRI("conditions"));
        bool any = has_of(checks ? &definition->checks : &definition->conditions, &moved->as_of);
        if (!any || !kept || !kept->value) continue;
        Finding finding = {.checks = checks, .as_of = moved->as_of};
        Json found = found_anew(ctx, &moved->form, kept->value, &finding);
        found_set(moved->arena, &found, checks, moved->set);
    }
}

/* What was asked for already, or reduced by a decision, isn't another sum by a press of a button.
 */
static Rc fee_moved(Ctx *ctx, const Moved *moved) {
    const Entity *application = moved->application;
    FormFee fee;
    Payment payment;
    TRY(form_fee_by(ctx, &moved->form, &fee));
    const Attr *reduced = entity_attr(application, IRI("feeReduction"));
    int64_t before = entity_int(application, IRI("fee"), 0);
    if (reduced && reduced->value) before = json_get_int(reduced->value, "before", before);
    Rc rc = fee_of(ctx, application->id, &payment);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    bool fixed = reduced || rc == RC_OK;
    if (fixed && fee.yen != before)
        return ctx_fail(ctx, RC_CONFLICT, "fee-changes", STR("slot"),
                        "On that day the fee is %lld yen instead of %lld, which was asked for or "
                        "decided already: give the time back, and apply anew.",
                        (long long)fee.yen, (long long)before);
    if (!fixed) fee_keep(moved->arena, moved->set, moved->form.definition, &fee, false);
    return RC_OK;
}

Rc as_of_slot(Ctx *ctx, Arena *arena, const Entity *application, Str choice, Entity *set) {
    Moved moved = {.arena = arena, .application = application, .set = set};
    const Definition *definition = defined_of(ctx, application);
    const Field *slot = definition_slot(definition);
    if (!slot) return RC_OK;
    moved.as_of = (AsOf){.kind = AS_OF_ANSWER, .field = slot->id};
    form_moved(ctx, application, slot, choice, &moved.form);
    found_moved(ctx, &moved);
    bool fee = definition->fee && is_of(&definition->fee_as_of, &moved.as_of);
    return fee ? fee_moved(ctx, &moved) : RC_OK;
}
