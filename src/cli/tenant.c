#include "city_int.h"
#include "place.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { TENANT_ARENA = 64 << 20, WORKING_SET = 512 << 20, CONTEXTS_MAX = 1000 };

/* ---- folders ---- */

static PlacePaths place_in(City *city, Str name) {
    const CityOptions *options = &city->options;
    PlaceRoots roots = {options->data, options->keys, options->witness};
    return place_of(city->arena, &roots, name);
}

static Rc folders_make(Ctx *ctx, const City *city) {
    Str tenants = str_fmt(ctx->scratch, STR_FMT "/tenants", STR_ARG(city->options.data));
    const Str all[] = {city->options.data, tenants, city->options.keys, city->options.witness};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        TRY(place_make(ctx, all[i]));
    return RC_OK;
}

enum { NAME_MAX_BYTES = 50 };

bool tenant_name_good(Str name) {
    if (str_empty(name) || name.len > NAME_MAX_BYTES || str_eq(name, STR("default"))) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
    }
    return true;
}

Rc tenant_make(Ctx *ctx, City *city, Str name, Str *folder) {
    if (!tenant_name_good(name))
        return ctx_fail(ctx, RC_INVALID, "bad-tenant", STR("name"),
                        "A tenant's name is 1 to %d of a-z, 0-9 and _, and not \"default\".",
                        NAME_MAX_BYTES);
    if (city->tenant_count == TENANTS_MAX)
        return ctx_fail(ctx, RC_LIMIT, "too-many-tenants", name,
                        "One process serves at most %d tenants.", TENANTS_MAX);
    *folder = str_fmt(ctx->arena, STR_FMT "/tenants/" STR_FMT, STR_ARG(city->options.data),
                      STR_ARG(name));
    if (mkdir(str_z(ctx->scratch, *folder), 0700) == 0) return RC_OK;
    if (errno == EEXIST && !city_tenant(city, name)) return RC_OK;
    if (errno == EEXIST)
        return ctx_fail(ctx, RC_CONFLICT, "tenant-exists", name, "There is such a tenant already.");
    return ctx_fail(ctx, RC_FAILED, "no-folder", *folder, "This folder cannot be made: %s.",
                    strerror(errno));
}

/* ---- contexts ---- */

enum { CONTEXT_MAX = 1 << 20 };

/* Whose contexts are fetched. */
typedef struct Fetching {
    City *city;
    Tenant *tenant;
} Fetching;

/* Why this place isn't asked, NULL: it is. What its name leads to is judged at the socket. */
static const char *context_refused(Ctx *ctx, const City *city, Str url) {
    Str host = http_url_host(ctx->arena, url);
    bool here =
        http_address_written(host, STR("127.0.0.1")) || http_address_written(host, STR("::1"));
    if (!http_host_listed(&city->context_hosts, host))
        return "the setting context.hosts lists from where";
    if (http_url_plain(url) && !here && !city->options.notify_plain && !city->options.sandbox)
        return "by https:// alone, unless the setting notify.plain allows http://";
    return NULL;
}

static Rc context_none(Ctx *ctx, Str url, const char *why) {
    return ctx_fail(ctx, RC_FAILED, "context-unavailable", url,
                    "The @context cannot be had from there (%s).", why);
}

/* What is hosted here is not asked for over the network, whatever name the client knows us by. */
static Rc context_fetch(Ctx *ctx, void *arg, Str url, Str *body) {
    const Fetching *fetching = arg;
    City *city = fetching->city;
    if (broker_context(ctx, fetching->tenant, url, body) == RC_OK) return RC_OK;
    const char *why = context_refused(ctx, city, url);
    if (why) return context_none(ctx, url, why);
    HttpReply reply;
    const Str accept = STR("Accept: application/ld+json, application/json");
    HttpCall call = {.method = HTTP_GET,
                     .url = url,
                     .headers = &accept,
                     .n_headers = 1,
                     .timeout = 5 * TIME_SECOND,
                     .max_answer = CONTEXT_MAX};
    Rc rc = http_client_call(ctx, city->client, &call, &reply);
    if (rc == RC_OK && reply.status == 200) {
        *body = reply.body;
        return RC_OK;
    }
    return context_none(ctx, url, rc == RC_OK ? http_reason(reply.status) : "no answer");
}

/* ---- opening ---- */

