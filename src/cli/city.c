#include "city_int.h"

#include <dirent.h>
#include <string.h>

enum { CITY_ARENA = 256 << 20, CONNECTIONS = 20000 };

/* ---- starter files ---- */

Str city_starter_file(Str path) {
    for (size_t i = 0; i < city_file_count; i++)
        if (str_eq(str_of(city_files[i].path), path))
            return (Str){city_files[i].begin, (size_t)(city_files[i].end - city_files[i].begin)};
    return STR_NONE;
}

Rc starter_json(Ctx *ctx, Str path, const Json **out) {
    Str text = city_starter_file(path);
    if (str_empty(text))
        return ctx_fail(ctx, RC_FAILED, "no-starter-file", path,
                        "The program was built without this file of starter/.");
    Rc rc = json_read(ctx, text, JSON_LIMITS_DEFAULT, out);
    if (rc != RC_OK) ctx->error.path = str_fmt(ctx->arena, "starter/" STR_FMT, STR_ARG(path));
    return rc;
}

Rc starter_dictionary(Ctx *ctx, Arena *arena, const Dictionary **out) {
    VEC(DictFile) files = {0};
    Ctx own = *ctx;
    own.arena = arena;
    for (size_t i = 0; i < city_file_count; i++) {
        Str path = str_of(city_files[i].path);
        if (!str_starts(path, STR("dictionary/"))) continue;
        DictFile file = {.path = path};
        TRY(starter_json(&own, path, &file.content));
        vec_push(arena, &files, file);
    }
    Rc rc = dictionary_compile(&own, files.items, files.len, false, out);
    ctx->error = own.error;
    return rc;
}

/* ---- tenants ---- */

Tenant *city_tenant(City *city, Str name) {
    for (size_t i = 0; i < city->tenant_count; i++)
        if (str_eq(city->tenants[i]->name, name)) return city->tenants[i];
    return NULL;
}

static Rc tenant_add(Ctx *ctx, City *city, Str name) {
    if (city->tenant_count == TENANTS_MAX)
        return ctx_fail(ctx, RC_LIMIT, "too-many-tenants", name,
                        "One process serves at most %d tenants.", TENANTS_MAX);
    Tenant **slot = &city->tenants[city->tenant_count++];
    return tenant_open(ctx, city, name, slot);
}

/* The threads that serve already know its ledger before any of them can find it. */
static Rc threads_admit(Ctx *ctx, const City *city, Ledger *ledger) {
    ledger_gather(ledger);
    for (size_t i = 0; i < THREADS_MAX; i++)
        if (city->running[i]) TRY(ledger_reader_register_for(ctx, ledger, city->threads[i]));
    return RC_OK;
}

static Rc tenant_begin(Ctx *ctx, City *city, Str name) {
    Tenant **slot = &city->tenants[city->tenant_count];
    Rc rc = tenant_open(ctx, city, name, slot);
    if (rc == RC_OK) rc = tenant_start(ctx, *slot);
    if (rc == RC_OK) rc = threads_admit(ctx, city, (*slot)->ledger);
    if (rc == RC_OK)
        city->tenant_count++;
    else
        tenant_close(*slot);
    return rc;
}

Rc city_add_tenant(Ctx *ctx, City *city, Str name, Str *folder) {
    pthread_mutex_lock(&city->adding);
    Rc rc = tenant_make(ctx, city, name, folder);
    if (rc == RC_OK) rc = tenant_begin(ctx, city, name);
    pthread_mutex_unlock(&city->adding);
    return rc;
}

/* What lies there by chance, such as lost+found, is no municipality. */
static Rc tenant_found(Ctx *ctx, City *city, Str name) {
    if (tenant_name_good(name)) return tenant_add(ctx, city, name);
    log_warn("cli", "tenants/" STR_FMT " is no tenant's folder: it is left alone", STR_ARG(name));
    return RC_OK;
}

static Rc tenants_open(Ctx *ctx, City *city) {
    TRY(tenant_add(ctx, city, STR_NONE));
    DIR *folder = opendir(str_z(
        ctx->scratch, str_fmt(ctx->scratch, STR_FMT "/tenants", STR_ARG(city->options.data))));
    Rc rc = RC_OK;
    for (const struct dirent *entry; folder && rc == RC_OK && (entry = readdir(folder));) {
        Str name = str_of(entry->d_name);
        if (entry->d_name[0] != '.' && !str_eq(name, STR("default")))
            rc = tenant_found(ctx, city, name);
    }
    if (folder) closedir(folder);
    return rc;
}

static Tenant *door_tenant(void *arg, Str name) {
    return city_tenant(arg, name);
}

/* ---- the server ---- */

static void refuse(HttpExchange *x, const Error *error) {
    bool api = (http_route(x)->access & GATE_API) || !http_ctx(x)->tenant;
    (api ? broker_problem : pages_refuse)(x, error);
}

