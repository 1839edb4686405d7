#include "procedure_int.h"

#include "automate.h"

enum { SAW_MAX = 8 << 10, SAID_MAX = 200 };

static const Actor automaton = {
    .kind = ACTOR_SYSTEM, .id = {"urn:machi:automaton", 19}, .stepped_up_at = TIME_NONE};

/* A rule at a case. */
typedef struct Looking {
    Ctx *ctx;
    const Entity *application;
    const Definition *definition;
    const Automatic *rule;
    BinEntries entries;
    BinSaws saws;
} Looking;

/* ---- what it says ---- */

static void unmet_add(Ctx *ctx, const Entity *application, bool checks, StrVec *out) {
    Json *found = NEW(ctx->arena, Json);
    *found = defined_found(ctx, application, checks);
    for (size_t i = 0; i < found->len; i++) {
        const Json *one = json_at(found, i);
        if (!json_get_bool(one, "ok", false))
            vec_push(ctx->arena, out, json_get_str(one, checks ? "check" : "condition"));
    }
}

/* What the office sees checked, each as of its day. */
static void unmet_of(Ctx *ctx, const Entity *application, StrVec *out) {
    unmet_add(ctx, application, false, out);
    unmet_add(ctx, application, true, out);
}

static Json unmet_json(Arena *arena, const StrVec *unmet) {
    JsonItems items = {0};
    VEC_EACH (const Str, id, unmet)
        vec_push(arena, &items, json_of_str(*id));
    return json_of_items(items.items, items.len);
}

/* The values of all that the test names. */
static const Json *saw_json(const Looking *looking, const Form *form, const StrVec *unmet) {
    Arena *arena = looking->ctx->arena;
    StrVec names = {0};
    JsonMembers members = {0};
    Json *saw = NEW(arena, Json);
    feel_names(arena, looking->rule->test, &names);
    VEC_EACH (const Str, name, &names) {
        if (str_eq(*name, AUTOMATIC_UNMET))
            vec_push(arena, &members, (JsonMember){*name, unmet_json(arena, unmet)});
        for (size_t i = 0; i < form->n_entries; i++)
            if (str_eq(form->entries[i].name, *name))
                vec_push(arena, &members,
                         (JsonMember){*name, feel_to_json(arena, &form->entries[i].value)});
    }
    *saw = json_of_members(members.items, members.len);
    return saw;
}

static bool all_found(const Entity *application, Str iri, const char *member,
                      const DefinedRules *rules) {
    const Attr *found = entity_attr(application, iri);
    VEC_EACH (const DefinedRule, rule, rules) {
        bool there = false;
        for (size_t i = 0; found && found->value && i < found->value->len; i++)
            there |= str_eq(json_get_str(json_at(found->value, i), member), rule->id);
        if (!there) return false;
    }
    return true;
}

/* A case that has come to another version was never held against what that checks anew: a person
   does that. */
static bool was_checked(const Looking *looking) {
    const Entity *application = looking->application;
    const Definition *definition = looking->definition;
    return all_found(application, IRI("conditions"), "condition", &definition->conditions) &&
           all_found(application, IRI("checks"), "check", &definition->checks);
}

/* The bin that the rule names; how it came to it stands in the last of looking->saws. */
static AutomaticBin judge(Looking *looking) {
    Ctx *ctx = looking->ctx;
    Form form;
    StrVec unmet = {0};
    unmet_of(ctx, looking->application, &unmet);
    defined_form(ctx, looking->application, &form);
    FeelValue said = form_automatic(ctx, &form, looking->rule, &unmet);
    Str text = str_head(feel_text(ctx->arena, &said), SAID_MAX);
    vec_push(
        ctx->arena, &looking->saws,
        (BinSaw){.rule = looking->rule->id, .saw = saw_json(looking, &form, &unmet), .said = text});
    return was_checked(looking) ? automatic_bin(looking->rule, &said) : BIN_BY_HAND;
}

/* ---- who is drawn ---- */

static Str standing_id(Arena *arena, Str procedure, Str rule) {
    return str_fmt(arena, "urn:ngsi-ld:AutomaticRule:" STR_FMT ":" STR_FMT, STR_ARG(procedure),
                   STR_ARG(rule));
}

