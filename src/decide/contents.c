#include "decide.h"

#include <stdlib.h>

enum { CONTENTS_MAX = 16 << 20 };

static int member_order(const void *a, const void *b) {
    return str_cmp(((const JsonMember *)a)->name, ((const JsonMember *)b)->name);
}

static void write_canonical(Arena *arena, Buf *to, const Json *value);

static void write_object(Arena *arena, Buf *to, const Json *object) {
    JsonMember *sorted = NEW_ARRAY(arena, JsonMember, object->len);
    for (size_t i = 0; i < object->len; i++)
        sorted[i] = object->value.members[i];
    if (object->len) qsort(sorted, object->len, sizeof *sorted, member_order);
    buf_add_char(to, '{');
    for (size_t i = 0; i < object->len; i++) {
        if (i) buf_add_char(to, ',');
        json_write_str(to, sorted[i].name);
        buf_add_char(to, ':');
        write_canonical(arena, to, &sorted[i].value);
    }
    buf_add_char(to, '}');
}

static void write_canonical(Arena *arena, Buf *to, const Json *value) {
    if (value->kind == JSON_OBJECT) {
        write_object(arena, to, value);
        return;
    }
    if (value->kind != JSON_ARRAY) {
        json_write(to, value);
        return;
    }
    buf_add_char(to, '[');
    for (size_t i = 0; i < value->len; i++) {
        if (i) buf_add_char(to, ',');
        write_canonical(arena, to, &value->value.items[i]);
    }
    buf_add_char(to, ']');
}

Str decide_hash(Arena *arena, const Json *contents) {
    Buf text = buf_new(arena, CONTENTS_MAX);
    write_canonical(arena, &text, contents);
    assert(buf_rc(&text) == RC_OK); /* contents are bounded far below where they are made */
    Digest digest = hash_sha256(buf_str(&text));
    return hash_hex(arena, (Str){(char *)digest.bytes, sizeof digest.bytes});
}

Str decide_id(Arena *arena, Rand *rand) {
    Str id = rand_id(rand, arena, 26);
    return str_fmt(arena, "urn:ngsi-ld:Decision:" STR_FMT, STR_ARG(id));
}

Str decide_nth_id(Arena *arena, Str kind, Str about, size_t n) {
    const Str parts[] = {STR("machi-proposal"), kind, about, str_fmt(arena, "%zu", n)};
    Digest digest = hash_sha256_parts(parts, sizeof parts / sizeof *parts);
    Str suffix = hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, 26);
    return str_fmt(arena, "urn:ngsi-ld:Decision:" STR_FMT, STR_ARG(suffix));
}
