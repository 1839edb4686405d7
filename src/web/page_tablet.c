/* page_tablet: the tablet at a counter's desk: pairing it, what it shows and what is pressed there;
 * and on the pages of who enters, how what he has shown stands. */
#include "pages_int.h"

#define IRI(term)     STR(LD_DEFAULT term)
#define TABLET_COOKIE "machi_tablet"
#define SCRIPT_COOKIE "machi_script" /* set by the tablet's script, which asks by itself */
#define SHOWN_COOKIE  "machi_shown"  /* which showing it has begun to read */

enum { AGAIN_WAITING = 3, AGAIN_SHOWN = 15, AGAIN_CLERK = 3, CODE_HALF = 4 };

/* ---- who enters: on the page where the answers are checked ---- */

static Rc parts_of(Ctx *ctx, const TabletCheck *check, TabletParts *out) {
    *out = (TabletParts){0};
    for (size_t i = 0; i < check->drafts.len; i++) {
        TabletPart part;
        DefinedDraft draft = *check->drafts.items[i];
        draft.notice = check->about->notice;
        TRY(tablet_part(ctx, &draft, &part));
        vec_push(ctx->arena, out, part);
    }
    return RC_OK;
}

static bool is_among(const StrVec *all, Str one) {
    VEC_EACH (const Str, other, all)
        if (str_eq(*other, one)) return true;
    return false;
}

/* Whether just this was shown. */
static bool same_parts(const TabletParts *parts, const StrVec *hashes) {
    VEC_EACH (const TabletPart, part, parts)
        if (!is_among(hashes, part->hash)) return false;
    return parts->len > 0;
}

static Str desk_value(Arena *arena, TabletDesk at) {
    return str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(at.counter), STR_ARG(at.desk));
}

static Json counter_name(const Ctx *ctx, Str id) {
    const Json *name = json_get(visit_counter(ctx, id), STR("name"));
    return name ? *name : json_of_str(id);
}

static Rc desks_set(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    Tablets own;
    JsonItems items = {0};
    TRY(tablets_own(ctx, &own));
    VEC_EACH (const Tablet, tablet, &own) {
        View one = view_new(view->arena);
        view_str(&one, "value", desk_value(view->arena, tablet->at));
        view_str(&one, "desk", tablet->at.desk);
        view_set(&one, "counter", counter_name(ctx, tablet->at.counter));
        view_bool(&one, "chosen", own.len == 1);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "desks", &items);
    return RC_OK;
}

static Str mark_of(Arena *arena, const Definition *definition, const Field *field) {
    return str_fmt(arena, STR_FMT "." STR_FMT, STR_ARG(definition->id), STR_ARG(field->id));
}

/* What is no answer, by its word. */
static void mark_word(View *view, JsonItems *items, const StrVec *marks, Str mark) {
    Str procedure;
    View one = view_new(view->arena);
    if (!is_among(marks, mark)) return;
    (void)str_split(&mark, '/', &procedure);
    view_str(&one, "word", mark);
    vec_push(view->arena, items, view_value(&one));
}

static Str part_mark(Arena *arena, const Definition *definition, const char *what) {
    return str_fmt(arena, STR_FMT "%s", STR_ARG(definition->id), what);
}

/* What is to be put right, with the page on which that is done. */
static void marks_set(View *view, const TabletCheck *check, const StrVec *marks) {
    Arena *arena = view->arena;
    JsonItems items = {0};
    for (size_t d = 0; d < check->drafts.len; d++) {
        const Form *form = &check->drafts.items[d]->form;
        for (size_t i = 0; i < form->n; i++) {
            const FormAnswer *answer = &form->answers[i];
            if (!is_among(marks, mark_of(arena, form->definition, answer->field))) continue;
            /* what a bundle has handed on is changed there */
            const Definition *asked = answer->handed ? check->about->definition : form->definition;
            View one = view_new(arena);
            view_json(&one, "label", answer->field->label.all);
            view_str(&one, "change",
                     answer->handed ? page_procedure_url(arena, asked, "")
                                    : str_fmt(arena, "/procedures/" STR_FMT "/ask/" STR_FMT,
                                              STR_ARG(asked->id), STR_ARG(answer->page->id)));
            vec_push(arena, &items, view_value(&one));
        }
        mark_word(view, &items, marks, part_mark(arena, form->definition, TABLET_FEE));
        mark_word(view, &items, marks, part_mark(arena, form->definition, TABLET_NOTICE));
    }
    mark_word(view, &items, marks, STR(TABLET_MISSING));
    view_items(view, "marks", &items);
}

