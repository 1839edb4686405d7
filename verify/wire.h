/* wire: reads the bytes of doc/ledger-format.md §1. A Wire that has once met something wrong stays
   bad and gives zeros, so that a reader asks once, at its end. */
#ifndef VERIFY_WIRE_H
#define VERIFY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Slice {
    const uint8_t *at;
    size_t len;
} Slice;

typedef struct Wire {
    const uint8_t *at, *end;
    bool bad;
} Wire;

Wire wire_of(Slice bytes);
uint8_t wire_u8(Wire *wire);
/* LEB128 in its shortest form only. */
uint64_t wire_varint(Wire *wire);
Slice wire_bytes(Wire *wire, uint64_t len);
Slice wire_str(Wire *wire);
/* A str that must be UTF-8 of at most max bytes. */
Slice wire_text(Wire *wire, size_t max);
/* Nothing was wrong and nothing is left over. */
bool wire_done(const Wire *wire);

Slice slice_of(const char *text);
bool slice_eq(Slice a, Slice b);
/* Cuts what stands before the first `end` off *rest, which then begins behind it. False: there is
 * none. */
bool slice_cut(Slice *rest, char end, Slice *out);
/* Decimal digits without a leading zero, of at most 18 digits. */
bool slice_number(Slice text, uint64_t *out);
/* Exactly `len` bytes of base64 with padding. */
bool slice_base64(Slice text, uint8_t *out, size_t len);

#endif
