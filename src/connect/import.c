/* import: a file from its bytes to the report. */
#include "connect_int.h"

enum { HEADER_ROWS = 30, TELL_EVERY = 1000, HEADERS_SHOWN = 1024 };
#define BATCH_ARENA_MAX ((size_t)1 << 30)

/* ---- which layout ---- */

/* The first record of the file's head that some layout recognises, with this separator. */
static Rc header_find(Import *import, char separator, Layout **best) {
    Ctx *ctx = &import->keep;
    Csv csv = {.text = import->brought.text, .line = 1, .separator = separator};
    CsvRow row;
    Layout *layout;
    for (int i = 0; i < HEADER_ROWS; i++) {
        Rc rc = csv_next(ctx, &csv, &row);
        if (rc == RC_NOT_FOUND) return RC_OK;
        if (rc != RC_OK) return rc;
        if (layout_recognise(ctx, ctx->tenant->dictionary, &row.cells, import->wish->layout,
                             &layout) != RC_OK)
            continue;
        if (*best && (*best)->known >= layout->known) return RC_OK;
        *best = layout;
        import->separator = separator;
        import->header_line = row.line;
        return RC_OK;
    }
    return RC_OK;
}

static Rc unknown_layout(Import *import) {
    Str text = import->brought.text;
    if (str_empty(str_trim(text)))
        return ctx_fail(import->ctx, RC_INVALID, "empty-file", import->wish->path,
                        "The file is empty.");
    const char *seems = import->brought.unlike;
    if (seems && str_eq(str_of(seems), STR("no text")))
        return ctx_fail(import->ctx, RC_INVALID, "no-text", import->wish->path,
                        "The file is no text in UTF-8 or CP932: save it as CSV with the program "
                        "that made it.");
    if (seems)
        return ctx_fail(import->ctx, RC_INVALID, "other-encoding", import->wish->path,
                        "The file is in %s, as it seems: save it as UTF-8 or CP932 (Shift_JIS).",
                        seems);
    ptrdiff_t end = str_find_char(text, '\n');
    Str first = str_head(str_trim(str_sub(text, 0, end < 0 ? text.len : (size_t)end)), 160);
    Buf shown = buf_new(import->ctx->arena, HEADERS_SHOWN);
    report_add(&shown, first);
    if (import->wish->layout.len) {
        const DictType *type;
        const Json *layout;
        TRY(layout_named(import->ctx, import->ctx->tenant->dictionary, import->wish->layout, &type,
                         &layout));
    }
    return ctx_fail(import->ctx, RC_NOT_FOUND, "unknown-layout", import->wish->path,
                    "No layout of the dictionary has these headers%s: \"" STR_FMT
                    "\". Declare one in the type's \"files\".",
                    import->wish->layout.len ? " (only the one named was tried)" : "",
                    STR_ARG(buf_str(&shown)));
}

static Rc layout_find(Import *import) {
    static const char separators[] = {',', '\t', ';'};
    Error limit = {0}; /* what the first separator met */
    for (size_t i = 0; i < sizeof separators; i++)
        if (header_find(import, separators[i], &import->layout) != RC_OK && limit.rc == RC_OK)
            limit = import->keep.error;
    if (!import->layout) {
        if (limit.rc == RC_OK) return unknown_layout(import);
        import->ctx->error = limit;
        return limit.rc;
    }
    VEC_EACH (LayoutAttr, attr, &import->layout->attrs)
        if (!attr->series && attr->way != WAY_NONE)
            vec_push(import->keep.arena, &import->covers, attr->attr->iri);
    return RC_OK;
}

/* Asked before anything is read, so that a refusal is one sentence; the parts ask again. */
static Rc rights(Import *import) {
    Entity *probe = entity_new(import->keep.arena, STR("urn:x:x"), import->layout->type->iri);
    VEC_EACH (LayoutAttr, attr, &import->layout->attrs)
        entity_set(import->keep.arena, probe, attr->attr->iri, json_of_bool(true));
    TRY(part_rights(import->ctx, import->ctx->actor, ACT_IMPORT, probe));
    return import->wish->replace ? part_rights(import->ctx, import->ctx->actor, ACT_DELETE, probe)
                                 : RC_OK;
}

/* ---- rows ---- */

static Rc tell(Import *import, const Csv *csv) {
    ConnectProgress progress = {
        .file = import->wish->path, .bytes = csv->at, .of = csv->text.len, .rows = import->taken};
    if (!import->wish->tell) return RC_OK;
    return import->wish->tell(import->wish->tell_arg, import->ctx, &progress);
}

/* Lines in CP932 within a file of UTF-8. */
static bool line_mended(const Import *import, size_t *at, const CsvRow *row, size_t end) {
    const LineNumbers *mended = &import->brought.mended;
    while (*at < mended->len && mended->items[*at] < row->line)
        ++*at;
    return *at < mended->len && mended->items[*at] < end;
}

static Rc flush(Import *import, Sink *sink, const Csv *csv) {
    TRY(ctx_check_deadline(&import->work));
    TRY(sink->flush(import, sink->state));
    arena_reset(import->work.arena);
    return tell(import, csv);
}

