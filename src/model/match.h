/* match: the one exact evaluator of conditions, for queries and subscriptions alike. The store
   proposes a superset; match decides. It sees an entity after the mask. ETSI GS CIM 009 clauses 4.9
   (q), 4.10 (geoQ), 4.11 (temporalQ), 4.17 (types), 4.19 (scopeQ). */
#ifndef MODEL_MATCH_H
#define MODEL_MATCH_H

#include "entity.h"

typedef struct MatchSource {
    StrVec ids;     /* exact ids; empty: any */
    Str id_pattern; /* POSIX-like regular expression, by PCRE2 with match limits */
    Str type; /* type selection: A, A,B, A|B, A;B, (A;B)|C, terms not expanded yet; "*" or empty:
                 any */
    StrVec attrs; /* entities with at least one of these, terms */
    Str q, geometry, georel, geoproperty, coordinates, scope_q;
    Str expand_values; /* attributes whose q values are expanded (clause 4.9). jsonKeys needs no
                          part here: members of compound values are never expanded */
} MatchSource;

typedef struct Match Match;

/* Compiles; terms are expanded by the context. On RC_INVALID ctx->error.path is the parameter ("q")
   and detail tells the offset; RC_LIMIT: longer, deeper or with more terms than is answered
   (TooComplexQuery). The result lives in ctx->arena but for geometry and patterns: give it back by
   match_free. May be shared by threads once compiled. */
Rc match_compile(Ctx *ctx, const LdContext *context, const MatchSource *source, Match **out);
void match_free(Match *match); /* NULL allowed */

/* True when the entity satisfies every condition. scratch is for geometries decoded on the way; it
 * is rewound. Any thread. */
bool match_entity(const Match *match, const Entity *entity, Arena *scratch);

/* What a store can use to propose candidates; all parts are implied by the match (superset rule).
 */
typedef enum MatchOp { MATCH_EXISTS, MATCH_EQ, MATCH_LT, MATCH_LE, MATCH_GT, MATCH_GE } MatchOp;
typedef struct MatchBound {
    Str attr; /* expanded IRI; the value of its instances itself, not of a sub-path */
    MatchOp op;
    const Json *value;
} MatchBound;
/* The scalars of one instance of an attribute that a bound is about, and so what an index for
   bounds must hold: the value itself, each element of an array, the inside of a typed value
   ({"@type", "@value"}), each text of a language map, each object of a (list) relationship. A bound
   is implied when at least one scalar of at least one instance (of any datasetId) meets it: numbers
   compare as numbers, strings byte by byte, kinds never mix. An index that rounds (long text, large
   integers) must round so that it proposes more, never less. */
typedef void (*MatchEach)(void *arg, const Json *scalar);
void match_values(const Attr *instance, MatchEach each, void *arg);
typedef struct MatchHint {
    StrVec ids, types;      /* one of these; empty: any */
    VEC(MatchBound) bounds; /* all of these */
    bool has_box;           /* geoproperty's bounding box meets this one (degrees) */
    Str box_attr;
    double west, south, east, north;
} MatchHint;
const MatchHint *match_hint(const Match *match);
/* True when ids and types of the hint say all that the match says: what a store finds by them needs
 * no decision. */
bool match_hint_is_all(const Match *match);
/* Expanded IRIs of the attributes that q, attrs and the geoquery ask for, id, type, scope and the
   times of the entity left out: for the broker's "too wide" rule (clause 5.7.2), for indexes on
   demand and for subscriptions. */
const StrVec *match_attrs(const Match *match);

/* Distance in metres from the query's geometry for georel=near; -1 when there is none. */
double match_distance(const Match *match, const Entity *entity, Arena *scratch);

/* The temporal part (clause 4.11). */
typedef struct TemporalQuery {
    enum { TEMPORAL_ANY, TEMPORAL_BEFORE, TEMPORAL_AFTER, TEMPORAL_BETWEEN } rel;
    int64_t from, to; /* µs; before: to. after: from. between: both */
    enum { TEMPORAL_OBSERVED, TEMPORAL_CREATED, TEMPORAL_MODIFIED, TEMPORAL_DELETED } property;
    size_t last_n; /* 0: all */
} TemporalQuery;
typedef struct TemporalSource {
    Str timerel, time_at, end_time_at, timeproperty, last_n;
} TemporalSource;
/* All empty: TEMPORAL_ANY. On RC_INVALID ctx->error.path is the parameter at fault. */
Rc match_temporal(Ctx *ctx, const TemporalSource *source, TemporalQuery *out);
/* Whether an instant (TIME_NONE never) lies in the window: lower bounds are in it, upper ones not.
 */
bool match_temporal_holds(const TemporalQuery *query, int64_t time);

/* orderBy (clause 4.23): "attr,attr.sub;desc,location;dist-asc". Ties by id. Strings compare by
   ICU, the root collation unless collation (a BCP 47 tag, RFC 6067) says otherwise; ids and types
   byte by byte. What is absent comes last in both directions. */
typedef struct OrderSource {
    Str order_by;
    Str collation;  /* empty: root ("und") */
    Str order_from; /* coordinates of the geometry for dist-asc and dist-desc; demanded by these */
    Str order_geometry; /* its type; empty: Point */
} OrderSource;
typedef struct OrderBy OrderBy;
/* The result lives in ctx->arena but for the collator: give it back by match_order_free. RC_INVALID
 * as match_compile. */
Rc match_order(Ctx *ctx, const LdContext *context, const OrderSource *source, OrderBy **out);
void match_order_free(OrderBy *order); /* NULL allowed */
int match_compare(const OrderBy *order, const Entity *a, const Entity *b);
/* True when every term is id: what a temporal query allows (clause 5.7.4). */
bool match_order_only_id(const OrderBy *order);

#endif
