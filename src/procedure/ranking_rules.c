/* ranking_rules: what a definition says of a ranking: read, and looked through. */
#include "procedure_int.h"

#include "members.h"

static Rc refuse(Ctx *ctx, const char *member, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-definition", str_fmt(ctx->arena, "ranking.%s", member),
                    "%s", what);
}

static Rc read_by(Ctx *ctx, const Json *from, const char *place, const StrVec *names,
                  RankedBy *out) {
    Str text = json_get_str(from, "value");
    const Json *label = json_get(from, STR("label"));
    *out = (RankedBy){.label = {.all = label, .ja = json_get_str(label, "ja")}};
    if (str_empty(out->label.ja) || str_empty(json_get_str(label, "en")))
        return refuse(ctx, place, "What it is called is needed in Japanese (ja) and English (en).");
    if (str_empty(str_trim(text))) return refuse(ctx, place, "An expression is needed: its value.");
    Rc rc = feel_read(ctx, text, names, &out->value);
    if (rc != RC_OK) ctx->error.path = str_fmt(ctx->arena, "ranking.%s.value", place);
    return rc;
}

static Rc read_order(Ctx *ctx, const Json *from, const StrVec *names, Ranking *out) {
    const Json *order = json_get(from, STR("order"));
    for (uint32_t i = 0; order && i < order->len; i++) {
        RankedBy by;
        TRY(read_by(ctx, json_at(order, i), str_fmt(ctx->arena, "order[%u]", i).ptr, names, &by));
        vec_push(ctx->arena, &out->order, by);
    }
    return out->order.len ? RC_OK : refuse(ctx, "order", "By what are cases ordered?");
}

static void read_texts(Arena *arena, const Json *list, StrVec *out) {
    for (uint32_t i = 0; list && i < list->len; i++)
        vec_push(arena, out, json_str(json_at(list, i)));
}

static Rc read_choices(Ctx *ctx, const Json *from, const Definition *definition, Ranking *out) {
    read_texts(ctx->arena, json_get(from, STR("choices")), &out->choices);
    VEC_EACH (const Str, id, &out->choices) {
        const Field *field = definition_field(definition, *id);
        if (!field || field->kind != FIELD_CHOICE)
            return refuse(ctx, "choices", "Places are asked for by questions of kind \"choice\".");
    }
    return out->choices.len ? RC_OK : refuse(ctx, "choices", "Which questions ask for a place?");
}

static Rc read_states(Ctx *ctx, const Json *from, const Definition *definition, Ranking *out) {
    read_texts(ctx->arena, json_get(from, STR("states")), &out->states);
    VEC_EACH (const Str, id, &out->states)
        if (!definition_state(definition, *id))
            return refuse(ctx, "states", "There is no such state.");
    return out->states.len ? RC_OK : refuse(ctx, "states", "Cases in which states are ranked?");
}

static Rc read_moves(Ctx *ctx, const Json *from, const Definition *definition, Ranking *out) {
    out->admit = json_get_str(from, "admit");
    out->hold = json_get_str(from, "hold");
    if (!definition_move(definition, out->admit))
        return refuse(ctx, "admit", "There is no such move.");
    if (!definition_move(definition, out->hold))
        return refuse(ctx, "hold", "There is no such move.");
    return RC_OK;
}

static Rc read_when(Ctx *ctx, const Json *from, const StrVec *names, Ranking *out) {
    Str text = json_get_str(from, "when");
    if (str_empty(str_trim(text))) return RC_OK;
    Rc rc = feel_read(ctx, text, names, &out->when);
    if (rc != RC_OK) ctx->error.path = STR("ranking.when");
    return rc;
}

/* Its expressions know the day that is ranked, too. */
static const StrVec *with_day(Arena *arena, const StrVec *names) {
    StrVec *out = NEW(arena, StrVec);
    VEC_EACH (const Str, name, names)
        vec_push(arena, out, *name);
    vec_push(arena, out, RANKING_DAY);
    return out;
}

Rc ranking_read(Ctx *ctx, const Json *source, const StrVec *names, Definition *definition) {
    const Json *from = json_get(source, STR("ranking")), *group;
    Ranking *ranking = NEW(ctx->arena, Ranking);
    if (!from) return RC_OK;
    ranking->round = json_get_str(from, "round");
    const Field *day = definition_field(definition, ranking->round);
    if (!day || day->kind != FIELD_DATE)
        return refuse(ctx, "round", "The day of a place is a question of kind \"date\".");
    names = with_day(ctx->arena, names);
    TRY(read_states(ctx, from, definition, ranking));
    TRY(read_when(ctx, from, names, ranking));
    TRY(read_order(ctx, from, names, ranking));
    TRY(read_choices(ctx, from, definition, ranking));
    group = json_get(from, STR("group"));
    if (group) TRY(read_by(ctx, group, "group", names, &ranking->group));
    TRY(read_moves(ctx, from, definition, ranking));
    definition->ranking = ranking;
    return RC_OK;
}

bool ranking_moves(const Definition *definition, Str move) {
    const Ranking *ranking = definition->ranking;
    return ranking && (str_eq(ranking->admit, move) || str_eq(ranking->hold, move));
}

const FieldOption *ranking_option(const Definition *definition, Str id) {
    const Field *first = definition_field(definition, definition->ranking->choices.items[0]);
    return field_option(first, id);
}

/* ---- looking through ---- */

static void move_lint(Ctx *ctx, const Definition *definition, Str id, DefinitionFindings *out) {
    const DefinedMove *move = definition_move(definition, id);
    if (!move->together)
        definition_tell(ctx, out, STR("ranking"),
                        "The move \"" STR_FMT "\" is made by the decision on the whole ranking: "
                        "\"together\": true.",
                        "手順「" STR_FMT "」は順位の全体の決裁で行います。一括起案できるように"
                        "してください。",
                        STR_ARG(id));
}

/* All wishes are for the same places. */
static void options_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out) {
    const Ranking *ranking = definition->ranking;
    VEC_EACH (const Str, id, &ranking->choices) {
        const Field *field = definition_field(definition, *id);
        VEC_EACH (const FieldOption, option, &field->options)
            if (!ranking_option(definition, option->id))
                definition_tell(ctx, out, STR("ranking.choices"),
                                "\"" STR_FMT "\" is no option of the first wish.",
                                "「" STR_FMT "」は第1希望の選択肢にありません。",
                                STR_ARG(option->id));
    }
}

void ranking_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out) {
    const Ranking *ranking = definition->ranking;
    if (!ranking) return;
    move_lint(ctx, definition, ranking->admit, out);
    move_lint(ctx, definition, ranking->hold, out);
    options_lint(ctx, definition, out);
    const DefinedMove *admit = definition_move(definition, ranking->admit),
                      *hold = definition_move(definition, ranking->hold);
    if (!str_eq(admit->decision, hold->decision))
        definition_tell(ctx, out, STR("ranking"),
                        "Both moves are decided at once: they need the same \"decision\".",
                        "2つの手順は同時に決裁します。「決裁」を同じにしてください。");
    VEC_EACH (const Str, state, &ranking->states)
        if (!definition_may_move(admit, *state))
            definition_tell(ctx, out, STR("ranking.states"),
                            "Nobody is admitted from \"" STR_FMT "\".",
                            "「" STR_FMT "」から場所を決める手順がありません。", STR_ARG(*state));
}
