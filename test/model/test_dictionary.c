/* Declarations: what compiles, what is refused and where, and what the dictionary then decides. */
#include "model_test.h"

#include <dirent.h>

#define LABEL         "'label':{'ja':'あ','en':'A'}"
#define ATTR(members) "{'type':'Thing'," LABEL ",'attributes':[{'term':'a'," LABEL members "}]}"
#define TYPE(members) "{'type':'Thing'," LABEL ",'attributes':[{'term':'a'," LABEL "}]" members "}"
#define LAYOUT(members)                                                                            \
    TYPE(",'files':[{'name':'f','recognise':['x'],'id':'urn:t:{a}'" members "}]")

static Rc compile(Ctx *ctx, const char *text, const Dictionary **out) {
    DictFile file = {STR("Thing.json"), json_of(ctx, text)};
    return dictionary_compile(ctx, &file, 1, false, out);
}

static const char *const compiled[] = {
    ATTR(""),
    ATTR(",'kind':'GeoProperty','csv':{'point':[{'lat':['緯度'],'lon':['経度']},{'latlon':['"
         "location']},{'geo3x3':['g']}]}"),
    ATTR(",'value':'code','codes':[{'code':1," LABEL ",'csv':['○']}]"),
    ATTR(",'value':'list','csv':{'family':{'header':'man{n}','from':1,'to':18},'spellings':{'-':0},"
         "'empty':0}"),
    ATTR(",'value':'datetime','csv':{'parts':{'date':['d'],'clock':['c']},'date':'m/d/y'}"),
    ATTR(",'series':true,'unit':'MTR','subs':[{'term':'b'," LABEL ",'value':'datetime'}]"),
    ATTR(",'hierarchy':['a','b'],'chart':{},'form':{},'example':1,'schema':{'type':'string'},'iri':"
         "'http:/"
         "/x/a'"),
    TYPE(",'class':'personal','subject':'a','retention':'r'"),
    TYPE(",'class':'sensitive','subject':'@id','retention':'r','legalBasis':'x','standard':'y'"),
    TYPE(",'filed':'a','retention':'r'"),
    TYPE(",'class':'sensitive','subject':'@nobody','retention':'r'"),
    LAYOUT(",'defaults':{'a':1},'ignore':['y'],'columns':{'z':'a'}"),
    ATTR(",'key':true,'required':true,'indexed':false,'searchable':true"),
};

static void declarations_compile(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof compiled / sizeof *compiled; i++) {
        World *world = world_new();
        const Dictionary *dictionary;
        if (compile(&world->ctx, compiled[i], &dictionary) != RC_OK)
            fail_msg("%s: " STR_FMT ": " STR_FMT, compiled[i], STR_ARG(world->ctx.error.path),
                     STR_ARG(world->ctx.error.detail));
        world_free(world);
    }
}

