/* release: reads the declarations of what is opened. */
#include "open_int.h"

#include <ctype.h>

static Rc bad(Ctx *ctx, Str id, const char *member, const char *remedy) {
    return ctx_fail(ctx, RC_INVALID, "bad-release",
                    str_fmt(ctx->arena, "releases/" STR_FMT ".json, %s", STR_ARG(id), member), "%s",
                    remedy);
}

/* "EvacuationSite" to "evacuation-site", "AED" to "aed". */
static Str kebab(Arena *arena, Str term) {
    Buf out = buf_new(arena, 2 * term.len + 1);
    for (size_t i = 0; i < term.len; i++) {
        unsigned char c = (unsigned char)term.ptr[i];
        bool after_small = i > 0 && islower((unsigned char)term.ptr[i - 1]);
        bool before_small = i > 0 && i + 1 < term.len && islower((unsigned char)term.ptr[i + 1]);
        if (isupper(c) && (after_small || before_small)) buf_add_char(&out, '-');
        buf_add_char(&out, (char)tolower(c));
    }
    return buf_str(&out);
}

static const Json *text_of(Arena *arena, Str ja, Str en) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("ja"), json_of_str(ja)};
    members[1] = (JsonMember){STR("en"), json_of_str(en)};
    Json *text = NEW(arena, Json);
    *text = json_of_members(members, 2);
    return text;
}

/* ---- what every declaration says ---- */

typedef struct KindRow {
    Str word, model, consent;
    unsigned formats; /* that can be made */
} KindRow;

#define T(literal)                                                                                 \
    { literal, sizeof(literal) - 1 }

