#include "project_int.h"

Space project_space(const char *follower) {
    return (Space){STORE_STATE, str_of(follower)};
}

Rc rows_put(Ctx *ctx, Rows *rows, Str key, Str value) {
    return batch_put(ctx, rows->batch, rows->space, &(Item){.key = key, .value = value});
}

Rc rows_delete(Ctx *ctx, Rows *rows, Str key) {
    return batch_delete(ctx, rows->batch, rows->space, key);
}

Rc rows_get(Ctx *ctx, Rows *rows, Str key, Str *value) {
    return batch_item(ctx, rows->batch, rows->space, key, value);
}

Rc rows_delete_prefix(Ctx *ctx, Rows *rows, Str prefix) {
    return batch_delete_range(ctx, rows->batch,
                              &(ItemRange){.space = rows->space, .prefix = prefix});
}

typedef struct Showing {
    RowsEach each;
    void *arg;
} Showing;

static bool show(void *arg, const Item *item) {
    const Showing *showing = arg;
    return showing->each(showing->arg, item->key, item->value);
}

Rc rows_each(Ctx *ctx, Rows *rows, Str prefix, RowsEach each, void *arg) {
    Showing showing = {each, arg};
    ItemRange range = {.space = rows->space, .prefix = prefix};
    return batch_items(ctx, rows->batch, &range, show, &showing);
}

Rc project_rows(Ctx *ctx, Project *project, const RowsRange *range, RowsEach each, void *arg) {
    (void)project; /* rows are read through the thread's own reader */
    Showing showing = {each, arg};
    ItemRange items = {.space = project_space(range->follower),
                       .from = range->from,
                       .to = range->to,
                       .prefix = range->prefix,
                       .backwards = range->backwards,
                       .limit = range->limit};
    return reader_items(ctx, ctx->db, &items, show, &showing);
}

Rc project_row(Ctx *ctx, Project *project, const char *follower, Str key, Str *value) {
    (void)project;
    return reader_item(ctx, ctx->db, project_space(follower), key, value);
}
