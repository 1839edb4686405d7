#include "procedure_int.h"

#include "bins.h"

enum { FOLLOWER_VERSION = 1, BETWEEN = 0x1F, ROW_MAX = 16 << 10, COUNTS = 11 };

/* ---- what stands in a case ---- */

static const Str whys[BIN_WHYS] = {[WHY_RULE] = STR("rule"),
                                   [WHY_ALL] = STR("all"),
                                   [WHY_SAMPLE] = STR("sample"),
                                   [WHY_FALLBACK] = STR("fallback")};
static const Str ends[BIN_ENDS] = {[END_OPEN] = STR("open"),
                                   [END_CONFIRMED] = STR("confirmed"),
                                   [END_OTHERWISE] = STR("otherwise"),
                                   [END_OBJECTED] = STR("objected"),
                                   [END_GONE] = STR("gone")};

Str bin_why_word(BinWhy why) {
    return whys[why];
}

Str bin_end_word(BinEnd end) {
    return ends[end];
}

/* The place of a word among some; n: it is none of them. */
static unsigned word_of(const Str *words, unsigned n, Str word) {
    unsigned i = 0;
    while (i < n && !str_eq(words[i], word))
        i++;
    return i;
}

static const Json *list_of(const Entity *application, Str iri) {
    const Attr *attr = entity_attr(application, iri);
    return attr && attr->value && attr->value->kind == JSON_ARRAY ? attr->value : NULL;
}

static void entries_read(Arena *arena, const Json *list, BinEntries *out) {
    *out = (BinEntries){0};
    for (uint32_t i = 0; list && i < list->len; i++) {
        const Json *one = json_at(list, i);
        BinEntry entry = {.rule = json_get_str(one, "rule"),
                          .mark = json_get_str(one, "mark"),
                          .state = json_get_str(one, "state"),
                          .move = json_get_str(one, "move"),
                          .rate = json_get_int(one, "rate", 100),
                          .at = json_get_int(one, "at", 0)};
        unsigned why = word_of(whys, BIN_WHYS, json_get_str(one, "why"));
        unsigned end = word_of(ends, BIN_ENDS, json_get_str(one, "end"));
        bool known = why < BIN_WHYS && end < BIN_ENDS;
        if (!known || !automatic_bin_of(json_get_str(one, "bin"), &entry.bin)) continue;
        entry.why = (BinWhy)why;
        entry.end = (BinEnd)end;
        vec_push(arena, out, entry);
    }
}

void bin_entries(Arena *arena, const Entity *application, BinEntries *out) {
    entries_read(arena, list_of(application, IRI("automatic")), out);
}

Json bin_entries_json(Arena *arena, const BinEntries *entries) {
    JsonItems items = {0};
    VEC_EACH (const BinEntry, entry, entries) {
        JsonMembers members = {0};
        const JsonMember all[] = {{STR("rule"), json_of_str(entry->rule)},
                                  {STR("mark"), json_of_str(entry->mark)},
                                  {STR("state"), json_of_str(entry->state)},
                                  {STR("move"), json_of_str(entry->move)},
                                  {STR("bin"), json_of_str(automatic_bin_word(entry->bin))},
                                  {STR("why"), json_of_str(whys[entry->why])},
                                  {STR("rate"), json_of_int(entry->rate)},
                                  {STR("at"), json_of_int(entry->at)},
                                  {STR("end"), json_of_str(ends[entry->end])}};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            vec_push(arena, &members, all[i]);
        vec_push(arena, &items, json_of_members(members.items, members.len));
    }
    return json_of_items(items.items, items.len);
}

BinEntry *bin_open(BinEntries *entries, const Entity *application) {
    Str state = entity_text(application, IRI("procedureState"));
    VEC_EACH (BinEntry, entry, entries)
        if (entry->bin == BIN_CONFIRM && entry->end == END_OPEN && str_eq(entry->state, state))
            return entry;
    return NULL;
}

BinEntry *bin_made(BinEntries *entries) {
    BinEntry *last = NULL;
    VEC_EACH (BinEntry, entry, entries)
        if (entry->end == END_CONFIRMED || (entry->bin == BIN_DONE && entry->end == END_OPEN))
            last = entry;
    return last;
}

void bin_saws(Arena *arena, const Entity *application, BinSaws *out) {
    const Json *list = list_of(application, IRI("automaticSaw"));
    *out = (BinSaws){0};
    for (uint32_t i = 0; list && i < list->len; i++) {
        const Json *one = json_at(list, i);
        vec_push(arena, out,
                 (BinSaw){.rule = json_get_str(one, "rule"),
                          .saw = json_get(one, STR("saw")),
                          .said = json_get_str(one, "said"),
                          .reason = json_get_str(one, "reason"),
                          .post = json_get_str(one, "post"),
                          .reason_at = json_get_int(one, "reasonAt", 0)});
    }
}

