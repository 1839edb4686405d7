#include "procedure_int.h"

#include <string.h>

enum { TOKEN_CHARS = 26 };

static const int64_t sent_lasts = 10 * TIME_MINUTE;

/* ---- the draft: members "PROCEDURE/FIELD" of the browser's draft; what is no field begins with a
   dot ---- */

static Str member_name(Arena *arena, const Definition *definition, Str field) {
    return str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(definition->id), STR_ARG(field));
}

static Str own_text(Arena *arena, const Json *draft, const Definition *definition,
                    const char *name) {
    return json_str(json_get(draft, member_name(arena, definition, str_of(name))));
}

static Str member_prefix(Arena *arena, const Definition *definition) {
    return str_fmt(arena, STR_FMT "/", STR_ARG(definition->id));
}

/* Of the draft's members those of this procedure, without its prefix. */
static Json said_of(Arena *arena, const Json *draft, const Definition *definition) {
    Str prefix = member_prefix(arena, definition);
    JsonMembers said = {0};
    for (size_t i = 0; i < draft->len; i++) {
        JsonMember member = draft->value.members[i];
        if (!str_starts(member.name, prefix)) continue;
        member.name = str_sub(member.name, prefix.len, member.name.len);
        if (!str_starts(member.name, STR("."))) vec_push(arena, &said, member);
    }
    return json_of_members(said.items, said.len);
}

/* Files whose bytes are there no more have no id. */
static Json files_there(Ctx *ctx, const Json *said) {
    Attachments files;
    JsonItems items = {0};
    attachments_of(ctx->arena, said, &files);
    VEC_EACH (Attachment, file, &files) {
        if (!attach_there(ctx, draft_whose(ctx), file->file)) file->file = STR_NONE;
        vec_push(ctx->arena, &items, attachment_json(ctx->arena, file));
    }
    return json_of_items(items.items, items.len);
}

static void files_check(Ctx *ctx, const Definition *definition, Json *said) {
    for (size_t i = 0; i < said->len; i++) {
        JsonMember *member = (JsonMember *)(uintptr_t)&said->value.members[i];
        const Field *field = definition_field(definition, member->name);
        if (field && field->kind == FIELD_FILE) member->value = files_there(ctx, &member->value);
    }
}

/* What is wrong here is asked all the same, and what was mended is one's own. */
static void handed_mark(const DefinedDraft *draft) {
    if (str_empty(draft->bundle)) return;
    for (size_t i = 0; i < draft->form.n; i++) {
        FormAnswer *answer = &draft->form.answers[i];
        const Json *value = json_get(draft->handed, answer->field->id);
        answer->handed = !answer->fault && value && answer->said && json_equal(value, answer->said);
    }
}

static int64_t own_instant(Arena *arena, const Json *draft, const Definition *definition,
                           const char *name) {
    return (int64_t)json_number(json_get(draft, member_name(arena, definition, str_of(name))));
}

/* The bundle that it is a part of now: what was begun for an earlier one is none of it. */
static Str bundle_of(Arena *arena, const Json *draft, const Definition *definition) {
    Str bundle = own_text(arena, draft, definition, ".bundle");
    Str name = str_fmt(arena, STR_FMT "/.token", STR_ARG(bundle));
    Str token = json_str(json_get(draft, name));
    bool same =
        !str_empty(token) && str_eq(token, own_text(arena, draft, definition, ".bundleToken"));
    return same ? bundle : STR_NONE;
}

void defined_draft_of(Ctx *ctx, const Definition *definition, const Json *draft,
                      DefinedDraft *out) {
    Arena *arena = ctx->arena;
    *out = (DefinedDraft){.definition = definition};
    int64_t until = own_instant(arena, draft, definition, ".sentUntil");
    out->token = own_text(arena, draft, definition, ".token");
    out->channel = own_text(arena, draft, definition, ".channel");
    if (str_empty(out->channel) || ctx->actor->kind != ACTOR_STAFF) out->channel = STR("web");
    out->visit = own_text(arena, draft, definition, ".visit");
    out->reached = own_text(arena, draft, definition, ".reached");
    out->notice = own_text(arena, draft, definition, ".notice");
    if (until > time_now(ctx->clock)) out->sent = own_text(arena, draft, definition, ".sent");
    out->held_until = own_instant(arena, draft, definition, ".heldUntil");
    out->ticket = own_text(arena, draft, definition, ".ticket");
    out->admitted_at = own_instant(arena, draft, definition, ".admittedAt");
    out->bundle = bundle_of(arena, draft, definition);
    if (out->held_until > time_now(ctx->clock))
        out->held = own_text(arena, draft, definition, ".held");
    Json *said = NEW(arena, Json);
    *said = said_of(arena, draft, definition);
    files_check(ctx, definition, said);
    form_read(ctx, definition, said, &out->form);
    out->handed = json_get(draft, member_name(arena, definition, STR(".handed")));
    handed_mark(out);
}

