/* page_meet: meetings of the executive: the list, one agenda, one item with its papers. */
#include "pages_int.h"

#include "meet/meet.h"

#include <string.h>

enum { TIME_CHARS = 5, YEAR_MOST = 10000 };

/* ---- pieces ---- */

static Str meeting_url(Arena *arena, Str key) {
    return str_fmt(arena, "/staff/meetings/" STR_FMT, STR_ARG(key));
}

static Str item_url(Arena *arena, Str key, int64_t n) {
    return str_fmt(arena, "/staff/meetings/" STR_FMT "/items/%lld", STR_ARG(key), (long long)n);
}

Json page_meeting_name(Ctx *ctx, const Meeting *meeting) {
    const Json *series = meet_series(ctx, meeting->series);
    const Json *name = series ? json_get(series, STR("name")) : NULL;
    return name ? *name : json_of_str(meeting->name);
}

static void head_set(HttpExchange *x, View *view, const Meeting *meeting) {
    view_set(view, "name", page_meeting_name(http_ctx(x), meeting));
    view_str(view, "url", meeting_url(view->arena, meeting->key));
    view_int(view, "at", meeting->at);
    view_str(view, "place", meeting->place);
    static const char *const levels[MEET_STAGES] = {[MEET_OPEN] = "warn",
                                                    [MEET_CLOSED] = "info",
                                                    [MEET_PROPOSED] = "info",
                                                    [MEET_FIXED] = "ok",
                                                    [MEET_CANCELLED] = "bad"};
    view_str(view, "state", meet_stage_word(meeting->stage));
    view_str(view, "level", str_of(levels[meeting->stage]));
}

/* What a plan's form shows: as it was sent, else as it stands. */
static void plan_values(View *view, const HttpForm *form, const Meeting *meeting) {
    View values = view_new(view->arena);
    int64_t at = meeting ? meeting->at : TIME_NONE;
    Str day = STR_NONE, time = STR_NONE;
    if (at != TIME_NONE) {
        int64_t minutes = (at - time_jst_start(time_jst_date(at))) / TIME_MINUTE;
        day = time_format_date(view->arena, time_jst_date(at));
        time = str_fmt(view->arena, "%02d:%02d", (int)(minutes / 60), (int)(minutes % 60));
    }
    view_str(&values, "day", form ? http_form_value(form, "day") : day);
    view_str(&values, "time", form ? http_form_value(form, "time") : time);
    view_str(&values, "place",
             form      ? http_form_value(form, "place")
             : meeting ? meeting->place
                       : STR_NONE);
    view_set(view, "values", view_value(&values));
}