Json bin_saws_json(Arena *arena, const BinSaws *saws) {
    JsonItems items = {0};
    VEC_EACH (const BinSaw, one, saws) {
        JsonMembers members = {0};
        vec_push(arena, &members, (JsonMember){STR("rule"), json_of_str(one->rule)});
        if (one->saw) vec_push(arena, &members, (JsonMember){STR("saw"), *one->saw});
        vec_push(arena, &members, (JsonMember){STR("said"), json_of_str(one->said)});
        if (!str_empty(one->reason)) {
            vec_push(arena, &members, (JsonMember){STR("reason"), json_of_str(one->reason)});
            vec_push(arena, &members, (JsonMember){STR("post"), json_of_str(one->post)});
            vec_push(arena, &members, (JsonMember){STR("reasonAt"), json_of_int(one->reason_at)});
        }
        vec_push(arena, &items, json_of_members(members.items, members.len));
    }
    return json_of_items(items.items, items.len);
}

/* ---- rows ----
   'c' case → what it has added and where it waits; 'r' procedure US rule US mark → the counts; 'w'
   procedure US rule US due submitted US case → nothing; 'n' post → how many of its cases wait. All
   from what lies in clear of a case, so that a rebuild that finds one erased counts the same. */

static int64_t *counts_at(BinCounts *counts, size_t i) {
    int64_t *const all[COUNTS] = {&counts->in,        &counts->done,     &counts->confirm,
                                  &counts->by_hand,   &counts->drawn,    &counts->confirmed,
                                  &counts->otherwise, &counts->objected, &counts->gone,
                                  &counts->waiting,   &counts->run};
    return all[i];
}

static Rc damaged(Ctx *ctx, Str key) {
    return ctx_fail(ctx, RC_FAILED, "bad-row", key,
                    "A count of automatic rules is damaged: rebuild state.db.");
}

static Rc counts_read(Ctx *ctx, Str key, Str text, BinCounts *out) {
    Str item;
    for (size_t i = 0; i < COUNTS; i++)
        if (!str_split(&text, ' ', &item) || !str_to_i64(item, counts_at(out, i)))
            return damaged(ctx, key);
    return RC_OK;
}

static Str counts_write(Arena *arena, BinCounts *counts) {
    Buf text = buf_new(arena, ROW_MAX);
    for (size_t i = 0; i < COUNTS; i++) {
        if (i) buf_add_char(&text, ' ');
        buf_add_i64(&text, *counts_at(counts, i));
    }
    return buf_str(&text);
}

static Str rule_key(Arena *arena, Str procedure, Str rule, Str mark) {
    return str_fmt(arena, "r" STR_FMT "%c" STR_FMT "%c" STR_FMT, STR_ARG(procedure), BETWEEN,
                   STR_ARG(rule), BETWEEN, STR_ARG(mark));
}

/* What an entry counts as; its place in the run of those without an error is the follower's. */
static BinCounts counts_of(const BinEntry *entry, bool waits) {
    bool confirm = entry->bin == BIN_CONFIRM, judged = entry->why != WHY_FALLBACK;
    return (BinCounts){.in = 1,
                       .done = entry->bin == BIN_DONE,
                       .confirm = confirm,
                       .by_hand = entry->bin == BIN_BY_HAND,
                       .drawn = confirm && judged,
                       .confirmed = judged && entry->end == END_CONFIRMED,
                       .otherwise = judged && entry->end == END_OTHERWISE,
                       .objected = judged && entry->end == END_OBJECTED,
                       .gone = entry->end == END_GONE,
                       .waiting = waits};
}

/* A case as it was counted. */
typedef struct Binned {
    Str procedure, post;
    Str waits; /* the key of its row among 'w'; empty: it waits for nothing */
    BinEntries entries;
} Binned;

static Rc binned_get(Ctx *ctx, Rows *rows, Str key, Binned *out) {
    Str text;
    const Json *list;
    *out = (Binned){0};
    Rc rc = rows_get(ctx, rows, key, &text);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    text = str_dup(ctx->arena, text);
    if (!str_split(&text, '\n', &out->procedure) || !str_split(&text, '\n', &out->post) ||
        !str_split(&text, '\n', &out->waits))
        return damaged(ctx, key);
    TRY(json_read(ctx, text, JSON_LIMITS_DEFAULT, &list));
    entries_read(ctx->arena, list, &out->entries);
    return RC_OK;
}

