/* page_design_edit: the form of one object of a draft: its members as members.h tells them, and the
   lists in it. A press saves what stands in the form, and then does what the button says. */
#include "page_design.h"

enum { EDIT_FORM_MAX = 1 << 20, TRIES = 3 };

Str page_design_edit_url(Arena *arena, Str id, Str path) {
    Str base = page_design_url(arena, id, "/edit");
    if (str_empty(path)) return base;
    return str_fmt(arena, STR_FMT "?at=" STR_FMT, STR_ARG(base),
                   STR_ARG(http_url_encode(arena, path)));
}

/* ---- places in words ---- */

/* What a place is called, in both languages. */
typedef struct Words {
    Str ja, en;
} Words;

/* An element as its label says it, else by its id. */
static Words element_words(const Json *value) {
    static const char *const names[] = {"label", "title", "text"};
    Str id = json_get_str(value, "id"), own = json_get_str(value, "ja");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const Json *wording = json_get(value, str_of(names[i]));
        Words words = {json_get_str(wording, "ja"), json_get_str(wording, "en")};
        if (!str_empty(words.ja)) return words;
    }
    return str_empty(own) ? (Words){id, id} : (Words){own, json_get_str(value, "en")};
}

/* Empty where the pages have no word for it. */
static Words member_words(Ctx *ctx, Str name) {
    Str key = str_fmt(ctx->arena, "design_member." STR_FMT, STR_ARG(name));
    return (Words){web_message(ctx, WEB_JA, key, NULL, 0), web_message(ctx, WEB_EN, key, NULL, 0)};
}

/* The last name or index of a path. */
static Str last_name(Str path) {
    Str name = path;
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '.' || path.ptr[i] == '[') name = str_sub(path, i + 1, path.len);
    return str_ends(name, STR("]")) ? str_head(name, name.len - 1) : name;
}

static Words place_words(Ctx *ctx, const Json *source, Str path) {
    OutlineNode node;
    Str name = last_name(path);
    int64_t index;
    Words words = member_words(ctx, name);
    if (!str_empty(words.ja)) return words;
    if (outline_exact(ctx->arena, source, path, &node)) words = element_words(node.value);
    if (!str_empty(words.ja)) return words;
    if (str_to_i64(name, &index)) name = str_fmt(ctx->arena, "%lld", (long long)index + 1);
    return (Words){name, name};
}

static void words_join(Arena *arena, Words *to, Words step) {
    Str ja[] = {to->ja, step.ja}, en[] = {to->en, str_empty(step.en) ? step.ja : step.en};
    to->ja = str_empty(to->ja) ? ja[1] : str_join(arena, ja, 2, STR(" › "));
    to->en = str_empty(to->en) ? en[1] : str_join(arena, en, 2, STR(" › "));
}

/* Where the nth segment of a path ends; its length: there are fewer. */
static size_t segment_end(Str path, size_t from) {
    for (size_t i = from + 1; i < path.len; i++)
        if (path.ptr[i] == '.' || path.ptr[i] == '[') return i;
    return path.len;
}

Json page_design_place(Ctx *ctx, const Json *source, Str path) {
    Words words = {0};
    for (size_t end = 0; end < path.len;) {
        end = segment_end(path, end);
        words_join(ctx->arena, &words, place_words(ctx, source, str_head(path, end)));
    }
    return view_text(ctx->arena, words.ja, words.en);
}

/* Links to what an object stands in. */
static void crumbs_set(HttpExchange *x, View *view, const Publishing *of, Str path) {
    Ctx *ctx = http_ctx(x);
    const Json *label = json_get(of->draft, STR("label"));
    page_crumb(view, STR("手続きの様式"), STR("Procedures"), STR("/staff/procedures"));
    page_crumb_to(view, label ? *label : json_of_str(of->id),
                  page_design_url(ctx->arena, of->id, ""));
    page_crumb(view, STR("編集"), STR("Edit"), page_design_edit_url(ctx->arena, of->id, STR_NONE));
    for (size_t end = 0; end < path.len;) {
        OutlineNode node;
        end = segment_end(path, end);
        Str here = str_head(path, end);
        if (end == path.len || !outline_exact(ctx->arena, of->draft, here, &node)) continue;
        Words words = place_words(ctx, of->draft, here);
        page_crumb_to(view, view_text(ctx->arena, words.ja, words.en),
                      page_design_edit_url(ctx->arena, of->id, here));
    }
}

