/* subscriptions: their resources (clauses 5.8.1 to 5.8.5, 6.10, 6.11). */
#include "subscription.h"
#include "delivery.h"
#include "matcher.h"
#include "rights.h"

#include <string.h>

#define SUBSCRIPTION_URN "urn:ngsi-ld:Subscription:"

enum { ID_CHARS = 26, TRIES = 8 };

/* ---- what may be done ---- */

static bool may(const Ctx *ctx, GateAction action) {
    return gate_permits(ctx, &(GateAsk){.action = action, .class = CLASS_OPEN});
}

/* One's own, with what may subscribe: a token that may only read learns nothing of endpoints. */
static bool own(const Ctx *ctx, const Entity *stored) {
    const Json *owner = subscription_part(stored, STR(SUBSCRIPTION_OWNER));
    return str_eq(json_get_str(owner, "id"), ctx->actor->id) && may(ctx, ACT_SUBSCRIBE);
}

/* Or of everybody for the operator. */
static bool owned(const Ctx *ctx, const Entity *stored) {
    return own(ctx, stored) || may(ctx, ACT_OPERATE);
}

static const Entity *owned_view(Ctx *ctx, void *arg, const Entity *entity) {
    (void)arg;
    return owned(ctx, entity) ? entity : NULL;
}

static Rc find(Request *request, const Entity **out) {
    Ctx *ctx = request->ctx;
    Str id = http_path_param(request->x, "subscriptionId");
    if (!entity_id_ok(id))
        return ctx_fail(ctx, RC_INVALID, "bad-id", STR("subscriptionId"),
                        "A subscription's id is a URI.");
    Rc rc = ledger_entity(ctx, request->tenant->ledger, id, out);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK && entity_has_type(*out, STR(SUBSCRIPTION_TYPE)) && owned(ctx, *out))
        return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-subscription", id,
                    "There is no subscription with this id.");
}

/* ---- writing ---- */

/* What can be known of the endpoint before anything is sent to it. */
static Rc endpoint_check(Request *request, const Subscription *subscription) {
    Ctx *ctx = request->ctx;
    Str host = http_url_host(ctx->arena, subscription->url);
    const Delivery *delivery = request->tenant->broker->delivery;
    const char *why = NULL;
    if (!delivery_reaches(delivery, host))
        why = "loopback, link-local, metadata and multicast addresses are no subscriber's (the "
              "setting notify.loopback of the server allows them)";
    else if (!delivery_listed(delivery, host))
        why = "the operator lists where notifications may go in the setting notify.hosts, and this "
              "is none of them: ask for it";
    else if (!delivery_covered(delivery, subscription->url, host))
        why = "by http:// it could be read on its way: give an address with https:// (the setting "
              "notify.plain of the server allows it without, within a network of its own)";
    if (!why) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-subscriber", STR("notification.endpoint.uri"),
                    "Nothing is sent to " STR_FMT ": %s.", STR_ARG(host), why);
}

/* An end that is asked for lies ahead (clauses 5.8.1, 5.8.2). Of one that has ended meanwhile all
   else may be changed. */
static Rc end_check(Request *request, const Json *given) {
    int64_t ends;
    bool asked = time_parse(json_get_str(given, "expiresAt"), &ends);
    if (!asked || ends > time_now(request->ctx->clock)) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "bad-subscription", STR("expiresAt"),
                    "This instant has passed: give one that lies ahead, or none.");
}

/* What was given of it, and what became of that: compiles it once, so that nothing is stored that
   would not work. */
static Rc checked(Request *request, const Json *given, const Entity *entity) {
    Subscription *trial;
    TRY(end_check(request, given));
    TRY(subscription_compile(request->ctx, entity, &trial));
    Rc rc = rights_subscribe(request->ctx, trial);
    if (rc == RC_OK) rc = endpoint_check(request, trial);
    subscription_free(trial);
    return rc;
}

static Rc store(Request *request, const char *kind, const Delta *delta, const PartPut *expect) {
    Command *command = broker_command(request, str_of(kind));
    PartPut *put = NEW(command_arena(command), PartPut);
    *put = *expect;
    put->delta = delta;
    Outcome outcome;
    command_needs(command, delta->id);
    command_add(command, &part_put, put);
    Rc rc = ledger_execute(request->ctx, request->tenant->ledger, command, &outcome);
    if (rc == RC_OK && outcome.position)
        matcher_announce(request->tenant->broker->matcher, outcome.position);
    command_free(command);
    return rc;
}

