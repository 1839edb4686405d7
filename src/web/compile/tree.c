/* tree: splits a template into literal text and the commands in {{ }}, and nests the blocks. */
#include "compile.h"

enum { TREE_DEPTH = 32 };

typedef struct Parser {
    Ctx *ctx;
    Tree *tree;
    Str source;
    size_t pos;
    int line, depth;
    Str stop; /* the command that ended the innermost block: "/if", "else", "else if x" */
    int stop_line;
} Parser;

static Place here(const Parser *p) {
    return (Place){p->tree->file, p->line};
}

static void advance(Parser *p, size_t to) {
    for (; p->pos < to; p->pos++)
        if (p->source.ptr[p->pos] == '\n') p->line++;
}

static Rc parse_nodes(Parser *p, Nodes *out);

static Rc parse_if(Parser *p, Node *node, Str condition) {
    TRY(expr_read(p->ctx, node->at, condition, &node->expr));
    TRY(parse_nodes(p, &node->first));
    if (str_starts(p->stop, STR("else if "))) {
        Node inner = {.kind = NODE_IF, .at = {p->tree->file, p->stop_line}};
        Str rest = str_sub(p->stop, 8, p->stop.len);
        TRY(parse_if(p, &inner, rest));
        vec_push(p->ctx->arena, &node->otherwise, inner);
        return RC_OK;
    }
    if (str_eq(p->stop, STR("else"))) TRY(parse_nodes(p, &node->otherwise));
    if (!str_eq(p->stop, STR("/if")))
        return place_fail(p->ctx, node->at, "{{#if}} is not closed by {{/if}}");
    return RC_OK;
}

static Rc parse_each(Parser *p, Node *node, Str command) {
    ptrdiff_t as = str_find(command, STR(" as "));
    if (as < 0) return place_fail(p->ctx, node->at, "write {{#each list as name}}");
    node->name = str_trim(str_sub(command, (size_t)as + 4, command.len));
    if (!expr_is_name(node->name) || node->name.ptr[0] == '@')
        return place_fail(p->ctx, node->at, "'" STR_FMT "' is no name", STR_ARG(node->name));
    TRY(expr_read(p->ctx, node->at, str_sub(command, 0, (size_t)as), &node->expr));
    TRY(parse_nodes(p, &node->first));
    if (str_eq(p->stop, STR("else"))) TRY(parse_nodes(p, &node->otherwise));
    if (!str_eq(p->stop, STR("/each")))
        return place_fail(p->ctx, node->at, "{{#each}} is not closed by {{/each}}");
    return RC_OK;
}

static Rc parse_part_body(Parser *p, Node *node) {
    TRY(parse_nodes(p, &node->first));
    Str wanted = str_fmt(p->ctx->arena, "/" STR_FMT, STR_ARG(node->name));
    if (!str_eq(p->stop, wanted))
        return place_fail(p->ctx, node->at, "{{#> " STR_FMT "}} is not closed by {{" STR_FMT "}}",
                          STR_ARG(node->name), STR_ARG(wanted));
    return RC_OK;
}

static Rc parse_params(Parser *p, Place at, Str list) {
    if (p->tree->page) return place_fail(p->ctx, at, "{{@params}} is for components only");
    if (p->tree->params.len) return place_fail(p->ctx, at, "{{@params}} stands once");
    Str name;
    while (str_split(&list, ' ', &name)) {
        name = str_trim(name);
        if (str_empty(name)) continue;
        TreeParam param = {.name = name, .optional = str_ends(name, STR("?"))};
        if (param.optional) param.name = str_sub(name, 0, name.len - 1);
        if (!expr_is_name(param.name))
            return place_fail(p->ctx, at, "'" STR_FMT "' is no name", STR_ARG(name));
        vec_push(p->ctx->arena, &p->tree->params, param);
    }
    return RC_OK;
}

static Rc parse_command(Parser *p, Place at, Str command, Nodes *out) {
    Node node = {.kind = NODE_PRINT, .at = at};
    if (str_starts(command, STR("!"))) return RC_OK;
    if (str_starts(command, STR("@params ")))
        return parse_params(p, at, str_sub(command, 8, command.len));
    if (str_starts(command, STR("{")) || str_starts(command, STR("&")))
        return place_fail(p->ctx, node.at, "output is always escaped: write {{name}}");
    if (str_eq(command, STR("@body"))) {
        node.kind = NODE_BODY;
    } else if (str_starts(command, STR("#if "))) {
        node.kind = NODE_IF;
        TRY(parse_if(p, &node, str_sub(command, 4, command.len)));
    } else if (str_starts(command, STR("#each "))) {
        node.kind = NODE_EACH;
        TRY(parse_each(p, &node, str_sub(command, 6, command.len)));
    } else if (str_starts(command, STR(">")) || str_starts(command, STR("#>"))) {
        node.kind = NODE_PART;
        node.has_body = command.ptr[0] == '#';
        Str rest = str_sub(command, node.has_body ? 2 : 1, command.len);
        TRY(expr_read_part(p->ctx, node.at, rest, &node.name, &node.args));
        if (node.has_body) TRY(parse_part_body(p, &node));
    } else if (str_starts(command, STR("#"))) {
        return place_fail(p->ctx, node.at, "unknown block {{" STR_FMT "}}", STR_ARG(command));
    } else {
        TRY(expr_read(p->ctx, node.at, command, &node.expr));
    }
    vec_push(p->ctx->arena, out, node);
    return RC_OK;
}

static bool is_stop(Str command) {
    return str_starts(command, STR("/")) || str_eq(command, STR("else")) ||
           str_starts(command, STR("else "));
}

/* Up to the end of the source or a command that closes or divides the block around; that one is
 * left in p->stop. */
static Rc parse_nodes(Parser *p, Nodes *out) {
    if (++p->depth > TREE_DEPTH) return place_fail(p->ctx, here(p), "blocks are nested too deep");
    for (;;) {
        Str rest = str_sub(p->source, p->pos, p->source.len);
        ptrdiff_t open = str_find(rest, STR("{{"));
        Str text = open < 0 ? rest : str_sub(rest, 0, (size_t)open);
        if (text.len)
            vec_push(p->ctx->arena, out, ((Node){.kind = NODE_TEXT, .at = here(p), .text = text}));
        advance(p, p->pos + text.len);
        if (open < 0) break;
        rest = str_sub(rest, text.len + 2, rest.len);
        ptrdiff_t close = str_find(rest, STR("}}"));
        if (close < 0) return place_fail(p->ctx, here(p), "{{ is not closed by }}");
        Str command = str_trim(str_sub(rest, 0, (size_t)close));
        Place at = here(p);
        advance(p, p->pos + (size_t)close + 4);
        if (is_stop(command)) {
            p->stop = command;
            p->stop_line = at.line;
            p->depth--;
            return RC_OK;
        }
        TRY(parse_command(p, at, command, out));
    }
    p->stop = STR_NONE;
    p->depth--;
    return RC_OK;
}

Rc tree_read(Ctx *ctx, Str file, Str name, Str source, Tree *out) {
    out->name = name;
    out->file = file;
    Parser p = {.ctx = ctx, .tree = out, .source = source, .line = 1};
    if (!str_utf8_valid(source)) return place_fail(ctx, here(&p), "the file is not UTF-8");
    TRY(parse_nodes(&p, &out->nodes));
    if (!str_empty(p.stop))
        return place_fail(ctx, (Place){file, p.stop_line}, "{{" STR_FMT "}} closes nothing",
                          STR_ARG(p.stop));
    return RC_OK;
}
