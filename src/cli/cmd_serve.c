#include "cli_int.h"

#include "city.h"

#include <signal.h>
#include <string.h>

enum { PORT_MAX = 65535 };

/* "127.0.0.1:8080", "[::1]:8080". */
static Rc listen_parse(Ctx *ctx, Str listen, CityOptions *options) {
    size_t colon = listen.len;
    while (colon && listen.ptr[colon - 1] != ':')
        colon--;
    int64_t port;
    Str host = colon ? str_sub(listen, 0, colon - 1) : STR_NONE;
    if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
        host = str_sub(host, 1, host.len - 1);
    if (str_empty(host) || !str_to_i64(str_sub(listen, colon, listen.len), &port) || port < 0 ||
        port > PORT_MAX)
        return ctx_fail(ctx, RC_INVALID, "bad-listen", STR("listen"),
                        "An address is HOST:PORT, such as 127.0.0.1:8080.");
    options->host = host;
    options->port = (int)port;
    return RC_OK;
}

/* Blocked before any thread starts, so that all of them inherit it and only the wait below sees the
 * signal. */
static sigset_t block_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP); /* the terminal was closed */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

static Str route_log(Cli *cli) {
    for (char *const *row = cli_world(cli)->environment; row && *row; row++)
        if (strncmp(*row, "MACHI_ROUTE_LOG=", 16) == 0) return str_of(*row + 16);
    return STR_NONE;
}

/* What it asks of others on this machine and elsewhere. */
static void services_read(const Settings *settings, CityOptions *out) {
    out->attach = (AttachLimits){.scanner = settings_text(settings, "files.scanner"),
                                 .file = settings_bytes(settings, "files.each"),
                                 .files = settings_int(settings, "files.case"),
                                 .drafts = settings_bytes(settings, "files.drafts")};
    out->pay = (PayOptions){.provider = settings_text(settings, "pay.provider"),
                            .url = settings_text(settings, "pay.url"),
                            .key_file = settings_text(settings, "pay.key"),
                            .every = settings_duration(settings, "pay.every")};
    out->mail = (MailOptions){.url = settings_text(settings, "mail.url"),
                              .user = settings_text(settings, "mail.user"),
                              .password_file = settings_text(settings, "mail.password-file"),
                              .from = settings_text(settings, "mail.from"),
                              .patience = settings_duration(settings, "mail.patience"),
                              .retry = settings_duration(settings, "mail.retry")};
}

static CityOptions options_of(Cli *cli) {
    const Settings *settings = cli_settings(cli), *flags = cli_flags(cli);
    CityOptions options = {.data = settings_text(settings, "data"),
                           .keys = settings_text(settings, "keys"),
                           .witness = settings_text(settings, "witness"),
                           .glass = settings_text(settings, "gate.glass"),
                           .idle = settings_duration(settings, "gate.idle"),
                           .staff_passkey = settings_bool(settings, "gate.staff-passkey"),
                           .resident_passkey = settings_bool(settings, "gate.resident-passkey"),
                           .leaked = settings_text(settings, "gate.leaked-passwords"),
                           .providers = settings_text(settings, "gate.providers"),
                           .hosts = settings_text(settings, "http.hosts"),
                           .proxies = settings_text(settings, "http.proxies"),
                           .network_sends = (int)settings_int(settings, "http.network-sends"),
                           .network_reads = (int)settings_int(settings, "http.network-reads"),
                           .secure = settings_bool(settings, "http.secure"),
                           .plain = settings_bool(settings, "http.plain"),
                           .hold_share = settings_int(settings, "book.nobody-share"),
                           .admission_rate = settings_int(settings, "book.admission-rate"),
                           .hold_network = settings_int(settings, "book.network-holds"),
                           .loops = (int)settings_int(settings, "http.loops"),
                           .pool = (int)settings_int(settings, "http.pool"),
                           .body_memory = (size_t)settings_bytes(settings, "http.body-memory"),
                           .wall_every = settings_duration(settings, "wall.public-every"),
                           .release_every = settings_duration(settings, "release.every"),
                           .starter = settings_bool(flags, "starter"),
                           .sandbox = settings_bool(flags, "sandbox"),
                           .loopback = settings_bool(settings, "notify.loopback"),
                           .notify_plain = settings_bool(settings, "notify.plain"),
                           .notify_hosts = settings_text(settings, "notify.hosts"),
                           .context_hosts = settings_text(settings, "context.hosts"),
                           .route_log = route_log(cli),
                           .progress = cli_err(cli)};
    services_read(settings, &options);
    return options;
}

static Rc serve(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    CityOptions options = options_of(cli);
    City *city;
    if (options.starter && options.sandbox)
        return ctx_fail(ctx, RC_INVALID, "starter-or-sandbox", STR_NONE,
                        "Choose --starter or --sandbox, not both.");
    TRY(listen_parse(ctx, settings_text(cli_settings(cli), "listen"), &options));
    sigset_t signals = block_signals();
    mem_keep();
    TRY(city_open(ctx, &options, &city));
    city_greet(city, cli_out(cli));
    fflush(cli_out(cli));
    int signal_number;
    sigwait(&signals, &signal_number);
    fprintf(cli_err(cli), "machi stops\n");
    city_close(city);
    return RC_OK;
}

static const SettingRow serve_flags[] = {
    {"starter", SETTING_BOOL, "no", 0, 0, "Fill an empty data folder with the starter city まち市.",
     NULL},
    {"sandbox", SETTING_BOOL, "no", 0, 0,
     "An empty city in which anyone may do everything; loopback only.", NULL},
};

const CliCommand cmd_serve = {
    .name = "serve",
    .summary = "Serve the city in a data folder",
    .description =
        "Opens every tenant of the data folder, makes the default one when there is none, and\n"
        "serves pages and APIs until SIGINT, SIGTERM or SIGHUP. The other subcommands speak to "
        "this\n"
        "process through DATA/control.sock.",
    .flags = serve_flags,
    .flag_count = sizeof serve_flags / sizeof *serve_flags,
    .run = serve,
};
