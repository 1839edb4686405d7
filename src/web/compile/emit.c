/* emit: writes the C function of a template. A view, a parameter and a variable of {{#each}} become
   const Json * of the same C scope; a body passed to a component becomes a function of its own with
   the variables it sees. */
#include "compile.h"

#include "web/helpers.h"

typedef struct Var {
    Str name, c; /* as written; in C */
    const struct Var *next;
} Var;

typedef struct Emit {
    Ctx *ctx;
    Compile *compile;
    const Tree *tree;
    Buf code, literal; /* of the function being written; literal text not yet flushed */
    const Var *vars;
    Html html;
    int loop; /* C suffix of the innermost {{#each}} of this function, 0: none */
    int indent;
} Emit;

typedef struct Helper {
    const char *name;
    size_t fewest, most;
} Helper;

#define HELPER_ROW(name, fewest, most) {#name, fewest, most},
static const Helper HELPERS[] = {WEB_HELPERS(HELPER_ROW)};
enum { N_HELPERS = sizeof HELPERS / sizeof *HELPERS, EMIT_MAX = 64 << 20 };

static Rc emit_nodes(Emit *e, const Nodes *nodes);
static Rc emit_expr(Emit *e, const Expr *expr, Buf *to);

void emit_literal(Buf *to, Str text) {
    buf_add_char(to, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\n')
            buf_add(to, STR("\\n"));
        else if (c == '"' || c == '\\')
            buf_addf(to, "\\%c", c);
        else if ((unsigned char)c < 0x20 || c == '?')
            buf_addf(to, "\\%03o", (unsigned)(unsigned char)c);
        else
            buf_add_char(to, c);
    }
    buf_add_char(to, '"');
}

static void flush(Emit *e) {
    Str text = buf_str(&e->literal);
    if (!text.len) return;
    buf_add(&e->code, STR("    web_raw(o, "));
    emit_literal(&e->code, text);
    buf_addf(&e->code, ", %zu);\n", text.len);
    buf_clear(&e->literal);
}

/* ---- expressions ---- */

static void emit_str(Buf *to, Str text) {
    buf_add(to, STR("STR("));
    emit_literal(to, text);
    buf_add_char(to, ')');
}

static Rc emit_constant(Emit *e, const Json *value, Buf *to) {
    Buf *k = &e->compile->constants;
    size_t index = e->compile->n_constants++;
    if (value->kind == JSON_STRING) {
        buf_addf(k, "static const Json k_%zu = {.kind = JSON_STRING, .len = %u, .value.string = ",
                 index, value->len);
        emit_literal(k, json_str(value));
        buf_add(k, STR("};\n"));
    } else if (value->kind == JSON_BOOL) {
        buf_addf(k, "static const Json k_%zu = {.kind = JSON_BOOL, .value.boolean = %s};\n", index,
                 value->value.boolean ? "true" : "false");
    } else if (value->is_int) {
        buf_addf(k,
                 "static const Json k_%zu = {.kind = JSON_NUMBER, .is_int = 1, .value.integer = "
                 "%lld};\n",
                 index, (long long)value->value.integer);
    } else {
        buf_addf(k, "static const Json k_%zu = {.kind = JSON_NUMBER, .value.number = %.17g};\n",
                 index, value->value.number);
    }
    buf_addf(to, "&k_%zu", index);
    return RC_OK;
}

static const Var *var_find(const Emit *e, Str name) {
    for (const Var *var = e->vars; var; var = var->next)
        if (str_eq(var->name, name)) return var;
    return NULL;
}

static Rc emit_loop_value(Emit *e, const Expr *expr, Buf *to) {
    static const char *const forms[][2] = {
        {"@index", "web_int(o, (int64_t)i_%d)"},
        {"@number", "web_int(o, (int64_t)i_%d + 1)"},
        {"@first", "web_bool(o, i_%d == 0)"},
        {"@last", "web_bool(o, i_%d + 1 == n_%d)"},
    };
    if (!e->loop || expr->rest.len)
        return place_fail(e->ctx, expr->at, STR_FMT " stands directly in an {{#each}}",
                          STR_ARG(expr->name));
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (!str_eq(expr->name, str_of(forms[i][0]))) continue;
        for (const char *c = forms[i][1]; *c; c++) {
            if (*c == '%') {
                buf_add_i64(to, e->loop);
                c++;
            } else {
                buf_add_char(to, *c);
            }
        }
        return RC_OK;
    }
    return place_fail(e->ctx, expr->at, "'" STR_FMT "' is unknown", STR_ARG(expr->name));
}

