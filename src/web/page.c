/* page: what every page begins and ends with. */
#include "pages_int.h"

#include "decide/decide.h"
#include "open/open.h"

const PagesOptions *pages_options(const HttpExchange *x) {
    return http_lent(x);
}

const Json *page_organisation(HttpExchange *x) {
    const Tenant *tenant = http_ctx(x)->tenant;
    if (!tenant) tenant = pages_options(x)->usual;
    return tenant && tenant->gate ? gate_organisation(tenant->gate) : NULL;
}

Json page_city(HttpExchange *x) {
    const Json *name = json_get(page_organisation(x), STR("name"));
    return name ? *name : json_of_str(STR("machi"));
}

void page_contact(HttpExchange *x, View *view, const char *name) {
    view_json(view, name, json_get(json_get(page_organisation(x), STR("contact")), str_of(name)));
}

/* Whether cases can wait for him: they are his division's, or were brought before his post. */
static bool inbox_open(HttpExchange *x, const Actor *actor) {
    /* on pages of errors, too, whose error stays */
    Ctx asking = *http_ctx(x), *ctx = &asking;
    if (!ctx->tenant || !ctx->db || !procedures_waste(ctx->tenant)) return false;
    const GatePost *post = gate_post(ctx->tenant->gate, office_confirmer(ctx));
    int64_t counts[CASE_STATES];
    if (post && str_eq(post->division, actor->division)) return true;
    return inbox_counts(ctx, actor->post, counts) == RC_OK &&
           (counts[CASE_SUBMITTED] || counts[CASE_ASKED]);
}

static bool inbox_own(HttpExchange *x) {
    return inbox_open(x, http_ctx(x)->actor);
}

const char *page_home_of(HttpExchange *x, const Actor *actor) {
    if (actor->kind != ACTOR_STAFF) return "/my";
    if (actor->roles & 1u << ROLE_CONTRACTOR) return "/staff";
    if (actor->roles & (1u << ROLE_CLERK | 1u << ROLE_CHIEF) && inbox_open(x, actor))
        return "/staff";
    if (actor->roles & 1u << ROLE_CHIEF) return "/staff/decisions/waiting";
    if (actor->roles & 1u << ROLE_CLERK) return "/staff/decisions";
    if (actor->roles & 1u << ROLE_AUDITOR) return "/audit";
    if (actor->roles & 1u << ROLE_REGISTRAR) return "/staff/identity";
    return actor->roles & 1u << ROLE_OPERATOR ? "/operate" : "/staff/releases";
}

/* Accounts carry the Japanese name; the organisation knows both. */
Json page_name(HttpExchange *x, Str name) {
    const Json *accounts = json_get(page_organisation(x), STR("accounts"));
    for (size_t i = 0; accounts && i < accounts->len; i++) {
        const Json *both = json_get(json_at(accounts, i), STR("name"));
        if (str_eq(json_get_str(both, "ja"), name)) return *both;
    }
    return json_of_str(name);
}

static Json user_value(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Actor *actor = ctx->actor;
    if (!actor || actor->kind == ACTOR_NOBODY) return json_of_null();
    View user = view_new(ctx->arena);
    view_set(&user, "name", page_name(x, actor->name));
    const StrVec *posts = actor->kind == ACTOR_STAFF ? gate_own_posts(ctx) : NULL;
    view_bool(&user, "several", posts && posts->len > 1);
    view_str(&user, "home", str_of(page_home_of(x, actor)));
    GateDuty duty;
    bool lent = actor->by_duty && gate_duty_own(ctx, actor->post, &duty);
    view_set(&user, "post", str_empty(actor->post) ? json_of_null() : page_post(x, actor->post));
    view_str(&user, "duty", lent ? str_of(gate_duty_word(duty.kind)) : STR_NONE);
    return view_value(&user);
}

