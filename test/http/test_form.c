/* Forms, cookies, URLs. */
#include "rig.h"

#include "http/http_int.h"

#define MULTI             "multipart/form-data; boundary=b"
#define PART(head, body)  "--b\r\n" head "\r\n\r\n" body "\r\n"
#define NAMED(name, body) PART("Content-Disposition: form-data; name=\"" name "\"", body)

static const struct {
    const char *name, *type;
    Str body;
    Rc rc;
    const char *fields; /* name=value[file:type] each, joined by | */
} forms[] = {
    {"plain", "application/x-www-form-urlencoded", STR("a=1&b=x+y%26z"), RC_OK, "a=1|b=x y&z"},
    {"charset behind it", "application/x-www-form-urlencoded; charset=utf-8", STR("a=%E3%81%82"),
     RC_OK, "a=あ"},
    {"empty", "application/x-www-form-urlencoded", STR(""), RC_OK, ""},
    {"no sign, no value", "application/x-www-form-urlencoded", STR("a&b=&=c"), RC_OK, "a=|b=|=c"},
    {"not UTF-8", "application/x-www-form-urlencoded", STR("a=%FF"), RC_INVALID, NULL},
    {"NUL", "application/x-www-form-urlencoded", STR("a=%00"), RC_INVALID, NULL},
    {"JSON", "application/json", STR("{}"), RC_INVALID, NULL},
    {"parts", MULTI, STR(NAMED("a", "1") NAMED("b", "x\r\ny") "--b--\r\n"), RC_OK, "a=1|b=x\r\ny"},
    {"no line end after the last", MULTI, STR(NAMED("a", "1") "--b--"), RC_OK, "a=1"},
    {"no parts", MULTI, STR("--b--\r\n"), RC_OK, ""},
    {"a file", MULTI,
     STR(PART("Content-Disposition: form-data; name=\"f\"; filename=\"a%22.png\"\r\nContent-Type: "
              "image/png",
              "\xff\xfe\r\n-") "--b--\r\n"),
     RC_OK, "f=\xff\xfe\r\n-[a\".png:image/png]"},
    {"no file chosen", MULTI,
     STR(PART("Content-Disposition: form-data; name=\"f\"; filename=\"\"", "") "--b--\r\n"), RC_OK,
     "f=[:]"},
    {"quoted boundary", "multipart/form-data; boundary=\"b\"", STR(NAMED("a", "1") "--b--"), RC_OK,
     "a=1"},
    {"token for a name", MULTI, STR(PART("content-disposition: form-data; name=a", "1") "--b--"),
     RC_OK, "a=1"},
    {"no boundary", "multipart/form-data", STR("--b--"), RC_INVALID, NULL},
    {"boundary twice", "multipart/form-data; boundary=b; boundary=c", STR("--b--"), RC_INVALID,
     NULL},
    {"boundary too long",
     "multipart/form-data; "
     "boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
     STR(""), RC_INVALID, NULL},
    {"boundary with a tab", "multipart/form-data; boundary=\"a\tb\"", STR(""), RC_INVALID, NULL},
    {"preamble", MULTI, STR("x\r\n" NAMED("a", "1") "--b--"), RC_INVALID, NULL},
    {"epilogue", MULTI, STR(NAMED("a", "1") "--b--\r\nx"), RC_INVALID, NULL},
    {"cut off", MULTI, STR(NAMED("a", "1")), RC_INVALID, NULL},
    {"cut off in a head", MULTI, STR("--b\r\nContent-Disp"), RC_INVALID, NULL},
    {"text behind a boundary", MULTI, STR("--bx\r\n"), RC_INVALID, NULL},
    {"no name", MULTI, STR(PART("Content-Disposition: form-data", "1") "--b--"), RC_INVALID, NULL},
    {"no disposition", MULTI, STR(PART("A: b", "1") "--b--"), RC_INVALID, NULL},
    {"disposition twice", MULTI,
     STR(PART("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
              "1") "--b--"),
     RC_INVALID, NULL},
    {"name twice", MULTI, STR(PART("Content-Disposition: form-data; name=a; name=b", "1") "--b--"),
     RC_INVALID, NULL},
    {"filename*", MULTI,
     STR(PART("Content-Disposition: form-data; name=a; filename*=UTF-8''x", "1") "--b--"),
     RC_INVALID, NULL},
    {"attachment", MULTI, STR(PART("Content-Disposition: attachment; name=a", "1") "--b--"),
     RC_INVALID, NULL},
    {"base64", MULTI,
     STR(PART("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64",
              "1") "--b--"),
     RC_INVALID, NULL},
    {"folded", MULTI, STR(PART("Content-Disposition: form-data;\r\n name=a", "1") "--b--"),
     RC_INVALID, NULL},
    {"unclosed quote", MULTI, STR(PART("Content-Disposition: form-data; name=\"a", "1") "--b--"),
     RC_INVALID, NULL},
    {"text not UTF-8", MULTI, STR(NAMED("a", "\xff") "--b--"), RC_INVALID, NULL},
};

