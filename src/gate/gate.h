/* gate: every read and write passes here: identify, decide by policy (default deny, forbid wins),
   do, record. DESIGN §2, domain page on security. */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "http/http.h"
#include "ledger/ledger.h"
#include "project/project.h"

typedef struct Gate Gate;

typedef enum ActorKind {
    ACTOR_NOBODY,
    ACTOR_RESIDENT,
    ACTOR_STAFF,
    ACTOR_SERVICE,
    ACTOR_SYSTEM
} ActorKind;

/* What a post or account may be entrusted with; policies and routes name them. Rows of
 * gate_role_name. */
typedef enum GateRole {
    ROLE_RESIDENT,   /* every resident with an account */
    ROLE_CLERK,      /* 担当者: takes and confirms cases */
    ROLE_CHIEF,      /* 決裁者: decides */
    ROLE_STEWARD,    /* data steward: what is held, what is opened */
    ROLE_AUDITOR,    /* sees who looked and proves that nothing was altered */
    ROLE_OPERATOR,   /* runs machi; sees no personal data */
    ROLE_DEVICE,     /* service account that writes readings */
    ROLE_EDITOR,     /* service account that writes entities */
    ROLE_READER,     /* service account that reads internal entities */
    ROLE_SANDBOX,    /* anyone, in a sandbox tenant */
    ROLE_CONTRACTOR, /* 指定管理者: works for the city, and sees its own work alone */
    ROLE_REGISTRAR, /* 本人確認の窓口: makes sure who somebody is, and lets him into his account */
    ROLE_COUNT,
} GateRole;
/* "clerk"; and back, or ROLE_COUNT. */
const char *gate_role_name(GateRole role);
GateRole gate_role_of(Str name);

/* Whether a look of this request may be taken by break-glass, and whether one was. */
typedef enum ActorGlass { GLASS_NO, GLASS_PAGE, GLASS_BROKEN } ActorGlass;

/* Who acts. Immutable but for glass; lives in the request's arena or the gate. */
typedef struct Actor {
    ActorKind kind;
    Str id;       /* opaque account id: urn:ngsi-ld:Account:...; empty for nobody */
    Str person;   /* urn:ngsi-ld:Person:... of a resident; empty for others */
    Str browser;  /* secret of this browser: a part of the session's token, or a cookie of its own;
                     empty for APIs */
    Str drafts;   /* of a signed-in resident: secret of his account under which what he has not sent
                     yet is kept; else empty */
    Str held;     /* id of the record whose unguessable address this request carries, or empty */
    Str name;     /* to show to the actor himself, never in logs of others */
    Str client;   /* network address that he asks from; empty: none */
    Str post;     /* id of the post (職) under which he acts; residents: empty */
    bool by_duty; /* he has it for the days of a duty (duty.h) */
    bool shifted; /* the one that his session is under is his no more: this is another */
    Str post_title, division;      /* shown to residents instead of a name */
    unsigned roles;                /* bits 1 << GateRole */
    const struct GateToken *token; /* of a bearer token; NULL for sessions */
    const struct GateSession *session;
    int64_t stepped_up_at; /* last step-up, TIME_NONE: never */
    uint64_t epoch;        /* of the policies when he was identified, see gate_guard */
    ActorGlass glass; /* GLASS_PAGE: a person before a page, on which such a look can be marked */
} Actor;

typedef enum GateAction {
    ACT_READ,
    ACT_CREATE,
    ACT_UPDATE,
    ACT_DELETE,
    ACT_SUBSCRIBE,
    ACT_IMPORT,
    ACT_EXPORT,
    ACT_CONFIRM,
    ACT_DECIDE,
    ACT_RELEASE,
    ACT_AUDIT,
    ACT_ERASE,
    ACT_OPERATE,
    ACT_GLASS, /* to see personal data though the ledger can't record it now */
    ACT_COUNT,
} GateAction;

/* How the actor stands to the record. */
enum {
    REL_SUBJECT = 1,
    REL_APPLICANT = 2,
    REL_PROXY = 4,
    REL_ASSIGNEE = 8,
    REL_POST = 16,
    REL_DIVISION = 32,
    REL_HOLDER = 64 /* of
the unguessable address */
};

/* How ctx->actor stands to an entity: bits REL_*. */
unsigned gate_relation(const Ctx *ctx, const Entity *entity);

