/* page_rules: automatic rules as the office follows them: how many cases each has put in which bin,
   how often it was wrong and how many are confirmed now; the list of what it has prepared; and on
   the page of a case what a rule made of it. */
#include "pages_int.h"

#include <math.h>

#define IRI(term) STR(LD_DEFAULT term)

/* As many as somebody looks at one by one before he presses the button. */
enum { LIST_PAGE = 20, SUMS_MAX = 4096 };

/* ---- what a rule saw ---- */

static Json pair(Arena *arena, Json label, Json value) {
    View one = view_new(arena);
    view_set(&one, "label", label);
    view_set(&one, "value", value);
    return view_value(&one);
}

static Json answer_pair(Arena *arena, const Field *field, const Json *value) {
    Date date;
    FormAnswer answer = {.field = field, .due = true, .value = feel_of_json(arena, value)};
    if (field->kind == FIELD_DATE && time_parse_date(json_str(value), &date))
        answer.value = feel_of_date(date);
    return page_answer_text(arena, &answer);
}

static Json value_text(Arena *arena, const Json *value) {
    Buf text = buf_new(arena, SUMS_MAX);
    if (value->kind == JSON_STRING) return *value;
    json_write(&text, value);
    return json_of_str(buf_str(&text));
}

static const DefinedRule *check_of(const Definition *definition, Str id) {
    VEC_EACH (const DefinedRule, rule, &definition->conditions)
        if (str_eq(rule->id, id)) return rule;
    VEC_EACH (const DefinedRule, rule, &definition->checks)
        if (str_eq(rule->id, id)) return rule;
    return NULL;
}

static Json unmet_text(Arena *arena, const Definition *definition, const Json *ids) {
    StrVec ja = {0}, en = {0};
    for (uint32_t i = 0; i < ids->len; i++) {
        const DefinedRule *rule = check_of(definition, json_str(json_at(ids, i)));
        Str id = json_str(json_at(ids, i)); /* of a version that the case has left */
        vec_push(arena, &ja, rule ? rule->text.ja : id);
        vec_push(arena, &en, rule ? json_get_str(rule->text.all, "en") : id);
    }
    if (!ja.len) return view_text(arena, STR("なし"), STR("None"));
    return view_text(arena, str_join(arena, ja.items, ja.len, STR("／")),
                     str_join(arena, en.items, en.len, STR(" / ")));
}

static Json saw_value(Arena *arena, const Definition *definition, const JsonMember *member) {
    const Field *field = definition_field(definition, member->name);
    if (field) return answer_pair(arena, field, &member->value);
    if (str_eq(member->name, AUTOMATIC_UNMET))
        return pair(
            arena,
            view_text(arena, STR("合わない条件・確認"), STR("Conditions and checks not met")),
            unmet_text(arena, definition, &member->value));
    return pair(arena,
                view_text(arena, str_fmt(arena, "決定表 " STR_FMT, STR_ARG(member->name)),
                          str_fmt(arena, "Table " STR_FMT, STR_ARG(member->name))),
                value_text(arena, &member->value));
}

/* `saw` of an entry: {label, value}, and who found it wrong and why. */
static void saw_set(HttpExchange *x, View *view, const Definition *definition, const BinSaws *saws,
                    Str rule) {
    JsonItems rows = {0};
    const BinSaw *found = NULL;
    VEC_EACH (const BinSaw, one, saws)
        if (str_eq(one->rule, rule)) found = one;
    for (uint32_t i = 0; found && found->saw && i < found->saw->len; i++)
        vec_push(view->arena, &rows,
                 saw_value(view->arena, definition, &found->saw->value.members[i]));
    view_items(view, "saw", &rows);
    view_str(view, "reason", found ? found->reason : STR_NONE);
    view_set(view, "reason_who",
             found && !str_empty(found->post) ? page_post(x, found->post) : json_of_null());
    view_int(view, "reason_at", found ? found->reason_at : 0);
}

