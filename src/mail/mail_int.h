/* mail_int: what the files of mail/ share. */
#ifndef MAIL_MAIL_INT_H
#define MAIL_MAIL_INT_H

#include "mail.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MAIL_CODES = 100, MAIL_ADDRESS = 255, MAIL_CODE = 16 };

/* A code that waits to be sent; in memory alone, as it ends by itself. */
typedef struct MailCode {
    char address[MAIL_ADDRESS], code[MAIL_CODE];
} MailCode;

struct Mail {
    Arena *arena;
    Tenant *tenant;
    Clock clock;
    Str url, user, password, from, site;
    bool plain; /* the loopback: without TLS */
    int64_t retry, patience;
    const MailNews *news;
    Batch *local;
    pthread_t thread;
    bool started;
    _Atomic bool stop;
    pthread_mutex_t lock;
    MailCode codes[MAIL_CODES]; /* lock */
    size_t code_count;          /* lock */
    uint64_t position;          /* its thread's: the leaf up to which news was looked for */
    int64_t due_at;             /* its thread's: no row is due before; INT64_MAX: there is none */
    int64_t paused_until;       /* its thread's: the server wasn't there */
    int pauses;                 /* its thread's: in a row */
    _Atomic bool troubled;      /* that the server can't be reached was logged */
    _Atomic size_t waiting, sent, refused;
};

/* What is sent. */
typedef struct MailLetter {
    Str to, id; /* id: of Message-ID, without brackets */
    Str subject, text;
    Str stop; /* the address that ends them; empty: it is no such letter */
} MailLetter;
typedef enum MailSent {
    MAIL_SENT,
    MAIL_LATER,       /* it is to be tried again */
    MAIL_UNREACHABLE, /* so are all others: the server isn't there, or doesn't know us */
    MAIL_REFUSED,     /* the server takes nothing for this address, for good */
} MailSent;
/* Blocks for a few times the patience at most. *why: a word for the log, which names nobody. */
MailSent mail_send(Mail *mail, Ctx *ctx, const MailLetter *letter, Str *why);

/* A letter of a kind, in both languages; out->stop is set already. mailtext_way: of how he signs
   in; mailtext_recover: that a counter has given a code, until when; mailtext_former: to the
   address that was his before. */
void mailtext_news(Ctx *ctx, const Mail *mail, MailLetter *out);
void mailtext_way(Ctx *ctx, const Mail *mail, MailLetter *out);
void mailtext_recover(Ctx *ctx, const Mail *mail, int64_t until, MailLetter *out);
void mailtext_former(Ctx *ctx, const Mail *mail, MailLetter *out);
void mailtext_code(Ctx *ctx, const Mail *mail, Str code, MailLetter *out);

/* queue.c: one pass: news is looked for, what is due is sent. RC_FAILED: the store. */
Rc queue_open(Ctx *ctx, Mail *mail);
Rc queue_pass(Ctx *ctx, Mail *mail);

#endif
