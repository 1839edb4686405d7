/* Tests of messages between a case's person and the office, over the starter's consultation: who
   writes when, that once is once, files, what was read, bounds, news, looks, erasure. */
#include "cases.h"
#include "procedure/procedure_int.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define SLOT  "counter/2026-12-01/09:30"
#define OTHER "phone/2026-12-02/13:30"
#define PDF   STR("%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")

static int set_up(void **state) {
    House *house = mem_zero(sizeof *house);
    house_make_also(house, HOUSE_WHOLE, "consultation");
    *state = house;
    return 0;
}

static const Definition *consultation(House *house) {
    return catalogue_current(procedures_catalogue(&house->tenant), STR("consultation"),
                             time_jst_date(house->clock.fixed));
}

static void say(House *house, const char *field, const char *text) {
    JsonMembers members = {0};
    vec_push(house->ctx.arena, &members, (JsonMember){str_of(field), json_of_str(str_of(text))});
    GOOD(house, defined_keep(&house->ctx, consultation(house), &members));
}

static void attach(House *house, Str bytes) {
    DefinedDraft draft;
    JsonMembers members = {0};
    JsonItems items = {0};
    Attachment file;
    const Field field = {.kind = FIELD_FILE, .accept = ACCEPT_DOCUMENT, .most = 3};
    GOOD(house, defined_draft(&house->ctx, consultation(house), &draft));
    AttachWish wish = {&field, STR("form.pdf"), bytes, 0, 0};
    GOOD(house, attach_add(&house->ctx, house->ctx.actor->browser, &wish, &file));
    vec_push(house->ctx.arena, &items, attachment_json(house->ctx.arena, &file));
    vec_push(house->ctx.arena, &members,
             (JsonMember){STR("papers"), json_of_items(items.items, items.len)});
    GOOD(house, defined_keep(&house->ctx, consultation(house), &members));
}

/* A booked consultation of who acts; paper: a file of its form, if there is one. */
static Str consult_with(House *house, Actor *actor, Str paper) {
    static const char *const said[][2] = {{"matter", "care"},     {"detail", "父の介護のこと"},
                                          {"talk", "book"},       {"slot", SLOT},
                                          {"name", "町田　花子"}, {"phone", "09012345678"}};
    DefinedDraft draft;
    Receipt receipt;
    house_act(house, actor);
    house->ctx.actor->browser = STR("a browser");
    GOOD(house, defined_begin(&house->ctx, consultation(house), STR("web")));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        say(house, said[i][0], said[i][1]);
    if (!str_empty(paper)) attach(house, paper);
    GOOD(house, defined_draft(&house->ctx, consultation(house), &draft));
    GOOD(house, booking_hold(&house->ctx, &draft));
    GOOD(house, defined_draft(&house->ctx, consultation(house), &draft));
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
    return str_dup(house->arena, receipt.id);
}

static Str consult(House *house, Actor *actor) {
    return consult_with(house, actor, STR_NONE);
}

static void at_desk(House *house, Actor *official) {
    house_act(house, official);
    house->ctx.purpose = STR("application-check");
}

static Actor counter_clerk(House *house) {
    Actor official;
    house_official(house, "counter", "citizens-counter-clerk", &official);
    return official;
}

static Rc write_as(House *house, Actor *actor, Str id, const char *text) {
    static unsigned forms;
    ThreadWish wish = {.id = id,
                       .office = actor->kind == ACTOR_STAFF,
                       .text = str_of(text),
                       .once = str_fmt(house->ctx.arena, "form %u", forms++)};
    if (wish.office)
        at_desk(house, actor);
    else
        house_act(house, actor);
    return thread_write(&house->ctx, &wish);
}

static ThreadMessages thread(House *house, Str id) {
    ThreadMessages all;
    GOOD(house, thread_of(&house->ctx, house_entity(house, id), &all));
    return all;
}

static Str text_at(const ThreadMessages *all, size_t i) {
    return json_get_str(all->items[i].message.contents, "text");
}

static ThreadWish with_file(House *house, Str id, Str name, Str bytes) {
    ThreadWish wish = {.id = id, .once = name};
    vec_push(house->ctx.arena, &wish.files, (ThreadFile){name, bytes});
    return wish;
}

