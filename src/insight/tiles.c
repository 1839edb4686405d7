/* tiles: every figure of the wall, computed once for all who look. */
#include "insight_int.h"

enum { GAUGES_SHOWN = 3, PLACES_SEEN = 1000, WAITING_WARN = 50, WAITING_BAD = 150 };

#define T(literal) STR(literal)

typedef struct Computing {
    Ctx *ctx;
    Insight *insight;
    Tiles *tiles;
    int64_t now;
} Computing;

/* ---- cases ---- */

static Tile case_tile(const Tally *tally, int64_t now) {
    return (Tile){.known = true,
                  .cases = true,
                  .value = (double)tally->count,
                  .n = tally->count,
                  .time = tally->at == TIME_NONE ? now : tally->at,
                  .held = tally->held,
                  .held_at = TIME_NONE,
                  .steady = tally->at == TIME_NONE,
                  .unit_ja = T("件"),
                  .unit_en = T("cases"),
                  .source_ja = T("粗大ごみ収集の受付簿"),
                  .source_en = T("Register of bulky-waste cases")};
}

static Rc received_tile(Computing *c) {
    Tally tally;
    TRY(tally_received(c->ctx, time_jst_date(c->now), &tally));
    Tile tile = case_tile(&tally, c->now);
    tile.id = T("received");
    tile.label_ja = T("今月の粗大ごみ申込み");
    tile.label_en = T("Bulky-waste applications this month");
    tile.front = true;
    vec_push(c->ctx->arena, c->tiles, tile);
    return RC_OK;
}

static Rc waiting_tile(Computing *c) {
    Tally tally;
    TRY(tally_waiting(c->ctx, &tally));
    Tile tile = case_tile(&tally, c->now);
    tile.id = T("waiting");
    tile.label_ja = T("確認を待つ申込み");
    tile.label_en = T("Applications waiting to be checked");
    tile.level = tally.count >= WAITING_BAD    ? LEVEL_BAD
                 : tally.count >= WAITING_WARN ? LEVEL_WARN
                                               : LEVEL_OK;
    vec_push(c->ctx->arena, c->tiles, tile);
    return RC_OK;
}

/* The public one names only a day with enough pickups: which day has any would tell of single
 * ones. */
static Rc pickups_tile(Computing *c, bool held) {
    Arena *arena = c->ctx->arena;
    Date day, tomorrow = time_days_date(time_date_days(time_jst_date(c->now)) + 1);
    Tally tally;
    TRY(tally_pickups(c->ctx, tomorrow, held, &day, &tally));
    Tile tile = case_tile(&tally, c->now);
    tile.id = T("pickups");
    tile.audience = held ? TILE_PUBLIC : TILE_STAFF;
    tile.label_ja = T("次の収集日の予定");
    tile.label_en = T("Pickups on the next collection day");
    if (day.year) {
        static const char *const months[] = {"January",   "February", "March",    "April",
                                             "May",       "June",     "July",     "August",
                                             "September", "October",  "November", "December"};
        tile.label_ja = str_fmt(arena, "%d月%d日の収集予定", day.month, day.day);
        tile.label_en = str_fmt(arena, "Pickups on %d %s", day.day, months[day.month - 1]);
    }
    tile.unit_en = T("stops");
    vec_push(arena, c->tiles, tile);
    return RC_OK;
}

/* ---- what the city has ---- */

static const struct {
    const char *id, *type, *url;
    Str label_ja, label_en, unit_ja, unit_en;
} kept[] = {
    {"shelters",
     LD_DEFAULT "Shelter",
     "/map?layer=shelter",
     {"指定避難所", 15},
     {"Designated shelters", 19},
     {"か所", 6},
     {"places", 6}},
    {"sites",
     LD_DEFAULT "EvacuationSite",
     "/map?layer=site",
     {"指定緊急避難場所", 24},
     {"Emergency evacuation sites", 26},
     {"か所", 6},
     {"places", 6}},
    {"aeds",
     LD_DEFAULT "AED",
     "/map?layer=aed",
     {"AED", 3},
     {"AEDs", 4},
     {"か所", 6},
     {"places", 6}},
    {"datasets",
     LD_DEFAULT "Dataset",
     "/data",
     {"オープンデータ", 21},
     {"Open datasets", 13},
     {"件", 3},
     {"datasets", 8}},
};

