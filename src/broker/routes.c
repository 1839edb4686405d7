#include "broker_int.h"

#define BASE      "/ngsi-ld/v1"
#define READ_ANY  (GATE_API | GATE_PUBLIC | GATE_COUNTED)
#define WRITE_ANY (GATE_API | GATE_SERVICE | GATE_STAFF)

/* What the OpenAPI page names, and all that is understood: others are refused (clause 6.3.20).
 * Behind a '=' stand the words that a parameter takes; options may hold several. */
#define PARAMS(name, ...) static const char *const name[] = {__VA_ARGS__, NULL}
#define LOCAL             "local=true,false"
#define COUNT             "count=true,false"
#define FORMATS           "normalized,concise,simplified,keyValues"
#define OVER_TIME         FORMATS ",temporalValues,aggregatedValues"
#define PICKED            "attrs", "pick", "omit", "lang", "datasetId", LOCAL
#define MAPPED            "geometryProperty", "join=inline,flat,@none", "joinLevel", "containedBy"
#define CHOSEN                                                                                     \
    "id", "idPattern", "type", "q", "scopeQ", "georel", "geometry", "coordinates", "geoproperty",  \
        "csf", "expandValues", "jsonKeys"
#define ORDERED "orderBy", "collation", "orderFrom", "orderGeometry", "limit", "offset", COUNT
#define PAGED   "limit", "offset", COUNT
#define TIMES                                                                                      \
    "timerel", "timeAt", "endTimeAt", "timeproperty", "lastN", "aggrMethods",                      \
        "aggrPeriodDuration", ("format=" OVER_TIME)
PARAMS(shown, ("options=" FORMATS ",sysAttrs"), ("format=" FORMATS), PICKED, MAPPED, "type");
PARAMS(queried, ("options=" FORMATS ",sysAttrs,count"), ("format=" FORMATS), PICKED, MAPPED, CHOSEN,
       ORDERED);
PARAMS(paged, ("options=" FORMATS ",sysAttrs,count"), ("format=" FORMATS), PICKED, MAPPED, PAGED);
PARAMS(timed, ("options=" OVER_TIME ",sysAttrs"), PICKED, TIMES);
PARAMS(timed_query, ("options=" OVER_TIME ",sysAttrs,count"), PICKED, CHOSEN, ORDERED, TIMES);
PARAMS(timed_paged, ("options=" OVER_TIME ",sysAttrs,count"), PICKED, TIMES, PAGED);
PARAMS(typed, "type", LOCAL);
PARAMS(appended, "options=noOverwrite", "type", LOCAL);
PARAMS(upserted, "options=replace,update", LOCAL);
PARAMS(updated, "options=noOverwrite", LOCAL);
PARAMS(merged, ("options=" FORMATS), ("format=" FORMATS), "type", "lang", "observedAt", LOCAL);
PARAMS(merged_many, ("options=" FORMATS), ("format=" FORMATS), "lang", "observedAt", LOCAL);
PARAMS(one_attr, "type", "datasetId", "deleteAll=true,false", LOCAL);
PARAMS(one_history, "datasetId", "deleteAll=true,false", LOCAL);
PARAMS(detailed, "details=true,false", LOCAL);
PARAMS(listed, "options=sysAttrs,count", LOCAL, PAGED);
PARAMS(one_listed, "options=sysAttrs", LOCAL);
PARAMS(context_list, "details", "kind");
PARAMS(context_one, "details");
PARAMS(context_delete, "reload");
PARAMS(purged, CHOSEN, "attrs", "drop", "keep", "join=@none", LOCAL);
PARAMS(forwarded, LOCAL);

/* What is answered. JSON-LD is asked for by Accept; what an update says of itself is JSON. */
#define ANSWERS(name, ...)                                                                         \
    static const HttpAnswer name[] = {                                                             \
        __VA_ARGS__,       HTTP_PROBLEM(400),         HTTP_PROBLEM(401), HTTP_PROBLEM(403),        \
        HTTP_PROBLEM(404), HTTP_PROBLEM(429),         HTTP_PROBLEM(500), HTTP_PROBLEM(503),        \
        HTTP_PROBLEM(504), {421, "text/plain", NULL}, {0, NULL, NULL}}
