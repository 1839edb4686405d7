/* Every representation of an entity (clauses 4.5.2 to 4.5.17). */
#include "model_test.h"

#define ID "'id':'urn:a:b','type':'T'"
#define FULL                                                                                        \
    "{" ID ",'scope':['/a','/"                                                                      \
    "b'],'p':{'value':1,'unitCode':'MTR','observedAt':'2025-01-01T00:00:00.25Z','s':2},"            \
    "'r':{'object':'urn:x:1','objectType':'X'},'l':{'languageMap':{'ja':'橋','en':'bridge'}},'v':" \
    "{'vocab':'go'},"                                                                               \
    "'j':{'json':{'k':1}},'vl':{'valueList':[1,2]},'ol':{'objectList':['urn:x:1']},"                \
    "'location':{'type':'Point','coordinates':[138.3,34.8]}}"
#define MANY                                                                                       \
    "{" ID ",'p':[1,{'value':2,'datasetId':'urn:d:1'},{'value':3,'datasetId':'urn:d:2'}],'w':{'"   \
    "value':4,'datasetId':'urn:d:1'}}"

typedef struct Case {
    const char *name, *in, *out;
    RenderOptions options;
    const char *pick, *omit, *datasets, *lang, *geometry; /* blanks between */
} Case;

static const Case cases[] = {
    {.name = "normalized",
     .in = FULL,
     .out = "{" ID ",'scope':['/a','/"
            "b'],'p':{'type':'Property','value':1,'unitCode':'MTR','observedAt':'2025-01-"
            "01T00:00:00.250Z','s':{'type':'Property','value':2}},"
            "'r':{'type':'Relationship','object':'urn:x:1','objectType':'X'},'l':{'type':'"
            "LanguageProperty','languageMap':{'ja':'橋','en':'bridge'}},"
            "'v':{'type':'VocabProperty','vocab':'go'},'j':{'type':'JsonProperty','json':{'k':1}},'"
            "vl':{'type':'ListProperty','valueList':[1,2]},"
            "'ol':{'type':'ListRelationship','objectList':[{'object':'urn:x:1'}]},'location':{'"
            "type':'GeoProperty','value':{'type':'Point','coordinates':[138.3,34.8]}}}"},
    {.name = "concise",
     .in = FULL,
     .options = {.format = RENDER_CONCISE},
     .out = "{" ID ",'scope':['/a','/"
            "b'],'p':{'value':1,'unitCode':'MTR','observedAt':'2025-01-01T00:00:00.250Z','s'"
            ":2},'r':{'object':'urn:x:1','objectType':'X'},"
            "'l':{'languageMap':{'ja':'橋','en':'bridge'}},'v':{'vocab':'go'},'j':{'json':{'k':1}},"
            "'vl':{'valueList':[1,2]},'ol':{'objectList':['urn:x:1']},"
            "'location':{'type':'Point','coordinates':[138.3,34.8]}}"},
    {.name = "simplified",
     .in = FULL,
     .options = {.format = RENDER_SIMPLIFIED},
     .out = "{" ID ",'scope':['/a','/"
            "b'],'p':1,'r':'urn:x:1','l':{'languageMap':{'ja':'橋','en':'bridge'}},'v':{'"
            "vocab':'go'},'j':{'json':{'k':1}},"
            "'vl':[1,2],'ol':['urn:x:1'],'location':{'type':'Point','coordinates':[138.3,34.8]}}"},
    {.name = "one type and one scope are no arrays",
     .in = "{" ID ",'scope':'/a'}",
     .out = "{" ID ",'scope':'/a'}"},
    {.name = "concise keeps what would be misread",
     .in = "{" ID ",'a':{'type':'Property','value':{'type':'Point','coordinates':[1,2]}},'b':{'"
           "value':{'type':'x','value':1}},'c':{'value':[]}}",
     .options = {.format = RENDER_CONCISE},
     .out = "{" ID ",'a':{'type':'Property','value':{'type':'Point','coordinates':[1,2]}},'b':{'"
            "value':{'type':'x','value':1}},'c':{'value':[]}}"},
    {.name = "several instances",
     .in = MANY,
     .out = "{" ID ",'p':[{'type':'Property','value':1},{'type':'Property','value':2,'datasetId':'"
            "urn:d:1'},{'type':'Property','value':3,'datasetId':'urn:d:2'}],'w':{'type':'"
            "Property','value':4,'datasetId':'urn:d:1'}}"},
    {.name = "several instances, concise",
     .in = MANY,
     .options = {.format = RENDER_CONCISE},
     .out = "{" ID ",'p':[1,{'value':2,'datasetId':'urn:d:1'},{'value':3,'datasetId':'urn:d:2'}],'"
            "w':{'value':4,'datasetId':'urn:d:1'}}"},
    {.name = "several instances, simplified",
     .in = MANY,
     .options = {.format = RENDER_SIMPLIFIED},
     .out = "{" ID ",'p':{'dataset':{'@none':1,'urn:d:1':2,'urn:d:2':3}},'w':4}"},
    {.name = "the default instance alone",
     .in = MANY,
     .datasets = "@none",
     .out = "{" ID ",'p':{'type':'Property','value':1}}"},
    {.name = "one datasetId",
     .in = MANY,
     .datasets = "urn:d:1",
     .out = "{" ID ",'p':{'type':'Property','value':2,'datasetId':'urn:d:1'},'w':{'type':'Property'"
            ",'value':4,'datasetId':'urn:d:1'}}"},
    {.name = "several datasetIds",
     .in = MANY,
     .datasets = "urn:d:2 @none",
     .options = {.format = RENDER_CONCISE},
     .out = "{" ID ",'p':[1,{'value':3,'datasetId':'urn:d:2'}]}"},
    {.name = "pick",
     .in = FULL,
     .pick = "id v",
     .options = {.format = RENDER_SIMPLIFIED},
     .out = "{'id':'urn:a:b','v':{'vocab':'go'}}"},
    {.name = "pick without id",
     .in = FULL,
     .pick = "type p",
     .options = {.format = RENDER_SIMPLIFIED},
     .out = "{'type':'T','p':1}"},
    {.name = "omit",
     .in = FULL,
     .omit = "type scope r l v j vl ol location",
     .options = {.format = RENDER_SIMPLIFIED},
     .out = "{'id':'urn:a:b','p':1}"},
    {.name = "pick and omit",
     .in = FULL,
     .pick = "id p r",
     .omit = "r",
     .options = {.format = RENDER_SIMPLIFIED},
     .out = "{'id':'urn:a:b','p':1}"},
    {.name = "times of the system",
     .in = "{" ID ",'p':{'value':1,'s':2}}",
     .options = {.sys_attrs = true},
     .out = "{" ID ",'createdAt':'1970-01-01T00:00:01Z','modifiedAt':'1970-01-01T00:00:01Z','p':{'"
            "type':'Property','value':1,'createdAt':'1970-01-01T00:00:01Z','modifiedAt':'"
            "1970-01-01T00:00:01Z',"
            "'s':{'type':'Property','value':2,'createdAt':'1970-01-01T00:00:01Z','modifiedAt':'"
            "1970-01-01T00:00:01Z'}}}"},
    {.name = "times of the system, concise",
     .in = "{" ID ",'p':1}",
     .options = {.sys_attrs = true, .format = RENDER_CONCISE},
     .out = "{" ID
            ",'createdAt':'1970-01-01T00:00:01Z','modifiedAt':'1970-01-01T00:00:01Z','p':{'value':"
            "1,'createdAt':'1970-01-01T00:00:01Z','modifiedAt':'1970-01-01T00:00:01Z'}}"},
    /* language */
    {.name = "one language",
     .in = FULL,
     .pick = "l",
     .lang = "en",
     .out = "{'l':{'type':'Property','value':'bridge','lang':'en'}}"},
    {.name = "one language, concise",
     .in = FULL,
     .pick = "l",
     .lang = "en",
     .options = {.format = RENDER_CONCISE},
     .out = "{'l':{'value':'bridge','lang':'en'}}"},
    {.name = "one language, simplified",
     .in = FULL,
     .pick = "l",
     .lang = "en",
     .options = {.format = RENDER_SIMPLIFIED},
     .out = "{'l':'bridge'}"},
    {.name = "by weight",
     .in = FULL,
     .pick = "l",
     .lang = "fr;q=0.9, en;q=0.1,ja;q=0.5",
     .out = "{'l':{'type':'Property','value':'橋','lang':'ja'}}"},
    {.name = "weight zero is no wish",
     .in = FULL,
     .pick = "l",
     .lang = "ja;q=0",
     .out = "{'l':{'type':'Property','value':'bridge','lang':'en'}}"},
    {.name = "a range finds its kin",
     .in = "{" ID ",'l':{'languageMap':{'de':'x','en-GB':'y'}}}",
     .pick = "l",
     .lang = "en",
     .out = "{'l':{'type':'Property','value':'y','lang':'en-GB'}}"},
    {.name = "a narrow range finds the wide tag",
     .in = "{" ID ",'l':{'languageMap':{'de':'x','en':'y'}}}",
     .pick = "l",
     .lang = "en-GB",
     .out = "{'l':{'type':'Property','value':'y','lang':'en'}}"},
    {.name = "any language",
     .in = "{" ID ",'l':{'languageMap':{'fr':'x','nl':'y'}}}",
     .pick = "l",
     .lang = "*",
     .out = "{'l':{'type':'Property','value':'x','lang':'fr'}}"},
    {.name = "@none where nothing fits",
     .in = "{" ID ",'l':{'languageMap':{'es':'x','@none':'y','en':'z'}}}",
     .pick = "l",
     .lang = "gr",
     .out = "{'l':{'type':'Property','value':'y','lang':'@none'}}"},
    {.name = "English where nothing fits",
     .in = "{" ID ",'l':{'languageMap':{'es':'x','en':'z'}}}",
     .pick = "l",
     .lang = "gr",
     .out = "{'l':{'type':'Property','value':'z','lang':'en'}}"},
    {.name = "the first where nothing fits",
     .in = "{" ID ",'l':{'languageMap':{'es':'x','sv':'z'}}}",
     .pick = "l",
     .lang = "gr",
     .out = "{'l':{'type':'Property','value':'x','lang':'es'}}"},
    {.name = "several texts of a language",
     .in = "{" ID ",'l':{'languageMap':{'en':['x','y']}}}",
     .pick = "l",
     .lang = "en",
     .out = "{'l':{'type':'Property','value':['x','y'],'lang':'en'}}"},
    /* GeoJSON */
    {.name = "a Feature",
     .in = "{" ID ",'scope':'/a','p':1,'location':{'type':'Point','coordinates':[1,2]}}",
     .options = {.geojson = true},
     .out = "{'id':'urn:a:b','type':'Feature','geometry':{'type':'Point','coordinates':[1,2]},'"
            "properties':{'type':'T','scope':'/"
            "a','p':{'type':'Property','value':1},'location':{'type':'GeoProperty','value':{'type':"
            "'Point','coordinates':[1,2]}}}}"},
    {.name = "a simplified Feature",
     .in = "{" ID ",'p':1,'location':{'type':'Point','coordinates':[1,2]}}",
     .options = {.geojson = true, .format = RENDER_SIMPLIFIED},
     .out = "{'id':'urn:a:b','type':'Feature','geometry':{'type':'Point','coordinates':[1,2]},'"
            "properties':{'type':'T','p':1,'location':{'type':'Point','coordinates':[1,2]}}}"},
    {.name = "a Feature without geometry",
     .in = "{" ID "}",
     .options = {.geojson = true},
     .out = "{'id':'urn:a:b','type':'Feature','geometry':null,'properties':{'type':'T'}}"},
    {.name = "another geometry",
     .in = "{" ID ",'location':{'type':'Point','coordinates':[1,2]},'g':{'type':'Point','"
           "coordinates':[3,4]}}",
     .geometry = "g",
     .pick = "id",
     .options = {.geojson = true},
     .out = "{'id':'urn:a:b','type':'Feature','geometry':{'type':'Point','coordinates':[3,4]},'"
            "properties':{}}"},
    {.name = "a geometry that is none",
     .in = "{" ID ",'g':1}",
     .geometry = "g",
     .pick = "id",
     .options = {.geojson = true},
     .out = "{'id':'urn:a:b','type':'Feature','geometry':null,'properties':{}}"},
    {.name = "the geometry of a datasetId",
     .in = "{" ID ",'location':[{'type':'Point','coordinates':[1,2]},{'type':'GeoProperty','value':"
           "{'type':'Point','coordinates':[3,4]},'datasetId':'urn:d:1'}]}",
     .datasets = "urn:d:1",
     .pick = "id",
     .options = {.geojson = true},
     .out = "{'id':'urn:a:b','type':'Feature','geometry':{'type':'Point','coordinates':[3,4]},'"
            "properties':{}}"},
};