static void both_write_and_the_case_says_whose_turn_it_is(void **state) {
    House *house = *state;
    Actor clerk = counter_clerk(house);
    Str id = consult(house, &house->resident);
    Definition mute = *defined_of(&house->ctx, house_entity(house, id));
    mute.thread = NULL;
    assert_int_equal(message_count(house_entity(house, id)), 0);
    assert_int_equal(cases_fit(house, id, &mute), FIT_GOOD);
    GOOD(house, write_as(house, &house->resident, id, "  何を持って行けばよいですか\n"));
    assert_true(str_eq(message_turn(house_entity(house, id)), MESSAGE_WAITS));
    house->clock.fixed += TIME_HOUR;
    GOOD(house, write_as(house, &clerk, id, "本人確認書類です"));
    assert_true(str_eq(message_turn(house_entity(house, id)), MESSAGE_ANSWERED));
    assert_int_equal(cases_fit(house, id, &mute), FIT_MESSAGES);
    ThreadMessages all = thread(house, id);
    assert_int_equal(all.len, 2);
    assert_true(str_eq(text_at(&all, 0), STR("何を持って行けばよいですか")));
    assert_false(all.items[0].message.office);
    assert_true(all.items[1].message.office);
    assert_true(str_eq(all.items[1].message.post, STR("citizens-counter-clerk")));
    /* who answers works on it */
    assert_true(str_eq(cases_text(house, id, IRI("assignee")), clerk.id));
    /* sealed under the applicant, with what needs care where that is read alone */
    assert_true(str_eq(dictionary_subject(house->dictionary, all.items[1].entity),
                       dictionary_subject(house->dictionary, house_entity(house, id))));
    assert_null(entity_attr(all.items[0].entity, IRI("contents")));
    /* who it is about is for those who may read it, too */
    at_desk(house, &house->clerk);
    house->ctx.purpose = STR_NONE;
    const Entity *masked = gate_view(&house->ctx, NULL, all.items[0].entity);
    assert_true(!masked || str_empty(entity_text(masked, IRI("applicant"))));
    assert_true(!masked || str_empty(entity_text(masked, IRI("about"))));
    assert_non_null(entity_attr(all.items[0].entity, IRI("sensitiveContents")));
}

static void one_form_writes_once(void **state) {
    House *house = *state;
    Str id = consult(house, &house->resident);
    ThreadWish wish = {.id = id, .text = STR("一度だけ"), .once = STR("one form")};
    GOOD(house, thread_write(&house->ctx, &wish));
    GOOD(house, thread_write(&house->ctx, &wish));
    wish.once = STR("another form");
    GOOD(house, thread_write(&house->ctx, &wish));
    assert_int_equal(thread(house, id).len, 2);
}

/* Who stops a slow one, mends it and presses again in the same form isn't told that he sent it. */
static void what_was_mended_in_a_form_is_another_message(void **state) {
    House *house = *state;
    Str id = consult(house, &house->resident);
    ThreadWish wish = with_file(house, id, STR("a.pdf"), PDF);
    wish.text = STR("一行目\r\n二行目");
    GOOD(house, thread_write(&house->ctx, &wish));
    wish.text = STR("  一行目\n二行目\n"); /* the same, as another browser sends it */
    GOOD(house, thread_write(&house->ctx, &wish));
    assert_int_equal(thread(house, id).len, 1);
    wish.text = STR("直した文");
    GOOD(house, thread_write(&house->ctx, &wish));
    wish.files.items[0].bytes = STR("%PDF-1.4\n2 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n");
    GOOD(house, thread_write(&house->ctx, &wish));
    ThreadMessages all = thread(house, id);
    assert_int_equal(all.len, 3);
    assert_true(str_eq(text_at(&all, 0), STR("一行目\n二行目")));
    assert_true(str_eq(text_at(&all, 1), STR("直した文")));
}

