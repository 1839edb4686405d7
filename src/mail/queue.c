/* queue: news that people are to be told of. The ledger is read from where it was left; a row
   stands for each until it was sent, and row and place in the ledger are written in one batch: a
   crash tells again what may have been told, under the same Message-ID, and forgets nothing. */
#include "mail_int.h"

#include <string.h>

#define ROWS SPACE(STORE_LOCAL, "mail")

enum { WINDOW = 256, KEY = 13, ROUND = 200, DOUBLINGS = 8, ID_CHARS = 26 };

static const char cursor_key[] = "c"; /* rows are "n", position and ordinal */
static const int64_t longest = TIME_HOUR, longest_pause = 5 * TIME_MINUTE, given_up = 3 * TIME_DAY;

/* ---- rows ---- */

/* What is told: news of a case; that how he signs in was changed, or may be by a code of the
   counter; that another address is his, or none. */
typedef enum What { WHAT_NEWS, WHAT_WAY, WHAT_CODE, WHAT_FORMER, WHATS } What;
static const char *const whats[WHATS] = {"news", "way", "code", "former"};

typedef struct Row {
    char key[KEY];
    Str person; /* opaque */
    What what;
    int64_t at, next, tries;
} Row;
typedef VEC(Row) MailRows;

static Str key_of(const Row *row) {
    return (Str){row->key, KEY};
}

static void key_make(char *to, uint64_t position, uint32_t ordinal) {
    to[0] = 'n';
    for (int i = 0; i < 8; i++)
        to[1 + i] = (char)(position >> 8 * (7 - i));
    for (int i = 0; i < 4; i++)
        to[9 + i] = (char)(ordinal >> 8 * (3 - i));
}

static Rc row_put(Ctx *ctx, Batch *local, const Row *row) {
    JsonMember members[] = {{STR("person"), json_of_str(row->person)},
                            {STR("what"), json_of_str(str_of(whats[row->what]))},
                            {STR("at"), json_of_int(row->at)},
                            {STR("next"), json_of_int(row->next)},
                            {STR("tries"), json_of_int(row->tries)}};
    Json value = json_of_members(members, sizeof members / sizeof *members);
    Buf text = buf_new(ctx->arena, 1 << 12);
    json_write(&text, &value);
    return batch_put(ctx, local, ROWS, &(Item){.key = key_of(row), .value = buf_str(&text)});
}

static Rc cursor_put(Ctx *ctx, Batch *local, uint64_t position) {
    Str text = str_fmt(ctx->arena, "%llu", (unsigned long long)position);
    return batch_put(ctx, local, ROWS, &(Item){.key = str_of(cursor_key), .value = text});
}

/* One row or place is changed. gone: the row goes. */
static Rc row_change(Ctx *ctx, Mail *mail, const Row *row, bool gone) {
    TRY(batch_begin(ctx, mail->local, BATCH_DURABLE));
    Rc rc =
        gone ? batch_delete(ctx, mail->local, ROWS, key_of(row)) : row_put(ctx, mail->local, row);
    if (rc == RC_OK && gone)
        atomic_fetch_sub(&mail->waiting, 1); /* counted when it was found due */
    if (rc == RC_OK) return batch_commit(ctx, mail->local);
    batch_rollback(mail->local);
    return rc;
}

/* Who turns mail on tells nobody of what happened before. */
Rc queue_open(Ctx *ctx, Mail *mail) {
    Str text;
    int64_t position = 0;
    Rc rc = reader_item(ctx, ctx->db, ROWS, str_of(cursor_key), &text);
    if (rc == RC_OK && str_to_i64(text, &position) && position >= 0) {
        mail->position = (uint64_t)position;
        return RC_OK;
    }
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    mail->position = ledger_head(mail->tenant->ledger);
    TRY(batch_begin(ctx, mail->local, BATCH_DURABLE));
    rc = cursor_put(ctx, mail->local, mail->position);
    if (rc == RC_OK) return batch_commit(ctx, mail->local);
    batch_rollback(mail->local);
    return rc;
}

/* ---- looking for news ---- */

/* An event that may be news; what it means is asked once the ledger was read. */
typedef struct Seen {
    uint64_t position;
    uint32_t ordinal;
    int64_t at;
    What what;
    Str id, actor;
} Seen;