static void nav_add(HttpExchange *x, JsonItems *nav, const char *key, const char *url) {
    View one = view_new(http_ctx(x)->arena);
    view_str(&one, "key", str_of(key));
    view_str(&one, "url", str_of(url));
    view_null(&one, "count");
    vec_push(one.arena, nav, view_value(&one));
}

/* Whether the gate would let him read what is proposed for a day: the menu leads nobody to a page
 * that is closed to him. Asked of a plan such as the rules make them, for none need wait now. */
static bool plans_open(HttpExchange *x) {
    Ctx asking = *http_ctx(x);
    if (!asking.tenant || !procedures_waste(asking.tenant)) return false;
    const Waste *waste = procedures_waste(asking.tenant);
    Entity *plan = entity_new(asking.arena, STR("urn:ngsi-ld:Decision:plan"), STR(DECIDE_TYPE));
    entity_set(asking.arena, plan, STR(LD_DEFAULT "drafterPost"),
               json_of_str(office_confirmer(http_ctx(x))));
    entity_set(asking.arena, plan, STR(LD_DEFAULT "deciderPost"),
               json_of_str(office_post_id_now(http_ctx(x),
                                              waste_decider(waste, STR("collection-plan"), 0))));
    asking.purpose = page_decide_purpose(&asking);
    return page_proposal_view(&asking, &(const Entity *){plan}) == RC_OK;
}

/* Whether the table of delegations (専決) gives his post any fee reduction to decide, or one that
   it follows on. */
static bool reductions_open(HttpExchange *x) {
    const Ctx *ctx = http_ctx(x);
    StrVec posts = {0};
    const Waste *waste = ctx->tenant ? procedures_waste(ctx->tenant) : NULL;
    if (waste) office_posts_now(ctx, ctx->actor->post, &posts);
    VEC_EACH (const Str, post, &posts)
        if (waste_decides(waste, STR("fee-reduction"), *post)) return true;
    return false;
}

/* Where slots are drawn by lot, to those whose division does it. */
static bool lotteries_open(HttpExchange *x) {
    const Ctx *ctx = http_ctx(x);
    Definitions found;
    CatalogueQuery query = {.day = time_jst_date(time_now(ctx->clock))};
    if (!ctx->tenant) return false;
    catalogue_search(ctx->arena, procedures_catalogue(ctx->tenant), &query, &found);
    for (size_t i = 0; i < found.len; i++) {
        const Reservation *reservation = found.items[i]->reservation;
        const GatePost *post = gate_post(ctx->tenant->gate, found.items[i]->post);
        if (reservation && reservation->mode == RESERVE_LOTTERY && post &&
            str_eq(post->division, ctx->actor->division))
            return true;
    }
    return false;
}

/* Where rules move cases, to those whose division sees to these. */
static bool rules_open(HttpExchange *x) {
    const Ctx *ctx = http_ctx(x);
    StrVec ids = {0};
    if (!ctx->tenant) return false;
    const Catalogue *catalogue = procedures_catalogue(ctx->tenant);
    catalogue_ids(ctx->arena, catalogue, &ids);
    VEC_EACH (const Str, id, &ids) {
        const Definition *one = catalogue_newest(catalogue, *id);
        const GatePost *post = gate_post(ctx->tenant->gate, one->post);
        if (one->automatic.len && post && str_eq(post->division, ctx->actor->division)) return true;
    }
    return false;
}

/* Where the city has counters at which numbers are called. */
static bool counters_open(HttpExchange *x) {
    const Ctx *ctx = http_ctx(x);
    return ctx->tenant && visit_counter_at(ctx, 0);
}