static const struct {
    const char *in, *path;
} refused[] = {
    {"[]", "Thing.json"},
    {"{'type':'Thing'}", "Thing.json: label"},
    {"{'type':'Thing','label':{'ja':'あ'}}", "Thing.json: label"},
    {"{'type':'9T'," LABEL "}", "Thing.json: type"},
    {"{'type':'a:T'," LABEL "}", "Thing.json: type"},
    {"{'type':'Thing'," LABEL "}", "Thing.json: attributes"},
    {"{'type':'Thing'," LABEL ",'attributes':[]}", "Thing.json: attributes"},
    {TYPE(",'typo':1"), "Thing.json: typo"},
    {TYPE(",'class':'secret'"), "Thing.json: class"},
    {TYPE(",'iri':'x'"), "Thing.json: iri"},
    {TYPE(",'subject':'b'"), "Thing.json: subject"},
    {TYPE(",'class':'personal'"), "Thing.json: subject"},
    {TYPE(",'class':'personal','subject':'a'"), "Thing.json: retention"},
    {TYPE(",'filed':'b','retention':'r'"), "Thing.json: filed"},
    {TYPE(",'filed':'a'"), "Thing.json: filed"},
    {TYPE(",'class':'personal','subject':'a','filed':'a','retention':'r'"), "Thing.json: filed"},
    {TYPE(",'standard':''"), "Thing.json: standard"},
    {ATTR(",'class':'personal'"), "Thing.json: subject"},
    {ATTR(",'typo':1"), "Thing.json: attributes[0].typo"},
    {ATTR(",'kind':'Georoperty'"), "Thing.json: attributes[0].kind"},
    {ATTR(",'value':'float'"), "Thing.json: attributes[0].value"},
    {ATTR(",'required':1"), "Thing.json: attributes[0].required"},
    {ATTR(",'headers':'x'"), "Thing.json: attributes[0].headers"},
    {ATTR(",'headers':['']"), "Thing.json: attributes[0].headers"},
    {ATTR(",'hierarchy':['day']"), "Thing.json: attributes[0].hierarchy"},
    {ATTR(",'hierarchy':['day','day']"), "Thing.json: attributes[0].hierarchy"},
    {ATTR(",'hierarchy':'day'"), "Thing.json: attributes[0].hierarchy"},
    {ATTR(",'value':'code'"), "Thing.json: attributes[0].codes"},
    {ATTR(",'value':'code','codes':[{" LABEL "}]"), "Thing.json: attributes[0].codes[0]"},
    {ATTR(",'value':'code','codes':[{'code':'x'}]"), "Thing.json: attributes[0].codes[0].label"},
    {ATTR(",'csv':{'typo':1}"), "Thing.json: attributes[0].csv.typo"},
    {ATTR(",'csv':{'point':[{'lat':['x']}]}"), "Thing.json: attributes[0].csv.point[0]"},
    {ATTR(",'csv':{'family':{'header':'man','from':1,'to':2}}"),
     "Thing.json: attributes[0].csv.family"},
    {ATTR(",'csv':{'family':{'header':'man{n}','from':2,'to':1}}"),
     "Thing.json: attributes[0].csv.family"},
    {ATTR(",'subs':[{'term':'b'," LABEL ",'key':true}]"), "Thing.json: attributes[0].subs[0]"},
    {ATTR(",'subs':[{'term':'b'}]"), "Thing.json: attributes[0].subs[0].label"},
    {"{'type':'Thing'," LABEL ",'attributes':[{'term':'a'," LABEL "},{'term':'a'," LABEL "}]}",
     "Thing.json: attributes[1].term"},
    {"{'type':'Thing'," LABEL ",'attributes':[{'term':'Thing','iri':'http://x/y'," LABEL "}]}",
     "Thing.json: attributes[0].term"},
    {TYPE(",'files':1"), "Thing.json: files"},
    {LAYOUT(",'typo':1"), "Thing.json: files[0].typo"},
    {LAYOUT(",'defaults':{'b':1}"), "Thing.json: files[0].defaults"},
    {LAYOUT(",'columns':{'x':'b'}"), "Thing.json: files[0].columns"},
    {LAYOUT(",'series':{'time':['t'],'attributes':['a']}"), "Thing.json: files[0].series"},
    {TYPE(",'files':[{'name':'f','recognise':['x'],'id':'urn:t:{b}'}]"), "Thing.json: files[0].id"},
    {TYPE(",'files':[{'name':'f','recognise':['x'],'id':'urn:t:{a'}]"), "Thing.json: files[0].id"},
    {TYPE(",'files':[{'name':'f','recognise':['x'],'id':'{a}'}]"), "Thing.json: files[0].id"},
    {TYPE(",'files':[{'name':'f','recognise':[],'id':'urn:t:{a}'}]"),
     "Thing.json: files[0].recognise"},
    {TYPE(",'files':[{'recognise':['x'],'id':'urn:t:{a}'}]"), "Thing.json: files[0].name"},
    {TYPE(",'files':[{'name':'f','recognise':['x'],'id':'urn:t:{a}'},{'name':'f','recognise':['x'],"
          "'id':'urn:t:{a}'}]"),
     "Thing.json: files[1].name"},
};

static void faults_name_file_and_member(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        World *world = world_new();
        const Dictionary *dictionary;
        Rc rc = compile(&world->ctx, refused[i].in, &dictionary);
        if (rc != RC_INVALID) fail_msg("%s: %s", refused[i].in, rc_name(rc));
        assert_text(refused[i].in, world->ctx.error.path, str_of(refused[i].path));
        assert_true(world->ctx.error.detail.len > 10);
        world_free(world);
    }
}

