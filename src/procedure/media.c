#include "media.h"

#include <string.h>

static const struct {
    const char *type;
    bool photo;
    const char *endings[2]; /* of names; the first is the usual one */
} kinds[MEDIA_KINDS] = {[MEDIA_JPEG] = {"image/jpeg", true, {".jpg", ".jpeg"}},
                        [MEDIA_PNG] = {"image/png", true, {".png"}},
                        [MEDIA_WEBP] = {"image/webp", true, {".webp"}},
                        [MEDIA_PDF] = {"application/pdf", false, {".pdf"}}};

#define PNG_SIGN STR("\x89PNG\r\n\x1a\n")

MediaKind media_kind(Str bytes) {
    if (str_starts(bytes, STR("\xff\xd8\xff"))) return MEDIA_JPEG;
    if (str_starts(bytes, PNG_SIGN)) return MEDIA_PNG;
    if (str_starts(bytes, STR("RIFF")) && str_eq(str_sub(bytes, 8, 12), STR("WEBP")))
        return MEDIA_WEBP;
    return str_starts(bytes, STR("%PDF-")) ? MEDIA_PDF : MEDIA_KINDS;
}

Str media_name(Arena *arena, MediaKind kind, Str name) {
    for (size_t i = 0; i < 2 && kinds[kind].endings[i]; i++) {
        Str ending = str_of(kinds[kind].endings[i]);
        size_t from = name.len > ending.len ? name.len - ending.len : name.len;
        if (str_eq_nocase(str_sub(name, from, name.len), ending)) return name;
    }
    return str_fmt(arena, STR_FMT "%s", STR_ARG(name), kinds[kind].endings[0]);
}

Str media_type(MediaKind kind) {
    return str_of(kinds[kind].type);
}

MediaKind media_of_type(Str type) {
    MediaKind kind = MEDIA_JPEG;
    while (kind < MEDIA_KINDS && !str_eq(type, media_type(kind)))
        kind++;
    return kind;
}

bool media_is_photo(MediaKind kind) {
    return kind < MEDIA_KINDS && kinds[kind].photo;
}

static Rc damaged(Ctx *ctx) {
    return ctx_fail(ctx, RC_INVALID, "damaged", STR_NONE,
                    "This file is damaged: its parts don't fit together.");
}

/* A number at a place that is there. */
static uint32_t number(Str bytes, size_t at, size_t len, bool big) {
    uint32_t value = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)bytes.ptr[at + (big ? i : len - 1 - i)];
        value = value << 8 | byte;
    }
    return value;
}

/* ---- JPEG (ITU-T T.81, Annex B) ---- */

enum {
    RST0 = 0xD0,
    RST7 = 0xD7,
    SOI = 0xD8,
    EOI = 0xD9,
    SOS = 0xDA,
    APP0 = 0xE0,
    APP1 = 0xE1,
    APP2 = 0xE2,
    APP14 = 0xEE,
    APP15 = 0xEF,
    COM = 0xFE,
    SOF0 = 0xC0,
    SOF15 = 0xCF,
    DHT = 0xC4,
    JPG = 0xC8,
    DAC = 0xCC,
    JFIF_LEN = 14,
    ORIENTATION = 0x112,
};

typedef struct Jpeg {
    Str rest; /* behind what was read */
    Buf *to;
    unsigned orientation; /* of its Exif; 0: it says none */
    bool framed, scanned;
} Jpeg;

/* The orientation among the entries of the first directory (TIFF 6.0, section 2); 0: none. */
static unsigned orientation_of(Str tiff) {
    if (tiff.len < 8) return 0;
    bool big = str_starts(tiff, STR("MM"));
    size_t at = number(tiff, 4, 4, big);
    if (at > tiff.len || tiff.len - at < 2) return 0;
    size_t n = number(tiff, at, 2, big);
    for (at += 2; n-- && tiff.len - at >= 12; at += 12)
        if (number(tiff, at, 2, big) == ORIENTATION) {
            unsigned value = number(tiff, at + 8, 2, big);
            return value <= 8 ? value : 0;
        }
    return 0;
}

