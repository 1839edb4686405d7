#include "inbox.h"

#define IRI(term) STR(LD_DEFAULT term)

enum {
    LINE_MAX = 1024,
    NUMBER_HASH = 26,
    CHUNK = 256,
    BETWEEN = 0x1F /* the unit separator: in no id or date */
};

/* Keys: 'l' post US state due submitted US id → the line, as JSON; 'c' id → the key of its line;
   'n' keyed hash of the number → id; 's' post US state → count, as decimal text; 'm' keyed hash of
   the applicant US id → nothing, and 'o' id → the key of that. Nothing personal is in a row. */

static Str line_prefix(Arena *arena, Str post, CaseState state) {
    return str_fmt(arena, "l" STR_FMT "%c%c", STR_ARG(post), BETWEEN, 'a' + (int)state);
}

static Str line_key(Arena *arena, const Entity *application, CaseState state) {
    Str prefix = line_prefix(arena, entity_text(application, IRI("post")), state);
    Str due = entity_text(application, IRI("due")),
        submitted = entity_text(application, IRI("submittedAt"));
    return str_fmt(arena, STR_FMT STR_FMT STR_FMT "%c" STR_FMT, STR_ARG(prefix), STR_ARG(due),
                   STR_ARG(submitted), BETWEEN, STR_ARG(application->id));
}

static Str line_value(Arena *arena, const Entity *application) {
    Buf text = buf_new(arena, LINE_MAX);
    JsonWriter w = json_writer(&text);
    json_open(&w, '[');
    json_text(&w, application->id);
    json_text(&w, entity_text(application, IRI("due")));
    json_text(&w, entity_text(application, IRI("district")));
    json_close(&w);
    return buf_str(&text);
}

static Rc count_move(Ctx *ctx, Rows *rows, Str line, int64_t by) {
    Str state = str_sub(line, 1, line.len), stored;
    size_t post = (size_t)str_find_char(state, BETWEEN) +
                  2; /* the state's letter stands behind the separator */
    Str key = str_fmt(ctx->arena, "s" STR_FMT, (int)post, state.ptr);
    int64_t count = 0;
    Rc rc = rows_get(ctx, rows, key, &stored);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK && !str_to_i64(stored, &count))
        return ctx_fail(ctx, RC_FAILED, "bad-row", key,
                        "A count of the inbox is damaged: rebuild state.db.");
    count += by;
    return count ? rows_put(ctx, rows, key, str_fmt(ctx->arena, "%lld", (long long)count))
                 : rows_delete(ctx, rows, key);
}

static Rc line_drop(Ctx *ctx, Rows *rows, Str pointer) {
    Str line;
    Rc rc = rows_get(ctx, rows, pointer, &line);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    TRY(rows_delete(ctx, rows, line));
    TRY(rows_delete(ctx, rows, pointer));
    return count_move(ctx, rows, line, -1);
}

static Str keyed(Ctx *ctx, const char *domain, Str text) {
    Digest hash = ledger_keyed_hash(ctx->tenant->ledger, str_of(domain), text);
    Str bytes = {(const char *)hash.bytes, sizeof hash.bytes};
    return hash_base32(ctx->arena, bytes, NUMBER_HASH);
}

static Str number_key(Ctx *ctx, Str number) {
    return str_fmt(ctx->arena, "n" STR_FMT, STR_ARG(keyed(ctx, "receipt", number)));
}

static Str person_prefix(Ctx *ctx, Str person) {
    return str_fmt(ctx->arena, "m" STR_FMT "%c", STR_ARG(keyed(ctx, "applicant", person)), BETWEEN);
}

