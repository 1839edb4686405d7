#include "procedure_int.h"

#include "letters.h"

static const Str own_names[] = {STR("arrivedOn"),  STR("decidedOn"),     STR("receiptNumber"),
                                STR("decidedFee"), STR("decidedAmount"), LETTERS_PLACED,
                                LETTERS_PLACED_ON};
enum { OWN_NAMES = sizeof own_names / sizeof *own_names };

size_t letters_names(const Str **out) {
    *out = own_names;
    return OWN_NAMES;
}

/* As many characters as stand on two pages. */
enum { REASON_MAX = 4000 };

bool letters_reason_fits(const Definition *definition, Str move, Str reason) {
    VEC_EACH (const DefinedLetter, letter, &definition->letters)
        if (str_eq(letter->move, move) && str_utf8_len(reason) > REASON_MAX) return false;
    return true;
}

/* What is known only once it is issued. */
static bool is_of_letters(const StrVec *names) {
    VEC_EACH (const Str, name, names)
        for (size_t i = 0; i < OWN_NAMES; i++)
            if (str_eq(*name, own_names[i])) return true;
    return false;
}

static bool may_come(Ctx *ctx, const Form *form, const DefinedLetter *letter) {
    StrVec names = {0};
    if (!letter->when || form_holds(ctx, form, letter->when)) return true;
    feel_names(ctx->arena, letter->when, &names);
    return is_of_letters(&names);
}

bool letters_asked(Ctx *ctx, const Form *form) {
    if (form->definition->inside) return false;
    VEC_EACH (const DefinedLetter, letter, &form->definition->letters)
        if (may_come(ctx, form, letter)) return true;
    return false;
}

bool letters_delivery_good(Str delivery) {
    return str_eq(delivery, LETTER_ELECTRONIC) || str_eq(delivery, LETTER_ON_PAPER);
}

bool letters_hole(Str *rest, Str *before, Str *name) {
    ptrdiff_t open = str_find_char(*rest, '{');
    Str behind = open < 0 ? STR_NONE : str_sub(*rest, (size_t)open + 1, rest->len);
    ptrdiff_t close = str_find_char(behind, '}');
    if (open < 0 || close < 0) return false;
    *before = str_head(*rest, (size_t)open);
    *name = str_trim(str_head(behind, (size_t)close));
    *rest = str_sub(behind, (size_t)close + 1, behind.len);
    return true;
}

/* ---- reading ---- */

typedef struct Reading {
    Ctx *ctx;
    const Json *from;
    Str path;
    const StrVec *names;
} Reading;

static Str place_of(const Reading *reading, const char *member) {
    return str_fmt(reading->ctx->arena, STR_FMT ".%s", STR_ARG(reading->path), member);
}

static Rc refuse(const Reading *reading, const char *member, const char *what) {
    return ctx_fail(reading->ctx, RC_INVALID, "bad-definition", place_of(reading, member), "%s",
                    what);
}

static Rc wording_read(const Reading *reading, const Json *all, const char *member, Wording *out) {
    *out = (Wording){.all = all, .ja = json_get_str(all, "ja")};
    if (!str_empty(out->ja) && !str_empty(json_get_str(all, "en"))) return RC_OK;
    return refuse(reading, member, "A text in Japanese (ja) and English (en) is needed here.");
}

static Rc expr_read(const Reading *reading, const char *member, const FeelExpr **out) {
    Str text = json_get_str(reading->from, member);
    *out = NULL;
    if (str_empty(str_trim(text))) return RC_OK;
    Rc rc = feel_read(reading->ctx, text, reading->names, out);
    if (rc != RC_OK) reading->ctx->error.path = place_of(reading, member);
    return rc;
}

static Rc fact_read(const Reading *reading, DefinedLetter *letter) {
    LetterFact fact = {.source = str_trim(json_get_str(reading->from, "value")),
                       .yen = json_get_bool(reading->from, "yen", false)};
    TRY(wording_read(reading, json_get(reading->from, STR("label")), "label", &fact.label));
    TRY(expr_read(reading, "value", &fact.value));
    if (!fact.value) return refuse(reading, "value", "An expression is needed here.");
    vec_push(reading->ctx->arena, &letter->facts, fact);
    return RC_OK;
}

