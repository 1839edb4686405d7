/* page_my: what the pages of a resident's own account share: what his page lists, and choosing how
   he signs in. */
#ifndef WEB_PAGE_MY_H
#define WEB_PAGE_MY_H

#include "pages_int.h"

/* A case of who is signed in, as it is shown to him, and its address. */
typedef struct PageOwn {
    const Entity *application;
    Str base;
} PageOwn;
/* `checks`: what a counter has made sure of, as he is told who is signed in. */
Rc page_checks(HttpExchange *x, View *view);
/* The page on which who came by a code chooses how he signs in. */
void page_new_way(HttpExchange *x, int status, const Faults *faults);
/* What is said of a password that was not taken; NULL: it is no fault of the form. */
const Fault *page_password_fault(HttpExchange *x, Rc rc);
/* `drafts` of who is signed in, and until when they are kept at least. */
Rc page_drafts(HttpExchange *x, View *view);
/* Adds what is booked by it, if anything is, to what is still to come or to what is past. */
void page_booked_add(HttpExchange *x, const PageOwn *own, JsonItems *coming, JsonItems *past);
/* Adds what is owed for it, if anything is, to what is to be paid or is on its way back, or to what
   is settled. RC_FAILED: the store. */
Rc page_fee_add(HttpExchange *x, const PageOwn *own, JsonItems *open, JsonItems *settled);

#endif
