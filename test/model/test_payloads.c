/* Published example payloads (49 files of ../shared/data): read and given back equal, or refused
 * with the member at fault. */
#include "model_test.h"

#include <dirent.h>

/* The files that are refused, where, and why; all others must be taken. */
static const struct {
    const char *file, *path, *why;
} refused[] = {
    {"Device.DeviceMeasurement", "location.type",
     "location as a Property: clause 4.7.1 binds it to a GeoProperty"},
    {"Environment.FloodMonitoring", "floodLevelStatus.type",
     "\"type\": \"string\" is no kind of attribute"},
    {"Environment.PhreaticObserved", "depth.observedAt", "2020-03-17TT08:45:00Z is no time"},
    {"Environment.WaterObserved", "dateObserved.object", "a time as the object of a Relationship"},
    {"OpenChannelManagement.OpenChannel", "location.type", "\"Georoperty\""},
    {"RiskManagement.Hazard", "createsLayers.object", "a Property that has an object and no value"},
    {"Transportation.CityWork", "workDisposition.tramwayImpacted.type",
     "\"Property \", with a blank"},
    {"Transportation.Vehicle", "battery.observedAt",
     "a time with an offset: clause 4.6.3 wants UTC with Z"},
    {"Weather.SeaConditions", "location.type",
     "location as a Property: clause 4.7.1 binds it to a GeoProperty"},
    {"Weather.WeatherForecast", "id",
     "\"Spain-WeatherForecast-46005_...\" is no URI: a scheme has no '_'"},
};

static Str samples(Ctx *ctx) {
    const char *folder = getenv("MACHI_SAMPLES");
    return str_fmt(ctx->arena, "%s/ngsi-ld", folder && *folder ? folder : "../shared/data");
}

static Str file_text(Ctx *ctx, Str path) {
    FILE *file = fopen(str_z(ctx->arena, path), "rb");
    if (!file) fail_msg("cannot read " STR_FMT, STR_ARG(path));
    Buf text = buf_new(ctx->arena, 1 << 20);
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        buf_add_bytes(&text, part, n);
    fclose(file);
    assert_int_equal(buf_rc(&text), RC_OK);
    return buf_str(&text);
}

/* The context of the file's domain, which the payload names by its address on the net. */
static const LdContext *context_of(Ctx *ctx, LdCache *cache, Str folder, Str name) {
    Str domain = str_sub(name, 0, (size_t)str_find_char(name, '.'));
    Str path = str_fmt(ctx->arena, STR_FMT "/contexts/" STR_FMT ".context.jsonld", STR_ARG(folder),
                       STR_ARG(domain));
    const Json *document = json_from(ctx, file_text(ctx, path));
    const LdContext *context;
    if (ld_context_resolve(ctx, cache, json_get(document, STR("@context")), false, &context) !=
        RC_OK)
        fail_msg("the context of " STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(ctx->error.detail));
    return context;
}

static const char *refused_at(Str name) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (str_starts(name, str_of(refused[i].file))) return refused[i].path;
    return NULL;
}

/* The payload without its @context. */
static const Json *bare(Ctx *ctx, const Json *payload) {
    JsonMembers members = {0};
    for (uint32_t i = 0; i < payload->len; i++)
        if (!str_eq(payload->value.members[i].name, STR("@context")))
            vec_push(ctx->arena, &members, payload->value.members[i]);
    Json *json = NEW(ctx->arena, Json);
    *json = json_of_members(members.items, members.len);
    return json;
}

static void check_file(Ctx *ctx, LdCache *cache, Str folder, Str name) {
    Str path = str_fmt(ctx->arena, STR_FMT "/payloads/" STR_FMT, STR_ARG(folder), STR_ARG(name));
    const Json *payload = json_from(ctx, file_text(ctx, path));
    const LdContext *context = context_of(ctx, cache, folder, name);
    Entity *entity;
    Rc rc = entity_read(ctx, context, payload, ENTITY_WHOLE, &entity);
    const char *expected = refused_at(name), *label = str_z(ctx->arena, name);
    if (expected) {
        if (rc != RC_INVALID) fail_msg("%s is not refused", label);
        assert_text(label, ctx->error.path, str_of(expected));
    } else {
        if (rc != RC_OK)
            fail_msg("%s at " STR_FMT ": " STR_FMT, label, STR_ARG(ctx->error.path),
                     STR_ARG(ctx->error.detail));
        Entity *again;
        assert_int_equal(entity_decode(ctx, encoded(ctx, entity), &again), RC_OK);
        assert_json(ctx, label, rendered(ctx, context, again, (RenderOptions){0}),
                    bare(ctx, payload));
    }
    ld_context_release(context);
}

static void payloads_come_back_equal_or_are_refused_where_they_are_wrong(void **state) {
    (void)state;
    World *world = world_new();
    LdCache *cache = ld_cache_new((LdCacheOptions){.max_count = 100});
    Str folder = samples(&world->ctx);
    DIR *dir = opendir(
        str_z(world->ctx.arena, str_fmt(world->ctx.arena, STR_FMT "/payloads", STR_ARG(folder))));
    assert_non_null(dir);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        Str name = str_dup(world->ctx.arena, str_of(entry->d_name));
        if (!str_ends(name, STR(".jsonld"))) continue;
        check_file(&world->ctx, cache, folder, name);
        count++;
    }
    closedir(dir);
    assert_int_equal(count, 49);
    ld_cache_free(cache);
    world_free(world);
}

int main(void) {
    World *world = world_new();
    DIR *dir = opendir(str_z(world->ctx.arena, samples(&world->ctx)));
    world_free(world);
    if (!dir) {
        fprintf(stderr, "skipped: there are no samples; set MACHI_SAMPLES to their folder\n");
        return 77;
    }
    closedir(dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_come_back_equal_or_are_refused_where_they_are_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