static Rc emit_path(Emit *e, const Expr *expr, Buf *to) {
    if (expr->name.ptr[0] == '@') return emit_loop_value(e, expr, to);
    const Var *var = var_find(e, expr->name);
    if (!var && !e->tree->page)
        return place_fail(e->ctx, expr->at, "'" STR_FMT "' is no parameter of this component",
                          STR_ARG(expr->name));
    for (size_t i = expr->rest.len; i > 0; i--)
        buf_add(to, str_ends(expr->rest.items[i - 1], STR("?")) ? STR("web_may(o, ")
                                                                : STR("web_get(o, "));
    if (var) {
        buf_add(to, var->c);
    } else {
        buf_add(to, STR("web_get(o, view, "));
        emit_str(to, expr->name);
        buf_add_char(to, ')');
    }
    VEC_EACH (const Str, member, &expr->rest) {
        bool may = str_ends(*member, STR("?"));
        buf_add(to, STR(", "));
        emit_str(to, str_sub(*member, 0, member->len - may));
        buf_add_char(to, ')');
    }
    return RC_OK;
}

static Rc emit_params(Emit *e, const Expr *call, Buf *to) {
    size_t n = 0;
    Buf list = buf_new(e->ctx->arena, EMIT_MAX);
    VEC_EACH (const ExprArg, arg, &call->args) {
        if (str_empty(arg->name)) continue;
        buf_add(&list, n++ ? STR(", {") : STR("{"));
        emit_str(&list, arg->name);
        buf_add(&list, STR(", "));
        TRY(emit_expr(e, arg->value, &list));
        buf_add_char(&list, '}');
    }
    if (n)
        buf_addf(to, "(const WebParam[]){" STR_FMT "}, %zu)", STR_ARG(buf_str(&list)), n);
    else
        buf_add(to, STR("NULL, 0)"));
    return RC_OK;
}

static Rc emit_message(Emit *e, const Expr *call, Buf *to) {
    size_t index = 0;
    TRY(messages_use(e->ctx, &e->compile->messages, call, &index));
    buf_addf(to, "web_message_at(o, %zu, ", index);
    return emit_params(e, call, to);
}

static Rc emit_message_prefix(Emit *e, const Expr *call, Buf *to) {
    TRY(messages_use_prefix(e->ctx, &e->compile->messages, call));
    buf_add(to, STR("web_message_of(o, "));
    emit_str(to, json_str(&call->args.items[0].value->constant));
    buf_add(to, STR(", "));
    TRY(emit_expr(e, call->args.items[1].value, to));
    buf_add(to, STR(", "));
    return emit_params(e, call, to);
}

static Rc emit_asset(Emit *e, const Expr *call, Buf *to) {
    Str name = call->args.len == 1 ? json_str(&call->args.items[0].value->constant) : STR_NONE;
    if (!map_has(&e->compile->assets, name))
        return place_fail(e->ctx, call->at, "no asset '" STR_FMT "' in web/assets.txt",
                          STR_ARG(name));
    buf_add(to, STR("web_asset_address(o, "));
    emit_literal(to, name);
    buf_add_char(to, ')');
    return RC_OK;
}

