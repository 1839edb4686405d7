/* page_home: the front door. */
#include "pages_int.h"

#include "open/open.h"

typedef struct Service {
    Str name_ja, name_en, text_ja, text_en;
    const char *url;
} Service;

#define T(literal)                                                                                 \
    { literal, sizeof(literal) - 1 }

static const Service services[] = {
    {T("粗大ごみ収集"), T("Bulky-waste pickup"), T("家具や布団などを、家の前まで取りに伺います。"),
     T("We collect furniture and bedding at your door."), "/bulky"},
    {T("手続き"), T("Procedures"), T("引っ越し、子ども、犬の登録など。いつでも申請できます。"),
     T("Moving, children, dogs and more. Apply at any hour."), "/procedures"},
    {T("マイページ"), T("My page"), T("申込みと、誰があなたの情報を見たか。"),
     T("Your cases, and who looked at your data."), "/my"},
    {T("オープンデータ"), T("Open data"), T("避難所、人口、水位など。商用でも使えます。"),
     T("Shelters, population, water levels. Free to use."), "/data"},
    {T("まちの今"), T("The city now"), T("水位や申込みの数を、出典と時刻つきで。"),
     T("Water levels and figures, with source and time."), "/wall"},
    {T("まちの地図"), T("Map of the city"), T("避難所、AED、水位計、公園などの場所です。"),
     T("Shelters, AEDs, river gauges, parks and more."), "/map"},
};

/* In the place of マイページ, which is residents' alone. */
static const Service desk = {T("職員の画面"), T("My desk"), T("あなたの職の仕事です。"),
                             T("The work of your post."), NULL};

/* Where the city has counters. */
static const Service hall = {T("市役所の窓口"), T("City Hall counter"),
                             T("いま待っている人数を見て、番号札を取れます。"),
                             T("See how many wait now, and take a number."), NULL};

/* As many as the catalogue lists. */
static Rc datasets_count(Ctx *ctx, int64_t *out) {
    *out = 0;
    for (size_t i = 0; i < open_count(ctx->tenant); i++) {
        OpenDataset set;
        TRY(open_at(ctx, i, &set));
        *out += set.published;
    }
    return RC_OK;
}

/* A few tiles of the public wall. */
static void now_value(HttpExchange *x, View *view) {
    Insight *insight = http_ctx(x)->tenant->insight;
    Tiles all, front = {0};
    int64_t at;
    insight_tiles(insight, view->arena, WALL_PUBLIC, &all, &at);
    VEC_EACH (const Tile, tile, &all)
        if (tile->front) vec_push(view->arena, &front, *tile);
    page_tiles(view, &front);
}

static void service_add(JsonItems *items, Arena *arena, const Service *service, const char *url) {
    View one = view_new(arena);
    view_set(&one, "name", view_text(arena, service->name_ja, service->name_en));
    view_set(&one, "summary", view_text(arena, service->text_ja, service->text_en));
    view_str(&one, "url", str_of(url));
    vec_push(arena, items, view_value(&one));
}

static void services_set(HttpExchange *x, View *view) {
    JsonItems items = {0};
    const Ctx *ctx = http_ctx(x);
    const Json *counter = visit_counter_at(ctx, 0);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        bool own = str_eq(str_of(services[i].url), STR("/my"));
        bool office = own && ctx->actor->kind == ACTOR_STAFF;
        service_add(&items, view->arena, office ? &desk : &services[i],
                    own ? page_home_of(x, ctx->actor) : services[i].url);
    }
    if (counter)
        service_add(
            &items, view->arena, &hall,
            str_fmt(view->arena, "/counters/" STR_FMT, STR_ARG(json_get_str(counter, "id"))).ptr);
    view_items(view, "services", &items);
}

static void home_get(HttpExchange *x) {
    View view = page_view(x);
    services_set(x, &view);
    int64_t datasets;
    if (datasets_count(http_ctx(x), &datasets) != RC_OK) {
        page_fail(x);
        return;
    }
    now_value(x, &view);
    view_int(&view, "datasets", datasets);
    page_contact(x, &view, "phone");
    page_show(x, 200, WEB_PAGE_HOME, &view);
}

/* Asked for by browsers that have not read a page, and by robots. */
static void favicon_get(HttpExchange *x) {
    const WebAsset *mark = web_asset_named(STR("css/mark.svg"));
    http_set_header(x, "Cache-Control", STR("public, max-age=86400"));
    http_answer(x, 200, mark->type, mark->bytes);
}

static void robots_get(HttpExchange *x) {
    http_set_header(x, "Cache-Control", STR("public, max-age=86400"));
    http_answer(x, 200, STR("text/plain; charset=utf-8"),
                STR("User-agent: *\n"
                    "Disallow: /c/\n"
                    "Disallow: /letters/\n"
                    "Disallow: /my\n"
                    "Disallow: /staff\n"
                    "Disallow: /bulky/\n"
                    "Disallow: /report/\n"
                    "Disallow: /visits/\n"
                    "Disallow: /mail/\n"
                    "Disallow: /sign-in/outside/\n"
                    "Allow: /\n"));
}

PAGE_ANSWERS(favicon_answers, {200, "image/svg+xml", NULL});
PAGE_ANSWERS(robots_answers, {200, "text/plain", NULL});

const HttpRoute page_home_rows[] = {
    {HTTP_GET, "/favicon.ico", favicon_get, HTTP_LOOP, 0, GATE_PUBLIC, "Pages", "The city's mark",
     NULL, NULL, favicon_answers},
    {HTTP_GET, "/robots.txt", robots_get, HTTP_LOOP, 0, GATE_PUBLIC, "Pages",
     "What robots may read", NULL, NULL, robots_answers},
    {HTTP_GET, "/", home_get, HTTP_POOL, 0, GATE_PUBLIC, "Pages", "The front door", NULL, NULL,
     page_shown},
};
ROWS(page_home_count, page_home_rows);
