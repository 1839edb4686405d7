/* meet_int: what the files of the room share. */
#ifndef MEET_MEET_INT_H
#define MEET_MEET_INT_H

#include "meet.h"

#include "ledger/ledger.h"
#include "project/project.h"

#define IRI(term)      STR(LD_DEFAULT term)
#define MEETING_PREFIX "urn:ngsi-ld:Meeting:"

Str meeting_id(Arena *arena, Str key);
Str item_id(Arena *arena, Str key, int64_t n);
void meeting_read(const Entity *entity, Meeting *out);
/* An item of a meeting, whoever asks; its own rights are the caller's. */
Rc meet_item_load(Ctx *ctx, const Meeting *meeting, int64_t n, MeetItem *out);
/* Salts of an item's halves, and the root over frozen contents, whose items have theirs (see
   public.c). */
Json meet_salts(Ctx *ctx, Arena *arena);
Str meet_root(Arena *arena, const Json *contents);
Str meet_division(const Ctx *ctx); /* of the post of who acts */
/* Whether the policies let who acts write here at all. */
Rc meet_permitted(Ctx *ctx);

/* meeting.change: deltas of the meeting, of an item, or of both, as they were made from versions
   that were read. */
typedef struct PartMeet {
    Str meeting, item;              /* item empty: none is concerned */
    Str proposal;                   /* that may not wait meanwhile; empty: none was made */
    uint64_t version, item_version; /* as they were read; 0: it isn't there yet */
    Str drops;                      /* attribute that the meeting loses; empty: none */
    const Entity *meeting_after, *item_after; /* NULL: stays */
} PartMeet;
/* A change under way. */
typedef struct Change {
    Ctx *ctx;
    Command *command;
    Arena *arena; /* the command's */
    PartMeet *part;
} Change;
Change meet_change(Ctx *ctx, const char *kind, const PartMeet *of);
/* The meeting as it is after; to be filled. */
Entity *meet_after(Change *change);
/* RC_CONFLICT "moved-on": one of them is another version by now. Frees the command. */
Rc meet_send(const Change *change);
/* Why nothing of it changes: RC_CONFLICT "minutes-frozen", "meeting-cancelled". */
Rc meet_frozen(Ctx *ctx, const Meeting *meeting);
/* As its secretariat may change it. RC_DENIED "not-secretariat". */
Rc meet_kept(Ctx *ctx, Str key, Meeting *out);

#endif
