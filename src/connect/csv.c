#include "csv.h"

#include <string.h>

static bool line_end(char c) {
    return c == '\n' || c == '\r';
}

/* Steps over one line end at `at`. */
static void line_skip(Csv *csv) {
    const char *text = csv->text.ptr;
    if (csv->at >= csv->text.len) return;
    bool pair = text[csv->at] == '\r' && csv->at + 1 < csv->text.len && text[csv->at + 1] == '\n';
    csv->at += pair ? 2 : 1;
    csv->line++;
}

/* What a quoted cell is, found before anything is taken. */
typedef struct Quoted {
    size_t close;   /* index of the closing quote; SIZE_MAX: there is none */
    size_t doubled; /* pairs inside */
    size_t lines;
} Quoted;

static Quoted quoted_find(Str text, size_t from) {
    Quoted quoted = {.close = SIZE_MAX};
    size_t end = text.len - from > CSV_QUOTED_MAX ? from + CSV_QUOTED_MAX : text.len;
    for (size_t i = from; i < end; i++) {
        char c = text.ptr[i];
        if (c == '\n' || (c == '\r' && !(i + 1 < text.len && text.ptr[i + 1] == '\n')))
            quoted.lines++;
        if (c != '"') continue;
        if (i + 1 < text.len && text.ptr[i + 1] == '"') {
            quoted.doubled++;
            i++;
        } else {
            quoted.close = i;
            return quoted;
        }
    }
    return quoted;
}

/* The end of what stands unquoted from `from`: a separator or the end of the line. */
static size_t plain_end(const Csv *csv, size_t from) {
    size_t i = from;
    while (i < csv->text.len && csv->text.ptr[i] != csv->separator && !line_end(csv->text.ptr[i]) &&
           i - from <= CSV_LINE_MAX)
        i++;
    return i;
}

/* A quoted cell's text, with what stands behind the closing quote. */
static Str quoted_text(Arena *arena, Str inner, const Quoted *quoted, Str behind) {
    if (!quoted->doubled && !behind.len) return inner;
    char *text = arena_alloc(arena, inner.len + behind.len + 1, 1);
    size_t len = 0;
    for (size_t i = 0; i < inner.len; i++) {
        text[len++] = inner.ptr[i];
        if (inner.ptr[i] == '"') i++;
    }
    if (behind.len) memcpy(text + len, behind.ptr, behind.len);
    return (Str){text, len + behind.len};
}

static size_t skip_blanks(const Csv *csv, size_t at) {
    while (at < csv->text.len && csv->text.ptr[at] == ' ')
        at++;
    return at;
}

/* A quote lines further down that does not end its cell closes nothing: the one that was opened
   stands alone, and would swallow the rows between. */
static bool closes(const Csv *csv, const Quoted *quoted) {
    if (quoted->close == SIZE_MAX) return false;
    size_t behind = skip_blanks(csv, quoted->close + 1);
    if (!quoted->lines || behind >= csv->text.len) return true;
    return csv->text.ptr[behind] == csv->separator || line_end(csv->text.ptr[behind]);
}

/* Takes one cell at csv->at, which then stands on what ended it. */
static Str cell_take(Ctx *ctx, Csv *csv, CsvRow *row) {
    Str text = csv->text;
    size_t from = csv->at, start = skip_blanks(csv, from);
    if (!row->unclosed && start < text.len && text.ptr[start] == '"') {
        Quoted quoted = quoted_find(text, start + 1);
        if (closes(csv, &quoted)) {
            size_t end = plain_end(csv, quoted.close + 1);
            csv->at = end;
            csv->line += quoted.lines;
            return quoted_text(ctx->arena, str_sub(text, start + 1, quoted.close), &quoted,
                               str_sub(text, quoted.close + 1, end));
        }
        row->unclosed = true;
    }
    csv->at = plain_end(csv, from);
    return str_sub(text, from, csv->at);
}

static Rc too_long(Ctx *ctx, const CsvRow *row) {
    return ctx_fail(ctx, RC_LIMIT, "line-too-long", STR_NONE,
                    "Line %zu is longer than %d bytes or %d cells: this is no CSV file, or its "
                    "line ends were lost.",
                    row->line, CSV_LINE_MAX, CSV_CELLS_MAX);
}

static bool blank(Str cell) {
    return str_trim(cell).len == 0;
}

Rc csv_next(Ctx *ctx, Csv *csv, CsvRow *row) {
    *row = (CsvRow){.line = csv->line, .blank = true};
    if (csv->at >= csv->text.len)
        return ctx_fail(ctx, RC_NOT_FOUND, "end", STR_NONE, "There is no further row.");
    for (;;) {
        size_t from = csv->at;
        Str cell = cell_take(ctx, csv, row);
        row->blank = row->blank && blank(cell);
        if (csv->at - from > CSV_LINE_MAX || row->cells.len == CSV_CELLS_MAX)
            return too_long(ctx, row);
        vec_push(ctx->arena, &row->cells, cell);
        if (csv->at >= csv->text.len || csv->text.ptr[csv->at] != csv->separator) break;
        csv->at++;
    }
    line_skip(csv);
    return RC_OK;
}

static bool formula(Str cell) {
    double number;
    return cell.len && memchr("=+-@\t", cell.ptr[0], 5) && !str_to_f64(cell, &number);
}

void csv_write(Buf *to, Str cell) {
    bool guarded = formula(cell), quoted = guarded;
    for (size_t i = 0; i < cell.len && !quoted; i++)
        quoted = memchr("\",;\t\r\n", cell.ptr[i], 6) != NULL;
    if (cell.len && (cell.ptr[0] == ' ' || cell.ptr[cell.len - 1] == ' ')) quoted = true;
    if (!quoted) {
        buf_add(to, cell);
        return;
    }
    buf_add_char(to, '"');
    if (guarded) buf_add_char(to, '\'');
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.ptr[i] == '"') buf_add_char(to, '"');
        buf_add_char(to, cell.ptr[i]);
    }
    buf_add_char(to, '"');
}

void csv_write_row(Buf *to, const Str *cells, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(to, ',');
        csv_write(to, cells[i]);
    }
    buf_add(to, STR("\r\n"));
}
