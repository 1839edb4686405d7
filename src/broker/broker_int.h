/* broker_int: what the files of broker/ share. */
#ifndef BROKER_BROKER_INT_H
#define BROKER_BROKER_INT_H

#include "broker.h"

#include <stdatomic.h>

enum { BROKER_BODY_MAX = 16 << 20, BROKER_ANSWER_MAX = 64 << 20 };
/* What one request may hold, asked before anything is made of it; with those of model/ one table in
 * doc/conformance.md. */
enum {
    BROKER_BATCH_MAX = 10000,  /* elements of a batch */
    BROKER_ATTRS_MAX = 250000, /* attributes of all elements of a batch */
    BROKER_WORK_MAX = 500000,  /* attributes times types that a batch goes through */
    BROKER_NAMES_MAX = 1000,   /* names, ids or selectors of one list */
};

/* ---- request.c: what every operation starts and ends with ---- */

struct Broker {
    struct Delivery *delivery;
    struct Matcher *matcher;
    struct Pages *pages;
    int64_t progress;     /* of BrokerOptions */
    atomic_bool long_way; /* nothing that is kept is used */
};

/* How an answer is written (clauses 6.3.4, 6.3.5). */
typedef enum Accept { ACCEPT_JSON, ACCEPT_LD_JSON, ACCEPT_GEO_JSON } Accept;

typedef struct Request {
    HttpExchange *x;
    Ctx *ctx;
    Tenant *tenant;
    const LdContext *context; /* released by request_close, as are those of elements */
    VEC(const LdContext *) contexts;
    Accept accept;
    const Json *payload; /* of a request with a body */
    bool context_in_body;
} Request;

/* Opens a request: Accept, context from the Link header or the body's @context (clause 6.3.5),
   payload. On RC_BUSY the context must be fetched and this is a loop thread: move to the pool and
   open again. The Request lives in the exchange's arena. */
Rc request_open(HttpExchange *x, Request **out);
void request_close(Request *request);
/* What is asked by the address is what this route takes, each once (clause 6.3.20). */
Rc request_params(HttpExchange *x);
/* The context of one element of a batch: its own, or that of the request (clause 5.6.7 ff.). */
Rc request_context_of(Request *request, const Json *element, const LdContext **out);
/* Answers with the problem document of ctx->error (clause 6.3.2, 5.5.2) and closes. */
void request_fail(Request *request);
/* Answers with a body, its type by request->accept, the Link header where the context is not in the
 * body; closes. */
void request_answer(Request *request, int status, Str body);
/* The media type of the answer. */
const char *request_media(const Request *request);
void request_answer_empty(Request *request, int status);
/* Runs a handler that could not go on on the loop again on a pool thread. */
bool request_moved(HttpExchange *x, Rc rc, HttpHandler handler);
/* To be said before a handler of a loop route runs on the pool: request_open then lends it the
 * reader. */
void request_on_pool(HttpExchange *x);

/* RC_LIMIT, naming the place and the remedy, where there are more than max: 413 for
   "request-too-large", 403 for "too-complex" of a query. */
Rc request_bound(Ctx *ctx, const char *code, Str path, size_t n, size_t max);
/* Answers what was done, as JSON. It stays done where the text is full and can't be told: 403. */
void request_answer_done(Request *request, int status, const Buf *body);
void request_answer_json(Request *request, int status, const Json *json);

/* True if the parameter's value has this word among its comma-separated ones
 * (options=keyValues,count). */
bool request_option(const Request *request, const char *option);
/* The format of entities, by format or options. */
RenderFormat request_format(const Request *request);
/* Representation wanted: format, options, attrs / pick / omit, lang, datasetId, geometryProperty
 * (clauses 6.3.7, 6.3.15 ...). body: of a query by a body, whose members come first; else NULL. */
