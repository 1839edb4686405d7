/* What can only be seen of a whole definition. Each finding names its place and says what to do. */
#include "procedure_int.h"

#include "definition.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct Lint {
    Ctx *ctx;
    const Definition *definition;
    const DefinitionKnown *office; /* NULL: not looked at */
    DefinitionFindings *out;
    StrVec known; /* fields asked so far, tables so far, what is always there */
} Lint;

[[gnu::format(printf, 2, 0)]] static Str told(Arena *arena, const char *format, va_list args) {
    va_list measured;
    va_copy(measured, args);
    size_t size = (size_t)vsnprintf(NULL, 0, format, measured) + 1;
    va_end(measured);
    char *text = NEW_ARRAY(arena, char, size);
    vsnprintf(text, size, format, args);
    return (Str){text, size - 1};
}

void definition_tell(Ctx *ctx, DefinitionFindings *out, Str path, const char *en, const char *ja,
                     ...) {
    va_list args, again;
    va_start(args, ja);
    va_copy(again, args);
    DefinitionFinding finding = {.path = path, .text = told(ctx->arena, en, args)};
    finding.ja = told(ctx->arena, ja, again);
    va_end(again);
    va_end(args);
    vec_push(ctx->arena, out, finding);
}

/* In English and Japanese, of the same values. */
#define find(lint, path, ...) definition_tell((lint)->ctx, (lint)->out, path, __VA_ARGS__)

static bool among(const StrVec *names, Str name) {
    VEC_EACH (Str, one, names)
        if (str_eq(*one, name)) return true;
    return false;
}

#define PLACE(lint, ...) str_fmt((lint)->ctx->arena, __VA_ARGS__)

/* ---- names */

static void check_name(const Lint *lint, Str path, Str name) {
    if (among(&lint->known, name) || str_eq(name, STR("?"))) return;
    bool later = definition_field(lint->definition, name) != NULL;
    if (later)
        find(lint, path, "\"" STR_FMT "\" is used before it is asked.",
             "「" STR_FMT "」を、たずねる前に使っています。", STR_ARG(name));
    else
        find(lint, path, "\"" STR_FMT "\" is never asked.",
             "「" STR_FMT "」をたずねる項目がありません。", STR_ARG(name));
}

static void check_expr(const Lint *lint, Str path, const FeelExpr *expr) {
    StrVec names = {0};
    if (!expr) return;
    feel_names(lint->ctx->arena, expr, &names);
    VEC_EACH (Str, name, &names)
        check_name(lint, path, *name);
}

/* The first Chinese characters without a reading behind them; empty: all have one. */
static Str without_reading(Str text) {
    Str rest = text, run = STR_NONE;
    const char *at = rest.ptr;
    for (int32_t c; (c = str_utf8_next(&rest)) >= 0; at = rest.ptr) {
        bool kanji = (c >= 0x3400 && c <= 0x9FFF) || c == 0x3005;
        if (!kanji && run.len && c != 0xFF08) return run;
        if (!kanji)
            run = STR_NONE;
        else if (run.len)
            run.len = (size_t)(rest.ptr - run.ptr);
        else
            run = (Str){at, (size_t)(rest.ptr - at)};
    }
    return run;
}

void definition_easy(Ctx *ctx, DefinitionFindings *out, Str path, const Wording *wording) {
    Str easy = json_get_str(wording->all, "easy");
    if (!wording->all) return;
    Str run = without_reading(easy);
    if (str_empty(easy))
        definition_tell(ctx, out, path, "There is no text in plain Japanese (easy).",
                        "やさしい日本語の文がありません。");
    else if (run.len)
        definition_tell(ctx, out, path,
                        "Its plain Japanese doesn't say how to read \"" STR_FMT "\": 犬（いぬ）.",
                        "やさしい日本語の「" STR_FMT "」に読みがなを付けてください。例 犬（いぬ）",
                        STR_ARG(str_head(run, 60)));
}

static void check_easy(const Lint *lint, Str path, const Wording *wording) {
    definition_easy(lint->ctx, lint->out, path, wording);
}

static bool always_asked(const Definition *definition, const Field *field) {
    VEC_EACH (const FormPage, page, &definition->pages)
        VEC_EACH (const Field, one, &page->fields)
            if (one == field) return !page->when && !field->when && !field->optional;
    return false;
}