/* What both the list and the page of a case say of an entry. */
static void entry_set(HttpExchange *x, View *view, const Entity *application,
                      const BinEntry *entry) {
    const Definition *definition = versions_at(http_ctx(x), application, entry->at);
    const Automatic *rule = definition_automatic(definition, entry->rule);
    const DefinedMove *move = definition_move(definition, entry->move);
    BinSaws saws;
    bin_saws(view->arena, application, &saws);
    view_json(view, "rule", rule ? rule->label.all : NULL);
    view_json(view, "move", move ? move->label.all : NULL);
    view_json(view, "text", rule ? rule->text.all : NULL);
    view_str(view, "bin", automatic_bin_word(entry->bin));
    view_str(view, "why", bin_why_word(entry->why));
    view_str(view, "end", bin_end_word(entry->end));
    view_int(view, "rate", entry->rate);
    view_int(view, "at", entry->at);
    saw_set(x, view, definition, &saws, entry->rule);
}

static Str rule_url(Arena *arena, Str procedure, Str rule) {
    return str_fmt(arena, "/staff/rules/" STR_FMT "/" STR_FMT, STR_ARG(procedure), STR_ARG(rule));
}

/* ---- on the page of a case ---- */

static bool may_act(const Ctx *ctx, const Entity *application) {
    GateAsk ask = {.action = ACT_UPDATE,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_INTERNAL,
                   .relation = gate_relation(ctx, application)};
    return gate_permits(ctx, &ask);
}

void page_automatic(HttpExchange *x, View *view, const Entity *application, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    BinEntries entries;
    JsonItems items = {0};
    bin_entries(view->arena, application, &entries);
    const BinEntry *open = bin_open(&entries, application), *made = bin_made(&entries);
    bool sent = form && str_eq(http_form_value(form, "move"), STR("refute"));
    VEC_EACH (const BinEntry, entry, &entries) {
        View one = view_new(view->arena);
        entry_set(x, &one, application, entry);
        view_str(&one, "list",
                 entry == open
                     ? rule_url(view->arena, entity_text(application, IRI("procedure")), open->rule)
                     : STR_NONE);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "automatic", &items);
    view_bool(view, "refutes", (open || made) && may_act(ctx, application));
    view_bool(view, "refuting", sent);
    view_set(view, "refuted", json_of_str(sent ? http_form_value(form, "text") : STR("")));
}

static Rc refute(HttpExchange *x, const HttpForm *form, Str id) {
    int64_t version = 0;
    (void)str_to_i64(http_form_value(form, "version"), &version);
    return automate_refute(http_ctx(x), &(OfficeAct){.id = id,
                                                     .version = (uint64_t)version,
                                                     .text = http_form_value(form, "text")});
}

static void refute_post(HttpExchange *x) {
    page_office_does(x, refute);
}

/* ---- the rules ---- */

/* The newest version that has it: the others' cases are listed with its own. RC_NOT_FOUND. */
typedef struct RuleAt {
    const Definition *definition;
    const Automatic *rule;
} RuleAt;

static Rc rule_find(Ctx *ctx, Str procedure, Str id, RuleAt *out) {
    const Catalogue *catalogue = procedures_catalogue(ctx->tenant);
    const Definition *newest = catalogue_newest(catalogue, procedure);
    for (int64_t version = newest ? newest->version : 0; version > 0; version--) {
        const Definition *one = catalogue_version(catalogue, procedure, version);
        *out = (RuleAt){one, one ? definition_automatic(one, id) : NULL};
        if (out->rule) return RC_OK;
    }
    return ctx_fail(ctx, RC_NOT_FOUND, "no-rule", id, "The procedure has no such rule.");
}

static Json share(int64_t part, int64_t whole) {
    return whole ? json_of_number(round((double)part / (double)whole * 1000) / 1000)
                 : json_of_null();
}

