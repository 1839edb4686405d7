/* page_inbox: the cases of a post, and what else waits for who looks. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { INBOX_PAGE = 50, URL_MAX = 2048 };

static const Str purpose_inbox = {"application-check", 17};

int64_t page_unmet(const Json *found) {
    int64_t n = 0;
    for (size_t i = 0; found && found->kind == JSON_ARRAY && i < found->len; i++)
        n += !json_get_bool(json_at(found, i), "ok", false);
    return n;
}

static void checks_count(const Entity *application, View *view) {
    const Attr *checks = entity_attr(application, IRI("checks"));
    int64_t bad = checks ? page_unmet(checks->value) : 0;
    view_int(view, "ok", checks ? (int64_t)checks->value->len - bad : 0);
    view_int(view, "warn", 0);
    view_int(view, "bad", bad);
}

/* ---- what is asked for ---- */

void page_option(View *view, JsonItems *items, Str id, Json label, Str chosen) {
    View one = view_new(view->arena);
    view_str(&one, "id", id);
    view_set(&one, "label", label);
    view_bool(&one, "chosen", str_eq(id, chosen));
    vec_push(view->arena, items, view_value(&one));
}

typedef struct Filter {
    const char *word;
    unsigned states;
} Filter;

static const Filter filters[] = {
    {"open", 1u << CASE_SUBMITTED},
    {"mine", ((1u << CASE_STATES) - 1) & ~CASE_ENDS}, /* and with him: query_of */
    {"asked", 1u << CASE_ASKED},
    {"missed", 1u << CASE_MISSED},
    {"done", 1u << CASE_CONFIRMED | 1u << CASE_PLANNED | 1u << CASE_COLLECTED |
                 1u << CASE_CANCELLED | 1u << CASE_REFUSED | 1u << CASE_DONE},
    {"all", (1u << CASE_STATES) - 1},
};

enum { FILTERS = sizeof filters / sizeof *filters };

/* NULL: there is none of that name. */
static const Filter *filter_find(Str word) {
    for (size_t i = 0; i < FILTERS; i++)
        if (str_eq(word, str_of(filters[i].word))) return &filters[i];
    return NULL;
}

const char *page_filter_at(size_t n) {
    return n < FILTERS ? filters[n].word : NULL;
}

unsigned page_filter_states(Str word) {
    const Filter *filter = filter_find(word);
    return filter ? filter->states : 0;
}

static Rc post_has_cases(Ctx *ctx, Str post, bool *out) {
    int64_t counts[CASE_STATES], all = 0;
    TRY(inbox_counts(ctx, post, counts));
    for (unsigned state = 0; state < CASE_STATES; state++)
        all += counts[state];
    *out = all > 0;
    return RC_OK;
}

/* Who has no other inbox than that of its post. */
static bool is_contractor(const Ctx *ctx) {
    return ctx->actor->roles & 1u << ROLE_CONTRACTOR;
}

Rc page_inbox_post(Ctx *ctx, Str asked, Str *out) {
    bool any;
    const GatePost *post;
    bool contractor = is_contractor(ctx);
    *out = !contractor && gate_post(ctx->tenant->gate, asked) ? asked : ctx->actor->post;
    if (contractor || !str_empty(asked)) return RC_OK;
    TRY(post_has_cases(ctx, *out, &any));
    for (size_t i = 0; !any && (post = gate_post_at(ctx->tenant->gate, i)); i++) {
        if (!str_eq(post->division, ctx->actor->division)) continue;
        TRY(post_has_cases(ctx, post->id, &any));
        if (any) *out = post->id;
    }
    return RC_OK;
}

/* `posts`: those of his division whose cases there are, and the one that is shown. */
static Rc posts_set(HttpExchange *x, View *view, Str shown) {
    Ctx *ctx = http_ctx(x);
    JsonItems items = {0};
    const GatePost *post;
    for (size_t i = 0; (post = gate_post_at(ctx->tenant->gate, i)); i++) {
        bool any = str_eq(post->id, shown) || str_eq(post->id, ctx->actor->post);
        if (!any && !is_contractor(ctx) && str_eq(post->division, ctx->actor->division))
            TRY(post_has_cases(ctx, post->id, &any));
        if (any) page_option(view, &items, post->id, page_post(x, post->id), shown);
    }
    view_items(view, "posts", &items);
    return RC_OK;
}