/* By an id of another name a room finds records of its own, or an entity is yet to come: whoever
   may subscribe, and create no entities, would take it away. */
static Rc id_free(Ctx *ctx, Str id) {
    bool named = str_starts(id, STR("urn:ngsi-ld:"));
    if (!named || str_starts(id, STR(SUBSCRIPTION_URN))) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-id", STR("id"),
                    "Other records are found by such an id: begin it with " SUBSCRIPTION_URN
                    " or leave it out.");
}

static Rc create(Request *request, Str *id) {
    Ctx *ctx = request->ctx;
    static const Json nothing = {.kind = JSON_OBJECT};
    const Json *document;
    TRY(subscription_read(ctx, request->context, request->payload, false, &document));
    *id = json_get_str(request->payload, "id");
    if (str_empty(*id)) {
        Str random = rand_id(ctx->rand, ctx->arena, ID_CHARS);
        *id = str_fmt(ctx->arena, SUBSCRIPTION_URN STR_FMT, STR_ARG(random));
    }
    TRY(id_free(ctx, *id));
    SubscriptionParts parts = {.id = *id,
                               .document = subscription_merge(ctx->arena, &nothing, document),
                               .context = ld_context_source(request->context),
                               .owner = gate_actor_write(ctx->arena, ctx->actor, ctx->purpose)};
    Entity *entity = subscription_entity(ctx->arena, &parts);
    TRY(checked(request, document, entity));
    Delta delta = {.op = DELTA_PUT, .id = *id, .after = entity};
    return store(request, "subscription.create", &delta, &(PartPut){.expect = PUT_ABSENT});
}

static bool opened(HttpExchange *x, Request **request) {
    if (request_open(x, request) == RC_OK) return true;
    request_fail(*request);
    return false;
}

void subscriptions_create(HttpExchange *x) {
    Request *request;
    Str id;
    if (!opened(x, &request)) return;
    if (create(request, &id) != RC_OK) {
        request_fail(request);
        return;
    }
    Str encoded = http_url_encode(request->ctx->arena, id);
    http_set_header(
        x, "Location",
        str_fmt(request->ctx->arena, "/ngsi-ld/v1/subscriptions/" STR_FMT, STR_ARG(encoded)));
    request_answer_empty(request, 201);
}

/* Whoever changes his own says with what it is to be told from now on; a purpose that he doesn't
   name again stays. The operator changes for whom nothing: he may stop one and start it again, but
   never lead it elsewhere. */
static Rc owner_of(Request *request, const Entity *stored, const Json *fragment, const Json **out) {
    Ctx *ctx = request->ctx;
    const Json *owner = subscription_part(stored, STR(SUBSCRIPTION_OWNER));
    *out = owner;
    if (own(ctx, stored)) {
        Str purpose = str_empty(ctx->purpose) ? json_get_str(owner, "purpose") : ctx->purpose;
        *out = gate_actor_write(ctx->arena, ctx->actor, purpose);
        return RC_OK;
    }
    for (size_t i = 0; i < fragment->len; i++)
        if (!str_eq(fragment->value.members[i].name, STR("isActive")))
            return ctx_fail(ctx, RC_DENIED, "not-yours", fragment->value.members[i].name,
                            "Of another's subscription the operator changes isActive alone.");
    return RC_OK;
}

static Rc update_once(Request *request) {
    Ctx *ctx = request->ctx;
    const Entity *stored;
    const Json *fragment, *owner;
    TRY(find(request, &stored));
    TRY(subscription_read(ctx, request->context, request->payload, true, &fragment));
    TRY(owner_of(request, stored, fragment, &owner));
    SubscriptionParts parts = {
        .id = stored->id,
        .document = subscription_merge(
            ctx->arena, subscription_part(stored, STR(SUBSCRIPTION_DOCUMENT)), fragment),
        .context = json_get(fragment, STR("q"))
                       ? ld_context_source(request->context)
                       : subscription_part(stored, STR(SUBSCRIPTION_CONTEXT)),
        .owner = owner};
    Entity *entity = subscription_entity(ctx->arena, &parts);
    entity->created_at = stored->created_at;
    TRY(checked(request, fragment, entity));
    Delta delta = {.op = DELTA_PUT, .id = stored->id, .after = entity};
    return store(request, "subscription.update", &delta,
                 &(PartPut){.expect = PUT_VERSION, .version = stored->version});
}

