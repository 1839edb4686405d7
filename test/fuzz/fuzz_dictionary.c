/* Declarations: any JSON compiles or is refused with file and sentence; what compiled checks
   entities and gives its context. */
#include "fuzz.h"

#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 16) return 0;
    Ctx ctx = {.arena = arena_new(256 << 20), .scratch = arena_new(1 << 20)};
    DictFile file = {.path = STR("Input.json")};
    const Dictionary *dictionary;
    Str text = {(const char *)data, size};
    if (json_read(&ctx, text, JSON_LIMITS_DEFAULT, &file.content) == RC_OK) {
        if (dictionary_compile(&ctx, &file, 1, true, &dictionary) == RC_OK) {
            const DictType *type = dictionary_at(dictionary, 0);
            Entity *entity = entity_new(ctx.arena, STR("urn:a:b"), type->iri);
            VEC_EACH (DictAttr, attr, &type->attrs)
                (void)entity_set_kind(ctx.arena, entity, attr->kind, attr->iri,
                                      json_of_str(STR("x")));
            Rc rc = dictionary_check(&ctx, dictionary, entity);
            assert(rc == RC_OK || ctx.error.detail.len > 0);
            assert(dictionary_context(ctx.arena, dictionary));
        } else {
            assert(str_starts(ctx.error.path, STR("Input.json")));
        }
    }
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return 0;
}