static int64_t count_of(const EntityCounts *counts, Str type) {
    VEC_EACH (const EntityCount, count, counts)
        if (str_eq(count->type, type)) return (int64_t)count->count;
    return 0;
}

static Rc kept_tiles(Computing *c) {
    EntityCounts counts;
    TRY(reader_entity_counts(c->ctx, c->ctx->db, &counts));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const DictType *type = dictionary_type(c->ctx->tenant->dictionary, str_of(kept[i].type));
        if (!type) continue;
        int64_t n = count_of(&counts, str_of(kept[i].type));
        bool standard = !str_empty(type->standard);
        vec_push(c->ctx->arena, c->tiles,
                 (Tile){.id = str_of(kept[i].id),
                        .label_ja = kept[i].label_ja,
                        .label_en = kept[i].label_en,
                        .unit_ja = kept[i].unit_ja,
                        .unit_en = kept[i].unit_en,
                        .url = str_of(kept[i].url),
                        .source_ja = standard ? type->standard : type->label_ja,
                        .source_en = type->label_en,
                        .known = true,
                        .steady = true,
                        .audience = type->class == CLASS_OPEN ? TILE_ALL : TILE_STAFF,
                        .value = (double)n,
                        .n = n,
                        .time = c->now});
    }
    return RC_OK;
}

/* ---- sensors ---- */

/* A division of the city in English, by the name that the gauge's data give it; others as they are
 * called. */
static Str keeper_english(Computing *c, Str ja) {
    const Tenant *tenant = c->ctx->tenant;
    const Json *organisation = tenant->gate ? gate_organisation(tenant->gate) : NULL;
    const Json *city = json_get(organisation, STR("name")),
               *divisions = json_get(organisation, STR("divisions"));
    Str name = json_get_str(city, "ja");
    if (!city || !str_starts(ja, name)) return ja;
    for (size_t i = 0; divisions && i < divisions->len; i++) {
        const Json *both = json_get(json_at(divisions, i), STR("name"));
        if (str_eq(str_sub(ja, name.len, ja.len), json_get_str(both, "ja")))
            return str_fmt(c->ctx->arena, STR_FMT ", " STR_FMT, STR_ARG(json_get_str(both, "en")),
                           STR_ARG(json_get_str(city, "en")));
    }
    return ja;
}

static Rc gauge_tiles(Computing *c) {
    Arena *arena = c->ctx->arena;
    Gauges gauges;
    TRY(insight_gauges(c->ctx, &gauges));
    for (size_t i = 0; i < gauges.len && i < GAUGES_SHOWN && gauges.items[i].measured; i++) {
        const Gauge *gauge = &gauges.items[i];
        bool said = !str_empty(gauge->administrator);
        Tile tile = {
            .id = gauge->id,
            .label_ja = str_fmt(arena, STR_FMT " " STR_FMT "の水位", STR_ARG(gauge->river),
                                STR_ARG(gauge->name)),
            .label_en = str_fmt(arena, "Water level, " STR_FMT " at " STR_FMT,
                                STR_ARG(gauge->river_en), STR_ARG(gauge->name_en)),
            .unit_ja = T("m"),
            .unit_en = T("m"),
            .source_ja = said ? gauge->administrator : T("水位計"),
            .source_en = said ? keeper_english(c, gauge->administrator) : T("River gauge"),
            .url = str_fmt(arena, "/gauges/" STR_FMT, STR_ARG(http_url_encode(arena, gauge->id))),
            .known = true,
            .front = i == 0,
            .value = gauge->level,
            .decimals = 2,
            .time = gauge->at,
            .level = gauge->state};
        TRY(tally_readings(c->ctx, gauge->id, &tile.n));
        vec_push(arena, c->tiles, tile);
    }
    return RC_OK;
}

