#include "city_int.h"
#include "starter_series.h"

#include "connect/connect.h"

enum { SEED = 999997, TEXT_MAX = 4 << 20 };
#define KEPT_FOR     (28 * TIME_DAY) /* how far back the first start goes */
#define COUNTER      "machi-station"
#define COUNTER_NAME "まち駅,Machi Station" /* in both languages */

/* ---- through the import ---- */

static Rc refused(Ctx *ctx, Str name, const Json *report) {
    const Json *row = json_at(json_get(report, STR("listedRows")), 0);
    return ctx_fail(ctx, RC_FAILED, "starter-rows", name,
                    "Rows of the starter city are not taken: line %lld, " STR_FMT ": " STR_FMT,
                    (long long)json_get_int(row, "line", 0), STR_ARG(json_get_str(row, "column")),
                    STR_ARG(json_get_str(row, "reason")));
}

static Rc bring(Ctx *ctx, Str name, Str text) {
    const Json *organisation, *report;
    TRY(starter_json(ctx, STR("organisation.json"), &organisation));
    ConnectWish wish = {
        .path = name, .bytes = text, .municipality = json_get_str(organisation, "code")};
    TRY(connect_import(ctx, &wish, &report));
    return json_get_int(report, "listed", 0) ? refused(ctx, name, report) : RC_OK;
}

Rc starter_places(Ctx *ctx) {
    for (size_t i = 0; i < city_file_count; i++) {
        Str path = str_of(city_files[i].path);
        if (str_starts(path, STR("places/")) || str_starts(path, STR("inventory/")))
            TRY(bring(ctx, path, city_starter_file(path)));
    }
    return RC_OK;
}

/* ---- what is read from then on ---- */

/* When the entity's reading is from; TIME_NONE: it has none. */
static int64_t read_last(const Entity *entity, Str iri) {
    const Attr *attr = entity_attr(entity, iri);
    return attr ? attr->observed_at : TIME_NONE;
}

static int64_t read_from(int64_t last, int64_t now, int64_t every) {
    int64_t first = now - KEPT_FOR;
    if (last != TIME_NONE && last + 1 > first) first = last + 1;
    return (first + every - 1) / every * every;
}

/* "2026-11-28T20:00": the time in Japan. */
static Str minute(Arena *arena, int64_t at) {
    return str_head(time_format(arena, at + TIME_JST), 16);
}

static int gauge_order(Str id) {
    int64_t order = 1;
    while (str_find_char(id, '-') >= 0)
        id = str_sub(id, (size_t)str_find_char(id, '-') + 1, id.len);
    return str_to_i64(id, &order) ? (int)order : 1;
}

static Str gauge_number(Str id) {
    return str_sub(id, sizeof "urn:ngsi-ld:RiverGauge:" - 1, id.len);
}

static void gauge_rows(Ctx *ctx, const Gauge *gauge, Buf *to) {
    int64_t now = time_now(ctx->clock);
    SeriesGauge place = {.order = gauge_order(gauge->id),
                         .first = gauge->thresholds.items[0].value,
                         .caution = gauge->thresholds.items[1].value};
    for (int64_t at = read_from(gauge->at, now, TIME_HOUR); at <= now; at += TIME_HOUR) {
        buf_add(to, minute(ctx->arena, at));
        buf_add(to, STR(","));
        buf_add(to, gauge_number(gauge->id));
        buf_add(to, str_fmt(ctx->arena, ",%.2f\n", series_level(SEED, &place, at)));
    }
}

/* The city's own gauges: those of other cities, which were brought in, measure for themselves. */
static bool is_own(Str id, Str code) {
    Str number = str_starts(id, STR("urn:ngsi-ld:RiverGauge:")) ? gauge_number(id) : STR_NONE;
    return str_starts(number, code) && str_starts(str_sub(number, code.len, number.len), STR("-"));
}

static Rc levels(Ctx *ctx) {
    Gauges gauges;
    const Json *organisation;
    Buf text = buf_new(ctx->arena, TEXT_MAX);
    TRY(starter_json(ctx, STR("organisation.json"), &organisation));
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    TRY(insight_gauges(ctx, &gauges));
    buf_add(&text, STR("日時,id,河川水位\n"));
    size_t head = text.len;
    VEC_EACH (const Gauge, gauge, &gauges)
        if (is_own(gauge->id, json_get_str(organisation, "code")) && gauge->thresholds.len > 1)
            gauge_rows(ctx, gauge, &text);
    TRY(buf_rc(&text));
    return text.len == head ? RC_OK : bring(ctx, STR("waterlevel.csv"), buf_str(&text));
}

/* A day is counted when it is over. */
static Rc people(Ctx *ctx) {
    const Entity *counter;
    Buf text = buf_new(ctx->arena, TEXT_MAX);
    int64_t today = time_jst_start(time_jst_date(time_now(ctx->clock)));
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger,
                          STR("urn:ngsi-ld:PeopleFlowCount:" COUNTER ":Person"), &counter);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    int64_t last = rc == RC_OK ? read_last(counter, STR(LD_DEFAULT "count")) : TIME_NONE;
    buf_add(&text, STR("placement,placement name,placement name in English,object class,aggregate "
                       "from,aggregate to,total count\n"));
    size_t head = text.len;
    for (int64_t at = last == TIME_NONE ? today - KEPT_FOR : last + TIME_DAY; at < today;
         at += TIME_DAY) {
        Date day = time_jst_date(at), next = time_jst_date(at + TIME_DAY);
        buf_add(&text, str_fmt(ctx->arena,
                               COUNTER "," COUNTER_NAME ",Person," STR_FMT " 00:00:00," STR_FMT
                                       " 00:00:00,%lld\n",
                               STR_ARG(time_format_date(ctx->arena, day)),
                               STR_ARG(time_format_date(ctx->arena, next)),
                               (long long)series_people(SEED, day)));
    }
    TRY(buf_rc(&text));
    return text.len == head ? RC_OK : bring(ctx, STR("peopleflow.csv"), buf_str(&text));
}

Rc starter_readings(Ctx *ctx) {
    TRY(levels(ctx));
    return people(ctx);
}
