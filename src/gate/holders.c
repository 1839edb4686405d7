/* holders: which officials hold which posts. Accounts are sealed, so no index finds them by post:
   all are read at the first ask, and what is changed of one is read again when it is committed.
   What they hold by duties is looked up at each ask. */
#include "gate_int.h"

#include <stdlib.h>

enum { HOLDERS_ARENA = 256 << 20 };

/* Who may come in, and what his account has. */
typedef struct Held {
    GateHolder holder;
    bool comes; /* he wasn't shut out */
} Held;

struct Holders {
    pthread_mutex_t reading; /* held while all are read: nobody is answered from a part of them */
    pthread_mutex_t lock;    /* guards all below */
    Arena *arena;
    VEC(Held) list; /* one without posts holds none any more, nor by duties */
    bool read;
};

void holders_open(Gate *gate) {
    struct Holders *holders = mem_zero(sizeof *holders);
    pthread_mutex_init(&holders->reading, NULL);
    pthread_mutex_init(&holders->lock, NULL);
    holders->arena = arena_new(HOLDERS_ARENA);
    gate->holders = holders;
}

void holders_close(Gate *gate) {
    struct Holders *holders = gate->holders;
    if (!holders) return;
    gate->holders = NULL;
    pthread_mutex_destroy(&holders->lock);
    pthread_mutex_destroy(&holders->reading);
    arena_free(holders->arena);
    mem_free(holders);
}

/* Officials alone; NULL: no official, who never was one. */
static Held *held_of(struct Holders *holders, Str account, bool official) {
    VEC_EACH (Held, one, &holders->list)
        if (str_eq(one->holder.account, account)) return one;
    if (!official) return NULL;
    return vec_push(holders->arena, &holders->list,
                    (Held){.holder.account = str_dup(holders->arena, account)});
}

/* As the account is now: of two threads that have changed it the later one counts. */
static Rc holder_take(Ctx *ctx, struct Holders *holders, Str id) {
    const Entity *account = NULL;
    StrVec posts = {0};
    pthread_mutex_lock(&holders->lock);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &account);
    bool official =
        rc == RC_OK && str_eq(entity_text(account, GATE_IRI("accountKind")), STR("staff"));
    Held *held = held_of(holders, id, official);
    if (held) held->comes = rc == RC_OK && !account_disabled(account);
    if (held && held->comes) {
        account_strings(holders->arena, account, GATE_IRI("posts"), &posts);
        held->holder.name = str_dup(holders->arena, entity_text(account, GATE_IRI("displayName")));
    }
    if (held) held->holder.posts = posts;
    pthread_mutex_unlock(&holders->lock);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static bool read_set(struct Holders *holders, bool read) {
    pthread_mutex_lock(&holders->lock);
    bool before = holders->read;
    holders->read = read;
    pthread_mutex_unlock(&holders->lock);
    return before;
}

void holders_changed(Ctx *ctx, Str account) {
    struct Holders *holders = ctx->tenant->gate->holders;
    Ctx own = *ctx; /* why the change failed stays as it was told */
    if (holder_take(&own, holders, account) != RC_OK)
        (void)read_set(holders, false); /* it can't be read now: with all others at the next ask */
}

static Rc account_take(Ctx *ctx, void *arg, const Entity *account) {
    bool official = str_eq(entity_text(account, GATE_IRI("accountKind")), STR("staff"));
    return official ? holder_take(ctx, arg, account->id) : RC_OK;
}

static Rc holders_read(Ctx *ctx, struct Holders *holders) {
    if (!ctx->tenant->project) return RC_OK;
    pthread_mutex_lock(&holders->reading);
    bool read = read_set(holders, true); /* what can't be noted from here on takes it back */
    Rc rc =
        read ? RC_OK
             : project_each(ctx, &(ProjectWish){.type = STR(ACCOUNT_TYPE)}, account_take, holders);
    if (rc != RC_OK) (void)read_set(holders, false);
    pthread_mutex_unlock(&holders->reading);
    return rc;
}

static bool post_asked(const StrVec *posts, Str post) {
    if (!posts) return true;
    VEC_EACH (const Str, one, posts)
        if (str_eq(*one, post)) return true;
    return false;
}

/* Posts that are no more are none; duties are beside posts of one's own: without these, or to a
   contractor, they give nothing. Its texts are those that are kept. */
static GateHolder holder_today(const Ctx *ctx, const GateHolder *kept, const GateDuties *running) {
    Arena *arena = ctx->arena;
    GateHolder copy = {.account = kept->account, .name = kept->name};
    VEC_EACH (const Str, post, &kept->posts)
        if (!gate_post_gone(ctx->tenant->gate, *post, time_now(ctx->clock)))
            vec_push(arena, &copy.posts, *post);
    copy.own = copy.posts.len;
    bool contractor = posts_roles(ctx->tenant->gate, &copy.posts) & 1u << ROLE_CONTRACTOR;
    VEC_EACH (const GateDuty, duty, running)
        if (copy.own && !contractor && str_eq(duty->official, kept->account) &&
            !post_asked(&copy.posts, duty->post))
            vec_push(arena, &copy.posts, duty->post);
    return copy;
}

static void holder_copy(Arena *arena, GateHolder holder, GateHolders *out) {
    holder.account = str_dup(arena, holder.account);
    holder.name = str_dup(arena, holder.name);
    VEC_EACH (Str, post, &holder.posts)
        *post = str_dup(arena, *post);
    vec_push(arena, out, holder);
}

static bool holds_one(const GateHolder *holder, const StrVec *posts) {
    VEC_EACH (const Str, post, &holder->posts)
        if (post_asked(posts, *post)) return true;
    return false;
}

bool gate_holder_same(Ctx *ctx, const Entity *account, const GateHolder *before) {
    StrVec posts = {0};
    if (!account || account_disabled(account)) return false;
    account_strings(ctx->arena, account, GATE_IRI("posts"), &posts);
    posts_standing(ctx->arena, ctx->tenant->gate, time_now(ctx->clock), &posts);
    bool same = posts.len == before->own;
    for (size_t i = 0; same && i < posts.len; i++)
        same = str_eq(posts.items[i], before->posts.items[i]);
    return same;
}

static int by_account(const void *a, const void *b) {
    return str_cmp(((const GateHolder *)a)->account, ((const GateHolder *)b)->account);
}

Rc gate_holders(Ctx *ctx, const StrVec *posts, GateHolders *out) {
    struct Holders *holders = ctx->tenant->gate->holders;
    GateDuties running;
    *out = (GateHolders){0};
    TRY(holders_read(ctx, holders));
    duty_running(ctx, STR_NONE, &running);
    pthread_mutex_lock(&holders->lock);
    VEC_EACH (const Held, one, &holders->list) {
        if (!one->comes) continue;
        GateHolder holder = holder_today(ctx, &one->holder, &running);
        if (holds_one(&holder, posts)) holder_copy(ctx->arena, holder, out);
    }
    pthread_mutex_unlock(&holders->lock);
    if (out->len) qsort(out->items, out->len, sizeof *out->items, by_account);
    return RC_OK;
}
