/* letters: what a definition says of the letters that its moves bring about, and what becomes of
   that for a case. The letter itself is records/'s. Include only procedure.h from outside. */
#ifndef PROCEDURE_LETTERS_H
#define PROCEDURE_LETTERS_H

#include "dmn/dmn.h"
#include "records/records.h"
#include "wording.h"

/* One of the things that are said item by item (記書き). */
typedef struct LetterFact {
    Wording label;
    Str source; /* of the expression: one that is a field's id alone is told as its answer is */
    const FeelExpr *value;
    bool yen;
} LetterFact;

/* A letter that a move of the office brings about. Its texts may hold {NAME}: a field, a table, or
   one of letters_names. */
typedef struct DefinedLetter {
    Str id, move;
    const FeelExpr *when; /* NULL: always */
    Wording title, signer;
    VEC(Wording) body;
    VEC(LetterFact) facts;
    bool remedies;   /* what can be done about it (教示): unless said, of a decision in writing */
    StrVec replaces; /* letters whose place it takes */
} DefinedLetter;
typedef VEC(DefinedLetter) DefinedLetters;

/* What a letter knows besides fields and tables: "arrivedOn", "decidedOn", "receiptNumber",
   "decidedFee", "decidedAmount", "placed": what a ranking has given, as its option is called,
   "placedOn": from which day. */
#define LETTERS_PLACED    STR("placed")
#define LETTERS_PLACED_ON STR("placedOn")
size_t letters_names(const Str **out);
/* Whether a reason can stand in the letters of a move. */
typedef struct Definition Definition;
bool letters_reason_fits(const Definition *definition, Str move, Str reason);
/* The letters of a definition's source; names: of fields and tables. They live in ctx->arena and
   refer to source. RC_INVALID "bad-definition", as definition_read. */
Rc letters_read(Ctx *ctx, const Json *source, const StrVec *names, DefinedLetters *out);

/* ---- of a case ---- */

typedef struct CaseLetter {
    Letter letter; /* whole: mask entity by the gate before it is shown */
    const Entity *entity;
    Str code; /* of the address by which it is read and checked */
} CaseLetter;
typedef VEC(CaseLetter) CaseLetters;
/* The letters of a case, the oldest first. Lives in ctx->arena. */
Rc letters_of(Ctx *ctx, Str case_id, CaseLetters *out);
/* The letter of a code, whole. RC_NOT_FOUND "no-letter". */
Rc letters_find(Ctx *ctx, Str code, const Entity **out);
/* Letters on paper that these posts have to send, the oldest first, at most `most`. Texts live in
   ctx->arena. */
typedef struct LettersWaiting {
    VEC(Letter) letters;
    bool more; /* than these */
} LettersWaiting;
Rc letters_waiting(Ctx *ctx, const StrVec *posts, size_t most, LettersWaiting *out);
/* They are on their way, or were handed over, all in one command. Letters of cases that who acts
   may not act on are refused: RC_DENIED. One that was replaced meanwhile stays as it is.
   RC_NOT_FOUND. */
Rc letters_sent(Ctx *ctx, const StrVec *ids);

/* Electronic notice is for those who agreed to it: whether who applies with these answers, by which
   a letter may come, is asked, and whether it is an answer: LETTER_ELECTRONIC or LETTER_ON_PAPER.
 */
struct Form;
bool letters_asked(Ctx *ctx, const struct Form *form);
bool letters_delivery_good(Str delivery);

#endif
