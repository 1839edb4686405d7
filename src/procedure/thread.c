#include "procedure_int.h"

#include "thread.h"

/* ---- the messages of a case ---- */

/* Of one that is there; RC_NOT_FOUND: it isn't, or was erased. */
static Rc nth(Ctx *ctx, Str case_id, int64_t n, ThreadMessage *out) {
    Ledger *ledger = ctx->tenant->ledger;
    TRY(ledger_entity(ctx, ledger, message_id(ctx->arena, ledger, case_id, n), &out->entity));
    message_read(out->entity, &out->message);
    return out->message.contents ? RC_OK : RC_NOT_FOUND;
}

Rc thread_of(Ctx *ctx, const Entity *application, ThreadMessages *out) {
    return thread_behind(ctx, application, 0, out);
}

Rc thread_behind(Ctx *ctx, const Entity *application, int64_t before, ThreadMessages *out) {
    int64_t all = message_count(application);
    *out = (ThreadMessages){0};
    for (int64_t n = before + 1; n <= all && n <= THREAD_MOST; n++) {
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
        *out = message_is_new(&one.message);
        if (*out || (one.message.office && str_empty(one.message.channel))) return RC_OK;
    }
    return RC_OK;
}

/* ---- what waits for its decision ---- */

/* What is decided is the case as it was proposed, and a message would move it: while it waits,
   nobody writes, and no day of an answer is counted. */
typedef struct Pause {
    Date from;    /* year 0: days aren't asked for */
    bool now;     /* something waits */
    int64_t days; /* working days until today on which it did, of those behind `from` */
    bool unknown; /* it can't be told just now */
} Pause;

static Date day_of(const Entity *decision, Str iri, Date otherwise) {
    int64_t at;
    return time_parse(entity_text(decision, iri), &at) ? time_jst_date(at) : otherwise;
}

/* One that was returned and waits again is counted from its draft on. */
static void pause_add(const Ctx *ctx, const Entity *decision, Pause *pause) {
    Date today = time_jst_date(time_now(ctx->clock)),
         begin = day_of(decision, IRI("draftedAt"), today);
    bool waits = str_eq(entity_text(decision, IRI("state")), STR("waiting"));
    Str back = entity_text(decision, IRI("cameBackAt")); /* since then it is with its drafter */
    Str ended = str_empty(back) ? IRI("decidedAt") : IRI("cameBackAt");
    Date end = waits ? today : day_of(decision, ended, today);
    pause->now |= waits;
    if (time_date_before(begin, pause->from)) begin = pause->from;
    if (pause->from.year)
        pause->days += waste_working_days_left(procedures_waste(ctx->tenant), begin, end);
}

