/* page_decisions: what was proposed and what became of it: the list, and one decision with its
 * proof. Deciding itself stands in page_decide.c and page_release.c. */
#include "page_design.h"
#include "page_lists.h"

#include "meet/meet.h"

#define IRI(term)       STR(LD_DEFAULT term)
#define DECISION_PREFIX "urn:ngsi-ld:Decision:"
#define AUDITOR_ALONE   (1u << ROLE_AUDITOR)

enum { LIST_PAGE = 50 };

static bool of_kind(const Entity *decision, const char *kind) {
    return str_eq(entity_text(decision, IRI("kind")), str_of(kind));
}

/* The day of a plan, which its title begins with: what is in it is shown for a purpose only, a
 * title is not. */
static bool plan_day(const Entity *decision, Date *day) {
    Str title = entity_text(decision, IRI("subjectLine"));
    ptrdiff_t end = str_find(title, STR("の粗大ごみ"));
    return end > 0 && time_parse_japanese(str_sub(title, 0, (size_t)end), day);
}

/* The title stands in the decision in Japanese, as it was decided; readers of English are told the
 * same. */
Json page_decision_title(Arena *arena, const Entity *decision) {
    Str ja = entity_text(decision, IRI("subjectLine")), en = ja;
    Date day;
    if (of_kind(decision, "fee-reduction")) en = STR("Reduction of a bulky-waste fee");
    if (of_kind(decision, "release")) en = STR("Release of open data");
    if (of_kind(decision, "procedure-definition")) en = STR("A version of a procedure");
    if (of_kind(decision, "procedure-transition")) en = STR("Cases to another version");
    if (of_kind(decision, "meeting-minutes")) en = STR("Minutes of a meeting");
    if (of_kind(decision, "file-disposal")) en = STR("Disposing of retention files");
    if (of_kind(decision, "file-extension")) en = STR("Keeping retention files for longer");
    if (of_kind(decision, "file-transfer")) en = STR("Handing over retention files");
    if (of_kind(decision, "collection-plan") && plan_day(decision, &day))
        en = str_fmt(arena, "Collection plan of " STR_FMT, STR_ARG(time_format_date(arena, day)));
    return view_text(arena, ja, en);
}

/* How a decision stands, in the words of the pages. */
static void stand_set(View *view, const Entity *decision) {
    static const struct {
        const char *state, *word, *level;
    } rows[] = {
        {"waiting", "open", "warn"},        {"decided", "approved", "ok"},
        {"rejected", "rejected", "bad"},    {"returned", "returned", "info"},
        {"withdrawn", "withdrawn", "info"}, {"dropped", "dropped", "info"},
    };
    Str state = entity_text(decision, IRI("state"));
    size_t at = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(state, str_of(rows[i].state))) at = i;
    view_str(view, "state", str_of(rows[at].word));
    view_str(view, "level", str_of(rows[at].level));
}

Str page_decision_url(Arena *arena, Str id) {
    return str_fmt(arena, "/staff/decisions/" STR_FMT,
                   STR_ARG(str_sub(id, sizeof DECISION_PREFIX - 1, id.len)));
}

/* Whether it waits for the post of who asks. */
static bool waits_for_own(const Ctx *ctx, const Entity *decision) {
    const Attr *posts = entity_attr(decision, IRI("waitsFor"));
    bool waits = str_eq(entity_text(decision, IRI("state")), STR("waiting"));
    if (!posts) return waits && str_eq(entity_text(decision, IRI("deciderPost")), ctx->actor->post);
    for (size_t i = 0; waits && posts->value && i < posts->value->len; i++)
        if (str_eq(json_str(json_at(posts->value, i)), ctx->actor->post)) return true;
    return false;
}

/* Where a waiting proposal is decided by who asks; else its own page. */
static Str decision_url(HttpExchange *x, const Entity *decision) {
    Ctx *ctx = http_ctx(x);
    Date day;
    bool own = waits_for_own(ctx, decision);
    bool decides = own && str_eq(entity_text(decision, IRI("deciderPost")), ctx->actor->post);
    if (own && of_kind(decision, "fee-reduction")) return STR("/staff/reductions");
    if (decides && of_kind(decision, "release")) return STR("/staff/releases");
    if (decides && plan_day(decision, &day))
        return str_fmt(ctx->arena, "/staff/plan/" STR_FMT,
                       STR_ARG(time_format_date(ctx->arena, day)));
    return page_decision_url(ctx->arena, decision->id);
}

