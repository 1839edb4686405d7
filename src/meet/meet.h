/* meet: meetings of the executive (庁議, 政策会議) without paper: a secretariat plans one,
   divisions bring items with their papers, members read them. A series of meetings stands in
   `meetings` of organisation.json: {id, name, place, secretariat, chair, members []}, posts all of
   them; a meeting keeps those of the day on which it was planned.

   A meeting is open (items come and change), then its agenda is closed: items and papers are frozen
   as they were read. Pool threads; every writer is a command whose guards are judged at the commit.
 */
#ifndef MEET_MEET_H
#define MEET_MEET_H

#include "decide/decide.h"
#include "gate/gate.h"

#define MEETING_TYPE      LD_DEFAULT "Meeting"
#define MEETING_ITEM_TYPE LD_DEFAULT "MeetingItem"

enum { MEET_ITEMS_MOST = 60, MEET_PAPERS_MOST = 20, MEET_CHARS_MOST = 2000, MEET_LIST = 400 };

/* RC_INVALID "bad-organisation" names series and member: a post that isn't there, no name, an id
   twice. NULL: there is no organisation. */
Rc meet_check(Ctx *ctx, const Json *organisation);
/* A series of the city; NULL: past the last, or none of this id. */
const Json *meet_series_at(const Ctx *ctx, size_t n);
const Json *meet_series(const Ctx *ctx, Str id);

/* ---- one meeting ---- */

/* open: items come; closed: results are noted; proposed: its minutes wait for the chair's post;
   fixed: they were decided; cancelled: it isn't held. */
typedef enum MeetStage {
    MEET_OPEN,
    MEET_CLOSED,
    MEET_PROPOSED,
    MEET_FIXED,
    MEET_CANCELLED,
    MEET_STAGES
} MeetStage;
Str meet_stage_word(MeetStage stage);
/* 了承, 修正のうえ了承, 継続, 取下げ; MEET_RESULTS: none yet. */
typedef enum MeetResult {
    MEET_AGREED,
    MEET_AMENDED,
    MEET_CONTINUED,
    MEET_WITHDRAWN,
    MEET_RESULTS
} MeetResult;
Str meet_result_word(MeetResult result); /* empty: none */
MeetResult meet_result_of(Str word);

typedef enum MeetShown { MEET_PUBLIC, MEET_TITLE, MEET_HIDDEN, MEET_SHOWNS } MeetShown;
Str meet_shown_word(MeetShown shown);
/* MEET_SHOWNS: it is none. */
MeetShown meet_shown_of(Str word);

/* Texts refer to the entity. */
typedef struct MeetItem {
    int64_t n; /* by which it is addressed; stays when the order changes */
    uint64_t version;
    Str id, title, summary, post, division;
    MeetShown shown; /* to everybody */
    MeetResult result;
    Str said;           /* what the meeting said of it */
    const Json *papers; /* files, as answers have them: {file, name, type, bytes, sha256} */
    const Json *links;  /* addresses of pages of the city */
    bool whole;         /* who asks reads all of it; else its title alone */
} MeetItem;

typedef struct Meeting {
    Str id, key; /* key: the end of its address */
    uint64_t version;
    Str file; /* retention file of its items, papers and minutes, too; empty: that of their types */
    Str series, name, place;
    int64_t at;
    Str secretariat, chair; /* posts */
    const Json *members;    /* posts */
    MeetStage stage;
    bool open;            /* its agenda */
    const Json *attended; /* posts that were there; NULL: not noted yet */
    Str minutes;          /* 要旨; empty: not drafted yet */
    Str decision, hash;   /* fixed: by which Decision, of what contents */
    int64_t decided_at, notes;
    Str proposal;       /* the newest Decision about its minutes; empty: none yet */
    int64_t items;      /* how many were ever brought */
    const Json *agenda; /* their numbers in order */
} Meeting;
typedef VEC(Meeting) Meetings;
typedef VEC(MeetItem) MeetItems;

/* Those of a fiscal year, the latest first. */
typedef struct MeetYear {
    int year;        /* 0: there is no meeting at all */
    int first, last; /* years in which there are any */
    Meetings meetings;
    bool more; /* the year has more than MEET_LIST */
} MeetYear;
/* year: one before the first or after the last is that one; 0: the present one. */
Rc meet_list(Ctx *ctx, int year, MeetYear *out);
/* RC_NOT_FOUND "no-meeting". */
Rc meet_load(Ctx *ctx, Str key, Meeting *out);
/* Those that who asks may know of, in the order of the agenda. */
Rc meet_items(Ctx *ctx, const Meeting *meeting, MeetItems *out);
/* RC_NOT_FOUND "no-item": there is none, or not for who asks. */
Rc meet_item(Ctx *ctx, const Meeting *meeting, int64_t n, MeetItem *out);
/* The row of a paper, for who reads the item whole. RC_NOT_FOUND "no-file". */
Rc meet_paper(Ctx *ctx, const MeetItem *item, Str file, const Json **paper);

