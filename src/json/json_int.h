/* json_int: what the files of json/ know of one another. */
#ifndef JSON_JSON_INT_H
#define JSON_JSON_INT_H

#include "json.h"

enum { JSON_DEPTH_MAX = 1000, JSON_BYTES_MAX = 256 << 20 };

/* Exact order of two numbers by value, also between integer and double: <0, 0, >0. */
int json_number_order(const Json *a, const Json *b);
/* True for a number without fraction, whatever its spelling (5, 5.0, 5e0). */
bool json_is_integral(const Json *value);
/* The text that json_write gives a finite double; to takes at least 32 bytes. Returns its length.
 */
size_t json_double_text(char *to, double value);
/* Equal values (json_equal) have equal hashes. */
uint64_t json_hash(const Json *value);
/* The members in byte order of their names, into the caller's object->len pointers. */
void json_sort_members(const Json *object, const JsonMember **sorted);

#endif