/* What the official's roles give him, and the gate. */
static Json nav_value(HttpExchange *x) {
    static const struct {
        unsigned roles;
        const char *key, *url;
        bool (*open)(HttpExchange *x); /* NULL: to all of these roles */
    } rows[] = {
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF, "inbox", "/staff", inbox_own},
        {1u << ROLE_CONTRACTOR, "inbox", "/staff"},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF, "rules", "/staff/rules", rules_open},
        {1u << ROLE_STEWARD | 1u << ROLE_AUDITOR, "rules", "/staff/rules"},
        {1u << ROLE_CLERK, "entry", "/staff/entry"},
        {1u << ROLE_CLERK, "counter", "/staff/counter", counters_open},
        {1u << ROLE_REGISTRAR, "identity", "/staff/identity"},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF, "lotteries", "/staff/lotteries", lotteries_open},
        {1u << ROLE_CHIEF, "reductions", "/staff/reductions", reductions_open},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF, "plan", "/staff/plan", plans_open},
        {1u << ROLE_CLERK, "round", "/staff/round"},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF, "payments", "/staff/payments"},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF, "letters", "/staff/letters"},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF | 1u << ROLE_STEWARD | 1u << ROLE_AUDITOR, "files",
         "/staff/files"},
        {1u << ROLE_CHIEF | 1u << ROLE_STEWARD, "waiting", "/staff/decisions/waiting"},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF | 1u << ROLE_AUDITOR, "decisions", "/staff/decisions"},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF | 1u << ROLE_STEWARD, "reports", "/staff/reports"},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF | 1u << ROLE_STEWARD, "meetings", "/staff/meetings"},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF, "handover", "/staff/handover"},
        {~(1u << ROLE_CONTRACTOR), "absence", "/staff/absence"},
        {~(1u << ROLE_CONTRACTOR), "duties", "/staff/duties"},
        {1u << ROLE_CLERK | 1u << ROLE_STEWARD, "designs", "/staff/procedures"},
        {1u << ROLE_CHIEF | 1u << ROLE_STEWARD | 1u << ROLE_AUDITOR, "effect", "/staff/effect"},
        {1u << ROLE_STEWARD, "data", "/staff/releases"},
        {1u << ROLE_CLERK | 1u << ROLE_CHIEF | 1u << ROLE_STEWARD, "wall", "/staff/wall"},
        {1u << ROLE_AUDITOR, "log", "/audit"},
        {1u << ROLE_OPERATOR, "operator", "/operate"},
        {1u << ROLE_OPERATOR, "tokens", "/operate/tokens"},
    };
    const Actor *actor = http_ctx(x)->actor;
    JsonItems nav = {0};
    for (size_t i = 0; actor && actor->kind == ACTOR_STAFF && i < sizeof rows / sizeof *rows; i++)
        if (actor->roles & rows[i].roles && (!rows[i].open || rows[i].open(x)))
            nav_add(x, &nav, rows[i].key, rows[i].url);
    if (actor && actor->kind == ACTOR_STAFF && http_ctx(x)->tenant &&
        str_eq(actor->post, office_post_id_now(http_ctx(x), open_decider(http_ctx(x)->tenant))))
        nav_add(x, &nav, "data", "/staff/releases");
    return json_of_items(nav.items, nav.len);
}

static Str language_name(WebLang lang) {
    static const Str names[] = {
        [WEB_JA] = {"ja", 2}, [WEB_EN] = {"en", 2}, [WEB_JA_EASY] = {"ja-easy", 7}};
    return names[lang];
}

/* Whether a path, as sent, is one of a route's; "{x}" of its pattern is any one segment. */
static bool path_fits(Str pattern, Str path) {
    Str wanted, given;
    bool more;
    while ((more = str_split(&pattern, '/', &wanted)) && str_split(&path, '/', &given))
        if (!str_starts(wanted, STR("{")) && !str_eq(wanted, given)) return false;
    return !more && str_empty(path);
}

static bool is_page(HttpExchange *x, Str path) {
    const HttpRoute *route;
    for (size_t i = 0; (route = http_route_at(pages_options(x)->server, i)); i++)
        if (route->methods == HTTP_GET && !(route->access & GATE_API) &&
            path_fits(str_of(route->pattern), path))
            return true;
    return false;
}

