/* report: what came of a file, counted, and told as JSON and as text. */
#include "connect_int.h"

enum { GROUPS_ARENA = 64 << 20, LISTED_SHOWN = 10 };

static Str fault_dup(Arena *arena, Str s) {
    return str_dup(arena, s);
}

static void faults_add(Arena *arena, RowFaults *to, const RowFault *fault) {
    if (to->len == CONNECT_LIST_MAX) return;
    vec_push(arena, to,
             (RowFault){.line = fault->line,
                        .column = fault_dup(arena, fault->column),
                        .value = fault_dup(arena, fault->value),
                        .reason = fault_dup(arena, fault->reason)});
}

void report_row(Import *import, uint32_t rules) {
    Report *report = &import->report;
    report->rows++;
    if (rules)
        report->repaired++;
    else
        report->imported++;
    for (int i = 0; i < RULE_COUNT; i++)
        report->rules[i] += rules >> i & 1;
}

void report_fault(Import *import, const RowFault *fault) {
    import->report.rows++;
    import->report.listed++;
    faults_add(import->ctx->arena, &import->report.faults, fault);
}

void report_keyless(Import *import, size_t line) {
    import->report.keyless++;
    if (import->report.keyless_lines.len < CONNECT_LIST_MAX)
        vec_push(import->ctx->arena, &import->report.keyless_lines, line);
}

void report_left_out(Import *import, const RowFaults *cells) {
    VEC_EACH (const RowFault, cell, cells) {
        import->report.left_out_count++;
        faults_add(import->ctx->arena, &import->report.left_out, cell);
    }
}

/* ---- JSON ---- */

static void put(Arena *arena, JsonMembers *members, const char *name, Json value) {
    vec_push(arena, members, (JsonMember){str_of(name), value});
}

static Json faults_json(Arena *arena, const RowFaults *faults) {
    JsonItems items = {0};
    VEC_EACH (const RowFault, fault, faults) {
        JsonMembers members = {0};
        put(arena, &members, "line", json_of_int((int64_t)fault->line));
        put(arena, &members, "column", json_of_str(fault->column));
        put(arena, &members, "value", json_of_str(fault->value));
        put(arena, &members, "reason", json_of_str(fault->reason));
        vec_push(arena, &items, json_of_members(members.items, members.len));
    }
    return json_of_items(items.items, items.len);
}

static Json texts_json(Arena *arena, const StrVec *texts) {
    JsonItems items = {0};
    VEC_EACH (const Str, text, texts)
        vec_push(arena, &items, json_of_str(*text));
    return json_of_items(items.items, items.len);
}

static Json lines_json(Arena *arena, const LineNumbers *lines) {
    JsonItems items = {0};
    VEC_EACH (const size_t, line, lines)
        vec_push(arena, &items, json_of_int((int64_t)*line));
    return json_of_items(items.items, items.len);
}

static Json rules_json(Arena *arena, const Report *report) {
    JsonMembers members = {0};
    for (int i = 0; i < RULE_COUNT; i++)
        if (report->rules[i])
            put(arena, &members, cell_rule_name((CellRule)i),
                json_of_int((int64_t)report->rules[i]));
    return json_of_members(members.items, members.len);
}

typedef struct ReportCount {
    const char *name;
    size_t at;
} ReportCount;
static const ReportCount counts[] = {
    {"rows", offsetof(Report, rows)},
    {"imported", offsetof(Report, imported)},
    {"repaired", offsetof(Report, repaired)},
    {"listed", offsetof(Report, listed)},
    {"blank", offsetof(Report, blank)},
    {"created", offsetof(Report, created)},
    {"updated", offsetof(Report, updated)},
    {"unchanged", offsetof(Report, unchanged)},
    {"vanished", offsetof(Report, vanished)},
    {"removed", offsetof(Report, removed)},
    {"undecided", offsetof(Report, undecided)},
    {"keyless", offsetof(Report, keyless)},
    {"cellsLeftOut", offsetof(Report, left_out_count)},
};

static const char *separator_name(char c) {
    return c == '\t' ? "tab" : c == ';' ? ";" : ",";
}