/* A day that only some tell is no day by which all are judged. */
static void check_as_of(const Lint *lint, Str path, const AsOf *as_of) {
    const Field *field = definition_field(lint->definition, as_of->field);
    if (as_of->kind != AS_OF_ANSWER) return;
    if (!field)
        find(lint, path,
             "\"" STR_FMT "\" is never asked: \"applied\", \"decided\" or a day is meant.",
             "基準日の「" STR_FMT
             "」をたずねる項目がありません。申請日、処分日か、日付の項目を選んでください。",
             STR_ARG(as_of->field));
    else if (field->kind != FIELD_DATE && field->kind != FIELD_SLOT)
        find(lint, path, "\"" STR_FMT "\" is no day: a field of kind date or slot is meant.",
             "基準日の「" STR_FMT "」は日付ではありません。日付か日時の項目を選んでください。",
             STR_ARG(as_of->field));
    else if (!always_asked(lint->definition, field))
        find(lint, path, "\"" STR_FMT "\" isn't asked of everybody, so some would have no day.",
             "基準日の「" STR_FMT "」は、たずねない人がいます。必ずたずねる項目を選んでください。",
             STR_ARG(as_of->field));
}

static void check_rules(const Lint *lint, const char *path, const DefinedRules *rules) {
    for (size_t i = 0; i < rules->len; i++) {
        Str place = PLACE(lint, "%s[%zu]", path, i);
        check_expr(lint, place, rules->items[i].test);
        check_as_of(lint, PLACE(lint, STR_FMT ".asOf", STR_ARG(place)), &rules->items[i].as_of);
        check_easy(lint, PLACE(lint, "%s[%zu].text", path, i), &rules->items[i].text);
    }
}

/* ---- pages */

/* A condition without names that is not true keeps what it guards from ever being asked. */
static bool never(const Lint *lint, const FeelExpr *when) {
    StrVec names = {0};
    if (!when) return false;
    feel_names(lint->ctx->arena, when, &names);
    FeelRun run = {.arena = lint->ctx->arena, .steps = FEEL_STEPS};
    if (names.len) return false;
    FeelValue value = feel_evaluate(&run, when, NULL);
    return value.kind != FEEL_BOOL || !value.boolean;
}

/* Whether a text has a label, up to what stands in brackets there. */
static bool has_label(Arena *arena, Str text, Str label, Str bracket) {
    ptrdiff_t end = str_find(label, bracket);
    Str wanted = text_fold(arena, str_trim(end > 0 ? str_sub(label, 0, (size_t)end) : label));
    return str_find(text_fold(arena, text), wanted) >= 0;
}

/* Who reads only the error has to find the field. */
static void check_fault(const Lint *lint, Str path, const Field *field, const DefinedRule *rule) {
    Arena *arena = lint->ctx->arena;
    check_expr(lint, path, rule->test);
    check_easy(lint, path, &rule->text);
    if (!has_label(arena, rule->text.ja, field->label.ja, STR("（")) ||
        !has_label(arena, json_get_str(rule->text.all, "en"), json_get_str(field->label.all, "en"),
                   STR("(")))
        find(lint, path, "The text of a check doesn't name the field as its label does.",
             "確認の文に、項目の名前がありません。");
}

static void check_field_texts(const Lint *lint, Str path, const Field *field) {
    check_easy(lint, path, &field->label);
    check_easy(lint, path, &field->hint);
    VEC_EACH (FieldOption, option, &field->options) {
        Str place = PLACE(lint, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(option->id));
        check_easy(lint, place, &option->label);
        check_easy(lint, place, &option->hint);
    }
}

/* Who may book is known by what was asked before the slot. */
static void check_slot(const Lint *lint, Str path, const FormPage *page, const Field *field) {
    const Reservation *books = field->books;
    if (page->fields.len > 1)
        find(lint, path, "A slot is asked on a page of its own.",
             "日時は、それだけのページでたずねてください。");
    if (books->mode == RESERVE_STAFF)
        find(lint, path, "The office alone gives these slots out: the form cannot ask for one.",
             "この日時は職員だけが割り当てるため、様式ではたずねられません。");
    check_expr(lint, path, books->need);
    VEC_EACH (const ReservationCohort, cohort, &books->cohorts) {
        check_expr(lint, path, cohort->test);
        check_easy(lint, STR("reservation.cohorts"), &cohort->label);
    }
    VEC_EACH (const ReservationPlace, place, &books->places)
        check_easy(lint, STR("reservation.places"), &place->label);
}

