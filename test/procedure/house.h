/* A tenant with every room up to procedure/, over the starter city's real rules, in a folder of its
   own: for the tests of book, decide, gate, procedure and project. The clock stands still until a
   test moves it. */
#ifndef TEST_PROCEDURE_HOUSE_H
#define TEST_PROCEDURE_HOUSE_H

#include "book/book.h"
#include "decide/decide.h"
#include "gate/gate_int.h"
#include "procedure/procedure.h"

/* Friday 20 November 2026, 10:00 in Japan. */
#define HOUSE_NOW INT64_C(1795136400000000)
#define IRI(term) STR(LD_DEFAULT term)

typedef struct House {
    Ctx ctx;
    Clock clock;
    Rand rand;
    char root[64];
    Arena *arena; /* lives as long as the House */
    const Dictionary *dictionary;
    Tenant tenant;
    Reader *reader;
    bool passwords;
    const char *also;        /* one more procedure of the starter's; NULL: none */
    bool no_sketch;          /* of the store, from the next house_open on */
    const StoreFault *fault; /* of the ledger, from the next house_open on */
    Actor clerk, chief, mayor, resident, other, nobody;
} House;

enum HousePart {
    HOUSE_LEDGER,  /* ledger alone */
    HOUSE_PROJECT, /* and the followers, started */
    HOUSE_GATE,    /* and the gate with its policies, no account */
    HOUSE_WHOLE,   /* and procedures, and accounts of clerk, chief, mayor and two residents */
    HOUSE_SIGNED   /* and these have passwords, which take their time */
};
void house_make(House *house, enum HousePart up_to);
/* The same with one more procedure of the starter's. */
void house_make_also(House *house, enum HousePart up_to, const char *also);
void house_end(House *house);
/* For tests that want HOUSE_WHOLE, of their own: *state is it. */
int house_whole_up(void **state);
int house_down(void **state);
/* Parsed starter/PATH, in house->arena. */
const Json *house_starter(House *house, const char *path);
/* Fails the test with the Ctx's error unless rc is wanted. */
void house_expect(House *house, Rc rc, Rc wanted, const char *code, const char *what);
#define GOOD(house, call)            house_expect((house), (call), RC_OK, NULL, #call)
#define FAILS(house, call, rc, code) house_expect((house), (call), (rc), (code), #call)
/* An official who holds a post of the starter's organisation; his login is anybody's. */
void house_official(House *house, const char *login, const char *post, Actor *out);
/* Who acts from now on, for which purpose. */
void house_act(House *house, Actor *actor);
/* A Ctx of its own for another thread. */
Ctx house_thread(House *house, Rand *rand);
void house_thread_end(Ctx *ctx);
/* Executes a command of one part; frees it. */
Rc house_run(Ctx *ctx, Command *command);
/* Writes an entity as the city itself. */
Rc house_put(House *house, const Entity *entity);
const Entity *house_entity(House *house, Str id); /* fails the test when there is none */
void house_drain(House *house);
/* The ledger alone, in the same folder. */
void house_close(House *house);
void house_open(House *house);
/* What procedures are opened from. */
ProcedureSources house_sources(House *house);
/* Opens procedures again, between project_new and project_start. */
void house_procedures(House *house);
/* A whole house is closed and opened again in its folder, on a disk that fails or counts. */
void house_on_disk(House *house, const StoreFault *disk);
/* Closes the gate and opens it on the same folder, as a restart does; ctx has no actor then. */
void house_gate_again(House *house);

#endif
