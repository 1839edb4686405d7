#include "org.h"

enum { STEPS_MAX = 64 };

/* In the order of days, without counting them: it is asked of each holding. */
static int in_order(Date day) {
    return (day.year * 100 + day.month) * 100 + day.day;
}

static bool on(OrgDays days, Date day) {
    int at = in_order(day);
    return at >= in_order(days.from) && (!days.until.year || at <= in_order(days.until));
}

bool org_lists(const StrVec *posts, Str post) {
    VEC_EACH (const Str, one, posts)
        if (str_eq(*one, post)) return true;
    return false;
}

const OrgPost *org_post(const Org *org, Str id) {
    VEC_EACH (OrgPost, post, &org->posts)
        if (str_eq(post->id, id)) return post;
    return NULL;
}

static bool is_gone(const OrgPost *post, Date day) {
    return post->abolished.year && in_order(day) >= in_order(post->abolished);
}

Str org_post_now(const Org *org, Str id, Date day) {
    for (int i = 0; i < STEPS_MAX; i++) {
        const OrgPost *post = org_post(org, id);
        if (!post || !is_gone(post, day) || str_empty(post->successor)) return id;
        id = post->successor;
    }
    return id;
}

bool org_is_absent(const Org *org, Str person, Date day) {
    VEC_EACH (OrgAbsence, absence, &org->absences)
        if (str_eq(absence->person, person) && on(absence->days, day)) return true;
    return false;
}

static bool stands_in(const OrgHolding *holding) {
    return holding->how == HOW_ACTING || holding->how == HOW_CHARGE;
}

static bool is_there(const Org *org, const OrgHolding *holding, Str post, Date day) {
    return str_eq(holding->post, post) && on(holding->days, day) &&
           !org_is_absent(org, holding->person, day);
}

/* One of its own holders, or of those who help him. */
static bool holder_is_there(const Org *org, Str post, Date day) {
    VEC_EACH (OrgHolding, holding, &org->holdings)
        if (!stands_in(holding) && is_there(org, holding, post, day)) return true;
    return false;
}

/* One who has the post, and not by a duty. */
static bool own_is_there(const Org *org, Str post, Date day) {
    VEC_EACH (const OrgHolding, holding, &org->holdings)
        if (str_empty(holding->main) && str_eq(holding->post, post) && on(holding->days, day) &&
            !org_is_absent(org, holding->person, day))
            return true;
    return false;
}

Str org_acting(const Org *org, const OrgPost *post, size_t i, Date day) {
    const OrgPost *now = org_post(org, org_post_now(org, post->acting.items[i], day));
    return now && !is_gone(now, day) ? now->id : STR_NONE;
}

Str org_by_law(const Org *org, Str id, Date day) {
    const OrgPost *post = org_post(org, id);
    for (size_t i = 0; post && i < post->acting.len; i++) {
        Str acting = org_acting(org, post, i, day);
        if (own_is_there(org, acting, day)) return acting;
    }
    return STR_NONE;
}

static bool is_own(const Org *org, Str person, Str post, Date day) {
    VEC_EACH (const OrgHolding, holding, &org->holdings)
        if (str_empty(holding->main) && str_eq(holding->post, post) &&
            str_eq(holding->person, person) && on(holding->days, day))
            return true;
    return false;
}

/* Somebody is there who comes before him by law. */
static bool is_behind(const Org *org, const OrgHolding *holding, Date day) {
    if (holding->how != HOW_ACTING) return false;
    Str first = org_by_law(org, holding->post, day);
    const OrgPost *post = org_post(org, holding->post);
    for (size_t i = 0; !str_empty(first) && i < post->acting.len; i++) {
        Str acting = org_acting(org, post, i, day);
        if (is_own(org, holding->person, acting, day)) return false;
        if (str_eq(acting, first)) return true;
    }
    return false;
}

/* What he was ordered to do for the post isn't his today. */
static bool rests(const Org *org, const OrgHolding *holding, Date day) {
    return stands_in(holding) &&
           (holder_is_there(org, holding->post, day) || is_behind(org, holding, day));
}

static bool counts(const Org *org, const OrgHolding *holding, Str post, Date day) {
    return is_there(org, holding, post, day) && !rests(org, holding, day);
}