Rc defined_draft(Ctx *ctx, const Definition *definition, DefinedDraft *out) {
    bool sent;
    const Json *draft;
    TRY(draft_load(ctx, draft_whose(ctx), &draft));
    defined_draft_of(ctx, definition, draft, out);
    TRY(apply_sent(ctx, out->token, &sent));
    if (!sent) return RC_OK;
    TRY(defined_sent(ctx, out)); /* nobody was left to note it down */
    return defined_draft(ctx, definition, out);
}

static void member_add(Arena *arena, JsonMembers *members, const Definition *definition,
                       const char *name, Json value) {
    vec_push(arena, members, (JsonMember){member_name(arena, definition, str_of(name)), value});
}

/* The files of the draft are nobody's any more. */
static Rc files_forget(Ctx *ctx, const Json *said) {
    Attachments files;
    attachments_of(ctx->arena, said, &files);
    return attach_forget(ctx, draft_whose(ctx), &files);
}

Rc defined_gone(Ctx *ctx, const Definition *definition, JsonMembers *out) {
    const Json *draft;
    Str prefix = member_prefix(ctx->arena, definition);
    TRY(draft_load(ctx, draft_whose(ctx), &draft));
    for (size_t i = 0; i < draft->len; i++) {
        const JsonMember *member = &draft->value.members[i];
        if (!str_starts(member->name, prefix)) continue;
        Str name = str_sub(member->name, prefix.len, member->name.len);
        const Field *field = definition_field(definition, name);
        if (field && field->kind == FIELD_FILE) TRY(files_forget(ctx, &member->value));
        vec_push(ctx->arena, out, (JsonMember){member->name, json_of_null()});
    }
    return RC_OK;
}

/* A later member of the name takes the place of the one before. */
static Rc members_merge(Ctx *ctx, const JsonMembers *members) {
    JsonMembers last = {0};
    for (size_t i = 0; i < members->len; i++) {
        bool again = false;
        for (size_t k = i + 1; k < members->len; k++)
            again = again || str_eq(members->items[i].name, members->items[k].name);
        if (!again) vec_push(ctx->arena, &last, members->items[i]);
    }
    return draft_merge(ctx, draft_whose(ctx), last.items, last.len);
}

/* Who has shown more than a session tells (an official, for a caller) is asked nothing here. */
static Rc identity_check(Ctx *ctx, const Definition *definition, Str channel) {
    if (!str_eq(channel, STR("web")) || ctx->actor->kind == ACTOR_STAFF) return RC_OK;
    if (gate_authn(ctx) < definition->authn)
        return ctx_fail(ctx, RC_DENIED, "authn-low", gate_authn_word(definition->authn),
                        "This procedure asks for a stronger sign-in (" STR_FMT ").",
                        STR_ARG(gate_authn_word(definition->authn)));
    if (gate_proof(ctx) < definition->proof)
        return ctx_fail(ctx, RC_DENIED, "proof-low", gate_proof_word(definition->proof),
                        "This procedure asks for an account whose holder is known (" STR_FMT ").",
                        STR_ARG(gate_proof_word(definition->proof)));
    return RC_OK;
}

Rc defined_may_begin(Ctx *ctx, const Definition *definition, Str channel) {
    bool staff = ctx->actor->kind == ACTOR_STAFF;
    if (definition->inside && !staff)
        return ctx_fail(ctx, RC_DENIED, "inside", definition->id,
                        "This procedure is one of the house: officials use it.");
    bool account = definition->sign_in || definition->authn || definition->proof;
    if (account && ctx->actor->kind == ACTOR_NOBODY && str_eq(channel, STR("web")))
        return ctx_fail(ctx, RC_DENIED, "sign-in", definition->id,
                        "Sign in first: this procedure has to know whose it is.");
    return identity_check(ctx, definition, channel);
}