/* ---- members as they are filled in ---- */

/* A form under way: whose members, and of which object. */
typedef struct Edit {
    HttpExchange *x;
    Ctx *ctx;
    Publishing of;
    OutlineNode node; /* its value is what the form said, once that was read */
    Str seen;         /* hash of what is stored there */
    JsonItems members, lists;
    Json grid; /* the rules of a decision table; null: it is none, or too large */
} Edit;

void design_value_write(Buf *to, const Json *value) {
    if (value->kind == JSON_STRING)
        buf_add(to, json_str(value));
    else
        json_write(to, value);
}

static void line_write(Buf *to, Str name, const Json *value) {
    if (!str_empty(name)) {
        buf_add(to, name);
        buf_add(to, STR(" = "));
    }
    design_value_write(to, value);
    buf_add_char(to, '\n');
}

/* A dash stands for a list that is there and empty: "nothing is expected" isn't "it isn't looked
 * at". */
static Str texts_write(Arena *arena, const Json *list) {
    Buf text = buf_new(arena, EDIT_FORM_MAX);
    if (list && !list->len) return STR("-");
    for (uint32_t i = 0; list && i < list->len; i++)
        line_write(&text, STR_NONE, json_at(list, i));
    return buf_str(&text);
}

static Str named_write(Arena *arena, const Json *object) {
    Buf text = buf_new(arena, EDIT_FORM_MAX);
    if (object && !object->len) return STR("-");
    for (uint32_t i = 0; object && i < object->len; i++) {
        const JsonMember *member = &object->value.members[i];
        bool several = member->value.kind == JSON_ARRAY && member->value.len;
        for (uint32_t k = 0; several && k < member->value.len; k++)
            line_write(&text, member->name, json_at(&member->value, k));
        if (!several) line_write(&text, member->name, &member->value);
    }
    return buf_str(&text);
}

/* What can be chosen; word: of the page's own words, else it has a label. */
typedef struct Option {
    Str value, word;
    Json label;
} Option;

static void option_add(Edit *edit, Option option, Str chosen, JsonItems *out) {
    View one = view_new(edit->ctx->arena);
    view_set(&one, "value", json_of_str(option.value));
    view_str(&one, "word", option.word);
    view_set(&one, "label", option.label);
    view_bool(&one, "selected", str_eq(option.value, chosen));
    vec_push(edit->ctx->arena, out, view_value(&one));
}

static bool is_shape_of_field(const Edit *edit) {
    MemberRow row;
    for (size_t i = 0; members_row(edit->node.shape, i, &row); i++)
        if (str_eq(str_of(row.name), STR("options"))) return true;
    return false;
}

/* Words that the definition knows. */
static void words_options(Edit *edit, Str name, Str chosen, JsonItems *out) {
    const Str *words;
    bool known = str_eq(name, STR("from")) && is_shape_of_field(edit);
    Str list = known ? STR("known") : name;
    for (size_t i = 0, n = definition_words(list, &words); i < n; i++) {
        Str word = str_fmt(edit->ctx->arena, STR_FMT "-" STR_FMT, STR_ARG(list), STR_ARG(words[i]));
        Str key = str_fmt(edit->ctx->arena, "design_word." STR_FMT, STR_ARG(word));
        bool said = !str_empty(web_message(edit->ctx, WEB_JA, key, NULL, 0));
        option_add(edit, (Option){words[i], said ? word : STR_NONE, json_of_str(words[i])}, chosen,
                   out);
    }
}

static void posts_options(Edit *edit, Str chosen, JsonItems *out) {
    const GatePost *post;
    for (size_t i = 0; (post = gate_post_at(edit->ctx->tenant->gate, i)); i++)
        option_add(edit, (Option){post->id, STR_NONE, page_post(edit->x, post->id)}, chosen, out);
}

