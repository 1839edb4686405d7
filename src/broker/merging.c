/* merging: the parameters of a merge (clause 5.6.17, table 6.5.3.4-1). */
#include "broker_int.h"

Rc merging_read(Request *request, Merging *out) {
    Str observed = http_query_or(request->x, "observedAt", STR_NONE);
    *out = (Merging){.simplified = request_format(request) == RENDER_SIMPLIFIED,
                     .lang = http_query_or(request->x, "lang", STR_NONE),
                     .observed_at = TIME_NONE};
    if (!str_empty(out->lang) && !out->simplified)
        return ctx_fail(request->ctx, RC_INVALID, "bad-parameter", STR("lang"),
                        "lang is the language of texts in the simplified format: add "
                        "format=simplified, or send a languageMap.");
    if (str_empty(observed)) return RC_OK;
    if (str_ends(observed, STR("Z")) && time_parse(observed, &out->observed_at)) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "bad-parameter", STR("observedAt"),
                    "A time is written in UTC as \"2025-04-01T09:00:00Z\".");
}

static void observed_set(Arena *arena, const Merging *merging, const Entity *before,
                         Entity *fragment) {
    if (!before || merging->observed_at == TIME_NONE) return;
    AttrLookup index = attr_lookup_new(arena, &before->attrs, fragment->attrs.len);
    VEC_EACH (Attr, attr, &fragment->attrs) {
        const Attr *old = attr_lookup_find(&index, attr->name, attr->dataset_id);
        if (old && old->observed_at != TIME_NONE && attr->observed_at == TIME_NONE &&
            !entity_attr_null(attr))
            attr->observed_at = merging->observed_at;
    }
}

Rc merging_fragment(Ctx *ctx, const Merging *merging, const Entity *before, Entity **out) {
    EntityInput input = {.context = merging->context, .before = before, .lang = merging->lang};
    if (merging->simplified)
        TRY(entity_read_simplified(ctx, &input, merging->payload, out));
    else
        TRY(entity_read(ctx, merging->context, merging->payload, ENTITY_FRAGMENT, out));
    observed_set(ctx->arena, merging, before, *out);
    return RC_OK;
}
