/* page_design: procedures as officials make them: which there are, how one stands, what keeps it
   from being published, what a version changes; and beginning, importing, proposing, throwing away.
   The form of a draft stands in page_design_edit.c, what it will look like in page_preview.c. */
#include "page_design.h"

enum { IMPORT_MAX = 4 << 20, VALUE_SHOWN = 300, WHOLE_MAX = 1 << 20 };

Str page_design_url(Arena *arena, Str id, const char *further) {
    return str_fmt(arena, "/staff/procedures/" STR_FMT "%s", STR_ARG(id), further);
}

static Json label_of(Arena *arena, const Publishing *of) {
    const Json *label = of->draft ? json_get(of->draft, STR("label")) : NULL;
    if (!label && of->newest) label = of->newest->label.all;
    return label ? *label : json_of_str(str_dup(arena, of->id));
}

static void crumb_list(View *view) {
    page_crumb(view, STR("手続きの様式"), STR("Procedures"), STR("/staff/procedures"));
}

Rc page_design_load(HttpExchange *x, Publishing *out) {
    return publish_load(http_ctx(x), http_path_param(x, "procedure"), out);
}

/* ---- the list ---- */

static void stand_set(View *view, const Publishing *of) {
    view_str(view, "id", of->id);
    view_set(view, "label", label_of(view->arena, of));
    view_str(view, "url", page_design_url(view->arena, of->id, ""));
    view_int(view, "now", of->now ? of->now->version : 0);
    view_int(view, "newest", of->newest ? of->newest->version : 0);
    view_bool(view, "drafted", of->draft != NULL);
    view_bool(view, "waits", !str_empty(of->proposal));
}

static void list_show(HttpExchange *x, int status, const HttpForm *form, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    View view = page_view(x), values = view_new(ctx->arena);
    Publishings all;
    JsonItems items = {0};
    if (publish_list(ctx, &all) != RC_OK) {
        page_fail(x);
        return;
    }
    VEC_EACH (const Publishing, one, &all) {
        View row = view_new(ctx->arena);
        stand_set(&row, one);
        vec_push(ctx->arena, &items, view_value(&row));
    }
    view_items(&view, "procedures", &items);
    view_str(&values, "id", form ? http_form_value(form, "id") : STR_NONE);
    view_str(&values, "text", form ? http_form_value(form, "text") : STR_NONE);
    view_set(&view, "values", view_value(&values));
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_DESIGNS, &view);
}

static void list_get(HttpExchange *x) {
    list_show(x, 200, NULL, NULL);
}

