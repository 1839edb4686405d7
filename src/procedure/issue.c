/* issue: the letters that a move brings about: what they say of the case, and who is told by which
 * way. */
#include "procedure_int.h"

#include "letters.h"

enum { TEXT_MAX = 16000 };

/* ---- what a letter says of a case ---- */

/* A letter that is being written. */
typedef struct Writing {
    Ctx *ctx;
    Arena *arena; /* of the command */
    Form form;    /* what was answered, with the names of letters */
    const Lettering *about;
    const DefinedLetter *letter;
    bool *cut;    /* a text was longer than one may be */
    bool *vacant; /* nobody has the post that signs, nor acts for it */
} Writing;

static FeelValue day_of(int64_t at) {
    return feel_of_date(time_jst_date(at));
}

/* The place that a ranking gave. */
static Str placed_of(const Lettering *about, Str iri) {
    Str placed = about->set ? entity_text(about->set, iri) : STR_NONE;
    return str_empty(placed) ? entity_text(about->application, iri) : placed;
}

static FeelValue placed_day(const Lettering *about) {
    Date day;
    return time_parse_date(placed_of(about, IRI("placedOn")), &day) ? feel_of_date(day)
                                                                    : feel_null();
}

static void form_of(Ctx *ctx, const Lettering *about, Form *out) {
    const Entity *application = about->application;
    int64_t arrived, fee = entity_int(application, IRI("fee"), 0);
    const Str *names;
    size_t n = letters_names(&names);
    defined_form(ctx, application, out);
    if (about->set) fee = entity_int(about->set, IRI("fee"), fee);
    FeelEntry *entries = NEW_ARRAY(ctx->arena, FeelEntry, out->n_entries + n);
    for (size_t i = 0; i < out->n_entries; i++)
        entries[i] = out->entries[i];
    bool dated = time_parse(entity_text(application, IRI("submittedAt")), &arrived);
    const FeelValue values[] = {dated ? day_of(arrived) : feel_null(),
                                day_of(time_now(ctx->clock)),
                                feel_of_str(entity_text(application, IRI("receiptNumber"))),
                                feel_of_int(fee),
                                feel_of_int(entity_int(application, IRI("amount"), 0)),
                                feel_of_str(placed_of(about, IRI("placed"))),
                                placed_day(about)};
    for (size_t i = 0; i < n; i++)
        entries[out->n_entries + i] = (FeelEntry){names[i], values[i]};
    out->entries = entries;
    out->n_entries += n;
}

/* A value as a person reads it. */
static Str value_text(const Writing *writing, const FeelValue *value, bool yen, Str language) {
    bool english = str_eq(language, STR("en"));
    if (yen && value->kind == FEEL_NUMBER) return form_yen(writing->arena, value, english);
    if (value->kind == FEEL_DATE)
        return english ? time_format_date(writing->arena, value->date)
                       : time_format_japanese(writing->arena, value->date);
    return value->kind == FEEL_NULL ? STR_NONE : feel_text(writing->arena, value);
}

static Str placed_text(const Writing *writing, Str language) {
    const Definition *definition = writing->about->definition;
    Str placed = placed_of(writing->about, IRI("placed"));
    const FieldOption *option =
        definition->ranking && !str_empty(placed) ? ranking_option(definition, placed) : NULL;
    if (!option) return placed;
    Str said = json_get_str(option->label.all, str_z(writing->arena, language));
    return str_empty(said) ? option->label.ja : said;
}

/* Of something known by its name: an answer as the check shows it, else its value. */
static Str named_text(const Writing *writing, Str name, Str language) {
    const FormAnswer *answer = form_answer(&writing->form, name);
    bool yen = str_eq(name, STR("decidedFee")) || str_eq(name, STR("decidedAmount"));
    if (answer) return form_text(writing->arena, answer, language);
    if (str_eq(name, LETTERS_PLACED)) return placed_text(writing, language);
    for (size_t i = 0; i < writing->form.n_entries; i++)
        if (str_eq(writing->form.entries[i].name, name))
            return value_text(writing, &writing->form.entries[i].value, yen, language);
    return STR_NONE;
}

static Json filled(const Writing *writing, Str text, Str language) {
    Buf buf = buf_new(writing->arena, TEXT_MAX);
    Str before, name;
    while (letters_hole(&text, &before, &name)) {
        buf_add(&buf, before);
        buf_add(&buf, named_text(writing, name, language));
    }
    buf_add(&buf, text);
    if (buf.full) *writing->cut = true;
    return json_of_str(buf_str(&buf));
}

