/* reach: how far those get who begin an application on the web: of each page and month, how many
   saw it and how many of them went on. Numbers alone, of nobody, in local.db beside the drafts that
   they are counted at: they outlive a restart, and no backup has them. Include only procedure.h
   from outside. */
#ifndef PROCEDURE_REACH_H
#define PROCEDURE_REACH_H

#include "defined.h"

/* A draft comes to a page for the first time. */
typedef struct ReachStep {
    Str procedure;
    Str from, to; /* ids of pages; from empty: it was begun; to empty: it was sent */
} ReachStep;
/* Pool threads, as all below. */
Rc reach_count(Ctx *ctx, const ReachStep *step);

typedef struct ReachPage {
    Str page;
    int64_t seen, on; /* drafts that came to it, and those of them that came to a later one */
} ReachPage;
typedef struct Reach {
    int64_t begun, sent;
    VEC(ReachPage) pages; /* by id */
} Reach;
/* The same of a draft: a page of questions is shown (NULL: the check), or it was sent; nothing for
   what an official enters or a bundle hands on. */
void reach_page(Ctx *ctx, const DefinedDraft *draft, const FormPage *page);
void reach_sent(Ctx *ctx, const DefinedDraft *draft);

/* The sums of a procedure from a month ("2026-04") on, in ctx->arena. */
Rc reach_of(Ctx *ctx, Str procedure, Str since, Reach *out);

#endif
