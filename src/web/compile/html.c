/* html: follows the HTML of a template to know where a print stands, and refuses what would need
   trust: script and style, event attributes, values without quotes, elements left open, text that
   is not translated. */
#include "compile.h"

#include <string.h>

typedef struct Feed {
    Ctx *ctx;
    Html *html;
    Buf *to;
    Place at;
} Feed;

static Str name_str(const HtmlName *name) {
    return (Str){name->text, name->len};
}

static bool name_is(const HtmlName *name, const char *z) {
    return str_eq(name_str(name), str_of(z));
}

static bool in_list(Str s, const char *const *list) {
    for (; *list; list++)
        if (str_eq(s, str_of(*list))) return true;
    return false;
}

static const char *const VOID_TAGS[] = {"br",   "hr",     "img", "input", "link",
                                        "meta", "source", "wbr", "col",   NULL};
static const char *const REFUSED_TAGS[] = {"style", "iframe", "object", "embed",
                                           "base",  "applet", "frame",  NULL};
static const char *const URL_ATTRS[] = {"href", "src",      "action",    "formaction",  "poster",
                                        "cite", "data-src", "data-href", "data-worker", NULL};
static const char *const REFUSED_ATTRS[] = {"style",      "srcdoc",     "srcset",
                                            "http-equiv", "ping",       "xlink:href",
                                            "background", "formmethod", NULL};
static const char *const TEXT_ATTRS[] = {"alt",   "title",      "placeholder", "aria-label",
                                         "label", "data-label", NULL};
static const char *const BLOCK_TAGS[] = {"div",      "p",       "ul",  "ol", "dl", "table",
                                         "form",     "section", "h1",  "h2", "h3", "h4",
                                         "fieldset", "article", "nav", NULL};

static Rc name_add(Feed *f, HtmlName *name, char c) {
    if (name->len == HTML_NAME) return place_fail(f->ctx, f->at, "a name is too long");
    name->text[name->len++] = c;
    return RC_OK;
}

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static HtmlOpen *top(Html *html) {
    return html->depth ? &html->open[html->depth - 1] : NULL;
}

static bool inside(const Html *html, const char *tag) {
    for (size_t i = 0; i < html->depth; i++)
        if (name_is(&html->open[i].tag, tag)) return true;
    return false;
}

static bool keeps_space(const Html *html) {
    return inside(html, "pre") || inside(html, "textarea");
}

/* ---- names: what may stand here at all ---- */

static Rc tag_check(Feed *f) {
    Html *html = f->html;
    Str tag = name_str(&html->tag);
    if (in_list(tag, REFUSED_TAGS))
        return place_fail(f->ctx, f->at, "<" STR_FMT "> is not allowed in a template",
                          STR_ARG(tag));
    if (in_list(tag, BLOCK_TAGS) && inside(html, "p"))
        return place_fail(f->ctx, f->at, "<" STR_FMT "> cannot stand in <p>", STR_ARG(tag));
    if (name_is(&html->tag, "a") && inside(html, "a"))
        return place_fail(f->ctx, f->at, "a link cannot stand in a link");
    return RC_OK;
}

static Rc attr_check(Feed *f) {
    Str attr = name_str(&f->html->attr);
    if (str_starts(attr, STR("on")))
        return place_fail(f->ctx, f->at, "'" STR_FMT "': no script in attributes, use web/js",
                          STR_ARG(attr));
    if (in_list(attr, REFUSED_ATTRS))
        return place_fail(f->ctx, f->at, "the attribute '" STR_FMT "' is not allowed",
                          STR_ARG(attr));
    return RC_OK;
}

/* The literal start of an address must settle its scheme. */
static bool url_prefix_safe(Str s) {
    if (str_starts(s, STR("//"))) return false;
    static const char *const starts[] = {"/", "#", "?", "https://", "mailto:", "tel:", NULL};
    for (const char *const *start = starts; *start; start++)
        if (str_starts(s, str_of(*start))) return true;
    return false;
}

