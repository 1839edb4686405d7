#include "subscription.h"

#include <math.h>
#include <string.h>

/* ---- reading a payload ---- */

typedef struct Reading {
    Ctx *ctx;
    const LdContext *context;
} Reading;

typedef Rc (*MemberRead)(Reading *reading, const Json *value, Json *out);

static Rc as_is(Reading *reading, const Json *value, Json *out) {
    (void)reading;
    *out = *value;
    return RC_OK;
}

/* A text that says something. */
static Rc given(Reading *reading, const Json *value, Json *out) {
    return as_is(reading, value, out);
}

static Rc unsupported(Reading *reading, const Json *value, Json *out) {
    (void)value;
    (void)out;
    return ctx_fail(reading->ctx, RC_INVALID, "not-supported", STR_NONE,
                    "Subscriptions are on change, for entities of this tenant.");
}

static Rc term_list(Reading *reading, const Json *value, Json *out) {
    Arena *arena = reading->ctx->arena;
    JsonItems items = {0};
    for (size_t i = 0; i < value->len; i++) {
        Str term = json_str(json_at(value, i));
        if (str_empty(term))
            return ctx_fail(reading->ctx, RC_INVALID, "bad-subscription", STR_NONE,
                            "This is a list of names.");
        bool own =
            str_eq(term, STR("id")) || str_eq(term, STR("type")) || str_eq(term, STR("scope"));
        vec_push(arena, &items, json_of_str(own ? term : ld_expand(reading->context, arena, term)));
    }
    *out = json_of_items(items.items, items.len);
    return RC_OK;
}

static Str type_expanded(const Reading *reading, Str type) {
    Buf text = buf_new(reading->ctx->arena, 1 << 20);
    size_t at = 0;
    while (at < type.len) {
        size_t from = at;
        while (at < type.len && !strchr(";|(), ", type.ptr[at]))
            at++;
        Str name = str_sub(type, from, at);
        if (name.len && !str_eq(name, STR("*")))
            buf_add(&text, ld_expand(reading->context, reading->ctx->arena, name));
        else
            buf_add(&text, name);
        if (at < type.len) buf_add_char(&text, type.ptr[at++]);
    }
    return buf_str(&text);
}

static Rc selector_read(Reading *reading, const Json *value, Json *out) {
    Arena *arena = reading->ctx->arena;
    JsonMembers members = {0};
    const Json *id = json_get(value, STR("id"));
    Str type = json_get_str(value, "type"), pattern = json_get_str(value, "idPattern");
    if (str_empty(type))
        return ctx_fail(reading->ctx, RC_INVALID, "bad-subscription", STR("entities.type"),
                        "A selector of entities names their type, or \"*\".");
    if (json_get(value, STR("idPattern")) && str_empty(pattern))
        return ctx_fail(reading->ctx, RC_INVALID, "bad-subscription", STR("entities.idPattern"),
                        "An idPattern is a regular expression: give one, or leave it out.");
    if (id && ((id->kind != JSON_STRING && id->kind != JSON_ARRAY) || !id->len))
        return ctx_fail(reading->ctx, RC_INVALID, "bad-subscription", STR("entities.id"),
                        "An id is a URI, or a list of them.");
    if (id) vec_push(arena, &members, (JsonMember){STR("id"), *id});
    if (!str_empty(pattern))
        vec_push(arena, &members, (JsonMember){STR("idPattern"), json_of_str(pattern)});
    vec_push(arena, &members, (JsonMember){STR("type"), json_of_str(type_expanded(reading, type))});
    *out = json_of_members(members.items, members.len);
    return RC_OK;
}

static Rc selectors_list(Reading *reading, const Json *value, Json *out) {
    JsonItems items = {0};
    if (!value->len)
        return ctx_fail(reading->ctx, RC_INVALID, "bad-subscription", STR_NONE,
                        "Name at least one selector, or leave entities out.");
    for (size_t i = 0; i < value->len; i++) {
        Json one;
        TRY(selector_read(reading, json_at(value, i), &one));
        vec_push(reading->ctx->arena, &items, one);
    }
    *out = json_of_items(items.items, items.len);
    return RC_OK;
}

