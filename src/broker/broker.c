#include "broker_int.h"
#include "delivery.h"
#include "matcher.h"

Rc broker_open(Ctx *ctx, Tenant *tenant, const BrokerOptions *options) {
    Broker *broker = mem_zero(sizeof *broker);
    broker->pages = pages_new();
    broker->progress = options->progress;
    tenant->broker = broker;
    Rc rc = contexts_load(ctx, tenant);
    DeliveryOptions delivery = {.tenant = tenant,
                                .loopback = options->loopback,
                                .plain = options->plain,
                                .hosts = options->hosts,
                                .retry = options->retry};
    if (rc == RC_OK) rc = delivery_open(ctx, &delivery, &broker->delivery);
    if (rc != RC_OK) broker_close(tenant);
    return rc;
}

Rc broker_start(Ctx *ctx, Tenant *tenant) {
    return matcher_open(ctx, tenant, tenant->broker->delivery, &tenant->broker->matcher);
}

void broker_close(Tenant *tenant) {
    Broker *broker = tenant->broker;
    if (!broker) return;
    tenant->broker = NULL;
    matcher_close(broker->matcher);
    delivery_close(broker->delivery);
    pages_free(broker->pages);
    mem_free(broker);
}

uint64_t broker_matched(const Tenant *tenant) {
    return matcher_reached(tenant->broker->matcher);
}

uint64_t broker_short_cuts(const Tenant *tenant) {
    return pages_answered(tenant->broker->pages);
}

void broker_short_cut(const Tenant *tenant, bool on) {
    atomic_store(&tenant->broker->long_way, !on);
}

uint64_t broker_waiting(const Tenant *tenant) {
    return delivery_waiting(tenant->broker->delivery);
}
