#include "notice.h"

enum { NOTICE_MAX = 16 << 20, ID_CHARS = 26 };

/* ---- what changed ---- */

static void attr_add(Arena *arena, Change *change, Str name, unsigned bits) {
    VEC_EACH (AttrChange, known, &change->attrs) {
        if (!str_eq(known->name, name)) continue;
        known->bits |= bits;
        return;
    }
    vec_push(arena, &change->attrs, (AttrChange){name, bits});
}

static unsigned set_bits(const Change *change, const Attr *attr) {
    if (change->created) return TRIGGER_ATTR_CREATED;
    if (!change->before) return TRIGGER_ATTR_CREATED | TRIGGER_ATTR_UPDATED;
    return entity_attr_dataset(change->before, attr->name, attr->dataset_id) ? TRIGGER_ATTR_UPDATED
                                                                             : TRIGGER_ATTR_CREATED;
}

/* A reading that is older than the present one changes history only. */
static bool became_current(const Change *change, const Attr *attr) {
    const Attr *now = entity_attr_dataset(change->after, attr->name, attr->dataset_id);
    return now && now->modified_at == change->time;
}

void change_attrs(Arena *arena, Change *change, const Delta *delta) {
    size_t n;
    if (!change->after) return;
    for (size_t i = 0; delta->after && i < delta->after->attrs.len; i++) {
        const Attr *attr = &delta->after->attrs.items[i];
        if (delta->op == DELTA_RECORD && !became_current(change, attr)) continue;
        attr_add(arena, change, attr->name, set_bits(change, attr));
    }
    for (size_t i = 0; i < delta->removed.len; i++)
        attr_add(arena, change, delta->removed.items[i].name, TRIGGER_ATTR_DELETED);
    if (delta->op != DELTA_PUT || !change->before) return;
    for (size_t i = 0; i < change->before->attrs.len; i++)
        if (!entity_attr_all(change->after, change->before->attrs.items[i].name, &n))
            attr_add(arena, change, change->before->attrs.items[i].name, TRIGGER_ATTR_DELETED);
}

/* ---- whether it is told ---- */

static bool watched(const Subscription *subscription, Str name) {
    for (size_t i = 0; i < subscription->watched.len; i++)
        if (str_eq(subscription->watched.items[i], name)) return true;
    return !subscription->watched.len;
}

static bool triggered(const Subscription *subscription, const Change *change) {
    unsigned triggers = subscription->triggers;
    if (!change->after) return triggers & TRIGGER_ENTITY_DELETED;
    if (change->created && triggers & TRIGGER_ENTITY_CREATED && !subscription->watched.len)
        return true;
    unsigned wanted = triggers;
    if (triggers & TRIGGER_ENTITY_UPDATED && !change->created)
        wanted |= TRIGGER_ATTR_CREATED | TRIGGER_ATTR_UPDATED | TRIGGER_ATTR_DELETED;
    if (triggers & TRIGGER_ENTITY_CREATED && change->created) wanted |= TRIGGER_ATTR_CREATED;
    VEC_EACH (const AttrChange, attr, &change->attrs)
        if (attr->bits & wanted && watched(subscription, attr->name)) return true;
    return false;
}

/* Whether what is personal of it may go out at all: for a stated purpose, and where the record is
   about one person, under whose key it can wait. */
static bool personal_goes(const Ctx *ctx, const Entity *whole) {
    return !str_empty(ctx->purpose) &&
           !str_empty(dictionary_subject(ctx->tenant->dictionary, whole));
}

static bool attr_goes(const Ctx *ctx, const Entity *entity, Str iri, bool personal) {
    GateAsk ask = {.action = ACT_SUBSCRIBE,
                   .attr = iri,
                   .class = dictionary_class(ctx->tenant->dictionary, entity, iri)};
    if (ask.class < CLASS_PERSONAL) return true;
    for (size_t i = 0; personal && i < entity->types.len; i++) {
        ask.type = entity->types.items[i];
        personal = gate_permits(ctx, &ask);
    }
    return personal;
}

/* What the subscriber may see and be sent of it. */
static const Entity *shown_of(Ctx *ctx, const Entity *entity) {
    const Entity *shown = gate_view(ctx, NULL, entity);
    bool personal = shown && personal_goes(ctx, entity);
    size_t stays = 0;
    for (size_t i = 0; shown && i < shown->attrs.len; i++)
        stays += attr_goes(ctx, shown, shown->attrs.items[i].name, personal);
    if (!shown || stays == shown->attrs.len) return shown;
    Entity *cut = NEW(ctx->arena, Entity);
    *cut = *shown;
    cut->attrs = (Attrs){0};
    for (size_t i = 0; i < shown->attrs.len; i++)
        if (attr_goes(ctx, shown, shown->attrs.items[i].name, personal))
            vec_push(ctx->arena, &cut->attrs, shown->attrs.items[i]);
    return cut;
}

/* Conditions on what is personal count as shown: that somebody was told says whether they held. */
static Rc look_of(Ctx *ctx, const Entity *entity, const Entity *shown, NoticeLook *look) {
    *look = (NoticeLook){0};
    TRY(gate_look_prepare(ctx, shown, &look->later));
    if (!look->later.records.len) return RC_OK;
    look->subject = dictionary_subject(ctx->tenant->dictionary, entity);
    look->retention = dictionary_file(ctx->tenant->dictionary, entity);
    return RC_OK;
}

