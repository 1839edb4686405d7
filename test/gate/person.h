/* person: somebody with a device, for tests: he signs in, and shows a passkey that he has. What he
   does ends the test where it should have gone well. */
#ifndef TEST_GATE_PERSON_H
#define TEST_GATE_PERSON_H

#include "../procedure/house.h"
#include "device.h"

#define PERSON_BROWSER STR("aaaaaaaaaaaaaaaaaaaaaaaaaa") /* that is not signed in */
#define PERSON_AT      STR("localhost:8080")

typedef struct Person {
    House *house;
    Actor actor;
    Device device;
    Str user; /* handle that his device was given */
} Person;

Person person_new(House *house, const char *credential);
/* The house acts for him, before a browser that nobody is signed in by. */
void person_nobody(Person *person);
/* The same for the session of this token. */
void person_act(Person *person, Str token);
/* As by his password, which is hashed for long; as if he had shown it once more. */
void person_signed_in(Person *person, const char *login);
void person_stepped_up(Person *person);

GatePasskeyOffer person_offered(Person *person, GatePasskeyUse use);
Str person_packed(Person *person, Str bytes);
/* What his browser brings of a challenge, or of one that is offered now. */
GatePasskeySaid person_answer(Person *person, GatePasskeyUse use, Str challenge);
GatePasskeySaid person_answer_now(Person *person, GatePasskeyUse use);
/* Registers his device, and goes on under the other token; after signing in for it. */
Rc person_add(Person *person);
void person_added(Person *person, const char *login);
/* Comes in by it, and confirms by it. */
Rc person_come_in(Person *person, Str *token);
Rc person_confirm(Person *person, const GatePasskeySaid *said);
GatePasskeysSeen person_listed(Person *person);
/* This account has a password besides, that nobody knows: its passkeys may go. */
void person_passworded(House *house, const char *login);

#endif