#define EMPTY(status)                                                                              \
    { status, NULL, NULL }
#define PLAIN(status, shape)                                                                       \
    { status, "application/json", shape }
#define BOTH(status, shape)                                                                        \
    PLAIN(status, shape), {                                                                        \
        status, "application/ld+json", shape                                                       \
    }
#define SHOWN(shape)    BOTH(200, shape), HTTP_PROBLEM(406)
#define EVOLVING(shape) SHOWN(shape), BOTH(206, shape)
#define GEO(shape)                                                                                 \
    { 200, "application/geo+json", shape }
#define BODY  EMPTY(411), HTTP_PROBLEM(413), HTTP_PROBLEM(415)
#define BATCH PLAIN(207, "BatchOperationResult")
ANSWERS(added, EMPTY(201), HTTP_PROBLEM(409), BODY);
ANSWERS(evolved, EMPTY(201), EMPTY(204), BODY);
ANSWERS(entity_shown, SHOWN("EntityAnswer"), GEO("Feature"), EMPTY(304));
ANSWERS(entities_shown, SHOWN("EntityList"), GEO("FeatureCollection"));
ANSWERS(entities_posted, SHOWN("EntityList"), GEO("FeatureCollection"), BODY, HTTP_PROBLEM(422));
ANSWERS(evolution_shown, EVOLVING("EntityTemporal"));
ANSWERS(evolutions_shown, EVOLVING("EntityTemporalList"));
ANSWERS(evolutions_posted, EVOLVING("EntityTemporalList"), BODY, HTTP_PROBLEM(422));
ANSWERS(done, EMPTY(204));
ANSWERS(changed, EMPTY(204), BODY);
ANSWERS(one_done, EMPTY(204), HTTP_PROBLEM(412));
ANSWERS(one_changed, EMPTY(204), HTTP_PROBLEM(412), BODY);
ANSWERS(attrs_changed, EMPTY(204), PLAIN(207, "UpdateResult"), HTTP_PROBLEM(412), BODY);
ANSWERS(batch_created, PLAIN(201, "UriList"), BATCH, BODY);
ANSWERS(batch_upserted, PLAIN(201, "UriList"), EMPTY(204), BATCH, BODY);
ANSWERS(batch_done, EMPTY(204), BATCH, BODY);
ANSWERS(purge_done, EMPTY(204), BATCH);
ANSWERS(types_shown, SHOWN("Types"));
ANSWERS(type_shown, SHOWN("EntityTypeInfo"));
ANSWERS(attributes_shown, SHOWN("Attributes"));
ANSWERS(attribute_shown, SHOWN("Attribute"));
ANSWERS(subscribed, EMPTY(201), HTTP_PROBLEM(409), HTTP_PROBLEM(422), BODY);
ANSWERS(subscriptions_shown, SHOWN("SubscriptionList"));
ANSWERS(subscription_shown, SHOWN("Subscription"));
ANSWERS(subscription_changed, EMPTY(204), HTTP_PROBLEM(422), BODY);
ANSWERS(context_added, EMPTY(201), BODY);
ANSWERS(contexts_shown, PLAIN(200, "ContextList"));
ANSWERS(context_shown, PLAIN(200, "ContextAnswer"), HTTP_PROBLEM(422));
ANSWERS(described, {200, "application/vnd.oai.openapi+json", "Description"});

/* What a route asks is decided by the policies on every entity: routes only keep out who could
 * never write. */
