#include "progress.h"

enum { WINDOW = 256 };
static const int64_t usual = 5 * TIME_SECOND, patience = TIME_SECOND;

#define ABOUT STR("urn:ngsi-ld:Deliveries")
#define NAME  STR("delivered")

/* ---- finding it again ---- */

static Rc find_note(Ctx *ctx, void *arg, const Event *event) {
    Progress *newest = arg;
    (void)ctx;
    if (!str_eq(event->note_kind, NAME) || !event->note_clear) return RC_OK;
    int64_t through = json_get_int(event->note_clear, "through", -1);
    if (through < 0 || (uint64_t)through >= event->position) return RC_OK;
    newest->through = (uint64_t)through; /* of the window the last one stays */
    newest->note = event->position;
    return RC_OK;
}

Rc progress_find(Ctx *ctx, Ledger *ledger, Progress *progress) {
    Progress newest = {0};
    uint64_t end = ledger_head(ledger);
    while (end && !newest.note) {
        uint64_t from = end > WINDOW ? end - WINDOW : 0;
        ArenaMark mark = arena_mark(ctx->arena);
        LedgerWindow window = {from, (size_t)(end - from), find_note, &newest};
        TRY(ledger_read_about(ctx, ledger, &window, ABOUT));
        arena_rewind(ctx->arena, mark);
        end = from;
    }
    if (!newest.note) return RC_NOT_FOUND;
    progress->through = newest.through;
    progress->note = newest.note;
    return RC_OK;
}

/* ---- leaving it ---- */

bool progress_due(const Progress *progress) {
    return time_monotonic() >= progress->due;
}

/* The note is a leaf, too: that nobody is left to be told of it says nothing new. */
static bool says_more(const Progress *progress, uint64_t through) {
    bool only_note = progress->note == progress->through + 1 && through == progress->note;
    return through > progress->through && !only_note;
}

static Rc note_write(Ctx *ctx, Ledger *ledger, uint64_t through, uint64_t *position) {
    Command *command =
        command_new(ledger, (CommandHead){.kind = STR("broker.progress"), .channel = STR("timer")});
    Arena *arena = command_arena(command);
    JsonMember *member = NEW(arena, JsonMember);
    Json *clear = NEW(arena, Json);
    PartNote *part = NEW(arena, PartNote);
    Outcome outcome;
    *member = (JsonMember){STR("through"), json_of_int((int64_t)through)};
    *clear = json_of_members(member, 1);
    *part = (PartNote){{.kind = NAME, .about = ABOUT, .clear = clear}};
    command_add(command, &part_note, part);
    Rc rc = ledger_execute(ctx, ledger, command, &outcome);
    *position = outcome.position;
    command_free(command);
    return rc;
}

void progress_note(Ctx *ctx, Ledger *ledger, Progress *progress, uint64_t through) {
    Ctx own = *ctx;
    uint64_t position;
    progress->due = time_monotonic() + (progress->every ? progress->every : usual);
    if (!says_more(progress, through)) return;
    own.deadline = time_monotonic() + patience;
    if (note_write(&own, ledger, through, &position) == RC_OK) {
        progress->through = through;
        progress->note = position;
    } else {
        log_warn("broker", "the ledger was not told how far deliveries are: " STR_FMT,
                 STR_ARG(own.error.detail));
    }
}
