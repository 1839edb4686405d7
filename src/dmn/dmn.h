/* dmn: rules as data (OMG DMN 1.5): FEEL expressions, decision tables, decision models. */
#ifndef DMN_DMN_H
#define DMN_DMN_H

#include "feel.h"
#include "model.h"
#include "table.h"

#endif