/* The page to come back to: what a form is sent to often is none, then the nearest above it is. */
static Str page_near(HttpExchange *x) {
    Str path = http_path(x);
    if (http_method(x) == HTTP_GET) return path;
    while (path.len > 1 && !is_page(x, path)) {
        size_t end = path.len - 1;
        while (end > 1 && path.ptr[end] != '/')
            end--;
        path = str_head(path, end);
    }
    return path;
}

View page_view_saying(HttpExchange *x, Json notice) {
    Ctx *ctx = http_ctx(x);
    View site = view_new(ctx->arena), view = view_new(ctx->arena);
    view_set(&site, "city", page_city(x));
    view_set(&site, "path", json_of_str(page_near(x)));
    view_str(&site, "language", language_name(web_lang_of(x)));
    view_set(&site, "user", user_value(x));
    view_bool(&site, "office", ctx->actor && ctx->actor->kind == ACTOR_STAFF);
    view_set(&site, "csrf",
             ctx->actor && ctx->tenant ? json_of_str(gate_csrf(ctx)) : json_of_str(STR("")));
    view_bool(&site, "sandbox", pages_options(x)->sandbox || (ctx->tenant && ctx->tenant->sandbox));
    view_bool(&site, "glass", false);
    view_set(&site, "notice", notice);
    view_set(&site, "nav", nav_value(x));
    view_set(&view, "site", view_value(&site));
    view_set(&view, "errors", json_of_members(NULL, 0));
    return view;
}

View page_view(HttpExchange *x) {
    return page_view_saying(x, json_of_null());
}

/* A language that was asked for in the address stays chosen. */
static void language_keep(HttpExchange *x) {
    WebLang lang;
    Str asked;
    if (!http_query(x, "lang", &asked) || !web_lang_parse(asked, &lang)) return;
    if (str_eq(asked, http_cookie(x, "lang"))) return;
    http_set_cookie(x, (HttpSetCookie){.name = "lang",
                                       .value = asked,
                                       .max_age = INT64_C(365) * 86400,
                                       .secure = pages_options(x)->secure});
}

/* The look comes after the view was begun. */
static void glass_mark(HttpExchange *x, View *view) {
    const Actor *actor = http_ctx(x)->actor;
    if (!actor || actor->glass != GLASS_BROKEN) return;
    View site = view_new(view->arena);
    for (size_t i = 0; i < view->members.len; i++) {
        JsonMember *member = &view->members.items[i];
        if (!str_eq(member->name, STR("site"))) continue;
        for (size_t k = 0; k < member->value.len; k++) {
            const JsonMember *of_site = &member->value.value.members[k];
            bool glass = str_eq(of_site->name, STR("glass"));
            vec_push(site.arena, &site.members,
                     (JsonMember){of_site->name, glass ? json_of_bool(true) : of_site->value});
        }
        member->value = view_value(&site);
        return;
    }
}

void page_show(HttpExchange *x, int status, WebPage page, View *view) {
    language_keep(x);
    glass_mark(x, view);
    Json *json = NEW(view->arena, Json);
    *json = view_value(view);
    web_answer(x, status, page, json);
}

/* A header is one line of bounded length, whatever the form said. */
bool page_path_ok(Str path) {
    for (size_t i = 0; i < path.len; i++)
        if ((unsigned char)path.ptr[i] <= ' ' || path.ptr[i] == 0x7F) return false;
    return path.len > 0 && path.len <= PAGE_PATH_MAX;
}

void page_see(HttpExchange *x, Str location) {
    language_keep(x);
    http_redirect(x, 303, page_path_ok(location) ? location : STR("/"));
}

/* ---- errors ---- */

/* A record of which nothing is left but that it was there; path is its id. */
static bool is_erased(const Error *error) {
    return str_eq(error->code, STR("record-erased"));
}

