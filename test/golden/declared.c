#include "declared.h"

#include "http/router.h"
#include "json/json.h"

#include <stdarg.h>
#include <stdio.h>

#define SCHEMAS "#/components/schemas/"
#define DEFS    "#/$defs/"

typedef struct Operation {
    HttpRoute route; /* first: what the router gives back is the operation */
    const Json *responses;
} Operation;

struct Declared {
    Router *router;
    const Json *schemas;
    Map compiled; /* name to JsonSchema */
};

static const struct {
    HttpMethod method;
    const char *small, *big;
} methods[] = {{HTTP_GET, "get", "GET"},
               {HTTP_HEAD, "head", "HEAD"},
               {HTTP_POST, "post", "POST"},
               {HTTP_PUT, "put", "PUT"},
               {HTTP_PATCH, "patch", "PATCH"},
               {HTTP_DELETE, "delete", "DELETE"},
               {HTTP_OPTIONS, "options", "OPTIONS"}};

enum { METHODS = sizeof methods / sizeof *methods };

[[gnu::format(printf, 2, 3)]] static Rc wrong(Ctx *ctx, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ctx_fail(ctx, RC_INVALID, "undeclared", STR_NONE, "%s", text);
}

/* ---- reading ---- */

static void nothing(HttpExchange *x) {
    (void)x; /* the router asks for a handler; none is called */
}

/* References into components as references into $defs, which is where our validator looks. */
static Str with_defs(Arena *arena, Str text) {
    Buf out = buf_new(arena, text.len + 1);
    ptrdiff_t at;
    while ((at = str_find(text, STR(SCHEMAS))) >= 0) {
        buf_add(&out, str_sub(text, 0, (size_t)at));
        buf_add(&out, STR(DEFS));
        text = str_sub(text, (size_t)at + sizeof SCHEMAS - 1, text.len);
    }
    buf_add(&out, text);
    return buf_str(&out);
}

/* "/assets/{path}" is "/assets/{path...}" where its parameter says that it takes the rest. */
static Str pattern_of(Arena *arena, Str path, const Json *operation) {
    const Json *parameters = json_get(operation, STR("parameters"));
    for (size_t i = 0; parameters && i < parameters->len; i++)
        if (json_get_bool(json_at(parameters, i), "x-rest", false))
            return str_fmt(arena, STR_FMT "...}", (int)path.len - 1, path.ptr);
    return path;
}

static void path_read(Ctx *ctx, Declared *declared, const JsonMember *path) {
    for (size_t i = 0; i < METHODS; i++) {
        const Json *source = json_get(&path->value, str_of(methods[i].small));
        if (!source) continue;
        Operation *operation = NEW(ctx->arena, Operation);
        Str pattern = pattern_of(ctx->arena, path->name, source);
        *operation = (Operation){.route = {.methods = methods[i].method,
                                           .pattern = str_z(ctx->arena, pattern),
                                           .handler = nothing},
                                 .responses = json_get(source, STR("responses"))};
        router_add(declared->router, &operation->route);
    }
}

Rc declared_read(Ctx *ctx, Str description, Declared **out) {
    const Json *whole;
    TRY(json_read(ctx, with_defs(ctx->arena, description), JSON_LIMITS_DEFAULT, &whole));
    const Json *paths = json_get(whole, STR("paths"));
    Declared *declared = NEW(ctx->arena, Declared);
    declared->schemas = json_get(json_get(whole, STR("components")), STR("schemas"));
    declared->compiled = map_new(ctx->arena);
    if (!paths || !paths->len || !declared->schemas)
        return wrong(ctx, "the description has no paths or no schemas");
    declared->router = router_new();
    for (size_t i = 0; i < paths->len; i++)
        path_read(ctx, declared, &paths->value.members[i]);
    *out = declared;
    return RC_OK;
}

void declared_free(Declared *declared) {
    if (declared) router_free(declared->router);
}

/* ---- which schema ---- */

static bool asks(Str target, const Json *body, const char *name) {
    Str pair, word;
    if (body && json_get(body, str_of(name))) return true;
    (void)str_split(&target, '?', &word);
    while (str_split(&target, '&', &pair))
        if (str_split(&pair, '=', &word) && str_eq(word, str_of(name))) return true;
    return false;
}

/* Whether a word stands in a parameter's list. */
static bool says(Str target, Str of, const char *wanted) {
    Str pair, name, word;
    (void)str_split(&target, '?', &word);
    while (str_split(&target, '&', &pair)) {
        if (!str_split(&pair, '=', &name)) continue;
        if (!str_eq(name, of)) continue;
        while (str_split(&pair, ',', &word))
            if (str_eq(word, str_of(wanted))) return true;
    }
    return false;
}

static bool option(Str target, const char *wanted) {
    return says(target, STR("options"), wanted) || says(target, STR("format"), wanted);
}

