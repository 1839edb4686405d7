/* Tests of meetings over the starter's organisation: who plans, brings, reads and changes what,
   what is frozen when an agenda is closed, and that two at once lose nothing. */
#include "../procedure/house.h"

#include "meet/meet.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define PDF STR("%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")

/* Who plays. */
typedef struct Hall {
    House house;
    Actor secretary, finance, other, member, chair;
} Hall;

static int set_up(void **state) {
    Hall *hall = mem_zero(sizeof *hall);
    House *house = &hall->house;
    house_make(house, HOUSE_WHOLE);
    house_official(house, "records", "general-affairs-records-clerk", &hall->secretary);
    house_official(house, "budget", "finance-budget-clerk", &hall->finance);
    house_official(house, "child", "children-care-clerk", &hall->other);
    house_official(house, "citizens", "citizens-director", &hall->member);
    house_official(house, "economy", "economy-director", &hall->chair);
    hall->chair.stepped_up_at = house->clock.fixed;
    *state = hall;
    return 0;
}

static int tear_down(void **state) {
    Hall *hall = *state;
    house_end(&hall->house);
    mem_free(hall);
    return 0;
}

static const MeetPlan plan = {STR("policy"), STR("第1会議室"), STR("2026-12-02"), STR("10:30")};

static Str planned(Hall *hall) {
    Str key;
    house_act(&hall->house, &hall->secretary);
    GOOD(&hall->house, meet_plan(&hall->house.ctx, &plan, &key));
    return str_dup(hall->house.arena, key);
}

static MeetWish wish_of(const char *title, MeetShown shown) {
    return (MeetWish){.title = str_of(title), .summary = STR("内容"), .shown = shown};
}

static void brought(Hall *hall, Actor *actor, Str key, const char *title, MeetShown shown) {
    MeetWish wish = wish_of(title, shown);
    house_act(&hall->house, actor);
    GOOD(&hall->house, meet_bring(&hall->house.ctx, key, 0, &wish));
}

static Meeting meeting(Hall *hall, Str key) {
    Meeting out;
    GOOD(&hall->house, meet_load(&hall->house.ctx, key, &out));
    return out;
}

static MeetItems items_for(Hall *hall, Actor *actor, Str key) {
    MeetItems items;
    house_act(&hall->house, actor);
    Meeting at = meeting(hall, key);
    GOOD(&hall->house, meet_items(&hall->house.ctx, &at, &items));
    return items;
}

static Rc act_as(Hall *hall, Actor *actor, Str key, int64_t n, MeetAct act) {
    house_act(&hall->house, actor);
    return meet_act(&hall->house.ctx, key, n, act);
}

static void the_secretariat_alone_plans(void **state) {
    Hall *hall = *state;
    House *house = &hall->house;
    Str key = planned(hall), none;
    Meeting at = meeting(hall, key);
    assert_true(at.open);
    assert_true(str_eq(at.chair, STR("economy-director")));
    assert_true(at.at == INT64_C(1796175000000000)); /* 2 December, 10:30 in Japan */
    MeetYear all;
    MeetPlan bad = plan;
    GOOD(house, meet_list(&house->ctx, 0, &all));
    assert_int_equal(all.meetings.len, 1);
    assert_false(all.more);
    bad.day = STR("2027-04-01"); /* a fiscal year of its own */
    GOOD(house, meet_plan(&house->ctx, &bad, &none));
    static const struct {
        int asked, year;
    } years[] = {{0, 2026}, {2026, 2026}, {2027, 2027}, {1, 2026}, {3000, 2027}};
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        GOOD(house, meet_list(&house->ctx, years[i].asked, &all));
        assert_int_equal(all.year, years[i].year);
        assert_int_equal(all.meetings.len, 1);
        assert_int_equal(all.last - all.first, 1);
    }
    bad = plan;
    bad.time = STR("25:00");
    FAILS(house, meet_plan(&house->ctx, &bad, &none), RC_INVALID, "missing");
    bad = plan;
    bad.place = STR("　");
    FAILS(house, meet_move(&house->ctx, key, &bad), RC_INVALID, "missing");
    bad.place = STR("庁議室");
    bad.day = STR("0026-12-02");
    FAILS(house, meet_plan(&house->ctx, &bad, &none), RC_INVALID, "far");
    bad.day = STR("2027-04-02");
    FAILS(house, meet_move(&house->ctx, key, &bad), RC_INVALID, "other-year");
    bad.day = plan.day;
    GOOD(house, meet_move(&house->ctx, key, &bad));
    assert_true(str_eq(meeting(hall, key).place, STR("庁議室")));
    house_act(house, &hall->member);
    FAILS(house, meet_plan(&house->ctx, &plan, &none), RC_DENIED, "not-secretariat");
    FAILS(house, meet_move(&house->ctx, key, &plan), RC_DENIED, "not-secretariat");
    FAILS(house, act_as(hall, &hall->finance, key, 0, MEET_CLOSE), RC_DENIED, "not-secretariat");
    FAILS(house, act_as(hall, &house->resident, key, 0, MEET_CLOSE), RC_DENIED, NULL);
    FAILS(house, act_as(hall, &hall->secretary, key, 0, MEET_CLOSE), RC_CONFLICT, "agenda-empty");
}

