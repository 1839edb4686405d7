/* A definition is read member by member in the order of its declaration; the first fault ends it
   and names the member. What can only be seen of the whole (states that nothing reaches, texts
   without a language) is lint.c's. */
#include "procedure_int.h"

#include "definition.h"
#include "members.h"

#include <stdarg.h>
#include <stdio.h>

enum { FEE_DAYS_MAX = 365, DUPLICATES_MAX = 366 };

typedef struct Reader {
    Ctx *ctx;
    Definition *out;
    StrVec names; /* of fields and tables, for expressions */
} Reader;

[[gnu::format(printf, 3, 4)]] static Rc refuse(const Reader *reader, Str path, const char *format,
                                               ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ctx_fail(reader->ctx, RC_INVALID, "bad-definition", path, "%s", text);
}

static Str under(const Reader *reader, Str path, const char *name) {
    Str parts[] = {path, STR("."), str_of(name)};
    return str_empty(path) ? parts[2] : str_join(reader->ctx->arena, parts, 3, STR_NONE);
}

static Str nth(const Reader *reader, Str path, size_t n) {
    return str_fmt(reader->ctx->arena, STR_FMT "[%zu]", STR_ARG(path), n);
}

/* ---- small members */

static Wording wording_of(const Json *from, const char *name) {
    const Json *all = json_get(from, str_of(name));
    return (Wording){.all = all, .ja = json_get_str(all, "ja")};
}

static Rc check_wording(const Reader *reader, const Wording *wording, Str path) {
    if (!str_empty(wording->ja) && !str_empty(json_get_str(wording->all, "en"))) return RC_OK;
    return refuse(reader, path, "A text in Japanese (ja) and English (en) is needed here.");
}

static Rc need_wording(const Reader *reader, const Json *from, Str path, const char *name,
                       Wording *out) {
    *out = wording_of(from, name);
    return check_wording(reader, out, under(reader, path, name));
}

/* An id as it stands in addresses and expressions. */
static bool good_id(Str id, bool in_expressions) {
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool other = (c >= '0' && c <= '9') || c == (in_expressions ? '_' : '-');
        if (!letter && !(i && other)) return false;
    }
    return id.len > 0 && id.len <= 64 && !(in_expressions && feel_is_keyword(id));
}

bool definition_id_good(Str id) {
    return good_id(id, false);
}

static Rc need_id(const Reader *reader, const Json *from, Str path, bool in_expressions, Str *out) {
    *out = json_get_str(from, "id");
    if (good_id(*out, in_expressions)) return RC_OK;
    return refuse(
        reader, under(reader, path, "id"),
        "An id is of letters, digits and '%c', begins with a letter and is no word of FEEL.",
        in_expressions ? '_' : '-');
}

static Rc read_expr(const Reader *reader, const Json *from, Str path, const char *name,
                    const FeelExpr **out) {
    Str text = json_get_str(from, name);
    *out = NULL;
    if (str_empty(str_trim(text))) return RC_OK;
    Rc rc = feel_read(reader->ctx, text, &reader->names, out);
    if (rc != RC_OK) reader->ctx->error.path = under(reader, path, name);
    return rc;
}

static void read_words(const Reader *reader, const Json *from, const char *name, StrVec *out) {
    const Json *list = json_get(from, str_of(name));
    for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->len; i++)
        vec_push(reader->ctx->arena, out, json_str(json_at(list, i)));
}

/* A member that is one of some words. */
typedef struct WordMember {
    const char *name;
    Str words[6];
    unsigned n;
    bool needed; /* else the first word is meant where none stands */
} WordMember;

