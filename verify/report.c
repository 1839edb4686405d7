#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

void report_find(Report *report, const char *name, uint64_t position, const char *detail, ...) {
    Finding *finding = &report->finding;
    if (finding->name) return;
    *finding = (Finding){.name = name, .position = position};
    va_list args;
    va_start(args, detail);
    vsnprintf(finding->detail, sizeof finding->detail, detail, args);
    va_end(args);
}

typedef struct Count {
    const char *text, *json;
    size_t offset;
} Count;

static const Count counts[] = {
    {"leaves", "leaves", offsetof(Report, leaves)},
    {"folded leaves", "folded", offsetof(Report, folded)},
    {"events", "events", offsetof(Report, events)},
    {"sealed parts", "sealedParts", offsetof(Report, sealed)},
    {"tiles", "tiles", offsetof(Report, tiles)},
    {"checkpoints", "checkpoints", offsetof(Report, checkpoints)},
    {"witnessed checkpoints", "witnessedCheckpoints", offsetof(Report, witnessed)},
    {"readable keys", "readableKeys", offsetof(Report, keys_readable)},
    {"erased keys", "erasedKeys", offsetof(Report, keys_erased)},
    {"erasures and disposals", "statements", offsetof(Report, statements)},
    {"erasures pending", "pendingErasures", offsetof(Report, pending)},
    {"files attached", "files", offsetof(Report, files)},
    {"files erased", "filesErased", offsetof(Report, files_erased)},
    {"times running back", "timesBackwards", offsetof(Report, clock_back)},
};

static uint64_t count_of(const Report *report, const Count *count) {
    uint64_t value;
    memcpy(&value, (const char *)report + count->offset, sizeof value);
    return value;
}

static void finding_text(const Finding *finding, FILE *to) {
    fprintf(to, "NOT SOUND: %s", finding->name);
    if (finding->until > finding->position)
        fprintf(to, ", position %" PRIu64 " to %" PRIu64, finding->position, finding->until);
    else if (finding->position)
        fprintf(to, ", position %" PRIu64, finding->position);
    fprintf(to, ": %s.\n", finding->detail);
    if (*finding->expected) fprintf(to, "  expected  %s\n", finding->expected);
    if (*finding->found) fprintf(to, "  found     %s\n", finding->found);
}

static void remarks_text(const Report *report, FILE *to) {
    if (!report->keys_there)
        fprintf(to, "The copy has no keys: what is readable, erased or removed was not checked.\n");
    if (report->files_named && !report->files_there)
        fprintf(to, "The copy is a ledger alone: the files that it names were not checked.\n");
    if (report->pending)
        fprintf(to, "Erasure pending: the next opening carries out what the list says.\n");
    if (report->clock_back)
        fprintf(to, "Some times run back: the machine's clock was set meanwhile.\n");
}

static void sound_text(const Report *report, FILE *to) {
    fprintf(to, "SOUND: every leaf is as signed up to position %" PRIu64, report->proven);
    if (report->proven < report->leaves)
        fprintf(to, " of %" PRIu64 ", whose newest no checkpoint covers yet", report->leaves);
    if (report->witness_there)
        fprintf(to, "; witnessed up to %" PRIu64 "%s%s.\n", report->witness_proven,
                *report->witness_time ? " at " : "", report->witness_time);
    else
        fprintf(to, "; unwitnessed: somebody who has the signing key could have rewritten it.\n");
}

void report_text(const Report *report, FILE *to) {
    fprintf(to, "%s\n%s\n", report->path, report->origin);
    for (size_t i = 0; report->copy_there && i < sizeof counts / sizeof *counts; i++)
        fprintf(to, "  %-24s%12" PRIu64 "\n", counts[i].text, count_of(report, &counts[i]));
    if (report->copy_there) remarks_text(report, to);
    if (report->finding.name) {
        finding_text(&report->finding, to);
        return;
    }
    if (report->proof_position)
        fprintf(to, "The proof holds: the leaf at position %" PRIu64 " is in the ledger.\n",
                report->proof_position);
    if (report->copy_there) sound_text(report, to);
}

/* Length of the UTF-8 sequence that begins here as far as its bytes' shape says; 0: none. */
static size_t utf8_shape(const unsigned char *at) {
    static const struct {
        unsigned char first, last; /* bytes that begin it */
        unsigned char low, high;   /* between which its second byte lies */
        size_t len;
    } shapes[] = {
        {0x01, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    size_t n = 0;
    while (n < sizeof shapes / sizeof *shapes && (*at < shapes[n].first || *at > shapes[n].last))
        n++;
    if (n == sizeof shapes / sizeof *shapes) return 0;
    if (shapes[n].len > 1 && (at[1] < shapes[n].low || at[1] > shapes[n].high)) return 0;
    for (size_t i = 2; i < shapes[n].len; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    return shapes[n].len;
}

void report_json_string(const char *text, FILE *to) {
    fputc('"', to);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t len = utf8_shape(at);
        if (!len)
            fputs("\\ufffd", to);
        else if (*at == '"' || *at == '\\')
            fprintf(to, "\\%c", *at);
        else if (*at < 0x20)
            fprintf(to, "\\u%04x", *at);
        else
            fwrite(at, 1, len, to);
        at += len ? len : 1;
    }
    fputc('"', to);
}

static void text_member(const char *name, const char *value, FILE *to) {
    fprintf(to, ",\"%s\":", name);
    report_json_string(value, to);
}

static void finding_json(const Finding *finding, FILE *to) {
    fputs(",\"finding\":{\"name\":", to);
    report_json_string(finding->name, to);
    if (finding->position) fprintf(to, ",\"position\":%" PRIu64, finding->position);
    if (finding->until > finding->position) fprintf(to, ",\"until\":%" PRIu64, finding->until);
    text_member("detail", finding->detail, to);
    if (*finding->expected) text_member("expected", finding->expected, to);
    if (*finding->found) text_member("found", finding->found, to);
    fputc('}', to);
}

void report_json(const Report *report, FILE *to) {
    fprintf(to, "{\"sound\":%s", report->finding.name ? "false" : "true");
    text_member("path", report->path, to);
    text_member("origin", report->origin, to);
    if (report->proof_position) fprintf(to, ",\"proof\":%" PRIu64, report->proof_position);
    for (size_t i = 0; report->copy_there && i < sizeof counts / sizeof *counts; i++)
        fprintf(to, ",\"%s\":%" PRIu64, counts[i].json, count_of(report, &counts[i]));
    fprintf(to, ",\"keysChecked\":%s", report->keys_there ? "true" : "false");
    fprintf(to, ",\"filesChecked\":%s", report->files_there ? "true" : "false");
    fprintf(to, ",\"erasuresChecked\":%s", report->list_there ? "true" : "false");
    fprintf(to, ",\"provenUpTo\":%" PRIu64, report->proven);
    fprintf(to, ",\"unwitnessed\":%s", report->witness_there ? "false" : "true");
    if (report->witness_there) {
        fprintf(to, ",\"witnessedUpTo\":%" PRIu64, report->witness_proven);
        text_member("witnessedAt", report->witness_time, to);
    }
    if (report->finding.name) finding_json(&report->finding, to);
    fputs("}\n", to);
}
