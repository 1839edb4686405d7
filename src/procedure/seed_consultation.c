/* seed_consultation: consultations of the invented city, by the commands that real ones take: one
   that waits for an answer, and one that has come to its end. */
#include "seed_int.h"

/* Who says what, so many minutes before now. */
typedef struct TalkLine {
    bool office;
    int64_t before; /* minutes before now */
    Str text;
} TalkLine;

/* What was asked for, and what came of it. */
typedef struct TalkStory {
    const char *browser, *slot_place;
    const char *const (*said)[2];
    size_t said_count;
    const TalkLine *lines;
    size_t line_count;
    int64_t before, ended; /* minutes before now: it was sent, within the week that a draft lasts,
                              and was ended; 0: it goes on */
} TalkStory;

static const char *const care[][2] = {
    {"matter", "care"},
    {"detail", "離れて暮らす父の物忘れが増えました。介護の申請をどうすればよいか知りたいです。"},
    {"talk", "book"},
    {"name", "星之森 あおね"},
    {"phone", "0999-12-3456"},
};
static const TalkLine care_lines[] = {
    {false, 3 * 24 * 60 + 30,
     STR("父は市内に住んでいますが、わたしは市外です。申請はだれができますか。")},
    {true, 2 * 24 * 60,
     STR("ご家族の方も申請できます。お父さまの保険証の番号が分かるものがあれば、お持ちください。")},
    {false, 3 * 60, STR("保険証が見つかりません。無くても申し込めますか。")},
};
static const char *const noise[][2] = {
    {"matter", "neighbours"},  {"detail", "夜中に近くの空き地から音がして眠れません。"},
    {"talk", "book"},          {"name", "架空 たろう"},
    {"phone", "0999-12-7890"},
};
static const TalkLine noise_lines[] = {
    {true, 6 * 24 * 60 - 120,
     STR("音がする時間を、分かる範囲でメモしておいてください。お話の日に見せてください。")},
};

static const TalkStory stories[] = {
    {"seed-talk-care", "counter", care, sizeof care / sizeof *care, care_lines,
     sizeof care_lines / sizeof *care_lines, 4 * 24 * 60, 0},
    {"seed-talk-noise", "phone", noise, sizeof noise / sizeof *noise, noise_lines,
     sizeof noise_lines / sizeof *noise_lines, 6 * 24 * 60, 2 * 24 * 60},
};

enum { STORIES = sizeof stories / sizeof *stories, TOKEN_CHARS = 26, DAYS_AHEAD = 21, STEPS = 2 };

static int64_t ago(const SeedTalks *talks, int64_t minutes) {
    return talks->now - minutes * TIME_MINUTE;
}

static void act_as(const SeedTalks *talks, Actor *actor, int64_t at) {
    talks->clock->fixed = at;
    talks->ctx->actor = actor;
    talks->ctx->purpose = actor->kind == ACTOR_STAFF ? STR("application-check") : STR_NONE;
}

/* The first time that is free at a place, to come while the story goes on; empty: none is. */
static Rc slot_find(const SeedTalks *talks, const Definition *definition, const TalkStory *story,
                    Str *out) {
    Ctx *ctx = talks->ctx;
    BookingAsk ask = {.reservation = definition->reservation, .units = 1};
    Date first, last;
    *out = STR_NONE;
    booking_days(ctx, ask.reservation, &first, &last);
    for (int n = 0; n < DAYS_AHEAD; n++) {
        BookingOffers offers = {0};
        Date day = time_days_date(time_date_days(first) + n);
        TRY(booking_offers(ctx, &ask, reservation_place(ask.reservation, str_of(story->slot_place)),
                           day, &offers));
        VEC_EACH (const BookingOffer, offer, &offers)
            if (offer->open &&
                (story->ended || reservation_begins(&offer->slot) > talks->now + TIME_DAY)) {
                *out = reservation_choice_text(ctx->arena, &offer->slot);
                return RC_OK;
            }
    }
    return RC_OK;
}

static Rc story_send(const SeedTalks *talks, const Definition *definition, const TalkStory *story,
                     Receipt *out) {
    Ctx *ctx = talks->ctx;
    DefinedDraft draft;
    JsonMembers said = {0};
    Str slot;
    ctx->actor->browser = str_of(story->browser);
    TRY(slot_find(talks, definition, story, &slot));
    if (str_empty(slot)) return RC_NOT_FOUND;
    for (size_t i = 0; i < story->said_count; i++)
        vec_push(ctx->arena, &said,
                 (JsonMember){str_of(story->said[i][0]), json_of_str(str_of(story->said[i][1]))});
    vec_push(ctx->arena, &said, (JsonMember){STR("slot"), json_of_str(slot)});
    TRY(defined_begin(ctx, definition, STR("web")));
    TRY(defined_keep(ctx, definition, &said));
    TRY(defined_draft(ctx, definition, &draft));
    return defined_send(ctx, &draft, out);
}

