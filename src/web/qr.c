/* qr: an address as a QR code (ISO/IEC 18004), drawn as one path of an SVG. */
#include "pages_int.h"

#include <qrencode.h>

enum { QUIET = 4, QR_PATH_MAX = 1 << 17 };

/* One rectangle per run of dark modules in a row. */
static void row_draw(Buf *path, const unsigned char *row, int width, int y) {
    for (int x = 0; x < width; x++) {
        int from = x;
        while (x < width && (row[x] & 1))
            x++;
        if (x > from)
            buf_addf(path, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
    }
}

Json page_qr(Ctx *ctx, Str text) {
    QRcode *code =
        QRcode_encodeData((int)text.len, (const unsigned char *)text.ptr, 0, QR_ECLEVEL_M);
    if (!code) { /* longer than any code holds: the address stands beside it as text */
        log_warn("web", "an address of %zu bytes fits no QR code", text.len);
        return json_of_null();
    }
    Buf path = buf_new(ctx->arena, QR_PATH_MAX);
    for (int y = 0; y < code->width; y++)
        row_draw(&path, code->data + (ptrdiff_t)y * code->width, code->width, y);
    View view = view_new(ctx->arena);
    view_int(&view, "size", code->width + 2 * QUIET);
    view_str(&view, "path", buf_str(&path));
    QRcode_free(code);
    return view_value(&view);
}