static bool before(void *arg, HttpExchange *x) {
    City *city = arg;
    return gate_before(&city->door, x);
}

static bool problem(void *arg, HttpExchange *x, int status) {
    City *city = arg;
    return gate_foreign(&city->door, x) || pages_problem(x, status);
}

static void quiet(void *arg, int thread) {
    City *city = arg;
    (void)thread;
    for (size_t i = 0; i < city->tenant_count; i++) {
        ledger_quiesce(city->tenants[i]->ledger);
        ledger_hand_over(city->tenants[i]->ledger);
    }
}

static void thread_hook(void *arg, bool begins, HttpPlace place, int thread, Ctx *ctx) {
    City *city = arg;
    (void)place;
    assert(thread >= 0 && thread < THREADS_MAX);
    pthread_mutex_lock(&city->adding);
    city->threads[thread] = pthread_self();
    city->running[thread] = begins;
    for (size_t i = 0; i < city->tenant_count; i++) {
        Ledger *ledger = city->tenants[i]->ledger;
        ledger_gather(ledger); /* such a thread calls `quiet` */
        if (!begins)
            ledger_reader_unregister(ledger);
        else if (ledger_reader_register(ctx, ledger) != RC_OK)
            log_error("cli", "a thread reads without the working set: " STR_FMT,
                      STR_ARG(ctx->error.detail));
    }
    pthread_mutex_unlock(&city->adding);
}

static void list_read(Arena *arena, Str list, StrVec *out) {
    for (Str item; str_split(&list, ',', &item);)
        if (!str_empty(str_trim(item))) vec_push(arena, out, str_dup(arena, str_trim(item)));
}

/* The names under which requests are taken. On the loopback no name but its own: a page elsewhere
   whose name was bent to 127.0.0.1 must not speak to the city (DNS rebinding). */
static void door_prepare(City *city) {
    static const char *const loopback[] = {"localhost", "127.0.0.1", "::1"};
    Arena *arena = city->arena;
    bool named = !str_empty(city->options.hosts);
    list_read(arena, city->options.hosts, &city->hosts);
    list_read(arena, city->options.proxies, &city->proxies);
    list_read(arena, city->options.notify_hosts, &city->notify_hosts);
    list_read(arena, city->options.context_hosts, &city->context_hosts);
    vec_push(arena, &city->hosts, city->options.host);
    for (size_t i = 0; city_on_loopback(city) && i < sizeof loopback / sizeof *loopback; i++)
        vec_push(arena, &city->hosts, str_of(loopback[i]));
    city->door = (GateDoor){.tenant = door_tenant,
                            .refuse = refuse,
                            .arg = city,
                            .secure = city->options.secure,
                            .hosts = &city->hosts,
                            .addresses = !named && !city_on_loopback(city),
                            .proxies = &city->proxies,
                            .network_sends = city->options.network_sends,
                            .network_reads = city->options.network_reads};
}

/* Before anything is made in the folder. */
static Rc server_listen(Ctx *ctx, City *city) {
    door_prepare(city);
    HttpOptions options = {.host = city->options.host,
                           .port = city->options.port,
                           .loops = city->options.loops,
                           .pool = city->options.pool,
                           .max_connections = CONNECTIONS,
                           .body_memory = city->options.body_memory,
                           .shared = &city->proxies,
                           .before = before,
                           .problem = problem,
                           .quiet = quiet,
                           .thread = thread_hook,
                           .arg = city,
                           .clock = &city->clock,
                           .route_log = city->options.route_log};
    TRY(http_server_new(ctx, &options, &city->server));
    Rc rc = http_server_listen(ctx, city->server);
    if (rc != RC_FAILED) return rc;
    return ctx_fail(ctx, RC_FAILED, "listen", STR("listen"),
                    STR_FMT " With --listen HOST:PORT, as in ./dev run -- --listen 127.0.0.1:8081.",
                    STR_ARG(str_dup(ctx->arena, ctx->error.detail)));
}

static Rc server_start(Ctx *ctx, City *city) {
    broker_routes(city->server);
    city->pages = (PagesOptions){.usual = city->tenants[0],
                                 .demos = city->demos.items,
                                 .demo_count = city->demos.len,
                                 .sandbox = city->options.sandbox,
                                 .secure = city->options.secure,
                                 .server = city->server,
                                 .since = time_now(&city->clock)};
    pages_routes(city->server, &city->pages);
    return http_server_start(ctx, city->server);
}

static Rc control_open(Ctx *ctx, City *city) {
    ControlOptions options = {.folder = str_z(city->arena, city->options.data),
                              .rows = city_control_rows,
                              .row_count = city_control_count,
                              .arg = city};
    ControlOptions *kept = NEW(city->arena, ControlOptions);
    *kept = options;
    return control_start(ctx, kept, &city->control);
}

/* ---- life ---- */

static Str or_under(Arena *arena, Str given, Str data, const char *name) {
    return str_empty(given) ? str_fmt(arena, STR_FMT "/%s", STR_ARG(data), name)
                            : str_dup(arena, given);
}