static StrVec words(Ctx *ctx, const char *list, bool datasets) {
    StrVec words = {0};
    Str rest = str_of(list), word;
    while (str_split(&rest, ' ', &word)) {
        bool special = datasets || str_eq(word, STR("id")) || str_eq(word, STR("type")) ||
                       str_eq(word, STR("scope"));
        vec_push(ctx->arena, &words, special ? word : ld_expand(ld_core(), ctx->arena, word));
    }
    return words;
}

static void every_representation_is_as_the_standard_has_it(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        World *world = world_new();
        Ctx *ctx = &world->ctx;
        const Case *c = &cases[i];
        Entity *read = entity_of(ctx, c->in, ENTITY_WHOLE);
        Delta put = {.op = DELTA_PUT, .id = read->id, .after = read};
        const Entity *entity = delta_fold(ctx->arena, NULL, &put, 1, TIME_SECOND);
        RenderOptions options = c->options;
        options.pick = words(ctx, c->pick, false);
        options.omit = words(ctx, c->omit, false);
        options.dataset_ids = words(ctx, c->datasets, true);
        options.lang = str_of(c->lang);
        if (c->geometry)
            options.geometry_property = ld_expand(ld_core(), ctx->arena, str_of(c->geometry));
        Buf to = buf_new(ctx->arena, 1 << 20);
        render_entity(&to, ld_core(), entity, &options, ctx->scratch);
        assert_json(ctx, c->name, json_from(ctx, buf_str(&to)), json_of(ctx, c->out));
        assert_text(c->name, buf_str(&to), quoted(ctx, c->out));
        world_free(world);
    }
}

