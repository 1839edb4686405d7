/* openapi: an OpenAPI 3.1 description drawn from the server's own table of routes, so that it can't
 * fall behind it. */
#include "broker_int.h"

#include <stdio.h>

static const struct {
    HttpMethod method;
    const char *name;
} methods[] = {{HTTP_GET, "get"},        {HTTP_HEAD, "head"},   {HTTP_POST, "post"},
               {HTTP_PUT, "put"},        {HTTP_PATCH, "patch"}, {HTTP_DELETE, "delete"},
               {HTTP_OPTIONS, "options"}};

static void text(JsonWriter *w, const char *name, Str value) {
    json_name(w, str_of(name));
    json_text(w, value);
}

/* Behind a '=' stand the words that a parameter takes: of options any of them, of others one. */
static void words_write(JsonWriter *w, Str words) {
    json_name(w, STR("enum"));
    json_open(w, '[');
    for (Str word; str_split(&words, ',', &word);)
        json_text(w, word);
    json_close(w);
}

static void parameter_schema(JsonWriter *w, bool several, Str words) {
    json_open(w, '{');
    if (several) {
        text(w, "type", STR("array"));
        json_name(w, STR("items"));
        json_open(w, '{');
    }
    text(w, "type", STR("string"));
    if (!str_empty(words)) words_write(w, words);
    if (several) json_close(w);
    json_close(w);
}

static void parameter(JsonWriter *w, const char *in, Str words, bool tail) {
    Str name = STR_NONE;
    (void)str_split(&words, '=', &name);
    bool several = str_eq(name, STR("options"));
    json_open(w, '{');
    text(w, "name", name);
    text(w, "in", str_of(in));
    if (str_eq(str_of(in), STR("path"))) {
        json_name(w, STR("required"));
        json_bool(w, true);
    }
    if (tail) { /* the rest of the path, with its slashes */
        json_name(w, STR("x-rest"));
        json_bool(w, true);
    }
    if (several) { /* options=a,b */
        json_name(w, STR("explode"));
        json_bool(w, false);
    }
    json_name(w, STR("schema"));
    parameter_schema(w, several, words);
    json_close(w);
}

/* "{name}" and "{name...}" in turn. */
static bool next_brace(Str *rest, Str *name, bool *tail) {
    ptrdiff_t open = str_find_char(*rest, '{');
    if (open < 0) return false;
    *rest = str_sub(*rest, (size_t)open + 1, rest->len);
    ptrdiff_t close = str_find_char(*rest, '}');
    *name = str_sub(*rest, 0, (size_t)close);
    *rest = str_sub(*rest, (size_t)close + 1, rest->len);
    *tail = str_ends(*name, STR("..."));
    if (*tail) name->len -= 3;
    return true;
}

static void parameters(JsonWriter *w, const HttpRoute *route) {
    Str rest = str_of(route->pattern), name;
    bool tail;
    json_name(w, STR("parameters"));
    json_open(w, '[');
    while (next_brace(&rest, &name, &tail))
        parameter(w, "path", name, tail);
    for (const char *const *param = route->params ? route->params : route->doc; param && *param;
         param++)
        parameter(w, "query", str_of(*param), false);
    if (route->access & GATE_API) parameter(w, "header", STR("Machi-Purpose"), false);
    if (condition_taken(route)) {
        parameter(w, "header", STR("If-Match"), false);
        parameter(w, "header", STR("If-None-Match"), false);
    }
    json_close(w);
}

static void body_types(JsonWriter *w, const HttpRoute *route) {
    static const char *const api[] = {"application/json", "application/ld+json", NULL};
    static const char *const form[] = {"application/x-www-form-urlencoded", NULL};
    json_name(w, STR("requestBody"));
    json_open(w, '{');
    json_name(w, STR("content"));
    json_open(w, '{');
    for (const char *const *type = route->access & GATE_API ? api : form; *type; type++) {
        json_name(w, str_of(*type));
        json_open(w, '{');
        json_close(w);
    }
    json_close(w);
    json_close(w);
}

static void content(JsonWriter *w, const HttpAnswer *answer) {
    json_name(w, str_of(answer->type));
    json_open(w, '{');
    if (answer->schema) {
        char ref[128];
        int len = snprintf(ref, sizeof ref, "#/components/schemas/%s", answer->schema);
        assert(len > 0 && (size_t)len < sizeof ref);
        json_name(w, STR("schema"));
        json_open(w, '{');
        text(w, "$ref", (Str){ref, (size_t)len});
        json_close(w);
    }
    json_close(w);
}

