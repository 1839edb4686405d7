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
    CASE_STATES,
} CaseState;
Str case_state_word(CaseState state);
/* CASE_STATES when the entity has none of them. */
CaseState case_state(const Entity *application);

/* One line of a case's story, as the resident reads it. */
typedef struct CaseStep {
    int64_t at;
    CaseState state;
    Str post; /* of the official, empty for the resident: never a name */
    Str text; /* question, answer or reason */
} CaseStep;
typedef VEC(CaseStep) CaseSteps;
void case_steps(Arena *arena, const Entity *application, CaseSteps *out);

/* application.submit: puts the case with its number. Needs: the application's id and the counter.
   Result: the receipt number. RC_CONFLICT "submitted": this application exists already, which is
   what a double click gets. */
typedef struct PartSubmit {
    const Entity
        *application; /* whole, but for receiptNumber, state, stateAt, submittedAt and steps */
    Str counter;
    int fiscal_year;
} PartSubmit;
extern const PartKind part_case_submit;

/* application.step: from one of several states to another. RC_CONFLICT "moved-on": the case is in
   another state, or no longer the version that was looked at. */
typedef struct PartStep {
    Str id;
    unsigned from; /* bits 1 << CaseState */
    CaseState to;
    uint64_t version;  /* 0: any */
    const Entity *set; /* attributes to set beside the state; may be NULL */
    Str post, text;
} PartStep;
extern const PartKind part_case_step;

#endif
