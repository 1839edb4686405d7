/* page_design: what the pages share on which officials make procedures. */
#ifndef WEB_PAGE_DESIGN_H
#define WEB_PAGE_DESIGN_H

#include "pages_int.h"

/* Who may write and see drafts: clerks and data stewards; and chiefs, who decide about them. */
#define PAGE_DESIGNERS (PAGE_CITY | 1u << (GATE_ROLE_SHIFT + ROLE_STEWARD))
/* The procedure of the address. */
Rc page_design_load(HttpExchange *x, Publishing *out);
/* "/staff/procedures/ID" and what follows; the form of what stands at a path of its draft; what it
   will look like with the answers of an example ("-": none). */
Str page_design_url(Arena *arena, Str id, const char *further);
Str page_design_edit_url(Arena *arena, Str id, Str path);
Str page_preview_url(Arena *arena, Str id, Str example);
/* A path in a definition as people say it. */
Json page_design_place(Ctx *ctx, const Json *source, Str path);
/* `changes` from one text of a definition to another. */
void page_design_changes(Ctx *ctx, View *view, const Json *before, const Json *after);

/* What a proposal says; as: "text" or "date". */
typedef struct DesignLine {
    Json label, value;
    const char *as;
} DesignLine;
typedef VEC(DesignLine) DesignLines;
void page_design_line(Ctx *ctx, DesignLines *out, const char *ja, const char *en, Json value);
/* Of one on a version, or on cases that go to one. */
void page_design_lines(Ctx *ctx, const Json *contents, DesignLines *out);
/* Of the decision on a version, or on cases that go to one: `changes` and `whole`, its text,
   of a version, `turned` of cases that go; null of anything else. */
void page_design_decided(Ctx *ctx, const Entity *decision, const Json *contents, View *view);

/* ---- cases that go to another version ---- */
void page_transition_lines(Ctx *ctx, const Json *contents, DesignLines *out);
/* `turned`: from each of the versions that cases leave, its `changes`. */
void page_transition_changes(Ctx *ctx, View *view, const Json *contents);
/* How far it is, once it is decided, as a text. */
Rc page_transition_progress(Ctx *ctx, Str decision, Json *out);

/* ---- the form of one object ---- */
enum { DESIGN_LANGUAGES = 3 };
extern const char *const design_languages[DESIGN_LANGUAGES]; /* in which a text is written */
/* Whether a name is one of some words with blanks between. */
bool design_among(const char *words, Str name);
/* A text in several languages has no names of its own in members.h. */
bool design_is_wording(unsigned shape);

/* A form that came, and where its faults go. */
typedef struct Said {
    Arena *arena;
    Ctx *ctx;
    const HttpForm *form;
    Faults *faults;
} Said;

/* A number, true, false or null are that; everything else is a text. structured: lists and objects,
   too. */
Json design_scalar(const Said *said, Str text, bool structured);
/* A value in a line: a text as it is, else JSON. */
void design_value_write(Buf *to, const Json *value);

/* ---- decision tables, as a grid of rules ---- */
bool design_is_table(unsigned shape);
/* Whether one is small enough for a form, and has a column. */
bool design_grid_fits(const Json *table);
/* `grid`; path: of its rules. */
Json design_grid_value(Arena *arena, const Json *table, Str path);
/* Whether a form had it, and the rules that it says of the table for which it was drawn. */
bool design_grid_sent(const Said *said);
Json design_grid_said(const Said *said, const Json *table);

/* The object that it makes of a node: members in their order, those left out that say nothing;
   lists of objects, and what the form doesn't show, stay as they were. Lives in arena. */
const Json *design_said(const Said *said, const OutlineNode *node);

#endif