static void check_field(Lint *lint, const FormPage *page, const Field *field) {
    Str path = PLACE(lint, "pages." STR_FMT "." STR_FMT, STR_ARG(page->id), STR_ARG(field->id));
    check_expr(lint, path, field->when);
    if (never(lint, field->when))
        find(lint, path, "This is never asked: its condition cannot hold.",
             "条件が成り立たないため、たずねられることがありません。");
    check_field_texts(lint, path, field);
    if (field->kind == FIELD_SLOT) check_slot(lint, path, page, field);
    vec_push(lint->ctx->arena, &lint->known, field->id);
    for (size_t i = 0; i < field->checks.len; i++)
        check_fault(lint, PLACE(lint, STR_FMT ".checks[%zu]", STR_ARG(path), i), field,
                    &field->checks.items[i]);
}

static void check_pages(Lint *lint) {
    VEC_EACH (FormPage, page, &lint->definition->pages) {
        Str path = PLACE(lint, "pages." STR_FMT, STR_ARG(page->id));
        check_expr(lint, path, page->when);
        if (never(lint, page->when))
            find(lint, path, "This page is never reached: its condition cannot hold.",
                 "条件が成り立たないため、このページは出ません。");
        check_easy(lint, path, &page->title);
        check_easy(lint, path, &page->lead);
        VEC_EACH (Field, field, &page->fields)
            check_field(lint, page, field);
    }
}

/* ---- tables: each may use what stands before it, so that no rule rests on itself */

static void check_tables(Lint *lint) {
    VEC_EACH (NamedTable, named, &lint->definition->tables) {
        Str path = PLACE(lint, "tables." STR_FMT, STR_ARG(named->name));
        StrVec names = {0}, told = {0};
        dmn_table_names(lint->ctx->arena, named->table, &names);
        VEC_EACH (Str, name, &names)
            check_name(lint, path, *name);
        dmn_table_lint(lint->ctx, named->table, &told);
        VEC_EACH (Str, text, &told)
            find(lint, path, STR_FMT, "表を直してください（" STR_FMT "）。", STR_ARG(*text));
        vec_push(lint->ctx->arena, &lint->known, named->name);
    }
}

/* ---- states */

static const ReservationLottery *lottery_of(const Lint *lint) {
    const Reservation *reservation = lint->definition->reservation;
    return reservation && reservation->mode == RESERVE_LOTTERY ? &reservation->lottery : NULL;
}

void definition_reach(Arena *arena, const Definition *definition, Str state, StrVec *reached) {
    const Reservation *reservation = definition->reservation;
    if (str_empty(state) || among(reached, state)) return;
    vec_push(arena, reached, state);
    VEC_EACH (DefinedMove, move, &definition->moves)
        if (definition_may_move(move, state))
            definition_reach(arena, definition, move->to, reached);
    if (str_eq(state, definition->fee_unpaid)) /* paying leads on */
        definition_reach(arena, definition, definition->fee_paid, reached);
    if (!reservation || reservation->mode != RESERVE_LOTTERY) return;
    const ReservationLottery *lottery = &reservation->lottery; /* and so does the draw */
    if (!str_eq(state, lottery->entered) && !str_eq(state, lottery->waiting)) return;
    definition_reach(arena, definition, lottery->won, reached);
    definition_reach(arena, definition, lottery->waiting, reached);
    definition_reach(arena, definition, lottery->lost, reached);
}

void definition_reached(Arena *arena, const Definition *definition, StrVec *reached) {
    const Reservation *reservation = definition->reservation;
    definition_reach(arena, definition, definition->states.items[0].id, reached);
    if (reservation && reservation->mode == RESERVE_LOTTERY) /* who sends a wish begins there */
        definition_reach(arena, definition, reservation->lottery.entered, reached);
}

/* How many moves start there, and how many of them are the office's. */
static size_t moves_from(const Lint *lint, Str state, size_t *by_office) {
    size_t n = 0;
    *by_office = 0;
    VEC_EACH (DefinedMove, move, &lint->definition->moves) {
        bool here = definition_may_move(move, state);
        n += here;
        *by_office += here && !move->by_resident;
    }
    return n;
}

