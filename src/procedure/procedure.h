/* procedure: applications and what becomes of them. Moves are commands (case.h), the inbox is a
   projection (inbox.h). Bulky-waste pickup: rules are data (waste.h), the resident's side is
   apply.h, the office's office.h. Procedures that are definitions: definition.h, form.h,
   catalogue.h, defined.h. */
#ifndef PROCEDURE_PROCEDURE_H
#define PROCEDURE_PROCEDURE_H

#include "gate/gate.h"
#include "ledger/ledger.h"
#include "project/project.h"

#include "definition.h"
#include "outline.h"
#include "compare.h"
#include "catalogue.h"
#include "publish.h"
#include "form.h"
#include "waste.h"
#include "case.h"
#include "inbox.h"
#include "seek.h"
#include "news.h"
#include "draft.h"
#include "media.h"
#include "attach.h"
#include "spot.h"
#include "apply.h"
#include "office.h"
#include "defined.h"
#include "saved.h"
#include "correct.h"
#include "reach.h"
#include "bins.h"
#include "automate.h"
#include "join.h"
#include "bundle.h"
#include "fee.h"
#include "letters.h"
#include "thread.h"
#include "booking.h"
#include "draw.h"
#include "wait.h"
#include "visit.h"
#include "tablet.h"
#include "handover.h"
#include "shelf.h"
#include "filing.h"
#include "versions.h"
#include "together.h"
#include "ranking.h"
#include "counts.h"
#include "transition.h"
#include "transit.h"

typedef struct Procedures Procedures;

typedef struct ProcedureSources {
    int64_t admission_rate; /* people a minute that waiting rooms let in; 0: 600 */
    WasteSources waste;
    const Json *const *definitions;
    size_t definition_count;
    const Json *blank; /* the definition from which a new one is written; NULL: {} */
    AttachLimits attach;
    const Json *files; /* the classification table; NULL: none, and no text of retention is looked
                          for in it */
} ProcedureSources;
/* Between project_new (it adds the inbox) and project_start. The sources live as long as the
 * tenant. */
Rc procedures_open(Ctx *ctx, Tenant *tenant, const ProcedureSources *sources);
void procedures_close(Tenant *tenant);
/* Takes in what the city has published. After project_start, with a Reader. RC_FAILED names a
   version that this program can't read. */
Rc procedures_start(Ctx *ctx, Tenant *tenant);
/* From now on, until procedures_stop, holds that ran out are taken out of their slots and lotteries
   go on every five minutes; disposals of files, and transitions of cases, are carried out as they
   are decided. After project_start and gate_open. */
Rc procedures_sweep(Ctx *ctx, Tenant *tenant);
/* Ends that, waiting for a round that runs; nothing where none was begun. Before project_stop. */
void procedures_stop(Tenant *tenant);
/* Takes out those that ran out by now; *slots: of how many slots. With a Reader. */
Rc procedures_expire(Ctx *ctx, size_t *slots);
const Waste *procedures_waste(const Tenant *tenant);
const Catalogue *procedures_catalogue(const Tenant *tenant);
const AttachLimits *procedures_attach(const Tenant *tenant);
/* What is said of messages in bulky-waste cases; NULL: nobody writes to them. */
const DefinedThread *procedures_waste_thread(const Tenant *tenant);
/* Fills an empty tenant with count generated cases in all states, and the proposals that belong to
   them; the same seed and instant give the same city. The demo accounts must be there: they act.
   After project_start and gate_open; one thread, with a Reader. */
typedef struct SeedWish {
    uint64_t seed;
    size_t count;
    void (*tell)(void *arg, size_t done, size_t of); /* once for each case; NULL: nobody */
    void *tell_arg;
} SeedWish;
Rc procedures_seed(Ctx *ctx, Tenant *tenant, const SeedWish *wish);

#endif
