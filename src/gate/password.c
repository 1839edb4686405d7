/* password: what may be one (OWASP ASVS 5.0, 6.2), what is kept of it (argon2id), and changing
 * one's own. */
#include "gate_int.h"

#include <passwdqc.h>
#include <pwd.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORD_MIN = 15, PASSWORD_MAX = 1024, WORD_MIN = 4, REST_MIN = 8 };

/* What one hash costs. Tests sign in hundreds of times and are built with the least there is (meson
 * option argon2); every hash says its cost itself, so that either build reads both. */
#ifdef MACHI_ARGON2_MIN
enum { COST_OPS = crypto_pwhash_OPSLIMIT_MIN, COST_MEMORY = crypto_pwhash_MEMLIMIT_MIN };
#else
enum {
    COST_OPS = crypto_pwhash_OPSLIMIT_INTERACTIVE,
    COST_MEMORY = crypto_pwhash_MEMLIMIT_INTERACTIVE
};
#endif

/* ---- what may be one ---- */

static Rc bad(Ctx *ctx, const char *code, const char *text) {
    return ctx_fail(ctx, RC_INVALID, code, STR("password"), "%s", text);
}

static Rc form_check(Ctx *ctx, Str password) {
    if (str_utf8_len(password) < PASSWORD_MIN || password.len > PASSWORD_MAX)
        return ctx_fail(ctx, RC_INVALID, "bad-password", STR("password"),
                        "A password has %d characters or more, and at most %d bytes.", PASSWORD_MIN,
                        PASSWORD_MAX);
    if (text_has_control(password))
        return bad(ctx, "hidden-password",
                   "This password has characters that nobody sees: type it, or copy it anew.");
    return RC_OK;
}

/* Any kind of characters will do, as long as they are enough of them; what others would try first
 * won't: words, sequences, repetitions, the login and the name, what it was before, and, with a
 * filter of leaked ones, those. */
static Rc guess_check(Ctx *ctx, const PasswordFor *whose, Str password) {
    Gate *gate = ctx->tenant->gate;
    Arena *arena = ctx->arena;
    const passwdqc_params_qc_t params = {
        .min = {PASSWORD_MIN, PASSWORD_MIN, PASSWORD_MIN, PASSWORD_MIN, PASSWORD_MIN},
        .max = PASSWORD_MAX,
        .passphrase_words = 3,
        .match_length = WORD_MIN,
        .similar_deny = 1,
        .filter = str_empty(gate->leaked) ? NULL : (char *)(uintptr_t)str_z(arena, gate->leaked)};
    char none[] = "";
    struct passwd person = {.pw_name = (char *)(uintptr_t)str_z(arena, whose->login),
                            .pw_passwd = none,
                            .pw_gecos = (char *)(uintptr_t)str_z(arena, whose->name),
                            .pw_dir = none,
                            .pw_shell = none};
    const char *before = str_empty(whose->before) ? NULL : str_z(arena, whose->before);
    const char *why = passwdqc_check(&params, str_z(arena, password), before, &person);
    if (!why) return RC_OK;
    if (!strcmp(why, "check failed")) { /* as it says where the filter can't be read */
        log_error("gate", "a password could not be looked up in the filter " STR_FMT,
                  STR_ARG(gate->leaked));
        return ctx_fail(ctx, RC_FAILED, "no-filter", STR("password"),
                        "Passwords cannot be checked at this moment: try again later.");
    }
    return ctx_fail(ctx, RC_INVALID, "guessable-password", STR("password"),
                    "This password is guessed too easily (%s): take three or more words that have "
                    "nothing to do with each other.",
                    why);
}

/* ---- words of the place ---- */

static void word_add(Arena *arena, Str word, StrVec *out) {
    Str folded = text_fold(arena, word);
    bool latin = str_utf8_len(folded) == folded.len;
    if (str_utf8_len(folded) >= (latin ? WORD_MIN : 2)) vec_push(arena, out, folded);
}

