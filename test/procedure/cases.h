/* How the tests of cases and of the inbox say it: a house with its rooms, and applications in it.
 */
#ifndef TEST_PROCEDURE_CASES_H
#define TEST_PROCEDURE_CASES_H

#include "house.h"

#define FRIDAY ((Date){2026, 12, 4})

/* Set-up and tear-down of cmocka; *state is a whole House. */
int cases_set_up(void **state);
int cases_tear_down(void **state);
/* A sofa to be fetched on that day, all that a form asks for filled in, in the arena. */
Answers cases_answers(House *house, Arena *arena, const char *district, Date day);
/* Destroys the keys of what is a person's. */
void cases_erase(House *house, Str person);
/* Sends as the person who acts. */
Rc cases_send(House *house, const Answers *answers, Receipt *out);
/* Whether a case could go on, as it is, under another version of its procedure. */
FitWhy cases_fit(House *house, Str id, const Definition *to);
/* The resident's application for Friday; its id lives as long as the house. reduction: the ground
   of one that is asked for, or NULL; sofas: how many kinds of items. */
Str cases_apply(House *house, const char *reduction, int64_t sofas);
/* The resident sends what an example of a definition answers, and more: names and answers by turns,
   NULL behind them; letters are to come electronically. NULL: nothing more. */
Str cases_example(House *house, const char *procedure, size_t example, const char *const *more);
CaseState cases_state(House *house, Str id);
BookSlot cases_slot(House *house, const char *district, Date day);
/* An attribute of what is stored, and the hash of a proposal's contents, for as long as the house.
 */
Str cases_text(House *house, Str id, Str iri);
Str cases_hash(House *house, Str decision);
/* Confirms as the clerk. */
Rc cases_confirm(House *house, Str id);
/* Sets an attribute of a case, as whoever acts, whatever else is said of it. */
void cases_set(House *house, Str id, const char *iri, Str value);
/* The gate is opened anew with an organisation.json in which `place` is `instead`. */
void cases_reorganise(House *house, const char *place, const char *instead);

#endif