static Rc ledger_of(Ctx *ctx, City *city, Tenant *tenant) {
    PlacePaths place = place_in(city, tenant->name);
    tenant->folder = place.folder;
    LedgerOptions options = {.folder = tenant->folder,
                             .key_file = place.key,
                             .witness_file = place.witness,
                             .dictionary = city->dictionary,
                             .files = &file_ledger,
                             .working_set_bytes = WORKING_SET,
                             .clock = &city->clock,
                             .tenant = tenant};
    return ledger_open(ctx, &options, &tenant->ledger);
}

/* Nobody finds it out by himself: what is stored reads as ever. */
static Rc reclassify_tell(Ctx *ctx, const Tenant *tenant) {
    StrVec types = {0};
    TRY(ledger_reclassify_due(ctx, tenant->ledger, &types));
    Str name = str_empty(tenant->name) ? STR("default") : tenant->name;
    VEC_EACH (const Str, iri, &types)
        log_warn("cli",
                 STR_FMT
                 " is declared personal, but was stored undeclared, under a key of the "
                 "type: erasing a person doesn't reach it. Run `machi tenant reclassify " STR_FMT
                 "`, then restart.",
                 STR_ARG(*iri), STR_ARG(name));
    return RC_OK;
}

static Rc gate_of(Ctx *ctx, City *city, Tenant *tenant) {
    bool usual = str_empty(tenant->name); /* its address is the one that providers know */
    GateOptions options = {.glass = city->options.glass,
                           .idle = city->options.idle,
                           .staff_passkey = city->options.staff_passkey,
                           .resident_passkey = city->options.resident_passkey,
                           .leaked = city->options.leaked,
                           .clock = &city->clock,
                           .providers = usual ? city->options.providers : STR_NONE};
    TRY(starter_json(ctx, STR("policies.json"), &options.policies));
    TRY(starter_json(ctx, STR("organisation.json"), &options.organisation));
    return gate_open(ctx, tenant, &options);
}

typedef VEC(const Json *) CityFiles;

/* All files of a folder of the starter, in ctx's arena. */
static Rc folder_read(Ctx *ctx, Str folder, CityFiles *out) {
    for (size_t i = 0; i < city_file_count; i++) {
        Str path = str_of(city_files[i].path);
        const Json *file;
        if (!str_starts(path, folder)) continue;
        TRY(starter_json(ctx, path, &file));
        vec_push(ctx->arena, out, file);
    }
    return RC_OK;
}

static Rc procedure_sources(Ctx *ctx, ProcedureSources *out) {
    CityFiles definitions = {0};
    TRY(starter_json(ctx, STR("waste/items.json"), &out->waste.items));
    TRY(starter_json(ctx, STR("waste/districts.json"), &out->waste.districts));
    TRY(starter_json(ctx, STR("waste/rules.json"), &out->waste.rules));
    TRY(starter_json(ctx, STR("organisation.json"), &out->waste.organisation));
    TRY(starter_json(ctx, STR("templates/procedure.json"), &out->blank));
    TRY(starter_json(ctx, STR("files.json"), &out->files));
    TRY(folder_read(ctx, STR("procedures/"), &definitions));
    out->definitions = definitions.items;
    out->definition_count = definitions.len;
    return RC_OK;
}

/* The rules are read once and live as long as the city. */
static Rc procedures_of(Ctx *ctx, City *city, Tenant *tenant) {
    ProcedureSources sources = {.admission_rate = city->options.admission_rate,
                                .attach = city->options.attach,
                                .waste = {.hold_share = city->options.hold_share,
                                          .hold_network = city->options.hold_network}};
    Ctx lasting = *ctx;
    lasting.arena = city->arena;
    Rc rc = procedure_sources(&lasting, &sources);
    if (rc == RC_OK) rc = meet_check(&lasting, sources.waste.organisation);
    ctx->error = lasting.error;
    return rc == RC_OK ? procedures_open(ctx, tenant, &sources) : rc;
}

/* The releases live as long as the city, like the rules. */
static Rc open_of(Ctx *ctx, City *city, Tenant *tenant) {
    CityFiles releases = {0};
    const Json *districts, *items;
    Ctx lasting = *ctx;
    lasting.arena = city->arena;
    Rc rc = starter_json(&lasting, STR("waste/districts.json"), &districts);
    if (rc == RC_OK) rc = starter_json(&lasting, STR("waste/items.json"), &items);
    if (rc == RC_OK) rc = folder_read(&lasting, STR("releases/"), &releases);
    OpenOptions options = {.releases = releases.items,
                           .release_count = releases.len,
                           .every = city->options.release_every};
    if (rc == RC_OK) {
        options.districts = json_get(districts, STR("districts"));
        options.classes = json_get(items, STR("classes"));
        rc = open_open(&lasting, tenant, &options);
    }
    ctx->error = lasting.error;
    return rc;
}

