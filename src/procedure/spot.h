/* spot: an answer that is a place: in words, and as a point on the map where one was given. Pure.
   Include only procedure.h from outside. */
#ifndef PROCEDURE_SPOT_H
#define PROCEDURE_SPOT_H

#include "form.h"

typedef struct Spot {
    Str text;
    Str latitude, longitude; /* as they were typed, or of the value; empty: none */
    bool located;            /* both are numbers on the earth */
    double north, east;      /* degrees; located only */
} Spot;
void spot_of(Arena *arena, const FormAnswer *answer, Spot *out);
/* What a case keeps: {"text", "latitude", "longitude"}, to a tenth of a metre; the point is left
   out where there is none. False: one was typed, but is none. */
bool spot_value(Arena *arena, const Spot *spot, FeelValue *out);
/* As it was typed: its words, else its point. */
Str spot_raw(Arena *arena, const FormAnswer *answer);
/* As a person reads it: the point behind the words. */
Str spot_text(Arena *arena, const FormAnswer *answer, bool english);

#endif
