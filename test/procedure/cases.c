#include "cases.h"
#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

int cases_set_up(void **state) {
    House *house = mem_zero(sizeof *house);
    house_make(house, HOUSE_WHOLE);
    *state = house;
    return 0;
}

int cases_tear_down(void **state) {
    house_end(*state);
    mem_free(*state);
    return 0;
}

Answers cases_answers(House *house, Arena *arena, const char *district, Date day) {
    const Waste *waste = procedures_waste(&house->tenant);
    const WasteDistrict *place = waste_district(waste, str_of(district));
    const WasteTown *town = &place->towns.items[0];
    Str token = rand_id(&house->rand, arena, 26); /* each sends from a room of his own */
    Answers answers = {.token = token,
                       .district = place,
                       .town = town->name.ja,
                       .postcode = town->postcodes.items[0],
                       .address = STR("1番2号"),
                       .building = token,
                       .day = day,
                       .name = STR("星之森 あおね"),
                       .kana = STR("ホシノモリ アオネ"),
                       .phone = STR("0999-12-3456"),
                       .choice = STR("in")};
    vec_push(arena, &answers.items, (ApplyItem){waste_item(waste, STR("sofa-1")), 1});
    return answers;
}

FitWhy cases_fit(House *house, Str id, const Definition *to) {
    Fit fit;
    const Entity *application = house_entity(house, id);
    const DefinedState *state =
        definition_state(to, entity_text(application, IRI("procedureState")));
    FitAsk ask = {application, defined_of(&house->ctx, application), to, state};
    GOOD(house, fit_case(&house->ctx, &ask, &fit));
    return fit.why;
}

void cases_erase(House *house, Str person) {
    LedgerErasure erasure = {.head = {.kind = STR("person.erase"), .actor = house->clerk.id},
                             .subject = person,
                             .reason = STR("x")};
    StrVec kept = {0};
    vec_push(house->arena, &erasure.files, STR("保存5年/粗大ごみ収集/2026"));
    GOOD(house, ledger_erase(&house->ctx, house->tenant.ledger, &erasure, &kept));
}

Rc cases_send(House *house, const Answers *answers, Receipt *out) {
    ApplySend send = {
        .answers = answers, .channel = STR("web"), .applicant = house->ctx.actor->person};
    return apply_send(&house->ctx, &send, out);
}

/* The resident's application for Friday; its id lives as long as the house. */
Str cases_apply(House *house, const char *reduction, int64_t sofas) {
    Receipt receipt;
    Answers answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    answers.items.items[0].quantity = 1;
    for (int64_t i = 1; i < sofas; i++)
        vec_push(house->arena, &answers.items,
                 (ApplyItem){waste_item_at(procedures_waste(&house->tenant), (size_t)i), 5});
    if (reduction)
        answers.reduction = waste_reduction(procedures_waste(&house->tenant), str_of(reduction));
    house_act(house, &house->resident);
    GOOD(house, cases_send(house, &answers, &receipt));
    return str_dup(house->arena, receipt.id);
}

Str cases_example(House *house, const char *procedure, size_t example, const char *const *more) {
    Receipt receipt;
    DefinedDraft draft;
    JsonMembers said = {0};
    Arena *arena = house->ctx.arena;
    const Definition *definition = catalogue_current(
        procedures_catalogue(&house->tenant), str_of(procedure), time_jst_date(house->clock.fixed));
    const Json *answers = definition->examples.items[example].answers;
    house_act(house, &house->resident);
    house->resident.browser = STR("a browser");
    for (size_t i = 0; i < answers->len; i++)
        vec_push(arena, &said, answers->value.members[i]);
    for (; more && *more; more += 2)
        vec_push(arena, &said, (JsonMember){str_of(more[0]), json_of_str(str_of(more[1]))});
    GOOD(house, defined_begin(&house->ctx, definition, STR("web")));
    GOOD(house, defined_keep(&house->ctx, definition, &said));
    GOOD(house, defined_draft(&house->ctx, definition, &draft));
    draft.notice = LETTER_ELECTRONIC;
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
    return str_dup(house->arena, receipt.id);
}

CaseState cases_state(House *house, Str id) {
    return case_state(house_entity(house, id));
}

BookSlot cases_slot(House *house, const char *district, Date day) {
    const Entity *slot = NULL;
    Str id = book_slot_id(house->ctx.arena, STR("bulky-waste"), str_of(district), day);
    Rc rc = ledger_entity(&house->ctx, house->tenant.ledger, id, &slot);
    return book_slot_read(rc == RC_OK ? slot : NULL, 40, house->clock.fixed);
}

Str cases_text(House *house, Str id, Str iri) {
    return str_dup(house->arena, entity_text(house_entity(house, id), iri));
}

Str cases_hash(House *house, Str decision) {
    return cases_text(house, decision, IRI("contentHash"));
}

Rc cases_confirm(House *house, Str id) {
    house_act(house, &house->clerk);
    return office_confirm(&house->ctx, &(OfficeAct){.id = id, .touch = 30});
}

void cases_set(House *house, Str id, const char *iri, Str value) {
    Outcome outcome;
    Command *command = case_command(&house->ctx, STR("test"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    Entity *after = entity_new(arena, str_dup(arena, id), STR(CASE_TYPE));
    entity_set(arena, after, str_of(iri), json_of_str(str_dup(arena, value)));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after}, PUT_PRESENT,
                0);
    GOOD(house, case_execute(&house->ctx, command, &outcome));
}

/* An actor's texts are the gate's. */
static void rejoin(House *house, Actor *actor, const char *id) {
    const GatePost *post = gate_post(house->tenant.gate, str_of(id));
    actor->post = post->id;
    actor->post_title = post->title_ja;
    actor->division = post->division;
}

void cases_reorganise(House *house, const char *place, const char *instead) {
    Buf written = buf_new(house->arena, 1 << 20);
    const Json *organisation;
    json_write(&written, house_starter(house, "organisation.json"));
    Str text = buf_str(&written), gone = str_of(place);
    ptrdiff_t at = str_find(text, gone);
    assert_true(at >= 0);
    text = str_fmt(house->arena, STR_FMT "%s" STR_FMT, STR_ARG(str_sub(text, 0, (size_t)at)),
                   instead, STR_ARG(str_sub(text, (size_t)at + gone.len, text.len)));
    Ctx ctx = house->ctx;
    ctx.arena = house->arena;
    GOOD(house, json_read(&ctx, text, JSON_LIMITS_DEFAULT, &organisation));
    GateOptions options = {.policies = house_starter(house, "policies.json"),
                           .organisation = organisation};
    gate_close(&house->tenant);
    GOOD(house, gate_open(&house->ctx, &house->tenant, &options));
    rejoin(house, &house->chief, "environment-waste-chief");
    rejoin(house, &house->clerk, "environment-waste-clerk");
}