enum {
    CLASSES,
    KNOWN,
    OWNERS,
    OUTCOMES,
    MOVERS,
    AUDIENCES,
    COLLECTS,
    AUTHNS,
    PROOFS,
    WRITERS,
    AS_OFS
};
static const WordMember word_members[] = {
    [CLASSES] = {"class",
                 {STR("personal"), STR("open"), STR("internal"), STR("sensitive")},
                 4,
                 false},
    [KNOWN] = {"from",
               {STR("name"), STR("kana"), STR("postcode"), STR("address"), STR("phone"),
                STR("email")},
               6,
               true},
    [OWNERS] = {"owner", {STR("resident"), STR("office"), STR("other"), STR("end")}, 4, true},
    [OUTCOMES] = {"outcome", {STR("done"), STR("refused"), STR("withdrawn")}, 3, false},
    [MOVERS] = {"by", {STR("office"), STR("resident")}, 2, false},
    [AUDIENCES] = {"audience", {STR("residents"), STR("staff")}, 2, false},
    [COLLECTS] = {"collect", {STR("open"), STR("on-sending"), STR("after-review")}, 3, false},
    /* in the order of GateAuthn and GateProof; nothing is signed by a certificate of one's own yet
     */
    [AUTHNS] = {"authentication",
                {STR("none"), STR("mail"), STR("passkey"), STR("certificate")},
                4,
                false},
    [PROOFS] = {"proof", {STR("none"), STR("declared"), STR("checked")}, 3, false},
    [WRITERS] = {"writers", {STR("both"), STR("office")}, 2, false},
    [AS_OFS] = {"asOf", {STR("applied"), STR("decided")}, 2, false},
};

static Rc read_word(const Reader *reader, const Json *from, Str path, const WordMember *member,
                    unsigned *out) {
    Str word = json_get_str(from, member->name);
    *out = 0;
    if (str_empty(word) && !member->needed) return RC_OK;
    for (; *out < member->n; (*out)++)
        if (str_eq(member->words[*out], word)) return RC_OK;
    Str known = str_join(reader->ctx->arena, member->words, member->n, STR(", "));
    return refuse(reader, under(reader, path, member->name),
                  "\"" STR_FMT "\" is none of the words that may stand here: " STR_FMT ".",
                  STR_ARG(str_head(word, 40)), STR_ARG(known));
}

static Rc read_date(const Reader *reader, const Json *from, Str path, const char *name, Date *out) {
    Str text = json_get_str(from, name);
    *out = (Date){0};
    if (str_empty(text) || time_parse_date(text, out)) return RC_OK;
    return refuse(reader, under(reader, path, name), "A date is written 2026-04-01.");
}

AsOf as_of_read(Str text) {
    const WordMember *member = &word_members[AS_OFS];
    if (str_empty(text)) return (AsOf){.kind = AS_OF_UNSAID};
    for (unsigned i = 0; i < member->n; i++)
        if (str_eq(member->words[i], text)) return (AsOf){.kind = AS_OF_APPLIED + i};
    return (AsOf){.kind = AS_OF_ANSWER, .field = text};
}

typedef Rc ReadOne(Reader *reader, const Json *from, Str path);

/* Each element of an array member, which may be missing. */
static Rc read_each(Reader *reader, const Json *from, Str path, const char *name, ReadOne *one) {
    const Json *list = json_get(from, str_of(name));
    Str place = under(reader, path, name);
    for (size_t i = 0; list && i < list->len; i++)
        TRY(one(reader, json_at(list, i), nth(reader, place, i)));
    return RC_OK;
}

/* ---- fields */

static const Str kind_words[FIELD_KINDS] = {
    [FIELD_TEXT] = STR("text"),     [FIELD_PARAGRAPH] = STR("paragraph"),
    [FIELD_NAME] = STR("name"),     [FIELD_KANA] = STR("kana"),
    [FIELD_NUMBER] = STR("number"), [FIELD_MONEY] = STR("money"),
    [FIELD_DATE] = STR("date"),     [FIELD_POSTCODE] = STR("postcode"),
    [FIELD_PHONE] = STR("phone"),   [FIELD_MAIL] = STR("mail"),
    [FIELD_CHOICE] = STR("choice"), [FIELD_CHOICES] = STR("choices"),
    [FIELD_YES_NO] = STR("yes-no"), [FIELD_DECLARATION] = STR("declaration"),
    [FIELD_SLOT] = STR("slot"),     [FIELD_FILE] = STR("file"),
    [FIELD_PLACE] = STR("place"),
};