static Rc value_check(Feed *f) {
    Html *html = f->html;
    Str attr = name_str(&html->attr), value = name_str(&html->value);
    if (in_list(attr, URL_ATTRS) && value.len && !url_prefix_safe(value))
        return place_fail(f->ctx, f->at,
                          "the address '" STR_FMT "' must start with /, #, ? or https://",
                          STR_ARG(value));
    if (name_is(&html->tag, "script") && name_is(&html->attr, "src") && value.len)
        return place_fail(f->ctx, f->at, "a script comes from {{asset \"js/...\"}}");
    if (name_is(&html->tag, "form") && name_is(&html->attr, "method") && html->value_dynamic)
        return place_fail(f->ctx, f->at, "a form's method is written out");
    if (name_is(&html->tag, "form") && name_is(&html->attr, "method"))
        html->post = str_eq(value, STR("post"));
    return RC_OK;
}

/* ---- tags ---- */

static Rc tag_opened(Feed *f, bool self_closed) {
    Html *html = f->html;
    html->state = HTML_CONTENT;
    html->space = false;
    if (self_closed || in_list(name_str(&html->tag), VOID_TAGS)) return RC_OK;
    if (html->depth == HTML_DEPTH) return place_fail(f->ctx, f->at, "elements are nested too deep");
    html->open[html->depth++] = (HtmlOpen){.tag = html->tag, .post = html->post};
    return RC_OK;
}

static Rc tag_closed(Feed *f) {
    Html *html = f->html;
    HtmlOpen *open = top(html);
    if (!open || !str_eq(name_str(&open->tag), name_str(&html->tag)))
        return place_fail(f->ctx, f->at,
                          "</" STR_FMT "> closes nothing; open here is <" STR_FMT ">",
                          STR_ARG(html->tag.len ? name_str(&html->tag) : STR("")),
                          STR_ARG(open ? name_str(&open->tag) : STR("nothing")));
    if (open->post && !open->csrf)
        return place_fail(f->ctx, f->at, "a form that posts must hold {{> csrf token=...}}");
    html->depth--;
    html->state = HTML_CONTENT;
    html->space = false;
    return RC_OK;
}

/* ---- one function per state ---- */

static Rc feed_content(Feed *f, char c) {
    Html *html = f->html;
    if (c == '<') {
        html->state = HTML_TAG_OPEN;
        return RC_OK;
    }
    HtmlOpen *open = top(html);
    if (open && name_is(&open->tag, "script") && !is_space(c))
        return place_fail(f->ctx, f->at, "no script in a page: put it into web/js");
    if (is_letter(c) || (unsigned char)c >= 0x80)
        return place_fail(f->ctx, f->at, "text belongs into web/i18n: write {{t \"key\"}}");
    return RC_OK;
}

static Rc feed_tag_open(Feed *f, char c) {
    Html *html = f->html;
    html->tag.len = 0;
    html->post = false;
    if (c == '/') {
        html->state = HTML_CLOSE_NAME;
        return RC_OK;
    }
    if (c == '!') {
        html->state = HTML_DOCTYPE;
        return RC_OK;
    }
    if (!is_letter(c)) return place_fail(f->ctx, f->at, "write &lt; for a plain '<'");
    html->state = HTML_TAG_NAME;
    return name_add(f, &html->tag, c);
}

static Rc feed_tag_name(Feed *f, char c) {
    Html *html = f->html;
    if (!is_space(c) && c != '>' && c != '/') return name_add(f, &html->tag, c);
    TRY(tag_check(f));
    if (c == '>') return tag_opened(f, false);
    html->state = c == '/' ? HTML_SELF_CLOSE : HTML_IN_TAG;
    return RC_OK;
}

static Rc feed_close_name(Feed *f, char c) {
    return c == '>' ? tag_closed(f) : name_add(f, &f->html->tag, c);
}

static Rc feed_in_tag(Feed *f, char c) {
    Html *html = f->html;
    if (is_space(c)) return RC_OK;
    if (c == '>') return tag_opened(f, false);
    if (c == '/') {
        html->state = HTML_SELF_CLOSE;
        return RC_OK;
    }
    if (!is_letter(c)) return place_fail(f->ctx, f->at, "an attribute is expected, not '%c'", c);
    html->attr.len = 0;
    html->state = HTML_ATTR_NAME;
    return name_add(f, &html->attr, c);
}