static const KindRow kinds[] = {
    [RELEASE_COUNTS] = {T("counts"), T("suppression"), T("everybody"), FORMAT_CSV | FORMAT_JSON},
    [RELEASE_RECORDS] = {T("records"), T("k-anonymity, random sample of at most half"),
                         T("opt-out"), FORMAT_CSV | FORMAT_JSON},
    [RELEASE_TYPE] = {T("types"), T("open data, nothing about people"), T("none needed"),
                      FORMAT_CSV | FORMAT_JSON | FORMAT_GEOJSON},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* A member that nobody reads would be a promise that nobody keeps. */
static const char *const members_known[] = {
    "id",      "kind",    "title",    "description", "theme",      "source",
    "columns", "privacy", "consent",  "licence",     "schedule",   "contact",
    "formats", "review",  "leaveOut", "themes",      "themeLabels"};

static bool member_known(Str name) {
    for (size_t i = 0; i < sizeof members_known / sizeof *members_known; i++)
        if (str_eq(name, str_of(members_known[i]))) return true;
    return false;
}

static Rc formats_read(Ctx *ctx, const Json *source, Release *release) {
    static const struct {
        Str word;
        unsigned bit;
    } words[] = {{T("csv"), FORMAT_CSV}, {T("json"), FORMAT_JSON}, {T("geojson"), FORMAT_GEOJSON}};
    const Json *list = json_get(source, STR("formats"));
    for (size_t i = 0; list && i < list->len; i++) {
        unsigned bit = 0;
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            if (str_eq(json_str(json_at(list, i)), words[w].word)) bit = words[w].bit;
        if (!(bit & kinds[release->kind].formats))
            return bad(ctx, release->definition, "formats", "A format that cannot be made.");
        release->formats |= bit;
    }
    return release->formats ? RC_OK
                            : bad(ctx, release->definition, "formats", "At least one is needed.");
}

static Rc words_check(Ctx *ctx, const Json *source, const Release *release) {
    const KindRow *kind = &kinds[release->kind];
    Str licence = json_get_str(source, "licence"), id = release->definition;
    if (!str_eq(json_get_str(json_get(source, STR("privacy")), "model"), kind->model))
        return bad(ctx, id, "privacy.model", "This kind of release keeps to another model.");
    if (!str_eq(json_get_str(source, "consent"), kind->consent))
        return bad(ctx, id, "consent",
                   "Counts are of 'everybody', records go by 'opt-out', types have 'none needed'.");
    if (!str_eq(licence, STR("PDL-1.0")) && !str_eq(licence, STR("CC-BY-4.0")))
        return bad(ctx, id, "licence", "A licence is PDL-1.0 or CC-BY-4.0.");
    if (!json_get(source, STR("schedule")) || !json_get(source, STR("contact")))
        return bad(ctx, id, "schedule, contact", "Both are needed.");
    for (size_t i = 0; i < source->len; i++)
        if (!member_known(source->value.members[i].name))
            return bad(ctx, id, str_z(ctx->arena, source->value.members[i].name),
                       "No release has such a member.");
    return RC_OK;
}

/* What all releases of a declaration have in common. */
static Rc common_read(Ctx *ctx, const Json *source, Release *release) {
    TRY(words_check(ctx, source, release));
    TRY(formats_read(ctx, source, release));
    if (time_parse_date(json_get_str(source, "review"), &release->review)) return RC_OK;
    return bad(ctx, release->definition, "review", "The day of the next review is needed.");
}

/* ---- about people ---- */

/* The columns that are made, in their order, and what is done to each: a declaration says so. */
typedef struct ColumnRow {
    Str name, treatment;
} ColumnRow;

enum { COLUMNS = 5 };
static const ColumnRow column_rows[][COLUMNS] = {
    [RELEASE_COUNTS] = {{T("month"), T("date to month")},
                        {T("districtId"), T("keep")},
                        {T("district"), T("keep")},
                        {T("count"), T("count only, suppressed under k with complements")},
                        {T("note"), T("X: suppressed (秘匿)")}},
    [RELEASE_RECORDS] = {{T("month"), T("date to month")},
                         {T("districtId"), T("keep, else other")},
                         {T("district"), T("keep, else その他")},
                         {T("itemClassId"), T("keep, several become mixed, else other")},
                         {T("itemClass"), T("keep, several become 複数, else その他")}},
};

static Rc columns_check(Ctx *ctx, const Release *release) {
    bool same = release->columns->len == COLUMNS;
    for (size_t i = 0; same && i < COLUMNS; i++) {
        const Json *column = json_at(release->columns, i);
        const ColumnRow *row = &column_rows[release->kind][i];
        same = str_eq(json_get_str(column, "name"), row->name) &&
               str_eq(json_get_str(column, "treatment"), row->treatment) &&
               json_get(column, STR("label"));
    }
    if (same) return RC_OK;
    return bad(ctx, release->id, "columns",
               "These are not the columns and treatments that a run makes.");
}

/* A release generalises along the levels that the dictionary declares, no others. */
static Rc levels_check(Ctx *ctx, const Release *release, const Dictionary *dictionary) {
    static const char *const levels[] = {"month", "district", "class"};
    const Json *source = json_get(release->source, STR("source"));
    const DictType *type = dictionary_type_term(dictionary, json_get_str(source, "type"));
    if (!type) return bad(ctx, release->id, "source.type", "The dictionary declares no such type.");
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        Str term = json_get_str(source, levels[i]);
        bool declared = false;
        VEC_EACH (const DictAttr, attr, &type->attrs)
            for (size_t l = 0; l < attr->hierarchy.len; l++)
                declared = declared || (str_eq(attr->term, term) &&
                                        str_eq(attr->hierarchy.items[l], str_of(levels[i])));
        if (!declared)
            return bad(ctx, release->id,
                       str_z(ctx->arena, str_fmt(ctx->arena, "source.%s", levels[i])),
                       "The dictionary's hierarchy of this attribute has no such level.");
    }
    return RC_OK;
}

static Rc people_check(Ctx *ctx, const Release *release, const Dictionary *dictionary) {
    static const char *const from[] = {"type", "procedure", "month", "district", "class", "choice"};
    const Json *given = json_get(release->source, STR("source"));
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        if (str_empty(json_get_str(given, from[i])))
            return bad(ctx, release->id, "source", "A member of source is missing.");
    if (!release->title || !release->columns)
        return bad(ctx, release->id, "title, columns", "Both are needed.");
    if (release->k < DISCLOSE_K)
        return bad(ctx, release->id, "privacy.k", "Data about people needs a k of at least 10.");
    TRY(columns_check(ctx, release));
    return levels_check(ctx, release, dictionary);
}

static Rc people_read(Ctx *ctx, Open *open, const Json *source, const Dictionary *dictionary,
                      ReleaseKind kind) {
    Release release = {.id = json_get_str(source, "id"),
                       .definition = json_get_str(source, "id"),
                       .kind = kind,
                       .source = source,
                       .title = json_get(source, STR("title")),
                       .description = json_get(source, STR("description")),
                       .columns = json_get(source, STR("columns")),
                       .theme = json_get_str(source, "theme"),
                       .k = json_get_int(json_get(source, STR("privacy")), "k", 0)};
    TRY(people_check(ctx, &release, dictionary));
    TRY(common_read(ctx, source, &release));
    vec_push(open->arena, &open->releases, release);
    return RC_OK;
}

