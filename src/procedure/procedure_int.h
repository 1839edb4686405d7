/* procedure_int: what the files of procedure/ share. */
#ifndef PROCEDURE_PROCEDURE_INT_H
#define PROCEDURE_PROCEDURE_INT_H

#include "procedure.h"

#include "book/book.h"
#include "decide/decide.h"

#include <pthread.h>

#define WASTE_RESOURCE STR("bulky-waste")
#define PLAN_KIND      STR("collection-plan") /* of proposals: about a day */
#define REDUCTION_KIND STR("fee-reduction")   /* of proposals: about a case of bulky waste */
#define IRI(term)      STR(LD_DEFAULT term)

typedef struct Waits Waits; /* the waiting rooms */
Waits *waits_new(Arena *arena, Ledger *ledger);
void waits_free(Waits *waits);

typedef struct Carrier Carrier;
typedef struct TabletDesks TabletDesks; /* what is shown on tablets now */
TabletDesks *tablets_new(Arena *arena);
void tablets_free(TabletDesks *desks);

typedef struct Sweep Sweep; /* the timer that takes out what ran out */

struct Procedures {
    Arena *arena;
    Sweep *sweep;     /* NULL: none was started */
    Carrier *carrier; /* NULL: none was started, and what was decided waits */
    Waste *waste;
    const DefinedThread *waste_thread; /* messages of its cases; NULL: nobody writes to them */
    Catalogue *catalogue;
    const Json *blank;
    FileTable files;
    AttachLimits attach;
    Waits *waits;
    TabletDesks *tablets;
    int64_t admission_rate;
    Batch *local;
    pthread_mutex_t local_lock;
    pthread_mutex_t filing_lock;  /* who carries out disposals, */
    pthread_mutex_t transit_lock; /* and who moves cases to another version */
    size_t passed; /* cases that wait for a person, behind which rules go on: of automate_round */
};

/* A command of ctx's actor about a case; channel "web" unless said. */
Command *case_command(Ctx *ctx, Str kind, Str case_id, Str channel);
/* Runs and frees it. */
Rc case_execute(Ctx *ctx, Command *command, Outcome *outcome);
/* The slot part of a district's day, in the command's arena; declares the slot. */
PartSlot *case_slot(Ctx *ctx, Command *command, const WasteDistrict *district, Date day);
/* The newest state of a case that the actor may see something of, else RC_NOT_FOUND. It is whole:
   rules are kept on what is so, not on what he may read; never show it. */
Rc case_load(Ctx *ctx, Str id, const Entity **out);
/* The same, if who asks may act on it: its resident, or the clerk for him. RC_DENIED. */
Rc case_own(Ctx *ctx, Str id, const Entity **out);
/* Whose booking it is, in the command's arena, and how many of those a day has at most. */
/* An address in one form, of a folded text: "2丁目3番4号" and "二-3の4" are "2-3-4". */
Str household_plain(Arena *arena, Str folded);
void household_set(const Ctx *ctx, Command *command, const Answers *answers, PartSlot *part);
/* Who sends learns whether his household has booked too often: that it had is counted behind the
   sending, whose rc it gives, by account or network, and asked before it: RC_LIMIT as gate_try. */
Rc household_try(Ctx *ctx);
Rc household_tried(Ctx *ctx, Rc rc);
/* The network that somebody without an account asks from, as a word that changes every day and
 * tells nothing: a /64 of IPv6, an address of IPv4. */
Str apply_network(Ctx *ctx, Arena *arena);

/* ---- definitions ---- */
/* Adds a finding, in English and Japanese, of the same values. */
[[gnu::format(printf, 4, 6), gnu::format(printf, 5, 6)]] void
definition_tell(Ctx *ctx, DefinitionFindings *out, Str path, const char *en, const char *ja, ...);

