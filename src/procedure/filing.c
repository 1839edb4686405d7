#include "procedure_int.h"

#include "filing.h"

enum { TRIES = 5, FILE_ARENA = 256 << 20, WINDOW = 10000, LABELS_MAX = FILING_MAX * 128 };

/* ---- who, and what ---- */

bool filing_mine(const Ctx *ctx, const ShelfFile *file) {
    Str division = ctx->actor->division;
    if (ctx->actor->kind == ACTOR_SYSTEM) return true;
    if (ctx->actor->kind != ACTOR_STAFF || str_empty(division)) return false;
    return str_eq(division, shelf_table(ctx->tenant)->keeper) ||
           (file->row && str_eq(division, file->row->division));
}

static Rc mine_check(Ctx *ctx, const ShelfFile *file) {
    if (filing_mine(ctx, file)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "not-your-files", file->label,
                    "This is done by the division that keeps the file, or by the one that looks "
                    "after all files.");
}

/* Why nothing of a verb that would end its keeping fits the state of a file; NULL: it does. */
static const char *state_refusal(const ShelfFile *file, bool disposes) {
    switch (file->state) {
    case SHELF_DISPOSED:
    case SHELF_DISPOSING:
        return "file-disposed";
    case SHELF_TRANSFERRED:
        if (!disposes) return "file-transferred";
        return file->open ? "file-open" : NULL;
    case SHELF_CURRENT:
    case SHELF_KEPT:
        return file->open ? "file-open" : "file-not-due";
    case SHELF_EXTENDED:
        return disposes ? "file-extended" : NULL;
    case SHELF_DUE:
    case SHELF_STATES:
        break;
    }
    return NULL;
}

const char *filing_refusal(const ShelfFile *file, FileVerb verb) {
    bool disposes = verb == FILE_DISPOSE;
    if (!file->row) return "file-unclassified";
    if (!file->fiscal_year) return "file-unfiled";
    const char *code = state_refusal(file, disposes);
    if (code) return code;
    if (verb != FILE_EXTEND && !str_empty(file->record.hold)) return "file-held";
    return disposes && file->unfiled ? "file-unfiled" : NULL;
}

static const char *refusal_text(const char *code) {
    static const struct {
        const char *code, *text;
    } rows[] = {
        {"file-unclassified", "This file has no row in the classification table."},
        {"file-disposed", "This file was disposed of."},
        {"file-transferred", "This file was handed over: ask who keeps it now."},
        {"file-open", "A matter of this file is still open."},
        {"file-not-due", "The time for which this file is kept isn't over."},
        {"file-extended", "The time for which this file is kept was extended, and isn't over."},
        {"file-held",
         "This file is held, so it may neither be disposed of nor handed over: lift the hold "
         "first."},
        {"file-unfiled",
         "This file has matters that lie under another key than its own, for they were made before "
         "there were files, or lay in another one: it can't be disposed of alone."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(str_of(code), str_of(rows[i].code))) return rows[i].text;
    return "This can't be done to this file.";
}

static Rc refusal_check(Ctx *ctx, const ShelfFile *file, FileVerb verb) {
    const char *code = filing_refusal(file, verb);
    if (!code) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, code, file->label, "%s", refusal_text(code));
}

/* ---- holds ---- */

static Rc reason_check(Ctx *ctx, Str reason) {
    if (text_is_blank(ctx->arena, reason))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("reason"), "Write why.");
    if (str_utf8_len(reason) <= FILING_REASON_MAX) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "too-long", STR("reason"),
                    "A reason has at most %d characters.", FILING_REASON_MAX);
}

bool filing_lifts(const Ctx *ctx, const ShelfFile *file) {
    Str division = ctx->actor->division, holder = file->record.hold_post;
    const GatePost *post = str_empty(holder) ? NULL : gate_post(ctx->tenant->gate, holder);
    if (!filing_mine(ctx, file)) return false;
    return str_eq(division, shelf_table(ctx->tenant)->keeper) ||
           (!str_empty(holder) && str_eq(ctx->actor->post, holder)) ||
           (post && str_eq(post->division, division));
}