typedef struct Looking {
    const MailNews *news;
    VEC(Seen) seen;
} Looking;

static What what_of(const Event *event) {
    if (!str_empty(gate_mail_former(event))) return WHAT_FORMER;
    if (!gate_mail_is_way(event)) return WHAT_NEWS;
    return str_eq(event->head.kind, STR("account.recover")) ? WHAT_CODE : WHAT_WAY;
}

static Rc event_look(Ctx *ctx, void *arg, const Event *event) {
    Looking *looking = arg;
    if (!event->delta || event->erased) return RC_OK;
    What what = what_of(event);
    if (what == WHAT_NEWS && !looking->news->is(event)) return RC_OK;
    Seen seen = {.position = event->position,
                 .ordinal = event->ordinal,
                 .at = event->time,
                 .what = what,
                 .id = str_dup(ctx->arena, event->delta->id),
                 .actor = str_dup(ctx->arena, event->head.actor)};
    vec_push(ctx->arena, &looking->seen, seen);
    return RC_OK;
}

static Rc whose(Ctx *ctx, const Mail *mail, const Seen *seen, Str *person) {
    return seen->what != WHAT_NEWS ? gate_mail_whose_way(ctx, seen->id, person)
                                   : mail->news->whose(ctx, seen->id, seen->actor, person);
}

/* Those whose person is told by mail now. */
static Rc rows_make(Ctx *ctx, Mail *mail, const Looking *looking, MailRows *out) {
    VEC_EACH (const Seen, seen, &looking->seen) {
        Row row = {.at = seen->at, .what = seen->what};
        GateMail told;
        Rc rc = whose(ctx, mail, seen, &row.person);
        if (rc == RC_OK && row.what != WHAT_FORMER) rc = gate_mail_of(ctx, row.person, &told);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        key_make(row.key, seen->position, seen->ordinal);
        vec_push(ctx->arena, out, row);
    }
    return RC_OK;
}

static Rc found_keep(Ctx *ctx, Mail *mail, const MailRows *found, uint64_t next) {
    TRY(batch_begin(ctx, mail->local, found->len ? BATCH_DURABLE : BATCH_LAZY));
    Rc rc = cursor_put(ctx, mail->local, next);
    VEC_EACH (const Row, row, found)
        if (rc == RC_OK) rc = row_put(ctx, mail->local, row);
    if (found->len) mail->due_at = 0;
    atomic_fetch_add(&mail->waiting, found->len);
    if (rc == RC_OK) return batch_commit(ctx, mail->local);
    batch_rollback(mail->local);
    return rc;
}

static Rc news_look(Ctx *ctx, Mail *mail) {
    Ledger *ledger = mail->tenant->ledger;
    while (mail->position < ledger_head(ledger) && !atomic_load(&mail->stop)) {
        ArenaMark mark = arena_mark(ctx->arena);
        Looking looking = {.news = mail->news};
        MailRows found = {0};
        LedgerWindow window = {mail->position, WINDOW, event_look, &looking};
        uint64_t next = mail->position;
        ctx->deadline = time_monotonic() + TIME_MINUTE;
        TRY(ledger_read(ctx, ledger, &window, &next));
        if (next == mail->position) break;
        TRY(rows_make(ctx, mail, &looking, &found));
        TRY(found_keep(ctx, mail, &found, next));
        mail->position = next;
        arena_rewind(ctx->arena, mark);
    }
    return RC_OK;
}

/* ---- sending what is due ---- */

typedef struct Gathering {
    Ctx *ctx;
    size_t all;
    MailRows due;
    int64_t now, soonest; /* soonest: of those that aren't due */
    Rc rc;
} Gathering;

static What what_said(Str word) {
    for (int i = 0; i < WHATS; i++)
        if (str_eq(word, str_of(whats[i]))) return (What)i;
    return WHAT_NEWS;
}

