/* page_transition: 経過措置: which running cases go on under which version, what that would come
   to, case by case, and proposing it; and how far those are that were decided. */
#include "page_design.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { LISTED = 100, QUERY_BYTES = 1 << 14, CASES_LOOKED = 100 };

/* ---- what is asked: the same names in the address and in the form ---- */

static void query_read(HttpExchange *x, HttpForm *out) {
    *out = (HttpForm){0};
    for (size_t i = 0; i < http_query_count(x); i++) {
        HttpField field = {0};
        http_query_at(x, i, &field.name, &field.value);
        vec_push(http_ctx(x)->arena, out, field);
    }
}

/* "from-1", "state-asked": what stands behind; empty: it isn't one of these, or not said. */
static Str behind(const HttpField *field, const char *head) {
    bool said = str_starts(field->name, str_of(head)) && !str_empty(field->value);
    return said ? str_sub(field->name, str_of(head).len, field->name.len) : STR_NONE;
}

/* "map-1-asked" */
static void map_read(Arena *arena, const HttpField *field, TransitionWish *out) {
    TransitionMap map = {.to = field->value};
    Str version, rest = behind(field, "map-");
    if (str_split(&rest, '-', &version) && str_to_i64(version, &map.version) && !str_empty(rest)) {
        map.state = rest;
        vec_push(arena, &out->moved, map);
    }
}

static void day_read(const HttpForm *form, const char *name, Date *out, Faults *faults,
                     Arena *arena) {
    Str text = str_trim(http_form_value(form, name));
    if (!str_empty(text) && !time_parse_japanese(text, out))
        vec_push(arena, faults, ((Fault){name, "format"}));
}

static void wish_read(Arena *arena, const HttpForm *form, Str procedure, TransitionWish *out,
                      Faults *faults) {
    *out = (TransitionWish){.procedure = procedure, .reason = http_form_value(form, "reason")};
    (void)str_to_i64(http_form_value(form, "to"), &out->to);
    VEC_EACH (const HttpField, field, form) {
        int64_t version;
        Str state = behind(field, "state-");
        if (str_to_i64(behind(field, "from-"), &version)) vec_push(arena, &out->from, version);
        if (!str_empty(state)) vec_push(arena, &out->states, state);
        map_read(arena, field, out);
    }
    day_read(form, "since", &out->since, faults, arena);
    day_read(form, "before", &out->before, faults, arena);
}

/* ---- what can be chosen ---- */

static bool from_has(const TransitionWish *wish, int64_t version) {
    VEC_EACH (const int64_t, one, &wish->from)
        if (*one == version) return true;
    return false;
}

static void state_choice(View *view, const DefinedState *state, const TransitionWish *wish,
                         StrVec *seen, JsonItems *out) {
    if (state->owner == OWNER_NOBODY || org_lists(seen, state->id)) return;
    View one = view_new(view->arena);
    vec_push(view->arena, seen, state->id);
    view_str(&one, "id", state->id);
    view_json(&one, "label", state->label.all);
    view_bool(&one, "chosen", org_lists(&wish->states, state->id));
    vec_push(view->arena, out, view_value(&one));
}

/* `versions` with how many cases each has, and the `states` in which those can be. */
static Rc choices_set(HttpExchange *x, View *view, const Publishing *of,
                      const TransitionWish *wish) {
    Ctx *ctx = http_ctx(x);
    TransitionCounts counts;
    JsonItems versions = {0}, states = {0};
    StrVec seen = {0};
    TRY(transition_counts(ctx, of->id, &counts));
    for (int64_t n = (int64_t)counts.len; n > 0; n--) {
        const Definition *one = catalogue_version(procedures_catalogue(ctx->tenant), of->id, n);
        if (!one) continue;
        View row = view_new(view->arena);
        view_int(&row, "version", n);
        view_int(&row, "cases", counts.items[n - 1]);
        view_str(&row, "since", time_format_date(view->arena, one->from));
        view_bool(&row, "now", one == of->now);
        view_bool(&row, "from", from_has(wish, n));
        view_bool(&row, "to", wish->to ? wish->to == n : one == of->now);
        vec_push(view->arena, &versions, view_value(&row));
        if (counts.items[n - 1])
            VEC_EACH (const DefinedState, state, &one->states)
                state_choice(view, state, wish, &seen, &states);
    }
    view_items(view, "versions", &versions);
    view_items(view, "states", &states);
    return RC_OK;
}

