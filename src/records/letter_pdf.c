/* letter_pdf: a letter on A4, as Japanese offices write one: number and date, to whom, from whom,
   title, text, 「記」 and what was decided item by item, reasons, remedies; at the foot who knows
   more and how it is checked. Set by Pango, so that any name has its characters. */
#include "records.h"

#include <pango/pangocairo.h>
#include <cairo-pdf.h>
#include <qrencode.h>

/* Points. */
static const double page_width = 595.28, page_height = 841.89, margin = 68, foot = 104,
                    qr_size = 62;
static const double leading = 1.3; /* of the height of a line */

/* A paragraph is set whole, in time that grows with the square of its length. */
enum { PDF_MAX = 4 << 20, PAGES_MAX = 20, PARAGRAPH_MAX = 20000 };
#define FONT "IPAmjMincho, Noto Serif CJK JP, serif"

typedef struct Flow {
    Ctx *ctx;
    const LetterPaper *paper;
    cairo_t *cairo;
    PangoContext *pango;
    double y;
    int page, pages; /* pages 0: not counted yet */
    bool english, too_long;
} Flow;

static Str said(const Flow *flow, const Json *text) {
    if (!text || text->kind == JSON_STRING) return json_str(text);
    Str english = json_get_str(text, "en");
    return flow->english && !str_empty(english) ? english : json_get_str(text, "ja");
}

static const char *either(const Flow *flow, const char *japanese, const char *english) {
    return flow->english ? english : japanese;
}

/* ---- layouts ---- */

typedef struct Setting {
    double size, x, width; /* width 0: to the right margin */
    PangoAlignment align;
    bool justify;
    const char *tag; /* of the PDF's structure: "P", "H1" ... */
} Setting;

static PangoLayout *layout_new(const Flow *flow, const Setting *setting, Str text) {
    PangoLayout *layout = pango_layout_new(flow->pango);
    PangoFontDescription *font = pango_font_description_from_string(FONT);
    double width = setting->width > 0 ? setting->width : page_width - margin - setting->x;
    pango_font_description_set_size(font, (int)(setting->size * PANGO_SCALE));
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout, setting->align);
    pango_layout_set_justify(layout, setting->justify);
    pango_layout_set_text(layout, text.ptr ? text.ptr : "", (int)text.len);
    return layout;
}

/* ---- pages ---- */

static void draw_at(const Flow *flow, const Setting *setting, double y, Str text) {
    PangoLayout *layout = layout_new(flow, setting, text);
    cairo_move_to(flow->cairo, setting->x, y);
    pango_cairo_show_layout(flow->cairo, layout);
    g_object_unref(layout);
}

static void qr_draw(const Flow *flow, double x, double y) {
    Str text = flow->paper->check;
    QRcode *code =
        QRcode_encodeData((int)text.len, (const unsigned char *)text.ptr, 0, QR_ECLEVEL_M);
    if (!code) { /* longer than any code holds: the address stands beside it as text */
        log_warn("records", "an address of %zu bytes fits no QR code", text.len);
        return;
    }
    double module = qr_size / code->width;
    for (int i = 0; i < code->width * code->width; i++)
        if (code->data[i] & 1)
            cairo_rectangle(flow->cairo, x + (i % code->width) * module,
                            y + (double)(i / code->width) * module, module, module);
    cairo_fill(flow->cairo);
    QRcode_free(code);
}

/* What every page ends with. */
static void foot_draw(const Flow *flow) {
    Arena *arena = flow->ctx->arena;
    const Json *contact = json_get(flow->paper->letter->contents, STR("contact"));
    double top = page_height - foot;
    Setting text = {.size = 8, .x = margin + qr_size + 14};
    cairo_set_line_width(flow->cairo, 0.5);
    cairo_move_to(flow->cairo, margin, top);
    cairo_line_to(flow->cairo, page_width - margin, top);
    cairo_stroke(flow->cairo);
    qr_draw(flow, margin, top + 12);
    Str check = flow->paper->check, city = flow->paper->city;
    Str asks = str_fmt(arena,
                       either(flow, "問合せ先　" STR_FMT " " STR_FMT "　電話 " STR_FMT,
                              "Contact: " STR_FMT ", " STR_FMT ", telephone " STR_FMT),
                       STR_ARG(city), STR_ARG(said(flow, json_get(contact, STR("name")))),
                       STR_ARG(json_get_str(contact, "phone")));
    Str how = str_fmt(
        arena,
        either(flow, "QRコードか次の番地で、市の台帳にあるものと同じか確かめられます。\n" STR_FMT,
               "Compare this document with the city's ledger by the QR code or "
               "at:\n" STR_FMT),
        STR_ARG(check));
    Str page = str_fmt(arena, "%d / %d", flow->page, flow->pages);
    draw_at(flow, &text, top + 12, how);
    draw_at(flow, &text, top + 48, asks);
    text.align = PANGO_ALIGN_RIGHT;
    draw_at(flow, &text, top + 64, page);
}

