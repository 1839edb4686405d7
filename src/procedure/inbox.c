#include "inbox.h"

#include "message.h"
#include "office.h"

#include <stdlib.h>
#include <string.h>

#define IRI(term) STR(LD_DEFAULT term)

enum {
    LINE_MAX = 4096,
    NUMBER_HASH = 26,
    ITEM_HASH = 8, /* chars of a keyed hash: enough to tell the things of a list from one another */
    CHUNK = 256,
    DATE = 10,      /* bytes of a date */
    LINE_ITEMS = 4, /* where the items of a row begin */
    BETWEEN = 0x1F  /* the unit separator: in no id or date */
};

/* Keys: 'l' post US state due submitted US id → the line, as JSON; 'd', the same by the day of
   pickup in place of the due date; 's' post US state → count, as decimal text, and 'e' post US
   state day → count of the day; 'n' keyed hash of the number → id; 'm' keyed hash of the applicant
   US id → nothing; 't' keyed hash of procedure and applicant, or telephone number, US submitted US
   id → nothing; 'w' post US day time US id → nothing, of open cases whose last message waits for an
   answer; 'h' post US assignee US state due submitted US id → the line, of open cases that somebody
   has, and 'k' post US assignee → count.
   'c', 'p', 'o', 'u', 'v', 'q', 'x' and 'y' id → the key of the case's row among 'l', 'd', 'm', 't'
   by either, 'n', 'w' and 'h'. Nothing personal is in a row: items stand
   there as keyed hashes. An erased case has none. */

static Str state_prefix(Arena *arena, char kind, Str post, CaseState state) {
    return str_fmt(arena, "%c" STR_FMT "%c%c", kind, STR_ARG(post), BETWEEN, 'a' + (int)state);
}

/* Empty where the case is in no list: it is gone or a draft, or no day of pickup is taken. */
static Str dated_key(Arena *arena, char kind, const Entity *application, Str date) {
    CaseState state = application ? case_state(application) : CASE_STATES;
    if (state == CASE_STATES || (kind == 'd' && date.len != DATE)) return STR_NONE;
    Str prefix = state_prefix(arena, kind, entity_text(application, IRI("post")), state),
        submitted = entity_text(application, IRI("submittedAt"));
    return str_fmt(arena, STR_FMT STR_FMT STR_FMT "%c" STR_FMT, STR_ARG(prefix), STR_ARG(date),
                   STR_ARG(submitted), BETWEEN, STR_ARG(application->id));
}

/* Where rows like this one are counted: by post and state, those of 'd' by the day as well; those
 * of 'h' by post and assignee. */
static Str count_key(Arena *arena, Str row) {
    if (row.ptr[0] == 'h') {
        Str rest = row, post, assignee;
        str_split(&rest, BETWEEN, &post);
        str_split(&rest, BETWEEN, &assignee);
        return str_fmt(arena, "k" STR_FMT "%c" STR_FMT, STR_ARG(str_sub(post, 1, post.len)),
                       BETWEEN, STR_ARG(assignee));
    }
    bool by_day = row.ptr[0] == 'd';
    size_t state = (size_t)str_find_char(row, BETWEEN) + 2; /* its letter is behind the separator */
    Str of = str_sub(row, 1, by_day ? state + DATE : state);
    return str_fmt(arena, "%c" STR_FMT, by_day ? 'e' : 's', STR_ARG(of));
}

static Rc bad_count(Ctx *ctx, Str key) {
    return ctx_fail(ctx, RC_FAILED, "bad-row", key,
                    "A count of the inbox is damaged: rebuild state.db.");
}

static Rc count_move(Ctx *ctx, Rows *rows, Str row, int64_t by) {
    if (row.ptr[0] != 'l' && row.ptr[0] != 'd' && row.ptr[0] != 'h') return RC_OK;
    Str key = count_key(ctx->arena, row), stored;
    int64_t count = 0;
    Rc rc = rows_get(ctx, rows, key, &stored);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK && !str_to_i64(stored, &count)) return bad_count(ctx, key);
    count += by;
    return count ? rows_put(ctx, rows, key, str_fmt(ctx->arena, "%lld", (long long)count))
                 : rows_delete(ctx, rows, key);
}