static void kinds_options(Edit *edit, Str chosen, JsonItems *out) {
    const DefinitionKnown *known = catalogue_knows(procedures_catalogue(edit->ctx->tenant));
    for (size_t i = 0; i < known->kinds.len; i++) {
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = !str_eq(known->kinds.items[k], known->kinds.items[i]);
        if (first)
            option_add(
                edit, (Option){known->kinds.items[i], STR_NONE, json_of_str(known->kinds.items[i])},
                chosen, out);
    }
}

/* States or moves of the draft itself. */
static void own_options(Edit *edit, Str list, Str chosen, JsonItems *out) {
    const Json *all = json_get(edit->of.draft, list);
    for (size_t i = 0; all && i < all->len; i++) {
        const Json *label = json_get(json_at(all, i), STR("label"));
        Str id = json_get_str(json_at(all, i), "id");
        option_add(edit, (Option){id, STR_NONE, label ? *label : json_of_str(id)}, chosen, out);
    }
}

/* A day by which all are judged is one that everybody is asked. */
static bool asks_everybody(const Json *page, const Json *field) {
    return design_among("date slot", json_get_str(field, "kind")) && !json_get(page, STR("when")) &&
           !json_get(field, STR("when")) && !json_get_bool(field, "optional", false);
}

/* The days that the draft asks for. */
static void day_options(Edit *edit, Str chosen, JsonItems *out) {
    const Json *pages = json_get(edit->of.draft, STR("pages"));
    for (size_t i = 0; pages && i < pages->len; i++) {
        const Json *page = json_at(pages, i), *fields = json_get(page, STR("fields"));
        for (size_t k = 0; fields && k < fields->len; k++) {
            const Json *field = json_at(fields, k), *label = json_get(field, STR("label"));
            Str id = json_get_str(field, "id");
            if (asks_everybody(page, field))
                option_add(edit, (Option){id, STR_NONE, label ? *label : json_of_str(id)}, chosen,
                           out);
        }
    }
}

static void options_of(Edit *edit, Str name, Str chosen, JsonItems *out) {
    if (str_eq(name, STR("post")))
        posts_options(edit, chosen, out);
    else if (str_eq(name, STR("decision")))
        kinds_options(edit, chosen, out);
    else if (design_among("to unpaid paid state", name))
        own_options(edit, STR("states"), chosen, out);
    else if (str_eq(name, STR("move")))
        own_options(edit, STR("moves"), chosen, out);
    else
        words_options(edit, name, chosen, out);
    if (str_eq(name, STR("asOf"))) day_options(edit, chosen, out);
}

/* A line of text, a box, or a choice. */
static void text_set(Edit *edit, View *one, Str name, const Json *value) {
    static const char feel[] = "test when amount expression otherwise values";
    JsonItems options = {0};
    Str text = json_str(value);
    options_of(edit, name, text, &options);
    view_str(one, "as",
             options.len                ? STR("select")
             : design_among(feel, name) ? STR("feel")
                                        : STR("line"));
    view_set(one, "value", json_of_str(text));
    view_items(one, "options", &options);
}

static void wording_set(View *one, const Json *value) {
    JsonItems texts = {0};
    for (size_t i = 0; i < DESIGN_LANGUAGES; i++) {
        View text = view_new(one->arena);
        view_str(&text, "language", str_of(design_languages[i]));
        view_set(&text, "value", json_of_str(json_get_str(value, design_languages[i])));
        vec_push(one->arena, &texts, view_value(&text));
    }
    view_str(one, "as", STR("wording"));
    view_items(one, "texts", &texts);
}

/* What was typed in the place of a number stands there as it was typed. */
static Str whole_write(Arena *arena, const Json *value) {
    Buf out = buf_new(arena, EDIT_FORM_MAX);
    if (value && value->kind != JSON_NULL) design_value_write(&out, value);
    return buf_str(&out);
}

static void lines_set(View *one, const char *as, Str text) {
    view_str(one, "as", str_of(as));
    view_set(one, "value", json_of_str(text));
}

