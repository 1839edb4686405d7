#include "files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

Actor files_general, files_records, files_children;

int files_set_up(void **state) {
    int rc = cases_set_up(state);
    House *house = *state;
    house_official(house, "general", "general-affairs-head", &files_general);
    house_official(house, "records", "general-affairs-records-clerk", &files_records);
    house_official(house, "children", "children-care-clerk", &files_children);
    return rc;
}

void files_on(House *house, int year, int month, int day) {
    house->clock.fixed = time_jst_start((Date){year, month, day});
}

ShelfFile files_one(House *house, Str label) {
    ShelfFile out;
    GOOD(house, shelf_find(&house->ctx, file_code(house->ctx.arena, label), &out));
    return out;
}

Str files_ended(House *house) {
    Str id = cases_apply(house, NULL, 1);
    GOOD(house, apply_cancel(&house->ctx, id));
    return id;
}

Str files_name(House *house, Str id) {
    return cases_text(house, id, IRI("name"));
}

FilingWish files_wish(House *house, FileVerb verb, Str label) {
    FilingWish wish = {.verb = verb,
                       .reason = STR("保存期間が終わった"),
                       .until = {2040, 3, 31},
                       .to = STR("市史編さん室")};
    vec_push(house->arena, &wish.codes, file_code(house->arena, label));
    return wish;
}

Str files_propose(House *house, FileVerb verb, Str label) {
    Str decision;
    FilingWish wish = files_wish(house, verb, label);
    house_act(house, &files_records);
    GOOD(house, filing_propose(&house->ctx, &wish, &decision));
    return str_dup(house->arena, decision);
}

void files_refused(House *house, FileVerb verb, Str label, const char *code) {
    Str decision;
    FilingWish wish = files_wish(house, verb, label);
    house_act(house, &files_records);
    FAILS(house, filing_propose(&house->ctx, &wish, &decision), RC_CONFLICT, code);
}

Rc files_decide(House *house, Str decision) {
    OfficeDecision wish = {.id = decision, .hash = cases_hash(house, decision)};
    house_act(house, &files_general);
    files_general.stepped_up_at = house->clock.fixed;
    Rc rc = office_decide(&house->ctx, &wish);
    if (rc != RC_OK) return rc;
    house_act(house, (Actor *)(uintptr_t)gate_system_actor());
    return filing_carry_out(&house->ctx, NULL); /* no thread does, in a house */
}

void files_rebuilt(House *house) {
    ProjectReport report;
    house_drain(house);
    GOOD(house, project_verify(&house->ctx, house->tenant.project, &report));
    if (report.differences) fail_msg("differs: " STR_FMT, STR_ARG(report.first));
}

Rc files_reopened(House *house, Str id) {
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test")});
    Entity *after = entity_new(command_arena(command), id, STR(CASE_TYPE));
    entity_set(command_arena(command), after, IRI("state"), json_of_str(STR("submitted")));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = id, .after = after}, PUT_ANY, 0);
    return house_run(&house->ctx, command);
}

void files_reopen(House *house, Str id) {
    GOOD(house, files_reopened(house, id));
}

void files_decided_only(House *house, int64_t count) {
    JsonMember members[] = {{STR("count"), json_of_int(count)}};
    Json record = json_of_members(members, 1);
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("file")});
    file_act_add(command, &(PartFile){.label = LABEL_2026,
                                      .verb = FILE_DISPOSE,
                                      .until = {2032, 3, 31},
                                      .disposal = &record});
    GOOD(house, house_run(&house->ctx, command));
    house_act(house, (Actor *)(uintptr_t)gate_system_actor());
}

int64_t files_keys(const ShelfFile *one) {
    return json_get_int(json_at(one->record.acts, one->record.acts->len - 1), "keys", -1);
}
