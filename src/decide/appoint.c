#include "decide.h"

enum { AHEAD_DAYS = 2 * 366, ID_CHARS = 12 };

/* ---- who may ---- */

/* How ctx's actor stands to the two posts of a duty. */
typedef struct Standing {
    bool appoints;       /* for both: its appointing side's orders are his to give */
    bool post, official; /* he heads the division of the one, of the other, or stands above */
} Standing;

static bool appoints(const Ctx *ctx, const Org *org, Str id) {
    const GatePost *post = gate_post(ctx->tenant->gate, id);
    Str own = ctx->actor->post;
    return post && !str_empty(post->appointed) && !str_empty(own) &&
           (str_eq(post->appointed, own) || org_is_above(org, own, post->appointed));
}

/* A chief within a division lends nobody out of it. */
static bool heads(const Ctx *ctx, const Org *org, Str id) {
    const Gate *gate = ctx->tenant->gate;
    const GatePost *own = gate_post(gate, ctx->actor->post),
                   *above = own ? gate_post(gate, own->superior) : NULL;
    return own && org_is_above(org, own->id, id) &&
           !(above && str_eq(above->division, own->division));
}

static Standing standing_of(const Ctx *ctx, const Org *org, Str post, Str main) {
    return (Standing){.appoints = appoints(ctx, org, post) && appoints(ctx, org, main),
                      .post = heads(ctx, org, post),
                      .official = heads(ctx, org, main)};
}

static bool stands_in(GateDutyKind kind) {
    return kind == DUTY_ACTING || kind == DUTY_CHARGE;
}

static bool has_role(const GatePost *post, unsigned roles) {
    return post->roles & roles;
}

/* Whether a post may be given by such a duty at all; NULL: yes, else why not. */
static const char *unfit(GateDutyKind kind, const GatePost *post) {
    static const unsigned chiefs = 1u << ROLE_CHIEF | 1u << ROLE_STEWARD,
                          hands = 1u << ROLE_CLERK | 1u << ROLE_REGISTRAR;
    if (stands_in(kind))
        return has_role(post, chiefs) && !has_role(post, ~(chiefs | hands)) ? NULL : "no-chief";
    if (has_role(post, ~hands)) return "lends-authority";
    if (kind == DUTY_TEAM) return post->team ? NULL : "no-team";
    return post->team ? "team-post" : NULL;
}

Rc appoint_office(Ctx *ctx, AppointOffice *out) {
    org_load_posts(ctx->arena, ctx->tenant->gate, &out->posts);
    return gate_holders(ctx, NULL, &out->officials);
}

/* Own posts alone count for who is above him; NULL: he has none. */
static const GateHolder *official_of(const AppointOffice *office, Str account) {
    VEC_EACH (const GateHolder, one, &office->officials)
        if (str_eq(one->account, account) && one->own) return one;
    return NULL;
}

static Rc permitted(Ctx *ctx, GateAction action) {
    return gate_check(
        ctx, &(GateAsk){.action = action, .type = STR(GATE_DUTY_TYPE), .class = CLASS_INTERNAL});
}

static Rc not_own(Ctx *ctx, Str official) {
    if (!str_eq(official, ctx->actor->id)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "own-duty", STR("official"),
                    "Nobody orders a duty for himself: another has to, who may.");
}

static Rc may_order(Ctx *ctx, const Org *posts, const AppointWish *wish, const GateHolder *official,
                    Str *waits) {
    Standing standing = standing_of(ctx, posts, wish->post, official->posts.items[0]);
    *waits = STR_NONE;
    if (standing.appoints) return RC_OK;
    if (stands_in(wish->kind))
        return ctx_fail(ctx, RC_DENIED, "not-appointing", STR("post"),
                        "Who acts for this post is an order of its appointing side.");
    if (standing.post && standing.official) return RC_OK;
    if (standing.post || standing.official) {
        *waits = standing.post ? STR("official") : STR("post");
        return RC_OK;
    }
    return ctx_fail(ctx, RC_DENIED, "not-head", STR("post"),
                    "This is ordered by a superior of both posts, or asked for by the head of one "
                    "of their divisions.");
}

