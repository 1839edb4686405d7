/* Tests of files that belong to answers: what they are, what is taken off a photo, and their way
 * from the draft of a browser to a case and out of it. */
#include "cases.h"
#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#define BYTES(literal) ((Str){literal, sizeof(literal) - 1})

/* A JPEG as a telephone writes it: JFIF with a preview, Exif with orientation and place, XMP, IPTC,
 * a comment, a colour profile; two scans with stuffed bytes and a restart; a film behind its end.
 */
#define JFIF "\xff\xe0\x00\x13JFIF\0\x01\x01\0\0\x01\0\x01\x01\x01PRE"
#define EXIF                                                                                       \
    "\xff\xe1\x00\x30"                                                                             \
    "Exif\0\0"                                                                                     \
    "II*\0\x08\0\0\0"                                                                              \
    "\x01\0"                                                                                       \
    "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"                                                           \
    "\0\0\0\0"                                                                                     \
    "GPS 35.1 139.2"
#define XMP  "\xff\xe1\x00\x0eXMP 35.1 139"
#define IPTC "\xff\xed\x00\x0aPhotosho"
#define COMMENT                                                                                    \
    "\xff\xfe\x00\x09"                                                                             \
    "taken a"
#define PROFILE "\xff\xe2\x00\x12ICC_PROFILE\0abcd"
#define MPF     "\xff\xe2\x00\x08MPF\0xx"
#define TABLES  "\xff\xdb\x00\x05qqq\xff\xc4\x00\x04hh"
#define FRAME                                                                                      \
    "\xff\xc0\x00\x08"                                                                             \
    "ffffff"
#define SCANS "\xff\xda\x00\x04sspix\xff\0els\xff\xd0more\xff\xda\x00\x04ssend"
#define TURNED                                                                                     \
    "\xff\xe1\x00\x22"                                                                             \
    "Exif\0\0"                                                                                     \
    "MM\0*\0\0\0\x08"                                                                              \
    "\0\x01"                                                                                       \
    "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"                                                           \
    "\0\0\0\0"

static const char telephone[] =
    "\xff\xd8" JFIF EXIF XMP IPTC COMMENT PROFILE MPF TABLES FRAME SCANS "\xff\xd9"
    "a film of 3 seconds";
static const char shown[] =
    "\xff\xd8" TURNED "\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0" PROFILE TABLES FRAME SCANS
    "\xff\xd9";

static void a_photo_loses_all_that_is_not_its_picture(void **state) {
    House *house = *state;
    Str out, again;
    Str in = {telephone, sizeof telephone - 1};
    assert_int_equal(media_kind(in), MEDIA_JPEG);
    GOOD(house, media_clean(&house->ctx, MEDIA_JPEG, in, &out));
    assert_int_equal(out.len, sizeof shown - 1);
    assert_memory_equal(out.ptr, shown, out.len);
    GOOD(house, media_clean(&house->ctx, MEDIA_JPEG, out, &again));
    assert_true(str_eq(out, again));
}

#define PNG_HEAD                                                                                   \
    "\x89PNG\r\n\x1a\n"                                                                            \
    "\0\0\0\x03IHDRabcCRCC"
#define PNG_DATA "\0\0\0\x04IDATdataCRCC"
#define PNG_END  "\0\0\0\0IENDCRCC"
#define PNG_TOLD                                                                                   \
    "\0\0\0\x05tEXtplaceCRCC"                                                                      \
    "\0\0\0\x04"                                                                                   \
    "eXIfgps!CRCC"

static void png_and_webp_lose_their_texts(void **state) {
    House *house = *state;
    static const char png[] = PNG_HEAD PNG_TOLD PNG_DATA PNG_END "behind";
    static const char png_shown[] = PNG_HEAD PNG_DATA PNG_END;
    static const char webp[] = "RIFF\x26\0\0\0WEBP"
                               "VP8X\x02\0\0\0\x1c."
                               "VP8 \x03\0\0\0pix\0"
                               "EXIF\x03\0\0\0gps\0"
                               "behind";
    static const char webp_shown[] = "RIFF\x1a\0\0\0WEBP"
                                     "VP8X\x02\0\0\0\x10."
                                     "VP8 \x03\0\0\0pix\0";
    Str out;
    GOOD(house, media_clean(&house->ctx, MEDIA_PNG, BYTES(png), &out));
    assert_true(str_eq(out, BYTES(png_shown)));
    Str in = {webp, sizeof webp - 1};
    assert_int_equal(media_kind(in), MEDIA_WEBP);
    GOOD(house, media_clean(&house->ctx, MEDIA_WEBP, in, &out));
    assert_int_equal(out.len, sizeof webp_shown - 1);
    assert_memory_equal(out.ptr, webp_shown, out.len);
}

