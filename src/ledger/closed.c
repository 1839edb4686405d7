/* closed: what would be written into a retention file that is being disposed of, or was, is refused
   here, whoever writes it: a fresh key under the label of a file whose keys are destroyed would
   bring back what was disposed of. Asked behind the parts of a command, on what they have staged.
 */
#include "ledger_int.h"

enum { CLOSED_ARENA = 1 << 20, KNOWN_MAX = 1024, LABEL_KEPT = 256 };

void closed_init(Closed *closed) {
    closed->arena = arena_new(CLOSED_ARENA);
    closed->known = map_new(closed->arena);
}

void closed_free(Closed *closed) {
    arena_free(closed->arena);
}

static void forget(Closed *closed) {
    arena_reset(closed->arena);
    closed->known = map_new(closed->arena);
}

void closed_begin(Ledger *ledger) {
    Closed *closed = &ledger->closed;
    if (closed->moving) forget(closed);
    closed->moving = false;
}

/* Labels come with records, so they have bounds of their own. What is closed is asked each time. */
static void keep_open(Closed *closed, Str label) {
    if (label.len > LABEL_KEPT) return;
    if (closed->known.len >= KNOWN_MAX) forget(closed);
    map_put(&closed->known, str_dup(closed->arena, label), closed);
}

Rc closed_label(Ctx *ctx, Ledger *ledger, Str label) {
    const LedgerFiles *files = ledger->options.files;
    Closed *closed = &ledger->closed;
    Staged *staged;
    if (!files || str_empty(label)) return RC_OK;
    if (!closed->moving && map_has(&closed->known, label)) return RC_OK;
    TRY(stage_load(&ledger->commit.stage, files->id(ctx->arena, label), &staged));
    TRY(files->open(ctx, label, staged->entity));
    bool settled = !closed->moving && !ledger_behind(ledger);
    if (settled) keep_open(closed, label);
    return RC_OK;
}

static Rc change_check(Ctx *ctx, Ledger *ledger, const StagedEvent *event) {
    const Dictionary *dictionary = ledger->options.dictionary;
    if (event->delta->op == DELTA_DELETE) return RC_OK; /* what ends writes nothing */
    Str after = record_file(dictionary, event->whole);
    TRY(closed_label(ctx, ledger, after));
    if (!event->before) return RC_OK;
    Str before = record_file(dictionary, event->before);
    return str_eq(before, after) ? RC_OK : closed_label(ctx, ledger, before);
}

Rc closed_check(Ctx *ctx, Ledger *ledger) {
    const LedgerFiles *files = ledger->options.files;
    const Stage *stage = &ledger->commit.stage;
    if (!files) return RC_OK;
    VEC_EACH (const StagedEvent, event, &stage->events)
        if (event->delta && str_starts(event->delta->id, files->prefix))
            ledger->closed.moving = true;
    VEC_EACH (const StagedEvent, event, &stage->events) {
        if (event->kind == EVENT_CHANGE) TRY(change_check(ctx, ledger, event));
        if (event->kind == EVENT_NOTE && event->note.secret)
            TRY(closed_label(ctx, ledger, event->note.retention));
    }
    return RC_OK;
}