static Rc standing_version(Ctx *ctx, Str id, uint64_t *out) {
    const Entity *standing;
    *out = 0;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &standing);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    *out = standing->version;
    return RC_OK;
}

/* By a hash under the city's key: neither who applies nor who works on it can choose which ones. */
static bool is_drawn(Ctx *ctx, const Automatic *rule, Str id, int64_t rate) {
    Str text = str_fmt(ctx->arena, STR_FMT " " STR_FMT, STR_ARG(rule->mark), STR_ARG(id));
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("automatic-sample"), text);
    uint64_t drawn = 0;
    for (size_t i = 0; i < 4; i++)
        drawn = drawn << 8 | digest.bytes[i];
    return drawn % 100 < (uint64_t)rate;
}

/* The case is moved only while no error was found since the rate was looked up. */
typedef struct PartStanding {
    Str id;
    uint64_t version; /* 0: none was ever found */
} PartStanding;

static Rc standing_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartStanding *part = args;
    const Entity *now = stage_entity(stage, part->id);
    if ((now ? now->version : 0) == part->version) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "rule-erred", part->id,
                    "The rule was found wrong meanwhile: all of its cases are confirmed.");
}

static const PartKind part_standing = {"automatic.standing", 1, standing_guard, NULL};

static void standing_add(Command *command, PartStanding standing) {
    PartStanding *part = NEW(command_arena(command), PartStanding);
    *part = (PartStanding){str_dup(command_arena(command), standing.id), standing.version};
    command_needs(command, part->id);
    command_add(command, &part_standing, part);
}

/* ---- one case ---- */

static void entry_draw(const Looking *looking, const BinCounts *counts, BinEntry *entry) {
    entry->rate = automatic_rate(looking->rule, counts->run);
    bool all = entry->rate >= 100;
    if (all || is_drawn(looking->ctx, looking->rule, looking->application->id, entry->rate))
        entry->bin = BIN_CONFIRM;
    entry->why = all ? WHY_ALL : entry->bin == BIN_CONFIRM ? WHY_SAMPLE : WHY_RULE;
}

static void binned_set(const Looking *looking, Arena *arena, Entity *set) {
    Json entries = bin_entries_json(looking->ctx->arena, &looking->entries),
         saws = bin_saws_json(looking->ctx->arena, &looking->saws);
    entity_set_kind(arena, set, ATTR_JSON, IRI("automatic"), *json_dup(arena, &entries));
    entity_set_kind(arena, set, ATTR_JSON, IRI("automaticSaw"), *json_dup(arena, &saws));
}

/* Writes down what was found of a case that stays where it is. */
static void binned_put(const Looking *looking, Command *command) {
    Arena *arena = command_arena(command);
    Entity *after = entity_new(arena, looking->application->id, STR(CASE_TYPE));
    binned_set(looking, arena, after);
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after}, PUT_VERSION,
                looking->application->version);
}

