/* catalogue: the published datasets as DCAT-AP 3, in Turtle and JSON-LD. The same properties are
   written by both: a dataset, its distributions, publisher, contact and licence. */
#include "open_int.h"

/* ---- what both write ---- */

typedef struct Entry {
    OpenDataset set;
    Str url; /* of the dataset's page */
} Entry;
typedef VEC(Entry) Entries;

static Rc entries_of(Ctx *ctx, const OpenCatalogue *what, Entries *out) {
    *out = (Entries){0};
    for (size_t i = 0; i < open_count(ctx->tenant); i++) {
        Entry entry;
        TRY(open_at(ctx, i, &entry.set));
        if (!entry.set.published) continue;
        if (!str_empty(what->only) && !str_eq(what->only, entry.set.id)) continue;
        entry.url = str_fmt(ctx->arena, STR_FMT "/data/" STR_FMT, STR_ARG(what->base),
                            STR_ARG(entry.set.id));
        vec_push(ctx->arena, out, entry);
    }
    return RC_OK;
}

static Str file_url(Arena *arena, const Entry *entry, const OpenFile *file) {
    return str_fmt(arena, STR_FMT "." STR_FMT, STR_ARG(entry->url), STR_ARG(file->format));
}

static Str media_type(Arena *arena, Str format) {
    Str type = open_content_type(format);
    ptrdiff_t end = str_find_char(type, ';');
    return str_fmt(arena, "https://www.iana.org/assignments/media-types/" STR_FMT,
                   STR_ARG(end < 0 ? type : str_sub(type, 0, (size_t)end)));
}

/* ---- Turtle ---- */

static void turtle_text(Buf *to, Str text) {
    buf_add_char(to, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"' || c == '\\')
            buf_addf(to, "\\%c", c);
        else if ((unsigned char)c < 0x20)
            buf_addf(to, "\\u%04X", (unsigned)(unsigned char)c);
        else
            buf_add_char(to, c);
    }
    buf_add_char(to, '"');
}

static void turtle_both(Buf *to, const char *property, const Json *both) {
    if (!both) return;
    buf_addf(to, "  %s ", property);
    turtle_text(to, json_get_str(both, "ja"));
    buf_add(to, STR("@ja, "));
    turtle_text(to, json_get_str(both, "en"));
    buf_add(to, STR("@en ;\n"));
}

static void turtle_iri(Buf *to, const char *property, Str iri) {
    buf_addf(to, "  %s <" STR_FMT "> ;\n", property, STR_ARG(iri));
}

static void turtle_time(Arena *arena, Buf *to, const char *property, int64_t t) {
    buf_addf(to, "  %s \"" STR_FMT "\"^^xsd:dateTime ;\n", property,
             STR_ARG(time_format(arena, t)));
}

static void turtle_distribution(Ctx *ctx, Buf *to, const Entry *entry, const OpenFile *file) {
    Str url = file_url(ctx->arena, entry, file);
    buf_addf(to, "\n<" STR_FMT "#distribution> a dcat:Distribution ;\n", STR_ARG(url));
    turtle_iri(to, "dcat:accessURL", url);
    turtle_iri(to, "dcat:downloadURL", url);
    turtle_iri(to, "dcat:mediaType", media_type(ctx->arena, file->format));
    turtle_iri(to, "dct:license", entry->set.licence_url);
    turtle_time(ctx->arena, to, "dct:modified", entry->set.latest.modified);
    buf_addf(to, "  dcat:byteSize \"%lld\"^^xsd:nonNegativeInteger ;\n", (long long)file->bytes);
    buf_addf(to,
             "  spdx:checksum [ a spdx:Checksum ; spdx:algorithm spdx:checksumAlgorithm_sha256 ; "
             "spdx:checksumValue \"" STR_FMT "\"^^xsd:hexBinary ] .\n",
             STR_ARG(file->digest));
}

static void turtle_dataset(Ctx *ctx, Buf *to, const OpenCatalogue *what, const Entry *entry) {
    const OpenDataset *set = &entry->set;
    buf_addf(to, "\n<" STR_FMT "> a dcat:Dataset ;\n", STR_ARG(entry->url));
    turtle_both(to, "dct:title", set->title);
    turtle_both(to, "dct:description", set->description);
    turtle_both(to, "dcat:keyword", set->theme_label);
    buf_addf(to, "  dct:identifier \"" STR_FMT "\" ;\n", STR_ARG(set->id));
    buf_addf(to, "  dct:publisher <" STR_FMT "/#publisher> ;\n", STR_ARG(what->base));
    turtle_iri(to, "dct:license", set->licence_url);
    turtle_iri(to, "dcat:landingPage", entry->url);
    turtle_time(ctx->arena, to, "dct:issued", set->latest.issued);
    turtle_time(ctx->arena, to, "dct:modified", set->latest.modified);
    if (set->contact) {
        buf_add(to, STR("  dcat:contactPoint [ a vcard:Organization ;\n"));
        turtle_both(to, "vcard:fn", set->contact);
        buf_addf(to, "    vcard:hasURL <" STR_FMT "/report?about=" STR_FMT "> ] ;\n",
                 STR_ARG(what->base), STR_ARG(set->id));
    }
    for (size_t i = 0; i < set->latest.files.len; i++)
        buf_addf(to, "  dcat:distribution <" STR_FMT "#distribution> ;\n",
                 STR_ARG(file_url(ctx->arena, entry, &set->latest.files.items[i])));
    buf_addf(to, "  dcat:version \"" STR_FMT "\" .\n", STR_ARG(set->latest.stamp));
    for (size_t i = 0; i < set->latest.files.len; i++)
        turtle_distribution(ctx, to, entry, &set->latest.files.items[i]);
}