/* Somebody else's change in between is no reason to refuse this one. */
void subscriptions_update(HttpExchange *x) {
    Request *request;
    if (!opened(x, &request)) return;
    Rc rc = RC_CONFLICT;
    for (int i = 0; i < TRIES && rc == RC_CONFLICT; i++)
        rc = update_once(request);
    if (rc == RC_OK)
        request_answer_empty(request, 204);
    else
        request_fail(request);
}

void subscriptions_delete(HttpExchange *x) {
    Request *request;
    const Entity *stored;
    if (!opened(x, &request)) return;
    Rc rc = find(request, &stored);
    if (rc == RC_OK) {
        Delta delta = {.op = DELTA_DELETE, .id = stored->id};
        rc = store(request, "subscription.delete", &delta, &(PartPut){.expect = PUT_PRESENT});
    }
    if (rc == RC_OK)
        request_answer_empty(request, 204);
    else
        request_fail(request);
}

/* ---- showing ---- */

static Str type_compacted(Request *request, Str type) {
    Buf text = buf_new(request->ctx->arena, 1 << 20);
    size_t at = 0;
    while (at < type.len) {
        size_t from = at;
        while (at < type.len && !strchr(";|(), ", type.ptr[at]))
            at++;
        if (at > from)
            buf_add(&text,
                    ld_compact(request->context, request->ctx->arena, str_sub(type, from, at)));
        if (at < type.len) buf_add_char(&text, type.ptr[at++]);
    }
    return buf_str(&text);
}

static void name(JsonWriter *w, const char *member) {
    json_name(w, str_of(member));
}

static void entities_show(JsonWriter *w, Request *request, const Json *entities) {
    json_open(w, '[');
    for (size_t i = 0; i < entities->len; i++) {
        const Json *one = json_at(entities, i);
        json_open(w, '{');
        for (size_t k = 0; k < one->len; k++) {
            const JsonMember *member = &one->value.members[k];
            json_name(w, member->name);
            if (str_eq(member->name, STR("type")))
                json_text(w, type_compacted(request, json_str(&member->value)));
            else
                json_value(w, &member->value);
        }
        json_close(w);
    }
    json_close(w);
}

static void names_show(JsonWriter *w, Request *request, const Json *names) {
    json_open(w, '[');
    for (size_t i = 0; i < names->len; i++)
        json_text(w,
                  ld_compact(request->context, request->ctx->arena, json_str(json_at(names, i))));
    json_close(w);
}

static void instant_show(JsonWriter *w, Request *request, const char *member, int64_t at) {
    if (at == TIME_NONE) return;
    name(w, member);
    json_text(w, time_format(request->ctx->arena, at));
}

static void state_show(JsonWriter *w, Request *request, const Entity *stored) {
    DeliveryState state = delivery_state(request->tenant->broker->delivery, stored->id);
    bool failing = subscription_part(stored, STR(SUBSCRIPTION_WITHHELD)) != NULL;
    failing |= state.last_failure != TIME_NONE &&
               (state.last_success == TIME_NONE || state.last_failure > state.last_success);
    name(w, "status");
    json_text(w, failing ? STR("failed") : STR("ok"));
    if (state.sent) {
        name(w, "timesSent");
        json_int(w, state.sent);
    }
    if (state.failed) {
        name(w, "timesFailed");
        json_int(w, state.failed);
    }
    instant_show(w, request, "lastNotification", state.last);
    instant_show(w, request, "lastSuccess", state.last_success);
    instant_show(w, request, "lastFailure", state.last_failure);
}

static bool is_names(Str member) {
    return str_eq(member, STR("attributes")) || str_eq(member, STR("pick")) ||
           str_eq(member, STR("omit")) || str_eq(member, STR("watchedAttributes"));
}