const OrgHolding *org_acts_by(const Org *org, Str person, Str post, Date day) {
    VEC_EACH (const OrgHolding, holding, &org->holdings)
        if (str_eq(holding->person, person) && counts(org, holding, post, day)) return holding;
    return NULL;
}

bool org_can_act(const Org *org, Str person, Str post, Date day, OrgHow *how) {
    const OrgHolding *holding = org_acts_by(org, person, post, day);
    if (holding) *how = holding->how;
    return holding != NULL;
}

const OrgHolding *org_stand_in(const Org *org, Str post, Date day) {
    VEC_EACH (const OrgHolding, holding, &org->holdings)
        if (stands_in(holding) && str_eq(holding->post, post) && on(holding->days, day) &&
            !rests(org, holding, day))
            return holding;
    return NULL;
}

Str org_present(const Org *org, Str post, Date day, const StrVec *except) {
    VEC_EACH (OrgHolding, holding, &org->holdings) {
        bool out = except && org_lists(except, holding->person);
        if (!out && counts(org, holding, post, day)) return holding->person;
    }
    return STR_NONE;
}

const OrgHolding *org_has(const Org *org, Str person, Str post, Date day) {
    VEC_EACH (const OrgHolding, holding, &org->holdings)
        if (str_eq(holding->person, person) && str_eq(holding->post, post) &&
            on(holding->days, day) && !rests(org, holding, day))
            return holding;
    return NULL;
}

bool org_is_held(const Org *org, Str post, Date day) {
    VEC_EACH (OrgHolding, holding, &org->holdings)
        if (str_eq(holding->post, post) && on(holding->days, day) &&
            !(holding->how == HOW_ACTING && is_behind(org, holding, day)))
            return true;
    return false;
}

/* The earlier of `first` and a day, if that is after `day`. */
static void sooner(Date day, Date one, Date *first) {
    if (!one.year || in_order(one) <= in_order(day)) return;
    if (!first->year || in_order(one) < in_order(*first)) *first = one;
}

static void days_sooner(Date day, OrgDays days, Date *first) {
    sooner(day, days.from, first);
    if (days.until.year) sooner(day, time_days_date(time_date_days(days.until) + 1), first);
}

Date org_changes(const Org *org, Date day) {
    Date first = {0};
    VEC_EACH (const OrgAbsence, absence, &org->absences)
        days_sooner(day, absence->days, &first);
    VEC_EACH (const OrgHolding, holding, &org->holdings)
        days_sooner(day, holding->days, &first);
    VEC_EACH (const OrgPost, post, &org->posts)
        sooner(day, post->abolished, &first);
    return first;
}

Date org_back(const Org *org, Str post, Date day) {
    for (day = org_changes(org, day); day.year; day = org_changes(org, day))
        if (!str_empty(org_present(org, org_post_now(org, post, day), day, NULL))) return day;
    return (Date){0};
}

static Str superior_of(const Org *org, Str id) {
    const OrgPost *post = org_post(org, id);
    return post ? post->superior : STR_NONE;
}

Str org_superior(const Org *org, Str post, Date day, const StrVec *except) {
    Str above = superior_of(org, post);
    for (int i = 0; i < STEPS_MAX && !str_empty(above); i++) {
        if (!str_empty(org_present(org, above, day, except))) return above;
        above = superior_of(org, above);
    }
    return STR_NONE;
}

Str org_deputy(const Org *org, Str post, Date day, const StrVec *except) {
    const OrgPost *held = org_post(org, post);
    for (size_t i = 0; held && i < held->deputies.len; i++)
        if (!str_empty(org_present(org, held->deputies.items[i], day, except)))
            return held->deputies.items[i];
    return org_superior(org, post, day, except);
}

bool org_is_above(const Org *org, Str superior, Str post) {
    for (int i = 0; i < STEPS_MAX && !str_empty(post); i++) {
        post = superior_of(org, post);
        if (!str_empty(post) && str_eq(post, superior)) return true;
    }
    return false;
}

Str org_common_superior(const Org *org, Str a, Str b) {
    for (int i = 0; i < STEPS_MAX && !str_empty(a); i++) {
        if (str_eq(a, b) || org_is_above(org, a, b)) return a;
        a = superior_of(org, a);
    }
    return STR_NONE;
}