/* All that was proposed of a kind about a thing, where the case is part of it. */
static Rc pause_kind(Ctx *ctx, Str kind, Str about, Str id, Pause *pause) {
    const Entity *decision;
    Rc rc;
    for (size_t n = 0; (rc = proposal_nth(ctx, kind, about, n, &decision)) == RC_OK; n++) {
        DecideCases cases;
        decide_cases(ctx->arena, decision, &cases);
        VEC_EACH (const DecideCase, one, &cases)
            if (str_eq(one->id, id)) pause_add(ctx, decision, pause);
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* States of a definition keep messages and proposals apart (thread_lint); those of bulky waste
   don't. */
static Rc pause_of(Ctx *ctx, const Entity *application, Pause *pause) {
    const Entity *whole = application->whole ? application->whole : application;
    if (defined_of(ctx, whole)) return RC_OK;
    TRY(pause_kind(ctx, STR("fee-reduction"), whole->id, whole->id, pause));
    return pause_kind(ctx, PLAN_KIND, entity_text(whole, IRI("pickupDate")), whole->id, pause);
}

/* Of a definition, too: that no answer is needed is said in any of its states. */
static Rc not_proposed(Ctx *ctx, const Entity *application) {
    const Entity *whole = application->whole ? application->whole : application;
    Pause pause = {0};
    Str decision = STR_NONE;
    TRY(pause_of(ctx, application, &pause));
    if (defined_of(ctx, whole)) TRY(defined_proposed(ctx, whole, &decision));
    if (!pause.now && str_empty(decision)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "thread-closed", application->id,
                    "What is decided right now would fall: write once that is done.");
}

/* For a page: what can't be told now is taken for proposed, and whoever writes is told why. */
static Pause pause_shown(Ctx *ctx, const Entity *application) {
    Error before = ctx->error;
    const DefinedThread *thread = thread_rules(ctx, application);
    Date due = message_due(application);
    Pause pause = {0};
    if (due.year && thread)
        pause.from = waste_working_days_before(procedures_waste(ctx->tenant), due, thread->days);
    if (pause_of(ctx, application, &pause) != RC_OK) {
        log_warn("procedure", "what waits about a case can't be told: " STR_FMT,
                 STR_ARG(ctx->error.detail));
        pause = (Pause){.now = true, .unknown = true};
    }
    ctx->error = before;
    return pause;
}

static ThreadDue due_with(const Ctx *ctx, const Entity *application, const Pause *pause) {
    const Waste *waste = procedures_waste(ctx->tenant);
    Date today = time_jst_date(time_now(ctx->clock));
    ThreadDue due = {.day = message_due(application)};
    if (!due.day.year || pause->unknown) return due;
    if (pause->days) due.day = waste_working_days_after(waste, due.day, pause->days);
    due.paused = pause->days;
    due.stopped = pause->now && !time_date_before(due.day, today);
    due.left = waste_working_days_left(waste, today, due.day);
    return due;
}

ThreadDue thread_due(Ctx *ctx, const Entity *application) {
    Pause pause = {0};
    if (message_due(application).year) pause = pause_shown(ctx, application);
    return due_with(ctx, application, &pause);
}

/* ---- rights ---- */

/* A message belongs to its case: who works on that, or whose it is, reads it. */
static GateAsk reading(const Ctx *ctx, const Entity *application, const DefinedThread *thread) {
    return (GateAsk){.action = ACT_READ,
                     .type = STR(MESSAGE_TYPE),
                     .class = thread->sensitive ? CLASS_SENSITIVE : CLASS_PERSONAL,
                     .relation = gate_relation(ctx, application)};
}

bool thread_visible(Ctx *ctx, const Entity *application) {
    const DefinedThread *thread = thread_rules(ctx, application);
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

int64_t thread_most(bool office) {
    return office ? THREAD_MOST : THREAD_MOST - THREAD_RESERVE;
}

static bool permitted(Ctx *ctx, const Entity *application, const DefinedThread *thread,
                      bool office) {
    Error before = ctx->error;
    bool may = may_write(ctx, application, thread, office) == RC_OK;
    ctx->error = before;
    return may;
}

static ThreadShut shut_of(Ctx *ctx, const Entity *application, bool office, const Pause *pause) {
    const DefinedThread *thread = thread_rules(ctx, application);
    if (!message_among(&thread->states, application)) return THREAD_SHUT_STATE;
    if (thread->office_only && !office) return THREAD_SHUT_OFFICE;
    if (!permitted(ctx, application, thread, office)) return THREAD_SHUT_OTHERS;
    if (pause->now) return THREAD_SHUT_PROPOSED;
    return message_count(application) < thread_most(office) ? THREAD_OPEN : THREAD_SHUT_FULL;
}

static bool may_settle(Ctx *ctx, const Entity *application) {
    Error before = ctx->error;
    bool may = not_proposed(ctx, application) == RC_OK;
    ctx->error = before;
    return may;
}

ThreadStand thread_stands(Ctx *ctx, const Entity *application, bool office) {
    const DefinedThread *thread = thread_rules(ctx, application);
    if (!thread) return (ThreadStand){.shut = THREAD_SHUT_OTHERS};
    Pause pause = pause_shown(ctx, application);
    return (ThreadStand){.shut = shut_of(ctx, application, office, &pause),
                         .settles = message_waits(application) && !pause.now &&
                                    permitted(ctx, application, thread, true) &&
                                    may_settle(ctx, application),
                         .due = due_with(ctx, application, &pause)};
}

/* ---- writing ---- */

/* A message under way. */
typedef struct Writing {
    Ctx *ctx;
    const ThreadWish *wish;
    const Entity *application; /* whole */
    const DefinedThread *thread;
    ThreadMessages before;
    Str text;               /* as it is counted and kept */
    Str once;               /* of the form and of what it sent; empty: the form has no token */
    LedgerAttachments kept; /* files that lie beside the ledger for it */
    LedgerKeyOf kept_under;
    JsonItems files; /* the same as the message has them */
} Writing;

static Rc limit(Ctx *ctx, const char *code, int most, const char *of) {
    return ctx_fail(ctx, RC_LIMIT, code, STR("text"), "At most %d %s.", most, of);
}

/* By its resident, today. */
static int64_t written_today(const Writing *writing) {
    Date today = time_jst_date(time_now(writing->ctx->clock));
    int64_t n = 0;
    VEC_EACH (const ThreadMessage, one, &writing->before)
        n += !one->message.office && str_empty(one->message.post) &&
             one->message.at >= time_jst_start(today);
    return n;
}

/* What a case has of files. */
typedef struct Filed {
    int64_t files; /* with those of its form */
    int64_t bytes; /* of its messages */
} Filed;

static int64_t files_of_field(Ctx *ctx, const Entity *application, const Field *field) {
    FormAnswer answer;
    Attachments files;
    if (field->kind != FIELD_FILE || !defined_answer(ctx->arena, application, field, &answer))
        return 0;
    form_attachments(ctx->arena, &answer, &files);
    return (int64_t)files.len;
}

static int64_t files_of_form(Ctx *ctx, const Entity *application) {
    int64_t n = 0;
    Fields gone;
    const Definition *definition = defined_of(ctx, application);
    if (!definition) return 0;
    versions_gone(ctx, application, &gone);
    VEC_EACH (const FormPage, page, &definition->pages)
        VEC_EACH (const Field, field, &page->fields)
            n += files_of_field(ctx, application, field);
    for (size_t i = 0; i < gone.len; i++)
        n += files_of_field(ctx, application, gone.items[i]);
    return n;
}

static Filed filed_before(const Writing *writing) {
    Ctx *ctx = writing->ctx;
    Filed filed = {.files = files_of_form(ctx, writing->application)};
    VEC_EACH (const ThreadMessage, one, &writing->before) {
        Attachments files;
        attachments_of(ctx->arena, json_get(one->message.contents, STR("files")), &files);
        filed.files += (int64_t)files.len;
        VEC_EACH (const Attachment, file, &files)
            filed.bytes += file->bytes;
    }
    return filed;
}

static Rc file_limit(Ctx *ctx, const char *code, const ThreadFile *file, const char *why) {
    return ctx_fail(ctx, RC_LIMIT, code, attach_name(ctx->arena, file->name), "%s", why);
}

/* In each try anew: another message may have brought files meanwhile. */
static Rc files_check(const Writing *writing) {
    Ctx *ctx = writing->ctx;
    const ThreadWish *wish = writing->wish;
    if (!wish->files.len) return RC_OK;
    if (wish->files.len > THREAD_FILES_MOST)
        return file_limit(ctx, "many", &wish->files.items[THREAD_FILES_MOST],
                          "A message has no more files.");
    Filed filed = filed_before(writing);
    VEC_EACH (const ThreadFile, file, &wish->files) {
        filed.files++;
        filed.bytes += (int64_t)file->bytes.len;
        if (filed.files > ctx->tenant->procedures->attach.files)
            return file_limit(ctx, "all-many", file, "An application has no more files.");
        if (filed.bytes > THREAD_BYTES_MOST)
            return file_limit(ctx, "thread-bytes", file,
                              "The files of a case's messages are too large together.");
    }
    return RC_OK;
}

static Rc bounds_check(const Writing *writing) {
    Ctx *ctx = writing->ctx;
    bool office = writing->wish->office;
    if (str_utf8_len(writing->text) > THREAD_CHARS_MOST)
        return limit(ctx, "long", THREAD_CHARS_MOST, "characters stand in a message");
    if (message_count(writing->application) >= thread_most(office))
        return limit(ctx, "thread-full", (int)thread_most(office),
                     "messages belong to a case: call the office");
    if (!office && written_today(writing) >= THREAD_DAY_MOST)
        return limit(ctx, "thread-day", THREAD_DAY_MOST,
                     "messages are written a day: go on tomorrow, or call the office");
    return files_check(writing);
}

/* What is written on the page is one's own; what was said elsewhere an official writes down. */
static Rc channel_check(Ctx *ctx, const ThreadWish *wish) {
    if (str_empty(wish->channel) && !wish->asked) return RC_OK;
    if (wish->office && !str_eq(wish->channel, STR("web"))) return send_channel(ctx, wish->channel);
    return ctx_fail(ctx, RC_INVALID, "no-channel", STR("said"),
                    "Where was it said: on the telephone or at the counter?");
}

static Rc writing_check(const Writing *writing) {
    Ctx *ctx = writing->ctx;
    const ThreadWish *wish = writing->wish;
    TRY(may_write(ctx, writing->application, writing->thread, wish->office));
    TRY(channel_check(ctx, wish));
    if (!message_among(&writing->thread->states, writing->application))
        return ctx_fail(ctx, RC_CONFLICT, "thread-closed", wish->id,
                        "Nobody writes to a case in this state.");
    TRY(not_proposed(ctx, writing->application));
    if (text_is_blank(ctx->arena, writing->text) && !wish->files.len)
        return ctx_fail(ctx, RC_INVALID, "missing", STR("text"), "Write something.");
    return bounds_check(writing);
}

static Rc writing_load(Writing *writing) {
    Ctx *ctx = writing->ctx;
    TRY(case_load(ctx, writing->wish->id, &writing->application));
    writing->thread = thread_rules(ctx, writing->application);
    if (!writing->thread)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-thread", writing->wish->id,
                        "Nobody writes to cases of this procedure.");
    return thread_of(ctx, writing->application, &writing->before);
}

/* A line ends with one character, as the browser counts it, and nothing stands around it. */
static Str text_of(Arena *arena, Str said) {
    Buf text = buf_new(arena, said.len + 1);
    for (size_t i = 0; i < said.len; i++) {
        bool pair = said.ptr[i] == '\r' && i + 1 < said.len && said.ptr[i + 1] == '\n';
        if (!pair) buf_add_char(&text, said.ptr[i] == '\r' ? '\n' : said.ptr[i]);
    }
    return str_trim(buf_str(&text));
}

/* Of a form, and of what it sent: who stops it, mends his text and presses again has sent another
   message. */
static Str once_of(const Writing *writing) {
    Ctx *ctx = writing->ctx;
    const ThreadWish *wish = writing->wish;
    StrVec parts = {0};
    if (str_empty(wish->once)) return STR_NONE;
    vec_push(ctx->arena, &parts, wish->once);
    if (!str_empty(wish->channel))
        vec_push(
            ctx->arena, &parts,
            str_fmt(ctx->arena, STR_FMT "%s", STR_ARG(wish->channel), wish->asked ? " asked" : ""));
    vec_push(ctx->arena, &parts, writing->text);
    VEC_EACH (const ThreadFile, file, &wish->files) {
        Digest bytes = hash_sha256(file->bytes);
        vec_push(ctx->arena, &parts, hash_digest_hex(ctx->arena, &bytes));
    }
    Str whole = str_join(ctx->arena, parts.items, parts.len, STR("\n"));
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("message-once"), whole);
    return hash_digest_hex(ctx->arena, &digest);
}

/* So that a second press, or another load of the answer, writes nothing. */
static bool was_written(const Writing *writing) {
    VEC_EACH (const ThreadMessage, one, &writing->before)
        if (!str_empty(writing->once) && str_eq(one->message.once, writing->once)) return true;
    return false;
}

/* ---- its files ---- */

static bool same_key(const LedgerKeyOf *a, const LedgerKeyOf *b) {
    return str_eq(a->subject, b->subject) && str_eq(a->retention, b->retention);
}

/* What was kept for a message that isn't written, or not under this key. */
static void files_drop(Writing *writing) {
    (void)ledger_attach_end(writing->ctx, writing->ctx->tenant->ledger, &writing->kept,
                            RC_CONFLICT);
    writing->kept.len = 0;
    writing->files.len = 0;
}

static Rc file_keep(Writing *writing, Attachment *taken, Str clean) {
    Ctx *ctx = writing->ctx;
    LedgerAttachment kept;
    TRY(ledger_attach(ctx, ctx->tenant->ledger, writing->kept_under, clean, &kept));
    vec_push(ctx->arena, &writing->kept, kept);
    taken->file = hash_digest_hex(ctx->arena, &kept.id);
    vec_push(ctx->arena, &writing->files, attachment_json(ctx->arena, taken));
    return RC_OK;
}

/* All are looked at before one is kept; once, unless the case has come under another key. */
static Rc files_take(Writing *writing) {
    Ctx *ctx = writing->ctx;
    const ThreadWish *wish = writing->wish;
    const Field field = {
        .kind = FIELD_FILE, .accept = writing->thread->accept, .most = THREAD_FILES_MOST};
    LedgerKeyOf key = attach_key_of(ctx, writing->application);
    if (writing->kept.len && same_key(&key, &writing->kept_under)) return RC_OK;
    files_drop(writing);
    writing->kept_under = key;
    Attachment *taken = NEW_ARRAY(ctx->arena, Attachment, wish->files.len + 1);
    Str *clean = NEW_ARRAY(ctx->arena, Str, wish->files.len + 1);
    for (size_t i = 0; i < wish->files.len; i++) {
        const ThreadFile *file = &wish->files.items[i];
        AttachWish one = {&field, file->name, file->bytes, i, i};
        Rc rc = attach_take(ctx, &one, &taken[i], &clean[i]);
        if (rc != RC_OK) ctx->error.path = attach_name(ctx->arena, file->name);
        TRY(rc);
    }
    for (size_t i = 0; i < wish->files.len; i++)
        TRY(file_keep(writing, &taken[i], clean[i]));
    return RC_OK;
}

static Json contents_json(Arena *arena, const Writing *writing) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    Json files = json_of_items(writing->files.items, writing->files.len);
    members[0] = (JsonMember){STR("text"), json_of_str(writing->text)};
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
    bool answers = office && !writing->wish->asked;
    entity_set(arena, entity, IRI("writer"),
               json_of_str(answers ? STR("office") : STR("resident")));
    if (!str_empty(writing->wish->channel))
        entity_set(arena, entity, IRI("channel"),
                   json_of_str(str_dup(arena, writing->wish->channel)));
    if (office)
        entity_set(arena, entity, IRI("writerPost"), json_of_str(str_dup(arena, ctx->actor->post)));
    entity_set(arena, entity, IRI("once"), json_of_str(str_dup(arena, writing->once)));
    entity_set_kind(arena, entity, ATTR_JSON,
                    writing->thread->sensitive ? IRI("sensitiveContents") : IRI("contents"),
                    contents_json(arena, writing));
    return entity;
}

