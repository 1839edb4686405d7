#include "gate_int.h"

#include <stdlib.h>
#include <string.h>

#define SESSIONS SPACE(STORE_LOCAL, "session")

enum { BROWSER_CHARS = 32, TOKEN_CHARS = 32, ID_CHARS = 16, OUTSIDES_KEPT = 8 };

static const int64_t grace = 30 * TIME_SECOND;
/* GateSession.ends_at of one that was ended: before any instant. */
static const int64_t ENDED = 1;

Digest session_key(Str token) {
    return hash_sha256(token);
}

Str session_browser(Str token) {
    ptrdiff_t dot = str_find_char(token, '.');
    return dot < 0 ? token : str_sub(token, 0, (size_t)dot);
}

static Str token_new(Ctx *ctx, Str browser) {
    const Str parts[] = {browser, rand_id(ctx->rand, ctx->arena, TOKEN_CHARS)};
    return str_join(ctx->arena, parts, 2, STR("."));
}

/* ---- rows of local.db ---- */

Rc gate_rows(Ctx *ctx, Gate *gate, BatchSync sync, GateRows *write, void *arg) {
    pthread_mutex_lock(&gate->local_lock);
    Rc rc = batch_begin(ctx, gate->local, sync);
    if (rc == RC_OK) rc = write(ctx, gate->local, arg);
    if (rc == RC_OK)
        rc = batch_commit(ctx, gate->local);
    else
        batch_rollback(gate->local);
    pthread_mutex_unlock(&gate->local_lock);
    return rc;
}

static void alive(void *arg, void *value) {
    *(bool *)arg = !((const GateSession *)value)->ends_at;
}

/* Who ends a session says so on the roster first, and deletes its row then, under the same lock. */
static Rc row_write(Ctx *ctx, Batch *local, void *arg) {
    const SessionRow *row = arg;
    bool there = false;
    if (row->living) (void)roster_use(ctx->tenant->gate->sessions, row->key, alive, &there);
    if (row->living && !there) return RC_OK;
    Str name = {(const char *)row->key->bytes, sizeof row->key->bytes};
    Buf text = buf_new(ctx->arena, 1 << 16);
    if (!row->value) return batch_delete(ctx, local, row->space, name);
    json_write(&text, row->value);
    if (buf_rc(&text) != RC_OK)
        return ctx_fail(ctx, RC_LIMIT, "session-too-long", STR_NONE,
                        "What is kept of this sign-in has grown too long: sign out and in again.");
    Item item = {.key = name, .value = buf_str(&text), .expires = row->expires};
    return batch_put(ctx, local, row->space, &item);
}

/* What a power cut takes back may be a sign-in, never a sign-out. */
Rc session_store(Ctx *ctx, Gate *gate, const SessionRow *row) {
    return gate_rows(ctx, gate, row->value ? BATCH_LAZY : BATCH_DURABLE, row_write,
                     (void *)(uintptr_t)row);
}

static const char *const means_names[] = {[MEANS_PASSWORD] = "password",
                                          [MEANS_PASSKEY] = "passkey",
                                          [MEANS_OUTSIDE] = "outside",
                                          [MEANS_CODE] = "code"};

static GateMeans means_of(Str name) {
    for (unsigned means = 0; means < sizeof means_names / sizeof *means_names; means++)
        if (str_eq(name, str_of(means_names[means]))) return (GateMeans)means;
    return MEANS_PASSWORD;
}

/* A provider's word is worth what the operator says of it. */
static GateAuthn authn_of(const SessionBy *by) {
    if (by->means == MEANS_OUTSIDE) return by->provider ? by->provider->authn : AUTHN_NONE;
    return by->means == MEANS_PASSKEY ? AUTHN_PASSKEY : AUTHN_MAIL;
}