static bool row_gather(void *arg, const Item *item) {
    Gathering *gathering = arg;
    const Json *value;
    Row row;
    if (item->key.len != KEY || item->key.ptr[0] != 'n') return true;
    gathering->rc = json_read(gathering->ctx, item->value, JSON_LIMITS_DEFAULT, &value);
    if (gathering->rc != RC_OK) return false;
    memcpy(row.key, item->key.ptr, KEY);
    row.person = str_dup(gathering->ctx->arena, json_get_str(value, "person"));
    row.what = what_said(json_get_str(value, "what"));
    row.at = json_get_int(value, "at", 0);
    row.next = json_get_int(value, "next", 0);
    row.tries = json_get_int(value, "tries", 0);
    gathering->all++;
    if (row.next > gathering->now) {
        if (row.next < gathering->soonest) gathering->soonest = row.next;
    } else if (gathering->due.len < ROUND) {
        vec_push(gathering->ctx->arena, &gathering->due, row);
    } else {
        gathering->soonest = gathering->now;
    }
    return true;
}

/* The same each time that this news is told, and nobody's to tell whose it is. */
static Str message_id(Ctx *ctx, const Row *row) {
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("mail-id"), key_of(row));
    return hash_base32(ctx->arena, (Str){(const char *)digest.bytes, sizeof digest.bytes},
                       ID_CHARS);
}

/* Half as long to half as long again: what failed together doesn't come together. */
static int64_t wait_after(Ctx *ctx, const Mail *mail, int64_t tries, int64_t most) {
    int64_t wait = mail->retry << (tries < DOUBLINGS ? tries : DOUBLINGS);
    if (wait > most) wait = most;
    return wait / 2 + (int64_t)rand_below(ctx->rand, (uint64_t)wait);
}

static bool is_old(const Ctx *ctx, const Row *row) {
    return time_now(ctx->clock) - row->at >= given_up;
}

static Rc give_up(Ctx *ctx, Mail *mail, const Row *row) {
    log_warn("mail", "a notice was given up after three days of tries");
    return row_change(ctx, mail, row, true);
}

static Rc put_off(Ctx *ctx, Mail *mail, Row *row) {
    if (is_old(ctx, row)) return give_up(ctx, mail, row);
    row->next = time_now(ctx->clock) + wait_after(ctx, mail, row->tries++, longest);
    if (row->next < mail->due_at) mail->due_at = row->next;
    return row_change(ctx, mail, row, false);
}

/* All wait for the server together: it isn't asked for each of them. */
static Rc pause_all(Ctx *ctx, Mail *mail, const Row *row, Str why) {
    mail->paused_until =
        time_now(ctx->clock) + wait_after(ctx, mail, mail->pauses++, longest_pause);
    mail->due_at = 0;
    if (is_old(ctx, row)) TRY(give_up(ctx, mail, row));
    if (atomic_exchange(&mail->troubled, true)) return RC_OK;
    log_warn("mail", "the mail server takes nothing (" STR_FMT "): notices wait", STR_ARG(why));
    return RC_OK;
}

/* An event of the ledger, by the key of its row. */
typedef struct Former {
    Str key, address;
} Former;

static Rc former_look(Ctx *ctx, void *arg, const Event *event) {
    Former *former = arg;
    char key[KEY];
    key_make(key, event->position, event->ordinal);
    if (event->erased || !str_eq((Str){key, KEY}, former->key)) return RC_OK;
    former->address = str_dup(ctx->arena, gate_mail_former(event));
    return RC_OK;
}

static uint64_t position_of(const Row *row) {
    uint64_t position = 0;
    for (int i = 0; i < 8; i++)
        position = position << 8 | (unsigned char)row->key[1 + i];
    return position;
}

/* Where a row is told. No address lies in it: a former one is read from its event, where an erasure
   ends it. RC_NOT_FOUND: nowhere, as it was stopped since. */
static Rc row_whom(Ctx *ctx, Mail *mail, const Row *row, GateMail *to) {
    if (row->what != WHAT_FORMER) return gate_mail_of(ctx, row->person, to);
    Former former = {.key = key_of(row)};
    uint64_t position = position_of(row), next;
    LedgerWindow window = {position ? position - 1 : 0, 2, former_look, &former};
    TRY(ledger_read(ctx, mail->tenant->ledger, &window, &next));
    *to = (GateMail){.address = former.address, .agreed_at = TIME_NONE};
    return gate_mail_good(former.address) ? RC_OK : RC_NOT_FOUND;
}

