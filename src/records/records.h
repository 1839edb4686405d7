/* records: what the city issues in writing (施行文書). A letter is an entity of type Letter: its
   contents are frozen by the command that issues it, under the next number of its division's series
   of the fiscal year. Its paper is drawn from that whenever somebody wants it; the address in its
   QR code shows what the ledger has. Knows no procedure: what a letter says is its caller's. */
#ifndef RECORDS_RECORDS_H
#define RECORDS_RECORDS_H

#include "ledger/ledger.h"

#include "file.h"

#define LETTER_TYPE      LD_DEFAULT "Letter"
#define LETTER_ID_PREFIX "urn:ngsi-ld:Letter:"
/* As many as one case may bring about. */
enum { LETTERS_MAX = 50 };

typedef enum LetterState {
    LETTER_ISSUED,
    LETTER_REPLACED, /* another letter of its case has taken its place */
    LETTER_STATES,
} LetterState;
Str letter_state_word(LetterState state);

/* How it is delivered: electronic notice is for those who agreed to it (デジタル手続法). */
#define LETTER_ELECTRONIC STR("electronic")
#define LETTER_ON_PAPER   STR("paper")

/* A letter as it stands. Texts refer to the entity. */
typedef struct Letter {
    Str id, case_id;
    Str kind; /* as its procedure calls it */
    Str number, procedure, post;
    LetterState state;
    Str replaced_by; /* number of that letter */
    bool on_paper;   /* the paper is what is delivered */
    int64_t issued_at;
    int64_t sent_at; /* the paper was posted or handed over; TIME_NONE: it wasn't */
    uint64_t leaf;   /* of the command that issued it */
    uint64_t version;
    const Json *contents; /* NULL: they may not be seen, or were erased */
} Letter;
/* {title, signer, to {name, postcode, address}, body [], facts [{label, value}], reason, remedies
   [{title, text, article}], basis, receipt, contact {name, phone}}: texts are strings or {"ja",
   "en"}. */
void letter_read(const Entity *entity, Letter *out);

/* The n-th letter of a case has an unguessable code, under the tenant's key: whoever has the paper
   has it, too. Its id is a hash of the code and doesn't tell it. */
Str letter_code(Arena *arena, Ledger *ledger, Str case_id, unsigned n);
Str letter_id(Arena *arena, Str code);
bool letter_code_good(Str code);

/* letter.issue: needs the letter's id, the counter and what it replaces. RC_CONFLICT "moved-on":
   there is one by this id. */
typedef struct PartLetter {
    const Entity *letter; /* with applicant, about, kind, procedure, post, delivery,
                             contents */
    Str counter;
    int fiscal_year;
    Str mark;        /* 文書記号 of the division; empty: it has none */
    StrVec replaces; /* ids of letters of the same case */
} PartLetter;
extern const PartKind part_letter_issue;
/* The counter of a division's numbers: one for each mark and year, as marks are what tells numbers
   apart. */
Str letter_counter(Arena *arena, Str mark, int fiscal_year);

/* letter.sent: the paper is on its way, or was handed over. Again changes nothing, nor for one
   whose place another has taken meanwhile. RC_NOT_FOUND "no-letter". */
typedef struct PartLetterSent {
    Str id;
} PartLetterSent;
extern const PartKind part_letter_sent;

/* ---- on paper ---- */

typedef struct LetterPaper {
    const Letter *letter; /* with contents */
    Str city;
    Str check;       /* the whole address under which it is checked, as its QR code has it */
    bool translated; /* the English translation follows */
} LetterPaper;
/* Whether letter_pdf would draw it, at a fraction of what that takes: nothing is written. RC_LIMIT
   as there. Pool threads. */
Rc letter_fits(Ctx *ctx, const LetterPaper *paper);
/* Draws it as PDF, A4. *out lives in ctx->arena. RC_LIMIT: it is longer than letters are. Pool
   threads. */
Rc letter_pdf(Ctx *ctx, const LetterPaper *paper, Str *out);

#endif
