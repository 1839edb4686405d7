/* golden: runs golden files against servers and prints TAP. See README.md. */
#include "declared.h"
#include "match.h"
#include "served.h"
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Seed {
    Str name, command;
} Seed;

typedef struct Golden {
    VEC(Seed) seeds;
    StrVec covers;
    StrVec files;
    Str schemas;  /* where a server describes its answers; empty: they aren't checked against it */
    char log[64]; /* MACHI_ROUTE_LOG of all servers */
    int points, wrong;
} Golden;

/* The server of a file. */
typedef struct Running {
    const Served *served;
    Declared *declared; /* NULL: not asked for */
} Running;

/* ---- output ---- */

static void say(const char *label, Str text) {
    Str line;
    printf("#   %s:\n", label);
    while (str_split(&text, '\n', &line))
        printf("#     " STR_FMT "\n", STR_ARG(line));
}

static void point(Golden *golden, bool good, Str file, Str title) {
    golden->wrong += !good;
    printf("%sok %d - " STR_FMT ": " STR_FMT "\n", good ? "" : "not ", ++golden->points,
           STR_ARG(file), STR_ARG(title));
    fflush(stdout);
}

static Str base_name(Str path) {
    size_t from = path.len;
    while (from && path.ptr[from - 1] != '/')
        from--;
    return str_sub(path, from, path.len);
}

static bool read_whole(Arena *arena, const char *path, Str *out) {
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    Buf text = buf_new(arena, 64 << 20);
    char some[65536];
    for (size_t n; (n = fread(some, 1, sizeof some, file)) > 0;)
        buf_add_bytes(&text, some, n);
    bool good = !ferror(file) && buf_rc(&text) == RC_OK;
    fclose(file);
    *out = buf_str(&text);
    return good;
}

/* ---- one case ---- */

static Rc fill_request(Ctx *ctx, const Captures *captures, const StoryCase *c, StoryCase *out) {
    *out = *c;
    out->headers = (StrVec){0};
    TRY(match_fill(ctx, captures, c->target, &out->target));
    TRY(match_fill(ctx, captures, c->body, &out->body));
    VEC_EACH (Str, header, &c->headers) {
        Str filled;
        TRY(match_fill(ctx, captures, *header, &filled));
        vec_push(ctx->arena, &out->headers, filled);
    }
    return RC_OK;
}

static bool header_matches(Captures *captures, Str expected, const Answer *answer) {
    bool absent = expected.ptr[0] == '!';
    ptrdiff_t colon = str_find_char(expected, ':');
    Str name = absent ? str_sub(expected, 1, expected.len) : str_sub(expected, 0, (size_t)colon);
    bool found = false;
    VEC_EACH (Str, header, &answer->headers) {
        ptrdiff_t at = str_find_char(*header, ':');
        if (at <= 0 || !str_eq_nocase(str_sub(*header, 0, (size_t)at), name)) continue;
        found = absent ||
                match_text(captures, str_trim(str_sub(expected, (size_t)colon + 1, expected.len)),
                           str_trim(str_sub(*header, (size_t)at + 1, header->len)));
        if (found) break;
    }
    return found != absent;
}

/* U+FFFD stands where somebody cut a character in two. */
static bool characters_whole(const StoryCase *c, const Answer *answer) {
    Str cut = STR("\xef\xbf\xbd");
    ptrdiff_t at = str_find(c->expected_body, cut) >= 0 ? -1 : str_find(answer->body, cut);
    if (at < 0) return true;
    say("half a character", str_head(str_sub(answer->body, (size_t)at, answer->body.len), 100));
    return false;
}

static bool answer_matches(Ctx *ctx, Captures *captures, const StoryCase *c, const Answer *answer) {
    bool good = answer->status == c->status;
    if (!good) printf("#   status %d, expected %d (line %d)\n", answer->status, c->status, c->line);
    VEC_EACH (Str, header, &c->expected) {
        if (header_matches(captures, *header, answer)) continue;
        good = false;
        say("this header is not as expected", *header);
    }
    if (!match_text(captures, match_compact(ctx->arena, c->expected_body), answer->body)) {
        good = false;
        say("body expected", c->expected_body);
    }
    good = characters_whole(c, answer) && good;
    if (!good) {
        VEC_EACH (Str, header, &answer->headers)
            say("header", *header);
        say("body", answer->body);
    }
    return good;
}

static bool keeps_to_description(Ctx *ctx, Declared *declared, const StoryCase *c,
                                 const Answer *answer) {
    if (!declared || declared_check(ctx, declared, c, answer) == RC_OK) return true;
    say("the answer is not as the server describes it", ctx->error.detail);
    say("body", str_head(answer->body, 4000));
    return false;
}

static bool run_case(Ctx *ctx, const Running *running, Captures *captures, const StoryCase *c) {
    StoryCase filled;
    Answer answer;
    Rc rc = fill_request(ctx, captures, c, &filled);
    if (rc == RC_OK) rc = served_ask(ctx, running->served, &filled, &answer);
    if (rc != RC_OK) {
        say("line", str_fmt(ctx->arena, "%d", c->line));
        say("failed", ctx->error.detail);
        return false;
    }
    bool good = answer_matches(ctx, captures, c, &answer);
    return keeps_to_description(ctx, running->declared, &filled, &answer) && good;
}

/* ---- one file ---- */