/* What a form is told of: the codes of the room, at the fields that they are about. */
static bool meet_fault(Ctx *ctx, Faults *faults) {
    static const struct {
        const char *code, *path;
        Fault fault;
    } rows[] = {
        {"missing", "series", {"series", "required"}},
        {"missing", "day", {"day", "required"}},
        {"far", "day", {"day", "far"}},
        {"other-year", "day", {"day", "year"}},
        {"missing", "time", {"time", "format"}},
        {"missing", "place", {"place", "required"}},
        {"long", "place", {"place", "long"}},
        {"missing", "title", {"title", "required"}},
        {"long", "title", {"title", "long"}},
        {"missing", "summary", {"summary", "required"}},
        {"long", "summary", {"summary", "long"}},
        {"missing", "shown", {"shown", "required"}},
        {"link", "link", {"link", "format"}},
        {"agenda-empty", NULL, {"agenda", "empty"}},
        {"agenda-closed", NULL, {"agenda", "closed"}},
        {"items-full", NULL, {"agenda", "full"}},
        {"moved-on", NULL, {"agenda", "moved"}},
        {"edited", NULL, {"agenda", "edited"}},
        {"missing", "result", {"result", "required"}},
        {"long", "said", {"said", "long"}},
        {"missing", "minutes", {"minutes", "required"}},
        {"long", "minutes", {"minutes", "long"}},
        {"no-result", NULL, {"agenda", "results"}},
        {"agenda-open", NULL, {"agenda", "open"}},
        {"minutes-frozen", NULL, {"agenda", "frozen"}},
        {"meeting-cancelled", NULL, {"agenda", "cancelled"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(ctx->error.code, str_of(rows[i].code)) &&
            (!rows[i].path || str_eq(ctx->error.path, str_of(rows[i].path))))
            vec_push(ctx->arena, faults, rows[i].fault);
    return faults->len > 0;
}

/* ---- the list ---- */

int page_year(HttpExchange *x) {
    int64_t year = 0;
    (void)str_to_i64(http_query_or(x, "year", STR_NONE), &year);
    return year > 0 && year < YEAR_MOST ? (int)year : 0;
}

/* A way to each year in which there was a meeting, the newest first. */
void page_meeting_years(View *view, const MeetYear *year, const char *url) {
    Arena *arena = view->arena;
    JsonItems items = {0};
    for (int i = year->last; i && i >= year->first; i--) {
        View one = view_new(arena);
        Str english = str_fmt(arena, "Fiscal year %d", i);
        view_set(&one, "name", view_text(arena, time_format_fiscal(arena, i), english));
        view_str(&one, "url", str_fmt(arena, "%s?year=%d", url, i));
        view_bool(&one, "here", i == year->year);
        vec_push(arena, &items, view_value(&one));
    }
    if (items.len < 2) items.len = 0; /* no choice */
    view_items(view, "years", &items);
    view_bool(view, "more", year->more);
}

static Rc meetings_set(HttpExchange *x, View *view) {
    MeetYear year;
    JsonItems items = {0};
    TRY(meet_list(http_ctx(x), page_year(x), &year));
    VEC_EACH (const Meeting, meeting, &year.meetings) {
        View one = view_new(view->arena);
        head_set(x, &one, meeting);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "meetings", &items);
    page_meeting_years(view, &year, "/staff/meetings");
    return RC_OK;
}

/* Those whose secretariat is the post of who asks. */
static void series_set(HttpExchange *x, View *view, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    JsonItems items = {0};
    const Json *series;
    for (size_t n = 0; (series = meet_series_at(ctx, n)); n++) {
        Str id = json_get_str(series, "id");
        if (!str_eq(json_get_str(series, "secretariat"), ctx->actor->post)) continue;
        View one = view_new(view->arena);
        view_str(&one, "id", id);
        view_json(&one, "name", json_get(series, STR("name")));
        view_str(&one, "place", json_get_str(series, "place"));
        view_bool(&one, "chosen", form && str_eq(http_form_value(form, "series"), id));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "series", &items);
}

static void list_show(HttpExchange *x, int status, const HttpForm *form, const Faults *faults) {
    View view = page_view(x);
    if (meetings_set(x, &view) != RC_OK) {
        page_fail(x);
        return;
    }
    series_set(x, &view, form);
    plan_values(&view, form, NULL);
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_MEETINGS, &view);
}

static void list_get(HttpExchange *x) {
    list_show(x, 200, NULL, NULL);
}

static MeetPlan plan_of(const HttpForm *form) {
    return (MeetPlan){.series = http_form_value(form, "series"),
                      .day = http_form_value(form, "day"),
                      .time = str_head(http_form_value(form, "time"), TIME_CHARS),
                      .place = http_form_value(form, "place")};
}

static void plan_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    Str key;
    if (!page_form(x, &form)) return;
    MeetPlan wish = plan_of(form);
    if (meet_plan(ctx, &wish, &key) == RC_OK)
        page_see(x, meeting_url(ctx->arena, key));
    else if (meet_fault(ctx, &faults))
        list_show(x, 422, form, &faults);
    else
        page_fail(x);
}

/* ---- one meeting ---- */