/* An Exif segment that says how the picture is turned, and nothing else. */
static void orientation_add(Buf *to, unsigned orientation) {
    static const char head[] = "\xff\xe1\x00\x22"
                               "Exif\0\0"
                               "MM\0*\0\0\0\x08"
                               "\0\x01"
                               "\x01\x12\0\x03\0\0\0\x01\0";
    if (orientation < 2) return;
    buf_add(to, (Str){head, sizeof head - 1});
    buf_add_char(to, (char)orientation);
    buf_add(to, (Str){"\0\0\0\0\0\0", 6});
}

static void segment_add(Buf *to, unsigned marker, Str data) {
    size_t len = data.len + 2;
    const char head[] = {(char)0xFF, (char)marker, (char)(len >> 8), (char)len};
    buf_add(to, (Str){head, sizeof head});
    buf_add(to, data);
}

/* Of JFIF its head without the preview. */
static void jfif_add(Buf *to, Str data) {
    if (!str_starts(data, STR("JFIF\0")) || data.len < JFIF_LEN) return;
    char head[JFIF_LEN];
    memcpy(head, data.ptr, sizeof head);
    head[JFIF_LEN - 2] = head[JFIF_LEN - 1] = 0;
    segment_add(to, APP0, (Str){head, sizeof head});
}

static void segment_keep(Jpeg *jpeg, unsigned marker, Str data) {
    bool frame =
        marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
    jpeg->framed |= frame;
    if (marker == APP0)
        jfif_add(jpeg->to, data);
    else if (marker == APP1 && str_starts(data, STR("Exif\0\0")))
        jpeg->orientation = orientation_of(str_sub(data, 6, data.len));
    bool profile = marker == APP2 && str_starts(data, STR("ICC_PROFILE\0"));
    bool adobe = marker == APP14 && str_starts(data, STR("Adobe"));
    bool drawn = (marker < APP0 || marker > APP15) && marker != COM;
    if (profile || adobe || drawn) segment_add(jpeg->to, marker, data);
}

/* The coded picture up to the next marker that isn't part of it. */
static void scan_keep(Jpeg *jpeg) {
    Str rest = jpeg->rest;
    size_t at = 0;
    while (at < rest.len) {
        const char *found = memchr(rest.ptr + at, 0xFF, rest.len - at);
        at = found ? (size_t)(found - rest.ptr) : rest.len;
        if (at + 1 >= rest.len) break;
        uint8_t next = (uint8_t)rest.ptr[at + 1];
        if (next && next != 0xFF && (next < RST0 || next > RST7)) break;
        at += next == 0xFF ? 1 : 2;
    }
    if (at > rest.len || at + 1 == rest.len) at = rest.len;
    buf_add(jpeg->to, str_sub(rest, 0, at));
    jpeg->rest = str_sub(rest, at, rest.len);
    jpeg->scanned = true;
}

/* Markers that hold nothing, and stand nowhere but at the beginning or within a scan. */
static bool is_bare(unsigned marker) {
    return marker == SOI || marker < SOF0 || (marker >= RST0 && marker <= RST7);
}

/* Takes a marker with what it holds: 1 taken, 0 the end, -1 no marker stands here. */
static int marker_take(Jpeg *jpeg) {
    Str rest = jpeg->rest;
    size_t at = 0;
    if (!rest.len)
        return jpeg->scanned ? 0 : -1; /* cut off behind a scan: drawn as far as it goes */
    if ((uint8_t)rest.ptr[0] != 0xFF) return -1;
    while (at < rest.len && (uint8_t)rest.ptr[at] == 0xFF)
        at++;
    if (at == rest.len) return -1;
    unsigned marker = (uint8_t)rest.ptr[at++];
    if (marker == EOI) return 0;
    if (is_bare(marker)) return -1;
    size_t len = rest.len - at >= 2 ? number(rest, at, 2, true) : 0;
    if (len < 2 || len > rest.len - at) return -1;
    segment_keep(jpeg, marker, str_sub(rest, at + 2, at + len));
    jpeg->rest = str_sub(rest, at + len, rest.len);
    if (marker == SOS) scan_keep(jpeg);
    return 1;
}