/* Whose case it is: another one than before, or nobody's any more. */
static Rc owner_put(Ctx *ctx, Rows *rows, Str id, const Entity *application) {
    Str pointer = str_fmt(ctx->arena, "o" STR_FMT, STR_ARG(id)), old = STR_NONE, key = STR_NONE;
    Str person = application ? entity_text(application, IRI("applicant")) : STR_NONE;
    Rc rc = rows_get(ctx, rows, pointer, &old);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (!str_empty(person))
        key =
            str_fmt(ctx->arena, STR_FMT STR_FMT, STR_ARG(person_prefix(ctx, person)), STR_ARG(id));
    if (str_eq(old, key)) return RC_OK;
    if (!str_empty(old)) TRY(rows_delete(ctx, rows, old));
    if (str_empty(key)) return rows_delete(ctx, rows, pointer);
    TRY(rows_put(ctx, rows, key, STR_NONE));
    return rows_put(ctx, rows, pointer, key);
}

static Rc line_put(Ctx *ctx, Rows *rows, Str pointer, const Entity *application) {
    CaseState state = case_state(application);
    Str number = entity_text(application, IRI("receiptNumber"));
    if (state == CASE_STATES) return RC_OK;
    Str line = line_key(ctx->arena, application, state);
    TRY(rows_put(ctx, rows, line, line_value(ctx->arena, application)));
    TRY(rows_put(ctx, rows, pointer, line));
    if (!str_empty(number)) TRY(rows_put(ctx, rows, number_key(ctx, number), application->id));
    return count_move(ctx, rows, line, 1);
}

static Rc inbox_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)arg;
    Entity *application;
    if (!event->delta || !str_starts(event->delta->id, STR("urn:ngsi-ld:Application:")))
        return RC_OK;
    Str pointer = str_fmt(ctx->arena, "c" STR_FMT, STR_ARG(event->delta->id));
    TRY(line_drop(ctx, rows, pointer));
    TRY(project_event_entity(ctx, event, &application));
    TRY(owner_put(ctx, rows, event->delta->id, application));
    return application ? line_put(ctx, rows, pointer, application) : RC_OK;
}

Follower inbox_follower(Tenant *tenant) {
    return (Follower){.name = "inbox", .version = 4, .event = inbox_event, .arg = tenant};
}

/* ---- reading ---- */

/* A row that may be wanted; key is where it stands. */
typedef struct Candidate {
    InboxLine line;
    Str key;
} Candidate;

typedef struct Paging {
    Ctx *ctx;
    const InboxQuery *query;
    InboxPage *page;
    CaseState state;
    VEC(Candidate) chunk;
    Str on; /* where the next chunk begins; empty: there is none */
    Rc rc;
} Paging;

static Date date_of(Str text) {
    Date date;
    return time_parse_date(text, &date) ? date : (Date){0};
}

static bool candidate_row(void *arg, Str key, Str value) {
    Paging *paging = arg;
    const Json *json;
    if (paging->chunk.len == CHUNK) {
        paging->on = str_dup(paging->ctx->arena, key);
        return false;
    }
    paging->page->scanned++;
    paging->rc = json_read(paging->ctx, value, JSON_LIMITS_DEFAULT, &json);
    if (paging->rc != RC_OK) return false;
    InboxLine line = {.id = json_str(json_at(json, 0)),
                      .state = paging->state,
                      .due = date_of(json_str(json_at(json, 1))),
                      .district = json_str(json_at(json, 2))};
    if (str_empty(paging->query->district) || str_eq(paging->query->district, line.district))
        vec_push(paging->ctx->arena, &paging->chunk,
                 (Candidate){line, str_dup(paging->ctx->arena, key)});
    return true;
}

static bool picked_up_on(const Entity *application, Date day) {
    Date date = date_of(entity_text(application, IRI("pickupDate")));
    return day.year == 0 || (date.year && time_date_days(date) == time_date_days(day));
}

/* The cases of a chunk are loaded after its rows were read: a row's snapshot would hold them back.
 */
static Rc chunk_take(Paging *paging) {
    Ctx *ctx = paging->ctx;
    InboxPage *page = paging->page;
    VEC_EACH (Candidate, one, &paging->chunk) {
        if (page->lines.len == paging->query->limit) {
            page->next = hash_base64url(ctx->arena, one->key);
            return RC_OK;
        }
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, one->line.id, &one->line.application);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        if (picked_up_on(one->line.application, paging->query->pickup))
            vec_push(ctx->arena, &page->lines, one->line);
    }
    return RC_OK;
}