static void who_has_nothing_to_do_with_it_neither_reads_nor_writes(void **state) {
    House *house = *state;
    Actor same_division, clerk = counter_clerk(house);
    house_official(house, "head", "citizens-head", &same_division);
    Str id = consult(house, &house->resident);
    GOOD(house, write_as(house, &house->resident, id, "相談です"));
    FAILS(house, write_as(house, &house->other, id, "わたしも"), RC_NOT_FOUND, "no-case");
    FAILS(house, write_as(house, &house->nobody, id, "わたしも"), RC_NOT_FOUND, "no-case");
    FAILS(house, write_as(house, &house->clerk, id, "ほかの課"), RC_DENIED, "not-permitted");
    at_desk(house, &house->clerk);
    assert_false(thread_visible(&house->ctx, house_entity(house, id)));
    at_desk(house, &clerk);
    assert_true(thread_visible(&house->ctx, house_entity(house, id)));
    at_desk(house, &same_division); /* reads what needs care as a chief, and doesn't write */
    assert_true(thread_visible(&house->ctx, house_entity(house, id)));
    FAILS(house, write_as(house, &same_division, id, "課長"), RC_DENIED, "not-permitted");
    /* by the unguessable address, as the gate is told */
    Actor holder = house->nobody;
    holder.held = id;
    GOOD(house, write_as(house, &holder, id, "住所を知る人"));
    /* an official doesn't write as the resident, nor he as the office */
    ThreadWish wish = {.id = id, .text = STR("なりすまし"), .once = STR("x")};
    at_desk(house, &clerk);
    FAILS(house, thread_write(&house->ctx, &wish), RC_DENIED, "not-permitted");
    wish.office = true;
    house_act(house, &house->resident);
    FAILS(house, thread_write(&house->ctx, &wish), RC_DENIED, "not-permitted");
    assert_int_equal(thread(house, id).len, 2);
}

static void nobody_writes_to_a_case_that_has_ended(void **state) {
    House *house = *state;
    Actor clerk = counter_clerk(house);
    Str id = consult(house, &house->resident);
    GOOD(house, write_as(house, &house->resident, id, "相談です"));
    assert_int_equal(thread_stands(&house->ctx, house_entity(house, id), false).shut, THREAD_OPEN);
    at_desk(house, &clerk);
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = id,
                                                        .move = STR("finish"),
                                                        .text = STR("制度を案内した。")}));
    assert_int_equal(thread_stands(&house->ctx, house_entity(house, id), true).shut,
                     THREAD_SHUT_STATE);
    FAILS(house, write_as(house, &clerk, id, "追伸"), RC_CONFLICT, "thread-closed");
    FAILS(house, write_as(house, &house->resident, id, "追伸"), RC_CONFLICT, "thread-closed");
    assert_int_equal(thread(house, id).len, 1); /* what was written is read all the same */
}

/* What was checked when it was written is checked again at the commit. */
static void the_ledger_refuses_what_it_no_longer_allows(void **state) {
    House *house = *state;
    Actor clerk = counter_clerk(house);
    Str id = consult(house, &house->resident);
    const Entity *application = house_entity(house, id);
    StrVec states = {0};
    vec_push(house->arena, &states, STR("booked"));
    Entity *message = entity_new(house->arena, STR("urn:ngsi-ld:Message:x"), STR(MESSAGE_TYPE));
    entity_set(house->arena, message, IRI("writer"), json_of_str(STR("resident")));
    PartMessage part = {.message = message,
                        .case_id = id,
                        .n = 1,
                        .states = &states,
                        .post = cases_text(house, id, IRI("post")),
                        .applicant =
                            str_dup(house->arena, entity_text(application, IRI("applicant")))};
    const struct {
        const char *what;
        PartMessage part;
        const char *code;
    } cases[] = {
        {"written meanwhile", {.n = 2}, "moved-on"},
        {"another post's", {.n = 1, .post = STR("citizens-head")}, "moved-on"},
        {"another person's", {.n = 1, .applicant = STR("urn:ngsi-ld:Person:y")}, "moved-on"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PartMessage one = part;
        one.n = cases[i].part.n;
        if (cases[i].part.post.len) one.post = cases[i].part.post;
        if (cases[i].part.applicant.len) one.applicant = cases[i].part.applicant;
        Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
        command_needs(command, id);
        command_needs(command, message->id);
        command_add(command, &part_message_write, &one);
        FAILS(house, house_run(&house->ctx, command), RC_CONFLICT, cases[i].code);
    }
    at_desk(house, &clerk);
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = id, .move = STR("continue")}));
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    command_needs(command, id);
    command_needs(command, message->id);
    command_add(command, &part_message_write, &part);
    FAILS(house, house_run(&house->ctx, command), RC_CONFLICT, "thread-closed");
    assert_int_equal(message_count(house_entity(house, id)), 0);
}

