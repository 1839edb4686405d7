/* http: server (libuv, llhttp strict behind a head scanner of ours), router, client (libcurl
   multi). Knows base and json only; routes are registered from above. HTTP/1.1 (RFC 9112); TLS and
   HTTP/2 are a proxy's. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/base.h"
#include "json/json.h"

typedef struct HttpServer HttpServer;
typedef struct HttpExchange HttpExchange; /* one request and its answer */

typedef enum HttpMethod {
    HTTP_GET = 1,
    HTTP_HEAD = 2,
    HTTP_POST = 4,
    HTTP_PUT = 8,
    HTTP_PATCH = 16,
    HTTP_DELETE = 32,
    HTTP_OPTIONS = 64,
} HttpMethod;

/* Where a handler runs. A loop handler must not block; a pool handler may read the store and wait.
 */
typedef enum HttpPlace { HTTP_LOOP, HTTP_POOL, HTTP_SLOW } HttpPlace;

typedef void (*HttpHandler)(HttpExchange *x);

/* One of the answers that a route gives. */
typedef struct HttpAnswer {
    int status;         /* 0 ends a list */
    const char *type;   /* the media type without parameters; NULL: no body */
    const char *schema; /* of a JSON body: its name among the components of the OpenAPI page */
} HttpAnswer;
#define HTTP_PROBLEM(status)                                                                       \
    { status, "application/problem+json", "ProblemDetails" }

/* One row of a route table. From it come routing, 405 with Allow, OPTIONS, the OpenAPI page and the
 * tests that walk all routes. */
typedef struct HttpRoute {
    unsigned methods;    /* one HttpMethod */
    const char *pattern; /* "/ngsi-ld/v1/entities/{entityId}"; a last {name...} takes the rest of
                            the path */
    HttpHandler handler;
    HttpPlace place;
    size_t max_body; /* bytes; 0: no body allowed */
    unsigned access; /* bits of the gate's */
    const char *tag, *summary;
    const char *const *params; /* NULL-terminated names of query parameters that are understood;
                                  NULL: not checked */
    const char *const *doc;    /* the same for the OpenAPI page alone, where params is NULL */
    const HttpAnswer *answers; /* all that it may answer once the row is found, HEAD and OPTIONS
                                  aside; golden files that meet another fail */
} HttpRoute;

typedef struct HttpOptions {
    Str host;
    int port;  /* 0: any free port; http_port tells */
    int loops; /* event loop threads, SO_REUSEPORT */
    int pool;  /* reader threads for HTTP_POOL; HTTP_SLOW has one of its own */
    size_t max_connections;
    size_t body_memory; /* bytes of bodies held at once, a quarter of them for one network (of IPv4
                           an address, of IPv6 a /64); beyond: 503 with Retry-After */
    const StrVec *shared; /* addresses through which many come; NULL: none. Like the loopback, they
                             have no share: only body_memory bounds them */
    size_t pool_queue; /* exchanges that may wait for HTTP_POOL, and as many for HTTP_SLOW; beyond:
                          503 with Retry-After */
    /* µs. head: from its first byte to its last. body: the same. idle: between requests, and for a
       client that does not read. handler: sets ctx->deadline; what still waits for a pool thread
       then is answered 503. */
    int64_t head_timeout, body_timeout, idle_timeout, handler_timeout;
    /* Called on the thread that runs the handler, before it; may answer itself (then the handler is
     * skipped). Sets ctx->tenant, actor. */
    bool (*before)(void *arg, HttpExchange *x);
    /* Called after the answer was handed to the socket, on the loop: metrics, access counters. */
    void (*after)(void *arg, HttpExchange *x, int status, int64_t micros);
    /* May draw the page of an error that the server found itself in a well-formed request (404,
       405, 413, 503 ...), on the loop thread; false: the problem document is sent. */
    bool (*problem)(void *arg, HttpExchange *x, int status);
    /* Called by each loop once per iteration, after its handlers have run, and by each pool thread
       between jobs: the thread holds nothing now, and what its handlers gathered (commands for the
       writer) can be handed over at once. */
    void (*quiet)(void *arg, int thread);
    /* Called on each thread when it begins and ends. What it sets in ctx (db) is lent to every
       exchange that runs there; scratch, clock and rand are set already. thread counts loops first,
       then pool threads, the slow one last. */
    void (*thread)(void *arg, bool begins, HttpPlace place, int thread, Ctx *ctx);
    void *arg;
    Clock *clock; /* NULL: the system's */
    /* A file to which each route is appended once as "ROUTE METHOD pattern" and each answer as
       "METHOD pattern status", for the test that every route was exercised. Empty: none. */
    Str route_log;
} HttpOptions; /* zero anywhere: a sensible default */

Rc http_server_new(Ctx *ctx, const HttpOptions *options, HttpServer **out);
/* Adds a table; before http_server_start. Two rows with the same method and pattern are a bug. */
void http_routes(HttpServer *server, const HttpRoute *routes, size_t n);
/* What every handler may ask for: lent to the server, which must not outlive it; before
 * http_server_start. */
