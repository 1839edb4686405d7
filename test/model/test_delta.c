/* The fold, the stored form of deltas, split and join, merge and partial update: tables, and
 * generated sequences. */
#include "model_test.h"

#define ID "'id':'urn:a:b','type':'T'"
#define NS LD_DEFAULT

/* ---- tables ---- */

static const struct {
    const char *name, *before, *fragment, *after; /* after NULL: refused */
} merges[] = {
    {"sets a value and keeps the rest", "{" ID ",'p':{'value':1,'unitCode':'MTR','s':2},'w':3}",
     "{'p':{'value':5}}", "{" ID ",'p':{'value':5,'unitCode':'MTR','s':2},'w':3}"},
    {"goes into objects", "{" ID ",'p':{'value':{'a':1,'b':{'c':2,'d':3},'e':4}}}",
     "{'p':{'value':{'b':{'c':'urn:ngsi-ld:null','d':5},'e':'urn:ngsi-ld:null','f':6}}}",
     "{" ID ",'p':{'value':{'a':1,'b':{'d':5},'f':6}}}"},
    {"replaces arrays", "{" ID ",'p':{'value':[1,2]}}", "{'p':{'value':[3]}}",
     "{" ID ",'p':{'value':[3]}}"},
    {"adds an attribute without its nulls", "{" ID "}",
     "{'p':{'value':{'a':1,'b':'urn:ngsi-ld:null'},'s':'urn:ngsi-ld:null','unitCode':'urn:ngsi-ld:"
     "null'}}",
     "{" ID ",'p':{'value':{'a':1}}}"},
    {"merges language maps", "{" ID ",'l':{'languageMap':{'ja':'x','en':'y'}}}",
     "{'l':{'languageMap':{'en':'urn:ngsi-ld:null','fr':'z'}}}",
     "{" ID ",'l':{'languageMap':{'ja':'x','fr':'z'}}}"},
    {"removes the last language with its attribute",
     "{" ID ",'l':{'languageMap':{'ja':'x'}},'p':1}",
     "{'l':{'languageMap':{'ja':'urn:ngsi-ld:null'}}}", "{" ID ",'p':1}"},
    {"merges json literally", "{" ID ",'j':{'json':{'x':1,'n':{'d':3}}}}",
     "{'j':{'json':{'n':{'d':9},'y':null,'z':'urn:ngsi-ld:null'}}}",
     "{" ID ",'j':{'json':{'x':1,'n':{'d':9},'y':null,'z':'urn:ngsi-ld:null'}}}"},
    {"replaces geometries", "{" ID ",'g':{'type':'Point','coordinates':[1,2]}}",
     "{'g':{'type':'LineString','coordinates':[[1,2],[3,4]]}}",
     "{" ID ",'g':{'type':'LineString','coordinates':[[1,2],[3,4]]}}"},
    {"replaces objects of relationships", "{" ID ",'r':{'object':['urn:a:1','urn:a:2']}}",
     "{'r':{'object':'urn:a:3'}}", "{" ID ",'r':{'object':'urn:a:3'}}"},
    {"removes attributes", "{" ID ",'p':1,'w':2}",
     "{'p':'urn:ngsi-ld:null','r':'urn:ngsi-ld:null'}", "{" ID ",'w':2}"},
    {"removes one instance",
     "{" ID ",'p':[1,{'value':2,'datasetId':'urn:d:1'},{'value':3,'datasetId':'urn:d:2'}]}",
     "{'p':{'type':'Property','value':'urn:ngsi-ld:null','datasetId':'urn:d:1'}}",
     "{" ID ",'p':[1,{'value':3,'datasetId':'urn:d:2'}]}"},
    {"appends an instance", "{" ID ",'p':1,'w':2}", "{'p':{'value':3,'datasetId':'urn:d:2'}}",
     "{" ID ",'p':[1,{'value':3,'datasetId':'urn:d:2'}],'w':2}"},
    {"removes a language property by its null", "{" ID ",'l':{'languageMap':{'ja':'x'}}}",
     "{'l':{'type':'LanguageProperty','languageMap':{'@none':'urn:ngsi-ld:null'}}}", "{" ID "}"},
    {"sub-attributes: set, add, remove", "{" ID ",'p':{'value':1,'a':1,'b':2}}",
     "{'p':{'a':3,'b':'urn:ngsi-ld:null','c':4}}", "{" ID ",'p':{'value':1,'a':3,'c':4}}"},
    {"sets and removes members",
     "{" ID ",'p':{'value':1,'unitCode':'MTR','observedAt':'2025-01-01T00:00:00Z'}}",
     "{'p':{'unitCode':'urn:ngsi-ld:null','observedAt':'2025-01-02T00:00:00Z'}}",
     "{" ID ",'p':{'value':1,'observedAt':'2025-01-02T00:00:00Z'}}"},
    {"removes observedAt", "{" ID ",'p':{'value':1,'observedAt':'2025-01-01T00:00:00Z'}}",
     "{'p':{'observedAt':'urn:ngsi-ld:null'}}", "{" ID ",'p':1}"},
    {"adds types, sets scopes", "{" ID ",'scope':['/a','/b']}", "{'type':'U','scope':'/c'}",
     "{'id':'urn:a:b','type':['T','U'],'scope':'/c'}"},
    {"removes scopes and expiry", "{" ID ",'scope':'/a','expiresAt':'2030-01-01T00:00:00Z'}",
     "{'scope':'urn:ngsi-ld:null','expiresAt':'urn:ngsi-ld:null'}", "{" ID "}"},
    {"refuses another kind", "{" ID ",'r':{'object':'urn:a:1'}}", "{'r':5}", NULL},
    {"refuses a new attribute without value", "{" ID "}",
     "{'p':{'observedAt':'2025-01-01T00:00:00Z'}}", NULL},
    {"refuses nulls inside arrays", "{" ID ",'p':{'value':1}}",
     "{'p':{'value':['urn:ngsi-ld:null',1]}}", NULL},
};

