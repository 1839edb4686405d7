/* thread: what a definition says of messages between a case's person and the office
   (相談のやりとり), and writing, reading and settling them. The message itself is message.h's. Pool
   threads. Include only procedure.h from outside. */
#ifndef PROCEDURE_THREAD_H
#define PROCEDURE_THREAD_H

#include "attach.h"
#include "message.h"

/* Messages of a case, the last of them that only the office writes, of them by its resident in a
   day (JST), characters of one, files of one, bytes of all files of a case's messages. */
enum {
    THREAD_MOST = 200,
    THREAD_RESERVE = 20,
    THREAD_DAY_MOST = 20,
    THREAD_CHARS_MOST = 2000,
    THREAD_FILES_MOST = 5,
    THREAD_BYTES_MOST = 50 << 20
};

typedef struct ThreadMessage {
    const Entity *entity; /* whole */
    Message message;      /* the same, read */
} ThreadMessage;
typedef VEC(ThreadMessage) ThreadMessages;
/* What is said of messages of a case: by its definition, or by the rules of bulky waste; NULL:
   nobody writes to it. */
const DefinedThread *thread_rules(const Ctx *ctx, const Entity *application);
/* All messages of a case, or those behind the first `before` of them, the oldest first; those that
   were erased aren't among them. *out lives in ctx->arena. application: as the ledger or the gate
   has it. */
Rc thread_of(Ctx *ctx, const Entity *application, ThreadMessages *out);
Rc thread_behind(Ctx *ctx, const Entity *application, int64_t before, ThreadMessages *out);
/* Whether who acts may see what was written, by how he stands to the case. */
bool thread_visible(Ctx *ctx, const Entity *application);
/* How many messages a case has at most when one more is to be written. */
int64_t thread_most(bool office);
/* Whether he may write now, or why he may not. */
typedef enum ThreadShut {
    THREAD_OPEN,
    THREAD_SHUT_STATE,   /* nobody writes in the state of the case */
    THREAD_SHUT_FULL,    /* it has as many messages as he may bring it to */
    THREAD_SHUT_OFFICE,  /* only the office writes in this procedure */
    THREAD_SHUT_OTHERS,  /* it is for somebody else to write */
    THREAD_SHUT_PROPOSED /* something about it waits for a decision, and would fall */
} ThreadShut;
/* By when what was asked is answered. While something about the case waits for its decision nobody
   may write, so the working days of that aren't counted. */
typedef struct ThreadDue {
    Date day;       /* year 0: no day is, or nobody waits */
    int64_t paused; /* working days by which it has moved so */
    bool stopped;   /* it waits right now, and the day isn't past; */
    int64_t left;   /* then, working days that are left once that is done */
} ThreadDue;
ThreadDue thread_due(Ctx *ctx, const Entity *application);
/* How the messages of a case stand for who acts, as the office or as whose case it is. */
typedef struct ThreadStand {
    ThreadShut shut;
    bool settles; /* he may say that what was written last needs no answer */
    ThreadDue due;
} ThreadStand;
ThreadStand thread_stands(Ctx *ctx, const Entity *application, bool office);
/* Whether the office wrote something that its resident has not read. */
Rc thread_unread(Ctx *ctx, const Entity *application, bool *out);

typedef struct ThreadFile {
    Str name, bytes;
} ThreadFile;
typedef struct ThreadWish {
    Str id;      /* of the case */
    bool office; /* who acts writes for the office */
    bool asked;  /* what he writes down is what its person said */
    Str channel; /* "phone", "counter": he writes down what was said there; empty: it is written */
    Str text;    /* may be empty where there are files */
    Str once; /* of the form: what it has sent already isn't written again, but other words are */
    VEC(ThreadFile) files;
} ThreadWish;
/* Writes a message. RC_NOT_FOUND "no-thread": the procedure has none; RC_DENIED; RC_CONFLICT
   "thread-closed"; RC_INVALID "no-channel", "missing", RC_LIMIT "long", "thread-full", "thread-day"
   at "text"; of a file the errors of attach_take and RC_LIMIT "thread-bytes", the path being its
   name. */
Rc thread_write(Ctx *ctx, const ThreadWish *wish);
/* An official says that what was written up to the n-th message needs no answer. RC_CONFLICT
   "moved-on"; "thread-closed": a proposal about the case waits. */
Rc thread_settle(Ctx *ctx, Str id, int64_t n);
/* Whose case it is has read these messages; nothing is written where all were read. */
Rc thread_seen(Ctx *ctx, const Entity *application, const ThreadMessages *messages);
/* The file of a case's messages that lies under an id. RC_NOT_FOUND "no-file": there is none, or it
   isn't for who asks. */
Rc thread_file(Ctx *ctx, const Entity *application, Str file, Attachment *out);

#endif