size_t definition_words(Str member, const Str **out) {
    if (str_eq(member, STR("kind"))) {
        *out = kind_words;
        return FIELD_KINDS;
    }
    if (str_eq(member, STR("fallback"))) return automatic_words(out);
    bool known = str_eq(member, STR("known"));
    if (str_eq(member, STR("from"))) return 0; /* states of a move */
    for (size_t i = 0; i < sizeof word_members / sizeof *word_members; i++) {
        if (!str_eq(known ? STR("from") : member, str_of(word_members[i].name))) continue;
        *out = word_members[i].words;
        return word_members[i].n;
    }
    return 0;
}

Str field_kind_word(FieldKind kind) {
    return kind_words[kind];
}

static Rc read_kind(const Reader *reader, const Json *from, Str path, FieldKind *out) {
    Str word = json_get_str(from, "kind");
    for (unsigned i = 0; i < FIELD_KINDS; i++) {
        if (!str_eq(kind_words[i], word)) continue;
        *out = (FieldKind)i;
        return RC_OK;
    }
    return refuse(reader, under(reader, path, "kind"), "\"" STR_FMT "\" is no kind of field.",
                  STR_ARG(str_head(word, 40)));
}

static Rc read_rule(const Reader *reader, const Json *from, Str path, DefinedRules *into) {
    DefinedRule rule = {.id = json_get_str(from, "id"),
                        .as_of = as_of_read(json_get_str(from, "asOf"))};
    TRY(read_expr(reader, from, path, "test", &rule.test));
    if (!rule.test)
        return refuse(reader, under(reader, path, "test"), "An expression is needed here.");
    TRY(need_wording(reader, from, path, "text", &rule.text));
    vec_push(reader->ctx->arena, into, rule);
    return RC_OK;
}

static FormPage *last_page(const Reader *reader) {
    return &reader->out->pages.items[reader->out->pages.len - 1];
}

static Field *last_field(const Reader *reader) {
    FormPage *page = last_page(reader);
    return &page->fields.items[page->fields.len - 1];
}

static Rc read_option(Reader *reader, const Json *from, Str path) {
    FieldOption option = {.hint = wording_of(from, "hint")};
    TRY(need_id(reader, from, path, false, &option.id));
    TRY(need_wording(reader, from, path, "label", &option.label));
    Field *field = last_field(reader);
    if (field_option(field, option.id)) return refuse(reader, path, "This choice is there twice.");
    vec_push(reader->ctx->arena, &field->options, option);
    return RC_OK;
}

static Rc read_field_check(Reader *reader, const Json *from, Str path) {
    return read_rule(reader, from, path, &last_field(reader)->checks);
}

static bool has_options(FieldKind kind) {
    return kind == FIELD_CHOICE || kind == FIELD_CHOICES;
}

static Rc read_class(const Reader *reader, const Json *from, Str path, Str *out) {
    unsigned class;
    TRY(read_word(reader, from, path, &word_members[CLASSES], &class));
    *out = word_members[CLASSES].words[class];
    return RC_OK;
}

static Rc read_known(const Reader *reader, const Json *from, Str path, Str *out) {
    unsigned word;
    if (!json_get(from, STR("from"))) return RC_OK;
    TRY(read_word(reader, from, path, &word_members[KNOWN], &word));
    *out = word_members[KNOWN].words[word];
    return RC_OK;
}

/* A slot is one of what the definition books. */
static Rc read_books(const Reader *reader, Str path, Field *field) {
    if (field->kind != FIELD_SLOT) return RC_OK;
    field->books = reader->out->reservation;
    if (!field->books)
        return refuse(reader, path, "A slot is of a reservation: the definition has none.");
    return definition_slot(reader->out) ? refuse(reader, path, "A form asks for one slot.") : RC_OK;
}

