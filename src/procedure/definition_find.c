/* What stands in a definition by an id. */
#include "definition.h"

unsigned definition_accepted(Str word) {
    return str_eq(word, STR("photo"))      ? ACCEPT_PHOTO
           : str_eq(word, STR("document")) ? ACCEPT_DOCUMENT
                                           : 0;
}

const Field *definition_field(const Definition *definition, Str id) {
    VEC_EACH (FormPage, page, &definition->pages)
        VEC_EACH (Field, field, &page->fields)
            if (str_eq(field->id, id)) return field;
    return NULL;
}

const Field *definition_slot(const Definition *definition) {
    VEC_EACH (FormPage, page, &definition->pages)
        VEC_EACH (Field, field, &page->fields)
            if (field->kind == FIELD_SLOT) return field;
    return NULL;
}

const DefinedState *definition_state(const Definition *definition, Str id) {
    VEC_EACH (DefinedState, state, &definition->states)
        if (str_eq(state->id, id)) return state;
    return NULL;
}

const DefinedMove *definition_move(const Definition *definition, Str id) {
    VEC_EACH (DefinedMove, move, &definition->moves)
        if (str_eq(move->id, id)) return move;
    return NULL;
}

const DefinedRule *defined_rule(const DefinedRules *rules, Str id) {
    VEC_EACH (DefinedRule, rule, rules)
        if (str_eq(rule->id, id)) return rule;
    return NULL;
}

const Automatic *definition_automatic(const Definition *definition, Str id) {
    VEC_EACH (const Automatic, rule, &definition->automatic)
        if (str_eq(rule->id, id)) return rule;
    return NULL;
}

const Automatic *definition_rule_of(const Definition *definition, Str state) {
    VEC_EACH (const Automatic, rule, &definition->automatic)
        if (str_eq(rule->state, state)) return rule;
    return NULL;
}

bool definition_may_move(const DefinedMove *move, Str from) {
    VEC_EACH (Str, state, &move->from)
        if (str_eq(*state, from)) return true;
    return false;
}

const FieldOption *field_option(const Field *field, Str id) {
    VEC_EACH (FieldOption, option, &field->options)
        if (str_eq(option->id, id)) return option;
    return NULL;
}