void http_lend(HttpServer *server, const void *lent);
const void *http_lent(const HttpExchange *x);
const HttpRoute *http_route_at(const HttpServer *server, size_t index); /* NULL past the end */
/* Listens already: a port that is in use is found before anything is made. Who connects waits
   until http_server_start, which does this itself where nobody did. */
Rc http_server_listen(Ctx *ctx, HttpServer *server);
Rc http_server_start(Ctx *ctx, HttpServer *server);
int http_port(const HttpServer *server);
/* Stops accepting, lets running requests finish for at most grace µs, then closes. Deferred
   exchanges may still be resumed until http_server_free, which runs what was resumed; so free the
   server after whatever resumes. */
void http_server_stop(HttpServer *server, int64_t grace);
void http_server_free(HttpServer *server);

typedef struct HttpCounters {
    uint64_t requests;    /* answered */
    uint64_t by_class[6]; /* answers by status / 100 */
    uint64_t bytes_in, bytes_out;
    uint64_t connections, connections_now, connections_refused;
    uint64_t malformed, timeouts;
    uint64_t pool_waiting, pool_full,
        pool_late; /* both pools: waiting now, refused because full, refused because late */
    uint64_t slow_waiting;
    uint64_t body_bytes, bodies_refused; /* of bodies, held now; no room for one */
} HttpCounters;
/* From any thread. */
HttpCounters http_counters(const HttpServer *server);

/* ---- the request; everything is valid until the answer ---- */
Ctx *http_ctx(HttpExchange *x);
const HttpServer *http_server_of(const HttpExchange *x);
const HttpRoute *http_route(const HttpExchange *x);
HttpMethod http_method(const HttpExchange *x);
Str http_target(const HttpExchange *x);                             /* as sent */
Str http_path(const HttpExchange *x);                               /* decoded */
Str http_path_param(const HttpExchange *x, const char *name);       /* decoded */
bool http_query(const HttpExchange *x, const char *name, Str *out); /* decoded; false: absent */
Str http_query_or(const HttpExchange *x, const char *name, Str otherwise);
size_t http_query_count(const HttpExchange *x);
void http_query_at(const HttpExchange *x, size_t index, Str *name, Str *value);
Str http_header(const HttpExchange *x,
                const char *name); /* case-insensitive; several joined by ", "; STR_NONE: absent */
Str http_body(const HttpExchange *x);
Str http_peer(const HttpExchange *x); /* address without port; IPv4 is written as IPv4 always */
/* An IPv4 address that is written as one of IPv6 (::ffff:192.0.2.1), as IPv4; any other text as it
   is. A slice of it. */
Str http_unmapped(Str address);
/* The network of an address as text: of IPv4 the address, of IPv6 its /64 (one customer's). 0: it
   is none. */
uint64_t http_network(const char *address);
/* It is this machine's own. */
bool http_is_loopback(const char *address);
bool http_peer_loopback(const HttpExchange *x);
Str http_cookie(
    const HttpExchange *x,
    const char *name); /* as sent (RFC 6265, 5.4), the first of that name; STR_NONE: absent */
/* Index of the thread on which x runs now, as told to HttpOptions.thread. */
int http_thread(const HttpExchange *x);
/* A pointer that handlers of one exchange pass on across http_defer and http_move; NULL at first.
 */
void http_set_data(HttpExchange *x, void *data);
void *http_data(const HttpExchange *x);

/* A form: application/x-www-form-urlencoded or multipart/form-data (RFC 7578), bounded by the
 * route's max_body. */
typedef struct HttpField {
    Str name, value;     /* value: text, or the file's bytes */
    Str file_name, type; /* of a file */
} HttpField;
typedef VEC(HttpField) HttpForm;
/* RC_INVALID: another content type, or malformed; RC_LIMIT: too many fields. */
Rc http_form(HttpExchange *x, const HttpForm **out);
Str http_form_value(const HttpForm *form, const char *name); /* first, or STR_NONE */

/* ---- the answer: exactly one per exchange; from the handler, or later from any thread ---- */
void http_set_header(HttpExchange *x, const char *name, Str value); /* refuses CR and LF (a bug) */
void http_add_header(HttpExchange *x, const char *name, Str value);
void http_answer(HttpExchange *x, int status, Str content_type,
                 Str body); /* body is copied to the connection */
void http_answer_empty(HttpExchange *x, int status);
void http_redirect(HttpExchange *x, int status, Str location);
/* Adds a Set-Cookie with Path=/, HttpOnly and SameSite=Lax (RFC 6265, 4.1). name and value: cookie
 * octets, else it is a bug. */
typedef struct HttpSetCookie {
    const char *name;
    Str value;
    int64_t max_age;     /* seconds; negative: until the browser closes; 0: delete */
    bool secure, strict; /* strict: SameSite=Strict */
} HttpSetCookie;
void http_set_cookie(HttpExchange *x, HttpSetCookie cookie);
/* RFC 9457 problem document. Empty: type about:blank, title the status' reason, no detail. */
typedef struct HttpProblem {
    int status;
    Str type, title, detail;
    const JsonMember *more; /* further members */
    size_t n_more;
} HttpProblem;
void http_problem(HttpExchange *x, HttpProblem problem);

