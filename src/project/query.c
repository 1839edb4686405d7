/* query: the newest state: what the working set holds above the state's rows first, then the rows;
   match decides each candidate on what the view leaves of it. */
#include "project_int.h"

#include <stdlib.h>

/* Beyond so many newer versions the next query is spared to look at them all. */
enum {
    DEADLINE_EVERY = 256,
    WALKED_FAR = 10000,
    REMEMBER_MAX = 128,
    NEWER_MANY = 256,
    ORDERED_BYTES = 1 << 30
};

typedef struct Querying {
    Ctx *ctx;
    Project *project;
    const ProjectQuery *query;
    ProjectAnswer *out;
    VEC(const Entity *) newer; /* hits among versions above the rows, by id */
    Map seen;                  /* ids of all versions above the rows, deleted ones too */
    size_t next_newer, skipped;
    uint64_t above;  /* where the state was before anything was read */
    uint64_t sifted; /* entities that the store decided against for want of an index */
    bool keeps;      /* what is kept may stand for an entity */
    Rc rc;
} Querying;

/* entity or kept. */
typedef struct Hit {
    ProjectFound found;
    const Entity *entity;
    const Str *kept;
} Hit;

/* The entity as the actor may see it, if it satisfies the query; NULL otherwise. */
static const Entity *decide(Querying *q, const Entity *entity) {
    q->out->scanned++;
    const Entity *shown =
        q->query->view ? q->query->view(q->ctx, q->query->view_arg, entity) : entity;
    bool withheld = !shown && q->keeps && match_entity(q->query->match, entity, q->ctx->scratch);
    q->out->withheld = q->out->withheld || withheld;
    if (!shown) return NULL;
    return !q->query->match || match_entity(q->query->match, shown, q->ctx->scratch) ? shown : NULL;
}

static bool newer_entity(void *arg, Str id, const Entity *entity) {
    Querying *q = arg;
    map_put(&q->seen, str_dup(q->ctx->arena, id), q);
    if (!str_empty(q->query->after) && str_cmp(id, q->query->after) <= 0) return true;
    ArenaMark mark = arena_mark(q->ctx->arena);
    const Entity *hit = entity ? decide(q, entity) : NULL;
    if (!hit) arena_rewind(q->ctx->arena, mark);
    if (hit) vec_push(q->ctx->arena, &q->newer, entity_dup(q->ctx->arena, hit));
    return true;
}

static int by_id(const void *a, const void *b) {
    return str_cmp((*(const Entity *const *)a)->id, (*(const Entity *const *)b)->id);
}

/* With an order of its own or a count the whole result is collected; else the page is all that is
 * wanted. */
static bool want_all(const ProjectQuery *query) {
    return query->count || query->order;
}

/* Of pages near the beginning all hits up to the one behind are listed. */
static bool lists(const Querying *q) {
    return q->keeps && q->query->offset + q->query->limit <= REMEMBER_MAX &&
           q->out->found.len < q->query->offset + q->query->limit + 1;
}

/* What is put in order lies in memory all at once. */
static bool ordered_fits(Querying *q) {
    if (arena_held(q->ctx->arena) <= ORDERED_BYTES) return true;
    q->rc = ctx_fail(q->ctx, RC_LIMIT, "too-complex", STR("orderBy"),
                     "These are too many entities to be put in order: ask for fewer, or without "
                     "orderBy.");
    return false;
}

/* Takes one hit in order of ids; false when the page is full and nothing more is needed. */
static bool take(Querying *q, Hit hit) {
    const ProjectQuery *query = q->query;
    Arena *arena = q->ctx->arena;
    q->out->count++;
    if (lists(q)) vec_push(arena, &q->out->found, hit.found);
    if (query->order) {
        vec_push(arena, &q->out->entities, hit.entity);
        return ordered_fits(q);
    }
    if (q->skipped < query->offset) {
        q->skipped++;
        return true;
    }
    if (q->out->entities.len < query->limit) {
        vec_push(arena, &q->out->entities, hit.entity);
        if (q->keeps) vec_push(arena, &q->out->kept, hit.kept);
        return true;
    }
    q->out->more = true;
    return want_all(query);
}

/* Newer hits whose id comes before this row's are taken first, so that pages follow one order. */
static bool take_newer(Querying *q, Str before) {
    while (q->next_newer < q->newer.len) {
        const Entity *hit = q->newer.items[q->next_newer];
        if (before.len && str_cmp(hit->id, before) >= 0) return true;
        q->next_newer++;
        Hit one = {.found = {hit->id, hit->version}, .entity = hit};
        if (!take(q, one)) return false;
    }
    return true;
}

/* What was drawn of this very version for the same sight: it was seen then, so it is seen now, and
 * the row says that it is of the type. */
static const Str *kept_of(const Querying *q, const EntityRow *row) {
    if (!q->keeps) return NULL;
    const Version *version = ledger_version(q->project->tenant->ledger, row->id);
    bool same = version && !version_gone(version) && version_position(version) == row->position;
    return same ? version_rendered(version, q->query->kept) : NULL;
}

