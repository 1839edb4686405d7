/* counts: how often what was answered to the questions that a definition has counted
   ("statistics"). Of nobody: figures are held to tens, and of whole months. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_COUNTS_H
#define PROCEDURE_COUNTS_H

#include "defined.h"

enum { COUNTS_STEP = 10 }; /* figures are multiples of it; less than one is told as that alone */

typedef struct AnswerCount {
    FeelValue value; /* a choice's id, or true and false */
    int64_t n;
} AnswerCount;
typedef struct FieldCount {
    const Field *field;
    int64_t n;                /* cases in which it was answered */
    VEC(AnswerCount) answers; /* of a choice, in the order of its options; of a number none */
    double mean;              /* of a number; 0 while n is 0 */
} FieldCount;
typedef struct AnswerCounts {
    int64_t cases;
    Date before; /* those that arrived before this day: the first of this month, or of the next
                    fiscal year */
    VEC(FieldCount) fields;
} AnswerCounts;
/* Of the cases of a procedure that arrived in a fiscal year, whatever became of them, as its newest
   version asks. Erased ones have no answers any more. RC_NOT_FOUND "no-procedure". Reads all cases
   of it: slow. */
Rc counts_answers(Ctx *ctx, Str procedure, int fiscal_year, AnswerCounts *out);

#endif