static const Json *concise(Ctx *ctx, const Entity *entity) {
    return rendered(ctx, ld_core(), entity, (RenderOptions){.format = RENDER_CONCISE});
}

static void merges_as_the_standard_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
        World *world = world_new();
        Ctx *ctx = &world->ctx;
        Entity *before = entity_of(ctx, merges[i].before, ENTITY_WHOLE), *after;
        Entity *fragment = entity_of(ctx, merges[i].fragment, ENTITY_FRAGMENT);
        Str kept = encoded(ctx, before);
        Delta *delta;
        Rc rc = delta_merge(ctx, before, fragment, &delta);
        if (rc != (merges[i].after ? RC_OK : RC_INVALID))
            fail_msg("%s: %s", merges[i].name, rc_name(rc));
        assert_text(merges[i].name, encoded(ctx, before), kept);
        if (rc == RC_OK) {
            after = delta_fold(ctx->arena, before, delta, 2, 200);
            assert_json(ctx, merges[i].name, concise(ctx, after),
                        concise(ctx, entity_of(ctx, merges[i].after, ENTITY_WHOLE)));
        }
        world_free(world);
    }
}

static const struct {
    const char *name, *before, *attr, *fragment, *after;
    Rc rc;
} partials[] = {
    {"replaces the value whole", "{" ID ",'p':{'value':{'a':1,'b':2},'unitCode':'MTR'}}", "p",
     "{'value':{'a':3}}", "{" ID ",'p':{'value':{'a':3},'unitCode':'MTR'}}", RC_OK},
    {"replaces a language map whole", "{" ID ",'l':{'languageMap':{'ja':'x','en':'y'}}}", "l",
     "{'languageMap':{'fr':'z'}}", "{" ID ",'l':{'languageMap':{'fr':'z'}}}", RC_OK},
    {"sets observedAt alone", "{" ID ",'p':1}", "p", "{'observedAt':'2025-01-01T00:00:00Z'}",
     "{" ID ",'p':{'value':1,'observedAt':'2025-01-01T00:00:00Z'}}", RC_OK},
    {"replaces and removes sub-attributes",
     "{" ID ",'p':{'value':1,'a':{'value':1,'x':1},'b':2,'c':3}}", "p",
     "{'a':{'value':2},'b':'urn:ngsi-ld:null'}", "{" ID ",'p':{'value':1,'a':2,'c':3}}", RC_OK},
    {"removes by null", "{" ID ",'p':1,'w':2}", "p",
     "{'type':'Property','value':'urn:ngsi-ld:null'}", "{" ID ",'w':2}", RC_OK},
    {"meets one instance", "{" ID ",'p':[1,{'value':2,'datasetId':'urn:d:1'}]}", "p",
     "{'value':3,'datasetId':'urn:d:1'}", "{" ID ",'p':[1,{'value':3,'datasetId':'urn:d:1'}]}",
     RC_OK},
    {"misses an instance", "{" ID ",'p':1}", "p", "{'value':3,'datasetId':'urn:d:1'}", NULL,
     RC_NOT_FOUND},
    {"misses an attribute", "{" ID ",'p':1}", "w", "{'value':3}", NULL, RC_NOT_FOUND},
    {"refuses another kind", "{" ID ",'p':1}", "p", "{'object':'urn:a:b'}", NULL, RC_INVALID},
    {"refuses nulls inside values", "{" ID ",'p':{'value':{'a':1}}}", "p",
     "{'value':{'a':'urn:ngsi-ld:null'}}", NULL, RC_INVALID},
};