/* In all the languages that the definition has it in. */
static Json wording_json(const Writing *writing, const Wording *wording) {
    const Json *all = wording->all;
    JsonMember *members = NEW_ARRAY(writing->arena, JsonMember, all->len + 1);
    for (uint32_t i = 0; i < all->len; i++) {
        const JsonMember *member = &all->value.members[i];
        Str language = str_dup(writing->arena, member->name);
        members[i] = (JsonMember){language, filled(writing, json_str(&member->value), language)};
    }
    return json_of_members(members, all->len);
}

static Json pair(Arena *arena, const JsonMember *members, size_t n) {
    JsonMember *all = NEW_ARRAY(arena, JsonMember, n);
    for (size_t i = 0; i < n; i++)
        all[i] = members[i];
    return json_of_members(all, n);
}
#define MEMBERS(arena, ...)                                                                        \
    pair(arena, (const JsonMember[]){__VA_ARGS__},                                                 \
         sizeof((const JsonMember[]){__VA_ARGS__}) / sizeof(JsonMember))

/* What nothing was answered to isn't said. */
static void fact_add(const Writing *writing, const LetterFact *fact, JsonItems *items) {
    Str texts[2];
    static const Str languages[] = {STR("ja"), STR("en")};
    bool named = form_answer(&writing->form, fact->source) || str_eq(fact->source, LETTERS_PLACED);
    FeelValue value = form_result(writing->ctx, &writing->form, fact->value);
    for (size_t i = 0; i < 2; i++)
        texts[i] = named ? named_text(writing, fact->source, languages[i])
                         : value_text(writing, &value, fact->yen, languages[i]);
    if (str_empty(texts[0])) return;
    Json told = MEMBERS(writing->arena, {languages[0], json_of_str(texts[0])},
                        {languages[1], json_of_str(texts[1])});
    vec_push(writing->arena, items,
             MEMBERS(writing->arena, {STR("label"), wording_json(writing, &fact->label)},
                     {STR("value"), told}));
}

static Json to_json(const Writing *writing) {
    const Entity *application = writing->about->application;
    Arena *arena = writing->arena;
    return MEMBERS(
        arena, {STR("name"), json_of_str(str_dup(arena, entity_text(application, IRI("name"))))},
        {STR("postcode"), json_of_str(str_dup(arena, entity_text(application, IRI("postcode"))))},
        {STR("address"), json_of_str(str_dup(arena, entity_text(application, IRI("address"))))});
}

/* The division of a post, as organisation.json has it; NULL: none. */
static const Json *division_of(const Ctx *ctx, Str post) {
    const GatePost *found = gate_post(ctx->tenant->gate, post);
    const Json *all = json_get(gate_organisation(ctx->tenant->gate), STR("divisions"));
    for (uint32_t i = 0; found && all && i < all->len; i++)
        if (str_eq(json_get_str(json_at(all, i), "id"), found->division)) return json_at(all, i);
    return NULL;
}

/* Of the case, which may have come to another version whose definition names another one. */
static Str letter_post(const Writing *writing) {
    Str post = entity_text(writing->about->application, IRI("post"));
    const GatePost *now = str_empty(post) ? NULL : office_post_now(writing->ctx, post);
    return now ? str_dup(writing->arena, now->id) : writing->about->definition->post;
}

static Json contact_json(const Writing *writing) {
    const Gate *gate = writing->ctx->tenant->gate;
    const Json *division = division_of(writing->ctx, letter_post(writing));
    const Json *name = json_get(division, STR("name"));
    Str phone = json_get_str(json_get(gate_organisation(gate), STR("contact")), "phone");
    return MEMBERS(writing->arena,
                   {STR("name"), name ? *json_dup(writing->arena, name) : json_of_str(STR(""))},
                   {STR("phone"), json_of_str(str_dup(writing->arena, phone))});
}

/* Whoever is told a decision in writing is told what can be done about it (行政不服審査法82条1項).
 */
static Json remedies_json(const Writing *writing) {
    const Json *all = waste_remedies(procedures_waste(writing->ctx->tenant));
    return writing->letter->remedies ? *json_dup(writing->arena, all) : json_of_null();
}

static bool ends_before(const GatePost *post, const GatePost *other) {
    return post->abolished.year && (!other->abolished.year || time_date_days(post->abolished) <
                                                                  time_date_days(other->abolished));
}

/* The post that signs in this name today: of several one after the other the one that ends first of
   those that are there; what was signed by one that is no more is its successor's
   (office_post_now). NULL: none does. */