static Json item_value(HttpExchange *x, const Meeting *meeting, const MeetItem *item, bool up) {
    View one = view_new(http_ctx(x)->arena);
    view_int(&one, "n", item->n);
    view_str(&one, "title", item->title);
    view_set(&one, "by", page_division(x, item->division));
    view_str(&one, "shown", meet_shown_word(item->shown));
    view_int(&one, "papers", item->papers ? (int64_t)item->papers->len : 0);
    view_str(&one, "url", item_url(one.arena, meeting->key, item->n));
    view_bool(&one, "up", up);
    view_str(&one, "result", meet_result_word(item->result));
    return view_value(&one);
}

static Rc agenda_set(HttpExchange *x, View *view, const Meeting *meeting) {
    Ctx *ctx = http_ctx(x);
    MeetItems items;
    JsonItems values = {0};
    bool orders = meeting->open && meet_keeps(ctx, meeting);
    TRY(meet_items(ctx, meeting, &items));
    VEC_EACH (const MeetItem, item, &items)
        vec_push(view->arena, &values, item_value(x, meeting, item, orders && values.len));
    view_items(view, "items", &values);
    return RC_OK;
}

static void posts_set(HttpExchange *x, View *view, const Meeting *meeting) {
    JsonItems members = {0};
    for (size_t i = 0; meeting->members && i < meeting->members->len; i++)
        vec_push(view->arena, &members, page_post(x, json_str(json_at(meeting->members, i))));
    view_items(view, "members", &members);
    view_set(view, "chair", page_post(x, meeting->chair));
    view_set(view, "secretariat", page_post(x, meeting->secretariat));
}

static void attending_add(HttpExchange *x, JsonItems *items, const Meeting *meeting, Str post) {
    View one = view_new(http_ctx(x)->arena);
    view_str(&one, "id", post);
    view_set(&one, "title", page_post(x, post));
    view_bool(&one, "there", !meeting->attended || json_has(meeting->attended, post));
    vec_push(one.arena, items, view_value(&one));
}

/* What the secretariat writes, who was there, and how far it is. */
static Rc minutes_set(HttpExchange *x, View *view, const Meeting *meeting, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    JsonItems attending = {0};
    bool sent = form && str_eq(http_form_value(form, "act"), STR("minutes"));
    attending_add(x, &attending, meeting, meeting->chair);
    for (size_t i = 0; meeting->members && i < meeting->members->len; i++)
        attending_add(x, &attending, meeting, json_str(json_at(meeting->members, i)));
    view_items(view, "attending", &attending);
    view_bool(view, "drafts", meet_keeps(ctx, meeting) && meeting->stage == MEET_CLOSED);
    view_str(view, "minutes", meet_attends(ctx, meeting) ? meeting->minutes : STR_NONE);
    view_str(view, "minutes_said", sent ? http_form_value(form, "minutes") : meeting->minutes);
    view_str(view, "decision",
             str_empty(meeting->proposal) ? STR_NONE
                                          : page_decision_url(view->arena, meeting->proposal));
    view_str(view, "hash", meeting->hash);
    view_instant(view, "decided", meeting->decided_at);
    view_null(view, "proof");
    const Entity *decision;
    if (meeting->stage != MEET_FIXED) return RC_OK;
    TRY(decide_load(ctx, meeting->decision, &decision));
    return page_proof(ctx, decision->version, view, NULL);
}

static void meeting_show(HttpExchange *x, int status, const HttpForm *form, const Faults *faults) {
    Ctx *ctx = http_ctx(x);
    Meeting meeting;
    View view = page_view(x);
    if (meet_load(ctx, http_path_param(x, "meeting"), &meeting) != RC_OK ||
        agenda_set(x, &view, &meeting) != RC_OK || minutes_set(x, &view, &meeting, form) != RC_OK) {
        page_fail(x);
        return;
    }
    bool keeps = meet_keeps(ctx, &meeting);
    head_set(x, &view, &meeting);
    view_set(&view, "title", page_meeting_name(ctx, &meeting));
    posts_set(x, &view, &meeting);
    view_bool(&view, "closed", !meeting.open && meeting.stage != MEET_CANCELLED);
    view_bool(&view, "cancelled", meeting.stage == MEET_CANCELLED);
    view_bool(&view, "cancels", keeps && meeting.stage <= MEET_CLOSED);
    view_str(&view, "brings",
             meet_brings(ctx, &meeting) ? str_fmt(view.arena, STR_FMT "/items/new",
                                                  STR_ARG(meeting_url(view.arena, meeting.key)))
                                        : STR_NONE);
    view_bool(&view, "closes", keeps && meeting.open);
    view_bool(&view, "reopens", keeps && meeting.stage == MEET_CLOSED);
    view_bool(&view, "holds", keeps && meeting.stage == MEET_CANCELLED);
    bool moving = form && str_eq(http_form_value(form, "act"), STR("move"));
    view_bool(&view, "moving", moving);
    plan_values(&view, moving ? form : NULL, &meeting);
    if (faults) page_faults(&view, faults);
    page_show(x, status, WEB_PAGE_MEETING, &view);
}