static Rc texts_read(const Reading *reading, DefinedLetter *letter) {
    const Json *body = json_get(reading->from, STR("body"));
    TRY(wording_read(reading, json_get(reading->from, STR("title")), "title", &letter->title));
    TRY(wording_read(reading, json_get(reading->from, STR("signer")), "signer", &letter->signer));
    for (uint32_t i = 0; body && i < body->len; i++) {
        Wording text;
        TRY(wording_read(reading, json_at(body, i), "body", &text));
        vec_push(reading->ctx->arena, &letter->body, text);
    }
    return letter->body.len ? RC_OK : refuse(reading, "body", "A letter says something.");
}

static Rc letter_of_json(const Reading *reading, DefinedLetters *into) {
    const Json *facts = json_get(reading->from, STR("facts")),
               *replaces = json_get(reading->from, STR("replaces"));
    DefinedLetter letter = {.id = json_get_str(reading->from, "id"),
                            .move = json_get_str(reading->from, "move"),
                            .remedies = json_get_bool(reading->from, "remedies", true)};
    if (!definition_id_good(letter.id))
        return refuse(reading, "id",
                      "An id is of letters, digits and '-', and begins with a letter.");
    VEC_EACH (const DefinedLetter, other, into)
        if (str_eq(other->id, letter.id)) return refuse(reading, "id", "This id is another one's.");
    TRY(expr_read(reading, "when", &letter.when));
    TRY(texts_read(reading, &letter));
    for (uint32_t i = 0; facts && i < facts->len; i++) {
        Reading inner = *reading;
        inner.from = json_at(facts, i);
        inner.path = str_fmt(reading->ctx->arena, STR_FMT ".facts[%u]", STR_ARG(reading->path), i);
        TRY(fact_read(&inner, &letter));
    }
    for (uint32_t i = 0; replaces && i < replaces->len; i++)
        vec_push(reading->ctx->arena, &letter.replaces, json_str(json_at(replaces, i)));
    vec_push(reading->ctx->arena, into, letter);
    return RC_OK;
}

static bool is_own(Str name) {
    for (size_t i = 0; i < OWN_NAMES; i++)
        if (str_eq(own_names[i], name)) return true;
    return false;
}

Rc letters_read(Ctx *ctx, const Json *source, const StrVec *names, DefinedLetters *out) {
    const Json *list = json_get(source, STR("letters"));
    for (uint32_t i = 0; list && i < list->len; i++) {
        Reading reading = {ctx, json_at(list, i), str_fmt(ctx->arena, "letters[%u]", i), names};
        TRY(letter_of_json(&reading, out));
    }
    VEC_EACH (const Str, name, names)
        if (out->len && is_own(*name))
            return ctx_fail(ctx, RC_INVALID, "bad-definition", STR("letters"),
                            "\"" STR_FMT "\" is what letters call something of the case: give the "
                            "field or table another id.",
                            STR_ARG(*name));
    return RC_OK;
}

/* ---- what keeps them from being published ---- */

typedef struct Lint {
    Ctx *ctx;
    const Definition *definition;
    DefinitionFindings *out;
} Lint;

#define find(lint, path, ...) definition_tell((lint)->ctx, (lint)->out, path, __VA_ARGS__)

static bool is_known(const Definition *definition, Str name) {
    VEC_EACH (const NamedTable, table, &definition->tables)
        if (str_eq(table->name, name)) return true;
    return is_own(name) || definition_field(definition, name) != NULL;
}

/* A letter is read by its whole division, and by whoever has it: what needs care (要配慮) stays out
   of it, also through a table. */
static void care_check(const Lint *lint, Str path, Str name) {
    StrVec names = {0}, all = {0};
    vec_push(lint->ctx->arena, &names, name);
    definition_looked_at(lint->ctx, lint->definition, &names, &all);
    VEC_EACH (const Str, one, &all) {
        const Field *field = definition_field(lint->definition, *one);
        if (field && str_eq(field->class, STR("sensitive")))
            find(lint, path, "\"" STR_FMT "\" is sensitive: a letter doesn't say it.",
                 "要配慮の項目「" STR_FMT "」は、通知書に書けません。", STR_ARG(*one));
    }
}