/* One question to the policies. Empty type or attr: any. */
typedef struct GateAsk {
    GateAction action;
    Str type, attr; /* expanded IRIs */
    DataClass class;
    unsigned relation;
} GateAsk;

/* Pure, < 1 µs: permitted by some rule and forbidden by none. The actor and purpose come from ctx.
 */
bool gate_permits(const Ctx *ctx, const GateAsk *ask);
/* The same as an error: RC_DENIED with a sentence that names what is missing (a role, a purpose, a
 * step-up, type or action in a token's scope: "token-scope"), never what exists. */
Rc gate_check(Ctx *ctx, const GateAsk *ask);
/* What of an entity the actor may read: itself when all, a shallow copy without the attributes he
   may not see, NULL when nothing. Fits ProjectView. Relations are found from the entity (subject,
   applicant, assignee, post). */
const Entity *gate_view(Ctx *ctx, void *unused, const Entity *entity);
/* Two requests of equal sight are shown the same of an entity as long as it stays the same: what
   gate_view and gate_is_look depend on beside it, in one number. 0: answers to this one are not to
   be kept. */
uint64_t gate_sight(const Ctx *ctx);
/* True if showing this (already masked) entity to ctx->actor is a look: personal data of somebody
 * else. */
bool gate_is_look(const Ctx *ctx, const Entity *entity);
/* Records one look covering all entities that need it, durable before it returns; nothing to
   record: RC_OK at once. Pool threads. Without a purpose where one is needed: RC_DENIED. Where the
   store can't write, a page may be shown by break-glass to whom the policies permit "glass": the
   look is then durable in GateOptions.glass, and actor->glass says so. */
Rc gate_look(Ctx *ctx, const Entity *const *entities, size_t n, Str why);

/* Makes the rights under which ctx's actor was identified a guard of the command: where posts,
   sessions or tokens have changed since (the policy epoch has risen), he is looked up anew at the
   commit, and the command is refused with RC_DENIED "rights-changed" unless they are the same. To
   be called for each command that an actor's rights decided, before its other parts are added. */
void gate_guard(Ctx *ctx, Command *command);

/* ---- several subjects, one person (DESIGN §6): link.c ---- */

#define LINK_TYPE LD_DEFAULT "PersonLink"
/* How a subject stands to ctx's actor: without account, so that he may take it in; his own, by
   himself or taken in; taken out of his account by an official; taken in by another account;
   another account's own person, or no person. */
typedef enum GateLinkState {
    LINK_FREE,
    LINK_OWN,
    LINK_REFUSED,
    LINK_TAKEN,
    LINK_ACCOUNT
} GateLinkState;
Rc gate_link_state(Ctx *ctx, Str subject, GateLinkState *out);
/* A signed-in resident who holds the record's address takes the person that it is about into his
   account: from then on he stands to all of that person's records as to his own. Nothing of them
   changes, and no key. RC_DENIED "not-holder", "unlinked" (an official took it out before);
   RC_CONFLICT "linked", "has-account". Again: RC_OK. Pool threads, as all below. */
Rc gate_link(Ctx *ctx, const Entity *record);
/* An official who may confirm the record takes its person out of the account that took him in.
   RC_CONFLICT "not-linked". */
Rc gate_unlink(Ctx *ctx, const Entity *record, Str reason);
/* A person and all subjects that he took in, in ctx->arena; none for nobody. */
Rc gate_subjects(Ctx *ctx, Str person, StrVec *out);
/* Under which subject all of it is found: the person who took the subject in, or whose account it
   is; of an official's or a device's account, and of what nobody took in, the subject itself. */
Rc gate_whose(Ctx *ctx, Str subject, Str *out);
/* The same of the account of a login. RC_NOT_FOUND: there is none; no error is set. */
Rc gate_whose_login(Ctx *ctx, Str login, Str *subject);
/* ledger_erase for all subjects of the person of whom this is one, his account among them, for whom
   the policies permit to "erase". Where the file of accounts goes, the account is shut out first:
   its sessions and tokens end. RC_FAILED: some of them may be erased; the same again erases the
   rest. */
