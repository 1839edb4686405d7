/* page_entry: a clerk enters an application for somebody on the telephone or at the counter: the
 * same questions, rules and receipt; the channel and who entered it are kept. */
#include "pages_int.h"

static bool is_clerk(const Ctx *ctx) {
    return ctx->actor && ctx->actor->kind == ACTOR_STAFF && ctx->actor->roles & 1u << ROLE_CLERK;
}

static bool is_channel(Str word) {
    return str_eq(word, STR("phone")) || str_eq(word, STR("counter"));
}

Str page_entering(const Ctx *ctx, const Json *draft) {
    Str channel = json_get_str(draft, "channel");
    return is_clerk(ctx) && is_channel(channel) ? channel : STR_NONE;
}

Json page_entry_notice(const Ctx *ctx, const Json *draft) {
    Str channel = page_entering(ctx, draft);
    if (str_empty(channel)) return json_of_null();
    View notice = view_new(ctx->arena);
    view_str(&notice, "kind", STR("warn"));
    view_set(&notice, "text",
             str_eq(channel, STR("phone"))
                 ? view_text(ctx->arena, STR("電話の方に代わって入力しています。"),
                             STR("You are entering this for somebody on the telephone."))
                 : view_text(ctx->arena, STR("窓口の方に代わって入力しています。"),
                             STR("You are entering this for somebody at the counter.")));
    return view_value(&notice);
}

static void entry_show(HttpExchange *x, int status, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    const Json *draft;
    if (draft_load(ctx, ctx->actor->browser, &draft) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    view_str(&view, "draft", str_empty(page_entering(ctx, draft)) ? STR_NONE : STR("/bulky/check"));
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_ENTRY, &view);
}

static void entry_get(HttpExchange *x) {
    entry_show(x, 200, NULL);
}

static void entry_post(HttpExchange *x) {
    const HttpForm *form;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Str channel = http_form_value(form, "channel");
    if (is_channel(channel)) {
        page_bulky_begin(x, json_of_str(channel));
        return;
    }
    vec_push(http_ctx(x)->arena, &faults, (Fault){"channel", "required"});
    entry_show(x, 422, &faults);
}

#define CLERK (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK))

const HttpRoute page_entry_rows[] = {
    {HTTP_GET, "/staff/entry", entry_get, HTTP_POOL, 0, CLERK, "Office",
     "Enter an application for a caller or visitor", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/entry", entry_post, HTTP_POOL, PAGE_FORM_MAX, CLERK | GATE_FORM, "Office",
     "Enter an application for a caller or visitor", NULL, NULL, page_posted},
};
ROWS(page_entry_count, page_entry_rows);
