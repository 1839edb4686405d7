/* asking: what subcommands that speak to the running server share. */
#include "cli_int.h"

#include "control.h"

Json asking_words(Arena *arena, Str list) {
    JsonItems items = {0};
    for (Str item; str_split(&list, ',', &item);)
        vec_push(arena, &items, json_of_str(str_trim(item)));
    return json_of_items(items.items, items.len);
}

Str asking_joined(Arena *arena, const Json *list, const char *none) {
    StrVec words = {0};
    for (size_t i = 0; list && i < list->len; i++)
        vec_push(arena, &words, json_str(json_at(list, i)));
    return words.len ? str_join(arena, words.items, words.len, STR(",")) : str_of(none);
}

JsonMembers asking_begin(Cli *cli, const char *what) {
    JsonMembers members = {0};
    asking_add(cli, &members, "do", json_of_str(str_of(what)));
    asking_add(cli, &members, "tenant", json_of_str(settings_text(cli_flags(cli), "tenant")));
    return members;
}

void asking_add(Cli *cli, JsonMembers *members, const char *name, Json value) {
    vec_push(cli_ctx(cli)->arena, members, (JsonMember){str_of(name), value});
}

Rc asking_send(Cli *cli, const JsonMembers *members, const Json **result) {
    Json json = json_of_members(members->items, members->len);
    ControlRequest request = {.folder = settings_text(cli_settings(cli), "data").ptr,
                              .json = &json,
                              .patience = TIME_MINUTE};
    return control_ask(cli_ctx(cli), &request, result);
}
