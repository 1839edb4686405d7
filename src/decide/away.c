#include "decide.h"

#include <stdlib.h>

#define IRI(term) STR(LD_DEFAULT term)

enum { AHEAD_DAYS = 2 * 366 };

Str away_id(Arena *arena, Str account) {
    Str suffix = str_sub(account, sizeof "urn:ngsi-ld:Account:" - 1, account.len);
    return str_fmt(arena, "urn:ngsi-ld:Absence:" STR_FMT, STR_ARG(suffix));
}

/* ---- the record ---- */

void away_read(Arena *arena, const Entity *record, AwaySpans *out) {
    const Attr *attr = record ? entity_attr(record, IRI("absences")) : NULL;
    *out = (AwaySpans){0};
    for (size_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        const Json *one = json_at(attr->value, i);
        AwaySpan span = {.by = json_get_str(one, "by")};
        if (time_parse_date(json_get_str(one, "from"), &span.days.from) &&
            time_parse_date(json_get_str(one, "until"), &span.days.until))
            vec_push(arena, out, span);
    }
}

static Json spans_json(Arena *arena, const AwaySpans *spans) {
    JsonItems items = {0};
    VEC_EACH (const AwaySpan, span, spans) {
        JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
        members[0] =
            (JsonMember){STR("from"), json_of_str(time_format_date(arena, span->days.from))};
        members[1] =
            (JsonMember){STR("until"), json_of_str(time_format_date(arena, span->days.until))};
        members[2] = (JsonMember){STR("by"), json_of_str(span->by)};
        vec_push(arena, &items, json_of_members(members, 3));
    }
    return json_of_items(items.items, items.len);
}

static bool is_over(const AwaySpan *span, Date day) {
    return time_date_days(span->days.until) < time_date_days(day);
}

static void spans_open(Arena *arena, const Entity *record, Date day, AwaySpans *out) {
    AwaySpans all;
    *out = (AwaySpans){0};
    away_read(arena, record, &all);
    VEC_EACH (const AwaySpan, span, &all)
        if (!is_over(span, day)) vec_push(arena, out, *span);
}

Rc away_of(Ctx *ctx, Str account, Date day, AwaySpans *out) {
    const Entity *record = NULL;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, away_id(ctx->arena, account), &record);
    if (rc != RC_NOT_FOUND) TRY(rc);
    spans_open(ctx->arena, rc == RC_OK ? record : NULL, day, out);
    return RC_OK;
}

/* ---- who may ---- */

/* By his own posts: an absence is of the whole person, and who helps beneath another stays his
 * superior. */
static bool is_beneath(const Ctx *ctx, const GateHolder *holder) {
    const Gate *gate = ctx->tenant->gate;
    for (size_t own = 0; own < holder->own; own++) {
        const GatePost *post = gate_post(gate, holder->posts.items[own]);
        for (int i = 0; post && i < ROUTE_STAGES_MAX; i++) {
            if (!str_empty(post->superior) && str_eq(post->superior, ctx->actor->post)) return true;
            post = gate_post(gate, post->superior);
        }
    }
    return false;
}

static bool rules(const Ctx *ctx, const GateHolder *holder) {
    return ctx->actor->kind == ACTOR_SYSTEM || ctx->actor->roles & 1u << ROLE_OPERATOR ||
           str_eq(holder->account, ctx->actor->id) || is_beneath(ctx, holder);
}

Rc away_ruled(Ctx *ctx, GateHolders *out) {
    GateHolders all;
    *out = (GateHolders){0};
    TRY(gate_holders(ctx, NULL, &all));
    VEC_EACH (const GateHolder, one, &all)
        if (rules(ctx, one)) vec_push(ctx->arena, out, *one);
    return RC_OK;
}

static Rc may_record(Ctx *ctx, Str account, GateHolder *out) {
    GateHolders all;
    GateAsk ask = {.action = ACT_CREATE, .type = STR(AWAY_TYPE), .class = CLASS_INTERNAL};
    TRY(gate_check(ctx, &ask));
    TRY(gate_holders(ctx, NULL, &all));
    VEC_EACH (const GateHolder, one, &all) {
        if (!str_eq(one->account, account)) continue;
        *out = *one;
        if (rules(ctx, one)) return RC_OK;
        return ctx_fail(ctx, RC_DENIED, "not-superior", STR("official"),
                        "His absence is recorded by himself, by a superior of his, or by the "
                        "operator.");
    }
    return ctx_fail(ctx, RC_NOT_FOUND, "no-official", STR("official"),
                    "There is no such official, or he holds no post.");
}

