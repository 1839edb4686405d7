/* entities: rows that become entities, in batches of one command each. */
#include "connect_int.h"

#include <stdlib.h>

enum { BATCH_ROWS = 1000, PAGE = 1000, UNREAD_MAX = 100 };

/* A row that waits for its command. */
typedef struct Waiting {
    const Entity *entity;
    size_t line;
    uint32_t rules;
    PartDid did;
    bool settled; /* unchanged, or listed already */
} Waiting;

/* An id that the file has had. */
typedef struct Seen {
    size_t line;
    uint64_t content;
    size_t times;
    bool listed; /* no row of it was taken yet */
} Seen;

typedef struct Entities {
    Map seen;     /* id to Seen, in the import's arena */
    Map prefixes; /* beginnings of ids, see entities_vanished */
    Map owners;   /* municipalities with whose codes the rows' own numbers begin; empty: none */
    Map unread;   /* how ids begin that listed rows have and don't tell whole */
    Map within;   /* what the file's rows have in the attributes by which a layout tells whose they
                     are */
    VEC(Waiting) waiting;
} Entities;

/* ---- rows ---- */

static uint64_t content_of(Arena *arena, const Entity *entity) {
    ArenaMark mark = arena_mark(arena);
    Buf to = buf_new(arena, CSV_LINE_MAX * 8);
    entity_encode(&to, entity);
    uint64_t hash = hash_fast(buf_str(&to));
    arena_rewind(arena, mark);
    return hash;
}

/* Equal rows of a file without a key are so many entities. */
static void number_equal(Import *import, Seen *seen, Entity *entity) {
    seen->times++;
    entity->id = str_fmt(import->work.arena, STR_FMT "-%zu", STR_ARG(entity->id), seen->times);
}

static Str within_of(const Import *import, Arena *arena, const Entity *entity) {
    Buf to = buf_new(arena, CSV_LINE_MAX);
    VEC_EACH (const Str, iri, &import->layout->within) {
        buf_add(&to, entity_text(entity, *iri));
        buf_add_char(&to, '\0');
    }
    return buf_str(&to);
}

static bool within_has(const Import *import, const Entities *entities, const Entity *entity) {
    Arena *scratch = import->work.scratch;
    if (!import->layout->within.len) return true; /* the ids tell */
    ArenaMark mark = arena_mark(scratch);
    bool has = map_has(&entities->within, within_of(import, scratch, entity));
    arena_rewind(scratch, mark);
    return has;
}

static bool hashed(const Import *import) {
    return str_find(import->layout->id, STR("{@hash}")) >= 0;
}

static void twice(Import *import, const CsvRow *row, const RowMade *made, const Seen *seen) {
    RowFault fault = {.line = row->line,
                      .value = made->entity->id,
                      .reason =
                          str_fmt(import->work.arena,
                                  "Line %zu has the same key with other values.", seen->line)};
    report_fault(import, &fault);
}

static Rc seen_add(Import *import, Entities *entities, Str id, const Seen *seen) {
    if (entities->seen.len == CONNECT_ROWS_MAX)
        return ctx_fail(import->ctx, RC_LIMIT, "too-many-rows", import->wish->path,
                        "A file has at most %d rows that become entities: split it.",
                        CONNECT_ROWS_MAX);
    Seen *kept = NEW(import->keep.arena, Seen);
    *kept = *seen;
    map_put(&entities->seen, str_dup(import->keep.arena, id), kept);
    return RC_OK;
}

/* Whose a number says that it is: two cities' parks may lie beside each other. */
static Str owner_of(Str id) {
    size_t at = id.len;
    while (at && id.ptr[at - 1] != ':')
        at--;
    return cell_municipality(str_sub(id, at, id.len));
}

/* A row that is taken says for which entities the file speaks. */
static void speaks_for(Import *import, Entities *entities, const RowMade *made) {
    Arena *keep = import->keep.arena;
    if (!map_has(&entities->prefixes, made->prefix))
        map_put(&entities->prefixes, str_dup(keep, made->prefix), entities);
    Str owner = owner_of(made->entity->id);
    if (!map_has(&entities->owners, owner))
        map_put(&entities->owners, str_dup(keep, owner), entities);
    if (!within_has(import, entities, made->entity))
        map_put(&entities->within, within_of(import, keep, made->entity), entities);
}

