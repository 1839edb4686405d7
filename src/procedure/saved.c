#include "procedure_int.h"

#include <stdlib.h>

/* Procedures of which a draft has been begun. */
static void groups_of(Arena *arena, const Json *draft, StrVec *out) {
    for (size_t i = 0; i < draft->len; i++) {
        JsonMember member = draft->value.members[i];
        Str group = draft_group(member.name);
        bool token = str_eq(member.name, draft_member(arena, group, "token"));
        if (token && !str_empty(json_str(&member.value))) vec_push(arena, out, group);
    }
}

/* Files that are chosen for a correction (correct_files) lie in groups that nobody begins. */
static void corrections_of(Arena *arena, const Json *draft, StrVec *out) {
    for (size_t i = 0; i < draft->len; i++) {
        Str group = draft_group(draft->value.members[i].name);
        if (str_starts(group, STR(CORRECT_GROUP)) && !org_lists(out, group))
            vec_push(arena, out, group);
    }
}

static bool is_one_of(const StrVec *groups, Str group) {
    VEC_EACH (const Str, one, groups)
        if (str_eq(*one, group)) return true;
    return false;
}

/* ---- the list ---- */

static int newest_first(const void *left, const void *right) {
    int64_t x = ((const DraftSaved *)left)->saved_at, y = ((const DraftSaved *)right)->saved_at;
    return x < y ? 1 : x > y ? -1 : 0;
}

Rc draft_saved(Ctx *ctx, DraftsSaved *out) {
    const Json *draft;
    StrVec groups = {0};
    *out = (DraftsSaved){0};
    if (str_empty(ctx->actor->drafts)) return RC_OK;
    TRY(draft_load(ctx, ctx->actor->drafts, &draft));
    groups_of(ctx->arena, draft, &groups);
    VEC_EACH (const Str, group, &groups) {
        const Json *at = json_get(draft, draft_member(ctx->arena, *group, "savedAt"));
        vec_push(ctx->arena, out, (DraftSaved){*group, at ? (int64_t)json_number(at) : 0});
    }
    if (out->len) qsort(out->items, out->len, sizeof *out->items, newest_first);
    return RC_OK;
}

int64_t draft_saved_lasts(const Ctx *ctx) {
    return draft_lasts(ctx, ctx->actor->drafts);
}

/* ---- from a browser into an account ---- */

/* A list of files, as a question for them has it. */
static void files_of(Arena *arena, const Json *value, Attachments *out) {
    Attachments files;
    if (value->kind != JSON_ARRAY) return;
    attachments_of(arena, value, &files);
    VEC_EACH (const Attachment, file, &files)
        if (!str_empty(file->digest)) vec_push(arena, out, *file);
}

typedef struct Adopting {
    Str from, to;
    Attachments lost; /* what another device had chosen for the same correction */
} Adopting;

/* Members of what was begun, with when that became his. */
static void begun_add(Ctx *ctx, const Json *draft, const StrVec *groups, JsonMembers *out) {
    Json now = json_of_int(time_now(ctx->clock));
    StrVec begun = {0};
    groups_of(ctx->arena, draft, &begun);
    for (size_t i = 0; i < draft->len; i++) {
        JsonMember member = draft->value.members[i];
        if (is_one_of(groups, draft_group(member.name))) vec_push(ctx->arena, out, member);
    }
    VEC_EACH (const Str, group, &begun)
        vec_push(ctx->arena, out, (JsonMember){draft_member(ctx->arena, *group, "savedAt"), now});
}

static Rc adopt_rows(Ctx *ctx, Batch *batch, void *arg) {
    Adopting *adopting = arg;
    const Json *come, *had;
    JsonMembers after = {0};
    StrVec groups = {0};
    Attachments files = {0};
    TRY(draft_in(ctx, batch, adopting->from, &come));
    groups_of(ctx->arena, come, &groups);
    corrections_of(ctx->arena, come, &groups);
    if (!groups.len) return RC_OK;
    TRY(draft_in(ctx, batch, adopting->to, &had));
    for (size_t i = 0; i < had->len; i++)
        if (!is_one_of(&groups, draft_group(had->value.members[i].name)))
            vec_push(ctx->arena, &after, had->value.members[i]);
        else
            files_of(ctx->arena, &had->value.members[i].value, &adopting->lost);
    begun_add(ctx, come, &groups, &after);
    for (size_t i = 0; i < come->len; i++)
        files_of(ctx->arena, &come->value.members[i].value, &files);
    TRY(draft_put(ctx, batch, adopting->to, &after));
    TRY(attach_move(ctx, batch, &(AttachMove){adopting->from, adopting->to, &files}));
    return draft_remove(ctx, batch, adopting->from);
}