/* ---- what is ordered ---- */

static Rc fault(Ctx *ctx, const char *code, const char *path, const char *text) {
    return ctx_fail(ctx, RC_INVALID, code, str_of(path), "%s", text);
}

static Rc post_fits(Ctx *ctx, const AppointWish *wish) {
    static const struct {
        const char *code, *text;
    } rows[] = {
        {"no-chief", "Nobody acts for a post that decides nothing: lend it help instead."},
        {"lends-authority", "Help and teams lend hands, not the right to decide: name an acting "
                            "holder instead."},
        {"no-team", "This post is of no project team."},
        {"team-post", "This post is of a project team: name a member of it instead."},
    };
    const GatePost *post = gate_post(ctx->tenant->gate, wish->post);
    if (wish->kind >= DUTY_KINDS) return fault(ctx, "no-kind", "kind", "There is no such duty.");
    if (!post) return fault(ctx, "no-post", "post", "The organisation has no such post.");
    const char *code = unfit(wish->kind, post);
    for (size_t i = 0; code && i < sizeof rows / sizeof *rows; i++)
        if (str_eq(str_of(code), str_of(rows[i].code)))
            return fault(ctx, rows[i].code, "post", rows[i].text);
    if (post->abolished.year && time_date_days(wish->days.until) >= time_date_days(post->abolished))
        return fault(ctx, "abolished", "until",
                     "The post is abolished by then, and its duties end with it.");
    return RC_OK;
}

static Rc ground_fits(Ctx *ctx, Str ground) {
    if (text_is_blank(ctx->arena, ground))
        return fault(ctx, "no-ground", "ground", "Say on which ground: officials read it.");
    if (str_utf8_len(ground) > APPOINT_GROUND)
        return fault(ctx, "long", "ground", "A ground has at most 200 characters.");
    return RC_OK;
}

/* One whose account has the post, on a day. there: and who isn't away. */
static bool has_holder(const Org *org, Str post, Date day, bool there) {
    VEC_EACH (const OrgHolding, holding, &org->holdings)
        if (holding->how == HOW_OWN && !holding->days.from.year && str_eq(holding->post, post) &&
            !(there && org_is_absent(org, holding->person, day)))
            return true;
    return false;
}

/* By law the first in the order who is there; of several who have that post, any who is. */
static bool in_order(const Org *org, const GatePost *post, const GateHolder *official, Date day) {
    Str first = org_by_law(org, post->id, day);
    if (str_empty(first)) return post->acting.len == 0;
    return org_owns(official, first) && !org_is_absent(org, official->account, day);
}

static bool is_above_it(const Org *org, const GateHolder *official, Str post) {
    for (size_t i = 0; i < official->own; i++)
        if (org_is_above(org, official->posts.items[i], post)) return true;
    return false;
}

/* A holder is there on one of the days: on that he acts himself. */
static bool has_holder_on(const Org *org, Str post, OrgDays days) {
    int64_t until = time_date_days(days.until);
    for (int64_t day = time_date_days(days.from); day <= until; day++)
        if (has_holder(org, post, time_days_date(day), true)) return true;
    return false;
}

/* The holders of the post, and of those that act for it by law. */
static Rc stand_in_org(Ctx *ctx, Arena *arena, Str id, Org *out) {
    StrVec near = {0};
    vec_push(ctx->arena, &near, id);
    return org_load(ctx, arena, &near, out);
}

/* Names who is the first, and from when on. */
static Rc not_first(Ctx *ctx, const Org *org, const GatePost *post, Date day) {
    Str first = org_by_law(org, post->id, day), when;
    while (str_empty(first) && (day = org_changes(org, day)).year)
        first = org_by_law(org, post->id, day);
    if (str_empty(first))
        return fault(
            ctx, "nobody-in-order", "official",
            "Nobody who by law acts for this post is there, nor known to be back: somebody "
            "has to have one of the posts of its order.");
    when = time_format_date(ctx->arena, day);
    return ctx_fail(
        ctx, RC_INVALID, "not-in-order",
        str_fmt(ctx->arena, "official." STR_FMT "." STR_FMT, STR_ARG(when), STR_ARG(first)),
        "By law the first of its order who is there acts for this post: from " STR_FMT
        " on that is " STR_FMT ".",
        STR_ARG(when), STR_ARG(first));
}