static void what_is_cut_or_bent_is_refused_and_never_read_beyond(void **state) {
    House *house = *state;
    Str out, whole = {telephone, sizeof telephone - 1};
    const Str bad[] = {BYTES("\xff\xd8\xff"),
                       BYTES("\xff\xd8\xff\xe0\xff\xff"),
                       BYTES("\xff\xd8" FRAME "\xff\xd9"),
                       BYTES("\xff\xd8\xff\xda\x00\x01"),
                       BYTES("\xff\xd8" SCANS "\xff\xd9"),
                       BYTES("\xff\xd8" FRAME "text")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        FAILS(house, media_clean(&house->ctx, MEDIA_JPEG, bad[i], &out), RC_INVALID, "damaged");
    FAILS(house, media_clean(&house->ctx, MEDIA_PNG, BYTES(PNG_HEAD PNG_DATA), &out), RC_INVALID,
          "damaged");
    FAILS(house, media_clean(&house->ctx, MEDIA_PNG, BYTES(PNG_HEAD PNG_END), &out), RC_INVALID,
          "damaged");
    FAILS(house, media_clean(&house->ctx, MEDIA_WEBP, BYTES("RIFF\xff\xff\xff\xffWEBPVP8 "), &out),
          RC_INVALID, "damaged");
    /* cut anywhere, in memory of just its size, which sanitizers watch */
    for (size_t n = 3; n < whole.len; n++) {
        char *copy = malloc(n);
        memcpy(copy, telephone, n);
        Rc rc = media_clean(&house->ctx, MEDIA_JPEG, (Str){copy, n}, &out);
        assert_true(rc == RC_OK || rc == RC_INVALID);
        if (rc == RC_OK) assert_true(str_find(out, STR("139")) < 0);
        free(copy);
    }
}

static void kinds_are_told_by_the_bytes(void **state) {
    (void)state;
    static const struct {
        Str bytes;
        MediaKind kind;
    } cases[] = {
        {BYTES("%PDF-1.7\n"), MEDIA_PDF},
        {BYTES("MZ\n%PDF-1.4"), MEDIA_KINDS}, /* something else that a reader would take for one */
        {BYTES("GIF89a"), MEDIA_KINDS},
        {BYTES("<svg onload=x>"), MEDIA_KINDS},
        {BYTES("\0\0\0\x18"
               "ftypheic"),
         MEDIA_KINDS},
        {BYTES(""), MEDIA_KINDS},
        {BYTES("RIFF1234WAVE"), MEDIA_KINDS},
        {BYTES("\xff\xd8"), MEDIA_KINDS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(media_kind(cases[i].bytes), cases[i].kind);
    for (MediaKind kind = MEDIA_JPEG; kind < MEDIA_KINDS; kind++)
        assert_int_equal(media_of_type(media_type(kind)), kind);
}

static void names_are_names_and_nothing_else(void **state) {
    House *house = *state;
    static const char *const cases[][2] = {
        {"IMG_1.jpg", "IMG_1.jpg"},
        {"C:\\Users\\taro\\photo.jpg", "photo.jpg"},
        {"../../etc/passwd", "passwd"},
        {"..", "file"},
        {"", "file"},
        {"  写真　１.jpg ", "写真 1.jpg"},
        {"a\r\nSet-Cookie: x.jpg", "aSet-Cookie: x.jpg"},
        {"a\"b<c>.png", "abc.png"},
        {"gpj.\xe2\x80\xae.exe", "gpj..exe"}, /* a mark that turns the direction of writing */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str got = attach_name(house->ctx.arena, str_of(cases[i][0]));
        if (!str_eq(got, str_of(cases[i][1]))) fail_msg("%s: " STR_FMT, cases[i][0], STR_ARG(got));
    }
    static const struct {
        MediaKind kind;
        const char *name, *expected;
    } endings[] = {{MEDIA_PDF, "x.exe", "x.exe.pdf"}, {MEDIA_PDF, "A.PDF", "A.PDF"},
                   {MEDIA_JPEG, "a.jpeg", "a.jpeg"},  {MEDIA_JPEG, "写真", "写真.jpg"},
                   {MEDIA_PNG, ".png", ".png.png"},   {MEDIA_WEBP, "a.png", "a.png.webp"}};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        Str got = media_name(house->ctx.arena, endings[i].kind, str_of(endings[i].name));
        if (!str_eq(got, str_of(endings[i].expected)))
            fail_msg("%s: " STR_FMT, endings[i].name, STR_ARG(got));
    }
    Str many = str_fmt(house->ctx.arena, "%0300d", 0);
    assert_int_equal(attach_name(house->ctx.arena, many).len, 100);
}

/* ---- drafts ---- */

#define BROWSER STR("a browser")
#define OTHER   STR("another browser")

static const Field photos = {
    .id = {"photos", 6}, .kind = FIELD_FILE, .accept = ACCEPT_PHOTO, .least = INT64_MIN, .most = 2};

static AttachWish wish(Str bytes) {
    return (AttachWish){.field = &photos, .name = STR("a.jpg"), .bytes = bytes};
}

static void a_file_of_a_draft_is_sealed_for_its_browser(void **state) {
    House *house = *state;
    Attachment one;
    Str bytes;
    AttachWish wished = wish(BYTES(telephone));
    GOOD(house, attach_add(&house->ctx, BROWSER, &wished, &one));
    assert_true(str_eq(one.type, STR("image/jpeg")));
    assert_int_equal(one.bytes, sizeof shown - 1);
    GOOD(house, attach_draft(&house->ctx, BROWSER, one.file, &bytes));
    assert_true(str_eq(bytes, BYTES(shown)));
    FAILS(house, attach_draft(&house->ctx, OTHER, one.file, &bytes), RC_NOT_FOUND, "no-file");
    assert_true(attach_there(&house->ctx, BROWSER, one.file));
    assert_false(attach_there(&house->ctx, OTHER, one.file));
    Attachments all = {0};
    vec_push(house->ctx.arena, &all, one);
    GOOD(house, attach_forget(&house->ctx, BROWSER, &all));
    assert_false(attach_there(&house->ctx, BROWSER, one.file));
}

static void each_refusal_says_what_is_wrong(void **state) {
    House *house = *state;
    Attachment one;
    char *large = mem_zero(2 << 20);
    memcpy(large, "\xff\xd8\xff", 3);
    AttachWish cases[] = {
        wish(STR("")),         wish((Str){large, 2 << 20}),     wish(STR("GIF89a")),
        wish(STR("%PDF-1.4")), wish(BYTES("\xff\xd8\xff\xe0")), wish(BYTES(shown)),
        wish(BYTES(shown))};
    static const char *const codes[] = {"empty",   "large", "type",    "type",
                                        "damaged", "many",  "all-many"};
    cases[5].have = 2;
    cases[6].all = 5;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Rc rc = attach_add(&house->ctx, BROWSER, &cases[i], &one);
        assert_true(rc == RC_INVALID || rc == RC_LIMIT);
        if (!str_eq(house->ctx.error.code, str_of(codes[i])))
            fail_msg("%s: " STR_FMT, codes[i], STR_ARG(house->ctx.error.code));
    }
    mem_free(large);
}

static Rc fill(House *house, Str browser) {
    static char photo[(1 << 20) - 100];
    Attachment one;
    memset(photo, 'x', sizeof photo);
    memcpy(photo, shown, sizeof shown - 3); /* its last scan goes on */
    AttachWish wished = wish((Str){photo, sizeof photo});
    return attach_add(&house->ctx, browser, &wished, &one);
}

static void drafts_have_a_bound_and_one_network_a_quarter_of_it(void **state) {
    House *house = *state;
    Actor nobody = {.kind = ACTOR_NOBODY, .client = STR("203.0.113.7")},
          elsewhere = {.kind = ACTOR_NOBODY, .client = STR("203.0.113.8")};
    house_act(house, &nobody);
    GOOD(house, fill(house, BROWSER));
    FAILS(house, fill(house, OTHER), RC_LIMIT, "network-full");
    house_act(house, &elsewhere);
    GOOD(house, fill(house, OTHER));
    house_act(house, &house->clerk);
    GOOD(house, fill(house, OTHER));
    GOOD(house, fill(house, OTHER));
    FAILS(house, fill(house, OTHER), RC_LIMIT, "drafts-full");
    house->clock.fixed += 8 * TIME_DAY; /* they have run out */
    GOOD(house, fill(house, OTHER));
}

/* ---- sending ---- */

#define ROAD STR("road-damage")

static const Definition *road(House *house) {
    return catalogue_current(procedures_catalogue(&house->tenant), ROAD,
                             time_jst_date(house->clock.fixed));
}

static const Field *road_photos(House *house) {
    return definition_field(road(house), STR("photos"));
}

static void say(House *house, const char *field, Json said) {
    JsonMembers members = {0};
    vec_push(house->ctx.arena, &members, (JsonMember){str_of(field), said});
    GOOD(house, defined_keep(&house->ctx, road(house), &members));
}

static DefinedDraft draft_of(House *house) {
    DefinedDraft draft;
    GOOD(house, defined_draft(&house->ctx, road(house), &draft));
    return draft;
}

static Attachment begin(House *house, Str bytes) {
    static const char *const said[][2] = {
        {"damage", "hole"}, {"seenOn", "2026-11-19"}, {"place", "まなか一丁目の交差点"},
        {"danger", "soon"}, {"accident", "no"},       {"reply", "no"}};
    Attachment photo;
    house->ctx.actor->browser = BROWSER;
    GOOD(house, defined_begin(&house->ctx, road(house), STR("web")));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        say(house, said[i][0], json_of_str(str_of(said[i][1])));
    AttachWish wished = {road_photos(house), STR("hole.jpg"), bytes, 0, 0};
    GOOD(house, attach_add(&house->ctx, BROWSER, &wished, &photo));
    Json *one = NEW(house->ctx.arena, Json);
    *one = attachment_json(house->ctx.arena, &photo);
    say(house, "photos", json_of_items(one, 1));
    return photo;
}

static Attachment case_photo(House *house, Str id) {
    FormAnswer answer;
    Attachments files;
    assert_true(
        defined_answer(house->ctx.arena, house_entity(house, id), road_photos(house), &answer));
    form_attachments(house->ctx.arena, &answer, &files);
    assert_int_equal(files.len, 1);
    assert_true(str_eq(form_text(house->ctx.arena, &answer, STR("ja")), STR("hole.jpg")));
    return files.items[0];
}

static Digest digest_of(House *house, Str hex) {
    Digest digest;
    assert_true(hash_digest_of(house->ctx.arena, hex, &digest));
    return digest;
}

static void a_case_has_the_file_and_an_erasure_takes_it(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Receipt receipt;
    ProjectSwept swept;
    Str bytes;
    Attachment photo = begin(house, BYTES(telephone));
    DefinedDraft draft = draft_of(house);
    assert_null(form_next(&draft.form));
    GOOD(house, defined_send(ctx, &draft, &receipt));
    assert_false(attach_there(ctx, BROWSER, photo.file)); /* the draft is sent */
    Attachment kept = case_photo(house, receipt.id);
    assert_true(str_eq(kept.digest, photo.digest));
    Digest file = digest_of(house, kept.file);
    GOOD(house, ledger_attached(ctx, house->tenant.ledger, &file, &bytes));
    assert_true(str_eq(bytes, BYTES(shown)));
    GOOD(house, project_sweep(ctx, house->tenant.project, &swept));
    LedgerErasure erasure = {.head = {.kind = STR("person.erase")}, .reason = STR("asked")};
    erasure.subject = str_dup(
        house->arena, dictionary_subject(house->dictionary, house_entity(house, receipt.id)));
    GOOD(house, ledger_files(ctx, erasure.subject, &erasure.files));
    GOOD(house, ledger_erase(ctx, house->tenant.ledger, &erasure, NULL));
    GOOD(house, project_sweep(ctx, house->tenant.project, &swept));
    assert_int_equal(swept.erased, 1);
    FAILS(house, ledger_attached(ctx, house->tenant.ledger, &file, &bytes), RC_NOT_FOUND,
          "attachment-missing");
}

static void a_file_that_ran_out_is_told_and_chosen_again(void **state) {
    House *house = *state;
    Receipt receipt;
    Attachment photo = begin(house, BYTES(telephone));
    Attachments all = {0};
    vec_push(house->ctx.arena, &all, photo);
    GOOD(house, attach_forget(&house->ctx, BROWSER, &all));
    DefinedDraft draft = draft_of(house);
    const FormAnswer *answer = form_answer(&draft.form, STR("photos"));
    assert_string_equal(answer->fault, "gone");
    assert_true(str_eq(answer->about, STR("hole.jpg")));
    FAILS(house, defined_send(&house->ctx, &draft, &receipt), RC_INVALID, "incomplete");
    say(house, "photos", json_of_null());
    draft = draft_of(house);
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
}

static size_t files_count(House *house) {
    FILE *pipe = popen(str_fmt(house->ctx.arena, "find " STR_FMT "/files -type f | wc -l",
                               STR_ARG(house->tenant.folder))
                           .ptr,
                       "r");
    size_t n = 0;
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%zu", &n), 1);
    pclose(pipe);
    return n;
}

static void what_is_refused_leaves_no_file(void **state) {
    House *house = *state;
    Receipt receipt;
    (void)begin(house, BYTES(telephone));
    DefinedDraft draft = draft_of(house);
    size_t before = files_count(house);
    house->ctx.actor->kind = ACTOR_SERVICE; /* whom no policy lets apply */
    Actor *actor = house->ctx.actor;
    actor->roles = 0;
    Rc rc = defined_send(&house->ctx, &draft, &receipt);
    assert_int_equal(rc, RC_DENIED);
    assert_int_equal(files_count(house), before);
    actor->kind = ACTOR_RESIDENT;
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
    assert_int_equal(files_count(house), before + 1);
    GOOD(house, defined_send(&house->ctx, &draft, &receipt)); /* twice is once */
    assert_int_equal(files_count(house), before + 1);
}

static void beginning_anew_forgets_the_files(void **state) {
    House *house = *state;
    Attachment photo = begin(house, BYTES(telephone));
    GOOD(house, defined_begin(&house->ctx, road(house), STR("web")));
    assert_false(attach_there(&house->ctx, BROWSER, photo.file));
}

/* The browser's draft as it was before, whatever was noted down in it since. */
static void draft_back(House *house, const Json *before) {
    const Json *now;
    JsonMembers members = {0};
    Str browser = house->ctx.actor->browser;
    GOOD(house, draft_load(&house->ctx, browser, &now));
    for (size_t i = 0; i < now->len; i++)
        if (!json_get(before, now->value.members[i].name))
            vec_push(house->ctx.arena, &members,
                     (JsonMember){now->value.members[i].name, json_of_null()});
    for (size_t i = 0; i < before->len; i++)
        vec_push(house->ctx.arena, &members, before->value.members[i]);
    GOOD(house, draft_merge(&house->ctx, browser, members.items, members.len));
}

/* As if the server had died when the case was kept and its draft didn't say so yet. */
static void a_draft_that_was_sent_says_so_though_nobody_noted_it_down(void **state) {
    House *house = *state;
    const Json *before, *after;
    Receipt receipt;
    (void)begin(house, BYTES(telephone));
    DefinedDraft draft = draft_of(house), left;
    GOOD(house, draft_load(&house->ctx, BROWSER, &before));
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
    draft_back(house, before);
    left = draft_of(house);
    assert_true(str_empty(left.token));
    assert_true(str_eq(left.sent, draft.token));
    assert_true(str_empty(form_answer(&left.form, STR("photos"))->raw));
    /* and that is noted down from now on */
    GOOD(house, draft_load(&house->ctx, BROWSER, &after));
    defined_draft_of(&house->ctx, road(house), after, &left);
    assert_true(str_empty(left.token));
    assert_true(str_eq(left.sent, draft.token));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

static int set_up(void **state) {
    House *house = mem_zero(sizeof *house);
    house_make(house, HOUSE_WHOLE);
    house_act(house, &house->resident);
    *state = house;
    return 0;
}

static int tear_down(void **state) {
    house_end(*state);
    mem_free(*state);
    return 0;
}

/* ---- clamd ---- */

#define BAD "\xff\xd8\xff\xe0 a known bad thing"

/* What stands behind its socket: a daemon that answers each connection so, once it has read the
   whole stream; NULL: it hangs up. Its signature is in `bad`. */
typedef struct Clamd {
    char path[100];
    int socket;
    pthread_t thread;
    const char *answer;
    size_t streams; /* that came whole */
} Clamd;

static bool take(int fd, void *to, size_t len) {
    size_t at = 0;
    while (at < len) {
        ssize_t n = read(fd, (char *)to + at, len - at);
        if (n <= 0) return false;
        at += (size_t)n;
    }
    return true;
}

/* Whether a stream came whole, and what it held. */
static bool stream_take(Arena *arena, int fd, Str *bytes) {
    char command[10];
    unsigned char length[4];
    Buf all = buf_new(arena, 4 << 20);
    if (!take(fd, command, sizeof command) || memcmp(command, "zINSTREAM", sizeof command) != 0)
        return false;
    while (take(fd, length, sizeof length)) {
        size_t n = (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 |
                   (size_t)length[3];
        char *chunk = arena_alloc(arena, n + 1, 1);
        *bytes = buf_str(&all);
        if (!n) return true;
        if (!take(fd, chunk, n)) return false;
        buf_add_bytes(&all, chunk, n);
    }
    return false;
}

static void *clamd_run(void *arg) {
    Clamd *clamd = arg;
    Arena *arena = arena_new(16 << 20);
    for (int fd; (fd = accept(clamd->socket, NULL, NULL)) >= 0; close(fd)) {
        Str bytes = STR_NONE;
        arena_reset(arena);
        if (!stream_take(arena, fd, &bytes)) continue;
        clamd->streams++;
        bool bad = str_find(bytes, STR("a known bad thing")) >= 0;
        const char *answer = bad ? "stream: Machi-Test FOUND" : clamd->answer;
        if (answer) (void)!write(fd, answer, strlen(answer) + 1);
    }
    arena_free(arena);
    return NULL;
}

static void clamd_start(House *house, Clamd *clamd) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *clamd = (Clamd){.answer = "stream: OK"};
    snprintf(clamd->path, sizeof clamd->path, "%s/clamd", house->root);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", clamd->path);
    clamd->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(clamd->socket, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(clamd->socket, 8), 0);
    assert_int_equal(pthread_create(&clamd->thread, NULL, clamd_run, clamd), 0);
    house->tenant.procedures->attach.scanner = str_of(clamd->path);
}

static void clamd_stop(Clamd *clamd) {
    shutdown(clamd->socket, SHUT_RDWR);
    pthread_join(clamd->thread, NULL);
    close(clamd->socket);
}

static void what_a_scanner_knows_is_refused_and_all_while_it_is_silent(void **state) {
    House *house = *state;
    static const char *const unsure[] = {"INSTREAM size limit exceeded. ERROR", "stream: O", NULL};
    static char large[600 << 10]; /* more than one chunk */
    Attachment one;
    Clamd clamd;
    memset(large, 'x', sizeof large);
    memcpy(large, shown, sizeof shown - 3);
    clamd_start(house, &clamd);
    AttachWish good = wish((Str){large, sizeof large}), bad = wish(BYTES(BAD));
    GOOD(house, attach_add(&house->ctx, BROWSER, &good, &one));
    assert_int_equal(clamd.streams, 1);
    FAILS(house, attach_add(&house->ctx, BROWSER, &bad, &one), RC_INVALID, "malware");
    for (size_t i = 0; i < sizeof unsure / sizeof *unsure; i++) {
        clamd.answer = unsure[i];
        FAILS(house, attach_add(&house->ctx, BROWSER, &good, &one), RC_BUSY, "scanner-silent");
        assert_true(attach_refused(&house->ctx, RC_BUSY));
    }
    clamd_stop(&clamd);
    FAILS(house, attach_add(&house->ctx, BROWSER, &good, &one), RC_BUSY, "scanner-silent");
    house->tenant.procedures->attach.scanner = STR_NONE;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_photo_loses_all_that_is_not_its_picture),
        CASE(png_and_webp_lose_their_texts),
        CASE(what_is_cut_or_bent_is_refused_and_never_read_beyond),
        CASE(kinds_are_told_by_the_bytes),
        CASE(names_are_names_and_nothing_else),
        CASE(a_file_of_a_draft_is_sealed_for_its_browser),
        CASE(each_refusal_says_what_is_wrong),
        CASE(a_case_has_the_file_and_an_erasure_takes_it),
        CASE(a_file_that_ran_out_is_told_and_chosen_again),
        CASE(what_is_refused_leaves_no_file),
        CASE(a_draft_that_was_sent_says_so_though_nobody_noted_it_down),
        CASE(beginning_anew_forgets_the_files),
        CASE(drafts_have_a_bound_and_one_network_a_quarter_of_it),
        CASE(what_a_scanner_knows_is_refused_and_all_while_it_is_silent),
    };
    return cmocka_run_group_tests_name("procedure attach", tests, NULL, NULL);
}