/* As if so many had been written. */
static void count_set(House *house, Str id, int64_t n) {
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    Entity *after = entity_new(command_arena(command), id, STR(CASE_TYPE));
    entity_set(command_arena(command), after, IRI("messages"), json_of_int(n));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = id, .after = after}, PUT_ANY, 0);
    GOOD(house, house_run(&house->ctx, command));
}

static void bounds_are_told_with_their_figure(void **state) {
    House *house = *state;
    Actor clerk = counter_clerk(house);
    Str id = consult(house, &house->resident);
    char text[THREAD_CHARS_MOST + 2];
    memset(text, 'a', sizeof text);
    text[THREAD_CHARS_MOST + 1] = 0;
    FAILS(house, write_as(house, &house->resident, id, text), RC_LIMIT, "long");
    assert_true(str_find(house->ctx.error.detail, STR("2000")) >= 0);
    FAILS(house, write_as(house, &house->resident, id, " \n　"), RC_INVALID, "missing");
    text[THREAD_CHARS_MOST] = 0;
    text[THREAD_CHARS_MOST - 1] = '\n'; /* is trimmed before it is counted */
    GOOD(house, write_as(house, &house->resident, id, text));
    for (int i = 1; i < THREAD_DAY_MOST; i++)
        GOOD(house, write_as(house, &house->resident, id, "もう一つ"));
    FAILS(house, write_as(house, &house->resident, id, "多すぎる"), RC_LIMIT, "thread-day");
    assert_true(str_find(house->ctx.error.detail, STR("20 ")) >= 0);
    GOOD(house, write_as(house, &clerk, id, "職員は書ける"));
    house->clock.fixed += TIME_DAY;
    GOOD(house, write_as(house, &house->resident, id, "次の日"));
    count_set(house, id, THREAD_MOST - THREAD_RESERVE - 1);
    GOOD(house, write_as(house, &house->resident, id, "本人の最後"));
    FAILS(house, write_as(house, &house->resident, id, "多すぎる"), RC_LIMIT, "thread-full");
    assert_true(str_find(house->ctx.error.detail, STR("180 ")) >= 0);
    assert_int_equal(thread_stands(&house->ctx, house_entity(house, id), false).shut,
                     THREAD_SHUT_FULL);
    GOOD(house, write_as(house, &clerk, id, "職員は答えられる"));
    count_set(house, id, THREAD_MOST - 1);
    GOOD(house, write_as(house, &clerk, id, "最後"));
    FAILS(house, write_as(house, &clerk, id, "多すぎる"), RC_LIMIT, "thread-full");
    assert_true(str_find(house->ctx.error.detail, STR("200 ")) >= 0);
    assert_int_equal(message_count(house_entity(house, id)), THREAD_MOST);
}

/* ---- files ---- */

static Attachment file_of(House *house, Str id, size_t n) {
    ThreadMessages all = thread(house, id);
    Attachments files;
    attachments_of(house->ctx.arena, json_get(all.items[n].message.contents, STR("files")), &files);
    assert_int_equal(files.len, 1);
    return files.items[0];
}

static void a_file_comes_with_a_message_and_is_for_who_reads_that(void **state) {
    House *house = *state;
    Actor clerk = counter_clerk(house);
    Str id = consult(house, &house->resident), bytes;
    Attachment found;
    Digest digest;
    ThreadWish wish = with_file(house, id, STR("C:\\x\\請求書.pdf"), PDF);
    GOOD(house, thread_write(&house->ctx, &wish)); /* no text is needed with it */
    Attachment file = file_of(house, id, 0);
    assert_true(str_eq(file.name, STR("請求書.pdf")));
    GOOD(house, thread_file(&house->ctx, house_entity(house, id), file.file, &found));
    assert_true(hash_digest_of(house->ctx.arena, found.file, &digest));
    GOOD(house, ledger_attached(&house->ctx, house->tenant.ledger, &digest, &bytes));
    assert_true(str_eq(bytes, PDF));
    at_desk(house, &clerk);
    GOOD(house, thread_file(&house->ctx, house_entity(house, id), file.file, &found));
    at_desk(house, &house->clerk);
    FAILS(house, thread_file(&house->ctx, house_entity(house, id), file.file, &found), RC_NOT_FOUND,
          "no-file");
}