/* ---- the list ---- */

typedef struct DecisionFilter {
    const char *word, *condition;
    enum { WHOEVERS, MINE, DRAFTED } whose; /* waits for one's own post, was drafted under it */
} DecisionFilter;

static const DecisionFilter state_filters[] = {
    {"mine", "state==\"waiting\"", MINE},
    {"drafted", "state==\"waiting\"", DRAFTED},
    {"waiting", "state==\"waiting\"", WHOEVERS},
    {"decided", "state==\"decided\"", WHOEVERS},
    {"returned",
     "(state==\"returned\"|state==\"rejected\"|state==\"withdrawn\"|"
     "state==\"dropped\")",
     WHOEVERS},
    {"all", "state", WHOEVERS},
};
static const DecisionFilter kind_filters[] = {
    {"all", "kind", WHOEVERS},
    {"fee-reduction", "kind==\"fee-reduction\"", WHOEVERS},
    {"collection-plan", "kind==\"collection-plan\"", WHOEVERS},
    {"release", "kind==\"release\"", WHOEVERS},
    {"meetings", "kind==\"meeting-minutes\"", WHOEVERS},
    {"procedure-definition", "(kind==\"procedure-definition\"|kind==\"procedure-transition\")",
     WHOEVERS},
    {"files", "(kind==\"file-disposal\"|kind==\"file-extension\"|kind==\"file-transfer\")",
     WHOEVERS},
    {"application",
     "kind!=\"fee-reduction\";kind!=\"collection-plan\";kind!=\"release\";"
     "kind!=\"procedure-definition\";kind!=\"procedure-transition\";kind!=\"file-disposal\";kind!="
     "\"file-extension\";"
     "kind!=\"file-transfer\";kind!=\"meeting-minutes\"",
     WHOEVERS},
};

enum {
    STATE_FILTERS = sizeof state_filters / sizeof *state_filters,
    KIND_FILTERS = sizeof kind_filters / sizeof *kind_filters
};

static const DecisionFilter *filter_find(const DecisionFilter *rows, size_t n, Str word,
                                         size_t otherwise) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, str_of(rows[i].word))) return &rows[i];
    return &rows[otherwise];
}

static Json words_value(Arena *arena, const DecisionFilter *rows, size_t n) {
    JsonItems items = {0};
    for (size_t i = 0; i < n; i++)
        vec_push(arena, &items, json_of_str(str_of(rows[i].word)));
    return json_of_items(items.items, items.len);
}

/* A text in a condition is a JSON string: a post's id is the city's to choose. */
static Str condition_of(Ctx *ctx, const DecisionFilter *state, const DecisionFilter *kind) {
    Buf text = buf_new(ctx->arena, CONDITION_MAX);
    buf_addf(&text, "%s;%s", state->condition, kind->condition);
    if (state->whose != WHOEVERS) buf_add(&text, STR(";"));
    if (state->whose == MINE) page_waits_for(ctx, &text);
    if (state->whose == DRAFTED) {
        buf_add(&text, STR("drafterPost=="));
        json_write_str(&text, ctx->actor->post);
    }
    return buf_str(&text);
}

/* The list begins with what one has to do: who decides with that, who only drafts with what he
 * waits for, who audits with all. */
static size_t state_usual(const Actor *actor) {
    if (actor->roles == AUDITOR_ALONE) return STATE_FILTERS - 1;
    return actor->roles & 1u << ROLE_CHIEF ? 0 : 1;
}

static Rc decisions_find(Ctx *ctx, Str condition, size_t page, ProjectAnswer *out) {
    ProjectWish wish = {.type = STR("Decision"),
                        .q = condition,
                        .order_by = STR("draftedAt;desc"),
                        .limit = LIST_PAGE,
                        .offset = (page - 1) * LIST_PAGE,
                        .count = true,
                        .view = gate_view};
    return project_find(ctx, &wish, out);
}

