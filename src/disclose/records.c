/* records: groups of records that look the same, and how many of each leave. */
#include "disclose.h"

#include <stdlib.h>
#include <string.h>

/* ---- the seed ---- */

/* Uniform in [0, below) to within 2^-32, below < 2^32; the same for the same words. */
static int64_t draw(Str seed, Str words, int64_t below) {
    Digest digest = hash_hmac(seed, words);
    uint64_t value = 0;
    memcpy(&value, digest.bytes, sizeof value);
    return (int64_t)(value % (uint64_t)below);
}

static Str group_words(Arena *arena, const DiscloseMonth *month, const DiscloseGroup *group) {
    return str_fmt(arena, "rows/" STR_FMT "/%zu/%zu", STR_ARG(month->name), group->district,
                   group->class);
}

/* ---- groups ---- */

/* The work on one month. */
typedef struct Grouping {
    Arena *arena;
    const DiscloseMonth *month;
    Str seed;
    int64_t k;
    int64_t *slack; /* districts + 1: by how much the count exceeds twice the rows */
    DiscloseGroups *out;
} Grouping;

static int64_t count_at(const Grouping *g, size_t district, size_t class) {
    return g->month->counts[district * g->month->classes + class];
}

static bool is_open(const Grouping *g, size_t district, size_t class) {
    return g->out->of[district * g->month->classes + class] == DISCLOSE_OTHER;
}

/* The share of a pool: everything still open within what it spans. */
typedef struct Pool {
    size_t district, class; /* DISCLOSE_OTHER: all that are open */
} Pool;

static bool pool_has(const Grouping *g, Pool pool, size_t district, size_t class) {
    return (pool.district == DISCLOSE_OTHER || pool.district == district) &&
           (pool.class == DISCLOSE_OTHER || pool.class == class) && is_open(g, district, class);
}

static int64_t pool_sum(const Grouping *g, Pool pool) {
    int64_t sum = 0;
    for (size_t d = 0; d < g->month->districts; d++)
        for (size_t c = 0; c < g->month->classes; c++)
            if (pool_has(g, pool, d, c)) sum += count_at(g, d, c);
    return sum;
}

static void pool_take(Grouping *g, Pool pool, size_t index) {
    for (size_t d = 0; d < g->month->districts; d++)
        for (size_t c = 0; c < g->month->classes; c++)
            if (pool_has(g, pool, d, c)) g->out->of[d * g->month->classes + c] = index;
}

/* Makes a group of a pool if enough of both the group and the slack is there. */
static void pool_form(Grouping *g, Pool pool) {
    const DiscloseMonth *month = g->month;
    size_t n = month->districts;
    DiscloseGroup group = {.district = pool.district, .class = pool.class};
    group.everybody = pool_sum(g, pool);
    int64_t most = group.everybody / 2;
    int64_t month_most = (g->slack[n] - g->k) / 2;
    if (most > month_most && month->marks[n] == DISCLOSE_SHOWN) most = month_most;
    if (pool.district != DISCLOSE_OTHER && most > (g->slack[pool.district] - g->k) / 2)
        most = (g->slack[pool.district] - g->k) / 2;
    if (most < g->k) return;
    group.rows = g->k + draw(g->seed, group_words(g->arena, month, &group), most - g->k + 1);
    g->slack[n] -= 2 * group.rows;
    if (pool.district != DISCLOSE_OTHER) g->slack[pool.district] -= 2 * group.rows;
    pool_take(g, pool, g->out->groups.len);
    vec_push(g->arena, &g->out->groups, group);
}

static void slack_begin(Grouping *g) {
    size_t n = g->month->districts;
    for (size_t d = 0; d < n; d++) {
        for (size_t c = 0; c < g->month->classes; c++)
            g->slack[d] += count_at(g, d, c);
        g->slack[n] += g->slack[d];
    }
}

void disclose_group(Arena *arena, const DiscloseMonth *month, Str seed, int64_t k,
                    DiscloseGroups *out) {
    assert(k > 0 && month->districts <= 1000 && month->classes <= 1000);
    size_t cells = month->districts * month->classes;
    *out = (DiscloseGroups){.of = NEW_ARRAY(arena, size_t, cells)};
    for (size_t i = 0; i < cells; i++)
        out->of[i] = DISCLOSE_OTHER;
    Grouping g = {.arena = arena, .month = month, .seed = seed, .k = k, .out = out};
    g.slack = NEW_ARRAY(arena, int64_t, month->districts + 1);
    slack_begin(&g);
    for (size_t d = 0; d < month->districts; d++) {
        if (month->marks[d] != DISCLOSE_SHOWN) continue;
        for (size_t c = 0; c < month->classes; c++)
            pool_form(&g, (Pool){d, c});
        pool_form(&g, (Pool){d, DISCLOSE_OTHER});
    }
    if (month->marks[month->districts] != DISCLOSE_SHOWN) return;
    for (size_t c = 0; c < month->classes; c++)
        pool_form(&g, (Pool){DISCLOSE_OTHER, c});
    pool_form(&g, (Pool){DISCLOSE_OTHER, DISCLOSE_OTHER});
}

/* ---- drawing ---- */

typedef struct Ticket {
    Digest rank;
    Str id;
} Ticket;

static int ticket_cmp(const void *a, const void *b) {
    const Ticket *left = a, *right = b;
    return memcmp(left->rank.bytes, right->rank.bytes, sizeof left->rank.bytes);
}

void disclose_draw(Arena *arena, const DiscloseGroup *group, Str seed, const StrVec *ids,
                   StrVec *drawn) {
    *drawn = (StrVec){0};
    if ((int64_t)ids->len < group->rows) return;
    Ticket *tickets = NEW_ARRAY(arena, Ticket, ids->len);
    for (size_t i = 0; i < ids->len; i++)
        tickets[i] = (Ticket){hash_hmac(seed, ids->items[i]), ids->items[i]};
    qsort(tickets, ids->len, sizeof *tickets, ticket_cmp);
    for (int64_t i = 0; i < group->rows; i++)
        vec_push(arena, drawn, tickets[i].id);
}

size_t disclose_anonymity(Arena *arena, const StrVec *rows) {
    Map sizes = map_new(arena);
    size_t least = rows->len;
    for (size_t i = 0; i < rows->len; i++) {
        size_t *size = map_get(&sizes, rows->items[i]);
        if (!size) map_put(&sizes, rows->items[i], size = NEW(arena, size_t));
        (*size)++;
    }
    for (size_t i = 0; i < sizes.len; i++)
        if (*(const size_t *)sizes.items[i].value < least)
            least = *(const size_t *)sizes.items[i].value;
    return least;
}