Rc gate_erase(Ctx *ctx, const LedgerErasure *erasure, StrVec *kept);
/* The first of it: RC_DENIED where ctx's actor may not. */
Rc gate_erase_permitted(Ctx *ctx);
/* The retention files in which something of any of these subjects still lies. ctx->db is set. */
Rc gate_files(Ctx *ctx, Str subject, StrVec *files);
/* Sets ctx's actor to the account of a login, in ctx->arena, under the first of its posts under
   which he may: for what somebody at this machine does on its word. RC_NOT_FOUND, RC_DENIED
   "disabled"; where he may under none, what `may` answers of the last. */
Rc gate_act_as(Ctx *ctx, Str login, Rc (*may)(Ctx *ctx));
/* "read"; and back, or ACT_COUNT. */
const char *gate_action_name(GateAction action);
GateAction gate_action_of(Str name);

/* Access bits of HttpRoute. */
enum {
    GATE_PUBLIC = 1, /* nobody may */
    GATE_RESIDENT = 2,
    GATE_STAFF = 4,
    GATE_SERVICE = 8, /* one of these kinds */
    GATE_ROLE_SHIFT =
        8,          /* with bits 1 << (GATE_ROLE_SHIFT + role): staff needs one of these roles */
    GATE_FORM = 16, /* state-changing page: CSRF token demanded of sessions and of nobody alike */
    GATE_API = 32,  /* errors as problem documents; else pages */
    GATE_STEP_UP = 64, /* a fresh confirmation of identity demanded */
    GATE_QUIET = 128,  /* sets no cookie: what it answers holds no form for nobody, and may be kept
                          by  anyone */
    GATE_FIRST = 1 << 24,   /* open to who has yet to choose a password of his own */
    GATE_WAY = 1 << 25,     /* open to who has yet to show a passkey */
    GATE_SELF = 1 << 27,    /* about who asks alone: open to a contractor, who else needs a role */
    GATE_COUNTED = 1 << 26, /* whoever has no account or token is counted by his network, though he
                               only reads */
};

/* The roles that an access names, as bits of Actor.roles. */
static inline unsigned gate_access_roles(unsigned access) {
    return access >> GATE_ROLE_SHIFT & ((1u << ROLE_COUNT) - 1);
}

/* What the door needs to know; `arg` of HttpOptions.before. */
typedef struct GateDoor {
    Tenant *(*tenant)(void *arg, Str name); /* NULL: there is none of that name */
    void (*refuse)(HttpExchange *x,
                   const Error *error); /* draws a page or problem from the error */
    void *arg;
    bool secure;         /* cookies only over TLS */
    const StrVec *hosts; /* names for which requests are taken; another Host gets 421. NULL: any */
    bool addresses;      /* and every IP address: no foreign page can be led to one by a name */
    const StrVec *proxies;            /* addresses whose X-Forwarded-For is believed; NULL: none */
    int network_sends, network_reads; /* requests a minute of one network without an account or a
                                         token: that send something, and of the API; 0: any */
    _Atomic bool stranger_said;       /* that another's came is in the log */
} GateDoor;
/* HttpOptions.before: finds tenant, actor and the purpose that an API request states
   (Machi-Purpose, one of the city's), checks route access and CSRF; refuses (and returns true) by
   door->refuse. */
bool gate_before(void *door, HttpExchange *x);
/* Answers a request for another Host than the door's with 421; for what is answered before a route
   was found, too. */
bool gate_foreign(const GateDoor *door, HttpExchange *x);

/* Lends the exchange its tenant's reader of this pool thread as ctx->db. gate_before has done it
   for pool routes; call it first in what http_move or http_resume brought to a pool. */
Rc gate_lend_reader(HttpExchange *x);

/* For whom an answer goes on for long (server-sent events): his session or token, if he came by
   one. Copied freely. */
typedef struct GateStay {
    Digest key;
    int64_t expires_at;
    bool session, token;
} GateStay;
GateStay gate_stay(const Ctx *ctx);
/* False once he has signed out, was shut out, or his session or token has ended. Any thread; ctx's
   actor doesn't matter. */
bool gate_stays(Ctx *ctx, const GateStay *stay);

/* Who makes something that acts for him later (a subscription), for which purpose, as it is written
   down with it: ids and the bounds of his token, never a secret, and no right. */
const Json *gate_actor_write(Arena *arena, const Actor *actor, Str purpose);
/* Sets ctx's actor and purpose to him as he is now, in ctx->arena. RC_DENIED, and why, where what
   was written down gives no right any more: "owner-gone", "owner-disabled", "token-revoked",
   "post-lost". An expired token is none of these: it bounds what was made with it, and doesn't end
   it. */
