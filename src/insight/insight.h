/* insight: the wall's tiles, river gauges with their history, and the places of the map. A tile is
   computed once and given to every viewer; the public wall changes at fixed intervals and never
   lets single cases be told apart. */
#ifndef INSIGHT_INSIGHT_H
#define INSIGHT_INSIGHT_H

#include "gate/gate.h"
#include "http/http.h"
#include "ledger/ledger.h"
#include "project/project.h"

typedef struct Insight Insight;

/* ---- life ---- */

typedef struct InsightOptions {
    int64_t public_every; /* µs between changes of the public wall; 0: one minute */
    int64_t staff_every;  /* µs at least between two computations; 0: one second */
    Str ground;           /* GeoJSON beneath the places (starter/README.md); empty: none. Outlives
                             the tenant */
} InsightOptions;
/* Between project_new (it adds the follower "wall") and project_start; sets tenant->insight.
 * RC_INVALID: the ground is no GeoJSON with an outline. */
Rc insight_open(Ctx *ctx, Tenant *tenant, const InsightOptions *options);
/* Starts computing; after project_start and gate_open. */
Rc insight_start(Ctx *ctx, Tenant *tenant);
/* Ends computing; after the server has stopped, before the project stops. */
void insight_stop(Tenant *tenant);
/* After the project has stopped. */
void insight_close(Tenant *tenant);

/* ---- tiles ---- */

typedef enum TileLevel { LEVEL_NONE, LEVEL_OK, LEVEL_WARN, LEVEL_BAD, LEVEL_OLD } TileLevel;
/* "ok", "warn", "bad", "old"; NULL for none. */
const char *level_word(TileLevel level);

typedef struct Tile {
    Str id;
    Str label_ja, label_en, unit_ja, unit_en, source_ja, source_en, url;
    bool known;  /* there is a figure */
    bool few;    /* public: under ten, so no figure */
    bool about;  /* public: held to tens */
    bool front;  /* shown on the home page */
    bool steady; /* time is since when the figure has stood, not a time of the data */
    enum { TILE_ALL, TILE_STAFF, TILE_PUBLIC } audience;
    bool cases; /* counts cases: everybody sees `held` */
    double value;
    int decimals;
    int64_t time;
    int64_t n;             /* records behind it; -1: not said */
    int64_t held, held_at; /* of cases; TIME_NONE: when it is put on the wall, as the time of the
                              change tells of one case */
    TileLevel level;
} Tile;
typedef VEC(Tile) Tiles;

typedef enum WallBoard { WALL_STAFF, WALL_PUBLIC, WALL_BOARDS } WallBoard;
/* The tiles as they stand on that wall, copied into the arena, and when they were put there. Any
 * thread. */
void insight_tiles(Insight *insight, Arena *arena, WallBoard board, Tiles *out, int64_t *at);
/* One tile by id; false when the wall has none. */
bool insight_tile(Insight *insight, Arena *arena, Str id, Tile *out);
/* A tile as pages and viewers get it. */
Json tile_json(Arena *arena, const Tile *tile);
/* A handler's last act, on a loop: keeps the viewer connected and pushes "tile" events, until he
   goes, or a few seconds after his session has ended. */
void insight_watch(HttpExchange *x, WallBoard board);
int64_t insight_public_every(const Insight *insight);

/* Suppression by steps: what may be shown of a count is a multiple of ten, which changes only when
   ten records more or fewer are there, so that no difference of two published figures is about
   fewer than ten; 0: fewer than ten. Pure. */
enum { HOLD_STEP = 10 };
int64_t hold_next(int64_t held, int64_t count);

/* ---- the effect of procedures ---- */
#define EFFECT_BULKY STR("bulky-waste") /* the procedure of cases that name none */
/* What cases that arrived in one month by one channel came to. Seconds; those of waiting are of the
   ended ones alone. */
typedef struct Effect {
    Str procedure, month, channel; /* "2026-11"; "web", "phone", "counter" */
    int64_t cases, ended;
    int64_t asked; /* that went back to whose they are, at least once */
    int64_t office, holder,
        other;              /* waited for the office, for whose they are, for another office */
    int64_t touch, touched; /* work on their pages; and how many cases it was measured of */
    int64_t automatic;      /* that a rule moved without a person */
    int64_t judged, wrong;  /* what rules moved or prepared and a person judged, and found wrong */
} Effect;
typedef VEC(Effect) Effects;
/* By procedure, month and channel, from a month on; procedure empty: all. Lives in ctx->arena. Pool
   threads. */