static Rc emit_helper(Emit *e, const Expr *call, Buf *to) {
    const Helper *helper = NULL;
    for (size_t i = 0; i < N_HELPERS && !helper; i++)
        if (str_eq(call->name, str_of(HELPERS[i].name))) helper = &HELPERS[i];
    if (!helper)
        return place_fail(e->ctx, call->at, "unknown helper '" STR_FMT "'", STR_ARG(call->name));
    if (call->args.len < helper->fewest || call->args.len > helper->most)
        return place_fail(e->ctx, call->at, "'%s' takes %zu to %zu arguments, not %zu",
                          helper->name, helper->fewest, helper->most, call->args.len);
    buf_addf(to, "web_help_%s(o, ", helper->name);
    buf_add(to, call->args.len ? STR("(const Json *const[]){") : STR("NULL"));
    for (size_t i = 0; i < call->args.len; i++) {
        if (!str_empty(call->args.items[i].name))
            return place_fail(e->ctx, call->at, "'%s' takes its arguments by position",
                              helper->name);
        if (i) buf_add(to, STR(", "));
        TRY(emit_expr(e, call->args.items[i].value, to));
    }
    buf_addf(to, "%s, %zu)", call->args.len ? "}" : "", call->args.len);
    return RC_OK;
}

static Rc emit_expr(Emit *e, const Expr *expr, Buf *to) {
    static const struct {
        const char *name;
        Rc (*emit)(Emit *, const Expr *, Buf *);
    } forms[] = {{"t", emit_message}, {"tkey", emit_message_prefix}, {"asset", emit_asset}};
    if (expr->kind == EXPR_CONST) return emit_constant(e, &expr->constant, to);
    if (expr->kind == EXPR_PATH) return emit_path(e, expr, to);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (str_eq(expr->name, str_of(forms[i].name))) return forms[i].emit(e, expr, to);
    return emit_helper(e, expr, to);
}

/* ---- blocks ---- */

static Rc emit_print(Emit *e, const Node *node) {
    static const char *const writers[] = {[HTML_ESCAPE_TEXT] = "web_text",
                                          [HTML_ESCAPE_URL] = "web_url",
                                          [HTML_ESCAPE_URL_PART] = "web_url_part"};
    HtmlEscape escape;
    TRY(html_print(e->ctx, &e->html, node, &escape));
    flush(e);
    buf_addf(&e->code, "    %s(o, ", writers[escape]);
    TRY(emit_expr(e, node->expr, &e->code));
    buf_add(&e->code, STR(");\n"));
    return RC_OK;
}

static Rc emit_if(Emit *e, const Node *node) {
    TRY(html_settle(e->ctx, &e->html, node->at));
    flush(e);
    Html before = e->html;
    buf_add(&e->code, STR("    if (web_true(o, "));
    TRY(emit_expr(e, node->expr, &e->code));
    buf_add(&e->code, STR(")) {\n"));
    TRY(emit_nodes(e, &node->first));
    TRY(html_settle(e->ctx, &e->html, node->at));
    flush(e);
    Html after = e->html;
    e->html = before;
    if (node->otherwise.len) {
        buf_add(&e->code, STR("    } else {\n"));
        TRY(emit_nodes(e, &node->otherwise));
        TRY(html_settle(e->ctx, &e->html, node->at));
        flush(e);
    }
    buf_add(&e->code, STR("    }\n"));
    return html_join(e->ctx, &e->html, &after, node->at);
}

static Rc emit_each(Emit *e, const Node *node) {
    TRY(html_settle(e->ctx, &e->html, node->at));
    flush(e);
    int id = (int)++e->compile->n_names, outer_loop = e->loop;
    Html before = e->html;
    buf_addf(&e->code, "    {\n    const Json *l_%d = ", id);
    TRY(emit_expr(e, node->expr, &e->code));
    buf_addf(&e->code, ";\n    size_t n_%d = web_count(o, l_%d);\n", id, id);
    buf_addf(&e->code, "    for (size_t i_%d = 0; i_%d < n_%d; i_%d++) {\n", id, id, id, id);
    buf_addf(&e->code, "    const Json *v_%d = web_at(o, l_%d, i_%d);\n", id, id, id);
    Var var = {node->name, str_fmt(e->ctx->arena, "v_%d", id), e->vars};
    e->vars = &var;
    e->loop = id;
    Rc rc = emit_nodes(e, &node->first);
    e->vars = var.next;
    e->loop = outer_loop;
    TRY(rc);
    TRY(html_settle(e->ctx, &e->html, node->at));
    flush(e);
    TRY(html_join(e->ctx, &e->html, &before, node->at));
    buf_add(&e->code, STR("    }\n"));
    if (node->otherwise.len) {
        Html after = e->html;
        buf_addf(&e->code, "    if (!n_%d) {\n", id);
        TRY(emit_nodes(e, &node->otherwise));
        flush(e);
        TRY(html_join(e->ctx, &e->html, &after, node->at));
        buf_add(&e->code, STR("    }\n"));
    }
    buf_add(&e->code, STR("    }\n"));
    return RC_OK;
}