/* A member that is understood. */
typedef struct Known {
    Str name;
    JsonKind kind;
    MemberRead read; /* NULL: told by us, and passed over */
} Known;
#define KNOWN(name, kind, read)                                                                    \
    { {name, sizeof name - 1}, kind, read }

static Rc members_read(Reading *reading, const Json *value, const Known *known, Json *out);

static Rc notification_read(Reading *reading, const Json *value, Json *out) {
    static const Known known[] = {
        KNOWN("attributes", JSON_ARRAY, term_list),   KNOWN("pick", JSON_ARRAY, term_list),
        KNOWN("omit", JSON_ARRAY, term_list),         KNOWN("format", JSON_STRING, as_is),
        KNOWN("endpoint", JSON_OBJECT, as_is),        KNOWN("sysAttrs", JSON_BOOL, as_is),
        KNOWN("showChanges", JSON_BOOL, unsupported), KNOWN("join", JSON_STRING, unsupported),
        KNOWN("joinLevel", JSON_NUMBER, unsupported), KNOWN("status", JSON_STRING, NULL),
        KNOWN("timesSent", JSON_NUMBER, NULL),        KNOWN("timesFailed", JSON_NUMBER, NULL),
        KNOWN("lastNotification", JSON_STRING, NULL), KNOWN("lastFailure", JSON_STRING, NULL),
        KNOWN("lastSuccess", JSON_STRING, NULL),      {{0}, JSON_NULL, NULL},
    };
    return members_read(reading, value, known, out);
}

static const Known subscription_known[] = {
    KNOWN("subscriptionName", JSON_STRING, as_is),
    KNOWN("description", JSON_STRING, as_is),
    KNOWN("entities", JSON_ARRAY, selectors_list),
    KNOWN("watchedAttributes", JSON_ARRAY, term_list),
    KNOWN("notificationTrigger", JSON_ARRAY, as_is),
    KNOWN("q", JSON_STRING, given),
    KNOWN("geoQ", JSON_OBJECT, as_is),
    KNOWN("scopeQ", JSON_STRING, given),
    KNOWN("isActive", JSON_BOOL, as_is),
    KNOWN("notification", JSON_OBJECT, notification_read),
    KNOWN("expiresAt", JSON_STRING, given),
    KNOWN("throttling", JSON_NUMBER, as_is),
    KNOWN("lang", JSON_STRING, given),
    KNOWN("jsonldContext", JSON_STRING, given),
    KNOWN("timeInterval", JSON_NUMBER, unsupported),
    KNOWN("csf", JSON_STRING, unsupported),
    KNOWN("temporalQ", JSON_OBJECT, unsupported),
    KNOWN("datasetId", JSON_ARRAY, as_is),
    KNOWN("id", JSON_STRING, NULL),
    KNOWN("type", JSON_STRING, NULL),
    KNOWN("status", JSON_STRING, NULL),
    KNOWN("withheld", JSON_OBJECT, NULL),
    KNOWN("createdAt", JSON_STRING, NULL),
    KNOWN("modifiedAt", JSON_STRING, NULL),
    {{0}, JSON_NULL, NULL},
};

static const Known *known_find(const Known *known, Str name) {
    while (known->name.len && !str_eq(known->name, name))
        known++;
    return known->name.len ? known : NULL;
}

