/* answers: a draft's answers read, normalised and checked: lenient in, strict inside. */
#include "procedure_int.h"

enum { TEXT_MAX = 200 };

/* ---- reading ---- */

static Str tidy(Arena *arena, const Json *draft, const char *name) {
    return str_trim(text_nfkc(arena, json_get_str(draft, name)));
}

Str apply_phone(Arena *arena, Str text) {
    Str rest = text_fold(arena, text);
    Buf to = buf_new(arena, TEXT_MAX);
    for (int32_t c; (c = str_utf8_next(&rest)) >= 0;)
        if ((c >= '0' && c <= '9') || c == '-' || (c == '+' && !to.len))
            buf_add_char(&to, (char)c);
        else if (c != ' ' && c != '(' && c != ')')
            buf_add_char(&to, '?'); /* found by the check */
    return buf_str(&to);
}

static void items_of(Ctx *ctx, const Waste *waste, const Json *list, Answers *out) {
    for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->len; i++) {
        const Json *one = json_at(list, i);
        const WasteItem *item = waste_item(waste, json_get_str(one, "id"));
        int64_t quantity = json_get_int(one, "quantity", 1);
        if (item) vec_push(ctx->arena, &out->items, (ApplyItem){item, quantity});
    }
}

void apply_answers(Ctx *ctx, const Json *draft, Answers *out) {
    const Waste *waste = procedures_waste(ctx->tenant);
    Arena *arena = ctx->arena;
    Str code;
    *out = (Answers){.token = json_get_str(draft, "token"),
                     .district = waste_district(waste, json_get_str(draft, "district")),
                     .town = json_get_str(draft, "town"),
                     .address = tidy(arena, draft, "address"),
                     .building = tidy(arena, draft, "building"),
                     .hold = json_get_str(draft, "hold"),
                     .name = tidy(arena, draft, "name"),
                     .kana = str_trim(text_katakana(arena, json_get_str(draft, "kana"))),
                     .phone = apply_phone(arena, json_get_str(draft, "phone")),
                     .email = tidy(arena, draft, "email"),
                     .place = tidy(arena, draft, "place"),
                     .reduction = waste_reduction(waste, json_get_str(draft, "reduction")),
                     .choice = json_get_str(draft, "choice")};
    if (waste_postcode(arena, json_get_str(draft, "postcode"), &code)) out->postcode = code;
    if (!time_parse_date(json_get_str(draft, "day"), &out->day)) out->day = (Date){0};
    items_of(ctx, waste, json_get(draft, STR("items")), out);
}

/* ---- checking ---- */

static void fault_add(Ctx *ctx, Faults *faults, const char *field, const char *code) {
    vec_push(ctx->arena, faults, (Fault){field, code});
}

static void check_text(Ctx *ctx, Faults *faults, const char *field, Str text) {
    if (str_empty(text))
        fault_add(ctx, faults, field, "required");
    else if (str_utf8_len(text) > TEXT_MAX)
        fault_add(ctx, faults, field, "long");
    else if (text_has_control(text))
        fault_add(ctx, faults, field, "control");
}

static void check_district(Ctx *ctx, const Answers *answers, Faults *faults) {
    if (str_empty(answers->postcode)) fault_add(ctx, faults, "postcode", "required");
    if (!answers->district)
        fault_add(ctx, faults, "town", "required");
    else if (!waste_town_in(answers->district, answers->town))
        fault_add(ctx, faults, "town", "required");
    check_text(ctx, faults, "street", answers->address);
    if (!str_empty(answers->building)) check_text(ctx, faults, "building", answers->building);
    if (!str_empty(answers->place) && !waste_place(procedures_waste(ctx->tenant), answers->place))
        fault_add(ctx, faults, "place", "unknown");
}

static void check_items(Ctx *ctx, const Answers *answers, Faults *faults) {
    const WasteLimits *limits = waste_limits(procedures_waste(ctx->tenant));
    if (!answers->items.len) fault_add(ctx, faults, "items", "required");
    if (answers->items.len > (size_t)limits->max_items) fault_add(ctx, faults, "items", "many");
    VEC_EACH (const ApplyItem, one, &answers->items) {
        if (one->item->refused) fault_add(ctx, faults, "items", "many");
        if (one->quantity < 1 || one->quantity > limits->max_quantity)
            fault_add(ctx, faults, "items", "many");
    }
}