static Rc entities_row(Import *import, void *state, const CsvRow *row, RowMade *made) {
    Entities *entities = state;
    uint64_t content = content_of(import->work.scratch, made->entity);
    Seen now = {.line = row->line, .content = content, .times = 1};
    Seen *seen = map_get(&entities->seen, made->entity->id);
    bool taken = seen && !seen->listed;
    if (taken && hashed(import)) {
        number_equal(import, seen, made->entity);
    } else if (taken && seen->content != content) {
        twice(import, row, made, seen);
        return RC_OK;
    } else if (taken) {
        report_row(import, made->rules | 1u << RULE_DUPLICATE);
        return RC_OK;
    }
    if (seen && seen->listed)
        *seen = now;
    else
        TRY(seen_add(import, entities, made->entity->id, &now));
    speaks_for(import, entities, made);
    report_left_out(import, &made->left_out);
    vec_push(import->work.arena, &entities->waiting,
             (Waiting){.entity = made->entity, .line = row->line, .rules = made->rules});
    return RC_OK;
}

/* Of very many beginnings the one that all have stands for the rest. */
static void unread_add(Import *import, Entities *entities, Str beginning) {
    if (map_has(&entities->unread, beginning)) return;
    Str pattern = import->layout->id;
    if (entities->unread.len >= UNREAD_MAX)
        beginning = str_sub(pattern, 0, (size_t)str_find_char(pattern, '{'));
    map_put(&entities->unread, str_dup(import->keep.arena, beginning), entities);
}

/* What stands in a listed row is in the file all the same. */
static Rc entities_listed(Import *import, void *state, const CsvRow *row, const RowMade *made) {
    Entities *entities = state;
    if (str_empty(made->id)) {
        unread_add(import, entities, made->prefix);
        report_keyless(import, row->line);
        return RC_OK;
    }
    if (map_has(&entities->seen, made->id)) return RC_OK;
    return seen_add(import, entities, made->id, &(Seen){.line = row->line, .listed = true});
}

/* ---- commands ---- */

static PartImport *part_of(Import *import, Arena *arena, Waiting *waiting) {
    PartImport *part = NEW(arena, PartImport);
    *part = (PartImport){.actor = import->ctx->actor,
                         .tenant = import->ctx->tenant,
                         .id = waiting->entity->id,
                         .type = import->layout->type->iri,
                         .entity = waiting->entity,
                         .covers = &import->covers,
                         .did = &waiting->did};
    return part;
}

static void refuse(Import *import, Waiting *waiting) {
    const Error *error = &import->work.error;
    RowFault fault = {.line = waiting->line, .value = error->path, .reason = error->detail};
    report_fault(import, &fault);
    import->work.error = (Error){0};
    waiting->settled = true;
}

/* Looks at the newest state before anything is written: what is so already needs no command, and
   what the dictionary refuses, or is too large for an entity, is listed. */
static Rc foresee(Import *import, Waiting *waiting) {
    Ctx *ctx = &import->work;
    const Entity *before = NULL;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, waiting->entity->id, &before);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_NOT_FOUND) before = NULL;
    const PartImport *part = part_of(import, ctx->arena, waiting);
    const Delta *delta = part_import_delta(ctx->arena, before, part);
    if (!delta) {
        waiting->settled = true;
        import->report.unchanged++;
        report_row(import, waiting->rules);
        return RC_OK;
    }
    const Entity *after = delta_fold(ctx->arena, before, delta, 0, 0);
    if (entity_fits(ctx, after, entity_bytes_most(after)) != RC_OK ||
        dictionary_check(ctx, ctx->tenant->dictionary, after) != RC_OK) {
        refuse(import, waiting);
        return RC_OK;
    }
    waiting->did = before ? DID_UPDATE : DID_CREATE;
    return RC_OK;
}

static void settle(Import *import, Waiting *waiting) {
    Report *report = &import->report;
    size_t *counts[] = {[DID_NOTHING] = &report->unchanged,
                        [DID_CREATE] = &report->created,
                        [DID_UPDATE] = &report->updated,
                        [DID_REMOVE] = &report->removed};
    ++*counts[waiting->did];
    report_row(import, waiting->rules);
    waiting->settled = true;
}