static const Json *catalogue_title(Arena *arena, const Json *publisher) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] =
        (JsonMember){STR("ja"), json_of_str(str_fmt(arena, STR_FMT "オープンデータ",
                                                    STR_ARG(json_get_str(publisher, "ja"))))};
    members[1] =
        (JsonMember){STR("en"), json_of_str(str_fmt(arena, "Open data of " STR_FMT,
                                                    STR_ARG(json_get_str(publisher, "en"))))};
    Json *title = NEW(arena, Json);
    *title = json_of_members(members, 2);
    return title;
}

Rc open_catalogue_turtle(Ctx *ctx, const OpenCatalogue *what, Buf *to) {
    Entries entries;
    TRY(entries_of(ctx, what, &entries));
    const Json *title = catalogue_title(ctx->arena, what->publisher);
    buf_add(to, STR("@prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
                    "@prefix dct: <http://purl.org/dc/terms/> .\n"
                    "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
                    "@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .\n"
                    "@prefix spdx: <http://spdx.org/rdf/terms#> .\n"
                    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\n"));
    buf_addf(to, "<" STR_FMT "/#catalogue> a dcat:Catalog ;\n", STR_ARG(what->base));
    turtle_both(to, "dct:title", title);
    turtle_both(to, "dct:description", title);
    turtle_iri(to, "foaf:homepage", str_fmt(ctx->arena, STR_FMT "/data", STR_ARG(what->base)));
    for (size_t i = 0; i < entries.len; i++)
        turtle_iri(to, "dcat:dataset", entries.items[i].url);
    buf_addf(to, "  dct:publisher <" STR_FMT "/#publisher> .\n", STR_ARG(what->base));
    buf_addf(to, "\n<" STR_FMT "/#publisher> a foaf:Agent ;\n", STR_ARG(what->base));
    turtle_both(to, "foaf:name", what->publisher);
    buf_addf(to, "  foaf:homepage <" STR_FMT "/> .\n", STR_ARG(what->base));
    for (size_t i = 0; i < entries.len; i++)
        turtle_dataset(ctx, to, what, &entries.items[i]);
    return buf_rc(to);
}

/* ---- JSON-LD ---- */

static const char context[] =
    "{\"dcat\":\"http://www.w3.org/ns/dcat#\",\"dct\":\"http://purl.org/dc/terms/\","
    "\"foaf\":\"http://xmlns.com/foaf/0.1/\",\"vcard\":\"http://www.w3.org/2006/vcard/ns#\","
    "\"spdx\":\"http://spdx.org/rdf/terms#\",\"xsd\":\"http://www.w3.org/2001/XMLSchema#\"}";

static void json_word(JsonWriter *w, const char *name, Str text) {
    json_name(w, str_of(name));
    json_text(w, text);
}

static void json_ref(JsonWriter *w, const char *name, Str iri) {
    json_name(w, str_of(name));
    json_open(w, '{');
    json_word(w, "@id", iri);
    json_close(w);
}

static void json_both(JsonWriter *w, const char *name, const Json *both) {
    static const char *const languages[] = {"ja", "en"};
    if (!both) return;
    json_name(w, str_of(name));
    json_open(w, '[');
    for (size_t i = 0; i < 2; i++) {
        json_open(w, '{');
        json_word(w, "@language", str_of(languages[i]));
        json_word(w, "@value", json_get_str(both, languages[i]));
        json_close(w);
    }
    json_close(w);
}

static void json_typed(JsonWriter *w, const char *name, const char *type, Str value) {
    json_name(w, str_of(name));
    json_open(w, '{');
    json_word(w, "@type", str_of(type));
    json_word(w, "@value", value);
    json_close(w);
}

static void json_distribution(Ctx *ctx, JsonWriter *w, const Entry *entry, const OpenFile *file) {
    Str url = file_url(ctx->arena, entry, file);
    json_open(w, '{');
    json_word(w, "@id", str_fmt(ctx->arena, STR_FMT "#distribution", STR_ARG(url)));
    json_word(w, "@type", STR("dcat:Distribution"));
    json_ref(w, "dcat:accessURL", url);
    json_ref(w, "dcat:downloadURL", url);
    json_ref(w, "dcat:mediaType", media_type(ctx->arena, file->format));
    json_ref(w, "dct:license", entry->set.licence_url);
    json_typed(w, "dct:modified", "xsd:dateTime",
               time_format(ctx->arena, entry->set.latest.modified));
    json_typed(w, "dcat:byteSize", "xsd:nonNegativeInteger",
               str_fmt(ctx->arena, "%lld", (long long)file->bytes));
    json_name(w, STR("spdx:checksum"));
    json_open(w, '{');
    json_word(w, "@type", STR("spdx:Checksum"));
    json_ref(w, "spdx:algorithm", STR("http://spdx.org/rdf/terms#checksumAlgorithm_sha256"));
    json_typed(w, "spdx:checksumValue", "xsd:hexBinary", file->digest);
    json_close(w);
    json_close(w);
}

static void json_contact(Ctx *ctx, JsonWriter *w, const OpenCatalogue *what, const Entry *entry) {
    if (!entry->set.contact) return;
    json_name(w, STR("dcat:contactPoint"));
    json_open(w, '{');
    json_word(w, "@type", STR("vcard:Organization"));
    json_both(w, "vcard:fn", entry->set.contact);
    json_ref(w, "vcard:hasURL",
             str_fmt(ctx->arena, STR_FMT "/report?about=" STR_FMT, STR_ARG(what->base),
                     STR_ARG(entry->set.id)));
    json_close(w);
}

static void json_dataset(Ctx *ctx, JsonWriter *w, const OpenCatalogue *what, const Entry *entry) {
    const OpenDataset *set = &entry->set;
    json_open(w, '{');
    json_word(w, "@id", entry->url);
    json_word(w, "@type", STR("dcat:Dataset"));
    json_both(w, "dct:title", set->title);
    json_both(w, "dct:description", set->description);
    json_both(w, "dcat:keyword", set->theme_label);
    json_word(w, "dct:identifier", set->id);
    json_word(w, "dcat:version", set->latest.stamp);
    json_ref(w, "dct:publisher", str_fmt(ctx->arena, STR_FMT "/#publisher", STR_ARG(what->base)));
    json_ref(w, "dct:license", set->licence_url);
    json_ref(w, "dcat:landingPage", entry->url);
    json_typed(w, "dct:issued", "xsd:dateTime", time_format(ctx->arena, set->latest.issued));
    json_typed(w, "dct:modified", "xsd:dateTime", time_format(ctx->arena, set->latest.modified));
    json_contact(ctx, w, what, entry);
    json_name(w, STR("dcat:distribution"));
    json_open(w, '[');
    for (size_t i = 0; i < set->latest.files.len; i++)
        json_distribution(ctx, w, entry, &set->latest.files.items[i]);
    json_close(w);
    json_close(w);
}

static void json_publisher(Ctx *ctx, JsonWriter *w, const OpenCatalogue *what) {
    json_name(w, STR("dct:publisher"));
    json_open(w, '{');
    json_word(w, "@id", str_fmt(ctx->arena, STR_FMT "/#publisher", STR_ARG(what->base)));
    json_word(w, "@type", STR("foaf:Agent"));
    json_both(w, "foaf:name", what->publisher);
    json_ref(w, "foaf:homepage", str_fmt(ctx->arena, STR_FMT "/", STR_ARG(what->base)));
    json_close(w);
}

Rc open_catalogue_jsonld(Ctx *ctx, const OpenCatalogue *what, Buf *to) {
    Entries entries;
    TRY(entries_of(ctx, what, &entries));
    const Json *title = catalogue_title(ctx->arena, what->publisher);
    JsonWriter w = json_writer(to);
    json_open(&w, '{');
    json_name(&w, STR("@context"));
    json_raw(&w, str_of(context));
    json_word(&w, "@id", str_fmt(ctx->arena, STR_FMT "/#catalogue", STR_ARG(what->base)));
    json_word(&w, "@type", STR("dcat:Catalog"));
    json_both(&w, "dct:title", title);
    json_both(&w, "dct:description", title);
    json_ref(&w, "foaf:homepage", str_fmt(ctx->arena, STR_FMT "/data", STR_ARG(what->base)));
    json_publisher(ctx, &w, what);
    json_name(&w, STR("dcat:dataset"));
    json_open(&w, '[');
    for (size_t i = 0; i < entries.len; i++)
        json_dataset(ctx, &w, what, &entries.items[i]);
    json_close(&w);
    json_close(&w);
    return buf_rc(to);
}
