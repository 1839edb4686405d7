/* page_preview: a draft as the resident will see it, with the answers of one of its examples, or
   none. Its pages are the resident's own, and what is wrong is told as he is told; nothing is kept
   or sent. */
#include "page_design.h"

#define NO_EXAMPLE STR("-")

Str page_preview_url(Arena *arena, Str id, Str example) {
    return str_fmt(arena, "/staff/procedures/" STR_FMT "/preview/" STR_FMT, STR_ARG(id),
                   STR_ARG(example));
}

typedef struct Preview {
    HttpExchange *x;
    Ctx *ctx;
    const Definition *definition;
    const FormPage *page; /* NULL: what is checked before it is sent */
    Form form;
    Str base, design; /* addresses: of the preview, and of the procedure that is being made */
} Preview;

static const DefinedExample *example_of(const Definition *definition, Str id) {
    VEC_EACH (const DefinedExample, example, &definition->examples)
        if (str_eq(example->id, id)) return example;
    return NULL;
}

/* With what a form said in the place of what the example says to that page. */
static const Json *answers_of(const Preview *preview, const DefinedExample *example,
                              const HttpForm *form) {
    const Json *answers = example ? example->answers : NULL;
    Arena *arena = preview->ctx->arena;
    for (size_t i = 0; form && preview->page && i < preview->page->fields.len; i++) {
        Str id = preview->page->fields.items[i].id;
        JsonItems said = {0};
        Json *value = NEW(arena, Json);
        VEC_EACH (const HttpField, one, form)
            if (str_eq(one->name, id)) vec_push(arena, &said, json_of_str(one->value));
        *value = preview->page->fields.items[i].kind == FIELD_PLACE
                     ? page_spot_said(arena, form, id)
                     : json_of_items(said.items, said.len);
        answers = outline_set(arena, answers, id, value);
    }
    return answers;
}

/* On the day that the example names, as its dry run is. */
static void answers_read(Preview *preview, const DefinedExample *example, const HttpForm *form) {
    Clock noon = {.fixed = example && example->on.year
                               ? time_jst_start(example->on) + 12 * TIME_HOUR
                               : time_now(preview->ctx->clock)};
    Ctx then = *preview->ctx;
    then.clock = &noon;
    form_read(&then, preview->definition, answers_of(preview, example, form), &preview->form);
}

static Rc no_page(const Preview *preview, Str page) {
    return ctx_fail(preview->ctx, RC_NOT_FOUND, "no-page", page,
                    "This procedure has no such page.");
}

/* page: its id, "check", or empty. */
static Rc preview_load(HttpExchange *x, Str page, const HttpForm *form, Preview *out) {
    Publishing of;
    DefinitionFindings findings;
    Str example = http_path_param(x, "example");
    *out = (Preview){.x = x, .ctx = http_ctx(x)};
    TRY(page_design_load(x, &of));
    if (!of.draft)
        return ctx_fail(out->ctx, RC_NOT_FOUND, "no-draft", of.id,
                        "This procedure isn't being written: begin its next version.");
    publish_check(out->ctx, &of, &out->definition, &findings);
    if (!out->definition)
        return ctx_fail(out->ctx, RC_CONFLICT, "unreadable", findings.items[0].path,
                        "The draft can't be shown yet: mend what is said of it on its page.");
    const DefinedExample *one = example_of(out->definition, example);
    if (!one && !str_eq(example, NO_EXAMPLE)) return no_page(out, example);
    bool check = str_eq(page, STR("check"));
    out->base = page_preview_url(out->ctx->arena, of.id, example);
    out->design = page_design_url(out->ctx->arena, of.id, "");
    out->page = check || str_empty(page) ? NULL : form_page(out->definition, page);
    if (!check && !str_empty(page) && !out->page) return no_page(out, page);
    answers_read(out, one, form);
    return RC_OK;
}

static Str page_url(const Preview *preview, const FormPage *page) {
    return str_fmt(preview->ctx->arena, STR_FMT "/" STR_FMT, STR_ARG(preview->base),
                   STR_ARG(page ? page->id : STR("check")));
}

/* The first page that is asked; NULL: none is. */
static const FormPage *first_page(const Preview *preview) {
    VEC_EACH (const FormPage, page, &preview->definition->pages)
        if (form_is_due(&preview->form, page)) return page;
    return NULL;
}

static Str back_url(const Preview *preview) {
    const FormPage *last = NULL;
    VEC_EACH (const FormPage, page, &preview->definition->pages)
        if (form_is_due(&preview->form, page)) last = page;
    const FormPage *before = preview->page ? form_before(&preview->form, preview->page) : last;
    return before ? page_url(preview, before) : preview->design;
}

