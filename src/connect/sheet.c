#include "sheet.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { WIDTH_MIN = 8, WIDTH_MAX = 50, SHEET_BYTES = 64 << 20 };
#define MEMORY "/dev/shm" /* its parts are made here, not on a disk */

static Rc failed(Ctx *ctx, lxw_error error) {
    if (error == LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED ||
        error == LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE)
        return ctx_fail(
            ctx, RC_LIMIT, "too-large", STR_NONE,
            "A cell of a workbook has at most 32767 characters, and a sheet 1048576 rows.");
    return ctx_fail(ctx, RC_FAILED, "no-sheet", STR_NONE, "The workbook could not be made: %s.",
                    lxw_strerror(error));
}

/* In columns of a fixed-width type: what is not ASCII takes two. */
static int width_of(Str text) {
    size_t ascii = 0;
    for (size_t i = 0; i < text.len; i++)
        ascii += (unsigned char)text.ptr[i] < 0x80;
    size_t width = ascii + (str_utf8_len(text) - ascii) * 2;
    return width < WIDTH_MAX ? (int)width : WIDTH_MAX;
}

static void widths_set(lxw_worksheet *page, const SheetRows *rows) {
    size_t columns = rows->len ? rows->items[0].len : 0;
    for (size_t c = 0; c < columns; c++) {
        int widest = WIDTH_MIN;
        VEC_EACH (const StrVec, row, rows) {
            int width = c < row->len ? width_of(row->items[c]) : 0;
            widest = width > widest ? width : widest;
        }
        (void)worksheet_set_column(page, (lxw_col_t)c, (lxw_col_t)c, widest + 1, NULL);
    }
}

static lxw_error row_fill(Ctx *ctx, lxw_worksheet *page, lxw_row_t at, const StrVec *cells,
                          lxw_format *format) {
    for (size_t c = 0; c < cells->len; c++) {
        lxw_error error = worksheet_write_string(page, at, (lxw_col_t)c,
                                                 str_z(ctx->arena, cells->items[c]), format);
        if (error != LXW_NO_ERROR) return error;
    }
    return LXW_NO_ERROR;
}

static lxw_error page_fill(Ctx *ctx, lxw_workbook *book, Str name, const SheetRows *rows) {
    lxw_worksheet *page = workbook_add_worksheet(book, str_z(ctx->arena, name));
    lxw_format *heading = workbook_add_format(book);
    if (!page || !heading) return LXW_ERROR_PARAMETER_VALIDATION;
    format_set_bold(heading);
    for (size_t i = 0; i < rows->len; i++) {
        lxw_error error = row_fill(ctx, page, (lxw_row_t)i, &rows->items[i], i ? NULL : heading);
        if (error != LXW_NO_ERROR) return error;
    }
    widths_set(page, rows);
    worksheet_freeze_panes(page, 1, 0);
    return LXW_NO_ERROR;
}

static Rc bytes_read(Ctx *ctx, int fd, Str *out) {
    off_t size = lseek(fd, 0, SEEK_END);
    if (size <= 0 || size > SHEET_BYTES)
        return ctx_fail(ctx, size > 0 ? RC_LIMIT : RC_FAILED, size > 0 ? "too-large" : "no-sheet",
                        STR_NONE, "The workbook has no size that it may have.");
    char *bytes = arena_zero(ctx->arena, (size_t)size, 1);
    for (off_t at = 0; at < size;) {
        ssize_t n = pread(fd, bytes + at, (size_t)(size - at), at);
        if (n <= 0)
            return ctx_fail(ctx, RC_FAILED, "no-sheet", STR_NONE, "The workbook is cut: %s.",
                            strerrordesc_np(errno));
        at += n;
    }
    *out = (Str){bytes, (size_t)size};
    return RC_OK;
}

/* The library writes to a path: that of a file which only this process has, in memory. */
static Rc book_write(Ctx *ctx, int fd, Str name, const SheetRows *rows) {
    char memory[] = MEMORY;
    Str path = str_fmt(ctx->arena, "/proc/self/fd/%d", fd);
    lxw_workbook_options options = {.tmpdir = memory};
    lxw_workbook *book = workbook_new_opt(str_z(ctx->arena, path), &options);
    if (!book) return failed(ctx, LXW_ERROR_MEMORY_MALLOC_FAILED);
    lxw_error filled = page_fill(ctx, book, name, rows), closed = workbook_close(book);
    if (filled == LXW_NO_ERROR && closed == LXW_NO_ERROR) return RC_OK;
    return failed(ctx, filled != LXW_NO_ERROR ? filled : closed);
}

Rc sheet_write(Ctx *ctx, Str name, const SheetRows *rows, Str *out) {
    int fd = memfd_create("machi-sheet", MFD_CLOEXEC);
    if (fd < 0)
        return ctx_fail(ctx, RC_FAILED, "no-sheet", STR_NONE, "No memory for a workbook: %s.",
                        strerrordesc_np(errno));
    Rc rc = book_write(ctx, fd, name, rows);
    if (rc == RC_OK) rc = bytes_read(ctx, fd, out);
    close(fd);
    return rc;
}
