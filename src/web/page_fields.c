/* page_fields: questions of a definition as the component `answer` asks them, and answers as people
 * read them. */
#include "pages_int.h"

/* How a kind of field is asked. */
typedef struct Asked {
    const char *as;   /* line, area, one, some, tick */
    const char *type; /* of a line; NULL: text */
    const char *inputmode, *width;
    const char *missing, *format; /* the words for no answer, and for one that isn't understood */
} Asked;

static const Asked asked[FIELD_KINDS] = {
    [FIELD_TEXT] = {"line", NULL, NULL, NULL, "enter", "enter"},
    [FIELD_PARAGRAPH] = {"area", NULL, NULL, NULL, "enter", "enter"},
    [FIELD_NAME] = {"line", NULL, NULL, NULL, "enter", "enter"},
    [FIELD_KANA] = {"line", NULL, NULL, NULL, "enter", "kana"},
    [FIELD_NUMBER] = {"line", NULL, "decimal", "w7", "enter", "number"},
    [FIELD_MONEY] = {"line", NULL, "numeric", "w12", "enter", "money"},
    [FIELD_DATE] = {"line", NULL, NULL, "w12", "enter", "date"},
    [FIELD_POSTCODE] = {"line", NULL, "numeric", "w7", "enter", "postcode"},
    [FIELD_PHONE] = {"line", "tel", NULL, "w12", "enter", "phone"},
    [FIELD_MAIL] = {"line", "email", NULL, NULL, "enter", "mail"},
    [FIELD_CHOICE] = {"one", NULL, NULL, NULL, "choose", "choose"},
    [FIELD_CHOICES] = {"some", NULL, NULL, NULL, "choose", "choose"},
    [FIELD_YES_NO] = {"one", NULL, NULL, NULL, "choose", "choose"},
    [FIELD_DECLARATION] = {"tick", NULL, NULL, NULL, "tick", "tick"},
    [FIELD_SLOT] = {"one", NULL, NULL, NULL, "choose", "choose"},
    [FIELD_FILE] = {"file", NULL, NULL, NULL, "choose", "choose"},
    [FIELD_PLACE] = {"place", NULL, NULL, NULL, "enter", "point"},
};

/* What browsers call that which is known of people (HTML, autofill). */
static const struct {
    const char *from, *autocomplete;
} autofill[] = {
    {"name", "name"}, {"postcode", "postal-code"}, {"address", "street-address"},
    {"phone", "tel"}, {"email", "email"},
};

static Str autocomplete_of(const Field *field) {
    for (size_t i = 0; i < sizeof autofill / sizeof *autofill; i++)
        if (str_eq(field->from, str_of(autofill[i].from))) return str_of(autofill[i].autocomplete);
    return STR_NONE;
}

/* Whether an id is among those that were said, which a blank parts. */
static bool was_said(Str raw, Str id) {
    Str one;
    while (str_split(&raw, ' ', &one))
        if (str_eq(one, id)) return true;
    return false;
}

static void option_add(Arena *arena, const FormAnswer *answer, const FieldOption *option,
                       JsonItems *out) {
    View one = view_new(arena);
    view_str(&one, "id",
             str_fmt(arena, STR_FMT "-" STR_FMT, STR_ARG(answer->field->id), STR_ARG(option->id)));
    view_str(&one, "value", option->id);
    view_json(&one, "label", option->label.all);
    view_json(&one, "hint", option->hint.all);
    view_bool(&one, "checked", was_said(answer->raw, option->id));
    vec_push(arena, out, view_value(&one));
}

static const Json *yes_no_text(Arena *arena, bool yes) {
    Json *text = NEW(arena, Json);
    *text = yes ? view_text(arena, STR("はい"), STR("Yes"))
                : view_text(arena, STR("いいえ"), STR("No"));
    return text;
}

static void options_set(View *view, const FormAnswer *answer) {
    const Field *field = answer->field;
    JsonItems items = {0};
    VEC_EACH (const FieldOption, option, &field->options)
        option_add(view->arena, answer, option, &items);
    if (field->kind == FIELD_YES_NO) {
        FieldOption yes = {.id = STR("yes"), .label.all = yes_no_text(view->arena, true)},
                    no = {.id = STR("no"), .label.all = yes_no_text(view->arena, false)};
        option_add(view->arena, answer, &yes, &items);
        option_add(view->arena, answer, &no, &items);
    }
    view_items(view, "options", &items);
}

static void word_set(View *view, const char *name, const char *word) {
    view_str(view, name, word ? str_of(word) : STR_NONE);
}

static const AttachLimits *limits_of(HttpExchange *x) {
    return procedures_attach(http_ctx(x)->tenant);
}

static Json field_value(HttpExchange *x, const FormAnswer *answer, Str files) {
    Arena *arena = http_ctx(x)->arena;
    const Field *field = answer->field;
    const Asked *as = &asked[field->kind];
    View one = view_new(arena);
    view_str(&one, "id", field->id);
    view_str(&one, "as", str_of(as->as));
    view_json(&one, "label", field->label.all);
    view_json(&one, "hint", field->hint.all);
    view_set(&one, "value", json_of_str(answer->raw));
    view_bool(&one, "optional", field->optional);
    word_set(&one, "type", as->type);
    word_set(&one, "inputmode", as->inputmode);
    word_set(&one, "width", as->width);
    view_str(&one, "autocomplete", autocomplete_of(field));
    view_bool(&one, "checked", str_eq(answer->raw, STR("yes")));
    options_set(&one, answer);
    if (field->kind == FIELD_FILE) page_file_field(&one, answer, limits_of(x), files);
    if (field->kind == FIELD_PLACE) page_spot(x, &one, answer);
    return view_value(&one);
}

