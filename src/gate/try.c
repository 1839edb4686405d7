/* try: how often something may be tried that could be guessed: a password, a passkey, a number.
   What was wrong is counted by what it was tried at from one address, so that a stranger elsewhere
   locks nobody out; by what it was tried at from anywhere, by the address, and, where a try costs
   much, altogether. What anybody may send is counted by his network, and a resident's by his
   account. */
#include "gate_int.h"

typedef struct Failures {
    int64_t since;
    int count;
} Failures;

/* What is counted, how often it may be, in which time, and what is then said. */
typedef struct Limit {
    int max;
    int64_t lasts;
    const char *code, *text;
} Limit;

static const Limit by_key = {10, 15 * TIME_MINUTE, "too-many-failures",
                             "Too many attempts: wait 15 minutes, or ask at the counter."},
                   by_account = {100, 15 * TIME_MINUTE, "too-many-failures",
                                 "Too many attempts: wait 15 minutes, or ask at the counter."},
                   by_client = {50, 15 * TIME_MINUTE, "too-many-failures",
                                "Too many attempts from your network: wait 15 minutes, or ask at "
                                "the counter."},
                   altogether = {600, TIME_MINUTE, "too-many-sign-ins",
                                 "Very many are signing in at this moment: wait a minute."};

static void failures_read(void *arg, void *value) {
    *(Failures *)arg = *(Failures *)value;
}

typedef struct Counting {
    int64_t now;
    const Limit *limit;
    bool over;
} Counting;

static void failures_add(void *arg, void *value) {
    Counting *counting = arg;
    Failures *failures = value;
    if (counting->now - failures->since > counting->limit->lasts)
        *failures = (Failures){.since = counting->now};
    counting->over = failures->count >= counting->limit->max;
    failures->count += !counting->over;
}

static void failures_back(void *arg, void *value) {
    (void)arg;
    ((Failures *)value)->count -= ((Failures *)value)->count > 0;
}

static Rc too_many(Ctx *ctx, const Limit *limit) {
    return ctx_fail(ctx, RC_LIMIT, limit->code, STR("password"), "%s", limit->text);
}

/* Looked at and counted at once, so that tries at the same time pass no limit. */
static bool is_over(const Ctx *ctx, Roster *counts, const Digest *key, const Limit *limit) {
    Counting counting = {.now = time_now(ctx->clock), .limit = limit};
    Failures *fresh = mem_alloc(sizeof *fresh);
    *fresh = (Failures){.since = counting.now};
    roster_use_or_put(counts, key, fresh, failures_add, &counting);
    return counting.over;
}

static Rc failure_count(Ctx *ctx, Gate *gate, const Digest *key, const Limit *limit) {
    return is_over(ctx, gate->failures, key, limit) ? too_many(ctx, limit) : RC_OK;
}

static Try try_of(const Ctx *ctx, Str account) {
    Str client = gate_actor(ctx)->client;
    const Str here[] = {account, STR("\n"), client};
    return (Try){.here = hash_sha256_parts(here, 3),
                 .account = hash_sha256(account),
                 .client = ledger_keyed_hash(ctx->tenant->ledger, STR("sign-in-from"), client),
                 .all = ledger_keyed_hash(ctx->tenant->ledger, STR("sign-in"), STR("all")),
                 .from = !str_empty(client)};
}

static void failure_back(Gate *gate, const Digest *key) {
    (void)roster_use(gate->failures, key, failures_back, NULL);
}

static void try_back(Gate *gate, const Try *tried) {
    failure_back(gate, &tried->here);
    failure_back(gate, &tried->account);
    if (tried->from) failure_back(gate, &tried->client);
}

Rc try_begin(Ctx *ctx, Str account, Try *out) {
    Gate *gate = ctx->tenant->gate;
    *out = try_of(ctx, account);
    TRY(failure_count(ctx, gate, &out->here, &by_key));
    Rc rc = failure_count(ctx, gate, &out->account, &by_account);
    if (rc == RC_OK && out->from) {
        rc = failure_count(ctx, gate, &out->client, &by_client);
        if (rc != RC_OK) failure_back(gate, &out->account);
    }
    if (rc != RC_OK) failure_back(gate, &out->here);
    return rc;
}

Rc try_begin_dear(Ctx *ctx, Str account, Try *out) {
    Gate *gate = ctx->tenant->gate;
    TRY(try_begin(ctx, account, out));
    Rc rc = failure_count(ctx, gate, &out->all, &altogether);
    if (rc != RC_OK) try_back(gate, out);
    return rc;
}

/* What was no wrong password is no failure; a right one forgives those from here, not those
   of others, who guess on. All dear
   tries together are counted whatever became of them, as each costs the same. */
void try_end(Ctx *ctx, const Try *tried, Rc rc) {
    Gate *gate = ctx->tenant->gate;
    if (rc == RC_DENIED) return;
    try_back(gate, tried);
    if (rc == RC_OK) roster_delete(gate->failures, &tried->here);
}

static int64_t wait_left(Ctx *ctx, Roster *counts, const Digest *key, const Limit *limit) {
    Failures failures = {0};
    if (!roster_use(counts, key, failures_read, &failures)) return 0;
    return failures.count < limit->max ? 0 : failures.since + limit->lasts - time_now(ctx->clock);
}

int try_wait(Ctx *ctx, Str account) {
    Try tried = try_of(ctx, account);
    Roster *failures = ctx->tenant->gate->failures;
    const int64_t waits[] = {wait_left(ctx, failures, &tried.here, &by_key),
                             wait_left(ctx, failures, &tried.account, &by_account),
                             tried.from ? wait_left(ctx, failures, &tried.client, &by_client) : 0,
                             wait_left(ctx, failures, &tried.all, &altogether)};
    int64_t longest = 0;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        longest = waits[i] > longest ? waits[i] : longest;
    return (int)(longest / TIME_SECOND) + 1;
}

int gate_retry_after(Ctx *ctx, Str login) {
    return try_wait(ctx, str_empty(login) ? gate_actor(ctx)->id : account_id(ctx, login));
}

Rc gate_try(Ctx *ctx, Str what, Str key) {
    Gate *gate = ctx->tenant->gate;
    Digest counter = ledger_keyed_hash(ctx->tenant->ledger, what, key);
    return failure_count(ctx, gate, &counter, &by_key);
}

Rc gate_try_open(Ctx *ctx, Str what, Str key) {
    Digest counter = ledger_keyed_hash(ctx->tenant->ledger, what, key);
    return wait_left(ctx, ctx->tenant->gate->failures, &counter, &by_key) > 0
               ? too_many(ctx, &by_key)
               : RC_OK;
}

void gate_try_right(Ctx *ctx, Str what, Str key) {
    Digest counter = ledger_keyed_hash(ctx->tenant->ledger, what, key);
    roster_delete(ctx->tenant->gate->failures, &counter);
}

/* ---- the pace of requests ---- */

Rc try_pace(Ctx *ctx, const Pace *pace, int *wait) {
    Roster *paces = ctx->tenant->gate->paces;
    const Limit limit = {.max = pace->most, .lasts = TIME_MINUTE};
    if (!pace->most || !is_over(ctx, paces, &pace->key, &limit)) return RC_OK;
    *wait = (int)(wait_left(ctx, paces, &pace->key, &limit) / TIME_SECOND) + 1;
    return ctx_fail(ctx, RC_LIMIT, "too-many-requests", STR_NONE,
                    "Very many requests come from your %s: try again in %d seconds.", pace->whose,
                    *wait);
}