/* A text without plain Japanese, or with characters whose reading isn't said, is a finding. */
void definition_easy(Ctx *ctx, DefinitionFindings *out, Str path, const Wording *wording);

/* Adds the states to which moves, payment and draws lead from one, itself among them; and all those
   that a case can come to. */
void definition_reach(Arena *arena, const Definition *definition, Str state, StrVec *reached);
void definition_reached(Arena *arena, const Definition *definition, StrVec *reached);

/* Adds all names that an expression over these names looks at in the end, through tables and what
 * "unmet" stands for. */
void definition_looked_at(Ctx *ctx, const Definition *definition, const StrVec *names, StrVec *out);

/* ---- letters ---- */
/* Takes the next {NAME} of a text off *rest; false: none is left. */
bool letters_hole(Str *rest, Str *before, Str *name);
/* known NULL, or without a post that signs: in whose name is not looked at. */
void letters_lint(Ctx *ctx, const Definition *definition, const DefinitionKnown *known,
                  DefinitionFindings *out);
/* Of these, in whose name letters go out: the one that letters_lint has of that. */
void letters_signed(Ctx *ctx, const Definition *definition, const DefinitionKnown *known,
                    DefinitionFindings *out);
/* A move that is being made: application as it was before. */
typedef struct Lettering {
    const Entity *application;
    const Definition *definition;
    const Entity *set; /* what the move changes of it; NULL: nothing that letters tell */
    Str move, reason;
} Lettering;
/* Adds the letters that it brings about to its command, behind its step. RC_LIMIT; RC_CONFLICT
 * "nobody-signs": the post in whose name one is is vacant, and nobody acts for it. */
Rc letters_issue(Ctx *ctx, Command *command, const Lettering *about);
/* What these would say if it were made now, as Letter.contents; *nobody_signs is set where they
 * couldn't be issued for that. */
Rc letters_drafts(Ctx *ctx, const Lettering *about, JsonItems *out, bool *nobody_signs);
/* A case under way keeps until when a state may last; looks at the rules about the case; and what
   every case has a place for, of the answers of a form. */
void defined_days_set(const Ctx *ctx, Arena *arena, Entity *entity, const DefinedState *state);
void defined_rules_look(Ctx *ctx, const Definition *definition, Str id);
void defined_contact_set(Arena *arena, Entity *entity, const Form *form);

/* ---- corrections ---- */
/* An attribute that is a list; NULL: the case has none. */
const Json *correct_list(const Entity *application, Str iri);
/* Whether a move may ask for these: its errors are those of defined_move. None is good. */
Rc correct_check(Ctx *ctx, const Entity *application, const DefinedMove *move,
                 const CorrectFields *fields);
/* In the set of the step that asks for them. */
void correct_ask(Arena *arena, const Entity *application, const CorrectFields *fields, Entity *set);
/* The resident's answer that corrects the case: what it keeps and loses of that, in the command's
   arena, beside the move. act.version guards it. */
typedef struct CorrectMove {
    DefinedAct act;
    Entity *set;
    const StrVec *gone;
} CorrectMove;
Rc defined_correct(Ctx *ctx, Command *command, const CorrectMove *made);

/* What a case was answered with, as expressions know it. application: whole. */
void defined_form(Ctx *ctx, const Entity *application, Form *out);

/* ---- what people ask ---- */
/* Reads a definition's "faq". RC_INVALID "bad-definition". */
Rc faq_read(Ctx *ctx, const Json *source, Definition *definition);
void faq_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out);

/* ---- messages ---- */
/* The thread of a definition's source, whose states were read. It lives in ctx->arena and refers to
   source. RC_INVALID "bad-definition", as definition_read. */
Rc thread_read(Ctx *ctx, const Json *source, const Definition *definition,
               const DefinedThread **out);
void thread_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out);
/* The same of the rules of bulky waste, looked through, too. RC_INVALID "bad-rules", with the path
   of the member in rules.json. */
