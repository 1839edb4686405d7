/* Tests of what is taken of an outside provider, by bytes alone: signatures, its documents, its ID
   tokens. What goes over the wire is tried in test/browser/resident.test.mjs. */
#include "gate/oidc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define ISSUER "https://id.example.jp"
#define NOW    INT64_C(1795000000)

typedef struct Bench {
    Ctx ctx;
    Clock clock;
    Provider provider;
} Bench;

static int set_up(void **state) {
    Bench *bench = mem_zero(sizeof *bench);
    bench->clock = (Clock){.fixed = NOW * TIME_SECOND};
    bench->ctx = (Ctx){.arena = arena_new(64 << 20), .clock = &bench->clock};
    bench->provider = (Provider){.issuer = STR(ISSUER), .client = STR("machi")};
    pthread_mutex_init(&bench->provider.lock, NULL);
    bench->provider.about = buf_new(NULL, 1 << 16);
    bench->provider.keys = buf_new(NULL, 1 << 16);
    *state = bench;
    return 0;
}

static int tear_down(void **state) {
    Bench *bench = *state;
    buf_free(&bench->provider.about);
    buf_free(&bench->provider.keys);
    pthread_mutex_destroy(&bench->provider.lock);
    arena_free(bench->ctx.arena);
    mem_free(bench);
    return 0;
}

/* ---- signatures: the examples of the standards ---- */

/* RFC 7515, appendices A.2 and A.3. */
#define RSA_N                                                                                      \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"                        \
    "4qPCJrcS2mJPMEzP1Pt0Bm4d"                                                                     \
    "4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"                      \
    "bSf63kpaSHSXndS5z5rexM"                                                                       \
    "dbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_"                 \
    "I5IhlJH7aGhyxXFvU"                                                                            \
    "K-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define CLAIMS                                                                                     \
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnV" \
    "lfQ."
#define RS256                                                                                      \
    "eyJhbGciOiJSUzI1NiJ9" CLAIMS                                                                  \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5" \
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"                                           \
    "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1"                                                  \
    "L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"                                               \
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYE"                                              \
    "UipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define ES256                                                                                      \
    "eyJhbGciOiJFUzI1NiJ9" CLAIMS                                                                  \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define RSA_KEY "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}"
#define EC_KEY                                                                                     \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","     \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define SET(keys) STR("{\"keys\":[" keys "]}")

static bool verifies(Ctx *ctx, Str keys, Str text) {
    JoseKeys set;
    JoseToken token;
    assert_int_equal(jose_keys_read(ctx, keys, &set), RC_OK);
    if (jose_token_read(ctx, text, &token) != RC_OK) return false;
    const JoseKey *key = jose_key_of(&set, &token);
    return key && jose_verified(ctx, key, &token);
}

static void the_standards_examples_verify_and_nothing_that_is_changed(void **state) {
    Ctx *ctx = &((Bench *)*state)->ctx;
    const Str tokens[] = {STR(RS256), STR(ES256)};
    for (size_t i = 0; i < 2; i++) {
        assert_true(verifies(ctx, SET(RSA_KEY "," EC_KEY), tokens[i]));
        for (size_t at = 0; at < tokens[i].len - 1; at += 3) { /* the last has bits to spare */
            Str copy = str_dup(ctx->arena, tokens[i]);
            char *c = (char *)(uintptr_t)copy.ptr + at;
            *c = *c == 'A' ? 'B' : 'A';
            if (!str_eq(copy, tokens[i]))
                assert_false(verifies(ctx, SET(RSA_KEY "," EC_KEY), copy));
        }
        for (size_t len = 0; len < tokens[i].len; len += 7)
            assert_false(verifies(ctx, SET(RSA_KEY "," EC_KEY), str_head(tokens[i], len)));
    }
}

