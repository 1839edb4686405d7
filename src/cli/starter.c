#include "city_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { PASSWORD_CHARS = 20, CASES = 1000, CASES_SEED = 999997 };

static Rc strings_read(Ctx *ctx, const Json *list, StrVec *out) {
    for (size_t i = 0; list && i < list->len; i++)
        vec_push(ctx->arena, out, json_str(json_at(list, i)));
    return RC_OK;
}

static ActorKind kind_read(Str word) {
    if (str_eq(word, STR("staff"))) return ACTOR_STAFF;
    return str_eq(word, STR("service")) ? ACTOR_SERVICE : ACTOR_RESIDENT;
}

/* ---- the demo accounts' passwords: drawn once, kept beside the keys, shown at every start ---- */

static Str demo_file(const City *city, Arena *arena) {
    return str_fmt(arena, STR_FMT "/demo-accounts", STR_ARG(city->options.keys));
}

static Rc demos_write(Ctx *ctx, const City *city) {
    Str path = demo_file(city, ctx->arena);
    int fd = open(str_z(ctx->arena, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        return ctx_fail(ctx, RC_FAILED, "no-demo-file", path,
                        "The demo passwords cannot be written: %s.", strerror(errno));
    VEC_EACH (PagesDemo, demo, &city->demos)
        fprintf(file, STR_FMT " " STR_FMT "\n", STR_ARG(demo->login), STR_ARG(demo->password));
    if (fclose(file) == 0) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "no-demo-file", path,
                    "The demo passwords cannot be written: %s.", strerror(errno));
}

/* False when there is no file yet. */
static bool demos_read(Ctx *ctx, City *city) {
    FILE *file = fopen(str_z(ctx->arena, demo_file(city, ctx->arena)), "re");
    char line[256];
    if (!file) return false;
    while (fgets(line, sizeof line, file)) {
        Str rest = str_trim(str_of(line)), login, password;
        if (str_split(&rest, ' ', &login) && str_split(&rest, ' ', &password))
            vec_push(city->arena, &city->demos,
                     (PagesDemo){str_dup(city->arena, login), str_dup(city->arena, password)});
    }
    fclose(file);
    return true;
}

static Rc demo_make(Ctx *ctx, City *city, const Json *row) {
    GateAccount account = {.login = json_get_str(row, "login"),
                           .kind = kind_read(json_get_str(row, "kind")),
                           .name = json_get_str(json_get(row, STR("name")), "ja"),
                           .demo = true};
    Str id;
    TRY(strings_read(ctx, json_get(row, STR("posts")), &account.posts));
    TRY(strings_read(ctx, json_get(row, STR("roles")), &account.roles));
    account.password = rand_id(ctx->rand, city->arena, PASSWORD_CHARS);
    TRY(gate_account_create(ctx, &account, &id));
    vec_push(city->arena, &city->demos,
             (PagesDemo){str_dup(city->arena, account.login), account.password});
    return RC_OK;
}

static Rc demos_make(Ctx *ctx, City *city) {
    const Json *organisation;
    TRY(starter_json(ctx, STR("organisation.json"), &organisation));
    const Json *accounts = json_get(organisation, STR("accounts"));
    for (size_t i = 0; accounts && i < accounts->len; i++)
        TRY(demo_make(ctx, city, json_at(accounts, i)));
    return demos_write(ctx, city);
}

/* ---- the city's releases take the way that every release takes ---- */

/* A demo official under his main post, his identity just confirmed. */
static Rc demo_official(Ctx *ctx, const Json *accounts, Str login, Actor *out) {
    Str id, held = STR_NONE;
    for (size_t i = 0; accounts && i < accounts->len; i++)
        if (str_eq(json_get_str(json_at(accounts, i), "login"), login))
            held = json_str(json_at(json_get(json_at(accounts, i), STR("posts")), 0));
    const GatePost *post = gate_post(ctx->tenant->gate, held);
    TRY(gate_account_find(ctx, login, &id));
    if (!post)
        return ctx_fail(ctx, RC_FAILED, "no-post", login, "The organisation has no such post.");
    *out = (Actor){.kind = ACTOR_STAFF,
                   .id = str_dup(ctx->arena, id),
                   .post = post->id,
                   .post_title = post->title_ja,
                   .division = post->division,
                   .roles = post->roles,
                   .stepped_up_at = time_now(ctx->clock)};
    return RC_OK;
}

static Rc release_decide(Ctx *ctx, Str id, Actor *steward, Actor *head) {
    Str proposal;
    const Entity *decision;
    ctx->actor = steward;
    TRY(open_propose(ctx, id, &proposal));
    TRY(ledger_entity(ctx, ctx->tenant->ledger, proposal, &decision));
    ctx->actor = head;
    OpenAct act = {.verdict = OPEN_APPROVE,
                   .id = id,
                   .hash = entity_text(decision, STR(LD_DEFAULT "contentHash"))};
    return open_act(ctx, &act);
}

static Rc releases_decide(Ctx *ctx) {
    const Json *organisation;
    Actor steward, head;
    TRY(starter_json(ctx, STR("organisation.json"), &organisation));
    const Json *accounts = json_get(organisation, STR("accounts"));
    TRY(demo_official(ctx, accounts, STR("steward"), &steward));
    TRY(demo_official(ctx, accounts, STR("head"), &head));
    for (size_t i = 0; i < open_definition_count(ctx->tenant); i++) {
        OpenDefinition definition;
        TRY(open_definition_at(ctx, i, &definition));
        TRY(release_decide(ctx, definition.id, &steward, &head));
    }
    return RC_OK;
}

Rc starter_fill(Ctx *ctx, City *city, Tenant *tenant) {
    Reader *db;
    if (!city_on_loopback(city)) return RC_OK; /* elsewhere nobody gets in by a printed password */
    if (demos_read(ctx, city)) return RC_OK;
    TRY(reader_open(ctx, ledger_store(tenant->ledger), &db));
    Ctx inside = *ctx;
    inside.tenant = tenant;
    inside.db = db;
    inside.actor = (Actor *)gate_operator_actor();
    Rc rc = demos_make(&inside, city);
    if (rc == RC_OK) rc = procedures_seed(&inside, tenant, CASES_SEED, CASES);
    if (rc == RC_OK) rc = releases_decide(&inside);
    ctx->error = inside.error;
    reader_close(db);
    return rc;
}