static Json line_value(HttpExchange *x, const Entity *decision) {
    Arena *arena = http_ctx(x)->arena;
    View one = view_new(arena);
    view_str(&one, "number", entity_text(decision, IRI("number")));
    view_set(&one, "title", page_decision_title(arena, decision));
    view_str(&one, "kind", entity_text(decision, IRI("kind")));
    view_str(&one, "url", decision_url(x, decision));
    stand_set(&one, decision);
    view_set(&one, "decider", page_post(x, entity_text(decision, IRI("deciderPost"))));
    view_str(&one, "drafted", entity_text(decision, IRI("draftedAt")));
    view_str(&one, "decided", entity_text(decision, IRI("decidedAt")));
    return view_value(&one);
}

static void decisions_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const DecisionFilter *state = filter_find(
        state_filters, STATE_FILTERS, http_query_or(x, "state", STR_NONE), state_usual(ctx->actor));
    const DecisionFilter *kind =
        filter_find(kind_filters, KIND_FILTERS, http_query_or(x, "kind", STR_NONE), 0);
    ProjectAnswer found;
    size_t page = page_number(x);
    if (decisions_find(ctx, condition_of(ctx, state, kind), page, &found) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x), filters = view_new(ctx->arena);
    JsonItems lines = {0};
    view_set(&filters, "states", words_value(ctx->arena, state_filters, STATE_FILTERS));
    view_str(&filters, "state", str_of(state->word));
    view_set(&filters, "kinds", words_value(ctx->arena, kind_filters, KIND_FILTERS));
    view_str(&filters, "kind", str_of(kind->word));
    view_set(&view, "filters", view_value(&filters));
    for (size_t i = 0; i < found.entities.len; i++)
        vec_push(ctx->arena, &lines, line_value(x, found.entities.items[i]));
    view_items(&view, "decisions", &lines);
    view_int(&view, "total", (int64_t)found.count);
    Pager pager = {.path = STR("/staff/decisions"),
                   .query = str_fmt(ctx->arena, "state=%s&kind=%s", state->word, kind->word),
                   .page = page,
                   .size = LIST_PAGE,
                   .total = found.count};
    page_pager(&view, &pager);
    page_show(x, 200, WEB_PAGE_DECISIONS, &view);
}

/* ---- one decision ---- */

/* What was said when it was decided, before each act was kept. */
static Json comments_value(HttpExchange *x, const Entity *decision) {
    Arena *arena = http_ctx(x)->arena;
    Str opinion = entity_text(decision, IRI("opinion"));
    JsonItems comments = {0};
    if (!str_empty(opinion) && !entity_attr(decision, IRI("acts"))) {
        View one = view_new(arena);
        view_set(&one, "post", page_post(x, entity_text(decision, IRI("deciderPost"))));
        view_str(&one, "text", opinion);
        view_str(&one, "at", entity_text(decision, IRI("decidedAt")));
        vec_push(arena, &comments, view_value(&one));
    }
    return json_of_items(comments.items, comments.len);
}

/* The hash of the route beside that of the contents: stages may be added to it, approvals stay. */
static Str route_hash(Arena *arena, const Entity *decision) {
    const Attr *route = entity_attr(decision, IRI("route"));
    return route ? decide_hash(arena, json_get(route->value, STR("stages"))) : STR_NONE;
}

static Rc decision_load(HttpExchange *x, const Entity **out) {
    Ctx *ctx = http_ctx(x);
    Str id = str_fmt(ctx->arena, DECISION_PREFIX STR_FMT, STR_ARG(http_path_param(x, "decision")));
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, out);
    if (rc == RC_OK)
        ctx->purpose = page_is_matter(*out) ? STR("application-decide") : STR("bulky-waste-decide");
    if (rc == RC_OK) *out = gate_view(ctx, NULL, *out);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !*out))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-proposal", id, "There is no such decision.");
    return rc;
}

static Rc decision_fill(HttpExchange *x, const Entity *decision, const HttpForm *form, View *view) {
    Ctx *ctx = http_ctx(x);
    Str act = decision_url(x, decision), own = page_decision_url(ctx->arena, decision->id);
    TRY(page_proof(ctx, decision->version, view, NULL));
    TRY(page_decision_content(x, decision, view));
    TRY(page_route_acts(x, decision, form, view));
    view_set(view, "title", page_decision_title(ctx->arena, decision));
    view_str(view, "number", entity_text(decision, IRI("number")));
    stand_set(view, decision);
    view_str(view, "url", own);
    view_str(view, "act_url", str_eq(own, act) ? STR_NONE : act);
    view_set(view, "comments", comments_value(x, decision));
    view_str(view, "dropped", entity_text(decision, IRI("dropReason")));
    view_str(view, "hash", entity_text(decision, IRI("contentHash")));
    view_str(view, "route_hash", route_hash(ctx->arena, decision));
    return RC_OK;
}

