/* effect: what procedures cost and how they come in, as counters that follow the ledger: a page of
   it asks for some rows and counts no case.

   Rows of the follower "effect": 'c' case → what it adds, and in which state it is since when; 'g'
   procedure|month of arrival|channel → the sums; those of effect_steps.c. All of it is read from
   what lies in clear of a case (its state, and since when), so that a rebuild that finds a case
   erased gives the same. */
#include "insight_int.h"

enum { FOLLOWER_VERSION = 3, FIGURES = 11 };

/* In the order of the rows. */
typedef enum Figure {
    CASES_N,   /* that arrived */
    ENDED_N,   /* and ended */
    ASKED_N,   /* that went back to whose they are, at least once */
    OFFICE_S,  /* seconds that those that ended waited for the office */
    HOLDER_S,  /* for whose they are */
    OTHER_S,   /* for another office */
    TOUCH_S,   /* seconds of work on their pages */
    TOUCHED_N, /* cases with any */
    AUTO_N,    /* that a rule moved */
    JUDGED_N,  /* moves of rules that a person judged */
    WRONG_N    /* and found wrong */
} Figure;

typedef struct Figures {
    int64_t n[FIGURES];
} Figures;

/* One case: which sums it is in, what it adds, and where it stands. */
typedef struct Counted {
    Str group, state;
    int64_t since; /* µs; TIME_NONE: not known */
    Figures adds;
    int64_t arrived;   /* µs */
    int64_t waited[2]; /* seconds so far for whose it is, and for another office */
    bool asked;
} Counted;

static Rc damaged(Ctx *ctx, Str key) {
    return ctx_fail(ctx, RC_FAILED, "bad-row", key,
                    "A counter of the effect is damaged: rebuild state.db.");
}

/* ---- rows ---- */

static bool numbers_read(Str *text, int64_t *out, size_t n) {
    Str item;
    for (size_t i = 0; i < n; i++)
        if (!str_split(text, ' ', &item) || !str_to_i64(item, &out[i])) return false;
    return true;
}

static void numbers_write(Buf *to, const int64_t *numbers, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(to, ' ');
        buf_add_i64(to, numbers[i]);
    }
}

enum { HEAD = 3 };

/* "group\tstate\tsince arrived asked waited(2) figures(11)" */
static Rc counted_read(Ctx *ctx, Str key, Str text, Counted *out) {
    int64_t head[HEAD];
    *out = (Counted){.since = TIME_NONE};
    bool whole = str_split(&text, '\t', &out->group) && str_split(&text, '\t', &out->state) &&
                 numbers_read(&text, head, HEAD) && numbers_read(&text, out->waited, 2) &&
                 numbers_read(&text, out->adds.n, FIGURES);
    if (!whole) return damaged(ctx, key);
    out->since = head[0];
    out->arrived = head[1];
    out->asked = head[2] != 0;
    return RC_OK;
}

static Str counted_write(Arena *arena, const Counted *counted) {
    Buf text = buf_new(arena, 1024);
    const int64_t head[HEAD] = {counted->since, counted->arrived, counted->asked};
    buf_add(&text, counted->group);
    buf_add_char(&text, '\t');
    buf_add(&text, counted->state);
    buf_add_char(&text, '\t');
    numbers_write(&text, head, HEAD);
    buf_add_char(&text, ' ');
    numbers_write(&text, counted->waited, 2);
    buf_add_char(&text, ' ');
    numbers_write(&text, counted->adds.n, FIGURES);
    return buf_str(&text);
}

/* What a case adds to its sums becomes another. */
static Rc group_add(Ctx *ctx, Rows *rows, Str group, const Figures *figures, int sign) {
    Str text, key = str_fmt(ctx->arena, "g" STR_FMT, STR_ARG(group));
    Figures sums = {0};
    if (str_empty(group)) return RC_OK;
    Rc found = rows_get(ctx, rows, key, &text);
    if (found != RC_OK && found != RC_NOT_FOUND) return found;
    if (found == RC_OK && !numbers_read(&text, sums.n, FIGURES)) return damaged(ctx, key);
    for (size_t i = 0; i < FIGURES; i++)
        sums.n[i] += sign * figures->n[i];
    if (!sums.n[CASES_N]) return found == RC_OK ? rows_delete(ctx, rows, key) : RC_OK;
    Buf row = buf_new(ctx->arena, 512);
    numbers_write(&row, sums.n, FIGURES);
    return rows_put(ctx, rows, key, buf_str(&row));
}

