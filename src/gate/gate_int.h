/* gate_int: what the files of gate/ share. */
#ifndef GATE_GATE_INT_H
#define GATE_GATE_INT_H

#include "gate.h"
#include "roster.h"

#include <pthread.h>
#include <stdatomic.h>

/* One rule of the policies, compiled to masks. A mask of 0 means any. */
typedef struct Rule {
    bool permit;
    bool needs_purpose, needs_step_up;
    unsigned kinds, roles, actions, classes, relations;
    StrVec types, attrs; /* expanded IRIs */
} Rule;

typedef struct Rules {
    VEC(Rule) items;
} Rules;

/* Compiles an array of rules; everything lives in ctx->arena. RC_INVALID names rule and member. */
Rc policy_compile(Ctx *ctx, const Json *source, Rules *out);
/* What is asked, with all that the answer may depend on. */
typedef struct PolicyAsk {
    GateAsk ask;
    ActorKind kind;
    unsigned roles;
    bool has_purpose, stepped_up;
} PolicyAsk;
/* Default deny, forbid wins. Pure, < 1 µs. */
bool policy_permits(const Rules *rules, const PolicyAsk *ask);

/* A signed-in browser. Kept in memory and, sealed, in local.db. */
typedef struct GateSession {
    Digest key; /* SHA-256 of the cookie's token */
    Str account, person, name;
    Str drafts; /* Actor.drafts; in memory alone, as it comes with the account */
    ActorKind kind;
    StrVec posts;       /* as it is kept, the account's; as an actor has it, his duties' too */
    size_t own_posts;   /* of an actor's: how many are the account's */
    unsigned own_roles; /* of the account; those of the post in use are added */
    Str post;           /* in use, while it is one of his */
    Str client;         /* address it was begun from; empty: unknown, as after a restart */
    GateMeans means;    /* by which he came in */
    Str provider;       /* MEANS_OUTSIDE: its id */
    StrVec outsides;    /* outside_word: of those by whose word he came in, or has confirmed; the
                           first and the seven newest */
    GateAuthn authn;    /* what he has shown since then, at most */
    bool demo;
    bool first; /* by a password that its owner has yet to replace by one of his own */
    bool keyed; /* its account has a passkey */
    int64_t started_at, seen_at, stepped_up_at;
    int64_t kept_at; /* seen_at as it was last written down */
    int64_t ends_at; /* it goes on under another token, and ends with this one's grace, or has ended
                        already; 0: it is the one that is kept */
    Digest former;   /* key of the token before; all 0: it is the first */
    Arena *arena;    /* all of the above lies here */
} GateSession;

/* A bearer token as it is kept: only its hash. */
typedef struct GateToken {
    Digest key;
    Str id; /* by which it is listed and revoked */
    Str account;
    unsigned roles;
    uint32_t actions; /* 0: all of the account's */
    StrVec types;     /* empty: all */
    int64_t expires_at;
} GateToken;

enum { GATE_THREADS = 256 };

struct Gate {
    Arena *arena;
    Tenant *tenant;
    Rules rules;
    const Json *organisation;
    VEC(GatePost) posts;
    VEC(GateBody) bodies;
    VEC(GatePurpose) purposes;
    Roster *sessions, *tokens; /* of GateSession, GateToken */
    _Atomic uint64_t epoch;    /* rises when somebody's rights change; begins anywhere */
    Roster *failures;          /* sign-ins that failed, by login */
    Roster *paces;             /* requests of a minute, by network and account */
    Roster *spent;             /* challenges that were answered, until they end */
    Roster *heard;             /* logout tokens that were taken */
    Batch *local;              /* sessions and tokens outlive a restart */
    pthread_mutex_t local_lock;
    Reader *readers[GATE_THREADS]; /* by thread, each used by its own thread alone */
    struct Glass *glass;           /* NULL: off */
    struct Links *links;
    struct Holders *holders;
    struct Duties *duties;
    int64_t idle; /* µs */
    bool staff_passkey, resident_passkey;
    Str leaked;               /* the filter of leaked passwords; empty: none */
    uint64_t rules_mark;      /* of the policies and posts that were read */
    _Atomic bool origin_said; /* that passkeys come from an address the city isn't asked as */
    Str challenge_key; /* of this life alone: challenges of an earlier one are none any more */
    struct Providers *providers; /* NULL: nobody comes in by another's word */
};