static void check_state(const Lint *lint, const DefinedState *state, const StrVec *reached) {
    Str path = PLACE(lint, "states." STR_FMT, STR_ARG(state->id));
    bool end = state->owner == OWNER_NOBODY;
    size_t by_office, moves = moves_from(lint, state->id, &by_office);
    if (!among(reached, state->id))
        find(lint, path, "No move leads here.", "この状態に来る手順がありません。");
    if (end && moves)
        find(lint, path, "It is an end, and a move starts from it.",
             "終わりの状態なのに、ここから始まる手順があります。");
    if (!end && !moves)
        find(lint, path, "No move leads on: a case would stay here for ever.",
             "ここから進む手順がないため、案件が止まります。");
    else if (!end && !by_office)
        find(lint, path, "The office has no move from here: who is silent would keep it for ever.",
             "職員の手順がないため、返事がないと案件が止まります。");
    if (state->owner == OWNER_OFFICE && state->days < 1)
        find(lint, path, "The office's state needs days within which it ends.",
             "職員の状態には日数が必要です。");
    check_easy(lint, path, &state->label);
}

static void check_states(const Lint *lint) {
    StrVec reached = {0};
    bool end = false;
    definition_reached(lint->ctx->arena, lint->definition, &reached);
    VEC_EACH (DefinedState, state, &lint->definition->states) {
        check_state(lint, state, &reached);
        end |= state->owner == OWNER_NOBODY && among(&reached, state->id);
    }
    if (!end) find(lint, STR("states"), "No end can be reached.", "終わりの状態に届きません。");
}

/* What lowers a fee is decided by the office, for a fee that the city collects. */
static void check_reduction(const Lint *lint, Str path, const DefinedMove *move) {
    if (!move->reduced) return;
    check_expr(lint, path, move->reduced);
    if (!lint->definition->fee || lint->definition->fee_collect == COLLECT_OPEN)
        find(lint, path, "There is no fee that is collected here, so none is reduced.",
             "この手続きには徴収する手数料がないので、減免できません。");
    if (str_empty(move->decision) || move->by_resident)
        find(lint, path, "A fee is reduced by a decision of the office: name its \"decision\".",
             "手数料の減免は、職員の手順として決裁を経て行います。「決裁」を選んでください。");
}

/* A list has one reason and one thing to decide; what remains of a fee is each case's own. */
static void check_together(const Lint *lint, Str path, const DefinedMove *move) {
    if (!move->together) return;
    if (str_empty(move->decision) || move->by_resident || move->reduced)
        find(lint, path,
             "Several cases are decided as one where the office's move has a \"decision\" and "
             "reduces no fee.",
             "一括起案ができるのは、決裁を経る職員の手順で、手数料を減免しないものだけです。");
}

static void check_moves(const Lint *lint) {
    VEC_EACH (DefinedMove, move, &lint->definition->moves) {
        Str path = PLACE(lint, "moves." STR_FMT, STR_ARG(move->id));
        const DefinedState *to = definition_state(lint->definition, move->to);
        bool refuses = to->owner == OWNER_NOBODY && to->outcome == OUTCOME_REFUSED;
        if (move->by_resident) check_easy(lint, path, &move->label);
        if (refuses && !move->reason)
            find(lint, path, "Who is refused is told why (行政手続法第8条): \"reason\": true.",
                 "認めないときは理由を示します（行政手続法第8条）。「理由を書く」を選んでください"
                 "。");
        if (lint->office && !str_empty(move->decision) &&
            !among(&lint->office->kinds, move->decision))
            find(lint, path, "The delegations know no matter \"" STR_FMT "\".",
                 "専決の表に「" STR_FMT "」がありません。", STR_ARG(move->decision));
        check_reduction(lint, path, move);
        check_together(lint, path, move);
    }
}

static void check_ranked(const Lint *lint, Str path, const FeelExpr *expr) {
    StrVec names = {0};
    if (!expr) return;
    feel_names(lint->ctx->arena, expr, &names);
    VEC_EACH (const Str, name, &names)
        if (!str_eq(*name, RANKING_DAY)) check_name(lint, path, *name);
}

static void check_ranking(const Lint *lint) {
    const Ranking *ranking = lint->definition->ranking;
    if (!ranking) return;
    VEC_EACH (const RankedBy, by, &ranking->order)
        check_ranked(lint, STR("ranking.order"), by->value);
    check_ranked(lint, STR("ranking.group"), ranking->group.value);
    check_ranked(lint, STR("ranking.when"), ranking->when);
    ranking_lint(lint->ctx, lint->definition, lint->out);
}

