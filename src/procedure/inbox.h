/* inbox: open cases by post, state and due date, kept as rows so that a page of 100 000 open cases
   is found at once. Include only procedure.h from outside. */
#ifndef PROCEDURE_INBOX_H
#define PROCEDURE_INBOX_H

#include "case.h"
#include "project/project.h"

/* Of which case an event of a follower is, its erasure among them; empty: of none. */
Str case_event_id(const Event *event);
/* The follower "inbox"; register it before project_start. */
Follower inbox_follower(Tenant *tenant);

/* One line. The row holds nothing personal; the case itself is read through the ledger, so that it
   is never older than what was just done. It is whole: mask it before it is shown to anybody. */
typedef struct InboxLine {
    Str id;
    CaseState state; /* of the row */
    Date due;
    Str district, procedure;
    const Entity *application;
} InboxLine;
typedef VEC(InboxLine) InboxLines;

/* What rows call the procedure of a case that names none. */
#define INBOX_BULKY STR("bulky-waste")

/* What is asked of a post is asked of those as well whose successor it is by today. */
typedef struct InboxQuery {
    Str post;
    unsigned states;     /* bits 1 << CaseState; 0: those that wait for the office */
    Str district;        /* empty: all */
    Str procedure;       /* INBOX_BULKY, or a definition's id; empty: all */
    Str assignee;        /* an account: what it has, of cases that are open; empty: all */
    Date pickup;         /* year 0: all */
    const StrVec *items; /* cases with one of these alone; NULL: all, but not empty. Whoever is
                            shown none of a case's items must not be shown that it was found. */
    Str after;           /* `next` of the page before */
    size_t limit;
} InboxQuery;
typedef struct InboxPage {
    InboxLines lines;
    Str next; /* empty: that was all */
    size_t scanned;
} InboxPage;
/* By post, state, due date (of a day of pickup: no matter which), then in the order in which they
   came. Pool threads. */
Rc inbox_page(Ctx *ctx, const InboxQuery *query, InboxPage *out);
/* The days of pickup of the post's cases that are in a state, from a day on (year 0: all), in
 * order. */
typedef struct InboxDay {
    Date day;
    int64_t cases;
} InboxDay;
typedef VEC(InboxDay) InboxDays;
Rc inbox_days(Ctx *ctx, Str post, CaseState state, Date from, InboxDays *out);
/* How many cases of the post are in each state. */
Rc inbox_counts(Ctx *ctx, Str post, int64_t counts[CASE_STATES]);
/* A person's own cases, by id. Pool threads. */
typedef VEC(const Entity *) InboxCases;
Rc inbox_of(Ctx *ctx, Str person, size_t limit, InboxCases *out);
/* The post's, and its predecessors', cases in which a message waits for an answer, by the day on
   which that is due, then by when it was written; *more: than `most`. Whole. */
typedef struct InboxWaits {
    Str post;
    Date before; /* those alone whose day lies before it, and of those without a day some; year 0:
                    all */
    size_t most;
} InboxWaits;
Rc inbox_waits(Ctx *ctx, const InboxWaits *ask, InboxCases *out, bool *more);
/* Who has open cases of a post as their assignee, and how many. Pool threads, project_drain before.
 */
typedef struct InboxAssigned {
    Str assignee;
    int64_t cases;
} InboxAssigned;
typedef VEC(InboxAssigned) InboxAssignments;
Rc inbox_assigned(Ctx *ctx, Str post, InboxAssignments *out);
/* How many of them one official has. */
Rc inbox_assigned_to(Ctx *ctx, Str post, Str assignee, int64_t *cases);
/* One assignee's open cases of a post by id; *more: than `most`. Whole. Pool threads, project_drain
   before. */
typedef struct InboxHeld {
    Str post, assignee;
    size_t most;
} InboxHeld;
Rc inbox_held(Ctx *ctx, const InboxHeld *ask, InboxCases *out, bool *more);
typedef struct InboxAlike {
    int64_t from, until; /* of arrival */
    size_t limit;        /* of each: the newest */
} InboxAlike;
/* Ids of the other cases of its procedure by its applicant, and by its telephone number, each once.
   application: whole. Pool threads. */
Rc inbox_alike(Ctx *ctx, const Entity *application, const InboxAlike *ask, StrVec *out);
/* The case of a receipt number, RC_NOT_FOUND when there is none. */
Rc inbox_find(Ctx *ctx, Str receipt_number, Str *id);

#endif
