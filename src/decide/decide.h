/* decide: electronic decisions (電子決裁) on frozen, hashed contents. A proposal (起案) is what
   goes to decision; exactly one post decides it; nobody decides what he drafted. Knows no
   procedure: who follows a decision adds parts of his own to the deciding command.

   A Decision is an entity: number, kind, subjectLine, contents (frozen), contentHash, cases,
   drafter, drafterPost, deciderPost, state, opinion. States: waiting → decided | returned (差戻し)
   | rejected (却下) | withdrawn (引戻し). */
#ifndef DECIDE_DECIDE_H
#define DECIDE_DECIDE_H

#include "ledger/ledger.h"

#include "org.h"
#include "route.h"

#define DECIDE_TYPE      LD_DEFAULT "Decision"
#define DECIDE_PART_TYPE LD_DEFAULT "DecisionPart"

/* One thing decided together with others (一括起案): it can be taken out, and its version shows
 * that it did not move since. */
typedef struct DecideCase {
    Str id;
    uint64_t version; /* of the entity when it was drafted */
} DecideCase;

typedef VEC(DecideCase) DecideCases;

/* What of the contents is about the person of one case: a record of its own, sealed under that
   person's key. `contents` have {"case", "part"} in its place, where part is the hash (decide_hash)
   of {"salt", "value"}: erasing the person leaves them, and the hash over them, as they are. */
typedef struct DecidePart {
    Str id, case_id, person; /* person empty: nobody's */
    Json content;            /* {"salt", "value"} */
} DecidePart;
typedef VEC(DecidePart) DecideParts;

typedef struct PartDraft {
    Str id, kind, title;
    const Json *contents; /* exactly what the decider sees, with hashes for parts; frozen here */
    DecideParts parts;
    DecideCases cases;
    Str drafter, drafter_post, decider_post;
    Str counter; /* of the 起案 numbers; declare it and id by command_needs */
    int fiscal_year;
} PartDraft;
extern const PartKind part_decision_draft;
/* Adds a part to a draft of a command, and gives what stands in its place; value lives in the
   command's arena. */
typedef struct DecideAbout {
    Str case_id, person;
    Json value;
} DecideAbout;
Json decide_part(Ctx *ctx, Command *command, PartDraft *draft, const DecideAbout *about);

/* A decider's or drafter's act on a waiting proposal. */
typedef struct PartAct {
    Str id;
    Str actor, post;      /* who acts, under which post */
    Str hash;             /* contentHash of what was shown to him (decide, take out) */
    Str opinion;          /* demanded of return and reject: the reason (理由の提示) */
    Str case_id;          /* take out */
    const Json *contents; /* take out: the contents without that case, hashed anew */
    Str part; /* take out: id of that case's part, a need of the command; may be empty */
} PartAct;
/* Guards: it waits, the actor holds the decider's post and is not the drafter, the hash is the
 * stored one, no case has changed since. */
extern const PartKind part_decision_decide;
extern const PartKind part_decision_return;
extern const PartKind part_decision_reject;
/* Takes one case out of a 一括起案, by its drafter or its decider. A change of content voids what
 * was approved: the hash is new and shown again. The last case stays: return the proposal. */
extern const PartKind part_decision_takeout;
/* The drafter withdraws his own proposal. */
extern const PartKind part_decision_withdraw;

/* urn:ngsi-ld:Decision:ID from 26 random characters. */
Str decide_id(Arena *arena, Rand *rand);
/* The id of the n-th proposal of a kind about a thing: the same for everybody who drafts it at
 * once, of whom the guard of decision.draft lets one through. */
Str decide_nth_id(Arena *arena, Str kind, Str about, size_t n);
/* Hex SHA-256 of the canonical text of a value: members sorted by name, no blanks. */
Str decide_hash(Arena *arena, const Json *contents);
/* The contents as they were frozen, parts in their places, in ctx->arena; NULL: this entity has
   none (a masked one). A part whose key was destroyed is {"case", "part", "erased": true}, with a
   dash for its number. RC_FAILED "contents-altered": a part hasn't the hash that stands for it. */
Rc decide_contents(Ctx *ctx, const Entity *decision, const Json **out);
Str decide_part_id(Arena *arena, Str decision, Str case_id);
/* Puts the parts of a draft; the room's own. */
void decide_parts_put(Arena *arena, Stage *stage, const PartDraft *draft);
/* The cases of a decision, borrowed from the entity. */
void decide_cases(Arena *arena, const Entity *decision, DecideCases *out);

#endif