static void words_add(Arena *arena, Str text, StrVec *out) {
    Str word;
    while (str_split(&text, ' ', &word))
        word_add(arena, word, out);
}

static void names_add(Arena *arena, const Json *rows, const char *member, StrVec *out) {
    for (size_t i = 0; rows && i < rows->len; i++) {
        const Json *name = json_get(json_at(rows, i), str_of(member));
        words_add(arena, json_get_str(name, "ja"), out);
        words_add(arena, json_get_str(name, "en"), out);
    }
}

/* This program, the city, its divisions and posts. */
static void place_words(Ctx *ctx, StrVec *out) {
    const Json *organisation = ctx->tenant->gate->organisation;
    Arena *arena = ctx->arena;
    word_add(arena, STR("machi"), out);
    words_add(arena, ctx->tenant->name, out);
    if (!organisation) return;
    const Json *name = json_get(organisation, STR("name"));
    words_add(arena, json_get_str(name, "ja"), out);
    words_add(arena, json_get_str(name, "en"), out);
    words_add(arena, json_get_str(organisation, "kana"), out);
    names_add(arena, json_get(organisation, STR("divisions")), "name", out);
    names_add(arena, json_get(organisation, STR("posts")), "title", out);
}

static Str without(Arena *arena, Str text, Str word) {
    Buf rest = buf_new(arena, text.len + 1);
    for (ptrdiff_t at; (at = str_find(text, word)) >= 0;) {
        buf_add(&rest, str_sub(text, 0, (size_t)at));
        text = str_sub(text, (size_t)at + word.len, text.len);
    }
    buf_add(&rest, text);
    return buf_str(&rest);
}

static Rc place_check(Ctx *ctx, Str password) {
    StrVec words = {0};
    Str rest = text_fold(ctx->arena, password);
    place_words(ctx, &words);
    VEC_EACH (const Str, word, &words)
        rest = without(ctx->arena, rest, *word);
    if (str_utf8_len(rest) >= REST_MIN) return RC_OK;
    return bad(
        ctx, "place-password",
        "This password is little more than the name of the city, of a division or a post: take "
        "three or more words that have nothing to do with the place.");
}

Rc password_check(Ctx *ctx, const PasswordFor *whose, Str password) {
    TRY(form_check(ctx, password));
    TRY(place_check(ctx, password));
    return guess_check(ctx, whose, password);
}

Rc password_open(Ctx *ctx, Gate *gate, Str leaked) {
    gate->leaked = str_dup(gate->arena, leaked);
    if (str_empty(leaked) || access(str_z(ctx->arena, leaked), R_OK) == 0) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-setting", STR("gate.leaked-passwords"),
                    "The filter of leaked passwords \"" STR_FMT
                    "\" cannot be read: name a file that pwqfilter has made.",
                    STR_ARG(leaked));
}

/* ---- what is kept of it ---- */

Rc password_hash(Ctx *ctx, Str password, Str *out) {
    char *hash = arena_zero(ctx->arena, crypto_pwhash_STRBYTES, 1);
    if (crypto_pwhash_str(hash, password.ptr, password.len, COST_OPS, COST_MEMORY) != 0)
        return ctx_fail(ctx, RC_FAILED, "no-memory", STR_NONE,
                        "There is not enough memory to hash a password: try again.");
    *out = str_of(hash);
    return RC_OK;
}