Rc thread_read_waste(Ctx *ctx, const Json *rules, const DefinedThread **out);
/* An application under way, with all that it books: where it is itself a question, it waits for an
   answer like one. */
void thread_begin(const Ctx *ctx, Command *command, const Definition *definition,
                  Entity *application);

/* ---- files ---- */
/* A text of retention that stands in no row of the classification table is a finding. */
void shelf_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out);

/* ---- publishing ---- */
/* Of a procedure, whatever its version: what proposals on it are about. */
Str publish_record(Arena *arena, Str id);
/* Adds to the command of a decision what it makes of its contents: a version. RC_CONFLICT
 * "findings". */
Rc publish_follow(Ctx *ctx, Command *command, const Entity *decision, const Json *contents);
/* From then on, what was decided is found. */
Rc publish_take(Ctx *ctx, const Json *contents);
Rc publish_start(Ctx *ctx, Tenant *tenant);

/* Adds to the command of a decision that cases go to another version. RC_CONFLICT "not-in-force".
 */
Rc transit_follow(Ctx *ctx, Command *command, const Entity *decision, const Json *contents);

/* ---- drafts ---- */
/* What only the browser's secret and the tenant's key open together. */
Str draft_seal(Ctx *ctx, Str browser, Str plain);
Rc draft_unseal(Ctx *ctx, Str browser, Str sealed, Str *plain);
/* How long it is kept, µs. */
int64_t draft_lasts(const Ctx *ctx, Str browser);
/* Of which procedure a member of a draft is, empty: of bulky waste; and back, of what is no answer:
   "token", "savedAt". */
Str draft_group(Str name);
Str draft_member(Arena *arena, Str group, const char *name);
/* Within a batch: what it is, an empty object where there is none; what it becomes; its end. */
Rc draft_in(Ctx *ctx, Batch *batch, Str browser, const Json **answers);
Rc draft_put(Ctx *ctx, Batch *batch, Str browser, const JsonMembers *members);
Rc draft_remove(Ctx *ctx, Batch *batch, Str browser);
/* Files of one draft become those of another, in the batch that moves it; what is gone is left. */
typedef struct AttachMove {
    Str from, to;
    const Attachments *files;
} AttachMove;
Rc attach_move(Ctx *ctx, Batch *batch, const AttachMove *move);
/* Writes rows of local.db in one transaction. */
typedef Rc DraftRows(Ctx *ctx, Batch *batch, void *arg);
Rc draft_rows(Ctx *ctx, DraftRows *write, void *arg);

/* Files of a draft on their way to a case. */
typedef struct Attaching {
    Ctx *ctx;
    Command *command; /* names them */
    Str about;        /* id of the case */
    LedgerKeyOf key_of;
    LedgerAttachments *kept; /* those that lie beside the ledger now */
    const Form *before;      /* of the case: files that it names already; NULL: it names none */
} Attaching;
/* Keeps the files of all answers that are due beside the ledger; the answers name them so. */
Rc attach_send(const Attaching *attaching, Form *form);
/* The key under which the files of a case lie: as what is personal of itself. */
LedgerKeyOf attach_key_of(const Ctx *ctx, const Entity *application);

/* ---- sending ---- */
/* How an application comes in, and for whom. */
typedef struct SendFrom {
    Str channel;   /* "web"; "counter", "phone": entered by an official for somebody */
    Str applicant; /* Person id, or empty: a new one is made */
    Str retention; /* as its definition has it; empty: as the type of cases has it */
} SendFrom;
/* Whether who acts may enter what came by a channel. RC_INVALID "no-channel", RC_DENIED. */
Rc send_channel(Ctx *ctx, Str channel);
/* Whether he may send an application that came by it. Fails the same way, and as the gate does. */
Rc send_allowed(Ctx *ctx, Str channel);
/* Writes into an application whose it is, who entered it, and its retention file: one for each
   text of retention and fiscal year. */