static Rc prepare(Ctx *ctx, const Golden *golden, Str path, Story *story, Str *command) {
    Str text;
    if (!read_whole(ctx->arena, str_z(ctx->arena, path), &text))
        return ctx_fail(ctx, RC_FAILED, "golden", STR_NONE, "the file cannot be read");
    TRY(story_read(ctx, text, story));
    VEC_EACH (Seed, seed, &golden->seeds) {
        if (!str_eq(seed->name, story->seed)) continue;
        *command = seed->command;
        return RC_OK;
    }
    return ctx_fail(ctx, RC_INVALID, "golden", STR_NONE, "no --seed names '" STR_FMT "'",
                    STR_ARG(story->seed));
}

static Rc run_captures(Ctx *ctx, const Served *served, const Story *story, Captures *captures) {
    VEC_EACH (StoryCapture, capture, &story->captures) {
        Str value = STR_NONE;
        TRY(served_capture(ctx, served, capture->command, &value));
        captures_set(captures, capture->name, value);
    }
    return RC_OK;
}

static Rc describe(Ctx *ctx, const Golden *golden, const Served *served, Declared **out) {
    StoryCase c = {.method = STR("GET"), .target = golden->schemas};
    Answer answer;
    *out = NULL;
    if (!golden->schemas.len) return RC_OK;
    TRY(served_ask(ctx, served, &c, &answer));
    return declared_read(ctx, answer.body, out);
}

static Rc run_story(Ctx *ctx, Golden *golden, Str file, const Story *story, const Served *served) {
    Captures captures = {.arena = ctx->arena};
    Running running = {.served = served};
    TRY(run_captures(ctx, served, story, &captures));
    TRY(describe(ctx, golden, served, &running.declared));
    VEC_EACH (StoryCase, c, &story->cases)
        point(golden, run_case(ctx, &running, &captures, c), file, c->title);
    declared_free(running.declared);
    return RC_OK;
}

static void run_file(Golden *golden, Str path) {
    Arena *arena = arena_new((size_t)1 << 30);
    Ctx ctx = {.arena = arena, .scratch = arena};
    Story story;
    Served served = {0};
    Str command, file = base_name(path);
    Rc rc = prepare(&ctx, golden, path, &story, &command);
    if (rc == RC_OK) rc = served_start(&ctx, command, &served);
    if (rc == RC_OK) rc = run_story(&ctx, golden, file, &story, &served);
    if (rc != RC_OK) say("failed", ctx.error.detail);
    if (served.pid > 0) {
        Rc stopped = served_stop(&ctx, &served);
        if (stopped != RC_OK) say("failed", ctx.error.detail);
        if (rc == RC_OK) rc = stopped;
    }
    point(golden, rc == RC_OK, file, STR("runs from start to end"));
    arena_free(arena);
}

/* ---- coverage ---- */

/* "METHOD pattern" of a line "METHOD pattern status". */
static bool was_answered(Str log, Str route) {
    Str line;
    while (str_split(&log, '\n', &line))
        if (str_starts(line, route) && line.len > route.len && line.ptr[route.len] == ' ')
            return true;
    return false;
}

static void cover(Golden *golden, Str log, Str prefix) {
    Str rest = log, line, method;
    size_t routes = 0, missing = 0;
    while (str_split(&rest, '\n', &line)) {
        if (!str_starts(line, STR("ROUTE "))) continue;
        Str route = str_sub(line, 6, line.len), pattern = route;
        if (!str_split(&pattern, ' ', &method) || !str_starts(pattern, prefix)) continue;
        routes++;
        if (was_answered(log, route)) continue;
        missing++;
        say("never exercised", route);
    }
    if (!routes) say("there is no route below", prefix);
    point(golden, routes && !missing, STR("routes"), prefix);
}

static void cover_all(Golden *golden) {
    Arena *arena = arena_new(256 << 20);
    Str log;
    if (!read_whole(arena, golden->log, &log)) log = STR_NONE;
    VEC_EACH (Str, prefix, &golden->covers)
        cover(golden, log, *prefix);
    arena_free(arena);
}

/* ---- main ---- */

static bool read_arguments(Arena *arena, Golden *golden, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--seed") && i + 2 < argc) {
            vec_push(arena, &golden->seeds, (Seed){str_of(argv[i + 1]), str_of(argv[i + 2])});
            i += 2;
        } else if (!strcmp(argv[i], "--cover") && i + 1 < argc) {
            vec_push(arena, &golden->covers, str_of(argv[++i]));
        } else if (!strcmp(argv[i], "--schemas") && i + 1 < argc) {
            golden->schemas = str_of(argv[++i]);
        } else if (argv[i][0] == '-') {
            return false;
        } else {
            vec_push(arena, &golden->files, str_of(argv[i]));
        }
    }
    return golden->seeds.len && golden->files.len;
}

int main(int argc, char **argv) {
    Arena *arena = arena_new(16 << 20);
    Golden golden = {.log = "/tmp/machi-golden-routes-XXXXXX"};
    if (!read_arguments(arena, &golden, argc, argv)) {
        fprintf(stderr,
                "usage: golden --seed NAME COMMAND ... [--cover PREFIX ...] [--schemas PATH] "
                "FILE.http ...\n");
        return 2;
    }
    int fd = mkstemp(golden.log);
    if (fd < 0) {
        perror("golden: mkstemp");
        return 2;
    }
    close(fd);
    setenv("MACHI_ROUTE_LOG", golden.log, 1);
    VEC_EACH (Str, file, &golden.files)
        run_file(&golden, *file);
    cover_all(&golden);
    printf("1..%d\n", golden.points);
    unlink(golden.log);
    arena_free(arena);
    return golden.wrong != 0;
}
