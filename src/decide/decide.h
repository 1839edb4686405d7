/* decide: electronic decisions (電子決裁) on frozen, hashed contents. A proposal (起案) is what
   goes to decision, on a route of posts (route.h) that ends with exactly one that decides. Knows no
   procedure: who follows a decision adds parts of his own to the deciding command.

   A Decision is an entity: number, kind, subjectLine, contents (frozen), contentHash, cases,
   drafter, drafterPost, deciderPost, state, opinion, its route and what was done on it
   (route_json.h). States: waiting → decided | returned (差戻し) | withdrawn (引戻し) | rejected
   (却下); returned and withdrawn → waiting (handed in again) | dropped (廃案). cameBackAt: since
   when it is with its drafter. */
#ifndef DECIDE_DECIDE_H
#define DECIDE_DECIDE_H

#include "ledger/ledger.h"

#include "appoint.h"
#include "away.h"
#include "hands.h"
#include "minor.h"
#include "notice.h"
#include "offer.h"
#include "org.h"
#include "org_load.h"
#include "route.h"
#include "route_json.h"
#include "table.h"

#define DECIDE_TYPE      LD_DEFAULT "Decision"
#define DECIDE_PART_TYPE LD_DEFAULT "DecisionPart"

/* One thing decided together with others (一括起案): it can be taken out, and its version shows
 * that it did not move since (hands_same). */
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
    Str file;                /* retention file of the case; empty: that of decisions */
    Json content;            /* {"salt", "value"} */
} DecidePart;
typedef VEC(DecidePart) DecideParts;

typedef struct PartDraft {
    Str id, kind, title;
    Str retention;        /* text of retention; empty: as decisions are kept */
    Str file;             /* retention file; empty: that of `retention` and this fiscal year */
    const Json *contents; /* exactly what the decider sees, with hashes for parts; frozen here */
    DecideParts parts;
    DecideCases cases;
    Str files_key;  /* what tells a proposal about files from others; empty: it isn't about files */
    bool amends;    /* it is what becomes of a proposal of this id, and not drafted: decide_part */
    RoutePlan plan; /* its hash is set by the part */
    Str counter;    /* of the 起案 numbers; declare it and id by command_needs */
    int fiscal_year;
} PartDraft;
extern const PartKind part_decision_draft;
/* Adds a part to those that a command puts, and gives {"case", "part"}, which stands in its place;
   value lives in the command's arena. */
typedef struct DecideAbout {
    Str decision, case_id, person, file;
    Str aspect; /* empty: what is decided of the case; "out": why it was taken out */
    bool again; /* there may be such a part: one of the same value keeps its salt, so its hash */
    Json value;
} DecideAbout;
Rc decide_part(Ctx *ctx, Command *command, DecideParts *parts, const DecideAbout *about, Json *out);

/* An act on a proposal's route. */
typedef struct PartAct {
    Str id;
    RouteAct act;     /* its day and time are the command's */
    const Org *org;   /* absences are read again at the commit: org_load_needs */
    StrVec had;       /* who had its draft, as act_route found it */
    RouteState after; /* as its sender made what follows: RC_CONFLICT "route-moved" otherwise */
    Str title;        /* amend: what it becomes; empty: stays */
    Str from;         /* amend: hash of what `correction` differs from; empty: it isn't minor */
    const Json *correction; /* amend, minor: {changes}, or {case, part, aspect}, its record */
    const Json *contents;   /* amend: what they become, hashed anew; with all parts and cases */
    DecideParts parts;
    DecideCases cases;
} PartAct;
/* Guards: what route_act refuses; and who decides finds all cases as they were drafted (RC_CONFLICT
 * "case-moved"). */
extern const PartKind part_decision_act;
/* An act of ctx's actor under his post, in the command's arena: its id and org are declared, and it
   was tried, so what it leads to is known (`after`). wish->stage ROUTE_STAGES_MAX: whichever of his
   is due (route_stage_of). Errors of route_act, and RC_NOT_FOUND "no-proposal". Its sender adds it.
 */
Rc act_new(Ctx *ctx, Command *command, Str id, const RouteAct *wish, PartAct **out);
/* Its drafter hands in a proposal: `draft` has its id, title, and contents, parts and cases made
   anew, in the command's arena. What they say otherwise voids what was approved, unless it is
   declared a minor correction. RC_INVALID "too-long" at "subject"; RC_CONFLICT "unchanged": it
   waits as it is. */
typedef struct ActAmend {
    Str subject; /* in his words; empty: the title of the draft */
    bool minor;
} ActAmend;
Rc act_amend(Ctx *ctx, Command *command, PartDraft *draft, const ActAmend *wish);
/* The route of a Decision with all who had its draft: one that was amended before they were kept
   with it has them from its history. had: those, in the arena, for what is judged at the commit. */
