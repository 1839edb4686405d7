/* mail: tells residents by e-mail that there is news on a case of theirs, or that the way by which
   they sign in was changed, and nothing else: what it is stands on their page, behind the sign-in.
   What is news is read from the ledger, which nothing can lose: a row of local.db for each, of ids
   alone, until it was sent. Sent by SMTP through libcurl, on a thread of its own, at least once,
   under a Message-ID that is the same each time. */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include "gate/gate.h"
#include "ledger/ledger.h"

typedef struct Mail Mail;

typedef struct MailOptions {
    Str url;           /* smtp://HOST:PORT, with STARTTLS unless HOST is the loopback; smtps:// */
    Str user;          /* empty: it asks for none */
    Str password_file; /* with user */
    Str from;          /* an address */
    Str site;          /* "https://city.example.jp": what links begin with */
    int64_t patience;  /* µs that the server may be silent; 0: 30 s */
    int64_t retry; /* µs before the second try; 0: 30 s. Each further one waits twice as long */
} MailOptions;
/* tenant->mail; nothing where options->url is empty. RC_INVALID, RC_FAILED name the setting or the
   file. After gate_open. */
Rc mail_open(Ctx *ctx, Tenant *tenant, const MailOptions *options);
/* What is news, as the procedures say it. */
typedef struct MailNews {
    bool (*is)(const Event *event); /* something became of a record that may be news; pure */
    /* Whose record it is, unless he is `actor` himself: RC_NOT_FOUND: nobody's that is told. */
    Rc (*whose)(Ctx *ctx, Str id, Str actor, Str *person);
} MailNews;
/* From now on people are told: of what happens from the first start with mail on. Nothing without
   tenant->mail. */
Rc mail_start(Ctx *ctx, Tenant *tenant, const MailNews *news);
/* Before the ledger is closed; NULL room allowed. */
void mail_close(Tenant *tenant);
/* How it is, for the operator, since this process began. Any thread. */
typedef struct MailFigures {
    size_t waiting, sent, refused; /* notices, and addresses that were refused for good */
    bool troubled;                 /* the server takes nothing now */
} MailFigures;
MailFigures mail_figures(const Mail *mail);
/* A code to an address, at once, and not again: whoever waits for it presses once more. RC_BUSY:
   too many wait. Any thread. */
Rc mail_code(Ctx *ctx, Mail *mail, Str address, Str code);

#endif