static Rc lift_check(Ctx *ctx, const ShelfFile *file, FileVerb verb) {
    if (verb == FILE_HOLD || str_empty(file->record.hold) || filing_lifts(ctx, file)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "not-your-hold", file->label,
                    "A hold is lifted by the division that placed it, or by the one that looks "
                    "after all files.");
}

Rc filing_hold(Ctx *ctx, Str code, FileVerb verb, Str reason) {
    ShelfFile file;
    Outcome outcome;
    assert(verb == FILE_HOLD || verb == FILE_RELEASE);
    TRY(proposal_may_draft(ctx));
    TRY(shelf_find(ctx, code, &file));
    TRY(mine_check(ctx, &file));
    TRY(lift_check(ctx, &file, verb));
    TRY(reason_check(ctx, reason));
    Str kind = str_fmt(ctx->arena, "file." STR_FMT, STR_ARG(file_verb_word(verb)));
    Command *command = case_command(ctx, kind, STR_NONE, STR("web"));
    file_act_add(command, &(PartFile){.label = file.label,
                                      .verb = verb,
                                      .reason = reason,
                                      .post = ctx->actor->post,
                                      .holder = file.record.hold_post});
    return case_execute(ctx, command, &outcome);
}

/* ---- proposing ---- */

static Str kind_of(FileVerb verb) {
    if (verb == FILE_EXTEND) return FILING_EXTENSION;
    return verb == FILE_TRANSFER ? FILING_TRANSFER : FILING_DISPOSAL;
}

static bool verb_of(Str kind, FileVerb *out) {
    static const FileVerb verbs[] = {FILE_EXTEND, FILE_TRANSFER, FILE_DISPOSE};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        *out = verbs[i];
        if (str_eq(kind, kind_of(verbs[i]))) return true;
    }
    return false;
}

bool filing_is(Str kind) {
    FileVerb verb;
    return verb_of(kind, &verb);
}

/* What the decider sees of a file, and what its disposal leaves: nothing of it is about a person.
 */
static Json file_json(Arena *arena, const ShelfFile *file) {
    const JsonMember all[] = {
        {STR("label"), json_of_str(str_dup(arena, file->label))},
        {STR("title"), shelf_title(arena, file)},
        {STR("classification"), json_of_str(shelf_classification(arena, file, "ja"))},
        {STR("years"), json_of_int(file->row->years)},
        {STR("fiscalYear"), json_of_int(file->fiscal_year)},
        {STR("count"), json_of_int(file->count)},
        {STR("from"), proposal_day(arena, file->from)},
        {STR("to"), proposal_day(arena, file->to)},
        {STR("until"), proposal_day(arena, file->until)},
    };
    enum { N = sizeof all / sizeof *all };
    JsonMember *members = NEW_ARRAY(arena, JsonMember, N);
    for (size_t i = 0; i < N; i++)
        members[i] = all[i];
    return json_of_members(members, N);
}

static const Json *contents_of(Arena *arena, const FilingWish *wish, const ShelfFiles *files) {
    JsonItems items = {0};
    JsonMembers members = {0};
    Json *contents = NEW(arena, Json);
    VEC_EACH (const ShelfFile, file, files)
        vec_push(arena, &items, file_json(arena, file));
    vec_push(arena, &members, (JsonMember){STR("files"), json_of_items(items.items, items.len)});
    vec_push(arena, &members,
             (JsonMember){STR("reason"), json_of_str(str_dup(arena, str_trim(wish->reason)))});
    if (wish->verb == FILE_EXTEND)
        vec_push(arena, &members, (JsonMember){STR("until"), proposal_day(arena, wish->until)});
    if (wish->verb == FILE_TRANSFER)
        vec_push(arena, &members,
                 (JsonMember){STR("to"), json_of_str(str_dup(arena, str_trim(wish->to)))});
    *contents = json_of_members(members.items, members.len);
    return contents;
}

