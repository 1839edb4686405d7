/* duty: the records of duties, and those of all posts as they are known, for requests that may not
   wait for the store. Days end by themselves: each request asks the clock, each commit the record.
 */
#include "gate_int.h"

enum { DUTIES_ARENA = 256 << 20, ID_CHARS = 12, KEPT_DAYS = 366, KEPT_OVER = 200 };

struct Duties {
    pthread_mutex_t reading; /* of those who have changed them, one at a time */
    pthread_mutex_t lock;    /* guards all below */
    Arena *arena;            /* renewed with the list */
    GateDuties list;
};

static const char *const words[] = {[DUTY_ACTING] = "acting",
                                    [DUTY_CHARGE] = "charge",
                                    [DUTY_SUPPORT] = "support",
                                    [DUTY_TEAM] = "team"};

const char *gate_duty_word(GateDutyKind kind) {
    return words[kind];
}

GateDutyKind gate_duty_kind(Str word) {
    for (unsigned kind = 0; kind < DUTY_KINDS; kind++)
        if (str_eq(word, str_of(words[kind]))) return (GateDutyKind)kind;
    return DUTY_KINDS;
}

/* ---- the record ---- */

Str gate_duty_id(Arena *arena, Str post) {
    return str_fmt(arena, "urn:ngsi-ld:Duty:" STR_FMT, STR_ARG(post));
}

static int64_t moment(const Json *json, const char *name) {
    int64_t at;
    return time_parse(json_get_str(json, name), &at) ? at : TIME_NONE;
}

/* One that cannot be read gives nothing. */
static bool duty_read(const Json *json, Str post, GateDuty *out) {
    *out = (GateDuty){.id = json_get_str(json, "id"),
                      .post = post,
                      .official = json_get_str(json, "official"),
                      .kind = gate_duty_kind(json_get_str(json, "kind")),
                      .ground = json_get_str(json, "ground"),
                      .by = json_get_str(json, "by"),
                      .waits = json_get_str(json, "waits"),
                      .agreed_by = json_get_str(json, "agreedBy"),
                      .ended_by = json_get_str(json, "endedBy"),
                      .ordered_at = moment(json, "orderedAt"),
                      .agreed_at = moment(json, "agreedAt"),
                      .ended_at = moment(json, "endedAt"),
                      .by_law = json_get_bool(json, "byLaw", false)};
    return out->kind != DUTY_KINDS && !str_empty(out->official) &&
           time_parse_date(json_get_str(json, "from"), &out->from) &&
           time_parse_date(json_get_str(json, "until"), &out->until);
}

void gate_duty_read(Arena *arena, const Entity *record, GateDuties *out) {
    const Attr *attr = record ? entity_attr(record, GATE_IRI("duties")) : NULL;
    *out = (GateDuties){0};
    for (size_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        GateDuty duty;
        if (duty_read(json_at(attr->value, i), entity_text(record, GATE_IRI("post")), &duty))
            vec_push(arena, out, duty);
    }
}

static void text_add(Arena *arena, JsonMembers *to, const char *name, Str text) {
    if (!str_empty(text)) vec_push(arena, to, (JsonMember){str_of(name), json_of_str(text)});
}

static void moment_add(Arena *arena, JsonMembers *to, const char *name, int64_t at) {
    if (at != TIME_NONE) text_add(arena, to, name, time_format(arena, at));
}