static void rule_set(View *view, const RuleAt *at, const BinCounts *counts) {
    const Automatic *rule = at->rule;
    int64_t checked = bin_checked(counts), errors = bin_errors(counts),
            needed = automatic_needed(rule), rate = automatic_rate(rule, counts->run);
    const struct {
        const char *name;
        int64_t n;
    } numbers[] = {{"in", counts->in},
                   {"done", counts->done},
                   {"confirm", counts->confirm},
                   {"drawn", counts->drawn},
                   {"by_hand", counts->by_hand},
                   {"waiting", counts->waiting},
                   {"gone", counts->gone},
                   {"checked", checked},
                   {"mistakes", errors},
                   {"run", counts->run},
                   {"needed", needed},
                   {"left", rate < 100 ? 0 : needed - counts->run},
                   {"sample", rule->sample},
                   {"target", rule->target},
                   {"rate", rate}};
    view_json(view, "procedure", at->definition->label.all);
    view_json(view, "label", rule->label.all);
    view_json(view, "text", rule->text.all);
    view_str(view, "fallback", automatic_bin_word(rule->fallback));
    view_str(view, "url", rule_url(view->arena, at->definition->id, rule->id));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        view_int(view, numbers[i].name, numbers[i].n);
    view_set(view, "wrong", share(errors, checked));
    view_set(view, "bound",
             checked ? json_of_number(round(automatic_bound(errors, checked) * 1000) / 1000)
                     : json_of_null());
}

static Rc rules_list(HttpExchange *x, JsonItems *out) {
    Ctx *ctx = http_ctx(x);
    StrVec ids = {0};
    catalogue_ids(ctx->arena, procedures_catalogue(ctx->tenant), &ids);
    VEC_EACH (const Str, id, &ids) {
        RuleAt at = {.definition = catalogue_newest(procedures_catalogue(ctx->tenant), *id)};
        VEC_EACH (const Automatic, rule, &at.definition->automatic) {
            View one = view_new(ctx->arena);
            BinCounts counts;
            at.rule = rule;
            TRY(bins_counts(ctx, *id, rule, &counts));
            rule_set(&one, &at, &counts);
            vec_push(ctx->arena, out, view_value(&one));
        }
    }
    return RC_OK;
}

static void rules_get(HttpExchange *x) {
    JsonItems rules = {0};
    View view = page_view(x);
    if (rules_list(x, &rules) != RC_OK) {
        page_fail(x);
        return;
    }
    view_items(&view, "rules", &rules);
    page_show(x, 200, WEB_PAGE_RULES, &view);
}

/* ---- what one has prepared ---- */

/* A page of the list; form: what was sent and is shown again. */
typedef struct Listing {
    HttpExchange *x;
    const HttpForm *form;
    JsonItems lines;
    PageSeen seen;
    StrVec numbers; /* of those that he may act on */
    int64_t fees, hidden;
    bool priced;
    View errors; /* at each case that was taken out without a reason */
} Listing;

/* "reason-3": of the nth case on the page. */
static const char *field_name(Arena *arena, const char *name, size_t n) {
    return str_fmt(arena, "%s-%zu", name, n).ptr;
}

/* Where the case stood in the form that was sent; LIST_PAGE: it wasn't in it. */
static size_t place_in(const Listing *listing, Str id) {
    Arena *arena = http_ctx(listing->x)->arena;
    size_t n = listing->form ? 0 : LIST_PAGE;
    while (n < LIST_PAGE && !str_eq(http_form_value(listing->form, field_name(arena, "id", n)), id))
        n++;
    return n;
}

static Str said_of(const Listing *listing, const char *name, Str id) {
    size_t n = place_in(listing, id);
    if (n == LIST_PAGE) return STR("");
    return http_form_value(listing->form, field_name(listing->errors.arena, name, n));
}

static void said_set(Listing *listing, View *one, Str id, const char *field) {
    Str reason = said_of(listing, "reason", id);
    bool out = !str_empty(said_of(listing, "out", id));
    view_bool(one, "out", out);
    view_set(one, "said", json_of_str(reason));
    if (out && text_is_blank(one->arena, reason))
        view_str(&listing->errors, field, STR("move.required"));
}

static bool may_make(Ctx *ctx, const Entity *whole, Str move) {
    DefinedMoves moves;
    defined_moves(ctx, whole, &moves);
    for (size_t i = 0; i < moves.len; i++)
        if (str_eq(moves.items[i]->id, move)) return true;
    return false;
}