/* What was said, under the names of the draft. */
static void said_add(Arena *arena, JsonMembers *members, const Definition *definition,
                     const JsonMembers *said) {
    for (size_t i = 0; i < said->len; i++)
        vec_push(arena, members,
                 (JsonMember){member_name(arena, definition, said->items[i].name),
                              said->items[i].value});
}

Rc defined_begin(Ctx *ctx, const Definition *definition, Str channel) {
    Arena *arena = ctx->arena;
    JsonMembers members = {0}, known = {0};
    Str visit = STR_NONE;
    TRY(defined_may_begin(ctx, definition, channel));
    TRY(defined_gone(ctx, definition, &members));
    if (str_eq(channel, STR("counter"))) TRY(visit_served(ctx, &visit));
    TRY(known_fill(ctx, definition, visit, &known));
    said_add(arena, &members, definition, &known);
    member_add(arena, &members, definition, ".token",
               json_of_str(rand_id(ctx->rand, arena, TOKEN_CHARS)));
    member_add(arena, &members, definition, ".channel", json_of_str(channel));
    member_add(arena, &members, definition, ".visit", json_of_str(visit));
    return members_merge(ctx, &members);
}

Rc defined_keep(Ctx *ctx, const Definition *definition, const JsonMembers *said) {
    JsonMembers members = {0};
    said_add(ctx->arena, &members, definition, said);
    return members_merge(ctx, &members);
}

Rc defined_held(Ctx *ctx, const DefinedDraft *draft, Str slot, int64_t until) {
    JsonMembers members = {0};
    member_add(ctx->arena, &members, draft->definition, ".held", json_of_str(slot));
    member_add(ctx->arena, &members, draft->definition, ".heldUntil", json_of_int(until));
    return members_merge(ctx, &members);
}

/* What remains for the second press on the button. */
Rc defined_sent(Ctx *ctx, const DefinedDraft *draft) {
    JsonMembers members = {0};
    reach_sent(ctx, draft);
    TRY(defined_gone(ctx, draft->definition, &members));
    TRY(known_keep(ctx, draft, &members));
    member_add(ctx->arena, &members, draft->definition, ".sent", json_of_str(draft->token));
    member_add(ctx->arena, &members, draft->definition, ".sentUntil",
               json_of_int(time_now(ctx->clock) + sent_lasts));
    return members_merge(ctx, &members);
}

/* ---- the case as an entity ---- */

static const CaseState phases[] = {
    [OWNER_RESIDENT] = CASE_ASKED, [OWNER_OFFICE] = CASE_SUBMITTED, [OWNER_OTHER] = CASE_ELSEWHERE};
static const CaseState outcomes[] = {[OUTCOME_DONE] = CASE_DONE,
                                     [OUTCOME_REFUSED] = CASE_REFUSED,
                                     [OUTCOME_WITHDRAWN] = CASE_CANCELLED};

CaseState defined_phase(const DefinedState *state) {
    return state->owner == OWNER_NOBODY ? outcomes[state->outcome] : phases[state->owner];
}

/* What every case has a place for, so that a case is found by its telephone number, and is known
 * the next time, whatever its procedure asked. */
void defined_contact_set(Arena *arena, Entity *entity, const Form *form) {
    static const char *const known[] = {"name", "kana", "phone", "email", "postcode", "address"};
    for (size_t i = 0; i < form->n; i++) {
        const FormAnswer *answer = &form->answers[i];
        if (!answer->due || answer->value.kind != FEEL_STRING) continue;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            if (str_eq(answer->field->from, str_of(known[k])))
                entity_set(arena, entity, str_fmt(arena, LD_DEFAULT "%s", known[k]),
                           json_of_str(answer->value.string));
    }
}

void defined_days_set(const Ctx *ctx, Arena *arena, Entity *entity, const DefinedState *state) {
    const Waste *waste = procedures_waste(ctx->tenant);
    Date today = time_jst_date(time_now(ctx->clock));
    if (state->days <= 0) return;
    Date due = waste_working_days_after(waste, today, state->days);
    Json day = json_of_str(time_format_date(arena, due));
    entity_set(arena, entity, IRI("due"), day);
    if (state->owner == OWNER_RESIDENT) entity_set(arena, entity, IRI("answerDue"), day);
}