/* `procedures`: what the post is in charge of. */
static void procedures_set(HttpExchange *x, View *view, Str post) {
    Ctx *ctx = http_ctx(x);
    const Catalogue *catalogue = procedures_catalogue(ctx->tenant);
    Str chosen = http_query_or(x, "procedure", STR_NONE);
    StrVec ids = {0}, posts;
    JsonItems items = {0};
    office_posts_now(ctx, post, &posts);
    if (org_lists(&posts, office_confirmer(ctx)))
        page_option(view, &items, INBOX_BULKY, page_bulky_label(view->arena), chosen);
    catalogue_ids(ctx->arena, catalogue, &ids);
    VEC_EACH (const Str, id, &ids) {
        const Definition *one = catalogue_newest(catalogue, *id);
        if (!one->parts.len && org_lists(&posts, one->post))
            page_option(view, &items, *id, *one->label.all, chosen);
    }
    view_items(view, "procedures", &items);
}

static void districts_set(HttpExchange *x, View *view) {
    const Waste *waste = procedures_waste(http_ctx(x)->tenant);
    Str chosen = http_query_or(x, "district", STR_NONE);
    JsonItems items = {0};
    const WasteDistrict *district;
    for (size_t i = 0; (district = waste_district_at(waste, i)); i++)
        page_option(view, &items, district->id, *district->name.both, chosen);
    view_items(view, "districts", &items);
}

static Rc filters_set(HttpExchange *x, View *view, const Filter *filter, Str post) {
    View one = view_new(view->arena);
    JsonItems states = {0};
    for (size_t i = 0; i < FILTERS; i++)
        vec_push(view->arena, &states, json_of_str(str_of(filters[i].word)));
    view_items(&one, "states", &states);
    view_str(&one, "state", str_of(filter->word));
    TRY(posts_set(x, &one, post));
    procedures_set(x, &one, post);
    districts_set(x, &one);
    view_str(&one, "q", http_query_or(x, "q", STR_NONE));
    view_set(view, "filters", view_value(&one));
    return RC_OK;
}

/* What was applied for: the items, or the procedure. */
static Json what_value(HttpExchange *x, const Entity *application) {
    bool defined = defined_of(http_ctx(x), application) != NULL;
    return defined ? page_procedure_label(x, application) : page_items(x, application);
}

/* application: what the official may see of it. Without a number it is another division's. */
static Json line_value(HttpExchange *x, const InboxLine *line, const Entity *application,
                       const GateHolders *holders) {
    Arena *arena = http_ctx(x)->arena;
    View one = view_new(arena);
    Str number = entity_text(application, IRI("receiptNumber"));
    view_str(&one, "number", number);
    view_str(&one, "url", str_empty(number) ? STR_NONE : page_case_url(arena, number));
    view_str(&one, "arrived", entity_text(application, IRI("submittedAt")));
    view_set(&one, "what", what_value(x, application));
    view_bool(&one, "reduction",
              str_eq(entity_text(application, IRI("reductionState")), STR("requested")));
    view_bool(&one, "message", message_waits(application));
    view_set(&one, "district", page_district(x, line->district));
    checks_count(application, &one);
    page_case_state(x, &one, application);
    view_set(&one, "due", page_due_value(x, page_due_day(http_ctx(x), application, line->due)));
    Str assignee = entity_text(application, IRI("assignee"));
    bool mine = str_eq(assignee, http_ctx(x)->actor->id);
    view_bool(&one, "left", office_is_left(http_ctx(x), application, holders));
    view_set(&one, "assignee",
             str_empty(assignee) ? json_of_null()
             : mine              ? page_name(x, http_ctx(x)->actor->name)
                                 : page_holder_name(x, holders, assignee));
    return view_value(&one);
}

/* A number typed into the search goes straight to its case. */
static bool inbox_jump(HttpExchange *x) {
    Str id, number = text_fold(http_ctx(x)->arena, str_trim(http_query_or(x, "q", STR_NONE)));
    if (str_empty(number) || inbox_find(http_ctx(x), number, &id) != RC_OK) return false;
    page_see(x, page_case_url(http_ctx(x)->arena, number));
    return true;
}

