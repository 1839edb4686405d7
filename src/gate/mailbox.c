#include "gate_int.h"

#include <string.h>

enum { ADDRESS_MOST = 254, LABEL_MOST = 63, CODE_DIGITS = 8, STOP_KEY = 26 };

#define ACCOUNT_HEAD "urn:ngsi-ld:Account:"
#define PERSON_HEAD  "urn:ngsi-ld:Person:"

static const int64_t code_step = 10 * TIME_MINUTE; /* a code holds for one to two of them */

/* ---- addresses ---- */

static bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool local_good(Str local) {
    for (size_t i = 0; i < local.len; i++)
        if (!local.ptr[i] ||
            (!is_alnum(local.ptr[i]) && !strchr(".!#$%&'*+/=?^_`{|}~-", local.ptr[i])))
            return false;
    return local.len > 0;
}

static bool label_good(Str label) {
    for (size_t i = 0; i < label.len; i++)
        if (!is_alnum(label.ptr[i]) && label.ptr[i] != '-') return false;
    return label.len && label.len <= LABEL_MOST && label.ptr[0] != '-' &&
           label.ptr[label.len - 1] != '-';
}

bool gate_mail_good(Str address) {
    ptrdiff_t at = str_find_char(address, '@');
    if (at <= 0 || address.len > ADDRESS_MOST || str_ends(address, STR("."))) return false;
    Str domain = str_sub(address, (size_t)at + 1, address.len), label;
    bool good = local_good(str_head(address, (size_t)at)) && domain.len;
    while (good && str_split(&domain, '.', &label))
        good = label_good(label);
    return good;
}

/* ---- as the account has it ---- */

static void mail_read(const Entity *account, GateMail *out) {
    *out = (GateMail){.account = account->id,
                      .address = entity_text(account, GATE_IRI("mailAddress")),
                      .refused = !str_empty(entity_text(account, GATE_IRI("mailRefusedAt")))};
    if (!time_parse(entity_text(account, GATE_IRI("mailAgreedAt")), &out->agreed_at))
        out->agreed_at = TIME_NONE;
}

Rc gate_mail_own(Ctx *ctx, GateMail *out) {
    const Entity *account;
    *out = (GateMail){.agreed_at = TIME_NONE};
    if (!session_own(ctx)) return RC_OK; /* by a token one comes from no browser */
    TRY(ledger_entity(ctx, ctx->tenant->ledger, session_own(ctx)->account, &account));
    mail_read(account, out);
    return RC_OK;
}

/* former: where it is told that it was changed; empty: nowhere. */
static Rc mail_set(Ctx *ctx, const char *kind, const GateMail *mail, Str former) {
    Arena *arena = ctx->arena;
    Str now = time_format(arena, time_now(ctx->clock));
    Entity *set = entity_new(arena, mail->account, STR(ACCOUNT_TYPE));
    entity_set(arena, set, GATE_IRI("mailAddress"), json_of_str(mail->address));
    entity_set(arena, set, GATE_IRI("mailAgreedAt"),
               json_of_str(str_empty(mail->address)       ? STR_NONE
                           : mail->agreed_at == TIME_NONE ? now
                                                          : time_format(arena, mail->agreed_at)));
    entity_set(arena, set, GATE_IRI("mailRefusedAt"), json_of_str(mail->refused ? now : STR_NONE));
    entity_set(arena, set, GATE_IRI("mailFormer"), json_of_str(former));
    return account_change(ctx, &(AccountChange){.kind = kind, .id = mail->account, .set = set});
}

/* The same by its owner, who has confirmed who he is. */
static Rc mail_choose(Ctx *ctx, const char *kind, const GateMail *mail) {
    GateMail own;
    TRY(gate_mail_own(ctx, &own));
    bool other = !str_eq(own.address, mail->address);
    return mail_set(ctx, kind, mail, other ? own.address : STR_NONE);
}

/* ---- confirming one ---- */

static Rc address_check(Ctx *ctx, Str address) {
    if (gate_mail_good(address)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-mail", STR("mail"),
                    "This is no mail address: it looks like name@example.jp.");
}

/* Of this account, for this address, of this or (back 1) the last ten minutes. */
static Str code_of(Ctx *ctx, Str address, int64_t back) {
    Str message = str_fmt(ctx->arena, "mail-code\n" STR_FMT "\n%lld\n" STR_FMT,
                          STR_ARG(session_own(ctx)->account),
                          (long long)(time_now(ctx->clock) / code_step - back), STR_ARG(address));
    Digest mac = hash_hmac(ctx->tenant->gate->challenge_key, message);
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | mac.bytes[i];
    return str_fmt(ctx->arena, "%0*llu", CODE_DIGITS, (unsigned long long)(number % 100000000));
}

Rc gate_mail_code(Ctx *ctx, Str address, Str *code) {
    TRY(gate_passkey_permitted(ctx));
    TRY(address_check(ctx, address));
    TRY(gate_try(ctx, STR("mail-ask"), session_own(ctx)->account));
    TRY(gate_try(ctx, STR("mail-to"), address));
    *code = code_of(ctx, address, 0);
    return RC_OK;
}

/* One that was taken is none any more. */
static bool code_first(Ctx *ctx, Str address, Str code) {
    Str text =
        str_fmt(ctx->arena, "mail-code\n" STR_FMT "\n" STR_FMT, STR_ARG(address), STR_ARG(code));
    return challenge_first(ctx->tenant->gate->spent, text);
}