static const GatePost *post_signing(const Ctx *ctx, Str name) {
    const GatePost *post, *there = NULL, *gone = NULL;
    for (size_t i = 0; (post = gate_post_at(ctx->tenant->gate, i)); i++) {
        if (str_empty(post->signs) || !str_eq(post->signs, name)) continue;
        const GatePost *now = office_post_now(ctx, post->id);
        if (now != post)
            gone = now;
        else if (!there || ends_before(post, there))
            there = post;
    }
    return there ? there : gone;
}

/* The post that represents the body of this name today; NULL: there is none. */
static const GatePost *body_signing(const Ctx *ctx, Str name) {
    const GateBody *body;
    for (size_t i = 0; (body = gate_body_at(ctx->tenant->gate, i)); i++)
        if (str_eq(body->signs, name)) return office_post_now(ctx, body->post);
    return NULL;
}

/* In whose name the successor signs. */
static Json successor_json(Arena *arena, const GatePost *post) {
    Str ja = str_empty(post->signs) ? post->title_ja : post->signs;
    return MEMBERS(arena, {STR("ja"), json_of_str(ja)}, {STR("en"), json_of_str(post->title_en)});
}

/* 「まち市長職務代理者 総務部長」 */
static Str signed_for(Arena *arena, const OrgHolding *by, const GatePost *own, Str name,
                      Str language) {
    bool charge = by->how == HOW_CHARGE;
    if (str_eq(language, STR("en")))
        return str_fmt(arena,
                       charge ? STR_FMT ", in charge of the post of " STR_FMT
                              : STR_FMT ", acting for " STR_FMT,
                       STR_ARG(own->title_en), STR_ARG(name));
    return str_fmt(arena, STR_FMT "%s " STR_FMT, STR_ARG(name), charge ? "事務取扱" : "職務代理者",
                   STR_ARG(own->title_ja));
}

static Json signers_json(Arena *arena, const OrgHolding *by, const GatePost *own,
                         const Json *names) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, names->len + 1);
    for (uint32_t i = 0; i < names->len; i++) {
        const JsonMember *name = &names->value.members[i];
        Str text = signed_for(arena, by, own, json_str(&name->value), name->name);
        members[i] = (JsonMember){name->name, json_of_str(text)};
    }
    return json_of_members(members, names->len);
}

/* In whose name it is; where another acts for that post today, he says so, and a body signs as
   itself, whoever represents it. Where the post is vacant
   the law may name who acts (地方自治法152条), but that it is vacant is for the city to say: nobody
   is called an acting holder before that is written down. */
static Rc signer_json(const Writing *writing, Json *out) {
    Ctx *ctx = writing->ctx;
    Org org;
    StrVec near = {0};
    Date today = time_jst_date(time_now(ctx->clock));
    const Wording *signer = &writing->letter->signer;
    const GatePost *post = post_signing(ctx, signer->ja), *own,
                   *body = post ? NULL : body_signing(ctx, signer->ja);
    *out = wording_json(writing, signer);
    if (post && !str_eq(post->signs, signer->ja)) *out = successor_json(writing->arena, post);
    if (body) post = body;
    if (!post) return RC_OK;
    vec_push(ctx->arena, &near, post->id);
    TRY(org_load(ctx, ctx->arena, &near, &org));
    *writing->vacant |= !org_is_held(&org, post->id, today);
    const OrgHolding *by = body ? NULL : org_stand_in(&org, post->id, today);
    own = by ? gate_post(ctx->tenant->gate, by->main) : NULL;
    if (own) *out = signers_json(writing->arena, by, own, out);
    return RC_OK;
}

static Rc contents_json(const Writing *writing, Json *out) {
    Arena *arena = writing->arena;
    Json signer;
    const Lettering *about = writing->about;
    JsonItems body = {0}, facts = {0};
    VEC_EACH (const Wording, text, &writing->letter->body)
        vec_push(arena, &body, wording_json(writing, text));
    VEC_EACH (const LetterFact, fact, &writing->letter->facts)
        fact_add(writing, fact, &facts);
    Str receipt = entity_text(about->application, IRI("receiptNumber"));
    TRY(signer_json(writing, &signer));
    *out = MEMBERS(arena, {STR("title"), wording_json(writing, &writing->letter->title)},
                   {STR("signer"), signer}, {STR("to"), to_json(writing)},
                   {STR("body"), json_of_items(body.items, body.len)},
                   {STR("facts"), json_of_items(facts.items, facts.len)},
                   {STR("reason"), json_of_str(str_dup(arena, str_trim(about->reason)))},
                   {STR("remedies"), remedies_json(writing)},
                   {STR("basis"), json_of_str(about->definition->basis)},
                   {STR("receipt"), json_of_str(str_dup(arena, receipt))},
                   {STR("contact"), contact_json(writing)});
    return RC_OK;
}