Rc gate_actor_now(Ctx *ctx, const Json *stored);
/* A number that is another one once anybody's rights may have changed; of this life alone. */
uint64_t gate_epoch(const Tenant *tenant);
/* What decides what ctx's actor is shown, in one number that outlives this life: gate_sight by a
   hash that is the same in every process, and the city's rules and posts. */
uint64_t gate_rights_mark(const Ctx *ctx);

/* A look that is recorded later, when what ctx's actor was found to see is about to leave. */
typedef struct GateLater {
    StrVec subjects, records; /* as PartLook has them */
} GateLater;
Rc gate_look_prepare(Ctx *ctx, const Entity *shown, GateLater *out);
/* Records it, durable before it returns, for whom gate_actor_now has set in ctx from `stored`: his
   rights are guards of the commit. Never by break-glass. Any thread that may wait. */
Rc gate_look_later(Ctx *ctx, const Json *stored, const GateLater *later, Str why);

/* ---- choices of a resident, kept with his account ---- */

/* Whether what he asks for counts in open data (opt-out): a case keeps its own choice, this one is
   what he said for all that he asks for later. */
#define GATE_CHOICE_IN  STR("in")
#define GATE_CHOICE_OUT STR("out")
/* Of who is signed in; empty: he has said nothing. Pool threads, as all here. */
Rc gate_choice_own(Ctx *ctx, Str *choice);
/* RC_INVALID "missing": it is neither. */
Rc gate_choice_set(Ctx *ctx, Str choice);

/* ---- accounts ---- */
typedef struct GateAccount {
    Str login, password; /* password empty: cannot sign in with one */
    ActorKind kind;
    Str name;
    StrVec posts; /* ids; the first is the main one, the others 兼務 */
    StrVec roles; /* role names beyond those of the posts */
    bool demo;
    bool first; /* the password was made for him: for a week it opens the page on which he chooses
                   one of his own, and no other */
} GateAccount;
/* Creates; argon2id (libsodium). RC_CONFLICT: the login is taken; of the password as
 * gate_password_change. Pool threads, as all below. */
Rc gate_account_create(Ctx *ctx, const GateAccount *account, Str *id);
/* The account of a login, or RC_NOT_FOUND. */
Rc gate_account_find(Ctx *ctx, Str login, Str *id);
/* Gives an account these posts instead of those that it has; what it has asked for and is not
   committed yet is refused, if it lost what that needs. RC_NOT_FOUND; RC_INVALID "no-post";
   "no-official" of an account that isn't an official's; "contractor-alone". */
Rc gate_account_posts(Ctx *ctx, Str id, const StrVec *posts);
/* Shuts an account out, or lets it in again. Its sessions end and its tokens are revoked at once,
   and none of them comes back; what it has asked for and is not committed yet is refused. */
Rc gate_account_disable(Ctx *ctx, Str id, bool disabled);
/* Gives it another password; its sessions end at once, its passkeys and its links to outside
   providers: whoever had to ask for one may have been robbed. It is one for the first sign-in
   (GateAccount.first). RC_INVALID as gate_password_change; "no-sign-in" of a service, which signs
   in nowhere. */
Rc gate_account_password(Ctx *ctx, Str id, Str password);
/* Whoever is signed in replaces his password, which he shows, by one of his own. All sessions end,
   and *session_token is that of a new one for him; passkeys and links stay. RC_DENIED
   "wrong-password"; RC_INVALID "bad-password": its length; "hidden-password", "guessable-password",
   "place-password": of words of the place; RC_LIMIT as gate_sign_in. */
Rc gate_password_change(Ctx *ctx, Str present, Str wanted, Str *session_token);
/* The login of ctx's actor's account; empty: he has no session. And the same where he signs in by
   it with a password, or empty. */
Str gate_login(Ctx *ctx);
Str gate_own_login(Ctx *ctx);
/* He has yet to choose one (GateAccount.first). */
bool gate_first(const Ctx *ctx);
/* His account has a passkey: by that he comes in and confirms who he is, or by a provider whose
   word is worth as much, never by the password alone (OWASP ASVS 5.0, 6.3.4). */
bool gate_has_passkey(const Ctx *ctx);
/* He has yet to show it, or to register one where the city asks it of his kind of account
   (GateOptions.staff_passkey, .resident_passkey; not of demo accounts): until then he gets to what
   is GATE_WAY alone. */
