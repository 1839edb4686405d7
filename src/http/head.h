/* head: reads the head of a request (RFC 9112, 2 to 6) before llhttp sees it, and refuses what
   llhttp lets through: folded lines, more than single spaces, no or two Hosts, empty names,
   doubtful lengths and codings. Pure: no I/O, no allocation; slices point into the head that was
   given. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "base/base.h"

enum { HEAD_MAX = 16 * 1024, HEAD_FIELDS_MAX = 100 };

typedef struct HeadField {
    Str name, value; /* value without white space around it */
} HeadField;

typedef enum HeadExpect { HEAD_EXPECT_NONE, HEAD_EXPECT_CONTINUE, HEAD_EXPECT_OTHER } HeadExpect;

typedef struct Head {
    Str method, target;
    Str path, query; /* of the target, as sent; an absolute-form target's authority is left out;
                        query without '?' */
    int minor;       /* HTTP/1.minor: 0 or 1 */
    HeadField *fields;
    size_t n, room;
    Str host;
    Str authority; /* of an absolute-form target: the Host header says the same */
    uint64_t length;
    bool has_host, has_length, chunked, upgrade;
    bool close, keep_alive; /* named in Connection */
    HeadExpect expect;
} Head;

/* How far the search for the end of a head has come; {0} at the start of each head. */
typedef struct HeadSearch {
    size_t line;  /* offset at which the unfinished line begins */
    size_t lines; /* finished ones */
} HeadSearch;

typedef enum HeadFound { HEAD_MORE, HEAD_WHOLE, HEAD_BAD_LINE, HEAD_TOO_LARGE } HeadFound;

/* Looks for the empty line that ends the head in data, which begins with the head and may grow
   between calls. On HEAD_WHOLE search->line is the head's length, the empty line included.
   HEAD_BAD_LINE: a LF without CR. */
HeadFound head_find(HeadSearch *search, Str data);

/* A token and a field value, not empty, without blanks at its ends (RFC 9110, 5.1 and 5.5). */
bool head_field_fit(Str name, Str value);
/* Reads a whole head. head->fields must have room for head->room fields, the lines of the search
   are enough. Returns 0, or the status to refuse with (400, 431, 501, 505) and the reason in *why.
 */
int head_read(Str text, Head *head, const char **why);

#endif