static Rc jpeg_clean(Ctx *ctx, Str bytes, Str *out) {
    Buf body = buf_new(ctx->arena, bytes.len + 64), whole = buf_new(ctx->arena, bytes.len + 128);
    Jpeg jpeg = {.rest = str_sub(bytes, 2, bytes.len), .to = &body};
    int taken;
    do
        taken = marker_take(&jpeg);
    while (taken > 0);
    if (taken < 0 || !jpeg.framed || !jpeg.scanned) return damaged(ctx);
    buf_add(&whole, STR("\xff\xd8"));
    orientation_add(&whole, jpeg.orientation);
    buf_add(&whole, buf_str(&body));
    buf_add(&whole, STR("\xff\xd9"));
    *out = buf_str(&whole);
    return buf_rc(&whole) == RC_OK && buf_rc(&body) == RC_OK ? RC_OK : damaged(ctx);
}

/* ---- chunks of PNG (ISO 15948, 5.3) and WebP (RFC 9649) ---- */

static bool among(Str name, const char *names) {
    for (; *names; names += 4)
        if (memcmp(names, name.ptr, 4) == 0) return true;
    return false;
}

static Rc png_clean(Ctx *ctx, Str bytes, Str *out) {
    static const char kept[] =
        "IHDRPLTEIDATIENDtRNScHRMgAMAiCCPsBITsRGBcICPbKGDpHYssPLThISTacTLfcTLfdAT";
    Buf to = buf_new(ctx->arena, bytes.len);
    Str rest = str_sub(bytes, PNG_SIGN.len, bytes.len), name = STR_NONE;
    bool first = true, drawn = false;
    buf_add(&to, PNG_SIGN);
    while (!str_eq(name, STR("IEND"))) {
        size_t len = rest.len >= 12 ? number(rest, 0, 4, true) : SIZE_MAX;
        if (len > rest.len - 12 || rest.len < 12) return damaged(ctx);
        name = str_sub(rest, 4, 8);
        if (first && !str_eq(name, STR("IHDR"))) return damaged(ctx);
        first = false;
        drawn |= str_eq(name, STR("IDAT"));
        if (among(name, kept)) buf_add(&to, str_sub(rest, 0, len + 12));
        rest = str_sub(rest, len + 12, rest.len);
    }
    *out = buf_str(&to);
    return drawn && buf_rc(&to) == RC_OK ? RC_OK : damaged(ctx);
}

enum { WEBP_HEAD = 12, VP8X_EXIF = 0x08, VP8X_XMP = 0x04 };

static void webp_chunk_add(Buf *to, Str name, Str chunk) {
    size_t at = to->len;
    buf_add(to, chunk);
    if (str_eq(name, STR("VP8X")) && buf_rc(to) == RC_OK && chunk.len > 8)
        to->ptr[at + 8] = (char)(to->ptr[at + 8] & ~(VP8X_EXIF | VP8X_XMP));
}

static Rc webp_clean(Ctx *ctx, Str bytes, Str *out) {
    static const char kept[] = "VP8 VP8LVP8XANIMANMFALPHICCP";
    static const char drawing[] = "VP8 VP8LANMF";
    Buf to = buf_new(ctx->arena, bytes.len + 1);
    if (bytes.len < WEBP_HEAD) return damaged(ctx);
    size_t said = number(bytes, 4, 4, false);
    if (said < 4 || said > bytes.len - 8) return damaged(ctx);
    Str rest = str_sub(bytes, WEBP_HEAD, 8 + said);
    bool drawn = false;
    buf_add(&to, str_sub(bytes, 0, WEBP_HEAD));
    while (rest.len >= 8) {
        size_t len = number(rest, 4, 4, false), padded = len + (len & 1);
        if (padded > rest.len - 8) return damaged(ctx);
        Str name = str_sub(rest, 0, 4);
        drawn |= among(name, drawing);
        if (among(name, kept)) webp_chunk_add(&to, name, str_sub(rest, 0, 8 + padded));
        rest = str_sub(rest, 8 + padded, rest.len);
    }
    if (rest.len || !drawn || buf_rc(&to) != RC_OK) return damaged(ctx);
    for (size_t i = 0; i < 4; i++)
        to.ptr[4 + i] = (char)((to.len - 8) >> (8 * i));
    *out = buf_str(&to);
    return RC_OK;
}

Rc media_clean(Ctx *ctx, MediaKind kind, Str bytes, Str *out) {
    if (kind == MEDIA_JPEG) return jpeg_clean(ctx, bytes, out);
    if (kind == MEDIA_PNG) return png_clean(ctx, bytes, out);
    if (kind == MEDIA_WEBP) return webp_clean(ctx, bytes, out);
    *out = bytes;
    return RC_OK;
}