int page_status(const Error *error) {
    static const int statuses[] = {
        [RC_INVALID] = 422, [RC_DENIED] = 403, [RC_NOT_FOUND] = 404, [RC_CONFLICT] = 409,
        [RC_LIMIT] = 429,   [RC_BUSY] = 503,   [RC_FAILED] = 500,
    };
    static const char *const later[] = {"unknown-outcome", "disk-full", "deadline"};
    if (is_erased(error)) return 410;
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (str_eq(error->code, str_of(later[i]))) return 503;
    return statuses[error->rc];
}

/* The page has words for these; another status borrows those of the nearest, the true one is
 * answered. */
static int drawn_as(int status) {
    static const int known[] = {400, 403, 404, 409, 413, 422, 429, 500, 503};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (status == known[i]) return status;
    return status == 405 ? 404 : status > 500 ? 503 : 400;
}

/* Where somebody goes on whose form cannot be taken: where an application or a report begins, from
 * the page that held the form elsewhere. */
static void again_value(HttpExchange *x, View *view, bool wanted) {
    static const char *const pages[] = {"/bulky", "/procedures", "/report", "/cases/find",
                                        "/sign-in"};
    Str path = http_path(x);
    const char *begin = NULL;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (str_starts(path, str_of(pages[i]))) begin = pages[i];
    Str page = begin ? str_of(begin) : page_near(x);
    view_str(view, "again", wanted && page.len > 1 ? page : STR_NONE);
    view_str(view, "again_to", begin ? STR("start") : STR("page"));
}

/* What was written into a form that was refused, so that it can be copied: nothing else keeps it.
 */
static Str written(HttpExchange *x) {
    static const char *const fields[] = {"text", "comment", "answer", "note"};
    const HttpForm *form;
    if (http_method(x) != HTTP_POST || http_form(x, &form) != RC_OK) return STR_NONE;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        Str text = http_form_value(form, fields[i]);
        if (!text_is_blank(http_ctx(x)->arena, text)) return text;
    }
    return STR_NONE;
}

/* To whom a page is open that is closed to who is signed in: the roles of officials of which he has
 * none, or residents. */
static void roles_closed(HttpExchange *x, JsonItems *out) {
    Ctx *ctx = http_ctx(x);
    const HttpRoute *route = http_route(x);
    if (!route || !ctx->actor || ctx->actor->kind == ACTOR_NOBODY || route->access & GATE_PUBLIC)
        return;
    unsigned roles = gate_access_roles(route->access);
    if (ctx->actor->kind == ACTOR_STAFF && route->access & GATE_STAFF &&
        (!roles || ctx->actor->roles & roles))
        return;
    if (ctx->actor->kind == ACTOR_RESIDENT && route->access & GATE_RESIDENT) return;
    if (route->access & GATE_RESIDENT) vec_push(ctx->arena, out, json_of_str(STR("resident")));
    for (unsigned role = 0; route->access & GATE_STAFF && role < ROLE_COUNT; role++)
        if (roles & 1u << role)
            vec_push(ctx->arena, out, json_of_str(str_of(gate_role_name((GateRole)role))));
}

/* The view of the page of an error, begun; `kind` chooses its words, NULL: the status does. */
static View fault_view(HttpExchange *x, int status, const char *kind) {
    View view = page_view(x);
    view_int(&view, "status", status);
    view_str(&view, "kind", kind ? str_of(kind) : str_fmt(view.arena, "%d", drawn_as(status)));
    view_null(&view, "erased");
    view_str(&view, "written", written(x));
    JsonItems open_to = {0};
    roles_closed(x, &open_to);
    view_items(&view, "open_to", &open_to);
    return view;
}

/* Who is signed in at the office stays in its frame, with its menu. */
static void fault_show(HttpExchange *x, int status, View *view) {
    const Actor *actor = http_ctx(x)->actor;
    bool office = actor && actor->kind == ACTOR_STAFF;
    page_show(x, status, office ? WEB_PAGE_ERROR_OFFICE : WEB_PAGE_ERROR, view);
}

