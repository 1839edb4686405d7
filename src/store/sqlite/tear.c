#include "store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512, NO_SLOT = 0 };

typedef struct Sector {
    int64_t number;
    bool early; /* has reached the disk as it is */
    char bytes[SECTOR];
} Sector;

/* What one file looks like to the process: the file on disk with the dirty sectors over it, up to
   `size`. Shrinking reaches the disk at once, growing with the sectors. */
struct TearFile {
    TearFile *next;
    Tear *tear;
    char *path;
    int fd; /* never closed before tear_free: closing would drop SQLite's locks on the file */
    bool gone;
    int64_t size;
    Sector *sectors; /* dirty ones, count of them */
    size_t count, cap;
    uint32_t *slots; /* open addressing: index + 1 into sectors */
    size_t slot_count;
};

/* A rename or deletion that the folder's sync has not made durable yet. */
typedef struct TearMove {
    char *from, *to; /* to is NULL for a deletion */
} TearMove;

struct Tear {
    pthread_mutex_t lock;
    Rand rand;
    unsigned early;
    bool cut;
    uint64_t lost;
    TearFile *files;
    TearMove *moves;
    size_t move_count;
};

static char *copy_z(const char *z) {
    size_t len = strlen(z) + 1;
    return memcpy(mem_alloc(len), z, len);
}

Tear *tear_new(uint64_t seed, unsigned early) {
    Tear *tear = mem_zero(sizeof *tear);
    pthread_mutex_init(&tear->lock, NULL);
    tear->rand = rand_seeded(seed);
    tear->early = early;
    return tear;
}

void tear_free(Tear *tear) {
    if (!tear) return;
    for (TearFile *file = tear->files, *next; file; file = next) {
        next = file->next;
        close(file->fd);
        mem_free(file->path);
        mem_free(file->sectors);
        mem_free(file->slots);
        mem_free(file);
    }
    for (size_t i = 0; i < tear->move_count; i++) {
        mem_free(tear->moves[i].from);
        mem_free(tear->moves[i].to);
    }
    mem_free(tear->moves);
    pthread_mutex_destroy(&tear->lock);
    mem_free(tear);
}

uint64_t tear_lost(const Tear *tear) {
    return tear->lost;
}

/* ---- the dirty sectors of a file ---- */

static size_t slot_of(const TearFile *file, int64_t number) {
    size_t mask = file->slot_count - 1;
    size_t at = (size_t)((uint64_t)number * 0x9E3779B97F4A7C15u >> 20) & mask;
    while (file->slots[at] != NO_SLOT && file->sectors[file->slots[at] - 1].number != number)
        at = (at + 1) & mask;
    return at;
}

static void slots_rebuild(TearFile *file) {
    memset(file->slots, 0, file->slot_count * sizeof *file->slots);
    for (size_t i = 0; i < file->count; i++)
        file->slots[slot_of(file, file->sectors[i].number)] = (uint32_t)i + 1;
}

static Sector *sector_find(const TearFile *file, int64_t number) {
    if (file->count == 0) return NULL;
    uint32_t slot = file->slots[slot_of(file, number)];
    return slot == NO_SLOT ? NULL : &file->sectors[slot - 1];
}

static void disk_bytes(const TearFile *file, int64_t number, char *to) {
    memset(to, 0, SECTOR);
    ssize_t got = pread(file->fd, to, SECTOR, number * SECTOR);
    (void)got; /* a short read leaves zeros, which is what lies behind the end */
}

static Sector *sector_dirty(TearFile *file, int64_t number) {
    Sector *known = sector_find(file, number);
    if (known) return known;
    if (file->count == file->cap) {
        file->cap = file->cap ? file->cap * 2 : 64;
        file->sectors = mem_grow(file->sectors, file->cap * sizeof *file->sectors);
        file->slot_count = file->cap * 2;
        file->slots = mem_grow(file->slots, file->slot_count * sizeof *file->slots);
        slots_rebuild(file);
    }
    Sector *sector = &file->sectors[file->count++];
    sector->number = number;
    disk_bytes(file, number, sector->bytes);
    file->slots[slot_of(file, number)] = (uint32_t)file->count;
    return sector;
}