static Rc read_reservation(Reader *reader, const Json *from) {
    const Json *reservation = json_get(from, STR("reservation"));
    if (!reservation) return RC_OK;
    return reservation_read(reader->ctx, reservation, &reader->names, &reader->out->reservation);
}

/* A file is a photo unless said; nothing else is taken in. */
static Rc read_accept(const Reader *reader, const Json *from, Str path, Field *field) {
    const Json *list = json_get(from, STR("accept"));
    Str place = under(reader, path, "accept");
    if (list && field->kind != FIELD_FILE)
        return refuse(reader, place, "Only a file says what it may be.");
    for (size_t i = 0; list && i < list->len; i++) {
        unsigned bit = definition_accepted(json_str(json_at(list, i)));
        if (!bit) return refuse(reader, place, "A file is a \"photo\" or a \"document\".");
        field->accept |= bit;
    }
    if (field->kind == FIELD_FILE && !field->accept) field->accept = ACCEPT_PHOTO;
    return RC_OK;
}

static Rc read_field(Reader *reader, const Json *from, Str path) {
    Field field = {.hint = wording_of(from, "hint"),
                   .optional = json_get_bool(from, "optional", false),
                   .least = json_get_int(from, "least", INT64_MIN),
                   .most = json_get_int(from, "most", INT64_MAX)};
    TRY(need_id(reader, from, path, true, &field.id));
    if (definition_field(reader->out, field.id))
        return refuse(reader, path, "This id is another field's.");
    TRY(read_kind(reader, from, path, &field.kind));
    TRY(read_books(reader, path, &field));
    TRY(read_accept(reader, from, path, &field));
    TRY(read_class(reader, from, path, &field.class));
    TRY(read_known(reader, from, path, &field.from));
    if (field.least > field.most)
        return refuse(reader, under(reader, path, "least"), "The least is more than the most.");
    TRY(need_wording(reader, from, path, "label", &field.label));
    TRY(read_expr(reader, from, path, "when", &field.when));
    vec_push(reader->ctx->arena, &last_page(reader)->fields, field);
    TRY(read_each(reader, from, path, "options", read_option));
    if (has_options(field.kind) != (last_field(reader)->options.len > 0))
        return refuse(reader, under(reader, path, "options"),
                      "A choice needs options, another field has none.");
    return read_each(reader, from, path, "checks", read_field_check);
}

static Rc read_page(Reader *reader, const Json *from, Str path) {
    FormPage page = {.lead = wording_of(from, "lead")};
    TRY(need_id(reader, from, path, false, &page.id));
    for (size_t i = 0; i < reader->out->pages.len; i++)
        if (str_eq(reader->out->pages.items[i].id, page.id))
            return refuse(reader, path, "This id is another page's.");
    TRY(need_wording(reader, from, path, "title", &page.title));
    TRY(read_expr(reader, from, path, "when", &page.when));
    vec_push(reader->ctx->arena, &reader->out->pages, page);
    TRY(read_each(reader, from, path, "fields", read_field));
    if (last_page(reader)->fields.len) return RC_OK;
    return refuse(reader, under(reader, path, "fields"), "A page asks at least one thing.");
}

/* ---- rules */

/* A rule that is spoken of by its id. */
static Rc read_named_rule(const Reader *reader, const Json *from, Str path, DefinedRules *into) {
    Str id;
    TRY(need_id(reader, from, path, false, &id));
    if (defined_rule(into, id)) return refuse(reader, path, "This id is another rule's.");
    return read_rule(reader, from, path, into);
}

static Rc read_condition(Reader *reader, const Json *from, Str path) {
    return read_named_rule(reader, from, path, &reader->out->conditions);
}

static Rc read_check(Reader *reader, const Json *from, Str path) {
    return read_named_rule(reader, from, path, &reader->out->checks);
}