static Json notice_value(Arena *arena) {
    View notice = view_new(arena);
    view_str(&notice, "kind", STR("warn"));
    view_set(&notice, "text",
             view_text(arena, STR("下書きのプレビューです。入力した内容は保存も送信もされません。"),
                       STR("A preview of a draft: nothing is kept or sent.")));
    return view_value(&notice);
}

/* Slots as they are now; choosing one holds none. */
static void slot_draw(Preview *preview, const Field *field, int status) {
    Ctx *ctx = preview->ctx;
    View view = page_view_saying(preview->x, notice_value(ctx->arena));
    SlotsAsk ask = {.booking = {.reservation = field->books},
                    .value = form_answer(&preview->form, field->id)->raw,
                    .path = page_url(preview, preview->page)};
    if (form_units(ctx, &preview->form, &ask.booking.units) != RC_OK ||
        page_slots(preview->x, &view, &ask) != RC_OK) {
        page_fail(preview->x);
        return;
    }
    view_json(&view, "title", preview->page->title.all);
    view_json(&view, "lead", preview->page->lead.all);
    view_str(&view, "field", field->id);
    page_form_steps(&view, &preview->form, preview->page);
    view_null(&view, "held");
    view_str(&view, "back", back_url(preview));
    view_bool(&view, "closed", false);
    view_null(&view, "opens");
    if (status == 422) page_slot_errors(&view, field->id, "required");
    page_show(preview->x, status, WEB_PAGE_PROCEDURE_SLOT, &view);
}

static void page_draw(Preview *preview, int status) {
    const Field *slot = definition_slot(preview->definition);
    if (slot && form_answer(&preview->form, slot->id)->page == preview->page) {
        slot_draw(preview, slot, status);
        return;
    }
    View view = page_view_saying(preview->x, notice_value(preview->ctx->arena));
    view_json(&view, "title", preview->page->title.all);
    view_json(&view, "lead", preview->page->lead.all);
    page_form_steps(&view, &preview->form, preview->page);
    view_str(&view, "back", back_url(preview));
    view_null(&view, "held");
    page_fields(preview->x, &view, &preview->form, preview->page, STR_NONE);
    if (status == 422) page_field_faults(preview->x, &view, &preview->form, preview->page);
    page_show(preview->x, status, WEB_PAGE_PROCEDURE_PAGE, &view);
}

static void check_draw(Preview *preview) {
    View view = page_view_saying(preview->x, notice_value(preview->ctx->arena));
    Str base = str_fmt(preview->ctx->arena, STR_FMT "/", STR_ARG(preview->base));
    page_form_steps(&view, &preview->form, NULL);
    view_str(&view, "back", back_url(preview));
    view_null(&view, "held");
    if (page_form_check(preview->x, &view, &preview->form, base, STR_NONE) == RC_OK)
        page_show(preview->x, 200, WEB_PAGE_PROCEDURE_CHECK, &view);
    else
        page_fail(preview->x);
}

static void begin_get(HttpExchange *x) {
    Preview preview;
    if (preview_load(x, STR_NONE, NULL, &preview) == RC_OK)
        page_see(x, page_url(&preview, first_page(&preview)));
    else
        page_fail(x);
}

static void preview_get(HttpExchange *x) {
    Preview preview;
    if (preview_load(x, http_path_param(x, "page"), NULL, &preview) != RC_OK)
        page_fail(x);
    else if (preview.page)
        page_draw(&preview, 200);
    else
        check_draw(&preview);
}

static bool is_faulty(const Preview *preview) {
    for (size_t i = 0; i < preview->form.n; i++) {
        const FormAnswer *answer = &preview->form.answers[i];
        if (answer->page == preview->page && answer->due && answer->fault) return true;
    }
    return false;
}

/* On to the next page, as the resident would be led; sending leads back. */
static void preview_post(HttpExchange *x) {
    const HttpForm *form;
    Preview preview;
    if (!page_form(x, &form)) return;
    if (preview_load(x, http_path_param(x, "page"), form, &preview) != RC_OK)
        page_fail(x);
    else if (!preview.page)
        page_see(x, preview.design);
    else if (is_faulty(&preview))
        page_draw(&preview, 422);
    else
        page_see(x, page_url(&preview, form_after(&preview.form, preview.page)));
}

#define TAG "Making procedures"

const HttpRoute page_preview_rows[] = {
    PAGE_SHOW("/staff/procedures/{procedure}/preview/{example}", PAGE_DESIGNERS, TAG, begin_get,
              "A draft as the resident will see it"),
    PAGE_SHOW("/staff/procedures/{procedure}/preview/{example}/{page}", PAGE_DESIGNERS, TAG,
              preview_get, "One page of it"),
    PAGE_SEND("/staff/procedures/{procedure}/preview/{example}/{page}", PAGE_DESIGNERS, TAG,
              preview_post, "Try its questions"),
};
ROWS(page_preview_count, page_preview_rows);
