/* The day that a draft holds: taking another one in its place, and staying with it. */
#include "procedure_int.h"

/* The day that a draft holds; year 0: none. */
static Date held_day(const Ctx *ctx, const Json *draft) {
    Date day = {0};
    bool live = json_get_int(draft, "heldUntil", 0) > time_now(ctx->clock);
    if (live) (void)time_parse_date(json_get_str(draft, "day"), &day);
    return day;
}

Rc draft_hold(Ctx *ctx, const Answers *mine, const Json *before) {
    int64_t until;
    Answers now;
    ApplyHold hold = {.district = mine->district,
                      .day = mine->day,
                      .name = mine->hold,
                      .before = held_day(ctx, before)};
    const Json *draft;
    TRY(apply_hold(ctx, &hold, &until));
    TRY(draft_load(ctx, draft_whose(ctx), &draft));
    apply_answers(ctx, draft, &now);
    bool latest = str_eq(now.hold, mine->hold) && now.district == mine->district && now.day.year &&
                  time_date_days(now.day) == time_date_days(mine->day);
    if (!latest) return apply_unhold(ctx, mine->district, mine->day, mine->hold);
    JsonMember member = {STR("heldUntil"), json_of_int(until)};
    return draft_merge(ctx, draft_whose(ctx), &member, 1);
}

Rc draft_hold_back(Ctx *ctx, const Json *mine, const Json *before) {
    const Json *draft;
    Answers answers;
    Date held = held_day(ctx, before);
    TRY(draft_load(ctx, draft_whose(ctx), &draft));
    Str now = json_get_str(draft, "day");
    if (str_eq(now, json_get_str(mine, "day"))) {
        const Json *day = json_get(before, STR("day"));
        JsonMember member = {STR("day"), day ? *day : json_of_null()};
        return draft_merge(ctx, draft_whose(ctx), &member, 1);
    }
    if (!held.year || str_eq(now, json_get_str(before, "day"))) return RC_OK;
    apply_answers(ctx, before, &answers);
    return apply_unhold(ctx, answers.district, held, answers.hold);
}