/* Changes of what the subscriber may not see do not tell him anything either. */
static Change visible_change(Ctx *ctx, const Change *change, const Entity *shown) {
    Change visible = *change;
    size_t n;
    visible.attrs.items = NULL;
    visible.attrs.len = visible.attrs.cap = 0;
    VEC_EACH (const AttrChange, attr, &change->attrs) {
        bool there = entity_attr_all(shown, attr->name, &n) != NULL;
        if (!there && attr->bits & TRIGGER_ATTR_DELETED) {
            Entity probe = {.id = shown->id, .types = shown->types, .expires_at = TIME_NONE};
            vec_push(ctx->arena, &probe.attrs, (Attr){.name = attr->name, .expires_at = TIME_NONE});
            const Entity *seen = shown_of(ctx, &probe);
            there = seen && seen->attrs.len;
        }
        if (there) vec_push(ctx->arena, &visible.attrs, *attr);
    }
    return visible;
}

static bool selected(const Subscription *subscription, const Entity *shown, Arena *scratch) {
    bool any = !subscription->n;
    for (size_t i = 0; !any && i < subscription->n; i++)
        any = match_entity(subscription->selectors[i], shown, scratch);
    return any && (!subscription->match || match_entity(subscription->match, shown, scratch));
}

/* ---- the notification ---- */

/* What was removed is told as the NGSI-LD Null (clause 5.8.6). */
static const Entity *with_nulls(Ctx *ctx, const Subscription *subscription, const Change *change,
                                const Entity *shown) {
    size_t n;
    Entity *told = NEW(ctx->arena, Entity);
    if (!(subscription->triggers & (TRIGGER_ATTR_DELETED | TRIGGER_ENTITY_UPDATED))) return shown;
    *told = *shown;
    told->attrs = (Attrs){0};
    for (size_t i = 0; i < shown->attrs.len; i++)
        vec_push(ctx->arena, &told->attrs, shown->attrs.items[i]);
    VEC_EACH (const AttrChange, attr, &change->attrs)
        if (attr->bits & TRIGGER_ATTR_DELETED && !entity_attr_all(shown, attr->name, &n))
            entity_set(ctx->arena, told, attr->name, json_of_str(ENTITY_NULL));
    return told;
}

static void entity_write(Ctx *ctx, const Subscription *subscription, const Change *change,
                         const Entity *shown, Buf *body) {
    RenderOptions options = subscription->render;
    options.at_context = NULL; /* of the notification, not of each entity */
    if (change->after) {
        render_entity(body, subscription->context, with_nulls(ctx, subscription, change, shown),
                      &options, ctx->scratch);
        return;
    }
    JsonWriter w = json_writer(body);
    json_open(&w, '{');
    json_name(&w, STR("id"));
    json_text(&w, shown->id);
    json_name(&w, STR("type"));
    if (shown->types.len > 1) json_open(&w, '[');
    for (size_t i = 0; i < shown->types.len; i++)
        json_text(&w, ld_compact(subscription->context, ctx->arena, shown->types.items[i]));
    if (shown->types.len > 1) json_close(&w);
    json_name(&w, STR("deletedAt"));
    json_text(&w, time_format(ctx->arena, change->time));
    json_close(&w);
}

static void body_write(Ctx *ctx, const Subscription *subscription, const Change *change,
                       const Entity *shown, Buf *body) {
    Str id = rand_id(ctx->rand, ctx->arena, ID_CHARS);
    bool features = subscription->render.geojson && change->after;
    buf_addf(body, "{\"id\":\"urn:ngsi-ld:Notification:" STR_FMT "\",\"type\":\"Notification\",",
             STR_ARG(id));
    buf_add(body, STR("\"subscriptionId\":"));
    json_write_str(body, subscription->id);
    buf_add(body, STR(",\"notifiedAt\":"));
    json_write_str(body, time_format(ctx->arena, time_now(ctx->clock)));
    buf_add(body, STR(",\"data\":"));
    if (features) buf_add(body, STR("{\"type\":\"FeatureCollection\",\"features\":"));
    buf_add_char(body, '[');
    entity_write(ctx, subscription, change, shown, body);
    buf_add_char(body, ']');
    if (features) buf_add_char(body, '}');
    if (subscription->render.at_context) {
        buf_add(body, STR(",\"@context\":"));
        json_write(body, subscription->render.at_context);
    }
    buf_add_char(body, '}');
}

/* What has just ended is told as what it was: an end by time must not hide it. */
static const Entity *told_of(Ctx *ctx, const Change *change) {
    if (change->after || !change->before || !entity_expires(change->before))
        return change->after ? change->after : change->before;
    Entity *was = NEW(ctx->arena, Entity);
    *was = *change->before;
    was->expires_at = TIME_NONE;
    return was;
}

bool notice_make(Ctx *ctx, const Subscription *subscription, const Change *change, Str *body,
                 NoticeLook *look) {
    const Entity *entity = told_of(ctx, change);
    if (!entity || !triggered(subscription, change)) return false;
    const Entity *shown = shown_of(ctx, entity);
    if (!shown) return false;
    Change visible = visible_change(ctx, change, shown);
    if (!triggered(subscription, &visible)) return false;
    if (!selected(subscription, shown, ctx->scratch)) return false;
    if (look_of(ctx, entity, shown, look) != RC_OK) return false;
    Buf text = buf_new(ctx->arena, NOTICE_MAX);
    body_write(ctx, subscription, &visible, shown, &text);
    *body = buf_str(&text);
    return buf_rc(&text) == RC_OK;
}
