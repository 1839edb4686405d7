/* page_procedure: the procedures of the city, and what one of them is: who may apply, what it
 * takes, where it begins. */
#include "pages_int.h"

enum { QUERY_MAX = 300, QUESTIONS_SHOWN = 20 };

static Date today(const Ctx *ctx) {
    return time_jst_date(time_now(ctx->clock));
}

Str page_procedure_url(Arena *arena, const Definition *definition, const char *rest) {
    return str_fmt(arena, "/procedures/" STR_FMT "%s", STR_ARG(definition->id), rest);
}

/* ---- the list ---- */

/* What has pages of its own is found by its name, and behind the others by everything that it
 * takes.
 */
typedef enum BulkyFit { BULKY_NOT, BULKY_TAKES, BULKY_NAMED } BulkyFit;

static BulkyFit bulky_fit(HttpExchange *x, Str query) {
    Arena *arena = http_ctx(x)->arena;
    const WasteItem **found;
    Str folded = text_fold(arena, query), name = text_fold(arena, STR("粗大ごみ収集 Bulky waste"));
    if (str_find(name, folded) >= 0) return BULKY_NAMED;
    size_t n = waste_search(arena, procedures_waste(http_ctx(x)->tenant), query, 1, &found);
    return n ? BULKY_TAKES : BULKY_NOT;
}

static void bulky_add(Arena *arena, JsonItems *items) {
    View one = view_new(arena);
    view_set(&one, "label", page_bulky_label(arena));
    view_set(&one, "summary",
             view_text(arena, STR("家具や布団などを、家の前まで取りに伺います。"),
                       STR("We collect furniture and bedding at your door.")));
    view_str(&one, "url", STR("/bulky"));
    view_null(&one, "opens");
    view_bool(&one, "over", false);
    vec_push(arena, items, view_value(&one));
}

/* From which day on it is taken, where that is still to come, and whether it is over. */
static void opens_set(View *view, const Definition *definition, Date day) {
    bool later = time_date_days(definition->from) > time_date_days(day);
    view_str(view, "opens", later ? time_format_date(view->arena, definition->from) : STR_NONE);
    view_bool(view, "over",
              definition->until.year && time_date_days(definition->until) < time_date_days(day));
}

/* `questions`: what people often ask that has the words of the query. */
static void questions_set(Ctx *ctx, View *view, const CatalogueQuery *wish) {
    CatalogueFaqs found;
    JsonItems items = {0};
    catalogue_questions(ctx->arena, procedures_catalogue(ctx->tenant), wish, &found);
    for (size_t i = 0; i < found.len && i < QUESTIONS_SHOWN; i++) {
        const Definition *definition = found.items[i].definition;
        View one = view_new(ctx->arena);
        view_json(&one, "question", definition->faq.items[found.items[i].n].question.all);
        view_json(&one, "label", definition->label.all);
        view_str(&one, "url",
                 page_procedure_url(ctx->arena, definition,
                                    str_fmt(ctx->arena, "#faq-%zu", found.items[i].n + 1).ptr));
        vec_push(ctx->arena, &items, view_value(&one));
    }
    view_items(view, "questions", &items);
}

void page_procedures_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    View view = page_view(x);
    JsonItems items = {0};
    Definitions found;
    Str query = str_head(str_trim(http_query_or(x, "q", STR_NONE)), QUERY_MAX);
    if (!str_utf8_valid(query)) query = STR_NONE; /* cut within a character */
    CatalogueQuery wish = {.text = query, .day = today(ctx), .closed = true};
    catalogue_search(ctx->arena, procedures_catalogue(ctx->tenant), &wish, &found);
    BulkyFit bulky = bulky_fit(x, query);
    if (bulky == BULKY_NAMED) bulky_add(ctx->arena, &items);
    for (size_t i = 0; i < found.len; i++) {
        View one = view_new(ctx->arena);
        view_json(&one, "label", found.items[i]->label.all);
        view_json(&one, "summary", found.items[i]->summary.all);
        view_str(&one, "url", page_procedure_url(ctx->arena, found.items[i], ""));
        opens_set(&one, found.items[i], wish.day);
        vec_push(ctx->arena, &items, view_value(&one));
    }
    if (bulky == BULKY_TAKES) bulky_add(ctx->arena, &items);
    page_crumb(&view, STR("手続き"), STR("Procedures"), STR_NONE);
    view_str(&view, "query", query);
    view_items(&view, "procedures", &items);
    questions_set(ctx, &view, &wish);
    page_contact(x, &view, "phone");
    page_show(x, 200, WEB_PAGE_PROCEDURES, &view);
}

/* ---- one procedure ---- */

const Definition *page_procedure_asked(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str id = http_path_param(x, "procedure");
    const Definition *definition =
        catalogue_current(procedures_catalogue(ctx->tenant), id, today(ctx));
    bool open = definition && (!definition->inside || ctx->actor->kind == ACTOR_STAFF);
    if (open) return definition;
    (void)ctx_fail(ctx, RC_NOT_FOUND, "no-procedure", id,
                   "The city has no such procedure, or not now.");
    page_fail(x);
    return NULL;
}

static void faq_set(View *view, const Definition *definition) {
    JsonItems items = {0};
    for (size_t i = 0; i < definition->faq.len; i++) {
        View one = view_new(view->arena);
        view_str(&one, "id", str_fmt(view->arena, "faq-%zu", i + 1));
        view_json(&one, "question", definition->faq.items[i].question.all);
        view_json(&one, "answer", definition->faq.items[i].answer.all);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "faq", &items);
}

