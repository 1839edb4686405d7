/* smtp: one letter to one address, by libcurl. */
#include "mail_int.h"

#include <curl/curl.h>
#include <string.h>
#include <time.h>

enum { SILENCES = 4, HEADER_MOST = 2000, WORD_BYTES = 42 };

/* What came to pass on the wire. */
typedef struct Wire {
    Mail *mail;
    bool recipient; /* the last command was RCPT */
    bool refused;   /* which was answered by 5xx */
} Wire;

/* libcurl tells the last code, but not of which command. Nothing is written anywhere. */
static int on_talk(CURL *curl, curl_infotype type, char *bytes, size_t len, void *arg) {
    Wire *wire = arg;
    Str line = {bytes, len};
    (void)curl;
    if (type == CURLINFO_HEADER_OUT) wire->recipient = str_starts(line, STR("RCPT "));
    if (type == CURLINFO_HEADER_IN && wire->recipient) wire->refused = str_starts(line, STR("5"));
    return 0;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&((Wire *)arg)->mail->stop);
}

/* ---- headers ---- */

/* RFC 2047: words of UTF-8 in base64, none cut within a character or longer than 75 bytes. */
static Str encoded_words(Arena *arena, Str text) {
    Buf out = buf_new(arena, HEADER_MOST);
    while (text.len) {
        Str word = str_head(text, WORD_BYTES);
        if (out.len) buf_add(&out, STR("\r\n "));
        buf_addf(&out, "=?UTF-8?B?" STR_FMT "?=", STR_ARG(hash_base64(arena, word)));
        text = str_sub(text, word.len, text.len);
    }
    return buf_str(&out);
}

static Str date_line(Arena *arena, int64_t now) {
    char text[64];
    time_t seconds = (time_t)(now / TIME_SECOND);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t n = strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S +0000", &parts);
    return str_dup(arena, (Str){text, n});
}

static Str sender_line(Ctx *ctx, const Mail *mail) {
    const Json *name = json_get(gate_organisation(ctx->tenant->gate), STR("name"));
    Str city = json_get_str(name, "ja");
    return str_fmt(ctx->arena, "From: " STR_FMT " <" STR_FMT ">",
                   STR_ARG(encoded_words(ctx->arena, city)), STR_ARG(mail->from));
}

static Str domain_of(Str address) {
    ptrdiff_t at = str_find_char(address, '@');
    return str_sub(address, (size_t)at + 1, address.len);
}

static struct curl_slist *line_add(Ctx *ctx, struct curl_slist *lines, Str line) {
    return curl_slist_append(lines, str_z(ctx->arena, line));
}

/* Addresses were judged before they came here, and everything else is ours or encoded: no line can
   be more than one. */
static struct curl_slist *headers_of(Ctx *ctx, const Mail *mail, const MailLetter *letter) {
    Arena *arena = ctx->arena;
    struct curl_slist *lines = NULL;
    lines = line_add(ctx, lines, date_line(arena, time_now(ctx->clock)));
    lines = line_add(ctx, lines, sender_line(ctx, mail));
    lines = line_add(ctx, lines, str_fmt(arena, "To: <" STR_FMT ">", STR_ARG(letter->to)));
    lines = line_add(
        ctx, lines,
        str_fmt(arena, "Subject: " STR_FMT, STR_ARG(encoded_words(arena, letter->subject))));
    lines = line_add(ctx, lines,
                     str_fmt(arena, "Message-ID: <" STR_FMT "@" STR_FMT ">", STR_ARG(letter->id),
                             STR_ARG(domain_of(mail->from))));
    lines = line_add(ctx, lines, STR("Auto-Submitted: auto-generated"));
    if (str_empty(letter->stop)) return lines;
    lines = line_add(ctx, lines,
                     str_fmt(arena, "List-Unsubscribe: <" STR_FMT ">", STR_ARG(letter->stop)));
    return line_add(ctx, lines, STR("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
}

/* ---- sending ---- */

static void place_set(CURL *curl, Ctx *ctx, const Mail *mail) {
    Str url = str_fmt(ctx->arena, STR_FMT "/" STR_FMT, STR_ARG(mail->url),
                      STR_ARG(domain_of(mail->from))); /* by which name we greet */
    curl_easy_setopt(curl, CURLOPT_URL, url.ptr);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(mail->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    long seconds = (long)(mail->patience / TIME_SECOND);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, seconds);
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds * SILENCES);
    if (str_empty(mail->user)) return;
    curl_easy_setopt(curl, CURLOPT_USERNAME, str_z(ctx->arena, mail->user));
    curl_easy_setopt(curl, CURLOPT_PASSWORD, str_z(ctx->arena, mail->password));
}

static void wire_set(CURL *curl, Wire *wire) {
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_talk);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, wire);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, wire);
}

/* base64 keeps every line short and every byte of it through old servers. */
static curl_mime *body_of(CURL *curl, const MailLetter *letter) {
    curl_mime *mime = curl_mime_init(curl);
    curl_mimepart *part = curl_mime_addpart(mime);
    curl_mime_data(part, letter->text.ptr, letter->text.len);
    curl_mime_type(part, "text/plain; charset=utf-8");
    curl_mime_encoder(part, "base64");
    return mime;
}

static MailSent outcome(CURLcode code, long status, const Wire *wire) {
    if (code == CURLE_OK) return MAIL_SENT;
    if (code == CURLE_LOGIN_DENIED || status == 0 || code == CURLE_USE_SSL_FAILED)
        return MAIL_UNREACHABLE;
    if (wire->refused) return MAIL_REFUSED;
    return code == CURLE_OPERATION_TIMEDOUT ? MAIL_UNREACHABLE : MAIL_LATER;
}

MailSent mail_send(Mail *mail, Ctx *ctx, const MailLetter *letter, Str *why) {
    Wire wire = {.mail = mail};
    long status = 0;
    CURL *curl = curl_easy_init();
    assert(curl); /* out of memory */
    struct curl_slist *lines = headers_of(ctx, mail, letter);
    struct curl_slist *to = curl_slist_append(NULL, str_z(ctx->arena, letter->to));
    curl_mime *body = body_of(curl, letter);
    place_set(curl, ctx, mail);
    wire_set(curl, &wire);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, str_z(ctx->arena, mail->from));
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, body);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    *why = str_fmt(ctx->arena, "%s, %ld", curl_easy_strerror(code), status);
    curl_mime_free(body);
    curl_slist_free_all(to);
    curl_slist_free_all(lines);
    curl_easy_cleanup(curl);
    return outcome(code, status, &wire);
}