/* One that can't be read takes no other answer with it. */
static bool row_refused(Querying *q, const EntityRow *row) {
    Ctx *ctx = q->ctx;
    if (!ledger_refuses(q->rc, &ctx->error)) return false;
    log_error("project", STR_FMT " can't be read and is left out of answers: " STR_FMT,
              STR_ARG(row->id), STR_ARG(ctx->error.detail));
    ctx->error = (Error){0};
    q->rc = RC_OK;
    return true;
}

static bool row_open(Querying *q, const EntityRow *row) {
    Entity *entity;
    ArenaMark mark = arena_mark(q->ctx->arena);
    q->rc = ledger_record_open(q->ctx, q->project->tenant->ledger, row->body, &entity);
    if (q->rc != RC_OK) return row_refused(q, row);
    const Entity *hit = decide(q, entity);
    bool listed = hit && lists(q);
    bool in_page = hit && q->keeps && q->skipped >= q->query->offset;
    size_t held = q->out->entities.len;
    if ((listed || in_page) && q->query->limit <= REMEMBER_MAX)
        ledger_remember(q->project->tenant->ledger, row, q->above);
    bool more = !hit || take(q, (Hit){.found = {entity->id, row->position}, .entity = hit});
    if (!listed && q->out->entities.len == held) arena_rewind(q->ctx->arena, mark);
    return more;
}

static bool row(void *arg, const EntityRow *row) {
    Querying *q = arg;
    if (q->out->scanned % DEADLINE_EVERY == 0) q->rc = ctx_check_deadline(q->ctx);
    if (q->rc != RC_OK || !take_newer(q, row->id)) return false;
    if (map_has(&q->seen, row->id)) return true;
    const Str *kept = kept_of(q, row);
    if (kept) {
        q->out->scanned++;
        ProjectFound found = {str_dup(q->ctx->arena, row->id), row->position};
        return take(q, (Hit){.found = found, .kept = kept});
    }
    return row_open(q, row);
}

/* A walk that decided many and took few: the next query of the kind has an index. */
static void want_indexes(const Querying *q) {
    uint64_t walked = q->out->scanned + q->sifted;
    if (!q->query->match || walked < WALKED_FAR || q->out->count > walked / 4) return;
    VEC_EACH (const MatchBound, bound, &match_hint(q->query->match)->bounds)
        if (bound->op != MATCH_EXISTS) project_index(q->project, bound->attr);
}

static Rc collect(Querying *q) {
    Ctx *ctx = q->ctx;
    q->seen = map_new(ctx->arena);
    q->above = project_reached(q->project);
    const MatchHint *hint = q->query->match ? match_hint(q->query->match) : NULL;
    OverlayAsk newer = {.above = q->above, .types = hint ? &hint->types : NULL};
    TRY(ledger_overlay(ctx, q->project->tenant->ledger, &newer, newer_entity, q));
    if (q->seen.len > NEWER_MANY) project_hurry(q->project);
    if (q->newer.len) qsort(q->newer.items, q->newer.len, sizeof *q->newer.items, by_id);
    EntityScan scan = {.hint = hint,
                       .after = q->query->after,
                       .sifted = &q->sifted,
                       .wanted = want_all(q->query) ? 0 : q->query->offset + q->query->limit + 1};
    Rc rc = reader_entities(ctx, ctx->db, &scan, row, q);
    want_indexes(q); /* also where the walk was too long for the deadline */
    TRY(rc);
    TRY(q->rc);
    (void)take_newer(q, STR_NONE);
    return q->rc;
}

static int by_order(const void *a, const void *b, void *order) {
    return match_compare(order, *(const Entity *const *)a, *(const Entity *const *)b);
}

static void sort_and_cut(Querying *q) {
    const ProjectQuery *query = q->query;
    ProjectAnswer *out = q->out;
    if (!query->order) return;
    if (out->entities.len)
        qsort_r(out->entities.items, out->entities.len, sizeof *out->entities.items, by_order,
                (void *)query->order);
    size_t from = query->offset < out->entities.len ? query->offset : out->entities.len;
    size_t left = out->entities.len - from;
    out->more = left > query->limit;
    out->entities.items += from;
    out->entities.len = out->more ? query->limit : left;
    out->entities.cap = out->entities.len;
}

/* Rows are read after the overlay: a version that the projection writes in between is in both, and
 * `seen` keeps it from counting twice. */
Rc project_query(Ctx *ctx, Project *project, const ProjectQuery *query, ProjectAnswer *out) {
    *out = (ProjectAnswer){0};
    Querying q = {.ctx = ctx, .project = project, .query = query, .out = out};
    q.keeps = query->kept && !query->order && query->match && match_hint_is_all(query->match);
    TRY(collect(&q));
    sort_and_cut(&q);
    return RC_OK;
}