/* On each of its days the law asks anew who is the first; the order ends before another is. */
static Rc order_lasts(Ctx *ctx, const Org *org, const AppointWish *wish,
                      const GateHolder *official) {
    const GatePost *post = gate_post(ctx->tenant->gate, wish->post);
    int64_t until = time_date_days(wish->days.until);
    if (!in_order(org, post, official, wish->days.from))
        return not_first(ctx, org, post, wish->days.from);
    for (int64_t at = time_date_days(wish->days.from); at <= until; at++) {
        if (in_order(org, post, official, time_days_date(at))) continue;
        Str day = time_format_date(ctx->arena, time_days_date(at));
        return ctx_fail(ctx, RC_INVALID, "order-changes",
                        str_fmt(ctx->arena, "until." STR_FMT, STR_ARG(day)),
                        "From " STR_FMT
                        " on another acts for this post by law, who is the first of its order and "
                        "there: let this order end the day before, and order him from then on.",
                        STR_ARG(day));
    }
    return RC_OK;
}

static Rc stand_in_fits(Ctx *ctx, const Org *org, const AppointWish *wish,
                        const GateHolder *official) {
    const GatePost *post = gate_post(ctx->tenant->gate, wish->post);
    Date day = wish->days.from;
    if (wish->kind == DUTY_ACTING && has_holder_on(org, post->id, wish->days))
        return fault(ctx, "holder-there", "post",
                     "The holder of the post is there on some of these days: he is recorded absent "
                     "on all of them first.");
    if (wish->kind == DUTY_ACTING) TRY(order_lasts(ctx, org, wish, official));
    if (wish->kind == DUTY_CHARGE && has_holder(org, post->id, day, false))
        return fault(ctx, "not-vacant", "post",
                     "The post is held: a superior keeps the business of a vacant one alone.");
    if (wish->kind == DUTY_CHARGE && !is_above_it(org, official, post->id))
        return fault(ctx, "not-above", "official",
                     "The business of a vacant post is kept by a superior of it.");
    return RC_OK;
}

/* Nobody is sent beneath himself, nor by those beneath him. */
static Rc help_fits(Ctx *ctx, const Org *posts, const AppointWish *wish,
                    const GateHolder *official) {
    if (!is_above_it(posts, official, wish->post) &&
        !is_above_it(posts, official, ctx->actor->post))
        return RC_OK;
    return fault(ctx, "superior", "official",
                 "He stands above this post, or above who orders: a superior helps nobody beneath "
                 "him by an order.");
}

static Rc days_fit(Ctx *ctx, OrgDays days, int64_t now) {
    int64_t from = time_date_days(days.from), until = time_date_days(days.until),
            today = time_date_days(time_jst_date(now));
    if (until < from) return fault(ctx, "order", "until", "The last day is before the first one.");
    if (from < today)
        return fault(ctx, "past", "from",
                     "A duty is ordered from today on: nobody had it before it was.");
    if (until > today + AHEAD_DAYS)
        return fault(ctx, "far", "until", "A duty ends within two years: order it anew then.");
    return RC_OK;
}

/* What an order and an agreement stand on. */
static Rc office_fits(Ctx *ctx, const Org *posts, const AppointWish *wish,
                      const GateHolder *official) {
    TRY(post_fits(ctx, wish));
    if (org_owns(official, wish->post))
        return fault(ctx, "holds-it", "official", "He has this post already.");
    return stands_in(wish->kind) ? RC_OK : help_fits(ctx, posts, wish, official);
}

/* ---- the command ---- */

typedef enum AppointVerb { APPOINT_ORDER, APPOINT_AGREE, APPOINT_END } AppointVerb;