static void line_add(Listing *listing, const Entity *application, const BinEntry *open) {
    Ctx *ctx = http_ctx(listing->x);
    Str number = entity_text(application, IRI("receiptNumber"));
    size_t n = listing->lines.len;
    View one = view_new(ctx->arena);
    bool acts = may_make(ctx, application->whole ? application->whole : application, open->move);
    entry_set(listing->x, &one, application, open);
    view_str(&one, "number", number);
    view_str(&one, "url", page_case_url(ctx->arena, number));
    view_str(&one, "id", application->id);
    view_int(&one, "version", (int64_t)application->version);
    view_str(&one, "arrived", entity_text(application, IRI("submittedAt")));
    view_set(&one, "due",
             page_due(listing->x, application, thread_due(http_ctx(listing->x), application).day));
    view_bool(&one, "acts", acts);
    view_str(&one, "id_name", str_of(field_name(ctx->arena, "id", n)));
    view_str(&one, "version_name", str_of(field_name(ctx->arena, "version", n)));
    view_str(&one, "out_name", str_of(field_name(ctx->arena, "out", n)));
    view_str(&one, "reason_name", str_of(field_name(ctx->arena, "reason", n)));
    said_set(listing, &one, application->id, field_name(ctx->arena, "reason", n));
    if (entity_attr(application, IRI("fee"))) {
        listing->priced = true;
        listing->fees += entity_int(application, IRI("fee"), 0);
    }
    if (acts) vec_push(ctx->arena, &listing->numbers, number);
    vec_push(ctx->arena, &listing->seen, application);
    vec_push(ctx->arena, &listing->lines, view_value(&one));
}

/* A page of the list is one look at all whose cases are on it. */
static Rc lines_load(Listing *listing, Str procedure, Str rule, bool *more) {
    Ctx *ctx = http_ctx(listing->x);
    StrVec ids;
    TRY(bins_waiting(ctx, procedure, rule, LIST_PAGE + 1, &ids));
    *more = ids.len > LIST_PAGE;
    for (size_t i = 0; i < ids.len && i < LIST_PAGE; i++) {
        const Entity *application;
        BinEntries entries;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, ids.items[i], &application);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        application = gate_view(ctx, NULL, application);
        bool own = application && !str_empty(entity_text(application, IRI("receiptNumber")));
        if (application) bin_entries(ctx->arena, application, &entries);
        const BinEntry *open = own ? bin_open(&entries, application) : NULL;
        if (open && str_eq(open->rule, rule)) line_add(listing, application, open);
        listing->hidden += !own;
    }
    return gate_look(ctx, listing->seen.items, listing->seen.len, page_what(WHAT_PREPARED));
}

static int64_t counted(const HttpExchange *x, const char *name) {
    int64_t n = 0;
    return str_to_i64(http_query_or(x, name, STR_NONE), &n) && n > 0 && n <= LIST_PAGE ? n : 0;
}

/* What the form before this page has done. */
static void done_set(const HttpExchange *x, View *view) {
    int64_t confirmed = counted(x, "confirmed"), out = counted(x, "out"), left = counted(x, "left");
    view_int(view, "confirmed", confirmed);
    view_int(view, "taken_out", out);
    view_int(view, "left_out", left);
    view_bool(view, "did", confirmed + out + left > 0);
}

static void rule_show(HttpExchange *x, int status, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    Str procedure = http_path_param(x, "procedure"), rule = http_path_param(x, "rule");
    Listing listing = {.x = x, .form = form, .errors = view_new(ctx->arena)};
    RuleAt at;
    BinCounts counts;
    bool more = false;
    ctx->purpose = STR("application-check");
    Rc rc = rule_find(ctx, procedure, rule, &at);
    if (rc == RC_OK) rc = bins_counts(ctx, procedure, at.rule, &counts);
    if (rc == RC_OK) rc = lines_load(&listing, procedure, rule, &more);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    page_crumb(&view, STR("自動処理"), STR("Automatic rules"), STR("/staff/rules"));
    page_crumb_to(&view, *at.rule->label.all, STR_NONE);
    rule_set(&view, &at, &counts);
    done_set(x, &view);
    view_items(&view, "lines", &listing.lines);
    view_str(&view, "numbers",
             str_join(ctx->arena, listing.numbers.items, listing.numbers.len, STR(" ")));
    view_int(&view, "acts", (int64_t)listing.numbers.len);
    view_int(&view, "hidden", listing.hidden);
    view_set(&view, "fees", listing.priced ? json_of_int(listing.fees) : json_of_null());
    view_bool(&view, "more", more);
    view_set(&view, "errors", view_value(&listing.errors));
    page_show(x, status, WEB_PAGE_RULE, &view);
}