static Rc missing(Ctx *ctx, Str member) {
    return ctx_fail(ctx, RC_INVALID, "missing", member, "This is needed here.");
}

static Rc wish_check(Ctx *ctx, const FilingWish *wish) {
    Date today = time_jst_date(time_now(ctx->clock));
    if (wish->codes.len == 0) return missing(ctx, STR("file"));
    if (wish->codes.len > FILING_MAX)
        return ctx_fail(ctx, RC_LIMIT, "too-many-files", STR("file"),
                        "One proposal is about at most %d files.", FILING_MAX);
    TRY(reason_check(ctx, wish->reason));
    if (wish->verb == FILE_TRANSFER && text_is_blank(ctx->arena, wish->to))
        return missing(ctx, STR("to"));
    if (wish->verb == FILE_TRANSFER && str_utf8_len(wish->to) > FILING_REASON_MAX)
        return ctx_fail(ctx, RC_INVALID, "too-long", STR("to"), "This has at most %d characters.",
                        FILING_REASON_MAX);
    if (wish->verb != FILE_EXTEND) return RC_OK;
    if (!time_date_valid(wish->until)) return missing(ctx, STR("until"));
    if (time_date_before(today, wish->until)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "past", STR("until"),
                    "An extension ends on a day that is still to come.");
}

static bool has_code(const StrVec *codes, Str code) {
    VEC_EACH (const Str, one, codes)
        if (str_eq(*one, code)) return true;
    return false;
}

/* The files of a wish, all of them such as may go this way. */
static Rc files_load(Ctx *ctx, const FilingWish *wish, ShelfFiles *out) {
    ShelfFiles all;
    *out = (ShelfFiles){0};
    TRY(shelf_list(ctx, &(ShelfWish){0}, &all));
    VEC_EACH (const ShelfFile, file, &all) {
        if (!has_code(&wish->codes, file->code)) continue;
        TRY(mine_check(ctx, file));
        TRY(refusal_check(ctx, file, wish->verb));
        vec_push(ctx->arena, out, *file);
    }
    StrVec found = {0};
    VEC_EACH (const ShelfFile, file, out)
        vec_push(ctx->arena, &found, file->code);
    VEC_EACH (const Str, code, &wish->codes)
        if (!has_code(&found, *code))
            return ctx_fail(ctx, RC_NOT_FOUND, "no-file", *code, "The city keeps no such file.");
    return RC_OK;
}

static Str title_of(Arena *arena, FileVerb verb, const ShelfFiles *files) {
    Json title = shelf_title(arena, &files->items[0]);
    const char *what = verb == FILE_EXTEND     ? "の保存期間の延長について"
                       : verb == FILE_TRANSFER ? "の移管について"
                                               : "の廃棄について";
    Str first = json_get_str(&title, "ja");
    if (files->len == 1) return str_fmt(arena, STR_FMT "%s", STR_ARG(first), what);
    return str_fmt(arena, STR_FMT "ほか%zu件の簿冊%s", STR_ARG(first), (size_t)files->len - 1,
                   what);
}

/* The same files, proposed twice, are one proposal while it waits. */
static Str about_of(Arena *arena, const StrVec *codes) {
    Buf text = buf_new(arena, LABELS_MAX);
    VEC_EACH (const Str, code, codes) {
        buf_add(&text, *code);
        buf_add_char(&text, ' ');
    }
    Digest digest = hash_sha256(buf_str(&text));
    return hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, 26);
}

static Str about_files(Arena *arena, const ShelfFiles *files) {
    StrVec codes = {0};
    VEC_EACH (const ShelfFile, file, files)
        vec_push(arena, &codes, file->code);
    return about_of(arena, &codes);
}

