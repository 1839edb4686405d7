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
    BUNDLE_SIGN_IN, /* wants to know whose it is */
} BundleState;

typedef struct BundleTask {
    const BundlePart *part;
    const Definition *definition;
    BundleState state;
    DefinedDraft draft; /* of the part */
    Str token;          /* of what was sent; else empty */
} BundleTask;
typedef VEC(BundleTask) BundleTasks;

/* Hands on what the bundle's questions were answered with, over what stood there before. A part
   that was sent, that is closed today or wants an account that nobody signed in to gets nothing. */
Rc bundle_fill(Ctx *ctx, const DefinedDraft *bundle);
/* The parts that concern whoever answers and are in force today, in their order. Lives in
   ctx->arena. */
Rc bundle_tasks(Ctx *ctx, const DefinedDraft *bundle, BundleTasks *out);
/* Sends all that wasn't sent: a command each, so that what is sent stays when a later one is
   refused, and a second try goes on there. *failed: the part that was refused, with its error;
   RC_INVALID "incomplete" before any is sent when one isn't ready. Then the draft is forgotten. */
Rc bundle_send(Ctx *ctx, const DefinedDraft *bundle, const BundleTask **failed);

typedef struct BundleReceipt {
    const Definition *definition;
    Receipt receipt;
} BundleReceipt;
typedef VEC(BundleReceipt) BundleReceipts;
/* What was sent from this browser a moment ago; none once draft->sent is empty. */
Rc bundle_receipts(Ctx *ctx, const DefinedDraft *bundle, BundleReceipts *out);

/* What keeps bundles from working: parts and fields that no definition of the catalogue has. */
void bundle_lint(Ctx *ctx, const Definition *bundle, const Catalogue *catalogue,
                 DefinitionFindings *out);

#endif
