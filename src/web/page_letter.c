/* page_letter: letters: those of a case, one by its own address (for its resident, and for whoever
 * has the paper and compares it), as PDF, and what the office has to send. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { SHOWN_MAX = 200 };

static Str letter_url(Arena *arena, Str code, const char *rest) {
    return str_fmt(arena, "/letters/" STR_FMT "%s", STR_ARG(code), rest);
}

static Str desk_url(Arena *arena, const Letter *letter) {
    Str own = str_sub(letter->id, sizeof LETTER_ID_PREFIX - 1, letter->id.len);
    return str_fmt(arena, "/staff/letters/" STR_FMT, STR_ARG(own));
}

/* ---- of a case ---- */

/* What it is called, which tells nothing of whom it is about. */
static const Json *title_of(const Definition *definition, Str kind) {
    for (size_t i = 0; definition && i < definition->letters.len; i++)
        if (str_eq(definition->letters.items[i].id, kind))
            return definition->letters.items[i].title.all;
    return NULL;
}

static View row_of(Arena *arena, const Letter *letter, const Json *title) {
    View one = view_new(arena);
    view_json(&one, "title", title);
    view_str(&one, "number", str_dup(arena, letter->number));
    view_int(&one, "at", letter->issued_at);
    view_str(&one, "replaced", str_dup(arena, letter->replaced_by));
    view_bool(&one, "paper", letter->on_paper);
    view_instant(&one, "sent", letter->sent_at);
    return one;
}

static bool may_have_letters(const Ctx *ctx, const Entity *application) {
    Definitions versions;
    versions_of(ctx, application, &versions);
    for (size_t i = 0; i < versions.len; i++)
        if (versions.items[i]->letters.len) return true;
    return false;
}

/* Whoever is shown the case is led to its letters, whose addresses stay; but not who has found it
 * for an hour. */
Rc page_letters_add(HttpExchange *x, JsonItems *items, const Entity *application, LettersWay way) {
    CaseLetters letters;
    Arena *arena = http_ctx(x)->arena;
    Ctx *ctx = http_ctx(x);
    if (!may_have_letters(ctx, application)) return RC_OK; /* without asking the store */
    TRY(letters_of(ctx, application->id, &letters));
    VEC_EACH (const CaseLetter, one, &letters) {
        const Definition *definition = versions_at(ctx, application, one->letter.issued_at);
        View row = row_of(arena, &one->letter, title_of(definition, one->letter.kind));
        view_str(&row, "url",
                 way == LETTERS_OFFICE ? desk_url(arena, &one->letter)
                 : way == LETTERS_OWN  ? letter_url(arena, one->code, "")
                                       : STR_NONE);
        vec_push(arena, items, view_value(&row));
    }
    return RC_OK;
}

Rc page_letters(HttpExchange *x, View *view, const Entity *application, LettersWay way) {
    JsonItems items = {0};
    TRY(page_letters_add(x, &items, application, way));
    view_items(view, "letters", &items);
    return RC_OK;
}

/* ---- one letter ---- */

static Rc no_letter(Ctx *ctx) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-letter", STR_NONE,
                    "The city has issued no letter of this address.");
}

/* As who asks may see it. Its own number may be known when its contents aren't there any more. */
static Rc seen_read(Ctx *ctx, const Entity *entity, Letter *out) {
    const Entity *seen = gate_view(ctx, NULL, entity);
    Letter whole;
    letter_read(entity, &whole);
    if (!whole.contents)
        return ctx_fail(ctx, RC_NOT_FOUND, "record-erased", STR_NONE,
                        "The record of this letter was erased.");
    if (!seen) return no_letter(ctx);
    letter_read(seen, out);
    return out->contents ? RC_OK : no_letter(ctx);
}

/* An official is nobody's holder: he reads it by his post, and that is a look. */
static Rc office_letter(Ctx *ctx, const Entity *entity, Letter *out) {
    ctx->purpose = STR("application-check");
    GateAsk ask = {.action = ACT_READ,
                   .type = STR(LETTER_TYPE),
                   .class = CLASS_PERSONAL,
                   .relation = gate_relation(ctx, entity)};
    TRY(gate_check(ctx, &ask));
    TRY(seen_read(ctx, entity, out));
    return gate_look(ctx, &entity, 1, page_what(WHAT_LETTER));
}

/* The code says that he has the letter: the gate is told so. */
static Rc held_letter(HttpExchange *x, Letter *out) {
    Ctx *ctx = http_ctx(x);
    const Entity *entity;
    Actor *holder = NEW(ctx->arena, Actor);
    TRY(letters_find(ctx, http_path_param(x, "code"), &entity));
    if (ctx->actor->kind == ACTOR_STAFF) return office_letter(ctx, entity, out);
    *holder = *ctx->actor;
    holder->held = entity->id;
    ctx->actor = holder;
    return seen_read(ctx, entity, out);
}