static Rc member_read(Reading *reading, const Known *known, const JsonMember *member, Json *out) {
    if (member->value.kind != known->kind)
        return ctx_fail(reading->ctx, RC_INVALID, "bad-subscription", member->name,
                        "This member is of another kind.");
    /* An empty list is none (5.2.12); an empty condition would hold for everything. */
    bool empty = known->kind == JSON_ARRAY || known->read == given;
    if (empty && !member->value.len)
        return ctx_fail(reading->ctx, RC_INVALID, "bad-subscription", member->name,
                        "This member is empty: give it a value, or leave it out.");
    if (known->kind == JSON_ARRAY)
        TRY(request_bound(reading->ctx, "request-too-large", member->name, member->value.len,
                          BROKER_NAMES_MAX));
    Rc rc = known->read(reading, &member->value, out);
    if (rc != RC_OK && str_empty(reading->ctx->error.path)) reading->ctx->error.path = member->name;
    return rc;
}

static bool removes(const Json *value) {
    return value->kind == JSON_NULL ||
           (value->kind == JSON_STRING && str_eq(json_str(value), ENTITY_NULL));
}

static Rc members_read(Reading *reading, const Json *value, const Known *known, Json *out) {
    Arena *arena = reading->ctx->arena;
    JsonMembers members = {0};
    for (size_t i = 0; i < value->len; i++) {
        const JsonMember *member = &value->value.members[i];
        const Known *row = known_find(known, member->name);
        if (str_eq(member->name, STR("@context")) || (row && !row->read)) continue;
        if (!row)
            return ctx_fail(reading->ctx, RC_INVALID, "bad-subscription", member->name,
                            "A subscription has no such member.");
        Json read = json_of_str(ENTITY_NULL);
        if (!removes(&member->value)) TRY(member_read(reading, row, member, &read));
        vec_push(arena, &members, (JsonMember){member->name, read});
    }
    *out = json_of_members(members.items, members.len);
    return RC_OK;
}

Rc subscription_read(Ctx *ctx, const LdContext *context, const Json *payload, bool fragment,
                     const Json **document) {
    Reading reading = {ctx, context};
    Str type = json_get_str(payload, "type"), id = json_get_str(payload, "id");
    if (payload->kind != JSON_OBJECT)
        return ctx_fail(ctx, RC_INVALID, "bad-subscription", STR_NONE,
                        "A subscription is a JSON object.");
    if (!str_eq(type, STR("Subscription")) && !(fragment && !json_get(payload, STR("type"))))
        return ctx_fail(ctx, RC_INVALID, "bad-subscription", STR("type"),
                        "The type of a subscription is Subscription.");
    if (json_get(payload, STR("id")) && !entity_id_ok(id))
        return ctx_fail(ctx, RC_INVALID, "bad-id", STR("id"), "A subscription's id is a URI.");
    Json *json = NEW(ctx->arena, Json);
    TRY(members_read(&reading, payload, subscription_known, json));
    *document = json;
    return RC_OK;
}

const Json *subscription_merge(Arena *arena, const Json *document, const Json *fragment) {
    JsonMembers members = {0};
    for (size_t i = 0; i < document->len; i++) {
        const JsonMember *member = &document->value.members[i];
        if (!json_get(fragment, member->name)) vec_push(arena, &members, *member);
    }
    for (size_t i = 0; i < fragment->len; i++) {
        const JsonMember *member = &fragment->value.members[i];
        if (!removes(&member->value)) vec_push(arena, &members, *member);
    }
    Json *json = NEW(arena, Json);
    *json = json_of_members(members.items, members.len);
    return json;
}

/* ---- stored ---- */

Entity *subscription_entity(Arena *arena, const SubscriptionParts *parts) {
    Entity *entity = entity_new(arena, parts->id, STR(SUBSCRIPTION_TYPE));
    entity_set_kind(arena, entity, ATTR_JSON, STR(SUBSCRIPTION_DOCUMENT), *parts->document);
    entity_set_kind(arena, entity, ATTR_JSON, STR(SUBSCRIPTION_CONTEXT), *parts->context);
    entity_set_kind(arena, entity, ATTR_JSON, STR(SUBSCRIPTION_OWNER), *parts->owner);
    return entity;
}

const Json *subscription_part(const Entity *stored, Str name) {
    const Attr *attr = entity_attr(stored, name);
    return attr ? attr->value : NULL;
}