/* What went wrong in the reader's language, where there are words for it; the sentence of the
 * program, which is English, to readers of English alone. */
static void reason_value(HttpExchange *x, View *view, const Error *error) {
    Str key = str_fmt(view->arena, "reason." STR_FMT, STR_ARG(error->code));
    bool known = !str_empty(web_message(http_ctx(x), WEB_JA, key, NULL, 0));
    view_str(view, "reason_code", known ? error->code : STR_NONE);
    bool said = known || is_erased(error); /* by the title, or by words of the reason */
    bool english = !said && web_lang_of(x) == WEB_EN;
    view_str(view, "reason", english ? error->detail : STR_NONE);
}

/* When it was erased, as soon as the followers know. */
static void erased_value(HttpExchange *x, View *view, Str id) {
    Ctx *ctx = http_ctx(x);
    Project *project = ctx->tenant->project;
    int64_t at;
    Rc rc = project_drain(ctx, project, ledger_head(ctx->tenant->ledger));
    if (rc == RC_OK) rc = project_erased_at(ctx, project, id, &at);
    if (rc == RC_OK) view_int(view, "erased", at);
}

static void refuse_show(HttpExchange *x, const Error *first, Str sign_in) {
    const Error said = *first, *error = &said; /* what is asked for the page may fail as well */
    int status = page_status(error);
    bool stale = str_eq(error->code, STR("stale-form")), get = http_method(x) == HTTP_GET;
    bool closed = status == 403 && http_ctx(x)->actor && http_ctx(x)->actor->kind != ACTOR_NOBODY;
    const char *kind = stale ? "stale" : is_erased(error) ? "erased" : closed ? "closed" : NULL;
    View view = fault_view(x, status, kind);
    if (is_erased(error)) erased_value(x, &view, error->path);
    reason_value(x, &view, error);
    /* what a form was sent to need not be a page */
    bool retry = get && (status == 503 || status == 500 || status == 409);
    bool again = stale || ((status == 409 || status == 429) && !get);
    view_str(&view, "retry", retry ? http_path(x) : STR_NONE);
    again_value(x, &view, again);
    view_str(&view, "sign_in", sign_in);
    view_null(&view, "request");
    fault_show(x, status, &view);
}

void pages_refuse(HttpExchange *x, const Error *error) {
    Ctx *ctx = http_ctx(x);
    bool sign_in = str_eq(error->code, STR("needs-sign-in"));
    bool shows = str_eq(error->code, STR("needs-passkey")) && gate_has_passkey(ctx);
    bool page = !(http_route(x)->access & GATE_API);
    Str near = http_url_encode(ctx->arena, page_near(x));
    Str next = str_fmt(ctx->arena, "/sign-in?next=" STR_FMT, STR_ARG(near));
    static const char *const ways[][2] = {{"first-password", "/account/password"},
                                          {"first-way", "/sign-in/new"},
                                          {"needs-passkey", "/account"}};
    const char *way = NULL;
    for (size_t i = 0; page && i < sizeof ways / sizeof *ways; i++)
        if (str_eq(error->code, str_of(ways[i][0]))) way = ways[i][1];
    if (sign_in && http_method(x) == HTTP_GET)
        page_see(x, next);
    else if (str_eq(error->code, STR("needs-step-up")) || (shows && page))
        page_see(x, str_fmt(ctx->arena, "/step-up?next=" STR_FMT, STR_ARG(near)));
    else if (way)
        page_see(x, str_of(way));
    else
        refuse_show(x, error, sign_in ? next : STR_NONE);
}

/* What the server found itself before any room was asked: a page for people, a problem document for
 * programs. */