static Json duty_json(Arena *arena, const GateDuty *duty) {
    JsonMembers members = {0};
    text_add(arena, &members, "id", duty->id);
    text_add(arena, &members, "kind", str_of(words[duty->kind]));
    text_add(arena, &members, "official", duty->official);
    text_add(arena, &members, "from", time_format_date(arena, duty->from));
    text_add(arena, &members, "until", time_format_date(arena, duty->until));
    text_add(arena, &members, "ground", duty->ground);
    text_add(arena, &members, "by", duty->by);
    text_add(arena, &members, "waits", duty->waits);
    text_add(arena, &members, "agreedBy", duty->agreed_by);
    text_add(arena, &members, "endedBy", duty->ended_by);
    moment_add(arena, &members, "orderedAt", duty->ordered_at);
    moment_add(arena, &members, "agreedAt", duty->agreed_at);
    moment_add(arena, &members, "endedAt", duty->ended_at);
    if (duty->by_law) vec_push(arena, &members, (JsonMember){STR("byLaw"), json_of_bool(true)});
    return json_of_members(members.items, members.len);
}

Entity *gate_duty_record(Arena *arena, Str post, const GateDuties *duties) {
    JsonItems items = {0};
    Entity *record = entity_new(arena, gate_duty_id(arena, post), STR(GATE_DUTY_TYPE));
    VEC_EACH (const GateDuty, duty, duties)
        vec_push(arena, &items, duty_json(arena, duty));
    entity_set(arena, record, GATE_IRI("post"), json_of_str(post));
    entity_set_kind(arena, record, ATTR_JSON, GATE_IRI("duties"),
                    json_of_items(items.items, items.len));
    return record;
}

static bool is_kept(const GateDuty *duty, int64_t now) {
    int64_t last = time_date_days(duty->until);
    if (duty->ended_at != TIME_NONE && time_date_days(time_jst_date(duty->ended_at)) < last)
        last = time_date_days(time_jst_date(duty->ended_at));
    return last + KEPT_DAYS >= time_date_days(time_jst_date(now));
}

void gate_duties_keep(Arena *arena, const Gate *gate, const GateDuties *all, int64_t now,
                      GateDuties *kept) {
    size_t over = 0;
    VEC_EACH (const GateDuty, one, all)
        over += gate_duty_over(gate, one, now);
    VEC_EACH (const GateDuty, one, all) {
        bool ended = gate_duty_over(gate, one, now);
        if (!ended || (over <= KEPT_OVER && is_kept(one, now))) vec_push(arena, kept, *one);
        over -= ended;
    }
}

/* ---- its days ---- */

bool gate_post_gone(const Gate *gate, Str id, int64_t now) {
    const GatePost *post = gate_post(gate, id);
    return !post || (post->abolished.year &&
                     time_date_days(time_jst_date(now)) >= time_date_days(post->abolished));
}

void posts_standing(Arena *arena, const Gate *gate, int64_t now, StrVec *posts) {
    StrVec kept = {0};
    VEC_EACH (const Str, post, posts)
        if (!gate_post_gone(gate, *post, now)) vec_push(arena, &kept, *post);
    *posts = kept;
}

void post_act_under(const Gate *gate, Str id, int64_t now, Actor *actor) {
    if (gate_post_gone(gate, id, now)) return;
    const GatePost *post = gate_post(gate, id);
    actor->post = post->id;
    actor->post_title = post->title_ja;
    actor->division = post->division;
    actor->roles |= post->roles;
}

/* A clock that is set back revives none that was ended. */
bool gate_duty_over(const Gate *gate, const GateDuty *duty, int64_t now) {
    int64_t day = time_date_days(time_jst_date(now));
    return duty->ended_at != TIME_NONE || day > time_date_days(duty->until) ||
           gate_post_gone(gate, duty->post, now);
}

bool gate_duty_runs(const Gate *gate, const GateDuty *duty, int64_t now) {
    return str_empty(duty->waits) && !gate_duty_over(gate, duty, now) &&
           time_date_days(time_jst_date(now)) >= time_date_days(duty->from);
}

bool duty_in_record(Ctx *ctx, const Entity *record, const DutyAsk *ask) {
    GateDuties duties;
    gate_duty_read(ctx->arena, record, &duties);
    VEC_EACH (const GateDuty, duty, &duties)
        if (str_eq(duty->official, ask->official) && str_eq(duty->post, ask->post) &&
            gate_duty_runs(ctx->tenant->gate, duty, ask->now))
            return true;
    return false;
}

