/* host: under which names the city may be asked, and from which address a request comes. */
#include "gate_int.h"

#include <arpa/inet.h>
#include <string.h>

enum { ADDRESS_MAX = 64 };

/* "city.example.jp:8080" → "city.example.jp", "[::1]:8080" → "::1". */
Str host_name(Str header) {
    if (str_starts(header, STR("["))) {
        int64_t end = str_find_char(header, ']');
        return end < 0 ? header : str_sub(header, 1, (size_t)end);
    }
    int64_t colon = str_find_char(header, ':');
    return colon < 0 ? header : str_sub(header, 0, (size_t)colon);
}

bool host_is_address(Str name) {
    char text[ADDRESS_MAX];
    struct in6_addr to;
    if (!name.len || name.len >= sizeof text) return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = 0;
    return inet_pton(AF_INET, text, &to) == 1 || inet_pton(AF_INET6, text, &to) == 1;
}

bool host_allowed(const GateDoor *door, Str header) {
    if (!door->hosts) return true;
    Str name = host_name(header);
    VEC_EACH (const Str, known, door->hosts)
        if (str_eq_nocase(*known, name)) return true;
    return door->addresses && host_is_address(name);
}

static bool is_proxy(const GateDoor *door, Str peer) {
    for (size_t i = 0; door->proxies && i < door->proxies->len; i++)
        if (str_eq(http_unmapped(door->proxies->items[i]), peer)) return true;
    return false;
}

/* A proxy that nobody named makes one client of all who come through it. */
static void stranger_say(GateDoor *door) {
    if (atomic_exchange(&door->stranger_said, true)) return;
    log_warn("gate",
             "a request has X-Forwarded-For but comes from none of http.proxies, so it isn't "
             "believed: if a proxy stands in front, name its address there, or the limits "
             "of sign-ins, of holds and of requests (http.network-sends, http.network-reads) count "
             "all who come through it as one (said once)");
}

bool host_is_many(const GateDoor *door, const HttpExchange *x, Str client) {
    return is_proxy(door, client) || (str_eq(client, http_peer(x)) && http_peer_loopback(x));
}

/* The last element is what our own proxy saw; what stands before it anybody may have written. */
Str host_client(GateDoor *door, const HttpExchange *x) {
    Str peer = http_peer(x), forwarded = http_header(x, "x-forwarded-for"), part, last = STR_NONE;
    if (str_empty(forwarded)) return peer;
    if (!is_proxy(door, peer)) {
        stranger_say(door);
        return peer;
    }
    while (str_split(&forwarded, ',', &part))
        last = http_unmapped(str_trim(part));
    return host_is_address(last) ? last : peer;
}