void page_letter_text(View *view, const Json *contents) {
    static const char *const members[] = {"title", "signer", "to", "body", "facts", "contact"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        view_json(view, members[i], json_get(contents, str_of(members[i])));
    view_str(view, "reason", json_get_str(contents, "reason"));
    view_str(view, "receipt", json_get_str(contents, "receipt"));
    view_set(view, "basis", page_article(view->arena, json_get_str(contents, "basis")));
    const Json *remedies = json_get(contents, STR("remedies"));
    JsonItems items = {0};
    for (size_t i = 0; remedies && i < remedies->len; i++)
        vec_push(view->arena, &items, page_remedy(view->arena, json_at(remedies, i)));
    view_items(view, "remedies", &items);
}

/* To whom it goes, as far as the case may be seen by who reads. */
static Json letter_to(Ctx *ctx, const Entity *application) {
    static const char *const members[] = {"name", "postcode", "address"};
    static const Str iris[] = {IRI("name"), IRI("postcode"), IRI("address")};
    const Entity *seen = gate_view(ctx, NULL, application);
    View to = view_new(ctx->arena);
    for (size_t i = 0; i < sizeof iris / sizeof *iris; i++)
        view_str(&to, members[i], seen ? entity_text(seen, iris[i]) : STR_NONE);
    return view_value(&to);
}

/* Adds what goes out about one case. */
static Rc drafts_add(Ctx *ctx, const Entity *decision, const Json *row, LetterDrafts *drafts,
                     JsonItems *items) {
    TRY(defined_letters(ctx, decision, row, drafts));
    if (drafts->application) TRY(gate_look(ctx, &drafts->application, 1, page_what(WHAT_LETTER)));
    VEC_EACH (const Json, draft, &drafts->contents) {
        View one = view_new(ctx->arena);
        page_letter_text(&one, draft);
        view_set(&one, "to", letter_to(ctx, drafts->application));
        vec_push(ctx->arena, items, view_value(&one));
    }
    return RC_OK;
}

/* Of a list as a sample: for each move those of the first case that is as it was proposed. */
static Rc samples_add(Ctx *ctx, const Entity *decision, const Json *rows, LetterDrafts *drafts,
                      JsonItems *items) {
    StrVec shown = {0};
    for (uint32_t i = 0; i < rows->len; i++) {
        Str move = json_get_str(json_at(rows, i), "move");
        if (org_lists(&shown, move)) continue;
        TRY(drafts_add(ctx, decision, json_at(rows, i), drafts, items));
        if (!drafts->moved) vec_push(ctx->arena, &shown, move);
    }
    drafts->moved = false; /* that stands at each row */
    return RC_OK;
}

/* The letters that go out once it is decided (施行文案), which the decider decides on, too. */
Rc page_letter_drafts(Ctx *ctx, View *view, const Entity *decision, const Json *contents) {
    LetterDrafts drafts = {0};
    JsonItems items = {0};
    bool waits = str_eq(entity_text(decision, IRI("state")), STR("waiting"));
    if (waits && contents && together_is(contents))
        TRY(samples_add(ctx, decision, json_get(contents, STR("cases")), &drafts, &items));
    else if (waits && contents)
        TRY(drafts_add(ctx, decision, contents, &drafts, &items));
    view_items(view, "letters", &items);
    view_bool(view, "moved", drafts.moved);
    view_bool(view, "nobody_signs", drafts.nobody_signs);
    return RC_OK;
}

static void letter_get(HttpExchange *x) {
    Letter letter;
    Rc rc = held_letter(x, &letter);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    Str code = http_path_param(x, "code");
    page_crumb(&view, STR("通知書"), STR("Official letter"), STR_NONE);
    page_letter_text(&view, letter.contents);
    view_str(&view, "number", letter.number);
    view_int(&view, "at", letter.issued_at);
    view_str(&view, "replaced", letter.replaced_by);
    view_bool(&view, "paper", letter.on_paper);
    view_instant(&view, "sent", letter.sent_at);
    view_str(&view, "pdf", letter_url(view.arena, code, "/pdf"));
    if (page_proof(http_ctx(x), letter.leaf, &view, NULL) == RC_OK)
        page_show(x, 200, WEB_PAGE_LETTER, &view);
    else
        page_fail(x);
}

/* ---- on paper ---- */

static Rc pdf_answer(HttpExchange *x, const Letter *letter, Str code) {
    Ctx *ctx = http_ctx(x);
    Str bytes;
    Json city = page_city(x);
    LetterPaper paper = {.letter = letter,
                         .city = json_get_str(&city, "ja"),
                         .check = page_whole_address(x, letter_url(ctx->arena, code, "")),
                         .translated = web_lang_of(x) == WEB_EN};
    TRY(letter_pdf(ctx, &paper, &bytes));
    Str name = http_url_encode(ctx->arena, letter->number);
    http_set_header(x, "Content-Disposition",
                    str_fmt(ctx->arena, "inline; filename*=UTF-8''" STR_FMT ".pdf", STR_ARG(name)));
    http_set_header(x, "X-Content-Type-Options", STR("nosniff"));
    http_set_header(x, "Cross-Origin-Resource-Policy", STR("same-origin"));
    http_set_header(x, "Cache-Control", STR("private, no-store"));
    http_answer(x, 200, STR("application/pdf"), bytes);
    return RC_OK;
}

static void pdf_get(HttpExchange *x) {
    Letter letter;
    Rc rc = held_letter(x, &letter);
    if (rc == RC_OK) rc = pdf_answer(x, &letter, http_path_param(x, "code"));
    if (rc != RC_OK) page_fail(x);
}

/* ---- the office ---- */

static Rc desk_letter(HttpExchange *x, Letter *out, Str *code) {
    Ctx *ctx = http_ctx(x);
    const Entity *entity;
    CaseLetters letters;
    Str id = str_fmt(ctx->arena, LETTER_ID_PREFIX STR_FMT, STR_ARG(http_path_param(x, "letter")));
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &entity);
    if (rc == RC_NOT_FOUND) return no_letter(ctx);
    TRY(rc);
    TRY(office_letter(ctx, entity, out));
    TRY(letters_of(ctx, out->case_id, &letters));
    VEC_EACH (const CaseLetter, one, &letters)
        if (str_eq(one->letter.id, id)) *code = one->code;
    return RC_OK;
}

