/* model: what the city holds, as NGSI-LD entities; the dictionary that declares its types; and
   match, the one exact evaluator of every condition. Pure: no I/O, no clock. Include only this
   header from outside. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "entity.h"
#include "attr_lookup.h"
#include "delta.h"
#include "dictionary.h"
#include "match.h"
#include "render.h"
#include "retention.h"

#endif
