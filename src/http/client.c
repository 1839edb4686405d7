/* The client: one thread around a libcurl multi handle. */
#include "http_int.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

enum {
    HEAD_BYTES_MAX = 64 * 1024,
    POLL_MILLIS = 1000,
    QUEUE_MILLIS = 100, /* while calls wait for a connection: how late one of them may time out */
    URL_MAX = 8192,
    ANSWER_DEFAULT = 1 << 20,
    SPARE_MAX = 64,
    HOST_BUCKETS = 256
};
#define TIMEOUT_DEFAULT (30 * TIME_SECOND)

typedef struct Job {
    struct Job *next, *before; /* before: among those that run */
    struct Host *at;
    HttpClient *client;
    Arena *arena;
    CURL *curl; /* once it runs */
    struct curl_slist *lines;
    void (*done)(void *arg, const HttpReply *reply);
    void *arg;
    HttpMethod method;
    const char *url;
    Str host, place, body; /* place: host and port */
    int64_t deadline;      /* monotonic */
    Buf head, answer;
    bool forbidden; /* allow said no, or it would go in clear */
    bool too_large;
    char error[CURL_ERROR_SIZE];
} Job;

/* Where calls go that share connections. libcurl could hold back what is beyond max_per_host, but
   looks at each such call whenever anything moves; here they wait outside. */
typedef struct Host {
    struct Host *next; /* of its bucket */
    Str name;
    size_t running;
    Job *queue, **last;
} Host;

struct HttpClient {
    HttpClientOptions options;
    CURLM *multi;
    pthread_t thread;
    pthread_mutex_t lock;
    Job *waiting, **last; /* lock: sent, not yet begun */
    size_t in_flight;     /* lock */
    bool stopping;        /* lock */
    /* client's thread only */
    CURL *spare[SPARE_MAX]; /* handles without a job: making one costs more than a request */
    size_t spares;
    Job *running;
    Host *hosts[HOST_BUCKETS];
    size_t queued; /* jobs that wait at their host */
};

/* ---- addresses ---- */

/* Networks that are nobody's public host: RFC 6890, RFC 4291, RFC 6598. */
static const struct {
    uint32_t net;
    int bits;
} not_public4[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
    {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0a80000, 16}, {0xc6120000, 15},
    {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4},
};

static bool public4(uint32_t address) {
    for (size_t i = 0; i < sizeof not_public4 / sizeof *not_public4; i++)
        if ((address ^ not_public4[i].net) >> (32 - not_public4[i].bits) == 0) return false;
    return true;
}

static uint32_t word(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Global unicast is 2000::/3; what is in it for translation or documentation carries or is no
 * public host. */
static bool public6(const uint8_t *a) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    if (!memcmp(a, mapped, 12) || !memcmp(a, nat64, 12)) return public4(word(a + 12));
    if (a[0] >> 5 != 1) return false;
    if (a[0] == 0x20 && a[1] == 0x02) return public4(word(a + 2)); /* 6to4 */
    if (word(a) >> 9 == 0x20010000 >> 9) return false; /* 2001::/23, Teredo among them */
    return word(a) != 0x20010db8;
}

bool http_address_public(Str address) {
    char text[64];
    uint8_t bytes[16];
    if (!address.len || address.len >= sizeof text) return false;
    memcpy(text, address.ptr, address.len);
    text[address.len] = 0;
    if (inet_pton(AF_INET, text, bytes) == 1) return public4(word(bytes));
    return inet_pton(AF_INET6, text, bytes) == 1 && public6(bytes);
}

bool http_is_loopback(const char *address) {
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strncmp(address, "::ffff:127.", 11) == 0;
}

bool http_host_listed(const StrVec *hosts, Str host) {
    for (size_t i = 0; hosts && i < hosts->len; i++)
        if (str_eq_nocase(hosts->items[i], host)) return true;
    return !hosts || !hosts->len;
}

bool http_url_plain(Str url) {
    return str_eq_nocase(str_head(url, 7), STR("http://"));
}

bool http_address_written(Str host, Str address) {
    Str bare = str_starts(host, STR("[")) ? str_sub(host, 1, host.len - 1) : host;
    bool own = str_eq(host, STR("localhost")) &&
               (str_eq(address, STR("127.0.0.1")) || str_eq(address, STR("::1")));
    return own || str_eq(bare, address);
}

