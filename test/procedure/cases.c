#include "cases.h"

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
    Answers answers = {.token = rand_id(&house->rand, arena, 26),
                       .district = place,
                       .town = town->name.ja,
                       .postcode = town->postcodes.items[0],
                       .address = STR("1番2号"),
                       .day = day,
                       .name = STR("星之森 あおね"),
                       .kana = STR("ホシノモリ アオネ"),
                       .phone = STR("0999-12-3456"),
                       .choice = STR("in")};
    vec_push(arena, &answers.items, (ApplyItem){waste_item(waste, STR("sofa-1")), 1});
    return answers;
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
