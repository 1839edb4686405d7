/* control_city: what the running server does for the subcommands. */
#include "city_int.h"
#include "place.h"

/* A Ctx of the operator of this machine, with the tenant's reader. */
typedef struct Inside {
    Ctx ctx;
    Reader *db;
} Inside;

static Rc inside_of(Ctx *ctx, Tenant *tenant, Inside *inside) {
    *inside = (Inside){.ctx = *ctx};
    TRY(reader_open(ctx, ledger_store(tenant->ledger), &inside->db));
    inside->ctx.tenant = tenant;
    inside->ctx.db = inside->db;
    inside->ctx.actor = (Actor *)gate_operator_actor();
    return RC_OK;
}

static Rc inside_begin(Ctx *ctx, City *city, const Json *request, Inside *inside) {
    Str name = json_get_str(request, "tenant");
    Tenant *tenant = city_tenant(city, name);
    if (tenant) return inside_of(ctx, tenant, inside);
    return ctx_fail(ctx, RC_NOT_FOUND, "no-tenant", STR("tenant"),
                    "There is no tenant \"" STR_FMT "\".", STR_ARG(name));
}

static void inside_end(Ctx *ctx, Inside *inside) {
    ctx->error = inside->ctx.error;
    reader_close(inside->db);
}

static const Json *one_member(Arena *arena, const char *name, Str value) {
    JsonMember *member = NEW(arena, JsonMember);
    Json *json = NEW(arena, Json);
    *member = (JsonMember){str_of(name), json_of_str(value)};
    *json = json_of_members(member, 1);
    return json;
}

static void words(Arena *arena, const Json *list, StrVec *out) {
    for (size_t i = 0; list && i < list->len; i++)
        vec_push(arena, out, json_str(json_at(list, i)));
}

/* ---- token ---- */

static Rc token_create(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                       const Json **result) {
    Inside inside;
    Str token;
    (void)reply;
    TRY(inside_begin(ctx, arg, request, &inside));
    GateTokenWish wish = {.account = json_get_str(request, "account"),
                          .ttl = json_get_int(request, "ttl", 3600) * TIME_SECOND};
    Rc rc = gate_token_create(&inside.ctx, &wish, &token);
    inside_end(ctx, &inside);
    if (rc == RC_OK) *result = one_member(ctx->arena, "token", token);
    return rc;
}

/* ---- user ---- */

static Rc kind_of(Ctx *ctx, Str word, ActorKind *kind) {
    static const struct {
        Str word;
        ActorKind kind;
    } kinds[] = {{{"resident", 8}, ACTOR_RESIDENT},
                 {{"staff", 5}, ACTOR_STAFF},
                 {{"service", 7}, ACTOR_SERVICE}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        *kind = kinds[i].kind;
        if (str_eq(word, kinds[i].word)) return RC_OK;
    }
    return ctx_fail(ctx, RC_INVALID, "bad-kind", STR("kind"),
                    "An account is resident, staff or service.");
}

static Rc user_create(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                      const Json **result) {
    Inside inside;
    Str id;
    (void)reply;
    GateAccount account = {.login = json_get_str(request, "login"),
                           .password = json_get_str(request, "password"),
                           .name = json_get_str(request, "name")};
    TRY(kind_of(ctx, json_get_str(request, "kind"), &account.kind));
    words(ctx->arena, json_get(request, STR("posts")), &account.posts);
    words(ctx->arena, json_get(request, STR("roles")), &account.roles);
    TRY(inside_begin(ctx, arg, request, &inside));
    Rc rc = gate_account_create(&inside.ctx, &account, &id);
    inside_end(ctx, &inside);
    if (rc == RC_OK) *result = one_member(ctx->arena, "id", id);
    return rc;
}

static Rc user_posts(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                     const Json **result) {
    Inside inside;
    StrVec posts = {0};
    Str id;
    (void)reply;
    words(ctx->arena, json_get(request, STR("posts")), &posts);
    TRY(inside_begin(ctx, arg, request, &inside));
    Rc rc = gate_account_find(&inside.ctx, json_get_str(request, "login"), &id);
    if (rc == RC_OK) rc = gate_account_posts(&inside.ctx, id, &posts);
    inside_end(ctx, &inside);
    if (rc == RC_OK) *result = one_member(ctx->arena, "id", id);
    return rc;
}

/* ---- tenant ---- */

static const Json *list_member(Arena *arena, const char *name, const JsonItems *items) {
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
    *result = list_member(ctx->arena, "tenants", &items);
    return RC_OK;
}

static Rc tenant_add(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                     const Json **result) {
    City *city = arg;
    Str folder;
    (void)reply;
    TRY(tenant_make(ctx, city, json_get_str(request, "name"), &folder));
    *result = one_member(ctx->arena, "folder", folder);
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
    *result = list_member(ctx->arena, "types", &items);
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
    *result = list_member(ctx->arena, "tenants", &items);
    return RC_OK;
}

const ControlRow city_control_rows[] = {
    {"token.create", token_create, 10 * TIME_SECOND},
    {"user.create", user_create, 10 * TIME_SECOND},
    {"user.posts", user_posts, 10 * TIME_SECOND},
    {"import", control_import, 2 * TIME_HOUR},
    {"export", control_export, 2 * TIME_HOUR},
    {"tenant.list", tenant_list, 10 * TIME_SECOND},
    {"tenant.add", tenant_add, 10 * TIME_SECOND},
    {"tenant.rekey", tenant_rekey, TIME_HOUR},
    {"tenant.reclassify", tenant_reclassify, TIME_MINUTE},
    {"projections", projections, 6 * TIME_HOUR},
    {"checkpoint", control_checkpoint, 10 * TIME_SECOND},
    {"backup", control_backup, 6 * TIME_HOUR},
};
const size_t city_control_count = sizeof city_control_rows / sizeof *city_control_rows;