typedef struct PartAppoint {
    const Gate *gate;
    AppointVerb verb;
    GateDuty duty;       /* ORDER: the whole; else its post and id, and AGREE: which side agrees */
    Str by;              /* post of who acts */
    GateHolder official; /* ORDER, AGREE: as he was judged, */
    Org org;             /* and ORDER of who stands in: by which days of whom */
} PartAppoint;

static bool overlap(const GateDuty *a, const GateDuty *b) {
    return time_date_days(a->from) <= time_date_days(b->until) &&
           time_date_days(b->from) <= time_date_days(a->until);
}

static AppointWish wish_of(const GateDuty *duty) {
    return (AppointWish){.kind = duty->kind,
                         .official = duty->official,
                         .post = duty->post,
                         .days = {duty->from, duty->until},
                         .ground = duty->ground};
}

static Rc order_guard(Ctx *ctx, const PartAppoint *part, const GateDuties *all, int64_t now) {
    size_t open = 0;
    TRY(days_fit(ctx, (OrgDays){part->duty.from, part->duty.until}, now));
    VEC_EACH (const GateDuty, one, all) {
        if (gate_duty_over(part->gate, one, now)) continue;
        open++;
        if (!overlap(one, &part->duty)) continue;
        if (str_eq(one->official, part->duty.official))
            return fault(ctx, "overlap", "from", "He has this duty on some of these days.");
        if (stands_in(one->kind) && stands_in(part->duty.kind))
            return fault(ctx, "taken", "from",
                         "Another acts for this post on some of these days: end that first.");
    }
    if (open < APPOINT_OPEN) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "too-many", STR("post"),
                    "A post has at most %d duties that are not over.", APPOINT_OPEN);
}

/* The one that is meant, not over; NULL: there is none. */
static GateDuty *duty_meant(const PartAppoint *part, GateDuties *all, int64_t now) {
    VEC_EACH (GateDuty, one, all)
        if (str_eq(one->id, part->duty.id) && !gate_duty_over(part->gate, one, now) &&
            (part->verb != APPOINT_AGREE || str_eq(one->waits, part->duty.waits)))
            return one;
    return NULL;
}

static Rc none_meant(Ctx *ctx) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-duty", STR("id"),
                    "There is no such duty any more: look at the list again.");
}

/* He, and whose days count, as they are at this moment. */
static Rc people_same(Ctx *ctx, Stage *stage, const PartAppoint *part) {
    const GateDuty *duty = &part->duty;
    if (part->verb == APPOINT_END) return RC_OK;
    if (!gate_holder_same(ctx, stage_entity(stage, duty->official), &part->official))
        return ctx_fail(ctx, RC_CONFLICT, "official-changed", STR("official"),
                        "The posts of this official have just changed: look at the list again.");
    if (part->verb == APPOINT_AGREE || !stands_in(duty->kind)) return RC_OK;
    Org org = part->org;
    AppointWish wish = wish_of(duty);
    org_load_absences(ctx->arena, stage, &org);
    return stand_in_fits(ctx, &org, &wish, &part->official);
}

static Rc appoint_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartAppoint *part = args;
    GateDuties all;
    int64_t now = stage_now(stage);
    TRY(people_same(ctx, stage, part));
    gate_duty_read(ctx->arena, stage_entity(stage, gate_duty_id(ctx->arena, part->duty.post)),
                   &all);
    if (part->verb == APPOINT_ORDER) return order_guard(ctx, part, &all, now);
    return duty_meant(part, &all, now) ? RC_OK : none_meant(ctx);
}

static Rc appoint_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartAppoint *part = args;
    GateDuties all, kept = {0};
    int64_t now = stage_now(stage);
    Str id = gate_duty_id(ctx->arena, part->duty.post);
    gate_duty_read(ctx->arena, stage_entity(stage, id), &all);
    GateDuty *meant = part->verb == APPOINT_ORDER ? NULL : duty_meant(part, &all, now);
    if (meant && part->verb == APPOINT_AGREE) {
        meant->waits = STR_NONE;
        meant->agreed_by = part->by;
        meant->agreed_at = now;
    } else if (meant) {
        meant->ended_by = part->by;
        meant->ended_at = now;
    }
    gate_duties_keep(ctx->arena, part->gate, &all, now, &kept);
    if (part->verb == APPOINT_ORDER) {
        GateDuty *ordered = vec_push(ctx->arena, &kept, part->duty);
        ordered->ordered_at = now;
    }
    Entity *after = gate_duty_record(ctx->arena, part->duty.post, &kept);
    stage_put(stage, &(Delta){.op = DELTA_PUT, .id = id, .after = after});
    return RC_OK;
}