static void each_reads_what_is_for_him(void **state) {
    Hall *hall = *state;
    Str key = planned(hall);
    brought(hall, &hall->finance, key, "予算編成方針", MEET_PUBLIC);
    brought(hall, &hall->finance, key, "公有地の取得", MEET_HIDDEN);
    brought(hall, &hall->other, key, "保育所の定員", MEET_TITLE);
    MeetItems all = items_for(hall, &hall->member, key);
    assert_int_equal(all.len, 3);
    for (size_t i = 0; i < all.len; i++)
        assert_true(all.items[i].whole && str_eq(all.items[i].summary, STR("内容")));
    assert_int_equal(items_for(hall, &hall->chair, key).len, 3);
    MeetItems own = items_for(hall, &hall->other, key);
    assert_int_equal(own.len, 2); /* what is hidden isn't even named */
    assert_false(own.items[0].whole);
    assert_true(str_empty(own.items[0].summary) && !own.items[0].papers);
    assert_true(own.items[1].whole);
}

static void a_paper_is_read_as_it_was_brought(void **state) {
    Hall *hall = *state;
    House *house = &hall->house;
    Str key = planned(hall), bytes;
    const Json *paper;
    MeetWish wish = wish_of("予算編成方針", MEET_PUBLIC);
    MeetPaper one = {STR("方針.pdf"), STR("application/pdf"), STR("00"), PDF};
    vec_push(house->arena, &wish.papers, one);
    wish.link = STR("/staff/effect");
    house_act(house, &hall->finance);
    GOOD(house, meet_bring(&house->ctx, key, 0, &wish));
    MeetItem item = items_for(hall, &hall->member, key).items[0];
    assert_int_equal(item.papers->len, 1);
    assert_true(str_eq(json_str(json_at(item.links, 0)), STR("/staff/effect")));
    Str file = str_dup(house->arena, json_get_str(json_at(item.papers, 0), "file"));
    Digest kept;
    GOOD(house, meet_paper(&house->ctx, &item, file, &paper));
    assert_true(hash_digest_of(house->arena, file, &kept));
    GOOD(house, ledger_attached(&house->ctx, house->tenant.ledger, &kept, &bytes));
    assert_true(str_eq(bytes, PDF));
    assert_true(str_eq(json_get_str(paper, "name"), STR("方針.pdf")));
    MeetItem theirs = items_for(hall, &hall->other, key).items[0];
    FAILS(house, meet_paper(&house->ctx, &theirs, file, &paper), RC_NOT_FOUND, "no-file");
    wish = wish_of("予算編成方針", MEET_PUBLIC);
    wish.version = item.version;
    wish.remove = file;
    house_act(house, &hall->finance);
    GOOD(house, meet_bring(&house->ctx, key, item.n, &wish));
    assert_int_equal(items_for(hall, &hall->member, key).items[0].papers->len, 0);
}

