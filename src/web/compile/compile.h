/* compile: the template compiler's parts. It runs at build time, reads web/ and writes one C file
   and one header. A fault is RC_INVALID with "file:line" as path of the error. Everything lives in
   ctx->arena; one thread. */
#ifndef WEB_COMPILE_COMPILE_H
#define WEB_COMPILE_COMPILE_H

#include "base/base.h"
#include "json/json.h"

/* A place in a source, for messages. */
typedef struct Place {
    Str file;
    int line;
} Place;

/* Fails with the place as path. */
[[gnu::format(printf, 3, 4)]] Rc place_fail(Ctx *ctx, Place at, const char *format, ...);

/* ---- expressions: a path, a constant, or a call ---- */
typedef enum ExprKind { EXPR_PATH, EXPR_CONST, EXPR_CALL } ExprKind;
typedef struct Expr Expr;
typedef struct ExprArg {
    Str name; /* empty: by position */
    const Expr *value;
} ExprArg;
typedef VEC(ExprArg) ExprArgs;
struct Expr {
    ExprKind kind;
    Place at;
    Str name; /* EXPR_PATH: its head; EXPR_CALL: the helper */
    StrVec
        rest; /* EXPR_PATH: the members behind the head; with its '?' one that an object may lack */
    Json constant; /* EXPR_CONST */
    ExprArgs args; /* EXPR_CALL */
};
/* Reads the inside of a {{ }} as an expression: 'a.b', '"text"', '3', 'helper x (other y) name=z'.
 */
Rc expr_read(Ctx *ctx, Place at, Str text, const Expr **out);
/* Reads 'name a=x b=(t "k")' of a partial. */
Rc expr_read_part(Ctx *ctx, Place at, Str text, Str *name, ExprArgs *args);
/* True for a member's, variable's or parameter's name: a letter or '@', then letters, digits, '_'
 * and '-'. */
bool expr_is_name(Str s);

/* ---- the tree of one template ---- */
typedef enum NodeKind { NODE_TEXT, NODE_PRINT, NODE_IF, NODE_EACH, NODE_PART, NODE_BODY } NodeKind;
typedef struct Node Node;
typedef VEC(Node) Nodes;
struct Node {
    NodeKind kind;
    Place at;
    Str text;         /* NODE_TEXT */
    const Expr *expr; /* NODE_PRINT, NODE_IF: the condition, NODE_EACH: the list */
    Str name;         /* NODE_EACH: the variable, NODE_PART: the component */
    ExprArgs args;    /* NODE_PART */
    bool has_body;    /* NODE_PART */
    Nodes first, otherwise;
};
typedef struct TreeParam {
    Str name;
    bool optional;
} TreeParam;
typedef VEC(TreeParam) TreeParams;
typedef struct Tree {
    Str name, file;
    bool page; /* a page is bound to a view; a component knows its parameters only */
    TreeParams params;
    Nodes nodes;
} Tree;
Rc tree_read(Ctx *ctx, Str file, Str name, Str source, Tree *out);

/* ---- where in HTML a template stands ---- */
typedef enum HtmlState {
    HTML_CONTENT,
    HTML_TAG_OPEN,
    HTML_TAG_NAME,
    HTML_CLOSE_NAME,
    HTML_IN_TAG,
    HTML_ATTR_NAME,
    HTML_ATTR_EQUALS,
    HTML_VALUE,
    HTML_AFTER_VALUE,
    HTML_SELF_CLOSE,
    HTML_DOCTYPE,
} HtmlState;
typedef enum HtmlEscape { HTML_ESCAPE_TEXT, HTML_ESCAPE_URL, HTML_ESCAPE_URL_PART } HtmlEscape;
enum { HTML_DEPTH = 48, HTML_NAME = 40 };
typedef struct HtmlName {
    char text[HTML_NAME];
    size_t len;
} HtmlName;
typedef struct HtmlOpen {
    HtmlName tag;
    bool post, csrf;
} HtmlOpen;
/* Copied at a branch, compared where branches meet. */
typedef struct Html {
    HtmlState state;
    HtmlName tag, attr, value; /* value: its first bytes */
    bool value_dynamic;        /* a print stands in the value */
    bool post;                 /* the tag being read has method="post" */
    bool space;                /* the last byte written was white space that the next may join */
    size_t depth;
    HtmlOpen open[HTML_DEPTH];
} Html;
/* Reads literal text, appends what the page shall hold (white space joined) to `to`. */
Rc html_text(Ctx *ctx, Html *html, Node *node, Buf *to);
/* Decides how a print at this place is escaped, or refuses the place. */
Rc html_print(Ctx *ctx, Html *html, const Node *node, HtmlEscape *out);
/* A component or body stands here: only between tags. */
Rc html_part(Ctx *ctx, Html *html, const Node *node);
/* At the border of a block: a name that has been read is an attribute without value. */
Rc html_settle(Ctx *ctx, Html *html, Place at);
/* Refuses branches that end at different places. */
Rc html_join(Ctx *ctx, Html *into, const Html *other, Place at);
/* Refuses a template that ends inside a tag or leaves an element open. */
Rc html_end(Ctx *ctx, const Html *html, Place at);

/* ---- translations ---- */
typedef struct Message {
    Str key;
    Str text[3];   /* ja, en, ja-easy (may be empty) */
    Str one;       /* English with n = 1; may be empty */
    StrVec params; /* names in braces */
    bool used;
} Message;
typedef struct Messages {
    Map by_key;          /* Str to Message */
    VEC(Message) sorted; /* by key */
} Messages;
/* Reads DIR/ja.json, en.json and ja-easy.json, refuses a key or parameter that one of ja and en
 * lacks. */
Rc messages_read(Ctx *ctx, Str dir, Messages *out);
/* Checks {{t "key" a=..}}; index is the row of the table written by messages_write. */
Rc messages_use(Ctx *ctx, Messages *messages, const Expr *call, size_t *index);
/* Checks {{tkey "prefix." value a=..}}: some key begins so, and all of those take these parameters.
 */
Rc messages_use_prefix(Ctx *ctx, Messages *messages, const Expr *call);
/* Refuses keys that no template uses. */
Rc messages_all_used(Ctx *ctx, const Messages *messages);
void messages_write(const Messages *messages, Buf *to);

/* ---- all together ---- */
typedef struct Compile {
    Messages messages;
    Map trees;  /* Str to Tree */
    Map assets; /* names of {{asset "name"}} */
    Buf protos, functions, constants;
    size_t n_constants, n_names;
} Compile;
/* Appends the C function of one template. */
Rc emit_tree(Ctx *ctx, Compile *compile, const Tree *tree);
/* Appends text as a C string literal. */
void emit_literal(Buf *to, Str text);

typedef struct CompileOutput {
    Str code, header, depfile;
} CompileOutput;
/* Compiles the folder web (templates/, components/, icons/, i18n/, assets.txt); target is named in
 * the depfile. */
Rc compile_folder(Ctx *ctx, Str web, Str target, CompileOutput *out);
/* A file's whole text. */
Rc compile_slurp(Ctx *ctx, Str path, Str *out);

#endif