static const PartKind part_appoint = {"official.duty", 1, appoint_guard, appoint_apply};

static GateHolder official_dup(Arena *arena, const GateHolder *official) {
    GateHolder copy = {.account = str_dup(arena, official->account), .own = official->own};
    VEC_EACH (const Str, post, &official->posts)
        vec_push(arena, &copy.posts, str_dup(arena, *post));
    return copy;
}

/* What was judged to make it is judged again at its commit. */
static Rc people_add(Ctx *ctx, Command *command, PartAppoint *part, const GateHolder *official) {
    Arena *arena = command_arena(command);
    AppointWish wish = wish_of(&part->duty);
    if (part->verb == APPOINT_END) return RC_OK;
    part->official = official_dup(arena, official);
    command_needs(command, part->official.account);
    if (part->verb == APPOINT_AGREE || !stands_in(part->duty.kind)) return RC_OK;
    TRY(stand_in_org(ctx, arena, part->duty.post, &part->org));
    org_load_needs(command, &part->org);
    return stand_in_fits(ctx, &part->org, &wish, official);
}

static Rc appoint_send(Ctx *ctx, AppointVerb verb, const GateDuty *duty,
                       const GateHolder *official) {
    static const char *const kinds[] = {[APPOINT_ORDER] = "official.duty",
                                        [APPOINT_AGREE] = "official.duty-agreed",
                                        [APPOINT_END] = "official.duty-ended"};
    Outcome outcome;
    Command *command = command_new(ctx->tenant->ledger, (CommandHead){.kind = str_of(kinds[verb]),
                                                                      .actor = ctx->actor->id,
                                                                      .post = ctx->actor->post,
                                                                      .channel = STR("web")});
    Arena *arena = command_arena(command);
    PartAppoint *part = NEW(arena, PartAppoint);
    *part = (PartAppoint){.gate = ctx->tenant->gate,
                          .verb = verb,
                          .duty = *duty,
                          .by = str_dup(arena, ctx->actor->post)};
    part->duty.by = part->by;
    Str *const texts[] = {&part->duty.id, &part->duty.post, &part->duty.official,
                          &part->duty.ground, &part->duty.waits};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = str_dup(arena, *texts[i]);
    gate_guard(ctx, command);
    command_needs(command, gate_duty_id(arena, duty->post));
    command_add(command, &part_appoint, part);
    Rc rc = people_add(ctx, command, part, official);
    if (rc == RC_OK) rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    gate_duty_changed(ctx, duty->post); /* whatever came of it */
    return rc;
}

Rc appoint_order(Ctx *ctx, const AppointWish *wish, bool *waits) {
    AppointOffice office;
    Str side;
    TRY(permitted(ctx, ACT_CREATE));
    TRY(appoint_office(ctx, &office));
    const GateHolder *official = official_of(&office, wish->official);
    if (!official)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-official", STR("official"),
                        "There is no such official, or he has no post of his own.");
    TRY(not_own(ctx, wish->official));
    TRY(post_fits(ctx, wish));
    TRY(may_order(ctx, &office.posts, wish, official, &side));
    TRY(ground_fits(ctx, wish->ground));
    TRY(days_fit(ctx, wish->days, time_now(ctx->clock)));
    TRY(office_fits(ctx, &office.posts, wish, official));
    *waits = !str_empty(side);
    return appoint_send(ctx, APPOINT_ORDER,
                        &(GateDuty){.id = rand_id(ctx->rand, ctx->arena, ID_CHARS),
                                    .post = wish->post,
                                    .official = wish->official,
                                    .kind = wish->kind,
                                    .from = wish->days.from,
                                    .until = wish->days.until,
                                    .ground = str_trim(wish->ground),
                                    .waits = side,
                                    .agreed_at = TIME_NONE,
                                    .ended_at = TIME_NONE},
                        official);
}