/* ---- issuing ---- */

static Entity *letter_entity(const Writing *writing, Str id, Json contents) {
    Arena *arena = writing->arena;
    const Entity *application = writing->about->application;
    Str person = dictionary_subject(writing->ctx->tenant->dictionary, application);
    Str wish = entity_text(application, IRI("noticeBy"));
    Entity *letter = entity_new(arena, id, STR(LETTER_TYPE));
    entity_set_kind(arena, letter, ATTR_RELATIONSHIP, IRI("applicant"), json_of_str(person));
    entity_set_kind(arena, letter, ATTR_RELATIONSHIP, IRI("about"), json_of_str(application->id));
    Str file = entity_text(application, IRI("retentionFile"));
    if (!str_empty(file)) entity_set(arena, letter, IRI("retentionFile"), json_of_str(file));
    entity_set(arena, letter, IRI("kind"), json_of_str(writing->letter->id));
    entity_set(arena, letter, IRI("procedure"), json_of_str(writing->about->definition->id));
    entity_set(arena, letter, IRI("post"), json_of_str(letter_post(writing)));
    entity_set(arena, letter, IRI("delivery"),
               json_of_str(str_eq(wish, LETTER_ELECTRONIC) ? LETTER_ELECTRONIC : LETTER_ON_PAPER));
    entity_set_kind(arena, letter, ATTR_JSON, IRI("contents"), contents);
    return letter;
}

/* Ids of the letters before that this one takes the place of. */
static void replaced_add(const Writing *writing, Command *command, const CaseLetters *before,
                         StrVec *out) {
    VEC_EACH (const CaseLetter, one, before)
        VEC_EACH (const Str, kind, &writing->letter->replaces) {
            if (!str_eq(one->letter.kind, *kind) || one->letter.state == LETTER_REPLACED) continue;
            Str id = str_dup(writing->arena, one->letter.id);
            command_needs(command, id);
            vec_push(writing->arena, out, id);
        }
}

/* What couldn't be drawn is not issued, nor what nobody signs. */
static Rc fits(const Writing *writing, const Entity *entity) {
    Letter letter;
    if (*writing->vacant)
        return ctx_fail(writing->ctx, RC_CONFLICT, "nobody-signs", writing->letter->id,
                        "Nobody has the post in whose name this letter goes out (" STR_FMT
                        "), nor acts for it: order who does, then go on.",
                        STR_ARG(writing->letter->signer.ja));
    letter_read(entity, &letter);
    letter.issued_at = time_now(writing->ctx->clock);
    if (*writing->cut)
        return ctx_fail(writing->ctx, RC_LIMIT, "letter-too-long", writing->letter->id,
                        "A text of this letter has more than %d bytes.", TEXT_MAX);
    return letter_fits(writing->ctx, &(LetterPaper){.letter = &letter, .check = STR("https://")});
}

static Rc letter_add(const Writing *writing, Command *command, const CaseLetters *before,
                     unsigned n) {
    Ctx *ctx = writing->ctx;
    Arena *arena = writing->arena;
    PartLetter *part = NEW(arena, PartLetter);
    int year = time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    Str code = letter_code(arena, ctx->tenant->ledger, writing->about->application->id, n);
    Str mark = json_get_str(division_of(ctx, letter_post(writing)), "mark");
    Json contents;
    TRY(contents_json(writing, &contents));
    *part = (PartLetter){.letter = letter_entity(writing, letter_id(arena, code), contents),
                         .counter = letter_counter(arena, mark, year),
                         .fiscal_year = year,
                         .mark = mark};
    TRY(fits(writing, part->letter));
    replaced_add(writing, command, before, &part->replaces);
    command_needs(command, part->letter->id);
    command_needs(command, part->counter);
    command_add(command, &part_letter_issue, part);
    return RC_OK;
}

static bool issues_any(const Lettering *about) {
    VEC_EACH (const DefinedLetter, letter, &about->definition->letters)
        if (str_eq(letter->move, about->move)) return true;
    return false;
}

static bool comes(const Writing *writing, const DefinedLetter *letter) {
    return str_eq(letter->move, writing->about->move) &&
           (!letter->when || form_holds(writing->ctx, &writing->form, letter->when));
}

