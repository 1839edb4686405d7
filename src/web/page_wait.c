/* page_wait: the waiting room before an opening: a page of some hundred bytes that asks again by
 * itself, without scripts, cookies or the store, so that it can be shown to everybody at once. */
#include "pages_int.h"

enum { AGAIN_SECONDS = 10 };

static const Definition *room_asked(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Date today = time_jst_date(time_now(ctx->clock));
    const Definition *definition = catalogue_resource(procedures_catalogue(ctx->tenant),
                                                      http_path_param(x, "resource"), today);
    if (definition && definition->reservation->mode == RESERVE_RANDOM_ORDER) return definition;
    (void)ctx_fail(ctx, RC_NOT_FOUND, "no-room", http_path_param(x, "resource"),
                   "There is no waiting room of this name.");
    page_fail(x);
    return NULL;
}

Str page_wait_url(Arena *arena, const Definition *definition, Str ticket) {
    Str room = str_fmt(arena, "/wait/" STR_FMT, STR_ARG(definition->reservation->resource));
    if (str_empty(ticket)) return room;
    return str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(room), STR_ARG(ticket));
}

static Str start_url(Arena *arena, const Definition *definition) {
    return str_fmt(arena, "/procedures/" STR_FMT, STR_ARG(definition->id));
}

/* Where who was let in begins: his ticket goes with him. */
static Str begin_url(Arena *arena, const Definition *definition, Str ticket) {
    Str start = start_url(arena, definition);
    return str_fmt(arena, STR_FMT "?ticket=" STR_FMT, STR_ARG(start), STR_ARG(ticket));
}

static void enter_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Definition *definition = room_asked(x);
    if (!definition) return;
    if (wait_is_open(ctx, definition))
        page_see(x, page_wait_url(ctx->arena, definition, wait_ticket(ctx, definition)));
    else
        page_see(x, start_url(ctx->arena, definition));
}

static void place_show(HttpExchange *x, const Definition *definition, const RoomPlace *place) {
    Ctx *ctx = http_ctx(x);
    View view = view_new(ctx->arena), site = view_new(ctx->arena);
    view_str(&site, "language", web_lang_of(x) == WEB_EN ? STR("en") : STR("ja"));
    view_set(&view, "site", view_value(&site));
    view_json(&view, "label", definition->label.all);
    view_bool(&view, "shuffled", place->shuffled);
    view_int(&view, "ahead", place->ahead);
    view_int(&view, "at", place->shuffled ? place->at : definition->reservation->room.opens);
    view_int(&view, "now", time_now(ctx->clock));
    Json *json = NEW(ctx->arena, Json);
    *json = view_value(&view);
    http_set_header(x, "Refresh", str_fmt(ctx->arena, "%d", AGAIN_SECONDS));
    web_answer(x, 200, WEB_PAGE_WAIT, json);
}

static void place_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Definition *definition = room_asked(x);
    Str ticket = http_path_param(x, "ticket");
    RoomPlace place;
    if (!definition) return;
    bool open = wait_is_open(ctx, definition);
    if (open && wait_place(ctx, definition, ticket, &place) != RC_OK)
        page_see(x, page_wait_url(ctx->arena, definition, STR_NONE));
    else if (!open)
        page_see(x, start_url(ctx->arena, definition));
    else if (place.admitted)
        page_see(x, begin_url(ctx->arena, definition, ticket));
    else if (place.late)
        page_see(x, page_wait_url(ctx->arena, definition, STR_NONE));
    else
        place_show(x, definition, &place);
}

/* ---- drafts ---- */

bool page_wait_keeps(Ctx *ctx, const DefinedDraft *draft) {
    Error before = ctx->error;
    bool waits = !str_empty(draft->token) && wait_admitted(ctx, draft) != RC_OK;
    ctx->error = before;
    return waits;
}

void page_wait_begin(HttpExchange *x, const Definition *definition, Str ticket) {
    Ctx *ctx = http_ctx(x);
    DefinedDraft draft;
    Rc rc = defined_draft(ctx, definition, &draft);
    bool waits = rc == RC_OK && page_wait_keeps(ctx, &draft);
    if (rc == RC_OK && !waits) {
        page_procedure_begin(x, definition, STR("web"), ticket);
        return;
    }
    if (rc == RC_OK) rc = defined_admit(ctx, definition, ticket);
    if (rc == RC_OK)
        page_see(x, page_draft_url(ctx->arena, &draft));
    else
        page_fail(x);
}

const HttpRoute page_wait_rows[] = {
    {HTTP_GET, "/wait/{resource}", enter_get, HTTP_LOOP, 0, GATE_PUBLIC | GATE_QUIET | GATE_COUNTED,
     "Procedures", "Enter a waiting room", NULL, NULL, page_shown},
    {HTTP_GET, "/wait/{resource}/{ticket}", place_get, HTTP_LOOP, 0, GATE_PUBLIC | GATE_QUIET,
     "Procedures", "A place in a waiting room", NULL, NULL, page_shown},
};
ROWS(page_wait_count, page_wait_rows);
