#include "cli_int.h"

#include "city_int.h"
#include "place.h"

/* One tenant's backup and its new place. */
typedef struct Restoring {
    PlacePaths from, to;
    const Dictionary *dictionary;
} Restoring;

/* Without its key a ledger can't be read; a new one would be made in silence. */
static Rc demand_key(Ctx *ctx, const PlacePaths *to) {
    if (place_there(ctx, to->key)) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-key", to->key,
                    "There is no " STR_FMT ": put the tenant's key and its list of erasures there "
                    "first; they are no part of a backup.",
                    STR_ARG(to->key));
}

/* Opening carries out the erasures of the list that the backup doesn't know, and refuses a ledger
 * that is shorter than its witness says. */
static Rc open_once(Ctx *ctx, const Restoring *r, uint64_t *leaves) {
    Tenant tenant = {.folder = r->to.folder, .dictionary = r->dictionary};
    LedgerOptions options = {.folder = r->to.folder,
                             .key_file = r->to.key,
                             .witness_file = r->to.witness,
                             .dictionary = r->dictionary,
                             .files = &file_ledger,
                             .clock = ctx->clock,
                             .tenant = &tenant};
    TRY(ledger_open(ctx, &options, &tenant.ledger));
    *leaves = ledger_head(tenant.ledger);
    ledger_close(tenant.ledger);
    return RC_OK;
}

static Rc restore_one(Cli *cli, const Restoring *r) {
    Ctx *ctx = cli_ctx(cli);
    uint64_t leaves;
    TRY(demand_key(ctx, &r->to));
    TRY(store_restore(ctx, r->from.folder, r->to.folder));
    if (!place_there(ctx, r->to.witness) && place_there(ctx, r->from.witness))
        TRY(place_copy(ctx, r->from.witness, r->to.witness));
    TRY(open_once(ctx, r, &leaves));
    fprintf(cli_out(cli), "%-24s%12llu leaves\n", str_z(ctx->arena, r->to.name),
            (unsigned long long)leaves);
    return RC_OK;
}

static Rc folders_make(Ctx *ctx, const PlaceRoots *to) {
    Str tenants = str_fmt(ctx->arena, STR_FMT "/tenants", STR_ARG(to->data));
    const Str all[] = {to->data, tenants, to->witness};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        TRY(place_make(ctx, all[i]));
    return RC_OK;
}

static Rc restore_all(Cli *cli, const StrVec *names) {
    Ctx *ctx = cli_ctx(cli);
    Str folder = str_dup(ctx->arena, settings_text(cli_flags(cli), "from"));
    PlaceRoots to = place_roots(ctx->arena, cli_settings(cli));
    PlaceRoots from = {.data = folder,
                       .witness = str_fmt(ctx->arena, STR_FMT "/witness", STR_ARG(folder))};
    Restoring r = {0};
    TRY(folders_make(ctx, &to));
    TRY(starter_dictionary(ctx, ctx->arena, &r.dictionary));
    VEC_EACH (Str, name, names) {
        r.from = place_of(ctx->arena, &from, *name);
        r.to = place_of(ctx->arena, &to, *name);
        TRY(restore_one(cli, &r));
    }
    return RC_OK;
}

static Rc restore(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    StrVec names = {0};
    Str from = settings_text(cli_flags(cli), "from");
    TRY(place_list(ctx, from, &names));
    if (!names.len)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-backup", STR("from"),
                        "There is no backup in " STR_FMT ": name the folder that 'machi backup' "
                        "wrote.",
                        STR_ARG(from));
    return restore_all(cli, &names);
}

static const SettingRow restore_flags[] = {
    {"from", SETTING_PATH, NULL, 1, 4000, "The folder of a backup.", "FOLDER"},
};
static const char *const restore_required[] = {"from", NULL};
static const char *const restore_settings[] = {"data", "keys", "witness", NULL};

const CliCommand cmd_restore = {
    .name = "restore",
    .summary = "Make a data folder from a backup",
    .description =
        "Needs no server. The tenants' folders must not exist yet; their keys and lists of\n"
        "erasures must be in the folder of keys already. Erasures since the backup are carried\n"
        "out again before anything can be read. Where a witness file is there, a backup that is\n"
        "older than it says is refused; otherwise the backup's own is taken.",
    .flags = restore_flags,
    .flag_count = sizeof restore_flags / sizeof *restore_flags,
    .required = restore_required,
    .settings = restore_settings,
    .run = restore,
};
