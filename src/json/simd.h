/* simd: what json/ takes from C++: simdjson's structural index, and the shortest exact text of a
   double. Private to json/. */
#ifndef JSON_SIMD_H
#define JSON_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Memory to index texts of up to a fixed size; used by one thread at a time. */
typedef struct Simd Simd;

typedef enum SimdResult {
    SIMD_OK,
    SIMD_EMPTY, /* nothing but white space */
    SIMD_BAD,   /* not UTF-8, an open string, or a control character inside a string */
} SimdResult;

/* NULL when there is no memory. */
Simd *simd_new(size_t capacity);
void simd_free(Simd *simd);
size_t simd_capacity(const Simd *simd);

/* Finds the offset of every bracket, comma, colon, opening quote and first byte of another scalar.
   *index holds *n of them and len behind, until the next call. Checks UTF-8 and the quotes, nothing
   else. len is at most the capacity. */
SimdResult simd_index(Simd *simd, const char *text, size_t len, const uint32_t **index, size_t *n);

/* The nearest double to a number that follows RFC 8259; false when it is too large or too small for
 * one. */
bool simd_read_double(const char *text, size_t len, double *out);
/* The shortest text that reads back as the same finite double, with an exponent below 1e-6 and from
   1e21 on, as ECMAScript has it. to takes at least 32 bytes; returns the length. */
size_t simd_write_double(char *to, double value);

#ifdef __cplusplus
}
#endif

#endif