static void a_schema_that_is_none_is_refused(void **state) {
    (void)state;
    World *world = world_new();
    const Dictionary *dictionary;
    assert_int_equal(compile(&world->ctx, ATTR(",'schema':{'type':'texty'}"), &dictionary),
                     RC_INVALID);
    assert_true(str_starts(world->ctx.error.path, STR("Thing.json: attributes[0].schema")));
    world_free(world);
}

static void a_type_is_declared_once(void **state) {
    (void)state;
    World *world = world_new();
    const Json *one = json_of(&world->ctx, ATTR(""));
    DictFile files[] = {{STR("One.json"), one}, {STR("Two.json"), one}};
    const Dictionary *dictionary;
    assert_int_equal(dictionary_compile(&world->ctx, files, 2, false, &dictionary), RC_INVALID);
    assert_text("path", world->ctx.error.path, STR("Two.json: type"));
    world_free(world);
}

/* ---- the starter city's ---- */

static const Json *file_json(Ctx *ctx, Str path) {
    FILE *file = fopen(str_z(ctx->arena, path), "rb");
    if (!file) fail_msg("cannot read " STR_FMT, STR_ARG(path));
    Buf text = buf_new(ctx->arena, 4 << 20);
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        buf_add_bytes(&text, part, n);
    fclose(file);
    return json_from(ctx, buf_str(&text));
}

/* All files of starter/dictionary, compiled together. */
static const Dictionary *starter(Ctx *ctx, bool strict) {
    const char *top = getenv("MACHI_ROOT");
    Str folder = str_fmt(ctx->arena, "%s/starter/dictionary", top && *top ? top : ".");
    DIR *dir = opendir(str_z(ctx->arena, folder));
    assert_non_null(dir);
    VEC(DictFile) files = {0};
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        Str name = str_dup(ctx->arena, str_of(entry->d_name));
        if (!str_ends(name, STR(".json"))) continue;
        Str path = str_fmt(ctx->arena, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(name));
        vec_push(ctx->arena, &files, (DictFile){name, file_json(ctx, path)});
    }
    closedir(dir);
    const Dictionary *dictionary;
    if (dictionary_compile(ctx, files.items, files.len, strict, &dictionary) != RC_OK)
        fail_msg(STR_FMT ": " STR_FMT, STR_ARG(ctx->error.path), STR_ARG(ctx->error.detail));
    assert_int_equal(dictionary_count(dictionary), files.len);
    return dictionary;
}

static void the_starter_dictionary_compiles(void **state) {
    (void)state;
    World *world = world_new();
    const Dictionary *dictionary = starter(&world->ctx, false);
    for (size_t i = 0; i < dictionary_count(dictionary); i++) {
        const DictType *type = dictionary_at(dictionary, i);
        assert_ptr_equal(dictionary_type(dictionary, type->iri), type);
        assert_ptr_equal(dictionary_type_term(dictionary, type->term), type);
        VEC_EACH (DictAttr, attr, &type->attrs)
            assert_ptr_equal(dictionary_attr(type, attr->iri), attr);
    }
    assert_null(dictionary_at(dictionary, dictionary_count(dictionary)));
    const DictType *site = dictionary_type_term(dictionary, STR("EvacuationSite"));
    assert_non_null(site);
    assert_text("iri", site->iri, STR(LD_DEFAULT "EvacuationSite"));
    assert_int_equal(site->class, CLASS_OPEN);
    assert_text("standard", site->standard, STR("指定緊急避難場所一覧"));
    const DictAttr *capacity = dictionary_attr(site, STR(LD_DEFAULT "capacity"));
    assert_int_equal(capacity->value, VALUE_INTEGER);
    assert_true(capacity->indexed);
    assert_text("header", capacity->headers.items[0], STR("想定収容人数"));
    assert_int_equal(dictionary_attr(site, STR(LD_NGSI "location"))->kind, ATTR_GEO);
    assert_null(dictionary_attr(site, STR("urn:none")));
    assert_null(dictionary_type(dictionary, STR("urn:none")));
    assert_null(dictionary_type_term(dictionary, STR("none")));
    world_free(world);
}