/* What is told at the form; false: on a page of its own. */
static bool begin_fault(Ctx *ctx, bool import, Faults *faults) {
    static const struct {
        const char *code;
        Fault fault;
    } rows[] = {
        {"bad-id", {"id", "format"}},
        {"taken", {"id", "taken"}},
        {"drafted", {"id", "drafted"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(ctx->error.code, str_of(rows[i].code)))
            vec_push(ctx->arena, faults,
                     ((Fault){import ? "text" : rows[i].fault.field, rows[i].fault.code}));
    if (import && !faults->len) vec_push(ctx->arena, faults, ((Fault){"text", "definition"}));
    return faults->len > 0;
}

static void list_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    bool import = str_eq(http_form_value(form, "act"), STR("import"));
    Str id = str_trim(http_form_value(form, "id"));
    Rc rc = import ? publish_import(ctx, http_form_value(form, "text"), &id)
                   : publish_begin(ctx, id, http_form_value(form, "from"));
    if (rc == RC_OK)
        page_see(x, page_design_url(ctx->arena, id, ""));
    else if (rc != RC_DENIED && begin_fault(ctx, import, &faults))
        list_show(x, 422, form, &faults);
    else
        page_fail(x);
}

/* ---- one procedure ---- */

static void version_add(Ctx *ctx, const Publishing *of, const Definition *one, JsonItems *out) {
    View row = view_new(ctx->arena);
    const Definition *before =
        catalogue_version(procedures_catalogue(ctx->tenant), one->id, one->version - 1);
    view_int(&row, "version", one->version);
    view_str(&row, "from", time_format_date(ctx->arena, one->from));
    view_str(&row, "until", one->until.year ? time_format_date(ctx->arena, one->until) : STR_NONE);
    view_bool(&row, "now", of->now == one);
    Str decision = publish_decision(ctx, one->id, one->version);
    view_str(&row, "decision",
             str_empty(decision) ? STR_NONE : page_decision_url(ctx->arena, decision));
    view_str(&row, "text",
             page_design_url(ctx->arena, one->id,
                             str_fmt(ctx->arena, "/versions/%lld", (long long)one->version).ptr));
    view_str(&row, "compare",
             before ? page_design_url(ctx->arena, one->id,
                                      str_fmt(ctx->arena, "/compare?from=%lld&to=%lld",
                                              (long long)before->version, (long long)one->version)
                                          .ptr)
                    : STR_NONE);
    vec_push(ctx->arena, out, view_value(&row));
}

static void versions_set(Ctx *ctx, View *view, const Publishing *of) {
    JsonItems items = {0};
    for (int64_t n = of->newest ? of->newest->version : 0; n > 0; n--) {
        const Definition *one = catalogue_version(procedures_catalogue(ctx->tenant), of->id, n);
        if (one) version_add(ctx, of, one, &items);
    }
    view_items(view, "versions", &items);
}

/* A finding, and where it is mended. */
static void findings_set(Ctx *ctx, View *view, const Publishing *of,
                         const DefinitionFindings *findings) {
    JsonItems items = {0};
    VEC_EACH (const DefinitionFinding, finding, findings) {
        View one = view_new(view->arena);
        OutlineNode node;
        outline_find(view->arena, of->draft, finding->path, &node);
        view_set(&one, "place", page_design_place(ctx, of->draft, finding->path));
        view_set(&one, "text", view_text(view->arena, finding->ja, finding->text));
        view_str(&one, "url", page_design_edit_url(view->arena, of->id, node.path));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "findings", &items);
}

static bool is_of(const DefinitionFinding *finding, const DefinedExample *example) {
    return str_eq(str_sub(finding->path, 0, 9), STR("examples.")) &&
           str_eq(str_sub(finding->path, 9, finding->path.len), example->id);
}

/* The dry run: each example with how many differences it has. */
static void examples_set(View *view, const Publishing *of, const Definition *definition,
                         const DefinitionFindings *findings) {
    JsonItems items = {0};
    for (size_t i = 0; definition && i < definition->examples.len; i++) {
        const DefinedExample *example = &definition->examples.items[i];
        View one = view_new(view->arena);
        int64_t n = 0;
        VEC_EACH (const DefinitionFinding, finding, findings)
            n += is_of(finding, example);
        view_json(&one, "label", example->label.all);
        view_int(&one, "differences", n);
        view_str(&one, "preview", page_preview_url(view->arena, of->id, example->id));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "examples", &items);
}

static void draft_set(HttpExchange *x, View *view, const Publishing *of) {
    Ctx *ctx = http_ctx(x);
    const Definition *definition;
    DefinitionFindings findings;
    publish_check(ctx, of, &definition, &findings);
    findings_set(ctx, view, of, &findings);
    examples_set(view, of, definition, &findings);
    view_set(view, "saved_by", page_post(x, of->draft_post));
    view_set(view, "saved_at", json_of_str(time_format(ctx->arena, of->draft_at)));
    view_str(view, "edit", page_design_edit_url(ctx->arena, of->id, STR_NONE));
    view_str(view, "preview",
             definition ? page_preview_url(ctx->arena, of->id, STR("-")) : STR_NONE);
    view_str(view, "compare",
             of->newest ? page_design_url(ctx->arena, of->id,
                                          str_fmt(ctx->arena, "/compare?from=%lld&to=draft",
                                                  (long long)of->newest->version)
                                              .ptr)
                        : STR_NONE);
    view_str(view, "draft_text", page_design_url(ctx->arena, of->id, "/versions/draft"));
    view_int(view, "version", (int64_t)of->version);
}

static void design_show(HttpExchange *x, int status, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    Publishing of;
    View view = page_view(x);
    if (page_design_load(x, &of) != RC_OK) {
        page_fail(x);
        return;
    }
    stand_set(&view, &of);
    crumb_list(&view);
    versions_set(ctx, &view, &of);
    view_str(&view, "public",
             of.now && !of.now->inside ? str_fmt(ctx->arena, "/procedures/" STR_FMT, STR_ARG(of.id))
                                       : STR_NONE);
    bool moves = of.newest && of.newest->version > 1 && !of.newest->parts.len;
    view_str(&view, "transition",
             moves ? page_design_url(ctx->arena, of.id, "/transition") : STR_NONE);
    view_str(&view, "proposal",
             str_empty(of.proposal) ? STR_NONE : page_decision_url(ctx->arena, of.proposal));
    view_null(&view, "draft");
    if (of.draft) {
        View draft = view_new(ctx->arena);
        draft_set(x, &draft, &of);
        view_set(&view, "draft", view_value(&draft));
    }
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_DESIGN, &view);
}

