/* What the tests of broker share: a sandbox city in this process, and a server that is notified. */
#ifndef TEST_BROKER_RIG_H
#define TEST_BROKER_RIG_H

#include "broker/delivery.h"
#include "broker/watch.h"
#include "cli/city.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* A notification that came. */
typedef struct Got {
    Str at; /* last part of the path */
    Str body, type, secret;
    int64_t when;
} Got;
typedef VEC(Got) Gots;

/* Answers POST /{at}: 200; "hang...": never; "fail2...": 503 twice, then 200; "gone...": 410;
   "down...": 503 until receiver_mend. */
typedef struct Receiver Receiver;
void receiver_mend(Receiver *receiver);
Receiver *receiver_start(int port); /* 0: any */
int receiver_port(const Receiver *receiver);
void receiver_stop(Receiver *receiver);
/* What has come for a path so far, in the arena. */
Gots receiver_got(Receiver *receiver, Arena *arena, Str at);
/* Waits up to ten seconds for n of them; what there is then. */
Gots receiver_wait(Receiver *receiver, Arena *arena, Str at, size_t n);

typedef struct Rig {
    char folder[64];
    Clock clock;
    Rand rand;
    Ctx ctx;
    City *city;
    Tenant *tenant;
    HttpClient *client;
    Receiver *receiver;
    int port;           /* of the receiver */
    const char *header; /* one more of each request, or NULL */
} Rig;

int rig_set_up(void **state);
int rig_tear_down(void **state);
void rig_close_city(Rig *rig);
void rig_open_city(Rig *rig);
/* Removes local.db of a closed city. */
void rig_lose_local(Rig *rig);
/* A request to the city; the body has each ' written as a quote. Gives the status. */
int rig_ask(Rig *rig, HttpMethod method, const char *target, const char *body);
/* The same, with the body of the answer. */
HttpReply rig_answer(Rig *rig, HttpMethod method, const char *target, const char *body);
/* The body of a GET that is answered 200. */
Str rig_read(Rig *rig, const char *target);
/* A subscription `more` of the path `at`: members in front of its notification. */
void rig_subscribe(Rig *rig, const char *at, const char *more);
/* Waits until all that was written has been matched and nothing waits to be sent. */
void rig_settle(Rig *rig);
/* The text with quotes for apostrophes. */
Str rig_json(Arena *arena, const char *text);
bool has(Str text, const char *part);

#endif
