/* http: server (libuv, llhttp strict behind a head scanner of ours), router, client (libcurl multi). Knows base and json only;
   routes are registered from above. HTTP/1.1 (RFC 9112); TLS and HTTP/2 are a proxy's. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/base.h"
#include "json/json.h"

typedef struct HttpServer HttpServer;
typedef struct HttpExchange HttpExchange; /* one request and its answer */

typedef enum HttpMethod {
    HTTP_GET = 1, HTTP_HEAD = 2, HTTP_POST = 4, HTTP_PUT = 8, HTTP_PATCH = 16, HTTP_DELETE = 32, HTTP_OPTIONS = 64,
} HttpMethod;

/* Where a handler runs. A loop handler must not block; a pool handler may read the store and wait. */
typedef enum HttpPlace { HTTP_LOOP, HTTP_POOL, HTTP_SLOW } HttpPlace;

typedef void (*HttpHandler)(HttpExchange *x);

/* One row of a route table. From it come routing, 405 with Allow, OPTIONS, the OpenAPI page and the tests that walk all routes. */
typedef struct HttpRoute {
    unsigned methods;    /* one HttpMethod */
    const char *pattern; /* "/ngsi-ld/v1/entities/{entityId}"; a last {name...} takes the rest of the path */
    HttpHandler handler;
    HttpPlace place;
    size_t max_body;     /* bytes; 0: no body allowed */
    unsigned access;     /* bits of the gate's */
    const char *tag, *summary;
    const char *const *params; /* NULL-terminated names of query parameters that are understood; NULL: not checked */
    const void *doc;     /* of whoever draws the OpenAPI page */
} HttpRoute;

typedef struct HttpOptions {
    Str host;
    int port;            /* 0: any free port; http_port tells */
    int loops;           /* event loop threads, SO_REUSEPORT */
    int pool;            /* reader threads for HTTP_POOL; HTTP_SLOW has one of its own */
    size_t max_connections;
    int64_t head_timeout, body_timeout, idle_timeout; /* µs */
    /* Called on the thread that runs the handler, before it; may answer itself (then the handler is skipped). Sets ctx->tenant, actor. */
    bool (*before)(void *arg, HttpExchange *x);
    /* Called after the answer was handed to the socket, on the loop: metrics, access counters. */
    void (*after)(void *arg, HttpExchange *x, int status, int64_t micros);
    /* Called by each loop between iterations and by each pool thread between jobs: quiescent. And at thread start and end. */
    void (*quiet)(void *arg);
    void (*thread)(void *arg, bool begins, bool pool, Ctx *ctx);
    void *arg;
    Clock *clock;
} HttpOptions;

Rc http_server_new(Ctx *ctx, const HttpOptions *options, HttpServer **out);
/* Adds a table; before http_server_start. Two rows with the same method and pattern are a bug. */
void http_routes(HttpServer *server, const HttpRoute *routes, size_t n);
const HttpRoute *http_route_at(const HttpServer *server, size_t index); /* NULL past the end */
Rc http_server_start(Ctx *ctx, HttpServer *server);
int http_port(const HttpServer *server);
/* Stops accepting, lets running requests finish until the deadline, then closes. */
void http_server_stop(HttpServer *server, int64_t grace);
void http_server_free(HttpServer *server);

/* ---- the request; everything is valid until the answer ---- */
Ctx *http_ctx(HttpExchange *x);
const HttpRoute *http_route(const HttpExchange *x);
HttpMethod http_method(const HttpExchange *x);
Str http_target(const HttpExchange *x);               /* as sent */
Str http_path(const HttpExchange *x);                 /* decoded */
Str http_path_param(const HttpExchange *x, const char *name); /* decoded */
bool http_query(const HttpExchange *x, const char *name, Str *out); /* decoded; false: absent */
Str http_query_or(const HttpExchange *x, const char *name, Str otherwise);
size_t http_query_count(const HttpExchange *x);
void http_query_at(const HttpExchange *x, size_t index, Str *name, Str *value);
Str http_header(const HttpExchange *x, const char *name); /* case-insensitive; several joined by ", "; STR_NONE: absent */
Str http_body(const HttpExchange *x);
Str http_peer(const HttpExchange *x);                 /* address without port */
bool http_peer_loopback(const HttpExchange *x);
Str http_cookie(const HttpExchange *x, const char *name);

