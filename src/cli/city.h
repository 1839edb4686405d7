/* city: the running house: every tenant opened in order, the routes, the server and the control
 * socket. */
#ifndef CLI_CITY_H
#define CLI_CITY_H

#include "base/base.h"
#include "ledger/ledger.h"
#include "mail/mail.h"
#include "pay/pay.h"
#include "procedure/procedure.h"

#include <stdio.h>

typedef struct City City;

typedef struct CityOptions {
    Str data;     /* folder; created when absent */
    Str keys;     /* folder of tenant keys; empty: DATA/keys. Keep it on another volume */
    Str witness;  /* folder of witness files; empty: DATA/witness */
    int64_t idle; /* µs after which a session ends in which nothing is asked */
    bool staff_passkey, resident_passkey; /* officials, residents have to show one */
    Str leaked;                           /* filter of leaked passwords; empty: none */
    Str glass;     /* folder of break-glass looks, outside data; empty: none is taken */
    Str providers; /* file of outside providers of the default tenant; empty: none */
    Str host;
    int port;    /* 0: any that is free */
    Str hosts;   /* public names, by commas; empty: those of the listen address */
    Str proxies; /* trusted addresses, by commas */
    int network_sends, network_reads; /* requests a minute of one network; see GateDoor */
    bool secure;                      /* reached over https */
    bool plain;                       /* served in clear beyond this machine */
    int64_t hold_share;               /* percent of a day that holds without an account may take */
    int64_t admission_rate;           /* people a minute that waiting rooms let in */
    int64_t hold_network;             /* such holds of one network on one day */
    PayOptions pay;                   /* the provider of the default tenant */
    MailOptions mail;                 /* of the default tenant; site is the city's own to say */
    AttachLimits attach;              /* of files that are attached to applications */
    int loops, pool;                  /* threads; 0: by the machine */
    size_t body_memory;    /* bytes of requests' bodies held at once; 0: HttpOptions' default */
    int64_t wall_every;    /* µs between changes of the public wall; 0: one minute */
    int64_t release_every; /* µs between runs of decided releases; 0: one hour */
    bool starter;          /* fills an empty default tenant with まち市 */
    bool sandbox;          /* anyone may do everything; loopback only */
    bool loopback;         /* notifications may go to this machine and its link */
    bool notify_plain;     /* they, and a @context, by http:// elsewhere */
    Str notify_hosts, context_hosts; /* names to which they may go, by commas; empty: any */
    Str route_log;                   /* for tests: HttpOptions.route_log */
    FILE *progress;                  /* told what takes long; NULL: nobody */
} CityOptions;

/* Opens all tenants in DATA/tenants (the default one is made when absent) and starts serving. */
Rc city_open(Ctx *ctx, const CityOptions *options, City **out);
/* Stops serving, lets what runs finish, closes. NULL is allowed. */
void city_close(City *city);
int city_port(const City *city);
/* NULL: none of that name; "" is the default tenant. */
Tenant *city_tenant(City *city, Str name);
/* Prints addresses and demo accounts. */
void city_greet(const City *city, FILE *out);
/* A file of the starter city by its path under starter/; STR_NONE when there is none. */
Str city_starter_file(Str path);

#endif