static void partial_updates_replace_members(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof partials / sizeof *partials; i++) {
        World *world = world_new();
        Ctx *ctx = &world->ctx;
        Entity *before = entity_of(ctx, partials[i].before, ENTITY_WHOLE), *after;
        Attrs fragment = {0};
        Str iri = ld_expand(ld_core(), ctx->arena, str_of(partials[i].attr));
        assert_int_equal(
            entity_read_attr(
                ctx, &(EntityInput){.context = ld_core(), .form = ENTITY_FRAGMENT, .iri = iri},
                json_of(ctx, partials[i].fragment), &fragment),
            RC_OK);
        Delta *delta;
        Rc rc = delta_partial(ctx, before, &fragment, &delta);
        if (rc != partials[i].rc) fail_msg("%s: %s", partials[i].name, rc_name(rc));
        if (rc == RC_OK) {
            after = delta_fold(ctx->arena, before, delta, 2, 200);
            assert_json(ctx, partials[i].name, concise(ctx, after),
                        concise(ctx, entity_of(ctx, partials[i].after, ENTITY_WHOLE)));
        }
        world_free(world);
    }
}

static Delta put_of(const Entity *entity) {
    return (Delta){.op = DELTA_PUT, .id = entity->id, .after = (Entity *)entity};
}

static void times_move_only_where_content_does(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Delta put = put_of(entity_of(ctx, "{" ID ",'p':{'value':1,'s':1},'w':1}", ENTITY_WHOLE));
    Entity *first, *second, *third, *gone;
    first = delta_fold(ctx->arena, NULL, &put, 1, 100);
    assert_int_equal(first->created_at, 100);
    assert_int_equal(first->attrs.items[0].created_at, 100);
    Delta *change = delta_change(ctx->arena, STR("urn:a:b"),
                                 entity_of(ctx, "{'p':{'value':2,'s':1},'w':1.0}", ENTITY_ATTRS));
    second = delta_fold(ctx->arena, first, change, 2, 200);
    assert_int_equal(second->created_at, 100);
    assert_int_equal(second->modified_at, 200);
    assert_int_equal(second->version, 2);
    assert_int_equal(entity_attr(second, STR(NS "p"))->created_at, 100);
    assert_int_equal(entity_attr(second, STR(NS "p"))->modified_at, 200);
    assert_int_equal(entity_attr(second, STR(NS "p"))->subs.items[0].modified_at, 100);
    assert_int_equal(entity_attr(second, STR(NS "w"))->modified_at, 100);
    assert_int_equal(first->attrs.items[0].modified_at, 100);
    Delta again = put_of(entity_of(ctx, "{" ID ",'p':{'value':2,'s':1},'r':1}", ENTITY_WHOLE));
    third = delta_fold(ctx->arena, second, &again, 3, 300);
    assert_int_equal(third->created_at, 100);
    assert_int_equal(entity_attr(third, STR(NS "p"))->modified_at, 200);
    assert_int_equal(entity_attr(third, STR(NS "r"))->created_at, 300);
    assert_null(entity_attr(third, STR(NS "w")));
    Delta end = {.op = DELTA_DELETE, .id = STR("urn:a:b")};
    gone = delta_fold(ctx->arena, third, &end, 4, 400);
    assert_null(gone);
    world_free(world);
}