static Rc bin_commit(Looking *looking, const BinEntry *entry, PartStanding standing) {
    Ctx *ctx = looking->ctx;
    Outcome outcome;
    Rc rc = RC_OK;
    Command *command =
        case_command(ctx, STR("application.automatic"), looking->application->id, STR("timer"));
    vec_push(ctx->arena, &looking->entries, *entry);
    if (entry->bin == BIN_DONE) {
        Entity *set = entity_new(command_arena(command), looking->application->id, STR(CASE_TYPE));
        binned_set(looking, command_arena(command), set);
        standing_add(command, standing);
        rc =
            defined_rule_moves(ctx, command, &(RuleMove){looking->application, looking->rule, set});
    } else
        binned_put(looking, command);
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

static Rc look(Looking *looking) {
    Ctx *ctx = looking->ctx;
    const Automatic *rule = looking->rule;
    BinCounts counts = {0};
    BinEntry entry = {.rule = rule->id,
                      .mark = rule->mark,
                      .state = rule->state,
                      .move = rule->move,
                      .why = WHY_FALLBACK,
                      .rate = 100,
                      .at = time_now(ctx->clock)};
    entry.bin = judge(looking);
    if (entry.bin != BIN_DONE) return bin_commit(looking, &entry, (PartStanding){0});
    PartStanding standing = {.id = standing_id(ctx->arena, looking->definition->id, rule->id)};
    TRY(standing_version(ctx, standing.id, &standing.version)); /* before the counts are read */
    TRY(bins_counts(ctx, looking->definition->id, rule, &counts));
    entry_draw(looking, &counts, &entry);
    return bin_commit(looking, &entry, standing);
}

static const Automatic *rule_due(const Definition *definition, const Entity *application,
                                 const BinEntries *entries) {
    const Automatic *rule =
        definition_rule_of(definition, entity_text(application, IRI("procedureState")));
    VEC_EACH (const BinEntry, entry, entries)
        if (rule && str_eq(entry->rule, rule->id)) return NULL;
    return rule;
}

/* Looks once; *more: it was moved, and another rule may be about where it is now. */
static Rc look_once(Ctx *ctx, Str id, bool *more) {
    Looking looking = {.ctx = ctx};
    *more = false;
    TRY(case_load(ctx, id, &looking.application));
    looking.definition = defined_of(ctx, looking.application);
    bin_entries(ctx->arena, looking.application, &looking.entries);
    bin_saws(ctx->arena, looking.application, &looking.saws);
    if (looking.definition)
        looking.rule = rule_due(looking.definition, looking.application, &looking.entries);
    if (!looking.rule) return RC_OK;
    Actor *actor = NEW(ctx->arena, Actor);
    *actor = automaton;
    actor->post = office_post_id_now(ctx, entity_text(looking.application, IRI("post")));
    ctx->actor = actor;
    TRY(look(&looking));
    *more = looking.entries.items[looking.entries.len - 1].bin == BIN_DONE;
    return RC_OK;
}

/* The next round meets that anew, until somebody is ordered to act for the post. */
static bool nobody_signs(const Ctx *ctx) {
    return str_eq(ctx->error.code, STR("nobody-signs"));
}

Rc automate_case(Ctx *ctx, Str id) {
    Ctx own = *ctx;
    bool more = true;
    Rc rc = RC_OK;
    own.actor = (Actor *)(uintptr_t)&automaton;
    own.purpose = STR("application-check");
    own.error = (Error){0};
    while (rc == RC_OK && more)
        rc = look_once(&own, id, &more);
    bool faster = rc == RC_CONFLICT && !nobody_signs(&own);
    if (rc == RC_OK || faster || rc == RC_NOT_FOUND)
        return RC_OK; /* somebody was faster, or found an error: the next round looks anew */
    ctx_keep_error(ctx, &own.error);
    return rc;
}

/* ---- all that no rule has looked at ---- */

typedef struct Gathering {
    Ctx *ctx; /* whose arena lasts */
    const Definition *definition;
    StrVec ids;
    size_t skip, most; /* those passed already, and how many behind them */
} Gathering;

static Rc gather(Ctx *ctx, void *arg, const Entity *application) {
    Gathering *gathering = arg;
    BinEntries entries;
    const Definition *own = defined_of(gathering->ctx, application);
    if (gathering->ids.len == gathering->most || case_is_erased(application)) return RC_OK;
    bin_entries(ctx->arena, application, &entries);
    if (own != gathering->definition || !rule_due(own, application, &entries)) return RC_OK;
    if (gathering->skip)
        gathering->skip--;
    else
        vec_push(gathering->ctx->arena, &gathering->ids,
                 str_dup(gathering->ctx->arena, application->id));
    return RC_OK;
}

static Rc rule_round(Gathering *gathering, const Automatic *rule) {
    Ctx *ctx = gathering->ctx;
    ProjectWish wish = {.type = STR("Application"),
                        .q = str_fmt(ctx->arena,
                                     "procedure==\"" STR_FMT "\";procedureState==\"" STR_FMT "\"",
                                     STR_ARG(gathering->definition->id), STR_ARG(rule->state))};
    return project_each(ctx, &wish, gather, gathering);
}

static Rc round_gather(Ctx *ctx, Gathering *gathering) {
    const Catalogue *catalogue = procedures_catalogue(ctx->tenant);
    StrVec ids = {0};
    catalogue_ids(ctx->arena, catalogue, &ids);
    VEC_EACH (const Str, id, &ids) {
        const Definition *newest = catalogue_newest(catalogue, *id);
        for (int64_t version = 1; version <= newest->version; version++) {
            gathering->definition = catalogue_version(catalogue, *id, version);
            if (!gathering->definition) continue;
            VEC_EACH (const Automatic, rule, &gathering->definition->automatic)
                TRY(rule_round(gathering, rule));
        }
    }
    return RC_OK;
}

/* A round over all that is due. */
typedef struct Round {
    size_t passed; /* those that wait for a person, and stay in front of what is due */
    size_t done;
    bool told, late, over; /* over: there is nothing behind them */
} Round;

/* Of those it waits for a person: one keeps no other. */
static void case_passed(const Ctx *ctx, Str id, Rc rc, Round *round) {
    bool vacant = rc == RC_CONFLICT && nobody_signs(ctx);
    if (!(vacant && round->told))
        log_error("procedure", "a rule cannot look at " STR_FMT ": " STR_FMT, STR_ARG(id),
                  STR_ARG(ctx->error.detail));
    round->told |= vacant; /* which all cases of its rule meet: once is enough */
    round->passed++;
}

static Rc round_batch(Ctx *ctx, size_t most, Round *round) {
    Gathering gathering = {.ctx = ctx, .skip = round->passed, .most = most};
    TRY(round_gather(ctx, &gathering));
    round->over = gathering.ids.len < most;
    VEC_EACH (const Str, id, &gathering.ids) {
        Rc rc = automate_case(ctx, *id);
        round->late = ctx->deadline && time_monotonic() >= ctx->deadline;
        if (rc == RC_BUSY || rc == RC_FAILED || (rc != RC_OK && round->late)) return rc;
        if (rc != RC_OK) case_passed(ctx, *id, rc, round);
        round->done += rc == RC_OK;
    }
    return RC_OK;
}

Rc automate_round(Ctx *ctx, size_t most, size_t *n) {
    size_t *passed = &ctx->tenant->procedures->passed;
    Round round = {.passed = *passed};
    Rc rc = RC_OK;
    while (rc == RC_OK && round.done < most && !round.over && !round.late) {
        ArenaMark mark = arena_mark(ctx->arena);
        rc = round_batch(ctx, most - round.done, &round);
        if (rc == RC_OK) arena_rewind(ctx->arena, mark);
    }
    *passed = round.over ? 0 : round.passed; /* the next one goes on there, and then begins anew */
    *n = round.done;
    return rc;
}

/* ---- what a person makes of it ---- */

static void standing_erred(Ctx *ctx, Command *command, Str procedure, Str rule) {
    Arena *arena = command_arena(command);
    Entity *after = entity_new(arena, standing_id(arena, procedure, rule), STR(AUTOMATIC_TYPE));
    entity_set(arena, after, IRI("procedure"), json_of_str(str_dup(arena, procedure)));
    entity_set(arena, after, IRI("rule"), json_of_str(str_dup(arena, rule)));
    entity_set(arena, after, IRI("erredAt"), json_of_str(time_format(arena, time_now(ctx->clock))));
    command_put(command, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after}, PUT_ANY, 0);
}

