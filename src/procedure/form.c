#include "procedure_int.h"

#include "form.h"
#include "spot.h"

#include <string.h>

enum { TEXT_MAX = 200, PLACE_MAX = 300, PARAGRAPH_MAX = 4000, CHOICES_MAX = 64 };

int64_t field_most(const Field *field) {
    bool texts =
        field->kind == FIELD_TEXT || field->kind == FIELD_NAME || field->kind == FIELD_KANA;
    int64_t own = texts                            ? TEXT_MAX
                  : field->kind == FIELD_PARAGRAPH ? PARAGRAPH_MAX
                  : field->kind == FIELD_FILE      ? ATTACH_FIELD_MOST
                  : field->kind == FIELD_PLACE     ? PLACE_MAX
                                                   : INT64_MAX;
    return field->most < own ? field->most : own;
}

/* ---- reading one answer */

typedef struct Reading {
    Ctx *ctx;
    const Field *field;
    const Json *said;
    FormAnswer *out;
} Reading;

static void fault(Reading *reading, const char *code) {
    if (!reading->out->fault) reading->out->fault = code;
    reading->out->value = feel_null();
}

static Str tidy(const Reading *reading) {
    return str_trim(text_nfkc(reading->ctx->arena, reading->out->raw));
}

static bool within(const Field *field, int64_t n) {
    return n >= field->least && n <= field->most;
}

static void read_line(Reading *reading, Str text, size_t most) {
    size_t len = str_utf8_len(text);
    if (text_has_control(text))
        fault(reading, "control");
    else if (len > most || (reading->field->most < (int64_t)len))
        fault(reading, "long");
    else if (reading->field->least > (int64_t)len)
        fault(reading, "short");
    else
        reading->out->value = feel_of_str(text);
}

static void read_text(Reading *reading) {
    read_line(reading, tidy(reading), TEXT_MAX);
}

/* Lines stay: each is tidied for itself. */
static void read_paragraph(Reading *reading) {
    Arena *arena = reading->ctx->arena;
    Str rest = reading->out->raw, line;
    StrVec lines = {0};
    while (str_split(&rest, '\n', &line)) {
        line = str_trim(text_nfkc(arena, line));
        if (text_has_control(line)) {
            fault(reading, "control");
            return;
        }
        vec_push(arena, &lines, line);
    }
    Str text = str_trim(str_join(arena, lines.items, lines.len, STR("\n")));
    int64_t len = (int64_t)str_utf8_len(text);
    if (len > PARAGRAPH_MAX || len > reading->field->most)
        fault(reading, "long");
    else if (len < reading->field->least)
        fault(reading, "short");
    else
        reading->out->value = feel_of_str(text);
}

static void read_kana(Reading *reading) {
    Str kana = str_trim(text_katakana(reading->ctx->arena, reading->out->raw));
    if (!text_has_control(kana) && !text_is_kana(kana))
        fault(reading, "format");
    else
        read_line(reading, kana, TEXT_MAX);
}

/* 1,200円 and １２００ are twelve hundred. */
static void read_number(Reading *reading) {
    Arena *arena = reading->ctx->arena;
    Str text = tidy(reading);
    bool money = reading->field->kind == FIELD_MONEY;
    if (money && str_ends(text, STR("円")))
        text = str_trim(str_sub(text, 0, text.len - STR("円").len));
    Buf plain = buf_new(arena, TEXT_MAX);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != ',') buf_add_char(&plain, text.ptr[i]);
    FeelValue value = feel_typed(arena, feel_of_str(buf_str(&plain)), STR("number"));
    Json json = feel_to_json(arena, &value);
    if (value.kind != FEEL_NUMBER || (money && !json.is_int)) {
        fault(reading, "format");
        return;
    }
    double number = json_number(&json); /* may have a fraction, and any size */
    if (number < (double)reading->field->least)
        fault(reading, "low");
    else if (number > (double)reading->field->most)
        fault(reading, "high");
    else
        reading->out->value = value;
}

static void read_date(Reading *reading) {
    Date date;
    if (time_parse_japanese(tidy(reading), &date))
        reading->out->value = feel_of_date(date);
    else
        fault(reading, "format");
}

