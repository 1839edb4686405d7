/* page_look: looks at personal data: what they were at, in words, and how pages list them. */
#include "pages_int.h"

static const struct {
    const char *ja, *en;
} whats[PAGE_WHATS] = {
    [WHAT_INBOX] = {"受付の一覧（品目、受付番号）", "List of applications (items, case number)"},
    [WHAT_SEEK] = {"さがして見つかった申込み（氏名、受付番号）",
                   "An application found by search (name, case number)"},
    [WHAT_CASE] = {"申込みの内容、住所、連絡先", "What was applied for, address, contact"},
    [WHAT_RECEIPT] = {"申込みの控え", "Receipt of the application"},
    [WHAT_ROUND] = {"収集の一覧（住所、品目、置き場所）",
                    "Stops of a pickup day (address, items, place)"},
    [WHAT_REDUCTION] = {"減免の理由、氏名、町名", "Ground of the fee reduction, name, town"},
    [WHAT_PLAN] = {"収集予定表（受付番号、町名、品目）",
                   "Collection plan (case number, town, items)"},
    [WHAT_DECISION] = {"起案と決裁の内容", "A proposal and its decision"},
    [WHAT_FILE] = {"申込みに添えたファイル", "A file attached to the application"},
    [WHAT_LETTER] = {"申請についての通知書", "A letter about the application"},
    [WHAT_SHELF] = {"簿冊にある案件の一覧（受付番号）",
                    "Matters of a retention file (case numbers)"},
    [WHAT_PREPARED] = {"自動処理の確認一覧（受付番号、申込みの内容）",
                       "List that a rule prepared (case number, what was applied for)"},
    [WHAT_THREAD] = {"申込みについてのやりとり", "Messages about the application"},
    [WHAT_TABLET] = {TABLET_WHY, "Shown on the tablet at the desk, and confirmed there"},
    [WHAT_RECOVERED] = {GATE_RECOVER_WHY,
                        "Made sure who it is, ended the former ways in, and gave a code"},
    [WHAT_OPENED] = {GATE_OPEN_WHY, "Made sure who it is, opened the account, and gave a code"},
    [WHAT_OWNER] = {GATE_OWNER_WHY, "Name of the account, and which kinds of ways lead in"},
    [WHAT_REPORTER] = {"知らせた人のメールアドレス", "Mail address of who reported"},
};

Str page_what(PageWhat what) {
    assert(what < PAGE_WHATS);
    return str_of(whats[what].ja);
}

/* A sentence of another program, or of before, is shown as it was kept. */
static Json what_value(Arena *arena, Str why) {
    for (size_t i = 0; i < PAGE_WHATS; i++)
        if (str_eq(why, str_of(whats[i].ja))) return view_text(arena, why, str_of(whats[i].en));
    return json_of_str(why);
}

void page_looks(HttpExchange *x, View *view, const Looks *looks) {
    Arena *arena = view->arena;
    JsonItems items = {0};
    VEC_EACH (const Look, look, looks) {
        View one = view_new(arena);
        view_set(&one, "at", json_of_int(look->at));
        view_set(&one, "who", page_post(x, look->post));
        view_set(&one, "purpose", page_purpose(x, look->purpose));
        view_set(&one, "what", what_value(arena, look->why));
        view_bool(&one, "glass", look->glass);
        if (look->subjects > 1)
            view_int(&one, "batch", (int64_t)look->subjects);
        else
            view_null(&one, "batch");
        view_str(&one, "ask_url",
                 str_fmt(arena, "/report?about=look-%llu", (unsigned long long)look->position));
        vec_push(arena, &items, view_value(&one));
    }
    view_items(view, "looks", &items);
}