static Str describe(Arena *arena, const HttpForm *form) {
    Buf text = buf_new(arena, 1 << 16);
    VEC_EACH (HttpField, field, form) {
        if (text.len) buf_add_char(&text, '|');
        buf_add(&text, field->name);
        buf_add_char(&text, '=');
        buf_add(&text, field->value);
        if (field->file_name.ptr)
            buf_addf(&text, "[" STR_FMT ":" STR_FMT "]", STR_ARG(field->file_name),
                     STR_ARG(field->type));
    }
    return buf_str(&text);
}

static void forms_are_read_or_refused(void **state) {
    (void)state;
    Rig rig = rig_ctx();
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        HttpForm form;
        Rc rc = form_parse(&rig.ctx, str_of(forms[i].type), forms[i].body, &form);
        Str text = describe(rig.arena, &form);
        if (rc != forms[i].rc) print_error("%s: %s\n", forms[i].name, rc_name(rc));
        assert_int_equal(rc, forms[i].rc);
        if (rc == RC_OK && !str_eq(text, str_of(forms[i].fields)))
            fail_msg("%s: " STR_FMT, forms[i].name, STR_ARG(text));
        if (rc != RC_OK) assert_true(rig.ctx.error.detail.len > 0);
    }
    rig_stop(&rig);
}

static void too_many_fields_or_parts_are_refused(void **state) {
    (void)state;
    Rig rig = rig_ctx();
    HttpForm form;
    Buf fields = buf_new(rig.arena, 1 << 20), parts = buf_new(rig.arena, 1 << 20);
    for (int i = 0; i < 1001; i++)
        buf_add(&fields, STR("a=b&"));
    for (int i = 0; i < 201; i++)
        buf_add(&parts, STR(NAMED("a", "1")));
    buf_add(&parts, STR("--b--"));
    assert_int_equal(
        form_parse(&rig.ctx, STR("application/x-www-form-urlencoded"), buf_str(&fields), &form),
        RC_LIMIT);
    assert_int_equal(form_parse(&rig.ctx, STR(MULTI), buf_str(&parts), &form), RC_LIMIT);
    rig_stop(&rig);
}

static void almost_boundaries_take_linear_time(void **state) {
    (void)state;
    Rig rig = rig_ctx();
    HttpForm form;
    Buf body = buf_new(rig.arena, 64 << 20);
    buf_add(
        &body,
        STR("--bbbbbbbbbbbbbbbbc\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n"));
    for (int i = 0; i < 400000; i++)
        buf_add(&body, STR("\r\n--bbbbbbbbbbbbbbbb"));
    int64_t began = time_monotonic();
    assert_int_equal(form_parse(&rig.ctx, STR("multipart/form-data; boundary=bbbbbbbbbbbbbbbbc"),
                                buf_str(&body), &form),
                     RC_INVALID);
    assert_true(time_monotonic() - began < 2 * TIME_SECOND);
    rig_stop(&rig);
}