static void an_item_is_changed_by_its_division_and_the_secretariat(void **state) {
    Hall *hall = *state;
    House *house = &hall->house;
    Str key = planned(hall);
    brought(hall, &hall->finance, key, "一", MEET_PUBLIC);
    MeetWish wish = wish_of("一の改", MEET_PUBLIC);
    wish.version = items_for(hall, &hall->finance, key).items[0].version;
    house_act(house, &hall->other);
    FAILS(house, meet_bring(&house->ctx, key, 1, &wish), RC_DENIED, "not-division");
    FAILS(house, act_as(hall, &hall->other, key, 1, MEET_DROP), RC_DENIED, "not-division");
    house_act(house, &hall->finance);
    GOOD(house, meet_bring(&house->ctx, key, 1, &wish));
    FAILS(house, meet_bring(&house->ctx, key, 1, &wish), RC_CONFLICT, "edited");
    FAILS(house, meet_bring(&house->ctx, key, 2, &wish), RC_NOT_FOUND, "no-item");
    wish.version = items_for(hall, &hall->secretary, key).items[0].version;
    wish.link = STR("//elsewhere.example/");
    FAILS(house, meet_bring(&house->ctx, key, 1, &wish), RC_INVALID, "link");
    wish.link = STR_NONE;
    GOOD(house, meet_bring(&house->ctx, key, 1, &wish));
    brought(hall, &hall->other, key, "二", MEET_PUBLIC);
    FAILS(house, act_as(hall, &hall->finance, key, 1, MEET_UP), RC_DENIED, "not-secretariat");
    GOOD(house, act_as(hall, &hall->secretary, key, 2, MEET_UP));
    assert_true(str_eq(items_for(hall, &hall->member, key).items[0].title, STR("二")));
    GOOD(house, act_as(hall, &hall->finance, key, 1, MEET_DROP));
    assert_int_equal(items_for(hall, &hall->member, key).len, 1);
    FAILS(house, act_as(hall, &hall->finance, key, 1, MEET_DROP), RC_NOT_FOUND, "no-item");
    brought(hall, &hall->finance, key, "三", MEET_PUBLIC); /* a number is never given twice */
    assert_int_equal(items_for(hall, &hall->member, key).items[1].n, 3);
}

static void a_closed_agenda_is_frozen(void **state) {
    Hall *hall = *state;
    House *house = &hall->house;
    Str key = planned(hall);
    brought(hall, &hall->finance, key, "一", MEET_PUBLIC);
    MeetWish wish = wish_of("一の改", MEET_PUBLIC);
    wish.version = items_for(hall, &hall->finance, key).items[0].version;
    GOOD(house, act_as(hall, &hall->secretary, key, 0, MEET_CLOSE));
    GOOD(house, act_as(hall, &hall->secretary, key, 0, MEET_CLOSE)); /* twice is once */
    FAILS(house, meet_move(&house->ctx, key, &plan), RC_CONFLICT, "agenda-closed");
    FAILS(house, meet_bring(&house->ctx, key, 1, &wish), RC_CONFLICT, "agenda-closed");
    FAILS(house, act_as(hall, &hall->finance, key, 1, MEET_DROP), RC_CONFLICT, "agenda-closed");
    FAILS(house, meet_bring(&house->ctx, key, 0, &wish), RC_CONFLICT, "agenda-closed");
    GOOD(house, act_as(hall, &hall->secretary, key, 0, MEET_REOPEN));
    house_act(house, &hall->finance);
    GOOD(house, meet_bring(&house->ctx, key, 1, &wish));
}

static Rc noted(Hall *hall, Actor *actor, Str key, MeetResult result) {
    Meeting at = meeting(hall, key);
    MeetNote note = {.result = result, .text = STR("予算の範囲で行う")};
    note.version = items_for(hall, actor, key).items[0].version;
    house_act(&hall->house, actor);
    assert_true(str_eq(at.key, key));
    return meet_note(&hall->house.ctx, key, 1, &note);
}

static Rc minuted(Hall *hall, Str key, const char *text) {
    MeetMinutes wish = {.text = str_of(text)};
    vec_push(hall->house.arena, &wish.attended, STR("citizens-director"));
    vec_push(hall->house.arena, &wish.attended, STR("mayor")); /* who doesn't attend this one */
    house_act(&hall->house, &hall->secretary);
    return meet_minute(&hall->house.ctx, key, &wish);
}

