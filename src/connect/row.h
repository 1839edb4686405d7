/* row: a row of a file becomes an entity, or says why it cannot. */
#ifndef CONNECT_ROW_H
#define CONNECT_ROW_H

#include "cell.h"
#include "csv.h"
#include "layout.h"

/* A cell that could not be understood. */
typedef struct RowFault {
    size_t line;
    Str column, value, reason;
} RowFault;

typedef VEC(RowFault) RowFaults;

typedef struct RowMade {
    Entity *entity; /* what the row says, without readings; NULL when the row is listed */
    Attrs readings; /* of a series: instances with observedAt */
    Str id;         /* of a listed row too, where its key can be read; else empty */
    Str prefix;     /* the id as far as the pattern's last {}, or as far as it can be read */
    uint32_t rules; /* bits 1 << CellRule */
    RowFault fault; /* of a row that is listed */
    RowFaults left_out;
} RowMade;

typedef struct RowSource {
    const Layout *layout;
    Str municipality; /* of {@municipality} */
} RowSource;

/* Everything lies in ctx->arena; never fails but by the row's own fault. */
void row_make(Ctx *ctx, const RowSource *source, const CsvRow *row, RowMade *out);

#endif