/* ---- what would differ ---- */

/* What of a definition means something for a case under way; what it means is told for each. */
static const char *const members[] = {
    "states", "moves", "days",      "pages",   "tables",    "conditions",  "checks", "fee",
    "post",   "basis", "retention", "letters", "automatic", "reservation", "thread", "amount"};

static bool differs(const Definition *a, const Definition *b, const char *member) {
    const Json *before = json_get(a->source, str_of(member)),
               *after = json_get(b->source, str_of(member));
    return before && after ? !json_equal(before, after) : before != after;
}

static Json member_texts(Ctx *ctx, const Definition *from, const Definition *to) {
    JsonItems items = {0};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (differs(from, to, members[i]))
            vec_push(ctx->arena, &items, json_of_str(str_of(members[i])));
    return json_of_items(items.items, items.len);
}

static Str wording(const Wording *label, bool english) {
    Str en = json_get_str(label->all, "en");
    return english && !str_empty(en) ? en : label->ja;
}

/* A question as one version asks it and as the other does; the same twice: its hint or what can be
   chosen is what differs. */
static Json reworded_text(Arena *arena, const Field *field, const Definition *to) {
    const Field *after = definition_field(to, field->id);
    Str ja = wording(&field->label, false), ja_after = wording(&after->label, false),
        en = wording(&field->label, true), en_after = wording(&after->label, true);
    bool same = str_eq(ja, ja_after) && str_eq(en, en_after);
    return same ? view_text(arena,
                            str_fmt(arena, "「" STR_FMT "」（説明または選択肢）", STR_ARG(ja)),
                            str_fmt(arena, STR_FMT " (hint or choices)", STR_ARG(en)))
                : view_text(arena,
                            str_fmt(arena, "「" STR_FMT "」→「" STR_FMT "」", STR_ARG(ja),
                                    STR_ARG(ja_after)),
                            str_fmt(arena, STR_FMT " → " STR_FMT, STR_ARG(en), STR_ARG(en_after)));
}

static void reworded_texts(Arena *arena, const Definition *from, const Definition *to,
                           JsonItems *out) {
    Fields fields;
    versions_reworded(arena, from, to, &fields);
    for (size_t i = 0; i < fields.len; i++)
        vec_push(arena, out, reworded_text(arena, fields.items[i], to));
}

static void differs_set(Ctx *ctx, View *view, const TransitionWish *wish,
                        const TransitionPlan *plan) {
    JsonItems items = {0};
    VEC_EACH (const int64_t, version, &wish->from) {
        const Definition *from =
            catalogue_version(procedures_catalogue(ctx->tenant), wish->procedure, *version);
        View one = view_new(view->arena);
        view_int(&one, "version", *version);
        JsonItems reworded = {0};
        reworded_texts(ctx->arena, from, plan->to, &reworded);
        view_set(&one, "members", member_texts(ctx, from, plan->to));
        view_items(&one, "reworded", &reworded);
        view_str(&one, "compare",
                 page_design_url(view->arena, wish->procedure,
                                 str_fmt(view->arena, "/compare?from=%lld&to=%lld",
                                         (long long)*version, (long long)plan->to->version)
                                     .ptr));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "differs", &items);
}

/* ---- the dry run ---- */

/* Whether one can make a move in a state, and in what takes its place can't. */
static bool is_gone(const TransitionRow *row, const Definition *to, const DefinedMove *move) {
    const DefinedMove *after = definition_move(to, move->id);
    bool stays = row->to && after && definition_may_move(after, row->to->id) &&
                 after->by_resident == move->by_resident;
    return row->to && !stays && definition_may_move(move, row->state->id);
}

