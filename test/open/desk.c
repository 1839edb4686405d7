#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

Str desk_hash(Desk *desk, Str proposal) {
    return entity_text(house_entity(&desk->house, proposal), IRI("contentHash"));
}

/* The steward proposes, the head of the division decides. */
void desk_decide(Desk *desk, Str id) {
    House *house = &desk->house;
    Str proposal;
    house->ctx.actor = &desk->steward;
    GOOD(house, open_propose(&house->ctx, id, &proposal));
    desk->head.stepped_up_at = house->clock.fixed;
    house->ctx.actor = &desk->head;
    RouteAct act = {.stage = ROUTE_STAGES_MAX, .hash = desk_hash(desk, proposal)};
    GOOD(house, open_act(&house->ctx, id, &act));
    house->ctx.actor = &desk->steward;
}

static Actor official(House *house, const char *post_id) {
    const GatePost *post = gate_post(house->tenant.gate, str_of(post_id));
    assert_non_null(post);
    Str id;
    GateAccount account = {
        .login = str_of(post_id), .kind = ACTOR_STAFF, .name = str_of(post_id), .demo = true};
    vec_push(house->arena, &account.posts, post->id);
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_create(&house->ctx, &account, &id));
    return (Actor){.kind = ACTOR_STAFF,
                   .id = str_dup(house->arena, id),
                   .post = post->id,
                   .roles = post->roles,
                   .stepped_up_at = TIME_NONE};
}

/* Releases are declared and nothing is decided. */
void desk_open(Desk *desk) {
    House *house = &desk->house;
    const Json *districts = house_starter(house, "waste/districts.json");
    const Json *items = house_starter(house, "waste/items.json");
    OpenOptions options = {.releases = desk->releases,
                           .release_count = 3,
                           .districts = json_get(districts, STR("districts")),
                           .classes = json_get(items, STR("classes"))};
    GOOD(house, open_open(&house->ctx, &house->tenant, &options));
}

void desk_undecided(Desk *desk) {
    static const char *const files[] = {"releases/bulky-waste-counts.json",
                                        "releases/bulky-waste-records.json",
                                        "releases/open-types.json"};
    *desk = (Desk){0};
    House *house = &desk->house;
    house_make(house, HOUSE_WHOLE);
    for (size_t i = 0; i < 3; i++)
        desk->releases[i] = house_starter(house, files[i]);
    desk_open(desk);
    desk->steward = official(house, "information-data-steward");
    desk->head = official(house, "information-head");
    house->ctx.actor = &desk->steward;
    house->ctx.deadline = INT64_MAX;
}

void desk_begin(Desk *desk) {
    desk_undecided(desk);
    desk_decide(desk, COUNTS);
    desk_decide(desk, RECORDS);
    desk_decide(desk, STR("open-types"));
}

void desk_end(Desk *desk) {
    open_close(&desk->house.tenant);
    house_end(&desk->house);
}

void desk_put(Desk *desk, Entity *entity) {
    House *house = &desk->house;
    Command *command = command_new(house->tenant.ledger,
                                   (CommandHead){.kind = STR("test"), .channel = STR("api")});
    Arena *arena = command_arena(command);
    Delta *delta = NEW(arena, Delta);
    *delta = (Delta){.op = DELTA_PUT, .id = entity->id, .after = entity};
    PartPut *part = NEW(arena, PartPut);
    *part = (PartPut){.delta = delta, .expect = PUT_ANY};
    command_add(command, &part_put, part);
    command_needs(command, entity->id);
    GOOD(house, house_run(&house->ctx, command));
}

static Str pickup_id(Desk *desk, size_t index) {
    return str_fmt(desk->house.ctx.arena, "urn:ngsi-ld:Application:%026zu", index);
}