#define SERIES                                                                                     \
    "{" ID ",'p':[{'value':1,'observedAt':'2025-01-01T00:00:00Z'},{'value':2.50,'observedAt':'"    \
    "2025-01-01T01:00:00Z'},"                                                                      \
    "{'value':3,'datasetId':'urn:d:1','observedAt':'2025-01-01T02:00:00Z'}],'r':[{'object':'urn:"  \
    "x:1','observedAt':'2025-01-01T00:00:00Z'}],"                                                  \
    "'l':[{'languageMap':{'ja':'橋'},'observedAt':'2025-01-01T00:00:00Z'}],'v':[{'vocab':'go','"  \
    "observedAt':'2025-01-01T00:00:00Z'}],"                                                        \
    "'j':[{'json':{'k':1},'observedAt':'2025-01-01T00:00:00Z'}],'vl':[{'valueList':[1],'"          \
    "observedAt':'2025-01-01T00:00:00Z'}],'ol':[{'objectList':['urn:x:1'],'observedAt':'2025-01-"  \
    "01T00:00:00Z'}]}"

static const struct {
    const char *name, *out, *datasets, *lang;
    bool values;
} temporal[] = {
    {"always arrays",
     "{" ID ",'p':[{'type':'Property','value':1,'observedAt':'2025-01-01T00:00:00Z'},{'type':'"
     "Property','value':2.50,'observedAt':'2025-01-01T01:00:00Z'},{'type':'Property','value'"
     ":3,'observedAt':'2025-01-01T02:00:00Z','datasetId':'urn:d:1'}],"
     "'r':[{'type':'Relationship','object':'urn:x:1','observedAt':'2025-01-01T00:00:00Z'}],'l':[{'"
     "type':'LanguageProperty','languageMap':{'ja':'橋'},'observedAt':'2025-01-01T00:00:00Z'}],"
     "'v':[{'type':'VocabProperty','vocab':'go','observedAt':'2025-01-01T00:00:00Z'}],'j':[{'type':"
     "'JsonProperty','json':{'k':1},'observedAt':'2025-01-01T00:00:00Z'}],"
     "'vl':[{'type':'ListProperty','valueList':[1],'observedAt':'2025-01-01T00:00:00Z'}],'ol':[{'"
     "type':'ListRelationship','objectList':[{'object':'urn:x:1'}],'observedAt':'2025-01-01T00:00:"
     "00Z'}]}",
     NULL, NULL, false},
    {"pairs of value and time",
     "{" ID
     ",'p':[{'type':'Property','values':[[1,'2025-01-01T00:00:00Z'],[2.50,'2025-01-01T01:00:00Z']]}"
     ",{'type':'Property','datasetId':'urn:d:1','values':[[3,'2025-01-01T02:00:00Z']]}],"
     "'r':{'type':'Relationship','objects':[['urn:x:1','2025-01-01T00:00:00Z']]},'l':{'type':'"
     "LanguageProperty','languageMaps':[[{'languageMap':{'ja':'橋'}},'2025-01-01T00:00:00Z']]},"
     "'v':{'type':'VocabProperty','vocabs':[[{'vocab':'go'},'2025-01-01T00:00:00Z']]},'j':{'type':'"
     "JsonProperty','jsons':[[{'json':{'k':1}},'2025-01-01T00:00:00Z']]},"
     "'vl':{'type':'ListProperty','valueLists':[[[1],'2025-01-01T00:00:00Z']]},'ol':{'type':'"
     "ListRelationship','objectLists':[[['urn:x:1'],'2025-01-01T00:00:00Z']]}}",
     NULL, NULL, true},
    {"of one datasetId",
     "{" ID ",'p':{'type':'Property','datasetId':'urn:d:1','values':[[3,'2025-01-01T02:00:00Z']]}}",
     "urn:d:1", NULL, true},
};

