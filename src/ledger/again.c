/* again: changes that were stored under the key of an undeclared type are appended again once the
   dictionary declares the type personal, and the type's key is destroyed (doc/ledger-format.md §6,
   Appending again). */
#include "ledger_int.h"

#include <string.h>

enum {
    WINDOW = 64,   /* leaves read at once */
    COPIES = 1000, /* events of one leaf of copies */
    COPIES_BYTES = 8 << 20,
    PLACE = 12, /* bytes of a position and an ordinal */
};
static const size_t work_arena = (size_t)16 << 30; /* what is known of all entities of a type */

#define DUE_SPACE   SPACE(STORE_LEDGER, "ledger")
#define DUE         STR("reclassify")
#define PLACE_SPACE SPACE(STORE_LEDGER, "again")

/* ---- which types ---- */

typedef struct TypeKey {
    Str iri, label; /* label: as the key's row and the statement have it */
    KeyId id;
} TypeKey;
typedef VEC(TypeKey) TypeKeys;

/* Keys of undeclared types that are declared personal now, and live. */
static Rc keys_due(Ctx *ctx, Ledger *ledger, TypeKeys *out) {
    const Dictionary *dictionary = ledger->options.dictionary;
    for (size_t i = 0; dictionary && i < dictionary_count(dictionary); i++) {
        const DictType *type = dictionary_at(dictionary, i);
        if (!record_is_personal(type)) continue;
        KeyScope scope = keys_scope_type(type->iri);
        KeyRow row;
        Rc rc = reader_key_of(ctx, ctx->db, keys_subject(&scope), keys_retention(&scope), &row);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        (void)vec_push(ctx->arena, out,
                       (TypeKey){.iri = type->iri,
                                 .label = str_dup(ctx->arena, keys_retention(&scope)),
                                 .id = seal_id_of(row.id)});
    }
    return RC_OK;
}

Rc ledger_reclassify_due(Ctx *ctx, Ledger *ledger, StrVec *types) {
    TypeKeys keys = {0};
    assert(ctx->db && "ledger_reclassify_due needs a Reader");
    TRY(keys_due(ctx, ledger, &keys));
    VEC_EACH (const TypeKey, key, &keys)
        (void)vec_push(ctx->arena, types, key->iri);
    return RC_OK;
}

/* ---- asking for it, on the writer's thread ---- */

typedef struct Reclassify {
    Ctx *caller; /* waits meanwhile, so its arena may be used */
    const CommandHead *head;
    StrVec *types;
} Reclassify;

static void leave_note(Arena *arena, Stage *stage, const StrVec *types) {
    JsonItems items = {0};
    VEC_EACH (const Str, iri, types)
        (void)vec_push(arena, &items, json_of_str(*iri));
    JsonMember *member = NEW(arena, JsonMember);
    Json *clear = NEW(arena, Json);
    *member = (JsonMember){STR("types"), json_of_items(items.items, items.len)};
    *clear = json_of_members(member, 1);
    stage_note(stage, &(StageNote){.kind = STR("reclassify"), .clear = clear});
}

static Rc reclassify_own(Ctx *ctx, Ledger *ledger, void *arg) {
    Reclassify *reclassify = arg;
    Commit *commit = &ledger->commit;
    TypeKeys keys = {0};
    TRY(commit_begin_own(ledger));
    TRY(keys_due(ctx, ledger, &keys));
    if (keys.len == 0) return RC_OK; /* nothing to do leaves nothing to say */
    VEC_EACH (const TypeKey, key, &keys)
        (void)vec_push(reclassify->caller->arena, reclassify->types, key->iri);
    leave_note(ctx->arena, &commit->stage, reclassify->types);
    Command *command = command_new(ledger, (CommandHead){0});
    Rc rc = commit_leaf(ledger, &command->id, reclassify->head);
    command_free(command);
    TRY(rc);
    TRY(writer_item(ctx, commit->writer, DUE_SPACE, DUE, STR("due")));
    return commit_end(ledger);
}

Rc ledger_reclassify(Ctx *ctx, Ledger *ledger, const CommandHead *head, StrVec *types) {
    return command_run_own(ctx, ledger, reclassify_own, &(Reclassify){ctx, head, types});
}

/* ---- where a copy is ---- */

