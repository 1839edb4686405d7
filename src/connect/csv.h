/* csv: reads records of RFC 4180 and of what is found in the wild: LF, CR LF and CR mixed, newlines
   and doubled quotes in quoted cells, blanks before a quote, text behind a closing one. Linear. */
#ifndef CONNECT_CSV_H
#define CONNECT_CSV_H

#include "base/base.h"

enum {
    CSV_LINE_MAX = 4 << 20,   /* bytes of a record without quotes; a longer one refuses the file */
    CSV_QUOTED_MAX = 1 << 20, /* bytes of a quoted cell; a longer one counts as never closed */
    CSV_CELLS_MAX = 4096,     /* of one record */
};

/* Where a reading stands. {.text, .separator, .line = 1} to begin with; text is UTF-8 without BOM
 * and outlives the rows. */
typedef struct Csv {
    Str text;
    size_t at;
    size_t line; /* of `at`, from 1 */
    char separator;
} Csv;

typedef struct CsvRow {
    StrVec cells;  /* in ctx->arena or in the text; as they stand, blanks included */
    size_t line;   /* where it begins */
    bool unclosed; /* a quote was opened and never closed: the row ends with its line */
    bool blank;    /* no cell holds anything but blanks */
} CsvRow;

/* The next record, empty lines included (one empty cell). RC_NOT_FOUND at the end, RC_LIMIT past
 * the bounds above. */
Rc csv_next(Ctx *ctx, Csv *csv, CsvRow *row);

/* Appends a cell, quoted where that is needed. A cell that a spreadsheet would take for a formula
   (=, +, -, @ in front of anything but a number) is written with a ' before it. */
void csv_write(Buf *to, Str cell);
/* A whole record with its CR LF. */
void csv_write_row(Buf *to, const Str *cells, size_t n);

#endif
