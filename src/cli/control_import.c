/* control_import: what the running server does for `machi import` and `machi export`. */
#include "city_int.h"

#include "connect/connect.h"

/* Lines on progress go to whoever asked. */
typedef struct Heard {
    ControlReply *reply;
} Heard;

static Rc tell(void *arg, Ctx *ctx, const ConnectProgress *progress) {
    const Heard *heard = arg;
    JsonMember members[] = {
        {STR("bytes"), json_of_int((int64_t)progress->bytes)},
        {STR("of"), json_of_int((int64_t)progress->of)},
        {STR("rows"), json_of_int((int64_t)progress->rows)},
    };
    Json line = json_of_members(members, sizeof members / sizeof *members);
    return control_say(heard->reply, ctx, &line);
}

static Rc piece(void *arg, Ctx *ctx, Str text) {
    const Heard *heard = arg;
    JsonMember member = {STR("text"), json_of_str(text)};
    Json line = json_of_members(&member, 1);
    return control_say(heard->reply, ctx, &line);
}

static Rc municipality(Ctx *ctx, Str *code) {
    const Json *organisation;
    TRY(starter_json(ctx, STR("organisation.json"), &organisation));
    *code = json_get_str(organisation, "code");
    return RC_OK;
}

/* The tenant's reader and the operator's rights for the time of the request. */
static Rc inside(Ctx *ctx, City *city, const Json *request, Ctx *own) {
    Str name = json_get_str(request, "tenant");
    Tenant *tenant = city_tenant(city, name);
    if (!tenant)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-tenant", STR("tenant"),
                        "There is no tenant \"" STR_FMT "\".", STR_ARG(name));
    *own = *ctx;
    own->tenant = tenant;
    own->actor = (Actor *)gate_operator_actor();
    return reader_open(ctx, ledger_store(tenant->ledger), &own->db);
}

Rc control_import(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                  const Json **result) {
    Ctx own;
    Heard heard = {reply};
    ConnectWish wish = {.path = json_get_str(request, "path"),
                        .layout = json_get_str(request, "layout"),
                        .dry_run = json_get_bool(request, "dryRun", false),
                        .replace = json_get_bool(request, "replace", false),
                        .tell = tell,
                        .tell_arg = &heard};
    TRY(municipality(ctx, &wish.municipality));
    TRY(inside(ctx, arg, request, &own));
    Rc rc = connect_import(&own, &wish, result);
    ctx->error = own.error;
    reader_close(own.db);
    return rc;
}

Rc control_export(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                  const Json **result) {
    Ctx own;
    Heard heard = {reply};
    size_t rows;
    ConnectExport wish = {.type = json_get_str(request, "type"), .piece = piece, .arg = &heard};
    TRY(inside(ctx, arg, request, &own));
    Rc rc = connect_export(&own, &wish, &rows);
    ctx->error = own.error;
    reader_close(own.db);
    if (rc != RC_OK) return rc;
    JsonMember *member = NEW(ctx->arena, JsonMember);
    Json *json = NEW(ctx->arena, Json);
    *member = (JsonMember){STR("rows"), json_of_int((int64_t)rows)};
    *json = json_of_members(member, 1);
    *result = json;
    return RC_OK;
}
