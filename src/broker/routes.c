#include "broker_int.h"

#define BASE      "/ngsi-ld/v1"
#define READ_ANY  (GATE_API | GATE_PUBLIC)
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
        "aggrPeriodDuration", "format=" OVER_TIME
PARAMS(shown, "options=" FORMATS ",sysAttrs", "format=" FORMATS, PICKED, MAPPED, "type");
PARAMS(queried, "options=" FORMATS ",sysAttrs,count", "format=" FORMATS, PICKED, MAPPED, CHOSEN,
       ORDERED);
PARAMS(paged, "options=" FORMATS ",sysAttrs,count", "format=" FORMATS, PICKED, MAPPED, PAGED);
PARAMS(timed, "options=" OVER_TIME ",sysAttrs", PICKED, TIMES);
PARAMS(timed_query, "options=" OVER_TIME ",sysAttrs,count", PICKED, CHOSEN, ORDERED, TIMES);
PARAMS(timed_paged, "options=" OVER_TIME ",sysAttrs,count", PICKED, TIMES, PAGED);
PARAMS(typed, "type", LOCAL);
PARAMS(appended, "options=noOverwrite", "type", LOCAL);
PARAMS(upserted, "options=replace,update", LOCAL);
PARAMS(updated, "options=noOverwrite", LOCAL);
PARAMS(merged, "options=" FORMATS, "format=" FORMATS, "type", "lang", "observedAt", LOCAL);
PARAMS(merged_many, "options=" FORMATS, "format=" FORMATS, "lang", "observedAt", LOCAL);
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

/* What a route asks is decided by the policies on every entity: routes only keep out who could
 * never write. */
