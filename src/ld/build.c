/* Reads @context values into terms (JSON-LD 1.1 API, 4.1 and 4.2, as far as NGSI-LD needs it).
   Ignored with a reason:
   - scoped contexts (@context in a term), @propagate, @nest, @index, @protected: NGSI-LD expands a
   name without regard to where it stands (5.5.7), and the core wins anyway;
   - @base: ids are absolute URIs (4.6.2); @language, @direction: values keep what they were given
   with. Refused: @reverse, which NGSI-LD has no place for. */
#include "ld_int.h"

#include <stdarg.h>
#include <stdio.h>

/* A context object being read. */
typedef struct Object {
    LdBuild *build;
    const Json *json;
    Map entries; /* name to Entry */
} Object;

typedef struct Entry {
    const Json *definition;
    enum { WAITING, RUNNING, DONE } state;
} Entry;

static Rc define(Object *object, Str name, size_t chain);

[[gnu::format(printf, 3, 4)]] static Rc bad(LdBuild *build, Str path, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char text[512];
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert(len >= 0);
    return ctx_fail(build->ctx, RC_INVALID, "bad-context", str_head(path, 200), "%s", text);
}

static bool is_keyword(Str s) {
    static const Str keywords[] = {
        STR("@base"),      STR("@container"), STR("@context"),  STR("@direction"), STR("@graph"),
        STR("@id"),        STR("@import"),    STR("@included"), STR("@index"),     STR("@json"),
        STR("@language"),  STR("@list"),      STR("@nest"),     STR("@none"),      STR("@prefix"),
        STR("@propagate"), STR("@protected"), STR("@reverse"),  STR("@set"),       STR("@type"),
        STR("@value"),     STR("@version"),   STR("@vocab"),
    };
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (str_eq(keywords[i], s)) return true;
    return false;
}

/* A term that is known now: the user's newest, else the core's (which real contexts refer to before
 * it is applied). */
static const LdTerm *known(const LdBuild *build, Str term) {
    const LdTerm *found = map_get(&build->terms, term);
    if (found) return found->iri.len ? found : NULL;
    return map_get(&ld_core_index()->terms, term);
}

static Str join(LdBuild *build, Str a, Str b) {
    return str_join(build->ctx->arena, (Str[]){a, b}, 2, STR_NONE);
}

/* ---- names to IRIs, while terms are being defined ---- */

static Rc define_first(Object *object, Str name, size_t chain) {
    return map_has(&object->entries, name) ? define(object, name, chain + 1) : RC_OK;
}

/* A compact IRI to its IRI; *iri stays as it is when the text is none. */
static Rc expand_compact(Object *object, Str text, size_t chain, Str *iri) {
    ptrdiff_t colon = str_find_char(text, ':');
    if (colon < 1) return RC_OK;
    Str name = str_sub(text, 0, (size_t)colon);
    Str suffix = str_sub(text, (size_t)colon + 1, text.len);
    if (str_starts(suffix, STR("//")) || str_eq(name, STR("_"))) return RC_OK;
    TRY(define_first(object, name, chain));
    const LdTerm *prefix = known(object->build, name);
    if (!prefix || !prefix->prefix) return RC_OK;
    if (prefix->iri.len + suffix.len > LD_IRI_MAX)
        return bad(object->build, name, "An IRI may have at most %d bytes.", LD_IRI_MAX);
    *iri = join(object->build, prefix->iri, suffix);
    return RC_OK;
}

/* The IRI that a definition gives as text: a keyword, a term, a compact IRI, an IRI, or a name
 * within @vocab. */
static Rc expand_value(Object *object, Str name, Str text, size_t chain, Str *iri) {
    *iri = text;
    if (text.len > LD_IRI_MAX)
        return bad(object->build, name, "An IRI may have at most %d bytes.", LD_IRI_MAX);
    if (is_keyword(text)) return RC_OK;
    if (!str_eq(text, name)) {
        TRY(define_first(object, text, chain));
        const LdTerm *term = known(object->build, text);
        if (term) {
            *iri = term->iri;
            return RC_OK;
        }
    }
    if (str_find_char(text, ':') >= 0)
        TRY(expand_compact(object, text, chain, iri));
    else if (object->build->vocab.len)
        *iri = join(object->build, object->build->vocab, text);
    if (ld_is_iri(*iri)) return RC_OK;
    return bad(object->build, name,
               "\"" STR_FMT "\" is neither an IRI nor a term that the context defines: write the "
               "whole IRI.",
               STR_ARG(str_head(text, 100)));
}

