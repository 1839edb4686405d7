/* pages: the pages' logic: what each needs is asked of the rooms below, put into a view, and
   rendered. One file per feature: page_NAME.c holds its handlers and its rows. */
#ifndef WEB_LOGIC_H
#define WEB_LOGIC_H

#include "gate/gate.h"
#include "http/http.h"
#include "template.h"

/* A demo account whose password may be shown on the sign-in page: on the loopback only. */
typedef struct PagesDemo {
    Str login, password;
} PagesDemo;

typedef struct PagesOptions {
    const Tenant *usual; /* whose name stands above what belongs to no tenant */
    const PagesDemo *demos;
    size_t demo_count;
    bool sandbox;             /* every page says that anyone may do everything */
    bool secure;              /* cookies only over TLS */
    const HttpServer *server; /* whose routes the API page lists */
    int64_t since;            /* when this process began to serve, µs UTC */
} PagesOptions;

/* Adds the routes of all pages and of the assets. options and what it refers to live as long as the
 * server. */
void pages_routes(HttpServer *server, const PagesOptions *options);
/* Draws the page of an error: what the gate refused, what a handler could not do. */
void pages_refuse(HttpExchange *x, const Error *error);
/* HttpOptions.problem: draws the page of an address at which there is nothing. */
bool pages_problem(HttpExchange *x, int status);

#endif
