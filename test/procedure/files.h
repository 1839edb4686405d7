/* How the tests of retention files say it: who keeps and decides, a case that has ended, and what
   is proposed about its file. */
#ifndef TEST_PROCEDURE_FILES_H
#define TEST_PROCEDURE_FILES_H

#include "cases.h"

/* The file of what files_ended makes. */
#define LABEL_2026 STR("保存5年/粗大ごみ収集/2026")

/* The head who decides, the clerk who looks after all files, and one of another division. */
extern Actor files_general, files_records, files_children;
/* Set-up of cmocka, cases_set_up with them; cases_tear_down ends it. */
int files_set_up(void **state);
/* Sets the clock to the beginning of a day. */
void files_on(House *house, int year, int month, int day);
/* The file as the shelf has it now. */
ShelfFile files_one(House *house, Str label);
/* A case that was cancelled at once, which ends it; and what is left of its name. */
Str files_ended(House *house);
Str files_name(House *house, Str id);
FilingWish files_wish(House *house, FileVerb verb, Str label);
/* As the clerk who looks after all; refused: it fails with this code. */
Str files_propose(House *house, FileVerb verb, Str label);
void files_refused(House *house, FileVerb verb, Str label, const char *code);
/* As the head, and what it disposes of is carried out. */
Rc files_decide(House *house, Str decision);
/* What is kept is what a rebuild makes. */
void files_rebuilt(House *house);
/* Writes into a case that it is open; reopen: it may. */
Rc files_reopened(House *house, Str id);
void files_reopen(House *house, Str id);
/* The file of LABEL_2026 is being disposed of, and nothing of that is carried out: as if the
   program had died. count: of its matters, as it was decided. The system acts from then on. */
void files_decided_only(House *house, int64_t count);
/* How many keys its last act destroyed. */
int64_t files_keys(const ShelfFile *one);

#endif
