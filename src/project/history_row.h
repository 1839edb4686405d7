/* history_row: the rows of the history projection: their keys and values, and how the instances
   that an entity begins with lie in one row.

   Keys: 'h' id NUL 'b' position ordinal → what the entity began with; 'h' id NUL 'e' → id and
   types, once they were said again; 'h' id NUL 'i' attribute time position place → an instance; 'a'
   attribute → its IRI. The attribute is 8 bytes of its SHA-256. The time is observedAt, else when
   it was written. What one entity has lies together, in the order in which windows are written. */
#ifndef PROJECT_HISTORY_ROW_H
#define PROJECT_HISTORY_ROW_H

#include "project_int.h"

enum {
    HISTORY_ATTR = 8,       /* bytes of an attribute in a key */
    HISTORY_KEY_MAX = 264,  /* bytes of a key */
    HISTORY_TIME_BACK = 24, /* from the end of an instance's key: time, position, ordinal, place */
    HISTORY_PLACE_BACK = 8,
};

/* 'h' id NUL, and the kind if it is not 0. */
void history_row_key(Buf *to, Str id, char kind);
/* The head of the keys of an attribute's instances. */
void history_row_series(Buf *to, Str id, Str attr);
Str history_row_name(Arena *arena, Str hash);

/* Which instance: urn:ngsi-ld:Instance:POSITION.ORDINAL.PLACE. */
typedef struct HistoryPlace {
    uint64_t position;
    uint32_t ordinal, place;
} HistoryPlace;
/* The place of the nth instance that a change sets, or of the nth that it removes: all differ.
   Corrections in the ledger name places, so they stay what they are. */
uint32_t history_row_nth(size_t n, bool removed);
void history_row_place(Buf *key, const HistoryPlace *place);
Str history_row_instance(Arena *arena, Str key);
/* False: it is none of ours. */
bool history_row_parse(Str instance, HistoryPlace *out);

/* at: the time in the key. made: when the instance was written first; TIME_NONE: now. */
typedef struct HistoryTimes {
    int64_t at, written, made;
} HistoryTimes;
HistoryTimes history_row_times(const Attr *attr, int64_t written, int64_t made);
void history_row_write(Arena *arena, Buf *to, const Attr *attr, const HistoryTimes *times);
Rc history_row_read(Ctx *ctx, Str iri, Str key, Str value, Attr *out);

typedef struct HistoryNumber {
    bool whole, observed;
    uint64_t bits;
    int64_t modified, made;
    Str unit;
} HistoryNumber;
/* False: the row is no plain number, or is cut short. */
bool history_row_number(Str value, HistoryNumber *out);
double history_row_double(const HistoryNumber *number);

/* What an entity began with. created_at is when, version where; an attribute's place is its index.
 */
typedef struct HistoryBegin {
    HistoryPlace place; /* of the change */
    const Entity *entity;
} HistoryBegin;
void history_row_begin(Arena *arena, Buf *to, const Entity *begun, const Fold *fold);
Rc history_row_begun(Ctx *ctx, Str key, Str value, HistoryBegin *out);

#endif