void send_origin(Ctx *ctx, Arena *arena, Entity *application, const SendFrom *from);
/* Joins an application to the visit for which its entry was begun, while who acts serves that one
 * still. */
Rc visit_join(Ctx *ctx, Arena *arena, Entity *application, Str visit);
/* The day of numbers and tablets; an instant of such a record, TIME_NONE where it has none. */
Str visit_today(const Ctx *ctx);
int64_t visit_instant(const Entity *entity, Str iri);
/* Whether who acts may serve at counters; and whether one has this desk: RC_NOT_FOUND "no-counter",
   RC_INVALID "no-desk". */
Rc visit_may_serve(Ctx *ctx);
Rc visit_desk_good(Ctx *ctx, Str counter, Str desk);
/* Whether another official than `by` has called somebody to a desk, or serves him there. */
Rc visit_desk_taken(Ctx *ctx, const TabletDesk *at, Str by, bool *out);
/* What a tablet shows as one text, and back, of the catalogue of now; whether a mark is of
   something that stands there. */
Rc tablet_parts_text(Ctx *ctx, const TabletParts *parts, Str *out);
Rc tablet_parts_read(Ctx *ctx, Str said, TabletParts *out);
bool tablet_can_mark(Ctx *ctx, const TabletParts *parts, Str what);
/* The confirmation of just this draft as it is, which who acts has shown; false: there is none. */
bool tablet_confirmed(Ctx *ctx, const TabletPart *part, TabletStanding *out);
/* Writes into an application from the counter that its person has confirmed it on the tablet, which
   a look in its command tells him, or why not: draft->unconfirmed. RC_INVALID "no-confirmation". */
Rc tablet_write(Ctx *ctx, Command *command, const DefinedDraft *draft, Entity *application);
/* Adds the part that opens the case, in the command's arena; it needs nothing more. */
PartSubmit *send_submit(Ctx *ctx, Command *command, const Entity *application);
/* Runs and frees the command; out has the id, and gets the number: that of before when it was sent
 * already. */
Rc send_execute(Ctx *ctx, Command *command, Receipt *out);
/* The number of a case that is there. */
Rc send_again(Ctx *ctx, Receipt *out);

/* Adds the slot of a draft to the command that submits it, and to its application, which is in the
 * command's arena; nothing where it asks for none. Fails as booking_hold does. */
Rc booking_take(Ctx *ctx, Command *command, const DefinedDraft *draft, Entity *application);
/* Adds the booking of a win that the resident confirms; `set` gets what the case keeps of it. */
Rc booking_confirm(Ctx *ctx, Command *command, const Entity *application, Entity *set);
/* Adds the slot of a case that ends without having used it. */
void booking_give_back(Ctx *ctx, Command *command, const Entity *application);
/* The slot part of a choice, in the command's arena, of one unit; declares the slot. */
PartSlot *booking_part(Command *command, const Reservation *reservation, const SlotChoice *choice);
/* A wish to a lottery; adds the entry to the command that submits it and to its application, which
   is in the command's arena. */
typedef struct DrawWish {
    const SlotChoice *choice;
    int64_t units;
} DrawWish;
void draw_enter(Ctx *ctx, Command *command, const DefinedDraft *draft, const DrawWish *wish,
                Entity *application);
/* Adds what frees the place of a case that leaves a lottery; nothing for one that entered none. */
void draw_leave(Ctx *ctx, Command *command, const Entity *application);
/* What the inbox knows a defined state as: whom it waits for, or how it ended. */
CaseState defined_phase(const DefinedState *state);
/* The part of a procedure in the browser's draft. */
void defined_draft_of(Ctx *ctx, const Definition *definition, const Json *draft, DefinedDraft *out);
/* All that the draft has of a procedure, to be taken out of it; its files go at once. */
Rc defined_gone(Ctx *ctx, const Definition *definition, JsonMembers *out);
/* Gives back what a draft holds, which is forgotten. */
Rc booking_drop(Ctx *ctx, const DefinedDraft *draft);
/* Forgets the draft but for what was sent. */
Rc defined_sent(Ctx *ctx, const DefinedDraft *draft);
/* Keeps with a draft that it holds a slot. */
Rc defined_held(Ctx *ctx, const DefinedDraft *draft, Str slot, int64_t until);