/* ---- automatic rules */

/* What an expression looks at in the end: through tables, and for "unmet" through all checks. */
static void looked_at(const Lint *lint, const StrVec *names, StrVec *out);

void definition_looked_at(Ctx *ctx, const Definition *definition, const StrVec *names,
                          StrVec *out) {
    looked_at(&(Lint){.ctx = ctx, .definition = definition}, names, out);
}

static void looks_through(const Lint *lint, const DefinedRules *rules, StrVec *out) {
    VEC_EACH (const DefinedRule, rule, rules) {
        StrVec inner = {0};
        feel_names(lint->ctx->arena, rule->test, &inner);
        looked_at(lint, &inner, out);
    }
}

static void looked_at(const Lint *lint, const StrVec *names, StrVec *out) {
    VEC_EACH (const Str, name, names) {
        if (among(out, *name)) continue;
        vec_push(lint->ctx->arena, out, *name);
        VEC_EACH (const NamedTable, named, &lint->definition->tables) {
            StrVec inner = {0};
            if (!str_eq(named->name, *name)) continue;
            dmn_table_names(lint->ctx->arena, named->table, &inner);
            looked_at(lint, &inner, out);
        }
        if (!str_eq(*name, AUTOMATIC_UNMET)) continue;
        looks_through(lint, &lint->definition->conditions, out);
        looks_through(lint, &lint->definition->checks, out);
    }
}

/* What needs care (要配慮) is a person's to weigh. */
static void check_looks(const Lint *lint, Str path, const Automatic *rule) {
    StrVec names = {0}, all = {0};
    feel_names(lint->ctx->arena, rule->test, &names);
    VEC_EACH (const Str, name, &names)
        if (!str_eq(*name, AUTOMATIC_UNMET)) check_name(lint, path, *name);
    looked_at(lint, &names, &all);
    VEC_EACH (const Str, name, &all) {
        const Field *field = definition_field(lint->definition, *name);
        if (field && str_eq(field->class, STR("sensitive")))
            find(lint, path, "It looks at \"" STR_FMT "\", which is sensitive: a person does that.",
                 "要配慮の項目「" STR_FMT "」で自動処理はできません。職員が判断します。",
                 STR_ARG(*name));
    }
}

/* A move that a person makes with his name: under a decision, with a text, or against whose case
   it is. */
static void check_moved(const Lint *lint, Str path, const Automatic *rule) {
    const DefinedMove *move = definition_move(lint->definition, rule->move);
    if (!move || move->by_resident || !definition_may_move(move, rule->state)) {
        find(lint, path, "The office has no move \"" STR_FMT "\" from this state.",
             "この状態から始まる職員の手順「" STR_FMT "」がありません。", STR_ARG(rule->move));
        return;
    }
    const DefinedState *to = definition_state(lint->definition, move->to);
    if (!str_empty(move->decision))
        find(lint, path, "What has to be decided first is no rule's to do.",
             "決裁がいる手順は、自動処理にできません。");
    if (move->reason)
        find(lint, path, "A move that states a reason is a person's.",
             "理由や質問を書く手順は、自動処理にできません。");
    if (to->owner == OWNER_NOBODY && to->outcome != OUTCOME_DONE)
        find(lint, path,
             "A refusal is always a person's: it needs reasons and remedies (行政手続法第8条).",
             "不承認や取下げは、自動処理にできません。理由と教示がいります（行政手続法第8条）。");
}

static void check_automatic(const Lint *lint) {
    VEC_EACH (const Automatic, rule, &lint->definition->automatic) {
        Str path = PLACE(lint, "automatic." STR_FMT, STR_ARG(rule->id));
        const DefinedState *state = definition_state(lint->definition, rule->state);
        check_easy(lint, path, &rule->label);
        check_looks(lint, path, rule);
        check_moved(lint, path, rule);
        if (!state || state->owner != OWNER_OFFICE)
            find(lint, path, "A rule is about a state that waits for the office.",
                 "自動処理は、職員が担当する状態だけに書けます。");
    }
}

/* ---- the whole */

