/* page_api: the interfaces for programs, from the routes themselves. */
#include "pages_int.h"

/* Japanese for what a row says of itself. The browser test of /api names what is missing. */
static const struct {
    const char *en, *ja;
} words[] = {
    {"About", "この API について"},
    {"Accounts", "アカウント"},
    {"Append attributes", "属性を追加する"},
    {"Append instances to a temporal evolution", "時系列に値を追加する"},
    {"Attributes", "属性"},
    {"Batches", "一括処理"},
    {"Changes of the public wall, as server-sent events",
     "公開ウォールの変化（Server-Sent Events）"},
    {"Contexts", "コンテキスト"},
    {"Create a subscription", "購読を登録する"},
    {"Create an entity", "エンティティを作る"},
    {"Create entities", "複数のエンティティを作る"},
    {"Create or extend a temporal evolution", "時系列を作る、または延ばす"},
    {"Create or replace entities", "複数のエンティティを作る、または置き換える"},
    {"Delete a subscription", "購読を削除する"},
    {"Delete a temporal evolution", "時系列を削除する"},
    {"Delete an attribute", "属性を削除する"},
    {"Delete an attribute of a temporal evolution", "時系列の属性を削除する"},
    {"Delete an entity", "エンティティを削除する"},
    {"Delete an instance of a temporal evolution", "時系列の値を一つ削除する"},
    {"Delete entities", "複数のエンティティを削除する"},
    {"Delete or reload a context", "コンテキストを削除する、または読み直す"},
    {"Discovery", "型と属性の一覧"},
    {"Entities", "エンティティ"},
    {"Host a context", "コンテキストを預ける"},
    {"List contexts", "コンテキストの一覧"},
    {"Map", "地図"},
    {"Merge entities", "複数のエンティティに併合する"},
    {"Merge into an entity", "エンティティに併合する"},
    {"Modify an instance of a temporal evolution", "時系列の値を一つ直す"},
    {"One attribute", "属性の説明"},
    {"One type of entities", "型の説明"},
    {"Payments", "支払い"},
    {"Purge entities", "条件に合うエンティティを削除する"},
    {"Query entities", "エンティティを検索する"},
    {"Query entities by a body", "エンティティを本文の条件で検索する"},
    {"Query subscriptions", "購読の一覧"},
    {"Query temporal evolutions", "時系列を検索する"},
    {"Query temporal evolutions by a body", "時系列を本文の条件で検索する"},
    {"Replace an attribute", "属性を置き換える"},
    {"Replace an entity", "エンティティを置き換える"},
    {"Retrieve a subscription", "購読を取得する"},
    {"Retrieve a temporal evolution", "時系列を取得する"},
    {"Retrieve an entity", "エンティティを取得する"},
    {"Serve a context", "コンテキストを取得する"},
    {"Subscriptions", "購読"},
    {"Temporal", "時系列"},
    {"The city's places as GeoJSON (RFC 7946)", "まちの場所（GeoJSON、RFC 7946）"},
    {"The municipality's outline, districts, rivers and roads as GeoJSON (RFC 7946)",
     "市の形・地区・川・道（GeoJSON、RFC 7946）"},
    {"This description", "この説明（OpenAPI）"},
    {"Types of entities", "型の一覧"},
    {"Update a subscription", "購読を変更する"},
    {"Update attributes", "属性を更新する"},
    {"Update entities", "複数のエンティティを更新する"},
    {"Update part of an attribute", "属性の一部を更新する"},
    {"Wall", "ウォール"},
    {"What an outside provider says of a sign-out there",
     "外部の認証事業者からの、サインアウトの通知（署名つき）"},
    {"What the payment provider says, signed", "決済事業者からの通知（署名つき）"},
};

static Json both_of(Arena *arena, Str en) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(str_of(words[i].en), en)) return view_text(arena, str_of(words[i].ja), en);
    return json_of_str(en);
}