/* No password has this hash, and comparing one with it takes as long as with any other. */
static Str nobodys(Arena *arena) {
    return str_fmt(arena,
                   "$argon2id$v=19$m=%d,t=%d,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                   COST_MEMORY / 1024, COST_OPS);
}

bool password_matches(Arena *arena, Str hash, Str password) {
    bool known = !str_empty(hash);
    Str against = known ? hash : nobodys(arena);
    return password.len <= PASSWORD_MAX &&
           crypto_pwhash_str_verify(str_z(arena, against), password.ptr, password.len) == 0 &&
           known;
}

static Rc renew(Ctx *ctx, const Entity *account, Str password) {
    Str hash;
    TRY(password_hash(ctx, password, &hash));
    Entity *set = entity_new(ctx->arena, account->id, STR(ACCOUNT_TYPE));
    entity_set(ctx->arena, set, GATE_IRI("passwordHash"), json_of_str(hash));
    return account_change(ctx, &(AccountChange){.kind = "account.password-cost",
                                                .id = account->id,
                                                .version = account->version,
                                                .set = set});
}

bool password_renew(Ctx *ctx, const Entity *account, Str password) {
    Ctx own = *ctx; /* nobody is in yet */
    own.actor = (Actor *)gate_system_actor();
    Str kept = entity_text(account, GATE_IRI("passwordHash"));
    if (!crypto_pwhash_str_needs_rehash(str_z(ctx->arena, kept), COST_OPS, COST_MEMORY))
        return false;
    if (renew(&own, account, password) == RC_OK) return true;
    log_warn("gate", "a password keeps its old hash: " STR_FMT, STR_ARG(own.error.detail));
    return false;
}

Rc password_shown(Ctx *ctx, Str id, Str password, const Entity **account) {
    Try tried;
    TRY(try_begin_dear(ctx, id, &tried));
    Rc rc = account_load(ctx, id, account);
    if (rc == RC_OK) rc = account_verify(ctx, *account, password);
    try_end(ctx, &tried, rc);
    return rc;
}

/* ---- changing one's own ---- */

static const Entity *own_account(Ctx *ctx) {
    const GateSession *own = session_own(ctx);
    const Entity *account = NULL;
    return own && account_load(ctx, own->account, &account) == RC_OK ? account : NULL;
}

Str gate_login(Ctx *ctx) {
    const Entity *account = own_account(ctx);
    return account ? entity_text(account, GATE_IRI("login")) : STR_NONE;
}

Str gate_own_login(Ctx *ctx) {
    const Entity *account = own_account(ctx);
    return account && account_has_password(account) ? entity_text(account, GATE_IRI("login"))
                                                    : STR_NONE;
}

bool gate_first(const Ctx *ctx) {
    return session_own(ctx) && session_own(ctx)->first;
}

static Rc own_set(Ctx *ctx, const Entity *account, Str wanted) {
    Str hash, now = time_format(ctx->arena, time_now(ctx->clock));
    TRY(password_hash(ctx, wanted, &hash));
    Entity *set = entity_new(ctx->arena, account->id, STR(ACCOUNT_TYPE));
    entity_set(ctx->arena, set, GATE_IRI("passwordHash"), json_of_str(hash));
    entity_set(ctx->arena, set, GATE_IRI("passwordUntil"), json_of_str(STR_NONE));
    entity_set(ctx->arena, set, GATE_IRI("sessionsFrom"), json_of_str(now));
    return account_change(ctx, &(AccountChange){.kind = "account.own-password",
                                                .id = account->id,
                                                .version = account->version,
                                                .set = set,
                                                .ends_code = true});
}

Rc gate_password_change(Ctx *ctx, Str present, Str wanted, Str *session_token) {
    const GateSession *own = session_own(ctx);
    const Entity *account;
    if (!own) return session_none(ctx);
    TRY(passkey_shown(ctx));
    TRY(password_shown(ctx, own->account, present, &account));
    PasswordFor whose = {.login = entity_text(account, GATE_IRI("login")),
                         .name = entity_text(account, GATE_IRI("displayName")),
                         .before = present};
    TRY(password_check(ctx, &whose, wanted));
    TRY(own_set(ctx, account, wanted));
    TRY(sessions_end(ctx, own->account));
    TRY(account_load(ctx, own->account, &account));
    SessionBy by = {own->means, gate_provider(ctx->tenant->gate, own->provider), &own->outsides,
                    own->authn};
    return session_begin(ctx, account, by, session_token);
}