Rc letters_drafts(Ctx *ctx, const Lettering *about, JsonItems *out, bool *nobody_signs) {
    bool cut = false;
    Writing writing = {
        .ctx = ctx, .arena = ctx->arena, .about = about, .cut = &cut, .vacant = nobody_signs};
    if (!issues_any(about)) return RC_OK;
    form_of(ctx, about, &writing.form);
    VEC_EACH (const DefinedLetter, letter, &about->definition->letters) {
        if (!comes(&writing, letter)) continue;
        writing.letter = letter;
        TRY(contents_json(&writing, vec_push(ctx->arena, out, (Json){0})));
    }
    return RC_OK;
}

Rc letters_issue(Ctx *ctx, Command *command, const Lettering *about) {
    CaseLetters before;
    bool cut = false, nobody_signs = false;
    Writing writing = {.ctx = ctx,
                       .arena = command_arena(command),
                       .about = about,
                       .cut = &cut,
                       .vacant = &nobody_signs};
    if (!issues_any(about)) return RC_OK;
    form_of(ctx, about, &writing.form);
    TRY(letters_of(ctx, about->application->id, &before));
    unsigned n = (unsigned)before.len;
    VEC_EACH (const DefinedLetter, letter, &about->definition->letters) {
        if (!comes(&writing, letter)) continue;
        if (n >= LETTERS_MAX)
            return ctx_fail(ctx, RC_LIMIT, "too-many-letters", about->application->id,
                            "A case has at most %d letters: this one has as many.", LETTERS_MAX);
        writing.letter = letter;
        TRY(letter_add(&writing, command, &before, n++));
    }
    return RC_OK;
}

/* ---- what there is ---- */

Rc letters_of(Ctx *ctx, Str case_id, CaseLetters *out) {
    *out = (CaseLetters){0};
    for (unsigned n = 0; n < LETTERS_MAX; n++) {
        CaseLetter one = {.code = letter_code(ctx->arena, ctx->tenant->ledger, case_id, n)};
        Str id = letter_id(ctx->arena, one.code);
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &one.entity);
        if (rc == RC_NOT_FOUND) return RC_OK;
        TRY(rc);
        letter_read(one.entity, &one.letter);
        vec_push(ctx->arena, out, one);
    }
    return RC_OK;
}

Rc letters_find(Ctx *ctx, Str code, const Entity **out) {
    Rc rc = letter_code_good(code)
                ? ledger_entity(ctx, ctx->tenant->ledger, letter_id(ctx->arena, code), out)
                : RC_NOT_FOUND;
    if (rc != RC_NOT_FOUND) return rc;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-letter", STR_NONE,
                    "The city has issued no letter of this address.");
}

/* Whoever may work on its case sends it. */
static Rc sent_allowed(Ctx *ctx, Str id) {
    const Entity *entity, *application;
    Letter letter;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &entity);
    if (rc == RC_OK && entity_has_type(entity, STR(LETTER_TYPE))) {
        letter_read(entity, &letter);
        return office_case(ctx, &(OfficeAct){.id = letter.case_id}, ACT_UPDATE, &application);
    }
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-letter", id, "There is no such letter.");
}

/* Of those only that who asks may send; those of an erased case are nobody's. */
Rc letters_waiting(Ctx *ctx, const StrVec *posts, size_t most, LettersWaiting *out) {
    ProjectAnswer found;
    Str any = str_join(ctx->arena, posts->items, posts->len, STR("\",\""));
    Str condition = str_fmt(ctx->arena, "waits==\"office\";post==\"" STR_FMT "\"", STR_ARG(any));
    ProjectWish wish = {
        .type = STR("Letter"), .q = condition, .order_by = STR("issuedAt"), .limit = most};
    *out = (LettersWaiting){0};
    if (!posts->len) return RC_OK;
    TRY(project_find(ctx, &wish, &found));
    for (size_t i = 0; i < found.entities.len; i++) {
        Letter letter;
        Ctx asking = *ctx;
        letter_read(found.entities.items[i], &letter);
        if (letter.contents && sent_allowed(&asking, letter.id) == RC_OK)
            vec_push(ctx->arena, &out->letters, letter);
    }
    out->more = found.more;
    return RC_OK;
}

Rc letters_sent(Ctx *ctx, const StrVec *ids) {
    Outcome outcome;
    VEC_EACH (const Str, id, ids)
        TRY(sent_allowed(ctx, *id));
    Command *command = case_command(ctx, STR("letter.sent"), STR_NONE, STR("web"));
    VEC_EACH (const Str, id, ids) {
        PartLetterSent *part = NEW(command_arena(command), PartLetterSent);
        *part = (PartLetterSent){str_dup(command_arena(command), *id)};
        command_needs(command, part->id);
        command_add(command, &part_letter_sent, part);
    }
    return case_execute(ctx, command, &outcome);
}