void automate_moved(Ctx *ctx, Command *command, const Entity *application, const DefinedMove *move,
                    Entity *set) {
    Arena *arena = command_arena(command);
    BinEntries entries;
    bin_entries(ctx->arena, application, &entries);
    BinEntry *open = bin_open(&entries, application);
    if (!open) return;
    open->end = move->by_resident              ? END_GONE
                : str_eq(move->id, open->move) ? END_CONFIRMED
                                               : END_OTHERWISE;
    Json json = bin_entries_json(ctx->arena, &entries);
    entity_set_kind(arena, set, ATTR_JSON, IRI("automatic"), *json_dup(arena, &json));
    if (open->end == END_OTHERWISE && open->why != WHY_FALLBACK)
        standing_erred(ctx, command, entity_text(application, IRI("procedure")), open->rule);
}

void automate_gone(Ctx *ctx, Command *command, const Entity *application, Entity *set) {
    static const DefinedMove withdrawn = {.by_resident = true};
    automate_moved(ctx, command, application, &withdrawn, set);
}

static BinSaw *saw_of(BinSaws *saws, Str rule) {
    VEC_EACH (BinSaw, saw, saws)
        if (str_eq(saw->rule, rule)) return saw;
    return NULL;
}

static void reason_write(Ctx *ctx, BinSaws *saws, const BinEntry *entry, Str reason) {
    BinSaw *saw = saw_of(saws, entry->rule);
    if (!saw) saw = vec_push(ctx->arena, saws, (BinSaw){.rule = entry->rule});
    saw->reason = str_trim(reason);
    saw->post = ctx->actor->post;
    saw->reason_at = time_now(ctx->clock);
}