static Rc feed_attr_name(Feed *f, char c) {
    Html *html = f->html;
    if (c != '=' && !is_space(c) && c != '>' && c != '/') return name_add(f, &html->attr, c);
    TRY(attr_check(f));
    if (c == '=') {
        html->state = HTML_ATTR_EQUALS;
        return RC_OK;
    }
    html->state = HTML_IN_TAG;
    return feed_in_tag(f, c);
}

static Rc feed_attr_equals(Feed *f, char c) {
    Html *html = f->html;
    if (c != '"') return place_fail(f->ctx, f->at, "attribute values stand in double quotes");
    html->state = HTML_VALUE;
    html->value.len = 0;
    html->value_dynamic = false;
    return RC_OK;
}

static Rc feed_value(Feed *f, char c) {
    Html *html = f->html;
    if (c == '"') {
        html->state = HTML_AFTER_VALUE;
        return value_check(f);
    }
    if (c == '<' || c == '>')
        return place_fail(f->ctx, f->at, "write &lt; and &gt; in attribute values");
    if ((is_letter(c) || (unsigned char)c >= 0x80) && in_list(name_str(&html->attr), TEXT_ATTRS))
        return place_fail(f->ctx, f->at, "text belongs into web/i18n: write {{t \"key\"}}");
    if (!html->value_dynamic && html->value.len < HTML_NAME)
        html->value.text[html->value.len++] = c;
    return RC_OK;
}

static Rc feed_after_value(Feed *f, char c) {
    Html *html = f->html;
    if (!is_space(c) && c != '>' && c != '/')
        return place_fail(f->ctx, f->at, "a space is missing between attributes");
    html->state = HTML_IN_TAG;
    return feed_in_tag(f, c);
}

static Rc feed_self_close(Feed *f, char c) {
    if (c != '>') return place_fail(f->ctx, f->at, "'/' must be followed by '>'");
    return tag_opened(f, true);
}

static Rc feed_doctype(Feed *f, char c) {
    if (c == '-') return place_fail(f->ctx, f->at, "write comments as {{! ... }}");
    if (c == '>') f->html->state = HTML_CONTENT;
    return RC_OK;
}

static Rc (*const FEED[])(Feed *, char) = {
    [HTML_CONTENT] = feed_content,         [HTML_TAG_OPEN] = feed_tag_open,
    [HTML_TAG_NAME] = feed_tag_name,       [HTML_CLOSE_NAME] = feed_close_name,
    [HTML_IN_TAG] = feed_in_tag,           [HTML_ATTR_NAME] = feed_attr_name,
    [HTML_ATTR_EQUALS] = feed_attr_equals, [HTML_VALUE] = feed_value,
    [HTML_AFTER_VALUE] = feed_after_value, [HTML_SELF_CLOSE] = feed_self_close,
    [HTML_DOCTYPE] = feed_doctype,
};

/* White space between tags and attributes is joined to one byte, save where it counts. */
static void write_joined(Html *html, HtmlState before, char c, Buf *to) {
    bool joins = before == HTML_CONTENT ? !keeps_space(html) : before == HTML_IN_TAG;
    if (joins && is_space(c)) {
        if (!html->space) buf_add_char(to, c == '\n' && before == HTML_CONTENT ? '\n' : ' ');
        html->space = true;
        return;
    }
    if (is_space(c) && before != HTML_VALUE && !keeps_space(html)) {
        buf_add_char(to, ' ');
        html->space = true;
        return;
    }
    html->space = false;
    buf_add_char(to, c);
}

Rc html_text(Ctx *ctx, Html *html, Node *node, Buf *to) {
    Feed f = {ctx, html, to, node->at};
    bool entity = false;
    for (size_t i = 0; i < node->text.len; i++) {
        char c = node->text.ptr[i];
        HtmlState before = html->state;
        if (entity && !is_letter(c) && !(c >= '0' && c <= '9') && c != '#' && c != ';')
            return place_fail(ctx, f.at, "write &amp; for a plain '&'");
        if (entity || (before == HTML_CONTENT && c == '&')) {
            entity = c != ';';
        } else {
            TRY(FEED[before](&f, c));
        }
        write_joined(html, before, c, to);
        if (c == '\n') f.at.line++;
    }
    return RC_OK;
}

/* ---- what a template puts in ---- */

