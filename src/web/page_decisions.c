/* page_decisions: what was proposed and what became of it: the list, and one decision with its
 * proof. Deciding itself stands in page_decide.c and page_release.c. */
#include "page_design.h"

#include "decide/decide.h"
#include "meet/meet.h"

#define IRI(term)       STR(LD_DEFAULT term)
#define DECISION_PREFIX "urn:ngsi-ld:Decision:"
#define AUDITOR_ALONE   (1u << ROLE_AUDITOR)

enum { LIST_PAGE = 50, NUMBERS_MAX = 1 << 16 };

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

typedef struct Lines {
    Ctx *ctx;
    Arena *arena;
    Str base; /* address of the decision: under it are the files of what was frozen */
    JsonItems items;
} Lines;

/* as: "text", "yen" or "date". */
static void line_add(Lines *lines, Json label, const char *as, Json value) {
    View one = view_new(lines->arena);
    view_set(&one, "label", label);
    view_items(&one, "files", &(JsonItems){0});
    view_str(&one, "as", str_of(as));
    view_set(&one, "value", value);
    vec_push(lines->arena, &lines->items, view_value(&one));
}

static Json label_of(Arena *arena, const char *ja, const char *en) {
    return view_text(arena, str_of(ja), str_of(en));
}

static Str numbers_join(Arena *arena, const Json *cases) {
    Buf text = buf_new(arena, NUMBERS_MAX);
    for (size_t i = 0; cases && cases->kind == JSON_ARRAY && i < cases->len; i++) {
        if (i) buf_add(&text, STR(", "));
        buf_add(&text, json_get_str(json_at(cases, i), "number"));
    }
    return buf_str(&text);
}

static void fee_lines(Lines *lines, const Json *contents) {
    Arena *arena = lines->arena;
    line_add(lines, label_of(arena, "手数料", "Fee"), "yen",
             json_of_int(json_get_int(contents, "fee", 0)));
    line_add(lines, label_of(arena, "減免後の手数料", "Fee after the reduction"), "yen",
             json_of_int(json_get_int(contents, "reducedFee", 0)));
    Str seen = json_get_str(contents, "evidence");
    if (!str_empty(seen))
        line_add(lines, label_of(arena, "確認した書類", "Evidence seen"), "text",
                 json_of_str(seen));
    line_add(lines, label_of(arena, "根拠条文", "Article"), "text",
             page_article(arena, json_get_str(contents, "article")));
}

static void reduction_lines(Lines *lines, const Json *contents) {
    line_add(lines, label_of(lines->arena, "受付番号", "Case"), "text",
             json_of_str(json_get_str(contents, "number")));
    fee_lines(lines, contents);
}

static void plan_lines(Lines *lines, const Json *contents) {
    Arena *arena = lines->arena;
    line_add(lines, label_of(arena, "収集日", "Day of collection"), "date",
             json_of_str(json_get_str(contents, "day")));
    line_add(lines, label_of(arena, "件数", "Cases"), "text",
             json_of_int(json_get_int(contents, "count", 0)));
    line_add(lines, label_of(arena, "手数料の合計", "Total fees"), "yen",
             json_of_int(json_get_int(contents, "fee", 0)));
    line_add(lines, label_of(arena, "受付番号", "Case numbers"), "text",
             json_of_str(numbers_join(arena, json_get(contents, STR("cases")))));
    const Json *out = json_get(contents, STR("out"));
    for (size_t i = 0; out && i < out->len; i++) {
        const Json *one = json_at(out, i);
        line_add(
            lines, label_of(arena, "外した案件", "Taken out"), "text",
            json_of_str(str_fmt(arena, STR_FMT " " STR_FMT, STR_ARG(json_get_str(one, "number")),
                                STR_ARG(json_get_str(one, "reason")))));
    }
}

static void release_lines(Lines *lines, const Json *contents) {
    Arena *arena = lines->arena;
    const Json *title = json_get(json_get(contents, STR("definition")), STR("title"));
    line_add(lines, label_of(arena, "公開の定義", "Release"), "text",
             json_of_str(json_get_str(contents, "release")));
    if (title) line_add(lines, label_of(arena, "名前", "Title"), "text", *title);
}

