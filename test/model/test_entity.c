/* Reading entities: what is taken, as what, and what is refused, and where. And the stored form. */
#include "model_test.h"

#define ID "'id':'urn:ngsi-ld:T:1','type':'T'"

static const struct {
    const char *name;
    const char *in, *out; /* out: normalized; NULL: as in */
} taken[] = {
    {"a Property", "{" ID ",'p':{'type':'Property','value':1}}", NULL},
    {"a number as it was written", "{" ID ",'p':{'type':'Property','value':1.50}}", NULL},
    {"a GeoProperty",
     "{" ID
     ",'location':{'type':'GeoProperty','value':{'type':'Point','coordinates':[138.3,34.8]}}}",
     NULL},
    {"a geometry in a string",
     "{" ID
     ",'g':{'type':'GeoProperty','value':'{\\'type\\':\\'Point\\',\\'coordinates\\':[1,2]}'}}",
     "{" ID ",'g':{'type':'GeoProperty','value':{'type':'Point','coordinates':[1,2]}}}"},
    {"a Relationship", "{" ID ",'r':{'type':'Relationship','object':'urn:a:b'}}", NULL},
    {"a Relationship with several objects and types",
     "{" ID ",'r':{'type':'Relationship','object':['urn:a:b','urn:a:c'],'objectType':['A','B']}}",
     NULL},
    {"a LanguageProperty",
     "{" ID
     ",'l':{'type':'LanguageProperty','languageMap':{'ja':'焼津','en':['a','b'],'@none':'x'}}}",
     NULL},
    {"a VocabProperty", "{" ID ",'v':{'type':'VocabProperty','vocab':['a','b']}}", NULL},
    {"a JsonProperty with nulls and keywords inside",
     "{" ID ",'j':{'type':'JsonProperty','json':{'type':'x','id':null,'n':'urn:ngsi-ld:null'}}}",
     NULL},
    {"a ListProperty", "{" ID ",'l':{'type':'ListProperty','valueList':[1,'a',[2]]}}", NULL},
    {"a ListRelationship of URIs",
     "{" ID ",'l':{'type':'ListRelationship','objectList':['urn:a:b',{'object':'urn:a:c'}]}}",
     "{" ID
     ",'l':{'type':'ListRelationship','objectList':[{'object':'urn:a:b'},{'object':'urn:a:c'}]}}"},
    {"members of a Property",
     "{" ID ",'p':{'type':'Property','value':1,'unitCode':'MTR','observedAt':'2025-04-01T00:00:00Z'"
     ",'datasetId':'urn:d:1','valueType':'X'}}",
     NULL},
    {"sub-attributes at several depths",
     "{" ID ",'p':{'type':'Property','value':1,'q':{'type':'Property','value':2,'r':{'type':'"
     "Relationship','object':'urn:a:b'}}}}",
     NULL},
    {"several instances, the default one first",
     "{" ID
     ",'p':[{'type':'Property','value':1,'datasetId':'urn:d:1'},{'type':'Property','value':2}]}",
     "{" ID
     ",'p':[{'type':'Property','value':2},{'type':'Property','value':1,'datasetId':'urn:d:1'}]}"},
    {"@none is the default instance",
     "{" ID ",'p':{'type':'Property','value':1,'datasetId':'@none'}}",
     "{" ID ",'p':{'type':'Property','value':1}}"},
    {"several types, named twice once", "{'id':'urn:a:b','type':['A','B','A']}",
     "{'id':'urn:a:b','type':['A','B']}"},
    {"@id and @type", "{'@id':'urn:a:b','@type':'T'}", "{'id':'urn:a:b','type':'T'}"},
    {"scopes, a slash left out", "{" ID ",'scope':['/a/b','焼津/公園']}",
     "{" ID ",'scope':['/a/b','/焼津/公園']}"},
    {"times of the system are passed over",
     "{" ID ",'createdAt':'x','modifiedAt':1,'p':{'type':'Property','value':1,'createdAt':'x'}}",
     "{" ID ",'p':{'type':'Property','value':1}}"},
    {"a context is passed over", "{" ID ",'@context':'http://x/'}", "{" ID "}"},
    {"names in Japanese", "{" ID ",'水位':{'type':'Property','value':1}}", NULL},
    {"names of published models", "{" ID ",'N-TOT':{'type':'Property','value':1}}", NULL},
    {"an IRI as a name", "{" ID ",'http://example.org/p':{'type':'Property','value':1}}", NULL},
    {"concise: a bare value", "{" ID ",'p':55}", "{" ID ",'p':{'type':'Property','value':55}}"},
    {"concise: a bare array", "{" ID ",'p':[1,2]}",
     "{" ID ",'p':{'type':'Property','value':[1,2]}}"},
    {"concise: a bare object", "{" ID ",'p':{'street':'x'}}",
     "{" ID ",'p':{'type':'Property','value':{'street':'x'}}}"},
    {"concise: a bare object with a type of its own",
     "{" ID ",'p':{'type':'PostalAddress','street':'x'}}",
     "{" ID ",'p':{'type':'Property','value':{'type':'PostalAddress','street':'x'}}}"},
    {"concise: a typed value", "{" ID ",'p':{'@type':'DateTime','@value':'2025-04-01T00:00:00Z'}}",
     "{" ID
     ",'p':{'type':'Property','value':{'@type':'DateTime','@value':'2025-04-01T00:00:00Z'}}}"},
    {"concise: a bare geometry", "{" ID ",'g':{'type':'Point','coordinates':[1,2]}}",
     "{" ID ",'g':{'type':'GeoProperty','value':{'type':'Point','coordinates':[1,2]}}}"},
    {"concise: a geometry as value", "{" ID ",'g':{'value':{'type':'Point','coordinates':[1,2]}}}",
     "{" ID ",'g':{'type':'GeoProperty','value':{'type':'Point','coordinates':[1,2]}}}"},
    {"concise: kinds by their member",
     "{" ID ",'a':{'value':1},'b':{'object':'urn:a:b'},'c':{'languageMap':{'ja':'x'}},'d':{'vocab':"
     "'x'},'e':{'json':{}},'f':{'valueList':[]},'g':{'objectList':[]}}",
     "{" ID ",'a':{'type':'Property','value':1},'b':{'type':'Relationship','object':'urn:a:b'},'c':"
     "{'type':'LanguageProperty','languageMap':{'ja':'x'}},"
     "'d':{'type':'VocabProperty','vocab':'x'},'e':{'type':'JsonProperty','json':{}},'f':{'type':'"
     "ListProperty','valueList':[]},'g':{'type':'ListRelationship','objectList':[]}}"},
    {"concise: instances, one of them bare",
     "{" ID ",'p':[{'value':55,'datasetId':'urn:d:1'},54.5]}",
     "{" ID ",'p':[{'type':'Property','value':54.5},{'type':'Property','value':55,'datasetId':'urn:"
     "d:1'}]}"},
    {"concise: sub-attributes", "{" ID ",'p':{'value':1,'note':'x','by':{'object':'urn:a:b'}}}",
     "{" ID ",'p':{'type':'Property','value':1,'note':{'type':'Property','value':'x'},'by':{'type':"
     "'Relationship','object':'urn:a:b'}}}"},
    {"a Property that holds a geometry",
     "{" ID ",'p':{'type':'Property','value':{'type':'Point','coordinates':[1,2]}}}", NULL},
    {"an IRI that would compact to a keyword",
     "{" ID ",'" LD_DEFAULT "type':{'type':'Property','value':1,'" LD_DEFAULT
     "value':{'type':'Property','value':2}}}",
     "{" ID ",'ngsi-ld:default-context/type':{'type':'Property','value':1,"
     "'ngsi-ld:default-context/value':{'type':'Property','value':2}}}"},
    {"a proof with its sealed members",
     "{" ID ",'ngsildproof':{'type':'Property','entityIdSealed':'urn:a:b','entityTypeSealed':'T','"
     "value':{'proofValue':'z'}}}",
     NULL},
};

