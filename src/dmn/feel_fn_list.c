/* Built-in functions on lists, contexts and ranges (10.3.4.4, 10.3.4.6 to 10.3.4.9). Places count
   from 1, from the end when negative. */
#include <stdlib.h>

#include "feel_int.h"

/* The list in the first argument, or all arguments as one: min([1, 2]) and min(1, 2) are alike. */
static FeelValue list_of(const FeelCall *call) {
    if (call->n == 1 && call->args[0].kind == FEEL_LIST) return call->args[0];
    return feel_of_items(call->args, call->n);
}

/* The first argument as a list: a single value is a list of one. */
static FeelValue first_list(const FeelCall *call) {
    if (call->args[0].kind == FEEL_LIST) return call->args[0];
    return feel_of_items(call->args, call->args[0].kind == FEEL_NULL ? 0 : 1);
}

/* Room for the items of a result, about as many as the arguments have. They count as steps: where
 * too few are left this result is the last. */
static FeelValue *new_items(const FeelCall *call, size_t n) {
    if (!feel_spend(call->run, n)) call->run->steps = 0;
    return NEW_ARRAY(call->run->arena, FeelValue, n + 1);
}

static bool same(const FeelValue *a, const FeelValue *b) {
    bool known;
    return feel_equal(a, b, &known) && known;
}

static bool has(const FeelValue *items, size_t n, const FeelValue *value) {
    for (size_t i = 0; i < n; i++)
        if (same(&items[i], value)) return true;
    return false;
}

static FeelValue fn_contains(const FeelCall *call) {
    FeelValue list = first_list(call);
    return feel_of_bool(has(list.items, list.len, &call->args[1]));
}

static FeelValue fn_count(const FeelCall *call) {
    return feel_of_int(list_of(call).len);
}

static FeelValue extreme(const FeelCall *call, int sign) {
    FeelValue list = list_of(call);
    if (list.len == 0) return feel_null();
    FeelValue best = list.items[0];
    for (uint32_t i = 0; i < list.len; i++) {
        int order;
        if (!feel_order(&list.items[i], &best, &order))
            return CALL_NOTHING(call, "item %u of the list has no order with the others", i + 1);
        if (order * sign > 0) best = list.items[i];
    }
    return best;
}

static FeelValue fn_min(const FeelCall *call) {
    return extreme(call, -1);
}

static FeelValue fn_max(const FeelCall *call) {
    return extreme(call, 1);
}

typedef bool Fold(FeelNumber a, FeelNumber b, FeelNumber *out);

static bool fold(const FeelCall *call, const FeelValue *list, Fold *by, FeelNumber *out) {
    for (uint32_t i = 0; i < list->len; i++) {
        if (list->items[i].kind != FEEL_NUMBER || !by(*out, list->items[i].number, out)) {
            CALL_NOTHING(call, "item %u of the list is no number", i + 1);
            return false;
        }
    }
    return list->len > 0;
}

static FeelValue fn_sum(const FeelCall *call) {
    FeelValue list = list_of(call);
    FeelNumber sum = number_of_int(0);
    return fold(call, &list, number_add, &sum) ? feel_of_number(sum) : feel_null();
}

static FeelValue fn_product(const FeelCall *call) {
    FeelValue list = list_of(call);
    FeelNumber product = number_of_int(1);
    return fold(call, &list, number_multiply, &product) ? feel_of_number(product) : feel_null();
}

static bool mean_of(const FeelCall *call, const FeelValue *list, FeelNumber *out) {
    FeelNumber sum = number_of_int(0);
    return fold(call, list, number_add, &sum) && number_divide(sum, number_of_int(list->len), out);
}

static FeelValue fn_mean(const FeelCall *call) {
    FeelValue list = list_of(call);
    FeelNumber mean;
    return mean_of(call, &list, &mean) ? feel_of_number(mean) : feel_null();
}

