#include "connect_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

enum { NAMES_MAX = 4096, NAMES_TOLD = 10, UNLIKE_HEAD = 1 << 16 };

/* ---- encodings ---- */

static const Str utf8_bom = {"\xEF\xBB\xBF", 3};

/* Takes a line with its end off the text. */
static Str line_take(Str *rest) {
    const char *newline = memchr(rest->ptr, '\n', rest->len);
    size_t len = newline ? (size_t)(newline - rest->ptr) + 1 : rest->len;
    Str line = str_sub(*rest, 0, len);
    *rest = str_sub(*rest, len, rest->len);
    return line;
}

static bool ascii(Str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] >= 0x80) return false;
    return true;
}

/* Is there a line that says something in UTF-8? Text in CP932 hardly ever does by chance. */
static bool speaks_utf8(Str text) {
    size_t utf8 = 0, other = 0;
    while (text.len) {
        Str line = line_take(&text);
        if (ascii(line)) continue;
        if (str_utf8_valid(line))
            utf8++;
        else
            other++;
    }
    return utf8 > other;
}

/* What is no UTF-8 becomes U+FFFD, and so is seen when its row is read. */
static void add_broken(Buf *to, Str line) {
    while (line.len) {
        Str before = line;
        int32_t point = str_utf8_next(&line);
        if (point == 0xFFFD)
            buf_add(to, STR("\xEF\xBF\xBD"));
        else
            buf_add(to, str_sub(before, 0, before.len - line.len));
    }
}

/* Line by line, each as what it is. */
static Rc decode_mixed(Ctx *ctx, Str text, bool mainly_utf8, Brought *out) {
    Buf to = buf_new(ctx->arena, BRING_FILE_MAX * 3);
    for (size_t number = 1; text.len; number++) {
        Str line = line_take(&text), decoded;
        bool utf8 = (mainly_utf8 || ascii(line)) && str_utf8_valid(line);
        if (utf8) {
            buf_add(&to, line);
        } else if (text_from_cp932(ctx->arena, line, &decoded)) {
            buf_add(&to, decoded);
            if (mainly_utf8) vec_push(ctx->arena, &out->mended, number);
        } else {
            add_broken(&to, line);
        }
    }
    out->encoding = mainly_utf8 ? "UTF-8 and CP932 mixed" : "CP932";
    out->text = buf_str(&to);
    return RC_OK;
}

/* Whether what is not ASCII comes in whole characters of EUC-JP; half-width kana of CP932 lie in
 * the same range, but never alone in pairs with kanji, of which there has to be one. */
static bool euc_jp(Str bytes) {
    bool kanji = false;
    for (size_t i = 0; i < bytes.len;) {
        unsigned char first = (unsigned char)bytes.ptr[i];
        size_t more = first < 0x80 ? 0 : first == 0x8F ? 2 : 1;
        if (first >= 0x80 && first < 0xA1 && first != 0x8E && first != 0x8F) return false;
        if (first == 0xFF || i + more >= bytes.len) return false;
        for (size_t k = 1; k <= more; k++)
            if ((unsigned char)bytes.ptr[i + k] < 0xA1) return false;
        kanji = kanji || (first >= 0xB0 && first <= 0xF4);
        i += 1 + more;
    }
    return kanji;
}

/* Only looked at when no header is known: a guess refuses nothing. */
static const char *unlike(Str bytes) {
    static const char *const shifts[] = {"\x1B$B", "\x1B$@", "\x1B(J"};
    size_t controls = 0, head = bytes.len < UNLIKE_HEAD ? bytes.len : UNLIKE_HEAD;
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++)
        if (str_find(bytes, str_of(shifts[i])) >= 0) return "ISO-2022-JP";
    for (size_t i = 0; i < head; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        if (c == 0) return "no text";
        controls += c < ' ' && c != '\t' && c != '\r' && c != '\n';
    }
    if (controls * 10 > head) return "no text";
    return !str_utf8_valid(bytes) && euc_jp(bytes) ? "EUC-JP" : NULL;
}