static void reasons_set(View *view, Str chosen) {
    JsonItems items = {0};
    const char *reason;
    for (size_t n = 0; (reason = tablet_reason_at(n)); n++) {
        View one = view_new(view->arena);
        view_str(&one, "id", str_of(reason));
        view_bool(&one, "chosen", str_eq(chosen, str_of(reason)));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "reasons", &items);
}

/* What was shown is another thing by now: nobody goes on reading it. */
static Str standing_word(Ctx *ctx, const TabletCheck *check, const TabletStanding *standing,
                         const TabletParts *parts) {
    bool stands = standing->state == TABLET_SHOWN || standing->state == TABLET_CONFIRMED;
    if (!stands || same_parts(parts, &standing->hashes)) return tablet_state_word(standing->state);
    tablet_outdate(ctx, check->about->token);
    return STR("void");
}

Rc page_tablet_set(HttpExchange *x, View *view, const TabletCheck *check) {
    Ctx *ctx = http_ctx(x);
    TabletParts parts;
    TabletStanding standing;
    View one = view_new(view->arena);
    view_str(&one, "state", STR("off"));
    if (tablet_asks(ctx, check->about) && check->drafts.len) {
        TRY(parts_of(ctx, check, &parts));
        tablet_standing(ctx, check->about->token, &standing);
        Str word = standing_word(ctx, check, &standing, &parts);
        if (str_eq(word, STR("shown"))) page_again(x, AGAIN_CLERK);
        view_str(&one, "state", word);
        view_str(&one, "desk", standing.at.desk);
        view_instant(&one, "shown", standing.shown_at);
        view_instant(&one, "answered", standing.answered_at);
        marks_set(&one, check, &standing.marks);
        reasons_set(&one, check->about->unconfirmed);
        TRY(desks_set(x, &one));
    }
    view_set(view, "tablet", view_value(&one));
    return RC_OK;
}

bool page_tablet_meant(const HttpForm *form) {
    return !str_empty(http_form_value(form, "act"));
}

static Rc notice_keep(Ctx *ctx, const DefinedDraft *draft, const TabletCheck *check) {
    JsonMembers said = {0};
    bool asked = false;
    for (size_t i = 0; i < check->drafts.len; i++)
        asked = asked || letters_asked(ctx, &check->drafts.items[i]->form);
    if (!asked) return RC_OK;
    if (!letters_delivery_good(draft->notice))
        return ctx_fail(ctx, RC_INVALID, "no-notice", STR("notice"),
                        "Say whether letters are to come electronically or on paper.");
    vec_push(ctx->arena, &said, (JsonMember){STR(".notice"), json_of_str(draft->notice)});
    return defined_keep(ctx, draft->definition, &said);
}

Rc page_tablet_do(HttpExchange *x, const TabletCheck *check, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    TabletParts parts;
    Str act = http_form_value(form, "act"), desk = http_form_value(form, "desk"), counter;
    if (str_eq(act, STR("cancel"))) {
        tablet_cancel(ctx, check->about->token);
        return RC_OK;
    }
    if (!str_eq(act, STR("show")) || !tablet_asks(ctx, check->about))
        return ctx_fail(ctx, RC_INVALID, "no-move", STR("act"),
                        "Something is shown on the tablet, or taken back.");
    TRY(notice_keep(ctx, check->about, check));
    if (!str_split(&desk, '/', &counter)) counter = STR_NONE;
    TRY(parts_of(ctx, check, &parts));
    return tablet_show(ctx, (TabletDesk){counter, desk}, check->about->token, &parts);
}

/* ---- what a check is refused for ---- */