/* ---- what is known ---- */

static GateDuty duty_dup(Arena *arena, const GateDuty *duty) {
    GateDuty copy = *duty;
    Str *const texts[] = {&copy.id, &copy.post,  &copy.official,  &copy.ground,
                          &copy.by, &copy.waits, &copy.agreed_by, &copy.ended_by};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = str_dup(arena, *texts[i]);
    return copy;
}

/* The list in an arena of its own, with these of a post in place of those that it had. */
static void list_renew(struct Duties *duties, Str post, const GateDuties *now) {
    Arena *arena = arena_new(DUTIES_ARENA);
    GateDuties list = {0};
    VEC_EACH (const GateDuty, duty, &duties->list)
        if (!str_eq(duty->post, post)) vec_push(arena, &list, duty_dup(arena, duty));
    VEC_EACH (const GateDuty, duty, now)
        vec_push(arena, &list, duty_dup(arena, duty));
    pthread_mutex_lock(&duties->lock);
    Arena *before = duties->arena;
    duties->arena = arena;
    duties->list = list;
    pthread_mutex_unlock(&duties->lock);
    arena_free(before);
}

/* Each reads after his own commit, so the last one to read has seen them all. */
static Rc post_take(Ctx *ctx, struct Duties *duties, Str post) {
    const Entity *record = NULL;
    GateDuties now;
    pthread_mutex_lock(&duties->reading);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, gate_duty_id(ctx->arena, post), &record);
    if (rc == RC_OK) {
        gate_duty_read(ctx->arena, record, &now);
        list_renew(duties, post, &now);
    }
    pthread_mutex_unlock(&duties->reading);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* What can't be read now gives no post until the next start, or the next change. */
void gate_duty_changed(Ctx *ctx, Str post) {
    static const GateDuties none = {0};
    struct Duties *duties = ctx->tenant->gate->duties;
    Ctx own = *ctx; /* why the change failed stays as it was told */
    if (post_take(&own, duties, post) != RC_OK) {
        log_warn("gate", "duties of the post " STR_FMT " can't be read, and give nothing: " STR_FMT,
                 STR_ARG(post), STR_ARG(own.error.detail));
        pthread_mutex_lock(&duties->reading);
        list_renew(duties, post, &none);
        pthread_mutex_unlock(&duties->reading);
    }
    authority_changed(ctx->tenant->gate);
}

void gate_duties(Ctx *ctx, GateDuties *out) {
    struct Duties *duties = ctx->tenant->gate->duties;
    *out = (GateDuties){0};
    pthread_mutex_lock(&duties->lock);
    VEC_EACH (const GateDuty, duty, &duties->list)
        vec_push(ctx->arena, out, duty_dup(ctx->arena, duty));
    pthread_mutex_unlock(&duties->lock);
}

void duty_running(Ctx *ctx, Str official, GateDuties *out) {
    Gate *gate = ctx->tenant->gate;
    int64_t now = time_now(ctx->clock);
    *out = (GateDuties){0};
    pthread_mutex_lock(&gate->duties->lock);
    VEC_EACH (const GateDuty, duty, &gate->duties->list)
        if ((str_empty(official) || str_eq(duty->official, official)) &&
            gate_duty_runs(gate, duty, now))
            vec_push(ctx->arena, out, duty_dup(ctx->arena, duty));
    pthread_mutex_unlock(&gate->duties->lock);
}

bool gate_duty_own(Ctx *ctx, Str post, GateDuty *out) {
    GateDuties running;
    const Actor *actor = gate_actor(ctx);
    if (actor->kind != ACTOR_STAFF || !actor->session) return false;
    if (!actor->session->own_posts) return false;
    for (size_t i = 0; i < actor->session->own_posts; i++)
        if (str_eq(actor->session->posts.items[i], post)) return false;
    duty_running(ctx, actor->id, &running);
    VEC_EACH (const GateDuty, duty, &running)
        if (str_eq(duty->post, post)) {
            *out = *duty;
            return true;
        }
    return false;
}