/* A case under way. */
typedef struct Sending {
    const DefinedDraft *draft;
    Command *command;
    LedgerAttachments kept; /* files that lie beside the ledger for it */
} Sending;

/* Its files are sealed like what is personal of the case itself; *form: what it is to keep. */
static Rc files_send(Ctx *ctx, Sending *sending, const Entity *entity, Form *form) {
    LedgerKeyOf key_of = attach_key_of(ctx, entity);
    *form = sending->draft->form;
    form->answers = NEW_ARRAY(ctx->arena, FormAnswer, form->n + 1);
    memcpy(form->answers, sending->draft->form.answers, form->n * sizeof *form->answers);
    return attach_send(&(Attaching){ctx, sending->command, entity->id, key_of, &sending->kept},
                       form);
}

static Rc application_entity(Ctx *ctx, Sending *sending, Entity **out) {
    const DefinedDraft *draft = sending->draft;
    const Definition *definition = draft->definition;
    Arena *arena = command_arena(sending->command);
    Form kept, *form = &kept;
    FormFee fee;
    int64_t amount;
    TRY(form_fee_by(ctx, &draft->form, &fee));
    TRY(form_amount(ctx, &draft->form, &amount));
    Entity *entity = entity_new(arena, apply_case_id(arena, draft->token), STR(CASE_TYPE));
    Str applicant = str_eq(draft->channel, STR("web")) ? ctx->actor->person : STR_NONE;
    send_origin(ctx, arena, entity, &(SendFrom){draft->channel, applicant, definition->retention});
    TRY(visit_join(ctx, arena, entity, draft->visit));
    TRY(tablet_write(ctx, sending->command, draft, entity));
    TRY(files_send(ctx, sending, entity, form));
    defined_contact_set(arena, entity, form);
    entity_set(arena, entity, IRI("procedure"), json_of_str(definition->id));
    entity_set(arena, entity, IRI("procedureVersion"), json_of_int(definition->version));
    Json plain = form_json(arena, form, false), sensitive = form_json(arena, form, true);
    entity_set_kind(arena, entity, ATTR_JSON, IRI("answers"), plain);
    if (sensitive.len)
        entity_set_kind(arena, entity, ATTR_JSON, IRI("sensitiveAnswers"), sensitive);
    entity_set_kind(arena, entity, ATTR_JSON, IRI("conditions"),
                    rules_json(ctx, form, &definition->conditions, "condition"));
    entity_set_kind(arena, entity, ATTR_JSON, IRI("checks"),
                    rules_json(ctx, form, &definition->checks, "check"));
    if (definition->fee) fee_keep(arena, entity, definition, &fee, false);
    if (definition->amount) entity_set(arena, entity, IRI("amount"), json_of_int(amount));
    if (letters_asked(ctx, form))
        entity_set(arena, entity, IRI("noticeBy"), json_of_str(draft->notice));
    entity_set(arena, entity, IRI("post"), json_of_str(office_post_id_now(ctx, definition->post)));
    defined_days_set(ctx, arena, entity, &definition->states.items[0]);
    *out = entity;
    return RC_OK;
}

/* ---- sending ---- */

static Rc complete(Ctx *ctx, const DefinedDraft *draft) {
    const FormPage *open = form_next(&draft->form);
    if (open || draft->token.len != TOKEN_CHARS)
        return ctx_fail(ctx, RC_INVALID, "incomplete", open ? open->id : STR_NONE,
                        "An answer is missing or wrong: go through the questions again.");
    if (!letters_asked(ctx, &draft->form) || letters_delivery_good(draft->notice)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-notice", STR("notice"),
                    "Say whether letters are to come electronically or on paper.");
}

/* Where it has come to, a rule may be about it at once; what can't be looked at now is in the next
   round of the timer. What was sent or moved is so all the same. */
void defined_rules_look(Ctx *ctx, const Definition *definition, Str id) {
    Error before = ctx->error;
    if (definition->automatic.len && automate_case(ctx, id) != RC_OK)
        log_warn("procedure", "a case waits for its rule: " STR_FMT, STR_ARG(ctx->error.detail));
    ctx->error = before;
}