static Rc read_tables(Reader *reader, const Json *from) {
    const Json *tables = json_get(from, STR("tables"));
    for (size_t i = 0; tables && tables->kind == JSON_OBJECT && i < tables->len; i++) {
        const JsonMember *member = &tables->value.members[i];
        NamedTable named = {.name = member->name};
        Str path = str_fmt(reader->ctx->arena, "tables." STR_FMT, STR_ARG(member->name));
        if (!good_id(member->name, true)) return refuse(reader, path, "A table's name is an id.");
        Rc rc = dmn_table_of_json(reader->ctx, &member->value, &reader->names, &named.table);
        if (rc != RC_OK) {
            Str inner = reader->ctx->error.path;
            reader->ctx->error.path =
                str_fmt(reader->ctx->arena, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(inner));
            return rc;
        }
        vec_push(reader->ctx->arena, &reader->out->tables, named);
        vec_push(reader->ctx->arena, &reader->names, member->name);
    }
    return RC_OK;
}

static Rc read_collect(Reader *reader, const Json *fee) {
    Definition *out = reader->out;
    unsigned collect;
    TRY(read_word(reader, fee, STR("fee"), &word_members[COLLECTS], &collect));
    out->fee_collect = (FeeCollect)collect;
    out->fee_days = json_get_int(fee, "days", 0);
    out->fee_unpaid = json_get_str(fee, "unpaid");
    out->fee_paid = json_get_str(fee, "paid");
    if (out->fee_collect == COLLECT_OPEN || (out->fee_days >= 1 && out->fee_days <= FEE_DAYS_MAX))
        return RC_OK;
    return refuse(reader, STR("fee.days"),
                  "A fee that is collected is paid within 1 to %d working days.", FEE_DAYS_MAX);
}

static Rc read_fee(Reader *reader, const Json *from) {
    const Json *fee = json_get(from, STR("fee"));
    if (!fee) return RC_OK;
    TRY(read_collect(reader, fee));
    reader->out->fee_article = json_get_str(fee, "article");
    reader->out->fee_account = json_get_str(fee, "account");
    reader->out->fee_as_of = as_of_read(json_get_str(fee, "asOf"));
    TRY(read_expr(reader, fee, STR("fee"), "amount", &reader->out->fee));
    if (!reader->out->fee)
        return refuse(reader, STR("fee.amount"), "An expression is needed here.");
    if (!str_empty(reader->out->fee_article) && !str_empty(reader->out->fee_account)) return RC_OK;
    return refuse(reader, STR("fee.article"),
                  "A fee names the article of its ordinance and its revenue account (歳入科目).");
}

/* ---- states */

static Rc read_state(Reader *reader, const Json *from, Str path) {
    unsigned owner, outcome;
    DefinedState state = {.days = json_get_int(from, "days", 0)};
    TRY(need_id(reader, from, path, false, &state.id));
    if (definition_state(reader->out, state.id))
        return refuse(reader, path, "This id is another state's.");
    TRY(need_wording(reader, from, path, "label", &state.label));
    TRY(read_word(reader, from, path, &word_members[OWNERS], &owner));
    state.owner = (StateOwner)owner;
    TRY(read_word(reader, from, path, &word_members[OUTCOMES], &outcome));
    state.outcome = (StateOutcome)outcome;
    if (state.owner != OWNER_NOBODY && json_get(from, STR("outcome")))
        return refuse(reader, under(reader, path, "outcome"), "Only an end has an outcome.");
    vec_push(reader->ctx->arena, &reader->out->states, state);
    return RC_OK;
}

static Rc read_reduction(const Reader *reader, const Json *from, Str path, DefinedMove *move) {
    const Json *reduction = json_get(from, STR("reduction"));
    Str inner = under(reader, path, "reduction");
    if (!reduction) return RC_OK;
    TRY(read_expr(reader, reduction, inner, "amount", &move->reduced));
    move->reduced_article = json_get_str(reduction, "article");
    if (!move->reduced)
        return refuse(reader, under(reader, inner, "amount"),
                      "An expression is needed here: the yen that remain of the fee.");
    if (!str_empty(move->reduced_article)) return RC_OK;
    return refuse(reader, under(reader, inner, "article"),
                  "A reduction names the article of its ordinance.");
}

