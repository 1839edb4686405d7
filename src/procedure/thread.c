#include "procedure_int.h"

#include "thread.h"

/* ---- reading a definition ---- */

static Rc refuse(Ctx *ctx, const char *member, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-definition", str_fmt(ctx->arena, "thread.%s", member),
                    "%s", what);
}

/* The first word, unless the second one stands there. */
static Rc read_either(Ctx *ctx, const Json *from, const char *member, bool *second) {
    const Str *words;
    size_t n = definition_words(str_of(member), &words);
    Str said = json_get_str(from, member);
    for (size_t i = 0; i < n; i++) {
        *second = str_eq(said, words[i]) && i > 0;
        if (str_empty(said) || str_eq(said, words[i])) return RC_OK;
    }
    return refuse(ctx, member, "This is none of the words that may stand here.");
}

static Rc read_class(Ctx *ctx, const Json *from, bool *sensitive) {
    Str class = json_get_str(from, "class");
    *sensitive = str_eq(class, STR("sensitive"));
    if (str_empty(class) || *sensitive || str_eq(class, STR("personal"))) return RC_OK;
    return refuse(ctx, "class", "What people write is \"personal\" or \"sensitive\".");
}

static Rc read_states(Ctx *ctx, const Json *from, const Definition *definition,
                      DefinedThread *out) {
    const Json *states = json_get(from, STR("states"));
    for (uint32_t i = 0; states && i < states->len; i++) {
        Str state = json_str(json_at(states, i));
        if (!definition_state(definition, state))
            return refuse(ctx, "states", "There is no such state.");
        vec_push(ctx->arena, &out->states, state);
    }
    return out->states.len ? RC_OK : refuse(ctx, "states", "In which states may one write?");
}

static Rc read_hint(Ctx *ctx, const Json *from, Wording *out) {
    const Json *hint = json_get(from, STR("hint"));
    *out = (Wording){.all = hint, .ja = json_get_str(hint, "ja")};
    if (!hint || (!str_empty(out->ja) && !str_empty(json_get_str(hint, "en")))) return RC_OK;
    return refuse(ctx, "hint", "A text in Japanese (ja) and English (en) is needed here.");
}

Rc thread_read(Ctx *ctx, const Json *source, const Definition *definition,
               const DefinedThread **out) {
    const Json *from = json_get(source, STR("thread")), *accept;
    DefinedThread *thread = NEW(ctx->arena, DefinedThread);
    *out = NULL;
    if (!from) return RC_OK;
    TRY(read_states(ctx, from, definition, thread));
    TRY(read_either(ctx, from, "writers", &thread->office_only));
    TRY(read_class(ctx, from, &thread->sensitive));
    TRY(read_hint(ctx, from, &thread->hint));
    accept = json_get(from, STR("accept"));
    for (uint32_t i = 0; accept && i < accept->len; i++) {
        unsigned bit = definition_accepted(json_str(json_at(accept, i)));
        if (!bit) return refuse(ctx, "accept", "A file is a \"photo\" or a \"document\".");
        thread->accept |= bit;
    }
    *out = thread;
    return RC_OK;
}

void thread_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out) {
    const DefinedThread *thread = definition->thread;
    if (!thread) return;
    VEC_EACH (const Str, id, &thread->states) {
        const DefinedState *state = definition_state(definition, *id);
        if (state && state->owner == OWNER_NOBODY)
            definition_tell(ctx, out, STR("thread.states"),
                            "\"" STR_FMT "\" is an end: nobody writes to a case that has ended.",
                            "「" STR_FMT "」は終わりの状態です。終わった案件には書けません。",
                            STR_ARG(*id));
    }
    definition_easy(ctx, out, STR("thread.hint"), &thread->hint);
}

/* ---- the messages of a case ---- */

/* Of one that is there; RC_NOT_FOUND: it isn't, or was erased. */
static Rc nth(Ctx *ctx, Str case_id, int64_t n, ThreadMessage *out) {
    Ledger *ledger = ctx->tenant->ledger;
    TRY(ledger_entity(ctx, ledger, message_id(ctx->arena, ledger, case_id, n), &out->entity));
    message_read(out->entity, &out->message);
    return out->message.contents ? RC_OK : RC_NOT_FOUND;
}

Rc thread_of(Ctx *ctx, const Entity *application, ThreadMessages *out) {
    int64_t all = message_count(application);
    *out = (ThreadMessages){0};
    for (int64_t n = 1; n <= all && n <= THREAD_MOST; n++) {
        ThreadMessage one;
        Rc rc = nth(ctx, application->id, n, &one);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        vec_push(ctx->arena, out, one);
    }
    return RC_OK;
}