#define SITE "{'id':'urn:a:b','type':'EvacuationSite','number':'1','name':'中港タワー'"

static const struct {
    const char *in, *path; /* path NULL: valid */
    bool strict;
} checks[] = {
    {SITE "}", NULL, true},
    {SITE ",'disasterTypes':['flood','tsunami'],'capacity':120,'isShelter':true,'location':{'type':"
          "'Point','coordinates':[138.3,34.8]}}",
     NULL, true},
    {SITE ",'undeclared':{'x':1}}", NULL, true},
    {"{'id':'urn:a:b','type':'EvacuationSite','number':'1'}", "name", true},
    {SITE ",'capacity':'many'}", "capacity", true},
    {SITE ",'capacity':-1}", "capacity", true},
    {SITE ",'capacity':1.5}", "capacity", true},
    {SITE ",'isShelter':'yes'}", "isShelter", true},
    {SITE ",'disasterTypes':'flood'}", "disasterTypes", true},
    {SITE ",'disasterTypes':['flood','zombies']}", "disasterTypes", true},
    {SITE ",'municipalityCode':'12'}", "municipalityCode", true},
    {SITE ",'url':{'object':'urn:a:b'}}", "url", true},
    {SITE ",'building':[{'value':'x','datasetId':'urn:d:1'},{'value':1,'datasetId':'urn:d:2'}]}",
     "building", true},
    {"{'id':'urn:a:b','type':'Unknown','x':1}", NULL, false},
    {"{'id':'urn:a:b','type':'Unknown','x':1}", "type", true},
    {"{'id':'urn:a:b','type':['EvacuationSite','Unknown'],'number':'1','name':'x'}", "type", true},
};

static void entities_are_checked_against_their_types(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    const Dictionary *open = starter(ctx, false), *strict = starter(ctx, true);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        Entity *entity = entity_of(ctx, checks[i].in, ENTITY_WHOLE);
        Rc rc = dictionary_check(ctx, checks[i].strict ? strict : open, entity);
        if (rc != (checks[i].path ? RC_INVALID : RC_OK))
            fail_msg("%s: %s " STR_FMT, checks[i].in, rc_name(rc), STR_ARG(ctx->error.detail));
        if (checks[i].path) assert_text(checks[i].in, ctx->error.path, str_of(checks[i].path));
    }
    world_free(world);
}

#define CASE                                                                                       \
    "{'type':'Case'," LABEL ",'class':'internal','subject':'by','retention':'5年','attributes':[" \
    "{'term':'by','kind':'Relationship','class':'personal'," LABEL "},"                            \
    "{'term':'health','class':'sensitive'," LABEL "},{'term':'state','class':'open'," LABEL "}]}"

static const struct {
    const char *types, *attr;
    DataClass class;
} classes[] = {
    {"'Case'", "by", CLASS_PERSONAL},
    {"'Case'", "health", CLASS_SENSITIVE},
    {"'Case'", "state", CLASS_OPEN},
    {"'Case'", "undeclared", CLASS_INTERNAL},
    {"'Thing'", "health", CLASS_OPEN},
    {"'Unknown'", "health", CLASS_INTERNAL},
    {"['Thing','Case']", "health", CLASS_SENSITIVE},
    {"['Case','Thing']", "health", CLASS_SENSITIVE},
    {"['Thing','Unknown']", "a", CLASS_INTERNAL},
};

