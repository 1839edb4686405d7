/* recover: who can't come into his account any more is let in again at a counter, and who has none
   gets one there: an official who has seen who it is gives him a code on paper, by which he chooses
   how he signs in from then on. What was lost ends when the code is made. Include only gate.h from
   outside. */
#ifndef GATE_RECOVER_H
#define GATE_RECOVER_H

#include "gate.h"
#include "outside.h"

/* A code holds so long, or until it has been used. */
#define GATE_CODE_LASTS TIME_DAY

/* By what it was seen who somebody is: a word, never a number. The n-th of them, empty past the
   last. */
Str gate_document_at(size_t n);

/* What it sees of an account, and what it has done with it, as the looks at its owner say it. */
#define GATE_OWNER_WHY   "アカウントの名前と、サインインの方法の種類"
#define GATE_RECOVER_WHY "本人確認をして前のサインインの方法を終え、コードを渡した"
#define GATE_OPEN_WHY    "本人確認をしてアカウントを開き、コードを渡した"
/* A resident's account as a counter sees it: nothing by which one comes in. */
typedef struct GateOwner {
    Str id, person;
    Str name; /* that it shows him */
    GateProof proof;
    bool disabled, password;
    size_t passkeys, links;
    int64_t code_until; /* a code waits until then; TIME_NONE: none */
} GateOwner;
/* Of a login, or of the person of a record; a look for the purpose "identity-check". RC_DENIED
   (gate_check: "confirm" of Account); RC_NOT_FOUND "no-account"; RC_LIMIT: too many that are none.
   Pool threads, as all here. */
Rc gate_owner_login(Ctx *ctx, Str login, GateOwner *out);
Rc gate_owner_person(Ctx *ctx, Str person, GateOwner *out);
Rc gate_owner_account(Ctx *ctx, Str account, GateOwner *out);

typedef struct GateRecovery {
    Str account;
    Str document; /* one of gate_document_at */
    bool links;   /* its links to outside providers end, too */
} GateRecovery;
/* Its password, passkeys, sessions and tokens end at once, and *code is the one way in beside links
   that stay: twenty-four characters, once, for a day. It was made sure of who its owner is.
   RC_INVALID "no-document"; RC_DENIED also "disabled": the operator has shut it out; RC_BUSY:
   it was changed again and again meanwhile. */
Rc gate_recover(Ctx *ctx, const GateRecovery *recovery, GateOwner *owner, Str *code);

typedef struct GateOpening {
    Str login; /* that he has chosen */
    Str name;  /* as the document has it */
    Str document;
} GateOpening;
/* Opens a resident's account. RC_CONFLICT "login-taken"; RC_INVALID "bad-login", "no-name",
   "name-long", "no-document". */
Rc gate_open_account(Ctx *ctx, const GateOpening *opening, Str *code);

/* ---- whoever has the code ---- */
/* Signs in, to choose a way: however it is typed. RC_DENIED "wrong-code": none, used, too old;
   RC_LIMIT. */
Rc gate_code_use(Ctx *ctx, Str typed, Str *session_token);
/* He came in by one, and has yet to choose. */
bool gate_by_code(const Ctx *ctx);
/* Chooses a password, under the rules of gate_password_change. All other sessions end, and the code
   does. A passkey is chosen by gate_passkey_add. */
Rc gate_renew_password(Ctx *ctx, Str wanted, Str *session_token);
/* Until when a code waits for who is signed in; TIME_NONE: none. It ends when he chooses a way of
   his own, or by this. RC_DENIED: nobody is signed in by a session. */
Rc gate_code_waits(Ctx *ctx, int64_t *until);
Rc gate_code_end(Ctx *ctx);

/* What a counter has made sure of, as its owner is told. */
typedef struct GateCheck {
    int64_t at;
    Str post, document;
    bool opened; /* the account; else it was recovered */
    bool links;  /* links were ended, too */
} GateCheck;
typedef VEC(GateCheck) GateChecks;
/* Of who is signed in, the newest first; twenty at most are kept. */
Rc gate_checks(Ctx *ctx, GateChecks *out);

#endif