/* Opaque ids and times only: nothing personal lies in clear in local.db. */
static Json session_value(Arena *arena, const GateSession *session) {
    const JsonMember members[] = {
        {STR("account"), json_of_str(session->account)},
        {STR("post"), json_of_str(session->post)},
        {STR("started"), json_of_int(session->started_at)},
        {STR("seen"), json_of_int(session->seen_at)},
        {STR("by"), json_of_str(str_of(means_names[session->means]))},
        {STR("provider"), json_of_str(session->provider)},
        {STR("authn"), json_of_str(gate_authn_word(session->authn))},
        {STR("outsides"), account_list(arena, &session->outsides)},
    };
    const size_t n = sizeof members / sizeof *members;
    JsonMember *kept = NEW_ARRAY(arena, JsonMember, n);
    memcpy(kept, members, sizeof members);
    return json_of_members(kept, n);
}

static Rc session_keep(Ctx *ctx, Gate *gate, const GateSession *session, bool living) {
    Json value = session_value(ctx->arena, session);
    SessionRow row = {SESSIONS, &session->key, &value, session->started_at + GATE_SESSION_LASTS,
                      living};
    return session_store(ctx, gate, &row);
}

typedef struct LoadedSession {
    Digest key;
    Str account, post, provider;
    StrVec outsides;
    GateAuthn authn;
    int64_t started, seen;
    GateMeans means;
} LoadedSession;

typedef struct Loading {
    Ctx *ctx;
    VEC(LoadedSession) rows;
    Rc rc;
} Loading;

static bool session_row(void *arg, const Item *item) {
    Loading *loading = arg;
    const Json *value;
    LoadedSession row;
    loading->rc = json_read(loading->ctx, item->value, JSON_LIMITS_DEFAULT, &value);
    if (loading->rc != RC_OK || item->key.len != sizeof row.key.bytes) return loading->rc == RC_OK;
    __builtin_memcpy(row.key.bytes, item->key.ptr, sizeof row.key.bytes);
    row.account = json_get_str(value, "account");
    row.post = json_get_str(value, "post");
    row.started = json_get_int(value, "started", 0);
    row.seen = json_get_int(value, "seen", row.started);
    row.means = means_of(json_get_str(value, "by"));
    row.provider = json_get_str(value, "provider");
    row.authn = gate_authn_of(json_get_str(value, "authn"));
    row.outsides = (StrVec){0};
    const Json *outsides = json_get(value, STR("outsides"));
    for (size_t i = 0; outsides && i < outsides->len; i++)
        vec_push(loading->ctx->arena, &row.outsides, json_str(json_at(outsides, i)));
    vec_push(loading->ctx->arena, &loading->rows, row);
    return true;
}

static bool post_listed(const StrVec *posts, Str post) {
    VEC_EACH (const Str, one, posts)
        if (str_eq(*one, post)) return true;
    return false;
}

/* Whether it is one of his is asked at each request. */
static void post_use(const Gate *gate, GateSession *session, Str id) {
    const GatePost *post = gate_post(gate, id);
    if (post) session->post = post->id;
}

/* Each word once. A provider may name another session of its at each confirmation: the first word,
   by which he may have come in, and the newest are kept. */
static void outside_add(GateSession *session, Str word) {
    StrVec *kept = &session->outsides;
    if (post_listed(kept, word)) return;
    if (kept->len == OUTSIDES_KEPT) {
        memmove(&kept->items[1], &kept->items[2], (OUTSIDES_KEPT - 2) * sizeof *kept->items);
        kept->len--;
    }
    vec_push(session->arena, kept, str_dup(session->arena, word));
}

static void outsides_add(GateSession *session, const StrVec *words) {
    for (size_t i = 0; words && i < words->len; i++)
        outside_add(session, words->items[i]);
}

/* provider: its id, which stays where it is none any more. */
static void came_by(GateSession *session, const SessionBy *by, Str provider) {
    session->means = by->means;
    session->provider = str_dup(session->arena, provider);
    session->authn = authn_of(by);
    if (session->authn < by->shown) session->authn = by->shown;
    session->first = by->means == MEANS_CODE || (session->first && by->means == MEANS_PASSWORD);
    outsides_add(session, by->outsides);
}