static void a_key_is_for_one_algorithm_and_one_use(void **state) {
    Ctx *ctx = &((Bench *)*state)->ctx;
    const struct {
        Str keys;
        bool good;
    } cases[] = {
        {SET(RSA_KEY), true},
        {SET(EC_KEY), false},
        {SET(RSA_KEY "," RSA_KEY), false}, /* which of them isn't said */
        {SET("{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}"), false},
        {SET("{\"kty\":\"RSA\",\"alg\":\"PS256\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}"), false},
        {SET("{\"kty\":\"RSA\",\"alg\":\"RS256\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}"), true},
        {SET("{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuS\",\"e\":\"AQAB\"}"), false},
        {SET("{\"kty\":\"oct\",\"k\":\"" RSA_N "\"}"), false},
        {SET("1, null, {}"), false},
        {SET(""), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(verifies(ctx, cases[i].keys, STR(RS256)), cases[i].good);
    JoseKeys none;
    assert_int_equal(jose_keys_read(ctx, STR("[]"), &none), RC_INVALID);
    assert_int_equal(jose_keys_read(ctx, STR("{\"keys\":{}}"), &none), RC_INVALID);
}

/* ---- documents ---- */

static Rc about(Bench *bench, const char *members) {
    HttpReply reply = {.rc = RC_OK, .status = 200, .body = str_of(members)};
    return provider_about_take(&bench->ctx, &bench->provider, &reply);
}

#define ABOUT(issuer, token, keys)                                                                 \
    "{\"issuer\":\"" issuer "\",\"authorization_endpoint\":\"https://id.example.jp/a\","           \
    "\"token_endpoint\":\"" token "\",\"jwks_uri\":\"" keys "\"}"
#define GOOD_ABOUT ABOUT(ISSUER, "https://id.example.jp/t", "https://id.example.jp/k")

static void a_provider_says_where_it_is_asked(void **state) {
    Bench *bench = *state;
    static const char *const bad[] = {
        ABOUT("https://id.example.jp/", "https://id.example.jp/t", "https://id.example.jp/k"),
        ABOUT(ISSUER, "http://id.example.jp/t", "https://id.example.jp/k"),
        ABOUT(ISSUER, "https://id.example.jp/t", "file:///etc/passwd"),
        ABOUT(ISSUER, "https://id.example.jp/t#x", "https://id.example.jp/k"),
        "[]",
        "",
    };
    ProviderAbout said;
    assert_int_equal(provider_about(&bench->ctx, &bench->provider, &said), RC_NOT_FOUND);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(about(bench, bad[i]), RC_INVALID);
    HttpCall call;
    assert_int_equal(provider_about_ask(&bench->ctx, &bench->provider, &call), RC_BUSY);
    bench->provider.about_failed = 0;
    assert_int_equal(provider_about_ask(&bench->ctx, &bench->provider, &call), RC_OK);
    assert_true(str_eq(call.url, STR(ISSUER "/.well-known/openid-configuration")));
    assert_int_equal(about(bench, GOOD_ABOUT), RC_OK);
    assert_int_equal(provider_about(&bench->ctx, &bench->provider, &said), RC_OK);
    assert_true(str_eq(said.token, STR("https://id.example.jp/t")));
    bench->provider.about_until = 1; /* an hour ago */
    assert_int_equal(provider_about(&bench->ctx, &bench->provider, &said), RC_NOT_FOUND);
}

static void keys_take(Bench *bench, Str keys) {
    HttpReply reply = {.rc = RC_OK, .status = 200, .body = keys};
    ProviderAbout said = {.keys = STR(ISSUER "/k")};
    HttpCall call;
    provider_keys_ask(&bench->ctx, &bench->provider, &said, &call);
    assert_int_equal(provider_keys_take(&bench->ctx, &bench->provider, &reply), RC_OK);
}

static void new_keys_are_looked_up_once_a_minute(void **state) {
    Bench *bench = *state;
    Ctx *ctx = &bench->ctx;
    JoseToken token;
    JoseKey key;
    assert_int_equal(jose_token_read(ctx, STR(RS256), &token), RC_OK);
    assert_int_equal(provider_key(ctx, &bench->provider, &token, &key), RC_NOT_FOUND);
    keys_take(bench, SET(EC_KEY));
    assert_int_equal(provider_key(ctx, &bench->provider, &token, &key), RC_DENIED);
    bench->provider.keys_asked -= TIME_MINUTE;
    assert_int_equal(provider_key(ctx, &bench->provider, &token, &key), RC_NOT_FOUND);
    keys_take(bench, SET(EC_KEY "," RSA_KEY));
    assert_int_equal(provider_key(ctx, &bench->provider, &token, &key), RC_OK);
    keys_take(bench, SET(EC_KEY)); /* a key that it takes back ends */
    assert_int_equal(provider_key(ctx, &bench->provider, &token, &key), RC_DENIED);
    bench->provider.keys_until = 1;
    assert_int_equal(provider_key(ctx, &bench->provider, &token, &key), RC_NOT_FOUND);
}

/* ---- ID tokens, whose signature is good ---- */

static void claims_are_judged_one_by_one(void **state) {
    Bench *bench = *state;
    static const struct {
        const char *claims;
        bool good, fresh;
    } cases[] = {
#define ID(more) "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"nonce\":\"n\"," more "}"
        {ID("\"aud\":\"machi\",\"iat\":1795000000,\"exp\":1795000300"), true, false},
        {ID("\"aud\":[\"machi\"],\"iat\":1795000000,\"exp\":1795000300"), true, false},
        {ID("\"aud\":[\"machi\",\"b\"],\"azp\":\"machi\",\"iat\":1795000000,\"exp\":1795000300"),
         true, false},
        {ID("\"aud\":[\"machi\",\"b\"],\"iat\":1795000000,\"exp\":1795000300"), false, false},
        {ID("\"aud\":[],\"iat\":1795000000,\"exp\":1795000300"), false, false},
        {ID("\"aud\":{\"machi\":1},\"iat\":1795000000,\"exp\":1795000300"), false, false},
        {ID("\"aud\":\"machi\",\"azp\":1,\"iat\":1795000000,\"exp\":1795000300"), false, false},
        /* a minute between the clocks is forgiven, no more */
        {ID("\"aud\":\"machi\",\"iat\":1795000059,\"exp\":1795000300"), true, false},
        {ID("\"aud\":\"machi\",\"iat\":1795000061,\"exp\":1795000300"), false, false},
        {ID("\"aud\":\"machi\",\"iat\":1794999900,\"exp\":1794999941"), true, false},
        {ID("\"aud\":\"machi\",\"iat\":1794999900,\"exp\":1794999940"), false, false},
        {ID("\"aud\":\"machi\",\"iat\":1794999099,\"exp\":1795000300"), false, false},
        {ID("\"aud\":\"machi\",\"iat\":\"1795000000\",\"exp\":1795000300"), false, false},
        {ID("\"aud\":\"machi\",\"iat\":1795000000,\"exp\":9223372036854775807"), false, false},
        {ID("\"aud\":\"machi\",\"iat\":1795000000,\"exp\":1795000300,\"nbf\":1795000000"), true,
         false},
        {ID("\"aud\":\"machi\",\"iat\":1795000000,\"exp\":1795000300,\"nbf\":1795000061"), false,
         false},
        {ID("\"aud\":\"machi\",\"iat\":1795000000,\"exp\":1795000300,\"nbf\":\"x\""), false, false},
        /* confirmed anew: not before the page led there */
        {ID("\"aud\":\"machi\",\"iat\":1795000000,\"exp\":1795000300"), false, true},
        {ID("\"aud\":\"machi\",\"iat\":1795000000,\"exp\":1795000300,\"auth_time\":1795000000"),
         true, true},
        {ID("\"aud\":\"machi\",\"iat\":1795000000,\"exp\":1795000300,\"auth_time\":1794999839"),
         false, true},
        {ID("\"aud\":\"machi\",\"iat\":1795000000,\"exp\":1795000300,\"auth_time\":1795000061"),
         false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OidcTokens tokens = {{{0}}};
        OidcWay way = {
            .nonce = STR("n"), .fresh = cases[i].fresh, .from = (NOW - 100) * TIME_SECOND};
        OidcPerson person;
        assert_int_equal(
            json_read(&bench->ctx, str_of(cases[i].claims), JSON_LIMITS_DEFAULT, &tokens.id.claims),
            RC_OK);
        Rc rc = oidc_person(&bench->ctx, &bench->provider, &way, &tokens, &person);
        if (rc != (cases[i].good ? RC_OK : RC_DENIED)) fail_msg("case %zu: %d", i, (int)rc);
    }
}

/* ---- logout tokens, whose signature is good ---- */

static void a_sign_out_is_judged_claim_by_claim(void **state) {
    Bench *bench = *state;
    static const struct {
        const char *claims;
        bool good;
    } cases[] = {
#define EVENT     "\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}"
#define OUT(more) "{\"iss\":\"" ISSUER "\"," more "}"
#define TIMES     "\"iat\":1795000000,\"exp\":1795000120"
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"j\",\"sub\":\"s\"," EVENT), true},
        {OUT("\"aud\":[\"machi\"]," TIMES ",\"jti\":\"j\",\"sid\":\"x\"," EVENT), true},
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"j\",\"sub\":\"s\",\"sid\":\"x\"," EVENT), true},
        {"{\"iss\":\"https://other.example.jp\",\"aud\":\"machi\"," TIMES
         ",\"jti\":\"j\",\"sub\":\"s\"," EVENT "}",
         false},
        {OUT("\"aud\":\"other\"," TIMES ",\"jti\":\"j\",\"sub\":\"s\"," EVENT), false},
        {OUT(TIMES ",\"jti\":\"j\",\"sub\":\"s\"," EVENT), false},
        {OUT("\"aud\":\"machi\",\"iat\":1795000000,\"jti\":\"j\",\"sub\":\"s\"," EVENT), false},
        {OUT("\"aud\":\"machi\",\"iat\":1794999800,\"exp\":1794999940,\"jti\":\"j\",\"sub\":"
             "\"s\"," EVENT),
         false},
        {OUT("\"aud\":\"machi\",\"exp\":1795000120,\"jti\":\"j\",\"sub\":\"s\"," EVENT), false},
        {OUT("\"aud\":\"machi\",\"iat\":1795000061,\"exp\":1795000120,\"jti\":\"j\",\"sub\":"
             "\"s\"," EVENT),
         false},
        /* of now: two minutes and what the clocks differ, whatever end it names */
        {OUT("\"aud\":\"machi\",\"iat\":1794999821,\"exp\":1795000120,\"jti\":\"j\",\"sub\":"
             "\"s\"," EVENT),
         true},
        {OUT("\"aud\":\"machi\",\"iat\":1794999819,\"exp\":1795000120,\"jti\":\"j\",\"sub\":"
             "\"s\"," EVENT),
         false},
        {OUT("\"aud\":\"machi\"," TIMES ",\"sub\":\"s\"," EVENT), false},
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"\",\"sub\":\"s\"," EVENT), false},
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"j\"," EVENT), false},
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"j\",\"sub\":1," EVENT), false},
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"j\",\"sub\":\"s\",\"sid\":1," EVENT), false},
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"j\",\"sub\":\"s\",\"sid\":\"\"," EVENT), false},
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"j\",\"sub\":\"s\",\"nonce\":\"n\"," EVENT),
         false},
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"j\",\"sub\":\"s\",\"nonce\":null," EVENT),
         false},
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"j\",\"sub\":\"s\""), false},
        {OUT("\"aud\":\"machi\"," TIMES ",\"jti\":\"j\",\"sub\":\"s\",\"events\":{}"), false},
        {OUT("\"aud\":\"machi\"," TIMES
             ",\"jti\":\"j\",\"sub\":\"s\",\"events\":{\"http://schemas.openid.net/event/"
             "backchannel-logout\":true}"),
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        JoseToken token = {.type = STR("logout+jwt")};
        OidcLogout logout;
        assert_int_equal(
            json_read(&bench->ctx, str_of(cases[i].claims), JSON_LIMITS_DEFAULT, &token.claims),
            RC_OK);
        Rc rc = oidc_logout(&bench->ctx, &bench->provider, &token, &logout);
        if (rc != (cases[i].good ? RC_OK : RC_DENIED)) fail_msg("case %zu: %d", i, (int)rc);
        token.type = i % 2 ? STR("JWT") : STR_NONE;
        assert_int_equal(oidc_logout(&bench->ctx, &bench->provider, &token, &logout), RC_DENIED);
    }
}

