#include "notice.h"

#include "decide.h"

#define IRI(term) STR(LD_DEFAULT term)

static const char *const words[] = {[NOTICE_NONE] = "",
                                    [NOTICE_DROPPED] = "dropped",
                                    [NOTICE_REJECTED] = "rejected",
                                    [NOTICE_CHANGED] = "changed",
                                    [NOTICE_AGAIN] = "again"};

Str notice_word(NoticeWhat what) {
    return str_of(words[what]);
}

/* ---- whom ---- */

static void post_add(Arena *arena, StrVec *posts, Str post, Str by) {
    if (!str_empty(post) && !str_eq(post, by) && !org_lists(posts, post))
        vec_push(arena, posts, post);
}

static bool has_acted(const RouteStage *stage) {
    return stage->kind != ROUTE_CIRCULATE &&
           (stage->stand == STAND_APPROVED || stage->stand == STAND_DISSENT);
}

/* Asked for its consent, and not yet heard: it may be at work on it. */
static bool is_asked(const Route *route, size_t stage) {
    Route open = *route;
    open.state = ROUTE_WAITING;
    return route->stages[stage].kind == ROUTE_CONSULT && route_is_due(&open, stage);
}

static bool is_end(NoticeWhat what) {
    return what == NOTICE_DROPPED || what == NOTICE_REJECTED;
}

/* It was returned to an earlier stage: what was said since isn't said any more. */
static bool undoes(const Route *before, const Route *after) {
    for (size_t i = 0; i < before->n; i++)
        if (has_acted(&before->stages[i]) && after->stages[i].stand == STAND_WAITING) return true;
    return false;
}

static NoticeWhat what_of(const Route *before, const Route *after) {
    if (after->state != before->state && after->state == ROUTE_DROPPED) return NOTICE_DROPPED;
    if (after->state != before->state && after->state == ROUTE_REJECTED) return NOTICE_REJECTED;
    if (!str_eq(before->hash, after->hash)) return NOTICE_CHANGED;
    return undoes(before, after) ? NOTICE_AGAIN : NOTICE_NONE;
}

NoticeWhat notice_of(Arena *arena, const Route *before, const Route *after, Str by, StrVec *posts) {
    NoticeWhat what = what_of(before, after);
    *posts = (StrVec){0};
    for (size_t i = 0; what != NOTICE_NONE && i < before->n; i++) {
        const RouteStage *stage = &before->stages[i];
        bool again = after->stages[i].stand == STAND_WAITING, acted = has_acted(stage);
        bool told = is_end(what) ? acted || is_asked(before, i) : acted && again;
        if (!told) continue;
        post_add(arena, posts, stage->post, by);
        post_add(arena, posts, stage->actor_post, by);
    }
    return posts->len ? what : NOTICE_NONE;
}

/* Who approved it before it was returned to a stage before his, or changed: of its end, and of what
   else it says while he has to again. */
static void acted_add(Arena *arena, const NoticeAdd *add, bool ends, StrVec *posts) {
    RouteDones dones;
    route_json_acts(arena, add->decision, &dones);
    VEC_EACH (const RouteDone, done, &dones) {
        bool signs = done->verb == ROUTE_APPROVE || done->verb == ROUTE_DISSENT;
        if (!signs || done->stage >= add->before->n) continue;
        if (add->before->stages[done->stage].kind == ROUTE_CIRCULATE) continue;
        if (!ends && add->after->stages[done->stage].stand != STAND_WAITING) continue;
        post_add(arena, posts, add->before->stages[done->stage].post, add->by);
        post_add(arena, posts, done->post, add->by);
    }
}

/* ---- kept ---- */

void notices_read(Arena *arena, const Entity *decision, RouteNotices *out) {
    const Attr *attr = entity_attr(decision, IRI("notices"));
    *out = (RouteNotices){0};
    for (size_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        const Json *one = json_at(attr->value, i);
        vec_push(arena, out,
                 (RouteNotice){.post = json_get_str(one, "post"),
                               .what = json_get_str(one, "what"),
                               .by = json_get_str(one, "by"),
                               .at = json_get_int(one, "at", 0)});
    }
}

static Json notice_json(Arena *arena, const RouteNotice *notice) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 4);
    members[0] = (JsonMember){STR("post"), json_of_str(notice->post)};
    members[1] = (JsonMember){STR("what"), json_of_str(notice->what)};
    members[2] = (JsonMember){STR("by"), json_of_str(notice->by)};
    members[3] = (JsonMember){STR("at"), json_of_int(notice->at)};
    return json_of_members(members, 4);
}

static void notices_set(Arena *arena, const RouteNotices *notices, Entity *after) {
    JsonItems items = {0}, posts = {0};
    VEC_EACH (const RouteNotice, notice, notices) {
        vec_push(arena, &items, notice_json(arena, notice));
        vec_push(arena, &posts, json_of_str(notice->post));
    }
    entity_set_kind(arena, after, ATTR_JSON, IRI("notices"), json_of_items(items.items, items.len));
    entity_set(arena, after, IRI("told"), json_of_items(posts.items, posts.len));
}

/* What it was told before and hasn't read is out of date. */
void notice_add(Arena *arena, const NoticeAdd *add, Entity *after) {
    StrVec posts;
    RouteNotices all, kept = {0};
    NoticeWhat what = what_of(add->before, add->after);
    (void)notice_of(arena, add->before, add->after, add->by, &posts);
    if (is_end(what) || what == NOTICE_CHANGED) acted_add(arena, add, is_end(what), &posts);
    if (!posts.len) return;
    notices_read(arena, add->decision, &all);
    VEC_EACH (const RouteNotice, notice, &all)
        if (!org_lists(&posts, notice->post)) vec_push(arena, &kept, *notice);
    VEC_EACH (const Str, post, &posts)
        vec_push(arena, &kept, (RouteNotice){*post, notice_word(what), add->by, add->at});
    notices_set(arena, &kept, after);
}

bool notice_seen(Arena *arena, const NoticeReader *reader, const Entity *decision, Entity *after) {
    RouteNotices all, kept = {0};
    notices_read(arena, decision, &all);
    VEC_EACH (const RouteNotice, notice, &all)
        if (!str_eq(org_post_now(reader->org, notice->post, reader->day), reader->post))
            vec_push(arena, &kept, *notice);
    if (kept.len == all.len) return false;
    if (after) notices_set(arena, &kept, after);
    return true;
}