/* Closed, with a result and minutes. */
static Str drafted(Hall *hall) {
    Str key = planned(hall);
    brought(hall, &hall->finance, key, "一", MEET_PUBLIC);
    FAILS(&hall->house, noted(hall, &hall->secretary, key, MEET_AGREED), RC_CONFLICT,
          "agenda-open");
    GOOD(&hall->house, act_as(hall, &hall->secretary, key, 0, MEET_CLOSE));
    FAILS(&hall->house, noted(hall, &hall->member, key, MEET_AGREED), RC_DENIED, "not-secretariat");
    FAILS(&hall->house, noted(hall, &hall->secretary, key, MEET_RESULTS), RC_INVALID, "missing");
    GOOD(&hall->house, minuted(hall, key, "一件を協議した。"));
    return key;
}

static Rc chair_does(Hall *hall, Str decision, RouteVerb verb) {
    const Entity *proposal = house_entity(&hall->house, decision);
    RouteAct act = {.verb = verb,
                    .stage = ROUTE_STAGES_MAX,
                    .to = ROUTE_STAGES_MAX,
                    .opinion = STR("書き直す"),
                    .hash = str_dup(hall->house.arena, entity_text(proposal, IRI("contentHash")))};
    house_act(&hall->house, &hall->chair);
    return meet_act_on(&hall->house.ctx, decision, &act);
}

static void minutes_are_frozen_while_proposed_and_for_good_once_decided(void **state) {
    Hall *hall = *state;
    House *house = &hall->house;
    Str key = drafted(hall), decision;
    const Json *contents;
    FAILS(house, meet_propose(&house->ctx, key, &decision), RC_CONFLICT, "no-result");
    GOOD(house, noted(hall, &hall->secretary, key, MEET_AMENDED));
    GOOD(house, meet_propose(&house->ctx, key, &decision));
    decision = str_dup(house->arena, decision);
    assert_int_equal(meeting(hall, key).stage, MEET_PROPOSED);
    FAILS(house, minuted(hall, key, "別"), RC_CONFLICT, "minutes-frozen");
    FAILS(house, noted(hall, &hall->secretary, key, MEET_AGREED), RC_CONFLICT, "minutes-frozen");
    FAILS(house, act_as(hall, &hall->secretary, key, 0, MEET_REOPEN), RC_CONFLICT,
          "minutes-frozen");
    GOOD(house, chair_does(hall, decision, ROUTE_RETURN));
    assert_int_equal(meeting(hall, key).stage, MEET_CLOSED);
    GOOD(house, minuted(hall, key, "書き直した。"));
    GOOD(house, meet_propose(&house->ctx, key, &decision));
    decision = str_dup(house->arena, decision);
    GOOD(house, chair_does(hall, decision, ROUTE_APPROVE));
    Meeting at = meeting(hall, key);
    assert_int_equal(at.stage, MEET_FIXED);
    GOOD(house, meet_decided(&house->ctx, &at, &contents));
    assert_true(str_eq(at.hash, decide_hash(house->ctx.arena, contents)));
    assert_true(str_eq(json_get_str(contents, "minutes"), STR("書き直した。")));
    assert_int_equal(json_get(contents, STR("attended"))->len, 1);
    const Json *item = json_at(json_get(contents, STR("items")), 0);
    assert_true(str_eq(json_get_str(item, "result"), STR("amended")));
    FAILS(house, minuted(hall, key, "別"), RC_CONFLICT, "minutes-frozen");
    FAILS(house, act_as(hall, &hall->secretary, key, 0, MEET_REOPEN), RC_CONFLICT,
          "minutes-frozen");
    house_act(house, &hall->member);
    assert_true(meet_reads(&house->ctx, house_entity(house, decision)));
    house_act(house, &hall->other);
    assert_false(meet_reads(&house->ctx, house_entity(house, decision)));
}