static void takes_and_gives_back(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        World *world = world_new();
        Ctx *ctx = &world->ctx;
        Entity *entity = entity_of(ctx, taken[i].in, ENTITY_WHOLE);
        const char *out = taken[i].out ? taken[i].out : taken[i].in;
        const Json *got = rendered(ctx, ld_core(), entity, (RenderOptions){0});
        /* as text: numbers are given back as they were written, members in their order */
        if (!taken[i].out && strstr(out, "1.50"))
            assert_text(taken[i].name, text_of(ctx, got), quoted(ctx, out));
        assert_json(ctx, taken[i].name, got, json_of(ctx, out));
        /* and through the stored form */
        Entity *again;
        Str stored = encoded(ctx, entity);
        assert_int_equal(entity_decode(ctx, stored, &again), RC_OK);
        assert_text(taken[i].name, encoded(ctx, again), stored);
        assert_json(ctx, taken[i].name, rendered(ctx, ld_core(), again, (RenderOptions){0}), got);
        /* and concise, which loses nothing */
        RenderOptions concise = {.format = RENDER_CONCISE};
        Str text = text_of(ctx, rendered(ctx, ld_core(), entity, concise));
        Entity *back;
        assert_int_equal(entity_read(ctx, ld_core(), json_from(ctx, text), ENTITY_WHOLE, &back),
                         RC_OK);
        assert_text(taken[i].name, encoded(ctx, back), stored);
        world_free(world);
    }
}

#define P(members)  "{" ID ",'p':{" members "}}"
#define G(geometry) "{" ID ",'g':{'type':'GeoProperty','value':" geometry "}}"