static Json moves_gone(Arena *arena, const TransitionRow *row, const Definition *to) {
    JsonItems items = {0};
    VEC_EACH (const DefinedMove, move, &row->from->moves) {
        if (!is_gone(row, to, move)) continue;
        View one = view_new(arena);
        view_json(&one, "label", move->label.all);
        view_bool(&one, "resident", move->by_resident);
        vec_push(arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

static Json state_options(Arena *arena, const TransitionRow *row, const Definition *to) {
    JsonItems items = {0};
    VEC_EACH (const DefinedState, state, &to->states) {
        if (state->owner == OWNER_NOBODY) continue;
        View one = view_new(arena);
        view_str(&one, "id", state->id);
        view_json(&one, "label", state->label.all);
        view_bool(&one, "chosen", row->to == state);
        vec_push(arena, &items, view_value(&one));
    }
    return json_of_items(items.items, items.len);
}

static Json row_value(Arena *arena, const TransitionRow *row, const Definition *to) {
    View one = view_new(arena);
    view_str(&one, "name",
             str_fmt(arena, "map-%lld-" STR_FMT, (long long)row->from->version,
                     STR_ARG(row->state->id)));
    view_int(&one, "version", row->from->version);
    view_json(&one, "label", row->state->label.all);
    view_json(&one, "to", row->to ? row->to->label.all : NULL);
    view_set(&one, "options", state_options(arena, row, to));
    view_int(&one, "cases", row->cases);
    view_int(&one, "fit", row->fit);
    view_str(&one, "fault", row->fault);
    view_int(&one, "days", row->state->days);
    view_int(&one, "days_after", row->to ? row->to->days : 0);
    view_set(&one, "gone", moves_gone(arena, row, to));
    return view_value(&one);
}

static void whys_set(View *view, const TransitionPlan *plan) {
    JsonItems items = {0};
    for (unsigned why = 0; why < FIT_WHYS; why++) {
        View one = view_new(view->arena);
        if (!plan->stays[why]) continue;
        view_str(&one, "why", fit_why_word((FitWhy)why));
        view_int(&one, "n", plan->stays[why]);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "whys", &items);
}

/* A case by its number, for who may see that; by its state and the day on which it arrived for all.
 */
static Rc stay_value(HttpExchange *x, Str id, PageSeen *seen, View *out) {
    Ctx *ctx = http_ctx(x);
    const Entity *whole, *application = NULL;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &whole);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) application = gate_view(ctx, NULL, whole);
    Str number = application ? entity_text(application, IRI("receiptNumber")) : STR_NONE;
    if (!str_empty(number)) vec_push(ctx->arena, seen, application);
    view_str(out, "number", number);
    view_str(out, "url", str_empty(number) ? STR_NONE : page_case_url(out->arena, number));
    view_str(out, "arrived",
             rc == RC_OK ? str_dup(out->arena, entity_text(whole, IRI("submittedAt"))) : STR_NONE);
    return RC_OK;
}

static Rc listed_set(HttpExchange *x, View *view, const TransitionPlan *plan, PageSeen *seen) {
    JsonItems items = {0};
    VEC_EACH (const TransitionStay, stay, &plan->listed) {
        View one = view_new(view->arena);
        TRY(stay_value(x, stay->id, seen, &one));
        view_json(&one, "state", stay->row->state->label.all);
        view_str(&one, "why", fit_why_word(stay->why));
        view_json(&one, "field", stay->field ? stay->field->label.all : NULL);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "listed", &items);
    return RC_OK;
}

static bool is_kept(const HttpField *field) {
    static const char *const not_kept[] = {"skip", "act", "reason", "seen", "csrf", "lang"};
    for (size_t i = 0; i < sizeof not_kept / sizeof *not_kept; i++)
        if (str_eq(field->name, str_of(not_kept[i]))) return false;
    return !str_empty(field->value);
}

/* The address of this dry run with its cases from one on. */
static Str slice_url(Arena *arena, Str id, const HttpForm *form, size_t skip) {
    Buf url = buf_new(arena, QUERY_BYTES);
    buf_add(&url, page_design_url(arena, id, "/transition?"));
    VEC_EACH (const HttpField, field, form)
        if (is_kept(field))
            buf_addf(&url, STR_FMT "=" STR_FMT "&", STR_ARG(http_url_encode(arena, field->name)),
                     STR_ARG(http_url_encode(arena, field->value)));
    buf_addf(&url, "skip=%zu#stays", skip);
    return buf_str(&url);
}

static void slices_set(View *view, Str id, const HttpForm *form, const TransitionPlan *plan,
                       size_t skip) {
    size_t all = (size_t)(plan->cases - plan->fit);
    view_str(view, "earlier",
             skip ? slice_url(view->arena, id, form, skip < LISTED ? 0 : skip - LISTED) : STR_NONE);
    view_str(view, "later_page",
             skip + LISTED < all ? slice_url(view->arena, id, form, skip + LISTED) : STR_NONE);
}

/* What was asked, for the form that proposes it. */
static void hidden_set(View *view, const HttpForm *form) {
    JsonItems items = {0};
    VEC_EACH (const HttpField, field, form) {
        View one = view_new(view->arena);
        if (!is_kept(field)) continue;
        view_str(&one, "name", field->name);
        view_str(&one, "value", field->value);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "hidden", &items);
}

/* The page of one procedure under way. */
typedef struct Page {
    HttpExchange *x;
    int status;
    const HttpForm *form; /* of the address, or what was sent */
    Faults *faults;
    Publishing of;
    TransitionWish wish;
} Page;

static bool plan_ready(const TransitionPlan *plan) {
    VEC_EACH (const TransitionRow, row, &plan->rows)
        if (!str_empty(row->fault)) return false;
    return plan->fit > 0;
}

static Rc dry_fill(const Page *page, const TransitionPlan *plan, size_t skip, View *view) {
    Ctx *ctx = http_ctx(page->x);
    PageSeen seen = {0};
    JsonItems rows = {0};
    ctx->purpose = STR("application-check");
    VEC_EACH (const TransitionRow, row, &plan->rows)
        vec_push(ctx->arena, &rows, row_value(ctx->arena, row, plan->to));
    view_items(view, "rows", &rows);
    view_int(view, "to", plan->to->version);
    view_int(view, "cases", plan->cases);
    view_int(view, "fit", plan->fit);
    view_int(view, "stays", plan->cases - plan->fit);
    view_int(view, "later", plan->later);
    view_int(view, "sooner", plan->sooner);
    view_bool(view, "ready", plan_ready(plan));
    view_str(view, "seen", plan->hash);
    whys_set(view, plan);
    differs_set(ctx, view, &page->wish, plan);
    slices_set(view, page->of.id, page->form, plan, skip);
    hidden_set(view, page->form);
    TRY(listed_set(page->x, view, plan, &seen));
    return gate_look(ctx, seen.items, seen.len, page_what(WHAT_INBOX));
}

/* What is wrong with what was asked, where the form says so; false: it is no fault of the form. */
static bool told(const Page *page) {
    static const struct {
        const char *code;
        Fault fault;
    } rows[] = {
        {"not-in-force", {"to", "not_in_force"}},
        {"no-version", {"to", "not_in_force"}},
        {"same", {"from", "same"}},
        {"other-plan", {"plan", "changed"}},
        {"faults", {"plan", "faults"}},
        {"nothing", {"plan", "nothing"}},
        {"going", {"plan", "going"}},
        {"proposed", {"plan", "proposed"}},
        {"too-long", {"reason", "over"}},
    };
    Ctx *ctx = http_ctx(page->x);
    bool reason = str_eq(ctx->error.path, STR("reason"));
    size_t before = page->faults->len;
    if (str_eq(ctx->error.code, STR("missing")))
        vec_push(ctx->arena, page->faults,
                 (reason ? (Fault){"reason", "required"} : (Fault){"from", "required"}));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(ctx->error.code, str_of(rows[i].code)))
            vec_push(ctx->arena, page->faults, rows[i].fault);
    return page->faults->len > before;
}