static Rc counted_get(Ctx *ctx, Rows *rows, Str key, Counted *out) {
    Str text;
    *out = (Counted){.since = TIME_NONE};
    Rc found = rows_get(ctx, rows, key, &text);
    if (found == RC_NOT_FOUND) return RC_OK;
    TRY(found);
    return counted_read(ctx, key, str_dup(ctx->arena, text), out);
}

static Rc counted_put(Ctx *ctx, Rows *rows, Str key, const Counted *before, const Counted *after) {
    TRY(group_add(ctx, rows, before->group, &before->adds, -1));
    TRY(group_add(ctx, rows, after->group, &after->adds, 1));
    if (str_empty(after->group)) return rows_delete(ctx, rows, key);
    return rows_put(ctx, rows, key, counted_write(ctx->arena, after));
}

/* ---- cases ---- */

/* Whom a case waits for, by its state. */
typedef enum Owner { OWNED_BY_HOLDER, OWNED_ELSEWHERE, OWNED_BY_OFFICE, OWNED_BY_NOBODY } Owner;

static Owner owner_of(Str state) {
    static const struct {
        const char *state;
        Owner owner;
    } rows[] = {{"asked", OWNED_BY_HOLDER},     {"missed", OWNED_BY_HOLDER},
                {"elsewhere", OWNED_ELSEWHERE}, {"collected", OWNED_BY_NOBODY},
                {"cancelled", OWNED_BY_NOBODY}, {"refused", OWNED_BY_NOBODY},
                {"done", OWNED_BY_NOBODY}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(state, str_of(rows[i].state))) return rows[i].owner;
    return OWNED_BY_OFFICE;
}

static Str group_of(Arena *arena, const Entity *application) {
    int64_t at;
    Str procedure = entity_text(application, IRI("procedure")),
        channel = entity_text(application, IRI("channel"));
    if (!time_parse(entity_text(application, IRI("submittedAt")), &at)) return STR_NONE;
    Date date = time_jst_date(at);
    return str_fmt(arena, STR_FMT "|%04d-%02d|" STR_FMT,
                   STR_ARG(str_empty(procedure) ? EFFECT_BULKY : procedure), date.year, date.month,
                   STR_ARG(str_empty(channel) ? STR("web") : channel));
}

/* A case that comes into another state was in the one before until then. */
static void state_move(Counted *counted, Str state, int64_t since) {
    Owner owner = owner_of(counted->state);
    bool known = counted->since != TIME_NONE && since != TIME_NONE && since > counted->since;
    if (owner <= OWNED_ELSEWHERE && known)
        counted->waited[owner] += (since - counted->since) / TIME_SECOND;
    counted->state = state;
    counted->since = since;
    counted->asked = counted->asked || str_eq(state, STR("asked"));
}

/* What of its time it waited for nobody else, it waited for the office. */
static void adds_set(Counted *counted) {
    bool ended = owner_of(counted->state) == OWNED_BY_NOBODY && counted->since != TIME_NONE;
    int64_t others = counted->waited[OWNED_BY_HOLDER] + counted->waited[OWNED_ELSEWHERE];
    int64_t all = ended ? (counted->since - counted->arrived) / TIME_SECOND : 0;
    counted->adds.n[CASES_N] = 1;
    counted->adds.n[ENDED_N] = ended;
    counted->adds.n[ASKED_N] = counted->asked;
    counted->adds.n[OFFICE_S] = all > others ? all - others : 0;
    counted->adds.n[HOLDER_S] = ended ? counted->waited[OWNED_BY_HOLDER] : 0;
    counted->adds.n[OTHER_S] = ended ? counted->waited[OWNED_ELSEWHERE] : 0;
}

/* What rules made of it stands in clear: bins, and how each was left. */
static void automatic_set(Counted *counted, const Entity *application) {
    const Attr *attr = entity_attr(application, IRI("automatic"));
    int64_t *n = counted->adds.n;
    n[AUTO_N] = n[JUDGED_N] = n[WRONG_N] = 0;
    for (size_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        const Json *one = json_at(attr->value, i);
        Str end = json_get_str(one, "end");
        bool wrong = str_eq(end, STR("otherwise")) || str_eq(end, STR("objected"));
        if (str_eq(json_get_str(one, "bin"), STR("done"))) n[AUTO_N] = 1;
        if (str_eq(json_get_str(one, "why"), STR("fallback"))) continue;
        n[JUDGED_N] += wrong || str_eq(end, STR("confirmed"));
        n[WRONG_N] += wrong;
    }
}