static const struct {
    const char *in, *path;
    EntityForm form;
} refused[] = {
    {"[]", "", ENTITY_WHOLE},
    {"{}", "", ENTITY_WHOLE},
    {"{}", "", ENTITY_FRAGMENT},
    {"{'type':'T','p':1}", "id", ENTITY_WHOLE},
    {"{'id':'urn:a:b','p':1}", "type", ENTITY_WHOLE},
    {"{'id':1,'type':'T'}", "id", ENTITY_WHOLE},
    {"{'id':'','type':'T'}", "id", ENTITY_WHOLE},
    {"{'id':'park7','type':'T'}", "id", ENTITY_WHOLE},
    {"{'id':'urn:has space','type':'T'}", "id", ENTITY_WHOLE},
    {"{'id':'urn:ngsi-ld:null','type':'T'}", "id", ENTITY_WHOLE},
    {"{'id':'urn:a:b','@id':'urn:a:b','type':'T'}", "@id", ENTITY_WHOLE},
    {"{'id':'urn:a:b','type':'T','@type':'T'}", "@type", ENTITY_WHOLE},
    {"{'id':'urn:a:b','type':1}", "type", ENTITY_WHOLE},
    {"{'id':'urn:a:b','type':[]}", "type", ENTITY_WHOLE},
    {"{'id':'urn:a:b','type':['T',1]}", "type[1]", ENTITY_WHOLE},
    {"{'id':'urn:a:b','type':'9Vehicle'}", "type", ENTITY_WHOLE},
    {"{" ID ",'my attr':1}", "my attr", ENTITY_WHOLE},
    {"{" ID ",'invalid(Name':1}", "invalid(Name", ENTITY_WHOLE},
    {"{" ID ",'':1}", "", ENTITY_WHOLE},
    {"{" ID ",'@value':1}", "@value", ENTITY_WHOLE},
    {"{" ID ",'datasetId':{'type':'Property','value':1}}", "datasetId", ENTITY_WHOLE},
    {"{" ID ",'observedAt':{'type':'Property','value':1}}", "observedAt", ENTITY_WHOLE},
    {"{" ID ",'p':1,'https://uri.etsi.org/ngsi-ld/default-context/p':2}",
     "https://uri.etsi.org/ngsi-ld/default-context/p", ENTITY_WHOLE},
    {"{" ID ",'scope':'9bad'}", "scope", ENTITY_WHOLE},
    {"{" ID ",'scope':'/a//b'}", "scope", ENTITY_WHOLE},
    {"{" ID ",'scope':'/a/'}", "scope", ENTITY_WHOLE},
    {"{" ID ",'scope':'a-b'}", "scope", ENTITY_WHOLE},
    {"{" ID ",'scope':['/ok','9bad']}", "scope[1]", ENTITY_WHOLE},
    {"{" ID ",'scope':'urn:ngsi-ld:null'}", "scope", ENTITY_WHOLE},
    {"{" ID ",'scope':7}", "scope", ENTITY_WHOLE},
    {"{" ID ",'expiresAt':'soon'}", "expiresAt", ENTITY_WHOLE},
    /* attributes */
    {P("'type':'string','value':1"), "p.type", ENTITY_WHOLE},
    {P("'type':'Property'"), "p", ENTITY_WHOLE},
    {P("'type':'Relationship'"), "p", ENTITY_WHOLE},
    {P("'type':'Property','object':'urn:a:b'"), "p.object", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'object':'urn:a:b'"), "p.object", ENTITY_WHOLE},
    {P("'type':'Relationship','object':'urn:a:b','value':1"), "p.value", ENTITY_WHOLE},
    {P("'type':'ListProperty','valueList':[1],'value':3"), "p.value", ENTITY_WHOLE},
    {P("'type':'Property','@type':'Property','value':3"), "p.@type", ENTITY_WHOLE},
    {P("'type':'Property','value':null"), "p.value", ENTITY_WHOLE},
    {P("'type':'Property','value':{'a':[null]}"), "p.value", ENTITY_WHOLE},
    {P("'type':'Property','value':'urn:ngsi-ld:null'"), "p.value", ENTITY_WHOLE},
    {P("'type':'Property','value':{'a':{'b':'urn:ngsi-ld:null'}}"), "p.value", ENTITY_WHOLE},
    {P("'type':'Property','value':{'a':'urn:ngsi-ld:null'}"), "p.value", ENTITY_ATTRS},
    {P("'type':'Property','value':1,'s':'urn:ngsi-ld:null'"), "p.s", ENTITY_ATTRS},
    {"{" ID ",'p':'urn:ngsi-ld:null'}", "p", ENTITY_WHOLE},
    {"{" ID ",'p':null}", "p", ENTITY_FRAGMENT},
    {"{" ID ",'p':[]}", "p", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'unitCode':5"), "p.unitCode", ENTITY_WHOLE},
    {P("'type':'Relationship','object':'urn:a:b','unitCode':'MTR'"), "p.unitCode", ENTITY_WHOLE},
    {P("'type':'JsonProperty','json':{},'unitCode':'MTR'"), "p.unitCode", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'objectType':'X'"), "p.objectType", ENTITY_WHOLE},
    {P("'type':'Relationship','object':'urn:a:b','valueType':'X'"), "p.valueType", ENTITY_WHOLE},
    {P("'type':'LanguageProperty','languageMap':{'ja':'x'},'valueType':'X'"), "p.valueType",
     ENTITY_WHOLE},
    {P("'type':'Property','value':1,'observedAt':'yesterday'"), "p.observedAt", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'observedAt':'2025-04-01T09:00:00+09:00'"), "p.observedAt",
     ENTITY_WHOLE},
    {P("'type':'Property','value':1,'observedAt':'2025-04-01T09:00:00'"), "p.observedAt",
     ENTITY_WHOLE},
    {P("'type':'Property','value':1,'observedAt':{'type':'Property','value':'2025-04-01T09:00:00Z'"
       "}"),
     "p.observedAt", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'datasetId':'d'"), "p.datasetId", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'@context':{}"), "p.@context", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'previousValue':0"), "p.previousValue", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'entityIdSealed':'x'"), "p.entityIdSealed", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'my sub':0"), "p.my sub", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'s':{'type':'Property','value':1,'observedAt':'x'}"),
     "p.s.observedAt", ENTITY_WHOLE},
    {P("'observedAt':'2025-04-01T09:00:00Z'"), "p", ENTITY_WHOLE},
    {"{" ID
     ",'p':[{'type':'Property','value':1},{'type':'Property','value':2,'datasetId':'@none'}]}",
     "p[1]", ENTITY_WHOLE},
    {"{" ID ",'p':[{'value':1,'datasetId':'urn:d:1'},{'value':2,'datasetId':'urn:d:1'}]}", "p[1]",
     ENTITY_WHOLE},
    {P("'type':'Relationship','object':1"), "p.object", ENTITY_WHOLE},
    {P("'type':'Relationship','object':'not a uri'"), "p.object", ENTITY_WHOLE},
    {P("'type':'Relationship','object':['urn:a:b','x']"), "p.object[1]", ENTITY_WHOLE},
    {P("'type':'Relationship','object':[]"), "p.object", ENTITY_WHOLE},
    {P("'type':'Relationship','object':'urn:ngsi-ld:null'"), "p.object", ENTITY_WHOLE},
    {P("'type':'LanguageProperty','languageMap':'x'"), "p.languageMap", ENTITY_WHOLE},
    {P("'type':'LanguageProperty','languageMap':{}"), "p.languageMap", ENTITY_WHOLE},
    {P("'type':'LanguageProperty','languageMap':{'en':5}"), "p.languageMap.en", ENTITY_WHOLE},
    {P("'type':'LanguageProperty','languageMap':{'en':['a',5]}"), "p.languageMap.en", ENTITY_WHOLE},
    {P("'type':'LanguageProperty','languageMap':{'en_US':'x'}"), "p.languageMap.en_US",
     ENTITY_WHOLE},
    {P("'type':'LanguageProperty','languageMap':{'en-':'x'}"), "p.languageMap.en-", ENTITY_WHOLE},
    {P("'type':'LanguageProperty','languageMap':{'@none':'urn:ngsi-ld:null'}"), "p.languageMap",
     ENTITY_WHOLE},
    {P("'type':'VocabProperty','vocab':5"), "p.vocab", ENTITY_WHOLE},
    {P("'type':'VocabProperty','vocab':['a',5]"), "p.vocab[1]", ENTITY_WHOLE},
    {P("'type':'JsonProperty','json':5"), "p.json", ENTITY_WHOLE},
    {P("'type':'ListProperty','valueList':'x'"), "p.valueList", ENTITY_WHOLE},
    {P("'type':'ListProperty','valueList':[1,'urn:ngsi-ld:null']"), "p.valueList", ENTITY_WHOLE},
    {P("'type':'ListRelationship','objectList':[5]"), "p.objectList[0]", ENTITY_WHOLE},
    {P("'type':'ListRelationship','objectList':['not a uri']"), "p.objectList[0]", ENTITY_WHOLE},
    /* a member of the standard by its whole name would be written as that member */
    {P("'type':'Property','value':1,'https://uri.etsi.org/ngsi-ld/hasValue':2"),
     "p.https://uri.etsi.org/ngsi-ld/hasValue", ENTITY_WHOLE},
    {P("'type':'Property','value':1,'ngsi-ld:observedAt':2"), "p.ngsi-ld:observedAt", ENTITY_WHOLE},
    {"{" ID ",'ngsi-ld:scope':1}", "ngsi-ld:scope", ENTITY_WHOLE},
    {"{" ID ",'ngsi-ld:datasetId':1}", "ngsi-ld:datasetId", ENTITY_WHOLE},
    /* geometries */
    {G("'x'"), "g.value", ENTITY_WHOLE},
    {G("{'coordinates':[1,2]}"), "g.value.type", ENTITY_WHOLE},
    {G("{'type':'Hexagon','coordinates':[1,2]}"), "g.value.type", ENTITY_WHOLE},
    {G("{'type':'GeometryCollection','geometries':[]}"), "g.value.type", ENTITY_WHOLE},
    {G("{'type':'Point'}"), "g.value.coordinates", ENTITY_WHOLE},
    {G("{'type':'Point','coordinates':[1]}"), "g.value.coordinates", ENTITY_WHOLE},
    {G("{'type':'Point','coordinates':[1,2,3,4]}"), "g.value.coordinates", ENTITY_WHOLE},
    {G("{'type':'Point','coordinates':['1',2]}"), "g.value.coordinates", ENTITY_WHOLE},
    {G("{'type':'Point','coordinates':[34.8,138.3]}"), "g.value.coordinates", ENTITY_WHOLE},
    {G("{'type':'Point','coordinates':[181,0]}"), "g.value.coordinates", ENTITY_WHOLE},
    {G("{'type':'LineString','coordinates':[[1,2]]}"), "g.value.coordinates", ENTITY_WHOLE},
    {G("{'type':'LineString','coordinates':[1,2]}"), "g.value.coordinates[0]", ENTITY_WHOLE},
    {G("{'type':'Polygon','coordinates':[[[0,0],[0,1],[1,1]]]}"), "g.value.coordinates[0]",
     ENTITY_WHOLE},
    {G("{'type':'Polygon','coordinates':[[[0,0],[0,1],[1,1],[2,2]]]}"), "g.value.coordinates[0]",
     ENTITY_WHOLE},
    {G("{'type':'MultiPolygon','coordinates':[[[[0,0],[0,1],[1,1],[0,0]]],[]]}"),
     "g.value.coordinates[1]", ENTITY_WHOLE},
    {"{" ID ",'location':{'type':'Property','value':7}}", "location.type", ENTITY_WHOLE},
};