void page_fields(HttpExchange *x, View *view, const Form *form, const FormPage *page, Str files) {
    JsonItems fields = {0};
    bool takes = false;
    for (size_t i = 0; i < form->n; i++) {
        const FormAnswer *answer = &form->answers[i];
        if ((page && answer->page != page) || !answer->due || answer->handed) continue;
        vec_push(view->arena, &fields, field_value(x, answer, files));
        takes |= answer->field->kind == FIELD_FILE && !str_empty(files);
    }
    view_items(view, "fields", &fields);
    view_bool(view, "files", takes);
}

/* ---- faults: {text} of a rule, else {code, label, bound} ---- */

static bool is_code(const FormAnswer *answer, const char *code) {
    return str_eq(str_of(answer->fault), str_of(code));
}

/* What an answer went beyond, as digits; empty: something else is wrong with it. */
static Str bound_of(Arena *arena, const FormAnswer *answer) {
    static const char *const mosts[] = {"long", "high", "many"}, *const leasts[] = {"short", "low",
                                                                                    "few"};
    for (size_t i = 0; i < sizeof mosts / sizeof *mosts; i++) {
        if (is_code(answer, mosts[i]))
            return str_fmt(arena, "%lld", (long long)field_most(answer->field));
        if (is_code(answer, leasts[i]))
            return str_fmt(arena, "%lld", (long long)answer->field->least);
    }
    return STR_NONE;
}

/* What a file was refused for, with its name and the bound. */
static void file_fault_set(HttpExchange *x, View *view, const FormAnswer *answer) {
    Arena *arena = view->arena;
    const AttachLimits *limits = limits_of(x);
    int64_t bound = is_code(answer, "large")      ? limits->file >> 20
                    : is_code(answer, "many")     ? field_most(answer->field)
                    : is_code(answer, "all-many") ? limits->files
                                                  : 0;
    view_null(view, "text");
    view_str(view, "code", str_of(answer->fault));
    view_json(view, "label", answer->field->label.all);
    view_null(view, "bound");
    view_str(view, "file", answer->about);
    view_str(view, "n", bound ? str_fmt(arena, "%lld", (long long)bound) : STR_NONE);
}

static Json fault_value(HttpExchange *x, const FormAnswer *answer) {
    Arena *arena = http_ctx(x)->arena;
    const Field *field = answer->field;
    const Asked *as = &asked[field->kind];
    View one = view_new(arena);
    if (answer->broken) {
        view_json(&one, "text", answer->broken->text.all);
        return view_value(&one);
    }
    if (!str_empty(answer->about)) {
        file_fault_set(x, &one, answer);
        return view_value(&one);
    }
    const char *code = is_code(answer, "required") ? as->missing
                       : is_code(answer, "format") ? as->format
                                                   : answer->fault;
    view_null(&one, "text");
    view_str(&one, "code", str_of(code));
    view_json(&one, "label", field->label.all);
    view_str(&one, "bound", bound_of(arena, answer));
    return view_value(&one);
}

static void faults_add(HttpExchange *x, View *errors, const Form *form, const FormPage *page) {
    for (size_t i = 0; i < form->n; i++) {
        const FormAnswer *answer = &form->answers[i];
        if ((page && answer->page != page) || !answer->due || !answer->fault) continue;
        view_set(errors, str_z(errors->arena, answer->field->id), fault_value(x, answer));
    }
}

void page_field_faults(HttpExchange *x, View *view, const Form *form, const FormPage *page) {
    View errors = view_new(view->arena);
    faults_add(x, &errors, form, page);
    view_set(view, "errors", view_value(&errors));
}

void page_faults_of(HttpExchange *x, View *errors, const Form *form) {
    faults_add(x, errors, form, NULL);
}

/* ---- what was said ---- */

Json page_field_said(Arena *arena, const HttpForm *form, const Field *field) {
    JsonItems texts = {0};
    if (field->kind == FIELD_PLACE) return page_spot_said(arena, form, field->id);
    VEC_EACH (const HttpField, one, form)
        if (str_eq(one->name, field->id)) vec_push(arena, &texts, json_of_str(one->value));
    return texts.len > 1    ? json_of_items(texts.items, texts.len)
           : texts.len == 1 ? texts.items[0]
                            : json_of_null();
}

/* ---- answers ---- */

static View answer_view(Arena *arena, const FormAnswer *answer) {
    View one = view_new(arena), value = view_new(arena);
    static const char *const languages[] = {"ja", "en", "easy"};
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
        view_set(&value, languages[i], json_of_str(form_text(arena, answer, str_of(languages[i]))));
    view_json(&one, "label", answer->field->label.all);
    view_set(&one, "value", view_value(&value));
    return one;
}

Json page_answer_text(Arena *arena, const FormAnswer *answer) {
    View one = answer_view(arena, answer);
    return view_value(&one);
}

Json page_answer_row(HttpExchange *x, const FormAnswer *answer, Str base) {
    View one = answer_view(http_ctx(x)->arena, answer);
    if (answer->field->kind == FIELD_FILE && !str_empty(base))
        page_files(&one, answer, base);
    else
        view_items(&one, "files", &(JsonItems){0});
    if (answer->field->kind == FIELD_PLACE)
        page_spot(x, &one, answer);
    else
        view_null(&one, "at");
    return view_value(&one);
}