static void read_postcode(Reading *reading) {
    Str code;
    if (waste_postcode(reading->ctx->arena, reading->out->raw, &code))
        reading->out->value = feel_of_str(code);
    else
        fault(reading, "format");
}

static void read_phone(Reading *reading) {
    Str phone = apply_phone(reading->ctx->arena, reading->out->raw);
    if (apply_phone_ok(phone))
        reading->out->value = feel_of_str(phone);
    else
        fault(reading, "format");
}

static void read_mail(Reading *reading) {
    Str mail = tidy(reading);
    if (apply_mail_ok(mail))
        reading->out->value = feel_of_str(mail);
    else
        fault(reading, "format");
}

static void read_choice(Reading *reading) {
    if (field_option(reading->field, reading->out->raw))
        reading->out->value = feel_of_str(reading->out->raw);
    else
        fault(reading, "required");
}

static void read_choices(Reading *reading) {
    Arena *arena = reading->ctx->arena;
    FeelValue *items = NEW_ARRAY(arena, FeelValue, CHOICES_MAX);
    size_t n = 0;
    Str rest = reading->out->raw, id;
    while (n < CHOICES_MAX && str_split(&rest, ' ', &id))
        if (field_option(reading->field, id)) items[n++] = feel_of_str(id);
    if (n == 0)
        fault(reading, "required");
    else if (!within(reading->field, (int64_t)n))
        fault(reading, (int64_t)n < reading->field->least ? "few" : "many");
    else
        reading->out->value = feel_of_items(items, n);
}

static void read_yes_no(Reading *reading) {
    bool yes = str_eq(reading->out->raw, STR("yes"));
    if (yes || str_eq(reading->out->raw, STR("no")))
        reading->out->value = feel_of_bool(yes);
    else
        fault(reading, "required");
}

static void read_declaration(Reading *reading) {
    if (str_eq(reading->out->raw, STR("yes")))
        reading->out->value = feel_of_bool(true);
    else
        fault(reading, "required");
}

/* Whether it is offered now, and to whom, is asked when it is held. */
static void read_slot(Reading *reading) {
    SlotChoice choice;
    if (reservation_choice(reading->field->books, reading->out->raw, &choice))
        reading->out->value = feel_of_str(reading->out->raw);
    else
        fault(reading, "required");
}

/* What the draft has kept; one whose bytes are gone has to be chosen again. */
static void read_files(Reading *reading) {
    Arena *arena = reading->ctx->arena;
    Attachments files;
    JsonItems items = {0};
    attachments_of(arena, reading->said, &files);
    VEC_EACH (const Attachment, file, &files) {
        if (str_empty(file->file)) {
            reading->out->about = file->name;
            fault(reading, "gone");
            return;
        }
        vec_push(arena, &items, attachment_json(arena, file));
    }
    Json *list = NEW(arena, Json);
    *list = json_of_items(items.items, items.len);
    if ((int64_t)files.len > field_most(reading->field))
        fault(reading, "many");
    else if ((int64_t)files.len < reading->field->least)
        fault(reading, "few");
    else
        reading->out->value = feel_of_json(arena, list);
}

/* Where a point is given, few words or none are enough. */
static void read_spot(Reading *reading) {
    Arena *arena = reading->ctx->arena;
    FeelValue value;
    Spot spot;
    spot_of(arena, reading->out, &spot);
    spot.text = str_trim(text_nfkc(arena, spot.text));
    if (!spot_value(arena, &spot, &value)) {
        fault(reading, "format");
        return;
    }
    if (!spot.located || !str_empty(spot.text)) read_line(reading, spot.text, PLACE_MAX);
    bool enough = spot.located && str_eq(str_of(reading->out->fault), STR("short"));
    if (enough) reading->out->fault = NULL;
    if (!reading->out->fault) reading->out->value = value;
}