static void member_add(Edit *edit, Str prefix, const MemberRow *row, const Json *value) {
    Arena *arena = edit->ctx->arena;
    Str name = str_of(row->name), parts[] = {prefix, name};
    bool known = str_eq(name, STR("from")) && is_shape_of_field(edit);
    Words words = member_words(edit->ctx, known ? STR("known") : name), above = {0};
    View one = view_new(arena);
    if (!str_empty(prefix))
        above = member_words(edit->ctx, last_name(str_head(prefix, prefix.len - 1)));
    words_join(arena, &above, str_empty(words.ja) ? (Words){name, name} : words);
    view_str(&one, "name", str_join(arena, parts, 2, STR_NONE));
    view_set(&one, "label", view_text(arena, above.ja, above.en));
    view_null(&one, "value");
    view_items(&one, "options", &(JsonItems){0});
    view_items(&one, "texts", &(JsonItems){0});
    view_bool(&one, "checked", value && value->kind == JSON_BOOL && value->value.boolean);
    if (row->form == MEMBER_TEXT)
        text_set(edit, &one, name, value);
    else if (row->form == MEMBER_WORDING)
        wording_set(&one, value);
    else if (row->form == MEMBER_TEXTS)
        lines_set(&one, "texts", texts_write(arena, value));
    else if (row->form == MEMBER_NAMED)
        lines_set(&one, "named", named_write(arena, value));
    else if (row->form == MEMBER_TRUTH)
        view_str(&one, "as", STR("tick"));
    else
        lines_set(&one, "whole", whole_write(arena, value));
    vec_push(arena, &edit->members, view_value(&one));
}

/* ---- lists in it ---- */

static void element_add(Edit *edit, Str path, Words words, JsonItems *out) {
    View one = view_new(edit->ctx->arena);
    view_set(&one, "label", view_text(one.arena, words.ja, words.en));
    view_str(&one, "url", page_design_edit_url(one.arena, edit->of.id, path));
    view_str(&one, "path", path);
    vec_push(one.arena, out, view_value(&one));
}

static Words named_or(Arena *arena, Words words, size_t n) {
    if (!str_empty(words.ja)) return words;
    Str number = str_fmt(arena, "%zu", n + 1);
    return (Words){number, number};
}

static void list_add(Edit *edit, Str prefix, const MemberRow *row, const Json *value) {
    Arena *arena = edit->ctx->arena;
    Str path = outline_under(arena, edit->node.path,
                             str_fmt(arena, STR_FMT "%s", STR_ARG(prefix), row->name));
    JsonItems rows = {0};
    View list = view_new(arena);
    bool map = row->form == MEMBER_MAP;
    for (uint32_t i = 0; value && i < value->len; i++) {
        Str name = map ? value->value.members[i].name : STR_NONE;
        Str place = map ? str_fmt(arena, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(name))
                        : str_fmt(arena, STR_FMT "[%u]", STR_ARG(path), i);
        element_add(edit, place,
                    map ? (Words){name, name}
                        : named_or(arena, element_words(json_at(value, i)), i),
                    &rows);
    }
    view_str(&list, "path", path);
    view_str(&list, "name", str_of(row->name));
    view_str(&list, "key",
             str_empty(member_words(edit->ctx, str_of(row->name)).ja) ? STR_NONE
                                                                      : str_of(row->name));
    view_bool(&list, "map", map);
    view_items(&list, "rows", &rows);
    vec_push(arena, &edit->lists, view_value(&list));
}

/* The rules of a decision table that has a page of its own. */
static bool is_grid(const Edit *edit, unsigned shape, const MemberRow *row, const Json *value) {
    return shape == edit->node.shape && design_is_table(shape) &&
           str_eq(str_of(row->name), STR("rules")) && design_grid_fits(value);
}

/* What an object's members are, those of objects in it that have no page of their own among them.
 */