Rc session_load_all(Ctx *ctx, Gate *gate) {
    Loading loading = {.ctx = ctx};
    TRY(reader_items(ctx, ctx->db, &(ItemRange){.space = SESSIONS}, session_row, &loading));
    TRY(loading.rc);
    for (size_t i = 0; i < loading.rows.len; i++) {
        const LoadedSession *row = &loading.rows.items[i];
        const Entity *account;
        GateSession *session;
        Rc rc = ledger_entity(ctx, gate->tenant->ledger, row->account, &account);
        if (rc == RC_NOT_FOUND) continue; /* the account has gone since */
        TRY(rc);
        if (account_disabled(account) || row->started <= account_sessions_from(account)) continue;
        TRY(account_session(ctx, account, &session));
        session->key = row->key;
        session->started_at = row->started;
        session->seen_at = session->kept_at = row->seen;
        SessionBy by = {row->means, gate_provider(gate, row->provider), &row->outsides,
                        row->authn != AUTHN_LEVELS ? row->authn : AUTHN_NONE};
        came_by(session, &by, row->provider);
        post_use(gate, session, row->post);
        roster_put(gate->sessions, &session->key, session);
    }
    return RC_OK;
}

/* ---- the actor of a request ---- */

typedef struct ActorWanted {
    Ctx *ctx;
    const Gate *gate;
    Actor *actor;
    GateSession *copy;
    bool alive;
} ActorWanted;

/* After half a day, or when nothing was asked in it for so long. */
static int64_t session_ends_at(const Gate *gate, const GateSession *session) {
    int64_t idle = session->seen_at + gate->idle, whole = session->started_at + GATE_SESSION_LASTS,
            until = idle < whole ? idle : whole;
    return session->ends_at && session->ends_at < until ? session->ends_at : until;
}

/* Posts live as long as the gate. */
static void session_read(void *arg, void *value) {
    ActorWanted *wanted = arg;
    GateSession *session = value;
    Arena *arena = wanted->ctx->arena;
    int64_t now = time_now(wanted->ctx->clock);
    wanted->alive = now < session_ends_at(wanted->gate, session);
    if (wanted->alive) session->seen_at = now;
    GateSession *copy = NEW(arena, GateSession);
    *copy = *session;
    copy->arena = NULL;
    Str *const texts[] = {&copy->account, &copy->person, &copy->name,    &copy->post,
                          &copy->client,  &copy->drafts, &copy->provider};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = str_dup(arena, *texts[i]);
    copy->posts = (StrVec){0};
    for (size_t i = 0; i < session->posts.len; i++)
        vec_push(arena, &copy->posts, str_dup(arena, session->posts.items[i]));
    copy->own_posts = copy->posts.len;
    copy->outsides = (StrVec){0};
    for (size_t i = 0; i < session->outsides.len; i++)
        vec_push(arena, &copy->outsides, str_dup(arena, session->outsides.items[i]));
    wanted->copy = copy;
    *wanted->actor = (Actor){.kind = session->kind,
                             .id = copy->account,
                             .person = copy->person,
                             .name = copy->name,
                             .drafts = copy->drafts,
                             .roles = session->own_roles,
                             .session = copy,
                             .stepped_up_at = session->stepped_up_at};
}

/* His account's, without those that are no more. */
static void posts_own(Ctx *ctx, const Gate *gate, GateSession *session) {
    posts_standing(ctx->arena, gate, time_now(ctx->clock), &session->posts);
    session->own_posts = session->posts.len;
}

/* Duties are beside posts of one's own; a contractor has none, whatever is ordered. */
static bool takes_duties(const Gate *gate, const GateSession *session) {
    unsigned roles = session->own_roles | posts_roles(gate, &session->posts);
    return session->kind == ACTOR_STAFF && session->own_posts && !(roles & 1u << ROLE_CONTRACTOR);
}

/* Today's: his account's, and beside these those of the duties that run. The one in use, while it
 * is one of them. */