/* A password that was made for somebody may be used so long, to choose one of his own. */
#define GATE_FIRST_LASTS (7 * TIME_DAY)
/* A fresh step-up lasts this long. */
#define GATE_STEP_UP_LASTS (10 * TIME_MINUTE)
#define GATE_SESSION_LASTS (12 * TIME_HOUR)
#define GATE_IDLE_LASTS    TIME_HOUR
/* Somebody takes so long at most to answer his authenticator. */
#define GATE_CHALLENGE_LASTS (5 * TIME_MINUTE)
/* And so long to show a provider who he is: an app is opened, a card is read, perhaps twice. */
#define GATE_OUTSIDE_LASTS (15 * TIME_MINUTE)

Rc organisation_read(Ctx *ctx, Gate *gate, const Json *source);

/* Whether a request for this Host is ours to answer. */
bool host_allowed(const GateDoor *door, Str header);
/* A Host header without its port, and whether that is an IP address. */
Str host_name(Str header);
bool host_is_address(Str name);
/* The address a request comes from: the peer's, or what a trusted proxy says. */
Str host_client(GateDoor *door, const HttpExchange *x);
/* Many may come from there: a proxy that told nobody's address, or this machine itself. */
bool host_is_many(const GateDoor *door, const HttpExchange *x, Str client);

/* ctx->actor, or nobody. */
const Actor *gate_actor(const Ctx *ctx);
/* What the `access` of a route asks of whoever comes: kind, role, a step-up that still holds. */
Rc door_check(Ctx *ctx, unsigned access, const Actor *actor);

#define ACCOUNT_TYPE   LD_DEFAULT "Account"
#define PASSKEY_TYPE   LD_DEFAULT "Passkey"
#define OUTSIDE_TYPE   LD_DEFAULT "OutsideIdentity"
#define GATE_IRI(term) STR(LD_DEFAULT term)
/* Passkeys, and links to outside providers, of one account. */
enum { PASSKEYS_MAX = 20, OUTSIDES_MAX = 16 };
/* The Account entity of a login, from its keyed hash: unique without an index. */
Str account_id(Ctx *ctx, Str login);
/* Fills everything but key, times and posts' roles from an Account entity, into the session's own
 * arena. */
Rc account_session(Ctx *ctx, const Entity *account, GateSession **out);
Rc account_verify(Ctx *ctx, const Entity *account, Str password);

/* try.c. The counters of one try at a password or passkey. */
typedef struct Try {
    Digest here, account, client, all; /* here: of the account and the client together */
    bool from;                         /* the client's address is known */
} Try;
/* Counted as failed before anything is looked at that could be guessed; RC_LIMIT beyond a limit.
   account: of whom, or what stands for him where he isn't known. */
Rc try_begin(Ctx *ctx, Str account, Try *out);
/* The same of what takes a hash of a password or a call to a provider: it has a limit for all
   together, which what is made up for nothing must not fill. */
Rc try_begin_dear(Ctx *ctx, Str account, Try *out);
/* rc: how it ended; RC_DENIED is a failure, RC_OK forgives those of the account from this client.
 */
void try_end(Ctx *ctx, const Try *tried, Rc rc);
/* Seconds until no limit stands in the way, at least 1. */
int try_wait(Ctx *ctx, Str account);
/* How many requests of a kind there may be in a minute, from whom. */
typedef struct Pace {
    Digest key;
    int most; /* 0: any number */
    const char *whose;
} Pace;
/* Counts one more; RC_LIMIT "too-many-requests", and in how many seconds there is room again. */
Rc try_pace(Ctx *ctx, const Pace *pace, int *wait);

/* challenge.c: what it is for; made for ctx's actor in his browser, and for nobody else. */
enum { CHALLENGE_OUTSIDE = 16 };
typedef struct ChallengeOf {
    unsigned use; /* a GatePasskeyUse, or CHALLENGE_OUTSIDE and a GateOutsideUse */
    Str user; /* handle under which a passkey is to be made, or the provider; empty: of no matter */
    int64_t lasts; /* 0: GATE_CHALLENGE_LASTS */
} ChallengeOf;
Str challenge_make(Ctx *ctx, const ChallengeOf *of);
/* When it was made; the challenge was taken. */
int64_t challenge_made_at(Ctx *ctx, Str text);
/* A secret that goes with a challenge, for one use of it: nobody who sees the challenge knows it.
 */