static void object_add(Edit *edit, Str prefix, unsigned shape, const Json *value) {
    MemberRow row;
    for (size_t i = 0; members_row(shape, i, &row); i++) {
        const Json *one = json_get(value, str_of(row.name));
        bool whole = str_empty(edit->node.path) && str_empty(prefix);
        if (whole && design_among("id version", str_of(row.name))) continue; /* they stay */
        if (row.form == MEMBER_OBJECT)
            object_add(edit, str_fmt(edit->ctx->arena, STR_FMT "%s.", STR_ARG(prefix), row.name),
                       row.inner, one);
        else if (is_grid(edit, shape, &row, value))
            edit->grid = design_grid_value(
                edit->ctx->arena, value,
                outline_under(edit->ctx->arena, edit->node.path, str_of(row.name)));
        else if (row.form == MEMBER_LIST || row.form == MEMBER_MAP)
            list_add(edit, prefix, &row, one);
        else
            member_add(edit, prefix, &row, one);
    }
}

static void node_add(Edit *edit) {
    MemberRow own = {.name = "text", .form = MEMBER_WORDING};
    if (design_is_wording(edit->node.shape))
        member_add(edit, STR_NONE, &own, edit->node.value);
    else
        object_add(edit, STR_NONE, edit->node.shape, edit->node.value);
}

/* ---- the page ---- */

static Rc edit_load(HttpExchange *x, Str path, Edit *out) {
    *out = (Edit){.x = x, .ctx = http_ctx(x), .grid = json_of_null()};
    TRY(page_design_load(x, &out->of));
    if (!out->of.draft)
        return ctx_fail(out->ctx, RC_NOT_FOUND, "no-draft", out->of.id,
                        "This procedure isn't being written: begin its next version.");
    if (outline_exact(out->ctx->arena, out->of.draft, path, &out->node) && out->node.value) {
        out->seen = decide_hash(out->ctx->arena, out->node.value);
        return RC_OK;
    }
    return ctx_fail(out->ctx, RC_NOT_FOUND, "no-place", path,
                    "The draft has nothing there any more: go back to the procedure.");
}

static bool is_of_grid(const Edit *edit, Str path) {
    Str rules = json_get_str(&edit->grid, "path");
    return !str_empty(rules) && str_starts(path, rules);
}

/* What keeps this object from being published. */
static void findings_set(Edit *edit, View *view) {
    Arena *arena = edit->ctx->arena;
    const Definition *definition;
    DefinitionFindings findings;
    JsonItems items = {0};
    publish_check(edit->ctx, &edit->of, &definition, &findings);
    VEC_EACH (const DefinitionFinding, finding, &findings) {
        OutlineNode node;
        View one = view_new(arena);
        outline_find(arena, edit->of.draft, finding->path, &node);
        if (!str_eq(node.path, edit->node.path) && !is_of_grid(edit, node.path)) continue;
        view_set(&one, "place", page_design_place(edit->ctx, edit->of.draft, finding->path));
        view_set(&one, "text", view_text(arena, finding->ja, finding->text));
        vec_push(arena, &items, view_value(&one));
    }
    view_items(view, "findings", &items);
}

/* Each names its field. */
static Json faults_value(Edit *edit, const Faults *faults) {
    static const struct {
        const char *code, *ja, *en;
    } rows[] = {
        {"number", "整数で入れてください", "Enter a whole number"},
        {"value", "この形では使えません", "It can't have this value"},
        {"large", "長すぎるか、多すぎます", "It is too long, or too much"},
        {"meanwhile",
         "ほかの職員がここを保存しました。下の内容でよければ、もう一度保存してください",
         "Somebody else saved this meanwhile. Save again to keep what stands below"},
    };
    View errors = view_new(edit->ctx->arena);
    VEC_EACH (const Fault, fault, faults) {
        Words words = member_words(edit->ctx, last_name(str_of(fault->field)));
        View one = view_new(errors.arena);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (str_eq(str_of(rows[i].code), str_of(fault->code)))
                words_join(errors.arena, &words, (Words){str_of(rows[i].ja), str_of(rows[i].en)});
        view_set(&one, "text", view_text(errors.arena, words.ja, words.en));
        view_set(&errors, fault->field, view_value(&one));
    }
    return view_value(&errors);
}