/* Adds the fields of a definition that are known of the signed-in resident, or of who is being
   served at the counter, by field id. */
Rc known_fill(Ctx *ctx, const Definition *definition, Str channel, JsonMembers *out);
/* Adds to what remains of a draft that was sent what is known from it of who is being served. */
Rc known_keep(Ctx *ctx, const DefinedDraft *draft, JsonMembers *out);

/* ---- reference dates ---- */
/* {CHECK or CONDITION, ok, on: the day, version} of each rule. */
Json rules_json(Ctx *ctx, const Form *form, const DefinedRules *rules, const char *member);
/* defined_found, with what an earlier decision settled judged anew, too: what one of today stands
   on. */
Json defined_found_anew(Ctx *ctx, const Entity *application, bool checks);
/* What the rules of the day of the decision find today, in the set of the step that is the
   decision: of a proposal that was decided, by which a fee falls due after the review, or by which
   the case ends. anew: what an earlier step settled, too. */
void defined_settle(Ctx *ctx, Arena *arena, const Entity *application, bool anew, Entity *set);
/* What the rules find by other answers, in the set of the step that corrects a case; what a
   decision has settled stays. */
void defined_found_corrected(Ctx *ctx, Arena *arena, const Entity *application, const Form *form,
                             Entity *set);
/* RC_CONFLICT "found-changed": the rules find something else today than what was proposed says. */
Rc defined_found_same(Ctx *ctx, const Entity *application, const Json *contents);
/* What is of the day of a slot, once a case has another one (reservation_choice_text), in the set
   of the step by which it does: its fee and its rules, judged anew. RC_CONFLICT "fee-changes": the
   sum would be another than was asked for or decided. RC_INVALID "bad-fee". */
Rc as_of_slot(Ctx *ctx, Arena *arena, const Entity *application, Str choice, Entity *set);
/* The fee of a case, and of which day and version it is, in its entity or the set of a step. */
void fee_keep(Arena *arena, Entity *set, const Definition *definition, const FormFee *fee,
              bool decided);

/* ---- fees ---- */
/* A fee that is of the day of the decision, in the set of the step by which it falls due; nothing
   where it is of another day, was reduced, or is due already. RC_INVALID "bad-fee". */
Rc fee_decided(Ctx *ctx, Arena *arena, const Entity *application, const DefinedState *to,
               Entity *set);
/* Adds what is due by sending to the command that submits the application, which is in its arena.
 */
void fee_send(Ctx *ctx, Command *command, const Definition *definition, const Entity *application);
/* Adds what a move means for the fee of a case to its command, after the move's own step: it is
   due, nothing is, or the case has ended without being done. */
typedef struct FeeMove {
    const Entity *application; /* before it */
    const DefinedState *to;
    const Entity *set; /* what the move changes of the case; NULL: nothing of its fee */
} FeeMove;
Rc fee_move(Ctx *ctx, Command *command, const FeeMove *move);
/* The fee of a case with the day and the version that it is of; of an older case, which doesn't say
   it, its arrival's day and the form's own version. */
FormFee fee_kept(const Ctx *ctx, const Entity *application, const Form *form);
/* What remains once a move that reduces the fee is decided, by the day and the version of the fee.
   RC_INVALID "bad-fee"; RC_CONFLICT "no-reduction": it is no less than what is due. */
