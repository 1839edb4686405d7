/* page_bundle: one-stop procedures: what each part still asks, all answers before they are sent
 * together, and what became of them. */
#include "pages_int.h"

static Str part_url(Arena *arena, const Definition *definition, const char *rest) {
    return str_fmt(arena, "/procedures/" STR_FMT "%s", STR_ARG(definition->id), rest);
}

/* On the page of the bundle: what it can apply for today. Empty for any other procedure. */
void page_bundle_parts(HttpExchange *x, View *view, const Definition *definition) {
    Ctx *ctx = http_ctx(x);
    Date today = time_jst_date(time_now(ctx->clock));
    JsonItems items = {0};
    VEC_EACH (const BundlePart, part, &definition->parts) {
        const Definition *one =
            catalogue_current(procedures_catalogue(ctx->tenant), part->procedure, today);
        if (one) vec_push(view->arena, &items, *one->label.all);
    }
    view_items(view, "parts", &items);
}

/* ---- the check ---- */

static int64_t open_count(const Form *form) {
    int64_t n = 0;
    for (size_t i = 0; i < form->n; i++)
        n += form->answers[i].due && form->answers[i].fault;
    return n;
}

static Rc task_value(HttpExchange *x, const BundleTask *task, Json *out) {
    Arena *arena = http_ctx(x)->arena;
    View one = view_new(arena);
    bool ready = task->state == BUNDLE_READY;
    Str url = part_url(arena, task->definition, "");
    view_json(&one, "label", task->definition->label.all);
    view_bool(&one, "sent", task->state == BUNDLE_SENT);
    view_str(&one, "sign_in",
             task->state == BUNDLE_SIGN_IN ? str_fmt(arena, "/sign-in?next=" STR_FMT,
                                                     STR_ARG(http_url_encode(arena, http_path(x))))
                                           : STR_NONE);
    view_str(&one, "open",
             task->state == BUNDLE_OPEN ? page_draft_url(arena, &task->draft) : STR_NONE);
    view_int(&one, "left", open_count(&task->draft.form));
    view_bool(&one, "ready", ready);
    if (ready) {
        TRY(page_form_check(x, &one, &task->draft.form,
                            str_fmt(arena, STR_FMT "/ask/", STR_ARG(url)), url));
    } else {
        JsonItems none = {0};
        view_items(&one, "sections", &none);
        view_items(&one, "warnings", &none);
        view_bool(&one, "priced", false);
        view_int(&one, "fee", 0);
    }
    *out = view_value(&one);
    return RC_OK;
}

/* Who signed in meanwhile may begin what he couldn't. */
static Rc tasks_load(Ctx *ctx, const DefinedDraft *draft, BundleTasks *out) {
    bool begun = true;
    TRY(bundle_tasks(ctx, draft, out));
    VEC_EACH (const BundleTask, task, out)
        begun = begun && (task->state != BUNDLE_OPEN || !str_empty(task->draft.token));
    if (begun) return RC_OK;
    TRY(bundle_fill(ctx, draft));
    return bundle_tasks(ctx, draft, out);
}

void page_bundle_check(HttpExchange *x, View *view, const DefinedDraft *draft) {
    BundleTasks tasks;
    JsonItems items = {0};
    int64_t left = 0;
    Rc rc = tasks_load(http_ctx(x), draft, &tasks);
    for (size_t i = 0; rc == RC_OK && i < tasks.len; i++) {
        Json one;
        BundleState state = tasks.items[i].state;
        rc = task_value(x, &tasks.items[i], &one);
        left += state == BUNDLE_OPEN || state == BUNDLE_SIGN_IN;
        if (rc == RC_OK) vec_push(view->arena, &items, one);
    }
    view_json(view, "label", draft->definition->label.all);
    view_items(view, "tasks", &items);
    view_int(view, "left", left);
    if (rc == RC_OK)
        page_show(x, 200, WEB_PAGE_PROCEDURE_BUNDLE, view);
    else
        page_fail(x);
}

/* ---- what was sent ---- */

void page_bundle_sent(HttpExchange *x, const DefinedDraft *draft) {
    BundleReceipts receipts;
    JsonItems items = {0};
    View view = page_view(x);
    if (bundle_receipts(http_ctx(x), draft, &receipts) != RC_OK) {
        page_fail(x);
        return;
    }
    VEC_EACH (const BundleReceipt, one, &receipts) {
        View row = view_new(view.arena);
        view_json(&row, "label", one->definition->label.all);
        view_json(&row, "after", one->definition->after.all);
        view_str(&row, "number", one->receipt.number);
        view_str(&row, "url",
                 str_fmt(view.arena, "/c/" STR_FMT "/receipt", STR_ARG(one->receipt.token)));
        vec_push(view.arena, &items, view_value(&row));
    }
    page_crumb(&view, STR("手続き"), STR("Procedures"), STR("/procedures"));
    page_crumb_to(&view, *draft->definition->label.all, STR_NONE);
    view_items(&view, "cases", &items);
    page_show(x, 200, WEB_PAGE_BUNDLE_SENT, &view);
}
