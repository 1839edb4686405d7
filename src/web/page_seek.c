/* page_seek: cases found by whose they are, over all posts whose cases one may see. The question is
 * sent as a form: a name stands in no address, and in no log of addresses. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { FOUND_MAX = 50, SHOWN_MAX = 200 };

static Json found_value(HttpExchange *x, const Entity *application) {
    View one = view_new(http_ctx(x)->arena);
    Str number = entity_text(application, IRI("receiptNumber"));
    view_str(&one, "number", number);
    view_str(&one, "url", page_case_url(one.arena, number));
    view_str(&one, "name", entity_text(application, IRI("name")));
    view_str(&one, "kana", entity_text(application, IRI("kana")));
    view_set(&one, "what", page_procedure_label(x, application));
    view_str(&one, "arrived", entity_text(application, IRI("submittedAt")));
    page_case_state(x, &one, application);
    view_set(&one, "post", page_post(x, entity_text(application, IRI("post"))));
    return view_value(&one);
}

/* What is shown is one look at all whose cases it is. */
static Rc seek_fill(HttpExchange *x, View *view, Str text) {
    Ctx *ctx = http_ctx(x);
    InboxCases found = {0};
    PageSeen seen = {0};
    JsonItems items = {0};
    bool more = false;
    TRY(seek_cases(ctx, &(SeekAsk){text, FOUND_MAX}, &found, &more));
    for (size_t i = 0; i < found.len; i++) {
        vec_push(ctx->arena, &seen, found.items[i]);
        vec_push(ctx->arena, &items, found_value(x, found.items[i]));
    }
    TRY(gate_look(ctx, seen.items, seen.len, page_what(WHAT_SEEK)));
    view_items(view, "cases", &items);
    view_bool(view, "more", more);
    return RC_OK;
}

static void seek_show(HttpExchange *x, int status, View *view, Str text, const Faults *faults) {
    view_str(view, "q", str_head(text, SHOWN_MAX));
    view_bool(view, "asked", status == 200 && !str_empty(text));
    if (status != 200 || str_empty(text)) {
        view_items(view, "cases", &(JsonItems){0});
        view_bool(view, "more", false);
    }
    if (faults) page_faults(view, faults);
    page_show(x, status, WEB_PAGE_SEEK, view);
}

static void seek_get(HttpExchange *x) {
    View view = page_view(x);
    seek_show(x, 200, &view, STR_NONE, NULL);
}

/* A number leads to its case. */
static void seek_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    Str id;
    if (!page_form(x, &form)) return;
    ctx->purpose = STR("application-check");
    Str text = str_trim(http_form_value(form, "q")), number = text_fold(ctx->arena, text);
    View view = page_view(x);
    if (!str_empty(number) && inbox_find(ctx, number, &id) == RC_OK) {
        page_see(x, page_case_url(ctx->arena, number));
        return;
    }
    Rc rc = seek_fill(x, &view, text);
    if (rc == RC_INVALID)
        vec_push(ctx->arena, &faults,
                 (Fault){"q", str_eq(ctx->error.code, STR("long")) ? "long" : "short"});
    if (rc == RC_OK || faults.len)
        seek_show(x, faults.len ? 422 : 200, &view, text, faults.len ? &faults : NULL);
    else
        page_fail(x);
}

const HttpRoute page_seek_rows[] = {
    {HTTP_GET, "/staff/search", seek_get, HTTP_POOL, 0, PAGE_OFFICE, "Office",
     "Search cases by whose they are", NULL, NULL, page_shown},
    {HTTP_POST, "/staff/search", seek_post, HTTP_POOL, PAGE_FORM_MAX, PAGE_OFFICE | GATE_FORM,
     "Office", "Search cases by whose they are", NULL, NULL, page_posted},
};
ROWS(page_seek_count, page_seek_rows);