Rc insight_effects(Ctx *ctx, Str procedure, Str from, Effects *out);

/* Work on the cases of a procedure by the step, the state of a case, at which it was done. Cases in
   which it wasn't kept at which, have none. */
typedef struct EffectStep {
    Str month, channel, step;
    int64_t seconds, cases;
} EffectStep;
typedef VEC(EffectStep) EffectSteps;
Rc insight_effect_steps(Ctx *ctx, Str procedure, Str from, EffectSteps *out);

/* ---- gauges ---- */

typedef struct Threshold {
    Str label_ja, label_en;
    double value;
    TileLevel level; /* reached from this value on */
} Threshold;
typedef VEC(Threshold) Thresholds;
typedef struct Gauge {
    Str id, name, name_en, river, river_en, address, administrator, source;
    bool measured;
    double level; /* metres */
    int64_t at;
    Thresholds thresholds; /* rising */
    TileLevel state;
} Gauge;
typedef VEC(Gauge) Gauges;
/* A reading older than this says nothing about now. */
#define GAUGE_FRESH (6 * TIME_HOUR)
TileLevel level_of(const Thresholds *thresholds, double value);
/* All gauges that the actor may see, the most pressing first. Pool threads. */
Rc insight_gauges(Ctx *ctx, Gauges *out);
/* RC_NOT_FOUND: none of that id that the actor may see. */
Rc insight_gauge(Ctx *ctx, Str id, Gauge *out);

/* Readings drawn together in spans of time, with the lowest and the highest of each: what was a
   peak stays one. width 0: every reading is a point of its own. */
typedef struct Span {
    int64_t from, to; /* times of the first and the last reading */
    double low, high, sum;
    int64_t n;
} Span;
typedef struct Spans {
    VEC(Span) items;
    size_t max; /* at most so many */
    int64_t width;
    int64_t n;
    double low, high;
} Spans;
void spans_add(Arena *arena, Spans *spans, int64_t at, double value); /* in the order of time */
/* The history of a gauge in [from, to). */
Rc insight_history(Ctx *ctx, const Gauge *gauge, int64_t from, int64_t to, Spans *out);
/* The same, each reading, as CSV (RFC 4180, CRLF). RC_LIMIT: more than an answer holds. */
Rc insight_csv(Ctx *ctx, const Gauge *gauge, int64_t from, int64_t to, Buf *out);

/* ---- places ---- */

/* What one looks for in an emergency comes first. */
typedef enum PlaceLayer {
    LAYER_SHELTER,
    LAYER_SITE,
    LAYER_AED,
    LAYER_GAUGE,
    LAYER_TOILET,
    LAYER_FACILITY,
    LAYER_PARK,
    LAYER_PRESCHOOL,
    LAYERS
} PlaceLayer;
enum { LAYERS_ALL = (1 << LAYERS) - 1, LAYERS_URGENT = (1 << (LAYER_GAUGE + 1)) - 1 };
/* "shelter", "site", "aed", "gauge" ...; and back, LAYERS when there is none. */
Str layer_word(PlaceLayer layer);
PlaceLayer layer_of(Str word);
Str layer_type(PlaceLayer layer); /* the entity type's term */

typedef struct Extent {
    double west, south, east, north; /* degrees */
} Extent;
bool extent_holds(const Extent *outer, const Extent *inner);

typedef struct Place {
    PlaceLayer layer;
    Str id, name_ja, name_en, address, detail_ja, detail_en, url;
    bool located;
    double lon, lat;
    TileLevel level;
} Place;
typedef struct Places {
    VEC(Place) items; /* by layer, then id */
    size_t counts[LAYERS];
    bool more;    /* there are more than are held */
    bool bounded; /* at least one has a position */
    Extent extent;
} Places;
/* What everybody may see, whoever asks; kept for a second. Copied into ctx->arena. Pool threads. */
Rc insight_places(Ctx *ctx, Places *out);
/* GeoJSON (RFC 7946) of the layers, bits 1 << PlaceLayer. */
Rc places_geojson(const Places *places, unsigned layers, Buf *out);

/* What the map draws beneath the places, with the extent of the municipality's outline. */
typedef struct Ground {
    Str geojson;
    bool bounded;
    Extent extent;
} Ground;
/* NULL: the tenant has none, and the map draws places on a plain ground. */
const Ground *insight_ground(const Insight *insight);

#endif