static bool later_count(const Entity *entity, const Entity *best) {
    const Attr *a = entity_attr(entity, IRI("count")),
               *b = best ? entity_attr(best, IRI("count")) : NULL;
    if (!a || !a->value || a->value->kind != JSON_NUMBER) return false;
    return !b || a->observed_at > b->observed_at;
}

static void people_unit(Tile *tile, int64_t period) {
    bool day = period == 86400, hour = period == 3600;
    tile->unit_ja = day ? T("人/日") : hour ? T("人/時") : T("人");
    tile->unit_en = day ? T("a day") : hour ? T("an hour") : T("people");
}

/* The newest count there is. */
static Rc people_tile(Computing *c) {
    ProjectAnswer answer;
    const Entity *best = NULL;
    TRY(insight_list(c->ctx, &(Listed){"PeopleFlowCount", PLACES_SEEN}, &answer));
    for (size_t i = 0; i < answer.entities.len; i++)
        if (later_count(answer.entities.items[i], best)) best = answer.entities.items[i];
    if (!best) return RC_OK;
    const Attr *count = entity_attr(best, IRI("count"));
    Str name = entity_text(best, IRI("name")), name_en = entity_text(best, IRI("nameEn"));
    Tile tile = {.id = T("people"),
                 .label_ja = T("駅の人出"),
                 .label_en = T("People at the station"),
                 .source_ja = str_empty(name) ? T("人流計測") : name,
                 .source_en = str_empty(name_en) ? T("People-flow count") : name_en,
                 .known = true,
                 .front = true,
                 .value = json_number(count->value),
                 .time = count->observed_at != TIME_NONE ? count->observed_at : count->modified_at};
    people_unit(&tile, entity_int(best, IRI("periodSeconds"), 0));
    TRY(tally_readings(c->ctx, best->id, &tile.n));
    vec_push(c->ctx->arena, c->tiles, tile);
    return RC_OK;
}

/* ---- the ledger ---- */

/* A checkpoint's second line is the number of leaves that it covers. */
static int64_t checkpoint_size(Str note) {
    Str origin, line;
    int64_t size = 0;
    if (!str_split(&note, '\n', &origin) || !str_split(&note, '\n', &line)) return 0;
    return str_to_i64(line, &size) ? size : 0;
}

static Rc ledger_tile(Computing *c) {
    Insight *insight = c->insight;
    Str note;
    Rc rc = ledger_checkpoint(c->ctx, c->ctx->tenant->ledger, &note);
    if (rc == RC_NOT_FOUND) return RC_OK; /* none in the first second */
    TRY(rc);
    int64_t size = checkpoint_size(note);
    if (size != insight->checkpoint_size) {
        insight->checkpoint_size = size;
        insight->checkpoint_at = c->now;
    }
    vec_push(c->ctx->arena, c->tiles,
             (Tile){.id = T("ledger"),
                    .label_ja = T("改ざんを検知できる記録"),
                    .label_en = T("Records in the tamper-evident ledger"),
                    .unit_ja = T("件"),
                    .unit_en = T("records"),
                    .source_ja = T("台帳の署名済みチェックポイント"),
                    .source_en = T("Signed checkpoint of the ledger"),
                    .known = true,
                    .cases = true,
                    .value = (double)size,
                    .n = size,
                    .held = size / HOLD_STEP * HOLD_STEP,
                    .held_at = insight->checkpoint_at,
                    .time = insight->checkpoint_at});
    return RC_OK;
}

Rc tiles_compute(Ctx *ctx, Insight *insight, Tiles *out) {
    static Rc (*const makers[])(Computing *) = {gauge_tiles, people_tile, received_tile,
                                                waiting_tile};
    Computing c = {ctx, insight, out, time_now(ctx->clock)};
    *out = (Tiles){0};
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        TRY(makers[i](&c));
    TRY(pickups_tile(&c, false));
    TRY(pickups_tile(&c, true));
    TRY(kept_tiles(&c));
    return ledger_tile(&c);
}