static bool amends(const HttpForm *form) {
    return str_eq(http_form_value(form, "act"), STR("amend"));
}

/* form: what was sent; NULL: nothing was. */
static void decision_show(HttpExchange *x, int status, const HttpForm *form, const Faults *faults) {
    const Entity *decision;
    View view = page_view(x), values = view_new(view.arena);
    if (decision_load(x, &decision) != RC_OK || decision_fill(x, decision, form, &view) != RC_OK) {
        page_fail(x);
        return;
    }
    view_str(&values, "comment",
             form && !amends(form) ? http_form_value(form, "comment") : STR_NONE);
    view_set(&view, "values", view_value(&values));
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_DECISION, &view);
}

static void decision_get(HttpExchange *x) {
    decision_show(x, 200, NULL, NULL);
}

/* What was done: to the decision, or to what waits besides. */
static void decision_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    const Entity *decision;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Rc rc = decision_load(x, &decision);
    if (rc == RC_OK) rc = page_route_do(x, decision, form);
    if (rc == RC_OK)
        page_see(x, page_decision_url(ctx->arena, decision->id));
    else if ((amends(form) && page_amend_fault(ctx, rc, &faults)) ||
             page_route_fault(ctx, rc, &faults))
        decision_show(x, 422, form, &faults);
    else
        page_fail(x);
}

/* A file of what was frozen, to whoever may see the contents: a look of its own. */
static void file_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Entity *decision;
    const Json *contents = NULL;
    Rc rc = decision_load(x, &decision);
    if (rc == RC_OK) rc = decide_contents(ctx, decision, &contents);
    if (rc == RC_OK && !contents)
        rc = ctx_fail(ctx, RC_NOT_FOUND, "no-file", STR_NONE, "There is no such file.");
    if (rc == RC_OK) rc = gate_look(ctx, &decision, 1, page_what(WHAT_FILE));
    if (rc == RC_OK) rc = page_file_show(x, page_frozen_case(ctx->arena, contents), false);
    if (rc != RC_OK) page_fail(x);
}

static void seen_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    if (!page_form(x, &form)) return;
    Str id = str_fmt(ctx->arena, DECISION_PREFIX STR_FMT, STR_ARG(http_path_param(x, "decision")));
    if (office_seen(ctx, id) == RC_OK)
        page_see(x, STR("/staff"));
    else
        page_fail(x);
}

#define CLERK (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK))
#define DECIDERS                                                                                   \
    (CLERK | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF) | 1u << (GATE_ROLE_SHIFT + ROLE_STEWARD))
#define READERS                                                                                    \
    (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK) | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF) |    \
     1u << (GATE_ROLE_SHIFT + ROLE_STEWARD) | 1u << (GATE_ROLE_SHIFT + ROLE_AUDITOR))

const HttpRoute page_decisions_rows[] = {
    {HTTP_GET, "/staff/decisions", decisions_get, HTTP_POOL, 0, READERS, "Decisions",
     "What was proposed and what became of it", NULL, NULL, page_shown},
    {HTTP_GET, "/staff/decisions/{decision}", decision_get, HTTP_POOL, 0, READERS, "Decisions",
     "A decision and its proof", NULL, NULL, page_shown},
    {HTTP_GET, "/staff/decisions/{decision}/files/{file}", file_get, HTTP_POOL, 0, READERS,
     "Decisions", "An attached file", NULL, NULL, page_file_answers},
    {HTTP_POST, "/staff/decisions/{decision}", decision_post, HTTP_POOL, PAGE_FORM_MAX,
     READERS | GATE_FORM, "Decisions", "Act on the route of a proposal", NULL, NULL, page_posted},
    {HTTP_POST, "/staff/decisions/{decision}/seen", seen_post, HTTP_POOL, PAGE_FORM_MAX,
     DECIDERS | GATE_FORM, "Decisions", "Put away what was told of a proposal", NULL, NULL,
     page_posted},
};
ROWS(page_decisions_count, page_decisions_rows);
