#include "render_int.h"

/* ---- members ---- */

void render_open(Members *members, Buf *to) {
    *members = (Members){to, false};
    buf_add_char(to, '{');
}

void render_name(Members *members, Str name) {
    if (members->more) buf_add_char(members->to, ',');
    members->more = true;
    json_write_str(members->to, name);
    buf_add_char(members->to, ':');
}

void render_instant(Buf *to, int64_t t) {
    char text[40];
    size_t len = time_write(text, t);
    if (len > 5 && str_ends((Str){text, len}, STR(".000Z"))) {
        len -= 4;
        text[len - 1] = 'Z';
    }
    buf_add_char(to, '"');
    buf_add_bytes(to, text, len);
    buf_add_char(to, '"');
}

void render_time(Members *members, Str name, int64_t t) {
    if (t == TIME_NONE) return;
    render_name(members, name);
    render_instant(members->to, t);
}

static void render_text(Members *members, Str name, Str text) {
    if (text.len == 0) return;
    render_name(members, name);
    json_write_str(members->to, text);
}

/* One string, or an array where there are several. */
static void render_texts(const Render *render, Members *members, Str name, const StrVec *texts,
                         bool compact) {
    if (texts->len == 0) return;
    render_name(members, name);
    if (texts->len > 1) buf_add_char(render->to, '[');
    for (size_t i = 0; i < texts->len; i++) {
        Str text = texts->items[i];
        if (compact) text = ld_compact(render->context, render->scratch, text);
        if (i) buf_add_char(render->to, ',');
        json_write_str(render->to, text);
    }
    if (texts->len > 1) buf_add_char(render->to, ']');
}

/* ---- the language filter (clauses 4.15, 6.3.7) ---- */

/* Whether a tag is in a range of RFC 4647 basic filtering; "*" takes any. */
static bool in_range(Str tag, Str range) {
    if (str_eq(range, STR("*"))) return true;
    if (tag.len < range.len || !str_eq_nocase(str_sub(tag, 0, range.len), range)) return false;
    return tag.len == range.len || tag.ptr[range.len] == '-';
}

static const JsonMember *member_in_range(const Json *map, Str range) {
    for (uint32_t i = 0; i < map->len; i++)
        if (in_range(map->value.members[i].name, range)) return &map->value.members[i];
    return NULL;
}

/* The range, then what is left of it when its last part goes (RFC 4647 lookup): "de-CH" finds "de".
 */
static const JsonMember *look_up(const Json *map, Str range) {
    while (range.len) {
        const JsonMember *found = member_in_range(map, range);
        if (found) return found;
        size_t cut = range.len;
        while (cut > 0 && range.ptr[cut - 1] != '-')
            cut--;
        range = str_sub(range, 0, cut ? cut - 1 : 0);
    }
    return NULL;
}

/* Weight in thousandths of "fr;q=0.8"; *range gets "fr". */
static int weight_of(Str item, Str *range) {
    Str rest = item;
    if (!str_split(&rest, ';', range)) return 0;
    *range = str_trim(*range);
    rest = str_trim(rest);
    double q = 1;
    if (str_starts(rest, STR("q=")) && !str_to_f64(str_sub(rest, 2, rest.len), &q)) return 0;
    return q <= 0 ? 0 : q >= 1 ? 1000 : (int)(q * 1000);
}

/* The best of the map for an Accept-Language list: heaviest first, earlier before later. Where
   nothing fits: @none, English, the first (the standard leaves it to the implementation). */
static const JsonMember *choose_language(const Json *map, Str wanted) {
    const JsonMember *best = NULL;
    int best_weight = 0;
    Str item;
    while (str_split(&wanted, ',', &item)) {
        Str range;
        int weight = weight_of(item, &range);
        const JsonMember *found = weight > best_weight ? look_up(map, range) : NULL;
        if (!found) continue;
        best = found;
        best_weight = weight;
    }
    if (!best) best = member_in_range(map, STR("@none"));
    if (!best) best = member_in_range(map, STR("en"));
    return best ? best : &map->value.members[0];
}

/* The text that the filter leaves of a LanguageProperty, NULL when no filter applies. */
static const JsonMember *filtered(const Render *render, const Attr *attr) {
    bool map = attr->kind == ATTR_LANGUAGE && attr->value && attr->value->kind == JSON_OBJECT;
    if (!map || render->options->lang.len == 0 || attr->value->len == 0) return NULL;
    if (entity_attr_null(attr)) return NULL;
    return choose_language(attr->value, render->options->lang);
}

