/* tablet: who stands at the counter reads what an official has entered for him, and says himself
   that it is right, on a tablet at the desk. A pairing is a record of one day, found by the hash of
   what the tablet's browser keeps; what is shown lives in memory for minutes, and after a restart
   is shown again. Include only procedure.h from outside. */
#ifndef PROCEDURE_TABLET_H
#define PROCEDURE_TABLET_H

#include "defined.h"
#include "gate/gate.h"

#define TABLET_TYPE LD_DEFAULT "CounterTablet"
/* Why a person's record was looked at, as his log tells it. */
#define TABLET_WHY "窓口の端末に表示し、ご本人が確認"

/* ---- pairing ---- */

/* A desk of a counter, at which a tablet lies. */
typedef struct TabletDesk {
    Str counter, desk;
} TabletDesk;
/* A new code that pairs one tablet with a desk, for ten minutes; an earlier one of the desk is good
   no more. RC_DENIED; RC_NOT_FOUND "no-counter"; RC_INVALID "no-desk"; RC_CONFLICT "desk-taken":
   another official serves somebody there, or what he has shown stands or isn't sent yet. */
Rc tablet_code(Ctx *ctx, TabletDesk at, Str *code);
/* Whoever has the code, in whatever form it is typed, has the tablet, until the day ends: *token is
   its browser's secret, and a tablet that was paired with the desk before is none any more.
   RC_DENIED "tablet-signed-in": a browser that somebody has signed in with; "wrong-code", also once
   the desk is taken by another or its pairing was ended meanwhile; RC_LIMIT after ten wrong ones
   from one network. */
Rc tablet_pair(Ctx *ctx, Str code, Str *token);
/* Ends it at once, with what it shows and what was confirmed there, and any pairing under way.
   Twice is once. RC_DENIED and so on as tablet_code. */
Rc tablet_unpair(Ctx *ctx, TabletDesk at);
typedef struct Tablet {
    Str id; /* of this pairing: hash of its browser's secret */
    TabletDesk at;
    Str by, post; /* account that answers for it, and the post it had */
    int64_t paired_at;
    uint64_t version;
} Tablet;
typedef VEC(Tablet) Tablets;
/* That of a browser's secret, for who is signed in as nobody. RC_NOT_FOUND "no-tablet". */
Rc tablet_find(Ctx *ctx, Str token, Tablet *out);
/* Those that are paired today, in the order of pairing; counter empty: of all counters. */
Rc tablets_today(Ctx *ctx, Str counter, Tablets *out);
/* Of these the ones that who acts may show something on: that of the desk at which he serves
   somebody, else those that he has paired. */
Rc tablets_own(Ctx *ctx, Tablets *out);

/* ---- showing ---- */

/* What of a draft is shown, and by which the confirmation is found again: procedure and version,
   normalised answers, the way of letters, fee. */
typedef struct TabletPart {
    const Definition *definition;
    const Json *said; /* as form_read takes it */
    Str notice, hash;
    Str token; /* of its draft */
} TabletPart;
typedef VEC(TabletPart) TabletParts;
/* Lives in ctx->arena. RC_INVALID as form_fee. */
Rc tablet_part(Ctx *ctx, const DefinedDraft *draft, TabletPart *out);

typedef enum TabletState {
    TABLET_NONE,
    TABLET_SHOWN,     /* five minutes, or as often five more as the person asks for them */
    TABLET_CONFIRMED, /* half an hour, to be sent in */
    TABLET_REFUSED,   /* something is to be put right */
    TABLET_EXPIRED,   /* it stood too long, or was taken back */
    TABLET_STATES,
} TabletState;
Str tablet_state_word(TabletState state);

/* Shows parts at a desk, instead of what stood there; about: token of the draft. RC_DENIED;
   RC_NOT_FOUND "no-tablet": none is paired there; RC_INVALID "other-desk": not where who acts
   serves; RC_CONFLICT "tablet-busy": another official shows something, or hasn't sent what was
   confirmed; "tablet-unsent": nor has who acts, of another draft. */
Rc tablet_show(Ctx *ctx, TabletDesk at, Str about, const TabletParts *parts);
/* Takes back what who acts shows about a draft, and its confirmation; about empty: all of his. */
void tablet_cancel(Ctx *ctx, Str about);
/* Takes it back where it is still read. */
void tablet_outdate(Ctx *ctx, Str about);
/* Whether something was confirmed that who acts has shown, and isn't sent. */
Rc tablet_unsent(Ctx *ctx, bool *out);

/* What became of the last thing that who acts has shown about a draft. */
typedef struct TabletStanding {
    TabletState state;
    TabletDesk at;
    int64_t shown_at, answered_at; /* TIME_NONE: not yet */
    Str language;                  /* in which it was read: "ja" ... */
    Str tablet, paired_by;         /* on which it was pressed, and who answers for that one */
    StrVec marks;                  /* what the person marked as wrong, as in TabletSaid */
    StrVec hashes;                 /* of the parts */
} TabletStanding;
/* TABLET_NONE: nothing was shown, or it has been forgotten. */
void tablet_standing(Ctx *ctx, Str about, TabletStanding *out);

/* What a tablet shows now; `id` empty: nothing. The parts are of the catalogue of now. */
typedef struct TabletShown {
    Str id;
    int64_t until;
    TabletParts parts; /* their hashes and tokens are empty */
    StrVec marks;
} TabletShown;
Rc tablet_shown(Ctx *ctx, const Tablet *tablet, TabletShown *out);
/* What the person presses: that something is wrong, or isn't after all; that all is right; that
   what he marked is to be put right; that he wants more time. showing: the id of what he saw.
   RC_CONFLICT "late": its time has run out; "gone": it isn't shown any more; RC_INVALID "no-mark":
   nothing is marked, or this can't be. */
typedef enum TabletPress { PRESS_MARK, PRESS_RIGHT, PRESS_WRONG, PRESS_MORE } TabletPress;
#define TABLET_MISSING "/missing" /* mark: something isn't there */
#define TABLET_FEE     "/fee"     /* after the procedure: what is to be paid */
#define TABLET_NOTICE  "/notice"  /* after the procedure: how letters are to come */
typedef struct TabletSaid {
    Str showing;
    TabletPress press;
    Str mark;     /* PRESS_MARK: PROCEDURE.FIELD, or one of those above */
    Str language; /* in which he reads */
} TabletSaid;
Rc tablet_press(Ctx *ctx, const Tablet *tablet, const TabletSaid *said);

/* ---- sending ---- */

/* Why something goes in from the counter without that, the words of the dictionary; NULL past the
   last. */
const char *tablet_reason_at(size_t n);
/* Whether a draft is asked for one or the other: it is entered at the counter of a city that has
   desks. */
bool tablet_asks(const Ctx *ctx, const DefinedDraft *draft);

#endif
