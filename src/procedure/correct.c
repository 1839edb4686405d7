#include "procedure_int.h"

#include "spot.h"

/* ---- which questions ---- */

const DefinedMove *correct_answer(const Definition *definition, const DefinedMove *asks,
                                  Str state) {
    const DefinedState *to = definition_state(definition, asks->to);
    bool asking = !asks->by_resident && asks->reason && str_empty(asks->decision) && to &&
                  to->owner == OWNER_RESIDENT && definition_may_move(asks, state);
    VEC_EACH (const DefinedMove, move, &definition->moves)
        if (asking && move->by_resident && move->reason && str_eq(move->to, state) &&
            definition_may_move(move, asks->to))
            return move;
    return NULL;
}

/* The one that leads from where the case waits for its resident to the office. */
static const DefinedMove *answer_now(const Definition *definition, Str state) {
    VEC_EACH (const DefinedMove, move, &definition->moves) {
        const DefinedState *to = definition_state(definition, move->to);
        if (move->by_resident && move->reason && to->owner == OWNER_OFFICE &&
            definition_may_move(move, state))
            return move;
    }
    return NULL;
}

static bool may_correct(const Field *field) {
    return field->kind != FIELD_SLOT;
}

static const Json no_answers = {.kind = JSON_OBJECT};

void correct_fields(Ctx *ctx, const Entity *application, Fields *out) {
    Form kept, form;
    *out = (Fields){0};
    defined_form(ctx, application, &kept);
    form_again(ctx, &kept, &no_answers, &form);
    for (size_t i = 0; i < form.n; i++)
        if (form.answers[i].due && may_correct(form.answers[i].field))
            vec_push(ctx->arena, out, form.answers[i].field);
}

/* ---- asking ---- */

const Json *correct_list(const Entity *application, Str iri) {
    const Attr *attr = entity_attr(application, iri);
    return attr && attr->value && attr->value->kind == JSON_ARRAY ? attr->value : NULL;
}

static size_t steps_of(const Entity *application) {
    const Json *steps = correct_list(application, IRI("steps"));
    return steps ? steps->len : 0;
}

static Rc field_check(Ctx *ctx, const Fields *may, const CorrectField *one) {
    bool known = false;
    for (size_t i = 0; i < may->len; i++)
        known = known || str_eq(may->items[i]->id, one->field);
    if (!known)
        return ctx_fail(ctx, RC_INVALID, "no-correction", one->field,
                        "This question isn't one that can be answered again.");
    if (str_utf8_len(one->why) <= CORRECT_WHY_MAX) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "long", one->field,
                    "What is said of one question has at most %d characters.", CORRECT_WHY_MAX);
}

static Rc fields_check(Ctx *ctx, const Entity *application, const CorrectFields *fields) {
    const Json *done = correct_list(application, IRI("corrections"));
    Fields may;
    if (done && done->len >= CORRECT_MOST)
        return ctx_fail(ctx, RC_LIMIT, "corrections-full", application->id,
                        "A case is corrected at most %d times: ask in words, or decide on it.",
                        CORRECT_MOST);
    correct_fields(ctx, application, &may);
    VEC_EACH (const CorrectField, one, fields)
        TRY(field_check(ctx, &may, one));
    return RC_OK;
}

Rc correct_check(Ctx *ctx, const Entity *application, const DefinedMove *move,
                 const CorrectFields *fields) {
    const Definition *definition = defined_of(ctx, application);
    if (!fields->len) return RC_OK;
    if (!correct_answer(definition, move, entity_text(application, IRI("procedureState"))))
        return ctx_fail(ctx, RC_INVALID, "no-correction", move->id,
                        "This move isn't one from which the resident's answer leads back.");
    return fields_check(ctx, application, fields);
}

static Json field_json(Arena *arena, const CorrectField *one) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("field"), json_of_str(str_dup(arena, one->field))};
    members[1] = (JsonMember){STR("why"), json_of_str(str_dup(arena, str_trim(one->why)))};
    return json_of_members(members, 2);
}