/* ---- values ---- */

static void render_vocab(const Render *render, const Json *value) {
    if (value->kind != JSON_ARRAY) {
        json_write_str(render->to, ld_compact(render->context, render->scratch, json_str(value)));
        return;
    }
    for (uint32_t i = 0; i < value->len; i++) {
        buf_add_char(render->to, i ? ',' : '[');
        render_vocab(render, json_at(value, i));
    }
    buf_add(render->to, value->len ? STR("]") : STR("[]"));
}

/* Normalized, each element of an objectList is {"object": URI} (clause 4.5.22.2). */
static void render_object_list(const Render *render, const Json *list) {
    buf_add_char(render->to, '[');
    for (uint32_t i = 0; i < list->len; i++) {
        buf_add(render->to, i ? STR(",{\"object\":") : STR("{\"object\":"));
        json_write(render->to, json_at(list, i));
        buf_add_char(render->to, '}');
    }
    buf_add_char(render->to, ']');
}

void render_value(const Render *render, const Attr *attr, bool simplified) {
    if (!attr->value) {
        buf_add(render->to, attr->kind == ATTR_LANGUAGE ? STR("{\"@none\":\"urn:ngsi-ld:null\"}")
                                                        : STR("\"urn:ngsi-ld:null\""));
        return;
    }
    bool list = attr->kind == ATTR_LIST_RELATIONSHIP && attr->value->kind == JSON_ARRAY;
    if (attr->kind == ATTR_VOCAB)
        render_vocab(render, attr->value);
    else if (list && !simplified)
        render_object_list(render, attr->value);
    else
        json_write(render->to, attr->value);
}

void render_value_member(const Render *render, Members *members, const Attr *attr) {
    const JsonMember *text = filtered(render, attr);
    if (text) {
        render_name(members, STR("value"));
        json_write(render->to, &text->value);
        render_text(members, STR("lang"), text->name);
        return;
    }
    render_name(members, entity_kind(attr->kind)->member);
    render_value(render, attr, render->options->format == RENDER_CONCISE);
}

/* ---- linked entities (clause 4.5.23.2) ---- */

static bool is_inside(const Render *render, Str id) {
    for (; render; render = render->up)
        if (str_eq(render->id, id)) return true;
    return false;
}

/* The entity that is shown for an object: none within itself. */
static const Entity *linked(const Render *render, const Json *object) {
    const RenderLinks *links = render->options->links;
    if (!links || render->level == links->levels || object->kind != JSON_STRING) return NULL;
    return is_inside(render, json_str(object)) ? NULL : map_get(links->found, json_str(object));
}

static void render_members(const Render *render, const Entity *entity);

static void render_linked(const Render *render, const Attr *attr, const Entity *entity) {
    RenderOptions options = *render->options;
    Render inner = *render;
    options.pick = options.omit = options.dataset_ids = (StrVec){0};
    options.inner = (RenderInners){0};
    options.at_context = NULL;
    VEC_EACH (RenderInner, shape, &render->options->inner) {
        if (!str_eq(shape->name, attr->name)) continue;
        options.pick = shape->pick;
        options.omit = shape->omit;
        options.inner.items = (RenderInner *)shape->inner.items;
        options.inner.len = shape->inner.len;
    }
    inner.options = &options;
    inner.up = render;
    inner.level++;
    render_members(&inner, entity);
}

static bool any_linked(const Render *render, const Attr *attr) {
    bool relates = attr->kind == ATTR_RELATIONSHIP || attr->kind == ATTR_LIST_RELATIONSHIP;
    if (!relates || !attr->value || !render->options->links) return false;
    if (attr->value->kind != JSON_ARRAY) return linked(render, attr->value) != NULL;
    for (uint32_t i = 0; i < attr->value->len; i++)
        if (linked(render, json_at(attr->value, i))) return true;
    return false;
}

/* The entities in the places of their ids; what was not found stays an id where `whole`. */
static void render_all_linked(const Render *render, const Attr *attr, bool whole) {
    if (attr->value->kind != JSON_ARRAY) {
        render_linked(render, attr, linked(render, attr->value));
        return;
    }
    char before = '[';
    for (uint32_t i = 0; i < attr->value->len; i++) {
        const Json *object = json_at(attr->value, i);
        const Entity *entity = linked(render, object);
        if (!entity && !whole) continue;
        buf_add_char(render->to, before);
        before = ',';
        if (entity)
            render_linked(render, attr, entity);
        else
            json_write(render->to, object);
    }
    buf_add_char(render->to, ']');
}

