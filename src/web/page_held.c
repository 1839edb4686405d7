/* page_held: the case behind an address, for who holds it, whose it is, or an official who sees to
 * it.
 */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { LOOKS_SHOWN = 20 };

static void hold(Ctx *ctx, Str id) {
    Actor *holder = NEW(ctx->arena, Actor);
    *holder = *ctx->actor;
    holder->held = id;
    ctx->actor = holder;
}

static bool is_under(const HttpExchange *x, const char *path) {
    return str_starts(str_of(http_route(x)->pattern), str_of(path));
}

/* At /c/TOKEN the holder of the address may see the case: the gate is told which record that is. At
   /my/cases/ID it is the signed-in resident's own, or it isn't there for him. An official is
   nobody's holder: what he sees by the address, or by the number under /staff, he sees by his post,
   and it is a look. */
static Rc case_of(HttpExchange *x, CasePlace *place, Str *out) {
    Ctx *ctx = http_ctx(x);
    Ticket ticket;
    *place = (CasePlace){.office = ctx->actor->kind == ACTOR_STAFF};
    if (is_under(x, "/my/")) {
        *out = http_path_param(x, "case");
        place->base =
            str_fmt(ctx->arena, "/my/cases/" STR_FMT, STR_ARG(http_url_encode(ctx->arena, *out)));
        return RC_OK;
    }
    if (is_under(x, "/staff/")) {
        Str number = http_path_param(x, "number");
        place->base = page_case_url(ctx->arena, number);
        return inbox_find(ctx, number, out);
    }
    Str token = http_path_param(x, "token");
    bool found = page_ticket(ctx, token, &ticket);
    *out = found ? ticket.case_id : apply_case_id(ctx->arena, token);
    place->until = found ? ticket.until : 0;
    if (!place->office) hold(ctx, *out);
    place->base = str_fmt(ctx->arena, "/c/" STR_FMT, STR_ARG(token));
    return RC_OK;
}

static const unsigned office_relations = REL_POST | REL_DIVISION | REL_ASSIGNEE;
static const unsigned own_relations = REL_SUBJECT | REL_APPLICANT | REL_HOLDER;

static Rc no_case(Ctx *ctx) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-case", STR_NONE, "There is no case at this address.");
}

/* Whose case it is not finds none; an official is told that it isn't his post's to see. */
static Rc not_own(Ctx *ctx, const CasePlace *place, const Entity *application) {
    GateAsk ask = {.action = ACT_READ,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_PERSONAL,
                   .relation = gate_relation(ctx, application)};
    if (str_starts(place->base, STR("/staff/"))) TRY(gate_check(ctx, &ask));
    return no_case(ctx);
}

/* What an official has asked for himself, of the house, is his by its address as a resident's is.
 */
static bool is_own_inside(Ctx *ctx, const Entity *application, const CasePlace *place) {
    const Definition *definition = defined_of(ctx, application);
    return definition && definition->inside && str_starts(place->base, STR("/c/"));
}

/* In which quality who asks looks at it: as one who holds it, or at the office for a purpose. */
static void look_as(Ctx *ctx, const Entity *application, CasePlace *place) {
    if (!place->office) return;
    if (is_own_inside(ctx, application, place)) {
        place->office = false;
        hold(ctx, application->id);
    } else {
        ctx->purpose = page_check_purpose(ctx, application);
    }
}

Rc page_held(HttpExchange *x, const Entity **out, CasePlace *place, PageWhat what) {
    Ctx *ctx = http_ctx(x);
    Str id;
    Rc rc = case_of(x, place, &id);
    if (rc == RC_OK) rc = ledger_entity(ctx, ctx->tenant->ledger, id, out);
    if (rc == RC_NOT_FOUND) return no_case(ctx);
    TRY(rc);
    look_as(ctx, *out, place);
    unsigned wanted = place->office ? office_relations : own_relations;
    if (!(gate_relation(ctx, *out) & wanted)) return not_own(ctx, place, *out);
    if (case_is_erased(*out))
        return ctx_fail(ctx, RC_NOT_FOUND, "record-erased", (*out)->id,
                        "The record of this case was erased.");
    *out = gate_view(ctx, NULL, *out);
    if (!*out) return no_case(ctx);
    return place->office ? gate_look(ctx, out, 1, page_what(what)) : RC_OK;
}

Rc page_held_case(HttpExchange *x, const Entity **out, CasePlace *place) {
    return page_held(x, out, place, WHAT_RECEIPT);
}

/* ---- what every page of a case shows ---- */

Rc page_case_looks(HttpExchange *x, View *view, const Entity *application) {
    Ctx *ctx = http_ctx(x);
    Looks looks;
    Str subject = dictionary_subject(ctx->tenant->dictionary, application);
    TRY(project_looks(ctx, ctx->tenant->project,
                      &(LooksQuery){.subject = subject, .before = 0, .limit = LOOKS_SHOWN},
                      &looks));
    page_looks(x, view, &looks);
    return RC_OK;
}

/* A found case is reachable for a while only: the page says until when. */
void page_until(View *view, const CasePlace *place) {
    view_set(view, "until", place->until ? json_of_int(place->until) : json_of_null());
}

/* Who holds the address may take the case into his account; who isn't signed in is asked to. */
Rc page_keep(HttpExchange *x, View *view, const Entity *application, const CasePlace *place) {
    Ctx *ctx = http_ctx(x);
    bool resident = ctx->actor->kind == ACTOR_RESIDENT, nobody = ctx->actor->kind == ACTOR_NOBODY;
    GateLinkState state = LINK_OWN;
    if ((resident || nobody) && str_starts(place->base, STR("/c/")))
        TRY(gate_link_state(ctx, dictionary_subject(ctx->tenant->dictionary, application), &state));
    bool free = state == LINK_FREE;
    Str base = http_url_encode(ctx->arena, place->base);
    view_str(view, "keep_url",
             free && resident ? str_fmt(ctx->arena, STR_FMT "/keep", STR_ARG(place->base))
                              : STR_NONE);
    view_str(view, "keep_sign_in",
             free && nobody ? str_fmt(ctx->arena, "/sign-in?next=" STR_FMT, STR_ARG(base))
                            : STR_NONE);
    return RC_OK;
}

Json page_remedy(Arena *arena, const Json *told) {
    View one = view_new(arena);
    view_json(&one, "title", json_get(told, STR("title")));
    view_json(&one, "text", json_get(told, STR("text")));
    view_set(&one, "article", page_article(arena, json_get_str(told, "article")));
    return view_value(&one);
}

/* What can be done about what was refused, as it was told then. */
void page_remedies(View *view, const Entity *application) {
    const Attr *remedies = entity_attr(application, IRI("remedies"));
    JsonItems items = {0};
    for (size_t i = 0; remedies && i < remedies->value->len; i++)
        vec_push(view->arena, &items, page_remedy(view->arena, json_at(remedies->value, i)));
    view_items(view, "remedies", &items);
}
