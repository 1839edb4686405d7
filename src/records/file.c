#include "records.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { CODE_CHARS = 16, ACTS_MAX = 200 };

static const Str mark_words[FILE_MARKS] = {[FILE_NONE] = STR("kept"),
                                           [FILE_TRANSFERRED] = STR("transferred"),
                                           [FILE_DISPOSING] = STR("disposing"),
                                           [FILE_DISPOSED] = STR("disposed")};
static const Str verb_words[FILE_VERBS] = {
    [FILE_HOLD] = STR("hold"),
    [FILE_RELEASE] = STR("release"),
    [FILE_EXTEND] = STR("extend"),
    [FILE_TRANSFER] = STR("transfer"),
    [FILE_DISPOSE] = STR("dispose"),
    [FILE_DISPOSE_DONE] = STR("dispose-done"),
    [FILE_DISPOSE_STOP] = STR("dispose-stop"),
};

Str file_verb_word(FileVerb verb) {
    assert(verb < FILE_VERBS);
    return verb_words[verb];
}

bool file_verb_of(Str word, FileVerb *out) {
    for (unsigned i = 0; i < FILE_VERBS; i++)
        if (str_eq(verb_words[i], word)) {
            *out = (FileVerb)i;
            return true;
        }
    return false;
}

/* ---- names ---- */

/* A label is Japanese: an address is not. */
Str file_code(Arena *arena, Str label) {
    Digest digest = hash_sha256(label);
    return hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, CODE_CHARS);
}

Str file_id(Arena *arena, Str label) {
    return str_fmt(arena, FILE_ID_PREFIX STR_FMT, STR_ARG(file_code(arena, label)));
}

/* ---- reading ---- */

static const Json *value_of(const Entity *entity, Str iri) {
    const Attr *attr = entity_attr(entity, iri);
    return attr ? attr->value : NULL;
}

static FileMark mark_of(const Entity *entity) {
    Str word = entity_text(entity, IRI("mark"));
    for (unsigned i = 0; i < FILE_MARKS; i++)
        if (str_eq(mark_words[i], word)) return (FileMark)i;
    return FILE_NONE;
}

static Date day_of(Str text) {
    Date day;
    return time_parse_date(text, &day) ? day : (Date){0};
}

bool file_record_good(const Entity *entity) {
    return !entity || entity_has_type(entity, STR(FILE_TYPE));
}

Rc file_record_damaged(Ctx *ctx, Str label) {
    return ctx_fail(ctx, RC_FAILED, "bad-file", label,
                    "What lies under the id of this retention file is no record of one: find out "
                    "from the ledger who wrote it, and take it away.");
}

void file_record_read(const Entity *entity, Str label, FileRecord *out) {
    *out = (FileRecord){.label = label, .hold_at = TIME_NONE};
    if (!entity) return;
    out->id = entity->id;
    out->label = entity_text(entity, IRI("label"));
    out->mark = mark_of(entity);
    out->extended = day_of(entity_text(entity, IRI("extendedUntil")));
    out->hold = entity_text(entity, IRI("holdReason"));
    if (!time_parse(entity_text(entity, IRI("heldAt")), &out->hold_at)) out->hold_at = TIME_NONE;
    out->hold_post = entity_text(entity, IRI("holdPost"));
    out->to = entity_text(entity, IRI("transferredTo"));
    out->disposal = value_of(entity, IRI("disposal"));
    out->acts = value_of(entity, IRI("acts"));
    out->version = entity->version;
}

/* ---- what takes nothing more ---- */

static Rc ledger_open_file(Ctx *ctx, Str label, const Entity *record) {
    bool known = record && file_record_good(record);
    FileMark mark = known ? mark_of(record) : FILE_NONE;
    if (mark != FILE_DISPOSING && mark != FILE_DISPOSED) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "file-closed", label,
                    "The retention file \"" STR_FMT
                    "\" is being disposed of, or was: nothing is written into it any more. What is "
                    "new begins a case of its own, which lies in the file of this fiscal year.",
                    STR_ARG(label));
}

const LedgerFiles file_ledger = {STR(FILE_ID_PREFIX), file_id, ledger_open_file};

/* ---- the part ---- */