static void refuses_and_names_the_place(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        World *world = world_new();
        Entity *entity;
        Rc rc = entity_read(&world->ctx, ld_core(), json_of(&world->ctx, refused[i].in),
                            refused[i].form, &entity);
        if (rc != RC_INVALID) fail_msg("%s: %s", refused[i].in, rc_name(rc));
        assert_text(refused[i].in, world->ctx.error.path, str_of(refused[i].path));
        assert_true(world->ctx.error.detail.len > 10);
        world_free(world);
    }
}

static void fragments_leave_out_what_they_leave(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Entity *entity =
        entity_of(ctx,
                  "{'a':{'observedAt':'urn:ngsi-ld:null','unitCode':'urn:ngsi-ld:null'},"
                  "'b':'urn:ngsi-ld:null','c':{'type':'LanguageProperty','languageMap':{'@none':'"
                  "urn:ngsi-ld:null'}},"
                  "'d':{'value':{'x':'urn:ngsi-ld:null'}},'e':{'sub':2},'scope':'urn:ngsi-ld:null',"
                  "'f':[{'type':'GeoProperty','value':'urn:ngsi-ld:null','datasetId':'urn:d:1'}]}",
                  ENTITY_FRAGMENT);
    const Attr *a = &entity->attrs.items[0];
    assert_int_equal(a->kind, ATTR_UNSAID);
    assert_null(a->value);
    assert_true(a->observed_at == ENTITY_TIME_NULL);
    assert_true(entity_attr_null(&entity->attrs.items[1]));
    assert_int_equal(entity->attrs.items[1].kind, ATTR_UNSAID);
    assert_true(entity_attr_null(&entity->attrs.items[2]));
    assert_false(entity_attr_null(&entity->attrs.items[3]));
    assert_true(entity_attr_null_inside(&entity->attrs.items[3]));
    assert_null(entity->attrs.items[4].value);
    assert_int_equal(entity->attrs.items[4].subs.len, 1);
    assert_true(str_eq(entity->scopes.items[0], ENTITY_NULL));
    assert_true(entity_attr_null(&entity->attrs.items[5]));
    assert_true(str_eq(entity->attrs.items[5].dataset_id, STR("urn:d:1")));
    world_free(world);
}