static void row_text(Ctx *ctx, const Mail *mail, const Row *row, const GateMail *to,
                     MailLetter *out) {
    out->to = to->address;
    out->id = message_id(ctx, row);
    if (row->what == WHAT_FORMER) {
        mailtext_former(ctx, mail, out);
        return;
    }
    Str stop = gate_mail_stop_token(ctx, to);
    out->stop =
        str_fmt(ctx->arena, STR_FMT "/mail/stop/" STR_FMT, STR_ARG(mail->site), STR_ARG(stop));
    if (row->what == WHAT_CODE)
        mailtext_recover(ctx, mail, row->at + GATE_CODE_LASTS, out);
    else
        (row->what == WHAT_WAY ? mailtext_way : mailtext_news)(ctx, mail, out);
}

/* *go_on: false: the server isn't there, or doesn't know us; nothing more is tried in this pass. */
static Rc row_send(Ctx *ctx, Mail *mail, Row *row, bool *go_on) {
    GateMail to;
    MailLetter letter = {{0}};
    Str why;
    Rc rc = row_whom(ctx, mail, row, &to);
    if (rc == RC_NOT_FOUND) return row_change(ctx, mail, row, true); /* he has stopped it since */
    TRY(rc);
    row_text(ctx, mail, row, &to, &letter);
    MailSent sent = mail_send(mail, ctx, &letter, &why);
    *go_on = sent != MAIL_UNREACHABLE;
    if (sent == MAIL_UNREACHABLE) return pause_all(ctx, mail, row, why);
    mail->pauses = 0;
    atomic_store(&mail->troubled, false);
    if (sent == MAIL_LATER) return put_off(ctx, mail, row);
    atomic_fetch_add(sent == MAIL_SENT ? &mail->sent : &mail->refused, 1);
    if (sent == MAIL_REFUSED && row->what != WHAT_FORMER) {
        log_warn("mail", "an address was refused for good: nothing more is sent there, and its "
                         "holder is told on his page");
        TRY(gate_mail_refused(ctx, &to));
    }
    return row_change(ctx, mail, row, true);
}

static Rc due_send(Ctx *ctx, Mail *mail) {
    Gathering gathering = {.ctx = ctx, .now = time_now(ctx->clock), .soonest = INT64_MAX};
    bool go_on = true;
    if (gathering.now < mail->due_at || gathering.now < mail->paused_until) return RC_OK;
    TRY(reader_items(ctx, ctx->db, &(ItemRange){.space = ROWS}, row_gather, &gathering));
    TRY(gathering.rc);
    atomic_store(&mail->waiting, gathering.all);
    mail->due_at = gathering.soonest;
    VEC_EACH (Row, row, &gathering.due) {
        if (!go_on || atomic_load(&mail->stop)) break;
        ctx->deadline = time_monotonic() + TIME_MINUTE;
        TRY(row_send(ctx, mail, row, &go_on));
    }
    return RC_OK;
}

/* ---- codes ---- */

static bool code_take(Mail *mail, MailCode *out) {
    pthread_mutex_lock(&mail->lock);
    bool any = mail->code_count > 0;
    if (any) {
        *out = mail->codes[0];
        mail->code_count--;
        memmove(mail->codes, mail->codes + 1, mail->code_count * sizeof *mail->codes);
    }
    pthread_mutex_unlock(&mail->lock);
    return any;
}

static void codes_send(Ctx *ctx, Mail *mail) {
    MailCode code;
    while (!atomic_load(&mail->stop) && code_take(mail, &code)) {
        Str why;
        MailLetter letter = {.to = str_of(code.address),
                             .id = rand_id(ctx->rand, ctx->arena, ID_CHARS)};
        mailtext_code(ctx, mail, str_of(code.code), &letter);
        if (mail_send(mail, ctx, &letter, &why) != MAIL_SENT)
            log_warn("mail", "a code was not sent (" STR_FMT ")", STR_ARG(why));
    }
}

Rc queue_pass(Ctx *ctx, Mail *mail) {
    codes_send(ctx, mail);
    TRY(news_look(ctx, mail));
    return due_send(ctx, mail);
}