static void posts_today(Ctx *ctx, const Gate *gate, GateSession *session, Actor *actor) {
    GateDuties running = {0};
    Str used = STR_NONE;
    posts_own(ctx, gate, session);
    if (takes_duties(gate, session)) duty_running(ctx, session->account, &running);
    VEC_EACH (const GateDuty, duty, &running)
        if (!post_listed(&session->posts, duty->post))
            vec_push(ctx->arena, &session->posts, duty->post);
    if (post_listed(&session->posts, session->post)) used = session->post;
    if (str_empty(used) && session->posts.len) {
        used = session->posts.items[0];
        actor->shifted = !str_empty(session->post);
    }
    session->post = used;
    post_act_under(gate, used, time_now(ctx->clock), actor);
    for (size_t i = session->own_posts; i < session->posts.len; i++)
        actor->by_duty |= str_eq(session->posts.items[i], used);
}

/* The epoch is read first: what changes afterwards is found at the commit. */
bool session_actor_of(Ctx *ctx, Gate *gate, const Digest *key, Actor *out) {
    ActorWanted wanted = {.ctx = ctx, .gate = gate, .actor = out};
    uint64_t epoch = atomic_load(&gate->epoch);
    if (!roster_use(gate->sessions, key, session_read, &wanted) || !wanted.alive) return false;
    posts_today(ctx, gate, wanted.copy, out);
    out->epoch = epoch;
    return true;
}

bool session_actor(Ctx *ctx, Gate *gate, Str token, Actor *out) {
    Digest key = session_key(token);
    return session_actor_of(ctx, gate, &key, out);
}

bool gate_session_actor(Ctx *ctx, Str session_token, Actor *out) {
    return session_actor(ctx, ctx->tenant->gate, session_token, out);
}

static void kept_set(void *arg, void *value) {
    ((GateSession *)value)->kept_at = *(const int64_t *)arg;
}

/* A restart takes back a quarter of the idle time at most, or more while local.db can't be written.
 */
void session_seen(Ctx *ctx) {
    Gate *gate = ctx->tenant->gate;
    const GateSession *own = session_own(ctx);
    if (!own || own->seen_at - own->kept_at < gate->idle / 4) return;
    (void)roster_use(gate->sessions, &own->key, kept_set, (void *)(uintptr_t)&own->seen_at);
    if (session_keep(ctx, gate, own, true) == RC_OK) return;
    log_warn("gate", "the last use of a session was not written down: " STR_FMT,
             STR_ARG(ctx->error.detail));
    (void)roster_use(gate->sessions, &own->key, kept_set, (void *)(uintptr_t)&own->kept_at);
}

const StrVec *gate_own_posts(const Ctx *ctx) {
    static const StrVec none = {0};
    return ctx->actor && ctx->actor->session ? &ctx->actor->session->posts : &none;
}

/* ---- signing in and out ---- */

static void session_ended(void *arg, void *value) {
    (void)arg;
    ((GateSession *)value)->ends_at = ENDED;
}

/* It has ended from now on; one whose row can't be deleted stays on the roster, so that who is told
   of its end once more finds it. */
static Rc session_drop_one(Ctx *ctx, Gate *gate, const Digest *key) {
    (void)roster_use(gate->sessions, key, session_ended, NULL);
    authority_changed(gate);
    TRY(session_store(ctx, gate, &(SessionRow){.space = SESSIONS, .key = key}));
    roster_delete(gate->sessions, key);
    return RC_OK;
}

/* Whoever changes the account at this moment may not have seen the session: it is looked at again.
   The one that this browser had before ends. */
Rc session_begin(Ctx *ctx, const Entity *account, SessionBy by, Str *token) {
    Gate *gate = ctx->tenant->gate;
    GateSession *session;
    if (account_disabled(account)) return account_changed(ctx);
    account_drafts(ctx, &account);
    TRY(account_session(ctx, account, &session));
    *token = token_new(ctx, rand_id(ctx->rand, ctx->arena, BROWSER_CHARS));
    session->key = session_key(*token);
    came_by(session, &by, by.provider ? by.provider->id : STR_NONE);
    session->client = str_dup(session->arena, gate_actor(ctx)->client);
    Digest key = session->key;
    Rc rc = session_keep(ctx, gate, session, false);
    if (rc != RC_OK) {
        arena_free(session->arena);
        return rc;
    }
    roster_put(gate->sessions, &key, session);
    if (session_own(ctx)) TRY(session_drop_one(ctx, gate, &session_own(ctx)->key));
    if (!account_moved(ctx, account)) return RC_OK;
    TRY(session_drop_one(ctx, gate, &key));
    return account_changed(ctx);
}

