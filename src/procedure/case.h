/* case: the parts by which an application moves. Every step checks the state it starts from, is
   written into the case's list of steps, and shows in the inbox at once. Include only procedure.h
   from outside. */
#ifndef PROCEDURE_CASE_H
#define PROCEDURE_CASE_H

#include "ledger/ledger.h"

#define CASE_TYPE      LD_DEFAULT "Application"
#define CASE_ID_PREFIX "urn:ngsi-ld:Application:"

/* States; the words are what is stored. */
typedef enum CaseState {
    CASE_SUBMITTED, /* waits for the office */
    CASE_ASKED,     /* waits for the resident's answer (補正) */
    CASE_CONFIRMED, /* checked by the clerk under 専決 */
    CASE_PLANNED,   /* in a decided collection plan */
    CASE_COLLECTED,
    CASE_CANCELLED, /* by the resident */
    CASE_REFUSED,   /* with a reason */
    CASE_MISSED,    /* not collected on its day: the resident takes another one, or it ends */
    CASE_ELSEWHERE, /* of a defined procedure: waits for neither office nor resident */
    CASE_DONE, /* of a defined procedure: ended as it was asked for. New ones stand last, for the
                  rows of the inbox count by these numbers */
    CASE_STATES,
} CaseState;
/* Bits 1 << CaseState of a case that has ended (完結): nothing is to be done any more. */
#define CASE_ENDS                                                                                  \
    (1u << CASE_COLLECTED | 1u << CASE_CANCELLED | 1u << CASE_REFUSED | 1u << CASE_DONE)
Str case_state_word(CaseState state);
CaseState case_state_of(Str word); /* CASE_STATES: of none */
/* CASE_STATES when the entity has none of them. */
CaseState case_state(const Entity *application);
/* The state as its procedure calls it; of bulky waste the word of case_state. */
Str case_state_own(const Entity *application);
/* Its keys were destroyed: what lies in clear of a case is there, its number isn't. application: as
   the ledger has it, not as the gate shows it. */
bool case_is_erased(const Entity *application);

/* Another day, and the end, at the resident's wish, whoever pressed; taken out of a plan. */
#define CASE_STEP_DAY    STR("day")
#define CASE_STEP_BOOKED STR("booked")
#define CASE_STEP_CANCEL STR("cancel")
#define CASE_STEP_OUT    STR("out")

/* One line of a case's story, as the resident reads it. */
typedef struct CaseStep {
    int64_t at;
    CaseState state;
    Str post; /* of the official, empty for the resident: never a name */
    Str text; /* question, answer or reason */
    Str kind; /* what the state doesn't say: CASE_STEP_DAY, ...; empty: the state says it. Of a
                 defined procedure: its move */
    Str rule; /* id of the automatic rule that made it; empty: a person did */
} CaseStep;
typedef VEC(CaseStep) CaseSteps;
void case_steps(Arena *arena, const Entity *application, CaseSteps *out);
/* One more, in `after`; before NULL: there was none. Whether there are as many as may be. */
void case_step_add(Arena *arena, const Entity *before, const CaseStep *step, Entity *after);
bool case_is_full(const Entity *application);
int64_t case_arrived(const Entity *application); /* 0: it isn't sent yet */

/* How a reduction stands: "none", "requested", "approved", "refused", "dropped" (the case ended
   while it was open), empty for who may not see it; and the step that ended it, NULL while nothing
   has. */
typedef struct CaseReduction {
    Str state;
    const CaseStep *end; /* in the steps that were given */
} CaseReduction;
CaseReduction case_reduction(const Entity *application, const CaseSteps *steps);

/* application.submit: puts the case with its number. Needs: the application's id and the counter.
   Result: the receipt number. RC_CONFLICT "submitted": this application exists already, which is
   what a double click gets. */
typedef struct PartSubmit {
    const Entity
        *application; /* whole, but for receiptNumber, state, stateAt, submittedAt and steps */
    Str counter;
    int fiscal_year;
    CaseState state; /* where it begins */
    Str to;          /* the same as a defined procedure calls it; else empty */
} PartSubmit;
extern const PartKind part_case_submit;

/* application.step: from one of several states to another. A step that ends the case dates it
   (completedAt); what belongs to a state (missedReason) goes with it. RC_CONFLICT "moved-on": the
   case is in another state, or no longer the version that was looked at. */
typedef struct PartStep {
    Str id;
    unsigned from; /* bits 1 << CaseState */
    CaseState to;
    const StrVec *defined_from; /* of a defined procedure: the states as it calls them, one of which
                                   the case must be in; `from` is not asked */
    Str defined_to;             /* the one that it comes to; empty: no defined procedure */
    uint64_t version;           /* 0: any */
    const Entity *set;          /* attributes to set beside the state; may be NULL */
    const StrVec *gone;         /* those that it loses; NULL: none */
    Str post, text;
    Str kind, rule; /* see CaseStep */
} PartStep;
extern const PartKind part_case_step;

/* application.still: changes nothing, but the case must still be the version that was looked at.
   RC_CONFLICT "moved-on". */
typedef struct PartStill {
    Str id;
    uint64_t version;
} PartStill;
extern const PartKind part_case_still;

/* application.mark: what the crew found on the pickup day. step.to is CASE_COLLECTED or
   CASE_MISSED; its `from` is not asked. The same mark again changes nothing: two presses, or two
   phones in one truck, are one mark; another one corrects it. RC_CONFLICT "moved-on": the case
   stands in no decided plan of that day, or no longer. */
typedef struct PartMark {
    PartStep step;
    Str day;    /* the pickup day of the list that was looked at */
    Str reason; /* of CASE_MISSED, a word of the rules */
    bool rest;  /* only what has no mark yet: what somebody marked meanwhile stays */
} PartMark;
extern const PartKind part_case_mark;

#endif