/* `dry`: null where nothing was asked, or not rightly. */
static Rc dry_set(const Page *page, View *view) {
    Ctx *ctx = http_ctx(page->x);
    TransitionPlan plan;
    int64_t skip = 0;
    bool asked = str_eq(http_form_value(page->form, "dry"), STR("1"));
    view_null(view, "dry");
    (void)str_to_i64(http_form_value(page->form, "skip"), &skip);
    if (!asked) return RC_OK;
    TransitionSlice slice = {skip > 0 ? (size_t)skip : 0, LISTED};
    Rc rc = transition_plan(ctx, &page->wish, &slice, &plan);
    if (rc != RC_OK) return told(page) ? RC_OK : rc;
    View dry = view_new(view->arena);
    TRY(dry_fill(page, &plan, slice.skip, &dry));
    view_set(view, "dry", view_value(&dry));
    return RC_OK;
}

/* ---- those that were decided ---- */

static Json transit_value(Arena *arena, const Transit *transit) {
    JsonItems items = {0};
    View one = view_new(arena);
    view_str(&one, "number", transit->number);
    view_str(&one, "url", page_decision_url(arena, transit->decision));
    view_int(&one, "at", transit->at);
    view_instant(&one, "done", transit->done_at);
    view_int(&one, "to", transit->to);
    view_int(&one, "cases", transit->cases);
    view_int(&one, "moved", transit->moved);
    view_int(&one, "stayed", transit->stayed);
    for (unsigned why = 0; why < FIT_WHYS; why++) {
        View row = view_new(arena);
        if (!transit->stays[why]) continue;
        view_str(&row, "why", fit_why_word((FitWhy)why));
        view_int(&row, "n", transit->stays[why]);
        vec_push(arena, &items, view_value(&row));
    }
    view_items(&one, "whys", &items);
    return view_value(&one);
}