static Rc propose(Ctx *ctx, const FilingWish *wish, ProposalAsk *ask, Str *decision) {
    ShelfFiles files;
    ProposalDraft drafting = {0};
    TRY(proposal_may_draft(ctx));
    TRY(wish_check(ctx, wish));
    TRY(files_load(ctx, wish, &files));
    if (!ask->amend) ask->about = about_files(ctx->arena, &files);
    Command *command = proposal_command(ctx, ask, STR_NONE);
    Arena *arena = command_arena(command);
    Rc rc = proposal_new(ctx, command, ask, &drafting);
    if (rc == RC_OK) rc = proposal_route(ctx, command, ask->kind, 0, &drafting.draft->plan);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    drafting.draft->files_key = str_dup(arena, ask->about);
    drafting.draft->title = title_of(arena, wish->verb, &files);
    drafting.draft->contents = contents_of(arena, wish, &files);
    return proposal_send(ctx, command, &drafting, decision);
}

Rc filing_propose(Ctx *ctx, const FilingWish *wish, Str *decision) {
    return propose(ctx, wish, &(ProposalAsk){.kind = kind_of(wish->verb)}, decision);
}

/* It stays the proposal about the files for which it was drafted, though it is about fewer now. */
Rc filing_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend) {
    const Entity *decision;
    Str drafted;
    StrVec codes = {0};
    FilingWish wish = {.reason = amend->text, .until = amend->until, .to = amend->to};
    const Json *files = json_get(contents, STR("files"));
    TRY(decide_load(ctx, amend->id, &decision));
    ProposalAsk ask = {.kind = entity_text(decision, IRI("kind")),
                       .about = entity_text(decision, IRI("filesKey")),
                       .amend = amend};
    if (!verb_of(ask.kind, &wish.verb)) return RC_OK;
    for (uint32_t i = 0; files && i < files->len; i++) {
        Str code = file_code(ctx->arena, json_get_str(json_at(files, i), "label"));
        vec_push(ctx->arena, &codes, code);
        if (!has_code(&amend->out, code)) vec_push(ctx->arena, &wish.codes, code);
    }
    if (str_empty(ask.about)) ask.about = about_of(ctx->arena, &codes); /* of before it was kept */
    return propose(ctx, &wish, &ask, &drafted);
}

/* ---- what a decision makes of it ---- */

/* The decision's files as they are now: one in which something has moved since isn't what was
   decided on. */
static Rc file_follow(Ctx *ctx, Command *command, const PartFile *like, const Json *row) {
    ShelfFile file;
    PartFile part = *like;
    part.label = json_get_str(row, "label");
    TRY(shelf_find(ctx, file_code(ctx->arena, part.label), &file));
    TRY(refusal_check(ctx, &file, part.verb));
    if (part.verb == FILE_DISPOSE) {
        part.until = file.until;
        part.disposal = row;
        if (file.count != json_get_int(row, "count", 0))
            return ctx_fail(ctx, RC_CONFLICT, "file-moved", file.label,
                            "This file isn't what was proposed any more: return the proposal.");
    }
    file_act_add(command, &part);
    return RC_OK;
}

Rc filing_follow(Ctx *ctx, Command *command, const Entity *decision, const Json *contents) {
    const Json *files = json_get(contents, STR("files"));
    PartFile like = {.reason = json_get_str(contents, "reason"),
                     .to = json_get_str(contents, "to"),
                     .post = ctx->actor->post,
                     .decision = entity_text(decision, IRI("number"))};
    if (!verb_of(entity_text(decision, IRI("kind")), &like.verb)) return RC_OK;
    (void)time_parse_date(json_get_str(contents, "until"), &like.until);
    for (uint32_t i = 0; files && i < files->len; i++)
        TRY(file_follow(ctx, command, &like, json_at(files, i)));
    return RC_OK;
}

/* ---- destroying ---- */

/* What must hold when the keys go: nothing of the file was written since it was looked at. */
typedef struct Judged {
    Str label;
    uint64_t position; /* up to which it was looked at */
    bool moved;
} Judged;

