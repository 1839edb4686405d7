/* parse: llhttp in strict mode over one message after the other: judges the head once more after
   head/, and takes bodies apart. A file of its own because llhttp.h and http.h both name HTTP_GET.
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "base/base.h"

typedef struct Parse Parse;

typedef enum ParseResult {
    PARSE_MORE,  /* all was used, the message goes on */
    PARSE_DONE,  /* the message ended after *used bytes */
    PARSE_BAD,   /* malformed: trailers, endless chunk extensions, what llhttp refuses */
    PARSE_LARGE, /* the body passes the limit */
} ParseResult;

/* A piece of the body, without its framing; valid during the call. */
typedef void (*ParseBody)(void *arg, Str piece);

Parse *parse_new(ParseBody body, void *arg);
void parse_free(Parse *parse);
/* Begins a message whose body may have max bytes. */
void parse_start(Parse *parse, bool chunked, uint64_t max);
/* The first piece of a message is its whole head. */
ParseResult parse_feed(Parse *parse, Str data, size_t *used);
/* What was wrong after PARSE_BAD, a static text of llhttp's. */
const char *parse_why(const Parse *parse);

#endif