static const struct {
    const char *header, *name, *value; /* NULL: absent */
} cookies[] = {
    {"a=1; b=2", "a", "1"}, {"a=1; b=2", "b", "2"},   {"a=1;b=2", "b", "2"},
    {"a=1; a=2", "a", "1"}, {"aa=1; a=2", "a", "2"},  {"a=", "a", ""},
    {"a=b=c", "a", "b=c"},  {"A=1", "a", NULL},       {"a", "a", NULL},
    {"=1", "", NULL},       {"a=x y; a=2", "a", "2"}, {"a=x,y", "a", NULL},
    {"", "a", NULL},        {";;; ; a=1", "a", "1"},
};

static void cookies_are_found_by_name(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cookies / sizeof *cookies; i++) {
        Str value = cookie_find(str_of(cookies[i].header), str_of(cookies[i].name));
        print_message("# %s\n", cookies[i].header);
        assert_int_equal(value.ptr != NULL, cookies[i].value != NULL);
        assert_true(str_eq(value, str_of(cookies[i].value)));
    }
}

static const struct {
    const char *text, *decoded, *form;
} urls[] = {
    {"abc", "abc", "abc"},      {"a%20b+c", "a b+c", "a b c"},
    {"%e3%81%82", "あ", "あ"},  {"%", "%", "%"},
    {"%4", "%4", "%4"},         {"%4g%41", "%4gA", "%4gA"},
    {"100%25", "100%", "100%"}, {"", "", ""},
};

static void urls_are_decoded_and_encoded(void **state) {
    (void)state;
    Rig rig = rig_ctx();
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        Str text = str_of(urls[i].text);
        assert_true(str_eq(http_url_decode(rig.arena, text, false), str_of(urls[i].decoded)));
        assert_true(str_eq(http_url_decode(rig.arena, text, true), str_of(urls[i].form)));
        Str again = http_url_encode(rig.arena, text);
        assert_true(str_eq(http_url_decode(rig.arena, again, false), text));
    }
    assert_true(str_eq(http_url_encode(rig.arena, STR("a:b /~あ")), STR("a:b%20%2F~%E3%81%82")));
    assert_true(url_is_text(rig.arena, STR("/a%E3%81%82")));
    assert_false(url_is_text(rig.arena, STR("/a%FF")));
    assert_false(url_is_text(rig.arena, STR("/a%00")));
    rig_stop(&rig);
}

static const struct {
    const char *address;
    bool public;
} addresses[] = {
    {"127.0.0.1", false},
    {"127.255.0.1", false},
    {"10.1.2.3", false},
    {"172.16.0.1", false},
    {"172.32.0.1", true},
    {"192.168.1.1", false},
    {"169.254.169.254", false},
    {"100.64.0.1", false},
    {"0.0.0.0", false},
    {"224.0.0.1", false},
    {"255.255.255.255", false},
    {"8.8.8.8", true},
    {"192.0.2.1", false},
    {"198.18.0.1", false},
    {"::1", false},
    {"::", false},
    {"fe80::1", false},
    {"fc00::1", false},
    {"ff02::1", false},
    {"::ffff:127.0.0.1", false},
    {"::ffff:8.8.8.8", true},
    {"64:ff9b::7f00:1", false},
    {"2002:7f00:1::", false},
    {"2001:db8::1", false},
    {"2001::1", false},
    {"2606:4700::1111", true},
    {"", false},
    {"localhost", false},
    {"127.1", false},
};

static void only_public_addresses_are_public(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        print_message("# %s\n", addresses[i].address);
        assert_int_equal(http_address_public(str_of(addresses[i].address)), addresses[i].public);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read_or_refused),
        cmocka_unit_test(too_many_fields_or_parts_are_refused),
        cmocka_unit_test(almost_boundaries_take_linear_time),
        cmocka_unit_test(cookies_are_found_by_name),
        cmocka_unit_test(urls_are_decoded_and_encoded),
        cmocka_unit_test(only_public_addresses_are_public),
    };
    return cmocka_run_group_tests_name("http forms, cookies, URLs", tests, NULL, NULL);
}