static Str binned_write(Arena *arena, const Binned *binned) {
    Buf text = buf_new(arena, ROW_MAX);
    Json list = bin_entries_json(arena, &binned->entries);
    const Str head[] = {binned->procedure, binned->post, binned->waits};
    for (size_t i = 0; i < 3; i++) {
        buf_add(&text, head[i]);
        buf_add_char(&text, '\n');
    }
    json_write(&text, &list);
    return buf_str(&text);
}

static Str waits_key(Arena *arena, const Binned *binned, const Entity *application,
                     const BinEntry *open) {
    return str_fmt(arena, "w" STR_FMT "%c" STR_FMT "%c" STR_FMT STR_FMT "%c" STR_FMT,
                   STR_ARG(binned->procedure), BETWEEN, STR_ARG(open->rule), BETWEEN,
                   STR_ARG(entity_text(application, IRI("due"))),
                   STR_ARG(entity_text(application, IRI("submittedAt"))), BETWEEN,
                   STR_ARG(application->id));
}

static void binned_of(Arena *arena, const Entity *application, Binned *out) {
    *out = (Binned){.procedure = entity_text(application, IRI("procedure")),
                    .post = entity_text(application, IRI("post"))};
    bin_entries(arena, application, &out->entries);
    const BinEntry *open = bin_open(&out->entries, application);
    if (open && !case_is_erased(application)) out->waits = waits_key(arena, out, application, open);
}

static bool waits_by(const Binned *binned, const BinEntry *entry) {
    return !str_empty(binned->waits) && entry->bin == BIN_CONFIRM && entry->end == END_OPEN;
}

/* Whatever a person found of one since: any error begins the run anew. */
static void run_move(BinCounts *sums, const BinCounts *before, const BinCounts *after) {
    if (after->otherwise + after->objected > before->otherwise + before->objected)
        sums->run = 0;
    else if (after->confirmed > before->confirmed)
        sums->run++;
}

static Rc counts_move(Ctx *ctx, Rows *rows, Str key, BinCounts *before, BinCounts *after) {
    BinCounts sums = {0};
    Str text;
    Rc rc = rows_get(ctx, rows, key, &text);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) TRY(counts_read(ctx, key, text, &sums));
    for (size_t i = 0; i < COUNTS; i++)
        *counts_at(&sums, i) += *counts_at(after, i) - *counts_at(before, i);
    run_move(&sums, before, after);
    return rows_put(ctx, rows, key, counts_write(ctx->arena, &sums));
}

static Rc entries_move(Ctx *ctx, Rows *rows, const Binned *before, const Binned *after) {
    for (size_t i = 0; i < after->entries.len; i++) {
        const BinEntry *entry = &after->entries.items[i];
        BinCounts was = {0}, is = counts_of(entry, waits_by(after, entry));
        if (i < before->entries.len)
            was = counts_of(&before->entries.items[i], waits_by(before, &before->entries.items[i]));
        Str key = rule_key(ctx->arena, after->procedure, entry->rule, entry->mark);
        TRY(counts_move(ctx, rows, key, &was, &is));
    }
    return RC_OK;
}

static Rc post_move(Ctx *ctx, Rows *rows, Str post, int64_t by) {
    Str key = str_fmt(ctx->arena, "n" STR_FMT, STR_ARG(post)), text;
    int64_t n = 0;
    Rc rc = rows_get(ctx, rows, key, &text);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK && !str_to_i64(text, &n)) return damaged(ctx, key);
    n += by;
    return n ? rows_put(ctx, rows, key, str_fmt(ctx->arena, "%lld", (long long)n))
             : rows_delete(ctx, rows, key);
}

static Rc waits_move(Ctx *ctx, Rows *rows, const Binned *before, const Binned *after) {
    if (str_eq(before->waits, after->waits) && str_eq(before->post, after->post)) return RC_OK;
    if (!str_empty(before->waits)) {
        TRY(post_move(ctx, rows, before->post, -1));
        TRY(rows_delete(ctx, rows, before->waits));
    }
    if (str_empty(after->waits)) return RC_OK;
    TRY(post_move(ctx, rows, after->post, 1));
    return rows_put(ctx, rows, after->waits, STR("1"));
}

