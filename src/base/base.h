/* base: what every room stands on, and knows no city. Include only this header from outside. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include "rc.h"
#include "str.h"
#include "arena.h"
#include "buf.h"
#include "vec.h"
#include "map.h"
#include "time.h"
#include "log.h"
#include "rand.h"
#include "hash.h"
#include "text.h"
#include "ctx.h"
#include "near.h"
#include "secret.h"
#include "settings.h"
#include "thread.h"

#endif