bool gate_needs_passkey(const Ctx *ctx);
typedef struct GateAccountSeen {
    Str id, login, name;
    ActorKind kind;
    StrVec posts, roles;
    bool demo, disabled;
    size_t sessions, tokens;
} GateAccountSeen;
typedef VEC(GateAccountSeen) GateAccountsSeen;
/* All accounts that were not erased, by id, for the operator at this machine (the control socket)
   alone: logins and names leave by no other face. */
Rc gate_account_list(Ctx *ctx, GateAccountsSeen *out);
/* Signs in; slow by design. The same answer and time for a wrong login and a wrong password.
   RC_DENIED "password-ended": it was one for the first sign-in, a week ago.
   RC_LIMIT after 10 failures in 15 minutes for one login, 50 from one address, and after 600 tries
   in a minute altogether, for each costs a tenth of a second and 64 MiB; nothing is hashed then. */
Rc gate_sign_in(Ctx *ctx, Str login, Str password, Str *session_token);
/* The actor of a session's token, in ctx->arena; false: unknown or expired. */
bool gate_session_actor(Ctx *ctx, Str session_token, Actor *out);
Rc gate_sign_out(Ctx *ctx);
/* Changes the post under which the session acts (兼務): one of gate_own_posts. */
Rc gate_take_post(Ctx *ctx, Str post);
/* By what somebody came in. */
typedef enum GateMeans {
    MEANS_PASSWORD,
    MEANS_PASSKEY,
    MEANS_OUTSIDE,
    MEANS_CODE /* of a counter (recover.h): to choose another way, and for nothing else */
} GateMeans;
/* The sessions of ctx's account, newest first. */
typedef struct GateSessionSeen {
    Str id;
    Str post;
    Str client; /* address it was begun from; empty: not known any more */
    GateMeans means;
    Str provider; /* of MEANS_OUTSIDE */
    int64_t started_at, seen_at, ends_at;
    bool own; /* this one */
} GateSessionSeen;
typedef VEC(GateSessionSeen) GateSessionsSeen;
void gate_sessions(Ctx *ctx, GateSessionsSeen *out);
/* Ends one of them, or (id empty) all but this one; what they have asked for and is not committed
   yet is refused. RC_NOT_FOUND: one's account has no such session; RC_DENIED "needs-step-up": it is
   not this one (OWASP ASVS 5.0, 7.5.2). */
Rc gate_session_end(Ctx *ctx, Str id);
/* Confirms the identity once more; it holds for ten minutes. The session goes on under another
   token, which its cookie has from then on (OWASP ASVS 5.0, 7.2.4). RC_DENIED "needs-passkey": it
   is confirmed by the passkey that he has. */
Rc gate_step_up(Ctx *ctx, Str password, Str *session_token);
/* He has confirmed his identity lately. */
bool gate_stepped_up(const Ctx *ctx, const Actor *actor);

/* ---- passkeys (Web Authentication Level 3): who has one comes in by it ---- */

/* What one is used for. */
typedef enum GatePasskeyUse { PASSKEY_ADD, PASSKEY_SIGN_IN, PASSKEY_STEP_UP } GatePasskeyUse;
/* What a page gives the browser to ask an authenticator by. */
typedef struct GatePasskeyOffer {
    Str host;      /* the relying party's id; empty: under this Host no passkey works */
    Str challenge; /* base64url; five minutes, once, in this browser alone */
    StrVec ids;    /* base64url; ADD: of those he has, STEP_UP: of those that will do; else none */
    Str user;      /* ADD: handle, base64url: random, the same for all his passkeys */
    Str login, name; /* ADD: shown by the device */
} GatePasskeyOffer;
/* host: the request's Host header. ADD, STEP_UP: for whoever is signed in. */
Rc gate_passkey_offer(Ctx *ctx, GatePasskeyUse use, Str host, GatePasskeyOffer *out);
/* What the browser brings back, each base64url as it was sent. */
typedef struct GatePasskeySaid {
    Str host;                                      /* of the request */
    bool secure;                                   /* the city is reached over https */
    Str credential, client, data, signature, user; /* ADD: client, data and user alone */
} GatePasskeySaid;
/* All of them: RC_INVALID "bad-passkey", it isn't of the form that browsers send; RC_CONFLICT
   "stale-challenge", "wrong-origin". */

