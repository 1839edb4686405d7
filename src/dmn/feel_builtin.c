/* The built-in functions by name. */
#include "feel_int.h"

static const FeelBuiltin *const tables[] = {feel_functions_text, feel_functions_list,
                                            feel_functions_time, feel_functions_number};

enum { TABLES = sizeof tables / sizeof *tables };

const FeelBuiltin *feel_builtin(Str name) {
    for (size_t t = 0; t < TABLES; t++)
        for (const FeelBuiltin *row = tables[t]; row->call; row++)
            if (str_eq(row->name, name)) return row;
    return NULL;
}

Str feel_builtin_spaced(size_t n) {
    for (size_t t = 0; t < TABLES; t++)
        for (const FeelBuiltin *row = tables[t]; row->call; row++)
            if (str_find_char(row->name, ' ') >= 0 && n-- == 0) return row->name;
    return STR_NONE;
}
