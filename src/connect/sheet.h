/* sheet: a table as a workbook that spreadsheet programs open (Office Open XML, ISO/IEC 29500). */
#ifndef CONNECT_SHEET_H
#define CONNECT_SHEET_H

#include "base/base.h"

typedef VEC(StrVec) SheetRows;
/* The bytes of a workbook with one sheet of that name (1 to 31 characters), in ctx->arena: the
   first row is its heading and stays in view. Cells are texts, as they are: none is taken for a
   number, a date or a formula. What it takes meanwhile lies in memory alone. RC_LIMIT "too-large":
   a cell of more than 32 767 characters, or more rows or columns than a sheet has; RC_FAILED
   "no-sheet". Pool threads. */
Rc sheet_write(Ctx *ctx, Str name, const SheetRows *rows, Str *out);

#endif
