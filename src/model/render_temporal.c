/* The temporal forms of one attribute (clauses 4.5.7, 4.5.9, 5.2.20). */
#include "render_int.h"

static int64_t time_of(const Render *render, const Attr *attr) {
    switch (render->options->time) {
    case RENDER_CREATED:
        return attr->created_at;
    case RENDER_MODIFIED:
        return attr->modified_at;
    case RENDER_DELETED:
        return attr->deleted_at;
    default:
        break;
    }
    /* What was never observed is dated by when it was said. */
    if (attr->observed_at != TIME_NONE) return attr->observed_at;
    return attr->deleted_at != TIME_NONE ? attr->deleted_at : attr->modified_at;
}

/* [value, time]; kinds that keep their member in the simplified format keep it here. */
static void render_pair(const Render *render, const Attr *attr) {
    bool bare = attr->kind == ATTR_PROPERTY || attr->kind == ATTR_GEO ||
                attr->kind == ATTR_RELATIONSHIP || attr->kind == ATTR_LIST ||
                attr->kind == ATTR_LIST_RELATIONSHIP;
    buf_add_char(render->to, '[');
    if (bare) {
        render_value(render, attr, true);
    } else {
        RenderOptions simplified = *render->options;
        simplified.format = RENDER_SIMPLIFIED;
        Render inner = *render;
        inner.options = &simplified;
        render_instance(&inner, attr);
    }
    int64_t t = time_of(render, attr);
    if (t != TIME_NONE) {
        buf_add_char(render->to, ',');
        render_instant(render->to, t);
    }
    buf_add_char(render->to, ']');
}

/* A series with one kind and one datasetId; a filtered language map has become texts. */
static void render_series(const Render *render, const Attr *instances, size_t n, const Attr *like) {
    bool texts = like->kind == ATTR_LANGUAGE && render->options->lang.len;
    const KindInfo *kind = entity_kind(texts ? ATTR_PROPERTY : like->kind);
    Members members;
    render_open(&members, render->to);
    render_name(&members, STR("type"));
    json_write_str(render->to, kind->name);
    if (like->dataset_id.len) {
        render_name(&members, STR("datasetId"));
        json_write_str(render->to, like->dataset_id);
    }
    render_name(&members, kind->plural);
    char before = '[';
    for (size_t i = 0; i < n; i++) {
        const Attr *attr = &instances[i];
        if (attr->kind != like->kind || !str_eq(attr->dataset_id, like->dataset_id)) continue;
        buf_add_char(render->to, before);
        render_pair(render, attr);
        before = ',';
    }
    buf_add(render->to, STR("]}"));
}

/* Whether an earlier instance belongs to the same series. Series are few, instances many: found
 * near the start. */
static bool met_before(const Attr *instances, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (instances[j].kind == instances[i].kind &&
            str_eq(instances[j].dataset_id, instances[i].dataset_id))
            return true;
    return false;
}

static void render_all_series(const Render *render, const Attr *instances, size_t n) {
    VEC(const Attr *) heads = {0};
    for (size_t i = 0; i < n; i++)
        if (render_wants_dataset(render->options, instances[i].dataset_id) &&
            !met_before(instances, i))
            vec_push(render->scratch, &heads, &instances[i]);
    if (heads.len == 1) {
        render_series(render, instances, n, heads.items[0]);
        return;
    }
    for (size_t i = 0; i < heads.len; i++) {
        buf_add_char(render->to, i ? ',' : '[');
        render_series(render, instances, n, heads.items[i]);
    }
    buf_add_char(render->to, ']');
}

void render_temporal_attr(const Render *render, const Attr *instances, size_t n) {
    if (render->options->temporal_values) {
        render_all_series(render, instances, n);
        return;
    }
    char before = '[';
    for (size_t i = 0; i < n; i++) {
        if (!render_wants_dataset(render->options, instances[i].dataset_id)) continue;
        buf_add_char(render->to, before);
        render_instance(render, &instances[i]);
        before = ',';
    }
    buf_add_char(render->to, ']');
}