Str challenge_secret(Ctx *ctx, Str text, const char *use);
/* True of the first of those who come with the same bytes; kept in memory, in this roster. */
bool challenge_first(Roster *spent, Str bytes);
/* It is as if nobody had come with them: what they were for has failed. */
void challenge_again(Roster *spent, Str bytes);
/* RC_CONFLICT "stale-challenge": it isn't one of ours, not for this, too old, or was taken. */
Rc challenge_take(Ctx *ctx, const ChallengeOf *of, Str text);

/* Who has a passkey has shown it, or as much; RC_DENIED "needs-passkey". */
Rc passkey_shown(Ctx *ctx);
/* The same where what is shown now proves this. */
Rc passkey_enough(Ctx *ctx, GateAuthn shown);
/* Whether this session has yet to show a passkey. */
bool passkey_wanted(const Gate *gate, const GateSession *session);
/* passkey.c: their rows of local.db go with them. */
Rc passkey_rows_end(Ctx *ctx, const StrVec *ids);

/* The account, or another record, of an id; NULL: there is none. */
Rc account_load(Ctx *ctx, Str id, const Entity **out);
/* By what somebody came in, or has confirmed who he is. */
typedef struct SessionBy {
    GateMeans means;
    const GateProvider *provider; /* of MEANS_OUTSIDE, else NULL */
    const StrVec *outsides;       /* words of whom that stands on; NULL: none */
    GateAuthn shown;              /* he has shown so much before */
} SessionBy;
/* Sessions that stand on an outside identity, and on its session at the provider; either empty: on
   whichever. */
typedef struct OutsideEnd {
    Str identity, session;
} OutsideEnd;
/* Both as one word, as sessions keep it. */
Str outside_word(Arena *arena, const OutsideEnd *of);
/* Ends them. */
Rc sessions_end_outside(Ctx *ctx, const OutsideEnd *end);
/* outside.c. The same where a provider says so, for the first time by this word: RC_DENIED
   "outside-token". What couldn't be written down may be said again. */
Rc outside_heard(Ctx *ctx, Str once, const OutsideEnd *ends);
/* The account with the secret of its drafts: a resident's has one from its first sign-in on. What
   can't be written down leaves him with the drafts of his browsers. */
void account_drafts(Ctx *ctx, const Entity **account);
/* A session of this account, who has proved that he is it; *token goes into the cookie. */
Rc session_begin(Ctx *ctx, const Entity *account, SessionBy by, Str *token);
/* ctx's actor's session, NULL: he has none; and the error that says so. */
const GateSession *session_own(const Ctx *ctx);
Rc session_none(Ctx *ctx);
/* Writes down now and then when ctx's actor's session was last used; a request doesn't fail by it.
 * Pool threads. */
void session_seen(Ctx *ctx);
/* The post under which this request acts is that of its session from now on. */
void session_post_keep(Ctx *ctx);
/* What of a session's token stays the same while it lasts: the secret of its browser, which opens
   no session, and is longer than the cookie of a browser that nobody is signed in by. */
Str session_browser(Str token);
/* The owner of this account, to whom ctx's actor's session belongs, has confirmed his identity at
   this moment, by this: his session goes on under another token (OWASP ASVS 5.0, 7.2.4), or,
   where that can't be written down, as it was. Under the former one it goes on for half a minute,
   with nothing of what was confirmed, as answers get lost and other tabs are asking. */
Rc session_stepped_up(Ctx *ctx, const Entity *account, SessionBy by, Str *token);

/* A row of local.db, so that sessions and tokens survive a restart. */
typedef struct SessionRow {
    Space space;
    const Digest *key;
    const Json *value; /* NULL: delete the row */
    int64_t expires;
    bool living; /* only while this session is one: what ended it isn't undone */
} SessionRow;
Rc session_store(Ctx *ctx, Gate *gate, const SessionRow *row);
/* Writes rows of local.db in one batch, of which all or nothing remains. */
typedef Rc GateRows(Ctx *ctx, Batch *local, void *arg);
Rc gate_rows(Ctx *ctx, Gate *gate, BatchSync sync, GateRows *write, void *arg);
Rc session_load_all(Ctx *ctx, Gate *gate);
Rc token_load_all(Ctx *ctx, Gate *gate);
/* The actor of a session or bearer token, in ctx->arena; false: unknown or expired. */
bool session_actor(Ctx *ctx, Gate *gate, Str token, Actor *out);
bool token_actor(Ctx *ctx, Gate *gate, Str token, Actor *out);
/* The same by their keys. */
bool session_actor_of(Ctx *ctx, Gate *gate, const Digest *key, Actor *out);
bool token_actor_of(Ctx *ctx, Gate *gate, const Digest *key, Actor *out);
/* Sets the post of a kept token if it is this account's; under the roster's lock. */
void token_post_set(void *kept, Str account, Str post);
/* Writes down when each token was used last. */
void token_keep_used(Gate *gate);
/* Of an account, after what ended them was committed: their rows and records go. */
Rc sessions_end(Ctx *ctx, Str account);
Rc tokens_end(Ctx *ctx, const StrVec *ids);
/* The ids of an account's tokens. */
void tokens_of(Ctx *ctx, Str account, StrVec *ids);
/* By which a session or token is named to people: it tells nothing of the secret. */
Str session_id(Arena *arena, const Digest *key);
/* Whether ctx's actor still has the rights under which he was identified. */
bool authority_holds(Ctx *ctx);