/* ---- libcurl asks ---- */

static bool allowed(Job *job, const struct curl_sockaddr *address) {
    char text[64] = "";
    if (address->family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)&address->addr)->sin_addr, text,
                  sizeof text);
    else if (address->family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)&address->addr)->sin6_addr,
                  text, sizeof text);
    const HttpClientOptions *options = &job->client->options;
    if (!text[0] ||
        (options->encrypted && http_url_plain(str_of(job->url)) && !http_is_loopback(text)))
        return false;
    return !options->allow || options->allow(options->arg, job->host, str_of(text));
}

static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)purpose;
    Job *job = arg;
    if (!allowed(job, address)) {
        job->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg) {
    Job *job = arg;
    buf_add_bytes(&job->answer, bytes, size * n);
    job->too_large |= job->answer.full;
    return job->answer.full ? 0 : size * n;
}

static size_t on_head(char *bytes, size_t size, size_t n, void *arg) {
    Job *job = arg;
    Str line = {bytes, size * n};
    if (str_starts(line, STR("HTTP/"))) buf_clear(&job->head); /* a 100 came before */
    if (str_find_char(line, ':') > 0 && !str_starts(line, STR("HTTP/"))) buf_add(&job->head, line);
    job->too_large |= job->head.full;
    return job->head.full ? 0 : line.len;
}

/* ---- a job ---- */

static void set_method(Job *job) {
    static const struct {
        HttpMethod method;
        const char *name;
    } names[] = {
        {HTTP_GET, "GET"},         {HTTP_HEAD, "HEAD"},   {HTTP_POST, "POST"},
        {HTTP_PUT, "PUT"},         {HTTP_PATCH, "PATCH"}, {HTTP_DELETE, "DELETE"},
        {HTTP_OPTIONS, "OPTIONS"},
    };
    if (job->method == HTTP_HEAD) {
        curl_easy_setopt(job->curl, CURLOPT_NOBODY, 1L);
        return;
    }
    if (job->body.len || job->method == HTTP_POST || job->method == HTTP_PUT ||
        job->method == HTTP_PATCH) {
        curl_easy_setopt(job->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)job->body.len);
        curl_easy_setopt(job->curl, CURLOPT_POSTFIELDS, job->body.len ? job->body.ptr : "");
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].method == job->method)
            curl_easy_setopt(job->curl, CURLOPT_CUSTOMREQUEST, names[i].name);
}

/* Only http and https, no proxy of the environment (it would connect past the filter), no
 * redirects. */
static void set_options(Job *job) {
    CURL *curl = job->curl;
    curl_easy_setopt(curl, CURLOPT_URL, job->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    int64_t left = job->deadline - time_monotonic();
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left > 1000 ? (long)(left / 1000) : 1L);
    curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, job->lines);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, job->error);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, job);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, job);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, job);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, job);
    set_method(job);
}

typedef struct UrlPlace {
    Str host, port; /* empty: there is none, or it is no URL */
} UrlPlace;

static UrlPlace url_place(Arena *arena, Str url) {
    CURLU *parts = curl_url();
    char *host = NULL, *port = NULL;
    if (parts && !curl_url_set(parts, CURLUPART_URL, str_z(arena, url), 0)) {
        curl_url_get(parts, CURLUPART_HOST, &host, 0);
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    }
    UrlPlace place = {.host = host ? str_dup(arena, str_of(host)) : STR_NONE,
                      .port = port ? str_dup(arena, str_of(port)) : STR_NONE};
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return place;
}

Str http_url_host(Arena *arena, Str url) {
    return url_place(arena, url).host;
}