/* A file as its decider reads it: what, how much of it, and how long it was to be kept. */
static Json file_line(Arena *arena, const Json *file) {
    const Json *title = json_get(file, STR("title"));
    long long n = (long long)json_get_int(file, "count", 0);
    Str until = json_get_str(file, "until"), class = json_get_str(file, "classification");
    return view_text(arena,
                     str_fmt(arena, STR_FMT "［" STR_FMT "］%lld件、保存期限 " STR_FMT,
                             STR_ARG(json_get_str(title, "ja")), STR_ARG(class), n, STR_ARG(until)),
                     str_fmt(arena, STR_FMT ": %lld matters, kept until " STR_FMT,
                             STR_ARG(json_get_str(title, "en")), n, STR_ARG(until)));
}

static void files_lines(Lines *lines, const Json *contents) {
    Arena *arena = lines->arena;
    const Json *files = json_get(contents, STR("files"));
    Str until = json_get_str(contents, "until"), to = json_get_str(contents, "to");
    for (uint32_t i = 0; files && i < files->len; i++)
        line_add(lines, label_of(arena, "簿冊", "Retention file"), "text",
                 file_line(arena, json_at(files, i)));
    line_add(lines, label_of(arena, "理由", "Reason"), "text",
             json_of_str(json_get_str(contents, "reason")));
    if (!str_empty(until))
        line_add(lines, label_of(arena, "延長する期限", "To be kept until"), "date",
                 json_of_str(until));
    if (!str_empty(to))
        line_add(lines, label_of(arena, "移管先", "To be handed over to"), "text", json_of_str(to));
}

static Json progress_text(Arena *arena, const FilingProgress *at) {
    long long all = (long long)at->all, done = (long long)at->done;
    if (at->going)
        return view_text(
            arena, str_fmt(arena, "廃棄しています（%lld冊のうち%lld冊が済みました）", all, done),
            str_fmt(arena, "Being disposed of: %lld of %lld files", done, all));
    if (done == all)
        return view_text(arena, str_fmt(arena, "%lld冊を廃棄しました", all),
                         str_fmt(arena, "Disposed of: %lld of %lld files", all, all));
    return view_text(
        arena,
        str_fmt(arena,
                "%lld冊のうち%"
                "lld冊を廃棄しました。残りは起案のあとで変わったため、廃棄せずに戻しました",
                all, done),
        str_fmt(arena,
                "Disposed of: %lld of %lld files; the others had changed since the proposal, and "
                "went back to the shelf",
                done, all));
}

/* What has become of a disposal since it was decided. */
static Rc progress_lines(Lines *lines, const Entity *decision, const Json *contents) {
    FilingProgress at;
    bool decided = str_eq(entity_text(decision, IRI("state")), STR("decided"));
    if (decided && of_kind(decision, "procedure-transition")) {
        Json moved;
        TRY(page_transition_progress(lines->ctx, decision->id, &moved));
        line_add(lines, label_of(lines->arena, "移行の進み具合", "How far it is"), "text", moved);
    }
    if (!decided || !of_kind(decision, "file-disposal")) return RC_OK;
    TRY(filing_progress(lines->ctx, decision, contents, &at));
    line_add(lines, label_of(lines->arena, "廃棄の進み具合", "How far it is"), "text",
             progress_text(lines->arena, &at));
    return RC_OK;
}

/* The case as far as it was frozen: what was answered, under which version. */
static Entity *frozen_case(Arena *arena, const Json *contents) {
    Entity *kept = entity_new(arena, json_get_str(contents, "case"), STR(CASE_TYPE));
    const struct {
        Str member, iri;
    } parts[] = {{STR("answers"), IRI("answers")},
                 {STR("sensitiveAnswers"), IRI("sensitiveAnswers")}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const Json *answers = json_get(contents, parts[i].member);
        if (answers && answers->kind == JSON_OBJECT)
            entity_set_kind(arena, kept, ATTR_JSON, parts[i].iri, *answers);
    }
    const Json *transitions = json_get(contents, STR("transitions"));
    if (transitions && transitions->kind == JSON_ARRAY)
        entity_set_kind(arena, kept, ATTR_JSON, IRI("transitions"), *transitions);
    entity_set(arena, kept, IRI("procedure"), json_of_str(json_get_str(contents, "procedure")));
    entity_set(arena, kept, IRI("procedureVersion"),
               json_of_int(json_get_int(contents, "version", 0)));
    return kept;
}

static void files_line(Lines *lines, const FormAnswer *answer) {
    View one = view_new(lines->arena);
    view_json(&one, "label", answer->field->label.all);
    view_str(&one, "as", STR("files"));
    view_null(&one, "value");
    page_files(&one, answer, lines->base);
    vec_push(lines->arena, &lines->items, view_value(&one));
}

