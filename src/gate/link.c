/* link: an applicant without account is a subject of his own; whoever proves that he holds the
   record's address takes that subject into his account. It is linked, never re-keyed (DESIGN §6):
   the record, its subject and its keys stay as they are. A link is an entity of ids alone, which
   outlives keys, so that an erasure finds all subjects of a person. */
#include "gate_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { LINKS_ARENA = 1 << 30, ID_CHARS = 26, REASON_MAX = 1000 };

#define PERSON_PREFIX  "urn:ngsi-ld:Person:"
#define ACCOUNT_PREFIX "urn:ngsi-ld:Account:"

/* Who took which subject in, for readers that may not wait for the store. */
struct Links {
    pthread_mutex_t lock; /* guards all below */
    Arena *arena;
    Map persons;  /* subject → Str of the person; empty: taken out again */
    Map subjects; /* person → StrVec of all subjects that he ever took in */
    bool stale;   /* a command's outcome is unknown: to be read again */
    _Atomic uint64_t generation;
};

/* ---- what is known ---- */

static void subject_note(struct Links *links, Str person, Str subject) {
    StrVec *all = map_get(&links->subjects, person);
    if (!all) {
        all = NEW(links->arena, StrVec);
        *all = (StrVec){0};
        map_put(&links->subjects, str_dup(links->arena, person), all);
    }
    VEC_EACH (const Str, one, all)
        if (str_eq(*one, subject)) return;
    vec_push(links->arena, all, str_dup(links->arena, subject));
}

/* Under the lock. */
static void links_set(struct Links *links, Str subject, Str person) {
    Str *known = map_get(&links->persons, subject);
    if (!known) {
        known = NEW(links->arena, Str);
        *known = STR_NONE;
        map_put(&links->persons, str_dup(links->arena, subject), known);
    }
    if (str_eq(*known, person)) return;
    *known = str_dup(links->arena, person);
    if (!str_empty(person)) subject_note(links, person, subject);
    atomic_fetch_add(&links->generation, 1);
}

/* The person whose account has the subject; empty: nobody's. */
static Str links_person(Ctx *ctx, struct Links *links, Str subject) {
    pthread_mutex_lock(&links->lock);
    const Str *known = map_get(&links->persons, subject);
    Str person = known ? str_dup(ctx->arena, *known) : STR_NONE;
    pthread_mutex_unlock(&links->lock);
    return person;
}

bool link_holds(const Ctx *ctx, Str subject, Str person) {
    struct Links *links = ctx->tenant->gate->links;
    if (str_empty(subject) || str_empty(person)) return false;
    pthread_mutex_lock(&links->lock);
    const Str *known = map_get(&links->persons, subject);
    bool holds = known && str_eq(*known, person);
    pthread_mutex_unlock(&links->lock);
    return holds;
}

uint64_t link_generation(const Ctx *ctx) {
    return atomic_load(&ctx->tenant->gate->links->generation);
}

static bool is_linked(const Entity *link) {
    return link && str_eq(entity_text(link, IRI("linkState")), STR("linked"));
}

/* The link as it is now: of two threads that have changed it the later one counts. */
static Rc links_take(Ctx *ctx, struct Links *links, Str id) {
    const Entity *link = NULL;
    pthread_mutex_lock(&links->lock);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &link);
    if (rc == RC_OK)
        links_set(links, entity_text(link, IRI("linkSubject")),
                  is_linked(link) ? entity_text(link, IRI("linkPerson")) : STR_NONE);
    pthread_mutex_unlock(&links->lock);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static Rc link_take(Ctx *ctx, void *arg, const Entity *link) {
    return links_take(ctx, arg, link->id);
}

static Rc links_read(Ctx *ctx, struct Links *links) {
    return project_each(ctx, &(ProjectWish){.type = STR(LINK_TYPE)}, link_take, links);
}

Rc link_open(Ctx *ctx, Gate *gate) {
    struct Links *links = mem_zero(sizeof *links);
    pthread_mutex_init(&links->lock, NULL);
    links->arena = arena_new(LINKS_ARENA);
    links->persons = map_new(links->arena);
    links->subjects = map_new(links->arena);
    gate->links = links;
    return gate->tenant->project ? links_read(ctx, links) : RC_OK;
}

void link_close(Gate *gate) {
    struct Links *links = gate->links;
    if (!links) return;
    gate->links = NULL;
    pthread_mutex_destroy(&links->lock);
    arena_free(links->arena);
    mem_free(links);
}

/* ---- subjects of a person ---- */

