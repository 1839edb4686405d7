/* page_drafts: what a resident has begun and not sent, as his own page lists it; and throwing it
 * away. */
#include "page_my.h"

/* Where it goes on; null: it is not taken any more. */
static Rc url_set(HttpExchange *x, View *one, Str procedure) {
    Ctx *ctx = http_ctx(x);
    const Json *kept;
    DefinedDraft draft;
    Answers answers;
    Date today = time_jst_date(time_now(ctx->clock));
    const Definition *definition =
        catalogue_current(procedures_catalogue(ctx->tenant), procedure, today);
    if (str_empty(procedure)) {
        TRY(draft_load(ctx, draft_whose(ctx), &kept));
        apply_answers(ctx, kept, &answers);
        view_str(one, "url", page_bulky_open(ctx, &answers));
    } else if (definition) {
        TRY(defined_draft(ctx, definition, &draft));
        view_str(one, "url", page_draft_url(one->arena, &draft));
    } else {
        view_null(one, "url");
    }
    return RC_OK;
}

static Json label_of(HttpExchange *x, Str procedure) {
    Ctx *ctx = http_ctx(x);
    const Definition *newest = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    if (str_empty(procedure)) return page_bulky_label(ctx->arena);
    return newest ? *newest->label.all : json_of_str(procedure);
}

/* A part that a bundle has begun goes on with the bundle. */
static Rc is_part(Ctx *ctx, Str procedure, bool *out) {
    DefinedDraft draft;
    const Definition *newest = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    *out = false;
    if (str_empty(procedure) || !newest) return RC_OK;
    TRY(defined_draft(ctx, newest, &draft));
    *out = !str_empty(draft.bundle);
    return RC_OK;
}

Rc page_drafts(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    DraftsSaved saved;
    JsonItems items = {0};
    bool part;
    TRY(draft_saved(ctx, &saved));
    VEC_EACH (const DraftSaved, draft, &saved) {
        TRY(is_part(ctx, draft->procedure, &part));
        if (part) continue;
        View one = view_new(ctx->arena);
        view_set(&one, "procedure", json_of_str(draft->procedure));
        view_set(&one, "label", label_of(x, draft->procedure));
        view_int(&one, "saved", draft->saved_at);
        TRY(url_set(x, &one, draft->procedure));
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(view, "drafts", &items);
    view_instant(view, "drafts_until",
                 saved.len ? saved.items[0].saved_at + draft_saved_lasts(ctx) : TIME_NONE);
    return RC_OK;
}

static void throw_post(HttpExchange *x) {
    const HttpForm *form;
    if (!page_form(x, &form)) return;
    if (draft_throw(http_ctx(x), http_form_value(form, "procedure")) == RC_OK)
        page_see(x, STR("/my"));
    else
        page_fail(x);
}

const HttpRoute page_drafts_rows[] = {
    PAGE_SEND("/my/drafts", GATE_RESIDENT, "Accounts", throw_post, "Throw a draft away"),
};
ROWS(page_drafts_count, page_drafts_rows);