/* States one after the other; within a state by due date and in the order of arrival. */
static Rc state_lines(Paging *paging, Str from) {
    Ctx *ctx = paging->ctx;
    Str prefix = line_prefix(ctx->arena, paging->query->post, paging->state);
    RowsRange range = {.follower = "inbox", .prefix = prefix};
    if (str_starts(from, prefix))
        range.from = from;
    else if (str_cmp(from, prefix) > 0)
        return RC_OK; /* on an earlier page */
    do {
        paging->chunk.len = 0;
        paging->on = STR_NONE;
        TRY(project_rows(ctx, ctx->tenant->project, &range, candidate_row, paging));
        TRY(paging->rc);
        TRY(chunk_take(paging));
        range.from = paging->on;
    } while (!str_empty(paging->on) && str_empty(paging->page->next));
    return RC_OK;
}

Rc inbox_page(Ctx *ctx, const InboxQuery *query, InboxPage *out) {
    Str from = STR_NONE;
    *out = (InboxPage){0};
    if (!str_empty(query->after) && !hash_from_base64url(ctx->arena, query->after, &from))
        return ctx_fail(ctx, RC_INVALID, "bad-page", STR("after"),
                        "There is no such page: begin with the first.");
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    unsigned states = query->states ? query->states : 1u << CASE_SUBMITTED;
    Paging paging = {.ctx = ctx, .query = query, .page = out};
    for (unsigned state = 0; state < CASE_STATES && str_empty(out->next); state++) {
        paging.state = (CaseState)state;
        if (states & 1u << state) TRY(state_lines(&paging, from));
    }
    return RC_OK;
}

Rc inbox_counts(Ctx *ctx, Str post, int64_t counts[CASE_STATES]) {
    for (unsigned state = 0; state < CASE_STATES; state++) {
        Str prefix = line_prefix(ctx->arena, post, (CaseState)state), stored;
        Str key = str_fmt(ctx->arena, "s" STR_FMT, (int)prefix.len - 1, prefix.ptr + 1);
        counts[state] = 0;
        Rc rc = project_row(ctx, ctx->tenant->project, "inbox", key, &stored);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        if (!str_to_i64(stored, &counts[state]))
            return ctx_fail(ctx, RC_FAILED, "bad-row", key,
                            "A count of the inbox is damaged: rebuild state.db.");
    }
    return RC_OK;
}

typedef struct Owned {
    Arena *arena;
    StrVec ids;
} Owned;

static bool owned_row(void *arg, Str key, Str value) {
    Owned *owned = arg;
    size_t at = (size_t)str_find_char(key, BETWEEN) + 1;
    (void)value;
    vec_push(owned->arena, &owned->ids, str_dup(owned->arena, str_sub(key, at, key.len)));
    return true;
}

Rc inbox_of(Ctx *ctx, Str person, size_t limit, InboxCases *out) {
    Owned owned = {.arena = ctx->arena};
    *out = (InboxCases){0};
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    RowsRange range = {.follower = "inbox", .prefix = person_prefix(ctx, person), .limit = limit};
    TRY(project_rows(ctx, ctx->tenant->project, &range, owned_row, &owned));
    VEC_EACH (const Str, id, &owned.ids) {
        const Entity *application;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, *id, &application);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        vec_push(ctx->arena, out, application);
    }
    return RC_OK;
}

/* A number stays a case's for good: only one that isn't there yet is waited for, so that while rows
 * can't be written the cases of before are found. */
Rc inbox_find(Ctx *ctx, Str receipt_number, Str *id) {
    Project *project = ctx->tenant->project;
    Str key = number_key(ctx, receipt_number);
    Rc rc = project_row(ctx, project, "inbox", key, id);
    if (rc != RC_NOT_FOUND) return rc;
    TRY(project_drain(ctx, project, ledger_head(ctx->tenant->ledger)));
    rc = project_row(ctx, project, "inbox", key, id);
    if (rc == RC_NOT_FOUND)
        return ctx_fail(ctx, rc, "no-receipt", STR("receiptNumber"),
                        "There is no case with this number.");
    return rc;
}