/* ---- a holder is back ---- */

typedef struct PartBack {
    const Gate *gate;
    Str post;
    Date from, until;
} PartBack;

/* One that has begun by then ends the day before, else at once: there is nothing left of it. */
static void end_before(GateDuty *duty, int64_t first, int64_t now) {
    if (time_date_days(duty->from) < first && first > time_date_days(time_jst_date(now)))
        duty->until = time_days_date(first - 1);
    else
        duty->ended_at = now;
}

static bool back_ends(const PartBack *part, GateDuty *duty, int64_t now) {
    int64_t first = time_date_days(part->from), begun = time_date_days(duty->from);
    bool stands_in = duty->kind == DUTY_ACTING || duty->kind == DUTY_CHARGE;
    if (!stands_in || gate_duty_over(part->gate, duty, now)) return false;
    if (time_date_days(duty->until) < first ||
        (part->until.year && begun > time_date_days(part->until)))
        return false;
    end_before(duty, first, now);
    return true;
}

static Rc back_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartBack *part = args;
    GateDuties all;
    bool any = false;
    Str id = gate_duty_id(ctx->arena, part->post);
    gate_duty_read(ctx->arena, stage_entity(stage, id), &all);
    VEC_EACH (GateDuty, duty, &all)
        any |= back_ends(part, duty, stage_now(stage));
    if (any)
        stage_put(stage, &(Delta){.op = DELTA_PUT,
                                  .id = id,
                                  .after = gate_duty_record(ctx->arena, part->post, &all)});
    return RC_OK;
}

static const PartKind part_back = {"gate.holder-back", 1, NULL, back_apply};

void gate_duty_back(const Ctx *ctx, Command *command, Str post, Date from, Date until) {
    PartBack *part = NEW(command_arena(command), PartBack);
    *part = (PartBack){ctx->tenant->gate, str_dup(command_arena(command), post), from, until};
    command_needs(command, gate_duty_id(command_arena(command), post));
    command_add(command, &part_back, part);
}

/* ---- the law names another ---- */

/* Of one duty: what it is called of the days that pass, and of those behind them. */
typedef struct Passed {
    Str id, his, rest;
} Passed;

typedef struct PartPass {
    const Gate *gate;
    GateDutyPass pass;
    VEC(Passed) all;
} PartPass;

static const Passed *passed_of(const PartPass *part, const GateDuty *duty) {
    VEC_EACH (const Passed, one, &part->all)
        if (str_eq(one->id, duty->id)) return one;
    return NULL;
}

/* The days before stay, those of the pass are the other's, and those behind it stay. */
static void duty_pass(Ctx *ctx, const PartPass *part, const GateDuty *duty, int64_t now,
                      GateDuties *out) {
    const GateDutyPass *pass = &part->pass;
    const Passed *ids = gate_duty_over(part->gate, duty, now) ? NULL : passed_of(part, duty);
    int64_t begun = time_date_days(duty->from), last = time_date_days(duty->until),
            first = time_date_days(pass->from), until = time_date_days(pass->until);
    GateDuty before = *duty, his = *duty, rest = *duty;
    if (!ids || last < first || begun > until) {
        vec_push(ctx->arena, out, before);
        return;
    }
    end_before(&before, first, now);
    vec_push(ctx->arena, out, before);
    his.id = ids->his;
    his.official = pass->official;
    his.by_law = true;
    his.ordered_at = now;
    if (begun < first) his.from = pass->from;
    if (last > until) his.until = pass->until;
    vec_push(ctx->arena, out, his);
    rest.id = ids->rest;
    rest.from = time_days_date(until + 1);
    if (last > until) vec_push(ctx->arena, out, rest);
}