static void head_put(Arena *arena, JsonMembers *m, const Import *import) {
    put(arena, m, "file", json_of_str(import->wish->path));
    if (import->brought.inside.len)
        put(arena, m, "inside", json_of_str(str_dup(arena, import->brought.inside)));
    put(arena, m, "type", json_of_str(import->layout->type->term));
    put(arena, m, "layout", json_of_str(import->layout->name));
    put(arena, m, "encoding", json_of_str(str_of(import->brought.encoding)));
    put(arena, m, "separator", json_of_str(str_of(separator_name(import->separator))));
    put(arena, m, "headerLine", json_of_int((int64_t)import->header_line));
    put(arena, m, "dryRun", json_of_bool(import->wish->dry_run));
    put(arena, m, "replace", json_of_bool(import->wish->replace));
}

static bool report_cut(const Report *report) {
    return report->listed > report->faults.len || report->left_out_count > report->left_out.len ||
           report->vanished > report->vanished_ids.len ||
           report->undecided > report->undecided_ids.len ||
           report->keyless > report->keyless_lines.len;
}

const Json *report_json(Arena *arena, const Import *import) {
    const Report *report = &import->report;
    JsonMembers m = {0};
    head_put(arena, &m, import);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const size_t *count = (const size_t *)(const void *)((const char *)report + counts[i].at);
        put(arena, &m, counts[i].name, json_of_int((int64_t)*count));
    }
    put(arena, &m, "rules", rules_json(arena, report));
    put(arena, &m, "unknownHeaders", texts_json(arena, &import->layout->unknown));
    put(arena, &m, "listedRows", faults_json(arena, &report->faults));
    put(arena, &m, "leftOut", faults_json(arena, &report->left_out));
    put(arena, &m, "vanishedIds", texts_json(arena, &report->vanished_ids));
    put(arena, &m, "undecidedIds", texts_json(arena, &report->undecided_ids));
    put(arena, &m, "keylessLines", lines_json(arena, &report->keyless_lines));
    put(arena, &m, "cut", json_of_bool(report_cut(report)));
    Json object = json_of_members(m.items, m.len);
    return json_dup(arena, &object);
}

/* ---- text ---- */

/* A file must not steer the terminal on which it is told of. */
void report_add(Buf *to, Str value) {
    while (value.len) {
        Str before = value;
        int32_t point = str_utf8_next(&value);
        Str character = str_sub(before, 0, before.len - value.len);
        bool broken = point == 0xFFFD && !str_utf8_valid(character);
        if (!broken && !text_has_control(character)) {
            buf_add(to, character);
        } else if (!broken && point >= 0x80) {
            buf_addf(to, "\\u%04x", (unsigned)point);
        } else {
            for (size_t i = 0; i < character.len; i++)
                buf_addf(to, "\\x%02x", (unsigned char)character.ptr[i]);
        }
    }
}

/* Rows that have one reason in one column. */
typedef struct FaultGroup {
    const Json *first[CONNECT_SHOWN];
    size_t n;
} FaultGroup;

static Str group_key(Arena *arena, const Json *fault) {
    return str_fmt(arena, STR_FMT "\n" STR_FMT, STR_ARG(json_get_str(fault, "column")),
                   STR_ARG(json_get_str(fault, "reason")));
}

static void faults_group(Arena *arena, const Json *faults, Map *groups) {
    for (size_t i = 0; i < faults->len; i++) {
        const Json *fault = json_at(faults, i);
        Str key = group_key(arena, fault);
        FaultGroup *group = map_get(groups, key);
        if (!group) map_put(groups, key, group = NEW(arena, FaultGroup));
        if (group->n < CONNECT_SHOWN) group->first[group->n] = fault;
        group->n++;
    }
}

static void text_group(Buf *to, const FaultGroup *group) {
    Str column = json_get_str(group->first[0], "column"),
        reason = json_get_str(group->first[0], "reason");
    buf_addf(to, "    %zu x ", group->n);
    report_add(to, column);
    if (column.len) buf_add(to, STR(": "));
    report_add(to, reason);
    buf_add_char(to, '\n');
    for (size_t i = 0; i < group->n && i < CONNECT_SHOWN; i++) {
        Str value = json_get_str(group->first[i], "value");
        buf_addf(to, "      line %lld", (long long)json_get_int(group->first[i], "line", 0));
        if (value.len) buf_add(to, STR(" \""));
        report_add(to, value);
        buf_add(to, value.len ? STR("\"\n") : STR("\n"));
    }
    if (group->n > CONNECT_SHOWN)
        buf_addf(to, "      and %zu more, which --report FILE names\n", group->n - CONNECT_SHOWN);
}