/* ---- compiling ---- */

static Rc bad(Ctx *ctx, const char *path, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-subscription", str_of(path), "%s", what);
}

static Rc triggers_compile(Ctx *ctx, const Json *document, Subscription *to) {
    static const struct {
        const char *name;
        unsigned bit;
    } names[] = {
        {"entityCreated", TRIGGER_ENTITY_CREATED},  {"entityUpdated", TRIGGER_ENTITY_UPDATED},
        {"entityDeleted", TRIGGER_ENTITY_DELETED},  {"attributeCreated", TRIGGER_ATTR_CREATED},
        {"attributeUpdated", TRIGGER_ATTR_UPDATED}, {"attributeDeleted", TRIGGER_ATTR_DELETED},
    };
    const Json *list = json_get(document, STR("notificationTrigger"));
    if (!list) to->triggers = TRIGGER_ATTR_CREATED | TRIGGER_ATTR_UPDATED;
    for (size_t i = 0; list && i < list->len; i++) {
        unsigned bit = 0;
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (str_eq(json_str(json_at(list, i)), str_of(names[k].name))) bit = names[k].bit;
        if (!bit) return bad(ctx, "notificationTrigger", "There is no such trigger.");
        to->triggers |= bit;
    }
    return to->triggers ? RC_OK : bad(ctx, "notificationTrigger", "Name at least one trigger.");
}

static void strings_of(Arena *arena, const Json *list, StrVec *out) {
    for (size_t i = 0; list && i < list->len; i++)
        vec_push(arena, out, json_str(json_at(list, i)));
}

static Rc selectors_compile(Ctx *ctx, const Json *entities, Subscription *to) {
    if (!entities) return RC_OK;
    to->selectors = NEW_ARRAY(ctx->arena, Match *, entities->len);
    for (size_t i = 0; i < entities->len; i++) {
        const Json *one = json_at(entities, i), *id = json_get(one, STR("id"));
        MatchSource source = {.type = json_get_str(one, "type"),
                              .id_pattern = json_get_str(one, "idPattern")};
        if (id && id->kind == JSON_STRING)
            vec_push(ctx->arena, &source.ids, json_str(id));
        else
            strings_of(ctx->arena, id, &source.ids);
        TRY(match_compile(ctx, to->terms, &source, &to->selectors[i]));
        to->n++;
    }
    return RC_OK;
}

static Str coordinates_text(Arena *arena, const Json *value) {
    if (!value || value->kind == JSON_STRING) return json_str(value);
    Buf text = buf_new(arena, 1 << 20);
    json_write(&text, value);
    return buf_str(&text);
}

static Rc conditions_compile(Ctx *ctx, const Json *document, Subscription *to) {
    const Json *geo = json_get(document, STR("geoQ"));
    MatchSource source = {.q = json_get_str(document, "q"),
                          .scope_q = json_get_str(document, "scopeQ"),
                          .geometry = json_get_str(geo, "geometry"),
                          .georel = json_get_str(geo, "georel"),
                          .geoproperty = json_get_str(geo, "geoproperty")};
    source.coordinates = coordinates_text(ctx->arena, json_get(geo, STR("coordinates")));
    if (geo && str_empty(source.georel)) return bad(ctx, "geoQ", "A geoquery needs its georel.");
    bool none = str_empty(source.q) && str_empty(source.scope_q) && !geo;
    return none ? RC_OK : match_compile(ctx, to->terms, &source, &to->match);
}

static Rc times_compile(Ctx *ctx, const Json *document, Subscription *to) {
    Str expires = json_get_str(document, "expiresAt");
    double throttling = json_get_number(document, "throttling", 0);
    to->active = json_get_bool(document, "isActive", true);
    to->expires_at = INT64_MAX;
    if (!str_empty(expires) && !time_parse(expires, &to->expires_at))
        return bad(ctx, "expiresAt", "This is an instant such as 2027-01-01T00:00:00Z.");
    if (throttling < 0 || throttling > 1e9 ||
        (json_get(document, STR("throttling")) && throttling == 0))
        return bad(ctx, "throttling", "This is a number of seconds above 0.");
    to->throttling = (int64_t)llround(throttling * 1e6);
    return RC_OK;
}