static void page_end(Flow *flow) {
    cairo_tag_begin(flow->cairo, "NonStruct", NULL);
    foot_draw(flow);
    cairo_tag_end(flow->cairo, "NonStruct");
    cairo_show_page(flow->cairo);
    flow->page++;
    flow->y = margin;
}

/* Sets lines one after another; a page that is full ends, and its tag with it. */
static void lines_draw(Flow *flow, const Setting *setting, PangoLayout *layout) {
    PangoLayoutIter *iter = pango_layout_get_iter(layout);
    cairo_tag_begin(flow->cairo, setting->tag ? setting->tag : "P", NULL);
    do {
        PangoRectangle ink, logical;
        int y0, y1;
        pango_layout_iter_get_line_extents(iter, &ink, &logical);
        pango_layout_iter_get_line_yrange(iter, &y0, &y1);
        double height = leading * pango_units_to_double(y1 - y0);
        if (flow->y + height > page_height - foot - 8) {
            cairo_tag_end(flow->cairo, setting->tag ? setting->tag : "P");
            page_end(flow);
            cairo_tag_begin(flow->cairo, setting->tag ? setting->tag : "P", NULL);
        }
        double base = pango_units_to_double(pango_layout_iter_get_baseline(iter) - y0);
        cairo_move_to(flow->cairo, setting->x + pango_units_to_double(logical.x), flow->y + base);
        pango_cairo_show_layout_line(flow->cairo, pango_layout_iter_get_line_readonly(iter));
        flow->y += height;
    } while (pango_layout_iter_next_line(iter));
    cairo_tag_end(flow->cairo, setting->tag ? setting->tag : "P");
    pango_layout_iter_free(iter);
}

static void put(Flow *flow, const Setting *setting, Str text) {
    flow->too_long |= text.len > PARAGRAPH_MAX || flow->page > PAGES_MAX;
    if (str_empty(text) || flow->too_long) return;
    PangoLayout *layout = layout_new(flow, setting, text);
    lines_draw(flow, setting, layout);
    g_object_unref(layout);
}

static void gap(Flow *flow, double height) {
    flow->y += height;
}

/* ---- the letter ---- */

static const Setting plain = {.size = 11, .x = margin, .justify = true};
static const Setting right = {.size = 11, .x = margin, .align = PANGO_ALIGN_RIGHT};
static const Setting centred = {.size = 11, .x = margin, .align = PANGO_ALIGN_CENTER};
static const Setting heading = {.size = 11, .x = margin, .tag = "H2"};
static const Setting small = {.size = 9, .x = margin, .justify = true};

static void head_put(Flow *flow) {
    const Letter *letter = flow->paper->letter;
    const Json *contents = letter->contents, *to = json_get(contents, STR("to"));
    Arena *arena = flow->ctx->arena;
    Setting title = {.size = 15, .x = margin, .align = PANGO_ALIGN_CENTER, .tag = "H1"};
    Date day = time_jst_date(letter->issued_at);
    put(flow, &right, letter->number);
    put(flow, &right,
        flow->english ? time_format_date(arena, day) : time_format_japanese(arena, day));
    gap(flow, 14);
    Str postcode = json_get_str(to, "postcode"), name = json_get_str(to, "name");
    if (!str_empty(postcode)) put(flow, &plain, str_fmt(arena, "〒" STR_FMT, STR_ARG(postcode)));
    put(flow, &plain, json_get_str(to, "address"));
    put(flow, &plain, str_fmt(arena, STR_FMT "%s", STR_ARG(name), either(flow, "　様", "")));
    gap(flow, 18);
    put(flow, &right, said(flow, json_get(contents, STR("signer"))));
    gap(flow, 26);
    put(flow, &title, said(flow, json_get(contents, STR("title"))));
    gap(flow, 18);
}

static void body_put(Flow *flow) {
    const Json *body = json_get(flow->paper->letter->contents, STR("body"));
    for (size_t i = 0; body && i < body->len; i++) {
        Str text = said(flow, json_at(body, i));
        put(flow, &plain,
            str_fmt(flow->ctx->arena, "%s" STR_FMT, either(flow, "　", ""), STR_ARG(text)));
        gap(flow, flow->english ? 8 : 2);
    }
}

/* Label and value side by side; the row is as high as the higher of them, on one page. */
static void fact_put(Flow *flow, const Json *fact, size_t n) {
    Setting label = {.size = 11, .x = margin + 12, .width = 150};
    Setting value = {.size = 11, .x = margin + 176};
    Str name = str_fmt(flow->ctx->arena, "%zu　" STR_FMT, n + 1,
                       STR_ARG(said(flow, json_get(fact, STR("label")))));
    PangoLayout *left = layout_new(flow, &label, name);
    int width, high, higher;
    PangoLayout *layout = layout_new(flow, &value, said(flow, json_get(fact, STR("value"))));
    pango_layout_get_size(left, &width, &high);
    pango_layout_get_size(layout, &width, &higher);
    double row = leading * pango_units_to_double(high > higher ? high : higher);
    if (flow->y + row > page_height - foot - 8 && row < page_height / 2) page_end(flow);
    double top = flow->y;
    int page = flow->page;
    lines_draw(flow, &label, left);
    double below = flow->y;
    if (flow->page == page) flow->y = top;
    lines_draw(flow, &value, layout);
    if (flow->page == page && below > flow->y) flow->y = below;
    gap(flow, 3);
    g_object_unref(left);
    g_object_unref(layout);
}