void correct_ask(Arena *arena, const Entity *application, const CorrectFields *fields,
                 Entity *set) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    JsonItems items = {0};
    VEC_EACH (const CorrectField, one, fields)
        vec_push(arena, &items, field_json(arena, one));
    members[0] = (JsonMember){STR("n"), json_of_int((int64_t)steps_of(application))};
    members[1] = (JsonMember){STR("fields"), json_of_items(items.items, items.len)};
    entity_set_kind(arena, set, ATTR_JSON, IRI("correction"), json_of_members(members, 2));
}

static Rc not_asked(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_CONFLICT, "not-asked", id,
                    "Nothing is to be corrected here now: the case has been answered or has moved "
                    "on.");
}

/* A state in which nothing was decided yet: it begins there, or may be asked back from there. */
static bool is_open(const Definition *definition, Str state) {
    bool open = str_eq(definition->states.items[0].id, state);
    VEC_EACH (const DefinedMove, move, &definition->moves)
        open = open || correct_answer(definition, move, state);
    return open;
}

bool correct_may_here(Ctx *ctx, const Entity *application) {
    const Definition *definition = defined_of(ctx, application);
    const DefinedState *state = definition ? defined_state(definition, application) : NULL;
    GateAsk ask = {.action = ACT_UPDATE,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_INTERNAL,
                   .relation = gate_relation(ctx, application)};
    return state && state->owner == OWNER_OFFICE && is_open(definition, state->id) &&
           ctx->actor->kind == ACTOR_STAFF && !case_is_erased(application) &&
           gate_permits(ctx, &ask);
}

Rc correct_here(Ctx *ctx, const Entity *application, const CorrectFields *fields, CorrectAsk *out) {
    *out = (CorrectAsk){.n = (int64_t)steps_of(application), .fields = *fields};
    if (!correct_may_here(ctx, application)) return not_asked(ctx, application->id);
    TRY(fields_check(ctx, application, fields));
    VEC_EACH (const CorrectField, one, fields)
        if (correct_hides(ctx, application,
                          definition_field(defined_of(ctx, application), one->field)))
            return ctx_fail(ctx, RC_DENIED, "hidden", one->field,
                            "You may not see what was answered here, and don't answer it anew: "
                            "who may see it does, or its resident.");
    return RC_OK;
}

bool correct_asked(Ctx *ctx, const Entity *application, CorrectAsk *out) {
    const Attr *attr = entity_attr(application, IRI("correction"));
    const Definition *definition = defined_of(ctx, application);
    const Json *fields = attr ? json_get(attr->value, STR("fields")) : NULL;
    CaseSteps steps;
    *out = (CorrectAsk){0};
    if (!definition || case_state(application) != CASE_ASKED) return false;
    out->answer = answer_now(definition, entity_text(application, IRI("procedureState")));
    for (uint32_t i = 0; fields && i < fields->len; i++) {
        const Json *one = json_at(fields, i);
        Str id = json_get_str(one, "field");
        if (definition_field(definition, id))
            vec_push(ctx->arena, &out->fields, (CorrectField){id, json_get_str(one, "why")});
    }
    if (!out->fields.len || !out->answer) return false;
    out->n = json_get_int(attr->value, "n", -1);
    case_steps(ctx->arena, application, &steps);
    if (out->n >= 0 && (size_t)out->n < steps.len) out->text = steps.items[out->n].text;
    return true;
}

/* ---- answering again ---- */

static Json texts_json(Arena *arena, const FeelValue *value) {
    JsonItems items = {0};
    for (uint32_t i = 0; i < value->len; i++)
        vec_push(arena, &items, json_of_str(value->items[i].string));
    return json_of_items(items.items, items.len);
}

static Json spot_json(Arena *arena, const FormAnswer *answer) {
    Spot spot;
    Json *parts = NEW_ARRAY(arena, Json, 3);
    spot_of(arena, answer, &spot);
    parts[0] = json_of_str(spot.text);
    parts[1] = json_of_str(spot.latitude);
    parts[2] = json_of_str(spot.longitude);
    return json_of_items(parts, 3);
}

static Json said_json(Arena *arena, const FormAnswer *answer) {
    const FeelValue *value = &answer->value;
    switch (answer->field->kind) {
    case FIELD_PLACE:
        return spot_json(arena, answer);
    case FIELD_CHOICES:
        return texts_json(arena, value);
    case FIELD_FILE:
        return feel_to_json(arena, value);
    case FIELD_DATE:
        return json_of_str(form_text(arena, answer, STR("ja")));
    default:
        break;
    }
    if (value->kind == FEEL_BOOL) return json_of_str(value->boolean ? STR("yes") : STR("no"));
    return json_of_str(feel_text(arena, value));
}