/* What links in a mail begin with: the first of the public names, or where it listens. */
static Str site_of(const City *city) {
    Str hosts = city->options.hosts, name = STR_NONE;
    (void)str_split(&hosts, ',', &name);
    name = str_trim(name);
    const char *scheme = city->options.secure ? "https" : "http";
    if (!str_empty(name)) return str_fmt(city->arena, "%s://" STR_FMT, scheme, STR_ARG(name));
    bool six = str_find_char(city->options.host, ':') >= 0;
    return str_fmt(city->arena, "%s://%s" STR_FMT "%s:%d", scheme, six ? "[" : "",
                   STR_ARG(city->options.host), six ? "]" : "", http_port(city->server));
}

static Rc mail_of(Ctx *ctx, City *city, Tenant *tenant) {
    MailOptions options = city->options.mail;
    if (!str_empty(tenant->name) || str_empty(options.url)) return RC_OK;
    options.site = site_of(city);
    return mail_open(ctx, tenant, &options);
}

static Rc rooms_open(Ctx *ctx, City *city, Tenant *tenant) {
    Project *project;
    TRY(reclassify_tell(ctx, tenant));
    TRY(project_new(ctx, tenant, &project));
    TRY(procedures_of(ctx, city, tenant));
    InsightOptions insight = {.public_every = city->options.wall_every};
    /* The program knows the outline of the one municipality that it was built for. */
    if (str_empty(tenant->name) && !tenant->sandbox)
        insight.ground = city_starter_file(STR("map.geojson"));
    TRY(insight_open(ctx, tenant, &insight));
    TRY(project_start(ctx, project));
    TRY(project_expire(ctx, project));
    TRY(gate_of(ctx, city, tenant));
    if (str_empty(tenant->name)) TRY(pay_open(ctx, tenant, &city->options.pay));
    TRY(mail_of(ctx, city, tenant));
    TRY(procedures_start(ctx, tenant));
    TRY(open_of(ctx, city, tenant));
    BrokerOptions options = {.loopback = city->options.loopback || city->options.sandbox,
                             .plain = city->options.notify_plain || city->options.sandbox,
                             .hosts = &city->notify_hosts};
    TRY(broker_open(ctx, tenant, &options));
    TRY(broker_start(ctx, tenant));
    return insight_start(ctx, tenant);
}

Rc tenant_open(Ctx *ctx, City *city, Str name, Tenant **out) {
    Tenant *tenant = NEW(city->arena, Tenant);
    *tenant = (Tenant){.name = str_dup(city->arena, name),
                       .dictionary = city->dictionary,
                       .sandbox = city->options.sandbox};
    *out = tenant;
    TRY(folders_make(ctx, city));
    Fetching *fetching = NEW(city->arena, Fetching);
    *fetching = (Fetching){city, tenant};
    tenant->contexts = ld_cache_new((LdCacheOptions){.fetch = context_fetch,
                                                     .fetch_arg = fetching,
                                                     .keep = TIME_HOUR,
                                                     .max_count = CONTEXTS_MAX});
    TRY(ledger_of(ctx, city, tenant));
    Reader *db;
    TRY(reader_open(ctx, ledger_store(tenant->ledger), &db));
    Ctx inside = *ctx;
    inside.tenant = tenant;
    inside.db = db;
    Rc rc = rooms_open(&inside, city, tenant);
    ctx->error = inside.error;
    reader_close(db);
    return rc;
}

Rc tenant_start(Ctx *ctx, Tenant *tenant) {
    TRY(procedures_sweep(ctx, tenant));
    TRY(pay_start(ctx, tenant, fee_post));
    static const MailNews news = {.is = news_is, .whose = news_whose};
    TRY(mail_start(ctx, tenant, &news));
    return open_start(ctx, tenant);
}

void tenant_close(Tenant *tenant) {
    open_close(tenant);
    broker_close(tenant);
    insight_stop(tenant);
    pay_close(tenant);
    mail_close(tenant);
    procedures_stop(tenant);
    project_stop(tenant->project);
    insight_close(tenant);
    procedures_close(tenant);
    gate_close(tenant);
    ledger_close(tenant->ledger);
    ld_cache_free(tenant->contexts);
    tenant->ledger = NULL;
    tenant->contexts = NULL;
}