/* `done`: what was decided, the newest first; of that one `stayed`, as many as are looked at. */
static Rc transits_set(HttpExchange *x, View *view, Str procedure) {
    Ctx *ctx = http_ctx(x);
    Transits all;
    PageSeen seen = {0};
    JsonItems items = {0}, stayed = {0};
    TRY(transits_of(ctx, procedure, &all));
    VEC_EACH (const Transit, one, &all)
        vec_push(ctx->arena, &items, transit_value(ctx->arena, one));
    view_items(view, "done", &items);
    ctx->purpose = STR("application-check");
    for (size_t i = 0; all.len && i < all.items[0].listed.len && i < CASES_LOOKED; i++) {
        const TransitStay *stay = &all.items[0].listed.items[i];
        View one = view_new(view->arena);
        TRY(stay_value(x, stay->id, &seen, &one));
        view_str(&one, "why", fit_why_word(stay->why));
        vec_push(ctx->arena, &stayed, view_value(&one));
    }
    view_items(view, "stayed", &stayed);
    return gate_look(ctx, seen.items, seen.len, page_what(WHAT_INBOX));
}

/* ---- what the page of the decision says ---- */

/* Moves that its applicants no longer can make, behind the row: decided openly, or not at all. */
static Str gone_text(Arena *arena, const TransitionRow *row, const Definition *to, bool english) {
    Str text = STR_NONE;
    VEC_EACH (const DefinedMove, move, &row->from->moves) {
        if (!move->by_resident || !is_gone(row, to, move)) continue;
        text = str_fmt(arena, STR_FMT "%s" STR_FMT, STR_ARG(text),
                       english ? "; applicants no longer can: " : "。申請者ができなくなる：",
                       STR_ARG(wording(&move->label, english)));
    }
    return text;
}

static Json row_text(Arena *arena, const TransitionRow *row, const Definition *to,
                     const Json *counted) {
    long long version = (long long)row->from->version,
              cases = (long long)json_get_int(counted, "cases", 0),
              fit = (long long)json_get_int(counted, "fit", 0);
    return view_text(
        arena,
        str_fmt(arena, "第%lld版「" STR_FMT "」→「" STR_FMT "」（%lld件のうち%lld件）" STR_FMT,
                version, STR_ARG(wording(&row->state->label, false)),
                STR_ARG(wording(&row->to->label, false)), cases, fit,
                STR_ARG(gone_text(arena, row, to, false))),
        str_fmt(arena, "Version %lld, " STR_FMT " → " STR_FMT " (%lld of %lld cases)" STR_FMT,
                version, STR_ARG(wording(&row->state->label, true)),
                STR_ARG(wording(&row->to->label, true)), fit, cases,
                STR_ARG(gone_text(arena, row, to, true))));
}

/* The rows as they were counted: those whose states have something in their place. */
static void rows_said(Ctx *ctx, const TransitionWish *wish, const Json *contents,
                      DesignLines *out) {
    TransitionRows rows;
    Error before = ctx->error;
    const Json *mapping = json_get(contents, STR("mapping")),
               *counts = json_get(contents, STR("counts"));
    const Definition *to =
        catalogue_version(procedures_catalogue(ctx->tenant), wish->procedure, wish->to);
    if (transition_rows(ctx, wish, &rows) != RC_OK) {
        ctx->error = before; /* a version that this program doesn't know: the hash tells it */
        return;
    }
    VEC_EACH (const TransitionRow, row, &rows)
        for (size_t i = 0; row->to && mapping && i < mapping->len; i++) {
            const Json *one = json_at(mapping, i);
            if (json_get_int(one, "version", 0) == row->from->version &&
                str_eq(json_get_str(one, "state"), row->state->id))
                page_design_line(ctx, out, "状態", "State",
                                 row_text(ctx->arena, row, to, json_at(counts, i)));
        }
}

