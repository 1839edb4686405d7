/* page_news: what became of proposals, told to who drafted them, had approved them or was
   consulted: in the inbox, and where one sees what waits for him. */
#include "pages_int.h"

#include "decide/decide.h"

#define IRI(term) STR(LD_DEFAULT term)

/* What fell with its case is told to who has its draft until he has read it. */
static Rc dropped_set(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    OfficeTold found;
    JsonItems items = {0};
    TRY(office_dropped(ctx, &found));
    for (size_t i = 0; i < found.len; i++) {
        const Entity *decision = gate_view(ctx, NULL, found.items[i]);
        if (!decision) continue;
        View one = view_new(ctx->arena);
        Str url = page_decision_url(ctx->arena, decision->id);
        view_str(&one, "number", entity_text(decision, IRI("number")));
        view_str(&one, "url", url);
        view_str(&one, "seen", str_fmt(ctx->arena, STR_FMT "/seen", STR_ARG(url)));
        view_str(&one, "reason", entity_text(decision, IRI("dropReason")));
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(view, "dropped", &items);
    return RC_OK;
}

/* What is said of each: its number and title. */
static View news_view(Ctx *ctx, const Entity *decision) {
    View one = view_new(ctx->arena);
    view_str(&one, "number", entity_text(decision, IRI("number")));
    view_set(&one, "title", page_decision_title(ctx->arena, decision));
    return one;
}

/* The act by which it came back. */
static void back_by(HttpExchange *x, View *view, const Entity *decision) {
    RouteDones acts;
    RouteDone last = {0};
    route_json_acts(view->arena, decision, &acts);
    VEC_EACH (const RouteDone, done, &acts)
        if (done->verb == ROUTE_RETURN || done->verb == ROUTE_WITHDRAW) last = *done;
    view_set(view, "by", page_post(x, last.post));
    view_str(view, "why", last.opinion);
}

/* What came back to who drafted it stays with him until he hands it in again or drops it. Why may
   tell of a person: a look. */
static Rc back_set(HttpExchange *x, View *view, PageSeen *seen) {
    Ctx *ctx = http_ctx(x);
    OfficeTold found;
    JsonItems items = {0};
    TRY(office_back(ctx, &found));
    for (size_t i = 0; i < found.len; i++) {
        const Entity *decision = gate_view(ctx, NULL, found.items[i]);
        if (!decision) continue;
        View one = news_view(ctx, decision);
        view_str(&one, "url", page_decision_url(ctx->arena, decision->id));
        view_str(&one, "state", entity_text(decision, IRI("state")));
        view_str(&one, "at", entity_text(decision, IRI("cameBackAt")));
        back_by(x, &one, decision);
        vec_push(ctx->arena, &items, view_value(&one));
        vec_push(ctx->arena, seen, decision);
    }
    view_items(view, "back", &items);
    return RC_OK;
}

/* What was told the post of who asks (合議, and what it had approved), until it has read that. */
static Rc told_set(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    OfficeTold found;
    JsonItems items = {0};
    TRY(office_told(ctx, &found));
    for (size_t i = 0; i < found.len; i++) {
        const Entity *decision = gate_view(ctx, NULL, found.items[i]);
        if (!decision) continue;
        View one = news_view(ctx, decision);
        TRY(page_told_set(x, &one, decision));
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(view, "told", &items);
    return RC_OK;
}

Rc page_news_set(HttpExchange *x, View *view, PageSeen *seen) {
    TRY(dropped_set(x, view));
    TRY(told_set(x, view));
    return back_set(x, view, seen);
}
