/* connect: how the city's files come in and go out: municipal CSV as it is found becomes entities
   and readings, by the layouts of the dictionary (starter/dictionary/README.md), through the gate
   and the ledger. */
#ifndef CONNECT_CONNECT_H
#define CONNECT_CONNECT_H

#include "base/base.h"
#include "csv.h"
#include "json/json.h"
#include "ledger/ledger.h"
#include "sheet.h"

enum {
    CONNECT_LIST_MAX = 2000,    /* listed rows, cells left out and vanished ids that a report names;
                                   the counts are always whole, and the report says when it was cut */
    CONNECT_SHOWN = 3,          /* rows of each reason that the text of a report names */
    CONNECT_ROWS_MAX = 2000000, /* rows of one file that become entities; readings: no bound */
};

/* Told now and then while a file is read. Another Rc than RC_OK ends the import between two
   commands; what was written stays, and importing again goes on from there. */
typedef struct ConnectProgress {
    Str file;
    size_t bytes, of; /* of the decoded text */
    size_t rows;
} ConnectProgress;
typedef Rc (*ConnectTell)(void *arg, Ctx *ctx, const ConnectProgress *progress);

typedef struct ConnectWish {
    Str path;         /* a file that this process may read; with bytes: only what it is called */
    Str bytes;        /* what the file would hold, instead of reading one; may be empty */
    Str layout;       /* name of the layout; empty: recognised by the headers */
    Str municipality; /* code for ids with {@municipality}; may be empty */
    bool dry_run;     /* everything but the writing */
    bool replace;     /* entities that are no longer in the file are removed */
    ConnectTell tell; /* may be NULL */
    void *tell_arg;
} ConnectWish;

/* Imports one file into ctx->tenant as ctx->actor, who needs the right to import (and to delete,
   with replace). ctx->db is set; pool threads. A row that is bad never fails the file. On RC_OK
   *report (README.md has its members) lies in ctx->arena. RC_NOT_FOUND: no such file, or no layout
   fits; RC_DENIED; RC_LIMIT: the file is too large, or ctx->deadline has passed. The second import
   of a file changes nothing. */
Rc connect_import(Ctx *ctx, const ConnectWish *wish, const Json **report);
/* A report as people read it: equal reasons together, with their first rows. */
void connect_report_text(Buf *to, const Json *report);

/* Writes all entities of a type as CSV (RFC 4180, UTF-8 with BOM, CR LF) with the headers of the
   present standard, in the order of ids. ctx->actor needs the right to export the type; attributes
   that are personal or sensitive are never in it, nor what he may not export. piece is called for
   each piece of the text, in order; another Rc than RC_OK ends it. RC_NOT_FOUND: the dictionary has
   no such type. Pool threads. */
typedef Rc (*ConnectPiece)(void *arg, Ctx *ctx, Str text);
typedef struct ConnectExport {
    Str type; /* term */
    ConnectPiece piece;
    void *arg;
} ConnectExport;
Rc connect_export(Ctx *ctx, const ConnectExport *wish, size_t *rows);

#endif