/* Names are the same whatever their case and a dot at their end (RFC 4343; RFC 1034, 3.1). */
static Str place_name(Arena *arena, const UrlPlace *place) {
    Buf text = buf_new(arena, place->host.len + place->port.len + 1);
    for (size_t i = 0; i < place->host.len; i++) {
        char c = place->host.ptr[i];
        bool last = i + 1 == place->host.len;
        if (c != '.' || !last) buf_add_char(&text, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
    buf_add_char(&text, ':');
    buf_add(&text, place->port);
    return buf_str(&text);
}

Str http_url_place(Arena *arena, Str url) {
    UrlPlace place = url_place(arena, url);
    return place_name(arena, &place);
}

static CURL *handle_take(HttpClient *client) {
    CURL *curl = client->spares ? client->spare[--client->spares] : curl_easy_init();
    assert(curl); /* out of memory */
    return curl;
}

/* Nothing of the job stays in it: cookies and sessions of TLS aren't kept by these handles. */
static void handle_give(HttpClient *client, CURL *curl) {
    curl_easy_reset(curl);
    if (client->spares < SPARE_MAX)
        client->spare[client->spares++] = curl;
    else
        curl_easy_cleanup(curl);
}

bool http_header_fit(Str name, Str value) {
    return head_field_fit(name, value);
}

static Job *job_new(HttpClient *client, const HttpCall *call) {
    Arena *arena = arena_new(call->body.len + (4 << 20));
    Job *job = NEW(arena, Job);
    *job = (Job){.client = client, .arena = arena, .method = call->method};
    job->deadline = time_monotonic() + (call->timeout > 0 ? call->timeout : TIMEOUT_DEFAULT);
    job->url = str_z(arena, call->url);
    UrlPlace place = url_place(arena, call->url);
    job->host = place.host;
    job->place = place_name(arena, &place);
    job->body = str_dup(arena, call->body);
    job->head = buf_new(NULL, HEAD_BYTES_MAX);
    job->answer = buf_new(NULL, call->max_answer ? call->max_answer : ANSWER_DEFAULT);
    for (size_t i = 0; i < call->n_headers; i++)
        job->lines = curl_slist_append(job->lines, str_z(arena, call->headers[i]));
    job->lines = curl_slist_append(job->lines, "Expect:"); /* no waiting for a 100 */
    return job;
}

static void job_free(Job *job) {
    if (job->curl) handle_give(job->client, job->curl);
    curl_slist_free_all(job->lines);
    buf_free(&job->head);
    buf_free(&job->answer);
    arena_free(job->arena);
}

Str http_reply_header(const HttpReply *reply, const char *name) {
    Str rest = reply->head, line;
    while (str_split(&rest, '\n', &line)) {
        ptrdiff_t colon = str_find_char(line, ':');
        if (colon > 0 && str_eq_nocase(str_sub(line, 0, (size_t)colon), str_of(name)))
            return str_trim(str_sub(line, (size_t)colon + 1, line.len));
    }
    return STR_NONE;
}

static HttpReply reply_of(const Job *job, CURLcode code) {
    HttpReply reply = {.rc = code == CURLE_OK ? RC_OK : RC_FAILED};
    long status = 0;
    curl_easy_getinfo(job->curl, CURLINFO_RESPONSE_CODE, &status);
    reply.status = (int)status;
    reply.head = buf_str(&job->head);
    reply.body = buf_str(&job->answer);
    reply.content_type = http_reply_header(&reply, "Content-Type");
    reply.location = http_reply_header(&reply, "Location");
    if (code == CURLE_OK) return reply;
    reply.error = str_of(job->error[0] ? job->error : curl_easy_strerror(code));
    if (job->too_large) {
        reply.rc = RC_LIMIT;
        reply.error = STR("the answer is larger than allowed");
    } else if (job->forbidden) {
        reply.rc = RC_DENIED;
        reply.error = STR("the address behind this name must not be called");
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        reply.rc = RC_LIMIT;
    } else if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
               code == CURLE_LOGIN_DENIED) {
        reply.rc = RC_INVALID;
    }
    return reply;
}

static void finish(HttpClient *client, Job *job, const HttpReply *reply) {
    pthread_mutex_lock(&client->lock);
    client->in_flight--; /* before done, which may send the next */
    pthread_mutex_unlock(&client->lock);
    job->done(job->arg, reply);
    job_free(job);
}

/* ---- the thread ---- */

static Job *take_waiting(HttpClient *client, bool *stopping) {
    pthread_mutex_lock(&client->lock);
    Job *jobs = client->waiting;
    client->waiting = NULL;
    client->last = &client->waiting;
    *stopping = client->stopping;
    pthread_mutex_unlock(&client->lock);
    return jobs;
}

static Host **host_at(HttpClient *client, Str name) {
    Host **at = &client->hosts[hash_fast(name) % HOST_BUCKETS];
    while (*at && !str_eq((*at)->name, name))
        at = &(*at)->next;
    return at;
}

static Host *host_get(HttpClient *client, Str name) {
    Host **at = host_at(client, name), *host = *at;
    if (host) return host;
    host = mem_zero(sizeof *host + name.len);
    host->name = (Str){memcpy(host + 1, name.ptr, name.len), name.len};
    host->last = &host->queue;
    return *at = host;
}

static void job_start(HttpClient *client, Job *job) {
    job->curl = handle_take(client);
    set_options(job);
    job->at->running++;
    job->before = NULL;
    job->next = client->running;
    if (job->next) job->next->before = job;
    client->running = job;
    CURLMcode code = curl_multi_add_handle(client->multi, job->curl);
    assert(code == CURLM_OK); /* a handle of ours, added once */
    (void)code;
}

static Job *queue_pop(HttpClient *client, Host *host) {
    Job *job = host->queue;
    host->queue = job->next;
    if (!host->queue) host->last = &host->queue;
    client->queued--;
    return job;
}

static void begin(HttpClient *client, Job *jobs) {
    while (jobs) {
        Job *job = jobs;
        jobs = job->next;
        job->next = NULL;
        job->at = host_get(client, job->place);
        if (job->at->running < client->options.max_per_host) {
            job_start(client, job);
        } else {
            *job->at->last = job;
            job->at->last = &job->next;
            client->queued++;
        }
    }
}

/* The next of its host takes the place of a job that has run. */
static void job_stop(HttpClient *client, Job *job) {
    Host *host = job->at;
    curl_multi_remove_handle(client->multi, job->curl);
    if (job->next) job->next->before = job->before;
    *(job->before ? &job->before->next : &client->running) = job->next;
    host->running--;
    if (host->queue) {
        job_start(client, queue_pop(client, host));
    } else if (!host->running) {
        *host_at(client, host->name) = host->next;
        mem_free(host);
    }
}

static void collect(HttpClient *client) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        Job *job;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
        HttpReply reply = reply_of(job, code);
        job_stop(client, job);
        finish(client, job, &reply);
    }
}