static Str place_key(char to[PLACE], AgainOf of) {
    for (int i = 0; i < 8; i++)
        to[i] = (char)(of.position >> (56 - 8 * i));
    for (int i = 0; i < 4; i++)
        to[8 + i] = (char)(of.ordinal >> (24 - 8 * i));
    return (Str){to, PLACE};
}

static AgainOf place_read(Str bytes) {
    AgainOf of = {0};
    for (size_t i = 0; i < 8; i++)
        of.position = of.position << 8 | (unsigned char)bytes.ptr[i];
    for (size_t i = 8; i < PLACE; i++)
        of.ordinal = of.ordinal << 8 | (unsigned char)bytes.ptr[i];
    return of;
}

static Rc damaged(Ctx *ctx, AgainOf of) {
    return ctx_fail(ctx, RC_FAILED, "record-damaged", STR_NONE,
                    "What leaf %llu says was appended again, but isn't where it should be: check "
                    "the ledger by machi-verify, restore a backup.",
                    (unsigned long long)of.position);
}

static Rc copy_open(Ctx *ctx, AgainOf of, AgainOf at, StoredEvent *out) {
    Leaf leaf;
    LeafHead *head = NEW(ctx->arena, LeafHead);
    LeafEvent *event = NEW(ctx->arena, LeafEvent);
    WireIn in;
    Rc rc = reader_leaf(ctx, ctx->db, at.position, &leaf);
    if (rc == RC_NOT_FOUND) return damaged(ctx, of);
    TRY(rc);
    TRY(leaf_open(ctx, str_dup(ctx->arena, leaf.bytes), head, &in));
    if (at.ordinal >= head->events) return damaged(ctx, of);
    for (uint32_t i = 0; i <= at.ordinal; i++)
        TRY(leaf_next(ctx, &in, event));
    *out = (StoredEvent){head, at.ordinal, event};
    return str_eq(event->name, AGAIN) ? RC_OK : damaged(ctx, of);
}

Rc again_find(Ctx *ctx, AgainOf of, StoredEvent *out) {
    char key[PLACE];
    Str value;
    TRY(reader_item(ctx, ctx->db, PLACE_SPACE, place_key(key, of), &value));
    if (value.len != PLACE) return damaged(ctx, of);
    return copy_open(ctx, of, place_read(value), out);
}

Rc again_clear(Ctx *ctx, const LeafEvent *copy, Str *delta) {
    const Json *clear;
    TRY(json_read(ctx, copy->clear, (JsonLimits){.bytes = 128 << 20, .depth = 1000}, &clear));
    const Json *inner = json_get(clear, STR("delta"));
    Buf text = buf_new(ctx->arena, 128 << 20);
    if (!inner)
        return ctx_fail(ctx, RC_FAILED, "record-damaged", STR_NONE,
                        "A change that was appended again can't be read.");
    json_write(&text, inner);
    *delta = buf_str(&text);
    return buf_rc(&text);
}

Str again_wrap(Arena *arena, AgainOf of, Str delta) {
    Buf text = buf_new(arena, delta.len + 128);
    buf_add(&text, STR("{\"of\":["));
    buf_add_i64(&text, (int64_t)of.position);
    buf_add_char(&text, ',');
    buf_add_i64(&text, of.ordinal);
    buf_add(&text, STR("],\"delta\":"));
    buf_add(&text, delta);
    buf_add_char(&text, '}');
    return buf_str(&text);
}

/* ---- appending, at the opening ---- */

typedef struct Copy {
    AgainOf of;
    const Delta *delta;
    const Entity *whole;
} Copy;

/* An entity's types and subject as of the event at hand; NULL: it ended. */
typedef struct Known {
    const Entity *entity;
} Known;

/* One pass over the ledger. */
typedef struct Pass {
    Ledger *ledger;
    const TypeKeys *keys;
    Ctx ctx;    /* its arena holds what waits to be appended */
    Arena *old; /* holds what is known of the entities */
    Map known;  /* id → Known */
    VEC(Copy) copies;
    uint64_t appended;
} Pass;

static bool under_type_key(const Pass *pass, const LeafEvent *event) {
    if (event->kind != EVENT_CHANGE || event->sealed.len == 0) return false;
    VEC_EACH (const TypeKey, key, pass->keys) {
        if (seal_id_same(&event->sealed.items[0].key, &key->id)) return true;
    }
    return false;
}