static void meeting_get(HttpExchange *x) {
    meeting_show(x, 200, NULL, NULL);
}

static Rc minutes_do(Ctx *ctx, Str key, const HttpForm *form) {
    MeetMinutes wish = {.text = http_form_value(form, "minutes")};
    VEC_EACH (const HttpField, sent, form)
        if (str_eq(sent->name, STR("attended"))) vec_push(ctx->arena, &wish.attended, sent->value);
    return meet_minute(ctx, key, &wish);
}

static Rc meeting_do(Ctx *ctx, Str key, const HttpForm *form) {
    static const char *const words[MEET_ACTS] = {
        [MEET_UP] = "up",         [MEET_DROP] = "drop",     [MEET_CLOSE] = "close",
        [MEET_REOPEN] = "reopen", [MEET_CANCEL] = "cancel", [MEET_HOLD] = "hold"};
    Str word = http_form_value(form, "act"), decision;
    int64_t n = 0;
    MeetPlan plan = plan_of(form);
    (void)str_to_i64(http_form_value(form, "n"), &n);
    if (str_eq(word, STR("move"))) return meet_move(ctx, key, &plan);
    if (str_eq(word, STR("minutes"))) return minutes_do(ctx, key, form);
    if (str_eq(word, STR("propose"))) return meet_propose(ctx, key, &decision);
    for (unsigned i = 0; i < MEET_ACTS; i++)
        if (str_eq(word, str_of(words[i]))) return meet_act(ctx, key, n, (MeetAct)i);
    return ctx_fail(ctx, RC_INVALID, "no-act", STR("act"), "Choose what to do.");
}

static void meeting_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    Str key = http_path_param(x, "meeting");
    if (meeting_do(ctx, key, form) == RC_OK)
        page_see(x, meeting_url(ctx->arena, key));
    else if (meet_fault(ctx, &faults))
        meeting_show(x, 422, form, &faults);
    else
        page_fail(x);
}

/* ---- one item ---- */

/* An item's page: of one that is there, or of a new one. */
typedef struct ItemPage {
    Meeting meeting;
    MeetItem item;
    bool there, edits;
} ItemPage;

static Rc item_page(HttpExchange *x, ItemPage *out) {
    Ctx *ctx = http_ctx(x);
    Str said = http_path_param(x, "item");
    int64_t n = 0;
    *out = (ItemPage){.there = !str_eq(said, STR("new"))};
    TRY(meet_load(ctx, http_path_param(x, "meeting"), &out->meeting));
    if (out->there) {
        (void)str_to_i64(said, &n);
        TRY(meet_item(ctx, &out->meeting, n, &out->item));
    }
    out->edits =
        out->there ? meet_changes(ctx, &out->meeting, &out->item) : meet_brings(ctx, &out->meeting);
    return RC_OK;
}

static Str link_of(const MeetItem *item) {
    return item->links ? json_str(json_at(item->links, 0)) : STR_NONE;
}