static void the_newest_observation_is_current(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Delta record = put_of(entity_of(ctx,
                                    "{" ID ",'p':[{'value':1,'observedAt':'2025-01-01T00:00:00Z'},{"
                                    "'value':3,'observedAt':'2025-01-03T00:00:00Z'},"
                                    "{'value':2,'observedAt':'2025-01-02T00:00:00Z'},{'value':9,'"
                                    "datasetId':'urn:d:1','observedAt':'2025-01-01T00:00:00Z'}]}",
                                    ENTITY_TEMPORAL));
    record.op = DELTA_RECORD;
    Entity *now, *later;
    now = delta_fold(ctx->arena, NULL, &record, 1, 100);
    assert_int_equal(now->attrs.len, 2);
    assert_int_equal(entity_int(now, STR(NS "p"), 0), 3);
    assert_true(entity_has_type(now, STR(NS "T")));
    Delta older = put_of(
        entity_of(ctx, "{'p':[{'value':7,'observedAt':'2025-01-02T12:00:00Z'}]}", ENTITY_TEMPORAL));
    older.op = DELTA_RECORD;
    later = delta_fold(ctx->arena, now, &older, 2, 200);
    assert_int_equal(entity_int(later, STR(NS "p"), 0), 3);
    assert_int_equal(later->modified_at, 100);
    assert_int_equal(later->version, 2);
    Delta corrected = put_of(
        entity_of(ctx, "{'p':[{'value':4,'observedAt':'2025-01-03T00:00:00Z'}]}", ENTITY_TEMPORAL));
    corrected.op = DELTA_RECORD;
    now = delta_fold(ctx->arena, later, &corrected, 3, 300);
    assert_int_equal(entity_int(now, STR(NS "p"), 0), 4);
    assert_int_equal(now->modified_at, 300);
    world_free(world);
}

static void the_stored_form_is_fixed(void **state) {
    (void)state;
    World *world = world_new();
    Ctx *ctx = &world->ctx;
    Delta *delta = delta_change(
        ctx->arena, STR("urn:a:b"),
        entity_of(ctx, "{'p':1,'w':'urn:ngsi-ld:null','scope':'urn:ngsi-ld:null'}", ENTITY_ATTRS));
    delta->replaces = 7;
    Buf to = buf_new(ctx->arena, 1 << 20);
    delta_encode(&to, delta);
    assert_text("bytes", buf_str(&to),
                STR("{\"o\":1,\"i\":\"urn:a:b\",\"p\":7,\"s\":1,\"r\":[{\"n\":\"" NS
                    "w\"},{\"n\":\"scope\"}],\"e\":{\"a\":[{\"n\":\"" NS "p\",\"v\":1}]}}"));
    static const char *const damaged[] = {"",
                                          "{}",
                                          "[]",
                                          "{\"o\":0,\"i\":\"x\"}",
                                          "{\"o\":9}",
                                          "{\"o\":1,\"r\":1}",
                                          "{\"o\":1,\"r\":[{}]}",
                                          "{\"o\":1,\"e\":1}",
                                          "{\"o\":1,\"p\":-1}"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        Delta *out;
        if (delta_decode(ctx, str_of(damaged[i]), &out) != RC_INVALID) fail_msg("%s", damaged[i]);
    }
    world_free(world);
}

/* ---- generated sequences ---- */

enum { NAMES = 6, DATASETS = 3, SEALED_FROM = 3 };
static const char *const names[NAMES] = {NS "a", NS "b", NS "c", NS "d", NS "e", NS "f"};
static const char *const datasets[DATASETS] = {"", "urn:d:1", "urn:d:2"};

static bool is_sealed(const void *arg, Str iri) {
    const char *from = arg;
    return str_cmp(iri, str_of(from)) >= 0;
}

static Json some_value(Ctx *ctx) {
    uint64_t pick = rand_below(ctx->rand, 4);
    if (pick == 0) return json_of_int((int64_t)rand_below(ctx->rand, 5));
    if (pick == 1) return json_of_str(rand_id(ctx->rand, ctx->arena, 4));
    if (pick == 2) return json_of_number(0.5 + (double)rand_below(ctx->rand, 4));
    JsonMember *member = NEW(ctx->arena, JsonMember);
    *member = (JsonMember){STR("k"), json_of_bool(rand_below(ctx->rand, 2))};
    return json_of_members(member, 1);
}

