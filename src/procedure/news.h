/* news: what of a case its person is told that there is news, by whatever way. It is what stands on
   his page: another state of his case that somebody else brought about, or an answer that the
   office wrote. Include only procedure.h from outside. */
#ifndef PROCEDURE_NEWS_H
#define PROCEDURE_NEWS_H

#include "ledger/ledger.h"

/* A case may have come into another state, or the office may have written. Pure. */
bool news_is(const Event *event);
/* Whose case it is; RC_NOT_FOUND: it is none, or he did it himself. */
Rc news_whose(Ctx *ctx, Str id, Str actor, Str *person);

#endif
