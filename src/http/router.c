#include "router.h"

#include <string.h>

typedef struct Row {
    const HttpRoute *route;
    Str names[ROUTER_PARAMS_MAX];
    size_t n;
} Row;

typedef struct Node Node;
struct Node {
    Str segment;
    VEC(Node *) children; /* of static segments, sorted by length, then bytes */
    Node *param, *rest;
    const Row *rows[ROUTER_METHODS];
    unsigned methods;
};

struct Router {
    Arena *arena;
    Node root;
};

Router *router_new(void) {
    Router *router = mem_zero(sizeof *router);
    router->arena = arena_new(16 << 20);
    return router;
}

void router_free(Router *router) {
    if (!router) return;
    arena_free(router->arena);
    mem_free(router);
}

static int segment_cmp(Str a, Str b) {
    if (a.len != b.len) return a.len < b.len ? -1 : 1;
    return memcmp(a.ptr, b.ptr, a.len);
}

/* Where the segment stands among the children, or would stand. */
static size_t child_index(const Node *node, Str segment, bool *there) {
    size_t low = 0, high = node->children.len;
    *there = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = segment_cmp(segment, node->children.items[middle]->segment);
        if (order == 0) {
            *there = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static Node *child_make(Router *router, Node *node, Str segment) {
    bool there;
    size_t at = child_index(node, segment, &there);
    if (there) return node->children.items[at];
    Node *child = NEW(router->arena, Node);
    child->segment = segment;
    vec_push(router->arena, &node->children, child);
    Node **items = node->children.items;
    memmove(items + at + 1, items + at, (node->children.len - 1 - at) * sizeof *items);
    items[at] = child;
    return child;
}

/* Takes the text up to the next '/' off *path; false when there is no more. "/a/" holds "a" and "".
 */
static bool next_segment(Str *path, Str *segment) {
    if (!path->len) return false;
    Str rest = str_sub(*path, 1, path->len);
    const char *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
    size_t len = slash ? (size_t)(slash - rest.ptr) : rest.len;
    *segment = str_sub(rest, 0, len);
    *path = str_sub(rest, len, rest.len);
    return true;
}

static Node *pattern_step(Router *router, Node *node, Row *row, Str segment) {
    if (!segment.len || segment.ptr[0] != '{') return child_make(router, node, segment);
    bool rest = str_ends(segment, STR("...}"));
    Str name = str_sub(segment, 1, segment.len - (rest ? 4 : 1));
    assert(name.len && segment.ptr[segment.len - 1] == '}' && row->n < ROUTER_PARAMS_MAX);
    row->names[row->n++] = name;
    Node **next = rest ? &node->rest : &node->param;
    if (!*next) *next = NEW(router->arena, Node);
    return *next;
}

static unsigned method_index(unsigned method) {
    assert(method && (method & (method - 1)) == 0 && method < 1u << ROUTER_METHODS);
    return (unsigned)__builtin_ctz(method);
}

void router_add(Router *router, const HttpRoute *route) {
    Str pattern = str_of(route->pattern), segment;
    assert(str_starts(pattern, STR("/")) && route->handler);
    Row *row = NEW(router->arena, Row);
    row->route = route;
    Node *node = &router->root;
    while (next_segment(&pattern, &segment))
        node = pattern_step(router, node, row, segment);
    unsigned index = method_index(route->methods);
    assert(!node->rows[index]); /* two rows with the same method and pattern */
    node->rows[index] = row;
    node->methods |= route->methods;
}

static const Node *find(const Node *node, Str path, RouterMatch *match, size_t depth) {
    Str segment, whole = path;
    if (!next_segment(&path, &segment)) return node->methods ? node : NULL;
    if (depth == ROUTER_DEPTH_MAX) return NULL;
    const Node *found = NULL;
    bool there;
    size_t at = child_index(node, segment, &there);
    if (there) found = find(node->children.items[at], path, match, depth + 1);
    size_t n = match->n;
    if (!found && node->param && (segment.len || path.len)) {
        match->values[match->n++] = segment;
        found = find(node->param, path, match, depth + 1);
        if (!found) match->n = n;
    }
    if (!found && node->rest) {
        match->values[match->n++] = str_sub(whole, 1, whole.len);
        found = node->rest;
    }
    return found;
}

void router_find(const Router *router, HttpMethod method, Str path, RouterMatch *out) {
    *out = (RouterMatch){0};
    const Node *node = find(&router->root, path, out, 0);
    if (!node && path.len > 1 && str_ends(path, STR("/"))) {
        *out = (RouterMatch){0};
        node = find(&router->root, str_sub(path, 0, path.len - 1), out, 0);
    }
    if (!node) return;
    out->found = true;
    out->methods = node->methods | HTTP_OPTIONS | (node->methods & HTTP_GET ? HTTP_HEAD : 0u);
    const Row *row = node->rows[method_index(method)];
    if (!row && method == HTTP_HEAD) row = node->rows[method_index(HTTP_GET)];
    if (!row) return;
    out->route = row->route;
    out->names = row->names;
}