static void a_page_asks_for_all_that_protects_the_way_back(void **state) {
    Bench *bench = *state;
    ProviderAbout said = {.authorize = STR(ISSUER "/a?x=1")};
    OidcWay way = {.state = STR("s.t"),
                   .nonce = STR("n"),
                   .verifier = STR("dBjftJeZ4CVP-mBhXUa7qJtVtwXqHw5DoqHQfa0gXqA"),
                   .back = STR("https://city.example.jp/sign-in/outside/card"),
                   .fresh = true};
    bench->provider.scope = STR("openid profile");
    Str page = oidc_page(&bench->ctx, &bench->provider, &said, &way);
    Digest digest = hash_sha256(way.verifier);
    Str wanted = str_fmt(
        bench->ctx.arena,
        ISSUER "/a?x=1&response_type=code&client_id=machi&redirect_uri=https%%3A%%2F%%2F"
               "city.example.jp%%2Fsign-in%%2Foutside%%2Fcard&scope=openid%%20profile&state=s.t&"
               "nonce=n&code_challenge=" STR_FMT
               "&code_challenge_method=S256&prompt=login&max_age=0",
        STR_ARG(hash_base64url(bench->ctx.arena, (Str){(const char *)digest.bytes, 32})));
    assert_string_equal(str_z(bench->ctx.arena, page), str_z(bench->ctx.arena, wanted));
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        WITH(the_standards_examples_verify_and_nothing_that_is_changed),
        WITH(a_key_is_for_one_algorithm_and_one_use),
        WITH(a_provider_says_where_it_is_asked),
        WITH(new_keys_are_looked_up_once_a_minute),
        WITH(claims_are_judged_one_by_one),
        WITH(a_sign_out_is_judged_claim_by_claim),
        WITH(a_page_asks_for_all_that_protects_the_way_back),
    };
    return cmocka_run_group_tests_name("outside", tests, NULL, NULL);
}