static void (*const readers[FIELD_KINDS])(Reading *reading) = {
    [FIELD_TEXT] = read_text,     [FIELD_PARAGRAPH] = read_paragraph,
    [FIELD_NAME] = read_text,     [FIELD_KANA] = read_kana,
    [FIELD_NUMBER] = read_number, [FIELD_MONEY] = read_number,
    [FIELD_DATE] = read_date,     [FIELD_POSTCODE] = read_postcode,
    [FIELD_PHONE] = read_phone,   [FIELD_MAIL] = read_mail,
    [FIELD_CHOICE] = read_choice, [FIELD_CHOICES] = read_choices,
    [FIELD_YES_NO] = read_yes_no, [FIELD_DECLARATION] = read_declaration,
    [FIELD_SLOT] = read_slot,     [FIELD_FILE] = read_files,
    [FIELD_PLACE] = read_spot,
};

/* What was typed; several texts of one name are joined, files are named. */
static Str raw_of(Arena *arena, const Json *said) {
    if (!said || said->kind != JSON_ARRAY) return json_str(said);
    StrVec parts = {0};
    for (size_t i = 0; i < said->len && i < CHOICES_MAX; i++) {
        const Json *one = json_at(said, i);
        vec_push(arena, &parts,
                 one->kind == JSON_OBJECT ? json_get_str(one, "name") : json_str(one));
    }
    return str_join(arena, parts.items, parts.len, STR(" "));
}

/* ---- the whole form */

typedef struct Filling {
    Ctx *ctx;
    Form *form;
    FeelEntry *entries;
    size_t n;
    int64_t now;      /* 0: as the clock has it */
    const Form *kept; /* answers that stay where nothing is said; NULL: there are none */
} Filling;

static FeelRun run_of(const Filling *filling) {
    int64_t now = filling->now ? filling->now : time_now(filling->ctx->clock);
    return (FeelRun){.arena = filling->ctx->arena, .now = now, .steps = FEEL_STEPS};
}

static FeelValue evaluate(const Filling *filling, const FeelExpr *expr) {
    FeelRun run = run_of(filling);
    FeelScope scope = {.entries = filling->entries, .len = filling->n};
    return feel_evaluate(&run, expr, &scope);
}

static bool holds(const Filling *filling, const FeelExpr *expr) {
    if (!expr) return true;
    FeelValue value = evaluate(filling, expr);
    return value.kind == FEEL_BOOL && value.boolean;
}

static void judge(const Filling *filling, FormAnswer *answer) {
    VEC_EACH (DefinedRule, rule, &answer->field->checks) {
        if (holds(filling, rule->test)) continue;
        answer->fault = "rule";
        answer->broken = rule;
        return;
    }
}

static void fill(Filling *filling, const FormPage *page, const Field *field, const Json *draft,
                 bool page_due) {
    FormAnswer *answer = &filling->form->answers[filling->form->n++];
    const Json *said = json_get(draft, field->id);
    *answer = (FormAnswer){.field = field, .page = page, .said = said};
    answer->raw = field->kind == FIELD_PLACE ? spot_raw(filling->ctx->arena, answer)
                                             : raw_of(filling->ctx->arena, said);
    answer->due = page_due && holds(filling, field->when);
    FeelEntry *entry = &filling->entries[filling->n++];
    *entry = (FeelEntry){.name = field->id};
    if (!answer->due) return;
    Reading reading = {.ctx = filling->ctx, .field = field, .said = said, .out = answer};
    if (filling->kept && !said) answer->value = filling->kept->answers[filling->n - 1].value;
    bool stays = answer->value.kind != FEEL_NULL;
    if (stays)
        answer->raw = STR_NONE;
    else if (!text_is_blank(filling->ctx->arena, answer->raw))
        readers[field->kind](&reading);
    else if (!field->optional)
        fault(&reading, "required");
    entry->value = answer->value;
    if (answer->value.kind != FEEL_NULL) judge(filling, answer);
}

static void run_tables(Filling *filling, const Definition *definition) {
    VEC_EACH (NamedTable, named, &definition->tables) {
        FeelRun run = run_of(filling);
        FeelScope scope = {.entries = filling->entries, .len = filling->n};
        FeelValue value = dmn_table_run(&run, named->table, &scope, NULL);
        filling->entries[filling->n++] = (FeelEntry){.name = named->name, .value = value};
    }
}

