/* city_int: what the files that make up a running city share. */
#ifndef CLI_CITY_INT_H
#define CLI_CITY_INT_H

#include "city.h"
#include "control.h"

#include "broker/broker.h"
#include "gate/gate.h"
#include "http/http.h"
#include "insight/insight.h"
#include "ld/ld.h"
#include "meet/meet.h"
#include "open/open.h"
#include "procedure/procedure.h"
#include "project/project.h"
#include "web/web.h"

#include <pthread.h>
#include <stdatomic.h>

/* A file of starter/, inside the binary. */
typedef struct CityFile {
    const char *path, *begin, *end;
} CityFile;
extern const CityFile city_files[];
extern const size_t city_file_count;

enum { TENANTS_MAX = 64, THREADS_MAX = 256 };

struct City {
    Arena *arena;
    CityOptions options;
    Clock clock;
    Rand rand;
    const Dictionary *dictionary;
    HttpClient *client;
    HttpServer *server;
    ControlServer *control;
    GateDoor door;
    StrVec hosts, proxies;              /* of the door */
    StrVec notify_hosts, context_hosts; /* those named in CityOptions */
    Tenant *tenants[TENANTS_MAX];       /* those below the count are open, and stay so */
    _Atomic size_t tenant_count;
    pthread_mutex_t adding;         /* one tenant is added at a time; guards arena and threads */
    pthread_t threads[THREADS_MAX]; /* of the server, by their index */
    bool running[THREADS_MAX];
    VEC(PagesDemo) demos;
    PagesOptions pages;
};

bool city_on_loopback(const City *city);

/* tenant.c: one municipality. */
Rc tenant_open(Ctx *ctx, City *city, Str name, Tenant **out);
/* Lets it work by itself: expired holds, lotteries, releases. From here on it writes to its ledger,
   so what its folder was made for is known before. */
Rc tenant_start(Ctx *ctx, Tenant *tenant);
void tenant_close(Tenant *tenant);
/* Of a tenant that isn't the default one. */
bool tenant_name_good(Str name);
/* Makes the folder of a new one; one that is there and isn't served was left by an opening that
   failed. RC_CONFLICT: it is served. */
Rc tenant_make(Ctx *ctx, City *city, Str name, Str *folder);
/* city.c: makes a new one and opens it in the running city: its requests work when this returns. */
Rc city_add_tenant(Ctx *ctx, City *city, Str name, Str *folder);
/* Refuses a folder of break-glass looks that isn't there or lies in the data folder; warns of one
   on the same volume. */
Rc glass_check(Ctx *ctx, const City *city);
/* starter.c: an empty default tenant becomes まち市; one that holds a city already is refused. Demo
   accounts are made on the loopback only. */
Rc starter_fill(Ctx *ctx, City *city, Tenant *tenant);
/* starter_places.c: the places of まち市, from starter/places/ by the import that every city's
   files take; and up to now what its gauges and counters read, at each start, which is made up
   (starter_series.h). ctx->actor may import; ctx->db is set. A row that is listed is an error: the
   files are the program's own. */
Rc starter_places(Ctx *ctx);
Rc starter_readings(Ctx *ctx);
/* occasion.c: refuses to serve a folder in another way than it was made for: a city as a sandbox, a
   sandbox as a city, demo accounts to the world. Marks a new sandbox. */
Rc occasion_check(Ctx *ctx, const City *city);
/* DATA/keys/demo-accounts; unfinished: while the starter city is being made. */
Str starter_demo_file(const City *city, Arena *arena, bool unfinished);
/* Parsed JSON of a starter file. */
Rc starter_json(Ctx *ctx, Str path, const Json **out);

/* A Ctx of the operator of this machine, with the tenant's reader: for what the control socket
 * asks. */
typedef struct Inside {
    Ctx ctx;
    Reader *db;
} Inside;
Rc inside_of(Ctx *ctx, Tenant *tenant, Inside *inside);
/* Of the tenant that the request names; RC_NOT_FOUND. */
Rc inside_begin(Ctx *ctx, City *city, const Json *request, Inside *inside);
void inside_end(Ctx *ctx, Inside *inside); /* hands its error on */
/* {name: value}, {name: [items]} */
const Json *control_member(Arena *arena, const char *name, Str value);
const Json *control_list(Arena *arena, const char *name, const JsonItems *items);

/* control_people.c: accounts and their tokens. */
#define CONTROL_DOES(name)                                                                         \
    Rc name(void *arg, Ctx *ctx, const Json *request, ControlReply *reply, const Json **result)
CONTROL_DOES(control_token_create);
CONTROL_DOES(control_token_list);
CONTROL_DOES(control_token_revoke);
CONTROL_DOES(control_user_create);
CONTROL_DOES(control_user_posts);
CONTROL_DOES(control_user_list);
CONTROL_DOES(control_user_disable);
CONTROL_DOES(control_user_enable);
CONTROL_DOES(control_user_password);

/* control_erase.c: {"subject","as","reason","files","sure"}: {"subject","erased","kept"}, files. */
CONTROL_DOES(control_erase);

/* control_import.c */
Rc control_import(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                  const Json **result);
Rc control_export(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                  const Json **result);

/* The dictionary of starter/, compiled into the arena. */
Rc starter_dictionary(Ctx *ctx, Arena *arena, const Dictionary **out);

/* control_backup.c. Everything durable at the call is signed; says where each tenant lies. */
Rc control_checkpoint(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                      const Json **result);
/* {"to":FOLDER}: tenants/NAME and witness/NAME.witness, a line on progress for each. */
Rc control_backup(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                  const Json **result);
extern const ControlRow city_control_rows[];
extern const size_t city_control_count;

#endif