/* Of a shape that has one for each representation (x-format) the one that was asked for. */
static Str shape_asked(Ctx *ctx, const Json *schemas, Str name, const StoryCase *c) {
    static const char *const words[][2] = {
        {"aggregatedValues", "aggregatedValues"},
        {"temporalValues", "temporalValues"},
        {"simplified", "simplified"},
        {"keyValues", "simplified"},
        {"concise", "concise"},
    };
    const Json *shapes = json_get(json_get(schemas, name), STR("x-format")), *body = NULL;
    if (!shapes) return name;
    Str flat = json_get_str(shapes, "flat");
    if (flat.len && says(c->target, STR("join"), "flat")) return shape_asked(ctx, schemas, flat, c);
    if (!str_eq(c->method, STR("GET")))
        (void)json_read(ctx, c->body, JSON_LIMITS_DEFAULT, &body); /* bad JSON asks for nothing */
    const Json *picked = json_get(shapes, STR("picked"));
    if (picked && (asks(c->target, body, "pick") || asks(c->target, body, "omit")))
        return json_str(picked);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (option(c->target, words[i][0])) return json_get_str(shapes, words[i][1]);
    return json_get_str(shapes, "normalized");
}

static Rc compiled(Ctx *ctx, Declared *declared, Str name, const JsonSchema **out) {
    *out = map_get(&declared->compiled, name);
    if (*out) return RC_OK;
    if (!json_get(declared->schemas, name))
        return wrong(ctx, "there is no schema \"" STR_FMT "\"", STR_ARG(name));
    JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, 2);
    Json *root = NEW(ctx->arena, Json);
    members[0] = (JsonMember){STR("$defs"), *declared->schemas};
    members[1] =
        (JsonMember){STR("$ref"), json_of_str(str_fmt(ctx->arena, DEFS STR_FMT, STR_ARG(name)))};
    *root = json_of_members(members, 2);
    TRY(json_schema_compile(ctx, root, out));
    map_put(&declared->compiled, str_dup(ctx->arena, name), (void *)*out);
    return RC_OK;
}

/* ---- checking ---- */

static Str media_of(const Answer *answer) {
    VEC_EACH (Str, header, &answer->headers) {
        Str value = *header, name, media = STR_NONE;
        if (!str_split(&value, ':', &name) || !str_eq_nocase(name, STR("Content-Type"))) continue;
        (void)str_split(&value, ';', &media);
        return str_trim(media);
    }
    return STR_NONE;
}

static Rc body_check(Ctx *ctx, Declared *declared, Str name, const Answer *answer) {
    const Json *body;
    const JsonSchema *schema;
    TRY(compiled(ctx, declared, name, &schema));
    TRY(json_read(ctx, answer->body, JSON_LIMITS_DEFAULT, &body));
    if (json_schema_check(ctx, schema, body) == RC_OK) return RC_OK;
    Error fault = ctx->error;
    return wrong(ctx, "not a " STR_FMT ": " STR_FMT " " STR_FMT, STR_ARG(name), STR_ARG(fault.path),
                 STR_ARG(fault.detail));
}

static Rc content_check(Ctx *ctx, Declared *declared, const Json *content, const StoryCase *c,
                        const Answer *answer) {
    Str media = media_of(answer);
    const Json *type = content ? json_get(content, media) : NULL;
    if (content && !type)
        return wrong(ctx, "%d of this route is not declared as \"" STR_FMT "\"", answer->status,
                     STR_ARG(media));
    if (!content && (answer->body.len || media.len))
        return wrong(ctx, "%d of this route is declared to come without a body", answer->status);
    if (!content || str_eq(c->method, STR("HEAD"))) return RC_OK;
    Str ref = json_get_str(json_get(type, STR("schema")), "$ref");
    if (str_starts(ref, STR(DEFS))) {
        Str name = str_sub(ref, sizeof DEFS - 1, ref.len);
        return body_check(ctx, declared, shape_asked(ctx, declared->schemas, name, c), answer);
    }
    bool json = str_ends(media, STR("json"));
    return json ? wrong(ctx, "the route names no schema of its JSON") : RC_OK;
}

/* What the server refuses before a row is found: an address or a method that nobody has. */
static Rc unrouted(Ctx *ctx, Declared *declared, const Answer *answer) {
    Str media = media_of(answer);
    if (answer->status < 400) return wrong(ctx, "no route is declared for this request");
    if (str_eq(media, STR("text/html")) || str_eq(media, STR("text/plain"))) return RC_OK;
    if (!str_eq(media, STR("application/problem+json")))
        return wrong(ctx, "a fault without route is a problem document or a page");
    return body_check(ctx, declared, STR("ProblemDetails"), answer);
}

Rc declared_check(Ctx *ctx, Declared *declared, const StoryCase *c, const Answer *answer) {
    Str target = c->target, path = STR_NONE;
    HttpMethod method = 0;
    RouterMatch match = {0};
    (void)str_split(&target, '?', &path);
    for (size_t i = 0; i < METHODS; i++)
        if (str_eq(c->method, str_of(methods[i].big))) method = methods[i].method;
    if (method) router_find(declared->router, method, path, &match);
    if (method == HTTP_OPTIONS && match.found && answer->status == 204)
        return content_check(ctx, declared, NULL, c, answer);
    if (!match.route) return unrouted(ctx, declared, answer);
    const Json *responses = ((const Operation *)match.route)->responses;
    const Json *response = json_get(responses, str_fmt(ctx->arena, "%d", answer->status));
    if (!response) return wrong(ctx, "the route does not declare %d", answer->status);
    return content_check(ctx, declared, json_get(response, STR("content")), c, answer);
}