static size_t count_fields(const Definition *definition) {
    size_t n = 0;
    VEC_EACH (FormPage, page, &definition->pages)
        n += page->fields.len;
    return n;
}

static void read_all(Filling filling, const Json *draft) {
    Ctx *ctx = filling.ctx;
    Form *out = filling.form;
    const Definition *definition = out->definition;
    size_t fields = count_fields(definition);
    out->answers = NEW_ARRAY(ctx->arena, FormAnswer, fields + 1);
    filling.entries = NEW_ARRAY(ctx->arena, FeelEntry, fields + definition->tables.len + 1);
    VEC_EACH (FormPage, page, &definition->pages) {
        bool due = holds(&filling, page->when);
        VEC_EACH (Field, field, &page->fields)
            fill(&filling, page, field, draft, due);
    }
    filling.now = 0;
    run_tables(&filling, definition);
    out->entries = filling.entries;
    out->n_entries = filling.n;
}

void form_read(Ctx *ctx, const Definition *definition, const Json *draft, Form *out) {
    *out = (Form){.definition = definition};
    read_all((Filling){.ctx = ctx, .form = out}, draft);
}

void form_again(Ctx *ctx, const Form *kept, const Json *draft, Form *out) {
    *out = (Form){.definition = kept->definition, .arrived = kept->arrived};
    read_all((Filling){.ctx = ctx, .form = out, .kept = kept, .now = kept->arrived}, draft);
}

void form_kept(Ctx *ctx, const Definition *definition, FormAnswer *answers, Form *out) {
    size_t fields = count_fields(definition);
    *out = (Form){.definition = definition, .answers = answers, .n = fields};
    Filling filling = {.ctx = ctx, .form = out};
    filling.entries = NEW_ARRAY(ctx->arena, FeelEntry, fields + definition->tables.len + 1);
    for (; filling.n < fields; filling.n++)
        filling.entries[filling.n] =
            (FeelEntry){answers[filling.n].field->id, answers[filling.n].value};
    run_tables(&filling, definition);
    out->entries = filling.entries;
    out->n_entries = filling.n;
}

const Field *form_lacks(Ctx *ctx, const Form *form) {
    const FormAnswer *answer = form->answers;
    VEC_EACH (const FormPage, page, &form->definition->pages) {
        bool due = form_holds(ctx, form, page->when);
        VEC_EACH (const Field, field, &page->fields) {
            bool there = answer++->value.kind != FEEL_NULL;
            if (!there && due && !field->optional && form_holds(ctx, form, field->when))
                return field;
        }
    }
    return NULL;
}

/* ---- pages */

bool form_is_due(const Form *form, const FormPage *page) {
    for (size_t i = 0; i < form->n; i++)
        if (form->answers[i].page == page && form->answers[i].due && !form->answers[i].handed)
            return true;
    return false;
}

const FormPage *form_next(const Form *form) {
    for (size_t i = 0; i < form->n; i++)
        if (form->answers[i].due && form->answers[i].fault) return form->answers[i].page;
    return NULL;
}

static const FormPage *neighbour(const Form *form, const FormPage *page, ptrdiff_t step) {
    ptrdiff_t n = (ptrdiff_t)form->definition->pages.len;
    for (ptrdiff_t i = page - form->definition->pages.items + step; i >= 0 && i < n; i += step)
        if (form_is_due(form, &form->definition->pages.items[i]))
            return &form->definition->pages.items[i];
    return NULL;
}

const FormPage *form_after(const Form *form, const FormPage *page) {
    return neighbour(form, page, 1);
}

const FormPage *form_before(const Form *form, const FormPage *page) {
    return neighbour(form, page, -1);
}

const FormPage *form_page(const Definition *definition, Str id) {
    VEC_EACH (FormPage, page, &definition->pages)
        if (str_eq(page->id, id)) return page;
    return NULL;
}

const FormAnswer *form_answer(const Form *form, Str field) {
    for (size_t i = 0; i < form->n; i++)
        if (str_eq(form->answers[i].field->id, field)) return &form->answers[i];
    return NULL;
}