static void a_file_that_is_not_taken_keeps_its_message_back(void **state) {
    House *house = *state;
    Str id = consult(house, &house->resident);
    static char large[(1 << 20) + 1] = "%PDF-1.4";
    const struct {
        const char *name;
        Str bytes;
        Rc rc;
        const char *code;
    } cases[] = {{"a.exe", STR("MZ"), RC_INVALID, "type"},
                 {"b.pdf", STR(""), RC_INVALID, "empty"},
                 {"c.pdf", {large, sizeof large}, RC_LIMIT, "large"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ThreadWish wish = with_file(house, id, STR("good.pdf"), PDF);
        vec_push(house->ctx.arena, &wish.files,
                 (ThreadFile){str_of(cases[i].name), cases[i].bytes});
        FAILS(house, thread_write(&house->ctx, &wish), cases[i].rc, cases[i].code);
        assert_true(str_eq(house->ctx.error.path, str_of(cases[i].name))); /* which one */
    }
    ThreadWish many = with_file(house, id, STR("good.pdf"), PDF);
    for (int i = 0; i < THREAD_FILES_MOST; i++)
        vec_push(house->ctx.arena, &many.files, (ThreadFile){STR("more.pdf"), PDF});
    FAILS(house, thread_write(&house->ctx, &many), RC_LIMIT, "many");
    assert_int_equal(thread(house, id).len, 0);
}

/* Those of the form count as well, and a message that is the last one may bring is looked at anew.
 */
static void an_application_has_so_many_files_whoever_brought_them(void **state) {
    House *house = *state;
    AttachLimits *limits = &house->tenant.procedures->attach;
    Actor clerk = counter_clerk(house);
    Str id = consult_with(house, &house->resident, PDF);
    limits->files = 3;
    ThreadWish two = with_file(house, id, STR("one.pdf"), PDF);
    vec_push(house->ctx.arena, &two.files, (ThreadFile){STR("two.pdf"), PDF});
    ThreadWish three = two;
    three.once = STR("three");
    vec_push(house->ctx.arena, &three.files, (ThreadFile){STR("three.pdf"), PDF});
    FAILS(house, thread_write(&house->ctx, &three), RC_LIMIT, "all-many");
    assert_true(str_eq(house->ctx.error.path, STR("three.pdf")));
    GOOD(house, thread_write(&house->ctx, &two));
    at_desk(house, &clerk);
    ThreadWish office = with_file(house, id, STR("four.pdf"), PDF);
    office.office = true;
    FAILS(house, thread_write(&house->ctx, &office), RC_LIMIT, "all-many");
    assert_int_equal(thread(house, id).len, 1);
}

/* As if its file had been so large. */
static void file_large(House *house, Str id, int64_t bytes) {
    Attachment file = file_of(house, id, 0);
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    Arena *arena = command_arena(command);
    Str message = thread(house, id).items[0].entity->id;
    Entity *after = entity_new(arena, message, STR(MESSAGE_TYPE));
    file.bytes = bytes;
    Json one = attachment_json(arena, &file);
    JsonMember files = {STR("files"), json_of_items(&one, 1)};
    entity_set_kind(arena, after, ATTR_JSON, IRI("sensitiveContents"), json_of_members(&files, 1));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = message, .after = after}, PUT_ANY, 0);
    GOOD(house, house_run(&house->ctx, command));
}