static void facts_put(Flow *flow) {
    const Json *facts = json_get(flow->paper->letter->contents, STR("facts"));
    if (!facts || !facts->len) return;
    gap(flow, 12);
    if (!flow->english) put(flow, &centred, STR("記"));
    gap(flow, 8);
    for (size_t i = 0; i < facts->len; i++)
        fact_put(flow, json_at(facts, i), i);
    if (!flow->english) put(flow, &right, STR("以上"));
}

static void reason_put(Flow *flow) {
    Str reason = json_get_str(flow->paper->letter->contents, "reason");
    if (str_empty(reason)) return;
    gap(flow, 12);
    put(flow, &heading, str_of(either(flow, "理由", "Reason")));
    put(flow, &plain, reason);
}

static void remedies_put(Flow *flow) {
    const Json *remedies = json_get(flow->paper->letter->contents, STR("remedies"));
    if (!remedies || !remedies->len) return;
    gap(flow, 14);
    put(flow, &heading, str_of(either(flow, "教示", "What you can do about it")));
    for (size_t i = 0; i < remedies->len; i++) {
        const Json *one = json_at(remedies, i);
        put(flow, &small, said(flow, json_get(one, STR("title"))));
        put(flow, &small, said(flow, json_get(one, STR("text"))));
        gap(flow, 4);
    }
}

static void letter_put(Flow *flow) {
    if (flow->english) {
        put(flow, &small, STR("Translation for reference. The Japanese text is the official one."));
        gap(flow, 12);
    }
    head_put(flow);
    body_put(flow);
    facts_put(flow);
    reason_put(flow);
    remedies_put(flow);
    page_end(flow);
}

/* ---- the file ---- */

static cairo_status_t bytes_take(void *to, const unsigned char *bytes, unsigned len) {
    Buf *buf = to;
    buf_add_bytes(buf, bytes, len);
    return buf->full ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void metadata_set(const Flow *flow, cairo_surface_t *surface) {
    Arena *arena = flow->ctx->arena;
    const Letter *letter = flow->paper->letter;
    Str title = str_fmt(arena, STR_FMT " " STR_FMT, STR_ARG(letter->number),
                        STR_ARG(said(flow, json_get(letter->contents, STR("title")))));
    Str made = time_format(arena, letter->issued_at);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, str_z(arena, title));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR,
                                   str_z(arena, flow->paper->city));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, str_z(arena, made));
}

/* Draws all of it and is done with the surface; flow->pages is how many there are on the foot, and
   then how many there were. */
static bool draw(Flow *flow, cairo_surface_t *surface) {
    PangoFontMap *fonts = pango_cairo_font_map_new();
    flow->cairo = cairo_create(surface);
    flow->pango = pango_font_map_create_context(fonts);
    pango_context_set_language(flow->pango, pango_language_from_string("ja"));
    flow->page = 1;
    flow->y = margin;
    cairo_tag_begin(flow->cairo, "Document", NULL);
    for (int english = 0; english <= flow->paper->translated; english++) {
        flow->english = english;
        letter_put(flow);
    }
    cairo_tag_end(flow->cairo, "Document");
    flow->pages = flow->page - 1;
    cairo_surface_finish(surface);
    bool good = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    g_object_unref(flow->pango);
    g_object_unref(fonts);
    cairo_destroy(flow->cairo);
    cairo_surface_destroy(surface);
    return good;
}

static Rc too_long(Ctx *ctx, const LetterPaper *paper) {
    return ctx_fail(ctx, RC_LIMIT, "letter-too-long", paper->letter->id,
                    "This letter is longer than %d pages, or couldn't be drawn.", PAGES_MAX);
}

/* Counts its pages, on a surface of which nothing is written. */
static bool measure(Flow *flow) {
    bool drawn = draw(flow, cairo_recording_surface_create(CAIRO_CONTENT_COLOR, NULL));
    return drawn && !flow->too_long && flow->pages <= PAGES_MAX;
}

Rc letter_fits(Ctx *ctx, const LetterPaper *paper) {
    Flow flow = {.ctx = ctx, .paper = paper};
    return measure(&flow) ? RC_OK : too_long(ctx, paper);
}

Rc letter_pdf(Ctx *ctx, const LetterPaper *paper, Str *out) {
    Flow flow = {.ctx = ctx, .paper = paper};
    *out = STR_NONE;
    if (!measure(&flow)) return too_long(ctx, paper);
    Buf bytes = buf_new(ctx->arena, PDF_MAX);
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(bytes_take, &bytes, page_width, page_height);
    metadata_set(&flow, surface);
    if (!draw(&flow, surface)) return too_long(ctx, paper);
    *out = buf_str(&bytes);
    return RC_OK;
}
