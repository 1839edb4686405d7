/* model: a decision model as DMN tools exchange it (DMN 1.1 to 1.5, XML): inputs, decisions,
   business knowledge, types. Read with libxml2, without entities and network. A decision is
   computed with what it requires; a cycle of requirements is refused on reading. */
#ifndef DMN_MODEL_H
#define DMN_MODEL_H

#include "table.h"

enum { DMN_XML_MAX = 4 << 20 };

typedef struct DmnModel DmnModel;

/* The model lives in ctx->arena. RC_INVALID names the element by its name in the model. */
Rc dmn_model_read(Ctx *ctx, Str xml, const DmnModel **out);
Str dmn_model_name(const DmnModel *model);
/* Names of its decisions and inputs, in the order of the file. */
void dmn_model_decisions(Arena *arena, const DmnModel *model, StrVec *out);
void dmn_model_inputs(Arena *arena, const DmnModel *model, StrVec *out);

/* What is asked of a model. */
typedef struct DmnAsk {
    Str decision;       /* by name */
    const Json *inputs; /* an object by the inputs' names; what is missing is null */
} DmnAsk;

/* Computes one decision; RC_NOT_FOUND when there is none of that name. Texts are taken as the types
 * that the model declares; what a type does not allow is null and noted. */
Rc dmn_model_decide(Ctx *ctx, const DmnModel *model, const DmnAsk *ask, FeelRun *run,
                    FeelValue *out);

#endif