static Rc read_move(Reader *reader, const Json *from, Str path) {
    unsigned by;
    DefinedMove move = {.to = json_get_str(from, "to"),
                        .reason = json_get_bool(from, "reason", false),
                        .decision = json_get_str(from, "decision"),
                        .together = json_get_bool(from, "together", false)};
    TRY(need_id(reader, from, path, false, &move.id));
    if (definition_move(reader->out, move.id))
        return refuse(reader, path, "This id is another move's.");
    TRY(need_wording(reader, from, path, "label", &move.label));
    TRY(read_word(reader, from, path, &word_members[MOVERS], &by));
    move.by_resident = by == 1;
    read_words(reader, from, "from", &move.from);
    if (!definition_state(reader->out, move.to))
        return refuse(reader, under(reader, path, "to"), "There is no such state.");
    VEC_EACH (Str, state, &move.from)
        if (!definition_state(reader->out, *state))
            return refuse(reader, under(reader, path, "from"), "There is no state \"" STR_FMT "\".",
                          STR_ARG(*state));
    if (!move.from.len)
        return refuse(reader, under(reader, path, "from"), "A move starts from a state.");
    TRY(read_reduction(reader, from, path, &move));
    vec_push(reader->ctx->arena, &reader->out->moves, move);
    return RC_OK;
}

/* ---- parts of a bundle */

static Rc read_handed(Reader *reader, const Json *answers, Str path, BundlePart *part) {
    for (size_t i = 0; answers && i < answers->len; i++) {
        PartAnswer one = {.field = answers->value.members[i].name};
        const char *name = str_z(reader->ctx->arena, one.field);
        TRY(read_expr(reader, answers, path, name, &one.value));
        if (!one.value) return refuse(reader, under(reader, path, name), "What is handed on?");
        vec_push(reader->ctx->arena, &part->answers, one);
    }
    return RC_OK;
}

static Rc read_part(Reader *reader, const Json *from, Str path) {
    BundlePart part = {.procedure = json_get_str(from, "procedure")};
    if (!definition_id_good(part.procedure))
        return refuse(reader, under(reader, path, "procedure"), "A part is a procedure's id.");
    VEC_EACH (const BundlePart, other, &reader->out->parts)
        if (str_eq(other->procedure, part.procedure))
            return refuse(reader, path, "This procedure is another part.");
    TRY(read_expr(reader, from, path, "when", &part.when));
    TRY(read_handed(reader, json_get(from, STR("answers")), under(reader, path, "answers"), &part));
    vec_push(reader->ctx->arena, &reader->out->parts, part);
    return RC_OK;
}

/* What its parts have is theirs alone. */
static Rc check_bundle(const Reader *reader, const Json *source) {
    static const char *const none[] = {"states",  "moves",       "fee",       "amount", "checks",
                                       "letters", "reservation", "automatic", "thread", "ranking"};
    if (!reader->out->parts.len) return RC_OK;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (json_get(source, str_of(none[i])))
            return refuse(reader, str_of(none[i]), "A bundle has none: its parts have.");
    VEC_EACH (const FormPage, page, &reader->out->pages)
        VEC_EACH (const Field, field, &page->fields)
            if (field->kind >= FIELD_SLOT)
                return refuse(reader,
                              str_fmt(reader->ctx->arena, "pages." STR_FMT "." STR_FMT,
                                      STR_ARG(page->id), STR_ARG(field->id)),
                              "A bundle can't hand this kind of answer on: the part asks it.");
    return RC_OK;
}

/* ---- examples */

typedef bool Known(const Definition *definition, Str name);

static bool is_field(const Definition *definition, Str name) {
    return definition_field(definition, name) != NULL;
}

