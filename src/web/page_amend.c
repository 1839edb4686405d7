/* page_amend: what its drafter changes of a proposal that waits or came back to him, and handing it
   in, whichever kind it is of. */
#include "page_design.h"

#include "decide/decide.h"
#include "meet/meet.h"
#include "open/open.h"

#define IRI(term) STR(LD_DEFAULT term)

/* What of a kind's contents is written here, and where the rest of it is. */
typedef struct AmendKind {
    const char *kind, *text; /* text: which word names it; NULL: none is written */
    const char *member;      /* of the contents, which has it */
} AmendKind;

static const AmendKind kinds[] = {
    {"fee-reduction", "evidence", "evidence"},
    {"collection-plan", "note", "note"},
    {"release", NULL, NULL},
    {"procedure-definition", NULL, NULL},
    {"procedure-transition", "reason", "reason"},
    {"file-disposal", "reason", "reason"},
    {"file-extension", "reason", "reason"},
    {"file-transfer", "reason", "reason"},
    {"meeting-minutes", NULL, NULL},
};
static const AmendKind of_cases = {NULL, "reason", "reason"};

static const AmendKind *kind_of(const Entity *decision) {
    Str kind = entity_text(decision, IRI("kind"));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(kind, str_of(kinds[i].kind))) return &kinds[i];
    return &of_cases;
}

static bool of_kind(const Entity *decision, const char *kind) {
    return str_eq(entity_text(decision, IRI("kind")), str_of(kind));
}

static bool is_back(const Entity *decision) {
    Route route;
    route_json_read(decision, &route);
    return route_is_back(&route);
}

/* Whoever has the draft reads what he drafted; of a person's case only as far as he is let. */
static Rc contents_of(Ctx *ctx, const Entity *decision, const Json **out) {
    const Attr *kept = entity_attr(decision, IRI("contents"));
    *out = kept ? kept->value : NULL;
    if (*out && !str_empty(json_get_str(*out, "part"))) return decide_contents(ctx, decision, out);
    return RC_OK;
}

/* Where what is decided is written. */
static Str edit_url(Arena *arena, const Entity *decision, const Json *contents) {
    Str number = json_get_str(contents, "number");
    if (of_kind(decision, "procedure-definition"))
        return page_design_url(arena, json_get_str(contents, "procedure"), "");
    if (of_kind(decision, "release")) return STR("/staff/releases");
    if (of_kind(decision, "meeting-minutes"))
        return str_fmt(arena, "/staff/meetings/" STR_FMT,
                       STR_ARG(json_get_str(contents, "meeting")));
    return str_empty(number) ? STR_NONE : page_case_url(arena, number);
}

static bool form_out(const HttpForm *form, Str code) {
    for (size_t i = 0; form && i < form->len; i++)
        if (str_eq(form->items[i].name, STR("out")) && str_eq(form->items[i].value, code))
            return true;
    return false;
}

static void files_set(View *view, const Json *contents, const HttpForm *form) {
    const Json *files = json_get(contents, STR("files"));
    JsonItems items = {0};
    for (size_t i = 0; files && files->len > 1 && i < files->len; i++) {
        const Json *file = json_at(files, i);
        View one = view_new(view->arena);
        Str code = file_code(view->arena, json_get_str(file, "label"));
        view_str(&one, "code", code);
        view_json(&one, "title", json_get(file, STR("title")));
        view_bool(&one, "out", form_out(form, code));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "files", &items);
}

/* What was typed, or as it stands. */
static Str said(const HttpForm *form, const char *name, Str now) {
    return form ? http_form_value(form, name) : now;
}

static void amend_set(View *view, const Entity *decision, const Json *contents,
                      const HttpForm *form) {
    const AmendKind *kind = kind_of(decision);
    view_bool(view, "back", is_back(decision));
    view_bool(view, "open", form != NULL);
    view_str(view, "subject", said(form, "subject", entity_text(decision, IRI("subjectLine"))));
    view_str(view, "asks", kind->text ? str_of(kind->text) : STR_NONE);
    view_str(view, "text",
             said(form, "comment", kind->member ? json_get_str(contents, kind->member) : STR_NONE));
    view_bool(view, "extends", of_kind(decision, "file-extension"));
    view_str(view, "until", said(form, "until", json_get_str(contents, "until")));
    view_bool(view, "transfers", of_kind(decision, "file-transfer"));
    view_str(view, "to", said(form, "to", json_get_str(contents, "to")));
    view_bool(view, "plan", of_kind(decision, "collection-plan"));
    view_str(view, "edit", edit_url(view->arena, decision, contents));
    files_set(view, contents, form);
}

Rc page_amend_value(Ctx *ctx, const Entity *decision, const HttpForm *form, Json *out) {
    const Json *contents;
    View view = view_new(ctx->arena);
    const Entity *whole = decision;
    bool sent = form && str_eq(http_form_value(form, "act"), STR("amend")),
         minutes = of_kind(decision, "meeting-minutes");
    *out = json_of_null();
    if (minutes && !is_back(decision)) return RC_OK; /* frozen: withdrawn first */
    if (minutes && meet_reads(ctx, decision)) TRY(decide_load(ctx, decision->id, &whole));
    TRY(contents_of(ctx, whole, &contents));
    if (!contents) return RC_OK;
    Str seen;
    TRY(office_amend_seen(ctx, whole, &seen));
    view_str(&view, "seen", seen);
    amend_set(&view, decision, contents, sent ? form : NULL);
    view_str(
        &view, "rule",
        minor_article(gate_organisation(ctx->tenant->gate), entity_text(decision, IRI("kind"))));
    *out = view_value(&view);
    return RC_OK;
}