Rc thread_unread(Ctx *ctx, const Entity *application, bool *out) {
    *out = false;
    for (int64_t n = message_count(application); n >= 1; n--) {
        ThreadMessage one;
        Rc rc = nth(ctx, application->id, n, &one);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        *out = one.message.office && one.message.read_at == TIME_NONE;
        if (one.message.office) return RC_OK;
    }
    return RC_OK;
}

/* ---- rights ---- */

static const DefinedThread *thread_defined(const Ctx *ctx, const Entity *application) {
    const Definition *definition = defined_of(ctx, application);
    return definition ? definition->thread : NULL;
}

/* A message belongs to its case: who works on that, or whose it is, reads it. */
static GateAsk reading(const Ctx *ctx, const Entity *application, const DefinedThread *thread) {
    return (GateAsk){.action = ACT_READ,
                     .type = STR(MESSAGE_TYPE),
                     .class = thread->sensitive ? CLASS_SENSITIVE : CLASS_PERSONAL,
                     .relation = gate_relation(ctx, application)};
}

bool thread_visible(Ctx *ctx, const Entity *application) {
    const DefinedThread *thread = thread_defined(ctx, application);
    if (!thread) return false;
    GateAsk ask = reading(ctx, application, thread);
    return gate_permits(ctx, &ask);
}

/* Who may not read what was written doesn't answer it either. */
static Rc may_write(Ctx *ctx, const Entity *application, const DefinedThread *thread, bool office) {
    static const unsigned of_office = REL_POST | REL_DIVISION | REL_ASSIGNEE,
                          own = REL_SUBJECT | REL_APPLICANT | REL_HOLDER;
    GateAsk read = reading(ctx, application, thread);
    GateAsk ask = {.action = ACT_UPDATE,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_INTERNAL,
                   .relation = read.relation};
    bool stands = office ? ctx->actor->kind == ACTOR_STAFF && read.relation & of_office
                         : !thread->office_only && read.relation & own;
    if (!stands)
        return ctx_fail(ctx, RC_DENIED, "not-permitted", application->id,
                        "This is for somebody else to write.");
    TRY(gate_check(ctx, &ask));
    return gate_check(ctx, &read);
}

static bool state_open(const DefinedThread *thread, const Entity *application) {
    VEC_EACH (const Str, state, &thread->states)
        if (str_eq(*state, entity_text(application, IRI("procedureState")))) return true;
    return false;
}

bool thread_open(Ctx *ctx, const Entity *application, bool office) {
    const DefinedThread *thread = thread_defined(ctx, application);
    Error before = ctx->error;
    bool open = thread && state_open(thread, application) &&
                message_count(application) < THREAD_MOST &&
                may_write(ctx, application, thread, office) == RC_OK;
    ctx->error = before;
    return open;
}

/* ---- writing ---- */

/* A message under way. */
typedef struct Writing {
    Ctx *ctx;
    const ThreadWish *wish;
    const Entity *application; /* whole */
    const DefinedThread *thread;
    ThreadMessages before;
    LedgerAttachments kept; /* files that lie beside the ledger for it */
    JsonItems files;        /* the same as the message has them */
    bool filed;             /* they were taken in */
} Writing;

static Rc limit(Ctx *ctx, const char *code, int most, const char *of) {
    return ctx_fail(ctx, RC_LIMIT, code, STR("text"), "At most %d %s.", most, of);
}

/* By its resident, today. */
static int64_t written_today(const Writing *writing) {
    Date today = time_jst_date(time_now(writing->ctx->clock));
    int64_t n = 0;
    VEC_EACH (const ThreadMessage, one, &writing->before)
        n += !one->message.office && one->message.at >= time_jst_start(today);
    return n;
}

static Rc bounds_check(const Writing *writing) {
    Ctx *ctx = writing->ctx;
    const ThreadWish *wish = writing->wish;
    if (str_utf8_len(wish->text) > THREAD_CHARS_MOST)
        return limit(ctx, "long", THREAD_CHARS_MOST, "characters stand in a message");
    if (message_count(writing->application) >= THREAD_MOST)
        return limit(ctx, "thread-full", THREAD_MOST, "messages belong to a case: call the office");
    if (!wish->office && written_today(writing) >= THREAD_DAY_MOST)
        return limit(ctx, "thread-day", THREAD_DAY_MOST,
                     "messages are written a day: go on tomorrow, or call the office");
    return RC_OK;
}

static Rc writing_check(const Writing *writing) {
    Ctx *ctx = writing->ctx;
    const ThreadWish *wish = writing->wish;
    TRY(may_write(ctx, writing->application, writing->thread, wish->office));
    if (!state_open(writing->thread, writing->application))
        return ctx_fail(ctx, RC_CONFLICT, "thread-closed", wish->id,
                        "Nobody writes to a case in this state.");
    if (text_is_blank(ctx->arena, wish->text) && !wish->files.len)
        return ctx_fail(ctx, RC_INVALID, "missing", STR("text"), "Write something.");
    return bounds_check(writing);
}

