/* control_city: what the running server does for the subcommands. */
#include "city_int.h"
#include "place.h"

Rc inside_of(Ctx *ctx, Tenant *tenant, Inside *inside) {
    *inside = (Inside){.ctx = *ctx};
    TRY(reader_open(ctx, ledger_store(tenant->ledger), &inside->db));
    inside->ctx.tenant = tenant;
    inside->ctx.db = inside->db;
    inside->ctx.actor = (Actor *)gate_operator_actor();
    return RC_OK;
}

Rc inside_begin(Ctx *ctx, City *city, const Json *request, Inside *inside) {
    Str name = json_get_str(request, "tenant");
    Tenant *tenant = city_tenant(city, name);
    if (tenant) return inside_of(ctx, tenant, inside);
    return ctx_fail(ctx, RC_NOT_FOUND, "no-tenant", STR("tenant"),
                    "There is no tenant \"" STR_FMT "\".", STR_ARG(name));
}

void inside_end(Ctx *ctx, Inside *inside) {
    ctx->error = inside->ctx.error;
    reader_close(inside->db);
}

const Json *control_member(Arena *arena, const char *name, Str value) {
    JsonMember *member = NEW(arena, JsonMember);
    Json *json = NEW(arena, Json);
    *member = (JsonMember){str_of(name), json_of_str(value)};
    *json = json_of_members(member, 1);
    return json;
}

/* ---- tenant ---- */

const Json *control_list(Arena *arena, const char *name, const JsonItems *items) {
    JsonMember *member = NEW(arena, JsonMember);
    Json *json = NEW(arena, Json);
    *member = (JsonMember){str_of(name), json_of_items(items->items, items->len)};
    *json = json_of_members(member, 1);
    return json;
}

static Rc tenant_list(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                      const Json **result) {
    City *city = arg;
    JsonItems items = {0};
    (void)request;
    (void)reply;
    for (size_t i = 0; i < city->tenant_count; i++) {
        const Tenant *tenant = city->tenants[i];
        JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, 3);
        members[0] = (JsonMember){STR("name"), json_of_str(tenant->name)};
        members[1] = (JsonMember){STR("folder"), json_of_str(tenant->folder)};
        members[2] = (JsonMember){STR("leaves"), json_of_int((int64_t)ledger_head(tenant->ledger))};
        vec_push(ctx->arena, &items, json_of_members(members, 3));
    }
    *result = control_list(ctx->arena, "tenants", &items);
    return RC_OK;
}

static Rc tenant_add(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                     const Json **result) {
    Str folder;
    (void)reply;
    TRY(city_add_tenant(ctx, arg, json_get_str(request, "name"), &folder));
    *result = control_member(ctx->arena, "folder", folder);
    return RC_OK;
}

/* The one that is worked on. */
static Rc named_begin(Ctx *ctx, City *city, const Json *request, Inside *inside) {
    Str name = json_get_str(request, "name");
    Tenant *tenant = city_tenant(city, name);
    if (tenant) return inside_of(ctx, tenant, inside);
    return ctx_fail(ctx, RC_NOT_FOUND, "no-tenant", STR("tenant"),
                    "There is no tenant \"" STR_FMT "\".", STR_ARG(name));
}

static Rc tenant_reclassify(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                            const Json **result) {
    Inside inside;
    StrVec types = {0};
    JsonItems items = {0};
    (void)reply;
    TRY(named_begin(ctx, arg, request, &inside));
    CommandHead head = {.kind = STR("tenant.reclassify"),
                        .actor = gate_operator_actor()->id,
                        .channel = STR("cli")};
    Rc rc = ledger_reclassify(&inside.ctx, inside.ctx.tenant->ledger, &head, &types);
    inside_end(ctx, &inside);
    TRY(rc);
    VEC_EACH (const Str, iri, &types)
        vec_push(ctx->arena, &items, json_of_str(*iri));
    *result = control_list(ctx->arena, "types", &items);
    return RC_OK;
}