/* Whoever decides knows that an answer to one question is gone on with as one to another. */
static void reworded_said(Ctx *ctx, const TransitionWish *wish, DesignLines *out) {
    const Catalogue *catalogue = procedures_catalogue(ctx->tenant);
    const Definition *to = catalogue_version(catalogue, wish->procedure, wish->to);
    JsonItems texts = {0};
    VEC_EACH (const int64_t, version, &wish->from) {
        const Definition *from = catalogue_version(catalogue, wish->procedure, *version);
        if (from && to) reworded_texts(ctx->arena, from, to, &texts);
    }
    VEC_EACH (const Json, text, &texts)
        page_design_line(ctx, out, "これらの問いの言葉が変わる", "Questions in other words", *text);
}

/* Counted when it was proposed, as the rows are. */
static void stays_said(Ctx *ctx, const Json *contents, DesignLines *out) {
    Arena *arena = ctx->arena;
    const Json *stays = json_get(contents, STR("stays"));
    for (size_t i = 0; stays && i < stays->len; i++) {
        const JsonMember *one = &stays->value.members[i];
        Str key = str_fmt(arena, "transition_why." STR_FMT, STR_ARG(one->name));
        Str ja = web_message(ctx, WEB_JA, key, NULL, 0),
            en = web_message(ctx, WEB_EN, key, NULL, 0);
        long long n = (long long)json_number(&one->value);
        page_design_line(ctx, out, "残る理由", "Why cases stay",
                         view_text(arena, str_fmt(arena, STR_FMT "：%lld件", STR_ARG(ja), n),
                                   str_fmt(arena, STR_FMT ": %lld", STR_ARG(en), n)));
    }
}

static void bounds_said(Ctx *ctx, const TransitionWish *wish, DesignLines *out) {
    Arena *arena = ctx->arena;
    Str since = wish->since.year ? time_format_date(arena, wish->since) : STR_NONE,
        before = wish->before.year ? time_format_date(arena, wish->before) : STR_NONE;
    if (since.len)
        page_design_line(ctx, out, "受付がこの日以降", "Arrived on or after", json_of_str(since));
    if (before.len)
        page_design_line(ctx, out, "受付がこの日より前", "Arrived before", json_of_str(before));
}

void page_transition_lines(Ctx *ctx, const Json *contents, DesignLines *out) {
    Arena *arena = ctx->arena;
    TransitionWish wish;
    long long cases = (long long)json_get_int(contents, "cases", 0),
              fit = (long long)json_get_int(contents, "fit", 0);
    const Json *label = json_get(contents, STR("label")), *to = json_get(contents, STR("to"));
    *out = (DesignLines){0};
    transition_read(arena, contents, &wish);
    if (label) page_design_line(ctx, out, "手続き", "Procedure", *label);
    page_design_line(ctx, out, "移す先の版", "To version", json_of_int(wish.to));
    page_design_line(ctx, out, "その様式のハッシュ", "Hash of its text",
                     json_of_str(json_get_str(to, "hash")));
    bounds_said(ctx, &wish, out);
    rows_said(ctx, &wish, contents, out);
    reworded_said(ctx, &wish, out);
    page_design_line(
        ctx, out, "起案のときの件数", "Cases when it was proposed",
        view_text(arena,
                  str_fmt(arena, "%lld件のうち、移せるもの%lld件、残るもの%lld件", cases, fit,
                          cases - fit),
                  str_fmt(arena, "%lld: %lld can go, %lld stay", cases, fit, cases - fit)));
    stays_said(ctx, contents, out);
    page_design_line(ctx, out, "申請者の期限が延びる件数", "Whose applicants get more time",
                     json_of_int(json_get_int(contents, "later", 0)));
    page_design_line(ctx, out, "職員の期限が早まる件数", "With an earlier day for the office",
                     json_of_int(json_get_int(contents, "sooner", 0)));
    page_design_line(ctx, out, "理由", "Reason", json_of_str(wish.reason));
}

void page_transition_changes(Ctx *ctx, View *view, const Json *contents) {
    TransitionWish wish;
    JsonItems items = {0};
    transition_read(ctx->arena, contents, &wish);
    const Json *after = publish_text(ctx, wish.procedure, wish.to);
    VEC_EACH (const int64_t, version, &wish.from) {
        const Json *before = publish_text(ctx, wish.procedure, *version);
        View one = view_new(view->arena);
        if (!before || !after) continue;
        view_int(&one, "from", *version);
        view_int(&one, "to", wish.to);
        page_design_changes(ctx, &one, before, after);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "turned", &items);
}