/* ---- agreeing and ending ---- */

/* By the policies, once he has confirmed his identity. */
static bool may_change(const Ctx *ctx) {
    Ctx own = *ctx; /* what is refused here is told to nobody */
    return permitted(&own, ACT_UPDATE) == RC_OK || str_eq(own.error.code, STR("needs-step-up"));
}

AppointMay appoint_may(const Ctx *ctx, const AppointOffice *office, const GateDuty *duty) {
    if (!may_change(ctx) || gate_duty_over(ctx->tenant->gate, duty, time_now(ctx->clock)))
        return (AppointMay){0};
    if (str_eq(duty->official, ctx->actor->id)) return (AppointMay){.end = true};
    const GateHolder *official = official_of(office, duty->official);
    Str main = official ? official->posts.items[0] : duty->post; /* he has left: still to end */
    Standing standing = standing_of(ctx, &office->posts, duty->post, main);
    bool side = str_eq(duty->waits, STR("post")) ? standing.post : standing.official,
         head = !stands_in(duty->kind) && (standing.post || standing.official);
    return (AppointMay){.agree = official && !str_empty(duty->waits) && (side || standing.appoints),
                        .end = appoints(ctx, &office->posts, duty->post) || head};
}

/* Of a division he is the head of: whoever is beneath him he may ask to be lent. */
static bool leads(const Ctx *ctx, const Org *posts) {
    VEC_EACH (const OrgPost, post, &posts->posts)
        if (str_eq(post->superior, ctx->actor->post)) return heads(ctx, posts, post->id);
    return false;
}

bool appoint_orders(const Ctx *ctx, const AppointOffice *office, GateDutyKind kind,
                    const GatePost *post) {
    const Org *posts = &office->posts;
    return may_change(ctx) && !unfit(kind, post) &&
           (appoints(ctx, posts, post->id) || (!stands_in(kind) && leads(ctx, posts)));
}

static Rc duty_find(Ctx *ctx, Str post, Str id, GateDuty *out) {
    GateDuties all;
    gate_duties(ctx, &all);
    VEC_EACH (const GateDuty, one, &all)
        if (str_eq(one->post, post) && str_eq(one->id, id)) {
            *out = *one;
            return RC_OK;
        }
    return none_meant(ctx);
}

static Rc appoint_late(Ctx *ctx, AppointVerb verb, Str post, Str id) {
    GateDuty duty;
    AppointOffice office;
    TRY(permitted(ctx, ACT_UPDATE));
    TRY(duty_find(ctx, post, id, &duty));
    TRY(appoint_office(ctx, &office));
    if (gate_duty_over(ctx->tenant->gate, &duty, time_now(ctx->clock)) ||
        (verb == APPOINT_AGREE && str_empty(duty.waits)))
        return none_meant(ctx);
    const GateHolder *official = official_of(&office, duty.official);
    AppointWish wish = wish_of(&duty);
    if (verb == APPOINT_AGREE) TRY(not_own(ctx, duty.official));
    AppointMay may = appoint_may(ctx, &office, &duty);
    if (verb == APPOINT_AGREE && may.agree) TRY(office_fits(ctx, &office.posts, &wish, official));
    if (verb == APPOINT_AGREE ? may.agree : may.end)
        return appoint_send(ctx, verb, &duty, official);
    return ctx_fail(ctx, RC_DENIED, "not-head", STR("id"),
                    "This is for the heads of the two divisions, a superior of both, or the "
                    "appointing side.");
}

Rc appoint_agree(Ctx *ctx, Str post, Str id) {
    return appoint_late(ctx, APPOINT_AGREE, post, id);
}

Rc appoint_end(Ctx *ctx, Str post, Str id) {
    return appoint_late(ctx, APPOINT_END, post, id);
}
