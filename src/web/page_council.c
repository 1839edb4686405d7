/* page_council: meetings of the executive as everybody reads them, once their minutes were decided:
   the list, and one with its public items and papers. */
#include "pages_int.h"

#include "meet/meet.h"

enum { CHECK_MAX = 1 << 20 };

static Str council_url(Arena *arena, Str key) {
    return str_fmt(arena, "/meetings/" STR_FMT, STR_ARG(key));
}

static void head_set(HttpExchange *x, View *view, const Meeting *meeting) {
    view_set(view, "name", page_meeting_name(http_ctx(x), meeting));
    view_str(view, "url", council_url(view->arena, meeting->key));
    view_int(view, "at", meeting->at);
    view_str(view, "place", meeting->place);
    view_bool(view, "fixed", meeting->stage == MEET_FIXED);
    view_bool(view, "cancelled", meeting->stage == MEET_CANCELLED);
}

static void list_get(HttpExchange *x) {
    View view = page_view(x);
    MeetYear year;
    JsonItems items = {0};
    if (meet_list(http_ctx(x), page_year(x), &year) != RC_OK) {
        page_fail(x);
        return;
    }
    VEC_EACH (const Meeting, meeting, &year.meetings) {
        View one = view_new(view.arena);
        head_set(x, &one, meeting);
        vec_push(view.arena, &items, view_value(&one));
    }
    page_crumb(&view, STR("庁議・政策会議の要旨"), STR("Minutes of meetings"), STR_NONE);
    view_items(&view, "meetings", &items);
    page_meeting_years(&view, &year, "/meetings");
    page_show(x, 200, WEB_PAGE_COUNCIL, &view);
}

/* ---- one meeting ---- */

static Json item_value(HttpExchange *x, const Meeting *meeting, const MeetItem *item) {
    View one = view_new(http_ctx(x)->arena);
    bool hidden = !item->n;
    Str url = str_fmt(one.arena, STR_FMT "/items/%lld",
                      STR_ARG(council_url(one.arena, meeting->key)), (long long)item->n);
    view_bool(&one, "hidden", hidden);
    view_str(&one, "title", item->title);
    view_set(&one, "by", hidden ? json_of_null() : page_division(x, item->division));
    view_str(&one, "result", meet_result_word(item->result));
    view_str(&one, "said", item->said);
    view_bool(&one, "title_only", item->shown == MEET_TITLE);
    page_files_of(&one, item->papers, url);
    return view_value(&one);
}

static void attended_set(HttpExchange *x, View *view, const Json *attended) {
    JsonItems posts = {0};
    for (size_t i = 0; attended && i < attended->len; i++)
        vec_push(view->arena, &posts, page_post(x, json_str(json_at(attended, i))));
    view_items(view, "attended", &posts);
}

static Rc public_set(HttpExchange *x, View *view, const Meeting *meeting) {
    Ctx *ctx = http_ctx(x);
    MeetPublic all;
    JsonItems items = {0};
    Buf check = buf_new(ctx->arena, CHECK_MAX);
    TRY(meet_public(ctx, meeting, &all));
    VEC_EACH (const MeetItem, item, &all.items)
        vec_push(ctx->arena, &items, item_value(x, meeting, item));
    if (all.check) json_write(&check, all.check);
    view_items(view, "items", &items);
    attended_set(x, view, all.attended);
    view_str(view, "minutes", all.minutes);
    view_str(view, "root", all.root);
    view_str(view, "check", buf_str(&check));
    view_null(view, "proof");
    return str_empty(all.root) ? RC_OK : page_proof(ctx, meeting->version, view, NULL);
}

static void meeting_get(HttpExchange *x) {
    Meeting meeting;
    View view = page_view(x);
    if (meet_load(http_ctx(x), http_path_param(x, "meeting"), &meeting) != RC_OK ||
        public_set(x, &view, &meeting) != RC_OK) {
        page_fail(x);
        return;
    }
    Json name = page_meeting_name(http_ctx(x), &meeting);
    page_crumb(&view, STR("庁議・政策会議の要旨"), STR("Minutes of meetings"), STR("/meetings"));
    page_crumb_to(&view, name, STR_NONE);
    head_set(x, &view, &meeting);
    view_set(&view, "title", name);
    view_set(&view, "chair", page_post(x, meeting.chair));
    view_instant(&view, "decided", meeting.decided_at);
    page_show(x, 200, WEB_PAGE_COUNCIL_MEETING, &view);
}

static void paper_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Meeting meeting;
    const Json *paper;
    Attachment file;
    int64_t n = 0;
    Rc rc = meet_load(ctx, http_path_param(x, "meeting"), &meeting);
    (void)str_to_i64(http_path_param(x, "item"), &n);
    if (rc == RC_OK) rc = meet_public_paper(ctx, &meeting, n, http_path_param(x, "file"), &paper);
    if (rc != RC_OK || !attachment_read(paper, &file) || page_file_send(x, &file) != RC_OK)
        page_fail(x);
}

const HttpRoute page_council_rows[] = {
    PAGE_SHOW("/meetings", GATE_PUBLIC, "Meetings", list_get, "Meetings, for everybody"),
    PAGE_SHOW("/meetings/{meeting}", GATE_PUBLIC, "Meetings", meeting_get,
              "The minutes of a meeting"),
    {HTTP_GET, "/meetings/{meeting}/items/{item}/files/{file}", paper_get, HTTP_POOL, 0,
     GATE_PUBLIC, "Meetings", "A paper of a public item", NULL, NULL, page_file_answers},
};
ROWS(page_council_count, page_council_rows);