static Rc copies_write(Pass *pass) {
    Commit *commit = &pass->ledger->commit;
    char key[PLACE], value[PLACE];
    TRY(commit_begin_own(pass->ledger));
    uint64_t position = stage_position(&commit->stage);
    VEC_EACH (const Copy, copy, &pass->copies)
        stage_again(&commit->stage, copy->of, copy->delta, copy->whole);
    Command *command = command_new(pass->ledger, (CommandHead){0});
    const CommandHead head = {.kind = STR("ledger.again"), .channel = STR("timer")};
    Rc rc = commit_leaf(pass->ledger, &command->id, &head);
    command_free(command);
    TRY(rc);
    for (uint32_t i = 0; i < pass->copies.len; i++)
        TRY(writer_item(&commit->ctx, commit->writer, PLACE_SPACE,
                        place_key(key, pass->copies.items[i].of),
                        place_key(value, (AgainOf){position, i})));
    return commit_end(pass->ledger);
}

static Rc copies_flush(Pass *pass) {
    if (pass->copies.len == 0) return RC_OK;
    Rc rc = copies_write(pass);
    if (rc != RC_OK) {
        const Error *error = &pass->ledger->commit.ctx.error;
        return ctx_fail(&pass->ctx, rc, "again", STR_NONE, STR_FMT, STR_ARG(error->detail));
    }
    pass->appended += pass->copies.len;
    pass->copies.items = NULL;
    pass->copies.len = pass->copies.cap = 0;
    return RC_OK;
}

static bool says_the_same(const Pass *pass, const Entity *before, const Entity *after) {
    const Dictionary *dictionary = pass->ledger->options.dictionary;
    if (!before || !after) return before == after;
    if (before->types.len != after->types.len) return false;
    for (size_t i = 0; i < after->types.len; i++)
        if (!str_eq(before->types.items[i], after->types.items[i])) return false;
    return str_eq(dictionary_subject(dictionary, before), dictionary_subject(dictionary, after));
}

/* What says which values of an entity are sealed, and for whom: its types and its subject. */
static void remember(Pass *pass, Str id, const Entity *entity) {
    Known *known = map_get(&pass->known, id);
    if (!known) {
        known = NEW(pass->old, Known);
        map_put(&pass->known, str_dup(pass->old, id), known);
    }
    known->entity = NULL;
    if (!entity) return;
    SealRule rule = record_rule(pass->ledger->options.dictionary, entity);
    Entity little = *entity;
    little.attrs = (Attrs){0};
    VEC_EACH (const Attr, attr, &entity->attrs) {
        if (record_names_subject(&rule, attr->name))
            (void)vec_push(pass->ctx.arena, &little.attrs, *attr);
    }
    known->entity = entity_dup(pass->old, &little);
}

/* Its types stand in clear. An entity may have been of a declared type before it was of none. */
static bool mentions(const Pass *pass, const LeafEvent *event) {
    VEC_EACH (const TypeKey, key, pass->keys) {
        if (str_find(event->clear, key->iri) >= 0) return true;
    }
    return false;
}

static bool concerns(const Pass *pass, const LeafEvent *event) {
    if (event->kind != EVENT_CHANGE) return false;
    return map_get(&pass->known, event->about) || mentions(pass, event);
}