/* ---- recording ---- */

typedef struct PartAway {
    Str id, account;
    AwaySpan span;
    bool end; /* the span that begins on span.days.from is over */
} PartAway;

static int by_first_day(const void *a, const void *b) {
    int64_t x = time_date_days(((const AwaySpan *)a)->days.from),
            y = time_date_days(((const AwaySpan *)b)->days.from);
    return (x > y) - (x < y);
}

static Rc span_fault(Ctx *ctx, const char *code, const char *path, const char *text) {
    return ctx_fail(ctx, RC_INVALID, code, str_of(path), "%s", text);
}

static Rc span_check(Ctx *ctx, const OrgDays *days, Date today) {
    int64_t from = time_date_days(days->from), until = time_date_days(days->until),
            now = time_date_days(today);
    if (until < from)
        return span_fault(ctx, "order", "until", "The last day is before the first one.");
    if (from < now)
        return span_fault(ctx, "past", "from",
                          "An absence is recorded from today on: nobody stood in before it was.");
    if (until > now + AHEAD_DAYS)
        return span_fault(ctx, "far", "until",
                          "An absence ends within two years: name an acting holder instead.");
    return RC_OK;
}

static Rc away_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartAway *part = args;
    AwaySpans open;
    Date today = time_jst_date(stage_now(stage));
    spans_open(ctx->arena, stage_entity(stage, part->id), today, &open);
    if (!part->end) TRY(span_check(ctx, &part->span.days, today));
    int64_t from = time_date_days(part->span.days.from),
            until = time_date_days(part->span.days.until);
    VEC_EACH (const AwaySpan, span, &open) {
        int64_t first = time_date_days(span->days.from), last = time_date_days(span->days.until);
        if (part->end && first == from) return RC_OK;
        if (!part->end && from <= last && until >= first)
            return span_fault(ctx, "overlap", "from",
                              "He is recorded absent on some of these days.");
    }
    if (part->end)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-absence", STR("from"),
                        "No absence is recorded from this day on.");
    if (open.len < AWAY_MAX) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "too-many", STR("from"),
                    "An official has at most %d absences ahead.", AWAY_MAX);
}

/* Those that are over go: the ledger has them. */
static Rc away_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartAway *part = args;
    AwaySpans open, kept = {0};
    Date today = time_jst_date(stage_now(stage));
    int64_t now = time_date_days(today), from = time_date_days(part->span.days.from);
    spans_open(ctx->arena, stage_entity(stage, part->id), today, &open);
    VEC_EACH (AwaySpan, span, &open) {
        bool ends = part->end && time_date_days(span->days.from) == from;
        if (ends && from >= now) continue;
        if (ends) span->days.until = time_days_date(now - 1);
        vec_push(ctx->arena, &kept, *span);
    }
    if (!part->end) vec_push(ctx->arena, &kept, part->span);
    if (kept.len) qsort(kept.items, kept.len, sizeof *kept.items, by_first_day);
    Entity *after = entity_new(ctx->arena, part->id, STR(AWAY_TYPE));
    entity_set(ctx->arena, after, IRI("official"), json_of_str(part->account));
    entity_set_kind(ctx->arena, after, ATTR_JSON, IRI("absences"), spans_json(ctx->arena, &kept));
    stage_put(stage, &(Delta){.op = DELTA_PUT, .id = part->id, .after = after});
    return RC_OK;
}

static const PartKind part_away = {"official.away", 1, away_guard, away_apply};

/* Who acts for a post of his own does so while he is away alone. */
static Rc back_add(Ctx *ctx, Command *command, const GateHolder *holder, Date from) {
    AwaySpans open;
    Date today = time_jst_date(time_now(ctx->clock));
    int64_t first = time_date_days(from), now = time_date_days(today);
    TRY(away_of(ctx, holder->account, today, &open));
    VEC_EACH (const AwaySpan, span, &open)
        for (size_t i = 0; i < holder->own && time_date_days(span->days.from) == first; i++)
            gate_duty_back(ctx, command, holder->posts.items[i], first < now ? today : from,
                           span->days.until);
    return RC_OK;
}

