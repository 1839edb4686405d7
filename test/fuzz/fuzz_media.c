/* Files as they are uploaded: told or not, cleaned or refused within bounds; what was cleaned is of
   the same kind, and is left as it is when cleaned again. */
#include "fuzz.h"

#include "procedure/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 16) return 0;
    Arena *arena = arena_new(8 << 20);
    Ctx ctx = {.arena = arena, .scratch = arena};
    Str bytes = {(const char *)data, size}, out, again;
    MediaKind kind = media_kind(bytes);
    if (kind < MEDIA_KINDS && media_clean(&ctx, kind, bytes, &out) == RC_OK) {
        assert(out.len <= bytes.len + 64);
        assert(media_kind(out) == kind);
        assert(media_clean(&ctx, kind, out, &again) == RC_OK && str_eq(out, again));
    }
    arena_free(arena);
    return 0;
}