Rc page_transition_progress(Ctx *ctx, Str decision, Json *out) {
    Arena *arena = ctx->arena;
    Transit transit;
    *out = view_text(arena, STR("移した案件はありません"), STR("No case has gone"));
    Rc rc = transit_load(ctx, decision, &transit);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    long long cases = (long long)transit.cases, moved = (long long)transit.moved,
              stayed = (long long)transit.stayed;
    *out =
        transit.done_at == TIME_NONE
            ? view_text(arena, str_fmt(arena, "移しています（%lld件のうち%lld件）", cases, moved),
                        str_fmt(arena, "Under way: %lld of %lld cases", moved, cases))
            : view_text(arena,
                        str_fmt(arena, "%lld件を移しました。%lld件は残りました", moved, stayed),
                        str_fmt(arena, "%lld cases have gone, %lld stayed", moved, stayed));
    return RC_OK;
}

/* ---- the page ---- */

static Rc page_fill(Page *page, View *view) {
    Ctx *ctx = http_ctx(page->x);
    View values = view_new(view->arena);
    Str waits;
    const Json *label = page->of.newest ? page->of.newest->label.all : NULL;
    page_crumb(view, STR("手続きの様式"), STR("Procedures"), STR("/staff/procedures"));
    page_crumb_to(view, label ? *label : json_of_str(page->of.id),
                  page_design_url(ctx->arena, page->of.id, ""));
    view_json(view, "label", label);
    TRY(choices_set(page->x, view, &page->of, &page->wish));
    TRY(dry_set(page, view));
    TRY(transits_set(page->x, view, page->of.id));
    TRY(transition_waits(ctx, page->of.id, &waits));
    view_str(view, "proposal", str_empty(waits) ? STR_NONE : page_decision_url(ctx->arena, waits));
    view_str(&values, "since", http_form_value(page->form, "since"));
    view_str(&values, "before", http_form_value(page->form, "before"));
    view_str(&values, "reason", http_form_value(page->form, "reason"));
    view_set(view, "values", view_value(&values));
    return RC_OK;
}

static void transition_show(Page *page) {
    View view = page_view(page->x);
    if (page_fill(page, &view) != RC_OK) {
        page_fail(page->x);
        return;
    }
    if (page->faults->len) page_faults(&view, page->faults);
    page_show(page->x, page->faults->len ? 422 : page->status, WEB_PAGE_TRANSITION, &view);
}

static void transition_get(HttpExchange *x) {
    HttpForm form;
    Faults faults = {0};
    Page page = {.x = x, .status = 200, .form = &form, .faults = &faults};
    query_read(x, &form);
    if (page_design_load(x, &page.of) != RC_OK) {
        page_fail(x);
        return;
    }
    wish_read(http_ctx(x)->arena, &form, page.of.id, &page.wish, &faults);
    transition_show(&page);
}

static void transition_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Faults faults = {0};
    Str decision;
    Page page = {.x = x, .status = 422, .faults = &faults};
    if (!page_form(x, &page.form)) return;
    if (page_design_load(x, &page.of) != RC_OK) {
        page_fail(x);
        return;
    }
    wish_read(ctx->arena, page.form, page.of.id, &page.wish, &faults);
    Rc rc = faults.len ? RC_INVALID
                       : transition_propose(ctx, &page.wish, http_form_value(page.form, "seen"),
                                            &decision);
    if (rc == RC_OK)
        page_see(x, page_decision_url(ctx->arena, decision));
    else if (faults.len || told(&page))
        transition_show(&page);
    else
        page_fail(x);
}

#define TAG "Making procedures"

/* All running cases are looked at, which may be many. */
const HttpRoute page_transition_rows[] = {
    {HTTP_GET, "/staff/procedures/{procedure}/transition", transition_get, HTTP_SLOW, 0,
     PAGE_DESIGNERS, TAG,
     "Running cases that go to another version: a dry run, and how far those decided are", NULL,
     NULL, page_shown},
    {HTTP_POST, "/staff/procedures/{procedure}/transition", transition_post, HTTP_SLOW,
     PAGE_FORM_MAX, PAGE_DESIGNERS | GATE_FORM, TAG,
     "Propose that running cases go to another version", NULL, NULL, page_posted},
};
ROWS(page_transition_count, page_transition_rows);