static bool is_asset(const Node *node) {
    return node->expr->kind == EXPR_CALL && str_eq(node->expr->name, STR("asset"));
}

Rc html_print(Ctx *ctx, Html *html, const Node *node, HtmlEscape *out) {
    *out = HTML_ESCAPE_TEXT;
    html->space = false;
    if (html->state == HTML_CONTENT) {
        HtmlOpen *open = top(html);
        if (open && name_is(&open->tag, "script"))
            return place_fail(ctx, node->at, "no value can stand in a script");
        return RC_OK;
    }
    if (html->state != HTML_VALUE)
        return place_fail(ctx, node->at,
                          "a value can stand only between tags or in a quoted attribute");
    bool first = !html->value_dynamic && html->value.len == 0;
    html->value_dynamic = true;
    if (name_is(&html->tag, "script") && name_is(&html->attr, "src") && !is_asset(node))
        return place_fail(ctx, node->at, "a script comes from {{asset \"js/...\"}}");
    if (!in_list(name_str(&html->attr), URL_ATTRS)) return RC_OK;
    *out = first ? HTML_ESCAPE_URL : HTML_ESCAPE_URL_PART;
    if (html->value.len && !url_prefix_safe(name_str(&html->value)))
        return place_fail(ctx, node->at, "the address must start with /, #, ? or https://");
    return RC_OK;
}

Rc html_part(Ctx *ctx, Html *html, const Node *node) {
    if (html->state != HTML_CONTENT)
        return place_fail(ctx, node->at, "a component can stand only between tags");
    HtmlOpen *open = top(html);
    if (open && name_is(&open->tag, "script"))
        return place_fail(ctx, node->at, "no component can stand in a script");
    for (size_t i = html->depth; str_eq(node->name, STR("csrf")) && i > 0; i--)
        if (html->open[i - 1].post) html->open[i - 1].csrf = true;
    html->space = false;
    return RC_OK;
}

Rc html_settle(Ctx *ctx, Html *html, Place at) {
    Feed f = {.ctx = ctx, .html = html, .at = at};
    if (html->state != HTML_ATTR_NAME && html->state != HTML_TAG_NAME) return RC_OK;
    TRY(html->state == HTML_ATTR_NAME ? attr_check(&f) : tag_check(&f));
    html->state = HTML_AFTER_VALUE;
    return RC_OK;
}

static bool same_open(const Html *a, const Html *b) {
    if (a->depth != b->depth) return false;
    for (size_t i = 0; i < a->depth; i++)
        if (!str_eq(name_str(&a->open[i].tag), name_str(&b->open[i].tag))) return false;
    return true;
}

/* Between attributes two states mean the same: the next byte decides. */
static bool same_state(const Html *a, const Html *b) {
    bool a_in = a->state == HTML_IN_TAG || a->state == HTML_AFTER_VALUE;
    bool b_in = b->state == HTML_IN_TAG || b->state == HTML_AFTER_VALUE;
    return a->state == b->state || (a_in && b_in);
}

Rc html_join(Ctx *ctx, Html *into, const Html *other, Place at) {
    if (!same_state(into, other) || !same_open(into, other))
        return place_fail(ctx, at,
                          "the branches of this block end at different places of the HTML");
    if (into->state == HTML_VALUE && in_list(name_str(&into->attr), URL_ATTRS)) {
        bool a = into->value_dynamic || into->value.len,
             b = other->value_dynamic || other->value.len;
        if (a != b) return place_fail(ctx, at, "write the whole address in each branch");
    }
    if (other->state == HTML_AFTER_VALUE) into->state = HTML_AFTER_VALUE;
    for (size_t i = 0; i < into->depth; i++)
        into->open[i].csrf = into->open[i].csrf && other->open[i].csrf;
    into->space = into->space && other->space;
    return RC_OK;
}

Rc html_end(Ctx *ctx, const Html *html, Place at) {
    if (html->depth)
        return place_fail(ctx, at, "<" STR_FMT "> is never closed",
                          STR_ARG(name_str(&html->open[html->depth - 1].tag)));
    if (html->state != HTML_CONTENT) return place_fail(ctx, at, "the template ends inside a tag");
    return RC_OK;
}