static void bring_set(View *view, const Definition *definition) {
    JsonItems items = {0};
    VEC_EACH (const Wording, one, &definition->bring)
        vec_push(view->arena, &items, *one->all);
    view_items(view, "bring", &items);
}

/* What has to hold of who applies; applying stays possible. */
static void conditions_set(View *view, const Definition *definition) {
    JsonItems items = {0};
    VEC_EACH (const DefinedRule, rule, &definition->conditions)
        vec_push(view->arena, &items, *rule->text.all);
    view_items(view, "conditions", &items);
}

/* Who was let in shows his ticket again with the form. */
static Str begin_url(Arena *arena, const Definition *definition, Str ticket) {
    Str begin = page_procedure_url(arena, definition, "/begin");
    if (str_empty(ticket)) return begin;
    return str_fmt(arena, STR_FMT "?ticket=" STR_FMT, STR_ARG(begin),
                   STR_ARG(http_url_encode(arena, ticket)));
}

/* What is asked of who applies, in words of the pages. */
static void needs_set(View *view, const Definition *definition) {
    JsonItems items = {0};
    Str authn = gate_authn_word(definition->authn), proof = gate_proof_word(definition->proof);
    if (definition->authn != AUTHN_NONE)
        vec_push(view->arena, &items,
                 json_of_str(str_fmt(view->arena, "authn-" STR_FMT, STR_ARG(authn))));
    if (definition->proof != PROOF_NONE)
        vec_push(view->arena, &items,
                 json_of_str(str_fmt(view->arena, "proof-" STR_FMT, STR_ARG(proof))));
    view_items(view, "needs", &items);
}

bool page_identity_low(const Error *error) {
    return str_eq(error->code, STR("authn-low")) || str_eq(error->code, STR("proof-low"));
}

/* `sign_in`: where nobody signs in; `lacks`: what somebody has yet to show, `show`: where. */
static void identity_set(HttpExchange *x, View *view, const Definition *definition) {
    Ctx *ctx = http_ctx(x);
    Error before = ctx->error;
    Rc rc = defined_may_begin(ctx, definition, STR("web"));
    bool nobody = rc != RC_OK && str_eq(ctx->error.code, STR("sign-in"));
    bool low = rc != RC_OK && page_identity_low(&ctx->error);
    bool authn = low && str_eq(ctx->error.code, STR("authn-low"));
    ctx->error = before;
    Str here = http_url_encode(ctx->arena, page_procedure_url(ctx->arena, definition, ""));
    Str sign_in = str_fmt(ctx->arena, "/sign-in?next=" STR_FMT, STR_ARG(here));
    Str step_up = str_fmt(ctx->arena, "/step-up?next=" STR_FMT, STR_ARG(here));
    view_str(view, "sign_in", nobody ? sign_in : STR_NONE);
    view_str(view, "lacks", !low ? STR_NONE : authn ? STR("authn") : STR("proof"));
    view_str(view, "show", !low ? STR_NONE : authn ? step_up : STR("/account"));
    needs_set(view, definition);
}

void page_procedure_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    DefinedDraft draft;
    const Definition *shut = catalogue_closed(procedures_catalogue(ctx->tenant),
                                              http_path_param(x, "procedure"), today(ctx));
    bool closed = shut && !shut->inside;
    const Definition *definition = closed ? shut : page_procedure_asked(x);
    if (!definition) return;
    if (defined_draft(ctx, definition, &draft) != RC_OK) {
        page_fail(x);
        return;
    }
    Str ticket = http_query_or(x, "ticket", STR_NONE);
    if (wait_check(ctx, definition, ticket) != RC_OK) ticket = STR_NONE;
    bool waits = wait_is_open(ctx, definition) && str_empty(ticket);
    View view = page_view(x);
    page_crumb(&view, STR("手続き"), STR("Procedures"), STR("/procedures"));
    page_crumb_to(&view, *definition->label.all, STR_NONE);
    view_json(&view, "label", definition->label.all);
    view_json(&view, "summary", definition->summary.all);
    bring_set(&view, definition);
    faq_set(&view, definition);
    conditions_set(&view, definition);
    view_json(&view, "after", definition->after.all);
    view_int(&view, "days", definition->days);
    page_bundle_parts(x, &view, definition);
    view_bool(&view, "fee", definition->fee != NULL);
    view_set(&view, "fee_article", page_article(ctx->arena, definition->fee_article));
    view_set(&view, "basis", page_article(ctx->arena, definition->basis));
    view_str(&view, "begin", begin_url(ctx->arena, definition, ticket));
    view_str(&view, "wait", waits ? page_wait_url(ctx->arena, definition, STR_NONE) : STR_NONE);
    opens_set(&view, definition, today(ctx));
    view_str(&view, "draft",
             str_empty(draft.token) || page_wait_keeps(ctx, &draft)
                 ? STR_NONE
                 : page_draft_url(ctx->arena, &draft));
    identity_set(x, &view, definition);
    page_files_index(x, &view, definition);
    page_contact(x, &view, "phone");
    page_contact(x, &view, "hours");
    page_show(x, 200, WEB_PAGE_PROCEDURE, &view);
}