/* One command for n rows from `from`, those that are settled left out. */
static Rc execute(Import *import, Entities *entities, size_t from, size_t n) {
    Command *command = part_command(import);
    size_t parts = 0;
    for (size_t i = from; i < from + n; i++) {
        Waiting *waiting = &entities->waiting.items[i];
        if (waiting->settled) continue;
        command_needs(command, waiting->entity->id);
        command_add(command, &part_import, part_of(import, command_arena(command), waiting));
        parts++;
    }
    Rc rc = parts ? part_execute(import, command) : RC_OK;
    command_free(command);
    return rc;
}

/* A command that is refused for one row is taken apart, so that only this row is listed. */
static Rc execute_single(Import *import, Entities *entities) {
    for (size_t i = 0; i < entities->waiting.len; i++) {
        Waiting *waiting = &entities->waiting.items[i];
        if (waiting->settled) continue;
        Rc rc = execute(import, entities, i, 1);
        if (rc == RC_INVALID || rc == RC_CONFLICT)
            refuse(import, waiting);
        else if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static Rc entities_flush(Import *import, void *state) {
    Entities *entities = state;
    Rc rc = RC_OK;
    for (size_t i = 0; i < entities->waiting.len && rc == RC_OK; i++)
        rc = foresee(import, &entities->waiting.items[i]);
    if (rc == RC_OK && !import->wish->dry_run)
        rc = execute(import, entities, 0, entities->waiting.len);
    if (rc == RC_INVALID || rc == RC_CONFLICT) rc = execute_single(import, entities);
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < entities->waiting.len; i++)
        if (!entities->waiting.items[i].settled) settle(import, &entities->waiting.items[i]);
    entities->waiting.len = entities->waiting.cap = 0;
    entities->waiting.items = NULL;
    return RC_OK;
}

Sink entities_sink(Import *import) {
    Entities *entities = NEW(import->keep.arena, Entities);
    entities->seen = map_new(import->keep.arena);
    entities->prefixes = map_new(import->keep.arena);
    entities->owners = map_new(import->keep.arena);
    entities->within = map_new(import->keep.arena);
    entities->unread = map_new(import->keep.arena);
    return (Sink){.state = entities,
                  .row = entities_row,
                  .listed = entities_listed,
                  .flush = entities_flush,
                  .batch = BATCH_ROWS};
}

/* ---- what is no longer in the file ---- */

/* The file speaks for all ids that begin as its own do, up to the last {} of the pattern: the
   AEDs of these municipalities, the accidents of this year. A number that begins with a
   municipality's code is that one's, for whom only a file with such numbers speaks. Where ids don't
   tell whose a thing is, the layout names what does: the gauges of these administrators. */
static bool in_range(const StrVec *prefixes, Str id) {
    size_t low = 0, high = prefixes->len;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (str_cmp(prefixes->items[middle], id) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && str_starts(id, prefixes->items[low - 1]);
}

/* Holds something that only this layout can have said, beside its key: a gauge that came with its
   readings has not vanished from the list of gauges. */
static bool of_layout(const Import *import, const Entity *entity) {
    VEC_EACH (const LayoutAttr, attr, &import->layout->attrs)
        if (!attr->attr->key && !attr->series && attr->way != WAY_NONE &&
            entity_attr(entity, attr->attr->iri))
            return true;
    return false;
}

static int by_bytes(const void *a, const void *b) {
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

typedef struct Gone {
    Import *import;
    Entities *entities;
    StrVec prefixes, ids, undecided;
    Str after; /* the last id of the page before */
    bool more;
} Gone;

static Rc gone_page(Gone *gone, const Match *match) {
    Import *import = gone->import;
    Ctx *ctx = &import->work;
    ProjectAnswer answer = {0};
    ProjectQuery query = {.match = match, .limit = PAGE, .after = gone->after};
    TRY(project_query(ctx, ctx->tenant->project, &query, &answer));
    for (size_t i = 0; i < answer.entities.len; i++) {
        const Entity *entity = answer.entities.items[i];
        gone->after = str_dup(import->keep.arena, entity->id);
        if (map_has(&gone->entities->seen, entity->id) || !of_layout(import, entity)) continue;
        bool spoken = in_range(&gone->prefixes, entity->id) &&
                      map_has(&gone->entities->owners, owner_of(entity->id));
        if (spoken && within_has(import, gone->entities, entity))
            vec_push(import->keep.arena, &gone->ids, gone->after);
    }
    gone->more = answer.more;
    return RC_OK;
}

/* Equal rows of a file without key carry a number that `seen` does not: "...-2". */
static bool numbered_twin(const Gone *gone, Str id) {
    for (size_t i = id.len; i > 0; i--) {
        if (id.ptr[i - 1] != '-') continue;
        const Seen *seen = map_get(&gone->entities->seen, str_sub(id, 0, i - 1));
        int64_t number;
        return seen && str_to_i64(str_sub(id, i, id.len), &number) &&
               number <= (int64_t)seen->times;
    }
    return false;
}

static Rc remove_some(Gone *gone, size_t from, size_t n) {
    Import *import = gone->import;
    Command *command = part_command(import);
    PartDid *did = NEW_ARRAY(command_arena(command), PartDid, n);
    for (size_t i = 0; i < n; i++) {
        PartImport *part = NEW(command_arena(command), PartImport);
        *part = (PartImport){.actor = import->ctx->actor,
                             .tenant = import->ctx->tenant,
                             .id = gone->ids.items[from + i],
                             .type = import->layout->type->iri,
                             .did = &did[i]};
        command_needs(command, part->id);
        command_add(command, &part_import, part);
    }
    Rc rc = part_execute(import, command);
    for (size_t i = 0; i < n && rc == RC_OK; i++)
        import->report.removed += did[i] == DID_REMOVE;
    command_free(command);
    return rc;
}

static Rc gone_find(Gone *gone, const Match *match) {
    gone->more = true;
    while (gone->more) {
        ArenaMark mark = arena_mark(gone->import->work.arena);
        TRY(gone_page(gone, match));
        arena_rewind(gone->import->work.arena, mark);
        TRY(ctx_check_deadline(&gone->import->work));
    }
    return RC_OK;
}

/* May a listed row whose key can't be read be about it? */
static bool maybe_there(const Gone *gone, Str id) {
    const Map *unread = &gone->entities->unread;
    for (size_t i = 0; i < unread->len; i++)
        if (str_starts(id, unread->items[i].key)) return true;
    return false;
}

static void gone_divide(Gone *gone) {
    size_t kept = 0;
    for (size_t i = 0; i < gone->ids.len; i++) {
        Str id = gone->ids.items[i];
        if (hashed(gone->import) && numbered_twin(gone, id)) continue;
        if (maybe_there(gone, id))
            vec_push(gone->import->keep.arena, &gone->undecided, id);
        else
            gone->ids.items[kept++] = id;
    }
    gone->ids.len = kept;
}

static void ids_tell(Import *import, const StrVec *ids, StrVec *to) {
    Arena *arena = import->ctx->arena;
    for (size_t i = 0; i < ids->len && i < CONNECT_LIST_MAX; i++)
        vec_push(arena, to, str_dup(arena, ids->items[i]));
}

static Rc gone_settle(Gone *gone) {
    Import *import = gone->import;
    gone_divide(gone);
    size_t kept = gone->ids.len;
    import->report.vanished = kept;
    import->report.undecided = gone->undecided.len;
    ids_tell(import, &gone->ids, &import->report.vanished_ids);
    ids_tell(import, &gone->undecided, &import->report.undecided_ids);
    if (!import->wish->replace) return RC_OK;
    if (import->wish->dry_run) {
        import->report.removed = kept;
        return RC_OK;
    }
    for (size_t i = 0; i < kept; i += BATCH_ROWS)
        TRY(remove_some(gone, i, kept - i < BATCH_ROWS ? kept - i : BATCH_ROWS));
    return RC_OK;
}

Rc entities_vanished(Import *import, void *state) {
    Gone gone = {.import = import, .entities = state};
    MatchSource source = {.type = import->layout->type->iri};
    Match *match;
    for (size_t i = 0; i < gone.entities->prefixes.len; i++)
        vec_push(import->keep.arena, &gone.prefixes, gone.entities->prefixes.items[i].key);
    if (!gone.prefixes.len) return RC_OK;
    qsort(gone.prefixes.items, gone.prefixes.len, sizeof(Str), by_bytes);
    TRY(match_compile(&import->work, ld_core(), &source, &match));
    Rc rc = gone_find(&gone, match);
    match_free(match);
    return rc == RC_OK ? gone_settle(&gone) : rc;
}