bool city_on_loopback(const City *city) {
    Str host = city->options.host;
    return str_eq(host, STR("127.0.0.1")) || str_eq(host, STR("::1")) ||
           str_eq(host, STR("localhost"));
}

/* Whoever asks a question names its @context, also without signing in: nothing within the city's
 * networks is asked for him. */
static bool context_allowed(void *arg, Str host, Str address) {
    const City *city = arg;
    (void)host;
    return city->options.loopback || city->options.sandbox || http_address_public(address);
}

static Rc place_check(Ctx *ctx, const City *city) {
    const CityOptions *options = &city->options;
    if (city_on_loopback(city)) return RC_OK;
    if (options->sandbox)
        return ctx_fail(ctx, RC_INVALID, "open-sandbox", STR("listen"),
                        "In a sandbox anyone may do everything: it listens on the loopback only.");
    if (options->secure || options->plain) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-https", STR("listen"),
                    "Beyond this machine names and passwords would cross the network in clear: put "
                    "a proxy with https in front and set http.secure, or set http.plain if nobody "
                    "else is on that network.");
}

/* Browsers know passkeys over https, and of localhost, alone. */
static Rc passkeys_check(Ctx *ctx, const City *city) {
    const CityOptions *options = &city->options;
    bool asked = options->staff_passkey || options->resident_passkey,
         here = city_on_loopback(city) &&
                (str_empty(options->hosts) || str_eq(options->hosts, STR("localhost")));
    if (!asked || options->secure || here) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-passkeys",
                    options->staff_passkey ? STR("gate.staff-passkey")
                                           : STR("gate.resident-passkey"),
                    "Without https no browser knows passkeys, so whoever has to show one could not "
                    "come in: put a proxy with https in front and set http.secure, with the city's "
                    "name in http.hosts, or leave this setting out.");
}

static Rc city_begin(Ctx *ctx, City *city) {
    TRY(place_check(ctx, city));
    TRY(passkeys_check(ctx, city));
    city->client = http_client_new(
        (HttpClientOptions){.max_in_flight = 256,
                            .max_per_host = 16,
                            .allow = context_allowed,
                            .arg = city,
                            .encrypted = !city->options.notify_plain && !city->options.sandbox});
    TRY(glass_check(ctx, city));
    TRY(server_listen(ctx, city));
    TRY(starter_dictionary(ctx, city->arena, &city->dictionary));
    TRY(tenants_open(ctx, city));
    TRY(occasion_check(ctx, city));
    if (city->options.starter) TRY(starter_fill(ctx, city, city->tenants[0]));
    for (size_t i = 0; i < city->tenant_count; i++)
        TRY(tenant_start(ctx, city->tenants[i]));
    TRY(server_start(ctx, city));
    return control_open(ctx, city);
}

static void error_keep(Ctx *ctx) {
    Error *error = &ctx->error;
    *error = (Error){error->rc, str_dup(ctx->arena, error->code),
                     str_dup(ctx->arena, error->detail), str_dup(ctx->arena, error->path)};
}

Rc city_open(Ctx *ctx, const CityOptions *options, City **out) {
    Arena *arena = arena_new(CITY_ARENA);
    City *city = NEW(arena, City);
    *city =
        (City){.arena = arena, .options = *options, .clock = *ctx->clock, .rand = rand_system()};
    pthread_mutex_init(&city->adding, NULL);
    city->options.data = str_dup(arena, options->data);
    city->options.host = str_dup(arena, options->host);
    city->options.hosts = str_dup(arena, options->hosts);
    city->options.proxies = str_dup(arena, options->proxies);
    city->options.keys = or_under(arena, options->keys, options->data, "keys");
    city->options.witness = or_under(arena, options->witness, options->data, "witness");
    city->options.glass = str_dup(arena, options->glass);
    city->options.leaked = str_dup(arena, options->leaked);
    city->options.providers = str_dup(arena, options->providers);
    city->options.route_log = str_dup(arena, options->route_log);
    Rc rc = city_begin(ctx, city);
    if (rc != RC_OK) {
        error_keep(ctx); /* what is wrong with the dictionary lies in the city's arena */
        city_close(city);
    } else
        *out = city;
    return rc;
}

void city_close(City *city) {
    if (!city) return;
    control_stop(city->control);
    for (size_t i = 0; i < city->tenant_count; i++) {
        pay_stop(city->tenants[i]);
        gate_outside_stop(city->tenants[i]);
    }
    if (city->server) http_server_stop(city->server, 5 * TIME_SECOND);
    for (size_t i = 0; i < city->tenant_count; i++)
        tenant_close(city->tenants[i]);
    if (city->server) http_server_free(city->server);
    http_client_free(city->client);
    pthread_mutex_destroy(&city->adding);
    arena_free(city->arena);
}

int city_port(const City *city) {
    return http_port(city->server);
}
