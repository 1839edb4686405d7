#include "gate_int.h"

#define SESSION_COOKIE "machi_session"
#define BROWSER_COOKIE "machi_browser"

enum { BROWSER_CHARS = 26, MARK_CHARS = 6, RESIDENT_SENDS = 300 };

void gate_set_cookie(HttpExchange *x, Str session_token, bool secure) {
    http_set_cookie(x, (HttpSetCookie){.name = SESSION_COOKIE,
                                       .value = session_token,
                                       .max_age = str_empty(session_token) ? 0 : -1,
                                       .secure = secure});
}

static Str form_secret(Ctx *ctx) {
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("csrf"), ctx->actor->browser);
    return hash_base32(ctx->arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, BROWSER_CHARS);
}

static Str post_mark(Ctx *ctx, Str post) {
    Digest digest = hash_sha256(post);
    return hash_base32(ctx->arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, MARK_CHARS);
}

/* An official's form says also under which post it was drawn. */
Str gate_csrf(Ctx *ctx) {
    Str secret = form_secret(ctx), post = ctx->actor->post;
    if (ctx->actor->kind != ACTOR_STAFF || str_empty(post)) return secret;
    return str_fmt(ctx->arena, STR_FMT "-" STR_FMT, STR_ARG(secret), STR_ARG(post_mark(ctx, post)));
}

/* A browser that is not signed in gets a secret of its own, to which its forms and its draft are
 * bound. */
static Str browser_secret(HttpExchange *x, bool secure) {
    Ctx *ctx = http_ctx(x);
    Str cookie = http_cookie(x, BROWSER_COOKIE);
    if (cookie.len == BROWSER_CHARS) return cookie;
    Str fresh = rand_id(ctx->rand, ctx->arena, BROWSER_CHARS);
    http_set_cookie(x, (HttpSetCookie){.name = BROWSER_COOKIE,
                                       .value = fresh,
                                       .max_age = INT64_C(30) * 86400,
                                       .secure = secure});
    return fresh;
}

/* RC_DENIED for a bearer token that is wrong: it is never treated as nobody. */
static Rc actor_find(HttpExchange *x, Actor *actor, bool secure) {
    Ctx *ctx = http_ctx(x);
    Gate *gate = ctx->tenant->gate;
    *actor = (Actor){.kind = ACTOR_NOBODY, .stepped_up_at = TIME_NONE};
    Str authorization = http_header(x, "authorization");
    if (!str_empty(authorization)) {
        Str token = str_sub(authorization, 7, authorization.len);
        bool bearer = str_eq_nocase(str_sub(authorization, 0, 7), STR("Bearer "));
        if (bearer && token_actor(ctx, gate, token, actor)) return RC_OK;
        return ctx_fail(
            ctx, RC_DENIED, "bad-token", STR("Authorization"),
            "This bearer token is unknown or has expired: make another with `machi token`.");
    }
    Str cookie = http_cookie(x, SESSION_COOKIE);
    if (!str_empty(cookie) && session_actor(ctx, gate, cookie, actor)) {
        actor->browser = session_browser(cookie);
        return RC_OK;
    }
    *actor = (Actor){.kind = ACTOR_NOBODY, .stepped_up_at = TIME_NONE};
    if (!(http_route(x)->access & (GATE_API | GATE_QUIET)))
        actor->browser = browser_secret(x, secure);
    return RC_OK;
}

static bool kind_admitted(unsigned access, const Actor *actor) {
    if (access & GATE_PUBLIC) return true;
    unsigned kinds = (actor->kind == ACTOR_RESIDENT ? GATE_RESIDENT : 0u) |
                     (actor->kind == ACTOR_STAFF ? GATE_STAFF : 0u) |
                     (actor->kind == ACTOR_SERVICE ? GATE_SERVICE : 0u);
    return (access & kinds) != 0;
}

/* A password that somebody else knows opens the page on which it is replaced, and what anybody may
 * keep. */
