/* version: what was published stays under its address. The bytes lie in the store's files under
   their hash; a DatasetVersion names them; the Dataset names its newest version. */
#include "open_int.h"

/* ---- formats ---- */

typedef struct Format {
    Str name, type;
} Format;

static const Format formats[] = {
    {{"csv", 3}, {"text/csv; charset=utf-8", 23}},
    {{"json", 4}, {"application/json", 16}},
    {{"geojson", 7}, {"application/geo+json", 20}},
};
enum { FORMATS = sizeof formats / sizeof *formats };

Str open_content_type(Str format) {
    for (size_t i = 0; i < FORMATS; i++)
        if (str_eq(formats[i].name, format)) return formats[i].type;
    return STR_NONE;
}

const OpenFile *open_file(const OpenVersion *version, Str format) {
    VEC_EACH (const OpenFile, file, &version->files)
        if (str_eq(file->format, format)) return file;
    return NULL;
}

Rc open_bytes(Ctx *ctx, const OpenFile *file, Str *bytes) {
    Digest digest;
    if (!hash_digest_of(ctx->arena, file->digest, &digest))
        return ctx_fail(ctx, RC_FAILED, "bad-digest", file->digest,
                        "The version names no file of the store.");
    return blob_get(ctx, ledger_store(ctx->tenant->ledger), &digest, bytes);
}

/* ---- ids ---- */

static Str dataset_id(Arena *arena, Str dataset) {
    return str_fmt(arena, "urn:ngsi-ld:Dataset:" STR_FMT, STR_ARG(dataset));
}

static Str issue_id(Arena *arena, Str dataset, Str stamp) {
    return str_fmt(arena, "urn:ngsi-ld:DatasetVersion:" STR_FMT ":" STR_FMT, STR_ARG(dataset),
                   STR_ARG(stamp));
}

static Str stamp_of(Arena *arena, int64_t t) {
    Str text = time_format(arena, t - t % TIME_SECOND); /* 2026-11-21T09:30:00.000Z */
    Buf stamp = buf_new(arena, 32);
    for (size_t i = 0; i < 19; i++)
        if (text.ptr[i] != '-' && text.ptr[i] != ':') buf_add_char(&stamp, text.ptr[i]);
    buf_add_char(&stamp, 'Z');
    return buf_str(&stamp);
}

/* ---- reading ---- */

static int64_t time_at(const Entity *entity, Str iri) {
    int64_t t;
    return time_parse(entity_text(entity, iri), &t) ? t : 0;
}

static void version_read(Arena *arena, const Entity *entity, OpenVersion *out) {
    const Attr *files = entity_attr(entity, IRI("files")),
               *preview = entity_attr(entity, IRI("preview"));
    *out = (OpenVersion){.stamp = str_dup(arena, entity_text(entity, IRI("stamp"))),
                         .issued = time_at(entity, IRI("issued")),
                         .modified = time_at(entity, IRI("modified")),
                         .horizon = str_dup(arena, entity_text(entity, IRI("horizon"))),
                         .rows = entity_int(entity, IRI("rows"), 0),
                         .suppressed = entity_int(entity, IRI("suppressed"), 0)};
    out->preview = preview && preview->value ? json_dup(arena, preview->value) : NULL;
    for (size_t i = 0; files && files->value && i < files->value->len; i++) {
        const Json *file = json_at(files->value, i);
        vec_push(arena, &out->files,
                 (OpenFile){.format = str_dup(arena, json_get_str(file, "format")),
                            .digest = str_dup(arena, json_get_str(file, "digest")),
                            .bytes = json_get_int(file, "bytes", 0)});
    }
}

Rc open_version(Ctx *ctx, Str id, Str stamp, OpenVersion *out) {
    const Entity *entity;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, issue_id(ctx->arena, id, stamp), &entity));
    version_read(ctx->arena, entity, out);
    return RC_OK;
}

static void columns_default(const Release *release, OpenDataset *out) {
    out->columns = release->columns;
    out->licence = json_get_str(release->source, "licence");
    out->licence_url = str_eq(out->licence, STR("CC-BY-4.0"))
                           ? STR("https://creativecommons.org/licenses/by/4.0/")
                           : STR("https://www.digital.go.jp/resources/open_data/"
                                 "public_data_license_v1.0");
}

static Rc dataset_fill(Ctx *ctx, const Release *release, OpenDataset *out) {
    const Entity *entity;
    *out = (OpenDataset){.id = release->id,
                         .title = release->title,
                         .description = release->description,
                         .schedule = json_get(release->source, STR("schedule")),
                         .contact = json_get(release->source, STR("contact")),
                         .theme = release->theme,
                         .theme_label = release->theme_label,
                         .type = release->type ? release->type->term : STR_NONE,
                         .k = release->k,
                         .optout = release->kind == RELEASE_RECORDS};
    columns_default(release, out);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, dataset_id(ctx->arena, release->id), &entity);
    if (rc == RC_NOT_FOUND) return RC_OK;
    if (rc != RC_OK) return rc;
    Str latest = str_dup(ctx->arena, entity_text(entity, IRI("latest")));
    if (str_empty(latest)) return RC_OK; /* an entity of somebody else's */
    out->published = true;
    return open_version(ctx, release->id, latest, &out->latest);
}