static void edit_show(Edit *edit, int status, const Faults *faults, bool saved) {
    Arena *arena = edit->ctx->arena;
    View view = page_view(edit->x);
    Words words = str_empty(edit->node.path)
                      ? (Words){STR("全体"), STR("The whole")}
                      : place_words(edit->ctx, edit->of.draft, edit->node.path);
    node_add(edit);
    crumbs_set(edit->x, &view, &edit->of, edit->node.path);
    view_set(&view, "title", view_text(arena, words.ja, words.en));
    view_set(&view, "at", json_of_str(edit->node.path));
    view_str(&view, "seen", edit->seen);
    view_bool(&view, "saved", saved);
    view_items(&view, "members", &edit->members);
    view_items(&view, "lists", &edit->lists);
    view_set(&view, "grid", edit->grid);
    view_str(&view, "design", page_design_url(arena, edit->of.id, ""));
    findings_set(edit, &view);
    view_set(&view, "errors", faults ? faults_value(edit, faults) : json_of_null());
    page_show(edit->x, status, WEB_PAGE_DESIGN_EDIT, &view);
}

static void edit_get(HttpExchange *x) {
    Edit edit;
    if (edit_load(x, http_query_or(x, "at", STR_NONE), &edit) == RC_OK)
        edit_show(&edit, 200, NULL, str_eq(http_query_or(x, "saved", STR_NONE), STR("1")));
    else
        page_fail(x);
}

/* ---- pressing ---- */

/* "up pages[1]": the verb, the list and the place in it. */
typedef struct Press {
    Str verb, path, list;
    size_t n;
} Press;

static bool press_read(Str act, Press *out) {
    ptrdiff_t open = -1;
    int64_t n = 0;
    if (!str_split(&act, ' ', &out->verb)) return false;
    out->path = act;
    for (size_t i = 0; i < act.len; i++)
        if (act.ptr[i] == '[') open = (ptrdiff_t)i;
    bool listed = open > 0 && str_ends(act, STR("]")) &&
                  str_to_i64(str_sub(act, (size_t)open + 1, act.len - 1), &n) && n >= 0;
    out->list = listed ? str_head(act, (size_t)open) : STR_NONE;
    out->n = (size_t)n;
    return true;
}

/* A name for what is new, that no other in the list has. */
static Str fresh_id(Arena *arena, const Json *list, const char *stem) {
    for (size_t n = (list ? list->len : 0) + 1;; n++) {
        Str id = str_fmt(arena, "%s%zu", stem, n);
        bool there = false;
        for (size_t i = 0; list && i < list->len && !there; i++)
            there = str_eq(json_get_str(json_at(list, i), "id"), id);
        if (!there) return id;
    }
}

static const Json *fresh(Arena *arena, const Json *list) {
    Json *out = NEW(arena, Json);
    JsonMember *id = NEW(arena, JsonMember);
    *id = (JsonMember){STR("id"), json_of_str(fresh_id(arena, list, "new"))};
    *out = json_of_members(id, 1);
    return out;
}

/* Elements of these lists have no id. */
static bool has_ids(Str list) {
    return !design_among("bring rules inputs outputs", last_name(list));
}

/* Does to the draft what the button says; *at: the page to go on with. NULL: no such press. */
static const Json *press_do(Arena *arena, const Json *draft, const Press *press, Str *at) {
    static const Json nothing = {.kind = JSON_OBJECT};
    const Json *list = outline_value(draft, press->path);
    if (str_eq(press->verb, STR("add"))) {
        *at = str_fmt(arena, STR_FMT "[%u]", STR_ARG(press->path), list ? list->len : 0);
        return outline_set(arena, draft, *at, has_ids(press->path) ? fresh(arena, list) : &nothing);
    }
    if (str_eq(press->verb, STR("name"))) {
        *at = press->path;
        return outline_set(arena, draft, *at, &nothing);
    }
    if (str_eq(press->verb, STR("remove"))) return outline_set(arena, draft, press->path, NULL);
    if (str_empty(press->list)) return NULL;
    if (str_eq(press->verb, STR("up")))
        return outline_move(arena, draft, press->list, press->n, -1);
    if (str_eq(press->verb, STR("down")))
        return outline_move(arena, draft, press->list, press->n, 1);
    return NULL;
}

/* A new member of a map has the name that was typed beside the button. */
static void press_name(Arena *arena, const HttpForm *form, Press *press) {
    Str name = str_trim(http_form_value(form, "new-name"));
    if (str_eq(press->verb, STR("name")))
        press->path = str_fmt(arena, STR_FMT "." STR_FMT, STR_ARG(press->path), STR_ARG(name));
}

