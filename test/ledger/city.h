/* A tenant for tests: a folder under /tmp, a small dictionary, one thread's Ctx with a Reader, and
   a state projection as simple as can be. */
#ifndef TEST_LEDGER_CITY_H
#define TEST_LEDGER_CITY_H

#include "ledger/ledger.h"

#define SENSOR      "urn:t:Sensor"      /* declared, open */
#define APPLICATION "urn:t:Application" /* declared; the name of its applicant is personal */
#define THING       "urn:t:Thing"       /* not declared */
#define RETENTION   "保存5年/粗大ごみ受付"
#define OTHER_FILE  "保存1年/相談"
#define CONSULT     "urn:t:Consultation" /* declared; personal, in OTHER_FILE */

#define VALUE     "urn:a:value"
#define APPLICANT "urn:a:applicant"
#define NAME      "urn:a:name"

typedef struct City {
    Ctx ctx;
    Clock clock;
    Rand rand;
    char root[64];
    Str folder, key_file, witness_file;
    const Dictionary *dictionary;
    Arena *arena; /* lives as long as the City */
    LedgerOptions options;
    Ledger *ledger;
    Reader *reader;
} City;

/* Makes the folders; options may be changed before city_open. */
void city_make(City *city);
/* The same in a folder that is there, and stays when the City ends by city_leave. */
void city_make_at(City *city, const char *root);
void city_leave(City *city);
/* From the next city_open on THING is declared like APPLICATION. */
void city_declare_thing(City *city);
/* Any Rc is handed on. */
Rc city_open(City *city);
void city_close(City *city);
/* Closes if need be and removes the folders. */
void city_end(City *city);

/* Deltas in city->ctx.arena. */
Delta *city_entity(City *city, Str id, const char *type, int64_t value);
Delta *city_change(City *city, Str id, int64_t value);
Delta *city_personal(City *city, Str id, const char *type, Str subject, Str name);
Delta *city_delete(City *city, Str id);

/* A command with one part_put, executed. */
Rc city_put(City *city, const Delta *delta, int expect, uint64_t version, Outcome *out);
/* The value of VALUE, or -1 when there is none. */
int64_t city_value(City *city, Str id);
/* The text of NAME, empty when there is none. */
Str city_name(City *city, Str id);
/* Brings state.db to the head; window leaves at a time. */
void city_project(City *city, size_t window);
/* True if some file under path holds these bytes. */
bool city_holds(City *city, const char *path, Str bytes);

#endif