static void design_get(HttpExchange *x) {
    design_show(x, 200, NULL);
}

static Rc design_do(HttpExchange *x, const HttpForm *form, Str id, Str *to) {
    Ctx *ctx = http_ctx(x);
    Str act = http_form_value(form, "act"), decision;
    int64_t version = 0;
    *to = page_design_url(ctx->arena, id, "");
    if (str_eq(act, STR("begin"))) {
        *to = page_design_edit_url(ctx->arena, id, STR_NONE);
        return publish_begin(ctx, id, id);
    }
    if (str_eq(act, STR("discard")) && str_to_i64(http_form_value(form, "version"), &version) &&
        version > 0)
        return publish_discard(ctx, id, (uint64_t)version);
    if (!str_eq(act, STR("propose")))
        return ctx_fail(ctx, RC_INVALID, "no-act", STR("act"), "Choose what to do.");
    TRY(publish_propose(ctx, id, &decision));
    *to = page_decision_url(ctx->arena, decision);
    return RC_OK;
}

static void design_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    Publishing of;
    Str to;
    if (!page_form(x, &form)) return;
    Rc rc = page_design_load(x, &of);
    if (rc == RC_OK) rc = design_do(x, form, of.id, &to);
    if (rc == RC_OK) {
        page_see(x, to);
        return;
    }
    static const struct {
        const char *code;
        Fault fault;
    } rows[] = {{"past", {"effective", "past"}},
                {"findings", {"findings", "open"}},
                {"proposed", {"findings", "proposed"}},
                {"edited", {"findings", "edited"}},
                {"drafted", {"findings", "drafted"}}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(ctx->error.code, str_of(rows[i].code)))
            vec_push(ctx->arena, &faults, rows[i].fault);
    if (faults.len)
        design_show(x, 422, &faults);
    else
        page_fail(x);
}

/* ---- comparing, and the text ---- */

/* A version by its number, or the draft; NULL: there is none. */
static const Json *text_of(Ctx *ctx, const Publishing *of, Str word) {
    int64_t version;
    if (str_eq(word, STR("draft"))) return of->draft;
    return str_to_i64(word, &version) ? publish_text(ctx, of->id, version) : NULL;
}

static Rc text_asked(HttpExchange *x, const Publishing *of, Str word, const Json **out) {
    *out = text_of(http_ctx(x), of, word);
    if (*out) return RC_OK;
    return ctx_fail(http_ctx(x), RC_NOT_FOUND, "no-version", word,
                    "This procedure has no such version.");
}

/* A value in a line: a text as it is, else JSON. */
static Json value_shown(Arena *arena, const Json *value) {
    Buf text = buf_new(arena, VALUE_SHOWN);
    if (!value) return json_of_null();
    if (value->kind == JSON_STRING) return *value;
    const Json *label = json_get(value, STR("label"));
    if (label && label->kind == JSON_OBJECT) return *label;
    json_write(&text, value);
    Str shown = buf_str(&text);
    while (!str_utf8_valid(shown))
        shown = str_head(shown, shown.len - 1);
    return json_of_str(shown);
}

void page_design_changes(Ctx *ctx, View *view, const Json *before, const Json *after) {
    DefinitionChanges changes;
    JsonItems items = {0};
    definition_compare(view->arena, before, after, &changes);
    VEC_EACH (const DefinitionChange, change, &changes) {
        View one = view_new(view->arena);
        view_set(&one, "place",
                 page_design_place(ctx, change->after ? after : before, change->path));
        view_set(&one, "before", value_shown(view->arena, change->before));
        view_set(&one, "after", value_shown(view->arena, change->after));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "changes", &items);
}

void page_design_line(Ctx *ctx, DesignLines *out, const char *ja, const char *en, Json value) {
    vec_push(ctx->arena, out,
             ((DesignLine){view_text(ctx->arena, str_of(ja), str_of(en)), value, "text"}));
}