/* ---- rules */

bool form_holds(Ctx *ctx, const Form *form, const FeelExpr *expr) {
    Filling filling = {.ctx = ctx, .entries = (FeelEntry *)form->entries, .n = form->n_entries};
    return holds(&filling, expr);
}

FeelValue form_result(Ctx *ctx, const Form *form, const FeelExpr *expr) {
    Filling filling = {.ctx = ctx, .entries = (FeelEntry *)form->entries, .n = form->n_entries};
    return evaluate(&filling, expr);
}

FeelValue form_automatic(Ctx *ctx, const Form *form, const Automatic *rule, const StrVec *unmet) {
    FeelEntry *entries = NEW_ARRAY(ctx->arena, FeelEntry, form->n_entries + 1);
    FeelValue *ids = NEW_ARRAY(ctx->arena, FeelValue, unmet->len + 1);
    for (size_t i = 0; i < unmet->len; i++)
        ids[i] = feel_of_str(unmet->items[i]);
    memcpy(entries, form->entries, form->n_entries * sizeof *entries);
    entries[form->n_entries] = (FeelEntry){AUTOMATIC_UNMET, feel_of_items(ids, unmet->len)};
    Filling filling = {.ctx = ctx, .entries = entries, .n = form->n_entries + 1};
    return evaluate(&filling, rule->test);
}

/* ---- on another day */

Date form_day(const Ctx *ctx, const Form *form, const AsOf *as_of) {
    const FormAnswer *answer = form_answer(form, as_of->field);
    bool said = as_of->kind == AS_OF_ANSWER && answer;
    SlotChoice choice;
    if (said && answer->value.kind == FEEL_DATE) return answer->value.date;
    if (said && answer->field->books && answer->value.kind == FEEL_STRING &&
        reservation_choice(answer->field->books, answer->value.string, &choice))
        return choice.time.day;
    bool sent = form->arrived && as_of->kind != AS_OF_DECIDED;
    return time_jst_date(sent ? form->arrived : time_now(ctx->clock));
}

/* Whether all that an expression of a version looks at in the end is asked here. */
static bool asks_all(Ctx *ctx, const Form *form, const Definition *by, const FeelExpr *expr) {
    StrVec names = {0}, all = {0};
    feel_names(ctx->arena, expr, &names);
    definition_looked_at(ctx, by, &names, &all);
    VEC_EACH (const Str, name, &all) {
        bool known = definition_field(form->definition, *name) != NULL;
        VEC_EACH (const NamedTable, named, &by->tables)
            known |= str_eq(named->name, *name);
        if (!known) return false;
    }
    return true;
}

/* The version that governs a reference date: on the day of application its own. */
static const Definition *version_on(const Ctx *ctx, const Form *form, const AsOf *as_of, Date day) {
    const Procedures *procedures = ctx->tenant ? ctx->tenant->procedures : NULL;
    if (as_of->kind != AS_OF_DECIDED && as_of->kind != AS_OF_ANSWER) return form->definition;
    return catalogue_as_of(procedures ? procedures->catalogue : NULL, form->definition, day);
}

/* The answers on a day, with the tables of a version as they are then. */
static Filling filling_on(Ctx *ctx, const Form *form, const Definition *by, Date day) {
    int64_t now = time_now(ctx->clock);
    bool today = time_date_days(time_jst_date(now)) == time_date_days(day);
    if (today && by == form->definition)
        return (Filling){.ctx = ctx, .entries = (FeelEntry *)form->entries, .n = form->n_entries};
    Filling filling = {.ctx = ctx, .n = form->n, .now = today ? now : time_jst_start(day)};
    filling.entries = NEW_ARRAY(ctx->arena, FeelEntry, form->n + by->tables.len + 1);
    memcpy(filling.entries, form->entries, form->n * sizeof *form->entries);
    run_tables(&filling, by);
    return filling;
}

/* What rules of one day and version are judged on: their tables are computed once. */
typedef struct Ground {
    const Definition *by; /* NULL: there is none yet */
    Date day;
    Filling filling;
} Ground;