static bool is_condition(const Definition *definition, Str name) {
    return defined_rule(&definition->conditions, name) != NULL;
}

static bool is_check(const Definition *definition, Str name) {
    return defined_rule(&definition->checks, name) != NULL;
}

static bool is_automatic(const Definition *definition, Str name) {
    return definition_automatic(definition, name) != NULL;
}

static bool is_table(const Definition *definition, Str name) {
    VEC_EACH (NamedTable, named, &definition->tables)
        if (str_eq(named->name, name)) return true;
    return false;
}

/* The names in an object or a list of names are all known. */
static Rc check_names(const Reader *reader, const Json *names, Str path, Known *known) {
    for (uint32_t i = 0; names && i < names->len; i++) {
        Str name =
            names->kind == JSON_OBJECT ? names->value.members[i].name : json_str(json_at(names, i));
        if (!known(reader->out, name))
            return refuse(reader, path, "The definition has no \"" STR_FMT "\".",
                          STR_ARG(str_head(name, 64)));
    }
    return RC_OK;
}

static Rc check_expected(const Reader *reader, const Json *expect, Str path) {
    static const struct {
        const char *name;
        Known *known;
    } rows[] = {{"fails", is_condition},
                {"checks", is_check},
                {"faults", is_field},
                {"tables", is_table},
                {"automatic", is_automatic}};
    if (!expect || !expect->len)
        return refuse(reader, path,
                      "An example expects something: fee, amount, fails, checks, "
                      "faults, tables or automatic.");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        TRY(check_names(reader, json_get(expect, str_of(rows[i].name)),
                        under(reader, path, rows[i].name), rows[i].known));
    return RC_OK;
}

static Rc read_example(Reader *reader, const Json *from, Str path) {
    DefinedExample example = {.answers = json_get(from, STR("answers")),
                              .expect = json_get(from, STR("expect"))};
    TRY(need_id(reader, from, path, false, &example.id));
    VEC_EACH (DefinedExample, other, &reader->out->examples)
        if (str_eq(other->id, example.id))
            return refuse(reader, path, "This id is another example's.");
    TRY(need_wording(reader, from, path, "label", &example.label));
    TRY(read_date(reader, from, path, "on", &example.on));
    TRY(check_names(reader, example.answers, under(reader, path, "answers"), is_field));
    TRY(check_expected(reader, example.expect, under(reader, path, "expect")));
    vec_push(reader->ctx->arena, &reader->out->examples, example);
    return RC_OK;
}

/* ---- the whole */

static Rc read_bring(Reader *reader, const Json *from, Str path) {
    Wording thing = {.all = from, .ja = json_get_str(from, "ja")};
    TRY(check_wording(reader, &thing, path));
    vec_push(reader->ctx->arena, &reader->out->bring, thing);
    return RC_OK;
}

static Rc read_audience(Reader *reader, const Json *source) {
    unsigned audience;
    TRY(read_word(reader, source, STR_NONE, &word_members[AUDIENCES], &audience));
    reader->out->inside = audience == 1;
    TRY(read_each(reader, source, STR_NONE, "bring", read_bring));
    return json_get(source, STR("after"))
               ? need_wording(reader, source, STR_NONE, "after", &reader->out->after)
               : RC_OK;
}

/* What is asked of who applies, of residents alone: officials come in by the city's own means. */
static Rc read_identity(Reader *reader, const Json *source) {
    const Json *identity = json_get(source, STR("identity"));
    unsigned authn, proof;
    TRY(read_word(reader, identity, STR("identity"), &word_members[AUTHNS], &authn));
    TRY(read_word(reader, identity, STR("identity"), &word_members[PROOFS], &proof));
    reader->out->authn = (GateAuthn)authn;
    reader->out->proof = (GateProof)proof;
    if (!authn && !proof) return RC_OK;
    return reader->out->inside ? refuse(reader, STR("identity"),
                                        "A procedure inside the house asks for no identity of its "
                                        "own.")
                               : RC_OK;
}

