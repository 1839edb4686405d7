/* find: a case by what its resident has at hand: the receipt number and a telephone number. */
#include "procedure_int.h"

enum { NUMBER_MAX = 64, YEAR_DIGITS = 4 };

Str find_phone(Arena *arena, Str text) {
    Str phone = apply_phone(arena, text);
    Buf to = buf_new(arena, phone.len + 2);
    bool abroad = str_starts(phone, STR("+81"));
    if (abroad) buf_add_char(&to, '0');
    for (size_t i = abroad ? 3 : 0; i < phone.len; i++)
        if (phone.ptr[i] != '-') buf_add_char(&to, phone.ptr[i]);
    return buf_str(&to);
}

/* "2026-000123", also when it was typed in full width, with blanks, or without its hyphen. */
static Str number_of(Arena *arena, Str text) {
    Str folded = text_fold(arena, str_head(text, NUMBER_MAX));
    Buf digits = buf_new(arena, folded.len + 2);
    for (size_t i = 0; i < folded.len; i++) {
        bool digit = folded.ptr[i] >= '0' && folded.ptr[i] <= '9';
        if (digit && digits.len == YEAR_DIGITS) buf_add_char(&digits, '-');
        if (digit) buf_add_char(&digits, folded.ptr[i]);
    }
    return buf_str(&digits);
}

/* Both counters, so that neither one number can be tried with many telephones nor one telephone
 * with many numbers. */
static Rc tries(Ctx *ctx, Str number, Str phone) {
    TRY(gate_try(ctx, STR("find-number"), number));
    return gate_try(ctx, STR("find-phone"), phone);
}

/* The telephone number is compared and goes nowhere: nobody has looked before it was right. */
static Rc phone_matches(Ctx *ctx, Str id, Str phone, bool *same) {
    const Entity *application;
    *same = false;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &application);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    Str kept = find_phone(ctx->arena, entity_text(application, IRI("phone")));
    *same = kept.len > 0 && hash_same(kept, phone);
    return RC_OK;
}

Rc apply_find(Ctx *ctx, Str number, Str phone, Str *id) {
    Str wanted = number_of(ctx->arena, number);
    Str digits = find_phone(ctx->arena, str_head(phone, NUMBER_MAX));
    bool same = false;
    TRY(tries(ctx, wanted, digits));
    Rc rc = inbox_find(ctx, wanted, id);
    if (rc == RC_OK) rc = phone_matches(ctx, *id, digits, &same);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !same))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-pair", STR("number"),
                        "No case has this receipt number and telephone number.");
    TRY(rc);
    gate_try_right(ctx, STR("find-number"), wanted);
    gate_try_right(ctx, STR("find-phone"), digits);
    return RC_OK;
}
