/* told: what a drafter reads of his proposals: that one was dropped with what it was about, or came
   back to him; and what those read who had approved one, or were consulted. */
#include "procedure_int.h"

enum { TOLD_SHOWN = 20, CONDITION_MAX = 4096 };

Rc office_seen(Ctx *ctx, Str id) {
    Outcome outcome;
    const Entity *decision;
    Route route;
    if (ctx->actor->kind != ACTOR_STAFF)
        return ctx_fail(ctx, RC_DENIED, "not-permitted", id, "Only officials do this.");
    TRY(decide_load(ctx, id, &decision));
    route_json_read(decision, &route);
    Command *command = case_command(ctx, STR("decision.seen"), id, STR("web"));
    Arena *arena = command_arena(command);
    PartSeen *seen = NEW(arena, PartSeen);
    Org *org = NEW(arena, Org);
    *seen = (PartSeen){str_dup(arena, id), str_dup(arena, ctx->actor->id),
                       str_dup(arena, ctx->actor->post), org};
    Rc rc = act_org(ctx, arena, &route, org);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    command_needs(command, seen->id);
    org_load_needs(command, org);
    command_add(command, &part_decision_seen, seen);
    return case_execute(ctx, command, &outcome);
}

/* Of those who have his post, too, what they drafted is theirs: as many as the condition holds, the
   others are looked at one by one. */
static void colleagues_out(Ctx *ctx, Buf *condition, const Org *org, Date day) {
    Str post = ctx->actor->post;
    VEC_EACH (const OrgHolding, holding, &org->holdings) {
        bool his = str_eq(holding->person, ctx->actor->id);
        if (condition->len > CONDITION_MAX / 2) return;
        if (his || !str_eq(holding->post, post) || !org_has(org, holding->person, post, day))
            continue;
        buf_add(condition, STR(";drafter!="));
        json_write_str(condition, holding->person);
    }
}

/* Of those that he drafted, and those of posts that are his by now: another may have them. */
static Rc drafted_condition(Ctx *ctx, Str which, Str *out) {
    Buf condition = buf_new(ctx->arena, CONDITION_MAX);
    Org org;
    StrVec near = {0};
    Date day = time_jst_date(time_now(ctx->clock));
    bool first = true;
    vec_push(ctx->arena, &near, ctx->actor->post);
    TRY(org_load(ctx, ctx->arena, &near, &org));
    buf_add(&condition, which);
    buf_add(&condition, STR(";(drafter=="));
    json_write_str(&condition, ctx->actor->id);
    VEC_EACH (const OrgPost, post, &org.posts) {
        if (!str_eq(org_post_now(&org, post->id, day), ctx->actor->post)) continue;
        buf_add(&condition, first ? STR("|((drafterPost==") : STR("|drafterPost=="));
        json_write_str(&condition, post->id);
        first = false;
    }
    if (!first) buf_add(&condition, STR(")"));
    if (!first) colleagues_out(ctx, &condition, &org, day);
    buf_add(&condition, first ? STR(")") : STR("))"));
    *out = buf_str(&condition);
    return RC_OK;
}

static Rc drafted_find(Ctx *ctx, Str which, OfficeTold *out) {
    ProjectAnswer found;
    ProjectWish wish = {.type = STR("Decision"), .limit = TOLD_SHOWN};
    *out = (OfficeTold){0};
    TRY(drafted_condition(ctx, which, &wish.q));
    do {
        TRY(project_find(ctx, &wish, &found));
        for (size_t i = 0; i < found.entities.len && out->len < TOLD_SHOWN; i++) {
            bool his;
            TRY(act_drafts(ctx, found.entities.items[i], &his));
            if (his) vec_push(ctx->arena, out, found.entities.items[i]);
        }
        wish.offset += TOLD_SHOWN;
    } while (found.more && out->len < TOLD_SHOWN);
    return RC_OK;
}

Rc office_dropped(Ctx *ctx, OfficeTold *out) {
    return drafted_find(ctx, STR("state==\"dropped\";dropNotice==\"unread\""), out);
}

Rc office_back(Ctx *ctx, OfficeTold *out) {
    return drafted_find(ctx, STR("cameBackAt;(state==\"returned\"|state==\"withdrawn\")"), out);
}

Rc office_told(Ctx *ctx, OfficeTold *out) {
    ProjectAnswer found;
    StrVec posts;
    Buf condition = buf_new(ctx->arena, CONDITION_MAX);
    *out = (OfficeTold){0};
    office_posts_now(ctx, ctx->actor->post, &posts);
    for (size_t i = 0; i < posts.len; i++) {
        buf_add(&condition, i ? STR("|told==") : STR("(told=="));
        json_write_str(&condition, posts.items[i]);
    }
    buf_add(&condition, STR(")"));
    ProjectWish wish = {.type = STR("Decision"), .q = buf_str(&condition), .limit = TOLD_SHOWN};
    if (posts.len) TRY(project_find(ctx, &wish, &found));
    for (size_t i = 0; posts.len && i < found.entities.len; i++)
        vec_push(ctx->arena, out, found.entities.items[i]);
    return RC_OK;
}