static const struct {
    const char *code, *field, *word;
} told[] = {
    {"no-notice", "notice", "notice.required"},
    {"no-confirmation", "unconfirmed", "unconfirmed.required"},
    {"no-counter", "desk", "tablet.required"},
    {"no-desk", "desk", "tablet.required"},
    {"no-tablet", "desk", "tablet.none"},
    {"other-desk", "desk", "tablet.other"},
    {"tablet-busy", "desk", "tablet.busy"},
    {"tablet-unsent", "desk", "tablet.unsent"},
};

bool page_check_told(const Error *error) {
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (str_eq(error->code, str_of(told[i].code))) return true;
    return false;
}

void page_check_faults(View *view, const Error *error) {
    View errors = view_new(view->arena);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (str_eq(error->code, str_of(told[i].code)))
            view_str(&errors, told[i].field, str_of(told[i].word));
    view_set(view, "errors", view_value(&errors));
}

/* ---- a case ---- */

void page_confirmed(HttpExchange *x, View *view, const Entity *application) {
    const Attr *kept = entity_attr(application, IRI("confirmation"));
    if (!kept || !kept->value) {
        view_null(view, "confirmed");
        return;
    }
    View one = view_new(view->arena);
    view_str(&one, "reason", json_get_str(kept->value, "reason"));
    view_set(&one, "counter", counter_name(http_ctx(x), json_get_str(kept->value, "counter")));
    view_str(&one, "desk", json_get_str(kept->value, "desk"));
    view_str(&one, "at", json_get_str(kept->value, "at"));
    view_str(&one, "language", json_get_str(kept->value, "language"));
    view_str(&one, "hash", entity_text(application, IRI("confirmedHash")));
    view_set(view, "confirmed", view_value(&one));
}

/* ---- pairing, at the desk ---- */

Rc page_tablets(HttpExchange *x, View *view, Str counter, Str code) {
    Tablets paired;
    JsonItems items = {0};
    bool unsent;
    TRY(tablets_today(http_ctx(x), counter, &paired));
    VEC_EACH (const Tablet, tablet, &paired) {
        View one = view_new(view->arena);
        view_str(&one, "desk", tablet->at.desk);
        view_int(&one, "at", tablet->paired_at);
        view_set(&one, "post", page_post(x, tablet->post));
        vec_push(view->arena, &items, view_value(&one));
    }
    TRY(tablet_unsent(http_ctx(x), &unsent));
    view_bool(view, "unsent", unsent);
    view_items(view, "tablets", &items);
    view_str(view, "code",
             str_empty(code)
                 ? STR_NONE
                 : str_fmt(view->arena, STR_FMT "-" STR_FMT, STR_ARG(str_head(code, CODE_HALF)),
                           STR_ARG(str_sub(code, CODE_HALF, code.len))));
    return RC_OK;
}

/* ---- the tablet ---- */

/* The tablet is nobody's: a browser that somebody has signed in with is none. */
static Rc own_tablet(HttpExchange *x, Tablet *out) {
    return tablet_find(http_ctx(x), http_cookie(x, TABLET_COOKIE), out);
}

static void pair_show(HttpExchange *x, int status, const Faults *faults) {
    View view = page_view(x);
    view_bool(&view, "signed_in", http_ctx(x)->actor->kind != ACTOR_NOBODY);
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_TABLET_PAIR, &view);
}

/* The next one reads in his own language. */
static void language_forget(HttpExchange *x) {
    if (str_empty(http_cookie(x, "lang"))) return;
    http_set_cookie(x, (HttpSetCookie){.name = "lang",
                                       .value = STR_NONE,
                                       .max_age = 0,
                                       .secure = pages_options(x)->secure});
}

static void waiting_show(HttpExchange *x, const Tablet *tablet) {
    static const char *const words[] = {"confirmed", "refused", "late"};
    View view = page_view(x);
    Str done = http_query_or(x, "done", STR_NONE);
    view_null(&view, "done");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(done, str_of(words[i]))) view_str(&view, "done", done);
    view_set(&view, "counter", counter_name(http_ctx(x), tablet->at.counter));
    view_str(&view, "desk", tablet->at.desk);
    if (str_empty(done)) {
        language_forget(x);
        page_again(x, AGAIN_WAITING);
    } else {
        http_set_header(x, "Refresh", STR("6; url=/tablet"));
    }
    page_show(x, 200, WEB_PAGE_TABLET_WAIT, &view);
}