/* Moves the case's row of a kind to key, where it may stand already; empty: it has none now. */
static Rc row_move(Ctx *ctx, Rows *rows, Str pointer, Str key, Str value) {
    Str old = STR_NONE;
    Rc rc = rows_get(ctx, rows, pointer, &old);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    bool moves = !str_eq(old, key);
    if (moves && !str_empty(old)) {
        TRY(count_move(ctx, rows, old, -1));
        TRY(rows_delete(ctx, rows, old));
    }
    if (str_empty(key)) return moves ? rows_delete(ctx, rows, pointer) : RC_OK;
    if (moves) {
        TRY(count_move(ctx, rows, key, 1));
        TRY(rows_put(ctx, rows, pointer, key));
    }
    return rows_put(ctx, rows, key, value);
}

static Str keyed(Ctx *ctx, const char *domain, Str text) {
    Digest hash = ledger_keyed_hash(ctx->tenant->ledger, str_of(domain), text);
    Str bytes = {(const char *)hash.bytes, sizeof hash.bytes};
    return hash_base32(ctx->arena, bytes, NUMBER_HASH);
}

static Str item_mark(Ctx *ctx, Str item) {
    return str_head(keyed(ctx, "item", item), ITEM_HASH);
}

/* [id, due, district, procedure, a mark of each item ..] */
static Str line_value(Ctx *ctx, const Entity *application) {
    Buf text = buf_new(ctx->arena, LINE_MAX);
    JsonWriter w = json_writer(&text);
    json_open(&w, '[');
    json_text(&w, application->id);
    json_text(&w, entity_text(application, IRI("due")));
    json_text(&w, entity_text(application, IRI("district")));
    Str procedure = entity_text(application, IRI("procedure"));
    json_text(&w, str_empty(procedure) ? INBOX_BULKY : procedure);
    const Attr *items = entity_attr(application, IRI("items"));
    for (size_t i = 0; items && i < items->value->len; i++)
        json_text(&w, item_mark(ctx, json_get_str(json_at(items->value, i), "id")));
    json_close(&w);
    return buf_str(&text);
}

static Str number_key(Ctx *ctx, Str number) {
    return str_fmt(ctx->arena, "n" STR_FMT, STR_ARG(keyed(ctx, "receipt", number)));
}

static Str person_prefix(Ctx *ctx, Str person) {
    return str_fmt(ctx->arena, "m" STR_FMT "%c", STR_ARG(keyed(ctx, "applicant", person)), BETWEEN);
}

static Str owner_key(Ctx *ctx, const Entity *application) {
    Str person = application ? entity_text(application, IRI("applicant")) : STR_NONE;
    if (str_empty(person)) return STR_NONE;
    return str_fmt(ctx->arena, STR_FMT STR_FMT, STR_ARG(person_prefix(ctx, person)),
                   STR_ARG(application->id));
}

/* Where the cases of one procedure by one account, or by one telephone number, stand by their time
   of arrival; empty: it has none. */
static Str alike_prefix(Ctx *ctx, const Entity *application, Str iri) {
    Str procedure = entity_text(application, IRI("procedure")), by = entity_text(application, iri);
    if (str_empty(procedure) || str_empty(by)) return STR_NONE;
    Str text = str_fmt(ctx->arena, STR_FMT " " STR_FMT, STR_ARG(procedure), STR_ARG(by));
    return str_fmt(ctx->arena, "t" STR_FMT "%c", STR_ARG(keyed(ctx, "alike", text)), BETWEEN);
}

static Str alike_key(Ctx *ctx, const Entity *application, Str iri) {
    Str prefix = application ? alike_prefix(ctx, application, iri) : STR_NONE;
    if (str_empty(prefix)) return STR_NONE;
    return str_fmt(ctx->arena, STR_FMT STR_FMT "%c" STR_FMT, STR_ARG(prefix),
                   STR_ARG(entity_text(application, IRI("submittedAt"))), BETWEEN,
                   STR_ARG(application->id));
}

static Str waits_prefix(Ctx *ctx, Str post) {
    return str_fmt(ctx->arena, "w" STR_FMT "%c", STR_ARG(post), BETWEEN);
}

/* By the day on which an answer is due, then by when it was written; empty: nothing waits. */
static Str waits_key(Ctx *ctx, const Entity *application) {
    if (!application || !message_waits(application)) return STR_NONE;
    Str prefix = waits_prefix(ctx, entity_text(application, IRI("post")));
    return str_fmt(ctx->arena, STR_FMT STR_FMT STR_FMT "%c" STR_FMT, STR_ARG(prefix),
                   STR_ARG(entity_text(application, IRI("messageDue"))),
                   STR_ARG(entity_text(application, IRI("messageAt"))), BETWEEN,
                   STR_ARG(application->id));
}

