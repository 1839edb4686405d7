#include "broker_int.h"

/* A write on its way: lives in the exchange's arena, which outlives the wait. */
typedef struct Pending {
    Request *request;
    Command *command;
    SubmitThen then;
    void *arg;
    Outcome outcome; /* its texts live in the command's arena */
} Pending;

Command *broker_command(Request *request, Str kind) {
    const Actor *actor = request->ctx->actor;
    Command *command =
        command_new(request->tenant->ledger, (CommandHead){.kind = kind,
                                                           .actor = actor->id,
                                                           .post = actor->post,
                                                           .purpose = request->ctx->purpose,
                                                           .channel = STR("api")});
    gate_guard(request->ctx, command);
    return command;
}

/* The exchange's arena outlives the command: what the request was read into may be shared with its
 * parts. */
PartEntity *part_entity(Request *request, Command *command, Str id) {
    Arena *arena = command_arena(command);
    PartEntity *part = NEW(arena, PartEntity);
    Actor *actor = NEW(arena, Actor);
    *actor = *request->ctx->actor;
    *part = (PartEntity){
        .who = {.actor = actor, .tenant = request->tenant, .purpose = request->ctx->purpose},
        .id = id};
    command_needs(command, id);
    return part;
}

static void pending_answer(HttpExchange *x, void *arg) {
    Pending *pending = arg;
    Request *request = pending->request;
    (void)x;
    if (pending->outcome.rc == RC_OK)
        pending->then(request, &pending->outcome, pending->arg);
    else {
        request->ctx->error = pending->outcome.error;
        request_fail(request);
    }
    command_free(pending->command);
}

static void pending_done(void *arg, Command *command, const Outcome *outcome) {
    Pending *pending = arg;
    (void)command;
    pending->outcome = *outcome;
    http_resume(pending->request->x, HTTP_LOOP, pending_answer, pending);
}

/* A handler that needs the store goes once more, whole, on a pool thread. */
typedef struct Again {
    HttpHandler handler;
} Again;

static void pool_again(HttpExchange *x, void *arg) {
    request_on_pool(x);
    ((const Again *)arg)->handler(x);
}

void broker_submit(Request *request, Command *command, HttpHandler again, SubmitThen then,
                   void *arg) {
    Ctx *ctx = request->ctx;
    HttpExchange *x = request->x;
    Pending *pending = NEW(ctx->arena, Pending);
    *pending = (Pending){.request = request, .command = command, .then = then, .arg = arg};
    http_defer(x);
    command_gathered(command);
    Rc rc = ledger_submit(ctx, request->tenant->ledger, command, pending_done, pending);
    if (rc == RC_OK) return; /* from here on the exchange belongs to whoever answers it */
    command_free(command);
    if (rc == RC_BUSY && !ctx->db) {
        Again *retry = NEW(ctx->arena, Again);
        retry->handler = again;
        request_close(request);
        http_resume(x, HTTP_POOL, pool_again, retry);
        return;
    }
    request_fail(request);
}
