/* seek: cases by whose they are: parts of a name, its reading, an address or a mail address, and
   telephone numbers. A follower keeps a signature for each case that has not been erased: keyed
   hashes of the pairs of letters in these texts, laid over one another, so that the disk holds no
   text and no list of who shares a name. What a signature lets through is compared with what the
   official may see. Include only procedure.h from outside. */
#ifndef PROCEDURE_SEEK_H
#define PROCEDURE_SEEK_H

#include "inbox.h"

/* The follower "seek"; register it before project_start. */
Follower seek_follower(Tenant *tenant);

/* Cases in any state, newest first, that have all words of a text, as the actor sees them (with his
   purpose): record the look before they are shown. *more: there are others than `most`, or so many
   were gone through that there may be. RC_INVALID "short": no word has two letters, or eight
   digits; "long": more than eight words. Pool threads. */
typedef struct SeekAsk {
    Str text;
    size_t most;
} SeekAsk;
Rc seek_cases(Ctx *ctx, const SeekAsk *ask, InboxCases *out, bool *more);

/* The persons by whose accounts the cases with this whole telephone number were sent, whatever
   their post, each once and the newest first, `most` of them: for the city itself, and for who has
   made sure that he may know whose account it is (gate_owner_person). None where the text is no
   whole number. Pool threads. */
Rc seek_applicants(Ctx *ctx, Str phone, size_t most, StrVec *out);

#endif