typedef struct InboxShown {
    JsonItems lines;
    PageSeen seen;
    int64_t late;
} InboxShown;

/* What else was typed into it is looked for among the things that are fetched: `items` of the
 * query, and their names for the page. */
static void inbox_items(HttpExchange *x, View *view, StrVec *items) {
    Arena *arena = http_ctx(x)->arena;
    const Waste *waste = procedures_waste(http_ctx(x)->tenant);
    const WasteItem **found;
    JsonItems names = {0};
    size_t n = waste_search(arena, waste, http_query_or(x, "q", STR_NONE), waste_item_count(waste),
                            &found);
    for (size_t i = 0; i < n; i++) {
        vec_push(arena, items, found[i]->id);
        vec_push(arena, &names, *found[i]->name.both);
    }
    view_items(view, "searched", &names);
}

/* A page of the inbox is one look at all whose cases are on it. Who does not see what a case is
 * about is not told either that it was found by that. */
static Rc inbox_lines(HttpExchange *x, InboxPage *page, bool by_item, InboxShown *out) {
    Ctx *ctx = http_ctx(x);
    GateHolders holders;
    TRY(gate_holders(ctx, NULL, &holders));
    VEC_EACH (const InboxLine, line, &page->lines) {
        const Entity *application = gate_view(ctx, NULL, line->application);
        if (!application) continue;
        if (by_item && !entity_attr(application, IRI("items"))) {
            page->next = STR_NONE;
            continue;
        }
        vec_push(ctx->arena, &out->seen, application);
        vec_push(ctx->arena, &out->lines, line_value(x, line, application, &holders));
        bool own = !str_empty(entity_text(application, IRI("receiptNumber")));
        out->late += own && page_is_late(ctx, page_due_day(ctx, application, line->due));
    }
    return RC_OK;
}

/* What waits for the decision of who is asking, by the page on which that is decided. */
typedef struct Waiting {
    const char *kind, *key, *url;
    int64_t n;
} Waiting;
typedef struct WaitingRows {
    Waiting *rows;
    size_t len;
} WaitingRows;

static Rc waiting_count(Ctx *ctx, void *arg, const Entity *decision) {
    const WaitingRows *waiting = arg;
    (void)ctx;
    for (size_t i = 0; i < waiting->len; i++)
        waiting->rows[i].n +=
            str_eq(entity_text(decision, IRI("kind")), str_of(waiting->rows[i].kind));
    return RC_OK;
}

static Rc inbox_waiting(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    Waiting rows[] = {{"", "rules", "/staff/rules", 0}, /* what rules prepared, of no decision */
                      {"fee-reduction", "reductions", "/staff/reductions", 0},
                      {"collection-plan", "plan", "/staff/plan", 0},
                      {"release", "data", "/staff/releases", 0}};
    WaitingRows waiting = {rows, sizeof rows / sizeof *rows};
    JsonItems items = {0};
    Buf condition = buf_new(ctx->arena, CONDITION_MAX);
    buf_add(&condition, STR("state==\"waiting\";"));
    page_waits_for(ctx, &condition);
    ProjectWish wish = {.type = STR("Decision"), .q = buf_str(&condition)};
    if (ctx->actor->roles & 1u << ROLE_CHIEF)
        TRY(project_each(ctx, &wish, waiting_count, &waiting));
    TRY(bins_of_post(ctx, ctx->actor->post, &rows[0].n));
    for (size_t i = 0; i < waiting.len; i++) {
        if (!rows[i].n) continue;
        View one = view_new(ctx->arena);
        view_str(&one, "key", str_of(rows[i].key));
        view_str(&one, "url", str_of(rows[i].url));
        view_int(&one, "n", rows[i].n);
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(view, "waiting", &items);
    return RC_OK;
}

/* How many there are: counted where all of a state are asked for, else as far as the page goes.
 * What was found and isn't his to see is not told by its number. */
static Rc inbox_total(Ctx *ctx, const InboxQuery *query, const InboxPage *page, size_t shown,
                      View *view) {
    int64_t counts[CASE_STATES], total = 0;
    bool whole = str_empty(query->district) && str_empty(query->procedure) &&
                 str_empty(query->assignee) && !query->items;
    TRY(inbox_counts(ctx, query->post, counts));
    for (unsigned state = 0; state < CASE_STATES; state++)
        total += query->states & 1u << state ? counts[state] : 0;
    view_int(view, "total", whole ? total : (int64_t)shown);
    view_bool(view, "counted", whole || (str_empty(query->after) && str_empty(page->next)));
    return RC_OK;
}

/* The next page of what is shown; empty: that was all. */
static Str inbox_older(HttpExchange *x, const Filter *filter, Str next) {
    static const char *const asked[] = {"post", "procedure", "district", "q"};
    Arena *arena = http_ctx(x)->arena;
    Buf url = buf_new(arena, URL_MAX);
    if (str_empty(next)) return STR_NONE;
    buf_addf(&url, "/staff?state=%s", filter->word);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        Str value = http_query_or(x, asked[i], STR_NONE);
        if (!str_empty(value))
            buf_addf(&url, "&%s=" STR_FMT, asked[i], STR_ARG(http_url_encode(arena, value)));
    }
    buf_addf(&url, "&after=" STR_FMT, STR_ARG(next));
    return buf_str(&url);
}