static void returned_minutes_are_handed_in_again(void **state) {
    Hall *hall = *state;
    House *house = &hall->house;
    Str key = drafted(hall), decision;
    const Json *contents;
    ActAmend as_they_are = {0};
    GOOD(house, noted(hall, &hall->secretary, key, MEET_AMENDED));
    GOOD(house, meet_propose(&house->ctx, key, &decision));
    decision = str_dup(house->arena, decision);
    FAILS(house, meet_amend(&house->ctx, decision, &as_they_are), RC_CONFLICT, "minutes-frozen");
    GOOD(house, chair_does(hall, decision, ROUTE_RETURN));
    Str hash =
        str_dup(house->arena, entity_text(house_entity(house, decision), IRI("contentHash")));
    FAILS(house, meet_amend(&house->ctx, decision, &as_they_are), RC_DENIED, NULL);
    house_act(house, &hall->secretary);
    GOOD(house, meet_amend(&house->ctx, decision, &as_they_are));
    assert_true(str_eq(hash, entity_text(house_entity(house, decision), IRI("contentHash"))));
    GOOD(house, meet_act_on(&house->ctx, decision, &(RouteAct){.verb = ROUTE_WITHDRAW}));
    GOOD(house, minuted(hall, key, "書き直した。"));
    house_act(house, &hall->secretary);
    GOOD(house, meet_amend(&house->ctx, decision, &as_they_are));
    GOOD(house, chair_does(hall, decision, ROUTE_APPROVE));
    Meeting at = meeting(hall, key);
    assert_int_equal(at.stage, MEET_FIXED);
    GOOD(house, meet_decided(&house->ctx, &at, &contents));
    assert_true(str_eq(json_get_str(contents, "minutes"), STR("書き直した。")));
}

/* ---- for everybody ---- */

static void note_all(Hall *hall, Str key) {
    MeetItems items = items_for(hall, &hall->secretary, key);
    VEC_EACH (const MeetItem, item, &items) {
        MeetNote note = {
            .result = MEET_AGREED, .text = STR("そのとおりとする"), .version = item->version};
        GOOD(&hall->house, meet_note(&hall->house.ctx, key, item->n, &note));
    }
}

/* One public item with a paper, one with its title, one of which nobody reads anything. */
static Str three_items(Hall *hall) {
    House *house = &hall->house;
    Str key = planned(hall), decision;
    MeetWish wish = wish_of("予算編成方針", MEET_PUBLIC);
    MeetPaper paper = {STR("方針.pdf"), STR("application/pdf"), STR("00"), PDF};
    vec_push(house->arena, &wish.papers, paper);
    house_act(house, &hall->finance);
    GOOD(house, meet_bring(&house->ctx, key, 0, &wish));
    brought(hall, &hall->finance, key, "組織の見直し", MEET_TITLE);
    brought(hall, &hall->finance, key, "公有地の取得", MEET_HIDDEN);
    GOOD(house, act_as(hall, &hall->secretary, key, 0, MEET_CLOSE));
    note_all(hall, key);
    GOOD(house, minuted(hall, key, "三件を協議した。"));
    GOOD(house, meet_propose(&house->ctx, key, &decision));
    return str_dup(house->arena, decision);
}

static Str meeting_of(House *house, Str decision) {
    const Attr *contents = entity_attr(house_entity(house, decision), IRI("contents"));
    return str_dup(house->arena, json_get_str(contents->value, "meeting"));
}

static MeetPublic public_of(Hall *hall, Str key) {
    MeetPublic all;
    house_act(&hall->house, &hall->house.nobody);
    Meeting at = meeting(hall, key);
    GOOD(&hall->house, meet_public(&hall->house.ctx, &at, &all));
    return all;
}

static Str text_of(Arena *arena, const Json *json) {
    Buf text = buf_new(arena, 1 << 16);
    json_write(&text, json);
    return buf_str(&text);
}