static Rc decode(Ctx *ctx, Str bytes, Brought *out) {
    out->unlike = unlike(bytes);
    if (str_starts(bytes, STR("\xFF\xFE")) || str_starts(bytes, STR("\xFE\xFF")))
        return ctx_fail(ctx, RC_INVALID, "utf-16", STR_NONE,
                        "The file is in UTF-16: save it as UTF-8.");
    bool bom = str_starts(bytes, utf8_bom);
    if (bom) bytes = str_sub(bytes, utf8_bom.len, bytes.len);
    if (str_utf8_valid(bytes)) {
        out->encoding = bom ? "UTF-8 with BOM" : "UTF-8";
        out->text = bytes;
        return RC_OK;
    }
    bool utf8 = bom || speaks_utf8(bytes);
    if (!utf8 && text_from_cp932(ctx->arena, bytes, &out->text)) {
        out->encoding = "CP932";
        return RC_OK;
    }
    return decode_mixed(ctx, bytes, utf8, out);
}

/* ---- zip ---- */

static Rc bad_zip(Ctx *ctx, const char *why) {
    return ctx_fail(ctx, RC_INVALID, "bad-zip", STR_NONE, "The zip cannot be read: %s.", why);
}

static Rc bomb(Ctx *ctx) {
    return ctx_fail(ctx, RC_LIMIT, "zip-too-large", STR_NONE,
                    "What is in the zip is larger than %zu MiB, or packed more than %d times: "
                    "unpack it and look.",
                    BRING_FILE_MAX >> 20, BRING_RATIO_MAX);
}

typedef VEC(zip_uint64_t) MemberNumbers;

static bool is_csv(const char *name) {
    Str s = str_of(name);
    return s.len > 4 && str_eq_nocase(str_sub(s, s.len - 4, s.len), STR(".csv"));
}

/* Unpacks one member; what it says of its own size is not believed. */
static Rc unpack(Ctx *ctx, zip_file_t *member, size_t packed, Str *out) {
    Buf to = buf_new(ctx->arena, BRING_FILE_MAX);
    char block[65536];
    for (zip_int64_t got; (got = zip_fread(member, block, sizeof block)) != 0;) {
        if (got < 0) return bad_zip(ctx, zip_file_strerror(member));
        buf_add_bytes(&to, block, (size_t)got);
        bool much = to.len > BRING_RATIO_FROM && to.len / BRING_RATIO_MAX > packed;
        if (to.full || much) return bomb(ctx);
    }
    *out = buf_str(&to);
    return RC_OK;
}

/* What a Mac adds beside each file: __MACOSX/._LIST.csv, which is no text. */
static bool is_shadow(const char *name) {
    const char *slash = strrchr(name, '/');
    return strncmp(slash ? slash + 1 : name, "._", 2) == 0;
}

/* The file is one report, one layout, one set of what vanished: two lists in it are two files. */
static Rc several(Ctx *ctx, zip_t *zip, const MemberNumbers *csvs) {
    Buf names = buf_new(ctx->arena, NAMES_MAX);
    for (size_t i = 0; i < csvs->len && i < NAMES_TOLD; i++) {
        const char *name = zip_get_name(zip, csvs->items[i], 0);
        if (i) buf_add(&names, STR(", "));
        report_add(&names, str_of(name ? name : "?"));
    }
    return ctx_fail(ctx, RC_INVALID, "several-csv-inside", STR_NONE,
                    "The zip holds %zu CSV files, and one is imported at a time: unpack it and "
                    "import each: " STR_FMT "%s.",
                    csvs->len, STR_ARG(buf_str(&names)),
                    csvs->len > NAMES_TOLD || names.full ? ", ..." : "");
}