/* attributes goes with neither of the others, and no member is both picked and omitted
 * (clause 4.21). */
static Rc shape_check(Ctx *ctx, const Json *notification) {
    static const Str names[] = {{"attributes", 10}, {"pick", 4}, {"omit", 4}};
    const Json *lists[3];
    for (size_t i = 0; i < 3; i++)
        lists[i] = json_get(notification, names[i]);
    if (lists[0] && (lists[1] || lists[2]))
        return bad(ctx, "notification.attributes", "attributes goes with neither pick nor omit.");
    for (size_t i = 0; lists[1] && lists[2] && i < lists[1]->len; i++)
        for (size_t k = 0; k < lists[2]->len; k++)
            if (str_eq(json_str(json_at(lists[1], i)), json_str(json_at(lists[2], k))))
                return bad(ctx, "notification.omit", "A member is either picked or omitted.");
    return RC_OK;
}

static Rc format_compile(Ctx *ctx, const Json *notification, Subscription *to) {
    static const struct {
        const char *name;
        RenderFormat format;
    } formats[] = {
        {"normalized", RENDER_NORMALIZED},
        {"concise", RENDER_CONCISE},
        {"keyValues", RENDER_SIMPLIFIED},
        {"simplified", RENDER_SIMPLIFIED},
    };
    const Json *format = json_get(notification, STR("format"));
    bool known = !format;
    for (size_t i = 0; format && i < sizeof formats / sizeof *formats; i++) {
        if (!str_eq(json_str(format), str_of(formats[i].name))) continue;
        to->render.format = formats[i].format;
        known = true;
    }
    if (!known)
        return bad(ctx, "notification.format", "A format is normalized, concise or keyValues.");
    TRY(shape_check(ctx, notification));
    to->render.sys_attrs = json_get_bool(notification, "sysAttrs", false);
    const Json *attributes = json_get(notification, STR("attributes"));
    if (attributes && attributes->len) {
        strings_of(ctx->arena, attributes, &to->render.pick);
        vec_push(ctx->arena, &to->render.pick, STR("id"));
        vec_push(ctx->arena, &to->render.pick, STR("type"));
        vec_push(ctx->arena, &to->render.pick, STR("scope"));
    }
    strings_of(ctx->arena, json_get(notification, STR("pick")), &to->render.pick);
    strings_of(ctx->arena, json_get(notification, STR("omit")), &to->render.omit);
    return RC_OK;
}

/* What frames a message, belongs to one connection, or is written by delivery itself: whoever could
   set it would write the requests behind his own (RFC 9112, 11.2). */
static bool header_reserved(Str name) {
    static const char *const names[] = {"Transfer-Encoding", "Host", "Connection",     "Upgrade",
                                        "Keep-Alive",        "TE",   "Trailer",        "Expect",
                                        "NGSILD-Tenant",     "Link", "HTTP2-Settings", "Via"};
    static const char *const families[] = {"Proxy-", "Content-"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_nocase(name, str_of(names[i]))) return true;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        Str family = str_of(families[i]);
        if (str_eq_nocase(str_sub(name, 0, family.len), family)) return true;
    }
    return false;
}

enum { INFO_MAX = 100 }; /* headers of a notification */

