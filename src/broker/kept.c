/* kept: rendered answers kept beside the newest versions (DESIGN 5). What is kept is what was drawn
   for the same sight of the gate, so it needs no view of its own; a look is never kept. */
#include "broker_int.h"

bool kept_key(const Request *request, const RenderOptions *options, RenderKey *out) {
    bool particular = options->pick.len || options->omit.len || options->dataset_ids.len ||
                      !str_empty(options->lang) || options->links ||
                      !str_empty(options->geometry_property);
    *out = (RenderKey){.sight = gate_sight(request->ctx),
                       .context = ld_context_key(request->context),
                       .form = (uint64_t)options->format << 3 | (uint64_t)options->sys_attrs << 2 |
                               (uint64_t)options->geojson << 1 | (options->at_context != NULL)};
    return !particular && out->sight && !atomic_load(&request->tenant->broker->long_way);
}

const Str *kept_find(const Version *newest, const RenderKey *key) {
    return newest && !version_gone(newest) ? version_rendered(newest, key) : NULL;
}

void kept_put(const Request *request, const Entity *shown, const Rendering *rendering) {
    Ledger *ledger = request->tenant->ledger;
    const Version *version = ledger_version(ledger, shown->id);
    bool newest = version && !version_gone(version) && version_position(version) == shown->version;
    if (newest && !entity_expires(shown)) version_render_keep(ledger, version, rendering);
}
