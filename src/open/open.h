/* open: releases as data, and what they publish. A release says what becomes open and how; a run
   makes bytes of it, which stay under a permanent address as a version of a dataset. Data about
   people leaves through disclose/ only. */
#ifndef OPEN_OPEN_H
#define OPEN_OPEN_H

#include "decide/decide.h"
#include "gate/gate.h"
#include "ledger/ledger.h"
#include "project/project.h"

typedef struct Open Open;

typedef struct OpenOptions {
    const Json *const *releases; /* parsed starter/releases/?.json; live as long as the tenant */
    size_t release_count;
    const Json *districts; /* [{"id", "name": {ja, en}}], in the order of tables */
    const Json *classes;   /* [{"id", "label": {ja, en}}] */
    int64_t every;         /* µs between runs; 0: one hour */
} OpenOptions;

/* Reads the releases. RC_INVALID names the release and member. After project_new; its texts and
 * options live as long as the tenant. */
Rc open_open(Ctx *ctx, Tenant *tenant, const OpenOptions *options);
/* Starts the thread that runs all releases now, then every `every`; datasets of open types also
 * soon after something has changed. After the gate was opened. */
Rc open_start(Ctx *ctx, Tenant *tenant);
/* Stops the thread. Before project_stop. NULL room allowed. */
void open_close(Tenant *tenant);

/* Makes a new version of a dataset now, if it would differ from the newest, and issues former ones
   again where somebody left. RC_NOT_FOUND: there is no such dataset. RC_DENIED: the actor may not
   release. RC_CONFLICT: nothing is published: "not-decided", "review-due" (its definition has to be
   decided first, or again), "joint-check". Pool threads; one at a time. */
Rc open_run(Ctx *ctx, Str dataset);
/* All that are decided; goes on after a failure, and returns the first. */
Rc open_run_all(Ctx *ctx);

/* ---- a definition is decided before it runs, and again when it has changed ---- */

typedef enum OpenState {
    OPEN_NEW,     /* never decided: nothing runs */
    OPEN_DECIDED, /* what is declared is what was decided */
    OPEN_CHANGED, /* what was decided before goes on running */
    OPEN_DUE,     /* its review date has passed: nothing new is published */
    OPEN_WAITING, /* a proposal waits for its decision */
} OpenState;

typedef struct OpenDefinition {
    Str id;
    const Json *title;
    const Json *declared; /* starter/releases/ID.json, as it would be proposed */
    Str hash;             /* of it */
    OpenState state;
    Str proposal;     /* id of the newest Decision about it; empty: none */
    Str decision;     /* id of the Decision that holds; empty: none */
    Str decided_hash; /* of the definition that holds */
    int64_t decided_at;
    Date review;
} OpenDefinition;

size_t open_definition_count(const Tenant *tenant);
Rc open_definition_at(Ctx *ctx, size_t index, OpenDefinition *out);
/* RC_NOT_FOUND: no such definition. */
Rc open_definition(Ctx *ctx, Str id, OpenDefinition *out);
/* The post that decides. */
Str open_decider(const Tenant *tenant);

/* Drafts the decision: contents {"release", "definition", "found": what a run would publish and
   whether the joint check holds}. RC_CONFLICT "proposed": one waits already; "nothing-new": what
   is declared is decided; "review-past"; "joint-check". Pool threads. */
Rc open_propose(Ctx *ctx, Str id, Str *decision);

/* An act on the route of the newest proposal about a definition, as decide/ has it: person, post
   and day are set here. Once it is decided it runs at once. RC_CONFLICT "not-waiting": none was
   made; else errors of act_new. */
Rc open_act(Ctx *ctx, Str definition, const RouteAct *act);
/* The same on one proposal, the newest or one before. */
Rc open_act_on(Ctx *ctx, Str proposal, const RouteAct *act);
/* Its drafter hands in the newest proposal about a definition, with what is declared by now.
   RC_CONFLICT "not-newest", "review-past", "joint-check"; errors of act_amend. */