static Str held_prefix(Arena *arena, Str post, Str assignee) {
    return str_fmt(arena, "h" STR_FMT "%c" STR_FMT "%c", STR_ARG(post), BETWEEN, STR_ARG(assignee),
                   BETWEEN);
}

/* Empty: it has ended, or nobody has it. */
static Str held_key(Arena *arena, const Entity *application) {
    CaseState state = application ? case_state(application) : CASE_STATES;
    Str assignee = application ? entity_text(application, IRI("assignee")) : STR_NONE;
    if (state == CASE_STATES || CASE_ENDS & 1u << state || str_empty(assignee)) return STR_NONE;
    Str prefix = held_prefix(arena, entity_text(application, IRI("post")), assignee),
        due = entity_text(application, IRI("due")),
        submitted = entity_text(application, IRI("submittedAt"));
    return str_fmt(arena, STR_FMT "%c" STR_FMT STR_FMT "%c" STR_FMT, STR_ARG(prefix),
                   'a' + (int)state, STR_ARG(due), STR_ARG(submitted), BETWEEN,
                   STR_ARG(application->id));
}

/* The rows of a case as it is now; NULL: it is gone. */
static Rc rows_follow(Ctx *ctx, Rows *rows, Str id, const Entity *application) {
    Arena *arena = ctx->arena;
    Str due = application ? entity_text(application, IRI("due")) : STR_NONE,
        day = application ? entity_text(application, IRI("pickupDate")) : STR_NONE,
        number = application ? entity_text(application, IRI("receiptNumber")) : STR_NONE;
    Str line = dated_key(arena, 'l', application, due), value = STR_NONE;
    if (!str_empty(line)) value = line_value(ctx, application);
    TRY(row_move(ctx, rows, str_fmt(arena, "c" STR_FMT, STR_ARG(id)), line, value));
    TRY(row_move(ctx, rows, str_fmt(arena, "p" STR_FMT, STR_ARG(id)),
                 dated_key(arena, 'd', application, day), value));
    TRY(row_move(ctx, rows, str_fmt(arena, "o" STR_FMT, STR_ARG(id)), owner_key(ctx, application),
                 STR_NONE));
    TRY(row_move(ctx, rows, str_fmt(arena, "u" STR_FMT, STR_ARG(id)),
                 alike_key(ctx, application, IRI("applicant")), STR_NONE));
    TRY(row_move(ctx, rows, str_fmt(arena, "v" STR_FMT, STR_ARG(id)),
                 alike_key(ctx, application, IRI("phone")), STR_NONE));
    TRY(row_move(ctx, rows, str_fmt(arena, "x" STR_FMT, STR_ARG(id)), waits_key(ctx, application),
                 STR_NONE));
    TRY(row_move(ctx, rows, str_fmt(arena, "y" STR_FMT, STR_ARG(id)), held_key(arena, application),
                 value));
    bool numbered = !str_empty(line) && !str_empty(number);
    return row_move(ctx, rows, str_fmt(arena, "q" STR_FMT, STR_ARG(id)),
                    numbered ? number_key(ctx, number) : STR_NONE, id);
}

static Rc inbox_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)arg;
    Entity *application;
    Str id = case_event_id(event);
    if (str_empty(id)) return RC_OK;
    TRY(project_event_entity(ctx, event, &application));
    if (application && case_is_erased(application)) application = NULL;
    return rows_follow(ctx, rows, id, application);
}

Follower inbox_follower(Tenant *tenant) {
    return (Follower){.name = "inbox", .version = 13, .event = inbox_event, .arg = tenant};
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
    Str post;
    CaseState state;
    StrVec marks; /* of the query's items */
    VEC(Candidate) chunk;
    Str on; /* where the next chunk begins; empty: there is none */
    Rc rc;
} Paging;

static Date date_of(Str text) {
    Date date;
    return time_parse_date(text, &date) ? date : (Date){0};
}

static bool row_has(const Json *row, const StrVec *marks) {
    for (size_t i = LINE_ITEMS; i < row->len; i++)
        VEC_EACH (const Str, mark, marks)
            if (str_eq(json_str(json_at(row, i)), *mark)) return true;
    return marks->len == 0;
}

