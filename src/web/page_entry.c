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
    return page_channel_notice(ctx, page_entering(ctx, draft));
}

Json page_channel_notice(const Ctx *ctx, Str channel) {
    if (!is_channel(channel)) return json_of_null();
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

#define BULKY STR("bulky-waste")

static void procedure_add(View *view, JsonItems *items, Str id, Json label, bool chosen) {
    View one = view_new(view->arena);
    view_str(&one, "id", id);
    view_set(&one, "label", label);
    view_bool(&one, "chosen", chosen);
    vec_push(view->arena, items, view_value(&one));
}

/* Those that residents use, bulky waste first; and those of the house, which are one's own. */
static void procedures_set(HttpExchange *x, View *view, Str chosen) {
    Ctx *ctx = http_ctx(x);
    Definitions found;
    JsonItems items = {0}, inside = {0};
    CatalogueQuery query = {.day = time_jst_date(time_now(ctx->clock))};
    procedure_add(view, &items, BULKY, page_bulky_label(view->arena),
                  str_empty(chosen) || str_eq(chosen, BULKY));
    catalogue_search(ctx->arena, procedures_catalogue(ctx->tenant), &query, &found);
    for (size_t i = 0; i < found.len; i++)
        procedure_add(view, &items, found.items[i]->id, *found.items[i]->label.all,
                      str_eq(found.items[i]->id, chosen));
    query.inside = true;
    catalogue_search(ctx->arena, procedures_catalogue(ctx->tenant), &query, &found);
    for (size_t i = 0; i < found.len; i++)
        procedure_add(view, &inside, found.items[i]->id, *found.items[i]->label.all, false);
    view_items(view, "procedures", &items);
    view_items(view, "inside", &inside);
}

static void entry_show(HttpExchange *x, int status, const HttpForm *form, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    const Json *draft;
    if (draft_load(ctx, draft_whose(ctx), &draft) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    view_str(&view, "draft", str_empty(page_entering(ctx, draft)) ? STR_NONE : STR("/bulky/check"));
    view_str(&view, "channel",
             form ? http_form_value(form, "channel") : http_query_or(x, "channel", STR_NONE));
    procedures_set(x, &view, form ? http_form_value(form, "procedure") : STR_NONE);
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_ENTRY, &view);
}

static void entry_get(HttpExchange *x) {
    entry_show(x, 200, NULL, NULL);
}

/* NULL: there is none of that name for residents. */
static const Definition *entered(HttpExchange *x, Str id) {
    Ctx *ctx = http_ctx(x);
    const Definition *definition = catalogue_current(procedures_catalogue(ctx->tenant), id,
                                                     time_jst_date(time_now(ctx->clock)));
    return definition && !definition->inside ? definition : NULL;
}

static void entry_post(HttpExchange *x) {
    const HttpForm *form;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Arena *arena = http_ctx(x)->arena;
    Str channel = http_form_value(form, "channel"), id = http_form_value(form, "procedure");
    const Definition *definition = entered(x, id);
    if (!definition && !str_eq(id, BULKY))
        vec_push(arena, &faults, (Fault){"procedure", "required"});
    if (!is_channel(channel)) vec_push(arena, &faults, (Fault){"channel", "required"});
    if (faults.len)
        entry_show(x, 422, form, &faults);
    else if (definition)
        page_procedure_begin(x, definition, channel, STR_NONE);
    else
        page_bulky_begin(x, json_of_str(channel));
}

#define CLERK (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK))

const HttpRoute page_entry_rows[] = {
    {HTTP_GET, "/staff/entry", entry_get, HTTP_POOL, 0, CLERK, "Office",
     "Enter an application for a caller or visitor", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/entry", entry_post, HTTP_POOL, PAGE_FORM_MAX, CLERK | GATE_FORM, "Office",
     "Enter an application for a caller or visitor", NULL, NULL, page_posted},
};
ROWS(page_entry_count, page_entry_rows);
