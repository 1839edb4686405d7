#include "delivery.h"
#include "lanes.h"
#include "reach.h"

#include <pthread.h>
#include <string.h>

#define QUEUE  SPACE(STORE_LOCAL, "notice")
#define STATES SPACE(STORE_LOCAL, "notice.state")

enum { DELIVERY_ARENA = 1 << 30, HAND_MAX = 4096 };

static const int64_t timeout_usual = 5 * TIME_SECOND, retry_longest = 5 * TIME_MINUTE,
                     given_up_after = TIME_DAY, busy_pause = TIME_SECOND / 20,
                     pace = 2 * TIME_SECOND / 1000;

struct Delivery {
    DeliveryOptions options;
    HttpClient *client;
    Clock clock;
    Rand rand;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t work;
    Lanes *lanes;
    bool stop;
    /* the thread's own */
    Arena *arena, *scratch;
    Batch *local;
    Reader *db;
};

/* ---- where notifications may go ---- */

/* Loopback, link-local, metadata, multicast and unspecified addresses are no subscriber's. */
static bool allow(void *arg, Str host, Str address) {
    const Delivery *delivery = arg;
    bool here, near = delivery->options.loopback;
    return delivery_listed(delivery, host) && (near || (reach_read(address, &here) && !here));
}

bool delivery_reaches(const Delivery *delivery, Str host) {
    return delivery->options.loopback || !reach_here(host);
}

bool delivery_listed(const Delivery *delivery, Str host) {
    return http_host_listed(delivery->options.hosts, host);
}

bool delivery_covered(const Delivery *delivery, Str url, Str host) {
    return delivery->options.plain || !http_url_plain(url) || reach_here(host);
}

static Str key_str(const LaneKey *key) {
    return (Str){(const char *)key->bytes, sizeof key->bytes};
}

/* ---- rows ---- */

