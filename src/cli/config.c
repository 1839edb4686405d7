/* config: every setting of machi. What is no row here can't be set. */
#include "cli_int.h"

const SettingRow cli_setting_rows[] = {
    {"data", SETTING_PATH, "data", 1, 4000, "The folder in which the city's data lies.", "DIR"},
    {"listen", SETTING_TEXT, "127.0.0.1:8080", 3, 255,
     "Address and port of the server; port 0 takes any that is free.", "HOST:PORT"},
    {"keys", SETTING_PATH, NULL, 0, 4000,
     "The folder of the tenants' keys; without it DATA/keys. Keep it on another volume than the "
     "data.",
     "DIR"},
    {"witness", SETTING_PATH, NULL, 0, 4000,
     "The folder to which checkpoints are handed; without it DATA/witness. Keep it elsewhere.",
     "DIR"},
    {"gate.glass", SETTING_PATH, NULL, 0, 4000,
     "A folder on another volume than the data, where looks at personal data are kept while the "
     "ledger can't be written (break-glass). Without it no personal data is shown then.",
     "DIR"},
    {"gate.idle", SETTING_DURATION, "1h", 5 * TIME_MINUTE, 12 * TIME_HOUR,
     "After how long a session ends in which nothing is asked; what is pushed to an open page "
     "counts as "
     "asked. Half a day after it began it ends in any case.",
     "TIME"},
    {"gate.staff-passkey", SETTING_BOOL, "no", 0, 0,
     "Whether officials have to show a passkey, alone or after the password. Whoever has "
     "registered "
     "one has to in any case. Passkeys need https or localhost.",
     NULL},
    {"gate.resident-passkey", SETTING_BOOL, "no", 0, 0,
     "Whether residents with an account have to show a passkey, alone or after the password, or "
     "come "
     "in by a provider whose word is worth as much. Whoever has none can do nothing but register "
     "one.",
     NULL},
    {"gate.leaked-passwords", SETTING_PATH, NULL, 0, 4000,
     "A filter that pwqfilter(1) has made of leaked passwords, which nobody can choose then. "
     "Without it "
     "those are refused that are words, sequences, names or repetitions.",
     "FILE"},
    {"gate.providers", SETTING_PATH, NULL, 0, 4000,
     "The file of the outside providers (OpenID Connect) by which residents of the default tenant "
     "may sign in; doc/identity.md says what stands in it. Without it by password and passkey "
     "alone.",
     "FILE"},
    {"http.hosts", SETTING_TEXT, NULL, 0, 2000,
     "Names under which the city is reached from outside, by commas: requests for another Host are "
     "answered 421. Without it those of the listen address: a loopback's are localhost and its "
     "addresses, of other addresses every IP address is one.",
     "NAME,..."},
    {"http.secure", SETTING_BOOL, "no", 0, 0,
     "Whether the city is reached over https by a proxy in front: cookies are for https alone, and "
     "links that leave the city begin with https.",
     NULL},
    {"http.plain", SETTING_BOOL, "no", 0, 0,
     "Whether the city may be served beyond this machine without https: names and passwords can be "
     "read on their way then.",
     NULL},
    {"http.proxies", SETTING_TEXT, NULL, 0, 1000,
     "Addresses of the proxies in front, by commas, whose X-Forwarded-For tells who asks; the "
     "limits of sign-ins and book.network-holds count by that address. Without it all who come "
     "through a proxy count as one.",
     "ADDRESS,..."},
    {"http.network-sends", SETTING_INT, "3000", 10, 1000000,
     "How many requests a minute that send something (applications, reports, sign-ins, writes of "
     "the API) are taken from one network address without an account or a token; further ones are "
     "answered 429 with Retry-After. Proxies and this machine aside.",
     "N"},
    {"http.network-reads", SETTING_INT, "6000", 10, 1000000,
     "How many requests a minute that read NGSI-LD, or draw a ticket of a waiting room, are taken "
     "from one network address without a token.",
     "N"},
    {"http.loops", SETTING_INT, "1", 1, 64, "Threads that serve connections.", "N"},
    {"http.pool", SETTING_INT, "4", 1, 64, "Threads that read the store.", "N"},
    {"http.body-memory", SETTING_BYTES, "256MiB", 64 << 20, INT64_C(1) << 40,
     "Memory for what is held of requests' bodies, a quarter of it for one network address "
     "(proxies "
     "and this machine aside). Beyond it requests are answered 503 with Retry-After.",
     "BYTES"},
    {"notify.loopback", SETTING_BOOL, "no", 0, 0,
     "Whether notifications of subscriptions may go to loopback, link-local and metadata "
     "addresses, and a @context be had from there or from a private network.",
     NULL},
    {"notify.plain", SETTING_BOOL, "no", 0, 0,
     "Whether notifications may be sent beyond this machine, and a @context be had from there, by "
     "http:// without encryption: whoever is on the way reads and alters them then.",
     NULL},
    {"notify.hosts", SETTING_TEXT, NULL, 0, 8000,
     "Names or addresses to which notifications may be sent, by commas, as subscriptions write "
     "them. Without it wherever notify.loopback lets them.",
     "NAME,..."},
    {"context.hosts", SETTING_TEXT, NULL, 0, 8000,
     "Names or addresses from which a @context may be had that this city doesn't know, by commas. "
     "Without it from wherever is public.",
     "NAME,..."},
    {"book.nobody-share", SETTING_INT, "50", 1, 100,
     "Percent of a pickup day that people without an account may hold, all together, while they "
     "fill in the form; the rest is for accounts, telephone and counter.",
     "PERCENT"},
    {"book.network-holds", SETTING_INT, "10", 1, 10000,
     "How many such holds of one pickup day may come from one network address.", "N"},
    {"files.each", SETTING_BYTES, "10MiB", 64 << 10, 32 << 20,
     "How large a file may be that is attached to an application.", "BYTES"},
    {"files.scanner", SETTING_PATH, NULL, 0, 100,
     "The socket of clamd (ClamAV) on this machine, which searches each file that comes in for "
     "known malware: one that it knows is refused, and all are while it can't be asked. Without it "
     "none is searched.",
     "SOCKET"},
    {"files.case", SETTING_INT, "20", 1, 100, "How many files an application may have.", "N"},
    {"files.drafts", SETTING_BYTES, "1GiB", 32 << 20, INT64_C(1) << 44,
     "How much room files may take that were attached and not sent yet; a quarter of it for one "
     "network address without an account. They go a week after they came.",
     "BYTES"},
    {"pay.provider", SETTING_TEXT, NULL, 0, 32,
     "Name of the payment provider of the default tenant: a-z, 0-9 and '-'. Without it fees are "
     "paid at the counter only.",
     "NAME"},
    {"pay.url", SETTING_TEXT, NULL, 0, 500,
     "Where the provider is asked, as https://HOST/PATH; a name has to lead to a public address, "
     "one that is written as an address may be any.",
     "URL"},
    {"pay.key", SETTING_PATH, NULL, 0, 4000,
     "The file of the key that both know and sign with, 32 bytes at least; keep it where the "
     "tenants' keys are.",
     "FILE"},
    {"pay.every", SETTING_DURATION, "30s", TIME_SECOND / 10, TIME_HOUR,
     "How often the provider is asked what became of payments that are open.", "TIME"},
    {"mail.url", SETTING_TEXT, NULL, 0, 300,
     "The mail server by which residents of the default tenant are told that there is news, as "
     "smtp://HOST:PORT (with STARTTLS, but on the loopback) or smtps://HOST:PORT. Without it "
     "nobody "
     "is told by mail.",
     "URL"},
    {"mail.user", SETTING_TEXT, NULL, 0, 200,
     "The name by which the mail server knows this one; without it none is told.", "NAME"},
    {"mail.password-file", SETTING_PATH, NULL, 0, 4000,
     "The file of the password that goes with mail.user; keep it where the tenants' keys are.",
     "FILE"},
    {"mail.from", SETTING_TEXT, NULL, 0, 254, "The address from which mail comes.", "ADDRESS"},
    {"mail.patience", SETTING_DURATION, "30s", TIME_SECOND, 5 * TIME_MINUTE,
     "How long the mail server may be silent before it counts as not there.", "TIME"},
    {"mail.retry", SETTING_DURATION, "30s", TIME_SECOND / 10, TIME_HOUR,
     "How long after the first try a mail that wasn't taken is tried again; twice as long each "
     "time, an hour at most, for three days.",
     "TIME"},
    {"book.admission-rate", SETTING_INT, "600", 1, 1000000,
     "How many people a minute waiting rooms let in to a booking that has just opened.", "N"},
    {"wall.public-every", SETTING_DURATION, "1m", TIME_SECOND, TIME_HOUR,
     "How often the public wall changes; the staff's is pushed at every change.", "TIME"},
    {"release.every", SETTING_DURATION, "1h", TIME_MINUTE, 31 * TIME_DAY,
     "How often decided releases of data about people run; those of open types run when something "
     "has changed, too.",
     "TIME"},
};
const size_t cli_setting_count = sizeof cli_setting_rows / sizeof *cli_setting_rows;