static void files_of_messages_have_a_bound_together(void **state) {
    House *house = *state;
    Str id = consult(house, &house->resident);
    ThreadWish wish = with_file(house, id, STR("a.pdf"), PDF),
               more = with_file(house, id, STR("b.pdf"), PDF);
    int64_t room = THREAD_BYTES_MOST - (int64_t)PDF.len;
    GOOD(house, thread_write(&house->ctx, &wish));
    file_large(house, id, room + 1);
    FAILS(house, thread_write(&house->ctx, &more), RC_LIMIT, "thread-bytes");
    assert_true(str_eq(house->ctx.error.path, STR("b.pdf")));
    file_large(house, id, room);
    GOOD(house, thread_write(&house->ctx, &more));
}

/* ---- read, settled, told ---- */

static bool unread(House *house, Str id) {
    bool is = false;
    GOOD(house, thread_unread(&house->ctx, house_entity(house, id), &is));
    return is;
}

static void that_it_was_read_is_kept_once(void **state) {
    House *house = *state;
    Actor clerk = counter_clerk(house);
    Str id = consult(house, &house->resident);
    GOOD(house, write_as(house, &house->resident, id, "相談です"));
    assert_false(unread(house, id));
    GOOD(house, write_as(house, &clerk, id, "返事です"));
    GOOD(house, write_as(house, &clerk, id, "もう一つ"));
    assert_true(unread(house, id));
    uint64_t version = house_entity(house, id)->version;
    house->clock.fixed += TIME_HOUR;
    house_act(house, &house->resident);
    ThreadMessages all = thread(house, id);
    GOOD(house, thread_seen(&house->ctx, house_entity(house, id), &all));
    assert_false(unread(house, id));
    all = thread(house, id);
    assert_true(all.items[0].message.read_at == TIME_NONE); /* one's own isn't marked */
    int64_t at = all.items[1].message.read_at;
    assert_true(at != TIME_NONE && all.items[2].message.read_at == at);
    /* a look at one's own page moves no case from under an official's form */
    assert_int_equal(house_entity(house, id)->version, version);
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, thread_seen(&house->ctx, house_entity(house, id), &all));
    assert_int_equal(ledger_head(house->tenant.ledger), head); /* nothing is written again */
}

static size_t waiting(House *house, size_t most, bool *more) {
    InboxCases cases;
    GOOD(house, inbox_waits(&house->ctx,
                            &(InboxWaits){.post = STR("citizens-counter-clerk"), .most = most},
                            &cases, more));
    return cases.len;
}

static void what_waits_for_an_answer_is_in_the_inbox_until_it_has_one(void **state) {
    House *house = *state;
    Actor clerk = counter_clerk(house);
    bool more;
    Str one = consult(house, &house->resident), two = consult(house, &house->other);
    assert_int_equal(waiting(house, 20, &more), 0);
    GOOD(house, write_as(house, &house->resident, one, "先"));
    house->clock.fixed += TIME_MINUTE;
    GOOD(house, write_as(house, &house->other, two, "後"));
    assert_int_equal(waiting(house, 20, &more), 2);
    assert_false(more);
    InboxCases first;
    GOOD(house,
         inbox_waits(&house->ctx, &(InboxWaits){.post = clerk.post, .most = 1}, &first, &more));
    assert_true(more && str_eq(first.items[0]->id, one)); /* the longest */
    GOOD(house, write_as(house, &clerk, one, "返事"));
    assert_int_equal(waiting(house, 20, &more), 1);
    at_desk(house, &clerk);
    FAILS(house, thread_settle(&house->ctx, two, 0), RC_CONFLICT, "moved-on");
    GOOD(house, thread_settle(&house->ctx, two, 1));
    FAILS(house, thread_settle(&house->ctx, two, 1), RC_CONFLICT, "moved-on");
    assert_int_equal(waiting(house, 20, &more), 0);
    assert_true(str_eq(message_turn(house_entity(house, two)), MESSAGE_SETTLED));
    GOOD(house, write_as(house, &house->other, two, "やはり聞きたい"));
    assert_int_equal(waiting(house, 20, &more), 1);
    house_act(house, &house->other);
    FAILS(house, thread_settle(&house->ctx, two, 2), RC_DENIED, "not-permitted");
}