size_t open_count(const Tenant *tenant) {
    return tenant->open->releases.len;
}

/* Shown is what was decided, also while another definition waits. */
Rc open_at(Ctx *ctx, size_t index, OpenDataset *out) {
    assert(index < open_count(ctx->tenant));
    const Release *declared = &ctx->tenant->open->releases.items[index];
    Release release;
    Rc rc = release_decided(ctx, declared, &release);
    if (rc == RC_OK) return dataset_fill(ctx, &release, out);
    *out = (OpenDataset){.id = declared->id, .title = declared->title};
    return rc == RC_CONFLICT ? RC_OK : rc;
}

Rc open_dataset(Ctx *ctx, Str id, OpenDataset *out) {
    const Open *open = ctx->tenant->open;
    const Release *declared = release_find(open, id);
    if (declared) TRY(open_at(ctx, (size_t)(declared - open->releases.items), out));
    if (!declared || !out->published)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-dataset", id, "There is no such dataset.");
    return RC_OK;
}

/* ---- all versions of a dataset ---- */

typedef struct Listing {
    Str id;
    Arena *arena;
    OpenVersions *out;
} Listing;

static Rc listing_add(Ctx *ctx, void *arg, const Entity *entity) {
    Listing *listing = arg;
    OpenVersion version;
    (void)ctx;
    if (!str_eq(entity_text(entity, IRI("dataset")), listing->id)) return RC_OK;
    version_read(listing->arena, entity, &version);
    vec_push(listing->arena, listing->out, version);
    return RC_OK;
}

/* They come by id, so the oldest of a dataset comes first. */
Rc open_versions(Ctx *ctx, Str id, OpenVersions *out) {
    OpenVersions found = {0};
    Listing listing = {.id = id, .arena = ctx->arena, .out = &found};
    *out = (OpenVersions){0};
    TRY(project_each(ctx, &(ProjectWish){.type = STR("DatasetVersion")}, listing_add, &listing));
    for (size_t i = found.len; i > 0; i--)
        vec_push(ctx->arena, out, found.items[i - 1]);
    return RC_OK;
}

/* ---- publishing ---- */

static Rc file_keep(Ctx *ctx, Str format, Str bytes, JsonItems *files) {
    Digest digest;
    if (str_empty(bytes)) return RC_OK;
    TRY(blob_put(ctx, ledger_store(ctx->tenant->ledger), bytes, &digest));
    JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, 3);
    Str hex = hash_digest_hex(ctx->arena, &digest);
    members[0] = (JsonMember){STR("format"), json_of_str(format)};
    members[1] = (JsonMember){STR("digest"), json_of_str(hex)};
    members[2] = (JsonMember){STR("bytes"), json_of_int((int64_t)bytes.len)};
    vec_push(ctx->arena, files, json_of_members(members, 3));
    return RC_OK;
}