/* A term without @id: its name is a compact IRI or an IRI, else it belongs to the vocabulary. */
static Rc expand_name(Object *object, Str name, size_t chain, Str *iri) {
    *iri = name;
    if (str_find_char(name, ':') >= 0) TRY(expand_compact(object, name, chain, iri));
    if (ld_is_iri(*iri)) return RC_OK;
    Str vocab = object->build->vocab.len ? object->build->vocab : STR(LD_DEFAULT);
    *iri = join(object->build, vocab, name);
    if (ld_is_iri(*iri) && iri->len <= LD_IRI_MAX) return RC_OK;
    return bad(object->build, name, "This term gives no IRI: define it with \"@id\".");
}

/* ---- definitions ---- */

static Rc read_type(Object *object, Str name, const Json *value, LdTerm *term) {
    static const struct {
        Str name;
        LdType type;
    } types[] = {{STR("@id"), LD_TYPE_ID},
                 {STR("@vocab"), LD_TYPE_VOCAB},
                 {STR("@json"), LD_TYPE_JSON},
                 {STR("@none"), LD_TYPE_NONE}};
    if (!value) return RC_OK;
    Str type = json_str(value);
    if (str_empty(type)) return bad(object->build, name, "\"@type\" must be a string.");
    term->type = LD_TYPE_LITERAL;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_eq(types[i].name, type)) term->type = (uint8_t)types[i].type;
    return RC_OK;
}

static Rc read_container(Object *object, Str name, const Json *value, LdTerm *term) {
    static const struct {
        Str name;
        LdContainer bit;
    } containers[] = {{STR("@list"), LD_LIST},   {STR("@set"), LD_SET},
                      {STR("@index"), LD_INDEX}, {STR("@language"), LD_LANGUAGE},
                      {STR("@graph"), LD_OTHER}, {STR("@id"), LD_OTHER},
                      {STR("@type"), LD_OTHER},  {STR("@none"), LD_OTHER}};
    if (!value || value->kind == JSON_NULL) return RC_OK;
    bool many = value->kind == JSON_ARRAY;
    for (uint32_t i = 0; i < (many ? value->len : 1); i++) {
        Str text = json_str(many ? &value->value.items[i] : value);
        uint8_t bit = 0;
        for (size_t j = 0; j < sizeof containers / sizeof *containers; j++)
            if (str_eq(containers[j].name, text)) bit = (uint8_t)containers[j].bit;
        if (!bit)
            return bad(
                object->build, name,
                "\"@container\" must be @list, @set, @index, @language, @graph, @id or @type.");
        term->container |= bit;
    }
    return RC_OK;
}

static Rc check_members(Object *object, Str name, const Json *definition) {
    static const Str allowed[] = {
        STR("@id"),        STR("@type"),  STR("@container"), STR("@context"), STR("@language"),
        STR("@direction"), STR("@index"), STR("@nest"),      STR("@prefix"),  STR("@protected")};
    for (uint32_t i = 0; i < definition->len; i++) {
        Str member = definition->value.members[i].name;
        bool fine = false;
        for (size_t j = 0; j < sizeof allowed / sizeof *allowed; j++)
            fine = fine || str_eq(allowed[j], member);
        if (!fine)
            return bad(object->build, name,
                       "\"" STR_FMT "\" has no place in a term of NGSI-LD: leave it out.",
                       STR_ARG(str_head(member, 100)));
    }
    return RC_OK;
}