/* Whether he may add and remove now: RC_DENIED "needs-sign-in", "needs-step-up". */
Rc gate_passkey_permitted(Ctx *ctx);
/* Gives who is signed in one more way to come in, under a name of his own; he has shown it by that,
   and his session has another token (empty: the one that it had).
   RC_DENIED "needs-step-up"; "needs-passkey": he has one that he has to show first; RC_INVALID
   "passkey-name", "unverified-user"; RC_CONFLICT "passkey-known" to whatever account,
   "too-many-passkeys"; RC_LIMIT as gate_try. */
Rc gate_passkey_add(Ctx *ctx, const GatePasskeySaid *said, Str name, Str *session_token);
typedef struct GatePasskeySeen {
    Str id; /* tells nothing of the credential */
    Str name, host;
    int64_t added_at, used_at; /* TIME_NONE: not used yet, or not known any more */
} GatePasskeySeen;
typedef VEC(GatePasskeySeen) GatePasskeysSeen;
/* Those of who is signed in, the oldest first; none for who came by a token. */
Rc gate_passkeys(Ctx *ctx, GatePasskeysSeen *out);
/* Removes one of one's own. RC_DENIED "needs-step-up"; RC_NOT_FOUND "no-passkey"; RC_CONFLICT
   "last-way": he could come in by nothing any more. */
Rc gate_passkey_end(Ctx *ctx, Str id);
/* Signs in, with the limits of gate_sign_in. RC_DENIED "wrong-passkey": one answer for a passkey
   that nobody has, a wrong signature and an account that is shut out; "passkey-copied": its counter
   went back. */
Rc gate_passkey_sign_in(Ctx *ctx, const GatePasskeySaid *said, Str *session_token);
/* Confirms the identity once more by a passkey of one's own, as gate_step_up does by the password.
 */
Rc gate_passkey_step_up(Ctx *ctx, const GatePasskeySaid *said, Str *session_token);
/* As gate_retry_after. */
int gate_passkey_retry_after(Ctx *ctx, const GatePasskeySaid *said);

/* One more try at something that could be guessed, counted before it is looked at; RC_LIMIT after
 * 10 in 15 minutes for the same key. A right one is forgotten again. */
Rc gate_try(Ctx *ctx, Str what, Str key);
void gate_try_right(Ctx *ctx, Str what, Str key);
/* Whether one more is let in; nothing is counted: of what is counted only where it turns out wrong.
 */
Rc gate_try_open(Ctx *ctx, Str what, Str key);
/* Seconds until none of the limits of gate_sign_in or gate_step_up stands in the way of this login
   (empty: of whoever is signed in) from ctx's actor's address, for Retry-After; at least 1. */
int gate_retry_after(Ctx *ctx, Str login);
/* Sets or clears (empty token) the session cookie on the answer. */
void gate_set_cookie(HttpExchange *x, Str session_token, bool secure);
/* The CSRF token to put into this browser's forms, in a field named "csrf". */
Str gate_csrf(Ctx *ctx);
/* A post (職) of the organisation. */
typedef struct GatePost {
    Str id, title_ja, title_en, division;
    unsigned roles;
    Str superior;    /* empty: at the top */
    StrVec deputies; /* posts that stand in for it (代決), in this order */
    StrVec acting; /* posts whose holders act for it (職務代理), by law in this order; none: whom
                      the appointing side names */
    Str appointed;  /* the post that records who acts for it or keeps its business: where the
                       orders of its appointing side (任命権者) are written; empty: none */
    bool team;      /* of a project team */
    Date abolished; /* the first day on which it is no more; year 0: it is */
    Str successor;  /* the post by which what is open goes on from then on */
    Str signs; /* in whose name its letters go out (発信者名), in Japanese; empty: in none */
} GatePost;
/* By which post another one's business goes on at a time: itself, or the successor of one that is
   no more (without one: itself). NULL: there is none. */
const GatePost *gate_post_now(const Gate *gate, Str id, int64_t now);
/* Whether there is no such post, or not any more at this time: it gives nobody a right. */
bool gate_post_gone(const Gate *gate, Str id, int64_t now);
/* A body that is no post and signs letters (教育委員会, 農業委員会 ...): a division of
   organisation.json with `signs`, and with the post that represents it (`representative`). */
typedef struct GateBody {
    Str signs, post;
} GateBody;
/* The municipality's organisation.json, as long as the tenant is open: its name, how it is reached,
 * its accounts' names in both languages. NULL: it was opened without. */
