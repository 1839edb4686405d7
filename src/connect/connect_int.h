/* connect_int: what the files of an import share. */
#ifndef CONNECT_CONNECT_INT_H
#define CONNECT_CONNECT_INT_H

#include "bring.h"
#include "connect.h"
#include "gate/gate.h"
#include "layout.h"
#include "project/project.h"
#include "row.h"

/* What came of a file. Lies in the caller's arena. */
typedef struct Report {
    size_t rows, imported, repaired, listed, blank; /* rows = imported + repaired + listed */
    size_t created, updated, unchanged;             /* entities, or readings of a series */
    size_t vanished, removed;                       /* removed: of a dry run those that would be */
    size_t undecided;         /* may have vanished, or be what a row without a readable key says */
    size_t keyless;           /* such rows; all of them are listed */
    size_t rules[RULE_COUNT]; /* rows that each rule repaired */
    RowFaults faults, left_out;
    size_t left_out_count;
    StrVec vanished_ids, undecided_ids;
    LineNumbers keyless_lines;
} Report;

typedef struct Import {
    Ctx *ctx; /* the caller's */
    Ctx work; /* its arena holds a batch */
    Ctx keep; /* its arena lives as long as the import */
    const ConnectWish *wish;
    Brought brought;
    char separator;
    size_t header_line;
    Layout *layout;
    StrVec covers; /* IRIs of the attributes that the file speaks of, readings left out */
    uint64_t head; /* leaves before the import */
    size_t taken;  /* rows read */
    Report report;
} Import;

/* A row counts once: as listed, or as imported or repaired by its rules. */
void report_row(Import *import, uint32_t rules);
void report_fault(Import *import, const RowFault *fault);
/* A listed row whose key can't be read. */
void report_keyless(Import *import, size_t line);
void report_left_out(Import *import, const RowFaults *cells);
const Json *report_json(Arena *arena, const Import *import);
/* Appends what a file said as a terminal may show it: controls and broken bytes as "\x1b",
 * "\u202e". */
void report_add(Buf *to, Str value);

/* ---- parts.c ---- */

typedef enum PartDid { DID_NOTHING, DID_CREATE, DID_UPDATE, DID_REMOVE } PartDid;

/* "import.entity": the entity gets what the row says; attributes that the file speaks of and the
   row leaves empty go. Nothing is written when that is so already. */
typedef struct PartImport {
    const Actor *actor;
    Tenant *tenant;
    Str id, type;
    const Entity *entity; /* NULL: the entity is removed */
    const StrVec *covers;
    PartDid *did; /* set when the part is applied */
} PartImport;
extern const PartKind part_import;
/* What the part would write on this state; NULL: nothing. */
Delta *part_import_delta(Arena *arena, const Entity *before, const PartImport *part);

/* "import.readings": instances of the temporal evolution; an entity that is not there begins with
   its key attributes. */
typedef struct PartReadings {
    const Actor *actor;
    Tenant *tenant;
    const Entity *bare; /* id, type and key attributes */
    const Entity *readings;
} PartReadings;
extern const PartKind part_readings;

/* May the actor import what this entity holds? */
Rc part_rights(Ctx *ctx, const Actor *actor, GateAction action, const Entity *entity);
/* Submits and waits; a full queue is waited for until the deadline. */
Rc part_execute(Import *import, Command *command);
Command *part_command(Import *import);

/* ---- entities.c and series.c: what rows become ---- */

typedef struct Sink {
    void *state;
    Rc (*row)(Import *import, void *state, const CsvRow *row, RowMade *made);
    /* a row that is listed, its fault told already; NULL: nobody asks */
    Rc (*listed)(Import *import, void *state, const CsvRow *row, const RowMade *made);
    Rc (*flush)(Import *import, void *state); /* writes what waits */
    size_t batch;                             /* rows after which the flush is due */
} Sink;
Sink entities_sink(Import *import);
Sink series_sink(Import *import);
/* After the last flush of entities: names those that vanished and removes them if asked to, and
   names those that a listed row without a readable key may be about, which stay. */
Rc entities_vanished(Import *import, void *state);

#endif
