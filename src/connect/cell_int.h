/* cell_int: what the files of cell share. */
#ifndef CONNECT_CELL_INT_H
#define CONNECT_CELL_INT_H

#include "cell.h"

CellState cell_bad(CellWork *work, const char *why);
/* NFKC of what is not ASCII. */
Str cell_narrow(CellWork *work, Str s);

CellState cell_date(CellWork *work, const DictAttr *attr, Str raw, Json *out);
CellState cell_datetime(CellWork *work, const DictAttr *attr, Str raw, Json *out);
CellState cell_clock(CellWork *work, const DictAttr *attr, Str raw, Json *out);

#endif
