/* page_items: the things of an application for bulky waste, changed by one button. */
#include "pages_int.h"

Json page_items_after(Ctx *ctx, const Answers *answers, const HttpForm *form, bool *over) {
    Arena *arena = ctx->arena;
    const Waste *waste = procedures_waste(ctx->tenant);
    const WasteLimits *limits = waste_limits(waste);
    Str add = http_form_value(form, "add"), more = http_form_value(form, "more");
    Str less = http_form_value(form, "less"), drop = http_form_value(form, "remove");
    JsonItems items = {0};
    bool there = false;
    *over = false;
    VEC_EACH (ApplyItem, one, &answers->items) {
        Str id = one->item->id;
        int64_t quantity = one->quantity + (str_eq(id, add) || str_eq(id, more)) - str_eq(id, less);
        there = there || str_eq(id, add);
        if (str_eq(id, drop) || quantity < 1) continue;
        *over = *over || quantity > limits->max_quantity;
        if (quantity > limits->max_quantity) quantity = limits->max_quantity;
        View kept = view_new(arena);
        view_str(&kept, "id", id);
        view_int(&kept, "quantity", quantity);
        vec_push(arena, &items, view_value(&kept));
    }
    const WasteItem *item = waste_item(waste, add);
    if (item && !item->refused && !there) {
        View fresh = view_new(arena);
        view_str(&fresh, "id", item->id);
        view_int(&fresh, "quantity", 1);
        vec_push(arena, &items, view_value(&fresh));
    }
    return json_of_items(items.items, items.len);
}