static const Filling *ground_on(Ctx *ctx, const Form *form, Ground *ground, const Definition *by,
                                Date day) {
    bool same = ground->by == by && time_date_days(ground->day) == time_date_days(day);
    if (!same) *ground = (Ground){by, day, filling_on(ctx, form, by, day)};
    return &ground->filling;
}

static RuleResult judge_rule(Ctx *ctx, const Form *form, const DefinedRule *rule, bool check,
                             Ground *ground) {
    Date day = form_day(ctx, form, &rule->as_of);
    const Definition *by = version_on(ctx, form, &rule->as_of, day);
    const DefinedRule *then = defined_rule(check ? &by->checks : &by->conditions, rule->id);
    if (!then || !asks_all(ctx, form, by, then->test)) {
        by = form->definition;
        then = rule;
    }
    return (RuleResult){rule, holds(ground_on(ctx, form, ground, by, day), then->test), day, by};
}

void form_judge(Ctx *ctx, const Form *form, const DefinedRules *rules, RuleResults *out) {
    bool check = rules == &form->definition->checks;
    Ground ground = {0};
    VEC_EACH (DefinedRule, rule, rules)
        vec_push(ctx->arena, out, judge_rule(ctx, form, rule, check, &ground));
}

static bool whole(const Filling *filling, const FeelExpr *expr, int64_t *out) {
    if (!expr) return true;
    FeelValue value = evaluate(filling, expr);
    Json json = feel_to_json(filling->ctx->arena, &value);
    bool good = json.kind == JSON_NUMBER && json.is_int && json.value.integer >= 0;
    if (good) *out = json.value.integer;
    return good;
}

bool form_whole(Ctx *ctx, const Form *form, const FeelExpr *expr, int64_t *out) {
    Filling filling = {.ctx = ctx, .entries = (FeelEntry *)form->entries, .n = form->n_entries};
    return whole(&filling, expr, out);
}

bool form_sum(Ctx *ctx, const Form *form, const FeelExpr *expr, FormFee *fee) {
    bool own = fee->by == form->definition || !expr;
    if (!own && !asks_all(ctx, form, fee->by, expr)) return false;
    Filling filling = filling_on(ctx, form, fee->by, fee->day);
    return whole(&filling, expr, &fee->yen);
}

/* A version without a fee has it of nothing. */
static bool fee_by(Ctx *ctx, const Form *form, const Definition *by, FormFee *out) {
    out->by = by;
    return form_sum(ctx, form, by->fee, out);
}

Rc form_fee_by(Ctx *ctx, const Form *form, FormFee *out) {
    const Definition *own = form->definition;
    *out = (FormFee){.by = own, .day = form_day(ctx, form, &own->fee_as_of)};
    const Definition *by = version_on(ctx, form, &own->fee_as_of, out->day);
    if (!own->fee || fee_by(ctx, form, by, out) || (by != own && fee_by(ctx, form, own, out)))
        return RC_OK;
    return ctx_fail(
        ctx, RC_INVALID, "bad-fee", STR("fee.amount"),
        "The fee of this procedure cannot be computed: the office has to mend its definition.");
}

Rc form_fee(Ctx *ctx, const Form *form, int64_t *out) {
    FormFee fee;
    Rc rc = form_fee_by(ctx, form, &fee);
    *out = fee.yen;
    return rc;
}

static Str fee_word(const Definition *definition, bool decided) {
    switch (definition->fee_as_of.kind) {
    case AS_OF_DECIDED:
        return decided ? STR(FEE_BY_DECISION) : STR(FEE_BY_ESTIMATE);
    case AS_OF_ANSWER:
        return definition->fee_as_of.field;
    default:
        return STR(FEE_BY_APPLICATION);
    }
}

Json form_fee_json(Arena *arena, const Definition *definition, const FormFee *fee, bool decided) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("by"), json_of_str(fee_word(definition, decided))};
    members[1] = (JsonMember){STR("day"), json_of_str(time_format_date(arena, fee->day))};
    members[2] = (JsonMember){STR("version"), json_of_int(fee->by->version)};
    return json_of_members(members, 3);
}

