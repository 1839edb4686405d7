/* Where the reader of FEEL stands in its text, and the words it takes there. */
#ifndef DMN_FEEL_SCAN_H
#define DMN_FEEL_SCAN_H

#include "feel_int.h"

typedef struct FeelScan {
    Ctx *ctx;
    Str text;
    size_t at;
    StrVec names;  /* that may hold blanks or signs; those of inner scopes are pushed and popped */
    bool of_input; /* `?` was read since it was last cleared */
    unsigned depth;
} FeelScan;

/* Moves over blanks and comments. */
void feel_scan_skip(FeelScan *scan);
/* Takes this punctuation after blanks. */
bool feel_scan_take(FeelScan *scan, const char *mark);
/* Whether it comes next; takes nothing. */
bool feel_scan_sees(FeelScan *scan, const char *mark);
/* Takes this keyword: the whole word. */
bool feel_scan_word(FeelScan *scan, const char *word);
/* RC_INVALID at the place: "column 7: ..." */
[[gnu::format(printf, 2, 3)]] Rc feel_scan_fail(FeelScan *scan, const char *format, ...);
/* Takes the mark or fails: what stands there is not what was expected. */
Rc feel_scan_expect(FeelScan *scan, const char *mark);
/* A name: the longest known one here, or a word that is no keyword. */
Rc feel_scan_name(FeelScan *scan, Str *out);
/* A number without sign; false when none begins here. */
bool feel_scan_number(FeelScan *scan, FeelValue *out);
/* A text behind its opening quote, escapes resolved. */
Rc feel_scan_string(FeelScan *scan, Str *out);
/* The name of a type, with what stands in <> behind it. */
Rc feel_scan_type(FeelScan *scan, Str *out);

#endif
