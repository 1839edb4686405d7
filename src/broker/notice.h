/* notice: what one event means for one subscription: whether it is told, and the notification
   (clauses 5.3.1, 5.8.6, 6.3.8). */
#ifndef BROKER_NOTICE_H
#define BROKER_NOTICE_H

#include "rights.h"

typedef struct AttrChange {
    Str name;
    unsigned bits; /* TRIGGER_ATTR_*; created and updated both where it is not known which */
} AttrChange;

/* One event on one entity. */
typedef struct Change {
    const Entity *before; /* NULL: there was none, or it was not looked up */
    const Entity *after;  /* NULL: it was deleted */
    bool created;
    int64_t time;
    VEC(AttrChange) attrs;
} Change;

/* Finds which attributes the delta changed; before and after are set. */
void change_attrs(Arena *arena, Change *change, const Delta *delta);

/* The body for a subscription; false: it is not told. ctx's actor and purpose are the subscriber's.
   Personal attributes are in it where he stated a purpose, may read and subscribe to them, and the
   record is about one person; *look then says what is to be recorded before it leaves. */
bool notice_make(Ctx *ctx, const Subscription *subscription, const Change *change, Str *body,
                 NoticeLook *look);

#endif