/* All answers of a status, a media type each. */
static void response(JsonWriter *w, const HttpAnswer *first) {
    char status[12];
    snprintf(status, sizeof status, "%d", first->status);
    json_name(w, str_of(status));
    json_open(w, '{');
    text(w, "description", str_of(http_reason(first->status)));
    if (first->type) {
        json_name(w, STR("content"));
        json_open(w, '{');
        for (const HttpAnswer *answer = first; answer->status; answer++)
            if (answer->status == first->status) content(w, answer);
        json_close(w);
    }
    json_close(w);
}

static bool met_before(const HttpAnswer *answers, const HttpAnswer *answer) {
    for (; answers < answer; answers++)
        if (answers->status == answer->status) return true;
    return false;
}

static void responses(JsonWriter *w, const HttpRoute *route) {
    assert(route->answers); /* a row that tells nothing of its answers */
    json_name(w, STR("responses"));
    json_open(w, '{');
    for (const HttpAnswer *answer = route->answers; answer->status; answer++)
        if (!met_before(route->answers, answer)) response(w, answer);
    json_close(w);
}

static void operation(JsonWriter *w, const HttpRoute *route) {
    json_open(w, '{');
    if (route->summary) text(w, "summary", str_of(route->summary));
    if (route->tag) {
        json_name(w, STR("tags"));
        json_open(w, '[');
        json_text(w, str_of(route->tag));
        json_close(w);
    }
    parameters(w, route);
    if (route->max_body) body_types(w, route);
    if (!(route->access & GATE_PUBLIC)) {
        json_name(w, STR("security"));
        json_open(w, '[');
        json_open(w, '{');
        json_name(w, route->access & GATE_API ? STR("bearer") : STR("session"));
        json_open(w, '[');
        json_close(w);
        json_close(w);
        json_close(w);
    }
    responses(w, route);
    json_close(w);
}

/* OpenAPI has no parameter for a rest of the path: it is shown as a plain one. */
static Str path_shown(Arena *arena, Str pattern) {
    ptrdiff_t dots = str_find(pattern, STR("...}"));
    return dots < 0 ? pattern : str_fmt(arena, STR_FMT "}", (int)dots, pattern.ptr);
}

static void path_write(JsonWriter *w, const HttpServer *server, size_t first) {
    const HttpRoute *route = http_route_at(server, first);
    Str pattern = str_of(route->pattern);
    json_open(w, '{');
    for (size_t i = first; (route = http_route_at(server, i)); i++) {
        if (!str_eq(str_of(route->pattern), pattern)) continue;
        for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
            if (route->methods != methods[m].method) continue;
            json_name(w, str_of(methods[m].name));
            operation(w, route);
        }
    }
    json_close(w);
}

static void paths_write(Ctx *ctx, JsonWriter *w, const HttpServer *server) {
    Map seen = map_new(ctx->arena);
    const HttpRoute *route;
    json_open(w, '{');
    for (size_t i = 0; (route = http_route_at(server, i)); i++) {
        Str shown = path_shown(ctx->arena, str_of(route->pattern));
        if (map_has(&seen, shown)) continue;
        map_put(&seen, shown, (void *)route);
        json_name(w, shown);
        path_write(w, server, i);
    }
    json_close(w);
}

static void components(JsonWriter *w) {
    json_open(w, '{');
    json_name(w, STR("schemas"));
    components_write(w);
    json_name(w, STR("securitySchemes"));
    json_open(w, '{');
    json_name(w, STR("bearer"));
    json_open(w, '{');
    text(w, "type", STR("http"));
    text(w, "scheme", STR("bearer"));
    json_close(w);
    json_name(w, STR("session"));
    json_open(w, '{');
    text(w, "type", STR("apiKey"));
    text(w, "in", STR("cookie"));
    text(w, "name", STR("machi_session"));
    json_close(w);
    json_close(w);
    json_close(w);
}

void openapi_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Buf body = buf_new(ctx->arena, BROKER_ANSWER_MAX);
    JsonWriter w = json_writer(&body);
    json_open(&w, '{');
    text(&w, "openapi", STR("3.1.0"));
    json_name(&w, STR("info"));
    json_open(&w, '{');
    text(&w, "title", STR("machi"));
    text(&w, "version", STR("1"));
    text(&w, "description",
         STR("NGSI-LD (ETSI GS CIM 009 V1.9.1), open data and the pages of a city."));
    json_close(&w);
    json_name(&w, STR("paths"));
    paths_write(ctx, &w, http_server_of(x));
    json_name(&w, STR("components"));
    components(&w);
    json_close(&w);
    http_answer(x, 200, STR("application/vnd.oai.openapi+json"), buf_str(&body));
}
