#include "park.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

int park_set_up(void **state) {
    House *house = mem_zero(sizeof *house);
    house_make(house, HOUSE_LEDGER);
    *state = house;
    return 0;
}

int park_tear_down(void **state) {
    house_end(*state);
    mem_free(*state);
    return 0;
}

void park_put(House *house, const Delta *delta) {
    Command *command = command_new(house->tenant.ledger,
                                   (CommandHead){.kind = STR("test"), .channel = STR("cli")});
    Arena *arena = command_arena(command);
    PartPut *part = NEW(arena, PartPut);
    *part = (PartPut){.delta = delta, .expect = PUT_ANY};
    command_needs(command, delta->id);
    command_add(command, &part_put, part);
    GOOD(house, house_run(&house->ctx, command));
}

Str park_id(House *house, uint64_t number) {
    return str_fmt(house->arena, "urn:t:%03llu", (unsigned long long)number);
}

void park_put_one(House *house, uint64_t number, DeltaOp op) {
    Arena *arena = house->arena;
    Str id = park_id(house, number);
    Delta *delta = NEW(arena, Delta);
    *delta = (Delta){.op = op, .id = id};
    if (op != DELTA_DELETE) {
        delta->after = entity_new(arena, id, number % 3 ? STR(TREE) : STR(GAUGE));
        if (op == DELTA_CHANGE) delta->after->types.len = 0;
        entity_set(arena, delta->after, STR("urn:a:n"),
                   json_of_int((int64_t)rand_below(&house->rand, 10)));
        entity_set(arena, delta->after, STR("urn:a:name"),
                   json_of_str(str_fmt(arena, "木%llu", (unsigned long long)number % 7)));
    }
    park_put(house, delta);
}

void park_fill(House *house) {
    for (uint64_t i = 0; i < PARK_ENTITIES; i++)
        park_put_one(house, i, DELTA_PUT);
}

void park_project(House *house, bool start) {
    Project *project;
    GOOD(house, project_new(&house->ctx, &house->tenant, &project));
    if (start) GOOD(house, project_start(&house->ctx, project));
    if (start) house_drain(house);
}

ProjectReport park_verified(House *house) {
    ProjectReport report;
    house_drain(house);
    GOOD(house, project_verify(&house->ctx, house->tenant.project, &report));
    assert_int_equal(report.position, ledger_head(house->tenant.ledger));
    return report;
}