static void render_linked_member(const Render *render, Members *members, const Attr *attr) {
    if (!any_linked(render, attr)) return;
    render_name(members, attr->kind == ATTR_LIST_RELATIONSHIP ? STR("entityList") : STR("entity"));
    render_all_linked(render, attr, false);
}

/* ---- instances ---- */

bool render_wants_dataset(const RenderOptions *options, Str dataset_id) {
    if (options->dataset_ids.len == 0) return true;
    Str wanted = dataset_id.len ? dataset_id : STR("@none");
    VEC_EACH (Str, id, &options->dataset_ids)
        if (str_eq(*id, wanted)) return true;
    return false;
}

static void render_attrs(const Render *render, Members *members, const Attrs *attrs);

/* Members of an instance beside type and value. */
static void render_rest(const Render *render, Members *members, const Attr *attr) {
    render_text(members, STR("unitCode"), attr->unit_code);
    if (attr->value_type.len)
        render_text(members, STR("valueType"),
                    ld_compact(render->context, render->scratch, attr->value_type));
    render_texts(render, members, STR("objectType"), &attr->object_types, true);
    render_time(members, STR("observedAt"), attr->observed_at);
    render_text(members, STR("datasetId"), attr->dataset_id);
    render_time(members, STR("deletedAt"), attr->deleted_at);
    if (render->options->sys_attrs) {
        render_time(members, STR("expiresAt"), attr->expires_at);
        render_time(members, STR("createdAt"), attr->created_at);
        render_time(members, STR("modifiedAt"), attr->modified_at);
    }
    if (render->options->temporal) render_text(members, STR("instanceId"), attr->instance_id);
    render_attrs(render, members, &attr->subs);
}

static bool is_plain(const Render *render, const Attr *attr) {
    bool times = attr->observed_at != TIME_NONE || attr->deleted_at != TIME_NONE ||
                 render->options->sys_attrs;
    bool texts = attr->unit_code.len || attr->value_type.len || attr->dataset_id.len ||
                 (render->options->temporal && attr->instance_id.len);
    return !times && !texts && attr->subs.len == 0;
}

/* Whether a reader would take the bare value for what it is (clause 4.5.2.3): an object that looks
   like an instance, or an array with one inside, would mislead. */
static bool reads_bare(const Json *value) {
    static const Str telling[] = {
        STR("type"),       STR("@type"),    STR("value"),     STR("object"),     STR("languageMap"),
        STR("vocab"),      STR("json"),     STR("valueList"), STR("objectList"), STR("datasetId"),
        STR("observedAt"), STR("unitCode"), STR("dataset")};
    if (value->kind == JSON_ARRAY) {
        for (uint32_t i = 0; i < value->len; i++)
            if (!reads_bare(json_at(value, i))) return false;
        return value->len > 0;
    }
    if (value->kind != JSON_OBJECT || json_get(value, STR("@value"))) return true;
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (json_get(value, telling[i])) return false;
    return true;
}

/* Concise (clauses 4.5.2.3 ff.): no type where the members tell it, the bare value where nothing
 * else is said. */
static void render_concise(const Render *render, const Attr *attr) {
    bool value_kind = attr->kind == ATTR_PROPERTY || attr->kind == ATTR_GEO;
    bool geometry = attr->value && entity_value_is_geometry(attr->value);
    if (value_kind && attr->value && is_plain(render, attr) &&
        (attr->kind == ATTR_GEO ? geometry : !geometry && reads_bare(attr->value))) {
        json_write(render->to, attr->value);
        return;
    }
    Members members;
    render_open(&members, render->to);
    if (value_kind && geometry != (attr->kind == ATTR_GEO))
        render_text(&members, STR("type"), entity_kind(attr->kind)->name);
    render_value_member(render, &members, attr);
    render_linked_member(render, &members, attr);
    render_rest(render, &members, attr);
    buf_add_char(render->to, '}');
}