static Rc receiver_info(Ctx *ctx, const Json *endpoint, StrVec *to) {
    const Json *more = json_get(endpoint, STR("receiverInfo"));
    if (more)
        TRY(request_bound(ctx, "request-too-large", STR("notification.endpoint.receiverInfo"),
                          more->len, INFO_MAX));
    for (size_t i = 0; more && i < more->len; i++) {
        Str name = json_get_str(json_at(more, i), "key"),
            value = json_get_str(json_at(more, i), "value");
        Str at = str_fmt(ctx->arena, "notification.endpoint.receiverInfo[%zu]", i);
        if (header_reserved(name))
            return ctx_fail(ctx, RC_INVALID, "bad-subscription", at,
                            "\"" STR_FMT
                            "\" is written by the server, or by what carries the notification: "
                            "leave it out of receiverInfo.",
                            STR_ARG(str_head(name, 100)));
        if (!http_header_fit(name, value))
            return ctx_fail(ctx, RC_INVALID, "bad-subscription", at,
                            "\"" STR_FMT
                            "\" and its value make no header: a name is a token, a value text "
                            "without line breaks that neither is empty nor begins or ends with a "
                            "blank.",
                            STR_ARG(str_head(name, 100)));
        vec_push(ctx->arena, to,
                 str_fmt(ctx->arena, STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(value)));
    }
    return RC_OK;
}

static Rc headers_compile(Ctx *ctx, const Json *endpoint, Subscription *to) {
    static const char *const types[] = {[ACCEPT_JSON] = "application/json",
                                        [ACCEPT_LD_JSON] = "application/ld+json",
                                        [ACCEPT_GEO_JSON] = "application/geo+json"};
    Arena *arena = ctx->arena;
    Str accept = json_get_str(endpoint, "accept");
    bool known = str_empty(accept);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!str_eq(accept, str_of(types[i]))) continue;
        to->accept = (Accept)i;
        known = true;
    }
    if (!known) return bad(ctx, "notification.endpoint.accept", "This media type is not offered.");
    vec_push(arena, &to->headers, str_fmt(arena, "Content-Type: %s", types[to->accept]));
    if (to->accept != ACCEPT_LD_JSON)
        vec_push(arena, &to->headers,
                 str_fmt(arena,
                         "Link: <" STR_FMT ">; rel=\"http://www.w3.org/ns/json-ld#context\"; "
                         "type=\"application/ld+json\"",
                         STR_ARG(ld_context_url(to->context))));
    if (!str_empty(ctx->tenant->name))
        vec_push(arena, &to->headers,
                 str_fmt(arena, "NGSILD-Tenant: " STR_FMT, STR_ARG(ctx->tenant->name)));
    return receiver_info(ctx, endpoint, &to->headers);
}

/* http://user:secret@host/ (RFC 9110, 4.2.4). */
static bool has_user(Str url) {
    size_t from = (size_t)str_find(url, STR("://")) + 3, to = from;
    while (to < url.len && !strchr("/?#", url.ptr[to]))
        to++;
    return str_find_char(str_sub(url, from, to), '@') >= 0;
}

static Rc endpoint_compile(Ctx *ctx, const Json *notification, Subscription *to) {
    const Json *endpoint = json_get(notification, STR("endpoint"));
    to->url = json_get_str(endpoint, "uri");
    if (str_starts(to->url, STR("mqtt://")) || str_starts(to->url, STR("mqtts://")))
        return ctx_fail(ctx, RC_INVALID, "not-supported", STR("notification.endpoint.uri"),
                        "Notifications go over HTTP.");
    bool http = str_starts(to->url, STR("http://")) || str_starts(to->url, STR("https://"));
    if (!http || !ld_is_iri(to->url))
        return bad(ctx, "notification.endpoint.uri", "This is an http or https address.");
    if (has_user(to->url))
        return bad(ctx, "notification.endpoint.uri",
                   "Names and passwords are not sent from an address: give them as a header in "
                   "receiverInfo, such as Authorization.");
    double timeout = json_get_number(endpoint, "timeout", 0),
           cooldown = json_get_number(endpoint, "cooldown", 0);
    if (timeout < 0 || timeout > 60000 || cooldown < 0 || cooldown > 86400000)
        return bad(ctx, "notification.endpoint",
                   "A timeout is at most 60 000 ms, a cooldown a day of them.");
    to->timeout = (int64_t)timeout * 1000;
    to->cooldown = (int64_t)cooldown * 1000;
    TRY(headers_compile(ctx, endpoint, to));
    to->render.geojson = to->accept == ACCEPT_GEO_JSON;
    return RC_OK;
}