/* What changes nothing needs no copy. */
static Rc copy_take(Pass *pass, AgainOf of, const Delta *delta, const Entity *whole) {
    StoredEvent copy;
    Rc rc = again_find(&pass->ctx, of, &copy);
    if (rc == RC_NOT_FOUND && whole)
        (void)vec_push(pass->ctx.arena, &pass->copies, (Copy){of, delta, whole});
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static Rc event_take(Pass *pass, StoredEvent place) {
    Ctx *ctx = &pass->ctx;
    AgainOf of = {place.head->position, place.ordinal};
    bool under = under_type_key(pass, place.event), erased = false;
    Delta *delta;
    if (!under && !concerns(pass, place.event)) return RC_OK;
    TRY(read_delta(ctx, pass->ledger, &place, &delta, &erased));
    const Known *known = map_get(&pass->known, delta->id);
    const Entity *before = known ? known->entity : NULL;
    const Entity *after = delta_fold(ctx->arena, before, delta, of.position, place.head->time);
    if (under) TRY(copy_take(pass, of, delta, after ? after : before));
    if (!says_the_same(pass, before, after)) remember(pass, delta->id, after);
    return RC_OK;
}

static Rc leaf_take(Pass *pass, Str bytes) {
    LeafHead *head = NEW(pass->ctx.arena, LeafHead);
    WireIn in;
    TRY(leaf_open(&pass->ctx, bytes, head, &in));
    for (uint32_t i = 0; i < head->events; i++) {
        LeafEvent event;
        TRY(leaf_next(&pass->ctx, &in, &event));
        TRY(event_take(pass, (StoredEvent){head, i, &event}));
    }
    return leaf_end(&pass->ctx, &in);
}

static Rc pass_window(Pass *pass, uint64_t from) {
    LeafBytes leaves;
    LeafSlice slice = {from, WINDOW};
    TRY(read_leaves(&pass->ctx, pass->ctx.db, pass->ctx.arena, slice, &leaves));
    VEC_EACH (const Str, bytes, &leaves) {
        TRY(leaf_take(pass, *bytes));
        if (pass->copies.len >= COPIES || arena_used(pass->ctx.arena) >= COPIES_BYTES)
            TRY(copies_flush(pass));
    }
    if (pass->copies.len == 0) arena_reset(pass->ctx.arena);
    return RC_OK;
}

static Rc append_again(Ctx *ctx, Ledger *ledger, const TypeKeys *keys, uint64_t *appended) {
    Pass pass = {.ledger = ledger, .keys = keys, .ctx = *ctx, .old = arena_new(work_arena)};
    pass.ctx.arena = arena_new(work_arena);
    pass.ctx.db = ledger->commit.reader;
    pass.known = map_new(pass.old);
    uint64_t head = ledger_head(ledger);
    Rc rc = RC_OK;
    for (uint64_t from = 1; from <= head && rc == RC_OK; from += WINDOW)
        rc = pass_window(&pass, from);
    if (rc == RC_OK) rc = copies_flush(&pass);
    if (rc != RC_OK) {
        Str why = str_dup(ctx->arena, pass.ctx.error.detail);
        rc = ctx_fail(ctx, rc, "again", STR_NONE,
                      "Appending again what is personal now failed: " STR_FMT, STR_ARG(why));
    }
    *appended = pass.appended;
    arena_free(pass.ctx.arena);
    arena_free(pass.old);
    return rc;
}

/* ---- at the opening ---- */

static Rc asked_for(Ctx *ctx, Ledger *ledger, bool *out) {
    Str value;
    Rc rc = reader_item(ctx, ledger->commit.reader, DUE_SPACE, DUE, &value);
    *out = rc == RC_OK;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static Rc no_longer_asked(Ctx *ctx, Ledger *ledger) {
    Writer *writer = ledger->commit.writer;
    TRY(writer_begin(ctx, writer));
    TRY(writer_item(ctx, writer, DUE_SPACE, DUE, STR_NONE));
    return writer_commit(ctx, writer);
}

static Rc carry_out(Ctx *ctx, Ledger *ledger, const TypeKeys *keys) {
    uint64_t appended;
    TRY(append_again(ctx, ledger, keys, &appended));
    TRY(ledger_forget_state(ctx, ledger));
    VEC_EACH (const TypeKey, key, keys)
        TRY(erase_type(ctx, ledger, key->label));
    log_info("ledger", "%llu changes of %zu types were appended again; their keys are destroyed",
             (unsigned long long)appended, keys->len);
    return RC_OK;
}

Rc again_recover(Ctx *ctx, Ledger *ledger) {
    Ctx inner = *ctx;
    TypeKeys keys = {0};
    bool asked;
    TRY(asked_for(ctx, ledger, &asked));
    if (!asked && !ledger->again_due) return RC_OK;
    inner.db = ledger->commit.reader;
    Rc rc = keys_due(&inner, ledger, &keys);
    inner.db = ctx->db; /* another one follows */
    if (rc == RC_OK && keys.len) rc = carry_out(&inner, ledger, &keys);
    ctx->error = inner.error;
    TRY(rc);
    return asked ? no_longer_asked(ctx, ledger) : RC_OK;
}