/* Moves one sector to the disk; its last part may lie behind the end of the file. */
static bool sector_flush(const TearFile *file, const Sector *sector) {
    int64_t at = sector->number * SECTOR, left = file->size - at;
    if (left <= 0) return true;
    size_t len = left < SECTOR ? (size_t)left : SECTOR;
    return pwrite(file->fd, sector->bytes, len, at) == (ssize_t)len;
}

/* ---- files ---- */

static TearFile *file_find(Tear *tear, const char *path) {
    for (TearFile *file = tear->files; file; file = file->next)
        if (!file->gone && strcmp(file->path, path) == 0) return file;
    return NULL;
}

static TearFile *file_add(Tear *tear, const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0) close(fd);
        return NULL;
    }
    TearFile *file = mem_zero(sizeof *file);
    *file = (TearFile){
        .next = tear->files, .tear = tear, .path = copy_z(path), .fd = fd, .size = st.st_size};
    tear->files = file;
    return file;
}

TearFile *tear_open(Tear *tear, const char *path) {
    pthread_mutex_lock(&tear->lock);
    TearFile *file = tear->cut ? NULL : file_find(tear, path);
    if (!file && !tear->cut) file = file_add(tear, path);
    pthread_mutex_unlock(&tear->lock);
    return file;
}

void tear_forget(Tear *tear, const char *path) {
    pthread_mutex_lock(&tear->lock);
    TearFile *file = file_find(tear, path);
    if (file) file->gone = true;
    pthread_mutex_unlock(&tear->lock);
}

int64_t tear_size(TearFile *file) {
    pthread_mutex_lock(&file->tear->lock);
    int64_t size = file->size;
    pthread_mutex_unlock(&file->tear->lock);
    return size;
}

static void read_sectors(const TearFile *file, char *to, size_t len, int64_t at) {
    for (size_t done = 0; done < len;) {
        int64_t number = (at + (int64_t)done) / SECTOR;
        size_t skip = (size_t)((at + (int64_t)done) % SECTOR);
        size_t n = len - done < SECTOR - skip ? len - done : SECTOR - skip;
        char disk[SECTOR];
        const Sector *sector = sector_find(file, number);
        if (!sector) disk_bytes(file, number, disk);
        memcpy(to + done, (sector ? sector->bytes : disk) + skip, n);
        done += n;
    }
}

ssize_t tear_read(TearFile *file, void *to, size_t len, int64_t at) {
    pthread_mutex_lock(&file->tear->lock);
    ssize_t got = -1;
    if (!file->tear->cut) {
        int64_t left = file->size - at;
        got = left <= 0 ? 0 : left < (int64_t)len ? (ssize_t)left : (ssize_t)len;
        read_sectors(file, to, (size_t)got, at);
    }
    pthread_mutex_unlock(&file->tear->lock);
    return got;
}

static void write_sectors(TearFile *file, const char *from, size_t len, int64_t at) {
    for (size_t done = 0; done < len;) {
        int64_t number = (at + (int64_t)done) / SECTOR;
        size_t skip = (size_t)((at + (int64_t)done) % SECTOR);
        size_t n = len - done < SECTOR - skip ? len - done : SECTOR - skip;
        Sector *sector = sector_dirty(file, number);
        memcpy(sector->bytes + skip, from + done, n);
        sector->early =
            rand_below(&file->tear->rand, 100) < file->tear->early && sector_flush(file, sector);
        done += n;
    }
}

bool tear_write(TearFile *file, const void *from, size_t len, int64_t at) {
    pthread_mutex_lock(&file->tear->lock);
    bool ok = !file->tear->cut;
    if (ok) {
        if (file->size < at + (int64_t)len) file->size = at + (int64_t)len;
        write_sectors(file, from, len, at);
    }
    pthread_mutex_unlock(&file->tear->lock);
    return ok;
}

static bool file_shrink(TearFile *file, int64_t size) {
    size_t kept = 0;
    for (size_t i = 0; i < file->count; i++)
        if (file->sectors[i].number * SECTOR < size) file->sectors[kept++] = file->sectors[i];
    file->count = kept;
    if (file->slot_count) slots_rebuild(file);
    Sector *last = sector_find(file, size / SECTOR);
    if (last) memset(last->bytes + size % SECTOR, 0, SECTOR - (size_t)(size % SECTOR));
    struct stat st;
    return fstat(file->fd, &st) == 0 && (st.st_size <= size || ftruncate(file->fd, size) == 0);
}