/* Ends what waits at a host and is over at an instant; the others stay in their order. */
static void queue_end(HttpClient *client, Host *host, int64_t at, const HttpReply *reply) {
    Job *job = host->queue;
    host->queue = NULL;
    host->last = &host->queue;
    for (Job *next; job; job = next) {
        next = job->next;
        job->next = NULL;
        if (job->deadline <= at) {
            client->queued--;
            finish(client, job, reply);
        } else {
            *host->last = job;
            host->last = &job->next;
        }
    }
}

static void queues_end(HttpClient *client, int64_t at, const HttpReply *reply) {
    for (size_t i = 0; i < HOST_BUCKETS && client->queued; i++)
        for (Host *host = client->hosts[i]; host; host = host->next)
            queue_end(client, host, at, reply);
}

static void queues_expire(HttpClient *client) {
    HttpReply late = {.rc = RC_LIMIT, .error = STR("no connection to the host was free in time")};
    if (client->queued) queues_end(client, time_monotonic(), &late);
}

/* What runs, waits at its host or has not been looked at yet. */
static void abandon(HttpClient *client, Job *unseen) {
    HttpReply reply = {.rc = RC_BUSY, .error = STR("the client is stopping")};
    queues_end(client, INT64_MAX, &reply);
    while (client->running) {
        Job *job = client->running;
        job_stop(client, job);
        finish(client, job, &reply);
    }
    for (Job *job = unseen, *next; job; job = next) {
        next = job->next;
        finish(client, job, &reply);
    }
}

static void *run(void *arg) {
    HttpClient *client = arg;
    bool stopping = false;
    while (!stopping) {
        int running;
        Job *jobs = take_waiting(client, &stopping);
        if (stopping) {
            abandon(client, jobs);
            break;
        }
        begin(client, jobs);
        curl_multi_perform(client->multi, &running);
        collect(client);
        queues_expire(client);
        int millis = client->queued ? QUEUE_MILLIS : POLL_MILLIS;
        curl_multi_poll(client->multi, NULL, 0, millis, NULL);
    }
    return NULL;
}

/* ---- from outside ---- */