static Rc refute_load(Ctx *ctx, const OfficeAct *act, Looking *looking, BinEntry **entry) {
    *looking = (Looking){.ctx = ctx};
    TRY(office_text(ctx, act));
    TRY(office_case(ctx, act, ACT_UPDATE, &looking->application));
    if (act->version && act->version != looking->application->version)
        return ctx_fail(ctx, RC_CONFLICT, "moved-on", act->id,
                        "This case has moved on since you looked at it: load the page again.");
    bin_entries(ctx->arena, looking->application, &looking->entries);
    bin_saws(ctx->arena, looking->application, &looking->saws);
    *entry = bin_open(&looking->entries, looking->application);
    if (!*entry) *entry = bin_made(&looking->entries);
    if (*entry) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "nothing-automatic", act->id,
                    "No rule has prepared or moved this case.");
}

Rc automate_refute(Ctx *ctx, const OfficeAct *act) {
    Looking looking;
    BinEntry *entry;
    Outcome outcome;
    TRY(refute_load(ctx, act, &looking, &entry));
    bool open = entry->bin == BIN_CONFIRM && entry->end == END_OPEN;
    entry->end = open ? END_OTHERWISE : END_OBJECTED;
    reason_write(ctx, &looking.saws, entry, act->text);
    Command *command = case_command(ctx, STR("application.refute"), act->id, STR("web"));
    binned_put(&looking, command);
    if (entry->why != WHY_FALLBACK)
        standing_erred(ctx, command, entity_text(looking.application, IRI("procedure")),
                       entry->rule);
    Rc rc = case_execute(ctx, command, &outcome);
    if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("version")))
        ctx->error.code = STR("moved-on");
    return rc;
}

static Rc lines_check(Ctx *ctx, const AutomateLines *lines) {
    VEC_EACH (const AutomateLine, line, lines)
        if (line->out && text_is_blank(ctx->arena, line->reason))
            return ctx_fail(ctx, RC_INVALID, "missing", line->id,
                            "Write why the rule is wrong about this case.");
    return RC_OK;
}

/* Only what this rule has prepared, and as it was shown. */
static Rc line_confirm(Ctx *ctx, Str rule, const AutomateLine *line) {
    const Entity *application;
    BinEntries entries;
    TRY(case_load(ctx, line->id, &application));
    bin_entries(ctx->arena, application, &entries);
    const BinEntry *open = bin_open(&entries, application);
    if (!open || !str_eq(open->rule, rule) || !hands_same(application, line->version))
        return ctx_fail(ctx, RC_CONFLICT, "moved-on", line->id,
                        "This case has moved on since you looked at it: load the page again.");
    if (line->out)
        return automate_refute(
            ctx,
            &(OfficeAct){.id = line->id, .version = application->version, .text = line->reason});
    return defined_move(
        ctx, &(DefinedAct){.id = line->id, .move = open->move, .version = application->version});
}

Rc automate_confirm(Ctx *ctx, Str rule, const AutomateLines *lines, AutomateDone *out) {
    *out = (AutomateDone){0};
    TRY(lines_check(ctx, lines));
    VEC_EACH (const AutomateLine, line, lines) {
        Rc rc = line_confirm(ctx, rule, line);
        if (rc == RC_CONFLICT || rc == RC_NOT_FOUND)
            vec_push(ctx->arena, &out->left, line->id);
        else
            TRY(rc);
        out->confirmed += rc == RC_OK && !line->out;
        out->out += rc == RC_OK && line->out;
    }
    return RC_OK;
}
