/* page_content: what was frozen of a proposal, as lines: a label and a value each. */
#include "page_design.h"
#include "page_lists.h"

#include "meet/meet.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { NUMBERS_MAX = 1 << 16 };

static bool of_kind(const Entity *decision, const char *kind) {
    return str_eq(entity_text(decision, IRI("kind")), str_of(kind));
}

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
Entity *page_frozen_case(Arena *arena, const Json *contents) {
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
    const Entity *kept = page_frozen_case(lines->arena, contents);
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
    const Definition *first = versions_first(ctx, page_frozen_case(arena, contents));
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

static Json of_group(Arena *arena, const FieldOption *option, const char *language, Str group) {
    Str label = json_get_str(option->label.all, language);
    return json_of_str(str_empty(group)
                           ? label
                           : str_fmt(arena, STR_FMT " " STR_FMT, STR_ARG(label), STR_ARG(group)));
}

/* How many places the ranking had to give, by "OPTION/GROUP"; none of them isn't told. */
static void places_lines(Lines *lines, const Definition *definition, const Json *contents) {
    Arena *arena = lines->arena;
    const Json *places = json_get(contents, STR("places"));
    Str round = json_get_str(contents, "round");
    if (str_empty(round)) return;
    line_add(lines, label_of(arena, "希望する日", "Day wished for"), "date", json_of_str(round));
    for (uint32_t i = 0; places && i < places->len; i++) {
        const JsonMember *one = &places->value.members[i];
        ptrdiff_t slash = str_find(one->name, STR("/"));
        size_t at = slash < 0 ? one->name.len : (size_t)slash;
        const FieldOption *option = ranking_option(definition, str_sub(one->name, 0, at));
        Str group = slash < 0 ? STR_NONE : str_sub(one->name, at + 1, one->name.len);
        int64_t n = json_get_int(places, str_z(arena, one->name), 0);
        if (!option || !n) continue;
        Json ja = of_group(arena, option, "ja", group), en = of_group(arena, option, "en", group);
        line_add(lines,
                 view_text(arena, str_fmt(arena, "受け入れ " STR_FMT, STR_ARG(json_str(&ja))),
                           str_fmt(arena, "Places: " STR_FMT, STR_ARG(json_str(&en)))),
                 "text", json_of_int(n));
    }
}

/* What a list has for all of its cases. */
static void together_lines(Lines *lines, const Json *contents) {
    Arena *arena = lines->arena;
    const Definition *definition = catalogue_newest(procedures_catalogue(lines->ctx->tenant),
                                                    json_get_str(contents, "procedure"));
    const DefinedMove *move =
        definition ? definition_move(definition, json_get_str(contents, "move")) : NULL;
    if (definition)
        line_add(lines, label_of(arena, "手続き", "Procedure"), "text", *definition->label.all);
    if (move) line_add(lines, label_of(arena, "決めること", "To decide"), "text", *move->label.all);
    line_add(lines, label_of(arena, "理由", "Reason"), "text",
             json_of_str(json_get_str(contents, "reason")));
    line_add(lines, label_of(arena, "件数", "Cases"), "text",
             json_of_int(json_get_int(contents, "count", 0)));
    if (definition && definition->ranking) places_lines(lines, definition, contents);
    if (definition && definition->amount)
        line_add(lines, label_of(arena, "金額の合計", "Total amount"), "yen",
                 json_of_int(json_get_int(contents, "amount", 0)));
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

bool page_is_matter(const Entity *decision) {
    return !own_kind(decision);
}

Json page_matter_lines(Ctx *ctx, Str base, const Json *contents) {
    Lines lines = {.ctx = ctx, .arena = ctx->arena, .base = base};
    matter_lines(ctx, &lines, contents);
    return json_of_items(lines.items.items, lines.items.len);
}

/* Who is told of, taken out or not, is looked at. */
Rc page_decision_content(HttpExchange *x, const Entity *decision, View *view) {
    Ctx *ctx = http_ctx(x);
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
    else if (contents && together_is(contents))
        together_lines(&lines, contents);
    else if (contents)
        matter_lines(ctx, &lines, contents);
    if (contents) TRY(progress_lines(&lines, decision, contents));
    TRY(page_corrections_set(x, view, whole));
    page_design_decided(ctx, decision, contents, view);
    TRY(page_list_set(x, view, decision, own ? NULL : contents));
    TRY(page_letter_drafts(ctx, view, decision, own ? NULL : contents));
    view_items(view, "content", &lines.items); /* none: not for this reader, he proves the hash */
    return RC_OK;
}