Rc gate_sign_in(Ctx *ctx, Str login, Str password, Str *session_token) {
    const Entity *account;
    TRY(password_shown(ctx, account_id(ctx, login), password, &account));
    int64_t until = account_first_until(account);
    if (until != TIME_NONE && time_now(ctx->clock) >= until)
        return ctx_fail(ctx, RC_DENIED, "password-ended", STR("password"),
                        "This password was for the first sign-in, within a week: ask for another.");
    if (password_renew(ctx, account, password)) TRY(account_load(ctx, account->id, &account));
    return session_begin(ctx, account, (SessionBy){.means = MEANS_PASSWORD}, session_token);
}

const GateSession *session_own(const Ctx *ctx) {
    return ctx->actor ? ctx->actor->session : NULL;
}

Rc session_none(Ctx *ctx) {
    return ctx_fail(ctx, RC_DENIED, "needs-sign-in", STR_NONE, "Sign in first.");
}

Rc gate_sign_out(Ctx *ctx) {
    const GateSession *session = session_own(ctx);
    if (!session) return RC_OK;
    roster_delete(ctx->tenant->gate->sessions, &session->former);
    return session_drop_one(ctx, ctx->tenant->gate, &session->key);
}

/* ---- one's sessions ---- */

Str session_id(Arena *arena, const Digest *key) {
    Digest again = hash_sha256((Str){(const char *)key->bytes, sizeof key->bytes});
    return hash_base32(arena, (Str){(const char *)again.bytes, sizeof again.bytes}, ID_CHARS);
}

typedef struct Gathered {
    GateSessionSeen seen;
    Digest key;
    bool former; /* it goes on under another key */
} Gathered;

/* The living ones of one account, or of what ended at a provider, gathered under the roster's lock.
 */
typedef struct Gathering {
    Arena *arena;
    const Gate *gate;
    Str account;
    const OutsideEnd *end; /* NULL: those of the account */
    int64_t now;
    VEC(Gathered) all;
} Gathering;

/* Where the provider named no session when he came in, whatever session of his there it names. */
static bool word_ends(Str word, const OutsideEnd *end) {
    ptrdiff_t dot = str_find_char(word, '.');
    Str identity = str_sub(word, 0, (size_t)dot),
        session = str_sub(word, (size_t)dot + 1, word.len);
    bool named = !str_empty(end->identity);
    if (named && !str_eq(identity, end->identity)) return false;
    return str_empty(end->session) || str_eq(session, end->session) ||
           (named && str_empty(session));
}

static bool is_gathered(const Gathering *g, const GateSession *session) {
    if (!g->end) return str_eq(session->account, g->account);
    VEC_EACH (const Str, word, &session->outsides)
        if (word_ends(*word, g->end)) return true;
    return false;
}

static void session_gather(void *arg, void *value) {
    Gathering *g = arg;
    const GateSession *session = value;
    int64_t ends = session_ends_at(g->gate, session);
    bool left = g->end && session->ends_at == ENDED; /* its row stayed behind */
    if (!is_gathered(g, session) || (g->now >= ends && !left)) return;
    GateSessionSeen seen = {.id = session_id(g->arena, &session->key),
                            .post = str_dup(g->arena, session->post),
                            .client = str_dup(g->arena, session->client),
                            .means = session->means,
                            .provider = str_dup(g->arena, session->provider),
                            .started_at = session->started_at,
                            .seen_at = session->seen_at,
                            .ends_at = ends};
    vec_push(g->arena, &g->all, (Gathered){seen, session->key, session->ends_at != 0});
}

static Gathering sessions_gather(Ctx *ctx, Str account, const OutsideEnd *end) {
    Gathering g = {.arena = ctx->arena,
                   .gate = ctx->tenant->gate,
                   .account = account,
                   .end = end,
                   .now = time_now(ctx->clock)};
    roster_each(ctx->tenant->gate->sessions, session_gather, &g);
    return g;
}