static Rc first_check(Ctx *ctx, unsigned access) {
    if (!gate_first(ctx) || access & (GATE_FIRST | GATE_QUIET)) return RC_OK;
    if (gate_by_code(ctx))
        return ctx_fail(ctx, RC_DENIED, "first-way", STR_NONE,
                        "Choose first how you sign in from now on.");
    return ctx_fail(ctx, RC_DENIED, "first-password", STR_NONE,
                    "Choose a password of your own first: this one was made for you.");
}

static Rc passkey_check(Ctx *ctx, unsigned access) {
    if (!gate_needs_passkey(ctx) || access & (GATE_FIRST | GATE_WAY | GATE_QUIET)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "needs-passkey", STR_NONE,
                    "Your account comes in by a passkey: show yours, or register one.");
}

/* What any official may see is the city's own: a contractor is let in where its role is named,
   where residents are, and to what is about itself. */
static bool contractor_admitted(unsigned access, const Actor *actor) {
    bool contractor = actor->kind == ACTOR_STAFF && actor->roles & 1u << ROLE_CONTRACTOR;
    return !contractor || gate_access_roles(access) ||
           access & (GATE_PUBLIC | GATE_RESIDENT | GATE_SELF);
}

Rc door_check(Ctx *ctx, unsigned access, const Actor *actor) {
    unsigned roles = gate_access_roles(access);
    TRY(first_check(ctx, access));
    TRY(passkey_check(ctx, access));
    if (actor->roles & 1u << ROLE_SANDBOX) return RC_OK;
    if (!kind_admitted(access, actor) && actor->kind == ACTOR_NOBODY)
        return ctx_fail(ctx, RC_DENIED, "needs-sign-in", STR_NONE,
                        access & GATE_API ? "Send a bearer token." : "Sign in to see this page.");
    bool roles_ok = !roles || (access & GATE_PUBLIC) || (actor->roles & roles);
    if (!kind_admitted(access, actor) || !roles_ok || !contractor_admitted(access, actor))
        return ctx_fail(ctx, RC_DENIED, "not-permitted", STR_NONE,
                        "This is not for your account. If you hold another post, change to it.");
    if (!(access & GATE_STEP_UP)) return RC_OK;
    if (gate_stepped_up(ctx, actor)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "needs-step-up", STR_NONE, "Confirm your identity once more.");
}

/* What was drawn under a post that has ended is not done under another one unseen. */
static Rc drawn_check(Ctx *ctx, Str said) {
    Str mark = said.len > BROWSER_CHARS ? str_sub(said, BROWSER_CHARS + 1, said.len) : STR_NONE;
    if (ctx->actor->kind != ACTOR_STAFF || !ctx->actor->session || str_empty(mark)) return RC_OK;
    VEC_EACH (const Str, post, &ctx->actor->session->posts)
        if (str_eq(post_mark(ctx, *post), mark)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "post-ended", STR("post"),
                    "The post under which you opened this is no longer yours, and nothing was "
                    "done. You act under another of your posts now: open the page again.");
}

/* Every form proves that it was drawn by us for this browser. */
static Rc csrf_check(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    if (!(http_route(x)->access & GATE_FORM) || http_method(x) != HTTP_POST) return RC_OK;
    TRY(http_form(x, &form));
    Str said = http_form_value(form, "csrf");
    bool way = http_route(x)->access & (GATE_FIRST | GATE_WAY); /* one may always go */
    if (hash_same(str_head(said, BROWSER_CHARS), form_secret(ctx)))
        return way ? RC_OK : drawn_check(ctx, said);
    return ctx_fail(
        ctx, RC_DENIED, "stale-form", STR_NONE,
        "This form is older than your session: go back, reload the page and send it again.");
}

Rc gate_lend_reader(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Gate *gate = ctx->tenant->gate;
    int thread = http_thread(x);
    assert(thread >= 0 && thread < GATE_THREADS);
    Reader **reader = &gate->readers[thread];
    if (!*reader) TRY(reader_open(ctx, ledger_store(ctx->tenant->ledger), reader));
    ctx->db = *reader;
    return RC_OK;
}

/* Pages state the purpose for which they are made; an API request names one that residents can
   read. */