Json correct_kept(Ctx *ctx, const Entity *visible, const CorrectAsk *ask) {
    const Definition *definition = defined_of(ctx, visible);
    JsonMembers members = {0};
    VEC_EACH (const CorrectField, one, &ask->fields) {
        const Field *field = definition_field(definition, one->field);
        FormAnswer answer;
        bool there = defined_answer(ctx->arena, visible, field, &answer);
        if (!there && visible->whole && defined_answer(ctx->arena, visible->whole, field, &answer))
            continue; /* who may not see it leaves it as it is */
        vec_push(ctx->arena, &members,
                 (JsonMember){field->id, there ? said_json(ctx->arena, &answer) : json_of_null()});
    }
    return json_of_members(members.items, members.len);
}

/* An answer that wasn't marked is asked where another one has brought it up, or has broken it. */
static bool is_brought_up(const FormAnswer *before, const FormAnswer *now) {
    if (!now->due || !may_correct(now->field)) return false;
    return !before->due || (now->fault && !before->fault);
}

static Json said_within(Arena *arena, const Json *said, const StrVec *fields) {
    JsonMembers members = {0};
    VEC_EACH (const Str, id, fields) {
        const Json *one = json_get(said, *id);
        if (one) vec_push(arena, &members, (JsonMember){*id, *one});
    }
    return json_of_members(members.items, members.len);
}

/* What isn't asked here stays as it is, whatever may be said of it by now. */
static void leave(Correcting *correcting, const StrVec *asked) {
    for (size_t i = 0; i < correcting->form.n; i++) {
        FormAnswer *answer = &correcting->form.answers[i];
        answer->handed = !org_lists(asked, answer->field->id);
        if (answer->handed) {
            answer->fault = NULL;
            answer->broken = NULL;
        }
    }
}

static void asked_add(Ctx *ctx, Correcting *correcting, const Field *field, StrVec *asked) {
    bool hidden = correct_hides(ctx, correcting->application, field);
    correcting->hidden = correcting->hidden || hidden;
    if (!hidden) vec_push(ctx->arena, asked, field->id);
}

/* Questions that answers bring up may bring up others. */
static void fill_in(Ctx *ctx, const Json *said, Correcting *out) {
    StrVec asked = {0};
    Form base, kept = out->before;
    form_again(ctx, &kept, &no_answers, &base);
    VEC_EACH (const CorrectField, one, &out->ask.fields)
        asked_add(ctx, out, definition_field(kept.definition, one->field), &asked);
    for (size_t before = 0; before < asked.len;) {
        before = asked.len;
        Json *draft = NEW(ctx->arena, Json);
        *draft = said_within(ctx->arena, said, &asked);
        form_again(ctx, &kept, draft, &out->form);
        for (size_t i = 0; i < base.n; i++) {
            const FormAnswer *now = &out->form.answers[i];
            if (!org_lists(&asked, now->field->id) && is_brought_up(&base.answers[i], now))
                asked_add(ctx, out, now->field, &asked);
        }
    }
    leave(out, &asked);
}

Rc correct_form(Ctx *ctx, const Entity *application, const CorrectFields *here, const Json *said,
                Correcting *out) {
    *out = (Correcting){.application = application};
    if (here)
        TRY(correct_here(ctx, application, here, &out->ask));
    else if (!correct_asked(ctx, application, &out->ask))
        return not_asked(ctx, application->id);
    defined_form(ctx, application, &out->before);
    fill_in(ctx, said, out);
    return RC_OK;
}

/* ---- files that are chosen anew: in the draft of who answers, until he sends ---- */

static Str file_member(Arena *arena, const CorrectFiles *files) {
    Str suffix =
        str_sub(files->application->id, STR(CASE_ID_PREFIX).len, files->application->id.len);
    return str_fmt(arena, CORRECT_GROUP STR_FMT "-%lld/" STR_FMT, STR_ARG(suffix),
                   (long long)files->n, STR_ARG(files->field->id));
}