typedef struct FeeReduced {
    int64_t yen;
    Str article;
} FeeReduced;
Rc fee_reduced(Ctx *ctx, const Entity *application, const DefinedMove *move, FeeReduced *out);
/* The reduction of what was decided, where that has one (reducedFee), in the set of its step. */
Rc fee_reduce(Ctx *ctx, Command *command, const Entity *application, const Json *contents,
              Entity *set);
/* Whether this many yen can have come in. */
bool fee_amount_good(int64_t yen);
/* A step that is no move: something outside leads the case on. */
typedef struct DefinedAdvance {
    const Entity *application;
    Str from, to, kind; /* states, and the kind of the step */
    bool again;         /* an earlier step of the same command leads to `from` */
} DefinedAdvance;
void defined_advance(Ctx *ctx, Command *command, const DefinedAdvance *advance);

/* ---- automatic rules ---- */
/* A move that a rule makes: the case, and what it keeps of that beside the move. */
typedef struct RuleMove {
    const Entity *application;
    const Automatic *rule;
    Entity *set; /* in the command's arena */
} RuleMove;
/* Adds it to a command, for who acts, a guard on the version of the case with it. */
Rc defined_rule_moves(Ctx *ctx, Command *command, const RuleMove *made);
/* A person makes a move: adds to `set` of its step what that says of the rule that prepared one,
   and to the command that the rule erred where it prepared another. */
void automate_moved(Ctx *ctx, Command *command, const Entity *application, const DefinedMove *move,
                    Entity *set);
/* The same of a case that ends without a move. */
void automate_gone(Ctx *ctx, Command *command, const Entity *application, Entity *set);

/* ---- the office ---- */
/* The case, if the official who asks may do this to it. */
Rc office_case(Ctx *ctx, const OfficeAct *act, GateAction action, const Entity **out);
/* A step of his on it, in the command's arena, with nothing said of its states; it declares the
   case, and makes him its assignee. Its caller adds it. */
PartStep *office_step_new(Ctx *ctx, Command *command, const OfficeAct *act);
/* The post that has the duties of a case's post today: itself, or its successor. NULL: none. */
/* Digits of a telephone number alone, +81 written as the 0 that it stands for. */
Str find_phone(Arena *arena, Str text);
const GatePost *office_post_now(const Ctx *ctx, Str post);
/* Whether an official works on the cases of a post: he holds it, as a contractor does, or one of
   its division that works on cases. */
bool office_works_in(const Gate *gate, const GateHolder *holder, const GatePost *of);
/* RC_INVALID "missing" when nothing was written. */
Rc office_text(Ctx *ctx, const OfficeAct *act);
/* What is not collected waits for the resident, until a day that the inbox shows. */
void office_missed(Ctx *ctx, Command *command, PartStep *step, const WasteMissed *missed);
/* The case goes to the post that confirms this amount. */
void office_post(Ctx *ctx, Command *command, PartStep *step, int64_t amount);

/* ---- what goes to decision ---- */
Rc proposal_may_draft(Ctx *ctx);
Rc proposal_may_decide(Ctx *ctx);
/* What is proposed about which thing; amend: not anew, but what one that is there becomes (NULL).
 */
typedef struct ProposalAsk {
    Str kind, about;
    const OfficeAmend *amend;
} ProposalAsk;
/* A draft under way, and the proposal that waits about the same thing, which has its id. */
typedef struct ProposalDraft {
    PartDraft *draft;
    const Entity *waiting; /* NULL: none */
    const OfficeAmend *amend;
} ProposalDraft;
/* The id of the next proposal of a kind about a thing: that of the last one while it waits. */
typedef struct ProposalNext {
    Str id;
    const Entity *last, *waiting; /* NULL: none */
} ProposalNext;
Rc proposal_next(Ctx *ctx, const ProposalAsk *ask, ProposalNext *out);
/* The command that drafts or amends. */
Command *proposal_command(Ctx *ctx, const ProposalAsk *ask, Str case_id);
/* The n-th proposal of a kind about a thing, whole: their ids follow from both. RC_NOT_FOUND: there
   are n. RC_LIMIT: there are as many as there may be. */
