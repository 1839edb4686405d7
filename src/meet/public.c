/* public: what everybody reads of a meeting once its minutes were decided, and how it is checked.
   Each item is hashed in two halves, its head and what came of it, each with a salt of its own; the
   root is the hash of what the meeting says of itself and of the items' hashes. So whoever is given
   the halves that are public, and the hashes of the others, computes the same root, and learns
   nothing of what is hidden. */
#include "meet_int.h"

enum { SALT_CHARS = 26, HALVES = 2, ROOT_MEMBERS = 8 };

static const char *const halves[HALVES][4] = {{"number", "title", "division", "shown"},
                                              {"result", "text", "papers", NULL}};
static const char *const half_names[HALVES] = {"head", "rest"};
/* Of the contents, all but the items. */
static const char *const of_meeting[] = {"meeting", "name",     "at",     "place",
                                         "chair",   "attended", "minutes"};

/* ---- the tree ---- */

Json meet_salts(Ctx *ctx, Arena *arena) {
    Json *salts = NEW_ARRAY(arena, Json, HALVES);
    for (size_t i = 0; i < HALVES; i++)
        salts[i] = json_of_str(rand_id(ctx->rand, arena, SALT_CHARS));
    return json_of_items(salts, HALVES);
}

static Json half_json(Arena *arena, const Json *item, size_t half) {
    JsonMembers members = {0};
    for (size_t i = 0; i < 4 && halves[half][i]; i++) {
        const Json *value = json_get(item, str_of(halves[half][i]));
        vec_push(arena, &members,
                 (JsonMember){str_of(halves[half][i]), value ? *value : json_of_null()});
    }
    const Json *salt = json_at(json_get(item, STR("salts")), half);
    vec_push(arena, &members, (JsonMember){STR("salt"), salt ? *salt : json_of_null()});
    return json_of_members(members.items, members.len);
}

/* An item as far as it is shown: halves that are not stand as their hashes. shown: how many. */
static Json node_json(Arena *arena, const Json *item, size_t shown) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, HALVES);
    for (size_t i = 0; i < HALVES; i++) {
        Json half = half_json(arena, item, i);
        members[i] = (JsonMember){str_of(half_names[i]),
                                  i < shown ? half : json_of_str(decide_hash(arena, &half))};
    }
    return json_of_members(members, HALVES);
}

static Str item_hash(Arena *arena, const Json *item) {
    Json node = node_json(arena, item, 0);
    return decide_hash(arena, &node);
}

/* The meeting with an item for each of the contents. */
static Json tree_json(Arena *arena, const Json *contents, const JsonItems *items) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, ROOT_MEMBERS);
    for (size_t i = 0; i < ROOT_MEMBERS - 1; i++) {
        const Json *value = json_get(contents, str_of(of_meeting[i]));
        members[i] = (JsonMember){str_of(of_meeting[i]), value ? *value : json_of_null()};
    }
    members[ROOT_MEMBERS - 1] = (JsonMember){STR("items"), json_of_items(items->items, items->len)};
    return json_of_members(members, ROOT_MEMBERS);
}

Str meet_root(Arena *arena, const Json *contents) {
    const Json *items = json_get(contents, STR("items"));
    JsonItems hashes = {0};
    for (uint32_t i = 0; items && i < items->len; i++)
        vec_push(arena, &hashes, json_of_str(item_hash(arena, json_at(items, i))));
    Json tree = tree_json(arena, contents, &hashes);
    return decide_hash(arena, &tree);
}

/* ---- what everybody reads ---- */

/* The papers that were frozen, as the item has them. */
static const Json *papers_of(Arena *arena, const MeetItem *item, const Json *frozen) {
    JsonItems papers = {0};
    Json *out = NEW(arena, Json);
    for (uint32_t i = 0; item->papers && i < item->papers->len; i++) {
        const Json *paper = json_at(item->papers, i);
        for (uint32_t k = 0; frozen && k < frozen->len; k++)
            if (str_eq(json_get_str(json_at(frozen, k), "sha256"), json_get_str(paper, "sha256"))) {
                vec_push(arena, &papers, *paper);
                break;
            }
    }
    *out = json_of_items(papers.items, papers.len);
    return out;
}

static Rc item_open(Ctx *ctx, const Meeting *meeting, const Json *row, MeetItem *out) {
    MeetItem kept;
    *out = (MeetItem){.n = json_get_int(row, "number", 0),
                      .shown = meet_shown_of(json_get_str(row, "shown")),
                      .result = MEET_RESULTS};
    if (out->shown != MEET_PUBLIC && out->shown != MEET_TITLE) {
        out->n = 0;
        return RC_OK;
    }
    out->title = json_get_str(row, "title");
    out->division = json_get_str(row, "division");
    if (out->shown == MEET_TITLE) return RC_OK;
    out->whole = true;
    out->result = meet_result_of(json_get_str(row, "result"));
    out->said = json_get_str(row, "text");
    TRY(meet_item_load(ctx, meeting, out->n, &kept));
    out->papers = papers_of(ctx->arena, &kept, json_get(row, STR("papers")));
    return RC_OK;
}

static Json shown_json(Arena *arena, const Json *row, const MeetItem *item) {
    static const size_t shown[MEET_SHOWNS] = {[MEET_PUBLIC] = HALVES, [MEET_TITLE] = 1};
    size_t n = item->shown < MEET_SHOWNS ? shown[item->shown] : 0;
    return n ? node_json(arena, row, n) : json_of_str(item_hash(arena, row));
}

Rc meet_public(Ctx *ctx, const Meeting *meeting, MeetPublic *out) {
    const Json *contents;
    JsonItems items = {0};
    Json *check = NEW(ctx->arena, Json);
    *out = (MeetPublic){0};
    TRY(meet_decided(ctx, meeting, &contents));
    if (!contents || str_empty(json_get_str(contents, "root"))) return RC_OK;
    const Json *rows = json_get(contents, STR("items"));
    for (uint32_t i = 0; rows && i < rows->len; i++) {
        MeetItem item;
        TRY(item_open(ctx, meeting, json_at(rows, i), &item));
        vec_push(ctx->arena, &out->items, item);
        vec_push(ctx->arena, &items, shown_json(ctx->arena, json_at(rows, i), &item));
    }
    *check = tree_json(ctx->arena, contents, &items);
    out->check = check;
    out->root = json_get_str(contents, "root");
    out->minutes = json_get_str(contents, "minutes");
    out->attended = json_get(contents, STR("attended"));
    return RC_OK;
}

Rc meet_public_paper(Ctx *ctx, const Meeting *meeting, int64_t n, Str file, const Json **paper) {
    MeetPublic all;
    TRY(meet_public(ctx, meeting, &all));
    VEC_EACH (const MeetItem, item, &all.items)
        if (item->n == n && item->whole) return meet_paper(ctx, item, file, paper);
    return ctx_fail(ctx, RC_NOT_FOUND, "no-file", file, "There is no such paper.");
}