static void temporal_instances_may_repeat(void **state) {
    (void)state;
    World *world = world_new();
    Entity *entity =
        entity_of(&world->ctx,
                  "{" ID ",'p':[{'type':'Property','value':1,'observedAt':'2025-04-01T00:00:00Z'},"
                  "{'type':'Property','value':2,'observedAt':'2025-04-01T01:00:00Z'}],'scope':[{'"
                  "type':'Property','value':'/a'},{'type':'Property','value':'/b'}]}",
                  ENTITY_TEMPORAL);
    assert_int_equal(entity->attrs.len, 2);
    assert_text("scope", entity->scopes.items[0], STR("/b"));
    world_free(world);
}

static void one_attribute_is_read_alone(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Attrs attrs = {0};
    Str iri = STR(LD_DEFAULT "p");
    EntityInput input = {.context = ld_core(), .form = ENTITY_WHOLE, .iri = iri};
    assert_int_equal(
        entity_read_attr(ctx, &input, json_of(ctx, "{'value':1,'@context':[]}"), &attrs), RC_OK);
    assert_int_equal(attrs.len, 1);
    assert_text("name", attrs.items[0].name, iri);
    assert_int_equal(
        entity_read_attr(ctx, &input, json_of(ctx, "{'value':1,'observedAt':2}"), &attrs),
        RC_INVALID);
    assert_text("path", ctx->error.path, STR("observedAt"));
    world_free(world);
}

