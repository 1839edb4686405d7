/* bundle: one-stop procedures. A definition with parts asks once what several procedures want to
   know. Each part that concerns whoever answers gets its share into a draft of its own, asks by its
   own pages what is still open, and is sent as a case of its own. Include only procedure.h from
   outside. */
#ifndef PROCEDURE_BUNDLE_H
#define PROCEDURE_BUNDLE_H

#include "defined.h"

typedef enum BundleState {
    BUNDLE_OPEN,    /* something is still to be answered */
    BUNDLE_READY,   /* can be sent */
    BUNDLE_SENT,    /* a case */
    BUNDLE_SIGN_IN, /* wants to know whose it is: applied for by itself, by who has signed in */
    BUNDLE_CLOSED,  /* not taken today */
} BundleState;

typedef struct BundleTask {
    const BundlePart *part;
    const Definition *definition;
    BundleState state;
    DefinedDraft draft; /* of the part */
    Str token;          /* of what was sent; else empty */
} BundleTask;
typedef VEC(BundleTask) BundleTasks;

/* Hands on what the bundle's questions were answered with to the parts that can be answered. A part
   that was begun for something else begins anew: what stood there may be another person's. */
Rc bundle_fill(Ctx *ctx, const DefinedDraft *bundle);
/* The parts that concern whoever answers, in their order. Lives in ctx->arena. */
Rc bundle_tasks(Ctx *ctx, const DefinedDraft *bundle, BundleTasks *out);
/* Whether a part's draft belongs to its bundle still, by what is answered there now. */
bool bundle_has(Ctx *ctx, const DefinedDraft *part);

typedef struct BundleSending {
    size_t sent, open; /* parts: cases, before or now; not complete */
    const BundleTask *failed;
} BundleSending;
/* Sends what is ready, a command each, so that what has arrived stays when another is refused or
   isn't complete (行政手続法7条). Once nothing is open the draft is forgotten. An error is that of
   out->failed; without it RC_INVALID "incomplete": the bundle's own questions; "no-notice". */
Rc bundle_send(Ctx *ctx, const DefinedDraft *bundle, BundleSending *out);

typedef struct BundleReceipt {
    const Definition *definition;
    Receipt receipt;
} BundleReceipt;
typedef VEC(BundleReceipt) BundleReceipts;
/* What became cases of the present or last sending from this browser, for as long as its draft has
   it. */
Rc bundle_receipts(Ctx *ctx, const DefinedDraft *bundle, BundleReceipts *out);

/* What keeps bundles from working: parts and fields that no definition of the catalogue has; of a
   procedure, that it would be no part any more of a bundle that names it. */
void bundle_lint(Ctx *ctx, const Definition *definition, const Catalogue *catalogue,
                 DefinitionFindings *out);

#endif