static Rc writing_load(Writing *writing) {
    Ctx *ctx = writing->ctx;
    TRY(case_load(ctx, writing->wish->id, &writing->application));
    writing->thread = thread_defined(ctx, writing->application);
    if (!writing->thread)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-thread", writing->wish->id,
                        "Nobody writes to cases of this procedure.");
    return thread_of(ctx, writing->application, &writing->before);
}

static Str once_of(const Writing *writing) {
    Ctx *ctx = writing->ctx;
    Digest digest =
        ledger_keyed_hash(ctx->tenant->ledger, STR("message-once"), writing->wish->once);
    return hash_digest_hex(ctx->arena, &digest);
}

/* By the same form, so that a second press, or another load of the answer, writes nothing. */
static bool was_written(const Writing *writing) {
    Str once = once_of(writing);
    VEC_EACH (const ThreadMessage, one, &writing->before)
        if (!str_empty(writing->wish->once) && str_eq(one->message.once, once)) return true;
    return false;
}

static size_t files_before(const Writing *writing) {
    size_t n = 0;
    VEC_EACH (const ThreadMessage, one, &writing->before) {
        Attachments files;
        attachments_of(writing->ctx->arena, json_get(one->message.contents, STR("files")), &files);
        n += files.len;
    }
    return n;
}

/* All are looked at before one is kept. */
static Rc files_take(Writing *writing) {
    Ctx *ctx = writing->ctx;
    const ThreadWish *wish = writing->wish;
    const Field field = {
        .kind = FIELD_FILE, .accept = writing->thread->accept, .most = THREAD_FILES_MOST};
    size_t before = files_before(writing);
    Attachment *taken = NEW_ARRAY(ctx->arena, Attachment, wish->files.len + 1);
    Str *clean = NEW_ARRAY(ctx->arena, Str, wish->files.len + 1);
    for (size_t i = 0; i < wish->files.len; i++) {
        const ThreadFile *file = &wish->files.items[i];
        AttachWish one = {&field, file->name, file->bytes, i, before + i};
        Rc rc = attach_take(ctx, &one, &taken[i], &clean[i]);
        if (rc != RC_OK) ctx->error.path = attach_name(ctx->arena, file->name);
        TRY(rc);
    }
    for (size_t i = 0; i < wish->files.len; i++) {
        LedgerAttachment kept;
        TRY(ledger_attach(ctx, ctx->tenant->ledger, attach_key_of(ctx, writing->application),
                          clean[i], &kept));
        vec_push(ctx->arena, &writing->kept, kept);
        taken[i].file = hash_digest_hex(ctx->arena, &kept.id);
        vec_push(ctx->arena, &writing->files, attachment_json(ctx->arena, &taken[i]));
    }
    writing->filed = true;
    return RC_OK;
}

static Json contents_json(Arena *arena, const Writing *writing) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    Json files = json_of_items(writing->files.items, writing->files.len);
    members[0] = (JsonMember){STR("text"), json_of_str(str_trim(writing->wish->text))};
    members[1] = (JsonMember){STR("files"), files};
    Json contents = json_of_members(members, 2);
    return *json_dup(arena, &contents);
}

static const Entity *message_entity(const Writing *writing, Arena *arena, int64_t n) {
    Ctx *ctx = writing->ctx;
    const Entity *application = writing->application;
    bool office = writing->wish->office;
    Entity *entity = entity_new(arena, message_id(arena, ctx->tenant->ledger, application->id, n),
                                STR(MESSAGE_TYPE));
    Str applicant = entity_text(application, IRI("applicant"));
    entity_set_kind(arena, entity, ATTR_RELATIONSHIP, IRI("applicant"),
                    json_of_str(str_dup(arena, applicant)));
    entity_set_kind(arena, entity, ATTR_RELATIONSHIP, IRI("about"),
                    json_of_str(str_dup(arena, application->id)));
    Str file = entity_text(application, IRI("retentionFile"));
    if (!str_empty(file))
        entity_set(arena, entity, IRI("retentionFile"), json_of_str(str_dup(arena, file)));
    entity_set(arena, entity, IRI("procedure"),
               json_of_str(str_dup(arena, entity_text(application, IRI("procedure")))));
    entity_set(arena, entity, IRI("post"),
               json_of_str(str_dup(arena, entity_text(application, IRI("post")))));
    entity_set(arena, entity, IRI("writer"), json_of_str(office ? STR("office") : STR("resident")));
    if (office)
        entity_set(arena, entity, IRI("writerPost"), json_of_str(str_dup(arena, ctx->actor->post)));
    entity_set(arena, entity, IRI("once"), json_of_str(str_dup(arena, once_of(writing))));
    entity_set_kind(arena, entity, ATTR_JSON,
                    writing->thread->sensitive ? IRI("sensitiveContents") : IRI("contents"),
                    contents_json(arena, writing));
    return entity;
}