static void temporal_evolutions_are_arrays_or_pairs(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof temporal / sizeof *temporal; i++) {
        World *world = world_new();
        Ctx *ctx = &world->ctx;
        Entity *entity = entity_of(ctx, SERIES, ENTITY_TEMPORAL);
        RenderOptions options = {.temporal = true,
                                 .temporal_values = temporal[i].values,
                                 .dataset_ids = words(ctx, temporal[i].datasets, true)};
        assert_text(temporal[i].name, text_of(ctx, rendered(ctx, ld_core(), entity, options)),
                    quoted(ctx, temporal[i].out));
        world_free(world);
    }
}

static void deleted_instances_say_so(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Entity *entity = entity_of(ctx, "{" ID ",'p':1,'l':{'languageMap':{'ja':'x'}}}", ENTITY_WHOLE);
    VEC_EACH (Attr, attr, &entity->attrs) {
        attr->value = NULL;
        attr->deleted_at = 2 * TIME_SECOND;
        attr->instance_id = STR("urn:i:1");
    }
    RenderOptions options = {.temporal = true};
    assert_text("normalized", text_of(ctx, rendered(ctx, ld_core(), entity, options)),
                quoted(ctx, "{" ID ",'p':[{'type':'Property','value':'urn:ngsi-ld:null','deletedAt'"
                            ":'1970-01-01T00:00:02Z','instanceId':'urn:i:1'}],"
                            "'l':[{'type':'LanguageProperty','languageMap':{'@none':'urn:ngsi-ld:"
                            "null'},'deletedAt':'1970-01-01T00:00:02Z','instanceId':'urn:i:1'}]}"));
    options = (RenderOptions){.temporal = true,
                              .temporal_values = true,
                              .time = RENDER_DELETED,
                              .pick = words(ctx, "p", false)};
    assert_text(
        "values", text_of(ctx, rendered(ctx, ld_core(), entity, options)),
        quoted(ctx,
               "{'p':{'type':'Property','values':[['urn:ngsi-ld:null','1970-01-01T00:00:02Z']]}}"));
    world_free(world);
}