static void name_check(const Lint *lint, Str path, Str name) {
    care_check(lint, path, name);
    if (!is_known(lint->definition, name))
        find(lint, path, "\"" STR_FMT "\" is no field, no table and nothing that letters know.",
             "「" STR_FMT "」という項目や表はありません。", STR_ARG(name));
}

static void expr_check(const Lint *lint, Str path, const FeelExpr *expr) {
    StrVec names = {0};
    if (!expr) return;
    feel_names(lint->ctx->arena, expr, &names);
    VEC_EACH (const Str, name, &names)
        name_check(lint, path, *name);
}

static void holes_only(const Lint *lint, Str path, const Wording *wording) {
    for (uint32_t i = 0; i < wording->all->len; i++) {
        Str rest = json_str(&wording->all->value.members[i].value), before, name;
        while (letters_hole(&rest, &before, &name))
            name_check(lint, path, name);
    }
}

static void holes_check(const Lint *lint, Str path, const Wording *wording) {
    holes_only(lint, path, wording);
    definition_easy(lint->ctx, lint->out, path, wording);
}

/* It stands in lists that others see. */
static void title_check(const Lint *lint, Str path, const Wording *title) {
    definition_easy(lint->ctx, lint->out, path, title);
    for (uint32_t i = 0; i < title->all->len; i++)
        if (str_find_char(json_str(&title->all->value.members[i].value), '{') >= 0)
            find(lint, path, "A title is the same for everybody: nothing is filled in.",
                 "題名には、答えを入れられません。");
}

static void move_check(const Lint *lint, Str path, const DefinedLetter *letter) {
    const DefinedMove *move = definition_move(lint->definition, letter->move);
    if (!move || move->by_resident)
        find(lint, path, "The office has no move \"" STR_FMT "\" to issue it by.",
             "この通知を出す職員の手順「" STR_FMT "」がありません。", STR_ARG(letter->move));
}

static void replaces_check(const Lint *lint, Str path, const DefinedLetter *letter) {
    VEC_EACH (const Str, id, &letter->replaces) {
        bool there = false;
        VEC_EACH (const DefinedLetter, other, &lint->definition->letters)
            there |= str_eq(other->id, *id);
        if (!there)
            find(lint, path, "There is no letter \"" STR_FMT "\" to take the place of.",
                 "置き換える通知「" STR_FMT "」がありません。", STR_ARG(*id));
    }
}

/* A name that nobody signs in would hide who acts for its holder. */
static void signer_check(const Lint *lint, Str path, const DefinedLetter *letter,
                         const DefinitionKnown *known) {
    if (known && known->signers.len && !org_lists(&known->signers, letter->signer.ja))
        find(
            lint, path,
            "Nobody signs as \"" STR_FMT
            "\": name it with its post or its division (of a board or commission) in "
            "organisation.json (signs), or choose another signer.",
            "発信者「" STR_FMT
            "」の名で通知を出す職や機関がありません。organisation.json のその職か機関（委員会など）"
            "に signs で書くか、発信者を直してください。",
            STR_ARG(letter->signer.ja));
}

void letters_signed(Ctx *ctx, const Definition *definition, const DefinitionKnown *known,
                    DefinitionFindings *out) {
    Lint lint = {ctx, definition, out};
    VEC_EACH (const DefinedLetter, letter, &definition->letters)
        signer_check(&lint, str_fmt(ctx->arena, "letters." STR_FMT, STR_ARG(letter->id)), letter,
                     known);
}

void letters_lint(Ctx *ctx, const Definition *definition, const DefinitionKnown *known,
                  DefinitionFindings *out) {
    Lint lint = {ctx, definition, out};
    VEC_EACH (const DefinedLetter, letter, &definition->letters) {
        Str path = str_fmt(ctx->arena, "letters." STR_FMT, STR_ARG(letter->id));
        move_check(&lint, path, letter);
        expr_check(&lint, path, letter->when);
        title_check(&lint, path, &letter->title);
        holes_only(&lint, path, &letter->signer);

        VEC_EACH (const Wording, text, &letter->body)
            holes_check(&lint, path, text);
        VEC_EACH (const LetterFact, fact, &letter->facts) {
            holes_check(&lint, path, &fact->label);
            expr_check(&lint, path, fact->value);
        }
        replaces_check(&lint, path, letter);
    }
    letters_signed(ctx, definition, known, out);
}
