#include "internal.h"

#include <string.h>

static sqlite3_vfs layer;
static sqlite3_vfs *base;
static faulty_disk *disks;

typedef struct {
  sqlite3_file file;
  faulty_disk *disk;
  faulty_file *record;
  sqlite3_file *real;
  /// SQLite syncs the folder with the first sync of a journal or log it has opened to create.
  int syncs_folder;
} layered_file;

static sqlite3_file *real(sqlite3_file *file) { return ((layered_file *)file)->real; }

/// A connection may be closed a moment after the test that opened it is over: whoever is last discards the disk.
static void let_go(faulty_disk *disk, int by_test) {
  pthread_mutex_lock(&disk->lock);
  if (by_test) {
    disk->is_released = 1;
  } else {
    disk->open_files--;
  }
  int is_last = disk->is_released && disk->open_files == 0;
  pthread_mutex_unlock(&disk->lock);
  if (is_last) faulty_disk_discard(disk);
}

/// Counts one operation. 0, or the code it fails with.
static int operation(faulty_disk *disk, int is_write, int io_error) {
  int64_t number = disk->operations++;
  if (number >= disk->cut) return io_error;
  if (number < disk->fail_first || number >= disk->fail_end) return SQLITE_OK;
  if (disk->fail_full) return is_write ? SQLITE_FULL : SQLITE_OK;
  return io_error;
}

static int layered_close(sqlite3_file *file) {
  int code = real(file)->pMethods->xClose(real(file));
  let_go(((layered_file *)file)->disk, 0);
  return code;
}

static int layered_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
  return real(file)->pMethods->xRead(real(file), bytes, count, offset);
}

static int layered_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
  layered_file *it = (layered_file *)file;
  pthread_mutex_lock(&it->disk->lock);
  int code = operation(it->disk, 1, SQLITE_IOERR_WRITE);
  if (code == SQLITE_OK) faulty_file_note(it->record, CHANGE_WRITE, offset, bytes, count);
  pthread_mutex_unlock(&it->disk->lock);
  return code ? code : real(file)->pMethods->xWrite(real(file), bytes, count, offset);
}

static int layered_truncate(sqlite3_file *file, sqlite3_int64 size) {
  layered_file *it = (layered_file *)file;
  pthread_mutex_lock(&it->disk->lock);
  int code = operation(it->disk, 0, SQLITE_IOERR_TRUNCATE);
  if (code == SQLITE_OK) faulty_file_note(it->record, CHANGE_TRUNCATE, size, NULL, 0);
  pthread_mutex_unlock(&it->disk->lock);
  return code ? code : real(file)->pMethods->xTruncate(real(file), size);
}

// The real file is not synced: what survives is what this layer says, and the tests stay fast.
static int layered_sync(sqlite3_file *file, int flags) {
  (void)flags;
  layered_file *it = (layered_file *)file;
  pthread_mutex_lock(&it->disk->lock);
  int code = operation(it->disk, 0, SQLITE_IOERR_FSYNC);
  // A power cut loses nothing yet; a sync that failed has forgotten what it should have written.
  int is_off = it->disk->operations > it->disk->cut;
  if (code == SQLITE_OK) {
    faulty_file_sync(it->record);
    if (it->syncs_folder) faulty_disk_sync_folder(it->disk);
    it->syncs_folder = 0;
    if (it->record->is_log) it->disk->log_syncs++;
  } else if (!is_off) {
    faulty_file_forget(it->record);
  }
  pthread_mutex_unlock(&it->disk->lock);
  return code;
}

static int layered_size(sqlite3_file *file, sqlite3_int64 *size) { return real(file)->pMethods->xFileSize(real(file), size); }
static int layered_lock(sqlite3_file *file, int kind) { return real(file)->pMethods->xLock(real(file), kind); }
static int layered_unlock(sqlite3_file *file, int kind) { return real(file)->pMethods->xUnlock(real(file), kind); }
static int layered_reserved(sqlite3_file *file, int *is) { return real(file)->pMethods->xCheckReservedLock(real(file), is); }