static Rc read_definition(Object *object, Str name, const Json *definition, size_t chain,
                          LdTerm *term) {
    TRY(check_members(object, name, definition));
    const Json *id = json_get(definition, STR("@id"));
    if (id && id->kind == JSON_NULL) return RC_OK;
    if (id && (id->kind != JSON_STRING || id->len == 0))
        return bad(object->build, name, "\"@id\" must be a string with an IRI.");
    TRY(read_type(object, name, json_get(definition, STR("@type")), term));
    TRY(read_container(object, name, json_get(definition, STR("@container")), term));
    return id ? expand_value(object, name, json_str(id), chain, &term->iri)
              : expand_name(object, name, chain, &term->iri);
}

static Rc check_name(Object *object, Str name) {
    if (str_empty(name)) return bad(object->build, STR("\"\""), "A term must not be empty.");
    if (name.len > LD_IRI_MAX)
        return bad(object->build, name, "A term may have at most %d bytes.", LD_IRI_MAX);
    if (object->build->terms.len < LD_TERMS_MAX || map_has(&object->build->terms, name))
        return RC_OK;
    return bad(object->build, name, "A context may define at most %d terms.", LD_TERMS_MAX);
}

static Rc define_now(Object *object, Str name, const Json *definition, size_t chain) {
    TRY(check_name(object, name));
    LdTerm *term = NEW(object->build->ctx->arena, LdTerm);
    term->term = name;
    if (definition->kind == JSON_STRING && definition->len)
        TRY(expand_value(object, name, json_str(definition), chain, &term->iri));
    else if (definition->kind == JSON_OBJECT)
        TRY(read_definition(object, name, definition, chain, term));
    else if (definition->kind != JSON_NULL)
        return bad(object->build, name, "A term must be defined by an IRI, an object or null.");
    if (str_eq(term->iri, STR("@context")))
        return bad(object->build, name, "\"@context\" can have no other name.");
    const Json *prefix = json_get(definition, STR("@prefix"));
    bool ends_open = term->iri.len && ld_is_gen_delim(term->iri.ptr[term->iri.len - 1]);
    term->prefix =
        prefix && prefix->kind == JSON_BOOL ? prefix->value.boolean && term->iri.len : ends_open;
    if (str_find_char(name, ':') >= 0 || str_find_char(name, '/') >= 0) term->prefix = false;
    map_put(&object->build->terms, name, term);
    return RC_OK;
}

static Rc define(Object *object, Str name, size_t chain) {
    Entry *entry = map_get(&object->entries, name);
    if (entry->state == DONE) return RC_OK;
    if (entry->state == RUNNING || chain > LD_CHAIN_MAX)
        return bad(object->build, name, "This term is defined by itself: give it an IRI.");
    entry->state = RUNNING;
    TRY(define_now(object, name, entry->definition, chain));
    entry->state = DONE;
    return RC_OK;
}

/* ---- contexts ---- */

static Rc read_document(LdBuild *build, Str url, bool only_object);

static Rc read_vocab(Object *object) {
    const Json *vocab = json_get(object->json, STR("@vocab"));
    if (!vocab) return RC_OK;
    object->build->vocab = STR_NONE;
    if (vocab->kind == JSON_NULL || (vocab->kind == JSON_STRING && vocab->len == 0)) return RC_OK;
    if (vocab->kind != JSON_STRING)
        return bad(object->build, STR("@vocab"), "\"@vocab\" must be an IRI or null.");
    Str iri;
    TRY(expand_value(object, STR("@vocab"), json_str(vocab), 0, &iri));
    object->build->vocab = iri;
    return RC_OK;
}

/* Names that look like keywords are not terms: those that mean something here are read elsewhere,
 * the others are reserved. */
static bool is_reserved(Str name) {
    if (name.len < 2 || name.ptr[0] != '@') return false;
    for (size_t i = 1; i < name.len; i++)
        if ((name.ptr[i] | 0x20) < 'a' || (name.ptr[i] | 0x20) > 'z') return false;
    return true;
}