/* Going on later: after http_defer the handler may return without an answer; http_resume may be
   called once per defer, from any thread, and runs then(x, arg) in the given place. If the client
   has gone meanwhile the answer is dropped, then still runs. A deferred exchange may also be
   answered directly, from any thread. From the moment that another thread can resume or answer it,
   the one that deferred must not touch it any more. */
typedef void (*HttpThen)(HttpExchange *x, void *arg);
void http_defer(HttpExchange *x);
void http_resume(HttpExchange *x, HttpPlace place, HttpThen then, void *arg);
/* From within a handler, as its last act: runs again in another place (loop → pool when the store
 * is needed). A full pool answers 503. */
void http_move(HttpExchange *x, HttpPlace place, HttpHandler handler);

/* Server-sent events (WHATWG HTML 9.2). After http_sse_start, a handler's last act with x, the
   exchange stays open; send from any thread. A client that does not read is closed once
   `max_pending` bytes wait. closed is called once, on a loop thread, whoever closed it; the handle
   dies when closed returns: take it off your list there, under the lock that you hold while
   sending. */
typedef struct HttpSse HttpSse;
HttpSse *http_sse_start(HttpExchange *x, size_t max_pending, void (*closed)(void *arg), void *arg);
void http_sse_send(HttpSse *sse, Str event, Str id, Str data);
void http_sse_close(HttpSse *sse);

/* ---- text forms ---- */
Str http_url_decode(Arena *arena, Str s,
                    bool plus_is_space); /* malformed escapes stay as they are */
/* For a path segment after a '/', or a value of a query; ':' stays. */
Str http_url_encode(Arena *arena, Str s);
const char *http_reason(int status);

/* ---- client: asynchronous, on a thread of its own, bounded ---- */
typedef struct HttpClient HttpClient;
/* Whether a header may be made of them: a token and a field value, not empty, without blanks at its
   ends (RFC 9110, 5.1 and 5.5). Any thread. */
bool http_header_fit(Str name, Str value);
typedef struct HttpCall {
    HttpMethod method;
    Str url;
    const Str *headers; /* "Name: value" */
    size_t n_headers;
    Str body;
    int64_t timeout;   /* µs, whole exchange; 0: 30 s */
    size_t max_answer; /* bytes; 0: 1 MiB */
} HttpCall;
typedef struct HttpReply {
    Rc rc; /* RC_OK: an answer came, whatever its status */
    int status;
    Str body, content_type, location;
    Str head; /* header lines as they came, "Name: value\r\n" */
    Str error;
} HttpReply;
/* The first header of that name, or STR_NONE. */
Str http_reply_header(const HttpReply *reply, const char *name);
typedef struct HttpClientOptions {
    size_t max_in_flight, max_per_host;
    /* Which resolved addresses may be called: false forbids (loopback, link-local, metadata). Asked
       for each socket with the address that is about to be connected, so a name that resolves anew
       cannot slip through. On the client's thread. NULL: all. */
    bool (*allow)(void *arg, Str host, Str address);
    void *arg;
    bool encrypted; /* http:// leads to addresses of this machine alone */
} HttpClientOptions;
/* http:// in whatever letters. */
bool http_url_plain(Str url);
/* Whether a host is one of these names, in whatever letters; NULL, none: any is. */
bool http_host_listed(const StrVec *hosts, Str host);
/* False for loopback, private, link-local, multicast, unspecified and other addresses that are no
 * public host's (RFC 6890). */
bool http_address_public(Str address);
/* Whether a host that somebody wrote (of IPv6 in brackets) is this address itself, and no name that
   leads to it; localhost is the loopback's. */
bool http_address_written(Str host, Str address);
/* The host of an address, as the client will take it; of IPv6 in brackets. STR_NONE: it has none,
 * or is no URL, which sending will refuse. */
Str http_url_host(Arena *arena, Str url);
/* Host and port, the same for all spellings of them: what shares the connections of max_per_host.
 */
Str http_url_place(Arena *arena, Str url);
HttpClient *http_client_new(HttpClientOptions options);
/* Ends what is under way, whose done is called before this returns; what is sent from now on is
   RC_BUSY. Not on a client thread. */
void http_client_stop(HttpClient *client);
/* Stops it first, unless it is. */
void http_client_free(HttpClient *client);
/* The call is copied. Only http and https; redirects are not followed (reply.location tells). done
   is called on the client's thread; reply is valid during the call. RC_BUSY: too many in flight. */
Rc http_client_send(HttpClient *client, const HttpCall *call,
                    void (*done)(void *arg, const HttpReply *), void *arg);
/* The same, waiting; reply's texts lie in ctx->arena. Returns reply's rc, with ctx->error filled.
 * Not on a loop or client thread. */
Rc http_client_call(Ctx *ctx, HttpClient *client, const HttpCall *call, HttpReply *out);

#endif
