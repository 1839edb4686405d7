/* device: an authenticator for tests: a real key, and what a browser would bring from it. Every
   member can be set to something that no device does. */
#ifndef TEST_GATE_DEVICE_H
#define TEST_GATE_DEVICE_H

#include "gate/webauthn.h"

#include <openssl/evp.h>

enum { ES256 = -7, EDDSA = -8, RS256 = -257, ES384 = -35 };
enum { FLAG_UP = 0x01, FLAG_UV = 0x04, FLAG_BE = 0x08, FLAG_BS = 0x10, FLAG_AT = 0x40 };

typedef struct Device {
    EVP_PKEY *key;
    int algorithm;
    Str id; /* of its credential */
    Str host;
    unsigned flags;
    uint32_t count;
} Device;

/* A device that does everything right, on host "localhost"; it ends by device_end. */
Device device_new(Arena *arena, int algorithm, Str id);
void device_end(Device *device);
/* The key as COSE (RFC 9053), as authenticators write it. */
Str device_cose(Arena *arena, const Device *device);
/* Authenticator data; with the credential in it when flags have FLAG_AT. */
Str device_data(Arena *arena, const Device *device, unsigned flags);
/* Signs data and the hash of the client's part. */
Str device_sign(Arena *arena, const Device *device, Str data, Str client);
/* clientDataJSON as browsers write it. */
Str device_client(Arena *arena, const char *type, Str challenge, Str origin);

#endif