/* What is counted is public: of free texts every answer is another, and tells who gave it. */
static void check_counted(const Lint *lint, Str name) {
    const Field *field = definition_field(lint->definition, name);
    bool counts = field && (field->kind == FIELD_CHOICE || field->kind == FIELD_CHOICES ||
                            field->kind == FIELD_YES_NO || field->kind == FIELD_NUMBER);
    if (!field)
        find(lint, STR("statistics"), "\"" STR_FMT "\" is never asked.",
             "「" STR_FMT "」をたずねる項目がありません。", STR_ARG(name));
    else if (!counts)
        find(lint, STR("statistics"), "\"" STR_FMT "\" is no choice and no number to count.",
             "「" STR_FMT "」は選択式でも数でもないため、数えられません。", STR_ARG(name));
    else if (str_eq(field->class, STR("sensitive")))
        find(lint, STR("statistics"), "\"" STR_FMT "\" is sensitive: it may not be counted.",
             "「" STR_FMT "」は要配慮の項目のため、数えられません。", STR_ARG(name));
}

/* Where a draw leads is there, and a win can be taken. */
static void check_lottery(const Lint *lint, const ReservationLottery *lottery) {
    const Str states[] = {lottery->entered, lottery->won, lottery->waiting, lottery->lost};
    const DefinedMove *confirms = definition_move(lint->definition, lottery->confirms);
    const DefinedState *lost = definition_state(lint->definition, lottery->lost);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (!definition_state(lint->definition, states[i]))
            find(lint, STR("reservation.lottery"), "There is no state \"" STR_FMT "\".",
                 "状態「" STR_FMT "」がありません。", STR_ARG(states[i]));
    if (!confirms || !confirms->by_resident || !definition_may_move(confirms, lottery->won))
        find(lint, STR("reservation.lottery.confirms"),
             "The resident's move that takes a win is expected here, from the state of a win.",
             "当選を受ける住民の操作が、当選の状態から始まるものとして必要です。");
    if (lost && lost->owner != OWNER_NOBODY)
        find(lint, STR("reservation.lottery.lost"), "Who has lost is at an end.",
             "落選の状態は終わりの状態にしてください。");
}

static void check_fee_state(const Lint *lint, const char *path, Str state) {
    if (!definition_state(lint->definition, state))
        find(lint, str_of(path), "There is no state \"" STR_FMT "\".",
             "状態「" STR_FMT "」がありません。", STR_ARG(state));
}

/* Who owes something is told so in a state of his, and paying leads on from there. */
static void check_fee(const Lint *lint) {
    const Definition *definition = lint->definition;
    const DefinedState *unpaid = definition_state(definition, definition->fee_unpaid);
    check_expr(lint, STR("fee.amount"), definition->fee);
    check_as_of(lint, STR("fee.asOf"), &definition->fee_as_of);
    if (definition->fee_as_of.kind == AS_OF_DECIDED &&
        definition->fee_collect != COLLECT_AFTER_REVIEW)
        find(lint, STR("fee.asOf"),
             "Only a fee that is due after the review is of the day of the decision.",
             "処分日を基準にできるのは、審査の後に納める手数料だけです。");
    if (lottery_of(lint) && definition->fee_collect != COLLECT_OPEN)
        find(
            lint, STR("fee.collect"),
            "A lottery's fee isn't collected yet: a draw moves cases past it.",
            "抽選の手続きでは、まだ手数料を徴収できません。抽選が案件を進めると、納付が飛ばされます"
            "。");
    if (definition->fee_collect != COLLECT_AFTER_REVIEW) {
        if (!str_empty(definition->fee_unpaid) || !str_empty(definition->fee_paid))
            find(lint, STR("fee.unpaid"), "Only a fee that is due after the review has states.",
                 "未納・納付済の状態は、審査の後に納める手数料だけに書きます。");
        return;
    }
    check_fee_state(lint, "fee.unpaid", definition->fee_unpaid);
    check_fee_state(lint, "fee.paid", definition->fee_paid);
    if (unpaid && unpaid->owner != OWNER_RESIDENT)
        find(lint, STR("fee.unpaid"), "It waits for whoever pays: its owner is \"resident\".",
             "未納の状態は、住民が納めるのを待つものです。担当を住民にしてください。");
    if (unpaid && unpaid == definition->states.items)
        find(lint, STR("fee.unpaid"), "What is due after the review isn't due where cases begin.",
             "審査の後に納める手数料なので、最初の状態は未納にできません。");
}