bool tear_truncate(TearFile *file, int64_t size) {
    pthread_mutex_lock(&file->tear->lock);
    bool ok = !file->tear->cut && (size >= file->size || file_shrink(file, size));
    if (ok) file->size = size;
    pthread_mutex_unlock(&file->tear->lock);
    return ok;
}

static bool file_flush(TearFile *file) {
    bool ok = true;
    for (size_t i = 0; ok && i < file->count; i++)
        ok = file->sectors[i].early || sector_flush(file, &file->sectors[i]);
    if (!ok || ftruncate(file->fd, file->size) != 0) return false;
    file->count = 0;
    if (file->slot_count) slots_rebuild(file);
    return true;
}

bool tear_sync(TearFile *file) {
    pthread_mutex_lock(&file->tear->lock);
    bool ok = !file->tear->cut && file_flush(file);
    pthread_mutex_unlock(&file->tear->lock);
    return ok;
}

/* ---- renames and deletions ---- */

static bool same_folder(const char *path, const char *folder) {
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/');
}

static bool move_apply(const TearMove *move) {
    return (move->to ? rename(move->from, move->to) : unlink(move->from)) == 0;
}

bool tear_move(Tear *tear, const char *from, const char *to) {
    pthread_mutex_lock(&tear->lock);
    bool ok = !tear->cut;
    if (ok) {
        tear->moves = mem_grow(tear->moves, (tear->move_count + 1) * sizeof *tear->moves);
        tear->moves[tear->move_count++] =
            (TearMove){.from = copy_z(from), .to = to ? copy_z(to) : NULL};
    }
    pthread_mutex_unlock(&tear->lock);
    return ok;
}

static void move_forget(Tear *tear, size_t index) {
    mem_free(tear->moves[index].from);
    mem_free(tear->moves[index].to);
    memmove(&tear->moves[index], &tear->moves[index + 1],
            (--tear->move_count - index) * sizeof *tear->moves);
}

bool tear_sync_folder(Tear *tear, const char *folder) {
    pthread_mutex_lock(&tear->lock);
    bool ok = !tear->cut;
    for (size_t i = 0; ok && i < tear->move_count;) {
        TearMove *move = &tear->moves[i];
        if (!same_folder(move->to ? move->to : move->from, folder)) {
            i++;
            continue;
        }
        ok = move_apply(move);
        move_forget(tear, i);
    }
    pthread_mutex_unlock(&tear->lock);
    return ok;
}

/* Where the content of a path lies on the disk now; NULL when its deletion is waiting. */
const char *tear_place(Tear *tear, Arena *arena, const char *path) {
    pthread_mutex_lock(&tear->lock);
    const char *place = path;
    for (size_t i = 0; i < tear->move_count; i++) {
        const TearMove *move = &tear->moves[i];
        if (move->to && strcmp(move->to, path) == 0)
            place = str_z(arena, str_of(move->from));
        else if (!move->to && strcmp(move->from, path) == 0)
            place = NULL;
    }
    pthread_mutex_unlock(&tear->lock);
    return place;
}

/* ---- the cut ---- */

static void file_cut(Tear *tear, TearFile *file) {
    bool ok = true;
    for (size_t i = 0; i < file->count; i++) {
        const Sector *sector = &file->sectors[i];
        if (sector->early) continue;
        if (rand_below(&tear->rand, 2))
            ok = sector_flush(file, sector) && ok;
        else
            tear->lost++;
    }
    assert(ok); /* the test's own disk is broken */
}

void tear_cut(Tear *tear) {
    pthread_mutex_lock(&tear->lock);
    for (TearFile *file = tear->cut ? NULL : tear->files; file; file = file->next)
        if (!file->gone) file_cut(tear, file);
    for (size_t i = 0; !tear->cut && i < tear->move_count; i++) {
        bool applied = rand_below(&tear->rand, 2) && move_apply(&tear->moves[i]);
        if (!applied) tear->lost++;
    }
    tear->cut = true;
    pthread_mutex_unlock(&tear->lock);
}