Rc request_render_options(Request *request, const Json *body, RenderOptions *out);
/* The parameter type of an operation on one entity (clause 4.17): NULL without it. */
Rc request_selector(Request *request, const Match **out);
/* Splits a list, that of this parameter, and expands its terms. RC_LIMIT: too many. */
Rc request_terms(Request *request, const char *param, Str list, StrVec *out);

/* ---- shape.c: which members are shown ---- */

typedef struct ShapeSource {
    Str attrs, pick, omit;
    size_t levels; /* of linked entities */
} ShapeSource;
Rc shape_read(Request *request, const ShapeSource *source, RenderOptions *out);
/* Whether anything of the entity is shown at all. */
bool shape_leaves(const RenderOptions *options, const Entity *entity);
bool shape_shows(const StrVec *pick, const StrVec *omit, Str name);

/* ---- linked.c: linked entities ---- */

typedef struct LinkedItem {
    const Entity *entity;
    RenderInner inner; /* what of it is shown */
} LinkedItem;
typedef struct Linked {
    size_t levels; /* 0: none are asked for */
    bool flat;
    StrVec above; /* containedBy */
    Map found;
    VEC(LinkedItem) items; /* in the order in which they were found */
    RenderLinks links;
} Linked;
Rc linked_read(Request *request, const Json *body, Linked *out);
/* request_render_options where entities may be shown with those that they link to. */
Rc request_linked_options(Request *request, const Json *body, RenderOptions *out, Linked *linked);
/* Finds what the entities link to; pool threads. */
Rc linked_find(Request *request, const Entity *const *entities, size_t n,
               const RenderOptions *options, Linked *linked);
/* Of join=flat: the linked entities that are not among those of the answer, each behind a comma. */
typedef struct LinkedAnswer {
    const Entity *const *entities;
    size_t n;
    const RenderOptions *options;
} LinkedAnswer;
void linked_write(Request *request, const Linked *linked, const LinkedAnswer *answer, Buf *body);

/* ---- aggregate.c: evolutions in periods ---- */

enum { AGGREGATE_METHODS = 8 };
typedef struct Aggregate {
    bool asked;
    uint8_t methods[AGGREGATE_METHODS];
    size_t n;
    int64_t months, length; /* of a period: months and µs; both 0: one period for all */
} Aggregate;
typedef struct Aggregation {
    const Aggregate *aggregate;
    const TemporalQuery *window;
    const RenderOptions *options;
    int64_t from, to; /* found for each entity */
} Aggregation;
/* names: "avg,max"; duration: ISO 8601. */
Rc aggregate_read(Request *request, Str names, Str duration, Aggregate *out);
/* RC_LIMIT: too many periods. */
Rc aggregate_write(Request *request, const Aggregation *asked, const Entity *entity, Buf *body);

/* ---- merging.c: what the parameters of a merge say of its fragment (clause 5.6.17) ---- */

typedef struct Merging {
    const LdContext *context;
    const Json *payload;
    bool simplified; /* values are read as the kinds of the attributes that they meet */
    Str lang;        /* of texts for a LanguageProperty */
    int64_t
        observed_at; /* of attributes that have an observedAt, unless the fragment says another */
} Merging;
/* context and payload are left to the caller. */
Rc merging_read(Request *request, Merging *out);
/* The fragment as it meets `before` (NULL: not known yet). */
Rc merging_fragment(Ctx *ctx, const Merging *merging, const Entity *before, Entity **out);

/* ---- kept.c: rendered answers kept beside the newest versions (DESIGN 5) ---- */

/* What an answer to this request is kept under; false: it is too particular to be kept. */
bool kept_key(const Request *request, const RenderOptions *options, RenderKey *out);
/* The kept answer of an entity's newest version (NULL: it isn't known), until the handler ends;
 * NULL: draw it. */
const Str *kept_find(const Version *newest, const RenderKey *key);
/* Keeps what was drawn of an entity (as it was shown) that is the newest still. */
void kept_put(const Request *request, const Entity *shown, const Rendering *rendering);