static InboxQuery query_of(HttpExchange *x, const Filter *filter) {
    bool mine = str_eq(str_of(filter->word), STR("mine"));
    return (InboxQuery){.states = filter->states,
                        .district = http_query_or(x, "district", STR_NONE),
                        .procedure = http_query_or(x, "procedure", STR_NONE),
                        .assignee = mine ? http_ctx(x)->actor->id : STR_NONE,
                        .after = http_query_or(x, "after", STR_NONE),
                        .limit = INBOX_PAGE};
}

static Rc inbox_fill(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    const Filter *filter = filter_find(http_query_or(x, "state", STR_NONE));
    if (!filter) filter = &filters[0];
    InboxPage page = {0};
    InboxShown shown = {0};
    StrVec items = {0};
    bool searched = !str_empty(str_trim(http_query_or(x, "q", STR_NONE)));
    InboxQuery query = query_of(x, filter);
    if (searched) query.items = &items;
    inbox_items(x, view, &items);
    TRY(page_inbox_post(ctx, http_query_or(x, "post", STR_NONE), &query.post));
    if (!searched || items.len) TRY(inbox_page(ctx, &query, &page));
    TRY(inbox_lines(x, &page, searched, &shown));
    TRY(page_thread_inbox(x, view, &shown.seen));
    TRY(page_news_set(x, view, &shown.seen));
    TRY(gate_look(ctx, shown.seen.items, shown.seen.len, page_what(WHAT_INBOX)));
    TRY(page_handover_inbox(x, view));
    TRY(inbox_waiting(x, view));
    TRY(page_vacant(x, view));
    page_together_links(x, view, is_contractor(ctx) ? STR_NONE : query.post);
    TRY(inbox_total(ctx, &query, &page, shown.lines.len, view));
    TRY(filters_set(x, view, filter, query.post));
    view_str(view, "post", query.post);
    view_bool(view, "exports", !is_contractor(ctx));
    view_bool(view, "unknown", searched && !items.len);
    view_int(view, "late", shown.late);
    view_items(view, "cases", &shown.lines);
    view_null(view, "newer");
    view_str(view, "older", inbox_older(x, filter, page.next));
    return RC_OK;
}

static void inbox_get(HttpExchange *x) {
    http_ctx(x)->purpose = purpose_inbox;
    if (inbox_jump(x)) return;
    View view = page_view(x);
    if (inbox_fill(x, &view) == RC_OK)
        page_show(x, 200, WEB_PAGE_INBOX, &view);
    else
        page_fail(x);
}

const HttpRoute page_inbox_rows[] = {
    {HTTP_GET, "/staff", inbox_get, HTTP_POOL, 0, PAGE_OFFICE, "Office", "Inbox", NULL, NULL,
     page_shown},
    {HTTP_GET, "/staff/inbox", inbox_get, HTTP_POOL, 0, PAGE_OFFICE, "Office", "Inbox", NULL, NULL,
     page_shown},
};
ROWS(page_inbox_count, page_inbox_rows);
