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
    bool account = false;
    VEC_EACH (const BundlePart, part, &definition->parts) {
        const Definition *one =
            catalogue_current(procedures_catalogue(ctx->tenant), part->procedure, today);
        if (!one) continue;
        vec_push(view->arena, &items, *one->label.all);
        account |= one->sign_in && ctx->actor->kind == ACTOR_NOBODY;
    }
    Str next = http_url_encode(view->arena, part_url(view->arena, definition, ""));
    view_str(view, "account_first",
             account ? str_fmt(view->arena, "/sign-in?next=" STR_FMT, STR_ARG(next)) : STR_NONE);
    view_items(view, "parts", &items);
}

/* ---- the check ---- */

static int64_t open_count(const Form *form) {
    int64_t n = 0;
    for (size_t i = 0; i < form->n; i++)
        n += form->answers[i].due && form->answers[i].fault;
    return n;
}

static void sent_set(View *view, const Receipt *receipt) {
    view_str(view, "number", receipt ? receipt->number : STR_NONE);
    view_str(view, "receipt",
             receipt ? str_fmt(view->arena, "/c/" STR_FMT "/receipt", STR_ARG(receipt->token))
                     : STR_NONE);
}

static void answers_none(View *view) {
    JsonItems none = {0};
    view_items(view, "sections", &none);
    view_items(view, "warnings", &none);
    view_bool(view, "priced", false);
    view_int(view, "fee", 0);
}

static const BundleReceipt *receipt_of(const BundleReceipts *receipts, const BundleTask *task) {
    VEC_EACH (const BundleReceipt, one, receipts)
        if (str_eq(one->receipt.token, task->token)) return one;
    return NULL;
}

static Rc task_value(HttpExchange *x, const BundleTask *task, const BundleReceipts *receipts,
                     Json *out) {
    static const char *const states[] = {[BUNDLE_OPEN] = "open",
                                         [BUNDLE_READY] = "ready",
                                         [BUNDLE_SENT] = "sent",
                                         [BUNDLE_SIGN_IN] = "sign_in",
                                         [BUNDLE_CLOSED] = "closed"};
    Arena *arena = http_ctx(x)->arena;
    View one = view_new(arena);
    const BundleReceipt *receipt = task->state == BUNDLE_SENT ? receipt_of(receipts, task) : NULL;
    Str url = part_url(arena, task->definition, ""),
        ask = part_url(arena, task->definition, "/ask/");
    bool open = task->state == BUNDLE_OPEN;
    view_json(&one, "label", task->definition->label.all);
    view_str(&one, "state", str_of(states[task->state]));
    sent_set(&one, receipt ? &receipt->receipt : NULL);
    view_str(&one, "url", open ? page_draft_url(arena, &task->draft) : url);
    view_int(&one, "left", open ? open_count(&task->draft.form) : 0);
    if (task->state == BUNDLE_READY)
        TRY(page_form_check(x, &one, &task->draft.form, ask, url));
    else
        answers_none(&one);
    *out = view_value(&one);
    return RC_OK;
}

/* A part that could not be begun when the questions were answered can be now: it is taken again, or
   he has signed in. */
static Rc tasks_load(Ctx *ctx, const DefinedDraft *draft, BundleTasks *out) {
    bool begun = true;
    TRY(bundle_tasks(ctx, draft, out));
    VEC_EACH (const BundleTask, task, out)
        begun = begun && (task->state != BUNDLE_OPEN || !str_empty(task->draft.bundle));
    if (begun) return RC_OK;
    TRY(bundle_fill(ctx, draft));
    return bundle_tasks(ctx, draft, out);
}

static void check_of(Arena *arena, const DefinedDraft *draft, const BundleTasks *tasks,
                     TabletCheck *out) {
    *out = (TabletCheck){.about = draft};
    VEC_EACH (const BundleTask, task, tasks)
        if (task->state == BUNDLE_READY) vec_push(arena, &out->drafts, &task->draft);
}

Rc page_bundle_drafts(Ctx *ctx, const DefinedDraft *draft, TabletCheck *out) {
    BundleTasks *tasks = NEW(ctx->arena, BundleTasks);
    TRY(tasks_load(ctx, draft, tasks));
    check_of(ctx->arena, draft, tasks, out);
    return RC_OK;
}

static Rc tasks_set(HttpExchange *x, View *view, const DefinedDraft *draft) {
    BundleTasks tasks;
    BundleReceipts receipts;
    TabletCheck check;
    JsonItems items = {0};
    int64_t open = 0, ready = 0;
    bool letters = false;
    TRY(tasks_load(http_ctx(x), draft, &tasks));
    TRY(bundle_receipts(http_ctx(x), draft, &receipts));
    VEC_EACH (const BundleTask, task, &tasks) {
        Json one;
        TRY(task_value(x, task, &receipts, &one));
        open += task->state == BUNDLE_OPEN;
        ready += task->state == BUNDLE_READY;
        letters |= task->state == BUNDLE_READY && letters_asked(http_ctx(x), &task->draft.form);
        vec_push(view->arena, &items, one);
    }
    view_json(view, "label", draft->definition->label.all);
    view_items(view, "tasks", &items);
    view_int(view, "left", open);
    view_int(view, "ready", ready);
    page_notice(view, letters, draft->notice);
    check_of(view->arena, draft, &tasks, &check);
    return page_tablet_set(x, view, &check);
}

void page_bundle_check(HttpExchange *x, View *view, const DefinedDraft *draft, int status) {
    if (tasks_set(x, view, draft) == RC_OK)
        page_show(x, status, WEB_PAGE_PROCEDURE_BUNDLE, view);
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