static int newest_first(const void *a, const void *b) {
    const GateSessionSeen *x = a, *y = b;
    return (x->started_at < y->started_at) - (x->started_at > y->started_at);
}

static bool is_own(const Ctx *ctx, const Digest *key) {
    const GateSession *own = session_own(ctx);
    return own && !memcmp(own->key.bytes, key->bytes, sizeof key->bytes);
}

/* The one under which a session of his acts: what it was used under may have been a duty's. */
static Str post_today(const Ctx *ctx, Str post) {
    const StrVec *own = gate_own_posts(ctx);
    return !own->len || post_listed(own, post) ? post : own->items[0];
}

void gate_sessions(Ctx *ctx, GateSessionsSeen *out) {
    *out = (GateSessionsSeen){0};
    if (str_empty(gate_actor(ctx)->id)) return;
    Gathering g = sessions_gather(ctx, gate_actor(ctx)->id, NULL);
    VEC_EACH (Gathered, one, &g.all) {
        if (one->former) continue;
        one->seen.own = is_own(ctx, &one->key);
        one->seen.post = post_today(ctx, one->seen.post);
        vec_push(ctx->arena, out, one->seen);
    }
    if (out->len) qsort(out->items, out->len, sizeof *out->items, newest_first);
}

static bool is_own_id(const Ctx *ctx, Str id) {
    return str_eq(session_id(ctx->arena, &session_own(ctx)->key), id);
}

/* Whoever sits down at an open browser shuts nobody out elsewhere. */
Rc gate_session_end(Ctx *ctx, Str id) {
    if (!session_own(ctx)) return session_none(ctx);
    if (!is_own_id(ctx, id) && !gate_stepped_up(ctx, gate_actor(ctx)))
        return ctx_fail(ctx, RC_DENIED, "needs-step-up", STR_NONE,
                        "Confirm your identity once more before you end other sign-ins.");
    Gathering g = sessions_gather(ctx, gate_actor(ctx)->id, NULL);
    size_t ended = 0;
    VEC_EACH (const Gathered, one, &g.all) {
        bool named = str_empty(id) ? !is_own(ctx, &one->key) : str_eq(one->seen.id, id);
        if (named) TRY(session_drop_one(ctx, ctx->tenant->gate, &one->key));
        ended += named;
    }
    if (ended || str_empty(id)) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-session", STR("id"),
                    "This session has ended already, or is not yours.");
}

static Rc all_end(Ctx *ctx, const Gathering *g) {
    Rc first = RC_OK;
    VEC_EACH (const Gathered, one, &g->all) {
        Rc rc = session_drop_one(ctx, ctx->tenant->gate, &one->key);
        if (first == RC_OK) first = rc;
    }
    return first;
}

Rc sessions_end(Ctx *ctx, Str account) {
    Gathering g = sessions_gather(ctx, account, NULL);
    return all_end(ctx, &g);
}

Str outside_word(Arena *arena, const OutsideEnd *of) {
    const Str parts[] = {of->identity, of->session};
    return str_join(arena, parts, 2, STR("."));
}

Rc sessions_end_outside(Ctx *ctx, const OutsideEnd *end) {
    Gathering g = sessions_gather(ctx, STR_NONE, end);
    return all_end(ctx, &g);
}

typedef struct PostTaken {
    const Gate *gate;
    Str post;
} PostTaken;

static void post_set(void *arg, void *value) {
    const PostTaken *taken = arg;
    post_use(taken->gate, value, taken->post);
}

Rc gate_take_post(Ctx *ctx, Str post) {
    const GateSession *session = session_own(ctx);
    if (!session) return session_none(ctx);
    if (post_listed(&session->posts, post)) {
        PostTaken taken = {ctx->tenant->gate, post};
        (void)roster_use(ctx->tenant->gate->sessions, &session->key, post_set, &taken);
        authority_changed(ctx->tenant->gate);
        GateSession changed = *session;
        changed.post = post;
        return session_keep(ctx, ctx->tenant->gate, &changed, true);
    }
    return ctx_fail(ctx, RC_DENIED, "not-your-post", STR("post"),
                    "This account does not hold that post.");
}