static Attr some_attr(Ctx *ctx, const char *name, const char *dataset, bool observed) {
    Entity *holder = entity_new(ctx->arena, STR("urn:x:x"), STR_NONE);
    Attr attr = *entity_set(ctx->arena, holder, str_of(name), some_value(ctx));
    attr.dataset_id = str_of(dataset);
    if (observed) attr.observed_at = (int64_t)rand_below(ctx->rand, 50) * TIME_HOUR;
    if (rand_below(ctx->rand, 4) == 0)
        vec_push(ctx->arena, &attr.subs,
                 *entity_set(ctx->arena, holder, STR(NS "sub"),
                             json_of_int((int64_t)rand_below(ctx->rand, 3))));
    return attr;
}

/* Attributes in an order of chance, instances of a name together, the default one first. */
static Entity *some_entity(Ctx *ctx, bool record) {
    Entity *entity = entity_new(ctx->arena, STR("urn:x:1"), STR(NS "T"));
    uint64_t start = rand_below(ctx->rand, NAMES);
    for (uint64_t n = 0; n < NAMES; n++) {
        if (rand_below(ctx->rand, 2)) continue;
        for (int d = 0; d < DATASETS; d++)
            for (uint64_t times = record ? rand_below(ctx->rand, 3) : rand_below(ctx->rand, 2);
                 times > 0; times--)
                vec_push(ctx->arena, &entity->attrs,
                         some_attr(ctx, names[(start + n * 5) % NAMES], datasets[d], record));
    }
    if (rand_below(ctx->rand, 3) == 0) vec_push(ctx->arena, &entity->scopes, STR("/s"));
    return entity;
}

static Delta *some_delta(Ctx *ctx, const Entity *before) {
    static const DeltaOp ops[] = {DELTA_PUT,    DELTA_CHANGE, DELTA_CHANGE, DELTA_CHANGE,
                                  DELTA_RECORD, DELTA_RECORD, DELTA_DELETE};
    Delta *delta = NEW(ctx->arena, Delta);
    delta->op = before ? ops[rand_below(ctx->rand, 7)] : DELTA_PUT;
    delta->id = STR("urn:x:1");
    delta->replaces = before ? before->version : 0;
    if (delta->op != DELTA_DELETE) delta->after = some_entity(ctx, delta->op == DELTA_RECORD);
    if (delta->op == DELTA_CHANGE) {
        delta->set_scopes = rand_below(ctx->rand, 2);
        for (uint64_t i = rand_below(ctx->rand, 3); i > 0; i--)
            vec_push(ctx->arena, &delta->removed,
                     (DeltaRemoval){str_of(names[rand_below(ctx->rand, NAMES)]),
                                    str_of(datasets[rand_below(ctx->rand, DATASETS)]),
                                    rand_below(ctx->rand, 4) == 0});
        if (rand_below(ctx->rand, 5) == 0) delta->after = NULL;
    }
    return delta;
}

static Str delta_text(Ctx *ctx, const Delta *delta) {
    Buf to = buf_new(ctx->arena, 64 << 20);
    delta_encode(&to, delta);
    return buf_str(&to);
}

static Delta *stored_and_back(Ctx *ctx, const Delta *delta) {
    Delta *back;
    if (delta_decode(ctx, delta_text(ctx, delta), &back) != RC_OK)
        fail_msg(STR_FMT, STR_ARG(ctx->error.path));
    return back;
}

/* Instances of a name stand together, each datasetId once, the default one first; times are in
 * order. */
static void check_entity(const Entity *entity) {
    for (size_t i = 0; i < entity->attrs.len; i++) {
        const Attr *attr = &entity->attrs.items[i];
        size_t n;
        const Attr *first = entity_attr_all(entity, attr->name, &n);
        assert_true(attr >= first && attr < first + n);
        assert_ptr_equal(entity_attr_dataset(entity, attr->name, attr->dataset_id), attr);
        assert_true(attr == first || attr->dataset_id.len > 0);
        assert_true(attr->created_at <= attr->modified_at &&
                    attr->modified_at <= entity->modified_at);
        assert_true(entity->created_at <= attr->created_at);
    }
}

