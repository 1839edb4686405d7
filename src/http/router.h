/* router: from method and path to a row of a route table, by a tree of path segments. Built before
   the server starts, read by all threads afterwards. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http.h"

enum { ROUTER_PARAMS_MAX = 8, ROUTER_DEPTH_MAX = 32, ROUTER_METHODS = 7 };

typedef struct Router Router;

typedef struct RouterMatch {
    const HttpRoute *route;        /* NULL: no row for this method */
    const Str *names;              /* of the route's parameters */
    Str values[ROUTER_PARAMS_MAX]; /* as sent, not decoded */
    size_t n;
    bool found; /* some row has this path */
    unsigned
        methods; /* bits of HttpMethod that the path knows; HEAD comes with GET, OPTIONS always */
} RouterMatch;

Router *router_new(void);
void router_free(Router *router);
/* Adds a row; the same method and pattern twice, a parameter without name or more than
 * ROUTER_PARAMS_MAX of them is a bug. */
void router_add(Router *router, const HttpRoute *route);
/* path as sent. Static segments go before parameters, parameters before a rest; a parameter matches
 * an empty segment only where more follows. Where no row has a path that ends in '/', the one
 * without it is meant. */
void router_find(const Router *router, HttpMethod method, Str path, RouterMatch *out);

#endif