Rc correct_files(Ctx *ctx, const CorrectFiles *files, Json *out) {
    const Json *draft;
    Attachments chosen, before = {0};
    FormAnswer answer;
    JsonItems items = {0};
    TRY(draft_load(ctx, draft_whose(ctx), &draft));
    const Json *said = json_get(draft, file_member(ctx->arena, files));
    if (defined_answer(ctx->arena, files->application, files->field, &answer))
        form_attachments(ctx->arena, &answer, &before);
    attachments_of(ctx->arena, said, &chosen);
    if (!said) chosen = before;
    VEC_EACH (Attachment, one, &chosen) {
        bool there =
            attachment_of(&before, one->file) || attach_there(ctx, draft_whose(ctx), one->file);
        if (!there) one->file = STR_NONE;
        vec_push(ctx->arena, &items, attachment_json(ctx->arena, one));
    }
    *out = json_of_items(items.items, items.len);
    return RC_OK;
}

Rc correct_files_keep(Ctx *ctx, const CorrectFiles *files, Json said) {
    if (said.kind == JSON_NULL) said = json_of_items(NULL, 0); /* all of them were taken out */
    JsonMember member = {file_member(ctx->arena, files), said};
    return draft_merge(ctx, draft_whose(ctx), &member, 1);
}

/* What was sent is nobody's draft any more. */
static Rc files_forget(Ctx *ctx, const Correcting *correcting) {
    JsonMembers members = {0};
    const Json *draft;
    TRY(draft_load(ctx, draft_whose(ctx), &draft));
    for (size_t i = 0; i < correcting->form.n; i++) {
        const Field *field = correcting->form.answers[i].field;
        CorrectFiles files = {correcting->application, correcting->ask.n, field};
        if (field->kind != FIELD_FILE) continue;
        Str name = file_member(ctx->arena, &files);
        Attachments chosen;
        attachments_of(ctx->arena, json_get(draft, name), &chosen);
        TRY(attach_forget(ctx, draft_whose(ctx), &chosen));
        if (json_get(draft, name))
            vec_push(ctx->arena, &members, (JsonMember){name, json_of_null()});
    }
    return members.len ? draft_merge(ctx, draft_whose(ctx), members.items, members.len) : RC_OK;
}

/* ---- what is different ---- */

/* A correction under way. */
typedef struct Sending {
    Ctx *ctx;
    const CorrectWish *wish;
    Correcting *correcting;
    Command *command;
    Entity *set;
    StrVec *gone;
    JsonItems plain, sensitive; /* {field, before, after} */
    Json fee;                   /* null: there is none */
    bool drops;                 /* a proposal */
    LedgerAttachments kept;     /* files that lie beside the ledger for it */
} Sending;

static Json change_json(Arena *arena, const FormAnswer *before, const FormAnswer *after) {
    static const FeelValue none = {.kind = FEEL_NULL};
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    Json was = feel_to_json(arena, &before->value),
         is = feel_to_json(arena, after->due ? &after->value : &none);
    members[0] = (JsonMember){STR("field"), json_of_str(after->field->id)};
    members[1] = (JsonMember){STR("before"), was};
    members[2] = (JsonMember){STR("after"), is};
    return json_of_members(members, 3);
}

static void changes_of(Ctx *ctx, const Form *before, const Form *after, bool sensitive,
                       JsonItems *out) {
    for (size_t i = 0; i < after->n; i++) {
        const FormAnswer *now = &after->answers[i];
        Json change = change_json(ctx->arena, &before->answers[i], now);
        bool wanted = str_eq(now->field->class, STR("sensitive")) == sensitive;
        bool same = json_equal(json_get(&change, STR("before")), json_get(&change, STR("after")));
        if (wanted && !same && may_correct(now->field)) vec_push(ctx->arena, out, change);
    }
}

static bool is_changed(Ctx *ctx, const Form *before, const Form *after) {
    JsonItems changes = {0};
    changes_of(ctx, before, after, false, &changes);
    changes_of(ctx, before, after, true, &changes);
    return changes.len > 0;
}

/* ---- what follows ---- */

static Json *in_command(const Sending *sending, Json value) {
    return (Json *)(uintptr_t)json_dup(command_arena(sending->command), &value);
}

static void json_set(const Sending *sending, Str iri, Json value) {
    entity_set_kind(command_arena(sending->command), sending->set, ATTR_JSON, iri,
                    *in_command(sending, value));
}