/* In the words by which it was asked for. */
static void answer_line(Lines *lines, const Entity *kept, const Field *field) {
    FormAnswer answer;
    Definitions versions;
    versions_of(lines->ctx, kept, &versions);
    const Field *asked = versions_field(&versions, field->id);
    if (!defined_answer(lines->arena, kept, asked, &answer)) return;
    if (asked->kind == FIELD_FILE) {
        files_line(lines, &answer);
        return;
    }
    Json row = page_answer_text(lines->arena, &answer);
    line_add(lines, *json_get(&row, STR("label")), "text", *json_get(&row, STR("value")));
}

static void answer_lines(Lines *lines, const Definition *definition, const Json *contents) {
    const Entity *kept = frozen_case(lines->arena, contents);
    Fields gone;
    VEC_EACH (const FormPage, page, &definition->pages)
        VEC_EACH (const Field, field, &page->fields)
            answer_line(lines, kept, field);
    versions_gone(lines->ctx, kept, &gone);
    for (size_t i = 0; i < gone.len; i++)
        answer_line(lines, kept, gone.items[i]);
}

/* on: the day that it is of; empty: it wasn't kept yet. */
static Json rule_label(Arena *arena, Str on) {
    if (str_empty(on)) return label_of(arena, "規則に合わない点", "Not in order");
    return view_text(arena, str_fmt(arena, "規則に合わない点（" STR_FMT " 現在）", STR_ARG(on)),
                     str_fmt(arena, "Not in order (as of " STR_FMT ")", STR_ARG(on)));
}

static void rule_lines(Lines *lines, const Definition *first, const Json *found, bool checks) {
    for (size_t i = 0; found && i < found->len; i++) {
        const Json *one = json_at(found, i);
        const DefinedRule *rule = page_found_rule(lines->ctx, first, one, checks);
        if (rule && !json_get_bool(one, "ok", false))
            line_add(lines, rule_label(lines->arena, json_get_str(one, "on")), "text",
                     *rule->text.all);
    }
}

/* What was frozen, as the version of the definition under which it was says it. */
static void matter_lines(Ctx *ctx, Lines *lines, const Json *contents) {
    Arena *arena = lines->arena;
    const Definition *definition =
        catalogue_version(procedures_catalogue(ctx->tenant), json_get_str(contents, "procedure"),
                          json_get_int(contents, "version", 0));
    const DefinedMove *move =
        definition ? definition_move(definition, json_get_str(contents, "move")) : NULL;
    if (!move) return;
    const Definition *first = versions_first(ctx, frozen_case(arena, contents));
    line_add(lines, label_of(arena, "手続き", "Procedure"), "text", *definition->label.all);
    line_add(lines, label_of(arena, "受付番号", "Case"), "text",
             json_of_str(json_get_str(contents, "number")));
    line_add(lines, label_of(arena, "決めること", "To decide"), "text", *move->label.all);
    line_add(lines, label_of(arena, "理由", "Reason"), "text",
             json_of_str(json_get_str(contents, "reason")));
    if (move->reduced) fee_lines(lines, contents);
    if (definition->amount)
        line_add(lines, label_of(arena, "金額", "Amount"), "yen",
                 json_of_int(json_get_int(contents, "amount", 0)));
    rule_lines(lines, first, json_get(contents, STR("conditions")), false);
    rule_lines(lines, first, json_get(contents, STR("checks")), true);
    answer_lines(lines, definition, contents);
}

static void design_lines(Lines *lines, const Json *contents) {
    DesignLines said;
    page_design_lines(lines->ctx, contents, &said);
    VEC_EACH (const DesignLine, line, &said)
        line_add(lines, line->label, line->as, line->value);
}

/* An item as its minutes have it: what was decided, and what was said. */
static Json minute_line(Ctx *ctx, const Json *item) {
    Arena *arena = ctx->arena;
    Str key = str_fmt(arena, "meet_result." STR_FMT, STR_ARG(json_get_str(item, "result"))),
        title = json_get_str(item, "title"), text = json_get_str(item, "text");
    Str ja = web_message(ctx, WEB_JA, key, NULL, 0), en = web_message(ctx, WEB_EN, key, NULL, 0);
    return view_text(arena,
                     str_fmt(arena, STR_FMT "：" STR_FMT "。" STR_FMT, STR_ARG(title), STR_ARG(ja),
                             STR_ARG(text)),
                     str_fmt(arena, STR_FMT ": " STR_FMT ". " STR_FMT, STR_ARG(title), STR_ARG(en),
                             STR_ARG(text)));
}

