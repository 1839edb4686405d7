/* gate_int: what the files of gate/ share. */
#ifndef GATE_GATE_INT_H
#define GATE_GATE_INT_H

#include "gate.h"

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

/* How the actor of ctx stands to an entity: bits REL_*. */
unsigned view_relation(const Ctx *ctx, const Entity *entity);

/* A signed-in browser. Kept in memory and, sealed, in local.db. */
typedef struct GateSession {
    Digest key; /* SHA-256 of the cookie's token */
    Str account, person, name;
    ActorKind kind;
    StrVec posts;
    unsigned own_roles; /* of the account; those of the post in use are added */
    Str post;           /* in use */
    int64_t started_at, seen_at, stepped_up_at;
    Arena *arena; /* all of the above lies here */
} GateSession;

/* A bearer token as it is kept: only its hash. */
typedef struct GateToken {
    Digest key;
    Str account;
    unsigned roles;
    uint32_t actions; /* 0: all of the account's */
    StrVec types;     /* empty: all */
    int64_t expires_at;
} GateToken;

/* A post (職) of the organisation. */
typedef struct GatePost {
    Str id, title_ja, title_en, division;
    unsigned roles;
} GatePost;

struct Gate {
    Arena *arena;
    Tenant *tenant;
    Rules rules;
    VEC(GatePost) posts;
    struct SessionTable *sessions;
    struct TokenTable *tokens;
    struct RateTable *rates;
};

/* A fresh step-up lasts this long. */
#define GATE_STEP_UP_LASTS (10 * TIME_MINUTE)

const GatePost *organisation_post(const Gate *gate, Str id); /* NULL: none */
Rc organisation_read(Ctx *ctx, Gate *gate, const Json *source);

#endif