static Json row_marked(Arena *arena, const Json *row, Str mark, bool on) {
    JsonMembers members = {0};
    for (size_t i = 0; i < row->len; i++)
        vec_push(arena, &members, row->value.members[i]);
    vec_push(arena, &members, (JsonMember){STR("mark"), json_of_str(mark)});
    vec_push(arena, &members, (JsonMember){STR("marked"), json_of_bool(on)});
    return json_of_members(members.items, members.len);
}

static void rows_set(HttpExchange *x, View *view, const Form *form, const StrVec *marks) {
    JsonItems rows = {0};
    for (size_t i = 0; i < form->n; i++) {
        const FormAnswer *answer = &form->answers[i];
        if (!answer->due || answer->value.kind == FEEL_NULL) continue;
        Str mark = mark_of(view->arena, form->definition, answer->field);
        Json row = page_answer_row(x, answer, STR_NONE);
        vec_push(view->arena, &rows, row_marked(view->arena, &row, mark, is_among(marks, mark)));
    }
    view_items(view, "rows", &rows);
}

static void mark_set(View *view, const char *name, Str mark, const StrVec *marks) {
    View one = view_new(view->arena);
    view_str(&one, "mark", mark);
    view_bool(&one, "marked", is_among(marks, mark));
    view_set(view, name, view_value(&one));
}

static Rc part_value(HttpExchange *x, const TabletPart *part, const StrVec *marks, Json *out) {
    Ctx *ctx = http_ctx(x);
    Form form;
    int64_t fee;
    View one = view_new(ctx->arena);
    if (!part->definition)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-procedure", STR_NONE,
                        "The city has no such procedure.");
    form_read(ctx, part->definition, part->said, &form);
    TRY(form_fee(ctx, &form, &fee));
    view_json(&one, "label", part->definition->label.all);
    view_bool(&one, "priced", part->definition->fee != NULL);
    view_int(&one, "fee", fee);
    view_str(&one, "notice", part->notice);
    rows_set(x, &one, &form, marks);
    mark_set(&one, "fee_mark", part_mark(ctx->arena, part->definition, TABLET_FEE), marks);
    mark_set(&one, "notice_mark", part_mark(ctx->arena, part->definition, TABLET_NOTICE), marks);
    *out = view_value(&one);
    return RC_OK;
}

static void shown_show(HttpExchange *x, int status, const TabletShown *shown,
                       const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    View view = page_view(x);
    JsonItems items = {0};
    int64_t left = (shown->until - time_now(ctx->clock)) / TIME_SECOND + 1;
    bool script = !str_empty(http_cookie(x, SCRIPT_COOKIE));
    for (size_t i = 0; i < shown->parts.len; i++) {
        Json one;
        if (part_value(x, &shown->parts.items[i], &shown->marks, &one) != RC_OK) {
            page_fail(x);
            return;
        }
        vec_push(view.arena, &items, one);
    }
    view_str(&view, "showing", shown->id);
    view_items(&view, "parts", &items);
    mark_set(&view, "missing", STR(TABLET_MISSING), &shown->marks);
    view_int(&view, "marked", (int64_t)shown->marks.len);
    view_instant(&view, "until", shown->until);
    if (faults) page_faults(&view, faults);
    page_again(x, script || left < AGAIN_SHOWN ? (int)left : AGAIN_SHOWN);
    page_show(x, status, WEB_PAGE_TABLET, &view);
}

/* Somebody else may read what is shown now: not in the language that was chosen before. True: the
   browser comes back without it. */
static bool begins(HttpExchange *x, const TabletShown *shown) {
    if (str_eq(http_cookie(x, SHOWN_COOKIE), shown->id)) return false;
    http_set_cookie(x, (HttpSetCookie){.name = SHOWN_COOKIE,
                                       .value = shown->id,
                                       .max_age = TIME_DAY / TIME_SECOND,
                                       .secure = pages_options(x)->secure,
                                       .strict = true});
    if (str_empty(http_cookie(x, "lang"))) return false;
    language_forget(x);
    page_see(x, STR("/tablet"));
    return true;
}