static Rc judge_event(Ctx *ctx, void *arg, const Event *event) {
    Judged *judged = arg;
    bool holds = false;
    const Delta *delta = event->delta;
    if (judged->moved || !delta || !shelf_counts(delta->id)) return RC_OK;
    Str own = delta->after ? entity_text(delta->after, IRI("retentionFile")) : STR_NONE;
    TRY(shelf_holds(ctx, judged->label, delta->id, &holds));
    judged->moved = holds || str_eq(own, judged->label);
    return RC_OK;
}

Rc filing_unmoved(Ctx *ctx, Str label, uint64_t position) {
    Judged judged = {label, position, false};
    Ledger *ledger = ctx->tenant->ledger;
    uint64_t next;
    TRY(ledger_read(ctx, ledger, &(LedgerWindow){position, WINDOW, judge_event, &judged}, &next));
    if (!judged.moved && next >= ledger_head(ledger)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "file-moved", label,
                    "Something of this file was written meanwhile.");
}

static Rc judge(Ctx *ctx, void *arg) {
    const Judged *judged = arg;
    return filing_unmoved(ctx, judged->label, judged->position);
}

static Rc act_send(Ctx *ctx, const PartFile *part) {
    Outcome outcome;
    Str kind = str_fmt(ctx->arena, "file." STR_FMT, STR_ARG(file_verb_word(part->verb)));
    Command *command = case_command(ctx, kind, STR_NONE, STR("timer"));
    file_act_add(command, part);
    return case_execute(ctx, command, &outcome);
}

static Rc file_stop(Ctx *ctx, Str label) {
    return act_send(ctx, &(PartFile){.label = label, .verb = FILE_DISPOSE_STOP});
}

/* judged NULL: it had begun already, so nothing is judged any more. */
static Rc file_destroy(Ctx *ctx, Str label, Judged *judged) {
    LedgerDisposal disposal = {.head = {.kind = STR("file.destroy"),
                                        .actor = ctx->actor->id,
                                        .post = ctx->actor->post,
                                        .channel = STR("timer")},
                               .retention = label,
                               .reason = STR("file-disposal"),
                               .judge = judged ? judge : NULL,
                               .judge_arg = judged};
    Rc rc = ledger_dispose(ctx, ctx->tenant->ledger, &disposal);
    bool done = rc == RC_FAILED && str_eq(ctx->error.code, STR("erased-not-scrubbed"));
    return done ? RC_OK : rc; /* the writer overwrites the log as soon as it can */
}

/* Whether it is still what was decided on. */
static bool as_decided(const Ctx *ctx, const ShelfFile *file) {
    Date today = time_jst_date(time_now(ctx->clock));
    bool over = file->until.year && time_date_before(file->until, today);
    return over && !file->open && !file->unfiled &&
           file->count == json_get_int(file->record.disposal, "count", -1);
}

static Rc file_done(Ctx *ctx, Str label) {
    size_t keys;
    TRY(ledger_disposed(ctx, ctx->tenant->ledger, label, &keys));
    return act_send(ctx, &(PartFile){.label = label,
                                     .verb = FILE_DISPOSE_DONE,
                                     .post = ctx->actor->post,
                                     .keys = (int64_t)keys});
}

/* A statement in the list of erasures is carried out at the next start at the latest: what has one
   doesn't go back to the shelf any more. */
static Rc file_carry_out(Ctx *ctx, Str label) {
    ShelfFile file;
    size_t begun;
    Rc rc = RC_CONFLICT;
    for (int i = 0; rc == RC_CONFLICT && i < TRIES; i++) {
        Judged judged = {label, ledger_head(ctx->tenant->ledger), false};
        TRY(shelf_find(ctx, file_code(ctx->arena, label), &file));
        if (file.record.mark != FILE_DISPOSING) return RC_OK; /* done by another meanwhile */
        TRY(ledger_disposed(ctx, ctx->tenant->ledger, label, &begun));
        if (!begun && !as_decided(ctx, &file)) return file_stop(ctx, label);
        rc = file_destroy(ctx, label, begun ? NULL : &judged);
    }
    TRY(rc);
    return file_done(ctx, label);
}