static void render_normalized(const Render *render, const Attr *attr) {
    static const Str heads[] = {
        [ATTR_PROPERTY] = STR("{\"type\":\"Property\""),
        [ATTR_GEO] = STR("{\"type\":\"GeoProperty\""),
        [ATTR_RELATIONSHIP] = STR("{\"type\":\"Relationship\""),
        [ATTR_LANGUAGE] = STR("{\"type\":\"LanguageProperty\""),
        [ATTR_VOCAB] = STR("{\"type\":\"VocabProperty\""),
        [ATTR_JSON] = STR("{\"type\":\"JsonProperty\""),
        [ATTR_LIST] = STR("{\"type\":\"ListProperty\""),
        [ATTR_LIST_RELATIONSHIP] = STR("{\"type\":\"ListRelationship\""),
    };
    Members members = {render->to, true};
    buf_add(render->to, filtered(render, attr) ? heads[ATTR_PROPERTY] : heads[attr->kind]);
    render_value_member(render, &members, attr);
    render_linked_member(render, &members, attr);
    render_rest(render, &members, attr);
    buf_add_char(render->to, '}');
}

/* Simplified (clause 4.5.4): the value; kinds that are not told by a bare value keep their member.
 */
static void render_simplified(const Render *render, const Attr *attr) {
    const JsonMember *text = filtered(render, attr);
    bool wrapped =
        attr->kind == ATTR_LANGUAGE || attr->kind == ATTR_VOCAB || attr->kind == ATTR_JSON;
    if (text) {
        json_write(render->to, &text->value);
        return;
    }
    if (any_linked(render, attr)) {
        render_all_linked(render, attr, true);
        return;
    }
    Members members;
    if (wrapped) {
        render_open(&members, render->to);
        render_name(&members, entity_kind(attr->kind)->member);
    }
    render_value(render, attr, true);
    if (wrapped) buf_add_char(render->to, '}');
}

void render_instance(const Render *render, const Attr *attr) {
    if (render->options->format == RENDER_NORMALIZED)
        render_normalized(render, attr);
    else if (render->options->format == RENDER_CONCISE)
        render_concise(render, attr);
    else
        render_simplified(render, attr);
}

/* ---- attributes ---- */

/* {"dataset": {"@none": ..., "urn:...": ...}} (clause 4.5.5). */
static void render_datasets(const Render *render, const Attr *first, size_t n) {
    Members members;
    buf_add(render->to, STR("{\"dataset\":"));
    render_open(&members, render->to);
    for (size_t i = 0; i < n; i++) {
        if (!render_wants_dataset(render->options, first[i].dataset_id)) continue;
        render_name(&members, first[i].dataset_id.len ? first[i].dataset_id : STR("@none"));
        render_simplified(render, &first[i]);
    }
    buf_add(render->to, STR("}}"));
}

/* How many of the instances are asked for; *one gets the last of them. */
static size_t count_wanted(const Render *render, const Attr *first, size_t n, const Attr **one) {
    size_t wanted = 0;
    for (size_t i = 0; i < n; i++) {
        if (!render_wants_dataset(render->options, first[i].dataset_id)) continue;
        *one = &first[i];
        wanted++;
    }
    return wanted;
}

/* n instances of one name, at least one of them wanted. */
static void render_instances(const Render *render, const Attr *first, size_t n) {
    if (render->options->temporal) {
        render_temporal_attr(render, first, n);
        return;
    }
    const Attr *one = first;
    size_t wanted = count_wanted(render, first, n, &one);
    if (wanted == 1) {
        render_instance(render, one);
        return;
    }
    if (render->options->format == RENDER_SIMPLIFIED) {
        render_datasets(render, first, n);
        return;
    }
    char before = '[';
    for (size_t i = 0; i < n; i++) {
        if (!render_wants_dataset(render->options, first[i].dataset_id)) continue;
        buf_add_char(render->to, before);
        render_instance(render, &first[i]);
        before = ',';
    }
    buf_add_char(render->to, ']');
}

static size_t run_length(const Attrs *attrs, size_t from) {
    size_t n = 1;
    while (from + n < attrs->len && str_eq(attrs->items[from].name, attrs->items[from + n].name))
        n++;
    return n;
}

/* The two members of a proof that are no attributes (clause 4.5.2.2). */
static bool render_sealed(const Render *render, Members *members, const Attr *attr) {
    if (!str_starts(attr->name, STR(LD_NGSI "entity")) || !str_ends(attr->name, STR("Sealed")))
        return false;
    render_name(members, str_sub(attr->name, sizeof LD_NGSI - 1, attr->name.len));
    render_value(render, attr, true);
    return true;
}