Rc form_amount(Ctx *ctx, const Form *form, int64_t *out) {
    *out = 0;
    if (form_whole(ctx, form, form->definition->amount, out)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-amount", STR("amount"),
                    "The amount to decide on cannot be computed: the office has to mend the "
                    "procedure's definition.");
}

Rc form_units(Ctx *ctx, const Form *form, int64_t *out) {
    const Reservation *reservation = form->definition->reservation;
    *out = 1;
    if (form_whole(ctx, form, reservation->need, out) && *out > 0) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-need", STR("reservation.need"),
                    "How much of a slot is needed cannot be computed: the office has to mend the "
                    "procedure's definition.");
}

Json form_json(Arena *arena, const Form *form, bool sensitive) {
    JsonMembers members = {0};
    for (size_t i = 0; i < form->n; i++) {
        const FormAnswer *answer = &form->answers[i];
        bool wanted = str_eq(answer->field->class, STR("sensitive")) == sensitive;
        if (!wanted || !answer->due || answer->value.kind == FEEL_NULL) continue;
        vec_push(arena, &members,
                 (JsonMember){answer->field->id, feel_to_json(arena, &answer->value)});
    }
    return json_of_members(members.items, members.len);
}

/* ---- for people */

static Str option_text(const Field *field, Str id, Str language) {
    const FieldOption *option = field_option(field, id);
    Str text = option ? json_str(json_get(option->label.all, language)) : STR_NONE;
    return str_empty(text) && option ? option->label.ja : text;
}

Str form_yen(Arena *arena, const FeelValue *value, bool english) {
    Json amount = feel_to_json(arena, value);
    if (!amount.is_int) return feel_text(arena, value);
    Str digits = str_grouped(arena, amount.value.integer);
    return english ? str_fmt(arena, "¥" STR_FMT, STR_ARG(digits))
                   : str_fmt(arena, STR_FMT "円", STR_ARG(digits));
}

static Str slot_text(Arena *arena, const FormAnswer *answer, Str language) {
    SlotChoice choice;
    Str text = answer->value.kind == FEEL_STRING ? answer->value.string : STR_NONE;
    if (!reservation_choice(answer->field->books, text, &choice)) return text;
    return reservation_choice_words(arena, &choice, language);
}

static Str truth_text(bool truth, bool english) {
    if (english) return truth ? STR("Yes") : STR("No");
    return truth ? STR("はい") : STR("いいえ");
}

/* What was chosen, or the names of files. */
static void list_parts(Arena *arena, const FormAnswer *answer, Str language, StrVec *out) {
    Attachments files;
    const FeelValue *value = &answer->value;
    if (answer->field->kind == FIELD_FILE) {
        form_attachments(arena, answer, &files);
        VEC_EACH (const Attachment, file, &files)
            vec_push(arena, out, file->name);
        return;
    }
    for (uint32_t i = 0; i < value->len; i++)
        vec_push(arena, out, option_text(answer->field, value->items[i].string, language));
}

Str form_text(Arena *arena, const FormAnswer *answer, Str language) {
    const FeelValue *value = &answer->value;
    bool english = str_eq(language, STR("en"));
    if (answer->field->kind == FIELD_MONEY && value->kind == FEEL_NUMBER)
        return form_yen(arena, value, english);
    if (value->kind == FEEL_DATE)
        return english ? time_format_date(arena, value->date)
                       : time_format_japanese(arena, value->date);
    if (value->kind == FEEL_BOOL) return truth_text(value->boolean, english);
    if (answer->field->kind == FIELD_CHOICE)
        return option_text(answer->field, value->string, language);
    if (answer->field->kind == FIELD_SLOT) return slot_text(arena, answer, language);
    if (answer->field->kind == FIELD_PLACE) return spot_text(arena, answer, english);
    if (value->kind == FEEL_NULL) return STR_NONE;
    if (value->kind != FEEL_LIST) return feel_text(arena, value);
    StrVec parts = {0};
    list_parts(arena, answer, language, &parts);
    return str_join(arena, parts.items, parts.len, english ? STR(", ") : STR("、"));
}
