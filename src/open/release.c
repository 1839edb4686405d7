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

static bool listed(const Json *list, Str word) {
    for (size_t i = 0; list && i < list->len; i++)
        if (str_eq(json_str(json_at(list, i)), word)) return true;
    return false;
}

static const Json *text_of(Arena *arena, Str ja, Str en) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("ja"), json_of_str(ja)};
    members[1] = (JsonMember){STR("en"), json_of_str(en)};
    Json *text = NEW(arena, Json);
    *text = json_of_members(members, 2);
    return text;
}

/* ---- about people ---- */

static Rc people_read(Ctx *ctx, Open *open, const Json *source, ReleaseKind kind) {
    Release release = {.id = json_get_str(source, "id"),
                       .kind = kind,
                       .source = source,
                       .title = json_get(source, STR("title")),
                       .description = json_get(source, STR("description")),
                       .columns = json_get(source, STR("columns")),
                       .theme = json_get_str(source, "theme")};
    static const char *const from[] = {"type", "procedure", "month", "district", "class", "choice"};
    const Json *given = json_get(source, STR("source"));
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        if (str_empty(json_get_str(given, from[i])))
            return bad(ctx, release.id, "source", "A member of source is missing.");
    if (!release.title || !release.columns)
        return bad(ctx, release.id, "title, columns", "Both are needed.");
    release.k = json_get_int(json_get(source, STR("privacy")), "k", 0);
    if (release.k < DISCLOSE_K)
        return bad(ctx, release.id, "privacy.k", "Data about people needs a k of at least 10.");
    Str consent = json_get_str(source, "consent");
    if (!str_eq(consent, kind == RELEASE_COUNTS ? STR("everybody") : STR("opt-out")))
        return bad(ctx, release.id, "consent",
                   "Counts are of 'everybody', records go by 'opt-out'.");
    vec_push(open->arena, &open->releases, release);
    return RC_OK;
}

/* ---- open types ---- */

static void types_read(Open *open, const Json *source, const Dictionary *dictionary) {
    const Json *themes = json_get(source, STR("themes"));
    for (size_t i = 0; i < dictionary_count(dictionary); i++) {
        const DictType *type = dictionary_at(dictionary, i);
        if (type->class != CLASS_OPEN || listed(json_get(source, STR("leaveOut")), type->term))
            continue;
        Str theme = json_str(themes ? json_get(themes, type->term) : NULL);
        vec_push(open->arena, &open->releases,
                 (Release){.id = kebab(open->arena, type->term),
                           .kind = RELEASE_TYPE,
                           .source = source,
                           .type = type,
                           .title = text_of(open->arena, type->label_ja, type->label_en),
                           .description =
                               text_of(open->arena, type->description_ja, type->description_en),
                           .columns = type_columns(open->arena, type),
                           .theme = str_empty(theme) ? json_get_str(source, "theme") : theme});
    }
}

static Rc release_read(Ctx *ctx, Open *open, const Json *source, const Dictionary *dictionary) {
    Str id = json_get_str(source, "id"), kind = json_get_str(source, "kind");
    if (str_empty(id)) return bad(ctx, STR("?"), "id", "A release needs an id.");
    if (str_eq(kind, STR("counts"))) return people_read(ctx, open, source, RELEASE_COUNTS);
    if (str_eq(kind, STR("records"))) return people_read(ctx, open, source, RELEASE_RECORDS);
    if (!str_eq(kind, STR("types")))
        return bad(ctx, id, "kind", "A release is of counts, records or types.");
    types_read(open, source, dictionary);
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
    labels_set(open);
    return RC_OK;
}

const Release *release_find(const Open *open, Str id) {
    VEC_EACH (const Release, release, &open->releases)
        if (str_eq(release->id, id)) return release;
    return NULL;
}