bool pages_problem(HttpExchange *x, int status) {
    const HttpRoute *route = http_route(x);
    bool api = (route && route->access & GATE_API) || str_starts(http_path(x), STR("/ngsi-ld/"));
    if (api || str_find(http_header(x, "accept"), STR("text/html")) < 0) return false;
    View view = fault_view(x, status, NULL);
    view_null(&view, "reason_code");
    view_null(&view, "reason");
    view_null(&view, "retry");
    again_value(x, &view, status == 413);
    view_null(&view, "sign_in");
    view_null(&view, "request");
    fault_show(x, status, &view);
    return true;
}

void page_fail(HttpExchange *x) {
    Error error = http_ctx(x)->error;
    pages_refuse(x, &error);
}

bool page_form(HttpExchange *x, const HttpForm **form) {
    if (http_form(x, form) == RC_OK) return true;
    page_fail(x);
    return false;
}

/* ---- pieces ---- */

void page_crumb(View *view, Str ja, Str en, Str url) {
    page_crumb_to(view, view_text(view->arena, ja, en), url);
}

void page_crumb_to(View *view, Json label, Str url) {
    JsonItems crumbs = {0};
    for (size_t i = 0; i < view->members.len; i++) {
        const JsonMember *member = &view->members.items[i];
        for (size_t k = 0; str_eq(member->name, STR("crumbs")) && k < member->value.len; k++)
            vec_push(view->arena, &crumbs, *json_at(&member->value, k));
    }
    View one = view_new(view->arena);
    view_set(&one, "label", label);
    view_str(&one, "url", url);
    vec_push(view->arena, &crumbs, view_value(&one));
    view_items(view, "crumbs", &crumbs);
}

Json page_post(HttpExchange *x, Str post) {
    Ctx *ctx = http_ctx(x);
    const GatePost *known = gate_post(ctx->tenant->gate, post);
    if (known) return view_text(ctx->arena, known->title_ja, known->title_en);
    return page_city(x);
}

void page_faults_saying(View *view, const Faults *faults, const char *code, Json text) {
    View errors = view_new(view->arena), said = view_new(view->arena);
    view_set(&said, "text", text);
    VEC_EACH (const Fault, fault, faults) {
        Str key = str_fmt(view->arena, "%s.%s", fault->field, fault->code);
        bool own = code && str_eq(key, str_of(code));
        view_set(&errors, fault->field, own ? view_value(&said) : json_of_str(key));
    }
    view_set(view, "errors", view_value(&errors));
}

void page_faults(View *view, const Faults *faults) {
    page_faults_saying(view, faults, NULL, json_of_null());
}

Json page_purpose(HttpExchange *x, Str code) {
    Ctx *ctx = http_ctx(x);
    const GatePurpose *purpose = gate_purpose(ctx->tenant->gate, code);
    return purpose ? view_text(ctx->arena, purpose->name_ja, purpose->name_en) : json_of_str(code);
}

Json page_division(HttpExchange *x, Str id) {
    const Json *all = json_get(page_organisation(x), STR("divisions"));
    for (size_t i = 0; all && i < all->len; i++)
        if (str_eq(json_get_str(json_at(all, i), "id"), id))
            return *json_get(json_at(all, i), STR("name"));
    return json_of_str(id);
}

/* ---- routes ---- */

const HttpAnswer page_shown[] = {
    PAGE_HTML(200), PAGE_FAULT(400), PAGE_FAULT(409), PAGE_FAULTS, {0, NULL, NULL}};
const HttpAnswer page_posted[] = {PAGE_HTML(200),  PAGE_FAULT(400), PAGE_FAULT(409),
                                  PAGE_FAULT(413), PAGE_FAULT(415), PAGE_FAULTS,
                                  {0, NULL, NULL}};
