/* Tests of the built-in core contexts: the table against the standard's files, and what every
 * context must do with its terms. */
#include "ld_bench.h"
#include "ld/ld_int.h"

/* The IRI that a definition of the file gives: its prefixes and its @vocab are known. */
static Str file_iri(Ctx *ctx, const Json *definition) {
    Str id =
        definition->kind == JSON_STRING ? json_str(definition) : json_get_str(definition, "@id");
    static const struct {
        Str prefix, iri;
    } prefixes[] = {{STR("ngsi-ld:"), STR("https://uri.etsi.org/ngsi-ld/")},
                    {STR("geojson:"), STR("https://purl.org/geojson/vocab#")}};
    for (size_t i = 0; i < 2; i++)
        if (str_starts(id, prefixes[i].prefix))
            return str_fmt(ctx->arena, "%.*s%.*s", STR_ARG(prefixes[i].iri),
                           (int)(id.len - prefixes[i].prefix.len), id.ptr + prefixes[i].prefix.len);
    if (str_find_char(id, ':') >= 0 || id.ptr[0] == '@') return id;
    return str_fmt(ctx->arena, "https://uri.etsi.org/ngsi-ld/default-context/%.*s", STR_ARG(id));
}

static int file_type(const Json *definition) {
    Str type = json_get_str(definition, "@type");
    return str_eq(type, STR("@id"))        ? LD_TYPE_ID
           : str_eq(type, STR("@vocab"))   ? LD_TYPE_VOCAB
           : str_eq(type, STR("@json"))    ? LD_TYPE_JSON
           : str_eq(type, STR("DateTime")) ? LD_TYPE_LITERAL
           : type.len                      ? -1
                                           : LD_TYPE_NONE;
}

static int file_container(const Json *definition) {
    Str container = json_get_str(definition, "@container");
    return str_eq(container, STR("@list"))       ? LD_LIST
           : str_eq(container, STR("@set"))      ? LD_SET
           : str_eq(container, STR("@index"))    ? LD_INDEX
           : str_eq(container, STR("@language")) ? LD_LANGUAGE
           : container.len                       ? -1
                                                 : 0;
}

static const LdCoreTerm *row_of(Str term, int version) {
    for (size_t i = 0; i < ld_core_len; i++)
        if (str_eq(ld_core_terms[i].term, term) && ld_core_terms[i].since <= version &&
            version <= ld_core_terms[i].until)
            return &ld_core_terms[i];
    return NULL;
}

static void compare_with_file(const char *name, int version) {
    Ctx ctx = {.arena = arena_new(1 << 26)};
    Str text = bench_sample(&ctx, name);
    if (!text.len) {
        arena_free(ctx.arena);
        print_message("no sample %s\n", name);
        skip();
    }
    const Json *document = NULL;
    assert_int_equal(json_read(&ctx, text, JSON_LIMITS_DEFAULT, &document), RC_OK);
    const Json *context = json_get(document, STR("@context"));
    size_t n = 0, rows = 0;
    for (uint32_t i = 0; i < context->len; i++) {
        const JsonMember *member = &context->value.members[i];
        if (member->name.ptr[0] == '@') continue;
        n++;
        const LdCoreTerm *row = row_of(member->name, version);
        if (!row || !str_eq(row->iri, file_iri(&ctx, &member->value)) ||
            row->type != file_type(&member->value) ||
            row->container != file_container(&member->value))
            fail_msg("%s: %.*s", name, STR_ARG(member->name));
    }
    for (size_t i = 0; i < ld_core_len; i++)
        rows += ld_core_terms[i].since <= version && version <= ld_core_terms[i].until;
    assert_int_equal(rows, n);
    assert_true(n > 100);
    arena_free(ctx.arena);
}

static void version_9_is_the_standards_term_for_term(void **state) {
    (void)state;
    compare_with_file("core-context-v1.9.jsonld", 9);
}

static void version_8_is_the_standards_term_for_term(void **state) {
    (void)state;
    compare_with_file("core-context-v1.8.jsonld", 8);
}

static void no_version_has_a_term_twice(void **state) {
    (void)state;
    for (size_t i = 0; i < ld_core_len; i++) {
        const LdCoreTerm *row = &ld_core_terms[i];
        assert_true(row->since >= LD_CORE_OLDEST && row->since <= row->until &&
                    row->until <= LD_CORE_NEWEST);
        for (int version = row->since; version <= row->until; version++)
            assert_ptr_equal(row_of(row->term, version), row);
    }
}

static void core_urls_are_known(void **state) {
    (void)state;
    static const struct {
        const char *url;
        int version;
    } cases[] = {
        {"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld", 9},
        {"http://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld", 9},
        {"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.3.jsonld", 3},
        {"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld", 8},
        {"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld", 9},
        {"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.2.jsonld", 0},
        {"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.10.jsonld", 0},
        {"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.-.jsonld", 0},
        {"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-contextjsonld", 0},
        {"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context", 0},
        {"https://uri.etsi.org/ngsi-ld/v1/other.jsonld", 0},
        {"ftp://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld", 0},
        {"https:", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (ld_core_version(str_of(cases[i].url)) != cases[i].version) fail_msg("%s", cases[i].url);
}

static void every_core_term_goes_to_its_iri_and_back(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < ld_core_len; i++) {
        const LdCoreTerm *row = &ld_core_terms[i];
        if (row->until < LD_CORE_NEWEST) continue;
        assert_true(str_eq(ld_expand(ld_core(), arena, row->term), row->iri));
        assert_true(str_eq(ld_compact(ld_core(), arena, row->iri), row->term));
        assert_true(ld_term_is_vocab(ld_core(), row->term) == (row->type == LD_TYPE_VOCAB));
    }
    arena_free(arena);
}

static void no_memory_is_taken_for_known_terms(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    ld_expand(ld_core(), arena, STR("location"));
    ld_compact(ld_core(), arena, STR(LD_NGSI "location"));
    ld_compact(ld_core(), arena, STR(LD_DEFAULT "temperature"));
    assert_int_equal(arena_used(arena), 0);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_9_is_the_standards_term_for_term),
        cmocka_unit_test(version_8_is_the_standards_term_for_term),
        cmocka_unit_test(no_version_has_a_term_twice),
        cmocka_unit_test(core_urls_are_known),
        cmocka_unit_test(every_core_term_goes_to_its_iri_and_back),
        cmocka_unit_test(no_memory_is_taken_for_known_terms),
    };
    return cmocka_run_group_tests_name("ld core", tests, NULL, NULL);
}