static Rc bins_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    Entity *application;
    Binned before, after = {0};
    (void)arg;
    Str id = case_event_id(event);
    if (str_empty(id)) return RC_OK;
    Str key = str_fmt(ctx->arena, "c" STR_FMT, STR_ARG(id));
    TRY(binned_get(ctx, rows, key, &before));
    TRY(project_event_entity(ctx, event, &application));
    if (application)
        binned_of(ctx->arena, application, &after);
    else
        after = before; /* what rules made of it was made */
    if (!application) after.waits = STR_NONE;
    if (!after.entries.len && !before.entries.len) return RC_OK;
    TRY(entries_move(ctx, rows, &before, &after));
    TRY(waits_move(ctx, rows, &before, &after));
    return application ? rows_put(ctx, rows, key, binned_write(ctx->arena, &after))
                       : rows_delete(ctx, rows, key);
}

Follower bins_follower(Tenant *tenant) {
    return (Follower){
        .name = "bins", .version = FOLLOWER_VERSION, .event = bins_event, .arg = tenant};
}

/* ---- reading ---- */

int64_t bin_checked(const BinCounts *counts) {
    return counts->confirmed + counts->otherwise + counts->objected;
}

int64_t bin_errors(const BinCounts *counts) {
    return counts->otherwise + counts->objected;
}

static Rc drained(Ctx *ctx) {
    return project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger));
}

typedef struct Listing {
    Ctx *ctx;
    BinRows *rows;
    StrVec *ids;
    Rc rc;
} Listing;

static bool rule_row(void *arg, Str key, Str value) {
    Listing *listing = arg;
    Str rest = str_dup(listing->ctx->arena, str_sub(key, 1, key.len));
    BinRow row = {0};
    bool whole = str_split(&rest, BETWEEN, &row.procedure) && str_split(&rest, BETWEEN, &row.rule);
    row.mark = rest;
    listing->rc =
        whole ? counts_read(listing->ctx, key, value, &row.counts) : damaged(listing->ctx, key);
    if (listing->rc == RC_OK) vec_push(listing->ctx->arena, listing->rows, row);
    return listing->rc == RC_OK;
}

Rc bins_rows(Ctx *ctx, Str procedure, Str rule, BinRows *out) {
    Listing listing = {.ctx = ctx, .rows = out};
    RowsRange range = {.follower = "bins", .prefix = STR("r")};
    *out = (BinRows){0};
    if (!str_empty(procedure))
        range.prefix = str_fmt(ctx->arena, "r" STR_FMT "%c", STR_ARG(procedure), BETWEEN);
    if (!str_empty(rule))
        range.prefix = str_fmt(ctx->arena, STR_FMT STR_FMT "%c", STR_ARG(range.prefix),
                               STR_ARG(rule), BETWEEN);
    TRY(drained(ctx));
    TRY(project_rows(ctx, ctx->tenant->project, &range, rule_row, &listing));
    return listing.rc;
}

Rc bins_counts(Ctx *ctx, Str procedure, const Automatic *rule, BinCounts *out) {
    Str key = rule_key(ctx->arena, procedure, rule->id, rule->mark), text;
    *out = (BinCounts){0};
    TRY(drained(ctx));
    Rc rc = project_row(ctx, ctx->tenant->project, "bins", key, &text);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    return counts_read(ctx, key, text, out);
}

static bool waiting_row(void *arg, Str key, Str value) {
    Listing *listing = arg;
    Str rest = key, part;
    (void)value;
    while (str_split(&rest, BETWEEN, &part))
        key = part;
    vec_push(listing->ctx->arena, listing->ids, str_dup(listing->ctx->arena, key));
    return true;
}

Rc bins_waiting(Ctx *ctx, Str procedure, Str rule, size_t limit, StrVec *out) {
    Listing listing = {.ctx = ctx, .ids = out};
    RowsRange range = {.follower = "bins", .limit = limit};
    *out = (StrVec){0};
    range.prefix = str_fmt(ctx->arena, "w" STR_FMT "%c" STR_FMT "%c", STR_ARG(procedure), BETWEEN,
                           STR_ARG(rule), BETWEEN);
    TRY(drained(ctx));
    return project_rows(ctx, ctx->tenant->project, &range, waiting_row, &listing);
}

Rc bins_of_post(Ctx *ctx, Str post, int64_t *out) {
    StrVec posts;
    *out = 0;
    office_posts_now(ctx, post, &posts);
    TRY(drained(ctx));
    VEC_EACH (const Str, one, &posts) {
        Str key = str_fmt(ctx->arena, "n" STR_FMT, STR_ARG(*one)), text;
        int64_t waits;
        Rc rc = project_row(ctx, ctx->tenant->project, "bins", key, &text);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        if (!str_to_i64(text, &waits)) return damaged(ctx, key);
        *out += waits;
    }
    return RC_OK;
}