static Rc conflict(Ctx *ctx, const PartFile *part, const char *code, const char *what) {
    return ctx_fail(ctx, RC_CONFLICT, code, part->label, "%s", what);
}

/* What is held stays where it is, and under the hold that was placed first. */
static Rc hold_guard(Ctx *ctx, const PartFile *part, const FileRecord *record) {
    bool held = !str_empty(record->hold);
    if (part->verb == FILE_RELEASE && !held)
        return conflict(ctx, part, "no-hold", "This file isn't held.");
    if (part->verb == FILE_RELEASE && !str_eq(record->hold_post, part->holder))
        return conflict(ctx, part, "other-hold",
                        "This file is held by another post than when you looked at it: load the "
                        "page again.");
    if (!held || part->verb == FILE_RELEASE || part->verb == FILE_EXTEND) return RC_OK;
    return conflict(ctx, part, "file-held", "This file is held: lift the hold first.");
}

static Rc dispose_guard(Ctx *ctx, const PartFile *part, const FileRecord *record, Date today) {
    if (part->until.year == 0 || !time_date_before(part->until, today))
        return conflict(ctx, part, "file-not-due",
                        "The time for which this file is kept isn't over.");
    if (record->extended.year && !time_date_before(record->extended, today))
        return conflict(ctx, part, "file-extended",
                        "The time for which this file is kept was extended, and isn't over.");
    return RC_OK;
}

/* What the verb itself demands of a file that is still kept. */
static Rc verb_guard(Ctx *ctx, const PartFile *part, const FileRecord *record, Date today) {
    TRY(hold_guard(ctx, part, record));
    if (part->verb == FILE_DISPOSE) return dispose_guard(ctx, part, record, today);
    if (part->verb == FILE_EXTEND && !time_date_before(today, part->until))
        return ctx_fail(ctx, RC_INVALID, "past", STR("until"),
                        "An extension ends on a day that is still to come.");
    if (part->verb == FILE_EXTEND && record->extended.year &&
        !time_date_before(record->extended, part->until))
        return ctx_fail(ctx, RC_INVALID, "past", STR("until"),
                        "This file is kept at least as long already.");
    return RC_OK;
}

static Rc act_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartFile *part = args;
    FileRecord record;
    Date today = time_jst_date(stage_now(stage));
    const Entity *entity = stage_entity(stage, file_id(ctx->arena, part->label));
    if (!file_record_good(entity)) return file_record_damaged(ctx, part->label);
    file_record_read(entity, part->label, &record);
    if (part->verb == FILE_DISPOSE_DONE || part->verb == FILE_DISPOSE_STOP)
        return record.mark == FILE_DISPOSING
                   ? RC_OK
                   : conflict(ctx, part, "file-not-disposing",
                              "Nothing of this file is being disposed of.");
    if (record.mark == FILE_DISPOSED || record.mark == FILE_DISPOSING)
        return conflict(ctx, part, "file-disposed", "This file was disposed of.");
    if (record.mark == FILE_TRANSFERRED && part->verb != FILE_DISPOSE)
        return conflict(ctx, part, "file-transferred",
                        "This file was handed over: ask who keeps it now.");
    return verb_guard(ctx, part, &record, today);
}

static Json act_json(Arena *arena, const PartFile *part, int64_t now) {
    JsonMembers members = {0};
    vec_push(arena, &members, (JsonMember){STR("act"), json_of_str(verb_words[part->verb])});
    vec_push(arena, &members, (JsonMember){STR("at"), json_of_int(now)});
    const JsonMember texts[] = {{STR("post"), json_of_str(part->post)},
                                {STR("reason"), json_of_str(part->reason)},
                                {STR("to"), json_of_str(part->to)},
                                {STR("decision"), json_of_str(part->decision)}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!str_empty(json_str(&texts[i].value))) vec_push(arena, &members, texts[i]);
    if (part->verb == FILE_EXTEND)
        vec_push(arena, &members,
                 (JsonMember){STR("until"), json_of_str(time_format_date(arena, part->until))});
    if (part->verb == FILE_DISPOSE_DONE)
        vec_push(arena, &members, (JsonMember){STR("keys"), json_of_int(part->keys)});
    return json_of_members(members.items, members.len);
}

