/* web_int: what the generated code of the templates calls. Not for other rooms. */
#ifndef WEB_WEB_INT_H
#define WEB_WEB_INT_H

#include "template.h"
#include "helpers.h"

/* A page being written. The first fault stays; writing goes on, so that one look shows all. */
typedef struct WebOut {
    Ctx *ctx;
    Buf *to;
    WebPage page;
    WebLang lang;
    Rc rc;
    StrVec *missing; /* NULL: not traced */
} WebOut;

/* What stands between {{#> x}} and {{/x}}: the only thing that a component prints without escaping,
   because it was compiled from a template itself. */
typedef struct WebBody WebBody;
struct WebBody {
    void (*write)(WebOut *o, const WebBody *self);
    const Json *const *env;
    const WebBody *outer;
};

typedef struct WebTemplate {
    const char *name;
    void (*write)(WebOut *o, const Json *view);
} WebTemplate;
typedef struct WebText {
    const char *ptr;
    size_t len;
} WebText;
typedef struct WebMessage {
    WebText key, text[3], one; /* one: English with n = 1 */
} WebMessage;

/* Generated. Messages are sorted by key. */
extern const WebTemplate web_templates[];
extern const WebMessage web_messages[];
extern const size_t web_n_messages;
extern const WebAsset web_assets[];
extern const size_t web_n_assets;

/* Writers. */
void web_raw(WebOut *o, const char *html, size_t len); /* literal text of a template only */
void web_text(WebOut *o, const Json *value);
void web_url(WebOut *o,
             const Json *value); /* a whole address: "#" instead of a scheme that could run */
void web_url_part(WebOut *o, const Json *value); /* percent-encoded (RFC 3986, 2.3) */
void web_body(WebOut *o, const WebBody *body);

/* Values. NULL is a missing one and prints as nothing. */
const Json *web_get(WebOut *o, const Json *object, Str name);
const Json *web_may(WebOut *o, const Json *object, Str name); /* the same; the object may lack it */
size_t web_count(WebOut *o, const Json *list);
const Json *web_at(WebOut *o, const Json *list, size_t index); /* of an object: {"key", "value"} */
bool web_true(WebOut *o, const Json *value); /* not missing, null, false, 0, "", [] or {} */
const Json *web_int(WebOut *o, int64_t value);
const Json *web_bool(WebOut *o, bool value);
const Json *web_string(WebOut *o, Str value);
/* The text of a scalar or of an object of texts by language, unescaped. */
Str web_plain(WebOut *o, const Json *value);
void web_bug(WebOut *o, const char *what, Str detail);

/* Translations. */
const Json *web_message_at(WebOut *o, size_t index, const WebParam *params, size_t n);
const Json *web_message_of(WebOut *o, Str prefix, const Json *rest, const WebParam *params,
                           size_t n);
const Json *web_asset_address(WebOut *o, const char *name);

#define HELPER_PROTOTYPE(name, fewest, most)                                                       \
    const Json *web_help_##name(WebOut *o, const Json *const *args, size_t n);
WEB_HELPERS(HELPER_PROTOTYPE)
#undef HELPER_PROTOTYPE

#endif