static void generated_sequences_keep_the_laws(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        World *world = world_new();
        Ctx *ctx = &world->ctx;
        world->rand = rand_seeded(seed);
        Entity *now = NULL;
        for (uint64_t step = 1; step <= 30; step++) {
            Delta *delta = some_delta(ctx, now);
            Str whole = delta_text(ctx, delta), kept = now ? encoded(ctx, now) : STR_NONE;
            assert_text("encode, decode", delta_text(ctx, stored_and_back(ctx, delta)), whole);
            Delta *clear, *secret;
            EntitySealing sealing = {is_sealed, names[rand_below(ctx->rand, NAMES)]};
            delta_split(ctx->arena, delta, &sealing, &clear, &secret);
            Delta *joined = delta_join(ctx->arena, stored_and_back(ctx, clear),
                                       secret ? stored_and_back(ctx, secret) : NULL);
            Entity *next, *other;
            next = delta_fold(ctx->arena, now, delta, step, (int64_t)step * 100);
            other = delta_fold(ctx->arena, now, joined, step, (int64_t)step * 100);
            if (now) assert_text("the fold leaves the former state alone", encoded(ctx, now), kept);
            assert_true((next == NULL) == (delta->op == DELTA_DELETE));
            if (next) {
                check_entity(next);
                assert_text("split, stored, joined, folded", encoded(ctx, other),
                            encoded(ctx, next));
                assert_int_equal(entity_decode(ctx, encoded(ctx, next), &now), RC_OK);
            } else {
                now = NULL;
            }
        }
        world_free(world);
    }
}

/* Whatever order readings come in, the newest of each instance is current; of the same instant the
 * last said. */
static void readings_commute(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        World *world = world_new();
        Ctx *ctx = &world->ctx;
        world->rand = rand_seeded(seed);
        int64_t newest = INT64_MIN, value = 0;
        Entity *now = NULL;
        for (int step = 1; step <= 40; step++) {
            Entity *reading = entity_new(ctx->arena, STR("urn:x:1"), STR(NS "T"));
            Attr *attr = entity_set(ctx->arena, reading, STR(NS "a"), json_of_int(step));
            attr->observed_at = (int64_t)rand_below(ctx->rand, 100);
            if (attr->observed_at >= newest) {
                newest = attr->observed_at;
                value = step;
            }
            Delta delta = {.op = DELTA_RECORD, .id = reading->id, .after = reading};
            now = delta_fold(ctx->arena, now, &delta, (uint64_t)step, step);
        }
        assert_int_equal(entity_int(now, STR(NS "a"), -1), value);
        assert_int_equal(now->attrs.items[0].observed_at, newest);
        world_free(world);
    }
}

/* ---- many ---- */

static const Json *number(Arena *arena, int64_t value) {
    Json *json = NEW(arena, Json);
    *json = json_of_int(value);
    return json;
}

/* Instances of few names and datasets, in no order; or each of a name of its own. */
static Attrs instances(World *world, size_t n, bool distinct) {
    Arena *arena = world->ctx.arena;
    Attrs attrs = {0};
    for (size_t i = 0; i < n; i++) {
        uint64_t name = distinct ? i : rand_u64(&world->rand) % 40;
        uint64_t dataset = distinct ? 0 : rand_u64(&world->rand) % 4;
        Attr attr = {.name = str_fmt(arena, NS "a%llu", (unsigned long long)name),
                     .value = number(arena, (int64_t)(rand_u64(&world->rand) % 3)),
                     .observed_at = TIME_NONE,
                     .created_at = TIME_NONE,
                     .modified_at = TIME_NONE,
                     .deleted_at = TIME_NONE,
                     .expires_at = TIME_NONE};
        if (dataset) attr.dataset_id = str_fmt(arena, "urn:d:%llu", (unsigned long long)dataset);
        vec_push(arena, &attrs, attr);
    }
    return attrs;
}

static const Entity *fold(World *world, const Entity *before, Delta *delta) {
    return delta_fold(world->ctx.arena, before, delta, 9, world->clock.fixed);
}

