#include "procedure_int.h"

#include <sodium.h>

enum { PROCEDURES_ARENA = 64 << 20, ADMISSION_USUAL = 600 };

/* By which procedure records are asked for. */
static Rc asks_check(Ctx *ctx, const FileTable *table, const ProcedureSources *sources) {
    if (str_empty(table->asks)) return RC_OK;
    for (size_t i = 0; i < sources->definition_count; i++)
        if (str_eq(json_get_str(sources->definitions[i], "id"), table->asks)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-classification", STR("files.json: asks"),
                    "There is no procedure \"" STR_FMT "\" in starter/procedures: write the id of "
                    "the one by which records are asked for, or leave `asks` out.",
                    STR_ARG(table->asks));
}

/* Every text of retention, of the dictionary and of definitions, stands in the classification
 * table.
 */
static Rc files_load(Ctx *ctx, Tenant *tenant, const ProcedureSources *sources) {
    FileTable *table = &tenant->procedures->files;
    const Dictionary *dictionary = tenant->dictionary;
    const Json *divisions = json_get(sources->waste.organisation, STR("divisions"));
    TRY(file_table_read(ctx, sources->files, divisions, table));
    for (size_t i = 0; i < dictionary_count(dictionary); i++) {
        const DictType *type = dictionary_at(dictionary, i);
        Str where =
            str_fmt(ctx->arena, "dictionary/" STR_FMT ".json: retention", STR_ARG(type->term));
        if (type->retention.len) TRY(file_table_knows(ctx, table, type->retention, where));
    }
    TRY(asks_check(ctx, table, sources));
    Str waste = waste_retention(tenant->procedures->waste);
    if (waste.len) TRY(file_table_knows(ctx, table, waste, STR("waste/rules.json: retention")));
    for (size_t i = 0; i < sources->definition_count; i++) {
        Str text = json_get_str(sources->definitions[i], "retention");
        Str where = str_fmt(ctx->arena, "procedures/" STR_FMT ".json: retention",
                            STR_ARG(json_get_str(sources->definitions[i], "id")));
        if (text.len) TRY(file_table_knows(ctx, table, text, where));
    }
    return RC_OK;
}

Rc procedures_open(Ctx *ctx, Tenant *tenant, const ProcedureSources *sources) {
    if (sodium_init() < 0)
        return ctx_fail(ctx, RC_FAILED, "no-sodium", STR_NONE,
                        "libsodium cannot start on this machine.");
    Arena *arena = arena_new(PROCEDURES_ARENA);
    Procedures *procedures = NEW(arena, Procedures);
    procedures->arena = arena;
    procedures->attach = sources->attach;
    pthread_mutex_init(&procedures->local_lock, NULL);
    pthread_mutex_init(&procedures->filing_lock, NULL);
    pthread_mutex_init(&procedures->transit_lock, NULL);
    procedures->waits = waits_new(arena, tenant->ledger);
    procedures->tablets = tablets_new(arena);
    procedures->admission_rate =
        sources->admission_rate ? sources->admission_rate : ADMISSION_USUAL;
    tenant->procedures = procedures;
    Ctx own = *ctx;
    own.arena = arena;
    Rc rc = waste_load(&own, &sources->waste, &procedures->waste);
    if (rc == RC_OK)
        rc = thread_read_waste(&own, waste_rules(procedures->waste), &procedures->waste_thread);
    CatalogueSources definitions = {.definitions = sources->definitions,
                                    .n = sources->definition_count,
                                    .organisation = sources->waste.organisation};
    procedures->blank = sources->blank;
    if (rc == RC_OK) rc = catalogue_load(&own, &definitions, &procedures->catalogue);
    if (rc == RC_OK && sources->files) rc = files_load(&own, tenant, sources);
    if (rc == RC_OK)
        rc = batch_open(&own, ledger_store(tenant->ledger), STORE_LOCAL, &procedures->local);
    if (rc == RC_OK) {
        project_add(tenant->project, inbox_follower(tenant));
        project_add(tenant->project, seek_follower(tenant));
        project_add(tenant->project, bins_follower(tenant));
        project_add(tenant->project, shelf_follower(tenant));
    } else {
        ctx->error = own.error;
        ctx->error.detail = str_dup(ctx->arena, own.error.detail);
        ctx->error.path = str_dup(ctx->arena, own.error.path);
        procedures_close(tenant);
    }
    return rc;
}

void procedures_close(Tenant *tenant) {
    Procedures *procedures = tenant->procedures;
    if (!procedures) return;
    procedures_stop(tenant);
    tenant->procedures = NULL;
    batch_close(procedures->local);
    if (procedures->catalogue) catalogue_free(procedures->catalogue);
    pthread_mutex_destroy(&procedures->local_lock);
    pthread_mutex_destroy(&procedures->filing_lock);
    pthread_mutex_destroy(&procedures->transit_lock);
    waits_free(procedures->waits);
    tablets_free(procedures->tablets);
    arena_free(procedures->arena);
}

Rc procedures_start(Ctx *ctx, Tenant *tenant) {
    return publish_start(ctx, tenant);
}

const Waste *procedures_waste(const Tenant *tenant) {
    return tenant->procedures->waste;
}

const Catalogue *procedures_catalogue(const Tenant *tenant) {
    return tenant->procedures->catalogue;
}

const AttachLimits *procedures_attach(const Tenant *tenant) {
    return &tenant->procedures->attach;
}

const DefinedThread *procedures_waste_thread(const Tenant *tenant) {
    return tenant->procedures->waste_thread;
}

/* ---- commands ---- */

Command *case_command(Ctx *ctx, Str kind, Str case_id, Str channel) {
    const Actor *actor = ctx->actor;
    Command *command =
        command_new(ctx->tenant->ledger, (CommandHead){.kind = kind,
                                                       .actor = actor ? actor->id : STR_NONE,
                                                       .post = actor ? actor->post : STR_NONE,
                                                       .purpose = ctx->purpose,
                                                       .case_id = case_id,
                                                       .channel = channel});
    gate_guard(ctx, command);
    return command;
}

Rc case_execute(Ctx *ctx, Command *command, Outcome *outcome) {
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, outcome);
    if (rc == RC_OK && outcome->result) outcome->result = json_dup(ctx->arena, outcome->result);
    command_free(command);
    return rc;
}

PartSlot *case_slot(Ctx *ctx, Command *command, const WasteDistrict *district, Date day) {
    (void)ctx;
    Arena *arena = command_arena(command);
    PartSlot *part = NEW(arena, PartSlot);
    *part = (PartSlot){.slot = book_slot_id(arena, WASTE_RESOURCE, district->id, day),
                       .resource = WASTE_RESOURCE,
                       .place = str_dup(arena, district->id),
                       .day = day,
                       .capacity = district->capacity,
                       .units = 1};
    command_needs(command, part->slot);
    return part;
}

Rc case_load(Ctx *ctx, Str id, const Entity **out) {
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, out);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !gate_view(ctx, NULL, *out)))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-case", id, "There is no such case.");
    if (rc == RC_OK && case_is_erased(*out))
        return ctx_fail(ctx, RC_NOT_FOUND, "record-erased", id,
                        "The record of this case was erased.");
    return rc;
}

Rc case_own(Ctx *ctx, Str id, const Entity **out) {
    TRY(case_load(ctx, id, out));
    GateAsk ask = {.action = ACT_UPDATE,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_INTERNAL,
                   .relation = gate_relation(ctx, *out)};
    return gate_check(ctx, &ask);
}