/* The function of a body: takes out of env what its call put in, in the same order. */
static Rc emit_body_function(Emit *e, const Node *node, int id) {
    Emit inner = {.ctx = e->ctx, .compile = e->compile, .tree = e->tree, .vars = e->vars};
    inner.code = buf_new(e->ctx->arena, EMIT_MAX);
    inner.literal = buf_new(e->ctx->arena, EMIT_MAX);
    buf_addf(&e->compile->protos, "static void body_%d(WebOut *o, const WebBody *self);\n", id);
    buf_addf(&inner.code, "static void body_%d(WebOut *o, const WebBody *self) {\n", id);
    buf_add(&inner.code, STR("    const WebBody *body = self->outer;\n    (void)body;\n"));
    if (e->tree->page)
        buf_add(&inner.code, STR("    const Json *view = self->env[0];\n    (void)view;\n"));
    int slot = e->tree->page;
    for (const Var *var = e->vars; var; var = var->next, slot++)
        buf_addf(&inner.code,
                 "    const Json *" STR_FMT " = self->env[%d];\n    (void)" STR_FMT ";\n",
                 STR_ARG(var->c), slot, STR_ARG(var->c));
    TRY(emit_nodes(&inner, &node->first));
    TRY(html_end(e->ctx, &inner.html, node->at));
    flush(&inner);
    buf_add(&inner.code, STR("}\n\n"));
    buf_add(&e->compile->functions, buf_str(&inner.code));
    return RC_OK;
}

static void emit_env(Emit *e, int id) {
    buf_addf(&e->code, "    const Json *env_%d[] = {", id);
    if (e->tree->page) buf_add(&e->code, STR("view, "));
    for (const Var *var = e->vars; var; var = var->next)
        buf_addf(&e->code, STR_FMT ", ", STR_ARG(var->c));
    buf_addf(&e->code, "NULL};\n    const WebBody call_%d = {body_%d, env_%d, body};\n", id, id,
             id);
}

static const ExprArg *arg_find(const ExprArgs *args, Str name) {
    VEC_EACH (const ExprArg, arg, args)
        if (str_eq(arg->name, name)) return arg;
    return NULL;
}

static Rc part_check(Emit *e, const Node *node, const Tree **out) {
    const Tree *part = map_get(&e->compile->trees, node->name);
    if (!part || part->page)
        return place_fail(e->ctx, node->at, "there is no component '" STR_FMT "'",
                          STR_ARG(node->name));
    VEC_EACH (const ExprArg, arg, &node->args) {
        bool known = false;
        VEC_EACH (const TreeParam, param, &part->params)
            known |= str_eq(param->name, arg->name);
        if (!known)
            return place_fail(e->ctx, node->at, "'" STR_FMT "' has no parameter '" STR_FMT "'",
                              STR_ARG(node->name), STR_ARG(arg->name));
    }
    VEC_EACH (const TreeParam, param, &part->params) {
        if (!param->optional && !arg_find(&node->args, param->name))
            return place_fail(e->ctx, node->at, "'" STR_FMT "' needs '" STR_FMT "'",
                              STR_ARG(node->name), STR_ARG(param->name));
    }
    *out = part;
    return RC_OK;
}

/* Components have dashes in their names, C has none. */
static Str c_name(Arena *arena, Str name) {
    char *text = arena_alloc(arena, name.len + 1, 1);
    for (size_t i = 0; i < name.len; i++)
        text[i] = name.ptr[i] == '-' ? '_' : name.ptr[i];
    return (Str){text, name.len};
}