static bool file_same(const OpenVersion *version, Str format, Str bytes) {
    const OpenFile *file = open_file(version, format);
    if (!file || str_empty(bytes)) return !file && str_empty(bytes);
    Digest digest = hash_sha256(bytes);
    Str raw = {(const char *)digest.bytes, sizeof digest.bytes};
    char hex[65];
    for (size_t i = 0; i < 32; i++) {
        hex[2 * i] = "0123456789abcdef"[(unsigned char)raw.ptr[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[(unsigned char)raw.ptr[i] & 15];
    }
    return str_eq(file->digest, (Str){hex, 64});
}

/* Without the formats that the release does not promise. */
static Made promised(const Release *release, const Made *made) {
    Made only = *made;
    if (!(release->formats & FORMAT_CSV)) only.csv = STR_NONE;
    if (!(release->formats & FORMAT_JSON)) only.json = STR_NONE;
    if (!(release->formats & FORMAT_GEOJSON)) only.geojson = STR_NONE;
    return only;
}

static bool made_same(const OpenVersion *version, const Made *made) {
    return str_eq(version->horizon, made->horizon) && file_same(version, STR("csv"), made->csv) &&
           file_same(version, STR("json"), made->json) &&
           file_same(version, STR("geojson"), made->geojson);
}

static Rc version_entity(Ctx *ctx, const Release *release, const OpenVersion *version,
                         const Made *made, Entity **out) {
    JsonItems files = {0};
    TRY(file_keep(ctx, STR("csv"), made->csv, &files));
    TRY(file_keep(ctx, STR("json"), made->json, &files));
    TRY(file_keep(ctx, STR("geojson"), made->geojson, &files));
    Arena *arena = ctx->arena;
    Entity *entity =
        entity_new(arena, issue_id(arena, release->id, version->stamp), IRI("DatasetVersion"));
    entity_set(arena, entity, IRI("dataset"), json_of_str(release->id));
    entity_set(arena, entity, IRI("stamp"), json_of_str(version->stamp));
    entity_set(arena, entity, IRI("issued"), json_of_str(time_format(arena, version->issued)));
    entity_set(arena, entity, IRI("modified"), json_of_str(time_format(arena, version->modified)));
    if (!str_empty(made->horizon))
        entity_set(arena, entity, IRI("horizon"), json_of_str(made->horizon));
    entity_set(arena, entity, IRI("rows"), json_of_int(made->rows));
    entity_set(arena, entity, IRI("suppressed"), json_of_int(made->suppressed));
    entity_set_kind(arena, entity, ATTR_JSON, IRI("files"), json_of_items(files.items, files.len));
    entity_set_kind(arena, entity, ATTR_JSON, IRI("preview"), *made->preview);
    *out = entity;
    return RC_OK;
}

static Entity *dataset_entity(Ctx *ctx, const Release *release, const OpenVersion *version,
                              const Made *made) {
    Arena *arena = ctx->arena;
    OpenDataset texts;
    columns_default(release, &texts);
    Entity *entity = entity_new(arena, dataset_id(arena, release->id), IRI("Dataset"));
    /* `title` and `description` are terms of the core context. */
    const LdContext *core = ld_core();
    entity_set_kind(arena, entity, ATTR_LANGUAGE, ld_expand(core, arena, STR("title")),
                    *release->title);
    if (release->description)
        entity_set_kind(arena, entity, ATTR_LANGUAGE, ld_expand(core, arena, STR("description")),
                        *release->description);
    entity_set(arena, entity, IRI("licence"), json_of_str(texts.licence_url));
    entity_set(arena, entity, IRI("modified"), json_of_str(time_format(arena, version->modified)));
    entity_set(arena, entity, IRI("rows"), json_of_int(made->rows));
    entity_set(arena, entity, IRI("latest"), json_of_str(version->stamp));
    const Json *rule = json_get(release->source, STR("privacy"));
    if (rule) entity_set_kind(arena, entity, ATTR_JSON, IRI("rule"), *rule);
    if (release->type) entity_set(arena, entity, IRI("about"), json_of_str(release->type->term));
    return entity;
}

Rc version_publish(Ctx *ctx, const Release *release, const Made *all) {
    OpenDataset now;
    Made only = promised(release, all), *made = &only;
    TRY(dataset_fill(ctx, release, &now));
    if (now.published && made_same(&now.latest, made)) return RC_OK;
    int64_t at = time_now(ctx->clock);
    if (now.published && at < now.latest.issued + TIME_SECOND)
        at = now.latest.issued + TIME_SECOND; /* one address, one version */
    at -= at % TIME_SECOND;
    OpenVersion version = {.stamp = stamp_of(ctx->arena, at), .issued = at, .modified = at};
    Put puts[2] = {{.expect = PUT_ABSENT}, {.expect = PUT_ANY}};
    TRY(version_entity(ctx, release, &version, made, &puts[0].entity));
    puts[1].entity = dataset_entity(ctx, release, &version, made);
    return open_put(ctx, "dataset.release", puts, 2);
}

/* Takes away files of a version that no version of the dataset names any more. */
static Rc files_drop(Ctx *ctx, const Release *release, const OpenVersion *before) {
    OpenVersions all;
    TRY(open_versions(ctx, release->id, &all));
    VEC_EACH (const OpenFile, file, &before->files) {
        bool used = false;
        VEC_EACH (const OpenVersion, version, &all)
            VEC_EACH (const OpenFile, other, &version->files)
                used = used || str_eq(other->digest, file->digest);
        Digest digest;
        if (used || !hash_digest_of(ctx->arena, file->digest, &digest)) continue;
        TRY(blob_delete(ctx, ledger_store(ctx->tenant->ledger), &digest));
    }
    return RC_OK;
}

Rc version_reissue(Ctx *ctx, const Release *release, const OpenVersion *version, const Made *all) {
    Made only = promised(release, all), *made = &only;
    if (made_same(version, made)) return RC_OK;
    OpenVersion again = *version;
    again.modified = time_now(ctx->clock);
    Put put = {.expect = PUT_PRESENT};
    TRY(version_entity(ctx, release, &again, made, &put.entity));
    TRY(open_put(ctx, "dataset.reissue", &put, 1));
    return files_drop(ctx, release, version);
}