HttpClient *http_client_new(HttpClientOptions options) {
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT); /* counted, and safe between threads */
    assert(code == CURLE_OK);
    HttpClient *client = mem_zero(sizeof *client);
    client->options = options;
    if (!client->options.max_in_flight) client->options.max_in_flight = 1000;
    if (!client->options.max_per_host) client->options.max_per_host = 8;
    client->last = &client->waiting;
    pthread_mutex_init(&client->lock, NULL);
    client->multi = curl_multi_init();
    assert(client->multi); /* out of memory */
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    bool started = thread_start(&client->thread, "http-client", run, client);
    assert(started); /* no threads left */
    (void)started;
    return client;
}

void http_client_stop(HttpClient *client) {
    pthread_mutex_lock(&client->lock);
    bool stopped = client->stopping;
    client->stopping = true;
    pthread_mutex_unlock(&client->lock);
    if (stopped) return;
    curl_multi_wakeup(client->multi);
    pthread_join(client->thread, NULL);
}

void http_client_free(HttpClient *client) {
    if (!client) return;
    http_client_stop(client);
    for (size_t i = 0; i < client->spares; i++)
        curl_easy_cleanup(client->spare[i]);
    curl_multi_cleanup(client->multi);
    pthread_mutex_destroy(&client->lock);
    mem_free(client);
    curl_global_cleanup();
}

/* false: the client stopped meanwhile. Whoever finds none waiting wakes it for all that follow. */
static bool enqueue(HttpClient *client, Job *job) {
    pthread_mutex_lock(&client->lock);
    bool stopped = client->stopping, first = !client->waiting;
    if (stopped) {
        client->in_flight--;
    } else {
        *client->last = job;
        client->last = &job->next;
    }
    pthread_mutex_unlock(&client->lock);
    if (!stopped && first) curl_multi_wakeup(client->multi);
    return !stopped;
}

Rc http_client_send(HttpClient *client, const HttpCall *call,
                    void (*done)(void *arg, const HttpReply *), void *arg) {
    if (!call->url.len || call->url.len > URL_MAX) return RC_INVALID;
    pthread_mutex_lock(&client->lock);
    bool busy = client->stopping || client->in_flight >= client->options.max_in_flight;
    client->in_flight += !busy;
    pthread_mutex_unlock(&client->lock);
    if (busy) return RC_BUSY;
    Job *job = job_new(client, call);
    job->done = done;
    job->arg = arg;
    if (!enqueue(client, job)) {
        job_free(job);
        return RC_BUSY;
    }
    return RC_OK;
}

typedef struct Wait {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_ended;
    Arena *arena;
    HttpReply *out;
} Wait;

static void on_done(void *arg, const HttpReply *reply) {
    Wait *wait = arg;
    pthread_mutex_lock(&wait->lock);
    *wait->out = (HttpReply){.rc = reply->rc,
                             .status = reply->status,
                             .body = str_dup(wait->arena, reply->body),
                             .content_type = str_dup(wait->arena, reply->content_type),
                             .location = str_dup(wait->arena, reply->location),
                             .head = str_dup(wait->arena, reply->head),
                             .error = str_dup(wait->arena, reply->error)};
    wait->is_ended = true;
    pthread_cond_signal(&wait->ended);
    pthread_mutex_unlock(&wait->lock);
}

Rc http_client_call(Ctx *ctx, HttpClient *client, const HttpCall *call, HttpReply *out) {
    Wait wait = {.arena = ctx->arena, .out = out};
    pthread_mutex_init(&wait.lock, NULL);
    pthread_cond_init(&wait.ended, NULL);
    Rc rc = http_client_send(client, call, on_done, &wait);
    pthread_mutex_lock(&wait.lock);
    while (rc == RC_OK && !wait.is_ended)
        pthread_cond_wait(&wait.ended, &wait.lock);
    pthread_mutex_unlock(&wait.lock);
    pthread_cond_destroy(&wait.ended);
    pthread_mutex_destroy(&wait.lock);
    if (rc != RC_OK)
        return ctx_fail(ctx, rc, "client", STR_NONE,
                        "The call to " STR_FMT " could not be sent: %s.", STR_ARG(call->url),
                        rc == RC_BUSY ? "too many are under way" : "bad address");
    if (out->rc == RC_OK) return RC_OK;
    return ctx_fail(ctx, out->rc, "client", STR_NONE,
                    "The call to " STR_FMT " failed: " STR_FMT ".", STR_ARG(call->url),
                    STR_ARG(out->error));
}