/* In memory of its own, since each looks through the list of all files. */
static Rc carry_out_alone(Ctx *ctx, Str label) {
    Ctx own = *ctx;
    own.arena = arena_new(FILE_ARENA);
    Rc rc = file_carry_out(&own, label);
    if (rc != RC_OK)
        ctx->error =
            (Error){own.error.rc, str_dup(ctx->arena, own.error.code),
                    str_dup(ctx->arena, own.error.detail), str_dup(ctx->arena, own.error.path)};
    arena_free(own.arena);
    return rc;
}

/* Of those that were found; the first error, and at *done how many succeeded. */
static Rc files_carry_out(Ctx *ctx, const ProjectAnswer *found, const atomic_bool *stop,
                          size_t *done) {
    Rc first = RC_OK;
    Error error = ctx->error;
    *done = 0;
    for (size_t i = 0; i < found->entities.len && !(stop && atomic_load(stop)); i++) {
        FileRecord record;
        file_record_read(found->entities.items[i], STR_NONE, &record);
        Rc rc = carry_out_alone(ctx, record.label);
        if (rc == RC_OK) {
            (*done)++;
            continue;
        }
        log_error("procedure", "the file " STR_FMT " is not disposed of yet: " STR_FMT,
                  STR_ARG(record.label), STR_ARG(ctx->error.detail));
        if (first == RC_OK) {
            first = rc;
            error = ctx->error;
        }
    }
    ctx->error = error;
    return first;
}

/* *more: as many as are looked at in one round were there, and some of them went. */
static Rc all_carry_out(Ctx *ctx, const atomic_bool *stop, bool *more) {
    ProjectAnswer found;
    ProjectSwept swept;
    size_t done;
    ProjectWish wish = {
        .type = STR("RecordFile"), .q = STR("mark==\"disposing\""), .limit = FILING_MAX};
    *more = false;
    TRY(project_find(ctx, &wish, &found));
    Rc rc = files_carry_out(ctx, &found, stop, &done);
    Error error = ctx->error;
    Rc swept_rc = done ? project_sweep(ctx, ctx->tenant->project, &swept) : RC_OK;
    *more = done && found.entities.len == FILING_MAX;
    if (rc == RC_OK) return swept_rc;
    ctx->error = error;
    return rc;
}

Rc filing_carry_out(Ctx *ctx, const atomic_bool *stop) {
    pthread_mutex_t *lock = &ctx->tenant->procedures->filing_lock;
    bool more = true;
    Rc rc = RC_OK;
    if (pthread_mutex_trylock(lock) != 0)
        return ctx_fail(ctx, RC_BUSY, "files-busy", STR_NONE,
                        "Files are being disposed of already: what is left goes on by itself.");
    while (rc == RC_OK && more && !(stop && atomic_load(stop)))
        rc = all_carry_out(ctx, stop, &more);
    pthread_mutex_unlock(lock);
    return rc;
}

/* ---- how far it is ---- */

/* Whether the newest disposal of a file is the one by this decision. */
static bool disposed_by(const FileRecord *record, Str decision) {
    for (size_t i = record->acts ? record->acts->len : 0; i-- > 0;) {
        const Json *act = json_at(record->acts, i);
        if (str_eq(json_get_str(act, "act"), file_verb_word(FILE_DISPOSE)))
            return str_eq(json_get_str(act, "decision"), decision);
    }
    return false;
}

Rc filing_progress(Ctx *ctx, const Entity *decision, const Json *contents, FilingProgress *out) {
    const Json *files = json_get(contents, STR("files"));
    Str number = entity_text(decision, IRI("number"));
    *out = (FilingProgress){.all = files ? files->len : 0};
    for (uint32_t i = 0; files && i < files->len; i++) {
        ShelfFile file = {.label = json_get_str(json_at(files, i), "label")};
        TRY(shelf_record(ctx, &file));
        if (!disposed_by(&file.record, number)) continue;
        out->done += file.record.mark == FILE_DISPOSED;
        out->going += file.record.mark == FILE_DISPOSING;
    }
    return RC_OK;
}