static void item_set(HttpExchange *x, View *view, const ItemPage *at) {
    const MeetItem *item = &at->item;
    View one = view_new(view->arena);
    view_null(view, "item");
    if (!at->there) return;
    view_int(&one, "n", item->n);
    view_int(&one, "version", (int64_t)item->version);
    view_bool(&one, "whole", item->whole);
    view_str(&one, "summary", item->summary);
    view_set(&one, "by", page_post(x, item->post));
    view_str(&one, "shown", meet_shown_word(item->shown));
    view_str(&one, "link", link_of(item));
    view_str(&one, "result", meet_result_word(item->result));
    view_str(&one, "said", item->said);
    page_files_of(&one, item->papers, item_url(view->arena, at->meeting.key, item->n));
    view_set(view, "item", view_value(&one));
}

static void item_values(View *view, const ItemPage *at, const HttpForm *form) {
    const MeetItem *item = &at->item;
    View values = view_new(view->arena);
    JsonItems shown = {0};
    Str chosen = form        ? http_form_value(form, "shown")
                 : at->there ? meet_shown_word(item->shown)
                             : STR_NONE;
    view_str(&values, "title", form ? http_form_value(form, "title") : item->title);
    view_str(&values, "summary", form ? http_form_value(form, "summary") : item->summary);
    view_str(&values, "link", form ? http_form_value(form, "link") : link_of(item));
    view_set(view, "values", view_value(&values));
    for (unsigned i = 0; i < MEET_SHOWNS; i++) {
        View one = view_new(view->arena);
        view_str(&one, "word", meet_shown_word((MeetShown)i));
        view_bool(&one, "chosen", str_eq(chosen, meet_shown_word((MeetShown)i)));
        vec_push(view->arena, &shown, view_value(&one));
    }
    view_items(view, "shown", &shown);
}

/* What the meeting said of it, for its secretariat to note. */
static void note_set(HttpExchange *x, View *view, const ItemPage *at, const HttpForm *form) {
    JsonItems results = {0};
    bool notes =
        at->there && meet_keeps(http_ctx(x), &at->meeting) && at->meeting.stage == MEET_CLOSED;
    Str chosen = form ? http_form_value(form, "result") : meet_result_word(at->item.result);
    for (unsigned i = 0; i < MEET_RESULTS; i++) {
        View one = view_new(view->arena);
        view_str(&one, "word", meet_result_word((MeetResult)i));
        view_bool(&one, "chosen", str_eq(chosen, meet_result_word((MeetResult)i)));
        vec_push(view->arena, &results, view_value(&one));
    }
    view_items(view, "results", &results);
    view_bool(view, "notes", notes);
    view_str(view, "said", form ? http_form_value(form, "said") : at->item.said);
}

/* The address of the item behind this one. */
static Rc next_set(HttpExchange *x, View *view, const ItemPage *at) {
    MeetItems items = {0};
    if (at->there) TRY(meet_items(http_ctx(x), &at->meeting, &items));
    view_null(view, "next");
    for (size_t i = 0; i + 1 < items.len; i++)
        if (items.items[i].n == at->item.n)
            view_str(view, "next", item_url(view->arena, at->meeting.key, items.items[i + 1].n));
    return RC_OK;
}

static Json item_title(Arena *arena, const ItemPage *at) {
    if (!at->there) return view_text(arena, STR("案件を付議する"), STR("Bring an item"));
    if (!str_empty(at->item.title)) return json_of_str(at->item.title);
    return view_text(arena, STR("廃棄済みの案件"), STR("An item that was disposed of"));
}

static Rc item_fill(HttpExchange *x, View *view, const ItemPage *at, const HttpForm *form) {
    View meeting = view_new(view->arena);
    head_set(x, &meeting, &at->meeting);
    view_set(view, "meeting", view_value(&meeting));
    view_set(view, "title", item_title(view->arena, at));
    view_bool(view, "edits", at->edits);
    item_set(x, view, at);
    item_values(view, at, form);
    note_set(x, view, at, form);
    page_accept(view, ACCEPT_PHOTO | ACCEPT_DOCUMENT, MEET_PAPERS_MOST,
                procedures_attach(http_ctx(x)->tenant));
    return next_set(x, view, at);
}