static Rc message_send(Writing *writing) {
    Ctx *ctx = writing->ctx;
    const Entity *application = writing->application;
    bool office = writing->wish->office;
    Command *command = case_command(ctx, STR("message.write"), application->id, STR("web"));
    Arena *arena = command_arena(command);
    PartMessage *part = NEW(arena, PartMessage);
    Outcome outcome;
    int64_t n = message_count(application) + 1;
    *part = (PartMessage){.message = message_entity(writing, arena, n),
                          .case_id = str_dup(arena, application->id),
                          .n = n,
                          .states = &writing->thread->states,
                          .post = str_dup(arena, entity_text(application, IRI("post"))),
                          .applicant = str_dup(arena, entity_text(application, IRI("applicant"))),
                          .assignee = office ? str_dup(arena, ctx->actor->id) : STR_NONE};
    VEC_EACH (const LedgerAttachment, kept, &writing->kept)
        ledger_attach_name(command, part->message->id, kept);
    command_needs(command, part->case_id);
    command_needs(command, part->message->id);
    command_add(command, &part_message_write, part);
    return case_execute(ctx, command, &outcome);
}

/* *again: somebody else wrote at the same time, and it can be the next one. */
static Rc write_try(Writing *writing, bool *again) {
    *again = false;
    TRY(writing_load(writing));
    if (was_written(writing)) return RC_OK;
    TRY(writing_check(writing));
    if (!writing->filed) TRY(files_take(writing));
    Rc rc = message_send(writing);
    *again = rc == RC_CONFLICT && str_eq(writing->ctx->error.code, STR("moved-on"));
    return rc;
}

Rc thread_write(Ctx *ctx, const ThreadWish *wish) {
    enum { TRIES = 8 };
    Writing writing = {.ctx = ctx, .wish = wish};
    bool again = true;
    Rc rc = RC_OK;
    for (unsigned i = 0; i < TRIES && again; i++)
        rc = write_try(&writing, &again);
    return attach_drop(ctx, &writing.kept, rc);
}

Rc thread_settle(Ctx *ctx, Str id, int64_t n) {
    const Entity *application;
    Outcome outcome;
    TRY(office_case(ctx, &(OfficeAct){.id = id}, ACT_UPDATE, &application));
    const DefinedThread *thread = thread_defined(ctx, application);
    if (!thread)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-thread", id,
                        "Nobody writes to cases of this procedure.");
    TRY(may_write(ctx, application, thread, true));
    Command *command = case_command(ctx, STR("message.settle"), id, STR("web"));
    PartMessageSettle *part = NEW(command_arena(command), PartMessageSettle);
    *part = (PartMessageSettle){str_dup(command_arena(command), id), n};
    command_needs(command, part->case_id);
    command_add(command, &part_message_settle, part);
    return case_execute(ctx, command, &outcome);
}

/* ---- reading ---- */

Rc thread_seen(Ctx *ctx, const Entity *application, const ThreadMessages *messages) {
    Command *command = NULL;
    Outcome outcome;
    VEC_EACH (const ThreadMessage, one, messages) {
        if (!one->message.office || one->message.read_at != TIME_NONE) continue;
        if (!command) command = case_command(ctx, STR("message.seen"), application->id, STR("web"));
        PartMessageSeen *part = NEW(command_arena(command), PartMessageSeen);
        part->id = str_dup(command_arena(command), one->message.id);
        command_needs(command, part->id);
        command_add(command, &part_message_seen, part);
    }
    return command ? case_execute(ctx, command, &outcome) : RC_OK;
}

Rc thread_file(Ctx *ctx, const Entity *application, Str file, Attachment *out) {
    ThreadMessages messages = {0};
    if (thread_visible(ctx, application)) TRY(thread_of(ctx, application, &messages));
    VEC_EACH (const ThreadMessage, one, &messages) {
        Attachments files;
        attachments_of(ctx->arena, json_get(one->message.contents, STR("files")), &files);
        VEC_EACH (const Attachment, each, &files) {
            *out = *each;
            if (!str_empty(file) && str_eq(each->file, file)) return RC_OK;
        }
    }
    return ctx_fail(ctx, RC_NOT_FOUND, "no-file", file, "There is no such file.");
}