/* As a stranger computes it who has read how, and has the document alone. */
static Str root_of(Arena *arena, const Json *check) {
    const Json *items = json_get(check, STR("items"));
    JsonMember *members = NEW_ARRAY(arena, JsonMember, check->len);
    JsonItems hashes = {0};
    for (size_t i = 0; i < items->len; i++) {
        const Json *item = json_at(items, i);
        JsonMember pair[] = {{STR("head"), {0}}, {STR("rest"), {0}}};
        for (size_t k = 0; item->kind == JSON_OBJECT && k < 2; k++) {
            const Json *half = json_get(item, pair[k].name);
            pair[k].value =
                half->kind == JSON_OBJECT ? json_of_str(decide_hash(arena, half)) : *half;
        }
        Json node = json_of_members(pair, 2);
        vec_push(arena, &hashes,
                 item->kind == JSON_OBJECT ? json_of_str(decide_hash(arena, &node)) : *item);
    }
    for (size_t i = 0; i < check->len; i++) {
        members[i] = check->value.members[i];
        if (str_eq(members[i].name, STR("items")))
            members[i].value = json_of_items(hashes.items, hashes.len);
    }
    Json tree = json_of_members(members, check->len);
    return decide_hash(arena, &tree);
}

static void everybody_reads_what_is_public_once_it_is_decided(void **state) {
    Hall *hall = *state;
    House *house = &hall->house;
    Str decision = three_items(hall);
    Str key = meeting_of(house, decision);
    MeetPublic all = public_of(hall, key);
    const Json *paper;
    assert_int_equal(all.items.len, 0); /* it waits */
    assert_int_equal(all.root.len, 0);
    GOOD(house, chair_does(hall, decision, ROUTE_APPROVE));
    all = public_of(hall, key);
    assert_int_equal(all.items.len, 3);
    const MeetItem *item = all.items.items;
    assert_true(str_eq(item[0].title, STR("予算編成方針")) && item[0].result == MEET_AGREED);
    assert_int_equal(item[0].papers->len, 1);
    assert_true(str_eq(item[1].title, STR("組織の見直し")) && item[1].result == MEET_RESULTS);
    assert_true(str_empty(item[1].said) && !item[1].papers);
    assert_true(str_empty(item[2].title) && !item[2].n && str_empty(item[2].division));
    assert_true(str_eq(all.minutes, STR("三件を協議した。")));
    Meeting at = meeting(hall, key);
    Str file = json_get_str(json_at(item[0].papers, 0), "file");
    GOOD(house, meet_public_paper(&house->ctx, &at, 1, file, &paper));
    FAILS(house, meet_public_paper(&house->ctx, &at, 2, file, &paper), RC_NOT_FOUND, "no-file");
    FAILS(house, meet_public_paper(&house->ctx, &at, 3, file, &paper), RC_NOT_FOUND, "no-file");
    FAILS(house, meet_public_paper(&house->ctx, &at, 0, file, &paper), RC_NOT_FOUND, "no-file");
}

static void what_is_public_is_checked_without_what_is_not(void **state) {
    Hall *hall = *state;
    House *house = &hall->house;
    Str decision = three_items(hall);
    Str key = meeting_of(house, decision);
    GOOD(house, chair_does(hall, decision, ROUTE_APPROVE));
    MeetPublic all = public_of(hall, key);
    Arena *arena = house->ctx.arena;
    Str text = text_of(arena, all.check), kept;
    assert_true(str_eq(root_of(arena, all.check), all.root));
    kept = entity_text(house_entity(house, meeting(hall, key).id), IRI("minutesRoot"));
    assert_true(str_eq(kept, all.root));
    assert_true(str_find(text, STR("予算編成方針")) >= 0 &&
                str_find(text, STR("組織の見直し")) >= 0);
    assert_true(str_find(text, STR("公有地の取得")) < 0);
    /* a word of it changed is another root */
    Buf other = buf_new(arena, 1 << 16);
    ptrdiff_t at = str_find(text, STR("agreed"));
    assert_true(at > 0);
    buf_add(&other, str_head(text, (size_t)at));
    buf_add(&other, STR("amend"));
    buf_add(&other, str_sub(text, (size_t)at + 5, text.len));
    const Json *forged;
    GOOD(house, json_read(&house->ctx, buf_str(&other), JSON_LIMITS_DEFAULT, &forged));
    assert_false(str_eq(root_of(arena, forged), all.root));
}

/* ---- the file that it lies in ---- */