/* file: the fault of a paper, where there is one. */
static void item_show(HttpExchange *x, const HttpForm *form, const Faults *faults,
                      const Json *file) {
    ItemPage at;
    View view = page_view(x);
    Rc rc = item_page(x, &at);
    if (rc == RC_OK && !at.there && !at.edits)
        rc = ctx_fail(http_ctx(x), RC_CONFLICT, "agenda-closed", at.meeting.id,
                      "The agenda is closed: ask the secretariat to open it again.");
    if (rc == RC_OK) rc = item_fill(x, &view, &at, form);
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    if (faults) page_faults(&view, faults);
    if (file) {
        View errors = view_new(view.arena);
        view_set(&errors, "papers", *file);
        view_set(&view, "errors", view_value(&errors));
    }
    page_show(x, faults || file ? 422 : 200, WEB_PAGE_MEETING_ITEM, &view);
}

static void item_get(HttpExchange *x) {
    item_show(x, NULL, NULL, NULL);
}

/* ---- papers that come in ---- */

static Json paper_fault(Ctx *ctx, Str name) {
    const AttachLimits *limits = procedures_attach(ctx->tenant);
    View one = view_new(ctx->arena);
    int64_t bound = str_eq(ctx->error.code, STR("large"))  ? limits->file >> 20
                    : str_eq(ctx->error.code, STR("many")) ? MEET_PAPERS_MOST
                                                           : 0;
    view_null(&one, "text");
    view_str(&one, "code", ctx->error.code);
    view_set(&one, "label", view_text(one.arena, STR("資料"), STR("Papers")));
    view_null(&one, "bound");
    view_str(&one, "file", attach_name(one.arena, name));
    view_str(&one, "n", bound ? str_fmt(one.arena, "%lld", (long long)bound) : STR_NONE);
    return view_value(&one);
}

static bool of_papers(Str code) {
    static const char *const codes[] = {"empty", "type",    "damaged",       "large",
                                        "many",  "malware", "scanner-silent"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_eq(code, str_of(codes[i]))) return true;
    return false;
}

/* name: of the paper that isn't taken. */
static Rc papers_take(Ctx *ctx, const HttpForm *form, MeetWish *wish, Str *name) {
    const Field field = {
        .kind = FIELD_FILE, .accept = ACCEPT_PHOTO | ACCEPT_DOCUMENT, .most = MEET_PAPERS_MOST};
    VEC_EACH (const HttpField, sent, form) {
        Attachment taken;
        Str clean;
        bool chosen = sent->file_name.len || sent->value.len;
        if (!chosen || !str_eq(sent->name, STR("papers"))) continue;
        *name = sent->file_name;
        AttachWish one = {&field, sent->file_name, sent->value, wish->papers.len, wish->papers.len};
        TRY(attach_take(ctx, &one, &taken, &clean));
        MeetPaper paper = {taken.name, taken.type, taken.digest, clean};
        vec_push(ctx->arena, &wish->papers, paper);
    }
    return RC_OK;
}

/* An address that was copied whole, from its first "/" on. */
static Str link_said(HttpExchange *x, Str said) {
    Str host = http_header(x, "Host");
    static const char *const schemes[] = {"https://", "http://"};
    said = str_trim(said);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        Str rest = str_sub(said, strlen(schemes[i]), said.len);
        if (str_starts(said, str_of(schemes[i])) && !str_empty(host) && str_starts(rest, host))
            return str_sub(rest, host.len, rest.len);
    }
    return said;
}

/* A paper that goes leaves the rest as it is. */
static void wish_of(HttpExchange *x, const HttpForm *form, const ItemPage *at, MeetWish *wish) {
    int64_t version = 0;
    (void)str_to_i64(http_form_value(form, "version"), &version);
    Str remove = http_form_value(form, "remove");
    if (!str_empty(remove) && at->there)
        *wish = (MeetWish){.title = at->item.title,
                           .summary = at->item.summary,
                           .link = link_of(&at->item),
                           .shown = at->item.shown,
                           .remove = remove};
    else
        *wish = (MeetWish){.title = http_form_value(form, "title"),
                           .summary = http_form_value(form, "summary"),
                           .link = link_said(x, http_form_value(form, "link")),
                           .shown = meet_shown_of(http_form_value(form, "shown"))};
    wish->version = (uint64_t)version;
}