static const HttpRoute routes[] = {
    {HTTP_POST, BASE "/entities", entities_create, HTTP_LOOP, BROKER_BODY_MAX, WRITE_ANY,
     "Entities", "Create an entity", NULL, forwarded},
    {HTTP_GET, BASE "/entities", query_get, HTTP_LOOP, 0, READ_ANY, "Entities", "Query entities",
     NULL, queried},
    {HTTP_GET, BASE "/entities/{entityId}", entities_get, HTTP_LOOP, 0, READ_ANY, "Entities",
     "Retrieve an entity", NULL, shown},
    {HTTP_DELETE, BASE "/entities", purge_get, HTTP_POOL, 0, WRITE_ANY, "Entities",
     "Purge entities", NULL, purged},
    {HTTP_PUT, BASE "/entities/{entityId}", entities_replace, HTTP_LOOP, BROKER_BODY_MAX, WRITE_ANY,
     "Entities", "Replace an entity", NULL, typed},
    {HTTP_PATCH, BASE "/entities/{entityId}", entities_merge, HTTP_LOOP, BROKER_BODY_MAX, WRITE_ANY,
     "Entities", "Merge into an entity", NULL, merged},
    {HTTP_DELETE, BASE "/entities/{entityId}", entities_delete, HTTP_LOOP, 0, WRITE_ANY, "Entities",
     "Delete an entity", NULL, typed},
    {HTTP_POST, BASE "/entities/{entityId}/attrs", entities_append, HTTP_LOOP, BROKER_BODY_MAX,
     WRITE_ANY, "Attributes", "Append attributes", NULL, appended},
    {HTTP_PATCH, BASE "/entities/{entityId}/attrs", entities_update, HTTP_LOOP, BROKER_BODY_MAX,
     WRITE_ANY, "Attributes", "Update attributes", NULL, typed},
    {HTTP_PATCH, BASE "/entities/{entityId}/attrs/{attrId}", attrs_partial, HTTP_LOOP,
     BROKER_BODY_MAX, WRITE_ANY, "Attributes", "Update part of an attribute", NULL, typed},
    {HTTP_PUT, BASE "/entities/{entityId}/attrs/{attrId}", attrs_replace, HTTP_LOOP,
     BROKER_BODY_MAX, WRITE_ANY, "Attributes", "Replace an attribute", NULL, typed},
    {HTTP_DELETE, BASE "/entities/{entityId}/attrs/{attrId}", attrs_delete, HTTP_LOOP, 0, WRITE_ANY,
     "Attributes", "Delete an attribute", NULL, one_attr},
    {HTTP_POST, BASE "/entityOperations/create", bulk_create, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Batches", "Create entities", NULL, forwarded},
    {HTTP_POST, BASE "/entityOperations/upsert", bulk_upsert, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Batches", "Create or replace entities", NULL, upserted},
    {HTTP_POST, BASE "/entityOperations/update", bulk_update, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Batches", "Update entities", NULL, updated},
    {HTTP_POST, BASE "/entityOperations/merge", bulk_merge, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Batches", "Merge entities", NULL, merged_many},
    {HTTP_POST, BASE "/entityOperations/delete", bulk_delete, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Batches", "Delete entities", NULL, forwarded},
    {HTTP_POST, BASE "/entityOperations/query", query_post, HTTP_POOL, BROKER_BODY_MAX, READ_ANY,
     "Entities", "Query entities by a body", NULL, paged},
    {HTTP_POST, BASE "/temporal/entities", temporal_create, HTTP_LOOP, BROKER_BODY_MAX, WRITE_ANY,
     "Temporal", "Create or extend a temporal evolution", NULL, forwarded},
    {HTTP_GET, BASE "/temporal/entities", temporal_query, HTTP_POOL, 0, READ_ANY, "Temporal",
     "Query temporal evolutions", NULL, timed_query},
    {HTTP_GET, BASE "/temporal/entities/{entityId}", temporal_get, HTTP_POOL, 0, READ_ANY,
     "Temporal", "Retrieve a temporal evolution", NULL, timed},
    {HTTP_POST, BASE "/temporal/entities/{entityId}/attrs", temporal_append, HTTP_LOOP,
     BROKER_BODY_MAX, WRITE_ANY, "Temporal", "Append instances to a temporal evolution", NULL,
     typed},
    {HTTP_DELETE, BASE "/temporal/entities/{entityId}", temporal_delete, HTTP_POOL, 0, WRITE_ANY,
     "Temporal", "Delete a temporal evolution", NULL, forwarded},
    {HTTP_DELETE, BASE "/temporal/entities/{entityId}/attrs/{attrId}", temporal_attr_delete,
     HTTP_POOL, 0, WRITE_ANY, "Temporal", "Delete an attribute of a temporal evolution", NULL,
     one_history},
    {HTTP_PATCH, BASE "/temporal/entities/{entityId}/attrs/{attrId}/{instanceId}",
     temporal_instance_update, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY, "Temporal",
     "Modify an instance of a temporal evolution", NULL, forwarded},
    {HTTP_DELETE, BASE "/temporal/entities/{entityId}/attrs/{attrId}/{instanceId}",
     temporal_instance_delete, HTTP_POOL, 0, WRITE_ANY, "Temporal",
     "Delete an instance of a temporal evolution", NULL, forwarded},
    {HTTP_POST, BASE "/temporal/entityOperations/query", temporal_query_post, HTTP_POOL,
     BROKER_BODY_MAX, READ_ANY, "Temporal", "Query temporal evolutions by a body", NULL,
     timed_paged},
    {HTTP_GET, BASE "/types", discovery_types, HTTP_POOL, 0, READ_ANY, "Discovery",
     "Types of entities", NULL, detailed},
    {HTTP_GET, BASE "/types/{type}", discovery_type, HTTP_POOL, 0, READ_ANY, "Discovery",
     "One type of entities", NULL, forwarded},
    {HTTP_GET, BASE "/attributes", discovery_attrs, HTTP_POOL, 0, READ_ANY, "Discovery",
     "Attributes", NULL, detailed},
    {HTTP_GET, BASE "/attributes/{attrId}", discovery_attr, HTTP_POOL, 0, READ_ANY, "Discovery",
     "One attribute", NULL, forwarded},
    {HTTP_POST, BASE "/subscriptions", subscriptions_create, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Subscriptions", "Create a subscription", NULL, forwarded},
    {HTTP_GET, BASE "/subscriptions", subscriptions_list, HTTP_POOL, 0, WRITE_ANY, "Subscriptions",
     "Query subscriptions", NULL, listed},
    {HTTP_GET, BASE "/subscriptions/{subscriptionId}", subscriptions_get, HTTP_POOL, 0, WRITE_ANY,
     "Subscriptions", "Retrieve a subscription", NULL, one_listed},
    {HTTP_PATCH, BASE "/subscriptions/{subscriptionId}", subscriptions_update, HTTP_POOL,
     BROKER_BODY_MAX, WRITE_ANY, "Subscriptions", "Update a subscription", NULL, forwarded},
    {HTTP_DELETE, BASE "/subscriptions/{subscriptionId}", subscriptions_delete, HTTP_POOL, 0,
     WRITE_ANY, "Subscriptions", "Delete a subscription", NULL, forwarded},
    {HTTP_POST, BASE "/jsonldContexts", contexts_add, HTTP_POOL, BROKER_BODY_MAX, WRITE_ANY,
     "Contexts", "Host a context", NULL, NULL},
    {HTTP_GET, BASE "/jsonldContexts", contexts_list, HTTP_POOL, 0, READ_ANY, "Contexts",
     "List contexts", NULL, context_list},
    {HTTP_GET, BASE "/jsonldContexts/{contextId}", contexts_get, HTTP_POOL, 0, READ_ANY, "Contexts",
     "Serve a context", NULL, context_one},
    {HTTP_DELETE, BASE "/jsonldContexts/{contextId}", contexts_delete, HTTP_POOL, 0, WRITE_ANY,
     "Contexts", "Delete or reload a context", NULL, context_delete},
    {HTTP_GET, BASE "/openapi.json", openapi_get, HTTP_LOOP, 0, READ_ANY, "About",
     "This description", NULL, NULL},
};

void broker_routes(HttpServer *server) {
    http_routes(server, routes, sizeof routes / sizeof *routes);
}