Rc proposal_nth(Ctx *ctx, Str kind, Str about, size_t n, const Entity **out);
/* A draft under the next id of its kind and thing; what came back about it is dropped. Of one that
   amends its id. RC_CONFLICT "proposed": another was drafted since. */
Rc proposal_new(Ctx *ctx, Command *command, const ProposalAsk *ask, ProposalDraft *out);
Rc amend_new(Ctx *ctx, Command *command, const ProposalAsk *ask, ProposalDraft *out);
/* The same of one that waits beside others of its kind and thing. */
Rc proposal_beside(Ctx *ctx, Command *command, Str kind, Str about, PartDraft **out);
/* What of a draft is about the person of a case. */
DecideAbout proposal_about(const Ctx *ctx, const PartDraft *draft, const Entity *application,
                           Json value);
/* Its route by the table of delegations, in the command's arena. RC_INVALID "no-decider". */
Rc proposal_route(Ctx *ctx, Command *command, Str kind, int64_t amount, RoutePlan *plan);
/* Sends and frees the command; while one with the same contents waits, *decision is that one.
 * RC_CONFLICT "proposed". */
Rc proposal_send(Ctx *ctx, Command *command, const ProposalDraft *drafting, Str *decision);
Rc amend_send(Ctx *ctx, Command *command, const ProposalDraft *drafting);
/* What each kind makes of a change (office_amend); contents: whole, as they were frozen. */
Rc proposal_amend_reduction(Ctx *ctx, const Json *contents, const OfficeAmend *amend);
Rc plan_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend);
Rc publish_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend);
Rc transition_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend);
Rc filing_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend);
Rc matter_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend);
Rc together_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend);
/* Adds to a command what is made of a proposal: `draft` with its plan, by today's table. Errors as
   act_amend; RC_CONFLICT "other-route". */
Rc amend_add(Ctx *ctx, Command *command, PartDraft *draft, const OfficeAmend *amend);
/* A change of a proposal's contents by who asks, in the command's arena, with its needs. */
Rc proposal_change(Ctx *ctx, Command *command, const OfficeDecision *decision, PartChange **out);
/* A proposal is about the case as it is now: one that moves meanwhile would leave it waiting. */
void proposal_still(Command *command, const Entity *application, DecideCases *cases);
/* The proposal of a kind about a thing that waits; empty: none does. */
Rc proposal_waits(Ctx *ctx, Str kind, Str about, Str *decision);
/* No proposal of a kind about a thing may be drafted before the command is done: RC_CONFLICT
   "proposed". *waits: one waits already, and nothing is added; else empty. */
Rc proposal_none(Ctx *ctx, Command *command, Str kind, Str about, Str *waits);
/* A day as contents keep it; year 0: null. */
Json proposal_day(Arena *arena, Date day);
/* What was asked and answered: the decider reads it with the contents, as it was then. */
Json proposal_asked(Arena *arena, const Entity *application);
/* ---- proposals about several cases (一括起案) ---- */
typedef struct ListContents {
    const Json *head;    /* an object: what stands beside the cases */
    const char *sum;     /* the member of rows in yen that is summed up */
    JsonItems rows, out; /* out: taken out since it was proposed, and why */
    int64_t total;
} ListContents;
/* {...head, count, SUM, cases, out}, in the arena; out is absent while nothing is. */
const Json *lists_contents(Arena *arena, const ListContents *list);
/* Adds a case, as it is, to a list that is being drafted; row: what is frozen of it, a record of
   its person. */