static void deep_nesting_is_refused_not_followed(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Buf text = buf_new(ctx->arena, 1 << 20);
    buf_add(&text, STR("{\"id\":\"urn:a:b\",\"type\":\"T\""));
    for (int i = 0; i < 20; i++)
        buf_add(&text, STR(",\"s\":{\"type\":\"Property\",\"value\":1"));
    for (int i = 0; i < 21; i++)
        buf_add_char(&text, '}');
    Entity *entity;
    assert_int_equal(
        entity_read(ctx, ld_core(), json_from(ctx, buf_str(&text)), ENTITY_WHOLE, &entity),
        RC_INVALID);
    assert_text("code", ctx->error.code, STR("too-deep"));
    world_free(world);
}

/* Linear, not quadratic: would take minutes otherwise. */
/* An id, a name or a URI of so many bytes: each is taken up to its bound and refused beyond. */
static void names_and_uris_are_bounded(void **state) {
    (void)state;
    World *world = world_new();
    static const struct {
        const char *format; /* one %s: as many letters as are missing */
        size_t most;        /* letters that are taken */
    } cases[] = {
        {"{'id':'urn:a:%s','type':'T'}", ENTITY_ID_MAX - 6},
        {"{" ID ",'r':{'type':'Relationship','object':'urn:a:%s'}}", 2042},
        {"{" ID ",'p':{'type':'Property','value':1,'datasetId':'urn:a:%s'}}", 2042},
        {"{" ID ",'scope':'/%s'}", 2047},
        {"{'id':'urn:a:b','type':'%s'}", 500 - sizeof LD_DEFAULT + 1},
        {"{" ID ",'%s':{'type':'Property','value':1}}", 500 - sizeof LD_DEFAULT + 1},
        {"{" ID ",'urn:a:%s':{'type':'Property','value':1}}", 494},
        {"{" ID ",'p':{'type':'Property','value':1,'%s':{'type':'Property','value':1}}}",
         500 - sizeof LD_DEFAULT + 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t more = 0; more < 2; more++) {
            char letters[4096] = "";
            memset(letters, 'a', cases[i].most + more);
            Str in = str_fmt(world->ctx.arena, cases[i].format, letters);
            Entity *entity;
            Rc rc = entity_read(&world->ctx, ld_core(), json_of(&world->ctx, in.ptr), ENTITY_WHOLE,
                                &entity);
            if (rc != (more ? RC_INVALID : RC_OK))
                fail_msg("%s, %zu more: %s", cases[i].format, more, rc_name(rc));
        }
    world_free(world);
}

/* As many as an entity has, and one more. */
static void as_many_attributes_are_read_as_an_entity_has(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    for (int more = 0; more < 2; more++) {
        Buf text = buf_new(ctx->arena, 1 << 20);
        buf_add(&text, STR("{\"id\":\"urn:a:b\",\"type\":\"T\""));
        for (int i = 0; i < ENTITY_ATTRS_MAX + more; i++)
            buf_addf(&text, ",\"a%d\":%d", i, i);
        buf_add_char(&text, '}');
        Entity *entity;
        Rc rc = entity_read(ctx, ld_core(), json_from(ctx, buf_str(&text)), ENTITY_WHOLE, &entity);
        assert_int_equal(rc, more ? RC_LIMIT : RC_OK);
        if (rc == RC_OK) assert_int_equal(entity->attrs.len, ENTITY_ATTRS_MAX);
    }
    world_free(world);
}

#define OLD                                                                                        \
    "{" ID ",'p':1,'r':{'object':'urn:a:b'},'l':{'languageMap':{'en':'hi'}},'v':{'vocab':'x'},'j'" \
    ":{'json':{'k':1}},'vl':{'valueList':[1]},'ol':{'objectList':['urn:a:b']},'g':{'type':"        \
    "'Point','coordinates':[1,2]}}"

static const struct {
    const char *in, *lang, *out; /* out: normalized attribute x, NULL: refused */
} simplified[] = {
    {"{'p':7}", "", "{'p':{'type':'Property','value':7}}"},
    {"{'r':'urn:a:c'}", "", "{'r':{'type':'Relationship','object':'urn:a:c'}}"},
    {"{'r':['urn:a:c','urn:a:d']}", "",
     "{'r':{'type':'Relationship','object':['urn:a:c','urn:a:d']}}"},
    {"{'r':'not a uri'}", "", NULL},
    {"{'l':'hola'}", "es", "{'l':{'type':'LanguageProperty','languageMap':{'es':'hola'}}}"},
    {"{'l':'hola'}", "", NULL},
    {"{'l':{'languageMap':{'fr':'salut'}}}", "",
     "{'l':{'type':'LanguageProperty','languageMap':{'fr':'salut'}}}"},
    {"{'v':'go'}", "", "{'v':{'type':'VocabProperty','vocab':'go'}}"},
    {"{'v':{'vocab':'go'}}", "", "{'v':{'type':'VocabProperty','vocab':'go'}}"},
    {"{'j':{'a':2}}", "", "{'j':{'type':'JsonProperty','json':{'a':2}}}"},
    {"{'vl':[9,8]}", "", "{'vl':{'type':'ListProperty','valueList':[9,8]}}"},
    {"{'ol':['urn:a:c']}", "",
     "{'ol':{'type':'ListRelationship','objectList':[{'object':'urn:a:c'}]}}"},
    {"{'g':{'type':'Point','coordinates':[3,4]}}", "",
     "{'g':{'type':'GeoProperty','value':{'type':'Point','coordinates':[3,4]}}}"},
    {"{'vl':5}", "", "{'vl':{'type':'Property','value':5}}"},
    {"{'new':{'type':'x','value':1}}", "",
     "{'new':{'type':'Property','value':{'type':'x','value':1}}}"},
    {"{'p':{'dataset':{'@none':1,'urn:d:1':2}}}", "",
     "{'p':[{'type':'Property','value':1},{'type':'Property','value':2,'datasetId':'urn:d:1'}]}"},
};

static void simplified_values_take_the_kind_they_meet(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof simplified / sizeof *simplified; i++) {
        World *world = world_new();
        Ctx *ctx = &world->ctx;
        Entity *before = entity_of(ctx, OLD, ENTITY_WHOLE), *entity;
        EntityInput input = {
            .context = ld_core(), .before = before, .lang = str_of(simplified[i].lang)};
        Rc rc = entity_read_simplified(ctx, &input, json_of(ctx, simplified[i].in), &entity);
        if (rc != (simplified[i].out ? RC_OK : RC_INVALID))
            fail_msg("%s: %s", simplified[i].in, rc_name(rc));
        if (rc == RC_OK)
            assert_json(ctx, simplified[i].in, rendered(ctx, ld_core(), entity, (RenderOptions){0}),
                        json_of(ctx, simplified[i].out));
        world_free(world);
    }
}