static const HttpRoute routes[] = {
    {HTTP_POST, BASE "/entities", entities_create, HTTP_LOOP, BROKER_BODY_MAX, WRITE_ANY,
     "Entities", "Create an entity", NULL, forwarded, added},
    {HTTP_GET, BASE "/entities", query_get, HTTP_LOOP, 0, READ_ANY, "Entities", "Query entities",
     NULL, queried, entities_shown},
    {HTTP_GET, BASE "/entities/{entityId}", entities_get, HTTP_LOOP, 0, READ_ANY, "Entities",
     "Retrieve an entity", NULL, shown, entity_shown},
    {HTTP_DELETE, BASE "/entities", purge_get, HTTP_POOL, 0, WRITE_ANY, "Entities",
     "Purge entities", NULL, purged, purge_done},
    {HTTP_PUT, BASE "/entities/{entityId}", entities_replace, HTTP_LOOP, BROKER_BODY_MAX, WRITE_ANY,
     "Entities", "Replace an entity", NULL, typed, one_changed},
    {HTTP_PATCH, BASE "/entities/{entityId}", entities_merge, HTTP_LOOP, BROKER_BODY_MAX, WRITE_ANY,
     "Entities", "Merge into an entity", NULL, merged, attrs_changed},
    {HTTP_DELETE, BASE "/entities/{entityId}", entities_delete, HTTP_LOOP, 0, WRITE_ANY, "Entities",
     "Delete an entity", NULL, typed, one_done},
    {HTTP_POST, BASE "/entities/{entityId}/attrs", entities_append, HTTP_LOOP, BROKER_BODY_MAX,
     WRITE_ANY, "Attributes", "Append attributes", NULL, appended, attrs_changed},
    {HTTP_PATCH, BASE "/entities/{entityId}/attrs", entities_update, HTTP_LOOP, BROKER_BODY_MAX,
     WRITE_ANY, "Attributes", "Update attributes", NULL, typed, attrs_changed},
    {HTTP_PATCH, BASE "/entities/{entityId}/attrs/{attrId}", attrs_partial, HTTP_LOOP,
     BROKER_BODY_MAX, WRITE_ANY, "Attributes", "Update part of an attribute", NULL, typed,
     one_changed},
    {HTTP_PUT, BASE "/entities/{entityId}/attrs/{attrId}", attrs_replace, HTTP_LOOP,
     BROKER_BODY_MAX, WRITE_ANY, "Attributes", "Replace an attribute", NULL, typed, one_changed},
    {HTTP_DELETE, BASE "/entities/{entityId}/attrs/{attrId}", attrs_delete, HTTP_LOOP, 0, WRITE_ANY,
     "Attributes", "Delete an attribute", NULL, one_attr, one_done},
    {HTTP_POST, BASE "/entityOperations/create", bulk_create, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Batches", "Create entities", NULL, forwarded, batch_created},
    {HTTP_POST, BASE "/entityOperations/upsert", bulk_upsert, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Batches", "Create or replace entities", NULL, upserted, batch_upserted},
    {HTTP_POST, BASE "/entityOperations/update", bulk_update, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Batches", "Update entities", NULL, updated, batch_done},
    {HTTP_POST, BASE "/entityOperations/merge", bulk_merge, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Batches", "Merge entities", NULL, merged_many, batch_done},
    {HTTP_POST, BASE "/entityOperations/delete", bulk_delete, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Batches", "Delete entities", NULL, forwarded, batch_done},
    {HTTP_POST, BASE "/entityOperations/query", query_post, HTTP_POOL, BROKER_BODY_MAX, READ_ANY,
     "Entities", "Query entities by a body", NULL, paged, entities_posted},
    {HTTP_POST, BASE "/temporal/entities", temporal_create, HTTP_LOOP, BROKER_BODY_MAX, WRITE_ANY,
     "Temporal", "Create or extend a temporal evolution", NULL, forwarded, evolved},
    {HTTP_GET, BASE "/temporal/entities", temporal_query, HTTP_POOL, 0, READ_ANY, "Temporal",
     "Query temporal evolutions", NULL, timed_query, evolutions_shown},
    {HTTP_GET, BASE "/temporal/entities/{entityId}", temporal_get, HTTP_POOL, 0, READ_ANY,
     "Temporal", "Retrieve a temporal evolution", NULL, timed, evolution_shown},
    {HTTP_POST, BASE "/temporal/entities/{entityId}/attrs", temporal_append, HTTP_LOOP,
     BROKER_BODY_MAX, WRITE_ANY, "Temporal", "Append instances to a temporal evolution", NULL,
     typed, changed},
    {HTTP_DELETE, BASE "/temporal/entities/{entityId}", temporal_delete, HTTP_POOL, 0, WRITE_ANY,
     "Temporal", "Delete a temporal evolution", NULL, forwarded, done},
    {HTTP_DELETE, BASE "/temporal/entities/{entityId}/attrs/{attrId}", temporal_attr_delete,
     HTTP_POOL, 0, WRITE_ANY, "Temporal", "Delete an attribute of a temporal evolution", NULL,
     one_history, done},
    {HTTP_PATCH, BASE "/temporal/entities/{entityId}/attrs/{attrId}/{instanceId}",
     temporal_instance_update, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY, "Temporal",
     "Modify an instance of a temporal evolution", NULL, forwarded, changed},
    {HTTP_DELETE, BASE "/temporal/entities/{entityId}/attrs/{attrId}/{instanceId}",
     temporal_instance_delete, HTTP_POOL, 0, WRITE_ANY, "Temporal",
     "Delete an instance of a temporal evolution", NULL, forwarded, done},
    {HTTP_POST, BASE "/temporal/entityOperations/query", temporal_query_post, HTTP_POOL,
     BROKER_BODY_MAX, READ_ANY, "Temporal", "Query temporal evolutions by a body", NULL,
     timed_paged, evolutions_posted},
    {HTTP_GET, BASE "/types", discovery_types, HTTP_POOL, 0, READ_ANY, "Discovery",
     "Types of entities", NULL, detailed, types_shown},
    {HTTP_GET, BASE "/types/{type}", discovery_type, HTTP_POOL, 0, READ_ANY, "Discovery",
     "One type of entities", NULL, forwarded, type_shown},
    {HTTP_GET, BASE "/attributes", discovery_attrs, HTTP_POOL, 0, READ_ANY, "Discovery",
     "Attributes", NULL, detailed, attributes_shown},
    {HTTP_GET, BASE "/attributes/{attrId}", discovery_attr, HTTP_POOL, 0, READ_ANY, "Discovery",
     "One attribute", NULL, forwarded, attribute_shown},
    {HTTP_POST, BASE "/subscriptions", subscriptions_create, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Subscriptions", "Create a subscription", NULL, forwarded, subscribed},
    {HTTP_GET, BASE "/subscriptions", subscriptions_list, HTTP_POOL, 0, WRITE_ANY, "Subscriptions",
     "Query subscriptions", NULL, listed, subscriptions_shown},
    {HTTP_GET, BASE "/subscriptions/{subscriptionId}", subscriptions_get, HTTP_POOL, 0, WRITE_ANY,
     "Subscriptions", "Retrieve a subscription", NULL, one_listed, subscription_shown},
    {HTTP_PATCH, BASE "/subscriptions/{subscriptionId}", subscriptions_update, HTTP_POOL,
     BROKER_BODY_MAX, WRITE_ANY, "Subscriptions", "Update a subscription", NULL, forwarded,
     subscription_changed},
    {HTTP_DELETE, BASE "/subscriptions/{subscriptionId}", subscriptions_delete, HTTP_POOL, 0,
     WRITE_ANY, "Subscriptions", "Delete a subscription", NULL, forwarded, done},
    {HTTP_POST, BASE "/jsonldContexts", contexts_add, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Contexts", "Host a context", NULL, NULL, context_added},
    {HTTP_GET, BASE "/jsonldContexts", contexts_list, HTTP_POOL, 0, READ_ANY, "Contexts",
     "List contexts", NULL, context_list, contexts_shown},
    {HTTP_GET, BASE "/jsonldContexts/{contextId}", contexts_get, HTTP_POOL, 0, READ_ANY, "Contexts",
     "Serve a context", NULL, context_one, context_shown},
    {HTTP_DELETE, BASE "/jsonldContexts/{contextId}", contexts_delete, HTTP_POOL, 0, WRITE_ANY,
     "Contexts", "Delete or reload a context", NULL, context_delete, done},
    {HTTP_GET, BASE "/openapi.json", openapi_get, HTTP_LOOP, 0, READ_ANY, "About",
     "This description", NULL, NULL, described},
};

void broker_routes(HttpServer *server) {
    http_routes(server, routes, sizeof routes / sizeof *routes);
}
