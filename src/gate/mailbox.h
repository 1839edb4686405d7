/* mailbox: the mail address of a resident's account, to which he agreed to be told that there is
   news (電子的な通知への同意). It is confirmed by a code before anything else is sent there, and
   one click ends it. Include only gate.h from outside. */
#ifndef GATE_MAILBOX_H
#define GATE_MAILBOX_H

#include "gate.h"

/* An address as browsers take it (WHATWG HTML, valid e-mail address), of 254 bytes at most: it can
   stand in a header and in an envelope as it is. */
bool gate_mail_good(Str address);

typedef struct GateMail {
    Str account;
    Str address;       /* empty: none */
    int64_t agreed_at; /* when it was confirmed and agreed to; TIME_NONE: no */
    bool refused;      /* its server takes nothing for it: nothing more is sent */
} GateMail;
/* That of who is signed in. Pool threads, as all below. */
Rc gate_mail_own(Ctx *ctx, GateMail *out);
/* A code for an address, eight digits: for who is signed in, for ten minutes at least, once.
   RC_INVALID "bad-mail"; RC_LIMIT as gate_try: an address may not be flooded. */
Rc gate_mail_code(Ctx *ctx, Str address, Str *code);
/* From now on he is told there. RC_INVALID "bad-code"; RC_LIMIT. This, its end and the code are for
   who has confirmed himself (RC_DENIED as gate_passkey_permitted): whoever takes an account over
   doesn't silence what tells its owner. The address that was his before is told, too. */
Rc gate_mail_confirm(Ctx *ctx, Str address, Str code);
Rc gate_mail_end(Ctx *ctx);

/* Where a person is told, for the city itself alone: RC_NOT_FOUND: nowhere. */
Rc gate_mail_of(Ctx *ctx, Str person, GateMail *out);
/* Something became of the ways by which an account comes in, which its owner is told of whoever did
   it (OWASP ASVS 5.0, 6.3.7): a password, a passkey, a link, a code of the counter. Pure. */
bool gate_mail_is_way(const Event *event);
/* The address that was an account's until this event, by which its owner gave another or none; else
   empty. Not what was ended from there. Lies in the event. Pure. */
Str gate_mail_former(const Event *event);
/* Whose account that is. RC_NOT_FOUND: no resident's. */
Rc gate_mail_whose_way(Ctx *ctx, Str account, Str *person);
/* Its server refused the address for good. */
Rc gate_mail_refused(Ctx *ctx, const GateMail *mail);
/* What ends it without signing in, as an address may hold it: "ACCOUNT-KEY". */
Str gate_mail_stop_token(Ctx *ctx, const GateMail *mail);
/* RC_DENIED "bad-stop": it is none. Again: RC_OK. */
Rc gate_mail_stop_check(Ctx *ctx, Str token);
Rc gate_mail_stop(Ctx *ctx, Str token);

#endif