static void meeting_lines(Lines *lines, const Json *contents) {
    Arena *arena = lines->arena;
    const Json *items = json_get(contents, STR("items"));
    line_add(lines, label_of(arena, "会議", "Meeting"), "text",
             json_of_str(json_get_str(contents, "name")));
    line_add(lines, label_of(arena, "場所", "Place"), "text",
             json_of_str(json_get_str(contents, "place")));
    for (size_t i = 0; items && i < items->len; i++)
        line_add(lines, label_of(arena, "案件", "Item"), "text",
                 minute_line(lines->ctx, json_at(items, i)));
    line_add(lines, label_of(arena, "要旨", "Minutes"), "text",
             json_of_str(json_get_str(contents, "minutes")));
}

/* The kinds that have a page of their own, and what of their contents is shown here. */
typedef struct OwnKind {
    const char *kind;
    void (*lines)(Lines *lines, const Json *contents);
} OwnKind;

static const OwnKind own_kinds[] = {
    {"fee-reduction", reduction_lines},
    {"collection-plan", plan_lines},
    {"release", release_lines},
    {"procedure-definition", design_lines},
    {"procedure-transition", design_lines},
    {"file-disposal", files_lines},
    {"file-extension", files_lines},
    {"file-transfer", files_lines},
    {"meeting-minutes", meeting_lines},
};

/* NULL: a move of a procedure that is a definition. */
static const OwnKind *own_kind(const Entity *decision) {
    for (size_t i = 0; i < sizeof own_kinds / sizeof *own_kinds; i++)
        if (of_kind(decision, own_kinds[i].kind)) return &own_kinds[i];
    return NULL;
}

/* Who is told of, taken out or not, is looked at. */
static Rc content_value(Ctx *ctx, const Entity *decision, View *view) {
    const OwnKind *own = own_kind(decision);
    Lines lines = {
        .ctx = ctx, .arena = ctx->arena, .base = page_decision_url(ctx->arena, decision->id)};
    PageSeen seen = {0};
    const Json *contents;
    const Entity *whole = decision;
    bool nobody =
        of_kind(decision, "procedure-definition") || of_kind(decision, "procedure-transition");
    if (nobody || meet_reads(ctx, decision)) /* these are about nobody */
        TRY(decide_load(ctx, decision->id, &whole));
    TRY(decide_contents(ctx, whole, &contents));
    vec_push(ctx->arena, &seen, decision);
    TRY(page_seen_out(ctx, contents, &seen));
    TRY(gate_look(ctx, seen.items, seen.len, page_what(WHAT_DECISION)));
    if (contents && own)
        own->lines(&lines, contents);
    else if (contents)
        matter_lines(ctx, &lines, contents);
    if (contents) TRY(progress_lines(&lines, decision, contents));
    page_design_decided(ctx, decision, contents, view);
    TRY(page_letter_drafts(ctx, view, decision, own ? NULL : contents));
    view_items(view, "content", &lines.items); /* none: not for this reader, he proves the hash */
    return RC_OK;
}

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
        ctx->purpose = own_kind(*out) ? STR("bulky-waste-decide") : STR("application-decide");
    if (rc == RC_OK) *out = gate_view(ctx, NULL, *out);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !*out))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-proposal", id, "There is no such decision.");
    return rc;
}

static Rc decision_fill(HttpExchange *x, const Entity *decision, View *view) {
    Ctx *ctx = http_ctx(x);
    Str act = decision_url(x, decision), own = page_decision_url(ctx->arena, decision->id);
    TRY(page_proof(ctx, decision->version, view, NULL));
    TRY(content_value(ctx, decision, view));
    TRY(page_route_acts(x, decision, view));
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

static void decision_show(HttpExchange *x, int status, Str comment, const Faults *faults) {
    const Entity *decision;
    View view = page_view(x), values = view_new(view.arena);
    if (decision_load(x, &decision) != RC_OK || decision_fill(x, decision, &view) != RC_OK) {
        page_fail(x);
        return;
    }
    view_str(&values, "comment", comment);
    view_set(&view, "values", view_value(&values));
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_DECISION, &view);
}

static void decision_get(HttpExchange *x) {
    decision_show(x, 200, STR_NONE, NULL);
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
    else if (page_route_fault(ctx, rc, &faults))
        decision_show(x, 422, http_form_value(form, "comment"), &faults);
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
    if (rc == RC_OK) rc = page_file_show(x, frozen_case(ctx->arena, contents), false);
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
     CLERK | GATE_FORM, "Decisions", "Put away the notice of a dropped proposal", NULL, NULL,
     page_posted},
};
ROWS(page_decisions_count, page_decisions_rows);