static Rc tenant_rekey(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                       const Json **result) {
    City *city = arg;
    Inside inside;
    uint64_t keys;
    (void)reply;
    Str name = json_get_str(request, "name");
    TRY(named_begin(ctx, city, request, &inside));
    CommandHead head = {
        .kind = STR("tenant.rekey"), .actor = gate_operator_actor()->id, .channel = STR("cli")};
    Rc rc = ledger_rekey(&inside.ctx, inside.ctx.tenant->ledger, &head, &keys);
    inside_end(ctx, &inside);
    TRY(rc);
    PlaceRoots roots = {city->options.data, city->options.keys, city->options.witness};
    JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, 2);
    members[0] = (JsonMember){STR("keys"), json_of_int((int64_t)keys)};
    members[1] = (JsonMember){STR("file"), json_of_str(place_of(ctx->arena, &roots, name).key)};
    Json *json = NEW(ctx->arena, Json);
    *json = json_of_members(members, 2);
    *result = json;
    return RC_OK;
}

/* ---- projections ---- */

static Json asides_json(Arena *arena, const AsideEvents *aside) {
    JsonItems items = {0};
    VEC_EACH (const AsideEvent, one, aside) {
        Str by = str_eq(one->follower, STR("*")) ? STR("all") : one->follower;
        vec_push(arena, &items,
                 json_of_str(str_fmt(arena, "leaf %llu, by " STR_FMT ": " STR_FMT,
                                     (unsigned long long)one->position, STR_ARG(by),
                                     STR_ARG(one->why))));
    }
    return json_of_items(items.items, items.len);
}

static Json report_json(Arena *arena, const Tenant *tenant, const ProjectReport *report) {
    const JsonMember members[] = {
        {STR("name"), json_of_str(tenant->name)},
        {STR("position"), json_of_int((int64_t)report->position)},
        {STR("followers"), json_of_int((int64_t)report->followers)},
        {STR("rows"), json_of_int((int64_t)report->rows)},
        {STR("entities"), json_of_int((int64_t)report->entities)},
        {STR("differences"), json_of_int((int64_t)report->differences)},
        {STR("first"), json_of_str(report->first)},
        {STR("aside"), asides_json(arena, &report->aside)},
    };
    enum { MEMBERS = sizeof members / sizeof *members };
    JsonMember *kept = NEW_ARRAY(arena, JsonMember, MEMBERS);
    for (size_t i = 0; i < MEMBERS; i++)
        kept[i] = members[i];
    return json_of_members(kept, MEMBERS);
}

static Rc projections(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                      const Json **result) {
    City *city = arg;
    JsonItems items = {0};
    (void)request;
    (void)reply;
    for (size_t i = 0; i < city->tenant_count; i++) {
        Tenant *tenant = city->tenants[i];
        Inside inside;
        ProjectReport report;
        TRY(inside_of(ctx, tenant, &inside));
        Rc rc = project_verify(&inside.ctx, tenant->project, &report);
        inside_end(ctx, &inside);
        TRY(rc);
        vec_push(ctx->arena, &items, report_json(ctx->arena, tenant, &report));
    }
    *result = control_list(ctx->arena, "tenants", &items);
    return RC_OK;
}

const ControlRow city_control_rows[] = {
    {"token.create", control_token_create, 10 * TIME_SECOND},
    {"token.list", control_token_list, 10 * TIME_SECOND},
    {"token.revoke", control_token_revoke, 10 * TIME_SECOND},
    {"user.create", control_user_create, 10 * TIME_SECOND},
    {"user.posts", control_user_posts, 10 * TIME_SECOND},
    {"user.list", control_user_list, TIME_MINUTE},
    {"user.disable", control_user_disable, 10 * TIME_SECOND},
    {"user.enable", control_user_enable, 10 * TIME_SECOND},
    {"user.password", control_user_password, 10 * TIME_SECOND},
    {"erase", control_erase, TIME_MINUTE},
    {"import", control_import, 2 * TIME_HOUR},
    {"export", control_export, 2 * TIME_HOUR},
    {"tenant.list", tenant_list, 10 * TIME_SECOND},
    {"tenant.add", tenant_add, 2 * TIME_MINUTE},
    {"tenant.rekey", tenant_rekey, TIME_HOUR},
    {"tenant.reclassify", tenant_reclassify, TIME_MINUTE},
    {"projections", projections, 6 * TIME_HOUR},
    {"checkpoint", control_checkpoint, 10 * TIME_SECOND},
    {"backup", control_backup, 6 * TIME_HOUR},
};
const size_t city_control_count = sizeof city_control_rows / sizeof *city_control_rows;