/* The number of the only CSV of the zip. */
static Rc only_csv(Ctx *ctx, zip_t *zip, zip_uint64_t *out) {
    zip_int64_t count = zip_get_num_entries(zip, 0);
    MemberNumbers csvs = {0};
    *out = 0;
    for (zip_int64_t i = 0; i < count; i++) {
        const char *name = zip_get_name(zip, (zip_uint64_t)i, 0);
        if (name && is_csv(name) && !is_shadow(name)) vec_push(ctx->arena, &csvs, (zip_uint64_t)i);
    }
    if (csvs.len > 1) return several(ctx, zip, &csvs);
    if (csvs.len == 0)
        return ctx_fail(ctx, RC_INVALID, "no-csv-inside", STR_NONE,
                        "The file is a zip without a .csv inside: of a spreadsheet (.xlsx), save a "
                        "sheet as CSV.");
    *out = csvs.items[0];
    return RC_OK;
}

static Rc csv_unpack(Ctx *ctx, zip_t *zip, Brought *out, Str *bytes) {
    zip_uint64_t number;
    zip_stat_t stat;
    TRY(only_csv(ctx, zip, &number));
    zip_file_t *member = zip_fopen_index(zip, number, 0);
    if (!member || zip_stat_index(zip, number, 0, &stat) != 0) {
        if (member) zip_fclose(member);
        return bad_zip(ctx, zip_strerror(zip));
    }
    out->inside = str_dup(ctx->arena, str_of(stat.name));
    Rc rc = unpack(ctx, member, (size_t)stat.comp_size, bytes);
    zip_fclose(member);
    return rc;
}

static Rc unzip(Ctx *ctx, Str packed, Brought *out, Str *bytes) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(packed.ptr, packed.len, 0, &error);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (!zip) {
        Rc rc = bad_zip(ctx, zip_error_strerror(&error));
        if (source) zip_source_free(source);
        zip_error_fini(&error);
        return rc;
    }
    Rc rc = csv_unpack(ctx, zip, out, bytes);
    zip_discard(zip);
    zip_error_fini(&error);
    return rc;
}

Rc bring_bytes(Ctx *ctx, Str bytes, Brought *out) {
    *out = (Brought){.digest = hash_sha256(bytes)};
    if (str_starts(bytes, STR("PK\x03\x04"))) TRY(unzip(ctx, bytes, out, &bytes));
    return decode(ctx, bytes, out);
}

/* ---- files ---- */

static Rc no_file(Ctx *ctx, Str path, int why) {
    return ctx_fail(ctx, why == ENOENT ? RC_NOT_FOUND : RC_FAILED, "no-file", path,
                    "The file cannot be read: %s.", strerrordesc_np(why));
}

static Rc read_all(Ctx *ctx, int fd, Str path, Str *out) {
    struct stat stat;
    if (fstat(fd, &stat) != 0) return no_file(ctx, path, errno);
    if (!S_ISREG(stat.st_mode))
        return ctx_fail(ctx, RC_INVALID, "no-file", path, "This is no ordinary file.");
    if ((size_t)stat.st_size > BRING_FILE_MAX)
        return ctx_fail(ctx, RC_LIMIT, "file-too-large", path,
                        "A file has at most %zu MiB: split it.", BRING_FILE_MAX >> 20);
    char *bytes = arena_alloc(ctx->arena, (size_t)stat.st_size + 1, 1);
    size_t len = 0;
    while (len < (size_t)stat.st_size) {
        ssize_t got = read(fd, bytes + len, (size_t)stat.st_size - len);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return no_file(ctx, path, errno);
        if (got == 0) break;
        len += (size_t)got;
    }
    *out = (Str){bytes, len};
    return RC_OK;
}

Rc bring_file(Ctx *ctx, Str path, Brought *out) {
    Str bytes;
    int fd = open(str_z(ctx->arena, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return no_file(ctx, path, errno);
    Rc rc = read_all(ctx, fd, path, &bytes);
    close(fd);
    return rc == RC_OK ? bring_bytes(ctx, bytes, out) : rc;
}
