/* layout: which of the dictionary's layouts a file has, and which columns say what. */
#ifndef CONNECT_LAYOUT_H
#define CONNECT_LAYOUT_H

#include "model/model.h"

typedef enum LayoutWay {
    WAY_CELL,   /* one column */
    WAY_FLAGS,  /* a column for each code; columns[i] is that of code i, or -1 */
    WAY_FAMILY, /* columns in the order of the list, or -1 */
    WAY_LATLON, /* two */
    WAY_PAIR,   /* one, "34.3,134.0" */
    WAY_GEO3X3,
    WAY_MESH,
    WAY_PARTS, /* date, clock (-1: none) */
    WAY_NONE,  /* no column in this file: only a default may say it */
} LayoutWay;

typedef struct LayoutAttr {
    const DictAttr *attr;
    LayoutWay way;
    VEC(int) columns;
    const Json *otherwise; /* the layout's default; NULL: none */
    bool series;           /* an instance of the evolution, at the row's time */
} LayoutAttr;

typedef struct Layout {
    const DictType *type;
    Str name, id; /* id: pattern of the entity's id */
    VEC(LayoutAttr) attrs;
    bool series;
    int time_column; /* of a series */
    Str time_order;  /* "m/d/y" or empty */
    StrVec within;   /* attributes whose values say for which entities a file speaks */
    StrVec headers;  /* as they stand in the file */
    StrVec unknown;  /* headers that say nothing to the dictionary */
    size_t known;    /* columns that say something */
} Layout;

/* The layout with most known columns among those whose recognising headers are all there.
   wanted: the name of the only one to be tried; empty: all. RC_NOT_FOUND when none fits. */
Rc layout_recognise(Ctx *ctx, const Dictionary *dictionary, const StrVec *headers, Str wanted,
                    Layout **out);
/* RC_NOT_FOUND, with a sentence that names what exists, when no layout has this name. */
Rc layout_named(Ctx *ctx, const Dictionary *dictionary, Str name, const DictType **type,
                const Json **layout);
/* A header as headers are compared. */
Str layout_header(Arena *arena, Str header);

#endif