static Rc counted_move(Ctx *ctx, Rows *rows, const Event *event, const Counted *before,
                       const Counted *after) {
    Str key = str_fmt(ctx->arena, "c" STR_FMT, STR_ARG(event->delta->id));
    bool regrouped = !str_empty(before->group) && !str_eq(before->group, after->group);
    if (regrouped) TRY(effect_steps_group(ctx, rows, event->delta->id, after->group));
    return counted_put(ctx, rows, key, before, after);
}

static Rc case_event(Ctx *ctx, Rows *rows, const Event *event) {
    Entity *application;
    Counted before, after;
    int64_t since;
    Str key = str_fmt(ctx->arena, "c" STR_FMT, STR_ARG(event->delta->id));
    TRY(counted_get(ctx, rows, key, &before));
    TRY(project_event_entity(ctx, event, &application));
    if (!application) return counted_move(ctx, rows, event, &before, &(Counted){0});
    after = before;
    after.group = group_of(ctx->arena, application);
    if (!time_parse(entity_text(application, IRI("submittedAt")), &after.arrived))
        after.group = STR_NONE;
    if (!time_parse(entity_text(application, IRI("stateAt")), &since)) since = TIME_NONE;
    Str state = entity_text(application, IRI("state"));
    if (!str_eq(state, before.state) || since != before.since) state_move(&after, state, since);
    adds_set(&after);
    automatic_set(&after, application);
    return counted_move(ctx, rows, event, &before, &after);
}

static Rc touch_event(Ctx *ctx, Rows *rows, const Event *event) {
    Entity *touch;
    Counted before, after;
    TRY(project_event_entity(ctx, event, &touch));
    const Attr *about = touch ? entity_attr(touch, IRI("case")) : NULL;
    if (!about) return RC_OK;
    Str key = str_fmt(ctx->arena, "c" STR_FMT, STR_ARG(json_str(about->value)));
    TRY(counted_get(ctx, rows, key, &before));
    if (str_empty(before.group)) return RC_OK;
    TRY(effect_steps_set(ctx, rows, json_str(about->value), before.group, touch));
    after = before;
    after.adds.n[TOUCH_S] = entity_int(touch, IRI("seconds"), 0);
    after.adds.n[TOUCHED_N] = after.adds.n[TOUCH_S] > 0;
    return counted_put(ctx, rows, key, &before, &after);
}

static Rc effect_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)arg;
    if (!event->delta) return RC_OK;
    if (str_starts(event->delta->id, STR("urn:ngsi-ld:Application:")))
        return case_event(ctx, rows, event);
    if (str_starts(event->delta->id, STR("urn:ngsi-ld:TouchTime:")))
        return touch_event(ctx, rows, event);
    return RC_OK;
}

Follower effect_follower(void) {
    return (Follower){.name = "effect", .version = FOLLOWER_VERSION, .event = effect_event};
}

/* ---- reading ---- */

typedef struct Reading {
    Ctx *ctx;
    Str from;
    Effects *out;
    Rc rc;
} Reading;

static bool group_show(void *arg, Str key, Str value) {
    Reading *reading = arg;
    Figures sums;
    Str rest = str_dup(reading->ctx->arena, str_sub(key, 1, key.len));
    Effect one = {0};
    bool whole = str_split(&rest, '|', &one.procedure) && str_split(&rest, '|', &one.month) &&
                 str_split(&rest, '|', &one.channel) && numbers_read(&value, sums.n, FIGURES);
    if (!whole) reading->rc = damaged(reading->ctx, key);
    if (!whole || str_cmp(one.month, reading->from) < 0) return whole;
    one.cases = sums.n[CASES_N];
    one.ended = sums.n[ENDED_N];
    one.asked = sums.n[ASKED_N];
    one.office = sums.n[OFFICE_S];
    one.holder = sums.n[HOLDER_S];
    one.other = sums.n[OTHER_S];
    one.touch = sums.n[TOUCH_S];
    one.touched = sums.n[TOUCHED_N];
    one.automatic = sums.n[AUTO_N];
    one.judged = sums.n[JUDGED_N];
    one.wrong = sums.n[WRONG_N];
    vec_push(reading->ctx->arena, reading->out, one);
    return true;
}

Rc insight_effects(Ctx *ctx, Str procedure, Str from, Effects *out) {
    Reading reading = {.ctx = ctx, .from = from, .out = out};
    RowsRange range = {.follower = "effect", .prefix = STR("g")};
    *out = (Effects){0};
    if (!str_empty(procedure))
        range.prefix = str_fmt(ctx->arena, "g" STR_FMT "|", STR_ARG(procedure));
    TRY(project_rows(ctx, ctx->tenant->project, &range, group_show, &reading));
    return reading.rc;
}
