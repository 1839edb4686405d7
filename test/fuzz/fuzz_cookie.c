/* A Cookie header: the first line is the name looked for, the rest the header. What is found is
 * found again alone. */
#include "fuzz.h"

#include "http/http_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 14) return 0;
    Arena *arena = arena_new(1 << 20);
    Str header = {(const char *)data, size}, name = STR_NONE;
    if (!str_split(&header, '\n', &name)) name = STR_NONE;
    Str value = cookie_find(header, name);
    if (value.ptr) {
        assert(value.ptr >= header.ptr && value.ptr + value.len <= header.ptr + header.len);
        assert(str_find_char(value, ';') < 0 && str_find_char(value, ' ') < 0);
        Str alone = str_join(arena, (Str[]){name, value}, 2, STR("="));
        assert(str_eq(cookie_find(alone, name), value));
        Str behind = str_join(arena, (Str[]){STR("zz=1"), alone}, 2, STR("; "));
        assert(str_eq(name, STR("zz")) || str_eq(cookie_find(behind, name), value));
    }
    arena_free(arena);
    return 0;
}