/* Few are looked for one by one, many by their index: the state must not tell which. */
static void many_at_once_are_as_one_by_one(void **state) {
    (void)state;
    for (size_t round = 0; round < 60; round++) {
        World *world = world_new();
        Arena *arena = world->ctx.arena;
        Entity *blank = entity_new(arena, STR("urn:a:b"), STR(NS "T")), *after = NULL;
        DeltaOp op = round % 2 ? DELTA_RECORD : DELTA_CHANGE;
        world->rand = rand_seeded(round + 1);
        const Entity *whole = blank, *single = blank;
        for (size_t step = 0; step < 3; step++) {
            after = entity_new(arena, STR("urn:a:b"), STR_NONE);
            after->attrs = instances(world, 20 + 40 * (round % 3), false);
            Delta all = {.op = op, .id = STR("urn:a:b"), .after = after};
            for (size_t i = 0; op == DELTA_CHANGE && i < 10 * step; i++) {
                Attr gone = instances(world, 1, false).items[0];
                DeltaRemoval removal = {gone.name, gone.dataset_id, i % 5 == 0};
                if (removal.all) removal.dataset_id = STR_NONE;
                vec_push(arena, &all.removed, removal);
                Delta one = {.op = op, .id = all.id};
                vec_push(arena, &one.removed, removal);
                single = fold(world, single, &one);
            }
            whole = fold(world, whole, &all);
            for (size_t i = 0; i < after->attrs.len; i++) {
                Entity alone = *after;
                alone.attrs = (Attrs){.items = &after->attrs.items[i], .len = 1, .cap = 1};
                single = fold(world, single, &(Delta){.op = op, .id = all.id, .after = &alone});
            }
            assert_true(str_eq(encoded(&world->ctx, whole), encoded(&world->ctx, single)));
        }
        world_free(world);
    }
}

/* Were one of these quadratic, the test would run into its time. */
static void many_are_changed_and_merged_in_linear_time(void **state) {
    (void)state;
    enum { MANY = 40000 };
    World *world = world_new();
    Arena *arena = world->ctx.arena;
    Entity *after = entity_new(arena, STR("urn:a:b"), STR(NS "T"));
    after->attrs = instances(world, MANY, true);
    Delta put = {.op = DELTA_PUT, .id = after->id, .after = after},
          change = {.op = DELTA_CHANGE, .id = after->id, .after = after}, *merged;
    const Entity *before = fold(world, NULL, &put);
    VEC_EACH (Attr, attr, &after->attrs)
        if (attr->name.ptr[attr->name.len - 1] == '7')
            vec_push(arena, &change.removed, (DeltaRemoval){.name = attr->name});
    assert_int_equal(fold(world, before, &change)->attrs.len, MANY);
    assert_int_equal(delta_merge(&world->ctx, before, after, &merged), RC_OK);
    assert_int_equal(merged->after->attrs.len, MANY);

    Entity *deep = entity_new(arena, STR("urn:a:b"), STR(NS "T"));
    JsonMembers keys = {0};
    VEC_EACH (Attr, attr, &after->attrs)
        vec_push(arena, &keys, (JsonMember){attr->name, *attr->value});
    Json object = json_of_members(keys.items, keys.len);
    entity_set(arena, deep, STR(NS "p"), object)->subs = after->attrs;
    assert_int_equal(delta_merge(&world->ctx, deep, deep, &merged), RC_OK);
    assert_int_equal(merged->after->attrs.items[0].value->len, MANY);
    assert_int_equal(merged->after->attrs.items[0].subs.len, MANY);
    assert_int_equal(fold(world, deep, merged)->attrs.items[0].subs.len, MANY);
    world_free(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_as_the_standard_says),
        cmocka_unit_test(partial_updates_replace_members),
        cmocka_unit_test(times_move_only_where_content_does),
        cmocka_unit_test(the_newest_observation_is_current),
        cmocka_unit_test(the_stored_form_is_fixed),
        cmocka_unit_test(generated_sequences_keep_the_laws),
        cmocka_unit_test(readings_commute),
        cmocka_unit_test(many_at_once_are_as_one_by_one),
        cmocka_unit_test(many_are_changed_and_merged_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