void desk_pickup(Desk *desk, size_t index, const Pickup *pickup) {
    Arena *arena = desk->house.ctx.arena;
    Entity *entity = entity_new(arena, pickup_id(desk, index), IRI("Application"));
    Str person = str_fmt(arena, "urn:ngsi-ld:Person:%026zu", index);
    Json *class = NEW(arena, Json);
    *class = json_of_str(str_of(pickup->class));
    entity_set(arena, entity, IRI("procedure"), json_of_str(STR("bulky-waste")));
    entity_set(arena, entity, IRI("state"), json_of_str(str_of(pickup->state)));
    entity_set(arena, entity, IRI("district"), json_of_str(str_of(pickup->district)));
    entity_set(arena, entity, IRI("pickupDate"), json_of_str(str_of(pickup->date)));
    entity_set(arena, entity, IRI("itemClasses"), json_of_items(class, 1));
    entity_set(arena, entity, IRI("openDataChoice"), json_of_str(str_of(pickup->choice)));
    entity_set_kind(arena, entity, ATTR_RELATIONSHIP, IRI("applicant"), json_of_str(person));
    desk_put(desk, entity);
}

void desk_pickups(Desk *desk, const Pickup *pickups, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < pickups[i].n; k++)
            desk_pickup(desk, desk->made++, &pickups[i]);
}

void desk_run(Desk *desk) {
    House *house = &desk->house;
    house_drain(house);
    house->clock.fixed += TIME_MINUTE;
    GOOD(house, open_run(&house->ctx, COUNTS));
    GOOD(house, open_run(&house->ctx, RECORDS));
    house_drain(house);
}

/* The newest bytes of a dataset. */
Str desk_file(Desk *desk, Str dataset, const char *format) {
    House *house = &desk->house;
    OpenDataset set;
    Str bytes;
    GOOD(house, open_dataset(&house->ctx, dataset, &set));
    const OpenFile *file = open_file(&set.latest, str_of(format));
    assert_non_null(file);
    GOOD(house, open_bytes(&house->ctx, file, &bytes));
    return bytes;
}

void desk_fill(Desk *desk) {
    PUT(desk, OCTOBER("manaka", 60), OCTOBER("ekimae", 45), OCTOBER("kamome", 3),
        OCTOBER("hamabe", 12), OCTOBER("kawakami", 31),
        {"2026-10-20", "manaka", "bedding", "in", "collected", 30},
        {"2026-10-20", "manaka", "furniture", "out", "collected", 6},
        {"2026-10-20", "manaka", "furniture", "in", "cancelled", 40},
        {"2026-11-10", "manaka", "furniture", "in", "planned", 50});
}

void desk_aed(Desk *desk, const char *number, const char *name) {
    Arena *arena = desk->house.ctx.arena;
    Entity *entity =
        entity_new(arena, str_fmt(arena, "urn:ngsi-ld:AED:999997:%s", number), IRI("AED"));
    Json *at = NEW_ARRAY(arena, Json, 2);
    at[0] = json_of_number(138.25);
    at[1] = json_of_number(34.75);
    JsonMember *point = NEW_ARRAY(arena, JsonMember, 2);
    point[0] = (JsonMember){STR("type"), json_of_str(STR("Point"))};
    point[1] = (JsonMember){STR("coordinates"), json_of_items(at, 2)};
    entity_set(arena, entity, ld_expand(ld_core(), arena, STR("name")), json_of_str(str_of(name)));
    entity_set_kind(arena, entity, ATTR_GEO, STR(LD_NGSI "location"), json_of_members(point, 2));
    desk_put(desk, entity);
}

/* The text of a release with one thing changed. */
const Json *desk_changed(Desk *desk, size_t index, const char *from, const char *to) {
    House *house = &desk->house;
    const Json *json;
    Buf text = buf_new(house->arena, 1 << 16);
    json_write(&text, desk->releases[index]);
    ptrdiff_t at = str_find(buf_str(&text), str_of(from));
    assert_true(at >= 0);
    Str before = str_head(buf_str(&text), (size_t)at);
    Str after = str_sub(buf_str(&text), (size_t)at + strlen(from), buf_str(&text).len);
    Str whole = str_fmt(house->arena, STR_FMT "%s" STR_FMT, STR_ARG(before), to, STR_ARG(after));
    Ctx lasting = house->ctx;
    lasting.arena = house->arena;
    assert_int_equal(json_read(&lasting, whole, JSON_LIMITS_DEFAULT, &json), RC_OK);
    return json;
}