Rc gate_mail_confirm(Ctx *ctx, Str address, Str code) {
    TRY(gate_passkey_permitted(ctx));
    Str account = session_own(ctx)->account;
    TRY(address_check(ctx, address));
    TRY(gate_try(ctx, STR("mail-code"), account));
    bool right =
        hash_same(code, code_of(ctx, address, 0)) || hash_same(code, code_of(ctx, address, 1));
    if (!right || !code_first(ctx, address, code))
        return ctx_fail(ctx, RC_INVALID, "bad-code", STR("code"),
                        "This isn't the code of the newest mail, or it is too old or was used.");
    GateMail mail = {.account = account, .address = address, .agreed_at = TIME_NONE};
    TRY(mail_choose(ctx, "mail.agree", &mail));
    gate_try_right(ctx, STR("mail-code"), account);
    return RC_OK;
}

Rc gate_mail_end(Ctx *ctx) {
    TRY(gate_passkey_permitted(ctx));
    GateMail none = {.account = session_own(ctx)->account, .agreed_at = TIME_NONE};
    return mail_choose(ctx, "mail.end", &none);
}

/* ---- for the city itself ---- */

Rc gate_mail_of(Ctx *ctx, Str person, GateMail *out) {
    const Entity *account = NULL;
    Str whose;
    *out = (GateMail){.agreed_at = TIME_NONE};
    TRY(gate_whose(ctx, person, &whose));
    if (!str_starts(whose, STR(PERSON_HEAD))) return RC_NOT_FOUND;
    Str suffix = str_sub(whose, sizeof PERSON_HEAD - 1, whose.len);
    TRY(account_load(ctx, str_fmt(ctx->arena, ACCOUNT_HEAD STR_FMT, STR_ARG(suffix)), &account));
    if (!account || account_disabled(account)) return RC_NOT_FOUND;
    mail_read(account, out);
    bool told = gate_mail_good(out->address) && out->agreed_at != TIME_NONE && !out->refused;
    return told ? RC_OK : RC_NOT_FOUND;
}

bool gate_mail_is_way(const Event *event) {
    static const Str kinds[] = {
        STR("passkey.add"),      STR("passkey.end"),   STR("account.own-password"),
        STR("account.password"), STR("outside.link"),  STR("outside.end"),
        STR("account.recover"),  STR("account.renew"), STR("account.code-end")};
    const Delta *delta = event->delta;
    if (!delta || delta->op != DELTA_CHANGE || !str_starts(delta->id, STR(ACCOUNT_HEAD)))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(event->head.kind, kinds[i])) return true;
    return false;
}

Str gate_mail_former(const Event *event) {
    const Delta *delta = event->delta;
    bool account = delta && delta->op == DELTA_CHANGE && str_starts(delta->id, STR(ACCOUNT_HEAD));
    return account ? entity_text(delta->after, GATE_IRI("mailFormer")) : STR_NONE;
}

Rc gate_mail_whose_way(Ctx *ctx, Str account, Str *person) {
    const Entity *entity;
    Actor rights = {0};
    TRY(account_load(ctx, account, &entity));
    if (!entity) return RC_NOT_FOUND;
    account_rights(ctx->arena, entity, &rights);
    *person = rights.person;
    return rights.kind == ACTOR_RESIDENT ? RC_OK : RC_NOT_FOUND;
}

Rc gate_mail_refused(Ctx *ctx, const GateMail *mail) {
    GateMail refused = *mail;
    refused.refused = true;
    return mail_set(ctx, "mail.refused", &refused, STR_NONE);
}

/* Of the address, so that one that was given up ends no later one. */
static Str stop_key(Ctx *ctx, const GateMail *mail) {
    Str parts[] = {mail->account, mail->address};
    Str message = str_join(ctx->arena, parts, 2, STR("\n"));
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("mail-stop"), message);
    return hash_base32(ctx->arena, (Str){(const char *)digest.bytes, sizeof digest.bytes},
                       STOP_KEY);
}

Str gate_mail_stop_token(Ctx *ctx, const GateMail *mail) {
    Str suffix = str_sub(mail->account, sizeof ACCOUNT_HEAD - 1, mail->account.len);
    Str parts[] = {suffix, stop_key(ctx, mail)};
    return str_join(ctx->arena, parts, 2, STR("-"));
}

/* *mail: as it is; its address is empty where it was stopped before. */
static Rc stop_find(Ctx *ctx, Str token, GateMail *mail) {
    const Entity *account = NULL;
    ptrdiff_t dash = str_find_char(token, '-');
    if (dash > 0 && dash <= STOP_KEY) {
        Str suffix = str_head(token, (size_t)dash);
        TRY(account_load(ctx, str_fmt(ctx->arena, ACCOUNT_HEAD STR_FMT, STR_ARG(suffix)),
                         &account));
    }
    if (account) {
        mail_read(account, mail);
        if (str_empty(mail->address)) return RC_OK;
        Str key = str_sub(token, (size_t)dash + 1, token.len);
        if (hash_same(key, stop_key(ctx, mail))) return RC_OK;
    }
    return ctx_fail(ctx, RC_DENIED, "bad-stop", STR("token"),
                    "This link stops no notices: sign in and stop them under \"Sign-ins\".");
}

Rc gate_mail_stop_check(Ctx *ctx, Str token) {
    GateMail mail;
    return stop_find(ctx, token, &mail);
}

Rc gate_mail_stop(Ctx *ctx, Str token) {
    GateMail mail;
    TRY(stop_find(ctx, token, &mail));
    if (str_empty(mail.address)) return RC_OK;
    GateMail none = {.account = mail.account, .agreed_at = TIME_NONE};
    return mail_set(ctx, "mail.end", &none, STR_NONE);
}