/* limit, offset, count (clause 6.3.10, 6.3.13), and what an answer says of its neighbours. */
typedef struct Page {
    int64_t limit, offset;
    Str after; /* an id to go on behind, without an order */
    bool count;
} Page;
Rc query_page(const Request *request, Page *page);
/* What is asked for behind an id, in the order of ids. */
Rc query_page_after(Request *request, const Json *body, const Page *page, ProjectAnswer *out);
/* RC_INVALID where a body or address orders by more than ids. */
Rc query_order_by_id(Request *request, const Json *body);
Rc query_page_headers(Request *request, const Page *page, const ProjectAnswer *answer);

/* How the entities of an answer are written. */
typedef struct Drawing {
    RenderOptions whole, each; /* of GeoJSON the collection carries the context, not each feature */
    Rendering kept;            /* the key, and the erasures before anything was read */
    bool keeps;
} Drawing;

/* ---- pages.c: which entities a query of nothing but a type finds, kept for the next one ---- */

struct Pages *pages_new(void);
void pages_free(struct Pages *pages);
uint64_t pages_answered(const struct Pages *pages);
/* A page as it is asked for, and on its way to be kept. */
typedef struct PageWish {
    Str key; /* empty: the query asks for more than a page of a type */
    size_t limit, offset;
    Rendering kept;
    /* Of the query that finds it. */
    uint64_t membership; /* from before anything was read */
    StrVec types;
    bool is_all; /* types say all that is asked */
} PageWish;
void pages_wish(const Request *request, const Page *page, const Drawing *drawing, PageWish *out);
/* The answer, when all of it is kept and is the newest; it holds until the handler ends. */
bool pages_find(const Request *request, const PageWish *wish, ProjectAnswer *out);
void pages_keep(const Request *request, const PageWish *wish, const ProjectAnswer *answer);

/* ---- submit.c: commands of the broker ---- */

/* Called on the exchange's loop with the outcome: answers. */
typedef void (*SubmitThen)(Request *request, const Outcome *outcome, void *arg);
/* Submits and answers later; a refusal is answered with its problem document, then is called only
 * for RC_OK. The command is freed. */
void broker_submit(Request *request, Command *command, HttpHandler again, SubmitThen then,
                   void *arg);
/* A command of the request's actor. */
Command *broker_command(Request *request, Str kind);

/* ---- handlers ---- */

/* entities.c */
void entities_create(HttpExchange *x);
void entities_get(HttpExchange *x);
void entities_replace(HttpExchange *x);
void entities_merge(HttpExchange *x);
void entities_delete(HttpExchange *x);
void entities_append(HttpExchange *x);
void entities_update(HttpExchange *x);
void attrs_partial(HttpExchange *x);
void attrs_replace(HttpExchange *x);
void attrs_delete(HttpExchange *x);

/* bulk.c */
void bulk_create(HttpExchange *x);
void bulk_upsert(HttpExchange *x);
void bulk_update(HttpExchange *x);
void bulk_merge(HttpExchange *x);
void bulk_delete(HttpExchange *x);
/* query.c */
void query_get(HttpExchange *x);
void query_post(HttpExchange *x);
/* subscriptions.c */
void subscriptions_create(HttpExchange *x);
void subscriptions_list(HttpExchange *x);
void subscriptions_get(HttpExchange *x);
void subscriptions_update(HttpExchange *x);
void subscriptions_delete(HttpExchange *x);
/* contexts.c */
void contexts_add(HttpExchange *x);
void contexts_list(HttpExchange *x);
void contexts_get(HttpExchange *x);
void contexts_delete(HttpExchange *x);
/* Makes the hosted ones known to the tenant's cache. */
Rc contexts_load(Ctx *ctx, Tenant *tenant);
/* components.c: the object of all schemas */
void components_write(JsonWriter *w);

