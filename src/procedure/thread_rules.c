/* thread_rules: what a definition, or the rules of bulky waste, say of messages: read, looked
   through, and found for a case. */
#include "procedure_int.h"

#include "members.h"
#include "thread.h"

/* ---- reading ---- */

static Rc refuse(Ctx *ctx, const char *member, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-definition", str_fmt(ctx->arena, "thread.%s", member),
                    "%s", what);
}

/* The first word, unless the second one stands there. */
static Rc read_either(Ctx *ctx, const Json *from, const char *member, bool *second) {
    const Str *words;
    size_t n = definition_words(str_of(member), &words);
    Str said = json_get_str(from, member);
    for (size_t i = 0; i < n; i++) {
        *second = str_eq(said, words[i]) && i > 0;
        if (str_empty(said) || str_eq(said, words[i])) return RC_OK;
    }
    return refuse(ctx, member, "This is none of the words that may stand here.");
}

static Rc read_class(Ctx *ctx, const Json *from, bool *sensitive) {
    Str class = json_get_str(from, "class");
    *sensitive = str_eq(class, STR("sensitive"));
    if (str_empty(class) || *sensitive || str_eq(class, STR("personal"))) return RC_OK;
    return refuse(ctx, "class", "What people write is \"personal\" or \"sensitive\".");
}

/* Of a definition; of bulky waste (NULL): one in which something is still to be done. */
static bool is_state(const Definition *definition, Str word) {
    if (definition) return definition_state(definition, word) != NULL;
    for (unsigned state = 0; state < CASE_STATES; state++)
        if (str_eq(word, case_state_word((CaseState)state))) return !(CASE_ENDS & 1u << state);
    return false;
}

static Rc read_states(Ctx *ctx, const Json *from, const Definition *definition,
                      DefinedThread *out) {
    const Json *states = json_get(from, STR("states"));
    for (uint32_t i = 0; states && i < states->len; i++) {
        Str state = json_str(json_at(states, i));
        if (!is_state(definition, state)) return refuse(ctx, "states", "There is no such state.");
        vec_push(ctx->arena, &out->states, state);
    }
    return out->states.len ? RC_OK : refuse(ctx, "states", "In which states may one write?");
}

static Rc read_hint(Ctx *ctx, const Json *from, Wording *out) {
    const Json *hint = json_get(from, STR("hint"));
    *out = (Wording){.all = hint, .ja = json_get_str(hint, "ja")};
    if (!hint || (!str_empty(out->ja) && !str_empty(json_get_str(hint, "en")))) return RC_OK;
    return refuse(ctx, "hint", "A text in Japanese (ja) and English (en) is needed here.");
}

static Rc read_days(Ctx *ctx, const Json *from, int64_t *out) {
    enum { DAYS_MOST = 60 };
    *out = json_get_int(from, "days", 0);
    if (!json_get(from, STR("days")) || (*out >= 1 && *out <= DAYS_MOST)) return RC_OK;
    return refuse(ctx, "days", "An answer is due within 1 to 60 working days.");
}

Rc thread_read(Ctx *ctx, const Json *source, const Definition *definition,
               const DefinedThread **out) {
    const Json *from = json_get(source, STR("thread")), *accept;
    DefinedThread *thread = NEW(ctx->arena, DefinedThread);
    *out = NULL;
    if (!from) return RC_OK;
    TRY(read_states(ctx, from, definition, thread));
    TRY(read_either(ctx, from, "writers", &thread->office_only));
    TRY(read_class(ctx, from, &thread->sensitive));
    TRY(read_hint(ctx, from, &thread->hint));
    TRY(read_days(ctx, from, &thread->days));
    thread->asks = json_get_bool(from, "asks", false);
    accept = json_get(from, STR("accept"));
    for (uint32_t i = 0; accept && i < accept->len; i++) {
        unsigned bit = definition_accepted(json_str(json_at(accept, i)));
        if (!bit) return refuse(ctx, "accept", "A file is a \"photo\" or a \"document\".");
        thread->accept |= bit;
    }
    *out = thread;
    return RC_OK;
}