/* The order of those who act for a post, as it is on a day. */
typedef struct Order {
    const Org *org;
    const OrgPost *post;
    Date day;
} Order;

/* At which place he is in it; its length: at none. */
static size_t place_of(const GateHolder *official, const Order *order) {
    const OrgPost *post = order->post;
    size_t i = 0;
    while (i < post->acting.len &&
           !(official && org_owns(official, org_acting(order->org, post, i, order->day))))
        i++;
    return i;
}

static const GateHolder *official_of(const GateHolders *all, Str account) {
    VEC_EACH (const GateHolder, one, all)
        if (str_eq(one->account, account)) return one;
    return NULL;
}

/* Duties to act for a post of those behind him in its order. */
static void behind_him(Ctx *ctx, const GateHolders *all, const Order *order,
                       const GateHolder *holder, StrVec *ids) {
    GateDuties duties;
    gate_duties(ctx, &duties);
    VEC_EACH (const GateDuty, duty, &duties)
        if (duty->kind == DUTY_ACTING && str_eq(duty->post, order->post->id) &&
            !gate_duty_over(ctx->tenant->gate, duty, time_now(ctx->clock)) &&
            place_of(official_of(all, duty->official), order) > place_of(holder, order))
            vec_push(ctx->arena, ids, duty->id);
}

/* The law names who acts for a post, whoever was ordered to (地方自治法152条): on the days on which
   he is back after all it is he. posts: those of which an order passes to him. */
static Rc pass_add(Ctx *ctx, Command *command, const GateHolder *holder, Date from, StrVec *posts) {
    GateHolders all;
    AwaySpans open;
    Org org;
    Date today = time_jst_date(time_now(ctx->clock));
    int64_t first = time_date_days(from);
    Date begins = first < time_date_days(today) ? today : from;
    org_load_posts(ctx->arena, ctx->tenant->gate, &org);
    TRY(gate_holders(ctx, NULL, &all));
    TRY(away_of(ctx, holder->account, today, &open));
    VEC_EACH (const OrgPost, post, &org.posts) {
        GateDutyPass pass = {.post = post->id, .official = holder->account, .from = begins};
        Order order = {&org, post, begins};
        if (place_of(holder, &order) < post->acting.len)
            behind_him(ctx, &all, &order, holder, &pass.ids);
        VEC_EACH (const AwaySpan, span, &open) {
            if (!pass.ids.len || time_date_days(span->days.from) != first) continue;
            pass.until = span->days.until;
            gate_duty_pass(ctx, command, &pass);
            vec_push(ctx->arena, posts, post->id);
        }
    }
    return RC_OK;
}

static void back_changed(Ctx *ctx, const GateHolder *holder, const StrVec *passed) {
    for (size_t i = 0; i < holder->own; i++)
        gate_duty_changed(ctx, holder->posts.items[i]);
    VEC_EACH (const Str, post, passed)
        gate_duty_changed(ctx, *post);
}

static Rc away_send(Ctx *ctx, Str account, OrgDays days, bool end) {
    Outcome outcome;
    GateHolder holder = {0};
    StrVec passed = {0};
    TRY(may_record(ctx, account, &holder));
    Command *command =
        command_new(ctx->tenant->ledger,
                    (CommandHead){.kind = end ? STR("official.back") : STR("official.away"),
                                  .actor = ctx->actor->id,
                                  .post = ctx->actor->post,
                                  .channel = STR("web")});
    Arena *arena = command_arena(command);
    PartAway *part = NEW(arena, PartAway);
    gate_guard(ctx, command);
    *part = (PartAway){.id = away_id(arena, account),
                       .account = str_dup(arena, account),
                       .span = {days, str_dup(arena, ctx->actor->post)},
                       .end = end};
    command_needs(command, part->id);
    command_add(command, &part_away, part);
    Rc rc = end ? back_add(ctx, command, &holder, days.from) : RC_OK;
    if (rc == RC_OK && end) rc = pass_add(ctx, command, &holder, days.from, &passed);
    if (rc == RC_OK) rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    if (end) back_changed(ctx, &holder, &passed);
    return rc;
}

Rc away_add(Ctx *ctx, Str account, OrgDays days) {
    return away_send(ctx, account, days, false);
}

Rc away_end(Ctx *ctx, Str account, Date from) {
    return away_send(ctx, account, (OrgDays){.from = from, .until = from}, true);
}