/* By when what is asked today is answered; empty: no day is due. */
static Str due_day(const Ctx *ctx, Arena *arena, const DefinedThread *thread) {
    if (!thread->days) return STR_NONE;
    Date today = time_jst_date(time_now(ctx->clock));
    return time_format_date(
        arena, waste_working_days_after(procedures_waste(ctx->tenant), today, thread->days));
}

void thread_begin(const Ctx *ctx, Command *command, const Definition *definition,
                  Entity *application) {
    Arena *arena = command_arena(command);
    const DefinedThread *thread = definition->thread;
    bool booked =
        entity_attr(application, IRI("booking")) || entity_attr(application, IRI("lottery"));
    if (!thread || !thread->asks || booked) return;
    Str due = due_day(ctx, arena, thread);
    entity_set(arena, application, IRI("messageState"), json_of_str(MESSAGE_WAITS));
    entity_set(arena, application, IRI("messageAt"),
               json_of_str(time_format(arena, time_now(ctx->clock))));
    if (!str_empty(due)) entity_set(arena, application, IRI("messageDue"), json_of_str(due));
}

static Rc message_send(Writing *writing) {
    Ctx *ctx = writing->ctx;
    const Entity *application = writing->application;
    const ThreadWish *wish = writing->wish;
    bool answers = wish->office && !wish->asked;
    Command *command = case_command(ctx, STR("message.write"), application->id,
                                    str_empty(wish->channel) ? STR("web") : wish->channel);
    Arena *arena = command_arena(command);
    PartMessage *part = NEW(arena, PartMessage);
    Outcome outcome;
    int64_t n = message_count(application) + 1;
    *part = (PartMessage){.message = message_entity(writing, arena, n),
                          .case_id = str_dup(arena, application->id),
                          .n = n,
                          .version = entity_int(application, IRI("procedureVersion"), 0),
                          .states = &writing->thread->states,
                          .post = str_dup(arena, entity_text(application, IRI("post"))),
                          .applicant = str_dup(arena, entity_text(application, IRI("applicant"))),
                          .due = due_day(ctx, arena, writing->thread),
                          .assignee = answers ? str_dup(arena, ctx->actor->id) : STR_NONE};
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
    if (was_written(writing)) {
        files_drop(writing); /* those of the other press are kept */
        return RC_OK;
    }
    TRY(writing_check(writing));
    TRY(files_take(writing));
    Rc rc = message_send(writing);
    *again = rc == RC_CONFLICT && str_eq(writing->ctx->error.code, STR("moved-on"));
    return rc;
}

Rc thread_write(Ctx *ctx, const ThreadWish *wish) {
    enum { TRIES = 8 };
    Writing writing = {.ctx = ctx, .wish = wish, .text = text_of(ctx->arena, wish->text)};
    bool again = true;
    Rc rc = RC_OK;
    writing.once = once_of(&writing);
    for (unsigned i = 0; i < TRIES && again; i++)
        rc = write_try(&writing, &again);
    return ledger_attach_end(ctx, ctx->tenant->ledger, &writing.kept, rc);
}

Rc thread_settle(Ctx *ctx, Str id, int64_t n) {
    const Entity *application;
    Outcome outcome;
    TRY(office_case(ctx, &(OfficeAct){.id = id}, ACT_UPDATE, &application));
    const DefinedThread *thread = thread_rules(ctx, application);
    if (!thread)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-thread", id,
                        "Nobody writes to cases of this procedure.");
    TRY(may_write(ctx, application, thread, true));
    TRY(not_proposed(ctx, application));
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
