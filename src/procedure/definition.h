/* definition: a procedure as data: who may apply, pages and fields, conditions, checks, fee, states
   and their moves, retention. Read once from JSON (starter/procedures), constant afterwards; any
   thread may ask. What is written in FEEL is evaluated on the server only. Include only procedure.h
   from outside. */
#ifndef PROCEDURE_DEFINITION_H
#define PROCEDURE_DEFINITION_H

#include "dmn/dmn.h"
#include "gate/gate.h"
#include "json/json.h"
#include "as_of.h"
#include "letters.h"
#include "automatic.h"
#include "reservation.h"

typedef enum FieldKind {
    FIELD_TEXT,
    FIELD_PARAGRAPH,
    FIELD_NAME,
    FIELD_KANA,
    FIELD_NUMBER,
    FIELD_MONEY,
    FIELD_DATE,
    FIELD_POSTCODE,
    FIELD_PHONE,
    FIELD_MAIL,
    FIELD_CHOICE,
    FIELD_CHOICES,
    FIELD_YES_NO,
    FIELD_DECLARATION, /* a tick that replaces a seal */
    FIELD_SLOT,        /* a day and time of what the definition books */
    FIELD_FILE,        /* photos or documents */
    FIELD_PLACE,       /* a place in words, with a point on the map if one was given */
    FIELD_KINDS
} FieldKind;
Str field_kind_word(FieldKind kind);

/* What a file may be. */
enum { ACCEPT_PHOTO = 1, ACCEPT_DOCUMENT = 2 };

typedef struct FieldOption {
    Str id;
    Wording label, hint;
} FieldOption;

/* A condition that must hold, and what is said where it doesn't. */
typedef struct DefinedRule {
    Str id;
    const FeelExpr *test;
    Wording text;
    AsOf as_of; /* of a condition or a check; a field's is of when it is answered */
} DefinedRule;
typedef VEC(DefinedRule) DefinedRules;

typedef struct Field {
    Str id;
    FieldKind kind;
    Wording label, hint;
    const FeelExpr *when; /* NULL: always asked */
    bool optional;
    int64_t least, most; /* a number's value, a text's characters, how many choices or files;
                            INT64_MIN and INT64_MAX: any */
    unsigned accept;     /* bits of ACCEPT_...: of a file */
    VEC(FieldOption) options;
    DefinedRules checks; /* of the answer, once it is there */
    Str class;           /* of the dictionary: "personal" unless said */
    Str from; /* what is known of a signed-in person: "name", "kana", "postcode", "address",
                 "phone", "email"; empty: nothing */
    const Reservation *books; /* of FIELD_SLOT; else NULL */
} Field;

typedef struct FormPage {
    Str id;
    Wording title, lead;
    const FeelExpr *when; /* NULL: always */
    VEC(Field) fields;
} FormPage;

typedef struct NamedTable {
    Str name;
    const DmnTable *table;
} NamedTable;

typedef enum StateOwner { OWNER_RESIDENT, OWNER_OFFICE, OWNER_OTHER, OWNER_NOBODY } StateOwner;

/* How a case ends there. */
typedef enum StateOutcome { OUTCOME_DONE, OUTCOME_REFUSED, OUTCOME_WITHDRAWN } StateOutcome;

typedef struct DefinedState {
    Str id;
    Wording label;
    StateOwner owner;     /* nobody's: an end */
    int64_t days;         /* working days that it may take; 0: none is set */
    StateOutcome outcome; /* of an end; of another state OUTCOME_DONE, without meaning */
} DefinedState;

/* A move of the office or of whose case it is, whoever it waits for; what it demands is guarded. */
typedef struct DefinedMove {
    Str id;
    Wording label;
    StrVec from;
    Str to;
    bool by_resident;
    bool reason;   /* a text is demanded: question, answer or ground */
    Str decision;  /* the kind of matter that must be decided first (delegations), or empty */
    bool together; /* and that several cases may be proposed for as one (一括起案) */
    const FeelExpr *reduced; /* yen that remain of the fee once it is decided (減免); NULL: all */
    Str reduced_article;     /* that allows it */
} DefinedMove;

/* Messages between the person of a case and the office. */
typedef struct DefinedThread {
    StrVec states;    /* in which one may write */
    bool office_only; /* the office writes, the resident reads */
    bool sensitive;   /* what is written is seen as answers that need care are */
    unsigned accept;  /* bits of ACCEPT_...: files that go with a message; 0: none do */
    int64_t days;     /* working days in which the office answers; 0: no day is due */
    bool asks;        /* an application for which nothing is booked is a question itself */
    Wording hint;     /* what one writes about; all NULL: nothing is said */
} DefinedThread;

/* When a fee is due: COLLECT_OPEN is no sum of its own, it is settled outside as its page says. */
typedef enum FeeCollect { COLLECT_OPEN, COLLECT_ON_SENDING, COLLECT_AFTER_REVIEW } FeeCollect;

/* An answer that a bundle hands on, by the field of the procedure that gets it. */
typedef struct PartAnswer {
    Str field;
    const FeelExpr *value;
} PartAnswer;

/* A procedure that a bundle applies for. Fields of the same `from` get their answers unsaid. */
typedef struct BundlePart {
    Str procedure;
    const FeelExpr *when; /* NULL: always */
    VEC(PartAnswer) answers;
} BundlePart;