/* What a case has a place for, and nobody answers any more, goes. */
static void contact_set(const Sending *sending) {
    static const char *const known[] = {LD_DEFAULT "name",     LD_DEFAULT "kana",
                                        LD_DEFAULT "phone",    LD_DEFAULT "email",
                                        LD_DEFAULT "postcode", LD_DEFAULT "address"};
    Arena *arena = command_arena(sending->command);
    defined_contact_set(arena, sending->set, &sending->correcting->form);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!entity_attr(sending->set, str_of(known[i])))
            vec_push(arena, sending->gone, str_of(known[i]));
}

/* The answers of one class; what earlier versions asked, and the one that governs doesn't, stays.
 */
static Json answers_json(const Sending *sending, bool sensitive) {
    const Form *form = &sending->correcting->form;
    Arena *arena = sending->ctx->arena;
    const Attr *kept = entity_attr(sending->correcting->application,
                                   sensitive ? IRI("sensitiveAnswers") : IRI("answers"));
    Json now = form_json(arena, form, sensitive);
    JsonMembers members = {0};
    for (uint32_t i = 0; i < now.len; i++)
        vec_push(arena, &members, now.value.members[i]);
    for (uint32_t i = 0; kept && kept->value && i < kept->value->len; i++)
        if (!definition_field(form->definition, kept->value->value.members[i].name))
            vec_push(arena, &members, kept->value->value.members[i]);
    return json_of_members(members.items, members.len);
}

static void answers_set(const Sending *sending) {
    Json sensitive = answers_json(sending, true);
    json_set(sending, IRI("answers"), answers_json(sending, false));
    if (sensitive.len)
        json_set(sending, IRI("sensitiveAnswers"), sensitive);
    else
        vec_push(command_arena(sending->command), sending->gone, IRI("sensitiveAnswers"));
}

static Json fee_json(Arena *arena, int64_t before, int64_t after, bool fixed) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("before"), json_of_int(before)};
    members[1] = (JsonMember){STR("after"), json_of_int(after)};
    members[2] = (JsonMember){STR("fixed"), json_of_bool(fixed)};
    return json_of_members(members, 3);
}

/* What was asked for already, or reduced by a decision, stays: the office is told what it would be.
 */
static Rc fee_set(Sending *sending) {
    Ctx *ctx = sending->ctx;
    const Correcting *correcting = sending->correcting;
    const Entity *application = correcting->application;
    const Definition *definition = correcting->form.definition;
    FormFee fee;
    Payment payment;
    sending->fee = json_of_null();
    if (!definition->fee) return RC_OK;
    TRY(form_fee_by(ctx, &correcting->form, &fee));
    Rc rc = fee_of(ctx, application->id, &payment);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    const Attr *reduced = entity_attr(application, IRI("feeReduction"));
    int64_t before = entity_int(application, IRI("fee"), 0);
    if (reduced && reduced->value) before = json_get_int(reduced->value, "before", before);
    bool fixed = rc == RC_OK || reduced;
    sending->fee = fee_json(ctx->arena, before, fee.yen, fixed);
    if (!fixed) fee_keep(command_arena(sending->command), sending->set, definition, &fee, false);
    return RC_OK;
}

static Rc amount_set(const Sending *sending) {
    const Form *form = &sending->correcting->form;
    int64_t amount;
    if (!form->definition->amount) return RC_OK;
    TRY(form_amount(sending->ctx, form, &amount));
    entity_set(command_arena(sending->command), sending->set, IRI("amount"), json_of_int(amount));
    return RC_OK;
}

/* The slot that is booked has to do for what is answered now: more of it than is needed does. */
static Rc units_enough(const Sending *sending) {
    Ctx *ctx = sending->ctx;
    const Correcting *correcting = sending->correcting;
    int64_t booked = entity_int(correcting->application, IRI("bookedUnits"), 0), units;
    if (!booked || !correcting->form.definition->reservation) return RC_OK;
    TRY(form_units(ctx, &correcting->form, &units));
    if (units <= booked) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "units-change", correcting->application->id,
                    "By these answers %lld units are needed of the booked time, which has %lld: "
                    "the office has to book another one first.",
                    (long long)units, (long long)booked);
}

/* What was proposed is about what was answered before: nobody can decide that any more. A list in
   which it stands can't be decided with it either, and goes on once it is taken out. */
