/* apply: the resident's side of bulky-waste pickup: answers, their checks, the held day, sending,
   and what can be done afterwards. Include only procedure.h from outside. */
#ifndef PROCEDURE_APPLY_H
#define PROCEDURE_APPLY_H

#include "base/base.h"
#include "json/json.h"
#include "model/model.h"
#include "waste.h"

typedef struct ApplyItem {
    const WasteItem *item;
    int64_t quantity;
} ApplyItem;

/* The answers of a draft, normalised: digits and widths as the city keeps them, フリガナ in
 * katakana. */
typedef struct Answers {
    Str token; /* of the unguessable address, chosen when the draft begins */
    const WasteDistrict *district;
    Str postcode, town, address, building;
    VEC(ApplyItem) items;
    Date day; /* year 0: none chosen */
    Str hold; /* name of the hold on that day */
    Str name, kana, phone, email, place;
    const WasteReduction *reduction; /* NULL: none asked for */
    Str choice;                      /* "in" or "out" of record-level open data */
} Answers;

typedef enum ApplyStep {
    STEP_DISTRICT,
    STEP_ITEMS,
    STEP_SLOT,
    STEP_CONTACT,
    STEP_REDUCTION,
    STEP_CHOICE,
    STEP_CHECK,
    APPLY_STEPS
} ApplyStep;

/* What is wrong with an answer: the field, and a word for the message ("missing", "too-many" ...).
 */
typedef struct Fault {
    const char *field, *code;
} Fault;
typedef VEC(Fault) Faults;

void apply_answers(Ctx *ctx, const Json *draft, Answers *out);
/* Adds the faults of one step; STEP_CHECK: of all steps. */
void apply_check(Ctx *ctx, const Answers *answers, ApplyStep step, Faults *out);
/* The first step whose answers are not complete, STEP_CHECK when all are. */
ApplyStep apply_next(Ctx *ctx, const Answers *answers);
/* Whether the day of the answers is among those that the district offers now. */
bool apply_day_offered(Ctx *ctx, const Answers *answers);
/* Whether the household of the answers has as many applications for their day as it may
   (maxApplicationsPerDay), and who acts may know it before he sends: an official, or whose own one
   of them is. The command that sends tells everybody. */
bool apply_household_told(Ctx *ctx, const Answers *answers);
/* Yen before and after the reduction asked for. */
int64_t apply_fee(const Answers *answers);
int64_t apply_fee_reduced(const Answers *answers);

/* A day that can be chosen. */
typedef struct ApplyDay {
    Date date;
    int64_t left; /* applications that still fit */
} ApplyDay;
typedef VEC(ApplyDay) ApplyDays;
Rc apply_days(Ctx *ctx, const WasteDistrict *district, ApplyDays *out);
typedef struct ApplyHold {
    const WasteDistrict *district;
    Date day;
    Str name; /* of the draft's hold */
    Date
        before; /* a day of the district that is held under the name and given back; year 0: none */
} ApplyHold;
/* Holds the day for the draft, and gives another one back in the same command: *until is when the
 * hold ends. The same name again prolongs. RC_CONFLICT "slot-full"; "holds-share", "holds-network":
 * people without an account hold as much of the day as they may. */
Rc apply_hold(Ctx *ctx, const ApplyHold *hold, int64_t *until);
/* Gives a held day back. */
Rc apply_unhold(Ctx *ctx, const WasteDistrict *district, Date day, Str hold);
/* The draft of the browser that acts holds one day, whatever its tabs do: each writes the day that
 * it wants before it holds it, learns what the draft was before, and gives its own back when
 * another tab was later. Fails as apply_hold does. */
Rc draft_hold(Ctx *ctx, const Answers *mine, const Json *before);
/* The day of the draft `mine` could not be taken: the draft goes back to the one before, unless
 * another tab was later. That one took ours for the day that was held, which is given back here. */
Rc draft_hold_back(Ctx *ctx, const Json *mine, const Json *before);

typedef struct Receipt {
    Str id, number, token;
} Receipt;
/* Sends: books the day, takes a number, opens the case, checked by the rules, all in one command.
   Sending the same draft twice gives the same receipt. applicant: the signed-in person, empty for
   none. */
typedef struct ApplySend {
    const Answers *answers;
    Str channel;   /* "web"; "counter", "phone": an official (ctx->actor) enters it for somebody */
    Str applicant; /* Person id, or empty: a new one is made */
    Str visit;     /* to the counter, for which the entry was begun; or empty */
} ApplySend;
Rc apply_send(Ctx *ctx, const ApplySend *send, Receipt *out);

/* The case of a receipt number, for somebody who knows the telephone number that it was sent with,
   in whatever form either is written. RC_NOT_FOUND "no-pair", the same for an unknown number and a
   wrong pair; RC_LIMIT after ten tries at one number or with one telephone. */
Rc apply_find(Ctx *ctx, Str number, Str phone, Str *id);
/* "090-1234-5678" from any usual form; '?' stands for what is no part of a telephone number. */
Str apply_phone(Arena *arena, Str text);
bool apply_phone_ok(Str phone); /* of the form above: 9 to 15 digits */
bool apply_mail_ok(Str email);

/* The id of the case at an unguessable address. */
Str apply_case_id(Arena *arena, Str token);
/* Whether a draft's token has become a case: the command that makes it is kept before its draft
   says so. Pool threads. */
Rc apply_sent(Ctx *ctx, Str token, bool *out);
/* True while whoever acts may still change or cancel: the resident until the cut-off, also when a
   plan was decided before it (the case leaves it), an official for him until the truck goes. */
bool apply_may_change(Ctx *ctx, const Entity *application);
/* RC_CONFLICT "moved-on" or "too-late". */
Rc apply_cancel(Ctx *ctx, Str id);
Rc apply_change_day(Ctx *ctx, Str id, Date day);
/* Answers the office's question. */
Rc apply_reply(Ctx *ctx, Str id, Str text);
/* Takes back or gives the consent to record-level open data; effective from the next run of a
 * release. */
Rc apply_choose(Ctx *ctx, Str id, Str choice);

#endif