static void check_reservation(const Lint *lint) {
    const Reservation *reservation = lint->definition->reservation;
    if (lottery_of(lint)) check_lottery(lint, lottery_of(lint));
    if (reservation && reservation->mode != RESERVE_STAFF && !definition_slot(lint->definition))
        find(lint, STR("reservation"), "No page asks for a slot.",
             "日時をたずねるページがありません。");
}

/* What its cases need: a bundle has none. */
static void check_office(const Lint *lint) {
    const Definition *definition = lint->definition;
    if (lint->office && !among(&lint->office->posts, definition->post))
        find(lint, STR("post"), "Nobody holds the post \"" STR_FMT "\".",
             "職「" STR_FMT "」に就いている人がいません。", STR_ARG(definition->post));
    if (str_empty(definition->retention))
        find(lint, STR("retention"), "How long its cases are kept is not said.",
             "保存期間がありません。");
    if (str_empty(definition->basis))
        find(lint, STR("basis"), "Its legal basis is not said.", "根拠がありません。");
    if (definition->days < 1)
        find(lint, STR("days"), "The standard period (標準処理期間) is not said.",
             "標準処理期間がありません。");
}

static void check_parts(const Lint *lint) {
    VEC_EACH (const BundlePart, part, &lint->definition->parts) {
        Str path = PLACE(lint, "parts." STR_FMT, STR_ARG(part->procedure));
        check_expr(lint, path, part->when);
        if (never(lint, part->when))
            find(lint, path, "This part is never applied for: its condition cannot hold.",
                 "条件が成り立たないため、この手続きは申し込まれません。");
        VEC_EACH (const PartAnswer, one, &part->answers)
            check_expr(lint, PLACE(lint, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(one->field)),
                       one->value);
    }
}

static void check_head(const Lint *lint) {
    const Definition *definition = lint->definition;
    if (!definition->summary.all)
        find(lint, STR("summary"), "What it is for is not said.",
             "何のための手続きかの説明がありません。");
    check_easy(lint, STR("summary"), &definition->summary);
    check_easy(lint, STR("after"), &definition->after);
    for (size_t i = 0; i < definition->bring.len; i++)
        check_easy(lint, PLACE(lint, "bring[%zu]", i), &definition->bring.items[i]);
    check_easy(lint, STR("label"), &definition->label);
    VEC_EACH (Str, name, &definition->statistics)
        check_counted(lint, *name);
}

void definition_lint(Ctx *ctx, const Definition *definition, const DefinitionKnown *known,
                     DefinitionFindings *out) {
    Lint lint = {.ctx = ctx, .definition = definition, .office = known, .out = out};
    if (!definition->parts.len) check_office(&lint);
    check_head(&lint);
    faq_lint(ctx, definition, out);
    check_pages(&lint);
    check_tables(&lint);
    check_rules(&lint, "conditions", &definition->conditions);
    check_rules(&lint, "checks", &definition->checks);
    check_fee(&lint);
    check_expr(&lint, STR("amount"), definition->amount);
    check_reservation(&lint);
    check_parts(&lint);
    if (!definition->parts.len) {
        check_states(&lint);
        check_moves(&lint);
        letters_lint(ctx, definition, known, out);
        thread_lint(ctx, definition, out);
        check_ranking(&lint);
        check_automatic(&lint);
    }
    VEC_EACH (DefinedExample, example, &definition->examples)
        definition_dry_run(ctx, definition, example, out);
}

static void as_of_demand(Ctx *ctx, DefinitionFindings *out, Str path, const AsOf *as_of) {
    if (as_of->kind != AS_OF_UNSAID) return;
    definition_tell(ctx, out, path,
                    "By which day it is judged isn't said: \"applied\", \"decided\" or the day of "
                    "the event, a field's id.",
                    "基準日がありません。申請日、処分日か、事由が起きた日の項目を選んでください。");
}

static void rules_demand(Ctx *ctx, DefinitionFindings *out, const char *path,
                         const DefinedRules *rules) {
    for (size_t i = 0; i < rules->len; i++)
        as_of_demand(ctx, out, str_fmt(ctx->arena, "%s[%zu].asOf", path, i),
                     &rules->items[i].as_of);
}

void definition_lint_new(Ctx *ctx, const Definition *definition, DefinitionFindings *out) {
    rules_demand(ctx, out, "conditions", &definition->conditions);
    rules_demand(ctx, out, "checks", &definition->checks);
    if (definition->fee) as_of_demand(ctx, out, STR("fee.asOf"), &definition->fee_as_of);
}