/* Before it is read: of 100 000 rows few have what is asked for. */
static bool may_have(const Paging *paging, Str value) {
    const InboxQuery *query = paging->query;
    const StrVec *marks = &paging->marks;
    if (!str_empty(query->district) && str_find(value, query->district) < 0) return false;
    if (!str_empty(query->procedure) && str_find(value, query->procedure) < 0) return false;
    VEC_EACH (const Str, mark, marks)
        if (str_find(value, *mark) >= 0) return true;
    return marks->len == 0;
}

static bool is_asked_for(const Paging *paging, const InboxLine *line, const Json *row) {
    const InboxQuery *query = paging->query;
    bool there = str_empty(query->district) || str_eq(query->district, line->district),
         kind = str_empty(query->procedure) || str_eq(query->procedure, line->procedure);
    return there && kind && row_has(row, &paging->marks);
}

static bool candidate_row(void *arg, Str key, Str value) {
    Paging *paging = arg;
    const Json *json;
    if (paging->chunk.len == CHUNK) {
        paging->on = str_dup(paging->ctx->arena, key);
        return false;
    }
    paging->page->scanned++;
    if (!may_have(paging, value)) return true;
    paging->rc = json_read(paging->ctx, value, JSON_LIMITS_DEFAULT, &json);
    if (paging->rc != RC_OK) return false;
    InboxLine line = {.id = json_str(json_at(json, 0)),
                      .state = paging->state,
                      .due = date_of(json_str(json_at(json, 1))),
                      .district = json_str(json_at(json, 2)),
                      .procedure = json_str(json_at(json, 3))};
    if (is_asked_for(paging, &line, json))
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

/* Where the lines of the post and state stand that are asked for. */
static Str lines_prefix(const Paging *paging) {
    Arena *arena = paging->ctx->arena;
    const InboxQuery *query = paging->query;
    if (!str_empty(query->assignee)) {
        Str held = held_prefix(arena, paging->post, query->assignee);
        return str_fmt(arena, STR_FMT "%c", STR_ARG(held), 'a' + (int)paging->state);
    }
    if (!query->pickup.year) return state_prefix(arena, 'l', paging->post, paging->state);
    return str_fmt(arena, STR_FMT STR_FMT,
                   STR_ARG(state_prefix(arena, 'd', paging->post, paging->state)),
                   STR_ARG(time_format_date(arena, query->pickup)));
}

/* States one after the other; within a state by due date and in the order of arrival. */
static Rc state_lines(Paging *paging, Str from) {
    Ctx *ctx = paging->ctx;
    Str prefix = lines_prefix(paging);
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
    for (size_t i = 0; query->items && i < query->items->len; i++)
        vec_push(ctx->arena, &paging.marks, item_mark(ctx, query->items->items[i]));
    StrVec posts;
    office_posts_now(ctx, query->post, &posts);
    for (size_t i = 0; i < posts.len * CASE_STATES && str_empty(out->next); i++) {
        paging.post = posts.items[i / CASE_STATES];
        paging.state = (CaseState)(i % CASE_STATES);
        if (states & 1u << paging.state) TRY(state_lines(&paging, from));
    }
    return RC_OK;
}

/* 0 where there is no such row. */
static Rc count_of(Ctx *ctx, Str key, int64_t *out) {
    Str stored;
    *out = 0;
    Rc rc = project_row(ctx, ctx->tenant->project, "inbox", key, &stored);
    if (rc != RC_OK) return rc == RC_NOT_FOUND ? RC_OK : rc;
    return str_to_i64(stored, out) ? RC_OK : bad_count(ctx, key);
}

Rc inbox_counts(Ctx *ctx, Str post, int64_t counts[CASE_STATES]) {
    StrVec posts;
    office_posts_now(ctx, post, &posts);
    memset(counts, 0, CASE_STATES * sizeof *counts);
    for (size_t i = 0; i < posts.len * CASE_STATES; i++) {
        CaseState state = (CaseState)(i % CASE_STATES);
        int64_t count;
        TRY(count_of(ctx, state_prefix(ctx->arena, 's', posts.items[i / CASE_STATES], state),
                     &count));
        counts[state] += count;
    }
    return RC_OK;
}

typedef struct Days {
    Ctx *ctx;
    size_t before; /* bytes of a key before its date */
    InboxDays *out;
    Rc rc;
} Days;

static bool day_row(void *arg, Str key, Str value) {
    Days *days = arg;
    InboxDay day = {.day = date_of(str_sub(key, days->before, key.len))};
    if (!str_to_i64(value, &day.cases)) days->rc = bad_count(days->ctx, key);
    if (days->rc == RC_OK) vec_push(days->ctx->arena, days->out, day);
    return days->rc == RC_OK;
}

static int day_order(const void *left, const void *right) {
    const InboxDay *a = left, *b = right;
    int64_t before = time_date_days(a->day), after = time_date_days(b->day);
    return before < after ? -1 : before > after;
}

/* Days of several posts, each once and in order. */
static void days_merge(InboxDays *days) {
    size_t kept = 0;
    if (days->len) qsort(days->items, days->len, sizeof *days->items, day_order);
    for (size_t i = 0; i < days->len; i++) {
        bool again = kept && !day_order(&days->items[kept - 1], &days->items[i]);
        if (again)
            days->items[kept - 1].cases += days->items[i].cases;
        else
            days->items[kept++] = days->items[i];
    }
    days->len = kept;
}

Rc inbox_days(Ctx *ctx, Str post, CaseState state, Date from, InboxDays *out) {
    StrVec posts;
    *out = (InboxDays){0};
    office_posts_now(ctx, post, &posts);
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    VEC_EACH (const Str, one, &posts) {
        Str prefix = state_prefix(ctx->arena, 'e', *one, state);
        RowsRange range = {.follower = "inbox", .prefix = prefix};
        Days days = {.ctx = ctx, .before = prefix.len, .out = out};
        if (from.year)
            range.from = str_fmt(ctx->arena, STR_FMT STR_FMT, STR_ARG(prefix),
                                 STR_ARG(time_format_date(ctx->arena, from)));
        TRY(project_rows(ctx, ctx->tenant->project, &range, day_row, &days));
        TRY(days.rc);
    }
    days_merge(out);
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

static Rc cases_load(Ctx *ctx, const StrVec *ids, InboxCases *out) {
    VEC_EACH (const Str, id, ids) {
        const Entity *application;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, *id, &application);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        vec_push(ctx->arena, out, application);
    }
    return RC_OK;
}

static bool among(const StrVec *ids, Str id) {
    VEC_EACH (const Str, one, ids)
        if (str_eq(*one, id)) return true;
    return false;
}

/* The id stands last in the key, and each is taken once. */
static bool last_row(void *arg, Str key, Str value) {
    Owned *alike = arg;
    Str rest = key, part;
    (void)value;
    while (str_split(&rest, BETWEEN, &part))
        key = part; /* the last one is the id */
    if (!among(&alike->ids, key)) vec_push(alike->arena, &alike->ids, str_dup(alike->arena, key));
    return true;
}

static Rc alike_add(Ctx *ctx, const Entity *application, Str iri, const InboxAlike *ask,
                    Owned *out) {
    Arena *arena = ctx->arena;
    Str prefix = alike_prefix(ctx, application, iri);
    RowsRange range = {.follower = "inbox", .prefix = prefix, .backwards = true};
    if (str_empty(prefix)) return RC_OK;
    range.from =
        str_fmt(arena, STR_FMT STR_FMT, STR_ARG(prefix), STR_ARG(time_format(arena, ask->from)));
    range.to =
        str_fmt(arena, STR_FMT STR_FMT, STR_ARG(prefix), STR_ARG(time_format(arena, ask->until)));
    range.limit = ask->limit;
    return project_rows(ctx, ctx->tenant->project, &range, last_row, out);
}

Rc inbox_alike(Ctx *ctx, const Entity *application, const InboxAlike *ask, StrVec *out) {
    Owned alike = {.arena = ctx->arena};
    *out = (StrVec){0};
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    TRY(alike_add(ctx, application, IRI("applicant"), ask, &alike));
    TRY(alike_add(ctx, application, IRI("phone"), ask, &alike));
    VEC_EACH (const Str, id, &alike.ids)
        if (!str_eq(*id, application->id)) vec_push(ctx->arena, out, *id);
    return RC_OK;
}

Rc inbox_of(Ctx *ctx, Str person, size_t limit, InboxCases *out) {
    Owned owned = {.arena = ctx->arena};
    *out = (InboxCases){0};
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    RowsRange range = {.follower = "inbox", .prefix = person_prefix(ctx, person), .limit = limit};
    TRY(project_rows(ctx, ctx->tenant->project, &range, owned_row, &owned));
    return cases_load(ctx, &owned.ids, out);
}

/* Keys of waiting messages behind their post: day, time, id. */
static bool waits_row(void *arg, Str key, Str value) {
    Owned *waits = arg;
    size_t at = (size_t)str_find_char(key, BETWEEN) + 1;
    (void)value;
    vec_push(waits->arena, &waits->ids, str_dup(waits->arena, str_sub(key, at, key.len)));
    return true;
}

static int text_order(const void *left, const void *right) {
    return str_cmp(*(const Str *)left, *(const Str *)right);
}

/* Of each post as many as are asked for, put into one order; of the keys their ids are left. */
static Rc waits_find(Ctx *ctx, const InboxWaits *ask, Owned *waits) {
    StrVec posts;
    office_posts_now(ctx, ask->post, &posts);
    TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    VEC_EACH (const Str, post, &posts) {
        RowsRange range = {
            .follower = "inbox", .prefix = waits_prefix(ctx, *post), .limit = ask->most + 1};
        if (ask->before.year)
            range.to = str_fmt(ctx->arena, STR_FMT STR_FMT, STR_ARG(range.prefix),
                               STR_ARG(time_format_date(ctx->arena, ask->before)));
        TRY(project_rows(ctx, ctx->tenant->project, &range, waits_row, waits));
    }
    if (waits->ids.len) qsort(waits->ids.items, waits->ids.len, sizeof(Str), text_order);
    VEC_EACH (Str, key, &waits->ids)
        *key = str_sub(*key, (size_t)str_find_char(*key, BETWEEN) + 1, key->len);
    return RC_OK;
}

Rc inbox_waits(Ctx *ctx, const InboxWaits *ask, InboxCases *out, bool *more) {
    Owned waits = {.arena = ctx->arena};
    *out = (InboxCases){0};
    TRY(waits_find(ctx, ask, &waits));
    *more = waits.ids.len > ask->most;
    if (*more) waits.ids.len = ask->most;
    return cases_load(ctx, &waits.ids, out);
}

Rc inbox_held(Ctx *ctx, const InboxHeld *ask, InboxCases *out, bool *more) {
    Owned held = {.arena = ctx->arena};
    *out = (InboxCases){0};
    RowsRange range = {.follower = "inbox",
                       .prefix = held_prefix(ctx->arena, ask->post, ask->assignee),
                       .limit = ask->most + 1};
    TRY(project_rows(ctx, ctx->tenant->project, &range, last_row, &held));
    *more = held.ids.len > ask->most;
    if (*more) held.ids.len = ask->most;
    return cases_load(ctx, &held.ids, out);
}

typedef struct Assigned {
    Ctx *ctx;
    size_t before; /* bytes of a key before its assignee */
    InboxAssignments *out;
    Rc rc;
} Assigned;

static bool assigned_row(void *arg, Str key, Str value) {
    Assigned *assigned = arg;
    Arena *arena = assigned->ctx->arena;
    InboxAssigned one = {.assignee = str_dup(arena, str_sub(key, assigned->before, key.len))};
    if (!str_to_i64(value, &one.cases)) assigned->rc = bad_count(assigned->ctx, key);
    if (assigned->rc == RC_OK) vec_push(arena, assigned->out, one);
    return assigned->rc == RC_OK;
}

static Str assigned_prefix(Arena *arena, Str post) {
    return str_fmt(arena, "k" STR_FMT "%c", STR_ARG(post), BETWEEN);
}

Rc inbox_assigned_to(Ctx *ctx, Str post, Str assignee, int64_t *cases) {
    Str parts[] = {assigned_prefix(ctx->arena, post), assignee};
    return count_of(ctx, str_join(ctx->arena, parts, 2, STR_NONE), cases);
}

Rc inbox_assigned(Ctx *ctx, Str post, InboxAssignments *out) {
    Str prefix = assigned_prefix(ctx->arena, post);
    RowsRange range = {.follower = "inbox", .prefix = prefix};
    Assigned assigned = {.ctx = ctx, .before = prefix.len, .out = out};
    *out = (InboxAssignments){0};
    TRY(project_rows(ctx, ctx->tenant->project, &range, assigned_row, &assigned));
    return assigned.rc;
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