/* Whoever ends a case, and however: nobody is waited for any more. */
static void a_case_that_has_ended_waits_for_no_answer(void **state) {
    House *house = *state;
    Actor head, clerk = counter_clerk(house);
    bool more;
    house_official(house, "head", "citizens-head", &head);
    Str id = consult(house, &house->resident);
    GOOD(house, write_as(house, &house->resident, id, "相談です"));
    assert_int_equal(waiting(house, 20, &more), 1);
    at_desk(house, &clerk);
    assert_true(thread_stands(&house->ctx, house_entity(house, id), true).settles);
    at_desk(house, &head); /* reads it, and answers nothing */
    assert_false(thread_stands(&house->ctx, house_entity(house, id), true).settles);
    house_act(house, &house->resident);
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = id, .move = STR("withdraw")}));
    assert_int_equal(waiting(house, 20, &more), 0);
    assert_false(message_waits(house_entity(house, id)));
    at_desk(house, &clerk);
    assert_false(thread_stands(&house->ctx, house_entity(house, id), true).settles);
}

typedef struct Told {
    House *house;
    int n;
} Told;

static Rc tell(Ctx *ctx, void *arg, const Event *event) {
    Told *told = arg;
    (void)ctx;
    told->n += news_is(event);
    return RC_OK;
}

static int news_since(House *house, uint64_t position) {
    Told told = {house, 0};
    uint64_t next = position;
    LedgerWindow window = {position, 100, tell, &told};
    GOOD(house, ledger_read(&house->ctx, house->tenant.ledger, &window, &next));
    assert_int_equal(next, ledger_head(house->tenant.ledger));
    return told.n;
}

static void an_answer_is_news_and_a_question_is_none(void **state) {
    House *house = *state;
    Actor clerk = counter_clerk(house);
    Str id = consult(house, &house->resident), person;
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, write_as(house, &house->resident, id, "相談です"));
    assert_int_equal(news_since(house, head), 0);
    head = ledger_head(house->tenant.ledger);
    GOOD(house, write_as(house, &clerk, id, "返事です"));
    assert_int_equal(news_since(house, head), 1);
    GOOD(house, news_whose(&house->ctx, id, clerk.id, &person));
    assert_true(str_eq(person, house->resident.person));
    /* what was only noted was told already */
    head = ledger_head(house->tenant.ledger);
    ThreadWish told = {.id = id, .office = true, .channel = STR("phone"), .text = STR("電話で")};
    GOOD(house, thread_write(&house->ctx, &told));
    assert_int_equal(news_since(house, head), 0);
}

/* ---- erased ---- */

static void an_erased_person_takes_messages_and_files_along(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Actor clerk = counter_clerk(house);
    ProjectSwept swept;
    Digest digest;
    bool more;
    Str id = consult(house, &house->resident), bytes;
    ThreadWish wish = with_file(house, id, STR("x.pdf"), PDF);
    wish.text = STR("だれにも言えないこと");
    GOOD(house, thread_write(ctx, &wish));
    Attachment file = file_of(house, id, 0);
    Str message = str_dup(house->arena, thread(house, id).items[0].entity->id);
    assert_true(hash_digest_of(ctx->arena, file.file, &digest));
    LedgerErasure erasure = {.head = {.kind = STR("person.erase")},
                             .reason = STR("asked"),
                             .subject = house->resident.person};
    GOOD(house, ledger_files(ctx, erasure.subject, &erasure.files));
    GOOD(house, ledger_erase(ctx, house->tenant.ledger, &erasure, NULL));
    GOOD(house, project_sweep(ctx, house->tenant.project, &swept));
    assert_int_equal(swept.erased, 1);
    FAILS(house, ledger_attached(ctx, house->tenant.ledger, &digest, &bytes), RC_NOT_FOUND,
          "attachment-missing");
    const Entity *left;
    Rc rc = ledger_entity(ctx, house->tenant.ledger, message, &left);
    assert_true(rc == RC_NOT_FOUND || !entity_attr(left, IRI("sensitiveContents")));
    assert_int_equal(thread(house, id).len, 0);
    assert_int_equal(waiting(house, 20, &more), 0);
    FAILS(house, write_as(house, &clerk, id, "返事"), RC_NOT_FOUND, "record-erased");
}

/* ---- at once ---- */