Rc act_route(Ctx *ctx, Arena *arena, const Entity *decision, Route *out, StrVec *had);
/* The Org around a route and ctx's actor. */
Rc act_org(Ctx *ctx, Arena *arena, const Route *route, Org *out);
/* Whether ctx's actor acts today as who drafts a proposal (route_drafts). */
Rc act_drafts(Ctx *ctx, const Entity *decision, bool *out);
/* Whether the policies let ctx's actor do this at all: drafting, or deciding after a step-up. */
Rc act_permitted(Ctx *ctx, RouteVerb verb);
/* Whether they would let who acts under a post consent to one: who adds a consultation names such a
 * post, for another's would be waited for in vain. */
bool act_may_consent(const Ctx *ctx, const GatePost *post);

/* A change of the contents of a 一括起案 that waits: what its drafter, or who holds the deciding
 * post today, takes out or puts back. */
typedef struct PartChange {
    Str id;
    Str actor, post;
    Str hash;    /* contentHash of what was shown to him */
    Str opinion; /* take out: the reason */
    Str case_id;
    const Json *contents; /* what they become, hashed anew: whatever was approved is void */
    DecideParts parts;    /* records that are new then */
    Str gone;             /* put back: the record that ends, a need of the command; may be empty */
    uint64_t version;     /* put back: of the case as the contents have it now */
    const Org *org;
    StrVec had; /* as PartAct.had */
} PartChange;
/* Takes one case out, with a reason. The contents change: the hash is new and shown again, with the
 * time of the change (changedAt). The last case stays: return the proposal. */
extern const PartKind part_decision_takeout;
/* Puts a case back, by the same two. RC_CONFLICT "still-in", "out-moved": it is no longer the
 * version that the new contents have. */
extern const PartKind part_decision_putback;

/* What a proposal was about has ended, or was drafted anew, so nothing is left to decide: one that
   waits or came back is dropped, as a part of the command that ends it. One that was never drafted
   is no error. RC_CONFLICT "not-waiting": it has ended otherwise since it was looked at. */
typedef struct PartDrop {
    Str id;
    Str reason; /* a code of the room that ended it; DECIDE_REDRAFTED: only what came back, and
                   its drafter isn't told */
} PartDrop;
#define DECIDE_REDRAFTED STR("redrafted")
extern const PartKind part_decision_drop;
/* Adds it to a command, with its needs: of any proposal, or of one only if it came back. */
void decide_drop(Command *command, Str id, Str reason);
void decide_drop_back(Command *command, const Entity *decision, Str reason);
/* What came back is done with once another is drafted: `before` is the newest until then; empty:
   there was none. */
Rc decide_drop_before(Ctx *ctx, Command *command, Str before);
/* Who has its draft has read that a proposal was dropped, or a post what it was told of one
   (notice.h); twice is once. */
typedef struct PartSeen {
    Str id, actor, post;
    const Org *org;
} PartSeen;
extern const PartKind part_decision_seen;

/* urn:ngsi-ld:Decision:ID from 26 random characters. */
Str decide_id(Arena *arena, Rand *rand);
/* The id of the n-th proposal of a kind about a thing: the same for everybody who drafts it at
 * once, of whom the guard of decision.draft lets one through. */
Str decide_nth_id(Arena *arena, Str kind, Str about, size_t n);
/* The proposal, whole. RC_NOT_FOUND "no-proposal". */
Rc decide_load(Ctx *ctx, Str id, const Entity **out);
/* Hex SHA-256 of the canonical text of a value: members sorted by name, no blanks. */
Str decide_hash(Arena *arena, const Json *contents);
/* The contents as they were frozen, parts in their places, in ctx->arena; NULL: this entity has
   none (a masked one). A part whose key was destroyed is {"case", "part", "erased": true}, with a
   dash for its number. A row of `out` {"case", "part", "why"} has the members of both its parts.
   RC_FAILED "contents-altered": a part hasn't the hash that stands for it. */
Rc decide_contents(Ctx *ctx, const Entity *decision, const Json **out);
Str decide_part_id(Arena *arena, Str decision, Str case_id, Str aspect);
/* The value of a part, whose hash stands for it; NULL: it was erased. RC_FAILED "contents-altered".
 */
Rc decide_part_value(Ctx *ctx, Str part, Str hash, const Json **out);
/* The person of a part, empty when it is nobody's, and its file. RC_NOT_FOUND: there is none, or it
   was erased. */
Rc decide_part_whose(Ctx *ctx, Str part, DecideAbout *about);
/* Puts parts of a decision; the room's own. */
void decide_parts_put(Arena *arena, Stage *stage, Str decision, const DecideParts *parts);
Json decide_cases_json(Arena *arena, const DecideCases *cases);
/* RC_CONFLICT "case-moved": one of them no longer says what was drafted (hands_same). */
Rc decide_cases_same(Ctx *ctx, Stage *stage, const Entity *decision);
/* The proposal of this id while it waits. RC_NOT_FOUND "no-proposal"; RC_CONFLICT "not-waiting". */
Rc decide_waiting(Ctx *ctx, Stage *stage, Str id, const Entity **out);
/* The cases of a decision, borrowed from the entity. */
void decide_cases(Arena *arena, const Entity *decision, DecideCases *out);

#endif