static void acts_set(Arena *arena, Entity *after, const FileRecord *before, const PartFile *part,
                     int64_t now) {
    JsonItems items = {0};
    size_t n = before->acts ? before->acts->len : 0;
    for (size_t i = n >= ACTS_MAX ? n - ACTS_MAX + 1 : 0; i < n; i++)
        vec_push(arena, &items, *json_at(before->acts, i));
    vec_push(arena, &items, act_json(arena, part, now));
    entity_set_kind(arena, after, ATTR_JSON, IRI("acts"), json_of_items(items.items, items.len));
}

static void mark_set(Arena *arena, Entity *after, FileMark mark) {
    entity_set(arena, after, IRI("mark"), json_of_str(mark_words[mark]));
}

static void hold_set(Arena *arena, Entity *after, const PartFile *part, int64_t now) {
    entity_set(arena, after, IRI("holdReason"), json_of_str(part->reason));
    entity_set(arena, after, IRI("heldAt"), json_of_str(time_format(arena, now)));
    entity_set(arena, after, IRI("holdPost"), json_of_str(part->post));
}

static void hold_lift(Arena *arena, Delta *delta) {
    static const Str gone[] = {STR(LD_DEFAULT "holdReason"), STR(LD_DEFAULT "heldAt"),
                               STR(LD_DEFAULT "holdPost")};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        vec_push(arena, &delta->removed, (DeltaRemoval){.name = gone[i], .all = true});
}

static void verb_apply(Arena *arena, Delta *delta, const FileRecord *before, const PartFile *part,
                       int64_t now) {
    Entity *after = delta->after;
    switch (part->verb) {
    case FILE_HOLD:
        hold_set(arena, after, part, now);
        break;
    case FILE_RELEASE:
        hold_lift(arena, delta);
        break;
    case FILE_EXTEND:
        entity_set(arena, after, IRI("extendedUntil"),
                   json_of_str(time_format_date(arena, part->until)));
        break;
    case FILE_TRANSFER:
        mark_set(arena, after, FILE_TRANSFERRED);
        entity_set(arena, after, IRI("transferredTo"), json_of_str(part->to));
        break;
    case FILE_DISPOSE:
        mark_set(arena, after, FILE_DISPOSING);
        entity_set_kind(arena, after, ATTR_JSON, IRI("disposal"), *part->disposal);
        break;
    case FILE_DISPOSE_DONE:
        mark_set(arena, after, FILE_DISPOSED);
        break;
    case FILE_DISPOSE_STOP:
        mark_set(arena, after, str_empty(before->to) ? FILE_NONE : FILE_TRANSFERRED);
        vec_push(arena, &delta->removed, (DeltaRemoval){.name = IRI("disposal"), .all = true});
        break;
    case FILE_VERBS:
        break;
    }
}

static Rc act_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartFile *part = args;
    Arena *arena = ctx->arena;
    FileRecord before;
    Str id = file_id(arena, part->label);
    const Entity *entity = stage_entity(stage, id);
    file_record_read(entity, part->label, &before);
    Delta delta = {.op = entity ? DELTA_CHANGE : DELTA_PUT, .id = id};
    delta.after = entity_new(arena, id, STR(FILE_TYPE));
    entity_set(arena, delta.after, IRI("label"), json_of_str(part->label));
    if (!entity) mark_set(arena, delta.after, FILE_NONE);
    verb_apply(arena, &delta, &before, part, stage_now(stage));
    acts_set(arena, delta.after, &before, part, stage_now(stage));
    stage_put(stage, &delta);
    return RC_OK;
}

const PartKind part_file_act = {"file.act", 1, act_guard, act_apply};

void file_act_add(Command *command, const PartFile *part) {
    Arena *arena = command_arena(command);
    PartFile *own = NEW(arena, PartFile);
    *own = (PartFile){.label = str_dup(arena, part->label),
                      .verb = part->verb,
                      .reason = str_dup(arena, str_trim(part->reason)),
                      .to = str_dup(arena, part->to),
                      .post = str_dup(arena, part->post),
                      .holder = str_dup(arena, part->holder),
                      .decision = str_dup(arena, part->decision),
                      .until = part->until,
                      .disposal = part->disposal ? json_dup(arena, part->disposal) : NULL,
                      .keys = part->keys};
    command_needs(command, file_id(arena, own->label));
    command_add(command, &part_file_act, own);
}