static Rc links_refresh(Ctx *ctx, struct Links *links) {
    pthread_mutex_lock(&links->lock);
    bool stale = links->stale;
    links->stale = false;
    pthread_mutex_unlock(&links->lock);
    if (!stale) return RC_OK;
    Rc rc = links_read(ctx, links);
    pthread_mutex_lock(&links->lock);
    links->stale |= rc != RC_OK;
    pthread_mutex_unlock(&links->lock);
    return rc;
}

Rc gate_subjects(Ctx *ctx, Str person, StrVec *out) {
    struct Links *links = ctx->tenant->gate->links;
    *out = (StrVec){0};
    if (str_empty(person)) return RC_OK;
    TRY(links_refresh(ctx, links));
    vec_push(ctx->arena, out, str_dup(ctx->arena, person));
    pthread_mutex_lock(&links->lock);
    const StrVec *all = map_get(&links->subjects, person);
    for (size_t i = 0; all && i < all->len; i++) {
        const Str *now = map_get(&links->persons, all->items[i]);
        if (now && str_eq(*now, person))
            vec_push(ctx->arena, out, str_dup(ctx->arena, all->items[i]));
    }
    pthread_mutex_unlock(&links->lock);
    return RC_OK;
}

/* The id under `to` with the random part that it has under `from`; empty: it isn't under that. */
static Str moved(Arena *arena, Str id, Str from, Str to) {
    if (!str_starts(id, from)) return STR_NONE;
    Str suffix = str_sub(id, from.len, id.len);
    return str_fmt(arena, STR_FMT STR_FMT, STR_ARG(to), STR_ARG(suffix));
}

/* Whose the subject is by itself: an account's person has the account's own random part. */
static Str account_of(Arena *arena, Str subject) {
    return moved(arena, subject, STR(PERSON_PREFIX), STR(ACCOUNT_PREFIX));
}

static Str link_id(Arena *arena, Str subject) {
    Digest digest = hash_sha256(subject);
    Str hash = hash_base32(arena, (Str){(const char *)digest.bytes, sizeof digest.bytes}, ID_CHARS);
    return str_fmt(arena, "urn:ngsi-ld:PersonLink:" STR_FMT, STR_ARG(hash));
}

/* Whether an official took the subject out of this person's account. */
static Rc was_unlinked(Ctx *ctx, Str subject, Str person, bool *out) {
    const Entity *link;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, link_id(ctx->arena, subject), &link);
    *out = rc == RC_OK && !is_linked(link) && str_eq(entity_text(link, IRI("linkPerson")), person);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

Rc gate_link_state(Ctx *ctx, Str subject, GateLinkState *out) {
    const Actor *actor = gate_actor(ctx);
    const Entity *account;
    Str person = links_person(ctx, ctx->tenant->gate->links, subject);
    bool own = !str_empty(actor->person) &&
               (str_eq(subject, actor->person) || str_eq(person, actor->person));
    *out = own ? LINK_OWN : str_empty(person) ? LINK_ACCOUNT : LINK_TAKEN;
    Str id = account_of(ctx->arena, subject);
    if (*out != LINK_ACCOUNT || str_empty(id)) return RC_OK;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &account);
    if (rc != RC_NOT_FOUND) return rc;
    bool unlinked;
    TRY(was_unlinked(ctx, subject, actor->person, &unlinked));
    *out = unlinked ? LINK_REFUSED : LINK_FREE;
    return RC_OK;
}

/* ---- linking ---- */

typedef struct PartLink {
    Str link, account, record, subject, person; /* ids */
    Str actor;                                  /* account of who acts */
} PartLink;

static Rc link_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartLink *part = args;
    const Entity *record = stage_entity(stage, part->record),
                 *link = stage_entity(stage, part->link);
    if (!record || !str_eq(dictionary_subject(ctx->tenant->dictionary, record), part->subject))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-record", part->record, "There is no such record.");
    if (stage_entity(stage, part->account))
        return ctx_fail(ctx, RC_CONFLICT, "has-account", part->record,
                        "This was sent from an account: it is on that account's page already.");
    bool own = link && str_eq(entity_text(link, IRI("linkPerson")), part->person);
    if (is_linked(link) && !own)
        return ctx_fail(ctx, RC_CONFLICT, "linked", part->record,
                        "Another account has taken this in: ask the office in charge.");
    if (link && own && !is_linked(link))
        return ctx_fail(ctx, RC_DENIED, "unlinked", part->record,
                        "The office has taken this out of your page: ask there.");
    return RC_OK;
}