const Json *gate_organisation(const Gate *gate);
const GatePost *gate_post(const Gate *gate, Str id);      /* NULL: there is none */
const GatePost *gate_post_at(const Gate *gate, size_t i); /* in their order; NULL past the end */
const GateBody *gate_body_at(const Gate *gate, size_t i);
/* An official who may come in, and his posts: those that his account has, and behind them those
   that he has today by a duty. */
typedef struct GateHolder {
    Str account, name;
    StrVec posts;
    size_t own; /* how many are his account's */
} GateHolder;
typedef VEC(GateHolder) GateHolders;
/* Those who hold one of these posts today (NULL: any post at all), by account, in ctx->arena. Names
   are for those alone whose work needs them. Pool threads: the first ask reads all accounts. */
Rc gate_holders(Ctx *ctx, const StrVec *posts, GateHolders *out);
/* Whether he may still come in and has the posts of his own that he had; account: as it is at a
   commit, NULL: it has gone. */
bool gate_holder_same(Ctx *ctx, const Entity *account, const GateHolder *before);
/* A purpose for which personal data is looked at, by its code; NULL: the city lists no such one. */
typedef struct GatePurpose {
    Str code, name_ja, name_en;
} GatePurpose;
const GatePurpose *gate_purpose(const Gate *gate, Str code);
/* The posts of who is signed in today, for changing between them: his account's, and those by
 * duties. */
const StrVec *gate_own_posts(const Ctx *ctx);

/* ---- bearer tokens ---- */
typedef struct GateTokenWish {
    Str account;      /* login of a service or demo account */
    int64_t ttl;      /* µs; at most 30 days */
    StrVec types;     /* expanded IRIs; empty: all */
    uint32_t actions; /* bits of GateAction; 0: all of the account's */
} GateTokenWish;
Rc gate_token_create(Ctx *ctx, const GateTokenWish *wish, Str *token);
typedef struct GateTokenSeen {
    Str id; /* tells nothing of the token */
    Str account;
    Str name, post; /* of the account */
    ActorKind kind;
    Str by;                               /* account of who had it made */
    int64_t made_at, used_at, expires_at; /* TIME_NONE: not known; not used yet */
    uint32_t actions;                     /* bits of GateAction; 0: all of the account's */
    StrVec types;                         /* empty: all */
} GateTokenSeen;
typedef VEC(GateTokenSeen) GateTokensSeen;
/* The tokens of ctx's account, newest first; or of all, which needs the right to operate. When one
   was used last is kept over a restart, not over a kill. */
Rc gate_token_list(Ctx *ctx, bool all, GateTokensSeen *out);
/* Ends one of one's own, or anybody's for who may operate; recorded with the account. What was
   asked for with it and is not committed yet is refused. RC_NOT_FOUND: there is none, or it has
   expired. */
Rc gate_token_revoke(Ctx *ctx, Str id);

/* ---- life ---- */
typedef struct GateOptions {
    const Json *policies;     /* array of rules; their form is in gate/README.md */
    const Json *organisation; /* divisions, posts, roles (starter/organisation.json) */
    Str providers;      /* the file of outside providers (doc/identity.md); empty: there are none */
    int64_t idle;       /* µs after which a session that nothing was asked in ends; 0: an hour */
    bool staff_passkey; /* officials come in by a passkey, or a password and then a passkey */
    bool resident_passkey; /* residents, too, or by a provider whose word is worth as much */
    Str leaked; /* filter of leaked passwords, made by pwqfilter(1); empty: there is none */
    Str glass;  /* folder of break-glass looks, on another volume; empty: there is none */
    int64_t glass_every; /* µs between tries to bring them into the ledger; 0: five seconds */
    Clock *clock;        /* of its thread, which outlives ctx; NULL: ctx's */
    const StoreFault *glass_fault; /* tests: fails the folder's I/O; NULL: none */
} GateOptions;
Rc gate_open(Ctx *ctx, Tenant *tenant, const GateOptions *options);
void gate_close(Tenant *tenant);
/* The actor of timers and followers, and of the control socket (operator on this machine). */
const Actor *gate_system_actor(void);
const Actor *gate_operator_actor(void);

#include "duty.h"
#include "mailbox.h"
#include "recover.h"
#include "outside.h"

#endif