Rc open_amend(Ctx *ctx, Str proposal, const ActAmend *wish);
/* RC_DENIED: the actor may not release. */
Rc open_may_draft(Ctx *ctx);

/* ---- what is published; pool threads ---- */

typedef struct OpenFile {
    Str format; /* "csv", "json", "geojson" */
    Str digest; /* hex SHA-256 of the bytes: the ETag */
    int64_t bytes;
} OpenFile;

typedef struct OpenVersion {
    Str stamp;                /* "20261121T093000Z": part of the permanent address */
    int64_t issued, modified; /* µs; modified: issued again without those who left */
    Str horizon;              /* last month in it; empty: not by month */
    int64_t rows, suppressed;
    VEC(OpenFile) files;
    const Json *preview; /* {"columns": [], "rows": [[]]} */
} OpenVersion;
typedef VEC(OpenVersion) OpenVersions;

/* Texts are {"ja", "en"}. */
typedef struct OpenDataset {
    Str id;
    const Json *title, *description, *schedule, *contact;
    Str theme;
    const Json *theme_label; /* NULL: none */
    const Json *columns;     /* [{"name", "label", "type", "unit"}] */
    Str licence, licence_url;
    Str type;    /* term of the entity type, for the API; empty: none */
    int64_t k;   /* of counts and records about people; 0: not about people */
    bool optout; /* leaves out whoever opted out */
    bool published;
    OpenVersion latest; /* when published */
} OpenDataset;

/* How many datasets there may be, published or not; the nth. */
size_t open_count(const Tenant *tenant);
Rc open_at(Ctx *ctx, size_t index, OpenDataset *out);
/* RC_NOT_FOUND: no such dataset, or nothing is published of it. */
Rc open_dataset(Ctx *ctx, Str id, OpenDataset *out);
/* Newest first. */
Rc open_versions(Ctx *ctx, Str id, OpenVersions *out);
/* One version; RC_NOT_FOUND. */
Rc open_version(Ctx *ctx, Str id, Str stamp, OpenVersion *out);
const OpenFile *open_file(const OpenVersion *version, Str format); /* NULL: none */
Rc open_bytes(Ctx *ctx, const OpenFile *file, Str *bytes);
/* "text/csv; charset=utf-8" ...; STR_NONE for what is no format. */
Str open_content_type(Str format);

/* ---- catalogue: DCAT-AP 3 ---- */

typedef struct OpenCatalogue {
    Str base;              /* "https://data.example": addresses begin with it */
    const Json *publisher; /* {"ja", "en"} */
    Str only;              /* id of one dataset; empty: all */
} OpenCatalogue;
Rc open_catalogue_turtle(Ctx *ctx, const OpenCatalogue *what, Buf *to);
Rc open_catalogue_jsonld(Ctx *ctx, const OpenCatalogue *what, Buf *to);

/* ---- problem reports ---- */

typedef struct OpenReport {
    Str kind;  /* data, page, look, city */
    Str about; /* dataset, or empty */
    Str text, email;
} OpenReport;
enum { OPEN_REPORT_MAX = 4000 }; /* bytes of text */
typedef struct OpenReported {
    Str id;     /* of the entity: 26 random characters, so that it can be an unguessable address */
    Str number; /* "R-2026-000001" */
} OpenReported;
/* Keeps it, as an entity of type ProblemReport in state "open". about: a dataset, or "look-N" for
 * the look at position N. */
Rc open_report(Ctx *ctx, const OpenReport *report, OpenReported *out);
#define OPEN_REPORT_TYPE   LD_DEFAULT "ProblemReport"
#define OPEN_REPORT_PREFIX "urn:ngsi-ld:ProblemReport:"
/* What an official does with a report that he looked at: "doing", or "answered" with an answer that
   whoever reported reads. RC_CONFLICT "moved-on": it is another version now; RC_INVALID "missing".
 */
typedef struct OpenReportAct {
    Str id, state, answer;
    uint64_t version;
} OpenReportAct;
Rc open_report_act(Ctx *ctx, const OpenReportAct *act);

#endif