static void desk_pdf_get(HttpExchange *x) {
    Letter letter;
    Str code = STR_NONE;
    Rc rc = desk_letter(x, &letter, &code);
    if (rc == RC_OK) rc = pdf_answer(x, &letter, code);
    if (rc != RC_OK) page_fail(x);
}

/* What waits of his division, whoever's post it is. */
static Rc waiting_set(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    LettersWaiting waiting;
    JsonItems items = {0};
    StrVec posts = {0};
    const GatePost *post;
    for (size_t i = 0; (post = gate_post_at(ctx->tenant->gate, i)); i++)
        if (str_eq(post->division, ctx->actor->division)) vec_push(ctx->arena, &posts, post->id);
    TRY(letters_waiting(ctx, &posts, SHOWN_MAX, &waiting));
    VEC_EACH (const Letter, letter, &waiting.letters) {
        const Definition *definition =
            catalogue_newest(procedures_catalogue(ctx->tenant), letter->procedure);
        View row = row_of(view->arena, letter, title_of(definition, letter->kind));
        view_str(&row, "id", str_sub(letter->id, sizeof LETTER_ID_PREFIX - 1, letter->id.len));
        view_str(&row, "url", desk_url(view->arena, letter));
        vec_push(view->arena, &items, view_value(&row));
    }
    view_items(view, "letters", &items);
    view_bool(view, "more", waiting.more);
    return RC_OK;
}

static void waiting_get(HttpExchange *x) {
    View view = page_view(x);
    if (waiting_set(x, &view) == RC_OK)
        page_show(x, 200, WEB_PAGE_LETTERS_OUT, &view);
    else
        page_fail(x);
}

static void sent_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    StrVec ids = {0};
    if (!page_form(x, &form)) return;
    VEC_EACH (const HttpField, field, form)
        if (str_eq(field->name, STR("letter")))
            vec_push(ctx->arena, &ids,
                     str_fmt(ctx->arena, LETTER_ID_PREFIX STR_FMT, STR_ARG(field->value)));
    Rc rc = ids.len ? letters_sent(ctx, &ids) : RC_OK;
    if (rc == RC_OK)
        page_see(x, STR("/staff/letters"));
    else
        page_fail(x);
}

PAGE_ANSWERS(pdf_answers, {200, "application/pdf", NULL}, PAGE_FAULT(400), PAGE_FAULT(409));

#define PDF(path, get, access, tag, what)                                                          \
    { HTTP_GET, path, get, HTTP_POOL, 0, access, tag, what, NULL, NULL, pdf_answers }

const HttpRoute page_letter_rows[] = {
    PAGE_SHOW("/letters/{code}", GATE_PUBLIC, "Letters", letter_get,
              "A letter, as the city has issued it"),
    PDF("/letters/{code}/pdf", pdf_get, GATE_PUBLIC, "Letters", "A letter on paper"),
    PAGE_SHOW("/staff/letters", PAGE_CITY, "Letters", waiting_get, "Letters to send"),
    PDF("/staff/letters/{letter}", desk_pdf_get, PAGE_CITY, "Letters", "A letter on paper"),
    {HTTP_POST, "/staff/letters/sent", sent_post, HTTP_POOL, PAGE_FORM_MAX, PAGE_CITY | GATE_FORM,
     "Letters", "Letters that are on their way", NULL, NULL, page_posted},
};
ROWS(page_letter_count, page_letter_rows);
