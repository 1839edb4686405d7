/* automatic: rules of a definition by which its cases are moved: what one is, what it says of a
   case, and how many of those that it would move a person confirms first. Pure. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_AUTOMATIC_H
#define PROCEDURE_AUTOMATIC_H

#include "dmn/dmn.h"
#include "wording.h"

/* Where a rule puts a case: the move is made; it is prepared, and a person confirms it; a person
   sees to it by hand. */
typedef enum AutomaticBin { BIN_DONE, BIN_CONFIRM, BIN_BY_HAND, AUTOMATIC_BINS } AutomaticBin;
Str automatic_bin_word(AutomaticBin bin);
/* False: it is none. */
bool automatic_bin_of(Str word, AutomaticBin *out);

/* The name by which a rule knows which conditions and checks didn't hold on arrival: a list of
   their ids. */
#define AUTOMATIC_UNMET STR("unmet")

/* A rule about the cases in one of the office's states. */
typedef struct Automatic {
    Str id;
    Wording label;
    Str state;
    const FeelExpr
        *test; /* true: the move is made. A bin's word: that one. Anything else: fallback */
    Str move;
    AutomaticBin fallback; /* BIN_CONFIRM or BIN_BY_HAND */
    Wording text;          /* why a person sees to a case that it doesn't move */
    int64_t target;        /* errors in a hundred, below which the rule has to be shown to be */
    int64_t sample;        /* of those that it moves then, how many in a hundred are confirmed */
    Str mark; /* of what decides: rule, tables, checks and questions. Another one is another rule */
} Automatic;
typedef VEC(Automatic) Automatics;

/* The rules of a definition's source; names: of fields and tables. They live in ctx->arena and
   refer to source. RC_INVALID "bad-definition", as definition_read. */
Rc automatic_read(Ctx *ctx, const Json *source, const StrVec *names, Automatics *out);
/* The words of "fallback". */
size_t automatic_words(const Str **out);
/* What the value of a test means. */
AutomaticBin automatic_bin(const Automatic *rule, const FeelValue *value);

/* The error rate that n confirmed cases with these errors leave possible at 95 % (Clopper and
   Pearson, one-sided), from 0 to 1; of no case 1. */
double automatic_bound(int64_t errors, int64_t n);
/* How many confirmed in a row without an error show that a rule is below its target: the least n
   for which automatic_bound(0, n) is. */
int64_t automatic_needed(const Automatic *rule);
/* Of a hundred that it would move, how many a person confirms, after so many in a row without an
   error. */
int64_t automatic_rate(const Automatic *rule, int64_t run);

#endif