static Rc purpose_take(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str code = http_header(x, "machi-purpose");
    if (str_empty(code) || !(http_route(x)->access & GATE_API)) return RC_OK;
    const GatePurpose *purpose = gate_purpose(ctx->tenant->gate, code);
    if (!purpose)
        return ctx_fail(ctx, RC_INVALID, "no-purpose", STR("Machi-Purpose"),
                        "The city lists no such purpose: see organisation.json.");
    ctx->purpose = purpose->code;
    return RC_OK;
}

static Digest pace_key(const char *kind, const void *of, size_t len) {
    const Str parts[] = {str_of(kind), {of, len}};
    return hash_sha256_parts(parts, 2);
}

/* Of a request that sends something, the network or the resident; of one that reads what is
   counted, the network. Officials and services act by what was given to them. */
static bool pace_of(const GateDoor *door, HttpExchange *x, Pace *out) {
    Ctx *ctx = http_ctx(x);
    const Actor *actor = ctx->actor;
    bool sends = http_method(x) != HTTP_GET && http_method(x) != HTTP_HEAD;
    if (actor->kind == ACTOR_RESIDENT && sends) {
        Digest key = pace_key("account", actor->id.ptr, actor->id.len);
        *out = (Pace){key, RESIDENT_SENDS, "account"};
        return true;
    }
    bool counts = sends || http_route(x)->access & GATE_COUNTED;
    if (actor->kind != ACTOR_NOBODY || !counts || host_is_many(door, x, actor->client))
        return false;
    uint64_t network = http_network(str_z(ctx->arena, actor->client));
    Digest key = pace_key(sends ? "sends" : "reads", &network, sizeof network);
    *out = (Pace){key, sends ? door->network_sends : door->network_reads, "network"};
    return true;
}

static Rc pace_check(const GateDoor *door, HttpExchange *x) {
    Pace pace;
    int wait;
    if (!pace_of(door, x, &pace)) return RC_OK;
    Rc rc = try_pace(http_ctx(x), &pace, &wait);
    if (rc != RC_OK) http_set_header(x, "Retry-After", str_fmt(http_ctx(x)->arena, "%d", wait));
    return rc;
}

static Rc door_pass(GateDoor *door, HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str name = http_header(x, "ngsild-tenant");
    ctx->tenant = door->tenant(door->arg, name);
    if (!ctx->tenant)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-tenant", STR("NGSILD-Tenant"),
                        "There is no tenant \"" STR_FMT "\".", STR_ARG(name));
    if (http_route(x)->place != HTTP_LOOP) TRY(gate_lend_reader(x));
    Actor *actor = NEW(ctx->arena, Actor);
    ctx->actor = actor;
    TRY(actor_find(x, actor, door->secure));
    actor->client = host_client(door, x);
    bool page = actor->session && !(http_route(x)->access & GATE_API);
    actor->glass = page ? GLASS_PAGE : GLASS_NO;
    if (ctx->tenant->sandbox) actor->roles |= 1u << ROLE_SANDBOX;
    TRY(pace_check(door, x));
    TRY(door_check(ctx, http_route(x)->access, actor));
    TRY(purpose_take(x));
    bool pool = http_route(x)->place != HTTP_LOOP;
    if (pool && actor->shifted) session_post_keep(ctx); /* pages say under which he acts now */
    TRY(csrf_check(x));
    if (pool) session_seen(ctx);
    return RC_OK;
}

bool gate_foreign(const GateDoor *door, HttpExchange *x) {
    if (host_allowed(door, http_header(x, "host"))) return false;
    http_answer(x, 421, STR("text/plain; charset=utf-8"),
                STR("This city is not served under that name. The operator lists its public "
                    "names in the setting http.hosts.\n"));
    return true;
}

bool gate_before(void *arg, HttpExchange *x) {
    GateDoor *door = arg;
    if (gate_foreign(door, x)) return true;
    if (door_pass(door, x) == RC_OK) return false;
    door->refuse(x, &http_ctx(x)->error);
    return true;
}
