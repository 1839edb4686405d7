#include "decide.h"

#include <string.h>

void org_load_posts(Arena *arena, const Gate *gate, Org *out) {
    const GatePost *post;
    *out = (Org){0};
    for (size_t i = 0; (post = gate_post_at(gate, i)); i++)
        vec_push(arena, &out->posts,
                 (OrgPost){.id = post->id,
                           .superior = post->superior,
                           .deputies = post->deputies,
                           .acting = post->acting,
                           .abolished = post->abolished,
                           .successor = post->successor});
}

/* The posts themselves, and all that one of them leads to. */
static void posts_near(Arena *arena, const Org *org, const StrVec *near, StrVec *out) {
    VEC_EACH (const Str, one, near)
        if (!org_lists(out, *one)) vec_push(arena, out, *one);
    for (size_t i = 0; i < out->len; i++) {
        const OrgPost *post = org_post(org, out->items[i]);
        if (!post) continue;
        const Str ones[] = {post->superior, post->successor};
        for (size_t k = 0; k < 2; k++)
            if (!str_empty(ones[k]) && !org_lists(out, ones[k])) vec_push(arena, out, ones[k]);
        VEC_EACH (const Str, deputy, &post->deputies)
            if (!org_lists(out, *deputy)) vec_push(arena, out, *deputy);
        VEC_EACH (const Str, acting, &post->acting)
            if (!org_lists(out, *acting)) vec_push(arena, out, *acting);
    }
}

static void absences_add(Arena *arena, Org *org, Str person, const Entity *record) {
    AwaySpans spans;
    away_read(arena, record, &spans);
    VEC_EACH (const AwaySpan, span, &spans)
        vec_push(arena, &org->absences, (OrgAbsence){person, span->days});
}

static bool is_first_holding(const Org *org, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (str_eq(org->holdings.items[k].person, org->holdings.items[i].person)) return false;
    return true;
}

static Rc absences_load(Ctx *ctx, Arena *arena, Org *org) {
    for (size_t i = 0; i < org->holdings.len; i++) {
        const Entity *record;
        Str person = org->holdings.items[i].person;
        if (!is_first_holding(org, i)) continue;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, away_id(ctx->arena, person), &record);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        absences_add(arena, org, person, record);
    }
    return RC_OK;
}

static const GateHolder *holder_of(const GateHolders *holders, Str account) {
    VEC_EACH (const GateHolder, one, holders)
        if (str_eq(one->account, account) && one->own) return one;
    return NULL;
}

bool org_owns(const GateHolder *official, Str post) {
    for (size_t i = 0; i < official->own; i++)
        if (str_eq(official->posts.items[i], post)) return true;
    return false;
}

/* The one by which he is in the order of those who act for the post, else his main post. */
static Str named_by(const Org *org, const GateHolder *official, Str post, Date day) {
    const OrgPost *held = org_post(org, post);
    for (size_t i = 0; held && i < held->acting.len; i++) {
        Str acting = org_acting(org, held, i, day);
        if (org_owns(official, acting)) return acting;
    }
    return official->posts.items[0];
}

/* Those that run, and those to come: a post may be held again from a day on. Of officials who still
 * have a post of their own. */
static Rc duties_load(Ctx *ctx, Arena *arena, const StrVec *posts, Org *org) {
    Date today = time_jst_date(time_now(ctx->clock));
    static const OrgHow hows[] = {[DUTY_ACTING] = HOW_ACTING,
                                  [DUTY_CHARGE] = HOW_CHARGE,
                                  [DUTY_SUPPORT] = HOW_SUPPORT,
                                  [DUTY_TEAM] = HOW_OWN};
    GateDuties duties;
    GateHolders all;
    gate_duties(ctx, &duties);
    if (!duties.len) return RC_OK;
    TRY(gate_holders(ctx, NULL, &all));
    VEC_EACH (const GateDuty, duty, &duties) {
        const GateHolder *official = holder_of(&all, duty->official);
        Date later = time_date_days(duty->from) > time_date_days(today) ? duty->from : today;
        bool runs = str_empty(duty->waits) &&
                    !gate_duty_over(ctx->tenant->gate, duty, time_now(ctx->clock));
        if (runs && official && (!posts || org_lists(posts, duty->post)))
            vec_push(
                arena, &org->holdings,
                (OrgHolding){.person = str_dup(arena, duty->official),
                             .post = str_dup(arena, duty->post),
                             .days = {duty->from, duty->until},
                             .how = hows[duty->kind],
                             .main = str_dup(arena, named_by(org, official, duty->post, later))});
    }
    return RC_OK;
}

Rc org_load(Ctx *ctx, Arena *arena, const StrVec *near, Org *out) {
    GateHolders holders;
    StrVec posts = {0};
    org_load_posts(arena, ctx->tenant->gate, out);
    if (near) posts_near(arena, out, near, &posts);
    TRY(gate_holders(ctx, near ? &posts : NULL, &holders));
    VEC_EACH (const GateHolder, one, &holders) {
        Str person = str_dup(arena, one->account);
        for (size_t i = 0; i < one->own; i++)
            vec_push(arena, &out->holdings,
                     (OrgHolding){.person = person, .post = str_dup(arena, one->posts.items[i])});
    }
    TRY(duties_load(ctx, arena, near ? &posts : NULL, out));
    return absences_load(ctx, arena, out);
}

void org_load_needs(Command *command, const Org *org) {
    for (size_t i = 0; i < org->holdings.len; i++)
        if (is_first_holding(org, i))
            command_needs(command, away_id(command_arena(command), org->holdings.items[i].person));
}

void org_load_absences(Arena *arena, Stage *stage, Org *org) {
    memset(&org->absences, 0, sizeof org->absences);
    for (size_t i = 0; i < org->holdings.len; i++) {
        Str person = org->holdings.items[i].person;
        if (is_first_holding(org, i))
            absences_add(arena, org, person, stage_entity(stage, away_id(arena, person)));
    }
}