/* ---- audiences ---- */

static Tile public_of(const Tile *tile, int64_t now) {
    Tile out = *tile;
    if (tile->cases) {
        out.value = (double)tile->held;
        out.few = tile->held == 0;
        out.about = !out.few;
        out.steady = tile->held_at == TIME_NONE;
        out.time = out.steady ? now : tile->held_at;
        out.n = -1;
        out.level = LEVEL_NONE;
    } else if (str_eq(tile->id, STR("people")) && tile->value < HOLD_STEP) {
        out.few = true;
    }
    return out;
}

void tiles_public(Arena *arena, const Tiles *all, int64_t now, Tiles *out) {
    *out = (Tiles){0};
    VEC_EACH (const Tile, tile, all)
        if (tile->audience != TILE_STAFF) vec_push(arena, out, public_of(tile, now));
}

/* ---- one tile ---- */

static bool texts_same(const Tile *a, const Tile *b) {
    return str_eq(a->id, b->id) && str_eq(a->label_ja, b->label_ja) &&
           str_eq(a->source_ja, b->source_ja) && str_eq(a->unit_ja, b->unit_ja);
}

static bool number_same(double a, double b) {
    return !(a < b) && !(a > b);
}

bool tile_same(const Tile *a, const Tile *b) {
    bool time = a->steady ? b->steady : a->time == b->time;
    return time && texts_same(a, b) && number_same(a->value, b->value) && a->few == b->few &&
           a->level == b->level && a->n == b->n;
}

Tile tile_dup(Arena *arena, const Tile *tile) {
    Tile out = *tile;
    Str *texts[] = {&out.id,      &out.label_ja,  &out.label_en,  &out.unit_ja,
                    &out.unit_en, &out.source_ja, &out.source_en, &out.url};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = str_dup(arena, *texts[i]);
    return out;
}

static void member(Arena *arena, JsonMembers *to, const char *name, Json value) {
    vec_push(arena, to, (JsonMember){str_of(name), value});
}

static Json both(Arena *arena, Str ja, Str en) {
    JsonMembers text = {0};
    member(arena, &text, "ja", json_of_str(ja));
    member(arena, &text, "en", json_of_str(en));
    return json_of_members(text.items, text.len);
}

static Json text_or_null(Str text) {
    return str_empty(text) ? json_of_null() : json_of_str(text);
}

static Json figure(const Tile *tile) {
    if (!tile->known || tile->few) return json_of_null();
    return tile->decimals ? json_of_number(tile->value) : json_of_int((int64_t)tile->value);
}

Json tile_json(Arena *arena, const Tile *tile) {
    JsonMembers to = {0};
    const char *level = level_word(tile->level);
    Str time = tile->time == TIME_NONE ? STR_NONE : time_format(arena, tile->time);
    bool counted = tile->n >= 0 && !tile->few;
    member(arena, &to, "id", json_of_str(tile->id));
    member(arena, &to, "label", both(arena, tile->label_ja, tile->label_en));
    member(arena, &to, "value", figure(tile));
    member(arena, &to, "decimals", json_of_int(tile->decimals));
    member(arena, &to, "few", json_of_bool(tile->few));
    member(arena, &to, "about", json_of_bool(tile->about));
    member(arena, &to, "unit", both(arena, tile->unit_ja, tile->unit_en));
    member(arena, &to, "source", both(arena, tile->source_ja, tile->source_en));
    member(arena, &to, "time", text_or_null(time));
    member(arena, &to, "n", counted ? json_of_int(tile->n) : json_of_null());
    member(arena, &to, "level", level ? json_of_str(str_of(level)) : json_of_null());
    member(arena, &to, "url", text_or_null(tile->url));
    return json_of_members(to.items, to.len);
}