static FeelValue fn_stddev(const FeelCall *call) {
    FeelValue list = list_of(call);
    FeelNumber mean, sum = number_of_int(0), out;
    if (!mean_of(call, &list, &mean) || list.len < 2) return feel_null();
    for (uint32_t i = 0; i < list.len; i++) {
        FeelNumber off;
        if (!number_add(list.items[i].number, number_negate(mean), &off) ||
            !number_multiply(off, off, &off) || !number_add(sum, off, &sum))
            return feel_null();
    }
    bool good = number_divide(sum, number_of_int(list.len - 1), &sum) && number_root(sum, &out);
    return good ? feel_of_number(out) : feel_null();
}

/* all, any: the value that decides alone, else null when an item is no truth value. */
static FeelValue decide(const FeelCall *call, bool decides) {
    FeelValue list = list_of(call);
    bool unknown = false;
    for (uint32_t i = 0; i < list.len; i++) {
        if (list.items[i].kind != FEEL_BOOL)
            unknown = true;
        else if (list.items[i].boolean == decides)
            return list.items[i];
    }
    return unknown ? feel_null() : feel_of_bool(!decides);
}

static FeelValue fn_all(const FeelCall *call) {
    return decide(call, false);
}

static FeelValue fn_any(const FeelCall *call) {
    return decide(call, true);
}

/* A place in a list as an index from 0; false (with a note) where there is none. */
static bool place_at(const FeelCall *call, size_t n, size_t len, size_t *out) {
    int64_t at;
    bool good = call->args[n].kind == FEEL_NUMBER && number_to_int(call->args[n].number, &at) &&
                at != 0 && llabs(at) <= (int64_t)len;
    if (good) *out = (size_t)(at > 0 ? at - 1 : (int64_t)len + at);
    if (!good) CALL_NOTHING(call, "there is no such place in a list of %zu", len);
    return good;
}

static FeelValue fn_sublist(const FeelCall *call) {
    FeelValue list = first_list(call);
    size_t start;
    int64_t length = list.len;
    if (!place_at(call, 1, list.len, &start)) return feel_null();
    bool counted = call->n > 2 && call->args[2].kind != FEEL_NULL;
    if (counted &&
        (call->args[2].kind != FEEL_NUMBER || !number_to_int(call->args[2].number, &length) ||
         length < 0 || length > (int64_t)(list.len - start)))
        return CALL_NOTHING(call, "there are not so many items");
    int64_t left = (int64_t)(list.len - start);
    return feel_of_items(list.items + start, (size_t)(length < left ? length : left));
}

static FeelValue fn_append(const FeelCall *call) {
    FeelValue list = first_list(call);
    FeelValue *items = new_items(call, list.len + call->n);
    for (uint32_t i = 0; i < list.len; i++)
        items[i] = list.items[i];
    for (size_t i = 1; i < call->n; i++)
        items[list.len + i - 1] = call->args[i];
    return feel_of_items(items, list.len + call->n - 1);
}

/* All items of all arguments; `once` leaves out what is there already. */
static FeelValue gather(const FeelCall *call, bool once) {
    size_t total = 0, n = 0;
    for (size_t i = 0; i < call->n; i++)
        total += call->args[i].kind == FEEL_LIST ? call->args[i].len : 1;
    if (!feel_spend(call->run, once ? total * total / 8 : total)) return feel_null();
    FeelValue *items = new_items(call, total);
    for (size_t i = 0; i < call->n; i++) {
        const FeelValue *arg = &call->args[i];
        const FeelValue *from = arg->kind == FEEL_LIST ? arg->items : arg;
        for (uint32_t k = 0; k < (arg->kind == FEEL_LIST ? arg->len : 1); k++)
            if (!once || !has(items, n, &from[k])) items[n++] = from[k];
    }
    return feel_of_items(items, n);
}

static FeelValue fn_concatenate(const FeelCall *call) {
    return gather(call, false);
}