#define FILE_2026 "保存10年/庁議/2026"

static Str file_named(House *house, Str id) {
    return entity_text(house_entity(house, id), IRI("retentionFile"));
}

static void a_disposed_file_leaves_nothing_of_what_was_said(void **state) {
    Hall *hall = *state;
    House *house = &hall->house;
    Str decision = three_items(hall);
    Str key = meeting_of(house, decision);
    Str code = file_code(house->arena, STR(FILE_2026));
    LedgerDisposal disposal = {.retention = STR(FILE_2026), .reason = STR("test")};
    ShelfFile file;
    GOOD(house, shelf_find(&house->ctx, code, &file));
    assert_int_equal(file.count, 2); /* the meeting, and what is proposed of it */
    assert_int_equal(file.open, 2);
    GOOD(house, chair_does(hall, decision, ROUTE_APPROVE));
    GOOD(house, shelf_find(&house->ctx, code, &file));
    assert_int_equal(file.open + file.unfiled, 0);
    assert_int_equal(file.until.year, 2037);
    MeetItem item = items_for(hall, &hall->member, key).items[0];
    Str id = str_dup(house->arena, item.id);
    Str paper = str_dup(house->arena, json_get_str(json_at(item.papers, 0), "file")), bytes;
    Digest kept;
    assert_true(hash_digest_of(house->arena, paper, &kept));
    GOOD(house, ledger_attached(&house->ctx, house->tenant.ledger, &kept, &bytes));
    assert_true(str_eq(file_named(house, id), STR(FILE_2026)));
    assert_true(str_eq(file_named(house, decision), STR(FILE_2026)));
    GOOD(house, ledger_dispose(&house->ctx, house->tenant.ledger, &disposal));
    MeetItems items = items_for(hall, &hall->member, key);
    assert_int_equal(items.len, 3); /* that there were three is known */
    VEC_EACH (const MeetItem, one, &items)
        assert_true(str_empty(one->title) && str_empty(one->summary) && str_empty(one->said) &&
                    !one->papers);
    assert_true(str_empty(meeting(hall, key).minutes));
    assert_int_equal(public_of(hall, key).items.len, 0);
    assert_int_equal(ledger_attached(&house->ctx, house->tenant.ledger, &kept, &bytes),
                     RC_NOT_FOUND);
}

static void a_meeting_that_is_not_held_ends(void **state) {
    Hall *hall = *state;
    House *house = &hall->house;
    Str key = planned(hall), decision;
    Str code = file_code(house->arena, STR(FILE_2026));
    ShelfFile file;
    brought(hall, &hall->finance, key, "一", MEET_PUBLIC);
    FAILS(house, act_as(hall, &hall->member, key, 0, MEET_CANCEL), RC_DENIED, "not-secretariat");
    GOOD(house, act_as(hall, &hall->secretary, key, 0, MEET_CANCEL));
    GOOD(house, act_as(hall, &hall->secretary, key, 0, MEET_CANCEL)); /* twice is once */
    assert_int_equal(meeting(hall, key).stage, MEET_CANCELLED);
    GOOD(house, shelf_find(&house->ctx, code, &file));
    assert_int_equal(file.open, 0);
    FAILS(house, act_as(hall, &hall->finance, key, 1, MEET_DROP), RC_CONFLICT, "meeting-cancelled");
    FAILS(house, act_as(hall, &hall->secretary, key, 0, MEET_CLOSE), RC_CONFLICT,
          "meeting-cancelled");
    FAILS(house, minuted(hall, key, "別"), RC_CONFLICT, "meeting-cancelled");
    FAILS(house, meet_move(&house->ctx, key, &plan), RC_CONFLICT, "meeting-cancelled");
    FAILS(house, act_as(hall, &hall->secretary, key, 0, MEET_REOPEN), RC_CONFLICT,
          "meeting-cancelled");
    GOOD(house, act_as(hall, &hall->secretary, key, 0, MEET_HOLD));
    GOOD(house, shelf_find(&house->ctx, code, &file));
    assert_int_equal(file.open, 1);
    assert_int_equal(meeting(hall, key).stage, MEET_OPEN);
    GOOD(house, act_as(hall, &hall->secretary, key, 0, MEET_CLOSE));
    GOOD(house, act_as(hall, &hall->secretary, key, 0, MEET_CANCEL));
    GOOD(house, act_as(hall, &hall->secretary, key, 0, MEET_HOLD));
    assert_int_equal(meeting(hall, key).stage, MEET_CLOSED); /* as it was */
    GOOD(house, noted(hall, &hall->secretary, key, MEET_AGREED));
    GOOD(house, minuted(hall, key, "一件を協議した。"));
    GOOD(house, meet_propose(&house->ctx, key, &decision));
    FAILS(house, act_as(hall, &hall->secretary, key, 0, MEET_CANCEL), RC_CONFLICT,
          "minutes-frozen");
}