static Rc emit_part(Emit *e, const Node *node) {
    const Tree *part = NULL;
    TRY(part_check(e, node, &part));
    TRY(html_part(e->ctx, &e->html, node));
    flush(e);
    int id = 0;
    if (node->has_body) {
        id = (int)++e->compile->n_names;
        TRY(emit_body_function(e, node, id));
        buf_add(&e->code, STR("    {\n"));
        emit_env(e, id);
    }
    buf_addf(&e->code, "    part_" STR_FMT "(o, ", STR_ARG(c_name(e->ctx->arena, node->name)));
    if (id)
        buf_addf(&e->code, "&call_%d", id);
    else
        buf_add(&e->code, STR("NULL"));
    VEC_EACH (const TreeParam, param, &part->params) {
        const ExprArg *arg = arg_find(&node->args, param->name);
        buf_add(&e->code, STR(", "));
        if (arg)
            TRY(emit_expr(e, arg->value, &e->code));
        else
            buf_add(&e->code, STR("NULL"));
    }
    buf_add(&e->code, id ? STR(");\n    }\n") : STR(");\n"));
    return RC_OK;
}

static Rc emit_body(Emit *e, const Node *node) {
    if (e->tree->page) return place_fail(e->ctx, node->at, "{{@body}} is for components only");
    Node as_part = *node;
    TRY(html_part(e->ctx, &e->html, &as_part));
    flush(e);
    buf_add(&e->code, STR("    web_body(o, body);\n"));
    return RC_OK;
}

static Rc emit_text(Emit *e, const Node *node) {
    Node text = *node;
    return html_text(e->ctx, &e->html, &text, &e->literal);
}

static Rc emit_nodes(Emit *e, const Nodes *nodes) {
    static Rc (*const by_kind[])(Emit *, const Node *) = {
        [NODE_TEXT] = emit_text, [NODE_PRINT] = emit_print, [NODE_IF] = emit_if,
        [NODE_EACH] = emit_each, [NODE_PART] = emit_part,   [NODE_BODY] = emit_body,
    };
    VEC_EACH (const Node, node, nodes)
        TRY(by_kind[node->kind](e, node));
    return RC_OK;
}

static void emit_head(Emit *e, Buf *to) {
    const Tree *tree = e->tree;
    Str name = c_name(e->ctx->arena, tree->name);
    if (tree->page) {
        buf_addf(to, "static void page_" STR_FMT "(WebOut *o, const Json *view)", STR_ARG(name));
        return;
    }
    buf_addf(to, "static void part_" STR_FMT "(WebOut *o, const WebBody *body", STR_ARG(name));
    VEC_EACH (const TreeParam, param, &tree->params)
        buf_addf(to, ", const Json *p_" STR_FMT, STR_ARG(c_name(e->ctx->arena, param->name)));
    buf_add_char(to, ')');
}

Rc emit_tree(Ctx *ctx, Compile *compile, const Tree *tree) {
    Emit e = {.ctx = ctx, .compile = compile, .tree = tree};
    e.code = buf_new(ctx->arena, EMIT_MAX);
    e.literal = buf_new(ctx->arena, EMIT_MAX);
    emit_head(&e, &compile->protos);
    buf_add(&compile->protos, STR(";\n"));
    emit_head(&e, &e.code);
    buf_add(&e.code, tree->page
                         ? STR(" {\n    const WebBody *body = NULL;\n    (void)body, (void)view;\n")
                         : STR(" {\n    (void)body;\n"));
    VEC_EACH (const TreeParam, param, &tree->params) {
        Var *var = NEW(ctx->arena, Var);
        *var = (Var){param->name,
                     str_fmt(ctx->arena, "p_" STR_FMT, STR_ARG(c_name(ctx->arena, param->name))),
                     e.vars};
        e.vars = var;
        buf_addf(&e.code, "    (void)" STR_FMT ";\n", STR_ARG(var->c));
    }
    TRY(emit_nodes(&e, &tree->nodes));
    TRY(html_end(ctx, &e.html, (Place){tree->file, 1}));
    flush(&e);
    buf_add(&e.code, STR("}\n\n"));
    buf_add(&compile->functions, buf_str(&e.code));
    return RC_OK;
}