bool apply_day_offered(Ctx *ctx, const Answers *answers) {
    Date *days;
    const Waste *waste = procedures_waste(ctx->tenant);
    size_t n = answers->district && answers->day.year
                   ? waste_days(ctx->arena, waste, answers->district, time_now(ctx->clock), &days)
                   : 0;
    for (size_t i = 0; i < n; i++)
        if (time_date_days(days[i]) == time_date_days(answers->day)) return true;
    return false;
}

static void check_slot(Ctx *ctx, const Answers *answers, Faults *faults) {
    if (!answers->day.year)
        fault_add(ctx, faults, "slot", "required");
    else if (!apply_day_offered(ctx, answers))
        fault_add(ctx, faults, "slot", "late");
}

bool apply_phone_ok(Str phone) {
    size_t digits = 0;
    for (size_t i = 0; i < phone.len; i++) {
        if (phone.ptr[i] == '?') return false;
        digits += phone.ptr[i] >= '0' && phone.ptr[i] <= '9';
    }
    return digits >= 9 && digits <= 15;
}

/* One @ with something on both sides and a dot behind it: only delivery tells more. */
bool apply_mail_ok(Str email) {
    ptrdiff_t at = str_find_char(email, '@');
    Str domain = at > 0 ? str_sub(email, (size_t)at + 1, email.len) : STR_NONE;
    return at > 0 && str_find_char(domain, '@') < 0 && str_find_char(domain, '.') > 0 &&
           str_find_char(email, ' ') < 0 && email.len <= TEXT_MAX;
}

static void check_contact(Ctx *ctx, const Answers *answers, Faults *faults) {
    check_text(ctx, faults, "name", answers->name);
    check_text(ctx, faults, "kana", answers->kana);
    if (!text_has_control(answers->kana) && !text_is_kana(answers->kana))
        fault_add(ctx, faults, "kana", "format");
    if (str_empty(answers->phone))
        fault_add(ctx, faults, "phone", "required");
    else if (!apply_phone_ok(answers->phone))
        fault_add(ctx, faults, "phone", "format");
    if (!str_empty(answers->email) && !apply_mail_ok(answers->email))
        fault_add(ctx, faults, "mail", "format");
}

static void check_choice(Ctx *ctx, const Answers *answers, Faults *faults) {
    if (!str_eq(answers->choice, STR("in")) && !str_eq(answers->choice, STR("out")))
        fault_add(ctx, faults, "optout", "required");
}

/* Asking for no reduction is an answer too: nothing can be wrong with it. */
static void check_reduction(Ctx *ctx, const Answers *answers, Faults *faults) {
    (void)ctx;
    (void)answers;
    (void)faults;
}

typedef void (*StepCheck)(Ctx *ctx, const Answers *answers, Faults *faults);
static const StepCheck step_checks[APPLY_STEPS] = {
    [STEP_DISTRICT] = check_district,   [STEP_ITEMS] = check_items,
    [STEP_SLOT] = check_slot,           [STEP_CONTACT] = check_contact,
    [STEP_REDUCTION] = check_reduction, [STEP_CHOICE] = check_choice,
};

void apply_check(Ctx *ctx, const Answers *answers, ApplyStep step, Faults *out) {
    for (unsigned i = 0; i < APPLY_STEPS; i++)
        if (step_checks[i] && (step == STEP_CHECK || step == (ApplyStep)i))
            step_checks[i](ctx, answers, out);
}

ApplyStep apply_next(Ctx *ctx, const Answers *answers) {
    for (unsigned step = 0; step < STEP_CHECK; step++) {
        Faults faults = {0};
        apply_check(ctx, answers, (ApplyStep)step, &faults);
        if (faults.len) return (ApplyStep)step;
    }
    return STEP_CHECK;
}

/* ---- money ---- */

int64_t apply_fee(const Answers *answers) {
    int64_t fee = 0;
    VEC_EACH (const ApplyItem, one, &answers->items)
        fee += one->item->fee * one->quantity;
    return fee;
}

int64_t apply_fee_reduced(const Answers *answers) {
    int64_t fee = apply_fee(answers);
    return answers->reduction ? fee - fee * answers->reduction->share / 100 : fee;
}