static void tablet_show_now(HttpExchange *x, int status, const Tablet *tablet,
                            const Faults *faults) {
    TabletShown shown;
    if (tablet_shown(http_ctx(x), tablet, &shown) != RC_OK)
        page_fail(x);
    else if (str_empty(shown.id))
        waiting_show(x, tablet);
    else if (begins(x, &shown))
        return;
    else
        shown_show(x, status, &shown, faults);
}

void page_tablet_get(HttpExchange *x) {
    Tablet tablet;
    Rc rc = own_tablet(x, &tablet);
    if (rc == RC_OK)
        tablet_show_now(x, 200, &tablet, NULL);
    else if (rc == RC_NOT_FOUND)
        pair_show(x, 200, NULL);
    else
        page_fail(x);
}

static void pair_post(HttpExchange *x, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    Faults faults = {0};
    Str token;
    Rc rc = tablet_pair(ctx, http_form_value(form, "code"), &token);
    int64_t now = time_now(ctx->clock), ends = time_jst_start(time_jst_date(now)) + TIME_DAY;
    if (rc == RC_OK) {
        http_set_cookie(x, (HttpSetCookie){.name = TABLET_COOKIE,
                                           .value = token,
                                           .max_age = (ends - now) / TIME_SECOND,
                                           .secure = pages_options(x)->secure,
                                           .strict = true});
        page_see(x, STR("/tablet"));
    } else if (rc == RC_DENIED || rc == RC_LIMIT) {
        bool signed_in = str_eq(ctx->error.code, STR("tablet-signed-in"));
        vec_push(ctx->arena, &faults,
                 (Fault){"code", rc == RC_LIMIT ? "many"
                                 : signed_in    ? "signed_in"
                                                : "wrong"});
        pair_show(x, rc == RC_LIMIT ? 429 : 422, &faults);
    } else {
        page_fail(x);
    }
}

static Str language_word(HttpExchange *x) {
    WebLang lang = web_lang_of(x);
    return lang == WEB_EN ? STR("en") : lang == WEB_JA_EASY ? STR("ja-easy") : STR("ja");
}

static void pressed_see(HttpExchange *x, const TabletSaid *said) {
    if (said->press == PRESS_MORE)
        page_see(x, STR("/tablet#more"));
    else if (said->press == PRESS_MARK)
        page_see(x, str_fmt(http_ctx(x)->arena, "/tablet#" STR_FMT,
                            STR_ARG(http_url_encode(http_ctx(x)->arena, said->mark))));
    else
        page_see(x, said->press == PRESS_RIGHT ? STR("/tablet?done=confirmed")
                                               : STR("/tablet?done=refused"));
}

static void press_post(HttpExchange *x, const Tablet *tablet, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    Faults faults = {0};
    Str act = http_form_value(form, "act");
    TabletSaid said = {.showing = http_form_value(form, "showing"),
                       .press = str_eq(act, STR("right"))   ? PRESS_RIGHT
                                : str_eq(act, STR("wrong")) ? PRESS_WRONG
                                : str_eq(act, STR("more"))  ? PRESS_MORE
                                                            : PRESS_MARK,
                       .mark = http_form_value(form, "mark"),
                       .language = language_word(x)};
    Rc rc = tablet_press(ctx, tablet, &said);
    if (rc == RC_OK) {
        pressed_see(x, &said);
    } else if (rc == RC_CONFLICT) { /* it isn't there any more: the page shows what is */
        bool late = str_eq(ctx->error.code, STR("late"));
        page_see(x, late ? STR("/tablet?done=late") : STR("/tablet"));
    } else if (rc == RC_INVALID) {
        vec_push(ctx->arena, &faults, (Fault){"wrong", "none"});
        tablet_show_now(x, 422, tablet, &faults);
    } else {
        page_fail(x);
    }
}

void page_tablet_post(HttpExchange *x) {
    const HttpForm *form;
    Tablet tablet;
    if (!page_form(x, &form)) return;
    Rc rc = own_tablet(x, &tablet);
    if (rc == RC_OK)
        press_post(x, &tablet, form);
    else if (rc == RC_NOT_FOUND)
        pair_post(x, form);
    else
        page_fail(x);
}
