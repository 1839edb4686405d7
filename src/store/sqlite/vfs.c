/* vfs: a thin SQLite VFS over the system's own, one per Store. It reserves and overwrites logs (a
   log is never truncated, so that it stays fast and no old bytes are left on the disk), gathers
   the frames of a transaction into few writes, counts syncs, and lets every step pass the fault
   layer. */
#include "store_int.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ZEROS = 65536, LOG_HEAD = 4096, FRAME_HEAD = 24, FRAME_COMMITS = 4, GATHERED = 64 << 10 };

static const char zeros[ZEROS];

/* What is known of one log file, shared by its handles. */
typedef struct VfsLog {
    _Atomic int64_t high; /* end of what may hold old bytes; -1: the whole file */
    int64_t reserve;
} VfsLog;

struct Vfs {
    sqlite3_vfs base; /* first: SQLite hands it back to us */
    char name[40];
    sqlite3_vfs *real;
    const StoreFault *fault;
    VfsLog logs[STORE_FILES];
    _Atomic uint64_t syncs;
};

/* Frames that were appended to a log and not written yet. SQLite writes a frame's head and its page
   apart; nobody but this handle asks for frames before the one that commits them. */
typedef struct Gathering {
    char *bytes; /* NULL: nothing was ever gathered */
    int64_t at;
    size_t len;
    int64_t end;     /* of the newest write: what begins here is an append */
    bool committing; /* the page that follows the newest head ends a transaction */
} Gathering;

typedef struct VfsFile {
    sqlite3_file base; /* first */
    Vfs *vfs;
    VfsLog *log;    /* NULL: not a log */
    TearFile *tear; /* NULL: writes reach the file at once */
    sqlite3_file *real;
    Gathering gathering; /* of a log */
} VfsFile;

static VfsFile *file_of(sqlite3_file *base) {
    return (VfsFile *)base;
}

static bool step(const VfsFile *file, const char *what) {
    return fault_step(file->vfs->fault, what);
}

static void log_wrote(VfsLog *log, int64_t end) {
    int64_t high = atomic_load(&log->high);
    while (high >= 0 && high < end && !atomic_compare_exchange_weak(&log->high, &high, end)) {
    }
}