static const char *const damaged[] = {
    "",
    "[]",
    "{",
    "{\"i\":1}",
    "{\"t\":\"T\"}",
    "{\"t\":[1]}",
    "{\"c\":\"x\"}",
    "{\"zz\":1}",
    "{\"z\":1}",
    "{\"v\":-1}",
    "{\"a\":{}}",
    "{\"a\":[1]}",
    "{\"a\":[{}]}",
    "{\"a\":[{\"n\":\"x\",\"k\":99}]}",
    "{\"a\":[{\"n\":\"x\",\"k\":\"y\"}]}",
    "{\"a\":[{\"n\":\"x\",\"t\":1.5}]}",
    "{\"a\":[{\"n\":\"x\",\"q\":1}]}",
    "{\"a\":[{\"n\":\"x\",\"a\":[0]}]}",
    "{\"w\":[-1]}",
    "{\"w\":1}",
};

static void damaged_records_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        World *world = world_new();
        Entity *entity;
        if (entity_decode(&world->ctx, str_of(damaged[i]), &entity) != RC_INVALID)
            fail_msg("%s", damaged[i]);
        world_free(world);
    }
}

static void what_has_ended_is_left_out(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Entity *entity = entity_of(ctx,
                               "{" ID ",'expiresAt':'2030-01-01T00:00:00Z','p':{'value':1},"
                               "'q':{'value':2,'expiresAt':'2020-01-01T00:00:00Z'}}",
                               ENTITY_WHOLE);
    int64_t before, between, after;
    assert_true(time_parse(STR("2019-12-31T23:59:59Z"), &before));
    assert_true(time_parse(STR("2020-01-01T00:00:00Z"), &between));
    assert_true(time_parse(STR("2030-01-01T00:00:00Z"), &after));
    assert_true(entity_expires(entity));
    assert_int_equal(entity_alive(ctx->arena, entity, before)->attrs.len, 2);
    const Entity *left = entity_alive(ctx->arena, entity, between);
    assert_int_equal(left->attrs.len, 1);
    assert_true(str_eq(left->attrs.items[0].name, STR(LD_DEFAULT "p")));
    assert_null(entity_alive(ctx->arena, entity, after));
    assert_false(entity_expires(entity_of(ctx, "{" ID ",'p':{'value':1}}", ENTITY_WHOLE)));
    world_free(world);
}