static void contexts_compact_and_stand_at_the_end(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    LdCache *cache = ld_cache_new((LdCacheOptions){.max_count = 4});
    const LdContext *context;
    const Json *source = json_of(ctx, "{'T':'http://x/T','p':'http://x/p','go':'http://x/go'}");
    assert_int_equal(ld_context_resolve(ctx, cache, source, false, &context), RC_OK);
    Entity *entity;
    assert_int_equal(entity_read(ctx, context,
                                 json_of(ctx, "{" ID ",'p':{'vocab':['go','other']}}"),
                                 ENTITY_WHOLE, &entity),
                     RC_OK);
    assert_text("expanded", entity->attrs.items[0].name, STR("http://x/p"));
    RenderOptions options = {.at_context = source};
    assert_text("compacted", text_of(ctx, rendered(ctx, context, entity, options)),
                quoted(ctx, "{" ID ",'p':{'type':'VocabProperty','vocab':['go','other']},'@context'"
                            ":{'T':'http://x/T','p':'http://x/p','go':'http://x/go'}}"));
    assert_text("by the core context",
                text_of(ctx, rendered(ctx, ld_core(), entity, (RenderOptions){0})),
                quoted(ctx, "{'id':'urn:a:b','type':'http://x/T','http://x/"
                            "p':{'type':'VocabProperty','vocab':['http://x/go','other']}}"));
    ld_context_release(context);
    ld_cache_free(cache);
    world_free(world);
}