static int write_through(VfsFile *file, const void *from, size_t len, int64_t at) {
    if (!step(file, "write")) return file->vfs->fault->full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    if (file->log) log_wrote(file->log, at + (int64_t)len);
    if (!file->tear) return file->real->pMethods->xWrite(file->real, from, (int)len, at);
    return tear_write(file->tear, from, len, at) ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

/* ---- appending to a log ---- */

/* What can't be written is forgotten: SQLite is told, and gives up the transaction. */
static int flush(VfsFile *file) {
    Gathering *gathering = &file->gathering;
    size_t len = gathering->len;
    gathering->len = 0;
    return len ? write_through(file, gathering->bytes, len, gathering->at) : SQLITE_OK;
}

static bool commits(const char *head) {
    static const char none[FRAME_COMMITS] = {0};
    return memcmp(head + FRAME_COMMITS, none, FRAME_COMMITS) != 0;
}

static int append(VfsFile *file, const void *from, size_t len, int64_t at) {
    Gathering *gathering = &file->gathering;
    if (gathering->len + len > GATHERED) {
        int rc = flush(file);
        if (rc != SQLITE_OK) return rc;
    }
    if (!gathering->bytes) gathering->bytes = mem_alloc(GATHERED);
    if (gathering->len == 0) gathering->at = at;
    memcpy(gathering->bytes + gathering->len, from, len);
    gathering->len += len;
    return SQLITE_OK;
}

/* The page of a frame that commits ends what may wait: behind it the frames count. */
static int frames_write(VfsFile *file, const void *from, size_t len, int64_t at) {
    Gathering *gathering = &file->gathering;
    bool head = len == FRAME_HEAD, appends = at == gathering->end && len <= GATHERED;
    int rc = appends ? append(file, from, len, at) : flush(file);
    if (!appends && rc == SQLITE_OK) rc = write_through(file, from, len, at);
    gathering->end = rc == SQLITE_OK ? at + (int64_t)len : 0;
    if (head) gathering->committing = commits(from);
    if (rc == SQLITE_OK && !head && gathering->committing) rc = flush(file);
    return rc;
}

static bool is_gathered(const Gathering *gathering, int64_t at, int64_t end) {
    return gathering->len && at < gathering->at + (int64_t)gathering->len && gathering->at < end;
}

/* ---- files ---- */

static int file_close(sqlite3_file *base) {
    VfsFile *file = file_of(base);
    mem_free(file->gathering.bytes); /* of a transaction that never ended */
    file->gathering = (Gathering){0};
    return file->real->pMethods ? file->real->pMethods->xClose(file->real) : SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *to, int len, sqlite3_int64 at) {
    VfsFile *file = file_of(base);
    if (is_gathered(&file->gathering, at, at + len)) {
        int rc = flush(file);
        if (rc != SQLITE_OK) return rc;
    }
    if (!step(file, "read")) return SQLITE_IOERR_READ;
    if (!file->tear) return file->real->pMethods->xRead(file->real, to, len, at);
    ssize_t got = tear_read(file->tear, to, (size_t)len, at);
    if (got < 0) return SQLITE_IOERR_READ;
    memset((char *)to + got, 0, (size_t)(len - got));
    return got == len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *from, int len, sqlite3_int64 at) {
    VfsFile *file = file_of(base);
    return (file->log ? frames_write : write_through)(file, from, (size_t)len, at);
}

static int file_sync(sqlite3_file *base, int flags) {
    VfsFile *file = file_of(base);
    int rc = flush(file);
    if (rc != SQLITE_OK) return rc;
    if (!step(file, "sync")) return SQLITE_IOERR_FSYNC;
    atomic_fetch_add_explicit(&file->vfs->syncs, 1, memory_order_relaxed);
    if (!file->tear) return file->real->pMethods->xSync(file->real, flags);
    return tear_sync(file->tear) ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
    VfsFile *file = file_of(base);
    int rc = flush(file);
    if (rc != SQLITE_OK) return rc;
    if (!step(file, "size")) return SQLITE_IOERR_FSTAT;
    if (!file->tear) return file->real->pMethods->xFileSize(file->real, size);
    *size = tear_size(file->tear);
    return SQLITE_OK;
}

static int zero_range(VfsFile *file, int64_t from, int64_t to) {
    for (int64_t at = from; at < to; at += ZEROS) {
        size_t n = to - at < ZEROS ? (size_t)(to - at) : ZEROS;
        int rc = write_through(file, zeros, n, at);
        if (rc != SQLITE_OK) return rc;
    }
    return SQLITE_OK;
}

/* Overwrites a log that has been checkpointed whole. The head goes first and is synced: a log whose
   head is valid but whose frames are partly gone would bring back old pages. */
static int log_scrub(sqlite3_file *base) {
    VfsFile *file = file_of(base);
    file->gathering.len = 0; /* of a transaction that was given up */
    int64_t end = atomic_load(&file->log->high);
    if (end < 0) {
        sqlite3_int64 size;
        int rc = file_size(base, &size);
        if (rc != SQLITE_OK) return rc;
        end = size;
    }
    int rc = zero_range(file, 0, end < LOG_HEAD ? end : LOG_HEAD);
    if (rc == SQLITE_OK) rc = file_sync(base, SQLITE_SYNC_NORMAL);
    if (rc == SQLITE_OK) rc = zero_range(file, LOG_HEAD, end);
    if (rc == SQLITE_OK) rc = file_sync(base, SQLITE_SYNC_NORMAL);
    if (rc == SQLITE_OK) atomic_store(&file->log->high, 0);
    return rc;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size) {
    VfsFile *file = file_of(base);
    if (file->log) return log_scrub(base);
    if (!step(file, "truncate")) return SQLITE_IOERR_TRUNCATE;
    if (!file->tear) return file->real->pMethods->xTruncate(file->real, size);
    return tear_truncate(file->tear, size) ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int file_lock(sqlite3_file *base, int level) {
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xLock(real, level);
}

static int file_unlock(sqlite3_file *base, int level) {
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xUnlock(real, level);
}

static int file_reserved(sqlite3_file *base, int *out) {
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xCheckReservedLock(real, out);
}

static int file_control(sqlite3_file *base, int op, void *arg) {
    VfsFile *file = file_of(base);
    bool grows = op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE;
    if (grows && file->tear) return SQLITE_OK; /* only a hint, and it would reach the file itself */
    return file->real->pMethods->xFileControl(file->real, op, arg);
}

static int file_sector(sqlite3_file *base) {
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xSectorSize(real);
}

static int file_traits(sqlite3_file *base) {
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xDeviceCharacteristics(real);
}

static int shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **out) {
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmMap(real, page, size, extend, out);
}

static int shm_lock(sqlite3_file *base, int offset, int n, int flags) {
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmLock(real, offset, n, flags);
}

static void shm_barrier(sqlite3_file *base) {
    sqlite3_file *real = file_of(base)->real;
    real->pMethods->xShmBarrier(real);
}

static int shm_unmap(sqlite3_file *base, int delete) {
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmUnmap(real, delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* no memory mapping: it would pass the fault layer by */
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static int log_reserve(sqlite3_file *base) {
    VfsFile *file = file_of(base);
    sqlite3_int64 size;
    int rc = file_size(base, &size);
    if (rc != SQLITE_OK || size >= file->log->reserve) return rc;
    int64_t high = atomic_load(&file->log->high);
    rc = zero_range(file, size, file->log->reserve);
    if (rc == SQLITE_OK) rc = file_sync(base, SQLITE_SYNC_NORMAL);
    if (size == 0)
        atomic_store(&file->log->high, 0); /* zeros of our own need no overwriting */
    else
        atomic_store(&file->log->high, high);
    return rc;
}

static VfsLog *log_of(Vfs *vfs, const char *path, int flags) {
    if (!path || !(flags & SQLITE_OPEN_WAL)) return NULL;
    for (int i = 0; i < STORE_FILES; i++) {
        Str suffix = str_of(i == STORE_LEDGER  ? "/ledger.db-wal"
                            : i == STORE_STATE ? "/state.db-wal"
                                               : "/local.db-wal");
        if (str_ends(str_of(path), suffix)) return &vfs->logs[i];
    }
    return NULL;
}

static int open_failed(sqlite3_file *to, int rc) {
    file_close(to);
    to->pMethods = NULL;
    return rc;
}

static int vfs_open(sqlite3_vfs *base, const char *path, sqlite3_file *to, int flags, int *out) {
    Vfs *vfs = (Vfs *)base;
    VfsFile *file = file_of(to);
    *file = (VfsFile){.vfs = vfs, .real = (sqlite3_file *)(file + 1)};
    if (!fault_step(vfs->fault, "open")) return SQLITE_CANTOPEN;
    memset(file->real, 0, (size_t)vfs->real->szOsFile);
    int rc = vfs->real->xOpen(vfs->real, path, file->real, flags, out);
    if (rc != SQLITE_OK) return rc;
    file->base.pMethods = &methods;
    file->log = log_of(vfs, path, flags);
    if (path && vfs->fault && vfs->fault->tear) {
        file->tear = tear_open(vfs->fault->tear, path);
        if (!file->tear) return open_failed(to, SQLITE_CANTOPEN);
    }
    rc = file->log ? log_reserve(to) : SQLITE_OK;
    return rc == SQLITE_OK ? rc : open_failed(to, rc);
}

static int vfs_delete(sqlite3_vfs *base, const char *path, int sync_folder) {
    Vfs *vfs = (Vfs *)base;
    if (!fault_step(vfs->fault, "delete")) return SQLITE_IOERR_DELETE;
    bool torn = vfs->fault && vfs->fault->tear;
    if (torn) tear_forget(vfs->fault->tear, path);
    return vfs->real->xDelete(vfs->real, path, torn ? 0 : sync_folder);
}

static int vfs_access(sqlite3_vfs *base, const char *path, int flags, int *out) {
    Vfs *vfs = (Vfs *)base;
    return vfs->real->xAccess(vfs->real, path, flags, out);
}

static int vfs_full_path(sqlite3_vfs *base, const char *path, int len, char *out) {
    Vfs *vfs = (Vfs *)base;
    return vfs->real->xFullPathname(vfs->real, path, len, out);
}

static int vfs_randomness(sqlite3_vfs *base, int len, char *out) {
    Vfs *vfs = (Vfs *)base;
    return vfs->real->xRandomness(vfs->real, len, out);
}

static int vfs_sleep(sqlite3_vfs *base, int microseconds) {
    Vfs *vfs = (Vfs *)base;
    return vfs->real->xSleep(vfs->real, microseconds);
}

static int vfs_time(sqlite3_vfs *base, double *out) {
    Vfs *vfs = (Vfs *)base;
    return vfs->real->xCurrentTime(vfs->real, out);
}

static int vfs_time64(sqlite3_vfs *base, sqlite3_int64 *out) {
    Vfs *vfs = (Vfs *)base;
    return vfs->real->xCurrentTimeInt64(vfs->real, out);
}

static int vfs_last_error(sqlite3_vfs *base, int len, char *out) {
    Vfs *vfs = (Vfs *)base;
    return vfs->real->xGetLastError(vfs->real, len, out);
}

Vfs *vfs_new(const StoreFault *fault, size_t log_bytes) {
    Vfs *vfs = mem_zero(sizeof *vfs);
    vfs->real = sqlite3_vfs_find(NULL);
    vfs->fault = fault;
    snprintf(vfs->name, sizeof vfs->name, "machi-%p", (void *)vfs);
    vfs->base = (sqlite3_vfs){.iVersion = 2,
                              .szOsFile = (int)sizeof(VfsFile) + vfs->real->szOsFile,
                              .mxPathname = vfs->real->mxPathname,
                              .zName = vfs->name,
                              .xOpen = vfs_open,
                              .xDelete = vfs_delete,
                              .xAccess = vfs_access,
                              .xFullPathname = vfs_full_path,
                              .xRandomness = vfs_randomness,
                              .xSleep = vfs_sleep,
                              .xCurrentTime = vfs_time,
                              .xGetLastError = vfs_last_error,
                              .xCurrentTimeInt64 = vfs_time64};
    for (int i = 0; i < STORE_FILES; i++) {
        size_t usual = i == STORE_LOCAL ? 8u << 20 : 64u << 20;
        vfs->logs[i].reserve = (int64_t)(log_bytes ? log_bytes : usual);
        vfs->logs[i].high = -1;
    }
    int rc = sqlite3_vfs_register(&vfs->base, 0);
    assert(rc == SQLITE_OK);
    return vfs;
}

void vfs_free(Vfs *vfs) {
    if (!vfs) return;
    sqlite3_vfs_unregister(&vfs->base);
    mem_free(vfs);
}

const char *vfs_name(const Vfs *vfs) {
    return vfs->name;
}

uint64_t vfs_syncs(const Vfs *vfs) {
    return atomic_load_explicit(&vfs->syncs, memory_order_relaxed);
}

int64_t vfs_log_reserve(const Vfs *vfs, StoreFile file) {
    return vfs->logs[file].reserve;
}