static Rc proposal_drop(Sending *sending) {
    Ctx *ctx = sending->ctx;
    const Entity *application = sending->correcting->application;
    Str waits, list;
    TRY(defined_proposed(ctx, application, &waits));
    TRY(together_waits(ctx, application, &list));
    sending->drops = !str_empty(waits) && str_empty(list);
    return matter_drop(ctx, sending->command, application, STR("corrected"));
}

static Json list_with(Arena *arena, const Json *before, Json more) {
    JsonItems items = {0};
    for (uint32_t i = 0; before && i < before->len; i++)
        vec_push(arena, &items, *json_at(before, i));
    vec_push(arena, &items, more);
    return json_of_items(items.items, items.len);
}

/* What is sensitive of it stands apart, under the same number. */
static void story_set(const Sending *sending) {
    const Correcting *correcting = sending->correcting;
    const Entity *application = correcting->application;
    Arena *arena = sending->ctx->arena;
    const JsonItems *plain = &sending->plain, *sensitive = &sending->sensitive;
    JsonItems asks = {0};
    VEC_EACH (const CorrectField, field, &correcting->ask.fields)
        vec_push(arena, &asks, field_json(arena, field));
    const JsonMember all[] = {
        {STR("asked"), json_of_int(correcting->ask.n)},
        {STR("asks"), json_of_items(asks.items, asks.len)},
        {STR("step"), json_of_int((int64_t)steps_of(application))},
        {STR("channel"), json_of_str(sending->wish->channel)},
        {STR("fields"), json_of_items(plain->items, plain->len)},
        {STR("fee"), sending->fee},
        {STR("dropped"), json_of_bool(sending->drops)},
        {STR("sensitive"), json_of_bool(sensitive->len > 0)},
    };
    Json one = json_of_members(all, sizeof all / sizeof *all);
    json_set(sending, IRI("corrections"),
             list_with(arena, correct_list(application, IRI("corrections")), one));
    if (!sensitive->len) return;
    const JsonMember secret[] = {{STR("asked"), json_of_int(correcting->ask.n)},
                                 {STR("fields"), json_of_items(sensitive->items, sensitive->len)}};
    json_set(sending, IRI("sensitiveCorrections"),
             list_with(arena, correct_list(application, IRI("sensitiveCorrections")),
                       json_of_members(secret, 2)));
}

/* It stays where it is, and is due when it was. */
static void stay_add(const Sending *sending) {
    Ctx *ctx = sending->ctx;
    const Entity *application = sending->correcting->application;
    Arena *arena = command_arena(sending->command);
    Str state = str_dup(arena, entity_text(application, IRI("procedureState")));
    StrVec *from = NEW(arena, StrVec);
    PartStep *step = NEW(arena, PartStep);
    vec_push(arena, from, state);
    *step = (PartStep){.id = sending->set->id,
                       .defined_from = from,
                       .defined_to = state,
                       .to = case_state(application),
                       .version = application->version,
                       .set = sending->set,
                       .gone = sending->gone,
                       .post = str_dup(arena, ctx->actor->post),
                       .text = str_dup(arena, str_trim(sending->wish->text)),
                       .kind = CASE_STEP_CORRECTED};
    command_needs(sending->command, step->id);
    command_add(sending->command, &part_case_step, step);
}

static Rc sending_add(Sending *sending) {
    Ctx *ctx = sending->ctx;
    Correcting *correcting = sending->correcting;
    const Entity *application = correcting->application;
    Form *form = &correcting->form;
    Arena *arena = command_arena(sending->command);
    TRY(attach_send(&(Attaching){ctx, sending->command, application->id,
                                 attach_key_of(ctx, application), &sending->kept,
                                 &correcting->before},
                    form));
    sending->set = entity_new(arena, str_dup(arena, application->id), STR(CASE_TYPE));
    sending->gone = NEW(arena, StrVec);
    changes_of(ctx, &correcting->before, form, false, &sending->plain);
    changes_of(ctx, &correcting->before, form, true, &sending->sensitive);
    TRY(units_enough(sending));
    answers_set(sending);
    contact_set(sending);
    TRY(fee_set(sending));
    TRY(amount_set(sending));
    defined_found_corrected(ctx, arena, application, form, sending->set);
    TRY(proposal_drop(sending));
    story_set(sending);
    if (!correcting->ask.answer) {
        stay_add(sending);
        return RC_OK;
    }
    CorrectMove move = {.act = {.id = application->id,
                                .move = correcting->ask.answer->id,
                                .text = sending->wish->text,
                                .version = application->version},
                        .set = sending->set,
                        .gone = sending->gone};
    return defined_correct(ctx, sending->command, &move);
}

