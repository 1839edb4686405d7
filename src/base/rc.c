#include "rc.h"

const char *rc_name(Rc rc) {
    static const char *const names[] = {
        [RC_OK] = "ok",
        [RC_INVALID] = "invalid",
        [RC_DENIED] = "denied",
        [RC_NOT_FOUND] = "not found",
        [RC_CONFLICT] = "conflict",
        [RC_LIMIT] = "limit",
        [RC_BUSY] = "busy",
        [RC_FAILED] = "failed",
    };
    assert((size_t)rc < sizeof names / sizeof *names);
    return names[rc];
}