/* Orders by law of the same official, the one ending on the day before the other begins. */
static bool follows(const GateDuty *before, const GateDuty *next) {
    return before->by_law && next->by_law && str_eq(before->official, next->official) &&
           str_eq(before->by, next->by) && str_eq(before->ground, next->ground) &&
           time_date_days(before->until) + 1 == time_date_days(next->from);
}

static GateDuty *neighbour(const PartPass *part, GateDuties *among, const GateDuty *duty,
                           int64_t now) {
    VEC_EACH (GateDuty, one, among)
        if (!gate_duty_over(part->gate, one, now) && (follows(one, duty) || follows(duty, one)))
            return one;
    return NULL;
}

/* An official's neighbouring days are one duty again; and no more stay than of orders. */
static size_t pass_join(Ctx *ctx, const PartPass *part, const GateDuties *all, int64_t now,
                        GateDuties *out) {
    GateDuties joined = {0};
    size_t open = 0;
    VEC_EACH (const GateDuty, duty, all) {
        bool over = gate_duty_over(part->gate, duty, now);
        GateDuty *like = over ? NULL : neighbour(part, &joined, duty, now);
        open += !over && !like;
        if (!like)
            vec_push(ctx->arena, &joined, *duty);
        else if (follows(like, duty))
            like->until = duty->until;
        else
            like->from = duty->from;
    }
    gate_duties_keep(ctx->arena, part->gate, &joined, now, out);
    return open;
}

static Rc pass_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartPass *part = args;
    GateDuties all, after = {0}, kept = {0};
    Str id = gate_duty_id(ctx->arena, part->pass.post);
    gate_duty_read(ctx->arena, stage_entity(stage, id), &all);
    VEC_EACH (const GateDuty, duty, &all)
        duty_pass(ctx, part, duty, stage_now(stage), &after);
    if (after.len == all.len) return RC_OK;
    if (pass_join(ctx, part, &after, stage_now(stage), &kept) <= GATE_DUTY_OPEN)
        stage_put(stage, &(Delta){.op = DELTA_PUT,
                                  .id = id,
                                  .after = gate_duty_record(ctx->arena, part->pass.post, &kept)});
    return RC_OK;
}

static const PartKind part_pass = {"gate.duty-passes", 1, NULL, pass_apply};

void gate_duty_pass(const Ctx *ctx, Command *command, const GateDutyPass *pass) {
    Arena *arena = command_arena(command);
    PartPass *part = NEW(arena, PartPass);
    *part = (PartPass){.gate = ctx->tenant->gate, .pass = *pass};
    part->pass.post = str_dup(arena, pass->post);
    part->pass.official = str_dup(arena, pass->official);
    VEC_EACH (const Str, one, &pass->ids)
        vec_push(arena, &part->all,
                 (Passed){str_dup(arena, *one), rand_id(ctx->rand, arena, ID_CHARS),
                          rand_id(ctx->rand, arena, ID_CHARS)});
    command_needs(command, gate_duty_id(arena, pass->post));
    command_add(command, &part_pass, part);
}

/* ---- life ---- */

Rc duties_open(Ctx *ctx, Gate *gate) {
    struct Duties *duties = mem_zero(sizeof *duties);
    pthread_mutex_init(&duties->reading, NULL);
    pthread_mutex_init(&duties->lock, NULL);
    duties->arena = arena_new(DUTIES_ARENA);
    gate->duties = duties;
    VEC_EACH (const GatePost, post, &gate->posts)
        TRY(post_take(ctx, duties, post->id));
    return RC_OK;
}

void duties_close(Gate *gate) {
    struct Duties *duties = gate->duties;
    if (!duties) return;
    gate->duties = NULL;
    pthread_mutex_destroy(&duties->lock);
    pthread_mutex_destroy(&duties->reading);
    arena_free(duties->arena);
    mem_free(duties);
}
