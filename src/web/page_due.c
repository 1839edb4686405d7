/* page_due: until when the office has to act, on a case and on what was asked in it. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

static Date today(const Ctx *ctx) {
    return time_jst_date(time_now(ctx->clock));
}

bool page_is_late(const Ctx *ctx, Date due) {
    return due.year && time_date_before(due, today(ctx));
}

/* ok while there is time, warn on the last day, bad when late. */
Json page_due_value(HttpExchange *x, Date due) {
    Ctx *ctx = http_ctx(x);
    View one = view_new(ctx->arena);
    bool last = due.year && time_date_days(due) == time_date_days(today(ctx));
    view_str(&one, "level", page_is_late(ctx, due) ? STR("bad") : last ? STR("warn") : STR("ok"));
    view_str(&one, "date", due.year ? time_format_date(ctx->arena, due) : STR_NONE);
    return view_value(&one);
}

/* Nobody has to act on a case once it was decided; what was asked in it is answered all the same.
 */
static Date earlier(const Entity *application, Date due, Date answer) {
    CaseState state = case_state(application);
    if (state != CASE_SUBMITTED && state != CASE_ASKED) due = (Date){0};
    return answer.year && (!due.year || time_date_before(answer, due)) ? answer : due;
}

Date page_due_day(Ctx *ctx, const Entity *application, Date due) {
    return earlier(application, due, thread_due(ctx, application).day);
}

Json page_due(HttpExchange *x, const Entity *application, Date answer) {
    Date due = {0};
    (void)time_parse_date(entity_text(application, IRI("due")), &due);
    return page_due_value(x, earlier(application, due, answer));
}
