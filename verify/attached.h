/* attached: the files that notes name, as they lie in files/ of the copy (doc/ledger-format.md §6
   and §10, step 7). */
#ifndef VERIFY_ATTACHED_H
#define VERIFY_ATTACHED_H

#include "keyring.h"

typedef struct Attached Attached;

Attached *attached_new(void);
void attached_free(Attached *attached);
/* A note "attachment" of the leaf at this position. */
void attached_name(Attached *attached, const Attachment *attachment, uint64_t position);
/* After the last leaf: is each file there, or its key erased, and is it what was named? path: as
   given to the program; of a ledger.db alone nothing is looked at. */
void attached_judge(const Attached *attached, const char *path, const Keyring *ring,
                    Report *report);

#endif