static const HttpAnswer asset_answers[] = {{200, "text/css", NULL},  {200, "text/javascript", NULL},
                                           {200, "image/png", NULL}, {200, "image/svg+xml", NULL},
                                           {304, NULL, NULL},        HTTP_PROBLEM(401),
                                           HTTP_PROBLEM(404),        {421, "text/plain", NULL},
                                           {0, NULL, NULL}};

static const HttpRoute asset_rows[] = {
    {HTTP_GET, "/assets/{path...}", web_asset_handle, HTTP_LOOP, 0,
     GATE_PUBLIC | GATE_API | GATE_FIRST, "Pages", "Files of the pages", NULL, NULL, asset_answers},
};

static const size_t asset_count = sizeof asset_rows / sizeof *asset_rows;

static const struct {
    const HttpRoute *rows;
    const size_t *count;
} tables[] = {
    {asset_rows, &asset_count},
    {page_home_rows, &page_home_count},
    {page_start_rows, &page_start_count},
    {page_procedures_rows, &page_procedures_count},
    {page_slots_rows, &page_slots_count},
    {page_wait_rows, &page_wait_count},
    {page_attach_rows, &page_attach_count},
    {page_lottery_rows, &page_lottery_count},
    {page_defined_rows, &page_defined_count},
    {page_rules_rows, &page_rules_count},
    {page_join_rows, &page_join_count},
    {page_bulky_rows, &page_bulky_count},
    {page_case_rows, &page_case_count},
    {page_correct_rows, &page_correct_count},
    {page_letter_rows, &page_letter_count},
    {page_thread_rows, &page_thread_count},
    {page_files_rows, &page_files_count},
    {page_counter_rows, &page_counter_count},
    {page_meet_rows, &page_meet_count},
    {page_handover_rows, &page_handover_count},
    {page_inbox_rows, &page_inbox_count},
    {page_seek_rows, &page_seek_count},
    {page_council_rows, &page_council_count},
    {page_pay_rows, &page_pay_count},
    {page_settle_rows, &page_settle_count},
    {page_entry_rows, &page_entry_count},
    {page_find_rows, &page_find_count},
    {page_absence_rows, &page_absence_count},
    {page_duty_rows, &page_duty_count},
    {page_account_rows, &page_account_count},
    {page_my_rows, &page_my_count},
    {page_drafts_rows, &page_drafts_count},
    {page_identity_rows, &page_identity_count},
    {page_code_rows, &page_code_count},
    {page_keys_rows, &page_keys_count},
    {page_passkey_rows, &page_passkey_count},
    {page_outside_rows, &page_outside_count},
    {page_mail_rows, &page_mail_count},
    {page_staff_rows, &page_staff_count},
    {page_round_rows, &page_round_count},
    {page_decide_rows, &page_decide_count},
    {page_plan_rows, &page_plan_count},
    {page_lists_rows, &page_lists_count},
    {page_together_rows, &page_together_count},
    {page_ranking_rows, &page_ranking_count},
    {page_counts_rows, &page_counts_count},
    {page_waiting_rows, &page_waiting_count},
    {page_decisions_rows, &page_decisions_count},
    {page_watch_rows, &page_watch_count},
    {page_audit_rows, &page_audit_count},
    {page_api_rows, &page_api_count},
    {page_wall_rows, &page_wall_count},
    {page_map_rows, &page_map_count},
    {page_gauge_rows, &page_gauge_count},
    {page_data_rows, &page_data_count},
    {page_release_rows, &page_release_count},
    {page_design_rows, &page_design_count},
    {page_transition_rows, &page_transition_count},
    {page_design_edit_rows, &page_design_edit_count},
    {page_preview_rows, &page_preview_count},
    {page_effect_rows, &page_effect_count},
    {page_export_rows, &page_export_count},
    {page_report_rows, &page_report_count},
    {page_reports_rows, &page_reports_count},
};

void pages_routes(HttpServer *server, const PagesOptions *options) {
    http_lend(server, options);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        http_routes(server, tables[i].rows, *tables[i].count);
}
