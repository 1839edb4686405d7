/* cell: what is written in a cell becomes the value of an attribute, by the rules named here. */
#ifndef CONNECT_CELL_H
#define CONNECT_CELL_H

#include "model/model.h"

/* The repairs, each named in the report. One row of the table in cell_rule_name each. */
typedef enum CellRule {
    RULE_WIDTH,         /* full-width digits and letters */
    RULE_THOUSANDS,     /* 32,500 */
    RULE_UNIT,          /* 475㎡ */
    RULE_DASH,          /* another dash for a minus */
    RULE_DATE,          /* 2025/4/1, 7/1/24, 20250401 */
    RULE_WAREKI,        /* 令和7年4月1日, R7.4.1 */
    RULE_TIME_24,       /* 24:00 is the start of the next day */
    RULE_CLOCK,         /* 9時, 0900 */
    RULE_SWAPPED,       /* latitude and longitude in each other's place */
    RULE_DECIMALLESS,   /* 34866918 for 34.866918 */
    RULE_EXPONENT,      /* 2.22127E+5 for an identifier whose digits are all there */
    RULE_CHECK_DIGIT,   /* a municipality's code without its check digit, or its leading zero */
    RULE_MARK,          /* ○ and × for yes and no */
    RULE_SPELLING,      /* a spelling that the dictionary declares */
    RULE_SHORT_ROW,     /* cells at the end are missing */
    RULE_DUPLICATE,     /* the same row again */
    RULE_LINE_ENCODING, /* a line in CP932 in a file of UTF-8 */
    RULE_LEFT_OUT,      /* a cell that isn't needed could not be understood and was left out */
    RULE_COUNT,
} CellRule;
/* "thousands-separator". */
const char *cell_rule_name(CellRule rule);

/* A cell at work. */
typedef struct CellWork {
    Ctx *ctx;       /* values lie in ctx->arena */
    uint32_t rules; /* bits 1 << CellRule of what was done; collected over cells */
    Str why;        /* of CELL_BAD: a sentence */
} CellWork;

typedef enum CellState {
    CELL_VALUE, /* *out is the value */
    CELL_EMPTY, /* nothing is said */
    CELL_BAD,   /* work->why says what is wrong */
} CellState;

/* The municipality's code of 6 digits, its check digit included, with which a text begins, as
   identifiers of published lists do ("222127-001"); empty: it begins with none. */
Str cell_municipality(Str text);
/* Without blanks of any width at both ends. */
Str cell_trim(Str raw);
/* A cell of any kind but points, flag lists and families, by attr->value and its "csv". */
CellState cell_value(CellWork *work, const DictAttr *attr, Str raw, Json *out);
/* One element of a family: a number where the schema's items are, else a text. */
CellState cell_element(CellWork *work, const DictAttr *attr, Str raw, Json *out);
/* Whether a mark (○, 1, 有, ×, 無 ...) stands in it. */
CellState cell_mark(CellWork *work, Str raw, bool *out);
/* A bit into work->rules. */
void cell_rule(CellWork *work, CellRule rule);
CellState cell_number(CellWork *work, Str raw, double *out);
/* An instant; without a zone it is Japan's. order: csv.date or STR_NONE. */
CellState cell_time(CellWork *work, Str raw, Str order, int64_t *out);
/* date and clock in two cells. */
CellState cell_time_parts(CellWork *work, Str date, Str clock, Str order, int64_t *out);

/* Appends what may stand in a URN's part, the rest percent-encoded. */
void cell_uri(Buf *to, Str s);

/* Points as GeoJSON. */
CellState cell_point(CellWork *work, Str lat, Str lon, Json *out);
CellState cell_point_pair(CellWork *work, Str raw, Json *out);
CellState cell_point_geo3x3(CellWork *work, Str raw, Json *out);
CellState cell_point_mesh(CellWork *work, Str raw, Json *out);

#endif
