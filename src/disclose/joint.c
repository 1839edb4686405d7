/* joint: the rules that counts and records of one month keep together. README.md says why these. */
#include "disclose.h"

static Rc broken(Ctx *ctx, const DiscloseMonth *month, const char *rule) {
    return ctx_fail(ctx, RC_CONFLICT, "joint-check", month->name,
                    "Counts and records of this month may not be published together: %s.", rule);
}

static Rc group_check(Ctx *ctx, const DiscloseMonth *month, const DiscloseGroup *group, int64_t k) {
    if (group->rows < k) return broken(ctx, month, "a group of records is too small");
    if (2 * group->rows > group->everybody)
        return broken(ctx, month, "more than half of a group would be published");
    size_t place = group->district == DISCLOSE_OTHER ? month->districts : group->district;
    if (month->marks[place] != DISCLOSE_SHOWN)
        return broken(ctx, month, "records come from where the count is not shown");
    return RC_OK;
}

/* What the groups say of a district, and (DISCLOSE_OTHER) of the month. */
static int64_t rows_of(const DiscloseGroups *groups, size_t district) {
    int64_t rows = 0;
    for (size_t i = 0; i < groups->groups.len; i++) {
        const DiscloseGroup *group = &groups->groups.items[i];
        if (district == DISCLOSE_OTHER || group->district == district) rows += group->rows;
    }
    return rows;
}

static Rc slack_check(Ctx *ctx, const DiscloseMonth *month, const DiscloseGroups *groups,
                      int64_t k) {
    int64_t total = 0;
    for (size_t d = 0; d < month->districts; d++) {
        int64_t count = 0, rows = rows_of(groups, d);
        for (size_t c = 0; c < month->classes; c++)
            count += month->counts[d * month->classes + c];
        if (rows > 0 && count - 2 * rows < k)
            return broken(ctx, month, "a district's records leave too little of its count open");
        total += count;
    }
    int64_t rows = rows_of(groups, DISCLOSE_OTHER);
    if (month->marks[month->districts] == DISCLOSE_SHOWN && rows > 0 && total - 2 * rows < k)
        return broken(ctx, month, "the month's records leave too little of its count open");
    return RC_OK;
}

Rc disclose_joint(Ctx *ctx, const DiscloseMonth *month, const DiscloseGroups *groups, int64_t k) {
    for (size_t d = 0; d <= month->districts; d++)
        if (month->marks[d] == DISCLOSE_UNASKED)
            return broken(ctx, month, "a count has no decision yet");
    for (size_t i = 0; i < groups->groups.len; i++)
        TRY(group_check(ctx, month, &groups->groups.items[i], k));
    return slack_check(ctx, month, groups, k);
}