/* What can't be written down is told again after a restart. */
void session_post_keep(Ctx *ctx) {
    if (gate_take_post(ctx, session_own(ctx)->post) != RC_OK)
        log_warn("gate", "the post of a session was not written down: " STR_FMT,
                 STR_ARG(ctx->error.detail));
}

/* ---- confirming ---- */

/* What goes on of a session under another key. Texts are copied. */
static void going_on(const Gate *gate, GateSession *now, const GateSession *before) {
    now->means = before->means;
    now->provider = str_dup(now->arena, before->provider);
    outsides_add(now, &before->outsides);
    now->client = str_dup(now->arena, before->client);
    now->authn = before->authn;
    now->first = before->first;
    now->started_at = before->started_at;
    now->former = before->key;
    post_use(gate, now, before->post);
}

/* Of the one before, which may have another behind it already; one that was ended stays so. */
static void ends_swap(void *arg, void *value) {
    GateSession *before = value;
    int64_t *ends = arg, was = before->ends_at;
    if (was != ENDED) before->ends_at = *ends;
    *ends = was;
}

typedef struct Moved {
    Digest now, before;
    int64_t expires;
    const Json *value;
} Moved;

static Rc moved_write(Ctx *ctx, Batch *local, void *arg) {
    const Moved *moved = arg;
    SessionRow now = {SESSIONS, &moved->now, moved->value, moved->expires, true},
               before = {.space = SESSIONS, .key = &moved->before};
    TRY(row_write(ctx, local, &now));
    return row_write(ctx, local, &before);
}

/* The roster first: whoever writes the last use of the one before down at this moment finds that
   it is kept no more, and leaves its row alone. Nothing is read of the new one once others may end
   it. */
static Rc session_move(Ctx *ctx, Gate *gate, GateSession *session) {
    int64_t ends = time_now(ctx->clock) + grace;
    const Json value = session_value(ctx->arena, session);
    Moved moved = {session->key, session->former, session->started_at + GATE_SESSION_LASTS,
                   json_dup(ctx->arena, &value)};
    roster_put(gate->sessions, &moved.now, session);
    bool there = roster_use(gate->sessions, &moved.before, ends_swap, &ends) && ends != ENDED;
    Rc rc = there ? gate_rows(ctx, gate, BATCH_DURABLE, moved_write, &moved) : session_none(ctx);
    if (rc == RC_OK) return RC_OK;
    roster_delete(gate->sessions, &moved.now);
    (void)roster_use(gate->sessions, &moved.before, ends_swap, &ends);
    return rc;
}

/* Whoever shuts the account at this moment may have ended the one before alone. */
Rc session_stepped_up(Ctx *ctx, const Entity *account, SessionBy by, Str *token) {
    Gate *gate = ctx->tenant->gate;
    GateSession *session;
    if (!account) return session_none(ctx); /* erased meanwhile */
    TRY(account_session(ctx, account, &session));
    going_on(gate, session, session_own(ctx));
    outsides_add(session, by.outsides);
    if (session->authn < authn_of(&by)) session->authn = authn_of(&by);
    session->stepped_up_at = time_now(ctx->clock);
    *token = token_new(ctx, session_browser(ctx->actor->browser));
    session->key = session_key(*token);
    Digest key = session->key;
    TRY(session_move(ctx, gate, session));
    if (!account_moved(ctx, account)) return RC_OK;
    TRY(session_drop_one(ctx, gate, &key));
    return account_changed(ctx);
}

Rc gate_step_up(Ctx *ctx, Str password, Str *session_token) {
    const GateSession *session = session_own(ctx);
    const Entity *account;
    if (!session) return session_none(ctx);
    TRY(passkey_enough(ctx, AUTHN_MAIL));
    TRY(password_shown(ctx, session->account, password, &account));
    return session_stepped_up(ctx, account, (SessionBy){.means = MEANS_PASSWORD}, session_token);
}
