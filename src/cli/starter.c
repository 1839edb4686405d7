#include "city_int.h"
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORD_CHARS = 20, CASES = 1000, CASES_SEED = 999997, CASES_TOLD = 100 };

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

Str starter_demo_file(const City *city, Arena *arena, bool unfinished) {
    return str_fmt(arena, STR_FMT "/demo-accounts%s", STR_ARG(city->options.keys),
                   unfinished ? ".unfinished" : "");
}

static Rc demos_not_written(Ctx *ctx, Str path) {
    return ctx_fail(ctx, RC_FAILED, "no-demo-file", path,
                    "The demo passwords cannot be written: %s.", strerrordesc_np(errno));
}

static Rc demos_write(Ctx *ctx, const City *city) {
    Str path = starter_demo_file(city, ctx->arena, true);
    int fd = open(str_z(ctx->arena, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) return demos_not_written(ctx, path);
    VEC_EACH (PagesDemo, demo, &city->demos)
        fprintf(file, STR_FMT " " STR_FMT "\n", STR_ARG(demo->login), STR_ARG(demo->password));
    bool good = fflush(file) == 0 && fsync(fd) == 0;
    return fclose(file) == 0 && good ? RC_OK : demos_not_written(ctx, path);
}

/* The starter city is whole: its file gets its name. */
static Rc demos_finish(Ctx *ctx, const City *city) {
    Str path = starter_demo_file(city, ctx->arena, false);
    const char *from = str_z(ctx->arena, starter_demo_file(city, ctx->arena, true));
    return rename(from, str_z(ctx->arena, path)) == 0 ? RC_OK : demos_not_written(ctx, path);
}

/* False when there is no file yet. */
static bool demos_read(Ctx *ctx, City *city) {
    FILE *file = fopen(str_z(ctx->arena, starter_demo_file(city, ctx->arena, false)), "re");
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

static Rc demo_make(Ctx *ctx, const Json *row, Str password) {
    GateAccount account = {.login = json_get_str(row, "login"),
                           .kind = kind_read(json_get_str(row, "kind")),
                           .name = json_get_str(json_get(row, STR("name")), "ja"),
                           .password = password,
                           .demo = true};
    Str id;
    TRY(strings_read(ctx, json_get(row, STR("posts")), &account.posts));
    TRY(strings_read(ctx, json_get(row, STR("roles")), &account.roles));
    return gate_account_create(ctx, &account, &id);
}

/* The passwords are kept before the first account has one. */
static Rc demos_make(Ctx *ctx, City *city) {
    const Json *organisation;
    TRY(starter_json(ctx, STR("organisation.json"), &organisation));
    const Json *accounts = json_get(organisation, STR("accounts"));
    size_t count = accounts ? accounts->len : 0;
    for (size_t i = 0; i < count; i++)
        vec_push(city->arena, &city->demos,
                 (PagesDemo){str_dup(city->arena, json_get_str(json_at(accounts, i), "login")),
                             rand_id(ctx->rand, city->arena, PASSWORD_CHARS)});
    TRY(demos_write(ctx, city));
    for (size_t i = 0; i < count; i++)
        TRY(demo_make(ctx, json_at(accounts, i), city->demos.items[i].password));
    return RC_OK;
}

/* ---- the city's releases take the way that every release takes ---- */

static const Json *demo_find(const Json *accounts, Str login) {
    for (size_t i = 0; accounts && i < accounts->len; i++)
        if (str_eq(json_get_str(json_at(accounts, i), "login"), login)) return json_at(accounts, i);
    return NULL;
}

/* A demo official under one of his posts, his identity just confirmed. */
static Rc demo_acts(Ctx *ctx, Str login, Str held, Actor *out) {
    Str id;
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

/* Under his main post. */
static Rc demo_official(Ctx *ctx, const Json *accounts, Str login, Actor *out) {
    const Json *account = demo_find(accounts, login);
    Str held = account ? json_str(json_at(json_get(account, STR("posts")), 0)) : STR_NONE;
    return demo_acts(ctx, login, held, out);
}

static Rc release_decide(Ctx *ctx, Str id, Actor *steward, Actor *head) {
    Str proposal;
    const Entity *decision;
    ctx->actor = steward;
    TRY(open_propose(ctx, id, &proposal));
    TRY(ledger_entity(ctx, ctx->tenant->ledger, proposal, &decision));
    ctx->actor = head;
    RouteAct act = {.verb = ROUTE_APPROVE,
                    .stage = ROUTE_STAGES_MAX,
                    .hash = entity_text(decision, STR(LD_DEFAULT "contentHash"))};
    return open_act(ctx, id, &act);
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

/* ---- what some of them do for some days, from the day on which the city is made ---- */

static Rc duty_order(Ctx *ctx, const Json *row) {
    Str official = json_get_str(row, "official");
    const GatePost *post = gate_post(ctx->tenant->gate, json_get_str(row, "post"));
    Date today = time_jst_date(time_now(ctx->clock));
    int64_t days = json_get_int(row, "days", 1);
    Actor orders;
    bool waits;
    AppointWish wish = {.kind = gate_duty_kind(json_get_str(row, "kind")),
                        .post = post ? post->id : STR_NONE,
                        .days = {today, time_days_date(time_date_days(today) + days - 1)},
                        .ground = json_get_str(row, "ground")};
    TRY(demo_acts(ctx, json_get_str(row, "by"), post ? post->appointed : STR_NONE, &orders));
    TRY(gate_account_find(ctx, official, &wish.official));
    ctx->actor = &orders;
    Rc rc = appoint_order(ctx, &wish, &waits);
    ctx->actor = (Actor *)gate_operator_actor();
    return rc;
}

static Rc duties_order(Ctx *ctx) {
    const Json *organisation;
    TRY(starter_json(ctx, STR("organisation.json"), &organisation));
    const Json *rows = json_get(organisation, STR("duties"));
    for (size_t i = 0; rows && i < rows->len; i++)
        TRY(duty_order(ctx, json_at(rows, i)));
    return RC_OK;
}

/* ---- the meeting that comes next, so many working days from the day on which the city is made
 * ---- */

static Rc item_bring(Ctx *ctx, const Json *row, Str meeting) {
    Actor brings;
    MeetWish wish = {.title = json_get_str(row, "title"),
                     .summary = json_get_str(row, "summary"),
                     .shown = meet_shown_of(json_get_str(row, "shown"))};
    TRY(demo_acts(ctx, json_get_str(row, "by"), json_get_str(row, "post"), &brings));
    ctx->actor = &brings;
    Rc rc = meet_bring(ctx, meeting, 0, &wish);
    ctx->actor = (Actor *)gate_operator_actor();
    return rc;
}

static Rc meeting_plan(Ctx *ctx, const Json *row) {
    Str series = json_get_str(row, "series"), meeting;
    const Json *is = meet_series(ctx, series), *items = json_get(row, STR("items"));
    Date today = time_jst_date(time_now(ctx->clock));
    Date day = waste_working_days_after(procedures_waste(ctx->tenant), today,
                                        json_get_int(row, "workingDays", 1));
    MeetPlan wish = {.series = series,
                     .place = json_get_str(is, "place"),
                     .day = time_format_date(ctx->arena, day),
                     .time = json_get_str(row, "time")};
    Actor plans;
    TRY(demo_acts(ctx, json_get_str(row, "by"), json_get_str(is, "secretariat"), &plans));
    ctx->actor = &plans;
    Rc rc = meet_plan(ctx, &wish, &meeting);
    ctx->actor = (Actor *)gate_operator_actor();
    for (size_t i = 0; rc == RC_OK && items && i < items->len; i++)
        rc = item_bring(ctx, json_at(items, i), meeting);
    return rc;
}

static Rc meetings_plan(Ctx *ctx) {
    const Json *rows;
    TRY(starter_json(ctx, STR("meetings.json"), &rows));
    for (size_t i = 0; i < rows->len; i++)
        TRY(meeting_plan(ctx, json_at(rows, i)));
    return RC_OK;
}

static Rc check_empty(Ctx *ctx, const City *city, const Tenant *tenant) {
    if (ledger_head(tenant->ledger) == 0) return RC_OK;
    if (place_there(ctx, starter_demo_file(city, ctx->arena, true)))
        return ctx_fail(ctx, RC_CONFLICT, "starter-unfinished", city->options.data,
                        "The first start with --starter was interrupted, and the city is half "
                        "made: delete this folder, and start again.");
    return ctx_fail(ctx, RC_CONFLICT, "is-city", city->options.data,
                    "This folder holds a city already, which gets no demo accounts: start it "
                    "without --starter, or choose another with --data.");
}

/* ---- what takes long ---- */

static void tell(const City *city, const char *line) {
    FILE *to = city->options.progress;
    if (!to) return;
    fprintf(to, "%s\n", line);
    fflush(to);
}

static void tell_cases(void *arg, size_t done, size_t of) {
    char line[80];
    if (done % CASES_TOLD) return;
    snprintf(line, sizeof line, "  %zu of %zu cases", done, of);
    tell(arg, line);
}

static Rc city_make(Ctx *ctx, City *city, Tenant *tenant) {
    SeedWish wish = {.seed = CASES_SEED, .count = CASES, .tell = tell_cases, .tell_arg = city};
    TRY(check_empty(ctx, city, tenant));
    tell(city, "machi fills the starter city, which takes about half a minute, once");
    TRY(demos_make(ctx, city));
    TRY(duties_order(ctx));
    TRY(meetings_plan(ctx));
    tell(city, "  places and readings");
    TRY(starter_places(ctx));
    TRY(starter_readings(ctx));
    TRY(procedures_seed(ctx, tenant, &wish));
    tell(city, "  what is opened as data");
    TRY(releases_decide(ctx));
    return demos_finish(ctx, city);
}

Rc starter_fill(Ctx *ctx, City *city, Tenant *tenant) {
    Reader *db;
    if (!city_on_loopback(city)) return RC_OK; /* elsewhere nobody gets in by a printed password */
    TRY(reader_open(ctx, ledger_store(tenant->ledger), &db));
    Ctx inside = *ctx;
    inside.tenant = tenant;
    inside.db = db;
    inside.actor = (Actor *)gate_operator_actor();
    Rc rc = demos_read(ctx, city) ? starter_readings(&inside) : city_make(&inside, city, tenant);
    ctx->error = inside.error;
    reader_close(db);
    return rc;
}