typedef struct Pressing {
    House *house;
    Str id;
    bool same; /* one form, pressed often */
    unsigned n;
    int good;
} Pressing;

static void *press(void *arg) {
    Pressing *pressing = arg;
    Rand rand = rand_seeded(pressing->n);
    Ctx ctx = house_thread(pressing->house, &rand);
    for (unsigned i = 0; i < 4; i++) {
        ThreadWish wish = {.id = pressing->id,
                           .text = STR("同時に"),
                           .once = pressing->same ? STR("same")
                                                  : str_fmt(ctx.arena, "%u %u", pressing->n, i)};
        pressing->good += thread_write(&ctx, &wish) == RC_OK;
    }
    house_thread_end(&ctx);
    return NULL;
}

static void writers_at_once_lose_nothing_and_double_nothing(void **state) {
    House *house = *state;
    enum { WRITERS = 3 };
    for (int same = 0; same < 2; same++) {
        pthread_t threads[WRITERS];
        Pressing pressings[WRITERS];
        Str id = consult(house, same ? &house->other : &house->resident);
        for (unsigned i = 0; i < WRITERS; i++) {
            pressings[i] = (Pressing){house, id, same, i, 0};
            assert_int_equal(pthread_create(&threads[i], NULL, press, &pressings[i]), 0);
        }
        for (unsigned i = 0; i < WRITERS; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(pressings[i].good, 4);
        }
        assert_int_equal(thread(house, id).len, same ? 1 : 12);
    }
}

static void *press_files(void *arg) {
    Pressing *pressing = arg;
    Rand rand = rand_seeded(pressing->n);
    Ctx ctx = house_thread(pressing->house, &rand);
    ThreadWish wish = {.id = pressing->id, .once = str_fmt(ctx.arena, "%u", pressing->n)};
    vec_push(ctx.arena, &wish.files, (ThreadFile){STR("a.pdf"), PDF});
    vec_push(ctx.arena, &wish.files, (ThreadFile){STR("b.pdf"), PDF});
    Rc rc = thread_write(&ctx, &wish);
    bool full = rc == RC_LIMIT && str_eq(ctx.error.code, STR("all-many"));
    pressing->good = rc == RC_OK ? 1 : full ? -1 : 0;
    house_thread_end(&ctx);
    return NULL;
}

static void files_that_come_at_once_keep_to_their_bound(void **state) {
    House *house = *state;
    enum { WRITERS = 4 };
    pthread_t threads[WRITERS];
    Pressing pressings[WRITERS];
    int good = 0, refused = 0;
    Str id = consult(house, &house->resident);
    house->tenant.procedures->attach.files = 4;
    for (unsigned i = 0; i < WRITERS; i++) {
        pressings[i] = (Pressing){house, id, false, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, press_files, &pressings[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        good += pressings[i].good == 1;
        refused += pressings[i].good == -1;
    }
    assert_int_equal(good, 2);
    assert_int_equal(refused, 2);
    assert_int_equal(thread(house, id).len, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(both_write_and_the_case_says_whose_turn_it_is),
        TEST(one_form_writes_once),
        TEST(what_was_mended_in_a_form_is_another_message),
        TEST(who_has_nothing_to_do_with_it_neither_reads_nor_writes),
        TEST(nobody_writes_to_a_case_that_has_ended),
        TEST(the_ledger_refuses_what_it_no_longer_allows),
        TEST(bounds_are_told_with_their_figure),
        TEST(a_file_comes_with_a_message_and_is_for_who_reads_that),
        TEST(a_file_that_is_not_taken_keeps_its_message_back),
        TEST(an_application_has_so_many_files_whoever_brought_them),
        TEST(files_of_messages_have_a_bound_together),
        TEST(that_it_was_read_is_kept_once),
        TEST(what_waits_for_an_answer_is_in_the_inbox_until_it_has_one),
        TEST(a_case_that_has_ended_waits_for_no_answer),
        TEST(an_answer_is_news_and_a_question_is_none),
        TEST(an_erased_person_takes_messages_and_files_along),
        TEST(writers_at_once_lose_nothing_and_double_nothing),
        TEST(files_that_come_at_once_keep_to_their_bound),
    };
    return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
