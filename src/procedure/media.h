/* media: what kind of file some bytes are, told by the bytes, and the same file without what its
   maker didn't mean to send: place, camera, names, thumbnails. Pure. Include only procedure.h from
   outside. */
#ifndef PROCEDURE_MEDIA_H
#define PROCEDURE_MEDIA_H

#include "base/base.h"

typedef enum MediaKind {
    MEDIA_JPEG,
    MEDIA_PNG,
    MEDIA_WEBP,
    MEDIA_PDF,
    MEDIA_KINDS /* none of them */
} MediaKind;

MediaKind media_kind(Str bytes);
/* "image/jpeg" ... */
Str media_type(MediaKind kind);
MediaKind media_of_type(Str type);
bool media_is_photo(MediaKind kind);
/* A name that ends as files of the kind do: what it ended on otherwise would start something else
   where it is opened. */
Str media_name(Arena *arena, MediaKind kind, Str name);
/* The file as it is kept, in ctx->arena: of a photo what draws it (colour profile and orientation
   too), without Exif, XMP, IPTC, comments, texts, previews, and whatever lies behind its end. A PDF
   stays as it is. RC_INVALID "damaged": its parts don't fit together. */
Rc media_clean(Ctx *ctx, MediaKind kind, Str bytes, Str *out);

#endif
