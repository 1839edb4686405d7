/* reach: which addresses are of this machine, its link, or of many: no subscriber's. */
#ifndef BROKER_REACH_H
#define BROKER_REACH_H

#include "base/base.h"

/* False: the text is no address of IPv4 or IPv6, as a name is none. Else *here: loopback,
 * unspecified, link-local, multicast, or one at which clouds serve metadata; of IPv4 within IPv6,
 * too. */
bool reach_read(Str address, bool *here);
/* Whether the host of a URL is such an address (of IPv6 in brackets or not), or a name that means
 * this machine wherever it is asked (RFC 6761, 6.3). */
bool reach_here(Str host);

#endif
