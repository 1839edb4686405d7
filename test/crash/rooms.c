/* The rooms over a crashed city's ledger: every follower there is, and the broker with one
   subscription. */
#include "rooms.h"

#include "broker/subscription.h"
#include "insight/insight_int.h"
#include "ld/ld.h"
#include "procedure/inbox.h"

#define SUBSCRIPTION "urn:ngsi-ld:Subscription:crash"

static Rc followers_start(City *city, Rooms *rooms) {
    Ctx *ctx = &city->ctx;
    Follower wall = tally_follower(NULL);
    wall.committed = NULL; /* there is no wall to wake */
    TRY(project_new(ctx, &rooms->tenant, &rooms->project));
    project_add(rooms->project, inbox_follower(&rooms->tenant));
    project_add(rooms->project, wall);
    project_add(rooms->project, effect_follower());
    return project_start(ctx, rooms->project);
}

static Rc parsed(City *city, const char *text, const Json **out) {
    Ctx lasting = city->ctx;
    lasting.arena = city->arena;
    return json_read(&lasting, str_of(text), JSON_LIMITS_DEFAULT, out);
}

static Rc subscribe(City *city, int port) {
    Arena *arena = city->ctx.arena;
    SubscriptionParts parts = {.id = STR(SUBSCRIPTION),
                               .context = ld_context_source(ld_core()),
                               .owner = gate_actor_write(arena, gate_system_actor(), STR_NONE)};
    TRY(parsed(city,
               str_fmt(arena,
                       "{\"type\":\"Subscription\",\"entities\":[{\"type\":\"" SENSOR
                       "\",\"idPattern\":\"^urn:x:slot:\"}],\"notificationTrigger\":"
                       "[\"entityCreated\",\"entityUpdated\"],\"notification\":{\"format\":"
                       "\"keyValues\",\"endpoint\":{\"uri\":\"http://127.0.0.1:%d/notified\"}}}",
                       port)
                   .ptr,
               &parts.document));
    Entity *entity = subscription_entity(arena, &parts);
    Delta delta = {.op = DELTA_PUT, .id = entity->id, .after = entity};
    Rc rc = city_put(city, &delta, PUT_ABSENT, 0, NULL);
    return rc == RC_CONFLICT ? RC_OK : rc;
}

static Rc broker_begin(City *city, Rooms *rooms, int port) {
    Ctx *ctx = &city->ctx;
    GateOptions gate = {0};
    TRY(parsed(city,
               "[{\"effect\":\"permit\",\"kinds\":[\"system\"],"
               "\"why\":\"What the city subscribes to.\"}]",
               &gate.policies));
    TRY(parsed(city, "{}", &gate.organisation));
    TRY(gate_open(ctx, &rooms->tenant, &gate));
    TRY(subscribe(city, port));
    TRY(broker_open(ctx, &rooms->tenant,
                    &(BrokerOptions){.loopback = true,
                                     .retry = TIME_SECOND / 100,
                                     .progress = TIME_SECOND / 300}));
    return broker_start(ctx, &rooms->tenant);
}

Rc rooms_open(City *city, Rooms *rooms, int port) {
    *rooms = (Rooms){.tenant = {.folder = city->folder,
                                .dictionary = city->dictionary,
                                .ledger = city->ledger,
                                .contexts = ld_cache_new((LdCacheOptions){.max_count = 10})}};
    city->ctx.tenant = &rooms->tenant;
    TRY(followers_start(city, rooms));
    if (!port) return RC_OK;
    TRY(project_expire(&city->ctx, rooms->project));
    return broker_begin(city, rooms, port);
}

void rooms_close(City *city, Rooms *rooms) {
    broker_close(&rooms->tenant);
    project_stop(rooms->project);
    gate_close(&rooms->tenant);
    ld_cache_free(rooms->tenant.contexts);
    city->ctx.tenant = NULL;
}