static Rc link_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartLink *part = args;
    Arena *arena = ctx->arena;
    if (is_linked(stage_entity(stage, part->link))) return RC_OK; /* his already */
    Entity *after = entity_new(arena, part->link, STR(LINK_TYPE));
    const struct {
        Str iri, value;
    } texts[] = {
        {IRI("linkSubject"), part->subject}, {IRI("linkPerson"), part->person},
        {IRI("linkRecord"), part->record},   {IRI("linkState"), STR("linked")},
        {IRI("linkedBy"), part->actor},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        entity_set(arena, after, texts[i].iri, json_of_str(texts[i].value));
    stage_put(stage, &(Delta){.op = DELTA_PUT, .id = part->link, .after = after});
    return RC_OK;
}

static const PartKind part_link = {"person.link", 1, link_guard, link_apply};

/* What the command left is what counts for readers from now on. */
static Rc link_execute(Ctx *ctx, Command *command, Str link) {
    struct Links *links = ctx->tenant->gate->links;
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    if (rc == RC_OK) rc = links_take(ctx, links, link);
    if (rc != RC_FAILED) return rc;
    pthread_mutex_lock(&links->lock);
    links->stale = true; /* it may have happened */
    pthread_mutex_unlock(&links->lock);
    return rc;
}

static Command *link_command(Ctx *ctx, Str kind, Str record) {
    const Actor *actor = gate_actor(ctx);
    Command *command = command_new(ctx->tenant->ledger, (CommandHead){.kind = kind,
                                                                      .actor = actor->id,
                                                                      .post = actor->post,
                                                                      .case_id = record,
                                                                      .channel = STR("web")});
    gate_guard(ctx, command);
    return command;
}

Rc gate_link(Ctx *ctx, const Entity *record) {
    const Actor *actor = gate_actor(ctx);
    Str subject = dictionary_subject(ctx->tenant->dictionary, record);
    bool holds = !str_empty(actor->held) && str_eq(actor->held, record->id);
    if (actor->kind != ACTOR_RESIDENT || str_empty(actor->person) || !holds)
        return ctx_fail(ctx, RC_DENIED, "not-holder", record->id,
                        "Open the address of the receipt while you are signed in.");
    if (str_eq(subject, actor->person)) return RC_OK;
    if (str_empty(account_of(ctx->arena, subject)))
        return ctx_fail(ctx, RC_INVALID, "no-subject", record->id,
                        "This record is about no single person.");
    Command *command = link_command(ctx, STR("person.link"), record->id);
    Arena *arena = command_arena(command);
    PartLink *part = NEW(arena, PartLink);
    *part = (PartLink){.link = link_id(arena, subject),
                       .account = account_of(arena, subject),
                       .record = str_dup(arena, record->id),
                       .subject = str_dup(arena, subject),
                       .person = str_dup(arena, actor->person),
                       .actor = str_dup(arena, actor->id)};
    command_needs(command, part->link);
    command_needs(command, part->account);
    command_needs(command, part->record);
    command_add(command, &part_link, part);
    Rc rc = link_execute(ctx, command, part->link);
    command_free(command);
    return rc;
}

/* ---- taking it out again ---- */

typedef struct PartUnlink {
    Str link, reason, actor;
} PartUnlink;

static Rc unlink_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartUnlink *part = args;
    if (!is_linked(stage_entity(stage, part->link)))
        return ctx_fail(ctx, RC_CONFLICT, "not-linked", part->link,
                        "No account has taken this in.");
    Entity *after = entity_new(ctx->arena, part->link, STR(LINK_TYPE));
    entity_set(ctx->arena, after, IRI("linkState"), json_of_str(STR("unlinked")));
    entity_set(ctx->arena, after, IRI("unlinkedBy"), json_of_str(part->actor));
    entity_set(ctx->arena, after, IRI("reason"), json_of_str(part->reason));
    stage_put(stage, &(Delta){.op = DELTA_CHANGE, .id = part->link, .after = after});
    return RC_OK;
}

static const PartKind part_unlink = {"person.unlink", 1, NULL, unlink_apply};

Rc gate_unlink(Ctx *ctx, const Entity *record, Str reason) {
    GateAsk ask = {.action = ACT_CONFIRM, .class = CLASS_INTERNAL};
    Str subject = dictionary_subject(ctx->tenant->dictionary, record);
    ask.type = record->types.len ? record->types.items[0] : STR_NONE;
    ask.relation = gate_relation(ctx, record);
    TRY(gate_check(ctx, &ask));
    if (text_is_blank(ctx->arena, reason) || reason.len > REASON_MAX)
        return ctx_fail(ctx, RC_INVALID, "no-reason", STR("reason"),
                        "State the reason in at most %d bytes.", REASON_MAX);
    Command *command = link_command(ctx, STR("person.unlink"), record->id);
    Arena *arena = command_arena(command);
    PartUnlink *part = NEW(arena, PartUnlink);
    *part = (PartUnlink){link_id(arena, subject), str_dup(arena, reason),
                         str_dup(arena, gate_actor(ctx)->id)};
    command_needs(command, part->link);
    command_add(command, &part_unlink, part);
    Rc rc = link_execute(ctx, command, part->link);
    command_free(command);
    return rc;
}