bool release_agrees(const Release *one, const Release *other) {
    const Json *a = json_get(one->source, STR("source")),
               *b = json_get(other->source, STR("source"));
    if (one->kind == RELEASE_TYPE || other->kind == RELEASE_TYPE ||
        !str_eq(json_get_str(a, "procedure"), json_get_str(b, "procedure")))
        return true;
    return one->k == other->k && json_equal(a, b);
}

/* ---- open types ---- */

static Rc types_read(Ctx *ctx, Open *open, const Json *source, const Dictionary *dictionary) {
    const Json *themes = json_get(source, STR("themes"));
    Release common = {
        .definition = json_get_str(source, "id"), .kind = RELEASE_TYPE, .source = source};
    TRY(common_read(ctx, source, &common));
    for (size_t i = 0; i < dictionary_count(dictionary); i++) {
        const DictType *type = dictionary_at(dictionary, i);
        if (type->class != CLASS_OPEN || json_has(json_get(source, STR("leaveOut")), type->term))
            continue;
        Str theme = json_str(themes ? json_get(themes, type->term) : NULL);
        Release *release = vec_push(open->arena, &open->releases, common);
        release->id = kebab(open->arena, type->term);
        release->type = type;
        release->title = text_of(open->arena, type->label_ja, type->label_en);
        release->description = text_of(open->arena, type->description_ja, type->description_en);
        release->columns = type_columns(open->arena, type);
        release->theme = str_empty(theme) ? json_get_str(source, "theme") : theme;
    }
    return RC_OK;
}

static Rc kind_read(Ctx *ctx, const Json *source, ReleaseKind *out) {
    Str id = json_get_str(source, "id"), word = json_get_str(source, "kind");
    if (str_empty(id)) return bad(ctx, STR("?"), "id", "A release needs an id.");
    for (size_t i = 0; i < KINDS; i++)
        if (str_eq(word, kinds[i].word)) {
            *out = (ReleaseKind)i;
            return RC_OK;
        }
    return bad(ctx, id, "kind", "A release is of counts, records or types.");
}

Rc release_read(Ctx *ctx, Open *open, const Json *source, const Dictionary *dictionary) {
    ReleaseKind kind = RELEASE_COUNTS;
    Definition definition = {.id = json_get_str(source, "id"),
                             .source = source,
                             .title = json_get(source, STR("title"))};
    TRY(kind_read(ctx, source, &kind));
    if (kind == RELEASE_TYPE)
        TRY(types_read(ctx, open, source, dictionary));
    else
        TRY(people_read(ctx, open, source, dictionary, kind));
    if (!definition.title) return bad(ctx, definition.id, "title", "A release needs a title.");
    definition.hash = decide_hash(open->arena, source);
    (void)time_parse_date(json_get_str(source, "review"), &definition.review);
    vec_push(open->arena, &open->definitions, definition);
    return RC_OK;
}

static void labels_set(Open *open) {
    const Json *labels = NULL;
    VEC_EACH (Release, release, &open->releases)
        if (json_get(release->source, STR("themeLabels")))
            labels = json_get(release->source, STR("themeLabels"));
    VEC_EACH (Release, release, &open->releases)
        release->theme_label = labels ? json_get(labels, release->theme) : NULL;
}

Rc release_read_all(Ctx *ctx, Open *open, const OpenOptions *options,
                    const Dictionary *dictionary) {
    for (size_t i = 0; i < options->release_count; i++)
        TRY(release_read(ctx, open, options->releases[i], dictionary));
    for (size_t i = 0; i < open->releases.len; i++)
        if (release_find(open, open->releases.items[i].id) != &open->releases.items[i])
            return bad(ctx, open->releases.items[i].id, "id", "Two datasets have this id.");
    for (size_t i = 0; i < open->definitions.len; i++)
        if (definition_find(open, open->definitions.items[i].id) != &open->definitions.items[i])
            return bad(ctx, open->definitions.items[i].id, "id", "Two releases have this id.");
    VEC_EACH (const Release, one, &open->releases)
        VEC_EACH (const Release, other, &open->releases)
            if (!release_agrees(one, other))
                return bad(ctx, one->id, "source, privacy.k",
                           "Releases about one procedure count the same cases with the same k.");
    labels_set(open);
    return RC_OK;
}

const Release *release_find(const Open *open, Str id) {
    VEC_EACH (const Release, release, &open->releases)
        if (str_eq(release->id, id)) return release;
    return NULL;
}