/* Where a case begins: who enters a lottery waits for its draw. */
static const DefinedState *first_state(const Definition *definition, const Entity *application) {
    bool entered = entity_attr(application, IRI("lottery")) != NULL;
    return entered ? definition_state(definition, definition->reservation->lottery.entered)
                   : &definition->states.items[0];
}

Rc defined_send(Ctx *ctx, const DefinedDraft *draft, Receipt *out) {
    const Definition *definition = draft->definition;
    bool sent;
    Entity *application;
    *out = (Receipt){.id = apply_case_id(ctx->arena, draft->token), .token = draft->token};
    TRY(apply_sent(ctx, draft->token, &sent));
    if (sent) return send_again(ctx, out);
    if (!definition->states.len)
        return ctx_fail(ctx, RC_INVALID, "no-cases", definition->id,
                        "This is a bundle: its parts are what is sent.");
    TRY(complete(ctx, draft));
    TRY(defined_may_begin(ctx, definition, draft->channel));
    TRY(send_allowed(ctx, draft->channel));
    Command *command = case_command(ctx, STR("application.submit"), out->id, draft->channel);
    Sending sending = {.draft = draft, .command = command};
    Rc rc = application_entity(ctx, &sending, &application);
    if (rc == RC_OK) rc = booking_take(ctx, command, draft, application);
    if (rc == RC_OK) thread_begin(ctx, command, definition, application);
    if (rc != RC_OK) {
        command_free(command);
        return ledger_attach_end(ctx, ctx->tenant->ledger, &sending.kept, rc);
    }
    PartSubmit *submit = send_submit(ctx, command, application);
    const DefinedState *first = first_state(definition, application);
    submit->state = defined_phase(first);
    submit->to = first->id;
    fee_send(ctx, command, definition, application);
    rc =
        ledger_attach_end(ctx, ctx->tenant->ledger, &sending.kept, send_execute(ctx, command, out));
    if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("exists")))
        return ctx_fail(ctx, RC_CONFLICT, "entered-already", out->id,
                        "One entry for an account or telephone number: there is one already.");
    TRY(rc);
    defined_rules_look(ctx, definition, out->id);
    return defined_sent(ctx, draft);
}

/* ---- a case ---- */

const Definition *defined_of(const Ctx *ctx, const Entity *application) {
    return catalogue_version(procedures_catalogue(ctx->tenant),
                             entity_text(application, IRI("procedure")),
                             entity_int(application, IRI("procedureVersion"), 0));
}

const DefinedState *defined_state(const Definition *definition, const Entity *application) {
    return definition_state(definition, entity_text(application, IRI("procedureState")));
}

/* The slot that the case has now, not the one that it was sent with. */
static bool slot_answer(const Entity *application, FormAnswer *out) {
    Str booking = entity_text(application, IRI("booking"));
    const Attr *entry = entity_attr(application, IRI("entry"));
    if (str_empty(booking) && entry) booking = json_get_str(entry->value, "slot");
    out->value = feel_of_str(booking);
    return !str_empty(booking);
}

bool defined_answer(Arena *arena, const Entity *application, const Field *field, FormAnswer *out) {
    bool sensitive = str_eq(field->class, STR("sensitive"));
    const Attr *kept =
        entity_attr(application, sensitive ? IRI("sensitiveAnswers") : IRI("answers"));
    const Json *value = kept && kept->value ? json_get(kept->value, field->id) : NULL;
    Date date;
    *out = (FormAnswer){.field = field, .due = true};
    if (field->kind == FIELD_SLOT) return slot_answer(application, out);
    if (!value) return false;
    bool is_date = field->kind == FIELD_DATE && time_parse_date(json_str(value), &date);
    out->value = is_date ? feel_of_date(date) : feel_of_json(arena, value);
    return true;
}

void defined_form(Ctx *ctx, const Entity *application, Form *out) {
    const Definition *definition = defined_of(ctx, application);
    VEC(FormAnswer) answers = {0};
    VEC_EACH (const FormPage, page, &definition->pages)
        VEC_EACH (const Field, field, &page->fields) {
            FormAnswer answer;
            if (!defined_answer(ctx->arena, application, field, &answer)) answer.due = false;
            vec_push(ctx->arena, &answers, answer);
        }
    form_kept(ctx, definition, answers.items, out);
    out->arrived = case_arrived(application);
}