void page_design_lines(Ctx *ctx, const Json *contents, DesignLines *out) {
    const Json *definition = json_get(contents, STR("definition"));
    const Json *label = json_get(definition, STR("label"));
    *out = (DesignLines){0};
    if (!definition) {
        page_transition_lines(ctx, contents, out);
        return;
    }
    Str from = json_get_str(json_get(definition, STR("effective")), "from");
    if (label) page_design_line(ctx, out, "手続き", "Procedure", *label);
    page_design_line(ctx, out, "版", "Version", json_of_int(json_get_int(contents, "version", 0)));
    page_design_line(ctx, out, "施行日", "In force from", json_of_str(from));
    out->items[out->len - 1].as = "date";
}

void page_design_decided(Ctx *ctx, const Entity *decision, const Json *contents, View *view) {
    Str kind = entity_text(decision, STR(LD_DEFAULT "kind"));
    view_null(view, "changes");
    view_null(view, "whole");
    view_null(view, "turned");
    if (contents && str_eq(kind, TRANSITION_KIND)) page_transition_changes(ctx, view, contents);
    if (!contents || !str_eq(kind, PUBLISH_KIND)) return;
    const Json *definition = json_get(contents, STR("definition"));
    const Json *before = publish_text(ctx, json_get_str(contents, "procedure"),
                                      json_get_int(contents, "against", 0));
    Buf whole = buf_new(ctx->arena, WHOLE_MAX);
    json_write(&whole, definition);
    view_str(view, "whole", buf_str(&whole));
    if (before) page_design_changes(ctx, view, before, definition);
}

static void compare_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Publishing of;
    const Json *before, *after;
    Str from = http_query_or(x, "from", STR_NONE), to = http_query_or(x, "to", STR("draft"));
    if (page_design_load(x, &of) != RC_OK || text_asked(x, &of, from, &before) != RC_OK ||
        text_asked(x, &of, to, &after) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    crumb_list(&view);
    page_crumb_to(&view, label_of(ctx->arena, &of), page_design_url(ctx->arena, of.id, ""));
    view_set(&view, "label", label_of(ctx->arena, &of));
    view_int(&view, "from", json_get_int(before, "version", 0));
    view_int(&view, "to", json_get_int(after, "version", 0));
    view_bool(&view, "draft", str_eq(to, STR("draft")));
    page_design_changes(ctx, &view, before, after);
    page_show(x, 200, WEB_PAGE_DESIGN_COMPARE, &view);
}

/* For another city, or for a friend of text: the file as `machi rules` and import take it. */
static void text_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Publishing of;
    const Json *text;
    Str version = http_path_param(x, "version");
    if (page_design_load(x, &of) != RC_OK || text_asked(x, &of, version, &text) != RC_OK) {
        page_fail(x);
        return;
    }
    Buf body = buf_new(ctx->arena, IMPORT_MAX);
    json_write(&body, text);
    buf_add_char(&body, '\n');
    http_set_header(x, "Content-Disposition",
                    str_fmt(ctx->arena, "attachment; filename=\"" STR_FMT "-" STR_FMT ".json\"",
                            STR_ARG(of.id), STR_ARG(version)));
    http_answer(x, 200, STR("application/json; charset=utf-8"), buf_str(&body));
}

PAGE_ANSWERS(page_text, {200, "application/json", "ProcedureDefinition"});
#define TAG "Making procedures"

const HttpRoute page_design_rows[] = {
    PAGE_SHOW("/staff/procedures", PAGE_DESIGNERS, TAG, list_get,
              "Procedures and how far their versions are"),
    {HTTP_POST, "/staff/procedures", list_post, HTTP_POOL, IMPORT_MAX, PAGE_DESIGNERS | GATE_FORM,
     TAG, "Begin a procedure, or take over another city's", NULL, NULL, page_posted},
    PAGE_SHOW("/staff/procedures/{procedure}", PAGE_DESIGNERS, TAG, design_get,
              "A procedure: its draft, what keeps it from being published, its versions"),
    PAGE_SEND("/staff/procedures/{procedure}", PAGE_DESIGNERS, TAG, design_post,
              "Begin the next version, propose it, or throw it away"),
    PAGE_SHOW("/staff/procedures/{procedure}/compare", PAGE_DESIGNERS, TAG, compare_get,
              "What two versions say otherwise"),
    {HTTP_GET, "/staff/procedures/{procedure}/versions/{version}", text_get, HTTP_POOL, 0,
     PAGE_DESIGNERS, TAG, "The text of a version, for another city", NULL, NULL, page_text},
};
ROWS(page_design_count, page_design_rows);
