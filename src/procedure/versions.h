/* versions: the versions of its procedure under which a case has stood. It begins under one, and
   goes on under another by the decision on a 経過措置 (transition.h). What happened before is read
   by the version of then. Include only procedure.h from outside. */
#ifndef PROCEDURE_VERSIONS_H
#define PROCEDURE_VERSIONS_H

#include "catalogue.h"

/* The step by which a case went to another version; its text is the number of the decision. No move
   has this id. */
#define CASE_STEP_VERSION STR("version.next")

typedef struct CaseTransition {
    int64_t from, to; /* versions */
    int64_t at;
    Str number; /* of the decision */
} CaseTransition;
typedef VEC(CaseTransition) CaseTransitions;
/* In the order in which they came. application: whole or masked. */
void case_transitions(Arena *arena, const Entity *application, CaseTransitions *out);
/* The same and one more, as a case keeps them; its texts are copied. */
Json case_transitions_json(Arena *arena, const Entity *application, const CaseTransition *more);

/* The oldest first; the last one governs the case. Empty: it is no case of a definition. */
void versions_of(const Ctx *ctx, const Entity *application, Definitions *out);
/* The one under which a case came in, and the one that governed it at an instant; NULL as above. */
const Definition *versions_first(const Ctx *ctx, const Entity *application);
const Definition *versions_at(const Ctx *ctx, const Entity *application, int64_t at);
/* What a question was when it was answered, for cases are answered on arrival: as the oldest
   version that has it asks it; NULL: none has it. */
const Field *versions_field(const Definitions *versions, Str id);
typedef VEC(const Field *) Fields;
/* Questions of earlier versions that the one which governs the case doesn't have. */
void versions_gone(const Ctx *ctx, const Entity *application, Fields *out);
/* Questions of `from` that `to` asks in other words: label, hint, or what can be chosen. */
void versions_reworded(Arena *arena, const Definition *from, const Definition *to, Fields *out);

#endif
