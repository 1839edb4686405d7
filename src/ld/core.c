/* The core context of NGSI-LD, versions 1.3 to 1.9, as one table (ETSI GS CIM 009, annex B of each
   version). The terms and IRIs are facts of the standard; test_core compares them with its files.
   Only v1.9 is applied, last, to every context; of older versions only what v1.9 does not define
   can show. */
#include "ld_int.h"

#include <pthread.h>

#define NGSI LD_NGSI
#define GEO  "https://purl.org/geojson/vocab#"

/* term, IRI, @type, @container, in 1.x from, to */
/* clang-format off */
const LdCoreTerm ld_core_terms[] = {
    {STR("accept"), STR(NGSI "accept"), 0, 0, 3, 9},
    {STR("aggrMethods"), STR(NGSI "aggrMethods"), 0, 0, 9, 9},
    {STR("aggrParams"), STR(NGSI "aggrParams"), 0, 0, 9, 9},
    {STR("aggrPeriodDuration"), STR(NGSI "aggrPeriodDuration"), 0, 0, 9, 9},
    {STR("Attribute"), STR(NGSI "Attribute"), 0, 0, 3, 9},
    {STR("attributeCount"), STR(LD_DEFAULT "attributeCount"), 0, 0, 3, 8},
    {STR("attributeCount"), STR(NGSI "attributeCount"), 0, 0, 9, 9},
    {STR("attributeDetails"), STR(LD_DEFAULT "attributeDetails"), 0, 0, 3, 8},
    {STR("attributeDetails"), STR(NGSI "attributeDetails"), 0, 0, 9, 9},
    {STR("AttributeList"), STR(NGSI "AttributeList"), 0, 0, 3, 9},
    {STR("attributeList"), STR(NGSI "attributeList"), LD_TYPE_VOCAB, 0, 3, 9},
    {STR("attributeName"), STR(NGSI "attributeName"), LD_TYPE_VOCAB, 0, 3, 9},
    {STR("attributeNames"), STR(NGSI "attributeNames"), LD_TYPE_VOCAB, 0, 3, 9},
    {STR("attributes"), STR(NGSI "attributes"), LD_TYPE_VOCAB, 0, 3, 9},
    {STR("attributeTypes"), STR(NGSI "attributeTypes"), LD_TYPE_VOCAB, 0, 3, 9},
    {STR("attrs"), STR(NGSI "attrs"), 0, 0, 5, 9},
    {STR("avg"), STR(NGSI "avg"), 0, LD_LIST, 4, 9},
    {STR("bbox"), STR(GEO "bbox"), 0, LD_LIST, 3, 9},
    {STR("cacheDuration"), STR(NGSI "cacheDuration"), 0, 0, 6, 9},
    {STR("collation"), STR(NGSI "collation"), 0, 0, 9, 9},
    {STR("containedBy"), STR(NGSI "isContainedBy"), 0, 0, 9, 9},
    {STR("contextSourceAlias"), STR(NGSI "contextSourceAlias"), 0, 0, 9, 9},
    {STR("contextSourceExtras"), STR(NGSI "contextSourceExtras"), LD_TYPE_JSON, 0, 9, 9},
    {STR("ContextSourceIdentity"), STR(NGSI "ContextSourceIdentity"), 0, 0, 8, 9},
    {STR("contextSourceInfo"), STR(NGSI "contextSourceInfo"), 0, 0, 6, 9},
    {STR("ContextSourceNotification"), STR(NGSI "ContextSourceNotification"), 0, 0, 3, 9},
    {STR("ContextSourceRegistration"), STR(NGSI "ContextSourceRegistration"), 0, 0, 3, 9},
    {STR("contextSourceTimeAt"), STR(NGSI "contextSourceTimeAt"), LD_TYPE_LITERAL, 0, 9, 9},
    {STR("contextSourceUptime"), STR(NGSI "contextSourceUptime"), 0, 0, 9, 9},
    {STR("cooldown"), STR(NGSI "cooldown"), 0, 0, 6, 9},
    {STR("coordinates"), STR(GEO "coordinates"), 0, LD_LIST, 3, 9},
    {STR("createdAt"), STR(NGSI "createdAt"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("csf"), STR(NGSI "csf"), 0, 0, 3, 9},
    {STR("data"), STR(NGSI "data"), 0, 0, 3, 9},
    {STR("dataset"), STR(NGSI "hasDataset"), 0, LD_INDEX, 7, 9},
    {STR("datasetId"), STR(NGSI "datasetId"), LD_TYPE_ID, 0, 3, 9},
    {STR("Date"), STR(NGSI "Date"), 0, 0, 3, 9},
    {STR("DateTime"), STR(NGSI "DateTime"), 0, 0, 3, 9},
    {STR("deletedAt"), STR(NGSI "deletedAt"), LD_TYPE_LITERAL, 0, 6, 9},
    {STR("description"), STR("http://purl.org/dc/terms/description"), 0, 0, 3, 9},
    {STR("detail"), STR(NGSI "detail"), 0, 0, 3, 9},
    {STR("distinctCount"), STR(NGSI "distinctCount"), 0, LD_LIST, 4, 9},
    {STR("endAt"), STR(NGSI "endAt"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("endpoint"), STR(NGSI "endpoint"), 0, 0, 3, 9},
    {STR("endTimeAt"), STR(NGSI "endTimeAt"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("entities"), STR(NGSI "entities"), 0, 0, 3, 9},
    {STR("entity"), STR(NGSI "entity"), 0, 0, 8, 9},
    {STR("entityCount"), STR(NGSI "entityCount"), 0, 0, 3, 9},
    {STR("entityId"), STR(NGSI "entityId"), LD_TYPE_ID, 0, 3, 9},
    {STR("entityList"), STR(NGSI "entityList"), 0, LD_LIST, 8, 9},
    {STR("EntityMap"), STR(NGSI "EntityMap"), 0, 0, 9, 9},
    {STR("entityMap"), STR(NGSI "hasEntityMap"), 0, LD_INDEX, 9, 9},
    {STR("entityMapLifetime"), STR(NGSI "hasEntityMapLifetime"), 0, 0, 9, 9},
    {STR("EntityType"), STR(NGSI "EntityType"), 0, 0, 3, 9},
    {STR("EntityTypeInfo"), STR(NGSI "EntityTypeInfo"), 0, 0, 3, 9},
    {STR("EntityTypeList"), STR(NGSI "EntityTypeList"), 0, 0, 3, 9},
    {STR("error"), STR(NGSI "error"), 0, 0, 3, 9},
    {STR("errors"), STR(NGSI "errors"), 0, 0, 3, 9},
    {STR("ExecutionResultDetails"), STR(NGSI "ExecutionResultDetails"), 0, 0, 9, 9},
    {STR("expandValues"), STR(NGSI "expandValues"), 0, 0, 9, 9},
    {STR("expiresAt"), STR(NGSI "expiresAt"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("Feature"), STR(GEO "Feature"), 0, 0, 3, 9},
    {STR("FeatureCollection"), STR(GEO "FeatureCollection"), 0, 0, 3, 9},
    {STR("features"), STR(GEO "features"), 0, LD_SET, 3, 9},
    {STR("format"), STR(NGSI "format"), 0, 0, 3, 9},
    {STR("geojson"), STR("https://purl.org/geojson/vocab#"), 0, 0, 3, 9},
    {STR("geometry"), STR(GEO "geometry"), 0, 0, 3, 9},
    {STR("GeometryCollection"), STR(GEO "GeometryCollection"), 0, 0, 3, 9},
    {STR("GeoProperty"), STR(NGSI "GeoProperty"), 0, 0, 3, 9},
    {STR("geoproperty"), STR(NGSI "geoproperty"), 0, 0, 3, 9},
    {STR("geoQ"), STR(NGSI "geoQ"), 0, 0, 3, 9},
    {STR("georel"), STR(NGSI "georel"), 0, 0, 3, 9},
    {STR("id"), STR("@id"), 0, 0, 3, 9},
    {STR("idPattern"), STR(NGSI "idPattern"), 0, 0, 3, 9},
    {STR("information"), STR(NGSI "information"), 0, 0, 3, 9},
    {STR("instanceId"), STR(NGSI "instanceId"), LD_TYPE_ID, 0, 3, 9},
    {STR("isActive"), STR(NGSI "isActive"), 0, 0, 3, 9},
    {STR("join"), STR(NGSI "join"), 0, 0, 9, 9},
    {STR("joinLevel"), STR(NGSI "hasJoinLevel"), 0, 0, 9, 9},
    {STR("json"), STR(NGSI "hasJSON"), LD_TYPE_JSON, 0, 8, 9},
    {STR("jsonKeys"), STR(NGSI "jsonKeys"), 0, 0, 9, 9},
    {STR("jsonldContext"), STR(NGSI "jsonldContext"), 0, 0, 9, 9},
    {STR("JsonProperty"), STR(NGSI "JsonProperty"), 0, 0, 8, 9},
    {STR("jsons"), STR(NGSI "jsons"), 0, LD_LIST, 8, 9},
    {STR("key"), STR(NGSI "hasKey"), 0, 0, 6, 9},
    {STR("lang"), STR(NGSI "lang"), 0, 0, 5, 9},
    {STR("langString"), STR("http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"), 0, 0, 9, 9},
    {STR("languageMap"), STR(NGSI "hasLanguageMap"), 0, LD_LANGUAGE, 5, 9},
    {STR("languageMaps"), STR(NGSI "hasLanguageMaps"), 0, LD_LIST, 6, 9},
    {STR("LanguageProperty"), STR(NGSI "LanguageProperty"), 0, 0, 5, 9},
    {STR("lastFailure"), STR(NGSI "lastFailure"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("lastN"), STR(NGSI "lastN"), 0, 0, 9, 9},
    {STR("lastNotification"), STR(NGSI "lastNotification"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("lastSuccess"), STR(NGSI "lastSuccess"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("lastUsedAt"), STR(NGSI "lastUsedAt"), LD_TYPE_LITERAL, 0, 9, 9},
    {STR("LineString"), STR(GEO "LineString"), 0, 0, 3, 9},
    {STR("linkedMaps"), STR(NGSI "linkedMaps"), 0, 0, 9, 9},
    {STR("ListProperty"), STR(NGSI "ListProperty"), 0, 0, 8, 9},
    {STR("ListRelationship"), STR(NGSI "ListRelationship"), 0, 0, 8, 9},
    {STR("localOnly"), STR(NGSI "localOnly"), 0, 0, 6, 9},
    {STR("location"), STR(NGSI "location"), 0, 0, 3, 9},
    {STR("management"), STR(NGSI "management"), 0, 0, 6, 9},
    {STR("managementInterval"), STR(NGSI "managementInterval"), 0, 0, 3, 9},
    {STR("max"), STR(NGSI "max"), 0, LD_LIST, 4, 9},
    {STR("min"), STR(NGSI "min"), 0, LD_LIST, 4, 9},
    {STR("mode"), STR(NGSI "mode"), 0, 0, 6, 9},
    {STR("modifiedAt"), STR(NGSI "modifiedAt"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("MultiLineString"), STR(GEO "MultiLineString"), 0, 0, 3, 9},
    {STR("MultiPoint"), STR(GEO "MultiPoint"), 0, 0, 3, 9},
    {STR("MultiPolygon"), STR(GEO "MultiPolygon"), 0, 0, 3, 9},
    {STR("ngsi-ld"), STR("https://uri.etsi.org/ngsi-ld/"), 0, 0, 3, 9},
    {STR("ngsildConformance"), STR(NGSI "ngsildConformance"), 0, 0, 9, 9},
    {STR("ngsildproof"), STR(NGSI "ngsildproof"), 0, 0, 9, 9},
    {STR("Notification"), STR(NGSI "Notification"), 0, 0, 3, 9},
    {STR("notification"), STR(NGSI "notification"), 0, 0, 3, 9},
    {STR("notificationTrigger"), STR(NGSI "notificationTrigger"), 0, 0, 6, 9},
    {STR("notifiedAt"), STR(NGSI "notifiedAt"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("notifierInfo"), STR(NGSI "notifierInfo"), 0, 0, 6, 9},
    {STR("notUpdated"), STR(NGSI "notUpdated"), 0, 0, 6, 9},
    {STR("object"), STR(NGSI "hasObject"), LD_TYPE_ID, 0, 3, 9},
    {STR("objectList"), STR(NGSI "hasObjectList"), 0, LD_LIST, 8, 9},
    {STR("objectLists"), STR(NGSI "hasObjectLists"), 0, LD_LIST, 9, 9},
    {STR("objects"), STR(NGSI "hasObjects"), LD_TYPE_ID, LD_LIST, 3, 5},
    {STR("objects"), STR(NGSI "hasObjects"), 0, LD_LIST, 6, 9},
    {STR("objectsLists"), STR(NGSI "hasObjectsLists"), 0, LD_LIST, 8, 8},
    {STR("objectType"), STR(NGSI "hasObjectType"), LD_TYPE_VOCAB, 0, 8, 9},
    {STR("observationInterval"), STR(NGSI "observationInterval"), 0, 0, 3, 9},
    {STR("observationSpace"), STR(NGSI "observationSpace"), 0, 0, 3, 9},
    {STR("observedAt"), STR(NGSI "observedAt"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("omit"), STR(NGSI "omit"), 0, 0, 9, 9},
    {STR("operations"), STR(NGSI "operations"), 0, 0, 6, 9},
    {STR("operationSpace"), STR(NGSI "operationSpace"), 0, 0, 3, 9},
    {STR("orderBy"), STR(NGSI "orderBy"), 0, LD_LIST, 9, 9},
    {STR("ordering"), STR(NGSI "ordering"), 0, 0, 9, 9},
    {STR("pick"), STR(NGSI "pick"), 0, 0, 9, 9},
    {STR("Point"), STR(GEO "Point"), 0, 0, 3, 9},
    {STR("Polygon"), STR(GEO "Polygon"), 0, 0, 3, 9},
    {STR("previousJson"), STR(NGSI "hasPreviousJson"), LD_TYPE_JSON, 0, 8, 9},
    {STR("previousLanguageMap"), STR(NGSI "hasPreviousLanguageMap"), 0, LD_LANGUAGE, 6, 9},
    {STR("previousObject"), STR(NGSI "hasPreviousObject"), LD_TYPE_ID, 0, 6, 9},
    {STR("previousObjectList"), STR(NGSI "hasPreviousObjectList"), 0, LD_LIST, 8, 9},
    {STR("previousValue"), STR(NGSI "hasPreviousValue"), 0, 0, 6, 9},
    {STR("previousValueList"), STR(NGSI "hasPreviousValueList"), 0, LD_LIST, 8, 9},
    {STR("previousVocab"), STR(NGSI "hasPreviousVocab"), LD_TYPE_VOCAB, 0, 7, 9},
    {STR("problemDetails"), STR(NGSI "problemDetails"), LD_TYPE_JSON, 0, 9, 9},
    {STR("properties"), STR(GEO "properties"), 0, 0, 3, 9},
    {STR("Property"), STR(NGSI "Property"), 0, 0, 3, 9},
    {STR("propertyNames"), STR(NGSI "propertyNames"), LD_TYPE_VOCAB, 0, 3, 9},
    {STR("q"), STR(NGSI "q"), 0, 0, 3, 9},
    {STR("reason"), STR(NGSI "reason"), 0, 0, 3, 9},
    {STR("receiverInfo"), STR(NGSI "receiverInfo"), 0, 0, 6, 9},
    {STR("refreshRate"), STR(NGSI "refreshRate"), 0, 0, 6, 9},
    {STR("registrationId"), STR(NGSI "registrationId"), 0, 0, 6, 9},
    {STR("registrationName"), STR(NGSI "registrationName"), 0, 0, 3, 9},
    {STR("Relationship"), STR(NGSI "Relationship"), 0, 0, 3, 9},
    {STR("relationshipNames"), STR(NGSI "relationshipNames"), LD_TYPE_VOCAB, 0, 3, 9},
    {STR("resultStatus"), STR(NGSI "resultStatus"), 0, 0, 9, 9},
    {STR("scope"), STR(NGSI "scope"), 0, 0, 5, 9},
    {STR("scopeQ"), STR(NGSI "scopeQ"), 0, 0, 5, 9},
    {STR("showChanges"), STR(NGSI "showChanges"), 0, 0, 6, 9},
    {STR("Snapshot"), STR(NGSI "Snapshot"), 0, 0, 9, 9},
    {STR("snapshotId"), STR(NGSI "snapshotId"), 0, 0, 9, 9},
    {STR("snapshotLifetime"), STR(NGSI "snapshotLifetime"), 0, 0, 9, 9},
    {STR("SnapshotNotification"), STR(NGSI "SnapshotNotification"), 0, 0, 9, 9},
    {STR("snapshotPriority"), STR(NGSI "snapshotPriority"), 0, 0, 9, 9},
    {STR("snapshotQueries"), STR(NGSI "snapshotQueries"), 0, LD_LIST, 9, 9},
    {STR("snapshotQueriesDetails"), STR(NGSI "snapshotQueriesDetails"), 0, LD_LIST, 9, 9},
    {STR("snapshotStatus"), STR(NGSI "snapshotStatus"), 0, 0, 9, 9},
    {STR("snapshotTemporalQueries"), STR(NGSI "snapshotTemporalQueries"), 0, LD_LIST, 9, 9},
    {STR("snapshotTemporalQueriesDetails"), STR(NGSI "snapshotTemporalQueriesDetails"), 0, LD_LIST, 9, 9},
    {STR("splitEntities"), STR(NGSI "hasSplitEntities"), 0, 0, 9, 9},
    {STR("startAt"), STR(NGSI "startAt"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("status"), STR(NGSI "status"), 0, 0, 3, 9},
    {STR("stddev"), STR(NGSI "stddev"), 0, LD_LIST, 4, 9},
    {STR("Subscription"), STR(NGSI "Subscription"), 0, 0, 3, 9},
    {STR("subscriptionId"), STR(NGSI "subscriptionId"), LD_TYPE_ID, 0, 3, 9},
    {STR("subscriptionName"), STR(NGSI "subscriptionName"), 0, 0, 3, 9},
    {STR("success"), STR(NGSI "success"), LD_TYPE_ID, 0, 3, 9},
    {STR("sum"), STR(NGSI "sum"), 0, LD_LIST, 4, 9},
    {STR("sumsq"), STR(NGSI "sumsq"), 0, LD_LIST, 4, 9},
    {STR("sysAttrs"), STR(NGSI "sysAttrs"), 0, 0, 6, 9},
    {STR("TemporalProperty"), STR(NGSI "TemporalProperty"), 0, 0, 3, 9},
    {STR("temporalQ"), STR(NGSI "temporalQ"), 0, 0, 3, 9},
    {STR("tenant"), STR(NGSI "tenant"), LD_TYPE_ID, 0, 3, 9},
    {STR("throttling"), STR(NGSI "throttling"), 0, 0, 3, 9},
    {STR("Time"), STR(NGSI "Time"), 0, 0, 3, 9},
    {STR("timeAt"), STR(NGSI "timeAt"), LD_TYPE_LITERAL, 0, 3, 9},
    {STR("timeInterval"), STR(NGSI "timeInterval"), 0, 0, 3, 9},
    {STR("timeout"), STR(NGSI "timeout"), 0, 0, 6, 9},
    {STR("timeproperty"), STR(NGSI "timeproperty"), 0, 0, 3, 9},
    {STR("timerel"), STR(NGSI "timerel"), 0, 0, 3, 9},
    {STR("timesFailed"), STR(NGSI "timesFailed"), 0, 0, 6, 9},
    {STR("timesSent"), STR(NGSI "timesSent"), 0, 0, 3, 9},
    {STR("title"), STR("http://purl.org/dc/terms/title"), 0, 0, 3, 9},
    {STR("totalCount"), STR(NGSI "totalCount"), 0, LD_LIST, 4, 9},
    {STR("triggerReason"), STR(NGSI "triggerReason"), 0, 0, 3, 9},
    {STR("type"), STR("@type"), 0, 0, 3, 9},
    {STR("typeList"), STR(NGSI "typeList"), LD_TYPE_VOCAB, 0, 3, 9},
    {STR("typeName"), STR(NGSI "typeName"), LD_TYPE_VOCAB, 0, 3, 9},
    {STR("typeNames"), STR(NGSI "typeNames"), LD_TYPE_VOCAB, 0, 3, 9},
    {STR("unchanged"), STR(NGSI "unchanged"), 0, 0, 3, 9},
    {STR("unitCode"), STR(NGSI "unitCode"), 0, 0, 3, 9},
    {STR("updated"), STR(NGSI "updated"), 0, 0, 3, 9},
    {STR("uri"), STR(NGSI "uri"), 0, 0, 3, 9},
    {STR("value"), STR(NGSI "hasValue"), 0, 0, 3, 9},
    {STR("valueList"), STR(NGSI "hasValueList"), 0, LD_LIST, 8, 9},
    {STR("valueLists"), STR(NGSI "hasValueLists"), 0, LD_LIST, 8, 9},
    {STR("values"), STR(NGSI "hasValues"), 0, LD_LIST, 3, 9},
    {STR("valueType"), STR(NGSI "hasValueType"), LD_TYPE_VOCAB, 0, 9, 9},
    {STR("vocab"), STR(NGSI "hasVocab"), LD_TYPE_VOCAB, 0, 7, 9},
    {STR("VocabProperty"), STR(NGSI "VocabProperty"), 0, 0, 8, 9},
    {STR("vocabs"), STR(NGSI "hasVocabs"), 0, LD_LIST, 7, 9},
    {STR("VocabularyProperty"), STR(NGSI "VocabularyProperty"), 0, 0, 7, 7},
    {STR("watchedAttributes"), STR(NGSI "watchedAttributes"), LD_TYPE_VOCAB, 0, 3, 9},
};
/* clang-format on */

const size_t ld_core_len = sizeof ld_core_terms / sizeof *ld_core_terms;

/* The core, indexed at first use and never changed again: the one mutable state of the room besides
 * the caches. */
static struct {
    pthread_once_t once;
    LdIndex index;
    LdContext context;
} core = {.once = PTHREAD_ONCE_INIT};

static void core_make(void) {
    static const Json source = {
        .kind = JSON_STRING, .len = sizeof LD_CORE_CONTEXT - 1, .value.string = LD_CORE_CONTEXT};
    Arena *arena = arena_new(1 << 20);
    LdTerm **terms = NEW_ARRAY(arena, LdTerm *, ld_core_len);
    size_t n = 0;
    for (const LdCoreTerm *row = ld_core_terms; row < ld_core_terms + ld_core_len; row++) {
        if (row->until < LD_CORE_NEWEST) continue;
        LdTerm *term = terms[n++] = NEW(arena, LdTerm);
        *term = (LdTerm){.term = row->term,
                         .iri = row->iri,
                         .type = row->type,
                         .container = row->container,
                         .prefix = ld_is_gen_delim(row->iri.ptr[row->iri.len - 1])};
    }
    ld_index_fill(&core.index, arena, terms, n);
    core.context = (LdContext){.arena = arena, .source = &source, .url = STR(LD_CORE_CONTEXT)};
    ld_index_fill(&core.context.user, arena, NULL, 0);
}

const LdIndex *ld_core_index(void) {
    pthread_once(&core.once, core_make);
    return &core.index;
}

const LdContext *ld_core(void) {
    pthread_once(&core.once, core_make);
    return &core.context;
}

int ld_core_version(Str url) {
    /* http: is seen in the wild and names the same document */
    const Str start = STR("://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context"), end = STR(".jsonld");
    ptrdiff_t scheme = str_find_char(url, ':');
    if (scheme < 0) return 0;
    Str rest = str_sub(url, (size_t)scheme, url.len);
    Str name = str_sub(url, 0, (size_t)scheme);
    if (!str_eq(name, STR("https")) && !str_eq(name, STR("http"))) return 0;
    if (!str_starts(rest, start) || !str_ends(rest, end) || rest.len < start.len + end.len)
        return 0;
    Str version = str_sub(rest, start.len, rest.len - end.len);
    if (str_empty(version)) return LD_CORE_NEWEST;
    int64_t minor = 0;
    if (!str_starts(version, STR("-v1.")) || version.len != 5 ||
        !str_to_i64(str_sub(version, 4, 5), &minor))
        return 0;
    return minor >= LD_CORE_OLDEST && minor <= LD_CORE_NEWEST ? (int)minor : 0;
}

bool ld_core_has_own(int version) {
    const LdIndex *index = ld_core_index();
    for (const LdCoreTerm *row = ld_core_terms; row < ld_core_terms + ld_core_len; row++)
        if (row->since <= version && version <= row->until && !map_has(&index->terms, row->term))
            return true;
    return false;
}