/* What is decided is the case as it was proposed, and each message moves that. */
static void decided_lint(Ctx *ctx, const Definition *definition, const DefinedMove *move,
                         DefinitionFindings *out) {
    VEC_EACH (const Str, id, &definition->thread->states) {
        bool from = false;
        VEC_EACH (const Str, state, &move->from)
            from = from || str_eq(*state, *id);
        if (from && !str_empty(move->decision))
            definition_tell(
                ctx, out, STR("thread.states"),
                "A message in \"" STR_FMT "\" makes a proposal of \"" STR_FMT
                "\" fall: let nobody write in the state in which it is proposed.",
                "「" STR_FMT "」で書かれたメッセージは、「" STR_FMT
                "」の起案を無効にします。起案する状態では、書けないようにしてください。",
                STR_ARG(*id), STR_ARG(move->id));
    }
}

/* A question waits for the office, and is answered where one writes. */
static void asks_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out) {
    const DefinedState *first = &definition->states.items[0];
    bool open = org_lists(&definition->thread->states, first->id);
    if (!definition->thread->asks || (open && first->owner == OWNER_OFFICE)) return;
    definition_tell(
        ctx, out, STR("thread.asks"),
        "A case begins in \"" STR_FMT
        "\": an application that is a question has to wait for the office there, "
        "which may write.",
        "最初の状態「" STR_FMT
        "」は、職員の番で、書ける状態にしてください。申込みが質問なので、そこで返事をします。",
        STR_ARG(first->id));
}

static void states_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out) {
    VEC_EACH (const Str, id, &definition->thread->states) {
        const DefinedState *state = definition_state(definition, *id);
        if (state && state->owner == OWNER_NOBODY)
            definition_tell(ctx, out, STR("thread.states"),
                            "\"" STR_FMT "\" is an end: nobody writes to a case that has ended.",
                            "「" STR_FMT "」は終わりの状態です。終わった案件には書けません。",
                            STR_ARG(*id));
    }
    VEC_EACH (const DefinedMove, move, &definition->moves)
        decided_lint(ctx, definition, move, out);
    asks_lint(ctx, definition, out);
}

void thread_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out) {
    if (!definition->thread) return;
    states_lint(ctx, definition, out);
    definition_easy(ctx, out, STR("thread.hint"), &definition->thread->hint);
}

/* ---- of bulky waste ---- */

static Rc waste_refuse(Ctx *ctx, Str path, Str what) {
    return ctx_fail(ctx, RC_INVALID, "bad-rules",
                    str_fmt(ctx->arena, "rules.json: " STR_FMT, STR_ARG(path)), STR_FMT,
                    STR_ARG(what));
}

static void waste_lint(Ctx *ctx, const DefinedThread *thread, DefinitionFindings *out) {
    if (!thread) return;
    if (thread->asks)
        definition_tell(ctx, out, STR("thread.asks"),
                        "A day is booked with each of these applications: none is a question.",
                        "粗大ごみの申込みには、いつも収集日の予約があります。質問にはなりません。");
    definition_easy(ctx, out, STR("thread.hint"), &thread->hint);
}

Rc thread_read_waste(Ctx *ctx, const Json *rules, const DefinedThread **out) {
    DefinitionFindings findings = {0};
    Rc rc = members_check_one(ctx, rules, STR("thread"));
    if (rc == RC_OK) rc = thread_read(ctx, rules, NULL, out);
    if (rc != RC_OK) return waste_refuse(ctx, ctx->error.path, ctx->error.detail);
    waste_lint(ctx, *out, &findings);
    if (!findings.len) return RC_OK;
    return waste_refuse(ctx, findings.items[0].path, findings.items[0].text);
}

/* ---- of a case ---- */

const DefinedThread *thread_rules(const Ctx *ctx, const Entity *application) {
    const Definition *definition = defined_of(ctx, application);
    if (definition) return definition->thread;
    bool waste = str_eq(entity_text(application, IRI("procedure")), WASTE_RESOURCE);
    return waste ? ctx->tenant->procedures->waste_thread : NULL;
}
