#include "attached.h"

#include "memory.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH = 4096, HEX = 2 * TREE_HASH + 1 };

typedef struct Named {
    Attachment attachment;
    uint64_t position;
} Named;

struct Attached {
    Named *items;
    size_t count, room;
};

Attached *attached_new(void) {
    Attached *attached = memory_grow(NULL, 1, sizeof *attached);
    *attached = (Attached){0};
    return attached;
}

void attached_free(Attached *attached) {
    if (!attached) return;
    memory_drop(attached->items);
    memory_drop(attached);
}

void attached_name(Attached *attached, const Attachment *attachment, uint64_t position) {
    if (attached->count == attached->room) {
        attached->room = attached->room ? 2 * attached->room : 64;
        attached->items = memory_grow(attached->items, attached->room, sizeof *attached->items);
    }
    attached->items[attached->count++] = (Named){*attachment, position};
}

static bool is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Erased files are taken away; until then they lie there, and nobody opens them. */
static void not_there(const Named *named, const char *hex, const Keyring *ring, Report *report) {
    if (keyring_says_erased(ring, named->attachment.key)) {
        report->files_erased++;
        return;
    }
    report_find(report, "missing file", named->position,
                "the file that this leaf names is not there, and no erasure says why");
    snprintf(report->finding.expected, sizeof report->finding.expected, "files/%.2s/%s", hex,
             hex + 2);
    snprintf(report->finding.found, sizeof report->finding.found, "no such file");
}

static void file_judge(const Named *named, const char *path, const Keyring *ring, Report *report) {
    char hex[HEX], file[PATH + HEX + 16], found[HEX];
    Slice bytes;
    sodium_bin2hex(hex, sizeof hex, named->attachment.file.bytes, TREE_HASH);
    snprintf(file, sizeof file, "%.4000s/files/%.2s/%s", path, hex, hex + 2);
    if (!memory_file(file, &bytes)) {
        if (errno == ENOENT)
            not_there(named, hex, ring, report);
        else
            report_find(report, "damaged", named->position, "files/%.2s/%s can't be read: %s", hex,
                        hex + 2, strerrordesc_np(errno));
        return;
    }
    Hash hash = tree_plain(bytes);
    memory_drop((void *)bytes.at);
    report->files++;
    if (tree_same(&hash, &named->attachment.file)) return;
    report_find(report, "altered file", named->position,
                "the file that this leaf names is not what was kept");
    sodium_bin2hex(found, sizeof found, hash.bytes, TREE_HASH);
    snprintf(report->finding.expected, sizeof report->finding.expected, "hash %s", hex);
    snprintf(report->finding.found, sizeof report->finding.found, "hash %s", found);
}

void attached_judge(const Attached *attached, const char *path, const Keyring *ring,
                    Report *report) {
    report->files_there = is_folder(path);
    for (size_t i = 0; report->files_there && i < attached->count && !report->finding.name; i++)
        file_judge(&attached->items[i], path, ring, report);
    report->files_named = attached->count;
}