/* Stored answers with what must come of them: a definition's own tests. */
typedef struct DefinedExample {
    Str id;
    Wording label;
    Date on;             /* the day on which it is tried; year 0: today */
    const Json *answers; /* as form_read takes a draft; NULL: none */
    const Json *expect;  /* "fee" and "amount" in yen, "fails" and "checks": ids of conditions and
                            checks that don't hold, "faults": a word for each field, "tables": a
                            value for each, "automatic": a bin for each rule; all of a kind, or the
                            member is absent */
} DefinedExample;

/* よくある質問, with its answer. */
typedef struct DefinedFaq {
    Wording question, answer;
} DefinedFaq;

typedef struct Ranking Ranking; /* ranking.h */

typedef struct Definition {
    Str id;
    int64_t version;
    Date from, until; /* in force; until: year 0 while open */
    Wording label, summary;
    Str category;
    StrVec words; /* what people also call it, for search */
    Str basis, retention, post;
    int64_t days;        /* 標準処理期間, working days */
    int64_t duplicates;  /* days within which alike cases are looked for; 0: they aren't */
    bool sign_in;        /* applying needs an account */
    GateAuthn authn;     /* and that he has shown as much (当人認証), */
    GateProof proof;     /* and that as much was made sure of him (身元確認) */
    bool inside;         /* staff apply: a procedure inside the house */
    VEC(Wording) bring;  /* what to have at hand */
    Wording after;       /* what happens once it is sent; all NULL: nothing more is said */
    VEC(DefinedFaq) faq; /* what people often ask about it */
    const Reservation *reservation; /* NULL: it books nothing */
    VEC(FormPage) pages;
    VEC(BundlePart)
    parts; /* of a bundle, which asks once what several procedures want to know: it
              has no cases, and so no states */
    DefinedRules conditions; /* who may apply: a warning names the one that fails, applying stays
                         possible (行政手続法7条) */
    DefinedRules checks;     /* what the office sees checked */
    VEC(NamedTable) tables;
    const FeelExpr *fee; /* yen; NULL: none */
    Str fee_article, fee_account;
    AsOf fee_as_of;
    FeeCollect fee_collect;
    int64_t fee_days;         /* working days in which it is paid */
    Str fee_unpaid, fee_paid; /* states: COLLECT_AFTER_REVIEW is due where the case comes to the
                                 first; paying it leads on to the second. Both may be empty when it
                                 is due on sending */
    const FeelExpr *amount;   /* yen that is decided on (a grant, a spending), by which delegations
                                 choose who decides; NULL: none */
    VEC(DefinedState) states; /* the first one is where a case begins */
    VEC(DefinedMove) moves;
    DefinedLetters letters;
    const DefinedThread *thread; /* NULL: nobody writes to its cases */
    const Ranking *ranking;      /* NULL: nobody's case stands before another's */
    Automatics automatic;        /* rules by which cases are moved without a person */
    StrVec statistics; /* fields that are counted: choices and numbers, none that is sensitive */
    VEC(DefinedExample) examples;
    const Json *source;
} Definition;

/* Lives in ctx->arena and refers to source. RC_INVALID: the path of the member, and what it should
 * be; a member that a definition doesn't have is refused, too. RC_LIMIT: it is too large. */
Rc definition_read(Ctx *ctx, const Json *source, const Definition **out);

/* What keeps a definition from being published. */
typedef struct DefinitionFinding {
    Str path;     /* as outline.h reads it */
    Str text, ja; /* the same in English and Japanese */
} DefinitionFinding;
typedef VEC(DefinitionFinding) DefinitionFindings;
/* Posts that somebody holds, matters that the delegations know, and names in which posts and bodies
   sign. */
typedef struct DefinitionKnown {
    StrVec posts, kinds, signers;
} DefinitionKnown;
/* known NULL: not looked at. All examples are tried. */
void definition_lint(Ctx *ctx, const Definition *definition, const DefinitionKnown *known,
                     DefinitionFindings *out);
/* What is asked of whoever publishes from now on, and not of what stands already: that the fee and
   each condition and check name their reference date. */
void definition_lint_new(Ctx *ctx, const Definition *definition, DefinitionFindings *out);
/* A dry run: each difference between what an example expects and what came out is a finding. */
void definition_dry_run(Ctx *ctx, const Definition *definition, const DefinedExample *example,
                        DefinitionFindings *out);

/* The words of which a member has one ("kind" of a field, "class", "known", "owner", "outcome",
   "by", "audience", "collect", "fallback", "asOf"); 0: it has any text. "known" is the "from" of a
   field; an "asOf" may be a field's id, too.
 */
size_t definition_words(Str member, const Str **out);
/* Whether a procedure may have this id. */
bool definition_id_good(Str id);
/* The bit of a word that says what a file may be; 0: it is none. */
unsigned definition_accepted(Str word);
const Field *definition_field(const Definition *definition, Str id); /* NULL: none */
const Field *definition_slot(const Definition *definition); /* that asks for a slot; NULL: none */
const DefinedState *definition_state(const Definition *definition, Str id);
const DefinedMove *definition_move(const Definition *definition, Str id);
const DefinedRule *defined_rule(const DefinedRules *rules, Str id); /* NULL: none */
const Automatic *definition_automatic(const Definition *definition, Str id);
/* The rule about the cases in a state; NULL: there is none. */
const Automatic *definition_rule_of(const Definition *definition, Str state);
bool definition_may_move(const DefinedMove *move, Str from);
const FieldOption *field_option(const Field *field, Str id);

#endif