/* ---- sending ---- */

static Rc words_check(Ctx *ctx, const CorrectWish *wish, const Correcting *correcting) {
    enum { TEXT_MOST = 2000 };
    if (form_next(&correcting->form))
        return ctx_fail(ctx, RC_INVALID, "incomplete", form_next(&correcting->form)->id,
                        "An answer is missing or wrong.");
    if (str_utf8_len(wish->text) > TEXT_MOST)
        return ctx_fail(ctx, RC_INVALID, "long", STR("text"),
                        "What is written beside the answers has at most %d characters.", TEXT_MOST);
    bool words = !text_is_blank(ctx->arena, wish->text);
    if (words || is_changed(ctx, &correcting->before, &correcting->form)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "unchanged", STR("text"),
                    "Nothing is changed: correct an answer, or write why it stays as it is.");
}

/* Whether what is said was corrected by the same request already, just as it is said here. */
static bool is_same(Ctx *ctx, const Entity *application, const CorrectWish *wish) {
    const Json *done = correct_list(application, IRI("corrections"));
    const Json *last = done && done->len ? json_at(done, done->len - 1) : NULL;
    Form kept, again;
    CaseSteps steps;
    if (json_get_int(last, "asked", -1) != wish->n) return false;
    case_steps(ctx->arena, application, &steps);
    int64_t step = json_get_int(last, "step", -1);
    if (step < 0 || (size_t)step >= steps.len ||
        !str_eq(steps.items[step].text, str_trim(wish->text)))
        return false;
    defined_form(ctx, application, &kept);
    form_again(ctx, &kept, wish->said, &again);
    return !is_changed(ctx, &kept, &again);
}

/* What an official enters came to him by a channel; his own, of the house, is his. */
static Rc channel_check(Ctx *ctx, const Entity *application, Str channel) {
    static const unsigned own = REL_SUBJECT | REL_APPLICANT | REL_HOLDER;
    TRY(send_channel(ctx, channel));
    bool web = str_eq(channel, STR("web"));
    if (!web || ctx->actor->kind != ACTOR_STAFF || gate_relation(ctx, application) & own)
        return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-channel", STR("channel"),
                    "Say whether it came by telephone or at the counter.");
}

static Rc send_once(Ctx *ctx, const CorrectWish *wish, Correcting *out) {
    const Entity *application;
    Outcome outcome;
    TRY(case_load(ctx, wish->id, &application));
    if (is_same(ctx, application, wish)) return RC_OK;
    TRY(correct_form(ctx, application, wish->here.len ? &wish->here : NULL, wish->said, out));
    if (out->ask.n != wish->n) return not_asked(ctx, wish->id);
    TRY(channel_check(ctx, application, wish->channel));
    TRY(correct_identity(ctx, application));
    TRY(words_check(ctx, wish, out));
    Sending sending = {.ctx = ctx, .wish = wish, .correcting = out};
    sending.command = case_command(ctx, STR("application.correct"), wish->id, wish->channel);
    Rc rc = sending_add(&sending);
    if (rc == RC_OK)
        rc = case_execute(ctx, sending.command, &outcome);
    else
        command_free(sending.command);
    rc = ledger_attach_end(ctx, ctx->tenant->ledger, &sending.kept, rc);
    return rc == RC_OK ? files_forget(ctx, out) : rc;
}

Rc correct_send(Ctx *ctx, const CorrectWish *wish, Correcting *out) {
    enum { TRIES = 5 };
    Rc rc = RC_CONFLICT;
    bool again = true;
    for (unsigned i = 0; i < TRIES && again; i++) {
        rc = send_once(ctx, wish, out);
        again = rc == RC_CONFLICT && str_eq(ctx->error.code, STR("moved-on"));
    }
    if (rc == RC_OK && out->form.definition)
        defined_rules_look(ctx, out->form.definition, wish->id);
    return rc;
}
