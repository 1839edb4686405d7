/* Forms: the first line is the Content-Type, the rest the body. What is read can be written and
 * read again as the same. */
#include "fuzz.h"

#include "http/http_int.h"

#include <string.h>

#define MARK "a-boundary-of-our-own"

static bool is_text(Str s) {
    return str_utf8_valid(s) && str_find_char(s, '\0') < 0;
}

static void add_name(Buf *to, const char *key, Str name) {
    buf_addf(to, "; %s=\"", key);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '"')
            buf_add(to, STR("%22"));
        else if (c == '\r')
            buf_add(to, STR("%0D"));
        else if (c == '\n')
            buf_add(to, STR("%0A"));
        else
            buf_add_char(to, c);
    }
    buf_add_char(to, '"');
}

static Str written(Arena *arena, const HttpForm *form) {
    Buf text = buf_new(arena, 16 << 20);
    VEC_EACH (HttpField, field, form) {
        buf_add(&text, STR("--" MARK "\r\nContent-Disposition: form-data"));
        add_name(&text, "name", field->name);
        if (field->file_name.ptr) add_name(&text, "filename", field->file_name);
        buf_add(&text, STR("\r\n\r\n"));
        buf_add(&text, field->value);
        buf_add(&text, STR("\r\n"));
    }
    buf_add(&text, STR("--" MARK "--"));
    return buf_str(&text);
}

/* Names that hold what escapes look like, or no name at all (a urlencoded field may), cannot be
 * written as they are. */
static bool writable(const HttpForm *form) {
    VEC_EACH (HttpField, field, form) {
        if (!field->name.len || str_find(field->value, STR(MARK)) >= 0) return false;
        if (str_find_char(field->name, '%') >= 0 || str_find_char(field->name, '\\') >= 0)
            return false;
        if (str_find_char(field->file_name, '%') >= 0 || str_find_char(field->file_name, '\\') >= 0)
            return false;
    }
    return form->len <= 200;
}

static void check_again(Ctx *ctx, const HttpForm *form) {
    HttpForm again;
    Str text = written(ctx->arena, form);
    Rc rc = form_parse(ctx, STR("multipart/form-data; boundary=" MARK), text, &again);
    assert(rc == RC_OK && again.len == form->len);
    for (size_t i = 0; i < form->len; i++) {
        assert(str_eq(again.items[i].name, form->items[i].name));
        assert(str_eq(again.items[i].value, form->items[i].value));
        assert(str_eq(again.items[i].file_name, form->items[i].file_name));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 16) return 0;
    Arena *arena = arena_new(256 << 20);
    Ctx ctx = {.arena = arena, .scratch = arena};
    Str rest = {(const char *)data, size}, type = STR_NONE;
    HttpForm form;
    if (!str_split(&rest, '\n', &type)) type = STR_NONE;
    Rc rc = form_parse(&ctx, type, rest, &form);
    assert(rc == RC_OK || ctx.error.detail.len > 0);
    if (rc == RC_OK) {
        VEC_EACH (HttpField, field, &form) {
            assert(is_text(field->name) && is_text(field->file_name));
            assert(field->file_name.ptr || is_text(field->value));
        }
        if (writable(&form)) check_again(&ctx, &form);
    }
    arena_free(arena);
    return 0;
}