static FeelValue fn_union(const FeelCall *call) {
    return gather(call, true);
}

/* Leaves items out or puts one in at a place. */
static FeelValue fn_insert(const FeelCall *call) {
    FeelValue list = first_list(call);
    size_t at;
    if (!place_at(call, 1, list.len, &at)) return feel_null();
    FeelValue *items = new_items(call, list.len + 1);
    for (size_t i = 0; i < list.len; i++)
        items[i + (i >= at)] = list.items[i];
    items[at] = call->args[2];
    return feel_of_items(items, list.len + 1);
}

static FeelValue fn_remove(const FeelCall *call) {
    FeelValue list = first_list(call);
    size_t at, n = 0;
    if (!place_at(call, 1, list.len, &at)) return feel_null();
    FeelValue *items = new_items(call, list.len);
    for (size_t i = 0; i < list.len; i++)
        if (i != at) items[n++] = list.items[i];
    return feel_of_items(items, n);
}

static FeelValue fn_reverse(const FeelCall *call) {
    FeelValue list = first_list(call);
    FeelValue *items = new_items(call, list.len);
    for (uint32_t i = 0; i < list.len; i++)
        items[list.len - 1 - i] = list.items[i];
    return feel_of_items(items, list.len);
}

static FeelValue fn_index_of(const FeelCall *call) {
    FeelValue list = first_list(call);
    FeelValue *items = new_items(call, list.len);
    size_t n = 0;
    for (uint32_t i = 0; i < list.len; i++)
        if (same(&list.items[i], &call->args[1])) items[n++] = feel_of_int((int64_t)i + 1);
    return feel_of_items(items, n);
}

static size_t leaves_of(const FeelValue *value, FeelValue *to) {
    if (value->kind != FEEL_LIST) {
        if (to) *to = *value;
        return 1;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < value->len; i++)
        n += leaves_of(&value->items[i], to ? to + n : NULL);
    return n;
}

static FeelValue fn_flatten(const FeelCall *call) {
    FeelValue list = first_list(call);
    size_t n = leaves_of(&list, NULL);
    if (!feel_spend(call->run, n)) return feel_null();
    FeelValue *items = new_items(call, n);
    leaves_of(&list, items);
    return feel_of_items(items, n);
}

/* ---- order */

/* Whether a stands before b: by their order, or as a function says. */
static bool before(const FeelCall *call, const FeelFunction *by, const FeelValue *a,
                   const FeelValue *b) {
    if (!by) {
        int order;
        return feel_order(a, b, &order) && order < 0;
    }
    FeelValue args[] = {*a, *b};
    FeelValue out = feel_apply(call->run, call->expr, by, args, 2);
    return out.kind == FEEL_BOOL && out.boolean;
}

/* Merges two sorted halves; equal items stay in their order. */
static void merge(const FeelCall *call, const FeelFunction *by, FeelValue *items, size_t n,
                  FeelValue *spare) {
    if (n < 2) return;
    size_t half = n / 2, i = 0, k = half;
    merge(call, by, items, half, spare);
    merge(call, by, items + half, n - half, spare);
    for (size_t to = 0; to < n; to++) {
        bool right = i == half || (k < n && before(call, by, &items[k], &items[i]));
        spare[to] = right ? items[k++] : items[i++];
    }
    for (size_t to = 0; to < n; to++)
        items[to] = spare[to];
}

static FeelValue sorted(const FeelCall *call, const FeelValue *list, const FeelFunction *by) {
    if (!feel_spend(call->run, list->len * 8)) return feel_null();
    FeelValue *items = new_items(call, list->len);
    for (uint32_t i = 0; i < list->len; i++)
        items[i] = list->items[i];
    merge(call, by, items, list->len, new_items(call, list->len));
    return feel_of_items(items, list->len);
}

static FeelValue fn_sort(const FeelCall *call) {
    FeelValue list = first_list(call);
    bool by = call->n > 1 && call->args[1].kind == FEEL_FUNCTION;
    return sorted(call, &list, by ? call->args[1].function : NULL);
}