/* link.c: reads who took which subject in; whether this person took in that subject, from any
   thread, at once; and a number that is another one when that may have changed. */
Rc link_open(Ctx *ctx, Gate *gate);
void link_close(Gate *gate);
bool link_holds(const Ctx *ctx, Str subject, Str person);
uint64_t link_generation(const Ctx *ctx);

/* holders.c: what was committed of an account counts for who holds which post. */
void holders_open(Gate *gate);
void holders_close(Gate *gate);
void holders_changed(Ctx *ctx, Str account);

/* duty.c: reads the duties of all posts. */
Rc duties_open(Ctx *ctx, Gate *gate);
void duties_close(Gate *gate);
/* Those that run at this moment, of an official (empty: of all), in ctx->arena. */
void duty_running(Ctx *ctx, Str official, GateDuties *out);
/* Whether a post's record gives it to an official at a moment; record NULL: to nobody. */
typedef struct DutyAsk {
    Str official, post;
    int64_t now;
} DutyAsk;
bool duty_in_record(Ctx *ctx, const Entity *record, const DutyAsk *ask);

/* glass.c: break-glass (DESIGN §5). A thread of its own brings spooled looks into the ledger, each
   once, by its id. */
typedef struct GlassLook {
    const CommandHead *head;
    CommandId id; /* of the command that the ledger couldn't write */
    const PartLook *look;
    const Entity *const *shown;
    size_t n;
} GlassLook;
Rc glass_open(Ctx *ctx, Gate *gate, const GateOptions *options);
void glass_close(Gate *gate);
/* After ledger_execute of a look has failed with ctx->error: RC_OK when the look is durable in the
   spool and may be shown; else why it is not. */
Rc glass_break(Ctx *ctx, const GlassLook *look);

/* Somebody's rights have changed: what was decided before is decided again. */
void authority_changed(Gate *gate);
/* Tells the sessions of an account whether it has a passkey. */
void authority_keyed(Gate *gate, Str account, bool keyed);
/* Gives the sessions and tokens of an account its posts. */
void authority_posts(Gate *gate, Str account, const StrVec *posts);

/* What is changed of a way to come in, of which an account may have several. */
typedef struct AccountWays {
    const Entity *add; /* is added to those it has; NULL: none */
    uint64_t over; /* add: the version of what lies under its id, an erased account's; 0: nothing */
    StrVec ends;   /* ids of those that it has no more */
    bool ends_all; /* nor any other */
} AccountWays;
/* What is changed of an account, in one command. */
typedef struct AccountChange {
    const char *kind; /* of the command */
    Str id;
    uint64_t version; /* RC_DENIED "account-changed" when it has another one; 0: whichever it has */
    const Entity *set; /* attributes that replace those it has; NULL: none */
    StrVec revoke;     /* ids of tokens */
    StrVec held;       /* posts that have a holder by it: gate_duty_back */
    AccountWays passkeys, outsides;
    bool ends_code; /* of a counter, which waits for him */
} AccountChange;
Rc account_change(Ctx *ctx, const AccountChange *change);
/* recover.c. Adds to a change by which somebody chooses a way that his code has been used and other
   sessions end: RC_DENIED "wrong-code" where somebody has chosen already. And behind it his session
   by what he has chosen. */