static Rc read_object(LdBuild *build, const Json *json) {
    Object object = {.build = build, .json = json, .entries = map_new(build->ctx->arena)};
    const Json *import = json_get(json, STR("@import"));
    if (import && (import->kind != JSON_STRING || import->len == 0))
        return bad(build, STR("@import"), "\"@import\" must be the URL of a context.");
    if (import) TRY(read_document(build, json_str(import), true));
    Entry *entries = NEW_ARRAY(build->ctx->arena, Entry, json->len);
    for (uint32_t i = 0; i < json->len; i++) {
        entries[i].definition = &json->value.members[i].value;
        if (!is_reserved(json->value.members[i].name))
            map_put(&object.entries, json->value.members[i].name, &entries[i]);
    }
    TRY(read_vocab(&object));
    for (size_t i = 0; i < object.entries.len; i++)
        TRY(define(&object, object.entries.items[i].key, 0));
    return RC_OK;
}

/* Terms of an older core version that v1.9 lacks; the others would be overridden. */
static Rc read_core(LdBuild *build, int version) {
    for (const LdCoreTerm *row = ld_core_terms; row < ld_core_terms + ld_core_len; row++) {
        if (version < row->since || version > row->until || row->until == LD_CORE_NEWEST) continue;
        LdTerm *term = NEW(build->ctx->arena, LdTerm);
        *term = (LdTerm){row->term, row->iri, row->type, row->container, false};
        map_put(&build->terms, row->term, term);
    }
    return RC_OK;
}

static Rc unavailable(LdBuild *build, Str url, const char *what) {
    return ctx_fail(build->ctx, RC_FAILED, "context-unavailable", STR("@context"),
                    "The context " STR_FMT " %s", STR_ARG(str_head(url, 300)), what);
}

static Rc read_text(LdBuild *build, Str url, Str text, bool only_object) {
    const Json *document, *context;
    JsonLimits limits = {.bytes = LD_DOCUMENT_MAX, .depth = 64};
    if (json_read(build->ctx, text, limits, &document) != RC_OK)
        return unavailable(build, url, "is no JSON.");
    context = json_get(document, STR("@context"));
    if (!context) return unavailable(build, url, "has no member \"@context\".");
    if (only_object && context->kind != JSON_OBJECT)
        return bad(build, STR("@import"), "\"@import\" must name a context that is an object.");
    return ld_build_read(build, context);
}

static Rc read_document(LdBuild *build, Str url, bool only_object) {
    int version = ld_core_version(url);
    if (version && build->depth) build->brings_core = true;
    if (version) return read_core(build, version);
    if (build->depth == LD_DEPTH_MAX)
        return bad(build, STR("@context"), "Contexts refer to contexts over more than %d levels.",
                   LD_DEPTH_MAX);
    if (build->remotes == LD_REMOTES_MAX)
        return bad(build, STR("@context"), "The context refers to more than %d others.",
                   LD_REMOTES_MAX);
    LdDocument *document;
    TRY(ld_document_get(build->ctx, build->cache, url, build->may_fetch, &document));
    build->documents[build->remotes++] = document;
    build->bytes += document->text.len;
    if (build->bytes > LD_TOTAL_MAX)
        return bad(build, STR("@context"), "The contexts have more than %d bytes together.",
                   LD_TOTAL_MAX);
    build->depth++;
    Rc rc = read_text(build, url, document->text, only_object);
    build->depth--;
    return rc;
}

static Rc read_array(LdBuild *build, const Json *array) {
    for (uint32_t i = 0; i < array->len; i++) {
        if (array->value.items[i].kind == JSON_ARRAY)
            return bad(build, STR("@context"), "A list of contexts can hold no list.");
        TRY(ld_build_read(build, &array->value.items[i]));
    }
    return RC_OK;
}

Rc ld_build_read(LdBuild *build, const Json *value) {
    switch ((JsonKind)value->kind) {
    case JSON_NULL: /* forgets what came before */
        build->terms = map_new(build->ctx->arena);
        build->vocab = STR_NONE;
        return RC_OK;
    case JSON_STRING:
        return read_document(build, json_str(value), false);
    case JSON_ARRAY:
        return read_array(build, value);
    case JSON_OBJECT:
        return read_object(build, value);
    default:
        return bad(build, STR("@context"),
                   "\"@context\" must be a URL, an object, a list of these or null.");
    }
}

/* ---- the result ---- */