static Rc note_do(Ctx *ctx, const ItemPage *at, const HttpForm *form) {
    int64_t version = 0;
    (void)str_to_i64(http_form_value(form, "version"), &version);
    MeetNote note = {.result = meet_result_of(http_form_value(form, "result")),
                     .text = http_form_value(form, "said"),
                     .version = (uint64_t)version};
    return meet_note(ctx, at->meeting.key, at->item.n, &note);
}

static Rc item_do(HttpExchange *x, const HttpForm *form, const ItemPage *at, Str *name) {
    Ctx *ctx = http_ctx(x);
    MeetWish wish;
    if (at->there && str_eq(http_form_value(form, "act"), STR("note")))
        return note_do(ctx, at, form);
    wish_of(x, form, at, &wish);
    TRY(papers_take(ctx, form, &wish, name));
    return meet_bring(ctx, at->meeting.key, at->there ? at->item.n : 0, &wish);
}

static void item_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    ItemPage at;
    Faults faults = {0};
    Str name = STR_NONE;
    if (!page_form(x, &form)) return;
    Rc rc = item_page(x, &at);
    if (rc == RC_OK) rc = item_do(x, form, &at, &name);
    if (rc == RC_OK) {
        page_see(x, at.there ? item_url(ctx->arena, at.meeting.key, at.item.n)
                             : meeting_url(ctx->arena, at.meeting.key));
    } else if (of_papers(ctx->error.code)) {
        Json fault = paper_fault(ctx, name);
        item_show(x, form, NULL, &fault);
    } else if ((at.edits || meet_keeps(ctx, &at.meeting)) && meet_fault(ctx, &faults)) {
        item_show(x, form, &faults, NULL);
    } else {
        page_fail(x);
    }
}

static void paper_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    ItemPage at;
    const Json *paper;
    Attachment file;
    Rc rc = item_page(x, &at);
    if (rc == RC_OK) rc = meet_paper(ctx, &at.item, http_path_param(x, "file"), &paper);
    if (rc != RC_OK || !attachment_read(paper, &file) || page_file_send(x, &file) != RC_OK)
        page_fail(x);
}

#define OFFICIALS                                                                                  \
    (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK) | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF) |    \
     1u << (GATE_ROLE_SHIFT + ROLE_STEWARD))
#define ITEM "/staff/meetings/{meeting}/items/{item}"

PAGE_ANSWERS(item_answers, PAGE_HTML(200), PAGE_FAULT(400), PAGE_FAULT(409), PAGE_FAULT(413),
             PAGE_FAULT(415));

const HttpRoute page_meet_rows[] = {
    PAGE_SHOW("/staff/meetings", OFFICIALS, "Meetings", list_get, "Meetings of the executive"),
    PAGE_SEND("/staff/meetings", OFFICIALS, "Meetings", plan_post, "Plan a meeting"),
    PAGE_SHOW("/staff/meetings/{meeting}", OFFICIALS, "Meetings", meeting_get, "An agenda"),
    PAGE_SEND("/staff/meetings/{meeting}", OFFICIALS, "Meetings", meeting_post, "Change an agenda"),
    {HTTP_GET, ITEM, item_get, HTTP_POOL, 0, OFFICIALS, "Meetings", "An item and its papers", NULL,
     NULL, item_answers},
    {HTTP_POST, ITEM, item_post, HTTP_POOL, PAGE_UPLOAD_MAX, OFFICIALS | GATE_FORM, "Meetings",
     "Bring or change an item", NULL, NULL, item_answers},
    {HTTP_GET, ITEM "/files/{file}", paper_get, HTTP_POOL, 0, OFFICIALS, "Meetings", "A paper",
     NULL, NULL, page_file_answers},
};
ROWS(page_meet_count, page_meet_rows);