static const char *method_name(unsigned method) {
    static const struct {
        unsigned method;
        const char *name;
    } names[] = {{HTTP_GET, "GET"},
                 {HTTP_POST, "POST"},
                 {HTTP_PUT, "PUT"},
                 {HTTP_PATCH, "PATCH"},
                 {HTTP_DELETE, "DELETE"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].method == method) return names[i].name;
    return "GET";
}

static void param_add(Arena *arena, JsonItems *items, Str name, bool in_path) {
    View one = view_new(arena);
    view_str(&one, "name", name);
    view_str(&one, "in", in_path ? STR("path") : STR("query"));
    view_bool(&one, "required", in_path);
    view_null(&one, "description");
    vec_push(arena, items, view_value(&one));
}

static Json params_value(Arena *arena, const HttpRoute *route) {
    JsonItems items = {0};
    Str rest = str_of(route->pattern), piece;
    while (str_split(&rest, '{', &piece)) {
        ptrdiff_t end = str_find_char(rest, '}');
        if (end < 0) break;
        param_add(arena, &items, str_sub(rest, 0, (size_t)end), true);
        rest = str_sub(rest, (size_t)end + 1, rest.len);
    }
    const char *const *name = route->params ? route->params : route->doc;
    for (; name && *name; name++)
        param_add(arena, &items, str_of(*name), false);
    return json_of_items(items.items, items.len);
}

static Json operation_value(Arena *arena, const HttpRoute *route) {
    View one = view_new(arena);
    bool open = route->access & GATE_PUBLIC;
    view_str(&one, "method", str_of(method_name(route->methods)));
    view_str(&one, "path", str_of(route->pattern));
    view_set(&one, "summary", both_of(arena, str_of(route->summary)));
    view_set(
        &one, "access",
        open ? view_text(arena, STR("だれでも（見えるものは方針による）"),
                         STR("Anyone; policies decide what is seen"))
             : view_text(arena, STR("トークンまたはサインイン"), STR("A token, or signing in")));
    view_set(&one, "params", params_value(arena, route));
    view_set(&one, "answers", json_of_items(NULL, 0));
    view_null(&one, "example");
    return view_value(&one);
}

/* Interfaces for programs, grouped by their tag in the order of the table. */
typedef struct ApiGroup {
    Str tag;
    JsonItems operations;
} ApiGroup;
typedef VEC(ApiGroup) ApiGroups;

static void group_add(Arena *arena, ApiGroups *groups, const HttpRoute *route) {
    ApiGroup *found = NULL;
    VEC_EACH (ApiGroup, group, groups)
        if (str_eq(group->tag, str_of(route->tag))) found = group;
    if (!found) found = vec_push(arena, groups, (ApiGroup){.tag = str_of(route->tag)});
    vec_push(arena, &found->operations, operation_value(arena, route));
}

static void api_get(HttpExchange *x) {
    Arena *arena = http_ctx(x)->arena;
    ApiGroups groups = {0};
    JsonItems items = {0};
    const HttpRoute *route;
    for (size_t i = 0; (route = http_route_at(pages_options(x)->server, i)); i++)
        if ((route->access & GATE_API) && route->tag &&
            !str_starts(str_of(route->pattern), STR("/assets")))
            group_add(arena, &groups, route);
    VEC_EACH (ApiGroup, group, &groups) {
        View one = view_new(arena);
        view_str(&one, "id", http_url_encode(arena, group->tag));
        view_set(&one, "label", both_of(arena, group->tag));
        view_items(&one, "operations", &group->operations);
        vec_push(arena, &items, view_value(&one));
    }
    View view = page_view(x);
    page_crumb(&view, STR("API"), STR("API"), STR_NONE);
    view_items(&view, "groups", &items);
    page_show(x, 200, WEB_PAGE_API_DOCS, &view);
}

const HttpRoute page_api_rows[] = {
    {HTTP_GET, "/api", api_get, HTTP_POOL, 0, GATE_PUBLIC, "Pages", "The interfaces", NULL, NULL,
     page_shown},
};
ROWS(page_api_count, page_api_rows);