/* A form: application/x-www-form-urlencoded or multipart/form-data (RFC 7578), bounded by the route's max_body. */
typedef struct HttpField {
    Str name, value;       /* value: text, or the file's bytes */
    Str file_name, type;   /* of a file */
} HttpField;
typedef VEC(HttpField) HttpForm;
Rc http_form(HttpExchange *x, const HttpForm **out);
Str http_form_value(const HttpForm *form, const char *name); /* first, or STR_NONE */

/* ---- the answer: exactly one per exchange; from the handler, or later from any thread ---- */
void http_set_header(HttpExchange *x, const char *name, Str value); /* refuses CR and LF (a bug) */
void http_add_header(HttpExchange *x, const char *name, Str value);
void http_answer(HttpExchange *x, int status, Str content_type, Str body); /* body is copied to the connection */
void http_answer_empty(HttpExchange *x, int status);
void http_redirect(HttpExchange *x, int status, Str location);
/* RFC 9457 problem document. */
void http_problem(HttpExchange *x, int status, Str type, Str title, Str detail, const JsonMember *more,
                  size_t n_more);

/* Going on later: after http_defer the handler may return without an answer; http_resume may be called once per defer, from any thread,
   and runs then(x, arg) in the given place. If the client has gone meanwhile the answer is dropped, then still runs. */
typedef void (*HttpThen)(HttpExchange *x, void *arg);
void http_defer(HttpExchange *x);
void http_resume(HttpExchange *x, HttpPlace place, HttpThen then, void *arg);
/* From within a handler: runs again in another place (loop → pool when the store is needed). */
void http_move(HttpExchange *x, HttpPlace place, HttpHandler handler);

/* Server-sent events (WHATWG HTML 9.2). After http_sse_start the exchange stays open; send from any thread. A client that does not
   read is closed once `max_pending` bytes wait. */
typedef struct HttpSse HttpSse;
HttpSse *http_sse_start(HttpExchange *x, size_t max_pending, void (*closed)(void *arg), void *arg);
void http_sse_send(HttpSse *sse, Str event, Str id, Str data);
void http_sse_close(HttpSse *sse);

/* ---- text forms ---- */
Str http_url_decode(Arena *arena, Str s, bool plus_is_space); /* malformed escapes stay as they are */
Str http_url_encode(Arena *arena, Str s);
const char *http_reason(int status);

/* ---- client: asynchronous, on a thread of its own, bounded ---- */
typedef struct HttpClient HttpClient;
typedef struct HttpCall {
    HttpMethod method;
    Str url;
    const Str *headers; /* "Name: value" */
    size_t n_headers;
    Str body;
    int64_t timeout;    /* µs, whole exchange */
    size_t max_answer;  /* bytes */
} HttpCall;
typedef struct HttpReply {
    Rc rc;              /* RC_OK: an answer came, whatever its status */
    int status;
    Str body, content_type, location;
    Str error;
} HttpReply;
typedef struct HttpClientOptions {
    size_t max_in_flight, max_per_host;
    /* Which resolved addresses may be called: false forbids (loopback, link-local, metadata). NULL: all. */
    bool (*allow)(void *arg, Str host, Str address);
    void *arg;
} HttpClientOptions;
HttpClient *http_client_new(HttpClientOptions options);
void http_client_free(HttpClient *client);
/* done is called on the client's thread; reply is valid during the call. RC_BUSY: too many in flight. */
Rc http_client_send(HttpClient *client, const HttpCall *call, void (*done)(void *arg, const HttpReply *), void *arg);
/* The same, waiting; reply's texts lie in ctx->arena. */
Rc http_client_call(Ctx *ctx, HttpClient *client, const HttpCall *call, HttpReply *out);

#endif