static bool all_numbers(const FeelValue *list) {
    for (uint32_t i = 0; i < list->len; i++)
        if (list->items[i].kind != FEEL_NUMBER) return false;
    return true;
}

static FeelValue fn_median(const FeelCall *call) {
    FeelValue list = list_of(call);
    if (list.len == 0 || !all_numbers(&list)) return feel_null();
    FeelValue order = sorted(call, &list, NULL);
    if (order.len == 0) return feel_null();
    size_t half = order.len / 2;
    if (order.len % 2) return order.items[half];
    FeelNumber sum, out;
    bool good = number_add(order.items[half - 1].number, order.items[half].number, &sum) &&
                number_divide(sum, number_of_int(2), &out);
    return good ? feel_of_number(out) : feel_null();
}

static FeelValue fn_mode(const FeelCall *call) {
    FeelValue list = list_of(call);
    if (!all_numbers(&list)) return CALL_NOTHING(call, "mode takes numbers");
    FeelValue order = sorted(call, &list, NULL);
    FeelValue *items = new_items(call, order.len);
    size_t n = 0, most = 0, run = 0;
    for (uint32_t i = 0; i < order.len; i++) {
        run = i && same(&order.items[i], &order.items[i - 1]) ? run + 1 : 1;
        if (run > most) n = 0;
        if (run >= most) items[n++] = order.items[i];
        if (run > most) most = run;
    }
    return feel_of_items(items, n);
}

/* ---- contexts */

static FeelValue fn_get_value(const FeelCall *call) {
    if (call->args[1].kind != FEEL_STRING) return CALL_NOTHING(call, "a key is a string");
    const FeelValue *found = feel_get(&call->args[0], call->args[1].string);
    return found ? *found : feel_null();
}

static FeelValue entry_of(const FeelCall *call, const FeelEntry *entry) {
    FeelEntry *pair = NEW_ARRAY(call->run->arena, FeelEntry, 2);
    pair[0] = (FeelEntry){.name = STR("key"), .value = feel_of_str(entry->name)};
    pair[1] = (FeelEntry){.name = STR("value"), .value = entry->value};
    return feel_of_entries(pair, 2);
}

static FeelValue fn_get_entries(const FeelCall *call) {
    if (call->args[0].kind != FEEL_CONTEXT)
        return CALL_NOTHING(call, "get entries takes a context");
    FeelValue *items = new_items(call, call->args[0].len);
    for (uint32_t i = 0; i < call->args[0].len; i++)
        items[i] = entry_of(call, &call->args[0].entries[i]);
    return feel_of_items(items, call->args[0].len);
}

static size_t put_entry(FeelEntry *entries, size_t n, FeelEntry entry) {
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(entries[i].name, entry.name)) continue;
        entries[i] = entry;
        return n;
    }
    entries[n] = entry;
    return n + 1;
}

static FeelValue fn_context_put(const FeelCall *call) {
    const FeelValue *context = &call->args[0];
    if (context->kind != FEEL_CONTEXT || call->args[1].kind != FEEL_STRING)
        return CALL_NOTHING(call, "context put takes a context, a key and a value");
    FeelEntry *entries = NEW_ARRAY(call->run->arena, FeelEntry, context->len + 1);
    size_t n = 0;
    for (uint32_t i = 0; i < context->len; i++)
        entries[n++] = context->entries[i];
    n = put_entry(entries, n, (FeelEntry){.name = call->args[1].string, .value = call->args[2]});
    return feel_of_entries(entries, n);
}