/* ---- erasing ---- */

/* A resident's account is his person's, also when it doesn't say any more whose it was; an
   official's or a device's has no person. */
static Rc account_whose(Ctx *ctx, Str id, Str *out) {
    const Entity *account;
    Actor rights = {0};
    TRY(ledger_entity(ctx, ctx->tenant->ledger, id, &account));
    account_rights(ctx->arena, account, &rights);
    bool personal = rights.kind == ACTOR_RESIDENT || account_erased(account);
    *out = personal ? moved(ctx->arena, id, STR(ACCOUNT_PREFIX), STR(PERSON_PREFIX)) : id;
    return RC_OK;
}

Rc gate_whose_login(Ctx *ctx, Str login, Str *subject) {
    return account_whose(ctx, account_id(ctx, login), subject);
}

Rc gate_whose(Ctx *ctx, Str subject, Str *out) {
    struct Links *links = ctx->tenant->gate->links;
    *out = subject;
    if (str_starts(subject, STR(ACCOUNT_PREFIX))) {
        Rc rc = account_whose(ctx, subject, out);
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    }
    TRY(links_refresh(ctx, links));
    Str person = links_person(ctx, links, subject);
    if (!str_empty(person)) *out = person;
    return RC_OK;
}

/* Of whom the subject is one: his own and his account's last, as what was broken off is found again
   by his links. */
static Rc subjects_all(Ctx *ctx, Str subject, StrVec *out) {
    StrVec others;
    Str whose;
    *out = (StrVec){0};
    TRY(gate_whose(ctx, subject, &whose));
    TRY(gate_subjects(ctx, whose, &others));
    Str account = account_of(ctx->arena, whose);
    if (!str_empty(account)) vec_push(ctx->arena, out, account);
    VEC_EACH (const Str, one, &others)
        vec_push(ctx->arena, out, *one);
    return RC_OK;
}

/* Who signed in with what is destroyed now is still in memory, and when he used a passkey in
   local.db. */
static Rc account_shut(Ctx *ctx, Str id) {
    const Entity *account;
    StrVec passkeys = {0};
    Rc rc = gate_account_disable(ctx, id, true);
    if (rc == RC_NOT_FOUND) return RC_OK; /* erased already, or never made */
    TRY(rc);
    TRY(ledger_entity(ctx, ctx->tenant->ledger, id, &account));
    account_strings(ctx->arena, account, GATE_IRI("passkeys"), &passkeys);
    return passkey_rows_end(ctx, &passkeys);
}

static Rc accounts_shut(Ctx *ctx, const StrVec *subjects, const StrVec *files) {
    const DictType *type = dictionary_type(ctx->tenant->dictionary, STR(ACCOUNT_TYPE));
    bool goes = false;
    VEC_EACH (const Str, file, files)
        goes |= type && str_eq(*file, type->retention);
    for (size_t i = 0; goes && i < subjects->len; i++)
        if (str_starts(subjects->items[i], STR(ACCOUNT_PREFIX)))
            TRY(account_shut(ctx, subjects->items[i]));
    return RC_OK;
}

Rc gate_files(Ctx *ctx, Str subject, StrVec *files) {
    StrVec subjects;
    *files = (StrVec){0};
    TRY(subjects_all(ctx, subject, &subjects));
    VEC_EACH (const Str, one, &subjects)
        TRY(ledger_files(ctx, *one, files));
    return RC_OK;
}

Rc gate_erase_permitted(Ctx *ctx) {
    GateAsk ask = {.action = ACT_ERASE, .type = IRI("Person"), .class = CLASS_PERSONAL};
    return gate_check(ctx, &ask);
}

Rc gate_erase(Ctx *ctx, const LedgerErasure *erasure, StrVec *kept) {
    StrVec subjects;
    TRY(gate_erase_permitted(ctx));
    TRY(subjects_all(ctx, erasure->subject, &subjects));
    TRY(accounts_shut(ctx, &subjects, &erasure->files));
    for (size_t i = subjects.len; i-- > 0;) {
        LedgerErasure one = *erasure;
        one.subject = subjects.items[i];
        TRY(ledger_erase(ctx, ctx->tenant->ledger, &one, kept));
    }
    return RC_OK;
}