static void rule_get(HttpExchange *x) {
    rule_show(x, 200, NULL);
}

static void lines_read(Ctx *ctx, const HttpForm *form, AutomateLines *out) {
    for (size_t n = 0; n < LIST_PAGE; n++) {
        int64_t version = 0;
        AutomateLine line = {.id = http_form_value(form, field_name(ctx->arena, "id", n)),
                             .reason = http_form_value(form, field_name(ctx->arena, "reason", n))};
        if (str_empty(line.id)) continue;
        (void)str_to_i64(http_form_value(form, field_name(ctx->arena, "version", n)), &version);
        line.version = (uint64_t)version;
        /* who has written why means it */
        line.out = !str_empty(http_form_value(form, field_name(ctx->arena, "out", n))) ||
                   !text_is_blank(ctx->arena, line.reason);
        vec_push(ctx->arena, out, line);
    }
}

static void confirm_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str procedure = http_path_param(x, "procedure"), rule = http_path_param(x, "rule");
    const HttpForm *form;
    AutomateLines lines = {0};
    AutomateDone done;
    if (!page_form(x, &form)) return;
    ctx->purpose = STR("application-check");
    lines_read(ctx, form, &lines);
    Rc rc = automate_confirm(ctx, rule, &lines, &done);
    if (rc == RC_OK) {
        page_see(x, str_fmt(ctx->arena, STR_FMT "?confirmed=%zu&out=%zu&left=%zu",
                            STR_ARG(rule_url(ctx->arena, procedure, rule)), done.confirmed,
                            done.out, (size_t)done.left.len));
        return;
    }
    if (rc == RC_INVALID)
        rule_show(x, 422, form);
    else
        page_fail(x);
}

/* Active seconds on the list are work on all cases of it alike. */
static void touch_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    StrVec ids = {0};
    int64_t seconds = 0;
    Str number;
    if (!page_form(x, &form)) return;
    ctx->purpose = STR("application-check");
    Str numbers = http_form_value(form, "cases");
    Rc rc = RC_OK;
    while (rc == RC_OK && ids.len < LIST_PAGE && str_split(&numbers, ' ', &number)) {
        Str id;
        rc = inbox_find(ctx, number, &id);
        if (rc == RC_OK) vec_push(ctx->arena, &ids, id);
    }
    (void)str_to_i64(http_form_value(form, "seconds"), &seconds);
    if (rc == RC_OK) rc = office_touch_all(ctx, &ids, seconds);
    if (rc == RC_OK)
        http_answer_empty(x, 204);
    else
        page_fail(x);
}

#define READERS                                                                                    \
    (PAGE_CITY | 1u << (GATE_ROLE_SHIFT + ROLE_STEWARD) | 1u << (GATE_ROLE_SHIFT + ROLE_AUDITOR))
#define RULE "/staff/rules/{procedure}/{rule}"

PAGE_ANSWERS(rule_answers, PAGE_HTML(200), {204, NULL, NULL}, PAGE_FAULT(400), PAGE_FAULT(409),
             PAGE_FAULT(413), PAGE_FAULT(415));
#define SEND(path, post, what)                                                                     \
    {                                                                                              \
        HTTP_POST, path, post, HTTP_POOL, PAGE_FORM_MAX, PAGE_CITY | GATE_FORM, "Office", what,    \
            NULL, NULL, rule_answers                                                               \
    }

const HttpRoute page_rules_rows[] = {
    PAGE_SHOW("/staff/rules", READERS, "Office", rules_get, "Automatic rules and their bins"),
    PAGE_SHOW(RULE, READERS, "Office", rule_get, "One of them, and what it has prepared"),
    SEND(RULE "/confirm", confirm_post, "Confirm what a rule has prepared"),
    SEND(RULE "/touch", touch_post, "Count active time"),
    SEND("/staff/cases/{number}/refute", refute_post, "Say that a rule is wrong about a case"),
};
ROWS(page_rules_count, page_rules_rows);