static FeelValue fn_context_merge(const FeelCall *call) {
    FeelValue list = list_of(call);
    size_t total = 0, n = 0;
    for (uint32_t i = 0; i < list.len; i++) {
        if (list.items[i].kind != FEEL_CONTEXT)
            return CALL_NOTHING(call, "context merge takes contexts");
        total += list.items[i].len;
    }
    if (!feel_spend(call->run, total * total / 8)) return feel_null();
    FeelEntry *entries = NEW_ARRAY(call->run->arena, FeelEntry, total + 1);
    for (uint32_t i = 0; i < list.len; i++)
        for (uint32_t k = 0; k < list.items[i].len; k++)
            n = put_entry(entries, n, list.items[i].entries[k]);
    return feel_of_entries(entries, n);
}

/* ---- ranges */

static FeelValue fn_includes(const FeelCall *call) {
    if (call->args[0].kind != FEEL_RANGE) return CALL_NOTHING(call, "includes takes a range");
    if (call->args[1].kind != FEEL_RANGE)
        return feel_of_bool(feel_in_range(call->args[0].range, &call->args[1]));
    const FeelRange *outer = call->args[0].range, *inner = call->args[1].range;
    int low, high;
    if (!feel_order(&outer->low, &inner->low, &low) ||
        !feel_order(&outer->high, &inner->high, &high))
        return CALL_NOTHING(call, "the two ranges have no order");
    bool begins = low < 0 || (low == 0 && (!outer->low_open || inner->low_open));
    bool ends = high > 0 || (high == 0 && (!outer->high_open || inner->high_open));
    return feel_of_bool(begins && ends);
}

/* Two ranges share a point. */
static FeelValue fn_overlaps(const FeelCall *call) {
    if (call->args[0].kind != FEEL_RANGE || call->args[1].kind != FEEL_RANGE)
        return CALL_NOTHING(call, "overlaps takes two ranges");
    const FeelRange *a = call->args[0].range, *b = call->args[1].range;
    int left, right;
    if (!feel_order(&a->low, &b->high, &left) || !feel_order(&b->low, &a->high, &right))
        return CALL_NOTHING(call, "the two ranges have no order");
    bool first = left < 0 || (left == 0 && !a->low_open && !b->high_open);
    bool second = right < 0 || (right == 0 && !b->low_open && !a->high_open);
    return feel_of_bool(first && second);
}

const FeelBuiltin feel_functions_list[] = {
    {STR("list contains"), "list,element", 2, fn_contains},
    {STR("count"), "list", 1, fn_count},
    {STR("min"), "*", 1, fn_min},
    {STR("max"), "*", 1, fn_max},
    {STR("sum"), "*", 1, fn_sum},
    {STR("product"), "*", 1, fn_product},
    {STR("mean"), "*", 1, fn_mean},
    {STR("median"), "*", 1, fn_median},
    {STR("stddev"), "*", 1, fn_stddev},
    {STR("mode"), "*", 1, fn_mode},
    {STR("all"), "*", 1, fn_all},
    {STR("any"), "*", 1, fn_any},
    {STR("sublist"), "list,start position,length", 2, fn_sublist},
    {STR("append"), "*", 1, fn_append},
    {STR("concatenate"), "*", 1, fn_concatenate},
    {STR("union"), "*", 1, fn_union},
    {STR("distinct values"), "list", 1, fn_union},
    {STR("insert before"), "list,position,newItem", 3, fn_insert},
    {STR("remove"), "list,position", 2, fn_remove},
    {STR("reverse"), "list", 1, fn_reverse},
    {STR("index of"), "list,match", 2, fn_index_of},
    {STR("flatten"), "list", 1, fn_flatten},
    {STR("sort"), "list,precedes", 1, fn_sort},
    {STR("get value"), "m,key", 2, fn_get_value},
    {STR("get entries"), "m", 1, fn_get_entries},
    {STR("context put"), "context,key,value", 3, fn_context_put},
    {STR("context merge"), "*", 1, fn_context_merge},
    {STR("includes"), "range,point", 2, fn_includes},
    {STR("overlaps"), "range1,range2", 2, fn_overlaps},
    {.call = NULL},
};