static void the_strictest_class_holds(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    DictFile files[] = {{STR("Case.json"), json_of(ctx, CASE)},
                        {STR("Thing.json"), json_of(ctx, TYPE(",'class':'open'"))}};
    const Dictionary *dictionary;
    assert_int_equal(dictionary_compile(ctx, files, 2, false, &dictionary), RC_OK);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        Str text = str_fmt(ctx->arena, "{'id':'urn:a:b','type':%s}", classes[i].types);
        Entity *entity = entity_of(ctx, text.ptr, ENTITY_WHOLE);
        Str iri = ld_expand(ld_core(), ctx->arena, str_of(classes[i].attr));
        if (dictionary_class(dictionary, entity, iri) != classes[i].class)
            fail_msg("%s %s", classes[i].types, classes[i].attr);
    }
    Entity *whose = entity_of(
        ctx, "{'id':'urn:a:b','type':['Unknown','Case'],'by':{'object':'urn:p:1'}}", ENTITY_WHOLE);
    assert_text("subject", dictionary_subject(dictionary, whose), STR("urn:p:1"));
    assert_true(str_empty(dictionary_subject(
        dictionary, entity_of(ctx, "{'id':'urn:a:b','type':'Thing'}", ENTITY_WHOLE))));
    world_free(world);
}

static void the_record_itself_may_be_the_subject(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    const Dictionary *dictionary;
    assert_int_equal(
        compile(ctx, TYPE(",'class':'personal','subject':'@id','retention':'r'"), &dictionary),
        RC_OK);
    assert_text("subject",
                dictionary_subject(dictionary,
                                   entity_of(ctx, "{'id':'urn:a:b','type':'Thing'}", ENTITY_WHOLE)),
                STR("urn:a:b"));
    world_free(world);
}

static const struct {
    const char *value, *json;
    bool valid;
} values[] = {
    {"text", "'x'", true},
    {"text", "1", false},
    {"integer", "5", true},
    {"integer", "5.5", false},
    {"number", "5.5", true},
    {"number", "'5'", false},
    {"boolean", "false", true},
    {"boolean", "0", false},
    {"date", "'2025-04-01'", true},
    {"date", "'2025-02-30'", false},
    {"date", "{'@type':'Date','@value':'2025-04-01'}", true},
    {"datetime", "'2025-04-01T00:00:00Z'", true},
    {"datetime", "'2025-04-01'", false},
    {"clock", "'09:30'", true},
    {"clock", "'24:00'", true},
    {"clock", "'24:01'", false},
    {"clock", "'9:30'", false},
    {"list", "[1]", true},
    {"list", "'1'", false},
    {"object", "{'a':1}", true},
    {"object", "[1]", false},
};

static void values_are_of_their_kind(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        World *world = world_new();
        Ctx *ctx = &world->ctx;
        const Dictionary *dictionary;
        Str type =
            str_fmt(ctx->arena,
                    "{'type':'Thing'," LABEL ",'attributes':[{'term':'a'," LABEL ",'value':'%s'}]}",
                    values[i].value);
        assert_int_equal(compile(ctx, type.ptr, &dictionary), RC_OK);
        Str text =
            str_fmt(ctx->arena, "{'id':'urn:a:b','type':'Thing','a':{'value':%s}}", values[i].json);
        Rc rc = dictionary_check(ctx, dictionary, entity_of(ctx, text.ptr, ENTITY_WHOLE));
        if (rc != (values[i].valid ? RC_OK : RC_INVALID))
            fail_msg("%s %s", values[i].value, values[i].json);
        world_free(world);
    }
}

static void the_context_maps_every_term(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    const Dictionary *dictionary;
    assert_int_equal(
        compile(ctx, ATTR(",'iri':'http://x/a','subs':[{'term':'b'," LABEL "}]"), &dictionary),
        RC_OK);
    assert_json(ctx, "context", dictionary_context(ctx->arena, dictionary),
                json_of(ctx, "{'@context':{'Thing':'" LD_DEFAULT
                             "Thing','a':'http://x/a','b':'" LD_DEFAULT "b'}}"));
    world_free(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declarations_compile),
        cmocka_unit_test(faults_name_file_and_member),
        cmocka_unit_test(a_schema_that_is_none_is_refused),
        cmocka_unit_test(a_type_is_declared_once),
        cmocka_unit_test(the_starter_dictionary_compiles),
        cmocka_unit_test(entities_are_checked_against_their_types),
        cmocka_unit_test(the_strictest_class_holds),
        cmocka_unit_test(the_record_itself_may_be_the_subject),
        cmocka_unit_test(values_are_of_their_kind),
        cmocka_unit_test(the_context_maps_every_term),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
