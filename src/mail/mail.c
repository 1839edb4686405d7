#include "mail_int.h"

#include <curl/curl.h>
#include <string.h>

enum { MAIL_ARENA = 64 << 20, OWN_ARENA = 1 << 20, SECRET_MOST = 1024 };

static const int64_t usual = 30 * TIME_SECOND, pass_every = 250 * TIME_SECOND / 1000;

/* ---- settings ---- */

static Rc bad_setting(Ctx *ctx, const char *name, const char *text) {
    return ctx_fail(ctx, RC_INVALID, "bad-setting", str_of(name), "%s", text);
}

static Rc password_read(Ctx *ctx, Mail *mail, Str path) {
    Str password;
    if (str_empty(mail->user)) return RC_OK;
    TRY(secret_file(ctx, STR("mail.password-file"), path, SECRET_MOST, &password));
    mail->password = str_dup(mail->arena, password);
    return RC_OK;
}

/* Passwords and addresses cross no network in clear: only on this machine, by its address. */
static Rc url_check(Ctx *ctx, Mail *mail) {
    Str host = http_url_host(ctx->arena, mail->url);
    bool smtp = str_starts(mail->url, STR("smtp://"));
    size_t scheme = smtp ? sizeof "smtp://" - 1 : sizeof "smtps://" - 1;
    Str rest = str_sub(mail->url, scheme, mail->url.len);
    mail->plain = smtp && (http_address_written(host, STR("127.0.0.1")) ||
                           http_address_written(host, STR("::1")));
    bool good = (smtp || str_starts(mail->url, STR("smtps://"))) && !str_empty(host) &&
                str_find_char(rest, '/') < 0 && str_find_char(rest, '@') < 0;
    if (good) return RC_OK;
    return bad_setting(ctx, "mail.url", "A mail server is smtp://HOST:PORT or smtps://HOST:PORT.");
}

static Rc settings_check(Ctx *ctx, Mail *mail, const MailOptions *options) {
    TRY(url_check(ctx, mail));
    if (!gate_mail_good(mail->from))
        return bad_setting(ctx, "mail.from",
                           "The address from which mail comes, such as "
                           "city@city.example.jp.");
    return password_read(ctx, mail, options->password_file);
}

Rc mail_open(Ctx *ctx, Tenant *tenant, const MailOptions *options) {
    if (str_empty(options->url)) return RC_OK;
    Arena *arena = arena_new(OWN_ARENA);
    Mail *mail = NEW(arena, Mail);
    Str url = options->url;
    if (str_ends(url, STR("/"))) url.len--;
    *mail = (Mail){.arena = arena,
                   .tenant = tenant,
                   .clock = *ctx->clock,
                   .url = str_dup(arena, url),
                   .user = str_dup(arena, options->user),
                   .from = str_dup(arena, options->from),
                   .site = str_dup(arena, options->site),
                   .patience = options->patience ? options->patience : usual,
                   .retry = options->retry ? options->retry : usual};
    pthread_mutex_init(&mail->lock, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT); /* counted */
    tenant->mail = mail;
    Rc rc = settings_check(ctx, mail, options);
    if (rc == RC_OK) rc = batch_open(ctx, ledger_store(tenant->ledger), STORE_LOCAL, &mail->local);
    if (rc != RC_OK) mail_close(tenant);
    return rc;
}

/* ---- the thread ---- */

static void pass(Ctx *ctx, Mail *mail, bool *failed) {
    Rc rc = queue_pass(ctx, mail);
    if (rc != RC_OK && !*failed)
        log_error("mail", "notices wait: " STR_FMT, STR_ARG(ctx->error.detail));
    *failed = rc != RC_OK;
    arena_reset(ctx->arena);
    arena_reset(ctx->scratch);
}

static void *thread_main(void *arg) {
    Mail *mail = arg;
    Rand rand = rand_system();
    Actor actor = *gate_system_actor();
    bool failed = false;
    Ctx ctx = {.arena = arena_new(MAIL_ARENA),
               .scratch = arena_new(MAIL_ARENA),
               .clock = &mail->clock,
               .rand = &rand,
               .tenant = mail->tenant,
               .actor = &actor,
               .deadline = INT64_MAX};
    Rc rc = reader_open(&ctx, ledger_store(mail->tenant->ledger), &ctx.db);
    if (rc == RC_OK) rc = queue_open(&ctx, mail);
    if (rc != RC_OK)
        log_error("mail", "nobody is told by mail: " STR_FMT, STR_ARG(ctx.error.detail));
    while (rc == RC_OK && !atomic_load(&mail->stop)) {
        pass(&ctx, mail, &failed);
        time_sleep_until(time_monotonic() + pass_every);
    }
    reader_close(ctx.db);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return NULL;
}

Rc mail_start(Ctx *ctx, Tenant *tenant, const MailNews *news) {
    Mail *mail = tenant->mail;
    if (!mail) return RC_OK;
    mail->news = news;
    mail->started = thread_start(&mail->thread, "mail", thread_main, mail);
    if (mail->started) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "no-thread", STR_NONE,
                    "The thread that sends mail cannot be started.");
}

void mail_close(Tenant *tenant) {
    Mail *mail = tenant->mail;
    if (!mail) return;
    atomic_store(&mail->stop, true);
    if (mail->started) pthread_join(mail->thread, NULL);
    tenant->mail = NULL;
    batch_close(mail->local);
    pthread_mutex_destroy(&mail->lock);
    arena_free(mail->arena);
    curl_global_cleanup();
}

MailFigures mail_figures(const Mail *mail) {
    return (MailFigures){.waiting = atomic_load(&mail->waiting),
                         .sent = atomic_load(&mail->sent),
                         .refused = atomic_load(&mail->refused),
                         .troubled = atomic_load(&mail->troubled)};
}

Rc mail_code(Ctx *ctx, Mail *mail, Str address, Str code) {
    bool room = false;
    pthread_mutex_lock(&mail->lock);
    if (mail->code_count < MAIL_CODES && address.len < MAIL_ADDRESS && code.len < MAIL_CODE) {
        MailCode *to = &mail->codes[mail->code_count++];
        *to = (MailCode){{0}, {0}};
        memcpy(to->address, address.ptr, address.len);
        memcpy(to->code, code.ptr, code.len);
        room = true;
    }
    pthread_mutex_unlock(&mail->lock);
    if (room) return RC_OK;
    return ctx_fail(ctx, RC_BUSY, "mail-busy", STR("mail"),
                    "Very many codes are being sent at this moment: wait a minute.");
}
