/* form: answers to a definition's questions: read leniently, normalised, judged; which questions
   are due is computed from the answers before them. Pure. Include only procedure.h from outside. */
#ifndef PROCEDURE_FORM_H
#define PROCEDURE_FORM_H

#include "definition.h"

/* What is known of one field. */
typedef struct FormAnswer {
    const Field *field;
    const FormPage *page;
    bool handed;       /* it isn't asked here: a bundle has asked it, or it stays as it is */
    bool due;          /* the conditions of page and field hold */
    Str raw;           /* as it was typed; choices joined by a blank, names of files, too */
    const Json *said;  /* the same as the draft has it; NULL: nothing, or it is a case's */
    FeelValue value;   /* normalised; null when nothing usable was said */
    const char *fault; /* "required", "format" ...: a word of the messages; NULL: none */
    Str about;         /* the file that the fault is about; empty: none */
    const DefinedRule *broken; /* fault "rule": its text says what is wrong */
} FormAnswer;

typedef struct Form {
    const Definition *definition;
    int64_t arrived;     /* when it was sent; 0: it isn't yet */
    FormAnswer *answers; /* of all fields, in the order of the pages */
    size_t n;
    const FeelEntry *entries; /* values by name: due fields, then tables; for expressions */
    size_t n_entries;
} Form;

/* draft: members by field id, texts or arrays of texts; others are ignored. Lives in ctx->arena. */
void form_read(Ctx *ctx, const Definition *definition, const Json *draft, Form *out);
/* The same of answers that a case keeps: their values alone, of all fields in the order of the
   pages; nothing is judged. */
void form_kept(Ctx *ctx, const Definition *definition, FormAnswer *answers, Form *out);
/* Answers of a case, of which those that `draft` has a member for are said anew, and judged as
   form_read does, but as of when the case arrived; the others stay as they are. */
void form_again(Ctx *ctx, const Form *kept, const Json *draft, Form *out);
/* The first question that these answers of a case make due, that must be answered, and isn't; NULL:
   none. */
const Field *form_lacks(Ctx *ctx, const Form *form);
/* The first page that is due and has a fault; NULL when all is said. */
const FormPage *form_next(const Form *form);
/* The due page after (or before) this one; NULL at the end. */
const FormPage *form_after(const Form *form, const FormPage *page);
const FormPage *form_before(const Form *form, const FormPage *page);
const FormPage *form_page(const Definition *definition, Str id);
/* Whether anything on the page is asked. */
bool form_is_due(const Form *form, const FormPage *page);
const FormAnswer *form_answer(const Form *form, Str field);
/* The most that an answer may have: its value, its characters, or how many are chosen. */
int64_t field_most(const Field *field);

/* The day of a reference date: of a form that isn't sent, and of a decision that isn't made, today;
   of an answer that isn't there yet, the day of application. */
Date form_day(const Ctx *ctx, const Form *form, const AsOf *as_of);

/* Conditions or checks that do not hold. A rule whose value is null does not. Each is judged on its
   day, and by what the version in force on that day says of it, if that is a day of the event or
   the decision and all that it looks at is asked here; else by its own. */
typedef struct RuleResult {
    const DefinedRule *rule;
    bool holds;
    Date day;
    const Definition *by;
} RuleResult;
typedef VEC(RuleResult) RuleResults;
void form_judge(Ctx *ctx, const Form *form, const DefinedRules *rules, RuleResults *out);
/* Whether an expression is true of the answers; NULL is. */
bool form_holds(Ctx *ctx, const Form *form, const FeelExpr *expr);
/* An expression over the answers. */
FeelValue form_result(Ctx *ctx, const Form *form, const FeelExpr *expr);
/* What a rule says of the answers, and of the conditions and checks that don't hold. */
FeelValue form_automatic(Ctx *ctx, const Form *form, const Automatic *rule, const StrVec *unmet);
/* Units of a slot that these answers need, at least 1. RC_INVALID "bad-need". */
Rc form_units(Ctx *ctx, const Form *form, int64_t *out);
/* The whole number, 0 or more, that an expression gives over the answers; NULL gives none, and
 *out stays. False: it gives something else. */
bool form_whole(Ctx *ctx, const Form *form, const FeelExpr *expr, int64_t *out);
/* Yen, 0 when the procedure has none. RC_INVALID "bad-fee" when the expression gives no whole
   amount: the definition is at fault, not who applies. */
Rc form_fee(Ctx *ctx, const Form *form, int64_t *out);
/* The same with its day, and the version whose fee it is: found as rules are. */
typedef struct FormFee {
    int64_t yen;
    Date day;
    const Definition *by;
} FormFee;
Rc form_fee_by(Ctx *ctx, const Form *form, FormFee *out);
/* What an expression of fee->by gives in yen over the answers, with that version's tables, on
   fee->day; NULL gives none. False: no whole amount, or it looks at what isn't asked here. */
bool form_sum(Ctx *ctx, const Form *form, const FeelExpr *expr, FormFee *fee);
/* {by, day, version} as a case keeps it: by one of these or the id of the field that asks for the
   day. decided: it changes no more. */
#define FEE_BY_APPLICATION "applied"
#define FEE_BY_ESTIMATE    "estimate" /* of the day of the decision, before that */
#define FEE_BY_DECISION    "decided"
Json form_fee_json(Arena *arena, const Definition *definition, const FormFee *fee, bool decided);
/* The same of the amount that is decided on; RC_INVALID "bad-amount". */
Rc form_amount(Ctx *ctx, const Form *form, int64_t *out);
/* The normalised answers that are due, by field id: what a case keeps, those that are sensitive for
 * themselves. */
Json form_json(Arena *arena, const Form *form, bool sensitive);
/* An answer as a person reads it: labels of choices, dates in the language. */
Str form_text(Arena *arena, const FormAnswer *answer, Str language);
/* A number of yen; one that is no whole number, as it is. */
Str form_yen(Arena *arena, const FeelValue *value, bool english);

#endif
