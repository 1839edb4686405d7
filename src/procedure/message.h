/* message: what a case's person and the office write to one another: an entity of type Message,
   sealed under the applicant's key with the case's retention. A case counts its messages; the id of
   the n-th is a keyed hash of the case and n, so no list of them is kept anywhere. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_MESSAGE_H
#define PROCEDURE_MESSAGE_H

#include "ledger/ledger.h"

#define MESSAGE_TYPE      LD_DEFAULT "Message"
#define MESSAGE_ID_PREFIX "urn:ngsi-ld:Message:"

/* What is kept of a case beside its state: whose turn it is. */
#define MESSAGE_WAITS    STR("waits")    /* the resident wrote, and the office has not answered */
#define MESSAGE_ANSWERED STR("answered") /* the office wrote last */
#define MESSAGE_SETTLED  STR("settled")  /* the office said that no answer is wanted */

/* A message as it stands. Texts refer to the entity. */
typedef struct Message {
    Str id;
    bool office;          /* the office wrote it */
    Str post;             /* under which an official wrote, or wrote down what its person said:
                             never a name; empty: the resident did */
    Str channel;          /* "phone", "counter": it was said there; empty: it stands here alone */
    int64_t at, read_at;  /* TIME_NONE: its resident has not read what the office wrote */
    Str once;             /* of the form that sent it */
    const Json *contents; /* {text, files [{file, name, type, bytes, sha256}]}; NULL: erased */
} Message;
void message_read(const Entity *entity, Message *out);
/* Whether its resident hasn't read yet what the office wrote; what it told him he knows. */
bool message_is_new(const Message *message);
Str message_id(Arena *arena, Ledger *ledger, Str case_id, int64_t n);
/* How many a case has, and whose turn it is; empty: nobody has written. It may wait without one:
   its application is a question then. */
int64_t message_count(const Entity *application);
Str message_turn(const Entity *application);
/* Whether the office owes an answer: nobody waits for one where the case has ended. */
bool message_waits(const Entity *application);
/* The day by which an answer is due, if nothing stops that (thread_due); year 0: no day is, or
   nobody waits. */
Date message_due(const Entity *application);
/* Whether the case is in one of these states of its procedure; of bulky waste: words of CaseState.
 */
bool message_among(const StrVec *states, const Entity *application);

/* message.write: the next message of a case, which counts it. Needs the case and the message.
   RC_CONFLICT "thread-closed": the case is in a state in which nobody writes; "moved-on": somebody
   else wrote first, or the case has come to another post or person. RC_NOT_FOUND. */
typedef struct PartMessage {
    const Entity *message; /* whole, but for sentAt */
    Str case_id;
    int64_t n;            /* which one it is */
    const StrVec *states; /* of its procedure, in which one may write */
    Str post, applicant;  /* of the case as it was looked at, */
    int64_t version;      /* of its procedure, too */
    Str due; /* what was asked is answered by then, unless something waits that was asked before;
                empty: no day is due */
    Str assignee; /* who answers takes the case over; empty: nobody does */
} PartMessage;
extern const PartKind part_message_write;

/* message.settle: the office says that what was written last needs no answer. RC_CONFLICT
   "moved-on": more was written since, or it was answered. */
typedef struct PartMessageSettle {
    Str case_id;
    int64_t n;
} PartMessageSettle;
extern const PartKind part_message_settle;

/* message.seen: its resident has read what the office wrote. Again changes nothing. RC_NOT_FOUND.
 */
typedef struct PartMessageSeen {
    Str id;
} PartMessageSeen;
extern const PartKind part_message_seen;

#endif
