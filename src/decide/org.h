/* org: who holds which post on a day: posts with their superiors, deputies and successors;
   holdings, acting holders (職務代理, 事務取扱) and absences with dates. Constant while it is
   asked; pure. Include only decide.h from outside. */
#ifndef DECIDE_ORG_H
#define DECIDE_ORG_H

#include "base/base.h"

/* Days from the first to the last, both included; until.year 0: open. */
typedef struct OrgDays {
    Date from, until;
} OrgDays;

typedef struct OrgPost {
    Str id, superior; /* superior: empty at the top */
    StrVec deputies;  /* 代決 in this order */
    StrVec acting;    /* who acts for it by law, in this order (地方自治法152条) */
    Date abolished;   /* the first day on which it is no more; year 0: it is */
    Str successor;    /* named by the reorganisation for what is open */
} OrgPost;

/* In which quality somebody acts for a post. */
typedef enum OrgHow {
    HOW_OWN,
    HOW_ACTING,  /* 職務代理: as the holder, without 後閲, while no holder is there */
    HOW_CHARGE,  /* 事務取扱: the same, of a superior */
    HOW_SUPPORT, /* 応援: as one of its holders */
    HOW_DEPUTY   /* 代決: the post of his own stands in; no holding is one */
} OrgHow;

typedef struct OrgHolding {
    Str person, post;
    OrgDays days;
    OrgHow how;
    Str main; /* of one by a duty: the post of his own by which he is named; else empty */
} OrgHolding;

typedef struct OrgAbsence {
    Str person;
    OrgDays days;
} OrgAbsence;

typedef struct Org {
    VEC(OrgPost) posts;
    VEC(OrgHolding) holdings;
    VEC(OrgAbsence) absences;
} Org;

bool org_lists(const StrVec *posts, Str post);   /* whether it is one of them */
const OrgPost *org_post(const Org *org, Str id); /* NULL: none */
/* The post that has the duties of `id` on a day: itself, or its successor's successor ... */
Str org_post_now(const Org *org, Str id, Date day);
bool org_is_absent(const Org *org, Str person, Date day);
/* Whether a person holds the post on a day and is there; in which quality. Who acts for a holder or
   keeps a vacant post's business does so on no day on which a holder is there. */
bool org_can_act(const Org *org, Str person, Str post, Date day, OrgHow *how);
/* By which of his holdings that is; NULL: by none. */
const OrgHolding *org_acts_by(const Org *org, Str person, Str post, Date day);
/* The i-th of the posts that act for a post by law: as which it is on a day; STR_NONE: it is
   abolished by then, and no post follows it. */
Str org_acting(const Org *org, const OrgPost *post, size_t i, Date day);
/* Of the posts that act for this one by law the first whose holder is there on a day; STR_NONE:
   none is, or no law names any. Whoever was ordered to act for it doesn't while one before him is
   there. */
Str org_by_law(const Org *org, Str post, Date day);
/* Who acts for the post or keeps its business on a day on which no holder is there, though he may
   be away himself; NULL: nobody. */
const OrgHolding *org_stand_in(const Org *org, Str post, Date day);
/* Somebody who holds the post and is there, and is none of `except` (NULL: nobody is out), STR_NONE
   when there is none. */
Str org_present(const Org *org, Str post, Date day, const StrVec *except);
/* By which of his holdings he has the post on a day, there or not; NULL: by none, or he acts for a
   holder who is there. */
const OrgHolding *org_has(const Org *org, Str person, Str post, Date day);
/* Whether somebody holds the post, there or not; none who was ordered to and by law doesn't. */
bool org_is_held(const Org *org, Str post, Date day);
/* The first day after `day` on which something in it is another way than the day before: somebody
   is back, or away, has a post or has it no more; year 0: none. */
Date org_changes(const Org *org, Date day);
/* The day on which a holder is back: the earliest day after `day` on which somebody holds the post
 * and is there; year 0: none. */
Date org_back(const Org *org, Str post, Date day);
/* The post that stands in for an absent holder: the first deputy's where somebody is there who is
 * none of `except`, else the next superior's; STR_NONE. */
Str org_deputy(const Org *org, Str post, Date day, const StrVec *except);
/* The next superior's post where such a one is there; STR_NONE. */
Str org_superior(const Org *org, Str post, Date day, const StrVec *except);
/* The first post above both (or one of them), STR_NONE when they have none in common. */
Str org_common_superior(const Org *org, Str a, Str b);
bool org_is_above(const Org *org, Str superior, Str post);

#endif
