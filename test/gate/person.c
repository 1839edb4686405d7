#include "person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

void person_nobody(Person *person) {
    person->actor =
        (Actor){.kind = ACTOR_NOBODY, .browser = PERSON_BROWSER, .stepped_up_at = TIME_NONE};
    person->house->ctx.actor = &person->actor;
}

Person person_new(House *house, const char *credential) {
    return (Person){.house = house, .device = device_new(house->arena, ES256, str_of(credential))};
}

void person_act(Person *person, Str token) {
    assert_true(gate_session_actor(&person->house->ctx, token, &person->actor));
    person->actor.browser = token;
    person->house->ctx.actor = &person->actor;
}

void person_signed_in(Person *person, const char *login) {
    Ctx *ctx = &person->house->ctx;
    const Entity *account;
    Str token;
    person_nobody(person);
    GOOD(person->house, account_load(ctx, account_id(ctx, str_of(login)), &account));
    GOOD(person->house, session_begin(ctx, account, (SessionBy){.means = MEANS_PASSWORD}, &token));
    person_act(person, str_dup(person->house->arena, token));
}

void person_stepped_up(Person *person) {
    Str token;
    Ctx *ctx = &person->house->ctx;
    const Entity *account;
    GOOD(person->house, account_load(ctx, person->actor.id, &account));
    GOOD(person->house,
         session_stepped_up(ctx, account, (SessionBy){.means = MEANS_PASSWORD}, &token));
    person_act(person, token);
}

GatePasskeyOffer person_offered(Person *person, GatePasskeyUse use) {
    GatePasskeyOffer offer;
    GOOD(person->house, gate_passkey_offer(&person->house->ctx, use, PERSON_AT, &offer));
    assert_true(str_eq(offer.host, STR("localhost")));
    return offer;
}

Str person_packed(Person *person, Str bytes) {
    return hash_base64url(person->house->arena, bytes);
}

GatePasskeySaid person_answer(Person *person, GatePasskeyUse use, Str challenge) {
    Arena *arena = person->house->arena;
    bool add = use == PASSKEY_ADD;
    Device *device = &person->device;
    Str client = device_client(arena, add ? "webauthn.create" : "webauthn.get", challenge,
                               STR("http://localhost:8080"));
    Str data = device_data(arena, device, device->flags | (add ? FLAG_AT : 0u));
    GatePasskeySaid said = {.host = PERSON_AT,
                            .client = person_packed(person, client),
                            .data = person_packed(person, data),
                            .user = person->user};
    if (add) return said;
    said.credential = person_packed(person, device->id);
    said.signature = person_packed(person, device_sign(arena, device, data, client));
    return said;
}

Rc person_add(Person *person) {
    Str token;
    GatePasskeyOffer offer = person_offered(person, PASSKEY_ADD);
    person->user = str_dup(person->house->arena, offer.user);
    GatePasskeySaid said = person_answer(person, PASSKEY_ADD, offer.challenge);
    Rc rc = gate_passkey_add(&person->house->ctx, &said, STR("携帯"), &token);
    if (rc == RC_OK) person_act(person, token);
    return rc;
}

Rc person_confirm(Person *person, const GatePasskeySaid *said) {
    Str token;
    Rc rc = gate_passkey_step_up(&person->house->ctx, said, &token);
    if (rc == RC_OK) person_act(person, token);
    return rc;
}

void person_added(Person *person, const char *login) {
    person_signed_in(person, login);
    person_stepped_up(person);
    GOOD(person->house, person_add(person));
}

GatePasskeySaid person_answer_now(Person *person, GatePasskeyUse use) {
    return person_answer(person, use, person_offered(person, use).challenge);
}

Rc person_come_in(Person *person, Str *token) {
    person_nobody(person);
    GatePasskeySaid said = person_answer_now(person, PASSKEY_SIGN_IN);
    return gate_passkey_sign_in(&person->house->ctx, &said, token);
}

void person_passworded(House *house, const char *login) {
    Str id = account_id(&house->ctx, str_of(login));
    Entity *set = entity_new(house->arena, id, STR(ACCOUNT_TYPE));
    entity_set(house->arena, set, GATE_IRI("passwordHash"), json_of_str(STR("x")));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house,
         account_change(&house->ctx, &(AccountChange){.kind = "test", .id = id, .set = set}));
}

GatePasskeysSeen person_listed(Person *person) {
    GatePasskeysSeen seen;
    GOOD(person->house, gate_passkeys(&person->house->ctx, &seen));
    return seen;
}