static int layered_control(sqlite3_file *file, int code, void *argument) {
  layered_file *it = (layered_file *)file;
  if (code == SQLITE_FCNTL_PRAGMA && it->disk->ignores_synchronous) {
    char **texts = argument;
    int is_question = texts[2] == NULL;
    if (sqlite3_stricmp(texts[1], "synchronous") == 0 && (is_question || sqlite3_stricmp(texts[2], "FULL") == 0)) {
      texts[0] = is_question ? sqlite3_mprintf("2") : NULL;
      return SQLITE_OK;
    }
  }
  return real(file)->pMethods->xFileControl(real(file), code, argument);
}

static int layered_sector(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int layered_device(sqlite3_file *file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
static int layered_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **at) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, at);
}
static int layered_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
static void layered_shm_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int layered_shm_unmap(sqlite3_file *file, int remove) { return real(file)->pMethods->xShmUnmap(real(file), remove); }

/// Version 2: shared memory, but no mapping of the database, which would pass this layer by.
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = layered_close,
    .xRead = layered_read,
    .xWrite = layered_write,
    .xTruncate = layered_truncate,
    .xSync = layered_sync,
    .xFileSize = layered_size,
    .xLock = layered_lock,
    .xUnlock = layered_unlock,
    .xCheckReservedLock = layered_reserved,
    .xFileControl = layered_control,
    .xSectorSize = layered_sector,
    .xDeviceCharacteristics = layered_device,
    .xShmMap = layered_shm_map,
    .xShmLock = layered_shm_lock,
    .xShmBarrier = layered_shm_barrier,
    .xShmUnmap = layered_shm_unmap,
};

// MARK: The layer

static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;

static faulty_disk *disk_of(const char *path) {
  if (!path) return NULL;
  pthread_mutex_lock(&registry);
  faulty_disk *disk = disks;
  while (disk && !(strncmp(path, disk->folder, disk->length) == 0 && path[disk->length] == '/')) disk = disk->next;
  pthread_mutex_unlock(&registry);
  return disk;
}

static int layer_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags, int *out) {
  (void)vfs;
  faulty_disk *disk = disk_of(path);
  if (!disk) return base->xOpen(base, path, file, flags, out);
  layered_file *it = (layered_file *)file;
  it->real = (sqlite3_file *)(it + 1);
  it->disk = disk;
  it->syncs_folder = (flags & SQLITE_OPEN_CREATE) && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL));
  file->pMethods = NULL;
  int code = base->xOpen(base, path, it->real, flags, out);
  if (code != SQLITE_OK) return code;
  file->pMethods = &methods;
  pthread_mutex_lock(&disk->lock);
  it->record = faulty_file_of(disk, path, it->real);
  disk->open_files++;
  pthread_mutex_unlock(&disk->lock);
  return SQLITE_OK;
}

static int layer_delete(sqlite3_vfs *vfs, const char *path, int sync_folder) {
  (void)vfs;
  faulty_disk *disk = disk_of(path);
  if (disk) {
    pthread_mutex_lock(&disk->lock);
    int is_off = disk->operations > disk->cut;
    faulty_file *file = is_off ? NULL : faulty_file_known(disk, path);
    if (file) {
      faulty_file_note(file, CHANGE_DELETE, 0, NULL, 0);
      if (sync_folder) faulty_disk_sync_folder(disk);
    }
    pthread_mutex_unlock(&disk->lock);
    if (is_off) return SQLITE_IOERR_DELETE;
  }
  return base->xDelete(base, path, sync_folder);
}

faulty_disk *faulty_disk_make(const char *folder) {
  pthread_mutex_lock(&registry);
  if (!base && (base = sqlite3_vfs_find(NULL))) {
    layer = *base;
    layer.zName = "faulty-disk";
    layer.szOsFile = base->szOsFile + (int)sizeof(layered_file);
    layer.xOpen = layer_open;
    layer.xDelete = layer_delete;
    if (sqlite3_vfs_register(&layer, 1) != SQLITE_OK) base = NULL;
  }
  faulty_disk *disk = base ? faulty_disk_new(folder) : NULL;
  if (disk) {
    disk->next = disks;
    disks = disk;
  }
  pthread_mutex_unlock(&registry);
  return disk;
}

void faulty_disk_free(faulty_disk *disk) {
  pthread_mutex_lock(&registry);
  for (faulty_disk **at = &disks; *at; at = &(*at)->next) {
    if (*at == disk) {
      *at = disk->next;
      break;
    }
  }
  pthread_mutex_unlock(&registry);
  let_go(disk, 1);
}