static void the_stored_form_is_fixed(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Entity *entity = entity_of(ctx,
                               "{'id':'urn:a:b','type':'T','scope':'/"
                               "s','p':{'value':1.50,'unitCode':'MTR','observedAt':'1970-01-01T00:"
                               "00:01Z','s':{'object':'urn:a:c','objectType':'X'}}}",
                               ENTITY_WHOLE);
    entity->created_at = 5;
    entity->version = 9;
    assert_text("bytes", encoded(ctx, entity),
                STR("{\"i\":\"urn:a:b\",\"t\":[\"" LD_DEFAULT
                    "T\"],\"s\":[\"/s\"],\"c\":5,\"v\":9,\"a\":[{\"n\":\"" LD_DEFAULT
                    "p\",\"v\":1.50,\"u\":\"MTR\",\"t\":1000000,"
                    "\"a\":[{\"n\":\"" LD_DEFAULT
                    "s\",\"k\":2,\"v\":\"urn:a:c\",\"o\":[\"" LD_DEFAULT "X\"]}]}]}"));
    world_free(world);
}

static bool seals(const void *arg, Str iri) {
    return str_find(*(const Str *)arg, iri) >= 0;
}

static void split_and_joined_is_the_same(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Entity *entity = entity_of(
        ctx, "{" ID ",'a':1,'b':[{'value':2},{'value':3,'datasetId':'urn:d:1'}],'c':4,'d':5}",
        ENTITY_WHOLE);
    const char *sealed[] = {"",
                            LD_DEFAULT "a",
                            LD_DEFAULT "b",
                            LD_DEFAULT "d",
                            LD_DEFAULT "a " LD_DEFAULT "c",
                            LD_DEFAULT "a " LD_DEFAULT "b " LD_DEFAULT "c " LD_DEFAULT "d"};
    for (size_t i = 0; i < sizeof sealed / sizeof *sealed; i++) {
        Str names = str_of(sealed[i]);
        Entity *clear, *secret;
        entity_split(ctx->arena, entity, &(EntitySealing){seals, &names}, &clear, &secret);
        assert_true((secret != NULL) == (names.len > 0));
        VEC_EACH (Attr, attr, &clear->attrs)
            assert_false(seals(&names, attr->name));
        if (secret) assert_int_equal(entity_decode(ctx, encoded(ctx, secret), &secret), RC_OK);
        Entity *whole = entity_join(ctx->arena, clear, secret);
        assert_text(sealed[i], encoded(ctx, whole), encoded(ctx, entity));
    }
    world_free(world);
}

static void builders_and_short_cuts_agree(void **state) {
    (void)state;
    World *world = world_new();
    Arena *arena = world->ctx.arena;
    Entity *entity = entity_new(arena, STR("urn:a:b"), STR("urn:type"));
    entity_set(arena, entity, STR("urn:n"), json_of_int(5));
    entity_set(arena, entity, STR("urn:n"), json_of_int(6));
    entity_set(arena, entity, STR("urn:s"), json_of_str(STR("text")));
    entity_set_kind(arena, entity, ATTR_RELATIONSHIP, STR("urn:r"), json_of_str(STR("urn:x:y")));
    assert_int_equal(entity->attrs.len, 3);
    assert_int_equal(entity_int(entity, STR("urn:n"), -1), 6);
    assert_int_equal(entity_int(entity, STR("urn:s"), -1), -1);
    assert_int_equal(entity_int(entity, STR("urn:none"), -1), -1);
    assert_text("text", entity_text(entity, STR("urn:s")), STR("text"));
    assert_text("object", entity_text(entity, STR("urn:r")), STR("urn:x:y"));
    assert_true(entity_has_type(entity, STR("urn:type")));
    Entity *copy = entity_dup(arena, entity);
    entity_set(arena, entity, STR("urn:n"), json_of_int(7));
    assert_int_equal(entity_int(copy, STR("urn:n"), -1), 6);
    world_free(world);
}

static void names_follow_the_standard(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool valid;
    } names[] = {
        {"a", true},     {"výška_1", true},       {"公園名", true},       {"ページ", true},
        {"P-TOT", true}, {"ex:name", true},       {"http://a/b#c", true}, {"", false},
        {"9a", false},   {"_a", false},           {"@type", false},       {"a b", false},
        {"a(b", false},  {"a<b", false},          {"a'b", false},         {"a=b", false},
        {"a;b", false},  {"住所（番地）", false}, {"status ", false},     {"\xff", false},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (entity_name_valid(str_of(names[i].name)) != names[i].valid)
            fail_msg("%s", names[i].name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_and_gives_back),
        cmocka_unit_test(what_has_ended_is_left_out),
        cmocka_unit_test(refuses_and_names_the_place),
        cmocka_unit_test(fragments_leave_out_what_they_leave),
        cmocka_unit_test(temporal_instances_may_repeat),
        cmocka_unit_test(one_attribute_is_read_alone),
        cmocka_unit_test(deep_nesting_is_refused_not_followed),
        cmocka_unit_test(names_and_uris_are_bounded),
        cmocka_unit_test(as_many_attributes_are_read_as_an_entity_has),
        cmocka_unit_test(simplified_values_take_the_kind_they_meet),
        cmocka_unit_test(damaged_records_are_refused),
        cmocka_unit_test(the_stored_form_is_fixed),
        cmocka_unit_test(split_and_joined_is_the_same),
        cmocka_unit_test(builders_and_short_cuts_agree),
        cmocka_unit_test(names_follow_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
