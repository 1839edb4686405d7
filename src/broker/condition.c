/* condition: what a write to one entity makes sure of before it is done: If-Match and If-None-Match
   (RFC 9110, 13.1). They are held against the newest version, by the part that writes. */
#include "broker_int.h"

#include <inttypes.h>

/* An entity tag is the version that the representation shows, and which representation it is. */
static bool tag_version(Str tag, uint64_t *version) {
    Str digits;
    int64_t number;
    if (!str_split(&tag, '-', &digits) || !str_to_i64(digits, &number) || number < 0) return false;
    *version = (uint64_t)number;
    return true;
}

Str condition_tag(Arena *arena, uint64_t version, Str body) {
    return str_fmt(arena, "\"%" PRIu64 "-%016" PRIx64 "\"", version, hash_fast(body));
}

static void blanks_skip(Str *rest) {
    while (rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        *rest = str_sub(*rest, 1, rest->len);
}

/* Takes one entity tag off the list, the comma behind it, too. False: there is none. */
static bool tag_next(Str *rest, Str *tag, bool *weak) {
    blanks_skip(rest);
    *weak = str_starts(*rest, STR("W/"));
    if (*weak) *rest = str_sub(*rest, 2, rest->len);
    if (!str_starts(*rest, STR("\""))) return false;
    *rest = str_sub(*rest, 1, rest->len);
    ptrdiff_t end = str_find_char(*rest, '"');
    if (end < 0) return false;
    *tag = str_sub(*rest, 0, (size_t)end);
    *rest = str_sub(*rest, (size_t)end + 1, rest->len);
    blanks_skip(rest);
    if (!rest->len) return true;
    if (rest->ptr[0] != ',') return false;
    *rest = str_sub(*rest, 1, rest->len);
    return true;
}

/* strong: a weak tag fits nothing (RFC 9110, 8.8.3.2). */
static Rc tags_read(Request *request, const char *name, bool strong, const Tags **out) {
    Arena *arena = request->ctx->arena;
    Str rest = http_header(request->x, name);
    *out = NULL;
    if (!rest.ptr) return RC_OK;
    Tags *tags = NEW(arena, Tags);
    tags->any = str_eq(str_trim(rest), STR("*"));
    for (bool more = !tags->any; more; more = rest.len > 0) {
        Str tag;
        bool weak;
        uint64_t version;
        if (!tag_next(&rest, &tag, &weak))
            return ctx_fail(request->ctx, RC_INVALID, "bad-request", str_of(name),
                            "%s is * or a list of entity tags in quotes, as ETag of the entity "
                            "has it.",
                            name);
        if (!(weak && strong) && tag_version(tag, &version))
            vec_push(arena, &tags->versions, version);
    }
    *out = tags;
    return RC_OK;
}

Rc condition_read(Request *request, Conditions *out) {
    TRY(tags_read(request, "If-Match", true, &out->match));
    return tags_read(request, "If-None-Match", false, &out->none_match);
}

static bool has(const Tags *tags, uint64_t version) {
    VEC_EACH (const uint64_t, one, &tags->versions)
        if (*one == version) return true;
    return tags->any;
}

Rc condition_check(Ctx *ctx, const Conditions *conditions, uint64_t version) {
    if (conditions->match && !has(conditions->match, version))
        return ctx_fail(ctx, RC_CONFLICT, "precondition", STR("If-Match"),
                        "The entity has another version now: retrieve it and its ETag, and decide "
                        "anew.");
    if (conditions->none_match && has(conditions->none_match, version))
        return ctx_fail(ctx, RC_CONFLICT, "precondition", STR("If-None-Match"),
                        "The entity is there, in a version that this header excludes.");
    return RC_OK;
}

bool condition_taken(const HttpRoute *route) {
    return !(route->methods & HTTP_GET) &&
           str_starts(str_of(route->pattern), STR("/ngsi-ld/v1/entities/{entityId}"));
}

/* A condition that nobody looks at would be taken for one that held. */
Rc condition_known(Request *request) {
    static const char *const names[] = {"If-Unmodified-Since", "If-Match", "If-None-Match"};
    const HttpRoute *route = http_route(request->x);
    size_t n = condition_taken(route) ? 1 : sizeof names / sizeof *names;
    if (http_method(request->x) == HTTP_GET || http_method(request->x) == HTTP_HEAD) return RC_OK;
    for (size_t i = 0; i < n; i++)
        if (http_header(request->x, names[i]).ptr)
            return ctx_fail(
                request->ctx, RC_INVALID, "bad-request", str_of(names[i]),
                "This operation takes no such condition: leave the header out. If-Match "
                "and If-None-Match go with writes to one entity and its attributes.");
    return RC_OK;
}