/* What who acts may do with it now. */
bool meet_keeps(const Ctx *ctx, const Meeting *meeting);   /* he is its secretariat */
bool meet_attends(const Ctx *ctx, const Meeting *meeting); /* secretariat, chair or member */
bool meet_brings(Ctx *ctx, const Meeting *meeting);        /* an item of his division */
bool meet_changes(Ctx *ctx, const Meeting *meeting, const MeetItem *item);

/* ---- writing ---- */

typedef struct MeetPlan {
    Str series, place;
    Str day, time; /* as a form has them: 2026-12-01, 09:30 */
} MeetPlan;
/* *key: of the new meeting. RC_INVALID at "series", "day" ("far" too), "time", "place"; RC_DENIED.
 */
Rc meet_plan(Ctx *ctx, const MeetPlan *wish, Str *key);
/* Another day of its fiscal year (RC_INVALID "other-year"), time or place, while it is open. */
Rc meet_move(Ctx *ctx, Str key, const MeetPlan *wish);

/* A file that was looked at and cleaned. */
typedef struct MeetPaper {
    Str name, type, digest, bytes;
} MeetPaper;
typedef struct MeetWish {
    Str title, summary, link;
    MeetShown shown;
    uint64_t version;      /* of the item as it was shown; a new one: 0 */
    VEC(MeetPaper) papers; /* that are added */
    Str remove;            /* the `file` of a paper that goes; empty: none does */
} MeetWish;
/* Brings an item (n 0), or changes one. RC_INVALID at "title", "summary", "shown", "link"; RC_LIMIT
   "items-full", "many" (papers); RC_CONFLICT "agenda-closed", "edited". */
Rc meet_bring(Ctx *ctx, Str key, int64_t n, const MeetWish *wish);
typedef enum MeetAct {
    MEET_UP,
    MEET_DROP,
    MEET_CLOSE,
    MEET_REOPEN,
    MEET_CANCEL,
    MEET_HOLD, /* after all: it is as it was before it was cancelled */
    MEET_ACTS
} MeetAct;
/* The secretariat puts an item one up, closes the agenda, opens it again, or cancels the meeting
   and takes that back; an item is taken off by its division, too. RC_CONFLICT "moved-on",
   "agenda-closed", "agenda-empty", "minutes-frozen", "meeting-cancelled". */
Rc meet_act(Ctx *ctx, Str key, int64_t n, MeetAct act);

/* ---- results and minutes: the secretariat's, once the agenda is closed ---- */

#define MEET_KIND STR("meeting-minutes") /* of proposals */

typedef struct MeetNote {
    MeetResult result;
    Str text;
    uint64_t version; /* of the item as it was shown */
} MeetNote;
/* RC_CONFLICT "agenda-open", "minutes-frozen", "meeting-cancelled", "edited"; RC_INVALID at
   "result", "said". */
Rc meet_note(Ctx *ctx, Str key, int64_t n, const MeetNote *note);
typedef struct MeetMinutes {
    Str text;
    StrVec attended; /* posts; others than its members and chair are left out */
} MeetMinutes;
Rc meet_minute(Ctx *ctx, Str key, const MeetMinutes *wish);
/* Proposes the minutes as they are to the chair's post. RC_CONFLICT "no-result" names an item;
   RC_INVALID at "minutes": none are drafted. */
Rc meet_propose(Ctx *ctx, Str key, Str *decision);
/* An act on the route of such a proposal; once decided, the meeting is fixed. */
Rc meet_act_on(Ctx *ctx, Str decision, const RouteAct *wish);
/* Its drafter hands in minutes that came back, as they are written by now. RC_CONFLICT
   "not-newest"; errors of meet_propose and act_amend. */
Rc meet_amend(Ctx *ctx, Str decision, const ActAmend *wish);
/* Whether who asks reads what is proposed whole. */
bool meet_reads(Ctx *ctx, const Entity *decision);
/* What was decided; NULL: nothing was, or it was disposed of. */
Rc meet_decided(Ctx *ctx, const Meeting *meeting, const Json **contents);

/* ---- for everybody ---- */

/* What everybody reads of a meeting from the decision about its minutes on. Items as they were
   frozen: a public one whole, with its papers, of others the title, of hidden ones (n 0) nothing.
   root empty: there is nothing for everybody; nothing was decided, or it was before minutes were
   made for that. */
typedef struct MeetPublic {
    Str root, minutes;
    const Json *attended, *check; /* check: from what root is computed, what is hidden as hashes */
    MeetItems items;
} MeetPublic;
Rc meet_public(Ctx *ctx, const Meeting *meeting, MeetPublic *out);
/* The row of a paper of a public item. RC_NOT_FOUND "no-file". */
Rc meet_public_paper(Ctx *ctx, const Meeting *meeting, int64_t n, Str file, const Json **paper);

#endif
