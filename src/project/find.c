/* find: the house's own questions about entities, in the core context's terms. */
#include "project_int.h"

enum { PAGE = 500 };
static const size_t page_arena = 512u << 20; /* addresses; what a page needs is used */

Rc project_find(Ctx *ctx, const ProjectWish *wish, ProjectAnswer *out) {
    Match *match;
    OrderBy *order = NULL;
    MatchSource source = {.type = wish->type, .q = wish->q};
    OrderSource by = {.order_by = wish->order_by};
    TRY(match_compile(ctx, ld_core(), &source, &match));
    Rc rc = str_empty(wish->order_by) ? RC_OK : match_order(ctx, ld_core(), &by, &order);
    ProjectQuery query = {.match = match,
                          .order = order,
                          .limit = wish->limit,
                          .offset = wish->offset,
                          .after = wish->after,
                          .count = wish->count,
                          .view = wish->view,
                          .view_arg = wish->view_arg};
    if (rc == RC_OK) rc = project_query(ctx, ctx->tenant->project, &query, out);
    match_order_free(order);
    match_free(match);
    return rc;
}

/* ---- all of a type ---- */

typedef struct Walk {
    ProjectQuery query;
    ProjectEach each;
    void *arg;
} Walk;

/* Leaves in `after` where the next page begins, empty at the end. */
static Rc walk_page(Ctx *ctx, const Walk *walk, Buf *after) {
    ProjectAnswer answer = {0};
    ProjectQuery query = walk->query;
    query.after = buf_str(after);
    TRY(ctx_check_deadline(ctx));
    TRY(project_query(ctx, ctx->tenant->project, &query, &answer));
    for (size_t i = 0; i < answer.entities.len; i++)
        TRY(walk->each(ctx, walk->arg, answer.entities.items[i]));
    buf_clear(after);
    if (answer.more) buf_add(after, answer.entities.items[answer.entities.len - 1]->id);
    return buf_rc(after);
}

static Rc walk_pages(Ctx *ctx, const Walk *walk) {
    Ctx inside = *ctx;
    Buf after = buf_new(NULL, LD_IRI_MAX);
    Rc rc;
    inside.arena = arena_new(page_arena);
    do {
        rc = walk_page(&inside, walk, &after);
        if (rc != RC_OK) ctx_keep_error(ctx, &inside.error);
        arena_reset(inside.arena);
    } while (rc == RC_OK && buf_str(&after).len);
    arena_free(inside.arena);
    buf_free(&after);
    return rc;
}

Rc project_each(Ctx *ctx, const ProjectWish *wish, ProjectEach each, void *arg) {
    Match *match;
    MatchSource source = {.type = wish->type, .q = wish->q};
    TRY(match_compile(ctx, ld_core(), &source, &match));
    Walk walk = {
        .query = {.match = match, .limit = PAGE, .view = wish->view, .view_arg = wish->view_arg},
        .each = each,
        .arg = arg};
    Rc rc = walk_pages(ctx, &walk);
    match_free(match);
    return rc;
}
