/* wire: the bytes of doc/ledger-format.md §1: varints, strings, fixed pieces; written to a Buf,
 * read through a cursor. */
#ifndef LEDGER_WIRE_H
#define LEDGER_WIRE_H

#include "base/base.h"

void wire_put_varint(Buf *to, uint64_t value);
void wire_put_str(Buf *to, Str s);

/* Reads from the front of `rest`. The first piece that is not there or not valid sets `bad`, and
   from then on every call gives zero or nothing, so a reader may check once at the end. Strings are
   slices of the input. */
typedef struct WireIn {
    Str rest;
    bool bad;
} WireIn;

WireIn wire_in(Str bytes);
uint8_t wire_u8(WireIn *in);
uint64_t wire_varint(WireIn *in);
Str wire_str(WireIn *in);
Str wire_bytes(WireIn *in, size_t n);
/* A count of things that take at least least_size bytes each: more than can be there is bad, so
 * that nobody allocates for it. */
size_t wire_count(WireIn *in, size_t least_size);
/* True when everything was valid and nothing is left over. */
bool wire_done(const WireIn *in);

#endif