static Rc edit_save(Edit *edit, const HttpForm *form, Str *at) {
    Arena *arena = edit->ctx->arena;
    Press press;
    const Json *draft = outline_set(arena, edit->of.draft, edit->node.path, edit->node.value);
    bool pressed = press_read(http_form_value(form, "act"), &press);
    *at = edit->node.path;
    if (draft && pressed && !str_eq(press.verb, STR("save"))) {
        press_name(arena, form, &press);
        draft = press_do(arena, draft, &press, at);
        bool rule = str_eq(press.path, outline_under(arena, edit->node.path, STR("rules")));
        if (rule && !str_empty(http_form_value(form, "grid"))) *at = edit->node.path;
    }
    if (!draft) return ctx_fail(edit->ctx, RC_INVALID, "no-act", STR("act"), "Choose what to do.");
    return publish_keep(edit->ctx, edit->of.id, edit->of.version, draft);
}

/* What this object was when its form was drawn is what it is. */
static bool is_as_seen(const Edit *edit, const HttpForm *form) {
    return str_eq(http_form_value(form, "seen"), edit->seen);
}

/* Another part of the draft may have been saved meanwhile: then this one is put into that. */
static Rc edit_try(HttpExchange *x, const HttpForm *form, Edit *edit, Faults *faults, Str *at) {
    Rc rc = RC_CONFLICT;
    Str path = http_form_value(form, "at");
    for (int tries = 0; rc == RC_CONFLICT && tries < TRIES && !faults->len; tries++) {
        TRY(edit_load(x, path, edit));
        Said said = {edit->ctx->arena, edit->ctx, form, faults};
        bool same = is_as_seen(edit, form);
        const Json *now = edit->node.value;
        edit->node.value = design_said(&said, &edit->node);
        if (!same) {
            vec_push(edit->ctx->arena, faults, ((Fault){"changed", "meanwhile"}));
            edit->of.draft = outline_set(edit->ctx->arena, edit->of.draft, edit->node.path, now);
        }
        if (!faults->len) rc = edit_save(edit, form, at);
    }
    return rc;
}

/* A member that can't be kept: its field, when it is one of the form. */
static void refused(Edit *edit, Faults *faults) {
    Str path = edit->ctx->error.path, own = edit->node.path;
    bool here = str_starts(path, own) && path.len > own.len;
    Str name = here ? str_sub(path, own.len + (own.len > 0), path.len) : STR("changed");
    vec_push(edit->ctx->arena, faults,
             ((Fault){str_z(edit->ctx->arena, name),
                      edit->ctx->error.rc == RC_LIMIT ? "large" : "value"}));
}

static void edit_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Edit edit;
    Faults faults = {0};
    Str at;
    if (!page_form(x, &form)) return;
    Rc rc = edit_try(x, form, &edit, &faults, &at);
    if (rc == RC_OK) {
        Str url = page_design_edit_url(ctx->arena, edit.of.id, at);
        page_see(x,
                 str_fmt(ctx->arena, STR_FMT "%ssaved=1", STR_ARG(url), str_empty(at) ? "?" : "&"));
        return;
    }
    bool bad = (rc == RC_INVALID || rc == RC_LIMIT) && !str_eq(ctx->error.code, STR("no-act"));
    if (!faults.len && bad) refused(&edit, &faults);
    if (faults.len)
        edit_show(&edit, 422, &faults, false);
    else
        page_fail(x);
}

const HttpRoute page_design_edit_rows[] = {
    PAGE_SHOW("/staff/procedures/{procedure}/edit", PAGE_DESIGNERS, "Making procedures", edit_get,
              "The form of one part of a draft"),
    {HTTP_POST, "/staff/procedures/{procedure}/edit", edit_post, HTTP_POOL, EDIT_FORM_MAX,
     PAGE_DESIGNERS | GATE_FORM, "Making procedures", "Save a part of a draft", NULL, NULL,
     page_posted},
};
ROWS(page_design_edit_count, page_design_edit_rows);