/* How much of a procedure has been answered. */
static size_t answered(const Json *draft, Str group) {
    size_t n = 0;
    for (size_t i = 0; i < draft->len; i++) {
        const JsonMember *member = &draft->value.members[i];
        Str name = str_sub(member->name, group.len + (group.len > 0), member->name.len);
        bool own = str_eq(draft_group(member->name), group) && !str_starts(name, STR("."));
        n += own && member->value.kind != JSON_NULL &&
             (member->value.kind != JSON_STRING || !str_empty(json_str(&member->value)));
    }
    return n;
}

/* One of two drafts of a procedure goes, with its slot and its files. */
static Rc loser_throw(Ctx *ctx, Str browser, Str group, bool own) {
    Actor nobody = {.kind = ACTOR_NOBODY, .browser = browser, .stepped_up_at = TIME_NONE},
          *before = ctx->actor;
    if (!own) ctx->actor = &nobody;
    Rc rc = draft_throw(ctx, group);
    ctx->actor = before;
    return rc == RC_NOT_FOUND ? RC_OK : rc; /* it went with the bundle that had begun it */
}

/* Where both have begun the same, the fuller goes on; of equals what he was just doing. */
static Rc losers_throw(Ctx *ctx, const Adopting *adopting) {
    const Json *come, *had;
    StrVec groups = {0}, own = {0};
    TRY(draft_load(ctx, adopting->from, &come));
    TRY(draft_load(ctx, adopting->to, &had));
    groups_of(ctx->arena, come, &groups);
    groups_of(ctx->arena, had, &own);
    VEC_EACH (const Str, group, &groups) {
        bool emptier = answered(had, *group) <= answered(come, *group);
        if (is_one_of(&own, *group)) TRY(loser_throw(ctx, adopting->from, *group, emptier));
    }
    return RC_OK;
}

Rc draft_adopt(Ctx *ctx, Str browser) {
    Adopting adopting = {.from = browser, .to = ctx->actor->drafts};
    if (str_empty(browser) || str_empty(adopting.to)) return RC_OK;
    TRY(losers_throw(ctx, &adopting));
    TRY(draft_rows(ctx, adopt_rows, &adopting));
    return attach_forget(ctx, adopting.to, &adopting.lost);
}

/* ---- throwing one away ---- */

static Rc bulky_throw(Ctx *ctx, const Json *draft) {
    Answers answers;
    apply_answers(ctx, draft, &answers);
    bool held = json_get_int(draft, "heldUntil", 0) > time_now(ctx->clock);
    if (held && answers.district && answers.day.year)
        TRY(apply_unhold(ctx, answers.district, answers.day, answers.hold));
    return draft_leave(ctx, draft_whose(ctx), STR_NONE);
}

static Rc defined_throw(Ctx *ctx, const Definition *definition) {
    DefinedDraft draft;
    JsonMembers gone = {0};
    TRY(defined_draft(ctx, definition, &draft));
    TRY(booking_drop(ctx, &draft));
    TRY(defined_gone(ctx, definition, &gone));
    return gone.len ? draft_merge(ctx, draft_whose(ctx), gone.items, gone.len) : RC_OK;
}

/* Those alone that the bundle began. */
static Rc parts_throw(Ctx *ctx, const Definition *bundle) {
    const Catalogue *catalogue = procedures_catalogue(ctx->tenant);
    for (size_t i = 0; i < bundle->parts.len; i++) {
        const Definition *part = catalogue_newest(catalogue, bundle->parts.items[i].procedure);
        DefinedDraft draft;
        if (!part) continue;
        TRY(defined_draft(ctx, part, &draft));
        if (str_eq(draft.bundle, bundle->id)) TRY(defined_throw(ctx, part));
    }
    return RC_OK;
}

Rc draft_throw(Ctx *ctx, Str procedure) {
    const Json *draft;
    StrVec groups = {0};
    TRY(draft_load(ctx, draft_whose(ctx), &draft));
    groups_of(ctx->arena, draft, &groups);
    if (!is_one_of(&groups, procedure))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-draft", procedure,
                        "There is no such draft any more: it was sent or thrown away.");
    if (str_empty(procedure)) return bulky_throw(ctx, draft);
    const Definition *definition = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    if (!definition) return draft_leave(ctx, draft_whose(ctx), procedure);
    TRY(parts_throw(ctx, definition));
    return defined_throw(ctx, definition);
}
