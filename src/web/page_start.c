/* page_start: what bulky-waste pickup is, before the first question, and what is not collected. */
#include "pages_int.h"

static void start_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Json *draft;
    View view = page_view(x);
    const Waste *waste = procedures_waste(ctx->tenant);
    if (draft_load(ctx, draft_whose(ctx), &draft) != RC_OK) {
        page_fail(x);
        return;
    }
    Answers answers;
    apply_answers(ctx, draft, &answers);
    JsonItems refused = {0};
    for (size_t i = 0; i < waste_item_count(waste); i++) {
        const WasteItem *item = waste_item_at(waste, i);
        if (!item->refused) continue;
        View one = view_new(ctx->arena);
        view_json(&one, "name", item->name.both);
        view_str(&one, "url", str_fmt(ctx->arena, "/bulky/refused/" STR_FMT, STR_ARG(item->id)));
        vec_push(ctx->arena, &refused, view_value(&one));
    }
    page_crumb_to(&view, page_bulky_label(ctx->arena), STR_NONE);
    view_null(&view, "closed");
    view_int(&view, "max_items", waste_limits(waste)->max_items);
    view_str(&view, "by", waste_limits(waste)->pickup_clock);
    view_str(&view, "draft", str_empty(answers.token) ? STR_NONE : page_bulky_open(ctx, &answers));
    page_contact(x, &view, "phone");
    page_contact(x, &view, "hours");
    view_items(&view, "refused", &refused);
    page_show(x, 200, WEB_PAGE_BULKY_START, &view);
}

static void refused_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const WasteItem *item = waste_item(procedures_waste(ctx->tenant), http_path_param(x, "item"));
    if (!item || !item->refused) {
        (void)ctx_fail(ctx, RC_NOT_FOUND, "no-item", http_path_param(x, "item"),
                       "There is no such item.");
        page_fail(x);
        return;
    }
    View view = page_view(x), one = view_new(ctx->arena), place = view_new(ctx->arena);
    view_json(&place, "name", item->where.both);
    view_null(&place, "detail");
    view_null(&place, "phone");
    view_null(&place, "url");
    Json places = view_value(&place);
    view_json(&one, "name", item->name.both);
    view_json(&one, "reason", item->why.both);
    view_null(&one, "law");
    view_set(&one, "places", json_of_items(&places, 1));
    view_set(&view, "item", view_value(&one));
    view_str(&view, "back", STR("/bulky/items"));
    page_show(x, 200, WEB_PAGE_BULKY_REFUSED, &view);
}

#define PAGE(path, get, what) PAGE_SHOW(path, GATE_PUBLIC, "Bulky waste", get, what)

const HttpRoute page_start_rows[] = {
    PAGE("/bulky", start_get, "What bulky-waste pickup is"),
    PAGE("/bulky/refused/{item}", refused_get, "What is not collected, and where to take it"),
};
ROWS(page_start_count, page_start_rows);