static void one_attribute_is_rendered_alone(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Entity *entity = entity_of(ctx, MANY, ENTITY_WHOLE);
    Buf to = buf_new(ctx->arena, 1 << 16);
    RenderOptions options = {.attr = STR(LD_DEFAULT "p"), .format = RENDER_SIMPLIFIED};
    assert_true(render_attr(&to, ld_core(), entity, &options, ctx->scratch));
    assert_text("dataset", buf_str(&to),
                quoted(ctx, "{'dataset':{'@none':1,'urn:d:1':2,'urn:d:2':3}}"));
    buf_clear(&to);
    options =
        (RenderOptions){.attr = STR(LD_DEFAULT "w"), .dataset_ids = words(ctx, "@none", true)};
    assert_false(render_attr(&to, ld_core(), entity, &options, ctx->scratch));
    options = (RenderOptions){.attr = STR(LD_DEFAULT "none")};
    assert_false(render_attr(&to, ld_core(), entity, &options, ctx->scratch));
    assert_int_equal(to.len, 0);
    world_free(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_representation_is_as_the_standard_has_it),
        cmocka_unit_test(temporal_evolutions_are_arrays_or_pairs),
        cmocka_unit_test(deleted_instances_say_so),
        cmocka_unit_test(contexts_compact_and_stand_at_the_end),
        cmocka_unit_test(one_attribute_is_rendered_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