static void text_faults(Buf *to, const char *title, const Json *faults) {
    if (!faults || !faults->len) return;
    Arena *arena = arena_new(GROUPS_ARENA);
    Map groups = map_new(arena);
    faults_group(arena, faults, &groups);
    buf_addf(to, "  %s\n", title);
    for (size_t i = 0; i < groups.len; i++)
        text_group(to, groups.items[i].value);
    arena_free(arena);
}

static void text_list(Buf *to, const char *title, const Json *list) {
    if (!list || !list->len) return;
    buf_addf(to, "  %s", title);
    for (size_t i = 0; i < list->len && i < LISTED_SHOWN; i++) {
        buf_add(to, i ? STR(", ") : STR(" "));
        report_add(to, json_str(json_at(list, i)));
    }
    if (list->len > LISTED_SHOWN)
        buf_addf(to, " and %zu more, which --report FILE names", (size_t)list->len - LISTED_SHOWN);
    buf_add_char(to, '\n');
}

static void text_rules(Buf *to, const Json *rules) {
    if (!rules || !rules->len) return;
    buf_addf(to, "  repaired by");
    for (size_t i = 0; i < rules->len; i++)
        buf_addf(to, "%s" STR_FMT " (%lld)", i ? ", " : " ", STR_ARG(rules->value.members[i].name),
                 (long long)rules->value.members[i].value.value.integer);
    buf_add_char(to, '\n');
}

static long long count_of(const Json *report, const char *name) {
    return (long long)json_get_int(report, name, 0);
}

/* Why something stays that no row names, and what helps. */
static void text_undecided(Buf *to, const Json *report) {
    const Json *lines = json_get(report, STR("keylessLines"));
    if (!count_of(report, "undecided")) return;
    buf_addf(to,
             "  %lld kept, as listed rows whose key cannot be read may be about them: mend line",
             count_of(report, "undecided"));
    for (size_t i = 0; i < lines->len && i < LISTED_SHOWN; i++)
        buf_addf(to, "%s %lld", i ? "," : "", (long long)json_number(json_at(lines, i)));
    if (count_of(report, "keyless") > LISTED_SHOWN)
        buf_addf(to, " and %lld more, which --report FILE names",
                 count_of(report, "keyless") - LISTED_SHOWN);
    buf_add(to, STR(", and import again\n"));
    text_list(to, "kept:", json_get(report, STR("undecidedIds")));
}

void connect_report_text(Buf *to, const Json *report) {
    report_add(to, json_get_str(report, "file"));
    buf_addf(to, "\n  " STR_FMT " (" STR_FMT "), " STR_FMT "%s\n",
             STR_ARG(json_get_str(report, "type")), STR_ARG(json_get_str(report, "layout")),
             STR_ARG(json_get_str(report, "encoding")),
             json_get_bool(report, "dryRun", false) ? "; a dry run: nothing was written" : "");
    buf_addf(to, "  %lld rows: %lld imported, %lld repaired, %lld listed\n",
             count_of(report, "rows"), count_of(report, "imported"), count_of(report, "repaired"),
             count_of(report, "listed"));
    bool would = json_get_bool(report, "dryRun", false) && count_of(report, "removed");
    buf_addf(to, "  %lld new, %lld changed, %lld unchanged, %lld vanished, %lld %sremoved\n",
             count_of(report, "created"), count_of(report, "updated"),
             count_of(report, "unchanged"), count_of(report, "vanished"),
             count_of(report, "removed"), would ? "would be " : "");
    text_rules(to, json_get(report, STR("rules")));
    text_list(
        to, "columns that the dictionary does not know:", json_get(report, STR("unknownHeaders")));
    text_faults(to, "listed rows, which were not imported:", json_get(report, STR("listedRows")));
    text_faults(to, "cells left out:", json_get(report, STR("leftOut")));
    text_list(to, "no longer in the file:", json_get(report, STR("vanishedIds")));
    text_undecided(to, report);
    if (json_get_bool(report, "cut", false))
        buf_addf(to, "  The lists name the first %d each; the counts are whole.\n",
                 CONNECT_LIST_MAX);
}