static void be(uint8_t *to, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

/* The leaf of a notice, by its row's key. */
static uint64_t key_position(Str key) {
    uint64_t position = 0;
    for (size_t i = LANES_KEY; i < LANES_KEY + 8 && i < key.len; i++)
        position = position << 8 | (uint8_t)key.ptr[i];
    return position;
}

Rc delivery_put(Ctx *ctx, Batch *local, const Notice *notice, NoticeRow *row) {
    LaneKey lane = lanes_key(notice->subscription);
    uint8_t key[LANES_KEY + LANES_ITEM];
    memcpy(key, lane.bytes, LANES_KEY);
    be(key + LANES_KEY, notice->position, 8);
    be(key + LANES_KEY + 8, notice->ordinal, 4);
    Buf text = buf_new(ctx->arena, BROKER_ANSWER_MAX);
    JsonWriter w = json_writer(&text);
    json_open(&w, '{');
    json_name(&w, STR("at"));
    json_int(&w, notice->at);
    json_name(&w, STR("timeout"));
    json_int(&w, notice->timeout);
    json_name(&w, STR("cooldown"));
    json_int(&w, notice->cooldown);
    json_name(&w, STR("url"));
    json_text(&w, notice->url);
    json_name(&w, STR("headers"));
    json_open(&w, '[');
    for (size_t i = 0; i < notice->headers.len; i++)
        json_text(&w, notice->headers.items[i]);
    json_close(&w);
    rights_put(&w, &notice->rights);
    json_close(&w);
    TRY(buf_rc(&text));
    *row = (NoticeRow){str_dup(ctx->arena, (Str){(char *)key, sizeof key}), buf_str(&text)};
    Item item = {.key = row->key, .value = row->value};
    return batch_put(ctx, local, QUEUE, &item);
}

Rc delivery_drop(Ctx *ctx, Batch *local, Str subscription) {
    LaneKey lane = lanes_key(subscription);
    TRY(batch_delete_range(ctx, local, &(ItemRange){.space = QUEUE, .prefix = key_str(&lane)}));
    return batch_delete(ctx, local, STATES, key_str(&lane));
}

static Rc state_put(Ctx *ctx, Batch *local, const Lane *lane) {
    const DeliveryState *state = &lane->state;
    const int64_t values[] = {state->sent, state->failed, state->last, state->last_success,
                              state->last_failure};
    Buf text = buf_new(ctx->arena, 256);
    JsonWriter w = json_writer(&text);
    json_open(&w, '[');
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        json_int(&w, values[i]);
    json_close(&w);
    Item item = {.key = key_str(&lane->key), .value = buf_str(&text)};
    return batch_put(ctx, local, STATES, &item);
}

/* ---- opening ---- */

typedef struct Loading {
    Ctx *ctx;
    Delivery *delivery;
    Rc rc;
} Loading;

static int64_t int_at(const Json *list, size_t index) {
    const Json *value = json_at(list, index);
    return value && value->kind == JSON_NUMBER && value->is_int ? value->value.integer : TIME_NONE;
}

static Lane *lane_of_row(Delivery *delivery, Str key) {
    LaneKey lane;
    if (key.len < LANES_KEY) return NULL;
    memcpy(lane.bytes, key.ptr, LANES_KEY);
    return lanes_get(delivery->lanes, &lane);
}

static bool load_state(void *arg, const Item *item) {
    Loading *loading = arg;
    const Json *row;
    ArenaMark mark = arena_mark(loading->ctx->arena);
    Lane *lane = lane_of_row(loading->delivery, item->key);
    loading->rc = json_read(loading->ctx, item->value, JSON_LIMITS_DEFAULT, &row);
    if (loading->rc != RC_OK) return false;
    if (lane)
        lane->state = (DeliveryState){.sent = int_at(row, 0),
                                      .failed = int_at(row, 1),
                                      .last = int_at(row, 2),
                                      .last_success = int_at(row, 3),
                                      .last_failure = int_at(row, 4)};
    arena_rewind(loading->ctx->arena, mark);
    return true;
}

static bool load_waiting(void *arg, const Item *item) {
    Loading *loading = arg;
    Lane *lane = lane_of_row(loading->delivery, item->key);
    if (!lane) return true;
    if (!lane->state.waiting++) lane->oldest = key_position(item->key); /* rows come in order */
    if (lane->mode == LANE_IDLE) lanes_ready(loading->delivery->lanes, lane);
    return true;
}

static Rc lanes_load(Ctx *ctx, Delivery *delivery) {
    Loading loading = {.ctx = ctx, .delivery = delivery};
    TRY(reader_items(ctx, ctx->db, &(ItemRange){.space = STATES}, load_state, &loading));
    TRY(loading.rc);
    return reader_items(ctx, ctx->db, &(ItemRange){.space = QUEUE}, load_waiting, &loading);
}

/* ---- sending; the thread ---- */

/* On the client's thread. */
static void answered(void *arg, const HttpReply *reply) {
    Lane *lane = arg;
    Delivery *delivery = lane->owner;
    pthread_mutex_lock(&delivery->lock);
    lane->rc = reply->rc;
    lane->status = reply->status;
    lane->took = time_monotonic() - lane->left;
    lanes_answered(delivery->lanes, lane);
    pthread_cond_signal(&delivery->work);
    pthread_mutex_unlock(&delivery->lock);
}

typedef struct First {
    Ctx *ctx;
    Str key, value;
} First;

static bool first_item(void *arg, const Item *item) {
    First *first = arg;
    first->key = str_dup(first->ctx->arena, item->key);
    first->value = str_dup(first->ctx->arena, item->value);
    return false;
}

static Rc lane_first(Ctx *ctx, Delivery *delivery, const Lane *lane, First *first) {
    *first = (First){.ctx = ctx};
    ItemRange range = {.space = QUEUE, .prefix = key_str(&lane->key), .limit = 1};
    return reader_items(ctx, delivery->db, &range, first_item, first);
}

/* What was handed over with it, or its row. */
static Rc lane_next(Ctx *ctx, Delivery *delivery, Lane *lane, First *first) {
    pthread_mutex_lock(&delivery->lock);
    Str hand = {lane->hand, lane->hand ? lane->hand_len : 0};
    if (hand.len) hand = str_dup(ctx->arena, hand);
    pthread_mutex_unlock(&delivery->lock);
    if (!hand.len) return lane_first(ctx, delivery, lane, first);
    *first = (First){.key = str_sub(hand, 0, sizeof lane->item),
                     .value = str_sub(hand, sizeof lane->item, hand.len)};
    return RC_OK;
}

/* Over without having been sent; the delivery's own thread finds it next. */
static void lane_withhold(Ctx *ctx, Delivery *delivery, Lane *lane, Str subscription) {
    log_warn("broker", "a notification of " STR_FMT " is not sent: " STR_FMT, STR_ARG(subscription),
             STR_ARG(ctx->error.detail));
    ctx->error = (Error){0};
    pthread_mutex_lock(&delivery->lock);
    lane->withheld = true;
    lanes_answered(delivery->lanes, lane);
    pthread_mutex_unlock(&delivery->lock);
}

/* False: there is no room where it goes; it waits there, and is nobody's now. */
static bool lane_enters(Ctx *ctx, Delivery *delivery, Lane *lane, Str url) {
    uint64_t address = hash_fast(url);
    bool known = lanes_at(lane, address);
    Str place = known ? STR_NONE : http_url_place(ctx->arena, url);
    pthread_mutex_lock(&delivery->lock);
    bool enters = known || lanes_enter(delivery->lanes, lane, place, address);
    if (enters) lane_hand_drop(lane);
    pthread_mutex_unlock(&delivery->lock);
    return enters;
}

/* Of a subscription that was made when http:// was taken still; once for each notification. */
static void uncovered_tell(Ctx *ctx, const Delivery *delivery, const Lane *lane, const Json *row) {
    Str url = json_get_str(row, "url"), host = http_url_host(ctx->arena, url);
    if (lane->tries || delivery_covered(delivery, url, host)) return;
    log_warn("broker",
             "a notification to " STR_FMT " is not sent by http://, where it could be read on its "
             "way: give its subscription an address with https://, or set notify.plain",
             STR_ARG(host));
}

static Rc lane_call(Ctx *ctx, Delivery *delivery, Lane *lane, const First *first) {
    const Json *row;
    Str body;
    TRY(json_read(ctx, first->value, (JsonLimits){.bytes = 256 << 20, .depth = 8}, &row));
    if (!lane_enters(ctx, delivery, lane, json_get_str(row, "url"))) return RC_OK;
    const Json *headers = json_get(row, STR("headers"));
    Str *lines = NEW_ARRAY(ctx->arena, Str, headers->len + 1);
    for (size_t i = 0; i < headers->len; i++)
        lines[i] = json_str(json_at(headers, i));
    memcpy(lane->item, first->key.ptr, sizeof lane->item);
    lane->at = json_get_int(row, "at", 0);
    lane->cooldown = json_get_int(row, "cooldown", 0);
    NoticeRights rights = rights_get(ctx->arena, row);
    Rc rc = rights_send(ctx, &rights, &body);
    if (rc == RC_DENIED) {
        lane_withhold(ctx, delivery, lane, rights.subscription);
        return RC_OK;
    }
    TRY(rc);
    HttpCall call = {.method = HTTP_POST,
                     .url = json_get_str(row, "url"),
                     .headers = lines,
                     .n_headers = headers->len,
                     .body = body,
                     .timeout = json_get_int(row, "timeout", 0)};
    if (!call.timeout) call.timeout = timeout_usual;
    uncovered_tell(ctx, delivery, lane, row);
    lane->left = time_monotonic();
    return http_client_send(delivery->client, &call, answered, lane);
}

/* The lane is nobody else's while it is neither idle nor on a list. */
static void lane_send(Ctx *ctx, Delivery *delivery, Lane *lane) {
    First first;
    ArenaMark mark = arena_mark(ctx->arena);
    pthread_mutex_lock(&delivery->lock);
    uint64_t added = lane->added;
    pthread_mutex_unlock(&delivery->lock);
    Rc rc = lane_next(ctx, delivery, lane, &first);
    bool none = rc == RC_OK && first.key.len != sizeof lane->item;
    if (rc == RC_OK && !none) rc = lane_call(ctx, delivery, lane, &first);
    arena_rewind(ctx->arena, mark);
    if (rc == RC_OK && !none) return; /* flying: it may have been answered already; or it waits */
    pthread_mutex_lock(&delivery->lock);
    lanes_leave(delivery->lanes, lane);
    if (none && lane->added != added) {
        lanes_ready(delivery->lanes, lane);
    } else if (none) {
        lane->state.waiting = 0;
        lane->mode = LANE_IDLE;
        if (lane->dropped) lanes_forget(delivery->lanes, lane);
    } else {
        lanes_rest(delivery->lanes, lane, time_monotonic() + busy_pause);
    }
    pthread_mutex_unlock(&delivery->lock);
    if (rc != RC_OK && rc != RC_BUSY)
        log_error("broker", "a notification cannot be sent (%s): " STR_FMT, rc_name(rc),
                  STR_ARG(ctx->error.detail));
}

/* What another try cannot help ends here; so does what has failed for a day. */
static bool try_again(const Delivery *delivery, const Lane *lane) {
    bool passing = lane->rc != RC_OK || lane->status >= 500 || lane->status == 408 ||
                   lane->status == 425 || lane->status == 429;
    return passing && time_now(&delivery->clock) - lane->at < given_up_after;
}

/* Doubling with jitter, so that a returning endpoint is not met by all at once. */
static int64_t rest_of(Delivery *delivery, const Lane *lane) {
    unsigned doublings = lane->tries < 20 ? lane->tries : 20;
    int64_t span = delivery->options.retry << doublings;
    if (span > retry_longest) span = retry_longest;
    span = span / 2 + (int64_t)rand_below(&delivery->rand, (uint64_t)(span / 2) + 1);
    return span > lane->cooldown ? span : lane->cooldown;
}

/* Counts an outcome; true when its notice is over. */
static bool lane_settle(Delivery *delivery, Lane *lane) {
    bool withheld = lane->withheld;
    bool good = !withheld && lane->rc == RC_OK && lane->status >= 200 && lane->status < 300;
    int64_t now = time_now(&delivery->clock);
    lane->withheld = false;
    if (!withheld) {
        lanes_judge(lane);
        lane->state.sent++;
        lane->state.last = now;
    }
    if (good) {
        lane->state.last_success = now;
    } else {
        lane->state.failed++;
        lane->state.last_failure = now;
    }
    return good || withheld || !try_again(delivery, lane);
}

static Rc outcome_write(Ctx *ctx, Delivery *delivery, const Lane *lane, bool over) {
    if (over)
        TRY(batch_delete(ctx, delivery->local, QUEUE,
                         (Str){(const char *)lane->item, sizeof lane->item}));
    return state_put(ctx, delivery->local, lane);
}

static void lane_go_on(Delivery *delivery, Lane *lane, bool over) {
    if (over) {
        lane->tries = 0;
        lane->oldest = key_position((Str){(const char *)lane->item, sizeof lane->item});
        if (lane->state.waiting) lane->state.waiting--;
        if (lane->state.waiting)
            lanes_ready(delivery->lanes, lane);
        else
            lane->mode = LANE_IDLE;
    } else {
        lanes_rest(delivery->lanes, lane, time_monotonic() + rest_of(delivery, lane));
        lane->tries++;
    }
}

/* All that has been answered, in one transaction; one that is lost is sent again. */
static void settle_all(Ctx *ctx, Delivery *delivery, Lane *done) {
    Rc rc = batch_begin(ctx, delivery->local, BATCH_LAZY);
    for (Lane *lane = done, *next; lane; lane = next) {
        next = lane->next_one;
        pthread_mutex_lock(&delivery->lock);
        bool dropped = lane->dropped;
        bool over = dropped || lane_settle(delivery, lane);
        pthread_mutex_unlock(&delivery->lock);
        if (rc == RC_OK && !dropped) rc = outcome_write(ctx, delivery, lane, over);
        pthread_mutex_lock(&delivery->lock);
        lanes_leave(delivery->lanes, lane);
        if (lane->dropped)
            lanes_forget(delivery->lanes, lane);
        else
            lane_go_on(delivery, lane, over);
        pthread_mutex_unlock(&delivery->lock);
    }
    if (rc == RC_OK)
        rc = batch_commit(ctx, delivery->local);
    else
        batch_rollback(delivery->local);
    if (rc != RC_OK)
        log_error("broker",
                  "progress of notifications was not kept, some will be sent twice: " STR_FMT,
                  STR_ARG(ctx->error.detail));
}

/* Waits for work; takes what has been answered, and of the ready as many as may fly. False: the
 * delivery stops. */
static bool take_work(Delivery *delivery, Lane **ready, Lane **done) {
    pthread_mutex_lock(&delivery->lock);
    for (;;) {
        int64_t next = lanes_wake(delivery->lanes, time_monotonic());
        if (delivery->stop || lanes_any(delivery->lanes) || lanes_any_done(delivery->lanes)) break;
        (void)thread_cond_wait(&delivery->work, &delivery->lock, next);
    }
    *ready = lanes_take(delivery->lanes);
    *done = lanes_done(delivery->lanes);
    bool stop = delivery->stop;
    pthread_mutex_unlock(&delivery->lock);
    return !stop;
}

static void *delivery_run(void *arg) {
    Delivery *delivery = arg;
    Lane *ready, *done;
    while (take_work(delivery, &ready, &done)) {
        int64_t began = time_monotonic();
        arena_reset(delivery->arena);
        Ctx ctx = {.arena = delivery->arena,
                   .scratch = delivery->scratch,
                   .clock = &delivery->clock,
                   .rand = &delivery->rand,
                   .tenant = delivery->options.tenant,
                   .db = delivery->db};
        if (done) settle_all(&ctx, delivery, done);
        for (Lane *lane = ready, *next; lane; lane = next) {
            next = lane->next_one;
            lane_send(&ctx, delivery, lane);
        }
        if (done) time_sleep_until(began + pace); /* so that one transaction settles many */
    }
    return NULL;
}

/* ---- life ---- */

static Rc delivery_start(Ctx *ctx, Delivery *delivery) {
    Store *store = ledger_store(delivery->options.tenant->ledger);
    TRY(reader_open(ctx, store, &delivery->db));
    TRY(batch_open(ctx, store, STORE_LOCAL, &delivery->local));
    TRY(lanes_load(ctx, delivery));
    if (!thread_start(&delivery->thread, "delivery", delivery_run, delivery))
        return ctx_fail(ctx, RC_FAILED, "no-thread", STR_NONE,
                        "The thread that sends notifications cannot start.");
    delivery->started = true;
    return RC_OK;
}

Rc delivery_open(Ctx *ctx, const DeliveryOptions *options, Delivery **out) {
    Delivery *delivery = mem_zero(sizeof *delivery);
    delivery->options = *options;
    if (!delivery->options.retry) delivery->options.retry = TIME_SECOND;
    delivery->clock = *ctx->clock;
    delivery->rand = rand_system();
    delivery->lanes = lanes_new(delivery);
    delivery->arena = arena_new(DELIVERY_ARENA);
    delivery->scratch = arena_new(DELIVERY_ARENA);
    pthread_mutex_init(&delivery->lock, NULL);
    thread_cond_init(&delivery->work);
    delivery->client = http_client_new((HttpClientOptions){.max_in_flight = LANES_FLYING_MAX,
                                                           .max_per_host = LANES_PLACE_MAX / 2,
                                                           .allow = allow,
                                                           .arg = delivery,
                                                           .encrypted = !delivery->options.plain});
    Rc rc = delivery_start(ctx, delivery);
    if (rc == RC_OK)
        *out = delivery;
    else
        delivery_close(delivery);
    return rc;
}

void delivery_close(Delivery *delivery) {
    if (!delivery) return;
    pthread_mutex_lock(&delivery->lock);
    delivery->stop = true;
    pthread_cond_signal(&delivery->work);
    pthread_mutex_unlock(&delivery->lock);
    if (delivery->started) pthread_join(delivery->thread, NULL);
    http_client_free(delivery->client); /* answers what is in flight */
    lanes_free(delivery->lanes);
    batch_close(delivery->local);
    reader_close(delivery->db);
    pthread_cond_destroy(&delivery->work);
    pthread_mutex_destroy(&delivery->lock);
    arena_free(delivery->arena);
    arena_free(delivery->scratch);
    mem_free(delivery);
}

/* ---- from the matcher and the handlers ---- */

bool delivery_room(Delivery *delivery, Str subscription, int64_t now) {
    LaneKey key = lanes_key(subscription);
    pthread_mutex_lock(&delivery->lock);
    Lane *lane = lanes_get(delivery->lanes, &key);
    bool room = lane->state.waiting < DELIVERY_QUEUE_MAX;
    if (!room) {
        lane->state.failed++;
        lane->state.last_failure = now;
    }
    pthread_mutex_unlock(&delivery->lock);
    return room;
}

static void hand_over(Lane *lane, const NoticeRow *row) {
    size_t len = row->key.len + row->value.len;
    lane_hand_drop(lane);
    if (lane->state.waiting || len > HAND_MAX) return;
    lane->hand = mem_alloc(len);
    lane->hand_len = len;
    memcpy(lane->hand, row->key.ptr, row->key.len);
    memcpy(lane->hand + row->key.len, row->value.ptr, row->value.len);
}

void delivery_added(Delivery *delivery, Str subscription, uint64_t position, const NoticeRow *row) {
    LaneKey key = lanes_key(subscription);
    pthread_mutex_lock(&delivery->lock);
    Lane *lane = lanes_get(delivery->lanes, &key);
    lane->dropped = false;
    lane->added++;
    if (row && lane->mode == LANE_IDLE) hand_over(lane, row);
    if (!lane->state.waiting++) lane->oldest = position;
    if (lane->mode == LANE_IDLE) {
        lanes_ready(delivery->lanes, lane);
        pthread_cond_signal(&delivery->work);
    }
    pthread_mutex_unlock(&delivery->lock);
}

void delivery_dropped(Delivery *delivery, Str subscription) {
    LaneKey key = lanes_key(subscription);
    pthread_mutex_lock(&delivery->lock);
    Lane *lane = lanes_find(delivery->lanes, &key);
    if (lane && lane->mode == LANE_IDLE) {
        lanes_forget(delivery->lanes, lane);
    } else if (lane) {
        lane->dropped = true;
        lane->state.waiting = 0;
        lane_hand_drop(lane);
    }
    pthread_mutex_unlock(&delivery->lock);
}

DeliveryState delivery_state(Delivery *delivery, Str subscription) {
    LaneKey key = lanes_key(subscription);
    DeliveryState state = {.last = TIME_NONE, .last_success = TIME_NONE, .last_failure = TIME_NONE};
    pthread_mutex_lock(&delivery->lock);
    const Lane *lane = lanes_find(delivery->lanes, &key);
    if (lane) state = lane->state;
    pthread_mutex_unlock(&delivery->lock);
    return state;
}

static void add_waiting(void *arg, const Lane *lane) {
    *(uint64_t *)arg += lane->state.waiting;
}

uint64_t delivery_waiting(Delivery *delivery) {
    uint64_t waiting = 0;
    pthread_mutex_lock(&delivery->lock);
    lanes_each(delivery->lanes, add_waiting, &waiting);
    pthread_mutex_unlock(&delivery->lock);
    return waiting;
}

static void hold_back(void *arg, const Lane *lane) {
    uint64_t *through = arg;
    if (lane->state.waiting && lane->oldest <= *through)
        *through = lane->oldest ? lane->oldest - 1 : 0;
}

uint64_t delivery_through(Delivery *delivery, uint64_t matched) {
    uint64_t through = matched;
    pthread_mutex_lock(&delivery->lock);
    lanes_each(delivery->lanes, hold_back, &through);
    pthread_mutex_unlock(&delivery->lock);
    return through;
}
