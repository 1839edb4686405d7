/* lottery: computes the draw of a published lottery again (doc/lottery-format.md). */
#ifndef VERIFY_LOTTERY_H
#define VERIFY_LOTTERY_H

#include "wire.h"

#include <stdio.h>

/* Whose rank is asked for; NULL: nobody's. */
typedef struct LotteryWhose {
    const char *case_id, *salt;
} LotteryWhose;

/* Prints what was found: how many entered and won, or the first line that is not as it should be,
   with what was expected there. True: the file is sound (and whose is in it, when asked for). */
bool lottery_check(Slice file, const LotteryWhose *whose, FILE *to);

#endif