static Rc parts_compile(Ctx *ctx, const Json *document, Subscription *to) {
    const Json *notification = json_get(document, STR("notification"));
    const Json *entities = json_get(document, STR("entities"));
    strings_of(ctx->arena, json_get(document, STR("watchedAttributes")), &to->watched);
    if (!entities && !to->watched.len)
        return bad(ctx, "entities", "Name entities or watchedAttributes.");
    if (!notification) return bad(ctx, "notification", "Say where notifications go.");
    TRY(triggers_compile(ctx, document, to));
    TRY(selectors_compile(ctx, entities, to));
    TRY(conditions_compile(ctx, document, to));
    TRY(times_compile(ctx, document, to));
    TRY(format_compile(ctx, notification, to));
    TRY(endpoint_compile(ctx, notification, to));
    to->render.lang = json_get_str(document, "lang");
    strings_of(ctx->arena, json_get(document, STR("datasetId")), &to->render.dataset_ids);
    return RC_OK;
}

/* The terms of q are the creator's, those of notifications follow jsonldContext where it is given.
 */
static Rc contexts_resolve(Ctx *ctx, const Json *document, const Json *own, Subscription *to) {
    const Json *told = json_get(document, STR("jsonldContext"));
    LdCache *cache = ctx->tenant->contexts;
    TRY(ld_context_resolve(ctx, cache, own, ctx->db != NULL, &to->terms));
    return ld_context_resolve(ctx, cache, told ? told : own, ctx->db != NULL, &to->context);
}

enum { SUBSCRIPTION_ARENA = 64 << 20 };

Rc subscription_compile(Ctx *ctx, const Entity *stored, Subscription **out) {
    Arena *arena = arena_new(SUBSCRIPTION_ARENA);
    Ctx own = *ctx;
    own.arena = arena;
    Subscription *to = NEW(arena, Subscription);
    *to = (Subscription){.arena = arena,
                         .id = str_dup(arena, stored->id),
                         .version = stored->version,
                         .created_at = stored->created_at,
                         .matched_at = TIME_NONE};
    const Json *part = subscription_part(stored, STR(SUBSCRIPTION_DOCUMENT)),
               *owner = subscription_part(stored, STR(SUBSCRIPTION_OWNER));
    const Json *document = part ? json_dup(arena, part) : NULL;
    Rc rc = document && owner ? RC_OK : bad(&own, "document", "It is not stored whole.");
    if (rc == RC_OK) to->owner = json_dup(arena, owner);
    if (rc == RC_OK)
        rc = contexts_resolve(&own, document, subscription_part(stored, STR(SUBSCRIPTION_CONTEXT)),
                              to);
    if (rc == RC_OK) rc = parts_compile(&own, document, to);
    if (subscription_part(stored, STR(SUBSCRIPTION_WITHHELD))) to->active = false;
    if (rc == RC_OK && to->accept == ACCEPT_LD_JSON)
        to->render.at_context = ld_context_source(to->context);
    if (rc == RC_OK) {
        *out = to;
        return RC_OK;
    }
    ctx->error =
        (Error){rc, str_dup(ctx->arena, own.error.code), str_dup(ctx->arena, own.error.detail),
                str_dup(ctx->arena, own.error.path)};
    subscription_free(to);
    return rc;
}

void subscription_free(Subscription *subscription) {
    if (!subscription) return;
    for (size_t i = 0; i < subscription->n; i++)
        match_free(subscription->selectors[i]);
    match_free(subscription->match);
    ld_context_release(subscription->terms);
    ld_context_release(subscription->context);
    arena_free(subscription->arena);
}