/* Of two who bring at once. */
typedef struct Bringing {
    House *house;
    Actor *actor;
    Str key;
    Rc rc;
} Bringing;

static void *bring(void *arg) {
    Bringing *bringing = arg;
    Rand rand;
    Ctx ctx = house_thread(bringing->house, &rand);
    MeetWish wish = wish_of("同時", MEET_PUBLIC);
    ctx.actor = bringing->actor;
    bringing->rc = meet_bring(&ctx, bringing->key, 0, &wish);
    house_thread_end(&ctx);
    return NULL;
}

static void of_two_at_once_none_is_lost(void **state) {
    Hall *hall = *state;
    Str key = planned(hall);
    Bringing two[] = {{&hall->house, &hall->finance, key, RC_OK},
                      {&hall->house, &hall->other, key, RC_OK}};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, bring, &two[i]), 0);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(two[i].rc, RC_OK);
    }
    MeetItems all = items_for(hall, &hall->member, key);
    assert_int_equal(all.len, 2);
    assert_false(all.items[0].n == all.items[1].n);
}

static void a_wrong_series_is_named(void **state) {
    static const struct {
        const char *meetings, *path;
    } rows[] = {
        {"[{}]", "meetings[0].id"},
        {"[{\"id\":\"a\",\"name\":{\"ja\":\"会\"}}]", "meetings[0].name"},
        {"[{\"id\":\"a\",\"name\":{\"ja\":\"会\",\"en\":\"M\"},\"secretariat\":\"no\"}]",
         "meetings[0].secretariat"},
        {"[{\"id\":\"a\",\"name\":{\"ja\":\"会\",\"en\":\"M\"},\"secretariat\":\"p\",\"chair\":"
         "\"p\","
         "\"members\":[\"p\",\"q\"]}]",
         "meetings[0].members[1]"},
        {"[{\"id\":\"a\",\"name\":{\"ja\":\"会\",\"en\":\"M\"},\"secretariat\":\"p\",\"chair\":"
         "\"p\","
         "\"members\":[\"p\"]},{\"id\":\"a\"}]",
         "meetings[1].id"},
    };
    Hall *hall = *state;
    Ctx *ctx = &hall->house.ctx;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const Json *organisation;
        Str text =
            str_fmt(ctx->arena, "{\"posts\":[{\"id\":\"p\"}],\"meetings\":%s}", rows[i].meetings);
        GOOD(&hall->house, json_read(ctx, text, JSON_LIMITS_DEFAULT, &organisation));
        FAILS(&hall->house, meet_check(ctx, organisation), RC_INVALID, "bad-organisation");
        assert_true(str_eq(ctx->error.path, str_of(rows[i].path)));
    }
    GOOD(&hall->house, meet_check(ctx, house_starter(&hall->house, "organisation.json")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_secretariat_alone_plans, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_reads_what_is_for_him, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_paper_is_read_as_it_was_brought, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_item_is_changed_by_its_division_and_the_secretariat,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_closed_agenda_is_frozen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(minutes_are_frozen_while_proposed_and_for_good_once_decided,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(returned_minutes_are_handed_in_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everybody_reads_what_is_public_once_it_is_decided, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_public_is_checked_without_what_is_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_disposed_file_leaves_nothing_of_what_was_said, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_meeting_that_is_not_held_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_two_at_once_none_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_series_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("meet", tests, NULL, NULL);
}
