/* corrected: who may correct a case, and what was corrected of it, read back: old beside new. */
#include "procedure_int.h"

Rc correct_identity(Ctx *ctx, const Entity *application) {
    static const unsigned own = REL_SUBJECT | REL_APPLICANT;
    const Definition *definition = defined_of(ctx, application);
    bool account = definition->sign_in || definition->authn || definition->proof;
    if (ctx->actor->kind == ACTOR_STAFF) return RC_OK; /* who has made sure of him */
    TRY(defined_may_begin(ctx, definition, STR("web")));
    if (!account || gate_relation(ctx, application) & own) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "other-account", application->id,
                    "This application belongs to another account: take it into this one first, or "
                    "ask the office to correct it.");
}

static FormAnswer kept_answer(Arena *arena, const Field *field, const Json *value) {
    FormAnswer answer = {.field = field, .due = true};
    Date date;
    bool is_date = field->kind == FIELD_DATE && time_parse_date(json_str(value), &date);
    bool none = !value || value->kind == JSON_NULL;
    answer.value = none ? feel_null() : is_date ? feel_of_date(date) : feel_of_json(arena, value);
    return answer;
}

static void answers_read(Ctx *ctx, const Definitions *versions, const Json *fields,
                         Corrected *out) {
    for (uint32_t i = 0; fields && i < fields->len; i++) {
        const Json *one = json_at(fields, i);
        const Field *field = versions_field(versions, json_get_str(one, "field"));
        if (!field) continue;
        CorrectedAnswer answer = {kept_answer(ctx->arena, field, json_get(one, STR("before"))),
                                  kept_answer(ctx->arena, field, json_get(one, STR("after")))};
        vec_push(ctx->arena, &out->answers, answer);
    }
}

static void asks_read(Ctx *ctx, const Definitions *versions, const Json *asks, Corrected *out) {
    for (uint32_t i = 0; asks && i < asks->len; i++) {
        const Field *field = versions_field(versions, json_get_str(json_at(asks, i), "field"));
        FormAnswer ask = {.field = field, .raw = json_get_str(json_at(asks, i), "why")};
        if (field) vec_push(ctx->arena, &out->asks, ask);
    }
}

static const Json *secret_of(const Entity *application, int64_t asked) {
    const Json *all = correct_list(application, IRI("sensitiveCorrections"));
    for (uint32_t i = 0; all && i < all->len; i++)
        if (json_get_int(json_at(all, i), "asked", -1) == asked) return json_at(all, i);
    return NULL;
}

static Corrected corrected_read(Ctx *ctx, const Entity *application, const Definitions *versions,
                                const Json *one) {
    const Json *fee = json_get(one, STR("fee"));
    Corrected out = {.asked = json_get_int(one, "asked", -1),
                     .step = json_get_int(one, "step", -1),
                     .channel = json_get_str(one, "channel"),
                     .fee_before = json_get_int(fee, "before", -1),
                     .fee = json_get_int(fee, "after", -1),
                     .fee_fixed = json_get_bool(fee, "fixed", false),
                     .dropped = json_get_bool(one, "dropped", false)};
    asks_read(ctx, versions, json_get(one, STR("asks")), &out);
    const Json *secret = secret_of(application, out.asked);
    out.hidden = json_get_bool(one, "sensitive", false) && !secret;
    answers_read(ctx, versions, json_get(one, STR("fields")), &out);
    answers_read(ctx, versions, json_get(secret, STR("fields")), &out);
    return out;
}

void correct_done(Ctx *ctx, const Entity *application, Correcteds *out) {
    const Json *done = correct_list(application, IRI("corrections"));
    Definitions versions;
    *out = (Correcteds){0};
    versions_of(ctx, application, &versions);
    for (uint32_t i = 0; done && i < done->len; i++)
        vec_push(ctx->arena, out, corrected_read(ctx, application, &versions, json_at(done, i)));
}

bool correct_hides(Ctx *ctx, const Entity *application, const Field *field) {
    FormAnswer answer;
    if (!defined_answer(ctx->arena, application, field, &answer)) return false;
    const Entity *visible = gate_view(ctx, NULL, application);
    return !visible || !defined_answer(ctx->arena, visible, field, &answer);
}
