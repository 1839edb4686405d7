/* notice: whom it is told that a proposal was dropped (廃案) or rejected (却下), or that its gist
   has changed or it was returned (差戻し) so that they have to agree again: those who were
   consulted (合議), and those who had approved it. `notices` of a Decision are {post, what, by,
   at}, of posts that haven't read it yet; `told` is the list of these posts. Include only decide.h
   from outside. */
#ifndef DECIDE_NOTICE_H
#define DECIDE_NOTICE_H

#include "model/model.h"

#include "route.h"

typedef enum NoticeWhat {
    NOTICE_NONE,
    NOTICE_DROPPED,
    NOTICE_REJECTED,
    NOTICE_CHANGED,
    NOTICE_AGAIN /* it was returned to a stage before theirs */
} NoticeWhat;
/* "dropped", "rejected", "changed", "again". */
Str notice_word(NoticeWhat what);

/* What is to be told of what became of a route, and to which posts: those of its stages, and those
   that stood in for them; never the one that did it. Pure. */
NoticeWhat notice_of(Arena *arena, const Route *before, const Route *after, Str by, StrVec *posts);

/* One that a post hasn't read. */
typedef struct RouteNotice {
    Str post, what;
    Str by; /* post; empty: it fell with what it was about */
    int64_t at;
} RouteNotice;
typedef VEC(RouteNotice) RouteNotices;
void notices_read(Arena *arena, const Entity *decision, RouteNotices *out);
/* Adds to `after` what is to be told of it: who had approved it once, by its acts, is told of its
   end as well, and of what it says anew while he has to again. */
typedef struct NoticeAdd {
    const Entity *decision; /* as it was */
    const Route *before, *after;
    Str by;
    int64_t at;
} NoticeAdd;
void notice_add(Arena *arena, const NoticeAdd *add, Entity *after);
/* A post has read what it was told, and those of which it is the successor today. */
typedef struct NoticeReader {
    const Org *org;
    Str post;
    Date day;
} NoticeReader;
/* False: nothing was told it. after NULL: asked only. */
bool notice_seen(Arena *arena, const NoticeReader *reader, const Entity *decision, Entity *after);

#endif
