/* page_days: the days of a district that can be chosen, by month: for a new application and for
 * another day of a case. */
#include "pages_int.h"

enum { FEW_LEFT = 3 };

static Json day_value(Arena *arena, const ApplyDay *day) {
    View one = view_new(arena);
    Str date = time_format_date(arena, day->date);
    view_str(&one, "id", date);
    view_str(&one, "date", date);
    view_int(&one, "remaining", day->left);
    view_bool(&one, "few", day->left > 0 && day->left <= FEW_LEFT);
    return view_value(&one);
}

static Json month_value(Arena *arena, Date first, const JsonItems *slots) {
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    View month = view_new(arena);
    Str ja = time_format_japanese(arena, first);
    ptrdiff_t end = str_find(ja, STR("月"));
    view_set(&month, "label",
             view_text(arena, str_sub(ja, 0, (size_t)end + 3),
                       str_fmt(arena, "%s %d", names[first.month - 1], first.year)));
    view_items(&month, "slots", slots);
    return view_value(&month);
}

Rc page_days(HttpExchange *x, View *view, const WasteDistrict *district, Date own) {
    Ctx *ctx = http_ctx(x);
    ApplyDays days;
    JsonItems months = {0}, slots = {0};
    TRY(apply_days(ctx, district, &days));
    for (size_t i = 0; i < days.len; i++) {
        ApplyDay day = days.items[i];
        if (own.year && time_date_days(day.date) == time_date_days(own)) day.left++;
        vec_push(ctx->arena, &slots, day_value(ctx->arena, &day));
        bool last = i + 1 == days.len || days.items[i + 1].date.month != day.date.month;
        if (!last) continue;
        vec_push(ctx->arena, &months, month_value(ctx->arena, day.date, &slots));
        slots = (JsonItems){0};
    }
    view_json(view, "district", district->name.both);
    view_items(view, "months", &months);
    view_null(view, "earlier");
    view_null(view, "later");
    view_int(view, "hold_minutes", waste_limits(procedures_waste(ctx->tenant))->hold / TIME_MINUTE);
    return RC_OK;
}

const char *page_day_fault(const Error *error) {
    if (str_eq(error->code, STR("household-full"))) return "household";
    return str_eq(error->code, STR("slot-full")) ? "full" : NULL;
}

const char *page_hold_fault(const Error *error) {
    if (str_eq(error->code, STR("holds-share"))) return "busy";
    return str_eq(error->code, STR("holds-network")) ? "network" : "full";
}