/* Sub-attributes: all of them, whatever is picked above. */
static void render_attrs(const Render *render, Members *members, const Attrs *attrs) {
    if (attrs->len == 0) return;
    RenderOptions options = *render->options;
    options.dataset_ids = (StrVec){0};
    options.temporal = false;
    Render inner = *render;
    inner.options = &options;
    for (size_t i = 0, n; i < attrs->len; i += n) {
        const Attr *attr = &attrs->items[i];
        n = run_length(attrs, i);
        if (render_sealed(render, members, attr)) continue;
        render_name(members, ld_compact(render->context, render->scratch, attr->name));
        render_instances(&inner, attr, n);
    }
}

/* ---- entities ---- */

static bool has(const StrVec *texts, Str text) {
    VEC_EACH (Str, known, texts)
        if (str_eq(*known, text)) return true;
    return false;
}

static bool picked(const RenderOptions *options, Str name) {
    if (options->pick.len && !has(&options->pick, name)) return false;
    return options->omit.len == 0 || !has(&options->omit, name);
}

/* Type, scope, times and attributes: all members but the id. */
static void render_body(const Render *render, Members *members, const Entity *entity) {
    const RenderOptions *options = render->options;
    if (picked(options, STR("type")))
        render_texts(render, members, STR("type"), &entity->types, true);
    if (picked(options, STR("scope")))
        render_texts(render, members, STR("scope"), &entity->scopes, false);
    render_time(members, STR("deletedAt"), entity->deleted_at);
    if (options->sys_attrs) {
        render_time(members, STR("expiresAt"), entity->expires_at);
        render_time(members, STR("createdAt"), entity->created_at);
        render_time(members, STR("modifiedAt"), entity->modified_at);
    }
    for (size_t i = 0, n; i < entity->attrs.len; i += n) {
        const Attr *attr = &entity->attrs.items[i], *one;
        n = run_length(&entity->attrs, i);
        if (!picked(options, attr->name) || count_wanted(render, attr, n, &one) == 0) continue;
        render_name(members, ld_compact(render->context, render->scratch, attr->name));
        render_instances(render, attr, n);
    }
}

static void render_context(const Render *render, Members *members) {
    if (!render->options->at_context) return;
    render_name(members, STR("@context"));
    json_write(render->to, render->options->at_context);
}

/* The geometry of a Feature: of the default instance, or of the first that is asked for. It does
 * not depend on what is picked. */
static void render_geometry(const Render *render, const Entity *entity) {
    Str name = render->options->geometry_property;
    size_t n;
    const Attr *first = entity_attr_all(entity, name.len ? name : STR(LD_NGSI "location"), &n);
    for (size_t i = 0; i < n; i++) {
        bool geometry = first[i].value && entity_value_is_geometry(first[i].value);
        if (!geometry || !render_wants_dataset(render->options, first[i].dataset_id)) continue;
        if (render->options->dataset_ids.len == 0 && first[i].dataset_id.len) continue;
        json_write(render->to, first[i].value);
        return;
    }
    buf_add(render->to, STR("null"));
}

static void render_feature(const Render *render, const Entity *entity) {
    Members members, properties;
    render_open(&members, render->to);
    if (picked(render->options, STR("id"))) render_text(&members, STR("id"), entity->id);
    render_text(&members, STR("type"), STR("Feature"));
    render_name(&members, STR("geometry"));
    render_geometry(render, entity);
    render_name(&members, STR("properties"));
    render_open(&properties, render->to);
    render_body(render, &properties, entity);
    buf_add_char(render->to, '}');
    render_context(render, &members);
    buf_add_char(render->to, '}');
}

static void render_members(const Render *render, const Entity *entity) {
    Render own = *render;
    Members members;
    own.id = entity->id;
    render_open(&members, own.to);
    if (picked(own.options, STR("id"))) render_text(&members, STR("id"), entity->id);
    render_body(&own, &members, entity);
    render_context(&own, &members);
    buf_add_char(own.to, '}');
}

void render_entity(Buf *to, const LdContext *context, const Entity *entity,
                   const RenderOptions *options, Arena *scratch) {
    Render render = {.to = to, .context = context, .options = options, .scratch = scratch};
    render.id = entity->id;
    if (options->geojson)
        render_feature(&render, entity);
    else
        render_members(&render, entity);
}

bool render_attr(Buf *to, const LdContext *context, const Entity *entity,
                 const RenderOptions *options, Arena *scratch) {
    Render render = {.to = to, .context = context, .options = options, .scratch = scratch};
    size_t n;
    const Attr *first = entity_attr_all(entity, options->attr, &n), *one;
    if (n == 0 || count_wanted(&render, first, n, &one) == 0) return false;
    render_instances(&render, first, n);
    return true;
}