/* openapi.c */
void openapi_get(HttpExchange *x);
/* temporal.c */
void temporal_get(HttpExchange *x);
void temporal_query(HttpExchange *x);
void temporal_query_post(HttpExchange *x);
void temporal_create(HttpExchange *x);
void temporal_append(HttpExchange *x);
/* correct.c */
void temporal_delete(HttpExchange *x);
void temporal_attr_delete(HttpExchange *x);
void temporal_instance_update(HttpExchange *x);
void temporal_instance_delete(HttpExchange *x);
/* purge.c */
void purge_get(HttpExchange *x);
/* discovery.c */
void discovery_types(HttpExchange *x);
void discovery_type(HttpExchange *x);
void discovery_attrs(HttpExchange *x);
void discovery_attr(HttpExchange *x);

/* ---- condition.c: what a write makes sure of before it is done (RFC 9110, 13.1) ---- */

typedef struct Tags {
    bool any;               /* "*" */
    VEC(uint64_t) versions; /* that the entity tags stand for; those of other makers are left out */
} Tags;
typedef struct Conditions {
    const Tags *match, *none_match; /* NULL: not asked; in the request's arena */
} Conditions;

/* If-Match and If-None-Match. RC_INVALID, naming the header: no list of entity tags. */
Rc condition_read(Request *request, Conditions *out);
/* RC_CONFLICT, answered 412: they don't hold for this version, which is there. */
Rc condition_check(Ctx *ctx, const Conditions *conditions, uint64_t version);
/* Whether the operation looks at conditions: writes to one entity and its attributes. */
bool condition_taken(const HttpRoute *route);
/* RC_INVALID for a condition of a write that nobody would look at. */
Rc condition_known(Request *request);
/* The ETag of an entity in this version, shown by these bytes. */
Str condition_tag(Arena *arena, uint64_t version, Str body);

/* ---- parts.c: what a write does, on the newest state ---- */

/* The actor as guards see him: copied into the command. */
typedef struct PartWho {
    const Actor *actor;
    Tenant *tenant;
    Str purpose;
} PartWho;

/* One fragment applied to one entity. */
typedef struct PartEntity {
    PartWho who;
    Str id;
    const Entity *fragment; /* create, replace, append, update, merge */
    Str attr, dataset_id;   /* of the attribute operations */
    bool of_batch;          /* judged for itself before the ledger judges all of them together */
    bool no_overwrite;      /* append */
    bool all_datasets;      /* delete an attribute with all its instances */
    bool upsert_update;     /* upsert: options=update */
    bool unrecorded; /* temporal: nothing of it is recorded, whether there is an entity or not */
    const Match *selector; /* the types that the entity must have; NULL: any */
    Merging merging;       /* merge; payload NULL: the fragment is whole as it is */
    Conditions conditions; /* of its newest version */
} PartEntity;

extern const PartKind part_entity_create, part_entity_replace, part_entity_append,
    part_entity_update, part_entity_merge, part_entity_upsert, part_entity_delete;
extern const PartKind part_attr_partial, part_attr_replace, part_attr_delete;
extern const PartKind part_temporal_record;

/* RC_DENIED for records that other rooms own, by their types or by the id under which those find
 * them. */
Rc part_not_owned(Ctx *ctx, const PartWho *who, const Entity *typed, Str id);

/* A part of the request's actor for an entity, in the command's arena; the id is declared as
 * needed. */
PartEntity *part_entity(Request *request, Command *command, Str id);

/* Many entities by one command; each is judged by `kind` for itself. Result: {created, success,
 * errors}. */
typedef struct PartBatch {
    const PartKind *kind;
    const PartEntity *items;
    size_t n;
} PartBatch;
/* What one of a batch takes: attributes are copied, and asked for each type. before: NULL, there is
 * none. At most BROKER_WORK_MAX together are gone into. */
size_t part_work(const Entity *before, const PartEntity *part);
extern const PartKind part_entity_batch;

/* The problem document of an error (clause 5.5.2, RFC 9457), and its status. */
const Json *problem_json(Arena *arena, const Error *error);
int problem_status(const Error *error);

#endif