/* An element of the source that says nothing beside the core context at its end. */
static bool says_nothing(const Json *element) {
    if (element->kind == JSON_OBJECT && element->len == 0) return true;
    int version = ld_core_version(json_str(element));
    return version && !ld_core_has_own(version);
}

/* What an answer names: as it was given, the core context behind it unless what it names refers to
 * one already (clause 5.5.7). */
static void make_source(LdContext *context, const Json *at_context, bool brings_core) {
    bool many = at_context->kind == JSON_ARRAY;
    const Json *elements = many ? at_context->value.items : at_context;
    uint32_t n = many ? at_context->len : 1;
    JsonItems items = {0};
    for (uint32_t i = 0; i < n; i++)
        if (!says_nothing(&elements[i]))
            vec_push(context->arena, &items, *json_dup(context->arena, &elements[i]));
    size_t own = items.len;
    if (!own || !brings_core) vec_push(context->arena, &items, json_of_str(STR(LD_CORE_CONTEXT)));
    Json *source = NEW(context->arena, Json);
    *source = items.len == 1 ? items.items[0] : json_of_items(items.items, items.len);
    context->source = source;
    if (own == 0) context->url = STR(LD_CORE_CONTEXT);
    if (own == 1) context->url = json_str(&items.items[0]);
}

/* Made from the text, so that the same context has the same URL on every machine. */
static void make_url(LdContext *context) {
    if (context->url.len) return;
    Buf text = buf_new(NULL, 256 << 20);
    json_write(&text, context->source);
    Digest digest = hash_sha256(buf_str(&text));
    buf_free(&text);
    Str hex = hash_hex(context->arena, (Str){(const char *)digest.bytes, 16});
    context->url = str_join(context->arena, (Str[]){STR(LD_IMPLICIT), hex}, 2, STR_NONE);
}

/* A digest, not a fast hash: nobody may make a context that passes for another one in a cache of
 * answers. */
static uint64_t make_key(const LdContext *context) {
    Buf text = buf_new(NULL, 256 << 20);
    for (size_t i = 0; i < context->user.terms.len; i++) {
        const LdTerm *term = context->user.terms.items[i].value;
        buf_addf(&text, "%zu,%zu,%d,%d,%d,", term->term.len, term->iri.len, term->type,
                 term->container, term->prefix);
        buf_add(&text, term->term);
        buf_add(&text, term->iri);
    }
    uint64_t key = 0;
    Digest digest = hash_sha256(buf_str(&text));
    for (size_t i = 0; text.len && i < 8; i++)
        key = key << 8 | digest.bytes[i];
    buf_free(&text);
    return key;
}

LdContext *ld_build_finish(LdBuild *build, const Json *at_context) {
    LdContext *context = mem_zero(sizeof *context);
    atomic_init(&context->count, 1);
    context->arena = arena_new(256 << 20);
    LdTerm **terms = NEW_ARRAY(build->ctx->arena, LdTerm *, build->terms.len);
    size_t n = 0;
    for (size_t i = 0; i < build->terms.len; i++) {
        const LdTerm *term = build->terms.items[i].value;
        if (!term->iri.len || map_has(&ld_core_index()->terms, term->term)) continue;
        LdTerm *copy = terms[n++] = NEW(context->arena, LdTerm);
        *copy = *term;
        copy->term = str_dup(context->arena, term->term);
        copy->iri = str_dup(context->arena, term->iri);
    }
    ld_index_fill(&context->user, context->arena, terms, n);
    make_source(context, at_context, build->brings_core);
    make_url(context);
    context->key = make_key(context);
    return context;
}

const LdContext *ld_context_keep(const LdContext *context) {
    if (context != ld_core()) atomic_fetch_add(&((LdContext *)context)->count, 1);
    return context;
}

void ld_context_release(const LdContext *context) {
    if (!context || context == ld_core()) return;
    if (atomic_fetch_sub(&((LdContext *)context)->count, 1) > 1) return;
    arena_free(context->arena);
    mem_free((void *)context);
}

const Json *ld_context_source(const LdContext *context) {
    return context->source;
}

Str ld_context_url(const LdContext *context) {
    return context->url;
}

uint64_t ld_context_key(const LdContext *context) {
    return context->key;
}