/* Who writes has read what was answered. */
static Rc line_read(const SeedTalks *talks, Str id) {
    const Entity *application;
    ThreadMessages messages;
    TRY(ledger_entity(talks->ctx, talks->ctx->tenant->ledger, id, &application));
    TRY(thread_of(talks->ctx, application, &messages));
    return thread_seen(talks->ctx, application, &messages);
}

static Rc story_lines(const SeedTalks *talks, const TalkStory *story, Actor *person, Str id) {
    for (size_t i = 0; i < story->line_count; i++) {
        const TalkLine *line = &story->lines[i];
        ThreadWish wish = {.id = id,
                           .office = line->office,
                           .text = line->text,
                           .once = rand_id(talks->ctx->rand, talks->ctx->arena, TOKEN_CHARS)};
        act_as(talks, line->office ? talks->official : person, ago(talks, line->before));
        if (!line->office) TRY(line_read(talks, id));
        TRY(thread_write(talks->ctx, &wish));
    }
    return RC_OK;
}

static Rc story_end(const SeedTalks *talks, const TalkStory *story, Str id) {
    if (!story->ended) return RC_OK;
    act_as(talks, talks->official, ago(talks, story->ended));
    return defined_move(talks->ctx,
                        &(DefinedAct){.id = id,
                                      .move = STR("finish"),
                                      .text = STR("空き地の持ち主へ市から連絡することにした。")});
}

/* ---- dates ---- */

static void case_date(const SeedTalks *talks, Command *command, const TalkStory *story,
                      const Entity *application) {
    Arena *arena = command_arena(command);
    Entity *set = entity_new(arena, str_dup(arena, application->id), STR(CASE_TYPE));
    const int64_t steps[STEPS] = {ago(talks, story->before), ago(talks, story->ended)};
    size_t last = story->ended ? 1 : 0;
    seed_time(arena, set, IRI("submittedAt"), steps[0]);
    seed_time(arena, set, IRI("stateAt"), steps[last]);
    seed_time(arena, set, IRI("messageAt"), ago(talks, story->lines[story->line_count - 1].before));
    if (story->ended) seed_time(arena, set, IRI("completedAt"), steps[last]);
    entity_set_kind(arena, set, ATTR_JSON, IRI("steps"),
                    seed_dated_steps(arena, application, steps, last + 1));
    seed_date_add(command, set);
}

static Rc story_date(const SeedTalks *talks, const TalkStory *story, Str id) {
    Ctx *ctx = talks->ctx;
    const Entity *application;
    ThreadMessages messages;
    Outcome outcome;
    ctx->actor = (Actor *)gate_system_actor();
    ctx->purpose = STR_NONE;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, id, &application));
    TRY(thread_of(ctx, application, &messages));
    Command *command = case_command(ctx, STR("application.seed"), id, STR("seed"));
    Arena *arena = command_arena(command);
    case_date(talks, command, story, application);
    for (size_t i = 0; i < messages.len; i++) {
        Entity *set =
            entity_new(arena, str_dup(arena, messages.items[i].entity->id), STR(MESSAGE_TYPE));
        seed_time(arena, set, IRI("sentAt"), ago(talks, story->lines[i].before));
        if (messages.items[i].message.read_at != TIME_NONE) /* when the next one was written */
            seed_time(arena, set, IRI("readAt"), ago(talks, story->lines[i + 1].before));
        seed_date_add(command, set);
    }
    return case_execute(ctx, command, &outcome);
}

Rc seed_consultations(const SeedTalks *talks) {
    const Catalogue *catalogue = procedures_catalogue(talks->ctx->tenant);
    for (size_t i = 0; i < STORIES; i++) {
        const TalkStory *story = &stories[i];
        Receipt receipt;
        int64_t at = ago(talks, story->before);
        const Definition *definition =
            catalogue_current(catalogue, STR("consultation"), time_jst_date(at));
        Actor *person = i ? talks->nobody : talks->resident;
        if (!definition) continue; /* not in force yet */
        act_as(talks, person, at);
        Rc rc = story_send(talks, definition, story, &receipt);
        if (rc == RC_NOT_FOUND) continue; /* no time is free */
        TRY(rc);
        Str id = str_dup(talks->ctx->arena, receipt.id);
        talks->nobody->held = id;
        TRY(story_lines(talks, story, person, id));
        TRY(story_end(talks, story, id));
        TRY(story_date(talks, story, id));
    }
    return RC_OK;
}