static void notification_show(JsonWriter *w, Request *request, const Json *notification,
                              const Entity *stored) {
    json_open(w, '{');
    for (size_t i = 0; i < notification->len; i++) {
        const JsonMember *member = &notification->value.members[i];
        json_name(w, member->name);
        if (is_names(member->name))
            names_show(w, request, &member->value);
        else
            json_value(w, &member->value);
    }
    state_show(w, request, stored);
    json_close(w);
}

static Str status_of(const Request *request, const Entity *stored, const Json *document) {
    int64_t expires;
    if (subscription_part(stored, STR(SUBSCRIPTION_WITHHELD))) return STR("paused");
    if (time_parse(json_get_str(document, "expiresAt"), &expires) &&
        expires <= time_now(request->ctx->clock))
        return STR("expired");
    return json_get_bool(document, "isActive", true) ? STR("active") : STR("paused");
}

static void show(Buf *body, Request *request, const Entity *stored) {
    const Json *document = subscription_part(stored, STR(SUBSCRIPTION_DOCUMENT));
    JsonWriter w = json_writer(body);
    json_open(&w, '{');
    name(&w, "id");
    json_text(&w, stored->id);
    name(&w, "type");
    json_text(&w, STR("Subscription"));
    for (size_t i = 0; i < document->len; i++) {
        const JsonMember *member = &document->value.members[i];
        json_name(&w, member->name);
        if (str_eq(member->name, STR("entities")))
            entities_show(&w, request, &member->value);
        else if (is_names(member->name))
            names_show(&w, request, &member->value);
        else if (str_eq(member->name, STR("notification")))
            notification_show(&w, request, &member->value, stored);
        else
            json_value(&w, &member->value);
    }
    name(&w, "status");
    json_text(&w, status_of(request, stored, document));
    const Json *withheld = subscription_part(stored, STR(SUBSCRIPTION_WITHHELD));
    if (withheld) {
        name(&w, "withheld");
        json_value(&w, withheld);
    }
    if (request_option(request, "sysAttrs")) {
        instant_show(&w, request, "createdAt", stored->created_at);
        instant_show(&w, request, "modifiedAt", stored->modified_at);
    }
    if (request->accept == ACCEPT_LD_JSON) {
        name(&w, "@context");
        json_value(&w, ld_context_source(request->context));
    }
    json_close(&w);
}

static void answer_shown(Request *request, Buf *body) {
    if (request->accept == ACCEPT_GEO_JSON) request->accept = ACCEPT_JSON;
    if (buf_rc(body) == RC_OK) {
        request_answer(request, 200, buf_str(body));
        return;
    }
    (void)ctx_fail(request->ctx, RC_LIMIT, "answer-too-large", STR("limit"),
                   "The answer is larger than 64 MiB: ask for fewer at a time.");
    request_fail(request);
}

void subscriptions_get(HttpExchange *x) {
    Request *request;
    const Entity *stored;
    if (!opened(x, &request)) return;
    if (find(request, &stored) != RC_OK) {
        request_fail(request);
        return;
    }
    Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
    show(&body, request, stored);
    answer_shown(request, &body);
}

static Rc list(Request *request, Page *page, ProjectAnswer *answer) {
    TRY(query_page(request, page));
    ProjectWish wish = {.type = STR(SUBSCRIPTION_TYPE),
                        .limit = (size_t)page->limit,
                        .offset = (size_t)page->offset,
                        .count = page->count,
                        .view = owned_view};
    return project_find(request->ctx, &wish, answer);
}

void subscriptions_list(HttpExchange *x) {
    Request *request;
    Page page;
    ProjectAnswer answer;
    if (!opened(x, &request)) return;
    if (list(request, &page, &answer) != RC_OK) {
        request_fail(request);
        return;
    }
    Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
    buf_add_char(&body, '[');
    for (size_t i = 0; i < answer.entities.len; i++) {
        if (i) buf_add_char(&body, ',');
        show(&body, request, answer.entities.items[i]);
    }
    buf_add_char(&body, ']');
    if (query_page_headers(request, &page, &answer) == RC_OK)
        answer_shown(request, &body);
    else
        request_fail(request);
}
