/* waste: the rules of bulky-waste pickup (粗大ごみ収集) as data: items and fees, districts and
   days, calendar, limits, delegations. Read once from starter/waste and organisation.json, constant
   afterwards; any thread may ask. Include only procedure.h from outside. */
#ifndef PROCEDURE_WASTE_H
#define PROCEDURE_WASTE_H

#include "base/base.h"
#include "json/json.h"

typedef struct Waste Waste;

/* A text in both languages: the object {"ja", "en"} as it was read, for views; and the Japanese
 * one. */
typedef struct WasteText {
    const Json *both;
    Str ja;
} WasteText;

typedef struct WasteItem {
    Str id, class;
    WasteText name, size; /* size: both may be NULL */
    int64_t fee;          /* yen apiece */
    bool refused;
    WasteText why, where; /* of a refused one */
    Str folded;           /* name, kana, synonyms, folded, by NUL */
} WasteItem;

typedef struct WasteTown {
    WasteText name;
    Str kana;
    StrVec postcodes; /* "999-0001" */
} WasteTown;
typedef struct WasteDistrict {
    Str id;
    WasteText name;
    unsigned weekdays; /* bits 1 << time_weekday */
    int64_t capacity, population;
    VEC(WasteTown) towns;
} WasteDistrict;

typedef struct WasteReduction {
    Str id, article;
    WasteText label, evidence;
    int64_t share; /* percent of the fee that is waived */
} WasteReduction;

/* Why something was not collected on its day. */
typedef struct WasteMissed {
    Str id;
    WasteText label, advice; /* advice: what the resident does next */
} WasteMissed;

typedef struct WasteLimits {
    int64_t max_items, max_quantity, max_per_day, horizon_days, standard_days;
    int64_t answer_days, answer_most; /* for an answer: working days usually, days at most */
    int64_t missed_days;   /* working days to take another day after one that was missed */
    int64_t hold;          /* µs */
    int64_t hold_share;    /* percent of a day that holds by people without an account may take */
    int64_t hold_network;  /* such holds of one network on one day */
    int64_t cut_off_days;  /* working days before the pickup */
    int64_t cut_off_clock; /* µs after midnight in Japan */
    Str pickup_clock;      /* until when things are put out: "8:00" */
} WasteLimits;

typedef struct WasteSources {
    const Json *items, *districts, *rules, *organisation;
    int64_t hold_share, hold_network; /* see WasteLimits */
} WasteSources;

/* Lives in ctx->arena, as the sources must. RC_INVALID names file and member. */
Rc waste_load(Ctx *ctx, const WasteSources *sources, Waste **out);

const WasteLimits *waste_limits(const Waste *waste);
const Json *waste_rules(const Waste *waste);
Str waste_retention(const Waste *waste); /* text of retention of its cases; empty: their type's */
const WasteItem *waste_item(const Waste *waste, Str id); /* NULL: none */
const WasteItem *waste_item_at(const Waste *waste, size_t index);
size_t waste_item_count(const Waste *waste);
/* Items whose name, reading or synonyms have every word of the query, best first; at most limit of
   them. Kana variants, width and long vowel marks don't matter. Returns how many fit altogether. */
size_t waste_search(Arena *arena, const Waste *waste, Str query, size_t limit,
                    const WasteItem ***out);
/* The label of an item class, NULL when there is none. */
const Json *waste_class_label(const Waste *waste, Str class);

const WasteDistrict *waste_district(const Waste *waste, Str id);
const WasteDistrict *waste_district_at(const Waste *waste, size_t index); /* NULL past the end */
/* Towns of a postcode, digits in any usual form ("９９９０００１"); the district goes to *district.
 * Returns how many. */
size_t waste_towns(Arena *arena, const Waste *waste, Str postcode, const WasteDistrict **district,
                   const WasteTown ***out);
/* "999-0001" from any usual form; false when it is no postcode. */
bool waste_postcode(Arena *arena, Str text, Str *out);
/* A town by its Japanese name, NULL when there is none. */
const WasteTown *waste_town(const Waste *waste, Str name);
bool waste_town_in(const WasteDistrict *district, Str town);

const WasteReduction *waste_reduction(const Waste *waste, Str id);
const WasteReduction *waste_reduction_at(const Waste *waste, size_t index);

/* What is told to whom something is refused (教示): a list of {id, title, text, article}. */
const Json *waste_remedies(const Waste *waste);
const WasteMissed *waste_missed(const Waste *waste, Str id); /* NULL: none */
/* Why it isn't collected when it was taken out of the plan: waste_missed finds it, the crew doesn't
 * choose it. */
const WasteMissed *waste_taken_out(const Waste *waste);
const WasteMissed *waste_missed_at(const Waste *waste, size_t index);

/* A usual place to put things out, in every language, by its Japanese name; NULL: it is somebody's
 * own words. And the places in the order of the rules, NULL past the end. */
const Json *waste_place(const Waste *waste, Str ja);
const Json *waste_place_at(const Waste *waste, size_t index);

/* ---- calendar ---- */
bool waste_is_working_day(const Waste *waste, Date date);
/* Not a holiday and not closed; false beyond the last year that is listed. */
bool waste_is_open_day(const Waste *waste, Date date);
/* n working days after a date: 初日不算入. */
Date waste_working_days_after(const Waste *waste, Date date, int64_t n);
/* n of them before it. */
Date waste_working_days_before(const Waste *waste, Date date, int64_t n);
/* When a time limit ends that would end on a date: a closed day moves it to the next working day.
 */
Date waste_limit_on(const Waste *waste, Date date);
/* Until when the office answers that would do so by a date: before the day of pickup, which is
   prepared then, and not before today. */
Date waste_answer_by(const Waste *waste, Date today, Date date, Date pickup);
/* Until when a resident replies who would do so by a date: before the cut-off of the pickup, and
   not before today. */
Date waste_reply_by(const Waste *waste, Date today, Date date, Date pickup);
/* Working days after from up to to: what is left of a time limit; 0 when it is over. */
int64_t waste_working_days_left(const Waste *waste, Date from, Date to);
/* The last working day that is over before the cut-off of a pickup: what comes on it is in time. */
Date waste_last_before_cut_off(const Waste *waste, Date pickup);
/* The last instant to apply for, change or cancel a pickup on that day. */
int64_t waste_cut_off(const Waste *waste, Date pickup);
/* Pickup days of a district that can still be taken at an instant, oldest first; at most limit. */
size_t waste_days(Arena *arena, const Waste *waste, const WasteDistrict *district, int64_t now,
                  Date **out);

/* ---- delegation (専決) ---- */
/* The post that decides a kind of matter at an amount, STR_NONE when no row fits. */
Str waste_decider(const Waste *waste, Str kind, int64_t amount);
/* Whether the table gives a post any amount of a kind of matter. */
bool waste_decides(const Waste *waste, Str kind, Str post);

#endif
