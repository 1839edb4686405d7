/* control_erase: what the running server does for `machi erase`. */
#include "city_int.h"

enum { REASON_MAX = 1000 };

static Rc login_find(Ctx *ctx, Str login, Str *subject) {
    Rc rc = gate_whose_login(ctx, login, subject);
    if (rc != RC_NOT_FOUND) return rc;
    return ctx_fail(ctx, rc, "no-subject", STR("subject"),
                    "This is no receipt number, no login, and no id of a subject (urn:...) that is "
                    "known here.");
}

/* A subject's id, the receipt number of his case, or a login: all of them name whoever's it is. */
static Rc subject_find(Ctx *ctx, Str named, Str *subject) {
    const Entity *record;
    Str id;
    if (str_starts(named, STR("urn:"))) return gate_whose(ctx, named, subject);
    Rc rc = inbox_find(ctx, named, &id);
    if (rc == RC_NOT_FOUND) return login_find(ctx, named, subject);
    TRY(rc);
    TRY(ledger_entity(ctx, ctx->tenant->ledger, id, &record));
    Str its = str_dup(ctx->arena, dictionary_subject(ctx->tenant->dictionary, record));
    return gate_whose(ctx, its, subject);
}

static bool listed(const StrVec *list, Str text) {
    VEC_EACH (const Str, one, list)
        if (str_eq(*one, text)) return true;
    return false;
}

/* What is there may be named, and nothing else: a slip must not look like an erasure. */
static Rc files_check(Ctx *ctx, const StrVec *wanted, const StrVec *there) {
    if (!there->len)
        return ctx_fail(ctx, RC_NOT_FOUND, "nothing-there", STR("subject"),
                        "Nothing personal lies under this subject: it was erased, or never was.");
    VEC_EACH (const Str, file, wanted)
        if (!listed(there, *file))
            return ctx_fail(ctx, RC_INVALID, "no-file", STR("files"),
                            "Nothing of this person lies in the retention file \"" STR_FMT
                            "\": there are " STR_FMT ".",
                            STR_ARG(*file),
                            STR_ARG(str_join(ctx->arena, there->items, there->len, STR(", "))));
    return RC_OK;
}

/* What is held stays, whoever asks: the hold is lifted first. */
static Rc holds_check(Ctx *ctx, const StrVec *wanted) {
    VEC_EACH (const Str, label, wanted) {
        const Entity *entity;
        FileRecord record;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, file_id(ctx->arena, *label), &entity);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        if (!file_record_good(entity)) return file_record_damaged(ctx, *label);
        file_record_read(entity, *label, &record);
        if (!str_empty(record.hold))
            return ctx_fail(ctx, RC_CONFLICT, "file-held", STR("files"),
                            "The retention file \"" STR_FMT "\" is held (" STR_FMT
                            "): nothing of it is erased until the hold is lifted.",
                            STR_ARG(*label), STR_ARG(record.hold));
    }
    return RC_OK;
}

static Rc reason_check(Ctx *ctx, Str reason) {
    if (!text_is_blank(ctx->arena, reason) && reason.len <= REASON_MAX) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-reason", STR("reason"),
                    "State the reason, without personal data, in at most %d bytes.", REASON_MAX);
}

/* Of what was there: what is there still, or what is not any more. */
static Json split(Arena *arena, const StrVec *before, const StrVec *after, bool there) {
    JsonItems items = {0};
    VEC_EACH (const Str, file, before)
        if (listed(after, *file) == there) vec_push(arena, &items, json_of_str(*file));
    return json_of_items(items.items, items.len);
}

typedef struct Erasing {
    LedgerErasure erasure;
    Str named, as;
    bool sure;
    StrVec before, after; /* the files in which something lies */
    ProjectSwept swept;   /* attached files that were taken away */
} Erasing;

/* By the account that is named, as the policies have it; without `sure` nothing but a look at what
 * there is. */
static Rc erase_inside(Ctx *ctx, Erasing *erasing) {
    LedgerErasure *erasure = &erasing->erasure;
    StrVec kept = {0};
    TRY(subject_find(ctx, erasing->named, &erasure->subject));
    TRY(gate_act_as(ctx, erasing->as, gate_erase_permitted));
    TRY(gate_files(ctx, erasure->subject, &erasing->before));
    TRY(files_check(ctx, &erasure->files, &erasing->before));
    TRY(holds_check(ctx, &erasure->files));
    erasing->after = erasing->before;
    if (!erasing->sure) return RC_OK;
    erasure->head = (CommandHead){.kind = STR("person.erase"),
                                  .actor = ctx->actor->id,
                                  .post = ctx->actor->post,
                                  .channel = STR("cli")};
    TRY(gate_erase(ctx, erasure, &kept));
    if (project_sweep(ctx, ctx->tenant->project, &erasing->swept) != RC_OK)
        return ctx_fail(ctx, RC_FAILED, "erased-not-swept", STR_NONE,
                        "The keys are destroyed, but attached files are still there, unreadable "
                        "(" STR_FMT "): the server takes them away within an hour.",
                        STR_ARG(ctx->error.detail));
    return gate_files(ctx, erasure->subject, &erasing->after);
}

CONTROL_DOES(control_erase) {
    Inside inside;
    Arena *arena = ctx->arena;
    const Json *files = json_get(request, STR("files"));
    Erasing erasing = {.named = json_get_str(request, "subject"),
                       .as = json_get_str(request, "as"),
                       .sure = json_get_bool(request, "sure", false)};
    (void)reply;
    erasing.erasure.reason = json_get_str(request, "reason");
    for (size_t i = 0; files && i < files->len; i++)
        vec_push(arena, &erasing.erasure.files, json_str(json_at(files, i)));
    TRY(reason_check(ctx, erasing.erasure.reason));
    TRY(inside_begin(ctx, arg, request, &inside));
    Rc rc = erase_inside(&inside.ctx, &erasing);
    inside_end(ctx, &inside);
    TRY(rc);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 4);
    members[0] = (JsonMember){STR("subject"), json_of_str(erasing.erasure.subject)};
    members[1] = (JsonMember){STR("erased"), split(arena, &erasing.before, &erasing.after, false)};
    members[2] = (JsonMember){STR("kept"), split(arena, &erasing.before, &erasing.after, true)};
    members[3] = (JsonMember){STR("attachments"), json_of_int((int64_t)erasing.swept.erased)};
    Json *json = NEW(arena, Json);
    *json = json_of_members(members, 4);
    *result = json;
    return RC_OK;
}
