/* page_lists: what was frozen of a proposal, and proposals about several cases (一括起案), as pages
   show them. */
#ifndef WEB_PAGE_LISTS_H
#define WEB_PAGE_LISTS_H

#include "pages_int.h"

#include "decide/decide.h"

/* Whether a case no longer says what was proposed: it has to be taken out. */
Rc page_list_moved(Ctx *ctx, const DecideCases *cases, Str id, bool *moved);
/* `out`: what was taken out since it was proposed, why, when and by whom. */
void page_list_out(HttpExchange *x, View *view, const Json *contents);
/* A row of "cases" or "out" by its number. RC_CONFLICT "other-contents": there is none. */
Rc page_list_row(Ctx *ctx, const Entity *decision, const char *list, Str number, const Json **out);
/* Whose case a row is is looked at when it is shown, not when it is taken out; one that is gone is
   nobody's. */
Rc page_list_look(Ctx *ctx, const Json *row, Str what);
/* A fault of taking out that belongs to the form; false: to an error page. */
bool page_list_fault(Ctx *ctx, Rc rc, Faults *faults);
/* `list`: the cases of a proposal about several, and what may be done with them; null of any other.
   decision: as who looks may see it. */
Rc page_list_set(HttpExchange *x, View *view, const Entity *decision, const Json *contents);
/* What was frozen of a proposal, as `content`; none of it for who may not see it. A look. */
Rc page_decision_content(HttpExchange *x, const Entity *decision, View *view);
/* What was frozen of one case for a move, as lines of that; base: address of the decision. */
Json page_matter_lines(Ctx *ctx, Str base, const Json *contents);
/* The case as far as it was frozen: what was answered, under which version. */
Entity *page_frozen_case(Arena *arena, const Json *contents);

#endif
