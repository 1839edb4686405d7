/* Reading is in two turns: first all named elements, so that the expressions of the second know
   which names may hold blanks; then what they require, by href. */
#include "model.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#include "feel_int.h"

typedef struct Element Element;
typedef VEC(Element *) ElementVec;

#define EACH_ELEMENT(element, v)                                                                   \
    for (Element **element = (v)->items,                                                           \
                 **element##_end_ = element ? element + (v)->len : element;                        \
         element != element##_end_; element++)

typedef enum Boxed {
    BOXED_NONE,
    BOXED_LITERAL,
    BOXED_TABLE,
    BOXED_CONTEXT,
    BOXED_LIST,
    BOXED_CALL
} Boxed;

typedef struct Logic Logic;
struct Logic {
    Boxed kind;
    const FeelExpr *expr; /* of a literal, or what a call calls */
    const DmnTable *table;
    const Str *names; /* of entries, of a call's bindings; empty: the context's result */
    const Logic **items;
    size_t n;
};

typedef enum Part { PART_INPUT, PART_DECISION, PART_KNOWLEDGE } Part;

struct Element {
    Part part;
    Str id, name, type;
    const xmlNode *node;
    ElementVec requires;
    const Logic *logic;
    StrVec parameters;
    size_t index; /* in the model */
    int mark;     /* of the search for cycles: 1 under way, 2 done */
};

typedef struct Type {
    Str name, base;
    bool many;
    const FeelExpr *allowed;
    struct Type *parts; /* components */
    size_t n;
} Type;

struct DmnModel {
    Str name;
    ElementVec elements;
    VEC(Type) types;
    StrVec names; /* of everything, components too */
};

typedef struct Reader {
    Ctx *ctx;
    DmnModel *model;
    Str element; /* that is being read, for errors */
} Reader;

/* ---- XML */

static bool is(const xmlNode *node, const char *name) {
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *child(const xmlNode *node, const char *name) {
    for (const xmlNode *at = node ? node->children : NULL; at; at = at->next)
        if (is(at, name)) return at;
    return NULL;
}

static Str attribute(Arena *arena, const xmlNode *node, const char *name) {
    xmlChar *value = node ? xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
    Str out = str_dup(arena, str_of((const char *)value));
    xmlFree(value);
    return out;
}

static Str content(Arena *arena, const xmlNode *node) {
    xmlChar *value = node ? xmlNodeGetContent(node) : NULL;
    Str out = str_dup(arena, str_trim(str_of((const char *)value)));
    xmlFree(value);
    return out;
}

static Str text_of(Arena *arena, const xmlNode *node) {
    return content(arena, child(node, "text"));
}

/* ---- types */

static Str plain_type(Str name) {
    ptrdiff_t colon = str_find_char(name, ':'); /* feel:number, as DMN 1.1 wrote it */
    name = colon < 0 ? name : str_sub(name, (size_t)colon + 1, name.len);
    if (str_eq(name, STR("dateTime"))) return STR("date and time");
    if (str_eq(name, STR("dayTimeDuration"))) return STR("days and time duration");
    if (str_eq(name, STR("yearMonthDuration"))) return STR("years and months duration");
    return name;
}

static Rc in_element(Reader *reader, Rc rc) {
    if (rc != RC_OK) {
        Str inner = reader->ctx->error.path;
        reader->ctx->error.path =
            str_fmt(reader->ctx->arena, STR_FMT "%s" STR_FMT, STR_ARG(reader->element),
                    str_empty(inner) ? "" : ".", STR_ARG(inner));
    }
    return rc;
}

static Rc read_type(Reader *reader, const xmlNode *node, Type *out) {
    Arena *arena = reader->ctx->arena;
    *out = (Type){.name = attribute(arena, node, "name"),
                  .base = plain_type(content(arena, child(node, "typeRef"))),
                  .many = str_eq(attribute(arena, node, "isCollection"), STR("true"))};
    Str allowed = text_of(arena, child(node, "allowedValues"));
    reader->element = out->name;
    vec_push(arena, &reader->model->names, out->name);
    if (!str_empty(allowed))
        TRY(in_element(reader, feel_read_tests(reader->ctx, allowed, NULL, &out->allowed)));
    VEC(Type) parts = {0};
    for (const xmlNode *at = node->children; at; at = at->next) {
        Type part;
        if (!is(at, "itemComponent")) continue;
        TRY(read_type(reader, at, &part));
        vec_push(arena, &parts, part);
    }
    out->parts = parts.items;
    out->n = parts.len;
    return RC_OK;
}

static const Type *find_type(const DmnModel *model, Str name) {
    VEC_EACH (Type, type, &model->types)
        if (str_eq(type->name, name)) return type;
    return NULL;
}

/* ---- elements */

static const struct {
    const char *tag;
    Part part;
} tags[] = {{"inputData", PART_INPUT},
            {"decision", PART_DECISION},
            {"businessKnowledgeModel", PART_KNOWLEDGE}};

static void read_element(Reader *reader, const xmlNode *node) {
    Arena *arena = reader->ctx->arena;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (!is(node, tags[i].tag)) continue;
        Element *element = NEW(arena, Element);
        *element =
            (Element){.part = tags[i].part,
                      .id = attribute(arena, node, "id"),
                      .name = attribute(arena, node, "name"),
                      .type = plain_type(attribute(arena, child(node, "variable"), "typeRef")),
                      .index = reader->model->elements.len,
                      .node = node};
        vec_push(arena, &reader->model->elements, element);
        vec_push(arena, &reader->model->names, element->name);
    }
}

static Element *by_id(const DmnModel *model, Str id) {
    EACH_ELEMENT(element, &model->elements)
    if (str_eq((*element)->id, id)) return *element;
    return NULL;
}

static Rc read_requirement(Reader *reader, Element *element, const xmlNode *node) {
    static const char *const kinds[] = {"requiredInput", "requiredDecision", "requiredKnowledge"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const xmlNode *to = child(node, kinds[i]);
        if (!to) continue;
        Str href = attribute(reader->ctx->arena, to, "href");
        ptrdiff_t hash = str_find_char(href, '#');
        Element *found =
            by_id(reader->model, str_sub(href, hash < 0 ? 0 : (size_t)hash + 1, href.len));
        if (!found)
            return ctx_fail(reader->ctx, RC_INVALID, "bad-model", element->name,
                            "It requires \"" STR_FMT "\", which is not in the model.",
                            STR_ARG(href));
        vec_push(reader->ctx->arena, &element->requires, found);
    }
    return RC_OK;
}

static Rc no_cycle(Reader *reader, Element *element, int depth) {
    if (element->mark == 2) return RC_OK;
    if (element->mark == 1 || depth > FEEL_DEPTH_MAX)
        return ctx_fail(reader->ctx, RC_INVALID, "bad-model", element->name,
                        "It requires itself, over other decisions perhaps.");
    element->mark = 1;
    EACH_ELEMENT(other, &element->requires)
    TRY(no_cycle(reader, *other, depth + 1));
    element->mark = 2;
    return RC_OK;
}

/* ---- boxed expressions (chapter 7.3 and 10.2) */

static Rc read_logic(Reader *reader, const xmlNode *node, const Logic **out);

static Rc read_expr(Reader *reader, Str text, const FeelExpr **out) {
    return in_element(reader, feel_read(reader->ctx, text, &reader->model->names, out));
}

typedef VEC(DmnColumn) ColumnVec;
typedef VEC(DmnRuleText) RuleVec;

static void read_column(Reader *reader, const xmlNode *node, ColumnVec *inputs,
                        ColumnVec *outputs) {
    Arena *arena = reader->ctx->arena;
    DmnColumn column = {.label = attribute(arena, node, "label")};
    if (is(node, "input")) {
        column.expression = text_of(arena, child(node, "inputExpression"));
        column.values = text_of(arena, child(node, "inputValues"));
        vec_push(arena, inputs, column);
    } else if (is(node, "output")) {
        column.expression = attribute(arena, node, "name");
        column.values = text_of(arena, child(node, "outputValues"));
        column.otherwise = text_of(arena, child(node, "defaultOutputEntry"));
        vec_push(arena, outputs, column);
    }
}

static DmnRuleText read_rule(Reader *reader, const xmlNode *node) {
    Arena *arena = reader->ctx->arena;
    StrVec cells = {0};
    for (const xmlNode *at = node->children; at; at = at->next)
        if (is(at, "inputEntry") || is(at, "outputEntry"))
            vec_push(arena, &cells, text_of(arena, at));
    return (DmnRuleText){.name = attribute(arena, node, "label"), .cells = cells.items};
}

static size_t count_cells(const xmlNode *rule) {
    size_t n = 0;
    for (const xmlNode *at = rule->children; at; at = at->next)
        n += is(at, "inputEntry") || is(at, "outputEntry");
    return n;
}

static Rc read_table(Reader *reader, const xmlNode *node, Logic *logic) {
    Arena *arena = reader->ctx->arena;
    DmnTableText text = {0};
    ColumnVec inputs = {0}, outputs = {0};
    RuleVec rules = {0};
    if (!dmn_hit_read(attribute(arena, node, "hitPolicy"), attribute(arena, node, "aggregation"),
                      &text.hit))
        return ctx_fail(reader->ctx, RC_INVALID, "bad-model", reader->element,
                        "Its hit policy is none of DMN's.");
    for (const xmlNode *at = node->children; at; at = at->next)
        read_column(reader, at, &inputs, &outputs);
    for (const xmlNode *at = node->children; at; at = at->next) {
        if (!is(at, "rule")) continue;
        if (count_cells(at) != inputs.len + outputs.len)
            return ctx_fail(reader->ctx, RC_INVALID, "bad-model", reader->element,
                            "Rule %zu has not one cell for each column.", rules.len + 1);
        vec_push(arena, &rules, read_rule(reader, at));
    }
    text.inputs = inputs.items;
    text.n_inputs = inputs.len;
    text.outputs = outputs.items;
    text.n_outputs = outputs.len;
    text.rules = rules.items;
    text.n_rules = rules.len;
    logic->kind = BOXED_TABLE;
    return in_element(reader,
                      dmn_table_read(reader->ctx, &text, &reader->model->names, &logic->table));
}

static Rc read_literal(Reader *reader, const xmlNode *node, Logic *logic) {
    logic->kind = BOXED_LITERAL;
    return read_expr(reader, text_of(reader->ctx->arena, node), &logic->expr);
}

typedef VEC(const Logic *) LogicVec;

static void keep_parts(Logic *logic, const LogicVec *items, const StrVec *names) {
    logic->items = items->items;
    logic->n = items->len;
    logic->names = names->items;
}

static const xmlNode *first_element(const xmlNode *node) {
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

/* Entries of a context, bindings of a call: a variable or parameter with its expression. */
static Rc read_named(Reader *reader, const xmlNode *node, const char *tag, const char *variable,
                     Logic *logic) {
    Arena *arena = reader->ctx->arena;
    LogicVec items = {0};
    StrVec names = {0};
    for (const xmlNode *at = node->children; at; at = at->next) {
        if (!is(at, tag)) continue;
        const xmlNode *named = child(at, variable);
        Str name = attribute(arena, named, "name");
        const xmlNode *expr = first_element(named ? named->next : at->children);
        const Logic *item;
        TRY(read_logic(reader, expr, &item));
        vec_push(arena, &items, item);
        vec_push(arena, &names, name);
        if (!str_empty(name)) vec_push(arena, &reader->model->names, name);
    }
    keep_parts(logic, &items, &names);
    return RC_OK;
}

static Rc read_context(Reader *reader, const xmlNode *node, Logic *logic) {
    logic->kind = BOXED_CONTEXT;
    return read_named(reader, node, "contextEntry", "variable", logic);
}

static Rc read_call(Reader *reader, const xmlNode *node, Logic *logic) {
    logic->kind = BOXED_CALL;
    TRY(read_expr(reader, text_of(reader->ctx->arena, child(node, "literalExpression")),
                  &logic->expr));
    return read_named(reader, node, "binding", "parameter", logic);
}

static Rc read_list(Reader *reader, const xmlNode *node, Logic *logic) {
    LogicVec items = {0};
    for (const xmlNode *at = first_element(node->children); at; at = first_element(at->next)) {
        const Logic *item;
        TRY(read_logic(reader, at, &item));
        vec_push(reader->ctx->arena, &items, item);
    }
    logic->kind = BOXED_LIST;
    keep_parts(logic, &items, &(StrVec){0});
    return RC_OK;
}

static Rc read_logic(Reader *reader, const xmlNode *node, const Logic **out) {
    static const struct {
        const char *tag;
        Rc (*read)(Reader *reader, const xmlNode *node, Logic *logic);
    } boxes[] = {{"literalExpression", read_literal},
                 {"decisionTable", read_table},
                 {"context", read_context},
                 {"invocation", read_call},
                 {"list", read_list}};
    Logic *logic = NEW(reader->ctx->arena, Logic);
    *out = logic;
    for (size_t i = 0; node && i < sizeof boxes / sizeof *boxes; i++)
        if (is(node, boxes[i].tag)) return boxes[i].read(reader, node, logic);
    return ctx_fail(
        reader->ctx, RC_INVALID, "bad-model", reader->element,
        "A <%s> is not read: a literal expression, decision table, context, invocation or list is.",
        node ? (const char *)node->name : "nothing");
}

static bool is_logic(const xmlNode *node) {
    static const char *const names[] = {"literalExpression",
                                        "decisionTable",
                                        "context",
                                        "invocation",
                                        "list",
                                        "relation",
                                        "conditional",
                                        "filter",
                                        "for",
                                        "some",
                                        "every",
                                        "functionDefinition"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is(node, names[i])) return true;
    return false;
}

static Rc read_body(Reader *reader, Element *element, const xmlNode *parent) {
    size_t outer = reader->model->names.len;
    for (const xmlNode *at = parent->children; at; at = at->next) {
        if (!is(at, "formalParameter")) continue;
        Str name = attribute(reader->ctx->arena, at, "name");
        vec_push(reader->ctx->arena, &element->parameters, name);
        vec_push(reader->ctx->arena, &reader->model->names, name);
    }
    Rc rc = RC_OK;
    for (const xmlNode *at = parent->children; at && rc == RC_OK; at = at->next)
        if (is_logic(at)) rc = read_logic(reader, at, &element->logic);
    reader->model->names.len = outer;
    return rc;
}

static Rc complete(Reader *reader, Element *element) {
    reader->element = element->name;
    for (const xmlNode *at = element->node->children; at; at = at->next)
        TRY(read_requirement(reader, element, at));
    if (element->part == PART_INPUT) return RC_OK;
    bool knowledge = element->part == PART_KNOWLEDGE;
    const xmlNode *body = knowledge ? child(element->node, "encapsulatedLogic") : element->node;
    if (body) TRY(read_body(reader, element, body));
    if (element->logic) return RC_OK;
    return ctx_fail(reader->ctx, RC_INVALID, "bad-model", element->name, "It has no expression.");
}

static void doc_free(xmlDoc **doc) {
    xmlFreeDoc(*doc);
}

Rc dmn_model_read(Ctx *ctx, Str xml, const DmnModel **out) {
    if (xml.len > DMN_XML_MAX)
        return ctx_fail(ctx, RC_LIMIT, "bad-model", STR_NONE, "A model has at most %d bytes.",
                        DMN_XML_MAX);
    [[gnu::cleanup(doc_free)]] xmlDoc *doc =
        xmlReadMemory(xml.ptr, (int)xml.len, NULL, NULL,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
    if (!root || !is(root, "definitions"))
        return ctx_fail(ctx, RC_INVALID, "bad-model", STR_NONE,
                        "This is no DMN: its root is <definitions>.");
    DmnModel *model = NEW(ctx->arena, DmnModel);
    Reader reader = {.ctx = ctx, .model = model};
    model->name = attribute(ctx->arena, root, "name");
    for (const xmlNode *at = root->children; at; at = at->next) {
        Type type;
        read_element(&reader, at);
        if (!is(at, "itemDefinition")) continue;
        TRY(read_type(&reader, at, &type));
        vec_push(ctx->arena, &model->types, type);
    }
    EACH_ELEMENT(element, &model->elements)
    TRY(complete(&reader, *element));
    EACH_ELEMENT(element, &model->elements) {
        (*element)->node = NULL;
        TRY(no_cycle(&reader, *element, 0));
    }
    *out = model;
    return RC_OK;
}

Str dmn_model_name(const DmnModel *model) {
    return model->name;
}

static void list_part(Arena *arena, const DmnModel *model, Part part, StrVec *out) {
    EACH_ELEMENT(element, &model->elements)
    if ((*element)->part == part) vec_push(arena, out, (*element)->name);
}

void dmn_model_decisions(Arena *arena, const DmnModel *model, StrVec *out) {
    list_part(arena, model, PART_DECISION, out);
}

void dmn_model_inputs(Arena *arena, const DmnModel *model, StrVec *out) {
    list_part(arena, model, PART_INPUT, out);
}

/* ---- deciding */

static FeelValue as_type(FeelRun *run, const DmnModel *model, FeelValue value, Str type, int depth);

static FeelValue as_structure(FeelRun *run, const DmnModel *model, FeelValue value,
                              const Type *type, int depth) {
    FeelEntry *entries = NEW_ARRAY(run->arena, FeelEntry, value.len + 1);
    for (uint32_t i = 0; i < value.len; i++) {
        entries[i] = value.entries[i];
        for (size_t k = 0; k < type->n; k++)
            if (str_eq(type->parts[k].name, entries[i].name))
                entries[i].value =
                    as_type(run, model, entries[i].value, type->parts[k].base, depth + 1);
    }
    return feel_of_entries(entries, value.len);
}

/* The value as the model's type has it: texts become dates and numbers, what is not allowed null.
 */
static FeelValue as_type(FeelRun *run, const DmnModel *model, FeelValue value, Str name,
                         int depth) {
    const Type *type = find_type(model, name);
    if (!type || depth > 16) return feel_typed(run->arena, value, name);
    if (type->n && value.kind == FEEL_CONTEXT) return as_structure(run, model, value, type, depth);
    if (value.kind == FEEL_LIST) {
        FeelValue *items = NEW_ARRAY(run->arena, FeelValue, value.len + 1);
        for (uint32_t i = 0; i < value.len; i++)
            items[i] = as_type(run, model, value.items[i], name, depth + 1);
        return feel_of_items(items, value.len);
    }
    value = as_type(run, model, value, type->base, depth + 1);
    static const FeelExpr nowhere = {.op = OP_LITERAL};
    if (!type->allowed || value.kind == FEEL_NULL || feel_holds(run, type->allowed, value, NULL))
        return value;
    return feel_nothing(run, &nowhere, "a value is none that \"" STR_FMT "\" allows",
                        STR_ARG(name));
}

static FeelValue run_logic(FeelRun *run, const Logic *logic, const FeelScope *scope);

static FeelValue run_context(FeelRun *run, const Logic *logic, const FeelScope *scope) {
    FeelEntry *entries = NEW_ARRAY(run->arena, FeelEntry, logic->n + 1);
    FeelScope *inner = NEW(run->arena, FeelScope);
    *inner = (FeelScope){.up = scope, .entries = entries};
    for (size_t i = 0; i < logic->n; i++) {
        FeelValue value = run_logic(run, logic->items[i], inner);
        if (str_empty(logic->names[i])) return value; /* the entry without a name is the result */
        entries[i] = (FeelEntry){.name = logic->names[i], .value = value};
        inner->len = i + 1;
    }
    return feel_of_entries(entries, logic->n);
}

static FeelValue run_list(FeelRun *run, const Logic *logic, const FeelScope *scope) {
    FeelValue *items = NEW_ARRAY(run->arena, FeelValue, logic->n + 1);
    for (size_t i = 0; i < logic->n; i++)
        items[i] = run_logic(run, logic->items[i], scope);
    return feel_of_items(items, logic->n);
}

static FeelValue run_call(FeelRun *run, const Logic *logic, const FeelScope *scope) {
    FeelValue function = feel_evaluate(run, logic->expr, scope);
    if (function.kind != FEEL_FUNCTION)
        return feel_nothing(run, logic->expr, "what is invoked is no function");
    FeelValue list = run_list(run, logic, scope);
    return feel_apply_named(run, logic->expr, function.function, logic->names, list);
}

static FeelValue run_logic(FeelRun *run, const Logic *logic, const FeelScope *scope) {
    switch (logic->kind) {
    case BOXED_LITERAL:
        return feel_evaluate(run, logic->expr, scope);
    case BOXED_TABLE:
        return dmn_table_run(run, logic->table, scope, NULL);
    case BOXED_CONTEXT:
        return run_context(run, logic, scope);
    case BOXED_LIST:
        return run_list(run, logic, scope);
    case BOXED_CALL:
        return run_call(run, logic, scope);
    case BOXED_NONE:
        break;
    }
    return feel_null();
}

/* One decision under way: what has been computed, by the elements' indexes. */
typedef struct Work {
    FeelRun *run;
    const DmnModel *model;
    const Json *inputs;
    FeelValue *values;
    bool *known;
} Work;

static FeelValue value_of(Work *work, const Element *element);

static const FeelScope *scope_of(Work *work, const Element *element) {
    FeelScope *scope = NEW(work->run->arena, FeelScope);
    FeelEntry *entries = NEW_ARRAY(work->run->arena, FeelEntry, element->requires.len + 1);
    EACH_ELEMENT(other, &element->requires)
    entries[scope->len++] = (FeelEntry){.name = (*other)->name, .value = value_of(work, *other)};
    scope->entries = entries;
    return scope;
}

static FeelValue run_body(FeelRun *run, const void *what, const FeelScope *scope) {
    return run_logic(run, what, scope);
}

static FeelValue function_of(Work *work, const Element *element) {
    FeelFunction *function = NEW(work->run->arena, FeelFunction);
    *function = (FeelFunction){.names = element->parameters.items,
                               .n = element->parameters.len,
                               .body = run_body,
                               .what = element->logic,
                               .scope = scope_of(work, element)};
    return (FeelValue){.kind = FEEL_FUNCTION, .function = function};
}

static FeelValue value_of(Work *work, const Element *element) {
    FeelValue *value = &work->values[element->index];
    if (work->known[element->index]) return *value;
    work->known[element->index] = true;
    if (element->part == PART_INPUT)
        *value = feel_of_json(work->run->arena, json_get(work->inputs, element->name));
    else if (element->part == PART_DECISION)
        *value = run_logic(work->run, element->logic, scope_of(work, element));
    else
        return *value = function_of(work, element);
    return *value = as_type(work->run, work->model, *value, element->type, 0);
}

Rc dmn_model_decide(Ctx *ctx, const DmnModel *model, const DmnAsk *ask, FeelRun *run,
                    FeelValue *out) {
    Work work = {.run = run,
                 .model = model,
                 .inputs = ask->inputs,
                 .values = NEW_ARRAY(run->arena, FeelValue, model->elements.len + 1),
                 .known = NEW_ARRAY(run->arena, bool, model->elements.len + 1)};
    EACH_ELEMENT(element, &model->elements) {
        if ((*element)->part != PART_DECISION || !str_eq((*element)->name, ask->decision)) continue;
        *out = value_of(&work, *element);
        return RC_OK;
    }
    return ctx_fail(ctx, RC_NOT_FOUND, "no-decision", ask->decision,
                    "The model has no decision \"" STR_FMT "\".", STR_ARG(ask->decision));
}
