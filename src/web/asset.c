/* asset: finds the files of the bundle. */
#include "web_int.h"

/* Some dozen rows: looking through them costs less than a request's head. */
const WebAsset *web_asset(Str path) {
    for (size_t i = 0; i < web_n_assets; i++)
        if (str_eq(web_assets[i].path, path)) return &web_assets[i];
    return NULL;
}

const WebAsset *web_asset_named(Str name) {
    for (size_t i = 0; i < web_n_assets; i++)
        if (str_eq(web_assets[i].name, name)) return &web_assets[i];
    return NULL;
}

const WebAsset *web_asset_at(size_t index) {
    return index < web_n_assets ? &web_assets[index] : NULL;
}

const Json *web_asset_address(WebOut *o, const char *name) {
    const WebAsset *asset = web_asset_named(str_of(name));
    assert(asset); /* the template compiler has seen it in assets.txt */
    return web_string(o, asset->path);
}