Rc recover_chosen(Ctx *ctx, AccountChange *change);
Rc recover_go_on(Ctx *ctx, GateMeans means, Str *session_token);
/* These posts have a holder by the command; and when it is committed, whatever came of it. */
void held_add(const Ctx *ctx, Command *command, const StrVec *posts);
void held_changed(Ctx *ctx, const StrVec *posts);
Rc account_changed(Ctx *ctx);
/* Its keys are destroyed: it says nothing of itself any more, not even its kind. */
bool account_erased(const Entity *account);
/* It may not come in any more: it was shut out, or erased. */
bool account_disabled(const Entity *account);
/* Sessions begun at or before it are no longer valid; INT64_MIN: all are. */
int64_t account_sessions_from(const Entity *account);
/* It has this passkey; it is linked to this outside identity. */
bool account_comes_by(const Entity *account, Str passkey);
bool account_linked(const Entity *account, Str outside);
/* Until when the password may be used that was made for the first sign-in; TIME_NONE: it is one
   that its owner has chosen. */
int64_t account_first_until(const Entity *account);
/* Its password is one for the first sign-in, from now on. */
void account_first(Ctx *ctx, Entity *account);
/* It is one of the starter city's, whose password anybody at this machine may read. */
bool account_demo(const Entity *account);
/* Its owner was known at a counter, which no change of links takes back. */
bool account_known(const Entity *account);
/* It has a password; it has a passkey. */
bool account_has_password(const Entity *account);
bool account_has_passkey(const Entity *account);
/* A resident's, of a login that nobody types: he comes in by what is in `outsides`. */
Entity *account_outside(Ctx *ctx, Str name, Str outside, GateProof proof);
/* What was made sure of who it is. */
GateProof account_proof(const Entity *account);
/* This token was revoked. */
bool account_revoked(const Entity *account, Str token);
/* It has this post; and its kind, person and own roles, without those of posts, into *actor. */
bool account_holds(const Entity *account, Str post);
/* Whether it has any post of its own now, beside which duties count; NULL: no. */
bool account_serves(const Gate *gate, const Entity *account, int64_t now);
/* Leaves those out that are no more. */
void posts_standing(Arena *arena, const Gate *gate, int64_t now, StrVec *posts);
void account_rights(Arena *arena, const Entity *account, Actor *actor);
/* He acts under this post from now on, with its roles; not under one that is no more. */
void post_act_under(const Gate *gate, Str id, int64_t now, Actor *actor);
/* Makes the rights of ctx's actor, who was found by gate_actor_now, a guard of the command. */
void kept_guard_add(Ctx *ctx, Command *command, const Json *stored);
/* The texts of one of its lists ("posts", "roles"), copied. */
void account_strings(Arena *arena, const Entity *account, Str iri, StrVec *out);
/* True where the account is another one than this version of it, or gone. */
bool account_moved(Ctx *ctx, const Entity *account);
/* password.c. Of what a password must not be made: whom it is for, and what it was before (or
 * empty). */
typedef struct PasswordFor {
    Str login, name, before;
} PasswordFor;
/* RC_INVALID "bad-password" (its length), "hidden-password", "place-password",
 * "guessable-password". */
Rc password_check(Ctx *ctx, const PasswordFor *whose, Str password);
/* leaked: a filter that pwqfilter(1) has made of leaked passwords; empty: none. RC_INVALID
 * "bad-setting". */
Rc password_open(Ctx *ctx, Gate *gate, Str leaked);
/* The account of an id, when this is its password; a try like any other, RC_DENIED
 * "wrong-password". */
Rc password_shown(Ctx *ctx, Str id, Str password, const Entity **account);
/* What is kept of one. */
Rc password_hash(Ctx *ctx, Str password, Str *out);
/* Hashes it anew where what is kept of it was made at another cost than today's; the password has
   been found right. True: it was, and the account has another version. A failure is told to the
   log: the old hash stays good. */
bool password_renew(Ctx *ctx, const Entity *account, Str password);
/* Whether it is the password of this hash. An empty hash takes as long, and is nobody's. */
bool password_matches(Arena *arena, Str hash, Str password);
/* Posts are for accounts of officials (kind staff): RC_INVALID "no-official". */
Rc account_official(Ctx *ctx, Str kind);
/* The organisation has all of them: RC_INVALID "no-post". */
Rc account_posts_check(Ctx *ctx, const StrVec *posts);
/* The roles of all these posts together. */
unsigned posts_roles(const Gate *gate, const StrVec *posts);
/* A contractor's account has nothing beside, neither by roles of its own nor by posts: RC_INVALID
   "contractor-alone". */
Rc account_alone(Ctx *ctx, unsigned own, const StrVec *posts);
Json account_list(Arena *arena, const StrVec *strings);
Digest session_key(Str token);
void token_drop(void *value);

#endif