/* One row, made and handed to the sink. */
static Rc take(Import *import, Sink *sink, const CsvRow *row, bool mended) {
    RowSource source = {.layout = import->layout, .municipality = import->wish->municipality};
    RowMade made;
    row_make(&import->work, &source, row, &made);
    if (mended) made.rules |= 1u << RULE_LINE_ENCODING;
    if (made.entity) return sink->row(import, sink->state, row, &made);
    report_fault(import, &made.fault);
    return sink->listed ? sink->listed(import, sink->state, row, &made) : RC_OK;
}

static Rc rows(Import *import, Sink *sink) {
    Csv csv = {.text = import->brought.text, .line = 1, .separator = import->separator};
    CsvRow row;
    size_t mended = 0;
    for (;;) {
        Rc rc = csv_next(&import->work, &csv, &row);
        if (rc == RC_NOT_FOUND) break;
        if (rc != RC_OK) return rc;
        if (row.line <= import->header_line) continue;
        if (row.blank && !row.unclosed) {
            import->report.blank++;
            continue;
        }
        TRY(take(import, sink, &row, line_mended(import, &mended, &row, csv.line)));
        if (++import->taken % TELL_EVERY == 0) TRY(tell(import, &csv));
        if (import->taken % sink->batch == 0) TRY(flush(import, sink, &csv));
    }
    return flush(import, sink, &csv);
}

/* ---- the record ---- */

static Rc note(Import *import) {
    const Report *report = &import->report;
    Command *command = part_command(import);
    Arena *arena = command_arena(command);
    Str digest = {(const char *)import->brought.digest.bytes, sizeof(Digest)};
    JsonMember members[] = {
        {STR("layout"), json_of_str(import->layout->name)},
        {STR("sha256"), json_of_str(hash_hex(arena, digest))},
        {STR("rows"), json_of_int((int64_t)report->rows)},
        {STR("imported"), json_of_int((int64_t)report->imported)},
        {STR("repaired"), json_of_int((int64_t)report->repaired)},
        {STR("listed"), json_of_int((int64_t)report->listed)},
        {STR("created"), json_of_int((int64_t)report->created)},
        {STR("updated"), json_of_int((int64_t)report->updated)},
        {STR("removed"), json_of_int((int64_t)report->removed)},
    };
    Json clear = json_of_members(members, sizeof members / sizeof *members);
    PartNote *part = NEW(arena, PartNote);
    *part = (PartNote){.note = {.kind = STR("import"),
                                .about = import->layout->type->iri,
                                .clear = json_dup(arena, &clear)}};
    command_add(command, &part_note, part);
    Rc rc = part_execute(import, command);
    command_free(command);
    return rc;
}

static Rc bring(Import *import) {
    const ConnectWish *wish = import->wish;
    return str_empty(wish->bytes) ? bring_file(&import->keep, wish->path, &import->brought)
                                  : bring_bytes(&import->keep, wish->bytes, &import->brought);
}

static Rc work(Import *import) {
    TRY(bring(import));
    TRY(layout_find(import));
    TRY(rights(import));
    Sink sink = import->layout->series ? series_sink(import) : entities_sink(import);
    TRY(rows(import, &sink));
    if (!import->layout->series) TRY(entities_vanished(import, sink.state));
    bool wrote = ledger_head(import->ctx->tenant->ledger) != import->head;
    bool changed = import->report.created + import->report.updated + import->report.removed > 0;
    return wrote && changed && !import->wish->dry_run ? note(import) : RC_OK;
}

static Ctx own_ctx(const Ctx *ctx, size_t max) {
    Ctx own = *ctx;
    own.arena = arena_new(max);
    own.error = (Error){0};
    return own;
}

/* The error of this code, whichever context it was met in, in the caller's arena. */
static void error_hand(Import *import, Rc rc) {
    const Ctx *from[] = {import->ctx, &import->work, &import->keep};
    for (size_t i = 0; i < 3; i++) {
        const Error *error = &from[i]->error;
        if (error->rc != rc) continue;
        Arena *arena = import->ctx->arena;
        import->ctx->error =
            (Error){.rc = error->rc,
                    .code = str_dup(arena, error->code),
                    .detail = str_dup(arena, error->detail),
                    .path = str_dup(arena, error->path.len ? error->path : import->wish->path)};
        return;
    }
}

Rc connect_import(Ctx *ctx, const ConnectWish *wish, const Json **report) {
    Import import = {.ctx = ctx,
                     .work = own_ctx(ctx, BATCH_ARENA_MAX),
                     .keep = own_ctx(ctx, BRING_ARENA_MAX),
                     .wish = wish,
                     .head = ledger_head(ctx->tenant->ledger)};
    ctx->error = (Error){0};
    Rc rc = work(&import);
    if (rc == RC_OK)
        *report = report_json(ctx->arena, &import);
    else
        error_hand(&import, rc);
    arena_free(import.work.arena);
    arena_free(import.keep.arena);
    return rc;
}