/* Names come first: a page's condition may speak of any field, before or after it. */
static void collect_names(Reader *reader, const Json *source) {
    const Json *pages = json_get(source, STR("pages"));
    for (size_t p = 0; pages && p < pages->len; p++) {
        const Json *fields = json_get(json_at(pages, p), STR("fields"));
        for (size_t f = 0; fields && f < fields->len; f++)
            vec_push(reader->ctx->arena, &reader->names, json_get_str(json_at(fields, f), "id"));
    }
}

static Rc read_head(Reader *reader, const Json *source) {
    Definition *out = reader->out;
    const Json *effective = json_get(source, STR("effective"));
    *out = (Definition){.version = json_get_int(source, "version", 0),
                        .summary = wording_of(source, "summary"),
                        .category = json_get_str(source, "category"),
                        .basis = json_get_str(source, "basis"),
                        .retention = json_get_str(source, "retention"),
                        .post = json_get_str(source, "post"),
                        .days = json_get_int(source, "days", 0),
                        .duplicates = json_get_int(source, "duplicates", 0),
                        .sign_in = json_get_bool(source, "signIn", false),
                        .source = source};
    TRY(need_id(reader, source, STR_NONE, false, &out->id));
    TRY(need_wording(reader, source, STR_NONE, "label", &out->label));
    TRY(read_date(reader, effective, STR("effective"), "from", &out->from));
    TRY(read_date(reader, effective, STR("effective"), "until", &out->until));
    read_words(reader, source, "words", &out->words);
    read_words(reader, source, "statistics", &out->statistics);
    if (out->duplicates < 0 || out->duplicates > DUPLICATES_MAX)
        return refuse(reader, STR("duplicates"), "Alike cases are looked for within 1 to %d days.",
                      DUPLICATES_MAX);
    if (out->version < 1) return refuse(reader, STR("version"), "Versions count from 1.");
    return out->from.year ? RC_OK
                          : refuse(reader, STR("effective.from"),
                                   "The day from which it is in force is needed.");
}

Rc definition_read(Ctx *ctx, const Json *source, const Definition **out) {
    Definition *definition = NEW(ctx->arena, Definition);
    Reader reader = {.ctx = ctx, .out = definition};
    if (!source || source->kind != JSON_OBJECT)
        return refuse(&reader, STR_NONE, "A definition is a JSON object.");
    TRY(members_check(ctx, source));
    collect_names(&reader, source);
    TRY(read_head(&reader, source));
    TRY(read_audience(&reader, source));
    TRY(read_identity(&reader, source));
    TRY(read_reservation(&reader, source));
    TRY(read_each(&reader, source, STR_NONE, "pages", read_page));
    TRY(read_tables(&reader, source));
    TRY(read_each(&reader, source, STR_NONE, "parts", read_part));
    TRY(check_bundle(&reader, source));
    TRY(read_each(&reader, source, STR_NONE, "conditions", read_condition));
    TRY(read_each(&reader, source, STR_NONE, "checks", read_check));
    TRY(read_fee(&reader, source));
    TRY(read_expr(&reader, source, STR_NONE, "amount", &definition->amount));
    TRY(read_each(&reader, source, STR_NONE, "states", read_state));
    TRY(read_each(&reader, source, STR_NONE, "moves", read_move));
    TRY(letters_read(ctx, source, &reader.names, &definition->letters));
    TRY(automatic_read(ctx, source, &reader.names, &definition->automatic));
    TRY(thread_read(ctx, source, definition, &definition->thread));
    TRY(ranking_read(ctx, source, &reader.names, definition));
    TRY(faq_read(ctx, source, definition));
    TRY(read_each(&reader, source, STR_NONE, "examples", read_example));
    if (!definition->pages.len)
        return refuse(&reader, STR("pages"), "A form has at least one page.");
    if (!definition->states.len && !definition->parts.len)
        return refuse(&reader, STR("states"), "A case begins in a state: there is none.");
    *out = definition;
    return RC_OK;
}
