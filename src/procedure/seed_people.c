/* seed_people: invented households. Names are put together from syllables that no family register
   has in this combination, telephone numbers begin with an area code that is not in use, addresses
   of letters are under a name reserved for examples. */
#include "seed_int.h"

typedef struct Syllable {
    const char *text, *kana;
} Syllable;

static const Syllable family_heads[] = {
    {"星", "ホシ"}, {"霧", "キリ"}, {"虹", "ニジ"},   {"雲", "クモ"},     {"風", "カゼ"},
    {"波", "ナミ"}, {"朝", "アサ"}, {"夕", "ユウ"},   {"灯", "トモシビ"}, {"鈴", "スズ"},
    {"雪", "ユキ"}, {"空", "ソラ"}, {"光", "ヒカリ"}, {"露", "ツユ"},
};
static const Syllable family_tails[] = {
    {"之森", "ノモリ"}, {"之浜", "ノハマ"}, {"之坂", "ノサカ"},   {"之橋", "ノハシ"},
    {"之庭", "ノニワ"}, {"之里", "ノサト"}, {"之泉", "ノイズミ"}, {"之丘", "ノオカ"},
};
static const Syllable given_heads[] = {
    {"あお", "アオ"}, {"ひな", "ヒナ"}, {"みつ", "ミツ"}, {"とも", "トモ"}, {"なお", "ナオ"},
    {"かず", "カズ"}, {"ゆめ", "ユメ"}, {"しお", "シオ"}, {"はる", "ハル"}, {"さと", "サト"},
};
static const Syllable given_tails[] = {
    {"ね", "ネ"}, {"と", "ト"}, {"か", "カ"}, {"は", "ハ"},
    {"き", "キ"}, {"み", "ミ"}, {"ほ", "ホ"},
};

static const char *const buildings[] = {"コーポまちなみ", "ハイツみらい", "まち団地",
                                        "メゾンこみち"};

static const SeedTalk talks[] = {
    {{"ベッドの大きさ（シングル・ダブル）を教えてください。", 78}, {"シングルです。", 21}},
    {{"たんすは分解してありますか。", 42}, {"分解していません。", 27}},
    {{"集積所の場所を教えてください。", 45}, {"建物の北側です。", 24}},
    {{"自転車の防犯登録は抹消しましたか。", 51}, {"抹消しました。", 21}},
};

static const char *const reasons[] = {
    "事業に使ったものは収集できません。処理業者に依頼してください。",
    "市外の住所からの申込みは受け付けられません。",
    "解体で出た建材は収集できません。販売店か処理業者に相談してください。",
};

#define PICK(rand, list) (&(list)[rand_below((rand), sizeof(list) / sizeof *(list))])

SeedTalk seed_talk(Rand *rand) {
    return *PICK(rand, talks);
}

Str seed_reason(Rand *rand) {
    return str_of(*PICK(rand, reasons));
}

static void name_draw(Arena *arena, Rand *rand, Answers *out) {
    const Syllable *fh = PICK(rand, family_heads), *ft = PICK(rand, family_tails),
                   *gh = PICK(rand, given_heads), *gt = PICK(rand, given_tails);
    out->name = str_fmt(arena, "%s%s %s%s", fh->text, ft->text, gh->text, gt->text);
    out->kana = str_fmt(arena, "%s%s %s%s", fh->kana, ft->kana, gh->kana, gt->kana);
}

/* Districts in proportion to their people. */
static const WasteDistrict *district_draw(Rand *rand, const Waste *waste) {
    const WasteDistrict *district;
    int64_t people = 0;
    for (size_t i = 0; (district = waste_district_at(waste, i)) != NULL; i++)
        people += district->population;
    int64_t at = (int64_t)rand_below(rand, (uint64_t)people);
    for (size_t i = 0; (district = waste_district_at(waste, i)) != NULL; i++) {
        if (at < district->population) return district;
        at -= district->population;
    }
    return waste_district_at(waste, 0);
}

/* What a household puts out is mostly furniture, or futons in the season. */
static Str class_draw(Rand *rand) {
    uint64_t percent = rand_below(rand, 100);
    return percent < 45 ? STR("furniture") : percent < 70 ? STR("bedding") : STR_NONE;
}

/* Mostly one piece, or pieces of one kind. */
static void items_draw(Arena *arena, Rand *rand, const Waste *waste, Answers *out) {
    uint64_t percent = rand_below(rand, 100);
    size_t wanted = percent < 60 ? 1 : percent < 85 ? 2 : 3;
    bool one_kind = rand_below(rand, 3) > 0;
    Str class = class_draw(rand);
    while (out->items.len < wanted) {
        const WasteItem *item = waste_item_at(waste, rand_below(rand, waste_item_count(waste)));
        bool again = item->refused || (!str_empty(class) && !str_eq(item->class, class));
        if (!again) class = one_kind ? item->class : STR_NONE;
        VEC_EACH (const ApplyItem, one, &out->items)
            again = again || one->item == item;
        if (!again) vec_push(arena, &out->items, (ApplyItem){item, 1 + (rand_below(rand, 8) == 0)});
    }
}

static void address_draw(Arena *arena, Rand *rand, const Waste *waste, Answers *out) {
    const WasteTown *town = &out->district->towns.items[rand_below(rand, out->district->towns.len)];
    out->town = town->name.ja;
    out->postcode = town->postcodes.items[rand_below(rand, town->postcodes.len)];
    out->address =
        str_fmt(arena, "%d番%d号", (int)rand_below(rand, 30) + 1, (int)rand_below(rand, 20) + 1);
    if (rand_below(rand, 3) == 0)
        out->building = str_fmt(arena, "%s%d0%d号", *PICK(rand, buildings),
                                (int)rand_below(rand, 4) + 1, (int)rand_below(rand, 8) + 1);
    size_t places = 0;
    while (waste_place_at(waste, places))
        places++;
    if (places) out->place = json_get_str(waste_place_at(waste, rand_below(rand, places)), "ja");
}

void seed_answers(Arena *arena, Rand *rand, const Waste *waste, Answers *out) {
    *out = (Answers){.district = district_draw(rand, waste),
                     .choice = rand_below(rand, 10) == 0 ? STR("out") : STR("in")};
    address_draw(arena, rand, waste, out);
    items_draw(arena, rand, waste, out);
    name_draw(arena, rand, out);
    out->phone =
        str_fmt(arena, "0999-%02d-%04d", (int)rand_below(rand, 100), (int)rand_below(rand, 10000));
    if (rand_below(rand, 2))
        out->email = str_fmt(arena, "resident-%04d@example.jp", (int)rand_below(rand, 10000));
}