typedef struct ListCase {
    const Entity *application; /* whole */
    Json row;
} ListCase;
Rc lists_add(Ctx *ctx, Command *command, PartDraft *draft, ListContents *list, const ListCase *one);
/* Of a list that is amended: what was taken out of it stays so; the numbers of its cases. */
void lists_keep(Arena *arena, const Json *frozen, JsonItems *out);
void lists_numbers(Arena *arena, const Json *contents, StrVec *out);
/* What a kind of list has of its own: its sum, and what is frozen of a case that comes back to it,
   as it is now. RC_CONFLICT "out-moved": it can't be decided so any more. */
typedef struct ListAgain {
    Str decision;
    const Json *contents; /* frozen */
    const Entity *application;
} ListAgain;
typedef struct ListWay {
    const char *sum;
    Rc (*again)(Ctx *ctx, Command *command, const ListAgain *about, Json *row);
} ListWay;
extern const ListWay plan_way, together_way;

/* What is frozen of a case for a move: of a proposal about it alone, and as a row of a list.
   reduced: what remains of its fee, where the move reduces it. */
Json matter_value(Ctx *ctx, Arena *arena, const DefinedAct *act, const Entity *application,
                  const FeeReduced *reduced);
/* By what the table chooses who decides: the sum of the case, or, where a reduction is refused, the
   yen that it would have waived. */
int64_t matter_amount(Ctx *ctx, const Entity *application, const DefinedMove *move);
/* A list to draft: beside other lists of its kind about the same. RC_LIMIT "too-many" at "cases";
   errors of together_propose. */
typedef struct TogetherRow {
    Str number, move, reason;
    const Json *more; /* members that its row has besides those of matter_value; NULL: none */
} TogetherRow;
typedef VEC(TogetherRow) TogetherRows;
typedef struct TogetherDraft {
    Str kind, about, title;
    const Json *head; /* of its contents */
    const Definition *definition;
    TogetherRows rows;
} TogetherDraft;
Rc together_draft(Ctx *ctx, const TogetherDraft *of, Str *decision);
/* Whether contents are those of a ranking; adds to the command of its decision that its places are
   given, to the set of a move what place that is, and to the names of a letter what it is called.
 */
bool ranking_is(const Json *contents);
Rc ranking_follow(Ctx *ctx, Command *command, const Json *contents);
void ranking_set(Arena *arena, const Json *decided, Entity *set);
/* Adds the moves of a decided list to the command of its decision. contents: opened. */
Rc together_follow(Ctx *ctx, Command *command, const Json *contents);
/* The list in which a case waits for its decision; empty: it waits in none. */
Rc together_waits(Ctx *ctx, const Entity *application, Str *decision);
/* RC_CONFLICT "proposed": it waits in one. */
Rc together_none(Ctx *ctx, const Entity *application);

/* Whether contents are of a move that is decided first; adds the move to the command of its
 * decision; and drops the proposal that waits, in the command that ends or corrects the case:
 * reason as PartDrop has it. */
bool matter_is(const Json *contents);
Rc matter_follow(Ctx *ctx, Command *command, const Json *contents);
Rc matter_drop(Ctx *ctx, Command *command, const Entity *application, Str reason);
/* proposal_none of every matter of a case. */
Rc matter_none(Ctx *ctx, Command *command, const Entity *application, Str *waits);
/* The case and the move of an act, if who acts may make it; what a decision would be for isn't
 * asked.
 */
Rc defined_moving(Ctx *ctx, const DefinedAct *act, const Entity **application,
                  const DefinedMove **move);
/* Adds the step of a move that has been decided. */
Rc defined_step(Ctx *ctx, Command *command, const DefinedAct *act);
/* Something is refused: what can be done about it is kept with the case, as it was told. */
void office_remedies(Ctx *ctx, Command *command, PartStep *step);
/* Runs and frees a command whose step ends the case: a reduction that is still open falls with it,
   and the proposal about it that waits. */
Rc case_end(Ctx *ctx, Command *command, const Entity *application, PartStep *step);
/* What of the set of a step is to be more. */
void office_set(Command *command, PartStep *step, Str iri, Json value);

#endif