/* ---- minor corrections ---- */

/* A text as it is; anything else as it was frozen. */
static Str value_text(Arena *arena, const Json *value) {
    enum { VALUE_MOST = 1 << 16 };
    Buf text = buf_new(arena, VALUE_MOST);
    if (!value || value->kind == JSON_STRING) return json_str(value);
    json_write(&text, value);
    return buf_str(&text);
}

static Json correction_value(HttpExchange *x, const Correction *correction) {
    View one = view_new(http_ctx(x)->arena);
    JsonItems rows = {0};
    VEC_EACH (const MinorChange, change, &correction->changes) {
        View row = view_new(one.arena);
        view_str(&row, "path", change->path);
        view_str(&row, "before", value_text(one.arena, change->before));
        view_str(&row, "after", value_text(one.arena, change->after));
        vec_push(one.arena, &rows, view_value(&row));
    }
    view_str(&one, "at", time_format(one.arena, correction->at));
    view_set(&one, "by", page_post(x, correction->post));
    view_bool(&one, "erased", correction->erased);
    view_items(&one, "rows", &rows);
    return view_value(&one);
}

Rc page_corrections_set(HttpExchange *x, View *view, const Entity *decision) {
    Corrections corrections;
    JsonItems items = {0};
    TRY(minor_corrections(http_ctx(x), decision, &corrections));
    VEC_EACH (const Correction, one, &corrections)
        vec_push(view->arena, &items, correction_value(x, one));
    view_items(view, "corrections", &items);
    return RC_OK;
}

/* ---- handing in ---- */

static OfficeAmend form_amend(Ctx *ctx, const Entity *decision, const HttpForm *form) {
    OfficeAmend amend = {.id = decision->id,
                         .subject = str_trim(http_form_value(form, "subject")),
                         .text = http_form_value(form, "comment"),
                         .to = http_form_value(form, "to"),
                         .seen = http_form_value(form, "seen"),
                         .more = str_eq(http_form_value(form, "more"), STR("yes")),
                         .minor = str_eq(http_form_value(form, "minor"), STR("yes"))};
    if (!time_parse_japanese(str_trim(http_form_value(form, "until")), &amend.until))
        amend.until = (Date){0};
    VEC_EACH (const HttpField, sent, form)
        if (str_eq(sent->name, STR("out"))) vec_push(ctx->arena, &amend.out, sent->value);
    return amend;
}

Rc page_amend_do(Ctx *ctx, const Entity *decision, const HttpForm *form) {
    OfficeAmend amend = form_amend(ctx, decision, form);
    ActAmend wish = {amend.subject, amend.minor};
    if (of_kind(decision, "release")) return open_amend(ctx, decision->id, &wish);
    if (of_kind(decision, "meeting-minutes")) return meet_amend(ctx, decision->id, &wish);
    return office_amend(ctx, &amend);
}

bool page_amend_fault(Ctx *ctx, Rc rc, Faults *faults) {
    static const struct {
        const char *code, *path; /* path NULL: any */
        Fault fault;
    } rows[] = {
        {"unchanged", NULL, {"subject", "unchanged"}},
        {"too-long", "subject", {"subject", "long"}},
        {"other-route", NULL, {"subject", "other_route"}},
        {"proposed", NULL, {"subject", "proposed"}},
        {"erased", NULL, {"subject", "erased"}},
        {"ranked", NULL, {"subject", "ranked"}},
        {"moved-on", NULL, {"subject", "moved"}},
        {"case-changed", NULL, {"subject", "changed"}},
        {"findings", NULL, {"subject", "findings"}},
        {"no-draft", NULL, {"subject", "no_draft"}},
        {"nothing-to-plan", NULL, {"subject", "nothing"}},
        {"missing", "to", {"to", "no_taker"}},
        {"too-long", "to", {"to", "long"}},
        {"missing", "until", {"until", "no_end"}},
        {"past", "until", {"until", "past"}},
        {"missing", "file", {"subject", "nothing"}},
        {"missing", "minutes", {"subject", "no_minutes"}},
        {"not-minor", NULL, {"minor", "never"}},
        {"no-minor", NULL, {"minor", "no_rule"}},
        {"much", NULL, {"minor", "much"}},
        {"missing", NULL, {"amended", "required"}},
        {"too-long", NULL, {"amended", "long"}},
    };
    for (size_t i = 0; rc != RC_OK && i < sizeof rows / sizeof *rows; i++) {
        bool here = !rows[i].path || str_eq(ctx->error.path, str_of(rows[i].path));
        if (!here || !str_eq(ctx->error.code, str_of(rows[i].code))) continue;
        vec_push(ctx->arena, faults, rows[i].fault);
        return true;
    }
    return false;
}
